"""A derivative explained: what is active and why not, what is saved and who reads it, what it costs, how Jacobians come about.

All of it is read off what the compiler's stages made (`srcad.api.facts`): the function's Core for activity, the functions of the text for the rest.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from srcad.analysis.activity import parameters, useful, varied
from srcad.analysis.cost import Cost, Formula
from srcad.api.compose import select
from srcad.api.facts import Facts, Swept
from srcad.api.request import Generated, Request
from srcad.api.saved import Printed, Text, saved_values
from srcad.core.nodes import (
    Branch,
    Call,
    Function,
    Let,
    Loop,
    Value,
    defined,
    leaves,
    walk,
)
from srcad.core.trees import varied_values
from srcad.rules import rule_of

__all__ = ["Explanation", "explained"]


class Fact(NamedTuple):
    """A value of the function: its name ("" for one without), its type, whether it is active, and why it is not."""

    file: str
    line: int
    text: str
    name: str
    type: str
    active: bool
    why: str


class Explanation:
    """What the compiler knows of a derivative. `str()` says it in words, `line(n)` of one line of the function, `as_json()` for machines.

    `front` lines stand in front of the text where it is shown.
    """

    def __init__(
        self, request: Request, made: Generated, facts: Facts, note: str = "", front: int = 0
    ) -> None:
        assert facts.primal is not None
        self.request, self.made, self.note, self.front = request, made, note, front
        self.known = facts
        self.primal = facts.primal
        place = self.primal.parsed.place  # NumPy's own functions have none
        self.file: str = "" if place is None else place.file
        self.wrt = _wrt(self.primal, request)
        self.facts = tuple(_facts(self.primal, request, self.wrt))
        self.text = Text(made)
        self.cost = Cost()
        tops = _tops(made, facts)
        self.name = " and ".join(made.names[role] for role in _ROLES if role in made.names)
        self.function = self.cost.of_block(self.primal.body)
        self.parts = [(top.name, self.cost.of_block(top.body)) for top, _ in tops]
        self.derivative = sum((cost for _, cost in self.parts), Formula())
        self.saved = tuple(saved_values(tops, self.text, self.cost))
        self.swept = facts.swept
        self.mapped = any(each.transform == "vmap" for each in request.chain())
        self.chunked = request.transform.endswith("_chunk")
        if self.chunked:
            self.cost.legend["rows"] = "how many at a time"

    @property
    def undeclared(self) -> list[str]:
        """The arguments of which nothing is known: there are no formulas without."""
        given = parameters(self.primal)
        return [value.base for value in given if value.type.numeric and value.type.shape is None]

    @property
    def memory(self) -> Formula:
        """The bytes of all that is saved."""
        return sum((each.bytes for each in self.saved), Formula())

    def __str__(self) -> str:
        return "\n".join(self._lines()) + "\n"

    def __repr__(self) -> str:
        return f"<explanation of {self.name}>"

    def chunk_note(self) -> str:
        """What is said of `chunk_size="auto"` for what is declared."""
        from srcad.api.rowcost import told

        return told(self.known, self.request, self.made.names.get("batched") == "yes")

    def _lines(self) -> Iterator[str]:
        by = ", ".join(_typed(value) for value in self.wrt)
        place = self.primal.parsed.place
        yield f"{self.name}, of {self.primal.name if place is None else f'{place.file}:{place.line}'}"
        yield f"differentiated by {by}" if by else "not differentiated, mapped alone"
        if self.note:
            yield self.note
        if by:
            yield ""
            yield "What has a derivative"
            yield from _columns(self._statements())
            yield ""
            pushes = self.request.transform in ("linearize", "jacfwd_chunk")
            yield f"What is saved for the {'pushforward' if pushes else 'backward sweep'}"
            yield from self._saved_lines()
        if self.swept:
            yield ""
            yield "How the Jacobian is computed"
            for each in self.swept:
                yield f"    {self.words_of(each)}"
        yield ""
        yield "What it costs, in numbers computed or copied"
        if self.undeclared:
            what = ", ".join(f"`{name}`" for name in self.undeclared)
            yield f"    not known: declare what {what} {'is' if len(self.undeclared) == 1 else 'are'}, as in float64[n]"
            return
        primal = f"{self.primal.name}{', for one example' if self.mapped else ''}"
        rows = [(primal, str(self.function)), *((name, str(cost)) for name, cost in self.parts)]
        if self.chunked:
            rows[-1] = (f"{rows[-1][0]}, each time", rows[-1][1])
        elif not self.mapped and self.function:
            large = " where sizes are large" if self.function.symbols else ""
            rows.append(("ratio", f"{self.derivative.over(self.function)}{large}"))
        yield from _columns(rows)
        if self.cost.bounds:
            yield "    at most: the dearer side of each branch, all iterations of each loop"
        for name, means in self.legend.items():
            yield f"    {name}: {means}"

    def _statements(self) -> Iterator[tuple[str, ...]]:
        for fact in self.facts:
            where = "argument" if not fact.line else f"line {fact.line}"
            where = where if fact.file in ("", self.file) else f"{fact.file}:{fact.line}"
            what = fact.text or f"{fact.name}: {fact.type}"
            yield where, _cut(what, 56), _verdict(fact)

    def _saved_lines(self) -> Iterator[str]:
        if not self.saved:
            forward = "adjoint" not in self.made.sweeps and "tangent" in self.made.sweeps
            yield f"    nothing{': in forward mode tangents go along with values' if forward else ''}"
            return
        for each in self.saved:
            view = "a view of an argument" if each.view else ""
            yield f"    {', '.join(filter(None, [f'{each.name}: {each.type}', view, each.place]))}"
            if each.statement:
                yield f"        made for line {each.line}: {_cut(each.statement, 80)}"
            for reader in each.readers:
                of = f"for line {reader.line}" if reader.line else "for the result"
                what = f": {_cut(reader.statement, 80)}" if reader.statement else ""
                yield f"        read {of}{what}"
            if not each.readers:
                yield "        read by nothing that is left: simplification has removed it"
        if not self.undeclared:
            yield f"    in all {self.memory} bytes"

    @property
    def legend(self) -> dict[str, str]:
        """What the names in the formulas mean that are no sizes of the signature."""
        used = self.function.symbols | self.derivative.symbols | self.memory.symbols
        return {name: means for name, means in self.cost.legend.items() if name in used}

    def words_of(self, each: Swept) -> str:
        """How a block of a Jacobian came about, in words."""
        rows = each.sweep == "rows"
        one, many, over = ("row", "rows", each.output) if rows else ("column", "columns", each.by)
        number = self.cost.size(over)
        words = {
            "identity": "the identity, written down",
            "diagonal": "a diagonal: its entries alone are computed",
            "blocks": "diagonals in blocks: their entries alone are computed",
            "block diagonal": "blocks along an axis that both share: they alone are computed",
            "transpose": "the transpose of another block",
            "dense": f"all {number} {many} at once, over an axis of their own",
            "single": f"one {one}: no axis, no loop",
            "zero": "zeros: the one does not depend on the other",
            "loop": f"a loop over {number} {many}: {each.why}",
        }[each.how]
        where = f" (line {each.line})" if each.line else ""
        output = f"`{each.output.base}`" if each.output.named else "what is returned"
        return f"{output} by `{each.by.base}`: {words}{where}"

    def line(self, number: int) -> str:
        """Why a line of the function has an adjoint, or none, and what it is."""
        facts = [fact for fact in self.facts if fact.line == number and fact.file == self.file]
        found = self.text.of_line(self.file, number)
        if not facts and not found:
            return (
                f"{self.file}:{number}: no adjoint\n"
                f"No operation of `{self.primal.name}`, nor of what it calls, stands on this line; those of a call stand on lines of the callee.\n"
            )
        text = next((fact.text for fact in facts if fact.text), "")
        active = any(fact.active for fact in facts)
        control = self.control(number)
        adjoint = [each for each in found if each[1] != "primal"]
        verdict = (
            "has an adjoint"
            if adjoint
            else "has an adjoint, joined with others"
            if active
            else "no adjoint"
        )
        lines = [f"{self.file}:{number}: {verdict}", *([f"    {text}"] if text else [])]
        lines += [control] if control else []
        for fact in facts if not control else ():
            name = f"`{fact.name}`" if fact.name else "Its value"
            lines.append(
                f"{name} depends on {_listed(self.wrt)}, and what is returned depends on it."
                if fact.active
                else f"{name} is constant: {fact.why}."
            )
        if adjoint:
            lines.append(f"Its adjoint, by the lines of {self.name} as dumped:")
            lines += [f"    {at + self.front:>4}  {statement}" for at, _, statement in adjoint]
        elif active:
            lines.append(
                "Its cotangent is that of its neighbours, or was joined with theirs: no statement of the text is its own."
            )
        for each in self.saved:
            for reader in each.readers:
                if reader.line == number:
                    what = each.place or f"made for line {each.line}"
                    lines.append(f"It reads `{each.name}`, {what}.")
        return "\n".join(dict.fromkeys(lines)) + "\n"

    def line_as_json(self, number: int) -> dict[str, Any]:
        """What `line` says, as plain data."""
        facts = [fact for fact in self.facts if fact.line == number and fact.file == self.file]
        found = self.text.of_line(self.file, number)
        return {
            "file": self.file,
            "line": number,
            "values": [fact._asdict() for fact in facts],
            "adjoint": [
                {"line": at + self.front, "statement": text}
                for at, sweep, text in found
                if sweep != "primal"
            ],
            "reads": [
                each.name
                for each in self.saved
                if any(reader.line == number for reader in each.readers)
            ],
        }

    def control(self, number: int) -> str:
        """What the adjoint of a loop or of a branch does, where the line is one."""
        for statement in walk(self.primal.body):
            if statement.origin.line == number and statement.origin.file == self.file:
                if isinstance(statement, Loop):
                    return (
                        "A loop: its adjoint goes through the same iterations, the last one first."
                    )
                if isinstance(statement, Branch):
                    return "A branch: its adjoint takes the same side again."
        return ""

    def as_json(self) -> dict[str, Any]:
        """The same as plain data."""
        return {
            "derivative": self.name,
            "file": self.file,
            "by": [value.base for value in self.wrt],
            "values": [fact._asdict() for fact in self.facts],
            "saved": [
                {
                    **each._asdict(),
                    "loops": list(each.loops),
                    "numbers": str(each.numbers),
                    "bytes": str(each.bytes),
                    "readers": [reader._asdict() for reader in each.readers],
                }
                for each in self.saved
            ],
            "jacobian": [
                {
                    **each._asdict(),
                    "output": each.output.base,
                    "by": each.by.base,
                }
                for each in self.swept
            ],
            "cost": None
            if self.undeclared
            else {
                "function": str(self.function),
                "derivative": str(self.derivative),
                "ratio": "" if self.mapped or self.chunked else self.derivative.over(self.function),
                "saved_bytes": str(self.memory),
                "at_most": self.cost.bounds,
                "symbols": self.legend,
            },
        }


_ROLES = ("entry", "forward", "backward")


def explained(
    request: Request, made: Generated, facts: Facts, note: str = "", front: int = 0
) -> Explanation:
    """The explanation of what `srcad.api.compile.generate` made, from the facts that it left."""
    return Explanation(request, made, facts, note, front)


# activity


def _first(request: Request) -> Request:
    """The transform that the function itself is differentiated by."""
    chain = request.chain()
    return next((each for each in chain if each.transform != "vmap"), chain[0])


def _wrt(primal: Function, request: Request) -> list[Value]:
    first = _first(request)
    return [] if first.transform == "vmap" else select(primal, first.argnums)[0]


def _facts(primal: Function, request: Request, wrt: list[Value]) -> Iterator[Fact]:
    """Of each argument and statement whether it is active, in the order of lines."""
    chosen = set(wrt)
    for value in parameters(primal):
        if not value.type.numeric:
            continue
        why = "" if value in chosen else "not among argnums"
        if not value.type.differentiable:
            why = "no floating number"
        yield Fact("", 0, "", value.base, repr(value.type), not why, why)
    first = _first(request)
    output = primal.result[0] if first.has_aux else primal.result
    scopes: dict[int, _Scope] = {}
    _visit(
        scopes,
        _listed(wrt),
        primal,
        chosen,
        {v for v in varied_values(output) if isinstance(v, Value)},
    )
    found: dict[tuple[str, int], list[Fact]] = {}
    for scope in scopes.values():
        for fact in scope.facts():
            found.setdefault((fact.file, fact.line), []).append(fact)
    place = primal.parsed.place
    for key in sorted(found, key=lambda key: (place is None or key[0] != place.file, *key)):
        yield from dict.fromkeys(found[key])


class _Scope:
    """A function of the user's: what varies in it, and what of that matters."""

    def __init__(self, function: Function, by: str) -> None:
        self.function, self.by = function, by
        self.inputs: set[Value] = set()
        self.outputs: set[Value] = set()
        self.varying: set[Value] = set()
        self.active: set[Value] = set()

    def facts(self) -> Iterator[Fact]:
        by_line: dict[tuple[str, int], list[tuple[Let | Call, Value]]] = {}
        control = set()
        for statement in walk(self.function.body):
            if isinstance(statement, (Loop, Branch)):
                control.add((statement.origin.file, statement.origin.line))
            if isinstance(statement, (Let, Call)) and statement.origin.line:
                key = statement.origin.file, statement.origin.line
                by_line.setdefault(key, []).extend((statement, out) for out in defined(statement))
        for (file, line), outs in by_line.items():
            named = [pair for pair in outs if pair[1].named and pair[1].type.numeric]
            numeric = [pair for pair in outs if pair[1].type.numeric]
            for statement, value in named or numeric[-1:]:
                why = "" if value in self.active else self.why(statement, value)
                if why and not value.named and (file, line) in control:
                    continue  # a condition, or a count
                name = value.base if value.named else ""
                text = statement.origin.text.strip()
                yield Fact(file, line, text, name, repr(value.type), not why, why)

    def why(self, statement: Let | Call, value: Value) -> str:
        """Why a value is not active."""
        if statement.frozen:
            return "computed under no_grad"
        if isinstance(statement, Let):
            rule = rule_of(statement.op.function)
            if rule is not None and rule.is_constant(statement.args):
                return f"`{statement.op.name}`: {rule.reason or 'its derivative is zero'}"
        if not value.type.differentiable:
            return f"{value.type!r}, no floating number"
        if value not in self.varying:
            return f"it does not depend on {self.by}"
        return "what is returned does not depend on it"


