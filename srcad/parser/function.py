"""The parser's entry: a Python function and what is known of its arguments -> Core.

The specification of an argument is a `Type`, or a container of them, or the object itself where it is static (None, a
string, a flag, a function).
"""

from __future__ import annotations

import enum
import inspect
import keyword
import re
import types
from collections.abc import Callable
from typing import Any, NamedTuple

import gast

from srcad.analysis.types import infer
from srcad.core import ops
from srcad.core.builder import Builder
from srcad.core.nodes import Function, Origin, Param, Value, leaves
from srcad.core.specification import Container, Form, Known, Unfit, own_signature, unwrap
from srcad.core.structs import Struct
from srcad.core.types import STATIC, Type
from srcad.parser.boxes import boxes
from srcad.parser.objects import Instance, struct_of
from srcad.parser.places import Buffer, Handle, View, views
from srcad.parser.records import handed_on
from srcad.parser.rows import Rows
from srcad.parser.solvers import solve_stated
from srcad.parser.source import source_of
from srcad.parser.state import Entered, NeedInline, NeedStatic, NeedUnroll, Program
from srcad.parser.statements import Statements
from srcad.rules import rule_of
from srcad.rules.solvers import STATED

__all__ = ["Parsed", "parse"]


class Parsed(NamedTuple):
    """What the parser found besides the Core.

    `written`: names of arguments that the function stores into; `shared`: values of the result that may share memory with an
    argument; `defaults` and `kinds` are those of the signature.
    """

    written: frozenset[str]
    shared: frozenset[Value]
    defaults: dict[str, Any]
    place: Any
    kinds: dict[str, tuple[str, ...]]


class Parser(Statements):
    """Parses one function."""

    parameters: list[Any]

    def parse_callee(
        self, callee: Known, path: tuple[str, ...], spec: dict[str, Any], key: Any
    ) -> Function:
        """Parse a callee once per specification."""
        found = self.program.callees.get(key)
        if found is None:
            found = parse(callee.object, spec, self.program, path)
            self.program.callees[key] = found
        return found

    def enter(self, name: str, spec: Any, base: str) -> tuple[Any, Any]:
        """The binding of a parameter, and its tree of values."""
        if isinstance(spec, Type):
            value = Value(base, spec, named=True)
            if spec.immutable:
                return value, value
            buffer = Buffer(name)
            self.memory[buffer] = value
            return View(buffer, (), value, value), value
        if isinstance(spec, Container) and issubclass(spec.form, Struct):
            return self.enter_struct(name, spec, base)
        if isinstance(spec, Container):
            bases = getattr(spec.kind, "_fields", None) or [f"{base}_{i}" for i in range(len(spec))]
            pairs = [self.enter(name, part, inner) for inner, part in zip(bases, spec)]
            return spec.tree([a for a, _ in pairs]), spec.tree([b for _, b in pairs])
        if isinstance(spec, dict):
            both = {key: self.enter(name, part, base_of(base, key)) for key, part in spec.items()}
            return {key: a for key, (a, _) in both.items()}, {
                key: b for key, (_, b) in both.items()
            }
        if isinstance(spec, Known):
            self.program.hand_in(name, spec.object)
        if (
            isinstance(spec, (Known, Unfit)) and len(self.program.stack) == 1
        ):  # the text hands it on from the argument
            value = Value(base, STATIC, named=True)
            self.program.handed[id(spec)] = (spec, value)
            return spec, value
        return spec, spec

    def enter_struct(self, name: str, spec: Container, base: str) -> tuple[Any, Any]:
        """The binding of an object, an ordered dict or a deque."""
        form: Any = spec.form
        pairs = [
            self.enter(name, part, base_of(base, key)) for key, part in zip(form._fields, spec)
        ]
        parts = [binding for binding, _ in pairs]
        tree = spec.tree([part for _, part in pairs])
        if form.style == "mapping":
            return dict(zip(form._fields, parts)), tree
        if form.style == "sequence":
            return parts, tree
        return Instance(spec.kind, dict(zip(form._fields, parts)), name), tree


