"""Calls: of NumPy, of Python's builtins, of methods, of lambdas, of the user's own functions."""

from __future__ import annotations

import builtins
import enum
import functools
import inspect
import random
import sys
import time
import types
import warnings
from functools import cache
from typing import Any

import gast
import numpy as np

from srcad import runtime
from srcad.analysis.draws import drawn
from srcad.core import ops
from srcad.core.nodes import Slice, Value, leaves
from srcad.core.specification import Known, last_name, unwrap
from srcad.core.types import GENERATOR, Type, never_one
from srcad.errors import MissingRuleError, SrcadError
from srcad.parser import arrays
from srcad.parser.attributes import Objects, Super, is_made
from srcad.parser.boxes import Box, boxes
from srcad.parser.expressions import is_constant, plain_of, settled, sparse_value
from srcad.parser.handles import (
    Callee,
    ChoiceBinding,
    FrozenBinding,
    FunctionBinding,
    MethodBinding,
    PartialBinding,
)
from srcad.parser.normal import NORMAL
from srcad.parser.objects import Instance
from srcad.parser.places import Handle, View, views
from srcad.parser.records import handed_on
from srcad.parser.refusals import CALLS
from srcad.parser.solvers import solve, solve_stated
from srcad.parser.standard import STANDARD
from srcad.parser.state import NeedStatic, NeedUnroll
from srcad.parser.steps import solve_steps
from srcad.rules import refusal_of, rule_of, without_rule
from srcad.rules.solvers import STATED, solver_of

__all__ = ["Calls"]

# Options that may be computed while the function runs; all others decide what the derivative looks like.
_DYNAMIC = {
    "shape",
    "newshape",
    "new_shape",
    "pad_width",
    "deg",
    "s",
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
    "where",
    "initial",
    "mean",
    "bins",
    "range",
}


# What NumPy has as a function of its own; its first axis is meant where none is named.
_UFUNC_METHODS: dict[str, dict[Any, Any]] = {
    "reduce": {
        np.add.reduce: np.sum,
        np.multiply.reduce: np.prod,
        np.maximum.reduce: np.max,
        np.minimum.reduce: np.min,
        np.logical_and.reduce: np.all,
        np.logical_or.reduce: np.any,
    },
    "accumulate": {np.add.accumulate: np.cumsum, np.multiply.accumulate: np.cumprod},
    "outer": {},
    "reduceat": {},
}

_CACHED = type(functools.lru_cache(lambda: None))


def builtin_type_of() -> None:
    """A function, as an example of one."""


