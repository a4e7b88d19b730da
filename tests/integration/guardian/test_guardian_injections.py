"""Failures that a real guardian injects into programs: seen, taken back, told once, and refused where they must be."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from dtf.breakers.redis_store import RedisStore
from dtf.breakers.stores import open_store
from dtf.domain.breaker import BreakerMode, Sign
from dtf.domain.failure import FailureType, Intensity
from dtf.domain.injection import InjectionSpec, read_injection
from dtf.domain.outcome import Outcome
from dtf.domain.ports.views import AttemptView
from dtf.domain.proof import INJECTED, INJECTED_CLEARED, INJECTED_SEEN, INJECTION_REFUSED
from tests.integration.guardian.laboratory import GuardianProcess, Laboratory
from tests.support.valkey import running_valkey

SEVERE = InjectionSpec(failure=FailureType.CRASH, intensity=Intensity.SEVERE)

#: Needs a network, memory and a module, and says which of them it got.
_NEEDY = """
import socket, sys, time
time.sleep(0.3)
with socket.create_server(("127.0.0.1", 0)):
    print("listens")
try:
    held = bytearray(512 * 2**20)
    print("holds")
except MemoryError:
    print("no memory")
"""

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
    """Each failure is seen by the kernel or by a process beside the job, has the effect that it says, and is cleared."""
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
        assert attempt.outcome is outcome, told
        assert attempt.proof[INJECTED] == injection, told
        assert seen in attempt.proof[INJECTED_SEEN], told
        assert attempt.proof[INJECTED_CLEARED], told
        assert not attempt.proof[INJECTED_CLEARED].startswith("no"[:2] + ":"), told


#: Fetches a page that it serves itself, as clients do that heed the variables of proxies.
_FETCHES = """
import http.server, threading, urllib.request
server = http.server.HTTPServer(("127.0.0.1", 0), http.server.SimpleHTTPRequestHandler)
threading.Thread(target=server.serve_forever, daemon=True).start()
urllib.request.urlopen(f"http://127.0.0.1:{server.server_port}/", timeout=5)
"""
