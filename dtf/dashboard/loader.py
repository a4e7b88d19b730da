"""Finds templates: dtf's first, then Flower's, so that Flower's pages have dtf's navigation."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tornado.template import BaseLoader, Template


class Loader(BaseLoader):
    """Templates of several directories; the first that has one counts.

    ``flower/NAME`` is Flower's own, for templates of dtf's that extend one of the same name.

    Args:
        directories: Where they are, Flower's last.
    """

    def __init__(self, directories: Sequence[Path], **options: Any) -> None:  # noqa: ANN401  # Tornado's
        super().__init__(**options)
        self._directories = tuple(directories)

    def resolve_path(self, name: str, parent_path: str | None = None) -> str:  # noqa: ARG002  # Tornado's
        """All templates stand side by side."""
        return name

    def _create_template(self, name: str) -> Template:
        own = name.removeprefix("flower/")
        for directory in self._directories if own == name else self._directories[-1:]:
            path = directory / own
            if path.is_file():
                return Template(path.read_bytes(), name=name, loader=self)
        raise FileNotFoundError(f"there is no template {name!r} in {', '.join(map(str, self._directories))}")
