"""Answers that tell of an error, as RFC 9457 has them."""

import json
import logging
from http.client import responses
from typing import Any

from tornado.iostream import StreamClosedError
from tornado.web import HTTPError, RequestHandler

from dtf.breakers.errors import StoreUnavailableError
from dtf.domain.errors import BadInputError, IdempotencyConflictError, LedgerUnavailableError, UnknownRecordError
from dtf.domain.ports.listing import BadQuestionError

log = logging.getLogger(__name__)


class JsonHandler(RequestHandler):
    """Answers in JSON, errors too."""

    def set_default_headers(self) -> None:
        """Nothing is kept by browsers or proxies."""
        self.set_header("Content-Type", "application/json; charset=utf-8")
        self.set_header("Cache-Control", "no-store")

    def check_xsrf_cookie(self) -> None:
        """No token is asked for: the guard looks at each request's Origin, and no form sends what is taken here."""

    def answer(self, value: Any, status: int = 200) -> None:  # noqa: ANN401  # JSON
        """Send a value."""
        self.set_status(status)
        self.finish(json.dumps(value, separators=(",", ":"), allow_nan=False))

    def allowed(self) -> tuple[str, ...]:
        """The methods that it answers."""
        return tuple(name for name in self.SUPPORTED_METHODS if name.lower() in _defined(type(self)))

    def write_error(self, status_code: int, **kwargs: Any) -> None:  # noqa: ANN401  # Tornado's
        """Tell what is wrong."""
        error = kwargs.get("exc_info", (None, None, None))[1]
        status, detail, more = told_of(error, status_code)
        self.set_status(status)
        if status == 405:
            self.set_header("Allow", ", ".join(self.allowed()))
        self.set_header("Content-Type", "application/problem+json")
        self.finish(json.dumps({"title": responses.get(status, "Error"), "status": status, "detail": detail, **more}))

    def log_exception(self, kind: Any, value: Any, trace: Any) -> None:  # noqa: ANN401  # Tornado's
        """What the asker did wrong is no error of ours; nor is it one that they went away before the answer."""
        outside = LedgerUnavailableError | StoreUnavailableError | StreamClosedError
        if told_of(value, 500)[0] < 500 or isinstance(value, outside):
            log.info("%s %s: %s", self.request.method, self.request.path, value)
        else:
            super().log_exception(kind, value, trace)


def _defined(kind: type) -> set[str]:
    """What a handler and the classes between it and Tornado's define."""
    return {name for one in kind.__mro__[: kind.__mro__.index(RequestHandler)] for name in vars(one)}


def told_of(error: BaseException | None, status: int) -> tuple[int, str, dict[str, str]]:
    """The status, the words, and more members of the answer for an error."""
    if isinstance(error, BadQuestionError):
        return 400, str(error), {"field": error.field}
    if isinstance(error, UnknownRecordError):
        return 404, str(error), {}
    if isinstance(error, IdempotencyConflictError):
        return 409, str(error), {}
    if isinstance(error, BadInputError):
        return 400, str(error), {}
    if isinstance(error, LedgerUnavailableError | StoreUnavailableError):
        return 503, str(error), {}
    if isinstance(error, HTTPError):
        # Tornado doubles the percent signs of what has no values to put in
        words = (error.log_message or "") % error.args
        return error.status_code, words or responses.get(error.status_code, ""), {}
    return status, "an error of the dashboard's own; its log has it" if status >= 500 else responses.get(status, ""), {}
