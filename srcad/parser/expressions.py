"""Expressions: each operation becomes a statement of its own.

`a * b + c` before; after, as Core prints it:

    prod_1 = a * b
    sum_1 = prod_1 + c
"""

from __future__ import annotations

import builtins
import math
import types
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NoReturn

import gast
import numpy as np

from srcad.analysis.types import join, type_of
from srcad.core import ops
from srcad.core.builder import Builder
from srcad.core.nodes import Branch, Carry, Family, Let, Phi, Slice, Test, Value
from srcad.core.specification import Known, follow, last_name, steps_of, structure_of
from srcad.core.types import ANY, Size, Sparse, Type, number
from srcad.errors import AliasingError, MissingRuleError
from srcad.parser import arrays
from srcad.parser.boxes import Held, boxes, holds, refill, same_contents
from srcad.parser.handles import Callee, ChoiceBinding, FlatBinding, MethodBinding, is_function
from srcad.parser.normal import joined, joins
from srcad.parser.objects import Instance, alike
from srcad.parser.places import Buffer, Handle, View
from srcad.parser.reads import writes
from srcad.parser.records import Filled, Growing, Kept, Maybe, handed_on, resolved
from srcad.parser.rows import Rows
from srcad.parser.state import NamedNumber, NeedUnroll, State, Unbound, Unreachable, identity
from srcad.rules import refusal_of, without_rule

__all__ = ["Expressions"]

_BINARY = {
    gast.Add: ops.add,
    gast.Sub: ops.subtract,
    gast.Mult: ops.multiply,
    gast.Div: ops.divide,
    gast.FloorDiv: ops.floor_divide,
    gast.Mod: ops.remainder,
    gast.Pow: ops.power,
    gast.MatMult: ops.matmul,
    gast.BitAnd: ops.bit_and,
    gast.BitOr: ops.bit_or,
    gast.BitXor: ops.bit_xor,
    gast.LShift: ops.left_shift,
    gast.RShift: ops.right_shift,
}
_UNARY = {
    gast.USub: ops.negative,
    gast.UAdd: ops.positive,
    gast.Not: ops.not_,
    gast.Invert: ops.invert,
}
_COMPARE = {
    gast.Lt: ops.less,
    gast.LtE: ops.less_equal,
    gast.Eq: ops.equal,
    gast.NotEq: ops.not_equal,
    gast.Gt: ops.greater,
    gast.GtE: ops.greater_equal,
    gast.Is: ops.is_,
    gast.IsNot: ops.is_not,
}
_STATIC = (bool, str, type(None), type(Ellipsis))


def is_constant(binding: Any) -> bool:
    """Whether the binding is a Python constant."""
    return isinstance(binding, (bool, int, float, complex, str, type(None), type(Ellipsis), bytes))


def is_static(binding: Any) -> bool:
    """Whether a condition on the binding can be decided while parsing."""
    if isinstance(binding, Instance) and {"__bool__", "__len__"} & set(dir(binding.kind)):
        return False
    return (
        isinstance(binding, (*_STATIC, Known, int)) and not isinstance(binding, NamedNumber)
    ) or isinstance(binding, (tuple, list, dict, set, Handle))


def settled(binding: Any) -> bool:
    """Whether all of the binding is known while parsing, so that Python can compare it.

    >>> settled(["a", (1, {"b": None})]), settled([Value("x")])
    (True, False)
    """
    if isinstance(binding, dict):
        return all(map(settled, binding.values()))
    if isinstance(binding, (tuple, list, set)):
        return all(map(settled, binding))
    return is_constant(binding) or isinstance(binding, Known)


def plain_of(binding: Any) -> Any:
    """What is settled, as Python objects."""
    if isinstance(binding, dict):
        return {key: plain_of(part) for key, part in binding.items()}
    if isinstance(binding, (tuple, list)):
        parts = [plain_of(part) for part in binding]
        return type(binding)(*parts) if hasattr(binding, "_fields") else type(binding)(parts)
    return binding.object if isinstance(binding, Known) else binding


