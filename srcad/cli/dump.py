"""`srcad dump`: the text of a derivative."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from srcad.cli.asking import asking, guarded, write
from srcad.cli.expression import derivative_text

__all__ = ["dump"]


@click.command()
@asking
@click.option(
    "--stage",
    type=click.Choice(["parse", "transform", "vectorize", "simplify"]),
    help="Show Core, the language of the stages, after one of them.",
)
@click.option(
    "--standalone", is_flag=True, help="Import NumPy, and what the function itself imports, alone."
)
@click.option("--output", type=click.Path(path_type=Path, dir_okay=False), help="Write to a file.")
def dump(
    where: str,
    expression: str,
    args: tuple[str, ...],
    stage: str | None,
    standalone: bool,
    output: Path | None,
) -> None:
    """Print the text of a derivative, such as `grad(loss)` or `jacrev(f, argnums=(0, 1))`."""
    text = guarded(
        lambda: derivative_text(where, expression, args, stage=stage, standalone=standalone)
    )
    if output is not None:
        guarded(lambda: write(output, text))
    elif sys.stdout.isatty():
        from rich.console import Console
        from rich.syntax import Syntax

        shown = Syntax("", "python", theme="ansi_dark", background_color="default").highlight(text)
        Console().print(shown, soft_wrap=True, end="")
    else:
        click.echo(text.encode(), nl=False)  # the same bytes on any machine
