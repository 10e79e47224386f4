"""Partial derivatives of scipy.special, as expressions of the operands and the result."""

from __future__ import annotations

from typing import Any

from scipy import special

from srcad.rules.families import elementwise

__all__: list[str] = []


@elementwise(special.expit)
def expit(x: Any, y: Any) -> Any:
    return y * (1 - y)


@elementwise(special.gammaln)
def gammaln(x: Any, y: Any) -> Any:
    return special.digamma(x)
