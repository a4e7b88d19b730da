"""A revision of a git repository, as files."""

import asyncio
import logging
import os
import re
import tempfile
from collections.abc import Mapping
from pathlib import Path

from dtf.domain.errors import DtfError, SourceError
from dtf.domain.ports.executor import Spawner

log = logging.getLogger(__name__)

_REVISION = re.compile(r"[0-9a-fA-F]{7,64}")
_LIMIT_S = 600.0
_MESSAGE_CAP = 2000

#: What git says when the other side could not be reached, as opposed to when it answered "no".
_NETWORK = (
    "could not resolve host",
    "connection refused",
    "connection timed out",
    "connection reset",
    "network is unreachable",
    "no route to host",
    "operation timed out",
    "early eof",
    "the remote end hung up",
    "failed to connect",
    "temporary failure",
    "returned error: 5",
)

#: git must never ask anybody, and never run a transport that is a command line.
_QUIET = {
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_ASKPASS": "true",
    "SSH_ASKPASS": "true",
    "GIT_SSH_COMMAND": "ssh -o BatchMode=yes",
    "GIT_ALLOW_PROTOCOL": "file:git:http:https:ssh",
    "LC_ALL": "C",
}


class SourceUnavailableError(DtfError):
    """The source cannot be reached now."""


class GitCheckout:
    """Fetches one revision of a repository; git runs under the guardian's care, with a time limit."""

    def __init__(self, spawner: Spawner, environment: Mapping[str, str]) -> None:
        self._spawner = spawner
        self._environment = {**environment, **_QUIET}

    async def check_out(self, url: str, revision: str, destination: Path) -> None:
        """Put the files of a revision into a new directory.

        Raises:
            SourceError: There is no such repository or revision, or git is missing.
            SourceUnavailableError: The repository cannot be reached.
        """
        if not _REVISION.fullmatch(revision):
            raise SourceError(f"a git source needs the id of a commit, not {revision!r}")
        await asyncio.to_thread(destination.mkdir)
        try:
            await asyncio.wait_for(self._fetch(url, revision, destination), _LIMIT_S)
        except TimeoutError as error:
            raise SourceUnavailableError(f"git needs more than {_LIMIT_S:.0f} s for {url}") from error

    async def _fetch(self, url: str, revision: str, destination: Path) -> None:
        await self._git(destination, "init", "-q")
        try:
            await self._git(destination, "fetch", "-q", "--depth", "1", "--", url, revision)
        except SourceError:  # not every server gives out single commits
            branches, tags = "+refs/heads/*:refs/remotes/origin/*", "+refs/tags/*:refs/tags/*"
            await self._git(destination, "fetch", "-q", "--", url, branches, tags)
        await self._git(destination, "checkout", "-q", "--detach", revision, "--")
        if (destination / ".gitmodules").exists():
            await self._git(destination, "submodule", "update", "-q", "--init", "--recursive", "--depth", "1")

    async def _git(self, place: Path, *arguments: str) -> None:
        with tempfile.TemporaryFile() as output:
            try:
                process = await self._spawner.spawn(
                    ("git", *arguments),
                    cwd=place,
                    environment=self._environment,
                    stdout=output.fileno(),
                    stderr=output.fileno(),
                )
            except OSError as error:
                raise SourceError(f"git cannot be started on this worker: {error}") from error
            try:
                end = await process.wait()
            except asyncio.CancelledError:
                await process.kill(0.0)
                raise
            if end.code == 0:
                return
            said = os.pread(output.fileno(), _MESSAGE_CAP, 0).decode("utf-8", "replace").strip()
        kind = SourceUnavailableError if any(word in said.lower() for word in _NETWORK) else SourceError
        raise kind(f"git {arguments[0]} failed: {said or f'status {end.code}, signal {end.signal}'}")
