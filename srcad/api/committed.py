"""Derivatives that a project has committed: used where they are of the function that runs, for arguments like these.

A function that is decorated with `@differentiable(generated="pkg.model_srcad")` takes its derivatives from that module. What the module
says of each (`records`) is held against the function's own text, against all that it reads, and against the arguments. What does not fit
is compiled afresh, with a warning; under `SRCAD_GENERATED=require` it is an error.
"""

from __future__ import annotations

import builtins
import importlib
import inspect
import linecache
import operator
import os
import sys
import types
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from srcad.api.compiled import MISSING, Compiled, Scope, by_keyword, is_hidden, scope_of
from srcad.api.declared import Fits
from srcad.api.dispatch import Dispatcher
from srcad.api.records import (
    Header,
    Record,
    described,
    heard,
    meant,
    read_header,
    request_digest,
    spoken,
)
from srcad.api.request import Generated, Position, Request
from srcad.core.fingerprint import matches_source
from srcad.core.pytrees import own
from srcad.core.specification import Reference, unwrap
from srcad.errors import SourceNotFoundError

__all__ = ["committed"]


class Stale(Exception):
    """Why a committed derivative cannot be used."""


def committed(dispatcher: Dispatcher, home: str, args: tuple[Any, ...]) -> Compiled | None:
    """The derivative of the module `home` for these arguments, or None with a warning.

    Raises SourceNotFoundError where SRCAD_GENERATED says that it has to be there.
    """
    name = getattr(dispatcher.root, "__name__", "function")
    try:
        return _found(dispatcher, home, args)
    except Stale as stale:
        what = f"no derivative of `{name}` in {home} can be used: {stale}"
        if os.environ.get("SRCAD_GENERATED", "").strip().lower() == "require":
            raise SourceNotFoundError(
                what, reason="Run srcad generate. SRCAD_GENERATED=require forbids to compile it."
            ) from None
        warnings.warn(
            f"{what}. It is compiled afresh; run srcad generate.", RuntimeWarning, _outside()
        )
        return None


def _found(dispatcher: Dispatcher, home: str, args: tuple[Any, ...]) -> Compiled:
    module, header = _module(dispatcher.root, home)
    root = dispatcher.root
    requests = [
        request_digest(root.__qualname__, request, len(dispatcher.names))
        for request in _as_asked(dispatcher.request)
    ]
    asked = [record for record in header.records if record.request in requests]
    if not asked:
        wanted = dispatcher.request.suffix.lstrip("_").replace("vjp_halves", "pullback")
        raise Stale(f"it has no {wanted} of it")
    names = list(dispatcher.names)
    why = "it is for other arguments"
    for record in asked:
        fits = Fits(record.arguments)
        if [name for name, _ in record.arguments] != names or not fits(args):
            declared = "; ".join(f"{name}: {said}" for name, said in record.arguments)
            why = f"{record.name} is for {declared}"
            continue
        references = _references(dispatcher.function, record)
        if record.source == "-":
            untold = [spoken(each) for each in references or () if not meant(each)]
            what = f"`{untold[0]}`" if untold else "something"
            why = f"{record.name} reads {what}, which has no digest"
        elif references is None or described(dispatcher.function, references) != record.source:
            why = f"{record.name} is not of the function, or of what it calls, as these are now"
        else:
            _check_running(root, references)
            if not callable(vars(module).get(record.name)):
                raise Stale(f"it has no function {record.name}")
            kind = Halves if dispatcher.request.transform == "vjp_halves" else Committed
            made = kind(dispatcher, record, vars(module), references, fits)
            if isinstance(made, Halves):
                made.check(args)
            return made
    raise Stale(why)


def _as_asked(request: Request) -> list[Request]:
    """The requests of texts that answer a request: a pullback's text may be asked for by a number, where there is one argument."""
    if request.transform != "vjp_halves":
        return [request]
    text = request._replace(transform="vjp")
    argnums = request.argnums if isinstance(request.argnums, tuple) else ()
    return [text, *([text._replace(argnums=argnums[0])] if len(argnums) == 1 else [])]


def _module(root: Any, home: str) -> tuple[types.ModuleType, Header]:
    """The module, and what its text says of itself; only a text that is as it was written counts."""
    try:
        module = importlib.import_module(home, root.__globals__.get("__package__"))
    except Exception as error:
        raise Stale(f"it cannot be imported ({type(error).__name__}: {error})") from None
    get_source = getattr(getattr(module.__spec__, "loader", None), "get_source", None)
    try:
        text = get_source(module.__name__) if get_source is not None else None
    except (OSError, ImportError):
        text = None
    header = read_header(text or "")
    if header is None:
        raise Stale("it is no module that srcad has generated")
    if header.sealed != header.digests.get("body"):
        raise Stale("it was edited by hand")
    return module, header


