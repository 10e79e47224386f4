"""`srcad explain`: what the compiler knows of a derivative, or of one line of the function."""

from __future__ import annotations

import contextlib
import json
import sys
from typing import Any

import click

from srcad.api.explain import Explanation, explained
from srcad.api.export import exported
from srcad.api.facts import Facts
from srcad.api.request import Generated
from srcad.cli.asking import asking, guarded
from srcad.cli.expression import Asked, asked
from srcad.errors import ArgumentError, SrcadError

__all__ = ["explain"]


@click.command()
@asking
@click.option("--line", type=click.IntRange(1), help="Explain one line of the function.")
@click.option(
    "--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True
)
def explain(
    where: str, expression: str, args: tuple[str, ...], line: int | None, form: str
) -> None:
    """Say what is active, what is saved and why, and what a derivative costs; of a line, why it has an adjoint or none."""
    wanted = guarded(lambda: asked(where, expression, args, chunks=True, sparse=True))
    refusal: list[SrcadError] = []

    def known() -> Explanation | None:
        facts = Facts()
        try:
            request, made = wanted.made(facts=facts)
        except SrcadError as error:
            if line is None or error.place is None:
                raise
            refusal.append(error)
            return None
        found = explained(request, made, facts, wanted.note, _front(wanted, made))
        if "auto" in found.note:
            found.note = found.chunk_note()
        return found

    found = guarded(known)
    if found is None:
        click.echo(_refused(wanted, refusal[0], line, form), nl=False)
        sys.exit(1)
    if form == "json":
        told: Any = found.as_json() if line is None else found.line_as_json(line)
        click.echo(json.dumps(told, indent=2))
    else:
        click.echo(str(found) if line is None else found.line(line), nl=False)


def _front(wanted: Asked, made: Generated) -> int:
    """How many lines `dump` puts in front of a text: imports, numbers that are written out."""
    with contextlib.suppress(ArgumentError):  # dump refuses it
        shown = exported(wanted.function, made, standalone=False)
        return shown.count("\n") - made.text.count("\n")
    return 0


def _refused(wanted: Asked, error: SrcadError, line: int | None, form: str) -> str:
    """Of a function that has no derivative, what is said of a line: that it is why, or which one is."""
    place = error.place
    assert place is not None
    here = place.line == line
    if form == "json":
        told = {
            **{"line": line, "refused": True, "here": here},
            **{"file": place.file, "refused_line": place.line, "error": type(error).__name__},
            **{"what": error.what, "reason": error.reason},
        }
        return json.dumps(told, indent=2) + "\n"
    if here:
        return f"{place.file}:{line}: refused\n{place.caret()}\n{error.what}\n{error.reason}\n"
    name = getattr(wanted.function, "__name__", "the function")
    return f"`{name}` has no derivative because of line {place.line}, and so line {line} has no adjoint either.\n{error}\n"
