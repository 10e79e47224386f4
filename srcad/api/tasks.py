"""Chunks of a Jacobian as tasks for other processes, which need srcad, NumPy and what the text imports, and no compiler.

What travels is the generated module as text and what its forward half has saved (`parcels`), pickled once for all chunks; a process that gets
the first chunk executes the text, and keeps the module until it gets a chunk of something else. Most later chunks name it only (`Named`).
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import math
import os
import pickle
import sys
import types
from typing import Any, NamedTuple

import numpy as np

from srcad.api.parcels import Parcel, filed, packed
from srcad.errors import ChunkError
from srcad.loader import load

__all__ = ["Answer", "Named", "Seed", "Sweep", "compute", "keep_memory"]


class Seed(NamedTuple):
    """What the rows of an identity have the form of: an output, or in forward mode an argument."""

    shape: tuple[int, ...]
    dtype: Any
    is_array: bool

    @property
    def total(self) -> int:
        """How many rows there are."""
        return math.prod(self.shape)

    def rows(self, start: int, stop: int) -> Any:
        """Some rows, over a leading axis.

        >>> Seed((2, 2), np.dtype(float), True).rows(1, 2)
        array([[[0., 1.],
                [0., 0.]]])
        """
        made = np.eye(stop - start, self.total, start, dtype=self.dtype)
        return made.reshape((stop - start, *self.shape))


class Sweep:
    """The backward half of a derivative at one point, or the pushforward: called with the numbers of rows it computes these.

    It calls what was compiled, in this process; what another process gets of it is a `Sent`.

    Args:
        compiled: The pair of halves.
        given: What the second half takes beside its seed.
        seed: What that looks like.
        single: Whether it returns one array, no tuple.
    """

    def __init__(self, compiled: Any, given: list[Any], seed: Seed, *, single: bool) -> None:
        self.compiled, self.given, self.seed, self.single = compiled, given, seed, single
        self.batched = compiled.made.names.get("batched") == "yes"
        kinds = np.geterr().items()  # threads and processes begin with NumPy's own
        self.errors: Any = {name: kind for name, kind in kinds if kind not in ("call", "log")}

    def __call__(self, start: int, stop: int) -> list[Any]:
        with np.errstate(**self.errors):
            return swept(self.compiled.backward, self, start, stop)

    @functools.cached_property
    def sent(self) -> Sent:
        """What travels. Raises ChunkError where something cannot be pickled."""
        made, namespace = self.compiled.made, self.compiled.namespace
        read = names_read(self.compiled.backward, namespace)
        bound = {
            name: _pickled(namespace.get(name), f"`{name}`, which the derivative calls by name,")
            for name in made.externals
            if name in read
        }
        text = made.text.encode()
        return Sent(
            Module(
                made.text,
                hashlib.sha256(text).hexdigest(),
                made.names["backward"],
                made.lines,
                bound,
                _release(),
            ),
            os.urandom(16).hex(),
            _pickled(self.values, _SAVED, lambda values: filed(values, self)),
            (self.seed, self.single, self.batched, self.errors),
        )

    @property
    def values(self) -> tuple[list[Any], dict[str, Any]]:
        """The numbers that the second half reads: what it is given, and by name what it reads of outer scopes."""
        namespace, hidden = self.compiled.namespace, self.compiled.made.hidden
        read = names_read(self.compiled.backward, namespace) if hidden else set()
        return self.given, {name: namespace.get(name) for name in hidden if name in read}

    @functools.cached_property
    def by_itself(self) -> Sent:
        """What travels to a process that cannot read this one's files."""
        return self.sent._replace(values=packed(self.values))

    def __reduce__(self) -> Any:
        return Sent, tuple(self.sent)


class Module(NamedTuple):
    """A generated module: its text, the digest of that, which function is called, and what else the text finds bound, pickled by name."""

    text: str
    digest: str
    name: str
    lines: Any
    bound: dict[str, bytes]
    release: str


