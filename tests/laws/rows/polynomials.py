"""Rows of polynomials, in powers and in the bases of numpy.polynomial."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.polynomial import chebyshev, hermite, hermite_e, laguerre, legendre, polynomial

from tests.laws.cases import REAL, UNIT, add, apart, arrays, label, rows, sizes


def given(words: str, *, make: Any = REAL) -> list[Any]:
    """Arrays of these shapes, each with others."""
    return list(arrays(*sizes(words), make=make))


POINTS = "3 1 0 2x3 2x1 1x2 0d scalar number"
for count in (1, 2, 4):
    for shape in sizes(POINTS):
        p, x = given(f"{count} {label(shape)}")
        add(np.polyval, f"{count}-{label(shape)}", p, x)
add(np.polyval, "list", [0.5, 1.5, -1.0], *given("3"))
add(np.polyval, "scalars", [*given("scalar scalar"), 0.5], *given("3"))
for m in (0, 1, 2):
    rows(np.polyder, "5 3", REAL, tag=f"{m}", m=m)
    rows(np.polyint, "4 1", REAL, tag=f"{m}", m=m)
rows(np.polyder, "1", REAL)
add(np.polyint, "constant", *given("3"), k=0.5)
add(np.polyint, "constants", *given("3"), 2, [0.5, 1.5])
for words in ("3 3", "4 2", "2 4", "1 3", "3 1"):
    add(np.polyadd, words, *given(words))
    add(np.polysub, words, *given(words))
add(np.polyadd, "number", *given("3"), 0.5)
add(np.polysub, "scalar", *given("3 scalar"))
add(np.polyadd, "list", [0.5, 1.0], *given("3"))
rows(np.poly, "4 1 2", REAL)
x, y, w = np.linspace(-1, 1.2, 6), given("6")[0], 0.5 + np.abs(given("6 6")[1])
for degree in (0, 1, 3):
    add(np.polyfit, f"{degree}", x, y, degree)
    # What LAPACK's least squares round differs from build to build.
    add(np.polyfit, f"{degree}-weights", x, y, degree, w=w, slack=3)

for module, prefix in (
    (polynomial, "poly"),
    (chebyshev, "cheb"),
    (legendre, "leg"),
    (hermite, "herm"),
    (hermite_e, "herme"),
    (laguerre, "lag"),
):

    def of(name: str, module: Any = module, prefix: str = prefix) -> Any:
        return getattr(module, prefix + name)

    for words in ("3", "1 0 2x3 2x1 1x2 0d scalar number"):
        for shape in sizes(words):
            for degree in (4, 1) if words == "3" else (3,):
                x, c = given(f"{label(shape)} {degree}", make=UNIT)
                add(of("val"), f"{label(shape)}-{degree}", x, c)
    for words in ("3 4x2", "2x3 3x2", "3 3x1", "0d 3x2", "2 3x2x2"):
        add(of("val"), words, *given(words, make=UNIT))
    add(of("val"), "list", given("3")[0], [0.5, 1.5, -1.0])
    for m in (0, 1, 2):
        rows(of("der"), "4 3x2 1", REAL, tag=f"{m}", m=m)
        rows(of("int"), "3 3x2 1", REAL, tag=f"{m}", m=m)
    rows(of("der"), "2x3 2x4x2", REAL, tag="axis", axis=1, scl=2.0)
    rows(of("int"), "2x3", REAL, tag="axis", axis=1, scl=2.0, lbnd=0.5, k=1.5)
    for degree in (0, 1, 3):
        rows(of("vander"), "3 1 2x2 0d", UNIT, tag=f"{degree}", deg=degree)
    x = np.linspace(-0.9, 0.8, 6)
    for degree in (0, 2 if prefix != "lag" else 1):
        add(of("fit"), f"{degree}", x, y, degree)
        add(of("fit"), f"{degree}-weights", x, y, degree, w=w)
    add(of("val2d"), "3", *given("3 3 2x3", make=UNIT))
    add(of("val2d"), "2x2", *given("2x2 2x2 3x2", make=UNIT))
    add(of("val3d"), "3", *given("3 3 3 2x3x2", make=UNIT))
    add(of("grid2d"), "3-2", *given("3 2 2x3", make=UNIT))
    add(of("grid3d"), "3-2-2", *given("3 2 2 2x3x2", make=UNIT))
    add(of("vander2d"), "3", *given("3 3", make=UNIT), [1, 2])
    add(of("vander3d"), "3", *given("3 3 3", make=UNIT), [1, 0, 2])
rows(polynomial.polyfromroots, "3 1", REAL)
for words in ("3 2", "2x2 3", "0d 2", "1 1"):
    add(polynomial.polyvalfromroots, words, *given(words, make=apart(0)))
rows(chebyshev.chebweight, "3 2x1 0d 0", UNIT)
rows([hermite.hermweight, hermite_e.hermeweight, laguerre.lagweight], "3 2x1 0d 0", REAL)
