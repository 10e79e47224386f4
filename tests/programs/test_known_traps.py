"""The traps that are known to give silent wrong numbers: one test each, against central differences."""

import numpy as np
import pytest

import srcad

X = np.array([0.3, -0.7, 1.1, 0.4])


def differences(f, x, step=1e-6):
    """The gradient of `f` at `x`, by central differences."""
    x = np.asarray(x, float)
    found = np.zeros_like(x)
    for place in np.ndindex(x.shape):
        shift = np.zeros_like(x)
        shift[place] = step
        found[place] = (f(x + shift) - f(x - shift)) / (2 * step)
    return found


def nested_lists(x):
    total = 0.0
    for i in range(3):
        t = x * x[i]
        for _ in range(2):
            t = np.sin(t * t)
        total = total + np.sum(t)
    return total


def one_path_only(x):
    s = 0.0
    for a in x:
        if a > 0:
            kept = np.exp(a)
            s = s + kept * a
        else:
            s = s + a
    return s


def condition_of_another_loop(x):
    s = 0.0
    for a in x:
        if s > 0.1:
            s = s - 0.5 * a * s
        else:
            for b in x:
                s = s + a * b * b
    return s


def two_accumulators(x):
    u = np.zeros_like(x)
    v = np.zeros_like(x)
    for i in range(len(x)):
        u[i] = x[i] * x[0]
        v[i] = u[i] * x[1]
    return np.sum(u * v)


def view_then_store(x):
    u = x * 1.0
    v = u[1:]
    u[1:] += x[:-1] * x[1:]
    return np.sum(v * v)


def saved_slice_overwritten(x):
    u = x * 1.0
    for _ in range(3):
        left = u[:-1]
        u[1:] += left * u[1:]
    return np.sum(u**2)


def old_buffer_on_the_right(x):
    u = x.copy()
    u[1:] = u[:-1] * u[1:]
    u[:-1] = u[1:] * x[0]
    return np.sum(u * x)


def alias_that_is_added_to(x):
    a = x
    for _ in range(2):
        a = a + x * a
    return np.sum(a)


def zero_iterations(x):
    a = x
    for _ in range(0):
        a = a * 2
    a = a + x
    return np.sum(a * a)


def store_into_the_argument(x):
    x[0] = x[1] * x[2]
    y = x
    y[1] *= 2.0
    return np.sum(x * x)


def swap_in_a_loop(x):
    a, b = x[0], x[1]
    for i in range(3):
        a, b = b, a + b * x[2]
    return a * b


def swapped_buffers(x):
    u = x.copy()
    v = np.zeros_like(x)
    for _ in range(3):
        v[1:-1] = u[1:-1] * u[:-2] + u[2:]
        u, v = v, u
    return np.sum(u * x)


def swap_at_a_join(x):
    a, b = x[0] * 2, x[1]
    if x[2] > 0:
        a, b = b, a
    return a * a * b


def scalar_that_becomes_an_array(x):
    a = x[0]
    for _ in range(3):
        a = a + x
    return np.sum(a * a)


def integer_that_becomes_an_array(x):
    s = 0
    for i in range(3):
        s = s + x * i
    return np.sum(s * s)


def three_loops(x):
    s = 0.0
    for i in range(2):
        for j in range(3):
            t = x * x[j]
            for _ in range(2):
                t = t * t + x[i]
            s = s + np.sum(t)
    return s


def stores_in_both_loops(x):
    u = np.zeros_like(x)
    for i in range(len(x)):
        u[i] = x[i]
        for j in range(i):
            u[i] = u[i] * u[j] + x[j]
    return np.sum(u)


def store_under_a_branch(x):
    u = x.copy()
    for i in range(1, len(x)):
        if u[i - 1] > 0:
            u[i] = u[i] * u[i - 1]
        u[0] += u[i]
    return np.sum(u * u)


def while_with_a_store(x):
    u = x.copy()
    k = 0
    while np.sum(u * u) < 5 and k < 4:
        u[1:] += u[:-1] * u[1:]
        k += 1
    return np.sum(u)


def spread_and_summed(x):
    t = x[0]
    y = np.broadcast_to(t, x.shape)
    return np.sum(y * x) + np.sum(np.broadcast_to(x[1], (5,)))


def return_on_both_sides(x):
    if x[0] > 0:
        return np.sum(x * x)
    else:
        return np.sum(x)


def saved_and_written_again(x):
    v = x * x
    for _ in range(3):
        v[1:] -= 1.5
        x = np.sin(x * v)
    return np.sum(x)


