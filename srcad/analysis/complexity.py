"""Complexity: whether a program holds complex numbers at all.

Where none of its arguments and constants is complex, and none of its operations makes complex numbers of real ones, a
value of unknown dtype is real, and its derivative needs no conjugates.
"""

from __future__ import annotations

import builtins

import numpy as np

from srcad.core.nodes import Call, Function, Let, Statement, Tree, Value, defined, leaves, walk
from srcad.core.ops import module_of
from srcad.core.quote import may_be_complex, vague_values

__all__ = ["holds_complex"]

# Whose results may be complex where their operands are real. Their types tell, where they are known.
_MAKERS = {builtins.complex, np.complex64, np.complex128, np.clongdouble, np.roots, np.linalg.eig}
_MAKERS |= {np.linalg.eigvals, *(getattr(np.emath, name) for name in np.emath.__all__)}
_HOMES = ("numpy.fft", "scipy.fft")


def holds_complex(function: Function) -> bool:
    """Whether a value of the program may be complex."""
    inputs = [value for param in function.params for value in leaves(param.tree)]
    return _vague((*inputs, *function.hidden)) or _holds(function)


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
    out, function = statement.out, statement.op.function
    vague = out is not None and out.type.numeric and out.type.dtype is None
    return vague and (function in _MAKERS or (module_of(function) or "").startswith(_HOMES))


def _complex_constant(tree: Tree) -> bool:
    """Whether there is a complex number among the constants of an operand, or it is a complex dtype."""
    if isinstance(tree, (tuple, list)):
        return any(map(_complex_constant, tree))
    if isinstance(tree, (type, np.dtype)):
        return np.dtype(tree).kind == "c" if tree is not object else False
    return isinstance(tree, (complex, np.ndarray, np.generic)) and np.iscomplexobj(tree)
