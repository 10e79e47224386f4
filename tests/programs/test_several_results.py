"""Functions of several results, in programs: every way to take them apart, in every kind of derivative."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import srcad

RNG = np.random.default_rng(3)
A = RNG.normal(size=(3, 3)) + 3 * np.diag(np.arange(1.0, 4))
X = np.array([0.7, 2.3, -3.6])


def unpacked(a):
    w, v = np.linalg.eigh(a)
    return np.sum((v * np.exp(0.1 * w)) @ v.T * a)


def only_first(a):
    w, _ = np.linalg.eigh(a)
    return np.sum(w**3)


def only_second(a):
    return np.sum(np.linalg.eigh(a)[1] ** 4)


def by_name(a):
    found = np.linalg.svd(a, full_matrices=False)
    return np.sum((found.U * np.sin(found.S)) @ found.Vh * a)


def starred(a):
    u, *rest = np.linalg.svd(a)
    return np.sum(rest[0] * (u @ rest[1])[0])


def one_name(a):
    found = np.linalg.qr(a)
    q, r = found
    return np.sum(q[0] * r[0]) + np.sum(found[1] ** 2)


def in_a_loop(a):
    s = 0.0
    for i in range(3):
        w, v = np.linalg.eigh(a)
        s += w[i] * np.sum(v[:, 0] ** 4)
        a = a + 0.1 * s * np.outer(w, w)
    return s


def in_a_while_loop(a):
    n = 0
    while n < 2:
        q, r = np.linalg.qr(a)
        a = r @ q + 0.1 * a
        n += 1
    return np.sum(a**2)


def in_a_branch(a):
    if a[0, 0] > 0:
        sign, logdet = np.linalg.slogdet(a)
        out = sign * logdet
    else:
        out = np.sum(np.linalg.qr(a)[1])
    return out * out


def on_both_sides(a):
    if a[0, 0] > 100.0:
        p, q = np.linalg.qr(a)
    else:
        p, q = np.linalg.qr(a.T)
    return np.sum(p * q.T)


def helper(a):
    w, v = np.linalg.eigh(a)
    return w, v[:, -1] ** 2


def through_a_helper(a):
    w, v = helper(a)
    return np.sum(w * v) + np.sum(helper(a @ a.T)[0])


def conditional_expression(a):
    q, r = np.linalg.qr(a) if a[0, 0] > 0 else np.linalg.qr(a.T)
    return np.sum(np.sin(q) @ r)


def in_a_try(a):
    try:
        w, v = np.linalg.eigh(a)
    except np.linalg.LinAlgError:
        return 0.0
    return np.sum(w * v[0])


def overwritten(a):
    w, v = np.linalg.eigh(a)
    w[1:] *= 2.0
    v[0] = w
    return np.sum(v**2) + np.sum(np.sin(w))


def collected(a):
    values = []
    for i in range(3):
        values.append(np.linalg.eigh(a * (i + 1.0)))
    return sum(np.sum(w**2 * v[0]) for w, v in values)


def held_constant(a):
    w, v = np.linalg.eigh(a)
    return np.sum(srcad.stop_gradient(v) ** 2 * w)


def passed_on(a):
    def norm(q, r):
        return np.sum(q[0] * r)

    return norm(*np.linalg.qr(a))


def solved(a):
    x, residuals, rank, s = np.linalg.lstsq(a[:, :2], a[:, 2], rcond=None)
    return np.sum(x) * residuals[0] + rank * np.sum(s)


MATRICES = [
    *(unpacked, only_first, only_second, by_name, starred, one_name, in_a_loop, in_a_while_loop),
    *(in_a_branch, on_both_sides, through_a_helper, conditional_expression, in_a_try, overwritten),
    *(collected, passed_on, solved),
]


def parts(x):
    fraction, whole = np.modf(x)
    return np.sum(fraction**2 * whole)


def mantissas(x):
    m, e = np.frexp(x)
    return np.sum(m * m * e)


def quotients(x):
    q, r = divmod(x, 0.5)
    p, s = np.divmod(x, x[::-1] * x[0])
    return np.sum(q * r) + np.sum(p * s)


def numbers(x):
    total = 0.0
    for one in x:
        fraction, whole = math.modf(one)
        m, e = math.frexp(one)
        q, r = divmod(one, 0.5)
        total += fraction * whole + m * e + q * r
    return total


VECTORS = [parts, mantissas, quotients, numbers]
CASES = [*((f, A) for f in MATRICES), *((f, X) for f in VECTORS)]


def difference(f: Callable[..., Any], x: Any) -> Any:
    h = 1e-5
    found = np.zeros((*np.shape(f(x)), *x.shape))
    for place in np.ndindex(x.shape):
        step = np.zeros_like(x)
        step[place] = h
        found[(..., *place)] = (f(x + step) - f(x - step)) / (2 * h)
    return found


def close(a: Any, b: Any, tolerance: float = 1e-7) -> None:
    np.testing.assert_allclose(a, b, rtol=tolerance, atol=tolerance * max(1, np.abs(b).max()))


@pytest.mark.parametrize("f, x", CASES, ids=[f.__name__ for f, _ in CASES])
def test_derivatives(f, x):
    gradient = srcad.grad(f)
    close(gradient(x), difference(f, x))
    close(srcad.jacfwd(f)(x), gradient(x), 1e-12)
    close(srcad.jvp(f, (x,), (np.ones_like(x),))[1], np.sum(gradient(x)), 1e-12)
    value, pulled = srcad.vjp(f, x)
    close(pulled(2.0)[0], 2 * gradient(x), 1e-12)


@pytest.mark.parametrize("f, x", CASES, ids=[f.__name__ for f, _ in CASES])
def test_second_order(f, x):
    found = srcad.hessian(f)(x)
    close(found, difference(srcad.grad(f), x), 1e-6)
    close(srcad.jacrev(srcad.grad(f))(x), found, 1e-9)


@pytest.mark.parametrize("count", [1, 3, 4])
@pytest.mark.parametrize(
    "f, x",
    [
        (f, x)
        for f, x in CASES
        if f not in (in_a_branch, on_both_sides, conditional_expression, numbers)
    ],
)
def test_over_a_batch(f, x, count):
    stack = np.stack([x * (1 + 0.01 * i) for i in range(count)])
    if f in (solved, in_a_try):
        pytest.skip("residuals there may be none of, and what may raise is refused over a batch")
    for mapped in (f, srcad.grad(f)):
        close(srcad.vmap(mapped)(stack), np.stack([mapped(one) for one in stack]), 1e-12)


def decomposed(a):
    return np.linalg.eigh(a)


def three(a):
    u, s, vh = np.linalg.svd(a, full_matrices=False)
    return {"u": u[:, 0] ** 2, "s": s}, vh[0] ** 2


def test_jacobians_of_results():
    found = srcad.jacrev(decomposed)(A)
    forward = srcad.jacfwd(decomposed)(A)
    assert type(found) is type(forward) is type(np.linalg.eigh(A))
    for place in range(2):
        close(found[place], difference(lambda a: np.linalg.eigh(a)[place], A), 1e-6)
        close(forward[place], found[place], 1e-10)
    rows = srcad.jacrev(three)(A)
    close(rows[0]["s"], difference(lambda a: three(a)[0]["s"], A))
    close(rows[1], difference(lambda a: three(a)[1], A))


def test_what_a_reader_sees():
    def f(a):
        w, v = np.linalg.eigh(a)
        return np.sum(w**2 * v[0])

    def g(a):
        return np.linalg.slogdet(a)[1]

    assert "    w, v = np.linalg.eigh(a)\n" in srcad.grad(f).source(A)
    assert "    a_bar = np.linalg.inv(a).T\n" in srcad.grad(g).source(A)
    assert "slogdet(a)\n" not in srcad.grad(g).source(A)


def test_a_name_of_the_users_for_what_is_not_read_stays():
    def f(a):
        _ = np.sum(a)
        u, s, vh = np.linalg.svd(a, full_matrices=False)
        for _i in range(2):
            _ = _ * 1.5
        return np.sum(u * s) * _

    close(srcad.grad(f)(A), difference(f, A))


def test_texts_that_return_results_are_read_back():
    text = srcad.value_and_grad(lambda a: (np.linalg.slogdet(a)[1], np.linalg.qr(a)), has_aux=True)
    read = srcad.from_source(text.source(A), text.source(A).split("def ")[1].split("(")[0])
    (_, results), bar = read(A)
    assert type(results) is type(np.linalg.qr(A))
    close(srcad.jacrev(lambda a: read(a)[1])(A), difference(lambda a: read(a)[1], A))
    close(bar, np.linalg.inv(A).T, 1e-12)


def test_held_constant():
    close(
        srcad.grad(held_constant)(A),
        srcad.grad(lambda a: np.sum(np.linalg.eigh(a)[0] * V2))(A),
        1e-12,
    )


V2 = np.linalg.eigh(A)[1] ** 2
V2 = np.sum(V2, axis=0)


def test_columns_that_nothing_determines_are_refused():
    def f(a):
        u, s, vh = np.linalg.svd(a)
        return np.sum(u**3) + np.sum(vh**3)

    assert np.isfinite(srcad.grad(f)(A)).all()
    with pytest.raises(ValueError, match="no derivative determines"):
        srcad.grad(f)(A[:, :2])


HERMITIAN = A + 1j * np.triu(A, 1) + (1j * np.triu(A, 1)).conj().T


@pytest.mark.parametrize("vectors", ["eigh(a)[1]", "svd(a, full_matrices=False)[0]", "svd(a)[2]"])
def test_functions_of_the_phase_of_vectors_are_refused(vectors):
    text = "def f(a):\n    v = np.linalg.VECTORS\n    return np.sum(np.PART ** 4)\n".replace(
        "VECTORS", vectors
    )
    moduli = srcad.from_source("import numpy as np\n" + text.replace("PART", "abs(v)"), "f")
    phases = srcad.from_source("import numpy as np\n" + text.replace("PART", "real(v)"), "f")
    assert np.isfinite(srcad.grad(moduli)(HERMITIAN)).all()
    stack = np.stack([HERMITIAN, 2 * HERMITIAN + 0.1])
    each = np.stack([srcad.grad(moduli)(one) for one in stack])
    close(srcad.vmap(srcad.grad(moduli))(stack), each, 1e-12)
    for derivative, point in (
        (srcad.grad(phases), HERMITIAN),
        (srcad.vmap(srcad.grad(phases)), stack),
    ):
        with pytest.raises(ValueError, match="phase of complex vectors"):
            derivative(point)


def test_what_one_example_raises_all_raise():
    def f(x):
        if np.sum(x) > 5.0:
            raise ValueError("too large")
        return np.sum(x**2)

    assert srcad.vmap(f)(np.ones((2, 3))).tolist() == [3.0, 3.0]
    close(srcad.vmap(srcad.grad(f))(np.ones((2, 3))), np.full((2, 3), 2.0))
    with pytest.raises(ValueError, match="too large"):
        srcad.vmap(f)(np.array([[1.0, 1.0], [1.0, 9.0]]))


def test_float32_stays():
    for f in (unpacked, by_name, one_name, in_a_loop):
        assert srcad.grad(f)(A.astype(np.float32)).dtype == np.float32
