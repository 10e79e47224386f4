"""Functions inside functions, handed on, recursive; methods and objects: reverse, forward and second order."""

import inspect

import numpy as np
import pytest

import srcad
from tests.programs import callables
from tests.programs.support import R, agree

X, Y, LONG = np.array([0.6, -0.4, 1.3]), np.array([1.2, 0.7, -0.9]), np.array([0.6, -0.4, 1.3, 0.9])
# What the programs call, and no programs themselves.
PARTS = [
    "step",
    "power",
    "total",
    "even",
    "odd",
    "starred",
    "dflt",
    "newton",
    "apply",
    "axis",
    "recn",
    "inner_function_arg",
    "deco",
    "decorated",
    "plainwrite",
    "writes_ret",
    "det",
    "fib",
    "poly",
    "nonedefault",
    "swapper",
    "checked",
    "fixed_point",
    "rk4",
    "simpson",
    "cg",
    "fail",
    "not_done",
]
GIVEN = {
    "passes": (2.0, 1.5),
    "callee_writes": (R(6),),
    "recursion_over_a_tree": (X, Y),
    "star_calls": (X, Y),
    "axis_known_at_the_call": (R(3, 2),),
    "points": (X**2,),
    **{name: (X, Y) for name in ("particle", "particle_loop", "particle_branch")},
    "particle_while": (X, Y, 3),
    "uses_cg": (X**2 + 1, X),
    "mlp_local": (R(4, 3), R(4), R(2, 4), R(2), X),
}
PROGRAMS = {
    name: found
    for name, found in vars(callables).items()
    if inspect.isfunction(found) and found.__module__ == callables.__name__ and name not in PARTS
}


# Programs that read arrays of three elements from outside.
THREE = [
    "methods",
    "netloss",
    "acts",
    "callobj",
    "localobj",
    "usesdeco",
    "localdeco",
    "usespartial",
    "usesjit",
    "attributes_asked_for",
    "modhelper",
    "fromarg",
    "bound",
    "defaults",
    "vecs",
    "class_attributes",
]


def given(name):
    return GIVEN.get(name, (X,) if name in THREE else (LONG,))


@pytest.mark.parametrize("name", PROGRAMS)
def test_derivatives(name):
    function, args = PROGRAMS[name], given(name)
    floats = tuple(place for place, arg in enumerate(args) if not isinstance(arg, int))
    agree(function, *args, argnums=floats)
    second(function, args)


def second(function, args, step=1e-6):
    """The second derivative by the first argument: forward over reverse is rows of reverse, symmetric, and what differences say."""
    gradient = srcad.grad(function)
    found = srcad.jacfwd(gradient)(*args)
    np.testing.assert_allclose(srcad.jacrev(gradient)(*args), found, rtol=1e-9, atol=1e-9)
    matrix = np.reshape(found, (np.size(args[0]), -1))
    np.testing.assert_allclose(matrix, matrix.T, rtol=1e-9, atol=1e-9)
    along = np.random.default_rng(7).normal(size=np.shape(args[0]))
    ahead, back = (gradient(args[0] + sign * step * along, *args[1:]) for sign in (1.0, -1.0))
    difference = np.ravel((ahead - back) / (2 * step))
    scale = 1.0 + np.abs(difference).max(initial=0.0)
    np.testing.assert_allclose(matrix @ np.ravel(along), difference, atol=1e-5 * scale)


@pytest.mark.parametrize("bound", [callables.net.loss, callables.net.viaacts])
def test_methods_themselves(bound):
    second(bound, (X,))
    step = 1e-6
    rows = [(bound(X + step * e) - bound(X - step * e)) / (2 * step) for e in np.eye(3)]
    np.testing.assert_allclose(srcad.grad(bound)(X), rows, rtol=1e-6, atol=1e-8)
