"""Calls: of NumPy, of Python's builtins, of methods, of lambdas, of the user's own functions."""

from __future__ import annotations

import builtins
import inspect
import types
from functools import cache
from typing import Any

import gast
import numpy as np

from srcad import runtime
from srcad.core import ops
from srcad.core.nodes import Slice, Value, leaves
from srcad.core.specification import Known, unwrap
from srcad.core.types import Type
from srcad.errors import MissingRuleError
from srcad.parser.expressions import is_static
from srcad.parser.functions import Functions
from srcad.parser.boxes import boxes
from srcad.parser.handles import Callee, FunctionBinding, MethodBinding, PartialBinding
from srcad.parser.places import View, views
from srcad.parser.records import handed_on
from srcad.parser.refusals import CALLS
from srcad.parser.state import NeedStatic
from srcad.rules import rule_of

__all__ = ["Calls"]

# Options that may be computed while the function runs; all others decide what the derivative looks like.
_DYNAMIC = {
    "shape",
    "newshape",
    "N",
    "M",
    "start",
    "stop",
    "step",
    "num",
    "shift",
    "repeats",
    "reps",
    "fill_value",
    "k",
    "n",
}
_METHODS = {
    "sum": np.sum, "mean": np.mean, "prod": np.prod, "max": np.max, "min": np.min, "std": np.std, "var": np.var,
    "dot": np.dot, "cumsum": np.cumsum, "cumprod": np.cumprod, "clip": np.clip, "trace": np.trace,
    "copy": np.copy, "squeeze": np.squeeze, "ravel": np.ravel, "swapaxes": np.swapaxes, "diagonal": np.diagonal,
    "argmax": np.argmax, "argmin": np.argmin, "argsort": np.argsort, "any": np.any, "all": np.all, "round": np.round,
    "repeat": np.repeat, "take": np.take, "conj": np.conj, "nonzero": np.nonzero,
}  # fmt: skip


