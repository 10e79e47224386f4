"""The other contenders: autograd, and JAX (jitted) and torch.func where they are installed.

A peer gets the same primal with its own namespace in the place of `np`. Where it cannot run that
(a store in place, a loop that it would unroll, a branch on a traced value) it gets the primal
that its users would write, from the tables below; `None` says that there is none, and the row
shows a dash.
"""

from __future__ import annotations

import importlib
import types
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from .table import DIFFUSION, Row

Derivative = Callable[[], Any]
"""Computes a derivative once, of arguments that it already has."""


def with_namespace(function, namespace):
    """The same function, and those that it calls, with another module in the place of NumPy."""
    used = {
        name: with_namespace(value, namespace)
        for name, value in function.__globals__.items()
        if name in function.__code__.co_names and isinstance(value, types.FunctionType)
    }
    return types.FunctionType(
        function.__code__, {**function.__globals__, **used, "np": namespace}, function.__name__
    )


def arguments_of(row, args):
    """What the primal takes, and the seed of a vjp."""
    return (args[:-1], args[-1]) if row.transform == "vjp" else (args, None)


# autograd ---------------------------------------------------------------------------------------


def autograd_peer(row: Row, args: tuple[Any, ...]) -> Derivative | None:
    import autograd
    import autograd.numpy as anp

    primal = AUTOGRAD[row.name] if row.name in AUTOGRAD else with_namespace(row.primal, anp)
    if primal is None:
        return None
    args, seed = arguments_of(row, args)
    if row.transform in ("grad", "value_and_grad"):
        derivative = getattr(autograd, row.transform)(primal, row.argnums)
    elif row.transform == "hessian":
        derivative = autograd.hessian(primal, row.argnums)
    elif row.transform == "vjp":
        back = autograd.make_vjp(primal, row.argnums)
        return lambda: back(*args)[0](seed)
    elif isinstance(row.argnums, tuple):
        if row.name in SEVERAL:  # autograd's Jacobians are of one output
            ones = [lambda *given, k=k: primal(*given)[k] for k in range(SEVERAL[row.name])]
            blocks = [[autograd.jacobian(one, i) for i in row.argnums] for one in ones]
            return lambda: tuple(tuple(part(*args) for part in parts) for parts in blocks)
        parts = [autograd.jacobian(primal, i) for i in row.argnums]
        return lambda: tuple(part(*args) for part in parts)
    elif row.transform == "jacrev":
        derivative = autograd.jacobian(primal, row.argnums)
    else:
        return None
    return lambda: derivative(*args)


def heat_functional(u0, alpha):
    import autograd.numpy as anp

    u = u0
    for _ in range(200):
        inner = u[1:-1] + alpha * (u[:-2] - 2 * u[1:-1] + u[2:])
        u = anp.concatenate([u[:1], inner, u[-1:]])
    return anp.sum(u**2)


def smooth_functional(u0):
    import autograd.numpy as anp

    u = u0
    for _ in range(3):
        u = anp.concatenate([u[:1], u[1:-1] + u[:-2] - u[2:], u[-1:]])
    return anp.sum(u**2)


def back_substitution_functional(U, b):
    import autograd.numpy as anp

    x: list[Any] = [None] * len(b)
    for i in reversed(range(len(b))):
        s = b[i]
        for j in range(i + 1, len(b)):
            s = s - U[i, j] * x[j]
        x[i] = s / U[i, i]
    return anp.array(x)


def brusselator_functional(u, v):
    import autograd.numpy as anp

    def spread(x):
        inner = DIFFUSION * (x[:-2] - 2 * x[1:-1] + x[2:])
        return anp.concatenate([anp.zeros(1), inner, anp.zeros(1)])

    reaction = u**2 * v
    return 1.0 + reaction - 4.0 * u + spread(u), 3.0 * u - reaction + spread(v)


SEVERAL = {"brusselator": 2}
"""Rows with several outputs, and how many."""

AUTOGRAD: dict[str, Callable[..., Any] | None] = {
    "no_grad": None,
    "heat": heat_functional,
    "heat_u0": heat_functional,
    "smooth": smooth_functional,
    "nested_loops": back_substitution_functional,
    "brusselator": brusselator_functional,
}


# JAX --------------------------------------------------------------------------------------------


def jax_peer(row: Row, args: tuple[Any, ...]) -> Derivative | None:
    import jax
    import jax.numpy as jnp

    jax.config.update("jax_enable_x64", True)
    variants = jax_variants(jax, jnp)
    primal = variants[row.name] if row.name in variants else with_namespace(row.primal, jnp)
    if primal is None:
        return None
    args, seed = arguments_of(row, tuple(jnp.asarray(arg) for arg in args))
    if row.transform == "vjp":
        derivative = jax.jit(lambda *args: jax.vjp(primal, *args)[1](seed))
    elif row.transform == "vmap_jacrev":
        in_axes = (0, *[None] * (len(args) - 1))
        derivative = jax.jit(jax.vmap(jax.jacrev(primal, row.argnums), in_axes))
    else:
        derivative = jax.jit(getattr(jax, row.transform)(primal, row.argnums))
    return lambda: jax.block_until_ready(derivative(*args))


