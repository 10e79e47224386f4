"""What goes in comes out: dtypes, 0-d arrays, NumPy scalars, Python floats, containers."""

import collections
import dataclasses

import numpy as np
import pytest

from srcad import ArgumentError, grad, jacrev, value_and_grad, vjp


def square(x):
    return x * x * 0.5


def total(x):
    return np.sum(np.sin(x) * x)


def mixed(x, k):
    return np.sum(x * k)


def same_kind(found, given):
    """A derivative is what its argument is."""
    if isinstance(given, float) and not isinstance(given, np.generic):
        return isinstance(found, float)
    return type(found) is type(given) and found.dtype == given.dtype and found.shape == given.shape


FLOATS = ["float16", "float32", "float64", "longdouble"]


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("make", [np.dtype.type, np.array], ids=["scalar", "array"])
def test_numbers(dtype, make):
    dtype = np.dtype(dtype)
    given = dtype.type(2) if make is np.dtype.type else np.array(2, dtype)
    for transform in (grad, jacrev):
        found = transform(square)(given)
        assert found == 2
        assert same_kind(found, given)
    value, found = value_and_grad(square)(given)
    assert value == 2 and np.asarray(value).dtype == dtype
    assert same_kind(found, given)
    value, pullback = vjp(square, given)
    assert value == 2 and np.asarray(value).dtype == dtype
    (found,) = pullback(dtype.type(3))
    assert found == 6 and same_kind(found, given)


def test_python_floats():
    for transform in (grad, jacrev):
        found = transform(square)(2.0)
        assert found == 2.0 and isinstance(found, float)
    value, found = value_and_grad(square)(2.0)
    assert isinstance(value, float) and isinstance(found, float)
    value, pullback = vjp(square, 2.0)
    (found,) = pullback(1.5)
    assert value == 2.0 and found == 3.0 and isinstance(found, float)


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("shape", [(3,), (1,), (0,), (2, 3), (2, 0), (1, 1)])
def test_arrays(dtype, shape):
    given = np.linspace(0.1, 1, int(np.prod(shape)), dtype=dtype).reshape(shape)
    rtol = 8 * float(np.finfo(dtype).eps)
    expected = np.sin(given) + given * np.cos(given)
    value, gradient = value_and_grad(total)(given)
    assert np.asarray(value).dtype == given.dtype
    for found in (grad(total)(given), gradient, vjp(total, given)[1](value * 0 + 1)[0]):
        assert same_kind(found, given)
        np.testing.assert_allclose(found, expected, rtol=rtol)
    found = jacrev(square)(given)
    assert found.shape == shape + shape and found.dtype == given.dtype
    np.testing.assert_allclose(
        found.reshape(given.size, given.size), np.diag(given.ravel()), rtol=rtol
    )


def test_other_byte_orders():
    with pytest.raises(ArgumentError, match=">f8"):
        grad(total)(np.array([1.0, 2.0], ">f8"))


@pytest.mark.parametrize("k", [2.0, 3, np.float32(2), np.float64(2), np.int64(2), np.array(2.0)])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_promotion_does_not_reach_the_argument(dtype, k):
    given = np.ones(3, dtype)
    found = grad(mixed)(given, k)
    assert same_kind(found, given)
    np.testing.assert_allclose(found, float(k))
    assert vjp(lambda x: x * k, given)[1](np.ones_like(given * k))[0].dtype == given.dtype
    if np.asarray(k).dtype.kind == "f":
        by_x, by_k = grad(mixed, (0, 1))(given, k)
        assert same_kind(by_x, given)
        assert by_k == 3.0
        if not isinstance(k, float) or isinstance(k, np.generic):
            assert same_kind(by_k, k)


@pytest.mark.parametrize("k", [np.ones(3, "float64"), np.ones(3, "float32"), np.arange(3)])
def test_promotion_by_arrays(k):
    given = np.ones(3, "float32")
    found = grad(mixed)(given, k)
    assert same_kind(found, given)
    np.testing.assert_allclose(found, k)


def test_arrays_of_any_layout(x):
    base = np.arange(24.0).reshape(2, 3, 4)
    for given in (base.T, base[:, ::-1], base[::1, 1:, ::2], np.asfortranarray(base)):
        found = grad(total)(given)
        assert same_kind(found, given)
        np.testing.assert_allclose(found, np.sin(given) + given * np.cos(given))


