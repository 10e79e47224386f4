"""Commands: dump and verify."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from srcad.cli.expression import derivative_text
from srcad.errors import SrcadError

__all__ = ["command"]


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="srcad")
def command() -> None:
    """Read a NumPy function, write its derivative."""


@command.command()
@click.argument("where", metavar="FILE_OR_MODULE")
@click.argument("expression")
@click.option("--arg", "args", multiple=True, help='An argument of the function: "x: float64[n, m]".')
@click.option("--stage", type=click.Choice(["parse", "transform", "vectorize", "simplify"]), help="Show Core after a stage.")
@click.option("--standalone", is_flag=True, help="Import NumPy, and what the function itself imports, alone.")
@click.option("--output", type=click.Path(path_type=Path), help="Write to a file.")
def dump(where: str, expression: str, args: tuple[str, ...], stage: str | None, standalone: bool, output: Path | None) -> None:
    """Print the text of a derivative, such as `grad(loss)` or `jacrev(f, argnums=(0, 1))`."""
    text = _guarded(lambda: derivative_text(where, expression, args, stage=stage, standalone=standalone))
    if output is not None:
        output.write_text(text)
    elif sys.stdout.isatty():
        from rich.console import Console
        from rich.syntax import Syntax

        Console().print(Syntax(text, "python", background_color="default"))
    else:
        sys.stdout.write(text)


def _guarded(action: Any) -> Any:
    """Run, with the trouble of the user's on standard error and exit status 2."""
    try:
        return action()
    except SrcadError as error:
        message = str(error)
        if error.place is None:
            message = f"{type(error).__name__}: {message}"
        click.echo(message, err=True)
        sys.exit(2)
    except FileNotFoundError as error:
        click.echo(f"{error.filename}: no such file", err=True)
        sys.exit(2)
