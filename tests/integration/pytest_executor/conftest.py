import asyncio
import subprocess
import sys
import venv
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from dtf.execution.executors.pytest_suite import PytestExecutor
from tests.integration.pytest_executor.harness import Bench

Suite = Callable[..., Path]
Bencher = Callable[..., Bench]


@pytest.fixture
def suite(tmp_path: Path) -> Suite:
    """Write a suite: file names (with __ for /) and contents."""

    def write(files: dict[str, str]) -> Path:
        root = tmp_path / "suite"
        for name, content in files.items():
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content)
        return root

    return write


@pytest.fixture
def runner() -> Iterator[asyncio.Runner]:
    """One loop for all that a test does, as a guardian has."""
    with asyncio.Runner() as made:
        yield made


@pytest.fixture
def bench(tmp_path: Path, runner: asyncio.Runner) -> Iterator[Bencher]:
    """Make a bench over a suite's directory; it is closed at the end, and must leave no process."""
    made: list[Bench] = []

    def make(directory: Path, *, collect_s: float = 60.0, **more: object) -> Bench:
        executor = PytestExecutor(tmp_path / "state", idle_s=30.0, look_s=0.2, collect_s=collect_s)
        made.append(Bench(executor=executor, directory=directory, scratch=tmp_path, **more))  # type: ignore[arg-type]
        return made[-1]

    yield make
    for entry in made:
        runner.run(entry.executor.close())
        for process in entry.spawner.started:
            assert not Path(f"/proc/{process.pid}").exists(), "a process was left"


def lean_python(directory: Path) -> Path:
    """An interpreter that has pytest and nothing else."""
    venv.create(directory, with_pip=False)
    python = directory / "bin" / "python"
    target = next((directory / "lib").glob("python*")) / "site-packages"
    source = Path(pytest.__file__).parents[1]
    for name in ("pytest", "_pytest", "pluggy", "iniconfig", "packaging", "pygments", "py.py"):
        (target / name).symlink_to(source / name)
    subprocess.run([python, "-c", "import pytest"], check=True)
    return python


def plain(directory: Path, *args: str) -> dict[str, str]:
    """What plain pytest says: each node id's outcome, from its own report."""
    probe = directory.parent / "probe_plugin.py"
    probe.write_text(
        "import json, sys\n"
        "found = {}\n"
        "RANK = ['failed', 'error', 'xpassed', 'xfailed', 'skipped', 'passed']\n"
        "class P:\n"
        "    def pytest_runtest_logreport(self, report):\n"
        "        c = self.config.hook.pytest_report_teststatus(report=report, config=self.config)[0]\n"
        "        if c in RANK:\n"
        "            old = found.get(report.nodeid, 'passed')\n"
        "            found[report.nodeid] = min(old, c, key=RANK.index)\n"
        "    def pytest_configure(self, config):\n"
        "        self.config = config\n"
        "import pytest\n"
        "out = sys.argv.pop(1)\n"
        "sys.path.pop(0)\n"
        "pytest.main(sys.argv[1:], plugins=[P()])\n"
        "open(out, 'w').write(json.dumps(found))\n"
    )
    out = directory.parent / "plain.json"
    subprocess.run(
        [sys.executable, str(probe), str(out), "-p", "no:cacheprovider", *args],
        cwd=directory,
        check=True,
        stdout=subprocess.DEVNULL,
        timeout=120,
    )
    import json

    return dict(json.loads(out.read_text()))
