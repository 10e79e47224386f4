"""Calls that write: what NumPy's functions and methods leave in an array that they are given.

    np.add.at(x, i, v)              x_1 = put_add(x, i, v)
    np.exp(a, out=b)         ->     exp_1 = np.exp(a); b_1 = put(b, ..., exp_1)
    np.copyto(x, v, where=m)        where_1 = np.where(m, v, x); x_1 = put(x, ..., where_1)
    np.maximum.at(x, i, v)          for k in range(len(i)): x[i[k]] = np.maximum(x[i[k]], v[k])

Each is a store of what a function without side effects computes.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import gast
import numpy as np

from srcad.analysis.types import same_shape
from srcad.core import ops
from srcad.core.nodes import Slice, Value
from srcad.core.specification import Known
from srcad.core.types import array
from srcad.parser.expressions import Given
from srcad.parser.handles import MethodBinding
from srcad.parser.places import View
from srcad.parser.stores import Stores

__all__ = ["Writers"]

Writer = Callable[..., Any]


class Writers(Stores):
    """Calls that write to their arguments."""

    def writer(self, function: Any, args: list[Any], options: dict[str, Any]) -> Writer | None:
        """What stands for a call of NumPy's that writes to an operand; None for one that does not."""
        found = _WRITERS.get(function)
        if found is not None:
            return found
        if function is np.nan_to_num:
            keeps = options.get("copy", args[1] if len(args) > 1 else True)
            return None if keeps is True else Writers.np_nan_to_num
        if not (ops.module_of(function) or "").startswith(("numpy", "scipy.")):
            return None
        place = _place_of_out(function)
        out = options.get("out", args[place] if place < len(args) else None)
        if isinstance(out, tuple) and all(part is None for part in out):
            out = None
        return None if out is None else Writers.with_out

    def write(
        self,
        node: Any,
        writer: Writer,
        function: Any,
        args: list[Any],
        options: dict[str, Any],
        style: str = "call",
    ) -> Any:
        """Carry out a call that writes."""
        if writer is Writers.with_out:
            return self.with_out(node, function, args, options, style)
        try:
            inspect.signature(writer).bind(self, node, *args, **options)
        except TypeError as error:
            self.refuse(node, str(error), "It would raise when the function is called.")
        return writer(self, node, *args, **options)

    def array_of(self, node: Any, binding: Any) -> View:
        """The array that is written."""
        if not isinstance(binding, View):
            self.refuse(
                node,
                "what is written here is no array",
                "Only arrays are written: make one with np.array.",
            )
        return binding

    # out=

    def with_out(
        self, node: Any, function: Any, args: list[Any], options: dict[str, Any], style: str
    ) -> Any:
        """`f(x, out=y)`: `y[...] = f(x)`, and `y` is the result."""
        options = dict(options)
        place = _place_of_out(function)
        names = ops.parameters(function) or ()
        if place < len(args):
            options.update(zip(names[place + 1 :], args[place + 1 :]))
            options.setdefault("out", args[place])
            args = args[:place]
        out = options.pop("out")
        if isinstance(out, tuple) and len(out) == 1:
            (out,) = out
        if isinstance(out, tuple):
            self.refuse(
                node,
                f"`out=` of several results of {ops.operation(function).name}",
                "Assign the results: y[...], z[...] = f(x).",
            )
        out = self.array_of(node, out)
        if not isinstance(function, np.ufunc):
            if function not in _COPIES_OPERANDS:
                self.check_overlap(node, out, args, options)
            value = self.call_known(node, function, args, options, style)
            self.store(node, out, Ellipsis, value, add=False)
            return out
        where = options.pop("where", True)
        if where is True:
            self.store(
                node, out, Ellipsis, self.call_known(node, function, args, options), add=False
            )
            return out
        if function.signature is not None:
            self.refuse(
                node, "`where=` of this function", "It would raise when the function is called."
            )
        # Where the mask is false nothing is computed, so nothing of it may come into a derivative.
        mask = self.spread_over(where, out)
        chosen = [self.chosen(arg, mask, out) for arg in args]
        self.store(
            node, out, self.read(mask), self.call_known(node, function, chosen, options), add=False
        )
        return out

    def spread_over(self, binding: Any, out: View) -> Any:
        """A binding in the shape of `out`."""
        if same_shape(self.type(binding), self.type(out)):
            return binding
        if self.type(binding).kind == "array":
            return self.emit(ops.spread, (binding, out))
        shape = (("shape", self.emit(ops.shape, (out,))),)
        return self.emit(ops.operation(np.broadcast_to), (binding,), shape)

    def chosen(self, binding: Any, mask: Any, out: View) -> Any:
        """The elements of an operand where a mask is true."""
        if self.type(binding).rank == 0:
            return binding
        return self.emit(ops.getitem, (self.spread_over(binding, out), mask))

    # functions

    def np_copyto(
        self, node: Any, dst: Any, src: Any, casting: Any = "same_kind", where: Any = True
    ) -> None:
        """`np.copyto`: what is not copied is not computed with either, so selecting is enough."""
        dst = self.array_of(node, dst)
        if where is not True:
            src = self.emit(ops.operation(np.where), (where, src, dst))
        self.store(node, dst, Ellipsis, src, add=False)

    def np_put(self, node: Any, a: Any, ind: Any, v: Any, mode: Any = "raise") -> None:
        """`np.put`: places of the flattened array, and as many values."""
        if mode != "raise":
            self.refuse(
                node, f"mode={mode!r} of np.put is not accepted", "Write x.flat[indices] = values."
            )
        a = self.array_of(node, a)
        self.check_overlap(node, a, v)
        if isinstance(ind, (tuple, list)):
            ind = self.emit(ops.operation(np.array), (ind,))
        value = self.as_many(node, v, ind)
        if self.type(ind).rank not in (0, 1):
            ind = self.emit(ops.operation(np.ravel), (ind,))
        self.store(
            node, a if self.type(a).rank == 1 else self.flat(a), self.read(ind), value, add=False
        )

    def as_many(self, node: Any, values: Any, places: Any) -> Any:
        """Values for these places, one each: NumPy repeats them, or leaves some away."""
        if isinstance(values, (tuple, list)):
            values = self.emit(ops.operation(np.array), (values,))
        rank = self.type(values).rank
        if rank == 0:
            return values
        if rank != 1:
            values = self.emit(ops.operation(np.ravel), (values,))
        if same_shape(self.type(values), self.type(places)):
            return values
        return self.cycled(values, self.emit(ops.size, (places,)))

    def cycled(self, values: Any, count: Any) -> Any:
        """So many of these values, from the first again after the last."""
        i = self.emit(ops.operation(np.arange), (count,), base="i")
        i = self.emit(ops.remainder, (i, self.emit(ops.size, (values,))))
        return self.emit(ops.getitem, (values, i))

    def np_putmask(self, node: Any, a: Any, mask: Any, values: Any) -> None:
        """`np.putmask`: `a[mask] = values[mask]`."""
        a = self.array_of(node, a)
        self.check_overlap(node, a, values)
        if isinstance(values, (tuple, list)):
            values = self.emit(ops.operation(np.array), (values,))
        if self.type(values).rank != 0:
            if not same_shape(self.type(values), self.type(a)):
                shape = (("shape", self.emit(ops.shape, (a,))),)
                values = self.as_many(node, values, a)
                values = self.emit(ops.operation(np.reshape), (values,), shape)
            values = self.emit(ops.getitem, (values, mask))
        self.store(node, a, self.read(mask), values, add=False)

    def np_place(self, node: Any, arr: Any, mask: Any, vals: Any) -> None:
        """`np.place`: the first of the values where the mask is true, then the second."""
        arr = self.array_of(node, arr)
        self.check_overlap(node, arr, vals)
        if isinstance(vals, (tuple, list)):
            vals = self.emit(ops.operation(np.array), (vals,))
        if self.type(vals).rank != 0:
            if self.type(vals).rank != 1:
                vals = self.emit(ops.operation(np.ravel), (vals,))
            vals = self.cycled(vals, self.emit(ops.operation(np.count_nonzero), (mask,)))
        self.store(node, arr, self.read(mask), vals, add=False)

    def np_fill_diagonal(self, node: Any, a: Any, val: Any, wrap: Any = False) -> None:
        """`np.fill_diagonal`: `a[i, i] = val`."""
        a = self.array_of(node, a)
        self.check_overlap(node, a, val)
        rank = self.type(a).rank
        if not isinstance(wrap, bool) or rank is None or rank < 2:
            self.refuse(
                node,
                "this use of np.fill_diagonal is not accepted",
                "Write i = np.arange(n); x[i, i] = value.",
            )
        if wrap and rank == 2:  # again from the top, a row below
            step = self.emit(ops.add, (self.size_of(a, 1), 1))
            flat = self.flat(a)
            places = self.emit(ops.getitem, (flat, Slice(None, None, step)))
            value = self.as_many(node, val, places)
            self.store(node, flat, Slice(None, None, step), value, add=False)
            return
        sizes = [self.size_of(a, axis) for axis in range(2)]
        square = self.type(a).shape
        count = sizes[0]
        if rank == 2 and square is not None and square[0] != square[1]:
            count = self.emit(ops.operation(min), (sizes[0], sizes[1]))
        i = self.emit(ops.operation(np.arange), (count,), base="i")
        value = self.as_many(node, val, i)
        self.store(node, a, (self.read(i),) * rank, value, add=False)

    def size_of(self, a: View, axis: int) -> Any:
        return self.emit(ops.getitem, (self.emit(ops.shape, (a,)), axis))

    def np_put_along_axis(
        self, node: Any, arr: Any, indices: Any, values: Any, axis: Any = -1
    ) -> None:
        """`np.put_along_axis`: the index that `np.take_along_axis` reads."""
        arr = self.array_of(node, arr)
        rank = self.type(arr).rank
        if not isinstance(axis, int) or rank is None or self.type(indices).rank != rank:
            self.refuse(
                node,
                "this use of np.put_along_axis is not accepted",
                "Give the axis as a literal, and indices with as many axes as the array.",
            )
        index = self.along(arr, axis % rank, self.read(indices))
        self.store(node, arr, index, values, add=False)

    def along(self, arr: View, axis: int, indices: Any) -> Any:
        """The index that takes `indices` along an axis, in their place on the others."""
        rank = self.type(arr).rank or 0
        index: list[Any] = []
        for one in range(rank):
            if one == axis:
                index.append(indices)
                continue
            at = self.emit(ops.operation(np.arange), (self.size_of(arr, one),), base="i")
            if one < rank - 1:
                at = self.emit(ops.getitem, (at, (Slice(), *(None,) * (rank - 1 - one))))
            index.append(self.read(at))
        return tuple(index) if rank > 1 else index[0]

    def np_nan_to_num(self, node: Any, x: Any, copy: Any = True, **options: Any) -> Any:
        """`np.nan_to_num(x, copy=False)`."""
        x = self.array_of(node, x)
        value = self.call_known(node, np.nan_to_num, [x], options)
        self.store(node, x, Ellipsis, value, add=False)
        return x

    # methods

    def np_fill(self, node: Any, a: Any, value: Any) -> None:
        self.store(node, self.array_of(node, a), Ellipsis, value, add=False)

    def np_sort_in_place(
        self, node: Any, a: Any, axis: Any = -1, kind: Any = None, **options: Any
    ) -> None:
        """`x.sort()`: what `np.sort` returns."""
        a = self.array_of(node, a)
        if not isinstance(axis, int):
            self.refuse(
                node, "the axis of a sort is not known while parsing", "Give it as a literal."
            )
        given = {name: option for name, option in {"kind": kind, **options}.items() if option}
        given = given if axis == -1 else {"axis": axis, **given}
        value = self.call_known(node, np.sort, [a], given)
        self.store(node, a, Ellipsis, value, add=False)

    def np_partition_in_place(
        self, node: Any, a: Any, kth: Any, axis: Any = -1, kind: Any = "introselect"
    ) -> None:
        """`x.partition(k)`: what `np.partition` returns."""
        a = self.array_of(node, a)
        given = {} if axis == -1 else {"axis": axis}
        value = self.call_known(node, np.partition, [a, kth], given)
        self.store(node, a, Ellipsis, value, add=False)

    def np_shuffle(self, node: Any, draw: Callable[[Any], Any], x: Any, axis: Any = 0) -> None:
        """`rng.shuffle(x)`: `x[...] = x[rng.permutation(len(x))]`, which draws the same."""
        x = self.array_of(node, x)
        if axis != 0:
            self.refuse(node, "a shuffle along another axis than the first", "Shuffle x.T.")
        order = draw(self.emit(ops.length, (x,)))
        value = self.read(order)
        shape = self.type(x).shape
        if isinstance(value, Value):
            value.type = array("int64", shape[0]) if shape else value.type
        self.store(node, x, Ellipsis, self.emit(ops.getitem, (x, value)), add=False)

    # ufunc.at

    def at_places(self, node: Any, function: Any, a: Any, indices: Any, b: Any = None) -> None:
        """`np.add.at(x, i, v)`: once for each time that a place is named."""
        a = self.array_of(node, a)
        if isinstance(indices, list):
            indices = self.read(indices)
        index = indices if isinstance(indices, (tuple, list, Slice)) else self.read(indices)
        index = tuple(self.read(part) for part in index) if type(index) is tuple else index
        if (b is None) == (function.nin == 2):
            self.refuse(
                node, "the operands do not fit", "It would raise when the function is called."
            )
        operands = () if b is None else (b,)
        if isinstance(b, (tuple, list)):
            operands = (self.emit(ops.operation(np.array), (b,)),)
        if function is np.add or function is np.subtract:
            value = b if not operands else operands[0]
            if function is np.subtract:
                value = self.emit(ops.negative, (value,))
            self.store(node, a, index, value, add=True)
            return
        self.repeat(node, function, a, index, operands)

    def repeat(
        self, node: Any, function: Any, a: View, index: Any, operands: tuple[Any, ...]
    ) -> None:
        """A loop over the places: what is named twice is computed twice."""
        parts = index if type(index) is tuple else (index,)
        places = [part for part in parts if isinstance(part, Value) and part.type.kind == "array"]
        known = all(
            part.type.rank == 1 and (part.type.dtype or "").startswith(("int", "uint"))
            for part in places
        )
        if not (places and known) or any(
            isinstance(part, (Slice, list)) or part is None or part is Ellipsis for part in parts
        ):
            self.refuse(
                node,
                f"this use of np.{function.__name__}.at is not accepted",
                "Give it arrays of integers with one axis; or write x[i] = f(x[i], v) where no place is named twice.",
            )
        self.check_overlap(node, a, list(operands))
        scalar = [self.type(operand).rank == 0 for operand in operands]
        shown = self.emit(ops.getitem, (a, index))
        if len(places) > 1:
            length = (("shape", (self.emit(ops.length, (shown,)),)),)
            spread = ops.operation(np.broadcast_to)
            parts = tuple(
                self.read(self.emit(spread, (part,), length)) if part in places else part
                for part in parts
            )
            places = [part for part in parts if isinstance(part, Value) and part.type.rank == 1]
        operands = tuple(
            operand if one else self.spread_over(operand, shown)
            for one, operand in zip(scalar, operands)
        )

        def literal(text: str, **bindings: Any) -> Any:
            found = gast.parse(text).body[0]
            for inner in gast.walk(found):
                gast.copy_location(inner, node)
            return _Bind(bindings).visit(found)

        where = ", ".join(
            f"part{place}[k]" if part in places else f"part{place}"
            for place, part in enumerate(parts)
        )
        given = "".join(
            f", v{place}" if one else f", v{place}[k]" for place, one in enumerate(scalar)
        )
        loop = literal(
            f"for k in range(len(first)):\n    x[{where}] = f(x[{where}]{given})",
            **{f"part{place}": part for place, part in enumerate(parts)},
            **{f"v{place}": operand for place, operand in enumerate(operands)},
            first=places[0],
            x=a,
            f=Known(function, f"np.{function.__name__}"),
            len=Known(len, "len"),
            range=Known(range, "range"),
        )
        kept = self.env.get("k", None)
        self.do_For(loop)
        self.env.pop("k", None)
        if kept is not None:
            self.env["k"] = kept

    def do_For(self, node: Any) -> None:
        """Parse a `for`."""
        raise NotImplementedError

    # what an array's method, or a ufunc's, or a generator's is

    def method_writer(
        self, node: Any, method: MethodBinding, args: list[Any], options: dict[str, Any]
    ) -> Any:
        """`x.fill(v)`, `x.sort()`, `x.put(i, v)`."""
        return self.write(node, _BY_METHOD[method.name], None, [method.owner, *args], options)

    def writes_by_method(self, method: MethodBinding) -> bool:
        """Whether a method of an array writes to it in a way that is accepted."""
        return method.name in _BY_METHOD and isinstance(method.owner, View)


