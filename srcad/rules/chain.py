"""The chain rule through one operation, and through a few: what makes rules of definitions.

Everything here runs on symbols, and writes down what it does (see `srcad.core.quote`); `traced` runs it on arrays.

>>> def pulled(y_bar, x, y):
...     return pull(lambda x: np.sum(x * x), y_bar, (x,), y, {})
>>> traced(pulled, 1.0, np.array([1.0, 2.0]), 5.0)
(array([2., 4.]),)
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator
from typing import Any

import numpy as np

from srcad import runtime
from srcad.core import ops, types
from srcad.core.builder import Builder
from srcad.core.nodes import Let, Slice, Value, leaves
from srcad.core.nodes import operands as operands_of
from srcad.core.quote import (
    Symbol,
    call,
    conj,
    may_be_complex,
    real,
    spread,
    sum_to,
    unwrap,
    wanting,
    wrap,
)
from srcad.core.results import parts_of
from srcad.rules.families import Rule, rule_of

__all__ = [
    "Recorder",
    "check_complex",
    "cotangents",
    "gradients",
    "of_conjugates",
    "pull",
    "pulled",
    "push",
    "scaled",
    "slopes",
    "tangent",
    "traced",
    "weighted",
    "with_operands",
]


# One operation.


def cotangents(rule: Rule, y_bar: Any, operands: Any, y: Any, options: dict[str, Any]) -> Any:
    """Cotangents of the operands, as the rule gives them; None where there is none."""
    if rule.family == "elementwise":
        partials = gradients(rule, *operands, y, **options)
        return tuple(None if one is None else weighted(one, y_bar) for one in partials)
    last = (y,) if rule.pushforward is not None else ()
    return pulled(rule, y_bar, *operands, *last, **options)


def gradients(rule: Rule, *operands: Any, **options: Any) -> tuple[Any, ...]:
    """The factors of an elementwise pullback, by its operands and its result: partial derivatives, conjugated."""
    assert rule.pullback is not None
    check_complex(rule, operands)
    partials = _tuple(rule.pullback(*operands, **options))
    return partials if rule.on_complex == "given" else tuple(map(conj, partials))


def slopes(rule: Rule, *operands: Any, **options: Any) -> tuple[Any, ...]:
    """The factors of an elementwise pushforward, of which the real part is taken where the rule gives a gradient."""
    assert rule.pullback is not None
    check_complex(rule, operands)
    partials = _tuple(rule.pullback(*operands, **options))
    return tuple(map(conj, partials)) if rule.on_complex == "given" else partials


def pulled(rule: Rule, y_bar: Any, *operands: Any, **options: Any) -> tuple[Any, ...]:
    """The pullback of any other rule: that of a holomorphic function is the formula on the reals, of conjugates."""
    assert rule.pullback is not None
    check_complex(rule, operands)
    if rule.family == "linear" or rule.on_complex == "given" or not may_be_complex(operands):
        return _tuple(rule.pullback(y_bar, *operands, **options))
    return _tuple(of_conjugates(rule.pullback, y_bar, *operands, **options))


def of_conjugates(pullback: Callable[..., Any], y_bar: Any, *operands: Any, **options: Any) -> Any:
    """A pullback that is given the conjugates of operands, of which it may read the form only."""
    if numeric(operands):
        return pullback(y_bar, *conj(operands), **options)
    plain: dict[Value, Value] = {}
    builder = _builder_of(operands)
    start = len(builder.block)

    def one(tree: Any) -> Any:
        if isinstance(tree, (tuple, list)):
            return type(tree)(map(one, tree))
        made = conj(tree)
        if isinstance(tree, Symbol) and made is not tree:
            plain[made.value] = tree.value
        return made

    found = pullback(y_bar, *map(one, operands), **options)
    _of_plain(builder, start, plain)
    return found


def check_complex(rule: Rule, operands: Any) -> None:
    """Raise NotImplementedError where a rule is for real operands alone."""
    if rule.on_complex == "refuse" and may_be_complex(operands):
        raise NotImplementedError("it has no derivative at complex numbers")


# What reads the form of an operand and not its value: which operand it is.
_FORMS = {
    **dict.fromkeys((ops.size, ops.shape, ops.length, ops.ndim, ops.dtype), 0),
    **dict.fromkeys((ops.zeros_like, ops.ones_like), 0),
    **dict.fromkeys((ops.spread, ops.sum_to, ops.cast), 1),
}


def _of_plain(builder: Builder, start: int, plain: dict[Value, Value]) -> None:
    """Forms are read of the operands themselves; a conjugate that nothing else reads goes."""
    for place in range(start, len(builder.block)):
        let = builder.block[place]
        if isinstance(let, Let) and let.op in _FORMS:
            args = list(let.args)
            form = args[_FORMS[let.op]]
            if isinstance(form, Value) and form in plain:
                args[_FORMS[let.op]] = plain[form]
                builder.block[place] = let.renewed(args=tuple(args))
    read = {value for let in builder.block[start:] for value in operands_of(let)}
    builder.block[start:] = [
        let
        for let in builder.block[start:]
        if not (isinstance(let, Let) and let.out in plain and let.out not in read)
    ]


def tangent(rule: Rule, dots: Any, operands: Any, y: Any, options: dict[str, Any]) -> Any:
    """The tangent of the result; a tangent of None is that of an operand that does not vary."""
    assert rule.pullback is not None
    check_complex(rule, operands)
    if rule.pushforward is not None:
        missing = [] if rule.variadic else [None] * (len(rule.operands) - len(operands))
        return rule.pushforward(*dots, *missing, *operands, *missing, y, **options)
    if rule.family == "linear":
        filled = [
            _filled(dot, x) if rule.varies(place) else x
            for place, (x, dot) in enumerate(zip(operands, dots))
        ]
        args, options = rule.merge(tuple(filled), options)
        return call(rule.function, *args, **options)
    if rule.family == "elementwise":
        partials = slopes(rule, *operands, y, **options)
        if isinstance(y, tuple):
            filled = [(None,) * len(y) if one is None else one for one in partials]
            return tuple(weighted(parts, dots) for parts in zip(*filled))
        terms = [
            scaled(one, dot)
            for one, dot in zip(partials, dots)
            if one is not None and dot is not None
        ]
    else:
        terms = []
        for place, dot in enumerate(dots):
            if dot is not None:
                args, named = rule.merge((*operands[:place], dot, *operands[place + 1 :]), options)
                terms.append(call(rule.function, *args, **named))
    total = terms[0] if terms else 0.0
    for term in terms[1:]:
        total = total + term
    return real(total) if rule.family == "elementwise" and rule.on_complex == "given" else total


def weighted(weights: Any, terms: Any) -> Any:
    """Products, or where one factor is a tuple their sum over what there is; None of nothing."""
    if not isinstance(terms, tuple):
        return scaled(terms, weights)
    total = None
    for weight, term in zip(weights, terms):
        nothing = weight is None or (type(weight) is int and weight == 0)
        if term is not None and not nothing:
            product = scaled(weight, term)
            total = product if total is None else total + product
    return total


def scaled(a: Any, b: Any) -> Any:
    """A product, where neither factor is a plain sign, as rules write them. (A seed of 1.0 is none: it makes numbers of truth values.)"""
    for one, other in ((a, b), (b, a)):
        if type(one) is int and one in (1, -1):
            return other if one == 1 else -other
    return a * b


def _filled(dot: Any, x: Any) -> Any:
    """A tangent without None, where there can be one."""
    if isinstance(x, (tuple, list)):
        return type(x)(map(_filled, dot if dot is not None else [None] * len(x), x))
    if dot is not None or x is None or isinstance(x, (str, bool, type)):
        return dot
    return np.zeros_like(x) if isinstance(x, Symbol) and x.value.type.rank != 0 else 0.0


def _tuple(results: Any) -> tuple[Any, ...]:
    return results if isinstance(results, tuple) else (results,)


# Definitions.


def pull(
    definition: Callable[..., Any],
    y_bar: Any,
    operands: tuple[Any, ...],
    y: Any,
    options: dict[str, Any],
    wrt: tuple[int, ...] | None = None,
) -> tuple[Any, ...]:
    """Cotangents of the operands of `definition(*operands, **options)`, by the rules of what it does.

    The definition is written down, and a reverse sweep over it; what the sweep does not read is dead. The value that
    the definition ends with is `y`.
    """
    builder = _builder_of((y_bar, operands, y))
    operands = _distinct(operands)
    start = len(builder.block)
    result = definition(*operands, **options)
    block = [statement for statement in builder.block[start:] if isinstance(statement, Let)]
    inputs = _inputs(operands, wrt)
    varied = _varied(block, inputs)
    bars: dict[Value, Any] = {}
    parts = parts_of(block)
    part_bars: dict[Value, dict[int, Any]] = {}
    _seed(bars, varied, result, y_bar)
    for statement in reversed(block):
        out = statement.out
        bar = bars.pop(out, None) if out is not None else None
        if out is not None and out in part_bars:
            bar = tuple(map(part_bars[out].get, range(len(parts[out]))))
        if out is None or bar is None:
            continue
        if statement.op is ops.part:
            part_bars.setdefault(statement.args[0], {})[statement.args[1]] = bar
            continue
        known = isinstance(result, Symbol) and result.value is out and isinstance(y, Symbol)
        rule = _rule_of(statement)
        args, given = _call_of(rule, statement, builder)
        own = y if known else wrap(parts.get(out, out), builder)
        contributions = cotangents(rule, bar, args, own, given)
        for place, (arg, contribution) in enumerate(zip(args, contributions)):
            if rule.varies(place):
                _contribute(bars, varied, rule, arg, contribution)
    found = [
        _bars_of(bars, operand) if wrt is None or place in wrt else None
        for place, operand in enumerate(operands)
    ]
    return tuple(found)


def push(
    definition: Callable[..., Any],
    dots: tuple[Any, ...],
    operands: tuple[Any, ...],
    y: Any,
    options: dict[str, Any],
) -> Any:
    """The tangent of `definition(*operands, **options)`, by the rules of what it does."""
    builder = _builder_of((dots, operands, y))
    operands = _distinct(operands)
    start = len(builder.block)
    result = definition(*operands, **options)
    block = [statement for statement in builder.block[start:] if isinstance(statement, Let)]
    parts = parts_of(block)
    read = {value for statement in block for value in operands_of(statement)}
    read.update(leaves(unwrap(result)))
    tangents: dict[Value, Any] = {}
    for operand, dot in zip(operands, dots):
        _assign(tangents, operand, dot)
    for statement in block:
        if not _is_constant(statement):
            _hold_options(statement, tangents)
        moving = tuple(_tangents_of(tangents, part) for part in _operands_of(statement))
        if statement.out is None or not any(True for _ in _leaves(moving)):
            continue
        if _is_constant(statement):
            continue
        if statement.op is ops.part:
            found = moving[0][statement.args[1]]
            if found is not None:
                tangents[statement.out] = found
            continue
        rule = _rule_of(statement)
        moving = tuple(dot if rule.varies(place) else None for place, dot in enumerate(moving))
        if not any(True for _ in _leaves(moving)):
            continue
        known = isinstance(result, Symbol) and result.value is statement.out
        out = wrap(parts.get(statement.out) or statement.out, builder)
        args, given = _call_of(rule, statement, builder)
        if rule.function is runtime.put_add and moving[2] is None:
            made = moving[0]
        else:
            own = y if known and isinstance(y, Symbol) else out
            wanted = [i for i, one in enumerate(parts.get(statement.out, ())) if one in read]
            with wanting(set(wanted) or None):
                made = tangent(rule, moving, args, own, given)
        if isinstance(out, tuple):
            made = made if isinstance(made, tuple) else builder.parts(made)
            formed = [dot if dot is None else _formed(dot, one) for dot, one in zip(made, out)]
            tangents[statement.out] = tuple(formed)
            continue
        tangents[statement.out] = _formed(made, out)
    return _result_dots(tangents, result)


def _builder_of(tree: Any) -> Builder:
    for leaf in _leaves(tree):
        if isinstance(leaf, Symbol):
            return leaf.builder
    raise TypeError("a definition is differentiated on symbols; see `traced`")


def _distinct(operands: tuple[Any, ...]) -> tuple[Any, ...]:
    """The operands, a value that stands at several places under another name at each."""
    seen: set[Value] = set()

    def one(tree: Any) -> Any:
        if isinstance(tree, (tuple, list)):
            return type(tree)(map(one, tree))
        if isinstance(tree, Symbol):
            if tree.value in seen:
                return call(ops.move.function, tree)
            seen.add(tree.value)
        return tree

    return tuple(map(one, operands))


def _inputs(operands: tuple[Any, ...], wrt: tuple[int, ...] | None) -> set[Value]:
    wanted = [x for place, x in enumerate(operands) if wrt is None or place in wrt]
    return {x.value for x in _leaves(wanted) if isinstance(x, Symbol)}


def _varied(block: list[Let], inputs: set[Value]) -> set[Value]:
    found = {value for value in inputs if value.type.differentiable}
    for statement in block:
        out = statement.out
        if out is None or not out.type.differentiable or _is_constant(statement):
            continue
        rule = rule_of(statement.op.function)
        _hold_options(statement, found)
        given = enumerate(_operands_of(statement))
        args = [x for place, x in given if rule is None or rule.varies(place)]
        if any(value in found for value in leaves(args)):
            found.add(out)
    return found


def _hold_options(statement: Let, varied: Container[Value]) -> None:
    """There is no derivative by options, other than those that a rule has among its operands."""
    rule = rule_of(statement.op.function)
    options = (statement if rule is None else with_operands(rule, statement)).options
    if any(value in varied for _, option in options for value in leaves(option)):
        raise NotImplementedError(
            f"its definition gives `{statement.op.name}` an option that varies"
        )


def with_operands(rule: Rule, statement: Let) -> Let:
    """A statement with the operands that its rule is about, those given by name among them."""
    args, options = rule.split(statement.args, dict(statement.options))
    if args is statement.args:
        return statement
    return statement.renewed(args=args, options=tuple(options.items()))


def _operands_of(statement: Let) -> Any:
    rule = rule_of(statement.op.function)
    return statement.args if rule is None else with_operands(rule, statement).args


def _call_of(rule: Rule, statement: Let, builder: Builder) -> Any:
    """Operands and options of a call, as symbols."""
    statement = with_operands(rule, statement)
    options = {key: wrap(option, builder) for key, option in statement.options}
    return wrap(statement.args, builder), options


def _is_constant(statement: Let) -> bool:
    rule = rule_of(statement.op.function)
    return rule is not None and rule.is_constant(statement.args)


def _rule_of(statement: Let) -> Rule:
    rule = rule_of(statement.op.function)
    if rule is None or rule.pullback is None:
        raise NotImplementedError(f"its definition uses `{statement.op.name}`, which has no rule")
    return rule


def _seed(bars: dict[Value, Any], varied: set[Value], result: Any, y_bar: Any) -> None:
    if isinstance(result, (tuple, list)):
        for part, bar in zip(result, y_bar):
            _seed(bars, varied, part, bar)
    elif isinstance(result, Symbol) and y_bar is not None and result.value in varied:
        _accumulate(bars, result, y_bar)


def _contribute(bars: dict[Value, Any], varied: set[Value], rule: Rule, arg: Any, bar: Any) -> None:
    """Add to the cotangent of an operand; a sequence operand has a sequence of them."""
    if isinstance(arg, (tuple, list)):
        if any(x.value in varied for x in _leaves(arg) if isinstance(x, Symbol)):
            for part, inner in zip(arg, bar):
                _contribute(bars, varied, rule, part, inner)
        return
    if not isinstance(arg, Symbol) or arg.value not in varied:
        return
    if bar is None:
        name = ops.operation(rule.function).name
        raise NotImplementedError(
            f"its definition uses `{name}`, with no derivative by this operand"
        )
    shape = arg.value.type.shape
    if not rule.broadcasts and shape and isinstance(bar, Symbol) and bar.value.type.kind == "array":
        bar.value.type = bar.value.type._replace(shape=shape)
    if rule.broadcasts:
        bar = sum_to(bar, arg)
    elif _dtype(bar) is None or _dtype(bar) != arg.value.type.dtype:
        bar = call(runtime.cast, bar, arg)
    _accumulate(bars, arg, bar)


def _accumulate(bars: dict[Value, Any], arg: Symbol, bar: Any) -> None:
    before = bars.get(arg.value)
    if before is None:
        bars[arg.value] = bar
        return
    stores = _stores(arg, bar)
    if stores is None and isinstance(before, Symbol):
        stores = _stores(arg, before)
        before = bar if stores is not None else before
    if stores is None or not isinstance(before, Symbol) or before.value.type.kind == "scalar":
        bars[arg.value] = before + bar
        return
    for index, value in stores:  # into what is there already
        before = call(runtime.put_add, before, index, value)
    bars[arg.value] = before


def _stores(arg: Symbol, bar: Any) -> list[tuple[Any, Any]] | None:
    """What a cotangent adds where to an array of zeros like `arg`, or None."""
    made = {let.out: let for let in arg.builder.block if isinstance(let, Let)}
    found: list[tuple[Any, Any]] = []
    link = unwrap(bar)
    while isinstance(link, Value) and link in made:
        let = made[link]
        if let.op is ops.zeros_like and let.args[0] is arg.value:
            return found[::-1] or None
        if let.op is not ops.put_add:
            return None
        found.append(wrap(let.args[1:], arg.builder))
        link = let.args[0]
    return None


def _bars_of(bars: dict[Value, Any], operand: Any) -> Any:
    if isinstance(operand, (tuple, list)):
        return type(operand)(_bars_of(bars, part) for part in operand)
    if not isinstance(operand, Symbol) or not operand.value.type.differentiable:
        return None
    bar = bars.get(operand.value)
    return spread(0.0, operand) if bar is None else bar


def _assign(tangents: dict[Value, Any], operand: Any, dot: Any) -> None:
    if isinstance(operand, (tuple, list)):
        for part, inner in zip(operand, dot if dot is not None else [None] * len(operand)):
            _assign(tangents, part, inner)
    elif isinstance(operand, Symbol) and dot is not None:
        tangents[operand.value] = dot


def _tangents_of(tangents: dict[Value, Any], tree: Any) -> Any:
    """The tangent of an operand; of a sequence a sequence, if any of its parts varies."""
    if isinstance(tree, Value):
        return tangents.get(tree)
    if isinstance(tree, (tuple, list)) and not isinstance(tree, Slice):
        parts = [_tangents_of(tangents, part) for part in tree]
        return type(tree)(parts) if any(True for _ in _leaves(parts)) else None
    return None


def _formed(dot: Any, out: Symbol) -> Any:
    """A tangent in the form of its value."""
    type_ = dot.value.type if isinstance(dot, Symbol) else None
    if out.value.type.rank != 0 and (
        type_ is None or type_.shape is None or type_.shape != out.value.type.shape
    ):
        dot = call(runtime.spread, dot, out)
    if _dtype(dot) is None or _dtype(dot) != out.value.type.dtype:
        dot = call(runtime.cast, dot, out)
    return dot


def _result_dots(tangents: dict[Value, Any], result: Any) -> Any:
    if isinstance(result, (tuple, list)):
        return type(result)(_result_dots(tangents, part) for part in result)
    found = tangents.get(result.value) if isinstance(result, Symbol) else None
    return (
        found
        if found is not None
        else spread(0.0, result)
        if isinstance(result, Symbol) or np.shape(result)
        else 0.0
    )


def _dtype(x: Any) -> str | None:
    return x.value.type.dtype if isinstance(x, Symbol) else None


def _leaves(tree: Any) -> Iterator[Any]:
    if isinstance(tree, (tuple, list)) and not isinstance(tree, Slice):
        for part in tree:
            yield from _leaves(part)
    elif tree is not None:
        yield tree


# On arrays.


class Recorder(Builder):
    """A builder that computes what it emits, so that all ranks are known (or, without `ranks`, none)."""

    names_rules = False

    def __init__(self, ranks: bool = True) -> None:
        super().__init__()
        self.env: dict[Value, Any] = {}
        self.ranks = ranks

    def type(self, x: Any) -> types.Type:
        """What is said of the type of a number or an array; several results are a tuple of them."""
        if not is_number(x):
            return types.Type("object")
        if not self.ranks:
            return types.ANY
        if isinstance(x, np.ndarray):
            return types.array(x.dtype.name, *x.shape)
        if isinstance(x, np.generic):
            return types.scalar(x.dtype.name)
        return types.number(type(x).__name__)

    def value(self, base: str, x: Any) -> Value:
        """A value that stands for `x`."""
        made = Value(base, self.type(x))
        self.env[made] = x
        return made

    def let(
        self, op: Any, args: Any, options: Any = (), *, base: str = "", named: bool = False
    ) -> Value:
        out = super().let(op, args, options, base=base, named=named)
        given = {key: concrete(option, self.env) for key, option in options}
        self.env[out] = op.function(*concrete(args, self.env), **given)
        found = self.env[out]
        out.type = self.type(found)
        rule = rule_of(op.function) if isinstance(found, (tuple, list)) else None
        if rule is not None and rule.family != "constant":
            found = self.env[out] = tuple(found) if isinstance(found, list) else found
            types_of = map(self.type, found)
            kind = type(found)
            parts = kind(*types_of) if hasattr(kind, "_fields") else tuple(types_of)
            out.type = types.Type("tuple", value=parts)
        return out


def is_number(x: Any) -> bool:
    """Whether something is a number or an array."""
    return isinstance(x, (np.ndarray, np.generic, int, float, complex))


def concrete(tree: Any, env: dict[Value, Any]) -> Any:
    """A tree with the numbers that its values stand for."""
    if isinstance(tree, Value):
        return env[tree]
    if isinstance(tree, Slice):
        return slice(*(concrete(part, env) for part in tree))
    if isinstance(tree, (tuple, list)):
        return type(tree)(concrete(part, env) for part in tree)
    return tree


def traced(function: Callable[..., Any], *args: Any, **options: Any) -> Any:
    """What a function of symbols makes of numbers and arrays."""
    recorder = Recorder()

    def symbol(x: Any) -> Any:
        if isinstance(x, (tuple, list)):
            return type(x)(map(symbol, x))
        if isinstance(x, (np.ndarray, np.generic, float, complex)):
            return Symbol(recorder.value("x", x), recorder)
        return x

    return concrete(unwrap(function(*map(symbol, args), **options)), recorder.env)


def numeric(*trees: Any) -> bool:
    """Whether there is no symbol among the leaves."""
    return not any(isinstance(leaf, Symbol) for leaf in _leaves(trees))
