"""Contexts, exceptions, assertions."""

import contextlib
import math

import numpy as np

from tests.programs.corpus.arguments import P, S, X
from tests.programs.oracle import program


def factor(m):
    try:
        return np.linalg.cholesky(m)
    except np.linalg.LinAlgError:
        return np.linalg.cholesky(m + 3.0 * np.eye(len(m)))


@program(S, oracle="differences")
def cholesky_that_works(m):
    return np.sum(factor(0.5 * (m + m.T)) ** 3)


@program(S - 2.5 * np.eye(3), oracle="differences")
def cholesky_that_fails(m):
    m = 0.5 * (m + m.T)
    jitter = 0.0
    try:
        low = np.linalg.cholesky(m)
    except np.linalg.LinAlgError:
        jitter = 3.0
        low = np.linalg.cholesky(m + jitter * np.eye(3))
    return np.sum(low**2) + low[2, 0]


def solved(m, b):
    try:
        x = np.linalg.solve(m, b)
    except np.linalg.LinAlgError:
        x = np.linalg.solve(m + 2.0 * np.eye(len(m)), b)
    return x


@program(S, P, oracle="differences")
def solve_that_works(m, b):
    return np.sum(solved(m, b) ** 2)


@program(P, oracle=lambda p: 0.75 * p**2)
def solve_that_fails(p):
    y = solved(np.zeros((3, 3)), p)
    return np.sum(y * y * p)


@program(X, oracle="complex")
def try_of_what_never_fails(x):
    try:
        y = np.sin(x)
    except ValueError:
        y = x
    else:
        y = y * 2
    finally:
        z = x + 1
    return np.sum(y * z)


@program(-0.5, oracle=lambda x: 6 * x)
def math_domain_error(x):
    try:
        y = math.sqrt(x)
    except ValueError:
        y = x * x
    return y * 3


@program(0.5, oracle="complex")
def raise_and_catch(x):
    try:
        y = x * x
        if len("abc") == 3:
            raise RuntimeError("stop")
        y = y * 100
    except RuntimeError as error:
        y = y + x if str(error) == "stop" else 0.0
    return y


@program(P, oracle="differences")
def key_error_is_a_default(p):
    table = {"a": p[0]}
    try:
        y = table["b"]
    except KeyError:
        y = p[1]
    return y * table["a"]


@program(0.5, 0.2, oracle=lambda x, y: [y, x])
def zero_division(x, y):
    try:
        z = x / (y - 0.2)
    except ZeroDivisionError:
        z = x * y
    return z


@program(X, oracle="complex")
def with_errstate(x):
    with np.errstate(divide="ignore", invalid="ignore"):
        y = x / (x + 2)
        z = np.where(np.arange(4) > 1, y, x)
    return z * y


@contextlib.contextmanager
def quiet(level):
    kept = np.seterr(all=level)
    try:
        yield level
    finally:
        np.seterr(**kept)


@program(X, oracle="complex")
def user_context_manager(x):
    with quiet("ignore") as level:
        y = np.exp(x) if level == "ignore" else x
    return np.sum(y * x)


class Scaled:
    def __init__(self, by):
        self.by = by

    def __enter__(self):
        return self.by * 2

    def __exit__(self, *_):
        return None


@program(P, 0.4, oracle="complex")
def context_manager_that_gives_a_value(p, k):
    with Scaled(k) as factor:
        y = p * factor
    return np.sum(y**2)


@program(X, oracle="complex")
def assertions(x):
    assert x.ndim == 1, f"one axis, not {x.ndim}"
    assert len(x) > 1
    y = np.sin(x)
    assert np.all(np.isfinite(y)), "finite"
    return np.sum(y)


@program(P, oracle="differences")
def raise_under_a_condition(p):
    if np.any(p <= 0):
        raise ValueError(f"positive, not {p.min()}")
    if p.ndim > 1:
        raise NotImplementedError
    return np.sum(np.log(p))


@program(P, oracle="complex")
def try_in_a_loop(p):
    total = 0.0
    for k in range(5):
        try:
            total += p[k] ** 2
        except IndexError:
            total *= 2
    return total


@program(X, oracle="complex")
def finally_that_stores(x):
    y = x.copy()
    try:
        y[0] = x[1] * x[2]
    finally:
        y[1] *= 2
    return y


@program(X, oracle="complex")
def try_that_returns(x):
    try:
        return np.sum(x * x)
    except ArithmeticError:
        return np.sum(x)
    finally:
        x = x * 0


@program(P, oracle="complex")
def try_body_fails_half_way(p):
    q = p * 1
    try:
        q[0] = p[1] * 2
        q[1] = p[7]
        q[2] = 100.0
    except IndexError:
        q[2] += p[0]
    return q * p


@program(P, oracle="complex")
def suppressed(p):
    y = p[0]
    with contextlib.suppress(IndexError):
        y = y * p[1]
        y = y * p[9]
    return y * p[2]


@program(X, oracle="complex")
def nested_contexts(x):
    with np.errstate(all="ignore"), quiet("ignore"):  # noqa: SIM117
        with contextlib.nullcontext(x * 2) as y:
            z = y * x
    return np.sum(z)


@program(X, oracle="complex")
def import_inside(x):
    import math

    from numpy import sin

    return np.sum(sin(x)) * math.pi


@program(P, oracle="complex")
def retries_with_a_growing_jitter(p):
    jitter = 0.0
    for k in range(3):
        try:
            if k < 2:
                raise np.linalg.LinAlgError("not yet")
            y = p * (1 + jitter)
            break
        except np.linalg.LinAlgError:
            jitter = jitter * 10 + p[0]
    return np.sum(y**2)
