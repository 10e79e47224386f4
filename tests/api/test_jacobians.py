"""`jacrev`, `jacfwd` and `jacobian`: the documentation's examples of `torch.func.jacrev`, and the contract, in both modes."""

import threading

import numpy as np
import pytest

import srcad
from srcad import ArgumentError, SrcadError, jacfwd, jacobian, jacrev, vmap
from tests.api.references import assert_apart, assert_trees, differences

CHUNKS = [None, 1, 2, 3, 100]
TRANSFORMS = [jacrev, jacfwd, jacobian]


@pytest.fixture(params=TRANSFORMS, ids=lambda t: t.__name__)
def jac(request):
    return request.param


@pytest.fixture(
    params=[(t, size, fill) for t in TRANSFORMS for size in CHUNKS for fill in (False, True)],
    ids=lambda p: f"{p[0].__name__}-{p[1]}-{p[2]}",
)
def way(request):
    """Every transform, with every way of putting the pieces together."""
    transform, chunk_size, fill = request.param
    return lambda f, argnums=0, **more: transform(
        f, argnums, chunk_size=chunk_size, _preallocate_and_copy=fill, **more
    )


# the examples of torch.func.jacrev's documentation


def test_sin_gives_a_diagonal(jac):
    x = np.random.default_rng(0).normal(size=5)
    np.testing.assert_allclose(jac(np.sin)(x), np.diag(np.cos(x)), rtol=1e-15)


def test_aux_is_handed_through(jac):
    def f(x):
        return np.sin(x)

    def g(x):
        result = f(x)
        return result, result

    x = np.random.default_rng(0).normal(size=5)
    found, value = jac(g, has_aux=True)(x)
    np.testing.assert_allclose(found, np.diag(np.cos(x)))
    np.testing.assert_array_equal(value, np.sin(x))


def test_batched(jac):
    x = np.random.default_rng(0).normal(size=(64, 5))
    found = vmap(jac(np.sin))(x)
    assert found.shape == (64, 5, 5)
    np.testing.assert_allclose(found, np.stack([np.diag(np.cos(row)) for row in x]))


@pytest.mark.parametrize("outer", TRANSFORMS, ids=lambda t: t.__name__)
def test_composed_it_gives_hessians(jac, outer):
    def f(x):
        return np.sin(x).sum()

    x = np.random.default_rng(0).normal(size=5)
    np.testing.assert_allclose(outer(jac(f))(x), np.diag(-np.sin(x)), atol=1e-15)


def test_argnums(jac):
    def f(x, y):
        return x + y**2

    x, y = np.random.default_rng(0).normal(size=(2, 5))
    np.testing.assert_allclose(jac(f, argnums=1)(x, y), np.diag(2 * y))
    by_x, by_y = jac(f, argnums=(0, 1))(x, y)
    np.testing.assert_array_equal(by_x, np.eye(5))
    np.testing.assert_allclose(by_y, np.diag(2 * y))


def held_inside(x):
    with srcad.no_grad():
        c = x**2
    return x - c


def test_no_grad_inside(jac):
    x = np.array([0.5, -2.0, 3.0])
    np.testing.assert_array_equal(jac(held_inside)(x), np.eye(3))


def test_no_grad_around_the_call(jac):
    x = np.array([0.5, -2.0, 3.0])
    with srcad.no_grad():
        found = jac(lambda x: x**2)(x)
    np.testing.assert_allclose(found, np.diag(2 * x))


def test_no_grad_inside_and_around(jac):
    x = np.array([0.5, -2.0, 3.0])
    with srcad.no_grad():
        found = jac(held_inside)(x)
    np.testing.assert_array_equal(found, np.eye(3))


# argnums


def three(x, y, z):
    return np.outer(x, y) * np.sum(z) + x[:, None] * y**2


@pytest.mark.parametrize("argnums", [0, 1, 2, -1, -2, -3])
def test_one_argument(jac, argnums, x, y):
    args = [x, y[:2], np.array([0.3, 0.4, 0.5, 0.6])]

    def of_one(value):
        given = list(args)
        given[argnums] = value
        return three(*given)

    found = jac(three, argnums)(*args)
    np.testing.assert_allclose(found, differences(of_one, args[argnums]), rtol=1e-9, atol=1e-10)


