"""Jumps: `break`, `continue`, and `return` inside a loop, as flags that the rest of an iteration waits for.

A jump becomes a `Leave`. What a side of an `if` does before it leaves the loop for good is done after the loop instead, under the flag
of that place, which costs the iterations nothing; a returned value is computed there too.

    for x in xs:                          for x in xs:
        if x < 0:                             if x < 0:
            continue                              Leave             # the rest is the other side
        y = f(x)                 ->           y = f(x)
        if y > 1:                             if y > 1:
            z = y * x                             Leave 0
            break                             s = s + y
        s = s + y                         if flag of 0: z = y * x

The parser joins the flags like names (they are names that no user can write). One that is false for certain costs nothing; one that is true on one side of an
`if` is the condition itself. What is left of an iteration becomes the other side of the `if` that left, or waits for a flag.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import gast

from srcad.core.syntax import nodes_below, nodes_in
from srcad.parser.reads import live, reads, writes

__all__ = [
    "FLAG",
    "KEPT",
    "Aside",
    "Back",
    "Bind",
    "First",
    "Leave",
    "Region",
    "Rest",
    "Resume",
    "Site",
    "at_test",
    "ends",
    "in_header",
    "leaves",
    "one_by_one",
    "region_of",
    "returns",
]

# Names of flags, and of what a place that leaves a loop knew there.
FLAG, KEPT = "flag ", "kept "


def _handed(statements: list[Any], node: Any, last: frozenset[str]) -> list[Any]:
    """`a = a` for each name that is assigned on the way to a jump (and not at `last`), for it to be known after the loop."""
    made = []
    for name in writes([s for s in statements if isinstance(s, (gast.Assign, gast.AugAssign))]):
        if name in last:
            continue
        target, value = (gast.Name(name, ctx(), None, None) for ctx in (gast.Store, gast.Load))
        for part in (target, value):
            gast.copy_location(part, node)
        made.append(gast.copy_location(gast.Assign([target], value, None), node))
    return made


def computed_inside(body: list[Any], around: Any = None) -> list[Any]:
    """The body of a `try` with each returned value computed in it, where what it raises is caught; `around` uses other names.

    >>> body = gast.parse("if a:\\n    return f(x)\\nreturn 0").body
    >>> print(gast.unparse(computed_inside(body)[0]))
    <BLANKLINE>
    if a:
        returned = f(x)
        return returned
    """
    around = body if around is None else around
    taken = {inner.id for s in around for inner in nodes_in(s) if isinstance(inner, gast.Name)}
    name = "returned"
    while name in taken:
        name += "_"
    out: list[Any] = []
    for statement in body:
        if isinstance(statement, gast.Return):
            value = gast.Constant(None, None) if statement.value is None else statement.value
            target = gast.Name(name, gast.Store(), None, None)
            kept = gast.Name(name, gast.Load(), None, None)
            for made in (gast.Assign([target], value, None), gast.Return(kept)):
                out.append(gast.copy_location(made, statement))
                for inner in (target, kept, value):
                    gast.copy_location(inner, statement)
            continue
        if returns(statement):
            made = type(statement)(**dict(gast.iter_fields(statement)))
            for field in ("body", "orelse", "finalbody"):
                if getattr(statement, field, None):
                    setattr(made, field, computed_inside(getattr(statement, field), around))
            if getattr(statement, "handlers", None):
                made.handlers = [
                    _handler(h, computed_inside(h.body, around)) for h in made.handlers
                ]
            statement = gast.copy_location(made, statement)
        out.append(statement)
    return out


def _settled(node: Any) -> Any:
    """A `try` whose returned values are computed where they stand: before what is done at last, and where a handler sees what they raise."""
    body, orelse, handlers = computed_inside(node.body, [node]), node.orelse, node.handlers
    if node.finalbody:
        orelse = computed_inside(orelse, [node])
        handlers = [_handler(h, computed_inside(h.body, [node])) for h in handlers]
    return gast.copy_location(gast.Try(body, handlers, orelse, node.finalbody), node)


def _handler(handler: Any, body: list[Any]) -> Any:
    """The `except` with another body."""
    made = type(handler)(**dict(gast.iter_fields(handler)))
    made.body = body
    return gast.copy_location(made, handler)


class Site:
    """A place that leaves a loop for good: its flag, and the statements that are done after the loop where it was taken."""

    def __init__(self, region: Region, tail: list[Any]) -> None:
        self.key = f"{FLAG}{region.depth} {len(region.sites)}"
        self.prefix = f"{KEPT}{region.depth} {len(region.sites)} "
        self.tail = tail


class Region:
    """A loop that is left by jumps; `sites` are the places where it is left for good.

    `after` are the names that are read after the loop, `alive` those that may be read after a jump; `carried` the names that the loop carries.
    """

    def __init__(self, node: Any, depth: int) -> None:
        self.node, self.depth = node, depth
        self.sites: list[Site] = []
        self.left = self.stop = f"{FLAG}{depth} left"
        if any(isinstance(inner, gast.Continue) for inner in _own(node.body)):
            self.stop = f"{FLAG}{depth} stop"
        self.after: frozenset[str] = frozenset()
        self.alive: frozenset[str] = frozenset()
        self.carried: set[str] = set()
        # Whether it ends by jumps alone; the place that leaves it before its second part, which is where nothing else ends it.
        self.endless = False
        self.default: Site | None = None
        self.again: list[Any] = []
        self.body = self.rewritten(node.body)
        self.first = len(self.sites)

    def rewritten(
        self,
        statements: list[Any],
        *,
        side: bool = False,
        moves: bool = True,
        last: frozenset[str] = frozenset(),
    ) -> list[Any]:
        """The statements with each jump as a `Leave`; those before it, on a `side` of an `if`, move behind the loop.

        In a `try` they do not (`moves`). What a `finally` assigns (`last`) is what that leaves in it.

        >>> loop = gast.parse("while True:\\n    if a:\\n        x = 1\\n        break\\n    x = 2").body[0]
        >>> region = Region(loop, 0)
        >>> [type(s).__name__ for s in region.body[0].body], gast.unparse(region.sites[0].tail[0]).strip()
        (['Leave'], 'x = 1')
        """
        out: list[Any] = []
        for statement in statements:
            if isinstance(statement, gast.Continue):
                return [*out, gast.copy_location(Leave(self, None), statement)]
            if isinstance(statement, (gast.Break, gast.Return)):
                tail = [statement] if isinstance(statement, gast.Return) else []
                if side and moves and not any(leaves(one) for one in out):
                    tail, out = [*out, *tail], []
                if (
                    not moves
                ):  # what is done in a `try` stays there; what it gave to names is handed on
                    tail = [*_handed(out, statement, last), *tail]
                self.sites.append(Site(self, tail))
                return [*out, gast.copy_location(Leave(self, self.sites[-1]), statement)]
            loop = isinstance(statement, (gast.For, gast.While))
            if not any(
                isinstance(s, (gast.Break, gast.Continue, gast.Return)) for s in _own([statement])
            ) and (loop or not returns(statement)):
                out.append(statement)
                continue
            if isinstance(statement, gast.Try):
                statement = _settled(statement)
            made = type(statement)(**dict(gast.iter_fields(statement)))
            is_if, final = isinstance(statement, gast.If), getattr(statement, "finalbody", [])
            inside = last | frozenset(writes(final))
            for field in ("orelse",) if loop else ("body", "orelse"):
                if getattr(statement, field, None):
                    inner = getattr(statement, field)
                    again = self.rewritten(inner, side=is_if, moves=moves and is_if, last=inside)
                    setattr(made, field, again)
            if getattr(statement, "handlers", None):
                made.handlers = [
                    _handler(h, self.rewritten(h.body, moves=False, last=inside))
                    for h in statement.handlers
                ]
            if final:
                aside = gast.copy_location(Aside(self), statement)
                back = gast.copy_location(Back(aside), statement)
                made.finalbody = [aside, *self.rewritten(final, moves=False, last=last), back]
            out.append(gast.copy_location(made, statement))
        return out

    def body_of(self, node: Any) -> list[Any]:
        """The body of this loop rewritten, or that of an inner one that has no jumps."""
        return self.body if node is self.node else list(node.body)

    def leaving(self, later: frozenset[str]) -> frozenset[str]:
        """The names that are read after the loop, in what is done there for its jumps as well."""
        found = later | live(self.node.orelse, later)
        for site in self.sites:
            found |= live(site.tail, later)
        for inner in nodes_in(gast.Module(self.node.body, [])):
            if isinstance(inner, gast.Return):  # of an inner loop
                found |= reads(inner)
        return found


class Leave(gast.AST):  # type: ignore[misc]
    """Go on with the next iteration, or where there is a `site`, after the loop."""

    _fields = ()

    def __init__(self, region: Region, site: Site | None) -> None:
        self.region, self.site = region, site

    @property
    def alive(self) -> frozenset[str]:
        """The names that may be read next."""
        return self.region.alive | self.region.after


class Resume(gast.AST):  # type: ignore[misc]
    """The beginning of what is done where the iteration has not been left."""

    _fields = ()

    def __init__(self, region: Region) -> None:
        self.region = region


class Aside(gast.AST):  # type: ignore[misc]
    """The beginning of a `finally`, which is done whether the iteration has been left or not: nothing has been left in it yet."""

    _fields = ()

    def __init__(self, region: Region) -> None:
        self.region, self.flags = region, dict[str, Any]()


class Back(gast.AST):  # type: ignore[misc]
    """The end of a `finally` that has not jumped: what had been left before it is left now. One that has jumped forgets it."""

    _fields = ()

    def __init__(self, aside: Aside) -> None:
        self.aside = aside

    @property
    def besides(self) -> frozenset[str]:
        """The names that may be read next, where the iteration has been left."""
        return self.aside.region.alive | self.aside.region.after


class Bind(gast.AST):  # type: ignore[misc]
    """The beginning of an iteration of a loop that is unrolled."""

    _fields = ()

    def __init__(self, target: Any, item: Any) -> None:
        self.target, self.item = target, item


class First(gast.AST):  # type: ignore[misc]
    """The beginning of the first iteration of a loop over `over`."""

    _fields = ("target",)

    def __init__(self, node: Any = None, over: Any = None) -> None:
        self.target, self.over = getattr(node, "target", None), over


class Rest(gast.AST):  # type: ignore[misc]
    """The iterations after the first."""

    _fields = ("node",)

    def __init__(self, node: Any = None, over: Any = None) -> None:
        self.node, self.over = node, over


def region_of(node: Any, depth: int) -> Region | None:
    """The region of a loop that has jumps or an `else`."""
    jumps = (gast.Break, gast.Continue, gast.Return)
    if node.orelse or any(isinstance(inner, jumps) for inner in _own(node.body)):
        return Region(node, depth)
    if any(isinstance(inner, gast.Return) for inner in _walk(node)):
        return Region(node, depth)
    return None


def in_header(region: Region, *, whole: bool) -> tuple[list[Any], Any, list[Any], Site] | None:
    """A loop that is left between two parts of its body: the first part, the test to go on, the second part, and the place.

    `while True: a = f(x); if a < 0: break; g(a)`: the last time only the first part is done. So what it assigns is not known after the loop: where
    that is read, the first part is done `again` (unless the second does nothing but name things, which costs less). Where the loop may also end
    without a jump (not `whole`), nothing may be done after it that depends on which it was.

    >>> region = Region(gast.parse("while True:\\n    a = f(x)\\n    if a < 0: break\\n    x = g(a)").body[0], 0)
    >>> header, test, body, site = in_header(region, whole=True)
    >>> [gast.unparse(part).strip() for part in (*header, test, *body)]
    ['a = f(x)', 'not a < 0', 'x = g(a)']
    """
    for place, statement in enumerate(region.body):
        if not leaves(statement):
            continue
        if not isinstance(statement, gast.If) or statement.orelse or len(statement.body) != 1:
            return None
        leave = statement.body[0]
        if not isinstance(leave, Leave) or leave.site is None:
            return None
        header, test = region.body[:place], statement.test
        made = {*writes([*header, gast.Expr(test)])}
        if isinstance(region.node, gast.For):
            made |= {*writes([region.node.target])}
        if not whole and (made & region.after or leave.site.tail or region.node.orelse):
            return None
        region.again = []
        if made & region.after:
            rest = region.body[place + 1 :]
            if len(region.sites) > 1 or all(map(_names_only, rest)) or any(map(_loops, header)):
                return None
            region.again = list(header)
            if writes([gast.Expr(test)]):
                region.again.append(gast.copy_location(gast.Expr(test), test))
        if isinstance(test, gast.UnaryOp) and isinstance(test.op, gast.Not):
            test = test.operand
        else:
            test = gast.copy_location(gast.UnaryOp(gast.Not(), test), test)
        return header, test, region.body[place + 1 :], leave.site
    return None


def _names_only(statement: Any) -> bool:
    """Whether a statement gives a name to what has one."""
    return isinstance(statement, gast.Assign) and isinstance(statement.value, gast.Name)


def _loops(statement: Any) -> bool:
    """Whether a statement may take long."""
    return any(isinstance(inner, (gast.For, gast.While)) for inner in nodes_in(statement))


def at_test(node: Any) -> Any:
    """A loop whose test assigns names, with the test in its body.

    >>> print(gast.unparse(at_test(gast.parse("while (r := f(x)) > 0:\\n    x = r").body[0])).strip())
    while True:
        if not (r := f(x)) > 0:
            break
        x = r
    """
    if not any(isinstance(inner, gast.NamedExpr) for inner in nodes_in(node.test)):
        return node
    stop = gast.UnaryOp(gast.Not(), node.test)
    leave = gast.If(stop, [*node.orelse, gast.Break()], [])
    for made in (stop, leave, leave.body[-1]):
        gast.copy_location(made, node.test)
    loop = gast.While(gast.Constant(True, None), [leave, *node.body], [])
    return gast.copy_location(loop, node)


def one_by_one(node: Any) -> Any:
    """An `if` whose test assigns names on the way, as one `if` in another: the names are there inside.

    >>> print(gast.unparse(one_by_one(gast.parse("if a and (b := f(a)) > 0: y = b").body[0])).strip())
    if a:
        if (b := f(a)) > 0:
            y = b
    """
    test = node.test
    if not (isinstance(test, gast.BoolOp) and isinstance(test.op, gast.And)):
        return node
    if not any(isinstance(n, gast.NamedExpr) for v in test.values[1:] for n in nodes_in(v)):
        return node
    body = node.body
    for value in reversed(test.values):
        body = [gast.copy_location(gast.If(value, body, list(node.orelse)), node)]
    return body[0]


def leaves(node: Any) -> bool:
    """Whether a `Leave` stands inside."""
    return any(isinstance(inner, Leave) for inner in _walk(node))


def returns(node: Any) -> bool:
    """Whether a `return` of this function stands inside; one of a function defined inside does not count."""
    return not isinstance(node, _SCOPES) and any(isinstance(n, gast.Return) for n in _walk(node))


def ends(statements: list[Any]) -> bool:
    """Whether nothing that follows the statements is done."""
    if not statements:
        return False
    last = statements[-1]
    return isinstance(last, (gast.Return, Leave)) or (
        isinstance(last, gast.If) and ends(last.body) and ends(last.orelse)
    )


_SCOPES = (gast.FunctionDef, gast.AsyncFunctionDef, gast.Lambda, gast.ClassDef)


def _walk(node: Any) -> Iterator[Any]:
    """What stands inside, functions defined there aside."""
    pending = [node]
    while pending:
        inner = pending.pop()
        yield inner
        pending += [child for child in nodes_below(inner) if not isinstance(child, _SCOPES)]


def _own(statements: list[Any]) -> Iterator[Any]:
    """The statements that stand inside, loops and functions aside; of a loop its `else`."""
    for statement in statements:
        yield statement
        if isinstance(statement, (gast.For, gast.While, gast.AsyncFor)):
            yield from _own(statement.orelse)
        elif not isinstance(statement, _SCOPES):
            for field in ("body", "orelse", "finalbody"):
                yield from _own(getattr(statement, field, []))
            for handler in getattr(statement, "handlers", []):
                yield from _own(handler.body)
