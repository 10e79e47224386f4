"""`jacrev`: structures, options, chunks."""

import numpy as np
import pytest

import srcad
from srcad import ArgumentError, SrcadError, jacrev


def outer(x, y):
    return np.outer(x, y) + np.sum(x)


def trees(p, k):
    return {"a": p["u"] * k, "b": (np.sum(p["v"]), [p["u"] @ p["v"]])}


def looped(x):
    y = x
    for i in range(3):
        y = np.sin(y) + x[i] * x
    return y


def branched(x):
    if x[0] > 0:
        return x * x[0]
    return -x


CHUNKS = [None, 1, 2, 3, 100]


def options(chunk_size, preallocate):
    return {"chunk_size": chunk_size, "_preallocate_and_copy": preallocate}


@pytest.fixture(params=[(size, fill) for size in CHUNKS for fill in (False, True)], ids=str)
def way(request):
    """Every way of putting the rows together."""
    return options(*request.param)


def test_every_way_gives_the_same(way, x, y):
    by_x, by_y = jacrev(outer, (0, 1), **way)(x, y[:2])
    assert by_x.shape == (3, 2, 3) and by_y.shape == (3, 2, 2)
    expected = np.einsum("ik,j->ijk", np.eye(3), y[:2]) + 1.0
    np.testing.assert_allclose(by_x, expected)
    np.testing.assert_allclose(by_y, np.einsum("i,jk->ijk", x, np.eye(2)))


def test_through_loops_and_branches(way, x):
    found = jacrev(looped, **way)(x)
    step = 1e-6
    differences = [(looped(x + step * e) - looped(x - step * e)) / (2 * step) for e in np.eye(3)]
    np.testing.assert_allclose(found, np.stack(differences, axis=1), rtol=1e-8, atol=1e-8)
    np.testing.assert_allclose(jacrev(branched, **way)(-x), -np.eye(3))
    np.testing.assert_allclose(
        jacrev(branched, **way)(x), x[0] * np.eye(3) + np.outer(x, [1, 0, 0])
    )


def test_structure_of_the_output_then_of_argnums_then_of_the_argument(way, x):
    given = {"u": x, "v": x + 1}
    found = jacrev(trees, (1, 0), **way)(given, 2.0)
    assert list(found) == ["a", "b"] and isinstance(found["b"], tuple)
    by_k, by_p = found["a"]
    np.testing.assert_allclose(by_k, x)
    np.testing.assert_allclose(by_p["u"], 2 * np.eye(3))
    np.testing.assert_array_equal(by_p["v"], np.zeros((3, 3)))
    by_k, by_p = found["b"][0]
    assert by_k == 0.0
    np.testing.assert_array_equal(by_p["u"], np.zeros(3))
    np.testing.assert_allclose(by_p["v"], np.ones(3))
    ((by_k, by_p),) = found["b"][1]
    np.testing.assert_allclose(by_p["u"], x + 1)
    single = jacrev(trees, **way)(given, 2.0)
    np.testing.assert_equal(single["a"], found["a"][1])


def test_a_tuple_of_one(way, x):
    found = jacrev(np.sin, (0,), **way)(x)
    assert isinstance(found, tuple) and len(found) == 1
    np.testing.assert_allclose(found[0], np.diag(np.cos(x)))


def test_a_number_out_is_one_row(way, x):
    found = jacrev(np.sum, **way)(x)
    np.testing.assert_array_equal(found, np.ones(3))
    assert jacrev(lambda k: k * k, **way)(3.0) == 6.0
    np.testing.assert_array_equal(jacrev(lambda k: k * k, **way)(np.array(3.0)), np.array(6.0))


def test_a_number_in(way, x):
    found = jacrev(lambda k, x: np.sin(k * x), **way)(2.0, x)
    assert found.shape == (3,)
    np.testing.assert_allclose(found, x * np.cos(2 * x))


def test_nothing_depends_on_the_argument(way, x):
    for f in (lambda x, y: y * 2, lambda x, y: np.ones(3), lambda x, y: np.zeros_like(y)):
        found = jacrev(f, **way)(x[:2], x)
        np.testing.assert_array_equal(found, np.zeros((3, 2)))
        assert found.flags.writeable
        assert jacrev(f, **way)(x[:2].astype("float32"), x).dtype == np.float32


