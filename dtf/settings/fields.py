"""What each setting is called, may be, and means."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from dtf.domain.suggestion import did_you_mean

Value = str | int | float | Path | None

_TOO_LONG = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One setting.

    Attributes:
        name: Its key in TOML; ``DTF_<NAME>`` is its variable.
        help: What it does, in one sentence with its unit.
        default: Its value when nobody sets it; None: no value.
        parse: Turns a TOML value or a variable's text into the value; raises ValueError with the reason.
    """

    name: str
    help: str
    default: Value
    parse: Callable[[object], Value]

    @property
    def variable(self) -> str:
        """The environment variable that sets it."""
        return "DTF_" + self.name.upper()


def number(low: float, high: float) -> Callable[[object], float]:
    """A parser of numbers from ``low`` to ``high``, both included."""

    def parse(raw: object) -> float:
        value = _to_float(raw)
        if not low <= value <= high:
            raise ValueError(f"must be from {low:g} to {high:g}, not {value:g}")
        return value

    return parse


def whole_number(low: int, high: int) -> Callable[[object], int]:
    """A parser of whole numbers from ``low`` to ``high``, both included."""
    within = number(low, high)

    def parse(raw: object) -> int:
        value = within(raw)
        if value != int(value):
            raise ValueError(f"must be a whole number, not {value:g}")
        return int(value)

    return parse


def _to_float(raw: object) -> float:
    if isinstance(raw, bool) or not isinstance(raw, int | float | str):
        raise ValueError(f"must be a number, not {_kind(raw)}")  # noqa: TRY004  # bad values are ValueErrors here
    try:
        value = float(raw)
    except (ValueError, OverflowError):
        raise ValueError(f"must be a number, not {str(raw)[:40]!r}") from None
    if not math.isfinite(value):
        raise ValueError("must be a finite number")
    return value


def _kind(raw: object) -> str:
    names = {bool: "a boolean", dict: "a table", list: "a list", str: "a text"}
    return names.get(type(raw), f"a {type(raw).__name__}")


def _text(raw: object) -> str:
    if not isinstance(raw, str):
        raise ValueError(f"must be a text, not {_kind(raw)}")  # noqa: TRY004  # as above
    if not raw.strip() or "\0" in raw or len(raw) > _TOO_LONG:
        raise ValueError(f"must be a text of 1 to {_TOO_LONG} characters without NUL bytes")
    return raw


def path(raw: object) -> Path:
    """A directory's path, made absolute; ``~`` is the home directory."""
    return Path(_text(raw) if not isinstance(raw, Path) else raw).expanduser().absolute()


def words(raw: object) -> str:
    """Words separated by commas; empty: none."""
    text = raw if raw == "" else _text(raw)
    return ",".join(word.strip() for word in str(text).split(",") if word.strip())


def url(*schemes: str) -> Callable[[object], str]:
    """A parser of URLs of these schemes; its errors do not repeat the URL, which may hold a password."""

    def parse(raw: object) -> str:
        text = _text(raw).strip()
        scheme = text.partition("://")[0] if "://" in text else ""
        if scheme not in schemes:
            hint = did_you_mean(scheme, schemes)
            raise ValueError(f"must be a URL that begins with {' or '.join(s + '://' for s in schemes)}{hint}")
        try:
            _ = urlsplit(text).port
        except ValueError:
            raise ValueError("is not a URL: its host or port cannot be read") from None
        return text

    return parse


_MIB = 2**20
_BROKERS = ("redis", "rediss", "sentinel")
_DATABASES = ("postgresql+psycopg2", "postgresql", "postgres", "sqlite")

#: Every setting there is, in the order in which they are shown.
SETTINGS = (
    Setting(
        name="state_dir",
        help="Where the embedded cluster keeps its ledger, sockets and logs.",
        default=None,
        parse=path,
    ),
    Setting(
        name="broker_url",
        help="The Redis-protocol server of a cluster; unset: the embedded one.",
        default=None,
        parse=url(*_BROKERS),
    ),
    Setting(
        name="database_url",
        help="The database of a cluster; unset: the embedded one.",
        default=None,
        parse=url(*_DATABASES),
    ),
    Setting(
        name="lease_s",
        help="How long a claim holds without renewal, in seconds.",
        default=30.0,
        parse=number(1, 3600),
    ),
    Setting(
        name="leader_lease_s",
        help="How long a coordinator leads without renewal, in seconds.",
        default=10.0,
        parse=number(1, 600),
    ),
    Setting(
        name="coordinator_interval_s",
        help="The time between two rounds of the coordinator, in seconds.",
        default=0.2,
        parse=number(0.01, 60),
    ),
    Setting(
        name="poll_s",
        help="How often a worker asks whether its claims still hold or are cancelled, in seconds.",
        default=2.0,
        parse=number(0.05, 600),
    ),
    Setting(
        name="heartbeat_s",
        help="How often a worker reports its load, in seconds.",
        default=5.0,
        parse=number(0.1, 600),
    ),
    Setting(
        name="worker_silent_s",
        help="After how many seconds of silence a worker counts as offline.",
        default=30.0,
        parse=number(1, 3600),
    ),
    Setting(
        name="attached_s",
        help="After how many seconds of silence a run whose command ended is cancelled.",
        default=15.0,
        parse=number(2, 3600),
    ),
    Setting(
        name="window_s",
        help="How many seconds of predicted work for each slot are handed out ahead.",
        default=1.0,
        parse=number(0.01, 3600),
    ),
    Setting(
        name="output_cap_bytes",
        help="How much captured output of one test is kept.",
        default=65536,
        parse=whole_number(1024, 64 * _MIB),
    ),
    Setting(
        name="log_cap_bytes",
        help="How much log of one attempt is kept.",
        default=10 * _MIB,
        parse=whole_number(4096, 1024 * _MIB),
    ),
    Setting(
        name="artifact_cap_bytes",
        help="How many bytes of artifacts one attempt may leave.",
        default=100 * _MIB,
        parse=whole_number(0, 100 * 1024 * _MIB),
    ),
    Setting(
        name="bundle_cap_bytes",
        help="How big a packed source may be.",
        default=200 * _MIB,
        parse=whole_number(1024, 10 * 1024 * _MIB),
    ),
    Setting(
        name="worker_tags",
        help="Free tags that a worker started here registers, separated by commas.",
        default="",
        parse=words,
    ),
    Setting(
        name="worker_devices",
        help="UUIDs of the devices that a worker started here uses beside the CPU, separated by commas; empty: all.",
        default="",
        parse=words,
    ),
    Setting(
        name="device_share_gb",
        help="How much of a device's memory one slot has, in GB; several slots then share a device; 0: all of it.",
        default=0.0,
        parse=number(0, 10_000),
    ),
    Setting(
        name="simulate_devices",
        help="Devices that a worker started here has by declaration only, such as cuda:4; marked wherever shown.",
        default="",
        parse=words,
    ),
    Setting(
        name="browsers",
        help="Browsers beside those that are found: paths of programs, or NAME=PATH, separated by commas.",
        default="",
        parse=words,
    ),
    Setting(
        name="web_assets",
        help="A node_modules directory with onnxruntime-web for browser jobs; unset: the one that came with dtf.",
        default=None,
        parse=path,
    ),
)

BY_NAME = {setting.name: setting for setting in SETTINGS}
BY_VARIABLE = {setting.variable: setting for setting in SETTINGS}
