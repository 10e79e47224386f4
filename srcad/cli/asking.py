"""What the commands share: the words they take, how they write a file, how trouble is said."""

from __future__ import annotations

import contextlib
import os
import sys
import tempfile
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from srcad.errors import SrcadError

__all__ = ["asking", "guarded", "write"]


T = TypeVar("T")


def asking(action: Any) -> Any:
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


def guarded(action: Callable[[], T]) -> T:
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


def write(output: Path, text: str) -> None:
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
