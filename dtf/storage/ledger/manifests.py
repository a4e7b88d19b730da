"""Manifests, stored once by their digest."""

import json
import zlib
from functools import lru_cache

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from dtf.domain.manifest import Manifest, ManifestItem
from dtf.storage.database import now
from dtf.storage.ledger.schema import manifests
from dtf.storage.ledger.upsert import insert_ignoring

Items = tuple[ManifestItem, ...]


def store(connection: Connection, manifest: Manifest) -> str:
    """Store a manifest's items unless they are there, and return their digest."""
    digest = manifest.digest
    there = connection.scalar(sa.select(manifests.c.digest).where(manifests.c.digest == digest))
    if there is None:
        values = {"digest": digest, "size": len(manifest.items), "created_at": now(), "content": _pack(manifest.items)}
        insert_ignoring(connection, manifests, ["digest"], values)
    return digest


def load(connection: Connection, digest: str) -> Items:
    """The items of a stored manifest. The few latest are kept in memory: each claim of a suite needs them."""
    kept = _kept()
    items = kept.get(digest)
    if items is None:
        items = _unpack(
            connection.execute(sa.select(manifests.c.content).where(manifests.c.digest == digest)).scalar_one()
        )
        if len(kept) >= _MOST_KEPT:
            kept.pop(next(iter(kept)), None)
        kept[digest] = items
    return items


_MOST_KEPT = 4


@lru_cache(maxsize=1)
def _kept() -> dict[str, Items]:
    """The latest manifests by digest; content never changes under a digest, so databases may share it."""
    return {}


def _pack(items: Items) -> bytes:
    # ASCII JSON keeps what text columns would refuse: node ids with NUL or lone surrogates come back as they were
    text = json.dumps([_row(item) for item in items], separators=(",", ":"))
    return zlib.compress(text.encode("ascii"), 6)


def _unpack(packed: bytes) -> Items:
    return tuple(
        ManifestItem(nodeid=nodeid, module=module, group=group, requires=tuple(requires))
        for nodeid, module, group, *requires in json.loads(zlib.decompress(packed))
    )


def _row(item: ManifestItem) -> list[str]:
    """Node id, module and group; what it requires follows, which most tests do not."""
    return [item.nodeid, item.module, item.group, *item.requires]
