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
from srcad.analysis.types import infer, named_shapes, type_of
from srcad.analysis.types.lattice import Unknown
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
from srcad.core.specification import Known, last_name, own_signature, unwrap
from srcad.core.types import OPAQUE, Type, number
from srcad.errors import AliasingError
from srcad.parser.boxes import holds, same_contents
from srcad.parser.expressions import is_constant
from srcad.parser.handles import FunctionBinding, MethodBinding
from srcad.parser.objects import Instance
from srcad.parser.places import Handle, View
from srcad.rules.solvers import RESIDUAL, Solver, Stated

__all__ = [
    "Found",
    "arguments",
    "constant_call",
    "entered",
    "fact_of",
    "free_of",
    "parsed",
    "solve",
    "solve_stated",
    "unknown",
]

# What is known of a result besides the solution, and what kind of thing it is.
_FACTS = {
    **dict.fromkeys(("success", "converged"), number("bool")),
    **dict.fromkeys(
        ("status", "nit", "nfev", "njev", "nhev", "iterations", "function_calls"), number("int")
    ),
    **dict.fromkeys(("message", "flag"), OPAQUE),
}


class Body(NamedTuple):
    """A function of x, or of (t, x), parsed: its parameters, its statements, and what they make: with derivatives behind it, a tuple."""

    name: str
    params: tuple[Value, ...]
    block: Block
    result: Any
    doc: str

    @property
    def x(self) -> Value:
        """The unknown."""
        return self.params[-1]

    @property
    def value(self) -> Any:
        """What is solved for."""
        return self.result[0] if isinstance(self.result, tuple) else self.result


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
        return fact_of(parser, self.value, name, _FACTS[name])


def fact_of(parser: Any, found: Any, name: str, type_: Type) -> Value:
    """`found.name`, which does not vary."""
    made = Value(name.rpartition(".")[2], type_)
    let = Let(made, fact(name), (found,), (), parser.builder.origin)
    let.frozen = True
    parser.builder.add(let)
    return made


def solve(
    parser: Any, node: Any, callee: Known, solver: Solver, args: list[Any], options: dict[str, Any]
) -> Any:
    """The solution, or what has it as an attribute."""
    name = ops.name_of(callee.object) or callee.name
    given = arguments(parser, node, callee, solver, args, options)
    function = given.pop(solver.function)
    extra = given.pop("args", ())
    extra = extra if isinstance(extra, tuple) else (extra,)
    type_ = unknown(parser, node, name, solver, given)
    handed, known = entered(parser, function, extra, 1)
    label = {"root": "residual", "squares": "residuals", "fixed": "update", "minimum": "objective"}
    count = 1 + sum(given.get(option) is True for option in solver.others)
    body = parsed(parser, node, function, (type_,), handed, label[solver.finds], count)
    others = {}
    for option in solver.others:
        if option in given and _called(given[option]):
            other = given.pop(option)
            others[option] = parsed(parser, node, other, (type_,), handed, option)
        elif option in given and not isinstance(given[option], (str, bool)):
            parser.refuse(
                node,
                f"`{option}=` of `{name}` is no function",
                f"Give a function for it, or True where `{solver.function}` returns it, too.",
            )
    free = free_of(parser, [body, *others.values()], known)
    captured = [known.get(value, value) for value in free]
    first = [parser.read(given.pop(key), node) for key in solver.first]
    named = {key: parser.read(value, node) for key, value in given.items()}
    returned = constant_call(parser, callee, body, others, free, captured, first, named)
    solution = Solution(
        _equation(parser, node, solver, body, free),
        stationary=solver.finds in ("minimum", "squares"),
        fresh=solver.finds != "fixed",  # whose last iterate may be an array of the function's
    )
    name = solver.attribute or last_name(name)
    style = "attribute" if solver.attribute else "name"
    read = ops.Operation(solution, name, style=style, symbol=solver.attribute)  # type: ignore[arg-type]
    x = Value(name, type_)
    parser.builder.add(Let(x, read, (returned, *captured), (), parser.builder.origin))
    parser.freeze()
    found = parser.bind_new(x)
    if not solver.attribute:
        return found
    return Found(returned, solver.attribute, found, _computed(solver, body, free, captured, x))


