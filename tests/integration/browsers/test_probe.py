import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.support.browsers import need_browser


def probe(*browsers: str) -> list[dict[str, Any]]:
    """What the probe prints of these browsers."""
    words = [word for browser in browsers for word in ("--browser", browser)]
    argv = (sys.executable, "-P", "-m", "dtf.execution.browser_host", "--probe", *words)
    done = subprocess.run(argv, capture_output=True, timeout=150, check=True)
    found: list[dict[str, Any]] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize("name", ["chromium", "headless-shell", "firefox"])
def test_a_real_browser_is_asked(name: str, tmp_path: Path) -> None:
    """A browser counts as having WebGPU after it computed the right answer; one that does not start costs nothing."""
    browser = need_browser(name)
    broken = tmp_path / "chromium"
    broken.write_text("#!/bin/sh\nexit 1\n")
    broken.chmod(0o755)
    bad, good = probe(f"chromium={broken}", f"{name}={browser.executable}")
    assert not bad["webgpu"]["available"]
    assert bad["webgpu"]["reason"]
    assert good["browser"] == name
    assert good["version"]
    assert good["webgpu"]["available"], good["webgpu"]["reason"]
    assert "8192 numbers" in good["webgpu"]["check"]
    assert good["webgpu"]["limits"]["maxBufferSize"] > 0
    assert good["webnn"]["available"] or good["webnn"]["reason"]
