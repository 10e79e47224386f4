"""A function and its derivative in two columns of plain text, aligned by statement."""

from __future__ import annotations

from itertools import groupby, zip_longest
from typing import NamedTuple

from srcad.page.view import Line, Place, Source, SourceLine, Text, View

__all__ = ["Row", "plain_columns", "rows"]


class Row(NamedTuple):
    """A line of the function, of the derivative, or of both; `again` is a line of the function that stood before."""

    left: SourceLine | None
    right: Line | None
    again: bool = False


def rows(shown: View, text: Text) -> list[Row]:
    """The lines of a derivative, each beside the statement that it belongs to.

    The function's own lines come in their order, as far as the derivative follows it; in the backward sweep each statement is
    shown again where its adjoint begins.
    """
    lines = {(source.file, line.number): line for source in shown.sources for line in source.lines}
    parts: dict[Place, list[SourceLine]] = {}  # of a statement of several lines
    for (file, _), line in lines.items():
        if line.statement:
            parts.setdefault((file, line.statement), []).append(line)
    rest = [
        [(source.file, line.number) for line in source.lines] for source in shown.sources
    ]  # that did not stand yet
    made: list[Row] = []
    alone: list[Line] = []  # lines of the derivative that belong to no statement

    def flush(before: list[SourceLine]) -> None:
        made.extend(Row(*pair) for pair in zip_longest(before, alone))
        alone.clear()

    groups = [(place, list(group)) for place, group in groupby(text.lines, lambda line: line.place)]
    for place, group in groups:
        if place is None:
            alone += group
            continue
        own = next((each for each in rest if place in each), None)
        if own is not None:
            at = own.index(place)
            flush([lines[each] for each in own[:at]])
            del own[: at + len(parts[place])]
        else:
            source = next(at for at, each in enumerate(shown.sources) if _has(each, place))
            backward = group[0].sweep == "adjoint"
            flush([lines[each] for each in rest[source]] if backward else [])
            if backward:
                rest[source].clear()
        left = [lines[place], *(part for part in parts[place] if part is not lines[place])]
        made += [Row(*pair, again=own is None) for pair in zip_longest(left, group)]
    flush([lines[place] for each in rest for place in each])
    return made


def _has(source: Source, place: Place) -> bool:
    return source.file == place[0] and source.has(place[1])


def plain_columns(made: list[Row]) -> str:
    """Two columns of text, the first as wide as its longest line.

    >>> left = SourceLine(3, "return x * y", 3)
    >>> print(plain_columns([Row(left, Line(7, "x_bar = y", ("model.py", 3), "adjoint"))]), end="")
      3  return x * y |   7  x_bar = y
    """
    digits = max([3, *(len(str(row.left.number)) for row in made if row.left)])
    lefts = [f"{row.left.number:{digits}}  {row.left.text}" if row.left else "" for row in made]
    rights = [f"{row.right.number:3}  {row.right.text}" if row.right else "" for row in made]
    width = max(map(len, lefts), default=0)
    return "".join(
        f"{left:{width}} | {right}".rstrip() + "\n" for left, right in zip(lefts, rights)
    )
