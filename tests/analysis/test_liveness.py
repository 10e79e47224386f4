"""What may still be read after each statement."""

import numpy as np

from srcad.analysis.liveness import defines, reads_of, scan
from srcad.core.nodes import Let, Loop, leaves, walk
from tests.simplifier.core_text import core


def live_after(made):
    found = {}
    before = scan(
        made.body, leaves(made.result), lambda statement, live: found.__setitem__(statement, live)
    )
    return found, before


def test_straight_lines():
    def f(x):
        a = np.sin(x)
        b = np.cos(a)
        return b * a

    made = core(f, x="float64")
    found, before = live_after(made)
    assert [{v.base for v in found[s]} for s in made.body] == [
        {"a"},
        {"a", "b"},
        {made.result.base},
    ]
    assert {v.base for v in before} == {"x"}


def test_what_a_loop_reads_lives_through_it():
    def f(x, k, n):
        for i in range(n):
            x = np.sin(x) * k
        return x

    made = core(f, x="float64", k="float64", n="int64")
    found, before = live_after(made)
    loop = next(s for s in made.body if isinstance(s, Loop))
    assert all("k" in {v.base for v in found[s]} for s in loop.body)
    assert {v.base for v in before} == {"x", "k", "n"}
    assert "k" not in {v.base for v in found[loop]}
    assert {v.base for v in reads_of([loop])} >= {"x", "k", "n"} and loop.index in defines([loop])


def test_a_side_of_a_branch_keeps_its_own():
    def f(x, k):
        if x > 0:
            y = x * k
        else:
            y = x
        return y

    made = core(f, x="float64", k="float64")
    found, before = live_after(made)
    assert {v.base for v in before} == {"x", "k"}
    let = next(s for s in walk(made.body) if isinstance(s, Let) and s.op.name == "multiply")
    assert {v.base for v in found[let]} == {"y"}


def test_what_a_handler_reads_lives_where_a_side_inside_the_body_raises():
    def f(x, k):
        try:
            if x > 0:
                y = np.sin(x)
                raise ValueError(f"{y}")
            y = x
        except ValueError:
            y = k
        return y

    made = core(f, x="float64", k="float64")
    found, _ = live_after(made)
    let = next(s for s in walk(made.body) if isinstance(s, Let) and s.op.function is np.sin)
    assert "k" in {v.base for v in found[let]}
