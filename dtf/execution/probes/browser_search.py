"""Which browsers are asked, and how many of them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from dtf.domain.worker import Device
from dtf.execution.probes.browser_cache import BrowserCache


@dataclass(frozen=True, slots=True, kw_only=True)
class BrowserSearch:
    """Which browsers are asked, and how many of them.

    Attributes:
        named: Browsers beside those that are found, each the path of a program, or ``NAME=PATH``.
        web_assets: The npm packages, among which a browser may be; None: where set-up puts them.
        cache: What was found out a short while ago; None: nothing is remembered.
        anew: Whether each browser is asked even so. What it says is remembered.
        enough: Whether these devices of browsers are all that is wanted, so that no further one is asked; None: every
            browser is asked.
        likely: The names of those that are asked first where not all are.
    """

    named: tuple[str, ...] = ()
    web_assets: Path | None = None
    cache: BrowserCache | None = None
    anew: bool = False
    enough: Callable[[Sequence[Device]], bool] | None = None
    likely: frozenset[str] = frozenset()
