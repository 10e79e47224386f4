"""A function and its derivative in two columns, in a terminal or as plain text; and what a machine reads of a derivative."""

from __future__ import annotations

import json
import shutil
from typing import Any

import numpy as np

import srcad
from srcad.page import Line, Row, Text, View, plain_columns, rows

__all__ = ["as_json", "as_plain", "show"]


def as_plain(shown: View) -> str:
    """Two columns without colours, in which nothing is cut."""
    return plain_columns(rows(shown, _text(shown)))


def show(shown: View) -> None:
    """Two columns in the terminal's colours and width."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text as Styled

    text = _text(shown)
    sources = {
        (source.file, line.number): styled
        for source in shown.sources
        for line, styled in zip(source.lines, _coloured([each.text for each in source.lines]))
    }
    derivative = _coloured([line.text for line in text.lines])
    files = {id(line): source.file for source in shown.sources for line in source.lines}
    table = Table.grid(padding=(0, 1), expand=True)
    table.add_column(justify="right", style="dim", no_wrap=True, min_width=3)
    table.add_column(ratio=5, overflow="fold")
    table.add_column(justify="right", style="dim", no_wrap=True, min_width=5)
    table.add_column(ratio=7, overflow="fold")
    for row in rows(shown, text):
        left: Any = Styled()
        if row.left is not None:
            left = sources[files[id(row.left)], row.left.number].copy()
            if row.again:
                left.stylize("dim")
        right: Any = derivative[row.right.number - 1] if row.right is not None else Styled()
        table.add_row(_number(row, "left"), left, _number(row, "right"), right)
    Console(width=shutil.get_terminal_size().columns).print(table)


def _number(row: Row, side: str) -> str:
    line = getattr(row, side)
    return "" if line is None else f"{'' if side == 'left' else '│ '}{line.number:3}"


def _coloured(lines: list[str]) -> list[Any]:
    from rich.syntax import Syntax

    syntax = Syntax("", "python", theme="ansi_dark", background_color="default")
    return list(syntax.highlight("\n".join(lines)).split("\n", allow_blank=True))


def as_json(shown: View, expression: str) -> str:
    """The text with what is known of its lines, for a machine."""
    derived, text = shown.derivatives[0], _text(shown)
    known = {
        (source.file, line.number): (source.shown, line.text.strip())
        for source in shown.sources
        for line in source.lines
    }

    def primal(line: Line) -> Any:
        if line.place is None:
            return None
        file, statement = known[line.place]
        return {"file": file, "line": line.place[1], "text": statement}

    found = {
        "expression": expression,
        "function": shown.name,
        "stage": text.stage,
        "signature": dict(derived.parameters),
        "text": text.text,
        "lines": [
            {"line": line.number, "text": line.text, "sweep": line.sweep, "primal": primal(line)}
            for line in text.lines
        ],
        "saved": [
            {
                "name": saved.name,
                "line": saved.line,
                "reads": [{"line": line, "name": name} for line, name in saved.reads],
            }
            for saved in text.saved
        ],
        "versions": {"srcad": srcad.__version__, "numpy": np.__version__},
    }
    return json.dumps(found, indent=2) + "\n"


def _text(shown: View) -> Text:
    return shown.derivatives[0].texts[-1]
