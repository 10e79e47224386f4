"""The page: one file that needs nothing else, and the same for a notebook, where its styles and names are its own."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Sequence
from functools import cache
from html import escape
from importlib.resources import files
from string import Template
from typing import Any

from srcad.page.saved import Saved
from srcad.page.view import Derived, Line, Source, Text, View

__all__ = ["fragment", "page"]

_STAGES = {
    "parse": "The function as the compiler reads it: one operation a statement.",
    "transform": "After differentiation, before anything is made shorter.",
    "vectorize": "Over all rows at once.",
    "simplify": "After the passes that make it short.",
    "text": "The derivative as it is printed.",
}


def page(views: Sequence[View], title: str, version: str) -> str:
    """A whole page about functions and their derivatives. It loads nothing: neither fonts nor scripts nor styles."""
    return (
        Template(_data("page.html")).substitute(
            title=escape(title), version=escape(version), fragment=_body(views, title, version)
        )
        + "\n"
    )


def fragment(shown: View) -> str:
    """One function and its derivatives as a part of somebody else's page."""
    return _body([shown])


def _body(views: Sequence[View], title: str = "", version: str = "") -> str:
    kind = "srcad-view srcad-page" if title else "srcad-view"
    parts = [f"<style>{_data('page.css')}</style>", f'<div class="{kind}">']
    if title:
        names = [
            f'<a href="#f{at}"><code>{escape(each.name)}</code></a>'
            for at, each in enumerate(views)
        ]
        nav = f'<nav aria-label="Functions">{"".join(names)}</nav>' if len(views) > 1 else ""
        parts.append(
            f'<header class="top"><h1>{escape(title)}</h1>{nav}{_LEGEND}{_SWITCH}</header>'
        )
    parts += [_section(each, f"f{at}", bool(title)) for at, each in enumerate(views)]
    if title:
        parts.append(f"<footer>{_KEYS}<span>srcad {escape(version)}</span></footer>")
    parts.append(f"</div><script>{_data('page.js')}</script>")
    return "\n".join(parts)


_LEGEND = (
    '<ul class="legend" aria-label="Legend"><li class="primal">function</li><li class="tangent">tangent</li>'
    '<li class="adjoint">adjoint</li><li class="kept">saved value</li></ul>'
)
_SWITCH = '<button type="button" class="theme" aria-pressed="false">Dark</button>'
_KEYS = (
    '<p class="keys"><kbd>&uarr;</kbd> <kbd>&darr;</kbd> line &middot; <kbd>&larr;</kbd> <kbd>&rarr;</kbd> counterpart &middot; '
    "<kbd>Enter</kbd> hold &middot; <kbd>Esc</kbd> let go &middot; <kbd>Tab</kbd> next part</p>"
)


def _section(shown: View, ident: str, whole: bool) -> str:
    used = {
        line.place for derived in shown.derivatives for text in derived.texts for line in text.lines
    }
    keys = {
        (source.file, line.number): f"{at}-{line.statement}"
        for at, source in enumerate(shown.sources)
        for line in source.lines
        if (source.file, line.statement) in used
    }
    many = len(shown.derivatives) > 1
    place = shown.sources[0].shown if shown.sources else ""
    head = f"<h2><code>{escape(shown.name)}</code> <small>{escape(place)}</small></h2>"
    missing = ""
    if not shown.sources:
        missing = f"<p>The source of <code>{escape(shown.name)}</code> is not Python.</p>"
    tabs = [
        f'<button type="button" role="tab" aria-selected="{_said(at == 0)}" tabindex="{-(at > 0)}">{escape(each.asked)}</button>'
        for at, each in enumerate(shown.derivatives)
    ]
    parts = [
        f'<section class="view" id="{ident}">' if whole else '<section class="view">',
        '<div class="split">',
        '<div class="side primal">',
        head,
        *(_source(source, at, keys, place) for at, source in enumerate(shown.sources)),
        missing,
        '<p class="said" role="status" aria-live="polite"></p>',
        "</div>",
        '<svg class="links" aria-hidden="true" focusable="false"></svg>',
        '<div class="side derivative">',
        f'<div role="tablist" class="tabs asked" aria-label="Derivatives">{"".join(tabs)}</div>'
        if many
        else "",
        *(_derived(each, keys, many, at == 0) for at, each in enumerate(shown.derivatives)),
        "</div></div>",
        "</section>",
    ]
    return "\n".join(part for part in parts if part)


