"""What a page or a terminal shows: the lines of a function, those of its derivatives, and which belong to which."""

from __future__ import annotations

import ast
import inspect
import linecache
import os
import textwrap
from collections.abc import Callable, Iterable, Sequence
from types import CodeType
from typing import Any, NamedTuple

from srcad.page.saved import Saved, saved_values

__all__ = ["Derived", "Line", "Source", "SourceLine", "Text", "View", "text_of", "view"]

Place = tuple[str, int]  # the name of a file without its folder, and a line


class SourceLine(NamedTuple):
    """A line of the user's: its number in the file, its text, and the line that its statement begins on (0: of none)."""

    number: int
    text: str
    statement: int


class Source(NamedTuple):
    """A function of the user's: its name, its file as it is shown and as places name it, and its lines."""

    name: str
    shown: str
    file: str
    lines: tuple[SourceLine, ...]

    @property
    def statements(self) -> dict[int, int]:
        """For each line the first of its statement."""
        return {line.number: line.statement for line in self.lines if line.statement}

    def has(self, number: int) -> bool:
        """Whether a line of the file is one of these."""
        return self.lines[0].number <= number <= self.lines[-1].number


class Line(NamedTuple):
    """A line of a derivative: its number and text, the place that its statement begins at, and the sweep that it is of."""

    number: int
    text: str
    place: Place | None
    sweep: str


class Text(NamedTuple):
    """The text of a derivative after a stage; the last stage is "text"."""

    stage: str
    lines: tuple[Line, ...]
    saved: tuple[Saved, ...]

    @property
    def text(self) -> str:
        """All of it."""
        return "".join(line.text + "\n" for line in self.lines)


class Derived(NamedTuple):
    """A derivative: as it was asked for, the arguments it is for, its texts, and the functions that it was made of."""

    asked: str
    parameters: tuple[tuple[str, str], ...]
    texts: tuple[Text, ...]
    functions: tuple[Any, ...] = ()


class View(NamedTuple):
    """A function, with those that it calls, and its derivatives."""

    name: str
    sources: tuple[Source, ...]
    derivatives: tuple[Derived, ...]


def text_of(
    stage: str, text: str, lines: Sequence[Place | None], sweeps: Sequence[str], sources: Any = ()
) -> Text:
    """A text with what is known of its lines; those may be fewer, where more was put in front.

    The places become those of statements once the `sources` are known.
    """
    all_lines = text.splitlines()
    front = len(all_lines) - len(lines)
    lines = [*[None] * front, *lines]
    sweeps = [*[""] * front, *sweeps, *[""] * (len(lines) - front - len(sweeps))]
    starts: dict[str, dict[int, int]] = {}
    for source in sources:
        starts.setdefault(source.file, {}).update(source.statements)

    def start(place: Place | None) -> Place | None:
        if place is None or not starts:
            return place
        file, number = place
        return (file, starts[file][number]) if number in starts.get(file, ()) else None

    made = tuple(
        Line(number, content, start(place), sweep if place or sweep else "")
        for number, (content, place, sweep) in enumerate(zip(all_lines, lines, sweeps), 1)
    )
    return Text(stage, _headed(made, sources), saved_values(text, sweeps, lines))


def _headed(lines: tuple[Line, ...], sources: Sequence[Source]) -> tuple[Line, ...]:
    """The heads of a text's functions belong to those of the functions that their lines are of."""
    found = list(lines)
    for at, line in enumerate(lines):
        if not line.text.startswith("def "):
            continue
        name = line.text[4:].partition("(")[0]
        fitting = [source for source in sources if f"{name}_".startswith(f"{source.name}_")]
        end = next((k for k in range(at + 1, len(lines)) if lines[k].text.startswith("def ")), None)
        if not fitting:
            places = [each.place for each in lines[at:end] if each.place is not None]
            fitting = [source for source in sources if places and _has(source, places[0])]
        if fitting:
            source = max(fitting, key=lambda each: len(each.name))
            head = next((each for each in source.lines if each.statement), None)
            found[at] = line._replace(place=head and (source.file, head.statement))
    return tuple(found)


def _has(source: Source, place: Place) -> bool:
    return source.file == place[0] and source.has(place[1])


