"""A callee is cut into a forward and a backward function; what the one leaves is what the other reads."""

import numpy as np
import pytest

from srcad.analysis.activity import parameters
from srcad.core.verify import verify
from srcad.simplifier.pipeline import lower_halves
from srcad.transformer.reverse import halves
from tests.simplifier.core_text import core, differences, run, same, simplified, text


def cut(function, **specs):
    made = simplified(core(function, **specs))
    count = len(parameters(made))
    combined, where = halves(made, (True,) * count, (True,), None)
    found = lower_halves(simplified(combined), where)
    verify(found.forward), verify(found.backward)
    return found


def energy(x, k):
    d = np.diff(x)
    return 0.5 * k * np.sum(d**2)


def growth(x, k):
    return np.exp(k * x)


def branchy(x, k):
    if x > 0.5:
        s = np.sin(x) * k
        y = s * s
    else:
        y = k
    return y * x


def loopy(x, k):
    y = x
    for i in range(3):
        y = np.sin(y) * k * y
    return y


@pytest.mark.parametrize(
    "f, specs, args",
    [
        (energy, dict(x="float64[n]", k="float64"), (np.array([1.0, 3.0, 2.0]), 2.0)),
        (growth, dict(x="float64", k="float64"), (0.8, 1.1)),
        (branchy, dict(x="float64", k="float64"), (0.8, 2.0)),
        (branchy, dict(x="float64", k="float64"), (0.3, 2.0)),
        (loopy, dict(x="float64", k="float64"), (0.8, 1.1)),
    ],
)
def test_the_halves_make_the_whole(f, specs, args):
    made = cut(f, **specs)
    front = run(text(made.forward), *args)
    front = front if isinstance(front, tuple) else (front,)
    more = iter(front[1:])
    saved = [front[at] if isinstance(at, int) else next(more) for at in made.residuals]
    assert next(more, None) is None
    same(front[0], f(*args))
    kept = [args[place] for place in made.kept]
    back = run(text(made.backward), 1.0, *kept, *saved)
    same(back, (differences(f, args), differences(f, args, 1)), rtol=1e-6)
    again = run(text(made.backward), 1.0, *kept, *saved)
    same(again, back)


def test_what_nothing_reads_is_no_residual():
    def f(x, k):
        return x + k

    made = cut(f, x="float64", k="float64")
    assert made.residuals == () and made.kept == ()


def test_a_result_that_the_backward_half_reads_is_returned_once():
    made = cut(growth, x="float64", k="float64")
    assert made.residuals == (0,)
    assert text(made.forward).endswith("return np.exp(k * x)\n")
