"""`docs/kinks.md`, from the table that the tests read.

python -m tools.kinks            write the page
python -m tools.kinks --check    say whether it is current
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np

from tests.rules.kinks import KINKS, Kink

__all__ = ["PAGE", "page"]

PAGE = Path(__file__).resolve().parent.parent / "docs" / "kinks.md"

HEAD = """\
# Kinks and boundaries

What a derivative is where there is none: at kinks, ties, zeros and bounds. Written by `python -m tools.kinks` from
`tests/rules/kinks.py`; `tests/rules/test_kinks.py` holds every row in reverse and forward mode and in float32, and the second derivative to
be finite (but where there is a †). Of several arguments, the derivatives are set apart by a semicolon.

Where there is a subgradient that is of use, it is given: in all modes, at all orders. Where the slope is infinite, it is infinite; where there is
none, it is NaN. At second order a kink's own contribution is finite, and no more than that can be said of it: a function that is smooth
only because a kink cancels, such as `np.linalg.norm(x) ** 2` at 0, has to be written as `x @ x`.

torch 2.13 and JAX 0.10 beside it, with `same` where they give the same, and `none` where they have no such function, or no derivative of it.
"""

SELECTIONS = """\
A cotangent that `np.where` does not hand on is not multiplied by what comes before: it is masked, and the mask stands around the product. So the
infinite slope of a side that was not taken never meets a zero. The same is true of `np.select`, `np.clip`, `np.maximum` and `np.max`, within loops
and branches, and after reshapes; see [0028](decisions/0028-masks-move-outward.md), also for where it ends: at matrix products,
at indices, and at a user's own product with a mask (`m * np.log(x)`).
"""


def page() -> str:
    """The text of the page."""
    parts = [HEAD]
    for title, kinks in KINKS.items():
        parts.append(f"\n## {title}\n")
        if title == "What a selection passes by":
            parts.append("\n" + SELECTIONS)
        parts.append(
            "\n| Function | at | derivative | | torch | JAX |\n|---|---|---|---|---|---|\n"
        )
        parts += [f"| {' | '.join(row(kink))} |\n" for kink in kinks]
    return "".join(parts)


def row(kink: Kink) -> list[str]:
    place = ", ".join(f"{name} = {text(value)}" for name, value in kink.at.items())
    gives = "; ".join(map(text, kink.gives)) + ("" if kink.smooth else " †")
    return [f"`{kink.call}`", place, gives, kink.why, kink.torch, kink.jax]


def text(value: Any) -> str:
    """Numbers as they are read."""
    if np.ndim(value):
        return f"[{', '.join(map(text, value))}]"
    if np.isnan(value):
        return "NaN"
    return f"{value:g}".replace("inf", "∞").replace("-", "−")


def main(check: bool) -> int:
    """Write the page, or say whether it is current."""
    if check:
        return int(PAGE.read_text(encoding="utf-8") != page())
    PAGE.write_text(page(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main("--check" in sys.argv[1:]))
