"""Modules as a git revision has them, without a checkout and without importing them.

Of a file's statements only those run that make something a derivative may depend on: imports (of the same revision where
the repository has them), definitions, and assignments of expressions over names, literals and NumPy. All else, the effects of a
module, stays undone; what only that would have made is missing.
"""

from __future__ import annotations

import ast
import builtins
import importlib
import io
import linecache
import math
import subprocess
import types
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np

from srcad.errors import ArgumentValueError, SourceNotFoundError

__all__ = ["Revision"]

# What an assignment may call: it computes numbers, and does nothing else.
_HOMES = (np, np.linalg, math)
_BUILTINS = ("float", "int", "tuple", "list", "dict", "range", "len", "abs", "min", "max", "sum")


class Revision:
    """The modules of a git revision.

    Args:
        folder: A folder inside the repository.
        name: Anything that git takes for a commit.

    Raises ArgumentValueError where there is no such repository or commit.
    """

    def __init__(self, folder: Path, name: str) -> None:
        self.folder, self.name = folder, name
        self.root = Path(self._git("rev-parse", "--show-toplevel").strip())
        self.commit = self._git("rev-parse", "--verify", "--quiet", f"{name}^{{commit}}").strip()
        self.modules: dict[str, types.ModuleType] = {}

    def _git(self, *words: str) -> str:
        try:
            found = subprocess.run(
                ["git", "-C", str(self.folder), *words], capture_output=True, text=True, check=False
            )
        except OSError as error:
            raise ArgumentValueError("git cannot be run", reason=str(error)) from None
        if found.returncode:
            reason = found.stderr.strip() or "Name a branch, a tag or a commit."
            raise ArgumentValueError(f"git knows no `{self.name}` here", reason=reason)
        return found.stdout

    def text(self, path: str) -> str | None:
        """The text of a file of the revision, by its path from the repository's root; None where there is none."""
        found = subprocess.run(
            ["git", "-C", str(self.root), "show", f"{self.commit}:{path}"],
            capture_output=True,
            check=False,
        )
        return found.stdout.decode("utf-8") if found.returncode == 0 else None

    def module(self, where: str) -> types.ModuleType:
        """The module that a file, or a dotted name, was. Raises SourceNotFoundError."""
        path = Path(where)
        if path.suffix == ".py" or path.exists():
            full = path.resolve() if path.is_absolute() else (self.folder / path).resolve()
            try:
                inside = full.relative_to(self.root).as_posix()
            except ValueError:
                raise SourceNotFoundError(
                    f"`{where}` is not in the repository", reason="Name a file of it."
                ) from None
            found = self._file(inside)
        else:
            found = self._named(where)
        if found is None:
            raise SourceNotFoundError(
                f"`{where}` is not in revision {self.name}",
                reason="Name a revision that has the file.",
            )
        return found

    def _named(self, name: str) -> types.ModuleType | None:
        """A module of the repository, looked for from the folder upwards and in src."""
        below = self.folder.resolve().relative_to(self.root).as_posix()
        starts = [PurePosixPath(below), *PurePosixPath(below).parents]
        for start in [*starts, *(start / "src" for start in starts)]:
            base = start / name.replace(".", "/")
            for path in (f"{base}.py", f"{base}/__init__.py"):
                found = self._file(path.removeprefix("./"))
                if found is not None:
                    return found
        return None

    def _file(self, path: str) -> types.ModuleType | None:
        if path in self.modules:
            return self.modules[path]
        text = self.text(path)
        if text is None:
            return None
        name, package = self._name(path)
        made = types.ModuleType(name)
        made.__package__ = package
        file = f"<{self.name}:{path}>"
        made.__file__ = file
        linecache.cache[file] = (len(text), None, io.StringIO(text).readlines(), file)
        self.modules[path] = made
        tree = ast.parse(text, file)
        flags = sum(
            _flag(alias.name)
            for node in tree.body
            if isinstance(node, ast.ImportFrom) and node.module == "__future__"
            for alias in node.names
        )
        # How a call of an imported module's function is compiled depends on the import, so each definition sees all, unrun.
        imports: list[ast.stmt] = [
            node for node in ast.walk(tree) if isinstance(node, (ast.Import, ast.ImportFrom))
        ]
        front: list[ast.stmt] = []
        if imports:
            front.append(ast.If(ast.Constant(False, lineno=1, col_offset=0), imports, []))
            ast.copy_location(front[0], imports[0])
        for node in tree.body:
            self._run(node, made, file, flags, front)
        return made

    def _name(self, path: str) -> tuple[str, str]:
        """The dotted name of a file, by the packages that it lies in, and its package."""
        pure = PurePosixPath(path)
        names = [] if pure.name == "__init__.py" else [pure.stem]
        folder = pure.parent
        while folder.name and self.text(str(folder / "__init__.py")) is not None:
            names.insert(0, folder.name)
            folder = folder.parent
        name = ".".join(names)
        return name, name if pure.name == "__init__.py" else name.rpartition(".")[0]

    def _run(
        self,
        node: ast.stmt,
        module: types.ModuleType,
        file: str,
        flags: int,
        front: list[ast.stmt],
    ) -> None:
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            self._import(node, module)
            return
        definition = isinstance(node, (ast.FunctionDef, ast.ClassDef))
        value = node.value if isinstance(node, (ast.Assign, ast.AnnAssign)) else None
        if definition or (value is not None and _computes(value, module)):
            code = compile(
                ast.fix_missing_locations(ast.Module([*front, node], [])),
                file,
                "exec",
                flags,
                dont_inherit=True,
            )
            try:
                exec(code, vars(module))
            except Exception:  # it needs what was left undone: then it is missing, too
                return
        elif isinstance(node, ast.If) and not _asks_for_name(node.test):
            for inner in (*node.body, *node.orelse):
                if isinstance(inner, (ast.Import, ast.ImportFrom)):
                    self._import(inner, module)
        elif isinstance(node, ast.Try):
            for inner in node.body:
                self._run(inner, module, file, flags, front)

    def _import(self, node: ast.Import | ast.ImportFrom, module: types.ModuleType) -> None:
        if isinstance(node, ast.Import):
            for alias in node.names:
                found = self._imported(alias.name)
                if found is not None:
                    head = alias.name.partition(".")[0]
                    whole = found if alias.asname or head == alias.name else self._imported(head)
                    setattr(module, alias.asname or head, whole)
            return
        name = node.module or ""
        if node.level:
            package = (module.__package__ or "").split(".")
            package = package[: len(package) - node.level + 1]
            name = ".".join([*filter(None, package), *([name] if name else [])])
        home = self._imported(name)
        for alias in node.names:
            if home is not None and alias.name == "*":
                public = getattr(home, "__all__", [key for key in vars(home) if key[0] != "_"])
                vars(module).update({key: getattr(home, key) for key in public})
            elif home is not None and hasattr(home, alias.name):
                setattr(module, alias.asname or alias.name, getattr(home, alias.name))
            elif (inner := self._named(f"{name}.{alias.name}")) is not None:
                setattr(module, alias.asname or alias.name, inner)

    def _imported(self, name: str) -> Any:
        """A module of the revision, or an installed one; None where there is neither."""
        found = self._named(name)
        if found is not None:
            return found
        try:
            return importlib.import_module(name)
        except ImportError:
            return None


