"""Jumps as flags: what is emitted for them, and what is refused."""

import numpy as np
import pytest

import srcad
from tests.parser.test_records import core, run, same


def test_one_test_between_two_parts_of_a_body_costs_no_flag():
    def f(x):
        for _ in range(50):
            r = x**3 - 2.0
            if abs(r) < 1e-12:
                break
            x = x - r / (3 * x**2)
        return x

    text = srcad.grad(f).source(1.0)
    assert "done" not in text
    assert text.count("r = x ** 3 - 2.0") == 1


def test_what_is_not_read_after_the_loop_needs_no_side():
    def f(a, x):
        for _ in range(100):
            new = 0.5 * (x + a / x)
            if abs(new - x) < 1e-9:
                break
            x = new
        return new

    text = srcad.grad(f).source(2.0, 1.0)
    assert "else" not in text
    assert text.count("if ") == 1


def test_a_jump_that_is_never_taken_leaves_nothing():
    def f(x, tol=None):
        for _ in range(3):
            new = np.sin(x)
            if tol is not None and abs(new - x) < tol:
                break
            x = new
        return x

    assert "break" not in srcad.grad(f).source(1.0)
    assert "break" in srcad.grad(f).source(1.0, 1e-3)


def test_the_core_of_jumps_runs():
    def f(x):
        s = 0.0
        i = 0
        while True:
            i += 1
            if i % 2 == 0:
                continue
            s = s + x * i
            if s > 3:
                break
            if i > 7:
                return s * x
        return s

    for x in (0.1, 0.5, 2.0):
        same(run(core(f, x="float64"), x), f(x))


def test_a_loop_that_never_ends():
    def f(x):
        while True:
            x = x * 0.5
        return x

    def static(x, stop=False):
        while True:
            x = x * 0.5
            if stop:
                break
        return x

    with pytest.raises(srcad.UnsupportedSyntaxError, match="never ends|never changes"):
        srcad.grad(f)(1.0)
    with pytest.raises(srcad.UnsupportedSyntaxError, match="never ends|never changes"):
        srcad.grad(static)(1.0)
    assert srcad.grad(static)(1.0, True) == 0.5


def test_one_path_returns_nothing():
    def f(x):
        for _ in range(3):
            if x > 1:
                return x
            x = x * 2

    with pytest.raises(srcad.UnsupportedSyntaxError, match="falls off the end"):
        srcad.grad(f)(0.3)


def test_what_is_assigned_before_a_break_is_not_its_test():
    def f(x, y):
        j = 0
        while True:
            j += 1
            y, x = x, np.logaddexp(1.0, x)
            if j > 2:
                break
        return np.sum(x * y)

    x, y = np.array([0.3, -1.0]), np.array([0.5, 2.0])
    value, _ = srcad.value_and_grad(f, argnums=(0, 1))(x, y)
    assert value == f(x, y)
