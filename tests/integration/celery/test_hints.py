import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

from dtf.domain.errors import BrokerUnavailableError, UnsafeBrokerError
from dtf.storage.broker_check import check_broker
from dtf.storage.hints import CeleryHints
from tests.support.valkey import Valkey, free_port, running_valkey


def test_a_hint_is_small_and_has_one_key(hints: CeleryHints, valkey: Valkey) -> None:
    """A hint is about one kilobyte of JSON in the list of its queue, and nothing else is written."""
    hints.send_shard("cuda", "s7k2m9qx4tw3")
    assert valkey.client.keys("*") == [b"cuda"]
    message = valkey.client.lindex("cuda", 0)
    assert isinstance(message, bytes)
    assert len(message) < 1200
    assert json.loads(message)["headers"]["task"] == "dtf.run_shard"


def test_length_and_incarnation(hints: CeleryHints, valkey: Valkey) -> None:
    """The length counts waiting hints; the incarnation stays until the broker is restarted."""
    assert hints.length("cpu") == 0
    hints.send_shard("cpu", "s1")
    hints.send_prepare("cpu", "j1")
    assert hints.length("cpu") == 2
    first = hints.incarnation()
    assert first == hints.incarnation() != ""
    valkey.kill()
    valkey.start()
    assert hints.incarnation() != first
    assert hints.length("cpu") == 0


def test_a_dead_broker_is_told_soon_and_a_new_one_used(hints: CeleryHints, valkey: Valkey) -> None:
    """A dead broker raises within a second at each call; the same sender works when it is back."""
    hints.send_shard("cpu", "s1")
    valkey.kill()
    for call in (lambda: hints.send_shard("cpu", "s2"), lambda: hints.length("cpu"), hints.incarnation):
        began = time.monotonic()
        with pytest.raises(BrokerUnavailableError):
            call()
        assert time.monotonic() - began < 200
    valkey.start()
    hints.send_shard("cpu", "s3")
    assert hints.length("cpu") == 1


def test_a_frozen_broker_is_given_up(hints: CeleryHints, valkey: Valkey) -> None:
    """A broker that accepts and does not answer costs one time-out of 5 s, not a second one on a new connection."""
    hints.send_shard("cpu", "s1")
    valkey.freeze()
    began = time.monotonic()
    with pytest.raises(BrokerUnavailableError):
        hints.send_shard("cpu", "s2")
    assert time.monotonic() - began < 9.5
    valkey.thaw()
    hints.send_shard("cpu", "s3")


def test_a_full_broker_is_an_unavailable_one(tmp_path: Path) -> None:
    """A broker without memory left refuses a hint; it is no crash of the sender."""
    with running_valkey(tmp_path, "--maxmemory", "3mb") as server:
        server.client.set("filler", "x" * 1_000_000)
        server.client.config_set("maxmemory", "1mb")
        hints = CeleryHints(server.url)
        with pytest.raises(BrokerUnavailableError):
            hints.send_shard("cpu", "s1")
        hints.close()


def test_check_broker(tmp_path: Path) -> None:
    """A sound broker passes; one that evicts and one that is away raise what says so, without the password."""
    with running_valkey(tmp_path) as server:
        check_broker(server.url)
        server.client.config_set("maxmemory-policy", "volatile-ttl")
        with pytest.raises(UnsafeBrokerError, match="maxmemory-policy is volatile-ttl"):
            check_broker(server.url)
        with pytest.raises(UnsafeBrokerError):
            CeleryHints(server.url).length("cpu")
    began = time.monotonic()
    with pytest.raises(BrokerUnavailableError, match="cannot be reached") as caught:
        check_broker(f"redis://:hunter2@127.0.0.1:{free_port()}/0")
    assert time.monotonic() - began < 20
    assert "hunter2" not in str(caught.value)


def test_the_import_is_cheap() -> None:
    """Importing the sender loads neither Celery nor Kombu nor redis."""
    code = "import sys, dtf.storage.hints; print([m for m in ('celery', 'kombu', 'redis') if m in sys.modules])"
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "[]"
