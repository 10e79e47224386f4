"""The laws that every rule must keep, run numerically on one call.

>>> check(np.hypot, np.array([3.0, 1.0]), 4.0)["adjoint"] < 1e-14
True

A rule that is wrong is found out:

>>> from srcad import rules
>>> def cube(x):
...     return x**3
>>> _ = rules.elementwise(cube)(lambda x, y: 3 * x)
>>> check(cube, np.array([2.0]))
Traceback (most recent call last):
    ...
AssertionError: cube: `differences` fails by ...
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np

from srcad import runtime
from srcad.core import ops
from srcad.core.nodes import Block, Let, Slice, Value, leaves
from srcad.core.nodes import operands as operands_of
from srcad.core.quote import RankUnknown, conj, quote, vague_values, wanting
from srcad.core.results import parts_of
from srcad.rules.chain import (
    Recorder,
    concrete,
    cotangents,
    is_number,
    tangent,
    with_operands,
)
from srcad.rules.families import Rule, rule_of

__all__ = [
    "bound",
    "check",
    "concrete",
    "distance",
    "execute",
    "pullback",
    "pushforward",
    "record",
    "run",
]

# The central difference of sixth order, and its step: in longdouble right to the last digits of float64.
_STENCIL = [(-3, -1 / 60), (-2, 9 / 60), (-1, -45 / 60), (1, 45 / 60), (2, -9 / 60), (3, 1 / 60)]
_STEP = 2.0**-9

Notes = dict[str, str]  # by law: why it is not run


def check(function: Callable[..., Any], *args: Any, **options: Any) -> dict[str, float]:
    """Run the laws of rules on the call `function(*args, **options)`. They are:

    - `value`: a definition does what the function does;
    - `differences`: the pushforward is what differences of the function say;
    - `alone`: the tangents of one operand at a time, the others being None, sum to that of all;
    - `adjoint`: <y_bar, J x_dot> = <J^T y_bar, x_dot>;
    - `shape`: a cotangent has that of its operand;
    - `dtype`: what is float16, float32 or longdouble has such cotangents and tangents, of first and second order, with
      the values of float64; operands of different dtypes have each its own;
    - `quoted`: written down operation by operation, the rule does the same;
    - `unranked`: also where no rank is known, unless it asks for one;
    - `literal`: and where numbers are literals; none may become NumPy's, which would make float64 of float32;
    - `second`: the rules of what was written down give the derivative of the pullback that differences say;
    - `unchanged`: no argument is written to.

    Args:
        function: What has a rule.
        *args: Floating ones are active where the rule lets them be. They should be 0.01 away from kinks, in arrays of a few elements.
        **options: The call's options.

    Returns:
        The worst relative error of each law.

    Raises:
        AssertionError: A law does not hold, which is named, or the function has no rule.

    Example:
        >>> import numpy as np
        >>> errors = check(np.arctan2, np.array([0.5, -1.0]), 2.0)
        >>> max(errors.values()) < 1e-6
        True
    """
    return run(function, args, options)


def run(
    function: Callable[..., Any],
    args: tuple[Any, ...],
    options: dict[str, Any],
    rounds: bool = False,
    notes: Notes | None = None,
    dtypes: bool = True,
    slack: float = 1,
) -> dict[str, float]:
    """As `check`; of a function that rounds to a short dtype differences say nothing. What is equal but for rounding may be `slack` times as far apart.

    `notes` gets the reason of each law, or part of one, that the call does not go through. Without `dtypes` the law of dtypes, which is
    half of the time, is not run: what it says of one size it says of all.
    """
    rule, operands, named = bound(function, args, options)
    kept = copy.deepcopy((operands, named))
    rng = np.random.default_rng(1)
    name = getattr(function, "__name__", repr(function))
    errors: dict[str, float] = {}
    notes = {} if notes is None else notes
    if rounds:
        for law in ("differences", "second"):
            notes[law] = "it rounds to a short dtype, so that differences say nothing"

    def hold(law: str, error: float, limit: float) -> None:
        errors[law] = error
        assert error <= limit, f"{name}: `{law}` fails by {error:.1e}"

    y = rule.value(operands, named)
    dots = tangents_of(rule, operands, rng)
    assert any(True for _ in _leaves(dots)), f"{name}: no operand is active"
    y_bar, y_bar_dot = (_random(y, rng) for _ in range(2))

    rounding = slack * 10 * float(np.finfo(np.result_type(y)).eps)
    if rule.definition is not None:
        own = rule.definition(*operands, **named)
        hold("value", _unlike(own, y), rounding)
    y_dot = pushforward(rule, operands, dots, y, named)
    if not rounds:
        slope, exact = _difference(lambda point: rule.value(point, named), operands, dots)
        hold("differences", distance(y_dot, slope), 1e-11 if exact else 1e-8)

    alone = [
        pushforward(
            rule, operands, tuple(dot if i == j else None for j in range(len(dots))), y, named
        )
        for i, dot in enumerate(dots)
        if dot is not None
    ]
    hold("alone", distance(sum(alone), y_dot), rounding)

    raw = pullback(rule, y_bar, operands, y, named)
    fits = all(_fits(rule, bar, x, dot) for bar, x, dot in zip(raw, operands, dots))
    hold("shape", float(not fits), 0)
    bars = [_summed(bar, x) if rule.broadcasts else bar for bar, x in zip(raw, operands)]
    hold("adjoint", _adjointness(y_bar, y_dot, bars, dots), 10 * np.finfo(np.result_type(y)).eps)
    wrong = _precisions(rule, operands, named, rng, notes) if dtypes else ""
    assert not wrong, f"{name}: `dtype` fails: {wrong}"
    if dtypes:
        errors["dtype"] = 0.0
    else:
        notes["dtype"] = "a call of the same ranks goes through it"

    block, start, values, outs = record(rule, y_bar, operands, y, named)
    env = execute(block, values)
    hold("quoted", distance(concrete(outs, env), raw), 1e-14)
    try:
        vague = any(map(np.iscomplexobj, _leaves(list(env.values()))))
        error = _distance_where_ranks_are_unknown(rule, y_bar, operands, y, named, raw, vague)
        hold("unranked", error, 1e-14)
    except RankUnknown:
        notes["unranked"] = "the formula depends on a rank"
    hold("literal", _distance_of_literals(rule, y_bar, operands, y, named, raw), 1e-14)

    second = push(block, env, dict(_pairs(start, (y_bar_dot, dots, y_dot))), outs)

    def pulled(point: Any) -> Any:
        moved, moved_bar = point
        return pullback(rule, moved_bar, moved, rule.value(moved, named), named)

    if not rounds:
        slope, exact = _difference(pulled, (operands, y_bar), (dots, y_bar_dot))
        hold("second", distance(second, slope), 1e-11 if exact else 1e-7)
    if rule.pushforward is not None:
        closed(rule, operands, dots, y, y_dot, named)

    hold("unchanged", float(not _same((operands, named), kept)), 0)
    return errors


# The derivative of one call, from its rule: what the driver does.


def bound(
    function: Callable[..., Any], args: tuple[Any, ...], options: dict[str, Any]
) -> tuple[Rule, Any, Any]:
    """The rule of a function, and operands and options of a call as it takes them."""
    rule = rule_of(function)
    assert rule is not None and rule.family != "constant", f"{function} has no rule"
    operands, given = ops.bind(ops.operation(function), args, options)
    return rule, *rule.split(operands, dict(given))


def _active(rule: Rule, place: int) -> bool:
    return rule.varies(place) and place not in rule.without


def pullback(
    rule: Rule, y_bar: Any, operands: tuple[Any, ...], y: Any, options: dict[str, Any]
) -> tuple[Any, ...]:
    """The cotangents of the operands, before they are summed to the operand's shape."""
    assert rule.pullback is not None
    assert set(options) <= set(rule.options), (
        f"{rule} is not about {set(options) - set(rule.options)}"
    )
    return tuple(cotangents(rule, y_bar, operands, y, options))


