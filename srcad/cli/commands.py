"""Commands: dump, verify and generate. Exit status 0 is clean, 1 differs, 2 trouble; what is no result goes to standard error."""

from __future__ import annotations

import contextlib
import json
import os
import sys
import tempfile
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from srcad import __version__
from srcad.cli.differences import Change, change, source_of, values_differ
from srcad.cli.draws import arguments
from srcad.cli.expression import NoFunctionError, asked, asked_of, derivative_text, load_module
from srcad.cli.project import (
    Output,
    Status,
    Wanted,
    declared,
    difference,
    project,
    render,
    status,
)
from srcad.cli.revisions import Revision
from srcad.errors import ArgumentValueError, SourceNotFoundError, SrcadError
from srcad.verify import Report, check, cotangent, stacked_calls, tangents

__all__ = ["command"]

LATER = ("explain", "report", "cache", "doctor")

T = TypeVar("T")


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


def _asking(action: Any) -> Any:
    """The words that every command about a derivative takes."""
    declared = click.option(
        "--arg",
        "args",
        multiple=True,
        metavar="SPEC",
        help='An argument of the function: "x: float64[n, m]".',
    )
    where = click.argument("where", metavar="FILE_OR_MODULE")
    return where(click.argument("expression")(declared(action)))


@command.command()
@_asking
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
    text = _guarded(
        lambda: derivative_text(where, expression, args, stage=stage, standalone=standalone)
    )
    if output is not None:
        _guarded(lambda: _write(output, text))
    elif sys.stdout.isatty():
        from rich.console import Console
        from rich.syntax import Syntax

        shown = Syntax("", "python", theme="ansi_dark", background_color="default").highlight(text)
        Console().print(shown, soft_wrap=True, end="")
    else:
        click.echo(text.encode(), nl=False)  # the same bytes on any machine


def _write(output: Path, text: str) -> None:
    """Write a file as a whole or not at all."""
    if output.exists() and not output.is_file():  # a terminal, a pipe
        output.write_bytes(text.encode())
        return
    try:
        handle, temporary = tempfile.mkstemp(dir=output.parent, prefix=f".{output.name}-")
    except OSError as error:
        raise type(error)(error.errno, error.strerror, str(output)) from None
    try:
        with open(handle, "wb") as file:
            file.write(text.encode())
        mode = output.stat().st_mode & 0o777 if output.exists() else 0o666 & ~_umask()
        os.chmod(temporary, mode)
        os.replace(temporary, output.resolve())
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise


def _umask() -> int:
    mask = os.umask(0o077)
    os.umask(mask)
    return mask


@command.command()
@_asking
@click.option(
    "--draws",
    default=3,
    show_default=True,
    type=click.IntRange(1),
    help="How often arguments are drawn.",
)
@click.option(
    "--seed", default=0, show_default=True, type=click.IntRange(0), help="For the random numbers."
)
@click.option("--rtol", type=click.FloatRange(0.0), help="The relative error allowed.")
@click.option("--second", is_flag=True, help="The derivative of the derivative, too.")
def verify(
    where: str,
    expression: str,
    args: tuple[str, ...],
    draws: int,
    seed: int,
    rtol: float | None,
    second: bool,
) -> None:
    """Hold a derivative against differences of the function, at random arguments."""
    report, sizes = _guarded(lambda: _verified(where, expression, args, draws, seed, rtol))
    if second:
        more = f"jacrev({expression if '(' in expression else f'grad({expression})'})"
        other, _ = _guarded(lambda: _verified(where, more, args, draws, seed, rtol))
        report = Report(report.title, [*report.rows, *other.as_second().rows])
    if sys.stdout.isatty():
        _show(report)
    else:
        click.echo(str(report))
    drawn = f"{len(sizes)} random points" if len(sizes) > 1 else "one random point"
    click.echo(f"at {drawn}{''.join(f'; {each}' for each in sizes if each)}", err=True)
    sys.exit(0 if report.ok else 1)


