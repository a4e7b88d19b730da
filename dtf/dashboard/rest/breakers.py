"""``/api/v1/breakers``: they stand in the cluster's store, not in the ledger."""

from collections.abc import Sequence
from typing import Any, Final

from tornado.web import HTTPError

from dtf.bootstrap.monitoring import Laboratory
from dtf.breakers.config import BreakerPolicy
from dtf.breakers.hand import take_in_hand
from dtf.breakers.naming import known_targets
from dtf.breakers.status import BreakerStatus, statuses
from dtf.dashboard.rest.action import Action
from dtf.dashboard.rest.ledger_handler import LedgerHandler
from dtf.dashboard.rest.question import read_question
from dtf.domain.breaker import MODE_WORDS, BreakerMode, BreakerState, Target
from dtf.domain.codec import to_json
from dtf.domain.errors import BadInputError, UnknownRecordError
from dtf.domain.ports.breakers import BreakerView
from dtf.domain.ports.listing import MOST_ROWS, SEARCH, BadQuestionError, Kind, Question

#: What can be asked of breakers.
BREAKERS: Final = Kind(
    key={"hardware": "string", "name": "string"},
    fields={
        **dict.fromkeys(("target", "hardware", "name", "state", "mode", "reason", "why_fixed"), "string"),
        **dict.fromkeys(("since", "bad", "base_rate", "default_base_rate"), "number"),
        **dict.fromkeys(("epoch", "probes", "failures_to_open", "default_failures_to_open"), "integer"),
        "learned": "object",
    },
    details={"history": "array"},
    filters={
        "hardware": (),
        "name": (),
        "state": tuple(state.value for state in BreakerState),
        "mode": tuple(mode.value for mode in BreakerMode),
        SEARCH: (),
    },
    sorts=("target",),
)
_NOTHING_RUNS: Final = "no cluster is running, so there are no breakers; start it with: dtf up"


class Breakers(LedgerHandler):
    """A page of the breakers, by hardware and name."""

    async def get(self) -> None:
        """Breakers that fit the filters, with the cursor of the next page; ``unknown`` says why there are none."""
        question = read_question("breakers", BREAKERS, self.request.query_arguments)
        await self.answer_with(lambda: _page(self.laboratory, question))


class Breaker(Action):
    """One breaker."""

    async def get(self, hardware: str, name: str) -> None:
        """The breaker with its history."""
        await self.answer_with(lambda: _one(self.laboratory, hardware, name))

    async def post(self, hardware: str, name: str) -> None:
        """Take it in hand: ``mode`` is open, close, auto or metrics."""
        told = self.members("mode", "reason")
        reason = self.reason(told, "")
        if told.get("mode") not in MODE_WORDS:
            raise BadInputError(f"mode is one of {', '.join(MODE_WORDS)}")
        mode, target = MODE_WORDS[told["mode"]], Target(hardware=hardware, name=name)
        await self.answer_with(lambda: _take(self.laboratory, target, mode, reason))


def view_json(view: BreakerView) -> dict[str, Any]:
    """Where a breaker stands, in JSON's types; what is not known is missing."""
    told = {
        "target": str(view.target),
        "hardware": view.target.hardware,
        "name": view.target.name,
        "state": view.state.value,
        "mode": view.mode.value,
        "since": view.since,
        "bad": view.bad,
        "epoch": view.epoch,
    }
    return {**told, "reason": view.reason} if view.reason else told


def breaker_json(status: BreakerStatus) -> dict[str, Any]:
    """A breaker in JSON's types; what is not known is missing."""
    told = {
        "probes": status.probes,
        "failures_to_open": status.threshold,
        "default_failures_to_open": status.default_threshold,
        "base_rate": status.base_rate,
        "default_base_rate": status.default_base_rate,
        "why_fixed": status.why_fixed or None,
        "learned": to_json(status.learned),
    }
    return {**view_json(status.view), **{name: value for name, value in told.items() if value is not None}}


def page_of(found: Sequence[BreakerStatus], question: Question) -> dict[str, Any]:
    """Those of the breakers that are asked for; a cursor is the name of the last one.

    Raises:
        BadQuestionError: It cannot be asked so.
    """
    if not 1 <= question.limit <= MOST_ROWS:
        raise BadQuestionError(f"a page has 1 to {MOST_ROWS} rows, not {question.limit}", "limit")
    descending = question.sort == "-target"
    if question.sort not in ("", "target", "-target"):
        raise BadQuestionError(f"there is no order {question.sort!r}: target, also with - before it", "sort")
    wanted = {name: value.split(",") for name, value in question.filters.items() if name != SEARCH}
    _check(wanted)
    part = question.filters.get(SEARCH, "").casefold()
    rows = sorted((breaker_json(one) for one in found), key=lambda row: row["target"], reverse=descending)
    rows = [
        row
        for row in rows
        if part in row["target"].casefold() and all(row[name] in values for name, values in wanted.items())
    ]
    if question.after:
        rows = [
            row for row in rows if (row["target"] < question.after) is descending and row["target"] != question.after
        ]
    more = {"next": rows[question.limit - 1]["target"]} if len(rows) > question.limit else {}
    return {"items": rows[: question.limit], **more}


def _check(wanted: dict[str, list[str]]) -> None:
    for name, values in wanted.items():
        known = BREAKERS.filters[name]
        if known and (odd := [one for one in values if one not in known]):
            raise BadQuestionError(f"{name} is never {odd[0]!r}: {', '.join(known)}", name)


def _page(laboratory: Laboratory, question: Question) -> dict[str, Any]:
    store = laboratory.breakers()
    if store is None:
        return {**page_of((), question), "unknown": _NOTHING_RUNS, "as_of": laboratory.ledger.views.now()}
    found = statuses(store, laboratory.breaker_config, laboratory.ledger.breakers)
    return {**page_of(found, question), "as_of": store.now()}


def _one(laboratory: Laboratory, hardware: str, name: str) -> dict[str, Any]:
    store = laboratory.breakers()
    if store is None:
        raise UnknownRecordError(_NOTHING_RUNS)
    for status in statuses(store, laboratory.breaker_config, laboratory.ledger.breakers):
        target = status.view.target
        if (target.hardware, target.name) == (hardware, name):
            history = laboratory.ledger.breakers.history(target)
            return {**breaker_json(status), "history": list(history), "as_of": store.now()}
    raise UnknownRecordError("there is no such breaker")


def _take(laboratory: Laboratory, target: Target, mode: BreakerMode, reason: str) -> dict[str, Any]:
    store, ledger, policy = laboratory.breakers(), laboratory.ledger, laboratory.breaker_config.policy
    if store is None:
        raise HTTPError(409, _NOTHING_RUNS)
    if policy is BreakerPolicy.OFF:
        raise HTTPError(409, "breakers are off")
    if target not in known_targets(store, ledger.fallbacks.live_workers()):
        raise UnknownRecordError("there is no such breaker")
    told = view_json(take_in_hand(store, ledger.breakers, target, mode, reason))
    if mode is BreakerMode.FORCED_OPEN and policy is BreakerPolicy.METRICS:
        told["note"] = "breakers are set to metrics: work goes to what is open all the same"
    return told
