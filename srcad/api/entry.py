"""Functions of a file that others call: annotated, and holding their arguments against what these are declared to be.

>>> text = 'def f_grad(x, y):\\n    \"\"\"Gradient.\"\"\"\\n    return x * y'
>>> from srcad.core.types import array
>>> n = Size("n")
>>> spec = {"x": array("float64", n), "y": array("float64", n)}
>>> print(entered(text, spec, array("float64", n), shown="_shown"))
def f_grad(x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.float64]:
    \"\"\"Gradient.\"\"\"
    if type(x) is not np.ndarray or x.dtype != np.float64 or x.ndim != 1:
        raise TypeError(f"f_grad is for x: float64[n], not {_shown(x)}")
    if type(y) is not np.ndarray or y.dtype != np.float64 or y.ndim != 1:
        raise TypeError(f"f_grad is for y: float64[n], not {_shown(y)}")
    if y.shape[0] != x.shape[0]:
        raise ValueError("f_grad is for y.shape[0] == x.shape[0]")
<BLANKLINE>
    return x * y
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import gast

from srcad.core.nodes import Expr, Value
from srcad.core.specification import Container
from srcad.core.structs import Struct
from srcad.core.types import ANY, Size, Type
from srcad.core.unparse import WIDTH, unparse

__all__ = ["annotated", "annotation", "entered", "shown_function"]

_NUMBERS = {
    "float": "float",
    "int": "(int, np.integer)",
    "bool": "(bool, np.bool_)",
    "complex": "complex",
}


def shown_function(name: str) -> str:
    """The function by which entries say what they were given."""
    return f'''def {name}(x: object) -> str:
    """What an argument is, for messages."""
    if isinstance(x, np.ndarray):
        return f"{{x.dtype}}{{list(x.shape)}}"
    return type(x).__name__'''


def entered(
    text: str,
    types: Mapping[str, Any],
    result: Any = None,
    *,
    shown: str,
    guards: Iterable[tuple[int, int, int, int]] = (),
    known: Iterable[str] = (),
) -> str:
    """A function's text with annotations, and with checks after its docstring.

    `types` is what its parameters are declared to be, `result` the tree of its results; `shown` is the name of `shown_function`, `guards` are axes that
    must be equal, `known` the names that an annotation may use.
    """
    node = gast.parse(text).body[0]
    names = [each.id for each in _parameters(node)]
    checks = Checks(node.name, shown)
    for name in names:
        if name in types:
            checks.visit(name, types[name])
    checks.equal(guards, names)
    front = gast.parse("\n".join(checks.lines)).body if checks.lines else []
    return _headed(text, node, types, result, set(known), front)


def annotated(text: str, types: Mapping[str, Any], result: Any) -> str:
    """The text of a function that is called by others of its file: what is no array is `Any`.

    >>> from srcad.core.types import array
    >>> print(annotated("def f_backward(f_bar, x):\\n    return f_bar * x", {"f_bar": ANY, "x": array("float64")}, ANY))
    def f_backward(f_bar: Any, x: NDArray[np.float64]) -> Any:
        return f_bar * x
    """
    plain = {name: found for name, found in types.items() if getattr(found, "kind", "") == "array"}
    is_array = isinstance(result, (Value, Expr)) and result.type.kind == "array"
    return _headed(text, gast.parse(text).body[0], plain, result if is_array else ANY, set(), [])


def _parameters(node: Any) -> list[Any]:
    return [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]


def _headed(
    text: str, node: Any, types: Mapping[str, Any], result: Any, known: set[str], front: list[Any]
) -> str:
    """A function's text with annotations, and with statements after its docstring."""
    lines = text.split("\n")
    doc = node.body[0]
    is_doc = isinstance(doc, gast.Expr) and isinstance(doc.value, gast.Constant)
    start = doc.lineno - 1
    while not is_doc and lines[start - 1].lstrip().startswith("#"):
        start -= 1
    rest = lines[doc.end_lineno if is_doc else start :]
    for param in _parameters(node):
        param.annotation = _parsed(annotation(types.get(param.id, ANY), known))
    node.returns = _parsed(annotation(result, known))
    node.body = [*([doc] if is_doc else []), *front, gast.Pass()]
    head = unparse(node).rstrip("\n").split("\n")[:-1]
    end = next(at for at, line in enumerate(head) if line.endswith(":"))
    if end:  # a broken head
        alone = len(_parameters(node)) == 1
        head[1:end] = [head[1] + ","] if alone and not head[1].endswith(",") else head[1:end]
        head[end : end + 1] = _broken(head[end])
    return "\n".join([*head, *([""] if front else []), *rest])


