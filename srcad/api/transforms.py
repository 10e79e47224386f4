"""The transforms, as callables that compile for the arguments they are called with."""

from __future__ import annotations

import functools
import inspect
import sys
from collections.abc import Callable
from typing import Any, TypeVar, overload

import numpy as np

from srcad.api.dispatch import Dispatcher
from srcad.api.request import Request, StaticNeeded
from srcad.api.signature import Letters, read_spec, specify
from srcad.errors import ArgumentTypeError, ArgumentValueError, UnsupportedSyntaxError

__all__ = ["Derivative", "differentiable", "grad", "jacrev", "spec", "value_and_grad", "vjp"]

F = TypeVar("F", bound=Callable[..., Any])


class Spec:
    """What stands for an argument in `Derivative.source`: made by `spec`."""

    def __init__(self, text: str) -> None:
        self.text, self.tree = text, read_spec(text)

    def __repr__(self) -> str:
        return f"spec({self.text!r})"


def spec(text: str) -> Any:
    """The specification of an argument, to be given to `.source` in its place.

    Args:
        text: A dtype and symbolic sizes, `"float64[n, m]"`; tuples, lists and dicts of them.

    Raises:
        ArgumentValueError: The text is no specification.

    >>> spec("float64[n]")
    spec('float64[n]')
    """
    return Spec(text)


class Derivative:
    """A derivative of a function: an ordinary callable that compiles at its first call with a new signature.

    `source(*args)` is the generated text for these arguments, or for `srcad.spec(...)` in their place.
    """

    transform = ""

    def __init__(
        self, function: Callable[..., Any], argnums: Any = 0, has_aux: bool = False
    ) -> None:
        if not callable(function):
            raise ArgumentTypeError(
                f"{function!r} is not callable", reason="Pass the function to be differentiated."
            )
        if isinstance(function, Derivative):
            raise UnsupportedSyntaxError(
                "derivatives of derivatives are not implemented yet",
                reason="Compositions come with a later version of srcad.",
            )
        self.argnums = _checked_argnums(argnums)
        self.has_aux = has_aux
        self.function = function
        self.dispatcher = Dispatcher(function, Request(self.transform, self.argnums, has_aux))
        functools.update_wrapper(
            self, function, assigned=("__module__", "__qualname__", "__annotations__"), updated=()
        )
        self.__name__ = f"{getattr(function, '__name__', 'function')}_{self.transform}"
        self.__doc__ = f"{_WORDS[self.transform]} of `{getattr(function, '__name__', 'function')}`.\n\n{inspect.getdoc(function) or ''}".rstrip()
        self.__dict__.pop("__wrapped__", None)

    @property
    def __signature__(self) -> inspect.Signature:
        return inspect.signature(self.function)

    def __repr__(self) -> str:
        return f"<{self.__name__}: {_WORDS[self.transform].lower()} of {self.function!r}>"

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        return self if instance is None else functools.partial(self, instance)

    def __reduce__(self) -> Any:
        me: Any = self
        found: Any = sys.modules.get(self.__module__)
        for part in me.__qualname__.split("."):
            found = getattr(found, part, None)
        if found is self:  # a decorated function: pickled by reference, as functions are
            return me.__qualname__
        return _rebuild, (type(self), self.function, self._options())

    def _options(self) -> dict[str, Any]:
        return {"argnums": self.argnums, "has_aux": self.has_aux}

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        dispatcher = self.dispatcher
        if kwargs or len(args) != len(dispatcher.names) or not dispatcher.by_position:
            args = dispatcher.bind(args, kwargs)
        return dispatcher.find(args).entry(*args)  # type: ignore[misc]

    def source(self, *args: Any, **kwargs: Any) -> str:
        """The generated text for these arguments.

        Args:
            args: As for a call, or `srcad.spec("float64[n]")` in place of any.

        Raises:
            SrcadError: The function cannot be differentiated for such arguments.
        """
        bound = self.dispatcher.bind(args, kwargs)
        letters = Letters(self.dispatcher.names)
        given = {
            name: value.tree if isinstance(value, Spec) else specify(value, letters, name)
            for name, value in zip(self.dispatcher.names, bound)
        }
        from srcad.api.compile import generate

        while True:
            try:
                return generate(self.function, self.dispatcher.request, given).text
            except StaticNeeded as needed:
                value = dict(zip(self.dispatcher.names, bound))[needed.name]
                if isinstance(value, Spec) or given[needed.name] is value:
                    raise ArgumentValueError(
                        f"the value of `{needed.name}` decides what the derivative looks like",
                        reason="Give it instead of a spec.",
                    ) from None
                given[needed.name] = value


