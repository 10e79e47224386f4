"""Control flow that depends on what is mapped over: a map equals the stacked calls, and so do its derivatives and the maps of derivatives."""

import numpy as np
import pytest

from srcad import UnsupportedSyntaxError, jacfwd, jacrev, vmap
from tests.api.references import assert_trees, stacked


def branches(x, k):
    if x[0] > 0:
        return x * 2
    return np.log(3 + x)


def guarded(x, k):
    """Outside of its side, what is computed is not finite, nor is its slope."""
    if x[1] > 0:
        y = np.sqrt(x[1]) * x
    else:
        y = x / (1 - x[1])
    return y


def one_side(x, k):
    y = x * x
    if x[0] > x[1]:
        y[0] = np.log(x[0] - x[1])
    elif k > 1:
        y[1:] += x[0]
    return y


def halved(x, k):
    s = np.sum(x * x)
    while s > 0.1:
        s = s * 0.5 if s > 1 else s - 0.05
    return s * x


def newton(x, k):
    y = 1.0
    for i in range(20):
        step = (y * y - x[0] ** 2 - 1) / (2 * y)
        y = y - step
        if abs(step) < 1e-8:
            break
    return y * x


def skipped(x, k):
    s = 0.0
    for v in x:
        if v < 0:
            continue
        if v > 1.5:
            return s * x
        s = s + v * v
    return x * x[0] + s


def left_at_once(x, k):
    """What comes after the first that is small is not looked at again, however large."""
    s = 1.0
    for v in x:
        if v < 0.45:
            break
        s = s * v + x[0]
    return s * x


def left_before_a_log(x, k):
    s = 0.0
    for v in x:
        if v < 0.45:
            break
        s = s + np.log(v)
    return s * x


def as_often(x, k):
    s = x
    for i in range(k):
        s = s * x + i
    return s


def selected(x, k):
    return np.sum(x[x > 0] ** 2) * x


def looked_up(x, k):
    y = x * 2
    y[k] = x[k] ** 2
    return y * x[k - 1]


def tried(x, k):
    try:
        y = np.linalg.inv(np.diag(x) * (k > 0))
    except np.linalg.LinAlgError:
        y = np.diag(x * x)
    return y @ x


def while_in_range(x, k):
    """Beyond its end, the test itself has no value."""
    i = 0
    s = x[0]
    while i < k and x[i] > -1:
        s = s + x[i] ** 3
        i += 1
    return s * x


def convolved(x, k):
    z = np.sin(x)
    return np.convolve(z, x)[1:4] * x


def looped_on_one_side(x, k):
    """The side that reads it alone has the adjoint of the loop, which reads what each iteration was."""
    s = np.max(x)
    for i in range(3):
        s = s * np.sum(np.where(i > 1, x * x, k))
    if k > 1:
        return s * x
    return x


PROGRAMS = [branches, guarded, one_side, halved, newton, skipped, left_at_once, left_before_a_log, as_often, selected, looked_up, tried, while_in_range,
            convolved, looped_on_one_side]  # fmt: skip
X = np.array([[1.0, -1.0, 0.5], [-2.0, 0.5, 1.2], [0.3, 0.4, 2.0], [0.7, 0.1, -0.2]])
K = np.array([1, 2, 0, 1])


def by_x(f):
    return lambda x, k: f(x, k)


@pytest.mark.parametrize("f", PROGRAMS, ids=lambda f: f.__name__)
def test_a_map_is_the_stacked_calls(f):
    for some in (slice(0, 3), slice(None), slice(1, 2)):
        x, k = X[some], K[some]
        assert_trees(vmap(f)(x.copy(), k), stacked(f, x, k), 1e-12, 1e-12)
    assert vmap(f)(X[:0], K[:0]).shape[0] == 0


