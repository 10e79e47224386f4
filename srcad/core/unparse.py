"""Text of gast trees: what generated code looks like, byte for byte the same on every Python.

Parentheses are those that precedence asks for, with one exception for the reader's sake:
`(a * b) @ c` keeps its own. Only lines wider than `WIDTH` are broken, where black and ruff break
them. Nothing here asks the running Python how it would print a tree or which characters it holds
for printable, and nothing recurses over expressions, so that deep trees are no problem.

A logical line is a list of pieces of text. Some of them are marks where it may be broken:
brackets, and the gaps before operators and after commas.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from itertools import chain, pairwise
from math import copysign, inf, isfinite
from typing import Any, Union

import gast
from astunparse import Unparser

__all__ = ["Blank", "Comment", "expression", "tight_powers", "unparse", "unparse_lines"]

WIDTH = 88

# How tightly things bind, loosest first. A node whose place asks for a higher rank than its own
# is put in parentheses; of the gaps in a line those of the lowest rank are broken first.
NAMED, YIELD, TUPLE, TEST, OR, AND, NOT, COMPARE, BIT_OR, BIT_XOR, BIT_AND, SHIFT = range(12)
SUM, TERM, SIGN, POWER, AWAIT, ATOM = range(12, 18)
CLAUSE = NAMED  # the gap before `for` and `if` in a comprehension

_RANKS = {
    **{"NamedExpr": NAMED, "Yield": YIELD, "YieldFrom": YIELD, "Tuple": TUPLE, "Lambda": TEST},
    **{"IfExp": TEST, "Or": OR, "And": AND, "Not": NOT, "Compare": COMPARE, "BitOr": BIT_OR},
    **{"BitXor": BIT_XOR, "BitAnd": BIT_AND, "LShift": SHIFT, "RShift": SHIFT, "Add": SUM},
    **{"Sub": SUM, "Mult": TERM, "Div": TERM, "FloorDiv": TERM, "Mod": TERM, "MatMult": TERM},
    **{"USub": SIGN, "UAdd": SIGN, "Invert": SIGN, "Pow": POWER, "Await": AWAIT},
    **{"MatchOr": BIT_OR, "MatchAs": TEST},
}

# A fixed list, since what `repr` holds for printable grows with every Python.
_UNPRINTABLE = re.compile(
    r"[\\\x00-\x1f\x7f-\xa0\xad\u200b-\u200f\u2028-\u202e\u2060-\u206f]"
    r"|[\ud800-\udfff\ufeff\ufff9-\uffff]"
)
_NOT_ASCII = re.compile(r"\\|[^\x20-\x7e]")

_DEFINITIONS = (gast.FunctionDef, gast.AsyncFunctionDef, gast.ClassDef)
_IMPORTS = (gast.Import, gast.ImportFrom)

# Text, or a node with the rank that its place asks for.
Piece = Union[str, "tuple[Any, int]"]


class Comment(ast.stmt):
    """A comment on lines of its own, accepted wherever a statement is.

    >>> print(unparse([Comment("y = np.sin(x)"), gast.Pass()]), end="")
    # y = np.sin(x)
    pass
    """

    _fields = ("text",)

    def __init__(self, text: str = "") -> None:
        self.text = text


class Blank(ast.stmt):
    """An empty line, accepted wherever a statement is."""

    _fields = ()


def unparse(node: ast.AST | Sequence[ast.AST]) -> str:
    r"""Text of a gast expression (on one line), a statement, a list of statements or a module.

    A statement with an attribute `trailing_comment` gets that comment behind it, or above it
    where there is no room. The text reads back as the same tree, except that docstrings are
    indented anew and constants without a literal (-1, infinity) come back as expressions.

    >>> unparse(gast.parse("x = (a*b) @ c\nif x: y = 1"))
    'x = (a * b) @ c\nif x:\n    y = 1\n'
    """
    if isinstance(node, gast.Module):
        return _Printer().statements(node.body, doc=1)
    if isinstance(node, Sequence):
        return _Printer().statements(node)
    return _Printer().statements([node]) if isinstance(node, ast.stmt) else expression(node)


def unparse_lines(module: Any) -> tuple[str, tuple[Any, ...]]:
    r"""The text of a module, and for each of its lines the attribute `origin` of its statement, or None.

    >>> tree = gast.parse("x = 1\ny = 2")
    >>> tree.body[1].origin = "here"
    >>> unparse_lines(tree)
    ('x = 1\ny = 2\n', (None, 'here'))
    """
    printer = _Printer()
    text = printer.statements(module.body, doc=1)
    return text, tuple(printer.origins)


def expression(node: ast.AST) -> str:
    """Text of a gast expression on a single line, however long.

    >>> expression(gast.parse("x[(1+i):,None]**(-2)", mode="eval"))
    'x[1 + i:, None] ** -2'
    """
    return _Printer().flat((node.body if isinstance(node, gast.Expression) else node, TEST))


class _Open(str):
    """An opening bracket, "" where parentheses show only if the line is broken there."""


class _Display(_Open):
    """One that has its items on a line each once it is broken."""


class _Close(str):
    """A closing bracket, or ""."""


class _Gap(str):
    """A space where a line inside brackets may be broken."""

    rank: int

    def __new__(cls, rank: int) -> _Gap:
        gap = super().__new__(cls, " ")
        gap.rank = rank
        return gap


_tight: ContextVar[bool] = ContextVar("_tight", default=False)


@contextmanager
def tight_powers() -> Iterator[None]:
    """Powers of what is simple, and slices by what is not, are written as formatters leave them, in files that are theirs to look at: `x**2`, `x[: y.size]`.

    >>> with tight_powers():
    ...     print(unparse(gast.parse("y = x ** 2 + f(x[:-n]) ** 2 + a.b ** -n + (-x[:a.n:2]) ** 2")), end="")
    y = x**2 + f(x[:-n]) ** 2 + a.b**-n + (-x[: a.n : 2]) ** 2
    """
    token = _tight.set(True)
    try:
        yield
    finally:
        _tight.reset(token)


def _is_simple(node: Any, signed: bool = False) -> bool:
    """Whether formatters write no space between a power's sign and this operand; `signed` on the right, where a sign needs no parentheses."""
    if isinstance(node, gast.Attribute):
        return _is_simple(node.value)
    if isinstance(node, gast.Constant):
        value = node.value
        if isinstance(value, complex):
            return not value.real and copysign(1.0, value.imag) > 0
        return isinstance(value, (int, float)) and (signed or copysign(1.0, value) > 0)
    if signed and isinstance(node, gast.UnaryOp):
        return not isinstance(node.op, gast.Not) and _is_simple(node.operand, True)
    if signed and isinstance(node, gast.BinOp) and isinstance(node.op, gast.Pow):
        return _is_simple(node.left)
    return isinstance(node, gast.Name)


