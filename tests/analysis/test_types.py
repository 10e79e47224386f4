# ruff: noqa: SIM905
"""Every claim of `infer` is compared with what NumPy does, for several sizes of the symbols.

Expressions are text. `Machine` runs each operation twice: on types, and on real arrays under each assignment of
sizes. An assignment under which an operation raises is dropped, as is the program in it.
"""

from __future__ import annotations

import ast
import builtins
import itertools
import operator
import warnings
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from srcad import runtime
from srcad.analysis.types import (
    Exact,
    Opaque,
    broadcast,
    infer,
    join,
    same_shape,
    same_size,
    size_of,
    type_of,
    widen,
)
from srcad.core import ops
from srcad.core.nodes import Slice, Value
from srcad.core.types import ANY, Size, Type, array, number, scalar

SYMBOLS = "nmkpq"  # p and q are never 1
ASSIGNMENTS = [
    dict(zip(SYMBOLS, sizes))
    for sizes in [
        (3, 3, 3, 3, 3),
        (1, 1, 1, 2, 2),
        (0, 0, 0, 0, 0),
        (2, 3, 5, 2, 3),
        (3, 1, 2, 3, 0),
        (1, 3, 1, 5, 2),
        (5, 2, 0, 2, 5),
        (0, 3, 1, 0, 3),
        (3, 0, 1, 3, 3),
        (2, 2, 3, 2, 5),
        (2, 1, 3, 0, 2),
        (1, 2, 5, 3, 2),
    ]
]


def sym(name: str) -> Size:
    return Size(name, many=name in "pq")


class Machine:
    """Runs operations on types and on arrays."""

    def __init__(self, seed: int = 0) -> None:
        self.random = np.random.default_rng(seed)
        self.alive = list(range(len(ASSIGNMENTS)))
        self.reals: dict[Value, dict[int, Any]] = {}
        self.bound: list[dict[Any, int]] = [{} for _ in ASSIGNMENTS]
        self.names: dict[str, Value] = {}

    def value(self, name: str, type_: Type, reals: dict[int, Any]) -> Value:
        made = Value(name, type_)
        self.reals[made] = reals
        self.names[name] = made
        return made

    def variable(
        self, name: str, kind: str, dtype: str, dims: tuple[Any, ...] = (), claim: bool = True
    ) -> Value:
        reals = {}
        for i, sizes in enumerate(ASSIGNMENTS):
            shape = tuple(sizes.get(dim, dim) for dim in dims)
            reals[i] = self.real(kind, dtype, shape)
        shape = tuple(sym(dim) if isinstance(dim, str) else dim for dim in dims)
        return self.value(name, Type(kind, dtype, shape) if claim else ANY, reals)

    def real(self, kind: str, dtype: str, shape: tuple[int, ...]) -> Any:
        drawn = (
            self.random.integers(-2, 4, shape)
            if dtype != "bool"
            else self.random.random(shape) < 0.6
        )
        if dtype.startswith(("float", "complex")):
            drawn = drawn + self.random.random(shape)
        if dtype.startswith("uint"):
            drawn = np.abs(drawn)
        if kind == "number":
            return getattr(builtins, dtype)(drawn)
        made = np.array(drawn).astype(dtype)
        return made[()] if kind == "scalar" else made

    def materialise(self, tree: Any, i: int) -> Any:
        if isinstance(tree, Value):
            return self.reals[tree][i]
        if isinstance(tree, Slice):
            return slice(*(self.materialise(part, i) for part in tree))
        if isinstance(tree, (tuple, list)):
            return type(tree)(self.materialise(part, i) for part in tree)
        return tree

    def apply(
        self, op: ops.Operation, args: tuple[Any, ...], options: dict[str, Any] | None = None
    ) -> Value:
        options = options or {}
        bound = ops.bind(op, args, options)
        type_ = infer(op, bound[0], dict(bound[1]))
        names = ops.parameters(op.function) if op.name.startswith("np.") else None
        if len(bound[0]) > 1 and names and names[0] != "x1" and "*" not in names[0] + names[1]:
            named = ops.Operation(op.function, op.name, style=op.style, operands=names[:1])
            bound = ops.bind(named, args, options)
            assert repr(infer(named, bound[0], dict(bound[1]))) == repr(type_), (op, bound)
        out = Value(op.base, type_)
        reals = self.reals[out] = {}
        for i in list(self.alive):
            real_args = [self.materialise(arg, i) for arg in args]
            real_options = {key: self.materialise(option, i) for key, option in options.items()}
            try:
                with warnings.catch_warnings(), np.errstate(all="ignore"):
                    warnings.simplefilter("ignore")
                    reals[i] = self.run(op, real_args, real_options)
            except Exception:  # the program raises under this assignment
                self.alive.remove(i)
                continue
            try:
                self.check(type_, reals[i], i)
            except AssertionError as error:
                claim = f"{type_.kind} {type_!r} {type_.value!r} is said of {reals[i]!r}"
                raise AssertionError(
                    f"{op}({args}, {options}) under {ASSIGNMENTS[i]}: {claim} ({error})"
                ) from error
        return out

    def run(self, op: ops.Operation, args: list[Any], options: dict[str, Any]) -> Any:
        if op.style == "method":
            return getattr(args[0], op.function.__name__)(*args[1:], **options)
        if op.style == "attribute" and len(args) == 1:
            return getattr(args[0], op.symbol or op.name)
        return op.function(*args, **options)

    # Claims.

    def check(self, type_: Type, real: Any, i: int) -> None:
        kind, dtype, shape, value = type_
        if kind == "tuple":
            assert type(real) is type(value) and len(real) == len(value)
            for part, found in zip(value, real):
                self.check(part, found, i)
            return
        numpy = isinstance(real, (np.ndarray, np.generic))
        python = type(real) in (bool, int, float, complex)
        kinds = {
            "array": type(real) is np.ndarray,
            "scalar": isinstance(real, np.generic),
            "number": python,
            "any": True,
            "object": not python and not (numpy and real.dtype.kind in "biufc"),
            "record": type(real) is list,
        }
        assert kinds[kind], type(real)
        if kind == "object":
            assert dtype is None or np.dtype(real) == np.dtype(dtype)
        elif dtype is not None:
            assert (real.dtype.name if numpy else type(real).__name__) == dtype
        if shape is not None:
            self.sizes(shape, np.shape(real), i)
        if isinstance(value, tuple) and not isinstance(value, Exact):
            self.sizes(value, real, i)
        elif value is not None:
            assert type(real) is int
            assert self.exact(value, i) == real

    def sizes(self, claims: tuple[Any, ...], actual: tuple[int, ...], i: int) -> None:
        assert len(claims) == len(actual)
        for claim, size in zip(claims, actual):
            assert self.size(claim, i, size) == size, claim

    def size(self, size: Any, i: int, actual: int | None = None) -> int:
        """What a size is under an assignment; `actual` is what a fresh one is bound to."""
        if isinstance(size, int):
            return size
        found = max(
            self.key(size.key, i, actual + size.minus if actual is not None else None) - size.minus,
            0,
        )
        assert found != 1 or not size.many, (size, found)
        return found

    def exact(self, count: Any, i: int) -> Any:
        if isinstance(count, Exact):
            key = self.key(count.key, i)
            assert key != 1 or not count.many
            return key + count.offset
        return count

    def key(self, key: Any, i: int, actual: int | None = None) -> int:
        if isinstance(key, str):
            return ASSIGNMENTS[i][key]
        assert isinstance(key, Opaque)
        tag, *rest = key.key
        if tag == "int":
            return int(self.reals[rest[0]][i])
        if tag == "mask" and isinstance(rest[0], Value):
            return int(np.count_nonzero(self.reals[rest[0]][i]))
        if tag in ("fresh", "mask"):
            if key not in self.bound[i]:
                assert actual is not None
                self.bound[i][key] = actual
            return self.bound[i][key]
        if tag == "size":
            return self.size(rest[0], i)
        if tag == "product":
            return rest[0] * int(np.prod([self.size(size, i) ** power for size, power in rest[1]]))
        if tag == "sum":
            return sum(self.size(size, i) * count for size, count in rest[0])
        if tag == "min":
            return min(self.size(size, i) for size in rest[0])
        if tag == "min":
            return min(self.size(size, i) for size in rest[0])
        if tag == "broadcast":
            sizes = {self.size(size, i) for size in rest[0]} - {1}
            assert len(sizes) < 2
            return sizes.pop() if sizes else 1
        if tag == "quotient":
            return self.size(rest[0], i) // self.size(rest[1], i)
        if tag == "slice":
            bounds = (self.exact(bound, i) for bound in rest[1:])
            return len(range(*slice(*bounds).indices(self.size(rest[0], i))))
        if tag == "floordiv":
            return self.exact(rest[0], i) // rest[1]
        if tag == "range":
            return len(range(*(self.exact(bound, i) for bound in rest)))
        if tag == "diagonal":
            return np.zeros((self.size(rest[0], i), self.size(rest[1], i))).diagonal(rest[2]).size
        raise AssertionError(tag)

    # Expressions.

    def evaluate(self, node: Any) -> Any:
        if isinstance(node, str):
            node = ast.parse(node, mode="eval").body
        if isinstance(node, ast.Constant):
            return node.value
        if isinstance(node, ast.Name):
            return self.names[node.id] if node.id in self.names else getattr(builtins, node.id)
        if isinstance(node, (ast.Tuple, ast.List)):
            parts = map(self.evaluate, node.elts)
            return tuple(parts) if isinstance(node, ast.Tuple) else list(parts)
        if isinstance(node, ast.UnaryOp):
            operand = self.evaluate(node.operand)
            function = {
                "USub": operator.neg,
                "UAdd": operator.pos,
                "Not": operator.not_,
                "Invert": operator.invert,
            }
            return self.python(function[type(node.op).__name__], operand)
        if isinstance(node, (ast.BinOp, ast.Compare)):
            if isinstance(node, ast.Compare):
                name, left, right = type(node.ops[0]).__name__, node.left, node.comparators[0]
            else:
                name, left, right = type(node.op).__name__, node.left, node.right
            return self.python(OPERATORS[name], self.evaluate(left), self.evaluate(right))
        if isinstance(node, ast.Subscript):
            return self.apply(ops.getitem, (self.evaluate(node.value), self.evaluate(node.slice)))
        if isinstance(node, ast.Slice):
            return Slice(
                *(part and self.evaluate(part) for part in (node.lower, node.upper, node.step))
            )
        if isinstance(node, ast.Attribute):
            if isinstance(node.value, ast.Name) and node.value.id not in self.names:
                return self.resolve(node)
            owner = self.evaluate(node.value)
            made = {
                "T": ops.transpose,
                "shape": ops.shape,
                "size": ops.size,
                "ndim": ops.ndim,
                "dtype": ops.dtype,
            }
            if node.attr not in made:
                made[node.attr] = ops.Operation(
                    getattr(np, node.attr), node.attr, style="attribute", symbol=node.attr
                )
            return self.apply(made[node.attr], (owner,))
        if isinstance(node, ast.Call):
            args = tuple(map(self.evaluate, node.args))
            options = {word.arg: self.evaluate(word.value) for word in node.keywords if word.arg}
            function = self.resolve(node.func)
            if function is not None:
                return self.apply(ops.operation(function), args, options)
            assert isinstance(node.func, ast.Attribute)
            owner, name = self.evaluate(node.func.value), node.func.attr
            if name in ("reshape", "transpose") and len(args) > 1:
                args = (args,)  # as the parser writes it
            home = np.ndarray if name in ("astype", "flatten") else np
            return self.apply(ops.operation(getattr(home, name), "method"), (owner, *args), options)
        raise AssertionError(ast.dump(node))

    def python(self, function: Any, *operands: Any) -> Any:
        if not any(isinstance(operand, Value) for operand in operands):
            try:
                return function(*operands)
            except TypeError:
                return 0
        return self.apply(ops.operation(function), operands)

    def resolve(self, node: Any) -> Any:
        """The object that a dotted name stands for, or None."""
        if isinstance(node, ast.Name):
            homes = {"np": np, "math": __import__("math"), "runtime": runtime}
            return (
                None if node.id in self.names else homes.get(node.id) or getattr(builtins, node.id)
            )
        if isinstance(node, ast.Attribute):
            home = (
                self.resolve(node.value)
                if isinstance(node.value, (ast.Name, ast.Attribute))
                else None
            )
            return None if home is None else getattr(home, node.attr)
        return None


