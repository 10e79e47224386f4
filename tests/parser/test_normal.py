"""Calls that the parser carries out, or that have several parts: gradients against differences."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import srcad

x6 = np.array([0.5, 1.7, -0.8, 2.2, 3.1, 4.4])
m34 = np.arange(12.0).reshape(3, 4) / 5 + np.sin(np.arange(12.0)).reshape(3, 4)


def split(x):
    a, b, c = np.split(x, 3)
    return np.sum(a * b**2 * np.sin(c))


def split_one_part(x):
    parts = np.split(x, 3)
    return np.sum(parts[1] ** 3)


def split_at(m):
    parts = np.array_split(m, [1, 3], axis=1)
    return np.sum(parts[0] ** 2) + np.sum(parts[2] ** 3)


def split_and_store(x):
    a, b = np.split(x, 2)
    b = b.copy()
    b[0] = a[0] ** 2
    return np.sum(a * b)


def loop_over_parts(m):
    total = 0.0
    for row in np.vsplit(m, 3):
        total = total + np.sum(row**2) * np.sum(row)
    return total


def gradients(m):
    across, along = np.gradient(m, 0.5, 2.0)
    return np.sum(across * along**2)


def grid(x):
    a, b = np.meshgrid(x[:2], x, indexing="ij")
    return np.sum(np.sin(a) * b**2)


def broadcast(m):
    a, b = np.broadcast_arrays(m[0], m)
    return np.sum(a * b**2)


def at_least(x):
    a, b = np.atleast_2d(x, x[0])
    return np.sum(a**2) * b[0, 0]


def cross(m):
    return np.sum(np.cross(m, m[:, ::-1], axis=0) ** 2)


def cross_of_one(m):
    return np.sum(np.cross(m[:, 0], [1.0, 2.0, 3.0]) ** 2)


def lists_of_subscripts(m):
    return np.sum(np.einsum(m, [0, 1], m, [2, 1], [2, 0]) ** 2)


def ellipsis_in_lists(m):
    return np.sum(np.einsum(m, [Ellipsis, 1], m[0], [1]) ** 2)


def path(m):
    return np.einsum("ij,kj,kl->", m, m, m, optimize=["einsum_path", (0, 1), (0, 1)])


def step_too(x):
    points, step = np.linspace(x[0], x[1], 5, retstep=True)
    return np.sum(points**2) * step


def open_steps(x):
    points, step = np.linspace(x[0], x[1], num=4, endpoint=False, retstep=True)
    return np.sum(points**2) * step


def widths_by_axis(m):
    return np.sum(np.pad(m, {-1: (1, 2)}, mode="reflect") ** 2)


def open_mesh(m):
    return np.sum(m[np.ix_([0, 2], [1, 1, 3])] ** 2)


def open_mesh_of_masks(m):
    return np.sum(m[np.ix_(m[:, 0] > 0.5, [0, 2])] ** 2)


def pieces(x):
    return np.sum(np.piecewise(x, [x < 0, x > 2], [lambda t: t**2, np.exp, 7.0]))


def pieces_with_arguments(x):
    return np.sum(np.piecewise(x, [x < 1], [lambda t, p: t**p, lambda t, p: np.sin(p * t)], 3))


def bounds_by_name(x):
    return np.sum(np.clip(x, min=0.2) ** 2 + x.clip(max=3.0) ** 3)


def diagonal_again(x):
    y = np.zeros((7, 2)) * x[0]
    np.fill_diagonal(y, x[:2], wrap=True)
    return np.sum(y**2 * np.arange(14.0).reshape(7, 2))


def filtered(x):
    spectrum = np.fft.rfft(x) * np.array([1.0, 0.5, 0.0, 0.25])
    return np.sum(np.fft.irfft(spectrum, n=x.size) ** 3)


def power_spectrum(m):
    return np.sum(np.abs(np.fft.fft2(m, norm="ortho")) ** 2 * np.arange(12.0).reshape(3, 4))


VECTORS = [split, split_one_part, split_and_store, grid, at_least, step_too, open_steps]
VECTORS += [pieces, pieces_with_arguments, bounds_by_name, diagonal_again, filtered]
MATRICES = [split_at, loop_over_parts, gradients, broadcast, cross, cross_of_one, path]
MATRICES += [lists_of_subscripts, ellipsis_in_lists, widths_by_axis, open_mesh, open_mesh_of_masks]
MATRICES += [power_spectrum]

if hasattr(np, "unstack"):  # NumPy 2.1

    def unstacked(m):
        a, b = np.unstack(np.stack((m[0], m[1])))
        return np.sum(a**2 * b)

    MATRICES.append(unstacked)


def differences(f: Any, x: np.ndarray, h: float = 1e-5) -> np.ndarray:
    found = np.zeros_like(x)
    for place in np.ndindex(x.shape):
        step = np.zeros_like(x)
        step[place] = h
        found[place] = (f(x + step) - f(x - step)) / (2 * h)
    return found


@pytest.mark.parametrize("f", [*VECTORS, *MATRICES], ids=lambda f: f.__name__)
def test_gradient(f: Any) -> None:
    x = x6 if f in VECTORS else m34
    np.testing.assert_allclose(srcad.grad(f)(x), differences(f, x), rtol=1e-6, atol=1e-6)


def test_vectors_of_two_elements_have_no_cross_product_here():
    def flat(x):
        return np.sum(np.cross(x[:2], x[2:4]))

    with pytest.raises(ValueError, match="3-dimensional"):
        srcad.grad(flat)(x6)


def test_a_split_that_is_not_equal_raises_as_it_does_in_numpy():
    def f(x):
        a, b = np.split(x, 2)
        return np.sum(a * b)

    with pytest.raises(ValueError, match="equal division"):
        srcad.grad(f)(x6[:5])


def test_what_reads_well_stays_as_it_was_written():
    text = srcad.grad(split).source(x6)
    assert "a, b, c = np.split(x, 3)" in text
    assert "x_bar = np.concatenate((a_bar, b_bar, c_bar))" in text
