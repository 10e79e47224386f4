"""Algebra on the adjoint's own statements: products and sums in the form that a person writes.

    p = 1.0 * 2                        x_bar = 2 * x
    x_bar = p * x ** 1          ->
    z_bar = g * (1 / x)                z_bar = g / x
    x_bar = a_bar + -b                 x_bar = a_bar - b
    r_bar = 0.5 * r + 0.5 * r          r_bar = r

Primal statements keep the user's arithmetic to the last bit. A product is a sign, a number, factors and divisors; numbers come first, then what has no axes,
so that large arrays are multiplied once. Only unnamed values that are used once are taken apart. Every rewrite keeps shape and dtype, or is not done.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from srcad.analysis.types import infer, type_of
from srcad.core import ops
from srcad.core.nodes import Function, Let, Tree, Value
from srcad.simplifier.rewrite import Pass, remake, uses
from srcad.simplifier.shapes import pass_name, same_form

__all__ = ["simplify_algebra"]


def simplify_algebra(function: Function) -> Function:
    """The function with the adjoint's arithmetic simplified."""
    return _Algebra(uses(function)).run(function)


class Product(NamedTuple):
    """sign * number * factors / divisors."""

    negative: bool
    number: Any
    factors: tuple[Tree, ...]
    divisors: tuple[Tree, ...]