OPERATORS = {
    "Add": operator.add,
    "Sub": operator.sub,
    "Mult": operator.mul,
    "Div": operator.truediv,
    "FloorDiv": operator.floordiv,
    "Mod": operator.mod,
    "Pow": operator.pow,
    "MatMult": operator.matmul,
    "BitAnd": operator.and_,
    "BitOr": operator.or_,
    "BitXor": operator.xor,
    "LShift": operator.lshift,
    "RShift": operator.rshift,
    "Lt": operator.lt,
    "LtE": operator.le,
    "Eq": operator.eq,
    "NotEq": operator.ne,
    "Gt": operator.gt,
    "GtE": operator.ge,
    "Is": operator.is_,
    "IsNot": operator.is_not,
}


def machine(seed: int = 0) -> Machine:
    """With the variables that the tables below speak of."""
    made = Machine(seed)
    shapes = {"o": (1,), "no": ("n", 1), "om": (1, "m"), "po": ("p", 1), "nom": ("n", 1, "m")}
    shapes |= {"three": (3,), "n3": ("n", 3), "t": (2, 3), "oo": (1, 1)}
    shapes |= {dims: tuple(dims) for dims in "n m k p q nm mn mk nn pq nmk kmn".split()}
    for name, dims in shapes.items():
        for letter, dtype in {
            "x": "float64",
            "f": "float32",
            "i": "int64",
            "b": "bool",
            "c": "complex128",
        }.items():
            made.variable(f"{letter}_{name}", "array", dtype, tuple(dims))
    made.variable("h_n", "array", "float16", ("n",))
    made.variable("u_n", "array", "uint8", ("n",))
    for letter, dtype in {
        "x": "float64",
        "f": "float32",
        "i": "int64",
        "b": "bool",
        "c": "complex128",
        "u": "uint8",
    }.items():
        made.variable(f"{letter}_s", "scalar", dtype)
        made.variable(f"{letter}_0", "array", dtype)
    for dtype in ("float", "int", "bool", "complex"):
        made.variable(f"{dtype}_", "number", dtype)
        made.variable(f"{dtype}_2", "number", dtype)
    made.variable("any_x", "array", "float64", ("n", "m"), claim=False)
    made.variable("any_f", "number", "float", claim=False)
    # Values of which less is known than could be.
    for name, like in {"v_n": "x_n", "v_nm": "f_nm", "v_s": "x_s", "v_float": "float_"}.items():
        old = made.names[like]
        made.value(name, old.type._replace(dtype=None), made.reals[old])
    mixed = {i: made.reals[made.names["x_s" if i % 2 else "float_"]][i] for i in made.alive}
    made.value("a_0", Type("any", None, ()), mixed)
    made.value("a_z", join(scalar("float64"), array("float64")), made.reals[made.names["x_0"]])
    made.value("a_n", Type("any", "float64", None), made.reals[made.names["x_n"]])
    return made


BASE = machine()


def fresh() -> Machine:
    """A copy of the machine above."""
    made = Machine()
    made.reals, made.names = dict(BASE.reals), BASE.names
    return made


def check(text: str, *, succeeds: bool = True) -> Value:
    made = fresh()
    found = made.evaluate(text)
    assert made.alive or not succeeds, f"{text} raises under every assignment"
    return found


ARRAYS = "x_n f_nm i_n b_nm c_n x_no x_om i_oo x_three x_nom u_n h_n v_n v_nm a_n any_x".split()
SCALARS = "x_s f_s i_s b_s c_s u_s x_0 i_0 b_0 v_s float_ int_ bool_ complex_ v_float a_0 a_z any_f 2 0.5".split()


@pytest.mark.parametrize("symbol", "+ - * / // % ** < == >= & | ^ <<".split())
def test_operators(symbol: str) -> None:
    for left, right in itertools.product(ARRAYS + SCALARS, repeat=2):
        check(f"{left} {symbol} {right}", succeeds=False)


POWERS = (
    "x_n f_nm i_n b_nm u_n v_n x_s f_s i_s b_s x_0 f_0 i_0 float_ int_ bool_ a_z a_n any_f".split()
)


def test_powers() -> None:
    made = fresh()
    made.names = dict(made.names)
    exponents = []
    for kind, dtype, values in [
        ("number", "int", [0, 1, 2, -1]),
        ("number", "float", [2.0, 0.5, 0.0, 1.0, -1.0, 3.5]),
        ("number", "complex", [2 + 0j, 1j]),
        *(
            (kind, dtype, [2, 0, 1, -1, 0.5])
            for kind in ("scalar", "array")
            for dtype in ("float64", "float32", "int64", "uint8", "bool", "complex64")
        ),
    ]:
        for value in values:
            name = f"e_{len(exponents)}"
            exponents.append(name)
            real = (
                value
                if kind == "number"
                else np.array(value).astype(dtype)[() if kind == "scalar" else ...]
            )
            made.value(name, Type(kind, dtype, ()), dict.fromkeys(range(len(ASSIGNMENTS)), real))
            exponents.append(f"f_{name}")
            made.value(
                f"f_{name}",
                Type("any", None if kind == "number" else dtype, ()),
                dict.fromkeys(range(len(ASSIGNMENTS)), real),
            )
    for base, exponent in itertools.product(POWERS, exponents):
        made.alive = [0]
        made.evaluate(f"{base} ** {exponent}")


@pytest.mark.parametrize("symbol", ["-", "+", "~", "not "])
def test_unary_operators(symbol: str) -> None:
    for operand in ARRAYS + SCALARS:
        check(f"{symbol}{operand}", succeeds=False)


UFUNCS = [f for f in (getattr(np, name) for name in dir(np)) if isinstance(f, np.ufunc)]


@pytest.mark.parametrize("ufunc", UFUNCS, ids=lambda ufunc: ufunc.__name__)
def test_ufuncs(ufunc: np.ufunc) -> None:
    name = next(n for n in dir(np) if getattr(np, n) is ufunc)
    if ufunc.nin == 1:
        for operand in ARRAYS + SCALARS:
            check(f"np.{name}({operand})", succeeds=False)
            check(f"np.{name}({operand}, dtype=np.float32)", succeeds=False)
    else:
        rights = [
            "x_n",
            "f_nm",
            "i_om",
            "f_s",
            "i_s",
            "x_0",
            "b_0",
            "float_",
            "int_",
            "v_s",
            "a_0",
            "any_x",
            "2",
            "[1, 2, 3]",
        ]
        for left, right in itertools.product(ARRAYS + SCALARS, rights):
            check(f"np.{name}({left}, {right})", succeeds=False)


