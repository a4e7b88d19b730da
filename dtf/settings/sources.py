"""Where settings are read from: a TOML file and the environment."""

import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path

from dtf.domain.suggestion import did_you_mean
from dtf.settings.environment import NOT_SETTINGS, TEST_PREFIX
from dtf.settings.fields import BY_NAME, BY_VARIABLE, Setting
from dtf.settings.small_file import read_small_file

_MOST_BYTES = 2**20

#: A setting with the raw value that a source gives it and the place, for messages and ``config show --origin``.
Given = tuple[Setting, object, str]


def config_file(environ: Mapping[str, str]) -> tuple[Path, bool]:
    """The settings file, and whether it was named (then it must exist)."""
    if named := environ.get("DTF_CONFIG"):
        return Path(named).expanduser().absolute(), True
    base = environ.get("XDG_CONFIG_HOME") or str(_home(environ) / ".config")
    return Path(base) / "dtf" / "config.toml", False


def default_state_dir(environ: Mapping[str, str]) -> Path:
    """``~/.local/state/dtf``, or below ``XDG_STATE_HOME``."""
    base = environ.get("XDG_STATE_HOME") or str(_home(environ) / ".local" / "state")
    return (Path(base) / "dtf").absolute()


def _home(environ: Mapping[str, str]) -> Path:
    return Path(environ["HOME"]) if environ.get("HOME") else Path.home()


def from_file(environ: Mapping[str, str], problems: list[str]) -> Iterator[Given]:
    """What the settings file gives; what is wrong with it is added to ``problems``."""
    file, named = config_file(environ)
    table = _read(file, named, problems)
    for key, raw in table.items():
        if key in BY_NAME:
            yield BY_NAME[key], raw, f"{file}: {key}"
        else:
            problems.append(f"{file}: unknown key {key[:80]!r}{did_you_mean(key, BY_NAME)}")


def _read(file: Path, named: bool, problems: list[str]) -> dict[str, object]:
    try:
        return tomllib.loads(read_small_file(file, _MOST_BYTES).decode())
    except (FileNotFoundError, NotADirectoryError):
        if named:
            problems.append(f"{file}: there is no such file (DTF_CONFIG names it)")
    except (OSError, ValueError, RecursionError) as error:  # TOML and UTF-8 errors are ValueErrors
        problems.append(f"{file}: {error}")
    return {}


def from_environment(environ: Mapping[str, str], problems: list[str]) -> Iterator[Given]:
    """What ``DTF_*`` variables give; unknown ones are added to ``problems``. An empty one counts as unset."""
    for name in sorted(environ):
        if not name.startswith("DTF_") or name in NOT_SETTINGS or name.startswith(TEST_PREFIX):
            continue
        if name not in BY_VARIABLE:
            known = sorted({*BY_VARIABLE, *NOT_SETTINGS})
            problems.append(f"environment: unknown variable {name[:80]}{did_you_mean(name, known)}")
        elif environ[name]:
            yield BY_VARIABLE[name], environ[name], name


def from_flags(overrides: Mapping[str, object], problems: list[str]) -> Iterator[Given]:
    """What the command line gives; None counts as not given."""
    for name, raw in overrides.items():
        if name not in BY_NAME:
            problems.append(f"flag: unknown setting {name!r}{did_you_mean(name, BY_NAME)}")
        elif raw is not None:
            yield BY_NAME[name], raw, "--" + name.replace("_", "-")