def _visit(
    scopes: dict[int, _Scope], by: str, function: Function, inputs: set[Value], outputs: set[Value]
) -> None:
    """The compiler's activity analysis of a function and of what it calls."""
    new = id(function) not in scopes
    scope = scopes.setdefault(id(function), _Scope(function, by))
    if not new and inputs <= scope.inputs and outputs <= scope.outputs:
        return
    scope.inputs |= inputs
    scope.outputs |= outputs
    scope.varying = varied(function.body, scope.inputs)
    needed = useful(function.body, scope.outputs, scope.varying)
    scope.active = scope.varying & needed
    for call in walk(function.body):
        if isinstance(call, Call) and not call.frozen:
            given = {
                param
                for param, arg in zip(parameters(call.callee), call.args)
                if any(value in scope.varying for value in leaves(arg))
            }
            results = list(dict.fromkeys(leaves(call.callee.result)))
            wanted = {result for out, result in zip(call.outs, results) if out in needed}
            _visit(scopes, by, call.callee, given, wanted)


def _tops(made: Generated, facts: Facts) -> list[Printed]:
    """The functions of the text that are called from outside."""
    count = sum(role in made.names for role in _ROLES)
    return facts.printed[-count:]


# words


def _verdict(fact: Fact) -> str:
    return "active" if fact.active else f"constant: {fact.why}"


def _typed(value: Value) -> str:
    return f"{value.base} ({value.type!r})"


def _listed(values: list[Value]) -> str:
    quoted = [f"`{value.base}`" for value in values] or ["an argument"]
    return quoted[0] if len(quoted) == 1 else f"{', '.join(quoted[:-1])} or {quoted[-1]}"


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else f"{text[: width - 3].rstrip()}..."


def _columns(rows: Any) -> Iterator[str]:
    """Rows of words, aligned."""
    given = [tuple(map(str, row)) for row in rows]
    widths = [max(map(len, column)) for column in zip(*given)]
    for row in given:
        cells = [cell.ljust(width) for cell, width in zip(row, widths)]
        yield f"    {'  '.join(cells)}".rstrip()
