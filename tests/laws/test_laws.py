"""Every rule through every law."""

from __future__ import annotations

import warnings
from collections import defaultdict
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from srcad.core.quote import RankUnknown
from srcad.rules.check import bound, concrete, distance, execute, pullback, record, run
from tests.laws.cases import COVERED
from tests.laws.table import CASES, REGISTERED, Case, name


def ranks_of(tree: Any) -> Any:
    """What quoting may depend on: structure, dtypes, ranks, and what is no array."""
    if isinstance(tree, (tuple, list)):
        return type(tree).__name__, *map(ranks_of, tree)
    if isinstance(tree, np.ndarray):
        return tree.dtype.str, tree.ndim
    return type(tree).__name__ if isinstance(tree, (float, np.generic)) else repr(tree)


def size_of(case: Case) -> int:
    """How many numbers the arrays of a call hold."""
    return sum(x.size for x in case.args if isinstance(x, np.ndarray))


def same_ranks() -> dict[str, list[Case]]:
    found = defaultdict(list)
    for case in CASES:
        _, operands, options = bound(case.function, case.args, case.options)
        key = f"{name(case.function)}-{ranks_of(operands)}-{sorted(options.items())}"
        arrays = [x for x in operands if isinstance(x, np.ndarray) and x.ndim > 1]
        if (
            "linalg" in key
        ):  # where tall matrices and wide ones, if they are known, have formulas of their own
            key += f"-{[x.shape[-2] < x.shape[-1] for x in arrays]}"
            key += f"-{[x.shape[-2] > x.shape[-1] for x in arrays]}"
        if "emath" in key:  # where the values decide whether the result is complex
            key += f"-{np.iscomplexobj(case.function(*operands))}"
        found[key].append(case)
    return found


BY_RANKS = same_ranks()
SAME_RANKS = {key: cases for key, cases in BY_RANKS.items() if len(cases) > 1}
LARGEST = {max(cases, key=size_of).id for cases in BY_RANKS.values()}


@pytest.mark.parametrize("case", CASES, ids=[case.id for case in CASES])
def test_laws(case: Case) -> None:
    """All laws on one call, that of dtypes once for calls of the same ranks; the failure names the law. No formula may warn, but of what a release retires."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.simplefilter("ignore", DeprecationWarning)
        run(
            case.function,
            case.args,
            case.options,
            case.rounds,
            dtypes=case.id in LARGEST,
            slack=case.slack,
        )


@pytest.mark.parametrize("key", SAME_RANKS)
def test_written_for_one_size_serves_the_others(key: str) -> None:
    """Core that a rule wrote for operands of some sizes is right for those of any other, 0 and 1 included."""
    recorded = []
    for case in SAME_RANKS[key]:
        rule, operands, options = bound(case.function, case.args, case.options)
        y = rule.value(operands, options)
        y_bar = np.asarray(
            np.arange(1.0, 1 + np.size(y)).reshape(np.shape(y)), getattr(y, "dtype", float)
        )
        y_bar = y_bar if isinstance(y, np.ndarray) else y_bar[()]
        raw = pullback(rule, y_bar, operands, y, options)
        recorded.append((*record(rule, y_bar, operands, y, options), raw))
    for (block, _, values, outs, _), (_, _, others, _, raw) in pairwise([*recorded, recorded[0]]):
        env = execute(block, dict(zip(values, others.values())))
        assert distance(concrete(outs, env), raw) < 1e-14


def test_definitions_do_what_functions_do() -> None:
    """What computes over an axis by its definition is no other function there than elsewhere."""
    seen = set()
    for case in CASES:
        rule, operands, options = bound(case.function, case.args, case.options)
        if rule.definition is None:
            continue
        try:
            found = rule.definition(*operands, **options)
        except (NotImplementedError, RankUnknown):
            continue
        seen.add(case.function)
        if found is not NotImplemented:
            assert distance(found, rule.value(operands, options)) < 1e-5, case.id
    assert len(seen) > 50


def test_every_rule_has_rows() -> None:
    covered = {case.function for case in CASES} | COVERED
    bare = [
        name(f)
        for f, rule in REGISTERED.items()
        if rule.family != "constant"
        and f not in covered
        and not (getattr(f, "__module__", None) or "").startswith("tests.")
    ]
    assert not bare


def test_ids_are_distinct() -> None:
    assert len({case.id for case in CASES}) == len(CASES)
