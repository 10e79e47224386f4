"""Lists that loops fill and loops read, names of one side of a branch, names of loops that never ran."""

import numpy as np
import pytest

import srcad
import srcad.runtime
from srcad.core.nodes import Branch, Loop, walk
from srcad.core.verify import verify
from srcad.errors import AliasingError, SrcadError, UnsupportedSyntaxError
from srcad.simplifier.storage import store_values
from tests.simplifier.core_text import core, same
from tests.simplifier.core_text import run as run_text

X = np.array([0.3, 1.2, -0.7])


@pytest.fixture(autouse=True)
def checked(monkeypatch):
    monkeypatch.setenv("SRCAD_CACHE_DIR", "off")
    monkeypatch.setenv("SRCAD_DEBUG", "1")


def run(made, *args):
    """Call the text of Core: loops read their siblings through lists."""
    return run_text(store_values(verify(made)), *args)


def slopes(f, x, *args):
    """The gradient by differences."""
    found = np.zeros_like(x)
    for k in range(x.size):
        step = np.zeros_like(x)
        step[k] = 1e-6
        found[k] = (f(x + step, *args) - f(x - step, *args)) / 2e-6
    return found


def reversed_(x):
    saved = []
    v = 1.0
    for a in x:
        saved.append((v, a))
        v = np.sin(v) * a
    total = 0.0
    for v, a in reversed(saved):
        total = total * a + v
    return total


def forwards(x):
    saved = []
    for i in range(len(x)):
        saved.append(x[i] * x[i])
    total = 0.0
    for i, square in zip(range(len(x)), saved):
        total = total * x[i] + square
    return total


def indexed(x):
    saved = []
    for a in x:
        s = np.sin(a)
        saved.append((a, s))
    total = 1.0
    for i in reversed(range(x.size)):
        a, s = saved[i]
        total = total * s + a * i
    return total


def backwards_first(x):
    saved = []
    for i in reversed(range(1, len(x))):
        saved.append(x[i] * i)
    total = 0.0
    for i, v in zip(range(1, len(x)), reversed(saved)):
        total = total * v + x[i]
    return total


def counted(x):
    saved = []
    y = x[0]
    while abs(y) > 0.01:
        saved.append(y)
        y = 0.3 * np.sin(y)
    total = y
    for y in reversed(saved):
        total = total * y + y
    return total


def two_lists(x):
    first, second = 0.0, []
    saved = []
    for a in x:
        saved.append(first)
        second_ = first * a
        first = first + second_ + a
    second = []
    total = 0.0
    for first in reversed(saved):
        second.append(total)
        total = total + first**2
    for first, other in zip(saved, reversed(second)):
        total = total * 0.5 + first * other
    return total


def inner(x):
    outer = []
    for i in range(len(x)):
        y = x[i]
        saved = []
        for j in range(i + 1):
            saved.append((y, j))
            y = np.sin(y) * x[j]
        outer.append((saved, y))
    total = 0.0
    for i, (saved, y) in zip(reversed(range(len(x))), reversed(outer)):
        total = total + y
        for j, (z, _) in zip(reversed(range(i + 1)), reversed(saved)):
            total = total * z + x[j]
    return total


def filled_later(x):
    outer = []
    for a in x:
        saved = []
        outer.append(saved)
        while a > 0.1:
            saved.append(a)
            a = a - 0.4
    total = 0.0
    for saved in reversed(outer):
        for a in saved:
            total = total * 0.5 + a**2
    return total


def many_readers(x):
    saved = []
    for a in x:
        saved.append(a * a)
    rows = 0.0
    for k in range(2):
        r = 1.0
        for square in reversed(saved):
            r = r * k + square
        rows = rows + r
    return rows


def one_side(x):
    saved = []
    for a in x:
        big = a > 0.5
        if big:
            s = np.sin(a)
            y = s * a
        else:
            s = None
            y = a
        saved.append((a, s, y))
    total = 0.0
    for a, s, y in reversed(saved):
        total = total + y
        if a > 0.5:
            total = total * s
        if not a > 0.5:
            total = total * 0.5
        else:
            total = total + s * a
    return total


