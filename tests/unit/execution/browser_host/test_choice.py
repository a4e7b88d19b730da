from pathlib import Path

import pytest

from dtf.domain.errors import BadInputError
from dtf.execution.browser_host.adapter import read_adapter
from dtf.execution.browser_host.choice import Family, read_choice
from dtf.execution.browser_host.find import find_browsers
from dtf.execution.browser_host.offline import BLANK, is_local


def a_program(directory: Path, name: str) -> Path:
    """An executable file."""
    directory.mkdir(parents=True, exist_ok=True)
    program = directory / name
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    return program


def test_browsers_are_found_by_their_programs(tmp_path: Path) -> None:
    """Each browser is found once, on the PATH or where Playwright has put it, and none is started."""
    a_program(tmp_path / "bin", "chromium")
    a_program(tmp_path / "bin", "firefox")
    shell = a_program(
        tmp_path / "cache/ms-playwright/chromium_headless_shell-1200/chrome-headless-shell-linux64",
        "chrome-headless-shell",
    )
    found = find_browsers(str(tmp_path / "bin"), tmp_path / "cache")
    assert [(choice.browser, choice.channel) for choice in found] == [
        ("chromium", ""),
        ("headless-shell", ""),
        ("firefox", "moz-firefox"),
    ]
    assert found[1].executable == str(shell)
    assert [choice.family for choice in found] == [Family.CHROMIUM, Family.CHROMIUM, Family.FIREFOX]
    assert find_browsers(str(tmp_path / "none"), tmp_path / "none") == ()


def test_a_browser_is_named_or_a_program(tmp_path: Path) -> None:
    """A program alone is a custom browser; a Firefox is driven as one whatever it is called."""
    program = a_program(tmp_path, "my-browser")
    assert read_choice(str(program)).browser == "custom"
    assert read_choice(f"chromium={program}").family is Family.CHROMIUM
    assert read_choice(f"firefox={program}").channel == "moz-firefox"
    for text in (f"opera={program}", "chromium=/nowhere", "/nowhere"):
        with pytest.raises(BadInputError, match="NAME=EXECUTABLE"):
            read_choice(text)


@pytest.mark.parametrize(
    ("told", "software", "title"),
    [
        ({"vendor": "google", "architecture": "swiftshader", "fallback": True}, True, "google swiftshader"),
        ({"fallback": True}, True, "a software adapter"),
        ({"vendor": "mesa", "description": "llvmpipe (LLVM 15)"}, True, "llvmpipe (LLVM 15)"),
        ({"vendor": "nvidia", "architecture": "hopper", "fallback": False}, False, "nvidia hopper"),
    ],
)
def test_software_is_known_as_such(told: dict[str, object], software: bool, title: str) -> None:
    """An adapter is software when the browser says so, or when its names do."""
    adapter = read_adapter({"available": True, **told})
    assert (adapter.software, adapter.title) == (software, title)


def test_only_loopback_is_local() -> None:
    """What leaves the machine is told from what does not."""
    assert all(map(is_local, ("http://127.0.0.1:8000/a", "ws://localhost:1/", "http://[::1]/", "data:text/plain,x")))
    assert not any(map(is_local, ("https://example.org/", BLANK, "http://127.0.0.1.example.org/", "ftp://localhost/")))
    assert not is_local("file:///etc/passwd")
