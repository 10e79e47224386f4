"""`no_grad` and `stop_gradient`."""

import numpy as np
import pytest

import srcad
from srcad import grad, jacrev, no_grad, stop_gradient, value_and_grad, vjp


def held(x):
    with srcad.no_grad():
        c = x**2
        alias = x
    return np.sum(x * c + alias)


def held_as_imported(x):
    with no_grad():
        c = x * x
    return np.sum(c * x) + np.sum(stop_gradient(x) * x)


def helper(x):
    with no_grad():
        return np.sin(x)


def calls_helper(x):
    return np.sum(helper(x) * x)


def calls_under(x):
    with no_grad():
        c = np.exp(helper(x))
    return np.sum(c * x)


def in_a_loop(x):
    total = 0.0
    for a in x:
        with no_grad():
            weight = a * a
        total = total + weight * a
    return total


def in_a_branch(x):
    with no_grad():
        if np.sum(x) > 0:
            c = x * 2
        else:
            c = x * 3
    return np.sum(c * x)


def everything(x):
    with no_grad():
        return np.sum(x**2)


def stopped(x, k):
    return np.sum(x * stop_gradient(k * x))


def stopped_in_a_tree(x):
    a, b = stop_gradient((x, 2 * x))
    return np.sum(a * x + b)


def test_results_are_constants_and_aliases_stay_active(x):
    np.testing.assert_allclose(grad(held)(x), x**2 + 1)
    value, found = value_and_grad(held)(x)
    assert value == pytest.approx(held(x))
    np.testing.assert_allclose(vjp(held, x)[1](1.0)[0], x**2 + 1)
    np.testing.assert_allclose(jacrev(held)(x), x**2 + 1)


def test_under_other_names(x):
    np.testing.assert_allclose(grad(held_as_imported)(x), x * x + x)


def test_in_helpers_loops_and_branches(x):
    np.testing.assert_allclose(grad(calls_helper)(x), np.sin(x))
    np.testing.assert_allclose(grad(calls_under)(x), np.exp(np.sin(x)))
    np.testing.assert_allclose(grad(in_a_loop)(x), x * x)
    np.testing.assert_allclose(grad(in_a_branch)(x), 2 * x)
    np.testing.assert_allclose(grad(in_a_branch)(-x), -3 * x)


def test_everything_held(x):
    np.testing.assert_array_equal(grad(everything)(x), np.zeros(3))


def test_around_the_call_it_changes_nothing(x):
    expected = grad(held)(x)
    with no_grad():
        np.testing.assert_array_equal(grad(held)(x), expected)
        value, pullback = vjp(held, x)
    np.testing.assert_array_equal(pullback(1.0)[0], expected)
    with no_grad():
        np.testing.assert_array_equal(pullback(1.0)[0], expected)


def test_a_store_of_what_is_held(x):
    """What is stored is constant; what is not stored to is no result of the block."""

    def stores(x):
        u = x.copy()
        with no_grad():
            u[0] = 3 * x[1]
        return np.sum(u * u)

    found = grad(stores)(x)
    np.testing.assert_allclose(found, [0, 2 * x[1], 2 * x[2]])


def test_stop_gradient(x):
    np.testing.assert_allclose(grad(stopped)(x, 3.0), 3 * x)
    assert grad(stopped, 1)(x, 3.0) == 0.0
    np.testing.assert_allclose(grad(stopped_in_a_tree)(x), x)


@pytest.mark.parametrize("value", [2.0, np.ones(3), np.float32(1), None, {"a": 1}, [1, "b"]])
def test_both_leave_values_as_they_are(value):
    assert stop_gradient(value) is value
    with no_grad() as nothing:
        assert nothing is None


def test_errors_pass_through_no_grad():
    with pytest.raises(ZeroDivisionError), no_grad():
        1 / 0


def test_the_text_does_not_mention_them(x):
    """The derivative of what is held needs no helper."""
    assert "no_grad" not in grad(held).source(x).split('"""')[-1].replace("# ", "")
