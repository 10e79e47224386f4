"""Activity: which values vary with the inputs, and which of those matter to the outputs.

A value is active when it does both. Only active values get a cotangent. What a rule calls constant, what was computed
under `no_grad`, and what is no floating number never varies.

>>> import srcad.rules
>>> from srcad.core import ops
>>> from srcad.core.nodes import Let, Value
>>> from srcad.core.types import array
>>> x, y, z = (Value(name, array("float64", 3)) for name in "xyz")
>>> block = [Let(y, ops.multiply, (x, 2.0)), Let(z, ops.multiply, (y, y))]
>>> sorted(value.base for value in active(block, [x], [y]))
['x', 'y']
"""

from __future__ import annotations

from collections.abc import Iterable

from srcad.core import ops
from srcad.core.nodes import Block, Branch, Call, Let, Loop, Value, leaves, walk
from srcad.rules import rule_of

__all__ = ["active", "lost", "useful", "varied"]


def active(block: Block, inputs: Iterable[Value], outputs: Iterable[Value]) -> set[Value]:
    """The values of a block that vary with `inputs` and matter to `outputs`."""
    varying = varied(block, inputs)
    return varying & useful(block, outputs, varying)


def varied(block: Block, inputs: Iterable[Value]) -> set[Value]:
    """The values that vary with `inputs`."""
    found = {value for value in inputs if value.type.differentiable}
    _vary(block, found)
    return found


def _vary(block: Block, found: set[Value]) -> None:
    for statement in block:
        if isinstance(statement, Let):
            out = statement.out
            if out is None or statement.frozen or not out.type.differentiable:
                continue
            rule = rule_of(statement.op.function)
            args, options = statement.args, dict(statement.options)
            if rule is not None:
                if rule.is_constant(args):
                    continue
                args, options = rule.split(args, options)
                if rule.wrt is not None:  # the others are there for their form
                    args = tuple(args[place] for place in rule.wrt if place < len(args))
            if any(value in found for value in leaves(args)) or any(
                value in found for option in options.values() for value in leaves(option)
            ):
                found.add(out)
        elif isinstance(statement, Call):
            if not statement.frozen and any(value in found for value in leaves(statement.args)):
                found.update(callee_varied(statement, found))
        elif isinstance(statement, Branch):
            _vary(statement.body, found)
            _vary(statement.orelse, found)
            for phi in statement.phis:
                if phi.out.type.differentiable and any(
                    v in found for v in leaves((phi.then, phi.orelse))
                ):
                    found.add(phi.out)
        elif isinstance(statement, Loop):
            for carry in statement.carries:
                if (
                    any(value in found for value in leaves(carry.init))
                    and carry.param.type.differentiable
                ):
                    found.add(carry.param)
            while True:
                before = len(found)
                _vary(statement.header, found)
                _vary(statement.body, found)
                for carry in statement.carries:
                    if (
                        any(value in found for value in leaves(carry.next))
                        and carry.param.type.differentiable
                    ):
                        found.add(carry.param)
                if len(found) == before:
                    break
            for carry in statement.carries:
                if carry.param in found or any(value in found for value in leaves(carry.next)):
                    if carry.exit.type.differentiable:
                        found.add(carry.exit)


def callee_varied(call: Call, found: set[Value]) -> list[Value]:
    """The results of a call that vary."""
    callee = call.callee
    inputs = [
        p for p, arg in zip(parameters(callee), call.args) if any(v in found for v in leaves(arg))
    ]
    inner = varied(callee.body, inputs)
    results = list(dict.fromkeys(leaves(callee.result)))
    return [
        out
        for out, result in zip(call.outs, results)
        if result in inner and out.type.differentiable
    ]


def parameters(function: object) -> list[Value]:
    """The values of a function's parameters, flat."""
    return [value for param in function.params for value in leaves(param.tree)]  # type: ignore[attr-defined]


def lost(block: Block, inputs: Iterable[Value]) -> Let | None:
    """A statement that makes a sparse matrix of what varies with `inputs`: no derivative would come through it."""
    made = [s for s in walk(block) if isinstance(s, Let) and s.op in ops.SPARSE.values()]
    varying = varied(block, inputs) if made else set()
    return next((s for s in made if not s.frozen and varying & set(leaves(s.args))), None)


def useful(block: Block, outputs: Iterable[Value], varying: set[Value] | None = None) -> set[Value]:
    """The values that matter to `outputs`."""
    found = set(outputs)
    _need(block, found, varying)
    return found


def _need(block: Block, found: set[Value], varying: set[Value] | None) -> None:
    for statement in reversed(block):
        if isinstance(statement, Let):
            if statement.out in found and (varying is None or statement.out in varying):
                found.update(leaves(statement.args))
                for _, option in statement.options:
                    found.update(leaves(option))
        elif isinstance(statement, Call):
            if any(out in found for out in statement.outs):
                found.update(leaves(statement.args))
        elif isinstance(statement, Branch):
            for phi in statement.phis:
                if phi.out in found:
                    found.update(leaves((phi.then, phi.orelse)))
            _need(statement.body, found, varying)
            _need(statement.orelse, found, varying)
        elif isinstance(statement, Loop):
            while True:
                before = len(found)
                for carry in statement.carries:
                    if carry.exit in found or carry.param in found:
                        found.update(leaves((carry.init, carry.next)))
                _need(statement.body, found, varying)
                _need(statement.header, found, varying)
                if len(found) == before:
                    break
