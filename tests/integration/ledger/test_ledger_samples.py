from collections import Counter
from functools import partial
from typing import Any

import pytest
import sqlalchemy as sa

from dtf.coordination.sampler import Sampler
from dtf.domain.errors import TermOverError
from dtf.domain.ports.control import Term
from dtf.domain.ports.samples import RESOLUTIONS, Sample, Series
from dtf.storage.database import now
from dtf.storage.ledger import Ledger
from dtf.storage.ledger.history_schema import samples
from dtf.storage.ledger.samples import STEPS_A_TURN
from dtf.storage.ledger.service_schema import leader
from tests.integration.ledger.laboratory import Laboratory, command
from tests.support.fake_clock import FakeClock

HOUR, DAY = 3_600.0, 86_400.0
#: A time at which a day begins.
BEGIN = 20_000 * DAY


def _fill(ledger: Ledger, rows: list[tuple[str, int, float, float]]) -> None:
    """Have rows of series, resolution, time and value."""
    written = [
        {"series": series, "resolution_s": step, "at": at, "mean": value, "low": value, "high": value, "count": 1}
        for series, step, at, value in rows
    ]
    ledger.database.write(lambda connection: connection.execute(sa.insert(samples), written))


def _thin(ledger: Ledger, term: Term, at: float) -> None:
    while ledger.samples.thin(term, at):
        pass


