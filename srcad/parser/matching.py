"""`match` as a chain of `if`: the subject is evaluated once, a pattern is a test of it and names for its parts.

    match shape:                          if Fits(shape, 2):
        case (n, m):                          n = shape[0]
            size = n * m         ->           m = shape[1]
        case _:                               size = n * m
            size = 1                      else:
                                              size = 1

What is known of the subject while parsing (that it is a tuple, a string, None) decides the test then, like any other.
"""

from __future__ import annotations

import copy
import itertools
from typing import Any

import gast

__all__ = ["WHOLE", "Fits", "Member", "without_match"]

# The names of subjects, which no user can write.
SUBJECT = "subject "
# Classes whose pattern takes the whole subject.
WHOLE = (bool, bytearray, bytes, dict, float, frozenset, int, list, set, str, tuple)


class Fits(gast.AST):  # type: ignore[misc]
    """Whether a subject is a sequence of `length` (or longer, if it is `open`), a dict with `keys`, or of a class."""

    _fields = ("subject", "keys", "cls")

    def __init__(
        self,
        subject: Any = None,
        length: int | None = None,
        open: bool = False,
        keys: Any = None,
        cls: Any = None,
    ) -> None:
        self.subject, self.length, self.open, self.keys, self.cls = subject, length, open, keys, cls


class Member(gast.AST):  # type: ignore[misc]
    """What a pattern of a class has at a place; or, with `without`, a dict without these keys."""

    _fields = ("subject", "cls", "without")

    def __init__(
        self, subject: Any = None, cls: Any = None, place: int = 0, without: Any = None
    ) -> None:
        self.subject, self.cls, self.place, self.without = subject, cls, place, without


def without_match(tree: Any) -> Any:
    """The tree with its `match` statements rewritten.

    >>> import ast
    >>> text = '''
    ... match f(x):
    ...     case 0 | 1 as k: y = k
    ...     case k if k > 9: y = -k
    ... '''
    >>> print(gast.unparse(without_match(gast.ast_to_gast(ast.parse(text)))).strip())
    subject 0 = f(x)
    if subject 0 == 0 or subject 0 == 1:
        k = subject 0
        y = k
    else:
        k = subject 0
        if k > 9:
            y = -k
    """
    return _Match().visit(tree)


class _Match(gast.NodeTransformer):  # type: ignore[misc]
    def __init__(self) -> None:
        self.count = itertools.count()

    def visit_Match(self, node: Any) -> Any:
        self.generic_visit(node)
        subject, first = node.subject, []
        captured = {name for case in node.cases for name in _captured(case.pattern)}
        if not isinstance(subject, gast.Name) or subject.id in captured:
            hidden = f"{SUBJECT}{next(self.count)}"
            first = [_assign(hidden, subject, subject)]
            subject = gast.copy_location(gast.Name(hidden, gast.Load(), None, None), subject)
        rest: list[Any] = []
        for case in reversed(node.cases):
            for place, (tests, names) in enumerate(reversed(_ways(case.pattern, subject))):
                body = case.body if place == 0 else copy.deepcopy(case.body)
                binds = [_assign(name, value, case.pattern) for name, value in names]
                if case.guard is not None and not binds:
                    tests = [*tests, case.guard]
                elif case.guard is not None:
                    after = copy.deepcopy(rest) if tests else rest
                    body = [_if([case.guard], body, after, case.pattern)]
                body = [*binds, *body]
                rest = [_if(tests, body, rest, case.pattern)] if tests else body
        return [*first, *rest] or gast.copy_location(gast.Pass(), node)


def _captured(pattern: Any) -> list[str]:
    """The names that a pattern assigns."""
    found = [getattr(inner, "name", None) for inner in gast.walk(pattern)]
    found += [getattr(inner, "rest", None) for inner in gast.walk(pattern)]
    return [name for name in found if name is not None]


def _assign(name: str, value: Any, place: Any) -> Any:
    target = gast.copy_location(gast.Name(name, gast.Store(), None, None), place)
    return gast.copy_location(gast.Assign([target], value, None), place)