def base_of(base: str, key: Any) -> str:
    """What the value is called that a container called `base` has under a key.

    >>> base_of("p", "mass"), base_of("p", (0, 1)), base_of("p", 0.5)
    ('mass', 'p_0_1', 'p_0_5')
    """
    if isinstance(key, enum.Enum):
        return f"{base}_{key.name}"
    if isinstance(key, str) and key.isidentifier() and not keyword.iskeyword(key):
        return key
    return "_".join([base, *re.findall(r"\w+", str(key))])


def parse(
    function: Callable[..., Any],
    spec: dict[str, Any],
    program: Program | None = None,
    path: tuple[str, ...] = (),
) -> Function:
    """The Core of a function for arguments of the given specification.

    Arguments: a Python function; for each parameter its specification; what is shared with callers.
    Raises SourceNotFoundError, UnsupportedSyntaxError, AliasingError, and NeedStatic for an argument whose value decides.
    """
    program = program or Program()
    if ops.name_of(function) is not None:
        if not isinstance(unwrap(function), types.FunctionType) or rule_of(function) is not None:
            return _parse_known(function, spec)
    rule = rule_of(function)
    if rule is not None and rule.typed is not None:  # what has a rule is not looked into
        program.refer(path, f"call {function.__name__}", function)
        return _parse_known(function, spec)
    source = source_of(function)
    parser = Parser(source, program, path)
    parser.owner = getattr(function, "__self__", None)
    program.stack.append(Entered(source.function, False))
    try:
        return _parse(parser, source, spec, function if isinstance(function, Form) else None)
    except (NeedStatic, NeedUnroll) as need:
        for name, tree in zip(spec, parser.parameters):
            if len(program.stack) == 1:
                places = places_of(need.value, tree)
                need.where = need.where if places is None else (name, places)
            if isinstance(need, NeedStatic) and need.value in leaves(tree):
                need.callee = source.function
        raise
    finally:
        program.stack.pop()


def places_of(value: Value, tree: Any) -> tuple[int, ...] | None:
    """The places that lead to a value in a tree, or None."""
    if tree is value:
        return ()
    parts = tree.values() if isinstance(tree, dict) else tree
    for place, part in enumerate(parts if isinstance(tree, (dict, tuple, list)) else ()):
        found = places_of(value, part)
        if found is not None:
            return (place, *found)
    return None


def _parse_known(function: Callable[..., Any], spec: dict[str, Any]) -> Function:
    """A function of NumPy's as one operation."""
    params = [Param(name, _whole(name, part)) for name, part in spec.items()]
    op = ops.operation(function)
    builder = Builder(infer, Origin(0, f"{op.name}({', '.join(spec)})"))
    args, options = ops.bind(op, tuple(param.tree for param in params), {})
    options = tuple(
        (key, given) for key, given in options if given is not None and given is not False
    )
    value = builder.let(op, args, options)
    made = Function(op.base, params, builder.block, value)
    made.parsed = Parsed(frozenset(), frozenset(), {}, None, {})
    return made


def _whole(name: str, part: Any) -> Any:
    """The values of a parameter that is handed on whole."""
    if isinstance(part, Type):
        return Value(name, part, named=True)
    if isinstance(part, Container):
        return part.tree([_whole(f"{name}_{place}", inner) for place, inner in enumerate(part)])
    return part


