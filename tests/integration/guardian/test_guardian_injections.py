"""Failures that a real guardian injects into programs: seen, taken back, told once, and refused where they must be."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from dtf.breakers.store import BreakerStore
from dtf.breakers.stores import open_store
from dtf.domain.breaker import BreakerMode, Sign, Target
from dtf.domain.injection import read_injection
from dtf.domain.outcome import Outcome
from dtf.domain.ports.views import AttemptView
from dtf.domain.proof import INJECTED, INJECTED_CLEARED, INJECTED_SEEN, INJECTION_REFUSED
from tests.integration.guardian.laboratory import GuardianProcess, Laboratory, until
from tests.support.valkey import running_valkey

#: Fetches a page that it serves itself, as clients do that heed the variables of proxies.
_FETCHES = """
import http.server, threading, urllib.request
server = http.server.HTTPServer(("127.0.0.1", 0), http.server.SimpleHTTPRequestHandler)
threading.Thread(target=server.serve_forever, daemon=True).start()
urllib.request.urlopen(f"http://127.0.0.1:{server.server_port}/", timeout=5)
"""

#: Reaches a server of its own.
_REACHES = """
import socket
server = socket.create_server(("127.0.0.1", 0))
socket.create_connection(server.getsockname(), timeout=2)
print("reached")
"""


def tried(lab: Laboratory, guardian: GuardianProcess, code: str, injection: str) -> AttemptView:
    """A Python program under a failure: its one attempt."""
    shard_id = lab.python(code, inject=read_injection(injection), max_retries=0, timeout_s=8.0)
    lab.run(guardian, shard_id)
    (attempt,) = lab.attempts(shard_id)
    return attempt


def test_programs_meet_what_was_asked_for(lab: Laboratory) -> None:
    """Each failure is seen by the kernel or a process beside the job, has the effect that it says, and is cleared."""
    guardian = lab.guardian()
    for injection, code, outcome, seen in (
        ("connection_failure mild", _FETCHES, Outcome.FAILED, "Connection refused"),
        ("connection_failure moderate", _REACHES, Outcome.PASSED, "its loopback only"),
        ("connection_failure severe", _REACHES, Outcome.FAILED, "a loopback that is down"),
        (
            "resource_exhaustion moderate",
            "import time; time.sleep(.2); bytearray(2**28)",
            Outcome.FAILED,
            "no more than",
        ),
        ("api_error mild module=yaml", "import yaml", Outcome.FAILED, "injected by dtf"),
        ("api_error moderate module=yaml", "import yaml; yaml.safe_load('a: 1')", Outcome.FAILED, "injected by dtf"),
        ("api_error severe module=yaml", "import yaml", Outcome.FAILED, "No module named 'yaml'"),
        (
            "api_error severe command=ls",
            "import os; raise SystemExit(os.system('ls') != 0)",
            Outcome.FAILED,
            "not found",
        ),
        ("timeout mild", "pass", Outcome.PASSED, "are stopped"),
        ("crash mild", "import time; time.sleep(60)", Outcome.INFRA, "/proc has no process"),
    ):
        attempt = tried(lab, guardian, code, injection)
        told = f"{injection}: {attempt.outcome} {attempt.reason} {attempt.proof}"
        if "no namespace of its own" in attempt.proof.get(INJECTION_REFUSED, ""):  # where only root gets one
            assert (INJECTED in attempt.proof, attempt.outcome) == (False, Outcome.PASSED), told
            continue
        assert attempt.outcome is outcome, told
        assert attempt.proof[INJECTED] == injection, told
        assert seen in attempt.proof[INJECTED_SEEN], told
        assert not attempt.proof[INJECTED_CLEARED].startswith("no:"), told


@contextmanager
def shared(lab: Laboratory, policy: str) -> Iterator[BreakerStore]:
    """Breakers that the guardians of a laboratory and this process have together."""
    with running_valkey(lab.place) as valkey:
        lab.breaker, lab.store = policy, valkey.url
        store = open_store(valkey.url)
        try:
            yield store
        finally:
            store.close()


def signs(store: BreakerStore) -> Counter[Sign]:
    """What jobs have said."""
    return Counter(record.sign for record in store.heard("", 1000)[1] if record.sign in (Sign.INFRA, Sign.WORKED))


def test_a_severe_failure_is_told_once_and_a_mild_one_never(lab: Laboratory) -> None:
    """A mild one says nothing, whatever came of it; a severe one is one bad sign, its retry runs without it."""
    with shared(lab, "learned") as store:
        guardian = lab.guardian()
        mild = lab.python("import yaml", inject=read_injection("api_error mild module=yaml"))
        assert lab.run(guardian, mild).outcome is Outcome.FAILED
        assert signs(store) == {}
        severe = lab.python("pass", inject=read_injection("crash severe"), max_retries=3)
        assert lab.run(guardian, severe).outcome is Outcome.INFRA
        assert signs(store) == {Sign.INFRA: 1}
        assert until(lambda: lab.run(guardian, severe)).outcome is Outcome.PASSED
        assert signs(store) == {Sign.INFRA: 1, Sign.WORKED: 1}
    first, second = lab.attempts(severe)
    assert (first.proof[INJECTED], INJECTED in second.proof) == ("crash severe", False)
    told = [(one["injection"], one["confirmed"], one["recorded"]) for one in lab.ledger.injections.told()]
    assert told == [("api_error mild module=yaml", True, False), ("crash severe", True, True)]


def test_a_breaker_that_is_open_refuses_the_failure_and_not_the_job(lab: Laboratory) -> None:
    """Where breakers only tell, work goes on under one that is held open: without the failure, and that is said."""
    target = Target(hardware="cpu", name="celery@here")
    with shared(lab, "metrics") as store:
        store.set_mode(target, BreakerMode.FORCED_OPEN)
        shard_id = lab.python("pass", inject=read_injection("crash mild"))
        assert lab.run(lab.guardian(), shard_id).outcome is Outcome.PASSED
        assert signs(store) == {Sign.WORKED: 1}
    (attempt,) = lab.attempts(shard_id)
    assert "injection refused: cpu/celery@here: the breaker is held open" in attempt.proof[INJECTION_REFUSED]
    assert b"the job runs without it" in lab.log(shard_id)
    assert attempt.proof["notes"] == f"{attempt.proof[INJECTION_REFUSED]}; the job ran without it"
    (told,) = lab.ledger.injections.told()
    assert (told["injection"], told["recorded"], told["refused"]) == ("", False, attempt.proof[INJECTION_REFUSED])
