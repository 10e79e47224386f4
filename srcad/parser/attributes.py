"""Objects: their attributes, methods and properties; those of outer scopes are read, those that the function makes are written too.

p = Particle(x, v)                 # p: an Instance, whose `__init__` is parsed here
p.x += dt * p.v          ->        # p.x stands for sum_1
return p.energy()                  # the body of `energy`, with p as `self`
"""

from __future__ import annotations

import builtins
import dataclasses
import enum
import functools
import inspect
import sys
import types
from contextlib import suppress
from typing import Any

from srcad.core import ops
from srcad.core.nodes import Value
from srcad.core.specification import (
    Known,
    Unfit,
    classes_of,
    follow,
    last_name,
    own_signature,
    steps_of,
    unwrap,
)
from srcad.parser.boxes import boxes
from srcad.parser.expressions import _ALIAS, is_constant, ops_module
from srcad.parser.functions import Functions
from srcad.parser.handles import Callee, FrozenBinding, MethodBinding
from srcad.parser.objects import Instance
from srcad.parser.places import Handle, View
from srcad.parser.rows import Rows
from srcad.parser.solvers import Found
from srcad.parser.state import NamedNumber

__all__ = ["Objects", "Super"]


class Super(Handle):
    """`super()`: the object (a binding, or one of an outer scope) as the class after `kind` sees it."""

    def __init__(self, owner: Any, kind: type) -> None:
        self.owner, self.kind = owner, kind

    def held(self) -> Any:
        return [self.owner]


