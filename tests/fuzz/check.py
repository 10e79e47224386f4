"""Runs a program of the fuzzer, and holds srcad's derivative of it against differences in long double."""

import importlib.util
import itertools
import math
import signal
import sys
import tempfile
import traceback
import types
import warnings
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import numpy as np

import srcad

__all__ = ["Failure", "Verdict", "check", "examine", "limit", "load", "long_version"]

LONG = np.longdouble
_FOLDER = Path(tempfile.mkdtemp(prefix="srcad-fuzz-"))
_COUNT = itertools.count()


class Verdict(NamedTuple):
    """What became of a program: "ok", "refused", "skipped" (nothing could be compared) or a kind of failure.

    `declined` are the refusals of other transforms than the program's own.
    """

    kind: str
    detail: str = ""
    compared: int = 0
    declined: tuple[str, ...] = ()

    @property
    def failed(self):
        return self.kind not in ("ok", "refused", "skipped")


class Failure(Exception):
    """A wrong number, or another promise that is broken."""


class Timeout(BaseException):
    """It took too long."""


@contextmanager
def limit(seconds):
    """Stop after so much of the processor's time: what else the machine does is no matter."""

    def stop(*_):
        raise Timeout

    kept = signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, kept)


# The primal in long double: the same text, with a NumPy that makes long doubles.


def _lengthened(function):
    def made(*args, **kwargs):
        found = function(*args, **kwargs)
        return (
            found.astype(LONG)
            if isinstance(found, np.ndarray) and found.dtype == np.float64
            else found
        )

    return made


def _solve(a, b):
    a, b = np.array(a, LONG), np.array(b, LONG)
    for column in range(len(a)):
        row = column + int(np.argmax(np.abs(a[column:, column])))
        a[[column, row]], b[[column, row]] = a[[row, column]], b[[row, column]]
        for other in range(len(a)):
            if other != column:
                scale = a[other, column] / a[column, column]
                a[other] = a[other] - scale * a[column]
                b[other] = b[other] - scale * b[column]
    return (b.T / np.diag(a)).T


def _det(a):
    """The determinant of a long double matrix, by its first row."""
    if not len(a):
        return a.dtype.type(1)
    rows = np.asarray(a)[1:]
    parts = (_det(np.delete(rows, j, axis=1)) * a[0, j] * (-1) ** j for j in range(len(a)))
    return sum(parts, start=a.dtype.type(0))


class _Linalg:
    solve = staticmethod(_solve)
    det = staticmethod(_det)
    inv = staticmethod(lambda a: _solve(a, np.eye(len(a))))

    def __getattr__(self, name):
        return getattr(np.linalg, name)


class _Long:
    """NumPy, with long doubles for what would be made as float64."""

    linalg = _Linalg()
    float64 = LONG

    def __getattr__(self, name):
        return getattr(np, name)


for _name in (
    "zeros",
    "ones",
    "full",
    "eye",
    "identity",
    "linspace",
    "array",
    "arange",
    "empty",
    "asarray",
    "tri",
):
    setattr(_Long, _name, staticmethod(_lengthened(getattr(np, _name))))


class _Math:
    atan, asin, acos, pow = (
        staticmethod(np.arctan),
        staticmethod(np.arcsin),
        staticmethod(np.arccos),
        staticmethod(np.power),
    )

    @staticmethod
    def log(x, base=None):
        return np.log(x) if base is None else np.log(x) / np.log(LONG(base))

    def __getattr__(self, name):
        return getattr(np, name, None) or getattr(math, name)


def load(text):
    """A module of the text, imported from a file."""
    name = f"fuzzed_{next(_COUNT)}"
    path = _FOLDER / f"{name}.py"
    path.write_text(text)
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    finally:
        del sys.modules[name]
    return module


