"""`hessian`: forward over reverse, its structure for tuples and trees, against differences of differences."""

import pickle

import numpy as np
import pytest

import srcad
from srcad import ArgumentError, SrcadError, grad, hessian, jacfwd, jacrev, vmap
from tests.api.references import assert_apart, assert_trees, differences, second_differences


def rosenbrock(x):
    return np.sum(100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)


def looped(x):
    s = x
    for k in range(len(x)):
        s = np.sin(s * x[k])
    return np.sum(s) ** 2


def until(x):
    s, n = np.sum(x**3), 0
    while s * s > 1e-9 and n < 3:
        s = s * x[0] * 0.5
        n += 1
    return s


def branched(x):
    if x[0] > 0:
        return np.sum(x**3) * x[0]
    return np.sum(np.exp(x)) * x[1]


def stored(x):
    out = np.zeros_like(x)
    out[0] = x[0] * x[1]
    for k in range(1, len(x)):
        out[k] = out[k - 1] * x[k]
    return np.sum(out**2)


def helper(a, k):
    return np.sum(a * a) * k


def helped(x):
    return helper(x, x[0]) + helper(np.sin(x), 2.0)


weights = np.array([[1.0, 0.5, -0.25], [0.0, 2.0, 1.0]])


def closed_over(x):
    return np.sum(np.tanh(weights @ x) ** 2)


def solved(x):
    A = np.eye(len(x)) * 3.0 + np.outer(x, x)
    return np.sum(np.linalg.solve(A, x * x))


PROGRAMS = [rosenbrock, looped, until, branched, stored, helped, closed_over, solved]


@pytest.mark.parametrize("f", PROGRAMS, ids=lambda f: f.__name__)
def test_programs(f):
    for seed in range(2):
        x = np.random.default_rng(seed).uniform(0.2, 1.0, 3) * (1 - 2 * seed)
        H = hessian(f)(x)
        np.testing.assert_allclose(H, second_differences(f, x), rtol=1e-5, atol=1e-5)
        np.testing.assert_allclose(H, H.T, rtol=1e-10, atol=1e-12)
        for other in (
            jacfwd(grad(f)),
            jacrev(grad(f)),
            jacrev(jacrev(f)),
            jacfwd(jacrev(f)),
            jacrev(jacfwd(f)),
            jacfwd(jacfwd(f)),
        ):
            np.testing.assert_allclose(other(x), H, rtol=1e-9, atol=1e-9)


def test_the_example_of_the_documentation():
    x = np.random.default_rng(0).normal(size=5)
    found = hessian(lambda x: np.sin(x).sum())(x)
    np.testing.assert_allclose(found, np.diag(-np.sin(x)), atol=1e-15)


def two(x, y):
    return np.sum(x**2) * np.sum(y**3) + x[0] * y[1]


def blocks(x, y):
    e, g = np.zeros((len(x), len(y))), np.sum(y**3)
    e[0, 1] = 1.0
    xy = np.outer(2 * x, 3 * y**2) + e
    return (2 * g * np.eye(len(x)), xy), (xy.T, np.diag(6 * y) * np.sum(x**2))


@pytest.mark.parametrize("argnums", [(0, 1), (1, 0), (0,), (-1,), (-2, 1)])
def test_a_tuple_of_arguments_gives_a_tuple_of_tuples(argnums, x, y):
    expected = blocks(x, y[:2])
    found = hessian(two, argnums)(x, y[:2])
    assert_trees(found, tuple(tuple(expected[i][j] for j in argnums) for i in argnums))
    assert_apart(found, x, y)


@pytest.mark.parametrize("argnums", [0, 1, -1])
def test_one_argument(argnums, x, y):
    expected = blocks(x, y[:2])
    assert_trees(hessian(two, argnums)(x, y[:2]), expected[argnums][argnums])


def test_trees(x):
    def f(p, k):
        return np.sum(p["a"] ** 2) * p["b"][0] * k

    p = {"a": x, "b": (3.0,)}
    s = np.sum(x**2)
    found = hessian(f, (0, 1))(p, 2.0)
    aa, ab, ak = 12 * np.eye(3), 4 * x, 6 * x
    of_a, of_b = ({"a": aa, "b": (ab,)}, ak), ({"a": ab, "b": (0.0,)}, s)
    assert_trees(found, ({"a": of_a, "b": (of_b,)}, ({"a": ak, "b": (s,)}, 0.0)))
    assert_trees(hessian(f)(p, 2.0), {"a": of_a[0], "b": (of_b[0],)})
    assert_apart(found, p)


