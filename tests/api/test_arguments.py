"""Which arguments a derivative is taken by, and how they may be passed."""

import functools
import inspect

import numpy as np
import pytest

import srcad
from srcad import (
    ArgumentError,
    SourceNotFoundError,
    SrcadError,
    grad,
    hessian,
    jacrev,
    jvp,
    value_and_grad,
    vjp,
)


def weighted(x, y, k=2.0, *, shift=1.0):
    return k * np.sum(x * y) + shift * np.sum(x)


def scale(x, k=3.0):
    return k * np.sum(x**2)


# argnums


def test_argnums_is_the_first_argument_unless_said_otherwise(x, y):
    np.testing.assert_allclose(grad(weighted)(x, y), 2 * y + 1)


@pytest.mark.parametrize("argnums", [1, -3])
def test_argnums_counts_from_either_end(argnums, x, y):
    np.testing.assert_allclose(grad(weighted, argnums)(x, y), 2 * x)


def test_argnums_may_name_a_keyword_only_argument(x, y):
    assert grad(weighted, argnums=-1)(x, y) == pytest.approx(np.sum(x))
    assert grad(weighted, argnums=3)(x, y, shift=5.0) == pytest.approx(np.sum(x))


def test_a_tuple_gives_a_tuple_in_its_order(x, y):
    found = grad(weighted, argnums=(1, 0, -2))(x, y)
    assert isinstance(found, tuple)
    np.testing.assert_allclose(found[0], 2 * x)
    np.testing.assert_allclose(found[1], 2 * y + 1)
    assert found[2] == pytest.approx(np.sum(x * y))


def test_a_tuple_of_one_gives_a_tuple_of_one(x, y):
    found = grad(weighted, argnums=(0,))(x, y)
    assert isinstance(found, tuple) and len(found) == 1
    value, found = value_and_grad(weighted, argnums=(0,))(x, y)
    assert isinstance(found, tuple) and len(found) == 1
    assert np.shape(value) == ()


def test_numpy_integers_and_lists_are_argnums(x, y):
    np.testing.assert_allclose(grad(weighted, argnums=np.int64(1))(x, y), 2 * x)
    assert len(grad(weighted, argnums=[0, 1])(x, y)) == 2


@pytest.mark.parametrize("argnums", [4, -5, (0, 4), (-5,)])
@pytest.mark.parametrize("transform", [grad, value_and_grad, jacrev])
def test_missing_argnums(transform, argnums, x, y):
    with pytest.raises(ArgumentError, match="argnums") as error:
        transform(weighted, argnums=argnums)(x, y)
    assert isinstance(error.value, ValueError)


@pytest.mark.parametrize("argnums", [(0, 0), (0, -4), (1, 2, 1)])
@pytest.mark.parametrize("transform", [grad, value_and_grad, jacrev])
def test_repeated_argnums(transform, argnums, x, y):
    with pytest.raises(ArgumentError, match="argnums.*twice") as error:
        transform(weighted, argnums=argnums)(x, y)
    assert isinstance(error.value, ValueError)


@pytest.mark.parametrize("argnums", ["x", 0.0, None, True, (0, True), (0, "y"), ()])
def test_argnums_that_are_no_ints(argnums):
    with pytest.raises(ArgumentError, match="argnums") as error:
        grad(weighted, argnums=argnums)
    assert isinstance(error.value, TypeError)


# passing arguments


def test_keywords_and_defaults(x, y):
    expected = 5 * y + 7
    np.testing.assert_allclose(grad(weighted)(x, y, 5.0, shift=7.0), expected)
    np.testing.assert_allclose(grad(weighted)(x, y=y, k=5.0, shift=7.0), expected)
    np.testing.assert_allclose(grad(weighted)(shift=7.0, y=y, x=x, k=5.0), expected)
    np.testing.assert_allclose(grad(weighted)(x, y), 2 * y + 1)


def test_a_default_is_read_at_each_call(x):
    def local(x, k=2.0):
        return k * np.sum(x)

    derivative = grad(local)
    np.testing.assert_allclose(derivative(x), 2.0)
    local.__defaults__ = (9.0,)
    np.testing.assert_allclose(derivative(x), 9.0)


def test_a_default_array_that_was_changed_in_place(x):
    def local(x, k=np.array([1.0, 2.0, 3.0])):  # noqa: B008
        return np.sum(k * x)

    derivative = grad(local)
    np.testing.assert_allclose(derivative(x), [1, 2, 3])
    local.__defaults__[0][0] = 9
    np.testing.assert_allclose(derivative(x), [9, 2, 3])


