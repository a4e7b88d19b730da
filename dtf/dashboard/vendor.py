"""The npm packages that pages draw with: where they are, and how browsers are given them. None comes from the net."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from dtf.dashboard.vendored import FILES, NOTICES
from dtf.domain.errors import DtfError

#: In a wheel that was built after ``make browsers`` or ``make run``.
_PACKAGED: Final = Path(__file__).parent / "_assets"
#: In a checkout after one of them.
_CHECKOUT: Final = Path(__file__).parents[2] / "web" / "node_modules"

#: How D3's modules name each other; browsers know files only.
_BARE: Final = re.compile(r"""(\b(?:from|import)\s*)(["'])(d3-[a-z-]+)\2""")


class VendorMissingError(DtfError):
    """What the dashboard draws with is not installed."""


def vendor_text(name: str, configured: Path | None = None) -> str:
    """A file as browsers are given it: where it names another package, it names the file that is served for it.

    Args:
        name: One of ``FILES``, or ``PACKAGE-license.txt`` for its package's notice.
        configured: The setting ``web_assets``: a ``node_modules`` directory; None: not set.

    Raises:
        KeyError: There is no such file.
        VendorMissingError: Its package is not installed; the message says what brings it.
    """
    package, path = NOTICES[name] if name in NOTICES else FILES[name]
    text = _found(package, path, configured).read_text(encoding="utf-8")
    return _BARE.sub(r"\1\2./\3.js\2", text) if name.endswith(".js") else text


def _found(package: str, path: str, configured: Path | None) -> Path:
    places = list(_places(configured))
    found = next((file for place in places if (file := place / package / path).is_file()), None)
    if found is None:
        looked = " or ".join(map(str, places))
        raise VendorMissingError(
            f"{package} is not installed (looked in {looked}): run `make run` or `make browsers` in a checkout of dtf, "
            "or set web_assets to a node_modules directory that has it"
        )
    return found


def _places(configured: Path | None) -> Iterator[Path]:
    if configured is not None:
        yield configured
    yield _PACKAGED
    yield _CHECKOUT
