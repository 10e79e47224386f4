"""Dispatch: from a call to the compiled derivative for its signature, from memory, from disk, or compiled afresh.

A compiled derivative depends on what the names of outer scopes stood for. Functions, modules and flags are held against what they are at each call; arrays and
numbers of outer scopes are read at each call and are part of the signature.
"""

from __future__ import annotations

import builtins
import inspect
import os
import sys
import threading
import types
from collections.abc import Callable
from functools import cached_property, lru_cache
from typing import Any

import numpy as np

from srcad.api.forms import is_open, plain_function
from srcad.api.request import Generated, Position, Request, StaticNeeded
from srcad.api.signature import Letters, Spec, decided, key_of, part_at, settle, specify, written
from srcad.core.fingerprint import digest_code, digest_text
from srcad.core.pytrees import flatten, is_leaf_argument, look
from srcad.core.specification import (
    Container,
    Form,
    Known,
    Reference,
    Unfit,
    classes_of,
    follow,
    own_signature,
    steps_of,
    structure_of,
    unwrap,
)
from srcad.core.structs import Struct, struct
from srcad.errors import (
    AliasingError,
    ArgumentTypeError,
    ArgumentValueError,
    RankUnknownError,
    SourceNotFoundError,
)
from srcad.loader import default_cache, files_of, load

__all__ = ["Compiled", "Dispatcher"]

_MISSING = object()
_CACHED = type(lru_cache(lambda: None))


class Scope:
    """The outer scopes of a function, read by name at any time."""

    def __init__(self, function: types.FunctionType, owner: Any = None) -> None:
        self.function, self.owner = function, owner

    def cell(self, name: str) -> Any:
        """The cell that holds a free variable, or None."""
        free = self.function.__code__.co_freevars
        if name in free and self.function.__closure__ is not None:
            return self.function.__closure__[free.index(name)]
        return None

    def read(self, name: str) -> Any:
        """What a name stands for now (see `steps_of`); or the structure of that, whether it has an attribute, or what a module has."""
        kind, _, rest_of = name.partition(" ")
        if kind == "structure":
            return structure_of(self.read(rest_of))
        if kind == "classes":
            return classes_of(self.read(rest_of))
        if kind == "has":
            owner, _, attribute = rest_of.rpartition(".")
            return hasattr(self.read(owner), attribute)
        if kind == "import":
            module, _, rest_of = rest_of.partition(":")
            try:
                return follow(sys.modules[module], steps_of(rest_of))
            except (LookupError, AttributeError):
                return _MISSING
        head, *rest = steps_of(name)
        cell = self.cell(head)
        try:
            if self.owner is not None and head == self.function.__code__.co_varnames[0]:
                found = self.owner
            elif cell is not None:
                found = cell.cell_contents
            else:
                found = self.function.__globals__.get(head, _MISSING)
            return found if found is _MISSING else follow(found, rest)
        except (ValueError, AttributeError, LookupError, TypeError):
            return _MISSING


def scope_of(
    root: Callable[..., Any], path: tuple[str, ...], given: dict[str, Any] | None = None
) -> Scope | None:
    """The scope of a callee, found through the names of the callees on the way; `given` are the root's arguments."""
    scope = Scope(unwrap(root), getattr(root, "__self__", None))
    for name in path:
        if name.startswith("argument "):
            found = (given or {}).get(name[len("argument ") :], _MISSING)
        else:
            found = scope.read(name)
        if not isinstance(unwrap(found), types.FunctionType):
            return None
        scope = Scope(unwrap(found), getattr(found, "__self__", None))
    return scope


