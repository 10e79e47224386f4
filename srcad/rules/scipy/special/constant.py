"""What has no derivative, and what has none here."""

from __future__ import annotations

from typing import Any

from scipy import special

from srcad.core.results import SEVERAL
from srcad.rules.families import constant, elementwise
from srcad.rules.refused import refused
from srcad.rules.scipy import having
from srcad.rules.scipy.special.tools import ONE, TWO, without

__all__: list[str] = []

# What has no derivative, and what has none here.

constant(
    special.gammasgn,
    special.round,
    reason="a step function: its derivative is zero wherever it exists",
)
constant(
    *having(
        special,
        "ai_zeros bi_zeros bei_zeros beip_zeros ber_zeros berp_zeros kei_zeros keip_zeros ker_zeros kerp_zeros "
        "kelvin_zeros erf_zeros fresnel_zeros fresnelc_zeros fresnels_zeros y0_zeros y1_zeros y1p_zeros "
        "jn_zeros jnp_zeros yn_zeros ynp_zeros jnyn_zeros jnjnp_zeros",
    ),
    reason="a table of zeros, of whole orders and so many of them",
)
SEVERAL.update(each for name, each in vars(special).items() if name.startswith("roots_"))
constant(
    *having(
        special,
        "roots_legendre roots_chebyt roots_chebyu roots_chebyc roots_chebys roots_laguerre roots_hermite "
        "roots_hermitenorm roots_sh_legendre roots_sh_chebyt roots_sh_chebyu",
    ),
    reason="nodes and weights of so many points",
)
constant(*having(special, "bernoulli euler stirling2"), reason="a function of whole numbers")


# What counts: of whole numbers, and no derivative is made up for what it is between them.
COUNTS = "it counts; {} has a derivative"


@elementwise(
    special.comb, without=without("N k", COUNTS.format("special.binom(N, k)")), signature=TWO
)
def comb(N: Any, k: Any, y: Any, *, exact: Any = False, repetition: Any = False) -> Any:
    return None, None


@elementwise(
    special.perm, without=without("N k", COUNTS.format("special.poch(N - k + 1, k)")), signature=TWO
)
def perm(N: Any, k: Any, y: Any, *, exact: Any = False) -> Any:
    return None, None


@elementwise(
    *having(special, "factorial factorial2"),
    without=without("n", COUNTS.format("special.gamma(n + 1)")),
    signature=ONE,
)
def factorial(n: Any, y: Any, *, exact: Any = False, extend: Any = "zero") -> Any:
    return None


@elementwise(
    special.factorialk, without=without("n k", COUNTS.format("special.gamma(n + 1)")), signature=TWO
)
def factorialk(n: Any, k: Any, y: Any, *, exact: Any = False, extend: Any = "zero") -> Any:
    return None, None


refused(
    *having(
        special,
        "roots_jacobi roots_genlaguerre roots_gegenbauer roots_sh_jacobi",
    ),
    reason="its nodes and weights vary with its parameters, and no function of scipy.special gives how",
    rewrite="Give constant parameters.",
)
refused(
    *having(
        special,
        "legendre chebyt chebyu chebyc chebys jacobi laguerre genlaguerre hermite hermitenorm gegenbauer sh_legendre "
        "sh_chebyt sh_chebyu sh_jacobi",
    ),
    reason="it makes a polynomial, not a number",
    rewrite="Use special.eval_legendre(n, x), or the function of that form for another family.",
)
refused(
    special.zetac,
    reason="the derivative of Riemann's zeta function is no function of scipy.special",
    rewrite="Hold its value constant with srcad.stop_gradient.",
)
refused(
    *having(special, "modfresnelp modfresnelm"),
    reason="SciPy's values for negative numbers are not those of the function",
    rewrite="Use special.fresnel, or special.wofz.",
)
refused(
    special.itairy,
    reason="SciPy's values are off by up to 2 below x = 9.25, so that the derivative would not be theirs",
    rewrite="Integrate special.airy with a quadrature.",
)
refused(
    special.chndtrinc,
    special.ncfdtrinc,
    reason="it is searched for to a few digits, and cut off where there is none",
    rewrite="Hold its value constant with srcad.stop_gradient.",
)
refused(
    *having(special, "kolmogorov kolmogi smirnov smirnovi"),
    reason="its density is no function of scipy.special",
    rewrite="Sum the series of the density, or give constant arguments.",
)
refused(
    *having(
        special,
        "bdtrik bdtrin nbdtrik nbdtrin pdtrik btdtria btdtrib chdtriv gdtrib fdtridfd stdtridf chndtridf nctdtridf "
        "nctdtrinc ncfdtridfd ncfdtridfn",
    ),
    reason="it solves for a parameter, and by parameters there is no derivative in terms of scipy.special",
    rewrite="Hold its value constant with srcad.stop_gradient.",
)
refused(
    *having(special, "pro_cv_seq obl_cv_seq"),
    reason="characteristic values have no derivative by `c` in terms of scipy.special",
    rewrite="Give a constant `c`.",
)
refused(
    *having(special, "mathieu_even_coef mathieu_odd_coef"),
    reason="the coefficients have no derivative by `q` in terms of scipy.special",
    rewrite="Give a constant `q`.",
)
refused(
    *having(special, "pro_ang1_cv pro_rad1_cv obl_ang1_cv obl_rad1_cv"),
    reason="it is a spheroidal function for one value of `cv` alone",
    rewrite="Use the function without `_cv`, which finds that value.",
)
refused(
    *having(special, "pro_rad2 pro_rad2_cv obl_rad2 obl_rad2_cv"),
    reason="its second result is the derivative by `x` to a few digits only, so that no other can be made of it",
    rewrite="Hold its value constant with srcad.stop_gradient.",
)
refused(
    *having(special, "ellip_harm ellip_harm_2 ellip_normal"),
    reason="no function of scipy.special is its derivative",
    rewrite="Hold its value constant with srcad.stop_gradient.",
)
refused(
    *having(
        special, "lmbda lpmn lpn lqmn lqn clpmn pbdn_seq pbdv_seq pbvv_seq riccati_jn riccati_yn"
    ),
    reason="it gives the functions of all orders to one of a number",
    rewrite="Use the function of one order: special.jv, special.lpmv, special.pbdv, special.spherical_jn.",
)
refused(
    *having(
        special,
        "legendre_p legendre_p_all assoc_legendre_p assoc_legendre_p_all sph_legendre_p sph_legendre_p_all "
        "sph_harm_y_all",
    ),
    reason="it gives derivatives on demand (`diff_n`), and all orders at once",
    rewrite="Use special.eval_legendre, special.lpmv or special.sph_harm_y.",
)
refused(
    *having(special, "geterr seterr errstate"),
    reason="it changes how errors are told, outside the function",
    rewrite="Call it outside the function.",
)
