"""Programs that raise, catch, and enter contexts: all their derivatives on every side, and what escapes."""

import math
import warnings

import numpy as np
import pytest
from numpy.linalg import LinAlgError

import srcad
from tests.programs.support import agree

a = np.array


class Diverged(Exception):
    """An exception of a user's, with a value."""

    def __init__(self, step, value):
        super().__init__(f"diverged at {step}")
        self.value = value


def cholesky(A):
    n = A.shape[0]
    L = np.zeros((n, n))
    for j in range(n):
        d = A[j, j] - np.sum(L[j, :j] ** 2)
        if d <= 0:
            raise LinAlgError(f"not positive definite at {j}: {d:.3g}")
        L[j, j] = np.sqrt(d)
        for i in range(j + 1, n):
            L[i, j] = (A[i, j] - np.sum(L[i, :j] * L[j, :j])) / L[j, j]
    return L


def jitter_once(A, b):
    try:
        L = cholesky(A)
    except LinAlgError:
        L = cholesky(A + 5.0 * np.eye(len(b)))
    return np.sum((L @ b) ** 2)


def jitter_until_it_works(A):
    jitter = 0.5
    for _ in range(6):
        try:
            L = cholesky(A + jitter * np.eye(len(A)))
            break
        except LinAlgError:
            jitter *= 3.0
    else:
        raise ValueError("no")
    return np.sum(L**3) + jitter


def returned_from_a_loop(A):
    for k in range(6):
        try:
            return np.sum(cholesky(A + k * np.eye(len(A))) ** 3)
        except LinAlgError:
            continue
    return 0.0 * A[0, 0]


def singular(A, b):
    try:
        x = np.linalg.solve(A, b)
    except np.linalg.LinAlgError:
        x = np.linalg.solve(A + 2.0 * np.eye(2), b)
    return np.sum(x**2)


def dead_but_raises(x):
    y = x[0] * 2
    try:
        math.log(x[1])
        y = y * x[0]
    except ValueError:
        y = y + x[1]
    return y * y


def fails_half_way(x):
    s = 0.0
    try:
        u = x.copy()
        u[0] = 3 * x[1]
        s = math.sqrt(x[1])
    except ValueError:
        u = x * x
        s = x[0]
    return np.sum(u) * s


def stores_when_all_is_computed(x):
    out = np.zeros(len(x))
    for i in range(len(x)):
        try:
            out[i] = math.log(x[i])
        except ValueError:
            out[i] = 2 * x[i] * x[0]
    return np.sum(out**2)


def nested(x):
    try:
        try:
            y = math.log(x[0])
        except ValueError:
            y = 1 / x[1].item()
    except ZeroDivisionError:
        y = 3 * x[2].item()
    return y * x[2]


def several_handlers(x):
    try:
        if x[0] > 5:
            raise Diverged(3, x[0])
        y = math.log(x[0])
    except Diverged:
        y = 2.0 * x[0] * x[1]
    except (ValueError, TypeError) as e:
        assert isinstance(e, Exception)
        y = x[0] ** 2 * x[1]
    else:
        y = y * 3
    return y * x[1]


def else_and_finally(x):
    try:
        y = math.log(x[0])
    except ValueError:
        y = x[0] * 2
    else:
        y = y * x[1]
    finally:
        z = x[1] * 2
    return y * z


def in_a_while(x):
    y, k = x[0], 0
    while k < 4:
        k += 1
        try:
            y = math.log(y)
        except ValueError:
            y = y * y + x[1]
            continue
        y = y * x[1]
    return y * y


def around_a_loop(x):
    s = x[0] * 1.0
    try:
        t = 0.0
        for v in x:
            t = t + math.sqrt(v)
        s = s * t
    except ValueError:
        s = s * 3
    return s * x[1]


def raised_in_a_function(x):
    def check(v):
        if v < 0:
            raise ValueError("negative")
        return v**1.5

    try:
        y = check(x[0])
    except ValueError:
        y = check(-x[0])
    return y * x[1]


def returned_from_the_body(x):
    try:
        y = math.sqrt(x[0])
        return y * x[1]
    except ValueError:
        return x[0] * x[1] ** 2


