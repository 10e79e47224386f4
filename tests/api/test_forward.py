"""`jvp`, `linearize` and `hvp`: structures, dtypes, promises, refusals."""

import collections
import threading

import numpy as np
import pytest

import srcad
from srcad import ArgumentError, SrcadError, hvp, jvp, linearize, vjp
from tests.api.references import assert_apart, assert_trees, differences


def along(f, primals, tangents):
    """The derivative of a function of arrays along tangents, by differences in the step."""
    return differences(lambda t: f(*(p + t * d for p, d in zip(primals, tangents))), 0.0)


def straight(x, y):
    return np.tanh(x) @ np.outer(x, y)


def looped(x, y):
    s = x
    for k in range(len(y)):
        s = np.sin(s * y[k]) + x
    return s


def until(x, y):
    s, n = np.sum(x * x), 0
    while s > 0.1 and n < 20:
        s = s * 0.5
        n += 1
    return s * y


def branched(x, y):
    if x[0] > y[0]:
        return x * y[0]
    return np.exp(-x) + y[1]


def stored(x, y):
    out = np.zeros_like(x)
    out[1:] = x[:-1] * y[0]
    out[0] += y[1] ** 2
    out *= x
    return out


def helper(a, k=2.0):
    return a * a * k


def helped(x, y):
    return helper(x, y[0]) + helper(y[1])


scale = np.array([1.5, -0.5, 2.0])


def closed_over(x, y):
    return (lambda a: a * scale)(x) * y[0]


PROGRAMS = [straight, looped, until, branched, stored, helped, closed_over]


@pytest.mark.parametrize("f", PROGRAMS, ids=lambda f: f.__name__)
@pytest.mark.parametrize("seed", [0, 1])
def test_programs(f, seed):
    rng = np.random.default_rng(seed)
    primals, tangents = ((rng.normal(size=3), rng.normal(size=2)) for _ in range(2))
    expected = along(f, primals, tangents)
    value, dot = jvp(f, primals, tangents)
    np.testing.assert_array_equal(value, f(*primals))
    np.testing.assert_allclose(dot, expected, rtol=1e-8, atol=1e-9)
    value, push = linearize(f, *primals)
    np.testing.assert_array_equal(value, f(*primals))
    np.testing.assert_allclose(push(*tangents), expected, rtol=1e-8, atol=1e-9)
    y_bar = rng.normal(size=value.shape)
    bars = vjp(f, *primals)[1](y_bar)
    np.testing.assert_allclose(
        np.sum(y_bar * dot), sum(np.sum(a * b) for a, b in zip(bars, tangents)), rtol=1e-12
    )


# structures

Point = collections.namedtuple("Point", "a b")


def of_trees(p, q):
    u, (v, k) = p["u"], q
    return {"s": np.sum(u * v), "t": [u * k, (v,)], "c": 3.0}


def trees():
    p = {"u": np.array([1.0, 2.0])}, (np.array([0.5, -1.0]), 2.0)
    d = {"u": np.array([0.1, -0.2])}, (np.array([1.0, 3.0]), 0.5)
    return p, d


def test_trees():
    (p, q), (dp, dq) = trees()
    u, (v, k), du, (dv, dk) = p["u"], q, dp["u"], dq
    expected = {"s": np.sum(du * v + u * dv), "t": [du * k + u * dk, (dv,)], "c": 0.0}
    value, dot = jvp(of_trees, (p, q), (dp, dq))
    assert_trees(value, of_trees(p, q))
    assert_trees(dot, expected)
    assert_apart([value, dot], p, q, dp, dq)
    value, push = linearize(of_trees, p, q)
    dot = push(dp, dq)
    assert_trees(value, of_trees(p, q))
    assert_trees(dot, expected)
    assert_apart([value, dot, push(dp, dq)], p, q, dp, dq)


def test_primals_may_be_a_list(x):
    _, dot = jvp(np.sin, [x], [np.ones(3)])
    np.testing.assert_allclose(dot, np.cos(x))


def test_aux(x):
    def f(x):
        y = x * x
        return np.sum(y), {"y": y, "name": "aux"}

    value, dot, aux = jvp(f, (x,), (np.ones(3),), has_aux=True)
    assert value == np.sum(x * x) and dot == pytest.approx(2 * np.sum(x))
    np.testing.assert_array_equal(aux["y"], x * x)
    assert aux["name"] == "aux"


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_dtypes(dtype):
    x, d = np.linspace(0.1, 0.9, 3, dtype=dtype), np.ones(3, dtype=dtype)
    for value, dot in (jvp(np.sin, (x,), (d,)), (lambda y, p: (y, p(d)))(*linearize(np.sin, x))):
        assert value.dtype == dot.dtype == dtype
        np.testing.assert_allclose(dot, np.cos(x), rtol=1e-6)
    for given, kind in (
        (dtype(0.5), np.floating),
        (np.array(0.5, dtype), (np.floating, np.ndarray)),
    ):
        value, dot = jvp(lambda k: k * k, (given,), (given,))
        assert isinstance(dot, kind) and dot.dtype == dtype and dot == 0.5