def grows_and_is_written_again(x):
    v = x * x
    w = np.concatenate([x, x])
    for _ in range(2):
        v[1:] -= 1.5
        old = x
        x = np.outer(w, v) + old
    return np.sum(x)


def written_in_an_inner_loop(x):
    v, s = x * x, 0.0
    for i in range(2):
        for j in range(3):
            v[j:] *= x[i]
            s = s + np.sum(np.exp(v))
    return s


def integers_on_one_path(x):
    for i in range(len(x)):
        x = x * 1.0
        x[:-1] += x[1:]
        x = np.minimum(x, 0.1) if i % 2 == 0 else np.arange(len(x))
    return np.sum(x) + np.sum(np.diagonal(np.outer(x, x)))


PROGRAMS = [
    nested_lists, one_path_only, condition_of_another_loop, two_accumulators, view_then_store, saved_slice_overwritten,
    old_buffer_on_the_right, alias_that_is_added_to, zero_iterations, store_into_the_argument, swap_in_a_loop, swapped_buffers,
    swap_at_a_join, scalar_that_becomes_an_array, integer_that_becomes_an_array, three_loops, stores_in_both_loops,
    store_under_a_branch, while_with_a_store, spread_and_summed, return_on_both_sides,
    saved_and_written_again, grows_and_is_written_again, written_in_an_inner_loop,
    integers_on_one_path,
]  # fmt: skip


@pytest.mark.parametrize("f", PROGRAMS, ids=lambda f: f.__name__)
def test_gradient_and_pullback(f):
    expected = differences(lambda x: f(x.copy()), X)
    x = X.copy()
    np.testing.assert_allclose(srcad.grad(f)(x), expected, rtol=1e-5, atol=1e-7)
    np.testing.assert_array_equal(x, X)
    _, pullback = srcad.vjp(f, x)
    first, second = pullback(1.0)[0], pullback(1.0)[0]
    np.testing.assert_allclose(first, expected, rtol=1e-5, atol=1e-7)
    np.testing.assert_array_equal(first, second)
    np.testing.assert_allclose(srcad.jacrev(f, chunk_size=1)(x), expected, rtol=1e-5, atol=1e-7)


def test_a_gradient_leaves_the_argument_alone():
    def loss(w):
        return np.sum(0.5 * w**2)

    w = X.copy()
    gradient = srcad.grad(loss)(w)
    gradient *= 0.1
    np.testing.assert_array_equal(w, X)


def test_a_size_that_becomes_one():
    def f(x, v):
        return np.sum(x[1:] * v)

    derivative = srcad.grad(f, (0, 1))
    for n in (6, 2):
        x, v = np.arange(1.0, n + 1), np.arange(1.0, 6.0)
        x_bar, v_bar = derivative(x, v)
        np.testing.assert_allclose(x_bar, differences(lambda z, v=v: f(z, v), x), atol=1e-6)
        np.testing.assert_allclose(v_bar, differences(lambda z, x=x: f(x, z), v), atol=1e-6)


def test_a_condition_that_draws():
    rng = np.random.default_rng(3)

    def f(x):
        s = x
        while rng.random() < 0.6:
            if rng.random() < 0.5:
                s = s * x
        return s

    for seed in range(6):
        rng = np.random.default_rng(seed)
        value = f(1.5)
        rng = np.random.default_rng(seed)
        found = srcad.grad(f)(1.5)
        power = np.log(value) / np.log(1.5)
        np.testing.assert_allclose(found, power * 1.5 ** (power - 1))


@pytest.mark.parametrize("n", [0, 1])
def test_empty_and_single(n):
    def f(x):
        u = x.copy()
        for i in range(1, len(x)):
            u[i] += u[i - 1] * x[i]
        return np.sum(u * u)

    x = np.full(n, 0.5)
    np.testing.assert_allclose(srcad.grad(f)(x), 2 * x)
    assert srcad.jacrev(lambda x: x * x)(x).shape == (n, n)


def test_overlapping_arguments_of_which_one_is_written():
    def f(x, y):
        x[0] = 2.0
        return np.sum(x * y)

    x = X.copy()
    with pytest.raises(srcad.AliasingError, match="share memory"):
        srcad.grad(f)(x, x[::-1])


def test_a_tape_is_not_shared_by_calls():
    def f(x):
        s = x[0]
        for a in x:
            s = s * a + a
        return s

    pullbacks = [srcad.vjp(f, X * scale)[1] for scale in (1.0, 2.0, 3.0)]
    for scale, pullback in zip((1.0, 2.0, 3.0), pullbacks):
        np.testing.assert_allclose(
            pullback(1.0)[0], differences(f, X * scale), rtol=1e-5, atol=1e-7
        )
