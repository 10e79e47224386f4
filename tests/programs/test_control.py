"""Control flow: jumps, `else` of loops, `match`, `:=`, held against differences, and first order against second."""

import numpy as np
import pytest

import srcad
from tests.fuzz.modes import orders_agree
from tests.programs.support import agree
from tests.programs.test_modes import hold

X = np.array([0.3, 0.8, -0.2, 1.1, 0.9])
INPUTS = [X, X * 0.31, X * 2.6, -X, X[::-1].copy(), np.array([0.4])]


def fixed_point(x):
    a, y = x[0] ** 2 + 1, 1.0
    for _ in range(100):
        new = 0.5 * (y + a / y)
        if abs(new - y) < 1e-9:
            break
        y = new
    return new * x.sum()


def newton(x):
    a, y = x[0] ** 2 + 1, 1.0
    for _ in range(50):
        f = y**3 - a
        if abs(f) < 1e-12:
            break
        y = y - f / (3 * y**2)
    return y * x.sum()


def bisection(x):
    a, lo, hi = x[0] ** 2 + 1, 0.0, 40.0
    while True:
        mid = 0.5 * (lo + hi)
        if hi - lo < 1e-3:
            return mid * a
        if mid**3 > a:
            hi = mid
        else:
            lo = mid


def early_return(x):
    s = 0.0
    for a in x:
        y = np.sin(a) * s + a
        if y > 1.2:
            return y * s
        s += y
    return s * 2


def continues(x):
    s = 0.0
    for a in x:
        if a < 0:
            continue
        s += np.sqrt(a)
    return s


def other_side(x):
    s = 0.0
    for a in x:
        if a > 2:
            s = s * a
            break
        s += a * a
    else:
        s = s * 3
    return s


def return_from_two_loops(x):
    s = 0.0
    for a in x:
        for b in x:
            if b > a:
                break
            if s > 3:
                return s * b * a
            s += a * b
        else:
            s *= 1.1
    return s


def return_of_arrays(x):
    u = x.copy()
    for i in range(len(x)):
        for j in range(len(x)):
            u[j] = u[j] * 0.9 + np.sin(x[i])
            if u[j] > 1.03:
                v = u * 2
                return v.sum() + i
        u = u + 0.1
    return u.sum()


def while_else(x):
    s, i = 0.0, 0
    while i < len(x):
        i += 1
        if x[i - 1] < 0:
            continue
        if x[i - 1] > 1:
            s *= 2
            if s > 3:
                break
            continue
        s += x[i - 1] ** 2
    else:
        s += 1.0
    return s * i


def index_after(x):
    for i in range(len(x)):
        if x[i] < 0:
            break
    return x[i] * i


def assigned_before_the_jump(x):
    y = 0.0
    for a in x:
        z = a * 2
        if z < 0:
            break
        y = y + z * a
    return y + z


def loop_on_one_side(x):
    y = 0.5 * x[0]
    if y > 0:
        for a in x:
            if a > y:
                return a * y
        s = 1.0
    else:
        s = 2.0
    return s * y


def two_exits(x):
    count = 0
    while True:
        x = x - 0.3 * np.sin(x)
        count += 1
        if count > 4:
            return x.sum()
        if np.abs(x).max() < 0.1:
            break
    return (x * x).sum()


def bounds_change(x):
    n, s = len(x), 0.0
    for i in range(n):
        n = n - 1
        if i > 2:
            break
        s += x[i] * n
    return s


def returns_at_once(x):
    for a in x:
        return a * a
    return 0.0 * x.sum()


def never_left(x, tol=None):
    for _ in range(5):
        new = np.cos(x)
        if tol is not None and np.abs(new - x).max() < tol:
            break
        x = new
    return x.sum()


def largest(x):
    best = x[0]
    for i in range(1, len(x)):
        if x[i] <= best:
            continue
        best = x[i]
        if best > 1:
            best = best * best
            break
    return best


def loop_in_else(x):
    for k in range(3):
        for a in x:
            if a > 1:
                break
        else:
            x = x * 1.5
            continue
        break
    return x.sum() * k


def rows_until(x):
    out = np.zeros(len(x))
    for i, a in enumerate(x):
        if a < -0.1:
            break
        out[i] = a * a
    return out


def inner_endless(x):
    s = 0.0
    for i in range(len(x)):
        t, k = x[i], 0
        while True:
            t = t * 0.5
            k += 1
            if abs(t) < 0.19:
                break
            if k > 3:
                return s + t
        s += t * k
    return s


def pairs(x):
    p = (x[0], x[-1])
    for a in x:
        q = (a * 2, p[0])
        if a > 1:
            return q[0] * q[1]
        p = (p[1] * a, p[0])
    return p[0] + p[1]