def jax_variants(jax: Any, jnp: Any) -> dict[str, Callable[..., Any] | None]:
    def no_grad(x):
        return x - jax.lax.stop_gradient(x**2)

    def huber(x, delta):
        r = jnp.abs(x)
        return jnp.where(r <= delta, 0.5 * r * r, delta * (r - 0.5 * delta))

    def path(x, k):
        def step(v, a):
            return jnp.where(v > 0.5, v - k * v**2, v) + jnp.sin(a), None

        return jax.lax.scan(step, 0.0, x)[0]

    def growth(rate, capacity, y):
        h = 0.01

        def slope(y):
            return rate * y * (1.0 - y / capacity)

        def step(y, _):
            k_1 = slope(y)
            k_2 = slope(y + 0.5 * h * k_1)
            k_3 = slope(y + 0.5 * h * k_2)
            k_4 = slope(y + h * k_3)
            return y + h / 6.0 * (k_1 + 2.0 * k_2 + 2.0 * k_3 + k_4), None

        return jax.lax.scan(step, y, length=1000)[0]

    def heat(u0, alpha):
        def step(u, _):
            return u.at[1:-1].add(alpha * (u[:-2] - 2 * u[1:-1] + u[2:])), None

        return jnp.sum(jax.lax.scan(step, u0, length=200)[0] ** 2)

    def smooth(u):
        for _ in range(3):
            u = u.at[1:-1].add(u[:-2] - u[2:])
        return jnp.sum(u**2)

    def brusselator(u, v):
        reaction = u**2 * v
        du = 1.0 + reaction - 4.0 * u
        dv = 3.0 * u - reaction
        du = du.at[1:-1].add(DIFFUSION * (u[:-2] - 2 * u[1:-1] + u[2:]))
        dv = dv.at[1:-1].add(DIFFUSION * (v[:-2] - 2 * v[1:-1] + v[2:]))
        return du, dv

    return {
        "brusselator": brusselator,
        "no_grad": no_grad,
        "huber": huber,
        "branch_in_loop": path,
        "rk4": growth,
        "heat": heat,
        "heat_u0": heat,
        "smooth": smooth,
        "newton": None,  # no reverse mode through lax.while_loop
        "nested_loops": None,  # 780 unrolled steps take minutes to compile
    }


# PyTorch ----------------------------------------------------------------------------------------


def torch_peer(row: Row, args: tuple[Any, ...]) -> Derivative | None:
    import torch

    torch.set_num_threads(1)
    variants = torch_variants(torch)
    primal = variants[row.name] if row.name in variants else with_namespace(row.primal, torch)
    if primal is None:
        return None
    tensors = tuple(
        torch.tensor(arg, dtype=torch.float64) if isinstance(arg, float) else torch.as_tensor(arg)
        for arg in args
    )
    args, seed = arguments_of(row, tensors)
    func = torch.func
    if row.transform == "vjp":
        return lambda: func.vjp(primal, *args)[1](seed)
    if row.transform == "value_and_grad":
        both = func.grad_and_value(primal, row.argnums)
        return lambda: both(*args)[::-1]
    if row.transform == "vmap_jacrev":
        in_dims = (0, *[None] * (len(args) - 1))
        derivative = func.vmap(func.jacrev(primal, row.argnums), in_dims)
    else:
        derivative = getattr(func, row.transform)(primal, row.argnums)
    return lambda: derivative(*args)


def torch_by_rows(row: Row, args: tuple[Any, ...]) -> Derivative | None:
    """torch.func.jacrev, one row at a time."""
    import torch

    if row.transform != "jacrev":
        return None
    torch.set_num_threads(1)
    variants = torch_variants(torch)
    primal = variants[row.name] if row.name in variants else with_namespace(row.primal, torch)
    derivative = torch.func.jacrev(primal, row.argnums, chunk_size=1)
    tensors = tuple(torch.as_tensor(arg) for arg in args)
    return lambda: derivative(*tensors)


def torch_variants(torch: Any) -> dict[str, Callable[..., Any] | None]:
    def no_grad(x):
        return x - (x**2).detach()

    def loss(w, X, t):
        z = X @ w
        softplus = torch.nn.functional.softplus(z)
        return torch.mean(softplus - t * z) + 0.5 * torch.sum(w**2)

    def cross_entropy(logits, labels):
        return torch.nn.functional.cross_entropy(logits, labels)

    def heat(u0, alpha):
        u = u0.clone()
        for _ in range(200):
            u[1:-1] += alpha * (u[:-2] - 2 * u[1:-1] + u[2:])
        return torch.sum(u**2)

    def smooth(u0):
        u = u0.clone()
        for _ in range(3):
            u[1:-1] += u[:-2] - u[2:]
        return torch.sum(u**2)

    def brusselator(u, v):
        reaction = u**2 * v
        du = 1.0 + reaction - 4.0 * u
        dv = 3.0 * u - reaction
        zero = torch.zeros(1, dtype=u.dtype)

        def spread(x):
            return torch.cat((zero, DIFFUSION * (x[:-2] - 2 * x[1:-1] + x[2:]), zero))

        return du + spread(u), dv + spread(v)

    return {
        "brusselator": brusselator,
        "no_grad": no_grad,
        "logistic": loss,
        "softmax": cross_entropy,
        "heat": heat,
        "heat_u0": heat,
        "smooth": smooth,
        "nested_loops": None,  # x[j] is read and then overwritten, which torch refuses
    }


# All together -----------------------------------------------------------------------------------

PEERS: dict[str, Callable[[Row, tuple[Any, ...]], Derivative | None]] = {
    "autograd": autograd_peer,
    "jax": jax_peer,
    "torch": torch_peer,
    "torch by rows": torch_by_rows,
}


def installed() -> Iterator[str]:
    """The peers that can be imported."""
    for name in PEERS:
        try:
            importlib.import_module(name.partition(" ")[0])
        except ImportError:
            continue
        yield name


def as_arrays(tree: Any) -> list[np.ndarray]:
    """The leaves of a result, as NumPy arrays."""
    if isinstance(tree, (tuple, list)):
        return [leaf for item in tree for leaf in as_arrays(item)]
    return [np.asarray(tree)]
