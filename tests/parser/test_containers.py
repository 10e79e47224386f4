"""Lists and dicts that callees change, or give back: the caller sees it; loops over the indices of an array."""

import numpy as np
import pytest

from tests.programs.support import agree


def append(box, x):
    box.append(x)


def append_and_return(box, x):
    box.append(x)
    return box[0] * 2.0


def append_deeper(box, x):
    append(box, x)
    return box[0] * 2.0


def the_same(box):
    return box


def twice(x):
    box = [x]
    return box, box


def product(a, b):
    return a[0] * b[0]


def add_to(parameters, x):
    parameters["w"] += x


def appended(x):
    box = []
    append(box, x * x)
    return np.sum(box[0]) * len(box)


def appended_to_what_is_read(x):
    box = [x]
    y = append_and_return(box, x * x)
    return np.sum(y * box[1]) * len(box)


def appended_deeper(x):
    box = [x]
    y = append_deeper(box, x * x)
    return np.sum(y * box[1]) * len(box)


def given_back(x):
    a = [x]
    b = the_same(a)
    b.append(x * x)
    return np.sum(x * a[1]) * len(a)


def given_twice(x):
    a, b = twice(x)
    b.append(x * x)
    return np.sum(a[1]) * len(a)


def taken_twice(x):
    a = [x]
    return np.sum(product(a, a))


def changed_in_a_loop(x):
    parameters = {"w": x * 2.0}
    for i in range(3):
        add_to(parameters, x)
    return np.sum(parameters["w"] * x)


@pytest.mark.parametrize(
    "f",
    [
        appended,
        appended_to_what_is_read,
        appended_deeper,
        given_back,
        given_twice,
        taken_twice,
        changed_in_a_loop,
    ],
)
def test_what_a_callee_does_to_a_list_is_seen(f):
    agree(f, np.array([0.7, 1.3, -0.4]))


def indexed(x):
    outer = np.outer(x, x)
    made = np.zeros_like(outer)
    for i, j in np.ndindex(outer.shape):
        made[j, i] = outer[i, j] * i
    for place in np.ndindex(3):
        made[0, 0] += x[place] ** 2
    return np.sum(made * outer)


def numbered(x):
    total = 0.0
    for (i, j), a in np.ndenumerate(np.outer(x, x)):
        total = total + a * a * i + x[j]
    return total


@pytest.mark.parametrize("f", [indexed, numbered])
def test_indices_of_arrays(f):
    agree(f, np.array([0.7, 1.3, -0.4]))
