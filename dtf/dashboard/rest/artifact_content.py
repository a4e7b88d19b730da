"""``/api/v1/artifacts/SHARD/ATTEMPT/POSITION/content``: a file that a job left."""

from typing import Final
from urllib.parse import quote

from dtf.dashboard.rest.ledger_handler import LedgerHandler

#: What a browser may take as what it says that it is: nothing of it runs. All else is only bytes.
_HARMLESS: Final = {"text/plain": "text/plain; charset=utf-8", "image/png": "image/png", "image/jpeg": "image/jpeg"}
_BYTES: Final = "application/octet-stream"
#: A file is never shown as a page of the dashboard's.
_POLICY: Final = "sandbox; default-src 'none'"


class ArtifactContent(LedgerHandler):
    """Sends a file, as an attachment: what jobs leave is not ours, and must not run as if it were."""

    async def get(self, shard_id: str, attempt: str, position: str) -> None:
        """The content, piece by piece, as fast as it is taken."""
        row = await self.in_thread(lambda: self.ledger.listing.one("artifacts", (shard_id, attempt, position)))
        pieces = self.ledger.blobs.pieces(row["digest"])
        # what is not there is told before anything is sent
        piece = await self.in_thread(lambda: next(pieces, b""))
        self.set_header("Content-Type", _HARMLESS.get(row.get("media_type", ""), _BYTES))
        self.set_header("Content-Disposition", disposition(row.get("name", "")))
        self.set_header("Content-Security-Policy", _POLICY)
        self.set_header("Content-Length", str(row["size"]))
        while piece:
            self.write(piece)
            await self.flush()
            piece = await self.in_thread(lambda: next(pieces, b""))


def disposition(name: str) -> str:
    """That a file is to be kept, and under which name, whatever characters that has."""
    return f"attachment; filename*=UTF-8''{quote(name.rsplit('/', 1)[-1] or 'artifact', safe='')}"
