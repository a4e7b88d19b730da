"""From a task file's path to its tasks."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from dtf.domain.errors import BadInputError
from dtf.domain.tasks.document import read_tasks
from dtf.domain.tasks.task import Problem, Task
from dtf.settings.small_file import read_small_file
from dtf.submission.taskfile.json_text import parse_json, with_lines
from dtf.submission.taskfile.parsed import Parsed, SyntaxProblemError

MOST_BYTES = 2**20

#: How many problems one message tells.
_MOST_PROBLEMS = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskFile:
    """A task file that can be used, as far as its text tells.

    Attributes:
        path: Where it is.
        text: What it holds.
        parsed: Its content, with lines where they are known already.
        tasks: The tasks.
    """

    path: Path
    text: str
    parsed: Parsed
    tasks: list[Task]

    def message(self, problems: Sequence[Problem]) -> str:
        """What is told of these problems, each with its line.

        Args:
            problems: Each place begins with the task's number from 0.
        """
        if not isinstance(self.parsed.document, list):
            problems = [Problem(place=problem.place[1:], message=problem.message) for problem in problems]
        known = self.parsed if self.parsed.lines else with_lines(self.text, self.parsed)
        return _message(self.path, problems, known)


def load_task_file(path: Path) -> TaskFile:
    """Read and validate a task file whole.

    Raises:
        BadInputError: It cannot be used; the message tells every place and reason.
    """
    text = _text(path)
    is_json = path.suffix.lower() == ".json" or (path.suffix.lower() not in {".yaml", ".yml"} and _looks_json(text))
    try:
        parsed = parse_json(text) if is_json else _yaml(text)
    except SyntaxProblemError as error:
        raise BadInputError(f"{path}: {error}") from error
    tasks, problems = read_tasks(parsed.document)
    if problems:
        raise BadInputError(_message(path, problems, with_lines(text, parsed) if is_json else parsed))
    return TaskFile(path=path, text=text, parsed=parsed, tasks=tasks)


def _text(path: Path) -> str:
    try:
        content = read_small_file(path, MOST_BYTES)
        text = content.decode("utf-8-sig")
    except FileNotFoundError:
        raise BadInputError(f"{path}: there is no such file") from None
    except UnicodeDecodeError as error:
        raise BadInputError(f"{path}: not UTF-8 at byte {error.start}") from error
    except OSError as error:
        raise BadInputError(f"{path}: cannot be read: {error.strerror}") from error
    except ValueError as error:  # not a regular file, too large, a NUL in the path
        raise BadInputError(f"{str(path)[:200]!r}: {error}") from error
    if not text.strip():
        raise BadInputError(f"{path}: the file is empty")
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise BadInputError(f"{path}: line {line}: there is a NUL byte; is it a text file?")
    return text


def _looks_json(text: str) -> bool:
    return text.lstrip()[:1] in "{["


def _yaml(text: str) -> Parsed:
    from dtf.submission.taskfile.yaml_text import parse_yaml  # noqa: PLC0415  # JSON goes without PyYAML

    return parse_yaml(text)


def _message(path: Path, problems: Sequence[Problem], parsed: Parsed) -> str:
    lines = [f"{path}: the task file cannot be used:"]
    for problem in problems[:_MOST_PROBLEMS]:
        number = parsed.line(problem.place)
        parts = [f"line {number}"] if number else []
        parts += [problem.where()] if problem.place else []
        lines.append("  " + ": ".join([*parts, problem.message]))
    if len(problems) > _MOST_PROBLEMS:
        lines.append(f"  and {len(problems) - _MOST_PROBLEMS} more")
    return "\n".join(lines)