def returned_from_the_handler(x):
    try:
        y = math.sqrt(x[0])
    except ValueError:
        return x[0] * x[1] ** 2
    z = y * x[1]
    return z * y


def returned_from_a_context(x):
    with np.errstate(all="ignore"):
        if x[0] > 0:
            return np.log(x[0]) * x[1]
        y = x[0] * 2
    return y * x[1]


def returned_before_the_final_statements(x):
    s = x[0]
    try:
        if s > 0:
            return s * x[1]
        s = s * x[0]
    finally:
        t = x[1] * 2
        s = s * 1.5
    return s * t


def returned_from_all_sides(x):
    s = x[0]
    try:
        s = math.log(x[0])
        return s * x[1]
    except ValueError:
        return x[0] * x[1] ** 2
    finally:
        s = 3.0


def known_to_fail(x):
    options = {"a": x[0]}
    try:
        if x[0] > 0:
            scale = options["b"]
        else:
            scale = options["a"] * 3
    except KeyError:
        scale = x[1] * x[0]
    try:
        n = len(x[0])
    except TypeError:
        n = 3
    return scale * x[1] * n


def two_names_of_one_array(x):
    u = np.zeros(3)
    v = u[1:]
    for i in range(2):
        try:
            v[i] = math.sqrt(x[i])
        except ValueError:
            u[i] = x[i] * x[1]
    return np.sum(u * v[0])


def begun_again(x):
    total = 0.0
    for k in range(3):
        s = x[0]
        try:
            for v in x:
                s = s * math.sqrt(v - 0.4 * k)
            total = total + s
        except ValueError:
            total = total + x[1] * k
    return total


def logarithm(v):
    try:
        return math.log(v)
    except ValueError:
        return v * v


def tried_in_a_function(x):
    s = 0.0
    for v in x:
        s = s + logarithm(v) * x[0]
    try:
        s = s * logarithm(x[0] - 5) + math.log(x[1])
    except ValueError:
        s = s * 2
    return s


def checked(x):
    assert x.ndim == 1
    assert len(x) > 1, "too short"
    if not np.all(np.isfinite(x)):
        raise ValueError("not finite")
    if x[0] > 100:
        k = int(x[0])
        raise Diverged(k, x)
    else:
        y = np.sin(x[0]) * x[1]
    assert abs(y) < 10, f"{y} is large"
    return y


def masked(x):
    with np.errstate(divide="ignore", invalid="ignore"):
        y = np.where(x > 0, np.log(x), 0.0)
    return np.sum(y * x)


def left_and_imported(x):
    from math import cos as c

    scratch = x[0] * 2
    del scratch
    return np.sin(x[0]) * c(x[1])


