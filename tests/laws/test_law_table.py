"""The table of laws: nothing is skipped without its reason."""

from __future__ import annotations

import numpy as np

from tests.laws.table import CASES, Case
from tools import laws


def cases_of(function: object) -> list[Case]:
    return [case for case in CASES if case.function is function]


def test_every_law_is_run_or_says_why() -> None:
    for case in [*cases_of(np.tanh), *cases_of(np.linalg.inv), *cases_of(np.require)]:
        found = laws.outcomes(case)
        assert [one.law for one in found] == list(laws.LAWS)
        assert all(one.passed or one.why for one in found)
        assert not any("FAILS" in one.why for one in found)


def test_the_table() -> None:
    found = [one for case in cases_of(np.tanh) for one in laws.outcomes(case)]
    text = laws.table(found)
    header, row, *_, last = text.splitlines()
    assert header.split() == list(laws.LAWS)
    assert row.startswith("np.tanh") and "the rule is no definition" in text
    assert last == f"1 functions, {len(cases_of(np.tanh))} calls, {len(laws.LAWS)} laws"


def test_what_is_broken_shows() -> None:
    wrong = laws.Outcome("np.tanh", "adjoint", False, "FAILS at np.tanh-3: by 1.0")
    fine = [laws.Outcome("np.tanh", law, True) for law in laws.LAWS if law != "adjoint"]
    text = laws.table([*fine, wrong])
    assert "FAILS" in text.splitlines()[1] and "np.tanh adjoint: FAILS at" in text