def long_version(function):
    """The function, its globals and the functions it calls, with long doubles."""
    namespace = {}

    def changed(found):
        if found is np:
            return _Long()
        if found is math:
            return _Math()
        if found is np.linalg:
            return _Long.linalg
        if isinstance(found, np.ndarray) and found.dtype in (np.float64, np.float32):
            return found.astype(LONG)
        if isinstance(found, types.FunctionType) and found.__globals__ is function.__globals__:
            closure = tuple(
                types.CellType(changed(cell.cell_contents)) for cell in found.__closure__ or ()
            )
            made = types.FunctionType(
                found.__code__, namespace, found.__name__, found.__defaults__, closure
            )
            made.__kwdefaults__ = found.__kwdefaults__
            return made
        by_name = getattr(found, "__name__", "")
        if by_name in vars(_Long) and getattr(np, by_name, None) is found:
            return getattr(_Long, by_name)
        if callable(found) and getattr(math, by_name, None) is found:
            return getattr(_Math(), by_name)
        return found

    namespace.update({name: changed(found) for name, found in function.__globals__.items()})
    return changed(function)


# arguments and trees


def draw(rng, case, sizes, plain):
    """Arguments of given sizes; `plain` are ordinary arrays, otherwise strided, Fortran-ordered, 0-d and Python numbers."""
    dims = {"n": sizes[0], "m": sizes[1], "1": 1, "p": max(sizes[0] - 1, 0)}
    made = []
    for shape in case.args.values():
        if shape == "int":
            made.append(int(rng.integers(1, 4)))
            continue
        dtype = case.dtype if case.dtype != "mixed" else ("float32", "float64")[len(made) % 2]
        values = np.asarray(rng.normal(size=tuple(dims[dim] for dim in shape)) * 0.8, dtype)
        kind = 0 if plain else int(rng.integers(0, 4))
        if not shape:
            made.append(
                [float(values), values[()], values, float(values)][kind]
                if dtype == "float64"
                else values[()]
                if kind < 2
                else values
            )
        elif kind == 1:
            wide = np.zeros((2 * values.shape[0], *values.shape[1:]), dtype)
            wide[::2] = values
            made.append(wide[::2])
        elif kind == 2:
            made.append(np.asfortranarray(values))
        else:
            made.append(values)
    return made


def flat(tree):
    """The leaves of a tree."""
    if isinstance(tree, dict):
        tree = list(tree.values())
    if isinstance(tree, (tuple, list)):
        return [leaf for part in tree for leaf in flat(part)]
    return [tree]


def mapped(function, tree):
    """The tree with each leaf replaced."""
    if isinstance(tree, dict):
        return {key: mapped(function, part) for key, part in tree.items()}
    if isinstance(tree, (tuple, list)):
        return type(tree)([mapped(function, part) for part in tree])
    return function(tree)


def copied(args):
    return [mapped(lambda a: a.copy() if isinstance(a, np.ndarray) else a, arg) for arg in args]


def lengthened(args):
    return [
        mapped(
            lambda a: (
                a
                if isinstance(a, (int, str, bool, type(None)))
                else np.array(a, LONG)[()]
                if np.ndim(a) == 0 and not isinstance(a, np.ndarray)
                else np.array(a, LONG)
            ),
            arg,
        )
        for arg in args
    ]


def finite(tree, bound=1e6):
    return all(np.all(np.isfinite(leaf)) and np.all(np.abs(leaf) < bound) for leaf in flat(tree))


# checks


def check_results(results, likes, others, where):
    """Results are of the shape and dtype of the arguments, fresh, writable, shared with nothing."""
    arrays = [(name, a) for name, a in others if isinstance(a, np.ndarray)]
    for place, (found, like) in enumerate(zip(results, likes)):
        name = f"{where}[{place}]"
        if isinstance(like, np.ndarray):
            if not isinstance(found, np.ndarray):
                raise Failure(
                    f"type: {name} is {type(found).__name__} where the argument is an array of rank {like.ndim}"
                )
            if found.shape != like.shape:
                raise Failure(f"shape: {name} has shape {found.shape}, not {like.shape}")
            if found.dtype != like.dtype:
                raise Failure(f"dtype: {name} has dtype {found.dtype}, not {like.dtype}")
            if not found.flags.writeable:
                raise Failure(f"aliased: {name} is not writable")
            for other_name, other in arrays:
                if np.shares_memory(found, other):
                    raise Failure(f"aliased: {name} shares memory with {other_name}")
            still = any(n > 1 and not step for n, step in zip(found.shape, found.strides))
            if still and found.size:
                raise Failure(f"aliased: {name} shares memory with itself")
            if where != "value":
                arrays.append((name, found))
        elif isinstance(found, np.ndarray):
            raise Failure(f"type: {name} is an array where the argument is a {type(like).__name__}")
        elif isinstance(like, np.generic) and getattr(found, "dtype", None) != like.dtype:
            raise Failure(f"dtype: {name} is {type(found).__name__}, not {like.dtype}")
        elif not isinstance(found, (float, np.floating)):
            raise Failure(
                f"type: {name} is {type(found).__name__}, where the argument is a {type(like).__name__}"
            )


