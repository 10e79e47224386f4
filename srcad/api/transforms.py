"""The transforms, as a user calls them."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, TypeVar, overload

from srcad.api.derivative import (
    Derivative,
    Grad,
    Hessian,
    PullbackText,
    PushforwardText,
    ValueAndGrad,
    behind,
)
from srcad.api.dispatch import Dispatcher
from srcad.api.forms import form_of, is_open, plain_function
from srcad.api.request import Request
from srcad.api.signature import Spec
from srcad.errors import ArgumentTypeError, ArgumentValueError, UnsupportedSyntaxError

__all__ = [
    "differentiable",
    "grad",
    "hessian",
    "hvp",
    "jacfwd",
    "jacobian",
    "jacrev",
    "jvp",
    "linearize",
    "spec",
    "value_and_grad",
    "vjp",
    "vmap",
]

F = TypeVar("F", bound=Callable[..., Any])


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
        structure, in a tuple for a tuple `argnums`; `(gradient, aux)` with `has_aux`. By complex arguments it is
        `dL/dRe + i dL/dIm`, as in PyTorch.

    Raises:
        ArgumentError: argnums do not fit, an argument named by them is no float, the value is no single real number.
        UnsupportedSyntaxError, MissingRuleError, AliasingError: At the call, for what cannot be differentiated.

    >>> import numpy as np
    >>> def loss(w):
    ...     return np.sum(w ** 2)
    >>> grad(loss)(np.array([1.0, 2.0]))
    array([2., 4.])
    >>> grad(lambda z: np.sum(np.abs(z) ** 2))(np.array([1 + 2j]))
    array([2.+4.j])
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

_PAIRS: dict[Any, Dispatcher] = {}


def _dispatcher_of(
    f: Callable[..., Any], transform: str, argnums: Any, has_aux: bool, primals: Any = None
) -> Dispatcher:
    """The dispatcher of a transform that is called with its arguments: kept, by function."""
    base, inner = behind(f)
    base = plain_function(base)
    if primals is not None and is_open(base):
        base = form_of(base, tuple(primals), {})
    request = Request(transform, argnums, has_aux, inner=inner)
    try:
        found = _PAIRS.get((base, request))
    except TypeError:
        return Dispatcher(base, request)
    if found is None:
        if len(_PAIRS) > 256:
            _PAIRS.clear()
        found = _PAIRS[base, request] = Dispatcher(base, request)
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

    return run(
        _dispatcher_of(f, "vjp_halves", tuple(range(len(primals))), has_aux, primals), primals
    )


def jvp(f: Callable[..., Any], primals: Any, tangents: Any, *, has_aux: bool = False) -> Any:
    """The value of a function, and its derivative along tangents of its arguments.

    Args:
        f: The function.
        primals: A tuple or list of its arguments, each differentiated by.
        tangents: Of the same structure, shapes and dtypes.
        has_aux: Whether `f` returns `(value, aux)`.

    Returns:
        `(value, derivative)` or `(value, derivative, aux)`; the derivative has the structure of the value.

    Raises:
        ArgumentError: A primal is no float, a tangent does not fit its primal.

    >>> import numpy as np
    >>> jvp(lambda x: x ** 2, (np.array([1.0, 2.0]),), (np.array([1.0, 0.5]),))
    (array([1., 4.]), array([2., 2.]))
    """
    from srcad.api.pushforward import push

    return push(_dispatcher_of(f, "jvp", _all(primals), has_aux, primals), primals, tangents)


def linearize(f: Callable[..., Any], *primals: Any) -> Any:
    """The value of a function, and its pushforward there: a linear function of tangents that computes nothing of `f` again.

    Returns:
        `(value, pushforward)`; `pushforward(*tangents)` may be called any number of times.

    >>> import numpy as np
    >>> y, pushforward = linearize(np.sin, np.array([0.0, np.pi]))
    >>> pushforward(np.array([1.0, 1.0]))
    array([ 1., -1.])
    """
    from srcad.api.pushforward import linear

    argnums = tuple(range(len(primals)))
    return linear(_dispatcher_of(f, "linearize", argnums, False, primals), primals)


def hvp(f: Callable[..., Any], primals: Any, tangents: Any) -> Any:
    """The gradient of a function, and the product of its Hessian with tangents, without the Hessian.

    Args:
        f: Returns one number.
        primals: A tuple or list of its arguments.
        tangents: Of the same structure, shapes and dtypes.

    Returns:
        `(gradient, product)`, each in the structure of the primals: of the one argument, or a tuple.

    >>> import numpy as np
    >>> hvp(lambda x: np.sum(x ** 3), (np.array([1.0, 2.0]),), (np.array([1.0, 1.0]),))
    (array([ 3., 12.]), array([ 6., 12.]))
    """
    argnums = _all(primals)
    return jvp(grad(f, argnums[0] if len(argnums) == 1 else argnums), primals, tangents)


def _all(primals: Any) -> tuple[int, ...]:
    if not isinstance(primals, (tuple, list)) or not primals:
        raise ArgumentTypeError(
            "primals are a tuple of arguments", reason="Write jvp(f, (x,), (x_dot,))."
        )
    return tuple(range(len(primals)))


def jacrev(
    f: Any = None,
    argnums: Any = 0,
    *,
    has_aux: bool = False,
    chunk_size: int | str | None = None,
    _preallocate_and_copy: bool = False,
    sparse: bool = False,
    compact: bool = False,
    executor: Any = None,
    out: Any = None,
    progress: bool = False,
) -> Any:
    """The Jacobian of a function, by reverse mode: the contract of `torch.func.jacrev`.

    Args:
        f: Returns one or more floating arrays, in any tuple, list or dict. Without it, a decorator is returned.
        argnums: The argument, or tuple of arguments, to differentiate by; negative ones count from the end.
        has_aux: Whether `f` returns `(output, aux)`.
        chunk_size: How many rows are computed at once: None for all, 1 for a loop over the rows, "auto" for as many as fit into the memory that is
            available. With `executor`, `out` or `progress`, None means "auto".
        _preallocate_and_copy: Whether chunks are copied into one array that is made first.
        sparse: Whether the arrays are `scipy.sparse.csr_array`s, of shape `(y.size, x.size)`: computed from as few products as rows
            (of `jacfwd` columns) that have no entry in common can be told apart by.
        compact: Whether only the blocks `J[i, ..., i, ...]` are returned, of shape `y.shape + x.shape[1:]`, of a function of which row i of the
            output depends on row i of the argument alone: what `vmap(jacrev(row))` returns where the function of one row is at hand.
        executor: Computes the chunks: a `concurrent.futures.ProcessPoolExecutor`, or what is used like one. What the workers get is the generated text
            and what the forward sweep has saved; they need srcad and what the text imports.
        out: Where the Jacobian is written: an array or `np.memmap` of its shape and dtype, or arrays in its structure. It is what is returned.
        progress: Whether a bar on standard error shows how far it is, where it takes longer than a second.

    Returns:
        A function of the same arguments. It returns the structure of the output; each leaf is, for a tuple `argnums`, a tuple; in it the
        structure of the argument; in that an array of shape `y.shape + x.shape`. With `has_aux`, `(jacobian, aux)`.

    Raises:
        ArgumentError: argnums or chunk_size do not fit; at the call, an argument or output is no float, `out` does not fit.
        UnsupportedSyntaxError: At the call, the source does not tell that the blocks are all there is, with `compact`; or an option that goes with no other.
        SrcadError: At the call, a chunk was not computed by the executor. There is no result then, and `out` may be partly written.

    >>> import numpy as np
    >>> jacrev(lambda x: x ** 2)(np.array([1.0, 2.0]))
    array([[2., 0.],
           [0., 4.]])
    >>> X, W = np.ones((5, 3)), np.ones((3, 2))
    >>> jacrev(lambda X: X @ W)(X).shape, jacrev(lambda X: X @ W, compact=True)(X).shape
    ((5, 2, 5, 3), (5, 2, 3))
    >>> J = np.empty((2, 2))
    >>> jacrev(np.cumsum, out=J)(np.array([1.0, 2.0])) is J
    True
    """
    options = _matrix_options(locals(), "jacrev")
    if f is None:
        return functools.partial(jacrev, sparse=sparse, compact=compact, **options)
    if sparse:
        from srcad.api.sparse import SparseJacobian

        return SparseJacobian(f, **options)
    from srcad.api.matrices import Jacobian

    return Jacobian(f, compact=compact, **options)


def jacfwd(
    f: Any = None,
    argnums: Any = 0,
    *,
    has_aux: bool = False,
    chunk_size: int | str | None = None,
    _preallocate_and_copy: bool = False,
    sparse: bool = False,
    compact: bool = False,
    executor: Any = None,
    out: Any = None,
    progress: bool = False,
) -> Any:
    """The Jacobian of a function, by forward mode: as `jacrev`, with `chunk_size` columns at once.

    >>> import numpy as np
    >>> jacfwd(lambda x: x ** 2)(np.array([1.0, 2.0]))
    array([[2., 0.],
           [0., 4.]])
    """
    options = _matrix_options(locals(), "jacfwd")
    if f is None:
        return functools.partial(jacfwd, sparse=sparse, compact=compact, **options)
    if sparse:
        from srcad.api.sparse import SparseForwardJacobian

        return SparseForwardJacobian(f, **options)
    from srcad.api.matrices import ForwardJacobian

    return ForwardJacobian(f, compact=compact, **options)


def jacobian(
    f: Any = None,
    argnums: Any = 0,
    *,
    has_aux: bool = False,
    chunk_size: int | str | None = None,
    _preallocate_and_copy: bool = False,
    executor: Any = None,
    out: Any = None,
    progress: bool = False,
) -> Any:
    """The Jacobian of a function, by forward mode where it has fewer columns than rows, else by reverse mode.

    >>> import numpy as np
    >>> jacobian(lambda t: t * np.arange(3.0))(2.0)
    array([0., 1., 2.])
    """
    from srcad.api.matrices import EitherJacobian

    options = _matrix_options(locals(), "jacobian")
    return functools.partial(jacobian, **options) if f is None else EitherJacobian(f, **options)


def _matrix_options(given: dict[str, Any], transform: str) -> dict[str, Any]:
    """The options of a Jacobian that are there; those that sparse ones have no use for are refused."""
    if given.get("sparse"):
        for name in _asked(given, "executor", "out", "progress"):
            raise UnsupportedSyntaxError(
                f"`{name}=` of {transform} with sparse=True",
                reason="The few products of a sparse Jacobian are computed here, and its arrays made for what is in them. Leave it out.",
            )
    if given.get("compact"):
        rest = "sparse", "chunk_size", "executor", "out", "progress", "_preallocate_and_copy"
        for name in _asked(given, *rest):
            raise UnsupportedSyntaxError(
                f"`{name}=` of {transform} with compact=True",
                reason="The blocks are computed at once, and take no more than the result. Leave it out.",
            )
    names = ("argnums", "has_aux", "chunk_size", "_preallocate_and_copy", "executor", "out", "progress")  # fmt: skip
    return {name: given[name] for name in names if name in given}


def _asked(given: dict[str, Any], *names: str) -> list[str]:
    """Which of some options say something."""
    return [name for name in names if given.get(name) is not None and given[name] is not False]


def hessian(
    f: Any = None,
    argnums: Any = 0,
    *,
    sparse: bool = False,
    compact: bool = False,
    chunk_size: int | str | None = None,
    executor: Any = None,
    out: Any = None,
    progress: bool = False,
) -> Any:
    """The Hessian of a function, forward over reverse.

    Args:
        f: Returns a floating number, or arrays: then the result has their shapes in front.
        argnums: The argument, or tuple of arguments, to differentiate by.
        sparse: Whether the blocks are `scipy.sparse.csr_array`s, of shape `(x.size, x.size)`; then `f` returns a number.
        compact: Whether only the blocks `H[i, ..., i, ...]` are returned, of shape `x.shape + x.shape[1:]`, of a number that is a sum over rows: what
            `vmap(hessian(row))` returns where the function of one row is at hand.
        chunk_size, executor, out, progress: As those of `jacfwd`, of the gradient: chunks are of columns.

    Returns:
        A function of the same arguments: an array of shape `x.shape + x.shape`; for a tuple `argnums` a tuple of tuples of blocks.

    Raises:
        ArgumentError: argnums do not fit; at the call, an argument or output is no float.
        UnsupportedSyntaxError: At the call, the source does not tell that the blocks are all there is, with `compact`; or an option that goes with no other.

    >>> import numpy as np
    >>> hessian(lambda x: np.sum(np.sin(x)))(np.array([0.0, np.pi / 2]))
    array([[-0.,  0.],
           [ 0., -1.]])
    >>> X = np.ones((5, 3))
    >>> hessian(lambda X: np.sum(np.sum(X, axis=1) ** 2), compact=True)(X).shape
    (5, 3, 3)
    """
    options = _matrix_options(locals(), "hessian")
    if f is None:
        return functools.partial(hessian, sparse=sparse, compact=compact, **options)
    if sparse:
        from srcad.api.sparse import SparseHessian

        return SparseHessian(Grad(f, argnums), **options)
    if _asked(options, "chunk_size", "executor", "out", "progress"):
        from srcad.api.matrices import ChunkedHessian, Jacobian

        return ChunkedHessian(Jacobian(f, argnums), **options)
    return Hessian(f, argnums, compact=bool(compact))


def vmap(
    f: Any = None,
    in_dims: Any = 0,
    out_dims: Any = 0,
    randomness: str = "error",
    *,
    chunk_size: int | None = None,
) -> Any:
    """A function over an axis of its arguments: `vmap(f)(xs)` is `np.stack([f(x) for x in xs])`, without the loop.

    Args:
        f: A function; its control flow may depend on what is mapped over. Without it, a decorator is returned.
        in_dims: The axis of each argument that is mapped over, None for one that is the same for all examples: an int for all arguments, or a
            tuple with an entry for each, which may have the argument's structure. Parameters that are given by keyword alone are the same for all
            examples, as in torch.func, unless the tuple has entries for them; others are mapped over however they are given, as in JAX.
        out_dims: Where the axis goes in each output.
        randomness: What is drawn is the same for all examples ("same"), or drawn for each, one after the other ("different"); "error": functions that draw
            are refused.
        chunk_size: How many examples are computed at once; None for all.

    Raises:
        ArgumentError: in_dims or out_dims do not fit, the mapped axes differ in size.
        UnsupportedSyntaxError: It is not said what draws are, or what the examples are to share depends on the example.
        ValueError: The results of the examples differ in shape.

    >>> import numpy as np
    >>> vmap(np.dot)(np.ones((2, 3)), np.arange(6.0).reshape(2, 3))
    array([ 3., 12.])
    """
    from srcad.api.mapping import Mapped

    options = {
        "in_dims": in_dims,
        "out_dims": out_dims,
        "randomness": randomness,
        "chunk_size": chunk_size,
    }
    return functools.partial(vmap, **options) if f is None else Mapped(f, **options)


@overload
def differentiable(f: None = None, *, generated: str | None = None) -> Callable[[F], F]: ...
@overload
def differentiable(f: F, *, generated: str | None = None) -> F: ...
def differentiable(f: Any = None, *, generated: str | None = None) -> Any:
    """Leave a function as it is to call, and give it `.grad`, `.jacrev`, `.hessian`, `.vjp`, ..., `.source` and `.explain`.

    Args:
        f: The function. Without it, a decorator is returned.
        generated: The module that `srcad generate` writes its derivatives to: `"pkg.model_srcad"`, or `".model_srcad"` for a neighbour. A derivative that
            it has for the arguments of a call, and of the function as it is now, is used as it stands. What it has not is compiled afresh with a
            RuntimeWarning, or where the environment says `SRCAD_GENERATED=require`, is a SourceNotFoundError.

    >>> import numpy as np
    >>> @differentiable
    ... def loss(w):
    ...     return np.sum(w ** 2)
    >>> loss.grad(np.array([3.0]))
    array([6.])
    """
    if f is None:
        return functools.partial(differentiable, generated=generated)
    if generated is not None:
        f.__srcad_generated__ = generated
    made = {
        name: make(f)
        for name, make in (
            ("grad", grad),
            ("value_and_grad", value_and_grad),
            ("jacrev", jacrev),
            ("jacfwd", jacfwd),
            ("jacobian", jacobian),
            ("hessian", hessian),
            ("vmap", vmap),
        )
    }
    for name, derivative in made.items():
        setattr(f, name, derivative)
    for name, run in (("vjp", vjp), ("jvp", jvp), ("linearize", linearize), ("hvp", hvp)):
        setattr(f, name, functools.partial(run, f))

    def source(transform: str = "grad", *args: Any) -> str:
        """The generated text of a derivative, by the transform's name."""
        if transform in ("vjp", "jvp"):
            text = PullbackText if transform == "vjp" else PushforwardText
            return text(f, tuple(range(len(args)))).source(*args)
        if transform not in made:
            raise ArgumentValueError(
                f"there is no transform `{transform}`",
                reason=f"One of {', '.join(made)}, vjp, jvp.",
            )
        return made[transform].source(*args)  # type: ignore[no-any-return]

    def explain(transform: str = "grad", *args: Any, **kwargs: Any) -> Any:
        """What is known of a derivative at these arguments, by the transform's name."""
        if transform not in made:
            raise ArgumentValueError(
                f"there is no transform `{transform}` to explain",
                reason=f"One of {', '.join(made)}.",
            )
        return made[transform].explain(*args, **kwargs)

    f.source, f.explain = source, explain
    return f
