"""Complexity: whether a program holds complex numbers at all.

Where none of its arguments and constants is complex, and none of its operations makes complex numbers of real ones, a
value of unknown dtype is real, and its derivative needs no conjugates.
"""

from __future__ import annotations

import builtins
from collections.abc import Iterable

import numpy as np

from srcad.core.nodes import (
    Block,
    Branch,
    Call,
    Function,
    Let,
    Loop,
    Statement,
    Tree,
    Value,
    defined,
    leaves,
    walk,
)
from srcad.core.ops import Operation, module_of
from srcad.core.quote import may_be_complex, vague_values
from srcad.core.types import ANY
from srcad.rules import rule_of

__all__ = ["holds_complex", "real_values"]

# Whose results may be complex where their operands are real. Their types tell, where they are known.
_MAKERS = {builtins.complex, np.complex64, np.complex128, np.clongdouble, np.roots, np.linalg.eig}
_MAKERS |= {np.linalg.eigvals, *(getattr(np.emath, name) for name in np.emath.__all__)}
_HOMES = ("numpy.fft", "numpy.lib", "scipy.fft", "scipy.linalg", "scipy.signal")
# What makes none is known by its module, or draws.
_OURS = ("_operator", "srcad.", "numpy")
_DRAWS = frozenset(dir(np.random.Generator))
# Of scipy.special, which is not imported here; what is real and has complex numbers in its derivative is one of them.
_SPECIAL = {
    *("wofz", "lambertw", "hankel1", "hankel2", "hankel1e", "hankel2e", "h1vp", "h2vp", "sph_harm"),
    *("sph_harm_y", "kelvin", "voigt_profile"),
}


def holds_complex(function: Function) -> bool:
    """Whether a value of the program may be complex. Of an argument nothing may be known where a text is asked for: it is real."""
    inputs = [value for param in function.params for value in leaves(param.tree)]
    given = tuple(value for value in (*inputs, *function.hidden) if value.type != ANY)
    return _vague(given) or _holds(function)


def _vague(values: tuple[Value, ...]) -> bool:
    with vague_values(True):
        return may_be_complex(values)


def _holds(function: Function) -> bool:
    return any(map(_makes, walk(function.body)))


def _makes(statement: Statement) -> bool:
    if isinstance(statement, Call):
        return _holds(statement.callee)
    with vague_values(False):
        if any(map(may_be_complex, defined(statement))):
            return True
    if not isinstance(statement, Let):
        return False
    options = [option for _, option in statement.options]
    if any(map(_complex_constant, (*statement.args, *options))):
        return True
    out = statement.out
    types = () if out is None else out.type.parts or (out.type,)
    vague = any(type_.numeric and type_.dtype is None for type_ in types)
    return vague and _may_make(statement.op)


def _may_make(op: Operation) -> bool:
    """Whether an operation may make complex numbers of real ones, as a function of which nothing is known may.

    A function of the user's that has a rule makes none (`docs/rules.md`).
    """
    function, home = op.function, module_of(op.function)
    if home is None:
        if rule_of(function) is not None:
            return False
        own = (getattr(function, "__module__", None) or "numpy").startswith(_OURS)
        return not own and op.name not in _DRAWS
    known = home == "scipy.special" and function.__name__ in _SPECIAL
    return known or function in _MAKERS or home.startswith(_HOMES)


def _complex_constant(tree: Tree) -> bool:
    """Whether there is a complex number among the constants of an operand, or it is a complex dtype."""
    if isinstance(tree, (tuple, list)):
        return any(map(_complex_constant, tree))
    if isinstance(tree, (type, np.dtype)):
        return np.dtype(tree).kind == "c" if tree is not object else False
    return isinstance(tree, (complex, np.ndarray, np.generic)) and np.iscomplexobj(tree)


# Whose results are real, whatever their operands are.
_REAL_VALUED = {np.real, np.imag, np.absolute, np.angle, np.linalg.norm, np.var, np.std, builtins.abs}


def real_values(function: Function, inputs: Iterable[Value] = ()) -> set[Value]:
    """The values of unknown dtype that are real all the same, given those `inputs` that are."""
    found = set(inputs)
    _find_real(function.body, found)
    return found


def _find_real(block: Block, found: set[Value]) -> None:
    for statement in block:
        if isinstance(statement, Let):
            if statement.out is not None and _makes_real(statement, found):
                found.add(statement.out)
        elif isinstance(statement, Call):
            callee = statement.callee
            params = [value for param in callee.params for value in leaves(param.tree)]
            given = [p for p, arg in zip(params, statement.args) if _is_real(arg, found)]
            inner = real_values(callee, given)
            results = list(dict.fromkeys(leaves(callee.result)))
            found.update(
                out for out, result in zip(statement.outs, results) if _is_real(result, inner)
            )
        elif isinstance(statement, Branch):
            _find_real(statement.body, found)
            _find_real(statement.orelse, found)
            found.update(
                phi.out for phi in statement.phis if _is_real((phi.then, phi.orelse), found)
            )
        elif isinstance(statement, Loop):
            _find_real_in_loop(statement, found)


def _find_real_in_loop(loop: Loop, found: set[Value]) -> None:
    """What is carried is real where it starts so, and where each iteration leaves it so if all that is carried is."""
    carries = [carry for carry in loop.carries if _is_real(carry.init, found)]
    while True:
        inner = found | {carry.param for carry in carries}
        _find_real(loop.header, inner)
        _find_real(loop.body, inner)
        kept = [carry for carry in carries if _is_real(carry.next, inner)]
        if len(kept) == len(carries):
            break
        carries = kept
    found |= inner
    found.update(carry.exit for carry in carries)


def _makes_real(statement: Let, found: set[Value]) -> bool:
    function = statement.op.function
    if function in _REAL_VALUED:
        return True
    operands = (statement.args, tuple(option for _, option in statement.options))
    return not _may_make(statement.op) and _is_real(operands, found)


def _is_real(tree: Tree, found: set[Value]) -> bool:
    if isinstance(tree, (tuple, list)):
        return all(_is_real(part, found) for part in tree)
    if isinstance(tree, Value):
        with vague_values(True):
            return tree in found or not may_be_complex(tree)
    return not _complex_constant(tree)
