"""`vmap`: batched equals stacked, for every placement of the axis and every number of examples; refusals name the line."""

import inspect
import math
import pickle

import numpy as np
import pytest

import srcad
from srcad import (
    ArgumentError,
    grad,
    hessian,
    jacfwd,
    jacrev,
    vmap,
)
from tests.api.references import assert_apart, assert_trees, differences, stacked

SIZES = [1, 2, 3, 4, 5, 0]  # 3 and 4 are sizes of the arguments too


def affine(W, x, b):
    return np.tanh(W @ x + b)


def looped(W, x, b):
    s = x
    for k in range(3):
        s = np.sin(W.T @ (W @ s) * 0.1) + x * b[k]
    return s


def over_rows(W, x, b):
    total = np.zeros(3)
    for row, scale in zip(W, b):
        total = total + row * scale * x
    return total


def on_sizes(W, x, b):
    if len(x) > 2:
        return np.outer(x, b)
    return np.outer(b, x)


def counted(W, x, b):
    s, n = x, 0
    while n < 3:
        s = s * x
        n += 1
    return np.sum(s)


def stored(W, x, b):
    out = np.zeros((4, 3))
    out[1] = x
    out[:, 0] += b
    out[2:] *= W[2:]
    return out


def helper(a, k=2.0):
    return a * k + np.sum(a)


def helped(W, x, b):
    return helper(x), [helper(W, b[0]), {"m": np.max(x)}]


scale = np.array([1.0, -2.0, 0.5])


def closed_over(W, x, b):
    return (lambda a: a * scale)(x)


def selected(W, x, b):
    return np.where(x > 0, x, -x) + np.maximum(b[0], 0.3)


def products(W, x, b):
    return W.T @ b, b @ W, x @ x, np.dot(W, x), np.einsum("ij,j->i", W, x), np.outer(b, x), W @ W.T


def shapes(W, x, b):
    return (
        W.T,
        W.reshape(-1),
        W.reshape(3, 4),
        W[1:, ::-1],
        x[:, None] * b,
        np.stack([x, x]),
        np.concatenate([x, b]),
        W[-1, 0],
    )


def reductions(W, x, b):
    return (np.sum(W), np.sum(W, axis=0), np.mean(W, axis=-1), np.max(x), np.cumsum(x), np.prod(x),
            np.linalg.norm(x), np.sum(W, axis=1, keepdims=True), np.var(x))  # fmt: skip


def constants(W, x, b):
    return np.ones(2), 3.0, np.zeros_like(x), x


def solved(W, x, b):
    A = np.eye(3) * 3.0 + np.outer(x, x)
    return np.linalg.solve(A, x), np.linalg.inv(A)


PROGRAMS = [affine, looped, over_rows, on_sizes, counted, stored, helped, closed_over, selected, products, shapes, reductions,
            constants, solved]  # fmt: skip
DIMS = [(0, 0, 0), (None, 0, None), (0, None, None), (None, 0, 0), (0, 0, None), (None, None, 0)]


def examples(size, seed=0):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(size, 4, 3)), rng.normal(size=(size, 3)), rng.normal(size=(size, 4))


@pytest.mark.parametrize("in_dims", DIMS, ids=str)
@pytest.mark.parametrize("f", PROGRAMS, ids=lambda f: f.__name__)
def test_batched_equals_stacked(f, in_dims):
    batched = vmap(f, in_dims=in_dims)
    for size in SIZES[:-1]:
        whole = examples(size)
        given = [arg if dim == 0 else arg[0] for arg, dim in zip(whole, in_dims)]
        rows = [arg if dim == 0 else [arg[0]] * size for arg, dim in zip(whole, in_dims)]
        kept = [arg.copy() for arg in given]
        found = batched(*given)
        assert_trees(found, stacked(f, *rows), 1e-12, 1e-12)
        assert_apart(found, given)
        for arg, before in zip(given, kept):
            np.testing.assert_array_equal(arg, before)


@pytest.mark.parametrize("f", [affine, looped, stored, products], ids=lambda f: f.__name__)
def test_no_examples(f):
    found, one = vmap(f)(*examples(0)), f(*(arg[0] for arg in examples(1)))
    pairs = zip(found, one) if isinstance(one, tuple) else [(found, one)]
    for batch, example in pairs:
        assert batch.shape == (0, *np.shape(example)) and batch.dtype == example.dtype


# in_dims and out_dims