@pytest.mark.parametrize(
    "call",
    [
        lambda d, x: d(),
        lambda d, x: d(x),
        lambda d, x: d(x, x, 1.0, 2.0),
        lambda d, x: d(x, x, x=x),
        lambda d, x: d(x, x, nobody=1),
        lambda d, x: d.source(),
    ],
)
def test_a_wrong_call_is_a_type_error_as_for_any_function(call, x):
    with pytest.raises(TypeError):
        call(grad(weighted), x)


def positional(x, /, y):
    return np.sum(x * y)


def test_positional_only(x, y):
    np.testing.assert_allclose(grad(positional)(x, y=y), y)
    with pytest.raises(TypeError):
        grad(positional)(x=x, y=y)


def stars(x, *others, scale=2.0, **options):
    return np.sum(scale * x) + sum(np.sum(other**2) for other in others) + options.get("bias", 0.0)


def test_any_number_of_arguments(x, y):
    """There is a derivative for each way of calling such a function; argnums count what is given."""
    derivative = grad(stars)
    for others in ((), (y,), (y, x), (y,)):
        np.testing.assert_allclose(derivative(x, *others), 2.0)
        np.testing.assert_allclose(derivative(x, *others, scale=3.0, bias=1.0), 3.0)
    np.testing.assert_allclose(grad(stars, (0, 2))(x, y, x)[1], 2 * x)
    np.testing.assert_allclose(grad(stars, -1)(x, y, bias=4.0), 1.0)
    np.testing.assert_allclose(hessian(stars, 1)(x, y), 2 * np.eye(len(y)))
    np.testing.assert_allclose(jacrev(stars, 1)(x, y), 2 * y)
    value, pullback = vjp(stars, x, y)
    np.testing.assert_allclose(pullback(1.0)[1], 2 * y)
    np.testing.assert_allclose(jvp(stars, (x, y), (x, y))[1], 2 * np.sum(x) + 2 * np.sum(y * y))
    assert "def stars_grad(x, others_0, *, scale=2.0, bias):" in derivative.source(x, y, bias=1.0)
    with pytest.raises(TypeError):
        derivative()


def doubled(function):
    @functools.wraps(function)
    def inner(*args, **kwargs):
        return 2 * function(*args, **kwargs)

    return inner


@doubled
def twice(x, k=3.0):
    return k * np.sum(x**2)


def test_decorated_functions_are_what_runs(x):
    np.testing.assert_allclose(grad(twice)(x), 12 * x)
    np.testing.assert_allclose(grad(twice)(x, 2.0), 8 * x)
    np.testing.assert_allclose(grad(twice)(x, k=2.0), 8 * x)
    np.testing.assert_allclose(grad(twice, 1)(x, 2.0), 2 * np.sum(x**2))
    assert "(x, *, k):" in grad(twice).source(x, k=2.0)


class Compiled:
    """As numba's dispatchers are: the function is `py_func`."""

    def __init__(self, function):
        self.py_func = function

    def __call__(self, *args):
        return self.py_func(*args)


def test_what_numba_compiled_is_looked_through(x):
    np.testing.assert_allclose(grad(Compiled(scale))(x, k=2.0), 4 * x)


def test_partials_hold_what_they_hold_constant(x, y):
    weights = np.array(y)
    derivative = grad(functools.partial(weighted, weights, k=3.0))
    np.testing.assert_allclose(derivative(x), 3 * weights)
    weights[0] = 7.0
    np.testing.assert_allclose(derivative(x), 3 * weights)
    np.testing.assert_allclose(derivative(x, shift=0.0), 3 * weights)
    assert "def weighted_grad(y):" in derivative.source(x)
    value, pullback = vjp(functools.partial(scale, k=5.0), x)
    np.testing.assert_allclose(pullback(1.0)[0], 10 * x)


@functools.lru_cache
def kept(x):
    return x**2


def test_cached_functions_are_refused():
    for call in (lambda: grad(kept)(2.0), lambda: grad(lambda x: kept(x) + 1.0)(2.0)):
        with pytest.raises(SrcadError, match="lru_cache"):
            call()


# arguments that are not differentiated by


def power(x, p, mode, flag, options):
    if flag and mode == "twice":
        return 2 * np.sum(x**p)
    return np.sum(x**p)


