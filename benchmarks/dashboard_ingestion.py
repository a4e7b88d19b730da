"""What a Celery event costs Flower, and what dtf's dashboard adds to it, side by side in one process.

It is a program of its own, as Flower's metrics are the process's: ``benchmarks.dashboard_cost`` starts it.
"""

import argparse
import asyncio
import json
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import ExitStack, suppress
from itertools import cycle, islice
from pathlib import Path
from typing import Any, Final

import psutil
from celery import Celery
from flower.events import EventsState
from flower.options import options as flower_options

from dtf.bootstrap.ledger import current_ledger
from dtf.bootstrap.monitoring import Laboratory as Watched
from dtf.dashboard.hints.truth import HintState, Truth
from dtf.dashboard.live.eye import Eye
from dtf.dashboard.live.hub import Hub, Listener
from dtf.dashboard.live.topics import TOPICS
from dtf.execution.task import RUN_SHARD
from dtf.settings import Settings
from tests.integration.ledger.laboratory import Laboratory, cases, result, worker
from tests.support.valkey import Valkey

#: A task is told of when it is received, when it is started and when it has succeeded.
_EVENTS_OF_A_TASK: Final = 3
_SHARDS_OF_A_JOB: Final = 250
_LISTENERS: Final = 5
_HOSTNAME: Final = "dtf@w1"


def events_of(shard_id: str, number: int) -> list[dict[str, Any]]:
    """What a worker sends about one hint."""
    told = {"claimed": True, "outcome": "passed", "attempts": 1, "ran": [f"{shard_id}:1"]}
    base = {"uuid": f"{number:032x}"}
    steps: list[dict[str, Any]] = [
        {"type": "task-received", "name": RUN_SHARD, "args": f"['{shard_id}']", "kwargs": "{}",
         "root_id": base["uuid"], "parent_id": None, "retries": 0, "eta": None, "expires": None},
        {"type": "task-started"},
        {"type": "task-succeeded", "result": str(told), "runtime": 0.5},
    ]  # fmt: skip
    return [{**base, **step} for step in steps]


def _received(events: list[dict[str, Any]], number: int) -> list[dict[str, Any]]:
    """Events as they are after the receiver, without the way over a broker."""
    now = time.time()
    base = {"hostname": _HOSTNAME, "pid": 7, "clock": number, "utcoffset": 0, "timestamp": now, "local_received": now}
    return [{**base, **event} for event in events]


class _Dashboard:
    """What dtf's dashboard does beside Flower, each part to be timed."""

    def __init__(self, watched: Watched, most_tasks: int) -> None:
        self.state = HintState(max_tasks_in_memory=most_tasks, max_workers_in_memory=5000)
        self._truth = Truth(self.state, watched.ledger.fates, _here)
        self._eye, self._hub = Eye(watched), Hub()
        self._loop = asyncio.new_event_loop()
        self._pages = [Listener(lambda: None) for _ in range(_LISTENERS)]
        for page in self._pages:
            self._hub.listen(page, TOPICS)

    def catch_up(self) -> None:
        """Look up what became of the tasks of the last events."""
        self._loop.run_until_complete(self._truth.catch_up())

    def close(self) -> None:
        """End it."""
        self._loop.close()

    def look(self) -> None:
        """Look at the ledger, and have each page's messages."""
        seen = self._eye.look()
        for name, fact in TOPICS.items():
            self._hub.publish(name, fact(seen), seen.moment.as_of)
        self._hub.tick(seen.moment.as_of)
        for page in self._pages:
            while page.take(self._hub) is not None:
                pass


async def _at_once(value: Any) -> Any:  # noqa: ANN401  # whatever it is
    return value


def _here(work: Callable[[], Any]) -> Awaitable[Any]:
    return _at_once(work())


class _Broker:
    """A real broker, over which events come as workers send them."""

    def __init__(self, directory: Path) -> None:
        self._server = Valkey(directory)
        self._server.start()
        self._app = Celery("events", broker=self._server.url, set_as_current=False)
        self._got: list[dict[str, Any]] = []
        self._opened = ExitStack()
        self._opened.callback(self._server.kill)
        connection = self._opened.enter_context(self._app.connection_for_read())
        receiver = self._app.events.Receiver(connection, handlers={"*": self._got.append})
        self._connection, *_ = self._opened.enter_context(receiver.consumer_context(wakeup=False))
        with suppress(TimeoutError):
            self._connection.drain_events(timeout=0.5)  # from now on it is subscribed
        writer = self._opened.enter_context(self._app.connection_for_write())
        self._sender = self._opened.enter_context(
            self._app.events.Dispatcher(writer, hostname=_HOSTNAME, buffer_while_offline=False)
        )

    def send(self, events: list[dict[str, Any]]) -> None:
        """Send them as a worker does."""
        for event in events:
            fields = dict(event)
            self._sender.send(fields.pop("type"), **fields)

    def receive(self, count: int) -> list[dict[str, Any]]:
        """Take so many as Flower's receiver does."""
        while len(self._got) < count:
            self._connection.drain_events(timeout=60)
        events, self._got[:] = self._got[:], []
        return events

    def close(self) -> None:
        """End it."""
        self._opened.close()


