"""Stores: where each goes in Core, and those that are refused, with their line and a rewrite."""

import numpy as np
import pytest

import srcad
from srcad.errors import AliasingError, SrcadError
from srcad.simplifier.pipeline import lower
from tests.simplifier.core_text import core, run, same, simplified, text

MASK = np.array([True, True, False, True])
X = np.array([1.0, 2.0, 3.0, 4.0])
SQUARE = np.arange(9.0).reshape(3, 3)


# Refused.


def overlapping_mask(x):
    y = x * 1.0
    y[x > 0] = y[:3][::-1]  # here
    return y


def overlapping_flat(x):
    y = x * 1.0
    y.flat[1:] = y[:-1]  # here
    return y


def overlapping_diagonal(x):
    y = x[:, None] * x
    np.fill_diagonal(y, y[0])  # here
    return y


def overlapping_out(x):
    y = x * 1.0
    np.concatenate([y[2:], y[:2]], out=y)  # here
    return y


def through_a_view_of_an_argument(x):
    x[:, None].T.ravel()[0] = 1.0  # here
    return x


def through_what_was_transposed(x):
    y = (x[:, None] * x).T.copy().T
    y.reshape(-1)[1] = 3.0  # here
    return y


def row_of_a_loop(x):
    y = x[:, None] * x
    row = y[0]
    for i in range(3):
        row = y[i]
    row[0] = 5.0  # here
    return y


def one_of_two(x):
    y, z = x * 1.0, x * 2.0
    w = y if x[0] > 0 else z
    w[0] = 5.0  # here
    return y + z


def other_of_two(x):
    y, z = x * 1.0, x * 2.0
    w = y if x[0] > 0 else z
    y[0] = 5.0  # here
    return w


def view_that_walks(x):
    y = x * 1.0
    v = y
    for _ in range(2):
        v = v[1:]
        y[2] *= x[0]  # here
    return v


def parts_of_a_split(x):
    y = x * 1.0
    a, _ = np.split(y, 2)
    a[0] = 5.0  # here
    return y


def maybe_converted(x):
    y = np.asarray(x * 1.0, dtype=np.float32)
    z = y.astype(np.float64, copy=False)
    z[0] = 1.0  # here
    return y * z


def right_side_that_writes(x):
    y = x * 1.0
    y[0] += np.multiply(y, 2.0, out=y)[0]  # here
    return y


@pytest.mark.parametrize(
    "function",
    [
        overlapping_mask,
        overlapping_flat,
        overlapping_diagonal,
        overlapping_out,
        through_a_view_of_an_argument,
        through_what_was_transposed,
        row_of_a_loop,
        one_of_two,
        other_of_two,
        view_that_walks,
        parts_of_a_split,
        maybe_converted,
        right_side_that_writes,
    ],
)
def test_where_memory_is_not_known(function):
    refused(function, AliasingError)


def into_integers(x):
    y = np.zeros(4, int)
    y[:] = x  # here
    return y * x


def scaled_integers(x):
    y = np.arange(4)
    y *= x  # here
    return y * x


def into_integers_by_out(x):
    y = np.arange(4)
    np.multiply(x, 2.0, out=y)  # here
    return y * x


def into_a_view_of_integers(x):
    y = np.array([[1, 2], [3, 4]])
    y.T[0] = x[:2]  # here
    return y * x[0]


def read_only_diagonal(x):
    y = x[:, None] * x
    np.diag(y)[0] = 1.0  # here
    return y


def read_only_broadcast(x):
    y = np.broadcast_to(x, (2, 4))
    y[0] = 1.0  # here
    return y


def global_array(x):
    X[0] = x[0]  # here
    return x * X[0]


def condition_that_writes(x):
    y = x * 1.0
    while np.add(y, 1.0, out=y)[0] < 9:  # here
        y[1] *= 2
    return y


def float_index(x):
    y = x * 1.0
    y[x] = 2.0  # here
    return y


def no_array(x):
    y = np.sum(x)
    y[0] = 1.0  # here
    return y