class Compiled:
    """A derivative for one signature: its functions, and what must still hold for them to be right."""

    def __init__(
        self,
        function: Callable[..., Any],
        made: Generated,
        namespace: dict[str, Any],
        given: dict[str, Any],
    ) -> None:
        self.made, self.namespace = made, namespace
        # Whether arguments are what it is for, where the key does not say it all.
        self.fits: Callable[[tuple[Any, ...]], bool] | None = None
        self.entry = self.call = namespace.get(made.names.get("entry", ""))
        self.forward = namespace.get(made.names.get("forward", ""))
        self.backward = namespace.get(made.names.get("backward", ""))
        self.written, self.guards = made.written, made.guards
        self.fixed: list[tuple[Scope, str, Any, Any]] = []
        self.plain: list[tuple[dict[str, Any], str, Any]] = []
        self.contents: list[tuple[Any, str]] = []
        self.absent: list[tuple[dict[str, Any], str]] = []
        self.values: list[tuple[Scope, str, Any]] = []
        self.root = unwrap(function)
        self.code = getattr(self.root, "__code__", None)
        hidden_names = {(path, outer) for path, outer in made.hidden.values()}
        all_hidden = {
            (r.path, r.name)
            for r in made.references
            if is_hidden(r.object) and not r.name.startswith("value ")
        }
        for reference in made.references:
            if (
                reference.path,
                reference.name,
            ) in hidden_names | all_hidden or reference.name.startswith(("call ", "argument ")):
                continue
            scope = scope_of(function, reference.path, given)
            if scope is None:
                continue
            if reference.name.startswith("value "):
                self.values.append((scope, reference.name[len("value ") :], reference.object))
                continue
            if reference.name.startswith("builtin "):
                self.absent.append((scope.function.__globals__, reference.name[len("builtin ") :]))
                continue
            code = _behaviour(reference.object)
            if isinstance(reference.object, (list, dict, set)):
                self.contents.append((reference.object, repr(reference.object)))
            name = reference.name
            if name.isidentifier() and scope.cell(name) is None and code is None:
                self.plain.append((scope.function.__globals__, reference.name, reference.object))
            else:
                self.fixed.append((scope, reference.name, reference.object, code))
        self.hidden: list[tuple[Scope, str, str, Any]] = []
        for text, (path, outer) in made.hidden.items():
            scope = scope_of(function, path, given)
            if scope is not None:
                self.hidden.append((scope, outer, text, key_of(scope.read(outer))))

    def valid(self) -> bool:
        """Whether outer names still stand for what they did; hidden arguments are brought up to date."""
        if self.code is not None and self.root.__code__ is not self.code:
            return False
        for namespace, name in self.absent:  # a builtin that is shadowed since
            if name in namespace:
                return False
        for scope, name, expected in self.values:
            found = scope.read(name)
            if type(found) is not type(expected) or found != expected:
                return False
        for namespace, name, expected in self.plain:
            if namespace.get(name, _MISSING) is not expected:
                return False
        for scope, name, expected, code in self.fixed:
            found = scope.read(name)
            if found is not expected and not (
                (is_static(found) or isinstance(found, types.MethodType))
                and type(found) is type(expected)
                and found == expected
            ):
                return False
            if code is not None and _behaviour(found) != code:
                return False
        for container, text in self.contents:
            if repr(container) != text:
                return False
        for scope, outer, text, key in self.hidden:
            found = scope.read(outer)
            if key_of(found) != key:
                return False
            self.namespace[text] = found
        return True


def _by_keyword(entry: Callable[..., Any], signature: inspect.Signature) -> Callable[..., Any]:
    """The generated function, called with all arguments by position; tangents or a cotangent may follow."""
    kinds = [parameter.kind for parameter in signature.parameters.values()]
    count = sum(kind is not inspect.Parameter.KEYWORD_ONLY for kind in kinds)
    names = list(signature.parameters)[count:]
    total = len(kinds)
    return lambda *args: entry(*args[:count], *args[total:], **dict(zip(names, args[count:total])))


def _behaviour(found: Any) -> Any:
    """What of a Python function can be replaced in place."""
    plain = unwrap(found)
    if not isinstance(plain, types.FunctionType):
        return None
    keyword = tuple(sorted((plain.__kwdefaults__ or {}).items()))
    return plain.__code__, *map(_fixed, plain.__defaults__ or ()), *map(_fixed, keyword)


def _fixed(default: Any) -> Any:
    """A default as something that compares; arrays are read at each call."""
    if isinstance(default, tuple):
        return tuple(map(_fixed, default))
    plain = default is None or isinstance(default, (bool, int, float, complex, str))
    return (type(default), repr(default) if plain else id(default))


def _known(function: Any) -> bool:
    from srcad.core.ops import name_of

    return name_of(function) is not None


def is_hidden(found: Any) -> bool:
    """Whether an object of an outer scope is read at each call."""
    return isinstance(found, (np.ndarray, np.generic, float, int, complex)) and not isinstance(
        found, bool
    )