def _rows(ledger: Ledger, wanted: sa.Select[*tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    return ledger.database.read(lambda connection: [tuple(row) for row in connection.execute(wanted)])


def _counts(ledger: Ledger) -> Counter[int]:
    grouped = sa.select(samples.c.resolution_s, sa.func.count()).group_by(samples.c.resolution_s)
    return Counter({int(step): int(n) for step, n in _rows(ledger, grouped)})


def _read(ledger: Ledger, name: str, since: float, until: float, points: int) -> Series:
    return ledger.samples.read([name], since, until, points)[name]


def _at(series: Series) -> list[float]:
    return [sample.at for sample in series.samples]


def test_what_is_measured_twice_in_ten_seconds_is_written_once(lab: Laboratory) -> None:
    """A leader that takes over in the midst of them adds what the other one did not have, and doubles nothing."""
    write, read = lab.ledger.samples.write, partial(_read, lab.ledger)
    write(lab.lead(), BEGIN + 1, {"a": 1.0})
    lab.ledger.leadership.release(lab.term)
    other = lab.ledger.leadership.acquire("other", 600)
    assert other is not None

    write(other, BEGIN + 9.9, {"a": 5.0, "b": 2.0})
    write(other, BEGIN + 10.0, {"a": 3.0})

    first = Sample(at=BEGIN, mean=1.0, low=1.0, high=1.0)
    assert read("a", BEGIN, BEGIN + 60, 600).samples == [first, Sample(at=BEGIN + 10, mean=3.0, low=3.0, high=3.0)]
    assert read("b", BEGIN, BEGIN + 60, 600).samples == [Sample(at=BEGIN, mean=2.0, low=2.0, high=2.0)]


def test_a_leader_whose_term_is_over_writes_and_removes_nothing(lab: Laboratory) -> None:
    """Neither samples nor thinning of a frozen leader get through."""
    old = lab.lead()
    lab.ledger.samples.write(old, BEGIN, {"a": 1.0})
    lab.ledger.database.write(lambda connection: connection.execute(sa.update(leader).values(expires_at=now() - 1)))

    with pytest.raises(TermOverError):
        lab.ledger.samples.write(old, BEGIN + 60, {"a": 1.0})
    with pytest.raises(TermOverError):
        lab.ledger.samples.thin(old, BEGIN + 2 * DAY)

    assert _counts(lab.ledger) == {10: 1}


def test_coarser_rows_are_made_when_their_time_is_over(lab: Laboratory) -> None:
    """A minute has the mean, the least and the most of its six, once; what is not over is not made."""
    term, thin = lab.lead(), lab.ledger.samples.thin
    _fill(lab.ledger, [("a", 10, BEGIN + 10 * n, float(n)) for n in range(10)])

    assert thin(term, BEGIN + 59) == 0
    assert thin(term, BEGIN + 60) == 1
    assert thin(term, BEGIN + 99) == 0

    rows = sa.select(samples).where(samples.c.resolution_s == 60)
    (row,) = _rows(lab.ledger, rows)
    assert row == ("a", 60, BEGIN, 2.5, 0.0, 5.0, 6)


def test_nothing_is_lost_where_nobody_thinned_for_a_while(lab: Laboratory) -> None:
    """A leader after hours finds finer rows that are too old: each measurement is in a coarser row before it goes."""
    term = lab.lead()
    _fill(lab.ledger, [("a", 10, BEGIN + 10 * n, float(n % 7)) for n in range(360)])

    turns = [lab.ledger.samples.thin(term, BEGIN + 5 * HOUR) for _ in range(200)]

    assert max(turns) <= 4 * STEPS_A_TURN, "a turn does a part only"
    assert turns[-1] == 0
    assert _counts(lab.ledger) == {60: 60, 900: 4}
    read = _read(lab.ledger, "a", BEGIN, BEGIN + HOUR, 4)
    assert sum(sample.count for sample in read.samples) == 360
    total = sum(sample.mean * sample.count for sample in read.samples)
    assert total == pytest.approx(sum(n % 7 for n in range(360)))


def test_the_table_stays_as_large_as_it_is(lab: Laboratory) -> None:
    """Full for 30 days, it takes forty minutes more, turn by turn, without more rows than its bounds."""
    term, bounds = lab.lead(), {one.step_s: one.kept_s // one.step_s + 2 * STEPS_A_TURN + 1 for one in RESOLUTIONS}
    for one in RESOLUTIONS:
        whole = [BEGIN - one.step_s * (n + 1) for n in range(one.kept_s // one.step_s + STEPS_A_TURN)]
        _fill(lab.ledger, [("a", one.step_s, at, 1.0) for at in whole])

    for turn in range(240):
        lab.ledger.samples.write(term, BEGIN + 10 * turn, {"a": 1.0})
        lab.ledger.samples.thin(term, BEGIN + 10 * turn)

    counts = _counts(lab.ledger)
    assert all(counts[step] <= bound for step, bound in bounds.items()), counts
    end = BEGIN + 2400
    for one in RESOLUTIONS:
        kept = sa.select(sa.func.min(samples.c.at), sa.func.max(samples.c.at)).where(
            samples.c.resolution_s == one.step_s
        )
        ((oldest, newest),) = _rows(lab.ledger, kept)
        assert oldest <= end - one.kept_s
        assert newest >= end - 2 * one.step_s


def test_a_gap_stays_a_gap(lab: Laboratory) -> None:
    """While nobody led nothing was measured, and in no resolution is there anything about it."""
    term = lab.lead()
    times = [BEGIN + 10 * n for n in range(90)] + [BEGIN + 2 * HOUR + 10 * n for n in range(90)]
    _fill(lab.ledger, [("a", 10, at, 1.0) for at in times])
    _thin(lab.ledger, term, BEGIN + 4 * HOUR)

    for points in (8000, 500, 16):
        read = _read(lab.ledger, "a", BEGIN, BEGIN + 4 * HOUR, points)
        in_gap = [at for at in _at(read) if BEGIN + 900 <= at < BEGIN + 2 * HOUR]
        assert in_gap == []
        assert min(_at(read)) == BEGIN
        assert max(_at(read)) >= BEGIN + 2 * HOUR


def test_a_reader_gets_all_of_the_time_as_closely_as_it_is_known(lab: Laboratory) -> None:
    """The last hour by tens of seconds, what is before it by minutes, then by quarters of an hour; to the newest."""
    term, end, read = lab.lead(), BEGIN + 3 * HOUR, partial(_read, lab.ledger)
    _fill(lab.ledger, [("a", 900, BEGIN - 900 * n, 1.0) for n in range(96)])
    _fill(lab.ledger, [("a", 10, BEGIN + 900 + 10 * n, 1.0) for n in range(990)])
    _thin(lab.ledger, term, end)

    hour = read("a", end - HOUR, end, 600)
    assert (hour.resolution_s, len(hour.samples), hour.samples[-1].at) == (10, 360, end - 10)
    longer = read("a", BEGIN + 900, end, 1440)
    assert (longer.resolution_s, len(longer.samples), longer.samples[-1].at) == (60, 165, end - 60)
    few = read("a", BEGIN + 900, end, 11)
    assert (few.resolution_s, len(few.samples), few.samples[-1].count) == (900, 11, 90)
    month = read("a", end - 30 * DAY, end, 3000)
    assert (month.resolution_s, len(month.samples), month.samples[0].at) == (900, 96 + 11, BEGIN - 900 * 95)
    assert read("unknown", end - HOUR, end, 600).samples == []


def test_the_newest_steps_of_a_coarse_series_are_made_of_finer_rows(lab: Laboratory) -> None:
    """Fourteen minutes that are no quarter of an hour yet are shown all the same, as far as they are known."""
    term = lab.lead()
    _fill(lab.ledger, [("a", 900, BEGIN - 900 * n, 4.0) for n in range(1, 10)])
    _fill(lab.ledger, [("a", 10, BEGIN + 10 * n, 2.0) for n in range(85)])
    _thin(lab.ledger, term, BEGIN + 850)

    read = _read(lab.ledger, "a", BEGIN - 9000, BEGIN + 900, 12)

    assert read.samples[-1] == Sample(at=BEGIN, mean=2.0, low=2.0, high=2.0, count=85)
    assert len(read.samples) == 10


def test_series_are_found_by_how_their_names_begin(lab: Laboratory) -> None:
    """Names of other kinds, and those that sort close by, are not among them; no more than asked for."""
    names = [
        "worker/a/cpu",
        "worker/b/cpu",
        "worker.a/cpu",
        "workers",
        "queue/webgpu[browser=x]/queued",
        "worker/ö/cpu",
    ]
    lab.ledger.samples.write(lab.lead(), BEGIN, dict.fromkeys(names, 1.0))

    assert lab.ledger.samples.names("worker/", 10) == ["worker/a/cpu", "worker/b/cpu", "worker/ö/cpu"]
    assert lab.ledger.samples.names("worker/", 2) == ["worker/a/cpu", "worker/b/cpu"]
    assert lab.ledger.samples.names("queue/webgpu[", 10) == ["queue/webgpu[browser=x]/queued"]
    assert len(lab.ledger.samples.names("", 10)) == 6


def test_the_loop_writes_what_the_ledger_holds(lab: Laboratory) -> None:
    """Jobs and queues as they stand in the ledger, by the ledger's clock; again only ten seconds later."""
    lab.submit(command(), command())
    lab.claim()
    sampler = Sampler(lab.ledger.monitor, lab.ledger.samples, FakeClock(), None)

    sampler.tick(lab.term)
    sampler.tick(lab.term)

    at = lab.ledger.views.now()
    found = {
        name: [sample.mean for sample in _read(lab.ledger, name, at - 60, at + 60, 600).samples]
        for name in lab.ledger.samples.names("", 100)
    }
    assert found.pop("health/score") != []
    assert found == {
        "jobs/running": [1.0],
        "jobs/waiting": [1.0],
        "queue/cpu/claimed": [1.0],
        "queue/cpu/queued": [1.0],
    }
