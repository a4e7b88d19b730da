"""How figures went over time, over the ledger's table."""

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from dtf.analysis.grouping import grouped, step_for
from dtf.domain.ports.control import Term
from dtf.domain.ports.samples import FINEST, RESOLUTIONS, Resolution, Sample, Samples, Series
from dtf.storage.database import Database
from dtf.storage.ledger.history_schema import samples
from dtf.storage.ledger.leadership import fence
from dtf.storage.ledger.upsert import insert_into

#: How many steps of each resolution are put together, or removed, in one turn.
STEPS_A_TURN: Final = 6
_KEY: Final = ("series", "resolution_s", "at")
_NAMES: Final = (*_KEY, "mean", "low", "high", "count")
#: Comes after all that a name can go on with.
_LAST: Final = "\U0010ffff"


class LedgerSamples(Samples):
    """Rows of each resolution, made by the leader alone: under its term each step is written once."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def write(self, term: Term, at: float, values: Mapping[str, float]) -> None:
        """Write what was measured; what is there already for the same ten seconds stays."""
        begin = _begin(at, FINEST)
        rows = [
            dict(zip(_NAMES, (series, FINEST.step_s, begin, value, value, value, 1), strict=True))
            for series, value in sorted(values.items())
        ]

        def insert(connection: Connection) -> None:
            fence(connection, term)
            if rows:
                connection.execute(insert_into(connection, samples).on_conflict_do_nothing(), rows)

        self._database.write(insert)

    def thin(self, term: Term, at: float) -> int:
        """Make coarser rows of finer ones and remove what is too old, a few steps of each."""

        def work(connection: Connection) -> int:
            fence(connection, term)
            made = sum(_put_together(connection, number, at) for number in range(1, len(RESOLUTIONS)))
            return made + sum(_remove(connection, number, at) for number in range(len(RESOLUTIONS)))

        return self._database.write(work)

    def read(self, names: Sequence[str], since: float, until: float, most_points: int) -> Mapping[str, Series]:
        """How figures went, as closely as it is known with at most so many samples each."""
        step_s, found = self._database.snapshot(lambda connection: _read(connection, names, since, until, most_points))
        return {name: Series(resolution_s=step_s, samples=grouped(rows, step_s)) for name, rows in found.items()}

    def names(self, prefix: str, limit: int) -> Sequence[str]:
        """The first series, by name, whose names begin so."""
        return self._database.read(lambda connection: _series(connection, prefix, limit))


def _begin(at: float, resolution: Resolution) -> float:
    """When the step that a time is in began."""
    return float(math.floor(at / resolution.step_s) * resolution.step_s)


def _of(resolution: Resolution) -> sa.ColumnElement[bool]:
    return samples.c.resolution_s == resolution.step_s


def _first(connection: Connection, resolution: Resolution, since: float = -math.inf) -> float | None:
    """When the first row begins of those that begin from then on."""
    wanted = sa.select(sa.func.min(samples.c.at)).where(_of(resolution))
    if since > -math.inf:
        wanted = wanted.where(samples.c.at >= since)
    first: float | None = connection.scalar(wanted)
    return first


def _done_until(connection: Connection, coarser: Resolution) -> float:
    """Until when the rows of a resolution are made."""
    last = connection.scalar(sa.select(sa.func.max(samples.c.at)).where(_of(coarser)))
    return -math.inf if last is None else last + coarser.step_s


def _made_until(connection: Connection, number: int, at: float) -> float:
    """Until when all rows of a resolution are there that there will ever be."""
    if number == 0:
        return _begin(at, FINEST)
    resolution = RESOLUTIONS[number]
    waiting = _first(connection, RESOLUTIONS[number - 1], _done_until(connection, resolution))
    return _begin(_made_until(connection, number - 1, at) if waiting is None else waiting, resolution)


def _put_together(connection: Connection, number: int, at: float) -> int:
    """Make the next rows of a resolution, of the steps that are over."""
    finer, resolution = RESOLUTIONS[number - 1 : number + 1]
    until, done, rows = _made_until(connection, number - 1, at), _done_until(connection, resolution), 0
    for _ in range(STEPS_A_TURN):
        first = _first(connection, finer, done)
        done = until + 1 if first is None else _begin(first, resolution) + resolution.step_s
        if done > until:
            break
        rows += _insert_step(connection, finer, resolution, done - resolution.step_s)
    return rows


def _insert_step(connection: Connection, finer: Resolution, coarser: Resolution, begin: float) -> int:
    c = samples.c
    together = (
        sa.select(
            c.series,
            sa.literal(coarser.step_s, sa.Integer),
            sa.literal(begin, sa.Double),
            sa.func.sum(c.mean * c.count) / sa.func.sum(c.count),
            sa.func.min(c.low),
            sa.func.max(c.high),
            sa.func.sum(c.count),
        )
        .where(_of(finer), c.at >= begin, c.at < begin + coarser.step_s)
        .group_by(c.series)
    )
    insert = insert_into(connection, samples).from_select(_NAMES, together).on_conflict_do_nothing()
    return connection.execute(insert).rowcount


def _remove(connection: Connection, number: int, at: float) -> int:
    """Remove the oldest rows that are too old, and of which coarser ones were made."""
    resolution = RESOLUTIONS[number]
    # a little later than said: who asks for the last hour gets all of it
    limit = _begin(at, resolution) - resolution.kept_s - 6 * resolution.step_s
    if number + 1 < len(RESOLUTIONS):
        limit = min(limit, _done_until(connection, RESOLUTIONS[number + 1]))
    first = _first(connection, resolution)
    if first is None or first >= limit:
        return 0
    limit = min(limit, first + STEPS_A_TURN * resolution.step_s)
    return connection.execute(sa.delete(samples).where(_of(resolution), samples.c.at < limit)).rowcount


def _read(
    connection: Connection, names: Sequence[str], since: float, until: float, most_points: int
) -> tuple[int, dict[str, list[Sample]]]:
    """Rows by series, and to how long steps they are to be put together, in seconds."""
    found: dict[str, list[Sample]] = {name: [] for name in names}
    known_until = dict.fromkeys(names, since)
    resolutions = _covering(connection, since)
    # the newest steps of a coarse resolution are not made yet: they are put together from finer rows
    for resolution in resolutions:
        for name, sample in _rows(connection, names, resolution, min(known_until.values(), default=since), until):
            if sample.at >= known_until[name]:
                found[name].append(sample)
                known_until[name] = sample.at + resolution.step_s
    return step_for(until - since, resolutions[0].step_s, most_points), found


def _rows(
    connection: Connection, names: Sequence[str], resolution: Resolution, since: float, until: float
) -> Iterator[tuple[str, Sample]]:
    c = samples.c
    wanted = (
        sa.select(c.series, c.at, c.mean, c.low, c.high, c.count)
        .where(c.series.in_(names), _of(resolution), c.at >= since, c.at < until)
        .order_by(c.series, c.at)
    )
    for name, at, mean, low, high, count in connection.execute(wanted):
        yield name, Sample(at=at, mean=mean, low=low, high=high, count=count)


def _covering(connection: Connection, since: float) -> Sequence[Resolution]:
    """The finest resolution that has all that is known since then, and those that are finer, the finest last."""
    firsts = [_first(connection, resolution) for resolution in RESOLUTIONS]
    for number, first in enumerate(firsts):
        coarser = zip(RESOLUTIONS[number + 1 :], firsts[number + 1 :], strict=True)
        if first is None:
            continue
        if all(there is None or _begin(first, other) <= max(since, there) for other, there in coarser):
            return tuple(reversed(RESOLUTIONS[: number + 1]))
    return (FINEST,)


def _series(connection: Connection, prefix: str, limit: int) -> list[str]:
    """One after another, each by one look into the key: there are far more rows than series."""
    column, end = samples.c.series, prefix + _LAST
    first = sa.select(sa.func.min(column).label("name")).where(column >= prefix, column < end)
    found = first.cte("found", recursive=True)
    following = sa.select(sa.func.min(column)).where(column > found.c.name, column < end)
    found = found.union_all(sa.select(following.correlate(found).scalar_subquery()).where(found.c.name.is_not(None)))
    wanted = sa.select(found.c.name).where(found.c.name.is_not(None)).limit(limit)
    return list(connection.scalars(wanted))
