"""Dispatch: from a call to the compiled derivative for its signature, from memory, from disk, or compiled afresh."""

from __future__ import annotations

import builtins
import inspect
import threading
import types
from collections.abc import Callable
from functools import cached_property, lru_cache
from typing import Any

import numpy as np

from srcad.api.compiled import MISSING, Compiled, by_keyword, scope_of
from srcad.api.draws import Draws
from srcad.api.forms import is_open, plain_function
from srcad.api.portable import (
    at_home,
    decode,
    describe,
    encode,
    home_of,
    spec_text,
    toolchain,
    user_rules,
)
from srcad.api.request import Generated, Request, StaticNeeded
from srcad.api.signature import Letters, Spec, decided, key_of, part_at, settle, specify, written
from srcad.core.fingerprint import digest_code, digest_text
from srcad.core.pytrees import flatten, is_leaf_argument, look
from srcad.core.specification import Form, Reference, own_signature, unwrap
from srcad.errors import (
    AliasingError,
    ArgumentTypeError,
    ArgumentValueError,
    RankUnknownError,
    SourceNotFoundError,
)
from srcad.loader import default_cache, files_of, load

__all__ = ["Dispatcher", "overlaps_itself"]

_CACHED = type(lru_cache(lambda: None))


def _known(function: Any) -> bool:
    from srcad.core.ops import name_of

    return name_of(function) is not None