@pytest.mark.parametrize("argnums", [(0,), (2, 0), (-1, 0, 1), (1, -3)])
def test_a_tuple_of_arguments(way, argnums, x, y):
    args = (x, y[:2], np.array([0.3, 0.4, 0.5, 0.6]))
    found = way(three, argnums)(*args)
    assert_trees(found, tuple(jacrev(three, place)(*args) for place in argnums))


@pytest.mark.parametrize("argnums", [3, -4, (0, 3), (0, 0), (1, -2), (2, 1, -1)])
def test_argnums_that_do_not_fit(way, argnums, x):
    with pytest.raises(ArgumentError, match="argnums") as error:
        way(three, argnums)(x, x, x)
    assert isinstance(error.value, ValueError)


@pytest.mark.parametrize("argnums", [None, "x", 1.0, (), (0, "y"), True])
def test_argnums_that_are_no_ints(jac, argnums):
    with pytest.raises(ArgumentError, match="argnums") as error:
        jac(three, argnums)
    assert isinstance(error.value, TypeError)


@pytest.mark.parametrize("given", [np.arange(3), np.array([True, False]), 3, True, None])
def test_arguments_that_are_no_floats(jac, given):
    with pytest.raises(ArgumentError, match="`x`") as error:
        jac(lambda x: x * 2.0)(given)
    assert isinstance(error.value, TypeError)
    with pytest.raises(SrcadError):
        jac(lambda x: x * 2.0)("text")


@pytest.mark.parametrize(
    "f", [lambda x: np.argmax(x), lambda x: "a", lambda x: None, lambda x: (x, 3), lambda x: x > 0]
)
def test_outputs_that_are_no_floats(jac, f, x):
    with pytest.raises(SrcadError):
        jac(f)(x)


# chunks


@pytest.mark.parametrize("chunk_size", [0, -1])
def test_chunks_that_are_not_positive(jac, chunk_size):
    with pytest.raises(ValueError, match="chunk_size"):
        jac(np.sin, chunk_size=chunk_size)


@pytest.mark.parametrize("chunk_size", [1.5, "2", True])
def test_chunks_that_are_no_ints(jac, chunk_size):
    with pytest.raises(TypeError, match="chunk_size"):
        jac(np.sin, chunk_size=chunk_size)


def mixed(x, y):
    for k in range(2):
        x = np.tanh(x * y[k]) + y[k + 1]
    return {"a": np.outer(x, y), "b": [np.sum(x), x[1:] * 2]}


def test_every_chunk_size_gives_the_same(way, x, y):
    found = way(mixed, (0, 1))(x, y)

    def flattened(x, y):
        made = mixed(x, y)
        return np.concatenate([np.ravel(made["a"]), [made["b"][0]], made["b"][1]])

    by_x = differences(lambda a: flattened(a, y), x)
    by_y = differences(lambda a: flattened(x, a), y)
    assert list(found) == ["a", "b"] and isinstance(found["b"], list)
    parts = [found["a"], *found["b"]]
    for place, (rows, shape) in enumerate(((slice(0, 9), (3, 3)), (9, ()), (slice(10, 12), (2,)))):
        for block, reference in zip(parts[place], (by_x, by_y)):
            expected = reference[rows].reshape((*shape, 3))
            np.testing.assert_allclose(block, expected, rtol=1e-8, atol=1e-9)
    assert_apart(found, x, y)


# trees, several outputs, numbers


def of_tree(p, scale):
    return (p["w"] @ p["v"][0] * scale, {"s": np.sum(p["v"][1]) * scale, "w": p["w"]})


def test_trees(way):
    p = {
        "w": np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]),
        "v": (np.array([0.5, -1.0]), np.ones(2)),
    }
    found = way(of_tree, (1, 0))(p, 2.0)
    eye = np.eye(3)
    first = (
        p["w"] @ p["v"][0],
        {
            "w": 2 * np.einsum("ik,j->ikj", eye, p["v"][0]),
            "v": (2 * p["w"], np.zeros((3, 2))),
        },
    )
    of_s = (2.0, {"w": np.zeros((3, 2)), "v": (np.zeros(2), 2 * np.ones(2))})
    identity = np.eye(6).reshape(3, 2, 3, 2)
    of_w = (np.zeros((3, 2)), {"w": identity, "v": (np.zeros((3, 2, 2)), np.zeros((3, 2, 2)))})
    assert_trees(found, (first, {"s": of_s, "w": of_w}))
    assert_apart(found, p)


