"""Compiling one derivative: parse, simplify, transform, simplify, lower, print.

A `Request` says what is asked; `generate` gives the text of a module whose last function answers it, and all that the text depends on.
"""

from __future__ import annotations

import builtins
import enum
import os
import types
from collections.abc import Callable, Sequence
from typing import Any

import gast

from srcad.analysis.complexity import holds_complex
from srcad.analysis.sizes import unify_sizes
from srcad.analysis.types import infer
from srcad.api import solutions  # noqa: F401 - the rule of what solvers find
from srcad.api.columns import forward_chunked, linearized
from srcad.api.compose import check_output, check_real, select, through, transformed, valued
from srcad.api.dims import resolved
from srcad.api.document import document
from srcad.api.facts import Facts
from srcad.api.request import Generated, Position, Request, StaticNeeded
from srcad.api.rows import chunked
from srcad.api.signature import decided
from srcad.core import ops
from srcad.core.builder import Builder
from srcad.core.nodes import (
    Attempt,
    Expr,
    Function,
    Let,
    Param,
    Split,
    Value,
    defined,
    leaves,
    map_tree,
    walk,
)
from srcad.core.printer import function_node, is_literal, module_lines
from srcad.core.quote import vague_values
from srcad.core.renewal import Renewal
from srcad.core.solutions import lifted_in
from srcad.core.specification import Container, Known
from srcad.core.structs import Struct
from srcad.core.syntax import nodes_in
from srcad.core.trees import settled, varied, varied_values
from srcad.core.types import Type, number
from srcad.core.verify import verify
from srcad.errors import UnsupportedSyntaxError
from srcad.parser.function import parse
from srcad.parser.rows import NeedRows
from srcad.parser.state import NeedStatic, NeedUnroll, Program
from srcad.simplifier.inlining import inline_attempts
from srcad.simplifier.names import assign_names
from srcad.simplifier.pipeline import lower, lower_halves, simplify
from srcad.simplifier.storage import store_values
from srcad.transformer.reverse import Cut, halves, hand_on, pullback
from srcad.vectorizer.batch import NotBatchable

__all__ = ["Unit", "generate"]


class Unit:
    """The functions of one module while it is being compiled: callees once per signature and activity."""

    def __init__(self, program: Program, facts: Facts | None = None) -> None:
        self.program, self.facts = program, facts
        self.splits: dict[Any, Split] = {}
        self.plain: dict[int, Function] = {}
        self.order: list[tuple[Function, str]] = []
        self.callee_names: dict[int, str] = {}
        self.guarded = False

    def split(self, function: Function, wanted: tuple[bool, ...], outs: tuple[bool, ...]) -> Split:
        """The halves of a callee, made at its first use."""
        key = (id(function), wanted, outs)
        found = self.splits.get(key)
        if found is None:
            combined, cut = halves(simplify(function), wanted, outs, self.split)
            found = lower_halves(simplify(combined), cut)
            self.splits[key] = found
            self.order.append((found.forward, found.forward.name))
            self.order.append((found.backward, found.backward.name))
        return found


def generate(
    function: Callable[..., Any],
    request: Request,
    spec: dict[str, Any],
    *,
    stage: str | None = None,
    name: str = "",
    guarded: bool = False,
    facts: Facts | None = None,
) -> Generated:
    """The module that answers a request for arguments of the given specification; or Core after a `stage`, as text.

    Where no dispatch sees to it (`guarded`), the text itself holds what is static inside its arguments against what it is for. What the stages
    know goes to `facts`.

    Raises SrcadError for what cannot be differentiated, StaticNeeded where the value of an argument decides.
    """
    request, spec = resolved(request, spec, function)
    program, core = parsed(function, spec, Program())
    unit = Unit(program, facts)
    unit.guarded = guarded
    if name and core.name == "function":  # a lambda is known by the name that it was asked for by
        core.name = name.removesuffix(request.suffix)
    verified(core, "parse")
    if stage == "parse":
        return staged(unit, core, core, request)
    declared = axes_of(core)
    with vague_values(holds_complex(core)):
        core = unify_sizes(core)
        if facts is not None:
            facts.primal = core
        core = simplify(core)
        made = answer(unit, core, request, stage, name)
    return made._replace(guards=whole_guards(guards_of(declared, core), request, core))


