"""What all have in common that answer from the ledger."""

import json
from collections.abc import Callable
from typing import Any, TypeVar

from tornado.web import HTTPError

from dtf.bootstrap.ledger import Ledger
from dtf.bootstrap.monitoring import Laboratory
from dtf.dashboard.rest.problems import JsonHandler

T = TypeVar("T")


class LedgerHandler(JsonHandler):
    """Asks the ledger in a thread: the loop, which serves all pages, waits for no database."""

    application: Any

    @property
    def laboratory(self) -> Laboratory:
        """What is shown."""
        found: Laboratory = self.application.laboratory
        return found

    @property
    def ledger(self) -> Ledger:
        """The ledger."""
        return self.laboratory.ledger

    async def in_thread(self, work: Callable[[], T]) -> T:
        """Do something that waits for the ledger or for breakers."""
        done: T = await self.application.io_loop.run_in_executor(self.application.executor, work)
        return done

    async def answer_with(self, work: Callable[[], Any], status: int = 200) -> None:
        """Answer with what something returns that waits; it is written as JSON in the thread as well."""
        text = await self.in_thread(lambda: json.dumps(work(), separators=(",", ":"), allow_nan=False))
        self.set_status(status)
        await self.finish(text)


class Nothing(JsonHandler):
    """Answers for all that is not there."""

    def prepare(self) -> None:
        """There is nothing, by whatever method."""
        raise HTTPError(404, "there is nothing of that name in the API; /api/v1/openapi.json tells what there is")
