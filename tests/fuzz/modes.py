"""Laws between the transforms: forward mode against reverse mode, second order against the first, a map against the stacked calls.

What reverse mode takes, the others take too; `Refused` says which did not, for a caller who counts that.
"""

import contextlib

import numpy as np

import srcad
from tests.fuzz.check import (
    LONG,
    Failure,
    check_results,
    copied,
    finite,
    flat,
    mapped,
    mapped_pair,
    same,
)

__all__ = ["LAWS", "Refused", "forward_is_reverse", "map_is_stack", "orders_agree"]


class Refused(Exception):
    """A transform that does not take what reverse mode takes."""


@contextlib.contextmanager
def taken(transform):
    """Refusals by a transform, told apart from those of the reference."""
    try:
        yield
    except srcad.SrcadError as error:
        if type(error).__name__ == "CoreError":
            raise
        raise Refused(f"{transform}: {type(error).__name__}: {error.what}") from error


def is_float(leaf):
    return isinstance(leaf, (float, np.floating)) or (
        isinstance(leaf, np.ndarray) and leaf.dtype.kind == "f"
    )


def like(rng, tree):
    """Random numbers in the place of floats."""

    def drawn(leaf):
        made = rng.normal(size=np.shape(leaf)).astype(np.asarray(leaf).dtype)
        return made if isinstance(leaf, np.ndarray) else float(made)

    return mapped(drawn, tree)


def inner(a, b):
    """<a, b>, and the sum of its terms' sizes."""
    terms = [np.asarray(p, LONG) * np.asarray(q, LONG) for p, q in zip(flat(a), flat(b))]
    return float(sum(np.sum(t) for t in terms)), float(sum(np.sum(np.abs(t)) for t in terms))


def precision(*trees):
    floats = [np.asarray(leaf).dtype for tree in trees for leaf in flat(tree) if is_float(leaf)]
    return float(max((np.finfo(dtype).eps for dtype in floats), default=np.finfo(float).eps))


def close(found, wanted, what, tolerance):
    """Leaf by leaf, relative to the largest entry."""
    if len(flat(found)) != len(flat(wanted)):
        raise Failure(f"{what}: {len(flat(found))} leaves, not {len(flat(wanted))}")
    for place, (a, b) in enumerate(zip(flat(found), flat(wanted))):
        if np.shape(a) != np.shape(b):
            raise Failure(f"{what}: leaf {place} has shape {np.shape(a)}, not {np.shape(b)}")
        scale = float(np.max(np.abs(b), initial=1.0, where=np.isfinite(b)))
        if not np.allclose(a, b, rtol=tolerance, atol=tolerance * scale, equal_nan=True):
            raise Failure(f"{what}: leaf {place} is {a!r}, not {b!r}")


def forward_is_reverse(function, args, argnums, rng):
    """<y_bar, J x_dot> == <J^T y_bar, x_dot> to rounding, and what a pushforward promises of its results."""
    if len(argnums) < len(args) or not all(map(is_float, flat(list(args)))):
        return 0
    value = function(*copied(args))
    y_bar = like(rng, value)
    if isinstance(value, np.ndarray) and value.ndim == 0:
        y_bar = np.asarray(y_bar)
    y, pullback = srcad.vjp(function, *args)
    if not all(map(is_float, flat(y))):
        return 0
    bars = pullback(
        mapped_pair(lambda y, b: b if isinstance(y, np.ndarray) else float(b), y, y_bar)
    )
    dots = like(rng, list(args))
    before = copied([list(args), dots])
    with taken("jvp"):
        found, y_dot = srcad.jvp(function, tuple(args), tuple(dots))
    if not same([list(args), dots], before):
        raise Failure("mutated: jvp changes an argument or a tangent")
    tolerance = 2e4 * precision(args, value)
    close(found, y, "jvp value", tolerance)
    if type(y_dot) is not type(y) and isinstance(y, (tuple, list, dict, np.ndarray)):
        raise Failure(f"type: jvp gives {type(y_dot).__name__} for {type(y).__name__}")
    others = [("an argument or a tangent", leaf) for leaf in flat([list(args), dots])]
    arrays = [(a, b) for a, b in zip(flat(y_dot), flat(y)) if isinstance(b, np.ndarray)]
    check_results([a for a, _ in arrays], [b for _, b in arrays], others, "tangent")
    forward, size = inner(y_bar, y_dot)
    backward, other = inner(bars, dots)
    agree = abs(forward - backward) <= tolerance * (1 + size + other)
    empty = any(np.size(leaf) == 0 for leaf in flat(list(args)))  # NaN times nothing is nothing
    if np.isnan(backward) or (np.isnan(forward) and empty):
        return 0  # something overflowed on the way
    if not agree and finite(value):
        raise Failure(f"wrong: forward mode gives {forward:.12g}, reverse mode {backward:.12g}")
    return 1


