"""A module made of its text without being imported: what only makes something is done, what may do something is not.

Done are definitions, imports, and what computes numbers, texts and containers of literals, names and functions of installed libraries that are known to
do nothing else. No function of the module itself runs. What an undone statement would have bound, or may have
changed, is a `LeftUndone`, which says where: a derivative that reads it is refused, never made of something else.
"""

from __future__ import annotations

import abc
import ast
import builtins
import dataclasses
import functools
import inspect
import sys
import types
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np

from srcad.errors import ArgumentValueError

__all__ = ["LeftUndone", "MissingModuleError", "replay"]


@dataclasses.dataclass(frozen=True, eq=False)
class LeftUndone:
    """What stands for a value that only running code would have made."""

    name: str
    file: str
    line: int
    why: str

    @classmethod
    def all_of(cls, module: types.ModuleType) -> Iterator[LeftUndone]:
        """Those of a module, and of the replayed ones that it imports from."""
        seen: set[int] = set()
        todo: list[Any] = [module]
        while todo:
            found = todo.pop()
            if isinstance(found, cls):
                yield found
            if isinstance(found, types.FunctionType) and found.__code__.co_filename in _FILES:
                found = found.__globals__
            elif isinstance(found, types.ModuleType) and getattr(found, "__file__", None) in _FILES:
                found = vars(found)
            if isinstance(found, dict) and id(found) not in seen:
                seen.add(id(found))
                todo += found.values()

    def refuse(self) -> ArgumentValueError:
        """The error for what reads it."""
        return ArgumentValueError(
            f"`{self.name}` of {self.file.strip('<>')} is made by running code that is not run (line {self.line}: {self.why})",
            reason="Compare with a revision in which it is a literal, a definition, or an expression of NumPy.",
        )


class MissingModuleError(ImportError):
    """An import that finds nothing, in the revision or installed."""


def _words(*lines: str) -> frozenset[str]:
    return frozenset(" ".join(lines).split())


# What an expression may call: some of Python's own, what libraries offer less what has effects, methods of plain objects.
_BUILTINS = _words(
    "abs all any bool bytes classmethod complex dict divmod enumerate float frozenset int isinstance issubclass iter len list map",
    "max min next object pow property range repr reversed round set slice sorted staticmethod str sum super tuple type zip",
)
_LIBRARIES = _words(
    "math cmath numpy scipy functools operator dataclasses collections typing enum fractions itertools abc srcad"
)
_EFFECTS = _words(
    "save savez savez_compressed savetxt load loadtxt genfromtxt fromfile memmap open_memmap seterr seterrcall setbufsize",
    "set_printoptions load_library DataSource run_main test seed set_state fill_diagonal put putmask place copyto put_along_axis at shuffle",
)
_METHODS = _words(
    "reshape astype copy transpose ravel flatten squeeze swapaxes repeat take sum prod mean std var min max dot cumsum cumprod",
    "conj conjugate round clip diagonal trace tolist item view argsort argmax argmin nonzero any all items keys values get index",
    "count join split format strip lower upper replace startswith endswith partition rpartition normal uniform random",
    "standard_normal integers choice permutation union intersection difference",
)
# Methods that change what they are called on, and nothing else.
_CHANGES = _words("setflags sort fill append extend insert update setdefault resize")
# What takes a function and does not call it.
_HOLDS = (
    functools.partial,
    functools.lru_cache,
    functools.cache,
    functools.wraps,
    np.vectorize,
    np.frompyfunc,
    property,
    staticmethod,
    classmethod,
    dataclasses.field,
)
_SAYS = ("logging", "warnings")
_PLAIN = (np.ndarray, list, dict, set)
# Methods that run where a class is made, where a member of an enumeration is, and where an object is.
_OF_CLASSES = _words("__init_subclass__ __set_name__ __class_getitem__")
_OF_MEMBERS = _words("__new__ __init__ _generate_next_value_ _missing_")
_OF_OBJECTS = _words("__new__ __init__ __post_init__ __setattr__")