def same(a, b):
    pairs = list(zip(flat(a), flat(b)))
    return all(
        np.array_equal(x, y, equal_nan=True)
        if isinstance(x, (np.ndarray, float, np.floating))
        else x == y
        for x, y in pairs
    )


def slope(function, args, direction, weights):
    """The derivative along a direction by differences, or None near a kink."""
    scale = 0.0

    def value(step):
        nonlocal scale
        moved = [
            mapped_pair(lambda a, d: a + LONG(step) * d, arg, d) if d is not None else arg
            for arg, d in zip(lengthened(args), direction)
        ]
        out = function(*moved)
        total = LONG(0)
        for leaf, weight in zip(flat(out), flat(weights)):
            total = total + np.sum(np.asarray(leaf, LONG) * weight)
            scale = max(scale, float(np.sum(np.abs(np.asarray(leaf, LONG) * weight))))
        return total

    found = []
    centre = value(0)
    for h in (1e-6, 2.5e-7):
        up, down = value(h), value(-h)
        found.append((up - down) / (2 * h))
        bend = (up - 2 * centre + down) / h
        if not np.isfinite(bend) or abs(bend) > 1e-3 * (1 + abs(found[-1])):
            return None
    if not np.isfinite(found[1]) or abs(found[0] - found[1]) > 1e-7 * (1 + abs(found[1])):
        return None
    return float(found[1])


def mapped_pair(function, a, b):
    if isinstance(a, dict):
        return {key: mapped_pair(function, a[key], b[key]) for key in a}
    if isinstance(a, (tuple, list)):
        return type(a)([mapped_pair(function, p, q) for p, q in zip(a, b)])
    return function(a, b)


def compare(rng, function, args, argnums, gradient, weights, tolerance, tries=2):
    """The gradient against differences along random directions. Returns how many comparisons were possible."""
    compared = 0
    for _ in range(tries):
        direction = [
            mapped(lambda a: np.asarray(rng.normal(size=np.shape(a)), LONG)[()], arg)
            if place in argnums
            else None
            for place, arg in enumerate(args)
        ]
        by_differences = slope(function, args, direction, weights)
        if by_differences is None:
            continue
        terms = [
            np.asarray(g, LONG) * d
            for place, part in zip(argnums, gradient)
            for g, d in zip(flat(part), flat(direction[place]))
        ]
        total = float(sum(np.sum(term) for term in terms))
        size = 1 + float(sum(np.sum(np.abs(term)) for term in terms)) + abs(by_differences)
        if np.isnan(total) and any(
            np.size(leaf) < 2 for leaf in flat(args) if isinstance(leaf, np.ndarray)
        ):
            continue  # the mean of no numbers, the spread of one
        if not abs(total - by_differences) <= tolerance * size:
            raise Failure(
                f"wrong: derivative along a direction is {total:.10g}, by differences {by_differences:.10g}"
            )
        compared += 1
    return compared