# So often a function is parsed again to find out what its lists hold.
_ROUNDS = 30


def parsed(
    function: Callable[..., Any], spec: dict[str, Any], program: Program
) -> tuple[Program, Function]:
    """The function's Core. Integers of outer scopes that decide are held against their values, as arguments are."""
    try:
        return program, inline_attempts(parse(function, spec, program))
    except NeedRows as need:
        again = Program(program.decided, {**program.rows, need.site: need})
        again.rounds = program.rounds + 1
        if again.rounds > _ROUNDS:
            raise UnsupportedSyntaxError(
                f"what the list of line {need.site[1]} holds changes without end",
                reason="It grows in a loop. Append items of one type and shape.",
            ) from None
        return parsed(function, spec, again)
    except (NeedStatic, NeedUnroll) as need:
        if need.where is not None:
            name, places = need.where
            if may_decide(spec[name], places):
                # Of a tuple of integers all decide.
                plain = isinstance(spec[name], Container) and spec[name].kind is tuple
                raise StaticNeeded(name, places if not plain or len(places) > 1 else ()) from None
        for outer, value in program.hidden.items():
            if value is need.value and type(decided(program.references[outer].object)) is int:
                break
        else:
            raise UnsupportedSyntaxError(
                f"the value of `{need.value.base}` must be known while parsing",
                place=need.place,
                reason="It is an option, a size or a shape, by which the derivative is written. Write it out as a literal, or pass it as "
                "an argument of the function: a number, or a tuple of integers.",
            ) from None
    return parsed(function, spec, Program(program.decided | {outer}, program.rows))


def may_decide(spec: Any, places: tuple[int, ...]) -> bool:
    """Whether the value of a part of an argument may be asked for: a number, or an integer in tuples, dicts and objects."""
    for place in places:
        if isinstance(spec, list) or getattr(spec, "kind", None) is list:
            return False
        spec = (list(spec.values()) if isinstance(spec, dict) else spec)[place]
        if isinstance(spec, Type) and not whole(spec):
            return False
    return isinstance(spec, Type) and (spec.kind == "number" or whole(spec))


def whole(spec: Any) -> bool:
    """Whether an argument is an integer."""
    return (
        isinstance(spec, Type)
        and spec.kind in ("number", "scalar")
        and (spec.dtype or "").startswith("int")
    )


def axes_of(core: Function) -> list[tuple[int, int, Any]]:
    """The symbolic sizes of the arguments that are arrays: argument, axis, size."""
    return [
        (place, axis, size)
        for place, param in enumerate(core.params)
        if isinstance(param.tree, Value) and param.tree.type.kind == "array"
        for axis, size in enumerate(param.tree.type.shape or ())
    ]


def guards_of(
    declared: list[tuple[int, int, Any]], core: Function
) -> tuple[tuple[int, int, int, int], ...]:
    """Axes of arguments that the function's own operations force to be equal: (argument, axis, argument, axis)."""
    first: dict[Any, tuple[int, int, Any]] = {}
    found = []
    for (place, axis, before), (_, _, now) in zip(declared, axes_of(core)):
        if isinstance(now, int):
            continue
        if now in first:
            at, other, known = first[now]
            if known != before:
                found.append((at, other, place, axis))
        else:
            first[now] = (place, axis, before)
    return tuple(found)


