"""Rows of scipy.special."""

from __future__ import annotations

from scipy import special

from tests.laws.cases import POSITIVE, REAL, UNARY, rows

rows(special.expit, UNARY, REAL)
rows(special.gammaln, UNARY, POSITIVE)
