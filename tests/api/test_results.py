"""Results are fresh, writable, and share memory with nothing; arguments stay as they were."""

import threading

import numpy as np
import pytest

from srcad import AliasingError, SrcadError, grad, jacrev, value_and_grad, vjp


def arrays(tree):
    if isinstance(tree, np.ndarray):
        return [tree]
    if isinstance(tree, dict):
        tree = tree.values()
    return (
        [a for part in tree for a in arrays(part)]
        if isinstance(tree, (tuple, list, type({}.values())))
        else []
    )


def assert_apart(*trees):
    """No array of any of them shares memory with another, and all are writable."""
    found = [array for tree in trees for array in arrays(tree)]
    for place, array in enumerate(found):
        assert array.flags.writeable
        if array.size > 1:
            assert 0 not in array.strides
        for other in found[:place]:
            assert not np.shares_memory(array, other)


A = np.arange(6.0).reshape(2, 3) + 1
V = np.array([0.5, -1.0, 2.0])
W = np.array([1.0, 0.25, -2.0])

SCALARS = {
    "sum": (lambda x: np.sum(x), V),
    "mean": (lambda x: np.mean(x), A),
    "half a square": (lambda x: 0.5 * np.sum(x**2), V),
    "dot": (lambda x, y: np.dot(x, y), V, W),
    "sum of a sum": (lambda x, y: np.sum(x + y), V, W),
    "sum of a difference": (lambda x, y: np.sum(x - y), V, W),
    "trace": (lambda a, b: np.trace(a @ b.T), A, 2 * A),
    "element": (lambda x: x[1], V),
    "constant": (lambda x: 3.0, V),
    "unused": (lambda x, y: np.sum(x), V, W),
    "swapped": (lambda x, y: np.sum(x * 2 + y * 2), V, W),
    "both in a tree": (lambda p: np.sum(p["a"] + p["b"]), {"a": V, "b": W}),
}

VALUES = {
    "itself": (lambda x: x, V),
    "twice": (lambda x: (x, x), V),
    "dict": (lambda x: {"a": x, "b": x[1:], "c": np.sum(x), "d": x}, V),
    "sum": (lambda x, y: x + y, V, W),
    "transposed": (lambda a: a.T, A),
    "reshaped": (lambda a: a.reshape(-1), A),
    "raveled": (lambda a: np.ravel(a), A),
    "part": (lambda x: x[1:], V),
    "turned": (lambda x: x[::-1], V),
    "broadcast": (lambda x: np.broadcast_to(x, (2, 3)), V),
    "expanded": (lambda x: x[:, None], V),
    "kept": (lambda x: np.sum(x, keepdims=True), V),
    "constant": (lambda x: np.ones(3), V),
    "exp": (lambda x: np.exp(x), V),
    "where": (lambda x, y: np.where(x > 0, x, y), V, W),
    "stacked": (lambda x, y: np.stack([x, y]), V, W),
    "loop": (lambda x: looped(x), V),
    "local": (lambda x: stored(x), V),
    "other": (lambda x, y: (y, x), V, W),
    "product": (lambda x, y: x * y, V, W),
}


def looped(x):
    for _ in range(3):
        x = np.sin(x) * x
    return x


def stored(x):
    u = x.copy()
    u[1:] += x[:-1]
    return u


def copied(tree):
    if isinstance(tree, dict):
        return {key: copied(part) for key, part in tree.items()}
    return tree.copy()


@pytest.mark.parametrize("name", SCALARS)
def test_gradients_are_apart(name):
    f, *given = SCALARS[name]
    args = [copied(a) for a in given]
    number = tuple(range(len(args)))
    results = [
        grad(f)(*args),
        grad(f, number)(*args),
        grad(f, number)(*args),
        value_and_grad(f, number)(*args),
        jacrev(f, number)(*args),
    ]
    assert_apart(args, *results)
    np.testing.assert_equal(args, given)


