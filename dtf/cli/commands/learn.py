"""``dtf learn``."""

import signal
import threading
from types import FrameType
from typing import TYPE_CHECKING, Any

import click

from dtf.bootstrap.log import configure_log
from dtf.cli.options import json_option
from dtf.cli.terminal.output import Output
from dtf.cli.terminal.table import table
from dtf.domain.codec import to_json
from dtf.domain.errors import BadInputError
from dtf.domain.escape import one_line
from dtf.settings import load_settings

if TYPE_CHECKING:
    from dtf.breakers.learner import RedisLearner
    from dtf.breakers.thresholds import Threshold

_TITLES = ("TARGET", "STATE", "OPENS AFTER", "BY DEFAULT", "NORMAL RATE", "BY DEFAULT", "EVIDENCE", "NOT LEARNED YET")


@click.command("learn")
@click.option("--broker", "url", metavar="URL", help="The Redis with the breakers; by default dtf's own broker.")
@click.option("--prefix", default="dtf", show_default=True, help="What the names of the breakers' keys begin with.")
@click.option(
    "--interval", default=5.0, show_default=True, type=click.FloatRange(0.1, 60.0), help="Seconds between two turns."
)
@click.option("--once", is_flag=True, help="Take one turn, show the thresholds, and end.")
@json_option
def command(url: str | None, prefix: str, interval: float, once: bool, as_json: bool) -> int:
    """Learn what is normal for the circuit breakers of any Celery application.

    It reads what the breakers heard and did, learns how often calls fail on healthy targets, how often targets turn bad
    and for how long, and publishes it; the workers take it over within seconds. One learner is at work at a time,
    others stand by. dtf's own coordinator learns already. It ends by SIGTERM or Ctrl-C; what it knows stays in the
    Redis.
    """
    configure_log()
    learner = _open(url, prefix, interval)
    try:
        leads = learner.once() if once else _run(learner, prefix, interval)
        output = Output(json_mode=as_json)
        return _show(learner, prefix, output, leads) if once else _end(learner, prefix, output, leads)
    finally:
        learner.close()


def _open(url: str | None, prefix: str, interval: float) -> "RedisLearner":
    from dtf.breakers.config import BreakerConfig  # noqa: PLC0415  # --help is quick
    from dtf.breakers.learner import RedisLearner  # noqa: PLC0415  # as above
    from dtf.breakers.redis_address import RedisAddress  # noqa: PLC0415  # as above

    url = url or load_settings().broker_url
    if not url:
        raise BadInputError("dtf learn needs --broker URL, or the setting broker_url (DTF_BROKER_URL)")
    address = RedisAddress.of(url)
    if address is None:
        raise BadInputError("breakers are kept in a Redis: --broker takes a redis://, rediss:// or sentinel:// URL")
    return RedisLearner(address, BreakerConfig(prefix=prefix, canary=False), interval_s=interval)


def _run(learner: "RedisLearner", prefix: str, interval: float) -> bool:
    stop = threading.Event()

    def end(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, end)
    teller = _Teller(learner, prefix)
    click.echo(f"dtf: learning for the breakers {prefix}:*, every {interval:g} s", err=True)
    learner.run(stop, after_turn=teller.tell)
    return teller.led


class _Teller:
    """Tells on standard error when it begins to learn, when another does, and which thresholds moved."""

    def __init__(self, learner: "RedisLearner", prefix: str) -> None:
        self._learner = learner
        self._prefix = prefix
        self._leads: bool | None = None
        self._told: dict[str, int] = {}
        self.led = False

    def tell(self) -> None:
        """After each turn."""
        leads = self._learner.loop.leads
        if leads is not self._leads:
            click.echo("dtf: this learner is at work" if leads else "dtf: another learner is at work", err=True)
        self._leads = leads
        self.led = self.led or leads
        for one in _thresholds(self._learner, self._prefix) if leads else ():
            before = self._told.setdefault(str(one.target), one.failures)
            if one.failures != before:
                rate = f"{100 * one.base_rate:.2g} % of its calls fail while it is healthy"
                line = f"{one.target} opens after {one.failures} failures in a row, before after {before}: {rate}"
                click.echo("dtf: " + one_line(line, 500), err=True)
            self._told[str(one.target)] = one.failures


def _thresholds(learner: "RedisLearner", prefix: str) -> "list[Threshold]":
    from dtf.breakers.config import BreakerConfig  # noqa: PLC0415  # as above
    from dtf.breakers.thresholds import thresholds  # noqa: PLC0415  # as above

    return thresholds(learner.store, BreakerConfig(prefix=prefix, canary=False))


def _end(learner: "RedisLearner", prefix: str, output: Output, led: bool) -> int:
    """It learned until it was told to stop: the answer is where the thresholds stand now."""
    from dtf.breakers.errors import StoreUnavailableError  # noqa: PLC0415  # as above

    try:
        found = _thresholds(learner, prefix)
    except StoreUnavailableError as error:  # it may be what ended first
        output.note(f"dtf: where the thresholds stand is not known: {error}")
        output.data({"learned_here": led, "thresholds": None, "exit_code": 0})
        return 0
    return _answer(output, found, led)


def _show(learner: "RedisLearner", prefix: str, output: Output, leads: bool) -> int:
    found = _thresholds(learner, prefix)
    if not leads:
        output.note("dtf: another learner is at work; this is what it published")
    for line in table(_TITLES, [_row(one) for one in found], output.table_width) if found else []:
        output.line(line)
    if not found:
        output.line("there are no breakers there yet")
    return _answer(output, found, leads)


def _answer(output: Output, found: "list[Threshold]", learned: bool) -> int:
    output.data({"learned_here": learned, "thresholds": [_json(one) for one in found], "exit_code": 0})
    return 0


def _row(one: "Threshold") -> tuple[str, ...]:
    rates = (f"{100 * one.base_rate:.2g} %", f"{100 * one.default_base_rate:.2g} %")
    counts = (str(one.failures), str(one.default_failures))
    return (str(one.target), str(one.state), *counts, *rates, str(one.evidence), one.why_fixed)


def _json(one: "Threshold") -> dict[str, Any]:
    return {**to_json(one), "target": str(one.target)}