REDUCTIONS = """
sum prod mean max min var std any all argmax argmin count_nonzero ptp median nansum nanprod
nanmean nanmax nanmin nanstd nanvar nanmedian nanargmax average
""".split()
REDUCED = "x_n f_nm i_nm b_nm c_nm u_n h_n x_nom x_kmn x_oo v_nm a_n any_x".split() + SCALARS


@pytest.mark.parametrize("name", REDUCTIONS)
def test_reductions(name: str) -> None:
    axes = [
        "",
        "axis=None",
        "axis=0",
        "axis=-1",
        "axis=1",
        "axis=(0, 1)",
        "axis=(0, 2)",
        "axis=(-1,)",
        "axis=int_",
        "axis=()",
    ]
    for operand, axis in itertools.product(REDUCED, axes):
        check(f"np.{name}({operand}, {axis})", succeeds=False)
        check(f"np.{name}({operand}, {axis + ',' if axis else ''} keepdims=True)", succeeds=False)
        if hasattr(np.ndarray, name):
            check(f"({operand}).{name}({axis})", succeeds=False)
    for operand, dtype in itertools.product(
        REDUCED, ["float", "np.float32", "int", "'complex64'", "x_n.dtype"]
    ):
        check(f"np.{name}({operand}, dtype={dtype})", succeeds=False)
        check(f"np.{name}({operand}, axis=0, dtype={dtype})", succeeds=False)


