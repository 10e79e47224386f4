"""Functions: nested, handed on, partial, recursive, with every kind of parameter."""

import functools
import itertools
import math
import operator

import numpy as np

from tests.programs.corpus.arguments import A, P, X, Y
from tests.programs.oracle import program


@program(X, 0.7, oracle="complex")
def closure_in_a_comprehension(x, k):
    def term(a):
        return np.sin(k * a)

    return sum([term(a) * a for a in x])


@program(X, 0.7, oracle="complex")
def lambda_over_an_active_value(x, k):
    f = lambda t: k * t * t  # noqa: E731
    return f(x[0]) * f(k) + np.sum(f(x))


@program(0.4, 1.3, oracle="complex")
def function_as_an_argument(a, b):
    def integrand(t):
        return a * np.exp(-b * t)

    def trapezoid(f, low, high, n):
        h = (high - low) / n
        total = 0.5 * (f(low) + f(high))
        for k in range(1, n):
            total += f(low + k * h)
        return total * h

    return trapezoid(integrand, 0.0, b, 5)


def newton(f, slope, x, steps=4):
    for _ in range(steps):
        x = x - f(x) / slope(x)
    return x


@program(0.6, oracle="complex")
def solve_with_functions(c):
    return newton(lambda x: x**3 - c, lambda x: 3 * x * x, 1.0)


@program(0.6, 1.7, oracle="complex")
def steps_by_keyword(c, start):
    return newton(f=lambda x: x * x - c, x=start, slope=lambda x: 2 * x, steps=2)


def rk4(f, y, t, h):
    k1 = f(t, y)
    k2 = f(t + h / 2, y + h / 2 * k1)
    k3 = f(t + h / 2, y + h / 2 * k2)
    k4 = f(t + h, y + h * k3)
    return y + h / 6 * (k1 + 2 * k2 + 2 * k3 + k4)


@program(P, 0.3, oracle="complex")
def runge_kutta_with_a_closure(y, omega):
    def right(t, state):
        return omega * state[::-1] * np.cos(t) - state**2

    for k in range(3):
        y = rk4(right, y, 0.1 * k, 0.1)
    return y


def affine(x, /, scale, *, shift=0.5):
    return scale * x + shift


@program(X, 0.3, oracle="complex")
def positional_only_and_keyword_only(x, s):
    return np.sum(affine(x, s) * affine(x, scale=2.0, shift=s))


def weighted(*terms, weight=1.0, **others):
    total = sum(terms)
    return weight * total + others.get("bias", 0.0)


@program(P, 0.3, oracle="complex")
def star_arguments(p, w):
    return weighted(p[0], p[1] * w, weight=p[2]) + weighted(*p, bias=w)


def outer_options(x, **options):
    return inner_options(x, **options)


def inner_options(x, power=2, scale=1.0):
    return scale * x**power


@program(X, 1.4, oracle="complex")
def keywords_handed_through(x, s):
    return np.sum(outer_options(x, power=3, scale=s))


@program(X, Y, oracle="complex")
def collected_and_spread(x, y):
    def both(*parts):
        return dot(*parts)

    def dot(a, b):
        return a @ b

    return both(x, y) * both(*[y, x * x])


@program(X, 0.8, oracle="complex")
def partial_of_a_function(x, k):
    scaled = functools.partial(affine, scale=k, shift=0.1)
    return np.sum(scaled(x) ** 2)


@program(P, 0.8, oracle="complex")
def partial_with_positionals(p, k):
    blend = functools.partial(lambda a, b, c: a * b + c, k)
    return np.sum(blend(p, p[0]) * blend(p, c=1.0))


@program([X, Y, X * Y], oracle="complex")
def reduce_over_arrays(parts):
    return np.sum(functools.reduce(lambda a, b: a * b + a, parts))


@program(P, oracle="complex")
def reduce_with_a_start(p):
    return functools.reduce(operator.mul, p, p[0])


@program(P, oracle="complex")
def mapped(p):
    return sum(map(lambda a: a**3, p))


@program(P, P * 2, oracle="complex")
def mapped_over_two(p, q):
    return sum(map(operator.mul, p, q)) * max(1, len(list(map(np.sin, p))))


