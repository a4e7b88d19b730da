"""Remembers for a short while what browsers were found to have: to ask one takes seconds."""

import hashlib
import json
import logging
import os
import stat
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from dtf.domain.clock import Clock, SystemClock
from dtf.domain.codec import from_json, to_json
from dtf.domain.errors import BadInputError
from dtf.domain.worker import Device, DeviceState
from dtf.execution.browser_host.choice import BrowserChoice
from dtf.execution.browser_host.launch import launch_options

_log = logging.getLogger(__name__)

#: How long a finding may stand in for asking again, in seconds.
VALID_S = 900.0
#: A browser takes about 3 kB.
_MOST_BYTES = 256 * 1024
_MOST_BROWSERS = 32
_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
#: How a browser says that it was made without an API; any other failure may be gone the next time.
_LACKS = ("NotSupportedError", "is not there")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What one browser was found to have.

    Attributes:
        key: What ``BrowserCache.key_of`` gave before it was asked.
        asked_at: When that was, in seconds since the epoch.
        devices: One for each API.
    """

    key: str
    asked_at: float
    devices: tuple[Device, ...]

    @property
    def is_good(self) -> bool:
        """Whether it may be remembered: something works, and what does not is not there at all."""
        failed = [device for device in self.devices if device.state is not DeviceState.AVAILABLE]
        lacking = all(any(words in device.reason for words in _LACKS) for device in failed)
        return lacking and len(failed) < len(self.devices)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Content:
    """Of the file."""

    browsers: tuple[Asked, ...]


class BrowserCache:
    """What browsers were found to have, in one small file that any process may replace.

    A finding counts for the same program (path, time and size of its file), started in the same way since the same
    start of the machine, and for ``VALID_S`` from when the browser was asked; using it does not make it younger. The
    file is a convenience: where it cannot be read or written, one line says so and browsers are asked.
    """

    def __init__(self, path: Path, *, surroundings: Sequence[str] = (), clock: Clock | None = None) -> None:
        """Read and write nothing yet.

        Args:
            path: The file. It is made only where the directory of its directory exists.
            surroundings: What else a finding depends on, such as dtf's version; no secrets are kept of it.
            clock: Tells the time.
        """
        self._path = path
        self._surroundings = (*surroundings, _boot_id())
        self._clock = clock or SystemClock()

    def key_of(self, choice: BrowserChoice) -> str:
        """What a finding of this browser is kept under; empty: its program cannot be looked at."""
        try:
            found = Path(choice.executable).stat()
        except OSError:
            return ""
        program = (choice.browser, choice.executable, choice.channel, found.st_mtime_ns, found.st_size)
        words = json.dumps([*program, *launch_options(choice), *self._surroundings])
        return hashlib.sha256(words.encode()).hexdigest()

    def recall(self, choices: Iterable[BrowserChoice]) -> Mapping[BrowserChoice, Asked]:
        """What is still known of these browsers."""
        known = {asked.key: asked for asked in self._read()}
        found = {choice: known.get(self.key_of(choice)) for choice in choices}
        return {choice: asked for choice, asked in found.items() if asked is not None and _is_of(choice, asked)}

    def keep(self, findings: Iterable[Asked]) -> None:
        """Remember what is good; of what is not, forget what was known before."""
        new = {asked.key: asked for asked in findings if asked.key}
        if not new or not self._path.parent.parent.is_dir():
            return
        known = {asked.key: asked for asked in self._read(quiet=True)} | new
        good = sorted((asked for asked in known.values() if asked.is_good), key=lambda asked: -asked.asked_at)
        try:
            self._write(json.dumps(to_json(_Content(browsers=tuple(good[:_MOST_BROWSERS])))).encode())
        except OSError as error:
            _log.warning("what the browsers have cannot be remembered in %s: %s", self._path, error.strerror)

    def _read(self, *, quiet: bool = False) -> list[Asked]:
        """What is in the file and not too old."""
        try:
            content = from_json(_Content, json.loads(_read_own(self._path), parse_constant=_refuse))
        except FileNotFoundError:
            return []
        except (OSError, ValueError, BadInputError, RecursionError) as error:
            if not quiet:
                told = getattr(error, "strerror", None) or str(error)
                _log.warning("%s is not used, and the browsers are asked: %s", self._path, told[:200])
            return []
        now = self._clock.now()
        return [asked for asked in content.browsers if _is_sound(asked) and 0 <= now - asked.asked_at < VALID_S]

    def _write(self, data: bytes) -> None:
        self._path.parent.mkdir(mode=0o700, exist_ok=True)
        # a draft of its own for each writer; nobody else may read it
        descriptor, name = tempfile.mkstemp(prefix=f"{self._path.name}.", dir=self._path.parent)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(data)
            Path(name).replace(self._path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise


def _read_own(path: Path) -> bytes:
    """The content of a small regular file of this user.

    Raises:
        OSError: It cannot be read, or is a link.
        ValueError: It is something else.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)
    with os.fdopen(descriptor, "rb") as file:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode):
            raise ValueError("it is no regular file")
        if found.st_uid != os.geteuid():
            raise ValueError(f"it belongs to the user {found.st_uid}")
        content = file.read(_MOST_BYTES + 1)
    if len(content) > _MOST_BYTES:
        raise ValueError(f"it is larger than {_MOST_BYTES} bytes")
    return content


def _is_sound(asked: Asked) -> bool:
    """Whether each value has its type, which reading JSON does not make sure of."""
    texts = [asked.key, *(text for d in asked.devices for text in (d.kind, d.name, d.uuid, d.reason))]
    details = [value for device in asked.devices for value in device.details.values()]
    return (
        isinstance(asked.asked_at, int | float)
        and all(isinstance(text, str) for text in texts)
        and all(isinstance(value, str | int | float) for value in details)
        and not any(device.simulated for device in asked.devices)
        and asked.is_good
    )


def _is_of(choice: BrowserChoice, asked: Asked) -> bool:
    """Whether the devices are the browser's: a device's program is what is started later."""
    named = (choice.browser, choice.executable, choice.channel)
    return all(
        device.uuid.startswith(f"{device.kind}-{choice.browser}-")
        and tuple(device.details.get(name) for name in ("browser", "executable", "channel")) == named
        for device in asked.devices
    )


def _boot_id() -> str:
    try:
        return _BOOT_ID.read_text().strip()
    except OSError:
        return ""


def _refuse(word: str) -> NoReturn:
    raise ValueError(f"{word} is no number")
