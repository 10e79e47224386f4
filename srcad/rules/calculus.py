"""Differences, sums and products along axes, interpolation: the calculus of samples."""

from __future__ import annotations

import builtins
import math
from typing import Any

import numpy as np

from srcad import runtime
from srcad.core.quote import Symbol, array_of, call, conj, may_be_complex, put_add, rank, written
from srcad.rules.derived import derived, in_terms
from srcad.rules.families import bilinear
from srcad.rules.linear import _rank, along, known

__all__: list[str] = []


# Tools.


def _axis(axis: Any, x: Any) -> int:
    """One axis, counted from the left."""
    return int(known(axis, "the axis")) % max(rank(x), 1)


def _part(x: Any, axis: int, start: Any, stop: Any = None) -> Any:
    """`x[:, start:stop]`; both None: all of it."""
    return x[along(axis, slice(start, stop), x)]


def _aligned(x: Any, axis: int, like: Any) -> Any:
    """A vector along one axis of an array."""
    behind = rank(like) - 1 - axis
    return x[(slice(None), *(None,) * behind)] if behind else x


def _vector(x: Any) -> Any:
    """All elements in a row."""
    return call(np.reshape, x, (-1,)) if rank(x) != 1 else x


# Differences.


def _undiffed(y_bar: Any, a: Any, prepend: Any, append: Any, *, n: Any = 1, axis: Any = -1) -> Any:
    if prepend is not None or append is not None:
        return NotImplemented
    a_bar, n = np.zeros_like(a), known(n, "the order n")
    if n == 0:
        return y_bar, None, None
    for k in range(n, -1, -1):
        part = along(axis, slice(k or None, k - n or None), a)
        times = math.comb(n, k) * (-1) ** (n - k)
        scaled = y_bar if times == 1 else -y_bar if times == -1 else times * y_bar
        a_bar = put_add(a_bar, part, scaled)
    return a_bar, None, None


@derived(np.diff, linear=True, pullback=_undiffed)
def diff(a: Any, prepend: Any = None, append: Any = None, *, n: Any = 1, axis: Any = -1) -> Any:
    n, place = known(n, "the order n"), _axis(axis, a)
    if n and (prepend is not None or append is not None):
        parts = [_slab(prepend, a, place), a, _slab(append, a, place)]
        a = np.concatenate([part for part in parts if part is not None], axis=place)
        return np.diff(a, **({} if n == 1 else {"n": n}), axis=axis)
    for _ in range(n):
        a = _part(a, place, 1) - _part(a, place, None, -1)
    return a


def _slab(x: Any, like: Any, axis: int) -> Any:
    """What is put before or after an array; a number stands for a whole slab."""
    if x is None or rank(x):
        return x
    shape = [1 if one == axis else np.shape(like)[one] for one in range(rank(like))]
    return written(like, np.broadcast_to, x, tuple(shape))


@derived(np.ediff1d, linear=True, memory="fresh")
def ediff1d(ary: Any, to_end: Any = None, to_begin: Any = None) -> Any:
    a = _vector(ary)
    inner = a[1:] - a[:-1]
    parts = [_row(to_begin, a), inner, _row(to_end, a)]
    parts = [part for part in parts if part is not None]
    return np.concatenate(parts) if len(parts) > 1 else inner


def _row(x: Any, like: Any) -> Any:
    x = array_of(x, like)
    if x is None or rank(x) == 1:
        return x
    return call(np.reshape, x, (-1,)) if rank(x) else written(like, np.atleast_1d, x)


