"""Small programs, one for each construct of Python, their derivatives held against differences.

`agree` checks more than the numbers: arguments unchanged, results fresh, of the arguments' dtype, shape and structure, the
same when called twice. Each program runs at several sizes with one derivative, 0 and 1 included where it can.
"""

import functools
import math
import os

import numpy
import numpy as np
import numpy as onp
import numpy.linalg as la
import pytest
from numpy import exp as e_to_the
from numpy import sin

import srcad
from tests.fuzz.check import examine
from tests.programs.support import R, agree

# programs of one vector; each is tried with n = 3, 4, 1, 2, 0 where it runs

VECTOR = []


def vector(function):
    VECTOR.append(function)
    return function


@vector
def straight_line(x):
    a = np.sin(x)
    b = a * x
    return np.sum(b - 2 * a)


@vector
def reassigned(x):
    x = x * 2
    x = np.cos(x)
    x = x * x
    return np.sum(x)


@vector
def unpacked(x):
    a, b = x * 2, np.sin(x)
    (c, d), [e, f] = (a, b), [a * b, b + 1]
    return np.sum(c * d + e * f)


@vector
def chained_targets(x):
    a = b = x * 3
    a = a + 1
    return np.sum(a * b)


@vector
def swapped(x):
    a, b = np.sin(x), np.cos(x)
    a, b = b, a + b
    a, b = b, a * b
    return np.sum(a - b)


@vector
def rotated_three(x):
    a, b, c = x, x * 2, x * 3
    a, b, c = c, a * b, b
    return np.sum(a * b * c)


@vector
def if_else(x):
    s = np.sum(x)
    if s > 0:
        y = x * s
    else:
        y = x - s
    return np.sum(y * y)


@vector
def if_elif_else(x):
    s = np.sum(np.sin(x))
    if s > 0.5:
        y = x * x
    elif s > 0:
        y = x * 3
    elif s > -0.2:
        y = x
    else:
        y = np.cos(x)
        s = s * 2
    return np.sum(y) * s


@vector
def if_without_else(x):
    s = np.sum(x)
    y = x
    if s > 0.1:
        y = y * s
        s = s + 1
    return np.sum(y) + s


@vector
def nested_ifs(x):
    s = np.sum(x)
    if s > 0:
        if s > 1:
            t = s * s
        else:
            t = s
        t = t + 1
    else:
        t = -s
    return t * s


@vector
def early_returns(x):
    s = np.sum(x)
    if s > 1.5:
        return s
    t = s * s
    if t > 0.5:
        return t * 3
    return t + s


@vector
def early_return_else(x):
    if np.sum(x) > 0:
        y = x * 2
        return np.sum(y * y)
    else:
        y = x
    return np.sum(np.sin(y))


@vector
def if_on_a_size(x):
    if len(x) > 2:
        return np.sum(x[:2] * x[1:3])
    return np.sum(x)


@vector
def for_range(x):
    s = 1.0
    for i in range(len(x)):
        s = s * x[i] + x[i]
    return s


@vector
def for_range_start(x):
    s = 0.5
    for i in range(1, len(x)):
        s = s * x[i] + x[i - 1]
    return s + np.sum(x)


@vector
def for_range_step(x):
    s = 0.5
    for i in range(0, len(x), 2):
        s = np.sin(s * x[i])
    return s + np.sum(x)


@vector
def for_range_down(x):
    s = 0.5
    for i in range(len(x) - 1, -1, -1):
        s = np.sin(s + x[i])
    return s


@vector
def for_reversed_range(x):
    s = 0.5
    for i in reversed(range(len(x))):
        s = np.sin(s + x[i]) * x[i]
    return s


@vector
def for_reversed_range_from_one(x):
    s = 0.5
    for i in reversed(range(1, len(x))):
        s = np.sin(s + x[i]) * x[i - 1]
    return s + np.sum(x)


@vector
def for_constant_range(x):
    for _ in range(3):
        x = np.sin(x) + x
    return np.sum(x)


@vector
def for_zero_iterations(x):
    y = x * 2
    for _ in range(0):
        y = y * y
    return np.sum(y)


@vector
def for_array(x):
    s = 0.0
    for a in x:
        s = s * 0.5 + a * a
    return s


@vector
def for_rows(x):
    A = np.outer(x, x + 1)
    s = np.zeros_like(x)
    for row in A:
        s = np.sin(s + row)
    return np.sum(s)


@vector
def for_list(x):
    s = 0.0
    for c in [0.5, 1.5, 2.0]:
        s = s * c + np.sum(x) * c
    return s


@vector
def for_tuple_of_arrays(x):
    y = np.cos(x)
    s = 1.0
    for v in (x, y, x * y):
        s = s * np.sum(v)
    return s


@vector
def for_zip(x):
    s = 0.0
    for a, b in zip(x, np.cos(x)):
        s = s * a + b
    return s + np.sum(x)


