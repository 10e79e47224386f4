# ruff: noqa: F841
"""What nothing reads is not computed; effects stay."""

import numpy as np

from srcad.simplifier.dead import remove_dead
from srcad.simplifier.storage import store_values
from tests.simplifier.core_text import core, grad, lines, passes, run, same, simplified, text


def dead(function, **specs):
    return passes(core(function, **specs), remove_dead)


def test_an_unread_value_goes():
    def f(x):
        a = np.sin(x)
        b = np.cos(x)
        return b

    assert lines(dead(f, x="float64")) == ["b = np.cos(x)", "return b"]
    assert "np.sin" in text(core(f, x="float64"))


def test_a_loop_without_results_goes():
    def f(x, n):
        s = 0.0
        for i in range(n):
            s = s + x
        return x

    assert lines(dead(f, x="float64", n="int64")) == ["return x"]


def test_a_carry_lives_by_another_carry():
    def f(x, n):
        a, b, c = x, x, x
        for i in range(n):
            c = c * 2.0
            a, b = b, a * x
        return a

    made = dead(f, x="float64", n="int64")
    assert "c" not in {line.split(" ")[0] for line in lines(made)}
    same(run(made, 1.5, 3), f(1.5, 3))


def test_a_branch_without_results_goes_and_a_dead_phi_goes():
    def f(x):
        if x > 0:
            a, b = np.sin(x), np.cos(x)
        else:
            a, b = x, x
        if x > 1:
            c = 1.0
        else:
            c = 2.0
        return b

    made = dead(f, x="float64")
    assert "np.sin" not in text(made) and text(made).count("if ") == 1
    same(run(made, 0.5), f(0.5))


def test_prints_stay():
    def f(x):
        y = x * 2.0
        print(y)
        return x

    assert "print(" in text(dead(f, x="float64"))


def test_a_print_in_a_loop_keeps_the_loop():
    def f(x, n):
        for i in range(n):
            print(i)
        return x

    assert "for i in range(n)" in text(dead(f, x="float64", n="int64"))


def test_a_mirror_keeps_what_it_reads_of_its_sibling():
    def f(x, n):
        s = x
        for i in range(n):
            s = np.sin(s)
        return s

    made = passes(simplified(grad(f, 0, x="float64", n="int64")), remove_dead, store_values)
    assert text(made).count("for ") == 2
    same(run(made, 0.5, 2), np.cos(np.sin(0.5)) * np.cos(0.5))


def test_a_while_loop_that_is_counted_stays():
    def f(x, y):
        while y > 1.0:
            y = y / 2
            x = 3.0 * x
        return x

    made = passes(simplified(grad(f, 0, x="float64", y="float64")), remove_dead, store_values)
    assert "while" in text(made)
    same(run(made, 1.0, 8.0), 27.0)
