"""Every rule at complex numbers: it holds, or it refuses, or NumPy does.

The calls are those of the rows, with an imaginary part given to the operands: to all of them, and to each alone. A function that
is not holomorphic says so to its rule (`on_complex="given"`, where it is right of complex numbers itself, or `"refuse"`).
"""

from __future__ import annotations

import warnings
from collections import defaultdict
from typing import Any

import numpy as np
import pytest

from srcad.rules.chain import check_complex
from srcad.rules.check import bound, run
from tests.laws.cases import rng_of
from tests.laws.table import CASES, Case

# Calls of each function, of different ranks, that are enough to see it.
_EACH = 2


def turned(x: Any, rng: np.random.Generator) -> Any:
    """An operand with an imaginary part."""
    if isinstance(x, (tuple, list)):
        return type(x)(turned(part, rng) for part in x)
    if type(x) is float:
        return x + 1j * rng.uniform(0.2, 0.8)
    if isinstance(x, (np.ndarray, np.generic)) and x.dtype == float:
        made = x + 1j * rng.uniform(0.2, 0.8, np.shape(x))
        return np.asarray(made) if isinstance(x, np.ndarray) else made
    return x


def can_turn(x: Any) -> bool:
    if isinstance(x, (tuple, list)):
        return any(map(can_turn, x))
    return type(x) is float or (isinstance(x, (np.ndarray, np.generic)) and x.dtype == float)


def kinds(tree: Any) -> Any:
    if isinstance(tree, (tuple, list)):
        return tuple(map(kinds, tree))
    return (type(tree).__name__, np.ndim(tree))


def variants() -> list[Case]:
    """The rows with complex operands."""
    seen = defaultdict(set)
    found = []
    for case in CASES:
        form = (kinds(case.args), tuple(case.options))
        empty = any(np.size(x) == 0 for x in case.args if isinstance(x, np.ndarray))
        if empty or case.rounds or form in seen[case.function]:
            continue
        if len(seen[case.function]) == _EACH:
            continue
        seen[case.function].add(form)
        places = [place for place, x in enumerate(case.args) if can_turn(x)]
        choices = [places] if places else []
        choices += [[place] for place in places if len(places) > 1]
        for chosen in choices:
            rng = rng_of(case.id, chosen)
            args = tuple(turned(x, rng) if i in chosen else x for i, x in enumerate(case.args))
            label = "".join(map(str, chosen))
            found.append(Case(f"{case.id}-{label}", case.function, args, case.options))
    return found


VARIANTS = variants()


@pytest.mark.parametrize("case", VARIANTS, ids=[case.id for case in VARIANTS])
def test_laws_at_complex_numbers(case: Case) -> None:
    rule, operands, options = bound(case.function, case.args, case.options)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            rule.value(operands, options)
        except Exception:  # whatever a function says of complex numbers
            return
        if rule.on_complex == "refuse":
            with pytest.raises(NotImplementedError):
                check_complex(rule, operands)
            return
        try:
            run(case.function, case.args, case.options)
        except NotImplementedError:
            return
