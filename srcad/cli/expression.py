"""From FILE_OR_MODULE and EXPRESSION to a derivative's text. The expression is parsed, never evaluated."""

from __future__ import annotations

import ast
import contextlib
import dataclasses
import importlib
import importlib.machinery
import importlib.util
import inspect
import sys
import traceback
from collections import ChainMap
from pathlib import Path
from typing import Any, NamedTuple, cast

import numpy as np

from srcad.api import grad, hessian, jacfwd, jacobian, jacrev, value_and_grad, vmap
from srcad.api.compile import generate
from srcad.api.derivative import LinearText, PullbackText, PushforwardText
from srcad.api.dispatch import Dispatcher
from srcad.api.export import exported
from srcad.api.facts import Facts
from srcad.api.pushforward import linear
from srcad.api.request import Generated, Request, StaticNeeded
from srcad.api.signature import Letters, read_argument, read_spec, specify
from srcad.core.pytrees import look
from srcad.core.specification import Container, own_signature
from srcad.core.types import Type
from srcad.errors import (
    ArgumentError,
    ArgumentTypeError,
    ArgumentValueError,
    SourceNotFoundError,
    SrcadError,
    UnsupportedSyntaxError,
)
from srcad.runtime import instance

__all__ = [
    "Asked",
    "NoFunctionError",
    "asked",
    "asked_of",
    "derivative_text",
    "find",
    "load_module",
    "parameters_of",
    "read_expression",
]

# The options of each transform, in the order in which they may follow the function.
_MATRIX = ("argnums", "has_aux", "chunk_size", "_preallocate_and_copy")
TRANSFORMS: dict[str, tuple[str, ...]] = {
    "grad": ("argnums", "has_aux"),
    "value_and_grad": ("argnums", "has_aux"),
    "vjp": ("argnums", "has_aux"),
    "jvp": ("argnums", "has_aux"),
    "linearize": ("argnums",),
    "hvp": ("argnums",),
    "jacrev": (*_MATRIX, "compact", "sparse"),
    "jacfwd": (*_MATRIX, "compact", "sparse"),
    "jacobian": _MATRIX,
    "hessian": ("argnums", "chunk_size", "compact", "sparse"),
    "vmap": ("in_dims", "out_dims", "randomness", "chunk_size"),
}
# Those that are texts of their own and no functions to be transformed again.
LAST = {"vjp", "jvp", "linearize", "hvp"}
LATER = {"checkpoint"}
_LATER = "It comes with a later version of srcad."

Step = tuple[str, dict[str, Any]]


class NoFunctionError(ArgumentValueError):
    """A module has no function of this name."""


class Asked(NamedTuple):
    """A derivative as the command line asks for it; the specification is that of every parameter, by name."""

    function: Any
    request: Request
    spec: dict[str, Any]
    defaults: dict[str, Any]  # of the parameters that nothing else is said about
    name: str = ""
    inner: Any = (
        None  # what the outermost transform is applied to: the function, or a derivative of it
    )
    note: str = ""  # what else an explanation says

    def made(
        self, *, stage: str | None = None, facts: Facts | None = None
    ) -> tuple[Request, Generated]:
        """The module that answers, and the request that it answers: a bare name asks for a gradient or a Jacobian."""
        if self.request.transform:
            return self.request, self._made(self.request, stage, facts)
        request = self.request._replace(transform="grad")
        try:
            return request, self._made(request, stage, facts)
        except ArgumentTypeError as error:
            request = self.request._replace(transform="jacrev")
            try:
                return request, self._made(request, stage, facts)
            except UnsupportedSyntaxError:
                raise error from None

    def loaded(self, request: Request, made: Generated) -> Any:
        """The derivative of a module's text, as a function."""
        dispatcher = Dispatcher(self.function, request)
        if request.transform == "linearize":  # two functions, and what runs them
            count = len(dispatcher.names)

            def along(*given: Any) -> Any:
                value, pushforward = linear(dispatcher, given[:count])
                return value, pushforward(*given[count:])

            return along
        compiled = dispatcher.loaded(made, None, {})
        compiled.valid()  # brings what it reads from outer scopes up to date
        return compiled.call if request.transform == "jvp" else compiled.entry

    def _made(self, request: Request, stage: str | None, facts: Facts | None) -> Generated:
        spec = dict(self.spec)
        while True:
            try:
                return generate(
                    self.function,
                    request,
                    spec,
                    stage=stage,
                    name=self._name(request),
                    guarded=True,
                    facts=facts,
                )
            except StaticNeeded as needed:
                name = needed.name
                if needed.places or name not in self.defaults or not isinstance(spec[name], Type):
                    raise ArgumentValueError(
                        f"the value of `{name}` decides what the derivative of `{self.function.__name__}` looks like",
                        reason=f'Declare it with a value: --arg "{name}: 1".',
                    ) from None
                spec[name] = self.defaults[name]

    def _name(self, request: Request) -> str:
        """The derivative's name, where that of the function is none: a lambda."""
        if getattr(self.function, "__name__", "") != "<lambda>":
            return ""
        return f"{self.name.rpartition('.')[2]}{request.suffix}"


