"""What another process can be told of a compiled derivative: its specification and the objects that it is about as text, its operands as JSON."""

from __future__ import annotations

import os
import sys
import types
from functools import lru_cache
from typing import Any

import numpy as np

from srcad.api.compiled import MISSING, is_hidden
from srcad.api.request import Position
from srcad.api.signature import key_of
from srcad.core.fingerprint import digest_code, digest_text
from srcad.core.specification import Container, Known, Unfit, unwrap
from srcad.core.structs import Struct, struct

__all__ = [
    "at_home",
    "decode",
    "describe",
    "encode",
    "home_of",
    "spec_text",
    "toolchain",
    "user_rules",
]


def describe(found: Any) -> str | None:
    """What an object of an outer scope is, in words that hold in another process; None where that cannot be said."""
    if isinstance(found, types.ModuleType):
        return f"module {found.__name__}{_release(found.__name__)}"
    if is_hidden(found):
        return f"hidden {_key_text(key_of(found))}"
    if found is None or isinstance(found, (bool, str)):
        return f"static {found!r}"
    plain = unwrap(found)
    if isinstance(plain, types.FunctionType):
        defaults = (plain.__defaults__, plain.__kwdefaults__)
        if not all(
            part is None or isinstance(part, (bool, str, int, float)) for part in _flat(defaults)
        ):
            return None
        return f"function {digest_code(plain.__code__)} {defaults!r}"
    module, name = (
        getattr(found, "__module__", None),
        getattr(found, "__qualname__", None) or getattr(found, "__name__", None),
    )
    if isinstance(found, np.ufunc):
        if getattr(np, str(name), None) is found:
            return f"object numpy.{name}"
        from srcad.core.ops import module_of

        home = module_of(found)
        return None if home is None else f"object {home}.{name}{_release(home)}"
    if (
        isinstance(module, str) and module.split(".")[0] in ("numpy", "math", "builtins", "srcad")
    ) and name:
        return f"object {module}.{name}"
    if isinstance(found, tuple) and all(
        isinstance(part, (bool, str, int, float, type(None))) for part in _flat(found)
    ):
        return f"static {found!r}"
    return None


def _release(module: str) -> str:
    """Which SciPy a module is of: rules are for the one that is installed (NumPy's release is in every key)."""
    top = module.partition(".")[0]
    return f" {getattr(sys.modules.get(top), '__version__', '')}" if top == "scipy" else ""


def _flat(tree: Any) -> list[Any]:
    if isinstance(tree, dict):
        tree = list(tree.values())
    if isinstance(tree, (tuple, list)):
        return [part for inner in tree for part in _flat(inner)]
    return [tree]


def _key_text(key: Any) -> str:
    if isinstance(key, tuple):
        return f"({', '.join(map(_key_text, key))})"
    return key.__name__ if isinstance(key, type) else str(key)


def spec_text(spec: Any) -> str | None:
    """A specification as text, or None where an object in it has none."""
    if isinstance(spec, dict):
        parts = [(key, spec_text(part)) for key, part in spec.items()]
        return (
            None
            if any(part is None or type(key) not in (str, int) for key, part in parts)
            else f"{{{', '.join(f'{k!r}: {p}' for k, p in parts)}}}"
        )
    if isinstance(spec, Container):
        parts_ = [spec_text(part) for part in spec]
        form = encode_form(spec.form)
        return (
            None
            if form is MISSING or any(part is None for part in parts_)
            else f"{form}({', '.join(map(str, parts_))})"
        )
    if isinstance(spec, Unfit):
        return "unfit"
    if isinstance(spec, Known):
        described = describe(spec.object)
        return None if described is None or described.startswith("function") else described
    if spec is None or isinstance(spec, (bool, str, int, float)) or type(spec) is tuple:
        return repr(spec)
    if type(spec).__name__ == "Type":
        return f"{spec.kind} {spec!r} {[getattr(size, 'many', None) for size in spec.shape or ()]}"
    return None


