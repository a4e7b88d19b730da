import base64
import json
import signal
from typing import Any

from dtf.storage.hints import CeleryHints
from dtf.storage.redis_transport import QUARANTINE_KEY
from tests.integration.celery.conftest import StartWorker
from tests.support.celery_worker import CeleryWorker, wait_for
from tests.support.valkey import Valkey


def _good(hints: CeleryHints, valkey: Valkey) -> dict[str, Any]:
    """A message as dtf sends it."""
    hints.send_shard("spare", "sgood")
    raw = valkey.client.rpop("spare")
    assert isinstance(raw, bytes)
    message = json.loads(raw)
    assert isinstance(message, dict)
    return message


def _without(message: dict[str, Any], key: str) -> bytes:
    return json.dumps({name: value for name, value in message.items() if name != key}).encode()


def _with(message: dict[str, Any], **changes: object) -> bytes:
    return json.dumps({**message, **{name.replace("_", "-"): value for name, value in changes.items()}}).encode()


def _body(message: dict[str, Any], body: object) -> bytes:
    text = body if isinstance(body, bytes) else json.dumps(body).encode()
    return _with(message, body=base64.b64encode(text).decode())


def _headers(message: dict[str, Any], **changes: object) -> bytes:
    return _with(message, headers={**message["headers"], **changes})


def _properties(message: dict[str, Any], **changes: object) -> bytes:
    return _with(message, properties={**message["properties"], **changes})


def malformed(good: dict[str, Any]) -> dict[str, bytes]:
    """Messages that must not be in a queue, by what is wrong with them."""
    return {
        "not JSON": b"this is not json",
        "empty": b"",
        "NUL": b"\x00\x00\x00",
        "invalid UTF-8": b'{"body": "\xff\xfe"}',
        "a number": b"42",
        "a list": b"[1, 2, 3]",
        "null": b"null",
        "a string": b'"hello"',
        "an empty object": b"{}",
        "no headers": _without(good, "headers"),
        "headers null": _with(good, headers=None),
        "no properties": _without(good, "properties"),
        "no body": _without(good, "body"),
        "body a number": _with(good, body=7),
        "no content type": _without(good, "content-type"),
        "no delivery_info": _with(good, properties={"delivery_tag": "x", "body_encoding": "base64"}),
        "no delivery_tag": _with(good, properties={"delivery_info": {}, "body_encoding": "base64"}),
        "delivery_tag an object": _properties(good, delivery_tag={"a": 1}),
        "body not base64": _with(good, body="***not base64***"),
        "body base64 of no JSON": _body(good, b"\x80\x04garbage"),
        "body encoding unknown": _properties(good, body_encoding="rot13"),
        "body an object": _body(good, {"task": "dtf.run_shard"}),
        "body a wrong list": _body(good, [1, 2, 3]),
        "body with callbacks": _body(good, [["s1"], {}, {"callbacks": [{"task": "dtf.run_shard"}]}]),
        "pickle": _with(good, content_type="application/x-python-serialize", content_encoding="binary"),
        "yaml": _with(good, content_type="application/x-yaml"),
        "encoding unknown": _with(good, content_encoding="klingon"),
        "compression unknown": _headers(good, compression="application/x-nothing"),
        "huge": _body(good, [["s" * 3_000_000], {}, {}]),
        "deep nesting": b"[" * 200_000 + b"]" * 200_000,
        "deep nesting in the body": _body(good, b"[" * 200_000 + b"]" * 200_000),
        "Kombu's types misused": b'{"__type__": "datetime", "__value__": {"x": []}}',
        "unknown task": _headers(good, task="os.system"),
        "task a number": _headers(good, task=5),
        "task a list": _headers(good, task=["dtf.run_shard"]),
        "id an object": _headers(good, id={"a": 1}),
        "id null": _headers(good, id=None),
        "eta no time": _headers(good, eta="tomorrow"),
        "expires no time": _headers(good, expires="never"),
        "expires a list": _headers(good, expires=[1]),
        "timelimit wrong": _headers(good, timelimit=["a", "b"]),
        "retries a string": _headers(good, retries="many"),
        "too many arguments": _body(good, [["s1", "s2", "s3"], {}, {}]),
        "no argument": _body(good, [[], {}, {}]),
        "unknown keyword": _body(good, [["s1"], {"colour": "red"}, {}]),
        "argument null": _body(good, [[None], {}, {}]),
        "argument a list": _body(good, [[["s1"]], {}, {}]),
        "argument with NUL": _body(good, [["s\x00"], {}, {}]),
        "argument a surrogate": _body(good, b'[["\\ud800"], {}, {}]'),
    }