@pytest.mark.parametrize("axis", [0, 1, 2, -1, -2, -3])
def test_the_axis_of_an_argument(axis):
    W, x, b = examples(5)
    found = vmap(affine, in_dims=(axis, 0, None))(np.moveaxis(W, 0, axis), x, b[0])
    np.testing.assert_allclose(found, np.stack([affine(w, v, b[0]) for w, v in zip(W, x)]))


@pytest.mark.parametrize("axis", [0, 1, 2, -1, -2, -3])
def test_the_axis_of_an_output(axis):
    _, x, b = examples(5)
    found = vmap(np.outer, out_dims=axis)(x, b)
    expected = np.stack([np.outer(*row) for row in zip(x, b)], axis=axis)
    np.testing.assert_array_equal(found, expected)
    assert_apart(found, x, b)


def test_one_int_for_all_and_lists_as_in_dims():
    _, x, b = examples(5)
    expected = np.stack([np.outer(*row) for row in zip(x, b)])
    np.testing.assert_array_equal(vmap(np.outer, in_dims=-1)(x.T, b.T), expected)
    np.testing.assert_array_equal(vmap(np.outer, in_dims=[0, -1])(x, b.T), expected)


def of_tree(p, x):
    return {"y": p["W"] @ x + p["b"][0], "n": (np.sum(p["b"][1]), x)}


def test_nested_dims():
    W, x, b = examples(5)
    p = {"W": W.transpose(1, 0, 2), "b": [b, b[0]]}
    found = vmap(of_tree, in_dims=({"W": 1, "b": [0, None]}, -1), out_dims={"y": 1, "n": (0, -1)})(
        p, x.T
    )
    rows = [of_tree({"W": W[k], "b": [b[k], b[0]]}, x[k]) for k in range(5)]
    expected = {
        "y": np.stack([row["y"] for row in rows], axis=1),
        "n": (np.stack([row["n"][0] for row in rows]), np.stack([row["n"][1] for row in rows], -1)),
    }
    assert_trees(found, expected, 1e-12)
    assert_apart(found, p, x)
    found = vmap(of_tree, in_dims=({"W": 0, "b": None}, None))({"W": W, "b": [b[0], b[1]]}, x[0])
    assert_trees(
        found, {"y": W @ x[0] + b[0], "n": (np.full(5, np.sum(b[1])), np.stack([x[0]] * 5))}, 1e-12
    )


def test_an_output_that_is_the_same_for_all():
    _, x, b = examples(5)
    found = vmap(lambda x, b: (x * 2, b * 3, 1.5), in_dims=(0, None), out_dims=(0, None, None))(
        x, b[0]
    )
    assert_trees(found, (x * 2, b[0] * 3, 1.5))
    with pytest.raises(ArgumentError, match="out_dims"):
        vmap(lambda x: x * 2, out_dims=None)(x)


def test_defaults_are_not_mapped_over():
    def f(x, k=2.0, w=scale):
        return x * k + w

    assert "vmap" in vmap(f).source(examples(3)[1])
    x = examples(3)[1]
    np.testing.assert_allclose(vmap(f)(x), x * 2 + scale)
    np.testing.assert_allclose(vmap(f)(x, w=x), x * 2 + x)
    with pytest.raises(ArgumentError, match="`w`"):
        jacrev(vmap(f))(x)
    x = examples(4)[1]
    np.testing.assert_allclose(vmap(f, in_dims=(0, None))(x, 3.0), x * 3 + scale)
    np.testing.assert_allclose(
        vmap(f, in_dims=(0, 0))(x, np.arange(4.0)), x * np.arange(4.0)[:, None] + scale
    )


def test_static_arguments_and_keywords():
    def f(x, mode, axis=0, *, k=1.0):
        return np.sum(x * k, axis=axis) if mode == "sum" else x * k

    W = examples(5)[0]
    np.testing.assert_allclose(vmap(f, in_dims=(0, None))(W, "sum"), np.sum(W, axis=1))
    np.testing.assert_allclose(vmap(f, in_dims=(0, None))(W, "sum", axis=1), np.sum(W, axis=2))
    np.testing.assert_allclose(vmap(f, in_dims=(0, None))(W, "as is", k=2.0), W * 2)


def test_what_is_given_by_keyword_alone_is_not_mapped_over():
    def f(x, *, y):
        return np.sum(x * y)

    W = examples(3)[0][:, 0]
    y = np.arange(1.0, 1 + W.shape[1])
    for mapped in (vmap(f), vmap(f, in_dims=(0,)), vmap(f, chunk_size=2)):
        np.testing.assert_allclose(mapped(W, y=y), W @ y)
    np.testing.assert_allclose(vmap(f)(W, y=2.0), 2 * np.sum(W, axis=1))
    np.testing.assert_allclose(vmap(grad(f))(W, y=y), np.stack([y] * len(W)))
    np.testing.assert_allclose(vmap(f, in_dims=(0, 0))(W, y=W), np.sum(W**2, axis=1))
    for outer in (jacrev(vmap(f)), jacfwd(vmap(f, in_dims=(0,)))):
        assert outer(W, y=y).shape == (len(W), *W.shape)


