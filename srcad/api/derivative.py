"""A derivative as an ordinary callable, which compiles for the arguments it is called with."""

from __future__ import annotations

import functools
import inspect
import sys
from collections.abc import Callable
from typing import Any

import numpy as np

from srcad.api.dispatch import Dispatcher
from srcad.api.forms import form_of, plain_function
from srcad.api.request import Generated, Request, StaticNeeded
from srcad.api.signature import Letters, Spec, part_at, settle, specify, written
from srcad.errors import ArgumentTypeError, ArgumentValueError, UnsupportedSyntaxError
from srcad.loader import note

__all__ = [
    "Derivative",
    "Grad",
    "Hessian",
    "LinearText",
    "PullbackText",
    "PushforwardText",
    "ValueAndGrad",
    "behind",
]


class Derivative:
    """A derivative of a function: an ordinary callable that compiles at its first call with a new signature.

    `source(*args)` is the generated text for these arguments, or for `srcad.spec(...)` in their place. Derivatives of derivatives are
    compiled as one: `base` is the user's function behind all of them, `request` says what is asked of it.
    """

    transform = ""
    sparse = False

    def __init__(
        self, function: Callable[..., Any], argnums: Any = 0, has_aux: bool = False, **options: Any
    ) -> None:
        if not callable(function):
            raise ArgumentTypeError(
                f"{function!r} is not callable", reason="Pass the function to be differentiated."
            )
        self.argnums = _checked_argnums(argnums)
        self.has_aux = has_aux
        self.function = function
        self.base, inner = behind(function)
        self.request = Request(self.transform, self.argnums, has_aux, inner=inner, **options)
        self.dispatcher = Dispatcher(self.base, self.request)
        self.forms: dict[Any, Any] = {}
        functools.update_wrapper(
            self, function, assigned=("__module__", "__qualname__", "__annotations__"), updated=()
        )
        self.called_after(function, self.transform)
        self.__dict__.pop("__wrapped__", None)

    def called_after(self, function: Callable[..., Any], transform: str) -> None:
        """Take the name and the docstring of a transform of a function."""
        name = getattr(function, "__name__", "function")
        self.__name__ = f"{name}_{transform}"
        self.__doc__ = (
            f"{_WORDS[transform]} of `{name}`.\n\n{inspect.getdoc(function) or ''}".rstrip()
        )

    @property
    def __signature__(self) -> inspect.Signature:
        return inspect.signature(self.function)

    def __repr__(self) -> str:
        return f"<{self.__name__}: {_WORDS[self.transform].lower()} of {self.function!r}>"

    def dispatchers(self) -> list[Dispatcher]:
        """All that compile for this derivative, one for each way of calling it."""
        return [self.dispatcher, *(each for form in self.forms.values() for each in form.dispatchers())]  # fmt: skip

    def _repr_html_(self) -> str:
        """In a notebook: the derivative beside the function, as it was compiled for last."""
        from srcad.api.views import notebook

        return notebook(self)

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
            if dispatcher.open:
                return self.called_as(args, kwargs)(*args, **kwargs)
            args = dispatcher.bind(args, kwargs)
        entry = None if dispatcher.maps else dispatcher.find(args).entry
        try:
            return dispatcher.called(args) if entry is None else entry(*args)
        except Exception as error:
            note(error)
            raise

    def called_as(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """This derivative of a function of any number of arguments, for one way of calling it."""
        form = form_of(plain_function(self.dispatcher.function), args, kwargs)
        found = self.forms.get(form)
        if found is None:
            found = self.forms[form] = self.of(form)
        return found

    def of(self, form: Any) -> Any:
        """This derivative, of another function than its own."""
        inner = self.function.of(form) if isinstance(self.function, Derivative) else form
        return _rebuild(type(self), inner, self._options())

    def source(self, *args: Any, **kwargs: Any) -> str:
        """The generated text for these arguments.

        Args:
            args: As for a call, or `srcad.spec("float64[n]")` in place of any, or of parts of them.

        Raises:
            SrcadError: The function cannot be differentiated for such arguments.
        """
        return self.generated(args, kwargs).text

    def explain(self, *args: Any, **kwargs: Any) -> Any:
        """What the compiler knows of the derivative for these arguments: what is active, what is saved and why, what it costs.

        Args:
            args: As for `source`.

        Returns:
            An object: `str()` of it says all in words, `.line(n)` why a line of the function has an adjoint, or none.

        Raises:
            SrcadError: The function cannot be differentiated for such arguments.

        >>> import srcad
        >>> def loss(w):
        ...     return np.sum(w ** 2)
        >>> explanation = srcad.grad(loss).explain(srcad.spec("float64[n]"))
        >>> print(explanation.function, "->", explanation.derivative)
        2 n -> n
        """
        from srcad.api.explain import explained
        from srcad.api.facts import Facts

        facts = Facts()
        request, note = self.explained()
        return explained(request, self.generated(args, kwargs, facts, request), facts, note)

    def explained(self) -> tuple[Request, str]:
        """The request that an explanation is of, and what else is to be said."""
        return self.request, ""

    def check_inner(self) -> None:
        """Refuse to be differentiated or mapped with options that mean nothing then."""

    def generated(
        self, args: Any, kwargs: Any, facts: Any = None, request: Request | None = None
    ) -> Generated:
        """The module for these arguments, or specifications in their place; what the stages know goes to `facts`."""
        if self.dispatcher.open:
            return self.called_as(args, kwargs).generated(args, kwargs, facts, request)  # type: ignore[no-any-return]
        bound = self.dispatcher.bind(args, kwargs)
        letters = Letters(self.dispatcher.names)
        given = {
            name: specify(value, letters, name) for name, value in zip(self.dispatcher.names, bound)
        }
        from srcad.api.compile import generate

        known: set[Any] = set()
        while True:
            try:
                asked_for = request or self.dispatcher.request
                made = generate(self.base, asked_for, given, facts=facts)
                self.dispatcher.latest = given
                return made
            except StaticNeeded as needed:
                value = dict(zip(self.dispatcher.names, bound))[needed.name]
                asked = (needed.name, needed.places)
                if asked in known or isinstance(part_at(value, needed.places), Spec):
                    raise ArgumentValueError(
                        f"the value of `{written(needed.name, value, needed.places)}` decides what the derivative looks like",
                        reason="Give it instead of a spec.",
                    ) from None
                known.add(asked)
                given[needed.name] = settle(given[needed.name], value, needed.places)


class Grad(Derivative):
    transform = "grad"


class ValueAndGrad(Derivative):
    transform = "value_and_grad"


class Hessian(Derivative):
    transform = "hessian"

    def _options(self) -> dict[str, Any]:
        return {**super()._options(), **({"compact": True} if self.request.compact else {})}


class PullbackText(Derivative):
    """The pullback as one function, for its text."""

    transform = "vjp"


class PushforwardText(Derivative):
    """The pushforward as one function, for its text."""

    transform = "jvp"


class LinearText(Derivative):
    """A value and its pushforward as two functions, for their text."""

    transform = "linearize"


_WORDS = {
    "linearize": "Linearization",
    "grad": "Gradient",
    "value_and_grad": "Value and gradient",
    "vjp": "Pullback",
    "jvp": "Pushforward",
    "jacrev": "Jacobian",
    "jacfwd": "Jacobian",
    "jacobian": "Jacobian",
    "hessian": "Hessian",
    "vmap": "Map",
}


def behind(function: Callable[..., Any]) -> tuple[Callable[..., Any], Request | None]:
    """The user's function behind a derivative, and what is asked of it; a plain function is itself.

    Raises UnsupportedSyntaxError for sparse Jacobians, which are no arrays.
    """
    if isinstance(function, Derivative):
        if function.sparse:
            raise UnsupportedSyntaxError(
                f"`{function.__name__}` returns sparse arrays, which are not transformed again",
                reason="Make the last derivative sparse: srcad.jacrev(srcad.grad(f), sparse=True), srcad.jacfwd(srcad.vmap(f), sparse=True).",
            )
        function.check_inner()
        return function.base, function.request
    return function, None


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