def replay(
    text: str,
    module: types.ModuleType,
    file: str,
    imports: Callable[[ast.Import | ast.ImportFrom, types.ModuleType], None],
) -> None:
    """Fill a module with what its text makes.

    Args:
        text: The module's source.
        module: The module, empty but for its names.
        file: What the code says its file is.
        imports: Does an import; raises MissingModuleError where there is nothing.

    Raises:
        SyntaxError: The text is no Python.

    >>> made = types.ModuleType("made")
    >>> replay("K = 2 * len('ab')\\ndef f(x): return K * x\\nL = f(1)", made, "<made>", print)
    >>> made.K, made.f(1.0), made.L.why
    (4, 4.0, '`f` would run')
    """
    tree = ast.parse(text, file)
    _MODULES.add(module.__name__)
    _FILES[file] = _Replay(tree, module, file, imports)
    _FILES[file].run()


class _Unfit(NamedTuple):
    why: str


class _Replay:
    def __init__(self, tree: ast.Module, module: types.ModuleType, file: str, imports: Any) -> None:
        self.tree, self.module, self.file, self.imports = tree, module, file, imports
        self.names = vars(module)
        futures = [
            node for node in tree.body if isinstance(node, ast.ImportFrom) and _is_future(node)
        ]
        self.flags = sum(_flag(alias.name) for node in futures for alias in node.names)
        # How a call of an imported module's function is compiled depends on the import, so each definition sees all, unrun.
        found: list[ast.stmt] = [
            node
            for node in tree.body
            if isinstance(node, (ast.Import, ast.ImportFrom)) and not _is_future(node)
        ]
        self.front: list[ast.stmt] = []
        if found:
            unrun = ast.If(ast.Constant(False, lineno=1, col_offset=0), found, [])
            self.front.append(ast.copy_location(unrun, found[0]))

    def run(self) -> None:
        for node in self.tree.body:
            self.statement(node)

    # statements

    def statement(self, node: ast.stmt) -> None:
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            try:
                self.imports(node, self.module)
            except MissingModuleError as error:
                self.undone(node, str(error))
        elif isinstance(node, ast.If):
            why = self.unfit(node.test)
            found = self.evaluated(node.test) if not why else _Unfit(why)
            if isinstance(found, _Unfit):
                self.undone(node, found.why)
            else:
                for inner in node.body if found else node.orelse:
                    self.statement(inner)
        elif isinstance(node, ast.Try):
            self.attempt(node)
        elif isinstance(node, (ast.Pass, ast.Raise, ast.Assert)) or self.only_says(node):
            pass
        else:
            why = self.forbidden(node)
            if not why:
                try:
                    self.execute(node)
                    return
                except Exception as error:  # it needs what was left undone
                    why = f"{type(error).__name__}: {error}"
            self.undone(node, why)

    def attempt(self, node: ast.Try) -> None:
        """A `try` about imports, which is what stands outside of functions; of others nothing is known."""
        for place, inner in enumerate(node.body):
            if isinstance(inner, (ast.Import, ast.ImportFrom)):
                try:
                    self.imports(inner, self.module)
                    continue
                except MissingModuleError:
                    if _catches_imports(node):
                        for handled in node.handlers[0].body:
                            self.statement(handled)
                        break
            elif not self.forbidden(inner):
                try:
                    self.execute(inner)
                    continue
                except Exception:
                    pass
            for rest in (*node.body[place:], *node.handlers, *node.orelse):
                self.undone(rest, "what a `try` does is not known")
            break
        else:
            for inner in node.orelse:
                self.statement(inner)
        for inner in node.finalbody:
            self.statement(inner)

    def execute(self, node: ast.stmt) -> None:
        tree = ast.fix_missing_locations(ast.Module([*self.front, node], []))
        code = compile(tree, self.file, "exec", self.flags, dont_inherit=True)
        # `dataclass` looks for the module of a class there.
        before = sys.modules.get(self.module.__name__)
        sys.modules[self.module.__name__] = self.module
        try:
            exec(code, self.names)
        finally:
            if before is None:
                del sys.modules[self.module.__name__]
            else:
                sys.modules[self.module.__name__] = before

    def evaluated(self, node: ast.expr) -> Any:
        try:
            code = compile(ast.Expression(node), self.file, "eval", self.flags, dont_inherit=True)
            return eval(code, self.names)
        except Exception as error:
            return _Unfit(f"{type(error).__name__}: {error}")

    def undone(self, node: ast.AST, why: str) -> None:
        """Put a LeftUndone in place of all that a statement would bind, and may change."""
        line = getattr(node, "lineno", 0)
        for name in _bound(node):
            self.undone_name(name, line, why)
        for inner in _here(node):
            if isinstance(inner, ast.Name) and isinstance(inner.ctx, ast.Load):
                found = self.names.get(inner.id)
                if isinstance(found, _PLAIN) or self.own(type(found)):
                    self.undone_name(inner.id, line, f"it may be changed: {why}")
            if isinstance(inner, (ast.Name, ast.Attribute)):
                self.may_run(self.resolved(inner), line)

    def may_run(self, found: Any, line: int) -> None:
        """What the functions of a module change of it is not known any more, where one of them may have run."""
        kind = found if isinstance(found, type) else type(found)
        plain = inspect.unwrap(found) if isinstance(found, types.FunctionType) else found
        plain = plain.func if isinstance(plain, functools.partial) else plain
        code = getattr(plain, "__code__", None)
        if code is not None and code.co_filename in _FILES:
            homes = [_FILES[code.co_filename]]
        else:
            homes = [each for each in _FILES.values() if each.module.__name__ == kind.__module__]
        for home in homes:
            for name in _changed_inside(home.tree):
                if not isinstance(home.names.get(name, sys), types.ModuleType):
                    home.undone_name(name, line, "a function that changes it may run")

    def undone_name(self, name: str, line: int, why: str) -> None:
        self.names[name] = LeftUndone(name, self.file, line, why)

    def only_says(self, node: ast.stmt) -> bool:
        """Whether a statement prints or logs, and changes nothing a derivative could read."""
        if not isinstance(node, ast.Expr):
            return False
        if isinstance(node.value, ast.Constant):
            return True
        if not isinstance(node.value, ast.Call):
            return False
        found = self.resolved(node.value.func)
        home = (getattr(found, "__module__", None) or "").partition(".")[0]
        return (found is print or home in _SAYS) and not any(
            map(self.unfit, (*node.value.args, *(word.value for word in node.value.keywords)))
        )

    # what may be done

    def forbidden(self, node: ast.stmt, inside: frozenset[str] = frozenset()) -> str:
        """Why a statement is left undone; nothing where it may be done. `inside` are names that an outer statement binds."""
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            return self.of_definition(node, inside)
        if isinstance(node, ast.ClassDef):
            return self.of_class(node, inside)
        if isinstance(node, (ast.Assign, ast.AnnAssign, ast.AugAssign)):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            values = [node.value] if node.value is not None else []
            if isinstance(node, ast.AnnAssign):
                values.append(node.annotation)
            return next(filter(None, [*map(self.target, targets), *map(self.unfit, values)]), "")
        if isinstance(node, ast.Expr):
            if isinstance(node.value, ast.Constant):
                return ""
            return self.change(node.value)
        if isinstance(node, ast.Delete):
            return next(filter(None, map(self.target, node.targets)), "")
        if isinstance(node, (ast.For, ast.If)):
            first = (
                [self.target(node.target), self.unfit(node.iter)]
                if isinstance(node, ast.For)
                else [self.unfit(node.test)]
            )
            rest = (self.forbidden(inner, inside) for inner in (*node.body, *node.orelse))
            return next(filter(None, [*first, *rest]), "")
        if isinstance(node, (ast.Pass, ast.Break, ast.Continue)):
            return ""
        return f"`{type(node).__name__.lower()}` runs code"

    def of_definition(
        self, node: ast.FunctionDef | ast.AsyncFunctionDef, inside: frozenset[str]
    ) -> str:
        for decorator in node.decorator_list:
            called = decorator.func if isinstance(decorator, ast.Call) else decorator
            head = ast.unparse(called).partition(".")[0]
            if head in inside:  # `@area.setter`
                continue
            found = self.resolved(called)
            if found is None or isinstance(found, LeftUndone) or self.own(found):
                return f"the decorator `{ast.unparse(called)}` would run"
            if isinstance(decorator, ast.Call) and (why := self.parts(decorator, holds=True)):
                return why
        given = [*node.args.defaults, *filter(None, node.args.kw_defaults)]
        if why := next(filter(None, map(self.unfit, given)), ""):
            return why
        if self.flags & _flag("annotations"):
            return ""
        arguments = [each for each in ast.walk(node.args) if isinstance(each, ast.arg)]
        said = [*(each.annotation for each in arguments), node.returns]
        return next(filter(None, (self.unfit(each, True) for each in said if each)), "")

    def of_class(self, node: ast.ClassDef, inside: frozenset[str]) -> str:
        if node.keywords:
            return "keywords of a class run code"
        for base in node.bases:
            if why := self.unfit(base, True):
                return why
        made_of = [found for found in map(self.resolved, node.bases) if isinstance(found, type)]
        hooks = _OF_CLASSES
        if any(type(found) not in (type, abc.ABCMeta) for found in made_of):
            hooks = hooks | _OF_MEMBERS
        names = frozenset(_bound(ast.Module(node.body, []))) | inside
        for inner in node.body:
            if isinstance(inner, (ast.FunctionDef, ast.AsyncFunctionDef)) and inner.name in hooks:
                return f"`{inner.name}` would run"
            if why := self.forbidden(inner, names):
                return why
        for decorator in node.decorator_list:
            called = decorator.func if isinstance(decorator, ast.Call) else decorator
            found = self.resolved(called)
            if found is None or isinstance(found, LeftUndone) or self.own(found):
                return f"the decorator `{ast.unparse(called)}` would run"
            if isinstance(decorator, ast.Call) and (why := self.parts(decorator, holds=True)):
                return why
        return ""

    def target(self, node: ast.expr) -> str:
        if isinstance(node, ast.Name):
            return ""
        if isinstance(node, (ast.Tuple, ast.List)):
            return next(filter(None, map(self.target, node.elts)), "")
        if isinstance(node, ast.Starred):
            return self.target(node.value)
        if isinstance(node, (ast.Subscript, ast.Attribute)):
            head: ast.expr = node
            while isinstance(head, (ast.Subscript, ast.Attribute)):
                head = head.value
            found = self.names.get(head.id) if isinstance(head, ast.Name) else None
            owned = isinstance(found, _PLAIN) or self.own(found) or self.own(type(found))
            if owned and not isinstance(found, types.ModuleType):
                return self.unfit(node.slice) if isinstance(node, ast.Subscript) else ""
        return f"it changes `{ast.unparse(node)}`"

    def change(self, node: ast.expr) -> str:
        """Why an expression that stands alone is left undone: one method of one's own array or list is not."""
        if isinstance(node, ast.Call):
            found = self.resolved(node.func)
            owner = getattr(found, "__self__", None)
            changes = isinstance(owner, _PLAIN) and getattr(found, "__name__", "") in _CHANGES
            if changes or found in (np.fill_diagonal, np.put, np.copyto):
                return self.parts(node)
        return f"`{_short(node)}` runs"

    def unfit(self, tree: ast.expr, lenient: bool = False) -> str:
        """Why an expression is not evaluated; nothing where it makes something, and does nothing else.

        `lenient` is for what may call anything that is installed: annotations.
        """
        for node in _here(tree):
            if isinstance(node, (ast.Await, ast.Yield, ast.YieldFrom, ast.NamedExpr)):
                return f"`{_short(node)}` runs code"
            if isinstance(node, ast.Name) and isinstance(self.names.get(node.id), LeftUndone):
                return f"`{node.id}` was left undone"
            if isinstance(node, ast.Attribute) and (why := self.of_attribute(node)):
                return why
            if isinstance(node, ast.Call) and (why := self.of_call(node, lenient)):
                return why
        return ""

    def of_attribute(self, node: ast.Attribute) -> str:
        """Properties of one's own objects would run."""
        owner = self.resolved(node.value)
        if self.own(type(owner)) and not isinstance(owner, types.ModuleType):
            found = inspect.getattr_static(owner, node.attr, None)
            if hasattr(type(found), "__get__") and not isinstance(found, types.FunctionType):
                return f"`{_short(node)}` would run"
        found = self.resolved(node)
        return f"`{_short(node)}` was left undone" if isinstance(found, LeftUndone) else ""

    def of_call(self, node: ast.Call, lenient: bool) -> str:
        found = self.resolved(node.func)
        name = getattr(found, "__name__", "")
        owner = getattr(found, "__self__", None)
        home = _home(found)
        what = f"`{_short(node.func)}` would run"
        if found is None:  # a method of what an expression makes
            known = isinstance(node.func, ast.Attribute) and node.func.attr in _METHODS
            dotted = isinstance(getattr(node.func, "value", None), ast.Name)
            return self.parts(node) if known and not dotted else what
        if self.own(found):
            made = isinstance(found, type) and not any(
                self.own(vars(base).get(hook)) for base in found.__mro__ for hook in _OF_OBJECTS
            )
            return self.parts(node) if made and type(found) is type else what
        if owner is not None and not isinstance(owner, types.ModuleType):
            plain = isinstance(owner, (*_PLAIN, str, tuple, np.random.Generator, np.generic))
            return self.parts(node) if plain and name in _METHODS else what
        if found is getattr(builtins, name, None):
            return self.parts(node) if name in _BUILTINS else what
        module = str(getattr(found, "__module__", "") or "")
        files = module.startswith(("scipy.io", "scipy.datasets", "numpy.f2py"))
        if home in _LIBRARIES and name not in _EFFECTS and not files:
            return self.parts(node, holds=found in _HOLDS or home == "srcad")
        return "" if lenient else what

    def parts(self, node: ast.Call, holds: bool = False) -> str:
        """Functions of one's own among the arguments of a call may be called by it."""
        for argument in (*node.args, *(word.value for word in node.keywords)):
            inner = argument.value if isinstance(argument, ast.Starred) else argument
            found = self.resolved(inner)
            if isinstance(inner, ast.Lambda) or (
                self.own(found) and callable(found) and not isinstance(found, type)
            ):
                if not holds:
                    return f"`{_short(node.func)}` may call `{_short(inner)}`"
            elif why := self.unfit(inner):
                return why
        return ""

    # what names stand for

    def resolved(self, node: ast.AST) -> Any:
        """The object that a dotted name stands for, or None; no property runs."""
        if isinstance(node, ast.Name):
            return self.names.get(node.id, getattr(builtins, node.id, None))
        if not isinstance(node, ast.Attribute):
            return None
        owner = self.resolved(node.value)
        if owner is None:
            return None
        if self.own(type(owner)) and not isinstance(owner, types.ModuleType):
            return inspect.getattr_static(owner, node.attr, None)
        try:
            return getattr(owner, node.attr, None)
        except Exception:
            return None

    def own(self, found: Any) -> bool:
        """Whether code of the revision is behind an object: a function, or a class."""
        plain = inspect.unwrap(found) if isinstance(found, types.FunctionType) else found
        if isinstance(plain, functools.partial):
            return self.own(plain.func)
        code = getattr(plain, "__code__", None)
        if code is None and isinstance(plain, type):
            return any(base.__module__ in _MODULES for base in plain.__mro__)
        if code is None:
            wrapped = getattr(plain, "__wrapped__", None) or getattr(plain, "__func__", None)
            return wrapped is not None and wrapped is not plain and self.own(wrapped)
        return getattr(code, "co_filename", "") in _FILES


