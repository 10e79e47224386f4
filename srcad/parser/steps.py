"""Calls of `scipy.integrate.solve_ivp`: the steps that its error control has accepted are constants, and are taken again in a loop.

    sol = solve_ivp(fun, (0, 10), y0)     ->     t = solve_ivp(fun, (0, 10), y0).t
    return sol.y[:, -1]                          # the body of srcad.rules.steps.through(fun, t, y0, RK45.A, RK45.B, RK45.C), here

So what is differentiated is what SciPy computes, step by step; that the steps are where they are is not.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from srcad.analysis.types.lattice import fresh_size
from srcad.core import ops
from srcad.core.nodes import Let, Slice, Value
from srcad.core.specification import Known
from srcad.core.types import Type, array, number
from srcad.parser.handles import Callee
from srcad.parser.places import View
from srcad.parser.solvers import (
    Found,
    arguments,
    constant_call,
    entered,
    fact_of,
    free_of,
    parsed,
    unknown,
)
from srcad.rules import steps
from srcad.rules.solvers import Solver

__all__ = ["solve_steps"]

_METHODS = ("RK45", "RK23", "DOP853")


def solve_steps(
    parser: Any, node: Any, callee: Known, solver: Solver, args: list[Any], options: dict[str, Any]
) -> Any:
    """What `solve_ivp` returns, with `y` as a loop over its steps."""
    given = arguments(parser, node, callee, solver, args, options)
    function, span, start = (given.pop(name) for name in ("fun", "t_span", "y0"))
    extra = given.pop("args", ())
    if not isinstance(extra, (tuple, list)):
        parser.refuse(node, "`args=` is no tuple", "It would raise when the function is called.")
    extra = tuple(extra)
    method = _method(parser, node, given.get("method", "RK45"))
    times = given.pop("t_eval", None)
    if times is not None and method.__name__ == "DOP853":
        parser.refuse(
            node,
            "`t_eval=` of the method DOP853: between its steps it evaluates the function again",
            "Use RK45, or integrate to one time after the other.",
        )
    type_ = unknown(parser, node, "integrate.solve_ivp", solver, {"y0": start})
    if type_.rank != 1:
        parser.refuse(node, f"`y0` has {type_.rank} axes", "Give an array of one axis.")
    start = _array(parser, start)
    handed, known = entered(parser, function, extra, 2)
    moment = Type("any", "float64", ())
    body = parsed(parser, node, function, (moment, type_), handed, "slope")
    free = free_of(parser, [body], known)
    captured = [known.get(value, value) for value in free]
    named = {key: parser.read(value, node) for key, value in given.items()}
    if times is not None:
        times = _array(parser, times)
        named |= {"t_eval": parser.read(times, node), "dense_output": True}
    first = [parser.read(span, node), parser.read(start, node)]
    returned = constant_call(parser, callee, body, {}, free, captured, first, named)
    points = array("float64", fresh_size())
    t = fact_of(parser, returned, "sol.ts" if times is not None else "t", points)
    t = _between(parser, node, span, t, returned)
    home = Known(method, ops.name_of(method) or method.__name__)
    tableau = []
    for name in "ABC" if times is None else "ABCP":
        shape = getattr(method, name).shape
        tableau.append(_named(parser, fact_of(parser, home, name, array("float64", *shape)), name))

    def slope(parser: Any, node: Any, args: list[Any], options: dict[str, Any]) -> Any:
        return _array(parser, parser.call(node, function, [*args, *extra], options))

    made: Any = steps.through if times is None else steps.at_times
    parser.import_place(made)
    operands: list[Any] = [Callee("fun", slope, [function, *extra]), t, start, *tableau]
    operands += method.A.shape if times is None else [*method.A.shape, times]
    y = parser.call(node, Known(made, made.__name__), operands, {})
    return Found(returned, "y", y, {"t": lambda parser: t if times is None else times})


def _array(parser: Any, binding: Any) -> Any:
    if isinstance(binding, (list, tuple)):
        return parser.emit(ops.operation(np.array), (list(binding),))
    return binding


def _method(parser: Any, node: Any, given: Any) -> Any:
    """The class of a method of Runge and Kutta's, by its name."""
    from scipy import integrate

    found = getattr(integrate, given, None) if isinstance(given, str) else None
    found = given.object if isinstance(given, Known) else found
    if getattr(found, "__name__", "") not in _METHODS:
        parser.refuse(
            node,
            "the method is none of RK45, RK23 and DOP853, or is not known while parsing",
            "Implicit methods solve equations whose solutions are not taken apart. Use an explicit method where the problem is not stiff; "
            "or write the implicit steps as a loop, with scipy.optimize.root.",
        )
    return found


def _named(parser: Any, value: Value, name: str) -> Any:
    """An array under a name, which the text then uses."""
    value.base, value.named = name, True
    return parser.bind_new(value)


def _between(parser: Any, node: Any, span: Any, points: Value, returned: Value) -> Any:
    """The points, of which the first and the last are those of `t_span` and move with them."""
    if isinstance(span, View):
        span = [parser.emit(ops.getitem, (span, place)) for place in (0, 1)]
    if not isinstance(span, (list, tuple)) or len(span) != 2:
        parser.refuse(node, "`t_span` is no pair", "Give two times.")
    if all(isinstance(part, (int, float)) for part in span):
        return _named(parser, points, "t")
    stopped = parser.emit(ops.not_, (fact_of(parser, returned, "success", number("bool")),))
    message = "solve_ivp has not come to the end of t_span"
    early = Let(None, ops.raise_if, (stopped, "RuntimeError", message), (), parser.builder.origin)
    parser.builder.add(early)
    inner = parser.emit(ops.getitem, (parser.bind_new(points), Slice(1, -1)))
    ends = [_array(parser, [float(x) if isinstance(x, int) else x]) for x in span]
    made = parser.call_known(node, np.concatenate, [(ends[0], inner, ends[1])], {})
    return _named(parser, made.value, "t")