@program(0.9, oracle="complex")
def recursion_on_a_number(x):
    def power(base, n):
        if n == 0:
            return 1.0
        half = power(base, n // 2)
        return half * half * (base if n % 2 else 1.0)

    return power(x, 11)


def tree_sum(tree, scale):
    if isinstance(tree, tuple):
        return sum(tree_sum(branch, scale * 0.5) for branch in tree)
    return scale * tree * tree


@program(((0.3, (1.2, -0.4)), 0.9), 2.0, oracle="complex")
def recursion_on_a_tree(tree, scale):
    return tree_sum(tree, scale)


def even_part(x, n):
    return x if n == 0 else np.cos(odd_part(x, n - 1))


def odd_part(x, n):
    return x if n == 0 else np.sin(even_part(x, n - 1))


@program(0.8, oracle="complex")
def mutual_recursion(x):
    return even_part(x, 5)


def horner(x, coefficients):
    if len(coefficients) == 1:
        return coefficients[0]
    return coefficients[0] + x * horner(x, coefficients[1:])


@program(0.6, [0.3, -0.2, 1.1, 0.7], oracle="complex")
def recursion_on_a_list(x, coefficients):
    return horner(x, coefficients)


def logged(function):
    @functools.wraps(function)
    def wrapper(*args, **kwargs):
        return 2.0 * function(*args, **kwargs)

    return wrapper


@logged
def decorated_helper(x, k=1.0):
    return np.sum(np.exp(-k * x))


@program(P, 0.4, oracle="complex")
def calls_a_wrapped_function(p, k):
    return decorated_helper(p, k=k) + decorated_helper(p)


@program(P, oracle="complex")
def function_that_makes_a_function(p):
    def power_of(n):
        def raised(t):
            return t**n * p[0]

        return raised

    square, cube = power_of(2), power_of(3)
    return square(p[1]) + cube(p[2])


@program(P, oracle="complex")
def list_of_functions(p):
    total = 0.0
    for f in [np.sin, np.cos, lambda t: t * t]:
        total = total + np.sum(f(p))
    return total


@program(P, "tanh", oracle="complex")
def dict_of_functions(p, name):
    table = {"tanh": np.tanh, "exp": np.exp, "id": lambda t: t}
    return np.sum(table[name](p) * p)


@program(P, oracle="complex")
def composed(p):
    def compose(*functions):
        return lambda t: functools.reduce(lambda value, f: f(value), functions, t)

    return np.sum(compose(np.sin, np.exp, lambda t: t + p[0])(p))


@program(P, oracle="differences")
def sorted_by_a_static_key(p):
    order = sorted(range(3), key=lambda k: -k)
    total = 0.0
    for weight, k in enumerate(order, 1):
        total += weight * p[k]
    return total**2


@program(P, oracle="differences")
def largest_and_smallest(p):
    return max(p) * min(p[0], p[1], 3.0) + max(p[0] ** 2, 0.1) + abs(p[1] - 2)


@program(0.37, 2, oracle="differences")
def conversions(x, n):
    y = float(x) * n + round(2.4) + int(3.7)
    return abs(-y) * x + len("abc")


@program(P, oracle="complex")
def default_that_is_an_array(p):
    def f(t, weights=np.array([1.0, 2.0, 3.0])):  # noqa: B008
        return np.sum(weights * t**2)

    return f(p) * f(p, weights=p)


@program(P, oracle="complex")
def closure_over_a_name_that_is_rebound(p):
    scale = p[0]

    def scaled(t):
        return scale * t

    first = scaled(p[1])
    scale = p[2] ** 2
    return first + scaled(p[1])


@program(P, oracle="complex")
def function_that_returns_several(p):
    def split(t):
        s = np.sum(t)
        return s, t / s, {"first": t[0]}

    total, parts, extra = split(p)
    return total * parts[1] + extra["first"] ** 2


@program(P, oracle="complex")
def accumulated_with_a_function(p):
    return sum(itertools.accumulate(p, lambda carry, a: 0.5 * carry + a * a))


@program(A, P, oracle="complex")
def helper_called_in_a_loop(a, v):
    def step(u):
        return np.tanh(a @ u)

    for _ in range(3):
        v = step(v)
    return v


def optional(x, weight=None, *, mode="sum"):
    y = x if weight is None else x * weight
    return np.sum(y) if mode == "sum" else np.mean(y)


@program(X, Y, oracle="complex")
def optional_arguments(x, w):
    return optional(x * x) * optional(x, w, mode="mean") + optional(w * w, weight=x)


@program(0.3, 0.5, oracle="complex")
def nested_two_deep(a, b):
    def outer(t):
        def inner(s):
            return a * s + t

        return inner(t) * inner(b)

    return outer(b) + outer(a * b)


@program(P, oracle="complex")
def conditional_function(p):
    f = np.sin if len(p) > 2 else np.cos
    g = (lambda t: t * t) if p.ndim == 1 else (lambda t: t)
    return np.sum(f(p) * g(p))


def ackermann_like(m, n, x):
    if m == 0:
        return x + n
    if n == 0:
        return ackermann_like(m - 1, 1, x * 1.1)
    return ackermann_like(m - 1, n - 1, x) * x


@program(0.7, oracle="complex")
def recursion_with_several_returns(x):
    return ackermann_like(3, 2, x)


@program(P, oracle="complex")
def fibonacci_of_values(p):
    def fib(n):
        return p[n] if n < 2 else fib(n - 1) * p[2] + fib(n - 2)

    return fib(6)


@program(X, oracle=lambda x: [math.prod(x) / x])
def product_of_items(x):
    return math.prod(x)


@program(X, Y, oracle="complex")
def starmapped(x, y):
    return sum(itertools.starmap(lambda a, b: a * b * b, zip(x, y)))  # noqa: RUF058


@program(X, oracle="differences")
def filtered(x):
    return sum(a * a for a in filter(lambda a: a > 0, x))