def examine(function, args, argnums, mode, derivative=None, rng=None, tries=2):
    """Hold a derivative at `args` against differences, and against what it promises of its results. Raises Failure.

    Returns how many comparisons were made: none where the program itself fails, or gives something else than floats.
    """
    rng = rng or np.random.default_rng(0)
    long = long_version(unwrapped(function))
    try:
        value = function(*copied(args))
        reference = long(*lengthened(args))
        usable = finite(value) and finite(reference)
    except Exception:
        return 0
    leaves = flat(value)
    if mode != "vjp" and (isinstance(value, (tuple, list, dict)) or np.ndim(value) != 0):
        return 0
    if any(
        not isinstance(leaf, (np.ndarray, np.floating, float)) or np.asarray(leaf).dtype.kind != "f"
        for leaf in leaves
    ):
        return 0
    narrow = any(np.asarray(leaf).dtype == np.float32 for leaf in [*leaves, *flat(args)])
    tolerance = 2e-2 if narrow else 1e-6
    for leaf, other in zip(leaves, flat(reference)):
        other = np.asarray(other, float)
        if np.shape(leaf) != np.shape(other) or not np.allclose(
            leaf, other, rtol=tolerance, atol=tolerance, equal_nan=True
        ):
            return 0  # rounding decides a branch
    before = copied(args)
    others = [(f"argument {place}", a) for place, arg in enumerate(args) for a in flat(arg)]
    likes = [leaf for place in argnums for leaf in flat(args[place])]
    if mode == "vjp":
        found, gradient, weights = examine_pullback(function, args, value, likes, others, rng)
    else:
        weights = 1.0
        derivative = derivative or getattr(srcad, mode)(function, argnums)
        single = isinstance(derivative.argnums, int)
        made = []
        for _ in range(2):
            out = derivative(*args)
            found, gradient = out if mode == "value_and_grad" else (value, out)
            gradient = (gradient,) if single else gradient
            check_results(flat(gradient), likes, others, "gradient")
            made.append(copied(gradient))
            overwrite(gradient)
        if not same(*made):
            raise Failure("twice: called twice gives other numbers")
        gradient = made[0]
    if not same(args, before):
        raise Failure("mutated: an argument is changed")
    for a, b in zip(flat(found), leaves):
        if np.asarray(a).dtype != np.asarray(b).dtype or np.shape(a) != np.shape(b):
            raise Failure(
                f"value: dtype {np.asarray(a).dtype}, shape {np.shape(a)}; not {np.asarray(b).dtype}, {np.shape(b)}"
            )
        if not np.allclose(
            a, b, rtol=1e-4 if narrow else 1e-9, atol=1e-5 if narrow else 1e-12, equal_nan=True
        ):
            raise Failure(f"value: {a!r} is not {b!r}")
    return compare(rng, long, args, argnums, gradient, weights, tolerance, tries) if usable else 0


def examine_pullback(function, args, value, likes, others, rng):
    """The value, the cotangents and the seeds of a pullback that keeps its promises."""
    y, pullback = srcad.vjp(function, *args)
    if (isinstance(value, (tuple, list, dict)) and type(y) is not type(value)) or [
        np.shape(a) for a in flat(y)
    ] != [np.shape(a) for a in flat(value)]:
        raise Failure(f"value: vjp gives {y!r}, the function {value!r}")
    weights = mapped(
        lambda a: np.asarray(rng.normal(size=np.shape(a)), np.asarray(a).dtype)[
            () if isinstance(a, np.generic) or np.ndim(a) == 0 else ...
        ],
        value,
    )
    if isinstance(value, np.ndarray) and value.ndim == 0:
        weights = np.asarray(weights)
    kept = copied([weights])[0]
    gradient = pullback(weights)
    if not same(weights, kept):
        raise Failure("mutated: the pullback changes the cotangent")
    seen = [("the cotangent", w) for w in flat(weights)] + [("the value", v) for v in flat(y)]
    check_results(flat(gradient), likes, [*others, *seen], "pullback")
    arrays = [(a, b) for a, b in zip(flat(y), flat(value)) if isinstance(b, np.ndarray) and b.ndim]
    check_results([a for a, _ in arrays], [b for _, b in arrays], others, "value")
    first = copied(gradient)
    values = copied([y])[0]
    overwrite(gradient)
    if not same(values, y):
        raise Failure("aliased: writing to a cotangent changes the value")
    if not same(pullback(weights), first):
        raise Failure("twice: the pullback called twice gives other numbers")
    pullback(mapped(lambda w: w * 0 + 1, weights))
    overwrite(y)
    if not same(pullback(weights), first):
        raise Failure(
            "twice: the pullback gives other numbers after another cotangent, or after the value is written to"
        )
    return values, first, weights