def solve_stated(
    parser: Any, node: Any, callee: Known, stated: Stated, args: list[Any], options: dict[str, Any]
) -> Any:
    """The result of a function that says what equation it solves, and is not looked into."""
    function = callee.object
    parameters = inspect.signature(function).parameters
    given = parser.fit(node, inspect.signature(function), args, options)
    for parameter in parameters.values():
        if parameter.default is not parameter.empty:
            given.setdefault(parameter.name, parameter.default)
    for name in stated.names:
        if not (isinstance(given[name], (View, Value, tuple, list)) or is_constant(given[name])):
            parser.refuse(node, f"`{name}` of `{callee.name}` is no array", "Give an array.")
    operands = {name: _known_or_read(parser, binding, node) for name, binding in given.items()}
    numbers = [_type_of(operands.get(name)) for name in parameters]
    try:
        (shape,) = named_shapes(stated.signature, numbers)
    except Unknown:
        parser.refuse(
            node,
            f"the ranks of the arguments are not known, or do not fit the signature {stated.signature}",
            "Say the axes of each argument in turn, and of the result.",
        )
    known = {type_.dtype for type_ in numbers if type_ is not None and type_.numeric} - {"float"}
    dtype = None if None in known else "float32" if known == {"float32"} else "float64"
    type_ = Type("array" if shape else "any", dtype, shape)
    parser.import_place(stated.residual)
    residual = Known(stated.residual, f"{callee.name}.{RESIDUAL}")
    extra = tuple(given[name] for name in stated.names)
    handed, entries = entered(parser, residual, extra, 1)
    body = parsed(parser, node, residual, (type_,), handed, "residual")
    free = free_of(parser, [body], entries)
    name = last_name(callee.name)
    returned, x = Value(name, OPAQUE), Value(name, type_)
    positional = tuple(_known_or_read(parser, arg, node) for arg in args)
    named = tuple((key, _known_or_read(parser, arg, node)) for key, arg in options.items())
    call = Let(returned, ops.Operation(function, name), positional, named, parser.builder.origin)
    call.frozen = True
    parser.builder.add(call)
    parser.program.refer(parser.path, f"call {callee.name}", function)
    equation = lifted(parser, body, free)
    solution = Solution(equation, stationary=stated.stationary, request=stated.request)
    captured = tuple(entries.get(value, value) for value in free)
    read = ops.Operation(solution, name, style="name")  # type: ignore[arg-type]
    parser.builder.add(Let(x, read, (returned, *captured), (), parser.builder.origin))
    parser.freeze()
    return parser.bind_new(x)


def _known_or_read(parser: Any, binding: Any, node: Any) -> Any:
    return binding if isinstance(binding, Known) else parser.read(binding, node)


def _type_of(operand: Any) -> Type | None:
    """The type of an argument, None where it is no number and no array."""
    if isinstance(operand, (list, tuple)):
        return infer(ops.operation(np.array), (operand,), {})
    type_ = type_of(operand)
    return type_ if type_.numeric else None


def arguments(
    parser: Any, node: Any, callee: Known, solver: Solver, args: list[Any], options: dict[str, Any]
) -> dict[str, Any]:
    """The arguments of a call by name, without those that say what holds anyway."""
    signature = inspect.signature(callee.object)
    given = parser.fit(node, signature, args, options)
    for parameter in signature.parameters.values():
        if parameter.kind is parameter.VAR_KEYWORD:
            given |= given.pop(parameter.name)
        elif parameter.name in given and given[parameter.name] is parameter.default:
            del given[parameter.name]
    for option, (why, rewrite) in solver.refused.items():
        binding = given.get(option)
        if binding is None or binding is False or (isinstance(binding, tuple) and not binding):
            given.pop(option, None)
            continue
        parser.refuse(node, f"`{option}=` of `{ops.name_of(callee.object)}`: {why}", rewrite)
    return given


def constant_call(
    parser: Any,
    callee: Known,
    body: Body,
    others: dict[str, Body],
    free: list[Value],
    captured: list[Any],
    first: list[Any],
    named: dict[str, Any],
) -> Value:
    """The call as it stands, of functions of the module's: how a solution is found is a constant."""
    pairs: list[tuple[str, Any]] = [("args", tuple(captured))] if captured else []
    pairs += [(key, Lifted(lifted(parser, each, free))) for key, each in others.items()]
    pairs += named.items()
    effect = any(
        isinstance(let, Let) and let.op.effect == "effect" and let.op is not ops.raise_if
        for each in (body, *others.values())
        for let in walk(each.block)
    )
    name = ops.name_of(callee.object) or callee.name
    op = ops.Operation(callee.object, name, effect="effect" if effect else "pure")
    returned = Value("found", OPAQUE)
    main = Lifted(lifted(parser, body, free))
    call = Let(returned, op, (main, *first), tuple(pairs), parser.builder.origin)
    call.frozen = True
    parser.builder.add(call)
    parser.program.refer(parser.path, f"call {callee.name}", callee.object)
    return returned


