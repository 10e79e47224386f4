"""Jacobians chunk by chunk: where the rows go, who computes them, and what is said if somebody does not."""

from __future__ import annotations

import concurrent.futures
import contextlib
import os
import queue
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import BrokenExecutor, Future, ThreadPoolExecutor
from typing import Any, NamedTuple

import numpy as np

from srcad.api.dispatch import overlaps_itself
from srcad.api.memory import available
from srcad.api.pullback import matched
from srcad.api.tasks import Answer, Named, Seed, Sweep, compute, keep_memory
from srcad.core.pytrees import look
from srcad.errors import ArgumentTypeError, ArgumentValueError, ChunkError

__all__ = ["Block", "Job", "Rows", "checked_executor", "placed", "work"]


class Block(NamedTuple):
    """A block of a Jacobian that is to be computed."""

    shape: tuple[int, ...]
    dtype: Any


class Rows:
    """The blocks of a Jacobian, some rows at a time: by a pullback from `seeded`, the output, to the arguments `reached`.

    With `columns` by a pushforward: from `seeded`, an argument, to the outputs `reached`. Rows are written into `blocks`, where these are given or
    made first; else they are joined at the end.
    """

    def __init__(
        self,
        seeded: Any,
        reached: list[Any],
        dtypes: list[Any],
        *,
        columns: bool = False,
        blocks: list[Any] | None = None,
        preallocate: bool = False,
    ) -> None:
        self.columns, self.seeded, self.reached, self.dtypes = columns, seeded, reached, dtypes
        dtype = dtype_of(seeded)
        self.seed = Seed(np.shape(seeded), dtype, isinstance(seeded, np.ndarray))
        if blocks is None and preallocate:
            blocks = [np.empty(block.shape, block.dtype) for block in self.wanted()]
        self.blocks = blocks
        self.parts: list[list[Any]] = [[] for _ in reached]

    def wanted(self) -> list[Block]:
        """What the blocks are: of shape `output.shape + argument.shape`."""
        shape = self.seed.shape
        return [
            Block((*np.shape(x), *shape) if self.columns else (*shape, *np.shape(x)), dtype)
            for x, dtype in zip(self.reached, self.dtypes)
        ]

    def nbytes(self, count: int) -> int:
        """How large so many rows are."""
        return count * sum(np.size(x) * dtype.itemsize for x, dtype in zip(self.reached, self.dtypes))  # fmt: skip

    def put(self, start: int, stop: int, found: list[Any]) -> None:
        """Keep some rows, or write them where they belong."""
        if self.blocks is None:
            for part, parts in zip(found, self.parts):
                parts.append(part)
            return
        shape = self.seed.shape
        at: tuple[Any, ...] = ()
        if len(shape) == 1:
            at = (slice(start, stop),)
        elif shape:
            at = np.unravel_index(np.arange(start, stop), shape)
        for block, part in zip(self.blocks, found):
            rows = part if shape else part[0]
            if self.columns:
                block[(..., *at)] = np.moveaxis(rows, 0, -1) if shape else rows
            else:
                block[at or ...] = rows

    def made(self) -> list[Any]:
        """The block for each of `reached`."""
        if self.blocks is not None:
            return [self.leaf(block, x) for block, x in zip(self.blocks, self.reached)]
        joined = []
        for parts, x, dtype in zip(self.parts, self.reached, self.dtypes):
            rows = (
                np.concatenate(parts).astype(dtype, copy=False)
                if parts
                else np.empty((0, *np.shape(x)), dtype)
            )
            if self.columns:
                block = np.moveaxis(rows, 0, -1).reshape((*np.shape(x), *self.seed.shape))
                block = block if block.flags.owndata else block.copy()
            else:
                block = rows.reshape((*self.seed.shape, *np.shape(x)))
            joined.append(self.leaf(block, x))
        return joined

    def leaf(self, block: Any, x: Any) -> Any:
        """A block; of numbers a number."""
        argument = self.seeded if self.columns else x
        if block.ndim or isinstance(argument, np.ndarray):
            return block
        return block[()] if isinstance(argument, np.generic) else block.item()


