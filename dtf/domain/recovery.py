"""The words of recovery: what can be done about a failure of the infrastructure, and what came of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from types import MappingProxyType
from typing import Final

from dtf.domain.breaker import Target
from dtf.domain.failure import FailureType


class RecoveryLevel(IntEnum):
    """How deep a recovery reaches; each level disturbs more than the one before."""

    #: What failed runs again, at once and anywhere.
    BASIC_RETRY = 1
    #: It runs again after a pause, elsewhere, or with other parameters.
    ENHANCED_RETRY = 2
    #: The part that failed is started anew: a page, a browser, a test process, what holds a device.
    COMPONENT_RESTART = 3
    #: The worker's pool is drained and replaced, or a device is taken out of use.
    SYSTEM_RECOVERY = 4
    #: The queue goes over to other workers or hardware, and operators are told.
    FULL_RECOVERY = 5


class RecoveryAction(StrEnum):
    """A strategy: one named thing that is done about a failure."""

    #: Run it again at once.
    RETRY = "retry"
    #: Run it again after a pause.
    BACK_OFF = "back_off"
    #: Run it again after a pause, on another worker if there is one.
    OTHER_WORKER = "other_worker"
    #: Run it again in a process that it shares with no other shard.
    ISOLATE = "isolate"
    #: Load the page again.
    RELOAD_PAGE = "reload_page"
    #: Open a new page in the same context.
    NEW_PAGE = "new_page"
    #: Open a new context in the same browser.
    NEW_CONTEXT = "new_context"
    #: Start another browser.
    RESTART_BROWSER = "restart_browser"
    #: Start another driver, and with it another browser.
    RESTART_DRIVER = "restart_driver"
    #: End what is kept warm for the slot: test runner, warm parent, model host.
    RESTART_PROCESS = "restart_process"
    #: End everything of dtf's that holds the device, on all slots that share it.
    RESET_DEVICE = "reset_device"
    #: Finish what runs, then replace the worker's processes.
    REPLACE_POOL = "replace_pool"
    #: Give the device no work until a probe says that it works.
    QUARANTINE = "quarantine"
    #: Send the work to other workers or hardware, and tell operators.
    FAIL_OVER = "fail_over"


#: The level that each action belongs to.
LEVEL_OF: Final[Mapping[RecoveryAction, RecoveryLevel]] = MappingProxyType(
    {
        RecoveryAction.RETRY: RecoveryLevel.BASIC_RETRY,
        RecoveryAction.BACK_OFF: RecoveryLevel.ENHANCED_RETRY,
        RecoveryAction.OTHER_WORKER: RecoveryLevel.ENHANCED_RETRY,
        RecoveryAction.ISOLATE: RecoveryLevel.ENHANCED_RETRY,
        RecoveryAction.RELOAD_PAGE: RecoveryLevel.ENHANCED_RETRY,
        RecoveryAction.NEW_PAGE: RecoveryLevel.COMPONENT_RESTART,
        RecoveryAction.NEW_CONTEXT: RecoveryLevel.COMPONENT_RESTART,
        RecoveryAction.RESTART_BROWSER: RecoveryLevel.COMPONENT_RESTART,
        RecoveryAction.RESTART_DRIVER: RecoveryLevel.COMPONENT_RESTART,
        RecoveryAction.RESTART_PROCESS: RecoveryLevel.COMPONENT_RESTART,
        RecoveryAction.RESET_DEVICE: RecoveryLevel.COMPONENT_RESTART,
        RecoveryAction.REPLACE_POOL: RecoveryLevel.SYSTEM_RECOVERY,
        RecoveryAction.QUARANTINE: RecoveryLevel.SYSTEM_RECOVERY,
        RecoveryAction.FAIL_OVER: RecoveryLevel.FULL_RECOVERY,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Recovery:
    """One recovery that was tried, as the history keeps it.

    Attributes:
        at: Seconds since the epoch when it ended, on the ledger's clock; 0 before the ledger has it.
        target: What was to be recovered.
        failure: The failure that it answered.
        action: What was done.
        succeeded: Whether a probe, or the work itself, found that it works again.
        time_s: From the failure until that was known, in seconds.
        resource_s: Slot-seconds that it took or burnt.
        impact: How many other slots it took from their work, or was to take, to end what they keep warm; what runs
            on them is never ended.
        stable: Whether the target kept working for a while; None: not known yet.
        job_recovered: Whether the failed work came to its end afterwards; None: not known yet.
        worker_id: Whose worker; empty: none.
        shard_id: Whose failure it was; empty: no shard's.
        attempt: The attempt that had failed; 0: none.
        reason: One sentence for people: what the probe said.
    """

    target: Target
    failure: FailureType
    action: RecoveryAction
    succeeded: bool
    at: float = 0.0
    time_s: float = 0.0
    resource_s: float = 0.0
    impact: int = 0
    stable: bool | None = None
    job_recovered: bool | None = None
    worker_id: str = ""
    shard_id: str = ""
    attempt: int = 0
    reason: str = ""

    @property
    def level(self) -> RecoveryLevel:
        """The level of what was done."""
        return LEVEL_OF[self.action]