def _broken(line: str) -> list[str]:
    """`) -> tuple[...]:`, broken within the brackets where it is too long."""
    front, bracket, inner = line.removesuffix("]:").partition("[")
    if len(line) <= WIDTH or not bracket:
        return [line]
    if len(inner) + 4 <= WIDTH:
        return [f"{front}[", f"    {inner}", "]:"]
    parts = re.findall(r"(?:[^,\[\]]|\[(?:[^\[\]]|\[(?:[^\[\]]|\[[^\[\]]*\])*\])*\])+", inner)
    return [f"{front}[", *(f"    {part.strip()}," for part in parts), "]:"]


def _parsed(text: str) -> Any:
    return gast.parse(text, mode="eval").body


class Checks:
    """The lines that hold arguments against their declared types; sizes of one symbol are equal."""

    def __init__(self, name: str, shown: str) -> None:
        self.name, self.shown = name, shown
        self.lines: list[str] = []
        self.first: dict[object, str] = {}
        self.pairs: list[tuple[str, str]] = []

    def visit(self, where: str, spec: Any) -> None:
        """What is said of an argument, or of a part of one."""
        if isinstance(spec, Type):
            if spec.kind == "array" and spec.dtype is not None:
                self.array(where, spec)
            elif spec.kind == "number" and spec.dtype in _NUMBERS:
                self.unless(f"isinstance({where}, {_NUMBERS[spec.dtype]})", where, spec)
            elif spec.kind == "scalar" and spec.dtype is not None and spec.dtype.isidentifier():
                wanted = "float" if spec.dtype == "float64" else f"np.{_scalar(spec.dtype)}"
                self.unless(f"isinstance({where}, {wanted})", where, spec)
            return
        if not isinstance(spec, (dict, Container)):
            return  # a value, which the text holds against what it is for
        test, said = _form(spec)
        if test:
            self.unless(f"({test.replace('WHERE', where)})", where, said)
        for key, part in _parts(spec):
            self.visit(where + key, part)

    def array(self, where: str, spec: Type) -> None:
        """What is said of an array."""
        dtype = spec.dtype or ""
        wanted = f"np.{_scalar(dtype)}" if dtype.isidentifier() else repr(dtype)
        tests = [f"type({where}) is not np.ndarray", f"{where}.dtype != {wanted}"]
        if spec.shape is not None:
            tests.append(f"{where}.ndim != {len(spec.shape)}")
        equal: list[tuple[str, str]] = []
        for axis, size in enumerate(spec.shape or ()):
            own = f"{where}.shape[{axis}]"
            if isinstance(size, int):
                tests.append(f"{own} != {size}")
            elif size.key in self.first:
                equal.append((own, _size(size, self.first[size.key])))
            elif not size.minus and isinstance(size.key, str):
                self.first[size.key] = own
        self.lines.append(f"if {' or '.join(tests)}:")
        self.fail(where, spec)
        for pair in equal:
            self.same(*pair)

    def unless(self, test: str, where: str, spec: object) -> None:
        """Fail where a test does not hold."""
        self.lines.append(f"if not {test}:")
        self.fail(where, spec)

    def fail(self, where: str, spec: object) -> None:
        """Say what an argument is to be, and what it is."""
        said = f"{self.name} is for {where}: {spec}, not ".replace("{", "{{").replace("}", "}}")
        body = repr(said)[1:-1]
        quote = repr(said)[0]
        self.lines.append(f"    raise TypeError(f{quote}{body}{{{self.shown}({where})}}{quote})")

    def same(self, left: str, right: str) -> None:
        """Two sizes that are equal, said once."""
        if (left, right) in self.pairs:
            return
        self.pairs.append((left, right))
        self.lines.append(f"if {left} != {right}:")
        self.lines.append(f"    raise ValueError({f'{self.name} is for {left} == {right}'!r})")

    def equal(self, guards: Iterable[tuple[int, int, int, int]], names: list[str]) -> None:
        """Axes that the function's own operations force to be equal."""
        for place, axis, other, there in guards:
            if place < len(names) and other < len(names):
                self.same(f"{names[other]}.shape[{there}]", f"{names[place]}.shape[{axis}]")


