"""`vjp`: the value, the pullback, and what a cotangent must be."""

import numpy as np
import pytest

from srcad import ArgumentError, SrcadError, grad, vjp


def wave(x, k):
    return np.sin(x) * k


def several(x):
    return {"a": x**2, "b": (np.sum(x), [x[0]])}


def branching(x):
    if np.sum(x) > 0:
        y = x**2
    else:
        y = -x
    for _ in range(2):
        y = y * x
    return y


def test_value_and_cotangents(x):
    value, pullback = vjp(wave, x, 3.0)
    np.testing.assert_array_equal(value, wave(x, 3.0))
    seed = np.array([1.0, 10.0, 100.0])
    cotangents = pullback(seed)
    assert isinstance(cotangents, tuple) and len(cotangents) == 2
    np.testing.assert_allclose(cotangents[0], seed * 3 * np.cos(x))
    assert cotangents[1] == pytest.approx(np.sum(seed * np.sin(x)))
    assert isinstance(cotangents[1], float)


def test_one_primal_gives_a_tuple_of_one(x):
    _, pullback = vjp(np.sin, x)
    assert isinstance(pullback(x), tuple) and len(pullback(x)) == 1


def test_a_primal_that_is_not_used(x):
    _, pullback = vjp(lambda a, b: a * 2, x, np.ones((2, 2)))
    np.testing.assert_array_equal(pullback(x)[1], np.zeros((2, 2)))


@pytest.mark.parametrize("sign", [1, -1])
def test_a_pullback_may_be_called_many_times(sign, x):
    given = sign * np.abs(x)
    value, pullback = vjp(branching, given)
    np.testing.assert_array_equal(value, branching(given))
    first = pullback(np.ones(3))
    for seed in (np.zeros(3), np.array([1.0, 2.0, 3.0]), np.ones(3)):
        (found,) = pullback(seed)
        expected = 4 * given**3 if sign > 0 else -3 * given**2
        np.testing.assert_allclose(found, seed * expected)
    np.testing.assert_array_equal(found, first[0])


def test_two_pullbacks_of_one_function(x):
    _, one = vjp(branching, np.abs(x))
    _, two = vjp(branching, 2 * np.abs(x))
    np.testing.assert_allclose(two(np.ones(3))[0], 8 * one(np.ones(3))[0])


# cotangents that fit


@pytest.mark.parametrize(
    "seed",
    [
        np.array([1, 2, 3]),
        np.array([1, 2, 3], "float32"),
        np.array([1.0, 2.0, 3.0]),
        [1.0, 2.0, 3.0],
    ],
)
def test_the_cotangent_is_taken_to_the_dtype_of_the_value(seed, x):
    for dtype in ("float32", "float64"):
        value, pullback = vjp(wave, x.astype(dtype), np.ones(3, dtype))
        (found, _) = pullback(seed)
        assert found.dtype == dtype
        np.testing.assert_allclose(found, np.cos(x) * [1, 2, 3], rtol=1e-6)


@pytest.mark.parametrize("seed", [2, 2.0, np.float32(2), np.array(2.0), np.int64(2)])
def test_the_cotangent_of_a_number(seed, x):
    _, pullback = vjp(lambda x: np.sum(x**2), x)
    np.testing.assert_allclose(pullback(seed)[0], 4 * x)
    _, pullback = vjp(lambda x: x * x, 3.0)
    (found,) = pullback(seed)
    assert found == 12.0 and isinstance(found, float)


def test_nan_and_infinity_go_through(x):
    _, pullback = vjp(np.sin, x)
    (found,) = pullback(np.array([np.nan, np.inf, 1.0]))
    assert np.isnan(found[0]) and np.isinf(found[1]) and np.isfinite(found[2])


def test_a_tree_in_any_order(x):
    _, pullback = vjp(several, x)
    one = pullback({"a": np.ones(3), "b": (1.0, [2.0])})
    other = pullback({"b": (1.0, [2.0]), "a": np.ones(3)})
    np.testing.assert_allclose(one[0], 2 * x + 1 + np.array([2, 0, 0]))
    np.testing.assert_array_equal(one[0], other[0])


# cotangents that do not


@pytest.mark.parametrize("shape", [(), (1,), (2,), (4,), (3, 1), (1, 3)])
def test_a_cotangent_of_another_shape(shape, x):
    _, pullback = vjp(np.sin, x)
    with pytest.raises(ArgumentError, match=r"shape.*\(3,\)") as error:
        pullback(np.ones(shape))
    assert isinstance(error.value, ValueError)


