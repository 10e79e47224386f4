"""Derivatives of derivatives, to third order, in every order of the modes, through every kind of statement."""

import itertools
import pickle

import numpy as np
import pytest

import srcad
from srcad import (
    ArgumentError,
    grad,
    hessian,
    jacfwd,
    jacobian,
    jacrev,
    jvp,
    value_and_grad,
    vjp,
    vmap,
)
from tests.api.references import (
    assert_apart,
    assert_trees,
    differences,
    second_differences,
    stacked,
)


def straight(x):
    return np.tanh(x[:, None] * x) @ np.sin(x)


def looped(x):
    s = x
    for k in range(len(x)):
        s = np.sin(s * x[k]) + 0.5 * s
    return s


def nested(x):
    total = np.zeros_like(x)
    for i in range(2):
        row = x * (i + 1)
        for k in range(1, len(x)):
            row = row * x[k] + np.cos(row)
        total = total + row
    return total


def until(x):
    s, n = x, 0
    while n < 3 and np.sum(s * s) > 1e-9:
        s = s * x * 1.5
        n += 1
    return s


def branched(x):
    if x[0] > 0:
        y = x**3
    else:
        y = np.exp(x)
    return y * x[1]


def branched_in_a_loop(x):
    s = x
    for k in range(3):
        if k % 2 == 0:
            s = s * x
        else:
            s = np.sin(s)
    return s


def stored(x):
    out = np.zeros_like(x)
    out[0] = x[0] * x[1]
    for k in range(1, len(x)):
        out[k] = out[k - 1] * x[k]
    out[1:] += x[:-1] ** 2
    return out


def helper(a, k):
    s = a
    for _ in range(2):
        s = s * k
    return s


def helped(x):
    return helper(x, x[0]) + helper(np.sin(x), x[1:2])


weights = np.array([[1.0, 0.5, -0.25], [0.0, 2.0, 1.0], [0.3, 0.2, 0.1]])


def closing(W):
    def closed_over(x):
        return np.tanh(W @ np.tanh(W @ x))

    return closed_over


closed_over = closing(weights)


def rolled(x):
    return np.roll(x, 1) ** 2 * x + np.cumsum(x**3)[::-1]


PROGRAMS = [
    straight,
    looped,
    nested,
    until,
    branched,
    branched_in_a_loop,
    stored,
    helped,
    closed_over,
    rolled,
]
POINT = np.array([0.6, -0.4, 0.9])
OTHER = np.array([-0.3, 0.8, 0.5])


def weighted(f):
    return lambda x: np.sum(f(x) * np.array([1.0, -2.0, 0.5]))


