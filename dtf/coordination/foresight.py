"""What the early warning knows of targets, and what it does about them."""

import logging
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Final

from dtf.breakers.config import BreakerConfig, BreakerPolicy
from dtf.breakers.learning_loop import river_learner
from dtf.breakers.numbers import Numbers
from dtf.breakers.store import BreakerStore
from dtf.domain.breaker import BreakerMode, BreakerState, Target
from dtf.domain.early_warning import Forewarning, Vitals
from dtf.domain.held import target_of
from dtf.domain.match import table_of
from dtf.domain.ports.views import WorkerView
from dtf.domain.specs import GPU_TAGS
from dtf.domain.worker import Device, WorkerState
from dtf.resilience.breaker import advanced

if TYPE_CHECKING:
    from dtf.learning.learner import Learner

log = logging.getLogger(__name__)

#: By how much more than what a canary is sent at a warning raises the belief: it is to be sent, and no more.
_MORE: Final = 0.05
_SMALLEST: Final = 1e-6


class Foresight:
    """Looks at the breakers and at the workers' heartbeats for the early warning, and sends a canary where it acts.

    What has slots is looked at: devices, browsers, and workers for their CPU. The ways to workers are not.
    """

    def __init__(self, store: BreakerStore, workers: Callable[[], Sequence[WorkerView]], config: BreakerConfig) -> None:
        """Build one.

        Args:
            store: The breakers.
            workers: Gives all workers, with what they reported last.
            config: The breakers' settings. Where breakers only tell, warnings do too.
        """
        self._store = store
        self._workers = workers
        self._config = config
        self._numbers = Numbers(config)

    def make_learner(self) -> "Learner":
        """A learner that knows nothing and looks ahead.

        Raises:
            MissingRiverError: River is not installed.
        """
        river_learner()  # says so where it is missing
        from dtf.learning.early_warning_learner import EarlyWarningLearner  # noqa: PLC0415  # River, as there

        acting = self._config.policy is BreakerPolicy.LEARNED
        return EarlyWarningLearner(self.look, self.warn if acting else None)

    def look(self) -> Mapping[Target, Vitals]:
        """What is known of each target whose breaker is closed and in nobody's hand.

        Raises:
            StoreUnavailableError: The store does not answer.
            LedgerUnavailableError: The database cannot be reached.
        """
        found: dict[Target, Vitals] = {}
        for worker in self._workers():
            if worker.state is not WorkerState.OFFLINE:
                found |= vitals_of(worker)
        records = self._store.all()
        return {
            target: vitals
            for target, vitals in found.items()
            if target in records
            and records[target].state is BreakerState.CLOSED
            and records[target].mode is BreakerMode.AUTO
        }

    def warn(self, target: Target, said: Forewarning) -> None:
        """Have a canary look at a target: raise the belief that it is bad to where its breaker asks for one.

        Raises:
            StoreUnavailableError: The store does not answer.
        """
        self._numbers.look(self._store)
        params, record = self._numbers.params(target), self._store.read(target)
        if record is None:
            return
        bad = max(advanced(record, params, self._store.now()).belief.bad, _SMALLEST)
        factor = _odds(params.suspect_at + _MORE) / _odds(bad)
        if factor > 1:
            self._store.raise_belief(target, params, factor)
        log.info("early warning: a canary is to look at %s (%.0f %% that it opens)", target, 100 * said.probability)


def vitals_of(worker: WorkerView) -> dict[Target, Vitals]:
    """What a worker's last heartbeat tells of its targets; what it does not tell is not known."""
    found: dict[Target, Vitals] = {}
    used: dict[Target, list[int]] = {}
    for slot in table_of(worker.info):
        owned = [device for device in worker.info.devices if device.uuid in slot.devices and device.kind != "cpu"]
        for device in (*owned, *(() if owned else (None,))):
            target = target_of(worker.info, device)
            if device is not None and device.kind in GPU_TAGS:
                found[target] = _of_gpu(worker, device)
            else:
                used.setdefault(target, []).append(slot.number)
    return found | {target: Vitals(memory=_share_of_host(worker, slots)) for target, slots in used.items()}


def _of_gpu(worker: WorkerView, device: Device) -> Vitals:
    figures = worker.load.devices.get(device.uuid, {}) if worker.load else {}
    total, memory = device.details.get("memory_bytes"), figures.get("memory_used_bytes")
    if memory is not None:
        memory = memory / total if isinstance(total, int | float) and total > 0 else None
    return Vitals(memory=memory, temperature=figures.get("temperature_c"))


def _share_of_host(worker: WorkerView, slots: Sequence[int]) -> float | None:
    """Which share of the machine's memory the processes of some slots have; None: the worker has not reported."""
    if worker.load is None or not worker.info.memory_bytes:
        return None
    sizes = worker.load.slot_memory_bytes
    return sum(sizes.get(str(number), 0) for number in slots) / worker.info.memory_bytes


def _odds(share: float) -> float:
    return share / (1 - share)
