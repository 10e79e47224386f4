"""A derivative is compiled for a signature, and found again by it."""

import numpy as np
import pytest

import srcad
from srcad import grad, value_and_grad, vjp
from srcad.api import compile


def shifted(x, v):
    return np.sum(x[1:] * v)


def shifted_vector(x, v):
    return x[1:] * v


def broadcast(x, y):
    return np.sum(np.sin(x + y))


@pytest.fixture
def compiled(monkeypatch):
    """The signatures that were compiled for, in order."""
    found = []
    original = compile.generate

    def generate(function, request, spec, **options):
        found.append(spec)
        return original(function, request, spec, **options)

    monkeypatch.setattr(compile, "generate", generate)
    monkeypatch.setenv("SRCAD_CACHE_DIR", "off")
    return found


def reference(x, v):
    """By definition: the cotangents of what was broadcast are summed."""
    shape = np.broadcast_shapes(x[1:].shape, v.shape)
    by_x, by_v = np.zeros(x.shape), np.zeros(v.shape)
    for i in range(shape[0]):
        j, k = i % max(len(x) - 1, 1), i % len(v)
        by_x[1 + j] += v[k]
        by_v[k] += x[1 + j]
    return by_x, by_v


SIZES = [(6, 5), (2, 5), (6, 1), (6, 5), (2, 1), (2, 5), (3, 2), (1, 1)]


@pytest.mark.parametrize("order", [SIZES, SIZES[::-1], SIZES[1:] + SIZES[:1]])
def test_a_derived_size_of_one(order):
    """One of the issue's traps: sizes (6,), (5,) and then (2,), (5,)."""
    derivative = grad(shifted, (0, 1))
    both = value_and_grad(shifted, (0, 1))
    for n, m in order:
        x, v = np.linspace(1, 2, n), np.linspace(3, 4, m)
        expected = reference(x, v) if n > 1 else (np.zeros(1), np.zeros(m))
        np.testing.assert_allclose(derivative(x, v)[0], expected[0])
        np.testing.assert_allclose(derivative(x, v)[1], expected[1])
        np.testing.assert_allclose(both(x, v)[1][1], expected[1])
        value, pullback = vjp(shifted_vector, x, v)
        np.testing.assert_allclose(pullback(np.ones(value.shape))[0], expected[0])
        np.testing.assert_allclose(pullback(np.ones(value.shape))[1], expected[1])


def test_axes_of_length_one():
    derivative = grad(broadcast, (0, 1))
    for a, b in [
        ((3,), (3,)),
        ((3,), (1,)),
        ((1,), (3,)),
        ((2, 1), (3,)),
        ((2, 3), (1, 1)),
        ((), (3,)),
    ]:
        x, y = np.full(a, 0.5), np.full(b, 0.25)
        shape = np.broadcast_shapes(a, b)
        by_x, by_y = derivative(x, y)
        assert by_x.shape == a and by_y.shape == b
        total = np.cos(0.75) * np.prod(shape)
        np.testing.assert_allclose(by_x, total / max(1, np.prod(a)))
        np.testing.assert_allclose(by_y, total / max(1, np.prod(b)))


@pytest.mark.parametrize("n", [0, 1])
def test_sizes_zero_and_one(n):
    def loop(x):
        total = 0.0
        for i in range(len(x)):
            total = total + x[i] ** 2
        return total

    x = np.full(n, 3.0)
    for f in (loop, lambda x: np.sum(x**2), lambda x: np.sum(x[1:] * x[:-1]) + np.sum(x**2)):
        np.testing.assert_allclose(grad(f)(x), 2 * x)
        np.testing.assert_allclose(vjp(f, x)[1](2.0)[0], 4 * x)


def test_one_compilation_a_signature(compiled, x):
    derivative = grad(lambda x, k: np.sum(x * k))
    for _ in range(3):
        for size in (3, 4, 5):
            derivative(np.ones(size), 2.0)
    assert len(compiled) == 1
    derivative(np.ones((2, 2)), 2.0)
    derivative(np.ones(3, "float32"), 2.0)
    derivative(np.ones(3), 2)
    derivative(np.ones(3), np.float64(2))
    derivative(np.ones(3), np.ones(3))
    assert len(compiled) == 6
    derivative(np.ones(9), 7.0)
    derivative(np.ones((4, 5)), -1.0)
    assert len(compiled) == 6


def test_static_values_are_part_of_the_signature(compiled, x):
    def chosen(x, mode, flag):
        if flag:
            return np.sum(x)
        return np.sum(x**2) if mode == "square" else np.sum(x**3)

    derivative = grad(chosen)
    for _ in range(2):
        np.testing.assert_allclose(derivative(x, "square", False), 2 * x)
        np.testing.assert_allclose(derivative(x, "cube", False), 3 * x**2)
        np.testing.assert_allclose(derivative(x, "cube", True), 1.0)
    assert len(compiled) == 3


def test_a_flag_is_not_a_number(x):
    """True == 1 == 1.0 and all have one hash: their derivatives are three."""

    def typed(x, k):
        return np.sum(x) * k if k is not True else 7 * np.sum(x)

    derivative = grad(lambda x, k: np.sum(x * k))
    for k in (1, 1.0, True, np.float32(1), np.bool_(True)):
        np.testing.assert_allclose(derivative(x, k), 1.0)
    derivative = grad(lambda x, axis: np.sum(np.sum(x, axis=axis) ** 2))
    a = np.arange(6.0).reshape(2, 3)
    for axis in (0, 1, 0):
        np.testing.assert_allclose(derivative(a, axis), 2 * a.sum(axis, keepdims=True) + 0 * a)


def test_two_derivatives_of_one_function_share_nothing_but_the_cache(x):
    def f(x):
        return np.sum(x**2)

    np.testing.assert_allclose(grad(f)(x), 2 * x)
    value, found = value_and_grad(f)(x)
    np.testing.assert_allclose(found, 2 * x)
    assert isinstance(grad(f, (0,))(x), tuple)


@pytest.mark.parametrize(
    "shapes",
    [((3,), (4,)), ((2, 3), (2, 4)), ((3,), (3, 4)), ((2,), (0,)), ((3, 2), (3,))],
)
def test_shapes_that_the_function_rejects(shapes):
    """Its error, also where the value itself is not needed: never a result of another shape."""
    x, y = (np.ones(shape) for shape in shapes)

    def f(x, y):
        return np.sum(x * y)

    with pytest.raises(ValueError):
        f(x, y)
    derivative = grad(f, (0, 1))
    for _ in range(2):
        with pytest.raises(ValueError):
            derivative(x, y)
        with pytest.raises(ValueError):
            grad(f)(x, y)
        derivative(np.ones(3), np.ones(3))


def test_source_of_what_was_called_is_what_runs(x):
    """`.source` of arguments is compiled for their signature."""
    derivative = grad(shifted)
    text = derivative.source(np.ones(6), np.ones(5))
    assert text == derivative.source(np.ones(9), np.ones(8))
    generic = derivative.source(srcad.spec("float64[n]"), srcad.spec("float64[m]"))
    for n, m in SIZES:
        x, v = np.linspace(1, 2, n), np.linspace(3, 4, m)
        namespace = {}
        exec(generic, namespace)
        found = namespace["shifted_grad"](x, v)
        np.testing.assert_allclose(found, derivative(x, v))