@pytest.mark.parametrize("name", VALUES)
@pytest.mark.parametrize("chunk_size", [None, 1, 2])
def test_jacobians_are_apart(name, chunk_size):
    f, *given = VALUES[name]
    args = [a.copy() for a in given]
    derivative = jacrev(f, tuple(range(len(args))), chunk_size=chunk_size)
    assert_apart(args, derivative(*args), derivative(*args))
    np.testing.assert_equal(args, given)


def ones(value):
    if isinstance(value, dict):
        return {key: ones(part) for key, part in value.items()}
    if isinstance(value, (tuple, list)):
        return type(value)(map(ones, value))
    return np.ones_like(value)


@pytest.mark.parametrize("name", VALUES)
def test_pullbacks_are_apart(name):
    f, *given = VALUES[name]
    args = [a.copy() for a in given]
    value, pullback = vjp(f, *args)
    seed = ones(value)
    first, second = pullback(seed), pullback(seed)
    assert_apart(args, value, seed, first, second)
    np.testing.assert_equal(args, given)
    np.testing.assert_equal(first, second)
    np.testing.assert_equal(seed, ones(value))


@pytest.mark.parametrize("name", VALUES)
def test_a_pullback_remembers_what_it_was_made_at(name):
    """The caller may do with the value, the arguments and the results what it wants."""
    f, *given = VALUES[name]
    args = [a.copy() for a in given]
    value, pullback = vjp(f, *args)
    seed = ones(value)
    first = pullback(seed)
    expected = [a.copy() for a in first]
    for array in arrays([value, args, first]):
        array[...] = np.nan
    np.testing.assert_equal(list(pullback(seed)), expected)


def with_aux(x):
    y = 2 * x
    return np.sum(y), {"x": x, "y": y, "again": y, "part": x[1:], "text": "s", "none": None}


def vector_with_aux(x):
    y = 2 * x
    return y, [x, y, 3]


def test_aux_is_apart(x):
    before = x.copy()
    found, aux = grad(with_aux, has_aux=True)(x)
    np.testing.assert_array_equal(found, [2, 2, 2])
    assert list(aux) == ["x", "y", "again", "part", "text", "none"]
    assert (aux["text"], aux["none"]) == ("s", None)
    np.testing.assert_array_equal(aux["y"], 2 * x)
    np.testing.assert_array_equal(aux["part"], x[1:])
    assert not np.shares_memory(aux["x"], x) and not np.shares_memory(aux["part"], x)
    aux["x"][:] = 0
    np.testing.assert_array_equal(x, before)


@pytest.mark.parametrize("chunk_size", [None, 1, 2])
def test_aux_of_every_transform(chunk_size, x):
    (value, aux), found = value_and_grad(with_aux, has_aux=True)(x)
    assert value == pytest.approx(2 * np.sum(x))
    np.testing.assert_array_equal(aux["y"], 2 * x)
    np.testing.assert_array_equal(found, [2, 2, 2])
    found, aux = jacrev(vector_with_aux, has_aux=True, chunk_size=chunk_size)(x)
    np.testing.assert_array_equal(found, 2 * np.eye(3))
    assert isinstance(aux, list) and aux[2] == 3
    np.testing.assert_array_equal(aux[1], 2 * x)
    value, pullback, aux = vjp(vector_with_aux, x, has_aux=True)
    np.testing.assert_array_equal(value, 2 * x)
    np.testing.assert_array_equal(pullback(np.ones(3))[0], [2, 2, 2])
    np.testing.assert_array_equal(aux[0], x)
    assert_apart([x], value, aux[:1])


def test_the_gradient_may_be_scaled_in_place(x):
    """One of the issue's traps: `g *= 0.1` leaves w alone."""
    before = x.copy()
    derivative = grad(lambda w: 0.5 * np.sum(w**2))
    found = derivative(x)
    found *= 0.1
    np.testing.assert_array_equal(x, before)
    np.testing.assert_array_equal(derivative(x), before)


# functions that write


def writes(x, y):
    x[0] = 2 * y[0]
    return np.sum(x * y)


