"""What a numerical check found: rows, and the table of them."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

__all__ = ["Report", "Row"]


@dataclasses.dataclass(frozen=True)
class Row:
    """One test of a report.

    Attributes:
        test: "entries", "dot product", "value", or "form" (structure, shape and dtype; arguments left as they were).
        output: Which value of the function, as its name with an index.
        argument: Which argument, likewise.
        index: Of the worst entry, in the derivative's array; None where there is no array.
        value: What the derivative says there.
        reference: What it was held against.
        error: Their distance.
        allowed: The error from which on they differ.
        method: How the reference was found.
        checked: How many entries were held against a reference,
        total: of how many.
        note: What else there is to say: of kinks and jumps that the differences met, of values that are not finite.
    """

    test: str
    output: str
    argument: str
    index: tuple[int, ...] | None = None
    value: Any = None
    reference: Any = None
    error: float = 0.0
    allowed: float = 0.0
    method: str = ""
    checked: int = 1
    total: int = 1
    note: str = ""

    @property
    def ok(self) -> bool:
        return self.error <= self.allowed

    @property
    def badness(self) -> float:
        """The error in units of what is allowed; below 1 it is ok."""
        if self.allowed:
            return self.error / self.allowed
        return np.inf if self.error else 0.0

    def cells(self) -> tuple[str, ...]:
        """The texts of the table's columns."""
        index = "" if self.index is None else f"[{', '.join(map(str, self.index))}]"
        where = {"entries": index, "form": self.note}.get(self.test, self.test)
        numbers = (
            ("", "", "", "")
            if self.test == "form"
            else (
                f"{self.value:.8g}",
                f"{self.reference:.8g}",
                f"{self.error:.1e}",
                f"{self.allowed:.1e}",
            )
        )
        count = f"{self.checked} of {self.total}" if self.test == "entries" else ""
        return (
            self.output,
            self.argument,
            where,
            *numbers,
            self.method,
            count,
            self.note if self.test != "form" else "",
            "ok" if self.ok else "DIFFERS",
        )


_COLUMNS = (
    "output",
    "argument",
    "worst entry",
    "value",
    "reference",
    "error",
    "allowed",
    "by",
    "entries",
    "note",
    "",
)


_TO_THE_RIGHT = {"value", "reference", "error", "allowed"}


class Report(Sequence[Row]):
    """What `verify` found: a sequence of rows, true where all of them are ok; its `str` is a table."""

    def __init__(self, title: str, rows: Iterable[Row]) -> None:
        self.title, self.rows = title, tuple(rows)

    @property
    def ok(self) -> bool:
        """Whether nothing differs."""
        return all(row.ok for row in self.rows)

    @property
    def worst(self) -> Row:
        """The row that is nearest to, or farthest beyond, what is allowed."""
        return max(self.rows, key=lambda row: row.badness)

    def __bool__(self) -> bool:
        return self.ok

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, place: Any) -> Any:
        return self.rows[place]

    def __repr__(self) -> str:
        return f"<{self.title}: {'ok' if self.ok else 'DIFFERS'}>"

    def __str__(self) -> str:
        table = self.table()
        widths = [max(map(len, column)) for column in zip(*table)]
        right = [name in _TO_THE_RIGHT for name in table[0]]
        lines = [
            "  ".join(
                cell.rjust(width) if flush else cell.ljust(width)
                for cell, width, flush in zip(row, widths, right)
            ).rstrip()
            for row in table
        ]
        return "\n".join([f"{self.title}: {'ok' if self.ok else 'DIFFERS'}", *lines])

    def table(self) -> list[tuple[str, ...]]:
        """The names of the columns, and the cells of each row; notes only where there are some."""
        table = [_COLUMNS, *(row.cells() for row in self.rows)]
        kept = [
            place
            for place, column in enumerate(zip(*table))
            if column[0] != "note" or any(column[1:])
        ]
        return [tuple(row[place] for place in kept) for row in table]

    def as_second(self) -> Report:
        """The report as one about the derivative of a derivative, to stand beside that about the first."""
        rows = [dataclasses.replace(row, output=f"second {row.output}") for row in self.rows]
        return Report(self.title, rows)

    @classmethod
    def merged(cls, reports: Sequence[Report]) -> Report:
        """One report of several about the same derivative: of each test the worst row, the entries counted together."""
        found: dict[tuple[str, str, str, str], list[Row]] = {}
        for report in reports:
            for row in report.rows:
                note = row.note if row.test == "form" else ""
                found.setdefault((row.test, row.output, row.argument, note), []).append(row)
        rows = [
            dataclasses.replace(
                max(group, key=lambda row: row.badness),
                note=next((row.note for row in group if row.note), ""),
                checked=sum(row.checked for row in group),
                total=sum(row.total for row in group),
            )
            for group in found.values()
        ]
        return cls(reports[0].title, rows)
