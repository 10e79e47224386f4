"""Partial derivatives of scipy.special, as expressions of the operands and the result.

Formulas are those of the NIST Digital Library of Mathematical Functions (DLMF), chapter by chapter, unless a rule says
otherwise. Where several hold, that one is taken which is smooth wherever the function is (no quotient that cancels at
0), and whose own derivative has a rule. Orders and shape parameters mostly have no derivative in terms of
scipy.special: `without` says so.
"""

from srcad.rules.scipy.special import bessel as _bessel  # noqa: F401
from srcad.rules.scipy.special import constant as _constant  # noqa: F401
from srcad.rules.scipy.special import distributions as _distributions  # noqa: F401
from srcad.rules.scipy.special import elementary as _elementary  # noqa: F401
from srcad.rules.scipy.special import elliptic as _elliptic  # noqa: F401
from srcad.rules.scipy.special import gamma as _gamma  # noqa: F401
from srcad.rules.scipy.special import several as _several  # noqa: F401
