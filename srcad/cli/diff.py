"""`srcad diff`: how derivatives changed since a git revision."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import click

from srcad.api.request import Generated, Request
from srcad.cli.asking import guarded
from srcad.cli.differences import UNLISTED, Change, Side, change, worst
from srcad.cli.expression import (
    Asked,
    NoFunctionError,
    asked_of,
    find,
    load_module,
    parameters_of,
    read_expression,
)
from srcad.cli.project import Wanted, project
from srcad.cli.replay import LeftUndone
from srcad.cli.revisions import AbsentError, Revision
from srcad.cli.verify import points
from srcad.errors import ArgumentValueError, SrcadError

__all__ = ["diff"]

_TROUBLE = "trouble"


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
@click.option(
    "--against",
    required=True,
    metavar="REV",
    help='The git revision to compare with; "main..." is where this branch left main.',
)
@click.option("--numeric", is_flag=True, help="Compare values at random arguments, too.")
@click.option(
    "--draws",
    default=3,
    show_default=True,
    type=click.IntRange(1),
    help="With --numeric: how often arguments are drawn.",
)
@click.option(
    "--seed",
    default=0,
    show_default=True,
    type=click.IntRange(0),
    help="With --numeric: for the random numbers.",
)
@click.option("--format", "form", type=click.Choice(["text", "json", "github"]), default="text")
def diff(
    where: str | None,
    expression: str | None,
    args: tuple[str, ...],
    against: str,
    numeric: bool,
    draws: int,
    seed: int,
    form: str,
) -> None:
    """How a derivative changed since a git revision; without a file, all that [tool.srcad] lists.

    The old code is read from git and parsed; it is neither checked out nor imported. Exit status 0 where every derivative is
    the same, 1 where one differs, 2 where one cannot be compared.
    """
    if where is not None and expression is None:
        raise click.UsageError("Name a derivative of the file, or no file for all of [tool.srcad].")
    revision = guarded(lambda: Revision(Path.cwd(), against))
    if where is not None and expression is not None:
        wanted = [(where, Wanted(expression, args))]
    else:
        wanted = guarded(
            lambda: [
                (output.where, each)
                for output in project(Path.cwd())
                for each in output.derivatives
            ]
        )
    found = [] if where is not None else guarded(lambda: dropped(revision, wanted))
    for home, each in wanted:
        compared = lambda home=home, each=each: compare(revision, home, each)  # noqa: E731
        if len(wanted) > 1:  # trouble with one shall not hide the others
            made = guarded(lambda compared=compared, each=each: _tried(compared, each))  # type: ignore[misc]
        else:
            made = guarded(compared)
        if numeric and made.old is not None and made.new is not None:
            more = guarded(lambda made=made: numbers(made.old, made.new, draws, seed))  # type: ignore[misc]
            made = made._replace(change=made.change._replace(numeric=more))
        found.append(made.change)
    _show(found, form)
    if any(each.kind == _TROUBLE for each in found):
        sys.exit(2)
    sys.exit(1 if any(each.differs for each in found) else 0)


def dropped(revision: Revision, wanted: list[tuple[str, Wanted]]) -> list[Change]:
    """The derivatives that [tool.srcad] of the revision lists, and that of the working tree does not."""
    try:
        outputs = project(Path.cwd(), revision.text_at)
    except ArgumentValueError:  # it had none yet
        return []
    now = {(home, each.expression) for home, each in wanted}
    return [
        Change(each.name or each.expression, UNLISTED)
        for output in outputs
        for each in output.derivatives
        if (output.where, each.expression) not in now
    ]


class Made(NamedTuple):
    """A derivative as a revision has it."""

    asked: Asked
    request: Request
    generated: Generated


class Compared(NamedTuple):
    """A change, and the derivatives that it lies between."""

    change: Change
    old: Made | None = None
    new: Made | None = None


def _tried(compared: Callable[[], Compared], wanted: Wanted) -> Compared:
    try:
        return compared()
    except SrcadError as error:
        return Compared(Change(wanted.name or wanted.expression, _TROUBLE, detail=str(error)))


def compare(revision: Revision, where: str, wanted: Wanted) -> Compared:
    """What became of a derivative since a revision. Raises SrcadError where it cannot be made on one side."""
    old, new = _made(revision.module, where, wanted), _made(load_module, where, wanted)
    if old is None and new is None:
        raise ArgumentValueError(
            f"neither revision has what `{wanted.expression}` names",
            reason="Name a function of the module.",
        )
    one = new or old
    assert one is not None
    _all_declared(wanted, [each.asked for each in (old, new) if each is not None])
    name = wanted.name or one.generated.names["entry"]
    sides = [each and Side.of(each.asked.function, each.generated) for each in (old, new)]
    code = getattr(one.asked.function, "__code__", None)
    file = _relative(getattr(code, "co_filename", where))
    found = change(name, *sides)._replace(file=file, line=getattr(code, "co_firstlineno", 0))
    return Compared(found, old, new)


def _relative(file: str) -> str:
    path = Path(file)
    return path.relative_to(Path.cwd()).as_posix() if path.is_relative_to(Path.cwd()) else path.name


def _made(load: Callable[[str], Any], where: str, wanted: Wanted) -> Made | None:
    """The derivative of what `load` gives; None where there is no such function."""
    name = read_expression(wanted.expression)[0]
    try:
        module = load(where)
        _refuse_undone(module, name)
        takes = parameters_of(find(module, name))
    except (AbsentError, FileNotFoundError, NoFunctionError):
        return None
    given = [text.removeprefix("?") for text in wanted.args]
    asked = asked_of(module, wanted.expression, tuple(t for t in given if _named(t) in takes))
    try:
        request, made = asked.made()
    except SrcadError as error:
        words = set(re.findall(r"\w+", str(error)))
        read = next((each for each in LeftUndone.all_of(module) if each.name in words), None)
        raise (read.refuse() if read is not None else error) from None
    for reference in made.references:
        if isinstance(reference.object, LeftUndone):
            raise reference.object.refuse()
    return Made(asked, request, made)


def _refuse_undone(module: Any, name: str) -> None:
    found = module
    for part in name.split("."):
        found = getattr(found, part, None)
        if isinstance(found, LeftUndone):
            raise found.refuse()


def _named(text: str) -> str:
    return text.partition(":")[0].strip()


def _all_declared(wanted: Wanted, sides: list[Asked]) -> None:
    """Each declaration is one of an argument that the function has on one of the sides."""
    known = {name for side in sides for name in side.spec}
    for text in wanted.args:
        if not text.startswith("?") and _named(text) not in known:
            raise ArgumentValueError(
                f"`{wanted.expression}` has no argument `{_named(text)}` in either revision",
                reason=f"It takes {', '.join(sorted(known)) or 'none'}.",
            )


# Numbers.


def numbers(old: Made, new: Made, draws: int, seed: int) -> str:
    """What the values of two derivatives say at random arguments, in a few words."""
    names, others = list(new.asked.spec), list(old.asked.spec)
    if set(names) != set(others):
        one = sorted(set(names) ^ set(others))
        return f"the values were not compared: {', '.join(f'`{name}`' for name in one)} is an argument of one side only"
    first, second = (each.asked.loaded(each.request, each.generated) for each in (old, new))
    found, place = None, 0
    try:
        for draw, (_, given) in enumerate(points(new.asked, new.request, draws, seed)):
            values = dict(zip(names, given))
            ordered = [*(values[name] for name in others), *given[len(names) :]]
            here = worst(first(*_copies(ordered)), second(*_copies(given)))
            if found is None or here.ratio > found.ratio:
                found, place = here, draw
    except ArgumentValueError as error:
        return f"the values were not compared: {error.what}"
    except Exception as error:
        return f"the values were not compared: one of the derivatives raises {type(error).__name__}: {error}"
    assert found is not None
    many = f"{draws} random points" if draws > 1 else "one random point"
    if found.trouble:
        return found.trouble
    if found.ratio <= 1:
        return f"the values agree to rounding at {many}"
    index = f"[{', '.join(map(str, found.at))}]"
    where = f"output {found.output}{index if found.at else ''}, point {place}"
    return (
        f"the values differ at {many}, most at {where}: "
        f"{found.old:.8g} was, {found.new:.8g} is ({found.allowed:.1e} allowed)"
    )


def _copies(values: Any) -> list[Any]:
    from srcad.core.pytrees import own, rebuild

    return [rebuild(value, own) for value in values]


# Words.


def _show(found: list[Change], form: str) -> None:
    if form == "json":
        rows = [{**each._asdict(), "differs": each.differs} for each in found]
        click.echo(json.dumps(rows, indent=2))
        return
    for each in found:
        if form == "github":
            if each.differs:
                level = "error" if each.kind == _TROUBLE else "warning"
                place = f"file={each.file},line={each.line}," if each.file else ""
                said = "\n".join(filter(None, [str(each), each.diff]))
                click.echo(f"::{level} {place}title=srcad diff::{_escaped(said)}")
        elif each.kind == _TROUBLE:
            click.echo(str(each), err=True)
        else:
            click.secho(str(each), bold=each.differs)
            for line in each.diff.splitlines() if each.differs else []:
                click.secho(line, fg=_COLOURS.get(line[0]))


_COLOURS = {"@": "cyan", "+": "green", "-": "red"}


def _escaped(text: str) -> str:
    """A message of a workflow command."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