TEXTS = """
np.var(x_nm, ddof=1) | np.std(f_nm, axis=0, ddof=1) | np.average(x_nm, axis=0, weights=x_n) |
np.average(f_n, weights=i_n) | np.average(f_n, weights=f_n) | np.quantile(x_nm, 0.5) |
np.quantile(f_nm, 0.5, axis=0) | np.percentile(i_n, x_three * 0) |
np.quantile(f_nm, [0.1, 0.5], axis=1) | np.median(f_nm, axis=0) | np.linalg.norm(x_n) |
np.linalg.norm(f_nm) | np.linalg.norm(i_nm, axis=0) | np.linalg.norm(c_nm, axis=(0, 1)) |
np.linalg.norm(x_n, 1) | np.linalg.norm(f_n, np.inf) | np.linalg.norm(x_nm, 'fro') |
np.linalg.norm(x_nm, ord=2) | np.linalg.norm(x_nmk, axis=(0, 2)) |
np.linalg.norm(x_n, keepdims=True) | np.linalg.norm(x_nm, axis=1, keepdims=True) |
np.linalg.norm(i_n, 0) | np.linalg.norm(x_s) | np.linalg.norm(float_) | np.linalg.norm(x_nmk) |
np.linalg.norm(b_n, 3) | np.linalg.norm(h_n) | np.linalg.norm(v_nm, axis=0) | np.trace(x_nm) |
np.trace(i_nm) | np.trace(b_nm) | np.trace(f_nmk, axis1=0, axis2=2) | np.trace(x_nm, 1) |
x_nm.trace() | np.trace(v_nm) | np.trace(f_nm, dtype=float) | np.trace(x_nmk) | x_nm @ x_m |
x_m @ x_mn | x_m @ x_m | x_nm @ f_mk | i_nm @ x_m | c_nm @ i_mk | x_nmk @ x_kmn | x_kmn @ x_nm |
x_nm @ v_n | b_nm @ b_m | x_nm @ any_x | any_x @ x_m | np.matmul(x_nm, x_mk) | np.dot(x_nm, x_mk) |
np.dot(x_nm, x_m) | np.dot(x_n, x_n) | np.dot(x_n, 2) | np.dot(2.0, f_nm) | np.dot(f_n, 2.0) |
np.dot(2, 3.0) | np.dot(x_s, x_n) | np.dot(x_nmk, x_kmn) | np.dot(x_nmk, x_k) | x_nm.dot(x_m) |
np.dot(x_kmn, x_nm) | np.dot(float_, float_2) | np.dot(f_s, f_s) | np.dot(x_0, x_0) |
np.dot(int_, i_n) | np.dot(v_n, x_n) | np.inner(x_n, x_n) | np.inner(x_nm, x_m) |
np.inner(x_nm, f_nm) | np.inner(x_nm, 2.0) | np.inner(f_s, f_s) | np.inner(x_nmk, x_mk) |
np.vdot(x_nm, x_nm) | np.vdot(c_n, x_n) | np.vdot(f_n, f_n) | np.outer(x_n, x_m) |
np.outer(f_nm, x_k) | np.outer(x_s, x_n) | np.outer(2, x_n) | np.outer(int_, float_) |
np.outer(v_n, x_n) | np.kron(x_nm, x_mk) | np.kron(x_n, x_m) | np.kron(x_nm, f_k) |
np.kron(x_s, x_n) | np.kron(f_s, f_s) | np.kron(x_n, x_nm) | np.tensordot(x_nm, x_mk, 1) |
np.tensordot(x_nm, x_nm) | np.tensordot(x_n, x_m, 0) |
np.tensordot(x_nmk, x_kmn, axes=([0, 2], [2, 0])) | np.tensordot(x_nm, f_mn, axes=(0, 1)) |
np.tensordot(x_nm, x_nm, axes=2) | np.tensordot(x_nmk, x_mn, axes=((1,), (0,))) |
np.tensordot(x_nm, x_mk, axes=(-1, 0)) | np.einsum('ij,j', x_nm, x_m) |
np.einsum('ij,jk->ik', x_nm, x_mk) | np.einsum('i,i', x_n, x_n) | np.einsum('ii', x_nn) |
np.einsum('ii->i', x_nn) | np.einsum('ij->ji', x_nm) | np.einsum('ij', f_nm) |
np.einsum('i,j->ij', x_n, x_m) | np.einsum('i,j->ji', f_n, x_m) | np.einsum('ijk->k', x_nmk) |
np.einsum('ij->', x_nm) | np.einsum('...j,j->...', x_nmk, x_k) | np.einsum('ij , jk', x_nm, i_mk) |
np.einsum('i,i->i', x_o, x_n) | np.einsum('i,i->i', x_n, x_m) | np.einsum('ji,j', c_nm, x_n) |
np.einsum('i->', x_n, optimize=True) | np.einsum('ij,j', v_nm, x_m) |
np.einsum('i,->i', x_n, 2.0) | np.einsum('i', b_n) | np.einsum('ij,ij->i', x_no, x_nm) |
np.einsum('i,i->', x_n, v_n) | np.einsum(',', x_s, x_s) | np.einsum('bij,bjk->bik', x_nmk, x_nmk) |
np.reshape(x_nm, (-1,)) | np.reshape(x_nm, -1) | x_nm.reshape(-1) | x_nm.reshape(-1, 1) |
x_nm.reshape((1, -1)) | x_nm.reshape(1, -1, 1) | x_n.reshape(-1, 1) | x_n.reshape(x_n.shape) |
x_nm.reshape(x_nm.shape[0], -1) | x_nm.reshape(x_nm.size) |
x_nm.reshape((x_nm.shape[1], x_nm.shape[0])) | x_nmk.reshape(x_nmk.shape[0], -1) |
x_nmk.reshape(-1, x_nmk.shape[2]) | x_nmk.reshape(len(x_n) * len(x_m), -1) |
np.reshape(x_nm, mn_shape) | x_three.reshape(3, 1) | x_t.reshape(6) | x_t.reshape(3, -1) |
x_t.reshape(-1) | x_n3.reshape(-1) | x_n3.reshape(-1, 3) | x_n3.reshape(3, -1) |
x_nm.reshape(int_, -1) | x_nm.reshape(int_, int_2) | x_nm.reshape(int_) | x_nm.reshape((int_,)) |
x_n.reshape(len(x_n) - 1) | x_n.reshape(len(x_n) - 1, 3) | x_n.reshape(len(x_n) + 1) |
x_s.reshape(1) | x_s.reshape(()) | x_0.reshape(1, 1) | np.reshape(2.0, (1,)) |
np.reshape(2.0, ()) | np.reshape(int_, -1) | any_x.reshape(2, 3) | any_x.reshape(-1) |
a_n.reshape(-1, 1) | v_nm.reshape(-1) | x_nm.reshape((2, -1)) |
np.reshape(x_nm, (-1, 2), order='F') | x_mk.reshape(-1, 2) | x_nm.reshape(x_m.shape + x_n.shape) |
x_nm.reshape((1,) + x_nm.shape) | x_nm.reshape(x_nm.shape[:1] + (-1,)) |
x_nm.reshape((-1,) + x_nm.shape[1:]) | x_nm.reshape(x_nm.shape[::-1]) | np.ravel(x_nm) |
x_nm.ravel() | f_nmk.ravel() | x_s.ravel() | np.ravel(2.0) | x_0.ravel() | any_x.ravel() |
x_nm.flatten() | x_s.flatten() | i_n.ravel() | x_t.ravel() | x_n3.ravel() | x_nm.T | x_n.T |
x_s.T | x_0.T | x_nmk.T | np.transpose(x_nm) | np.transpose(x_s) | np.transpose(x_nmk, (1, 0, 2)) |
x_nmk.transpose((1, -1, 0)) | np.transpose(x_nmk, [2, 0, 1]) | x_nm.transpose() |
np.transpose(x_nm, None) | any_x.T | np.transpose(float_) | v_nm.T | np.transpose([x_n, x_n]) |
np.swapaxes(x_nmk, 0, 2) | x_nmk.swapaxes(-1, 0) | np.moveaxis(x_nmk, 0, -1) |
np.moveaxis(x_nmk, [0, 1], [-1, 0]) | np.moveaxis(x_nmk, 2, 0) |
np.moveaxis(x_nmk, (0, 2), (2, 0)) | np.rollaxis(x_nmk, 2) | np.squeeze(x_no) | np.squeeze(x_po) |
np.squeeze(x_po, 1) | np.squeeze(x_no, axis=1) | np.squeeze(x_no, 0) | x_nom.squeeze(1) |
np.squeeze(x_o) | np.squeeze(x_oo, axis=(0,)) | x_oo.squeeze() | np.squeeze(x_s) | x_pq.squeeze() |
np.squeeze(x_o, 0) | np.squeeze(float_) | np.expand_dims(x_n, 0) | np.expand_dims(x_n, -1) |
np.expand_dims(x_nm, (0, 2)) | np.expand_dims(x_s, 0) | np.expand_dims(2.0, 0) |
np.expand_dims(x_nm, 1) | np.broadcast_to(x_n, (3, len(x_n))) |
np.broadcast_to(x_om, (4, x_om.shape[1])) | np.broadcast_to(2.0, x_nm.shape) |
np.broadcast_to(f_s, ()) | np.broadcast_to(f_n, 3) | np.broadcast_to(x_o, int_) |
np.broadcast_to(2, (2,)) | np.broadcast_to(x_om, x_nm.shape) | np.concatenate((x_n, x_m)) |
np.concatenate([x_n, x_n]) | np.concatenate([x_n, f_m, [1.0]]) | np.concatenate(([0.0], x_n)) |
np.concatenate([x_n, [x_s]]) | np.concatenate((x_nm, x_nm), axis=0) |
np.concatenate((x_nm, x_om)) | np.concatenate((x_nm, x_no), axis=1) |
np.concatenate((x_nm, x_n3), 1) | np.concatenate((x_nm, i_nm), axis=-1) |
np.concatenate((x_nm, x_m), axis=None) | np.concatenate((i_n, b_m)) |
np.concatenate((x_n[1:], x_n[:1])) | np.concatenate((x_t, x_t), axis=1) | np.concatenate(x_t) |
np.concatenate((f_n, f_n), dtype=float) | np.concatenate((f_n, [1.0, 2.0])) |
np.concatenate((f_n, [f_s])) | np.concatenate((x_n, any_x)) | np.concatenate((x_n, v_n)) |
np.concatenate([x_n[:-1], x_n[-1:]]) | np.concatenate([x_n[1:], [1.0]]) |
np.concatenate((f_n, [float_])) | np.concatenate((f_n, [int_])) | np.stack((x_n, x_n)) |
np.stack([x_n, f_n], axis=1) | np.stack([x_nm, x_nm, i_nm], axis=-1) | np.stack([x_s, float_]) |
np.stack([float_, int_]) | np.stack((x_n, x_m)) | np.stack([f_s, f_s]) | np.stack((x_n, v_n)) |
np.stack(x_t) | np.vstack((x_n, x_n)) | np.vstack((x_nm, x_m)) | np.vstack([x_nm, f_nm]) |
np.vstack([x_s, x_s]) | np.hstack((x_n, x_m)) | np.hstack((x_nm, x_nm)) |
np.hstack([x_s, x_n, 1.0]) | np.hstack((x_nm, x_no)) | np.column_stack((x_n, f_n)) |
np.column_stack((x_nm, x_n)) | np.dstack((x_n, x_n)) | np.cumsum(x_n) | np.cumsum(x_nm) |
np.cumsum(i_nm, axis=0) | np.cumsum(b_n) | x_nm.cumsum(axis=1) | np.cumsum(x_s) | np.cumsum(2.0) |
np.cumprod(f_n) | np.cumsum(u_n) | np.cumsum(f_n, dtype=float) | np.cumsum(v_n) |
np.cumsum(x_nm, axis=int_) | np.cumprod(x_nm, 0) | np.nancumsum(x_nm, axis=0) | np.diff(x_n) |
np.diff(x_nm) | np.diff(x_nm, axis=0) | np.diff(i_n, 2) | np.diff(b_n) | np.diff(x_n, n=0) |
np.diff(u_n) | np.diff(x_n, prepend=0.0) | np.diff(x_nm, n=2, axis=0) | np.diff(v_n) |
np.sort(x_n) | np.sort(x_nm, axis=0) | np.sort(x_nm, axis=None) | np.argsort(x_nm) |
np.argsort(x_n, kind='stable') | np.flip(x_nm) | np.flip(x_n, 0) | np.flip(x_s) | np.flip(x_0) |
np.fliplr(x_nm) | np.flipud(x_nm) | np.roll(x_n, 1) | np.roll(x_nm, int_, axis=0) |
np.roll(x_s, 1) | np.roll(x_nm, (1, 2), (0, 1)) | np.diag(x_n) | np.diag(x_nm) | np.diag(x_nn) |
np.diag(x_n, 1) | np.diag(x_nm, -1) | np.diag(x_nn, 2) | np.diag(x_nn, k=-1) | np.diag(x_n, int_) |
np.diag(x_nm, int_) | np.diag(x_t) | np.diag(x_t, 1) | np.diag(x_t, -3) | np.diag(f_three, -2) |
np.diagonal(x_nm) | np.diagonal(x_nmk, axis1=0, axis2=2) | np.diagonal(x_nn, 1) | x_nm.diagonal() |
np.triu(x_nm) | np.tril(x_nn, -1) | np.triu(x_n) | np.tril(x_nmk) | np.eye(3) | np.eye(len(x_n)) |
np.eye(2, 3) | np.eye(len(x_n), len(x_m), 1) | np.eye(len(x_n), dtype=int) |
np.eye(x_n.size, M=2) | np.identity(len(x_n)) | np.identity(3, dtype=np.float32) |
np.eye(len(x_n) - 1) | np.eye(int_) | np.zeros(3) | np.zeros((2, 3)) | np.zeros(len(x_n)) |
np.zeros(x_nm.shape) | np.zeros((len(x_n), 2)) | np.zeros(x_nm.shape[0]) |
np.zeros(x_nm.shape[1:]) | np.zeros(x_nm.shape[::-1]) | np.zeros(len(x_n) - 1) |
np.zeros(len(x_n) + 1) | np.zeros(x_n.size - 2) | np.zeros(len(x_n) - 1 + 1) |
np.zeros(len(x_n) + 2 - 3) | np.zeros(len(x_n[1:])) | np.zeros(len(x_n[1:]) - 1) |
np.zeros(len(x_n[1:]) + 1) | np.zeros(2 * len(x_n)) | np.zeros(x_nn.size * len(x_n)) |
np.zeros(3 * x_nm.size * x_nn.size) | np.zeros(x_p.size * x_q.size) |
np.zeros(len(x_n) * len(x_m)) | np.zeros(x_nm.size) | np.zeros(len(x_n) // 2) | np.zeros(int_) |
np.zeros(int_ + 1) | np.zeros(int_ - 1) | np.zeros((int_, int_)) | np.zeros(int_ * 2) |
np.zeros(int_ // 2) | np.zeros(int_ + int_2) | np.zeros(1 - int_) | np.zeros(-int_) |
np.zeros(i_s) | np.zeros(u_s - 1) | np.zeros(i_0) | np.zeros(()) | np.zeros(3, dtype=int) |
np.zeros(3, float_.dtype) | np.zeros(3, dtype=x_n.dtype) | np.zeros(x_n.shape, dtype=f_n.dtype) |
np.zeros((3,), dtype='float32') | np.zeros((3, len(x_n) - len(x_n) + 1)) |
np.zeros((1,) + x_n.shape) | np.zeros(x_n.shape + (2,)) | np.zeros((int_,) + x_n.shape) |
np.zeros(x_n.shape + x_m.shape) | np.zeros(np.shape(x_nm)) | np.zeros(bool_) |
np.zeros(min(len(x_n), len(x_m))) | np.zeros(max(1, len(x_n))) | np.zeros(abs(int_)) |
np.zeros([2, len(x_n)]) | np.zeros((len(x_n) * 2 + 1) // 2) |
np.ones((len(x_n), 1), dtype=complex) | np.empty(2, dtype=np.float16) |
np.zeros(len(x_n) - 4 + 2) | np.zeros(10 - len(x_n)) | np.zeros(len(x_n) % 2) | np.full(3, 1.0) |
np.full(x_n.shape, 2) | np.full((2, len(x_n)), f_s) | np.full(3, x_s, dtype=int) |
np.full(len(x_n), x_n) | np.full((), 1j) | np.full(2, v_s) | np.full(2, any_f) |
np.full(3, fill_value=True) | np.full(x_nm.shape, np.nan) | np.full(2, a_0) | np.full(2, float_) |
np.zeros_like(x_nm) | np.zeros_like(i_n) | np.zeros_like(i_n, dtype=float) | np.ones_like(f_n) |
np.full_like(x_n, 3) | np.empty_like(b_n) | np.zeros_like(2.0) | np.zeros_like(float_) |
np.zeros_like(x_s) | np.zeros_like(any_x) | np.zeros_like(any_f) |
np.zeros_like(x_n, shape=(2, 3)) | np.full_like(f_n, 2, dtype=complex) | np.zeros_like(int_) |
np.ones_like(a_0) | np.zeros_like([1, 2]) | np.zeros_like(v_n) | np.zeros_like(x_n, float) |
np.zeros_like(a_n) | np.zeros_like(c_s, dtype=x_n.dtype) | np.arange(3) | np.arange(3.0) |
np.arange(1, 5) | np.arange(len(x_n)) | np.arange(1, len(x_n)) | np.arange(len(x_n) - 1) |
np.arange(len(x_n) + 1) | np.arange(0, len(x_n)) | np.arange(0.0, 1.0, 0.1) | np.arange(int_) |
np.arange(int_, int_2) | np.arange(int_ + 1) | np.arange(int_ - 1) | np.arange(-int_) |
np.arange(5, 0, -1) | np.arange(len(x_n), dtype=float) | np.arange(float_) | np.arange(f_s) |
np.arange(i_s) | np.arange(0, len(x_n), 2) | np.arange(-2, len(x_n)) | np.arange(x_s, 5) |
np.arange(10)[int_:] | np.arange(v_s) | np.arange(a_0) | np.arange(u_s) | np.arange(-3) |
np.arange(5, 0, -2) | np.arange(len(x_m), len(x_n)) | np.arange(0, 5, int_) |
np.arange(len(x_n) - 4) | np.arange(stop=4) | np.arange(bool_) | np.arange(len(x_n), 0, -1) |
np.linspace(0, 1) | np.linspace(0.0, 1.0, 5) | np.linspace(0, 1, len(x_n)) |
np.linspace(x_n, 1.0, 4) | np.linspace(x_n, x_n, num=3, axis=1) | np.linspace(0, x_s, 7) |
np.linspace(0, 1, int_) | np.linspace(f_s, f_s, 3) | np.linspace(0, 1, 3, dtype=int) |
np.linspace(0, 1, 3, endpoint=False) | np.linspace(0, 1, len(x_n) - 1) |
np.linspace(f_n, 1.0, 4, axis=-1) | np.linspace(0, 1, 5, retstep=True) | np.linspace(any_f, 1, 4) |
np.linspace(v_s, 1, 4) | np.linspace(c_s, 1, 4) | np.linspace(h_n, 1, 4) |
np.where(x_n > 0, x_n, 0.0) | np.where(b_nm, f_nm, 1.0) | np.where(b_nm, i_nm, x_m) |
np.where(True, 1.0, 2.0) | np.where(b_s, x_s, x_s) | np.where(x_n > 0) | np.where(b_n, x_no, 1) |
np.where(bool_, f_n, f_n) | np.where(any_x > 0, 1.0, 0.0) | np.where(float_ > 0, float_, 0) |
np.where(b_n, v_n, 1.0) | np.where(b_n, int_, 2) | np.where(b_0, f_s, float_) |
np.where(b_n, a_0, 1.0) | np.where(x_n, 1, 2j) | np.clip(x_n, 0, 1) | np.clip(f_nm, 0.0, None) |
np.clip(x_n, a_min=None, a_max=2) | np.clip(float_, 0.0, 1.0) | np.clip(x_s, 0, 1) |
np.clip(i_n, 0, 2) | np.clip(i_n, 0.0, 1.0) | np.clip(x_n, x_n, x_no) | x_n.clip(0, 1) |
x_n.clip(0) | np.clip(f_n, x_n, 1) | np.clip(any_x, 0, 1) | np.clip(x_0, 0, 1) |
np.clip(v_n, 0, 1) | np.clip(int_, 0, 2) | np.linalg.solve(x_nn, x_n) |
np.linalg.solve(x_nn, x_nm) | np.linalg.solve(f_nn, f_n) | np.linalg.solve(i_nn, f_n) |
np.linalg.inv(x_nn) | np.linalg.inv(i_nn) | np.linalg.inv(f_nn) | np.linalg.det(x_nn) |
np.linalg.det(f_nn) | np.linalg.det(i_nn) | np.linalg.cholesky(x_nn @ x_nn.T + np.eye(len(x_n))) |
np.linalg.slogdet(x_nn) | np.linalg.eigh(x_nn) | np.linalg.solve(x_nmk, x_k) |
np.linalg.inv(x_nmk) | np.linalg.det(x_nmk) | np.linalg.inv(v_nm) | np.linalg.pinv(x_nm) |
np.linalg.matrix_power(x_nn, 2) | np.linalg.matrix_power(i_nn, -1) |
np.linalg.matrix_power(i_nn, 2) | np.linalg.matrix_power(i_nn, int_) |
np.linalg.matrix_power(x_nn, int_) | np.tile(x_nm, (2, 1, 1)) | np.repeat(x_n, 1000) |
np.vander(x_n, 2) | np.rot90(x_nm, 2) | sum((x_n, i_n, 1.0)) | sum([], x_n) | sum([x_n, v_n]) |
sum(x_o) | np.linalg.eigvalsh(x_nn + x_nn.T) | np.linalg.svd(x_nm) | np.linalg.eig(x_nn) |
np.linalg.eigvals(x_nn) | np.linalg.qr(x_nm) | np.linalg.lstsq(x_nm, x_n) |
np.linalg.multi_dot([x_nm, x_mk]) | np.linalg.matrix_rank(x_nm) | np.linalg.cond(x_nn) |
np.linalg.solve(x_nn, np.ones(3)) | np.linalg.solve(np.eye(3), x_n) | np.copy(x_n) | np.copy(x_s) |
np.copy(2.0) | x_n.copy() | x_s.copy() | x_0.copy() | any_x.copy() | a_z.copy() | np.copy(float_) |
np.array(x_n) | np.array(x_n, dtype=np.float32) | np.array([x_s, x_s]) | np.array([1.0, 2.0]) |
np.array([1, 2.0]) | np.array([[1, 2], [3, 4]]) | np.array([x_n, x_n]) | np.array([f_s, 1.0]) |
np.array([f_s, f_s]) | np.array([float_, int_]) | np.array([[x_s, float_], [1, 2]]) |
np.array([x_n, x_m]) | np.array(2.0) | np.array(x_s) | np.array([]) | np.array([], dtype=int) |
np.array([any_f, 1.0]) | np.array([v_s, 1.0]) | np.array((x_n[0], x_n[1])) |
np.array(x_n, copy=False) | np.array(x_n, ndmin=2) | np.array([int_, int_2]) |
np.array([f_n, i_n]) | np.array([True, 1.5]) | np.array([x_n]) | np.array([[x_n[0], 0.0]]) |
np.array([[[]]]) | np.asarray(x_n) | np.asarray(2) | np.asarray(f_s, dtype=float) |
np.asarray([x_n, f_n]) | np.asarray(any_x) | np.asarray(any_f) | np.ascontiguousarray(x_s) |
np.ascontiguousarray(x_nm.T) | np.asarray(a_0) | x_n.astype(np.float32) | x_n.astype(int) |
x_s.astype(np.float32) | x_0.astype(int) | i_n.astype(float, copy=False) | x_n.astype(f_n.dtype) |
x_n.astype('float16') | any_x.astype(float) | b_n.astype(float) | a_n.astype(float) |
runtime.cast(x_n, f_n) | runtime.cast(f_n, x_m) | runtime.cast(x_s, f_n) | runtime.cast(2.0, f_s) |
runtime.cast(2.0, float_) | runtime.cast(x_n, i_n) | runtime.cast(x_0, f_s) |
runtime.cast(x_0, x_n) | runtime.cast(c_n, x_n) | runtime.cast(float_, x_n) |
runtime.cast(x_n, any_x) | runtime.cast(any_x, f_n) | runtime.cast(v_n, x_n) |
runtime.cast(x_n, v_n) | runtime.cast(any_x, any_f) | runtime.cast(a_0, f_s) |
runtime.cast(x_s, a_0) | runtime.cast(a_n, x_n) | runtime.put(x_n, 0, 1.0) |
runtime.put(np.zeros(x_n.shape), Slice_, x_n) | runtime.put(x_nm, (0, 1), 3.0) |
runtime.put(any_x, 0, 1.0) | runtime.put_add(x_n, [0, 0], 1.0) | runtime.put_add(i_n, 0, 1) |
runtime.put_add(f_nm, 0, 1.5) | runtime.put(v_n, 0, 1.0) | runtime.put(x_s, (), 1.0) |
runtime.spread(x_s, x_n) | runtime.spread(2.0, x_nm) | runtime.spread(f_m, x_nm) |
runtime.spread(x_n, x_n) | runtime.spread(float_, x_s) | runtime.spread(x_s, float_) |
runtime.spread(x_0, x_s) | runtime.spread(float_, any_x) | runtime.spread(any_x, x_nm) |
runtime.spread(a_0, x_n) | runtime.spread(float_, any_f) | runtime.spread(f_s, any_x) |
runtime.spread(any_f, float_) | runtime.spread(x_o, x_n) | runtime.spread(2, x_n) |
runtime.spread(v_s, x_n) | runtime.result(x_n, x_n) | runtime.result(x_s, x_n) |
runtime.result(2.0, f_nm) | runtime.result(x_n, i_n) | runtime.result(2.0, float_) |
runtime.result(x_0, float_) | runtime.result(x_s, f_s) | runtime.result(x_0, x_s) |
runtime.result(x_s, i_s) | runtime.result(float_, int_) | runtime.result(any_x, x_nm) |
runtime.result(any_f, float_) | runtime.result(x_n, v_n) | runtime.result(x_0, v_s) |
runtime.result(x_nm, any_x) | runtime.result(float_, any_f) | runtime.result(any_f, x_s) |
runtime.result(float_, any_x) | runtime.result(x_s, any_x) | runtime.result(float_, a_z) |
runtime.result(float_, a_0) | x_n.shape | x_n.shape[0] | x_nm.shape[-1] | x_nm.shape[1:] |
x_nm.size | x_n.size | x_s.size | x_s.shape | np.shape(2.0) | np.shape(x_nm) | np.size(x_nm, 0) |
np.size(float_) | len(x_nm) | len([1, 2]) | len(x_n.shape) | x_nm.ndim | np.ndim(any_x) |
any_x.shape | any_x.shape[0] | len(any_x) | any_x.ndim | any_x.size | x_n.dtype | any_x.dtype |
float_.real | x_s.real | x_n.real | c_n.imag | c_s.real | any_f.real | a_0.real | int_.imag |
len(x_n) + len(x_m) | len(x_n) * 2 | 2 - len(x_n) | len(x_n) // 1 | len(x_n) / 2 | len(x_n) ** 2 |
len(x_n) - len(x_n) | x_n.size - x_n.size // 2 | len(x_nm) * len(x_m) - x_nm.size | int_ - int_ |
int_ - 1 - int_ | abs(int_) | abs(x_n) | abs(x_s) | abs(c_s) | abs(complex_) | abs(bool_) |
abs(any_x) | abs(a_0) | max(int_, 2) | max(float_, 2) | max(x_s, x_s) | max(x_s, float_) |
min(x_n) | max(f_n) | max(x_n[0], x_n[1]) | min(1, 2) | max([float_, 1.0]) | max(any_x) |
min(any_f, 1) | max(x_o, x_o) | float(x_s) | float(int_) | int(x_s) | int(x_o[0]) | bool(x_s) |
complex(x_s) | round(float_) | round(float_, 2) | round(x_s) | round(x_s, 1) | round(f_s, 1) |
round(int_) | round(i_s) | round(any_f) | round(float_, None) | sum([float_, x_s]) | sum(x_three) |
sum(x_n) | sum((x_n, x_n)) | sum([]) | sum([int_, int_2]) | sum(x_t) | sum([float_, 2], 1.0) |
pow(float_, 2) | pow(x_n, 2) | pow(int_, 2) | len(range(3)) | isinstance(x_n, float) |
any([bool_, bool_]) | str(2) | sorted([1, 2]) | divmod(3, 2) | float_ ** 2 | float_ ** 0.5 |
2.0 ** float_ | int_ ** 2 | int_ ** -1 | int_ ** int_ | 2 ** int_ | float_ ** int_ | bool_ ** 2 |
complex_ ** 2 | int_ ** bool_ | float_ ** 2.0 | (-2.0) ** float_ | 2 ** float_ | int_ ** 0.5 |
bool_ ** bool_ | int_ ** 2.0 | float_ ** bool_ | math.sin(float_) | math.sqrt(abs(x_s)) |
math.floor(float_) | math.floor(x_s) | math.ceil(f_s) | math.trunc(i_s) | math.isnan(x_s) |
math.gcd(int_, 4) | math.hypot(float_, x_s) | math.pow(2, 3) | math.prod([1.0, 2.0]) |
math.frexp(float_) | math.atan2(x_s, 1) | math.exp(f_n[0]) | math.log(2, 10) | math.fsum(x_n) |
math.erf(any_f) | math.copysign(1, x_0) | math.floor(int_) | math.floor(any_f) |
math.factorial(3) | math.dist([1.0], [2.0]) | math.ldexp(float_, 2) | np.float64(2) |
np.float32(x_n) | np.float32(float_) | np.int64(x_0) | np.float64(any_f) | np.float64(x_nm) |
np.bool_(x_n) | np.float32(v_s) | np.float64() | np.complex128([1, 2]) | np.real(c_n) |
np.imag(x_n) | np.real(2.0) | np.conj(c_s) | np.conj(x_n) | np.angle(c_n) | np.angle(x_s) |
np.round(x_n, 2) | np.round(f_s) | np.round(2.567, 1) | np.around(int_) | np.fix(x_n) |
np.sinc(f_n) | np.sinc(2.0) | np.i0(x_n) | np.i0(x_s) | np.nan_to_num(x_n) | np.nan_to_num(x_s) |
np.nan_to_num(2.0) | np.nan_to_num(i_n) | x_n.round(1) | x_0.conj() | x_0.round() | x_0.round(1) |
i_0.round() | x_0.clip(0, 1) | x_0.sum() | x_0.mean() | x_0.cumsum() | x_0.max() | x_0.prod() |
x_0.squeeze() | x_0.ravel() | x_0.reshape(1) | x_0.reshape(()) | x_0.flatten() | x_0.astype(int) |
x_0.transpose() | x_0.real | x_0.imag | x_0.any() | x_0.dot(2.0) | x_s.sum() | x_s.mean() |
x_s.clip(0, 1) | x_s.squeeze() | x_s.max() | x_s.cumsum() | x_s.dot(2.0) | x_s.transpose() |
a_z.sum() | a_z.T | a_z.ravel() | a_z.real | a_z.round() | any_x.sum() | any_x.sum(axis=0) |
any_x.real | a_z.conj() | x_s.round() | x_n.conj() | x_s.conj() | np.real(x_s) | np.real(x_0) |
np.imag(float_) | x_n.conjugate() | int_.conjugate() | np.real(v_n) | np.round(b_n) | np.fix(i_n) |
np.angle(any_x) | np.sinc(v_s) | np.real([1.0, 2.0]) | np.isclose(x_n, x_m) |
np.isclose(1.0, 2.0) | np.isclose(x_s, x_s) | np.allclose(x_n, x_n) | np.array_equal(x_n, x_m) |
np.iscomplexobj(x_n) | np.isrealobj(c_n) | np.isreal(x_n) | np.isreal(2.0) | np.iscomplex(c_s) |
np.isneginf(x_n) | np.isclose(v_n, x_n) | np.isclose(any_x, 0) | np.tile(x_n, 2) |
np.tile(x_n, (2, 1)) | np.repeat(x_n, 2) | np.repeat(x_nm, 2, axis=0) |
np.cross(x_three, x_three) | np.cross(x_n3, x_n3) | np.cov(x_nm) | np.cov(x_n) |
np.corrcoef(x_nm) | np.convolve(x_n, x_m) | np.correlate(f_n, x_m) | np.interp(x_n, x_m, x_m) |
np.interp(0.5, x_m, x_m) | np.interp(x_s, x_m, x_m) | np.interp(x_0, x_n, x_n) | np.gradient(x_n) |
np.gradient(x_nm) | np.gradient(x_nm, axis=0) | np.ediff1d(x_n) | np.unwrap(x_n) |
np.meshgrid(x_n, x_m) | np.vander(x_n, 3) | np.polyval(x_three, x_n) | np.polyval(x_three, 2.0) |
np.searchsorted(x_n, x_m) | np.searchsorted(x_n, 1.0) | np.searchsorted(x_n, x_s) |
np.digitize(x_n, x_m) | np.unique(x_n) | np.nonzero(x_n) | np.argwhere(x_nm) |
np.take(x_n, [0, 1]) | np.take(x_nm, 0, axis=1) | np.take(x_n, i_n, mode='wrap') |
np.take(x_n, 0) | np.take_along_axis(x_nm, np.argsort(x_nm), 1) |
np.take(x_nm, i_nmk, axis=0, mode='clip') | np.atleast_1d(x_s) | np.atleast_1d(2.0) |
np.atleast_1d(x_nm) | np.atleast_2d(x_n) | np.atleast_3d(x_n) | np.atleast_3d(x_nm) |
np.atleast_2d(any_x) | np.atleast_3d(2) | np.trapezoid(x_n) | np.trapezoid(f_nm, axis=0) |
np.trapezoid(x_n, x_n) | np.trapezoid(x_nm, dx=0.1) | np.trapezoid(f_n, dx=float_) |
np.trapezoid(i_n) | np.trapezoid(f_n, x_n) | np.trapezoid(f_n, dx=x_s) | np.pad(x_n, 1) |
np.pad(x_nm, ((0, 0), (1, 1))) | np.insert(x_n, 0, 1.0) | np.append(x_n, 1.0) | np.delete(x_n, 0) |
np.histogram(x_n) | np.bincount(i_n * 0) | np.rot90(x_nm) |
np.block([[x_nn, x_nn], [x_nn, x_nn]]) | np.select([x_n > 0], [x_n], 0.0) |
np.partition(x_three, 1) | np.real_if_close(c_n) | np.roots(x_n) | np.polyfit(x_n, x_n, 1) |
np.tri(3) | np.logspace(0, 1, 5) | np.split(x_n, 1) | np.divmod(x_n, 2) | np.modf(x_n) |
np.random.rand(3) | np.polyval(x_n, 2) | np.cumulative_sum(x_n) | np.vecdot(x_nm, x_m) |
np.choose(b_n * 1, [x_n, x_n]) | np.apply_along_axis(sum, 0, x_n) | np.resize(x_n, 3) |
np.tile(x_s, 3) | np.repeat(2.0, 3) | np.isin(x_n, [1, 2]) | np.min_scalar_type(3) |
np.result_type(x_n) | np.linalg.vector_norm(x_n) | np.append(x_n, int_) | np.repeat(x_n, int_) |
np.tile(x_n, int_) | np.tril_indices(3) | np.polyval([1, 2], x_nm) | np.extract(x_n > 0, x_n) |
np.compress(b_n, x_n) | np.union1d(x_n, x_m) | np.gradient(x_n, 0.1) | np.gradient(x_n, x_n) |
np.cross(x_nm, x_nm) | np.cross(x_t, x_t)
"""
EXPRESSIONS = [part for text in TEXTS.split("|") if (part := " ".join(text.split()))]
MAY_FAIL = ("np.trapezoid", "np.cumulative_sum", "np.vecdot", "np.reshape(x_nm, mn_shape)")