class Expressions(State):
    """Evaluate expression nodes to bindings."""

    def expression(self, node: Any) -> Any:
        """The binding of an expression."""
        method = getattr(self, f"_{type(node).__name__}", None)
        if method is None:
            self.refuse_syntax(node)
        return method(node)

    def _Constant(self, node: Any) -> Any:
        return node.value

    def _Name(self, node: Any) -> Any:
        if node.id in self.env:
            self.merge(node, node.id)
            found = self.env[node.id]
            if isinstance(found, (Unbound, Filled)):
                self.read(found, node)
            if isinstance(found, Growing):
                found.read = True
            self.assure(node.id)
            return found
        if node.id in self.own and not self.is_owner(node.id):
            self.read(Unbound(node.id), node)
        return self.outer(node) if self.scope is None else self.of_scope(node)

    def is_owner(self, name: str) -> bool:
        """Whether a name is that of what a method is bound to."""
        function: Any = self.source.function
        return self.owner is not None and name == function.__code__.co_varnames[0]

    def of_scope(self, node: Any) -> Any:
        """A name of the functions around this one, as it stands there now."""
        scope = self.scope
        while scope is not None and node.id not in scope.env and scope.scope is not None:
            scope = scope.scope
        assert isinstance(scope, Expressions)
        kept = scope.env, scope.builder, scope.memory, scope.statement
        scope.env, scope.builder, scope.memory = dict(scope.env), self.builder, self.memory
        scope.statement = node
        try:
            return scope._Name(node)
        finally:
            scope.env, scope.builder, scope.memory, scope.statement = kept

    def handed(self, node: Any, *, lists: bool = False) -> Any:
        """The binding of an expression that is handed on, not computed with: a list that a loop filled, what is None on one side.

        With `lists` it may be a list of this iteration that is yet to be filled.
        """
        if isinstance(node, gast.Name):
            found = self.env.get(node.id)
            if lists and isinstance(found, Growing) and found.frame is self.frame:
                return found
            if isinstance(found, Filled) or (isinstance(found, Maybe) and found.absent == "None"):
                return found
        if isinstance(node, gast.Tuple) and not any(
            isinstance(element, gast.Starred) for element in node.elts
        ):
            return tuple(self.handed(element, lists=lists) for element in node.elts)
        return self.expression(node)

    def guarded(self, name: str, binding: Any) -> bool:
        """Whether a binding is what a loop gave a name that may never have run."""
        guard = self.guards.get(name)
        return (
            guard is not None
            and binding is guard.binding
            and not any(builder in guard.emitted for builder in self.builders)
        )

    def merge(self, node: Any, name: str) -> None:
        """Join what a name stands for on the sides of an earlier branch, where that has waited for a read."""
        found = self.env.get(name)
        if not isinstance(found, Maybe) or found.absent != "guarded":
            return
        sides, blocks = [], []
        for place, binding in enumerate(found.sides):
            with self.taking(found.test, place), self.inner() as builder:
                self.env[name] = binding
                self.assure(name)
                sides.append((binding, self.join_operands(node, binding)))
            blocks.append(builder.block)
        phis: list[Phi] = []
        under = (found.test, found.condition)
        self.env[name] = self.join_bindings(node, name, sides[0], sides[1], phis, under)
        branch = Branch(found.test, found.condition, blocks[0], blocks[1], phis)
        branch.origin = self.builder.origin
        self.builder.add(branch)

    def assure(self, name: str) -> None:
        """Raise, as Python does, where a name that a loop alone assigns is read and the loop never ran."""
        guard = self.guards.get(name)
        if guard is None or not self.guarded(name, self.env.get(name)):
            return
        guard.emitted.append(self.builder)
        counted = guard.loop.domain if guard.loop.test is None else None
        start, stop, step = counted or (None, None, None)
        if guard.assigned is not None:
            never = self.emit(ops.not_, (guard.assigned,))
        elif type(step) is int and step == 1:
            never = self.emit(ops.less_equal, (stop, start))
        else:
            ran = next((c for c in guard.loop.carries if c.param.base == "ran"), None)
            if ran is None:
                flag = number("bool")
                ran = Carry(Value("ran", flag), False, True, Value("ran", flag))
                guard.loop.carries = [*guard.loop.carries, ran]
            never = self.emit(ops.not_, (ran.exit,))
        message = f"cannot access local variable '{name}' where it is not associated with a value"
        self.builder.add(
            Let(
                None,
                ops.raise_if,
                (never, "UnboundLocalError", message),
                (),
                self.builder.origin,
            )
        )

    def outer(self, node: Any) -> Any:
        """A name of an outer scope: resolved to an object, which the derivative then depends on."""
        name = node.id
        function: Any = self.source.function
        free = function.__code__.co_freevars
        if self.is_owner(name):
            self.program.places.setdefault(identity(self.owner), (self.owner, self.path, name))
            return Known(self.owner, name)
        if name in free:
            try:
                found = function.__closure__[free.index(name)].cell_contents
            except ValueError:
                self.refuse(
                    node, f"`{name}` has no value yet", "The enclosing function assigns it later."
                )
        elif name in function.__globals__:
            found = function.__globals__[name]
        elif hasattr(builtins, name):
            self.program.refer(self.path, f"builtin {name}", getattr(builtins, name))
            return Known(getattr(builtins, name), name)
        else:
            self.refuse(
                node, f"`{name}` is not defined", "Neither the function nor its module assigns it."
            )
        return self.adopt(node, name, found)

    def found_outside(self, name: str) -> Any:
        """What a dotted name stands for in the outer scopes of the function, or None."""
        function: Any = self.source.function
        head, *rest = steps_of(name)
        free = function.__code__.co_freevars
        try:
            found = (
                function.__closure__[free.index(head)].cell_contents
                if head in free
                else function.__globals__[head]
            )
            return follow(found, rest)
        except (LookupError, ValueError, AttributeError, TypeError):
            return None

    def adopt(
        self,
        node: Any,
        name: str,
        found: Any,
        path: tuple[str, ...] | None = None,
        base: str | None = None,
    ) -> Any:
        """A binding for an object of an outer scope, known as `name` (see `steps_of`) in the function that `path` leads to.

        The text calls it `base`.
        """
        path = self.path if path is None else path
        if (path, name) in self.program.decided:
            self.program.refer(path, f"value {name}", found)
            return int(found)
        if isinstance(found, (tuple, list, dict)) and not all(
            is_constant(part) and not isinstance(part, np.generic) for part in _parts(found)
        ):
            made = self.adopt_parts(node, name, found, path, base)
            self.program.outside.update(boxes([made]))
            return made
        self.program.refer(path, name, found)
        if isinstance(found, (np.ndarray, np.generic, float, int, complex)) and not isinstance(
            found, bool
        ):
            key = (path, name)
            value = self.program.hidden.get(key)
            if value is None:
                if isinstance(found, np.ndarray) and (
                    found.dtype == object or type(found) is not np.ndarray
                ):
                    self.refuse(
                        node,
                        f"`{name}` is no plain numeric array",
                        f"Arrays of objects, matrices and masked arrays are not accepted: bind np.asarray({name}).",
                    )
                base = base or last_name(name)
                value = Value(base, type_of_argument(found, base), named=True)
                self.program.hidden[key] = value
            if value.type.immutable:
                return value
            for view in self.hidden_views:
                if view.value is value:
                    return view
            view = View(Buffer(f"global {name}", value), (), value, value)
            self.hidden_views.append(view)
            return view
        if isinstance(found, (bool, str, type(None))):
            return found
        if isinstance(found, (tuple, list, dict)):
            self.program.outside.update(boxes([found]))
            return found
        return Known(found, name)

    def adopt_parts(
        self, node: Any, name: str, found: Any, path: tuple[str, ...], base: str | None
    ) -> Any:
        """A container of an outer scope that holds arrays, functions or objects: these one by one."""
        named = hasattr(found, "_fields")
        if type(found) not in (tuple, list, dict) and not named:
            self.program.refer(path, name, found)
            return Known(found, name)
        self.program.refer(path, f"structure {name}", structure_of(found))
        keys = list(found) if isinstance(found, dict) else list(range(len(found)))
        if not all(isinstance(key, (str, int)) and "]" not in str(key) for key in keys):
            self.refuse(
                node,
                f"`{name}` is a dict of an outer scope whose keys are no plain words or numbers",
                "Pass it as an argument, or bind its values to names of their own.",
            )
        parts = {
            key: self.adopt(
                node, f"{name}[{key!r}]", found[key], path, f"{base or last_name(name)}_{key}"
            )
            for key in keys
        }
        if isinstance(found, dict):
            return parts
        return type(found)(*parts.values()) if named else type(found)(parts.values())

    def array_attribute(self, node: Any, owner: Any, name: str) -> Any:
        """`x.shape`, `x.T`, or a method that is about to be called."""
        if sparse_value(owner) and name in ("T", "dot"):
            return self.matrix_attribute(owner, name)
        type_ = self.type(owner)
        if type_.kind == "object":
            return MethodBinding(owner, name)
        if name in arrays.ATTRIBUTES:
            return arrays.ATTRIBUTES[name](self, node, owner)
        if name in arrays.REFUSED and not callable(getattr(np.ndarray, name, None)):
            self.refuse(node, *arrays.REFUSED[name])
        if callable(getattr(np.ndarray, name, None)):
            return MethodBinding(owner, name)
        if type_ == ANY:
            value = self.read(owner, node)
            made = [let for let in self.builder.block if isinstance(let, Let) and let.out is value]
            if made and refusal_of(made[-1].op.function) is not None:
                self.refuse(node, *without_rule(made[-1].op), MissingRuleError)
            self.refuse(
                node,
                f"nothing is known of what `{name}` is an attribute of",
                'Annotate the argument with its dataclass, whose fields are annotated (float, "float64[n]"), '
                "or ask in Python for the text with an object: grad(f).source(p).",
            )
        return self.refuse(
            node,
            f"attribute `{name}` of an array is not accepted",
            "Use a NumPy function, or srcad.stop_gradient on a copy.",
        )

    def _BinOp(self, node: Any) -> Any:
        left = self.expression(node.left)
        with self.holding(left):
            right = self.expression(node.right)
        return self.binary(node, _BINARY[type(node.op)], left, right)

    def binary(self, node: Any, op: ops.Operation, left: Any, right: Any) -> Any:
        """`left op right`; integers, strings and sequences known while parsing are computed."""
        if op is ops.matmul:
            found = self.matrix_product(node, left, right)
            if found is not None:
                return found
        if isinstance(left, dict) and isinstance(right, dict) and op is ops.bit_or:
            return {**left, **right}
        combined = self.matrix_combined(node, op, left, right)
        if combined is not None:
            return combined
        for side in (left, right):
            if isinstance(side, Instance):
                self.refuse(
                    node,
                    f"`{op.symbol}` of a `{side.kind.__name__}` is not accepted",
                    "Operators of your own classes are not: call a method by its name.",
                )
            if isinstance(side, (Known, Handle, dict)):
                self.refuse(
                    node,
                    f"`{op.symbol}` of something that is no array or number",
                    "Only numbers and arrays compute.",
                )
        if op in (ops.add, ops.subtract) and type(left) in (int, float) and type(right) is complex:
            return op.function(left, right)  # `1 - 2j` is one number
        plain = (int, str, tuple, list, set)
        if (
            isinstance(left, plain)
            and isinstance(right, plain)
            and op not in (ops.divide, ops.matmul)
        ):
            try:
                return op.function(left, right)
            except (TypeError, ValueError, ArithmeticError) as error:
                self.refuse(
                    node,
                    f"this expression fails: {error}",
                    "It would raise when the function is called.",
                )
        if op is ops.add and _sizes(left) and _sizes(right):
            return self.emit(op, (left, right))  # `(2,) + x.shape`
        if isinstance(left, (tuple, list, str)) or isinstance(right, (tuple, list, str)):
            kind = type(left if isinstance(left, (tuple, list, str)) else right).__name__
            self.refuse(
                node,
                f"`{op.symbol}` between a {kind} and an array or number",
                "Make an array of it first: np.array([...]).",
            )
        return self.emit(op, (left, right))

    def matrix(self, node: Any, binding: Any) -> Any:
        """A sparse matrix of an outer scope as an operand; others as they are."""
        if not isinstance(binding, Known) or not ops.is_sparse(binding.object):
            return binding
        found = binding.object
        if found.dtype.kind != "f" or found.ndim != 2:
            self.refuse(
                node,
                f"`{binding.name}` is a sparse matrix of {found.dtype}, or none of two axes",
                "Sparse matrices of floating numbers are accepted, where they are constant.",
            )
        path, full = self.program.place_of(found) or (self.path, binding.name)
        if (path, full) not in self.program.hidden:
            made = Value(
                last_name(full), Type("object", value=Sparse(found.dtype.name)), named=True
            )
            self.program.hidden[path, full] = made
        return self.program.hidden[path, full]

    def refuse_sparse(self, node: Any, what: str) -> NoReturn:
        """Say what a sparse matrix is accepted in."""
        self.refuse(
            node,
            f"{what} of a sparse matrix",
            "Sparse matrices are accepted in `A @ x`, `A.T @ x`, `A @ B`, `A + B`, `A - B`, `2 * A`, `A / 2`, `-A` and scipy.sparse.linalg.spsolve(A, b).",
        )

    def matrix_attribute(self, matrix: Value, name: str) -> Any:
        """`A.T` and `A.dot` of a sparse matrix."""
        if name == "T":
            return self.emit(ops.sparse_transpose, (matrix,))
        times = lambda _, node, args, options: self.matrix_product(node, matrix, *args, **options)  # noqa: E731
        return Callee("dot", times, [matrix])

    def matrix_product(self, node: Any, left: Any, right: Any) -> Any:
        """A product with a sparse matrix: `A @ x`, and `x @ A` as `A.T @ x`; None of others."""
        one, other = self.matrix(node, left), self.matrix(node, right)
        if sparse_value(one) and sparse_value(other):
            return self.emit(ops.SPARSE[ops.matmul], (one, other))
        if sparse_value(one):
            return self.emit(ops.sparse_product, (one, other))
        if not sparse_value(other):
            return None
        turned = self.emit(ops.sparse_transpose, (other,))
        if self.type(one).rank == 1:
            return self.emit(ops.sparse_product, (turned, one))
        made = self.emit(ops.sparse_product, (turned, self.emit(ops.transpose, (one,))))
        return self.emit(ops.transpose, (made,))

    def matrix_combined(self, node: Any, op: ops.Operation, left: Any, right: Any) -> Any:
        """A sparse matrix made of others, or of one and a number; None of what is none."""
        one, other = self.matrix(node, left), self.matrix(node, right)
        both = sparse_value(one) and sparse_value(other)
        if not (sparse_value(one) or sparse_value(other)):
            return None
        if both and op in (ops.add, ops.subtract):
            return self.emit(ops.SPARSE[op], (one, other))
        if not both and (op is ops.multiply or (op is ops.divide and sparse_value(one))):
            number = self.type(other if sparse_value(one) else one)
            if number.rank == 0 and number.dtype in _REAL:
                return self.emit(ops.SPARSE[op], (one, other))
        return self.refuse_sparse(node, f"`{op.symbol}`")

    def _UnaryOp(self, node: Any) -> Any:
        operand = self.matrix(node, self.expression(node.operand))
        op = _UNARY[type(node.op)]
        if sparse_value(operand):
            if op is not ops.negative:
                self.refuse_sparse(node, f"`{op.symbol}`")
            return self.emit(ops.SPARSE[op], (operand,))
        if op is ops.not_:
            if is_static(operand):
                return not truth(operand)
            return self.emit(op, (operand,))
        if op is ops.negative and isinstance(operand, NamedNumber) and math.isinf(operand):
            return NamedNumber(-operand, f"-{operand.text}")  # the order of a norm
        if isinstance(operand, (bool, int)) or (
            isinstance(operand, float) and not isinstance(operand, NamedNumber)
        ):
            return op.function(operand)
        return self.emit(op, (operand,))

    def _Compare(self, node: Any) -> Any:
        if len(node.ops) > 1:  # a < b < c: (a < b) and (b < c), b evaluated once
            middle = self.expression(node.comparators[0])
            first = self.compare(node, node.ops[0], self.expression(node.left), middle)
            rest = gast.Compare(
                left=Given(middle), ops=node.ops[1:], comparators=node.comparators[1:]
            )
            gast.copy_location(rest, node)
            return self.both(node, first, lambda: self._Compare(rest), stop_at=False)
        absent = self.absence(node)
        if absent is not None:
            return absent
        left = self.expression(node.left)
        return self.compare(node, node.ops[0], left, self.expression(node.comparators[0]))

    def absence(self, node: Any) -> Any:
        """`x is None`, of a name that is None on one side of a branch: the condition of that, or its opposite; None of other comparisons."""
        kind, right, left = node.ops[0], node.comparators[0], node.left
        if not isinstance(kind, (gast.Is, gast.IsNot)) or not isinstance(left, gast.Name):
            return None
        found = self.env.get(left.id)
        if (
            not (isinstance(right, gast.Constant) and right.value is None)
            or not isinstance(found, Maybe)
            or found.absent != "None"
            or found.nest != self.nest()
            or sum(side is None for side in found.sides) != 1
            or any(isinstance(side, Unbound) for side in found.sides)
            or not isinstance(found.condition, Value)
        ):
            return None
        holds = (found.sides[0] is None) == isinstance(kind, gast.Is)
        return found.condition if holds else self.emit(ops.not_, (found.condition,))

    def _Given(self, node: Any) -> Any:
        return node.binding

    def compare(self, node: Any, kind: Any, left: Any, right: Any) -> Any:
        """One comparison, decided while parsing where both sides are known."""
        if isinstance(kind, (gast.In, gast.NotIn)):
            inside = list(right) if isinstance(right, (dict, set)) else right
            if isinstance(inside, (tuple, list, str)) and settled([left, inside]):
                inside = plain_of(inside)
                return (plain_of(left) in inside) == isinstance(kind, gast.In)
            if not isinstance(inside, (tuple, list)) or not all(map(self.counts, [left, *inside])):
                self.refuse(
                    node,
                    "`in` is accepted of what is known while parsing, and of numbers in tuples and lists",
                    "Compare explicitly.",
                )
            found: Any = False
            for part in inside:
                same = lambda part=part: part is left or self.compare(node, gast.Eq(), left, part)  # noqa: E731
                found = self.both(node, found, same, stop_at=True)
            if isinstance(kind, gast.In):
                return found
            return not truth(found) if is_static(found) else self.emit(ops.not_, (found,))
        op = _COMPARE[type(kind)]
        if op in (ops.is_, ops.is_not):
            dynamic = isinstance(left, (Value, View)) or isinstance(right, (Value, View))
            if dynamic and (left is None or right is None):
                if self.may_be(("any",), left, right):
                    return self.emit(op, (left, right))
                return op is ops.is_not
            if not dynamic:
                one = (left.object if isinstance(left, Known) else left) is (
                    right.object if isinstance(right, Known) else right
                )
                return one == (op is ops.is_)
            if isinstance(left, (Value, View)) and isinstance(right, (Value, View)):
                return self.one_object(node, left, right) == (op is ops.is_)
        if is_static(left) and is_static(right):
            if not settled([left, right]):
                self.refuse(
                    node,
                    "containers of values are compared",
                    "Compare their elements one by one, or arrays with np.array_equal.",
                )
            return op.function(plain_of(left), plain_of(right))
        for side in (left, right):
            if isinstance(side, (str, type(None))) and op in (ops.equal, ops.not_equal):
                if not self.may_be(("any", "object"), left, right):
                    return op is ops.not_equal
        return self.emit(op, (left, right))

    def counts(self, binding: Any) -> bool:
        """Whether a binding is a number for certain."""
        if isinstance(binding, (Value, View)):
            return self.type(binding).kind in ("number", "scalar")
        return isinstance(binding, (int, float))

    def may_be(self, kinds: tuple[str, ...], *bindings: Any) -> bool:
        """Whether one of the values is of these kinds: what a call that is not looked into gives may be None, or text."""
        found = [part for part in bindings if isinstance(part, (Value, View))]
        return any(self.type(part).kind in kinds for part in found)

    def one_object(self, node: Any, left: Any, right: Any) -> bool:
        """Whether two values are one object, which is nothing that Core keeps: decided by where they lie, or refused."""
        if left is right:
            return True
        if isinstance(left, View) and isinstance(right, View):
            apart = left.buffer is not right.buffer and right.buffer not in left.buffer.aliases
            if apart and not (left.buffer.comes_in() and right.buffer.comes_in()):
                return False
            views_of_one = left.buffer is right.buffer and not left.same_place(right)
            if views_of_one and all(step.sure for step in (*left.path, *right.path)):
                return False
        return self.refuse(
            node,
            "whether these values are one object is not known while parsing",
            "Values are kept, not objects: compare what they hold, or a flag of your own.",
        )

    def _BoolOp(self, node: Any) -> Any:
        stop_at = isinstance(node.op, gast.Or)
        result = self.expression(node.values[0])
        for value in node.values[1:]:
            result = self.both(
                node, result, lambda value=value: self.expression(value), stop_at=stop_at
            )
        return result

    def both(self, node: Any, first: Any, second: Any, *, stop_at: bool) -> Any:
        """`first and second()` (stop_at False) or `first or second()`: the second is evaluated where it matters."""
        if is_static(first):
            return first if truth(first) == stop_at else second()
        if stop_at:
            return self.choose(node, first, lambda: first, second)
        return self.choose(node, first, second, lambda: first)

    def _IfExp(self, node: Any) -> Any:
        condition = self.expression(node.test)
        if is_static(condition):
            return self.expression(node.body if truth(condition) else node.orelse)
        return self.choose(
            node,
            condition,
            lambda: self.expression(node.body),
            lambda: self.expression(node.orelse),
        )

    def choose(self, node: Any, condition: Any, then: Any, orelse: Any) -> Any:
        """A branch that has a value."""
        test, operand, flipped = self.test_of(self.read(condition))
        if flipped:
            then, orelse = orelse, then
        sides = []
        env, memory = self.env, dict(self.memory)
        blocks = []
        held, ends = self.held_boxes(), []
        # Names that `:=` assigns on a side.
        compound = isinstance(node, (gast.IfExp, gast.BoolOp, gast.Compare))
        assigned = writes([gast.Expr(node)]) if compound else []
        bound: list[dict[str, tuple[Any, Any]]] = []
        builders: list[tuple[Builder, dict[Buffer, Value]]] = []
        raised: list[bool] = []
        for place, side in enumerate((then, orelse)):
            self.memory = dict(memory)
            known = self.on_side(env, test, place)
            self.env = dict(known)
            with self.taking(test, place), self.inner() as builder:
                try:
                    binding = side()
                except Unreachable:
                    binding, self.has_raised = None, True
                raised.append(self.has_raised)
                self.has_raised = False
                sides.append((binding, None if raised[-1] else self.join_operands(node, binding)))
                now = {name: self.env.get(name, Unbound(name)) for name in assigned}
                bound.append({n: (now[n], self.join_operands(node, now[n])) for n in assigned})
                ends.append(self.ended_boxes(held))
                builders.append((builder, self.memory))
            blocks.append(builder.block)
        self.env = env
        if any(raised):
            self.survive(test, operand, raised, builders, held, ends)
            if False not in raised and compound:
                raise Unreachable
            if False not in raised:
                return None
            env.update((name, part[0]) for name, part in bound[raised.index(False)].items())
            return sides[raised.index(False)][0]
        (a, x), (b, y) = sides
        phis: list[Phi] = []
        ended = (builders[0][1], builders[1][1])
        self.memory = self.join_memory(node, test, memory, ended, phis)
        test = self.own_test(test)
        self.join_boxes(node, held, ends, builders, phis, (test, operand))
        result = self.join_bindings(node, "value", (a, x), (b, y), phis, (test, operand))
        for name in assigned:
            ways = bound[0][name], bound[1][name]
            env[name] = self.join_bindings(node, name, *ways, phis, (test, operand))
        self.builder.add(Branch(test, operand, blocks[0], blocks[1], phis, self.builder.origin))
        return result

    def survive(
        self,
        test: Test,
        operand: Any,
        raised: list[bool],
        sides: list[tuple[Builder, dict[Buffer, Value]]],
        held: Held,
        ends: list[dict[int, dict[Any, Any]]],
    ) -> None:
        """After a branch of which a side raised: the other one is what follows, in the block around."""
        blocks = [builder.block if gone else [] for (builder, _), gone in zip(sides, raised)]
        origin = self.builder.origin
        self.builder.add(Branch(test, operand, blocks[0], blocks[1], [], origin))
        if False not in raised:
            self.has_raised = True
            return
        place = raised.index(False)
        self.builder.block.extend(sides[place][0].block)
        self.memory = sides[place][1]
        for key, parts in ends[place].items():
            refill(held[key][0], parts)

    def join_memory(
        self,
        node: Any,
        test: Test,
        memory: dict[Buffer, Value],
        sides: tuple[dict[Buffer, Value], dict[Buffer, Value]],
        phis: list[Phi],
    ) -> dict[Buffer, Value]:
        """What the buffers hold after a branch, from what they held before it and at the end of its sides."""
        memory_a, memory_b = sides
        merged = {**memory_a, **memory_b}
        for place, made in enumerate((memory_a, memory_b)):
            self.sided.update((buffer, (test, place)) for buffer in made if buffer not in memory)
        for buffer in memory:
            a, b = memory_a[buffer], memory_b[buffer]
            under, place = self.sided.get(buffer, (None, 0))
            if under is test:
                merged[buffer] = b if place else a
            elif a is not b and under is not None and under not in self.numbers.taken:
                self.refuse(
                    node,
                    "an array that one side of a branch makes is written under another condition",
                    "Make it before the `if`, or write to a copy.",
                    AliasingError,
                )
            elif a is not b:
                out = Value(a.base, join(a.type, b.type), named=a.named)
                phis.append(Phi(out, a, b))
                merged[buffer] = out
        return merged

    def ended_boxes(self, held: Held) -> dict[int, dict[Any, Any]]:
        """What the boxes hold at the end of a side, of those that it changed; all hold again what they held."""
        found = {}
        for key, (box, before) in held.items():
            after = holds(box)
            if not same_contents(before, after):
                found[key] = after
        self.put_back(held)
        return found

    def join_boxes(
        self,
        node: Any,
        held: Held,
        ends: list[dict[int, dict[Any, Any]]],
        sides: list[tuple[Builder, dict[Buffer, Value]]],
        phis: list[Phi],
        under: tuple[Test, Any],
    ) -> None:
        """Let the boxes hold what one side or the other gave them; the blocks and the memory at the end of each side are given."""
        self.joins = {}
        self.before_joins = held
        changed = {**ends[0], **ends[1]}
        parts: list[dict[int, dict[Any, Any]]] = [
            {key: end[key] if key in end else held[key][1] for key in changed} for end in ends
        ]
        operands = []
        kept = self.builder, self.memory
        for place, (builder, memory) in enumerate(sides):
            with self.taking(under[0], place):
                self.builder, self.memory = builder, memory
                operands.append(
                    {key: self.join_operands(node, part) for key, part in parts[place].items()}
                )
        self.builder, self.memory = kept
        for key in changed:
            box = held[key][0]
            a, b = parts[0][key], parts[1][key]
            x, y = operands[0][key], operands[1][key]
            if list(a) != list(b):
                self.grows(node, box, [*a.values(), *b.values()], grow=True)
            label = self.label(box)
            joined = {
                place: self.join_bindings(
                    node,
                    f"{label}_{place}",
                    (a[place], x[place]),
                    (b[place], y[place]),
                    phis,
                    under,
                )
                for place in a
            }
            refill(box, joined)

    def label(self, box: Any) -> str:
        """What to call the parts of a box."""
        for name, binding in self.env.items():
            if binding is box:
                return name.partition(" ")[0]
            if isinstance(binding, dict):
                for key, part in binding.items():
                    if part is box:
                        return f"{name}_{key}"
        return "item"

    def grows(self, node: Any, box: Any, parts: list[Any], *, grow: bool = False) -> None:
        """A list gets longer on one path and not on another: what it holds is kept in an array, if it can be."""
        raise NotImplementedError

    def test_of(self, condition: Any) -> tuple[Test, Any, bool]:
        """The test of a condition: that of an earlier branch, where what is known on one side of it only is still there.

        Returns the test, its condition, and whether that is the opposite of the one that was given.
        """
        test, operand, flipped = self.known_test(condition)
        self.numbers.conditions[test] = operand
        return test, operand, flipped

    def known_test(self, condition: Any) -> tuple[Test, Any, bool]:
        nest = self.nest()
        found = [part for part in handed_on(self.env) if isinstance(part, Maybe)]
        tests = {part.number: part.test for part in found}
        tests |= {part.number: part.test for part in found if part.nest == nest}
        number = self.numbers.here(condition)
        if number in tests:
            return tests[number], condition, False
        positive = self.numbers.negated.get(number)
        if positive is not None and self.numbers.here(positive) in tests:
            return tests[self.numbers.here(positive)], positive, True
        negative = self.numbers.of((ops.not_, (condition,), ()))
        if negative in tests:
            return tests[negative], self.emit(ops.not_, (condition,)), True
        return Test(), condition, False

    def on_side(self, env: dict[str, Any], test: Test, side: int) -> dict[str, Any]:
        """The environment on one side of a test."""
        return {
            name: self.joined(binding, test, side)
            if isinstance(binding, Maybe)
            else resolved(binding, test, side)
            for name, binding in env.items()
        }

    def nest(self) -> tuple[Family, ...]:
        """The families of the loops around."""
        found = []
        frame = self.frame
        while frame is not None:
            found.append(frame.loop.family)
            frame = frame.outer
        return tuple(found)

    def joined(self, binding: Maybe, test: Test, side: int) -> Any:
        """A `Maybe` on one side of `test`: by name, or in other loops than its branch stands in joined with None."""
        if binding.test is not test or binding.phis is None or binding.nest == self.nest():
            return resolved(binding, test, side)
        here, operand = binding.sides[side], binding.operands[side]
        if not isinstance(here, (View, Value)) or not isinstance(operand, Value):
            return resolved(here, test, side)
        out = binding.joins.get(side)
        if out is None:
            out = binding.joins[side] = operand.like()
            binding.phis.append(Phi(out, operand, None) if side == 0 else Phi(out, None, operand))
        if not isinstance(here, View):
            return out
        if self.current(here.buffer) is not here.version or here.path:
            return binding
        made = View(Buffer(None, out), (), out, out)
        made.buffer.arguments |= {f"side {binding.name}", *here.buffer.arguments}
        for other in (here.buffer, *here.buffer.aliases):
            made.buffer.alias(other)
        return made

    def own_test(self, test: Test) -> Test:
        """The test for a branch here that takes the same side as those of `test`: in other loops it is another one."""
        for part in handed_on(self.env):
            if isinstance(part, Maybe) and part.test is test and part.phis is not None:
                return test if part.nest == self.nest() else Test()
        return test

    @contextmanager
    def taking(self, test: Test, side: int) -> Iterator[None]:
        """Parse a side of a test."""
        kept = dict(self.numbers.taken)
        self.numbers.taken[test] = side
        try:
            yield
        finally:
            self.numbers.taken = kept

    def join_operands(self, node: Any, binding: Any) -> Any:
        """The operands of a binding, in its structure, read in the current block."""
        if isinstance(binding, Instance):
            return self.join_operands(node, binding.parts)
        if isinstance(binding, Instance) and binding.name is None:
            return {key: self.join_operands(node, part) for key, part in binding.parts.items()}
        if isinstance(binding, (Known, Handle, Unbound, Filled, Rows)):
            return None
        if isinstance(binding, (tuple, list)):
            return [self.join_operands(node, part) for part in binding]
        if isinstance(binding, dict):
            return {key: self.join_operands(node, part) for key, part in binding.items()}
        return self.read(binding, node)

    def join_bindings(
        self,
        node: Any,
        name: str,
        then: tuple[Any, Any],
        orelse: tuple[Any, Any],
        phis: list[Phi],
        under: tuple[Test, Any],
    ) -> Any:
        """What a name stands for after a branch under a test and its condition: one of two bindings, each given with its operands."""
        (a, x), (b, y) = then, orelse
        if _nothing(a) and _nothing(b):
            return a
        if a is b or (is_constant(a) and type(a) is type(b) and (a == b or (a != a and b != b))):
            return a
        if isinstance(a, View) and a.same_place(b) and x is y:
            return a
        if isinstance(a, Known) and isinstance(b, Known) and a.object is b.object:
            return a
        if isinstance(a, (list, dict, Instance)) and (id(a), id(b)) in self.joins:
            return self.joins[id(a), id(b)]
        if isinstance(a, Instance) and isinstance(b, Instance) and alike(a, b):
            attributes = {
                key: self.join_bindings(
                    node, key, (a.parts[key], x[key]), (b.parts[key], y[key]), phis, under
                )
                for key in a.parts
            }
            return self.joined_box(Instance(a.kind, attributes), a, b)
        if isinstance(a, (tuple, list)) and type(a) is type(b) and len(a) == len(b):
            parts = [
                self.join_bindings(node, f"{name}_{place}", (p, s), (q, t), phis, under)
                for place, (p, s, q, t) in enumerate(zip(a, x, b, y))
            ]
            kind = type(a)
            return self.joined_box(kind(*parts) if hasattr(a, "_fields") else kind(parts), a, b)
        if isinstance(a, dict) and isinstance(b, dict) and list(a) == list(b):
            items = {
                key: self.join_bindings(
                    node, str(key), (a[key], x[key]), (b[key], y[key]), phis, under
                )
                for key in a
            }
            return self.joined_box(items, a, b)
        if isinstance(a, Instance) and isinstance(b, Instance) and a.kind is b.kind:
            if a.parts.keys() != b.parts.keys():
                return Differs(name)
            items = {
                key: self.join_bindings(
                    node,
                    f"{name}_{key}",
                    (a.parts[key], x[key]),
                    (b.parts[key], y[key]),
                    phis,
                    under,
                )
                for key in a.parts
            }
            return self.joined_box(Instance(a.kind, items, a.name or b.name), a, b)
        if is_function(a) and is_function(b):
            sides = (self.choice_after(a, 0, phis), self.choice_after(b, 1, phis))
            return ChoiceBinding(under[1], sides)
        if any(side is None or isinstance(side, Unbound) for side in (a, b)):
            if any(isinstance(side, (Differs, Growing)) for side in (a, b)):
                return Differs(name)
            unbound = any(
                _nothing(side) or (isinstance(side, Maybe) and side.absent != "None")
                for side in (a, b)
            )
            test, condition = under
            absent = "unbound" if unbound else "None"
            made = Maybe(name, test, self.numbers.here(condition), (a, b), absent, condition)
            made.nest, made.phis, made.operands = self.nest(), phis, (x, y)
            return made
        if not all(
            isinstance(side, (Value, View))
            or (is_constant(side) and not isinstance(side, (str, type(...))))
            for side in (a, b)
        ):
            return Differs(name)
        base = name.rpartition(" ")[2]
        out = Value(base, join(self.type(a), self.type(b)))
        out.named = base.isidentifier() and base != "value"
        phis.append(Phi(out, x, y))
        self.numbers.joined[out] = (under[0], (x, y))
        made = self.bind_new(out)
        if isinstance(made, View):
            for side in (a, b):
                if isinstance(side, View):
                    made.buffer.arguments |= side.buffer.arguments
                    made.buffer.alias(side.buffer)
                    for other in side.buffer.aliases:
                        made.buffer.alias(other)
        return made

    def choice_after(self, binding: Any, side: int, phis: list[Phi]) -> Any:
        """A function of one side of a branch, after it: a choice made there needs its condition."""
        if not isinstance(binding, ChoiceBinding):
            return binding
        out, given = Value("chosen", number("bool")), self.read(binding.condition)
        phis.append(Phi(out, given, False) if side == 0 else Phi(out, False, given))
        first, second = binding.sides
        return ChoiceBinding(
            out, (self.choice_after(first, side, phis), self.choice_after(second, side, phis))
        )

    def joined_box(self, made: Any, a: Any, b: Any) -> Any:
        """A list that is one of two: where these live on, it may be either."""
        if isinstance(made, (list, dict, Instance)):
            self.joins[id(a), id(b)] = made
            self.program.kept.append((a, b))
            for label in filter(None, map(self.frozen_in, (a, b))):
                self.freeze_boxes(made, label)
            for side in (a, b):
                if id(side) in self.before_joins:
                    self.link(made, side)
        return made

    def _Tuple(self, node: Any) -> Any:
        return tuple(self.parts(node))

    def _List(self, node: Any) -> Any:
        return self.parts(node)

    def parts(self, node: Any) -> list[Any]:
        """The elements of a literal, stars unpacked."""
        found: list[Any] = []
        for element in node.elts:
            if isinstance(element, gast.Starred):
                found.extend(self.unpack(element, self.expression(element.value), None))
            else:
                found.append(self.expression(element))
        return found

    def _Dict(self, node: Any) -> Any:
        made = {}
        for key, value in zip(node.keys, node.values):
            if key is None:
                given = self.expression(value)
                if not isinstance(given, dict):
                    self.refuse(value, "`**` of something that is no dict", "Write the keys out.")
                made.update(given)
                continue
            known = self.expression(key)
            if not settled(known):
                self.refuse(
                    key,
                    "the key of a dict must be known while parsing",
                    "Use a string or an integer.",
                )
            made[plain_of(known)] = self.expression(value)
        return made

    def _JoinedStr(self, node: Any) -> Any:
        return self.refuse(
            node, "f-strings are not accepted yet", "Leave messages to the caller of the function."
        )

    def _Slice(self, node: Any) -> Slice:
        return Slice(
            *(part and self.index_part(part) for part in (node.lower, node.upper, node.step))
        )

    def index_part(self, node: Any) -> Any:
        part = self.expression(node)
        if isinstance(part, (tuple, list)):
            return self.read(part, node)
        return self.read(part, node)

    def index(self, node: Any) -> Any:
        """The tree of an index."""
        if isinstance(node, gast.Tuple):
            return tuple(
                self._Slice(part) if isinstance(part, gast.Slice) else self.index_part(part)
                for part in node.elts
            )
        return self._Slice(node) if isinstance(node, gast.Slice) else self.index_part(node)

    def _Subscript(self, node: Any) -> Any:
        owner = self.handed(node.value) if isinstance(node.value, gast.Name) else None
        if not isinstance(owner, Filled):
            owner = self.expression(node.value)
        return self.subscript(node, owner, node.slice)

    def subscript(self, node: Any, owner: Any, where: Any) -> Any:
        """`owner[where]`."""
        if isinstance(owner, FlatBinding):  # which gives copies
            found = self.emit(ops.copy, (self.emit(ops.operation(np.ravel), (owner.owner,)),))
            return self.emit(ops.getitem, (found, self.index(where)))
        if isinstance(owner, Filled):
            return self.record_at(node, owner, self.index(where))
        if isinstance(owner, (tuple, list, dict, str)):
            key = self.index(where)
            if isinstance(key, Slice) and not isinstance(owner, dict):
                for part in key:
                    if isinstance(part, Value):
                        self.unknown_place(node, owner, part)
                key = slice(*key)
            if isinstance(key, Value):
                self.unknown_place(node, owner, key)
            try:
                return owner[key]
            except (KeyError, IndexError, TypeError) as error:
                self.refuse(
                    node,
                    f"{type(error).__name__}: {error}",
                    "It would raise when the function is called.",
                )
        if joins(owner):
            return joined(self, node, owner, where)
        if isinstance(owner, (Known, Handle, int, float)):
            self.refuse(
                node,
                "something that is no array is indexed",
                "Only arrays, tuples, lists and dicts are indexed.",
            )
        return self.emit(ops.getitem, (owner, self.index(where)))

    def unknown_place(self, node: Any, owner: Any, key: Value) -> NoReturn:
        """A list is indexed by a value: the loop that it is the index of is parsed iteration by iteration."""
        raise NeedUnroll(key, node)

    def record_at(self, node: Any, record: Filled, index: Any) -> Any:
        """`saved[i]`, where `i` runs over what the list was filled over: the loop reads what its sibling kept."""
        frame = self.frame
        while frame is not None and frame.loop.index is not index:
            frame = frame.outer
        source = record.loop
        if (
            frame is None
            or not record.closed
            or source.direction < 0
            or source.domain is None
            or source.open
            or self.numbers.of(source.domain[:1] + source.domain[2:]) != self.numbers.of((0, 1))
            or self.numbers.of(source.domain) != self.numbers.of(frame.loop.domain)
            or (frame.joined and frame.loop.family is not source.family)
        ):
            self.read(record, node)
        assert frame is not None and source.index is not None and isinstance(index, Value)
        frame.loop.family, frame.joined = source.family, True
        self.numbers.same(index, source.index)
        return self.recalled(record)

    def recalled(self, record: Filled) -> Any:
        """The binding of a record, read in an iteration of a loop of the same family."""

        def recall(part: Any) -> Any:
            if isinstance(part, Kept):
                made = self.bind_new(part.value)
                made.buffer.arguments.add(f"list {record.name}")
                return made
            if isinstance(part, Maybe):
                sides = recall(part.sides)
                return Maybe(part.name, part.test, part.number, sides, part.absent)
            if isinstance(part, Growing):
                if part.filled is not None and not part.filled.closed:
                    self.read(part.filled)
                return part.filled or []
            if isinstance(part, (tuple, list)):
                parts = [recall(inner) for inner in part]
                return type(part)(*parts) if hasattr(part, "_fields") else type(part)(parts)
            if isinstance(part, dict):
                return {key: recall(inner) for key, inner in part.items()}
            if isinstance(part, Instance):
                found = Instance(part.kind, recall(part.parts), part.name)
                self.program.frozen[id(found)] = (found, record.name)
                return found
            return part

        return recall(record.parts)

    def unpack(self, node: Any, binding: Any, count: int | None) -> list[Any]:
        """The parts of what is unpacked; `count` of them where the left side says."""
        if isinstance(binding, dict):
            return list(binding)
        if isinstance(binding, (tuple, list)):
            return list(binding)
        if isinstance(binding, (View, Value)):
            type_ = self.type(binding)
            known: int | None = None
            if type_.kind == "object":
                value = getattr(type_, "value", None)
                known = len(value) if isinstance(value, tuple) else None
            elif type_.shape and isinstance(type_.shape[0], int):
                known = type_.shape[0]
            if known is None:
                known = count
            if known is not None and (count is None or known == count or count is not None):
                return [self.emit(ops.getitem, (binding, place)) for place in range(known)]
        return self.refuse(
            node, "it is not known how many parts are unpacked", "Index the parts one by one."
        )

    def _Starred(self, node: Any) -> Any:
        return self.refuse(node, "a star is not accepted here", "Write the elements out.")

    def _NamedExpr(self, node: Any) -> Any:
        since = Value("").serial
        value = self.expression(node.value)
        self.assign(node.target, value, since)
        return value

    def _ListComp(self, node: Any) -> Any:
        return self.refuse(
            node,
            "comprehensions are not accepted yet",
            "Write the elements out, or use array operations.",
        )

    _SetComp = _DictComp = _GeneratorExp = _ListComp


