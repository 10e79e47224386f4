"""Who computes a large Jacobian: by hand, srcad, and the libraries that are installed.

Each maker takes a problem and its arguments, and returns what is called without any; None where the library has no such thing. Functions
are traced, compiled, and their patterns coloured before that, or at the first call.
"""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Callable
from typing import Any

import numpy as np
from scipy import sparse

from .peers import with_namespace
from .problems import Problem

Call = Callable[[], Any]
COLORINGS = "SRCAD_BENCH_COLORINGS"
"""Names a folder in which asdex saves its colourings for the processes that come later: it takes minutes for large ones."""

Maker = Callable[[Problem, tuple[Any, ...]], "Call | None"]


def by_hand(problem: Problem, args: tuple[Any, ...]) -> Call:
    return lambda: problem.by_hand(*args)


def by_hand_prepared(problem: Problem, args: tuple[Any, ...]) -> Call | None:
    if problem.prepared is None:
        return None
    derivative = problem.prepared(*args)
    return lambda: derivative(*args)


def value(problem: Problem, args: tuple[Any, ...]) -> Call:
    return lambda: problem.function(*args)


def by_srcad(problem: Problem, args: tuple[Any, ...]) -> Call:
    derivative = problem.derivative()
    return lambda: derivative(*args)


def of_first(problem: Problem, library: str, namespace: Any, rest: tuple[Any, ...]) -> Any:
    """The problem's function in a library, of its first argument alone."""
    variant = problem.variants.get(library)
    function = variant(namespace) if variant else with_namespace(problem.function, namespace)
    return lambda x: function(x, *rest)


def with_jax(problem: Problem, args: tuple[Any, ...]) -> tuple[Any, Any]:
    import jax
    import jax.numpy as jnp

    jax.config.update("jax_enable_x64", True)
    rest = tuple(jnp.asarray(arg) if np.ndim(arg) else arg for arg in args[1:])
    return of_first(problem, "jax", jnp, rest), jnp.asarray(args[0])


def by_jax(problem: Problem, args: tuple[Any, ...]) -> Call:
    """jax.jacrev, or jax.hessian, jitted; of rows mapped over them."""
    import jax

    function, x = with_jax(problem, args)
    derivative = jax.hessian(function) if problem.order == 2 else jax.jacrev(function)
    if problem.layout == "compact":
        derivative = jax.vmap(derivative)
    derivative = jax.jit(derivative)
    return lambda: jax.block_until_ready(derivative(x))


def by_asdex(problem: Problem, args: tuple[Any, ...]) -> Call | None:
    """As asdex advises: coloured once, then jitted. What comes out is JAX's BCOO.

    Arguments and results of several axes are made flat: the indices of a BCOO of four axes overflow early.
    """
    import asdex
    import jax

    if problem.layout == "dense":
        return None
    function, x = with_jax(problem, args)
    shape, flat = x.shape, x.ravel()
    if x.ndim > 1:
        inner = function
        function = lambda x: inner(x.reshape(shape)).ravel()  # noqa: E731
    color, derived = asdex.jacobian_coloring, asdex.jacobian_from_coloring
    if problem.order == 2:
        color, derived = asdex.hessian_coloring, asdex.hessian_from_coloring
    folder = os.environ.get(COLORINGS)
    file = folder and os.path.join(folder, f"{problem.name}-{flat.size}.npz")
    if file and os.path.exists(file):
        coloring = asdex.ColoredPattern.load(file)
    else:
        coloring = color(function, flat)
        if file:
            coloring.save(file)
    derivative = jax.jit(derived(function, coloring))
    return lambda: jax.block_until_ready(derivative(flat))


