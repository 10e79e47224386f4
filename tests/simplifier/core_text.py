"""Core in tests: parse a function, sweep it, run passes, print, run the text."""

from __future__ import annotations

import copy
import math
from typing import Any

import numpy as np

import srcad.runtime
from srcad.analysis.sizes import unify_sizes
from srcad.api.compile import Unit, select, unpack
from srcad.api.signature import Letters, read_spec, specify
from srcad.core.nodes import Function
from srcad.core.printer import function_node, module_text
from srcad.core.verify import verify
from srcad.parser.function import parse
from srcad.parser.state import Program
from srcad.simplifier.names import assign_names
from srcad.simplifier.nesting import nest
from srcad.simplifier.pipeline import FIRST, ROUND, finish, store
from srcad.transformer.reverse import gradient, pullback


def core(function: Any, **specs: str) -> Function:
    """The Core of a function; a specification is text, or a static object."""
    spec = {
        name: read_spec(part) if isinstance(part, str) else part for name, part in specs.items()
    }
    return unify_sizes(verify(parse(function, spec, Program()), "parse"))


def specs_of(function: Any, args: tuple[Any, ...]) -> dict[str, Any]:
    """Specifications from arguments."""
    letters = Letters()
    names = function.__code__.co_varnames[: function.__code__.co_argcount]
    return {name: specify(value, letters, name) for name, value in zip(names, args)}


def grad(function: Any, argnums: Any = 0, **specs: str) -> Function:
    """The gradient's Core as the transformer leaves it."""
    made = simplified(core(function, **specs))
    wrt, structure = select(made, argnums)
    return verify(
        gradient(made, wrt, structure, Unit(Program()).split, name=f"{made.name}_grad"), "grad"
    )


def vjp(function: Any, argnums: Any = 0, **specs: str) -> Function:
    """The pullback's Core as the transformer leaves it."""
    made = simplified(core(function, **specs))
    wrt, structure = select(made, argnums)
    return verify(pullback(made, wrt, structure, Unit(Program()).split), "vjp")


def passes(function: Function, *runs: Any) -> Function:
    """Passes in order, what each makes verified."""
    for run in runs:
        function = verify(run(function), run.__name__)
    return function


def simplified(function: Function, rounds: int = 3) -> Function:
    """`pipeline.simplify`, verified."""
    return passes(function, *FIRST, *(ROUND * rounds))


def lowered(function: Function) -> Function:
    """`pipeline.lower`."""
    return finish(store(function))


def text(function: Function, *, flat: bool = False) -> str:
    """The text of a function; expressions are nested unless `flat`."""
    function = unpack(function) if flat else nest(unpack(function))
    return module_text([function_node(function, assign_names(function), {})], ())


def lines(function: Function, *, flat: bool = False) -> list[str]:
    """The stripped lines of the body, comments and blank ones left out."""
    found = [line.strip() for line in text(function, flat=flat).splitlines()[1:]]
    return [line for line in found if line and not line.startswith("#")]


def run(function: Function | str, *args: Any) -> Any:
    """Run what is printed, on copies; it must not change them."""
    source = function if isinstance(function, str) else text(function, flat=True)
    space: dict[str, Any] = {"np": np, "math": math, "srcad": srcad}
    exec(compile(source, "<core>", "exec"), space)
    last = [value for name, value in space.items() if getattr(value, "__code__", None)][-1]
    before = copy.deepcopy(args)
    given = copy.deepcopy(args)
    made = last(*given)
    same(given, before)
    return made


def same(got: Any, wanted: Any, rtol: float = 1e-12) -> None:
    """Equal trees of numbers, up to rounding."""
    if isinstance(wanted, (tuple, list)):
        assert len(got) == len(wanted)
        for a, b in zip(got, wanted):
            same(a, b, rtol)
    elif isinstance(wanted, dict):
        assert got.keys() == wanted.keys()
        for key in wanted:
            same(got[key], wanted[key], rtol)
    elif wanted is None or isinstance(wanted, str):
        assert got == wanted
    else:
        np.testing.assert_allclose(got, wanted, rtol=rtol, atol=rtol)
        assert np.shape(got) == np.shape(wanted)


def differences(function: Any, args: tuple[Any, ...], place: int = 0, step: float = 1e-6) -> Any:
    """Central differences of a scalar function by one argument."""
    x = np.asarray(args[place], float)
    made = np.zeros(x.shape)
    for index in np.ndindex(x.shape):
        ends = []
        for sign in (1, -1):
            moved = x.copy()
            moved[index] += sign * step
            given = copy.deepcopy(args)
            ends.append(
                function(*given[:place], moved if x.ndim else float(moved), *given[place + 1 :])
            )
        made[index] = (ends[0] - ends[1]) / (2 * step)
    return made