def pushforward(
    rule: Rule, operands: tuple[Any, ...], dots: tuple[Any, ...], y: Any, options: dict[str, Any]
) -> Any:
    """The tangent of the result; a tangent of None is that of what does not vary."""
    assert rule.pullback is not None
    if rule.pushforward is not None or rule.family == "elementwise":
        y_dot = tangent(rule, dots, operands, y, options)
    elif rule.family == "linear":
        filled = [
            _filled(dot, x) if _active(rule, i) else x
            for i, (x, dot) in enumerate(zip(operands, dots))
        ]
        y_dot = rule.value(tuple(filled), options)
    else:
        y_dot = sum(
            rule.value((*operands[:place], dot, *operands[place + 1 :]), options)
            for place, dot in enumerate(dots)
            if dot is not None
        )
    if isinstance(y, tuple):
        return y_dot
    return np.broadcast_to(y_dot, np.shape(y))[()]


def tangents_of(rule: Rule, operands: tuple[Any, ...], rng: np.random.Generator) -> tuple[Any, ...]:
    """Random tangents of the active operands, None for the others."""

    def tangent(x: Any) -> Any:
        if isinstance(x, (tuple, list)):
            return type(x)(tangent(part) for part in x)
        floating = isinstance(x, (float, complex)) or _is_float(x)
        return _random(x, rng) if floating else None

    found = tuple(tangent(x) if _active(rule, place) else None for place, x in enumerate(operands))
    return tuple(dot if any(True for _ in _leaves(dot)) else None for dot in found)