class Given(gast.AST):
    """An expression that is evaluated already."""

    _fields = ()
    _attributes = ("lineno", "col_offset", "end_lineno", "end_col_offset")

    def __init__(self, binding: Any) -> None:
        self.binding = binding


class Differs(Unbound):
    """A name that stands for things of different kinds on two paths."""

    why = (
        "stands for things of different kinds here",
        "What one path gives it is of another kind, or of another structure, than what another does. Give both one, or two names.",
    )


def _nothing(binding: Any) -> bool:
    """Whether nothing is known of what a name stands for."""
    return isinstance(binding, Unbound) and not isinstance(binding, (Differs, Maybe))


_ALIAS = {
    **{home: alias for home, alias in ops.HOMES.items() if alias},
    "numpy.random": "np.random",
}


def ops_module(module: types.ModuleType) -> bool:
    """Whether the module is one whose names the printer knows."""
    return module.__name__ in _ALIAS


def truth(binding: Any) -> bool:
    return bool(binding.object) if isinstance(binding, Known) else bool(binding)


def _sizes(binding: Any) -> bool:
    """Whether it is a tuple: one that is written, or `x.shape`."""
    if isinstance(binding, Value):
        return isinstance(binding.type.value, tuple)
    return type(binding) is tuple


def _parts(tree: Any) -> list[Any]:
    if isinstance(tree, dict):
        tree = list(tree.values())
    if isinstance(tree, (tuple, list)):
        return [
            part
            for inner in tree
            for part in (_parts(inner) if isinstance(inner, (tuple, list, dict)) else [inner])
        ]
    return [tree]


_REAL = ("int", "float", "int64", "int32", "float64", "float32")


def sparse_value(binding: Any) -> bool:
    """Whether a value is a sparse matrix."""
    return isinstance(binding, Value) and isinstance(binding.type.value, Sparse)


def type_of_argument(found: Any, name: str) -> Any:
    """The type of an array or number that is read from outside: each axis a symbol of its own, or 1."""
    if isinstance(found, np.ndarray):
        shape = tuple(
            1 if size == 1 else Size(f"{name}_{axis}" if found.ndim > 1 else f"{name}_n", 0, True)
            for axis, size in enumerate(found.shape)
        )
        return Type("array", found.dtype.name, shape)
    if isinstance(found, np.generic):
        return Type("scalar", found.dtype.name, ())
    return (
        type_of(found)
        if not isinstance(found, (int, float, complex))
        else Type("number", type(found).__name__, ())
    )
