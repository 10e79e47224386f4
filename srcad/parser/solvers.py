"""Calls of functions that solve an equation for a function that they are given.

    def f(a):                                            def residual(x, a):
        def residual(x):                                     return x ** 3 + a * x - 1
            return x ** 3 + a * x - 1          ->
        return optimize.root(residual, x0).x             found = optimize.root(residual, x0, args=(a,))
                                                         x = found.x      # varies with a, by residual(x, a) = 0

The function becomes one of the module's: what its body reads from outside are parameters of it, which the solver hands on (`args=`).
"""

from __future__ import annotations

import inspect
import types
from typing import Any, NamedTuple

import numpy as np

from srcad.analysis.activity import parameters
from srcad.analysis.types import infer
from srcad.core import ops
from srcad.core.builder import Builder
from srcad.core.nodes import (
    Block,
    Call,
    Function,
    Let,
    Loop,
    Param,
    Value,
    defined,
    leaves,
    operands,
    walk,
)
from srcad.core.renewal import Renewal
from srcad.core.solutions import Lifted, Solution, fact
from srcad.core.specification import Known, own_signature, unwrap
from srcad.core.types import OPAQUE, Type, number
from srcad.errors import AliasingError
from srcad.parser.boxes import holds, same_contents
from srcad.parser.handles import FunctionBinding, MethodBinding
from srcad.parser.objects import Instance
from srcad.parser.places import Handle, View
from srcad.rules.solvers import Solver

__all__ = ["Found", "solve"]

# What is known of a result besides the solution, and what kind of thing it is.
_FACTS = {
    **dict.fromkeys(("success", "converged"), number("bool")),
    **dict.fromkeys(
        ("status", "nit", "nfev", "njev", "nhev", "iterations", "function_calls"), number("int")
    ),
    **dict.fromkeys(("message", "flag"), OPAQUE),
}


class Body(NamedTuple):
    """A function of x, parsed: its parameter, its statements, and what they make."""

    name: str
    x: Value
    block: Block
    result: Any
    doc: str


class Found(Handle):
    """What a solver returned: the solution is an attribute of it."""

    def __init__(self, value: Value, attribute: str, x: Any, others: dict[str, Any]) -> None:
        self.value, self.name, self.x, self.others = value, attribute, x, others

    def held(self) -> Any:
        return self.x

    def attribute(self, parser: Any, node: Any, name: str) -> Any:
        """`found.x`, what is computed of it, and what says how it was found."""
        if name == self.name:
            return self.x
        if name in self.others:
            return self.others[name](parser)
        if name not in _FACTS:
            parser.refuse(
                node,
                f"`.{name}` of what a solver returned is not differentiated",
                f"Compute it of the solution, `.{self.name}`.",
            )
        made = Value(name, _FACTS[name])
        let = Let(made, fact(name), (self.value,), (), parser.builder.origin)
        let.frozen = True
        parser.builder.add(let)
        return made


def solve(
    parser: Any, node: Any, callee: Known, solver: Solver, args: list[Any], options: dict[str, Any]
) -> Any:
    """The solution, or what has it as an attribute."""
    name = ops.name_of(callee.object) or callee.name
    given = parser.fit(node, inspect.signature(callee.object), args, options)
    given = {key: value for key, value in given.items() if not _left_out(value)}
    for option, (why, rewrite) in solver.refused.items():
        if option in given:
            parser.refuse(node, f"`{option}=` of `{name}`: {why}", rewrite)
    function = given.pop(solver.function)
    extra = given.pop("args", ())
    extra = extra if isinstance(extra, tuple) else (extra,)
    type_ = _unknown(parser, node, name, solver, given)
    handed, known = _handed(parser, function, extra)
    label = {"root": "residual", "squares": "residuals", "fixed": "update", "minimum": "objective"}
    body = _body(parser, node, function, type_, handed, label[solver.finds])
    others = {}
    for option in solver.others:
        if option in given and _called(given[option]):
            other = given.pop(option)
            others[option] = _body(parser, node, other, type_, handed, option)
        elif option in given and not isinstance(given[option], str):
            parser.refuse(
                node,
                f"`{option}=` of `{name}` is no function",
                f"Give a function of its own for it, or leave `{option}` out.",
            )
    free = _free(parser, [body, *others.values()])
    free.sort(key=lambda value: value not in known)  # what the user hands on stands first
    captured = [known.get(value, value) for value in free]
    lifted = _function(parser, body, free)
    named: list[tuple[str, Any]] = [("args", tuple(captured))] if captured else []
    first = [parser.read(given.pop(key), node) for key in solver.first]
    named += [(key, Lifted(_function(parser, each, free))) for key, each in others.items()]
    named += [(key, parser.read(value, node)) for key, value in given.items()]
    effect = any(
        isinstance(let, Let) and let.op.effect == "effect" and let.op is not ops.raise_if
        for each in (body, *others.values())
        for let in walk(each.block)
    )
    op = ops.Operation(callee.object, name, effect="effect" if effect else "pure")
    returned = Value("found" if solver.attribute else op.base, OPAQUE)
    call = Let(returned, op, (Lifted(lifted), *first), tuple(named), parser.builder.origin)
    call.frozen = True
    parser.builder.add(call)
    parser.program.refer(parser.path, f"call {callee.name}", callee.object)
    solution = Solution(
        _equation(parser, node, solver, body, free),
        stationary=solver.finds in ("minimum", "squares"),
        fresh=solver.finds != "fixed",  # whose last iterate may be an array of the function's
    )
    name = solver.attribute or op.base
    style = "attribute" if solver.attribute else "name"
    read = ops.Operation(solution, name, style=style, symbol=solver.attribute)  # type: ignore[arg-type]
    x = Value(name, type_)
    parser.builder.add(Let(x, read, (returned, *captured), (), parser.builder.origin))
    parser.freeze()
    found = parser.bind_new(x)
    if not solver.attribute:
        return found
    return Found(returned, solver.attribute, found, _computed(solver, body, free, captured, x))


