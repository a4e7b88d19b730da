"""A plain Celery project with the base class learns, by ``dtf learn`` or by a bootstep of its workers."""

import json
import re
import signal
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from dtf.breakers.redis_store import RedisStore
from dtf.domain.breaker import Target
from dtf.learning.base_rate import SETTLE_S
from tests.support.celery_worker import is_running, wait_for
from tests.support.other_project import OtherProject
from tests.support.valkey import running_valkey

if TYPE_CHECKING:
    import subprocess

pytestmark = pytest.mark.acceptance

CALLS = 80
PAYMENTS = Target(hardware="celery", name="payments")
WAREHOUSE = Target(hardware="celery", name="warehouse")


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OtherProject]:
    """A project whose calls of one target always work, and of another fail one time in five."""
    directory = tmp_path_factory.mktemp("other")
    with running_valkey(directory) as valkey:
        project = OtherProject(directory, valkey)
        try:
            project.start_worker("plain")
            project.call(f"for n in range({CALLS}): shop.pay.delay(n); shop.reserve.delay(n)")
            yield project
        finally:
            project.end()


@pytest.fixture(scope="module")
def store(project: OtherProject) -> Iterator[RedisStore]:
    """Its breakers, looked at from outside."""
    store = RedisStore(project.valkey.client)
    yield store
    store.close()


@pytest.fixture(scope="module")
def learner(project: OtherProject, store: RedisStore) -> "subprocess.Popen[bytes]":
    """``dtf learn``, which begins when all has been seen, and long enough ago to be learned from."""
    wait_for(lambda: len(store.heard("", 1000)[1]) == 2 * CALLS, lambda: project.said("plain"), 60)
    _, records = store.heard("", 1000)
    with project.valkey.client as client:
        client.delete("dtf:breakers:evidence")
    for record in records:
        store.tell(replace(record, at=record.at - SETTLE_S - 1))
    return project.start_learner()


def test_the_thresholds_move(project: OtherProject, store: RedisStore, learner: "subprocess.Popen[bytes]") -> None:
    """Each target's threshold follows its own history, and the project's worker decides by it.

    The breaker of the target that never failed opens after two or three failures in a row (three after many successes
    a moment ago), where it would take four without learning.
    """
    assert learner.poll() is None
    wait_for(lambda: store.learned() is not None, lambda: project.said("learner"), 60)
    found = project.thresholds()
    payments, warehouse = found[str(PAYMENTS)], found[str(WAREHOUSE)]
    assert 2 * warehouse["base_rate"] < 0.1 < payments["base_rate"]
    assert payments["failures"] > warehouse["failures"] == 2
    assert (payments["why_fixed"], warehouse["why_fixed"]) == ("", "")

    project.call("for n in range(3): shop.reserve.delay(n, away=True)")
    wait_for(lambda: store.transitions(WAREHOUSE, 0), lambda: project.said("plain"), 60)
    assert re.fullmatch(r"[23] failures where [\d.]+ % is normal", store.transitions(WAREHOUSE, 0)[0].reason)


def test_a_workers_own_learner_takes_over(
    project: OtherProject, store: RedisStore, learner: "subprocess.Popen[bytes]"
) -> None:
    """The bootstep's learner waits while another one learns, goes on where that stopped, and ends with its worker."""
    worker = project.start_worker("learning", SHOP_LEARNS="1")
    wait_for(lambda: project.learner_processes(worker.pid), lambda: project.said("learning"), 60)
    (process,) = project.learner_processes(worker.pid)
    learner.send_signal(signal.SIGTERM)
    assert learner.wait(60) == 0
    answer = json.loads(project.said("learner").splitlines()[-1])
    assert answer["learned_here"] is True
    assert {one["target"]: one["evidence"] for one in answer["thresholds"]}[str(PAYMENTS)] >= 20
    before = store.learned()
    assert before is not None

    def has_gone_on() -> bool:
        found = store.learned()
        return found is not None and found.version > before.version and found.target(PAYMENTS).evidence >= 20

    wait_for(has_gone_on, lambda: project.said("learning"), 60)
    worker.send_signal(signal.SIGKILL)
    worker.wait(60)
    wait_for(lambda: not is_running(process), lambda: process)