@derived(np.gradient, memory="fresh")
def gradient(f: Any, *varargs: Any, axis: Any = None, edge_order: Any = 1) -> Any:
    """Central differences inside, one-sided ones of the given order at the edges (Quarteroni, Sacco, Saleri 2007)."""
    axes = range(rank(f)) if axis is None else axis if isinstance(axis, (tuple, list)) else (axis,)
    if len(axes) != 1:
        steps = varargs * (len(axes) if len(varargs) == 1 else 1) or (1,) * len(axes)
        given = zip(steps, axes)
        return tuple(gradient(f, step, axis=one, edge_order=edge_order) for step, one in given)
    place = _axis(next(iter(axes)), f)
    step = array_of(varargs[0], f) if varargs else 1
    stencils = _even if rank(step) == 0 else _uneven
    inside, first, last = stencils(f, step, place, known(edge_order, "edge_order") == 2)
    made = np.zeros_like(f)
    for index, value in ((slice(1, -1), inside), (0, first), (-1, last)):
        made = call(runtime.put, made, along(place, index, f), value, fresh=True)
    return made


def _at(f: Any, axis: int, place: int) -> Any:
    return f[along(axis, place, f)]


def _even(f: Any, h: Any, axis: int, second: bool) -> list[Any]:
    """The differences of neighbours at one distance."""
    one = isinstance(h, (int, float)) and h == 1
    inside = (_part(f, axis, 2) - _part(f, axis, None, -2)) / (2 if one else 2 * h)
    ends = []
    for sign, (p, q, r) in ((1, (0, 1, 2)), (-1, (-1, -2, -3))):
        if second:
            rise = 4 * _at(f, axis, q) - 3 * _at(f, axis, p) - _at(f, axis, r)
            ends.append(sign * rise / (2 if one else 2 * h))
        else:
            rise = _at(f, axis, q) - _at(f, axis, p)
            ends.append(rise * sign if one else sign * rise / h)
    return [inside, *ends]


def _uneven(f: Any, x: Any, axis: int, second: bool) -> list[Any]:
    """The differences of neighbours at these coordinates: weights of the slopes to the left and to the right."""
    steps = np.diff(x)
    left, right = (_aligned(part, axis, f) for part in (steps[:-1], steps[1:]))
    slopes = np.diff(f, axis=axis) / _aligned(steps, axis, f)
    before, after = _part(slopes, axis, None, -1), _part(slopes, axis, 1)
    inside = (right * before + left * after) / (left + right)
    first, last = _at(slopes, axis, 0), _at(slopes, axis, -1)
    if second:
        first = first + (first - _at(slopes, axis, 1)) * steps[0] / (steps[0] + steps[1])
        last = last + (last - _at(slopes, axis, -2)) * steps[-1] / (steps[-1] + steps[-2])
    return [inside, first, last]


@derived(
    *(getattr(np, name) for name in ("trapezoid", "trapz") if name in vars(np)), memory="fresh"
)
def trapezoid(y: Any, x: Any = None, dx: Any = None, *, axis: Any = -1) -> Any:
    y = array_of(y, x)
    place = _axis(axis, y)
    if x is None:
        step: Any = 1.0 if dx is None else dx
    else:
        x = array_of(x, y)
        step = _aligned(np.diff(x), place, y) if rank(x) == 1 else np.diff(x, axis=axis)
    both = _part(y, place, 1) + _part(y, place, None, -1)
    return np.sum(step * both / 2, axis=place)


# Products of samples.


