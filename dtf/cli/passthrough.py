"""Commands that take words for somebody else after ``--``."""

from typing import Any

import click

#: Where the words are kept in the context's ``meta``.
_KEY = "dtf.after_double_dash"


class PassThroughCommand(click.Command):
    """Keeps what stands after the first ``--`` out of the command's own arguments."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Split at ``--`` and parse the first part."""
        if "--" in args:
            place = args.index("--")
            args, rest = args[:place], args[place + 1 :]
            ctx.meta[_KEY] = tuple(rest)
        try:
            return super().parse_args(ctx, args)
        except click.NoSuchOption as error:
            text = f"{error.format_message()} Options of the program that is run go after '--'."
            raise click.UsageError(text, ctx) from error

    def collect_usage_pieces(self, ctx: click.Context) -> list[str]:
        """The usage line, with what may follow."""
        return [*super().collect_usage_pieces(ctx), "[-- ARGUMENT...]"]


def after_double_dash(context: click.Context) -> tuple[str, ...] | None:
    """What stood after ``--``; None when there was no ``--``."""
    found: Any = context.meta.get(_KEY)
    return found if found is None else tuple(found)