def _filled(dot: Any, x: Any) -> Any:
    """A tangent without None."""
    if isinstance(x, (tuple, list)):
        return type(x)(map(_filled, dot if dot is not None else [None] * len(x), x))
    if dot is not None or x is None:
        return dot
    if isinstance(x, (int, float, complex)):
        return 0.0
    return np.zeros_like(x)[()] if _is_float(x) else np.zeros(np.shape(x))[()]


# Core: the rule written down, executed, and differentiated by the rules of what it does.


def record(
    rule: Rule,
    y_bar: Any,
    operands: tuple[Any, ...],
    y: Any,
    options: dict[str, Any],
    *,
    ranks: bool = True,
    literals: bool = False,
) -> tuple[Block, Any, dict[Value, Any], Any]:
    """The pullback as Core: its block, (y_bar, operands, y) that it starts from, their numbers, and what it returns.

    Without `ranks`, nothing is known of the values; with `literals`, Python's numbers stand in the text.
    """
    recorder = Recorder(ranks)

    def symbol(x: Any) -> Any:
        if isinstance(x, slice):
            return Slice(x.start, x.stop, x.step)
        if isinstance(x, (tuple, list)):
            return type(x)(map(symbol, x))
        if literals and type(x) in (float, complex):
            return x
        return recorder.value("x", x) if is_number(x) and not isinstance(x, int) else x

    start = (recorder.value("y_bar", y_bar), tuple(map(symbol, operands)), recorder.value("y", y))
    named = {key: symbol(x) if isinstance(x, np.ndarray) else x for key, x in options.items()}
    values = dict(recorder.env)
    outs = quote(partial(_pullback, rule), recorder, (start[0], *start[1], start[2]), named)
    return recorder.block, start, values, outs


def _distance_where_ranks_are_unknown(
    rule: Rule,
    y_bar: Any,
    operands: tuple[Any, ...],
    y: Any,
    options: dict[str, Any],
    raw: Any,
    vague: bool,
) -> float:
    with (
        np.errstate(all="ignore"),
        vague_values(vague),
    ):  # what is not needed, but not known not to be
        block, _, values, outs = record(rule, y_bar, operands, y, options, ranks=False)
        found = concrete(outs, execute(block, values))
        found = [None if one is None else bar for bar, one in zip(found, raw)]
        return distance(_cast(found, operands), _cast(list(raw), operands))


