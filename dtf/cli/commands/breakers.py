"""``dtf breakers``."""

from typing import TYPE_CHECKING

import click

from dtf.cli.options import json_option
from dtf.cli.running.breaker_session import breaker_store
from dtf.cli.session import ledger_session
from dtf.domain.breaker import BreakerMode
from dtf.domain.errors import BadInputError, ClusterError

if TYPE_CHECKING:
    from dtf.bootstrap.ledger import Ledger
    from dtf.breakers.store import BreakerStore
    from dtf.cli.terminal.output import Output
    from dtf.settings import Settings

#: What an operator can have a breaker do.
_MODES = {
    "open": BreakerMode.FORCED_OPEN,
    "close": BreakerMode.FORCED_CLOSED,
    "auto": BreakerMode.AUTO,
    "metrics": BreakerMode.METRICS_ONLY,
}
_NOTHING_RUNS = "no cluster is running, so there are no breakers; start it with: dtf up"
_LONGEST_REASON = 500


@click.command("breakers")
@click.argument("words", nargs=-1, metavar="[open|close|auto|metrics] [TARGET]")
@click.option("--reason", default="", metavar="TEXT", help="Why an operator takes a breaker in hand.")
@json_option
def command(words: tuple[str, ...], reason: str, as_json: bool) -> int:
    """Show the circuit breakers with what was learned, or take one in hand.

    TARGET is what a breaker is about, such as cuda/GPU-1 or cpu/NODE; a part that only one has is enough. With it
    alone the command shows all that is known of it. 'open' lets nothing through to it, probes neither; 'close' lets
    everything through; 'metrics' too, but goes on deciding and telling; 'auto' leaves it to itself again.
    """
    action, name = _parse(words, reason)
    with ledger_session(as_json=as_json) as (output, settings, ledger), breaker_store(settings) as store:
        if store is None:
            if words:
                raise ClusterError(_NOTHING_RUNS)
            output.data({"running": False, "policy": settings.breaker, "breakers": []})
            output.line(_NOTHING_RUNS)
        elif settings.breaker == "off":
            if words:
                raise BadInputError(f"breakers are off ({settings.origins.get('breaker', 'by the program')})")
            output.data({"running": True, "policy": "off", "breakers": []})
            output.line(f"breakers are off ({settings.origins.get('breaker', 'by the program')})")
        elif action:
            _take_in_hand(output, ledger, store, name, _MODES[action], reason)
        else:
            _show(output, settings, ledger, store, name)
    return 0


def _parse(words: tuple[str, ...], reason: str) -> tuple[str, str]:
    """The action, if any, and the target."""
    action = words[0] if words and words[0] in _MODES else ""
    rest = words[1:] if action else words
    if len(rest) > 1:
        known = ", ".join(_MODES)
        raise BadInputError(f"{rest[0][:80]!r} is no action on a breaker ({known}); name one target")
    if action and not rest:
        raise BadInputError(f"name a target: dtf breakers {action} TARGET")
    if reason and not action:
        raise BadInputError("--reason goes with open, close, auto or metrics")
    if len(reason) > _LONGEST_REASON or not reason.isprintable():
        raise BadInputError(f"--reason must be at most {_LONGEST_REASON} printable characters")
    return action, rest[0] if rest else ""


def _show(output: "Output", settings: "Settings", ledger: "Ledger", store: "BreakerStore", name: str) -> None:
    from dtf.bootstrap.breakers import breaker_config  # noqa: PLC0415  # redis takes a tenth of a second
    from dtf.cli.running.breaker_status import statuses  # noqa: PLC0415  # as above
    from dtf.cli.running.breaker_table import print_breaker, print_breakers, status_json  # noqa: PLC0415  # as above
    from dtf.cli.running.breaker_target import the_target  # noqa: PLC0415  # as above

    found = statuses(store, breaker_config(settings), ledger.breakers)
    if not name:
        told = [status_json(status) for status in found]
        output.data({"running": True, "policy": settings.breaker, "breakers": told})
        print_breakers(output, found, settings.breaker)
        return
    target = the_target(name, [status.view.target for status in found])
    (status,) = [status for status in found if status.view.target == target]
    history = ledger.breakers.history(target)
    output.data({"policy": settings.breaker, **status_json(status), "history": list(history)})
    print_breaker(output, status, history)


def _take_in_hand(
    output: "Output", ledger: "Ledger", store: "BreakerStore", name: str, mode: BreakerMode, reason: str
) -> None:
    from dtf.cli.running.breaker_session import view_json  # noqa: PLC0415  # as above
    from dtf.cli.running.breaker_status import view_of  # noqa: PLC0415  # as above
    from dtf.cli.running.breaker_target import known_targets, the_target  # noqa: PLC0415  # as above
    from dtf.cli.terminal.escape import one_line  # noqa: PLC0415  # as above

    target = the_target(name, known_targets(store, ledger.fallbacks.live_workers()))
    order = ledger.breakers.tell_mode(target, mode, reason)  # first: from there it is restored where the store fails
    view = view_of(target, store.set_mode(target, mode, order=order), reason)
    output.data(view_json(view))
    output.line(one_line(f"breaker of {target}: {view.word}" + (f" ({reason})" if reason else ""), 1000))
