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

import dataclasses
import inspect
from collections.abc import Callable
from typing import Any

import numpy as np

from srcad.api import Derivative, grad, hvp, jacfwd, jacrev, jvp, linearize, vjp
from srcad.api.forms import form_of, is_open, plain_function
from srcad.api.mapping import Mapped
from srcad.errors import ArgumentTypeError, ArgumentValueError
from srcad.verify.claims import check, cotangent, stacked_calls, tangents
from srcad.verify.report import Report, Row
from srcad.verify.subject import Subject
from srcad.verify.values import bound_arguments, is_float, is_static, leaves_of, signature_of

__all__ = [
    "Report",
    "Row",
    "check",
    "cotangent",
    "stacked_calls",
    "tangents",
    "verify",
]


def verify(
    derivative_or_f: Callable[..., Any],
    *args: Any,
    argnums: int | tuple[int, ...] | None = None,
    rtol: float | None = None,
    limit: int = 100,
    seed: int = 0,
    order: int = 1,
    transform: str | None = None,
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
        transform: For a function of floats alone: "vjp", "jvp", "linearize" or "hvp" checks that, at random cotangents or tangents.

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
    >>> verify(loss, np.array([1.0, 2.0]), transform="hvp").ok
    True
    """
    if isinstance(derivative_or_f, Derivative):
        if argnums is not None:
            raise ArgumentValueError(
                "argnums= is for functions", reason="This derivative has argnums of its own."
            )
        if order != 1 or transform is not None:
            raise ArgumentValueError(
                "order= and transform= are for functions", reason="Check jacrev of this derivative."
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
    if transform is not None:
        return _alone(f, args, transform, argnums, order, rtol, limit, seed)
    subject = Subject(f, args, argnums if argnums is not None else _floating(f, args), False)
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
    kinds = {parameter.kind for parameter in signature_of(f).parameters.values()}
    by_place = inspect.Parameter.KEYWORD_ONLY not in kinds
    if argnums is None and by_place and len(subject.argnums) == len(subject.bound):
        report = _pulled(f, args, subject.argnums, rtol, limit, seed)
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


def _pulled(
    f: Callable[..., Any],
    args: tuple[Any, ...],
    argnums: int | tuple[int, ...],
    rtol: float | None,
    limit: int,
    seed: int,
) -> Report:
    """The pullback at a random cotangent."""

    def pulled(*given: Any) -> Any:
        return vjp(f, *given[:-1])[1](given[-1])

    given = (*args, cotangent(f, args, seed=seed))
    return check(pulled, "vjp", f, given, argnums=argnums, rtol=rtol, limit=limit, seed=seed)


def _alone(
    f: Callable[..., Any],
    args: tuple[Any, ...],
    transform: str,
    argnums: int | tuple[int, ...] | None,
    order: int,
    rtol: float | None,
    limit: int,
    seed: int,
) -> Report:
    """One of the transforms that take tangents or cotangents, by all arguments."""
    if transform not in ("vjp", "jvp", "linearize", "hvp"):
        raise ArgumentValueError(
            f"transform={transform!r} is none of vjp, jvp, linearize, hvp",
            reason="Of others pass the derivative: srcad.verify(srcad.jacfwd(f), x).",
        )
    every = tuple(range(len(args)))
    if argnums is not None or order != 1 or _floating(f, args) != every:
        raise ArgumentValueError(
            f"{transform} is by all arguments, which are floats, and of first order",
            reason="Leave argnums= and order= out, and bind other arguments: functools.partial(f, mode='a').",
        )
    if transform == "vjp":
        return _pulled(f, args, every, rtol, limit, seed)
    count = len(args)

    def pushed(*given: Any) -> Any:
        primals, dots = given[:count], given[count:]
        if transform == "jvp":
            return jvp(f, primals, dots)
        if transform == "hvp":
            found = hvp(f, primals, dots)
            return found if count > 1 else tuple((part,) for part in found)
        y, pushforward = linearize(f, *primals)
        return y, pushforward(*dots)

    dots = tangents(f, args, every, seed=seed)
    function = grad(f, every) if transform == "hvp" else f
    word = "linearize" if transform == "linearize" else "jvp"
    return check(pushed, word, function, (*args, *dots), argnums=every, rtol=rtol)


def _floating(f: Callable[..., Any], args: tuple[Any, ...]) -> tuple[int, ...]:
    """The places of the arguments that hold floats only."""
    found = []
    for place, value in enumerate(bound_arguments(f, args).values()):
        leaves = [leaf for _, leaf in leaves_of(value, "")]
        if any(map(is_float, leaves)) and all(is_float(leaf) or is_static(leaf) for leaf in leaves):
            found.append(place)
    if not found:
        raise ArgumentTypeError(
            "no argument holds floats", reason="Pass the point at which to check the derivative."
        )
    return tuple(found)