def _references(function: Callable[..., Any], record: Record) -> list[Reference] | None:
    """What the names that a derivative depends on stand for now, or None where one of them is gone."""
    found = []
    for text in record.reads:
        path, name = heard(text)
        scope = scope_of(function, path)
        if scope is None:
            return None
        kind, _, plain = name.partition(" ")
        if kind == "builtin":
            stands = plain in scope.function.__globals__
            value = MISSING if stands else getattr(builtins, plain, MISSING)
        else:
            value = scope.read(plain if kind in ("value", "call") else name)
        if value is MISSING:
            return None
        found.append(Reference(path, name, value))
    return found


def _check_running(root: Any, references: list[Reference]) -> None:
    """The texts that were compared are those of the code that runs. Raises Stale."""
    for found in (root, *(unwrap(reference.object) for reference in references)):
        if not isinstance(found, types.FunctionType) or _is_library(found):
            continue
        file = inspect.getsourcefile(found.__code__) or found.__code__.co_filename
        text = "".join(linecache.getlines(file, found.__globals__))
        if not matches_source(found, text):
            raise Stale(f"the source of `{found.__name__}` was edited since it was imported")


def _is_library(function: Any) -> bool:
    return (function.__module__ or "").partition(".")[0] in ("numpy", "scipy", "srcad")


class Committed(Compiled):
    """A derivative of a committed module, with what must hold for it to be right."""

    def __init__(
        self,
        dispatcher: Dispatcher,
        record: Record,
        namespace: dict[str, Any],
        references: list[Reference],
        fits: Fits,
    ) -> None:
        made = Generated(
            "",
            {"entry": record.name},
            tuple(references),
            {},
            {},
            frozenset(record.writes),
            None,
            (),
        )
        super().__init__(dispatcher.function, made, namespace, {})
        if not dispatcher.by_position and self.entry is not None:
            self.entry = self.call = by_keyword(self.entry, dispatcher.signature)
        self.fits = None if fits.is_plain else fits
        self.kept: list[tuple[Scope, str, Any]] = []
        for reference in references:
            scope = scope_of(dispatcher.function, reference.path)
            if is_hidden(reference.object) and scope is not None:
                name = reference.name.removeprefix("value ")
                self.kept.append(
                    (
                        scope,
                        name,
                        np.copy(reference.object)
                        if isinstance(reference.object, np.ndarray)
                        else reference.object,
                    )
                )

    def valid(self) -> bool:
        return super().valid() and all(
            _equal(scope.read(name), kept) for scope, name, kept in self.kept
        )


class Halves(Committed):
    """A value and its pullback, of a text that is the pullback as one function: the value is the function's own, and the pullback computes it
    again as far as it needs it."""

    def __init__(self, dispatcher: Dispatcher, *given: Any) -> None:
        super().__init__(dispatcher, *given)
        self.dispatcher = dispatcher
        self.made = self.made._replace(structure=Position(0))
        self.forward, self.backward = self.value, self.pulled

    def check(self, args: tuple[Any, ...]) -> None:
        """Raise Stale for what takes or returns more than arrays and numbers, one of them returned."""
        plain = self.dispatcher.by_position and not self.dispatcher.request.has_aux
        leaves = self.dispatcher.leaves(args)
        if not plain or len(leaves) != len(args) or any(map(operator.is_not, leaves, args)):
            raise Stale("pullbacks of functions of containers are compiled")
        params = list(inspect.signature(self.entry).parameters.values())[len(args) :]  # type: ignore[arg-type]
        kinds = [getattr(param.annotation, "__origin__", param.annotation) for param in params]
        if len(kinds) != 1 or not _is_single(kinds[0]):
            raise Stale("pullbacks of functions that return several values are compiled")

    def value(self, *args: Any) -> tuple[Any, ...]:
        """The value, and what the pullback needs."""
        return own(self.dispatcher.function(*map(own, args))), *map(own, args)

    def pulled(self, seed: Any, *args: Any) -> Any:
        """The cotangents: bare where there is one."""
        assert self.entry is not None
        found = self.entry(*args, seed)
        return found[0] if isinstance(found, tuple) and len(found) == 1 else found


def _is_single(kind: Any) -> bool:
    """Whether an annotation is that of an array or a number. NDArray is an alias of ndarray, or since NumPy 2.5 a name of its own."""
    if getattr(kind, "__name__", "") == "NDArray":
        return True
    return isinstance(kind, type) and issubclass(kind, (np.ndarray, np.generic, float, complex))


def _equal(found: Any, kept: Any) -> bool:
    if not isinstance(kept, np.ndarray):
        return type(found) is type(kept) and bool(found == kept)
    return (
        type(found) is np.ndarray
        and found.dtype == kept.dtype
        and np.array_equal(found, kept, equal_nan=kept.dtype.kind in "fc")
    )


def _outside() -> int:
    """The stack level of the call that led into srcad."""
    level, frame = 1, sys._getframe(1)
    while frame is not None and frame.f_globals.get("__name__", "").startswith("srcad."):
        level, frame = level + 1, frame.f_back  # type: ignore[assignment]
    return level