def differences(gradient, args, argnums, direction):
    """How the gradient changes along a direction, flat; None where that does not settle."""

    def at(step):
        moved = [
            mapped_pair(lambda a, d: a + np.asarray(step * d, np.asarray(a).dtype)[()], arg, d)
            if place in argnums
            else arg
            for place, (arg, d) in enumerate(zip(copied(args), direction))
        ]
        parts = [np.ravel(np.asarray(leaf, float)) for leaf in flat(gradient(*moved))]
        return np.concatenate([np.zeros(0), *parts])

    found = []
    for step in (1e-3, 5e-4, 2.5e-4):
        found.append((at(step) - at(-step)) / (2 * step))
    first, second = (4 * found[1] - found[0]) / 3, (4 * found[2] - found[1]) / 3
    size = 1 + np.max(np.abs(second), initial=0.0)
    if not (
        np.all(np.isfinite(first)) and np.max(np.abs(first - second), initial=0.0) < 1e-6 * size
    ):
        return None
    return (16 * second - first) / 15


def orders_agree(function, args, argnums, rng):
    """The Hessian by three ways, and along a direction against differences of the gradient."""
    value = function(*copied(args))
    if isinstance(value, (tuple, list, dict)) or np.ndim(value) or not is_float(value):
        return 0
    if not all(is_float(leaf) for place in argnums for leaf in flat(args[place])):
        return 0
    argnums = tuple(argnums)
    gradient = srcad.grad(function, argnums)
    first = gradient(*args)
    direction = [like(rng, arg) if place in argnums else None for place, arg in enumerate(args)]
    wanted = (
        differences(gradient, args, argnums, direction) if precision(args, value) < 1e-10 else None
    )
    tolerance = 2e4 * precision(args, value)
    blocks = {}
    ways = {
        "hessian": lambda: srcad.hessian(function, argnums),
        "jacfwd(grad)": lambda: srcad.jacfwd(gradient, argnums),
        "jacrev(grad)": lambda: srcad.jacrev(gradient, argnums),
        "jacrev(jacrev)": lambda: srcad.jacrev(srcad.jacrev(function, argnums), argnums),
    }
    for way, make in ways.items():
        with taken(way):
            blocks[way] = make()(*args)
    if not finite(list(first)) or not finite(list(blocks["hessian"]), 1e12):
        return 0
    if wanted is not None:
        pending = iter(flat(list(blocks["hessian"])))
        moves = [leaf for place in argnums for leaf in flat(direction[place])]
        products = []
        for row in flat(list(first)):
            total = np.zeros(np.shape(row))
            for move in moves:
                total = total + np.tensordot(next(pending), move, axes=np.ndim(move))
            products.append(np.ravel(total))
        close(
            [np.concatenate([np.zeros(0), *products])],
            [wanted],
            "wrong: hessian by differences",
            1e-6,
        )
    for way, found in blocks.items():
        close(found, blocks["hessian"], f"wrong: {way} against hessian", tolerance)
    if argnums == tuple(range(len(args))):
        with taken("hvp"):
            again, product = srcad.hvp(function, tuple(args), tuple(direction))
        again, product = ((again,), (product,)) if len(args) == 1 else (again, product)
        close(list(again), list(first), "wrong: the gradient of hvp", tolerance)
        if wanted is not None:
            parts = [np.ravel(np.asarray(leaf, float)) for leaf in flat(list(product))]
            close(
                [np.concatenate([np.zeros(0), *parts])], [wanted], "wrong: hvp by differences", 1e-6
            )
    return 1


