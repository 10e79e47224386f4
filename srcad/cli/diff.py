"""`srcad diff`: how derivatives changed since a git revision."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import click

from srcad.cli.asking import guarded
from srcad.cli.differences import Change, change, source_of, values_differ
from srcad.cli.expression import NoFunctionError, asked_of, load_module
from srcad.cli.project import Wanted, declared, project
from srcad.cli.revisions import Revision
from srcad.errors import ArgumentValueError, SourceNotFoundError

__all__ = ["diff"]


@click.command()
@click.argument("where", metavar="[FILE_OR_MODULE", required=False)
@click.argument("expression", metavar="EXPRESSION]", required=False)
@click.option(
    "--arg",
    "args",
    multiple=True,
    metavar="SPEC",
    help='An argument of the function: "x: float64[n, m]".',
)
@click.option("--against", required=True, metavar="REV", help="The git revision to compare with.")
@click.option("--numeric", is_flag=True, help="Compare values at random arguments, too.")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text")
def diff(
    where: str | None,
    expression: str | None,
    args: tuple[str, ...],
    against: str,
    numeric: bool,
    form: str,
) -> None:
    """How a derivative changed since a git revision; without a file, all that [tool.srcad] lists."""
    if where is not None and expression is None:
        raise click.UsageError("Name a derivative of the file, or no file for all of [tool.srcad].")
    found = guarded(lambda: _changes(where, expression, args, against, numeric))
    if form == "json":
        click.echo(json.dumps([each._asdict() for each in found], indent=2))
    for each in found if form == "text" else []:
        numbers = f"; {each.numeric}" if each.numeric else ""
        click.echo(f"{each.name}: {each.kind}{numbers}")
        if each.differs and each.diff:
            click.echo(each.diff)
    sys.exit(1 if any(each.differs for each in found) else 0)


def _changes(
    where: str | None, expression: str | None, args: tuple[str, ...], against: str, numeric: bool
) -> list[Change]:
    revision = Revision(Path.cwd(), against)
    if where is not None and expression is not None:
        wanted = [(where, Wanted(expression, args))]
    else:
        wanted = [
            (output.where, each) for output in project(Path.cwd()) for each in output.derivatives
        ]
    return [_change(revision, home, each, numeric) for home, each in wanted]


def _change(revision: Revision, where: str, wanted: Wanted, numeric: bool) -> Change:
    sides: list[Any] = []
    absent: tuple[Any, ...]
    for load, absent in (
        (revision.module, (SourceNotFoundError,)),
        (load_module, (FileNotFoundError,)),  # what cannot be imported is trouble
    ):
        try:
            module = load(where)
            given = declared(module, wanted)
        except (*absent, NoFunctionError):
            sides.append(None)
            continue
        asking = asked_of(module, wanted.expression, given)
        _, made = asking.made()
        sides.append((asking, made.names["entry"], made.text, source_of(asking.function)))
    old, new = sides
    if old is None and new is None:
        raise ArgumentValueError(
            f"neither revision has what `{wanted.expression}` names",
            reason="Name a function of the module.",
        )
    name = wanted.name or (new or old)[1]
    edited = old is not None and new is not None and old[3] != new[3]
    found = change(name, old and old[2], new and new[2], edited)
    if numeric and old is not None and new is not None:
        found = found._replace(numeric=values_differ(old[0], new[0]))
    return found