def test_a_list_argument_gives_a_list(way, x):
    found = way(lambda layers: layers[0] * layers[1])([x, x + 1])
    assert_trees(found, [np.diag(x + 1), np.diag(x)])


def test_the_same_output_twice(way, x):
    found = way(lambda x: (lambda y: [y, y, x])(2 * x))(x)
    assert_trees(found, [2 * np.eye(3), 2 * np.eye(3), np.eye(3)])
    assert_apart(found, x)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_numbers_in_and_out(way, dtype):
    k = dtype(0.5)
    for given, kind in ((k, np.generic), (np.array(k), np.ndarray)):
        found = way(lambda k: (k * k, [k], np.ones(3, np.float32)[0], k * np.float64(2)))(given)
        assert found == (1.0, [1.0], 0.0, 2.0)
        for leaf in (found[0], found[1][0], found[2], found[3]):
            assert isinstance(leaf, kind) or (type(leaf) is float and type(given) is np.float64)
            assert np.asarray(leaf).dtype == dtype and np.shape(leaf) == ()
        found = way(lambda k: k * np.ones(3))(given)
        np.testing.assert_array_equal(found, np.ones(3))
        assert found.dtype == dtype


def test_python_floats(way, x):
    found = way(lambda k: k * k)(3.0)
    assert isinstance(found, (float, np.floating)) and found == 6.0
    by_k, by_x = way(lambda k, x: np.sin(k * x), (0, 1))(2.0, x)
    np.testing.assert_allclose(by_k, x * np.cos(2 * x))
    np.testing.assert_allclose(by_x, np.diag(2 * np.cos(2 * x)))
    found = way(np.sum)(x)
    np.testing.assert_array_equal(found, np.ones(3))


def test_float32_stays_float32(way):
    x = np.linspace(0.1, 0.9, 3, dtype=np.float32)
    W = np.arange(6, dtype=np.float32).reshape(2, 3)
    by_W, by_x = way(lambda W, x: np.tanh(W @ x), (0, 1))(W, x)
    assert by_W.dtype == by_x.dtype == np.float32
    slope = 1 - np.tanh(W @ x) ** 2
    np.testing.assert_allclose(by_x, slope[:, None] * W, rtol=1e-5)
    np.testing.assert_allclose(by_W, np.einsum("i,ik,j->ikj", slope, np.eye(2), x), rtol=1e-5)


def test_blocks_of_zeros(way, x, y):
    def f(x, y, k):
        return y * 2, np.sum(x), np.ones(2), 3.0

    found = way(f, (0, 1, 2))(x, y[:2].astype(np.float32), 0.5)
    expected = (
        (np.zeros((2, 3)), 2 * np.eye(2), np.zeros(2)),
        (np.ones(3), np.zeros(2), 0.0),
        (np.zeros((2, 3)), np.zeros((2, 2)), np.zeros(2)),
        (np.zeros(3), np.zeros(2), 0.0),
    )
    assert_trees(found, expected)
    for by_x, by_y, _ in found:
        assert by_x.dtype == np.float64 and by_y.dtype == np.float32
    assert_apart(found, x, y)


@pytest.mark.parametrize("n", [0, 1, 2])
def test_sizes(way, n):
    x, y = np.linspace(0.2, 0.9, n), np.linspace(-1, 1, 2)
    np.testing.assert_allclose(way(np.sin)(x), np.diag(np.cos(x)))
    by_x, by_y = way(np.outer, (0, 1))(x, y)
    np.testing.assert_allclose(by_x, np.einsum("ik,j->ijk", np.eye(n), y))
    np.testing.assert_allclose(by_y, np.einsum("i,jk->ijk", x, np.eye(2)))
    assert way(lambda x: x[:0] * 2)(x).shape == (0, n)
    np.testing.assert_array_equal(way(lambda x: np.sum(x * x))(x), 2 * x)
    assert way(lambda x: x[:, None] * x)(x).shape == (n, n, n)


# promises


def test_results_are_fresh_and_arguments_stay(way, x, y):
    kept = x.copy(), y.copy()
    derivative = way(lambda x, y: (x, y * x, np.sum(y)), (0, 1))
    first, second = derivative(x, y), derivative(x, y)
    assert_trees(first, second, 0, 0)
    assert_apart([first, second], x, y)
    for leaf in first:
        leaf[0][...] = 99.0
    assert_trees(derivative(x, y), second, 0, 0)
    np.testing.assert_array_equal((x, y), kept)


