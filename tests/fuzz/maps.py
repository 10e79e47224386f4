"""Random programs under `vmap`: a map is the stacked calls, with derivatives in it and over it, whatever way each example takes.

The examples are drawn apart, so that they take other sides of branches and leave loops at other times; there are as many of them as
another axis is long, or none, or one, or another number. What the transform under the map takes of a single example, the map takes.
"""

import traceback
import warnings

import numpy as np

import srcad
from tests.fuzz.check import (
    Failure,
    Timeout,
    Verdict,
    copied,
    crash,
    draw,
    finite,
    flat,
    limit,
    load,
    mapped,
    mapped_pair,
    same,
)
from tests.fuzz.modes import close, is_float, like, precision, zipped

__all__ = ["WAYS", "check_maps"]


class NotComparable(Exception):
    """The program fails for an example, or what it gives cannot be stacked."""


class Skipped(Exception):
    """What is refused of a single example."""


def refused(error):
    """What is raised where a single example is refused."""
    core = type(error).__name__ == "CoreError"
    return error if core else Skipped(f"{type(error).__name__}: {error.what}")


class Sample:
    """Examples of a program's arguments, and the arguments that hold all of them."""

    def __init__(self, case, sizes, rng, count):
        args = draw(rng, case, sizes, True)
        places = [p for p, arg in enumerate(args) if all(map(is_float, flat(arg)))]
        if not places:
            raise NotComparable
        self.places = [p for p in places if rng.random() < 0.7] or places[:1]
        more = [
            mapped(lambda leaf: np.asarray(leaf)[()], draw(rng, case, sizes, True))
            for _ in range(max(count, 1))
        ]
        self.examples = [
            [other[p] if p in self.places else arg for p, arg in enumerate(args)] for other in more
        ]
        self.mixes = any(name in case.text for name in ("np.zeros(", "np.ones(", "np.full("))
        self.count, self.axis = count, int(rng.choice([0, 0, -1]))
        self.dims = tuple(self.axis if p in self.places else None for p in range(len(args)))
        self.given = [
            self.stacked([one[p] for one in self.examples], self.axis) if p in self.places else arg
            for p, arg in enumerate(args)
        ]

    def is_rough(self, found, wanted):
        """Whether the results differ by no more than arguments that are rounded otherwise would make them."""
        kept = self.examples
        self.examples = [
            [
                mapped(lambda a: np.asarray(a * (1 + 1e-14), np.asarray(a).dtype)[()], arg)
                if p in self.places
                else arg
                for p, arg in enumerate(example)
            ]
            for example in kept
        ]
        try:
            moved = self.stacked(each(self.function, self))
        except NotComparable:
            return True
        finally:
            self.examples = kept
        return len(flat(found)) == len(flat(wanted)) and all(
            np.shape(a) == np.shape(b) and np.all(np.abs(a - b) <= 1e3 * np.max(np.abs(c - b)))
            for a, b, c in zip(flat(found), flat(wanted), flat(moved))
        )

    def stacked(self, trees, axis=0):
        made = zipped(lambda *leaves: np.stack(leaves, axis=axis), trees)
        if self.count:
            return made
        return mapped(lambda leaf: np.take(leaf, [], axis=axis), made)


def each(function, sample):
    """What the function gives for each example."""
    found = []
    sample.function = function
    for example in sample.examples:
        try:
            found.append(function(*copied(example)))
        except srcad.SrcadError as error:
            raise refused(error) from error
        except Exception:
            raise NotComparable from None
    shapes = [[np.shape(leaf) for leaf in flat(value)] for value in found]
    numbers = all(np.asarray(leaf).dtype.kind in "fc" for value in found for leaf in flat(value))
    # What is large here and there has lost digits on the way.
    if not numbers or any(shape != shapes[0] for shape in shapes) or not finite(found, 1e4):
        raise NotComparable
    return found