def test_read_only_arguments(x):
    x.flags.writeable = False
    found = grad(total)(x)
    assert found.flags.writeable
    value, pullback = vjp(square, x)
    (found,) = pullback(x)
    assert value.flags.writeable and found.flags.writeable


def test_unaligned_arguments():
    given = np.zeros(25, np.uint8)[1:].view(float)
    given[:] = [1, 2, 3]
    np.testing.assert_allclose(grad(total)(given), np.sin(given) + given * np.cos(given))


# containers


def model(p):
    return np.sum(p["W"] @ p["bs"][0]) + p["k"] * np.sum(p["bs"][1])


def parameters(**others):
    return {"W": np.arange(6.0).reshape(2, 3), "bs": [np.ones(3), np.ones(2, "float32")], **others}


def test_trees():
    given = parameters(k=2.0)
    found = grad(model)(given)
    assert list(found) == ["W", "bs", "k"] and isinstance(found["bs"], list)
    np.testing.assert_allclose(found["W"], 1.0)
    np.testing.assert_allclose(found["bs"][0], [3, 5, 7])
    assert found["bs"][1].dtype == np.float32
    np.testing.assert_allclose(found["bs"][1], 2.0)
    assert found["k"] == 2.0
    again = vjp(model, given)[1](1.0)[0]
    np.testing.assert_equal(again, found)


def test_trees_of_another_order_or_size():
    derivative = grad(model)
    given = parameters(k=2.0)
    turned = dict(reversed(given.items()))
    found = derivative(turned)
    assert list(found) == list(turned)
    np.testing.assert_equal(found, derivative(given))
    wider = parameters(k=2.0)
    wider["bs"].append(np.ones(7))
    found = derivative(wider)
    np.testing.assert_array_equal(found["bs"][2], np.zeros(7))


def test_none_in_trees(x):
    def first(p):
        return np.sum(p["a"] * p["b"][0])

    given = {"a": x, "b": [2 * x, None, "text"]}
    found = grad(first)(given)
    np.testing.assert_allclose(found["a"], 2 * x)
    assert found["b"][1] is None
    np.testing.assert_equal(vjp(first, given)[1](1.0)[0]["a"], found["a"])


Pair = collections.namedtuple("Pair", "a b")


@dataclasses.dataclass
class Record:
    a: np.ndarray
    b: np.ndarray


class Ordered(list):
    """A list of another kind."""


def by_attribute(p):
    return np.sum(p.a * p.b)


def by_place(p):
    return np.sum(p[0] * p[1])


@pytest.mark.parametrize("kind", [Pair, Record])
def test_named_containers(kind, x, y):
    found = grad(by_attribute)(kind(x, y))
    assert type(found) is kind
    np.testing.assert_allclose(found.a, y)
    np.testing.assert_allclose(found.b, x)


@pytest.mark.parametrize("kind", [list, tuple, Pair._make])
def test_sequences_keep_their_kind(kind, x, y):
    given = kind([x, y])
    found = grad(by_place)(given)
    assert type(found) is type(given)
    np.testing.assert_allclose(found[0], y)


def test_a_list_of_another_kind(x, y):
    with pytest.raises(ArgumentError, match="Ordered"):
        grad(by_place)(Ordered([x, y]))


def outputs(x):
    return {"all": [x, (np.sum(x), x[0])], "one": x[1:]}


def test_outputs_in_trees(x):
    value, pullback = vjp(outputs, x)
    np.testing.assert_equal(value, outputs(x))
    assert isinstance(value["all"][1], tuple)
    seed = {"all": [np.zeros(3), (1.0, 10.0)], "one": np.array([100.0, 200.0])}
    np.testing.assert_allclose(pullback(seed)[0], [11, 101, 201])
    found = jacrev(outputs)(x)
    np.testing.assert_allclose(found["all"][0], np.eye(3))
    np.testing.assert_allclose(found["all"][1][0], np.ones(3))
    np.testing.assert_allclose(found["all"][1][1], [1, 0, 0])
    np.testing.assert_allclose(found["one"], np.eye(3)[1:])


def clipped(x):
    return 1.5 + np.sum(np.clip(x, -0.9, 0.9)) * 0.7


def chosen(x, c, s):
    x = x * 1
    x[1] = np.where(s > 0, 1.5, np.sum(c * c))
    return np.sum(x)


def helped(x, k):
    return mixed(x, k) * 2.0


def looped(x, k):
    s = 0.0
    for _ in range(2):
        s = s + np.sum(x) * k
    return s


def joined(x, k):
    z = np.sum(x) * k if k > 0 else np.sum(x) / k
    return z + k


