"""The calculus of NumPy, math and builtins; no tree walking. See `docs/rules.md` for how to add a rule."""

from srcad.rules import bilinear as _bilinear  # noqa: F401
from srcad.rules import calculus as _calculus  # noqa: F401
from srcad.rules import complex as _complex  # noqa: F401
from srcad.rules import constant as _constant  # noqa: F401
from srcad.rules import conversions as _conversions  # noqa: F401
from srcad.rules import decompositions as _decompositions  # noqa: F401
from srcad.rules import elementwise as _elementwise  # noqa: F401
from srcad.rules import fourier as _fourier  # noqa: F401
from srcad.rules import inverses as _inverses  # noqa: F401
from srcad.rules import linear as _linear  # noqa: F401
from srcad.rules import norms as _norms  # noqa: F401
from srcad.rules import polynomials as _polynomials  # noqa: F401
from srcad.rules import primitive as _primitive  # noqa: F401
from srcad.rules import several as _several  # noqa: F401
from srcad.rules import shaping as _shaping  # noqa: F401
from srcad.rules import statistics as _statistics  # noqa: F401
from srcad.rules import ufunc_methods as _ufunc_methods  # noqa: F401
from srcad.rules.check import check
from srcad.rules.derived import derived
from srcad.rules.families import bilinear, constant, elementwise, linear, primitive, rule_of
from srcad.rules.refused import (
    REFUSED,
    refusal_of,
    refused,
    without_derivative,
    without_rule,
)

__all__ = [
    "REFUSED",
    "bilinear",
    "check",
    "constant",
    "derived",
    "elementwise",
    "linear",
    "primitive",
    "refusal_of",
    "refused",
    "rule_of",
    "without_derivative",
    "without_rule",
]