class Calls(Objects):
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
        if isinstance(callee, Known) and _hashable(callee.object):
            lazy = self.lazy(node, callee, args, options)
            if lazy is not None:
                return lazy
        if any(handed_on([args, options])):
            function = callee.object if isinstance(callee, Known) else None
            if not isinstance(unwrap(function), types.FunctionType) or ops.name_of(function):  # type: ignore[arg-type]
                self.plain([args, options], node)
        if isinstance(callee, FunctionBinding):
            return self.call_function(node, callee, args, options)
        if isinstance(callee, PartialBinding):
            merged = {**callee.options, **options}
            return self.call(node, callee.callee, [*callee.args, *args], merged)
        if isinstance(callee, ChoiceBinding):
            then, orelse = callee.sides
            return self.choose(
                node,
                callee.condition,
                lambda: self.call(node, then, args, options),
                lambda: self.call(node, orelse, args, options),
            )
        if isinstance(callee, Callee):
            return callee.call(self, node, args, options)
        if isinstance(callee, Instance):
            bound = self.attribute(node, callee, "__call__")
            return self.call(node, bound, args, options)
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
        stated = STATED.get(function) if _hashable(function) else None
        if stated is not None:
            return solve_stated(self, node, callee, stated, args, options)
        special = _SPECIAL.get(function) if _hashable(function) else None
        if special is not None:
            return special(self, node, callee, args, options)
        home = ops.module_of(function) if _hashable(function) else None
        solver = solver_of(function) if home in ("scipy.optimize", "scipy.integrate") else None
        if solver is not None:
            found = solve_steps if solver.finds == "steps" else solve
            return found(self, node, callee, solver, args, options)
        if home == "scipy.stats" and hasattr(function, "freeze"):
            return FrozenBinding(callee, args, options)
        if _hashable(function) and (
            rule_of(function) is not None
            or (home is not None and home.startswith(_PURE) and function not in _EFFECTS)
        ):
            if home == "scipy.linalg" and function.__name__ == "cho_factor":
                c, _ = self.call_known(node, function, args, options)
                return c, options.get("lower", args[1] if len(args) > 1 else False)
            if not hasattr(
                function, "__name__"
            ):  # an object is called by the name that it has here
                op = ops.operation(function)
                op.name = op.base = last_name(callee.name)
            return self.call_known(node, function, args, options)
        kind = "" if hasattr(function, "__name__") else type(function).__module__
        if (home or "").startswith("scipy.") and any(map(_made_here, [*args, *options.values()])):
            self.refuse(node, *without_rule(ops.operation(function)), MissingRuleError)
        if (home or kind).startswith("scipy.") or (_hashable(function) and function in _EFFECTS):
            return self.call_opaque(node, callee, args, options)
        if isinstance(unwrap(function), types.FunctionType):
            if _of_python(function) and settled([args, options]):
                return self.call_python(node, callee, args, options)
            return self.call_user(node, callee, args, options)
        if (
            isinstance(function, type)
            and issubclass(function, tuple)
            and hasattr(function, "_fields")
        ):
            return function(*args, **options)
        return self.call_object_itself(node, callee, args, options)

    def call_object_itself(
        self, node: Any, callee: Known, args: list[Any], options: dict[str, Any]
    ) -> Any:
        """Call a class, an object with `__call__`, or what stands around a function."""
        function = callee.object
        path, name = self.program.place_of(function) or (self.path, callee.name)
        if isinstance(function, functools.partial):
            inner = self.adopt(node, f"{name}.func", function.func, path)
            given = [
                self.adopt(node, f"{name}.args[{place}]", part, path, f"{callee.name}_{place}")
                for place, part in enumerate(function.args)
            ]
            named = {
                key: self.adopt(node, f"{name}.keywords[{key!r}]", part, path, key)
                for key, part in function.keywords.items()
            }
            return self.call(node, inner, [*given, *args], {**named, **options})
        if isinstance(function, _CACHED):
            self.refuse(
                node,
                f"`{callee.name}` keeps its results (functools.lru_cache)",
                f"What it returns again is no function of its arguments while these are differentiated: call {callee.name}.__wrapped__.",
            )
        plain = getattr(function, "py_func", None)  # what numba has compiled
        if isinstance(plain, types.FunctionType):
            return self.call(node, self.adopt(node, f"{name}.py_func", plain, path), args, options)
        if is_made(function):
            return self.make(node, callee, args, options)
        if isinstance(function, type) and issubclass(function, enum.Enum):
            return self.static_call(node, callee, args, options)
        method = inspect.getattr_static(type(function), "__call__", None)
        if isinstance(method, types.FunctionType) and not isinstance(function, type):
            bound = types.MethodType(method, function)
            self.program.refer(path, f"{name}.__call__", bound)
            return self.call_user(node, Known(bound, callee.name), args, options)
        return self.call_opaque(node, callee, args, options)

    def static_call(
        self, node: Any, callee: Known, args: list[Any], options: dict[str, Any]
    ) -> Any:
        """What is called while parsing, of what is known then."""
        if not settled([args, options]):
            self.refuse(
                node,
                f"`{callee.name}` is called with values that are not known while parsing",
                "Decide outside the function.",
            )
        found = callee.object(*plain_of(args), **plain_of(options))
        return found if is_constant(found) else Known(found, callee.name)

    def solved(self, node: Any, function: Any, A: Any, b: Any, **options: Any) -> Any:
        """`spsolve`: a column of which it is not known whether it is the only one would be a vector, or a matrix."""
        shape = self.type(b).shape
        if shape is None or sparse_value(b):
            self.refuse_sparse(node, "spsolve with a right-hand side of unknown rank, or sparse,")
        if len(shape) == 2 and shape[1] == 1:
            b = self.call_known(node, np.reshape, [b, -1], {})
        elif len(shape) == 2 and not never_one(shape[1]):
            self.refuse(
                node,
                "`spsolve` of a matrix that may have one column alone, which SciPy makes a vector",
                "Call it for each column, or with an array of a known number of columns.",
            )
        named = {key: self.read(option, node) for key, option in options.items()}
        return self.emit(ops.sparse_solve, (A, b), tuple(named.items()))

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
        writer = self.writer(function, args, options)
        if writer is not None:
            return self.write(node, writer, function, args, options, style)
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
        out = options.get("out")
        if out is None or (isinstance(out, tuple) and all(part is None for part in out)):
            options.pop("out", None)
        if (ops.module_of(function) or "").startswith("scipy."):  # rules are of arrays
            make = ops.operation(np.array)
            args = [self.emit(make, (arg,)) if type(arg) is list else arg for arg in args]
        if ops.module_of(function) == "scipy.sparse.linalg":
            args = [self.matrix(node, arg) for arg in args]
            if function is getattr(sys.modules.get("scipy.sparse.linalg"), "spsolve", None):
                return self.solved(node, function, *args, **options)
        elif any(map(sparse_value, [*args, *options.values()])):
            self.refuse_sparse(node, f"`{op.name}`")
        try:
            operands, named = ops.bind(op, tuple(args), options)
        except TypeError as error:
            self.refuse(node, str(error), "It would raise when the function is called.")
        # Leave to destroy an operand is not taken: what is there then is not said.
        if (ops.module_of(function) or "").startswith((*_PURE, "scipy.")):
            if dict(named).get("overwrite_data"):
                self.refuse(node, f"`{op.name}` works in place", "Leave `overwrite_data` out.")
            named = tuple(each for each in named if not each[0].startswith("overwrite_"))
        rule = rule_of(function)
        by_name = () if rule is None else rule.named
        if rule is not None:
            operands = tuple(
                self.as_arrays(node, function, rule, place, each)
                for place, each in enumerate(operands)
            )
        for name, option in named:
            if name in _DYNAMIC or name in by_name:
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

    def as_arrays(self, node: Any, function: Any, rule: Any, place: int, operand: Any) -> Any:
        """An operand, or those of a sequence of them, as the arrays that NumPy makes of lists."""
        if type(operand) not in (list, tuple):
            return operand
        if _is_array(function, rule, place, operand):
            return self.call_known(node, np.array, [operand], {})
        if not _is_sequence(function, rule, place):
            return operand
        return type(operand)(
            self.call_known(node, np.array, [part], {})
            if type(part) in (list, tuple) and any(v.type.differentiable for v in leaves(part))
            else part
            for part in operand
        )

    def call_python(
        self, node: Any, callee: Known, args: list[Any], options: dict[str, Any]
    ) -> Any:
        """A function of Python's own library, of what is known while parsing: looked into, or else called as it is."""
        env, memory, held = dict(self.env), dict(self.memory), self.held_boxes()
        references, hidden = dict(self.program.references), dict(self.program.hidden)
        length = len(self.builder.block)
        try:
            return self.call_user(node, callee, args, options)
        except (SrcadError, NeedStatic, NeedUnroll):
            if boxes([*args, *options.values()]):
                raise
        self.env, self.memory = env, memory
        self.put_back(held)
        self.program.references, self.program.hidden = references, hidden
        del self.builder.block[length:]
        return self.call_opaque(node, callee, args, options)

    def call_opaque(
        self, node: Any, callee: Known, args: list[Any], options: dict[str, Any]
    ) -> Any:
        """A function that is called as it is: not looked into, never removed, moved or evaluated again."""
        if getattr(callee.object, "__name__", "") == "shuffle" and generator_method(
            getattr(callee.object, "__self__", None)
        ):
            name = callee.name.rpartition(".")[0] + ".permutation"
            owner = Known(callee.object.__self__.permutation, name)
            draw = lambda count: self.call_opaque(node, owner, [count], {})  # noqa: E731
            return self.np_shuffle(node, draw, *args, **options)
        text = callee.name if callee.name.startswith("np.") else callee.name.rpartition(".")[2]
        if _hashable(callee.object) and (ops.module_of(callee.object) or "").startswith("scipy."):
            text = ops.name_of(callee.object) or text
        op = ops.Operation(callee.object, text, effect="effect")
        given = [*args, *options.values()]
        reads = reads_only(callee.object)
        if reads:
            asked = {**dict(zip(ops.parameters(callee.object) or (), args)), **options}
            reads = not writes_on_request(asked)
        if (views(given) or boxes(given)) and not reads:
            self.refuse(
                node,
                f"it is not known whether `{callee.name}` writes to its arguments",
                "It has no rule and no source that could be read. Give it a rule with srcad.rules, or call it outside the function.",
                MissingRuleError,
            )
        operands = tuple(self.read(arg, node) for arg in args)
        named = tuple((key, self.read(option, node)) for key, option in options.items())
        value = self.builder.let(op, operands, named)
        if any(callee.object is made for made in _GENERATORS):
            value.type = GENERATOR
        self.freeze()
        self.program.refer(self.path, f"call {callee.name}", callee.object)
        made = self.bind_new(value)
        for view in views([args, options]):
            if isinstance(made, View):
                made.buffer.alias(view.buffer)
        return None if any(callee.object is silent for silent in _SILENT) else made

    # methods

    def call_method(
        self, node: Any, method: MethodBinding, args: list[Any], options: dict[str, Any]
    ) -> Any:
        """A method of an array, a container or an object."""
        owner, name = method.owner, method.name
        if isinstance(owner, (Instance, Super)) or hasattr(owner, "_fields"):
            return self.call_bound(node, method, args, options)
        if isinstance(owner, (list, dict, tuple, str, set)):
            return self.call_container(node, owner, name, args, options)
        if isinstance(owner, Known) or self.type(owner).kind == "object":
            return self.call_object(node, method, args, options)
        if name in arrays.METHODS:
            return arrays.METHODS[name](self, node, owner, args, options)
        if self.writes_by_method(method):
            return self.method_writer(node, method, args, options)
        if name in arrays.REFUSED:
            self.refuse(node, *arrays.REFUSED[name])
        function = arrays.FUNCTIONS.get(name)
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
        if isinstance(owner, (Instance, Super)) or hasattr(owner, "_fields"):
            return self.call_bound(node, method, args, options)
        target = owner.object if isinstance(owner, Known) else self.read(owner, node)
        generator = generator_method(target)
        if isinstance(owner, Known) and not generator:
            if name == "at" and isinstance(owner.object, np.ufunc):
                return self.at_places(node, owner.object, *args, **options)
            if name in _UFUNC_METHODS and isinstance(owner.object, np.ufunc):
                return self.ufunc_method(node, getattr(owner.object, name), args, options)
            if isinstance(owner.object, np.ufunc):
                refusal = refusal_of(getattr(np.ufunc, name))
                if refusal is not None:
                    self.refuse(node, f"`.{name}()`: {refusal.reason}", refusal.rewrite)
            bound = getattr(owner.object, name)
            return self.call_opaque(node, Known(bound, f"{owner.name}.{name}"), args, options)
        if name == "shuffle" and generator:
            drawing = MethodBinding(owner, "permutation")
            draw = lambda count: self.call_object(node, drawing, [count], {})  # noqa: E731
            return self.np_shuffle(node, draw, *args, **options)
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
        if generator:
            value.type = drawn(name, operands[1:], dict(named))
        return self.bind_new(value)

    def ufunc_method(
        self, node: Any, function: Any, args: list[Any], options: dict[str, Any]
    ) -> Any:
        """`np.add.reduce` and the like, as NumPy's function for it where there is one."""
        same = _UFUNC_METHODS[function.__name__].get(function)
        if same is None:
            return self.call_known(node, function, args, options)
        names = ops.parameters(function) or ()
        if len(args) > len(names):
            self.refuse(node, "too many arguments", "It would raise when the function is called.")
        given = {"axis": 0, **dict(zip(names[1:], args[1:])), **options}
        return self.call_known(node, same, args[:1], given)

    # what the layer above does of calls that write

    def writer(self, function: Any, args: list[Any], options: dict[str, Any]) -> Any:
        """What stands for a call of NumPy's that writes to an operand; None for one that does not."""
        raise NotImplementedError

    def write(self, *call: Any) -> Any:
        """Carry out a call that writes."""
        raise NotImplementedError

    def writes_by_method(self, method: MethodBinding) -> bool:
        """Whether a method of an array writes to it in a way that is accepted."""
        raise NotImplementedError

    def method_writer(self, *call: Any) -> Any:
        """`x.fill(v)`, `x.sort()`, `x.put(i, v)`."""
        raise NotImplementedError

    def at_places(self, *call: Any, **options: Any) -> Any:
        """`np.add.at(x, i, v)`."""
        raise NotImplementedError

    def np_shuffle(self, *call: Any, **options: Any) -> Any:
        """`rng.shuffle(x)`."""
        raise NotImplementedError

    def plain(self, binding: Any, node: Any) -> None:
        """Refuse what can be handed on only."""
        for part in handed_on(binding):
            self.read(part, node)

    # builtins

    def builtin_len(
        self, node: Any, callee: Known, args: list[Any], options: dict[str, Any]
    ) -> Any:
        (container,) = args
        if isinstance(container, (tuple, list, dict, set, str)):
            return len(container)
        if isinstance(container, Box) and getattr(container, "once", True) is False:
            return self.count_of(self.over(node, container))  # type: ignore[attr-defined]
        if isinstance(container, Known):
            self.refuse(
                node,
                f"len() of `{container.name}`, which is no array and no container of Python's",
                "Take its length outside, and pass it.",
            )
        return self.emit(ops.length, (container,))

    def rank(self, node: Any, callee: Known, args: list[Any], options: dict[str, Any]) -> Any:
        """`np.ndim(x)`: a number, as `x.ndim` is, so that the side of a branch that is for other ranks is not parsed."""
        type_ = self.type(args[0]) if len(args) == 1 and not options else None
        if type_ is not None and type_.numeric and type_.rank is not None:
            return type_.rank
        return self.call_known(node, callee.object, args, options)

    def builtin_isinstance(
        self, node: Any, callee: Known, args: list[Any], options: dict[str, Any]
    ) -> Any:
        value, kinds = args
        wanted = _flat(kinds)
        classes = tuple(kind.object if isinstance(kind, Known) else kind for kind in wanted)
        if isinstance(value, Instance):
            return issubclass(value.kind, classes)
        if isinstance(value, Handle):
            return isinstance(builtin_type_of, classes)
        if isinstance(value, (View, Value)):
            value = self.sample(node, value)
        self.by_class(value)
        return isinstance(value.object if isinstance(value, Known) else value, classes)

    def sample(self, node: Any, value: Any) -> Any:
        """Something of the type of a value."""
        type_ = self.type(value)
        sample = {
            "array": np.zeros(0),
            "number": {"float": 0.0, "int": 0, "bool": False, "complex": 0j}.get(type_.dtype or ""),
        }
        if type_.kind == "scalar" and type_.dtype:
            return np.dtype(type_.dtype).type(0)
        if sample.get(type_.kind) is None:
            self.refuse(
                node,
                "what kind of thing this is is not known while parsing",
                "Decide outside the function.",
            )
        return sample[type_.kind]

    def lazy(self, node: Any, callee: Known, args: list[Any], options: dict[str, Any]) -> Any:
        """What can be looped over, where the callee makes such a thing."""
        return None

    def builtin_sequence(
        self, node: Any, callee: Known, args: list[Any], options: dict[str, Any]
    ) -> Any:
        if not args:
            return callee.object()
        parts = self.unpack(node, args[0], None)
        return self.known_set(node, parts) if callee.object is set else callee.object(parts)

    def builtin_dict(
        self, node: Any, callee: Known, args: list[Any], options: dict[str, Any]
    ) -> Any:
        """`dict(a=x)`, `dict(pairs)`, `dict(other)`."""
        if not args or isinstance(args[0], dict):
            return {**(args[0] if args else {}), **options}
        pairs = [self.unpack(node, pair, 2) for pair in self.unpack(node, args[0], None)]
        return {**dict(self.key_and_value(node, *pair) for pair in pairs), **options}

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
    builtins.isinstance: Calls.builtin_isinstance,
    builtins.tuple: Calls.builtin_sequence,
    builtins.list: Calls.builtin_sequence,
    builtins.set: Calls.builtin_sequence,
    builtins.dict: Calls.builtin_dict,
    builtins.slice: Calls.builtin_slice,
    builtins.super: Calls.builtin_super,
    builtins.getattr: Calls.builtin_getattr,
    builtins.hasattr: Calls.builtin_hasattr,
    builtins.callable: Calls.builtin_callable,
    builtins.type: Calls.builtin_type,
    np.ndim: Calls.rank,
    runtime.stop_gradient: Calls.stop,
}