def _distance_of_literals(
    rule: Rule, y_bar: Any, operands: tuple[Any, ...], y: Any, options: dict[str, Any], raw: Any
) -> float:
    literal = [type(x) in (float, complex) for x in operands]
    if not any(literal) or not any(
        isinstance(x, (np.ndarray, np.generic)) for x in _leaves(operands)
    ):
        return 0.0
    block, _, values, outs = record(rule, y_bar, operands, y, options, literals=True)
    needed = [place for place, x in enumerate(literal) if not x]
    read: set[Any] = set(leaves([outs[place] for place in needed]))
    for let in reversed(block):
        if isinstance(let, Let) and let.out in read:
            read.update(leaves([let.args, dict(let.options)]))
            if any(isinstance(leaf, (np.ndarray, np.generic)) for leaf in _leaves(let.args)):
                return np.inf
    found = concrete(outs, execute(block, values))
    return distance([found[i] for i in needed], [raw[i] for i in needed])


def _pullback(rule: Rule, y_bar: Any, *rest: Any, **options: Any) -> Any:
    return pullback(rule, y_bar, rest[:-1], rest[-1], options)


def execute(block: Block, values: dict[Value, Any]) -> dict[Value, Any]:
    """Run a straight-line block on the given values: the numbers of all its values."""
    env = dict(values)
    for statement in block:
        assert isinstance(statement, Let)
        if statement.out is None:  # it raises, or not
            _run(statement, env)
        else:
            env[statement.out] = _run(statement, env)
    return env


def _run(statement: Any, env: dict[Value, Any]) -> Any:
    options = {key: concrete(value, env) for key, value in statement.options}
    found = statement.op.function(*concrete(statement.args, env), **options)
    return tuple(found) if isinstance(found, list) else found  # parts of an array


def push(block: Block, env: dict[Value, Any], dots: dict[Value, Any], outs: Any) -> Any:
    """Tangents of the results of a straight-line block, by the rules of its operations."""
    dots = dict(dots)
    parts = parts_of(block)
    read = {value for statement in block for value in operands_of(statement)} | set(leaves(outs))
    for statement in block:
        assert isinstance(statement, Let)
        if statement.out is None:
            continue
        rule = rule_of(statement.op.function)
        given = statement if rule is None else with_operands(rule, statement)
        tangents = _dots(given.args, dots)
        assert not any(True for _ in _leaves(_dots([v for _, v in given.options], dots))), (
            f"{statement.op}: option"
        )
        if not any(True for _ in _leaves(tangents)):
            continue
        if statement.op is ops.part:
            dots[statement.out] = tangents[0][statement.args[1]]
            continue
        assert rule is not None, f"{statement.op} has no rule, and a rule uses it"
        if rule.is_constant(concrete(given.args, env)):
            continue
        options = {key: concrete(value, env) for key, value in given.options}
        assert set(options) <= set(rule.options), (
            f"{rule} is not about {set(options) - set(rule.options)}"
        )
        operands = concrete(given.args, env)
        tangents = tuple(
            dot if _active(rule, place) and any(True for _ in _leaves(dot)) else None
            for place, dot in enumerate(tangents)
        )
        if any(dot is not None for dot in tangents):
            several = enumerate(parts.get(statement.out, ()))
            with wanting({place for place, part in several if part in read} or None):
                dots[statement.out] = pushforward(
                    rule, operands, tangents, env[statement.out], options
                )
    return _filled_all(_dots(outs, dots), concrete(outs, env))


def closed(
    rule: Rule, operands: Any, dots: Any, y: Any, y_dot: Any, options: dict[str, Any]
) -> None:
    """A pushforward is written down, does the same, and is made of operations that have rules."""
    assert rule.pushforward is not None
    recorder = Recorder()
    missing = () if rule.variadic else (None,) * (len(rule.operands) - len(operands))
    given = (*dots, *missing, *operands, *missing, y)

    def symbol(x: Any) -> Any:
        if isinstance(x, (tuple, list)):
            return type(x)(map(symbol, x))
        return recorder.value("x", x) if is_number(x) and not isinstance(x, int) else x

    values = [symbol(x) for x in given]
    start = dict(recorder.env)
    named = {
        key: recorder.value("x", x) if isinstance(x, np.ndarray) else x
        for key, x in options.items()
    }
    outs = quote(rule.pushforward, recorder, tuple(values), named)
    assert distance(concrete(outs, recorder.env), (y_dot,)) < 1e-14
    ones = {x: np.ones_like(at) for x, at in start.items() if np.asarray(at).dtype.kind in "fc"}
    push(recorder.block, recorder.env, ones, outs)


