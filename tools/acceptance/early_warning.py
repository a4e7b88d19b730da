"""Workers whose jobs leak until they are killed, and one whose jobs just die: how early a real cluster foresees it."""

import json
import sys
import threading
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from dtf.breakers.store import BreakerStore
from dtf.breakers.stores import open_store
from dtf.domain.breaker import BreakerState
from dtf.domain.early_warning import HORIZON_S, EarlyWarnings, WarningTally
from tests.acceptance.harness.place import DTF, until
from tests.acceptance.test_two_terminals import online
from tools.acceptance.cluster import start_cluster
from tools.acceptance.patients import JOB, JOB_S, SLOTS, Kind, Patient

_PATIENTS = {"leak1": Kind.LEAK, "leak2": Kind.LEAK, "leak3": Kind.LEAK, "leak4": Kind.LEAK, "sudden": Kind.SUDDEN}
#: How often the patients are looked after, in seconds.
_TURN_S = 0.5
#: What the learner said of a patient is shown from so many seconds before its breaker opened.
_SHOWN_S = 60.0
#: An illness that has begun may take so many minutes more, with the calm after it.
_AFTER_MIN = 9


def early_warning(minutes: float = 18.0) -> int:
    """Let workers fall ill for a while; print how well that was foreseen; return 1 where nothing could be measured."""
    with ExitStack() as stack:
        directory, place, valkey = start_cluster(stack)
        patients = [Patient(name=name, kind=kind, place=directory / name) for name, kind in _PATIENTS.items()]
        for one in patients:
            one.prepare()
            options = ("-Q", "cpu", "--concurrency", str(SLOTS), "--name", one.name, "--tags", one.name)
            place.start(DTF, "worker", *options, extra={"DTF_STATE_DIR": str(directory / one.name / "state")})
        if not until(lambda: online(place) == len(patients), 90, every_s=0.5):
            print("early-warning: the workers did not come up")
            return 1
        (directory / "job.py").write_text(JOB)
        for one in patients:
            submitted = place.dtf("submit", "--task-file", _tasks(directory, one, minutes), timeout_s=600)
            if submitted.status:
                print(f"early-warning: the jobs of {one.name} were not accepted: {submitted.err[-1000:]}")
                return 1
        print(f"early-warning: {minutes:g} minutes, {', '.join(_PATIENTS)}", flush=True)
        store = open_store(valkey.url)
        stack.callback(store.close)
        _live(store, patients, minutes * 60)
        print(place.dtf("breakers").out)
        return _judge(_known(store), patients)


def _tasks(directory: Path, one: Patient, minutes: float) -> str:
    """More jobs than the worker can do meanwhile; of as many kinds as run at a time, as one alone may kill itself."""
    argv = [sys.executable, "-S", str(directory / "job.py"), str(one.place), str(JOB_S)]
    where = {"hardware": "cpu", "tags": [one.name]}
    task = {"type": "command", "config": {"argv": argv, "hardware_requirements": where}}
    path = directory / "tasks.json"
    count = int((minutes + _AFTER_MIN) * 60 / JOB_S) * SLOTS
    path.write_text(json.dumps([{**task, "name": f"job {number % SLOTS}"} for number in range(count)]))
    return str(path)


def _live(store: BreakerStore, patients: Sequence[Patient], seconds: float) -> None:
    """Let them fall ill for so long, and be well for a minute more, until it is known of each warning what it was."""
    pause, ends = threading.Event(), time.monotonic() + seconds
    said: dict[str, list[tuple[float, float]]] = {one.name: [] for one in patients}
    calm_until = ends + HORIZON_S + 15
    while time.monotonic() < calm_until:
        states = {target: record.state for target, record in store.all().items()}
        for one in patients:
            state = next((state for target, state in states.items() if one.is_target(target)), BreakerState.CLOSED)
            begun, before = one.begun, one.illnesses[True]
            one.turn(state, ill=time.monotonic() < ends)
            if one.illnesses[True] > before and begun is not None:
                _tell(one, begun, said[one.name])
            if not one.is_well:
                calm_until = max(calm_until, time.monotonic() + HORIZON_S + 15)
        for target, known in _known(store).targets.items():
            name = target.partition("/")[2].partition("@")[0]
            if name in said and (not said[name] or said[name][-1][0] != known.at):
                said[name].append((known.at, known.probability))
        pause.wait(_TURN_S)


def _tell(one: Patient, begun: float, said: Sequence[tuple[float, float]]) -> None:
    now = time.time()
    last = ", ".join(f"{share:.0%} at -{now - at:.0f} s" for at, share in said if now - at < _SHOWN_S)
    print(f"early-warning: {one.name} opened {time.monotonic() - begun:.0f} s after it fell ill: {last}", flush=True)


def _known(store: BreakerStore) -> EarlyWarnings:
    learned = store.learned()
    return (learned.early_warning if learned else None) or EarlyWarnings()


def _judge(known: EarlyWarnings, patients: Sequence[Patient]) -> int:
    for kind in Kind:
        names = {one.name for one in patients if one.kind is kind}
        own = [one.tally for name, one in known.targets.items() if name.partition("/")[2].partition("@")[0] in names]
        opened = sum(one.illnesses[True] for one in patients if one.kind is kind)
        not_opened = sum(one.illnesses[False] for one in patients if one.kind is kind)
        print(f"early-warning: {kind}: {opened} illnesses that opened ({not_opened} did not): {_words(_sum(own))}")
    print(f"early-warning: all: {_words(known.tally)}; by chance {known.chance:.2f} of {known.looks} looks")
    print(f"early-warning: {'earned to act' if known.tally.earned else 'never earned to act: it stays in shadow mode'}")
    measured = known.looks and known.tally.openings
    print("early-warning: ok: it was measured" if measured else "early-warning: WRONG: nothing was measured")
    return int(not measured)


def _sum(tallies: Sequence[WarningTally]) -> WarningTally:
    foreseen = sum(one.foreseen for one in tallies)
    return WarningTally(
        warnings=sum(one.warnings for one in tallies),
        right=sum(one.right for one in tallies),
        openings=sum(one.openings for one in tallies),
        foreseen=foreseen,
        lead_s=sum(one.lead_s * one.foreseen for one in tallies) / foreseen if foreseen else 0.0,
    )


def _words(tally: WarningTally) -> str:
    return (
        f"{tally.right} of {tally.warnings} warnings right: precision {tally.precision:.2f} (at least "
        f"{tally.precision_bound:.2f}); {tally.foreseen} of {tally.openings} openings foreseen: recall "
        f"{tally.recall:.2f}; lead time {tally.lead_s:.1f} s"
    )