def asked(
    where: str,
    expression: str,
    args: tuple[str, ...],
    *,
    chunks: bool = False,
    sparse: bool = False,
) -> Asked:
    """What the words of the command line mean; with `chunks` the outermost derivative may be computed some rows at a time, with `sparse` it may be sparse.

    Raises SrcadError for an expression, an argument or a module that is none, FileNotFoundError for a file that
    is not there.
    """
    return asked_of(load_module(where), expression, args, chunks=chunks, sparse=sparse)


def asked_of(
    module: Any,
    expression: str,
    args: tuple[str, ...],
    *,
    chunks: bool = False,
    sparse: bool = False,
) -> Asked:
    """What an expression means about a module that is there already. Raises as `asked`."""
    name, steps = read_expression(expression)
    function = find(module, name)
    spec, defaults = specification(function, args)
    transform, options = steps[-1] if steps else ("", {})
    in_parts = chunks and options.get("chunk_size") is not None and transform != "vmap"
    if in_parts or (sparse and options.get("sparse")):
        made = _MAKE[transform](_made(function, steps[:-1]), **options)
        request, note = made.explained()
        return Asked(function, request, spec, defaults, name, made.function, note)
    request, inner = _request(function, steps)
    return Asked(function, request, spec, defaults, name, inner)


def derivative_text(
    where: str,
    expression: str,
    args: tuple[str, ...],
    *,
    stage: str | None = None,
    standalone: bool = False,
) -> str:
    """The module's text that answers the expression."""
    found = asked(where, expression, args, sparse=True)
    return exported(found.function, found.made(stage=stage)[1], standalone=standalone)


def load_module(where: str) -> Any:
    """A module, by file or by name, imported in the usual way."""
    path = Path(where)
    try:
        if path.suffix == ".py" or path.is_file():
            return _load_file(path.resolve(), where)
        if path.is_dir() and not where.isidentifier():
            raise ArgumentValueError(f"`{where}` is a folder", reason="Name a file in it.")
        if "" not in sys.path and str(Path.cwd()) not in sys.path:
            sys.path.insert(0, str(Path.cwd()))
        try:
            return importlib.import_module(where)
        except ModuleNotFoundError as error:
            if error.name is None or not f"{where}.".startswith(f"{error.name}."):
                raise  # a module that this one imports
            raise ArgumentValueError(
                f"there is no file or module `{where}`", reason=str(error)
            ) from None
    except (SrcadError, FileNotFoundError):
        raise
    except (Exception, SystemExit) as error:
        last = traceback.extract_tb(error.__traceback__)[-1]
        place = (
            f" ({Path(last.filename).name}:{last.lineno})"
            if not isinstance(error, SyntaxError)
            else ""
        )
        raise SourceNotFoundError(
            f"`{where}` cannot be imported", reason=f"{type(error).__name__}: {error}{place}"
        ) from None