class _Algebra(Pass):
    def __init__(self, count: dict[Value, int]) -> None:
        super().__init__()
        self.count = count
        self.lets: dict[Value, Let] = {}

    def let(self, statement: Let) -> Let | None:
        made: Let | None = statement
        if statement.origin.part != "primal" and statement.out is not None and not self.attempting:
            method = _METHODS.get(statement.op)
            if method is not None:
                made = method(self, statement)
            elif statement.op.function is np.sum:
                made = self.total(statement)
        if made is not None and made.out is not None:
            self.lets[made.out] = made
        return made

    # replacing

    def become(self, statement: Let, tree: Tree) -> Let | None:
        """Let `tree` stand for the value, where it is of the same form; a name passes on."""
        out = statement.out
        assert out is not None
        type_ = type_of(tree)
        if not (
            same_form(type_, out.type)
            or (
                type_.rank == 0
                and out.type.kind == "scalar"
                and type_.dtype in ("float", out.type.dtype)
            )
        ):
            return statement
        if isinstance(tree, Value) and self.mine(tree):
            pass_name(out, tree)
        self.known[out] = tree
        return None

    def mine(self, tree: Tree) -> bool:
        """Whether the adjoint made it."""
        found = self.lets.get(tree) if isinstance(tree, Value) else None
        return found is not None and found.origin.part != "primal"

    def inner(self, tree: Tree, *, primal: bool = False) -> Let | None:
        """The statement behind an operand, if it may be taken apart; with `primal`, one of the user's that the adjoint alone reads too."""
        if not isinstance(tree, Value) or tree.named:
            return None
        found = self.lets.get(tree)
        if found is None or (found.origin.part == "primal" and not primal):
            return None
        if self.count.get(tree, 0) > 1 and not (
            found.op is ops.negative or (tree.type.rank == 0 and _simple(found))
        ):
            return None
        return found

    def new(self, op: ops.Operation, *args: Tree, statement: Let) -> Tree:
        """An operation of the adjoint's, folded where it is one of numbers."""
        if all(_number(arg) for arg in args):
            return op.function(*args)
        value = self.emit(op, *args, origin=statement.origin)
        self.lets[value] = self.out[-1]  # type: ignore[assignment]
        self.count[value] = 1
        return value

    # products

    def product(self, tree: Tree, out: Value, *, primal: bool = False) -> Product:
        """A tree as a product; what may not be taken apart is one factor."""
        if _number(tree):
            return Product(tree < 0, abs(tree), (), ())
        found = self.inner(tree, primal=primal)
        if found is None or not self.fits(found, out):
            return Product(False, 1, (tree,), ())
        return self.product_of(found.op, found.args, out) or Product(False, 1, (tree,), ())

    def fits(self, statement: Let, out: Value) -> bool:
        """Whether regrouping with this statement cannot change a dtype."""
        dtype = out.type.dtype
        return dtype is not None and all(_floating(arg, dtype) for arg in statement.args)

    def product_of(self, op: ops.Operation, args: tuple[Tree, ...], out: Value) -> Product | None:
        if op is ops.negative:
            a = self.product(args[0], out)
            return a._replace(negative=not a.negative)
        if op is ops.multiply:
            a, b = self.product(args[0], out), self.product(args[1], out)
            if _number(args[0]):
                b = self.numbered(args[1], out) or b
            return Product(
                a.negative != b.negative,
                _times(a.number, b.number),
                a.factors + b.factors,
                a.divisors + b.divisors,
            )
        if op is ops.divide:
            a = self.product(args[0], out)
            b = args[1]
            if _number(b):
                if b == 0 or (not float(a.number / b).is_integer() and a.number != 1):
                    return Product(a.negative, a.number, a.factors, (*a.divisors, b))
                return None
            return Product(a.negative, a.number, a.factors, (*a.divisors, b))
        return None

    def numbered(self, tree: Tree, out: Value) -> Product | None:
        """A number times a value, if others read it too: with a number of one's own, that value is as near."""
        found = self.lets.get(tree) if self.mine(tree) and not tree.named else None
        if found is None or found.op is not ops.multiply or not self.fits(found, out):
            return None
        number, value = found.args
        if not _number(number) or _number(value):
            return None
        return Product(number < 0, abs(number), (value,), ())

    def multiply(self, statement: Let) -> Let | None:
        """Products, quotients and negations in one form."""
        out = statement.out
        assert out is not None
        if all(_number(arg) for arg in statement.args):
            if statement.op is ops.divide and statement.args[1] == 0:
                return statement  # it raises when the function runs
            return self.become(statement, statement.op.function(*statement.args))
        if statement.op is ops.negative:
            found = self.inner(statement.args[0])
            if found is not None and found.op is ops.subtract and self.fits(found, out):
                return remake(statement, ops.subtract, (found.args[1], found.args[0]))
        if statement.op is ops.multiply:
            for one, other in (statement.args, statement.args[::-1]):
                number, x = self.by_magnitude(one, other)
                if x is not None and same_form(type_of(x), out.type):
                    return remake(statement, ops.multiply, (number, x))
        if not self.fits(statement, out):
            return statement
        product = self.product_of(statement.op, statement.args, out)
        if product is None:
            return statement
        return self.cancel(statement, product) or self.rebuild(statement, product)

    def by_magnitude(self, sign: Tree, size: Tree) -> tuple[Any, Tree | None]:
        """What `np.sign(x) * np.abs(x)` is, and a number before it: x, of complex numbers, too."""
        found = self.inner(size)
        number: Any = 1
        if found is not None and found.op is ops.multiply and _number(found.args[0]):
            number, size = found.args
        one = self.lets.get(sign) if isinstance(sign, Value) else None
        other = self.lets.get(size) if isinstance(size, Value) else None
        if one is None or other is None or one.op.function is not np.sign:
            return 1, None
        if other.op.function not in (np.absolute, abs) or not _same(one.args[0], other.args[0]):
            return 1, None
        return number, one.args[0]

    def cancel(self, statement: Let, product: Product) -> Let | None:
        """`x / x`, `x ** 2 / x` and `x / x ** 2` without what is above and below; None where nothing is, or a form would change.

        Of `x * np.log(x)`: that is right at 0, too, where `x / x` would be NaN.
        """
        above = [self.base_of(tree) for tree in product.factors]
        below = [self.base_of(tree) for tree in product.divisors]
        shared = [base for base, _ in below if any(_same(base, other) for other, _ in above)]
        if not shared or statement.out is None:
            return None
        base = shared[0]
        times = sum(n for other, n in above if _same(base, other))
        times -= sum(n for other, n in below if _same(base, other))
        factors = [t for t, (other, _) in zip(product.factors, above) if not _same(base, other)]
        divisors = [t for t, (other, _) in zip(product.divisors, below) if not _same(base, other)]
        left = base if abs(times) == 1 else None
        if abs(times) > 1:
            left = self.new(ops.power, base, abs(times), statement=statement)
        if left is not None:
            (factors if times > 0 else divisors).append(left)
        if factors or divisors:
            return self.rebuild(
                statement, product._replace(factors=tuple(factors), divisors=tuple(divisors))
            )
        if not same_form(type_of(base), statement.out.type):
            return None
        number = float(-product.number if product.negative else product.number)
        return remake(statement, ops.spread, (number, base))

    def base_of(self, tree: Tree) -> tuple[Tree, int]:
        """A tree as a power: `x ** 2` as x and 2."""
        found = self.lets.get(tree) if isinstance(tree, Value) else None
        if found is not None and found.op is ops.power:
            base, exponent = found.args
            if isinstance(exponent, int) and exponent > 0 and not _number(base):
                return base, exponent
        return tree, 1

    def rebuild(self, statement: Let, product: Product) -> Let | None:
        out = statement.out
        assert out is not None
        thin = [f for f in product.factors if type_of(f).rank == 0]
        thick = [f for f in product.factors if type_of(f).rank != 0]
        thin_divisors = [d for d in product.divisors if type_of(d).rank == 0]
        thick_divisors = [d for d in product.divisors if type_of(d).rank != 0]
        steps: list[tuple[ops.Operation, Tree]] = []
        number = product.number
        start: Tree | None = None
        floats = any(type_of(factor).dtype != "int" for factor in (*thin, *thick))
        if not (isinstance(number, (int, float)) and number == 1) or not (thin or thick):
            start = number
        elif not floats and out.type.dtype != "int":  # a product of sizes is a float all the same
            start = 1.0
        for factor in thin:
            if start is None:
                start = factor
            else:
                steps.append((ops.multiply, factor))
        late: list[Tree] = []
        for divisor in thin_divisors:
            if start is None:
                late.append(divisor)
            else:
                steps.append((ops.divide, divisor))
        for factor in thick:
            if start is None:
                start = factor
            else:
                steps.append((ops.multiply, factor))
        steps += [(ops.divide, divisor) for divisor in (*thick_divisors, *late)]
        if product.negative and not steps and _number(start):
            start, negative = -start, False  # type: ignore[operator]
        else:
            negative = product.negative
        if not steps and not negative:
            return self.become(statement, start)
        if negative:
            steps.append((ops.negative, None))
        if self.same_steps(statement, start, steps):
            return statement
        value = start
        for op, operand in steps[:-1]:
            value = self.new(op, value, operand, statement=statement)
        op, operand = steps[-1]
        args = (value,) if op is ops.negative else (value, operand)
        type_ = infer(op, args, {})
        if not same_form(type_, out.type) and not (type_.rank == 0 and out.type.rank == 0):
            return statement
        return remake(statement, op, args)

    def same_steps(
        self, statement: Let, start: Tree, steps: list[tuple[ops.Operation, Tree]]
    ) -> bool:
        """Whether the statement has the wanted form already."""
        current: Let | None = statement
        for place, (op, operand) in enumerate(reversed(steps)):
            if current is None or current.op is not op:
                return False
            if op is not ops.negative and not _same(current.args[1], operand):
                return False
            head = current.args[0]
            if place == len(steps) - 1:
                return _same(head, start)
            current = self.inner(head)
        return False

    def conj(self, statement: Let) -> Let | None:
        """What is real comes out of a conjugate, and a quotient's divisor: `2 * np.conj(x)`, `1 / np.conj(x)`."""
        out = statement.out
        found = self.inner(statement.args[0])
        if found is None or out is None or found.out is None or not self.fits(found, out):
            return statement
        product = self.product_of(found.op, found.args, found.out)
        if product is None:
            return statement
        negative, number, factors, divisors = product
        outside = Product(
            negative,
            number,
            tuple(f for f in factors if not _is_complex(f)),
            tuple(d for d in divisors if not _is_complex(d)),
        )
        factors, divisors = (tuple(filter(_is_complex, parts)) for parts in (factors, divisors))
        if outside == (False, 1, (), ()) and factors:
            return statement
        inside = (
            Product(False, 1, factors, divisors) if factors else Product(False, 1, divisors, ())
        )
        value = self.new(ops.conj, self.build(inside, statement), statement=statement)
        if factors:
            outside = outside._replace(factors=(*outside.factors, value))
        else:
            outside = outside._replace(divisors=(*outside.divisors, value))
        return self.rebuild(statement, outside)

    # sums

    def signed(self, tree: Tree) -> tuple[bool, Tree]:
        """Whether an operand is a negation, and of what."""
        if _number(tree) and tree < 0:
            return True, -tree
        found = self.lets.get(tree) if isinstance(tree, Value) and not tree.named else None
        if found is not None and found.op is ops.negative and found.origin.part != "primal":
            return True, found.args[0]
        return False, tree

    def add(self, statement: Let) -> Let | None:
        """Sums and differences: signs, like terms, a common factor, a common divisor without axes."""
        out = statement.out
        assert out is not None
        a, b = statement.args
        if _number(a) and _number(b):
            return self.become(statement, statement.op.function(a, b))
        if _number(b) and b == 0:
            return self.become(statement, a) or statement if self.become(statement, a) else None
        if _number(a) and a == 0 and statement.op is ops.add:
            return self.become(statement, b)
        if not self.fits(statement, out):
            return statement
        minus_a, x = self.signed(a)
        minus_b, y = self.signed(b)
        if statement.op is ops.subtract:
            minus_b = not minus_b
        like = self.like_terms(statement, minus_a, x, minus_b, y)
        if like is not statement:
            return like
        longer = self.long_sum(statement)
        if longer is not statement:
            return longer
        if minus_a and minus_b:
            total = self.new(ops.add, x, y, statement=statement)
            return remake(statement, ops.negative, (total,))
        if minus_b:
            return (
                statement
                if x is a and statement.op is ops.subtract and y is b
                else remake(statement, ops.subtract, (x, y))
            )
        if minus_a:
            return remake(statement, ops.subtract, (y, x))
        return (
            statement
            if x is a and y is b and statement.op is ops.add
            else remake(statement, ops.add, (x, y))
        )

    def long_sum(self, statement: Let) -> Let | None:
        """Terms of a sum of three or more that are alike become one: `x_bar + p + p` is `x_bar + 2 * p`."""
        out = statement.out
        assert out is not None
        terms = self.terms(statement, out)
        if len(terms) < 3:
            return statement
        products = [self.product(term, out) for _, term in terms]
        for first in range(len(terms)):
            for second in range(first + 1, len(terms)):
                p, q = products[first], products[second]
                if not (_same_set(p.factors, q.factors) and _same_set(p.divisors, q.divisors)):
                    continue
                left = -p.number if p.negative != terms[first][0] else p.number
                right = -q.number if q.negative != terms[second][0] else q.number
                number = left + right
                if number == 0 or not p.factors:
                    continue
                both = self.build(Product(False, _whole(abs(number)), *p[2:]), statement)
                rest = [t for place, t in enumerate(terms) if place not in (first, second)]
                rest.insert(min(first, len(rest)), (number < 0, both))
                if rest[0][0]:  # a sum does not begin with a sign where it can be helped
                    rest.sort(key=lambda term: term[0])
                return self.rebuilt_sum(statement, rest)
        return statement

    def rebuilt_sum(self, statement: Let, terms: list[tuple[bool, Tree]]) -> Let | None:
        """A sum of signed terms for the statement's value."""
        (negative, total), *rest = terms
        if negative:
            total = self.new(ops.negative, total, statement=statement)
        for minus, term in rest[:-1]:
            op = ops.subtract if minus else ops.add
            total = self.new(op, total, term, statement=statement)
        minus, last = rest[-1]
        return remake(statement, ops.subtract if minus else ops.add, (total, last))

    def terms(self, statement: Let, out: Value) -> list[tuple[bool, Tree]]:
        """The signed terms of a sum, through sums of the same form that nothing else reads."""
        found: list[tuple[bool, Tree]] = []

        def visit(tree: Tree, minus: bool) -> None:
            let = self.inner(tree)
            if (
                let is not None
                and isinstance(tree, Value)
                and let.op in (ops.add, ops.subtract)
                and same_form(tree.type, out.type)
            ):
                visit(let.args[0], minus)
                visit(let.args[1], minus != (let.op is ops.subtract))
                return
            signed, inner = self.signed(tree)
            found.append((minus != signed, inner))

        visit(statement.args[0], False)
        visit(statement.args[1], statement.op is ops.subtract)
        if not all(same_form(type_of(term), out.type) for _, term in found):
            return []
        return found

    def like_terms(
        self, statement: Let, minus_a: bool, a: Tree, minus_b: bool, b: Tree
    ) -> Let | None:
        out = statement.out
        assert out is not None
        if _number(a) or _number(b):
            return statement
        p, q = self.product(a, out, primal=True), self.product(b, out, primal=True)
        if not (_same_set(p.factors, q.factors) and _same_set(p.divisors, q.divisors)):
            p, q = self.product(a, out), self.product(b, out)
        if _same_set(p.factors, q.factors) and _same_set(p.divisors, q.divisors):
            left = -p.number if p.negative != minus_a else p.number
            right = -q.number if q.negative != minus_b else q.number
            number = left + right
            if number == 0:
                return statement
            return self.rebuild(
                statement, Product(number < 0, _whole(abs(number)), p.factors, p.divisors)
            )
        shared = _shared(p.factors, q.factors)
        divided = [d for d in _shared(p.divisors, q.divisors) if type_of(d).rank == 0]
        if (shared or divided) and self.inner(a) is not None and self.inner(b) is not None:
            x = Product(
                p.negative, p.number, _without(p.factors, shared), _without(p.divisors, divided)
            )
            y = Product(
                q.negative, q.number, _without(q.factors, shared), _without(q.divisors, divided)
            )
            if not (x.factors and y.factors) or out.type.rank == 0:
                return statement
            number = 1
            if x.number == y.number:
                number, x, y = x.number, x._replace(number=1), y._replace(number=1)
            left_, right_ = self.build(x, statement), self.build(y, statement)
            if minus_a == minus_b:
                inner = self.new(ops.add, left_, right_, statement=statement)
                sign = minus_a
            elif minus_a:
                inner, sign = self.new(ops.subtract, right_, left_, statement=statement), False
            else:
                inner, sign = self.new(ops.subtract, left_, right_, statement=statement), False
            return self.rebuild(statement, Product(sign, number, (inner, *shared), tuple(divided)))
        return statement

    def build(self, product: Product, statement: Let) -> Tree:
        """A product as a value of its own."""
        value: Tree = None
        for factor in (*(() if product.number == 1 else (product.number,)), *product.factors):
            value = (
                factor
                if value is None
                else self.new(ops.multiply, value, factor, statement=statement)
            )
        for divisor in product.divisors:
            value = self.new(ops.divide, value, divisor, statement=statement)
        return self.new(ops.negative, value, statement=statement) if product.negative else value

    # others

    def power(self, statement: Let) -> Let | None:
        base, exponent = statement.args
        if _number(exponent) and exponent == 1:
            return self.become(statement, base)
        if _number(base) and _number(exponent):
            return self.become(statement, base**exponent)
        return statement

    def total(self, statement: Let) -> Let | None:
        """A sign, a number, and what has no axes come out of a sum."""
        out = statement.out
        assert out is not None
        found = self.inner(statement.args[0])
        if found is None or not self.fits(found, out):
            return statement
        product = self.product_of(found.op, found.args, out)
        if product is None:
            return statement
        thin = tuple(f for f in product.factors if type_of(f).rank == 0)
        thick = tuple(f for f in product.factors if type_of(f).rank != 0)
        thin_divisors = tuple(d for d in product.divisors if type_of(d).rank == 0)
        thick_divisors = tuple(d for d in product.divisors if type_of(d).rank != 0)
        if not thick or not (product.negative or product.number != 1 or thin or thin_divisors):
            return statement
        inner = self.build(Product(False, 1, thick, thick_divisors), statement)
        value = Value("sum", out.type)
        self.out.append(Let(value, statement.op, (inner,), statement.options, statement.origin))
        self.lets[value] = self.out[-1]  # type: ignore[assignment]
        self.count[value] = 1
        return self.rebuild(
            statement, Product(product.negative, product.number, (*thin, value), thin_divisors)
        )

    def matmul(self, statement: Let) -> Let | None:
        """A sign comes out of a matrix product."""
        for place in (0, 1):
            found = self.inner(statement.args[place])
            if found is not None and found.op is ops.negative:
                args = list(statement.args)
                args[place] = found.args[0]
                inner = self.new(statement.op, *args, statement=statement)
                return remake(statement, ops.negative, (inner,))
        return statement