def _left_out(binding: Any) -> bool:
    return binding is None or binding is False or (isinstance(binding, tuple) and not binding)


def _called(binding: Any) -> bool:
    """Whether a binding is a function."""
    if isinstance(binding, Known):
        return callable(binding.object)
    return isinstance(binding, (Handle, MethodBinding, Instance))


def _unknown(parser: Any, node: Any, name: str, solver: Solver, given: dict[str, Any]) -> Type:
    """The type of the solution, which is that of the point to start from."""
    if solver.start is None:
        return number("float") if solver.floats else Type("any", "float64", ())
    start = given.get(solver.start)
    if isinstance(start, (list, tuple)):
        operand = parser.read(start, node)
        type_ = infer(ops.operation(np.array), (operand,), {})
    else:
        type_ = parser.type(start)
    shape: Any = type_.shape
    if shape is None or not (
        type_.dtype in ("float64", "float", "int", "bool")
        or (type_.dtype or "").startswith(("int", "uint"))
    ):
        parser.refuse(
            node,
            f"`{solver.start}` of `{name}` is {type_!r}",
            "The solution has its shape and its dtype: start from float64 numbers, of a rank that is known.",
        )
    flat = solver.flat and str(given.get("method")).lower() not in solver.shaped
    if flat and len(shape) > 1:
        parser.refuse(
            node,
            f"`{name}` makes one axis of `{solver.start}`, which has {len(shape)}",
            f"Start from np.ravel({solver.start}), and reshape in the function.",
        )
    if not shape:
        shape = (1,) if flat else ()
    return Type("array" if shape else "any", "float64", shape)


def _handed(
    parser: Any, function: Any, extra: tuple[Any, ...]
) -> tuple[list[Any], dict[Value, Any]]:
    """What is handed on by `args=`, as parameters under the function's own names; and what these stand for."""
    names = _parameters(function)[1:]
    bindings: list[Any] = []
    kept: dict[Value, Any] = {}
    for place, binding in enumerate(extra):
        if isinstance(binding, (View, Value)) and place < len(names):
            operand = parser.read(binding)
            binding, value = parser.enter(names[place], parser.type(binding), names[place])
            kept[value] = operand
        bindings.append(binding)
    return bindings, kept


def _parameters(function: Any) -> list[str]:
    """The names of the parameters of a function, as far as they are known."""
    if isinstance(function, FunctionBinding):
        arguments = function.node.args
        return [argument.id for argument in (*arguments.posonlyargs, *arguments.args)]
    plain = function.object if isinstance(function, Known) else None
    if isinstance(unwrap(plain), types.FunctionType):  # type: ignore[arg-type]
        return list(own_signature(plain).parameters)  # type: ignore[arg-type]
    return []


def _body(parser: Any, node: Any, function: Any, type_: Type, extra: list[Any], label: str) -> Body:
    """A function of x, parsed in a block of its own; `label` is what one without a name is called."""
    if not _called(function):
        parser.refuse(
            node, "what is to be solved is no function", "Give a function by its name, or a lambda."
        )
    x, value = parser.enter("x", type_, (_parameters(function) or ["x"])[0])
    arrays, boxed, names = dict(parser.memory), parser.held_boxes(), _scopes(parser)
    with parser.inner() as builder:
        result = parser.call(node, function, [x, *extra], {})
        if isinstance(result, (list, tuple)):
            result = parser.emit(ops.operation(np.array), (list(result),))
        operand = parser.read(result, node)
    changed = any(parser.memory.get(buffer) is not held for buffer, held in arrays.items())
    changed |= any(not same_contents(parts, holds(box)) for box, parts in boxed.values())
    changed |= any(
        env.get(key) is not held for env, before in names for key, held in before.items()
    )
    if changed:
        parser.refuse(
            node,
            "the function that is solved for changes something outside of it, or its argument",
            "How often it is called is not known. Let it return what it computes, and change copies only.",
            AliasingError,
        )
    if not (isinstance(operand, (Value, float, int))):
        parser.refuse(
            node,
            "what the function that is solved for returns is no array and no number",
            "Return one array, or one number.",
        )
    known = function.object if isinstance(function, Known) else None
    own = getattr(function, "name", "") if known is None else getattr(known, "__name__", "")
    own = own if own.isidentifier() and own != "lambda" else label
    doc = inspect.getdoc(known) if isinstance(known, types.FunctionType) else ""
    block = builder.block
    if len(block) == 1 and isinstance(block[0], Call) and block[0].outs == [operand]:
        block, operand = _inside(block[0])
    return Body(own, value, block, operand, doc or "")


