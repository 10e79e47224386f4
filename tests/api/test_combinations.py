"""Functions by kinds of arguments by transforms: all of them agree, and each result is what its argument is."""

import itertools

import numpy as np
import pytest

from srcad import grad, jacrev, value_and_grad, vjp
from srcad.verify import verify

RNG = np.random.default_rng(7)


def drawn(shape, dtype):
    return (0.5 + RNG.random(shape)).astype(dtype)


KINDS = {
    "float": lambda: float(drawn((), "float64")),
    "scalar32": lambda: np.float32(drawn((), "float32")),
    "scalar64": lambda: np.float64(drawn((), "float64")),
    "0-d": lambda: np.array(drawn((), "float64")),
    "0-d 32": lambda: np.array(drawn((), "float32")),
    "vector": lambda: drawn(3, "float64"),
    "vector32": lambda: drawn(3, "float32"),
    "one": lambda: drawn(1, "float64"),
    "empty": lambda: drawn(0, "float64"),
    "matrix": lambda: drawn((2, 3), "float64"),
    "column": lambda: drawn((2, 1), "float64"),
    "row": lambda: drawn((1, 3), "float64"),
    "turned": lambda: drawn((3, 2), "float64").T,
    "strided": lambda: drawn(6, "float64")[::-2],
}


def looped(x, y):
    total = x * 0.0
    for i in range(3):
        total = total + np.sin(x * (i + 1)) * y
        if i == 1:
            total = total * x
    return total


def branched(x, y):
    if np.sum(x) > np.sum(y):
        z = x * y
    else:
        z = x / y
    return z + x


def reassigned(x, y):
    z = x
    z = z * y
    z += x
    return np.exp(-z)


def accumulated(x, y):
    s = 0.0
    for _ in range(2):
        s = s + x * y
    return s


def helper(a, b=2.0):
    return a * b + a


def helped(x, y):
    return helper(x, y) + helper(y)


def unused(x, y):
    z = x * y  # noqa: F841
    return np.cos(x)


FUNCTIONS = [
    lambda x, y: x * y,
    lambda x, y: x - y,
    lambda x, y: x / y + y,
    lambda x, y: x**2 * 3 - y,
    lambda x, y: x**y,
    lambda x, y: np.maximum(x, y) * x,
    lambda x, y: np.where(x > y, x * 2, y * x),
    lambda x, y: np.hypot(x, y),
    lambda x, y: np.sum(x) * y,
    lambda x, y: np.mean(x * y),
    lambda x, y: np.sqrt(x) + np.log(y),
    lambda x, y: np.exp(x) @ np.ones(np.shape(x)[-1]) * y if np.ndim(x) else x * y,
    looped,
    branched,
    reassigned,
    accumulated,
    helped,
    unused,
]


def same_kind(found, given):
    """An array of the argument's dtype and shape; for a scalar a number of its dtype; for a float any number."""
    if isinstance(given, np.ndarray):
        return type(found) is np.ndarray and (found.dtype, found.shape) == (
            given.dtype,
            given.shape,
        )
    if not isinstance(found, (float, np.floating)):
        return False
    return not isinstance(given, np.generic) or np.asarray(found).dtype == given.dtype


def fits(f, x, y):
    try:
        with np.errstate(all="ignore"):
            return np.asarray(f(x, y)).dtype.kind == "f"
    except ValueError:
        return False


@pytest.mark.parametrize("number", range(len(FUNCTIONS)))
@pytest.mark.parametrize("first", KINDS)
def test_combinations(number, first):
    f = FUNCTIONS[number]
    # Every fourth pair, another fourth for each function: all pairs of kinds occur many times.
    for second in itertools.islice(KINDS, (list(KINDS).index(first) + number) % 4, None, 4):
        x, y = KINDS[first](), KINDS[second]()
        if not fits(f, x, y):
            continue
        label = f"{number}: {first}, {second}"
        given = np.copy(x), np.copy(y)
        expected = f(x, y)
        loose = 32 in {np.asarray(a).dtype.itemsize * 8 for a in (x, y, expected)}
        rtol = 2e-4 if loose else 1e-9

        value, pullback = vjp(f, x, y)
        np.testing.assert_allclose(value, expected, rtol=rtol, err_msg=label)
        assert np.shape(value) == np.shape(expected), label
        assert np.asarray(value).dtype == np.asarray(expected).dtype, label
        seed = np.ones_like(np.asarray(expected))
        bars = pullback(seed if isinstance(expected, np.ndarray) else seed[()])
        for bar, argument in zip(bars, (x, y)):
            assert same_kind(bar, argument), f"{label}: {bar!r} for {argument!r}"

        for chunk_size in (None, 1, 2):
            blocks = jacrev(f, (0, 1), chunk_size=chunk_size)(x, y)
            for block, bar, argument in zip(blocks, bars, (x, y)):
                assert np.shape(block) == np.shape(expected) + np.shape(argument), label
                if isinstance(argument, (np.ndarray, np.generic)):
                    assert np.asarray(block).dtype == argument.dtype, label
                axes = tuple(range(np.ndim(expected)))
                np.testing.assert_allclose(
                    np.sum(block, axis=axes), bar, rtol=rtol, atol=rtol, err_msg=label
                )

        def total(x, y):
            return np.sum(f(x, y))

        gradients = grad(total, (0, 1))(x, y)
        both = value_and_grad(total, (0, 1))(x, y)
        np.testing.assert_allclose(both[0], total(x, y), rtol=rtol)
        for found, again, bar, argument in zip(gradients, both[1], bars, (x, y)):
            assert same_kind(found, argument), f"{label}: {found!r} for {argument!r}"
            assert same_kind(again, argument), label
            np.testing.assert_allclose(found, bar, rtol=rtol, atol=rtol, err_msg=label)
            np.testing.assert_allclose(again, bar, rtol=rtol, atol=rtol, err_msg=label)
        np.testing.assert_array_equal(given[0], x)
        np.testing.assert_array_equal(given[1], y)
        if np.all(np.isfinite(expected)):  # the mean of nothing has no differences
            report = verify(jacrev(f, (0, 1)), x, y)
            assert report.ok, f"{label}\n{report}"