def whole_guards(
    guards: tuple[tuple[int, int, int, int], ...], request: Request, core: Function
) -> tuple[tuple[int, int, int, int], ...]:
    """Guards on axes of one example as guards on axes of the arguments, and those of the axes that are mapped over."""
    maps = [inner.in_dims for inner in request.chain() if inner.transform == "vmap"]
    if not maps:
        return guards
    plain = [isinstance(param.tree, Value) for param in core.params]

    def whole(place: int, axis: int, level: int = 0) -> int:
        for dims in maps[level:]:
            if plain[place] and dims[place] and dims[place][0] is not None:
                axis += axis >= _axis(core, maps, maps.index(dims), place)
        return axis

    found = [
        (first, whole(first, axis), second, whole(second, other))
        for first, axis, second, other in guards
    ]
    for level, dims in enumerate(maps):
        mapped_over = [
            place for place in range(len(plain)) if plain[place] and dims[place] and dims[place][0]
        ]
        if mapped_over:
            head, *rest = mapped_over
            found += [
                (
                    head,
                    whole(head, _axis(core, maps, level, head), level + 1),
                    place,
                    whole(place, _axis(core, maps, level, place), level + 1),
                )
                for place in rest
            ]
    return tuple(found)


def _axis(core: Function, maps: list[Any], level: int, place: int) -> int:
    """The axis that an argument is mapped over, among those that it has at that level, counted from the left."""
    rank = len(core.params[place].tree.type.shape or ())
    rank += sum(dims[place][0] is not None for dims in maps[: level + 1])
    return maps[level][place][0][0] % rank  # type: ignore[no-any-return]


def answer(unit: Unit, core: Function, request: Request, stage: str | None, name: str) -> Generated:
    """Transform, lower, print."""
    core = through(core, request, unit.split)
    if request.transform in ("vjp_halves", "jacrev_chunk", "jacfwd_chunk", "linearize"):
        core = primal(core)
        wrt, structure = select(core, request.argnums)
        check_output(core, request)
        check_real(core, request, wrt)
        if request.transform == "linearize":
            return linear_halves(unit, core, request, wrt)
        if request.transform == "jacfwd_chunk":
            core = valued(core, request.has_aux)
            return chunk_of_columns(unit, core, request, wrt[request.output])
        if request.transform == "jacrev_chunk":
            return chunk(unit, valued(core, request.has_aux), request, wrt)
        mask = tuple(value in set(wrt) for param in core.params for value in leaves(param.tree))
        output = set(varied_values(core.result[0] if request.has_aux else core.result))
        outs = tuple(value in output for value in dict.fromkeys(leaves(core.result)))
        combined, cut = halves(core, mask, outs, unit.split, own=True, hidden=True)
        return paired(unit, core, request, wrt, lower_halves(simplify(combined), cut))
    made = transformed(core, request, unit.split, name)
    verified(made, request.transform)
    if stage == "transform" and request.transform == "jacrev":
        wrt, structure = select(core, request.argnums)
        made = pullback(core, wrt, structure, unit.split)
    if stage is not None:
        return staged(unit, core, made if stage != "simplify" else simplify(made), request)
    wrt = [] if request.transform == "vmap" else select(core, request.argnums)[0]
    doc = document(core, request, made)
    made = simplify(handed_out(made) if request.transform == "vmap" else made)
    own = [param.name for param in core.params] if unit.guarded else []
    entry = lower(unpack(made, own))
    entry.doc = doc
    entry.kinds = core.parsed.kinds
    unit.order.append((entry, entry.name))
    return finish(unit, core, {"entry": entry}, request, wrt, ())


def primal(core: Function) -> Function:
    """What inner requests made is the function that is cut into halves: none of it is the last sweep's."""
    copy = Renewal({leaf: leaf for param in core.params for leaf in leaves(param.tree)})
    body = copy.block(core.body)
    for statement in walk(body):
        statement.origin = statement.origin._replace(part="primal")
    return core.renewed(body=body, result=copy.tree(core.result))  # type: ignore[no-any-return]


