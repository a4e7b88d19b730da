"""The learner: evidence and transitions in, learned values out."""

import math
from collections.abc import Collection
from typing import Any, Final

from dtf.domain.breaker import BreakerState, Sign, Target, Transition
from dtf.domain.evidence import EvidenceRecord
from dtf.domain.learned import Learned
from dtf.learning.group_model import GroupModel
from dtf.learning.target_model import TargetModel, of_hardware

#: The format of snapshots; one of another format is not restored.
SNAPSHOT_FORMAT: Final = 1

#: Above this belief nothing is learned about what is normal.
HEALTHY_BELOW: Final = 0.3

#: An opening so soon after a closing means that the closing was wrong, or that the target flaps.
REOPENED_WITHIN_S: Final = 60.0

#: Openings within so many seconds are openings together.
TOGETHER_WITHIN_S: Final = 20.0

#: The share of a target's own failures that shows as a crash.
SHOWN_AS_CRASH: Final = 0.15

#: More groups than this are not kept; the one that was seen longest ago goes.
MOST_GROUPS: Final = 2000

#: A target without a breaker that was not seen for so long, in seconds, is gone, and one for ever after so long: when
#: breakers are forgotten, too. Till then it may come back, as in a cluster that lives for the minutes of a nightly run.
ABSENT_S: Final = 86_400.0
FORGOTTEN_S: Final = 30 * 86_400.0

#: Of those that are gone no more than this are kept; the ones that were seen longest ago go.
MOST_ABSENT: Final = 500

#: The signs that end a job.
_ENDS: Final = frozenset((Sign.WORKED, Sign.INFRA, Sign.CRASH))

#: Those of a look at the target itself.
_CANARIES: Final = frozenset((Sign.CANARY_PASSED, Sign.CANARY_FAILED))


