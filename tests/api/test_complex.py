"""Complex numbers: the gradient is dL/dRe + i dL/dIm, held against the same function of real pairs, and against differences."""

import warnings

import numpy as np
import pytest

import srcad
from srcad import (
    ArgumentError,
    SrcadError,
    grad,
    jacfwd,
    jacobian,
    jacrev,
    jvp,
    linearize,
    vjp,
    vmap,
)

RNG = np.random.default_rng(7)
Z, W = (RNG.normal(size=3) + 1j * RNG.normal(size=3) for _ in range(2))
A = RNG.normal(size=(3, 3)) + 1j * RNG.normal(size=(3, 3)) + 3 * np.eye(3)
X = RNG.normal(size=3)


@pytest.fixture(autouse=True)
def no_part_is_dropped():
    with warnings.catch_warnings():
        warnings.simplefilter("error", np.exceptions.ComplexWarning)
        yield


# Functions of complex numbers beside those of their parts.


def power(z):
    return np.sum(np.abs(z) ** 2)


def power_of_parts(x, y):
    return np.sum(x**2 + y**2)


def product(z):
    return np.sum((z * z * np.conj(z)).imag + z.real**3)


def product_of_parts(x, y):
    return np.sum((x**2 + y**2) * y + x**3)


def waves(z):
    return np.sum(np.exp(1j * z).real * np.angle(z))


def waves_of_parts(x, y):
    return np.sum(np.exp(-y) * np.cos(x) * np.arctan2(y, x))


def quotient(z):
    return np.abs(np.sum(1 / (z - 2j))) + np.linalg.norm(z)


def quotient_of_parts(x, y):
    n = x**2 + (y - 2) ** 2
    return np.hypot(np.sum(x / n), np.sum(-(y - 2) / n)) + np.sqrt(np.sum(x**2 + y**2))


def linear_map(z):
    y = A @ z
    return np.vdot(y, y).real + np.sum(y * W).imag


def linear_map_of_parts(x, y):
    re, im = A.real @ x - A.imag @ y, A.real @ y + A.imag @ x
    return np.sum(re**2 + im**2) + np.sum(re * W.imag + im * W.real)


def in_a_loop(z):
    s = 0.0
    for k in range(len(z)):
        s = s * z[k] + 1j if k % 2 else s + z[k]
    return s.real**2


def in_a_loop_of_parts(x, y):
    re, im = 0.0, 0.0
    for k in range(len(x)):
        if k % 2:
            re, im = re * x[k] - im * y[k], re * y[k] + im * x[k] + 1
        else:
            re, im = re + x[k], im + y[k]
    return re**2


def of_two_kinds(z):
    r = np.abs(z)
    if r[0] > 0.1:
        y = r
    else:
        y = z * r
    return np.sum(y * z).real


def of_two_kinds_of_parts(x, y):
    return np.sum(np.sqrt(x**2 + y**2) * x)


def _turned(z, by):
    return z * np.exp(1j * by)


def by_a_helper(z):
    w = _turned(z, z.real)
    return np.sum((_turned(w, 0.5) * z).real)


def by_a_helper_of_parts(x, y):
    a, b = np.cos(x + 0.5), np.sin(x + 0.5)
    re, im = x * a - y * b, x * b + y * a
    return np.sum(re * x - im * y)


def stored(z):
    y = np.zeros(4, complex)
    y[1:] = z
    y[0] = np.abs(z[1])
    y[1:] *= 1j
    return np.sum(y[:-1] * np.conj(y[1:])).real


def stored_of_parts(x, y):
    re = np.concatenate((np.sqrt(x[1:2] ** 2 + y[1:2] ** 2), -y))
    im = np.concatenate((np.zeros(1), x))
    return np.sum(re[:-1] * re[1:] + im[:-1] * im[1:])


