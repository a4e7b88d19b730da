"""Finds the page that an order names."""

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from dtf.domain.errors import BadInputError
from dtf.execution.browser_host.http_message import BadRequestError
from dtf.execution.browser_host.static_files import INDEX, find_file


@dataclass(frozen=True, slots=True, kw_only=True)
class PageEntry:
    """Where a page lies.

    Attributes:
        folder: What is served.
        path: The page's path in it, as in a URL.
    """

    folder: Path
    path: str


def find_entry(workdir: Path, target: str) -> PageEntry:
    """Find a folder with an ``index.html``, or a file, which is served with the folder that it is in.

    A relative target lies below the working directory; an absolute one is meant as it stands.

    Raises:
        BadInputError: There is none, or it lies outside of the working directory.
    """
    root = workdir.resolve()
    found = (root / target).resolve() if target and "\0" not in target else root.parent
    if not target.startswith("/") and not found.is_relative_to(root):
        raise BadInputError(f"the page {target[:200]!r} is no path below the job's working directory")
    is_folder = found.is_dir()
    folder, name = (found, "") if is_folder else (found.parent, found.name)
    try:
        find_file(folder, f"/{name}")
    except BadRequestError:
        what = f"there is no {INDEX} in the folder" if is_folder else "there is no page"
        raise BadInputError(f"{what} {target[:200]!r} in the job's working directory") from None
    return PageEntry(folder=folder, path=f"/{quote(name)}")