class _Printer(Unparser):  # type: ignore[misc]
    """Methods of statements write to the current line, those of all else return pieces."""

    def __init__(self) -> None:
        self.done: list[str] = []
        self.line: list[str] = []
        self.line_indent = self._indent = self.blank_lines = self.fstrings = 0
        self.comment: str | None = None  # for the next line that is filled
        self.line_comment: str | None = None
        # For each line what its statement says of where it came from.
        self.origin: Any = None
        self.line_origin: Any = None
        self.origins: list[Any] = []

    # Lines and blocks

    def statements(self, body: Sequence[ast.AST], doc: int | None = None) -> str:
        self._block(body, doc, empty="")
        self._flush()
        return "".join(line + "\n" for line in self.done)

    def fill(self, text: str = "") -> None:
        self._flush()
        self.done += [""] * self.blank_lines if self.done else []
        self.line, self.line_indent, self.line_comment = [text], self._indent, self.comment
        self.blank_lines, self.comment = 0, None
        self.line_origin = self.origin

    def _flush(self) -> None:
        lines = list(_layout(4 * self.line_indent, self.line)) if self.line else []
        if self.line_comment:
            comment = f"# {' '.join(self.line_comment.split())}"
            if len(lines[-1]) + 2 + len(comment) <= WIDTH:
                lines[-1] += "  " + comment
            else:
                lines.insert(0, " " * (4 * self.line_indent) + comment)
        self.origins += [None] * (len(self.done) - len(self.origins))
        self.origins += [self.line_origin] * len(lines)
        self.done += lines
        self.line, self.line_comment = [], None

    def write(self, *items: Piece) -> None:
        self.line += self.pieces(*items)

    def dispatch(self, tree: Any, rank: int = TEST) -> None:
        if isinstance(tree, list):
            self._block(tree)
        elif isinstance(tree, ast.stmt):
            self._visit(tree)
        elif isinstance(tree, ast.expr):
            self.write(*_optional([(tree, rank)]))
        else:
            self.write((tree, rank))

    def pieces(self, *items: Piece) -> list[str]:
        """`items` as text and marks alone; nodes are expanded on a stack of our own."""
        out: list[str] = []
        stack = [iter(items)]
        while stack:
            for item in stack[-1]:
                if isinstance(item, str):
                    out.append(item)
                else:
                    stack.append(self._expand(*item))
                    break
            else:
                stack.pop()
        return out

    def flat(self, *items: Piece) -> str:
        return "".join(self.pieces(*items))

    def _visit(self, tree: Any) -> Any:
        name = _name(tree)
        visit = _SHAPES.get(name) or getattr(self, "_" + name, None)
        if visit is None:
            raise TypeError(f"there is no text for {name}")
        return visit(tree)

    def _expand(self, tree: Any, rank: int) -> Iterator[Piece]:
        pieces = self._visit(tree)
        if pieces is None:
            raise TypeError(f"{_name(tree)} is no expression")
        if _rank(tree) < rank or (isinstance(tree, gast.Tuple) and len(tree.elts) < 2):
            return _enclosed("()", pieces, _Display)
        return iter(pieces)

    def _block(self, body: Sequence[Any], doc: int | None = None, empty: str = "pass") -> None:
        """Statements; `doc` is how many blank lines follow a docstring, None if none can be."""
        real = [s for s in body if not isinstance(s, (Comment, Blank))]
        previous: Any = None
        outer = self.origin  # of the statement around: of what has none
        for k, statement in enumerate(body):
            if isinstance(statement, Blank):
                self.blank_lines += 1
                continue
            # Definitions stand apart, together with the comments right above them.
            after_comments = next((s for s in body[k:] if not isinstance(s, Comment)), None)
            if isinstance(previous, _DEFINITIONS) or (
                isinstance(after_comments, _DEFINITIONS)
                and (previous is not None or doc is None)
                and (self.blank_lines or not isinstance(previous, Comment))
            ):
                self.blank_lines = max(self.blank_lines, 1 if self._indent else 2)
            elif isinstance(previous, _IMPORTS) and not isinstance(statement, _IMPORTS):
                self.blank_lines = max(self.blank_lines, 1)
            self.comment = getattr(statement, "trailing_comment", None)
            self.origin = getattr(statement, "origin", outer)
            if doc is not None and statement is real[0] and _is_text(statement):
                for line in _docstring(statement.value.value):
                    self.fill(line)
                self.blank_lines = doc
            else:
                self.dispatch(statement)
            previous = statement
        self.origin = outer
        if not real and empty:
            self.fill(empty)

    def _clause(self, head: str, body: list[Any], *rest: Piece, doc: int | None = None) -> None:
        self.fill(head)
        self.write(*rest)
        self.enter()
        self._block(body, doc)
        self.leave()

    def _else(self, body: list[Any], word: str = "else") -> None:
        if body:
            self._clause(word, body)

    # Statements; those missing here are the base class's

    def _Comment(self, t: Comment) -> None:
        for line in t.text.splitlines() or [""]:
            self.fill(f"# {line}".rstrip())

    def _Expr(self, t: Any) -> None:
        self.fill()
        self.dispatch(t.value, YIELD)

    def _Assign(self, t: Any) -> None:
        self.fill()
        for target in t.targets:
            self.write((target, TUPLE), " = ")
        self.dispatch(t.value, YIELD)

    def _AugAssign(self, t: Any) -> None:
        self.fill()
        self.write((t.target, TEST), f" {self.binop[type(t.op).__name__]}= ")
        self.dispatch(t.value, YIELD)

    def _AnnAssign(self, t: Any) -> None:
        bare = t.simple or not isinstance(t.target, gast.Name)
        self.fill()
        self.write((t.target, TEST if bare else ATOM + 1), ": ", (t.annotation, TEST))
        if t.value:
            self.write(" = ")
            self.dispatch(t.value, YIELD)

    def _Return(self, t: Any) -> None:
        self.fill("return")
        if t.value:
            self.write(" ")
            self.dispatch(t.value, TUPLE)

    def _ImportFrom(self, t: Any) -> None:
        self.fill(f"from {'.' * (t.level or 0)}{t.module or ''} import ")
        names = _commas(_each(t.names))
        self.write(*(names if t.names[0].name == "*" else _optional(names)))

    def _If(self, t: Any) -> None:
        self._clause("if ", t.body, *_optional([_named(t.test)]))
        while len(t.orelse) == 1 and isinstance(t.orelse[0], gast.If):
            t = t.orelse[0]
            self.comment = getattr(t, "trailing_comment", None)
            self._clause("elif ", t.body, *_optional([_named(t.test)]))
        self._else(t.orelse)

    def _While(self, t: Any) -> None:
        self._clause("while ", t.body, *_optional([_named(t.test)]))
        self._else(t.orelse)

    def _For(self, t: Any) -> None:
        head = _async(t) + "for "
        self._clause(head, t.body, (t.target, TUPLE), " in ", *_optional([(t.iter, TUPLE)]))
        self._else(t.orelse)

    def _With(self, t: Any) -> None:
        self._clause(_async(t) + "with ", t.body, *_commas(_each(t.items)))

    def _Try(self, t: Any) -> None:
        self._clause("try", t.body)
        for handler in t.handlers:
            rest = [*_after(" ", handler.type), *_after(" as ", handler.name)]
            self._clause("except" + "*" * isinstance(t, gast.TryStar), handler.body, *rest)
        self._else(t.orelse)
        self._else(t.finalbody, "finally")

    def _FunctionDef(self, t: Any) -> None:
        self._decorators(t)
        parameters = _enclosed("()", _commas([p] for p in self._parameters(t.args)))
        # A long line is broken at the parameters, never in the result's annotation.
        returns = [f" -> {self.flat((t.returns, TEST))}"] if t.returns else []
        self._clause(f"{_async(t)}def {t.name}", t.body, *parameters, *returns, doc=0)

    def _ClassDef(self, t: Any) -> None:
        self._decorators(t)
        bases = [*t.bases, *t.keywords]
        head = _enclosed("()", _commas(_each(bases))) if bases else ()
        self._clause("class " + t.name, t.body, *head, doc=1)

    def _decorators(self, t: Any) -> None:
        if getattr(t, "type_params", None):
            raise TypeError("there is no text for type parameters before Python 3.12")
        comment, self.comment = self.comment, None
        for decorator in t.decorator_list:
            self.fill("@")
            self.write((decorator, TEST))
        self.comment = comment

    def _Match(self, t: Any) -> None:
        self.fill("match ")
        self.dispatch(t.subject, TUPLE)
        self.enter()
        for case in t.cases:
            self._clause("case ", case.body, (case.pattern, NAMED), *_after(" if ", case.guard))
        self.leave()

    _AsyncFor, _AsyncWith, _AsyncFunctionDef, _TryStar = _For, _With, _FunctionDef, _Try

    # Parts of statements

    def _parameters(self, t: Any) -> list[str]:
        def text(name: Any, default: Any = None) -> str:
            annotation = getattr(name, "annotation", None)
            colon = f": {self.flat((annotation, TEST))}" if annotation else ""
            equals = " = " if annotation else "="
            return f"{name.id}{colon}{equals + self.flat((default, TEST)) if default else ''}"

        positional = [*t.posonlyargs, *t.args]
        defaults = [None] * (len(positional) - len(t.defaults)) + t.defaults
        out = list(map(text, positional, defaults))
        if t.posonlyargs:
            out.insert(len(t.posonlyargs), "/")
        out += ["*" + text(t.vararg)] if t.vararg else ["*"] if t.kwonlyargs else []
        out += map(text, t.kwonlyargs, t.kw_defaults)
        return out + (["**" + text(t.kwarg)] if t.kwarg else [])

    def _comprehension(self, t: Any) -> Iterator[Piece]:
        yield _Gap(CLAUSE)
        # A target's commas are no place for a break.
        yield f"{'async ' * t.is_async}for {self.flat((t.target, TUPLE))} in "
        yield t.iter, OR
        for condition in t.ifs:
            yield from (_Gap(CLAUSE), "if ", (condition, OR))

    # Expressions that need more than the table below

    def _Constant(self, t: Any) -> Iterable[Piece]:
        prefix = getattr(t, "kind", None) or ""
        return [prefix + _literal(t.value, "'" if self.fstrings else '"')]

    def _Lambda(self, t: Any) -> Iterable[Piece]:
        return [f"lambda {', '.join(self._parameters(t.args))}".rstrip() + ": ", (t.body, TEST)]

    def _JoinedStr(self, t: Any) -> Iterable[Piece]:
        self.fstrings += 1
        parts = list(self._fields(t.values))
        self.fstrings -= 1
        # Before Python 3.12 the code between braces cannot hold the quotes of the string.
        code = "".join(text for is_code, text in parts if is_code)
        plain = "".join(text for is_code, text in parts if not is_code)
        quotes = (["'", '"'] if self.fstrings else ['"', "'"]) + ['"""', "'''"]
        free = [quote for quote in quotes if quote not in code] or quotes
        quote = min(free, key=lambda quote: (len(quote), plain.count(quote[0])))
        texts = (x if is_code else x.replace(quote[0], "\\" + quote[0]) for is_code, x in parts)
        return [f"f{quote}{''.join(texts)}{quote}"]

    def _FormattedValue(self, t: Any) -> Iterable[Piece]:
        return self._JoinedStr(gast.JoinedStr([t]))

    def _fields(self, values: list[Any], is_code: bool = False) -> Iterator[tuple[bool, str]]:
        for value in values:
            if isinstance(value, gast.Constant):
                text = _UNPRINTABLE.sub(_escape, value.value)
                yield is_code, text.replace("{", "{{").replace("}", "}}")
                continue
            code = self.flat((value.value, OR))
            conversion = f"!{chr(value.conversion)}" if value.conversion > 0 else ""
            yield True, "{" + " " * code.startswith("{") + code + conversion
            if value.format_spec:
                yield True, ":"
                yield from self._fields(value.format_spec.values, True)
            yield True, "}"


