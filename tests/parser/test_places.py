"""Who sees a store: every view of the memory, and nobody else; what cannot be decided is refused."""

import numpy as np
import pytest

import srcad
from srcad.errors import AliasingError, SrcadError
from srcad.simplifier.pipeline import lower
from tests.simplifier.core_text import core, run, same, simplified, text

X = np.array([1.0, 2.0, 3.0, 4.0])
SQUARE = np.arange(9.0).reshape(3, 3)


def alias(x):
    y = x.copy()
    z = y
    z[0] = 10.0
    return np.sum(y * z)


def view(x):
    y = x * 1.0
    z = y[1:]
    y[2] = 10.0
    z[0] = 20.0
    return y, z


def view_of_a_view(x):
    y = x * 1.0
    z = y[1:][::-1]
    z[0] = 7.0
    return y


def read_before(x):
    y = x * 1.0
    a = y[0]
    y[0] = 5.0
    return a + y[0]


def copied(x):
    y = x * 1.0
    z = y[:2].copy()
    y[0] = 5.0
    return z, y


def augmented(x):
    y = x * 1.0
    z = y
    y += 1.0
    return z


def replaced(x):
    y = x * 1.0
    z = y
    y = y + 1.0
    return z


def row(x):
    for i in range(3):
        x = x.copy()
        r = x[i]
        r[0] = r[1] * 2.0
    return x


def rows(x):
    x = x.copy()
    for r in x:
        s = np.sum(r)
    return s


def chained(x):
    a = b = x * 1.0
    a[0] = 3.0
    return b


def through_a_branch(x):
    y = x * 1.0
    z = y[:2]
    if x[0] > 0:
        y[0] = 9.0
    return z


def in_a_loop(x):
    y = x * 1.0
    z = y[1:]
    for i in range(3):
        y[i + 1] = y[i] + z[i]
    return z


@pytest.mark.parametrize(
    "function, x",
    [
        (f, X)
        for f in (
            alias,
            view,
            view_of_a_view,
            read_before,
            copied,
            augmented,
            replaced,
            chained,
            through_a_branch,
            in_a_loop,
        )
    ]
    + [(row, SQUARE), (rows, SQUARE)],
)
def test_stores_reach_whom_they_reach(function, x):
    made = core(function, x="float64[3, 3]" if x.ndim == 2 else "float64[4]")
    same(run(made, x), function(x.copy()))
    same(run(text(lower(simplified(made))), x), function(x.copy()))


def maybe_reshape(x):
    y = x[:, None] * x
    z = y.T.reshape(-1)
    y[0] = 5.0
    return np.sum(z)


def store_through_ravel(x):
    y = x[::2]
    z = np.ravel(y)
    z[0] = 5.0
    return np.sum(y)


def either(x):
    y, z = x * 1.0, x * 2.0
    if x[0] > 0:
        w = y
    else:
        w = z
    w[0] = 5.0
    return np.sum(y)


@pytest.mark.parametrize("function", [maybe_reshape, store_through_ravel, either])
def test_what_cannot_be_decided_is_refused(function):
    with pytest.raises(AliasingError) as found:
        core(function, x="float64[n]")
    assert "copy()" in found.value.reason and found.value.place.file == "test_places.py"


def test_the_same_programs_with_copies_are_accepted():
    def f(x):
        y, z = x * 1.0, x * 2.0
        if x[0] > 0:
            w = y.copy()
        else:
            w = z.copy()
        w[0] = 5.0
        return np.sum(y) + np.sum(w)

    same(run(core(f, x="float64[n]"), X), f(X.copy()))


def test_a_written_argument_is_noted():
    def f(x, y):
        y[0] = 1.0
        return np.sum(x * y)

    made = core(f, x="float64[n]", y="float64[n]")
    assert made.parsed.written == {"y"}
    same(run(made, X, X), f(X, X.copy()))


def test_a_result_that_is_an_argument_is_noted():
    def f(x):
        return x[1:], x + 1.0

    made = core(f, x="float64[n]")
    assert len(made.parsed.shared) == 1


def test_stores_at_computed_positions():
    def computed(x, i):
        y = x * 1.0
        y[i] = 2.0
        y[i] -= x[i]
        return y

    def paired(x, i):
        y = x[:, None] * x
        y[np.arange(len(i)), i] *= 3.0
        return y

    for kind, i in (("int64[m]", [1, 2]), ("int64[m]", [2, 2]), ("int64", 2), ("bool[n]", None)):
        if i is not None:
            i = np.array(i)[()]
            same(run(core(computed, x="float64[n]", i=kind), X, i), computed(X, i))
    same(
        run(core(paired, x="float64[n]", i="int64[m]"), X, np.array([1, 0])),
        paired(X, np.array([1, 0])),
    )
    with pytest.raises(SrcadError, match="no index"):
        core(computed, x="float64[n]", i="float64[m]")


@pytest.mark.parametrize("i", [[0, 2], [1, 1, 2]])
def test_the_derivative_of_a_store_at_computed_positions(i):
    """At a place that is named twice NumPy stores the last value, and `+=` adds once."""
    i, v = np.array(i), np.arange(1.0, 1.0 + len(i))

    def f(x, v):
        y = x * x
        y[i] -= v * x[i]
        y[i] = y[i] * v
        return y

    for place, jacobian in enumerate(srcad.jacrev(f, argnums=(0, 1))(X, v)):
        args = [X, v]
        for k in range(len(args[place])):
            step = np.zeros(len(args[place]))
            step[k] = 1e-6
            ends = [
                f(*[a + s * step if p == place else a for p, a in enumerate(args)]) for s in (-1, 1)
            ]
            assert np.allclose(jacobian[:, k], (ends[1] - ends[0]) / 2e-6, atol=1e-8)