def test_other_arguments_may_be_anything(x):
    derivative = grad(power)
    np.testing.assert_allclose(derivative(x, 2, "once", True, None), 2 * x)
    np.testing.assert_allclose(derivative(x, 2, "twice", True, None), 4 * x)
    np.testing.assert_allclose(derivative(x, 2, "twice", False, {"a": [1, "b"]}), 2 * x)
    np.testing.assert_allclose(derivative(x, 3, "twice", True, ()), 6 * x**2)
    np.testing.assert_allclose(
        derivative(x, np.array([1, 2, 3]), "once", True, object()), [1, -2, 12]
    )


def summed(x, axis=None):
    return np.sum(np.sum(x, axis=axis) ** 2)


def test_a_number_that_decides_the_shape(x):
    a = np.arange(6.0).reshape(2, 3)
    derivative = grad(summed)
    for axis in (0, 1, -1, None, 0):
        expected = np.broadcast_to(2 * np.sum(a, axis=axis, keepdims=True), a.shape)
        np.testing.assert_allclose(derivative(a, axis), expected)
    np.testing.assert_allclose(derivative(a, axis=1), 2 * np.sum(a, 1, keepdims=True) + 0 * a)


def applied(f, x):
    return np.sum(f(x))


def cube(x):
    return x**3


def test_functions_as_arguments(x):
    derivative = grad(applied, argnums=1)
    np.testing.assert_allclose(derivative(np.sin, x), np.cos(x))
    np.testing.assert_allclose(derivative(np.cos, x), -np.sin(x))
    np.testing.assert_allclose(derivative(cube, x), 3 * x**2)
    np.testing.assert_allclose(derivative(lambda z: z * 4.0, x), 4.0)


# what f may be


class Model:
    """Functions as methods."""

    def __init__(self, w):
        self.w = w

    def loss(self, x):
        return np.sum(self.w * x**2)

    def plain(self, x, k=2.0):
        return k * np.sum(x**2)

    def __call__(self, x):
        return np.sum(x**3)

    @staticmethod
    def static(x):
        return np.sum(x**2)

    @classmethod
    def of_class(cls, x):
        return np.sum(x**2)

    @grad(argnums=1)
    def slope(self, x):
        return np.sum(x**2)


def test_methods(x):
    model = Model(x)
    np.testing.assert_allclose(grad(model.plain)(x), 4 * x)
    np.testing.assert_allclose(grad(model.plain)(x, k=1.0), 2 * x)
    np.testing.assert_allclose(grad(Model.static)(x), 2 * x)
    np.testing.assert_allclose(grad(Model.of_class)(x), 2 * x)
    np.testing.assert_allclose(vjp(model.plain, x)[1](1.0)[0], 4 * x)
    np.testing.assert_allclose(grad(Model.plain, argnums=1)(model, x), 4 * x)


def test_a_derivative_as_a_method(x):
    np.testing.assert_allclose(Model(x).slope(x), 2 * x)
    np.testing.assert_allclose(Model.slope(Model(x), x), 2 * x)


def test_a_method_that_reads_self(x, y):
    """Attributes are read at each call."""
    model = Model(y)
    derivative = grad(model.loss)
    np.testing.assert_allclose(derivative(x), 2 * y * x)
    model.w = 2 * y
    np.testing.assert_allclose(derivative(x), 4 * y * x)
    model.w = 5.0
    np.testing.assert_allclose(derivative(x), 10 * x)
    np.testing.assert_allclose(grad(Model(x).loss)(x), 2 * x * x)


def test_a_callable_object(x):
    np.testing.assert_allclose(grad(Model(x))(x), 3 * x**2)


def test_numpy_functions(x):
    np.testing.assert_allclose(jacrev(np.sin)(x), np.diag(np.cos(x)))
    np.testing.assert_allclose(grad(np.sum)(x), 1.0)
    np.testing.assert_allclose(grad(np.linalg.norm)(x), x / np.linalg.norm(x))
    a, b = grad(np.dot, argnums=(0, 1))(x, 2 * x)
    np.testing.assert_allclose(a, 2 * x)
    np.testing.assert_allclose(b, x)
    assert grad(np.exp)(0.5) == pytest.approx(np.exp(0.5))
    np.testing.assert_allclose(vjp(np.multiply, x, 3 * x)[1](np.ones(3)), (3 * x, x))


def test_lambdas(x):
    one, two = (lambda x: np.sum(x**2)), (lambda x: np.sum(x**3))
    np.testing.assert_allclose(grad(one)(x), 2 * x)
    np.testing.assert_allclose(grad(two)(x), 3 * x**2)
    np.testing.assert_allclose((lambda: grad(lambda z: np.sum(4.0 * z))(x))(), 4.0)