def halves_forward(x):
    saved = []
    y = x
    for _ in range(3):
        saved.append(y)
        y = np.sin(y) * x
    small = np.sum(y) < 0.2
    factor = None if small else np.sum(x)
    return y, saved, small, factor


def halves_backward(y_bar, saved, small, factor):
    for y in reversed(saved):
        y_bar = y_bar * np.cos(y)
    if not small:
        y_bar = y_bar * factor
    return np.sum(y_bar)


def handed_on(x):
    y, saved, small, factor = halves_forward(x)
    return halves_backward(y, saved, small, factor)


ACCEPTED = [
    reversed_, forwards, indexed, backwards_first, counted, two_lists, inner, filled_later, many_readers, one_side,
    handed_on,
]  # fmt: skip


@pytest.mark.parametrize("f", ACCEPTED, ids=lambda f: f.__name__)
def test_lists_that_loops_fill(f):
    for x in (X, X[:1], -X):
        same(run(core(f, x="float64[n]"), x), f(x))


@pytest.mark.parametrize("f", ACCEPTED, ids=lambda f: f.__name__)
def test_the_derivative_of_lists_that_loops_fill(f):
    for x in (X, X[:1], -X):
        assert np.allclose(srcad.grad(f)(x), slopes(f, x), atol=1e-7), srcad.grad(f).source(x)


def test_the_reader_is_of_the_family_of_what_filled():
    loops = [s for s in walk(core(indexed, x="float64[n]").body) if isinstance(s, Loop)]
    assert [loop.direction for loop in loops] == [1, -1]
    assert loops[0].family is loops[1].family
    branches = [s for s in walk(core(one_side, x="float64[n]").body) if isinstance(s, Branch)]
    assert len({branch.test for branch in branches}) == 1


def twice(x):
    saved = []
    for a in x:
        saved.append(a)
        saved.append(a)
    return sum_of(saved)


def under_a_test(x):
    saved = []
    for a in x:
        if a > 0:
            saved.append(a)
    return sum_of(saved)


def over_two_loops(x):
    saved = []
    for a in x:
        for b in x:
            saved.append(a * b)
    return sum_of(saved)


def known_elsewhere(x):
    saved = []
    other = saved
    for a in x:
        saved.append(a)
    return sum_of(saved) + len(other)


def read_while_filled(x):
    saved = []
    total = 0.0
    for a in x:
        total = total + len(saved)
        saved.append(a)
    for a in saved:
        total = total + a
    return total


def other_length(x):
    saved = []
    for a in x:
        saved.append(a)
    total = 0.0
    for i, a in zip(range(2), saved):
        total = total + a * i
    return total


def other_direction(x):
    saved = []
    for i in range(len(x)):
        saved.append(x[i])
    total = 0.0
    for i, a in zip(range(len(x)), reversed(saved)):
        total = total + a * i
    return total


def other_family(x):
    one, two = 0.0, 0.0
    first = []
    for a in x:
        first.append(a)
    second = []
    for a in x:
        second.append(a * a)
    for a, b in zip(reversed(first), reversed(second)):
        one, two = one + a, two * b
    return one + two


def wrong_index(x):
    saved = []
    for a in x:
        saved.append(a)
    total = 0.0
    for i in range(len(x)):
        total = total + saved[i - 1]
    return total


def inner_of_the_last(x):
    total = 0.0
    for a in x:
        saved = []
        for _ in range(2):
            saved.append(a)
            a = a * 2.0
    for a in saved:
        total = total + a
    return total


def escaping(x):
    saved = []
    for a in x:
        saved.append(a)
    return np.sum(np.array(saved))


def sum_of(saved):
    total = 0.0
    for a in saved:
        total = total + a
    return total


