from pathlib import Path

import pytest

from dtf.execution.browser_host.assets import AssetsMissingError, onnxruntime_web, sparticuz_chromium


def put(path: Path) -> Path:
    """An empty file."""
    path.parent.mkdir(parents=True)
    path.touch()
    return path


def test_a_configured_place_is_the_only_one(tmp_path: Path) -> None:
    """With the setting nothing else is looked at, and what is missing there is named with what brings it."""
    with pytest.raises(AssetsMissingError, match="make browsers") as caught:
        onnxruntime_web(tmp_path)
    assert str(tmp_path / "onnxruntime-web") in str(caught.value)
    assert sparticuz_chromium(tmp_path) is None


def test_both_layouts_are_found(tmp_path: Path) -> None:
    """npm's layout has a dist directory, a wheel's has none."""
    npm = put(tmp_path / "npm" / "onnxruntime-web" / "dist" / "ort.webgpu.min.mjs")
    wheel = put(tmp_path / "wheel" / "onnxruntime-web" / "ort.webgpu.min.mjs")
    assert onnxruntime_web(tmp_path / "npm") == npm.parent
    assert onnxruntime_web(tmp_path / "wheel") == wheel.parent


def test_the_chromium_with_webnn_is_for_one_kind_of_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is a program for x86-64; elsewhere there is none, whatever lies there."""
    program = put(tmp_path / ".browsers" / "sparticuz" / "chromium")
    monkeypatch.setattr("platform.machine", lambda: "x86_64")
    assert sparticuz_chromium(tmp_path) == program
    monkeypatch.setattr("platform.machine", lambda: "aarch64")
    assert sparticuz_chromium(tmp_path) is None
