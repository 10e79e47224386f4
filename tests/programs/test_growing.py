"""Programs that loop over what iterators make, and whose lists grow in loops."""

import itertools

import numpy as np
import pytest

from tests.programs.support import R, agree


def b1(x):
    t = 0.0
    for i, (a, b) in enumerate(zip(x, reversed(x)), start=2):
        t = t + i * a * b
    return t


def b2(x):
    t = 0.0
    for a, b in itertools.pairwise(x):
        t = t + a * np.sin(b)
    return t


def b3(x):
    t = 0.0
    for w, a in zip([0.5, 0.3], x):
        t = t + w * a**2
    return t


def b4(x):
    t = 0.0
    for a, b in itertools.product(x, x):
        t = t + a * b * b
    return t


def b5(x):
    t = 0.0
    for i, j in itertools.product(range(2), range(2)):
        t = t + x[i] * x[j] ** 2
    pairs = zip(range(3), [x, x * 2, x * 3])
    for k, v in pairs:
        t = t + k * np.sum(v)
    return t


def b6(x):
    t = 0.0
    for s in itertools.accumulate(x):
        t = t + s**2
    for s in itertools.accumulate([x[0], x[1], x[2]], lambda a, b: a * b):
        t = t + s**2
    return t


def b7(x):
    t = 0.0
    for k, v in reversed(list(enumerate([x, x * x]))):
        t = t + (k + 1) * np.sum(np.cos(v))
    for i in range(len(x) - 1, -1, -2):
        t = t + x[i] * i
    return t


def b8(x):
    t = 0.0
    for v in map(np.sin, x):
        t = t + v * v
    d = dict(a=x, b=x * 2)
    for k, v in d.items():
        t = t + np.sum(v)
    for v in d.values():
        t = t + np.sum(v * v)
    for i, v in enumerate(reversed(x)):
        t = t + i * v**3
    return t


def g1(x):
    ys = []
    for v in x:
        ys.append(np.sin(v))
    return np.sum(np.array(ys) ** 2)


def g2(y, n):
    ys = [y]
    for i in range(n):
        ys.append(ys[-1] + 0.1 * np.sin(ys[-1]))
    return np.sum(np.array(ys) ** 2)


def g3(x):
    t = 0.0
    h = 0.5
    ts = [t]
    xs = [x]
    while t < 2.0:
        x = x - h * np.sin(x)
        t = t + h
        ts.append(t)
        xs.append(x)
    xs = np.array(xs)
    ts = np.array(ts)
    return np.sum(ts[:, None] * xs)


def g4(x):
    big = [v * v for v in x if v > 0]
    return np.sum(np.array(big)) + sum(v**3 for v in x)


def g5(x):
    K = np.array([[np.exp(-((a - b) ** 2)) for b in x] for a in x])
    return np.sum(K @ x)


def g6(x):
    pts = []
    for i in range(len(x)):
        pts.append((x[i], x[i] ** 2))
    s = 0.0
    for a, b in pts:
        s = s + a * b
    return s + pts[-1][0] * len(pts)


def g7(x):
    out = []
    for i in range(1, len(x)):
        for j in range(i):
            out.append(x[i] * x[j])
    return np.sum(np.array(out)) + out[0]


def g8(x):
    acc = [0.0]
    for v in x:
        acc.append(acc[-1] + v * v)
    return acc[-1] * acc[1] + np.stack(acc).sum()


def g9(x):
    rows = []
    for i in range(len(x)):
        rows.append(x * x[i])
    return np.sum(np.vstack(rows) @ x) + np.sum(np.concatenate(rows))


def g10(x):
    return max([v * v for v in x]) + np.mean([np.cos(v) for v in x]) + sum([v for v in x])


def g11(x):
    st = []
    for v in x:
        if v > 0:
            st.append(v)
        elif len(st) > 0:
            st[-1] = st[-1] * v
    return sum(st)


@pytest.mark.parametrize("function", [b1, b2, b3, b4, b5, b6, b7, b8], ids=lambda f: f.__name__)
def test_iterators(function):
    agree(function, R(3))


@pytest.mark.parametrize("size", [3, 5])
@pytest.mark.parametrize(
    "function", [g1, g3, g4, g5, g6, g7, g8, g9, g10, g11], ids=lambda f: f.__name__
)
def test_lists(function, size):
    agree(function, R(size))


@pytest.mark.parametrize("steps", [0, 1, 4])
def test_a_trajectory(steps):
    agree(g2, R(3), steps, argnums=(0,))