def test_numbers_become_vectors():
    xs = np.linspace(0.1, 0.9, 5)
    found = vmap(lambda k: k * k)(xs)
    np.testing.assert_array_equal(found, xs * xs)
    assert vmap(lambda k: k * k)(xs.astype(np.float32)).dtype == np.float32
    found = vmap(lambda k, x: k * x)(xs, examples(5)[1])
    np.testing.assert_array_equal(found, xs[:, None] * examples(5)[1])
    np.testing.assert_allclose(vmap(np.sin)(xs), np.sin(xs))
    np.testing.assert_allclose(vmap(np.dot)(*[examples(5)[1]] * 2), np.sum(examples(5)[1] ** 2, 1))


def test_integers_and_flags_may_be_mapped_over():
    i, x = np.array([0, 2, 1]), examples(3)[1]
    np.testing.assert_array_equal(vmap(lambda i: i * 2)(i), i * 2)
    np.testing.assert_array_equal(vmap(lambda x: x > 0)(x), x > 0)
    np.testing.assert_array_equal(vmap(lambda i, x: x * i)(i, x), x * i[:, None])


@pytest.mark.parametrize(
    "in_dims, args",
    [
        (None, "xb"),
        ((None, None), "xb"),
        ((0,), "xb"),
        ((0, 0, 0), "xb"),
        (2, "xb"),
        ((0, -3), "xb"),
        ((0, "a"), "xb"),
        ((0, 1.0), "xb"),
        ((0, True), "xb"),
        ((0, (0, 0)), "xb"),
        ("ab", "xb"),
        (0, "xk"),
        (0, "x0"),
    ],
    ids=str,
)
def test_in_dims_that_do_not_fit(in_dims, args):
    x, b = np.ones((4, 3)), np.ones((4, 3))
    given = {"x": x, "b": b, "k": 2.0, "0": np.array(1.0)}
    with pytest.raises(ArgumentError, match="in_dims|mapped"):
        vmap(lambda x, b: x * b, in_dims=in_dims)(*(given[name] for name in args))


@pytest.mark.parametrize("out_dims", [2, -3, (0, 0), "a", 1.0, True, {"a": 0}], ids=str)
def test_out_dims_that_do_not_fit(out_dims):
    with pytest.raises(ArgumentError, match="out_dims"):
        vmap(lambda x: x * 2, out_dims=out_dims)(np.ones((4, 3)))


@pytest.mark.parametrize("chunk_size", [None, 2])
@pytest.mark.parametrize("sizes", [(4, 5), (1, 4), (4, 1), (0, 2)])
def test_sizes_that_differ(sizes, chunk_size):
    """Known: of 1 and 4, NumPy would broadcast."""
    a, b = (np.ones((size, 3)) for size in sizes)
    with pytest.raises(ArgumentError) as error:
        vmap(lambda a, b: a * b, chunk_size=chunk_size)(a, b)
    assert isinstance(error.value, ValueError)
    mapped = vmap(lambda a, b: a * b, chunk_size=chunk_size)
    np.testing.assert_array_equal(mapped(a, a), a)
    with pytest.raises(ArgumentError):
        mapped(a, b)


def test_randomness_and_names_of_options():
    with pytest.raises(ArgumentError, match="randomness"):
        vmap(np.sin, randomness="never")
    with pytest.raises(ArgumentError, match="callable"):
        vmap(3)


def test_the_signature_is_that_of_torch():
    _, *rest = inspect.signature(vmap).parameters.values()
    assert ", ".join(f"{part.name}={part.default!r}" for part in rest) == "in_dims=0, out_dims=0, randomness='error', chunk_size=None"  # fmt: skip
    keyword = [part.name for part in rest if part.kind is part.KEYWORD_ONLY]
    assert keyword == ["chunk_size"]


def test_literals_are_stacked_as_they_are():
    def f(x):
        return 3, True, 2.0, 1j, x[0] > 0

    for found, wanted in zip(vmap(f)(np.ones((2, 3))), (3, True, 2.0, 1j, True)):
        assert found.shape == (2,) and found.dtype == np.asarray(wanted).dtype
        np.testing.assert_array_equal(found, wanted)


