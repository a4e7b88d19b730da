"""What a job does, by kind."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class JobKind(StrEnum):
    """What is to be executed."""

    PYTEST = "pytest"
    COMMAND = "command"


class Isolation(StrEnum):
    """How often a pytest suite gets a fresh process."""

    #: One runner per slot, replaced after a crash.
    SLOT = "slot"
    SHARD = "shard"
    MODULE = "module"
    TEST = "test"


@dataclass(frozen=True, slots=True, kw_only=True)
class PytestWork:
    """A pytest suite.

    Attributes:
        paths: Files, directories or node ids, relative to the working directory.
        keyword: pytest's ``-k``.
        marker: pytest's ``-m``.
        max_failures: End after so many failures; 0 never. ``-x`` is 1.
        args: Further arguments for pytest, as given.
        python: The interpreter that runs the suite; empty: the worker chooses (see ``docs/how-it-works.md``).
        environment: Variables added to the worker's.
        isolation: How often the suite gets a fresh process.
        only: Node ids as an earlier run reported them: of what is collected only these run; empty: all.
    """

    paths: tuple[str, ...] = ()
    keyword: str = ""
    marker: str = ""
    max_failures: int = 0
    args: tuple[str, ...] = ()
    python: str = ""
    environment: Mapping[str, str] = field(default_factory=dict)
    isolation: Isolation = Isolation.SLOT
    only: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandWork:
    """One program with its arguments; no shell.

    Attributes:
        argv: The program and its arguments.
        environment: Variables added to the worker's.
        artifacts: Glob patterns, relative to the working directory, of files to keep.
    """

    argv: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)
    artifacts: tuple[str, ...] = ()


Work = PytestWork | CommandWork