_SPECIAL.update(STANDARD)
_SPECIAL.update(NORMAL)


def _of_python(function: Any) -> bool:
    """Whether a function is of Python's own library."""
    module = getattr(unwrap(function), "__module__", None) or ""
    return module.partition(".")[0] in sys.stdlib_module_names


@cache
def default_of(function: Any, name: str) -> Any:
    """The default of a parameter, or ... where it is not known."""
    try:
        return inspect.signature(function).parameters[name].default
    except (TypeError, ValueError, KeyError):
        return ...


# The modules whose functions do nothing but compute, unless they are in `_EFFECTS`.
_PURE = ("numpy", "math")
_TESTED: list[Any] = [np, np.linalg, np.fft, np.polynomial]
# Functions of NumPy that act on the world outside.
_EFFECTS = {
    *(np.save, np.savez, np.savez_compressed, np.savetxt, np.load, np.loadtxt, np.genfromtxt),
    *(np.seterr, np.seterrcall, np.setbufsize, np.set_printoptions, np.geterr, np.geterrcall),
    *(np.getbufsize, np.get_printoptions, np.get_include, np.info, np.show_config, np.show_runtime),
    *(module.test for module in _TESTED),
    np.polynomial.set_default_printstyle,
}
_SHUFFLES = {"shuffle", "permuted", "bytes"}
_GENERATORS = (np.random.default_rng, np.random.RandomState)
# A generator that the function makes itself.
_SILENT = {print, time.sleep, warnings.warn, np.random.seed, random.seed}
_READERS = {print, repr, str, ascii, format, np.save, np.savez, np.savez_compressed, np.savetxt}