def map_is_stack(function, args, argnums, rng, size=None):
    """vmap(f) over some of the arguments, along one axis or another, against np.stack of the calls."""
    sizes = sorted({n for leaf in flat(list(args)) for n in np.shape(leaf)})
    size = size or int(rng.choice([1, 2, 3, *sizes[-1:]])) or 2
    chosen = [place for place in argnums if rng.random() < 0.7] or [argnums[0]]
    if not all(is_float(leaf) for place in chosen for leaf in flat(args[place])):
        return 0
    examples = [
        [
            mapped(
                lambda a: np.asarray(a + 0.1 * rng.normal(size=np.shape(a)), np.asarray(a).dtype)[
                    ()
                ],
                arg,
            )
            if place in chosen
            else arg
            for place, arg in enumerate(args)
        ]
        for _ in range(size)
    ]
    wanted = [function(*copied(example)) for example in examples]
    if not all(finite(value) and all(map(is_float, flat(value))) for value in wanted):
        return 0
    axis = int(rng.integers(0, 2))  # the last axis, or the first

    def stacked(*leaves):
        return np.stack(leaves, axis=-1 if axis else 0)

    given = [
        zipped(stacked, [example[place] for example in examples]) if place in chosen else arg
        for place, arg in enumerate(args)
    ]
    dims = tuple((-1 if axis else 0) if place in chosen else None for place in range(len(args)))
    before = copied(given)
    with taken("vmap"):
        found = srcad.vmap(function, in_dims=dims)(*given)
    if not same(given, before):
        raise Failure("mutated: vmap changes an argument")
    expected = zipped(lambda *leaves: np.stack(leaves), wanted)
    close(found, expected, "wrong: vmap against the stacked calls", 2e4 * precision(args, wanted))
    return 1


def zipped(function, trees):
    """Trees of one structure, leaf by leaf."""
    first = trees[0]
    if isinstance(first, dict):
        return {key: zipped(function, [tree[key] for tree in trees]) for key in first}
    if isinstance(first, (tuple, list)):
        return type(first)([zipped(function, parts) for parts in zip(*trees)])
    return function(*trees)


def jacobians_agree(function, args, argnums, rng):
    """The Jacobian in every way of putting it together: at once by structured seeds, in chunks, row by row, by columns."""
    value = function(*copied(args))
    if not all(map(is_float, flat(value))):
        return 0
    if not all(is_float(leaf) for place in argnums for leaf in flat(args[place])):
        return 0
    argnums = tuple(argnums)
    wanted = None
    tolerance = 2e4 * precision(args, value)
    for transform in (srcad.jacrev, srcad.jacfwd):
        for chunk_size in (1, None, 2):
            before = copied(args)
            way = f"{transform.__name__}(chunk_size={chunk_size})"
            with taken(way):
                found = transform(function, argnums, chunk_size=chunk_size)(*args)
            if not same(args, before):
                raise Failure(f"mutated: {way} changes an argument")
            if wanted is None:
                wanted = found
                if not finite(list(flat(wanted)), 1e12):
                    return 0
            close(found, wanted, f"wrong: {way} against the rows one by one", tolerance)
            leaves = [leaf for leaf in flat(found) if isinstance(leaf, np.ndarray)]
            check_results(
                leaves, leaves, [("an argument", leaf) for leaf in flat(list(args))], "Jacobian"
            )
    return 1


def map_of_derivative_is_stack(function, args, argnums, rng):
    """vmap of a derivative against the stacked derivatives, and the derivative of a map against its blocks."""
    value = function(*copied(args))
    if not all(map(is_float, flat(value))):
        return 0
    argnums = tuple(argnums)
    derivative = srcad.jacrev(function, argnums[0])
    done = map_is_stack(derivative, args, argnums, rng)
    if len(args) == 1 and not isinstance(value, (tuple, list, dict)):
        examples = [np.asarray(args[0] + 0.1 * k, np.asarray(args[0]).dtype) for k in range(2)]
        blocks = [np.asarray(derivative(example)) for example in examples]
        if not finite(blocks):
            return done
        wanted = np.zeros((2, *np.shape(value), 2, *np.shape(args[0])))
        for k, block in enumerate(blocks):
            wanted[(k, *[slice(None)] * np.ndim(value), k)] = block
        for transform in (srcad.jacrev, srcad.jacfwd):
            with taken(f"{transform.__name__}(vmap)"):
                found = transform(srcad.vmap(function))(np.stack(examples))
            tolerance = 2e4 * precision(args, value)
            close(
                [found],
                [wanted],
                f"wrong: {transform.__name__}(vmap) against its blocks",
                tolerance,
            )
    return done


LAWS = {
    "forward": forward_is_reverse,
    "orders": orders_agree,
    "map": map_is_stack,
    "jacobians": jacobians_agree,
    "map of derivative": map_of_derivative_is_stack,
}