def _if(tests: list[Any], body: list[Any], orelse: list[Any], place: Any) -> Any:
    test = (
        tests[0] if len(tests) == 1 else gast.copy_location(gast.BoolOp(gast.And(), tests), place)
    )
    return gast.copy_location(gast.If(test, body, orelse), place)


def _ways(pattern: Any, subject: Any) -> list[tuple[list[Any], list[tuple[str, Any]]]]:
    """The ways in which a pattern may fit: for each its tests, in order, and its names with what they stand for."""

    def located(node: Any) -> Any:
        return gast.copy_location(node, pattern)

    def all_of(parts: list[tuple[Any, Any]], test: Any) -> list[Any]:
        ways = [_ways(inner, part) for inner, part in parts]
        return [
            (
                [test, *(t for tests, _ in way for t in tests)],
                [n for _, names in way for n in names],
            )
            for way in itertools.product(*ways)
        ]

    def item(index: Any) -> Any:
        if isinstance(index, int) and index < 0:
            index = located(gast.UnaryOp(gast.USub(), located(gast.Constant(-index, None))))
        elif not isinstance(index, gast.AST):
            index = located(gast.Constant(index, None))
        return located(gast.Subscript(subject, index, gast.Load()))

    if isinstance(pattern, gast.MatchAs):
        names = [] if pattern.name is None else [(pattern.name, subject)]
        if pattern.pattern is None:
            return [([], names)]
        return [(tests, [*inner, *names]) for tests, inner in _ways(pattern.pattern, subject)]
    if isinstance(pattern, gast.MatchValue):
        return [([located(gast.Compare(subject, [gast.Eq()], [pattern.value]))], [])]
    if isinstance(pattern, gast.MatchSingleton):
        value = located(gast.Constant(pattern.value, None))
        return [([located(gast.Compare(subject, [gast.Is()], [value]))], [])]
    if isinstance(pattern, gast.MatchOr):
        ways = [way for inner in pattern.patterns for way in _ways(inner, subject)]
        if any(names or not tests for tests, names in ways):
            return ways
        tests = [
            tests[0] if len(tests) == 1 else located(gast.BoolOp(gast.And(), tests))
            for tests, _ in ways
        ]
        return [([located(gast.BoolOp(gast.Or(), tests))], [])]
    if isinstance(pattern, gast.MatchSequence):
        count = len(pattern.patterns)
        stars = [k for k, p in enumerate(pattern.patterns) if isinstance(p, gast.MatchStar)]
        star = stars[0] if stars else count
        parts: list[tuple[Any, Any]] = []
        for place, inner in enumerate(pattern.patterns):
            if place == star:
                if inner.name is not None:
                    end = place - count + 1
                    stop = item(end).slice if end else None
                    span = located(gast.Slice(item(place).slice, stop, None))
                    rest = located(gast.Starred(item(span), gast.Load()))
                    listed = located(gast.List([rest], gast.Load()))
                    parts.append((located(gast.MatchAs(None, inner.name)), listed))
                continue
            parts.append((inner, item(place if place < star else place - count)))
        return all_of(parts, located(Fits(subject, count - len(stars), bool(stars))))
    if isinstance(pattern, gast.MatchMapping):
        keyed = list(zip(pattern.patterns, map(item, pattern.keys)))
        if pattern.rest is not None:
            left = located(Member(subject, without=pattern.keys))
            keyed.append((located(gast.MatchAs(None, pattern.rest)), left))
        return all_of(keyed, located(Fits(subject, keys=pattern.keys)))
    members = [
        (inner, located(Member(subject, pattern.cls, place)))
        for place, inner in enumerate(pattern.patterns)
    ]
    members += [
        (inner, located(gast.Attribute(subject, name, gast.Load())))
        for name, inner in zip(pattern.kwd_attrs, pattern.kwd_patterns)
    ]
    isinstance_ = located(Fits(subject, cls=pattern.cls))
    return all_of(members, isinstance_)
