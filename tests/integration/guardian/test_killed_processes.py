"""What a real guardian tells the breakers of processes that its work took along."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from dtf.breakers.store import BreakerStore
from dtf.breakers.stores import open_store
from dtf.domain.breaker import BreakerState, Sign, Target
from dtf.domain.shard import ShardState
from tests.integration.guardian.laboratory import Laboratory, until
from tests.support.valkey import running_valkey

MACHINE = Target(hardware="cpu", name="celery@here")
GROUP = "command:command"


@contextmanager
def breakers(lab: Laboratory, directory: Path) -> Iterator[BreakerStore]:
    """The breakers of guardians that start now, in a real server."""
    with running_valkey(directory) as valkey:
        lab.breaker, lab.store = "constants", valkey.url
        store = open_store(valkey.url)
        try:
            yield store
        finally:
            store.close()


def told(store: BreakerStore) -> list[tuple[Sign, str]]:
    """What jobs said of the machine, and of which groups."""
    return [(record.sign, record.job_group) for record in store.heard("", 100)[1] if record.job_group]


@pytest.mark.parametrize("whom", ["the guardian", "the child"])
def test_work_that_takes_a_process_along_speaks_for_its_group(whom: str, lab: Laboratory, tmp_path: Path) -> None:
    """Whoever gives the shard back tells a crash, with the job's group; that opens nothing, and a canary looks."""
    code = "import os, signal, time; open('pid', 'w').write('1'); time.sleep(60)"
    if whom == "the guardian":
        code = "import os; os.kill(os.getppid(), 9)"
    with breakers(lab, tmp_path) as store:
        guardian = lab.guardian()
        shard = lab.python(code, max_retries=0)
        with lab.begin(guardian, shard) as asker:
            if whom == "the guardian":
                guardian.popen.wait(60)
                lab.guardian()
            else:
                lab.pid()
                asker.popen.kill()
            until(lambda: lab.shard(shard).state is ShardState.QUEUED)
        until(lambda: told(store) == [(Sign.CRASH, GROUP)])
        until(lambda: any(record.sign is Sign.CANARY_PASSED for record in store.heard("", 100)[1]))
        record = store.all()[MACHINE]
        assert (record.state, record.epoch, lab.losses(shard)) == (BreakerState.CLOSED, 0, 1)