def handed_out(made: Function) -> Function:
    """The results of a mapped function as memory of their own."""
    tail = Builder(infer)
    result = hand_on(tail, made.result, "value")
    return made.renewed(body=[*made.body, *tail.block], result=result)  # type: ignore[no-any-return]


def paired(
    unit: Unit, core: Function, request: Request, wrt: list[Value], pair: Split
) -> Generated:
    """A module of a forward and a backward function."""
    unit.order += [(pair.forward, pair.forward.name), (pair.backward, pair.backward.name)]
    roles = {"forward": pair.forward, "backward": pair.backward}
    flat = {leaf: place for place, leaf in enumerate(dict.fromkeys(leaves(core.result)))}
    structure = map_tree(settled(core.result), lambda leaf: Position(flat[leaf]))
    return finish(unit, core, roles, request, wrt, pair.kept)._replace(structure=structure)


def linear_halves(unit: Unit, core: Function, request: Request, wrt: list[Value]) -> Generated:
    """A value, and its pushforward as a function of its own."""
    combined, cut = linearized(core, wrt, request.has_aux)
    return paired(unit, core, request, wrt, lower_halves(simplify(combined), cut))


def verified(function: Function, stage: str) -> Function:
    """The function, verified under SRCAD_DEBUG=1."""
    return verify(function, stage) if os.environ.get("SRCAD_DEBUG") == "1" else function


def staged(unit: Unit, core: Function, made: Function, request: Request) -> Generated:
    """Core after a stage: one operation a statement, loops made to stand on their own."""
    entry = store_values(unpack(made))
    entry.doc = ""
    unit.order.append((entry, entry.name))
    return finish(unit, core, {"entry": entry}, request, [], ())


def chunk(unit: Unit, core: Function, request: Request, wrt: list[Value]) -> Generated:
    """Forward and backward half of some rows of one output; row by row where the rows cannot be batched."""
    output = core.result[0] if request.has_aux else core.result
    outputs = [value for value in varied(output) if isinstance(value, Value)]
    flat = dict.fromkeys(leaves(core.result))
    inputs = tuple(value for param in core.params for value in leaves(param.tree))
    batched = "no" if request.chunk_size == 1 else "yes"
    try:
        if batched == "no":
            raise NotBatchable(None, "one row at a time")
        combined, seed = chunked(core, wrt, unit.split, simplify, outputs[request.output])
        cut = Cut(core.name, inputs, (seed,), tuple(wrt), True)
        pair = lower_halves(simplify(combined), cut)
    except NotBatchable:
        batched = "no"
        mask = tuple(value in set(wrt) for value in inputs)
        outs = tuple(value is outputs[request.output] for value in flat)
        combined, cut = halves(core, mask, outs, unit.split, own=True, hidden=True, order=wrt)
        pair = lower_halves(simplify(combined), cut)
    made = paired(unit, core, request, wrt, pair)
    return made._replace(names={**made.names, "batched": batched})


def chunk_of_columns(unit: Unit, core: Function, request: Request, value: Value) -> Generated:
    """The value and the pushforward of some columns of one argument; one by one where they cannot be batched."""
    batched = "no" if request.chunk_size == 1 else "yes"
    try:
        if batched == "no":
            raise NotBatchable(None, "one column at a time")
        combined, cut = forward_chunked(core, value, request.has_aux, simplify)
    except NotBatchable:
        batched = "no"
        combined, cut = linearized(core, [value], request.has_aux)
    names = {"batched": batched}
    whole = not request.has_aux and set(leaves(core.result)) == set(varied_values(core.result))
    if whole and not request.valued:
        combined, names["valued"] = combined.renewed(result=((), combined.result[1])), "no"
    made = paired(unit, core, request, [value], lower_halves(simplify(combined), cut))
    return made._replace(names={**made.names, **names})