@pytest.mark.parametrize("f", PROGRAMS, ids=lambda f: f.__name__)
def test_with_derivatives(f):
    rows = stacked(jacrev(f), X, K)
    for transform in (jacrev, jacfwd):
        assert_trees(vmap(transform(f))(X, K), rows, 1e-10, 1e-12)
        whole = transform(vmap(f))(X, K)
        for place, block in enumerate(rows):
            np.testing.assert_allclose(whole[place, :, place], block, rtol=1e-10, atol=1e-12)
            rest = np.delete(whole[place], place, axis=1)
            np.testing.assert_array_equal(rest, np.zeros_like(rest))


def before_the_last(x):
    return x * x[-2] if x[0] > 1 else 2 * x


def second_if_any(x):
    return np.sqrt(x[1]) * x if len(x) > 1 and x[0] > 0 else 3 * x


def of_three(x):
    s = x[0]
    if s > 1:
        for i in range(3):
            s = s + x[i, ...] ** 2
    return s * x


def within(x):
    s = 0.0
    for i in range(3):
        if i < len(x) and x[i] < 1:
            s = s + x[i] ** 2
    return s * x


@pytest.mark.parametrize(
    "f", [before_the_last, second_if_any, of_three, within], ids=lambda f: f.__name__
)
def test_an_index_out_of_bounds_that_no_example_reads(f):
    x = np.array([[0.5], [-1.0]])
    for g in (f, jacrev(f)):
        assert_trees(vmap(g)(x), stacked(g, x), 1e-12, 1e-12)
    if f in (before_the_last, of_three):
        with pytest.raises(IndexError):
            vmap(f)(x + 1)
    assert "for " not in vmap(before_the_last).source(X).split('"""')[2]


def the_fifth(x, k):
    return x * x[4] if x[0] > 1 else 2 * x


def the_kth(x, k):
    if x[0] > 1:
        x = np.sqrt(x[0]) * x * x[k]
    return x * x


@pytest.mark.parametrize("f", [the_fifth, the_kth], ids=lambda f: f.__name__)
def test_an_index_out_of_bounds_of_sizes_that_are_not_known(f):
    """Only where it raises is such a side looped over."""
    x = np.array([[0.5, 2.0, 1.0], [-1.0, 3.0, 0.5]])
    wanted = stacked(lambda x: f(x, 7), x)
    assert_trees(vmap(f, in_dims=(0, None))(x, 7), wanted, 1e-12)
    rows = jacrev(vmap(f, in_dims=(0, None)))(x, 7)
    assert_trees(rows[0, :, 0], jacrev(f)(x[0], 7), 1e-12)
    with pytest.raises(IndexError):
        vmap(f, in_dims=(0, None))(x + 1, 7)
    assert "for " not in vmap(f, in_dims=(0, None)).source(x, 7).split('"""')[2]


def of_either_shape(x, k):
    y = x if k > 1 else 1.5
    return y * 2, np.sum(y)


def test_shapes_that_only_the_examples_tell():
    for k in ([2, 3, 2, 2], [0, 0, 1, 0]):
        found, wanted = vmap(of_either_shape)(X, np.array(k)), of_either_shape(X, k[0])[0]
        np.testing.assert_array_equal(found[0], np.full(4, 3.0) if k[0] == 0 else wanted)
        np.testing.assert_allclose(found[1], X.sum(axis=1) if k[0] else np.full(4, 1.5))
    with pytest.raises(ValueError, match="another shape"):
        vmap(of_either_shape)(X, K)


# draws


def noisy(x, rng):
    y = x * rng.normal(size=x.shape)
    if y[0] > 0:
        y = y + rng.uniform()
    return y


def shared(x, rng):
    return x * rng.normal(size=3) + rng.uniform()


def seeded(x):
    rng = np.random.default_rng(0)
    return x * rng.normal(size=3)


def generator():
    return np.random.default_rng(3)


def test_draws_of_each_example():
    rng = generator()
    wanted = np.stack([noisy(x, rng) for x in X])
    found = vmap(noisy, in_dims=(0, None), randomness="different")(X, generator())
    np.testing.assert_allclose(found, wanted, rtol=1e-14)
    rng = generator()
    rows = np.stack([jacfwd(noisy)(x, rng) for x in X])
    found = vmap(jacfwd(noisy), in_dims=(0, None), randomness="different")(X, generator())
    np.testing.assert_allclose(found, rows, rtol=1e-14)


