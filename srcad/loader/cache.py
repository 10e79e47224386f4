"""The cache of generated texts: one directory a user, or memory alone where that cannot be trusted.

    entries/<digest>.py     a generated text, named after its own content
    manifest/<key>.json     for a request: which entries answer it, and under which circumstances

What is read is executed, so nothing counts that another user could have written or that is not
what was stored.  There are no locks between processes: entries are named after their content, every
write is a rename, and a manifest's update that is lost in a race costs one more generation.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import stat
import threading
import time
from typing import Any, NamedTuple

Record = dict[str, Any]

_RECORDS_PER_KEY = 16
_ITEMS_IN_MEMORY = 4096
_READ = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)
_READ |= getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)  # a FIFO must not block us
_CREATE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_CLOEXEC", 0)
_CREATE |= getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)


class Kept(NamedTuple):
    """A text in the cache, for a request: the key of that, its record, bytes, and when it was used last, as the disk knows it."""

    key: str
    record: Record
    size: int
    used: float


class Cache:
    """Generated texts by request.  No method raises because of the state of the disk.

    Args:
        path: The directory, created where it is missing; None for a cache in memory.  One that
            cannot be created, or that others could write, is not used.
        why: Why there is no directory, for `srcad doctor`.

    Attributes:
        path: The directory in use, None where the cache is in memory alone.
        why: Why it is in memory alone, or the last trouble with the disk; else empty.

    >>> cache = Cache(None)
    >>> entry = cache.store("0123456789abcdef", {"state": 1}, "answer = 42\\n")
    >>> [record["state"] for record in cache.find("0123456789abcdef")]
    [1]
    >>> cache.read(entry)
    'answer = 42\\n'
    """

    def __init__(self, path: str | os.PathLike[str] | None, why: str = "") -> None:
        self.path: str | None = None if path is None else os.path.abspath(path)
        self.why = why
        self._noted = False
        self._lock = threading.Lock()
        self._records: dict[str, list[Record]] = {}
        self._texts: dict[str, str] = {}
        if self.path is None:
            if why:
                self._note(why)
            return
        try:
            self._prepare(self.path)
        except OSError as error:
            self.path = None
            self._note(error)

    def find(self, key: str) -> list[Record]:
        """Return what was stored under a key, newest first; not to be changed in place.

        Args:
            key: Hexadecimal digits, as `digest_text` gives them.

        Returns:
            The records, each with the digest of its text as `"entry"`.  The text may be gone:
            where `read` returns None, generate and store again.

        Raises:
            ValueError: The key is not a digest.
        """
        _check_key(key)
        records = self._records.get(key)
        if records is None:
            records = self._read_manifest(key)
            if records:
                with self._lock:
                    records = _remember(self._records, key, self._records.get(key, records))
        return [dict(record) for record in records]

    def read(self, entry: str) -> str | None:
        """Return the text of an entry; None where it is missing, damaged or not to be trusted."""
        text = self._texts.get(entry)
        if text is None:
            text = self._read_entry(entry)
            if text is not None:
                with self._lock:
                    _remember(self._texts, entry, text)
        return text

    def store(self, key: str, record: Record, text: str) -> str:
        """Keep a text under a key.

        Args:
            key: Hexadecimal digits, as `digest_text` gives them.
            record: When the text is the answer: anything that JSON can hold.  It replaces the
                record of the same content; a key keeps its sixteen newest records.
            text: The generated text.

        Returns:
            The entry's digest, for `read`.

        Raises:
            ValueError: The key is not a digest.
            TypeError: The record does not fit into JSON.
        """
        _check_key(key)
        data = text.encode("utf-8")
        entry = _name_of(data)
        # Through JSON, so that a record is the same from memory as from the disk.
        new: Record = json.loads(json.dumps({**record, "entry": entry}))
        with self._lock:
            _remember(self._texts, entry, text)
            _remember(self._records, key, _merge([new, *self._records.get(key, [])]))
        if self.path is None:
            return entry
        try:
            self._prepare(self.path)
            if self._read_entry(entry) is None:
                self._write("entries", entry + ".py", data)
            stored = self._read_manifest(key)
            with self._lock:
                records = _merge([new, *stored, *self._records.get(key, [])])
                _remember(self._records, key, records)
            if records != stored:
                document = {"digest": _seal(key, records), "records": records}
                self._write("manifest", key + ".json", json.dumps(document).encode())
        except OSError as error:
            self._note(error)
        return entry

    def location(self, entry: str) -> str | None:
        """Return the path of an entry's file, for `load`; None where it has none."""
        path = os.path.join(self.path, "entries", entry + ".py") if self.path else ""
        return path if os.path.isfile(path) else None

    def entries(self) -> list[str]:
        """Return the digests of all texts, sorted."""
        found = set(self._texts)
        for name in self._list("entries"):
            if name.endswith(".py") and self._read_entry(name[:-3]) is not None:
                found.add(name[:-3])
        return sorted(found)

    def kept(self) -> list[Kept]:
        """Return what is kept for which request, the latest used first; texts that are gone are left out."""
        found = []
        names = [name[:-5] for name in self._list("manifest") if name.endswith(".json")]
        for key in sorted({*self._records, *names}):
            for record in self._records.get(key) or self._read_manifest(key):
                try:
                    path = self.location(record["entry"])
                    if path is not None:
                        status = os.stat(path)
                        used = max(status.st_atime, status.st_mtime)
                        found.append(Kept(key, record, status.st_size, used))
                    elif record["entry"] in self._texts:
                        size = len(self._texts[record["entry"]].encode())
                        found.append(Kept(key, record, size, time.time()))
                except (OSError, KeyError, TypeError):
                    continue
        return sorted(found, key=lambda each: (-each.used, each.key))

    def trouble(self) -> str:
        """Return why a text cannot be kept on disk now, or nothing; writes a file to find out, and removes it."""
        if self.path is None:
            return self.why
        try:
            self._prepare(self.path)
            self._write("entries", ".probe.tmp", b"")
            os.unlink(os.path.join(self.path, "entries", ".probe.tmp"))
        except OSError as error:
            return str(error)
        return ""

    def clear(self) -> int:
        """Forget everything, remove the files, also what killed processes left; return how many."""
        with self._lock:
            self._records.clear()
            self._texts.clear()
        count = 0
        for folder, suffixes in (("manifest", (".json", ".tmp")), ("entries", (".py", ".tmp"))):
            for name in self._list(folder):
                if name.endswith(suffixes):
                    try:
                        os.unlink(os.path.join(self.path or "", folder, name))
                        count += 1
                    except OSError as error:
                        self._note(error)
        return count

    def _note(self, reason: object) -> None:
        self.why = str(reason)
        if not self._noted:  # once: whoever has no cache directory knows it after one line
            self._noted = True
            import logging  # here, because `import srcad` must be fast

            logging.getLogger("srcad.loader").debug("cache of generated code: %s", reason)

    def _prepare(self, path: str) -> None:
        os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
        for folder in (path, os.path.join(path, "entries"), os.path.join(path, "manifest")):
            with contextlib.suppress(FileExistsError):
                os.mkdir(folder, 0o700)
            _check_trusted(os.lstat(folder), stat.S_ISDIR, folder)

    def _check_folder(self, folder: str) -> str:
        path = self.path or ""
        _check_trusted(os.lstat(path), stat.S_ISDIR, path)
        path = os.path.join(path, folder)
        _check_trusted(os.lstat(path), stat.S_ISDIR, path)
        return path

    def _list(self, folder: str) -> list[str]:
        try:
            return os.listdir(self._check_folder(folder)) if self.path else []
        except FileNotFoundError:
            return []
        except OSError as error:
            self._note(error)
            return []

    def _read(self, folder: str, name: str) -> bytes | None:
        if self.path is None:
            return None
        try:
            path = os.path.join(self._check_folder(folder), name)
            with open(os.open(path, _READ), "rb") as file:
                _check_trusted(os.fstat(file.fileno()), stat.S_ISREG, path)
                return file.read()
        except FileNotFoundError:
            return None
        except OSError as error:
            self._note(error)
            return None

    def _write(self, folder: str, name: str, data: bytes) -> None:
        path = self._check_folder(folder)
        temporary = os.path.join(path, f".{name[:8]}-{os.getpid()}-{os.urandom(8).hex()}.tmp")
        try:
            with open(os.open(temporary, _CREATE, 0o600), "wb") as file:
                file.write(data)
            os.replace(temporary, os.path.join(path, name))
        except BaseException:  # a full disk, but also Ctrl-C
            with contextlib.suppress(OSError):
                os.unlink(temporary)
            raise

    def _read_entry(self, entry: str) -> str | None:
        if re.fullmatch("[0-9a-f]{32}", entry) is None:
            return None
        data = self._read("entries", entry + ".py")
        return None if data is None or _name_of(data) != entry else data.decode("utf-8")

    def _read_manifest(self, key: str) -> list[Record]:
        data = self._read("manifest", key + ".json")
        if data is None:
            return []
        try:
            document = json.loads(data)
            records: list[Record] = document["records"]
            return records if document["digest"] == _seal(key, records) else []
        except (ValueError, TypeError, KeyError, RecursionError):
            return []


