"""What git knows about a directory."""

import subprocess
from dataclasses import dataclass
from pathlib import Path

_PATIENCE_S = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class GitState:
    """Where a working tree stands.

    Attributes:
        revision: The commit that is checked out; empty before the first one.
        branch: The branch; empty when none is checked out.
        dirty: Whether tracked files differ from the commit.
    """

    revision: str
    branch: str
    dirty: bool


def top_level(directory: Path) -> Path | None:
    """The root of the working tree that a directory is in; None: it is in none, or there is no git."""
    answer = _git(directory, "rev-parse", "--show-toplevel")
    return Path(answer.rstrip("\n")) if answer else None


def state(directory: Path) -> GitState | None:
    """Where the working tree stands; None: there is none, or git cannot tell."""
    answer = _git(directory, "status", "--porcelain=v2", "--branch", "--untracked-files=no")
    if answer is None:
        return None
    heads = dict(line[2:].split(" ", 1) for line in answer.splitlines() if line.startswith("# branch."))
    revision, branch = heads.get("branch.oid", ""), heads.get("branch.head", "")
    return GitState(
        revision="" if revision == "(initial)" else revision,
        branch="" if branch == "(detached)" else branch,
        dirty=any(not line.startswith("#") for line in answer.splitlines()),
    )


def _git(directory: Path, *arguments: str) -> str | None:
    command = ["git", "-C", str(directory), "--no-optional-locks", *arguments]
    try:
        done = subprocess.run(command, capture_output=True, timeout=_PATIENCE_S, check=False, stdin=subprocess.DEVNULL)
    except (OSError, ValueError, subprocess.TimeoutExpired):
        return None
    return done.stdout.decode("utf-8", "surrogateescape") if done.returncode == 0 else None