def _is_array(function: Any, rule: Any, place: int, operand: Any) -> bool:
    """Whether an operand that is a list stands for the array that NumPy makes of it, and the rule is of that array."""
    home = ops.module_of(function) or ""
    if home == "scipy.special" or (home == "numpy" and rule.family == "elementwise"):
        return True
    of_ufunc = isinstance(getattr(function, "__self__", None), np.ufunc)
    if not (home.startswith("numpy") or of_ufunc) or function in _MAKERS:
        return False
    if rule.family == "constant":
        return False
    if _is_sequence(function, rule, place):
        return False
    varies = any(value.type.differentiable for value in leaves(operand))
    return varies or _operand_name(rule, place) not in _PLACES


def _is_sequence(function: Any, rule: Any, place: int) -> bool:
    """Whether an operand is several arrays."""
    home = ops.module_of(function) or ""
    return (
        home.startswith("numpy")
        and function not in _MAKERS
        and _operand_name(rule, place) in _SEQUENCES
    )


def _operand_name(rule: Any, place: int) -> str:
    names = rule.operands or ()
    return names[min(place, len(names) - 1)] if names else ""


# Functions that make arrays of lists; operands that are several arrays; and those of which rules want to know how many there are.
_MAKERS = {np.array, np.asarray, np.asanyarray, np.ascontiguousarray, np.block}
_SEQUENCES = {"arrays", "tup", "condlist", "choicelist", "choices", "subscripts"}
_PLACES = {"obj", "indices", "kth", "q", "shape", "reps", "deg"}