def _dots(tree: Any, dots: dict[Value, Any]) -> Any:
    if isinstance(tree, Value):
        return dots.get(tree)
    if isinstance(tree, (tuple, list)) and not isinstance(tree, Slice):
        return type(tree)(_dots(part, dots) for part in tree)
    return None


def _filled_all(dots: Any, values: Any) -> Any:
    if isinstance(values, (tuple, list)):
        return type(values)(map(_filled_all, dots, values))
    return None if values is None else _filled(dots, values)


# Numbers.


def _difference(function: Callable[[Any], Any], point: Any, dots: Any) -> tuple[Any, bool]:
    """The derivative along `dots` by differences, in longdouble where the function keeps it (then True)."""
    if np.finfo(np.longdouble).eps < 1e-18:
        try:
            slope = _slope(function, point, dots, np.longdouble)
        except Exception:  # what a library says of longdouble
            slope = None
        if slope is not None:
            return slope, True
    return _slope(function, point, dots, np.float64), False


def _slope(function: Callable[[Any], Any], point: Any, dots: Any, dtype: Any) -> Any:
    slope: Any = None
    for steps, weight in _STENCIL:
        value = function(_moved(point, dots, steps * _STEP, dtype))
        if dtype is np.longdouble and any(
            getattr(leaf, "dtype", float) not in _LONG and np.asarray(leaf).dtype.kind in "fc"
            for leaf in _leaves(value)
        ):
            return None
        scaled = _mapped(value, lambda leaf: leaf * dtype(weight / _STEP))  # noqa: B023
        slope = scaled if slope is None else _mapped(slope, lambda a, b: a + b, scaled)
    return slope


def _moved(x: Any, dot: Any, step: float, dtype: Any) -> Any:
    if isinstance(x, (tuple, list)):
        return type(x)(
            _moved(a, b, step, dtype)
            for a, b in zip(x, dot if dot is not None else [None] * len(x))
        )
    if dot is None:
        return x
    if dtype is np.longdouble:
        kind = np.clongdouble if np.iscomplexobj(x) else dtype
        moved = np.asarray(x, kind) + dtype(step) * dot
    else:
        moved = x + step * dot
    return np.asarray(moved) if isinstance(x, np.ndarray) else moved


def _mapped(tree: Any, function: Callable[..., Any], *others: Any) -> Any:
    if isinstance(tree, (tuple, list)):
        return type(tree)(_mapped(part, function, *rest) for part, *rest in zip(tree, *others))
    return None if tree is None else function(tree, *others)


def _leaves(tree: Any) -> Iterator[Any]:
    if isinstance(tree, (tuple, list)):
        for part in tree:
            yield from _leaves(part)
    elif tree is not None:
        yield tree


def _tuple(results: Any) -> tuple[Any, ...]:
    return results if isinstance(results, tuple) else (results,)


def _random(x: Any, rng: np.random.Generator) -> Any:
    dtype = getattr(x, "dtype", np.dtype(type(x) if isinstance(x, complex) else float))
    made = rng.uniform(-1, 1, np.shape(x))
    made = np.asarray(
        made + 1j * rng.uniform(-1, 1, np.shape(x)) if dtype.kind == "c" else made, dtype
    )
    if isinstance(x, np.ndarray):
        return made
    return type(x)(made) if type(x) in (float, complex) else made[()]


def _summed(bar: Any, x: Any) -> Any:
    return None if bar is None else runtime.sum_to(bar, x)


def _cast(bars: Any, operands: Any) -> Any:
    """Cotangents as those of their operands: real of what is real."""
    if isinstance(bars, (tuple, list)):
        return [_cast(bar, x) for bar, x in zip(bars, operands)]
    return None if bars is None else runtime.cast(bars, operands)


def _fits(rule: Rule, bar: Any, x: Any, dot: Any) -> bool:
    """Whether a cotangent has the structure and shape of its operand, or sums to it."""
    if dot is None:
        return True
    if isinstance(x, (tuple, list)):
        return len(bar) == len(x) and all(map(partial(_fits, rule), bar, x, dot))
    return np.shape(_summed(bar, x) if rule.broadcasts else bar) == np.shape(x)