def against(found, wanted, sample, what):
    if not sample.count:  # what only an example tells is not known: the sizes are 0
        pairs = [(a, b) for a, b in zip(flat(found), flat(wanted)) if np.shape(a) != np.shape(b)]
        if pairs and all(
            np.shape(a) == (0,) or all(m in (0, n) for m, n in zip(np.shape(a), np.shape(b)))
            for a, b in pairs
        ):
            return
    tolerance = 2e4 * precision(wanted, list(sample.given))
    try:
        close(found, wanted, f"wrong: {what}", tolerance)
    except Failure:
        if not sample.is_rough(found, wanted):
            raise
    for a, b in zip(flat(found), flat(wanted)):
        # Where an example may have another dtype, all have that which holds both.
        wider = np.asarray(a).dtype == np.float64 and sample.mixes
        if np.asarray(a).dtype != np.asarray(b).dtype and not wider:
            raise Failure(f"dtype: {what}: {np.asarray(a).dtype}, not {np.asarray(b).dtype}")


def of_map(function, sample, case, rng):
    wanted = sample.stacked(each(function, sample))
    found = srcad.vmap(function, in_dims=sample.dims)(*sample.given)
    against(found, wanted, sample, "vmap")


def of_out_dims(function, sample, case, rng):
    wanted = zipped(lambda leaf: np.moveaxis(leaf, 0, -1), [sample.stacked(each(function, sample))])
    found = srcad.vmap(function, in_dims=sample.dims, out_dims=-1)(*sample.given)
    against(found, wanted, sample, "vmap with out_dims=-1")


def of_chunks(function, sample, case, rng):
    wanted = sample.stacked(each(function, sample))
    found = srcad.vmap(function, in_dims=sample.dims, chunk_size=2)(*sample.given)
    against(found, wanted, sample, "vmap in chunks")


def of_nested(function, sample, case, rng):
    """Maps in maps, the outer over copies that are scaled."""
    values = each(function, sample)
    del values
    scales = (1.0, -0.6)
    rows = []
    for scale in scales:
        scaled = [
            [
                mapped(lambda a: np.asarray(a * scale, np.asarray(a).dtype)[()], arg)
                if p in sample.places
                else arg
                for p, arg in enumerate(example)
            ]
            for example in sample.examples
        ]
        kept, sample.examples = sample.examples, scaled
        try:
            rows.append(sample.stacked(each(function, sample)))
        finally:
            sample.examples = kept
    wanted = zipped(lambda *leaves: np.stack(leaves), rows)
    given = [
        mapped(lambda a: np.stack([np.asarray(a * s, a.dtype) for s in scales]), arg)
        if p in sample.places
        else arg
        for p, arg in enumerate(sample.given)
    ]
    inner = srcad.vmap(function, in_dims=sample.dims)
    outer = srcad.vmap(inner, in_dims=tuple(0 if d is not None else None for d in sample.dims))
    against(outer(*given), wanted, sample, "vmap(vmap)")


def of_derivative(transform):
    def way(function, sample, case, rng):
        argnums = tuple(sample.places)
        if transform in (srcad.grad, srcad.value_and_grad, srcad.hessian) and case.mode == "vjp":
            return
        derivative = transform(function, argnums)
        wanted = sample.stacked(each(derivative, sample))
        found = srcad.vmap(derivative, in_dims=sample.dims)(*sample.given)
        against(found, wanted, sample, f"vmap({transform.__name__})")

    way.__name__ = f"of_{transform.__name__}"
    return way


def over_reverse(function, sample, case, rng):
    """The pullback of a map: those of the examples, added up where they share an argument."""
    if not sample.count:  # of no examples the value may have sizes that are not known
        raise NotComparable
    values = each(function, sample)
    bars = [like(rng, value) for value in values]
    wholes = sample.stacked(bars)
    parts = []
    for example, value, bar in zip(sample.examples, values, bars):
        bar = mapped_pair(lambda v, b: np.asarray(b) if isinstance(v, np.ndarray) else b, value, bar)  # fmt: skip
        parts.append(srcad.vjp(function, *copied(example))[1](bar))
    if not finite(parts, 1e8):
        raise NotComparable
    parts = [list(part) for part in parts]
    stacked = sample.stacked(parts)
    wanted = [
        mapped(lambda a: np.moveaxis(a, 0, sample.axis), part)
        if p in sample.places
        else mapped(lambda a: np.sum(a, axis=0), part)
        for p, part in enumerate(stacked)
    ]
    y, pullback = srcad.vjp(srcad.vmap(function, in_dims=sample.dims), *sample.given)
    against(y, sample.stacked(values), sample, "the value of vjp(vmap)")
    close(
        list(pullback(wholes)),
        wanted,
        "wrong: vjp(vmap)",
        2e5 * precision(parts, list(sample.given)),
    )