def test_a_function_that_writes_leaves_the_arguments_alone(x, y):
    before = x.copy(), y.copy()
    by_x, by_y = grad(writes, (0, 1))(x, y)
    np.testing.assert_allclose(by_x, [0, y[1], y[2]])
    np.testing.assert_allclose(by_y, [4 * y[0], x[1], x[2]])
    value, pullback = vjp(writes, x, y)
    assert value == pytest.approx(2 * y[0] ** 2 + x[1] * y[1] + x[2] * y[2])
    np.testing.assert_allclose(pullback(1.0)[0], by_x)
    np.testing.assert_equal((x, y), before)


def test_overlapping_arguments_one_of_them_written(x):
    base = np.arange(6.0)
    for one, other in [(x, x), (base[:3], base[1:4]), (base[:3], base[2::-1]), (base, base[:6])]:
        for transform in (grad, value_and_grad, jacrev):
            with pytest.raises(AliasingError, match="`x` and `y`"):
                transform(writes)(one, other)
        with pytest.raises(AliasingError, match="`x` and `y`"):
            vjp(writes, one, other)
    np.testing.assert_array_equal(base, np.arange(6.0))


def test_neighbours_that_do_not_overlap():
    base = np.arange(1.0, 7.0)
    expected = grad(writes)(base[::2].copy(), base[1::2].copy())
    np.testing.assert_array_equal(grad(writes)(base[::2], base[1::2]), expected)
    np.testing.assert_array_equal(grad(writes)(base[:3], base[3:])[1:], base[4:])


def test_an_argument_that_overlaps_itself():
    repeated = np.broadcast_to(np.ones(1), (3,))
    with pytest.raises(AliasingError, match="`x`"):
        grad(writes)(repeated, np.ones(3))
    windows = np.lib.stride_tricks.sliding_window_view(np.arange(5.0), 3)
    with pytest.raises(AliasingError, match="`x`"):
        grad(lambda x: writes(x, x.copy())[...])(windows)


def writes_in_a_tree(p):
    p["a"][0] = 1.0
    return np.sum(p["a"] * p["b"])


def test_overlap_within_one_argument(x):
    np.testing.assert_allclose(grad(writes_in_a_tree)({"a": x, "b": 2 * x})["b"], [1, *x[1:]])
    with pytest.raises(AliasingError):
        grad(writes_in_a_tree)({"a": x, "b": x})
    with pytest.raises(AliasingError):
        grad(writes_in_a_tree)({"a": x, "b": x[::-1]})


SHARED = np.arange(3.0)


def writes_beside_a_global(x):
    x[0] = 5.0
    return np.sum(x * SHARED)


def writes_a_global(x):
    SHARED[0] = x[0]
    return np.sum(SHARED * x)


def test_overlap_with_a_global():
    np.testing.assert_allclose(grad(writes_beside_a_global)(np.ones(3)), [0, 1, 2])
    with pytest.raises(AliasingError):
        grad(writes_beside_a_global)(SHARED)


def test_a_store_into_a_global(x):
    before = SHARED.copy()
    with pytest.raises(SrcadError, match="`SHARED` of an outer scope"):
        grad(writes_a_global)(x)
    np.testing.assert_array_equal(SHARED, before)


def test_overlap_is_fine_where_nothing_is_written(x):
    by_x, by_y = grad(lambda x, y: np.sum(x * y), (0, 1))(x, x)
    np.testing.assert_array_equal(by_x, x)
    assert_apart([x], by_x, by_y)


# threads


def test_one_derivative_in_many_threads(x):
    derivative = grad(lambda x, k: np.sum(np.sin(x) * k))
    failures = []

    def work(number):
        try:
            for size in (3, 1, 5, 3):
                a = np.linspace(0, 1, size)
                found = derivative(a, float(number))
                np.testing.assert_allclose(found, number * np.cos(a))
                found = derivative(a.astype("float32"), number)
                assert found.dtype == np.float32
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures


def test_one_pullback_in_many_threads(x):
    _, pullback = vjp(looped, x)
    (expected,) = pullback(np.ones(3))
    failures = []

    def work(number):
        try:
            for _ in range(50):
                np.testing.assert_allclose(pullback(np.full(3, number))[0], number * expected)
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=work, args=(float(n),)) for n in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
