import asyncio

import pytest

from dtf.domain.errors import LedgerUnavailableError
from dtf.execution.guardian.attempt_log import AttemptLog


class Sink:
    def __init__(self) -> None:
        self.away = False
        self.pieces: dict[int, bytes] = {}

    async def append(self, sequence: int, data: bytes) -> None:
        if self.away:
            raise LedgerUnavailableError
        self.pieces[sequence] = data


def test_pieces_arrive_in_order() -> None:
    """What was sent is not kept; what comes later has later numbers; large pieces are cut."""
    sink = Sink()
    log = AttemptLog(10**6, sink.append)
    log.add(b"one")
    asyncio.run(log.send())
    log.add(b"x" * 300_000)
    asyncio.run(log.send())
    assert log.take() == []
    assert sorted(sink.pieces) == [1, 2, 3]
    assert b"".join(sink.pieces[number] for number in sorted(sink.pieces)) == b"one" + b"x" * 300_000


def test_the_cap_is_marked_once() -> None:
    """Beyond the cap nothing is kept but the mark, and dtf's own lines."""
    log = AttemptLog(10, Sink().append)
    for _ in range(5):
        log.add(b"12345678")
    log.note("artifact left out \udcff")
    text = b"".join(data for _, data in log.take())
    assert text == b"1234567812\n[dtf] the log ends here: it exceeds 10 bytes\n[dtf] artifact left out \\udcff\n"


def test_what_the_ledger_did_not_take_stays() -> None:
    """A piece that could not be sent keeps its number and goes with the result."""
    sink = Sink()
    sink.away = True
    log = AttemptLog(100, sink.append)
    log.add(b"a")
    with pytest.raises(LedgerUnavailableError):
        asyncio.run(log.send())
    log.add(b"b")
    assert log.take() == [(1, b"a"), (2, b"b")]
