"""The families of rules: one formula each; forward, reverse, batched and higher-order use are derived from it.

A rule is a runnable Python function over NumPy arrays. What it states, by family:

- *elementwise*: `rule(*operands, y)` returns the partial derivatives of `y` by each operand (None: no derivative), as
  expressions of the operands and the result. Nothing about broadcasting or accumulation.
- *linear*: `rule(y_bar, *operands, **options)` returns the transpose: the cotangent of each operand (None: not linear
  in it). Operands are there for their shapes and for what is not differentiated. The operation is its own pushforward.
- *bilinear*: the same form; the operation is linear in each of two operands, holding the other.
- *primitive*: a class with `pushforward(*tangents, *operands, y, **options)` and `pullback(y_bar, *operands, y,
  **options)`; the tangent of an operand that does not vary is None.
- *derived* (`srcad.rules.derived`): the function in terms of others that have rules.
- *constant*: not differentiable, with the reason.

`wrt` are the positions that the result varies with (None: all); what stands elsewhere (a condition, an index, the step
of a jump) has no derivative. An operand that is a tuple or list of arrays has as cotangent a tuple or list as long. An
operand that the call leaves out is None; one that stands behind options in the function's own signature is given by
name (`named`). A rule raises NotImplementedError, with the reason and a rewrite, for options
or ranks that it does not cover.

Complex numbers follow the convention that the inner product is Re(conj(a) b). A rule states the formula that it has on the
reals, and where the function is holomorphic the driver conjugates: the partial derivatives of elementwise rules, the
operands and the result of others. `on_complex="given"`: the rule itself is right for complex operands, which it is given
as they are (an elementwise one is of a real-valued function, and its partial derivative is the gradient). `"refuse"`: the
function has no derivative there.

Operands come first and by position, options follow as keyword-only parameters, under NumPy's names; an option that is
not listed is refused on active operands. The driver (`transformer.adjoint`) alone owns seeds, broadcasting,
accumulation, zeros and activity.
"""

from __future__ import annotations

import functools
import importlib
import importlib.util
import inspect
import math
import re
from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np

from srcad.core import ops
from srcad.core.quote import may_be_complex
from srcad.core.results import SEVERAL

__all__ = [
    "MAKERS",
    "REGISTRY",
    "Rule",
    "bilinear",
    "constant",
    "cores",
    "elementwise",
    "filling",
    "linear",
    "named_axes",
    "primitive",
    "register",
    "rule_of",
    "signature_of",
]


def cores(signature: str) -> list[str]:
    """The axes of operands and result that the signature of a generalized ufunc names.

    >>> cores("(m,n),(n)->(m)")
    ['m,n', 'n', 'm']
    """
    return re.findall(r"\(([^)]*)\)", signature.replace(" ", ""))


def named_axes(core: str, rank: int) -> list[str]:
    """The axes that a core names of an operand of this rank, which may lack those with a question mark.

    >>> named_axes("n,k?", 1), named_axes("n,k?", 3)
    (['n'], ['n', 'k'])
    """
    names = [name for name in core.split(",") if name]
    if rank < len(names):
        names = [name for name in names if not name.endswith("?")]
    return [name.rstrip("?") for name in names]


F = TypeVar("F", bound=Callable[..., Any])