def _adjointness(y_bar: Any, y_dot: Any, bars: Any, dots: Any) -> float:
    """How far <y_bar, J x_dot> is from <J^T y_bar, x_dot>, where <a, b> is the real part of the sum of conj(a) b."""
    left, right, scale = np.sum(conj(y_bar) * y_dot).real, 0.0, np.sum(np.abs(y_bar * y_dot))
    for bar, dot in _pairs(bars, dots):
        right += np.sum(conj(bar) * dot).real
        scale += np.sum(np.abs(bar * dot))
    return float(abs(left - right) / (scale + 1e-2))


def _pairs(bars: Any, dots: Any) -> Iterator[tuple[Any, Any]]:
    for bar, dot in zip(bars, dots):
        if isinstance(dot, (tuple, list)):
            yield from _pairs(bar, dot)
        elif dot is not None:
            yield bar, dot


# The law of dtypes, and what the values are in each: relative to float64 at the same points.
_PRECISIONS: tuple[tuple[Any, float], ...] = (
    (np.float16, np.inf),
    (np.float32, 1e-3),
    (np.longdouble, 1e-9),
)


def _precisions(
    rule: Rule, operands: Any, options: dict[str, Any], rng: np.random.Generator, notes: Notes
) -> str:
    """What is wrong where the operands have other dtypes; of what NumPy itself does not keep a note."""
    for dtype, limit in _PRECISIONS:
        name = np.dtype(dtype).name
        moved = _in_dtype(operands, dtype)
        with np.errstate(all="ignore"):
            try:
                y = rule.value(moved, options)
            except Exception as error:  # what a library says of a dtype that it does not know
                notes[f"dtype {name}"] = f"NumPy refuses it: {error}"
                continue
            if {_level(leaf) for leaf in _leaves(y)} != {np.dtype(dtype)}:
                notes[f"dtype {name}"] = "NumPy's result has another dtype, whatever goes in"
                continue
            try:
                wrong = _precision(rule, moved, y, options, limit, rng, strict=True)
            except Exception as error:
                if dtype is np.float32 or not _of_scipy(rule):
                    raise
                notes[f"dtype {name}"] = f"SciPy knows it at some sizes alone: {error}"
                continue
        if wrong:
            return f"{name}: {wrong}"
    arrays = [place for place, x in enumerate(operands) if any(map(_is_float, _leaves(x)))]
    arrays = [place for place in arrays if _active(rule, place)]
    for one in arrays if len(arrays) > 1 else ():
        moved = _in_dtype(operands, np.float32, one)
        with np.errstate(all="ignore"):
            y = rule.value(moved, options)
            wrong = _precision(rule, moved, y, options, 1e-3, rng, strict=False)
        if wrong:
            return f"operand {one} in float32, the others in float64: {wrong}"
    return ""


def _of_scipy(rule: Rule) -> bool:
    return (ops.module_of(rule.function) or "").startswith("scipy.")


