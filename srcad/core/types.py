"""What is known of a value before it runs: kind, dtype, and a symbolic shape.

A *size* is an int, or a `Size`: a symbol (`n`), a symbol less a number (`n - 1`, never below 0), or something opaque
that equals only itself. `many` says that a size is known not to be 1, which is what a proof about broadcasting needs.
Everything here may say "unknown" (None), and then nothing is concluded.

>>> n = Size("n")
>>> n.less(1), n.less(1).less(1), less(5, 2)
(n - 1, n - 2, 3)
>>> array("float64", n, 3)
float64[n, 3]
"""

from __future__ import annotations

from typing import NamedTuple, Union

__all__ = [
    "ANY",
    "CARRIED",
    "GENERATOR",
    "OPAQUE",
    "STATIC",
    "Dim",
    "Shape",
    "Size",
    "Sparse",
    "Type",
    "array",
    "less",
    "never_one",
    "number",
    "scalar",
]


class Size(NamedTuple):
    """A symbolic size: max(`key` - `minus`, 0)."""

    key: object
    minus: int = 0
    many: bool = False

    def less(self, count: int) -> Size:
        """This size with `count` elements cut off."""
        return Size(self.key, self.minus + count, False) if count else self

    def __repr__(self) -> str:
        key = self.key if isinstance(self.key, str) else "?"
        if self.minus < 0:
            return f"{key} + {-self.minus}"
        return f"{key} - {self.minus}" if self.minus else str(key)


Dim = Union[int, Size]  # noqa: UP007 - evaluated on Python 3.10 with a NamedTuple
Shape = tuple[Dim, ...]


def less(size: Dim, count: int) -> Dim:
    """max(size - count, 0), symbolically."""
    return max(size - count, 0) if isinstance(size, int) else size.less(count)


def never_one(size: Dim) -> bool:
    """Whether the size is proven not to be 1, so that its axis is never broadcast."""
    return size != 1 if isinstance(size, int) else size.many


class Sparse(NamedTuple):
    """What is known of a sparse matrix: the name of its dtype. (A dtype itself is no value of a type: NumPy says that float64 equals None.)"""

    dtype: str


class Type(NamedTuple):
    """`kind` is

    - "array": an ndarray; "scalar": an immutable NumPy scalar (what a ufunc makes of 0-d operands);
    - "number": a Python number, whose dtype is "bool", "int", "float" or "complex" and weak in promotion;
    - "any": a number or an array, not known which;
    - "object": anything that is not a number (a generator, a string, None);
    - "tuple": several results at once, whose `value` is a tuple (a named one where NumPy's is) of the types of the parts;
    - "record": a list of saved values.

    `dtype` is NumPy's name of it or None; `shape` is a tuple of sizes or None. An "object" with a `dtype` is that dtype. The parts of
    a "tuple" have memory of their own, unless its `dtype` is "shared": they may be views of an operand.
    `value` is what is known of an integer or a tuple of sizes (`x.shape`), in the terms of `srcad.analysis.types`; of an object the
    `Sparse` that it is; or None.
    """

    kind: str
    dtype: str | None = None
    shape: Shape | None = None
    value: object = None

    @property
    def rank(self) -> int | None:
        return None if self.shape is None else len(self.shape)

    @property
    def numeric(self) -> bool:
        return self.kind in ("array", "scalar", "number", "any")

    @property
    def differentiable(self) -> bool:
        """Whether a derivative can flow through such a value: floating, or not known not to be."""
        if self.kind == "tuple":
            return any(part.differentiable for part in self.parts)
        return self.numeric and (
            self.dtype is None or self.dtype.startswith(("float", "complex", "longdouble"))
        )

    @property
    def parts(self) -> tuple[Type, ...]:
        """The types of the parts of a tuple."""
        return self.value if self.kind == "tuple" else ()  # type: ignore[return-value]

    @property
    def immutable(self) -> bool:
        return self.kind in ("scalar", "number", "object")

    def __repr__(self) -> str:
        dtype = self.dtype or "?"
        if self.kind in ("object", "record"):
            return self.kind
        if self.kind == "tuple":
            return f"({', '.join(map(repr, self.parts))})"
        if self.shape is None:
            return f"{dtype}[...]"
        return f"{dtype}[{', '.join(map(repr, self.shape))}]" if self.kind == "array" else dtype


ANY = Type("any")
# An object of which nothing is known, and which is no number.
OPAQUE = Type("object")
# What draws random numbers.
GENERATOR = Type("object", value="generator")
# What a container holds and hands on, with no derivative.
CARRIED = (OPAQUE, GENERATOR)
# An argument that is known while parsing (a function); the text hands it on, and computes nothing with it.
STATIC = Type("object", value="static")


def array(dtype: str | None, *shape: Dim) -> Type:
    """An ndarray of known rank."""
    return Type("array", dtype, shape)


def scalar(dtype: str | None) -> Type:
    """A NumPy scalar."""
    return Type("scalar", dtype, ())


def number(dtype: str) -> Type:
    """A Python number."""
    return Type("number", dtype, ())