def unpack(function: Function, guarded: Sequence[str] = ()) -> Function:
    """Parameters that are containers are taken apart at the head of the function; what is static in those `guarded` is checked."""
    front: list[Any] = []
    params = []

    def visit(owner: Value, tree: Any) -> None:
        items = list(tree.items()) if isinstance(tree, dict) else list(enumerate(tree))
        for key, part in items:
            op, args = taken(tree, owner, key)
            if isinstance(part, Value):
                front.append(Let(part, op, args))
            elif isinstance(part, (dict, tuple, list)) and (checked or any(leaves(part))):
                names = getattr(tree, "_fields", None)
                inner = Value(f"{owner.base}_{names[key] if names else key}", Type("object"))
                front.append(Let(inner, op, args))
                visit(inner, part)
            elif checked and is_literal(part):
                front.extend(guard(owner, op, args, part))

    for param in function.params:
        checked = param.name in guarded
        if isinstance(param.tree, (dict, tuple, list)) and (checked or any(leaves(param.tree))):
            root = Value(param.name, Type("object"), named=True)
            params.append(Param(param.name, root))
            visit(root, param.tree)
        else:
            params.append(param)
    return function.renewed(params=params, body=[*front, *function.body]) if front else function  # type: ignore[no-any-return]


def guard(owner: Value, op: Any, args: tuple[Any, ...], part: Any) -> list[Let]:
    """`if p.mode != "fast": raise ValueError(...)`."""
    found, differs = Value(owner.base, Type("object")), Value("differs", number("bool"))
    other = ops.is_not if part is None or isinstance(part, bool) else ops.not_equal
    where = f".{op.symbol}" if op.style == "attribute" else f"[{args[1]!r}]"
    message = f"this derivative is for {owner.base}{where}={part!r}"
    return [
        Let(found, op, args),
        Let(differs, other, (found, part)),
        Let(None, ops.raise_if, (differs, "ValueError", message)),
    ]


def taken(tree: Any, owner: Value, key: Any) -> tuple[Any, tuple[Any, ...]]:
    """The operation that takes a part out of an argument, and its operands."""
    names = getattr(tree, "_fields", None)
    if names is None or (isinstance(tree, Struct) and tree.style == "sequence"):
        return ops.pick, (owner, key)
    if isinstance(tree, Struct) and tree.style == "mapping":
        return ops.pick, (owner, names[key])
    return ops.attribute(names[key]), (owner, names[key])