def view(function: Callable[..., Any], derivatives: Iterable[Derived]) -> View:
    """A function of the user's beside its derivatives: with the functions that their lines belong to, its own first."""
    derivatives = tuple(derivatives)
    places = {
        line.place
        for derived in derivatives
        for text in derived.texts
        for line in text.lines
        if line.place is not None
    }
    callees = dict.fromkeys(each for derived in derivatives for each in derived.functions)
    sources = sources_of([function, *callees], places)
    again = tuple(
        derived._replace(
            texts=tuple(
                text_of(
                    text.stage,
                    text.text,
                    [line.place for line in text.lines],
                    [line.sweep for line in text.lines],
                    sources,
                )
                for text in derived.texts
            )
        )
        for derived in derivatives
    )
    return View(getattr(function, "__name__", "function"), sources, again)


def sources_of(functions: Iterable[Any], places: Iterable[Place]) -> tuple[Source, ...]:
    """The text of the first function, and of those of the others that the places lie in."""
    wanted = set(places)
    found: list[Source] = []
    for at, function in enumerate(functions):
        plain: Any = inspect.unwrap(function)
        code = getattr(getattr(plain, "__func__", plain), "__code__", None)
        if code is None:
            continue
        file = os.path.basename(code.co_filename)
        if any(each.file == file and each.has(code.co_firstlineno) for each in found):
            continue
        source = _source(code)
        if source is not None and (at == 0 or any(source.has(n) for f, n in wanted if f == file)):
            found.append(source)
    return tuple(found)


def _parsed(text: str) -> ast.Module:
    try:
        return ast.parse(text)
    except SyntaxError:  # a cell with commands of the notebook's own
        return ast.Module([], [])


def _source(code: CodeType) -> Source | None:
    content = linecache.getlines(code.co_filename)
    tree, number = _parsed("".join(content)), code.co_firstlineno
    kind = ast.stmt if code.co_name == "<lambda>" else ast.FunctionDef
    node = _around(tree, number, kind) or _around(tree, number, ast.stmt)
    first, last = _span(node) if node is not None else (number, number)
    if not 0 < first <= len(content):
        return None
    starts: dict[int, int] = {}
    if node is not None:
        _statements(node, starts, content)
    whole = textwrap.dedent("".join(content[first - 1 : last])).splitlines()
    lines = tuple(
        SourceLine(number, text.rstrip(), starts.get(number, 0))
        for number, text in enumerate(whole, first)
    )
    file = code.co_filename
    return Source(getattr(node, "name", "<lambda>"), _shown(file), os.path.basename(file), lines)


def _shown(file: str) -> str:
    """A file as a reader knows it: never the place that it has on this machine."""
    if file.startswith("<"):
        return ""
    folder = os.getcwd() + os.sep
    path = os.path.abspath(file)
    return path[len(folder) :].replace(os.sep, "/") if path.startswith(folder) else os.path.basename(path)  # fmt: skip


def _around(tree: ast.Module, number: int, kind: type) -> Any:
    """The innermost node of a kind that has a line."""
    fitting = [
        node
        for node in ast.walk(tree)
        if isinstance(node, kind) and _span(node)[0] <= number <= _span(node)[1]
    ]
    return max(fitting, key=lambda node: _span(node)[0], default=None)


def _span(node: Any) -> tuple[int, int]:
    decorators = [each.lineno for each in getattr(node, "decorator_list", ())]
    return min([node.lineno, *decorators]), node.end_lineno


def _statements(node: Any, starts: dict[int, int], content: list[str]) -> None:
    """For each line the first line of the innermost statement that it is of; of a block that is its head."""
    inner = [
        part
        for field in ("body", "orelse", "finalbody", "handlers", "cases")
        for part in (getattr(node, field, None) or ())
    ]
    if hasattr(node, "lineno"):
        last = node.end_lineno
        if inner:
            last = max(node.lineno, _first(inner[0]) - 1)
            while content[last - 1].partition("#")[0].strip() == "":
                last -= 1
        for line in range(_span(node)[0], last + 1):
            starts.setdefault(line, node.lineno)
    elif isinstance(node, ast.match_case):  # has no line of its own
        starts.setdefault(node.pattern.lineno, node.pattern.lineno)
    for part in inner:
        _statements(part, starts, content)


def _first(node: Any) -> int:
    return node.pattern.lineno if isinstance(node, ast.match_case) else _span(node)[0]
