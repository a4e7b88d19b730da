"""Finds what browser jobs take from npm; nothing of it is ever loaded from the net."""

import platform
from collections.abc import Iterator
from pathlib import Path

from dtf.domain.errors import DtfError

#: In a wheel that was built after ``make browsers``.
_PACKAGED = Path(__file__).parent / "_assets"
#: In a checkout after ``make browsers``.
_CHECKOUT = Path(__file__).parents[3] / "web" / "node_modules"
#: Where set-up unpacks the Chromium with WebNN, below ``node_modules``.
_SPARTICUZ = Path(".browsers", "sparticuz", "chromium")


class AssetsMissingError(DtfError):
    """What browser jobs take from npm is not installed."""


def onnxruntime_web(configured: Path | None = None) -> Path:
    """The directory with onnxruntime-web's modules and their WebAssembly.

    Args:
        configured: The setting ``web_assets``: a ``node_modules`` directory; None: not set.

    Raises:
        AssetsMissingError: There is none; the message says what brings it.
    """
    places = [place / "onnxruntime-web" for place in _places(configured)]
    found = next((d for p in places for d in (p / "dist", p) if (d / "ort.webgpu.min.mjs").is_file()), None)
    if found is None:
        looked = " or ".join(map(str, places))
        raise AssetsMissingError(
            f"onnxruntime-web is not installed (looked in {looked}): run `make browsers` in a checkout of dtf, or set "
            "web_assets to a node_modules directory that has it"
        )
    return found


def sparticuz_chromium(configured: Path | None = None) -> Path | None:
    """The Chromium with WebNN; None where set-up did not bring it, as on anything but Linux on x86-64."""
    if platform.machine() != "x86_64":
        return None
    return next((place / _SPARTICUZ for place in _places(configured) if (place / _SPARTICUZ).is_file()), None)


def _places(configured: Path | None) -> Iterator[Path]:
    if configured is not None:
        yield configured
        return
    yield _PACKAGED
    yield _CHECKOUT
