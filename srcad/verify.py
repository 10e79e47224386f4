"""The numerical check of a derivative, against what the function itself does.

The references are *central differences*, extrapolated (Richardson; in longdouble where the function can run
in it), and the *complex step*, exact to rounding, wherever it agrees with them, which is where the function is
analytic. Entry by entry up to a limit, and all entries at once in a *dot-product test*: <y_bar, J x_dot> from
the function along a random x_dot, against <x_bar, x_dot> from the derivative. A derivative of a derivative is held against
differences of the inner one, a Hessian against differences of the Jacobian, a map against the calls that it stands for.

A complex array counts as two real ones, of its real and its imaginary parts, on a last axis: of a gradient too.

Differences see what `no_grad` and `stop_gradient` hide, so functions that use them are refused.
"""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import inspect
import types
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from srcad.api import Derivative, grad, jacfwd, jacrev, vjp
from srcad.api.dims import spread_dims
from srcad.api.forms import form_of, is_open, plain_function
from srcad.api.mapping import Mapped, leaf_dims, some_of
from srcad.core.pytrees import flatten, formed, is_varied, labels, look, own, rebuild
from srcad.core.specification import Form, unwrap
from srcad.errors import ArgumentTypeError, ArgumentValueError, SrcadError, UnsupportedSyntaxError
from srcad.runtime import no_grad, stop_gradient

__all__ = ["Report", "Row", "check", "cotangent", "stacked_calls", "tangents", "verify"]

Array = np.ndarray[Any, Any]

_STEPS = tuple(
    2.0**-power for power in (9, 13, 17, 5, 21, 25, 29, 33)
)  # of the size of what is varied
_COMPLEX_STEP = 2.0**-100
_HELD = (no_grad, stop_gradient)


@dataclasses.dataclass(frozen=True)
class Row:
    """One test of a report.

    Attributes:
        test: "entries", "dot product", "value", or "form" (structure, shape and dtype; arguments left as they were).
        output: Which value of the function, as its name with an index.
        argument: Which argument, likewise.
        index: Of the worst entry, in the derivative's array; None where there is no array.
        value: What the derivative says there.
        reference: What it was held against.
        error: Their distance.
        allowed: The error from which on they differ.
        method: How the reference was found.
        checked: How many entries were held against a reference,
        total: of how many.
        note: What else there is to say: of kinks and jumps that the differences met, of values that are not finite.
    """

    test: str
    output: str
    argument: str
    index: tuple[int, ...] | None = None
    value: Any = None
    reference: Any = None
    error: float = 0.0
    allowed: float = 0.0
    method: str = ""
    checked: int = 1
    total: int = 1
    note: str = ""

    @property
    def ok(self) -> bool:
        return self.error <= self.allowed

    @property
    def badness(self) -> float:
        """The error in units of what is allowed; below 1 it is ok."""
        if self.allowed:
            return self.error / self.allowed
        return np.inf if self.error else 0.0

    def cells(self) -> tuple[str, ...]:
        """The texts of the table's columns."""
        index = "" if self.index is None else f"[{', '.join(map(str, self.index))}]"
        where = {"entries": index, "form": self.note}.get(self.test, self.test)
        numbers = (
            ("", "", "", "")
            if self.test == "form"
            else (
                f"{self.value:.8g}",
                f"{self.reference:.8g}",
                f"{self.error:.1e}",
                f"{self.allowed:.1e}",
            )
        )
        count = f"{self.checked} of {self.total}" if self.test == "entries" else ""
        return (
            self.output,
            self.argument,
            where,
            *numbers,
            self.method,
            count,
            self.note if self.test != "form" else "",
            "ok" if self.ok else "DIFFERS",
        )


_COLUMNS = (
    "output",
    "argument",
    "worst entry",
    "value",
    "reference",
    "error",
    "allowed",
    "by",
    "entries",
    "note",
    "",
)
_TO_THE_RIGHT = {"value", "reference", "error", "allowed"}


class Report(Sequence[Row]):
    """What `verify` found: a sequence of rows, true where all of them are ok; its `str` is a table."""

    def __init__(self, title: str, rows: Iterable[Row]) -> None:
        self.title, self.rows = title, tuple(rows)

    @property
    def ok(self) -> bool:
        """Whether nothing differs."""
        return all(row.ok for row in self.rows)

    @property
    def worst(self) -> Row:
        """The row that is nearest to, or farthest beyond, what is allowed."""
        return max(self.rows, key=lambda row: row.badness)

    def __bool__(self) -> bool:
        return self.ok

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, place: Any) -> Any:
        return self.rows[place]

    def __repr__(self) -> str:
        return f"<{self.title}: {'ok' if self.ok else 'DIFFERS'}>"

    def __str__(self) -> str:
        table = self.table()
        widths = [max(map(len, column)) for column in zip(*table)]
        right = [name in _TO_THE_RIGHT for name in table[0]]
        lines = [
            "  ".join(
                cell.rjust(width) if flush else cell.ljust(width)
                for cell, width, flush in zip(row, widths, right)
            ).rstrip()
            for row in table
        ]
        return "\n".join([f"{self.title}: {'ok' if self.ok else 'DIFFERS'}", *lines])

    def table(self) -> list[tuple[str, ...]]:
        """The names of the columns, and the cells of each row; notes only where there are some."""
        table = [_COLUMNS, *(row.cells() for row in self.rows)]
        kept = [
            place
            for place, column in enumerate(zip(*table))
            if column[0] != "note" or any(column[1:])
        ]
        return [tuple(row[place] for place in kept) for row in table]

    def as_second(self) -> Report:
        """The report as one about the derivative of a derivative, to stand beside that about the first."""
        rows = [dataclasses.replace(row, output=f"second {row.output}") for row in self.rows]
        return Report(self.title, rows)

    @classmethod
    def merged(cls, reports: Sequence[Report]) -> Report:
        """One report of several about the same derivative: of each test the worst row, the entries counted together."""
        found: dict[tuple[str, str, str, str], list[Row]] = {}
        for report in reports:
            for row in report.rows:
                note = row.note if row.test == "form" else ""
                found.setdefault((row.test, row.output, row.argument, note), []).append(row)
        rows = [
            dataclasses.replace(
                max(group, key=lambda row: row.badness),
                note=next((row.note for row in group if row.note), ""),
                checked=sum(row.checked for row in group),
                total=sum(row.total for row in group),
            )
            for group in found.values()
        ]
        return cls(reports[0].title, rows)


