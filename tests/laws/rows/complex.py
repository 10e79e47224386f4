"""Rows of what is about complex numbers. That the other rules hold of them, too, is `tests/laws/test_complex.py`."""

from __future__ import annotations

import builtins
import operator

import numpy as np

from tests.laws.cases import BINARY, REAL, UNARY, draw, name, rng_of, rows, sizes
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
