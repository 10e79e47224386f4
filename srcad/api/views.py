"""What a page shows of derivatives: their texts after each stage, beside the function."""

from __future__ import annotations

import types
from collections.abc import Callable, Sequence
from typing import Any

from srcad.api.request import Generated, Request
from srcad.core.specification import unwrap
from srcad.page import Derived, fragment, text_of, view

__all__ = ["STAGES", "derivation", "derived", "notebook"]

STAGES = ("parse", "transform", "vectorize", "simplify")
# What is asked for where the text has two functions, which come out of the last stage alone.
_HALVES = ("vjp_halves", "linearize", "jacrev_chunk", "jacfwd_chunk")


def derived(
    asked: str,
    spec: dict[str, Any],
    request: Request,
    make: Callable[[str | None], Generated],
    stages: Sequence[str] = STAGES,
) -> Derived:
    """A derivative's texts: after each stage that changes something, and the last one. `make` gives the text after a stage (None: the last)."""
    texts: list[Any] = []
    for stage in stages:
        if stage != "parse" and request.transform in _HALVES:
            continue
        made = make(stage)
        if not texts or texts[-1][1].text != made.text:
            texts.append((stage, made))
    made = make(None)
    texts.append(("text", made))
    return derivation(asked, spec, texts, made)


def derivation(
    asked: str, spec: dict[str, Any], texts: list[tuple[str, Generated]], made: Generated
) -> Derived:
    """A derivative of which the texts are there already, the last one being that of `made`."""
    return Derived(
        asked,
        tuple((name, repr(each)) for name, each in spec.items()),
        tuple(text_of(stage, made.text, made.lines, made.sweeps) for stage, made in texts),
        tuple(
            reference.object
            for reference in made.references
            if isinstance(unwrap(reference.object), types.FunctionType)
        ),
    )


def notebook(derivative: Any) -> str:
    """A derivative beside its function in HTML, for the signature that it was compiled for last; a line of help where there is none."""
    from html import escape

    from srcad.api.compile import generate

    name = escape(derivative.__name__)
    dispatcher = next((each for each in derivative.dispatchers() if each.latest), None)
    if dispatcher is None:
        words = escape((derivative.__doc__ or "").partition("\n")[0])
        return (
            f"<p>{words} Call it once, or ask for <code>{name}.source(srcad.spec(...))</code>, "
            "to see it here beside the function.</p>"
        )
    spec = dispatcher.latest

    def make(stage: str | None) -> Generated:
        return generate(dispatcher.function, dispatcher.request, spec, stage=stage)

    known = derived(derivative.__name__, spec, dispatcher.request, make)
    return fragment(view(dispatcher.function, [known]))