@vector
def for_zip_of_different_lengths(x):
    s = 0.0
    for a, b in zip(x, x[1:]):
        s = s * a + b
    return s + np.sum(x)


@vector
def for_zip_of_three(x):
    s = 0.0
    for a, b, c in zip(x, x[::-1], range(len(x))):
        s = s * a + b * c
    return s + np.sum(x)


@vector
def for_enumerate(x):
    s = 0.0
    for i, a in enumerate(x):
        s = s + a * x[i - 1] * (i + 1)
    return s


@vector
def for_enumerate_zip(x):
    s = 0.0
    for i, (a, b) in enumerate(zip(x, np.sin(x))):
        s = np.cos(s) + a * b * i
    return s + np.sum(x)


@vector
def index_after_the_loop(x):
    s, i = 0.0, 0
    for i in range(3):
        s = s + np.sum(x) * i
    return s * i


@vector
def while_counter(x):
    s, i = 0.5, 0
    while i < len(x):
        s = np.sin(s * x[i])
        i += 1
    return s + np.sum(x)


@vector
def while_on_values(x):
    s = np.sum(x * x) + 1
    count = 0
    while s > 0.3:
        s = s * 0.6 + 0.01 * np.sum(x)
        count = count + 1
        if count > 20:
            s = s * 0
    return s * count + np.sum(x)


@vector
def while_never(x):
    y = x * 2
    while np.sum(y * y) < -1:
        y = y * y
    return np.sum(y)


@vector
def nested_loops(x):
    s = 0.0
    for i in range(len(x)):
        for j in range(i):
            s = s * 0.5 + x[i] * x[j]
    return s + np.sum(x)


@vector
def nested_loops_carrying(x):
    s, t = 1.0, 0.5
    for a in x:
        t = 0.3
        for b in x:
            t = np.sin(t * b + a)
        s = s * t + a
    return s


@vector
def while_in_for(x):
    s = 0.0
    for a in x:
        t, k = a, 0
        while k < 3:
            t = np.sin(t) + a
            k += 1
        s = s + t * t
    return s


@vector
def three_loops(x):
    s = 0.1
    for a in x:
        for b in x:
            for c in (1.0, 2.0):
                s = np.sin(s * c + a * b)
    return s


@vector
def loop_in_branch(x):
    s = np.sum(x)
    if s > 0:
        for a in x:
            s = np.sin(s * a)
    else:
        for i in range(2):
            s = s * s + i
    return s + np.sum(x)


@vector
def branch_in_loop(x):
    s = 0.0
    for i in range(len(x)):
        if x[i] > 0:
            s = s + x[i] * x[i]
        elif i % 2 == 0:
            s = s * x[i]
        else:
            t = np.exp(x[i])
            s = s - t
    return s


@vector
def ternary(x):
    s = np.sum(x)
    y = x * s if s > 0 else x - s
    return np.sum(y * (2.0 if s > 1 else s))


@vector
def ternary_in_loop(x):
    s = 0.3
    for a in x:
        s = s * a if s > 0 else s + a * a
    return s + np.sum(x)


@vector
def boolean_operators(x):
    s = np.sum(x)
    if (s > 0 and s < 1) or not s > -1:
        s = s * s
    if not (s == 0) and (len(x) > 1 or s > 3):
        s = s * 3
    return s


@vector
def short_circuit(x):
    s = np.sum(x)
    if len(x) > 1 and x[1] > 0:
        s = s * x[1]
    return s


@vector
def chained_comparison(x):
    s = np.sum(x)
    if -0.5 < s <= 0.7 != 3:
        s = s * 5
    return s * s


@vector
def boolean_value(x):
    positive = np.sum(x) > 0
    y = x
    if positive:
        y = y * 2
    return np.sum(y * y)


@vector
def augmented(x):
    y = np.sin(x)
    y += x
    y *= x
    y -= 0.5
    y /= 2 + x * x
    y **= 2
    s = np.sum(y)
    s += 1
    s *= s
    return s


@vector
def helper_called(x):
    return np.sum(_double(x)) + _double(np.sum(x))


def _double(u):
    v = u * 2
    return v * u


@vector
def helper_with_other_shapes(x):
    return (
        np.sum(_double(x)) + np.sum(_double(np.outer(x, x))) + _double(0.5) * np.sum(_double(x[1:]))
    )


@vector
def helper_in_loop(x):
    s = x
    for _ in range(3):
        s = _step(s, h=0.1)
    return np.sum(s)


def _step(s, rate=2.0, *, h=1.0):
    k = np.zeros_like(s)
    k[...] = _rate(s, rate)
    k *= h
    return s + k


def _rate(s, rate):
    if rate > 1:
        return np.sin(s) * rate
    return s


@vector
def helper_of_several_results(x):
    a, (b, c) = _several(x, 2.0)
    return np.sum(a * b) + c


