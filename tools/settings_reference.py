"""Writes docs/settings.md from the settings themselves."""

from pathlib import Path

from dtf.settings.fields import SETTINGS, Setting

PAGE = Path(__file__).resolve().parent.parent / "docs" / "settings.md"

HEAD = """# Settings

Generated from the settings themselves by `make docs`. No setting is needed.

A setting's value is the first that is found of: the command's flag where there is one, the environment variable, the
TOML file (`DTF_CONFIG`, else `~/.config/dtf/config.toml`), the default; for `state_dir` that is `~/.local/state/dtf`.
`dtf config show --origin` shows every value and where it comes from, secrets masked. An unknown key or variable is an
error with the nearest name; all errors are reported at once.

| key in TOML | variable | default | what it is |
|---|---|---|---|
"""


def page() -> str:
    """The whole page."""
    return HEAD + "".join(_row(setting) for setting in SETTINGS)


def _row(setting: Setting) -> str:
    default = (
        ""
        if setting.default is None
        else f"{setting.default:g}"
        if isinstance(setting.default, float)
        else setting.default
    )
    return f"| `{setting.name}` | `{setting.variable}` | {default} | {setting.help} |\n"


if __name__ == "__main__":
    PAGE.write_text(page())
