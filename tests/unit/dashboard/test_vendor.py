from pathlib import Path

import pytest

from dtf.dashboard.vendor import VendorMissingError, vendor_text
from dtf.dashboard.vendored import FILES, NOTICES


def _packages(place: Path, text: str) -> Path:
    for package, path in (*FILES.values(), *NOTICES.values()):
        file = place / package / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return place


def test_modules_name_the_files_that_are_served(tmp_path: Path) -> None:
    """A browser cannot find a package by its name; what only looks like one is left alone."""
    written = """// https://d3js.org/d3-zoom/
import{a as b}from"d3-dispatch";import {x} from 'd3-time-format';
import"d3-transition";export{z}from"other";const s="d3-zoom";
"""
    assert (
        vendor_text("d3-zoom.js", _packages(tmp_path, written))
        == """// https://d3js.org/d3-zoom/
import{a as b}from"./d3-dispatch.js";import {x} from './d3-time-format.js';
import"./d3-transition.js";export{z}from"other";const s="d3-zoom";
"""
    )


def test_other_files_are_as_they_are_installed(tmp_path: Path) -> None:
    """Styles and notices are no modules."""
    place = _packages(tmp_path, 'from "d3-zoom"')
    assert vendor_text("uplot.css", place) == 'from "d3-zoom"'
    assert vendor_text("d3-zoom-license.txt", place) == 'from "d3-zoom"'


@pytest.mark.parametrize("name", ["../secret", "d3-none.js", "", "uplot", "d3-none-license.txt"])
def test_nothing_else_is_served(tmp_path: Path, name: str) -> None:
    """A name is one of those that are known, and no path."""
    with pytest.raises(KeyError):
        vendor_text(name, _packages(tmp_path, ""))


def test_what_is_missing_says_what_brings_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One sentence for whoever looks why there are no charts."""
    monkeypatch.setattr("dtf.dashboard.vendor._CHECKOUT", tmp_path / "checkout")
    with pytest.raises(VendorMissingError, match="make run") as caught:
        vendor_text("uplot.js", tmp_path / "none")
    assert str(tmp_path / "none") in str(caught.value)


def test_a_setting_with_browser_models_alone_hides_no_charts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """``web_assets`` names where what comes from npm may be; what is not there is taken from where set-up puts it."""
    monkeypatch.setattr("dtf.dashboard.vendor._CHECKOUT", _packages(tmp_path / "checkout", "here"))
    assert vendor_text("uplot.css", tmp_path / "models") == "here"
