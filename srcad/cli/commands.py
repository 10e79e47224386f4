"""The command and its subcommands. Exit status 0 is clean, 1 differs, 2 trouble; what is no result goes to standard error."""

from __future__ import annotations

from typing import Any

import click

from srcad import __version__
from srcad.cli.diff import diff
from srcad.cli.dump import dump
from srcad.cli.generate import generate
from srcad.cli.verify import verify

__all__ = ["command"]

LATER = ("explain", "report", "cache", "doctor")


class Commands(click.Group):
    """The commands, with a clear word about those that come later."""

    def resolve_command(self, ctx: click.Context, args: list[str]) -> Any:
        if args and args[0] in LATER:
            ctx.fail(f"`{args[0]}` is not implemented yet: it comes with a later version of srcad.")
        return super().resolve_command(ctx, args)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__)
def command() -> None:
    """Read a NumPy function, write its derivative."""


for each in (dump, verify, generate, diff):
    command.add_command(each)