def _name(node: object) -> str:
    return type(node).__name__


def _async(node: object) -> str:
    return "async " * _name(node).startswith("Async")


def _rank(node: Any) -> int:
    if isinstance(node, gast.Constant) and isinstance(node.value, (int, float, complex)):
        return SIGN if _literal(node.value).startswith("-") else ATOM
    if isinstance(node, gast.MatchAs) and not node.pattern:
        return ATOM
    return _RANKS.get(_name(getattr(node, "op", node)), ATOM)


def _is_text(statement: Any) -> bool:
    return isinstance(statement, gast.Expr) and isinstance(
        getattr(statement.value, "value", None), str
    )


# Pieces


def _named(node: Any) -> Piece:
    """`node` where an assignment expression needs no parentheses."""
    return node, NAMED if isinstance(node, gast.NamedExpr) else TEST


def _pair(key: Any, value: Any) -> list[Piece]:
    return [(key, TEST), ": ", (value, TEST)] if key else ["**", (value, BIT_OR)]


def _enclosed(brackets: str, pieces: Iterable[Piece], kind: type = _Open) -> Iterator[Piece]:
    yield kind(brackets[:1])
    yield from pieces
    yield _Close(brackets[1:])


def _optional(pieces: Iterable[Piece]) -> Iterator[Piece]:
    """`pieces` in parentheses that show only if the line is broken there."""
    return _enclosed("", pieces, _Display)


