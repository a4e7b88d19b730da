"""Carries out what is decided about a failure, and sees whether it helped."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from dtf.domain.failure import FailureType
from dtf.domain.match import table_of
from dtf.domain.ports.executor import Executor, Renews
from dtf.domain.recovery import Recovery, RecoveryAction, RecoveryLevel
from dtf.domain.shard import Requeue
from dtf.domain.worker import WorkerInfo
from dtf.execution.recovery.components import end_components
from dtf.execution.recovery.experience import Experience
from dtf.execution.recovery.patient import Patient
from dtf.execution.recovery.renewal import Renewal
from dtf.execution.recovery.seams import Ender, Prober, Quarantine, Slots
from dtf.resilience.browser_ladder import SLOT_ACTIONS, deeper

log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Case:
    """One action that is carried out for a patient, as it was decided, and how many other slots it has taken."""

    patient: Patient
    decided: Requeue
    taken: int = 0


_Act = Callable[[_Case], Awaitable[str]]


class Restorer:
    """Carries out the actions of the third and fourth level in the guardian.

    Whatever is done is verified by a probe: the device computes, the browser computes, the machine computes, forks and
    writes. Of a browser in whose page a job failed more and more is replaced until it computes. Where nothing does,
    the slot goes into quarantine, from which only a probe that passes brings it back. Each action is remembered with
    what it cost. A retry is not carried out here: the next attempt shows whether it helped.
    The fifth level is the coordinator's; the ledger tells operators.
    """

    def __init__(
        self,
        worker: WorkerInfo,
        *,
        slots: Slots,
        executors: Callable[[], Sequence[Executor]],
        ender: Ender,
        prober: Prober,
        quarantine: Quarantine,
        experience: Experience,
        ask_for_children: Callable[[], None],
    ) -> None:
        """Build one.

        Args:
            worker: The worker.
            slots: Who has its slots.
            executors: Those of the worker.
            ender: Ends what they leave.
            prober: Sees whether something works.
            quarantine: Holds slots back.
            experience: Where what came of it is remembered.
            ask_for_children: Asks the worker's main process for new Celery children.
        """
        self._worker = worker
        self._slots = slots
        self._executors = executors
        self._ender = ender
        self._prober = prober
        self._quarantine = quarantine
        self._experience = experience
        numbers = [slot.number for slot in table_of(worker)]
        self._renewal = Renewal(numbers, slots=slots, end=self.start_anew, ask_for_children=ask_for_children)
        self._acts: Mapping[RecoveryAction, _Act] = {
            RecoveryAction.RESTART_PROCESS: self._restart,
            RecoveryAction.RESTART_BROWSER: self._restart,
            RecoveryAction.RESET_DEVICE: self._reset,
            RecoveryAction.QUARANTINE: self._isolate,
            RecoveryAction.REPLACE_POOL: self._replace,
        }
        self._acts_in_page: Mapping[RecoveryAction, _Act] = {
            RecoveryAction.NEW_CONTEXT: self._replace_part,
            RecoveryAction.RESTART_BROWSER: self._replace_part,
            RecoveryAction.RESTART_DRIVER: self._restart,
        }

    async def start_anew(self, slots: Sequence[int]) -> None:
        """End what is kept on some slots, so that the next shard shares its processes with none before it."""
        await end_components(slots, self._executors(), self._ender)

    async def restore(self, patient: Patient, decided: Requeue) -> Recovery | None:
        """Carry out what was decided; to be called while nothing runs on the patient's slots.

        Returns:
            What came of it; None: there is nothing to be carried out here.
        """
        if patient.in_page and decided.action in SLOT_ACTIONS:
            recovery = await self._renew(patient, decided)
        elif act := self._acts.get(decided.action):
            recovery = await self._carry_out(patient, decided, act, patient.failed_at)
        else:
            return None
        if not recovery.succeeded and recovery.level <= RecoveryLevel.SYSTEM_RECOVERY:
            self._hold(patient, f"after {recovery.action} {recovery.reason}")
        return recovery

    async def close(self) -> None:
        """End what is under way beside the worker's work."""
        await self._renewal.close()

    async def _renew(self, patient: Patient, decided: Requeue) -> Recovery:
        """Replace more and more of the slot's browser, until it computes; what is left is chosen from by experience."""
        since, choose = patient.failed_at, self._experience.chooser(patient.target.hardware)
        there, action = self._renewable(patient), decided.action
        if action not in there:
            action = deeper(action, there)[0]
        while True:
            step = replace(decided, action=action)
            recovery = await self._carry_out(patient, step, self._acts_in_page[action], since)
            left = deeper(action, self._renewable(patient))
            if recovery.succeeded or not left:
                return recovery
            action = choose(recovery.failure, left, patient.attempt - 1)
            since = asyncio.get_running_loop().time()

    def _renewable(self, patient: Patient) -> Sequence[RecoveryAction]:
        """What of the slot's browser can be replaced now, from the least on; the whole of it always can."""
        keeper = self._keeper()
        return (*(keeper.renewable(patient.slots[0]) if keeper else ()), RecoveryAction.RESTART_DRIVER)

    def _keeper(self) -> Renews | None:
        return next((executor for executor in self._executors() if isinstance(executor, Renews)), None)

    async def _carry_out(self, patient: Patient, decided: Requeue, act: _Act, since: float) -> Recovery:
        """Act, see whether it helped, and remember it."""
        case = _Case(patient, decided)
        reason = await self._within(self._experience.limit_s(decided.action), act, case)
        recovery = self._judged(case, reason, since)
        log.log(
            logging.WARNING if reason else logging.INFO,
            "%s of %s after %s: %s", decided.action, patient.target, recovery.failure, recovery.reason,
        )  # fmt: skip
        await self._experience.add(recovery)
        return recovery

    async def _within(self, limit_s: float, act: _Act, case: _Case) -> str:
        """Act and probe; what is wrong afterwards, empty: nothing."""
        try:
            async with asyncio.timeout(limit_s):
                return await act(case)
        except TimeoutError:
            return f"it did not come back within {limit_s:.0f} s"
        except Exception as error:  # the slot must go on, or be held
            log.exception("a recovery of %s broke down", case.patient.target)
            return f"the recovery broke down: {type(error).__name__}: {error}"

    async def _probe(self, patient: Patient) -> str:
        for device in patient.devices or (None,):
            found = await self._prober.sing(device)
            if found.reason:
                return f"{found.what} failed: {found.reason}"
        return ""

    def _judged(self, case: _Case, reason: str, since: float) -> Recovery:
        patient, decided = case.patient, case.decided
        time_s = asyncio.get_running_loop().time() - since
        return Recovery(
            target=patient.target,
            failure=decided.failure or FailureType.UNKNOWN,
            action=decided.action,
            succeeded=not reason,
            time_s=time_s,
            resource_s=time_s * len(patient.slots),
            impact=case.taken,
            worker_id=self._worker.worker_id,
            shard_id=patient.shard_id,
            attempt=patient.attempt,
            reason=reason or "a probe passed",
        )

    # the actions; each says what is wrong after it, empty: nothing

    async def _replace_part(self, case: _Case) -> str:
        keeper = self._keeper()
        if keeper is None:
            return "nobody keeps a browser"
        return await keeper.renew(case.patient.slots[0], case.decided.action, case.patient.target.hardware)

    async def _restart(self, case: _Case) -> str:
        await self.start_anew(case.patient.slots)
        return await self._probe(case.patient)

    async def _reset(self, case: _Case) -> str:
        """End all of dtf's that holds the devices. Slots that run something keep them: that is no failure of theirs.

        A reset by the driver would hit whatever others run there, so it is never asked for.
        """
        patient = case.patient
        await self.start_anew(patient.slots)
        uuids = {device.uuid for device in patient.devices}
        sharing = [slot.number for slot in table_of(self._worker) if uuids.intersection(slot.devices)]
        for number in (number for number in sharing if number not in patient.slots):
            if self._slots.occupy((number,)) is None:
                continue
            case.taken += 1
            try:
                await self.start_anew((number,))
            finally:
                self._slots.vacate(number)
        return await self._probe(patient)

    async def _isolate(self, case: _Case) -> str:
        self._hold(case.patient, case.decided.reason or "its breaker is open")
        return await self._restart(case)

    async def _replace(self, case: _Case) -> str:
        """Begin with the patient's own slots; the others follow as they finish what they have."""
        await self.start_anew(case.patient.slots)
        case.taken = self._renewal.begin(case.patient.slots)
        return await self._probe(case.patient)

    def _hold(self, patient: Patient, reason: str) -> None:
        for number in patient.slots:
            self._quarantine.hold(number, reason)