#: What is readable, and wrong only to the task: Celery or the task refuses it.
_READABLE = {
    *("unknown task", "eta no time", "expires no time", "too many arguments", "no argument", "unknown keyword"),
    *("argument null", "argument a list", "argument with NUL", "argument a surrogate"),
}


def _await_run(worker: CeleryWorker, shard_id: str, after: str = "") -> None:
    """Wait until the worker has run a shard, or fail with what came before and what the worker said last."""
    wait_for(lambda: shard_id in worker.answered(), lambda: f"{after}\n{worker.output()[-3000:]}")


def test_no_message_kills_a_running_worker(start_worker: StartWorker, hints: CeleryHints, valkey: Valkey) -> None:
    """After each kind of malformed message the same worker process runs the next hint."""
    good = _good(hints, valkey)
    worker = start_worker("-c", "1")
    for number, (name, payload) in enumerate(malformed(good).items()):
        valkey.client.lpush("cpu", payload)
        hints.send_shard("cpu", f"safter{number}")
        _await_run(worker, f"safter{number}", after=name)
    assert worker.process is not None
    assert worker.process.poll() is None
    assert len(worker.started()) == 1
    assert worker.output().count(" ready.\n") == 1, "the consumer was restarted"
    records = [json.loads(item) for item in valkey.client.lrange(QUARANTINE_KEY, 0, -1)]
    assert len(records) == len(malformed(good)) - len(_READABLE)
    assert all(record["queue"] == "cpu" and record["reason"] and record["at"] > 0 for record in records)
    assert all(len(record["payload"]) <= 3 * 4096 for record in records)
    assert "is set aside in dtf.quarantine" in worker.output()


def test_no_message_kills_a_worker_that_starts(start_worker: StartWorker, hints: CeleryHints, valkey: Valkey) -> None:
    """A worker that starts, or is killed and starts again, before a queue full of such messages runs what follows."""
    good = _good(hints, valkey)
    for payload in malformed(good).values():
        valkey.client.lpush("cpu", payload)
    hints.send_shard("cpu", "sone")
    worker = start_worker("-c", "1")
    _await_run(worker, "sone")
    for payload in malformed(good).values():
        valkey.client.lpush("cpu", payload)
    worker.signal(signal.SIGKILL)
    worker.wait()
    hints.send_shard("cpu", "stwo")
    worker.start()
    _await_run(worker, "stwo")


def test_the_quarantine_is_bounded(start_worker: StartWorker, hints: CeleryHints, valkey: Valkey) -> None:
    """However many there are, the quarantine keeps the last thousand."""
    worker = start_worker("-c", "1")
    valkey.client.lpush("cpu", *(f"junk {number}" for number in range(1200)))
    hints.send_shard("cpu", "sone")
    _await_run(worker, "sone")
    assert valkey.client.llen(QUARANTINE_KEY) == 1000
    assert "junk 1199" in str(valkey.client.lindex(QUARANTINE_KEY, 0))


def test_a_key_that_is_no_queue(start_worker: StartWorker, hints: CeleryHints, valkey: Valkey) -> None:
    """Something else under a queue's name is renamed, and the queue works."""
    valkey.client.set("cpu", "not a list")
    worker = start_worker("-c", "1")
    said = "the key cpu was a string, not a queue"
    wait_for(lambda: said in worker.output(), worker.output)
    hints.send_shard("cpu", "sone")
    _await_run(worker, "sone")
    valkey.client.set("cpu", "not a list")
    wait_for(lambda: worker.output().count(said) == 2, worker.output)
    hints.send_shard("cpu", "stwo")
    _await_run(worker, "stwo")


def test_a_broadcast_that_cannot_be_read(start_worker: StartWorker, hints: CeleryHints, valkey: Valkey) -> None:
    """Junk on the channel of remote control is ignored."""
    worker = start_worker("-c", "1")
    for junk in (b"junk", b"{}", b"[]", b'{"properties": 1}', b"null", b"5", json.dumps(_good(hints, valkey)).encode()):
        valkey.client.publish("/0.celery.pidbox", junk)
    hints.send_shard("cpu", "sone")
    _await_run(worker, "sone")
    assert worker.output().count(" ready.\n") == 1