def _timed(work: Callable[[], object]) -> tuple[float, float]:
    """The CPU time and the wall time of something, in seconds."""
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    return time.process_time() - cpu, time.perf_counter() - wall


def _all(state: EventsState, events: list[dict[str, Any]]) -> Callable[[], None]:
    def take() -> None:
        for event in events:
            state.event(dict(event))

    return take


def _seconds(lab: Laboratory, rate: int, seconds: int) -> Iterator[list[dict[str, Any]]]:
    """The events of each second; what they tell of is in the ledger by then."""
    number = 0
    for _ in range(seconds):
        events: list[dict[str, Any]] = []
        while len(events) < rate:
            for shard_id in lab.waiting() or lab.plan(*[1] * _SHARDS_OF_A_JOB):
                shard = lab.claim(shard_id)
                lab.record(result(shard, cases=cases(shard)))
                number += 1
                events += events_of(shard_id, number)
                if len(events) >= rate:
                    break
        yield events


def cost(lab: Laboratory, watched: Watched, broker: _Broker, rate: int, seconds: int) -> dict[str, Any]:
    """Have both take the same events, second by second, in an order that alternates."""
    plain = EventsState(max_tasks_in_memory=flower_options.max_tasks, max_workers_in_memory=5000)
    ours = _Dashboard(watched, flower_options.max_tasks)
    ours.look()
    told: list[dict[str, Any]] = []
    for second, sent in enumerate(_seconds(lab, rate, seconds)):
        broker.send(sent)
        events: list[dict[str, Any]] = []
        receiving = _timed(lambda: events.extend(broker.receive(len(sent))))  # noqa: B023  # at once
        sides = {"state": _all(plain, events), "hints": _all(ours.state, events)}
        order = list(sides) if second % 2 else list(sides)[::-1]
        found = {"receiving": receiving, **{name: _timed(sides[name]) for name in order}}
        found["catch_up"], found["look"] = _timed(ours.catch_up), _timed(ours.look)
        told.append({"events": len(events), **found})
    ours.close()
    # the first second fills caches on both sides
    return {"rate": rate, "seconds": told[1:]}


def memory(lab: Laboratory, watched: Watched, side: str, events: int, most_tasks: int) -> dict[str, Any]:
    """The resident set each time that a tenth of the events was taken, in MiB."""
    shard_ids = lab.plan(*[1] * _SHARDS_OF_A_JOB)
    for shard_id in shard_ids:
        shard = lab.claim(shard_id)
        lab.record(result(shard, cases=cases(shard)))
    ours = _Dashboard(watched, most_tasks) if side == "dashboard" else None
    state = ours.state if ours else EventsState(max_tasks_in_memory=most_tasks, max_workers_in_memory=5000)
    process, told = psutil.Process(), [psutil.Process().memory_info().rss / 2**20]
    for number, shard_id in enumerate(islice(cycle(shard_ids), events // _EVENTS_OF_A_TASK), 1):
        _all(state, _received(events_of(shard_id, number), number))()
        if ours and number % 300 == 0:
            ours.catch_up()
            ours.look()
        if number % (events // _EVENTS_OF_A_TASK // 10) == 0:
            told.append(process.memory_info().rss / 2**20)
    if ours:
        ours.close()
    return {"side": side, "most_tasks": most_tasks, "events": events, "rss_mib": told}


def main() -> None:
    """Measure what is asked for; one line of JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rate", type=int, default=1000, help="events a second")
    parser.add_argument("--seconds", type=int, default=20)
    parser.add_argument("--memory", choices=["flower", "dashboard"], help="measure memory, of one of the two")
    parser.add_argument("--events", type=int, default=100_000, help="with --memory")
    parser.add_argument("--most-tasks", type=int, default=10_000, help="with --memory: Flower's max_tasks")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="dtf-bench-") as place:
        settings = Settings(state_dir=Path(place))
        ledger = current_ledger(settings)
        watched = Watched(settings, ledger)
        lab = Laboratory(ledger)
        ledger.workers.register(worker("w1"))
        if given.memory:
            told = memory(lab, watched, given.memory, given.events, given.most_tasks)
        else:
            broker = _Broker(Path(place))
            told = cost(lab, watched, broker, given.rate, given.seconds)
            broker.close()
        watched.close()
        ledger.close()
    json.dump(told, sys.stdout)
    print()


if __name__ == "__main__":
    main()