_defaults: dict[tuple[str | None, ...], Cache] = {}
if hasattr(os, "register_at_fork"):  # a child must not inherit a lock that its parent's thread held
    os.register_at_fork(after_in_child=_defaults.clear)


def default_cache() -> Cache:
    """Return this process's cache: in `SRCAD_CACHE_DIR`, else in the user's cache directory.

    It is in memory alone where `SRCAD_CACHE_DIR` is empty or `off`, where there is no home
    directory of the user's own, and where the directory cannot be created or trusted.
    """
    names = ("SRCAD_CACHE_DIR", "XDG_CACHE_HOME", "HOME")
    setting = tuple(os.environ.get(name) for name in names)
    cache = _defaults.get(setting)
    return _defaults.setdefault(setting, _open(*setting)) if cache is None else cache


def _open(chosen: str | None, xdg: str | None, home: str | None) -> Cache:
    if chosen is not None:
        if chosen.strip().lower() in ("", "off"):
            return Cache(None, "switched off by SRCAD_CACHE_DIR")
        return Cache(os.path.expanduser(chosen))
    if os.name == "posix" and not xdg:
        try:
            status = os.stat(home or "")
        except OSError:  # do not create a home, and not a directory named "~" either
            return Cache(None, "there is no home directory")
        if status.st_uid != os.geteuid():  # sudo: do not leave root's files in a user's home
            return Cache(None, f"{home} belongs to another user")
    import platformdirs  # here, because `import srcad` must be fast

    return Cache(platformdirs.user_cache_dir("srcad", appauthor=False))


