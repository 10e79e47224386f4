"""docs/numpy.md, from the registry of rules.

python -m tools.numpy_table            write the page
python -m tools.numpy_table --check    fail if it is not current
"""

from __future__ import annotations

import sys
from itertools import groupby
from pathlib import Path

import numpy as np

from srcad.rules import rule_of
from srcad.rules.families import Rule
from tools.namespaces import LANGUAGE, NAMESPACES, Entry, entries

__all__ = ["PAGE", "VERSIONS", "counts", "derivative", "page", "row"]

PAGE = Path(__file__).parent.parent / "docs" / "numpy.md"
# What the page depends on: the names are those of one NumPy and one Python.
VERSIONS = f"NumPy {'.'.join(np.__version__.split('.')[:2])} and Python {sys.version_info.major}.{sys.version_info.minor}"

HEAD = f"""# NumPy and math, function by function

Every public callable of `numpy`, `numpy.linalg`, `numpy.fft`, `numpy.emath`, `numpy.polynomial` and `math`, and every method and attribute of arrays, is in one
bucket: it has a rule, it is constant, it is refused, or it is part of the language. The page is that of {VERSIONS}, written by
`python -m tools.numpy_table` from the registry of rules; a test holds it current.

- **A rule** says by which operands there is a derivative, and which options it covers. The families are those of [rules.md](rules.md). `out=` is
  accepted everywhere, and `where=` beside it: the call becomes a store.
- **Constant** is what has no derivative, or one that is zero wherever it exists.
- **Refused** with an operand that varies; of constants it is called as it is. There is what to write instead.
- **Language**: what the parser carries out itself.

Of the other namespaces: what `numpy.random` draws is constant, drawn once and in the order of the function; `numpy.char`, `numpy.strings`, `numpy.ma`,
`numpy.rec` and `numpy.testing` are about texts, masks, records and tests, and are not differentiated.
"""

_TITLES = {
    "np.": "numpy",
    "np.ufunc.": "Methods of ufuncs",
    "np.ndarray.": "Methods and attributes of arrays",
}


def page() -> str:
    """The text of docs/numpy.md."""
    found = [HEAD]
    every = entries()
    prefixes = [*(prefix for prefix, _ in NAMESPACES), "np.ufunc.", "np.ndarray."]
    for prefix in prefixes:
        own = [entry for entry in every if entry.name.rpartition(".")[0] + "." == prefix]
        own.sort(key=lambda entry: (entry.name.lower(), entry.name))
        title = _TITLES.get(prefix, prefix.rstrip(".").replace("np.", "numpy."))
        found.append(f"\n## {title}\n\n{counts(own)}\n")
        found.append("\n| | | |\n|---|---|---|\n")
        found += [row(names, entry) for names, entry in _grouped(own)]
    return "".join(found)


def counts(own: list[Entry]) -> str:
    """How many there are of each kind."""
    kinds = sorted(_kind(entry) for entry in own)
    return ", ".join(f"{kind}: {len(list(group))}" for kind, group in groupby(kinds)) + "."


def _kind(entry: Entry) -> str:
    if entry.bucket in LANGUAGE:
        return "language"
    return (
        entry.bucket
        if entry.bucket in ("constant", "refused")
        else "rule"
        if entry.bucket
        else "none yet"
    )


def _grouped(own: list[Entry]) -> list[tuple[list[str], Entry]]:
    """Entries, those of one function together."""
    found: dict[int, tuple[list[str], Entry]] = {}
    for entry in own:
        same = found.setdefault(id(entry.function), ([], entry))
        same[0].append(entry.name)
    return list(found.values())


def row(names: list[str], entry: Entry) -> str:
    """A line of the table: the names of a function, its bucket, and what is to say of it."""
    shown = ", ".join(f"`{name}`" for name in names)
    return f"| {shown} | {entry.bucket or 'none yet'} | {_about(entry)} |\n".replace("  ", " ")


def _about(entry: Entry) -> str:
    """By what there is a derivative and the options that it covers; or why there is none."""
    rule = rule_of(entry.function)
    if entry.bucket in LANGUAGE or entry.bucket in ("constant", "refused", "") or rule is None:
        said = entry.reason
        return " ".join(
            filter(None, [said + ("." if entry.rewrite and said else ""), entry.rewrite])
        )
    return derivative(rule)


def derivative(rule: Rule) -> str:
    """By which operands there is a derivative, by which there is none, and the options that a rule covers."""
    varies = [
        name
        for place, name in enumerate(rule.operands)
        if (rule.wrt is None or place in rule.wrt) and place not in rule.without
    ]
    parts = [_names("by", varies)] if varies else []
    parts += [_names("", [f"{name}=" for name in rule.options])] if rule.options else []
    for why in dict.fromkeys(rule.without.values()):
        none = [rule.operands[place] for place, said in rule.without.items() if said == why]
        parts.append(f"{_names('none by', none)} ({why})")
    return "; ".join(parts)


def _names(said: str, names: list[str]) -> str:
    return f"{said} {', '.join(f'`{name}`' for name in names)}".strip().replace("*", "\\*")


def main(check: bool) -> int:
    """Write the page, or say whether it is current."""
    text = page()
    if check:
        return int(PAGE.read_text(encoding="utf-8") != text)
    PAGE.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main("--check" in sys.argv[1:]))