def _several(u, w):
    return u * w, (np.sin(u), np.sum(u) * w)


@vector
def helper_with_loop(x):
    return _horner(x, 0.3) * np.sum(x) + _horner(x[::-1], np.sum(x) * 0.1)


def _horner(c, at):
    s = 0.0
    for a in c:
        s = s * at + a
    return s


@vector
def helper_whose_result_is_its_argument(x):
    y = _same(x)
    return np.sum(y * x)


def _same(u):
    return u


@vector
def helper_of_a_constant(x):
    return np.sum(x * _grid(len(x)))


def _grid(n):
    return np.arange(n) * 0.5 + 1


@vector
def helper_with_a_function(x):
    return _apply(_double, x) + _apply(np.sin, x)


def _apply(f, u):
    return np.sum(f(u))


@vector
def inner_lambda(x):
    k = np.sum(x)
    f = lambda u: u * k  # noqa: E731
    return np.sum(f(x)) + f(2.0)


@vector
def inner_lambda_default(x):
    f = lambda u, w=3.0: u * w  # noqa: E731
    return np.sum(f(x)) * f(1.0, w=0.5)


SCALE = 1.5
OFFSETS = np.array([0.5])
OPTIONS = ("fast", 3)
VERBOSE = False


@vector
def globals_of_all_kinds(x):
    y = x * SCALE + OFFSETS
    if VERBOSE:
        y = y * y
    if OPTIONS[0] == "fast":
        y = y * OPTIONS[1]
    return np.sum(y * y)


@vector
def modules_under_other_names(x):
    return (
        onp.sum(sin(x) * e_to_the(0.1 * x))
        + numpy.sum(np.cos(x)) * la.norm(x + 1)
        + math.sqrt(2) * math.pi
    )


@vector
def math_functions(x):
    s = float(np.sum(x)) * 0.3
    return (
        math.sin(s) * math.exp(s)
        + math.sqrt(s * s + 1)
        + math.tanh(s) ** 2
        + math.log(2 + math.cos(s))
        + math.pow(1.5, s)
    )


@vector
def methods(x):
    A = np.outer(x, x + 1)
    y = A.sum(axis=0) * A.T.mean(axis=0) + A.max(axis=1) * x.copy()
    return y.sum() + A.trace() + (A @ x).dot(x) + A.reshape(-1).sum() + A.ravel().var()


@vector
def attributes(x):
    A = np.outer(x, x)
    n, m = A.shape
    return np.sum(A.T) * n + A.size * A.ndim * np.sum(x) / (x.shape[0] + 1) + m


@vector
def indexing(x):
    A = np.outer(x, np.arange(len(x)) + 1.0)
    return (
        np.sum(A[0])
        + np.sum(A[:, -1] * x)
        + A[0, 0]
        + np.sum(A[..., 0])
        + np.sum(x[None, :] * x[:, np.newaxis])
        + x[-1]
    )


@vector
def slices(x):
    return (
        np.sum(x[1:] * x[:-1])
        + np.sum(x[::-1] * x)
        + np.sum(x[1:-1])
        + np.sum(x[::2] ** 2)
        + np.sum(x[-2:])
    )


@vector
def store_element(x):
    u = np.zeros(len(x))
    for i in range(len(x)):
        u[i] = x[i] * x[i - 1]
    return np.sum(np.sin(u))


@vector
def store_element_reading_others(x):
    u = np.zeros_like(x)
    for i in range(1, len(x)):
        u[i] = np.sin(u[i - 1]) + x[i] * u[i]
        u[i - 1] *= x[i]
    return np.sum(u) + np.sum(x)


@vector
def store_slices(x):
    u = x.copy()
    u[1:] += x[:-1] * 2
    u[:-1] -= u[1:] * x[1:]
    u[::2] = u[::2] * 3
    u[1:-1] *= 0.5 * x[1:-1]
    u[:1] /= 2
    return np.sum(u * u)


@vector
def store_overlapping(x):
    u = x * 1.0
    u[1:] = u[:-1]
    u[:-1] = u[1:] * u[:-1]
    return np.sum(u * u)


@vector
def store_scalar(x):
    u = x * x
    u[...] = np.sum(x)
    u[0:1] = 3.0
    return np.sum(u * x)


@vector
def store_in_matrix(x):
    A = np.zeros((len(x), len(x)))
    for i in range(len(x)):
        A[i] = x * x[i]
        A[i, i] += 1
        A[:, i] *= x[i]
    A[0, :] = x
    return np.sum(A @ A @ x)


@vector
def store_through_mask(x):
    u = np.sin(x)
    u[x > 0] = 0.5
    return np.sum(u * x)


@vector
def store_through_view(x):
    u = x * 2
    v = u[1:]
    v += x[1:] * x[1:]
    v[:1] = 4.0
    return np.sum(u * x)


