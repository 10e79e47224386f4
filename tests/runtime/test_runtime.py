"""The helpers: values, forms, and that none writes to what it is given."""

import numpy as np
import pytest

from srcad import runtime

SHAPES = [
    ((2, 3), (2, 3)),
    ((2, 3), (3,)),
    ((2, 3), (2, 1)),
    ((2, 3), (1, 1)),
    ((2, 3), ()),
    ((4, 2, 3), (2, 1)),
    ((0, 3), (3,)),
    ((0, 3), (1, 3)),
    ((2, 0), (2, 1)),
]


@pytest.mark.parametrize("big, small", SHAPES)
def test_sum_to_is_the_transpose_of_broadcasting(big, small):
    random = np.random.default_rng(0)
    g, x = random.normal(size=big), random.normal(size=small)
    made = runtime.sum_to(g, x)
    assert np.shape(made) == small
    np.testing.assert_allclose(np.sum(made * x), np.sum(g * np.broadcast_to(x, big)))
    np.testing.assert_array_equal(runtime.spread(x, g), np.broadcast_to(x, big))


def test_dtypes_follow_the_primal():
    g = np.ones((2, 3))
    assert runtime.sum_to(g, np.ones(3, np.float32)).dtype == np.float32
    assert runtime.sum_to(g, np.ones(3, int)).dtype == np.float64  # never the primal's integers
    assert (
        runtime.cast(1.0 + 0j, np.float64(0)) == 1.0
        and runtime.cast(np.ones(2), 3.0).dtype == np.float64
    )
    assert runtime.dtype_of(1.0) is float and runtime.dtype_of(np.float32(1)) == np.float32


@pytest.mark.parametrize("helper", [runtime.put, runtime.put_add])
@pytest.mark.parametrize(
    "index, value",
    [
        (0, 2.0),
        (slice(1, None), np.arange(2.0)),
        ([0, 0], 1.0),
        (np.array([True, False, True]), 4.0),
        ((), 1.0),
    ],
)
def test_stores_are_values(helper, index, value):
    base = np.array([1.0, 2.0, 3.0])
    wanted = base.copy()
    if helper is runtime.put:
        wanted[index] = value
    else:
        np.add.at(wanted, index, value)
    made = helper(base, index, value)
    np.testing.assert_array_equal(made, wanted)
    np.testing.assert_array_equal(base, [1.0, 2.0, 3.0])
    assert not np.shares_memory(made, base)


@pytest.mark.parametrize(
    "x",
    [
        np.ones((2, 3)),
        np.ones((), np.float32),
        np.float32(1),
        1.0,
        np.ones(3, np.float32),
        np.ones((0, 2)),
    ],
)
def test_a_result_has_the_form_of_its_argument_and_is_fresh(x):
    bar = np.ones(np.shape(x)) if np.shape(x) else 1.0
    made = runtime.result(bar, x)
    assert np.shape(made) == np.shape(x) and isinstance(made, np.ndarray) == isinstance(
        x, np.ndarray
    )
    if isinstance(x, np.ndarray):
        assert made.dtype == x.dtype and made.flags.writeable and not np.shares_memory(made, bar)
        assert runtime.result(0.0, x).shape == x.shape


def test_own_shares_nothing():
    x = np.arange(3.0)
    assert not np.shares_memory(runtime.own(x[:2]), x) and runtime.own(2.0) == 2.0
    assert runtime.stop_gradient(x) is x
    with runtime.no_grad():
        pass
