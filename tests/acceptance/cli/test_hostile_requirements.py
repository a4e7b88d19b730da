import json
from pathlib import Path

import pytest

from tests.acceptance.cli.conftest import Dtf

pytestmark = pytest.mark.acceptance

#: What a shell can pass; a NUL it cannot, which the task file below has.
HOSTILE = {
    "lines": "webnn\nbrowser=firefox",
    "brackets": "cpu[webnn]",
    "semicolons": "a;b;$(touch owned)",
    "code": "__import__('os').system('touch owned')",
    "unicode digits": "vram_gb>=٢٤",
    "ten kilobytes": "x" * 10_240,
    "not UTF-8": "webnn\udcff",
    "escapes": "\x1b]0;title\x07",
}


@pytest.mark.parametrize("command", [("run", "--command", "--", "true"), ("submit", "--test-file", "tests")])
def test_a_hostile_requirement_is_one_clear_message(command: tuple[str, ...], dtf: Dtf, place: Path) -> None:
    """All of them at once: exit 2, a printable line for each, nothing run and nothing written."""
    requirements = [word for text in HOSTILE.values() for word in ("--require", text)]
    done = dtf(command[0], *requirements, *command[1:])
    assert done.status == 2
    assert done.out == ""
    told = [line for line in done.err.splitlines() if "cannot be read; it looks like vram_gb>=24" in line]
    assert len(told) == len(HOSTILE)
    assert all(line.isprintable() and len(line) < 300 for line in told)
    assert not (place / "owned").exists()
    assert not (place.parent / "state").exists()


def test_a_hostile_task_file_is_one_clear_message(dtf: Dtf, place: Path) -> None:
    """The same in a task file, each with its line."""
    wanted = {"vram_gb": ">=24\u0000", "browser": "fire\nfox", "tags": ["a;b", "ok"], "c[d": True, "cores": "1_0_x"}
    task = {"type": "test", "config": {"test_file": "tests", "hardware_requirements": wanted}}
    (place / "task.json").write_text(json.dumps(task, indent=1))
    done = dtf("submit", "--task-file", "task.json")
    assert done.status == 2
    assert "line 6: config.hardware_requirements.vram_gb: has a NUL byte" in done.err
    assert "browser: requirement 'browser=fire\\nfox' cannot be read" in done.err
    assert "tags[0]: requirement 'a;b' cannot be read" in done.err
    assert "c[d: requirement 'c[d' cannot be read" in done.err
    assert all(line.isprintable() for line in done.err.splitlines())
    assert not (place.parent / "state").exists()
