"""Sparse Jacobians are the dense ones, in as few products as their colours."""

from __future__ import annotations

import pickle
import sys

import numpy as np
import pytest

sparse = pytest.importorskip("scipy.sparse")
from scipy import optimize  # noqa: E402

import srcad  # noqa: E402
from tests.sparse import programs  # noqa: E402
from tests.sparse.programs import HESSIANS, JACOBIANS  # noqa: E402


@pytest.fixture(autouse=True)
def apart(monkeypatch):
    monkeypatch.setenv("SRCAD_CACHE_DIR", "off")


def names(cases):
    return [f"{case.function.__name__}-{place}" for place, case in enumerate(cases)]


def leaves(tree):
    if isinstance(tree, dict):
        tree = list(tree.values())
    return [x for part in tree for x in leaves(part)] if isinstance(tree, (tuple, list)) else [tree]


def same(found, dense, tolerance):
    """Structure, shape, dtype and numbers; the zeros that are stored do not matter."""
    assert isinstance(found, (tuple, list, dict)) == isinstance(dense, (tuple, list, dict))
    if isinstance(dense, dict):
        assert list(found) == list(dense)
    found, dense = leaves(found), leaves(dense)
    assert len(found) == len(dense)
    for one, other in zip(found, dense):
        assert isinstance(one, sparse.csr_array) and one.has_canonical_format
        assert one.dtype == np.asarray(other).dtype
        np.testing.assert_allclose(
            one.toarray(), np.reshape(other, one.shape), tolerance, tolerance
        )


def tolerance(args):
    return 1e-4 if any(getattr(arg, "dtype", None) == np.float32 for arg in args) else 1e-12


@pytest.mark.parametrize("case", JACOBIANS, ids=names(JACOBIANS))
def test_jacobians(case):
    function, args, argnums, local = case
    dense = srcad.jacfwd(function, argnums)(*args)
    near = tolerance(args)
    for transform in (srcad.jacrev, srcad.jacfwd):
        derivative = transform(function, argnums, sparse=True)
        same(derivative(*args), dense, near)
        if local or not isinstance(args[0], np.ndarray):
            continue
        others = (args[0] ** 2 + args[0].dtype.type(0.1), *args[1:])  # the pattern is used again
        same(derivative(*others), srcad.jacfwd(function, argnums)(*others), near)
        known = next(iter(derivative.layouts.values()))
        assert len(known) == 1 and not next(iter(known.values())).dependence.local
    assert srcad.sparsity(function, *args, argnums=argnums).local == local


@pytest.mark.parametrize("case", HESSIANS, ids=names(HESSIANS))
def test_hessians(case):
    function, args, argnums, _ = case
    derivative = srcad.hessian(function, argnums, sparse=True)
    same(derivative(*args), srcad.hessian(function, argnums)(*args), tolerance(args))
    nested = srcad.jacrev(srcad.grad(function, argnums), argnums, sparse=True)
    same(nested(*args), srcad.hessian(function, argnums)(*args), tolerance(args))


def test_patterns_are_no_larger_than_they_must():
    def count(function, *args):
        return srcad.sparsity(function, *args).nnz

    n = 12
    x = np.ones(n)
    assert count(programs.heat, x) == n + 2 * (n - 2)
    assert count(programs.bratu, np.ones((4, 4))) == 16 + 4 * 12
    assert count(programs.loops, x) == 2 * n - 2
    assert count(srcad.grad(programs.rosenbrock), x) == 3 * n - 2
    assert count(srcad.grad(programs.hub), x) == 3 * n - 2
    assert count(programs.chained, np.ones(6)) == 11
    assert count(programs.nothing, x) == 0


def products_of(derivative, *args):
    """How many products a call has asked for, of each argument or output."""
    derivative(*args)
    (known,) = derivative.layouts.values()
    (layout,) = known.values()
    return [plan.total for plan, _ in layout.plans.values()]


def test_as_many_products_as_colors():
    x = np.linspace(0.1, 1, 40)
    assert products_of(srcad.jacfwd(programs.heat, sparse=True), x) == [3]
    assert products_of(srcad.jacrev(programs.heat, sparse=True), x) == [3]
    assert products_of(srcad.hessian(programs.rosenbrock, sparse=True), x) == [3]
    assert products_of(srcad.hessian(programs.hub, sparse=True), x) == [2]
    assert products_of(srcad.jacfwd(programs.nothing, sparse=True), x) == [0]
    for transform in (srcad.jacfwd, srcad.jacrev):  # a lattice: greedily they are seven
        assert products_of(transform(programs.bratu, sparse=True), np.ones((9, 8))) == [5]
    flat = lambda u: np.ravel(programs.bratu(np.reshape(u, (9, 8))))  # noqa: E731
    assert products_of(srcad.jacfwd(flat, sparse=True), np.ones(72)) == [5]