@lru_cache(maxsize=1)
def toolchain() -> str:
    """srcad and NumPy as installed: versions, and the state of srcad's own files."""
    root = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    state = []
    for folder, folders, files in os.walk(root):
        folders.sort()
        for name in sorted(files):
            if name.endswith(".py"):
                status = os.stat(os.path.join(folder, name))
                state.append(f"{name} {status.st_size} {status.st_mtime_ns}")
    return digest_text(np.__version__, *state)


# Rules that are found to be srcad's own: there are hundreds, and each compilation asks.
_OWN_RULES: dict[Any, Any] = {}


def user_rules() -> str:
    """Rules registered from outside srcad."""
    families = sys.modules.get("srcad.rules.families")
    if families is None:
        return ""
    found = []
    for function, rule in families.REGISTRY.items():
        if _OWN_RULES.get(function) is rule:
            continue
        outside = [
            code
            for part in (rule.pullback, rule.pushforward)
            if (code := getattr(part, "__code__", None)) is not None
            and not (getattr(part, "__module__", "") or "").startswith("srcad.")
        ]
        name = getattr(function, "__qualname__", function)
        found += [f"{name} {digest_code(code)}" for code in outside]
        if not outside:
            _OWN_RULES[function] = rule
    return " ".join(sorted(found))


def home_of(found: Any) -> list[str] | None:
    """Where a class is imported from, or None; a function that is called as it is may have a rule, which is not known here."""
    if not isinstance(found, type):
        return None
    home = [getattr(found, "__module__", None) or "", getattr(found, "__qualname__", "")]
    try:
        return home if at_home(home) is found else None
    except LookupError:
        return None


def at_home(home: list[str]) -> Any:
    """The inverse of `home_of`; LookupError where nothing is there now."""
    found: Any = sys.modules[home[0]]
    for name in home[1].split("."):
        found = getattr(found, name, MISSING)
    if found is MISSING:
        raise LookupError(home[1])
    return found


def encode(tree: Any) -> Any:
    """A tree of positions and plain constants as JSON, or MISSING."""
    if isinstance(tree, Position):
        return {"at": int(tree)}
    if tree is None or isinstance(tree, (bool, int, float, str)):
        return {"is": tree}
    if type(tree) is dict:
        items = [[key, encode(part)] for key, part in tree.items()]
        if any(part is MISSING or not isinstance(key, (str, int)) for key, part in items):
            return MISSING
        return {"dict": items}
    if isinstance(tree, (tuple, list)):
        form, parts = encode_form(type(tree)), [encode(part) for part in tree]
        return MISSING if MISSING in [form, *parts] else {"of": [form, parts]}
    return MISSING


def decode(tree: Any) -> Any:
    """The inverse of `encode`."""
    ((kind, value),) = tree.items()
    if kind == "at":
        return Position(value)
    if kind == "is":
        return value
    if kind == "dict":
        return {key: decode(part) for key, part in value}
    form, parts = decode_form(value[0]), [decode(part) for part in value[1]]
    return form(*parts) if hasattr(form, "_fields") else form(parts)


def encode_form(form: Any) -> Any:
    """The class of a container in a tree of operands as JSON, or MISSING."""
    if not issubclass(form, Struct):
        home = home_of(form)
        return MISSING if home is None else {"class": home}
    extra = [home_of(part) if callable(part) else part for part in form.extra]
    home = home_of(form.kind)
    if (
        home is None
        or not all(type(key) in (str, int) for key in form._fields)
        or any(callable(part) and kept is None for part, kept in zip(form.extra, extra))
    ):
        return MISSING
    return {
        "struct": home,
        "fields": list(form._fields),
        "style": form.style,
        "fixed": sorted(form.fixed, key=str),
        "counts": sorted(form.counts, key=str),
        "derived": sorted(form.derived, key=str),
        "is_tree": form.is_tree,
        "extra": extra,
    }


def decode_form(form: Any) -> Any:
    """The inverse of `encode_form`."""
    if "class" in form:
        return at_home(form["class"])
    return struct(
        at_home(form["struct"]),
        tuple(form["fields"]),
        style=form["style"],
        fixed=frozenset(form["fixed"]),
        counts=frozenset(form["counts"]),
        derived=frozenset(form["derived"]),
        is_tree=form["is_tree"],
        extra=tuple(at_home(part) if isinstance(part, list) else part for part in form["extra"]),
    )