def dtype_of(x: Any, y: Any = 0.0) -> Any:
    """The dtype of a Jacobian by `x` of `y`, where that is not complex."""
    x = y if np.iscomplexobj(y) and not np.iscomplexobj(x) else x
    plain = complex if isinstance(x, complex) else float
    return x.dtype if isinstance(x, (np.ndarray, np.generic)) else np.dtype(plain)


# Where results are written


def placed(expected: Any, out: Any, others: list[Any]) -> dict[int, Any]:
    """The arrays of `out` by the identity of the `Block` that each is for.

    Args:
        expected: The structure of the result, with a Block for each array.
        out: What was given: an array, or arrays in that structure.
        others: What must not be written to.

    Raises:
        ArgumentTypeError, ArgumentValueError: Something is no array, or has another shape or dtype, cannot be written, shares memory.
    """
    found: dict[int, Any] = {}
    for block, array, where in _pairs(expected, out, "out"):
        if not isinstance(array, np.ndarray) or type(array) not in (np.ndarray, np.memmap):
            raise ArgumentTypeError(
                f"{where} is a {type(array).__name__}, no array",
                reason=f"Pass np.empty({block.shape}, dtype={str(block.dtype)!r}), or a np.memmap.",
            )
        if array.shape != block.shape:
            raise ArgumentValueError(
                f"{where} has shape {array.shape}, and the Jacobian {block.shape}",
                reason="It is that of the output, then that of the argument.",
            )
        if array.dtype != block.dtype:
            raise ArgumentTypeError(
                f"{where} has dtype {array.dtype.str if array.dtype.isnative is False else array.dtype}, and the Jacobian {block.dtype}",
                reason="It is written as it is computed, and not converted.",
            )
        if not array.flags.writeable:
            raise ArgumentValueError(
                f"{where} cannot be written to",
                reason="Open a np.memmap with mode='r+' or 'w+'; of a read-only view pass the array itself.",
            )
        if overlaps_itself(array):
            raise ArgumentValueError(f"elements of {where} share memory", reason="Pass a copy.")
        for other in [*others, *found.values()]:
            if (
                isinstance(other, np.ndarray)
                and np.may_share_memory(array, other)
                and np.shares_memory(array, other)
            ):
                raise ArgumentValueError(
                    f"{where} shares memory with an argument, or with another array of `out`",
                    reason="The Jacobian is written while they are read. Pass an array of its own.",
                )
        found[id(block)] = array
    return found


def _pairs(expected: Any, out: Any, where: str) -> Iterator[tuple[Block, Any, str]]:
    if isinstance(expected, Block):
        yield expected, out, where
        return
    node = look(expected)
    for part, theirs, name, _ in matched(node, expected, out, where, "Jacobian") if node else ():
        yield from _pairs(part, theirs, name)


# Who computes them


class Job(NamedTuple):
    """Some rows to be computed: of what, in words, by whom, for which blocks."""

    what: str
    sweep: Sweep
    rows: Rows
    start: int
    stop: int

    @property
    def nbytes(self) -> int:
        """How large its result is."""
        return self.rows.nbytes(self.stop - self.start)


def checked_executor(executor: Any) -> Any:
    """Something with `submit`, or None. Raises ArgumentTypeError."""
    if isinstance(executor, type) or (
        executor is not None and not callable(getattr(executor, "submit", None))
    ):
        raise ArgumentTypeError(
            f"executor={executor!r} is no executor",
            reason="Pass a concurrent.futures.ProcessPoolExecutor, or what is used as one: client.get_executor() of dask.distributed.",
        )
    if executor is not None and hasattr(executor, "get_executor"):
        raise ArgumentTypeError(
            f"executor={executor!r} is a client, no executor",
            reason="Pass executor=client.get_executor().",
        )
    return executor