@vector
def store_through_row(x):
    A = np.outer(x, x)
    row = A[0]
    row *= 3
    row[-1] = np.sum(x)
    return np.sum(A * A)


@vector
def store_into_the_argument(x):
    x[0] = x[-1] * 2
    x += np.sin(x)
    return np.sum(x * x)


@vector
def alias_of_the_argument(x):
    y = x
    y *= 2
    return np.sum(x * y)


@vector
def swapped_buffers(x):
    u, v = x.copy(), np.zeros_like(x)
    for _ in range(3):
        v[1:] = u[:-1] * 0.5 + u[1:]
        v[0] = u[0]
        u, v = v, u
    return np.sum(u * x)


@vector
def lists_and_dicts(x):
    parts = [x, x * 2, np.sin(x)]
    named = {"a": parts[0] * parts[1], "b": parts[-1]}
    [first] = [named["a"]] if True else parts
    return np.sum(first) + np.sum(named["a"] * named["b"]) + sum([1.0, 2.0]) + len(parts)


@vector
def stacked_list(x):
    return np.sum(np.stack([x, x * x, np.sin(x)]) * np.array([[1.0], [2.0], [3.0]]))


@vector
def star_call(x):
    pair = (x, 2.0)
    return np.sum(_weighted(*pair)) + np.sum(_weighted(**{"u": x, "w": 0.5}))


def _weighted(u, w):
    return u * u * w


@vector
def annotated(x):
    y: np.ndarray = x * 2
    s: float = np.sum(y)
    return s * s


@vector
def docstring_and_pass(x):
    """Sum of squares."""
    if np.sum(x) > 100:
        pass
    return np.sum(x * x)


@vector
def dead_code(x):
    y = np.sum(np.exp(x))
    z = y * y
    y = z * 2
    w = np.sum(x)
    return w


@vector
def integer_initial_value(x):
    s = 0
    for a in x:
        s = s + a * a
    return s * 1.0


@vector
def integer_that_becomes_an_array(x):
    s = 0
    for _ in range(2):
        s = s + x * x
    return np.sum(s * x)


@vector
def scalar_that_becomes_an_array(x):
    a = np.sum(x)
    for c in (0.5, 2.0):
        a = a * c + x
    return np.sum(a * a)


@vector
def value_set_on_one_path(x):
    s = np.sum(x)
    flag = s > 0
    if flag:
        extra = x * x
    y = x
    for _ in range(2):
        if flag:
            y = y + extra
    return np.sum(y * y)


@vector
def value_of_the_last_iteration(x):
    last = 0.0
    for a in x:
        last = a * a
    return last + np.sum(x)


@vector
def floor_and_modulo(x):
    n = len(x)
    half = n // 2
    return np.sum(x[:half]) * 2 + np.sum(x[n % 2 :] ** 2)


@vector
def builtin_functions(x):
    s = np.sum(x)
    return abs(s) + max(s, 0.3) * min(s, 2.0) + float(s) ** 2 + pow(s, 3) + sum([s, s * s])


@vector
def not_differentiable_parts(x):
    i = int(np.argmax(x))
    order = np.argsort(x)
    return (
        x[i] * 2
        + np.sum(x[order] * np.arange(len(x)))
        + np.sum(np.sign(x) * x)
        + np.floor(np.sum(x))
        + round(2.6)
    )


@vector
def powers(x):
    s = np.sum(x)
    return np.sum(x**2 + x**3 + (x**2 + 1) ** 0.5 + 2.0**x) + (s * s + 1) ** s + s**0 + np.sum(x**1)


@vector
def unused_loop_variable_shadows(x):
    s = np.sum(x)
    for s in (s * 2, s * 3):
        x = x * s
    return np.sum(x) + s


@pytest.mark.parametrize("n", [3, 4, 1, 2, 0])
@pytest.mark.parametrize("function", VECTOR, ids=lambda f: f.__name__)
def test_vector_program(function, n):
    x = np.random.default_rng(n + 5).normal(size=n) * 0.8
    try:
        function(x.copy())
    except IndexError:
        pytest.skip("the program needs more elements")
    except ValueError as error:
        if n == 0 or "zero-size" in str(error):
            pytest.skip("the program needs an element")
        raise
    agree(function, x)


@pytest.mark.parametrize("function", VECTOR, ids=lambda f: f.__name__)
def test_one_derivative_serves_all_sizes(function):
    """The same derivative object at 5, 1, 2 and 5 elements again."""
    derivative = srcad.value_and_grad(function)
    for n in (5, 1, 2, 5):
        x = np.random.default_rng(n).normal(size=n) * 0.8
        try:
            function(x.copy())
        except (IndexError, ValueError):
            continue
        examine(function, [x], (0,), "value_and_grad", derivative=derivative)


