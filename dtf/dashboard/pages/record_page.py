"""What pages of one record have in common."""

from typing import Any

from dtf.bootstrap.ledger import Ledger
from dtf.dashboard.pages.page import Page
from dtf.domain.errors import LedgerUnavailableError, UnknownRecordError


class RecordPage(Page):
    """A page of one record, which is named by the last part of its path."""

    _record_id, _problem = "", ""

    async def get(self, name: str) -> None:  # type: ignore[override]  # its path has a part more
        """The frame, or why there is none."""
        ledger = self.application.laboratory.ledger
        self._record_id, self._problem = name, ""
        try:
            found = await self.application.io_loop.run_in_executor(
                self.application.executor, lambda: self.found(ledger, name)
            )
        except UnknownRecordError as error:
            self._problem = str(error)
            self.set_status(404)
        except LedgerUnavailableError as error:
            self._problem = str(error)
            self.set_status(503)
        else:
            if found != name:
                self.redirect(found)
                return
        self.render(self.template, **self.values())

    def found(self, ledger: Ledger, name: str) -> str:
        """The id of the record that is meant.

        Raises:
            UnknownRecordError: There is none.
            LedgerUnavailableError: The database cannot be reached.
        """
        raise NotImplementedError

    def values(self) -> dict[str, Any]:
        """What the template is given."""
        return {**super().values(), "record_id": self._record_id, "problem": self._problem}