def is_static(found: Any) -> bool:
    return found is None or isinstance(found, (bool, str, tuple))


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
            compiled.entry = compiled.call = _by_keyword(compiled.entry, self.signature)
        return compiled

    # the disk

    def cache_key(self, spec: dict[str, Any]) -> str | None:
        """The key under which this derivative is kept, or None where it cannot be told apart from others."""
        text = _spec_text(spec)
        if text is None or not isinstance(self.root, types.FunctionType):
            return None
        return digest_text(
            digest_code(self.root.__code__),
            repr(self.function.gathered) if isinstance(self.function, Form) else "",
            repr(self.request),
            text,
            repr(sorted(self.static)),
            _toolchain(),
            _user_rules(),
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
        if structure is _MISSING:
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
                    found = _MISSING if scope is None else scope.read(name.removeprefix("value "))
                    if scope is not None and name.startswith("builtin "):
                        plain = name[len("builtin ") :]
                        found = (
                            _MISSING
                            if plain in scope.function.__globals__
                            else getattr(builtins, plain)
                        )
                    now = f"static {found!r}" if decides else describe(found)
                    if found is _MISSING or now != described:
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


def describe(found: Any) -> str | None:
    """What an object of an outer scope is, in words that hold in another process; None where that cannot be said."""
    if isinstance(found, types.ModuleType):
        return f"module {found.__name__}{_release(found.__name__)}"
    if is_hidden(found):
        return f"hidden {_key_text(key_of(found))}"
    if found is None or isinstance(found, (bool, str)):
        return f"static {found!r}"
    plain = unwrap(found)
    if isinstance(plain, types.FunctionType):
        defaults = (plain.__defaults__, plain.__kwdefaults__)
        if not all(
            part is None or isinstance(part, (bool, str, int, float)) for part in _flat(defaults)
        ):
            return None
        return f"function {digest_code(plain.__code__)} {defaults!r}"
    module, name = (
        getattr(found, "__module__", None),
        getattr(found, "__qualname__", None) or getattr(found, "__name__", None),
    )
    if isinstance(found, np.ufunc):
        if getattr(np, str(name), None) is found:
            return f"object numpy.{name}"
        from srcad.core.ops import module_of

        home = module_of(found)
        return None if home is None else f"object {home}.{name}{_release(home)}"
    if (
        isinstance(module, str) and module.split(".")[0] in ("numpy", "math", "builtins", "srcad")
    ) and name:
        return f"object {module}.{name}"
    if isinstance(found, tuple) and all(
        isinstance(part, (bool, str, int, float, type(None))) for part in _flat(found)
    ):
        return f"static {found!r}"
    return None


def _release(module: str) -> str:
    """Which SciPy a module is of: rules are for the one that is installed (NumPy's release is in every key)."""
    top = module.partition(".")[0]
    return f" {getattr(sys.modules.get(top), '__version__', '')}" if top == "scipy" else ""


def _flat(tree: Any) -> list[Any]:
    if isinstance(tree, dict):
        tree = list(tree.values())
    if isinstance(tree, (tuple, list)):
        return [part for inner in tree for part in _flat(inner)]
    return [tree]


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


def _key_text(key: Any) -> str:
    if isinstance(key, tuple):
        return f"({', '.join(map(_key_text, key))})"
    return key.__name__ if isinstance(key, type) else str(key)


def _spec_text(spec: Any) -> str | None:
    """A specification as text, or None where an object in it has none."""
    if isinstance(spec, dict):
        parts = [(key, _spec_text(part)) for key, part in spec.items()]
        return (
            None
            if any(part is None or type(key) not in (str, int) for key, part in parts)
            else f"{{{', '.join(f'{k!r}: {p}' for k, p in parts)}}}"
        )
    if isinstance(spec, Container):
        parts_ = [_spec_text(part) for part in spec]
        form = encode_form(spec.form)
        return (
            None
            if form is _MISSING or any(part is None for part in parts_)
            else f"{form}({', '.join(map(str, parts_))})"
        )
    if isinstance(spec, Unfit):
        return "unfit"
    if isinstance(spec, Known):
        described = describe(spec.object)
        return None if described is None or described.startswith("function") else described
    if spec is None or isinstance(spec, (bool, str, int, float)) or type(spec) is tuple:
        return repr(spec)
    if type(spec).__name__ == "Type":
        return f"{spec.kind} {spec!r} {[getattr(size, 'many', None) for size in spec.shape or ()]}"
    return None


@lru_cache(maxsize=1)
def _toolchain() -> str:
    """srcad and NumPy as installed: versions, and the state of srcad's own files."""
    root = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    state = []
    for folder, folders, files in os.walk(root):
        folders.sort()
        for name in sorted(files):
            if name.endswith(".py"):
                status = os.stat(os.path.join(folder, name))
                state.append(f"{name} {status.st_size} {status.st_mtime_ns}")
    return digest_text(np.__version__, *state)


def _user_rules() -> str:
    """Rules registered from outside srcad."""
    families = sys.modules.get("srcad.rules.families")
    if families is None:
        return ""
    found = []
    for function, rule in families.REGISTRY.items():
        for part in (rule.pullback, rule.pushforward):
            code = getattr(part, "__code__", None)
            if code is not None and not (getattr(part, "__module__", "") or "").startswith(
                "srcad."
            ):
                found.append(f"{getattr(function, '__qualname__', function)} {digest_code(code)}")
    return " ".join(sorted(found))


def home_of(found: Any) -> list[str] | None:
    """Where a class is imported from, or None; a function that is called as it is may have a rule, which is not known here."""
    if not isinstance(found, type):
        return None
    home = [getattr(found, "__module__", None) or "", getattr(found, "__qualname__", "")]
    try:
        return home if at_home(home) is found else None
    except LookupError:
        return None


def at_home(home: list[str]) -> Any:
    """The inverse of `home_of`; LookupError where nothing is there now."""
    found: Any = sys.modules[home[0]]
    for name in home[1].split("."):
        found = getattr(found, name, _MISSING)
    if found is _MISSING:
        raise LookupError(home[1])
    return found


def encode(tree: Any) -> Any:
    """A tree of positions and plain constants as JSON, or _MISSING."""
    if isinstance(tree, Position):
        return {"at": int(tree)}
    if tree is None or isinstance(tree, (bool, int, float, str)):
        return {"is": tree}
    if type(tree) is dict:
        items = [[key, encode(part)] for key, part in tree.items()]
        if any(part is _MISSING or not isinstance(key, (str, int)) for key, part in items):
            return _MISSING
        return {"dict": items}
    if isinstance(tree, (tuple, list)):
        form, parts = encode_form(type(tree)), [encode(part) for part in tree]
        return _MISSING if _MISSING in [form, *parts] else {"of": [form, parts]}
    return _MISSING


def decode(tree: Any) -> Any:
    """The inverse of `encode`."""
    ((kind, value),) = tree.items()
    if kind == "at":
        return Position(value)
    if kind == "is":
        return value
    if kind == "dict":
        return {key: decode(part) for key, part in value}
    form, parts = decode_form(value[0]), [decode(part) for part in value[1]]
    return form(*parts) if hasattr(form, "_fields") else form(parts)


def encode_form(form: Any) -> Any:
    """The class of a container in a tree of operands as JSON, or _MISSING."""
    if not issubclass(form, Struct):
        home = home_of(form)
        return _MISSING if home is None else {"class": home}
    extra = [home_of(part) if callable(part) else part for part in form.extra]
    home = home_of(form.kind)
    if (
        home is None
        or not all(type(key) in (str, int) for key in form._fields)
        or any(callable(part) and kept is None for part, kept in zip(form.extra, extra))
    ):
        return _MISSING
    return {
        "struct": home,
        "fields": list(form._fields),
        "style": form.style,
        "fixed": sorted(form.fixed, key=str),
        "counts": sorted(form.counts, key=str),
        "derived": sorted(form.derived, key=str),
        "is_tree": form.is_tree,
        "extra": extra,
    }


def decode_form(form: Any) -> Any:
    """The inverse of `encode_form`."""
    if "class" in form:
        return at_home(form["class"])
    return struct(
        at_home(form["struct"]),
        tuple(form["fields"]),
        style=form["style"],
        fixed=frozenset(form["fixed"]),
        counts=frozenset(form["counts"]),
        derived=frozenset(form["derived"]),
        is_tree=form["is_tree"],
        extra=tuple(at_home(part) if isinstance(part, list) else part for part in form["extra"]),
    )