# The files and the names of what was replayed.
_FILES: dict[str, _Replay] = {}
_MODULES: set[str] = set()


def _here(tree: ast.AST) -> Iterator[ast.AST]:
    """The nodes that run where a tree runs: of functions in it the defaults and decorators."""
    yield tree
    if isinstance(tree, ast.Lambda):
        parts: list[Any] = [*tree.args.defaults, *filter(None, tree.args.kw_defaults)]
    elif isinstance(tree, (ast.FunctionDef, ast.AsyncFunctionDef)):
        parts = [*tree.decorator_list, *tree.args.defaults, *filter(None, tree.args.kw_defaults)]
    else:
        parts = list(ast.iter_child_nodes(tree))
    for part in parts:
        yield from _here(part)


def _bound(node: ast.AST) -> list[str]:
    """The names that a statement binds, or deletes, where it stands."""
    found: list[str] = []
    loops = [each for each in _here(node) if isinstance(each, ast.comprehension)]
    inside = {id(name) for loop in loops for name in ast.walk(loop.target)}
    for inner in _here(node):
        if isinstance(inner, ast.Name) and isinstance(inner.ctx, (ast.Store, ast.Del)):
            found += [inner.id] if id(inner) not in inside else []
        elif isinstance(
            inner, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.ExceptHandler)
        ):
            found += [inner.name] if inner.name else []
        elif isinstance(inner, (ast.Import, ast.ImportFrom)):
            found += [
                (alias.asname or alias.name).partition(".")[0]
                for alias in inner.names
                if alias.name != "*"
            ]
    if isinstance(node, ast.ClassDef):
        return [node.name]
    return found


