"""What a `for` runs over: numbers, arrays, lists, and what zip, enumerate, reversed, map and itertools make of them.

for i, (a, b) in enumerate(zip(x, y), 1):        for k in range(min(len(x), len(y))):
    ...                                    ->        i, a, b = 1 + k, x[k], y[k]
"""

from __future__ import annotations

import builtins
import itertools
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from srcad.core import ops
from srcad.core.nodes import Value
from srcad.core.specification import Known
from srcad.parser.boxes import Box, same_contents
from srcad.parser.branches import Branches
from srcad.parser.expressions import settled
from srcad.parser.places import Handle, View
from srcad.parser.records import Filled

__all__ = ["Iterable", "Iterables", "Lazy"]


class Iterable(NamedTuple):
    """What a loop runs over: how many items, and the binding of item number `i`.

    `parts` are the bindings themselves where they are known one by one (a list): such a loop is unrolled.
    `domain` is (start, stop, step) where the items are the numbers of a range; `record` the list where the items are records of it;
    `live` the list or dict itself, whose items Python reads as it goes on; `unroll` says that they are made one by one as they are
    asked for; `guard` is what items were read ahead of (arrays, the function of a generator): it may not change meanwhile;
    `first` is the number of the first item, of those that are left.
    """

    count: Any
    item: Callable[[Any], Any]
    parts: list[Any] | None = None
    domain: tuple[Any, Any, Any] | None = None
    direction: int = 1
    arrays: tuple[View, ...] = ()
    record: Filled | None = None
    live: Any = None
    unroll: bool = False
    guard: Any = None
    first: int = 0


class Taken(NamedTuple):
    """A box that is run over, what of it, and what that was."""

    box: Any
    look: Callable[[Any], Any]
    seen: Any

    def changed(self) -> bool:
        now = self.look(self.box)
        return not same_contents(dict(enumerate(self.seen)), dict(enumerate(now)))


class Lazy(Box, Handle):
    """`zip(x, y)`, `range(n)`, `d.items()`: what can be looped over; `once`, or whenever it is asked.

    `over` is made when it is run over; `sees` are the bindings that it reads, `taken` the boxes that it was made of. Its parts: whether it
    is `used` up, and the items that `next` has still to give.
    """

    def __init__(
        self,
        name: str,
        over: Callable[[Any, Any], Iterable],
        sees: Any,
        taken: list[Taken],
        *,
        once: bool,
    ) -> None:
        super().__init__({"used": False, "items": None})
        self.name, self.over, self.sees, self.taken, self.once = name, over, sees, taken, once

    def held(self) -> Any:
        return [self.sees, [box.box for box in self.taken]]