def _verified(
    where: str, expression: str, args: tuple[str, ...], draws: int, seed: int, rtol: float | None
) -> tuple[Report, list[str]]:
    """The report about the text that `dump` prints, over several draws, and the sizes that were drawn."""
    wanted = asked(where, expression, args)
    request, made = wanted.made()
    derivative = wanted.loaded(request, made)
    reports, shown = [], []
    dims = (request.in_dims, request.out_dims)

    def called(*given: Any) -> Any:
        """What must give numbers at the arguments: the function, or where it is mapped what it stands for."""
        if request.transform == "vmap":
            return stacked_calls(wanted.inner, given, dims)
        maps = any(inner.transform == "vmap" for inner in request.chain())
        return (wanted.inner if maps else wanted.function)(*given)

    called.__name__ = getattr(wanted.function, "__name__", "it")
    for draw, (sizes, values) in enumerate(
        arguments(called, wanted.spec, wanted.defaults, draws, seed)
    ):
        given = tuple(values.values())
        if request.transform == "vjp":
            given = (*given, cotangent(wanted.inner, given, seed=seed + draw))
        elif request.transform in ("jvp", "linearize"):
            given = (*given, *tangents(wanted.inner, given, request.argnums, seed=seed + draw))
        report = check(
            derivative,
            request.transform,
            wanted.inner,
            given,
            argnums=request.argnums,
            has_aux=request.has_aux,
            dims=dims,
            rtol=rtol,
            seed=seed,
        )
        reports.append(report)
        shown.append(" ".join(f"{name}={size}" for name, size in sizes.items()))
    return Report.merged(reports), shown


def _show(report: Report) -> None:
    """The table, with colours."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console()
    console.print(Text(report.title, style="bold"))
    table = Table(box=None, pad_edge=False)
    for column in report.columns:
        table.add_column(column, overflow="fold")
    for row in report:
        table.add_row(*map(Text, row.cells()), style="" if row.ok else "bold red")
    console.print(table)


@command.command()
@click.argument("files", nargs=-1, metavar="[FILE]...")
@click.option(
    "--check",
    is_flag=True,
    help="Write nothing; exit status 1 where a file is not what would be written.",
)
@click.option("--diff", "show", is_flag=True, help="As --check, and show what would change.")
@click.option("--strict", is_flag=True, help="With --check: headers count, too.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "github"]),
    default="text",
    help="How --check reports.",
)
def generate(files: tuple[str, ...], check: bool, show: bool, strict: bool, form: str) -> None:
    """Write the derivatives that [tool.srcad] in pyproject.toml lists, or hold what is there against them."""
    outputs = _guarded(lambda: _listed(files))
    if not (check or show):
        for output in outputs:
            text = _guarded(lambda output=output: render(output))  # type: ignore[misc]
            kept = output.path.is_file() and output.path.read_text(encoding="utf-8") == text
            if not kept:
                _guarded(lambda output=output, text=text: _write(output.path, text))  # type: ignore[misc]
            click.echo(f"{output.file}: {'unchanged' if kept else 'written'}", err=True)
        return
    found = [_guarded(lambda output=output: status(output, strict=strict)) for output in outputs]  # type: ignore[misc]
    stale = [each for each in found if each.state != "current"]
    _report(found, form)
    if show:
        for each in stale:
            click.echo(difference(each), nl=False)
    sys.exit(1 if stale else 0)


@command.command()
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
    found = _guarded(lambda: _changes(where, expression, args, against, numeric))
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


def _listed(files: tuple[str, ...]) -> list[Output]:
    """The outputs of the project, or those of them that are named."""
    outputs = project(Path.cwd())
    if not files:
        return outputs
    wanted = {Path(file).resolve() for file in files}
    found = [output for output in outputs if output.path.resolve() in wanted]
    unknown = wanted - {output.path.resolve() for output in found}
    if unknown:
        raise ArgumentValueError(
            f"`{min(path.name for path in unknown)}` is not listed in [tool.srcad]",
            reason=f"It lists {', '.join(output.file for output in outputs)}.",
        )
    return found


def _report(found: list[Status], form: str) -> None:
    """One line for each file that is not current; for machines all of them."""
    stale = [each for each in found if each.state != "current"]
    if form == "json":
        rows = [
            {"file": each.output.file, "state": each.state, "detail": each.detail} for each in found
        ]
        click.echo(json.dumps(rows, indent=2))
    for each in stale:
        if form == "github":
            detail = f"{each.state}{f': {each.detail}' if each.detail else ''}"
            click.echo(f"::error file={each.output.file},line=1,title=srcad generate::{detail}")
        elif form == "text":
            click.echo(str(each))


def _guarded(action: Callable[[], T]) -> T:
    """Run; trouble goes to standard error, and the exit status is 2."""
    try:
        with contextlib.redirect_stdout(sys.stderr):  # what the user's own code prints is no result
            return action()
    except SrcadError as error:
        message = str(error)
        if error.place is None:
            message = f"{type(error).__name__}: {message}"
        click.echo(message, err=True)
    except OSError as error:
        click.echo(f"{error.filename}: {(error.strerror or str(error)).lower()}", err=True)
    except Exception:
        click.echo(traceback.format_exc(), err=True, nl=False)
        click.echo("srcad failed where it should not: please report this.", err=True)
    sys.exit(2)
