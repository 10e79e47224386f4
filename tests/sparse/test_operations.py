"""What each operation is said to depend on holds what a change of each element changes, of every function that has a rule."""

from __future__ import annotations

import warnings
from collections import defaultdict
from typing import Any

import numpy as np
import pytest

from srcad.core import ops
from srcad.rules.check import bound
from srcad.sparse.propagation import Tracer
from srcad.sparse.traced import Traced
from tests.laws.table import CASES, Case, name

pytest.importorskip("scipy")


def chosen() -> list[Case]:
    """The largest calls of each function, and one for each set of options."""
    found: dict[Any, list[Case]] = defaultdict(list)
    for case in CASES:
        found[name(case.function), repr(sorted(case.options.items()))].append(case)
    weight = lambda case: sum(np.size(x) for x in case.args if isinstance(x, np.ndarray))  # noqa: E731
    return [max(cases, key=weight) for cases in found.values()]


def changed(tree: Any, wanted: set[int], at: int, start: list[int]) -> Any:
    """The operand with one element changed, the elements of those `wanted` being counted from `start`."""
    if isinstance(tree, (tuple, list)):
        return type(tree)(changed(part, wanted, at, start) for part in tree)
    if id(tree) not in wanted:
        return tree
    first, start[0] = start[0], start[0] + np.size(tree)
    if not first <= at < start[0]:
        return tree
    new = np.array(tree)
    new.reshape(-1)[at - first] += 1e-6 * (1 + abs(new.reshape(-1)[at - first]))
    return new if isinstance(tree, np.ndarray) else type(tree)(new)


def floats(tree: Any) -> list[Any]:
    if isinstance(tree, (tuple, list)):
        return [leaf for part in tree for leaf in floats(part)]
    return [tree] if isinstance(tree, (np.ndarray, np.generic, float)) and np.asarray(tree).dtype.kind == "f" else []  # fmt: skip


def traced(tracer: Tracer, tree: Any, wanted: set[int], start: list[int]) -> Any:
    if isinstance(tree, (tuple, list)):
        return type(tree)(traced(tracer, part, wanted, start) for part in tree)
    if id(tree) in wanted:
        first, start[0] = start[0], start[0] + np.size(tree)
        return tracer.input(tree, first)
    return Traced(tree) if isinstance(tree, (np.ndarray, np.generic)) else tree


def missed(case: Case) -> bool:
    """Whether an element that changes is not said to."""
    rule, operands, options = bound(case.function, case.args, case.options)
    active = [
        leaf
        for place, operand in enumerate(operands)
        if rule.varies(place) and place not in rule.without
        for leaf in floats(operand)
    ]
    wanted, width = {id(leaf) for leaf in active}, sum(map(np.size, active))
    tracer, start = Tracer(width), [0]
    inputs = tuple(traced(tracer, operand, wanted, start) for operand in operands)
    found = tracer.apply(ops.operation(case.function), *rule.merge(inputs, options))
    several = isinstance(found.value, (tuple, list))
    values = found.value if several else [found.value]
    deps = found.deps if isinstance(found.deps, tuple) else [found.deps] * len(values)
    patterns = [each if each is None else each.toarray() for each in deps]
    for at in range(0, width, max(1, width // 4)):
        args, named = rule.merge(changed(operands, wanted, at, [0]), options)
        try:
            other = case.function(*args, **named)
        except ValueError:  # it is no longer what the function asks for
            continue
        for value, new, pattern in zip(values, other if several else [other], patterns):
            if np.asarray(value).dtype.kind not in "fc" or np.shape(value) != np.shape(new):
                continue
            old = np.ravel(value)
            moved = np.abs(np.ravel(new) - old) > 1e-10 * (1 + np.abs(old))
            if (moved & ~(False if pattern is None else pattern[:, at])).any():
                return True
    return False


def test_what_changes_is_said_to_depend() -> None:
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        cases = chosen()
        assert not [case.id for case in cases if missed(case)]
    assert len(cases) > 1000