def verify(
    derivative_or_f: Callable[..., Any],
    *args: Any,
    argnums: int | tuple[int, ...] | None = None,
    rtol: float | None = None,
    limit: int = 100,
    seed: int = 0,
    order: int = 1,
) -> Report:
    """Hold a derivative against differences of the function, at given arguments.

    Args:
        derivative_or_f: A derivative made by srcad, or a function: then its gradient is checked, or,
            where its value is no single number, its Jacobian, and its pullback where all arguments are floats.
        args: The arguments to check it at.
        argnums: For a function, the arguments to differentiate by; all that hold floats, if not given.
        rtol: The relative error allowed; four times the root of the dtype's precision, if not given.
        limit: How many entries of an argument are varied one by one; of more, as many are chosen at random.
        seed: For the choice of entries and of the directions of the dot-product test.
        order: For a function: 2 holds the Jacobian of its derivative against differences of that, too.

    Returns:
        A report. A derivative that differs is no error: `report.ok` is False, and `str(report)` a table
        that shows where. At a point where the function has no derivative (a kink, a jump) the differences
        mean nothing, and the report may say that they differ.

    Raises:
        SrcadError: The function cannot be differentiated, or differences do not apply to it: it holds values constant
            (`no_grad`, `stop_gradient`), or two calls give two values.
        Exception: What the function raises.

    >>> def loss(w):
    ...     return np.sum(w ** 3)
    >>> report = verify(grad(loss), np.array([1.0, 2.0]))
    >>> report.ok
    True
    """
    if isinstance(derivative_or_f, Derivative):
        if argnums is not None:
            raise ArgumentValueError(
                "argnums= is for functions", reason="This derivative has argnums of its own."
            )
        if order != 1:
            raise ArgumentValueError(
                "order= is for functions", reason="Check jacrev of this derivative."
            )
        made = derivative_or_f
        if made.dispatcher.open:
            made = made.called_as(args, {})
        if isinstance(made, Mapped):
            made = made.explicit(args, {})
            return check(
                made, "vmap", made.function, args, dims=(made.in_dims, made.out_dims), rtol=rtol
            )
        return check(
            made,
            made.transform,
            made.function,
            args,
            argnums=made.argnums,
            has_aux=made.has_aux,
            rtol=rtol,
            limit=limit,
            seed=seed,
        )
    if not callable(derivative_or_f):
        raise ArgumentTypeError(
            f"{derivative_or_f!r} is not callable", reason="Pass a function or a derivative of one."
        )
    f = plain_function(derivative_or_f)
    f = form_of(f, args, {}) if is_open(f) else f
    subject = _Subject(f, args, argnums if argnums is not None else _floating(f, args), False)
    single = subject.tree_is_leaf and subject.plain[0].ndim == 0
    make = grad if single else jacfwd if any(subject.of_complex) else jacrev
    reports = []
    if make is not jacfwd or not any(np.iscomplexobj(leaf) for _, leaf in subject.leaves):
        made = make(f, subject.argnums)
        reports.append(
            check(
                made,
                made.transform,
                f,
                args,
                argnums=subject.argnums,
                rtol=rtol,
                limit=limit,
                seed=seed,
            )
        )
    elif argnums is not None:
        raise ArgumentValueError(
            f"`{subject.name}` of complex numbers returns complex numbers, of which there is no Jacobian",
            reason="Leave argnums= out: its pullback is checked.",
        )
    kinds = {parameter.kind for parameter in _signature(f).parameters.values()}
    by_place = inspect.Parameter.KEYWORD_ONLY not in kinds
    if argnums is None and by_place and len(subject.argnums) == len(subject.bound):
        seeds = cotangent(f, args, seed=seed)

        def pulled(*given: Any) -> Any:
            return vjp(f, *given[:-1])[1](given[-1])

        report = check(
            pulled,
            "vjp",
            f,
            (*args, seeds),
            argnums=subject.argnums,
            rtol=rtol,
            limit=limit,
            seed=seed,
        )
        reports.append(
            Report(
                report.title,
                [dataclasses.replace(row, output=f"vjp {row.output}") for row in report.rows],
            )
        )
    if order not in (1, 2):
        raise ArgumentValueError(f"order={order!r} is neither 1 nor 2", reason="Pass order=2.")
    if order == 2:
        second = jacrev(made, subject.argnums)
        report = check(
            second,
            "jacrev",
            made,
            args,
            argnums=subject.argnums,
            rtol=rtol,
            limit=limit,
            seed=seed,
        )
        reports.append(report.as_second())
    return Report(reports[0].title, [row for report in reports for row in report.rows])


