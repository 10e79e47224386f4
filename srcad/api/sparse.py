"""Sparse Jacobians: the pattern, as many products as it has colours, and their entries."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any

import numpy as np

from srcad.api.chunks import dtype_of
from srcad.api.compiled import Compiled
from srcad.api.derivative import Derivative
from srcad.api.dispatch import Dispatcher
from srcad.api.draws import Draws
from srcad.api.matrices import ForwardJacobian, Jacobian
from srcad.api.memory import counted
from srcad.api.pullback import forward
from srcad.api.request import Request, fitting
from srcad.api.signature import Spec
from srcad.core.pytrees import derivatives, flatten, varied
from srcad.errors import ArgumentTypeError, RankUnknownError
from srcad.loader import noted

__all__ = ["SparseForwardJacobian", "SparseHessian", "SparseJacobian", "Sparsity", "sparsity"]

# So many patterns are kept for each compiled derivative, by shapes and integers.
_KEPT = 8
# Products of more numbers are not held at once.
_LARGE = 2**25
# Bytes of seeds that are worked on at once: what lies in a core's own cache is not fetched again for each operation.
_CACHED = 2**20


# Kept for what is known by the numbers of sparse matrices, too.
_NUMERIC: Any = object()


class Layout:
    """What is known of one pattern: a plan for each argument or output that is seeded, and its blocks, made at their first use."""

    def __init__(self, dependence: Any) -> None:
        self.dependence = dependence
        self.plans: dict[Any, Any] = {}
        self.kept: dict[Any, Any] = {}

    def seeds(self, plan: Any, start: int, stop: int, dtype: Any) -> Any:
        """Seeds of some products: rows of those of all, which are kept, where these are not large."""
        if plan.products * len(plan.colors) > _LARGE:
            return plan.seeds(start, stop, dtype)
        key = id(plan), dtype
        found = self.kept.get(key)
        if found is None:
            found = self.kept[key] = plan.seeds(0, plan.products, dtype)
        return found[start:stop]

    def order(self, plan: Any) -> tuple[Any, Any]:
        """The entries in the order of where they are in the products, and these places."""
        found = self.kept.get(id(plan))
        if found is None:
            order = np.argsort(plan.places, kind="stable")
            found = self.kept[id(plan)] = order, plan.places[order]
        return found  # type: ignore[no-any-return]

    def columns(
        self, place: int, shape: Any, outputs: list[int], symmetric: bool
    ) -> tuple[Any, list[Any]]:
        """For one argument of a shape: the plan, and a block for each output."""
        from scipy import sparse

        from srcad.sparse.compression import Part, by_columns, by_symmetry
        from srcad.sparse.matrices import stacked

        key = place, symmetric, tuple(outputs)
        found = self.plans.get(key)
        if found is None:
            blocks = [self.dependence.block(output, place) for output in outputs]
            pattern = stacked(blocks)
            if symmetric:
                pattern = sparse.csr_array(pattern + pattern.T)
            pattern.sort_indices()
            plan = (by_symmetry if symmetric else by_columns)(pattern, shape)
            ends = np.cumsum([0, *(block.shape[0] for block in blocks)]).tolist()
            parts = [Part.of_rows(plan.pattern, *pair) for pair in pairwise(ends)]
            found = self.plans[key] = plan, parts
        return found  # type: ignore[no-any-return]

    def rows(self, place: int) -> tuple[Any, list[Any]]:
        """For one output: the plan, and a block for each argument."""
        from srcad.sparse.compression import Part, by_rows

        found = self.plans.get(place)
        if found is None:
            plan = by_rows(self.dependence.outputs[place], self.dependence.shapes[place])
            starts = self.dependence.starts
            parts = [Part.of_columns(plan.pattern, *pair) for pair in pairwise(starts)]
            found = self.plans[place] = plan, parts
        return found  # type: ignore[no-any-return]


class _Sparse(Jacobian):
    """What both modes share."""

    sparse = True

    def __init__(self, *args: Any, **options: Any) -> None:
        try:
            import scipy.sparse  # noqa: F401
        except ImportError:
            raise ImportError("sparse=True needs SciPy: install srcad[scipy]") from None
        super().__init__(*args, **options)
        self.layouts: weakref.WeakKeyDictionary[Compiled, dict[Any, Layout]] = (
            weakref.WeakKeyDictionary()
        )
        self.swept: dict[tuple[int, bool], Dispatcher] = {}

    def dispatchers(self) -> list[Dispatcher]:
        return [*super().dispatchers(), *self.swept.values()]

    def check(self, args: tuple[Any, ...]) -> None:
        """Refuse what SciPy has no sparse arrays of. Raises ArgumentTypeError."""
        for place in fitting(self.argnums, len(args), self.__name__):
            if any(np.asarray(leaf).dtype == np.float16 for leaf in varied(args[place])):
                raise ArgumentTypeError(
                    f"argument `{self.dispatcher.names[place]}` is float16, of which SciPy has no sparse arrays",
                    reason="Pass float32.",
                )

    def explained(self) -> tuple[Request, str]:
        many = "rows" if self.transform == "jacrev" else "columns"
        return self.sweep(0).request, f"{many} of one colour at a time (sparse)"

    def explain(self, *args: Any, **kwargs: Any) -> Any:
        """What the compiler knows; for arguments that are no specifications of the pattern, too."""
        if self.dispatcher.open:
            return self.called_as(args, kwargs).explain(*args, **kwargs)
        found = super().explain(*args, **kwargs)
        bound = self.dispatcher.bind(args, kwargs)
        if not any(isinstance(leaf, Spec) for leaf in flatten(bound)):
            found.note = f"{found.note}: {self.in_words(bound)}"
        return found

    def in_words(self, args: tuple[Any, ...]) -> str:
        """How many products there are, and of what pattern."""
        from srcad.sparse.matrices import stacked

        layout = self.layout(self.compiled(args), args)
        known = layout.dependence
        count = sum(plan.products for plan in self.plans(layout, args))
        pattern = repr(Sparsity(stacked(known.outputs), known.local)).strip("<>")
        return f"{counted(count, 'products')} for a {pattern}"

    def plans(self, layout: Layout, args: tuple[Any, ...]) -> list[Any]:
        """The plans of all outputs, in forward mode of all arguments."""
        return [layout.rows(place)[0] for place in range(len(layout.dependence.outputs))]

    def source(self, *args: Any, **kwargs: Any) -> str:
        """The generated text for these arguments: the products of which the entries are taken."""
        return self.generated(args, kwargs, request=self.explained()[0]).text

    def sweep(self, place: int, single: bool = False) -> Dispatcher:
        """What compiles for one output, in forward mode for one argument: all products at once, or `single` ones."""
        single = single or self.chunk_size == 1
        found = self.swept.get((place, single))
        if found is None:
            size = 1 if single else None
            request = self.request._replace(
                transform=f"{self.transform}_chunk",
                chunk_size=size,
                output=place,
                # The value of a map says whether its indices are those of its examples.
                valued=self.transform == "jacrev" or self.dispatcher.maps,
            )
            found = self.swept[place, single] = Dispatcher(self.base, request)
        return found

    def halves(self, place: int, args: tuple[Any, ...]) -> tuple[Compiled, Any, list[Any], Any]:
        """The forward half has run, for one output or argument."""
        try:
            return forward(self.sweep(place), args)
        except RankUnknownError:  # only the run tells the shapes
            return forward(self.sweep(place, True), args)

    def compiled(self, args: tuple[Any, ...]) -> Compiled:
        """The halves for the first output, or argument."""
        try:
            return self.sweep(0).find(args)
        except RankUnknownError:
            return self.sweep(0, True).find(args)

    def layout(self, compiled: Compiled, args: tuple[Any, ...]) -> Layout:
        """The pattern for these arguments: known from an earlier call with such, where it is global."""
        from srcad.api.dependence import arguments_key, dependence

        outer = tuple(scope.read(name) for scope, name, _, _ in compiled.hidden)
        key = arguments_key(args, outer)
        known = self.layouts.setdefault(compiled, {})
        found = known.get(key)
        if found is _NUMERIC:
            key = arguments_key(args, outer, numbers=True)
            found = known.get(key)
        if found is None:
            draws = Draws(args, compiled.made.externals)
            found = Layout(dependence(self.sweep(0), args, compiled.made.hidden.values()))
            draws.again()
            if not found.dependence.local:
                while len(known) >= _KEPT:
                    known.pop(next(iter(known)), None)
                if found.dependence.numeric:
                    known[key] = _NUMERIC
                    key = arguments_key(args, outer, numbers=True)
                known[key] = found
        return found

    def entries(
        self, layout: Layout, plan: Any, compiled: Compiled, given: Any, seeded: Any, count: int
    ) -> tuple[Any, Any]:
        """The entries of a plan, and its last product."""
        shape, dtype = np.shape(seeded), np.asarray(seeded).dtype
        batched = compiled.made.names.get("batched") == "yes"
        rows = _CACHED // max(1, dtype.itemsize * max(np.size(seeded), plan.width))
        if isinstance(self.chunk_size, int):
            rows = self.chunk_size
        rows = max(1, rows) if batched else 1

        def products() -> Iterator[Any]:
            for start in range(0, plan.products, rows):
                some = min(rows, plan.products - start)
                seed = layout.seeds(plan, start, start + some, dtype).reshape((some, *shape))
                one = seed[0] if isinstance(seeded, np.ndarray) else seed[0][()]
                found = compiled.backward(seed if batched else one, *given)  # type: ignore[misc]
                parts = [found] if count == 1 else list(found)
                flat = [np.reshape(part, (some, np.size(part) // some)) for part in parts]
                yield flat[0] if len(flat) == 1 else np.concatenate(flat, axis=1)

        at_once = plan.products * plan.width <= _LARGE and not isinstance(self.chunk_size, int)
        return plan.entries(products(), dtype, None if at_once else layout.order(plan))  # type: ignore[no-any-return]


class SparseJacobian(_Sparse):
    """The Jacobian by reverse mode, made by `srcad.jacrev(f, sparse=True)`."""

    @noted
    def at(self, args: tuple[Any, ...]) -> Any:
        wanted = self.wanted(args)
        xs = varied(wanted)
        self.check(args)
        draws = Draws(args, self.compiled(args).made.externals)
        compiled, result, _, given = self.halves(0, args)
        output = result[0] if self.has_aux else result
        ys = varied(output)
        layout = self.layout(compiled, args)
        blocks: list[Any] = []
        for place, y in enumerate(ys):
            if place:
                draws.again()
                compiled, _, _, given = self.halves(place, args)
            plan, parts = layout.rows(place)
            entries, _ = self.entries(layout, plan, compiled, given, y, len(xs))
            made = [part.matrix(entries, dtype_of(x, y)) for part, x in zip(parts, xs)]
            blocks.append(self.nested(wanted, made))
        jacobian = derivatives(output, iter(blocks))
        return (jacobian, result[1]) if self.has_aux else jacobian


class SparseForwardJacobian(_Sparse, ForwardJacobian):
    """The Jacobian by forward mode, made by `srcad.jacfwd(f, sparse=True)`."""

    symmetric = False

    def is_symmetric(self, xs: list[Any]) -> bool:
        """Whether it is the Hessian by one array of real numbers."""
        return self.symmetric and len(xs) == 1 and not np.iscomplexobj(xs[0])

    def plans(self, layout: Layout, args: tuple[Any, ...]) -> list[Any]:
        xs, outputs = varied(self.wanted(args)), list(range(len(layout.dependence.outputs)))
        symmetric = self.is_symmetric(xs)
        return [layout.columns(place, np.shape(x), outputs, symmetric)[0] for place, x in enumerate(xs)]  # fmt: skip

    @noted
    def at(self, args: tuple[Any, ...]) -> Any:
        wanted = self.wanted(args)
        xs = varied(wanted)
        self.check(args)
        draws = Draws(args, self.compiled(args).made.externals)
        symmetric = self.is_symmetric(xs)
        columns: list[dict[int, Any]] = []
        result: Any = None
        layout: Any = None
        for place, x in enumerate(xs):
            if place:
                draws.again()
            compiled, result, values, given = self.halves(place, args)
            structure = compiled.made.structure[0] if self.has_aux else compiled.made.structure
            order = list(map(int, varied(structure)))
            places = list(dict.fromkeys(order))
            layout = layout or self.layout(compiled, args)
            outputs = [order.index(at) for at in places]
            made = self.column(layout, place, outputs, compiled, given, x, symmetric)
            columns.append(dict(zip(places, made)))
        jacobian = self.assembled(structure, wanted, columns, values)
        return (jacobian, result[1]) if self.has_aux else jacobian

    def column(
        self,
        layout: Layout,
        place: int,
        outputs: list[int],
        compiled: Any,
        given: Any,
        x: Any,
        symmetric: bool,
    ) -> list[Any]:
        """The blocks by one argument."""
        plan, parts = layout.columns(place, np.shape(x), outputs, symmetric)
        entries, last = self.entries(layout, plan, compiled, given, x, len(outputs))
        dtypes = [dtype_of(x, np.empty(0, layout.dependence.dtypes[at])) for at in outputs]
        made = [part.matrix(entries, dtype) for part, dtype in zip(parts, dtypes)]
        if plan.symmetric and not plan.explains(made[0], last):
            # What is not symmetric (at a kink, or by a rule that is no derivative) is found by columns.
            return self.column(layout, place, outputs, compiled, given, x, symmetric=False)
        return made


class SparseHessian(SparseForwardJacobian):
    """The Hessian, made by `srcad.hessian(f, sparse=True)`: the Jacobian of the gradient, which is symmetric."""

    symmetric = True

    def __init__(self, function: Callable[..., Any], *args: Any, **options: Any) -> None:
        super().__init__(function, *args, **options)
        self.called_after(getattr(function, "function", function), "hessian")


class Sparsity:
    """Which elements of the output may depend on which of the arguments, as `srcad.sparsity` finds it.

    `matrix` is a boolean `scipy.sparse.csr_array`: a row for each element of the output, a column for each of the arguments. `local`: it
    holds for the values given alone; else for all arguments of these shapes.
    """

    def __init__(self, matrix: Any, local: bool, of: tuple[int, ...] = ()) -> None:
        self.matrix, self.local, self.of = (
            matrix,
            local,
            of,
        )  # `of`: the shape of what the columns are

    @property
    def shape(self) -> tuple[int, int]:
        return self.matrix.shape  # type: ignore[no-any-return]

    @property
    def nnz(self) -> int:
        return int(self.matrix.nnz)

    def colors(self) -> Any:
        """The colour of each column: those of one colour have no row in common, and one product tells all of their entries."""
        from srcad.sparse.coloring import column_colors

        return column_colors(self.matrix, self.of)

    def __repr__(self) -> str:
        rows, columns = self.shape
        kind = "for these values" if self.local else "for all values"
        return f"<{rows} x {columns} pattern of {self.nnz} entries, {kind}>"

    def __str__(self) -> str:
        """A picture, two by four elements (or so many times that) a character."""
        return picture(self.matrix)

    def plot(self, axes: Any = None) -> Any:
        """Draw it with matplotlib's spy; without matplotlib print it.

        Args:
            axes: Where to draw; matplotlib's current axes if None.

        Returns:
            The axes, or None where it was printed.
        """
        try:
            from matplotlib import pyplot
        except ImportError:
            print(self)
            return None
        axes = pyplot.gca() if axes is None else axes
        axes.spy(self.matrix, markersize=min(4.0, 400.0 / max(1, *self.shape)))
        return axes


def picture(matrix: Any, height: int = 96, width: int = 120) -> str:
    """A matrix in Braille, at most so many dots high and wide.

    >>> from scipy import sparse
    >>> print(picture(sparse.csr_array(np.eye(8) + np.eye(8, k=1))))
    ⠙⢦⡀⠀
    ⠀⠀⠙⢦
    """
    rows, columns = matrix.shape
    scale = max(1.0, rows / height, columns / width)
    high, wide = (int(np.ceil(size / scale)) for size in (rows, columns))
    dots = np.zeros((-(-high // 4) * 4, -(-wide // 2) * 2), bool)
    places = matrix.tocoo()
    dots[(places.row / scale).astype(int), (places.col / scale).astype(int)] = True
    bits = np.array([[0, 3], [1, 4], [2, 5], [6, 7]])
    cells = dots.reshape(dots.shape[0] // 4, 4, dots.shape[1] // 2, 2)
    codes = np.sum(cells * (1 << bits)[None, :, None, :], axis=(1, 3))
    return "\n".join("".join(chr(0x2800 + code) for code in line) for line in codes.tolist())


def sparsity(
    f: Callable[..., Any], *args: Any, argnums: Any = 0, has_aux: bool = False
) -> Sparsity:
    """Which elements of the output of a function may depend on which elements of its arguments.

    Args:
        f: The function, or a derivative: of `srcad.grad(f)` it is the pattern of the Hessian.
        args: Its arguments; of floating ones only the shapes matter, as long as nothing that decides on elements depends on their values.
        argnums: The argument, or tuple of arguments, of which the elements are the columns.
        has_aux: Whether `f` returns `(output, aux)`.

    Returns:
        A `Sparsity`: its `matrix` is what `scipy.optimize.least_squares` and `solve_ivp` take as `jac_sparsity`; `.plot()` draws it.

    Raises:
        SrcadError: The function cannot be differentiated, or it solves equations; what it draws decides on elements; the pattern is not sparse.

    >>> print(sparsity(lambda x: x[1:] - x[:-1], np.zeros(9)))
    ⠙⢦⡀⠀⠀
    ⠀⠀⠙⢦⡀
    """
    from srcad.api.dependence import dependence
    from srcad.sparse.matrices import stacked

    derivative: Derivative = SparseForwardJacobian(f, argnums, has_aux)
    if derivative.dispatcher.open:
        derivative = derivative.called_as(args, {})
    bound = derivative.dispatcher.bind(args, {})
    if any(isinstance(leaf, Spec) for leaf in flatten(bound)):
        raise ArgumentTypeError("sparsity is of sizes that are known", reason="Pass arrays.")
    found = dependence(derivative.dispatcher, bound)
    leaves = varied(derivative.wanted(bound))  # type: ignore[attr-defined]
    return Sparsity(
        stacked(found.outputs), found.local, np.shape(leaves[0]) if len(leaves) == 1 else ()
    )