def mixed(k, x, W, V):
    h = np.tanh(x @ W) * k
    return np.sum(h @ V) * np.sum(x**3) + np.sum(V**2) * x[0]


def of_rows(k, x, W, V):
    return np.sin(k * W @ x[:, None] * V.T)[:, 0]


def convolved(k, x, W, V):
    return np.sum(np.convolve(x, W[0]) ** 2) * k + np.sum(W[1] * x[0])


def written_over(k, x, W, V):
    y = x.copy()
    for i in range(len(x) - 1):
        y[i + 1] += y[i] * W[i, 0] * k
    return y[-1] * V[0] @ V[1]


@pytest.mark.parametrize(
    ("f", "shapes"),
    [
        (mixed, (2, (2, 3), (3, 4))),
        (mixed, (3, (3, 3), (3, 3))),
        (of_rows, (2, (4, 2), (1, 4))),
        (convolved, (2, (2, 3), (1, 1))),
        (written_over, (3, (3, 3), (2, 3))),
    ],
)
def test_blocks_are_transposes_of_each_other(f, shapes):
    rng = np.random.default_rng(0)
    given = 0.7, *(rng.normal(size=shape) for shape in shapes)
    every = (2, 1, 0, 3)
    found = hessian(f, every)(*given)
    assert_trees(found, jacfwd(jacrev(f, every), every)(*given), 1e-9)
    assert_apart(found, *given)
    text = hessian(f, every).source(*given)
    assert text.count("np.moveaxis(") + text.count(".T.copy()") + text.count("np.transpose(") > 2


def test_blocks_of_unlike_dtype_and_what_a_user_says_are_both_computed():
    def f(x, y):
        return np.sum(np.sin(x) * y**3)

    x = np.linspace(0.1, 0.9, 3)
    (_, xy), (yx, _) = hessian(f, (0, 1))(x, x.astype(np.float32))
    assert (xy.dtype, yx.dtype) == (np.float32, np.float64)

    def product(x, y):
        return x * y

    @srcad.rules.elementwise(product, signature="(),()->()")
    def rule(x, y, z):
        return 2 * y, x

    (_, xy), (yx, _) = hessian(lambda x, y: product(x, y), (0, 1))(2.0, 3.0)
    assert (xy, yx) == (2.0, 1.0)


def test_outputs_with_axes_have_their_shape_in_front(x):
    found = hessian(lambda x: np.sin(x))(x)
    expected = np.zeros((3, 3, 3))
    expected[np.arange(3), np.arange(3), np.arange(3)] = -np.sin(x)
    np.testing.assert_allclose(found, expected, atol=1e-15)
    found = hessian(lambda x: {"a": np.sum(x**2), "b": [x[:2] ** 3]})(x)
    cubes = np.zeros((2, 3, 3))
    cubes[[0, 1], [0, 1], [0, 1]] = 6 * x[:2]
    assert_trees(found, {"a": 2 * np.eye(3), "b": [cubes]})


def test_a_matrix():
    A = np.random.default_rng(3).normal(size=(2, 3))
    found = hessian(lambda A: np.sum(A**3))(A)
    assert found.shape == (2, 3, 2, 3)
    np.testing.assert_allclose(found.reshape(6, 6), np.diag(6 * A.ravel()))


@pytest.mark.parametrize(
    "f", [lambda x, y: 2.0, lambda x, y: np.sum(x) + 3 * np.sum(y), lambda x, y: x[0]]
)
def test_what_is_linear_or_constant(f, x, y):
    y = y[:2].astype(np.float32)
    found = hessian(f, (0, 1))(x, y)
    shapes = ((3, 3), (3, 2)), ((2, 3), (2, 2))
    assert_trees(found, tuple(tuple(map(np.zeros, row)) for row in shapes))
    assert_apart(found, x, y)


