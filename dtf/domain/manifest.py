"""The node ids that a suite collected."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby


@dataclass(frozen=True, slots=True, kw_only=True)
class ManifestItem:
    """One collected test.

    Attributes:
        nodeid: pytest's node id.
        module: The part before the first ``::``, which is what module fixtures belong to.
        group: What it may not be parted from: its ``xdist_group`` mark, or its module or class where the suite asks
            for that with ``--dist loadfile`` or ``loadscope``; empty: nothing. A group is never cut.
        requires: What narrows the hardware for this test: its ``dtf`` mark's ``requires``, in canonical form.
    """

    nodeid: str
    module: str
    group: str = ""
    requires: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """Everything that a suite collected, in pytest's order. An item's ordinal is its place in ``items``.

    Attributes:
        items: The tests.
        deselected: How many ``-k``, ``-m`` or a plugin left out.
        max_failures: After how many failures the suite's own options (``-x``, ``--maxfail``) end it; 0: never.
    """

    items: tuple[ManifestItem, ...]
    deselected: int = 0
    max_failures: int = 0

    @property
    def digest(self) -> str:
        """The SHA-256 over node ids and groups, as ``sha256:<hex>``."""
        state = hashlib.sha256()
        for item in self.items:
            # surrogatepass: a parametrised id may hold any lone surrogate
            pair = f"{item.nodeid}\0{item.group}\n" + "".join(f"\0{text}\n" for text in item.requires)
            state.update(pair.encode("utf-8", "surrogatepass"))
        return "sha256:" + state.hexdigest()

    def modules(self) -> Iterator[tuple[str, list[int]]]:
        """The runs of neighbouring items of one module, as (module, ordinals)."""
        for module, members in groupby(range(len(self.items)), key=lambda ordinal: self.items[ordinal].module):
            yield module, list(members)
