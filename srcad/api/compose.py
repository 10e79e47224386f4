"""Transforms from Core to Core, by request: what compositions are made of.

    jacrev(grad(f))         f, inlined -> gradient -> settled, simplified -> Jacobian

A request's inner requests are answered first, each on the Core that the one before made; nothing is read back from text.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

from srcad.analysis.activity import varied as varied_by
from srcad.analysis.complexity import real_values
from srcad.analysis.liveness import reads_of
from srcad.analysis.types import infer, type_of
from srcad.api.columns import Mirrored, forward_jacobian, pushforward
from srcad.api.mapped import mapped
from srcad.api.request import Request, fitting
from srcad.api.rows import jacobian, mixed
from srcad.core import ops
from srcad.core.builder import Builder
from srcad.core.nodes import Function, Let, Param, Value, leaves, walk
from srcad.core.quote import may_be_complex
from srcad.core.trees import derived, labelled, map_varied, opaque, step, varied, varied_values
from srcad.core.types import Type
from srcad.errors import ArgumentTypeError, UnsupportedSyntaxError
from srcad.rules import rule_of
from srcad.simplifier.closing import close
from srcad.simplifier.inlining import inline
from srcad.simplifier.pipeline import simplify
from srcad.simplifier.rewrite import Pass
from srcad.simplifier.shapes import same_form
from srcad.transformer.reverse import gradient, pullback

__all__ = ["check_output", "check_real", "chosen", "select", "settled", "transformed"]

# What is answered without calls; a first gradient keeps them as forward and backward functions.
_WITH_CALLS = {"grad", "value_and_grad", "vjp", "vjp_halves"}


def prepared(core: Function, request: Request) -> Function:
    """The user's function as the transforms of a request take it."""
    if request.inner is None and request.transform in _WITH_CALLS:
        return close(core)
    return close(simplify(inline(core)))


def through(core: Function, request: Request, split: Any) -> Function:
    """The Core that a request is answered on: its inner requests have been."""
    core = prepared(core, request)
    chain = request.chain()
    for inner, outer in itertools.pairwise(chain):
        made = settled(transformed(core, inner, split), mapped=outer.transform == "vmap")
        core = simplify(close(made))
    return core


def transformed(core: Function, request: Request, split: Any, name: str = "") -> Function:
    """One transform. Raises SrcadError."""
    transform, has_aux = request.transform, request.has_aux
    if transform == "vmap":
        name = name or f"{core.name}_vmap"
        return mapped(core, request, name)
    wrt, structure = select(core, request.argnums)
    check_output(core, request)
    check_real(core, request, wrt)
    if transform in ("grad", "value_and_grad"):
        return gradient(
            core,
            wrt,
            structure,
            split,
            value=transform == "value_and_grad",
            has_aux=has_aux,
            name=name or f"{core.name}_{transform}",
        )
    if transform == "vjp":
        return pullback(core, wrt, structure, split, name=name or f"{core.name}_vjp")
    if transform == "jvp":
        params = chosen(core, request.argnums)
        return pushforward(core, wrt, params, has_aux=has_aux, name=name or f"{core.name}_jvp")
    core = valued(core, has_aux)
    if transform == "jacrev":
        made = jacobian(
            core,
            wrt,
            structure,
            split,
            simplify,
            loop=request.chunk_size == 1,
            has_aux=has_aux,
            compact=request.compact,
        )
        return made.renewed(name=name or f"{core.name}_jacrev")  # type: ignore[no-any-return]
    if transform == "jacfwd":
        return forward_jacobian(
            core,
            wrt,
            structure,
            simplify,
            has_aux=has_aux,
            name=name or f"{core.name}_jacfwd",
            compact=transform if request.compact else "",
        )
    if transform == "hessian":
        plain, own = core.name, not any(map(claimed, walk(core.body)))
        compact = transform if request.compact else ""
        for value in varied_values(core.result[0] if has_aux else core.result) if compact else ():
            if value.type.rank != 0:
                raise mixed(core, None, f"`{value.base}` is no single number", transform)
        first = jacobian(core, wrt, structure, split, simplify, has_aux=has_aux)
        core = valued(simplify(settled(first.renewed(name=plain))), has_aux)
        return forward_jacobian(
            core,
            wrt,
            structure,
            simplify,
            has_aux=has_aux,
            name=name or f"{plain}_hessian",
            mirrored=mirrored(core, wrt, structure, has_aux) if own else {},
            compact=compact,
        )
    raise UnsupportedSyntaxError(
        f"`{transform}` is not implemented yet", reason="It comes with a later version of srcad."
    )


