"""The breakers of the cluster that is configured, or that runs."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from dtf.bootstrap.cluster import running_broker
from dtf.domain.errors import DtfError
from dtf.domain.escape import one_line
from dtf.domain.ports.breakers import BreakerView, refuses
from dtf.settings import Settings

if TYPE_CHECKING:
    from dtf.bootstrap.ledger import Ledger
    from dtf.breakers.store import BreakerStore

#: How many breakers one line names.
_NAMED = 3


@contextmanager
def breaker_store(settings: Settings) -> Iterator["BreakerStore | None"]:
    """Where the breakers are; None: no cluster runs. Nothing is started."""
    broker_url = running_broker(settings)
    if broker_url is None:
        yield None
        return
    from dtf.bootstrap.breakers import make_store  # noqa: PLC0415  # redis takes a tenth of a second

    store = make_store(settings, broker_url)
    try:
        yield store
    finally:
        store.close()


def refusing(settings: Settings, ledger: "Ledger") -> tuple[Sequence[BreakerView], str]:
    """The breakers that let no work through, and why nothing is known of them; empty: it is.

    Where breakers only tell, or are off, none refuses anything.
    """
    if settings.breaker in ("metrics", "off"):
        return (), ""
    try:
        with breaker_store(settings) as store:
            if store is None:
                return (), ""
            from dtf.bootstrap.breakers import breaker_config  # noqa: PLC0415  # as above
            from dtf.breakers.status import statuses  # noqa: PLC0415  # as above

            found = statuses(store, breaker_config(settings), ledger.breakers)
            return [status.view for status in found if refuses(status.view)], ""
    except DtfError as error:
        return (), str(error)


def refusing_line(settings: Settings, ledger: "Ledger") -> tuple[str, list[Mapping[str, object]]]:
    """One line on the breakers that let no work through, and the same as data; empty: there are none."""
    views, problem = refusing(settings, ledger)
    if problem:
        return f"breakers: not known: {one_line(problem, 300)}", []
    data: list[Mapping[str, object]] = [view_json(view) for view in views]
    if not views:
        return "", data
    told = [
        one_line(f"{view.target} {view.word}" + (f" ({view.reason})" if view.reason else ""), 200) for view in views
    ]
    more = [f"{len(told) - _NAMED} more"] if len(told) > _NAMED else []
    return f"breakers that let no work through: {'; '.join((*told[:_NAMED], *more))}: dtf breakers", data


def view_json(view: BreakerView) -> dict[str, object]:
    """A breaker in JSON's types."""
    return {
        "target": str(view.target),
        "hardware": view.target.hardware,
        "name": view.target.name,
        "state": str(view.state),
        "mode": str(view.mode),
        "since": view.since,
        "bad": round(view.bad, 6),
        "epoch": view.epoch,
        "reason": view.reason,
    }
