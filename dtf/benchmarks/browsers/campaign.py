"""All runs of a benchmark with real browsers, one after the other; those that were made before are not made again."""

import asyncio
import json
import random
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from dtf.benchmarks.browsers.arms.catalogue import COLD, LEARNED, make_arm
from dtf.benchmarks.browsers.records import RunRecord
from dtf.benchmarks.browsers.revision import run_key
from dtf.benchmarks.browsers.run import Run
from dtf.benchmarks.browsers.schedule import Plan, Schedule, draw_schedule
from dtf.benchmarks.browsers.station import Station
from dtf.benchmarks.whole_files import write_whole, writing
from dtf.domain.codec import from_json, to_json
from dtf.domain.errors import BadInputError
from dtf.execution.browser_host.choice import BrowserChoice
from dtf.execution.processes.spawner import GuardianSpawner
from dtf.processes.libc import become_subreaper
from dtf.processes.reaper import Reaper

#: The seed of the schedule on which the learned arm learns what it is restored with: it is not measured.
TRAINING: Final = 7919
_SETTLE_S = 10.0
_NAME = "benchmark"


@dataclass(frozen=True, slots=True, kw_only=True)
class Campaign:
    """All runs of a benchmark with real browsers.

    Attributes:
        plan: How their schedules are drawn.
        choices: The browsers, in the order of the plan.
        seed: The first seed.
        iterations: How many seeds there are.
        arms: Their names.
        place: The directory of the raw data.
        environment: The whole environment of the browsers' hosts.
        tell: Is told of each run, for people.
    """

    plan: Plan
    choices: Sequence[BrowserChoice]
    seed: int
    iterations: int
    arms: tuple[str, ...]
    place: Path
    environment: Mapping[str, str]
    tell: Callable[[str], None]

    def records(self) -> tuple[RunRecord, ...]:
        """Make the runs that are not there yet, and give all of them, the training left out.

        To be called in the main thread of a process that has no other children.

        Raises:
            BadInputError: A fault does not exist for a browser, raw data cannot be read or written, or a seed is the
                training's.
        """
        if self.seed <= TRAINING < self.seed + self.iterations:
            raise BadInputError(f"--seed: {TRAINING} is the seed of the training run; choose seeds without it")
        with writing(self.place):
            self.place.mkdir(parents=True, exist_ok=True)
        snapshot = self._training().kept.get("learner") if LEARNED in self.arms else None
        found = []
        for seed in range(self.seed, self.seed + self.iterations):
            order = list(self.arms)
            random.Random(f"{seed} arms").shuffle(order)  # noqa: S311  # seeded chance is not cryptography
            found += [self._one(seed, arm, snapshot if arm == LEARNED else None) for arm in order]
        return tuple(found)

    def _training(self) -> RunRecord:
        return self._one(TRAINING, COLD, None, "training")

    def _one(self, seed: int, arm: str, snapshot: Mapping[str, Any] | None, what: str = "run") -> RunRecord:
        schedule = draw_schedule(self.plan, seed)
        key = run_key(self.plan, [(one.browser, one.executable) for one in self.choices], seed, arm, snapshot)
        # with the key: what other code or settings made is kept
        file = self.place / f"{what}-{seed}-{arm.replace(' ', '-')}-{key}.json"
        known = read_record(file)
        if known is not None and known.key == key:
            self.tell(f"seed {seed}, {arm}: there already ({file})")
            return known
        self.tell(f"seed {seed}, {arm}: {len(schedule.episodes)} episodes, at most {schedule.horizon_s:.0f} s")
        become_subreaper()
        # the child of a fork makes one call and execs; from 3.12 on Python warns of every fork beside threads
        warnings.filterwarnings("ignore", message=".*multi-threaded.*fork", category=DeprecationWarning)
        record = asyncio.run(self._carry_out(schedule, arm, snapshot, key))
        write_record(file, record)
        return record

    async def _carry_out(self, schedule: Schedule, arm: str, snapshot: Mapping[str, Any] | None, key: str) -> RunRecord:
        reaper = Reaper()
        reaper.start()
        spawner = GuardianSpawner(_NAME, reaper)
        stations = [Station(slot, choice, spawner, self.environment) for slot, choice in enumerate(self.choices)]
        try:
            return await Run(schedule, make_arm(arm, schedule, snapshot), stations).record(arm, key)
        finally:
            await asyncio.gather(*(station.end() for station in stations))
            await spawner.end_everything()
            await reaper.wait_for_all(_SETTLE_S)
            reaper.stop()


def read_record(file: Path) -> RunRecord | None:
    """The raw data of a run; None: there are none.

    Raises:
        BadInputError: They are no raw data of a run.
    """
    try:
        return from_json(RunRecord, json.loads(file.read_bytes()))
    except FileNotFoundError:
        return None
    except (ValueError, BadInputError) as error:
        raise BadInputError(f"{file} holds no raw data of a run ({error}): remove it, and it is made anew") from error


def write_record(file: Path, record: RunRecord) -> None:
    """Write the raw data of a run, whole or not at all.

    Raises:
        BadInputError: They cannot be written.
    """
    write_whole({file: json.dumps(to_json(record), separators=(",", ":")) + "\n"})