_METHODS = {
    ops.multiply: _Algebra.multiply,
    ops.divide: _Algebra.multiply,
    ops.negative: _Algebra.multiply,
    ops.add: _Algebra.add,
    ops.subtract: _Algebra.add,
    ops.power: _Algebra.power,
    ops.matmul: _Algebra.matmul,
    ops.conj: _Algebra.conj,
}


def _number(tree: Tree) -> bool:
    return (
        isinstance(tree, (int, float)) and not isinstance(tree, bool) and not hasattr(tree, "text")
    )


def _floating(arg: Tree, dtype: str) -> bool:
    """Whether an operand computes in `dtype`, or is a Python number, or a size."""
    if isinstance(arg, (int, float)):
        return True
    type_ = type_of(arg)
    if type_.dtype == dtype or _PARTS.get(dtype, dtype) == type_.dtype:
        return True
    return type_.kind == "number" and (
        type_.dtype in ("float", "int") or (type_.dtype == "complex" and dtype in _PARTS)
    )


# What the parts of complex numbers are, which compute with them in the same dtype.
_PARTS = {"complex64": "float32", "complex128": "float64"}


def _is_complex(tree: Tree) -> bool:
    """Whether an operand is complex, or not known to be real."""
    return (type_of(tree).dtype or "complex").startswith("complex")