class Learner:
    """Learns what is normal on each target and in each job group.

    It does no I/O: whoever runs it hands in evidence in the order in which it happened, publishes what it gives, and
    keeps its snapshots. What fails counts as normal only where the target was believed healthy before and did not open
    soon after; a crash is divided between the target and the job's group by how often either crashes.
    """

    def __init__(self) -> None:
        self._targets: dict[Target, TargetModel] = {}
        self._groups: dict[str, GroupModel] = {}
        self._opened: dict[Target, float] = {}
        self._version = 0

    def observe(self, record: EvidenceRecord) -> None:
        """Learn from a piece of evidence."""
        known = record.target in self._targets
        if record.sign in _CANARIES and known:
            failed = record.sign is Sign.CANARY_FAILED
            self._target(record.target, record.at).looked(record.at, failed=failed, epoch=record.epoch)
        elif record.sign in _ENDS and (known or record.believed <= HEALTHY_BELOW):
            self._ended(record, self._target(record.target, record.at))

    def _ended(self, record: EvidenceRecord, model: TargetModel) -> None:
        group = self._group(record.job_group)
        own = _targets_share(record.sign, model.base_rate.rate(0.02), group.rate(record.at))
        if model.is_probe(record.epoch):
            model.probed(record.at, own)
            return
        model.called(record.at, own)
        if record.believed > HEALTHY_BELOW:
            return
        model.base_rate.observe(record.at, own)
        if record.job_group:
            group.observe(record.at, float(record.sign is Sign.CRASH) * (1 - own), 1 - record.believed)
        if record.sign is Sign.WORKED and record.job_group and record.duration_s > 0:
            _observe_duration(model, group, math.log(record.duration_s))

    def observe_transition(self, transition: Transition) -> None:
        """Learn from a breaker's transition."""
        model = self._target(transition.target, transition.at)
        if transition.after is BreakerState.CLOSED:
            model.closed(transition.at)
        elif transition.before is BreakerState.CLOSED:
            model.opened(transition.at, transition.epoch, reopened_within_s=REOPENED_WITHIN_S)
            self._observe_siblings(transition.target, transition.at)
        else:
            model.moved(transition.epoch)

    def lost(self, target: Target, at: float) -> None:
        """A breaker's store lost its data: it is closed, and how that came is not known."""
        self._target(target, at).lost(at)

    def knows(self, target: Target) -> bool:
        """Whether anything is known of a target."""
        return target in self._targets

    def forget(self, present: Collection[Target], now: float) -> None:
        """Forget the targets that are gone for good: each host name of a cluster that grows and shrinks is one.

        Args:
            present: Those that have a breaker; they stay.
            now: The time.
        """
        for model in self._targets.values():
            model.seen_at = model.seen_at or now
        seen = {
            target: model.seen_at
            for target, model in self._targets.items()
            if target not in present and model.seen_at < now - ABSENT_S
        }
        too_many = sorted(seen, key=seen.__getitem__)[:-MOST_ABSENT]
        for target in {*too_many, *(target for target, at in seen.items() if at < now - FORGOTTEN_S)}:
            del self._targets[target]

    def publish(self, now: float) -> Learned:
        """What is known now."""
        self._version += 1
        hardware = {
            tag: of_hardware([model for target, model in self._targets.items() if target.hardware == tag])
            for tag in {target.hardware for target in self._targets}
        }
        return Learned(
            version=self._version,
            at=now,
            targets={
                str(target): model.learned(now, hardware[target.hardware]) for target, model in self._targets.items()
            },
            hardware=hardware,
            groups={name: model.learned(now) for name, model in self._groups.items() if name},
        )

    def snapshot(self) -> dict[str, Any]:
        """All that it knows, as JSON's types."""
        return {
            "format": SNAPSHOT_FORMAT,
            "version": self._version,
            "targets": [[one.hardware, one.name, model.snapshot()] for one, model in self._targets.items()],
            "groups": {name: model.snapshot() for name, model in self._groups.items()},
            "opened": [[one.hardware, one.name, at] for one, at in self._opened.items()],
        }

    def restore(self, data: dict[str, Any]) -> None:
        """Know what a snapshot holds, and nothing else.

        Raises:
            ValueError: It is of another format.
        """
        if data.get("format") != SNAPSHOT_FORMAT:
            raise ValueError(
                f"a learner's snapshot of format {data.get('format')!r} cannot be restored, only {SNAPSHOT_FORMAT}; "
                "what it held is learned anew"
            )
        self._version = data["version"]
        self._targets = {
            Target(hardware=hardware, name=name): TargetModel.restored(model)
            for hardware, name, model in data["targets"]
        }
        self._groups = {name: GroupModel.restored(model) for name, model in data["groups"].items()}
        self._opened = {Target(hardware=hardware, name=name): at for hardware, name, at in data["opened"]}

    def _target(self, target: Target, at: float) -> TargetModel:
        if target not in self._targets:
            self._targets[target] = TargetModel()
        model = self._targets[target]
        model.seen_at = max(model.seen_at, at)
        return model

    def _group(self, name: str) -> GroupModel:
        group = self._groups.pop(name, None) or GroupModel()
        self._groups[name] = group  # the last is the one seen last
        if len(self._groups) > MOST_GROUPS:
            del self._groups[next(iter(self._groups))]
        return group

    def _observe_siblings(self, target: Target, at: float) -> None:
        self._opened = {one: opened for one, opened in self._opened.items() if at - opened <= TOGETHER_WITHIN_S}
        siblings = [one for one in self._opened if one.hardware == target.hardware and one != target]
        self._opened[target] = at
        self._target(target, at).opened_beside(sibling=bool(siblings))


def _targets_share(sign: Sign, base: float, group: float) -> float:
    """Which share of what happened is a failure of the target."""
    if sign is Sign.INFRA:
        return 1.0
    if sign is Sign.CRASH:
        return SHOWN_AS_CRASH * base / (SHOWN_AS_CRASH * base + group)
    return 0.0


def _observe_duration(model: TargetModel, group: GroupModel, log_duration: float) -> None:
    expected = group.expected_log_duration()
    if expected is not None:
        model.observe_latency(log_duration - expected)
    group.observe_duration(log_duration)