@pytest.mark.parametrize("text", EXPRESSIONS)
def test_claims_hold(text: str) -> None:
    made = fresh()
    made.names = dict(made.names, mn_shape=made.evaluate("np.zeros((len(x_m), len(x_n))).shape"))
    made.names["Slice_"] = Slice(None)  # type: ignore[assignment]
    try:
        made.evaluate(text)
    except AttributeError:
        if not text.startswith(MAY_FAIL):
            raise


PRECISE = {
    "x_n[1:] - x_n[:-1]": "float64[n - 1]",
    "x_n[1:-1] + x_n[2:] + x_n[:-2]": "float64[n - 2]",
    "x_n[::-1] + x_n": "float64[n]",
    "x_n[:, None] * x_m": "float64[n, m]",
    "x_nm[0] + x_m": "float64[m]",
    "x_nm[:, int_] + x_n": "float64[n]",
    "x_n[0]": "float64",
    "x_nm[..., None].shape": "object",
    "np.zeros(len(x_n)) + x_n": "float64[n]",
    "np.zeros(x_nm.shape) + x_nm": "float64[n, m]",
    "np.zeros(len(x_n) - 1) + x_n[1:]": "float64[n - 1]",
    "np.zeros(len(x_n) + 1)[1:] + x_n": "float64[n]",
    "np.zeros(int_ + 1)[1:] + np.zeros(int_)": "float64[?]",
    "x_n[:len(x_n) - 1] + x_n[1:]": "float64[n - 1]",
    "x_n[1:len(x_n) - 1]": "float64[n - 2]",
    "np.concatenate((x_n[1:], [1.0])).shape": "object",
    "np.concatenate((x_t, x_t), axis=1)": "float64[2, 6]",
    "np.concatenate((x_nm, x_om))[1:] + x_nm": "float64[n, m]",
    "x_nm.reshape(-1) + x_nm.ravel()": "float64[?]",
    "x_nm.reshape(-1).reshape(x_nm.shape[0], -1) + x_nm": "float64[n, m]",
    "x_nm.reshape(x_nm.shape[0], -1) + x_nm": "float64[n, m]",
    "x_nmk.reshape(-1, x_nmk.shape[2]).reshape(x_nmk.shape)": "float64[n, m, k]",
    "np.arange(1, len(x_n) + 1) * x_n": "float64[n]",
    "np.arange(len(x_n)) * f_n": "float64[n]",
    "np.eye(len(x_n)) @ x_n": "float64[n]",
    "np.sum(x_nm, axis=1, keepdims=True)": "float64[n, 1]",
    "x_nm / np.sum(x_nm, axis=1, keepdims=True)": "float64[n, m]",
    "x_p + x_q": "float64[p]",
    "x_p + x_n": "float64[p]",
    "x_n + x_m - (x_m + x_n)": "float64[?]",
    "np.linalg.solve(x_nn, x_n)": "float64[n]",
    "np.linalg.norm(x_nm, axis=0)": "float64[m]",
    "np.einsum('ij,jk->ik', x_nm, x_mk)": "float64[n, k]",
    "np.outer(x_n, x_m)": "float64[n, m]",
    "np.diag(np.diag(x_nn)) + x_nn": "float64[n, n]",
    "np.stack((x_n, x_n), axis=1)": "float64[n, 2]",
    "np.vstack((x_n, x_n))": "float64[2, n]",
    "np.where(x_n > 0, f_n, 1.0)": "float32[n]",
    "np.clip(x_n, 0, 1)": "float64[n]",
    "x_n[b_n]": "float64[?]",
    "x_n[b_n] * f_n[b_n]": "float64[?]",
    "x_nm[i_n, int_]": "float64[n]",
    "x_n[[0, 2]]": "float64[2]",
    "np.squeeze(x_po)": "float64[p]",
    "np.squeeze(x_no, 1)": "float64[n]",
    "runtime.sum_to(x_nm, x_m)": "float64[m]",
    "runtime.spread(2.0, x_nm)": "float64[n, m]",
    "np.tanh(x_nm @ x_m)": "float64[n]",
    "2 * f_n": "float32[n]",
    "len(x_n) / 2": "float",
    "float_ * 2": "float",
    "np.sqrt(float_)": "float64",
    "x_nm.T @ x_n": "float64[m]",
    "np.cumsum(x_n) - x_n": "float64[n]",
    "np.diff(x_n) / x_n[1:]": "float64[n - 1]",
    "np.linspace(0, 1, len(x_n)) * x_n": "float64[n]",
    "np.expand_dims(x_n, 1) * x_nm": "float64[n, m]",
    "np.broadcast_to(x_n, (3, len(x_n)))": "float64[3, n]",
    "np.trace(x_nn)": "float64",
    "np.full(x_n.shape, 2.0)": "float64[n]",
    "x_n.copy()": "float64[n]",
    "x_n.astype(np.float32)": "float32[n]",
    "np.array([x_n[0], x_n[1]])": "float64[2]",
    "np.hstack((x_nm, x_no))[:, 1:] + x_nm": "float64[n, m]",
    "np.mean(i_nm, axis=0)": "float64[m]",
    "np.dot(x_nm, x_m)": "float64[n]",
    "max(float_, 2.0)": "float",
    "np.maximum(x_n, 0)": "float64[n]",
    "any_x < 0.0": "?[...]",
}