def test_a_constant_among_the_outputs(way, x):
    found = jacrev(lambda x: (x, 3.0, np.ones(2)), **way)(x)
    np.testing.assert_array_equal(found[0], np.eye(3))
    np.testing.assert_array_equal(found[1], np.zeros(3))
    np.testing.assert_array_equal(found[2], np.zeros((2, 3)))


@pytest.mark.parametrize("n", [0, 1, 2, 5])
def test_sizes(way, n):
    x = np.linspace(0.1, 0.9, n)
    np.testing.assert_allclose(jacrev(np.sin, **way)(x), np.diag(np.cos(x)))
    found = jacrev(lambda x: x[:0] * 2, **way)(x)
    assert found.shape == (0, n)
    assert jacrev(lambda x: np.outer(x, x), **way)(x).shape == (n, n, n)


@pytest.mark.parametrize("dtype", ["float32", "float64", "longdouble"])
def test_dtypes(way, dtype):
    x = np.linspace(0.1, 0.9, 3).astype(dtype)
    found = jacrev(np.sin, **way)(x)
    assert found.dtype == dtype
    np.testing.assert_allclose(found, np.diag(np.cos(x)), rtol=1e-6)


def test_has_aux(way, x):
    def with_aux(x):
        return np.sin(x), {"x": x, "none": None, "n": 3}

    found, aux = jacrev(with_aux, has_aux=True, **way)(x)
    np.testing.assert_allclose(found, np.diag(np.cos(x)))
    np.testing.assert_array_equal(aux["x"], x)
    assert (aux["none"], aux["n"]) == (None, 3)


def test_keywords_and_defaults(way, x):
    def scaled(x, k=2.0, *, power=2):
        return k * x**power

    np.testing.assert_allclose(jacrev(scaled, **way)(x), np.diag(4 * x))
    np.testing.assert_allclose(jacrev(scaled, **way)(x, power=3, k=1.0), np.diag(3 * x**2))


def test_no_grad_is_respected(way, x):
    def held(x):
        with srcad.no_grad():
            c = x**2
        return x - c

    np.testing.assert_array_equal(jacrev(held, **way)(x), np.eye(3))


# options


@pytest.mark.parametrize("chunk_size", [0, -1, -100])
def test_chunks_of_no_rows(chunk_size):
    with pytest.raises(ArgumentError, match="chunk_size") as error:
        jacrev(np.sin, chunk_size=chunk_size)
    assert isinstance(error.value, ValueError)


@pytest.mark.parametrize("chunk_size", [1.5, "2", True, (2,), np.float64(2)])
def test_chunks_that_are_no_numbers(chunk_size):
    with pytest.raises(ArgumentError, match="chunk_size") as error:
        jacrev(np.sin, chunk_size=chunk_size)
    assert isinstance(error.value, TypeError)


def test_a_numpy_integer_is_a_number(x):
    found = jacrev(np.sin, chunk_size=np.int64(2))(x)
    np.testing.assert_allclose(found, np.diag(np.cos(x)))


def test_an_option_that_is_none():
    with pytest.raises(TypeError):
        jacrev(np.sin, chunksize=2)


def test_every_way_refuses_the_same(way, x):
    with pytest.raises(ArgumentError, match="`x`"):
        jacrev(np.sin, **way)(np.arange(3))
    with pytest.raises(ArgumentError, match="argnums"):
        jacrev(np.sin, 1, **way)(x)
    for f in (lambda x: "a", lambda x: np.argmax(x), lambda x: (x, 3), lambda x: None):
        with pytest.raises(SrcadError):
            jacrev(f, **way)(x)


def test_a_rank_that_is_not_known(way, x):
    def either(x, flag):
        y = np.sum(x) if flag > 0 else x
        return y * 2

    for flag, expected in ((1.0, 2 * np.ones(3)), (-1.0, 2 * np.eye(3))):
        found = jacrev(either, **way)(x, flag)
        np.testing.assert_array_equal(found, expected)
