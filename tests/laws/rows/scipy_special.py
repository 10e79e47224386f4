"""Rows of scipy.special. Its ufuncs broadcast as NumPy's do, so a few shapes each; what stands fixed is an order."""

from __future__ import annotations

from typing import Any

from scipy import special

from tests.laws.cases import POSITIVE, REAL, UNARY, UNIT, add, draw, rows

X, SMALL = "3 2x1 0 0d number scalar", "3 1 number"
XY = "2x3,3 3,2x1 1,3 0,1 0d,3 number,3 3,scalar scalar,number"
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
        for place, given in enumerate(orders):
            given = given if isinstance(given, tuple) else (given,)
            wide = " ".join(",".join(["0d"] * len(given) + [shape]) for shape in shapes.split())
            rows(function, wide, *fixed(*given), x, tag=f"order-{place}")


rows(special.expit, UNARY, REAL)
rows(special.gammaln, UNARY, POSITIVE)
rows(having("gamma digamma loggamma rgamma"), X, POSITIVE)
rows(special.rgamma, SMALL, draw(-2.9, 0.4, 0.05), tag="negative")
rows(
    having("erf erfc erfi erfcx dawsn ndtr log_ndtr log_expit softplus expit exprel expm1"), X, REAL
)
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
by_last("jv yv yn jve yve iv ive kv kve kn jn", 0, 1, 2)
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
rows(having("chndtr"), "3,0d,2x1 number,0d,3", POSITIVE, *fixed(2.5), POSITIVE)
rows(having("chndtrix"), "3,0d,2x1", UNITS, *fixed(2.5), POSITIVE)
rows(having("chndtrinc"), "3,0d,2x1", draw(4, 5), *fixed(2.5), draw(0.3, 0.5))