class Calls(Functions):
    """Evaluate calls."""

    def _Call(self, node: Any) -> Any:
        callee = self.expression(node.func)
        args: list[Any] = []
        options: dict[str, Any] = {}
        with self.holding([callee, args, options]):
            for arg in node.args:
                if isinstance(arg, gast.Starred):
                    args.extend(self.unpack(arg, self.expression(arg.value), None))
                else:
                    args.append(self.handed(arg))
            for keyword in node.keywords:
                if keyword.arg is None:
                    given = self.expression(keyword.value)
                    if not isinstance(given, dict):
                        self.refuse(
                            node,
                            "`**` of something that is no dict",
                            "Write the keywords out.",
                        )
                    options.update(given)
                else:
                    options[keyword.arg] = self.expression(keyword.value)
        return self.call(node, callee, args, options)

    def call(self, node: Any, callee: Any, args: list[Any], options: dict[str, Any]) -> Any:
        """Call a binding."""
        if any(handed_on([args, options])):
            function = callee.object if isinstance(callee, Known) else None
            if not isinstance(unwrap(function), types.FunctionType) or ops.name_of(function):  # type: ignore[arg-type]
                self.plain([args, options], node)
        if isinstance(callee, FunctionBinding):
            return self.call_function(node, callee, args, options)
        if isinstance(callee, PartialBinding):
            merged = {**callee.options, **options}
            return self.call(node, callee.callee, [*callee.args, *args], merged)
        if isinstance(callee, Callee):
            return callee.call(self, node, args, options)
        if isinstance(callee, MethodBinding):
            return self.call_method(node, callee, args, options)
        if not isinstance(callee, Known):
            self.refuse(
                node,
                "what is called here is not known while parsing",
                "Call a function by its name.",
            )
        function = callee.object
        if _hashable(function) and function in CALLS:
            self.refuse(node, *CALLS[function])
        special = _SPECIAL.get(function) if _hashable(function) else None
        if special is not None:
            return special(self, node, callee, args, options)
        name = ops.name_of(function) if _hashable(function) else None
        if _hashable(function) and (
            rule_of(function) is not None
            or (name is not None and "." in name and function not in _EFFECTS)
        ):
            return self.call_known(node, function, args, options)
        if isinstance(unwrap(function), types.FunctionType):
            return self.call_user(node, callee, args, options)
        if (
            isinstance(function, type)
            and issubclass(function, tuple)
            and hasattr(function, "_fields")
        ):
            return function(*args, **options)
        return self.call_opaque(node, callee, args, options)

    def call_known(
        self,
        node: Any,
        function: Any,
        args: list[Any],
        options: dict[str, Any],
        style: str = "call",
    ) -> Any:
        """A function that the rules or the printer know by name."""
        op = ops.operation(function, style)
        module = getattr(function, "__module__", "") or ""
        if module.startswith("numpy.random") or "random" in type(function).__name__.lower():
            return self.call_opaque(
                node, Known(function, ops.name_of(function) or function.__name__), args, options
            )
        if getattr(function, "__self__", None) is not None and isinstance(
            function.__self__, np.random.RandomState
        ):
            return self.call_opaque(
                node, Known(function, f"np.random.{function.__name__}"), args, options
            )
        if options.get("out") is not None:
            self.refuse(
                node,
                f"`out=` of {op.name} is not accepted yet",
                "Assign the result: y = f(x), or y[...] = f(x).",
            )
        options.pop("out", None)
        try:
            operands, named = ops.bind(op, tuple(args), options)
        except TypeError as error:
            self.refuse(node, str(error), "It would raise when the function is called.")
        if function in _WRITERS or (
            function is np.nan_to_num and dict(named).get("copy", True) is not True
        ):
            self.refuse(
                node,
                f"{op.name} writes to its argument, which is not accepted yet",
                "Write x[...] = value, or bind a new array.",
            )
        if any(name == "out" and option is not None for name, option in named):
            self.refuse(
                node,
                f"`out=` of {op.name} is not accepted yet",
                "Assign the result: y = f(x), or y[...] = f(x).",
            )
        for name, option in named:
            if name in _DYNAMIC:
                continue
            for value in leaves(self.read(option, node)):
                if name == "dtype" and value.type.kind == "object":
                    continue  # x.dtype
                raise NeedStatic(value, node)
        named = tuple(
            (name, option)
            for name, option in named
            if not ((option is None or option is False) and default_of(function, name) is option)
        )
        return self.emit(op, operands, named)

    def call_opaque(
        self, node: Any, callee: Known, args: list[Any], options: dict[str, Any]
    ) -> Any:
        """A function that is called as it is: not looked into, never removed, moved or evaluated again."""
        text = callee.name if callee.name.startswith("np.") else callee.name.rpartition(".")[2]
        op = ops.Operation(callee.object, text, effect="effect")
        given = [*args, *options.values()]
        if (views(given) or boxes(given)) and not reads_only(callee.object):
            self.refuse(
                node,
                f"it is not known whether `{callee.name}` writes to its arguments",
                "It has no rule and no source that could be read. Give it a rule with srcad.rules, or call it outside the function.",
                MissingRuleError,
            )
        operands = tuple(self.read(arg, node) for arg in args)
        named = tuple((key, self.read(option, node)) for key, option in options.items())
        value = self.builder.let(op, operands, named)
        self.freeze()
        self.program.refer(self.path, f"call {callee.name}", callee.object)
        made = self.bind_new(value)
        for view in views([args, options]):
            if isinstance(made, View):
                made.buffer.alias(view.buffer)
        return made

    # methods

    def call_method(
        self, node: Any, method: MethodBinding, args: list[Any], options: dict[str, Any]
    ) -> Any:
        """A method of an array, a container or an object."""
        owner, name = method.owner, method.name
        if isinstance(owner, dict) and name in ("items", "keys", "values", "get") and not options:
            found = getattr(owner, name)(*args)
            return found if name == "get" else [part for part in found]
        if (
            isinstance(owner, (tuple, list))
            and name in ("index", "count")
            and all(map(is_static, args))
        ):
            return getattr(owner, name)(*args)
        if isinstance(owner, (list, dict, tuple, str)):
            self.refuse(
                node,
                f"`.{name}()` of a {_kind(owner)} is not accepted yet",
                "Build the list in one literal.",
            )
        if isinstance(owner, Known) or self.type(owner).kind == "object":
            return self.call_object(node, method, args, options)
        if name == "item" and not args:
            return self.emit(ops.getitem, (owner, ()))
        if name == "astype":
            return self.call_known(
                node, np.astype if hasattr(np, "astype") else np.asarray, [owner, *args], options
            )
        if name == "flatten":
            return self.emit(ops.copy, (self.emit(ops.operation(np.ravel), (owner,)),))
        if name in ("reshape", "transpose"):
            if not args and name == "transpose":
                return self.emit(ops.transpose, (owner,))
            packed = args[0] if len(args) == 1 else tuple(args)
            key = "shape" if name == "reshape" else "axes"
            return self.call_known(node, getattr(np, name), [owner], {key: packed, **options})
        if name in ("fill", "sort", "put", "resize", "partition", "setfield"):
            self.refuse(
                node,
                f"`.{name}()` writes in place, which is not accepted yet",
                "Write x[...] = value, or np.sort(x).",
            )
        function = _METHODS.get(name)
        if function is None:
            self.refuse(
                node,
                f"the array method `.{name}()` is not accepted",
                "Use the NumPy function of that name.",
            )
        return self.call_known(node, function, [owner, *args], options, style="method")

    def call_object(
        self, node: Any, method: MethodBinding, args: list[Any], options: dict[str, Any]
    ) -> Any:
        """A method of an object from outside, such as a random generator: an effect."""
        owner, name = method.owner, method.name
        target = owner.object if isinstance(owner, Known) else self.read(owner, node)
        generator = isinstance(target, (np.random.Generator, np.random.RandomState))
        if isinstance(owner, Known) and not generator:
            bound = getattr(owner.object, name)
            if not isinstance(owner.object, np.ufunc):
                self.refuse(
                    node,
                    "methods of the user's objects are not accepted yet",
                    "Call a plain function and pass what it reads.",
                )
            return self.call_opaque(node, Known(bound, f"{owner.name}.{name}"), args, options)
        given = [*args, *options.values()]
        written = not generator_method(target) or name in _SHUFFLES
        if (views(given) or boxes(given)) and written:
            self.refuse(
                node,
                f"it is not known whether `.{name}()` writes to its arguments",
                "Call it outside the function, and pass the result.",
            )
        op = ops.Operation(_method_caller(name), name, style="method", effect="effect")
        first = owner
        operands = (
            first.object if isinstance(first, Known) else target,
            *(self.read(arg, node) for arg in args),
        )
        if isinstance(owner, Known):
            value_of = self.program.hidden.get((self.path, owner.name))
            if value_of is None:
                value_of = Value(owner.name.rpartition(".")[2], ops_object(), named=True)
                self.program.hidden[self.path, owner.name] = value_of
            operands = (value_of, *operands[1:])
        named = tuple((key, self.read(option, node)) for key, option in options.items())
        value = self.builder.let(op, operands, named)
        return self.bind_new(value)

    def plain(self, binding: Any, node: Any) -> None:
        """Refuse what can be handed on only."""
        for part in handed_on(binding):
            self.read(part, node)

    # builtins

    def builtin_len(
        self, node: Any, callee: Known, args: list[Any], options: dict[str, Any]
    ) -> Any:
        (container,) = args
        if isinstance(container, (tuple, list, dict, str)):
            return len(container)
        return self.emit(ops.length, (container,))

    def rank(self, node: Any, callee: Known, args: list[Any], options: dict[str, Any]) -> Any:
        """`np.ndim(x)`: a number, as `x.ndim` is, so that the side of a branch that is for other ranks is not parsed."""
        type_ = self.type(args[0]) if len(args) == 1 and not options else None
        if type_ is not None and type_.numeric and type_.rank is not None:
            return type_.rank
        return self.call_known(node, callee.object, args, options)

    def builtin_sum(
        self, node: Any, callee: Known, args: list[Any], options: dict[str, Any]
    ) -> Any:
        parts = args[0]
        if isinstance(parts, (View, Value)):
            return self.call_known(node, np.sum, [parts], {"axis": 0})
        if not isinstance(parts, (tuple, list)):
            self.refuse(node, "sum() is accepted of tuples, lists and arrays", "Write a loop.")
        total = args[1] if len(args) > 1 else options.get("start", 0)
        if isinstance(total, int) and total == 0 and parts:
            total, parts = parts[0], parts[1:]
        for part in parts:
            total = self.binary(node, ops.add, total, part)
        return total

    def builtin_extreme(
        self, node: Any, callee: Known, args: list[Any], options: dict[str, Any]
    ) -> Any:
        if options:
            self.refuse(node, f"options of {callee.name}() are not accepted", "Compare explicitly.")
        parts = list(args[0]) if len(args) == 1 and isinstance(args[0], (tuple, list)) else args
        if len(parts) == 1:
            if isinstance(parts[0], (View,)):
                return self.call_known(
                    node, np.max if callee.object is builtins.max else np.min, parts, {}
                )
            self.refuse(node, f"{callee.name}() of one value", "Use np.max.")
        if all(isinstance(part, int) for part in parts):
            return callee.object(parts)
        result = parts[0]
        for part in parts[1:]:
            result = self.emit(ops.operation(callee.object), (result, part))
        return result

    def builtin_isinstance(
        self, node: Any, callee: Known, args: list[Any], options: dict[str, Any]
    ) -> Any:
        value, kinds = args
        wanted = kinds if isinstance(kinds, tuple) else (kinds,)
        classes = tuple(kind.object if isinstance(kind, Known) else kind for kind in wanted)
        if isinstance(value, (View, Value)):
            type_ = self.type(value)
            sample = {
                "array": np.zeros(0),
                "number": {"float": 0.0, "int": 0, "bool": False}.get(type_.dtype or ""),
            }
            if type_.kind == "scalar" and type_.dtype:
                return isinstance(np.dtype(type_.dtype).type(0), classes)
            if sample.get(type_.kind) is not None:
                return isinstance(sample[type_.kind], classes)
            self.refuse(
                node,
                "isinstance() of this value is not known while parsing",
                "Decide outside the function.",
            )
        return isinstance(value.object if isinstance(value, Known) else value, classes)

    def builtin_pair(
        self, node: Any, callee: Known, args: list[Any], options: dict[str, Any]
    ) -> Any:
        return self.refuse(
            node,
            f"{callee.name}() is accepted as what a for loop runs over only",
            "Loop over it directly.",
        )

    def builtin_sequence(
        self, node: Any, callee: Known, args: list[Any], options: dict[str, Any]
    ) -> Any:
        if not args:
            return callee.object()
        parts = self.unpack(node, args[0], None)
        return callee.object(parts)

    def builtin_slice(
        self, node: Any, callee: Known, args: list[Any], options: dict[str, Any]
    ) -> Any:
        """`slice(a, b)` as what `a:b` is in an index: helpers are handed indices so."""
        made = slice(*(self.read(arg, node) for arg in args))
        return Slice(made.start, made.stop, made.step)

    def stop(self, node: Any, callee: Known, args: list[Any], options: dict[str, Any]) -> Any:
        def constant(part: Any) -> Any:
            if isinstance(part, (View, Value)):
                return self.emit(ops.operation(runtime.stop_gradient), (part,))
            if isinstance(part, (tuple, list)):
                return type(part)(constant(inner) for inner in part)
            if isinstance(part, dict):
                return {key: constant(inner) for key, inner in part.items()}
            return part

        return constant(args[0])