@pytest.mark.parametrize("text", PRECISE)
def test_what_is_proven(text: str) -> None:
    assert repr(check(text).type) == PRECISE[text]


def test_equal_functions_of_sizes_are_equal_sizes() -> None:
    for one, two in [
        ("x_nm.ravel()", "np.zeros(x_nm.size)"),
        ("x_nm.reshape(-1)", "np.zeros(len(x_n) * len(x_m))"),
        ("x_n[:3]", "f_n[0:3]"),
        ("x_n[:int_]", "f_n[:int_]"),
        ("x_n[::2]", "i_n[::2]"),
        ("x_n[-3:]", "x_n[:3]"),
        ("x_n + x_m", "x_m + x_n + x_n"),
        ("x_n[b_n]", "np.zeros(x_n.shape)[b_n]"),
        ("np.concatenate((x_n, x_m))", "np.concatenate((x_m, x_n))"),
        ("np.concatenate((x_n[1:], [1.0], x_m))[1:]", "np.concatenate((x_m, x_n[1:]))"),
        ("x_n[1:][1:]", "x_n[2:]"),
        (
            "np.zeros(x_nn.size * len(x_n) * x_nn.size)",
            "np.zeros(len(x_n) * len(x_n) * x_nn.size * len(x_n))",
        ),
        ("np.concatenate((x_n, x_n))", "np.zeros(2 * len(x_n))"),
        ("x_n", "np.concatenate((x_n, [1.0]))[:-1]"),
        ("np.zeros(len(x_n) // 2)", "np.zeros(f_n.size // 2)"),
        ("x_n[int_ + 1:]", "f_n[int_ + 1:]"),
    ]:
        made = fresh()
        assert same_shape(made.evaluate(one).type, made.evaluate(two).type), (one, two)
    for one, two in [
        ("x_n", "x_m"),
        ("x_n[:3]", "x_m[:3]"),
        ("x_n[b_n]", "x_n[x_n > 0]"),
        ("x_n[:int_]", "x_n[:int_2]"),
        ("x_n[1:]", "x_n"),
        ("np.unique(x_n)", "np.unique(x_n)"),
        ("any_x", "any_x"),
        ("x_n[:-3]", "x_n[:len(x_n) - 3]"),
        ("x_n", "x_n[1:] + x_n[:1]"),
    ]:
        made = fresh()
        assert not same_shape(made.evaluate(one).type, made.evaluate(two).type), (one, two)