def _commas(items: Iterable[list[Piece]], lone: str = "") -> Iterator[Piece]:
    """`items` with commas between them, and `lone` behind a single one."""
    count = 0
    for count, item in enumerate(items, 1):
        yield from (",", _Gap(TUPLE), *item) if count > 1 else item
    if count == 1 and lone:
        yield lone


def _operators(operands: list[Any], signs: list[str], rank: int, *inner: int) -> Iterator[Piece]:
    """`operands` with `signs` between them, each sign in its turn.

    `rank` is that of the gaps, `inner` those of the operands; the last one is for all that follow.
    """
    inner = inner or (rank + 1,)
    for k, operand in enumerate(operands):
        if k:
            yield from (_Gap(rank), signs[(k - 1) % len(signs)] + " ")
        yield operand, inner[min(k, len(inner) - 1)]


def _binary(t: Any) -> Iterator[Piece]:
    rank = _rank(t)
    # A product of elements keeps its parentheses before a matrix product.
    mixed = isinstance(t.op, gast.MatMult) and isinstance(t.left, gast.BinOp)
    left = rank + (mixed and not isinstance(t.left.op, gast.MatMult))
    left, right = (AWAIT, SIGN) if rank == POWER else (left, rank + 1)
    if rank == POWER and _tight.get() and _is_simple(t.left) and _is_simple(t.right, True):
        return iter([(t.left, left), "**", (t.right, right)])
    return _operators([t.left, t.right], [Unparser.binop[_name(t.op)]], rank, left, right)