def test_python_floats():
    value, dot = jvp(lambda k: k**3, (2.0,), (1.0,))
    assert (value, dot) == (8.0, 12.0)
    value, push = linearize(lambda k: k**3, 2.0)
    assert (value, push(1.0), push(0.5)) == (8.0, 12.0, 6.0)


@pytest.mark.parametrize("n", [0, 1])
def test_sizes(n):
    x = np.linspace(0.5, 1.0, n)
    value, dot = jvp(lambda x: (np.sin(x), np.sum(x)), (x,), (np.ones(n),))
    assert_trees(dot, (np.cos(x), float(n)))


def test_outputs_that_do_not_depend_on_the_argument(x):
    def f(x, y):
        return y * 2, np.ones(2), 3.0, np.zeros_like(y)

    y = x.astype(np.float32)
    _, (a, b, c, d) = jvp(lambda x: f(x, y), (x,), (x,))
    assert_trees((a, b, c, d), (np.zeros(3), np.zeros(2), 0.0, np.zeros(3)))
    assert a.dtype == d.dtype == np.float32
    _, push = linearize(lambda x: f(x, y), x)
    assert_trees(push(x), (np.zeros(3), np.zeros(2), 0.0, np.zeros(3)))


# promises


def test_called_often_and_written_to(x, y):
    def f(x, y):
        z = x * y
        return z, np.sin(z), x

    value, push = linearize(f, x, y)
    dots = (np.ones(3), 2 * np.ones(3))
    first, kept = push(*dots), (x.copy(), y.copy())
    expected = [part.copy() for part in first]
    assert_apart([value, first], x, y, dots)
    for part in (*value, *first):
        part[...] = 99.0
    x += 5.0  # the pushforward is that of the point it was made at
    assert_trees(list(push(*dots)), expected, 0, 0)
    np.testing.assert_array_equal(y, kept[1])
    x -= 5.0
    value, dot = jvp(f, (x, y), dots)
    assert_apart([value, dot], x, y, dots)
    np.testing.assert_allclose((x, y), kept, rtol=1e-15)
    np.testing.assert_array_equal(dots, (np.ones(3), 2 * np.ones(3)))