def _inside(call: Call) -> tuple[Block, Any]:
    """What a call does: a function that does nothing but call another is that other."""
    copy = Renewal(dict(zip(parameters(call.callee), call.args)))
    block = copy.block(call.callee.body)
    return block, copy.tree(call.callee.result)


def _scopes(parser: Any) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """The names of this function and of those around it, with what they stand for now."""
    found = []
    while parser is not None:
        found.append((parser.env, dict(parser.env)))
        parser = parser.scope
    return found


def _free(parser: Any, bodies: list[Body]) -> list[Value]:
    """The values that functions read from outside, in the order in which they were made; arrays of outer scopes are read by name."""
    hidden = set(parser.program.hidden.values())
    found: dict[Value, None] = {}
    for body in bodies:
        own = {body.x}
        for statement in walk(body.block):
            own.update(defined(statement))
            if isinstance(statement, Loop):
                own.update(carry.param for carry in statement.carries)
                own.update(leaves(statement.index))
            caught = getattr(statement, "caught", None)
            own.update(leaves(caught))
        read = [value for statement in walk(body.block) for value in _reads(statement)]
        found.update(dict.fromkeys([*read, *leaves(body.result)]))
        for value in own | hidden:
            found.pop(value, None)
    return sorted(found, key=lambda value: value.serial)


def _reads(statement: Any) -> list[Value]:
    """The values that a statement reads, what its joins read included."""
    found = list(operands(statement))
    for carry in getattr(statement, "carries", ()):
        found += leaves(carry.next)
    for phi in getattr(statement, "phis", ()):
        found += leaves((phi.then, phi.orelse))
    for each in ("test", "until"):
        tree = getattr(statement, each, None)
        found += leaves(tree) if isinstance(statement, Loop) else []
    return found


def _function(parser: Any, body: Body, free: list[Value], more: Any = None) -> Function:
    """A function of (x, *captured); `more` makes its value of x and what the body makes."""
    from srcad.parser.function import Parsed

    params = [body.x, *free]
    own = {value: value.like(named=True) for value in params}
    copy = Renewal(own)
    block = copy.block(body.block)
    result = copy.tree(body.result)
    if more is not None:
        builder = Builder(infer, parser.builder.origin)
        result = more(builder, own[body.x], result)
        block += builder.block
    made = Function(
        body.name,
        [Param(value.base, value) for value in own.values()],
        block,
        result,
        body.doc,
    )
    made.hidden = list(parser.program.hidden.values())
    made.parsed = Parsed(frozenset(), frozenset(), {}, parser.source.place(parser.statement), {})
    return made


def _equation(parser: Any, node: Any, solver: Solver, body: Body, free: list[Value]) -> Function:
    """What is zero at the solution, or stationary there."""
    rank = body.result.type.rank if isinstance(body.result, Value) else 0

    def made(builder: Builder, x: Value, result: Any) -> Any:
        if solver.finds == "squares":
            square = builder.emit(ops.power, result, 2)
            return builder.emit(
                ops.multiply, 0.5, builder.emit(ops.operation(np.sum), square) if rank else square
            )
        if solver.finds == "minimum":
            return result
        if rank == 0 and x.type.rank:  # one number for one unknown
            result = builder.emit(ops.operation(np.reshape), result, shape=(1,) * x.type.rank)
        if solver.finds == "fixed":
            return builder.emit(ops.subtract, x, result)
        return result

    if solver.finds == "minimum" and rank != 0:
        parser.refuse(
            node,
            "what is minimised is no single number, as far as is known",
            "Return a number: np.sum(...), or an element.",
        )
    if solver.finds in ("root", "fixed") and rank not in (0, body.x.type.rank):
        parser.refuse(
            node,
            f"what is solved for has {body.x.type.rank} axes, and the equations {rank}",
            "Return an array of the shape of the unknown.",
        )
    return _function(parser, body, free, made)


def _computed(
    solver: Solver, body: Body, free: list[Value], captured: list[Any], x: Value
) -> dict[str, Any]:
    """The attributes of the result that are computed at the solution."""

    def value(parser: Any) -> Any:
        copy = Renewal({body.x: x, **dict(zip(free, captured))})
        for statement in copy.block(body.block):
            parser.builder.add(statement)
        operand = copy.tree(body.result)
        return parser.bind_new(operand) if isinstance(operand, Value) else operand

    def cost(parser: Any) -> Any:
        square = parser.emit(ops.power, (value(parser), 2))
        return parser.emit(ops.multiply, (0.5, parser.emit(ops.operation(np.sum), (square,))))

    if solver.attribute == "root":
        return {}
    return {"fun": value, "cost": cost} if solver.finds == "squares" else {"fun": value}