def mirrored(core: Function, wrt: list[Value], structure: Any, has_aux: bool) -> Mirrored:
    """The blocks of a Hessian that are transposes of others, with those; `core` returns the Jacobian by `wrt`.

    Of two arguments the tangents are those of the one with fewer axes. Blocks that differ in dtype are both computed.
    """
    flat = list(varied(core.result[0] if has_aux else core.result))
    if len(set(flat)) < len(flat) or len(flat) % len(wrt) or varied_values(structure) != wrt:
        return {}
    found = {}
    for start in range(0, len(flat), len(wrt)):
        parts = dict(zip(wrt, flat[start : start + len(wrt)]))
        for one, two in itertools.combinations(wrt, 2):
            if not same_entries(one.type, two.type):
                continue
            if (one.type.rank or 0) < (two.type.rank or 0):
                one, two = two, one
            found[parts[two], one] = parts[one], two
    return found


def same_entries(a: Type, b: Type) -> bool:
    """Whether blocks by values of two types have one dtype."""
    return "number" in (a.kind, b.kind) or (a.dtype is not None and a.dtype == b.dtype)


def claimed(statement: Any) -> bool:
    """Whether the derivative of a statement is what a user's rule says: it need not be one, and nothing follows from symmetry."""
    rule = rule_of(statement.op.function) if isinstance(statement, Let) else None
    module = getattr(rule and (rule.pullback or rule.definition), "__module__", None) or "srcad."
    return not module.startswith("srcad.")


def settled(function: Function, mapped: bool = False) -> Function:
    """A derivative as the next transform takes it: its results are values, no memory of their own.

    What is `mapped` says still which arguments they are like: each example has its own, of that dtype.
    """
    return _Settled(mapped).run(function)


class _Settled(Pass):
    def __init__(self, mapped: bool = False) -> None:
        super().__init__()
        self.mapped = mapped

    def let(self, statement: Let) -> Let | None:
        if statement.op is ops.own:
            self.known[statement.out] = statement.args[0]  # type: ignore[index]
            return None
        if statement.op is not ops.result or self.mapped:
            return statement
        given, like = statement.args
        out = statement.out
        assert out is not None
        to = out.type
        if to.rank == 0:
            self.known[out] = float(given) if isinstance(given, int) else given
            return None
        if not same_form(type_of(given), to):
            given = self.emit(ops.spread, given, like, origin=statement.origin, base=out.base)
            if given.type.dtype != to.dtype or to.dtype is None:
                given = self.emit(ops.cast, given, like, origin=statement.origin, base=out.base)
        self.known[out] = given
        return None


def chosen(core: Function, argnums: int | tuple[int, ...]) -> list[Param]:
    """The parameters that argnums name. Raises ArgumentValueError."""
    return [core.params[place] for place in fitting(argnums, len(core.params), core.name)]


def select(core: Function, argnums: int | tuple[int, ...]) -> tuple[list[Value], Any]:
    """The values to differentiate by, and their structure."""
    params = chosen(core, argnums)
    wrt = []
    for param in params:
        check_objects(core, param)
        found = [
            (label, value)
            for label, value in labelled(param.tree, param.name)
            if isinstance(value, Value)
        ]
        for label, value in found:
            if not value.type.differentiable:
                raise ArgumentTypeError(
                    f"argument `{label}` of `{core.name}` is {value.type!r}, which has no derivative",
                    reason="Only floating arrays and floats are differentiated by: convert it first, or choose other argnums."
                    + (_MARK if "." in label else ""),
                )
        if not found:
            kind = _instead(param.tree)
            held = [f"`{label}` is {what}" for label, what in _held(param.tree, param.name)][:3]
            holds = (
                f"is {kind}" if kind else f"holds no floats or floating arrays: {', '.join(held)}"
            )
            raise ArgumentTypeError(
                f"argument `{param.name}` of `{core.name}` {holds}",
                reason="Only floating arrays and floats are differentiated by: choose other argnums.",
            )
        wrt += [value for _, value in found]
    structure = (
        tuple(param.tree for param in params) if isinstance(argnums, tuple) else params[0].tree
    )
    return wrt, structure


def _instead(tree: Any) -> str | None:
    """What an argument without floats is, if it is one thing."""
    if tree is None:
        return "None"
    if isinstance(tree, (tuple, list, dict)):
        return None if tree else f"an empty {type(tree).__name__}"
    return "a text, a function, or a number whose value decides while compiling"


def _held(tree: Any, name: str) -> Iterator[tuple[str, str]]:
    """What stands in a container without floats, by how a user writes it."""
    kind = _instead(tree)
    if kind is not None:
        yield name, kind
    elif isinstance(tree, dict):
        for key, part in tree.items():
            yield from _held(part, f"{name}[{key!r}]")
    else:
        for place, part in enumerate(tree):
            yield from _held(part, f"{name}{step(tree, place)}")


_MARK = " A field of a dataclass that is configuration is marked: field(metadata={'static': True}), or for an integer annotated `int`."