def _flag(name: str) -> int:
    import __future__

    return int(getattr(__future__, name).compiler_flag)


def _asks_for_name(test: ast.expr) -> bool:
    """Whether a condition is `__name__ == "__main__"`."""
    return any(isinstance(node, ast.Name) and node.id == "__name__" for node in ast.walk(test))


def _computes(tree: ast.expr, module: types.ModuleType) -> bool:
    """Whether an expression makes numbers, functions or texts out of such, and does nothing else."""
    return all(
        _is_harmless(node.func, module) for node in ast.walk(tree) if isinstance(node, ast.Call)
    ) and not any(
        isinstance(node, (ast.Await, ast.Yield, ast.YieldFrom, ast.NamedExpr))
        for node in ast.walk(tree)
    )


def _is_harmless(function: ast.expr, module: types.ModuleType) -> bool:
    try:
        found: Any = vars(module)
        parts = ast.unparse(function).split(".")
        found = found[parts[0]] if parts[0] in found else getattr(builtins, parts[0])
        for part in parts[1:]:
            found = getattr(found, part)
    except (KeyError, AttributeError):
        return False
    if found is getattr(builtins, parts[-1], None):
        return parts[-1] in _BUILTINS
    return any(vars(home).get(parts[-1]) is found for home in _HOMES) and parts[-1] not in _IO


_IO = {"save", "savez", "savetxt", "load", "loadtxt", "genfromtxt", "fromfile", "memmap", "seterr"}
