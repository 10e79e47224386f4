"""Batched functions against their originals, row by row."""

from __future__ import annotations

import itertools
import linecache
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from srcad.api.compile import _Callees, _imports, _names_in
from srcad.api.signature import read_spec
from srcad.core.nodes import Function, Value, map_tree
from srcad.core.printer import function_node, module_text
from srcad.core.types import Size, Type, scalar
from srcad.core.verify import verify
from srcad.parser.function import parse
from srcad.simplifier.names import assign_names
from srcad.simplifier.pipeline import lower, simplify
from srcad.vectorizer.batch import batch

_counter = itertools.count()


def define(text: str, **outer: Any) -> Callable[..., Any]:
    """A function from its text, with a source."""
    file = f"<batched {next(_counter)}>"
    linecache.cache[file] = (len(text), None, text.splitlines(True), file)
    scope: dict[str, Any] = {"np": np, **outer}
    exec(compile(text, file, "exec"), scope)
    return scope["f"]  # type: ignore[no-any-return]


def spec_of(text: str) -> Any:
    """As `read_spec`; `scalar` is a NumPy scalar."""
    return scalar("float64") if text == "scalar" else read_spec(text)


def core_of(text: str, specs: dict[str, str], **outer: Any) -> tuple[Function, Callable[..., Any]]:
    function = define(text, **outer)
    return simplify(
        parse(function, {name: spec_of(spec) for name, spec in specs.items()})
    ), function


def text_of(function: Function) -> str:
    """The text of a function's module."""
    names = assign_names(function, set(), {})
    return module_text([function_node(function, names, _Callees({}))], ())


def compiled(function: Function) -> tuple[Callable[..., Any], str]:
    """A function of Core as one of Python."""
    node = function_node(function, assign_names(function, set(), {}), _Callees({}))
    text = module_text([node], _imports(_names_in([node]), frozenset(), frozenset()))
    scope: dict[str, Any] = {}
    exec(compile(text, "<emitted>", "exec"), scope)
    return scope[function.name], text  # type: ignore[no-any-return]


def draw(
    type_: Type, sizes: dict[str, int], rng: np.random.Generator, rows: int | None = None
) -> Any:
    """Numbers of a type; with `rows`, that many of them."""
    shape = tuple(size if isinstance(size, int) else sizes[size.key] for size in type_.shape)
    full = shape if rows is None else (rows, *shape)
    dtype = {"float": "float64", "int": "int64"}.get(type_.dtype, type_.dtype)
    if np.dtype(dtype).kind in "iu":
        made = rng.integers(0, 3, full).astype(dtype)
    elif np.dtype(dtype).kind == "b":
        made = rng.random(full) < 0.5
    else:
        made = rng.uniform(0.5, 2.0, full).astype(dtype)
    if rows is None and type_.kind == "number":
        return made.item()
    return made if rows is not None or type_.kind == "array" else made[()]


def inputs_of(function: Function) -> dict[str, Value]:
    return {param.name: param.tree for param in function.params}


def compare(
    text: str,
    specs: dict[str, str],
    batched: Iterable[str],
    sizes: dict[str, int],
    rows: Iterable[int] = (),
    **outer: Any,
) -> str:
    """Batch a function by some of its parameters, and compare it with the original for each row.

    Returns the text of the batched function.
    """
    core, function = core_of(text, specs, **outer)
    params, names = inputs_of(core), list(batched)
    made, new = batch(core, [params[name] for name in names], Size("B"))
    verify(made, "batch")
    with_axis = map_tree(core.result, lambda value: value in new)
    results = {}
    for run in (lambda made: made, simplify):
        ready, emitted = compiled(lower(run(made)))
        for count in (*dict.fromkeys((*sizes.values(), *rows)), 7, 1, 0):
            results[count] = _one(function, ready, params, names, sizes, count, with_axis, emitted)
    assert results
    return emitted


def _one(
    function: Any,
    ready: Any,
    params: Any,
    names: list[str],
    sizes: Any,
    count: int,
    with_axis: Any,
    text: str,
) -> None:
    rng = np.random.default_rng(count)
    given = {
        name: draw(value.type, sizes, rng, count if name in names else None)
        for name, value in params.items()
    }
    before = {name: np.copy(x) for name, x in given.items()}
    found = ready(**given)
    assert all(np.array_equal(given[name], before[name]) for name in given), (
        "an input was written to"
    )

    def single(place: int) -> Any:
        row = {name: x[place] if name in names else x for name, x in given.items()}
        return function(
            **{name: np.copy(x) if isinstance(x, np.ndarray) else x for name, x in row.items()}
        )

    if count:
        expected = [flat(single(place)) for place in range(count)]
    else:
        ones = {name: draw(params[name].type, sizes, rng, 1)[0] for name in names}
        expected = [[]]
        sample = flat(function(**{**given, **ones}))
    for place, (result, has) in enumerate(zip(flat(found), flat(with_axis))):
        if not count:
            assert not has or np.shape(result) == (0, *np.shape(sample[place])), text
            continue
        wanted = np.stack([np.asarray(row[place]) for row in expected])
        if not has:
            wanted = wanted[0]
        assert np.shape(result) == np.shape(wanted), f"B = {count}\n{text}"
        assert np.asarray(result).dtype == wanted.dtype, (
            f"{np.asarray(result).dtype} not {wanted.dtype}\n{text}"
        )
        np.testing.assert_allclose(
            result,
            wanted,
            rtol=1e-5 if wanted.dtype == np.float32 else 1e-11,
            err_msg=f"B = {count}\n{text}",
        )


def flat(tree: Any) -> list[Any]:
    if isinstance(tree, (tuple, list)):
        return [leaf for part in tree for leaf in flat(part)]
    return [tree]
