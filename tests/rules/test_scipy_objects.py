"""What SciPy makes objects of, outside of the function: splines, sparse matrices."""

import numpy as np
import pytest

import srcad

pytest.importorskip("scipy")
from scipy import fft, interpolate, sparse
from scipy.sparse.linalg import spsolve

XS = np.linspace(0, 3, 8)
YS = np.sin(XS)
CUBIC = interpolate.CubicSpline(XS, YS)
MADE = interpolate.make_interp_spline(XS, YS)
MONOTONE = interpolate.PchipInterpolator(XS, YS)
AKIMA = interpolate.Akima1DInterpolator(XS, YS)
FITTED = interpolate.UnivariateSpline(XS, YS, s=0)
LINEAR = interpolate.interp1d(XS, YS)
VECTORS = interpolate.CubicSpline(XS, np.stack([YS, YS], axis=1))
X = np.array([0.3, 1.2, 2.7])

RNG = np.random.default_rng(0)
A = sparse.csr_array(RNG.normal(size=(4, 3)) * (RNG.uniform(size=(4, 3)) < 0.7))
S = sparse.csc_matrix(3 * np.eye(3) + np.triu(RNG.normal(size=(3, 3)), 1))


class Model:
    def __init__(self):
        self.spline, self.matrix = CUBIC, A


MODEL = Model()


@pytest.mark.parametrize(
    "f",
    [
        lambda x: np.sum(CUBIC(x) ** 2),
        lambda x: np.sum(MADE(x) * x),
        lambda x: np.sum(MONOTONE(x) * AKIMA(x) * FITTED(x)),
        lambda x: np.sum(MODEL.spline(x, 1) ** 2),
        lambda x: CUBIC(x[0]) * FITTED(x[1], nu=1),
        lambda x: np.sum(np.sin(A @ x) ** 2),
        lambda x: np.sum((A.T @ (A @ x)) * x),
        lambda x: np.sum(A.dot(x) ** 2),
        lambda x: np.sum((x @ A.T) ** 2),
        lambda x: np.sum((MODEL.matrix @ np.outer(x, x)) ** 2),
        lambda x: np.sum((np.outer(x, x) @ S) ** 2),
        lambda x: np.sum(spsolve(S, x * 2) ** 3),
        lambda x: np.sum(((S + S.T - A.T @ A / 2) @ x) ** 2),
        lambda x: np.sum(spsolve(2 * S - -S @ S * 0.5, x) ** 2),
    ],
)
def test_gradients(f):
    found = srcad.grad(f)(X)
    wanted = [(f(X + h) - f(X - h)) / 2e-6 for h in 1e-6 * np.eye(3)]
    np.testing.assert_allclose(found, wanted, rtol=1e-6)
    np.testing.assert_allclose(srcad.jacfwd(f)(X), found, rtol=1e-12)
    np.testing.assert_allclose(srcad.hessian(f)(X), srcad.jacfwd(srcad.grad(f))(X), rtol=1e-12)


@pytest.mark.parametrize(
    "f",
    [
        CUBIC.__call__,
        lambda x: A @ x,
        lambda x: A.T @ A @ x,
        lambda x: spsolve(S, x) * x,
        lambda x: A @ np.outer(x, x),
        lambda x: spsolve(S, x[:, None]),
    ],
)
def test_jacobians(f):
    g = (lambda x: CUBIC(x)) if getattr(f, "__self__", None) is CUBIC else f
    whole = srcad.jacrev(g)(X)
    assert type(whole) is np.ndarray
    np.testing.assert_allclose(whole, srcad.jacfwd(g)(X), rtol=1e-12)
    # One row is left, of which SciPy makes a vector.
    np.testing.assert_allclose(whole, srcad.jacfwd(g, chunk_size=2)(X), rtol=1e-12)
    np.testing.assert_allclose(srcad.vmap(g)(X[None]), g(X)[None], rtol=1e-12)