def check_objects(core: Function, param: Param) -> None:
    """Refuse to differentiate by objects that do not say which of their attributes are meant."""
    for label, tree in opaque(param.tree, param.name):
        raise ArgumentTypeError(
            f"argument `{label}` of `{core.name}` is a {tree.kind.__name__}, which is neither a dataclass nor registered with optree",
            reason="Its attributes are read, but nothing says by which of them to differentiate: make it a dataclass, register it "
            "(optree.register_pytree_node), or pass the arrays as arguments.",
        )
    read = reads_of(core.body) | set(leaves(core.result))
    for label, tree, value in derived(param.tree, param.name):
        if value in read:
            raise ArgumentTypeError(
                f"`{label}` of `{core.name}` is made when a {tree.kind.__name__} is made, of its other fields perhaps",
                reason="A derivative by its fields would leave that way out. Compute it in the function or in a method, "
                "or mark it as configuration: field(metadata={'static': True}).",
            )


def check_output(core: Function, request: Request) -> None:
    """What the transform demands of the function's value."""
    result = core.result
    if request.has_aux:
        if not (isinstance(result, tuple) and len(result) == 2):
            raise ArgumentTypeError(
                f"`{core.name}` returns no (value, aux) pair",
                place=core.parsed.place,
                reason="has_aux=True asks for one.",
            )
        result = result[0]
    if request.transform in ("grad", "value_and_grad"):
        if isinstance(result, (tuple, list, dict)) or (
            isinstance(result, Value) and result.type.rank not in (0, None)
        ):
            found = repr(result.type) if isinstance(result, Value) else type(result).__name__
            raise ArgumentTypeError(
                f"`{core.name}` returns {found}, and a gradient is of a single number",
                place=core.parsed.place,
                reason="Reduce it (np.sum), or ask for srcad.jacrev"
                + (", or pass has_aux=True." if isinstance(result, tuple) else "."),
            )
    real: set[Value] = set()
    for leaf in [result] if result is None else varied(result):
        type_ = type_of(leaf)
        if not type_.numeric or not (
            type_.differentiable or (type_.kind == "number" and type_.dtype == "float")
        ):
            found = repr(leaf) if not isinstance(leaf, Value) else f"{type_!r}"
            raise ArgumentTypeError(
                f"`{core.name}` returns {found}, which is no floating number or array",
                place=core.parsed.place,
                reason="Return floats; what is not to be differentiated goes into aux (has_aux=True).",
            )
        vague = type_.dtype is None and may_be_complex(leaf)
        real = real_values(core) if vague and not real else real
        if request.transform in _BY_REAL and vague and leaf not in real:
            raise ArgumentTypeError(
                f"it is not known whether `{core.name}` returns complex numbers",
                place=core.parsed.place,
                reason="Convert its value: .astype(complex), or .real.",
            )
        if request.transform in _OF_REAL and may_be_complex(leaf) and leaf not in real:
            if vague and _without_rules(core):
                continue  # which is refused next, and is why nothing is known
            gradient = request.transform in ("grad", "value_and_grad")
            found = "complex numbers" if type_.dtype else "what is not known to be real"
            raise ArgumentTypeError(
                f"`{core.name}` returns {found}",
                place=core.parsed.place,
                reason=(
                    "A gradient is of a real number: take its real part, or np.abs(...) ** 2."
                    if gradient
                    else "The rows of a Jacobian are gradients of real numbers: ask for those of its real and of its imaginary part, "
                    "or use srcad.vjp with complex cotangents."
                ),
            )


def _without_rules(core: Function) -> bool:
    """Whether an operation that varies with the arguments has no rule."""
    inputs = [value for param in core.params for value in leaves(param.tree)]
    found = varied_by(core.body, inputs)
    return any(
        isinstance(statement, Let)
        and statement.out in found
        and rule_of(statement.op.function) is None
        and statement.op is not ops.part
        for statement in walk(core.body)
    )


# What is of real values, and what is by real arguments.
_OF_REAL = {"grad", "value_and_grad", "jacrev", "jacrev_chunk", "hessian"}
_BY_REAL = {"jacfwd", "jacfwd_chunk", "hessian"}


def check_real(core: Function, request: Request, wrt: list[Value]) -> None:
    """Refuse Jacobians that one complex number for each pair of entries does not tell. Raises ArgumentTypeError."""
    found = [value for value in wrt if may_be_complex(value)]
    if request.transform in _BY_REAL and found:
        raise ArgumentTypeError(
            f"argument `{found[0].base}` of `{core.name}` is complex, and the columns of this Jacobian are derivatives by real numbers",
            place=core.parsed.place,
            reason="Make the complex argument of two real ones, or use srcad.jvp with complex tangents.",
        )


def valued(core: Function, has_aux: bool) -> Function:
    """Constants among the outputs are values too: their Jacobian is zero. Equal ones are one value, as simplification would make them."""
    builder = Builder(infer)
    known: dict[str, Value] = {}

    def constant(leaf: Any) -> Any:
        if not isinstance(leaf, float):
            return leaf
        if repr(leaf) not in known:
            known[repr(leaf)] = builder.emit(ops.positive, leaf)
        return known[repr(leaf)]

    def value(tree: Any) -> Any:
        return map_varied(tree, constant)

    result = (value(core.result[0]), core.result[1]) if has_aux else value(core.result)
    return core.renewed(body=[*core.body, *builder.block], result=result) if builder.block else core  # type: ignore[no-any-return]