class Objects(Functions):
    """Read and write attributes, make objects."""

    def _Attribute(self, node: Any) -> Any:
        return self.attribute(node, self.expression(node.value), node.attr)

    def attribute(self, node: Any, owner: Any, name: str) -> Any:
        """`owner.name`."""
        if isinstance(owner, Known):
            return self.outer_attribute(node, owner, name)
        if isinstance(owner, FrozenBinding) and hasattr(owner.distribution.object, name):
            return owner.method(name)
        if isinstance(owner, Found):
            return owner.attribute(self, node, name)
        if isinstance(owner, Instance):
            if name in owner.parts:
                found = owner.parts[name]
                if isinstance(found, Unfit):
                    raise found.error
                return found
            if name == "__class__":
                return self.class_of(owner.kind)
            return self.class_attribute(node, owner, owner.kind, name, owner.kind.__mro__)
        if isinstance(owner, Super):
            inner = owner.owner
            kind = inner.kind if isinstance(inner, Instance) else type(inner.object)
            mro = kind.__mro__[kind.__mro__.index(owner.kind) + 1 :]
            return self.class_attribute(node, owner.owner, kind, name, mro)
        if isinstance(owner, tuple) and hasattr(owner, "_fields"):
            if name in owner._fields:
                return getattr(owner, name)
            if name in ("_replace", "_asdict", "_fields", "index", "count"):
                return owner._fields if name == "_fields" else MethodBinding(owner, name)
            return self.class_attribute(node, owner, type(owner), name, type(owner).__mro__)
        if isinstance(owner, (tuple, list, dict, set, str, Rows)):
            return MethodBinding(owner, name)
        if isinstance(owner, (int, float, complex, Value, View)):
            return self.array_attribute(node, owner, name)
        return self.refuse(
            node, f"attribute `{name}` is not accepted here", "Bind what it stands for to a name."
        )

    # objects of outer scopes

    def outer_attribute(self, node: Any, owner: Known, name: str) -> Any:
        """An attribute of an object, a class or a module of an outer scope."""
        outside = owner.object
        if outside is object and name in ("__init__", "__setattr__"):
            return self.of_object(name, [])
        static = inspect.getattr_static(outside, name, None)
        if isinstance(outside, types.ModuleType) and ops_module(outside):
            return self.library_attribute(node, owner, name)
        path, full = self.program.place_of(outside) or (self.path, owner.name)
        if ops.is_sparse(outside) and name in ("T", "dot"):
            return self.matrix_attribute(self.matrix(node, owner), name)
        made_of = ops.distribution_of(outside)
        if made_of is not None and name in dir(made_of):
            return self.frozen(node, made_of, outside, path, full).method(name)
        full = f"{full}.{name}"
        if isinstance(static, property) and not isinstance(outside, type):
            if not isinstance(static.fget, types.FunctionType):
                return self.adopt(node, full, getattr(outside, name), path)
            getter = types.MethodType(static.fget, outside)
            where = f"{full.rpartition('.')[0]}.@{name}"
            self.program.refer(path, where, getter)
            return self.call(node, Known(getter, f"{owner.name}.{name}"), [], {})
        if isinstance(static, functools.cached_property) and name not in vars(outside):
            self.refuse(
                node,
                f"`{owner.name}.{name}` is computed when it is first read, and kept",
                "Read it once before, or make it a property.",
            )
        try:
            found = getattr(outside, name)
        except AttributeError:
            self.refuse(
                node,
                f"`{owner.name}.{name}` does not exist",
                "Check the name and the module's version.",
            )
        if isinstance(outside, enum.Enum) and is_constant(found):
            return found  # a member of an enumeration is what it is
        if isinstance(found, types.BuiltinMethodType) and not isinstance(outside, types.ModuleType):
            return MethodBinding(owner, name)
        if callable(found) and not isinstance(found, (types.FunctionType, types.MethodType, type)):
            if isinstance(outside, (type, enum.Enum)) or not hasattr(outside, "__dict__"):
                return MethodBinding(owner, name)
        return self.adopt(node, full, found, path)

    def frozen(
        self, node: Any, made_of: Any, outside: Any, path: tuple[str, ...], full: str
    ) -> FrozenBinding:
        """A distribution with its parameters, of an outer scope."""
        args = [
            self.adopt(node, f"{full}.args[{place}]", part, path, f"{last_name(full)}_{place}")
            for place, part in enumerate(outside.args)
        ]
        options = {
            key: self.adopt(node, f"{full}.kwds[{key!r}]", part, path, key)
            for key, part in outside.kwds.items()
        }
        return FrozenBinding(Known(made_of, ops.name_of(made_of) or full), args, options)

    def library_attribute(self, node: Any, owner: Known, name: str) -> Any:
        """An attribute of a module that the printer knows."""
        module = owner.object
        if not hasattr(module, name):
            self.refuse(
                node,
                f"`{owner.name}.{name}` does not exist",
                "Check the name and the module's version.",
            )
        found = getattr(module, name)
        if isinstance(found, float):
            return NamedNumber(found, f"{_ALIAS[module.__name__]}.{name}")
        if isinstance(found, (bool, int, type(None))):
            return found
        return Known(found, f"{_ALIAS[module.__name__]}.{name}")

    # classes

    def class_of(self, kind: type) -> Known:
        """A class as what a name of an outer scope stands for."""
        place = self.program.place_of(kind)
        if place is None:
            self.import_place(kind)
        return Known(kind, kind.__name__)

    def import_place(self, found: Any, base: Any = None, attribute: str = "") -> None:
        """Note that something of a module's is found through that module, where it has no name of the function's: by its own name, or as an
        attribute of a class."""
        holder = found if base is None else base
        module, name = getattr(holder, "__module__", ""), getattr(holder, "__qualname__", "")
        if (base is None and self.program.place_of(found) is not None) or "<" in name:
            return
        name = f"{name}.{attribute}" if attribute else name
        for way in ("", ".fget", ".fset", ".__func__"):  # of properties, of class methods
            with suppress(KeyError, AttributeError, LookupError):
                if follow(sys.modules[module], steps_of(name + way)) is found:
                    self.program.refer((), f"import {module}:{name}{way}", found)
                    return

    def class_attribute(
        self, node: Any, owner: Any, kind: type, name: str, mro: tuple[type, ...]
    ) -> Any:
        """What the classes of an object give it: a method, what a property computes, a constant."""
        for base in mro:
            if name in vars(base):
                found = vars(base)[name]
                break
        else:
            if "__getattr__" in dir(kind):
                self.refuse(
                    node,
                    f"`{kind.__name__}` makes up its attributes (`__getattr__`)",
                    "Write the attributes out.",
                )
            self.refuse(
                node,
                f"'{kind.__name__}' object has no attribute '{name}' here",
                "It would raise AttributeError when the function is called; or it is assigned on some paths only.",
            )
        if base is object and name in ("__init__", "__setattr__"):
            return self.of_object(name, [owner])
        if isinstance(owner, Known) and not isinstance(found, (property, staticmethod)):
            bound = found.__get__(owner.object, type(owner.object))
            self.import_place(unwrap(bound), base, name)
            return Known(bound, f"{base.__name__}.{name}")
        if isinstance(found, staticmethod):
            self.import_place(found.__func__, base, name)
            return Known(found.__func__, f"{base.__name__}.{name}")
        if isinstance(found, classmethod):
            bound = types.MethodType(found.__func__, kind)
            self.class_of(kind)
            self.import_place(found.__func__, base, name)
            return Known(bound, f"{base.__name__}.{name}")
        if isinstance(found, (property, functools.cached_property)):
            getter = found.fget if isinstance(found, property) else found.func
            if getter is None or isinstance(found, functools.cached_property):
                self.refuse(
                    node,
                    f"`{kind.__name__}.{name}` is computed when it is first read, and kept",
                    "Make it a property.",
                )
            self.import_place(getter, base, name)
            return self.call(node, Known(getter, f"{base.__name__}.{name}"), [owner], {})
        if isinstance(found, types.FunctionType):
            place = self.program.place_of(base)
            if place is None:
                self.import_place(found, base, name)
            else:
                self.program.refer(place[0], f"{place[1]}.{name}", found)
            return MethodBinding(owner, name, found)
        getter = inspect.getattr_static(type(found), "__get__", None)
        if isinstance(getter, types.FunctionType) and not hasattr(found, "py_func"):
            self.refuse(
                node,
                f"`{name}` of `{kind.__name__}` decides itself what is read (`__get__`)",
                "Make it a plain attribute, a method, or a property.",
            )
        known = self.class_of(base)
        path, full = self.program.place_of(base) or (self.path, known.name)
        return self.adopt(node, f"{full}.{name}", found, path)

    def of_object(self, name: str, first: list[Any]) -> Callee:
        """`object.__init__`, which does nothing, and `object.__setattr__`, which asks no class."""

        def call(parser: Any, node: Any, args: list[Any], options: dict[str, Any]) -> None:
            if name == "__setattr__":
                parser.set_attribute(node, *first, *args, ask=False)

        return Callee(f"object.{name}", call, first)

    def call_bound(
        self, node: Any, method: MethodBinding, args: list[Any], options: dict[str, Any]
    ) -> Any:
        """A method of an object that the function makes or is given, or of a named tuple."""
        owner, name = method.owner, method.name
        if isinstance(owner, Super):
            owner = owner.owner
        if isinstance(owner, tuple) and name == "_replace":
            return owner._replace(**options)  # type: ignore[attr-defined]
        if isinstance(owner, tuple) and name == "_asdict":
            return dict(zip(owner._fields, owner))  # type: ignore[attr-defined]
        function = method.function
        if function is None and isinstance(owner, Instance):
            found = self.class_attribute(node, owner, owner.kind, name, owner.kind.__mro__)
            return self.call(node, found, args, options)
        if function is None:
            function = inspect.getattr_static(type(owner), name)
        return self.call(node, Known(function, name), [owner, *args], options)

    def make(self, node: Any, callee: Known, args: list[Any], options: dict[str, Any]) -> Any:
        """`Particle(x, v)`: an object, and its `__init__` parsed here."""
        kind = callee.object
        for special in ("__setattr__", "__getattribute__", "__getattr__", "__delattr__"):
            found = getattr(kind, special, None)
            frozen = special in ("__setattr__", "__delattr__") and dataclasses.is_dataclass(kind)
            if found is not None and found is not getattr(object, special, None) and not frozen:
                self.refuse(
                    node,
                    f"`{kind.__name__}` decides itself what its attributes are (`{special}`)",
                    "Use a plain class, a dataclass or a named tuple.",
                )
        if (
            type(kind).__call__ is not type.__call__
            or kind.__new__ is not object.__new__
            or any(base.__module__ == "builtins" for base in kind.__mro__[:-1])
        ):
            self.refuse(
                node,
                f"objects of `{kind.__name__}` cannot be made in a derivative",
                "Its class, or a class that it inherits from, makes them in a way of its own: use a plain class or a dataclass.",
            )
        made = Instance(kind, {})
        start = kind.__init__
        if start is object.__init__:
            if args or options:
                self.refuse(
                    node,
                    f"{kind.__name__}() takes no arguments",
                    "It would raise when the function is called.",
                )
            return made
        if dataclasses.is_dataclass(kind) and start.__code__.co_filename == "<string>":
            self.fill_fields(node, made, args, options)
            return made
        self.call_bound(node, MethodBinding(made, "__init__"), args, options)
        return made

    def fill_fields(
        self, node: Any, made: Instance, args: list[Any], options: dict[str, Any]
    ) -> None:
        """What the `__init__` does that `dataclass` writes."""
        kind: Any = made.kind
        start = kind.__init__
        signature = own_signature(start)
        given = self.fit(node, signature, [made, *args], options)
        fields = {
            name: field
            for name, field in kind.__dataclass_fields__.items()
            if field._field_type is not dataclasses._FIELD_CLASSVAR  # type: ignore[attr-defined]
        }
        known = self.class_of(kind)
        path, full = self.program.place_of(kind) or (self.path, known.name)
        extra = []
        for name, field in fields.items():
            where = f"{full}.__dataclass_fields__[{name!r}]"
            if name in given:
                value = given[name]
            elif field.default_factory is not dataclasses.MISSING:
                factory = self.adopt(node, f"{where}.default_factory", field.default_factory, path)
                value = self.call(node, factory, [], {})
            elif field.default is not dataclasses.MISSING:
                value = field.default
                if not is_constant(value):
                    value = self.adopt(node, f"{where}.default", value, path, name)
            else:
                continue
            if field._field_type is dataclasses._FIELD_INITVAR:  # type: ignore[attr-defined]
                extra.append(value)
            elif field.init or field.default_factory is not dataclasses.MISSING:
                made.parts[name] = value
        if hasattr(kind, "__post_init__"):
            self.call_bound(node, MethodBinding(made, "__post_init__"), extra, {})

    # writing

    def set_attribute(
        self, target: Any, owner: Any, name: Any, value: Any, *, ask: bool = True
    ) -> None:
        """`owner.name = value`; without `ask`ing its class where `object.__setattr__` is called."""
        if isinstance(owner, Super):
            owner = owner.owner
        if isinstance(owner, (View, Value)) and name in ("real", "imag"):
            other = {"real": "v + 1j * z.imag", "imag": "z.real + 1j * v"}[name]
            self.refuse(
                target,
                f"the {name} part of an array is assigned",
                f"Make a new array: z = {other}, or store it: z[...] = {other}.",
            )
        if isinstance(owner, (View, Value)):
            self.refuse(
                target,
                "an attribute of an array is assigned",
                "Make a new array: x.reshape(...), x.astype(...), and give it the name.",
            )
        if not isinstance(owner, Instance) or owner.name is not None:
            self.refuse(
                target,
                "an attribute of an object from outside is assigned",
                "A derivative changes nothing outside: keep the value in a local name and return it, or make the object in the function.",
            )
        kind = owner.kind
        static = inspect.getattr_static(kind, name, None)
        if isinstance(static, property):
            if static.fset is None:
                self.refuse(
                    target,
                    f"the property `{name}` of `{kind.__name__}` has no setter",
                    "It would raise when the function is called.",
                )
            self.import_place(static.fset)
            self.call(target, Known(static.fset, f"{kind.__name__}.{name}"), [owner, value], {})
            return
        if _decides(static):
            self.refuse(
                target,
                f"`{name}` of `{kind.__name__}` decides itself what is kept (`__set__`)",
                "Make it a plain attribute, or a property.",
            )
        frozen = dataclasses.is_dataclass(kind) and kind.__dataclass_params__.frozen  # type: ignore[attr-defined]
        slots = hasattr(kind, "__slots__") and "__dict__" not in dir(kind)
        if not isinstance(name, str) or (frozen and ask) or (slots and static is None):
            self.refuse(
                target,
                f"`{name}` of `{kind.__name__}` cannot be assigned",
                "It would raise when the function is called.",
            )
        self.change(target, owner)
        if id(owner) in boxes([value]):
            self.refuse(
                target,
                f"an object that `{name}` leads back to",
                "Hand the other object to the methods that need it.",
            )
        owner.parts[name] = value

    # builtins about objects

    def builtin_super(
        self, node: Any, callee: Known, args: list[Any], options: dict[str, Any]
    ) -> Any:
        function: Any = self.source.function
        free = function.__code__.co_freevars
        if args or "__class__" not in free:
            self.refuse(node, "super() with arguments", "Write super() in a method of the class.")
        kind = function.__closure__[free.index("__class__")].cell_contents
        first = function.__code__.co_varnames[0]
        owner = self.env[first] if first in self.env else Known(self.owner, first)
        if isinstance(owner, Known):
            outside = owner.object
            place = self.program.place_of(outside) or (self.path, first)
            self.program.places.setdefault(id(outside), (outside, *place))
        return Super(owner, kind)

    def builtin_getattr(
        self, node: Any, callee: Known, args: list[Any], options: dict[str, Any]
    ) -> Any:
        owner, name, *default = args
        if not isinstance(name, str):
            self.refuse(
                node,
                "the name of an attribute must be known while parsing",
                "Write it out: x.name.",
            )
        if default and not self.has(node, owner, name):
            return default[0]
        return self.attribute(node, owner, name)

    def builtin_hasattr(
        self, node: Any, callee: Known, args: list[Any], options: dict[str, Any]
    ) -> Any:
        owner, name = args
        return self.has(node, owner, name)

    def has(self, node: Any, owner: Any, name: Any) -> bool:
        """Whether a binding has an attribute."""
        if isinstance(owner, Instance):
            return name in owner.parts or hasattr(owner.kind, name)
        if isinstance(owner, Known):
            path, full = self.program.place_of(owner.object) or (self.path, owner.name)
            found = hasattr(owner.object, name)
            self.program.refer(path, f"has {full}.{name}", found)
            return found
        if isinstance(owner, (View, Value)):
            return hasattr(self.sample(node, owner), name)
        return hasattr(owner, name)

    def builtin_callable(
        self, node: Any, callee: Known, args: list[Any], options: dict[str, Any]
    ) -> Any:
        (value,) = args
        if isinstance(value, Instance):
            return inspect.getattr_static(value.kind, "__call__", None) is not None
        if isinstance(value, Handle):
            return True
        return callable(value.object) if isinstance(value, Known) else False

    def builtin_type(
        self, node: Any, callee: Known, args: list[Any], options: dict[str, Any]
    ) -> Any:
        if len(args) != 1 or options:
            self.refuse(node, "classes are not made in a derivative", "Define it in the module.")
        (value,) = args
        if isinstance(value, Instance):
            return self.class_of(value.kind)
        if isinstance(value, (View, Value)):
            value = self.sample(node, value)
        self.by_class(value)
        kind = type(value.object if isinstance(value, Known) else value)
        name = kind.__name__ if getattr(builtins, kind.__name__, None) is kind else None
        return Known(kind, name) if name else self.class_of(kind)

    def by_class(self, value: Any) -> None:
        """Note that the text depends on the classes of an object of an outer scope."""
        place = self.program.place_of(value.object) if isinstance(value, Known) else None
        if place is not None:
            self.program.refer(place[0], f"classes {place[1]}", classes_of(value.object))

    def sample(self, node: Any, value: Any) -> Any:
        """Something of the type of a value."""
        raise NotImplementedError


def _decides(static: Any) -> bool:
    """Whether what a class has under a name is a descriptor of the user's that keeps what is assigned."""
    plain = (property, types.MemberDescriptorType, types.GetSetDescriptorType)
    return hasattr(type(static), "__set__") and not isinstance(static, plain)


def is_made(kind: Any) -> bool:
    """Whether objects of a class are made attribute by attribute: one of the user's, written in Python."""
    return (
        isinstance(kind, type)
        and not issubclass(kind, (enum.Enum, BaseException))
        and (
            dataclasses.is_dataclass(kind)
            or isinstance(kind.__init__, types.FunctionType)
            or kind.__init__ is object.__init__
        )
        and kind.__flags__ & 0x200 != 0
        and (kind.__module__ or "").partition(".")[0] not in ("numpy", "scipy", "builtins")
    )
