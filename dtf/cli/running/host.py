"""The cluster that a waiting command works with."""

import os
import threading
from collections.abc import Sequence
from importlib import import_module
from types import TracebackType
from typing import TYPE_CHECKING, Self

from dtf.bootstrap.cluster import join_embedded
from dtf.domain.errors import DtfError
from dtf.embedded.membership import Membership
from dtf.settings import Mode, Settings

if TYPE_CHECKING:
    from dtf.bootstrap.ledger import Ledger

#: What takes longest to import; read while the cluster starts.
_HEAVY = "dtf.bootstrap.ledger"


class Host:
    """The configured cluster, or the embedded one for as long as the context is open.

    Attributes:
        settings: Which one.
        workers: Slots that the embedded cluster is to have for each tag.
        tags: Hardware tags that are needed.
        membership: In the embedded cluster; None in a configured one.
        ledger: The ledger.
    """

    ledger: "Ledger"

    def __init__(self, settings: Settings, *, tags: Sequence[str], workers: int = 0) -> None:
        self.settings = settings
        self.workers = workers or default_workers()
        self.tags = tuple(tags)
        self.membership: Membership | None = None

    @property
    def is_embedded(self) -> bool:
        """Whether it is the private cluster of the state directory."""
        return self.settings.mode is Mode.EMBEDDED

    def join(self) -> Membership:
        """Join the embedded cluster, with the workers that are needed."""
        membership = join_embedded(self.settings, workers=self.workers, tag=self.tags[0])
        try:
            for tag in self.tags[1:]:
                membership.ensure_workers(self.workers, tag)
        except DtfError:
            membership.leave()
            raise
        return membership

    def leave(self) -> None:
        """Leave the embedded cluster, which ends with its last user."""
        if self.membership is not None:
            self.membership.leave()

    def __enter__(self) -> Self:
        heavy = threading.Thread(target=import_module, args=(_HEAVY,), name="dtf-imports", daemon=True)
        heavy.start()
        if self.is_embedded:
            self.membership = self.join()
        heavy.join()
        try:
            self._open()
        except BaseException:
            self.leave()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.ledger.close()
        self.leave()

    def _open(self) -> None:
        from dtf.bootstrap.ledger import current_ledger, ledger_at  # noqa: PLC0415  # the thread has read it

        if self.membership is None:
            self.ledger = current_ledger(self.settings)
        else:
            self.ledger = ledger_at(self.membership.database_url)


def default_workers() -> int:
    """Two, or one where there is only one core."""
    return max(1, min(2, len(os.sched_getaffinity(0))))
