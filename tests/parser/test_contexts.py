"""Exceptions and contexts: what is emitted for them, and what is refused."""

import contextlib
import math
import threading
import time
import warnings

import numpy as np
import pytest

import srcad

a = np.array
events = []
LOCK = threading.Lock()


class Timer:
    def __init__(self, name="timer"):
        self.name, self.spent = name, 0.0

    def __enter__(self):
        self.start = time.perf_counter()
        events.append(f"enter {self.name}")
        return self

    def __exit__(self, *raised):
        self.spent += time.perf_counter() - self.start
        events.append(f"leave {self.name}")


@contextlib.contextmanager
def section(name):
    events.append(f"begin {name}")
    try:
        yield
    finally:
        events.append(f"end {name}")


class Swallows:
    def __enter__(self):
        return self

    def __exit__(self, *raised):
        return True


SCALE = 2.0


@contextlib.contextmanager
def rescaled():
    global SCALE
    SCALE = 3.0
    yield
    SCALE = 2.0


def source(function, *args):
    return srcad.grad(function).source(*args)


def test_a_check_is_what_it_was():
    def f(x):
        assert x[0] > 0
        assert x[1] > 0, "negative"
        if x[0] > 10:
            raise ValueError("large")
        return x[0] * x[1]

    text = source(f, a([1.0, 2.0]))
    assert "assert x[0] > 0\n" in text
    assert 'assert x[1] > 0, "negative"\n' in text
    assert 'raise ValueError("large")' in text


def test_a_message_is_made_where_it_is_needed():
    def f(x):
        n = np.linalg.norm(x)
        if n > 10:
            raise ValueError(f"{n:.2f} of {x.shape!r} " + str(len(x)) + " %d" % 3)
        return np.sum(x * x)

    text = source(f, a([1.0, 2.0]))
    guard = text[text.index("if ") : text.index("np.sum") if "np.sum" in text else len(text)]
    assert "{n:.2f} of {x.shape!r} " in guard
    with pytest.raises(ValueError, match=r"20.00 of \(2,\) 2 3"):
        srcad.grad(f)(a([20.0, 0.0]))


def test_a_side_that_raises_joins_nothing():
    def f(x):
        if x[0] > 0:
            y = np.sin(x[0])
        else:
            raise ValueError("negative")
        return y * x[1]

    text = source(f, a([1.0, 2.0]))
    assert text.count("    if ") == 1
    assert "else" not in text


def test_what_a_handler_re_raises_leaves_no_flag():
    def f(x):
        try:
            y = math.log(x[0])
        except ValueError as error:
            raise RuntimeError("no logarithm") from error
        return y * x[1]

    text = source(f, a([1.0, 2.0]))
    assert "succeeded" not in text
    assert "from error" in text


def test_a_body_that_cannot_raise_is_no_attempt():
    def f(x):
        try:
            y = x[0] * 2
            z = y * x[1]
        except ValueError:
            z = y = 0.0
        return y * z

    assert "try" not in source(f, a([1.0, 2.0]))


def test_settings_stand_around_both_sweeps():
    def f(x):
        with np.errstate(divide="ignore", invalid="ignore"):
            y = np.where(x > 0, np.log(x), 0.0)
        return np.sum(y)

    text = srcad.value_and_grad(f).source(a([1.0, 2.0]))
    assert text.count('with np.errstate(divide="ignore", invalid="ignore"):') == 2


def test_contexts_are_entered_and_left_once():
    def f(x):
        with Timer() as timer, section("inner"):
            y = np.sin(x[0]) * x[1]
        print(timer)
        with LOCK, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            z = np.cos(y)
        return y * z

    x = a([0.3, 1.2])
    gradient = srcad.grad(f)
    expected = srcad.grad(lambda x: np.sin(x[0]) * x[1] * np.cos(np.sin(x[0]) * x[1]))(x)
    gradient(x)
    events.clear()
    np.testing.assert_allclose(gradient(x), expected)
    assert events == ["enter timer", "begin inner", "end inner", "leave timer"]
    assert not LOCK.locked()
    np.testing.assert_allclose(srcad.jacfwd(f)(x), expected)
    np.testing.assert_allclose(
        srcad.hessian(f)(x), srcad.jacrev(srcad.grad(f))(x), rtol=1e-10, atol=1e-12
    )


