"""Texts that are made of values: f-strings, `%`, `.format()`, `str()`. They are printed, or said by exceptions; nothing computes with them.

raise ValueError(f"step {k} diverged: {norm:.3g}")     the value is formatted where the text is needed, by the derivative too
"""

from __future__ import annotations

from typing import Any

import gast

from srcad.core import ops
from srcad.core.nodes import Let, Value
from srcad.core.specification import Known
from srcad.core.types import Type
from srcad.parser.handles import MethodBinding
from srcad.parser.lists import Lists
from srcad.parser.places import View

__all__ = ["Messages"]

TEXT = Type("object")


class Messages(Lists):
    """Parse texts."""

    def text(
        self,
        op: ops.Operation,
        args: tuple[Any, ...],
        options: tuple[tuple[str, Any], ...] = (),
        base: str = "text",
    ) -> Value:
        """A text, or another object, that `op` makes of operands."""
        out = Value(base, TEXT)
        self.builder.add(Let(out, op, args, options, self.builder.origin))
        return out

    def _JoinedStr(self, node: Any) -> Any:
        parts: list[Any] = []
        for part in node.values:
            constant = not isinstance(part, gast.FormattedValue)
            parts.append(part.value if constant else self.field(part))
        whole: list[Any] = []
        for part in parts:
            if isinstance(part, str) and whole and isinstance(whole[-1], str):
                whole[-1] += part
            else:
                whole.append(part)
        if all(isinstance(part, str) for part in whole):
            return "".join(whole)
        return self.text(ops.text_of, tuple(whole))

    def field(self, node: Any) -> Any:
        """A value in braces: its text where it is known while parsing."""
        binding = self.expression(node.value)
        spec = "" if node.format_spec is None else self._JoinedStr(node.format_spec)
        if not isinstance(spec, str):
            self.refuse(
                node, "a format that is computed is not accepted", "Write the format in the text."
            )
        known = binding.object if isinstance(binding, Known) else binding
        if isinstance(known, (bool, int, str, type(None))) or isinstance(binding, Known):
            return ops.render(ops.Field(known, node.conversion, spec))
        return ops.Field(self.read(binding, node), node.conversion, spec)

    def formatted(
        self, node: Any, owner: str, name: str, args: list[Any], options: dict[str, Any]
    ) -> Any:
        """A method of a text: computed where all is known."""
        if not callable(getattr(owner, name, None)):
            self.refuse(
                node, f"`str` has no method `{name}`", "It would raise when the function is called."
            )
        known = (bool, int, str, type(None))
        parts = [*args, *options.values()]
        if all(isinstance(part, known) for part in parts) or (
            name == "join"
            and isinstance(args[0] if args else None, (list, tuple))
            and all(isinstance(part, str) for part in args[0])
        ):
            return getattr(owner, name)(*args, **options)
        if name != "format":
            self.refuse(
                node,
                f"`.{name}()` of a text that is made of values is not accepted",
                "Use an f-string.",
            )
        op = ops.Operation(str.format, "format", style="method")
        named = tuple((key, self.read(part, node)) for key, part in options.items())
        return self.text(op, (owner, *(self.read(part, node) for part in args)), named)

    def as_text(self, node: Any, callee: Known, args: list[Any], options: dict[str, Any]) -> Any:
        """`str(x)`, `repr(x)`."""
        if options or len(args) > 1:
            self.refuse(node, f"options of {callee.name}() are not accepted", "Use an f-string.")
        known = args[0].object if args and isinstance(args[0], Known) else (args or [""])[0]
        if isinstance(known, (bool, int, str, type(None))) or (args and isinstance(args[0], Known)):
            return callee.object(known)
        op = ops.operation(callee.object)
        return self.text(op, tuple(self.read(arg, node) for arg in args))

    def binary(self, node: Any, op: ops.Operation, left: Any, right: Any) -> Any:
        """As for numbers; `"..." % x` and `"..." + text` are texts."""
        texts = [isinstance(side, str) for side in (left, right)]
        made = [isinstance(side, Value) and side.type == TEXT for side in (left, right)]
        whole = (int, str, tuple, list)
        plain = isinstance(left, whole) and isinstance(right, whole) and not _values((left, right))
        formats = op is ops.remainder and texts[0] and not plain
        if formats or (op is ops.add and any(texts) and any(made)) or (op is ops.add and all(made)):
            return self.text(op, (self.read(left, node), self.read(right, node)))
        return super().binary(node, op, left, right)

    def call(self, node: Any, callee: Any, args: list[Any], options: dict[str, Any]) -> Any:
        if isinstance(callee, Known) and (callee.object is str or callee.object is repr):
            return self.as_text(node, callee, args, options)
        return super().call(node, callee, args, options)

    def call_method(
        self, node: Any, method: MethodBinding, args: list[Any], options: dict[str, Any]
    ) -> Any:
        if isinstance(method.owner, str):
            return self.formatted(node, method.owner, method.name, args, options)
        return super().call_method(node, method, args, options)


def _values(tree: Any) -> bool:
    """Whether a container holds what is computed while the function runs."""
    if isinstance(tree, (tuple, list)):
        return any(map(_values, tree))
    return isinstance(tree, (Value, View))