class Dispatcher:
    """Compiled derivatives of one function for one request, by signature."""

    def __init__(self, function: Callable[..., Any], request: Request) -> None:
        function = plain_function(function)
        if not isinstance(function, (types.FunctionType, types.MethodType, Form)) and isinstance(
            vars(type(function)).get("__call__"), types.FunctionType
        ):
            function = types.MethodType(
                type(function).__call__, function
            )  # a callable object: its method
        self.function, self.request = function, request
        self.root = unwrap(function)
        self.maps = any(inner.transform == "vmap" for inner in request.chain())
        self.static: set[tuple[str, tuple[int, ...]]] = set()
        self.table: dict[Any, list[Compiled]] = {}
        self.refused: dict[Any, RankUnknownError] = {}
        self.latest: dict[str, Any] | None = None  # the specification that was compiled last
        self.lock = threading.RLock()
        self._names: tuple[str, ...] | None = None
        self._by_position: bool | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """The parameters' names, in order."""
        if self._names is None:
            self._names = () if self.open else tuple(self.signature.parameters)
        return self._names

    @property
    def by_position(self) -> bool:
        """Whether all parameters may be given by position."""
        if self._by_position is None:
            kinds = [parameter.kind for parameter in self.signature.parameters.values()]
            self._by_position = not self.open and inspect.Parameter.KEYWORD_ONLY not in kinds
        return self._by_position

    @property
    def signature(self) -> inspect.Signature:
        """The function's signature."""
        if not isinstance(self.root, types.FunctionType) and _known(self.function):
            from srcad.core.ops import operation
            from srcad.rules import rule_of

            rule_of(self.function)  # the rules know which parameters are operands
            operands = operation(self.function).operands or ("x",)
            names = ["x"] if len(operands) == 1 else [name.strip("*") for name in operands]
            return inspect.Signature(
                [inspect.Parameter(name, inspect.Parameter.POSITIONAL_OR_KEYWORD) for name in names]
            )
        return own_signature(self.function)

    @cached_property
    def careful(self) -> Dispatcher | None:
        """For maps that raise IndexError: that may be of a side of a branch that no example takes. What it has is not looked at then."""
        request = self.request.carefully() if self.maps else self.request
        return None if request == self.request else Dispatcher(self.function, request)

    def called(self, args: tuple[Any, ...]) -> Any:
        """The derivative at bound arguments."""
        return self.carefully(args, lambda one: one.find(args).entry(*args))  # type: ignore[misc]

    def carefully(self, args: tuple[Any, ...], run: Callable[[Dispatcher], Any]) -> Any:
        """What `run` does with this dispatcher, or where that raises IndexError with the careful one, which draws the same."""
        if self.careful is None:
            return run(self)
        draws = None
        if any(request.randomness != "error" for request in self.request.chain()):
            draws = Draws(args, self.find(args).made.externals)
        try:
            return run(self)
        except IndexError:
            if draws is not None:
                draws.again()
        return run(self.careful)

    @cached_property
    def open(self) -> bool:
        """Whether the function takes any number of arguments, so that there is a dispatcher for each way of calling it."""
        return is_open(self.function)

    def bind(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, ...]:
        """All arguments by position, defaults filled in."""
        if not kwargs and len(args) == len(self.names) and self.by_position:
            return args
        bound = self.signature.bind(*args, **kwargs)
        bound.apply_defaults()
        return tuple(bound.arguments.values())

    def find(self, args: tuple[Any, ...]) -> Compiled:
        """The compiled derivative for bound arguments."""
        key: Any = tuple([key_of(value) for value in args])
        if self.static:
            key = (
                key,
                self.decisions(args),
            )
        for compiled in self.table.get(key, ()):
            if compiled.valid() and (compiled.fits is None or compiled.fits(args)):
                if compiled.guards:
                    self.check_sizes(compiled, args)
                if compiled.written:
                    self.check_overlap(compiled, args)
                return compiled
        refused = self.refused.get(key)
        if refused is not None:
            raise refused
        with self.lock:
            try:
                compiled = self.compile(args)
            except RankUnknownError as error:
                self.refused[key] = error
                raise
            if self.static:
                plain = tuple([key_of(value) for value in args])
                key = (
                    plain,
                    self.decisions(args),
                )
            self.table[key] = [compiled, *self.table.get(key, ())[:7]]
        compiled.valid()
        if compiled.guards:
            self.check_sizes(compiled, args)
        if compiled.written:
            self.check_overlap(compiled, args)
        return compiled

    def check_sizes(self, compiled: Compiled, args: tuple[Any, ...]) -> None:
        """Sizes that the function needs to be equal are; else the function itself says what is wrong with them."""
        for first, axis, second, other in compiled.guards:
            if args[first].shape[axis] != args[second].shape[other]:
                if not self.maps:
                    self.function(*args)
                raise ArgumentValueError(
                    f"axis {axis} of `{self.names[first]}` and axis {other} of `{self.names[second]}` differ in size",
                    reason="The function's own operations need them to be equal.",
                )

    def check_overlap(self, compiled: Compiled, args: tuple[Any, ...]) -> None:
        """Refuse arguments that share memory with one that the function writes to."""
        arrays: list[tuple[str, Any]] = [
            (name, part) for name, value in zip(self.names, args) for part in _arrays(value)
        ]
        arrays += [
            (f"global {outer}", compiled.namespace.get(text))
            for _, outer, text, _ in compiled.hidden
        ]
        for place, (name, mine) in enumerate(arrays):
            if name not in compiled.written or not isinstance(mine, np.ndarray):
                continue
            for at, (other, theirs) in enumerate(arrays):
                if at == place:
                    continue
                if (
                    isinstance(theirs, np.ndarray)
                    and np.may_share_memory(mine, theirs)
                    and np.shares_memory(mine, theirs)
                ):
                    raise AliasingError(
                        f"arguments `{name}` and `{other}` share memory, and the function writes to `{name}`"
                        if name != other
                        else f"arrays in the argument `{name}` share memory, and the function writes to it",
                        reason="Pass a copy of one of them.",
                    )
            if overlaps_itself(mine):
                raise AliasingError(
                    f"argument `{name}` is written to, and its elements share memory",
                    reason="Pass a copy of it.",
                )

    def specification(self, args: tuple[Any, ...]) -> dict[str, Any]:
        letters = Letters(self.names)
        spec = {}
        for name, value in zip(self.names, args):
            if any(isinstance(leaf, Spec) for leaf in flatten(value)):
                raise ArgumentTypeError(
                    f"argument `{name}` is a specification",
                    reason="It stands for an argument in `.source(...)` alone: pass an array.",
                )
            spec[name] = specify(value, letters, name)
            for param, places in sorted(self.static):
                if param == name:
                    spec[name] = settle(spec[name], value, places)
        return spec

    def decisions(self, args: tuple[Any, ...]) -> tuple[Any, ...]:
        """The arguments whose values decide, as a part of the key."""
        return tuple(
            [
                decided(part_at(args[self.names.index(name)], places))
                for name, places in sorted(self.static)
            ]
        )

    def leaves(self, args: tuple[Any, ...]) -> list[Any]:
        """The leaves of the arguments that are parameters of the halves: not those whose values are in the text."""
        if self.static:
            args = tuple(
                [
                    without(value, [places for param, places in self.static if param == name])
                    for name, value in zip(self.names, args)
                ]
            )
        return [leaf for value in args for leaf in flatten(value) if is_leaf_argument(leaf)]

    def compile(self, args: tuple[Any, ...]) -> Compiled:
        """From disk where it is known, else afresh."""
        if not isinstance(self.root, types.FunctionType) and not _known(self.function):
            if isinstance(self.function, _CACHED):
                raise SourceNotFoundError(
                    f"`{self.function.__name__}` keeps its results (functools.lru_cache)",
                    reason="What it returns again is no function of its arguments while these are differentiated: "
                    f"differentiate {self.function.__name__}.__wrapped__.",
                )
            raise SourceNotFoundError(
                f"{self.function!r} has no Python source", reason="Wrap it: lambda x: function(x)."
            )
        home = getattr(self.root, "__srcad_generated__", None)
        if home is not None:
            from srcad.api.committed import committed

            kept = committed(self, home, args)
            if kept is not None:
                return kept
        asked: set[Any] = set()
        while True:
            spec = self.specification(args)
            key = self.cache_key(spec)
            found = self.from_cache(key) if key is not None else None
            if found is not None:
                self.latest = spec
                return found
            from srcad.api.compile import generate

            try:
                made = generate(self.function, self.request, spec)
            except StaticNeeded as needed:
                leaf = needed.name, needed.places
                if leaf in asked:
                    label = written(needed.name, args[self.names.index(needed.name)], needed.places)
                    raise ArgumentValueError(
                        f"the value of `{label}` decides what the derivative looks like",
                        reason="Pass an integer or a tuple of integers.",
                    ) from None
                asked.add(leaf)
                self.static.add(leaf)  # from now on its value is the specification
                continue
            self.latest = spec
            return self.bring_up(made, key, dict(zip(self.names, args)))

    def bring_up(self, made: Generated, key: str | None, given: dict[str, Any]) -> Compiled:
        """Store and load a module."""
        path = None
        if key is not None:
            record = self.record(made)
            if record is not None:
                cache = default_cache()
                entry = cache.store(key, record, made.text)
                path = cache.location(entry)
        return self.loaded(made, path, given)

    def loaded(self, made: Generated, path: Any, given: dict[str, Any]) -> Compiled:
        namespace = dict(made.externals)
        known = {(reference.path, reference.name) for reference in made.references}
        for text, (owner, outer) in made.hidden.items():
            if any((owner[:at], name) not in known for at, name in enumerate(owner)):
                raise ArgumentTypeError(
                    f"a function that is passed as an argument reads `{outer}` of its own outer scope",
                    reason=f"Pass `{outer}` as an argument too, or call the function by a name of the module.",
                )
            scope = scope_of(self.function, owner, given)
            namespace[text] = scope.read(outer) if scope is not None else None
        name = next(iter(made.names.values()))
        files = files_of([self.root, *(unwrap(reference.object) for reference in made.references)])
        compiled = Compiled(
            self.function,
            made,
            load(made.text, name, namespace, path=path, places=made.lines, files=files),
            given,
        )
        if not self.by_position and compiled.entry is not None:
            compiled.entry = compiled.call = by_keyword(compiled.entry, self.signature)
        return compiled

    # the disk

    def cache_key(self, spec: dict[str, Any]) -> str | None:
        """The key under which this derivative is kept, or None where it cannot be told apart from others."""
        text = spec_text(spec)
        if text is None or not isinstance(self.root, types.FunctionType):
            return None
        return digest_text(
            digest_code(self.root.__code__),
            repr(self.function.gathered) if isinstance(self.function, Form) else "",
            repr(self.request),
            text,
            repr(sorted(self.static)),
            toolchain(),
            user_rules(),
        )

    def record(self, made: Generated) -> dict[str, Any] | None:
        """What must hold for a kept module to be used again, as JSON; None where that cannot be said."""
        references = []
        for reference in made.references:
            described = (
                f"static {reference.object!r}"
                if reference.name.startswith("value ")
                else describe(reference.object)
            )
            if described is None or reference.name.startswith("call "):
                return None
            references.append([list(reference.path), reference.name, described])
        externals = {text: home_of(found) for text, found in made.externals.items()}
        if None in externals.values():
            return None
        structure = encode(made.structure)
        if structure is MISSING:
            return None
        return {
            "names": made.names,
            "references": references,
            "externals": externals,
            "hidden": {text: [list(path), outer] for text, (path, outer) in made.hidden.items()},
            "written": sorted(made.written),
            "structure": structure,
            "kept": list(made.kept),
            "guards": [list(guard) for guard in made.guards],
            "lines": [each and list(each) for each in made.lines],
        }

    def from_cache(self, key: str) -> Compiled | None:
        """A kept module whose dependencies are what they were."""
        cache = default_cache()
        for record in cache.find(key):
            try:
                references = []
                for path, name, described in record["references"]:
                    scope = scope_of(self.function, tuple(path))
                    decides = name.startswith("value ")
                    found = MISSING if scope is None else scope.read(name.removeprefix("value "))
                    if scope is not None and name.startswith("builtin "):
                        plain = name[len("builtin ") :]
                        found = (
                            MISSING
                            if plain in scope.function.__globals__
                            else getattr(builtins, plain)
                        )
                    now = f"static {found!r}" if decides else describe(found)
                    if found is MISSING or now != described:
                        break
                    references.append(Reference(tuple(path), name, found))
                else:
                    text = cache.read(record["entry"])
                    if text is None:
                        continue
                    made = Generated(
                        text,
                        dict(record["names"]),
                        tuple(references),
                        {
                            text_: (tuple(path), outer)
                            for text_, (path, outer) in record["hidden"].items()
                        },
                        {text_: at_home(home) for text_, home in record["externals"].items()},
                        frozenset(record["written"]),
                        decode(record["structure"]),
                        tuple(record["kept"]),
                        tuple(tuple(guard) for guard in record["guards"]),  # type: ignore[misc]
                        tuple(each and tuple(each) for each in record["lines"]),
                    )
                    return self.loaded(made, cache.location(record["entry"]), {})
            except (KeyError, TypeError, ValueError):
                continue
        return None


def without(value: Any, settled: list[tuple[int, ...]]) -> Any:
    """An argument's leaves, as lists, less those whose values decide.

    >>> without((1.0, {"k": 2}), [(1, 0)]), without(3, [()])
    ([1.0, [None]], None)
    """
    if () in settled and decided(value) is not None:
        return None
    node = look(value) if settled else None
    if node is None:
        return value
    return [
        without(part, [places[1:] for places in settled if places and places[0] == place])
        for place, part in enumerate(node.parts)
    ]


def overlaps_itself(array: np.ndarray[Any, Any]) -> bool:
    """Whether elements of an array may share memory with each other.

    >>> a = np.ones((3, 4))
    >>> overlaps_itself(a.T[::2]), overlaps_itself(np.lib.stride_tricks.sliding_window_view(a[0], 3))
    (False, True)
    """
    reach = array.itemsize
    axes = [(abs(stride), size) for stride, size in zip(array.strides, array.shape) if size > 1]
    for stride, size in sorted(axes) if array.size else ():
        if stride < reach:
            return True
        reach = stride * (size - 1) + reach
    return False


def _arrays(value: Any) -> list[np.ndarray[Any, Any]]:
    return [leaf for leaf in flatten(value) if isinstance(leaf, np.ndarray)]
