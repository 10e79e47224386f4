"""What the tests of transforms hold derivatives against: differences of the function, and the promises about results."""

import numpy as np

__all__ = ["assert_apart", "assert_trees", "differences", "flat", "second_differences", "stacked"]


def flat(tree):
    """The leaves of a tree."""
    if isinstance(tree, dict):
        tree = list(tree.values())
    if isinstance(tree, (tuple, list)):
        return [leaf for part in tree for leaf in flat(part)]
    return [tree]


def differences(f, x, step=2e-3):
    """The Jacobian of `f` at an array by central differences, extrapolated twice: of shape `y.shape + x.shape`."""
    x = np.asarray(x, float)
    columns = []
    for place in np.ndindex(x.shape):
        rough = []
        for h in (step, step / 2, step / 4):
            up, down = x.copy(), x.copy()
            up[place] += h
            down[place] -= h
            rough.append((np.asarray(f(up), float) - np.asarray(f(down), float)) / (2 * h))
        first, second = (4 * rough[1] - rough[0]) / 3, (4 * rough[2] - rough[1]) / 3
        columns.append((16 * second - first) / 15)
    shape = np.shape(f(x.copy()))
    return (
        np.stack(columns, axis=-1).reshape((*shape, *x.shape))
        if columns
        else np.zeros((*shape, *x.shape))
    )


def second_differences(f, x):
    """The Hessian of `f` at an array by differences of differences."""
    return differences(lambda a: differences(f, a, 2e-2), x, 2e-2)


def stacked(f, *examples, axis=0):
    """The calls of `f` at examples given as rows, stacked leaf by leaf."""
    return zipped([f(*row) for row in zip(*examples)], axis)


def zipped(trees, axis):
    first = trees[0]
    if isinstance(first, dict):
        return {key: zipped([tree[key] for tree in trees], axis) for key in first}
    if isinstance(first, (tuple, list)):
        return type(first)(zipped(list(parts), axis) for parts in zip(*trees))
    return np.stack(trees, axis=axis)


def assert_trees(found, expected, rtol=1e-7, atol=1e-9):
    """The same structure, the same shapes, close numbers."""
    if isinstance(expected, dict):
        assert isinstance(found, dict) and list(found) == list(expected)
        for key in expected:
            assert_trees(found[key], expected[key], rtol, atol)
    elif isinstance(expected, (tuple, list)):
        assert type(found) is type(expected) and len(found) == len(expected)
        for a, b in zip(found, expected):
            assert_trees(a, b, rtol, atol)
    else:
        assert np.shape(found) == np.shape(expected)
        np.testing.assert_allclose(found, expected, rtol=rtol, atol=atol)


def assert_apart(results, *others):
    """Results are writable and share memory with nothing: not with each other, not with `others`."""
    arrays = [leaf for leaf in flat(results) if isinstance(leaf, np.ndarray)]
    given = [leaf for leaf in flat(list(others)) if isinstance(leaf, np.ndarray)]
    for place, array in enumerate(arrays):
        assert array.flags.writeable
        assert array.size < 2 or 0 not in array.strides
        for other in [*arrays[:place], *given]:
            assert not np.shares_memory(array, other)
