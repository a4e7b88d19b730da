"""A command's stay in the embedded cluster, which it starts again when the supervisor is killed."""

from dtf.cli.running.host import Host
from dtf.cli.running.progress import Progress
from dtf.domain.clock import Clock
from dtf.domain.errors import ClusterError, LedgerUnavailableError
from dtf.domain.ports.views import RunView
from dtf.domain.shard import ShardState
from dtf.domain.worker import WorkerState

#: How often the cluster is looked after, in seconds.
TEND_EVERY_S = 1.0
#: How often a command starts the cluster again before it gives up.
MOST_RETURNS = 5
#: How long a cluster in trouble may go without a live worker, in seconds.
HELPLESS_S = 20.0


class Stay:
    """Keeps a membership, and joins again when its supervisor is gone.

    Attributes:
        returns: How often it had to join again.
    """

    def __init__(self, host: Host, *, run_id: str, clock: Clock) -> None:
        """Begin with a host that has joined.

        Args:
            host: The cluster.
            run_id: The run that ends with this command; empty: none.
            clock: Tells the time.
        """
        self.returns = 0
        self._host = host
        self._run_id = run_id
        self._clock = clock
        self._next = 0.0
        self._told = ""
        self._helpless_since: float | None = None

    def tend(self, run: RunView, progress: Progress) -> str:
        """Look after the cluster; return why waiting on is of no use, or nothing."""
        now = self._clock.monotonic()
        if now < self._next:
            return ""
        self._next = now + TEND_EVERY_S
        trouble = self._host.membership.trouble() if self._host.membership else ""
        if not trouble:
            return ""
        if self._is_gone():
            return self._return(trouble, progress)
        if trouble != self._told:
            self._told = trouble
            progress.note(trouble)
        return self._helpless(run, trouble, now)

    def _is_gone(self) -> bool:
        try:
            if self._host.membership is not None:
                self._host.membership.status()
        except ClusterError:
            return True
        return False

    def _return(self, trouble: str, progress: Progress) -> str:
        self.returns += 1
        if self.returns > MOST_RETURNS:
            return f"the embedded cluster broke down {self.returns} times: {trouble}"
        progress.note(f"{trouble}; starting it again")
        try:
            self._host.leave()
            self._host.membership = self._host.join()
            if self._run_id:
                self._host.membership.attach(self._run_id)
        except ClusterError as error:
            progress.note(str(error))
        return ""

    def _helpless(self, run: RunView, trouble: str, now: float) -> str:
        """Whether nothing has run for a while, and no worker is left that could."""
        try:
            alive = any(worker.state is WorkerState.ONLINE for worker in self._host.ledger.views.workers())
        except LedgerUnavailableError:
            return ""
        if alive or run.shards.get(ShardState.CLAIMED, 0):
            self._helpless_since = None
            return ""
        if self._helpless_since is None:
            self._helpless_since = now
        return f"no worker is left: {trouble}" if now - self._helpless_since > HELPLESS_S else ""
