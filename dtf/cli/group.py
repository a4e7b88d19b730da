"""The click group that imports a command when it is called."""

from importlib import import_module
from typing import Any

import click

from dtf.cli.catalogue import CATALOGUE
from dtf.domain.suggestion import did_you_mean


class LazyGroup(click.Group):
    """Knows its commands from the catalogue and imports only the one that is used."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  # click's signature
        """The names of all commands that people use, in the order of the catalogue."""
        return [name for name, entry in CATALOGUE.items() if not entry.hidden]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002  # as above
        """Import a command."""
        entry = CATALOGUE.get(cmd_name)
        if entry is None:
            return None
        command: click.Command = import_module(f"dtf.cli.commands.{entry.module}").command
        return command

    def resolve_command(self, ctx: click.Context, args: list[str]) -> tuple[Any, Any, list[str]]:
        """Find the command, or say which one was probably meant."""
        name = args[0]
        if name not in CATALOGUE and not name.startswith("-"):
            hint = did_you_mean(name, self.list_commands(ctx))
            raise click.UsageError(f"there is no command {name[:100]!r}{hint}", ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands without importing them."""
        rows = [(name, CATALOGUE[name].help) for name in self.list_commands(ctx)]
        with formatter.section("Commands"):
            formatter.write_dl(rows)
