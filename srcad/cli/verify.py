"""`srcad verify`: a derivative against differences of the function."""

from __future__ import annotations

import dataclasses
import json
import sys
from collections.abc import Iterator
from typing import Any

import click
import numpy as np

from srcad.api.request import Request
from srcad.cli.asking import asking, guarded
from srcad.cli.draws import arguments
from srcad.cli.expression import Asked, asked
from srcad.verify import Report, check, cotangent, stacked_calls, tangents

__all__ = ["points", "verified", "verify"]


@click.command()
@asking
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
@click.option("--format", "form", type=click.Choice(["text", "json", "github"]), default="text")
def verify(
    where: str,
    expression: str,
    args: tuple[str, ...],
    draws: int,
    seed: int,
    rtol: float | None,
    second: bool,
    form: str,
) -> None:
    """Hold a derivative against differences of the function, at random arguments."""
    report, sizes = guarded(lambda: verified(where, expression, args, draws, seed, rtol))
    if second:
        more = f"jacrev({expression if '(' in expression else f'grad({expression})'})"
        other, _ = guarded(lambda: verified(where, more, args, draws, seed, rtol))
        report = Report(report.title, [*report.rows, *other.as_second().rows])
    if form == "json":
        click.echo(json.dumps(_plain(report), indent=2))
    elif form == "github":
        for row in report:
            if not row.ok:
                said = " ".join(filter(None, row.cells()))
                click.echo(f"::error title=srcad verify::{report.title}: {said}")
    elif sys.stdout.isatty():
        _show(report)
    else:
        click.echo(str(report))
    drawn = f"{len(sizes)} random points" if len(sizes) > 1 else "one random point"
    click.echo(f"at {drawn}{''.join(f'; {each}' for each in sizes if each)}", err=True)
    sys.exit(0 if report.ok else 1)


def verified(
    where: str, expression: str, args: tuple[str, ...], draws: int, seed: int, rtol: float | None
) -> tuple[Report, list[str]]:
    """The report about the text that `dump` prints, over several draws, and the sizes that were drawn."""
    wanted = asked(where, expression, args)
    request, made = wanted.made()
    derivative = wanted.loaded(request, made)
    reports, shown = [], []
    for sizes, given in points(wanted, request, draws, seed):
        report = check(
            derivative,
            request.transform,
            wanted.inner,
            given,
            argnums=request.argnums,
            has_aux=request.has_aux,
            dims=(request.in_dims, request.out_dims),
            rtol=rtol,
            seed=seed,
        )
        reports.append(report)
        shown.append(" ".join(f"{name}={size}" for name, size in sizes.items()))
    return Report.merged(reports), shown


def points(
    wanted: Asked, request: Request, draws: int, seed: int
) -> Iterator[tuple[dict[str, int], tuple[Any, ...]]]:
    """Sizes and arguments at which a derivative can be called, the cotangent or the tangents that it takes among them."""
    dims = (request.in_dims, request.out_dims)

    def called(*given: Any) -> Any:
        """What must give numbers at the arguments: the function, or where it is mapped what it stands for."""
        if request.transform == "vmap":
            return stacked_calls(wanted.inner, given, dims)
        maps = any(inner.transform == "vmap" for inner in request.chain())
        return (wanted.inner if maps else wanted.function)(*given)

    called.__name__ = getattr(wanted.function, "__name__", "it")
    drawn = arguments(called, wanted.spec, wanted.defaults, draws, seed)
    for draw, (sizes, values) in enumerate(drawn):
        given = tuple(values.values())
        if request.transform == "vjp":
            given = (*given, cotangent(wanted.inner, given, seed=seed + draw))
        elif request.transform in ("jvp", "linearize"):
            given = (*given, *tangents(wanted.inner, given, request.argnums, seed=seed + draw))
        yield sizes, given


def _plain(report: Report) -> dict[str, Any]:
    """The report as JSON has it; numbers that JSON has not are texts."""

    def plain(value: Any) -> Any:
        if isinstance(value, (float, np.floating)):
            return float(value) if np.isfinite(value) else str(value)
        return list(value) if isinstance(value, tuple) else value

    rows = [
        {**{key: plain(value) for key, value in dataclasses.asdict(row).items()}, "ok": row.ok}
        for row in report
    ]
    return {"title": report.title, "ok": report.ok, "rows": rows}


def _show(report: Report) -> None:
    """The table, with colours."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console()
    console.print(Text(report.title, style="bold"))
    table = Table(box=None, pad_edge=False)
    names, *rows = report.table()
    for column in names:
        table.add_column(column, overflow="fold")
    for row, cells in zip(report, rows):
        table.add_row(*map(Text, cells), style="" if row.ok else "bold red")
    console.print(table)