def uninitialised_where(x):
    y = np.zeros_like(x)
    return np.divide.at(y, [[0]], x)  # here


@pytest.mark.parametrize(
    "function",
    [
        into_integers,
        scaled_integers,
        into_integers_by_out,
        into_a_view_of_integers,
        read_only_diagonal,
        read_only_broadcast,
        global_array,
        condition_that_writes,
        float_index,
        no_array,
        uninitialised_where,
    ],
)
def test_what_has_no_derivative_or_would_raise(function):
    refused(function, SrcadError)


def refused(function, kind):
    """The refusal names the line, and says what to write."""
    with pytest.raises(kind) as found:
        srcad.jacrev(function)(X.copy())
    with open(__file__) as file:
        line = file.read().splitlines()[found.value.place.line - 1]
    assert line.endswith("# here"), line
    assert found.value.place.file == "test_stores.py" and found.value.reason.endswith((".", ")"))


# Where a store goes.


def through_a_row(x):
    y = x * 1.0
    row = y[1]
    row[2] = 5.0
    return y


def through_a_transpose(x):
    y = x * 1.0
    y.T[0] = y[2]
    return y


def into_all(x):
    y = x * 1.0
    z = y
    z[...] = np.sin(x)
    return y


def into_all_of_a_row(x):
    y = x * 1.0
    for i in range(1, 3):
        row = y[i]
        row -= y[i - 1]
    return y


@pytest.mark.parametrize(
    "function, written",
    [
        (through_a_row, "y[1, 2] = 5.0"),
        (through_a_transpose, "y[:, 0] = y[2]"),
        (into_all, "y = np.sin(x)"),
        (into_all_of_a_row, "y[i] = row - y[i - 1]"),
    ],
)
def test_stores_go_to_the_array_itself(function, written):
    made = core(function, x="float64[n, n]")
    same(run(made, SQUARE), function(SQUARE.copy()))
    printed = text(lower(simplified(made)))
    same(run(printed, SQUARE), function(SQUARE.copy()))
    assert written in printed, printed


def test_a_mask_and_a_copy_of_what_it_overlaps():
    """The copy is no value of its own in Core: it must be there again in what is emitted."""

    def f(x):
        y = x * 1.0
        held = y[:3][::-1].copy()
        y[MASK] = held
        return y * y

    assert np.allclose(srcad.jvp(f, (X.copy(),), (np.ones(4),))[0], f(X.copy()))
    assert np.allclose(srcad.jacrev(f)(X), np.diag(2 * f(X) ** 0.5) @ np.eye(4)[[2, 1, 2, 0]])


def test_a_mask_and_what_another_array_was_given_whole():
    """The other array is no value of its own in Core either."""

    def f(x):
        y, held = x * 1.0, np.empty(4)
        held[:] = y[::-1]
        y[MASK] = held[1:]
        return y * y

    y = np.array([3.0, 2.0, 3.0, 1.0])
    assert np.allclose(f(X.copy()), y**2)
    assert np.allclose(srcad.jacrev(f)(X), 2 * y[:, None] * np.eye(4)[[2, 1, 2, 0]])


@pytest.mark.parametrize("kind", [np.random.default_rng, np.random.RandomState])
def test_shuffles_draw_what_they_draw(kind):
    drawing = kind(3)

    def f(x):
        y = x * x
        drawing.shuffle(y)
        return y

    made = srcad.jacrev(f)
    jacobian = made(X)
    drawing = kind(3)
    assert np.array_equal(jacobian @ X / 2, f(X))


def test_arguments_are_left_alone():
    def f(x, y):
        x.T[0] = y
        np.add.at(y, [0, 0], x[0, 0])
        x.sort(axis=0)
        return np.sum(x * y)

    x, y = SQUARE.copy(), X[:3].copy()
    srcad.value_and_grad(f, (0, 1))(x, y)
    assert np.array_equal(x, SQUARE) and np.array_equal(y, X[:3])