REFUSED = [other_direction, inner_of_the_last]
AS_ROWS = [
    twice, under_a_test, over_two_loops, known_elsewhere, read_while_filled, wrong_index, escaping, other_length, other_family,
]  # fmt: skip


@pytest.mark.parametrize("f", REFUSED, ids=lambda f: f.__name__)
def test_what_is_not_provably_a_record_of_each_iteration_is_refused(f):
    with pytest.raises(SrcadError) as found:
        core(f, x="float64[n]")
    assert found.value.place is not None and found.value.reason


@pytest.mark.parametrize("f", AS_ROWS, ids=lambda f: f.__name__)
def test_what_is_no_record_of_each_iteration_is_kept_in_arrays(f):
    assert np.allclose(srcad.grad(f)(X), slopes(f, X), atol=1e-7)


def stored_after(x):
    saved = []
    y = x.copy()
    for i in range(len(x)):
        saved.append(y)
        y[i] = y[i] * 2.0
    total = 0.0
    for y in saved:
        total = total + np.sum(y)
    return total


def stored_in_the_next_iteration(x):
    saved = []
    y = x.copy()
    for i in range(len(x)):
        y[i] = y[i] * 2.0
        saved.append(y[:2])
    total = 0.0
    for y in saved:
        total = total + np.sum(y)
    return total


def stored_by_the_reader(x):
    saved = []
    y = x
    for _ in range(3):
        saved.append(y)
        y = y * 2.0
    total = 0.0
    for y in reversed(saved):
        y[0] = 1.0
        total = total + np.sum(y)
    return total


@pytest.mark.parametrize("f", [stored_after, stored_in_the_next_iteration, stored_by_the_reader])
def test_a_list_holds_the_array_itself(f):
    with pytest.raises(AliasingError, match="the list `saved` holds"):
        core(f, x="float64[n]")


def kept_copies(x):
    saved = []
    y = x.copy()
    for i in range(len(x)):
        saved.append(y.copy())
        y[i] = y[i] * 2.0
    total = 0.0
    for y in saved:
        total = total * 0.5 + np.sum(y * y)
    return total


def test_a_copy_is_kept():
    same(run(core(kept_copies, x="float64[n]"), X), kept_copies(X))
    assert np.allclose(srcad.grad(kept_copies)(X), slopes(kept_copies, X), atol=1e-7)


def test_a_loop_with_a_header():
    def f(x):
        y = x
        while True:
            small = 0.1 * y
            if small < 0.05:
                break
            y = y - small * x
        return y * x

    def carried(x):
        y = x
        while True:
            y = 0.5 * y
            if not y > 0.1:
                break
            x = x + y
        return x

    def after(x):
        while True:
            y = 0.5 * x
            if y < 0.1:
                break
            x = y * 0.9
        return y

    for function in (f, carried, after):
        for x in (0.3, 1.5, 0.01):
            same(run(core(function, x="float64"), x), function(x))
            difference = (function(x + 1e-6) - function(x - 1e-6)) / 2e-6
            assert abs(srcad.grad(function)(x) - difference) < 1e-6


def test_names_are_read_where_they_are_assigned():
    def f(x):
        small = x < 0.5
        if small:
            y = x * x
        z = x + 1.0
        if small:
            z = z * y
        if not small:
            return z
        return z + y

    def unproven(x):
        if x < 0.5:
            y = x * x
        if x < 0.4:
            return y
        return x

    for x in (0.2, 0.8):
        same(run(core(f, x="float64"), x), f(x))
        assert abs(srcad.grad(f)(x) - (f(x + 1e-6) - f(x - 1e-6)) / 2e-6) < 1e-6
    with pytest.raises(UnsupportedSyntaxError, match="assign it before the `if`"):
        core(unproven, x="float64")


def test_a_name_that_is_none_on_one_side():
    def f(x):
        y = None if x > 0.5 else x * x
        return y * 2.0

    with pytest.raises(UnsupportedSyntaxError, match="may be None here"):
        core(f, x="float64")