PAIRS = [
    (power, power_of_parts),
    (product, product_of_parts),
    (waves, waves_of_parts),
    (quotient, quotient_of_parts),
    (linear_map, linear_map_of_parts),
    (in_a_loop, in_a_loop_of_parts),
    (of_two_kinds, of_two_kinds_of_parts),
    (by_a_helper, by_a_helper_of_parts),
    (stored, stored_of_parts),
]
NAMES = [f.__name__ for f, _ in PAIRS]


@pytest.mark.parametrize(("function", "of_parts"), PAIRS, ids=NAMES)
def test_gradients_are_those_of_the_parts(function, of_parts):
    x_bar, y_bar = grad(of_parts, (0, 1))(Z.real, Z.imag)
    found = grad(function)(Z)
    np.testing.assert_allclose(found, x_bar + 1j * y_bar, rtol=1e-12, atol=1e-12)
    assert found.dtype == np.complex128
    assert srcad.verify(grad(function), Z).ok


@pytest.mark.parametrize(("function", "of_parts"), PAIRS, ids=NAMES)
def test_hessian_vector_products_are_those_of_the_parts(function, of_parts):
    _, (x_dot, y_dot) = jvp(
        grad(of_parts, (0, 1)), (Z.real.copy(), Z.imag.copy()), (W.real.copy(), W.imag.copy())
    )
    for along in (
        jvp(grad(function), (Z,), (W,))[1],
        vjp(grad(function), Z)[1](W)[0],
    ):
        np.testing.assert_allclose(along, x_dot + 1j * y_dot, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("function", [f for f, _ in PAIRS], ids=NAMES)
def test_single_precision_stays(function):
    if function in (linear_map, stored):
        pytest.skip("it computes with complex128 of its own")
    found = grad(function)(Z.astype(np.complex64))
    assert found.dtype == np.complex64
    np.testing.assert_allclose(found, grad(function)(Z), rtol=2e-3, atol=1e-3)


# Real arguments of complex computations.


def spectrum(x):
    return np.sum(np.abs(np.exp(1j * x) * x - 2) ** 2)


def spectrum_of_parts(x):
    return np.sum((np.cos(x) * x - 2) ** 2 + (np.sin(x) * x) ** 2)


def test_gradients_by_real_arguments_are_real():
    found = grad(spectrum)(X)
    assert found.dtype == float
    np.testing.assert_allclose(found, grad(spectrum_of_parts)(X), rtol=1e-12)
    np.testing.assert_allclose(
        srcad.hessian(spectrum)(X), srcad.hessian(spectrum_of_parts)(X), rtol=1e-10, atol=1e-10
    )
    assert grad(spectrum)(X.astype(np.float32)).dtype == np.float32


def test_of_python_numbers():
    def area(a):
        z = complex(a, 2 * a)
        return abs(z) ** 2 + (z * z.conjugate()).real

    assert grad(area)(0.5) == pytest.approx(10)
    assert grad(lambda z: abs(z) ** 2)(1 + 2j) == pytest.approx(2 + 4j)
    found = grad(lambda z: z.real)(1 + 2j)
    assert found == 1 and isinstance(found, complex)
    assert isinstance(grad(lambda z: z.real)(np.complex64(1 + 2j)), np.complex64)


def test_a_real_and_a_complex_argument():
    def f(a, z):
        return np.sum(np.abs(a * z + np.conj(z)) ** 2)

    def of_parts(a, x, y):
        return np.sum((a * x + x) ** 2 + (a * y - y) ** 2)

    a_bar, z_bar = grad(f, (0, 1))(X, Z)
    wanted, x_bar, y_bar = grad(of_parts, (0, 1, 2))(X, Z.real, Z.imag)
    assert a_bar.dtype == float
    np.testing.assert_allclose(a_bar, wanted)
    np.testing.assert_allclose(z_bar, x_bar + 1j * y_bar)
    scalar = grad(lambda a, z: np.sum(np.abs(a * z - 1j)))(2.0, Z)
    assert isinstance(scalar, float)


# Functions with complex values.


def holomorphic(z):
    return A @ np.sin(z) + z[0] ** 2


def antiholomorphic(z):
    return np.conj(holomorphic(z)) * np.abs(z)


@pytest.mark.parametrize("function", [holomorphic, antiholomorphic])
def test_pullbacks_and_pushforwards_are_adjoint(function):
    value, y_dot = jvp(function, (Z,), (W,))
    np.testing.assert_array_equal(value, function(Z))
    step = 1e-6
    along = (function(Z + step * W) - function(Z - step * W)) / (2 * step)
    np.testing.assert_allclose(y_dot, along, rtol=1e-8, atol=1e-8)
    np.testing.assert_allclose(linearize(function, Z)[1](W), y_dot)
    y_bar = W[::-1].copy()
    (z_bar,) = vjp(function, Z)[1](y_bar)
    assert np.vdot(y_bar, y_dot).real == pytest.approx(np.vdot(z_bar, W).real)


def test_holomorphic_pullbacks_are_the_conjugate_transpose():
    jacobian_ = A * np.cos(Z)
    jacobian_[:, 0] += 2 * Z[0]
    np.testing.assert_allclose(jvp(holomorphic, (Z,), (W,))[1], jacobian_ @ W)
    np.testing.assert_allclose(vjp(holomorphic, Z)[1](W)[0], np.conj(jacobian_).T @ W)


def test_real_cotangents_of_complex_values_are_taken():
    np.testing.assert_allclose(vjp(holomorphic, Z)[1](X)[0], vjp(holomorphic, Z)[1](X + 0j)[0])
    with pytest.raises(ArgumentError, match="real"):
        vjp(np.sin, X)[1](1j * X)
    with pytest.raises(ArgumentError, match="real"):
        jvp(np.sin, (X,), (1j * X,))


# Jacobians.


def test_jacobians_of_real_values_are_rows_of_gradients():
    def moduli(z):
        return np.abs(z) ** 2

    np.testing.assert_allclose(jacrev(moduli)(Z), np.diag(2 * Z), atol=1e-12)
    np.testing.assert_allclose(jacobian(moduli)(Z), np.diag(2 * Z), atol=1e-12)
    by_rows = np.stack([grad(lambda z, i: (A @ z)[i].imag)(Z, i) for i in range(3)])
    for chunk_size in (None, 1, 2):
        found = jacrev(lambda z: (A @ z).imag, chunk_size=chunk_size)(Z)
        np.testing.assert_allclose(found, by_rows)


def test_jacobians_by_real_arguments_are_columns_of_derivatives():
    def curve(x):
        return A @ np.exp(1j * x)

    for chunk_size in (None, 1, 2):
        found = jacfwd(curve, chunk_size=chunk_size)(X)
        assert found.dtype == complex
        np.testing.assert_allclose(found, A * (1j * np.exp(1j * X)))
    np.testing.assert_allclose(jacobian(curve)(X), A * (1j * np.exp(1j * X)))
    assert srcad.verify(jacfwd(curve), X).ok
    assert jacfwd(lambda x: x * 1j)(X.astype(np.float32)).dtype == np.complex64


@pytest.mark.parametrize(
    ("transform", "function", "point"),
    [
        (grad, lambda z: z[0] * 2, Z),
        (jacrev, holomorphic, Z),
        (jacrev, lambda x: 1j * x, X),
        (jacfwd, holomorphic, Z),
        (jacfwd, power, Z),
        (srcad.hessian, power, Z),
    ],
)
def test_what_one_complex_number_does_not_tell_is_refused(transform, function, point):
    with pytest.raises(ArgumentError, match="complex"):
        transform(function)(point)


def in_pieces(z):
    v = np.concatenate((z[1:], z[:1].real))
    w = v.copy()
    w[1:] = (v * z)[1:] * 2
    w[0] += z[2]
    return np.sum((w * (1 + 2j)).real)


def test_maps():
    batch = np.stack([Z, W, Z * W])
    for function in (
        grad(waves),
        antiholomorphic,
        grad(in_a_loop),
        grad(by_a_helper),
        grad(in_pieces),
    ):
        wanted = np.stack([function(row) for row in batch])
        np.testing.assert_allclose(vmap(function)(batch), wanted, rtol=1e-12)


# Refused.


@pytest.mark.parametrize(
    ("function", "match"),
    [
        (lambda z: np.max(z).real, "complex"),
        (lambda z: np.sum(np.maximum(z, 0)).real, "complex"),
        (lambda z: np.sum(np.clip(z, 0, 1)).real, "complex"),
        (lambda z: np.sum(z.astype(float)), "imaginary"),
        (lambda z: np.sum(np.real_if_close(z)).real, "values decide"),
    ],
)
def test_functions_without_complex_derivatives(function, match):
    with pytest.raises(SrcadError, match=match):
        grad(function)(Z)


def _store_part(z):
    y = z.copy()
    y.real = 2.0
    return np.sum(np.abs(y))


def _store_view(z):
    y = z.copy()
    part = y.imag
    part[0] = 1.0
    return np.sum(np.abs(y))


@pytest.mark.parametrize("function", [_store_part, _store_view])
def test_stores_into_parts(function):
    with pytest.raises(SrcadError, match=r"real|imag"):
        grad(function)(Z)


def test_a_module_for_real_arguments_is_not_run_with_complex_ones():
    made = grad(lambda x, c: np.sum(x * x * np.real(c)))
    np.testing.assert_allclose(made(X, X), 2 * X * X)
    np.testing.assert_allclose(made(X, Z), 2 * X * Z.real)
    assert "conj" not in made.source(X, X)


@pytest.mark.parametrize("function", [lambda x: abs(x**0.5), lambda x: (x**1.5).real])
def test_a_power_of_a_negative_number_is_never_cut(function):
    """Python's is complex, in a program that is taken for real."""
    assert grad(function)(4.0) == pytest.approx((function(4.001) - function(3.999)) / 0.002, 1e-5)
    with pytest.raises((ValueError, TypeError), match="complex"):
        grad(function)(-4.0)


def test_programs_without_complex_numbers_have_no_conjugates():
    def vague(x, n):
        s = x if n > 0 else x.astype(np.float32)
        return np.sum(np.sin(s) * s)

    assert "conj" not in grad(vague).source(X, 1)
    assert "real" not in grad(vague).source(X, 1)


def test_values_of_unknown_dtype():
    def vague(x, n):
        s = x if n > 0 else 1j * x
        return np.sum(np.abs(np.sin(s) * s))

    for n in (1, -1):
        assert srcad.verify(grad(vague), X, n).ok
        assert srcad.verify(grad(vague), Z, n).ok


def test_a_number_that_is_complex_on_one_path():
    def f(x, n):
        s = np.sum(x)
        t = s / 2 if n > 0 else s * 1j
        return t - 0.5 * t

    for n, kind in ((1, np.float64), (-1, np.complex128)):
        y, y_dot = jvp(lambda x: f(x, n), (X,), (np.ones(3),))
        assert type(y) is type(y_dot) is kind
        assert y_dot == pytest.approx(0.75 if n > 0 else 1.5j)


def test_a_cotangent_of_unknown_dtype_is_not_cut_where_it_is_spread():
    def f(x, n):
        s = np.exp(1j * x) if n > 0 else x
        t = np.sum(s)
        return t * np.conj(t)

    for n in (1, -1):
        y, y_dot = jvp(lambda x: f(x, n), (X,), (W.real,))
        _, pullback = vjp(lambda x: f(x, n), X)
        assert np.sum(pullback(y.dtype.type(2.0))[0] * W.real) == pytest.approx(2 * np.real(y_dot))
