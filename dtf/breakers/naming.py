"""Which breaker a person means."""

from collections.abc import Iterable, Sequence

from dtf.breakers.store import BreakerStore
from dtf.domain.breaker import Target
from dtf.domain.errors import UnknownRecordError
from dtf.domain.held import worker_targets
from dtf.domain.suggestion import did_you_mean
from dtf.domain.worker import WorkerInfo

#: How many targets a message names.
_NAMED = 10


def known_targets(store: BreakerStore, workers: Iterable[WorkerInfo]) -> list[Target]:
    """What has a breaker, and what workers have that can get one."""
    return sorted({*store.targets(), *(target for worker in workers for target in worker_targets(worker))})


def the_target(name: str, known: Sequence[Target]) -> Target:
    """The target that is meant: by its whole text, or by a part that only one has.

    Raises:
        UnknownRecordError: There is none, or several have that part.
    """
    exact = [target for target in known if str(target) == name]
    found = exact or [target for target in known if name and name in str(target)]
    if len(found) == 1:
        return found[0]
    names = [str(target) for target in found or known]
    listed = ", ".join(names[:_NAMED]) + (f" and {len(names) - _NAMED} more" if len(names) > _NAMED else "")
    shown = name[:100]
    if found:
        raise UnknownRecordError(f"{shown!r} may be any of {len(found)} breakers: {listed}")
    hint = did_you_mean(name, names)
    raise UnknownRecordError(f"there is no breaker of {shown!r}{hint}; there are: {listed or 'none yet'}")