def _subscript(t: Any) -> Iterator[Piece]:
    elements = t.slice.elts if isinstance(t.slice, gast.Tuple) else []
    # `x[*y]` is new in Python 3.11, `x[(*y,)]` is not.
    bare = elements and not any(isinstance(element, gast.Starred) for element in elements)
    index = _commas(_each(elements), lone=",") if bare else [(t.slice, TEST)]
    yield t.value, ATOM
    yield from _enclosed("[]", index)


def _sliced(t: Any) -> list[Piece]:
    parts = (t.lower, t.upper, t.step)
    pad = " " * (_tight.get() and not all(map(_is_short, parts)))
    front = [*_after("", t.lower), *([pad] if t.lower else []), ":", *_after(pad, t.upper)]
    return [*front, *_after(f"{pad if t.upper else ''}:{pad}", t.step)]


def _is_short(node: Any) -> bool:
    """Whether formatters write no space between a slice's colon and this bound."""
    if isinstance(node, gast.UnaryOp):
        node = node.operand
    return node is None or isinstance(node, (gast.Name, gast.Constant))


def _call(t: Any) -> Iterator[Piece]:
    yield t.func, ATOM
    if len(t.args) == 1 and isinstance(t.args[0], gast.GeneratorExp) and not t.keywords:
        yield t.args[0], TEST  # its parentheses are those of the call
    else:
        yield from _enclosed("()", _commas([_named(x)] for x in (*t.args, *t.keywords)))


