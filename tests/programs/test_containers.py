"""Programs that build and change lists and dicts."""

import numpy as np
import pytest

import srcad
from tests.programs.support import R, agree


def a1(x):
    xs = [x, 2 * x]
    ys = xs
    xs.append(np.sin(x))
    ys[0] = x * x
    if x[0] > 0:
        xs[1] = xs[1] * 3
    else:
        ys.append(x)
        ys.pop()
    return np.sum(xs[0] * xs[1] + xs[2])


def a2(x):
    d = {"a": x, "b": [x, x * 2]}
    for i in range(len(x)):
        d["a"] = d["a"] * np.sin(x[i])
        d["b"][1] = d["b"][1] + d["a"]
    d.update(c=3.0)
    return np.sum(d["a"] * d["b"][1] * d["c"] + d["b"][0])


def a3(x):
    xs = [x]
    xs += [x * x]
    xs *= 2
    xs[0] += 1.0
    return np.sum(xs[0] * xs[1] * xs[2])


def a4(x):
    u = [x * 1.0, x * 2.0]
    v = [0 * x, 0 * x]
    for k in range(3):
        v[0] = np.cos(u[1])
        v[1] = u[0] * u[1]
        u, v = (v, u)
    return np.sum(u[0] * u[1])


def a5(x):
    xs = [x, x]
    ys = xs if x[0] > 0 else [x * 2, x]
    ys = [y * 2 for y in ys]
    return np.sum(ys[0] + ys[1] * x)


def a6(x):
    xs = [x, x]
    if x[0] > 0:
        ys = xs
    else:
        ys = [x * 3, x]
    ys[0] = x * x
    return np.sum(xs[0] * ys[1])


@pytest.mark.parametrize("function", [a1, a2, a3, a4, a5])
@pytest.mark.parametrize("sign", [1, -1])
def test_program(function, sign):
    agree(function, sign * np.abs(R(3)))


def test_a_list_that_may_be_another():
    with pytest.raises(srcad.AliasingError, match="not known whether another name"):
        srcad.grad(a6)(R(3))