def finish(
    unit: Unit,
    core: Function,
    roles: dict[str, Function],
    request: Request,
    wrt: list[Value],
    kept: tuple[int, ...],
) -> Generated:
    """Names and text."""
    program = unit.program
    taken: set[str] = set()
    hidden_names: dict[Value, str] = {}
    hidden: dict[str, tuple[tuple[str, ...], str]] = {}
    for (path, outer), value in program.hidden.items():
        text = value.base
        counter = 0
        while text in taken:
            counter += 1
            text = f"{value.base}_{counter}"
        taken.add(text)
        hidden_names[value] = text
        hidden[text] = (path, outer)
    functions = []
    externals: dict[str, Any] = {}
    classes: dict[Any, str] = {}
    trees = [function.result for function in roles.values()]
    for kind in _classes([*trees, *(_keys(param.tree) for param in core.params)]):
        if kind.__module__.startswith("numpy."):  # of several results
            classes[kind] = f"np.{kind.__module__.removeprefix('numpy.')}.{kind.__qualname__}"
        elif kind not in classes:
            text = _fresh(kind.__name__.strip("<>"), {}, taken)
            taken.add(text)
            classes[kind] = text
            if getattr(builtins, text, None) is not kind:
                externals[text] = kind
    names: dict[int, str] = {}
    plain = _plain_callees([function for function, _ in unit.order])
    order = [(lower(simplify(_flat(function)), results=True), function) for function in plain]
    for made, source in order:
        names[id(source)] = _fresh(made.name, names, taken)
    for made, _ in unit.order:
        names[id(made)] = _fresh(made.name, names, taken)
    callees = _Callees(names)
    printed = [*order, *((f, f) for f, _ in unit.order)]
    made_functions = [made for made, _ in printed]
    libraries = _libraries(made_functions)
    given_names = {*taken, *names.values(), *(text for _, text in _externals(made_functions))}
    whole = libraries & given_names.union(*(_own_names(made) for made, _ in printed))
    taken |= libraries - whole | ({"scipy"} if whole else set())
    bound, spoken = _spoken(made_functions, taken | set(names.values()))
    for made, source in printed:
        given = assign_names(
            made, taken | set(names.values()) | set(bound), {v: n for v, n in hidden_names.items()}
        )
        node = function_node(
            made,
            given,
            callees,
            made.doc,
            getattr(made, "defaults", None),
            getattr(made, "kinds", None),
            classes,
            whole,
            spoken,
        )
        node.name = names[id(source)]
        functions.append(node)
        if unit.facts is not None:
            unit.facts.printed.append((made, given))
            unit.facts.swept += getattr(made, "swept", ())
    externals |= bound
    used = _names_in(functions)
    text, origins = module_lines(functions, _imports(used, libraries, whole))
    hidden = {key: value for key, value in hidden.items() if key in used}
    return Generated(
        text,
        {role: names[id(function)] for role, function in roles.items()},
        tuple(program.references.values()),
        hidden,
        externals,
        core.parsed.written,
        None,
        kept,
        lines=tuple(None if origin is None else origin.place for origin in origins),
        sweeps=tuple("" if origin is None else origin.part for origin in origins),
    )


class _Callees(dict):  # type: ignore[type-arg]
    """Names of callees by identity of the function."""

    def __init__(self, names: dict[int, str]) -> None:
        super().__init__()
        self.names = names

    def __getitem__(self, function: Function) -> str:
        return self.names[id(function)]


def _fresh(name: str, names: dict[int, str], taken: set[str]) -> str:
    counter, made = 0, name
    while made in names.values() or made in taken:
        counter += 1
        made = f"{name}_{counter}"
    return made


def _plain_callees(functions: list[Function]) -> list[Function]:
    """Callees that are called as they are, inner ones first."""
    from srcad.core.nodes import Call, walk

    found: dict[int, Function] = {}

    def visit(function: Function) -> None:
        for statement in walk(function.body):
            if isinstance(statement, Call) and not hasattr(statement.callee, "half"):
                visit(statement.callee)
                found.setdefault(id(statement.callee), statement.callee)
        for lifted in lifted_in(function):
            visit(lifted)
            found.setdefault(id(lifted), lifted)

    for function in functions:
        visit(function)
    return list(found.values())


def _flat(function: Function) -> Function:
    """A callee as it is called: given values alone, and returning values alone."""
    params: dict[str, Param] = {}
    for value in (value for param in function.params for value in leaves(param.tree)):
        text, counter = value.base, 0
        while text in params:
            counter += 1
            text = f"{value.base}_{counter}"
        params[text] = Param(text, value)
    outs = tuple(dict.fromkeys(leaves(function.result)))
    result = (outs[0] if len(outs) == 1 else outs) if outs else function.result
    return function.renewed(params=list(params.values()), result=result)  # type: ignore[no-any-return]


def _externals(functions: list[Function]) -> list[tuple[Any, str]]:
    """Objects that are called under names of their own."""
    return [
        (found, name)
        for found, name in _mentioned(functions)
        if ops.name_of(found) != name and not name.startswith("np.")
    ]


def _spoken(functions: list[Function], taken: set[str]) -> tuple[dict[str, Any], dict[int, str]]:
    """What stands under which name in the text; and the names of those of whose own name there are two."""
    bound: dict[str, Any] = {}
    spoken: dict[int, str] = {}
    taken = taken | {param.name for function in functions for param in function.params}
    for found, text in _externals(functions):
        if id(found) in spoken or (text in bound and _one(bound[text], found)):
            continue
        if text in bound or text in taken:
            text = spoken[id(found)] = _fresh(text, {}, taken | set(bound))
        bound[text] = found
    return bound, spoken