def _match_class(t: Any) -> Iterator[Piece]:
    named = map(_after, [name + "=" for name in t.kwd_attrs], t.kwd_patterns)
    yield t.cls, ATOM
    yield from _enclosed("()", _commas(chain(_each(t.patterns), named)))


def _generated(brackets: str, t: Any, *head: Piece) -> Iterator[Piece]:
    yield from _enclosed(brackets, chain(head, *_each(t.generators)))


def _display(brackets: str, items: Iterable[list[Piece]]) -> Iterator[Piece]:
    return _enclosed(brackets, _commas(items), _Display)


def _each(nodes: Iterable[Any], rank: int = TEST) -> list[list[Piece]]:
    return [[(node, rank)] for node in nodes]


def _after(text: str, node: Any, rank: int = TEST) -> list[Piece]:
    """`text` and `node`, if there is one."""
    return [text, (node, rank)] if node else []


# The pieces of all that needs nothing but its own fields.
_SHAPES: dict[str, Callable[[Any], Iterable[Piece]]] = {
    "Attribute": lambda t: [  # the dot right behind an integer would be its decimal point
        (t.value, ATOM + (type(getattr(t.value, "value", None)) is int)),
        "." + t.attr,
    ],
    "Await": lambda t: ["await ", (t.value, ATOM)],
    "BinOp": _binary,
    "BoolOp": lambda t: _operators(t.values, [_name(t.op).lower()], OR, _rank(t) + 1),
    "Call": _call,
    "Compare": lambda t: _operators(
        [t.left, *t.comparators], [Unparser.cmpops[_name(op)] for op in t.ops], COMPARE
    ),
    "Dict": lambda t: _display("{}", map(_pair, t.keys, t.values)),
    "DictComp": lambda t: _generated("{}", t, *_pair(t.key, t.value)),
    "GeneratorExp": lambda t: _generated("()", t, (t.elt, TEST)),
    "IfExp": lambda t: _operators([t.body, t.test, t.orelse], ["if", "else"], TEST, OR, OR, TEST),
    "List": lambda t: _display("[]", _each(t.elts)),
    "ListComp": lambda t: _generated("[]", t, (t.elt, TEST)),
    "Name": lambda t: [t.id],
    "NamedExpr": lambda t: [(t.target, ATOM), " := ", (t.value, TEST)],
    "Set": lambda t: _display("{}", _each(t.elts)),
    "SetComp": lambda t: _generated("{}", t, (t.elt, TEST)),
    "Slice": lambda t: _sliced(t),
    "Starred": lambda t: ["*", (t.value, BIT_OR)],
    "Subscript": _subscript,
    "Tuple": lambda t: _commas(_each(t.elts), lone=","),
    "UnaryOp": lambda t: [
        Unparser.unop[_name(t.op)] + " " * isinstance(t.op, gast.Not),
        (t.operand, _rank(t)),
    ],
    "Yield": lambda t: ["yield", *_after(" ", t.value, TUPLE)],
    "YieldFrom": lambda t: ["yield from ", (t.value, TEST)],
    # Parts of statements
    "alias": lambda t: [t.name + (f" as {t.asname}" if t.asname else "")],
    "keyword": lambda t: [f"{t.arg}=", (t.value, TEST)] if t.arg else ["**", (t.value, BIT_OR)],
    "withitem": lambda t: [(t.context_expr, TEST), *_after(" as ", t.optional_vars)],
    "MatchAs": lambda t: [
        *_after("", t.pattern, BIT_OR),
        " as " * bool(t.pattern) + (t.name or "_"),
    ],
    "MatchClass": _match_class,
    "MatchMapping": lambda t: _display(
        "{}", [*map(_pair, t.keys, t.patterns), *([["**" + t.rest]] if t.rest else [])]
    ),
    "MatchOr": lambda t: _operators(t.patterns, ["|"], BIT_OR),
    "MatchSequence": lambda t: _display("[]", _each(t.patterns)),
    "MatchSingleton": lambda t: [repr(t.value)],
    "MatchStar": lambda t: [f"*{t.name or '_'}"],
    "MatchValue": lambda t: [(t.value, BIT_XOR)],
}


