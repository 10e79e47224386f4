"""A traceback in a derivative names the line of the function that it belongs to."""

from __future__ import annotations

import sys
import traceback

import numpy as np
import pytest

import srcad

notes = pytest.mark.skipif(sys.version_info < (3, 11), reason="exceptions have notes since 3.11")


def energy(x, A):
    y = np.exp(x)
    z = np.linalg.solve(A, y)
    return np.sum(z**2)


LINE = energy.__code__.co_firstlineno


def shown(call):
    with pytest.raises(Exception) as caught:
        call()
    return "".join(traceback.format_exception(caught.value))


@notes
@pytest.mark.parametrize("warm", [False, True])
def test_every_transform(monkeypatch, tmp_path, warm):
    x, singular = np.ones(2), np.zeros((2, 2))
    calls = [
        lambda: srcad.grad(energy)(x, singular),
        lambda: srcad.jacrev(energy)(x, singular),
        lambda: srcad.jvp(energy, (x, singular), (x, singular)),
        lambda: srcad.vjp(energy, x, singular),
        lambda: srcad.vmap(energy, in_dims=(0, None))(np.ones((3, 2)), singular),
    ]
    for call in calls * (2 if warm else 1):
        text = shown(call)
        assert text.count(f"in the derivative of test_tracebacks.py:{LINE + 2}") == 1, text


def inner(x):
    return np.linalg.inv(x)


@notes
def test_the_line_of_a_callee():
    def outer(x):
        return np.sum(inner(x) * 2)

    place = f"test_tracebacks.py:{inner.__code__.co_firstlineno + 1}"
    assert place in shown(lambda: srcad.grad(outer)(np.zeros((2, 2))))