class Rule:
    """What is known of the derivative of one callable.

    `operands` and `options` are names of parameters; `broadcasts` says that a cotangent may come back in the shape of
    the result and is summed to the operand's by the driver; `wrt` are the positions that may be active. `definition`
    is the function in terms of others. `signature` is that of a generalized ufunc (`"(m,n),(n)->(m)"`): what stands
    before the axes that it names broadcasts; type, memory and batched form follow. An axis with a question mark may be
    missing (`"(n,n),(n,k?)->(n,k?)"`: vectors are columns). `stacks` is False where the installed version of the function
    takes no axes before those. `along` is what a filter or a transform has instead: the option that names the axis along
    which it works on an operand, and that operand if it is not the first (`"axis"`, `"axis x"`). `memory` is what the
    result may share with operands, in the terms of `srcad.analysis.memory`. `typed` gives the type where nothing else
    can, of the operands. `on_complex` says what the driver does where operands are complex.
    `without` are the operands that the result varies with, but no derivative is known by, with the reason: where one
    is active, that is an error. `flat`: the partial derivatives are zero on regions.
    `over_axes`: it works along the axes that the option `axis` names (None: all), each of what is left by itself, so that
    its batched form is the call along the axes that follow: "any", or "one" where the function fails on empty arrays
    along several.
    """

    def __init__(
        self,
        family: str,
        function: Callable[..., Any],
        *,
        pullback: Callable[..., Any] | None = None,
        pushforward: Callable[..., Any] | None = None,
        operands: tuple[str, ...] = (),
        options: tuple[str, ...] = (),
        wrt: tuple[int, ...] | None = None,
        broadcasts: bool = False,
        reason: str = "",
        definition: Callable[..., Any] | None = None,
        signature: str | None = None,
        memory: str | None = None,
        on_complex: str = "conjugate",
        constant_on_reals: bool = False,
        without: dict[str, str] | None = None,
        stacks: bool = True,
        flat: bool = False,
        over_axes: str | None = None,
        along: str | None = None,
        typed: Callable[..., Any] | None = None,
    ) -> None:
        self.along, self.typed = along, typed
        self.stacks, self.flat, self.over_axes = stacks, flat, over_axes
        self.on_complex, self.constant_on_reals = on_complex, constant_on_reals
        self.without = {operands.index(name): why for name, why in (without or {}).items()}
        self.family, self.function, self.reason = family, function, reason
        self.pullback, self.pushforward = pullback, pushforward
        self.operands, self.options, self.broadcasts = operands, options, broadcasts
        self.twin: Any = None  # NumPy's function of the same rule, for one of math's
        self.variadic = bool(operands) and operands[-1].startswith("*")
        self.wrt = wrt
        self.named: tuple[str, ...] = ()
        self.definition, self.signature = definition, signature
        self.memory = "fresh" if signature is not None else memory

    def is_constant(self, operands: Any) -> bool:
        """Whether the result does not vary with operands of these types."""
        return self.family == "constant" or (
            self.constant_on_reals and not may_be_complex(tuple(operands))
        )

    def split(self, args: tuple[Any, ...], options: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
        """Operands and options of a call: some operands are given by name, as the weights of an average are."""
        if not any(name in options for name in self.named):
            return args, options
        front = len(self.operands) - len(self.named)
        args = (*args, *(None,) * (front - len(args)), *map(options.get, self.named))
        return args, {key: value for key, value in options.items() if key not in self.named}

    def merge(
        self, operands: tuple[Any, ...], options: dict[str, Any]
    ) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """A call with these operands and options: the inverse of `split`."""
        front = len(self.operands) - len(self.named)
        if not self.named or len(operands) <= front:
            return operands, options
        given = zip(self.named, operands[front:])
        return operands[:front], {**options, **{key: x for key, x in given if x is not None}}

    def value(self, operands: tuple[Any, ...], options: dict[str, Any]) -> Any:
        """What the function makes of operands and options."""
        args, named = self.merge(tuple(operands), options)
        return self.function(*args, **named)

    def varies(self, place: int) -> bool:
        """Whether the operand at a position may be active."""
        return self.wrt is None or place in self.wrt

    def __repr__(self) -> str:
        return f"<{self.family} rule of {self.function}>"


REGISTRY: dict[Callable[..., Any], Rule] = {}


def rule_of(function: Callable[..., Any]) -> Rule | None:
    """The rule of a callable, or None. SciPy's are loaded when a function of theirs is first asked for."""
    try:
        found = REGISTRY.get(function)
    except TypeError:
        return None
    if found is None and load_rules(function):
        found = REGISTRY.get(function)
    if found is None and not hasattr(function, "__name__"):
        found = _rule_of_object(function)
    return found


# What makes the rule of an object that is called, by its class: it registers the rule, or returns it.
MAKERS: dict[type, Callable[[Any], Any]] = {}


def _rule_of_object(found: Any) -> Rule | None:
    for kind in type(found).__mro__:
        load_rules(kind)
        if kind in MAKERS:
            return MAKERS[kind](found) or REGISTRY.get(found)
    return None


_LOADED: set[str] = set()
_SPARSE = [
    each.function
    for each in (*ops.SPARSE.values(), ops.sparse_product, ops.sparse_transpose, ops.sparse_solve)
]


def load_rules(function: Callable[..., Any]) -> bool:
    """Load the rules of the module of SciPy that offers a function; whether there were any, not loaded before."""
    home = ops.module_of(function)
    if function in _SPARSE:
        home = "scipy.sparse"
    if home is None or not home.startswith("scipy.") or home in _LOADED:
        return False
    _LOADED.add(home)
    rules = f"srcad.rules.{home.replace('sparse.linalg', 'sparse')}"
    if importlib.util.find_spec(rules) is None:
        return False
    importlib.import_module(rules)
    return True


def register(rule: Rule) -> None:
    """Enter a rule, and tell the operation which parameters are operands."""
    if rule.function in REGISTRY or (hasattr(rule.function, "__name__") and rule_of(rule.function)):
        raise ValueError(f"{rule.function} has a rule already")
    REGISTRY[rule.function] = rule
    if rule.signature is not None and len(cores(rule.signature.partition("->")[2])) > 1:
        SEVERAL.add(rule.function)
    names = ops.parameters(rule.function) or ()
    rule.named = _given_by_name(rule.function, rule.operands, names)
    if isinstance(rule.function, np.ufunc):
        _with_casts(rule)
    count = len(rule.operands) - len(rule.named)
    op = ops.operation(rule.function)
    if count:
        op.operands = tuple(names[:count]) if names else rule.operands
    op.effect = "pure"


# What all ufuncs take, and no formula depends on.
_OF_UFUNCS = ("dtype", "casting", "order", "subok")


def _with_casts(rule: Rule) -> None:
    """A ufunc may be told in which dtype to compute; cotangents get that of their operands from the driver anyway."""
    rule.options += _OF_UFUNCS

    def plain(formula: Callable[..., Any] | None) -> Any:
        if formula is None:
            return None

        @functools.wraps(formula)
        def without(*args: Any, **options: Any) -> Any:
            given = {key: x for key, x in options.items() if key not in _OF_UFUNCS}
            return formula(*args, **given)

        return without

    rule.pullback, rule.pushforward = plain(rule.pullback), plain(rule.pushforward)


def _given_by_name(
    function: Any, operands: tuple[str, ...], names: tuple[str, ...]
) -> tuple[str, ...]:
    """The operands behind parameters that are options, or that are no parameters by position: they are given by name."""
    try:
        parameters: Any = inspect.signature(function).parameters
    except (TypeError, ValueError):
        parameters = {}
    stars = [name for name in names if name.startswith("*")]
    gathered = len(stars) == 1 and stars[0].startswith("**")
    for place, name in enumerate(operands):
        if name in names and names.index(name) != place:
            return operands[place:]
        if gathered and name not in names:
            return operands[place:]
        if name in parameters and parameters[name].kind is inspect.Parameter.KEYWORD_ONLY:
            return operands[place:]
    return ()


def signature_of(
    function: Callable[..., Any], skip_first: int, skip_last: int
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    front, options = [], []
    for parameter in inspect.signature(function).parameters.values():
        if parameter.kind is parameter.KEYWORD_ONLY:
            options.append(parameter.name)
        elif parameter.kind is parameter.VAR_POSITIONAL:
            front.append("*" + parameter.name)
        else:
            front.append(parameter.name)
    if front and front[-1].startswith("*"):  # what is skipped is among them
        skip_last = 0
    return tuple(front[skip_first : len(front) - skip_last]), tuple(options)


def filling(rule: F, operands: tuple[str, ...], before: int, after: int) -> F:
    """`rule` for calls that leave operands out: None stands for them. More operands than it knows are refused."""
    if operands and operands[-1].startswith("*"):
        return rule

    @functools.wraps(rule)
    def filled(*args: Any, **options: Any) -> Any:
        given = len(args) - before - after
        if given > len(operands):
            raise NotImplementedError(
                f"a call with {given} operands; the rule is about {len(operands)}"
            )
        end = len(args) - after
        named = [options.pop(name, None) for name in operands[given:]]
        return rule(*args[:end], *named, *args[end:], **options)

    return filled  # type: ignore[return-value]


def elementwise(
    *functions: Callable[..., Any],
    wrt: tuple[int, ...] | None = None,
    on_complex: str = "conjugate",
    without: dict[str, str] | None = None,
    signature: str | None = None,
    flat: bool = False,
) -> Callable[[F], F]:
    """Register `rule(*operands, y) -> partial derivatives`, of functions that act on each element by itself.

    The rule returns the partial derivative of the result `y` by each operand (a tuple of them where there are several operands), and
    nothing about broadcasting, accumulation or seeds. Its options are keyword-only parameters, under the function's names.

    Args:
        *functions: What the rule is of. They are called as they are, never looked into.
        wrt: The positions of the operands that the result varies with; None: all. What stands elsewhere has no derivative.
        on_complex: What holds where operands are complex. "conjugate": the function is holomorphic, and the driver conjugates the
            formula of real numbers; "given": the result is real, and the rule gives its gradient; "refuse": there is no derivative.
        without: Operands, by name, that the result varies with but that no derivative is known by, with the reason: where one is
            active that is the error. The rule returns None for them.
        signature: `"(),()->()"` says of a function that is no ufunc of NumPy's that it broadcasts.
        flat: The partial derivatives are zero on regions: what comes before is masked there, if its own may be infinite.

    Returns:
        A decorator, which returns the rule as it is.

    Raises:
        ValueError: One of the functions has a rule already.

    Example:
        >>> import numpy as np, srcad
        >>> from srcad import rules
        >>> def softsign(x):
        ...     return x / (1 + np.abs(x))
        >>> @rules.elementwise(softsign, signature="()->()")
        ... def softsign_rule(x, y):
        ...     return (1 - np.abs(y)) ** 2
        >>> srcad.grad(lambda x: np.sum(softsign(x)))(np.array([0.0, 1.0, -3.0]))
        array([1.    , 0.25  , 0.0625])
    """

    def decorate(rule: F) -> F:
        operands, options = signature_of(rule, 0, 1)
        filled = filling(rule, operands, 0, 1)
        given: dict[str, Any] = {
            **{"operands": operands, "options": options, "wrt": wrt},
            **{"on_complex": on_complex, "without": without, "signature": signature},
            "flat": flat,
        }
        for function in functions:
            made = Rule("elementwise", function, pullback=filled, broadcasts=True, **given)
            made.twin = _twin(function)
            register(made)
        return rule

    return decorate


def _twin(function: Callable[..., Any]) -> Any:
    """NumPy's function for one of `math`'s; `math.remainder` has none (`np.remainder` rounds another way)."""
    name = getattr(function, "__name__", "")
    if getattr(function, "__module__", "") != "math" or function is math.remainder:
        return None
    for each in (name, f"arc{name[1:]}", {"pow": "power"}.get(name, name)):
        found = getattr(np, each, None)
        if isinstance(found, np.ufunc):
            return found
    return None


def _transposed(
    family: str,
    functions: tuple[Any, ...],
    wrt: tuple[int, ...] | None,
    broadcasts: bool,
    signature: str | None,
    memory: str | None,
    on_complex: str,
    stacks: bool = True,
    along: str | None = None,
) -> Callable[[F], F]:
    def decorate(rule: F) -> F:
        operands, options = signature_of(rule, 1, 0)
        filled = filling(rule, operands, 1, 0)
        given: dict[str, Any] = {
            **{"operands": operands, "options": options, "wrt": wrt},
            **{"broadcasts": broadcasts, "signature": signature, "memory": memory},
            **{"on_complex": on_complex, "stacks": stacks, "along": along},
        }
        for function in functions:
            register(Rule(family, function, pullback=filled, **given))
        return rule

    return decorate


def linear(
    *functions: Callable[..., Any],
    wrt: tuple[int, ...] | None = None,
    broadcasts: bool = False,
    signature: str | None = None,
    memory: str | None = None,
    on_complex: str = "conjugate",
    stacks: bool = True,
    along: str | None = None,
) -> Callable[[F], F]:
    """Register `rule(y_bar, *operands, **options) -> cotangents`, of functions that are linear in their operands.

    The function is its own pushforward, so the rule is the transpose alone. It returns the cotangent of each operand (a tuple where there
    are several), None for one that the function is not linear in. Operands are there for their shapes, and for what has no derivative.

    Args:
        *functions: What the rule is of. They are called as they are, never looked into.
        wrt: The positions of the operands that it is linear in; None: all.
        broadcasts: A cotangent may come in the shape of the result; the driver sums it to the operand's.
        signature: The last axes of operands and result, in NumPy's notation for generalized ufuncs (`"(m,n),(n)->(m)"`, `"k?"` for an
            axis that may be missing): what stands before them broadcasts. Type, memory and batched form follow.
        memory: What the result may share with operands: "fresh" (nothing), "view" (with the first, always) or "maybe".
        on_complex: What holds where operands are complex. "conjugate": the rule is that of real numbers, and the driver conjugates
            operands and result for it; "given": it is right of complex numbers itself; "refuse": there is no derivative.
        stacks: Whether axes may stand before those that the signature names.
        along: The option that names the one axis along which the function works on its first operand, or that option and the
            operand (`"axis x"`): the batched form is the call along the next axis.

    Returns:
        A decorator, which returns the rule as it is.

    Raises:
        ValueError: One of the functions has a rule already.

    Example:
        >>> import numpy as np, srcad
        >>> from srcad import rules
        >>> def mirrored(x):
        ...     return x + x[::-1]
        >>> @rules.linear(mirrored, signature="(n)->(n)")
        ... def mirrored_rule(y_bar, x):
        ...     return y_bar + y_bar[::-1]
        >>> srcad.grad(lambda x: mirrored(x)[0])(np.ones(3))
        array([1., 0., 1.])
    """
    given = (broadcasts, signature, memory, on_complex, stacks, along)
    return _transposed("linear", functions, wrt, *given)


def bilinear(
    *functions: Callable[..., Any],
    broadcasts: bool = False,
    signature: str | None = None,
    memory: str | None = None,
    on_complex: str = "conjugate",
    along: str | None = None,
) -> Callable[[F], F]:
    """Register `rule(y_bar, a, b, **options) -> (a_bar, b_bar)`, of functions that are linear in each of two operands.

    Args:
        *functions: What the rule is of. They are called as they are, never looked into.
        broadcasts: A cotangent may come in the shape of the result; the driver sums it to the operand's.
        signature: The last axes of operands and result, in NumPy's notation for generalized ufuncs (`"(m,n),(n)->(m)"`, `"k?"` for an
            axis that may be missing): what stands before them broadcasts. Type, memory and batched form follow.
        memory: What the result may share with operands: "fresh" (nothing), "view" (with the first, always) or "maybe".
        on_complex: What holds where operands are complex. "conjugate": the rule is that of real numbers, and the driver conjugates
            operands and result for it; "given": it is right of complex numbers itself; "refuse": there is no derivative.
        along: As of `linear`.

    Returns:
        A decorator, which returns the rule as it is.

    Raises:
        ValueError: One of the functions has a rule already.

    Example:
        >>> import numpy as np, srcad
        >>> from srcad import rules
        >>> def form(W, v):
        ...     return np.sum(W @ v)
        >>> @rules.bilinear(form, signature="(m,n),(n)->()")
        ... def form_rule(y_bar, W, v):
        ...     return y_bar * np.broadcast_to(v, np.shape(W)), y_bar * np.sum(W, axis=0)
        >>> srcad.grad(form, argnums=1)(np.array([[1.0, 2.0], [3.0, 4.0]]), np.ones(2))
        array([4., 6.])
    """
    given = (broadcasts, signature, memory, on_complex, True, along)
    return _transposed("bilinear", functions, None, *given)


def primitive(
    *functions: Callable[..., Any],
    wrt: tuple[int, ...] | None = None,
    broadcasts: bool = False,
    signature: str | None = None,
    memory: str | None = None,
    on_complex: str = "conjugate",
    constant_on_reals: bool = False,
    stacks: bool = True,
    definition: Callable[..., Any] | None = None,
    over_axes: str | None = None,
    along: str | None = None,
    typed: Callable[..., Any] | None = None,
) -> Callable[[type], type]:
    """Register a class with two static functions, of functions that no other family can express.

    `pullback(y_bar, *operands, y, **options)` returns the operands' cotangents, `pushforward(*tangents, *operands, y, **options)` the
    result's tangent, where the tangent of an operand that does not vary is None. Both have the options as keyword-only parameters.

    Args:
        *functions: What the rule is of. They are called as they are, never looked into.
        wrt: The positions of the operands that the result varies with; None: all.
        broadcasts: A cotangent may come in the shape of the result; the driver sums it to the operand's.
        signature: The last axes of operands and result, in NumPy's notation for generalized ufuncs (`"(m,n),(n)->(m)"`, `"k?"` for an
            axis that may be missing): what stands before them broadcasts. Type, memory and batched form follow.
        memory: What the result may share with operands: "fresh" (nothing), "view" (with the first, always) or "maybe".
        on_complex: What holds where operands are complex. "conjugate": the rule is that of real numbers, and the driver conjugates
            operands and result for it; "given": it is right of complex numbers itself; "refuse": there is no derivative.
        constant_on_reals: It is a step, with a derivative of zero wherever there is one, unless of complex numbers.
        stacks, along: As of `linear`.
        definition: The function in terms of others, for its type, and for its batched form where there is no other.
        over_axes: It works along the axes that the option `axis` names, and what is left each by itself: "any", or "one" where the
            function fails on empty arrays along several.
        typed: Gives the type of the result of the operands, where nothing else does.

    Returns:
        A decorator, which returns the class as it is.

    Raises:
        ValueError: One of the functions has a rule already.

    Example:
        >>> import numpy as np, srcad
        >>> from srcad import rules
        >>> def unit(x):
        ...     return x / np.linalg.norm(x)
        >>> @rules.primitive(unit, signature="(n)->(n)")
        ... class Unit:
        ...     def pullback(y_bar, x, y):
        ...         return (y_bar - y * np.sum(y * y_bar)) / np.linalg.norm(x)
        ...
        ...     def pushforward(x_dot, x, y):
        ...         return (x_dot - y * np.sum(y * x_dot)) / np.linalg.norm(x)
        >>> srcad.grad(lambda x: unit(x)[1])(np.array([2.0, 0.0]))
        array([0. , 0.5])
    """

    def decorate(rule: type) -> type:
        operands, options = signature_of(rule.pullback, 1, 1)  # type: ignore[attr-defined]
        filled = filling(rule.pullback, operands, 1, 1)  # type: ignore[attr-defined]
        whole = None if definition is None else filling(definition, operands, 0, 0)
        for function in functions:
            register(
                Rule(
                    "primitive",
                    function,
                    pullback=filled,
                    pushforward=rule.pushforward,  # type: ignore[attr-defined]
                    operands=operands,
                    options=options,
                    wrt=wrt,
                    broadcasts=broadcasts,
                    signature=signature,
                    memory=memory,
                    on_complex=on_complex,
                    constant_on_reals=constant_on_reals,
                    stacks=stacks,
                    definition=whole,
                    over_axes=over_axes,
                    along=along,
                    typed=typed,
                )
            )
        return rule

    return decorate


def constant(*functions: Callable[..., Any], reason: str) -> None:
    """Register functions whose result is a constant to derivatives: it is no number, goes in steps, or is held on purpose.

    Args:
        *functions: They are called as they are, never looked into.
        reason: Why, in words for the user.

    Raises:
        ValueError: One of the functions has a rule already.

    Example:
        >>> import numpy as np, srcad
        >>> from srcad import rules
        >>> def scale(x):
        ...     return np.max(np.abs(x))
        >>> rules.constant(scale, reason="a scale, held constant")
        >>> srcad.grad(lambda x: np.sum(x / scale(x)))(np.array([2.0, -4.0]))
        array([0.25, 0.25])
    """
    for function in functions:
        register(Rule("constant", function, reason=reason))
