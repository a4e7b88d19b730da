"""Which browser is meant."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from dtf.domain.errors import BadInputError


class Family(StrEnum):
    """How a browser is driven."""

    CHROMIUM = "chromium"
    FIREFOX = "firefox"


#: The names under which dtf knows browsers; any other executable is ``custom``.
NAMES = ("chromium", "headless-shell", "firefox", "sparticuz", "custom")
#: Playwright's name for a Firefox as its makers ship it.
FIREFOX_CHANNEL = "moz-firefox"


@dataclass(frozen=True, slots=True, kw_only=True)
class BrowserChoice:
    """Which browser is meant.

    Attributes:
        browser: Its name, one of ``NAMES``.
        executable: Its program.
        channel: Playwright's channel; empty: by the executable alone.
    """

    browser: str
    executable: str
    channel: str = ""

    @property
    def family(self) -> Family:
        """How it is driven."""
        is_firefox = self.browser == "firefox" or "firefox" in self.channel or "firefox" in Path(self.executable).name
        return Family.FIREFOX if is_firefox else Family.CHROMIUM


def read_choice(text: str) -> BrowserChoice:
    """Read ``NAME=EXECUTABLE``, or the path of an executable alone.

    Raises:
        BadInputError: It is neither.
    """
    name, equals, executable = text.partition("=")
    if not equals:
        name, executable = "custom", text
    if name not in NAMES or not Path(executable).is_file():
        raise BadInputError(
            f"browser {text!r} is not to be had; write NAME=EXECUTABLE with a name of {', '.join(NAMES)}, "
            "or the path of a program"
        )
    found = BrowserChoice(browser=name, executable=executable)
    if found.family is Family.FIREFOX:
        return BrowserChoice(browser=name, executable=executable, channel=FIREFOX_CHANNEL)
    return found