def _parse(parser: Parser, source: Any, spec: dict[str, Any], form: Form | None = None) -> Function:
    node = source.node
    stated = STATED.get(source.function)
    parameters = own_signature(form or source.function).parameters.values()
    defaults = {p.name: p.default for p in parameters if p.default is not p.empty}
    kinds = {
        "positional": tuple(p.name for p in parameters if p.kind is p.POSITIONAL_ONLY),
        "keyword": tuple(p.name for p in parameters if p.kind is p.KEYWORD_ONLY),
    }
    params = []
    for name, part in spec.items():
        binding, tree = parser.enter(name, part, name)
        parser.env[name] = binding
        params.append(Param(name, tree))
        if len(parser.program.stack) > 1:
            held = {key: (box, name) for key, box in boxes([binding]).items()}
            parser.program.arguments.update(held)
    if form is not None:
        parser.env = form.gather(parser.env)
    arguments = [view.buffer for binding in parser.env.values() for view in views(binding)]
    parser.parameters = [param.tree for param in params]
    if stated is not None:  # what solves an equation is not looked into
        head = f"{source.function.__name__}({', '.join(spec)})"
        with parser.at(node, head):
            known = Known(source.function, source.function.__name__)
            given = [parser.env[name] for name in spec]
            result = _operands(parser, solve_stated(parser, node, known, stated, given, {}))
            binding = None
    elif isinstance(node, gast.Lambda):
        with parser.at(node.body):
            binding = parser.run()
            if parser.has_raised and len(parser.program.stack) > 1:
                raise NeedInline
            result = _operands(parser, binding)
    else:
        binding = parser.run()
        if len(parser.program.stack) > 1 and _is_held(parser, binding):
            raise NeedInline
        if not parser.has_returned:
            if len(parser.program.stack) > 1:
                raise NeedInline
            parser.refuse(
                node, f"`{node.name}` returns nothing", "Return the value to be differentiated."
            )
        last = next((s for s in reversed(node.body) if isinstance(s, (gast.Return, gast.If))), node)
        with parser.at(last, parser.header_text(last)):
            if any(handed_on(binding)) and len(parser.program.stack) > 1:
                raise NeedInline
            result = _operands(parser, binding)
    parser.builder.origin = Origin()
    reach = set(arguments)
    for buffer in arguments:
        reach |= buffer.aliases
    shared = frozenset(
        value
        for view, value in zip(_views(binding), leaves(_arrays(binding, result)))
        if view.buffer.comes_in()
    )
    made = Function(
        source.function.__name__ if source.function.__name__.isidentifier() else "function",
        params,
        parser.builder.block,
        result,
        inspect.getdoc(source.function) or "",
    )
    made.hidden = list(parser.program.hidden.values())
    made.parsed = Parsed(frozenset(parser.written), shared, defaults, source.place(node), kinds)
    return made


def _is_held(parser: Parser, binding: Any) -> bool:
    """Whether a result holds a list, dict or object that the caller holds too, or holds one twice: its copy would be another."""
    seen = set(parser.program.arguments)
    pending = [binding]
    while pending:
        part = pending.pop()
        if isinstance(part, (list, dict)):
            if id(part) in seen:
                return True
            seen.add(id(part))
        if isinstance(part, (tuple, list, dict)):
            pending += part.values() if isinstance(part, dict) else part
    return False


def _operands(parser: Parser, binding: Any) -> Any:
    if isinstance(binding, Instance):
        if len(parser.program.stack) > 1:
            raise NeedInline
        handed = parser.program.handed
        operands = {
            name: handed[id(part)][1] if id(part) in handed else _operands(parser, part)
            for name, part in binding.parts.items()
        }
        return struct_of(binding, operands)
    if isinstance(binding, Rows) and len(parser.program.stack) > 1:
        raise NeedInline
    if isinstance(binding, (Known, Handle)):
        if len(parser.program.stack) > 1:
            raise NeedInline
        parser.refuse(
            parser.statement,
            "a function, or another object, is among the results",
            "Results are arrays, numbers and containers of them: return what it gives.",
        )
    if isinstance(binding, (tuple, list)):
        parts = [_operands(parser, part) for part in binding]
        return type(binding)(*parts) if hasattr(binding, "_fields") else type(binding)(parts)
    if isinstance(binding, dict):
        return {key: _operands(parser, part) for key, part in binding.items()}
    return parser.read(binding)


def _views(binding: Any) -> list[View]:
    return views(binding)


def _arrays(binding: Any, result: Any) -> Any:
    """The operands of the result that are arrays, in the order of `views`."""
    if isinstance(binding, Instance):
        named = result.named()
        return [leaf for name, part in binding.parts.items() for leaf in _arrays(part, named[name])]
    if isinstance(binding, View):
        return [result]
    if isinstance(binding, (tuple, list)):
        return [part for a, b in zip(binding, result) for part in _arrays(a, b)]
    if isinstance(binding, dict):
        return [part for key in binding for part in _arrays(binding[key], result[key])]
    return []