PD, INDEFINITE = a([[2.0, 0.3], [0.3, 1.0]]), a([[0.3, 1.0], [1.0, -2.0]])
PROGRAMS = [
    (jitter_once, PD, a([1.0, 2.0])), (jitter_once, -PD, a([1.0, 2.0])),
    (jitter_until_it_works, PD), (jitter_until_it_works, INDEFINITE),
    (returned_from_a_loop, PD), (returned_from_a_loop, INDEFINITE),
    (singular, PD, a([1.0, 2.0])),
    (dead_but_raises, a([1.3, 2.0])), (dead_but_raises, a([1.3, -2.0])),
    (fails_half_way, a([1.3, 2.0])), (fails_half_way, a([1.3, -2.0])),
    (stores_when_all_is_computed, a([1.3, -2.0, 0.4])),
    (nested, a([1.3, 2.0, 0.4])), (nested, a([-1.3, 2.0, 0.4])),
    (several_handlers, a([1.3, 2.0])), (several_handlers, a([-1.3, 2.0])), (several_handlers, a([7.3, 2.0])),
    (else_and_finally, a([1.3, 2.0])), (else_and_finally, a([-1.3, 2.0])),
    (in_a_while, a([1.3, 2.0])), (in_a_while, a([-0.3, 0.2])),
    (around_a_loop, a([1.3, 2.0])), (around_a_loop, a([1.3, 2.0, -1.0])),
    (raised_in_a_function, a([1.3, 2.0])), (raised_in_a_function, a([-1.3, 2.0])),
    (returned_from_the_body, a([1.3, 2.0])), (returned_from_the_body, a([-1.3, 2.0])),
    (returned_from_the_handler, a([1.3, 2.0])), (returned_from_the_handler, a([-1.3, 2.0])),
    (returned_from_a_context, a([1.3, 2.0])), (returned_from_a_context, a([-1.3, 2.0])),
    (returned_before_the_final_statements, a([1.3, 2.0])), (returned_before_the_final_statements, a([-1.3, 2.0])),
    (returned_from_all_sides, a([1.3, 2.0])), (returned_from_all_sides, a([-1.3, 2.0])),
    (known_to_fail, a([1.3, 2.0])), (known_to_fail, a([-1.3, 2.0])),
    (two_names_of_one_array, a([1.3, 2.0])), (two_names_of_one_array, a([1.3, -2.0])), (two_names_of_one_array, a([-1.3, 2.0])),
    (begun_again, a([1.3, 2.0])), (begun_again, a([0.5, 2.0])), (begun_again, a([2.0, 0.7])),
    (tried_in_a_function, a([1.3, 2.0])), (tried_in_a_function, a([1.3, -2.0])),
    (checked, a([1.3, 2.0])), (masked, a([1.3, -2.0])), (left_and_imported, a([1.3, 2.0])),
]  # fmt: skip


def moved(args, place, index, step):
    args = [arg.copy() for arg in args]
    args[place][index] += step
    return args


def differences(function, args, place, step=1e-6):
    """Central differences by one argument, of a function of any rank."""
    columns = []
    for index in np.ndindex(*args[place].shape):
        up, down = (function(*moved(args, place, index, s)) for s in (step, -step))
        columns.append((np.asarray(up) - np.asarray(down)) / (2 * step))
    rows = np.stack(columns, -1)
    return rows.reshape(*rows.shape[:-1], *args[place].shape)


def keeps_promises(function, *args):
    try:
        agree(function, *args)
    except AssertionError as error:  # math gives no long double to compare with
        if "nothing was compared" not in str(error):
            raise


