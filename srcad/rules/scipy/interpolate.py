"""scipy.interpolate: a spline that is made outside of the function, evaluated in it.

A spline is a function by itself: `s(x, nu)` is its derivative of the order nu, so that its rule is one line.
"""

from __future__ import annotations

from typing import Any

from scipy import interpolate

from srcad.core import ops
from srcad.core.quote import call
from srcad.rules.families import MAKERS, elementwise
from srcad.rules.refused import refused
from srcad.rules.scipy import having

__all__: list[str] = []


def _spline(found: Any) -> None:
    """The rule of a spline of numbers; of vectors it has more axes than its argument."""
    if found.c.ndim > (1 if isinstance(found, interpolate.BSpline) else 2):
        return
    ops.declare(found, "x nu extrapolate")

    def spline(x: Any, y: Any, *, nu: Any = 0, extrapolate: Any = None) -> Any:
        given = {} if extrapolate is None else {"extrapolate": extrapolate}
        return call(found, x, nu=nu + 1, **given)

    elementwise(found, signature="()->()", on_complex="refuse")(spline)


def _fitted(found: Any) -> None:
    ops.declare(found, "x nu ext")

    def spline(x: Any, y: Any, *, nu: Any = 0, ext: Any = None) -> Any:
        return call(found, x, nu=nu + 1, **({} if ext is None else {"ext": ext}))

    elementwise(found, signature="()->()", on_complex="refuse")(spline)


MAKERS[interpolate.PPoly] = MAKERS[interpolate.BSpline] = _spline
MAKERS[interpolate.UnivariateSpline] = _fitted

refused(
    *having(
        interpolate,
        "CubicSpline PchipInterpolator Akima1DInterpolator CubicHermiteSpline make_interp_spline make_lsq_spline BSpline PPoly "
        "UnivariateSpline InterpolatedUnivariateSpline LSQUnivariateSpline make_smoothing_spline splrep splprep pchip_interpolate",
    ),
    reason="the spline would depend on operands that vary",
    rewrite="Make the spline outside of the function; of values that vary np.interp interpolates linearly.",
)
refused(
    *having(
        interpolate,
        "interp1d RegularGridInterpolator RBFInterpolator LinearNDInterpolator NearestNDInterpolator CloughTocher2DInterpolator "
        "SmoothBivariateSpline RectBivariateSpline griddata interpn KroghInterpolator BarycentricInterpolator NdPPoly NdBSpline "
        "krogh_interpolate barycentric_interpolate approximate_taylor_polynomial lagrange splev splint",
    ),
    reason="it does not tell its derivative as a function of the same form",
    rewrite="Use a spline of one variable (CubicSpline, make_interp_spline), or np.interp.",
)

refused(
    *having(
        interpolate,
        "AAA BPoly BivariateSpline FloaterHormannInterpolator LSQBivariateSpline LSQSphereBivariateSpline Rbf RectSphereBivariateSpline "
        "SmoothSphereBivariateSpline bisplev bisplrep generate_knots insert interp2d make_splprep make_splrep pade spalde splantider "
        "splder sproot",
    ),
    reason="there is no rule for it",
    rewrite="Make a spline of one variable outside (CubicSpline, make_interp_spline), and evaluate it inside.",
)