def test_a_lambda_returns_what_it_says(x):
    value, _ = vjp(lambda z: (z, 2 * z), x)
    assert isinstance(value, tuple)
    value, _ = vjp(lambda z: [z, 2 * z], x)
    assert isinstance(value, list)
    found, aux = grad(lambda z: (np.sum(z), {"z": z}), has_aux=True)(x)
    np.testing.assert_allclose(found, 1.0)
    np.testing.assert_array_equal(aux["z"], x)


def doubling(f):
    @functools.wraps(f)
    def inner(*args):
        return 2 * f(*args)

    return inner


def doubling_one(f):
    @functools.wraps(f)
    def inner(x):
        return 2 * f(x)

    return inner


@doubling
def decorated(x):
    return np.sum(x**2)


@doubling_one
def decorated_one(x):
    return np.sum(x**2)


def calls_decorated(x):
    return decorated(x)


def calls_decorated_one(x):
    return decorated_one(x)


@pytest.mark.parametrize("f", [decorated, decorated_one, calls_decorated, calls_decorated_one])
def test_a_decorator_is_not_skipped(f, x):
    """Known: the decorated function is twice the one below it."""
    value, found = value_and_grad(f)(x)
    assert value == pytest.approx(f(x))
    np.testing.assert_allclose(found, 4 * x)


@functools.lru_cache
def remembered(x):
    return x * x


def test_other_callables(x):
    np.testing.assert_allclose(grad(functools.partial(scale, k=5.0))(x), 10 * x)
    with pytest.raises(SourceNotFoundError, match="lru_cache"):
        grad(remembered)(3.0)


def test_what_cannot_be_called_is_refused():
    for transform in (grad, value_and_grad, jacrev):
        with pytest.raises(ArgumentError, match="callable"):
            transform(3)


@pytest.mark.parametrize("name", ["checkpoint"])
def test_what_comes_later_says_so(name, x):
    with pytest.raises(NotImplementedError, match=name):
        getattr(srcad, name)(scale)(x)


def test_the_signature_of_the_contract():
    """Known: contract.md."""

    def shown(f):
        return [
            (p.name, p.default, p.kind is p.KEYWORD_ONLY)
            for p in inspect.signature(f).parameters.values()
        ][1:]

    assert shown(grad) == [("argnums", 0, False), ("has_aux", False, True)]
    assert shown(value_and_grad) == [("argnums", 0, False), ("has_aux", False, True)]
    for matrix in (jacrev, srcad.jacfwd):
        assert shown(matrix) == [
            ("argnums", 0, False),
            ("has_aux", False, True),
            ("chunk_size", None, True),
            ("_preallocate_and_copy", False, True),
            ("sparse", False, True),
            ("compact", False, True),  # beyond torch
            ("executor", None, True),
            ("out", None, True),
            ("progress", False, True),
        ]
    chunks = [("chunk_size", None), ("executor", None), ("out", None), ("progress", False)]
    assert shown(srcad.hessian) == [
        ("argnums", 0, False),
        ("sparse", False, True),
        ("compact", False, True),
        *((name, default, True) for name, default in chunks),  # beyond torch
    ]
    assert shown(srcad.vmap) == [
        ("in_dims", 0, False),
        ("out_dims", 0, False),
        ("randomness", "error", False),
        ("chunk_size", None, True),
    ]
    for run in (srcad.jvp, srcad.hvp):
        assert [name for name, *_ in shown(run)][:2] == ["primals", "tangents"]


def reduced(x, axis):
    return np.sum(np.sum(x, axis=axis) ** 2)


def test_integers_and_tuples_of_integers_decide():
    x = np.arange(6.0).reshape(2, 3)
    derivative = grad(reduced)
    for axis in ((0, 1), 0, (0,), np.int64(1), (np.int64(1), 0), -1, None, (0, 1)):
        expected = 2 * np.broadcast_to(np.sum(x, axis=axis, keepdims=True), x.shape)
        np.testing.assert_array_equal(derivative(x, axis), expected)
        np.testing.assert_array_equal(value_and_grad(reduced)(x, axis)[1], expected)
        assert "axis" in derivative.source(x, axis)


@pytest.mark.parametrize("axis", [(0, None), [0, 1], 1.5, ("a",)])
def test_other_values_that_decide_are_refused(axis):
    with pytest.raises(SrcadError, match="axis"):
        grad(reduced)(np.ones((2, 3)), axis)
