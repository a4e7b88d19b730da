"""What the tests of these pages do over and over: submit, and look into the ledger."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from dtf.bootstrap.ledger import Ledger, ledger_at
from dtf.domain.ports.views import WorkerView
from dtf.domain.worker import WorkerState
from tests.acceptance.harness.pages import served
from tests.acceptance.harness.place import DTF, Place, until

#: What a job and a worker are called by somebody who means no good; nothing of it may act.
HOSTILE = "<img src=x onerror=window.hacked=1>"


@dataclass(frozen=True, slots=True, kw_only=True)
class Lab:
    """A cluster that runs, with its dashboard.

    Attributes:
        place: Where its commands work.
        base: The dashboard's address.
        ledger: What is true.
    """

    place: Place
    base: str
    ledger: Ledger

    def submit(self, *names: str, hardware: str = "cpu", seconds: float = 0.0, until: Path | None = None) -> str:
        """Submit commands as one run, of three priorities in turn; its id.

        Args:
            names: The jobs' names.
            hardware: The tag that they ask for.
            seconds: How long each takes.
            until: Each takes until there is this file.
        """
        argv = ["sleep", str(seconds)]
        if until is not None:
            argv = ["sh", "-c", f"until test -e {until}; do sleep 0.1; done"]
        tasks = [
            {
                "type": "command",
                "name": name,
                "priority": 5 + number % 3,
                "config": {"argv": argv, "hardware_requirements": {"hardware": hardware}},
            }
            for number, name in enumerate(names)
        ]
        file = self.place.directory / "tasks.json"
        file.write_text(json.dumps(tasks))
        done = self.place.dtf("submit", "--task-file", str(file), "--json")
        assert done.status == 0, done.err
        return str(done.answer["run_id"])

    def online(self) -> list[WorkerView]:
        """The workers that take work."""
        return [one for one in self.ledger.views.workers() if one.state is WorkerState.ONLINE]

    def hostile(self) -> WorkerView:
        """The worker with the hostile name."""
        (found,) = [one for one in self.ledger.views.workers() if one.info.name.startswith(HOSTILE)]
        return found

    def is_over(self, run_id: str) -> bool:
        """Whether a run has its verdict."""
        return self.ledger.views.run(run_id).outcome is not None


@contextmanager
def laboratory(directory: Path, third_name: str) -> Iterator[Lab]:
    """A cluster of two workers and one that is not the cluster's own, which nobody starts again; nothing is left of it.

    Args:
        directory: Where its commands work.
        third_name: What the third worker is called.
    """
    place = Place(directory)
    try:
        up = place.start(DTF, "up", "--workers", "2")
        assert until(lambda: "is up:" in up.said, 120), up.said
        ledger = ledger_at(f"sqlite:///{place.state.resolve() / 'ledger.sqlite3'}")
        third = place.start(DTF, "worker", "--queues", "cpu", "--concurrency", "1", "--name", third_name)
        dashboard, base = served(place)
        found = Lab(place=place, base=base, ledger=ledger)
        assert until(lambda: len(found.online()) == 3, 120, every_s=0.5), third.said
        yield found
        ledger.close()
        for command in (dashboard, third, up):
            command.process.terminate()
            command.wait(60)
        place.assert_nothing_left()
    finally:
        place.kill_all()
