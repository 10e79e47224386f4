"""Rules of scipy.special against differences, far and wide: other signs, large numbers, orders that are no whole numbers.

The laws stay where a function is known to be well behaved. Here arguments are drawn anywhere, what the function itself says NaN to is
left out, and so are places where differences of two steps do not agree. A rule may say NaN; it may not say another number.
"""

from __future__ import annotations

import warnings
import zlib
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

special = pytest.importorskip("scipy.special")

from srcad.rules import rule_of  # noqa: E402

STENCIL = [(-3, -1 / 60), (-2, 9 / 60), (-1, -45 / 60), (1, 45 / 60), (2, -9 / 60), (3, 1 / 60)]


def names() -> list[str]:
    """The functions with an elementwise rule that has a derivative."""
    found = []
    for name in special.__all__:
        function = getattr(special, name)
        rule = rule_of(function) if callable(function) else None
        if rule is not None and rule.family == "elementwise":
            if len(rule.without) < len(rule.operands):
                found.append(name)
    return found


def draws(name: str, rule: Any, count: int) -> Iterator[list[Any]]:
    rng = np.random.default_rng(zlib.crc32(name.encode()))
    whole = any(typed.startswith("l") for typed in getattr(rule.function, "types", ["d"]))
    whole = whole and not any(typed.startswith("d") for typed in rule.function.types)
    for _ in range(count):
        args = list(rng.normal(size=len(rule.operands)) * rng.choice([0.3, 1, 3, 10]))
        for place in rule.without:
            args[place] = abs(args[place])
            if rng.random() < 0.5 or whole or not isinstance(rule.function, np.ufunc):
                args[place] = int(args[place])
        yield [x if isinstance(x, int) else float(x) for x in args]


def parts_of(results: Any) -> tuple[Any, ...]:
    return results if isinstance(results, tuple) else (results,)


def slopes(function: Any, args: list[Any], place: int) -> list[Any]:
    """Differences of each result by one argument, None where two steps do not agree."""
    found = []
    for step in (1e-3, 4e-4):
        h = step * max(abs(args[place]), 0.1)
        values = [
            parts_of(function(*args[:place], args[place] + k * h, *args[place + 1 :]))
            for k, _ in STENCIL
        ]
        found.append([sum(w * v for (_, w), v in zip(STENCIL, each)) / h for each in zip(*values)])
    return [
        fine if np.isfinite(fine) and abs(fine - coarse) < 1e-6 * max(1e-3, abs(fine)) else None
        for coarse, fine in zip(*found)
    ]


@pytest.mark.parametrize("name", names())
def test_no_other_number(name: str) -> None:
    function = getattr(special, name)
    rule = rule_of(function)
    wrong = []
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        for args in draws(name, rule, 60):
            try:
                y = function(*args)
                partials = parts_of(rule.pullback(*args, y))
            except (ValueError, TypeError, ZeroDivisionError, OverflowError):
                continue
            if not all(np.isfinite(part) and abs(part) < 1e8 for part in parts_of(y)):
                continue
            for place, partial in enumerate(partials):
                if partial is None:
                    continue
                for mine, wanted in zip(parts_of(partial), slopes(function, args, place)):
                    if wanted is not None and abs(mine - wanted) > 1e-3 * max(1e-2, abs(wanted)):
                        wrong.append((args, place, mine, wanted))
    assert wrong == []