class _Bind(gast.NodeTransformer):  # type: ignore[misc]
    """Put bindings into syntax."""

    def __init__(self, bindings: dict[str, Any]) -> None:
        self.bindings = bindings

    def visit_Name(self, node: Any) -> Any:
        if node.id not in self.bindings:
            return node
        return gast.copy_location(Given(self.bindings[node.id]), node)


def _place_of_out(function: Any) -> int:
    """From how many positional arguments on one of them is `out`."""
    if isinstance(function, np.ufunc):
        return function.nin
    names = ops.parameters(function) or ()
    return names.index("out") if "out" in names else 99


# Functions that compute as if their operands were copied first, where `out` overlaps them. All ufuncs do.
_COPIES_OPERANDS = {
    np.clip,
    np.cumsum,
    np.cumprod,
    np.sum,
    np.prod,
    np.max,
    np.min,
    np.dot,
    np.round,
}
_WRITERS: dict[Any, Writer] = {
    np.copyto: Writers.np_copyto,
    np.put: Writers.np_put,
    np.putmask: Writers.np_putmask,
    np.place: Writers.np_place,
    np.fill_diagonal: Writers.np_fill_diagonal,
    np.put_along_axis: Writers.np_put_along_axis,
}
_BY_METHOD: dict[str, Writer] = {
    "fill": Writers.np_fill,
    "sort": Writers.np_sort_in_place,
    "put": Writers.np_put,
    "partition": Writers.np_partition_in_place,
}