# chunks


@pytest.mark.parametrize("chunk_size", [1, 2, 3, 5, 100])
@pytest.mark.parametrize(
    "f", [affine, looped, helped, products, constants], ids=lambda f: f.__name__
)
def test_chunks(f, chunk_size):
    whole = examples(5)
    found = vmap(f, in_dims=(None, 0, 0), chunk_size=chunk_size)(whole[0][0], *whole[1:])
    assert_trees(found, stacked(f, [whole[0][0]] * 5, *whole[1:]), 1e-12, 1e-12)
    assert_apart(found, whole)


def test_chunks_along_other_axes():
    W, x, b = examples(5)
    found = vmap(np.outer, in_dims=(1, -1), out_dims=-1, chunk_size=2)(x.T, b.T)
    np.testing.assert_array_equal(found, np.stack([np.outer(*row) for row in zip(x, b)], -1))


@pytest.mark.parametrize("chunk_size", [0, -1, 1.5, True])
def test_chunks_that_are_no_numbers(chunk_size):
    with pytest.raises(ArgumentError, match="chunk_size"):
        vmap(np.sin, chunk_size=chunk_size)


# control flow


def test_the_same_control_flow_of_unmapped_values_is_taken():
    def f(x, s, n):
        if s > 0:
            x = x * 2
        for _ in range(n):
            x = np.sin(x)
        while s > 0.1:
            s = s * 0.5
            x = x + s
        return x

    xs = examples(3)[1]
    mapped = vmap(f, in_dims=(0, None, None))
    for s, n in ((1.0, 2), (-1.0, 0), (2.0, 1)):
        np.testing.assert_allclose(mapped(xs, s, n), np.stack([f(x, s, n) for x in xs]))


def test_effects_are_those_of_each_example(capsys):
    def loud(x):
        y = x * 2
        print(y)
        return y

    vmap(loud)(np.array([1.0, 3.0]))
    assert capsys.readouterr().out == "2.0\n6.0\n"


def test_functions_of_math():
    """Known: `math.sin` takes no arrays."""
    ks = np.array([0.5, 1.0, 1.5])
    np.testing.assert_allclose(vmap(lambda k: math.sin(k) * k)(ks), np.sin(ks) * ks)


def drawn(x, k, rng):
    z = rng.normal()
    return k[3] * x * z if x > 0 else k[0] * x * z


def test_what_no_example_reads_is_out_of_bounds():
    """However a map is run; what had been drawn by then is drawn once."""
    pytest.importorskip("scipy")
    x, k, J = -np.arange(1.0, 5.0), np.full(2, 3.0), np.empty((4, 4))
    mapped = vmap(lambda x, k: k[3] * x if x > 0 else k[0] * x, in_dims=(0, None))
    x_bar, k_bar = srcad.vjp(mapped, x, k)[1](x)
    np.testing.assert_allclose(x_bar, 3 * x)
    np.testing.assert_allclose(k_bar, [np.sum(x * x), 0.0])
    np.testing.assert_allclose(srcad.jvp(mapped, (x, k), (x, k))[1], 6 * x)
    np.testing.assert_allclose(srcad.linearize(mapped, x, k)[1](x, k), 6 * x)
    for made in (jacrev(mapped, chunk_size=2), jacfwd(mapped, chunk_size=2), jacrev(mapped, out=J)):
        np.testing.assert_allclose(made(x, k), 3 * np.eye(4))
    for argnum, J in enumerate((3 * np.eye(4), np.stack((x, 0 * x), axis=1))):
        found = jacfwd(mapped, argnum, sparse=True)(x, k)
        np.testing.assert_allclose(found.toarray(), J)
    for run in (lambda x: mapped(x, k), lambda x: srcad.vjp(mapped, x, k)):
        with pytest.raises(IndexError):
            run(-x)
    ours, theirs = np.random.default_rng(0), np.random.default_rng(0)
    mapped = vmap(drawn, in_dims=(0, None, None), randomness="different")
    slopes = np.diag(jacfwd(mapped)(x, k, ours))
    np.testing.assert_allclose(slopes, [3 * theirs.normal() for _ in x])
    assert ours.normal() == theirs.normal()


# nested, and derivatives