def test_names_of_loops_that_may_not_have_run():
    def one(x, n):
        for i in range(n):
            y = x * i
        return y

    def changed(x, n):
        for i in range(n):
            y = x * i
        if x > 0:
            y = y * x
        return y

    def counted(x, n):
        while n > 0:
            y = x * n
            n = n - 1
        return y

    def temporary(x, n):
        s = x
        for i in range(n):
            t = x * i
            s = s + t
        if x > 0:
            t = x * x
            s = s + t
        for i in range(n + 1):
            t = s * x
            s = s + t
        return s

    def again(x, n):
        for i in range(n):
            y = x * i
        for i in range(n):
            y = y * x
        return y

    for f in (one, changed, counted, temporary, again):
        for x in (0.5, -0.5):
            for n in (3, 0):
                try:
                    known = (f(x + 1e-6, n) - f(x - 1e-6, n)) / 2e-6
                except UnboundLocalError:  # Python 3.10 words it in another way
                    with pytest.raises(UnboundLocalError, match="cannot access local variable"):
                        srcad.grad(f)(x, n)
                else:
                    assert abs(srcad.grad(f)(x, n) - known) < 1e-6
    assert "raise" not in srcad.grad(temporary).source(0.5, 3)


def test_a_loop_that_runs_for_certain_is_not_guarded():
    def f(x):
        for i in range(3):
            y = x * i
        for a in (x, y):
            z = a * y
        return z

    assert "raise" not in srcad.grad(f).source(0.5)
    assert abs(srcad.grad(f)(0.5) - 4.0) < 1e-12


def test_raising_where_a_condition_holds():
    def f(x, n):
        if n < 1:
            raise ValueError("n is less than 1")
        if x.size == 0:
            raise IndexError
        return np.sum(x * n)

    assert np.array_equal(srcad.grad(f)(X, 2), [2.0, 2.0, 2.0])
    with pytest.raises(ValueError, match="n is less than 1"):
        srcad.grad(f)(X, 0)
    with pytest.raises(IndexError):
        srcad.grad(f)(X[:0], 1)


def test_the_helpers_are_input():
    """`slice(...)` as an index that is handed on, and helpers that make memory of their own."""

    def f(x):
        y = srcad.runtime.put_add(x * x, slice(1, None, None), srcad.runtime.sum_to(x[1:], x[1:]))
        y = srcad.runtime.put(y, (slice(None, 1), ...), srcad.runtime.spread(np.sum(x), x[:1]))
        return np.sum(srcad.runtime.own(srcad.runtime.result(y, x)) ** 2)

    same(run(core(f, x="float64[n]"), X), f(X))
    assert np.allclose(srcad.grad(f)(X), slopes(f, X), atol=1e-6)


def test_arrays_of_one_side_are_read_and_written_there():
    def written(x):
        flag = np.sum(x) > 0
        y = x
        if flag:
            e = x * x
        if flag:
            e[0] = 1.0
            y = y + e
        if flag:
            y = y * e
        return np.sum(y)

    def read_in_a_loop(x):
        flag = np.sum(x) > 0
        y = x
        if flag:
            e = x * x
        for _ in range(2):
            if flag:
                y = y * e + x
        return np.sum(y)

    def written_in_a_loop(x):
        flag = np.sum(x) > 0
        y = x
        if flag:
            e = x * x
        for _ in range(2):
            if flag:
                e[0] = e[0] * x[0]
                y = y + e
        return np.sum(y)

    def under_another(x):
        flag = np.sum(x) > 0
        y = x
        if flag:
            e = x * x
        if x[0] > 0.1:
            if flag:
                e[1] = x[1]
        if flag:
            y = y * e
        return np.sum(y)

    for f in (written, read_in_a_loop):
        for x in (X, -X):
            same(run(core(f, x="float64[n]"), x), f(x))
            assert np.allclose(srcad.grad(f)(x), slopes(f, x), atol=1e-7)
    for f in (written_in_a_loop, under_another):
        with pytest.raises(AliasingError):
            core(f, x="float64[n]")