@pytest.mark.parametrize("chunk_size", [1, 2, 100])
def test_chunks(chunk_size):
    u = programs.drawn(5, 4)
    dense = srcad.jacfwd(programs.bratu)(u)
    for transform in (srcad.jacrev, srcad.jacfwd):
        same(transform(programs.bratu, sparse=True, chunk_size=chunk_size)(u), dense, 1e-12)


def test_options():
    x = programs.drawn(5)
    dense = srcad.hessian(programs.rosenbrock)(x)
    derivative = srcad.hessian(programs.rosenbrock, sparse=True, chunk_size=1)
    same(derivative(x), dense, 1e-12)
    assert derivative.chunk_size == 1
    for option in ({"progress": True}, {"out": np.zeros((5, 5))}):
        with pytest.raises(srcad.UnsupportedSyntaxError, match=f"`{next(iter(option))}=`"):
            srcad.hessian(programs.rosenbrock, sparse=True, **option)


def test_aux():
    x, y = programs.drawn(5), programs.drawn(4)
    for transform in (srcad.jacrev, srcad.jacfwd):
        found, aux = transform(programs.with_aux, (0, 1), has_aux=True, sparse=True)(x, y)
        dense, wanted = transform(programs.with_aux, (0, 1), has_aux=True)(x, y)
        same(found, dense, 1e-12)
        assert aux == wanted
    found = srcad.sparsity(programs.with_aux, x, y, argnums=(0, 1), has_aux=True)
    np.testing.assert_array_equal(found.matrix.toarray(), np.hstack([np.eye(4, 5, 1), np.eye(4)]))


def test_what_decides_is_no_longer_what_it_was():
    """Integers, the sizes, and what is read of outer scopes are part of what a pattern is for."""
    derivative = srcad.jacfwd(programs.picked, sparse=True)
    for n, order in ((4, [2, 0, 1]), (4, [1, 1, 3]), (5, [0, 4, 2])):
        x, order = programs.drawn(n), np.array(order)
        same(derivative(x, order), srcad.jacfwd(programs.picked)(x, order), 1e-12)
    ranked, x = srcad.jacfwd(programs.ranked, sparse=True), programs.drawn(3)
    for numbers in ([1.0, 2.0, 3.0], [3.0, 1.0, 0.5]):  # of one structure
        A = sparse.diags_array(numbers, format="csr")
        same(ranked(x, A), srcad.jacfwd(programs.ranked)(x, A), 1e-12)
    before, x = programs.SHIFT.copy(), programs.drawn(4)
    try:
        programs.SHIFT[:] = [0, 0, 1, 1]
        same(derivative(x, order[:1]), srcad.jacfwd(programs.picked)(x, order[:1]), 1e-12)
    finally:
        programs.SHIFT[:] = before


def test_local_patterns_are_for_one_call():
    for function in (programs.sided, programs.counted, programs.tried):
        derivative = srcad.jacrev(function, sparse=True)
        for scale in (0.5, 1.0, 0.5):
            x = scale * programs.drawn(5)
            same(derivative(x), srcad.jacrev(function)(x), 1e-12)
        assert not any(derivative.layouts.values())


def test_what_is_said_is_said_once(capsys):
    x = programs.drawn(4)
    found = srcad.jacfwd(programs.speaks, sparse=True)(x)
    assert capsys.readouterr().out == "once\n"
    same(found, srcad.jacfwd(programs.speaks)(x), 1e-12)


def test_draws_are_those_of_one_call():
    def noisy(x, rng):
        return x[1:] * rng.normal(size=x.size - 1), rng.normal() * x

    x = programs.drawn(4)
    for transform in (srcad.jacrev, srcad.jacfwd):
        ours, theirs = np.random.default_rng(1), np.random.default_rng(1)
        derivative = transform(noisy, sparse=True)
        for _ in range(2):
            same(derivative(x, ours), transform(noisy)(x, theirs), 1e-12)
        assert ours.random() == theirs.random()


def test_results_are_apart():
    derivative = srcad.jacfwd(programs.heat, sparse=True)
    x = programs.drawn(6)
    first = derivative(x)
    first.data[:] = 0
    first.indices[:] = 0
    first.indptr[:] = 0
    same(derivative(x), srcad.jacfwd(programs.heat)(x), 1e-12)