def test_twice():
    a, b = examples(5)[1], examples(4, 1)[1]
    found = vmap(vmap(np.dot, in_dims=(None, 0)), in_dims=(0, None))(a, b)
    np.testing.assert_allclose(found, a @ b.T)
    found = vmap(vmap(np.outer))(np.ones((2, 3, 4)), np.ones((2, 3, 5)))
    assert found.shape == (2, 3, 4, 5)
    W = examples(2)[0]
    found = vmap(vmap(np.sum, in_dims=-1), in_dims=0, out_dims=1)(W)
    np.testing.assert_allclose(found, np.sum(W, axis=1).T)
    found = vmap(vmap(vmap(lambda k: k * k)))(W)
    np.testing.assert_allclose(found, W * W)


@pytest.mark.parametrize("size", [1, 2, 3, 4, 5])
def test_of_derivatives(size):
    W, x, b = examples(size)

    def loss(W, x, b):
        return np.sum(affine(W, x, b) ** 2)

    rows = list(zip(W, x, b))
    for f, transform in ((loss, grad), (affine, jacrev), (affine, jacfwd), (loss, hessian)):
        for argnums in (0, 1, (0, 2)):
            derivative = transform(f, argnums)
            found = vmap(derivative)(W, x, b)
            assert_trees(found, stacked(derivative, *zip(*rows)), 1e-10, 1e-12)
            found = vmap(derivative, in_dims=(None, 0, None))(W[0], x, b[0])
            assert_trees(found, stacked(derivative, [W[0]] * size, x, [b[0]] * size), 1e-10, 1e-12)


@pytest.mark.parametrize(
    "f", [affine, looped, over_rows, stored, selected], ids=lambda f: f.__name__
)
def test_derivatives_of_a_mapped_function(f):
    W, x, b = examples(4)

    def total(W, x, b):
        return np.sum(f(W, x, b) ** 2)

    mapped = vmap(total, in_dims=(None, 0, 0))
    J = jacrev(mapped, (0, 1, 2))(W[0], x, b)
    assert_trees(jacfwd(mapped, (0, 1, 2))(W[0], x, b), J, 1e-9, 1e-10)
    by_W, by_x, by_b = J
    for k in range(4):
        np.testing.assert_allclose(
            by_W[k], differences(lambda a: total(a, x[k], b[k]), W[0]), rtol=1e-7, atol=1e-7
        )
        np.testing.assert_allclose(
            by_x[k, k], differences(lambda a: total(W[0], a, b[k]), x[k]), rtol=1e-7, atol=1e-7
        )
        np.testing.assert_allclose(
            by_b[k, k], differences(lambda a: total(W[0], x[k], a), b[k]), rtol=1e-7, atol=1e-7
        )
        for other in set(range(4)) - {k}:
            np.testing.assert_array_equal(by_x[k, other], np.zeros(3))


def test_to_third_order():
    def f(x):
        return np.sum(x[1:] * x[:-1] ** 3)

    xs = examples(4)[1]
    third = jacrev(hessian(f))
    np.testing.assert_allclose(vmap(third)(xs), np.stack([third(x) for x in xs]))
    np.testing.assert_allclose(third(xs[0]), differences(hessian(f), xs[0]), rtol=1e-7, atol=1e-7)


# what it is


@vmap
def squares(x):
    return x * x


class Model:
    @vmap(in_dims=(None, 0))
    def double(self, x):
        return x * 2

    def plain(self, x, k=2.0):
        return x * k


def test_as_decorator_as_method_and_pickled():
    xs = examples(4)[1]
    np.testing.assert_array_equal(squares(xs), xs * xs)
    np.testing.assert_array_equal(Model().double(xs), xs * 2)
    np.testing.assert_array_equal(vmap(Model().plain)(xs), xs * 2)
    assert pickle.loads(pickle.dumps(squares)) is squares
    again = pickle.loads(
        pickle.dumps(vmap(affine, in_dims=(None, 0, None), out_dims=1, chunk_size=2))
    )
    W, x, b = examples(5)
    np.testing.assert_allclose(again(W[0], x, b[0]), np.tanh(W[0] @ x.T + b[0][:, None]))


def test_no_grad_inside():
    def f(x):
        with srcad.no_grad():
            c = x**2
        return np.sum(x - c)

    xs = examples(4)[1]
    np.testing.assert_allclose(vmap(f)(xs), np.sum(xs - xs**2, axis=1))
    np.testing.assert_allclose(vmap(grad(f))(xs), np.ones((4, 3)))


def test_a_function_that_writes_to_its_argument():
    def f(x):
        x[0] = x[1] * x[2]
        return x * x

    xs = examples(4)[1]
    kept = xs.copy()
    np.testing.assert_allclose(vmap(f)(xs), np.stack([f(x.copy()) for x in xs]))
    np.testing.assert_array_equal(xs, kept)
