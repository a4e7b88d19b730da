"""The settings: code default < TOML < ``DTF_*`` < flag, validated whole before anything is done with them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from dtf.domain.errors import SettingsError
from dtf.settings.environment import process_environment
from dtf.settings.fields import SETTINGS
from dtf.settings.masking import mask
from dtf.settings.sources import default_state_dir, from_environment, from_file, from_flags


class Mode(StrEnum):
    """Which cluster a command works with."""

    #: The private cluster of the state directory.
    EMBEDDED = "embedded"
    #: The one that ``broker_url`` and ``database_url`` name.
    CLUSTER = "cluster"


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Settings:
    """Every setting with its value; ``dtf config show --origin`` tells them and ``fields.py`` what they mean.

    Attributes:
        origins: For each setting where its value comes from.
    """

    state_dir: Path
    broker_url: str | None = None
    database_url: str | None = None
    lease_s: float = 30.0
    leader_lease_s: float = 10.0
    coordinator_interval_s: float = 0.2
    poll_s: float = 2.0
    heartbeat_s: float = 5.0
    worker_silent_s: float = 30.0
    attached_s: float = 15.0
    window_s: float = 1.0
    output_cap_bytes: int = 65536
    log_cap_bytes: int = 10 * 2**20
    artifact_cap_bytes: int = 100 * 2**20
    bundle_cap_bytes: int = 200 * 2**20
    worker_tags: str = ""
    worker_devices: str = ""
    device_share_gb: float = 0.0
    simulate_devices: str = ""
    browsers: str = ""
    web_assets: Path | None = None
    breaker: str = "learned"
    breaker_failures: int = 4
    breaker_open_at: float = 0.9
    breaker_close_at: float = 0.15
    breaker_passes: int = 6
    breaker_wait_s: float = 5.0
    breaker_quick_wait_s: float = 2.0
    breaker_probes: int = 1
    breaker_probe_lease_s: float = 30.0
    breaker_hold_s: float = 10.0
    breaker_fallback_s: float = 30.0
    origins: Mapping[str, str] = field(default_factory=dict, compare=False)

    def __repr__(self) -> str:
        shown = ", ".join(f"{name}={value!r}" for name, value in self.shown().items())
        return f"Settings({shown})"

    @property
    def mode(self) -> Mode:
        """Which cluster is meant.

        Raises:
            SettingsError: Only one of the two URLs is set.
        """
        if bool(self.broker_url) == bool(self.database_url):
            return Mode.CLUSTER if self.broker_url else Mode.EMBEDDED
        there, missing = ("broker_url", "database_url") if self.broker_url else ("database_url", "broker_url")
        raise SettingsError(
            f"{there} is set ({self.origins.get(there, 'by the program')}) but {missing} is not: "
            f"a cluster needs both DTF_BROKER_URL and DTF_DATABASE_URL, the embedded one neither"
        )

    def shown(self) -> dict[str, str | int | float | None]:
        """The settings as they may be shown: passwords masked."""
        return {s.name: _shown(getattr(self, s.name)) for s in SETTINGS}


def _shown(value: object) -> str | int | float | None:
    if isinstance(value, int | float) or value is None:
        return value
    return mask(str(value))


def load_settings(environ: Mapping[str, str] | None = None, overrides: Mapping[str, object] | None = None) -> Settings:
    """Read the settings from their sources.

    Args:
        environ: The environment; None: this process's.
        overrides: What flags say; None values count as not given.

    Raises:
        SettingsError: Something is wrong; the message tells all of it.
    """
    environ = process_environment() if environ is None else environ
    problems: list[str] = []
    values: dict[str, Any] = {s.name: s.default for s in SETTINGS} | {"state_dir": default_state_dir(environ)}
    origins = dict.fromkeys(values, "default")
    given = (
        *from_file(environ, problems),
        *from_environment(environ, problems),
        *from_flags(overrides or {}, problems),
    )
    for setting, raw, place in given:
        try:
            values[setting.name] = setting.parse(raw)
            origins[setting.name] = place
        except ValueError as error:
            problems.append(f"{place} {error}")
    problems += _contradictions(values)
    if problems:
        raise SettingsError("the settings cannot be used:\n  " + mask("\n  ".join(problems)))
    return Settings(**values, origins=origins)


def _contradictions(values: Mapping[str, Any]) -> list[str]:
    """Settings that are each possible but not together."""
    slower = (
        ("lease_s", "poll_s", 2),
        ("leader_lease_s", "coordinator_interval_s", 3),
        ("worker_silent_s", "heartbeat_s", 2),
    )
    return [
        f"{long} ({values[long]:g}) must be at least {times} times {short} ({values[short]:g})"
        for long, short, times in slower
        if values[long] < times * values[short]
    ]


__all__ = ["SETTINGS", "Mode", "Settings", "load_settings", "mask", "process_environment"]