@pytest.mark.parametrize(
    "left", "x_n f_nm x_om c_no x_s f_0 float_ any_x v_n i_n a_0 x_nom".split()
)
def test_sum_to(left: str) -> None:
    for right in ARRAYS + SCALARS:
        check(f"runtime.sum_to({left} + {right}, {right})", succeeds=False)
        check(f"runtime.sum_to({left}, {right})", succeeds=False)
        check(f"runtime.spread({left}, {right})", succeeds=False)
        check(f"runtime.result({left}, {right})", succeeds=False)
        check(f"runtime.cast({left}, {right})", succeeds=False)


INDICES = """
0 -1 int_ 1: :-1 1:-1 :2 2: -2: :-2 ::2 ::-1 ::-2 -3:-1 0:2 1:3 int_: :int_ int_:int_2
int_:int_+2 :len(x_n) len(x_n): :len(x_n)-1 :len(x_n)-2 :len(x_n)-3 1:len(x_n)-1 2:len(x_n)-2
len(x_n)-1: :len(x_m) :len(x_n)+1 0:len(x_n)//2 ::int_ None ... : [0] [0,0,1] [] [int_,0] i_o i_n
i_no b_n b_nm x_n>0 [True,False,True] i_s i_0 u_s (0,1) () b_s True i_three i_t v_n any_x float_
-1: :-0 0: -1::-1 :1 :0 5: :5 -5: :-5 1::2
""".split()


@pytest.mark.parametrize("index", INDICES)
def test_indexing(index: str) -> None:
    for base in "x_n x_nm x_nmk x_three x_t x_p x_s x_0 x_oo any_x v_n a_n a_0".split():
        check(f"{base}[{index}]", succeeds=False)
        for more in ["0", ":", "1:", "None", "...", "i_n", "i_no", "[0, 0]", "b_m", "int_"]:
            check(f"{base}[{index}, {more}]" if index != "()" else f"{base}[()]", succeeds=False)
            if base == "x_nmk" and index != "()":
                check(f"{base}[{more}, {index}]", succeeds=False)
                for last in ["0", ":", "[0, 1]", "None", "..."]:
                    check(f"{base}[{index}, {more}, {last}]", succeeds=False)