def _size(size: Size, first: str) -> str:
    """A symbolic size, of an axis that is known."""
    if not size.minus:
        return first
    return f"max({first} - {size.minus}, 0)" if size.minus > 0 else f"{first} + {-size.minus}"


def _parts(spec: Any) -> Iterator[tuple[str, Any]]:
    """How the parts of a container are read, and what they are."""
    if isinstance(spec, dict):
        for key, part in spec.items():
            yield f"[{key!r}]", part
        return
    style, names = getattr(spec.form, "style", ""), getattr(spec.form, "_fields", None)
    for place, part in enumerate(spec):
        if names is None or style == "sequence":
            yield f"[{place}]", part
        else:
            yield f"[{names[place]!r}]" if style == "mapping" else f".{names[place]}", part


def _form(spec: Any) -> tuple[str, str]:
    """What must hold of a container itself, and how that is said; nothing of an object, of which the attributes are read."""
    if isinstance(spec, dict):
        keys = ", ".join(map(repr, spec))
        return f"isinstance(WHERE, dict) and list(WHERE) == [{keys}]", f"a dict of {keys}"
    if spec.kind in (tuple, list):
        kind, count = spec.kind.__name__, len(spec)
        return f"isinstance(WHERE, {kind}) and len(WHERE) == {count}", f"a {kind} of {count}"
    return "", ""


def annotation(tree: Any, known: Iterable[str] = ()) -> str:
    """The annotation of an argument or a result: of a specification, or of a tree of values.

    >>> from srcad.core.types import array
    >>> annotation({"w": array("float32", 3), "b": array("float32")}), annotation((1, None))
    ('dict[str, NDArray[np.float32]]', 'tuple[int, None]')
    """
    if isinstance(tree, (Value, Expr)):
        tree = tree.type
    if isinstance(tree, Type):
        return _of_type(tree)
    if tree is None or isinstance(tree, (bool, int, float, complex, str)):
        return "None" if tree is None else type(tree).__name__
    if isinstance(tree, Struct) or (isinstance(tree, tuple) and hasattr(tree, "_fields")):
        kind = tree.kind if isinstance(tree, Struct) else type(tree)
        return kind.__name__ if kind.__name__ in known else "Any"
    if isinstance(tree, Container) and tree.kind not in (tuple, list):
        return tree.kind.__name__ if tree.kind.__name__ in known else "Any"
    if isinstance(tree, dict):
        key = "str" if all(isinstance(key, str) for key in tree) else "Any"
        return f"dict[{key}, {_one(tree.values(), known)}]"
    if isinstance(tree, list) or getattr(tree, "kind", None) is list:
        return f"list[{_one(tree, known)}]"
    if isinstance(tree, tuple):
        return f"tuple[{', '.join(annotation(part, known) for part in tree) or '()'}]"
    return "Any"


def _one(parts: Iterable[Any], known: Iterable[str]) -> str:
    """The annotation that all parts share."""
    found = {annotation(part, known) for part in parts}
    return found.pop() if len(found) == 1 else "Any"


def _of_type(type_: Type) -> str:
    dtype = type_.dtype or ""
    if type_.kind == "array":
        return f"NDArray[np.{_scalar(dtype)}]" if dtype.isidentifier() else "NDArray[Any]"
    if type_.kind == "number":
        return dtype if dtype in _NUMBERS else "Any"
    if type_.kind == "scalar" and dtype.isidentifier():
        return "float" if dtype == "float64" else f"np.{_scalar(dtype)}"
    if type_.kind == "tuple":
        return f"tuple[{', '.join(map(_of_type, type_.parts))}]"
    return "Any"


def _scalar(dtype: str) -> str:
    """NumPy's name of a dtype's scalars.

    >>> _scalar("bool"), _scalar("str64")
    ('bool_', 'str_')
    """
    return re.sub(r"^bool$", "bool_", re.sub(r"^(str|bytes)\d*$", r"\1_", dtype))
