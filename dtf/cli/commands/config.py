"""``dtf config``."""

import click

from dtf.cli.options import json_option
from dtf.cli.terminal.output import Output
from dtf.domain.escape import one_line
from dtf.settings import load_settings, mask


@click.group("config")
def command() -> None:
    """Show the settings and where they come from."""


@command.command("show")
@click.option("--origin", is_flag=True, help="Where each value comes from.")
@json_option
def show(origin: bool, as_json: bool) -> int:
    """Show every setting; passwords are masked."""
    output = Output(json_mode=as_json)
    settings = load_settings()
    values = settings.shown()
    origins = {name: mask(place) for name, place in settings.origins.items()}
    output.data({"mode": str(settings.mode), "settings": values, "origins": origins})
    for name, value in values.items():
        shown = "(not set)" if value is None or value == "" else one_line(str(value))
        output.line(f"{name} = {shown}" + (f"  # {one_line(origins[name])}" if origin else ""))
    return 0