@pytest.mark.parametrize("f", PROGRAMS, ids=lambda f: f.__name__)
def test_second_order(f):
    for x in (POINT, OTHER):
        expected = second_differences(f, x)
        for outer, inner in itertools.product((jacrev, jacfwd), repeat=2):
            found = outer(inner(f))(x)
            np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-5)
            np.testing.assert_allclose(found, hessian(f)(x), rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("f", PROGRAMS, ids=lambda f: f.__name__)
def test_third_order(f):
    """Each order against differences of the one below, which the test above holds against differences."""
    g = weighted(f)
    second = hessian(g)
    expected = differences(second, POINT)
    for third in (
        jacfwd(second),
        jacrev(second),
        jacfwd(jacfwd(grad(g))),
        jacrev(jacfwd(jacrev(g))),
    ):
        np.testing.assert_allclose(third(POINT), expected, rtol=1e-7, atol=1e-7)


def test_of_numbers():
    def f(k):
        s = k
        for _ in range(2):
            s = np.sin(s) * k
        return s

    def at(order, k, step=4e-2):
        return (
            f(k)
            if order == 0
            else float(differences(lambda t: at(order - 1, float(t), step), k, step))
        )

    first, second, third = grad(f), grad(grad(f)), grad(grad(grad(f)))
    assert first(0.7) == pytest.approx(at(1, 0.7), rel=1e-8)
    assert second(0.7) == pytest.approx(at(2, 0.7), rel=1e-6)
    assert third(0.7) == pytest.approx(at(3, 0.7), rel=1e-5)
    assert jacfwd(grad(f))(0.7) == pytest.approx(second(0.7))
    assert isinstance(second(0.7), (float, np.floating))
    k = np.float32(0.7)
    assert second(k).dtype == np.float32
    assert grad(grad(lambda k: k**3))(2.0) == 12.0
    assert grad(grad(grad(lambda k: k**3)))(2.0) == 6.0
    assert grad(grad(grad(grad(lambda k: k**3))))(2.0) == 0.0


def test_every_pair_of_argnums(x, y):
    def f(x, y):
        return np.sum(x**2 * y[0]) + x[0] * np.sum(y**3)

    y = y[:2]
    e = np.array([1.0, 0.0, 0.0])
    xy = np.outer(2 * x, [1.0, 0.0]) + np.outer(e, 3 * y**2)
    expected = {
        (0, 0): 2 * y[0] * np.eye(3),
        (0, 1): xy,
        (1, 0): xy.T,
        (1, 1): x[0] * np.diag(6 * y),
    }
    for inner, outer in itertools.product((0, 1), repeat=2):
        for way in (jacrev, jacfwd, jacobian):
            np.testing.assert_allclose(way(grad(f, inner), outer)(x, y), expected[inner, outer])
    found = jacfwd(grad(f, (1, 0)), (0, 1))(x, y)
    assert_trees(found, tuple(tuple(expected[i, j] for j in (0, 1)) for i in (1, 0)))
    assert_apart(found, x, y)
    found = jacrev(grad(f, (1, 0)), -1)(x, y)
    assert_trees(found, (expected[1, 1], expected[0, 1]))


def test_trees_and_several_outputs(x):
    def f(p):
        return {"s": np.sum(p["a"] ** 2) * p["k"], "v": [p["a"] * p["k"]]}

    p = {"a": x, "k": 3.0}
    found = jacrev(jacfwd(f))(p)
    assert_trees(
        found["s"],
        {
            "a": {"a": 6 * np.eye(3), "k": 2 * x},
            "k": {"a": 2 * x, "k": 0.0},
        },
    )
    assert_trees(
        found["v"],
        [
            {
                "a": {"a": np.zeros((3, 3, 3)), "k": np.eye(3)},
                "k": {"a": np.eye(3), "k": np.zeros(3)},
            }
        ],
    )
    assert_apart(found, p)


def test_aux_at_every_order(x):
    def f(x):
        return np.sum(x**3), {"x2": x**2}

    first = grad(f, has_aux=True)
    (second, aux) = jacfwd(first, has_aux=True)(x)
    np.testing.assert_allclose(second, np.diag(6 * x))
    np.testing.assert_allclose(aux["x2"], x**2)
    (found, aux) = jacrev(jacrev(f, has_aux=True), has_aux=True)(x)
    np.testing.assert_allclose(found, np.diag(6 * x))
    np.testing.assert_allclose(aux["x2"], x**2)


def test_of_value_and_grad(x):
    value, slope = jacfwd(value_and_grad(lambda x: np.sum(x**3)))(x)
    np.testing.assert_allclose(value, 3 * x**2)
    np.testing.assert_allclose(slope, np.diag(6 * x))


def test_vjp_and_jvp_of_derivatives(x):
    d = np.array([1.0, -2.0, 0.5])
    first = grad(lambda x: np.sum(x**4))
    value, pullback = vjp(first, x)
    np.testing.assert_allclose(value, 4 * x**3)
    np.testing.assert_allclose(pullback(d)[0], 12 * x**2 * d)
    np.testing.assert_allclose(jvp(first, (x,), (d,))[1], 12 * x**2 * d)
    np.testing.assert_allclose(
        srcad.linearize(hessian(lambda x: np.sum(x**4)), x)[1](d), np.diag(24 * x * d)
    )
    np.testing.assert_allclose(srcad.hvp(lambda x: grad_of_sum(x), (x,), (d,))[1], 6 * x * d)


def grad_of_sum(x):
    return np.sum(x**3)


def test_constants_and_what_is_linear(x):
    for f, n in (
        (lambda x: 3.0 * x, 2),
        (lambda x: np.ones(3), 1),
        (lambda x: 2.0, 1),
        (lambda x: x[0] * x, 3),
    ):
        for order in range(n, 4):
            for ways in itertools.product((jacrev, jacfwd), repeat=order):
                derivative = f
                for way in ways:
                    derivative = way(derivative)
                found = derivative(x)
                assert found.shape == (*np.shape(f(x)), *[3] * order)
                np.testing.assert_array_equal(found, 0.0)
                assert found.flags.writeable


@pytest.mark.parametrize("n", [0, 1, 2])
def test_sizes(n):
    x = np.linspace(0.3, 0.8, n)
    for ways in itertools.product((jacrev, jacfwd), repeat=2):
        found = ways[0](ways[1](lambda x: np.sin(x) * np.sum(x)))(x)
        expected = second_differences(lambda x: np.sin(x) * np.sum(x), x).reshape(n, n, n)
        np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize(
    "inner, outer", [(1, None), (2, None), (None, 1), (None, 2), (2, 2), (1, 1), (100, 100)]
)
@pytest.mark.parametrize(
    "ways",
    list(itertools.product((jacrev, jacfwd), repeat=2)),
    ids=lambda w: f"{w[0].__name__}-{w[1].__name__}",
)
def test_chunks(ways, inner, outer):
    found = ways[0](ways[1](straight, chunk_size=inner), chunk_size=outer)(POINT)
    np.testing.assert_allclose(found, hessian(straight)(POINT), rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("f", PROGRAMS, ids=lambda f: f.__name__)
def test_mapped(f):
    """Of functions whose control flow depends on the examples, too."""
    xs = np.stack([POINT, OTHER, POINT * 0.5, OTHER + 0.1])
    for derivative in (
        jacrev(f),
        jacfwd(f),
        grad(weighted(f)),
        hessian(weighted(f)),
        jacrev(hessian(weighted(f))),
    ):
        np.testing.assert_allclose(
            vmap(derivative)(xs), stacked(derivative, xs), rtol=1e-9, atol=1e-10
        )
        for count in (1, 3):  # 3 is also the size of an example
            np.testing.assert_allclose(
                vmap(derivative)(xs[:count]), stacked(derivative, xs[:count]), rtol=1e-9, atol=1e-10
            )


def test_derivatives_of_maps(x):
    xs = np.stack([x, x + 1.0, x * 0.5, x - 0.2])
    J = jacrev(vmap(looped))(xs)
    assert J.shape == (4, 3, 4, 3)
    expected = np.zeros(J.shape)
    for k in range(4):
        expected[k, :, k] = differences(looped, xs[k])
    np.testing.assert_allclose(J, expected, rtol=1e-7, atol=1e-7)
    np.testing.assert_allclose(jacfwd(vmap(looped))(xs), J, rtol=1e-10, atol=1e-12)
    H = jacfwd(jacrev(vmap(weighted(looped))))(xs)
    assert H.shape == (4, 4, 3, 4, 3)
    for k in range(4):
        np.testing.assert_allclose(
            H[k, k, :, k], hessian(weighted(looped))(xs[k]), rtol=1e-8, atol=1e-8
        )
    H[range(4), range(4), :, range(4)] = 0.0
    np.testing.assert_array_equal(H, 0.0)
    _, pullback = vjp(vmap(looped), xs)
    weights_ = np.arange(12.0).reshape(4, 3)
    np.testing.assert_allclose(
        pullback(weights_)[0], np.einsum("ki,kikj->kj", weights_, expected), rtol=1e-6, atol=1e-6
    )
    _, dot = jvp(vmap(looped), (xs,), (weights_,))
    np.testing.assert_allclose(
        dot, np.einsum("kikj,kj->ki", expected, weights_), rtol=1e-6, atol=1e-6
    )


def test_a_map_of_a_derivative_of_a_map():
    W = np.random.default_rng(2).normal(size=(2, 4, 3))
    inner = vmap(lambda x: np.sum(x**3))
    found = vmap(jacrev(inner))(W)
    expected = np.zeros((2, 4, 4, 3))
    for k in range(4):
        expected[:, k, k] = 3 * W[:, k] ** 2
    np.testing.assert_allclose(found, expected)


def test_no_grad_at_every_order(x):
    def f(x):
        with srcad.no_grad():
            c = x**2
        return np.sum(c * x**2)

    for order in (lambda f: jacfwd(grad(f)), lambda f: jacrev(grad(f)), hessian):
        np.testing.assert_allclose(order(f)(x), np.diag(2 * x**2))


# what they are


def cubes(x):
    return np.sum(x**3)


slopes = grad(cubes)
MADE = {
    "jacrev(grad)": jacrev(grad(cubes)),
    "jacfwd(jacrev)": jacfwd(jacrev(cubes), chunk_size=2),
    "hessian": hessian(cubes),
    "jacobian(slopes)": jacobian(slopes),
    "vmap(hessian)": vmap(hessian(cubes), in_dims=0, out_dims=1),
    "vmap(vmap)": vmap(vmap(grad(cubes)), in_dims=1),
}


@pytest.mark.parametrize("name", MADE)
def test_pickled(name, x):
    derivative = MADE[name]
    again = pickle.loads(pickle.dumps(derivative))
    argument = (
        x
        if "vmap" not in name
        else np.stack([x, x + 1])
        if "hessian" in name
        else np.ones((2, 4, 3))
    )
    np.testing.assert_array_equal(again(argument), derivative(argument))
    assert again.__name__ == derivative.__name__ and type(again) is type(derivative)


def test_names_and_words():
    derivative = vmap(jacrev(grad(cubes)))
    assert derivative.__name__ == "cubes_grad_jacrev_vmap"
    assert list(derivative.__signature__.parameters) == ["x"]
    assert "def cubes_grad_jacrev_vmap(x):" in derivative.source(np.ones((2, 3)))
    assert "def cubes_hessian(x):" in hessian(cubes).source(srcad.spec("float64[n]"))


def test_a_stack_of_decorators(x):
    @vmap
    @jacfwd
    @grad
    def bend(x):
        return np.sum(x**3)

    xs = np.stack([x, x + 1])
    np.testing.assert_allclose(bend(xs), np.stack([np.diag(6 * x) for x in xs]))


class Model:
    k = 2.0

    @vmap(in_dims=(None, 0))
    @hessian(argnums=1)
    def bend(self, x):
        return np.sum(x**3)

    def energy(self, x, *, p=3):
        return np.sum(x**p)


def test_methods_and_keywords(x):
    xs = np.stack([x, x + 1])
    np.testing.assert_allclose(Model().bend(xs), np.stack([np.diag(6 * x) for x in xs]))
    second = jacrev(grad(Model().energy))
    np.testing.assert_allclose(second(x), np.diag(6 * x))
    np.testing.assert_allclose(second(x, p=2), 2 * np.eye(3))


def test_a_gradient_is_of_one_number(x):
    with pytest.raises(ArgumentError, match="single number"):
        grad(grad(cubes))(x)
    with pytest.raises(ArgumentError, match="argnums"):
        jacrev(grad(cubes), 1)(x)


def test_the_size_of_the_text():
    """Known: 4 times the text for the second order, 12 times for the third."""
    for f in PROGRAMS:
        sizes = [
            sum(bool(line.strip()) for line in derivative.source(POINT).splitlines())
            for derivative in (
                grad(weighted(f)),
                hessian(weighted(f)),
                jacfwd(hessian(weighted(f))),
            )
        ]
        assert sizes[1] < 4 * sizes[0] + 4 and sizes[2] < 12 * sizes[0] + 12, (f.__name__, sizes)