@pytest.mark.parametrize(
    "function",
    [f for f in VECTOR if f.__name__ not in {"math_functions"}],
    ids=lambda f: f.__name__,
)
def test_float32_is_kept(function):
    x = np.random.default_rng(8).normal(size=4).astype(np.float32) * np.float32(0.8)
    with np.errstate(all="ignore"):
        if np.asarray(function(x.copy())).dtype != np.float32:
            assert srcad.grad(function)(x).dtype == np.float32
            return
    agree(function, x)


# scalars


def polynomial(s, t=2.0):
    return s * s * t - 3 * s + math.cos(t)


@pytest.mark.parametrize(
    "make", [float, np.float64, np.array, np.float32], ids=["float", "float64", "0-d", "float32"]
)
def test_scalar_arguments(make):
    s, t = make(0.3), make(1.7)
    agree(polynomial, s, t)
    g = srcad.grad(polynomial)(s, t)
    assert isinstance(g, np.ndarray) == isinstance(s, np.ndarray)
    assert np.allclose(g, 2 * 0.3 * 1.7 - 3, rtol=1e-6)


def test_default_and_keyword_arguments():
    assert srcad.grad(polynomial)(0.3) == pytest.approx(2 * 0.3 * 2 - 3)
    assert srcad.grad(polynomial)(0.3, t=5.0) == pytest.approx(2 * 0.3 * 5 - 3)
    assert srcad.grad(polynomial)(t=5.0, s=0.3) == pytest.approx(2 * 0.3 * 5 - 3)
    assert srcad.grad(polynomial, 1)(0.3) == pytest.approx(0.09 - math.sin(2))


def keyword_only(x, *, w, bias=1.0):
    return np.sum(x * w) * bias


def test_keyword_only_arguments():
    x = R(3)
    assert np.allclose(srcad.grad(keyword_only)(x, w=2.0), 2.0)
    assert np.allclose(srcad.grad(keyword_only)(x, w=2.0, bias=3.0), 6.0)


def positional_only(x, /, w):
    return np.sum(x * x) * w


def test_positional_only_arguments():
    agree(positional_only, R(3), 2.0)


def static_arguments(x, kind, axis, flip=False, name=None):
    y = np.sum(x, axis=axis)
    if kind == "square":
        y = y * y
    if flip:
        y = -y
    if name is None:
        y = y * 2
    return np.sum(y)


@pytest.mark.parametrize("axis", [0, 1, None, (0, 1)])
@pytest.mark.parametrize("kind", ["square", "plain"])
@pytest.mark.parametrize("flip", [True, False])
def test_static_arguments(axis, kind, flip):
    agree(static_arguments, R(3, 2), kind, axis, flip, None, argnums=(0,))


def test_static_arguments_of_one_derivative():
    g, x = srcad.grad(static_arguments), R(3, 2)
    for flip in (True, False, True):
        for kind in ("square", "plain"):
            for axis in (0, 1, None):
                y = x.sum(axis=axis, keepdims=True)
                want = np.broadcast_to(2 * (2 * y if kind == "square" else 1), (3, 2)) * (
                    -1 if flip else 1
                )
                assert np.allclose(g(x, kind, axis, flip), want)


def count_times(x, k):
    s = x
    for _ in range(k):
        s = np.sin(s) + x
    return np.sum(s) * k


@pytest.mark.parametrize("k", [0, 1, 3])
def test_integer_argument_as_a_count(k):
    agree(count_times, R(3), k, argnums=(0,))


def two(x, y):
    return np.sum(x * y * y)


@pytest.mark.parametrize("argnums", [0, 1, (0,), (1, 0), (0, 1), -1, (-1, 0)])
def test_argnums(argnums):
    x, y = R(3), R(3) + 1
    want = {0: y * y, 1: 2 * x * y}
    got = srcad.grad(two, argnums)(x, y)
    if isinstance(argnums, int):
        assert isinstance(got, np.ndarray)
        assert np.allclose(got, want[argnums % 2])
    else:
        assert isinstance(got, tuple)
        assert all(np.allclose(g, want[n % 2]) for g, n in zip(got, argnums, strict=True))


# pytrees


def of_tree(p):
    return np.sum(p["w"] @ p["x"][0] + p["b"]) * p["x"][1]


def test_dict_argument():
    agree(of_tree, {"w": R(2, 3), "x": [R(3), 0.7], "b": R(2)})
    g = srcad.grad(of_tree)({"w": R(2, 3), "x": (R(3), 0.7), "b": R(2)})
    assert list(g) == ["w", "x", "b"]
    assert isinstance(g["x"], tuple)


def of_layers(layers, x):
    for W, b in layers:
        x = np.tanh(W @ x + b)
    return np.sum(x * x)


@pytest.mark.parametrize("depth", [1, 2, 3])
def test_list_of_pairs_argument(depth):
    sizes = [3, 4, 2, 5]
    layers = [(R(sizes[k + 1], sizes[k]), R(sizes[k + 1])) for k in range(depth)]
    agree(of_layers, layers, R(3))
    g = srcad.grad(of_layers)(layers, R(3))
    assert isinstance(g, list)
    assert all(isinstance(part, tuple) for part in g)