def _load_file(path: Path, where: str) -> Any:
    if not path.exists():
        raise FileNotFoundError(2, "no such file", where)
    root, names = path.parent, [path.stem]
    while (root / "__init__.py").exists():  # a file of a package: its relative imports shall work
        root, names = root.parent, [root.name, *names]
    if str(root) not in sys.path:
        sys.path.insert(0, str(root))
    name = ".".join(names[:-1] if names[-1] == "__init__" else names)
    if path.suffix == ".py" and all(part.isidentifier() for part in names):
        found = None
        with contextlib.suppress(ImportError, AttributeError, ValueError):
            found = importlib.util.find_spec(name)
        if found is not None and found.origin and Path(found.origin).resolve() == path:
            return importlib.import_module(name)
    loader = importlib.machinery.SourceFileLoader(
        path.stem, str(path)
    )  # the name is another module's, or no name
    spec = importlib.util.spec_from_loader(path.stem, loader)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules.setdefault(path.stem, module)
    loader.exec_module(module)
    return module


def read_expression(text: str) -> tuple[str, list[Step]]:
    """`"vmap(jacrev(f, argnums=(0, 1)))"` as the function's name, and the transforms with their options, innermost first.

    >>> read_expression("vmap(jacrev(model.loss, argnums=(0, 1)))")
    ('model.loss', [('jacrev', {'argnums': (0, 1)}), ('vmap', {})])
    """
    try:
        node = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError):
        raise ArgumentValueError(
            f"`{text}` is no expression", reason="Write grad(f) or jacrev(f, argnums=0)."
        ) from None
    steps: list[Step] = []
    while isinstance(node, ast.Call):
        if not (isinstance(node.func, (ast.Name, ast.Attribute)) and node.args):
            raise ArgumentValueError(
                f"`{text}` is no derivative", reason="Write grad(f) or jacrev(f, argnums=0)."
            )
        transform = node.func.id if isinstance(node.func, ast.Name) else node.func.attr
        if transform in LATER:
            raise UnsupportedSyntaxError(f"`{transform}` is not implemented yet", reason=_LATER)
        if transform not in TRANSFORMS:
            raise ArgumentValueError(
                f"`{transform}` is no transform", reason=f"One of {', '.join(sorted(TRANSFORMS))}."
            )
        if steps and transform in LAST:
            raise ArgumentValueError(
                f"`{transform}` in `{text}` is no function to be transformed",
                reason="It comes last, as the outermost transform.",
            )
        steps.insert(0, (transform, _options(transform, node, text)))
        node = node.args[0]
    name = _dotted(node)
    if not name:
        raise ArgumentValueError(
            f"`{ast.unparse(node)}` is no function's name",
            reason="Name a function of the module: grad(f).",
        )
    return name, steps


def _options(transform: str, node: ast.Call, text: str) -> dict[str, Any]:
    accepted = TRANSFORMS[transform]
    if len(node.args) > (3 if transform == "vmap" else 2) or any(
        isinstance(part, ast.Starred) for part in node.args
    ):
        raise ArgumentValueError(
            f"too many arguments in `{text}`", reason="Name the options: argnums=(0, 1)."
        )
    pairs = list(zip(accepted, node.args[1:])) + [(part.arg, part.value) for part in node.keywords]
    options: dict[str, Any] = {}
    for key, value in pairs:
        if key not in accepted:
            raise ArgumentValueError(
                f"`{key or '**'}` in `{text}` is no option of {transform}",
                reason=f"One of {', '.join(accepted)}.",
            )
        if key in options:
            raise ArgumentValueError(f"`{key}` is given twice in `{text}`", reason="Give it once.")
        try:
            options[key] = ast.literal_eval(value)
        except ValueError:
            raise ArgumentValueError(
                f"`{key}` in `{text}` is no literal", reason="Write argnums=(0, 1)."
            ) from None
    if not isinstance(options.get("has_aux", False), bool):
        raise ArgumentTypeError(
            f"has_aux in `{text}` is neither True nor False", reason="Write has_aux=True."
        )
    return options