@pytest.mark.parametrize("make", [vjp, linearize], ids=lambda t: t.__name__)
def test_from_two_threads(make, x):
    def f(x):
        s = x
        for _ in range(3):
            s = np.tanh(s * x)
        return s

    run = make(f, x)[1]
    J = differences(f, x)
    found = []

    def work(place):
        for step in range(30):
            d = np.roll(np.arange(1.0, 4.0), place + step)
            result = run(d)
            result = result[0] if make is vjp else result
            found.append(np.allclose(result, d @ J if make is vjp else J @ d, rtol=1e-7, atol=1e-8))

    threads = [threading.Thread(target=work, args=(place,)) for place in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 60 and all(found)


def test_a_function_that_writes_to_its_argument(x):
    def f(x):
        x[0] = x[1] * x[2]
        return x * x

    kept, d = x.copy(), np.array([1.0, 2.0, 3.0])
    expected = along(lambda a: f(a.copy()), (x,), (d,))
    np.testing.assert_allclose(jvp(f, (x,), (d,))[1], expected, rtol=1e-8, atol=1e-9)
    np.testing.assert_allclose(linearize(f, x)[1](d), expected, rtol=1e-8, atol=1e-9)
    np.testing.assert_array_equal(x, kept)
    np.testing.assert_array_equal(d, [1.0, 2.0, 3.0])


def test_no_grad_and_stop_gradient(x):
    def f(x):
        with srcad.no_grad():
            c = x**2
        return x * srcad.stop_gradient(x) - c

    _, dot = jvp(f, (x,), (np.ones(3),))
    np.testing.assert_allclose(dot, x)
    with srcad.no_grad():
        np.testing.assert_allclose(linearize(f, x)[1](np.ones(3)), x)


# refusals


@pytest.mark.parametrize(
    "tangents",
    [
        (),
        (np.ones(3),),
        (np.ones(3), np.ones(3), np.ones(3)),
        (np.ones(3), np.ones(2)),
        (np.ones((3, 1)), np.ones(3)),
        (np.ones(3), 1.0),
        (np.ones(3), None),
        (np.ones(3), [np.ones(3)]),
        ({"x": np.ones(3)}, np.ones(3)),
        (np.ones(3) * 1j, np.ones(3)),
        (np.array([None] * 3), np.ones(3)),
        "text",
        None,
        np.ones((2, 3)),
    ],
    ids=repr,
)
def test_tangents_that_do_not_fit(tangents, x, y):
    with pytest.raises(ArgumentError, match="tangent"):
        jvp(lambda x, y: x * y, (x, y), tangents)
    with pytest.raises(ArgumentError):
        hvp(lambda x, y: np.sum(x * y), (x, y), tangents)
    if isinstance(tangents, tuple):
        with pytest.raises(ArgumentError, match="tangent"):
            linearize(lambda x, y: x * y, x, y)[1](*tangents)


@pytest.mark.parametrize("primals", [np.ones(3), (), None, 1.0])
def test_primals_that_are_no_tuple(primals):
    with pytest.raises(ArgumentError, match="primals"):
        jvp(np.sin, primals, primals)


@pytest.mark.parametrize("given", [np.arange(3), np.array([True]), 3, None])
def test_primals_that_are_no_floats(given):
    with pytest.raises(ArgumentError, match="`x`"):
        jvp(lambda x: x * 2.0, (given,), (given,))
    with pytest.raises(ArgumentError, match="`x`"):
        linearize(lambda x: x * 2.0, given)


def test_too_few_primals(x):
    with pytest.raises(TypeError):
        jvp(lambda x, y: x * y, (x,), (x,))


def test_outputs_that_are_no_floats(x):
    for f in (lambda x: np.argmax(x), lambda x: (x, "a"), lambda x: None):
        with pytest.raises(SrcadError):
            jvp(f, (x,), (x,))
        with pytest.raises(SrcadError):
            linearize(f, x)


# hvp


def potential(x, y):
    s = np.sum(x[1:] * x[:-1] ** 2) * np.sum(y)
    for k in range(2):
        s = s + np.sin(y[k] * x[k]) ** 2
    return s


def test_hvp(x, y):
    d, e = np.array([1.0, -0.5, 0.25]), np.array([0.5, 1.0, -1.0])
    gradient, product = hvp(potential, (x, y), (d, e))
    joined = np.concatenate([x, y])
    H = differences(lambda a: differences(lambda b: potential(b[:3], b[3:]), a, 2e-2), joined, 2e-2)
    expected = H @ np.concatenate([d, e])
    np.testing.assert_allclose(
        np.concatenate(gradient), differences(lambda b: potential(b[:3], b[3:]), joined), rtol=1e-8
    )
    np.testing.assert_allclose(np.concatenate(product), expected, rtol=1e-6, atol=1e-6)
    assert_apart([gradient, product], x, y, d, e)


def test_hvp_of_one_argument(x):
    gradient, product = hvp(lambda x: np.sum(x**3), (x,), (np.ones(3),))
    np.testing.assert_allclose(gradient, 3 * x**2)
    np.testing.assert_allclose(product, 6 * x)
    gradient, product = hvp(lambda k: k**3, (2.0,), (1.0,))
    assert (gradient, product) == (12.0, 12.0)


def test_hvp_of_trees(x):
    def f(p, k):
        return np.sum(p["a"] ** 2 * p["b"][0]) * k

    p, d = {"a": x, "b": [x + 1]}, {"a": np.ones(3), "b": [np.zeros(3)]}
    gradient, product = hvp(f, (p, 2.0), (d, 0.0))
    assert_trees(gradient, ({"a": 4 * x * (x + 1), "b": [2 * x**2]}, np.sum(x**2 * (x + 1))))
    assert_trees(product, ({"a": 4 * (x + 1), "b": [4 * x]}, np.sum(2 * x * (x + 1))))
    assert_apart([gradient, product], p, d)


def test_hvp_of_what_is_no_number(x):
    with pytest.raises(ArgumentError, match="single number"):
        hvp(np.sin, (x,), (x,))


def test_hvp_of_what_is_linear_or_constant(x):
    gradient, product = hvp(lambda x: 3.0 * np.sum(x), (x,), (x,))
    assert_trees((gradient, product), (3 * np.ones(3), np.zeros(3)))
    gradient, product = hvp(lambda x: 2.0, (x,), (x,))
    assert_trees((gradient, product), (np.zeros(3), np.zeros(3)))
    assert_apart([gradient, product], x)
