"""Pictures of every page of the dashboard over a small laboratory that works, for docs/images/dashboard/.

``python -m tools.screenshots`` starts the laboratory in a directory that is removed afterwards; it takes some minutes.
"""

import argparse
import re
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from playwright.sync_api import Browser, Page, ViewportSize, sync_playwright

from dtf.execution.browser_host.find import find_browsers
from tools.screenshot_lab import ROOT, Lab, laboratory
from tools.small_png import make_small

IMAGES = ROOT / "docs" / "images" / "dashboard"

#: No picture may be larger, in bytes.
_LARGEST: Final = 150 * 1024
#: A page that is live gets so long to draw what it asks for, in milliseconds.
_DRAWS_MS: Final = 2500
#: What a page may take in all, in milliseconds.
_PATIENCE_MS: Final = 120_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """How a page is looked at.

    Attributes:
        name: The end of the picture's name.
        scheme: ``light`` or ``dark``.
        size: Of the window, in pixels.
    """

    name: str
    scheme: Any
    size: ViewportSize


LOOKS: Final = (
    Look(name="light", scheme="light", size={"width": 1280, "height": 800}),
    Look(name="dark", scheme="dark", size={"width": 1280, "height": 800}),
    Look(name="phone", scheme="light", size={"width": 390, "height": 844}),
)


def paths(lab: Lab) -> Mapping[str, str]:
    """Every page of dtf's own, by the name of its picture."""
    return {
        "overview": "/",
        "runs": "/lab/runs",
        "run": f"/lab/runs/{lab.run_id}",
        "jobs": "/lab/jobs",
        "job": f"/lab/jobs/{lab.job_id}",
        "workers": "/lab/workers",
        "worker": f"/lab/workers/{lab.worker_id}",
        "resources": "/lab/resources",
        "hardware": "/lab/hardware",
        "network": "/lab/network",
        "breakers": "/lab/breakers",
        "recovery": "/lab/recovery",
        "coordinators": "/lab/coordinators",
        "tasks": "/tasks",
    }


def take(lab: Lab, directory: Path, only: re.Pattern[str]) -> Iterator[Path]:
    """Take the pictures whose names fit; what a page complains about ends it.

    Raises:
        SystemExit: A script of a page failed, or a picture is too large.
    """
    directory.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        program = next((one.executable for one in find_browsers() if one.browser == "chromium"), "")
        browser = playwright.chromium.launch(executable_path=program or None, args=["--no-sandbox"])
        for name, path in paths(lab).items():
            for look in LOOKS:
                file = directory / f"{name}-{look.name}.png"
                if only.search(file.stem):
                    _take(browser, look, f"{lab.base}{path}", file)
                    yield file
        browser.close()


def _take(browser: Browser, look: Look, address: str, file: Path) -> None:
    context = browser.new_context(
        viewport=look.size, color_scheme=look.scheme, locale="en-GB", timezone_id="UTC", reduced_motion="reduce"
    )
    page = context.new_page()
    page.set_default_timeout(_PATIENCE_MS)
    troubles: list[str] = []
    page.on("pageerror", lambda error: troubles.append(str(error)))
    page.on("console", lambda told: troubles.append(told.text) if told.type == "error" else None)
    page.goto(address)
    _settle(page)
    page.screenshot(path=file)
    context.close()
    make_small(file)
    if troubles:
        raise SystemExit(f"{address}: {'; '.join(troubles)}")
    if file.stat().st_size > _LARGEST:
        raise SystemExit(f"{file.name} has {file.stat().st_size} bytes; {_LARGEST} are allowed")


def _settle(page: Page) -> None:
    """Wait until it is live, where it is a page of dtf's, and has drawn."""
    if page.locator("#connection").count():
        page.wait_for_selector("#connection[data-state=live]")
    page.wait_for_timeout(_DRAWS_MS)


def main() -> None:
    """Take them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="", help="a pattern that the names of pictures fit, such as ^run-")
    parser.add_argument("--directory", type=Path, default=IMAGES, help="where they are written")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="lab-") as place, laboratory(Path(place)) as lab:
        for file in take(lab, given.directory, re.compile(given.only)):
            print(f"{file.name}: {file.stat().st_size // 1024} KiB", flush=True)


if __name__ == "__main__":
    main()