def _said(truth: bool) -> str:
    return "true" if truth else "false"


def _source(source: Source, at: int, keys: dict[tuple[str, int], str], home: str) -> str:
    colours = _coloured("".join(line.text + "\n" for line in source.lines))
    lines = [
        _line(
            number=str(line.number),
            code=_markup(tokens),
            text=line.text,
            place=keys.get((source.file, line.number), ""),
            dot=True,
        )
        for line, tokens in zip(source.lines, colours)
    ]
    label = f"{source.name}, the function" if at == 0 else f"{source.name}, which it calls"
    place = f" <small>{escape(source.shown)}</small>" if source.shown != home else ""
    title = f'<p class="title"><code>{escape(source.name)}</code>{place}</p>' if at else ""
    return f'{title}<div class="code" role="listbox" aria-label="{escape(label)}">{"".join(lines)}</div>'


def _derived(derived: Derived, keys: dict[tuple[str, int], str], many: bool, first: bool) -> str:
    hidden = "" if first else " hidden"
    role = f'role="tabpanel" aria-label="{escape(derived.asked)}"' if many else ""
    given = ", ".join(f"{name}: {spec}" for name, spec in derived.parameters)
    last = len(derived.texts) - 1
    tabs = [
        f'<button type="button" role="tab" aria-selected="{_said(at == last)}" tabindex="{-(at < last)}" '
        f'title="{escape(_STAGES[text.stage])}">{text.stage}</button>'
        for at, text in enumerate(derived.texts)
    ]
    parts = [
        f'<div class="derived" {role}{hidden}>',
        f'<p class="signature"><b>{escape(derived.asked)}</b> {escape(given)}</p>',
        f'<div role="tablist" class="tabs stages" aria-label="Stages">{"".join(tabs)}</div>',
        *(_text(text, derived.asked, keys, at == last) for at, text in enumerate(derived.texts)),
        "</div>",
    ]
    return "\n".join(parts)


def _text(text: Text, asked: str, keys: dict[tuple[str, int], str], shown: bool) -> str:
    kept: dict[int, list[Saved]] = {}
    read: dict[int, set[str]] = {}
    for saved in text.saved:
        kept.setdefault(saved.line, []).append(saved)
        for number, name in saved.reads:
            read.setdefault(number, set()).add(name)
    lines = []
    for line, tokens in zip(text.lines, _coloured(text.text)):
        own = kept.get(line.number, [])
        lines.append(
            _line(
                number=str(line.number),
                code=_markup(tokens, {each.name for each in own}, read.get(line.number, set())),
                text=line.text,
                place=keys.get(line.place, "") if line.place else "",
                sweep=line.sweep,
                beside=_beside(line, text),
                reads=" ".join(
                    dict.fromkeys(str(place) for each in own for place, _ in each.reads)
                ),
                note="; ".join(_kept(each) for each in own),
            )
        )
    label = f"{asked}, {'the text' if text.stage == 'text' else f'after {text.stage}'}"
    return (
        f'<div role="tabpanel" class="stage {text.stage}" aria-label="{text.stage}"{"" if shown else " hidden"}>'
        f'<div class="code" role="listbox" aria-label="{escape(label)}">{"".join(lines)}</div>{_table(text)}</div>'
    )


def _beside(line: Line, text: Text) -> str:
    """The number of the user's line, where it is another one than that of the line above."""
    if line.place is None:
        return ""
    above = text.lines[line.number - 2] if line.number > 1 else None
    return "" if above is not None and above.place == line.place else str(line.place[1])


def _kept(saved: Saved) -> str:
    return f"{saved.name} is saved: read on {_lines([line for line, _ in saved.reads])}"


