"""``dtf breakers``."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from dtf.analysis.holding import Quarantined, quarantined
from dtf.cli.options import json_option
from dtf.cli.running.breaker_session import breaker_store
from dtf.cli.running.quarantine_lines import quarantine_json, quarantine_lines
from dtf.cli.session import ledger_session
from dtf.cli.terminal.output import Output
from dtf.domain.breaker import MODE_WORDS, BreakerMode
from dtf.domain.errors import BadInputError, ClusterError
from dtf.domain.ports.breakers import BreakerPast

if TYPE_CHECKING:
    from dtf.bootstrap.ledger import Ledger
    from dtf.breakers.config import BreakerConfig
    from dtf.breakers.store import BreakerStore
    from dtf.settings import Settings

_NOTHING_RUNS = "no cluster is running, so there are no breakers; start it with: dtf up"
_LONGEST_REASON = 500
#: Where breakers only tell, an order to let nothing through is kept, and is not what it seems.
_ONLY_TELLS = (
    "breakers are set to metrics ({}): work goes to what is open all the same; only canaries and failures that are "
    "injected are refused there"
)


@click.command("breakers")
@click.argument("words", nargs=-1, metavar="[open|close|auto|metrics] [TARGET]")
@click.option("--reason", default="", metavar="TEXT", help="Why an operator takes a breaker in hand.")
@click.option("--broker", "url", metavar="URL", help="The Redis with the breakers of any Celery application.")
@click.option("--prefix", help="What the names of their keys begin with.  [default: dtf]")
@json_option
def command(words: tuple[str, ...], reason: str, url: str | None, prefix: str | None, as_json: bool) -> int:
    """Show the circuit breakers with what was learned, or take one in hand.

    TARGET is what a breaker is about, such as cuda/GPU-1 or cpu/NODE; a part that only one has is enough. With it
    alone the command shows all that is known of it. 'open' lets nothing through to it, probes neither; 'close' lets
    everything through; 'metrics' too, but goes on deciding and telling; 'auto' leaves it to itself again.

    With --broker or --prefix it works on the breakers in that Redis alone, as of a Celery application without dtf: no
    ledger keeps what is done there.
    """
    action, name = _parse(words, reason)
    if url is not None or prefix is not None:
        _without_ledger(Output(json_mode=as_json), (action, name, reason), url, prefix)
        return 0
    with ledger_session(as_json=as_json) as (output, settings, ledger), breaker_store(settings) as store:
        if store is None:
            if words:
                raise ClusterError(_NOTHING_RUNS)
            output.data({"running": False, "policy": settings.breaker, "breakers": []})
            output.line(_NOTHING_RUNS)
        elif settings.breaker == "off":
            _show_off(output, settings, ledger, asked=bool(words))
        elif action:
            _take_in_hand(output, ledger, store, name, MODE_WORDS[action], reason)
            if action == "open" and settings.breaker == "metrics":
                output.note(f"dtf: {_ONLY_TELLS.format(_origin(settings))}")
        else:
            held = quarantined(ledger.views.workers())
            _show(output, store, _config(settings), ledger.breakers, name, held)
    return 0


def _show_off(output: Output, settings: "Settings", ledger: "Ledger", *, asked: bool) -> None:
    told = f"breakers are off ({_origin(settings)})"
    if asked:
        raise BadInputError(told)
    held = quarantined(ledger.views.workers())
    output.data({"running": True, "policy": "off", "breakers": [], "quarantine": quarantine_json(held)})
    for line in (told, *quarantine_lines(held, ledger.views.now())):
        output.line(line)


def _origin(settings: "Settings") -> str:
    """Where it is said by what breakers decide."""
    return settings.origins.get("breaker", "by the program")


def _parse(words: tuple[str, ...], reason: str) -> tuple[str, str]:
    """The action, if any, and the target."""
    action = words[0] if words and words[0] in MODE_WORDS else ""
    rest = words[1:] if action else words
    if len(rest) > 1:
        known = ", ".join(MODE_WORDS)
        raise BadInputError(f"{rest[0][:80]!r} is no action on a breaker ({known}); name one target")
    if rest and not rest[0].strip():
        raise BadInputError("the target's name is empty; without one, dtf breakers lists all")
    if action and not rest:
        raise BadInputError(f"name a target: dtf breakers {action} TARGET")
    if reason and not action:
        raise BadInputError("--reason goes with open, close, auto or metrics")
    if len(reason) > _LONGEST_REASON or not reason.isprintable():
        raise BadInputError(f"--reason must be at most {_LONGEST_REASON} printable characters")
    return action, rest[0] if rest else ""


def _config(settings: "Settings") -> "BreakerConfig":
    from dtf.bootstrap.breakers import breaker_config  # noqa: PLC0415  # redis takes a tenth of a second

    return breaker_config(settings)


def _show(
    output: Output,
    store: "BreakerStore",
    config: "BreakerConfig",
    past: BreakerPast,
    name: str,
    held: Sequence[Quarantined] = (),
) -> None:
    from dtf.breakers.naming import the_target  # noqa: PLC0415  # as above
    from dtf.breakers.status import statuses  # noqa: PLC0415  # as above
    from dtf.cli.running.breaker_table import print_breaker, print_breakers, status_json  # noqa: PLC0415  # as above
    from dtf.cli.running.breaker_warning import target_line, warning_json, warning_line  # noqa: PLC0415  # as above

    found, policy, learned = statuses(store, config, past), str(config.policy), store.learned()
    if not name:
        told = [status_json(status) for status in found]
        more = {"early_warning": warning_json(learned), "quarantine": quarantine_json(held)}
        output.data({"running": True, "policy": policy, "breakers": told, **more})
        print_breakers(output, found, policy)
        for line in quarantine_lines(held, store.now()):
            output.line(line)
        if found and (line := warning_line(learned)):
            output.line(line)
        return
    target = the_target(name, [status.view.target for status in found])
    (status,) = [status for status in found if status.view.target == target]
    history = past.history(target)
    own = [one for one in held if one.target == target]
    about = {**status_json(status), "quarantine": quarantine_json(own), "history": list(history)}
    output.data({"policy": policy, **about})
    print_breaker(output, status, history, target_line(learned, str(target)))
    for line in quarantine_lines(own, store.now()):
        output.line(f"  {line}")


def _take_in_hand(
    output: Output, ledger: "Ledger", store: "BreakerStore", name: str, mode: BreakerMode, reason: str
) -> None:
    from dtf.breakers.hand import take_in_hand  # noqa: PLC0415  # as above
    from dtf.breakers.naming import known_targets, the_target  # noqa: PLC0415  # as above
    from dtf.cli.running.breaker_session import view_json  # noqa: PLC0415  # as above
    from dtf.domain.escape import one_line  # noqa: PLC0415  # as above

    target = the_target(name, known_targets(store, ledger.fallbacks.live_workers()))
    view = take_in_hand(store, ledger.breakers, target, mode, reason)
    output.data(view_json(view))
    output.line(one_line(f"breaker of {target}: {view.word}" + (f" ({reason})" if reason else ""), 1000))


def _without_ledger(output: Output, wanted: tuple[str, str, str], url: str | None, prefix: str | None) -> None:
    from dtf.breakers.naming import known_targets, the_target  # noqa: PLC0415  # as above
    from dtf.breakers.status import view_of  # noqa: PLC0415  # as above
    from dtf.cli.running.breaker_redis import NoPast, redis_breakers  # noqa: PLC0415  # as above
    from dtf.cli.running.breaker_session import view_json  # noqa: PLC0415  # as above
    from dtf.domain.escape import one_line  # noqa: PLC0415  # as above

    action, name, reason = wanted
    if reason:
        raise BadInputError("--reason is kept in a ledger, and with --broker or --prefix there is none")
    if url is not None and not url.strip():
        raise BadInputError("--broker is empty; it takes a redis://, rediss:// or sentinel:// URL")
    with redis_breakers(url or "", "dtf" if prefix is None else prefix) as (store, config):
        if not action:
            _show(output, store, config, NoPast(), name)
            output.note(
                "dtf: read from that Redis alone: no history; thresholds are those of breakers that are set to learned"
            )
            return
        target = the_target(name, known_targets(store, ()))
        view = view_of(target, store.set_mode(target, MODE_WORDS[action]))
        output.data(view_json(view))
        output.line(one_line(f"breaker of {target}: {view.word}", 1000))
        output.note("dtf: kept in that Redis alone: no ledger has it, and it is lost when the Redis loses its data")