def _request(function: Any, steps: list[Step]) -> tuple[Request, Any]:
    """The request, its options checked by the API, and what its transform is applied to; of a bare name one without a transform."""
    if not steps:
        return cast(Request, grad(function).request)._replace(transform=""), function
    transform, options = steps[-1]
    chunk_size = options.get("chunk_size")
    if chunk_size is not None and (chunk_size != 1 or transform != "jacrev"):
        raise _chunks()
    if options.get("sparse"):
        raise UnsupportedSyntaxError(
            "a sparse Jacobian has no text of its own",
            reason="It is put together from products as the pattern tells, which `srcad dump` and `srcad explain` show. Make it where it is used.",
        )
    made = _made(function, steps)
    return made.request, made.function


def _made(function: Any, steps: list[Step]) -> Any:
    """The derivative that steps lead to, or the function itself."""
    made = function
    for transform, options in steps:
        if options.get("_preallocate_and_copy"):
            raise _chunks()
        made = _MAKE[transform](made, **options)
    return made


def _chunks() -> UnsupportedSyntaxError:
    return UnsupportedSyntaxError(
        "chunks have no text of their own",
        reason="They are put together as the derivative runs. Ask for all rows, or for jacrev(f, chunk_size=1), a loop.",
    )


def _hvp(function: Any, argnums: Any = 0) -> Any:
    return PushforwardText(grad(function, argnums), argnums)


_MAKE: dict[str, Any] = {
    "grad": grad,
    "value_and_grad": value_and_grad,
    "vjp": PullbackText,
    "jvp": PushforwardText,
    "linearize": LinearText,
    "hvp": _hvp,
    "jacrev": jacrev,
    "jacfwd": jacfwd,
    "jacobian": jacobian,
    "hessian": hessian,
    "vmap": vmap,
}


def _dotted(node: ast.expr) -> str:
    """`a.b.c` as text, or nothing where the node is something else."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute) and (owner := _dotted(node.value)):
        return f"{owner}.{node.attr}"
    return ""


def find(module: Any, name: str) -> Any:
    """A function of a module, by dotted name."""
    found = module
    for part in name.split("."):
        if not hasattr(found, part):
            raise NoFunctionError(
                f"`{module.__name__}` has no `{name}`", reason="Name a function of the module."
            )
        found = getattr(found, part)
    if not callable(found):
        raise ArgumentTypeError(
            f"`{name}` of `{module.__name__}` is no function",
            reason=f"It is of type {type(found).__name__}.",
        )
    return found


def specification(function: Any, args: tuple[str, ...]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The specification of every parameter: from --arg, else from its annotation, else from its default.

    Returns the specifications, and the defaults of those that are not declared.
    """
    given: dict[str, Any] = {}
    for name, spec in map(read_argument, args):
        if name in given:
            raise ArgumentValueError(
                f"argument `{name}` is declared twice", reason="Declare it once."
            )
        given[name] = spec
    parameters = parameters_of(function)
    specs: dict[str, Any] = {}
    defaults: dict[str, Any] = {}
    for name, parameter in parameters.items():
        if name in given:
            specs[name] = given.pop(name)
            continue
        if parameter.default is not parameter.empty:
            defaults[name] = parameter.default
        if (
            parameter.annotation is not parameter.empty
            and (found := _annotation(_meant(parameter.annotation, function))) is not None
        ):
            specs[name] = found
        elif parameter.default is not parameter.empty:
            specs[name] = specify(parameter.default, Letters(parameters), name)
        else:
            specs[name] = Type("any")
    if given:
        raise ArgumentValueError(
            f"`{getattr(function, '__name__', function)}` has no argument `{next(iter(given))}`",
            reason=f"It takes {', '.join(parameters) or 'none'}.",
        )
    return specs, defaults


