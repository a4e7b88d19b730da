"""What all have in common that change something."""

import json
from typing import Any, Final, NoReturn

from tornado.web import HTTPError

from dtf.dashboard.rest.ledger_handler import LedgerHandler
from dtf.domain.errors import BadInputError

#: The most bytes of what is sent to the API.
MOST_BYTES: Final = 2**20
#: The most characters of a reason.
LONGEST_REASON: Final = 500


class Action(LedgerHandler):
    """Changes something, for those who may: pages of other sites may not, and nobody where it is read-only.

    A page of another site can send a form or plain text without being asked whether it may, but no JSON.
    """

    #: The most bytes that are taken.
    most_bytes = MOST_BYTES

    def prepare(self) -> None:
        """Refuse what must not change anything, or is too much."""
        if self.request.method != "POST":
            return
        if self.application.dashboard_options.read_only:
            raise HTTPError(403, "the dashboard was started read-only")
        kind = self.request.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        if kind != "application/json":
            raise HTTPError(415, "what is sent has the Content-Type application/json")
        if len(self.request.body) > self.most_bytes:
            raise HTTPError(413, f"at most {self.most_bytes} bytes are taken, not {len(self.request.body)}")

    def members(self, *known: str) -> dict[str, str]:
        """What was sent: an object of texts, or nothing.

        Args:
            known: The names that its members may have.

        Raises:
            BadInputError: It is something else.
        """
        told = self._read() if self.request.body else {}
        if not isinstance(told, dict):
            raise BadInputError("what is sent is an object")
        for name, value in told.items():
            if name not in known:
                raise BadInputError(f"{name[:80]!r} is not understood here: {', '.join(known)}")
            if not isinstance(value, str):
                raise BadInputError(f"{name} is a text")
        return told

    def reason(self, told: dict[str, str], usual: str) -> str:
        """Why it is to be done.

        Raises:
            BadInputError: It cannot be kept.
        """
        reason = told.get("reason", "") or usual
        if len(reason) > LONGEST_REASON or not reason.isprintable():
            raise BadInputError(f"reason must be at most {LONGEST_REASON} printable characters")
        return reason

    def _read(self) -> Any:  # noqa: ANN401  # JSON
        try:
            return json.loads(self.request.body, parse_constant=_refuse)
        except (ValueError, RecursionError):
            raise BadInputError("what is sent is not JSON") from None


def _refuse(constant: str) -> NoReturn:
    raise ValueError(constant)