@pytest.mark.parametrize("base", ["x_kmn", "x_nmkp"])
def test_where_index_arrays_put_their_axes(base: str) -> None:
    made = fresh()
    made.names = dict(made.names)
    made.variable("x_nmkp", "array", "float64", tuple("nmkp"))
    for index in itertools.product(["1:", "0", "[0, -1]", "[[0], [-1]]", "None", "..."], repeat=4):
        if index.count("...") < 2:
            made.alive = list(range(len(ASSIGNMENTS)))
            made.evaluate(f"{base}[{', '.join(index)}]")


DIMS = st.sampled_from([*"nmkpq", 1, 2, 3])
INDEX = st.sampled_from(INDICES)


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(DIMS, max_size=4), st.lists(INDEX, max_size=5))
def test_random_indices(dims: list[Any], index: list[str]) -> None:
    made = fresh()
    made.names = dict(made.names)
    made.variable("z", "array", "float32", tuple(dims))
    made.evaluate(f"z[{', '.join(index) + ',' if index else '()'}]")


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(st.lists(DIMS, max_size=3), min_size=1, max_size=4))
def test_random_broadcasting(shapes: list[list[Any]]) -> None:
    made = fresh()
    made.names = dict(made.names)
    for i, dims in enumerate(shapes):
        made.variable(f"z{i}", "array", "float32", tuple(dims))
    made.evaluate(" * ".join(f"z{i}" for i in range(len(shapes))))


STEPS = """
{a} + {b} | {a} * {b} | {a} @ {b} | {a} - {c} | {a}[1:] | {a}[:-1] | {a}[1:-1] | {a}[::2] |
{a}[:2] | {a}[-2:] | {a}[0] | {a}[:, None] | {a}[None] | {a}[:, 0] | {a}[{b} > 0] |
{a}[len({b}):] | {a}[:len({b}) - 1] | {a}[:len({b})] | {a}[{i}:] | {a}[:{i}] | {a}[{i}:{i} + 2] |
np.zeros({i}) | np.zeros({i} + 1) | np.zeros(len({a})) | np.zeros(len({a}) - 1) |
np.zeros({a}.shape) | np.zeros({a}.size) | np.zeros((len({a}), len({b}))) |
np.zeros(len({a}) + len({b})) | np.sum({a}, axis=0) | np.sum({a}, axis=-1, keepdims=True) |
np.sum({a}) | {a}.T | {a}.reshape(-1) | {a}.reshape(-1, 1) | {a}.reshape({b}.shape) |
{a}.reshape(len({b}), -1) | {a}.reshape({i}, -1) | {a}.ravel() | np.concatenate(({a}, {b})) |
np.concatenate(({a}, {b}), axis=None) | np.concatenate(({a}, [1.0])) | np.stack(({a}, {b})) |
np.hstack(({a}, {b})) | np.vstack(({a}, {b})) | np.outer({a}, {b}) | np.diff({a}) | np.diag({a}) |
np.cumsum({a}) | np.where({a} > {b}, {a}, {c}) | runtime.sum_to({a}, {b}) |
runtime.spread({a}, {b}) | runtime.result({a}, {b}) | runtime.cast({a}, {b}) |
np.maximum({a}, {b}) | np.arange({i}) | np.arange(1, {i}) | np.arange(len({a}) - {i}) | {i} + 1 |
{i} - 1 | {i} * 2 | {i} // 2 | len({a}) | len({a}) + {i} | len({a}) - len({b}) | {a}.shape[0] |
{a}.shape[-1] | {a}.size | np.einsum('ij,j->i', {a}, {b}) | np.einsum('i,i->i', {a}, {b}) |
np.dot({a}, {b}) | np.kron({a}, {b}) | np.expand_dims({a}, 0) | np.squeeze({a}) |
np.broadcast_to({a}, {b}.shape) | np.full({b}.shape, {c}) | {a}.copy() | np.array([{a}, {b}]) |
np.float32({a}) | np.linspace(0, 1, {i}) | np.eye({i}, len({a})) | np.roll({a}, 1) | np.sort({a}) |
{c} ** 2 | {c} * {c} | float({c}) | abs({c}) | max({c}, {c}) | np.sqrt({c}) |
np.tensordot({a}, {b}, 1) | np.zeros_like({a}) | runtime.put({a}, 0, 1.0) | np.mean({a}) |
np.prod({a}, axis=0) | np.trace({a}) | np.linalg.norm({a}, axis=0) | np.moveaxis({a}, 0, -1) |
{a}[..., 1:] | {a}[{i}] | {a}[::-1] | np.triu({a}) | np.flip({a})
"""
TEMPLATES = [step.strip() for step in STEPS.split("|")]


@settings(max_examples=400, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_random_programs(data: st.DataObject) -> None:
    """Opaque sizes are unified over several statements: a chain of operations finds what one does not."""
    made = fresh()
    made.names = dict(made.names)
    arrays, scalars, integers = (
        ["x_n", "f_nm", "x_mk", "x_p", "x_no", "i_n"],
        ["x_s", "float_", "x_0", "a_0"],
        ["int_", "int_2"],
    )
    for step in range(data.draw(st.integers(1, 8))):
        names = {"a": arrays, "b": arrays, "c": scalars + arrays[-1:], "i": integers}
        template = data.draw(st.sampled_from(TEMPLATES))
        text = template.format(
            **{key: data.draw(st.sampled_from(pool)) for key, pool in names.items()}
        )
        alive = list(made.alive)
        found = made.evaluate(text)
        if not made.alive:
            made.alive = alive  # it raises: not a statement of this program
            continue
        if not isinstance(found, Value):
            continue
        made.names[f"z{step}"] = found
        for other in [made.names[name] for name in arrays]:
            if same_shape(found.type, other.type):
                assert all(
                    np.shape(made.reals[found][i]) == np.shape(made.reals[other][i])
                    for i in made.alive
                ), text
        pool = (
            integers
            if found.type.kind == "number" and found.type.dtype == "int"
            else scalars
            if found.type.shape == ()
            else arrays
        )
        pool.append(f"z{step}")


def test_types_of_constants() -> None:
    for constant in [
        1,
        2.0,
        True,
        1j,
        np.float32(1),
        np.ones((2, 3)),
        np.ones(()),
        "a",
        None,
        (1, 2),
        [1, 2],
        float,
        np.dtype("int8"),
        2**70,
        np.array(["a"]),
    ]:
        Machine().check(type_of(constant), constant, 0)
    assert type_of(2**70).dtype is None
    assert type_of((3, 4)).value == (3, 4)
    assert type_of((-1, 4)).value is None


def test_joins() -> None:
    n, m = Size("n"), Size("m")
    x = array("float64", n, m)
    assert join(x, x) == x
    assert join(x, array("float32", n, m)) == Type("array", None, (n, m))
    assert join(x, array("float64", n)) == Type("array", "float64", None)
    first, second = join(x, array("float64", m, m)), join(x, array("float64", m, m))
    assert same_size(first.shape[1], m)
    assert not same_size(first.shape[0], second.shape[0])
    assert join(number("int"), number("bool")) == Type("number", None, ())
    assert join(scalar("float32"), number("float")) == Type("any", None, ())
    assert join(scalar("float64"), array("float64")) == Type("any", "float64", ())
    assert join(Type("object"), x) == ANY
    assert join(type_of(1), type_of(2)) == number("int")
    assert join(array("float64", 2), array("float64", 3)).shape[0].many
    assert not join(array("float64", 1), array("float64", 3)).shape[0].many
    assert join(Type("object", "float64"), Type("object", "float32")) == Type("object")


def test_loops_widen() -> None:
    n = Size("n")
    init = array("float64", n, 2)
    seen, param = 0, init
    while True:
        seen += 1
        assert seen < 5
        following = Type("array", "float64", (param.shape[0].less(1), param.shape[1]))
        widened = widen(param, init, following)
        if widened is param:
            break
        param = widened
    assert param.shape[1] == 2
    assert not same_size(param.shape[0], n)
    left = join(init, param)
    assert not same_size(left.shape[0], param.shape[0])
    # A size that is opaque before the loop is not taken for one that the loop made.
    opaque = join(array("float64", n), array("float64", Size("m")))
    assert widen(opaque, opaque, array("float64", opaque.shape[0].less(1))) is not opaque
    # What is never 1 may become so.
    two = array("float64", Size("p", many=True))
    once = widen(two, two, array("float64", 3))
    assert once.shape[0].many
    assert not widen(once, two, array("float64", n)).shape[0].many
    assert widen(number("int"), number("int"), type_of(3)) == number("int")
    assert widen(type_of(0), type_of(0), number("int")).value is None


def test_sizes_of_counts() -> None:
    made = fresh()
    assert same_size(size_of(made.evaluate("len(x_n)")), Size("n"))
    assert same_size(size_of(made.evaluate("len(x_n) - 1")), Size("n", 1))
    assert same_size(size_of(made.evaluate("x_nm.shape[1] + 1")), Size("m", -1))
    assert size_of("ij") is None
    assert size_of(2) == 2


def test_broadcast() -> None:
    n, m = Size("n"), Size("m")
    assert broadcast(array("float64", n, 1), array("float64", m)) == (n, m)
    assert broadcast(array("float64", 2), array("float64", 3)) is None
    assert broadcast(number("float"), ANY) is None
    assert broadcast() == ()


def test_nothing_is_known_of_functions_that_are_not_pure() -> None:
    x = Value("x", array("float64", 3))
    for function in [np.random.rand, np.save, print, open, lambda x: x, np.put, np.copyto]:
        found = infer(ops.Operation(function, "f"), (x,), {})
        assert found in (ANY, Type("object"))