def of_a_tuple(x):
    s = 0.0
    for a in (x[0], x[-1], 2.0):
        if a < 0:
            continue
        s += a * a
        if s > 2:
            break
    else:
        s = s * 3
    return s * x[0]


def return_of_a_tuple(x):
    for a in (x[0], x[-1], 2.0):
        b = a * x[0]
        if b > 0.5:
            return b * b
    return x.sum()


def no_grad(x):
    with srcad.no_grad():
        for i in range(len(x)):
            if x[i] > 0.7:
                break
    return x[i] * x.sum()


def deep(x):
    s = 0.0
    for a in x:
        if a > 0:
            t = a * s
            if t > 0.5:
                u = t * a
                if u > 1:
                    return u * s
                s = s - u
            else:
                s = s + a
                continue
        s = s * 0.9
    return s


def under_many_tests(x):
    s = 0.0
    for i in range(len(x)):
        if i > 0:
            if x[i] > x[i - 1]:
                if s > 1:
                    break
                s += 1.0
            s *= x[i]
        s += x[i]
    return s


def walrus_while(x):
    while (r := np.sum(x * x)) > 1.0:
        x = x * 0.7
    return r * x[0]


def walrus_if(x):
    s = 0.0
    for a in x:
        if (b := a * a) > 0.5:
            s += b * a
        else:
            s -= b
    return s + (c := s * 2) * c


def walrus_and(x):
    s = 0.0
    for a in x:
        if (b := a * a) > 0.5 and (c := b * 2) > 1.2:
            s += b * c
            if s > 4:
                break
        else:
            s -= b
    return s


def walrus_else(x):
    s = 1.0
    while (t := s * s) < 3:
        s += abs(x[0]) + 0.1
        if s > 1.6:
            break
    else:
        s = s * t
    return s


def match_words(x, mode="c"):
    match mode:
        case "a":
            return np.sum(x)
        case "b" | "c":
            y = np.sin(x)
        case _:
            y = x
    return np.sum(y * y)


def match_shape(x):
    match x.shape:
        case (n,):
            return np.sum(x) / n
        case (n, m):
            return np.sum(x) / n / m
        case _:
            return 0.0 * np.sum(x)


def match_index(x):
    s = 0.0
    for k in range(4):
        match k:
            case 0:
                s += x[0]
            case 1 | 2:
                s += x[-1] * s
            case j if j > 2:
                s *= j * x[0]
                break
    return s


def match_sequence(x):
    pair = (x, 2.0)
    match pair:
        case (a, b) if b > 3:
            return np.sum(a)
        case (a, *rest):
            return np.sum(a * a) * rest[0]


def match_mapping(x):
    d = {"kind": "square", "v": x}
    match d:
        case {"kind": "line", "v": v}:
            return np.sum(v)
        case {"kind": "square", "v": v, **more}:
            return np.sum(v**2) + len(more)


def match_guard(x):
    y = x[0]
    match y:
        case v if v > 0.5:
            z = v * v
        case v:
            z = -v
    return z * x[-1]


def match_tests(x):
    match (x[0] > 0, x[-1] > 0):
        case (True, True):
            return x[0] * x[-1]
        case (True, False):
            return x[0]
        case _:
            return x[-1] ** 2


PROGRAMS = [
    f
    for f in list(globals().values())
    if getattr(f, "__module__", "") == __name__ and f is not hold
]


@pytest.mark.parametrize("function", PROGRAMS, ids=lambda f: f.__name__)
def test_programs(function):
    compared = 0
    for x in INPUTS:
        try:
            function(x)
        except (IndexError, UnboundLocalError):
            continue
        agree(function, x)
        compared += 1
    assert compared > 2


@pytest.mark.parametrize("function", PROGRAMS, ids=lambda f: f.__name__)
def test_orders_agree(function):
    hold(orders_agree, function, [X * 0.9], (0,))


def test_never_run():
    """A loop that never ran: what it alone assigns is not there, as in Python."""

    def f(x, n):
        for i in range(n):
            y = x[i] * 2
            if y > 1:
                return y
        return x.sum()

    x = np.array([0.1, 0.2, 3.0])
    assert srcad.grad(f)(x, 0).tolist() == [1, 1, 1]
    assert srcad.grad(f)(x, 2).tolist() == [1, 1, 1]
    assert srcad.grad(f)(x, 3).tolist() == [0, 0, 2]

    def arrays(x, n):
        for i in range(n):
            y = x * i
            if y.sum() > 1:
                return y @ y
        return x.sum()

    assert srcad.grad(arrays)(x, 0).tolist() == [1, 1, 1]
    assert np.allclose(srcad.grad(arrays)(x, 2), 2 * x)