def by_index(layers, x):
    for k in range(len(layers)):
        x = np.sin(layers[k]["W"] @ x)
    return np.sum(x)


def test_list_indexed_by_the_loop():
    agree(by_index, [{"W": R(3, 3)}, {"W": R(3, 3) * 2}], R(3))


def by_items(p):
    s = 0.0
    for key, value in p.items():
        if key != "skip":
            s = s + np.sum(value * value) * len(key)
    for value in p.values():
        s = s * 1.5 + np.sum(value)
    return s


def test_items_of_a_dict():
    agree(by_items, {"a": R(3), "skip": R(2), "long": R(2, 2)})


def tree_output(x, s):
    return {"a": x * s, "b": (np.sum(x), [x[::-1], s * s])}


def test_tree_output():
    agree(tree_output, R(3), 0.4)
    y, pullback = srcad.vjp(tree_output, R(3), 0.4)
    assert list(y) == ["a", "b"]
    assert isinstance(y["b"], tuple)
    assert isinstance(y["b"][1], list)
    with pytest.raises(srcad.ArgumentError):
        pullback({"a": R(3)})


def same_output_twice(x):
    y = np.sin(x)
    return y, y, x


def test_one_value_in_two_outputs():
    agree(same_output_twice, R(3))


def constant_output(x):
    return x * 2, 3.0, np.arange(3.0)


def test_output_that_does_not_depend():
    agree(constant_output, R(3))


def untouched(x, y):
    return np.sum(x * x)


def test_argument_that_is_not_used():
    gx, gy = srcad.grad(untouched, (0, 1))(R(3), R(2, 2))
    assert np.array_equal(gy, np.zeros((2, 2)))
    assert gx.flags.writeable
    assert gy.flags.writeable
    agree(untouched, R(3), 0.5)


def constant(x):
    return 3.0


def test_constant_function():
    assert np.array_equal(srcad.grad(constant)(R(3)), np.zeros(3))
    assert srcad.grad(constant)(0.5) == 0


def identity(x):
    return x


def test_identity():
    agree(identity, R(3))
    agree(identity, R(2, 3))
    agree(identity, 0.3)
    x = R(3)
    y, pullback = srcad.vjp(identity, x)
    seed = np.ones(3)
    (x_bar,) = pullback(seed)
    assert not np.shares_memory(x_bar, seed)
    assert not np.shares_memory(x, y)


def with_aux(x):
    y = np.sin(x)
    return np.sum(y * x), {"y": y, "n": len(x)}


def test_has_aux():
    x = R(3)
    gradient, aux = srcad.grad(with_aux, has_aux=True)(x)
    assert np.allclose(gradient, np.sin(x) + x * np.cos(x))
    assert np.allclose(aux["y"], np.sin(x))
    assert aux["n"] == 3
    (value, aux), again = srcad.value_and_grad(with_aux, has_aux=True)(x)
    assert value == pytest.approx(np.sum(np.sin(x) * x))
    assert np.array_equal(again, gradient)
    value, pullback, aux = srcad.vjp(with_aux, x, has_aux=True)
    assert np.allclose(pullback(1.0)[0], gradient)
    aux["y"][...] = 0
    assert np.allclose(pullback(1.0)[0], gradient)


# closures, lambdas, methods, decorators, rebinding


def make_scaled(k, table):
    def scaled(x):
        return np.sum(x * k) * table[0]

    return scaled


def test_closure():
    table = np.array([2.0, 3.0])
    f = make_scaled(1.5, table)
    g = srcad.grad(f)
    assert np.allclose(g(np.ones(3)), 3.0)
    table[0] = 5.0
    assert np.allclose(g(np.ones(3)), 7.5)
    assert np.allclose(srcad.grad(make_scaled(2, (4.0,)))(np.ones(3)), 8.0)


def test_closure_that_is_assigned_later():
    k = 1.0

    def f(x):
        return np.sum(x) * k

    g = srcad.grad(f)
    assert np.allclose(g(np.ones(2)), 1.0)
    k = 3.0
    assert np.allclose(g(np.ones(2)), 3.0)
    k = np.array([1.0, 2.0])
    assert np.allclose(srcad.grad(lambda x: np.sum(x * k))(np.ones(2)), k)


def test_lambda():
    g = srcad.grad(lambda x: np.sum(x * x * 3))
    assert np.allclose(g(np.ones(2)), 6)


def test_two_lambdas_on_a_line():
    f, g = srcad.grad(lambda x: np.sum(x * 2)), srcad.grad(lambda x: np.sum(x * 5))
    assert np.allclose(f(np.ones(2)), 2)
    assert np.allclose(g(np.ones(2)), 5)


