"""What the ledger's tables held, look by look, read by plain SQL."""

import sqlite3
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self, TypeVar

from dtf.bootstrap.monitoring import Laboratory
from dtf.breakers.errors import StoreUnavailableError
from dtf.breakers.status import BreakerStatus, statuses
from dtf.domain.learned import Learned

Row = Mapping[str, Any]
_T = TypeVar("_T")

_NOW: Final = "SELECT (julianday('now') - 2440587.5) * 86400.0"
#: What is read of each table; specifications and texts are no figures.
_TABLES: Final[Mapping[str, str]] = {
    "runs": "SELECT run_id, created_at, started_at, finished_at, outcome, jobs FROM runs",
    "jobs": "SELECT job_id, run_id, state, outcome, priority, created_at, started_at, finished_at, expected,"
    " cases_passed, cases_failed, cases_skipped, cases_error, cases_timeout, cases_infra, cases_xfailed, cases_xpassed"
    " FROM jobs",
    "shards": "SELECT shard_id, job_id, run_id, queue, state, worker_id, slot, attempt, claimed_at, done, failed,"
    " action, crashes, refunds FROM shards",
    "attempts": "SELECT shard_id, attempt, job_id, worker_id, slot, claimed_at, recorded_at, outcome, duration_s,"
    " cpu_s, max_rss_bytes, cases, failure FROM attempts",
    "workers": "SELECT worker_id, state, slots, pid, registered_at, seen_at, name, memory_bytes, cpu_count, queues,"
    " load FROM workers",
    "devices": "SELECT worker_id, position, kind, uuid, state, details FROM devices",
    "leader": "SELECT holder, term, expires_at FROM leader",
    "coordinators": "SELECT holder, pid, started_at, seen_at FROM coordinators",
    "events": "SELECT sequence, at, kind, subject, data FROM events"
    " WHERE kind IN ('coordinator_changed', 'breaker_changed', 'failure_injected') ORDER BY sequence",
    "recoveries": "SELECT at, time_s, resource_s, level, impact, attempt, succeeded, stable, job_recovered, hardware,"
    " name, failure, action, shard_id FROM recoveries ORDER BY number DESC LIMIT 500",
    "samples": "SELECT at, mean, count FROM samples WHERE series = 'health/score' AND resolution_s = 10",
    "artifacts": "SELECT shard_id, attempt, position, size FROM artifacts",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """The ledger as it was at one moment, and the breakers, which stand beside the queues.

    Attributes:
        at: When, in seconds since the epoch, on the database's clock.
        tables: Their rows.
        breakers: How each breaker stood, by its target.
        learned: What was learned; None: nothing.
    """

    at: float
    tables: Mapping[str, Sequence[Row]]
    breakers: Mapping[str, BreakerStatus]
    learned: Learned | None
    _made: dict[str, Any] = field(default_factory=dict)

    def once(self, name: str, make: Callable[[], _T]) -> _T:
        """What is made of it once, however many metrics ask for it."""
        if name not in self._made:
            self._made[name] = make()
        found: _T = self._made[name]
        return found

    def by(self, table: str, column: str) -> Mapping[Any, Sequence[Row]]:
        """A table's rows by a column."""

        def make() -> Mapping[Any, Sequence[Row]]:
            found: dict[Any, list[Row]] = {}
            for row in self.tables[table]:
                found.setdefault(row[column], []).append(row)
            return found

        return self.once(f"{table} by {column}", make)

    def of(self, table: str, column: str, value: object) -> Sequence[Row]:
        """The rows that have a value in a column."""
        return self.by(table, column).get(value, ())


class LedgerEye(threading.Thread):
    """Looks into the ledger several times a second, in a block.

    Attributes:
        looks: What it saw, the oldest first.

    Args:
        file: The ledger's database.
        laboratory: Where the breakers are.
        every_s: The pause between two looks, in seconds.
    """

    def __init__(self, file: Path, laboratory: Laboratory, every_s: float = 0.1) -> None:
        super().__init__(name="ledger-eye", daemon=True)
        self._file, self._laboratory, self._every_s = file, laboratory, every_s
        self._ended = threading.Event()
        self._known: dict[tuple[str, tuple[Any, ...]], Row] = {}
        self._error: Exception | None = None
        self.looks: list[Look] = []

    def run(self) -> None:
        """Look until the block ends."""
        connection = sqlite3.connect(f"file:{self._file}?mode=ro", uri=True, isolation_level=None, timeout=30)
        try:
            while not self._ended.wait(self._every_s):
                # what the breakers' store does not answer in time is no look
                with suppress(StoreUnavailableError):
                    self.looks.append(self._look(connection))
        except Exception as error:  # noqa: BLE001  # told when the block ends
            self._error = error
        finally:
            connection.close()

    def _look(self, connection: sqlite3.Connection) -> Look:
        connection.execute("BEGIN")
        try:
            # with the first table the transaction sees one state; the time is that of just after
            tables = {"leader": self._rows(connection, "leader")}
            at = float(connection.execute(_NOW).fetchone()[0])
            tables |= {name: self._rows(connection, name) for name in _TABLES if name != "leader"}
        finally:
            connection.execute("ROLLBACK")
        store = self._laboratory.breakers()
        assert store is not None, "the cluster is gone"
        found = statuses(store, self._laboratory.breaker_config, self._laboratory.ledger.breakers)
        by_target = {str(one.view.target): one for one in found}
        return Look(at=at, tables=tables, breakers=by_target, learned=store.learned())

    def _rows(self, connection: sqlite3.Connection, table: str) -> Sequence[Row]:
        """A table's rows; those that are as before are not kept again."""
        cursor = connection.execute(_TABLES[table])
        names = [column[0] for column in cursor.description]
        found = []
        for values in cursor:
            row = self._known.get((table, values))
            if row is None:
                row = self._known[table, values] = dict(zip(names, values, strict=True))
            found.append(row)
        return found

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        self.join()
        if self._error is not None:
            raise self._error from error

    def has_seen(self, at: float) -> bool:
        """Whether it has looked since a moment; it never will once it could not."""
        return not self.is_alive() or bool(self.looks and self.looks[-1].at > at)

    def around(self, begin: float, end: float) -> list[Look]:
        """What it saw in a time, and just before and after it."""
        looks = list(self.looks)
        first = max((place for place, one in enumerate(looks) if one.at <= begin), default=0)
        last = next((place for place, one in enumerate(looks) if one.at >= end), len(looks))
        return looks[first : last + 1]
