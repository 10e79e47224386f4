"""What is done at last (`finally`, the `else` of a loop or of a `try`), whichever way a body is left."""

import numpy as np
import pytest

from tests.programs.support import agree


def left_by_break(x, y):
    s = 0.0
    for i in range(3):
        try:
            if x[i] > 0.15:
                z = y[i] * s
                break
            s = s + x[i] * y[i]
        finally:
            z = x[i] * 3
            s = s * y[0] + z
            s = s * 2
    return s + z


def left_by_continue(x, y):
    s, i = 1.0, 0
    while i < 3:
        try:
            if x[i] > 0.15:
                continue
            s = s * y[1]
        finally:
            i += 1
            s = s + i * x[0]
            s = s * 1.5
    else:
        s = s * 2
    return s


def returned_before_its_names_change(x, y):
    s = 0.0
    for i in range(3):
        try:
            try:
                if x[i] > 0.15:
                    raise ValueError
                s = s + y[i]
            except ValueError:
                return s * x[i]
        finally:
            s = s + 100 * x[0]
            x = x * 2
    return s


def returned_from_a_loop_inside(x, y):
    try:
        for i in range(3):
            if x[i] > 0.15:
                return x[i] * y[i]
    finally:
        x = x * 2
        y = y * 3
    return np.sum(x * y)


def returned_array_that_changes(x, y):
    r = np.zeros(3)
    for i in range(3):
        try:
            r[i] = x[i] * y[i]
            if x[i] > 0.15:
                return r
        finally:
            r *= 2
            r[0] += x[1]
    return r


def left_through_two(x, y):
    s = 1.0
    for i in range(3):
        try:
            for j in range(2):
                try:
                    if x[i] > 0.15 * (j + 1):
                        break
                    s = s * y[2]
                finally:
                    s = s + x[0]
                    s = s * 2
            else:
                continue
            if s > 100:
                return s * s
        finally:
            s = s * y[1] / 4
            s = s + x[2]
    return s


def read_at_last_alone(x, y):
    s = 1.0
    for i in range(3):
        try:
            if x[i] > 0.25:
                t = x[i] * y[0]
                break
            else:
                t = y[i]
        finally:
            s = s + t * t
            t = 0.0
        s = s * 2 + t
    return s


def jumps_at_last(x, y):
    for i in range(1, 3):
        try:
            if np.sum(y) > -100:
                return np.sum(y)
        finally:
            if x[0] < 0.15:
                break  # noqa: B012
    return np.sum(x * y)


def what_is_raised_is_swallowed(x, y):
    s = 0.0
    for i in range(3):
        try:
            if x[i] > 0.15:
                raise ValueError
        finally:
            s = s + y[i] * x[i]
            break  # noqa: B012
    return s * s


def loops_at_last(x, y):
    s = 1.0
    for i in range(3):
        try:
            if x[i] > 0.15:
                s = y[i]
                continue
            s = s * y[2]
        finally:
            for j in range(3):
                if x[j] > 0.25:
                    break
                s = s + x[j]
            else:
                s = s + 100
            s = s * 2
    return s


def no_else_where_the_body_was_left(x, y):
    s = 0.0
    for i in range(3):
        try:
            s = s + x[i] * y[i]
            if x[i] > 0.15:
                break
        except ValueError:
            s = 9.0
        else:
            s = s * 3
            if x[i] < 0.12:
                continue
        finally:
            s = s + y[i]
            s = s * s
        s = s + 5
    else:
        s = s * 7
    return s


PROGRAMS = [
    left_by_break, left_by_continue, returned_before_its_names_change, returned_from_a_loop_inside, returned_array_that_changes,
    left_through_two, read_at_last_alone, jumps_at_last, what_is_raised_is_swallowed, loops_at_last, no_else_where_the_body_was_left,
]  # fmt: skip


@pytest.mark.parametrize("function", PROGRAMS, ids=lambda f: f.__name__)
def test_done_whichever_way_it_is_left(function):
    y = np.array([1.0, 2.0, 3.0])
    for x in ([0.1, 0.2, 0.3], [-0.1, 0.05, 0.1], [0.4, 0.2, 0.1]):
        agree(function, np.array(x), y, modes=("vjp",))


def several_results(x, y):
    try:
        v, w = np.modf(2 * x + y)
        if w[0] < 3:
            raise ValueError
    except ValueError:
        v = x
    return np.sum(v * x * y)


def test_several_results_stay_together_where_one_is_tested():
    y = np.array([1.0, 2.0, 3.0])
    agree(several_results, np.array([0.1, 0.2, 0.3]), y)
    agree(several_results, np.array([1.6, 0.2, 0.3]), y)