def test_contexts_are_left_when_something_is_raised():
    def f(x):
        with section("all"):
            y = math.log(x[0])
        return y * x[1]

    gradient = srcad.grad(f)
    events.clear()
    with pytest.raises(ValueError):
        gradient(a([-1.0, 1.0]))
    assert events == ["begin all", "end all"]


def test_what_is_suppressed_is_caught():
    def f(x):
        y = x[0]
        with contextlib.suppress(ValueError):
            y = math.log(x[0])
        return y * x[1]

    np.testing.assert_allclose(srcad.grad(f)(a([2.0, 3.0])), [1.5, np.log(2)])
    np.testing.assert_allclose(srcad.grad(f)(a([-2.0, 3.0])), [3.0, -2.0])


def test_null_contexts_and_imports():
    def f(x):
        import math as m

        from numpy import linalg

        with contextlib.nullcontext(x[0]) as y:
            z = m.sin(y)
        return z * linalg.norm(x)

    x = a([0.3, 1.2])
    expected = srcad.grad(lambda x: math.sin(x[0]) * np.linalg.norm(x))(x)
    np.testing.assert_allclose(srcad.grad(f)(x), expected)


def refusal(function, *args):
    with pytest.raises(srcad.SrcadError) as found:
        srcad.grad(function)(*args)
    return str(found.value)


def test_what_the_body_may_have_done_is_refused():
    def name(x):
        y = x[0]
        try:
            y = y + math.log(x[0])
            y = y + math.log(x[1])
        except ValueError:
            y = y * 2
        return y

    def array(x):
        u = x * 2
        try:
            u[0] = math.log(x[0])
            u[1] = math.log(x[1])
        except ValueError:
            pass
        return np.sum(u)

    def items(x):
        found = [x[0]]
        try:
            found.append(math.log(x[0]))
            found.append(math.log(x[1]))
        except ValueError:
            found.append(x[1])
        return found[0]

    x = a([1.0, 2.0])
    assert "`y` may or may not have been assigned when the exception was raised" in refusal(name, x)
    assert "may have written to before it raised" in refusal(array, x)
    assert "is changed in the body of this `try` before it may raise" in refusal(items, x)


def test_contexts_that_are_not_known_are_refused():
    def swallowed(x):
        with Swallows():
            y = x[0]
        return y

    def outside(x):
        with rescaled():
            y = x[0] * SCALE
        return y

    def given(x):
        with section(x[0]):
            y = x[0]
        return y

    def raising(x):
        with np.errstate(divide="raise"):
            y = 1 / x[0]
        return y

    x = a([1.0, 2.0])
    assert "it may swallow exceptions" in refusal(swallowed, x)
    assert "it writes to names of outer scopes" in refusal(outside, x)
    assert "a context is given a value that may vary" in refusal(given, x)
    assert "`np.errstate(divide='raise')` decides what is computed" in refusal(raising, x)


def test_other_refusals():
    def conditional(x):
        try:
            if x[0] > 0:
                return x[0]
            y = math.log(x[1])
        except ValueError:
            y = 0.0
        return y

    def last(x):
        try:
            y = x[0]
        finally:
            return y  # noqa: B012

    def always(x):
        raise ValueError("always")

    def unbound(x):
        y = x[0]
        del y
        return y  # noqa: F821

    x = a([1.0, 2.0])
    assert "`y` may not have been assigned here" in refusal(conditional, x)
    assert "a jump in `finally`" in refusal(last, x)
    assert "`y` may not have been assigned here" in refusal(unbound, x)
    assert "always" in refusal(always, x) or "returns nothing" in refusal(always, x)
