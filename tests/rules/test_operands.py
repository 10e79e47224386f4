"""Operands that are not arrays, but what NumPy makes arrays of: numbers, lists, masks of fewer axes, tuples of sizes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import srcad

FUNCTIONS: list[Callable[[Any], Any]] = [
    # a number, which has neither a shape nor a dtype
    lambda x: np.max(x),
    lambda x: np.median(x),
    lambda x: np.cumprod(x)[0],
    lambda x: np.sum(np.tile(x, 3) * np.repeat(x, 3)),
    # lists
    lambda x: np.max([x, 1 - x]),
    lambda x: np.linalg.det([[x, 1.0], [2.0, x]]),
    lambda x: np.linalg.norm([x, 1.0]),
    lambda x: np.logaddexp.reduce([x, 1.0]),
    lambda x: np.meshgrid(x, [1.0, 2.0])[0][0, 0],
]


@pytest.mark.parametrize("function", FUNCTIONS)
def test_numbers_and_lists(function: Callable[[Any], Any]) -> None:
    x, h = 0.7, 1e-6
    expected = (function(x + h) - function(x - h)) / (2 * h)
    for x_bar in (srcad.grad(function)(x), srcad.jacfwd(function)(x)):
        np.testing.assert_allclose(x_bar, expected, rtol=1e-6)


METHODS: list[Callable[[Any], Any]] = [
    lambda x: x.ravel(),
    lambda x: x.sum(),
    lambda x: x.dot(np.ones(2)),
    lambda x: x.astype(np.float64),
    lambda x: np.where(True, x, 3.0),
    lambda x: np.resize(x, (3, 2)),
    lambda x: np.asfortranarray(x),  # which has an axis
    lambda x: np.ascontiguousarray(x),
    lambda x: np.sum(x, axis=0),
    lambda x: np.pad(x, 1),
]


@pytest.mark.parametrize("function", METHODS)
def test_methods_of_arrays_without_axes(function: Callable[[Any], Any]) -> None:
    x = np.array(0.7)
    y_dot = srcad.jacfwd(function)(x)
    np.testing.assert_array_equal(y_dot, np.ones_like(function(x)))


def test_stores_into_arrays_without_axes() -> None:
    """Cotangents of such are numbers, which nothing can be stored into."""

    def f(x: Any) -> Any:
        y = x.copy()
        y[x > 0] = 2 * x
        return y * x

    y, pullback = srcad.vjp(f, np.array(0.5))
    assert (y, *pullback(1.0)) == (0.5, 2.0)
    # of a literal
    assert srcad.jacrev(srcad.grad(f))(np.array(0.5)) == 4
    # and the second derivative of a reduction
    assert srcad.hessian(lambda x: np.sum(x, axis=0) ** 2)(np.array(0.5)) == 2


@pytest.mark.parametrize("reduce", [np.mean, np.var, np.std, np.nanmean])
def test_masks_of_an_axis_of_length_one(reduce: Any) -> None:
    """What a mask leaves in is counted where it has been broadcast."""
    x, mask = np.array([[0.3, 0.1, 0.9], [2.0, 7.0, 1.0]]), np.array([[True], [False]])

    def masked(x: Any) -> Any:
        return reduce(x, where=mask)

    def of_first_row(x: Any) -> Any:
        return reduce(x[0])

    np.testing.assert_allclose(srcad.grad(masked)(x), srcad.grad(of_first_row)(x), atol=1e-15)
    np.testing.assert_allclose(srcad.jacfwd(masked)(x), srcad.grad(of_first_row)(x), atol=1e-15)


def test_sizes_are_added_to_tuples() -> None:
    def f(x: Any) -> Any:
        return np.sum(np.ones((2,) + x.shape) * x) + np.sum(np.ones(x.shape * 2)) * np.sum(x)

    np.testing.assert_array_equal(srcad.grad(f)(np.ones((3, 2))), np.full((3, 2), 2.0 + 36))


def test_where_of_a_condition_alone() -> None:
    def f(x: Any, y: Any) -> Any:
        return np.sum(x[np.where(y > 0)[0]] ** 2)

    x_bar = srcad.grad(f)(np.array([1.0, 2.0, 3.0]), np.array([1, 0, 2]))
    np.testing.assert_array_equal(x_bar, [2, 0, 6])


def test_a_mask_moves_out_of_a_sum_to_a_shape() -> None:
    """Also where it is not proven that the sum does nothing."""

    def f(x: Any) -> Any:
        conditions = [x > 0, np.array([[True], [False]])]
        return np.sum(np.select(conditions, [np.sqrt(x), 1.0]))

    x_bar = srcad.grad(f)(np.array([[4.0, 0.0], [-1.0, 0.25]]))
    np.testing.assert_array_equal(x_bar, [[0.25, 0], [0, 1]])


def test_a_store_through_a_view_leaves_what_it_is_a_view_of() -> None:
    """Which is a view itself, and is read later: in the columns of a Jacobian `v_dot` and `u_dot` begin as one."""

    def f(x: Any) -> Any:
        v = np.moveaxis(x, 0, -1)
        u = v + 0
        u.T[0] = 1.5
        return u * v

    x = np.arange(8.0).reshape(2, 2, 2)
    np.testing.assert_array_equal(srcad.jacfwd(f)(x), srcad.jacrev(f)(x))


def test_lists_within_sequences_and_constant_lists() -> None:
    def f(x: Any, y: Any) -> Any:
        return np.sum(np.choose([[0, 1], [1, 0]], [x, y]) * np.concatenate([[2.0], x[:1]]))

    x, y = np.array([0.3, 0.4]), np.array([[0.5], [0.7]])
    x_bar, y_bar = srcad.grad(f, argnums=(0, 1))(x, y)
    np.testing.assert_allclose(x_bar, [2 + 0.5 + 0.4, 0.3])
    np.testing.assert_allclose(y_bar, [[0.3], [2.0]])


def test_items_are_numbers_of_pythons() -> None:
    """They are weak: a float32 stays one."""

    def f(x: Any, y: Any) -> Any:
        return x.item(1) * y

    assert srcad.vjp(f, np.ones(2), np.ones(2, np.float32))[0].dtype == np.float32


def test_geometric_grids_are_of_float64() -> None:
    """Unless NumPy is told otherwise, also of float32; what the tangents are is read off that."""

    def f(x: Any) -> Any:
        return np.geomspace(x, 2 * x, 3)

    x = np.float32(1.5)
    assert srcad.jvp(f, (x,), (x,))[1].dtype == f(x).dtype == np.float64
    x_bar = srcad.vjp(f, np.full(1, x))[1](np.ones((3, 1)))[0]
    assert x_bar.dtype == np.float32


def test_tangents_of_some_operands_of_several_results() -> None:
    from scipy import special

    def f(x: Any) -> Any:
        return special.pbdv(1.0, x)[0]

    y, y_dot = srcad.jvp(f, (0.4,), (1.0,))
    assert (y, y_dot) == special.pbdv(1.0, 0.4)


OPTIONS: list[Callable[[Any], Any]] = [
    lambda x: np.interp([-1.0, 0.5, 3.0], [0.0, 1.0], [1.0, 2.0], left=x, right=2 * x),
    lambda x: np.pad(np.ones(2), 1, constant_values=(x, 2 * x)),
    lambda x: np.pad(np.ones(2), 2, "linear_ramp", end_values=x),
    lambda x: np.matmul(x * np.ones((3, 2)), np.ones((3, 4)), axes=[(1, 0), (0, 1), (1, 0)]),
    lambda x: np.vecdot(x * np.ones((3, 2)), np.ones((3, 2)), axis=0),
    lambda x: np.trace(x * np.ones((2, 2)), dtype=np.float64),
    lambda x: np.reshape(x * np.ones((2, 2)), 4, copy=True),
]


@pytest.mark.parametrize("function", OPTIONS)
def test_options(function: Callable[[Any], Any]) -> None:
    x, h = 0.7, 0.5  # they are linear
    expected = (function(x + h) - function(x - h)) / (2 * h)
    for transform in (srcad.jacfwd, srcad.jacrev):
        np.testing.assert_allclose(transform(function)(x), expected, atol=1e-14)
