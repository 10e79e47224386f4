"""What the rules of scipy.linalg share."""

from __future__ import annotations

from typing import Any

import numpy as np

from srcad.core.quote import rank
from srcad.rules.stacks import swapped

__all__: list[str] = []


def written(*, check_finite: Any = True, **options: Any) -> dict[str, Any]:
    """The options that are to be written out: all but the defaults."""
    plain = {key: option for key, option in options.items() if option not in (None, False, 0)}
    return plain if check_finite is True else {**plain, "check_finite": check_finite}


def outer_of(b_bar: Any, y: Any, b: Any, a: Any) -> Any:
    """The sum over the columns of `b_bar @ y.T`, where `b` may be one."""
    if rank(b) != 1:
        return b_bar @ swapped(y)
    return np.outer(b_bar, y) if rank(a) == 2 else b_bar[..., None] * y[..., None, :]


def applied(a: Any, y: Any, b: Any) -> Any:
    """`a @ y`, where `y` is columns, or one as `b` is."""
    return a @ y if rank(a) == 2 or rank(b) != 1 else (a @ y[..., None])[..., 0]


def plus(a: Any, b: Any) -> Any:
    return b if a is None else a if b is None else a + b