def test_draws_that_the_examples_share():
    found = vmap(shared, in_dims=(0, None), randomness="same")(X, generator())
    np.testing.assert_allclose(found, np.stack([shared(x, generator()) for x in X]), rtol=1e-14)
    with pytest.raises(UnsupportedSyntaxError, match="share"):
        vmap(noisy, in_dims=(0, None), randomness="same")(X, generator())
    for f, args in ((noisy, (X, generator())), (seeded, (X,))):
        with pytest.raises(UnsupportedSyntaxError, match="draws under vmap"):
            vmap(f, in_dims=(0, None)[: len(args)])(*args)


@pytest.mark.parametrize("randomness", ["same", "different"])
def test_a_generator_of_the_functions_own_is_each_example_s(randomness):
    found = vmap(seeded, randomness=randomness)(X)
    np.testing.assert_allclose(found, np.stack([seeded(x) for x in X]), rtol=1e-14)


def drawn_once(x, rng):
    return x * rng.normal(x[0], 0.5, size=(2, 3)) + np.sum(x)


def drawn_around(x, rng):
    return rng.uniform(x, x + 1.0) * 2


def counted_up(x, rng):
    return x * rng.poisson(4.0)


@pytest.mark.parametrize("f", [drawn_once, drawn_around, counted_up], ids=lambda f: f.__name__)
def test_one_draw_of_all_examples_is_that_of_each_in_turn(f):
    ours, theirs = generator(), generator()
    mapped = vmap(f, in_dims=(0, None), randomness="different")
    found = mapped(X, ours)
    np.testing.assert_allclose(found, np.stack([f(x, theirs) for x in X]), rtol=1e-14)
    assert ours.normal() == theirs.normal()
    assert "for " not in mapped.source(X, ours).split('"""')[2]
    chunked = vmap(f, in_dims=(0, None), randomness="different", chunk_size=3)
    np.testing.assert_array_equal(chunked(X, generator()), found)


def test_chunks_share_what_is_drawn():
    ours, theirs = generator(), generator()
    found = vmap(shared, in_dims=(0, None), randomness="same", chunk_size=3)(X, ours)
    np.testing.assert_array_equal(found, vmap(shared, (0, None), 0, "same")(X, theirs))
    assert ours.normal() == theirs.normal()


# what is selected


def masked(x, y):
    m = x > 0
    z = x[m]
    return np.sum(np.log(z) * y[m]) + z @ z + len(z) * np.prod(y[m])


def mean_of_known(x, y):
    known = ~np.isnan(x)
    return np.mean(x[known] * y[known]) + np.sum(x[known] ** 2) / known.sum()


def stores_by_mask(x, y):
    y = y.copy()
    y[x > 0] = np.log(x[x > 0])
    y[x < 0] *= x[0]
    y[y > 1] += np.sum(y)
    y[y < -1] = 0
    return y


def matrix_by_mask(x, y):
    A = np.outer(x, y)
    A[A < 0] = np.exp(A[A < 0])
    A[x > 1] = y
    return np.sum(A[A > 0.1]), A


def windows(x, y):
    k = np.argmax(y)
    z = x * 1
    z[k:] = y[0]
    return np.sum(x[:k] ** 2) * np.sum(z[k - 4 : 2]), z


def windows_apart(x, y):
    """Of as many as are positive, two slices that lie apart."""
    k = np.sum(x > 0)
    return x[:k] @ y[3 - k :] + np.max(x[: k + 1])


SELECTIONS = [masked, mean_of_known, stores_by_mask, matrix_by_mask, windows, windows_apart]