class Grad(Derivative):
    transform = "grad"


class ValueAndGrad(Derivative):
    transform = "value_and_grad"


class PullbackText(Derivative):
    """The pullback as one function, for its text."""

    transform = "vjp"


_WORDS = {
    "grad": "Gradient",
    "value_and_grad": "Value and gradient",
    "vjp": "Pullback",
    "jacrev": "Jacobian",
}


def _rebuild(
    kind: type[Derivative], function: Callable[..., Any], options: dict[str, Any]
) -> Derivative:
    return kind(function, **options)


def _checked_argnums(argnums: Any) -> int | tuple[int, ...]:
    if isinstance(argnums, (bool, np.bool_)) or not (
        isinstance(argnums, (int, np.integer))
        or (
            isinstance(argnums, (tuple, list))
            and argnums
            and all(isinstance(n, (int, np.integer)) and not isinstance(n, bool) for n in argnums)
        )
    ):
        raise ArgumentTypeError(
            f"argnums={argnums!r} is neither an int nor a tuple of ints",
            reason="Write argnums=0 or argnums=(0, 1).",
        )
    return tuple(int(n) for n in argnums) if isinstance(argnums, (tuple, list)) else int(argnums)


@overload
def grad(
    f: None = None, argnums: Any = 0, *, has_aux: bool = False
) -> Callable[[Callable[..., Any]], Derivative]: ...
@overload
def grad(f: Callable[..., Any], argnums: Any = 0, *, has_aux: bool = False) -> Derivative: ...
def grad(f: Any = None, argnums: Any = 0, *, has_aux: bool = False) -> Any:
    """The gradient of a function of which the value is one number.

    Args:
        f: Returns a 0-d float, or `(value, aux)` with `has_aux`. Without it, a decorator is returned.
        argnums: The argument, or tuple of arguments, to differentiate by; negative ones count from the end.
        has_aux: Whether `f` returns something beside its value, to be handed through.

    Returns:
        A function of the same arguments that returns the gradient: arrays of the shape and dtype of the arguments, in their
        structure, in a tuple for a tuple `argnums`; `(gradient, aux)` with `has_aux`.

    Raises:
        ArgumentError: argnums do not fit, an argument named by them is no float, the value is no single number.
        UnsupportedSyntaxError, MissingRuleError, AliasingError: At the call, for what cannot be differentiated.

    >>> import numpy as np
    >>> def loss(w):
    ...     return np.sum(w ** 2)
    >>> grad(loss)(np.array([1.0, 2.0]))
    array([2., 4.])
    """
    if f is None:
        return functools.partial(grad, argnums=argnums, has_aux=has_aux)
    return Grad(f, argnums, has_aux)


@overload
def value_and_grad(
    f: None = None, argnums: Any = 0, *, has_aux: bool = False
) -> Callable[[Callable[..., Any]], Derivative]: ...
@overload
def value_and_grad(
    f: Callable[..., Any], argnums: Any = 0, *, has_aux: bool = False
) -> Derivative: ...
def value_and_grad(f: Any = None, argnums: Any = 0, *, has_aux: bool = False) -> Any:
    """The value of a function and its gradient, as `grad`.

    Returns:
        A function that returns `(value, gradient)`, or `((value, aux), gradient)` with `has_aux`.

    >>> import numpy as np
    >>> def loss(w):
    ...     return np.sum(w ** 2)
    >>> value, gradient = value_and_grad(loss)(np.array([1.0, 2.0]))
    >>> float(value), gradient
    (5.0, array([2., 4.]))
    """
    if f is None:
        return functools.partial(value_and_grad, argnums=argnums, has_aux=has_aux)
    return ValueAndGrad(f, argnums, has_aux)


