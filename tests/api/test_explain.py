"""What is said of a derivative: activity by reason, what is saved held against a run, Jacobians, lines."""

import inspect
import re
import sys

import numpy as np
import pytest
from scipy import optimize, signal

import srcad


def heat(u0, alpha, steps):
    hottest = np.argmax(u0)
    u = u0.copy()
    for _ in range(steps):
        u[1:-1] += alpha * (u[:-2] - 2 * u[1:-1] + u[2:])
    return np.sum(u**2) - u[hottest]


def constants(x, k, order):
    steps = np.floor(x)
    with srcad.no_grad():
        held = np.sum(x)
    unread = np.sin(x)  # noqa: F841
    weight = np.exp(k)
    count = order + 1
    return np.sum(x * held * weight + steps) * count


def relax(u, w):
    u = u.copy()
    for _ in range(3):
        for i in range(1, len(u) - 1):
            r = np.sin(u[i - 1]) + u[i + 1]
            u[i] += w * r
    return np.sum(u**2)


def helper(x):
    scale = np.sum(x)
    return scale * x


def calls(x):
    y = helper(x)
    return np.sum(y * y)


def line_of(function, text):
    lines, first = inspect.getsourcelines(function)
    return first + next(place for place, line in enumerate(lines) if text in line)


def test_activity_by_reason():
    explanation = srcad.grad(constants).explain(srcad.spec("float64[n]"), 2.0, 3)
    why = {fact.name: fact.why for fact in explanation.facts if fact.name}
    assert why == {
        "x": "",
        "k": "not among argnums",
        "order": "no floating number",
        "steps": "`np.floor`: a step function: its derivative is zero wherever it exists",
        "held": "computed under no_grad",
        "unread": "what is returned does not depend on it",
        "weight": "it does not depend on `x`",
        "count": "int, no floating number",
    }
    by_both = srcad.grad(constants, (0, 1)).explain(srcad.spec("float64[n]"), 2.0, 3)
    assert {fact.name for fact in by_both.facts if fact.active} == {"x", "k", "weight", ""}


def test_activity_in_what_is_called():
    explanation = srcad.grad(calls).explain(np.ones(3))
    assert {fact.name for fact in explanation.facts if fact.active} >= {"scale", "y"}
    assert "has an adjoint" in explanation.line(line_of(helper, "scale ="))


def kept_by(derivative, args):
    """The bytes that the lists and arrays named in the explanation hold when the backward sweep begins: a run is looked at."""
    text = derivative.source(*args)
    name = re.findall(r"^def (\w+)", text, re.M)[-1]
    lines = text.splitlines()
    first = next(at for at, line in enumerate(lines, 1) if re.match(r"\s+\w*_bar = ", line))
    namespace, seen = {}, {}
    exec(compile(text, "<kept>", "exec"), namespace)

    def trace(frame, event, arg):
        if frame.f_code.co_filename == "<kept>" and event == "line" and frame.f_lineno == first:
            seen.update(frame.f_locals)
        return trace

    sys.settrace(trace)
    try:
        namespace[name](*args)
    finally:
        sys.settrace(None)
    return seen


def nbytes(tree):
    return sum(map(nbytes, tree)) if isinstance(tree, (list, tuple)) else np.asarray(tree).nbytes


def test_memory_is_that_of_a_run():
    args = (np.linspace(0, 1, 7), 0.1, 5)
    seen = kept_by(srcad.grad(heat, (0, 1)), args)
    explanation = srcad.grad(heat, (0, 1)).explain(*map(srcad.spec, ("float64[n]", "float", "int")))
    held = nbytes(seen["saved"]) + seen["u"].nbytes + seen["hottest"].nbytes
    assert explanation.memory.at(n=7, steps=5) == held


def test_memory_of_nested_loops_is_that_of_a_run():
    args = (np.linspace(0, 1, 6), 0.1)
    seen = kept_by(srcad.grad(relax, (0, 1)), args)
    explanation = srcad.grad(relax, (0, 1)).explain(srcad.spec("float64[n]"), 0.1)
    lists = [found for found in seen.values() if isinstance(found, list) and found]
    (outer,) = [found for found in lists if any(isinstance(part, list) for part in found[0])]
    in_loops = [each for each in explanation.saved if each.loops]
    assert sum(each.bytes.at(n=6) for each in in_loops) == nbytes(outer)
    inner, around = (line_of(relax, text) for text in ("for i", "for _"))
    assert {each.loops for each in in_loops} == {(inner, around), (around,)}
    assert all(each.readers for each in explanation.saved)


