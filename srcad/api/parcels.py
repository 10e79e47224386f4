"""What a forward sweep has saved, on its way to other processes: in a file that those of this machine map into their memory, or as bytes."""

from __future__ import annotations

import contextlib
import mmap
import os
import pickle
import tempfile
import weakref
from typing import Any, NamedTuple

__all__ = ["Parcel", "filed", "packed"]

# Less is sent as fast as a file is opened.
_LARGE = 1 << 20
_ALIGNED = 64


class Parcel(NamedTuple):
    """Values as a pickle, whose buffers are in a file where there is one.

    Args:
        data: The pickle.
        path: The file, or nothing.
        mark: What it begins with, so that no other file is taken for it.
        places: Where in it the buffers are: from where, how many bytes.
    """

    data: bytes
    path: str = ""
    mark: bytes = b""
    places: tuple[tuple[int, int], ...] = ()

    def opened(self) -> tuple[Any, ...]:
        """The values, in a tuple of one; an empty tuple where this process has not got the file.

        Arrays are views of the file, which all processes share; what is written to them is seen by this one alone.

        >>> packed([1.0, "a"]).opened(), Parcel(b"", "/no/such/file").opened()
        (([1.0, 'a'],), ())
        """
        if not self.path:
            return (pickle.loads(self.data),)
        try:
            with open(self.path, "rb") as file:
                mapped = memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY))
        except (OSError, ValueError):
            return ()
        if mapped[: len(self.mark)] != self.mark:
            return ()
        buffers = [mapped[start : start + size] for start, size in self.places]
        return (pickle.loads(self.data, buffers=buffers),)


def packed(found: Any) -> Parcel:
    """Values as bytes."""
    return Parcel(pickle.dumps(found, protocol=5))


def filed(found: Any, owner: Any) -> Parcel:
    """Values with a file, where they are large and one can be written. It goes with its owner."""
    buffers: list[pickle.PickleBuffer] = []
    data = pickle.dumps(found, protocol=5, buffer_callback=buffers.append)
    views = [buffer.raw() for buffer in buffers]
    if sum(view.nbytes for view in views) < _LARGE or os.name != "posix":
        return packed(found)
    mark, places = os.urandom(_ALIGNED), []
    try:
        handle, path = tempfile.mkstemp(prefix="srcad-")
    except OSError:
        return packed(found)
    weakref.finalize(owner, _removed, path, os.getpid())
    try:
        with open(handle, "wb") as file:
            file.write(mark)
            for view in views:
                file.write(bytes(-file.tell() % _ALIGNED))
                places.append((file.tell(), view.nbytes))
                file.write(view)
    except OSError:  # the disk is full
        _removed(path, os.getpid())
        return packed(found)
    return Parcel(data, path, mark, tuple(places))


def _removed(path: str, caller: int) -> None:
    with contextlib.suppress(OSError):
        if os.getpid() == caller:  # not what has been forked from it
            os.unlink(path)
