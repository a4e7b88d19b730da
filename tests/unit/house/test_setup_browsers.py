import json
import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]


def test_without_npm_set_up_says_one_line_and_goes_on(tmp_path: Path) -> None:
    """Where npm is missing only models in browsers are: nothing is installed, one line says so, and the status is 0."""
    for name in ("sh", "dirname", "id"):
        (tmp_path / name).symlink_to(shutil.which(name) or name)
    for name in ("chromium", "chromium-headless-shell", "firefox-esr", "driver.json"):
        (tmp_path / name).touch(mode=0o755)
    environment = {"PATH": str(tmp_path), "VULKAN_DRIVERS": str(tmp_path)}
    script = ROOT / "tools" / "setup-browsers.sh"
    done = subprocess.run(["sh", script], env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr.startswith("Missing: npm")
    assert len(done.stderr.splitlines()) == 1


def test_without_npm_the_dashboard_s_set_up_says_one_line_and_goes_on(tmp_path: Path) -> None:
    """Where npm is missing the dashboard has tables only: one line says so, and the status is 0."""
    for name in ("sh", "dirname"):
        (tmp_path / name).symlink_to(shutil.which(name) or name)
    script = ROOT / "tools" / "setup-dashboard.sh"
    done = subprocess.run(["sh", script], env={"PATH": str(tmp_path)}, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr.startswith("Missing: npm")
    assert len(done.stderr.splitlines()) == 1


def test_what_comes_from_npm_is_pinned_and_names_no_registry() -> None:
    """The lock file pins each package by its hash, and works with whatever registry the machine uses."""
    lock = json.loads((ROOT / "web" / "package-lock.json").read_text())
    named = json.loads((ROOT / "web" / "package.json").read_text())
    wanted = named["dependencies"] | named["devDependencies"]
    packages = {name: package for name, package in lock["packages"].items() if name}
    assert all(package["integrity"] and "resolved" not in package for package in packages.values())
    assert {name: packages[f"node_modules/{name}"]["version"] for name in wanted} == wanted
