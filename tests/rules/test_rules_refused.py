"""What rules refuse, with a reason; which ranks they need; and the bucket of every ufunc."""

from __future__ import annotations

import builtins
import math
from typing import Any

import numpy as np
import pytest

from srcad.core.builder import Builder
from srcad.core.nodes import Value
from srcad.core.quote import RankUnknown, quote, vague_values
from srcad.core.types import ANY, array
from srcad.rules import REFUSED, rule_of
from srcad.rules.check import bound, pullback

A, X = np.arange(9.0).reshape(3, 3) + np.eye(3), np.arange(3.0)


@pytest.mark.parametrize(
    ("function", "args", "options", "words"),
    [
        (np.reshape, (A, (9,)), {"order": "A"}, "'C' or 'F'"),
        (np.ravel, (A,), {"order": "K"}, "'C' or 'F'"),
        (np.asarray, (X,), {"dtype": int}, "floating dtype"),
        (np.full, (3, 0.5), {"dtype": int}, "floating dtype"),
        (np.concatenate, (A,), {}, "tuple or list"),
        (np.atleast_1d, (X, X), {}, "once for each"),
        (np.hstack, ((X, A[:, 0]),), {}, None),
    ],
)
def test_refused_with_a_reason(function: Any, args: Any, options: Any, words: str | None) -> None:
    rule, operands, named = bound(function, args, options)
    y = rule.value(operands, named)
    if words is None:
        pullback(rule, y, operands, y, named)
        return
    with pytest.raises(NotImplementedError, match=words):
        pullback(rule, y, operands, y, named)


def written(function: Any, kinds: Any, **options: Any) -> list[str]:
    """The operations that the pullback of a function is made of, for operands of these types."""
    rule, builder = rule_of(function), Builder()
    assert rule is not None
    values = [Value("x", kind) for kind in (ANY, *kinds, ANY)]

    def body(y_bar: Any, *rest: Any) -> Any:
        return pullback(rule, y_bar, rest[:-1], rest[-1], options)

    with vague_values(may_be_complex=False):
        quote(body, builder, tuple(values))
    return [statement.op.name for statement in builder.block]


@pytest.mark.parametrize(
    "function", [np.matmul, np.dot, np.inner, np.outer, np.tensordot, np.linalg.solve]
)
def test_products_need_ranks(function: Any) -> None:
    with pytest.raises(RankUnknown):
        written(function, (ANY, ANY))


def test_reductions_do_not_need_ranks() -> None:
    assert written(np.sum, (ANY,), axis=1) == ["np.expand_dims", "srcad.runtime.spread"]
    assert written(np.sum, (ANY,)) == ["srcad.runtime.spread"]


def test_what_is_inlined_reads_as_written_by_hand() -> None:
    matrix, vector = array("float64", 3, 4), array("float64", 4)
    assert written(np.matmul, (matrix, vector)) == ["np.outer", "transpose", "matmul"]
    assert written(np.tanh, (vector,)) == ["power", "subtract", "multiply"]
    assert written(np.sum, (matrix,), axis=0) == ["srcad.runtime.spread"]
    assert written(np.sum, (matrix,), axis=1) == ["getitem", "srcad.runtime.spread"]
    assert written(np.exp, (ANY,)) == ["multiply"]


def test_operands_left_out_and_too_many() -> None:
    log, largest = rule_of(math.log), rule_of(builtins.max)
    assert (
        log is not None
        and log.pullback is not None
        and log.pullback(2.0, math.log(2)) == (0.5, None)
    )
    assert largest is not None and largest.pullback is not None
    with pytest.raises(NotImplementedError, match="3 operands"):
        largest.pullback(1.0, 2.0, 3.0, 3.0)


def test_an_option_that_is_not_known_while_writing() -> None:
    rule, builder = rule_of(np.sum), Builder()
    assert rule is not None and rule.pullback is not None
    values = Value("y_bar"), Value("x", array("float64", 3, 4))
    with pytest.raises(NotImplementedError, match="pass a literal"):
        quote(rule.pullback, builder, values, {"axis": Value("axis")})


def test_every_ufunc_is_in_exactly_one_bucket() -> None:
    for name in sorted(dir(np)):
        function = getattr(np, name)
        if isinstance(function, np.ufunc):
            assert (rule_of(function) is not None) + (function in REFUSED) == 1, name


def test_no_function_has_a_rule_and_is_refused() -> None:
    assert not [function for function in REFUSED if rule_of(function) is not None]
    for reason, rewrite in REFUSED.values():
        assert reason and not reason.endswith(".") and rewrite.endswith(".")


def test_constants_say_why() -> None:
    for function in (np.argmax, np.floor, np.shape, np.zeros_like, np.isnan, np.gcd):
        rule = rule_of(function)
        assert rule is not None and rule.family == "constant" and rule.reason
