"""`srcad generate`: the derivatives that a project keeps in files."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click

from srcad.cli.asking import guarded, write
from srcad.cli.project import Output, Status, difference, project, render, status
from srcad.errors import ArgumentValueError

__all__ = ["generate"]


@click.command()
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
    outputs = guarded(lambda: _listed(files))
    if not (check or show):
        for output in outputs:
            text = guarded(lambda output=output: render(output))  # type: ignore[misc]
            kept = output.path.is_file() and output.path.read_text(encoding="utf-8") == text
            if not kept:
                guarded(lambda output=output, text=text: write(output.path, text))  # type: ignore[misc]
            click.echo(f"{output.file}: {'unchanged' if kept else 'written'}", err=True)
        return
    found = [guarded(lambda output=output: status(output, strict=strict)) for output in outputs]  # type: ignore[misc]
    stale = [each for each in found if each.state != "current"]
    _report(found, form)
    if show:
        for each in stale:
            click.echo(difference(each), nl=False)
    sys.exit(1 if stale else 0)


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