def test_it_composes_from_within_only():
    x = programs.drawn(3, 5)
    mapped = srcad.vmap(programs.heat)
    same(srcad.jacfwd(mapped, sparse=True)(x), srcad.jacfwd(mapped)(x), 1e-12)
    inner = srcad.jacrev(programs.heat, sparse=True)
    for transform in (srcad.grad, srcad.jacrev, srcad.vmap, srcad.hessian):
        with pytest.raises(srcad.UnsupportedSyntaxError, match="sparse arrays"):
            transform(inner)
    with pytest.raises(srcad.UnsupportedSyntaxError, match="sparse arrays"):
        srcad.jvp(inner, (x[0],), (x[0],))


def test_complex_numbers():
    """As of dense ones: columns of what is complex by real numbers, rows of real numbers by complex ones."""
    x = programs.drawn(4)
    phases = lambda x: (np.exp(1j * x[1:]) * x[:-1], x.astype(np.float32) ** 2)  # noqa: E731
    same(srcad.jacfwd(phases, sparse=True)(x), srcad.jacfwd(phases)(x), 1e-6)
    power = lambda z: np.abs(z[1:]) ** 2 * z[:-1].real  # noqa: E731
    z = x + 1j * x[::-1]
    same(srcad.jacrev(power, sparse=True)(z), srcad.jacrev(power)(z), 1e-12)


def test_what_is_refused():
    with pytest.raises(srcad.ArgumentError, match="derivatives by real numbers"):
        srcad.jacfwd(lambda z: z**2, sparse=True)(np.ones(3, complex))
    with pytest.raises(srcad.ArgumentError, match="`x` is float16"):
        srcad.jacfwd(np.sin, sparse=True)(np.ones(3, np.float16))
    with pytest.raises(srcad.ArgumentError, match="single number"):
        srcad.hessian(np.sin, sparse=True)(np.ones(3))

    def solved(x):
        return optimize.brentq(lambda t: t**3 + x[0] * t - 1, 0.0, 1.0) * x

    with pytest.raises(
        srcad.UnsupportedSyntaxError,
        match="(?s)test_sparse.py:.*sparsity of a function that solves",
    ):
        srcad.jacfwd(solved, sparse=True)(np.ones(3))

    def picked(x, rng):
        return x[rng.integers(0, 2, 2)]

    rng = np.random.default_rng(0)
    with pytest.raises(srcad.UnsupportedSyntaxError, match="a random draw decides"):
        srcad.jacfwd(picked, sparse=True)(np.ones(2), rng)

    def spread(x):
        return x / np.sum(x**2)

    with pytest.raises(srcad.ArgumentError, match="(?s)test_sparse.py:.*not sparse"):
        srcad.sparsity(spread, np.ones(100_000))


def test_a_derivative_like_others():
    derivative = srcad.jacrev(sparse=True, argnums=(0,))(programs.heat)
    again = pickle.loads(pickle.dumps(derivative))
    x = programs.drawn(6)
    same(again(x), (srcad.jacrev(programs.heat)(x),), 1e-12)
    hessian = pickle.loads(pickle.dumps(srcad.hessian(programs.hub, sparse=True)))
    assert hessian.__name__ == "hub_hessian"
    same(hessian(x), srcad.hessian(programs.hub)(x), 1e-12)
    assert "def heat_" in derivative.source(x)
    assert (
        "3 products for a 6 x 6 pattern of 14 entries, for all values" in derivative.explain(x).note
    )
    sided = srcad.jacfwd(programs.sided, sparse=True)
    assert "5 products" in sided.explain(x[:5] / 4).note and "these values" in sided.explain(x).note


def test_the_command_shows_the_products():
    from srcad.cli.expression import asked, derivative_text

    where, args = programs.__file__, ("u: float64[n]",)
    text = derivative_text(where, "jacfwd(heat, sparse=True)", args)
    assert "def heat_pushforward(u_dot" in text and "What `heat_pushforward` needs" in text
    with pytest.raises(srcad.UnsupportedSyntaxError, match="no text of its own"):
        asked(where, "jacfwd(heat, sparse=True)", args)


def test_pictures(capsys):
    found = srcad.sparsity(lambda x: x[1:] - x[:-1], np.zeros(300))
    assert found.shape == (299, 300) and found.nnz == 598 and not found.local
    assert set(found.colors()) == {0, 1}
    lines = str(found).splitlines()
    assert 20 < len(lines) <= 24 and len({len(line) for line in lines}) == 1
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, "matplotlib", None)
        assert found.plot() is None
    assert capsys.readouterr().out.splitlines() == lines
    pyplot = pytest.importorskip("matplotlib.pyplot")
    axes = found.plot(pyplot.figure().add_subplot())
    assert axes.lines