def _called(binding: Any) -> bool:
    """Whether a binding is a function."""
    if isinstance(binding, Known):
        return callable(binding.object)
    return isinstance(binding, (Handle, MethodBinding, Instance))


def unknown(parser: Any, node: Any, name: str, solver: Solver, given: dict[str, Any]) -> Type:
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


def entered(
    parser: Any, function: Any, extra: tuple[Any, ...], place: int
) -> tuple[list[Any], dict[Value, Any]]:
    """What is handed on by `args=`, as the parameters from a place on, under the function's own names; and what these stand for."""
    names = _parameters(function)[place:]
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


def parsed(
    parser: Any,
    node: Any,
    function: Any,
    types_: tuple[Type, ...],
    extra: list[Any],
    label: str,
    count: int = 1,
) -> Body:
    """A function of unknowns of these types, parsed in a block of its own; `label` is what one without a name is called.

    It returns `count` things: behind its value, derivatives for the solver.
    """
    if not _called(function):
        parser.refuse(
            node, "what is to be solved is no function", "Give a function by its name, or a lambda."
        )
    names = [*_parameters(function), *("x",) * len(types_)]
    entered = [parser.enter(name, type_, name) for name, type_ in zip(names, types_)]
    arrays, boxed, scopes = dict(parser.memory), parser.held_boxes(), _scopes(parser)
    with parser.inner() as builder:
        result = parser.call(node, function, [*(x for x, _ in entered), *extra], {})
        if count > 1 and not (isinstance(result, tuple) and len(result) == count):
            parser.refuse(
                node,
                f"the function is said to return {count} things, and does not",
                "Return a tuple: its value, and the derivatives that are asked for.",
            )
        results = [
            parser.emit(ops.operation(np.array), (list(one),))
            if isinstance(one, (list, tuple))
            else one
            for one in (result if count > 1 else (result,))
        ]
        operands_ = tuple(parser.read(one, node) for one in results)
        operand: Any = operands_ if count > 1 else operands_[0]
    changed = any(parser.memory.get(buffer) is not held for buffer, held in arrays.items())
    changed |= any(not same_contents(parts, holds(box)) for box, parts in boxed.values())
    changed |= any(
        env.get(key) is not held for env, before in scopes for key, held in before.items()
    )
    if changed:
        parser.refuse(
            node,
            "the function that is solved for changes something outside of it, or its argument",
            "How often it is called is not known. Let it return what it computes, and change copies only.",
            AliasingError,
        )
    for statement in walk(builder.block):
        if isinstance(statement, Let) and ops.draws(statement.op):
            parser.refuse(
                node,
                "the function that is solved for draws random numbers",
                "It would be another function at each call. Draw before, and let it read what was drawn.",
            )
    if not all(isinstance(one, Value if count > 1 else (Value, float, int)) for one in operands_):
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
    return Body(own, tuple(value for _, value in entered), block, operand, doc or "")


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


def free_of(parser: Any, bodies: list[Body], known: dict[Value, Any]) -> list[Value]:
    """The values that functions read from outside, those that the user hands on first; arrays of outer scopes are read by name."""
    hidden = set(parser.program.hidden.values())
    found: dict[Value, None] = {}
    for body in bodies:
        own = set(body.params)
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
    return sorted(found, key=lambda value: (value not in known, value.serial))


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


def lifted(parser: Any, body: Body, free: list[Value], more: Any = None) -> Function:
    """A function of (x, *captured); `more` makes its value of x and what the body makes."""
    from srcad.parser.function import Parsed

    params = [*body.params, *free]
    own = {value: value.like(named=True) for value in params}
    copy = Renewal(own)
    block = copy.block(body.block)
    result = copy.tree(body.result if more is None else body.value)
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
    rank = body.value.type.rank if isinstance(body.value, Value) else 0

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
    return lifted(parser, body, free, made)


def _computed(
    solver: Solver, body: Body, free: list[Value], captured: list[Any], x: Value
) -> dict[str, Any]:
    """The attributes of the result that are computed at the solution."""

    def value(parser: Any) -> Any:
        copy = Renewal({body.x: x, **dict(zip(free, captured))})
        for statement in copy.block(body.block):
            parser.builder.add(statement)
        operand = copy.tree(body.value)
        return parser.bind_new(operand) if isinstance(operand, Value) else operand

    def cost(parser: Any) -> Any:
        square = parser.emit(ops.power, (value(parser), 2))
        return parser.emit(ops.multiply, (0.5, parser.emit(ops.operation(np.sum), (square,))))

    if solver.attribute == "root":
        return {}
    return {"fun": value, "cost": cost} if solver.finds == "squares" else {"fun": value}