def overwrite(tree):
    """Write to all arrays of a result, as its owner may."""
    for leaf in flat(tree):
        if isinstance(leaf, np.ndarray) and leaf.flags.writeable:
            leaf[...] = 77.0


def unwrapped(function):
    return getattr(function, "__func__", function)


def derivative_of(case, module):
    if case.mode == "vjp":
        return None
    argnums = case.argnums[0] if len(case.argnums) == 1 and case.seed % 2 else case.argnums
    return getattr(srcad, case.mode)(module.f, argnums)


def crash(error):
    """A name for a crash: the exception and where srcad raised it."""
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if "/srcad/" in frame.filename]
    last = ours[-1] if ours else frames[-1]
    generated = (
        "" if frames[-1] is last else f" < {Path(frames[-1].filename).name}: {frames[-1].line}"
    )
    return (
        f"{type(error).__name__} in {Path(last.filename).name}:{last.name}",
        f"{error}{generated}",
    )


def check(case, seconds=30):
    """Run a program at all its sizes."""
    compared = 0
    sizes = None
    try:
        with warnings.catch_warnings(), limit(seconds):
            warnings.simplefilter("ignore")
            module = load(case.text)
            derivative = derivative_of(case, module)
            for place, sizes in enumerate(case.sizes):
                rng = np.random.default_rng([case.seed, place])
                args = draw(rng, case, sizes, place % 2 == 0)
                with np.errstate(all="ignore"):
                    compared += examine(module.f, args, case.argnums, case.mode, derivative, rng)
            declined = check_laws(case, module)
    except srcad.SrcadError as error:
        if type(error).__name__ == "CoreError":
            return Verdict("CoreError", str(error), compared)
        return Verdict("refused", f"{type(error).__name__}: {error.what}", compared)
    except Failure as failure:
        kind, _, detail = str(failure).partition(": ")
        return Verdict(kind, f"{detail} (n, m = {sizes})", compared)
    except Timeout:
        return Verdict("timeout", f"over {seconds} s (n, m = {sizes})", compared)
    except ZeroDivisionError as error:
        # The mean over an empty axis: NumPy's primal is NaN with a warning, the derivative divides Python numbers.
        if 0 in sizes:
            return Verdict("skipped", "", compared)
        kind, detail = crash(error)
        return Verdict(kind, f"{detail} (n, m = {sizes})\n{traceback.format_exc()}", compared)
    except Exception as error:
        kind, detail = crash(error)
        return Verdict(kind, f"{detail} (n, m = {sizes})\n{traceback.format_exc()}", compared)
    return Verdict("ok" if compared else "skipped", "", compared, declined)


def check_laws(case, module):
    """The laws between the transforms, forward mode at every program and the others at some. Returns what they refused."""
    from tests.fuzz.modes import LAWS, Refused  # which is made of what is here

    declined = []
    for turn, (law, examine_law) in enumerate(LAWS.items()):
        if turn and (case.seed + turn) % 4:
            continue
        for place, sizes in enumerate(case.sizes[:3]):
            rng = np.random.default_rng([case.seed, place])
            args = draw(rng, case, sizes, place % 2 == 0)
            try:
                with np.errstate(all="ignore"):
                    module.f(*copied(args))
            except Exception:  # not a size of the function's
                continue
            try:
                with np.errstate(all="ignore"):
                    examine_law(module.f, args, case.argnums, rng)
            except Refused as refused:
                if law == "forward":
                    raise Failure(f"refused: {refused}") from None
                declined.append(str(refused))
                break
            except Failure as failure:
                kind, _, detail = str(failure).partition(": ")
                raise Failure(f"{kind}: law {law}: {detail}") from None
    return tuple(declined)
