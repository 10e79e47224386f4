"""Programs that loop over what iterators make, and whose lists grow in loops."""

import functools
import itertools

import numpy as np
import pytest

import srcad
from srcad.errors import UnsupportedSyntaxError
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


def h1(x):
    a, *r, c = [x, x * 2, x * 3, x * 4]
    return np.sum(a * r[0] + r[1] * c)


def h2(x):
    cache = {}
    for k in ("a", "b"):
        cache[k] = [np.sin(x)]
        cache[k].append(cache[k][-1] * x)
    return sum(np.sum(v[-1]) for v in cache.values())


def h3(x):
    xs = [[0.0] * 3 for _ in range(2)]
    for i in range(2):
        for j in range(3):
            xs[i][j] = x[j] * (i + 1)
    return sum(sum(r) for r in xs)


def h4(x):
    n = len(x)
    ys = [0.0] * n
    for i in range(n):
        ys[i] = x[i] ** 2
    return sum(ys)


def h5(x):
    stack = [x]
    total = 0.0
    while stack:
        y = stack.pop()
        if len(y) > 1:
            total = total + np.sum(np.sin(y))
    return total


def h6(x):
    seen = set()
    t = 0.0
    for k in ["a", "b", "a"]:
        if k in seen:
            continue
        seen.add(k)
        t = t + np.sum(x) * len(k)
    return t


def h7(x):
    xs = [v for v in x]
    xs.insert(0, 1.0)
    ys = xs[1:]
    return sum(ys) * xs[-1] + len(xs)


def h8(x):
    data = {"w": x, "h": [x * 2, x]}
    data["h"][0] += 1.0
    out = {k: np.sum(np.array(v)) for k, v in data.items()}
    return out["w"] * out["h"]


def h9(x):
    hist = []
    s = 0.0
    for v in x:
        s = s + v * v
        if s > 1.0:
            break
        hist.append(s)
    return np.sum(np.array(hist)) + s


def h10(x):
    path = [x]
    for k in range(5):
        g = np.cos(path[-1])
        path.append(path[-1] - 0.1 * g)
    return np.sum(path[-1] * path[2])


def h11(x):
    m = [x[i] * x[j] for i in range(len(x)) for j in range(i)]
    return np.sum(np.array(m) ** 2)


def h13(x):
    return np.array([x[0] * v for v in x])


def h14(x):
    xs = [x] * 3
    ys = list(map(lambda v: v * 2, xs))
    z = functools.reduce(lambda p, q: p * q, ys)
    return np.sum(z)


def k1(x):
    ys = [0.0] * 50
    for i in range(50):
        ys[i] = x[i % 3] * i
    return sum(ys)


def k2(x):
    M = [[0.0] * 20 for _ in range(20)]
    for i in range(20):
        for j in range(20):
            M[i][j] = x[0] * i + x[1] * j
    return np.sum(np.array(M) ** 2)


def k3(x):
    d = [[0.0] * (len(x) + 1) for _ in range(len(x) + 1)]
    for i in range(1, len(x) + 1):
        for j in range(1, len(x) + 1):
            d[i][j] = x[i - 1] * x[j - 1] + 0.5 * d[i - 1][j - 1]
    return d[-1][-1]


@pytest.mark.parametrize(
    "function",
    [h1, h2, h3, h4, h5, h6, h7, h8, h9, h10, h11, h13, h14, k1, k2, k3],
    ids=lambda f: f.__name__,
)
def test_containers(function):
    agree(function, R(4))


def m1(x):
    ys, t, i = [0.5, 0.1], 0.2, 0
    while i < len(x):
        t = t + 0.6 * len(ys) * x[i] * ys[-1]
        i += 1
        for j in range(2):
            if j > 0:
                continue
        else:
            ys += [t]
    return t * x[0]


def m2(x):
    ys = zs = [x[0]]
    t = 0.2
    for i in range(len(x)):
        t = t + 0.6 * len(zs) * x[i]
        if x[i] > 0:
            ys += [x[i], t]
        else:
            ys += (x[i],)
    return t * zs[-1] + sum(ys[1:])


def m3(x):
    box = {"a": (x[0],)}
    pair = [[x[0]], [x[1]]]
    t = 0.2
    for i in range(len(x)):
        t = t + 0.6 * (len(box["a"]) + len(pair[0])) * x[i]
        box["a"] = (x[0], t)
        pair = [[t, t], [x[2]]]
    return t * x[0]


@pytest.mark.parametrize("function", [m1, m2, m3], ids=lambda f: f.__name__)
def test_lists_that_are_lengthened_in_place(function):
    agree(function, R(4))


def u1(x):
    last = None
    for k in range(3):
        last = (x[k] ** (k + 1), last)
    return last[0] * last[1][0] ** 2 * last[1][1][0]


def u2(x):
    q, seen = np.zeros(3), (0.5,)
    q += x[:3]
    for a in q:  # which the body writes to
        seen = (*seen, a * seen[-1])
        if a > -10:
            q[1:] *= a
    return seen[-1] + seen[1]


def u3(x):
    q, k, t = np.zeros(3), 0, 0.0
    q += x[:3]
    by_place = [np.sin, np.cos, np.exp]
    for a in q:
        t = t + by_place[k](a)
        k = k + 1
        q[k:] *= a
    return t


@pytest.mark.parametrize("function", [u1, u2, u3], ids=lambda f: f.__name__)
def test_where_each_of_a_known_number_of_iterations_is_another_one(function):
    agree(function, R(4))


def replaced_by_a_longer_one(x):
    ys, t = [0.5, 0.1], 0.2
    for i in range(len(x)):
        t = t + len(ys) * x[i]
        ys = ys + [t]
    return t


def longer_tuple(x):
    ys, t = (0.5, 0.1), 0.2
    for i in range(len(x)):
        t = t + len(ys) * x[i]
        ys += (t,)
    return t


def other_keys(x):
    d, t, i = {"a": 1.0}, 0.2, 0
    while i < len(x):
        t = t + len(d) * x[i]
        d = {"a": t, "b": t}
        i += 1
    return t


@pytest.mark.parametrize("function", [replaced_by_a_longer_one, longer_tuple, other_keys])
def test_containers_of_another_structure_are_not_carried(function):
    with pytest.raises(UnsupportedSyntaxError, match="changes its structure in the loop"):
        srcad.grad(function)(R(4))


def until_there_are_six(x):
    parts = [x[0]]
    while len(parts) < 6:
        parts.append(parts[-1] * x[1])
        if parts[-1] > 10:
            break
    return parts[-1]


def test_a_list_that_ends_its_loop():
    for x in (np.array([1.0, 1.1]), np.array([2.0, 3.0])):
        agree(until_there_are_six, x)


def test_a_list_picked_by_a_value_keeps_its_length():
    def f(x):
        parts, k = [[x[0]]], 0
        for i in range(1, len(x)):
            parts[k].append(x[i])
            k = 0
        return parts[0][-1]

    with pytest.raises(UnsupportedSyntaxError, match="changes its length that is an item"):
        srcad.grad(f)(np.ones(3))