@bilinear(np.convolve, on_complex="given", memory="fresh")
def convolve(y_bar: Any, a: Any, v: Any, *, mode: Any = "full") -> Any:
    """The transpose of a convolution is a correlation. What a mode leaves out at the ends has no cotangent."""
    a, v = array_of(a, v), array_of(v, a)
    if 0 in (_rank(a), _rank(v)):
        raise NotImplementedError("an operand without axes; multiply by it")
    full_bar = y_bar
    if mode != "full":
        less = call(builtins.min, np.size(a), np.size(v)) - 1
        width = less if mode == "valid" else (less // 2, less - less // 2)
        full_bar = np.pad(y_bar, width)
    return np.correlate(full_bar, v), np.correlate(full_bar, a)


@in_terms(np.convolve)
def windows(a: Any, v: Any, *, mode: Any = "full") -> Any:
    """Each element is a product with a window of `a`, which has zeros around it."""
    a, v = array_of(a, v), array_of(v, a)
    n, m = np.size(a), np.size(v)
    places = call(np.arange, n + m - 1)[:, None] + call(np.arange, m)
    made = np.pad(a, m - 1)[places] @ v[::-1]
    if mode == "full":
        return made
    less = call(builtins.min, n, m) - 1
    start = less if mode == "valid" else less // 2
    count = call(builtins.max, n, m)
    return made[start : start + (count - less if mode == "valid" else count)]


@derived(np.correlate, memory="fresh")
def correlate(a: Any, v: Any, *, mode: Any = "valid") -> Any:
    a, v = array_of(a, v), array_of(v, a)
    turned = conj(v)[::-1]
    if mode != "same":
        return np.convolve(a, turned, mode=mode)
    # As many elements as the longer one has; of an odd number too many, the last one goes if it is `a`.
    n, m = np.size(a), np.size(v)
    less = call(builtins.min, n, m)
    start = (less - 1 + call(builtins.int, n < m)) // 2
    full = np.convolve(a, turned)
    return full[start : start + call(builtins.max, n, m)]


@derived(np.kron, memory="fresh")
def kron(a: Any, b: Any) -> Any:
    """Each axis that both have is a pair of one of `a` and one of `b`, flattened."""
    both = min(rank(a), rank(b))
    if both == 0:
        return a * b
    left = (slice(None),) * (rank(a) - both) + (slice(None), None) * both
    right = (slice(None),) * (rank(b) - both) + (None, slice(None)) * both
    while right[0] is None and rank(b) == both:
        right = right[1:]
        if rank(a) != both or len(right) < 2:
            break
    outer = a[left] * (b if right == (slice(None),) else b[right])
    sizes_ = [np.shape(outer)[axis] for axis in range(rank(outer))]
    front = len(sizes_) - 2 * both
    pairs = [n * m for n, m in zip(sizes_[front::2], sizes_[front + 1 :: 2])]
    return np.reshape(outer, (*sizes_[:front], *pairs))


def _one(size: Any) -> bool:
    return isinstance(size, int) and size == 1


@bilinear(np.linalg.cross, broadcasts=True, signature="(n),(n)->(n)")
def cross(y_bar: Any, x1: Any, x2: Any) -> Any:
    return np.linalg.cross(x2, y_bar), np.linalg.cross(y_bar, x1)


# Interpolation and grids.


def _double(x: Any) -> Any:
    """In the precision that np.interp computes in."""
    type_ = x.value.type if isinstance(x, Symbol) else None
    if isinstance(x, (int, float)) or (type_ is not None and type_.kind == "number"):
        return x
    wanted = np.complex128 if may_be_complex(x) else np.float64
    given = x.dtype if type_ is None else type_.dtype
    return x if given == np.dtype(wanted) else call(np.asarray, x, dtype=wanted)


@derived(np.interp, memory="fresh")
def interp(
    x: Any, xp: Any, fp: Any, left: Any = None, right: Any = None, *, period: Any = None
) -> Any:
    """The line through the two points around `x`."""
    xp, fp = array_of(xp, x), array_of(fp, x)
    x, xp, fp = _double(x), _double(xp), _double(fp)
    if period is not None:
        period = abs(known(period, "the period"))
        x, xp = x % period, xp % period
        order = np.argsort(xp)
        xp, fp = xp[order], fp[order]
        xp = np.concatenate((xp[-1:] - period, xp, xp[:1] + period))
        fp = np.concatenate((fp[-1:], fp, fp[:1]))
    i = np.clip(np.searchsorted(xp, x, side="right"), 1, np.size(xp) - 1)
    step = xp[i] - xp[i - 1]
    # Of one point, or where the last two are the same, there is no line, and none is needed.
    t = (x - xp[i - 1]) / np.where(step == 0, 1, step)
    t = np.clip(t, 0, 1) if period is None else t
    y = (1 - t) * fp[i - 1] + t * fp[i]
    if period is None and left is not None:
        y = np.where(x < xp[0], left, y)
    if period is None and right is not None:
        y = np.where(x > xp[-1], right, y)
    return y[()] if rank(x) == 0 else y


def _grid(axis: Any, endpoint: Any) -> dict[str, Any]:
    """The options of np.linspace that are not the defaults."""
    return {**({} if endpoint else {"endpoint": False}), **({"axis": axis} if axis else {})}


@derived(np.logspace, memory="fresh")
def logspace(
    start: Any,
    stop: Any,
    base: Any = None,
    *,
    num: Any = 50,
    endpoint: Any = True,
    dtype: Any = None,
    axis: Any = 0,
) -> Any:
    if base is not None and rank(base):
        raise NotImplementedError("several bases; write base ** np.linspace(...)")
    made = (10.0 if base is None else base) ** call(
        np.linspace, start, stop, num, **_grid(axis, endpoint)
    )
    return made if dtype is None else call(np.asarray, made, dtype=dtype)


def _computed(x: Any, dtype: Any) -> Any:
    """In the precision that np.geomspace computes in: float64, unless it is told another."""
    if not isinstance(x, Symbol) or x.value.type.kind == "number":
        return x
    given, least = x.value.type.dtype, np.float64 if dtype is None else dtype
    if given is not None:
        least = np.result_type(given, least)
    return x if given == least else call(np.asarray, x, dtype=least)


def _weighted_ends(
    y_bar: Any, start: Any, stop: Any, y: Any, *, num: Any = 50, endpoint: Any = True, **rest: Any
) -> Any:
    if rest or rank(start) or rank(stop):
        return NotImplemented
    grid = {**_grid(0, endpoint), "dtype": call(runtime.dtype_of, y)}
    t, weighted = call(np.linspace, 0.0, 1.0, num, **grid), y_bar * y
    return np.sum((1 - t) * weighted) / start, np.sum(t * weighted) / stop


@derived(np.geomspace, memory="fresh", pullback=_weighted_ends, on_complex="refuse")
def geomspace(
    start: Any, stop: Any, *, num: Any = 50, endpoint: Any = True, dtype: Any = None, axis: Any = 0
) -> Any:
    """A line between the logarithms."""
    start, stop = (_computed(end, dtype) for end in (start, stop))
    sign = call(np.sign, start)
    ends = call(np.log, sign * start), call(np.log, sign * stop)
    made = np.exp(call(np.linspace, *ends, num, **_grid(axis, endpoint)))
    made = (np.expand_dims(sign, axis) if rank(sign) else sign) * made
    return made if dtype is None else call(np.asarray, made, dtype=dtype)


def _unpowered(y_bar: Any, x: Any, y: Any, *, N: Any = None, increasing: Any = False) -> Any:
    """The derivative of the power k is k times the power k - 1."""
    count = np.size(x) if N is None else N
    if isinstance(count, int) and count == 0:
        return np.zeros_like(x)
    options = {"increasing": True} if increasing else {}
    powers = call(np.vander, x, count - 1, **options)
    times = written(x, np.arange, *((1, count) if increasing else (count - 1, 0, -1)))
    kept = y_bar[:, 1:] if increasing else y_bar[:, :-1]
    return np.sum(kept * times * powers, axis=1)


@derived(np.vander, memory="fresh", pullback=_unpowered)
def vander(x: Any, *, N: Any = None, increasing: Any = False) -> Any:
    count = np.size(x) if N is None else N
    span = (count,) if increasing else (count - 1, -1, -1)
    powers = written(x, np.arange, *span)
    return x[:, None] ** powers


@derived(np.unwrap, memory="fresh")
def unwrap(p: Any, *, discont: Any = None, axis: Any = -1, period: Any = 2 * math.pi) -> Any:
    """The jumps are whole periods, and do not vary."""
    half = period / 2
    steps = np.diff(p, axis=axis)
    turns = np.where(steps > 0, np.ceil((steps - half) / period), np.floor((steps + half) / period))
    if discont is not None and discont > half:
        turns = np.where(np.abs(steps) < discont, 0, turns)
    jumps = np.cumsum(period * turns, axis=axis)
    width = [(int(one == _axis(axis, p)), 0) for one in range(rank(p))]
    return p - np.pad(jumps, tuple(width))