# Constants


def _escape(match: re.Match[str]) -> str:
    return match[0].encode("unicode_escape").decode()


def _quoted(text: str, special: re.Pattern[str], quote: str) -> str:
    other = "'" if quote == '"' else '"'
    quote = quote if text.count(quote) <= text.count(other) else other
    return quote + special.sub(_escape, text).replace(quote, "\\" + quote) + quote


def _short(number: str) -> str:
    """`1e-7` for `1e-07`, `1e22` for `1e+22`."""
    return number.replace("e+", "e").replace("e-0", "e-")


def _literal(value: Any, quote: str = '"') -> str:
    if isinstance(value, str):
        return _quoted(value, _UNPRINTABLE, quote)
    if isinstance(value, bytes):
        return "b" + _quoted(value.decode("latin-1"), _NOT_ASCII, quote)
    if isinstance(value, bool) or value is None:
        return repr(value)
    if value is Ellipsis:
        return "..."
    if isinstance(value, int):  # Python reads and writes no decimals of more than 4300 digits
        return int.__repr__(value) if value.bit_length() < 14_000 else hex(value)
    if isinstance(value, float):
        if isfinite(value):
            return _short(float.__repr__(value))
        name = "inf" if abs(value) == inf else "nan"
        return "-" * (value == -inf) + f"float({quote}{name}{quote})"
    if isinstance(value, complex):
        real, imag = value.real, value.imag
        negative = copysign(1, imag) < 0
        if real == 0 and isfinite(imag) and negative == (copysign(1, real) < 0):
            return "-" * negative + _short(repr(complex(0, abs(imag))))
        if real and imag and isfinite(real) and isfinite(imag):
            return _short(complex.__repr__(value))
        return f"complex({_literal(real, quote)}, {_literal(imag, quote)})"
    raise TypeError(f"there is no text for a constant of type {_name(value)}")


def _docstring(text: str) -> list[str]:
    """The lines of a docstring, without the indentation that it had."""
    first, *rest = text.expandtabs().split("\n")
    margin = min((len(x) - len(x.lstrip(" ")) for x in rest if x.strip(" ")), default=0)
    lines = [first.strip(" "), *(x[margin:].rstrip(" ") for x in rest)]
    body = "\n".join(_UNPRINTABLE.sub(_escape, line) for line in lines).rstrip("\n")
    body = re.sub(r'"(?="|\Z)', r"\"", body)
    return f'"""{body}{chr(10) * (chr(10) in body)}"""'.split("\n")