def over_forward(function, sample, case, rng):
    """The pushforward of a map: those of the examples, one by one."""
    values = each(function, sample)
    dots = [like(rng, example) for example in sample.examples]
    for dot in dots:
        for p in range(len(dot)):
            dot[p] = dot[p] if p in sample.places else dots[0][p]
    rows = [
        srcad.jvp(function, tuple(copied(example)), tuple(dot))[1]
        for example, dot in zip(sample.examples, dots)
    ]
    if not finite(rows, 1e8):
        raise NotComparable
    whole = [
        sample.stacked([dot[p] for dot in dots], sample.axis) if p in sample.places else dots[0][p]
        for p in range(len(sample.given))
    ]
    f = srcad.vmap(function, in_dims=sample.dims)
    y, y_dot = srcad.jvp(f, tuple(sample.given), tuple(whole))
    against(y, sample.stacked(values), sample, "the value of jvp(vmap)")
    tolerance = 2e5 * precision(rows, list(sample.given))
    close(y_dot, sample.stacked(rows), "wrong: jvp(vmap)", tolerance)


WAYS = [
    of_map, of_derivative(srcad.jacrev), of_map, over_reverse, of_map, of_nested, over_forward, of_map, of_derivative(srcad.jacfwd),
    of_derivative(srcad.grad), of_out_dims, of_derivative(srcad.value_and_grad), of_chunks, of_derivative(srcad.hessian),
]  # fmt: skip


def check_maps(case, seconds=30, ways=3):
    """Some of the ways to map a program, at all its sizes."""
    compared, what = 0, None
    if "int" in case.args.values():
        return Verdict("skipped")
    try:
        with warnings.catch_warnings(), limit(seconds), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            function = load(case.text).f
            for place, sizes in enumerate(case.sizes):
                for turn in range(ways):
                    rng = np.random.default_rng([case.seed, place, turn])
                    way = WAYS[(case.seed + place + turn * 5) % len(WAYS)]
                    count = int(rng.choice([0, 1, 2, 3, sizes[0], sizes[1], 5]))
                    what = f"{way.__name__}, n, m = {sizes}, B = {count}"
                    try:
                        sample = Sample(case, sizes, rng, count)
                        kept = copied(sample.given)
                        single_is_taken(way, function, sample, case)
                        way(function, sample, case, rng)
                    except NotComparable:
                        continue
                    if not same(kept, sample.given):
                        raise Failure("mutated: an argument is changed")
                    compared += 1
    except Skipped as skipped:
        return Verdict("refused", str(skipped), compared)
    except srcad.SrcadError as error:
        kind = "CoreError" if type(error).__name__ == "CoreError" else "refused under vmap"
        return Verdict(kind, f"{type(error).__name__}: {error} ({what})", compared)
    except Failure as failure:
        kind, _, detail = str(failure).partition(": ")
        return Verdict(kind, f"{detail} ({what})", compared)
    except Timeout:
        return Verdict("timeout", f"over {seconds} s ({what})", compared)
    except Exception as error:
        kind, detail = crash(error)
        return Verdict(kind, f"{detail} ({what})\n{traceback.format_exc()}", compared)
    return Verdict("ok" if compared else "skipped", "", compared)


def single_is_taken(way, function, sample, case):
    """Raise Skipped where what is under the map, or over it, does not take a single example."""
    try:
        srcad.vjp(function, *copied(sample.examples[0]))
        if way.__name__ == "over_forward":
            first = sample.examples[0]
            srcad.jvp(function, tuple(copied(first)), tuple(copied(first)))
    except srcad.SrcadError as error:
        raise refused(error) from error
    except Exception:
        raise NotComparable from None
