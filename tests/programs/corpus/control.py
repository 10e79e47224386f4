"""Control flow: loops that are left, skipped and finished, early returns, branches, matches."""

import itertools
import math

import numpy as np

from tests.programs.corpus.arguments import A, P, X, Y
from tests.programs.oracle import program


@program(X, Y, oracle="complex")
def break_in_a_zip(x, y):
    total = 0.0
    for a, b in zip(x, y):
        if b < 0:
            break
        total += a * b * b
    return total


@program(X, oracle="complex")
def continue_skips_an_item(x):
    total = 1.0
    for i, a in enumerate(x):
        if i % 2 == 1:
            continue
        total = total * (1 + a)
    return total


@program(X, 1.5, oracle="differences")
def first_item_over_a_bound(x, bound):
    best = x[0] * bound
    for a in x:
        if a * bound > 1.0:
            best = a**3
            break
    return best * best


@program(X, oracle="differences")
def for_else_without_a_break(x):
    for a in x:
        if a > 5:
            y = a * 2
            break
    else:
        y = np.sum(x * x)
    return y * x[0]


@program(X, oracle="differences")
def for_else_with_a_break(x):
    for i in range(len(x)):
        if x[i] > 1:
            y = x[i] ** 2
            break
    else:
        y = 0.0
    return y + x[0]


@program(X, oracle="differences")
def while_else(x):
    k, s = 0, x[0]
    while k < 3:
        s = s * s + x[k]
        if s > 50:
            break
        k += 1
    else:
        s = s * 2
    return s


@program(2.0, oracle=lambda a: 0.5 / math.sqrt(a))
def newton_root(a):
    x = a
    while True:
        step = (x * x - a) / (2 * x)
        x = x - step
        if abs(step) < 1e-14:
            return x


@program(0.7, 0.3, oracle="differences")
def fixed_point_with_a_cap(a, b):
    x = b
    for _ in range(100):
        new = math.cos(a * x)
        if abs(new - x) < 1e-17:
            break
        x = new
    return x


@program(np.array([0.2, 0.5, 0.9]), oracle="differences")
def return_in_a_loop(x):
    s = 0.0
    for a in x:
        s = s + a
        if s > 0.6:
            return s * s
    return s


@program(A, oracle="differences")
def return_in_nested_loops(m):
    total = 0.0
    for i in range(m.shape[0]):
        for j in range(m.shape[1]):
            total = total + m[i, j]
            if total > 1.5:
                return total * m[i, j]
    return total


@program(A, oracle="differences")
def break_in_the_inner_loop(m):
    total = 0.0
    for row in m:
        for a in row:
            if a < 0:
                break
            total = total + a * a * row[0]
    return total


@program(A, oracle="complex")
def continue_in_the_inner_loop(m):
    total = 1.0
    n = len(m)
    for i in range(n):
        for j in range(n):
            if i == j:
                continue
            total = total * (1 + 0.3 * m[i, j])
    return total


@program(X, oracle="differences")
def early_return_of_a_guard(x):
    if x.ndim != 1:
        return 0.0
    if np.sum(x) < 0:
        return np.sum(x)
    scale = np.max(np.abs(x))
    if scale > 1:
        x = x / scale
    return np.sum(x**3)


@program(X, oracle="complex")
def reversed_recurrence(x):
    carry = 0.0
    for a in reversed(x):
        carry = a * (1 + carry)
    return carry


@program(X, Y, oracle="complex")
def zip_of_unequal_lengths(x, y):
    total = 0.0
    for a, b in zip(x[1:], y):
        total += a * b
    for a, b in zip(x, y[:2]):
        total -= a * a * b
    return total


@program(X, oracle="complex")
def enumerate_from_one(x):
    total = 0.0
    for k, a in enumerate(x, start=1):
        total += a**k / k
    return total


@program(X, oracle="complex")
def pairs_of_neighbours(x):
    return sum((b - a) ** 2 for a, b in itertools.pairwise(x))


@program(P, oracle="complex")
def all_pairs(p):
    total = 0.0
    for i, j in itertools.product(range(3), repeat=2):
        total += p[i] * p[j] ** 2 / (1 + i + j)
    return total


@program(P, oracle="complex")
def running_sums(p):
    total = 0.0
    for s in itertools.accumulate(p):
        total += s * s
    return total


@program(P, oracle="complex")
def combinations_of_items(p):
    return sum(a * b for a, b in itertools.combinations(p, 2))


@program(X, oracle="differences")
def chained_comparison(x):
    total = 0.0
    for a in x:
        if 0 < a <= 0.5:
            total += a * a
        elif -1 < a < 0:
            total -= a
    return total


@program(P, oracle="differences")
def walrus_in_a_while(p):
    k, total = 0, 0.0
    while (a := p[k] * p[0]) < 0.5:
        total = total + a * a
        k += 1
    return total + a


@program(X, oracle="differences")
def walrus_in_an_if(x):
    if (n := np.sum(x * x)) > 1:
        return x / n
    return x * n


