"""`srcad report`: a page of functions and their derivatives, side by side."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from srcad import __version__
from srcad.api.views import derived
from srcad.cli.asking import guarded, write
from srcad.cli.expression import Asked, asked_of, find, load_module, parameters_of, read_expression
from srcad.cli.project import Wanted, declared, project
from srcad.errors import ArgumentValueError
from srcad.page import Derived, View, page, view

__all__ = ["derived_of", "report"]


@click.command()
@click.argument("where", metavar="[FILE_OR_MODULE", required=False)
@click.argument("expressions", metavar="EXPRESSION...]", nargs=-1)
@click.option(
    "--html",
    "output",
    required=True,
    metavar="OUT",
    type=click.Path(path_type=Path, dir_okay=False),
    help="The file to write.",
)
@click.option(
    "--arg",
    "args",
    multiple=True,
    metavar="SPEC",
    help='An argument of the functions: "x: float64[n, m]".',
)
def report(
    where: str | None, expressions: tuple[str, ...], output: Path, args: tuple[str, ...]
) -> None:
    """Write a page that shows derivatives beside their functions; without a file, all that [tool.srcad] lists.

    The page is one file, and loads nothing. Lines that belong to each other light up together.
    """
    if where is not None and not expressions:
        raise click.UsageError("Name derivatives of the file, or no file for all of [tool.srcad].")
    guarded(
        lambda: write(output, page(_views(where, expressions, args), "srcad report", __version__))
    )


def _views(where: str | None, expressions: tuple[str, ...], args: tuple[str, ...]) -> list[View]:
    """What the page shows: the derivatives of one function stand together."""
    if where is None:
        wanted = [
            (output.where, each) for output in project(Path.cwd()) for each in output.derivatives
        ]
    else:
        _fitting(where, expressions, args)
        wanted = [(where, Wanted(each, tuple(f"?{arg}" for arg in args))) for each in expressions]
    functions: dict[tuple[str, str], tuple[Any, list[Derived]]] = {}
    for home, each in wanted:
        module = load_module(home)
        found = asked_of(module, each.expression, declared(module, each))
        _, known = functions.setdefault((home, found.name), (found.function, []))
        known.append(derived_of(found, each.expression))
    return [view(function, known) for function, known in functions.values()]


def _fitting(where: str, expressions: tuple[str, ...], args: tuple[str, ...]) -> None:
    """Each declaration is of an argument that some function has. Raises ArgumentValueError."""
    module = load_module(where)
    functions = [find(module, read_expression(each)[0]) for each in expressions]
    names = {name for function in functions for name in parameters_of(function)}
    for arg in args:
        if (name := arg.partition(":")[0].strip()) not in names:
            raise ArgumentValueError(
                f"no function has an argument `{name}`",
                reason=f"They take {', '.join(sorted(names)) or 'none'}.",
            )


def derived_of(found: Asked, expression: str) -> Derived:
    """A derivative that the command line asks for, after each stage."""
    request, _ = found.made()
    label = expression if "(" in expression else f"{request.transform}({expression})"
    return derived(label, found.spec, request, lambda stage: found.made(stage=stage)[1])