# Pullbacks

_PULLBACKS: dict[Any, Dispatcher] = {}


def _pullback_dispatcher(f: Callable[..., Any], argnums: Any, has_aux: bool) -> Dispatcher:
    try:
        key = (f, argnums, has_aux)
        found = _PULLBACKS.get(key)
    except TypeError:
        return Dispatcher(f, Request("vjp_halves", argnums, has_aux))
    if found is None:
        if len(_PULLBACKS) > 256:
            _PULLBACKS.clear()
        found = _PULLBACKS[key] = Dispatcher(f, Request("vjp_halves", argnums, has_aux))
    return found


def vjp(f: Callable[..., Any], *primals: Any, has_aux: bool = False) -> Any:
    """The value of a function, and its pullback there.

    Args:
        f: The function; every primal is differentiated by.
        primals: Its arguments.
        has_aux: Whether `f` returns `(value, aux)`.

    Returns:
        `(value, pullback)` or `(value, pullback, aux)`. `pullback(y_bar)` takes a cotangent of the structure, shapes and dtypes of the value, and returns
        a tuple of cotangents, one for each primal. It may be called any number of times.

    Raises:
        ArgumentError: A primal is no float; in the pullback, a cotangent does not fit the value.

    >>> import numpy as np
    >>> y, pullback = vjp(lambda x: np.sin(x), np.array([0.0, np.pi]))
    >>> pullback(np.array([1.0, 1.0]))
    (array([ 1., -1.]),)
    """
    from srcad.api.pullback import run

    if isinstance(f, Derivative):
        raise UnsupportedSyntaxError(
            "derivatives of derivatives are not implemented yet",
            reason="Compositions come with a later version of srcad.",
        )
    dispatcher = _pullback_dispatcher(f, tuple(range(len(primals))), has_aux)
    return run(dispatcher, primals)


def jacrev(
    f: Any = None,
    argnums: Any = 0,
    *,
    has_aux: bool = False,
    chunk_size: int | None = None,
    _preallocate_and_copy: bool = False,
    sparse: bool = False,
    executor: Any = None,
    out: Any = None,
    progress: bool = False,
) -> Any:
    """The Jacobian of a function, by reverse mode."""
    from srcad.api.jacobian import Jacobian

    options = {
        "argnums": argnums,
        "has_aux": has_aux,
        "chunk_size": chunk_size,
        "_preallocate_and_copy": _preallocate_and_copy,
    }
    for name, value in (
        ("sparse", sparse),
        ("executor", executor),
        ("out", out),
        ("progress", progress),
    ):
        if value is not None and value is not False:
            raise UnsupportedSyntaxError(
                f"`{name}=` of jacrev is not implemented yet",
                reason="It comes with a later version of srcad.",
            )
    if f is None:
        return functools.partial(jacrev, **options)
    return Jacobian(f, **options)


def differentiable(f: F) -> F:
    """Leave a function as it is to call, and give it `.grad`, `.value_and_grad`, `.jacrev`, `.vjp` and `.source`.

    >>> import numpy as np
    >>> @differentiable
    ... def loss(w):
    ...     return np.sum(w ** 2)
    >>> loss.grad(np.array([3.0]))
    array([6.])
    """
    made = {
        name: make(f)
        for name, make in (("grad", grad), ("value_and_grad", value_and_grad), ("jacrev", jacrev))
    }
    for name, derivative in made.items():
        setattr(f, name, derivative)
    f.vjp = functools.partial(vjp, f)  # type: ignore[attr-defined]

    def source(transform: str = "grad", *args: Any) -> str:
        """The generated text of a derivative, by the transform's name."""
        if transform == "vjp":
            return PullbackText(f, tuple(range(len(args)))).source(*args)
        if transform not in made:
            raise ArgumentValueError(
                f"there is no transform `{transform}`", reason=f"One of {', '.join(made)}, vjp."
            )
        return made[transform].source(*args)  # type: ignore[no-any-return]

    f.source = source  # type: ignore[attr-defined]
    return f