def test_rows():
    """Jacobians row by row, and maps of them."""

    def f(x):
        out = np.zeros(len(x))
        for i in range(len(x)):
            if x[i] > 2.0:
                break
            if x[i] < 0:
                continue
            out[i] = x[i] * x[0]
        return out

    x = np.array([0.5, -1.0, 1.5, 3.0, 1.0])
    expected = np.zeros((5, 5))
    expected[0, 0], expected[2, 2], expected[2, 0] = 1.0, 0.5, 1.5
    assert np.allclose(srcad.jacrev(f)(x), expected)
    assert np.allclose(srcad.jacfwd(f)(x), expected)


def test_class_patterns():
    class Point:
        __match_args__ = ("a", "b")

        def __init__(self, a, b):
            self.a, self.b = a, b

    def f(x, how):
        match how:
            case int(k):
                return x[k] ** 2
            case str():
                return np.sum(x)
            case Point(a, b=0):
                return x[0] * a
            case Point(a, b):
                return x[0] * a * b
        return x[1]

    x = np.array([2.0, 3.0])
    g = srcad.grad(f)
    assert g(x, 1).tolist() == [0, 6]
    assert g(x, "all").tolist() == [1, 1]
    assert g(x, None).tolist() == [0, 1]
    assert g(x, Point(4.0, 0)).tolist() == [4, 0]
    assert g(x, Point(4.0, 2)).tolist() == [8, 0]


def test_a_value_of_one_side_is_read_inside_another_branch():
    """Its cotangent is that of where it was read, and zero where it was not."""

    def f(x, d):
        flag = x[0] > 0
        if flag:
            y = np.sin(x)
        if d > 0:
            if flag:
                x = x * y
        elif d < -3:
            if flag:
                x = x + y[::-1]
        return x.sum()

    for d in (-4.0, -1.0, 1.0):
        for x in (np.array([1.0, 2.0]), np.array([-1.0, 2.0])):
            agree(f, x, d, argnums=(0,))
            orders_agree(f, [x, d], (0,), np.random.default_rng(7))
    x = np.array([1.0, 2.0])
    assert srcad.grad(f)(x, -1.0).tolist() == [1, 1]


def test_a_name_that_some_iterations_assign():
    def after_break(x):
        for i in range(5):
            x = np.sin(x) + 0.1
            if i == 3:
                break
            y = x * 2
        return (x * y).sum()

    def some(x):
        for a in x:
            if a > 0:
                if a > 1:
                    y = a * x
                elif a > 0.5:
                    y = x + a
        return y.sum()

    for f in (after_break, some):
        agree(f, X)
        agree(f, X * 0.7)
    with pytest.raises(UnboundLocalError, match="variable 'y'"):
        srcad.grad(some)(-X * 0.1)


def scales(a, h):
    k = 0
    while True:
        k += 1
        a *= h
        if k > 2:
            break
    return h


def test_arrays_that_others_see_are_changed_in_place_by_loops():
    def names(x):
        y = x.copy()
        w = y
        for i in range(3):
            y *= x
            y += i
        return (w * y).sum()

    def views(x):
        w = x.copy()[1:]
        v = w[::-1]
        for i in range(3):
            if i > 1:
                continue
            w *= 2 + x[0]
        return (v * x[:-1]).sum()

    def callee(x):
        y = x.copy()
        scales(y, x[0])
        return y.sum()

    for f in (names, views, callee):
        agree(f, X)
        orders_agree(f, [X], (0,), np.random.default_rng(7))


def test_the_first_iteration_may_be_another_one():
    def without_value(x):
        s = 0.0
        for i in range(len(x)):
            if i > 0:
                s += (x[i] - last) ** 2  # noqa: F821
            last = x[i]  # noqa: F841
        return s

    def of_another_kind(x):
        last, s = None, 0.0
        for a in x:
            if last is not None:
                s += (a - last) ** 2
            last = a
        return s

    for f in (without_value, of_another_kind):
        for x in (X, X[:1], X[:2]):
            agree(f, x)
        orders_agree(f, [X], (0,), np.random.default_rng(7))
        assert srcad.grad(f)(X[:0]).shape == (0,)


def test_what_a_return_out_of_an_unrolled_loop_knows():
    def numbers(x):
        for k in (1, 2, 3):
            y = (k, x * k)
            if x[0] * k > 0.5:
                return y[0] * y[1].sum()
        return x[0]

    def dicts(x):
        for a in (x[0], x[1], x[2]):
            y = {"v": a, "w": 2.0}
            if a > 0.5:
                return y["v"] * y["w"]
        return x[0]

    def words(x):
        for k in (1, 2, 3):
            name = "a" if k == 1 else "b"
            if x[0] * k > 0.5:
                return x.sum() if name == "a" else x[0]
        return x[1]

    for f in (numbers, dicts):
        for x in (X, X * 0.5, -X, X + 0.5):
            agree(f, x)
    with pytest.raises(srcad.UnsupportedSyntaxError, match="`name` stands for things of different"):
        srcad.grad(words)(X)