def _precision(
    rule: Rule,
    operands: Any,
    y: Any,
    options: dict[str, Any],
    limit: float,
    rng: np.random.Generator,
    strict: bool,
) -> str:
    """What is wrong with cotangents and tangents in the dtypes given; `strict`: they have them before any cast."""
    dots, y_bar = tangents_of(rule, operands, rng), _random(y, rng)
    # Python's numbers are weak: times a truth value they would be float64, which the driver casts.
    dots = tuple(None if isinstance(x, float) else dot for x, dot in zip(operands, dots))
    if all(dot is None for dot in dots):
        return ""
    raw = pullback(rule, y_bar, operands, y, options)
    pairs = [pair for pair in _pairs(raw, _masked(operands, dots)) if pair[0] is not None]
    bars = [_summed(bar, x) if rule.broadcasts else runtime.cast(bar, x) for bar, x in pairs]
    for (bar, x), summed in zip(pairs, bars):
        same = _level if strict else _dtype  # what is real is cast to what is complex
        if _is_float(x) and same(bar if strict else summed) != same(x):
            return f"a cotangent is {_dtype(bar)}"
    y_dot = pushforward(rule, operands, dots, y, options)
    found = [_level(leaf) for leaf in _leaves(y_dot)]
    if strict and found != [_level(leaf) for leaf in _leaves(y)]:
        return f"a tangent is {found[0]}"
    if strict:
        block, start, values, outs = record(rule, y_bar, operands, y, options, literals=True)
        seconds = push(
            block, execute(block, values), dict(_pairs(start, (y_bar, dots, y_dot))), outs
        )
        for (second, x), (bar, _) in zip(_pairs(seconds, _masked(operands, dots)), pairs):
            if _is_float(x) and second is not None and _level(second) != _level(bar):
                return f"a tangent of a cotangent is {_dtype(second)}"
    if not np.isfinite(limit):
        return ""
    wide = _in_dtype(operands, np.float64)
    wide_y = rule.value(wide, options)
    wide_bar = _in_dtype(y_bar, np.float64)
    wide_bars = pullback(rule, wide_bar, wide, wide_y, options)
    exact = [
        _summed(bar, x) if rule.broadcasts else runtime.cast(bar, x)
        for bar, x in _pairs(wide_bars, _masked(wide, dots))
        if bar is not None
    ]
    error = distance(bars, exact)
    return "" if error <= limit else f"a cotangent is off by {error:.1e}"


def _masked(operands: Any, dots: Any) -> Any:
    """Operands, and None for those that have no tangent."""
    if isinstance(dots, (tuple, list)):
        return [_masked(x, dot) for x, dot in zip(operands, dots)]
    return None if dots is None else operands


def _in_dtype(tree: Any, dtype: Any, only: int | None = None) -> Any:
    """Floating arrays and scalars of a tree in another dtype, or those at one place of it."""
    if isinstance(tree, (tuple, list)):
        return type(tree)(
            _in_dtype(x, dtype) if only in (None, place) else x for place, x in enumerate(tree)
        )
    if not _is_float(tree):
        return tree
    return tree.astype(_COMPLEX.get(dtype, np.complex64) if np.iscomplexobj(tree) else dtype)


def _is_float(x: Any) -> bool:
    return isinstance(x, (np.ndarray, np.generic)) and x.dtype.kind in "fc"


# Complex numbers of the precision of each real dtype.
_COMPLEX = {np.float32: np.complex64, np.float64: np.complex128, np.longdouble: np.clongdouble}
_LONG = (np.longdouble, np.clongdouble)


def _level(x: Any) -> Any:
    """The dtype of the parts of a number."""
    return np.asarray(x).real.dtype


def _dtype(x: Any) -> Any:
    return np.asarray(x).dtype


def distance(a: Any, b: Any) -> float:
    """The worst difference of two trees, relative to the largest number or 1; infinite for other shapes."""
    worst = 0.0
    lefts, rights = list(_leaves(a)), list(_leaves(b))
    if list(map(np.shape, lefts)) != list(map(np.shape, rights)):
        return np.inf
    for left, right in zip(map(np.asarray, lefts), map(np.asarray, rights)):
        if left.size:
            both_nan = np.isnan(left) & np.isnan(right)
            error = np.where(both_nan, 0, np.abs(left - right)) / max(
                1.0, float(np.max(np.abs(right)))
            )
            worst = max(worst, float(np.max(np.where(np.isnan(error), np.inf, error))))
    return worst


def _unlike(own: Any, y: Any) -> float:
    """The difference of what a definition and its function give, infinite where it is in kind or dtype."""
    pairs = list(zip(_leaves(own), _leaves(y)))
    if any(
        np.result_type(a) != np.result_type(b)
        or isinstance(a, np.ndarray) != isinstance(b, np.ndarray)
        for a, b in pairs
    ):
        return np.inf
    return distance(own, y)


def _same(a: Any, b: Any) -> bool:
    if isinstance(a, dict):
        return all(_same(a[key], b[key]) for key in b)
    if isinstance(a, (tuple, list)):
        return len(a) == len(b) and all(map(_same, a, b))
    if isinstance(a, np.ndarray):
        return np.array_equal(a, b, equal_nan=a.dtype.kind in "fc")
    return a is b or a == b
