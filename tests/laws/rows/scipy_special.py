"""Rows of scipy.special. Its ufuncs broadcast as NumPy's do, so a few shapes each; what stands fixed is an order."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import special

from srcad.core.quote import call
from srcad.rules import derived
from tests.laws.cases import COVERED, POSITIVE, REAL, UNARY, UNIT, add, arrays, draw, rows

X, SMALL = "3 2x1 0 number", "3 number"
XY = "2x3,3 3,2x1 0,1 number,3 scalar,number"
XYZ = "2x3,3,2x1 1,3,number 0,1,0d scalar,number,scalar"
UNITS, OPEN = draw(0.1, 0.9), draw(-0.9, 0.9, 0.05)


def having(names: str) -> list[Any]:
    return [getattr(special, name) for name in names.split() if hasattr(special, name)]


def fixed(*values: Any) -> list[Any]:
    """Draws of what is the same in every call."""
    return [lambda shape, rng, value=value: value for value in values]


def by_last(names: str, *orders: Any, x: Any = POSITIVE, shapes: str = SMALL) -> None:
    """Functions of orders, or parameters, and x."""
    for function in having(names):
        for given in orders:
            given = given if isinstance(given, tuple) else (given,)
            wide = " ".join(",".join(["0d"] * len(given) + [shape]) for shape in shapes.split())
            rows(function, wide, *fixed(*given), x, tag=f"order-{'-'.join(map(str, given))}")


rows(special.expit, UNARY, REAL)
rows(special.gammaln, UNARY, POSITIVE)
rows(having("gamma digamma loggamma rgamma"), X, POSITIVE)
rows(special.rgamma, SMALL, draw(-2.9, 0.4, 0.05), tag="negative")
rows(having("erf erfc erfi erfcx dawsn ndtr log_ndtr log_expit softplus exprel expm1"), X, REAL)
rows(having("exp2 exp10 cosm1 sindg cosdg j0 j1 i0 i1 ber bei struve0 wrightomega"), X, REAL)
rows(having("expi exp1 y0 y1 k0 k1 k0e k1e i0e i1e ker kei spence cbrt log1p"), X, POSITIVE)
rows(having("berp beip kerp keip entr"), X, POSITIVE)
rows(having("tandg cotdg"), X, draw(20, 70))
rows(having("erfinv"), X, OPEN)
rows(special.logit, X, draw(0.3, 0.7))
rows(having("erfcinv ndtri ellipk ellipe ellipkm1"), X, UNITS)
rows(having("ndtri_exp"), X, draw(-2, -0.1))
rows(having("ellipk ellipe exprel"), SMALL, draw(-0.01, 0.01, 0.001), tag="near-0")
rows(special.spence, SMALL, draw(0.99, 1.01), tag="near-1")
add(special.exprel, "at-0", special.cosm1([0.0]))
add(
    special.rgamma,
    "at-poles",
    -special.xlogy([0.0, 1.0, 2.0], [1.0, 2.718281828459045, 2.718281828459045]),
)

rows(having("beta betaln poch agm elliprc xlogy xlog1py rel_entr kl_div"), XY, POSITIVE, POSITIVE)
rows(special.binom, XY, draw(3, 5), draw(0.5, 2.5))
rows(having("huber"), XY, draw(1, 1.2), draw(1.4, 3), tag="outside")
rows(having("huber"), XY, draw(1, 1.2), draw(-0.8, 0.8), tag="inside")
rows(having("pseudo_huber owens_t"), XY, POSITIVE, REAL)
rows(having("boxcox boxcox1p powm1"), XY, POSITIVE, REAL)
rows(having("inv_boxcox inv_boxcox1p"), XY, draw(0.2, 0.8), draw(0.2, 0.8))
rows(having("ellipkinc ellipeinc"), XY, draw(-4.4, 4.4), draw(-0.9, 0.9, 0.05))
rows(having("tklmbda"), XY, draw(-1, 1), draw(0.2, 0.9))
rows(having("radian"), XYZ, REAL, REAL, REAL)
rows(having("elliprf elliprg"), XYZ, POSITIVE, draw(3, 4), draw(5, 6))
rows(having("elliprd"), XYZ, draw(1, 2), draw(3, 4), draw(5, 6))
rows(having("elliprj"), "2x3,3,2x1,3", draw(1, 2), draw(3, 4), draw(5, 6), draw(7, 8))
rows(having("nrdtrimn"), XYZ, draw(0.6, 0.9), POSITIVE, REAL)
rows(having("nrdtrisd"), XYZ, REAL, draw(0.6, 0.9), draw(3, 4))

by_last("gammainc gammaincc", 0.7, 2.5)
by_last("gammaincinv gammainccinv", 0.7, 2.5, x=UNITS)
by_last("betainc betaincc betaincinv betainccinv", (0.7, 2.5), x=UNITS)
by_last("polygamma", 0, 1, 2)
by_last("zeta", 2, 3.5)
for d in (1, 3):
    rows(special.multigammaln, X, draw(2, 4), tag=f"d-{d}", d=d)
by_last("expn", 0, 1, 3)
by_last("jv yv yn jve yve iv ive kv kve kn", 0, 1, 2)
by_last("jv yv jve yve iv ive kv kve struve modstruve", 0.5)
by_last("struve modstruve", 0, 2)
for n in (0, 1, 2):
    for function in having("jvp yvp ivp kvp"):
        rows(function, "0d,3 0d,number", *fixed(1.5), POSITIVE, tag=f"n-{n}", n=n)
for derivative in (False, True):
    for order in (0, 1, 3):
        for function in having("spherical_jn spherical_yn spherical_in spherical_kn"):
            tag = f"order-{order}-{derivative}"
            rows(
                function, "0d,3 0d,number", *fixed(order), POSITIVE, tag=tag, derivative=derivative
            )
rows(having("besselpoly"), "3,0d,0d number,0d,0d", POSITIVE, *fixed(1.0, 2.0))
by_last("hyp0f1", 0.7, 2)
by_last("hyp1f1 hyperu", (0.7, 2.5), (1, 2))
by_last("hyp2f1", (0.7, 2.5, 1.2), (1, 2, 3), x=UNIT)
by_last("wright_bessel log_wright_bessel", (0.5, 1.5))
for n in (0, 1, 4, 2.5):
    by_last(
        "eval_legendre eval_chebyt eval_chebyu eval_chebyc eval_chebys eval_laguerre", n, x=OPEN
    )
    by_last("eval_sh_legendre eval_sh_chebyt eval_sh_chebyu", n, x=UNITS)
    by_last("eval_genlaguerre eval_gegenbauer", (n, 1.5), x=OPEN)
    by_last("eval_jacobi", (n, 0.5, 1.5), x=OPEN)
by_last("eval_sh_jacobi", (0, 4, 2.5), (3, 4, 2.5), x=UNITS)
by_last("eval_hermite eval_hermitenorm", 0, 1, 4, x=REAL)
by_last("lpmv", (0, 0), (1, 2), (0, 3), x=OPEN)
for n in (0, 3):
    rows(special.assoc_laguerre, "3,0d,0d number,0d,0d", REAL, *fixed(n, 1.5), tag=f"n-{n}")
add(special.assoc_laguerre, "3-plain", special.cbrt([0.3, -0.4]), 3)
for n in (1, 2, 5):
    rows(special.diric, SMALL, draw(-7, 7), tag=f"n-{n}", n=n)
add(special.diric, "at-0", special.cosm1([0.0]), 4)

by_last("chdtr chdtrc stdtr", 2.5, 4)
by_last("chdtri stdtrit", 2.5, 4, x=UNITS)
by_last("fdtr fdtrc", (2.5, 4))
by_last("fdtri", (2.5, 4), x=UNITS)
rows(having("gdtr gdtrc"), "3,0d,2x1 number,0d,3", POSITIVE, *fixed(1.5), POSITIVE)
rows(having("gdtria"), "3,0d,2x1 number,0d,3", UNITS, *fixed(1.5), POSITIVE)
rows(having("gdtrix"), "3,0d,2x1 number,0d,3", POSITIVE, *fixed(1.5), UNITS)
by_last("bdtr bdtrc bdtri", (2, 5), x=UNITS)
by_last("nbdtr nbdtrc nbdtri", (2, 5), x=UNITS)
by_last("pdtr pdtrc", 2)
by_last("pdtri", 2, x=UNITS)
rows(special.ncfdtr, "0d,0d,3,2x1", *fixed(3.0, 5.0), POSITIVE, POSITIVE)
rows(special.ncfdtri, "0d,0d,2x1,3", *fixed(3.0, 5.0), POSITIVE, UNITS)
by_last("nctdtr", (3.5, 0.7), x=REAL)
by_last("nctdtrit", (3.5, 0.7), x=UNITS)
rows(having("chndtr"), "3,0d,2x1 number,0d,3", POSITIVE, *fixed(2.5), POSITIVE)
rows(having("chndtrix"), "3,0d,2x1", UNITS, *fixed(2.5), POSITIVE)


def combined(function: Any, count: int, wrt: tuple[int, ...] | None = None) -> Any:
    """All results of a function of several, together."""
    COVERED.add(function)

    def total(*operands: Any) -> Any:
        parts = call(function, *operands)
        found = sum((place + 1) * part for place, part in enumerate(parts))
        return np.real(found) + np.imag(found) if function in COMPLEX else found

    takes = {
        1: lambda x: total(x),
        2: lambda a, x: total(a, x),
        3: lambda m, q, x: total(m, q, x),
        4: lambda m, n, c, x: total(m, n, c, x),
    }
    definition = takes[count]
    definition.__name__ = f"of_{function.__name__}"
    derived(definition, wrt=wrt)(definition)
    return definition


COVERED.update((special.mathieu_a, special.mathieu_b))
COMPLEX = {special.kelvin}
for function in having("sici shichi fresnel airy airye itj0y0 iti0k0 it2j0y0 it2i0k0"):
    rows(combined(function, 1), SMALL, POSITIVE)
for function in COMPLEX:
    rows(combined(function, 1), "3 1", POSITIVE)
for function in having("pbdv pbvv pbwa"):
    rows(combined(function, 2, wrt=(1,)), "0d,3 0d,1 0d,number", *fixed(1.5), POSITIVE)
# In float32 these are NaN themselves.
for function in having("mathieu_cem mathieu_sem"):
    rows(combined(function, 3, wrt=(2,)), "0d,0d,number", *fixed(2, 1.5), draw(20, 70))
for function in having("mathieu_modcem1 mathieu_modcem2 mathieu_modsem1 mathieu_modsem2"):
    rows(combined(function, 3, wrt=(2,)), "0d,0d,number", *fixed(2, 1.5), POSITIVE)
COVERED.update((special.pro_cv, special.obl_cv))
COVERED.update(having("comb perm factorial factorial2 factorialk"))  # of whole numbers alone
for name, x in (("ang1", draw(0.2, 0.8)), ("rad1", draw(1.5, 2.5))):
    for kind in ("pro", "obl"):
        function = combined(getattr(special, f"{kind}_{name}"), 4, wrt=(3,))
        rows(function, "0d,0d,0d,number", *fixed(1, 2, 0.8), x)
rows(combined(special.ellipj, 2), XY, draw(-4, 4), draw(0.2, 0.8))
rows(having("itstruve0 it2struve0 itmodstruve0"), SMALL, POSITIVE)
rows(special.voigt_profile, XYZ, REAL, POSITIVE, POSITIVE)

for axis in (None, 0, -1, (0, 1), (1,)):
    functions = [special.softmax, special.log_softmax, special.logsumexp]
    rows(functions, "2x3 2x1 1x3", REAL, tag=f"axis-{axis}", axis=axis)
    rows(special.logsumexp, "2x3", REAL, tag=f"axis-{axis}-kept", axis=axis, keepdims=True)
rows([special.softmax, special.log_softmax, special.logsumexp], "3 1 0d number", REAL)
for shape in ((2, 3), (3,), (2, 1), (1, 1)):
    a, b = arrays((2, 3), shape, make=POSITIVE)
    add(special.logsumexp, f"weights-{shape}", a, b=b)
    add(special.logsumexp, f"weights-{shape}-axis", a, axis=1, b=b)


def signed(a: Any, b: Any) -> Any:
    return special.logsumexp(a, axis=1, b=b, return_sign=True)[0]


@derived(signed)
def _signed(a: Any, b: Any) -> Any:
    return call(special.logsumexp, a, axis=1, b=b, return_sign=True)[0]


add(signed, "2x3", *arrays((2, 3), (3,)))
add(special.logsumexp, "with-inf", special.xlogy(1.0, [0.0, 2.0, 1.0]))
for n, m in ((0, 0), (3, 2), (3, -3)):
    shapes = "0d,0d,3,1 0d,0d,number,3"
    rows(having("sph_harm_y"), shapes, *fixed(n, m), draw(0.2, 3), REAL, tag=f"{n}-{m}")


def plane(shape: Any, rng: np.random.Generator) -> Any:
    """Complex numbers away from cuts."""
    return POSITIVE(shape, rng) + 1j * REAL(shape, rng)


for tag, x in (("real", POSITIVE), ("complex", plane)):
    rows([special.wofz, special.lambertw], SMALL, x, tag=tag)
    for function in having("hankel1 hankel2 hankel1e hankel2e h1vp h2vp"):
        rows(function, "0d,3 0d,number", *fixed(1.5), x, tag=tag)
rows(special.lambertw, SMALL, plane, tag="branch", k=-1)
COVERED.update(having("sph_harm"))  # it warns that it will go


def orders(shape: Any, rng: np.random.Generator) -> Any:
    """Whole orders that are not known while the rule is written down."""
    return np.arange(np.prod(shape, dtype=int)).reshape(shape)


SEVERAL_ORDERS = "3,3 3x1,2"
rows(
    having("jv yv iv kv kn yn jn expn spherical_jn spherical_kn"), SEVERAL_ORDERS, orders, POSITIVE
)
rows(having("eval_legendre eval_chebyt eval_chebyu eval_laguerre"), SEVERAL_ORDERS, orders, OPEN)
rows(having("eval_hermite eval_hermitenorm"), SEVERAL_ORDERS, orders, REAL)
rows(special.eval_sh_jacobi, "3,0d,0d,3", orders, *fixed(4.0, 2.5), UNITS, tag="orders")
rows(special.eval_sh_jacobi, "3,0d,0d,3", UNITS, *fixed(4.0, 2.5), UNITS, tag="broken-orders")
rows(having("gammainc chdtr stdtr"), "3,3 2x1,3", POSITIVE, POSITIVE, tag="parameters")
rows(having("betainc fdtr"), "3,3,3", POSITIVE, POSITIVE, UNITS, tag="parameters")
rows(having("sph_harm_y"), "3,0d,3,3", orders, *fixed(1), draw(0.2, 3), REAL, tag="orders")
