"""The table of laws: each function that has a rule, against each law; what is not run has its reason below.

    python -m tools.laws                    every function (minutes)
    python -m tools.laws np.tanh np.sum     some of them
    python -m tools.laws --jobs 2

A number is how many calls of the function pass the law, a letter after it leads to the reason that others do not go through it. `FAILS` is a
law that is broken, or not run without a reason; the command then exits with 1.
"""

from __future__ import annotations

import argparse
import string
import sys
import warnings
from collections import defaultdict
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from typing import NamedTuple

from srcad.rules import rule_of
from srcad.rules.check import run
from tests.laws import test_batched, test_ones
from tests.laws.table import CASES, Case, name

__all__ = ["LAWS", "Outcome", "outcomes", "table"]

# Those of `srcad.rules.check`, and those of the vectorizer and of axes of length 1.
OF_A_CALL = (
    *("value", "differences", "alone", "adjoint", "shape", "dtype"),
    *("quoted", "unranked", "literal", "second", "unchanged"),
)
LAWS = (*OF_A_CALL, "operands", "seeds", "pullbacks", "ones")
_NO_DEFINITION = "the rule is no definition"
_NO_AXIS = "no axis is longer than 1, or another row has the shape that is left"


class Outcome(NamedTuple):
    """What came of one call and one law: whether it passed, and why it did not, or in part only."""

    function: str
    law: str
    passed: bool
    why: str = ""


def outcomes(case: Case) -> list[Outcome]:
    """One call through every law."""
    found = dict(_of_a_call(case))
    for law, judge in _JUDGES.items():
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                why = judge(case)
            found[law] = (not why, why)
        except Exception as error:
            found[law] = (False, f"FAILS at {case.id}: {error}")
    label = name(case.function)
    return [Outcome(label, law, *found[law]) for law in LAWS]


def _of_a_call(case: Case) -> Iterator[tuple[str, tuple[bool, str]]]:
    notes: dict[str, str] = {}
    errors: dict[str, float] = {}
    broken = ""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            errors = run(case.function, case.args, case.options, case.rounds, notes)
    except Exception as error:
        broken = f"FAILS at {case.id}: {error}"
    rule = rule_of(case.function)
    if rule is not None and rule.definition is None:
        notes.setdefault("value", _NO_DEFINITION)
    for law in OF_A_CALL:
        why = notes.get(law) or _parts(law, notes)
        passed = law in errors
        if not passed and not why:
            why = broken or f"FAILS at {case.id}: not run, and no reason given"
        yield law, (passed, why)


def _parts(law: str, notes: dict[str, str]) -> str:
    """Why parts of a law are not run: `float16, float32: NumPy refuses it`."""
    parts: dict[str, list[str]] = defaultdict(list)
    for key, why in notes.items():
        first, _, part = key.partition(" ")
        if first == law and part:
            parts[why].append(part)
    return "; ".join(f"{', '.join(names)}: {why}" for why, names in parts.items())


def _seeds(case: Case) -> str:
    return "; ".join(sorted(test_batched.refused_seeds(case)))


def _pullbacks(case: Case) -> str:
    return test_batched.refusal(case)


def _ones(case: Case) -> str:
    if not any(test_ones.variants(case, set(test_ones.SEEN))):
        return _NO_AXIS
    test_ones.test_axes_of_length_1(case)
    return ""


def _operands(case: Case) -> str:
    return "; ".join(sorted(test_batched.refused_operands(case)))


_JUDGES = {"operands": _operands, "seeds": _seeds, "pullbacks": _pullbacks, "ones": _ones}


def table(found: list[Outcome]) -> str:
    """The outcomes as a table, with the reasons below."""
    cells: dict[str, dict[str, list[Outcome]]] = defaultdict(lambda: defaultdict(list))
    reasons: dict[str, str] = {}
    for one in found:
        cells[one.function][one.law].append(one)
        if one.why and "FAILS" not in one.why:
            reasons.setdefault(one.why, _letters(len(reasons)))
    width = max(map(len, cells))
    rows = [["", *LAWS]]
    for function, by_law in sorted(cells.items(), key=lambda item: item[0].lower()):
        rows.append([function.ljust(width), *(_cell(by_law[law], reasons) for law in LAWS)])
    wide = [max(len(row[place]) for row in rows) for place in range(len(rows[0]))]
    lines = [" ".join(cell.ljust(size) for cell, size in zip(row, wide)).rstrip() for row in rows]
    lines += ["", *(f"{letter}  {why}" for why, letter in reasons.items())]
    lines += sorted({f"{one.function} {one.law}: {one.why}" for one in found if "FAILS" in one.why})
    calls = sum(one.law == LAWS[0] for one in found)
    lines.append(f"{len(cells)} functions, {calls} calls, {len(LAWS)} laws")
    return "\n".join(lines)


def _cell(own: list[Outcome], reasons: dict[str, str]) -> str:
    if any("FAILS" in one.why for one in own):
        return "FAILS"
    letters = sorted({reasons[one.why] for one in own if one.why})
    return f"{sum(one.passed for one in own)}{' ' if letters else ''}{','.join(letters)}"


def _letters(count: int) -> str:
    letters = string.ascii_lowercase
    return ("" if count < 26 else letters[count // 26 - 1]) + letters[count % 26]


def main(arguments: list[str]) -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python -m tools.laws", description=__doc__)
    parser.add_argument(
        "functions", nargs="*", help="names, such as np.tanh; all where there is none"
    )
    parser.add_argument("--jobs", type=int, default=1, help="how many processes")
    given = parser.parse_args(arguments)
    cases = [
        case for case in CASES if not given.functions or name(case.function) in given.functions
    ]
    if not cases:
        parser.error("no such function has a row")
    if given.jobs > 1:
        with ProcessPoolExecutor(given.jobs) as pool:
            batches = list(pool.map(_by_place, [CASES.index(case) for case in cases], chunksize=16))
    else:
        batches = [outcomes(case) for case in cases]
    found = [one for batch in batches for one in batch]
    print(table(found))
    return int(any("FAILS" in one.why for one in found))


def _by_place(place: int) -> list[Outcome]:
    return outcomes(CASES[place])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
