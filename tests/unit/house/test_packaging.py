"""What installing the package brings, and what importing it costs."""

import os
import resource
import subprocess
import sys
import tomllib
from importlib.metadata import version
from pathlib import Path

import pytest

import dtf

ROOT = Path(__file__).resolve().parents[3]
HEAVY = (
    "celery",
    "kombu",
    "sqlalchemy",
    "alembic",
    "redis",
    "psutil",
    "rich",
    "yaml",
    "pytest",
    "numpy",
    "river",
    "jinja2",
)


def project() -> dict[str, object]:
    """The [project] table."""
    table: dict[str, object] = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    return table


def test_the_version_has_one_value() -> None:
    """The package and its metadata say the same version."""
    assert dtf.__version__ == version("dtf") == project()["version"]


@pytest.mark.parametrize("heavy", ["river", "playwright", "flower", "onnx", "onnxruntime", "duckdb"])
def test_the_base_install_is_light(heavy: str) -> None:
    """What only some need is an extra, not a dependency."""
    dependencies = project()["dependencies"]
    assert isinstance(dependencies, list)
    assert [line for line in dependencies if line.startswith(heavy)] == []


def test_the_constraints_name_versions_and_no_place() -> None:
    """constraints.txt pins versions; it holds no hash, path or address."""
    lines = [line for line in (ROOT / "constraints.txt").read_text().splitlines() if not line.startswith("#")]
    assert lines
    assert [line for line in lines if line.count("==") != 1 or "/" in line or "@" in line or "--" in line] == []


def test_help_imports_nothing_heavy() -> None:
    """`dtf --help` loads no module that only some command needs."""
    script = f"""
import sys
from dtf.cli.main import run
assert run(["--help"]) == 0
print(sorted(set({HEAVY!r}) & sys.modules.keys()), file=sys.stderr)
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stderr.splitlines()[-1] == "[]"


def test_help_costs_less_than_three_tenths_of_a_second() -> None:
    """The cheapest of five `dtf --help` takes at most 0.3 CPU-seconds, the interpreter's own start included."""
    command = [str(Path(sys.executable).with_name("dtf")), "--help"]
    unmeasured = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")}
    costs = []
    for _ in range(5):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        done = subprocess.run(command, env=unmeasured, capture_output=True, text=True, check=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        costs.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
        assert "Commands:" in done.stdout
    assert min(costs) <= 0.3