def _times(a: Any, b: Any) -> Any:
    """The product of two numbers; a plain 1 of either kind leaves the other as it was written."""
    if a == 1:
        return b
    return a if b == 1 else a * b


def _whole(number: Any) -> Any:
    return int(number) if isinstance(number, int) else number


def _simple(statement: Let) -> bool:
    """A sign, or a number over a size: cheap enough to be written twice."""
    return statement.op is ops.negative or (
        statement.op is ops.divide and _number(statement.args[0])
    )


def _same(a: Tree, b: Tree) -> bool:
    return a is b or (_number(a) and _number(b) and type(a) is type(b) and a == b)


def _same_set(a: tuple[Tree, ...], b: tuple[Tree, ...]) -> bool:
    """Whether two products have the same factors, each as often."""
    return len(a) == len(b) and len(_shared(a, b)) == len(a)


def _shared(a: tuple[Tree, ...], b: tuple[Tree, ...]) -> list[Tree]:
    """The factors that two products have in common, each as often as in both."""
    rest, found = list(b), []
    for part in a:
        place = next((place for place, other in enumerate(rest) if _same(part, other)), None)
        if place is not None:
            del rest[place]
            found.append(part)
    return found


def _without(parts: tuple[Tree, ...], gone: list[Tree]) -> tuple[Tree, ...]:
    """The factors that are left, each of those gone taken away once."""
    rest = list(parts)
    for part in gone:
        del rest[next(place for place, other in enumerate(rest) if _same(part, other))]
    return tuple(rest)
