"""`srcad.debug_nans`: the first number that is not finite, and the user's line that it belongs to."""

from __future__ import annotations

import bdb
import contextlib
import io
import pdb
import sys
import threading

import numpy as np
import pytest

import srcad

pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning")


def length(x):
    s = np.sum(x**2)
    r = s**0.5
    return 3 * r


def masked(x):
    y = np.log(x)
    return np.sum(y * np.array([1.0, 0.0]))


def looped(x):
    total = 0.0
    for i in range(len(x)):
        total = total + np.sqrt(x[i])
    return total


def helper(x):
    return np.sqrt(x)


def calls(x):
    z = x * 1.0
    return np.sum(helper(z) * 2)


def forward(x):
    return np.sum(np.log(x) * x)


def vector(x):
    return np.sqrt(x) * x


LINE = {
    f: f.__code__.co_firstlineno for f in (length, masked, looped, helper, calls, forward, vector)
}


@pytest.mark.parametrize(
    "function, x, line, kind",
    [
        (length, np.zeros(2), 2, "infinity"),
        (masked, np.array([1.0, 0.0]), 1, "NaN"),
        (looped, np.array([4.0, 0.0]), 3, "infinity"),
        (forward, np.array([0.0, 1.0]), 1, "infinity"),
    ],
)
def test_the_line_is_named(function, x, line, kind):
    with srcad.debug_nans(), pytest.raises(FloatingPointError) as caught:
        srcad.grad(function)(x)
    said = str(caught.value)
    assert said.startswith(f"test_debug.py:{LINE[function] + line}: the first")
    assert kind in said


def test_what_is_finite_passes_and_the_trace_is_put_back():
    before = sys.gettrace()
    with srcad.debug_nans():
        found = srcad.grad(length)(np.array([3.0, 4.0]))
    np.testing.assert_allclose(found, [1.8, 2.4])
    assert sys.gettrace() is before
    with srcad.debug_nans(), pytest.raises(FloatingPointError):
        srcad.grad(length)(np.zeros(2))
    assert sys.gettrace() is before


def test_what_an_argument_brings_is_not_reported():
    with srcad.debug_nans():
        found = srcad.grad(lambda x: np.sum(x**2))(np.array([1.0, np.nan]))
    assert np.isnan(found[1])


def test_infinities_may_pass():
    with srcad.debug_nans(infinities=False):
        found = srcad.grad(lambda x: np.sum(np.sqrt(x)))(np.array([0.0, 1.0]))
    assert np.isinf(found[0])


X = np.array([1.0, 0.0, 4.0])


@pytest.mark.parametrize(
    "call, place, words",
    [
        (
            lambda: srcad.grad(calls)(X),
            (helper, 1),
            "sqrt: float64[3], from 0 to 2, 1 of 3 zero, 0 there",
        ),
        (lambda: srcad.vjp(calls, X)[1](1.0), (helper, 1), "in `x_bar` at [1] of helper_backward"),
        (lambda: srcad.jvp(calls, (X,), (X + 1,)), (calls, 2), "x_dot: float64[3], from 1 to 5"),
        (lambda: srcad.linearize(calls, X)[1](X), (calls, 2), "the first NaN"),
        (lambda: srcad.hessian(calls)(X), (helper, 1), "at [1, 1] of calls_hessian"),
        (lambda: srcad.jacrev(vector)(X), (vector, 1), "    return np.sqrt(x) * x\n"),
        (lambda: srcad.jacrev(vector, chunk_size=1)(X), (vector, 1), "of vector_jacrev"),
        (lambda: srcad.jacfwd(vector)(X), (vector, 1), "of vector_jacfwd"),
        (lambda: srcad.vmap(srcad.grad(looped))(np.stack([X + 1, X])), (looped, 3), "at [1, 1]"),
        (lambda: srcad.value_and_grad(forward)(X - 4.5), (forward, 1), "the first NaN"),
    ],
)
def test_every_transform(call, place, words):
    function, line = place
    with srcad.debug_nans(), pytest.raises(FloatingPointError) as caught:
        call()
    said = str(caught.value)
    assert said.startswith(f"test_debug.py:{LINE[function] + line}: the first")
    assert words in said and "__notes__" not in vars(caught.value)


def test_blocks_in_blocks_and_errors_caught_in_them():
    block, gradient = srcad.debug_nans(), srcad.grad(looped)
    with block:
        with srcad.debug_nans(infinities=False):
            assert np.isinf(gradient(X)[1])
        with block:
            pass
        for _ in range(2):  # goes on after an error
            with pytest.raises(FloatingPointError):
                gradient(X)
        trace = sys.gettrace()
        found = []
        other = threading.Thread(target=lambda: found.append((sys.gettrace(), gradient(X)[1])))
        other.start()
        other.join()
        assert sys.gettrace() is trace
    assert sys.gettrace() is not trace
    assert np.isinf(found[0][1]) and not isinstance(found[0][0], type(trace))


def test_a_derivative_from_the_disk(monkeypatch, tmp_path):
    monkeypatch.setenv("SRCAD_CACHE_DIR", str(tmp_path))
    for _ in range(2):  # compiled, then read
        gradient = srcad.grad(looped)
        with srcad.debug_nans(), pytest.raises(FloatingPointError) as caught:
            gradient(X)
        assert str(caught.value).startswith(f"test_debug.py:{LINE[looped] + 3}")
        assert "t + np.sqrt(x[i])" in str(caught.value) or "np.sqrt(x[i])" in str(caught.value)


def test_pdb_steps_through_a_derivative():
    gradient, x = srcad.grad(calls), np.array([1.0, 4.0])
    gradient(x)
    output = io.StringIO()
    script = (
        "next\nnext\nnext\nlist\nstep\nnext\np 0 * helper_bar\nwhere\nreturn\nnext\np z_bar\nq\n"
    )
    skip = ["srcad.*", "numpy.*"]
    debugger = pdb.Pdb(stdin=io.StringIO(script), stdout=output, nosigint=True, skip=skip)
    with contextlib.suppress(bdb.BdbQuit):
        debugger.runcall(gradient, x)
    shown = output.getvalue()
    listed, _, after = shown.partition("calls_grad()")[2].partition("--Call--")
    assert "# return np.sum(helper(z) * 2)" in listed  # the comment above the line
    assert "helper_backward()" in after and "array([0., 0.])" in after and "calls_grad()" in after
    assert "array([1. , 0.5])" in after and "Error" not in shown
