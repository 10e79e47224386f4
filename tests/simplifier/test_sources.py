"""A value that is read for its shape alone is not computed for it."""

import numpy as np

from srcad.simplifier.sources import choose_sources
from tests.simplifier.core_text import grad, lines, lowered, passes, run, same, simplified, text


def test_the_size_is_read_from_an_argument():
    def f(x, y):
        return np.mean(np.exp(x) - y)

    made = lowered(simplified(grad(f, 1, x="float64[n]", y="float64[n]")))
    assert not any("np.exp" in line for line in lines(made))
    same(run(text(made), np.ones(4), np.ones(4)), np.full(4, -0.25))


def test_a_zeros_like_wants_the_dtype_too():
    def f(x, y):
        z = x * y
        return z[0]

    made = passes(grad(f, 0, x="float32[n]", y="float64[n]"), choose_sources)
    assert "np.zeros_like(y)" in text(made)
    made = passes(grad(f, 0, x="float32[n]", y="float32[n]"), choose_sources)
    assert "np.zeros_like(x)" in text(made)


def test_an_unproven_shape_is_no_source():
    def f(x, y):
        return np.sum(x * y)

    made = passes(grad(f, 0, x="float64[n]", y="float64[m]"), choose_sources)
    assert "spread(1.0, prod_1)" in text(made)
    same(run(made, np.ones(1), np.ones(3)), np.array([3.0]))


def test_primal_reads_stay():
    def f(x, y):
        z = x + y
        return np.sum(x) / z.size

    made = passes(grad(f, 0, x="float64[n]", y="float64[n]"), choose_sources)
    assert any(".size" in line and "z" in line for line in lines(made))