@pytest.mark.parametrize("f", SELECTIONS, ids=lambda f: f.__name__)
def test_selections(f):
    x, y = X.copy(), X[::-1] * 0.7 + 0.4
    if f is mean_of_known:
        x[1, 2] = x[2, 0] = np.nan
    for some in (slice(0, 3), slice(None), slice(1, 2)):
        assert_trees(vmap(f)(x[some].copy(), y[some].copy()), stacked(f, x[some], y[some]), 1e-12, 1e-12)  # fmt: skip
    for transform in (jacrev, jacfwd):
        rows = stacked(transform(f, (0, 1)), x, y)
        assert_trees(vmap(transform(f, (0, 1)))(x, y), rows, 1e-10, 1e-12)
    loops = "for " in vmap(f).source(x, y).split('"""')[2]
    assert loops == (f is windows_apart)
    both = np.stack([x, x + 0.1]), np.stack([y, y * 1.5])
    wanted = stacked(lambda a, b: stacked(f, a, b), *both)
    assert_trees(vmap(vmap(f))(*both), wanted, 1e-12, 1e-12)
    single = x.astype(np.float32), y.astype(np.float32)
    assert_trees(vmap(f)(*single), stacked(f, *single), 1e-5, 1e-5)


# nested, in trees, along other axes, in chunks


@pytest.mark.parametrize("f", [guarded, one_side, halved, tried], ids=lambda f: f.__name__)
def test_nested_along_other_axes_and_in_chunks(f):
    given = np.stack([X, X[::-1] * 0.7 + 0.1], axis=1)  # examples, then others
    wanted = np.stack([stacked(f, row, K[:2]) for row in given])
    inner = vmap(f, in_dims=(0, 0))
    np.testing.assert_allclose(vmap(inner, in_dims=(0, None))(given, K[:2]), wanted, rtol=1e-12)
    moved = vmap(inner, in_dims=(-1, None), out_dims=1)(np.moveaxis(given, 0, -1), K[:2])
    np.testing.assert_allclose(moved, np.moveaxis(wanted, 0, 1), rtol=1e-12)
    one = wanted[:, 0]
    chunked = vmap(f, in_dims=(0, None), out_dims=-1, chunk_size=3)(given[:, 0], int(K[0]))
    np.testing.assert_allclose(chunked, one.T, rtol=1e-12)


def of_tree(p):
    total = np.zeros(3)
    for row, weight in zip(p["rows"], p["more"][1]):
        if weight < 0:
            continue
        total = total + np.log1p(weight) * row
    return {"total": total, "parts": (total[0], p["more"][0])}


def test_trees():
    p = {"rows": np.stack([X, X + 1]), "more": (2.5, K[None] - np.array([[0.5], [1.5]]))}
    found = vmap(
        of_tree,
        in_dims=({"rows": 0, "more": (None, 0)},),
        out_dims={"total": -1, "parts": (0, None)},
    )(p)
    each = [
        of_tree({"rows": rows, "more": (2.5, weights)})
        for rows, weights in zip(p["rows"], p["more"][1])
    ]
    wanted = {
        "total": np.stack([one["total"] for one in each], axis=-1),
        "parts": (np.array([one["parts"][0] for one in each]), 2.5),
    }
    assert_trees(found, wanted, 1e-12)


# the text


def test_the_text_is_what_an_expert_writes():
    def kinked(x):
        return x * x if x > 0 else 2 * x

    def settled(x):
        while x > 1:
            x = x * 0.5
        return x

    def affine(W, x, b):
        return W @ x + b

    def lines(mapped, *args):
        return mapped.source(*args).split('"""\n')[1].split("\n", 0)[0]

    x = X[:, 0].copy()
    assert "value = np.where(x > 0, x * x, 2 * x)" in lines(vmap(kinked), x)
    assert "while True" in lines(vmap(settled), x) and "np.where(" in lines(vmap(settled), x)
    assert "value = x @ W.T + b" in lines(
        vmap(affine, in_dims=(None, 0, None)), np.ones((2, 3)), X, np.ones(2)
    )
    assert "[is_greater_1] = " in lines(vmap(branches), X, K)
    assert "for i" not in "".join(
        lines(vmap(f), X, K) for f in (branches, guarded, one_side, halved, while_in_range)
    )