@pytest.mark.parametrize("shape", [(1,), (1, 1), (3,)])
def test_a_cotangent_of_a_number_is_a_number(shape, x):
    for f, primal in ((np.sum, x), (lambda x: x * x, 3.0)):
        _, pullback = vjp(f, primal)
        with pytest.raises(ArgumentError, match="shape"):
            pullback(np.ones(shape))


@pytest.mark.parametrize(
    "seed",
    [
        1j * np.ones(3),
        np.ones(3, object),
        np.array(["a", "b", "c"]),
        np.zeros(3, "M8[s]"),
        None,
        "abc",
        {"a": np.ones(3)},
        (np.ones(3), np.ones(3)),
    ],
)
def test_a_cotangent_that_is_no_real_array(seed, x):
    _, pullback = vjp(np.sin, x)
    with pytest.raises(ArgumentError, match="cotangent"):
        pullback(seed)


def test_a_masked_cotangent_is_refused(x):
    _, pullback = vjp(np.sin, x)
    with pytest.raises(SrcadError, match="cotangent|y_bar"):
        pullback(np.ma.masked_array(np.ones(3), [0, 1, 0]))


@pytest.mark.parametrize(
    "seed",
    [
        np.ones(3),
        (np.ones(3), (1.0, [2.0])),
        {"a": np.ones(3)},
        {"a": np.ones(3), "b": (1.0, [2.0]), "c": 1.0},
        {"a": np.ones(3), "x": (1.0, [2.0])},
        {"a": np.ones(3), "b": (1.0,)},
        {"a": np.ones(3), "b": (1.0, 2.0)},
        {"a": np.ones(3), "b": (1.0, [2.0, 3.0])},
        {"a": np.ones(3), "b": (1.0, None)},
        {"a": (np.ones(3),), "b": (1.0, [2.0])},
        {"a": np.ones(2), "b": (1.0, [2.0])},
    ],
)
def test_a_cotangent_of_another_structure(seed, x):
    _, pullback = vjp(several, x)
    with pytest.raises(ArgumentError, match="cotangent"):
        pullback(seed)


@pytest.mark.parametrize("seed", [(1.0, [2.0]), [1.0, (2.0,)], [1.0, [2.0]]])
def test_a_list_is_no_tuple(seed, x):
    """As torch and JAX have it: the structure of the value, kinds of containers included."""
    _, pullback = vjp(lambda x: (np.sum(x), (x[0],)), x)
    with pytest.raises(ArgumentError, match="cotangent"):
        pullback(seed)


def test_after_a_refusal_the_pullback_works(x):
    _, pullback = vjp(np.sin, x)
    with pytest.raises(ArgumentError):
        pullback(np.ones(2))
    np.testing.assert_allclose(pullback(np.ones(3))[0], np.cos(x))


def test_one_cotangent_and_no_more(x):
    _, pullback = vjp(np.sin, x)
    for seeds in ((), (x, x)):
        with pytest.raises(TypeError):
            pullback(*seeds)


# primals


def test_every_primal_is_differentiated_by(x):
    with pytest.raises(ArgumentError, match="`k`"):
        vjp(wave, x, 3)
    with pytest.raises(ArgumentError, match="`k`"):
        vjp(wave, x, np.arange(3))
    with pytest.raises(TypeError):
        vjp(wave, x)
    with pytest.raises(TypeError):
        vjp(wave)


def test_defaults_are_no_primals(x):
    """What is not passed is not differentiated by, and gets no cotangent."""

    def defaulted(x, k=4.0, n=2, mode="a"):
        return k * x**n

    value, pullback = vjp(defaulted, x)
    np.testing.assert_allclose(value, 4 * x**2)
    cotangents = pullback(np.ones(3))
    assert len(cotangents) == 1
    np.testing.assert_allclose(cotangents[0], 8 * x)
    assert len(vjp(defaulted, x, 1.0)[1](np.ones(3))) == 2


def test_the_pullback_agrees_with_the_gradient(x):
    def loss(p):
        return np.sum(p["a"] * p["b"] ** 2)

    given = {"a": x, "b": 2 * x}
    np.testing.assert_equal(vjp(loss, given)[1](1.0)[0], grad(loss)(given))