def test_lambda_with_defaults():
    assert np.allclose(srcad.grad(lambda x, k=4.0: np.sum(x) * k)(np.ones(2)), 4)


class Model:
    power = 2.0

    def loss(self, x):
        return np.sum(x * x)

    @staticmethod
    def static(x):
        return np.sum(x**3)

    @classmethod
    def of_class(cls, x):
        return np.sum(x * 5)


def test_methods():
    x = R(3)
    assert np.allclose(srcad.grad(Model().loss)(x), 2 * x)
    assert np.allclose(srcad.grad(Model.static)(x), 3 * x**2)
    assert np.allclose(srcad.grad(Model.of_class)(x), 5)


def logged(function):
    @functools.wraps(function)
    def wrapper(*args):
        return function(*args)

    return wrapper


class Decorated:
    @srcad.grad
    def slope(self, x):
        return np.sum(x * x)


@srcad.grad
def bare_decorator(x):
    return np.sum(x * x)


@srcad.value_and_grad(argnums=1)
def decorator_with_options(x, y):
    return np.sum(x * y * y)


@srcad.differentiable
def both(x):
    return np.sum(x * x)


def test_decorators():
    x = R(3)
    assert np.allclose(bare_decorator(x), 2 * x)
    assert bare_decorator.__name__
    value, g = decorator_with_options(x, x)
    assert value == pytest.approx(np.sum(x**3))
    assert np.allclose(g, 2 * x * x)
    assert both(x) == np.sum(x * x)
    assert np.allclose(both.grad(x), 2 * x)
    assert np.allclose(both.vjp(x)[1](1.0)[0], 2 * x)


GLOBAL = np.array([1.0, 2.0, 3.0])
FACTOR = 2.0


def reads_globals(x):
    return np.sum(x * GLOBAL) * FACTOR


def test_a_global_array_that_changes(monkeypatch):
    g, x = srcad.grad(reads_globals), np.ones(3)
    assert np.allclose(g(x), [2, 4, 6])
    monkeypatch.setitem(globals(), "FACTOR", 3.0)
    assert np.allclose(g(x), [3, 6, 9])
    monkeypatch.setitem(globals(), "GLOBAL", np.ones((2, 3)))
    assert np.allclose(g(x), [6, 6, 6])
    monkeypatch.setitem(globals(), "GLOBAL", np.ones((3, 1)))
    assert np.allclose(g(x), [9, 9, 9])
    monkeypatch.setitem(globals(), "GLOBAL", 2)
    assert np.allclose(g(x), [6, 6, 6])
    monkeypatch.setitem(globals(), "FACTOR", 1)
    assert np.allclose(g(x), [2, 2, 2])
    monkeypatch.setitem(globals(), "GLOBAL", np.array([1, 2, 3]))
    assert np.allclose(g(x), [1, 2, 3])


SWITCH = False
MODE = "a"


def reads_flags(x):
    y = x * 2 if SWITCH else x
    if MODE == "a":
        return np.sum(y)
    return np.sum(y * y)


def test_flags_that_change(monkeypatch):
    g, x = srcad.grad(reads_flags), np.full(2, 3.0)
    assert np.allclose(g(x), 1)
    monkeypatch.setitem(globals(), "SWITCH", True)
    assert np.allclose(g(x), 2)
    monkeypatch.setitem(globals(), "MODE", "b")
    assert np.allclose(g(x), 24)
    monkeypatch.setitem(globals(), "SWITCH", False)
    assert np.allclose(g(x), 6)


def helper(u):
    return u * 2


def calls_helper(x):
    return np.sum(helper(x))


def test_a_helper_that_is_rebound(monkeypatch):
    g = srcad.grad(calls_helper)
    assert np.allclose(g(np.ones(2)), 2)
    monkeypatch.setitem(globals(), "helper", lambda u: u * 5)
    assert np.allclose(g(np.ones(2)), 5)
    monkeypatch.setitem(globals(), "helper", np.sin)
    assert np.allclose(g(np.ones(2)), np.cos(1))


def outer_helper(u):
    return helper(u) * 3


def calls_outer_helper(x):
    return np.sum(outer_helper(x)) + np.sum(helper(x))


def test_a_helper_of_a_helper_that_is_rebound(monkeypatch):
    g = srcad.grad(calls_outer_helper)
    assert np.allclose(g(np.ones(2)), 8)
    monkeypatch.setitem(globals(), "helper", lambda u: u * u)
    assert np.allclose(g(np.ones(2)), 8)
    assert np.allclose(g(np.full(2, 3.0)), 24)


def test_a_module_attribute_that_is_rebound(monkeypatch):
    settings = type(os)("settings")
    settings.gain = 2.0
    settings.table = np.array([1.0, 2.0])
    monkeypatch.setitem(globals(), "settings", settings)
    g = srcad.grad(reads_module)
    assert np.allclose(g(np.ones(2)), [2, 4])
    settings.gain = 3.0
    assert np.allclose(g(np.ones(2)), [3, 6])
    settings.table = np.ones((2, 1))
    assert np.allclose(g(np.ones(2)), [6, 6])


