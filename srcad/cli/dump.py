"""`srcad dump`: the text of a derivative."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from srcad import __version__
from srcad.api.export import exported
from srcad.api.views import derivation
from srcad.cli.asking import asking, guarded, write
from srcad.cli.expression import asked, derivative_text
from srcad.cli.side_by_side import as_json, as_plain, show
from srcad.page import View, page, view

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
@click.option("--side-by-side", is_flag=True, help="The function on the left, by statement.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "html", "json"]),
    default="text",
    help="html: a page of both; json: the text with what is known of its lines.",
)
@click.option("--output", type=click.Path(path_type=Path, dir_okay=False), help="Write to a file.")
def dump(
    where: str,
    expression: str,
    args: tuple[str, ...],
    stage: str | None,
    standalone: bool,
    side_by_side: bool,
    form: str,
    output: Path | None,
) -> None:
    """Print the text of a derivative, such as `grad(loss)` or `jacrev(f, argnums=(0, 1))`."""
    if side_by_side and form == "json":
        raise click.UsageError("--side-by-side is for readers, --format json for machines.")
    plain = output is not None or not sys.stdout.isatty()
    if form == "text" and not side_by_side:
        text = guarded(
            lambda: derivative_text(where, expression, args, stage=stage, standalone=standalone)
        )
    else:
        shown = guarded(lambda: _shown(where, expression, args, stage, standalone))
        if form == "text" and not plain:
            show(shown)
            return
        text = _written(shown, expression, form)
    if output is not None:
        guarded(lambda: write(output, text))
    elif plain or form != "text":
        click.echo(text.encode(), nl=False)  # the same bytes on any machine
    else:
        from rich.console import Console
        from rich.syntax import Syntax

        coloured = Syntax("", "python", theme="ansi_dark", background_color="default")
        Console().print(coloured.highlight(text), soft_wrap=True, end="")


def _shown(
    where: str, expression: str, args: tuple[str, ...], stage: str | None, standalone: bool
) -> View:
    """The derivative beside its function."""
    found = asked(where, expression, args)
    _, made = found.made(stage=stage)
    text = made._replace(text=exported(found.function, made, standalone=standalone))
    known = derivation(expression, found.spec, [(stage or "text", text)], text)
    return view(found.function, [known])


def _written(shown: View, expression: str, form: str) -> str:
    if form == "json":
        return as_json(shown, expression)
    return page([shown], expression, __version__) if form == "html" else as_plain(shown)