class Sent(NamedTuple):
    """A sweep in another process; `token` is the same for all its chunks. It is opened where it is called: an executor that fails to
    read a task takes its worker for dead.
    """

    module: Module
    token: str
    values: Parcel
    rest: tuple[Any, ...]

    def __call__(self, start: int, stop: int) -> list[Any] | None:
        return _run(self.opened(), start, stop)

    def opened(self) -> tuple[Any, Any] | None:
        """The function and what it is given, None where that is in a file that is not here.

        Raises ChunkError where this process cannot import what it needs.
        """
        found = _OPEN.get(self.token)
        if found is not None:
            return found
        module = self.module
        if module.release != _release():
            raise ChunkError(
                f"the worker has {_release()}, and the caller {module.release}",
                reason="Install the same versions on both sides.",
            )
        if hashlib.sha256(module.text.encode()).hexdigest() != module.digest:
            raise ChunkError("the text of the module is not what was sent")
        _OPEN.clear()  # what another point has saved may be large
        keep_memory()
        parcel = _opened(self.values, _SAVED, Parcel.opened)
        if not parcel:
            return None
        ((given, outer),) = parcel
        bound = {name: _opened(data, f"`{name}`") for name, data in module.bound.items()}
        namespace = load(module.text, module.name, {**bound, **outer}, places=module.lines)
        seed, single, batched, errors = self.rest
        local = types.SimpleNamespace(
            given=given, seed=seed, single=single, batched=batched, errors=errors
        )
        found = _OPEN[self.token] = namespace[module.name], local
        return found


_OPEN: dict[str, tuple[Any, Any]] = {}


class Named(NamedTuple):
    """A sweep by its token alone: for a process that has it open already. Others answer None, and are sent it."""

    token: str

    def __call__(self, start: int, stop: int) -> list[Any] | None:
        return _run(_OPEN.get(self.token), start, stop)


def _run(found: tuple[Any, Any] | None, start: int, stop: int) -> list[Any] | None:
    if found is None:
        return None
    backward, local = found
    with np.errstate(**local.errors):
        return swept(backward, local, start, stop)


class Answer(NamedTuple):
    """What a task returns: rows, or None where the sweep is not known by the process; and which process that is."""

    rows: list[Any] | None
    worker: str


_ME = os.urandom(8).hex()  # machines may share their names


def compute(sweep: Any, start: int, stop: int) -> Answer:
    """What an executor runs."""
    return Answer(sweep(start, stop), f"{_ME} {os.getpid()}")


@functools.cache
def keep_memory() -> None:
    """Have the arrays of a chunk allocated from what those of the last one gave back.

    The allocator of glibc returns it to the system, which clears it page by page when it is asked for again: that took as long as computing
    the rows. It keeps as much as twice the largest block that was ever given back, up to this size (mallopt(3), M_MMAP_THRESHOLD and
    M_TRIM_THRESHOLD); the block itself is never touched.
    """
    with contextlib.suppress(MemoryError):
        np.empty(31 << 20, np.uint8)


def swept(backward: Any, sweep: Any, start: int, stop: int) -> list[Any]:
    """Rows by the backward half: all of them at once, or where it has no axis for them one after the other."""
    if sweep.batched:
        found = backward(sweep.seed.rows(start, stop), *sweep.given)
        return [found] if sweep.single else list(found)
    rows = []
    for place in range(start, stop):
        seed = sweep.seed.rows(place, place + 1)[0]
        found = backward(seed if sweep.seed.is_array else seed[()], *sweep.given)
        rows.append([found] if sweep.single else list(found))
    if len(rows) == 1:
        return [np.asarray(part)[None] for part in rows[0]]
    return [np.stack(parts) for parts in zip(*rows)]


def names_read(function: Any, namespace: dict[str, Any]) -> set[str]:
    """The global names that a function of a text reads, and those that it calls of the same text.

    >>> made = load("def g(x):\\n    return a * x\\n\\ndef f(x):\\n    return g(x) + b\\n", "m", {})
    >>> sorted(names_read(made["f"], made))
    ['a', 'b', 'g']
    """
    found: set[str] = set()
    pending = [function.__code__]
    while pending:
        code = pending.pop()
        for name in set(code.co_names) - found:
            found.add(name)
            callee = namespace.get(name)
            if (
                isinstance(callee, types.FunctionType)
                and callee.__globals__ is function.__globals__
            ):
                pending.append(callee.__code__)
        pending += [part for part in code.co_consts if isinstance(part, types.CodeType)]
    return found


def _release() -> str:
    version = getattr(sys.modules.get("srcad"), "__version__", "")
    return f"srcad {version} with NumPy {np.__version__.rpartition('.')[0]}"


_SAVED = "what the forward sweep has saved"


def _pickled(found: Any, what: str, how: Any = pickle.dumps) -> Any:
    try:
        return how(found)
    except Exception as error:
        raise ChunkError(
            f"{what} cannot be sent to another process: {error}",
            reason="Define it at the top of a module that the workers can import, or use threads.",
        ) from error


def _opened(data: Any, what: str, how: Any = pickle.loads) -> Any:
    try:
        return how(data)
    except (ImportError, AttributeError) as error:
        raise ChunkError(
            f"{what} cannot be imported in the worker: {error}",
            reason="It stands in a module that only the caller has: install it where the workers run, or move it out of `__main__`.",
        ) from error