def _floating(f: Callable[..., Any], args: tuple[Any, ...]) -> tuple[int, ...]:
    """The places of the arguments that hold floats only."""
    found = []
    for place, value in enumerate(_bound(f, args).values()):
        leaves = [leaf for _, leaf in _leaves(value, "")]
        if any(map(_is_float, leaves)) and all(
            _is_float(leaf) or _is_static(leaf) for leaf in leaves
        ):
            found.append(place)
    if not found:
        raise ArgumentTypeError(
            "no argument holds floats", reason="Pass the point at which to check the derivative."
        )
    return tuple(found)


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
    subject = _Subject(function, args, argnums, has_aux)
    rng = np.random.default_rng(seed)
    claim = _Claim(subject, transform, derivative, y_bar)
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
    subject = _Subject(function, primals, argnums, has_aux)
    title = f"{_WORDS[transform]} of `{subject.name}` with respect to {subject.by}"
    claim = _Claim.empty()
    given = subject.fresh(_as_it_is)
    try:
        result = derivative(
            *given, *(_mapped(dot, lambda leaf, _: _as_it_is(leaf), "") for dot in dots)
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
        by_name = dict(_leaves(dot, ""))
        for label, leaf in _leaves(tree, ""):
            if _is_float(leaf):
                directions[at] = _pairs(np.asarray(by_name[label], np.asarray(leaf).dtype)).astype(
                    float
                )
                at += 1
    complex_machine, machine = subject.machines()
    column = _directional(subject, complex_machine, machine, directions, scaled=False)
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
        value, tangent, leaf = _pairs(value), _pairs(tangent), _pairs(leaf)
        size, shape = leaf.size, leaf.shape
        rows.append(_agreement("value", label, value, leaf, 2.0**12 * subject.eps, "the function"))
        part = column.cut(slice(start, start + size))
        block = np.asarray(tangent).reshape(size, 1)
        along = "along the tangents"
        rows.append(_entries(label, along, block, [part], np.zeros(1, int), (), shape, rtol, 1))
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
    given = [_mapped(arg, lambda leaf, _: _as_it_is(leaf), "") for arg in args]
    claim = _Claim.empty()
    try:
        result = derivative(*given)
    except SrcadError:
        raise
    except Exception as error:
        claim.wrong(name, "", f"raises {type(error).__name__}: {error}")
        return Report(title, claim.rows)
    if any(not _equal(a, b) for a, b in zip(flatten(tuple(given)), flatten(args)) if _is_number(b)):
        claim.wrong("", "", "the derivative changed an argument")
    if not _fits(expected, result):
        claim.wrong(name, "", "not of the structure of the function's value")
        return Report(title, claim.rows)
    found = dict(_leaves(result, name))
    rows = []
    for label, wanted in _leaves(expected, name):
        if not _is_number(wanted):
            continue
        if np.shape(found[label]) != np.shape(wanted):
            claim.wrong(label, "", f"shape {np.shape(found[label])}, not {np.shape(wanted)}")
            continue
        eps = float(np.finfo(_precision([np.asarray(wanted)])).eps)
        allowed = 2.0**14 * eps if rtol is None else rtol
        rows.append(_agreement("entries", label, found[label], wanted, allowed, "the calls"))
    return Report(title, [*claim.rows, *rows])


def stacked_calls(
    function: Callable[..., Any], args: tuple[Any, ...], dims: tuple[Any, Any]
) -> Any:
    """What a map stands for: the function at each example, put together along out_dims."""
    bound = tuple(_bound(function, args).values())
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
        copies = [_mapped(arg, lambda leaf, _: _as_it_is(leaf), "") for arg in example]
        parts.append(_called(function, copies))
    columns = iter(zip(*map(flatten, parts)))
    places = iter(flatten(spread_dims(dims[1], parts[0], "out_dims")))

    def joined(leaf: Any) -> Any:
        pieces, dim = next(columns), next(places)
        return leaf if dim is None or not _is_number(leaf) else np.stack(pieces, axis=dim)

    return rebuild(parts[0], joined)


def _agreement(test: str, output: str, found: Any, wanted: Any, rtol: float, method: str) -> Row:
    """The worst entry of an array that another one is to be equal to."""
    found, wanted = _pairs(np.asarray(found)), _pairs(np.asarray(wanted))
    if not wanted.size:
        return Row(test, output, "", None, 0.0, 0.0, method="nothing to check", checked=0, total=0)
    scale = float(np.max(np.abs(wanted), initial=0.0, where=np.isfinite(wanted)))
    allowed = np.asarray(rtol * (np.abs(wanted) + scale + np.finfo(float).tiny))
    error = np.array([_distance(a, b) for a, b in zip(found.ravel(), wanted.ravel())]).reshape(
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
        if not _is_float(leaf):
            return leaf
        return _drawn(leaf, rng)

    values = list(_bound(function, args).values())
    chosen = argnums if isinstance(argnums, tuple) else (argnums,)
    return tuple(_mapped(values[place], draw, "") for place in chosen)


def cotangent(
    function: Callable[..., Any], args: tuple[Any, ...], *, has_aux: bool = False, seed: int = 0
) -> Any:
    """A random cotangent of the value of a function at some arguments."""
    rng = np.random.default_rng(seed)

    def draw(leaf: Any, _: str) -> Any:
        if not _is_number(leaf):
            return leaf
        return _drawn(leaf, rng)

    return _mapped(_Subject(function, args, (), has_aux, refuse=False).result, draw, "")


def _drawn(leaf: Any, rng: np.random.Generator) -> Any:
    """A random number, or an array of them, of the form of another."""
    drawn = rng.normal(size=np.shape(leaf))
    if np.iscomplexobj(leaf):
        drawn = drawn + 1j * rng.normal(size=np.shape(leaf))
    plain = complex if isinstance(leaf, complex) else float
    drawn = np.asarray(drawn, getattr(leaf, "dtype", plain))
    return drawn if isinstance(leaf, np.ndarray) else drawn[()]


# What is claimed


class _Claim:
    """What a derivative says, as blocks: for each output and each argument an array of the shape of both."""

    def __init__(
        self, subject: _Subject, transform: str, derivative: Callable[..., Any], y_bar: Any
    ) -> None:
        self.rows: list[Row] = []
        self.blocks: dict[tuple[int, int], Array] = {}
        self.weights: list[Array] | None = None
        if transform == "vjp":
            seeds = [leaf for _, leaf in _leaves(y_bar, "") if _is_number(leaf)]
            self.weights = [_pairs(np.asarray(leaf)).astype(float) for leaf in seeds]
            self.outputs = [subject.name]
            shapes: list[tuple[int, ...]] = [()]
        else:
            self.outputs = [label for label, _ in subject.outputs]
            shapes = [np.shape(leaf) for _, leaf in subject.outputs]
        given = subject.fresh(_as_it_is)
        before = [
            np.array(leaf)
            for value in given
            for _, leaf in _leaves(value, "")
            if not _is_static(leaf)
        ]
        try:
            more = () if y_bar is None else (y_bar,)
            if isinstance(derivative, Derivative):
                result = _called(derivative, given)
            else:
                result = derivative(*given, *more)
        except SrcadError:
            raise
        except Exception as error:  # where the function itself raises nothing
            return self.wrong(subject.name, "", f"raises {type(error).__name__}: {error}")
        after = [leaf for value in given for _, leaf in _leaves(value, "") if not _is_static(leaf)]
        if any(not _equal(a, b) for a, b in zip(before, after)):
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
    def empty(cls) -> _Claim:
        """One that says nothing yet."""
        made = cls.__new__(cls)
        made.rows = []
        return made

    def wrong(self, output: str, argument: str, note: str) -> None:
        """A row for what is not of the right form at all."""
        self.rows.append(Row("form", output, argument, error=np.inf, note=note))

    def value(self, subject: _Subject, value: Any) -> None:
        """The value that comes with a gradient is the function's."""
        reference = subject.plain[0][()]
        eps = float(np.finfo(_precision([subject.plain[0]])).eps)
        allowed = 16 * eps * max(abs(float(reference)), 1.0)
        self.rows.append(
            Row(
                "value",
                subject.name,
                "",
                None,
                value,
                reference,
                _distance(value, reference),
                allowed,
                "the function",
            )
        )

    def take(
        self,
        subject: _Subject,
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
            if not _fits(tree, part):
                self.wrong(label, name, "not of the structure of the argument")
                continue
            wanted = list(_leaves(tree, name))
            by_name = dict(_leaves(part, name))
            found = [by_name[argument] for argument, _ in wanted]
            for (argument, leaf), block in zip(wanted, found):
                if not _is_float(leaf):
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
                    self.blocks[place, at] = _pairs(array.astype(complex))
                elif of_complex:
                    self.blocks[place, at] = np.stack([array.real, array.imag], axis=len(shape))
                else:
                    self.blocks[place, at] = array
                at += 1


# What the function does


class _Subject:
    """A function at its arguments, as a map of flat lists of arrays that can be evaluated at other precisions."""

    def __init__(
        self,
        function: Callable[..., Any],
        args: tuple[Any, ...],
        argnums: int | tuple[int, ...],
        has_aux: bool,
        refuse: bool = True,
    ) -> None:
        self.function, self.has_aux = function, has_aux
        self.name = getattr(function, "__name__", type(function).__name__)
        self.bound = _bound(function, args)
        count = len(self.bound)
        self.single = not isinstance(argnums, tuple)
        chosen = argnums if isinstance(argnums, tuple) else (argnums,)
        if any(not -count <= place < count for place in chosen):
            raise ArgumentValueError(
                f"argnums={argnums!r} does not fit `{self.name}`",
                reason=f"It takes {count} argument{'s' if count != 1 else ''}.",
            )
        self.argnums = tuple(place % count for place in chosen)
        names = list(self.bound)
        self.names = [names[place] for place in self.argnums]
        self.trees = [self.bound[name] for name in self.names]
        self.leaves = [
            (label, leaf)
            for name, tree in zip(self.names, self.trees)
            for label, leaf in _leaves(tree, name)
            if _is_float(leaf)
        ]
        if refuse:
            _refuse_held(function)
        self.result = self.call(self.fresh(_as_it_is))
        self.outputs = [
            (label, leaf) for label, leaf in _leaves(self.result, self.name) if _is_number(leaf)
        ]
        self.tree_is_leaf = len(self.outputs) == 1 and self.outputs[0][1] is self.result
        self.of_complex = [np.iscomplexobj(leaf) for _, leaf in self.outputs]
        self.plain = [_pairs(np.array(leaf)) for _, leaf in self.outputs]
        varied = [leaf for _, leaf in self.leaves]
        self.eps = float(np.finfo(_precision([*self.plain, *varied])).eps)
        self.rounding = 64 * self.eps
        again = self.run(
            _as_it_is, [_pairs(np.array(leaf)) for _, leaf in self.leaves], np.dtype(float)
        )
        if not _equal(again, self.join(self.plain, np.dtype(float))):
            raise ArgumentValueError(
                f"`{self.name}` gives different values for the same arguments",
                reason="It draws random numbers or keeps a state, so that differences of it mean nothing.",
            )

    def fresh(
        self, convert: Callable[[Any], Any], varied: Iterator[Any] | None = None
    ) -> list[Any]:
        """The arguments, copied and converted; those that are differentiated by from `varied`, where it is given."""
        pending = {} if varied is None else {label: next(varied) for label, _ in self.leaves}

        def leaf(value: Any, label: str) -> Any:
            return pending[label] if label in pending else convert(value)

        return [_mapped(value, leaf, name) for name, value in self.bound.items()]

    @property
    def by(self) -> str:
        """The names of the arguments that are differentiated by."""
        return ", ".join(f"`{name}`" for name in self.names)

    def call(self, values: list[Any]) -> Any:
        """The function's value, less aux."""
        result = _called(self.function, values)
        if self.has_aux:
            if not (isinstance(result, tuple) and len(result) == 2):
                raise ArgumentTypeError(
                    f"`{self.name}` returns no (value, aux) pair",
                    reason="has_aux=True asks for one.",
                )
            result = result[0]
        return result

    def join(self, outputs: list[Any], dtype: np.dtype[Any]) -> Array:
        """All outputs in one flat array."""
        parts = [np.ravel(np.asarray(leaf)) for leaf in outputs]
        return np.concatenate([np.zeros(0, dtype), *parts]).astype(dtype, copy=False)

    def run(self, convert: Callable[[Any], Any], leaves: list[Any], dtype: np.dtype[Any]) -> Array:
        """The outputs at other leaves, flat."""
        shaped = [_formed(leaf, original) for leaf, (_, original) in zip(leaves, self.leaves)]
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            warnings.simplefilter("error", np.exceptions.ComplexWarning)
            result = self.call(self.fresh(convert, iter(shaped)))
        found = [leaf for _, leaf in _leaves(result, self.name) if _is_number(leaf)]
        if len(found) == len(self.of_complex):
            found = [
                _pairs(np.asarray(leaf, np.result_type(leaf, np.complex64))) if pair else leaf
                for leaf, pair in zip(found, self.of_complex)
            ]
        return self.join(found, dtype)

    def by_output(self, result: Any) -> list[Any]:
        """The parts of a Jacobian that belong to the outputs, in order; none where the structure is another."""
        found: list[Any] = []

        def visit(output: Any, part: Any) -> bool:
            node, other = look(output), look(part)
            if node is not None:
                if other is None or type(part) is not type(output):
                    return False
                if set(other.keys) != set(node.keys):
                    return False
                theirs = dict(zip(other.keys, other.parts))
                return all(
                    visit(inner, theirs[key])
                    for place, (key, inner) in enumerate(zip(node.keys, node.parts))
                    if not node.fixed(place)
                )
            if _is_number(output):
                found.append(part)
            return True

        return found if visit(self.result, result) else []

    # comparison

    def machines(self) -> tuple[_Machine | None, _Machine]:
        """How to evaluate the function at complex arguments, or None, and in the best real precision it takes."""
        base = self.join(self.plain, np.dtype(np.longdouble))
        scale = np.abs(base)
        leaves = [leaf for _, leaf in (*self.leaves, *self.outputs)]
        coarse = any(_pairs(np.asarray(leaf)).dtype.itemsize < 8 for leaf in leaves)

        def first(kinds: tuple[Any, ...]) -> _Machine | None:
            for kind in kinds:
                for wide in (True, False):
                    machine = _Machine(self, np.dtype(kind), wide)
                    found = machine.attempt(machine.base)
                    if found is not None and found.shape == base.shape:
                        real = np.real(found).astype(np.longdouble)
                        near = np.abs(real - base) <= 1e-5 * scale + 1e-12
                        near |= (np.isnan(real) & np.isnan(base)) | (real == base)
                        if coarse or near.all():
                            return machine
            return None

        plain = first((np.longdouble, np.float64))
        steps = not any(np.iscomplexobj(leaf) for leaf in leaves)
        return first((np.complex128,)) if steps else None, plain or _Machine(
            self, np.dtype(float), False, convert=_as_it_is
        )

    def compare(
        self, claim: _Claim, rtol: float | None, limit: int, rng: np.random.Generator
    ) -> list[Row]:
        """The rows for all entries, and for the dot products."""
        complex_machine, machine = self.machines()
        rows = []
        if rtol is None:
            rtol = 4 * float(np.sqrt(self.eps))
        self.rounding = min(64 * self.eps, rtol)
        sizes = [leaf.size for leaf in self.plain]
        for at, (argument, original) in enumerate(self.leaves):
            shape = _pairs(original).shape
            size = int(np.prod(shape))
            chosen = (
                np.arange(size)
                if size <= limit
                else np.sort(rng.choice(size, limit, replace=False))
            )
            columns = [
                _directional(self, complex_machine, machine, {at: _unit(shape, int(entry))})
                for entry in chosen
            ]
            odds = [
                _oddities(machine, {at: _unit(shape, int(entry))}, column)
                for entry, column in zip(chosen, columns)
            ]
            spans = [
                slice(sum(sizes[:place]), sum(sizes[: place + 1])) for place in range(len(sizes))
            ]
            if claim.weights is not None:
                spans = [slice(None)]
            for place, output in enumerate(claim.outputs):
                block = claim.blocks[place, at]
                block = block.reshape(block.size // max(size, 1), size)[:, chosen]
                if claim.weights is None:
                    parts = [column.cut(spans[place]) for column in columns]
                else:
                    parts = [column.weighted(claim.weights) for column in columns]
                whole = claim.blocks[place, at].shape
                row = _entries(output, argument, block, parts, chosen, shape, whole, rtol, size)
                met = [odd[spans[place]] for odd in odds]
                rows.append(dataclasses.replace(row, note=_noted(met, argument, shape, chosen)))
        for _ in range(2):
            rows.append(self.dot_product(claim, complex_machine, machine, rtol, rng))
        rows[-2:] = [max(rows[-2:], key=lambda row: row.badness)]
        return rows

    def dot_product(
        self,
        claim: _Claim,
        complex_machine: _Machine | None,
        machine: _Machine,
        rtol: float,
        rng: np.random.Generator,
    ) -> Row:
        """<y_bar, J x_dot> from the function against <x_bar, x_dot> from the derivative."""
        directions = {}
        for at, (_, leaf) in enumerate(self.leaves):
            sizes: Array = np.abs(_pairs(leaf).astype(float))
            sizes = np.where(sizes == 0, np.max(sizes, initial=0.0), sizes)
            sizes = np.where((sizes == 0) | ~np.isfinite(sizes), 1.0, sizes)
            directions[at] = rng.normal(size=sizes.shape) * 2.0 ** np.round(np.log2(sizes))
        column = _directional(self, complex_machine, machine, directions, scaled=False)
        if claim.weights is None:
            weights = [np.asarray(rng.normal(size=leaf.shape)) for leaf in self.plain]
        else:
            weights = claim.weights
        reference = column.weighted(weights)
        value, size = np.longdouble(0), np.longdouble(0)
        for (place, at), block in claim.blocks.items():
            bar = np.ones(()) if claim.weights is not None else weights[place]
            terms = np.multiply.outer(bar, directions[at]).astype(np.longdouble) * block
            value, size = value + np.sum(terms), size + np.sum(np.abs(terms))
        error = _distance(value, reference.value[0])
        wanted, doubt = float(reference.value[0]), float(reference.error[0])
        allowed = rtol * (abs(wanted) + 0.01 * float(size)) + min(4 * doubt, 1e-4 * float(size))
        allowed += float(reference.floor[0])
        return Row(
            "dot product",
            self.name if claim.weights is not None else "all",
            "all",
            None,
            float(value),
            wanted,
            error,
            allowed if np.isfinite(allowed) else 0.0,
            column.method,
        )


class _Machine:
    """A function that is evaluated in one dtype: with all floats converted (`wide`), or only those that are varied."""

    def __init__(
        self,
        subject: _Subject,
        dtype: np.dtype[Any],
        wide: bool,
        convert: Callable[[Any], Any] | None = None,
    ) -> None:
        self.subject, self.dtype = subject, dtype

        def to_dtype(value: Any) -> Any:
            if not wide or not _is_float(value):
                return _as_it_is(value)
            kind = np.result_type(dtype, np.complex64) if np.iscomplexobj(value) else dtype
            return value.astype(kind) if isinstance(value, np.ndarray) else kind.type(value)

        self.convert = convert or to_dtype
        self.base = [_pairs(leaf).astype(dtype) for _, leaf in subject.leaves]

    @functools.cached_property
    def here(self) -> Array | None:
        """The outputs at the point itself."""
        return self.attempt(self.base)

    def attempt(self, leaves: list[Any]) -> Array | None:
        """The outputs at other leaves, or None where the function does not take them."""
        try:
            return self.subject.run(self.convert, leaves, self.dtype)
        except Exception:  # whatever the function makes of numbers that it was not written for
            return None

    def along(self, directions: dict[int, Array], step: Any) -> Array | None:
        """The outputs at a step along directions."""
        leaves = [base.copy() for base in self.base]
        for at, direction in directions.items():
            leaves[at] = np.asarray(
                leaves[at] + direction.astype(self.dtype) * self.dtype.type(step)
            )
        return self.attempt(leaves)


class _Column(NamedTuple):
    """A directional derivative of all outputs, flat; how uncertain it is; by what method.

    `floor` is what rounding of the function's own value comes to: no derivative is more exact than that.
    """

    value: Array
    error: Array
    floor: Array
    method: str
    unit: float = 1.0

    def cut(self, span: slice) -> _Column:
        return _Column(self.value[span], self.error[span], self.floor[span], self.method)

    def weighted(self, weights: list[Array]) -> _Column:
        flat = np.concatenate([np.zeros(0), *(np.ravel(weight) for weight in weights)])

        def total(part: Array, weight: Array) -> Array:
            return np.array([np.sum(weight * part)])

        size = np.abs(flat)
        return _Column(
            total(self.value, flat), total(self.error, size), total(self.floor, size), self.method
        )


def _directional(
    subject: _Subject,
    complex_machine: _Machine | None,
    machine: _Machine,
    directions: dict[int, Array],
    *,
    scaled: bool = True,
) -> _Column:
    """The derivative along directions: by differences, and by the complex step where that agrees."""
    unit = 1.0
    if scaled:  # one entry is varied: by steps of its own size
        ((at, direction),) = directions.items()
        leaf = np.abs(_pairs(subject.leaves[at][1]).astype(float))
        size = float(np.sum(leaf * direction)) or float(np.max(leaf, initial=0.0)) or 1.0
        unit = float(2.0 ** np.round(np.log2(size))) if np.isfinite(size) else 1.0
    value, error = _differences(machine, directions, unit)
    floor = np.abs(subject.join(subject.plain, np.dtype(float))) * (subject.rounding / unit)
    floor[~np.isfinite(floor)] = 0.0
    largest = float(np.max(np.abs(value[np.isfinite(value)]), initial=0.0))
    if subject.eps > 1e-10 > np.finfo(machine.dtype).eps and largest:
        floor = np.minimum(
            floor, 0.4 * np.sqrt(subject.eps) * largest
        )  # evaluated with more digits
    method = "differences"
    if complex_machine is not None:
        found = complex_machine.along(directions, 1j * _COMPLEX_STEP * unit)
        if found is not None and found.shape == value.shape:
            exact = np.imag(found) / (_COMPLEX_STEP * unit)
            scale = np.max(np.abs(value[np.isfinite(value)]), initial=0.0)
            slack = np.minimum(8 * error, 1e-3 * scale) + 1e-6 * np.abs(value) + 1e-9 * scale
            if np.all(np.abs(exact - value) <= slack):
                zeros = np.zeros(exact.shape)
                value = exact.astype(np.longdouble)
                return _Column(value, zeros, floor, "complex step", unit)
    scale = np.max(np.abs(value[np.isfinite(value)]), initial=0.0)
    if np.any(~(error <= 1e-4 * scale)) and scale:
        method = "differences that do not settle"
    return _Column(value, error, floor, method, unit)


def _differences(
    machine: _Machine, directions: dict[int, Array], unit: float
) -> tuple[Array, Array]:
    """Central differences at three step sizes, extrapolated; of several base steps, per output, the most certain."""
    best = np.full(sum(leaf.size for leaf in machine.subject.plain), np.nan, np.longdouble)
    doubt = np.full(best.shape, np.inf)
    for base in _STEPS:
        rough, largest = [], np.zeros(best.shape)
        for step in (base, base / 2, base / 4):
            pair = [machine.along(directions, sign * step * unit) for sign in (1, -1)]
            if (
                pair[0] is None
                or pair[1] is None
                or any(part.shape != best.shape for part in pair if part is not None)
            ):
                break
            with np.errstate(all="ignore"):
                rough.append(
                    (pair[0].astype(np.longdouble) - pair[1]) / np.longdouble(2 * step * unit)
                )
                largest = np.maximum(largest, np.abs(pair[0]).astype(float))
        if len(rough) < 3:
            continue
        with np.errstate(all="ignore"):
            first, second = (4 * rough[1] - rough[0]) / 3, (4 * rough[2] - rough[1]) / 3
            value = (16 * second - first) / 15
            noise = np.finfo(machine.dtype).eps * largest / (base * unit)
            error = (np.abs(value - second) + noise).astype(float)
        error[~np.isfinite(error)] = np.inf
        better = error < doubt
        best[better], doubt[better] = value[better], error[better]
        scale = np.max(np.abs(best[np.isfinite(best)]), initial=0.0)
        if np.all(doubt <= 1e-10 * np.abs(best) + 1e-12 * scale):
            break
    return best, doubt


def _oddities(machine: _Machine, directions: dict[int, Array], column: _Column) -> list[str]:
    """What there is to say of each output about the point: it has no derivative there as far as slopes to both sides tell."""
    count = column.value.size
    here = machine.here
    if here is None or here.shape != column.value.shape:
        return [""] * count
    slopes = []
    for step in (2.0**-13, 2.0**-17):
        unit = step * column.unit
        pair = [machine.along(directions, sign * unit) for sign in (-1, 1)]
        if any(each is None or each.shape != here.shape for each in pair):
            return ["the function raises beside %"] * count
        with np.errstate(all="ignore"):
            slopes.append([(here - pair[0]) / unit, (pair[1] - here) / unit])
    with np.errstate(all="ignore"):
        (left, right), (left_, right_) = slopes
        gap, gap_ = np.abs(right - left), np.abs(right_ - left_)
        size = np.maximum(np.abs(left_), np.abs(right_))
        noise = 2.0**8 * np.finfo(machine.dtype).eps * np.abs(here) / (2.0**-17 * column.unit)
        apart = (gap_ > 0.5 * gap) & (gap_ > 1e-3 * size + noise)
        before = np.maximum(np.abs(left), np.abs(right))
        steep = (apart & (gap_ > 2 * gap)) | (size > 1.5 * before + noise)
    said = []
    for place in range(count):
        if not np.isfinite(here[place]):
            said.append("the value is not finite here")
        elif not np.isfinite(left_[place]) or not np.isfinite(right_[place]):
            said.append("the function is not finite beside %")
        elif steep[place]:
            said.append("a jump, or a slope without bound, at %")
        elif apart[place]:
            said.append(
                f"a kink at %, slopes {float(left_[place]):.4g} and {float(right_[place]):.4g}"
            )
        else:
            said.append("")
    return said


def _noted(met: list[list[str]], argument: str, shape: tuple[int, ...], chosen: Array) -> str:
    """The first oddity that was met, with the entry that was varied, and how many there are."""
    odd = [(place, next(filter(None, said))) for place, said in enumerate(met) if any(said)]
    if not odd:
        return ""
    place, said = odd[0]
    index = map(int, np.unravel_index(int(chosen[place]), shape)) if shape else ()
    where = f"{argument}[{', '.join(map(str, index))}]" if shape else argument
    more = f"; {len(odd) - 1} more" if len(odd) > 1 else ""
    return f"{said.replace('%', where)}{more}"


def _entries(
    output: str,
    argument: str,
    block: Array,
    columns: list[_Column],
    chosen: Array,
    shape: tuple[int, ...],
    whole: tuple[int, ...],
    rtol: float,
    size: int,
) -> Row:
    """The worst entry of a block."""
    total = int(np.prod(whole))
    if not block.size:
        return Row(
            "entries",
            output,
            argument,
            None,
            0.0,
            0.0,
            method="nothing to check",
            checked=0,
            total=total,
        )
    reference = np.stack([column.value for column in columns], axis=1)
    doubt = np.stack([column.error for column in columns], axis=1)
    floor = np.stack([column.floor for column in columns], axis=1)
    scale = float(np.max(np.abs(reference[np.isfinite(reference)]), initial=0.0))
    scale = scale or float(np.max(np.abs(block[np.isfinite(block)]), initial=0.0)) * 1e-6
    with np.errstate(all="ignore"):
        allowed = rtol * np.abs(reference) + 0.01 * rtol * scale + floor
        allowed += np.minimum(4 * doubt, 1e-4 * scale)
        error = np.abs(block.astype(np.longdouble) - reference)
        same = (block == reference) | (np.isnan(block) & np.isnan(reference))
    error[same] = 0.0
    error[~np.isfinite(error)] = np.inf
    allowed[~np.isfinite(allowed)] = 0.0
    with np.errstate(all="ignore"):
        ratio = np.where(
            error == 0, 0.0, error / np.where(allowed == 0, np.finfo(float).tiny, allowed)
        )
    row, column = np.unravel_index(int(np.argmax(ratio)), ratio.shape)
    outer = (
        np.unravel_index(int(row), whole[: len(whole) - len(shape)])
        if len(whole) > len(shape)
        else ()
    )
    inner = np.unravel_index(int(chosen[column]), shape) if shape else ()
    index = tuple(int(part) for part in (*outer, *inner))
    return Row(
        "entries",
        output,
        argument,
        index if whole else None,
        float(block[row, column]),
        float(reference[row, column]),
        float(error[row, column]),
        float(allowed[row, column]),
        columns[int(column)].method,
        block.size,
        total,
    )


# Small things


def _signature(function: Callable[..., Any]) -> inspect.Signature:
    """The parameters of a function; of a ufunc those that it computes from."""
    if isinstance(function, Derivative):
        return function.dispatcher.signature
    if isinstance(function, np.ufunc):
        names = ["x"] if function.nin == 1 else [f"x{place + 1}" for place in range(function.nin)]
        kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
        return inspect.Signature([inspect.Parameter(name, kind) for name in names])
    return inspect.signature(function)


def _bound(function: Callable[..., Any], args: tuple[Any, ...]) -> dict[str, Any]:
    """The arguments by name, in order, defaults filled in."""
    bound = _signature(function).bind(*args)
    bound.apply_defaults()
    for name, parameter in bound.signature.parameters.items():
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            raise ArgumentTypeError(
                f"`{parameter}` takes any number of arguments",
                reason=f"Name the arguments in place of `{name}`.",
            )
    return dict(bound.arguments)


def _called(function: Callable[..., Any], values: list[Any]) -> Any:
    """The function at all its arguments, in order."""
    positional, keywords = [], {}
    for (name, parameter), value in zip(_signature(function).parameters.items(), values):
        if parameter.kind is parameter.KEYWORD_ONLY:
            keywords[name] = value
        else:
            positional.append(value)
    return function(*positional, **keywords)


def _leaves(tree: Any, label: str) -> Iterator[tuple[str, Any]]:
    """The leaves of containers, with their names."""
    found: list[tuple[str, Any]] = []
    _mapped(tree, lambda leaf, name: found.append((name, leaf)), label)
    return iter(found)


def _mapped(tree: Any, visit: Callable[[Any, str], Any], label: str) -> Any:
    """A tree of the same structure with other leaves; what is configuration of an object is as it was."""
    node = look(tree)
    if node is None:
        return visit(tree, label)
    parts = [
        rebuild(part, own) if node.fixed(place) else _mapped(part, visit, name)
        for place, (part, name) in enumerate(zip(node.parts, labels(label, node)))
    ]
    return formed(node.form, node.keys, parts)


def _fits(tree: Any, other: Any) -> bool:
    """Whether two trees have the same structure."""
    node, found = look(tree), look(other)
    if node is None or found is None:
        return node is found
    if type(tree) is not type(other) or set(node.keys) != set(found.keys):
        return False
    theirs = dict(zip(found.keys, found.parts))
    return all(_fits(part, theirs[key]) for key, part in zip(node.keys, node.parts))


def _is_float(leaf: Any) -> bool:
    return isinstance(leaf, (float, complex, np.inexact)) or (
        isinstance(leaf, np.ndarray) and leaf.dtype.kind in "fc"
    )


def _pairs(leaf: Any) -> Array:
    """Of complex numbers the real and the imaginary parts, on a last axis; what is real as it is."""
    if not np.iscomplexobj(leaf):
        return np.asarray(leaf)
    return np.stack([np.real(leaf), np.imag(leaf)], axis=-1)


def _is_number(leaf: Any) -> bool:
    if isinstance(leaf, np.ndarray):
        return leaf.dtype.kind in "biufc"
    return isinstance(leaf, (int, float, complex, np.number, np.bool_))


def _is_static(leaf: Any) -> bool:
    return not is_varied(leaf)


def _as_it_is(value: Any) -> Any:
    """A copy of an array; other things as they are."""
    # A copy in another order would be summed in another order.
    return value.copy(order="K") if isinstance(value, np.ndarray) else value


def _formed(leaf: Array, original: Any) -> Any:
    """An array as what its original is: NumPy promotes a Python number otherwise than a scalar."""
    if np.iscomplexobj(original):
        leaf = np.asarray(leaf[..., 0] + 1j * leaf[..., 1])
    if isinstance(original, np.ndarray):
        return leaf
    if type(original) is complex and leaf.dtype == complex:
        return complex(leaf)
    return float(leaf) if type(original) is float and leaf.dtype == float else leaf[()]


def _equal(a: Any, b: Any) -> bool:
    a, b = np.asarray(a), np.asarray(b)
    if a.shape != b.shape or a.dtype != b.dtype:
        return False
    return bool(np.array_equal(a, b, equal_nan=a.dtype.kind in "fc"))


def _precision(values: list[Any]) -> np.dtype[Any]:
    """The least precise floating dtype among values."""
    found = [np.asarray(value).dtype for value in values]
    floats = [np.zeros(0, dtype).real.dtype for dtype in found if dtype.kind in "fc"]
    return min(floats, key=lambda dtype: dtype.itemsize, default=np.dtype(float))


def _distance(a: Any, b: Any) -> float:
    """|a - b|, 0 where both are the same (infinite or no number), infinite where only one is finite."""
    a, b = np.longdouble(a), np.longdouble(b)
    if a == b or (np.isnan(a) and np.isnan(b)):
        return 0.0
    distance = float(abs(a - b))
    return distance if np.isfinite(distance) else np.inf


def _unit(shape: tuple[int, ...], entry: int) -> Array:
    direction = np.zeros(shape)
    direction.reshape(-1)[entry] = 1.0
    return direction


def _refuse_held(function: Callable[..., Any]) -> None:
    """Refuse functions that hold values constant, as far as the names in them and in their callees tell."""
    seen: set[Any] = set()

    def visit(found: Any) -> str:
        if any(found is held for held in _HELD):
            return str(found.__name__)
        if isinstance(found, (types.MethodType, Form)):
            found = unwrap(found)
        found = inspect.unwrap(found) if isinstance(found, types.FunctionType) else found
        if not isinstance(found, types.FunctionType) or found in seen:
            return ""
        seen.add(found)
        if (found.__module__ or "").split(".")[0] in ("numpy", "scipy", "srcad"):
            return ""
        return next(filter(None, map(visit, _named(found))), "")

    if isinstance(function, Derivative):
        function = function.base
    kind = type(function)
    held = visit(function) or visit(getattr(kind, "__call__", None))  # noqa: B004 - that of an object
    if held:
        raise UnsupportedSyntaxError(
            f"`{getattr(function, '__name__', kind.__name__)}` uses `{held}`, which differences cannot see",
            reason="They vary what the derivative holds constant. Pass that as an argument to verify the rest.",
        )


def _named(function: types.FunctionType) -> Iterator[Any]:
    """The objects of outer scopes that the names in a function can stand for."""
    names = sorted({name for code in _codes(function.__code__) for name in code.co_names})
    for cell in function.__closure__ or ():
        with contextlib.suppress(ValueError):
            yield cell.cell_contents
    for name in names:
        found = function.__globals__.get(name)
        if isinstance(found, types.ModuleType):
            yield from (getattr(found, attribute, None) for attribute in names)
        else:
            yield found


def _codes(code: types.CodeType) -> Iterator[types.CodeType]:
    yield code
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from _codes(constant)
