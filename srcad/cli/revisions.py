"""Modules as a git revision has them: read from git, without a checkout and without importing them (`replay`)."""

from __future__ import annotations

import ast
import importlib
import importlib.util
import io
import linecache
import subprocess
import sys
import types
from functools import cached_property
from pathlib import Path, PurePosixPath

from srcad.cli.replay import MissingModuleError, replay
from srcad.errors import ArgumentValueError, SourceNotFoundError

__all__ = ["AbsentError", "Revision"]


class AbsentError(SourceNotFoundError):
    """The revision does not have a file."""


class Revision:
    """The modules of a git revision.

    Args:
        folder: A folder inside the working tree.
        name: Anything that git takes for a commit; "main..." is where HEAD left main, as for `git diff`.

    Raises ArgumentValueError where there is no such working tree or commit.
    """

    def __init__(self, folder: Path, name: str) -> None:
        self.folder, self.name = folder.resolve(), name
        top = self._asked("rev-parse", "--show-toplevel")
        if top is None or not top.strip():
            raise ArgumentValueError(
                f"{folder.name or folder} is in no working tree of git",
                reason="Run the command inside of one.",
            )
        self.root = Path(top.strip()).resolve()
        self.commit = self._commit(name)
        self.modules: dict[str, types.ModuleType] = {}

    # git

    def _asked(self, *words: str, folder: Path | None = None) -> str | None:
        """What git prints, or None where it fails."""
        try:
            found = subprocess.run(
                ["git", "-C", str(folder or self.folder), *words], capture_output=True, check=False
            )
        except OSError as error:
            raise ArgumentValueError("git cannot be run", reason=str(error)) from None
        return None if found.returncode else found.stdout.decode("utf-8", "surrogateescape")

    def _commit(self, name: str) -> str:
        def known(one: str) -> str:
            words = ("rev-parse", "--verify", "--quiet", "--end-of-options", f"{one}^{{commit}}")
            found = self._asked(*words)
            if found is None:
                raise ArgumentValueError(
                    f"git knows no `{one}` here",
                    reason="Name a branch, a tag or a commit; in a shallow clone fetch it first.",
                )
            return found.split()[-1]

        first, dots, second = name.partition("...")
        if not dots:
            return known(name)
        base = self._asked("merge-base", known(first or "HEAD"), known(second or "HEAD"))
        if base is None:
            raise ArgumentValueError(
                f"`{name}` has no merge base",
                reason="The histories have nothing in common; in a shallow clone fetch more.",
            )
        return base.strip()

    @cached_property
    def files(self) -> dict[str, tuple[Path, str]]:
        """The blobs of the revision by path: the repository that holds each, and its name there.

        Those of submodules are of the commit that the revision names, where the submodule is checked out.
        """
        found: dict[str, tuple[Path, str]] = {}

        def visit(root: Path, commit: str, prefix: str) -> None:
            listed = self._asked("ls-tree", "-r", "-z", "--full-tree", commit, folder=root) or ""
            for entry in filter(None, listed.split("\0")):
                kind, _, path = entry.partition("\t")
                mode, _, name = kind.split()
                if mode == "160000":
                    visit(root / path, name, f"{prefix}{path}/")
                elif mode != "120000":
                    found[prefix + path] = root, name

        visit(self.root, self.commit, "")
        return found

    @cached_property
    def folders(self) -> set[str]:
        """The folders of the revision that hold Python somewhere."""
        paths = (PurePosixPath(path) for path in self.files if path.endswith(".py"))
        return {parent.as_posix() for path in paths for parent in path.parents}

    @cached_property
    def moved(self) -> dict[str, str]:
        """Files of the working tree that have another path in the revision, as git sees it."""
        words = ("diff", "--name-status", "-z", "-M", "--diff-filter=R", self.commit)
        fields = (self._asked(*words, folder=self.root) or "").split("\0")
        return {new: old for old, new in zip(fields[1::3], fields[2::3])}

    def text(self, path: str) -> str | None:
        """The text of a file of the revision, by its path from the root; None where there is none."""
        if path not in self.files:
            return None
        root, name = self.files[path]
        found = self._asked("cat-file", "blob", name, folder=root)
        return None if found is None else found.removeprefix("\ufeff")

    def text_at(self, path: Path) -> str | None:
        """The text of a file of the revision, by its path in the working tree; None where there is none."""
        full = path.resolve()
        inside = full.is_relative_to(self.root)
        return self.text(full.relative_to(self.root).as_posix()) if inside else None

    # modules

    def module(self, where: str) -> types.ModuleType:
        """The module that a file, or a dotted name, was. Raises AbsentError."""
        path = Path(where)
        if path.suffix == ".py" or path.is_file():
            found = self._of_path(self._inside(path, where))
        else:
            found = self._named(where, self._starts(self.folder))
            if found is None and (now := self._file_of(where)) is not None:
                found = self._of_path(self._inside(now, where))
        if found is None:
            raise AbsentError(
                f"`{where}` is not in revision {self.name}",
                reason="Name a revision that has the file.",
            )
        return found

    def _inside(self, path: Path, where: str) -> str:
        full = path if path.is_absolute() else self.folder / path
        try:  # a link is followed as far as the file's folder
            return (full.parent.resolve() / full.name).relative_to(self.root).as_posix()
        except ValueError:
            raise SourceNotFoundError(
                f"`{where}` is not in the repository", reason="Name a file of it."
            ) from None

    def _of_path(self, path: str) -> types.ModuleType | None:
        return self._file(path) or (self._file(self.moved[path]) if path in self.moved else None)

    def _file_of(self, name: str) -> Path | None:
        """The file of a module of the working tree, which may have been elsewhere."""
        try:
            spec = importlib.util.find_spec(name)
        except (ImportError, ValueError, AttributeError):
            return None
        return Path(spec.origin) if spec is not None and spec.has_location and spec.origin else None

    def _starts(self, folder: Path | PurePosixPath) -> list[PurePosixPath]:
        """Folders in which top-level modules are looked for: a folder and those above it, `src` in each, and what Python's path has."""
        below = PurePosixPath(folder)
        if isinstance(folder, Path):
            below = PurePosixPath(folder.relative_to(self.root).as_posix())
        near = [each for start in (below, *below.parents) for each in (start, start / "src")]
        return list(dict.fromkeys([*near, *self._path]))

    @cached_property
    def _path(self) -> list[PurePosixPath]:
        found = []
        for entry in map(Path, filter(None, sys.path)):
            if entry.resolve().is_relative_to(self.root):
                found.append(PurePosixPath(entry.resolve().relative_to(self.root).as_posix()))
        return found

    def _named(self, name: str, starts: list[PurePosixPath]) -> types.ModuleType | None:
        """A module by dotted name, bound in its package as an import binds it; None where the revision has none."""
        head, *rest = name.split(".")
        for start in starts:
            found = self._at((start / head).as_posix(), head)
            if found is not None:
                break
        else:
            return None
        place = start / head
        for part in rest:
            place = place / part
            inner = self._at(place.as_posix(), f"{found.__name__}.{part}")
            if inner is None:
                return None
            setattr(found, part, inner)
            found = inner
        return found

    def _at(self, base: str, name: str) -> types.ModuleType | None:
        """The package, the module or the plain folder of modules at a path."""
        for path in (f"{base}/__init__.py", f"{base}.py"):
            if path in self.files:
                return self._file(path)
        if base not in self.folders:
            return None
        if base not in self.modules:
            self.modules[base] = types.ModuleType(name)
            self.modules[base].__package__ = name
        return self.modules[base]

    def _file(self, path: str) -> types.ModuleType | None:
        if path in self.modules:
            return self.modules[path]
        text = self.text(path)
        if text is None:
            return None
        name, package, root = self._name(path)
        made = types.ModuleType(name)
        made.__package__ = package
        made.__file__ = file = f"<{self.name}:{path}>"
        linecache.cache[file] = (len(text), None, io.StringIO(text).readlines(), file)
        self.modules[path] = made
        starts = self._starts(root)
        try:
            replay(text, made, file, lambda node, module: self._import(node, module, starts))
        except SyntaxError as error:
            raise SourceNotFoundError(
                f"{path} of {self.name} is no Python of this version",
                reason=f"{error.msg} (line {error.lineno}).",
            ) from None
        return made

    def _name(self, path: str) -> tuple[str, str, PurePosixPath]:
        """The dotted name of a file, by the packages that it lies in, its package, and the folder of the outermost."""
        pure = PurePosixPath(path)
        names = [] if pure.name == "__init__.py" else [pure.stem]
        folder = pure.parent
        while folder.name and f"{folder}/__init__.py" in self.files:
            names.insert(0, folder.name)
            folder = folder.parent
        name = ".".join(names)
        return name, name if pure.name == "__init__.py" else name.rpartition(".")[0], folder

    def _import(
        self,
        node: ast.Import | ast.ImportFrom,
        module: types.ModuleType,
        starts: list[PurePosixPath],
    ) -> None:
        if isinstance(node, ast.Import):
            for alias in node.names:
                found = self._imported(alias.name, starts)
                head = alias.name.partition(".")[0]
                whole = found if alias.asname else self._imported(head, starts)
                setattr(module, alias.asname or head, whole)
            return
        home, name = self._home(node, module, starts)
        for alias in node.names:
            if alias.name == "*":
                public = getattr(home, "__all__", [key for key in vars(home) if key[0] != "_"])
                vars(module).update({key: getattr(home, key) for key in public})
                continue
            if not hasattr(home, alias.name):
                self._imported(f"{name}.{alias.name}", starts, home)
            setattr(module, alias.asname or alias.name, getattr(home, alias.name))

    def _home(
        self, node: ast.ImportFrom, module: types.ModuleType, starts: list[PurePosixPath]
    ) -> tuple[types.ModuleType, str]:
        """What `from ... import` imports from, and its name."""
        name = node.module or ""
        if not node.level:
            return self._imported(name, starts), name
        path = next(path for path, made in self.modules.items() if made is module)
        folder = PurePosixPath(path).parent  # relative imports need no names, only places
        for _ in range(node.level - 1):
            folder = folder.parent
        place = folder.joinpath(*filter(None, name.split(".")))
        package = (module.__package__ or "").split(".")
        package = package[: len(package) - node.level + 1]
        full = ".".join(filter(None, [*package, name]))
        found = self._at(place.as_posix(), full)
        if found is None:
            raise MissingModuleError(f"{self.name} has no module `{full or place}`")
        return found, full

    def _imported(
        self, name: str, starts: list[PurePosixPath], home: types.ModuleType | None = None
    ) -> types.ModuleType:
        """A module of the revision, or an installed one. What only the working tree has is none of these."""
        if home is not None:  # a module of a package that is known
            at = next((path for path, made in self.modules.items() if made is home), None)
            if at is not None:
                folder = at.removesuffix("/__init__.py") if at.endswith("__init__.py") else at
                part = name.rpartition(".")[2]
                inner = self._at(f"{folder}/{part}", name) if not folder.endswith(".py") else None
                if inner is None:
                    raise MissingModuleError(f"{self.name} has no `{name}`")
                setattr(home, part, inner)
                return inner
        found = self._named(name, starts)
        if found is not None:
            return found
        head = name.partition(".")[0]
        if self._named(head, starts) is not None or self._is_mine(head):
            raise MissingModuleError(f"{self.name} has no module `{name}`")
        try:
            return importlib.import_module(name)
        except Exception as error:
            raise MissingModuleError(f"`{name}` is not installed: {error}") from None

    def _is_mine(self, head: str) -> bool:
        """Whether a module is one of the working tree, and not installed."""
        file = self._file_of(head)
        if file is None:
            return False
        near = file.resolve()
        return near.is_relative_to(self.root) and not {"site-packages", "dist-packages"} & set(
            near.parts
        )