class Iterables(Branches):
    """Find out what a loop runs over."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        # The boxes that are run over.
        self.taken: list[Taken] = []

    def iterable(self, node: Any) -> Iterable:
        """What the expression of a `for` runs over."""
        return self.over(node, self.handed(node))

    def use(self, node: Any, binding: Lazy) -> None:
        """Run over an iterator: it is used up."""
        if binding.parts["used"] is not False:
            self.refuse(
                node,
                f"`{binding.name}` is run over twice",
                "It is empty the second time. Make it again, or make a list of it.",
            )
        binding.parts["used"] = binding.once

    def next_of(self, node: Any, binding: Any, *default: Any) -> Any:
        """`next(it)`: of an iterator whose items are known one by one."""
        if not isinstance(binding, Lazy) or not binding.once:
            self.refuse(node, "next() of what is no iterator", "Index what it is made of.")
        if binding.parts["items"] is None:
            items = self.known(node, binding)
            binding.parts.update(used=False, items=tuple(items))
        items = binding.parts["items"]
        if not items and not default:
            self.fails(node, StopIteration())
        binding.parts["items"] = items[1:]
        return items[0] if items else default[0]

    def take(self, box: Any, look: Callable[[Any], Any]) -> None:
        """Note that the items of a box were read ahead."""
        self.taken.append(Taken(box, look, look(box)))

    def ahead(self, over: Iterable) -> None:
        """Note that elements of arrays were read before their turn. Rows are views, which show what is stored."""
        for array in over.arrays:
            if self.type(array).rank == 1:
                self.take(array, lambda view: [self.current(view.buffer)])

    def unchanged(self, node: Any, taken: list[Taken]) -> None:
        """Refuse that what is run over was changed before its items were read."""
        for one in taken:
            if one.changed():
                kind = "array" if isinstance(one.box, View) else type(one.box).__name__
                copy = "x.copy()" if kind == "array" else "list(...)"
                self.refuse(
                    node,
                    f"{'an' if kind == 'array' else 'a'} {kind} is changed while it is run over",
                    f"Run over a copy of it: {copy}.",
                )

    def over(self, node: Any, binding: Any) -> Iterable:
        """What a loop over the binding runs over."""
        if isinstance(binding, Lazy):
            self.use(node, binding)
            if binding.parts["items"] is not None:
                return _listed(list(binding.parts["items"]))
            self.unchanged(node, binding.taken)
            self.taken += binding.taken
            return binding.over(self, node)
        if isinstance(binding, Filled):
            record = binding
            if not record.closed:
                self.read(record, node)
            return Iterable(None, lambda i: self.recalled(record), record=record)
        self.plain(binding, node)
        if isinstance(binding, (list, dict)):
            self.take(binding, list)
            return _listed(list(binding))._replace(live=binding)
        if isinstance(binding, str):
            binding = list(binding)
        if isinstance(binding, set):
            self.refuse(
                node,
                "a loop over a set has no order",
                "Loop over sorted(...), so that the derivative is the same in every process.",
            )
        if isinstance(binding, tuple):
            return _listed(list(binding))
        if isinstance(binding, View):
            shape = self.type(binding).shape
            if shape == ():
                self.refuse(
                    node, "a loop over a 0-d array", "It would raise when the function is called."
                )
            view = binding
            return Iterable(
                shape[0]
                if shape and isinstance(shape[0], int)
                else lambda: self.emit(ops.length, (view,)),
                lambda i: self.emit(ops.getitem, (view, i)),
                arrays=(view,),
            )
        if isinstance(binding, Value) and isinstance(binding.type.value, tuple):  # x.shape
            return _listed(self.unpack(node, binding, None))
        return self.refuse(
            node,
            "a loop over this is not accepted",
            "Loop over range(), arrays, lists, zip() and enumerate() of them.",
        )

    def listed(self, node: Any, binding: Any) -> list[Any] | None:
        """The items, where they are known one by one; numbers of a range that is known, too."""
        over = self.over(node, binding)
        if over.parts is not None:
            return over.parts
        if over.record is None and isinstance(over.count, int):
            return [over.item(place) for place in range(over.count)[:: over.direction]]
        return None

    def lazy(self, node: Any, callee: Known, args: list[Any], options: dict[str, Any]) -> Any:
        """A call of what makes something to loop over; None where it does not."""
        function = callee.object
        if function is builtins.next and not options:
            return self.next_of(node, *args)
        if not (isinstance(function, type) or callable(function)) or function not in _MAKERS:
            return None
        name = getattr(function, "__qualname__", callee.name)
        outer, self.taken = self.taken, []
        try:
            over = _MAKERS[function](self, node, *args, **options)
        except TypeError as error:
            if "argument" not in str(error):
                raise
            self.refuse(node, f"these arguments of {name}() are not accepted", "Index explicitly.")
        finally:
            taken, self.taken = self.taken, outer
        once = function is not builtins.range
        if function in (builtins.map, builtins.filter):  # called where the items are asked for
            called = _CALLED[function]
            return Lazy(
                f"{name}(...)",
                lambda parser, where: called(parser, where, args[0], over),
                [args, options],
                taken,
                once=once,
            )
        return Lazy(f"{name}(...)", lambda *_: over, [args, options], taken, once=once)

    def viewed(self, owner: dict[Any, Any], name: str) -> Any:
        """`d.items()`, `d.keys()`, `d.values()`: what the dict holds when it is run over."""

        def look(box: dict[Any, Any]) -> list[Any]:
            return list(getattr(box, name)())

        def over(parser: Iterables, node: Any) -> Iterable:
            parser.take(owner, lambda box: list(box) if name == "keys" else list(box.values()))
            return _listed(look(owner))

        return Lazy(f".{name}()", over, [owner], [], once=False)

    def lazily(self, over: Iterable) -> Lazy:
        """What can be looped over, as a binding."""
        return Lazy("an iterable", lambda *_: over, [over.parts, over.arrays], [], once=True)

    def unpack(self, node: Any, binding: Any, count: int | None) -> list[Any]:
        """The parts of what is unpacked."""
        if isinstance(binding, Lazy):
            return self.known(node, binding)
        return super().unpack(node, binding, count)

    def range(self, node: Any, *bounds: Any) -> Iterable:
        """`range(start, stop, step)`."""
        bounds = tuple(self.read(bound, node) for bound in bounds)
        start, stop, step = (0, bounds[0], 1) if len(bounds) == 1 else (*bounds, 1)[:3]
        for bound in (start, stop, step):
            if isinstance(bound, float) or (
                isinstance(bound, Value) and bound.type.dtype in ("float", "float64")
            ):
                self.refuse(
                    node, "range() of a float", "It would raise when the function is called."
                )
        if all(isinstance(bound, int) for bound in (start, stop, step)):
            if step == 0:
                self.refuse(
                    node, "range() with step 0", "It would raise when the function is called."
                )
            numbers = range(start, stop, step)
            return Iterable(
                len(numbers), lambda i: self.linear(start, step, i), None, (start, stop, step)
            )

        def count() -> Any:
            if type(step) is not int or step != 1:
                return self.emit(ops.operation(_range_length), (start, stop, step))
            width = (
                stop
                if type(start) is int and start == 0
                else self.emit(ops.subtract, (stop, start))
            )
            return self.emit(ops.operation(builtins.max), (width, 0))

        return Iterable(
            count,
            lambda i: self.linear(start, step, i),
            None,
            (start, stop, step),
        )

    def reversed(self, node: Any, binding: Any) -> Iterable:
        over = self.over(node, binding)
        if over.parts is not None:
            return _listed(over.parts[::-1])
        return over._replace(direction=-over.direction)

    def enumerated(self, node: Any, binding: Any, start: Any = 0) -> Iterable:
        over = self.over(node, binding)
        if over.record is not None:
            self.read(over.record, node)
        over = self.forward(over)
        if over.parts is not None:
            numbers = [self.linear(start, 1, place) for place in range(len(over.parts))]
            return _listed(list(zip(numbers, over.parts)))
        return Iterable(
            over.count,
            lambda i: (self.linear(start, 1, i), over.item(i)),
            arrays=over.arrays,
            guard=over.guard,
        )

    def forward(self, over: Iterable) -> Iterable:
        """The same items in the same order, counted upwards."""
        if over.direction > 0 or over.parts is not None:
            return over
        count = self.count_of(over)

        def item(i: Any) -> Any:
            last = self.binary(self.statement, ops.subtract, count, 1)
            return over.item(self.binary(self.statement, ops.subtract, last, i))

        return Iterable(count, item, arrays=over.arrays, guard=over.guard)

    def count_of(self, over: Iterable) -> Any:
        """How many items there are."""
        return over.count() if callable(over.count) else over.count

    def zipped(self, node: Any, *bindings: Any, strict: bool = False) -> Iterable:
        """`zip`: as long as the shortest."""
        inner = [self.over(node, binding) for binding in bindings]
        if not inner:
            return _listed([])
        if any(over.record is not None for over in inner):
            return self.zipped_records(node, inner)
        inner = [self.forward(over) for over in inner]
        if strict and not all(over.parts is not None for over in inner):
            self.refuse(node, "zip(strict=True) of arrays", "Check the lengths before.")
        if all(over.parts is not None for over in inner):
            if strict and len({len(over.parts or []) for over in inner}) > 1:
                self.refuse(
                    node,
                    "zip(strict=True) of unequal lengths",
                    "It would raise when the function is called.",
                )
            return _listed([tuple(part) for part in zip(*(over.parts or [] for over in inner))])
        if any(over.parts is not None for over in inner):
            shortest = min(len(over.parts) for over in inner if over.parts is not None)
            others = [over for over in inner if over.parts is None]
            if all(isinstance(over.count, int) and over.count >= shortest for over in others):
                return Iterable(
                    shortest,
                    lambda i: tuple(
                        over.parts[i] if over.parts else over.item(i) for over in inner
                    ),
                    arrays=tuple(view for over in others for view in over.arrays),
                    unroll=True,
                )
            inner = [self.arranged(node, over) for over in inner]

        def count() -> Any:
            counts = [self.count_of(over) for over in inner]
            total = counts[0]
            for other in counts[1:]:
                if self.numbers.of(total) == self.numbers.of(other):
                    continue
                total = (
                    min(total, other)
                    if isinstance(total, int) and isinstance(other, int)
                    else self.emit(ops.operation(builtins.min), (total, other))
                )
            return total

        arrays = tuple(view for over in inner for view in over.arrays)
        guard = [over.guard for over in inner]
        return Iterable(
            count, lambda i: tuple(over.item(i) for over in inner), arrays=arrays, guard=guard
        )

    def arranged(self, node: Any, over: Iterable) -> Iterable:
        """A list of numbers as an array, so that a loop can run over it."""
        parts = over.parts
        if parts is None:
            return over
        if not all(self.is_single(part) for part in parts):
            self.refuse(
                node,
                "zip() of a list and an array whose length is not known",
                "Index the array: x[i].",
            )
        return self.over(node, self.call(node, Known(np.array, "np.array"), [list(parts)], {}))

    def zipped_records(self, node: Any, inner: list[Iterable]) -> Iterable:
        """`zip` of records of loops over the same iterations, in one order, and of what these run over."""
        first = next(over.record for over in inner if over.record is not None)
        source = first.loop
        directions = set()
        for over in inner:
            if over.record is not None:
                other = over.record.loop
                directions.add(other.direction * over.direction)
                same = other.family is source.family
            else:
                directions.add(over.direction)
                domain = over.domain
                if domain is None and over.parts is None:
                    domain = (0, self.read(self.count_of(over)), 1)
                fixed = source.domain is not None and not source.open
                same = fixed and self.numbers.of(domain) == self.numbers.of(source.domain)
            if not same or over.parts is not None:
                for record in [part.record for part in inner if part.record is not None]:
                    self.read(record, node)
                self.refuse(
                    node,
                    f"it is not known whether `{first.name}` is as long as what it is zipped with",
                    "Zip lists that were filled over the same iterations, and the range that they were filled over.",
                )
        if len(directions) > 1:
            self.refuse(
                node,
                "what is zipped here runs in different directions",
                "Records belong to the iteration that appended them: reverse all, or none.",
            )

        def item(i: Any) -> Any:
            return tuple(i if over.domain is not None else over.item(i) for over in inner)

        arrays = tuple(view for over in inner for view in over.arrays)
        direction = directions.pop() * source.direction
        return Iterable(None, item, None, None, direction, arrays, first)

    def mapping(self, node: Any, function: Any, *bindings: Any) -> Iterable:
        """What `map(f, xs, ys)` takes the arguments of `f` from."""
        return self.zipped(node, *bindings)

    def mapped(self, node: Any, function: Any, over: Iterable) -> Iterable:
        """`map(f, xs, ys)`."""
        return over._replace(
            parts=None,
            domain=None,
            item=lambda i: self.call(node, function, list(over.item(i)), {}),
            unroll=over.parts is not None,
        )

    def filtering(self, node: Any, function: Any, binding: Any) -> Iterable:
        """What `filter(f, xs)` takes its items from."""
        return self.over(node, binding)

    def filtered(self, node: Any, function: Any, over: Iterable) -> Iterable:
        """`filter(f, xs)`, where what is left is known while parsing."""
        parts = self.listed(node, self.lazily(over))
        if parts is not None:
            kept = [
                part if function is None else self.call(node, function, [part], {})
                for part in parts
            ]
            if settled(kept):
                return _listed([part for part, keep in zip(parts, kept) if keep])
        return self.refuse(
            node,
            "filter() by values that are not known while parsing",
            "Use a comprehension with a condition, or a mask.",
        )

    def known(self, node: Any, binding: Any) -> list[Any]:
        """The items, which must be known one by one."""
        parts = self.listed(node, binding)
        if parts is None:
            self.refuse(
                node,
                "how many items there are is not known while parsing",
                "Write a loop over range(len(x)).",
            )
        return parts

    def iterated(self, node: Any, binding: Any) -> Iterable:
        """`iter(xs)`."""
        return self.over(node, binding)._replace(live=None)

    def product(self, node: Any, *bindings: Any, repeat: Any = 1) -> Iterable:
        """`itertools.product`: of what is not known one by one, counted through."""
        inner = [self.forward(self.over(node, binding)) for binding in bindings] * repeat
        lists = [
            over.parts
            if over.parts is not None
            else [over.item(place) for place in range(over.count)]
            if isinstance(over.count, int) and over.count <= _FEW
            else None
            for over in inner
        ]
        if all(part is not None for part in lists):
            return _listed(list(itertools.product(*lists)))  # type: ignore[arg-type]
        inner = [self.arranged(node, over) for over in inner]
        counts = [self.count_of(over) for over in inner]
        total = counts[0]
        for count in counts[1:]:
            total = self.binary(node, ops.multiply, total, count)

        def item(i: Any) -> Any:
            found = []
            for over, count in list(zip(inner, counts))[:0:-1]:
                found.append(over.item(self.binary(node, ops.remainder, i, count)))
                i = self.binary(node, ops.floor_divide, i, count)
            return tuple([inner[0].item(i), *found[::-1]])

        arrays = tuple(view for over in inner for view in over.arrays)
        return Iterable(total, item, arrays=arrays)

    def indices(self, node: Any, *sizes: Any) -> Iterable:
        """`np.ndindex`: the product of ranges."""
        if len(sizes) == 1 and not isinstance(sizes[0], int):
            sizes = tuple(self.unpack(node, sizes[0], None))
        counted = Known(builtins.range, "range")
        return self.product(node, *(self.call(node, counted, [size], {}) for size in sizes))

    def numbered(self, node: Any, array: Any) -> Iterable:
        """`np.ndenumerate`: indices, and what stands there."""
        over = self.indices(node, self.emit(ops.shape, (array,)))

        def paired(index: Any) -> Any:
            return index, self.emit(ops.getitem, (array, self.read(index)))

        indices = over.parts
        if indices is not None:
            return Iterable(
                len(indices), lambda i: paired(indices[i]), arrays=(array,), unroll=True
            )
        return over._replace(item=lambda i: paired(over.item(i)), arrays=(array,))

    def pairwise(self, node: Any, binding: Any) -> Iterable:
        over = self.forward(self.over(node, binding))
        if over.parts is not None:
            return _listed(list(itertools.pairwise(over.parts)))
        if over.record is not None:
            self.read(over.record, node)
        self.ahead(over)

        def count() -> Any:
            found = self.binary(node, ops.subtract, self.count_of(over), 1)
            return (
                max(found, 0)
                if isinstance(found, int)
                else self.emit(ops.operation(builtins.max), (found, 0))
            )

        def item(i: Any) -> Any:
            return (over.item(i), over.item(self.binary(node, ops.add, i, 1)))

        ahead = [view for view in over.arrays if self.type(view).rank in (None, 1)]
        return Iterable(count, item, arrays=over.arrays, guard=[ahead, over.guard])

    def accumulated(
        self,
        node: Any,
        binding: Any,
        function: Any = None,
        *,
        func: Any = None,
        initial: Any = None,
    ) -> Iterable:
        """`itertools.accumulate`: sums, or what a function makes of the one before and the next."""
        function = func if function is None else function
        over = self.over(node, binding)
        self.ahead(over)
        if over.parts is None and function is None and initial is None and over.arrays:
            if self.type(over.arrays[0]).rank == 1 and len(over.arrays) == 1:
                summed = self.call(
                    node, Known(np.cumsum, "np.cumsum"), [self.arrayed(node, over)], {}
                )
                return self.over(node, summed)._replace(guard=list(over.arrays))
        if over.parts is None and not isinstance(over.count, int):
            self.refuse(
                node,
                "accumulate() over what is not known one by one",
                "Carry the value in a loop, or use np.cumsum.",
            )
        parts = over.parts or [over.item(place) for place in range(over.count)]
        if initial is not None:
            parts = [initial, *parts]
        made: list[Any] = parts[:1]
        for part in parts[1:]:
            made.append(
                self.binary(node, ops.add, made[-1], part)
                if function is None
                else self.call(node, function, [made[-1], part], {})
            )
        return _listed(made)

    def arrayed(self, node: Any, over: Iterable) -> Any:
        """The array that is run over, in the order in which it is."""
        (array,) = over.arrays
        return (
            array
            if over.direction > 0
            else self.call(node, Known(np.flip, "np.flip"), [array], {"axis": 0})
        )

    def linear(self, start: Any, step: Any, i: Any) -> Any:
        """`start + step * i`."""
        scaled = (
            i
            if step == 1 and isinstance(step, int)
            else self.binary(self.statement, ops.multiply, step, i)
        )
        return (
            scaled
            if start == 0 and isinstance(start, int)
            else self.binary(self.statement, ops.add, start, scaled)
        )


# So many items are written out one by one where a loop could run over them, too.
_FEW = 8


def _listed(parts: list[Any]) -> Iterable:
    """Items that are known one by one."""
    return Iterable(len(parts), lambda i: parts[i], parts)


def _known(function: Any) -> Any:
    """What itertools makes of items that are known one by one."""

    def make(self: Iterables, node: Any, binding: Any, *args: Any, **options: Any) -> Iterable:
        if not settled([args, options]):
            self.refuse(
                node,
                f"the options of {function.__name__}() must be known while parsing",
                "Write a loop.",
            )
        return _listed(list(function(self.known(node, binding), *args, **options)))

    return make


def _chained(self: Iterables, node: Any, *bindings: Any) -> Iterable:
    return _listed([part for binding in bindings for part in self.known(node, binding)])


def _flattened(self: Iterables, node: Any, binding: Any) -> Iterable:
    return _chained(self, node, *self.known(node, binding))


def _repeated(self: Iterables, node: Any, part: Any, times: Any) -> Iterable:
    if not isinstance(times, int):
        self.refuse(node, "repeat() a number of times that is not known", "Write a loop.")
    return _listed([part] * times)


_MAKERS: dict[Any, Any] = {
    builtins.range: Iterables.range,
    builtins.reversed: Iterables.reversed,
    builtins.enumerate: Iterables.enumerated,
    builtins.zip: Iterables.zipped,
    builtins.map: Iterables.mapping,
    builtins.filter: Iterables.filtering,
    builtins.iter: Iterables.iterated,
    itertools.product: Iterables.product,
    itertools.pairwise: Iterables.pairwise,
    np.ndindex: Iterables.indices,
    np.ndenumerate: Iterables.numbered,
    itertools.accumulate: Iterables.accumulated,
    itertools.chain: _chained,
    itertools.chain.from_iterable: _flattened,
    itertools.repeat: _repeated,
    itertools.islice: _known(itertools.islice),
    itertools.combinations: _known(itertools.combinations),
    itertools.permutations: _known(itertools.permutations),
    itertools.combinations_with_replacement: _known(itertools.combinations_with_replacement),
}


# What is done with each item once it is asked for.
_CALLED: dict[Any, Any] = {
    builtins.map: Iterables.mapped,
    builtins.filter: Iterables.filtered,
}


def _range_length(start: int, stop: int, step: int) -> int:
    """How many numbers a range has."""
    return len(range(start, stop, step))
