"""Every stage's text is Python that runs, agrees with the final text, and is written twice the same."""

import ast
import copy

import numpy as np
import pytest

import srcad.runtime
from srcad.api.compile import generate
from srcad.api.request import Request
from tests.simplifier.core_text import differences, same, specs_of

X = np.array([0.5, -0.3, 0.8])


def straight(x):
    return np.sum(np.sin(x) * x)


def carried(x, n):
    s = 1.0
    for i in range(n):
        s = s * np.sin(x) + i
    return s


def elements(x):
    v = 0.0
    for a in x:
        v = np.tanh(v + a * a)
    return v


def halving(x, y):
    while y > 0.3:
        x = np.sin(x) * x
        y = y * 0.5
    return x * y


def branched(x):
    if x > 0.5:
        y = x**3
    elif x > 0.0:
        y = np.exp(x)
    else:
        y = -x
    return y * x


def early(x):
    if x > 0.5:
        return np.sin(x)
    y = x * x
    return y + x


def nested(x, n):
    for i in range(n):
        for j in range(i):
            x = x * np.cos(x)
        x = x + 0.1
    return x


def stored(x):
    u = np.zeros(4)
    u[1:] = x
    for i in range(1, 4):
        u[i] += u[i - 1] * x[i - 1]
    return np.sum(u * u)


def guarded(x, n):
    for i in range(n):
        if x > 0.4:
            s = np.sin(x)
            x = s * s
        else:
            x = x * 1.7
    return x


def scaled(x, k):
    d = np.diff(x)
    return 0.5 * k * np.sum(d * d)


def helped(x, k):
    return scaled(x, k) + np.sin(scaled(2.0 * x, k))


def swapped(x, n):
    a, b = x, 2.0 * x
    for i in range(n):
        a, b = b, a * np.cos(x)
    return a + b


def walked(x):
    total = 0.0
    for a, b in zip(x[1:], x[:-1]):
        total = total + (a - b) ** 2
    return total


PROGRAMS = [
    (straight, (X,)), (carried, (0.7, 3)), (elements, (X,)), (halving, (0.9, 2.0)), (branched, (0.8,)), (branched, (0.2,)),
    (branched, (-0.2,)), (early, (0.7,)), (early, (0.2,)), (nested, (0.4, 3)), (stored, (X,)), (guarded, (0.6, 4)),
    (helped, (X, 1.5)), (swapped, (0.7, 3)), (walked, (X,)),
]  # fmt: skip
IDS = [f"{function.__name__}-{place}" for place, (function, _) in enumerate(PROGRAMS)]


def load(made, role="entry"):
    space = {"srcad": srcad, **made.externals}
    ast.parse(made.text)
    exec(compile(made.text, "<stage>", "exec"), space)
    return space[made.names[role]]


def called(function, *args):
    given = copy.deepcopy(args)
    made = function(*given)
    for before, after in zip(args, given):
        np.testing.assert_array_equal(before, after)
    return made


@pytest.fixture(autouse=True)
def _debug(monkeypatch):
    monkeypatch.setenv("SRCAD_DEBUG", "1")
    monkeypatch.setenv("SRCAD_CACHE_DIR", "off")


@pytest.mark.parametrize("function, args", PROGRAMS, ids=IDS)
def test_the_parsed_stage_is_the_primal(function, args):
    made = generate(function, Request("grad"), specs_of(function, args), stage="parse")
    same(called(load(made), *args), function(*args))


@pytest.mark.parametrize("transform", ["grad", "value_and_grad", "vjp", "jacrev"])
@pytest.mark.parametrize("function, args", PROGRAMS, ids=IDS)
def test_stages_agree(function, args, transform):
    request, spec = Request(transform), specs_of(function, args)
    final = generate(function, request, spec)
    assert generate(function, request, specs_of(function, args)).text == final.text
    given = (*args, 1.0) if transform == "vjp" else args
    wanted = called(load(final), *given)
    gradient = wanted[1] if transform == "value_and_grad" else wanted
    same(gradient, differences(function, args), rtol=1e-6)
    if transform == "value_and_grad":
        same(wanted[0], function(*args))
    for stage in ("transform", "vectorize", "simplify"):
        made = generate(function, request, spec, stage=stage)
        assert generate(function, request, spec, stage=stage).text == made.text
        # After `transform` a Jacobian is the pullback that its rows are made of.
        extra = (1.0,) if transform == "jacrev" and stage == "transform" else ()
        same(called(load(made), *given, *extra), wanted, rtol=1e-10)


def vector(x):
    y = np.tanh(x)
    for i in range(2):
        y = y * np.roll(x, 1) + y
    return y


@pytest.mark.parametrize("chunk_size", [None, 1])
def test_rows_of_a_jacobian(chunk_size):
    request = Request("jacrev", chunk_size=chunk_size)
    spec = specs_of(vector, (X,))
    wanted = np.stack([differences(lambda x, i=i: vector(x)[i], (X,)) for i in range(3)])
    same(called(load(generate(vector, request, spec)), X), wanted, rtol=1e-6)
    for stage in ("vectorize", "simplify"):
        same(called(load(generate(vector, request, spec, stage=stage)), X), wanted, rtol=1e-6)


def test_two_halves_of_a_pullback():
    made = generate(stored, Request("vjp_halves"), specs_of(stored, (X,)))
    front, back = load(made, "forward"), load(made, "backward")
    value, *rest = called(front, X)
    same(value, stored(X))
    for seed in (1.0, 2.0):
        same(
            back(seed, *[(X,)[place] for place in made.kept], *rest),
            seed * differences(stored, (X,)),
            rtol=1e-6,
        )


@pytest.mark.parametrize("argnums", [1, (0, 1), (1, 0), (-1,)])
def test_argnums(argnums):
    made = load(generate(scaled, Request("grad", argnums), specs_of(scaled, (X, 1.5))))
    wanted = {0: differences(scaled, (X, 1.5)), 1: differences(scaled, (X, 1.5), 1)}
    got = made(X, 1.5)
    same(
        got, wanted[1] if argnums == 1 else tuple(wanted[place % 2] for place in argnums), rtol=1e-6
    )


def held(x):
    return srcad.runtime.stop_gradient(x) * x


@pytest.mark.parametrize("stage", ["parse", "transform", "simplify"])
def test_what_a_stage_calls_is_in_its_externals_or_imported(stage):
    made = generate(held, Request("grad"), specs_of(held, (2.0,)), stage=stage)
    same(load(made)(2.0), 4.0 if stage == "parse" else 2.0)
