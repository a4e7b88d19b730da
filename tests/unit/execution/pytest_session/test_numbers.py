from pathlib import Path

from dtf.execution.executors.pytest_session.numbers import WorkerNumber


def test_numbers_are_unique_while_held(tmp_path: Path) -> None:
    """Two holders have different numbers, the lowest that are free; a released one is given out again."""
    first, second = WorkerNumber(tmp_path), WorkerNumber(tmp_path)
    assert (first.value, second.value) == (0, 1)
    first.release()
    assert WorkerNumber(tmp_path).value == 0