def _home(found: Any) -> str:
    """The library that a function or a class is of."""
    if isinstance(found, np.ufunc):
        return "numpy"
    owner = getattr(found, "__self__", None)
    name = getattr(found, "__module__", None) or getattr(owner, "__name__", "") or ""
    return str(name).partition(".")[0].lstrip("_")


def _changed_inside(tree: ast.Module) -> set[str]:
    """The names of a module that functions in it assign, or change what they stand for."""
    found: set[str] = set()
    functions = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
    for function in (node for node in ast.walk(tree) if isinstance(node, functions)):
        for node in ast.walk(function):
            if isinstance(node, ast.Global):
                found |= set(node.names)
            changed: Any = None
            if isinstance(node, (ast.Subscript, ast.Attribute)):
                if not isinstance(node.ctx, ast.Load):
                    changed = node
            elif isinstance(node, ast.AugAssign):
                changed = node.target
            elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                changed = node.func.value if node.func.attr not in _METHODS else None
            while isinstance(changed, (ast.Subscript, ast.Attribute)):
                changed = changed.value
            if isinstance(changed, ast.Name):
                found.add(changed.id)
    return found


def _short(node: ast.AST) -> str:
    text = " ".join(ast.unparse(node).split())
    return text if len(text) <= 40 else f"{text[:37]}..."


def _catches_imports(node: ast.Try) -> bool:
    """Whether the first handler is for an import that fails."""
    if not node.handlers:
        return False
    kind = node.handlers[0].type
    names = {inner.id for inner in ast.walk(kind) if isinstance(inner, ast.Name)} if kind else set()
    return kind is None or bool(names & {"ImportError", "ModuleNotFoundError", "Exception"})


def _is_future(node: ast.stmt) -> bool:
    return isinstance(node, ast.ImportFrom) and node.module == "__future__"


def _flag(name: str) -> int:
    import __future__

    return int(getattr(__future__, name).compiler_flag)