def reads_module(x):
    return np.sum(x * settings.table) * settings.gain  # noqa: F821


def test_a_rebound_numpy_name(monkeypatch):
    g = srcad.grad(uses_imported_sin)
    assert np.allclose(g(np.zeros(2)), 1)
    monkeypatch.setitem(globals(), "sin", np.exp)
    assert np.allclose(g(np.zeros(2)), 1)
    assert np.allclose(g(np.ones(2)), np.e)


def uses_imported_sin(x):
    return np.sum(sin(x))


# stop_gradient and no_grad


def stopped(x):
    y = srcad.stop_gradient(np.sin(x))
    return np.sum(y * x)


def test_stop_gradient():
    x = R(3)
    assert np.allclose(srcad.grad(stopped)(x), np.sin(x))


def without_gradient(x):
    with srcad.no_grad():
        scale = np.max(x) * 2
        alias = x
    return np.sum(alias * scale)


def test_no_grad():
    x = R(3)
    assert np.allclose(srcad.grad(without_gradient)(x), 2 * np.max(x))
    with srcad.no_grad():
        assert np.allclose(srcad.grad(without_gradient)(x), 2 * np.max(x))


def store_without_gradient(x):
    u = x * 1.0
    with srcad.no_grad():
        u[0] = x[0] * 3
        u += 1
    return np.sum(u * x)


def test_stores_in_no_grad():
    x = np.array([1.0, 2.0])
    u = np.array([4.0, 3.0])
    g = srcad.grad(store_without_gradient)(x)
    assert np.allclose(g, u) or np.allclose(
        g, u + [0, x[1]]
    )  # torch: the whole of `u += 1` is a constant, or x[1] is not


def loop_without_gradient(x):
    with srcad.no_grad():
        s = 0.0
        for a in x:
            s = s + a * a
        if s > 1:
            s = s * 2
        t = _double(x)
    return np.sum(x * s) + np.sum(t)


def test_loops_branches_and_calls_in_no_grad():
    x = np.array([1.0, 2.0])
    assert np.allclose(srcad.grad(loop_without_gradient)(x), 10.0)


# matrices


def matrix_program(A, b):
    x = np.linalg.solve(A.T @ A + np.eye(A.shape[1]), A.T @ b)
    r = A @ x - b
    for i in range(A.shape[0]):
        A = A * (1 + 0.1 * r[i])
    return r @ r + np.sum(A)


@pytest.mark.parametrize("shape", [(3, 2), (2, 2), (1, 2), (2, 1), (1, 1)])
def test_matrix_program(shape):
    agree(matrix_program, R(*shape), R(shape[0]))


def broadcasts(x, y):
    return np.sum(x[1:] * y) + np.sum(x * 2)


@pytest.mark.parametrize(
    "order", [[(6, 5), (2, 5)], [(2, 5), (6, 5)], [(2, 1), (6, 5), (6, 1)], [(1, 1), (2, 1)]]
)
def test_a_slice_that_may_have_one_element(order):
    derivative = srcad.grad(broadcasts, (0, 1))
    for n, m in order:
        x, y = R(n), R(m)
        assert examine(broadcasts, [x, y], (0, 1), "grad", derivative=derivative), (n, m)


@pytest.mark.parametrize(
    "shapes",
    [
        ((3, 1), (1, 4)),
        ((3, 4), (4,)),
        ((3, 4), (1,)),
        ((1, 1), (3, 4)),
        ((3, 1), (4,)),
        ((2, 3, 4), (3, 1)),
        ((), (3,)),
        ((0, 3), (1, 3)),
        ((0,), (1,)),
    ],
)
@pytest.mark.parametrize(
    "op",
    [np.add, np.multiply, np.subtract, np.divide, np.maximum, np.hypot, np.arctan2, np.logaddexp],
)
def test_broadcasting(shapes, op):
    def f(a, b):
        return op(a, b + 3)

    agree(f, R(*shapes[0]), R(*shapes[1]), modes=("vjp",))


def test_python_float_beside_arrays():
    agree(lambda x, s: np.sum(x * s) + s, R(3), 0.5)
    agree(lambda x, s: np.sum(x**s), np.abs(R(3)) + 1, 1.5)


def test_readonly_argument():
    x = R(3)
    x.flags.writeable = False
    agree(lambda x: np.sum(np.sin(x)), x)


def test_strided_and_fortran_arguments():
    agree(lambda A: np.sum(A @ A.T), np.asfortranarray(R(3, 2)))
    agree(lambda x: np.sum(x[1:] * x[:-1]), R(8)[::2])
    agree(lambda x: np.sum(x[1:] * x[:-1]), R(8)[::-1])
