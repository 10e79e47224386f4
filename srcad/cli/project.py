"""The derivatives that a project keeps, as `[tool.srcad]` in its pyproject.toml lists them.

[tool.srcad.files."model/model_srcad.py"]
source = "model/model.py"
derivatives = [
    "grad(loss)",
    { expression = "jacrev(residuals)", args = ["x: float64[n]"], name = "jacobian" },
]
args = ["w: float64[n, m]"]     # of all the functions that have such an argument
standalone = false              # true, where nothing is said
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from keyword import iskeyword
from pathlib import Path
from typing import Any, NamedTuple

from srcad.cli.expression import find, parameters_of, read_expression
from srcad.errors import ArgumentValueError

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

__all__ = ["Output", "Wanted", "declared", "project"]


class Wanted(NamedTuple):
    """A derivative of a file: the expression, the declarations of arguments, and the name where it is given."""

    expression: str
    args: tuple[str, ...]
    name: str = ""


class Output(NamedTuple):
    """A file that `[tool.srcad]` lists; paths are relative to the project's root."""

    root: Path
    file: str
    source: str
    derivatives: tuple[Wanted, ...]
    standalone: bool = True

    @property
    def path(self) -> Path:
        """Where the file is."""
        return self.root / self.file

    @property
    def where(self) -> str:
        """The module, by file or by name."""
        return str(self.root / self.source) if self.source.endswith(".py") else self.source


# Configuration.


def _read(path: Path) -> str | None:
    return path.read_text(encoding="utf-8") if path.is_file() else None


def project(start: Path, read: Callable[[Path], str | None] = _read) -> list[Output]:
    """The files that the nearest pyproject.toml with `[tool.srcad]` lists; `read` gives the text of a file, or None.

    Raises ArgumentValueError.
    """
    for folder in (start, *start.parents):
        path = folder / "pyproject.toml"
        text = read(path)
        if text is None:
            continue
        try:
            table = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            raise ArgumentValueError(f"{path.name} is no TOML", reason=str(error)) from None
        if "srcad" in table.get("tool", {}):
            return _outputs(folder, table["tool"]["srcad"])
    raise ArgumentValueError(
        "no pyproject.toml with [tool.srcad] here or above",
        reason='Add [tool.srcad.files."pkg/model_srcad.py"] with source = "pkg/model.py" and derivatives = ["grad(loss)"].',
    )


def _outputs(root: Path, table: dict[str, Any]) -> list[Output]:
    files = table.get("files", {})
    _only(table, {"files"}, "[tool.srcad]")
    if not isinstance(files, dict) or not files:
        raise ArgumentValueError(
            "[tool.srcad] lists no files",
            reason='Add [tool.srcad.files."pkg/model_srcad.py"] with a source and derivatives.',
        )
    return [_output(root, file, each) for file, each in files.items()]


def _output(root: Path, file: str, table: Any) -> Output:
    where = f'[tool.srcad.files."{file}"]'
    if not isinstance(table, dict):
        raise ArgumentValueError(f"{where} is no table", reason="Give it a source and derivatives.")
    _only(table, {"source", "derivatives", "args", "standalone"}, where)
    source, derivatives = table.get("source"), table.get("derivatives")
    if not isinstance(source, str):
        raise ArgumentValueError(f"{where} has no source", reason='Write source = "pkg/model.py".')
    for path in (file, source):
        if Path(path).is_absolute() or ".." in Path(path).parts:
            raise ArgumentValueError(
                f"`{path}` in [tool.srcad] leads out of the project",
                reason="Name files relative to the folder of pyproject.toml.",
            )
    if not isinstance(derivatives, list) or not derivatives:
        raise ArgumentValueError(
            f"{where} has no derivatives", reason='Write derivatives = ["grad(loss)"].'
        )
    standalone = table.get("standalone", True)
    if not isinstance(standalone, bool):
        raise ArgumentValueError(
            f"standalone in {where} is neither true nor false", reason="Write standalone = true."
        )
    common = _texts(table.get("args", []), f"args in {where}")
    return Output(
        root, file, source, tuple(_wanted(each, common, where) for each in derivatives), standalone
    )


def _wanted(given: Any, common: tuple[str, ...], where: str) -> Wanted:
    if isinstance(given, str):
        given = {"expression": given}
    if not isinstance(given, dict) or not isinstance(given.get("expression"), str):
        raise ArgumentValueError(
            f"a derivative in {where} is neither an expression nor a table with one",
            reason='Write "grad(loss)" or { expression = "grad(loss)", args = ["x: float64[n]"] }.',
        )
    _only(given, {"expression", "args", "name"}, f"`{given['expression']}` in {where}")
    own = _texts(given.get("args", []), f"args of `{given['expression']}` in {where}")
    name = given.get("name", "")
    if not isinstance(name, str) or (name and (not name.isidentifier() or iskeyword(name))):
        raise ArgumentValueError(f"{name!r} in {where} is no name", reason="Write an identifier.")
    declared = {text.partition(":")[0].strip() for text in own}
    rest = [text for text in common if text.partition(":")[0].strip() not in declared]
    return Wanted(given["expression"], (*own, *(f"?{text}" for text in rest)), name)


def _only(table: dict[str, Any], known: set[str], where: str) -> None:
    for key in table:
        if key not in known:
            raise ArgumentValueError(
                f"`{key}` in {where} means nothing",
                reason=f"One of {', '.join(sorted(known))}.",
            )


def _texts(given: Any, what: str) -> tuple[str, ...]:
    if not isinstance(given, list) or not all(isinstance(text, str) for text in given):
        raise ArgumentValueError(
            f"{what} is no list of texts", reason='Write args = ["x: float64[n]"].'
        )
    return tuple(given)


# Declarations.


def declared(module: Any, wanted: Wanted) -> tuple[str, ...]:
    """The declarations that a derivative's function takes: its own, and the file's where they fit."""
    takes = parameters_of(find(module, read_expression(wanted.expression)[0]))
    return tuple(
        text.removeprefix("?")
        for text in wanted.args
        if not text.startswith("?") or text[1:].partition(":")[0].strip() in takes
    )