@pytest.mark.parametrize("case", PROGRAMS, ids=lambda case: case[0].__name__)
def test_derivatives(case):
    function, *args = case
    places = tuple(range(len(args)))
    keeps_promises(function, *args)
    gradient = srcad.grad(function, argnums=places)
    forward = srcad.jacfwd(function, argnums=places)(*args)
    for place, (bar, dot) in enumerate(zip(gradient(*args), forward)):
        np.testing.assert_allclose(bar, differences(function, args, place), rtol=2e-5, atol=1e-6)
        np.testing.assert_allclose(dot, bar, rtol=1e-10, atol=1e-12)
    first = srcad.grad(function)
    hessian = srcad.hessian(function)(*args)
    np.testing.assert_allclose(hessian, differences(first, args, 0), rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(srcad.jacrev(first)(*args), hessian, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(srcad.jacfwd(first)(*args), hessian, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize(
    "case",
    [c for c in PROGRAMS if c[0] is not jitter_until_it_works],
    ids=lambda case: case[0].__name__,
)
def test_the_text_is_accepted_again(case, tmp_path):
    function, *args = case
    text = srcad.grad(function).source(*args)
    for kind in (Diverged, LinAlgError):
        home = "tests.programs.test_exceptions" if kind is Diverged else "numpy.linalg"
        text = f"from {home} import {kind.__name__}\n{text}"
    again = srcad.from_source(text, f"{function.__name__}_grad")
    np.testing.assert_allclose(
        srcad.jacrev(again)(*args), srcad.hessian(function)(*args), rtol=1e-9, atol=1e-9
    )


def logs(x):
    out = np.zeros(len(x))
    for i in range(len(x)):
        try:
            out[i] = math.log(x[i])
        except ValueError:
            out[i] = 2 * x[i] * x[0]
    return out


def inverse_or_double(x):
    try:
        y = np.linalg.inv(np.outer(x, x) + np.eye(len(x)))
        z = y @ x
    except LinAlgError:
        z = x * 2
    return z * x


@pytest.mark.parametrize("function", [logs, inverse_or_double])
def test_rows(function):
    x = a([1.3, -0.4, 2.0])
    expected = differences(function, [x], 0)
    np.testing.assert_allclose(srcad.jacrev(function)(x), expected, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(srcad.jacfwd(function)(x), expected, rtol=1e-5, atol=1e-6)
    for size in (1, 2):
        np.testing.assert_allclose(
            srcad.jacrev(function, chunk_size=size)(x), expected, rtol=1e-5, atol=1e-6
        )

    def caller(x):
        return np.sum(function(x) * x) + function(x * 2)[1]

    keeps_promises(caller, x)
    np.testing.assert_allclose(
        srcad.grad(caller)(x), differences(caller, [x], 0), rtol=1e-5, atol=1e-6
    )


# what is raised


def raised(function, *args):
    try:
        function(*args)
    except Exception as error:
        return error
    return None


@pytest.mark.parametrize("mode", [srcad.grad, srcad.value_and_grad, srcad.jacfwd, srcad.hessian])
def test_what_escapes_is_what_the_function_raises(mode):
    def f(x):
        if x[0] > 1:
            k = 2 * x[0]
            raise Diverged(int(k), x[0] * 2)
        try:
            y = math.log(x[0])
        except ZeroDivisionError:
            y = 0.0
        assert y < -1, f"{y:.2f} and {x.shape}"
        if y < -2:
            try:
                y = math.sqrt(y)
            except ValueError as error:
                raise RuntimeError(f"at {x[1]:.1f}: {error}") from error
        return y * x[1]

    good = a([0.2, 1.0])
    for x in (a([3.0, 1.0]), a([-3.0, 1.0]), a([0.9, 1.0]), a([0.01, 1.5])):
        derivative = mode(f)
        derivative(good)
        expected, found = raised(f, x), raised(derivative, x)
        assert type(found) is type(expected) is not type(None)
        assert str(found) == str(expected).split("\n")[0]  # pytest adds to what `assert` says
        assert type(found.__cause__) is type(expected.__cause__)
        assert getattr(found, "value", None) == getattr(expected, "value", None)


def test_a_body_raises_what_comes_first():
    def f(x):
        try:
            p = math.log(x[0])
            q = 1 / float(x[1])
            y = q - p
        except ValueError:
            y = x[0] * 2
        except ZeroDivisionError:
            y = x[0] * 3
        return y * x[2]

    gradient = srcad.grad(f)
    assert gradient(a([-1.0, 0.0, 1.0]))[0] == 2
    assert gradient(a([1.0, 0.0, 1.0]))[0] == 3
    np.testing.assert_allclose(gradient(a([2.0, 4.0, 1.0])), [-0.5, -1 / 16, 0.25 - np.log(2)])


def test_what_is_dead_for_the_derivative_raises_where_a_handler_waits():
    def f(x):
        try:
            float(1 / float(x[1]))
            y = x[0] * 2
        except ZeroDivisionError:
            y = x[0] * 3
        return y

    gradient = srcad.grad(f)
    assert "1 / float_1" in gradient.source(a([1.0, 1.0]))
    np.testing.assert_array_equal(gradient(a([1.0, 0.0])), [3, 0])
    np.testing.assert_array_equal(gradient(a([1.0, 5.0])), [2, 0])


def test_the_final_statements_are_done_once_on_every_path(capsys):
    def f(x):
        try:
            y = math.log(x[0])
        finally:
            print("closed")
        return y * x[0]

    gradient = srcad.grad(f)
    np.testing.assert_allclose(gradient(a([2.0])), [1 + np.log(2)])
    assert capsys.readouterr().out == "closed\n"
    with pytest.raises(ValueError):
        gradient(a([-2.0]))
    assert capsys.readouterr().out == "closed\n"


def test_no_warning_comes_out_of_errstate():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for mode in (srcad.grad, srcad.jacfwd, srcad.hessian):
            mode(masked)(a([1.3, -2.0, 0.0]))