def parameters_of(function: Any) -> dict[str, inspect.Parameter]:
    """The parameters of a function, by name."""
    if isinstance(function, np.ufunc):
        names = ["x"] if function.nin == 1 else [f"x{place + 1}" for place in range(function.nin)]
        return {
            name: inspect.Parameter(name, inspect.Parameter.POSITIONAL_OR_KEYWORD) for name in names
        }
    try:
        signature = inspect.signature(function, eval_str=True)
    except Exception:  # annotations of names that exist for type checkers only
        try:
            signature = inspect.signature(function)
        except (ValueError, TypeError):
            raise SourceNotFoundError(
                f"{function!r} has no Python source", reason="Name a Python function."
            ) from None
    with contextlib.suppress(ValueError, TypeError):
        # Those of the function that runs, whatever `functools.wraps` says; that has the annotations.
        own, said = own_signature(function).parameters, signature.parameters
        fitting = {
            name: each for name, each in said.items() if name in own and each.kind == own[name].kind
        }
        signature = inspect.Signature([fitting.get(name, own[name]) for name in own])
    for parameter in signature.parameters.values():
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            raise ArgumentTypeError(
                f"`{parameter}` of `{getattr(function, '__name__', 'f')}` takes any number of arguments",
                reason="Functions with *args or **kwargs are not accepted yet: name the arguments.",
            )
    return dict(signature.parameters)


def _annotation(annotation: Any) -> Any:
    """A specification from an annotation: float, "float64[n]", jaxtyping's `Float64[Array, "n m"]`."""
    if annotation in (float, int, bool):
        return Type("number", annotation.__name__, ())
    dims, dtypes = getattr(annotation, "dim_str", None), getattr(annotation, "dtypes", None)
    if isinstance(dims, str) and dtypes:
        annotation = f"{list(dtypes)[-1]}[{', '.join(dims.split()) or '()'}]"
    if isinstance(annotation, str):
        with contextlib.suppress(ArgumentError):
            return read_spec(annotation)
    if isinstance(annotation, type) and dataclasses.is_dataclass(annotation):
        return _of_dataclass(annotation)
    if isinstance(annotation, type) and issubclass(annotation, tuple):
        found = [_annotation(_meant(each, annotation)) for each in _hints(annotation)]
        if found and None not in found:
            return Container(annotation, tuple(found))
    return None


def _meant(annotation: Any, owner: Any) -> Any:
    """An annotation of a function or class: what is text under `from __future__ import annotations` as its module reads it.

    >>> _meant("'float64[n]'", Type), _meant("float64[n]", Type), _meant("Type", Asked)
    ('float64[n]', 'float64[n]', <class 'srcad.core.types.Type'>)
    """
    if not isinstance(annotation, str):
        return annotation
    with contextlib.suppress(ArgumentError):
        if not isinstance(read_spec(annotation), str):
            return annotation
    homes = [getattr(each, "__module__", "") for each in getattr(owner, "__mro__", (owner,))]
    names = [vars(sys.modules[home]) for home in homes if home in sys.modules]
    with contextlib.suppress(Exception):
        found = eval(annotation, {}, ChainMap(*names))
        return found if isinstance(found, (str, type)) else annotation
    return annotation


def _hints(kind: Any) -> list[Any]:
    """The annotations of the fields of a named tuple."""
    hints = getattr(kind, "__annotations__", {})
    return [
        getattr(hints.get(name), "__forward_arg__", hints.get(name))
        for name in getattr(kind, "_fields", ())
    ]


def _of_dataclass(kind: Any) -> Any:
    """The specification of a dataclass, from the annotations and defaults of its fields. Raises ArgumentTypeError."""
    parts = {}
    for field in dataclasses.fields(kind):
        found = _annotation(_meant(field.type, kind))
        if found is not None:
            parts[field.name] = found
        elif field.default is not dataclasses.MISSING:
            parts[field.name] = specify(field.default, Letters(), field.name)
        else:
            raise ArgumentTypeError(
                f"the command does not know what `{field.name}` of a {kind.__name__} is",
                reason=f'Annotate the field, {field.name}: "float64[n]", or ask in Python for grad(f).source(...) with an object.',
            )
    node = look(instance(kind, **parts))
    assert node is not None
    return Container(kind, tuple(node.parts), node.form)