def by_torch(problem: Problem, args: tuple[Any, ...], forward: bool = False) -> Call | None:
    """torch.func.jacrev, or torch.func.hessian; of rows mapped over them."""
    import torch

    torch.set_num_threads(1)
    rest = tuple(torch.as_tensor(arg) if np.ndim(arg) else arg for arg in args[1:])
    function, x = of_first(problem, "torch", torch, rest), torch.as_tensor(args[0])
    if problem.order == 2:
        derivative = None if forward else torch.func.hessian(function)
    else:
        derivative = (torch.func.jacfwd if forward else torch.func.jacrev)(function)
    if problem.layout == "compact":
        derivative = torch.func.vmap(derivative)
    return derivative and (lambda: derivative(x))


def by_torch_forward(problem: Problem, args: tuple[Any, ...]) -> Call | None:
    return by_torch(problem, args, forward=True)


def by_autograd(problem: Problem, args: tuple[Any, ...]) -> Call:
    """autograd.jacobian, or autograd.hessian; of rows that of their sum, as autograd cannot map."""
    import autograd
    import autograd.numpy as anp

    x, *rest = args
    function = of_first(problem, "autograd", anp, tuple(rest))
    if problem.layout == "compact":
        of_sum = autograd.jacobian(lambda x: anp.sum(function(x), axis=0))
        return lambda: np.swapaxes(of_sum(x), 0, 1)
    derivative = (autograd.hessian if problem.order == 2 else autograd.jacobian)(function)
    return lambda: derivative(x)


RIVALS: dict[str, Maker] = {
    "value": value,
    "by hand": by_hand,
    "prepared": by_hand_prepared,
    "srcad": by_srcad,
    "asdex": by_asdex,
    "JAX": by_jax,
    "torch": by_torch,
    "torch jacfwd": by_torch_forward,
    "autograd": by_autograd,
}

NEEDS = {
    "asdex": "asdex",
    "JAX": "jax",
    "torch": "torch",
    "torch jacfwd": "torch",
    "autograd": "autograd",
}


def installed() -> list[str]:
    return [name for name in RIVALS if name not in NEEDS or importlib.util.find_spec(NEEDS[name])]


def dense(problem: Problem, name: str) -> bool:
    """Whether it computes the zeros, too, so that it grows with the square of the size."""
    if problem.layout == "dense":
        return name != "value"
    return problem.layout == "sparse" and name in ("JAX", "torch", "torch jacfwd", "autograd")


def entries(wanted: Any) -> int:
    """The entries of a result that may be other than zero; of a dense one all."""
    return int(wanted.nnz if sparse.issparse(wanted) else wanted.size)


def as_sparse(wanted: Any) -> Any:
    """Blocks of rows as a matrix with them on its diagonal."""
    n = len(wanted)
    placed = (wanted, np.arange(n), np.arange(n + 1))
    return sparse.bsr_array(placed, shape=(n * wanted.shape[1], n * wanted.shape[2])).tocsr()


def agrees(found: Any, wanted: Any) -> bool:
    """Whether a result, of whatever kind, is the one by hand, to rounding."""
    if hasattr(found, "todense") and hasattr(found, "indices") and not sparse.issparse(found):
        places, data = np.asarray(found.indices), np.asarray(found.data)  # BCOO
        found = sparse.csr_array((data, (places[:, 0], places[:, 1])), shape=found.shape)
        wanted = wanted if sparse.issparse(wanted) else as_sparse(wanted)
    if sparse.issparse(found):
        near = 1e-9 * abs(wanted).max()
        return bool(found.shape == wanted.shape and abs(found - wanted).max() <= near)
    found = np.asarray(found)
    if not sparse.issparse(wanted):
        near = 1e-9 * np.max(np.abs(wanted))
        return bool(found.shape == wanted.shape and np.allclose(found, wanted, 0, near))
    if found.size != wanted.shape[0] * wanted.shape[1]:
        return False
    found, places = found.reshape(wanted.shape), wanted.tocoo()
    there = found[places.row, places.col]
    near = 1e-9 * abs(wanted).max()
    # What is not in the pattern has to be zero; a dense difference would take as much memory again.
    return bool(
        np.allclose(there, places.data, 0, near)
        and np.count_nonzero(found) == np.count_nonzero(there)
    )