# Line breaking

_Part = tuple[int, list[str], bool]  # indentation, pieces, whether brackets surround them


def _layout(indent: int, line: list[str]) -> Iterator[str]:
    """The lines of text for one logical line."""
    todo = [(indent, line, False)]
    while todo:
        indent, line, inside = todo.pop()
        text = (" " * indent + "".join(line)).rstrip(" ")
        parts = _broken(indent, line, inside) if len(text) > WIDTH else []
        if parts:
            todo += reversed(parts)
        else:
            yield text


def _broken(indent: int, line: list[str], inside: bool) -> list[_Part]:
    """`line` in parts, none if it cannot be broken."""
    if inside and _gaps(line):
        return [(indent, part, True) for part in _at_gaps(line)]
    ways = [_at_brackets(indent, line, inside, *pair) for pair in _choices(indent, line)]
    return next((way for way in ways if _fits(*way[0]) and _fits(*way[-1])), (ways or [[]])[0])


def _at_brackets(indent: int, line: list[str], inside: bool, start: int, stop: int) -> list[_Part]:
    body = line[start + 1 : stop]
    one_a_line = isinstance(line[start], _Display) and TUPLE in _ranks(body)
    return [
        (indent, [*line[:start], str(line[start]) or "("], inside),
        *((indent + 4, part, True) for part in (_at_gaps(body) if one_a_line else [body])),
        (indent, [str(line[stop]) or ")", *line[stop + 1 :]], inside),
    ]


def _fits(indent: int, line: list[str], inside: bool = True) -> bool:
    return indent + sum(map(len, line)) <= WIDTH


def _choices(indent: int, line: list[str]) -> Iterator[tuple[int, int]]:
    """The brackets at which a line may be broken, best first, those on the right before others."""
    pairs = _pairs(line)
    visible = [(start, stop) for start, stop in pairs if line[start] and stop > start + 1]
    for start, stop in pairs:
        if not line[start]:  # optional parentheses
            ranks = _ranks(line[start + 1 : stop])
            within = [pair for pair in visible if start < pair[0] < stop]
            useful = ranks or _fits(indent + 4, line[start:stop]) or (visible and not within)
            if ranks:
                # One operator alone needs none if a bracket beside it can be broken.
                alone = ranks.count(min(ranks)) == 1 and min(ranks) != TUPLE
                within = [pair for pair in within if alone and _at_end(line, start, stop, *pair)]
            yield from within
            if useful:
                yield start, stop
    yield from visible


def _at_end(line: list[str], start: int, stop: int, a: int, b: int) -> bool:
    """Whether brackets (a, b) are at the end of what (start, stop) hold, or in what begins it."""
    if b == stop - 1:
        return line[a] != "[" or isinstance(line[a], _Display)  # but no subscript
    return isinstance(line[start + 1], _Open) and b < start + 1 + _gaps(line[start + 1 : stop])[0]


def _pairs(line: list[str]) -> list[tuple[int, int]]:
    """The outermost brackets from right to left, and those within optional parentheses."""
    pairs: list[tuple[int, int]] = []
    opened: list[int] = []
    for k, piece in enumerate(line):
        if isinstance(piece, _Open):
            opened.append(k)
        elif isinstance(piece, _Close) and opened:
            start = opened.pop()
            if not any(line[j] for j in opened):
                pairs.append((start, k))
    return sorted(pairs, reverse=True)


def _gaps(line: list[str]) -> list[int]:
    """Where the gaps outside all brackets are."""
    gaps, depth = [], 0
    for k, piece in enumerate(line):
        depth += isinstance(piece, _Open) - isinstance(piece, _Close)
        if not depth and isinstance(piece, _Gap):
            gaps.append(k)
    return gaps


def _ranks(line: list[str]) -> list[int]:
    return [line[k].rank for k in _gaps(line)]  # type: ignore[attr-defined]


def _at_gaps(line: list[str]) -> list[list[str]]:
    """`line` broken at its gaps of the lowest rank, if those follow commas with a last comma."""
    lowest = min(_ranks(line))
    cuts = [k for k in _gaps(line) if line[k].rank == lowest]  # type: ignore[attr-defined]
    line = [*line, "," * (lowest == TUPLE)]
    return [line[a + 1 : b] for a, b in pairwise([-1, *cuts, len(line)])]