def test_a_function_that_writes_to_its_argument(jac, x):
    def f(x):
        x[0] = x[1] * x[2]
        return x * x

    kept = x.copy()
    expected = differences(lambda a: f(a.copy()), x)
    np.testing.assert_allclose(jac(f)(x), expected, rtol=1e-9, atol=1e-10)
    np.testing.assert_array_equal(x, kept)


def test_from_several_threads(jac, x):
    derivative = jac(lambda x: np.tanh(x[:, None] * x))
    points = [x * scale for scale in (0.1, 0.5, 1.0, 1.5, 2.0, 3.0)]
    found = {}

    def run(place):
        for _ in range(20):
            found[place] = derivative(points[place])

    threads = [threading.Thread(target=run, args=(place,)) for place in range(len(points))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for place, point in enumerate(points):
        expected = differences(lambda x: np.tanh(x[:, None] * x), point)
        np.testing.assert_allclose(found[place], expected, rtol=1e-7, atol=1e-8)


def test_keywords_and_defaults(way, x):
    def scaled(x, k=2.0, *, power=2):
        return k * x**power

    np.testing.assert_allclose(way(scaled)(x), np.diag(4 * x))
    np.testing.assert_allclose(way(scaled)(x, power=3, k=1.0), np.diag(3 * x**2))
    np.testing.assert_allclose(way(scaled)(k=3.0, x=x), np.diag(6 * x))


class Model:
    def value(self, x, k=2.0):
        return k * np.sin(x)

    @jacfwd(argnums=1)
    def slope(self, x):
        return x * x

    @jacrev(argnums=(1, 2))
    def slopes(self, x, y):
        return x * y


def test_methods(jac, x):
    np.testing.assert_allclose(jac(Model().value)(x, k=1.0), np.diag(np.cos(x)))
    np.testing.assert_allclose(Model().slope(x), np.diag(2 * x))
    assert_trees(Model().slopes(x, x + 1), (np.diag(x + 1), np.diag(x)))


def test_as_decorators(x, y):
    @jacrev
    def bare(x):
        return x**2

    @jacfwd(argnums=(0, 1), chunk_size=2)
    def both(x, y):
        return x * y

    @jacobian(has_aux=True)
    def with_aux(x):
        return x**3, "aux"

    np.testing.assert_allclose(bare(x), np.diag(2 * x))
    assert_trees(both(x, y), (np.diag(y), np.diag(x)))
    found, aux = with_aux(x)
    np.testing.assert_allclose(found, np.diag(3 * x**2))
    assert aux == "aux"


def test_aux_of_any_kind(way, x):
    def f(x):
        y = x * x
        return [y, np.sum(y)], {"y": y, "none": None, "n": 3, "name": "aux", "many": (y, [x])}

    found, aux = way(f, has_aux=True)(x)
    assert_trees(found, [np.diag(2 * x), 2 * x])
    assert (aux["none"], aux["n"], aux["name"]) == (None, 3, "aux")
    np.testing.assert_array_equal(aux["y"], x * x)
    np.testing.assert_array_equal(aux["many"][0], x * x)
    np.testing.assert_array_equal(aux["many"][1][0], x)
    assert_apart([found, aux], x)


# jacobian chooses


@pytest.mark.parametrize("rows, columns", [(2, 5), (5, 2), (3, 3)])
def test_the_mode_with_less_to_do_is_chosen(rows, columns):
    calls = []
    A = np.random.default_rng(1).normal(size=(rows, columns))
    derivative = jacobian(lambda x: np.tanh(A @ x))
    for name in ("by_rows", "by_columns"):
        chosen = getattr(derivative, name)

        def spy(args, original=chosen.at, name=name):
            calls.append(name)
            return original(args)

        chosen.at = spy
    x = np.random.default_rng(2).normal(size=columns)
    expected = (1 - np.tanh(A @ x) ** 2)[:, None] * A
    np.testing.assert_allclose(derivative(x), expected)
    assert calls == ["by_columns" if columns < rows else "by_rows"]


def test_the_mode_is_chosen_for_each_size():
    derivative = jacobian(lambda x, n: np.outer(x, np.ones(2)).ravel()[:n])
    x = np.array([1.0, 2.0, 3.0])
    full = np.repeat(np.eye(3), 2, axis=0)
    for n in (1, 6, 2, 5):
        np.testing.assert_array_equal(derivative(x, n), full[:n])
