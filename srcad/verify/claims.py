"""What a derivative says, held against what its function does, by transform."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from srcad.api import Derivative, jacrev
from srcad.api.dims import spread_dims
from srcad.api.mapping import leaf_dims, some_of
from srcad.core.pytrees import flatten, rebuild
from srcad.errors import ArgumentValueError, SrcadError, UnsupportedSyntaxError
from srcad.verify.differences import directional
from srcad.verify.report import Report, Row
from srcad.verify.subject import Subject, worst_entry
from srcad.verify.values import (
    Array,
    as_it_is,
    bound_arguments,
    called_with,
    distance_of,
    is_equal,
    is_float,
    is_like,
    is_number,
    is_static,
    leaves_of,
    mapped,
    pairs_of,
    precision_of,
)

__all__ = ["Claim", "agreement", "check", "cotangent", "stacked_calls", "tangents"]


def check(
    derivative: Callable[..., Any],
    transform: str,
    function: Callable[..., Any],
    args: tuple[Any, ...],
    *,
    argnums: int | tuple[int, ...] = 0,
    has_aux: bool = False,
    dims: tuple[Any, Any] = (0, 0),
    rtol: float | None = None,
    limit: int = 100,
    seed: int = 0,
) -> Report:
    """`verify` for anything that can be called like a derivative made by `transform`.

    What answers to "vjp" takes the cotangent of the value as last argument; what answers to "jvp" or "linearize" the tangents of
    the arguments, and returns the value and its derivative. `dims` are the in_dims and out_dims of a map.
    """
    if transform not in _WORDS:
        raise UnsupportedSyntaxError(
            f"`{transform}` cannot be verified yet",
            reason="It comes with a later version of srcad.",
        )
    name = getattr(function, "__name__", type(function).__name__)
    if transform == "vmap":
        return _check_map(derivative, function, name, args, dims, rtol)
    if transform in ("jvp", "linearize"):
        return _check_pushforward(derivative, transform, function, args, argnums, has_aux, rtol)
    if transform == "hessian":
        function = jacrev(function, argnums)
    if transform in ("hessian", "jacfwd", "jacobian"):
        words, transform = _WORDS[transform], "jacrev"
    else:
        words = _WORDS[transform]
    y_bar = None
    if transform == "vjp":
        *rest, y_bar = args
        args = tuple(rest)
    subject = Subject(function, args, argnums, has_aux)
    rng = np.random.default_rng(seed)
    claim = Claim(subject, transform, derivative, y_bar)
    rows = list(claim.rows)
    if not any(not row.ok for row in rows):
        rows += subject.compare(claim, rtol, limit, rng)
    return Report(f"{words} of `{name}` with respect to {subject.by}", rows)


_WORDS = {
    "grad": "gradient",
    "value_and_grad": "value and gradient",
    "jacrev": "Jacobian",
    "jacfwd": "Jacobian",
    "jacobian": "Jacobian",
    "hessian": "Hessian",
    "vjp": "pullback",
    "jvp": "pushforward",
    "linearize": "linearization",
    "vmap": "map",
}


def _check_pushforward(
    derivative: Callable[..., Any],
    transform: str,
    function: Callable[..., Any],
    args: tuple[Any, ...],
    argnums: int | tuple[int, ...],
    has_aux: bool,
    rtol: float | None,
) -> Report:
    """The value and the derivative along the given tangents, entry by entry."""
    count = len(argnums) if isinstance(argnums, tuple) else 1
    primals, dots = args[:-count], args[-count:]
    subject = Subject(function, primals, argnums, has_aux)
    title = f"{_WORDS[transform]} of `{subject.name}` with respect to {subject.by}"
    claim = Claim.empty()
    given = subject.fresh(as_it_is)
    try:
        result = derivative(
            *given, *(mapped(dot, lambda leaf, _: as_it_is(leaf), "") for dot in dots)
        )
    except SrcadError:
        raise
    except Exception as error:
        claim.wrong(subject.name, "", f"raises {type(error).__name__}: {error}")
        return Report(title, claim.rows)
    if not (isinstance(result, tuple) and len(result) == 2 + has_aux):
        claim.wrong(subject.name, "", "no pair of a value and a derivative")
        return Report(title, claim.rows)
    directions, at = {}, 0
    for tree, dot in zip(subject.trees, dots):
        by_name = dict(leaves_of(dot, ""))
        for label, leaf in leaves_of(tree, ""):
            if is_float(leaf):
                directions[at] = pairs_of(
                    np.asarray(by_name[label], np.asarray(leaf).dtype)
                ).astype(float)
                at += 1
    complex_machine, machine = subject.machines()
    column = directional(subject, complex_machine, machine, directions, scaled=False)
    rtol = 4 * float(np.sqrt(subject.eps)) if rtol is None else rtol
    values, tangents = subject.by_output(result[0]), subject.by_output(result[1])
    if not values or not tangents:
        claim.wrong(subject.name, "", "not of the structure of the function's value")
        return Report(title, claim.rows)
    start, rows = 0, []
    for (label, leaf), value, tangent in zip(subject.outputs, values, tangents):
        shape = np.shape(leaf)
        if np.shape(value) != shape or np.shape(tangent) != shape:
            claim.wrong(label, "", f"shape {np.shape(tangent)}, not {shape}")
            continue
        if np.iscomplexobj(leaf):
            value, tangent = np.asarray(value, complex), np.asarray(tangent, complex)
        value, tangent, leaf = pairs_of(value), pairs_of(tangent), pairs_of(leaf)
        size, shape = leaf.size, leaf.shape
        rows.append(agreement("value", label, value, leaf, 2.0**12 * subject.eps, "the function"))
        part = column.cut(slice(start, start + size))
        block = np.asarray(tangent).reshape(size, 1)
        along = "along the tangents"
        rows.append(worst_entry(label, along, block, [part], np.zeros(1, int), (), shape, rtol, 1))
        start += size
    return Report(title, [*claim.rows, *rows])


def _check_map(
    derivative: Callable[..., Any],
    function: Callable[..., Any],
    name: str,
    args: tuple[Any, ...],
    dims: tuple[Any, Any],
    rtol: float | None,
) -> Report:
    """A map against the calls that it stands for."""
    title = f"map of `{name}` over an axis"
    expected = stacked_calls(function, args, dims)
    given = [mapped(arg, lambda leaf, _: as_it_is(leaf), "") for arg in args]
    claim = Claim.empty()
    try:
        result = derivative(*given)
    except SrcadError:
        raise
    except Exception as error:
        claim.wrong(name, "", f"raises {type(error).__name__}: {error}")
        return Report(title, claim.rows)
    if any(
        not is_equal(a, b) for a, b in zip(flatten(tuple(given)), flatten(args)) if is_number(b)
    ):
        claim.wrong("", "", "the derivative changed an argument")
    if not is_like(expected, result):
        claim.wrong(name, "", "not of the structure of the function's value")
        return Report(title, claim.rows)
    found = dict(leaves_of(result, name))
    rows = []
    for label, wanted in leaves_of(expected, name):
        if not is_number(wanted):
            continue
        if np.shape(found[label]) != np.shape(wanted):
            claim.wrong(label, "", f"shape {np.shape(found[label])}, not {np.shape(wanted)}")
            continue
        eps = float(np.finfo(precision_of([np.asarray(wanted)])).eps)
        allowed = 2.0**14 * eps if rtol is None else rtol
        rows.append(agreement("entries", label, found[label], wanted, allowed, "the calls"))
    return Report(title, [*claim.rows, *rows])


def stacked_calls(
    function: Callable[..., Any], args: tuple[Any, ...], dims: tuple[Any, Any]
) -> Any:
    """What a map stands for: the function at each example, put together along out_dims."""
    bound = tuple(bound_arguments(function, args).values())
    per = leaf_dims(dims[0], bound)
    sizes = {
        np.shape(leaf)[dim]
        for arg, each in zip(bound, per)
        for leaf, dim in zip(flatten(arg), each)
        if dim is not None
    }
    if len(sizes) != 1 or not min(sizes):
        raise ArgumentValueError(
            "the mapped axes differ in size, or have none", reason="Pass some examples."
        )
    parts = []
    for place in range(sizes.pop()):
        example = [some_of(arg, each, place) for arg, each in zip(bound, per)]
        copies = [mapped(arg, lambda leaf, _: as_it_is(leaf), "") for arg in example]
        parts.append(called_with(function, copies))
    columns = iter(zip(*map(flatten, parts)))
    places = iter(flatten(spread_dims(dims[1], parts[0], "out_dims")))

    def joined(leaf: Any) -> Any:
        pieces, dim = next(columns), next(places)
        return leaf if dim is None or not is_number(leaf) else np.stack(pieces, axis=dim)

    return rebuild(parts[0], joined)


def agreement(test: str, output: str, found: Any, wanted: Any, rtol: float, method: str) -> Row:
    """The worst entry of an array that another one is to be equal to."""
    found, wanted = pairs_of(np.asarray(found)), pairs_of(np.asarray(wanted))
    if not wanted.size:
        return Row(test, output, "", None, 0.0, 0.0, method="nothing to check", checked=0, total=0)
    scale = float(np.max(np.abs(wanted), initial=0.0, where=np.isfinite(wanted)))
    allowed = np.asarray(rtol * (np.abs(wanted) + scale + np.finfo(float).tiny))
    error = np.array([distance_of(a, b) for a, b in zip(found.ravel(), wanted.ravel())]).reshape(
        wanted.shape
    )
    allowed[~np.isfinite(allowed)] = 0.0
    with np.errstate(all="ignore"):
        ratio = np.where(
            error == 0, 0.0, error / np.where(allowed == 0, np.finfo(float).tiny, allowed)
        )
    worst = np.unravel_index(int(np.argmax(ratio)), wanted.shape)
    return Row(
        test,
        output,
        "",
        tuple(map(int, worst)) if wanted.ndim else None,
        float(found[worst]),
        float(wanted[worst]),
        float(error[worst]),
        float(allowed[worst]),
        method,
        wanted.size,
        wanted.size,
    )


def tangents(
    function: Callable[..., Any],
    args: tuple[Any, ...],
    argnums: int | tuple[int, ...],
    *,
    seed: int = 0,
) -> tuple[Any, ...]:
    """Random tangents of the arguments of a function that argnums name."""
    rng = np.random.default_rng(seed)

    def draw(leaf: Any, _: str) -> Any:
        if not is_float(leaf):
            return leaf
        return _drawn(leaf, rng)

    values = list(bound_arguments(function, args).values())
    chosen = argnums if isinstance(argnums, tuple) else (argnums,)
    return tuple(mapped(values[place], draw, "") for place in chosen)


def cotangent(
    function: Callable[..., Any], args: tuple[Any, ...], *, has_aux: bool = False, seed: int = 0
) -> Any:
    """A random cotangent of the value of a function at some arguments."""
    rng = np.random.default_rng(seed)

    def draw(leaf: Any, _: str) -> Any:
        if not is_number(leaf):
            return leaf
        return _drawn(leaf, rng)

    return mapped(Subject(function, args, (), has_aux, refuse=False).result, draw, "")


def _drawn(leaf: Any, rng: np.random.Generator) -> Any:
    """A random number, or an array of them, of the form of another."""
    drawn = rng.normal(size=np.shape(leaf))
    if np.iscomplexobj(leaf):
        drawn = drawn + 1j * rng.normal(size=np.shape(leaf))
    plain = complex if isinstance(leaf, complex) else float
    drawn = np.asarray(drawn, getattr(leaf, "dtype", plain))
    return drawn if isinstance(leaf, np.ndarray) else drawn[()]


class Claim:
    """What a derivative says, as blocks: for each output and each argument an array of the shape of both."""

    def __init__(
        self, subject: Subject, transform: str, derivative: Callable[..., Any], y_bar: Any
    ) -> None:
        self.rows: list[Row] = []
        self.blocks: dict[tuple[int, int], Array] = {}
        self.weights: list[Array] | None = None
        if transform == "vjp":
            seeds = [leaf for _, leaf in leaves_of(y_bar, "") if is_number(leaf)]
            self.weights = [pairs_of(np.asarray(leaf)).astype(float) for leaf in seeds]
            self.outputs = [subject.name]
            shapes: list[tuple[int, ...]] = [()]
        else:
            self.outputs = [label for label, _ in subject.outputs]
            shapes = [np.shape(leaf) for _, leaf in subject.outputs]
        given = subject.fresh(as_it_is)
        before = [
            np.array(leaf)
            for value in given
            for _, leaf in leaves_of(value, "")
            if not is_static(leaf)
        ]
        try:
            more = () if y_bar is None else (y_bar,)
            if isinstance(derivative, Derivative):
                result = called_with(derivative, given)
            else:
                result = derivative(*given, *more)
        except SrcadError:
            raise
        except Exception as error:  # where the function itself raises nothing
            return self.wrong(subject.name, "", f"raises {type(error).__name__}: {error}")
        after = [leaf for value in given for _, leaf in leaves_of(value, "") if not is_static(leaf)]
        if any(not is_equal(a, b) for a, b in zip(before, after)):
            self.wrong("", "", "the derivative changed an argument")
        if transform == "value_and_grad":
            if not (isinstance(result, tuple) and len(result) == 2):
                return self.wrong(subject.name, "", "no pair of a value and a gradient")
            value, result = result
            if subject.has_aux:
                value = value[0]
            self.value(subject, value)
        elif subject.has_aux and transform != "vjp":
            if not (isinstance(result, tuple) and len(result) == 2):
                return self.wrong(subject.name, "", "no pair of a derivative and aux")
            result = result[0]
        exact = transform != "jacrev"
        results = [result]
        if transform == "jacrev":
            results = subject.by_output(result)
            if not results:
                return self.wrong(subject.name, "", "not of the structure of the function's value")
        for place, (label, shape, part) in enumerate(zip(self.outputs, shapes, results)):
            parts = (part,) if subject.single else part
            if not isinstance(parts, tuple) or len(parts) != len(subject.trees):
                return self.wrong(label, "", f"no tuple of {len(subject.trees)}")
            self.take(subject, place, label, shape, parts, exact)
        return None

    @classmethod
    def empty(cls) -> Claim:
        """One that says nothing yet."""
        made = cls.__new__(cls)
        made.rows = []
        return made

    def wrong(self, output: str, argument: str, note: str) -> None:
        """A row for what is not of the right form at all."""
        self.rows.append(Row("form", output, argument, error=np.inf, note=note))

    def value(self, subject: Subject, value: Any) -> None:
        """The value that comes with a gradient is the function's."""
        reference = subject.plain[0][()]
        eps = float(np.finfo(precision_of([subject.plain[0]])).eps)
        allowed = 16 * eps * max(abs(float(reference)), 1.0)
        self.rows.append(
            Row(
                "value",
                subject.name,
                "",
                None,
                value,
                reference,
                distance_of(value, reference),
                allowed,
                "the function",
            )
        )

    def take(
        self,
        subject: Subject,
        place: int,
        label: str,
        shape: tuple[int, ...],
        parts: tuple[Any, ...],
        exact: bool,
    ) -> None:
        """The blocks of one output."""
        at = 0
        of_complex = self.weights is None and subject.of_complex[place]
        for name, tree, part in zip(subject.names, subject.trees, parts):
            if not is_like(tree, part):
                self.wrong(label, name, "not of the structure of the argument")
                continue
            wanted = list(leaves_of(tree, name))
            by_name = dict(leaves_of(part, name))
            found = [by_name[argument] for argument, _ in wanted]
            for (argument, leaf), block in zip(wanted, found):
                if not is_float(leaf):
                    continue
                array, by_complex = np.asarray(block), np.iscomplexobj(leaf)
                if array.shape != shape + np.shape(leaf):
                    self.wrong(
                        label, argument, f"shape {array.shape}, not {shape + np.shape(leaf)}"
                    )
                elif (
                    exact
                    and isinstance(leaf, (np.ndarray, np.generic))
                    and array.dtype != leaf.dtype
                ):
                    self.wrong(label, argument, f"dtype {array.dtype}, not {leaf.dtype}")
                elif array.dtype.kind not in ("fc" if of_complex or by_complex else "f"):
                    self.wrong(label, argument, f"dtype {array.dtype}")
                elif exact and isinstance(leaf, np.ndarray) != isinstance(block, np.ndarray):
                    self.wrong(label, argument, f"{type(block).__name__} for {type(leaf).__name__}")
                elif by_complex:
                    self.blocks[place, at] = pairs_of(array.astype(complex))
                elif of_complex:
                    self.blocks[place, at] = np.stack([array.real, array.imag], axis=len(shape))
                else:
                    self.blocks[place, at] = array
                at += 1