def _lines(numbers: Sequence[int]) -> str:
    found = [str(number) for number in dict.fromkeys(numbers)]
    return f"line{'s' if len(found) > 1 else ''} {', '.join(found)}"


def _table(text: Text) -> str:
    """What is saved, and what reads it."""
    if not text.saved:
        return ""
    rows = []
    for saved in text.saved:
        place = text.lines[saved.line - 1].place
        cells = [f'<code class="sv">{escape(saved.name)}</code>', str(saved.line)]
        cells.append(str(place[1]) if place else "")
        cells.append(", ".join(_read(text.lines[n - 1]) for n in dict(saved.reads)))
        rows.append("".join(f"<td>{cell}</td>" for cell in cells))
    heads = ("value", "computed on line", "of the function", "read on line")
    return (
        f"<details{' open' if text.stage == 'text' else ''}>"
        f"<summary>Saved for the backward sweep: {len(text.saved)}</summary><table><thead><tr>"
        f"{''.join(f'<th scope=col>{head}</th>' for head in heads)}</tr></thead><tbody>"
        f"{''.join(f'<tr>{row}</tr>' for row in rows)}</tbody></table></details>"
    )


def _read(line: Line) -> str:
    return f'<span title="{escape(line.text.strip())}">{line.number}</span>'


def _line(
    *,
    number: str,
    code: str,
    text: str,
    place: str,
    sweep: str = "",
    beside: str | None = None,
    reads: str = "",
    note: str = "",
    dot: bool = False,
) -> str:
    words = {"data-n": number, "data-p": place, "data-reads": reads, "title": note}
    given = "".join(f' {key}="{escape(value)}"' for key, value in words.items() if value)
    role = 'role="option" aria-selected="false" tabindex="-1"' if text.strip() else 'role="presentation"'  # fmt: skip
    mark = '<i class="dot"></i>' if reads or dot else ""
    other = f'<span class="of">{beside}</span>' if beside is not None else ""
    return (
        f'<div class="ln {sweep}" {role}{given}><span class="no" aria-hidden="true">{number}{other}{mark}</span>'
        f'<span class="tx">{code or " "}</span></div>'
    )


# Colours.

_CLASSES = {
    "Keyword": "k",
    "Comment": "c",
    "String": "s",
    "Number": "m",
    "Function": "f",
    "Word": "k",  # in, not, and
    "Operator": "o",
    "Builtin": "b",
    "Namespace": "n",
}
_ADJOINT, _TANGENT = re.compile(r"\w+_bar(_\d+)?$"), re.compile(r"\w+_dot(_\d+)?$")

Token = tuple[str, str]  # a class of the style, and a text


def _coloured(text: str) -> Iterator[list[Token]]:
    """The lines of a text, as tokens."""
    line: list[Token] = []
    for kind, value in _lexer().get_tokens(text):
        word = next((short for name, short in _CLASSES.items() if name in tuple(kind)), "")
        for place, part in enumerate(value.split("\n")):
            if place:
                yield line
                line = []
            if part:
                line.append((word, part))
    if line:
        yield line


@cache
def _lexer() -> Any:
    from pygments.lexers import PythonLexer

    return PythonLexer(stripnl=False, ensurenl=False)


def _markup(tokens: list[Token], kept: set[str] = set(), read: set[str] = set()) -> str:  # noqa: B006
    """A line; names that are kept or read are marked, cotangents and tangents have colours of their own."""
    out = io.StringIO()
    for word, text in tokens:
        if not word and _ADJOINT.match(text):
            word = "adj"
        elif not word and _TANGENT.match(text):
            word = "tan"
        if word not in ("c", "s") and text in kept:
            word += " sv"
            kept = kept - {text}
        elif word not in ("c", "s") and text in read:
            word += " rd"
        found = escape(text)
        out.write(f'<span class="{word.strip()}">{found}</span>' if word.strip() else found)
    return out.getvalue()


@cache
def _data(name: str) -> str:
    return files("srcad.page").joinpath(name).read_text(encoding="utf-8").strip()