_SPECIAL: dict[Any, Any] = {
    builtins.len: Calls.builtin_len,
    builtins.sum: Calls.builtin_sum,
    builtins.max: Calls.builtin_extreme,
    builtins.min: Calls.builtin_extreme,
    builtins.isinstance: Calls.builtin_isinstance,
    builtins.range: Calls.builtin_pair,
    builtins.zip: Calls.builtin_pair,
    builtins.enumerate: Calls.builtin_pair,
    builtins.reversed: Calls.builtin_pair,
    builtins.tuple: Calls.builtin_sequence,
    builtins.list: Calls.builtin_sequence,
    builtins.slice: Calls.builtin_slice,
    np.ndim: Calls.rank,
    runtime.stop_gradient: Calls.stop,
}


@cache
def default_of(function: Any, name: str) -> Any:
    """The default of a parameter, or ... where it is not known."""
    try:
        return inspect.signature(function).parameters[name].default
    except (TypeError, ValueError, KeyError):
        return ...


# Functions of NumPy that act on the world outside.
_EFFECTS = {
    np.save,
    np.savez,
    np.savez_compressed,
    np.savetxt,
    np.load,
    np.loadtxt,
    np.seterr,
    np.seterrcall,
    np.set_printoptions,
}
# Functions of NumPy that write to an operand.
_WRITERS = {
    np.copyto,
    np.put,
    np.putmask,
    np.place,
    np.fill_diagonal,
    np.put_along_axis,
    np.random.shuffle,
}
_SHUFFLES = {"shuffle", "permuted", "bytes"}
_READERS = {print, repr, str, ascii, format, np.save, np.savez, np.savez_compressed, np.savetxt}


def reads_only(function: Any) -> bool:
    """Whether a callable without a rule is known not to write to what it is given."""
    if function in _READERS or isinstance(function, np.ufunc):
        return True
    return (
        generator_method(getattr(function, "__self__", None))
        and getattr(function, "__name__", "") not in _SHUFFLES
    )


def generator_method(owner: Any) -> bool:
    """Whether an object draws random numbers; an object that is an argument may be anything."""
    return isinstance(owner, (np.random.Generator, np.random.RandomState))


def _hashable(function: Any) -> bool:
    try:
        hash(function)
    except TypeError:
        return False
    return True


_CALLERS: dict[str, Any] = {}


def _method_caller(name: str) -> Any:
    """`lambda owner, *args: owner.name(*args)`, one per name."""
    if name not in _CALLERS:

        def call(owner: Any, *args: Any, **options: Any) -> Any:
            return getattr(owner, name)(*args, **options)

        call.__name__ = name
        _CALLERS[name] = call
    return _CALLERS[name]


def ops_object() -> Any:
    """The type of an object that is no number."""
    return Type("object")


def _kind(container: Any) -> str:
    """What Python calls a container."""
    return next(kind.__name__ for kind in (list, dict, tuple, str) if isinstance(container, kind))
