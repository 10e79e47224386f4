"""The reverse sweep: accumulation, zeros, activity, and refusals that name their place."""

import numpy as np
import pytest

import srcad
from srcad.api.compile import generate
from srcad.api.request import Request
from srcad.errors import MissingRuleError, SrcadError, UnsupportedSyntaxError
from srcad.simplifier.storage import store_values
from tests.simplifier.core_text import (
    differences,
    grad,
    lowered,
    passes,
    run,
    same,
    simplified,
    specs_of,
    text,
    vjp,
)


def raw(function, argnum=0, **specs):
    """The text before any simplification."""
    return text(passes(grad(function, argnum, **specs), store_values), flat=True)


def test_contributions_add_up():
    def f(x):
        return np.sum(x * x + np.sin(x) * x)

    x = np.array([0.3, 0.8])
    same(run(raw(f, x="float64[n]"), x), differences(f, (x,)), rtol=1e-6)


def test_one_value_twice_in_one_operation():
    def f(A):
        return np.sum(A @ A)

    A = np.array([[1.0, 2.0], [3.0, 4.0]])
    same(run(raw(f, A="float64[2, 2]"), A), differences(f, (A,)), rtol=1e-6)


@pytest.mark.parametrize(
    "specs, x",
    [("float64", 0.7), ("float64[3]", np.ones(3)), ("float32[2, 2]", np.ones((2, 2), np.float32))],
)
def test_no_dependence_gives_zeros_of_the_right_form(specs, x):
    def f(x, y):
        return y * 2.0

    made = run(raw(f, x=specs, y="float64"), x, 1.0)
    same(made, np.zeros(np.shape(x)))
    assert np.asarray(made).dtype == np.asarray(x).dtype


def test_an_integer_path_is_constant():
    def f(x):
        k = np.argmax(x)
        return x[k] * np.floor(x[0])

    x = np.array([1.5, 4.0])
    made = run(text(lowered(simplified(grad(f, x="float64[n]")))), x)
    same(made, np.array([0.0, 1.0]))


def test_stop_gradient_and_no_grad():
    def f(x):
        y = srcad.stop_gradient(x) * x
        with srcad.no_grad():
            z = x * x
        return y + z

    same(run(text(lowered(simplified(grad(f, x="float64")))), 3.0), 3.0)


def test_a_branch_goes_on_from_the_cotangent_so_far():
    def f(x, c):
        y = x * x
        if c:
            y = y * x
        return y + x

    for c in (True, False):
        same(run(raw(f, x="float64", c="bool"), 1.5, c), 3 * 1.5**2 + 1 if c else 4.0)


def test_a_loop_gathers_for_what_lies_outside():
    def f(x, w, n):
        for i in range(n):
            x = np.tanh(w @ x)
        return np.sum(x)

    w, x = np.array([[0.5, -0.2], [0.3, 0.8]]), np.array([1.0, 2.0])
    for n in (0, 1, 3):
        same(
            run(raw(f, 1, x="float64[2]", w="float64[2, 2]", n="int64"), x, w, n),
            differences(f, (x, w, n), 1),
            rtol=1e-6,
        )


def test_what_a_side_needs_of_outside_a_loop():
    def f(x, k, n):
        for i in range(n):
            if x > 1.0:
                x = x * k
            else:
                x = x + k * k
        return x

    for n in range(4):
        same(
            run(raw(f, 1, x="float64", k="float64", n="int64"), 0.8, 0.7, n),
            differences(f, (0.8, 0.7, n), 1),
            rtol=1e-6,
        )


def test_a_backward_range_with_a_step():
    def f(x):
        v = 1.0
        for i in range(4, -1, -2):
            v = v * x[i] + i
        return v

    x = np.array([0.5, 1.0, 1.5, 2.0, 2.5])
    same(run(raw(f, x="float64[5]"), x), differences(f, (x,)), rtol=1e-6)


def test_a_store_takes_the_old_contents_cotangent():
    def f(x):
        u = x * 2.0
        u[1] = u[0] * u[1]
        u[0] += u[1]
        return np.sum(u * u)

    x = np.array([0.5, 1.5, 2.0])
    same(run(raw(f, x="float64[n]"), x), differences(f, (x,)), rtol=1e-6)


def test_the_pullback_is_linear_in_its_seed():
    def f(x):
        return np.cumsum(x * x)[::-1]

    made = text(lowered(simplified(vjp(f, x="float64[n]"))))
    x, a, b = np.random.default_rng(0).normal(size=(3, 4))
    same(run(made, x, 2 * a + b), 2 * run(made, x, a) + run(made, x, b))


def refused(function, kind, **specs):
    with pytest.raises(kind) as found:
        grad(function, **specs)
    assert isinstance(found.value, SrcadError) and found.value.reason
    return found.value


def test_a_missing_rule_names_the_line():
    def f(x):
        y = x * 2.0
        return np.sum(np.i0(y))

    error = refused(f, MissingRuleError, x="float64[n]")
    assert "scipy.special.i0" in str(error) and error.place.line == f.__code__.co_firstlineno + 2


def test_an_option_without_a_rule_names_itself():
    def f(x):
        return np.sum(np.array(x, ndmin=2))

    with pytest.raises(SrcadError) as found:
        generate(f, Request("grad"), specs_of(f, (np.ones(3),)))
    assert found.value.place.line == f.__code__.co_firstlineno + 1


def test_a_store_into_integers_is_refused():
    def f(x):
        y = np.zeros(3, dtype=int)
        y[0] = x
        return np.sum(y) * x

    error = refused(f, UnsupportedSyntaxError, x="float64")
    assert error.place.line == f.__code__.co_firstlineno + 2