@program(X, oracle="complex")
def walrus_in_an_expression(x):
    return (y := np.sin(x)) * y + y[0]


@program(X, "cubic", oracle="complex")
def match_on_a_mode(x, mode):
    match mode:
        case "linear":
            y = x
        case "square" | "cubic":
            y = x**3 if mode == "cubic" else x**2
        case _:
            raise ValueError(mode)
    return np.sum(y)


@program(X, ("scale", 2.5), oracle="complex", argnums=(0,))
def match_on_a_tuple(x, action):
    match action:
        case ("shift", by):
            return np.sum((x + by) ** 2)
        case ("scale", by):
            return np.sum((x * by) ** 2)
        case _:
            return np.sum(x)


@program((0.4, 1.3), oracle="complex")
def match_on_a_length(point):
    match point:
        case [x]:
            return x
        case [x, y]:
            return x * y * y
        case [x, *rest]:
            return x * len(rest)


@program(X, 2, oracle="complex")
def match_with_a_guard(x, order):
    match order:
        case 0:
            return np.sum(x)
        case n if n > 1:
            return np.sum(x**n)
        case _:
            return np.prod(x)


@program(0.3, {"kind": "spring", "k": 2.0}, oracle=lambda x, element: 2.0 * x, argnums=(0,))
def match_on_a_mapping(x, element):
    match {**element, "x": x}:
        case {"kind": "mass", "m": m}:
            return m
        case {"kind": "spring", "k": k, "x": x}:
            return 0.5 * k * x * x
    return 0.0


@program(0.8, oracle="differences")
def collatz_of_floats(x):
    n = 7
    while n != 1:
        if n % 2 == 0:
            n //= 2
            x = np.sin(x) + 0.1
        else:
            n = 3 * n + 1
            x = x * 1.2
    return x


@program(0.3, 0.9, oracle="differences")
def bisection_then_a_step(a, b):
    low, high = 0.0, 2.0
    for _ in range(5):
        middle = (low + high) / 2
        if middle * middle < b:
            low = middle
        else:
            high = middle
    x = (low + high) / 2
    return x - (x * x - b) / (2 * x) + a * x


@program(X, oracle="complex")
def loop_that_never_runs(x):
    y = x * 2
    for a in x[:0]:
        y = y * a
    for _ in range(3, 0):
        y = y + 1
    return np.sum(y * y)


@program(X, oracle="complex")
def negative_step(x):
    y = 0.0
    for i in range(len(x) - 1, -1, -2):
        y = y * x[i] + x[i - 1]
    return y


@program(X, oracle="complex")
def conditional_expression_in_a_loop(x):
    y = x
    for i in range(3):
        y = y * x if i % 2 else np.cos(y)
    return np.sum(y)


@program(X, True, None, oracle="complex")
def flags_and_none(x, normalize, weights):
    w = np.ones_like(x) if weights is None else weights
    y = w * x**2
    if normalize and weights is None:
        y = y / (1 + np.sum(y))
    return np.sum(y * x)


@program(X, oracle="differences")
def and_or_not(x):
    if (x[0] > 0 and x[1] > 0) or not x[2] < 0:
        return np.sum(np.exp(x))
    return np.sum(x)


@program(X, oracle="differences")
def any_and_all(x):
    if any(a > 1 for a in x) and not all(a > 0 for a in x):
        return np.sum(x * x)
    return np.sum(x)


@program(P, oracle="differences")
def loop_with_two_exits(p):
    x, count = p[0], 0
    while True:
        x = x * p[1] + p[2]
        count += 1
        if x > 10:
            x = x / 10
            break
        if count >= 4:
            break
    return x * count


@program(P, oracle="differences")
def break_and_continue_together(p):
    total = 0.0
    for k in range(10):
        if k % 3 == 0:
            continue
        term = p[0] ** k * p[1]
        if term < 1e-2:
            break
        total += term * p[2]
    return total


@program(A, oracle="differences")
def search_with_a_flag(m):
    found = False
    pivot = 0.0
    for i in range(3):
        for j in range(3):
            if not found and m[i, j] < -0.4:
                found, pivot = True, m[i, j] * m[i, i]
        if found:
            break
    return pivot**2


@program(0.5, oracle="differences")
def taylor_until_small(x):
    term, total, k = 1.0, 1.0, 0
    while abs(term) > 1e-20:
        k += 1
        term *= x / k
        total += term
    return total


@program(X, oracle="complex")
def pass_and_del(x):
    y = np.sin(x)
    z = y * x
    del y
    if x.ndim == 2:
        pass
    else:
        z = z + 1
    return np.sum(z)


@program(0.3, oracle="complex")
def sum_in_an_iterator(x):
    total = 0.0
    for k in iter((1, 2, 3)):
        total += x**k
    return total


@program(X, 0.5, oracle="differences")
def the_same_on_both_sides(x, s):
    if s > 0.3:
        return np.sum(x * np.cos(x))
    return np.sum(x * np.cos(x)) * -1.3 + s