def work(
    jobs: Iterator[Job], total: int, executor: Any = None, *, written: bool, progress: bool
) -> None:
    """Have all rows computed, here or by the executor, and put where they belong as they come.

    Args:
        jobs: The chunks, made as they are asked for.
        total: How many rows there are.
        executor: Any executor of `concurrent.futures`; None for this process.
        written: Whether the rows go into the caller's own arrays.
        progress: Whether to show a bar.

    Raises:
        ChunkError: An executor failed to compute a chunk, or its process died; the others are cancelled.
    """
    keep_memory()
    with Bar(total) if progress else contextlib.nullcontext() as bar:

        def put(job: Job, found: list[Any]) -> None:
            job.rows.put(job.start, job.stop, found)
            if bar is not None:
                bar.advance(job.stop - job.start)

        if executor is not None:
            Delivery(executor, put, written).run(jobs)
            return
        for job in jobs:
            try:
                found = job.sweep(job.start, job.stop)
            except Exception as error:
                if not written:
                    raise
                raise failed(job, error, written) from error
            put(job, found)


class Delivery:
    """Chunks that an executor computes.

    Args:
        executor: Any executor of `concurrent.futures`.
        put: What is done with the rows of a job.
        written: Whether they go into the caller's own arrays.
    """

    def __init__(self, executor: Any, put: Callable[[Job, list[Any]], None], written: bool) -> None:
        self.executor, self.put, self.written = executor, put, written
        self.done: queue.SimpleQueue[Future[Any]] = queue.SimpleQueue()
        self.pending: dict[Future[Any], Submitted] = {}
        self.carriers: dict[str, Carrier] = {}
        self.local = is_local(executor)

    def run(self, jobs: Iterator[Job]) -> None:
        """Have all jobs done. Raises ChunkError, ArgumentTypeError."""
        workers, room = workers_of(self.executor), available() // 4
        try:
            for job in jobs:
                # What is done and not yet written is bounded by memory, what waits by nothing.
                while len(self.pending) >= max(2 * workers, room // max(job.nbytes, 1)):
                    self.take()
                self.submit(job)
            while self.pending:
                self.take()
        finally:
            for future in self.pending:
                future.cancel()

    def take(self) -> None:
        """Put the rows of the next chunk that is done where they belong."""
        future = self.done.get()
        job, whole, refusals = self.pending.pop(future)
        try:
            answer = future.result()
        except Exception as error:
            raise failed(job, error, self.written) from error
        if not self.local:
            self.carriers[job.sweep.sent.token].heard(answer, whole, refusals)
        if answer.rows is None:
            self.submit(job, refusals + 1)
        else:
            self.put(job, answer.rows)

    def submit(self, job: Job, refusals: int = 0) -> None:
        """Hand a job over, which so many workers had no use for without its sweep."""
        sweep: Any = job.sweep
        whole = True
        if not self.local:
            token = sweep.sent.token  # what cannot be sent is said here
            known = getattr(self.executor, "_max_workers", None)
            carrier = self.carriers.setdefault(token, Carrier(int(known or 1)))
            whole = carrier.whole(refusals)
            full = sweep.by_itself if carrier.apart else sweep.sent
            sweep = full if whole else Named(token)
        try:
            future = self.executor.submit(compute, sweep, job.start, job.stop)
        except Exception as error:
            while self.pending:  # of a broken pool one of these is the cause
                self.take()
            raise failed(job, error, self.written) from error
        if not callable(getattr(future, "add_done_callback", None)):
            raise ArgumentTypeError(
                f"{type(self.executor).__name__}.submit returns a {type(future).__name__}, no future",
                reason="Pass an executor of concurrent.futures, or what is used as one.",
            )
        self.pending[future] = Submitted(job, whole, refusals)
        future.add_done_callback(self.done.put)


class Submitted(NamedTuple):
    """What an executor has: a job, whether all of its sweep was sent, how many workers had no use for less."""

    job: Job
    whole: bool
    refusals: int


class Carrier:
    """Decides which tasks bring their sweep along: as many as there are workers that have not got it, though none can be addressed.

    Args:
        workers: How many there are at least.

    >>> carrier = Carrier(1)
    >>> carrier.whole(0), carrier.whole(0)
    (True, False)
    >>> carrier.heard(Answer(None, "b"), False, 0)
    >>> carrier.whole(1), carrier.whole(1)      # it has gone to another one
    (True, False)
    """

    def __init__(self, workers: int) -> None:
        self.first, self.away = workers, 0
        self.apart = False
        self.lacking: set[str] = set()

    def whole(self, refusals: int) -> bool:
        """Whether the next task does: one that was refused often in any case, so that it comes to an end."""
        if refusals:
            found = refusals > 2 or self.away < len(self.lacking)
            self.away += found
            return found
        self.first -= 1
        return self.first >= 0

    def heard(self, answer: Answer, whole: bool, refusals: int) -> None:
        """A worker has answered."""
        self.away -= whole and refusals > 0
        if answer.rows is None:
            self.lacking.add(answer.worker)
            self.apart = self.apart or whole  # a worker elsewhere does not see this one's files
        else:
            self.lacking.discard(answer.worker)


def is_local(executor: Any) -> bool:
    """Whether an executor's workers are threads of this interpreter, which can call what is compiled."""
    return isinstance(executor, ThreadPoolExecutor) and not isinstance(
        executor, getattr(concurrent.futures, "InterpreterPoolExecutor", ())
    )


def workers_of(executor: Any) -> int:
    """How many chunks are computed at a time, as far as that can be known."""
    if executor is None:
        return 1
    return int(getattr(executor, "_max_workers", None) or os.cpu_count() or 1)


_DEATHS = ("KilledWorker", "BrokenProcessPool", "BrokenThreadPool")


def failed(job: Job, error: BaseException, written: bool) -> ChunkError:
    """What is raised instead of a result that is not whole."""
    died = isinstance(error, BrokenExecutor) or type(error).__name__ in _DEATHS
    one = "column" if job.rows.columns else "row"
    last = job.stop - 1
    which = f"{one} {last}" if job.start == last else f"{one}s {job.start} to {last}"
    verb = "was" if job.start == last else "were"
    why = "a worker died" if died else f"{type(error).__name__}: {error}".rstrip(": ")
    reasons = []
    if died:
        reasons.append(
            f"{type(error).__name__}: a process was killed, ran out of memory, or crashed, in this chunk, in one beside it, or before."
        )
    reasons.append("The other chunks are cancelled.")
    if written:
        reasons.append("`out` may be partly written: it does not hold the Jacobian.")
    return ChunkError(f"{which} of {job.what} {verb} not computed: {why}", reason=" ".join(reasons))


class Bar:
    """A bar on standard error, shown from the first second on."""

    def __init__(self, total: int) -> None:
        self.total, self.done = total, 0
        self.lock = threading.Lock()
        self.shown: Any = None
        self.over = False
        self.timer = threading.Timer(1.0, self.show)
        self.timer.daemon = True

    def __enter__(self) -> Bar:
        self.timer.start()
        return self

    def show(self) -> None:
        from rich.console import Console
        from rich.progress import Progress

        with self.lock:
            if self.over:
                return
            self.shown = Progress(console=Console(stderr=True))
            self.task = self.shown.add_task("Jacobian", total=self.total, completed=self.done)
            self.shown.start()

    def advance(self, rows: int) -> None:
        with self.lock:
            self.done += rows
            if self.shown is not None:
                self.shown.update(self.task, completed=self.done)

    def __exit__(self, *_: object) -> None:
        self.timer.cancel()
        with self.lock:
            self.over = True
            if self.shown is not None:
                self.shown.stop()
