"""`srcad cache`: where generated texts are kept, which there are, and their removal."""

from __future__ import annotations

import json
import sys
import time
from typing import Any

import click

from srcad.loader import default_cache
from srcad.loader.cache import Kept

__all__ = ["cache"]

FORMAT = click.option(
    "--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True
)


@click.group()
def cache() -> None:
    """Look at the cache of generated texts, or empty it."""


@cache.command()
@FORMAT
def path(form: str) -> None:
    """Print the folder; exit status 1 where there is none."""
    found = default_cache()
    if form == "json":
        click.echo(json.dumps({"path": found.path, "why": found.why}))
    elif found.path is not None:
        click.echo(found.path)
    else:
        click.echo(f"The cache is in memory alone: {found.why}.", err=True)
    sys.exit(0 if found.path is not None else 1)


@cache.command("list")
@FORMAT
def list_(form: str) -> None:
    """Print what is kept: the key, the function, its bytes, and the day it was used last."""
    kept = default_cache().kept()
    if form == "json":
        click.echo(json.dumps([_told(each) for each in kept], indent=2))
        return
    if not kept:
        click.echo("Nothing is kept.", err=True)
        return
    rows = [
        ("key", "function", "bytes", "used"),
        *((each.key[:12], _name(each), str(each.size), _day(each.used)) for each in kept),
    ]
    widths = [max(map(len, column)) for column in zip(*rows)]
    for key, name, size, used in rows:
        click.echo(f"{key:{widths[0]}}  {name:{widths[1]}}  {size:>{widths[2]}}  {used}".rstrip())


@cache.command()
@FORMAT
def clear(form: str) -> None:
    """Remove all of it, also what killed processes left."""
    found = default_cache()
    kept = found.kept()
    size = sum({each.record["entry"]: each.size for each in kept}.values())
    files = found.clear()
    left = found.kept()
    if form == "json":
        told = {"path": found.path, "derivatives": len(kept) - len(left), "files": files}
        click.echo(json.dumps({**told, "bytes": size, "left": [_told(each) for each in left]}))
    elif found.path is None:
        click.echo(f"Nothing to remove: the cache is in memory alone, {found.why}.")
    else:
        count = len(kept) - len(left)
        many = f"{count} derivative{'' if count == 1 else 's'} ({files} file{'' if files == 1 else 's'}, {size} bytes)"
        click.echo(f"Removed {many} from {found.path}.")
    if left:
        click.echo(f"{len(left)} could not be removed: {found.why}", err=True)
    sys.exit(2 if left else 0)


def _name(kept: Kept) -> str:
    names = kept.record.get("names", {})
    return ", ".join(names[role] for role in ("entry", "forward", "backward") if role in names)


def _day(used: float) -> str:
    return time.strftime("%Y-%m-%d", time.localtime(used))


def _told(kept: Kept) -> dict[str, Any]:
    return {
        **{"key": kept.key, "function": _name(kept), "bytes": kept.size},
        **{"used": _day(kept.used), "entry": kept.record["entry"]},
    }