def _check_trusted(status: os.stat_result, is_kind: Any, path: str) -> None:
    if not is_kind(status.st_mode):
        raise PermissionError(f"{path} is a link or not what it should be")
    if hasattr(os, "geteuid"):  # elsewhere the user's profile is protected by access lists
        if status.st_uid != os.geteuid():
            raise PermissionError(f"{path} belongs to another user")
        if status.st_mode & 0o022:
            raise PermissionError(f"{path} can be written by other users")


def _check_key(key: str) -> None:
    if re.fullmatch("[0-9a-f]{8,128}", key) is None:
        raise ValueError(f"not a digest in hexadecimal digits: {key!r}")


def _name_of(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:32]


def _seal(key: str, records: list[Record]) -> str:
    # With the key, so that a manifest under another's name is worth nothing.
    return hashlib.sha256(json.dumps([key, records], sort_keys=True).encode()).hexdigest()


def _merge(records: list[Record]) -> list[Record]:
    merged: dict[str, Record] = {}
    for record in records:
        state = {name: value for name, value in record.items() if name != "entry"}
        merged.setdefault(json.dumps(state, sort_keys=True), record)
    return list(merged.values())[:_RECORDS_PER_KEY]


def _remember(memory: dict[str, Any], name: str, value: Any) -> Any:
    memory[name] = value
    if len(memory) > _ITEMS_IN_MEMORY:
        del memory[next(iter(memory))]
    return value
