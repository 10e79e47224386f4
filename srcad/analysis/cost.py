"""What Core costs: formulas in the sizes of the arguments and the trips of loops.

The unit is one number that is computed or copied. From what an operation's rule says of it, in this order:

| The operation | costs |
|---|---|
| gives a view, or an integer that counts | nothing |
| stores into an array, or takes out of one | what is stored, or taken |
| a product (`bilinear`) | 2 for each pair of numbers that is multiplied: of (n, m) and (m, k) 2 n m k |
| a factorization (`primitive` of matrices, by its signature) | for each entry of its operands its number of columns: `solve` n^3 + n^2 k |
| is defined by others (`derived`) | what those do |
| a Fourier transform, or sorts | log2 of the length for each number |
| anything else that gives an array as large as its operands or larger | its result |
| anything else (sums, products, norms) | its largest operand |

Constants such as the 2/3 of an LU factorization are left out: it is for comparing, and for what happens when a size doubles.

>>> from srcad.core.types import Size, array
>>> n, m = Size("n"), Size("m")
>>> a, x = Value("a", array("float64", n, m)), Value("x", array("float64", m))
>>> y, z = Value("y", array("float64", n)), Value("z", array("float64", n.less(1)))
>>> block = [Let(y, ops.matmul, (a, x)), Let(z, ops.operation(np.diff), (y,))]
>>> Cost().of_block(block)
2 m n + n
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from srcad.analysis.memory import memory_of
from srcad.analysis.types import Opaque, infer, type_of
from srcad.core import ops
from srcad.core.builder import Builder
from srcad.core.nodes import Block, Branch, Call, Expr, Family, Let, Loop, Statement, Value
from srcad.core.quote import RankUnknown, quote
from srcad.core.types import Dim, Type
from srcad.rules.families import cores, named_axes, rule_of
from srcad.rules.solvers import solver_of

__all__ = ["Cost", "Formula"]

Monomial = tuple[str, ...]


class Formula:
    """A sum of products of named sizes: `4 m n + 3 n - 2`.

    >>> n, m = Formula.named("n"), Formula.named("m")
    >>> 2 * n * (m + n - 1), (n + 1) * 3 - n, Formula(0)
    (2 m n + 2 n^2 - 2 n, 2 n + 3, 0)
    """

    __slots__ = ("terms",)

    def __init__(self, terms: float | dict[Monomial, float] = 0) -> None:
        found = terms if isinstance(terms, dict) else {(): terms}
        self.terms = {key: count for key, count in found.items() if count}

    @classmethod
    def named(cls, name: str) -> Formula:
        """One size."""
        return cls({(name,): 1})

    def __add__(self, other: Formula | float) -> Formula:
        made = dict(self.terms)
        for key, count in _formula(other).terms.items():
            made[key] = made.get(key, 0) + count
        return Formula(made)

    __radd__ = __add__

    def __sub__(self, other: Formula | float) -> Formula:
        return self + _formula(other) * -1

    def __mul__(self, other: Formula | float) -> Formula:
        made: dict[Monomial, float] = {}
        for one, count in self.terms.items():
            for two, times in _formula(other).terms.items():
                key = tuple(sorted((*one, *two)))
                made[key] = made.get(key, 0) + count * times
        return Formula(made)

    __rmul__ = __mul__

    def __eq__(self, other: object) -> bool:
        return isinstance(other, (Formula, int)) and self.terms == _formula(other).terms

    def __hash__(self) -> int:
        return hash(frozenset(self.terms.items()))

    def __bool__(self) -> bool:
        return bool(self.terms)

    @property
    def order(self) -> tuple[float, ...]:
        """The numbers of each degree, the highest first: which of two formulas grows faster."""
        degrees = [len(key) for key in self.terms]
        highest = max(degrees, default=0)
        counts = [0.0] * (highest + 1)
        for key, count in self.terms.items():
            counts[highest - len(key)] += count
        return (highest, *counts)

    def at(self, **sizes: float) -> float:
        """Its value for sizes.

        >>> (2 * Formula.named("n") + 1).at(n=10)
        21
        """
        return sum(
            count * math.prod(sizes[name] for name in key) for key, count in self.terms.items()
        )

    @property
    def symbols(self) -> set[str]:
        """The sizes that it is a formula in."""
        return {name for key in self.terms for name in key}

    def most(self, other: Formula) -> Formula:
        """What both stay below."""
        keys = [*self.terms, *(key for key in other.terms if key not in self.terms)]
        return Formula({key: max(self.terms.get(key, 0), other.terms.get(key, 0)) for key in keys})

    def root(self) -> Formula | None:
        """The square root, where it is a product of sizes.

        >>> n = Formula.named("n")
        >>> (n * n * 4).root(), (n * 2).root()
        (2 n, None)
        """
        if len(self.terms) != 1:
            return None
        ((key, count),) = self.terms.items()
        half = key[::2]
        if half != key[1::2] or count < 0 or math.isqrt(int(count)) ** 2 != count:
            return None
        return Formula({half: math.isqrt(int(count))})

    def over(self, other: Formula) -> str:
        """The ratio where the sizes are large, in words.

        >>> n, m = Formula.named("n"), Formula.named("m")
        >>> (3 * n * m + n).over(2 * n * m), (3 * n).over(n * n), (n * m).over(n + 1), Formula(6).over(Formula(4))
        ('1.5', 'about 3 / n', 'about m', '1.5')
        """
        tops = [_leading(each) for each in (self, other)]
        if not tops[1]:
            return ""
        if set(tops[0]) == set(tops[1]):
            shares = {round(tops[0][key] / tops[1][key], 2) for key in tops[0]}
            low, high = min(shares), max(shares)
            return f"{low:g}" if low == high else f"{low:g} to {high:g}"
        if len(tops[0]) == len(tops[1]) == 1:
            ((above, count),), ((below, by),) = tops[0].items(), tops[1].items()
            rest = list(below)
            left = [name for name in above if not _taken(rest, name)]
            top = Formula({tuple(left): round(count / by, 2)})
            return f"about {top} / {' '.join(rest)}" if rest else f"about {top}"
        return f"about ({Formula(tops[0])}) / ({Formula(tops[1])})"

    def __repr__(self) -> str:
        if not self.terms:
            return "0"
        ordered = sorted(self.terms, key=lambda key: (-len(key), key))
        text = ""
        for key in ordered:
            count = self.terms[key]
            sign = "-" if count < 0 else "+"
            size = " ".join(_powers(key))
            number = "" if abs(count) == 1 and size else f"{abs(count):,.12g}".replace(",", "")
            text += f" {sign} " if text else ("-" if count < 0 else "")
            text += " ".join(filter(None, [number, size]))
        return text


def _taken(names: list[str], name: str) -> bool:
    if name in names:
        names.remove(name)
        return True
    return False


def _leading(formula: Formula) -> dict[Monomial, float]:
    """The terms that no other term of the formula outgrows."""
    return {
        key: count
        for key, count in formula.terms.items()
        if not any(other != key and _divides(key, other) for other in formula.terms)
    }


def _divides(one: Monomial, other: Monomial) -> bool:
    rest = list(other)
    return all(_taken(rest, name) for name in one)


def _powers(key: Monomial) -> Iterator[str]:
    for name in sorted(dict.fromkeys(key), key=lambda name: ("(" in name, name)):
        count = key.count(name)
        yield name if count == 1 else f"{name}^{count}"


def _formula(found: Formula | float) -> Formula:
    return found if isinstance(found, Formula) else Formula(found)


class Cost:
    """Counts; `legend` says what the names stand for that the signature does not have, `bounds` whether a run may cost less."""

    def __init__(self) -> None:
        self.bounds = False
        self.legend: dict[str, str] = {}
        self.keys: dict[Any, str] = {}
        self.trips: dict[Family, Formula] = {}

    # sizes

    def size(self, tree: Any) -> Formula:
        """How many numbers an operand holds."""
        type_ = type_of(tree)
        if isinstance(tree, (tuple, list)) and type_.shape is None:
            return sum((self.size(part) for part in tree), Formula())
        if type_.kind == "tuple":
            return sum((self.of_type(part, "part") for part in type_.parts), Formula())
        named = tree if isinstance(tree, Value) else _label(tree)
        return self.of_type(type_, named) if type_.numeric else Formula()

    def of_type(self, type_: Type, named: Value | str) -> Formula:
        """How many numbers a value of this type holds; what is not known of it gets its name."""
        label = _label(named)
        if type_.shape is None:
            if type_.kind not in ("array", "any"):
                return Formula(1)
            return Formula.named(self.name(("size", named), f"size({label})"))
        total = Formula(1)
        for axis, size in enumerate(type_.shape):
            total *= self.dim(size, f"len({label})" if not axis else f"{label}.shape[{axis}]")
        return total

    def dim(self, size: Dim, label: str) -> Formula:
        """A size of one axis."""
        if isinstance(size, int):
            return Formula(size)
        return self.key(size.key, label) - size.minus

    def key(self, key: Any, label: str) -> Formula:
        """What a size is counted in: a symbol, or what it is derived from."""
        if isinstance(key, str):
            return Formula.named(key)
        tag, *parts = key.key if isinstance(key, Opaque) else ("", None)
        if tag == "product":
            total = Formula(parts[0])
            for size, power in parts[1]:
                for _ in range(power):
                    total *= self.dim(size, label)
            return total
        if tag == "sum":
            return sum((self.dim(size, label) * count for size, count in parts[0]), Formula())
        if tag == "size":
            return self.dim(parts[0], label)
        if tag == "int" and isinstance(parts[0], Value) and parts[0].named:
            return Formula.named(parts[0].base)
        if tag in ("broadcast", "min"):
            names = sorted(str(self.dim(size, label)) for size in parts[0])
            return Formula.named(f"{'max' if tag == 'broadcast' else 'min'}({', '.join(names)})")
        return Formula.named(self.name(key, label))

    def name(self, key: Any, label: str) -> str:
        """The name of what is not known: one for each thing."""
        if key not in self.keys:
            name, counter = label, 1
            while name in self.keys.values():
                counter += 1
                name = f"{label}_{counter}"
            self.keys[key] = name
            self.legend[name] = "not known while compiling"
        return self.keys[key]

    # blocks

    def of_block(self, block: Block) -> Formula:
        """The operations of a block, and of what it calls."""
        return sum((self.of(statement) for statement in block), Formula())

    def of(self, statement: Statement) -> Formula:
        """The operations of a statement: of a branch at most, of a loop all iterations."""
        if isinstance(statement, Let):
            if solver_of(statement.op.function) is not None:
                return self.solving(statement)
            return self.operation(
                statement.op,
                statement.args,
                statement.options,
                statement.out.type if statement.out is not None else Type("object"),
                "" if statement.out is None else statement.out,
            )
        if isinstance(statement, Call):
            return self.of_block(statement.callee.body) + self.inside(statement.args)
        if isinstance(statement, Branch):
            sides = self.of_block(statement.body), self.of_block(statement.orelse)
            self.bounds = self.bounds or sides[0] != sides[1]
            return sides[0].most(sides[1]) + self.inside(statement.condition)
        if isinstance(statement, Loop):
            once = self.of_block(statement.header) + self.of_block(statement.body)
            once += self.inside([carry.next for carry in statement.carries])
            return self.times(statement) * (once + self.inside((statement.test, statement.until)))
        return Formula()

    def solving(self, statement: Let) -> Formula:
        """A call of a solver: what it takes depends on values."""
        name, line = statement.op.name, statement.origin.line
        made = Formula.named(f"solve_{line}")
        self.legend[f"solve_{line}"] = (
            f"what `{name}` of line {line} computes, as often as it needs to"
        )
        return made

    def times(self, loop: Loop) -> Formula:
        """How often the body of a loop runs."""
        if loop.family in self.trips:
            return self.trips[loop.family]
        name = f"trips_{loop.origin.line}"
        found: Dim | None = None
        if loop.over:
            found = (loop.over[0][0].type.shape or (None,))[0]
        elif loop.domain is not None:
            self.bounds = self.bounds or loop.open
            found = (infer(ops.operation(np.arange), loop.domain, {}).shape or (None,))[0]
        made = Formula.named(name) if found is None else self.dim(found, name)
        if name in made.symbols:
            self.legend[name] = f"iterations of the loop of line {loop.origin.line} (of one run)"
        self.trips[loop.family] = made
        return made

    def inside(self, tree: Any) -> Formula:
        """The operations of expressions among operands."""
        if isinstance(tree, Expr):
            return self.operation(tree.op, tree.args, tree.options, tree.type, tree.op.base)
        if isinstance(tree, (tuple, list)):
            return sum(map(self.inside, tree), Formula())
        if isinstance(tree, dict):
            return sum(map(self.inside, tree.values()), Formula())
        return Formula()

    # operations

    def operation(
        self, op: ops.Operation, args: Any, options: Any, type_: Type, named: Value | str
    ) -> Formula:
        """One operation, and those inside its operands."""
        given = dict(options)
        if op in (ops.add, ops.put_add):  # printed as `-=`, or as a difference
            args = [
                arg.args[0] if isinstance(arg, Expr) and arg.op is ops.negative else arg
                for arg in args
            ]
        within = self.inside(args) + self.inside(list(given.values()))
        return within + self.itself(op, args, given, type_, named)

    def itself(
        self, op: ops.Operation, args: Any, options: Any, type_: Type, named: Value | str
    ) -> Formula:
        if op.style == "put":
            return self.size(args[2])
        counts = type_.kind in ("number", "object", "record") and type_.dtype in (
            *("int", "bool"),
            None,
        )
        if counts or memory_of(op, args, options) in ("view", "same"):
            return Formula()
        rule = rule_of(op.function)
        result = self._result(type_, named or op.base)
        if rule is None or rule.family == "elementwise" or op.function in _SELECTING:
            return result
        if rule.family == "bilinear":
            return self.product(rule, args, result)
        if rule.family == "derived" and (defined := self.definition(rule, args, options)):
            return defined
        matrices = [] if rule.signature is None else cores(rule.signature.partition("->")[0])
        if rule.family == "primitive" and any("," in core for core in matrices):
            return self.factorization(matrices, args)
        given = _arrays(args)
        home = ops.module_of(op.function) or ""
        if given and (home.endswith(".fft") or op.function in _SORTING):
            shape = type_of(given[0]).shape
            length = self.dim(shape[-1], f"len({_label(given[0])})") if shape else result
            return self.size(given[0]) * Formula.named(f"log2({length})")
        return max([result, *map(self.size, given)], key=lambda formula: formula.order)

    def _result(self, type_: Type, named: Value | str) -> Formula:
        if type_.kind == "tuple":
            return sum((self.of_type(part, named) for part in type_.parts), Formula())
        return self.of_type(type_, named) if type_.numeric else Formula()

    def definition(self, rule: Any, args: Any, options: dict[str, Any]) -> Formula | None:
        """The operations of a function that is known in terms of others; None where its definition does not say."""

        def plain(tree: Any) -> Any:
            if isinstance(tree, Expr):
                return Value(tree.op.base, tree.type)
            if type(tree) in (tuple, list):
                return type(tree)(map(plain, tree))
            return tree

        builder = Builder(infer)
        try:
            operands, named = rule.split(tuple(map(plain, args)), options)
            quote(rule.definition, builder, operands, named)
        except (RankUnknown, NotImplementedError, TypeError, ValueError):
            return None
        return self.of_block(builder.block)

    def product(self, rule: Any, args: Any, result: Formula) -> Formula:
        """2 for each pair that is multiplied; of a contraction of a and b to c that is the root of |a| |b| |c| times."""
        if args and isinstance(args[0], str):  # np.einsum
            inputs = args[0].replace(" ", "").partition("->")[0].split(",")
            return 2 * self.axes(inputs, args[1:])
        given = _arrays(args)
        if rule.signature is not None:
            inputs = cores(rule.signature.partition("->")[0])
            found = [
                named_axes(core, len(type_of(arg).shape or ())) for core, arg in zip(inputs, given)
            ]
            batch = [
                tuple(type_of(arg).shape or ())[: len(type_of(arg).shape or ()) - len(names)]
                for names, arg in zip(found, given)
            ]
            rest = self.of_type(Type("array", None, max(batch, key=len, default=())), "batch")
            return 2 * rest * self.axes(found, given)
        first, second = (self.size(arg) for arg in given[:2])
        pairs = (first * second * result).root()
        if pairs is None:
            pairs = result if first == second == result else first * second
        return pairs if pairs == result else 2 * pairs

    def axes(self, named: Iterable[Iterable[str]], given: Iterable[Any]) -> Formula:
        """The product of the sizes of all axes that are named, each once; the last axes of each operand are those named."""
        seen: dict[str, Formula] = {}
        for names, arg in zip(named, given):
            names = [name for name in names if name != "."]
            shape = type_of(arg).shape
            for place, name in enumerate(reversed(names)):
                if shape is not None and place < len(shape) and name not in seen:
                    seen[name] = self.dim(shape[-1 - place], f"len({_label(arg)})")
        total = Formula(1)
        for size in seen.values():
            total *= size
        return total

    def factorization(self, inputs: list[str], args: Any) -> Formula:
        """For each entry of the operands the number of columns of the first matrix."""
        given = _arrays(args)
        columns = next(
            (
                self.dim((type_of(arg).shape or (1,))[-1], f"len({_label(arg)})")
                for core, arg in zip(inputs, given)
                if "," in core
            ),
            Formula(1),
        )
        return columns * sum(map(self.size, given), Formula())


_SELECTING = {
    *(ops.getitem.function, np.take, np.take_along_axis, np.compress, np.extract, np.choose),
    *(np.diag, np.trace, np.tril, np.triu),
}
_SORTING = {np.sort, np.argsort, np.unique, np.median, np.quantile, np.percentile}


def _arrays(args: Any) -> list[Any]:
    """The operands that hold numbers, those in a list or tuple one by one."""
    found: list[Any] = []
    for arg in args:
        if isinstance(arg, (tuple, list)) and not hasattr(arg, "_fields"):
            found += _arrays(arg)
        elif isinstance(arg, (Value, Expr)) and (arg.type.numeric or arg.type.kind == "tuple"):
            found.append(arg)
    return found


def _label(tree: Any) -> str:
    if isinstance(tree, str):
        return tree
    if isinstance(tree, Value):
        return tree.base
    return tree.op.base if isinstance(tree, Expr) else "it"
