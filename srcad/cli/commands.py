"""The command and its subcommands. Exit status 0 is clean, 1 differs, 2 trouble; what is no result goes to standard error."""

from __future__ import annotations

import click

from srcad import __version__
from srcad.cli.cache import cache
from srcad.cli.diff import diff
from srcad.cli.doctor import doctor
from srcad.cli.dump import dump
from srcad.cli.explain import explain
from srcad.cli.generate import generate
from srcad.cli.report import report
from srcad.cli.verify import verify

__all__ = ["command"]


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__)
def command() -> None:
    """Read a NumPy function, write its derivative."""


for each in (dump, verify, generate, diff, report, explain, cache, doctor):
    command.add_command(each)