def _one(a: Any, b: Any) -> bool:
    """Whether two objects are one; a method of an object is made anew each time it is asked for."""
    return a is b or (isinstance(a, (types.MethodType, types.BuiltinMethodType)) and a == b)


def _libraries(functions: list[Function]) -> frozenset[str]:
    """What the modules of SciPy are called whose functions are used."""
    return frozenset(
        name.partition(".")[0]
        for found, name in _mentioned(functions)
        if (ops.module_of(found) or "").startswith("scipy.") and ops.name_of(found) == name
    )


def _own_names(function: Function) -> set[str]:
    """The names of a function's parameters, and of what it names."""
    named = {
        value.base
        for statement in walk(function.body)
        for value in defined(statement)
        if value.named
    }
    return named | {param.name for param in function.params}


def _mentioned(functions: list[Function]) -> list[tuple[Any, str]]:
    """Objects that the text names, and how."""
    found: list[tuple[Any, str]] = []

    def visit(tree: Any) -> None:
        if isinstance(tree, Expr):
            note(tree.op)
            visit(tree.args)
            for _, option in tree.options:
                visit(option)
        elif isinstance(tree, (tuple, list)):
            for part in tree:
                visit(part)
        elif isinstance(tree, dict):
            visit(list(tree.values()))
        elif isinstance(tree, Known):
            found.append((tree.object, tree.name))

    def note(op: Any) -> None:
        if op.style == "call" and op is not ops.save and not op.name.startswith("srcad.runtime."):
            found.append((op.function, op.name))

    for function in functions:
        for statement in walk(function.body):
            if isinstance(statement, Let):
                note(statement.op)
                visit(statement.args)
                for _, option in statement.options:
                    visit(option)
            elif isinstance(statement, Attempt):
                visit((statement.errors, getattr(statement, "manager", None)))
        visit(function.result)
    return found


def _names_in(functions: list[Any]) -> set[str]:
    return {
        node.id
        for function in functions
        for node in nodes_in(function)
        if isinstance(node, gast.Name)
    }


def _keys(tree: Any) -> list[Any]:
    """The keys of the dicts in an argument."""
    keys: list[Any] = []
    if isinstance(tree, dict):
        keys, tree = list(tree), list(tree.values())
    elif isinstance(tree, Struct):
        keys = list(tree._fields)
    if not isinstance(tree, (tuple, list)):
        return []
    return keys + [key for part in tree for key in _keys(part)]


def _classes(tree: Any) -> list[Any]:
    """The classes of the named tuples and objects in a result, and what else making these takes."""
    if isinstance(tree, enum.Enum):
        return [type(tree)]
    if isinstance(tree, dict):
        tree = [*tree, *tree.values()]
    if not isinstance(tree, (tuple, list)):
        return []
    found: list[Any] = []
    if isinstance(tree, Struct):
        found = [tree.kind, *_classes(list(tree._fields))]
        if tree.style == "mapping":
            found += [part for part in tree.extra if part is not None]
    elif hasattr(tree, "_fields"):
        found = [type(tree)]
    return found + [kind for part in tree for kind in _classes(part)]


def _imports(used: set[str], libraries: frozenset[str], whole: frozenset[str]) -> list[str]:
    """The lines that a module begins with."""
    lines = []
    if "math" in used:
        lines.append("import math")
    if "np" in used:
        lines.append("import numpy as np")
    lines += [f"import scipy.{library}" for library in sorted(whole)]
    if "srcad" in used:
        lines.append("import srcad.runtime")
    if libraries - whole:
        lines.append(f"from scipy import {', '.join(sorted(libraries - whole))}")
    return lines
