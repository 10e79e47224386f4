"""Rows of what is about complex numbers. That the other rules hold of them, too, is `tests/laws/test_complex.py`."""

from __future__ import annotations

import builtins
import operator

import numpy as np

from tests.laws.cases import BINARY, POSITIVE, REAL, UNARY, draw, name, rng_of, rows, sizes
from tests.laws.cases import add as row


def plane(shape, rng):  # type: ignore[no-untyped-def]
    """Numbers of modulus 0.3 to 2 at angles away from the negative axis."""
    return draw(0.3, 2)(shape, rng) * np.exp(1j * draw(-2.5, 2.5, 0.3)(shape, rng))


rows([np.real, np.imag], UNARY, plane, tag="complex")
rows([np.real, np.imag], "3 2x3 number", REAL, tag="real")
rows([np.conjugate, np.sign], UNARY, plane)
rows(np.conjugate, "3 number", REAL, tag="real")
rows(np.angle, UNARY, plane)
rows(np.angle, "3 number", plane, tag="degrees", deg=True)
rows(np.angle, "3", REAL, tag="real")
rows([builtins.complex, np.complex128], "number scalar", plane)
rows(builtins.complex, "number,number scalar,number", REAL, REAL)
rows(np.complex128, "scalar", REAL, tag="real")
row(np.complex64, "scalar", np.complex64(0.5 + 1j), rounds=True)
row(np.clongdouble, "scalar", np.clongdouble(0.5 + 1j))

# Of np.emath inside the domain of the reals, outside of it, and of complex numbers.
_emath = np.emath
rows([_emath.sqrt, _emath.log, _emath.log2, _emath.log10], "3 0d 2x1", POSITIVE, tag="inside")
rows(
    [_emath.sqrt, _emath.log, _emath.log2, _emath.log10], "3 0d 2x1", draw(-2, -0.3), tag="outside"
)
rows([_emath.arccos, _emath.arcsin, _emath.arctanh], "3 0d", draw(-0.8, 0.8), tag="inside")
rows([_emath.arccos, _emath.arcsin, _emath.arctanh], "3 0d", draw(1.3, 2), tag="above")
rows([_emath.arccos, _emath.arcsin, _emath.arctanh], "3 0d", draw(-2, -1.3), tag="below")
rows([_emath.sqrt, _emath.log, _emath.log2, _emath.log10, _emath.arctanh], "3", plane, tag="plane")
rows(_emath.logn, "3,3 2x1,3", POSITIVE, draw(-2, -0.3), tag="outside")
rows(_emath.power, "3,3 2x1,3", draw(-2, -0.3), POSITIVE, tag="outside")
rows(_emath.power, "3,3 2x1,3", POSITIVE, REAL, tag="inside")

# Where one operand is real and the other complex, each cotangent is of the kind of its operand.
for _function in (
    np.add,
    np.subtract,
    np.multiply,
    np.divide,
    np.power,
    operator.mul,
    operator.pow,
):
    for _shapes in sizes(BINARY)[:4] + sizes("number,3 3,number 2x3,3 3,2x3"):
        _rng = rng_of("mixed", name(_function), _shapes)
        _left, _right = draw(0.4, 2)(_shapes[0], _rng), plane(_shapes[1], _rng)
        row(_function, f"{_shapes}-real-complex".replace(" ", ""), _left, _right)
        row(_function, f"{_shapes}-complex-real".replace(" ", ""), plane(_shapes[0], _rng), _left)