def test_readers_are_lines_of_the_text():
    derivative = srcad.grad(heat, (0, 1))
    explanation = derivative.explain(np.ones(5), 0.1, 3)
    text = [line.strip() for line in derivative.source(np.ones(5), 0.1, 3).splitlines()]
    readers = {each.name: each.readers for each in explanation.saved}
    assert all(reader.statement in text for found in readers.values() for reader in found)
    ((only,),) = [found for name, found in readers.items() if name not in ("u", "hottest")]
    assert only.line == line_of(heat, "u[1:-1] +=")
    assert readers["u"][0].line == line_of(heat, "return")


def stencil(x):
    return x[1:] - 2 * x[:-1]


def scaled(x, W):
    return np.tanh(W @ x)


def aside(x, W):
    return W[0]


JACOBIANS = {
    "identity": (srcad.jacrev(lambda x: x + 1), ("float64[n]",), "the identity"),
    "diagonal": (srcad.jacrev(np.sin), ("float64[n]",), "a diagonal"),
    "blocks": (srcad.jacrev(stencil), ("float64[n]",), "diagonals in blocks"),
    "dense": (srcad.jacrev(scaled), ("float64[n]", "float64[m, n]"), "all m rows at once"),
    "columns": (srcad.jacfwd(scaled), ("float64[n]", "float64[m, n]"), "all n columns at once"),
    "zero": (srcad.jacrev(aside), ("float64[n]", "float64[m, n]"), "zeros"),
    "single": (srcad.jacrev(lambda x: np.sum(x)), ("float64[n]",), "one row"),
    "asked": (
        srcad.jacrev(scaled, chunk_size=1),
        ("float64[n]", "float64[m, n]"),
        "a loop over m rows: chunk_size=1 asks for it",
    ),
    "loop": (
        srcad.jacrev(lambda x: signal.fftconvolve(x, x)),
        ("float64[n]",),
        r"a loop over len\(fftconvolve\) rows: `signal\.convolve` takes no stacks.*\(line \d+\)",
    ),
    "chunks": (
        srcad.jacrev(scaled, chunk_size=4),
        ("float64[n]", "float64[m, n]"),
        r"4 rows at a time \(chunk_size\)",
    ),
    "memory": (
        srcad.jacobian(scaled, chunk_size="auto"),
        ("float64[20000]", "float64[30000, 20000]"),
        r'rows at a time \(chunk_size="auto"\): one takes [\d.]+ .B at most, and .* are available',
    ),
    "hessian": (
        srcad.hessian(lambda x: np.prod(np.sin(x)), chunk_size="auto"),
        ("float64[n]",),
        r'columns at a time as memory allows \(chunk_size="auto"\): one takes .* bytes at most',
    ),
}


@pytest.mark.parametrize("case", JACOBIANS)
def test_jacobians(case):
    derivative, specs, words = JACOBIANS[case]
    assert re.search(words, str(derivative.explain(*map(srcad.spec, specs))))


def test_lines():
    explanation = srcad.grad(heat).explain(np.ones(5), 0.1, 3)
    assert "no adjoint" in explanation.line(line_of(heat, "argmax"))
    assert "`np.argmax`" in explanation.line(line_of(heat, "argmax"))
    loop = explanation.line(line_of(heat, "for _"))
    assert "the last one first" in loop
    assert "sum_bar = alpha" in explanation.line(line_of(heat, "u[1:-1] +="))
    assert "No operation" in explanation.line(1)


def test_forward_mode_keeps_nothing():
    assert "in forward mode" in str(srcad.jacfwd(relax, 1).explain(np.ones(4), 0.1))


def solved(a):
    sol = optimize.root(lambda x, a: x**3 + a * x - 1, np.ones(5), args=(a,))
    half = -a
    return np.sum(sol.x) + np.sum(half)


def test_solvers_and_lines_that_are_joined():
    explanation = srcad.differentiable(solved).explain("grad", np.ones(5))
    at = line_of(solved, "optimize.root")
    assert f"solve_{at}: what `optimize.root` of line {at} computes" in str(explanation)
    assert "joined with others" in explanation.line(line_of(solved, "half ="))
