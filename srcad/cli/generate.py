"""`srcad generate`: the derivatives that a project keeps in files."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import click

from srcad.api.records import MARK, read_header
from srcad.cli.asking import guarded, write
from srcad.cli.kept import Status, difference, read, render, status, unlisted
from srcad.cli.project import Output, project
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
@click.option("--strict", is_flag=True, help="Every byte counts, those of versions too.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "github"]),
    default="text",
    help="How --check reports.",
)
def generate(files: tuple[str, ...], check: bool, show: bool, strict: bool, form: str) -> None:
    """Write the derivatives that [tool.srcad] in pyproject.toml lists, or hold what is there against them.

    Exit status 0: all are current, or written; 1: some are not; 2: trouble.
    """
    outputs = guarded(lambda: _listed(files))
    if not (check or show):
        for output in outputs:
            written = guarded(lambda output=output: _written(output, strict))  # type: ignore[misc]
            click.echo(f"{output.file}: {'written' if written else 'unchanged'}", err=True)
        return
    found, in_trouble = [], False
    for output in outputs:
        try:
            found.append(guarded(lambda output=output: status(output, strict=strict)))  # type: ignore[misc]
        except SystemExit:  # it has been said; the other files are looked at all the same
            in_trouble = True
    if not files:
        found += guarded(lambda: list(unlisted(outputs)))
    stale = [each for each in found if each.state != "current"]
    _report(found, form)
    if show and form == "text":
        for each in stale:
            if each.made:
                click.echo(difference(each), nl=False)
    sys.exit(2 if in_trouble else 1 if stale else 0)


def _written(output: Output, strict: bool) -> bool:
    """Write a file, unless nothing but the version has changed, or with `strict` nothing at all.

    Raises ArgumentValueError for a file that srcad has not made.
    """
    text = render(output)
    if output.path.is_file():
        old = read(output.path)
        if old.strip() and not old.startswith(MARK):
            raise ArgumentValueError(
                f"{output.file} is there, and srcad has not made it",
                reason="Remove it, or list another file.",
            )
        before, after = read_header(old), read_header(text)
        stamped = before is not None and before.sealed == before.digests.get("body")
        same = after is not None and before is not None and before.sealed == after.sealed
        if old == text or (stamped and same and not strict):
            return False
    output.path.parent.mkdir(parents=True, exist_ok=True)
    write(output.path, text)
    return True


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
    if form == "json":
        rows = [
            {"file": each.file, "state": each.state, "detail": each.detail, "line": each.line}
            for each in found
        ]
        click.echo(json.dumps(rows, indent=2))
    for each in found:
        if each.state == "current":
            continue
        if form == "github":
            file = _escaped(_in_workspace(each)).replace(":", "%3A").replace(",", "%2C")
            said = _escaped(f"{each.state}{f': {each.detail}' if each.detail else ''}")
            click.echo(f"::error file={file},line={each.line},title=srcad generate::{said}")
        elif form == "text":
            click.echo(str(each))


def _in_workspace(found: Status) -> str:
    """A file as GitHub names it: relative to the repository, of which the project may be a folder."""
    home = os.environ.get("GITHUB_WORKSPACE")
    path = found.path.resolve()
    if home and path.is_relative_to(Path(home).resolve()):
        return path.relative_to(Path(home).resolve()).as_posix()
    return found.file


def _escaped(text: str) -> str:
    """Text of a GitHub annotation."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
