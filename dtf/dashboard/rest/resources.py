"""``/api/v1/RESOURCE`` and ``/api/v1/RESOURCE/ID``: the ledger's records."""

from collections.abc import Mapping
from typing import Any

from tornado.web import HTTPError

from dtf.dashboard.rest.ledger_handler import LedgerHandler
from dtf.dashboard.rest.question import read_question
from dtf.domain.ports.listing import Kind, Page
from dtf.settings.masking import MASK, mask


class Records(LedgerHandler):
    """A page of the records of a resource."""

    async def get(self, resource: str) -> None:
        """Rows that fit the filters, in an order, with the cursor of the next page."""
        listing = self.ledger.listing
        question = read_question(resource, known(resource, listing.kinds()), self.request.query_arguments)
        await self.answer_with(lambda: page_json(listing.page(question)))


class Record(LedgerHandler):
    """One record, by its name."""

    async def get(self, resource: str, *key: str) -> None:
        """The record with its details."""
        listing = self.ledger.listing
        known(resource, listing.kinds())
        await self.answer_with(lambda: _shown(listing.one(resource, key)))


def known(resource: str, kinds: Mapping[str, Kind]) -> Kind:
    """What can be asked of a resource.

    Raises:
        HTTPError: There is no such resource.
    """
    kind = kinds.get(resource)
    if kind is None:
        raise HTTPError(404, "there are no %s: %s", resource[:80], ", ".join(kinds))
    return kind


def _shown(row: Mapping[str, Any]) -> Mapping[str, Any]:
    """A record without secrets: of a job's variables only the names are told, of its source no password."""
    if "spec" not in row:
        return row
    spec = dict(row["spec"])
    if environment := spec["work"].get("environment"):
        spec["work"] = {**spec["work"], "environment": dict.fromkeys(environment, MASK)}
    spec["source"] = {**spec["source"], "location": mask(spec["source"]["location"])}
    return {**row, "spec": spec}


def page_json(page: Page) -> dict[str, Any]:
    """A page in JSON's types."""
    following = {"next": page.following} if page.following else {}
    return {"items": list(page.rows), **following, "as_of": page.as_of}