def test_reads_as_one_writes_it():
    assert "x_bar = CUBIC(x, nu=1)" in srcad.grad(lambda x: np.sum(CUBIC(x))).source(X)
    text = srcad.grad(lambda x: np.sum(spsolve(S, x) ** 2)).source(X)
    assert "sparse.linalg.spsolve(S.T, 2 * sparse.linalg.spsolve(S, x))" in text


def test_another_matrix_under_the_name():
    global A
    gradient = srcad.grad(lambda x: np.sum((A @ x) ** 2))
    gradient(X)
    kept = A
    A = sparse.csr_array(np.eye(3)[:1] * 2.0)
    try:
        np.testing.assert_allclose(gradient(X), [8 * X[0], 0, 0])
    finally:
        A = kept


@pytest.mark.parametrize(
    "f",
    [
        lambda x: np.sum(LINEAR(x)),
        lambda x: np.sum(VECTORS(x)),
        lambda x: np.sum(A * x),
        lambda x: np.sum(S + x),
        lambda x: np.sum((S - x[0] * S) @ x),
        lambda x: np.sum(spsolve(S, np.outer(x, x)[:, 1:])),
        lambda x: np.sum(sparse.csr_array(np.outer(x, x)) @ x),
        lambda x: interpolate.CubicSpline(XS[:3], x)(1.0),
    ],
)
def test_refused(f):
    with pytest.raises(srcad.SrcadError):
        srcad.grad(f)(X)


@pytest.mark.parametrize(
    "f",
    [
        lambda x: np.sum(np.abs(fft.rfft(x)) ** 4),
        lambda x: np.sum(np.abs(fft.fft(x, n=5)) ** 3),
        lambda x: np.sum(fft.irfft(fft.rfft(x) ** 2, n=3) ** 2),
        lambda x: np.sum(np.abs(fft.fft2(np.outer(x, x))) ** 3),
        lambda x: np.sum(np.abs(fft.ifftn(np.outer(x, x))) ** 3),
        lambda x: np.sum(np.abs(fft.rfftn(np.outer(x, x))) ** 3),
        lambda x: np.sum(fft.irfft2(np.outer(x, x)) ** 2),
        lambda x: np.sum(fft.hfft(x) ** 2) + np.sum(np.abs(fft.ihfft(x)) ** 3),
    ],
)
def test_transforms(f):
    found = srcad.grad(f)(X)
    wanted = [(f(X + h) - f(X - h)) / 2e-6 for h in 1e-6 * np.eye(3)]
    np.testing.assert_allclose(found, wanted, rtol=1e-6, atol=1e-8)


def test_matrices_as_arguments():
    def f(x, A):
        return np.sum((A.T @ A.dot(x)) ** 2)

    wanted = srcad.grad(lambda x: np.sum((A.T @ (A @ x)) ** 2))(X)
    np.testing.assert_allclose(srcad.grad(f)(X, A), wanted)
    np.testing.assert_allclose(srcad.jacrev(lambda x, A: A @ x)(X, A), A.toarray())
    found = srcad.grad(lambda x, S: np.sum(spsolve(S, x)))(X, S)
    np.testing.assert_allclose(found, np.linalg.solve(S.toarray().T, np.ones(3)))
    for g in (lambda x, A: np.sum(A * x), lambda x, A: np.sum(np.exp(A) @ x), lambda x, A: A @ A):
        with pytest.raises(srcad.SrcadError):
            srcad.grad(g)(X, A)
    with pytest.raises(srcad.SrcadError):
        srcad.grad(f, argnums=1)(X, A)


def test_two_objects_of_one_name():
    other = Model()
    other.spline = interpolate.CubicSpline(XS, np.cos(2 * XS))

    def f(x):
        spline = MODEL.spline(x)
        return np.sum(spline * other.spline(x))

    wanted = [(f(X + h) - f(X - h)) / 2e-6 for h in 1e-6 * np.eye(3)]
    np.testing.assert_allclose(srcad.grad(f)(X), wanted, rtol=1e-6)