def test_numbers(x):
    assert hessian(lambda k: k**3)(2.0) == 12.0
    for given in (np.float32(2), np.array(2, np.float32)):
        found = hessian(lambda k: k**3)(given)
        assert found == 12.0 and found.dtype == np.float32
        assert isinstance(found, np.ndarray) == isinstance(given, np.ndarray)
    (kk, kx), (xk, xx) = hessian(lambda k, x: np.sum(np.sin(k * x)), (0, 1))(2.0, x)
    s, c = np.sin(2 * x), np.cos(2 * x)
    assert kk == pytest.approx(np.sum(-x * x * s))
    np.testing.assert_allclose(kx, c - 2 * x * s)
    np.testing.assert_allclose(xk, kx)
    np.testing.assert_allclose(xx, np.diag(-4 * s))


@pytest.mark.parametrize("n", [0, 1, 2])
def test_sizes(n):
    x = np.linspace(0.3, 0.9, n)
    np.testing.assert_allclose(hessian(lambda x: np.sum(x**3))(x), np.diag(6 * x))
    np.testing.assert_allclose(
        hessian(rosenbrock)(x),
        second_differences(rosenbrock, x).reshape(n, n),
        rtol=1e-5,
        atol=1e-5,
    )


def test_float32():
    x = np.linspace(0.1, 0.9, 3, dtype=np.float32)
    found = hessian(lambda x: np.sum(x**3))(x)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, np.diag(6 * x), rtol=1e-6)


def test_results_are_fresh_and_arguments_stay(x):
    derivative, kept = hessian(rosenbrock), x.copy()
    first, second = derivative(x), derivative(x)
    assert_apart([first, second], x)
    first[...] = 99.0
    np.testing.assert_array_equal(derivative(x), second)
    np.testing.assert_array_equal(x, kept)


def test_a_function_that_writes_to_its_argument(x):
    def f(x):
        x[0] = x[1] * x[2]
        return np.sum(x**3)

    kept = x.copy()
    expected = second_differences(lambda a: f(a.copy()), x)
    np.testing.assert_allclose(hessian(f)(x), expected, rtol=1e-5, atol=1e-5)
    np.testing.assert_array_equal(x, kept)


def test_no_grad_holds_in_both_orders(x):
    def f(x):
        with srcad.no_grad():
            c = x**2
        return np.sum(c * x**2 - c)

    np.testing.assert_allclose(grad(f)(x), 2 * x**3)
    np.testing.assert_allclose(hessian(f)(x), np.diag(2 * x**2))


def test_as_decorator_as_method_and_pickled(x):
    class Model:
        @hessian(argnums=1)
        def bend(self, x):
            return np.sum(x**3)

        def cube(self, x, *, k=1.0):
            return k * np.sum(x**3)

    @hessian
    def bare(x):
        return np.sum(x**3)

    for derivative in (Model().bend, hessian(Model().cube), bare):
        np.testing.assert_allclose(derivative(x), np.diag(6 * x))
    np.testing.assert_allclose(hessian(Model().cube)(x, k=2.0), np.diag(12 * x))
    derivative = pickle.loads(pickle.dumps(hessian(rosenbrock)))
    np.testing.assert_array_equal(derivative(x), hessian(rosenbrock)(x))


def test_under_vmap():
    xs = np.random.default_rng(5).normal(size=(4, 3))
    found = vmap(hessian(rosenbrock))(xs)
    np.testing.assert_allclose(found, np.stack([hessian(rosenbrock)(x) for x in xs]), rtol=1e-12)


def test_third_order(x):
    found = jacfwd(hessian(lambda x: np.sum(x[1:] * x[:-1] ** 3)))(x)
    expected = differences(hessian(lambda x: np.sum(x[1:] * x[:-1] ** 3)), x)
    np.testing.assert_allclose(found, expected, rtol=1e-8, atol=1e-8)


@pytest.mark.parametrize("argnums", [2, -3, (0, 2), (0, 0), (1, -1)])
def test_argnums_that_do_not_fit(argnums, x):
    with pytest.raises(ArgumentError, match="argnums") as error:
        hessian(two, argnums)(x, x)
    assert isinstance(error.value, ValueError)


def test_refusals(x):
    with pytest.raises(ArgumentError, match="`x`"):
        hessian(two)(np.arange(3), x)
    with pytest.raises(SrcadError):
        hessian(lambda x: np.argmax(x))(x)