THREE, PAIR = np.ones(3), np.full((1, 2), 0.5)


@pytest.mark.parametrize(
    "f, args",
    [
        (clipped, (THREE,)),
        (chosen, (THREE, PAIR, np.float64(-0.3))),
        *(
            (f, args)
            for f in (mixed, helped, looped, joined)
            for args in ((THREE, np.float64(0.3)), (np.float64(0.3), np.float64(0.2)))
        ),
    ],
)
def test_a_number_that_stands_for_a_scalar_is_weak(f, args):
    """The seed 1.0 becomes of another dtype where it meets a mask, or a scalar of another dtype."""
    for narrow in range(2 ** len(args)):
        given = tuple(
            np.float32(arg) if narrow >> place & 1 else arg for place, arg in enumerate(args)
        )
        numbers = tuple(range(len(args)))
        found = grad(f, numbers)(*given)
        for one, argument in zip(found, given):
            assert np.asarray(one).dtype == argument.dtype, (one, argument)
        expected = grad(f, numbers)(*args)
        for one, other in zip(found, expected):
            np.testing.assert_allclose(one, other, rtol=1e-5)


def mean_of_none(x):
    return np.mean(x)


def variance(x):
    return np.sum(x * np.var(x, axis=0))


def deviation(x):
    return np.std(x, ddof=1)


def mean_by_hand(x):
    n = len(x)
    return np.sum(x) / n


def means_of_parts(x):
    s = 0.0
    for i in range(2):
        s = s + np.mean(x[i:]) * (i + 1)
    return s


def mean_in_a_helper(x):
    return 2.0 * mean_of_none(x)


def stored_mean(x):
    y = np.zeros(2)
    y[0] = np.mean(x)
    return np.sum(y * y)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(
    "f",
    [
        mean_of_none,
        variance,
        deviation,
        mean_by_hand,
        means_of_parts,
        mean_in_a_helper,
        stored_mean,
    ],
)
def test_where_the_function_only_warns_the_derivative_does_not_raise(f, dtype):
    for shape in ((0,), (0, 2), (2, 0)) if f is not variance else ((0, 2),):
        empty = np.zeros(shape, dtype)
        for found in (grad(f)(empty), *vjp(f, empty)[1](np.float64(1)), jacrev(f)(empty)):
            assert found.shape == shape and found.dtype == dtype
    some = np.array([[0.5, 1.0], [2.0, -1.0]], dtype)
    eps = 1e-6 if dtype == "float64" else 1e-2
    found, step = grad(f)(some), np.zeros((2, 2), dtype)
    step[1, 0] = eps
    difference = (f(some + step) - f(some - step)) / (2 * eps)
    np.testing.assert_allclose(found[1, 0], difference, rtol=1e-2 if eps > 1e-3 else 1e-6)


def covariance(x):
    return np.sum(np.cov(x))


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_one_observation_has_no_covariance():
    assert np.isnan(covariance(np.ones((2, 1))))
    for found in (grad(covariance)(np.ones((2, 1))), jacrev(covariance)(np.ones((2, 1)))):
        assert found.shape == (2, 1) and np.isnan(found).all()


def one_of_two(x, t):
    scaled = t * 0.5
    if x > 0:
        return scaled
    return 0.7


@pytest.mark.parametrize("x", [1.0, -1.0])
def test_a_gradient_that_is_joined_from_literals_keeps_the_dtype(x):
    found = grad(one_of_two, argnums=1)(x, np.float32(2))
    assert type(found) is np.float32 and found == (0.5 if x > 0 else 0)


def quotient(x, y):
    return x / y + y


def quotients(x, y):
    return np.sum(quotient(x, y))


def mean_of_products(x, y):
    return np.mean(x * y)


def means(x, y):
    return np.sum(mean_of_products(x, y))


@pytest.mark.parametrize(
    "first", [np.array(0.5), np.array(0.5, np.float32), np.ones(3, np.float32)]
)
@pytest.mark.parametrize("second", [0.7, np.float64(0.7), np.float32(0.7)])
@pytest.mark.parametrize("f", [quotients, means])
def test_derivatives_through_a_helper_are_what_the_arguments_are(f, first, second):
    for found in (grad(f, (0, 1))(first, second), vjp(f, first, second)[1](f(first, second))):
        assert same_kind(found[0], first) and isinstance(found[1], (float, np.floating))
        if isinstance(second, np.generic):
            assert found[1].dtype == second.dtype
