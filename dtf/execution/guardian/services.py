"""What all attempts of a guardian share."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from weakref import WeakValueDictionary

from dtf.domain.ports.executor import Executor
from dtf.domain.ports.shards import Shards
from dtf.domain.work import JobKind
from dtf.execution.device_watch.monitor import DeviceMonitor
from dtf.execution.guardian.config import GuardianConfig
from dtf.execution.guardian.database import Database
from dtf.execution.guardian.failure_tally import FailureTally
from dtf.execution.guardian.lease_keeper import LeaseKeeper
from dtf.execution.guardian.recorder import Recorder
from dtf.execution.guardian.spool import Spool
from dtf.execution.guardian.tenancy import Tenancy
from dtf.execution.guardian.ward import Ward
from dtf.execution.guardian.witness import Witness
from dtf.execution.guardian.worker_home import WorkerHome
from dtf.execution.processes.spawner import GuardianSpawner
from dtf.execution.recovery import Experience, Restorer
from dtf.execution.source_cache import SourceCache


@dataclass(slots=True, kw_only=True)
class Services:
    """What all attempts of a guardian share.

    Attributes:
        config: What the guardian was told at its start.
        shards: The ledger's side of attempts.
        database: Runs its calls.
        environment: The worker's environment without anything of dtf's.
        spawner: Starts processes.
        monitor: Looks at the GPUs.
        sources: Materialises sources.
        leases: Keeps claims alive.
        recorder: Brings results to the ledger.
        home: The worker's directories.
        spool: Results that are not recorded yet.
        executors: By kind of job.
        ward: Keeps work away from devices that are in doubt.
        witness: Tells the breakers what attempts say about them.
        experience: What is known of recoveries.
        restorer: Carries recoveries out.
        tenancy: Clears GPUs of what was kept warm on them for others.
        tallies: The failures of the jobs that attempts run for, as long as one of them does.
        open_queues: The queues in which shards waited when the ledger was last asked.
        draining: Whether nothing more is to be claimed.
        drained: Whether that is for as long as the worker lives: hints that come nevertheless are other workers'.
    """

    config: GuardianConfig
    shards: Shards
    database: Database
    environment: Mapping[str, str]
    spawner: GuardianSpawner
    monitor: DeviceMonitor
    sources: SourceCache
    leases: LeaseKeeper
    recorder: Recorder
    home: WorkerHome
    spool: Spool
    executors: Mapping[JobKind, Executor] = field(default_factory=dict)
    tallies: WeakValueDictionary[str, FailureTally] = field(default_factory=WeakValueDictionary)
    open_queues: frozenset[str] = frozenset()
    draining: bool = False
    drained: bool = False
    tenancy: Tenancy = field(init=False)
    ward: Ward = field(init=False)
    witness: Witness = field(init=False)
    experience: Experience = field(init=False)
    restorer: Restorer = field(init=False)

    def __post_init__(self) -> None:
        self.tenancy = Tenancy(lambda: self.executors.values())  # noqa: PLW0108  # the executors are set later

    @property
    def worker_id(self) -> str:
        """The worker."""
        return self.config.worker.worker_id