def writes_on_request(options: dict[str, Any]) -> bool:
    """Whether a call of SciPy's is given leave to write to its operands."""
    return any(
        (name in ("out", "output") or name.startswith("overwrite_"))
        and option is not None
        and option is not False
        for name, option in options.items()
    )


def reads_only(function: Any) -> bool:
    """Whether a callable without a rule is known not to write to what it is given, unless it is asked to."""
    if function in _READERS or isinstance(function, np.ufunc):
        return True
    kind = "" if hasattr(function, "__name__") else type(function).__module__
    if (ops.module_of(function) or kind).startswith("scipy."):
        return True
    return (
        generator_method(getattr(function, "__self__", None))
        and getattr(function, "__name__", "") not in _SHUFFLES
    )


def generator_method(owner: Any) -> bool:
    """Whether an object draws random numbers; an object that is an argument may be anything."""
    if isinstance(owner, Value):
        return owner.type == GENERATOR
    return isinstance(owner, (np.random.Generator, np.random.RandomState))


def _flat(kinds: Any) -> list[Any]:
    """The classes of a nest of tuples."""
    return [kind for part in kinds for kind in _flat(part)] if isinstance(kinds, tuple) else [kinds]


def _made_here(binding: Any) -> bool:
    """Whether a binding is a function that is defined inside the one that is parsed."""
    return isinstance(binding, (FunctionBinding, PartialBinding, ChoiceBinding, Callee))


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
