"""A part of a suite, by the node ids that an earlier run reported."""

from __future__ import annotations

from typing import Any

import pytest


class Selection:
    """Leaves out what is not asked for.

    Node ids are relative to pytest's root, which need not be the working directory, so they cannot be given as
    arguments: the suite is collected as it was, without the files of which nothing is wanted.
    """

    def __init__(self, only: list[str]) -> None:
        self._only = frozenset(only)
        self._files = frozenset(nodeid.split("::", 1)[0] for nodeid in only)

    def pytest_ignore_collect(self, collection_path: Any, config: Any) -> bool | None:  # noqa: ANN401
        """Import no module of which nothing is wanted."""
        if collection_path.is_dir():
            return None
        try:
            name = collection_path.relative_to(config.rootpath).as_posix()
        except ValueError:  # its node id is made in another way
            return None
        return None if name in self._files else True

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[Any]) -> None:
        """Keep what is wanted."""
        items[:] = [item for item in items if item.nodeid in self._only]

    def gone(self, items: list[Any]) -> str:
        """Say what was asked for and not found; empty when everything was."""
        missing = sorted(self._only.difference(item.nodeid for item in items))
        if not missing:
            return ""
        more = f" and {len(missing) - 5} more" if len(missing) > 5 else ""
        return f"ERROR: not found: {', '.join(missing[:5])}{more}"
