"""Random programs of real and complex numbers, held against differences and between the modes.

The conventions are those of `docs/notation.md`: a cotangent is dL/dx + i dL/dy, <a, b> = Re(conj(a) b), and the adjoint of
what is real is real. Differences are along a direction: complex for complex arguments, real for real ones.
"""

import warnings
from dataclasses import dataclass, replace

import numpy as np

import srcad
from tests.fuzz.check import Failure, Timeout, Verdict, crash, limit, load

__all__ = ["Program", "check", "generate", "shrink"]

_SIZE = 3


@dataclass
class Program:
    """A program of arguments, each "real" or "complex" with a rank."""

    seed: int
    text: str
    args: dict
    argnums: tuple
    mode: str = "complex"
    sizes: tuple = (_SIZE,)
    dtype: str = "mixed"
    lines: tuple = ()


# What is made of one operand of each rank: of any numbers, of complex ones, of real ones. `@` is the operand.
_ALL = [
    "np.sin(@)",
    "np.exp(0.3 * @)",
    "-@",
    "@ * (0.5 - 0.2j)",
    "np.cosh(0.4 * @)",
    "@ ** 2",
    "np.square(@)",
    "1 / (@ + 5)",
]
_ALL += [
    "np.sqrt(@ + 4)",
    "np.log(@ + 5)",
    "np.conj(@)",
    "np.abs(@)",
    "np.abs(@) ** 2",
    "np.real(@)",
    "@ - 0.7j",
    "np.arctan(0.2 * @)",
]
_ALL += [
    "@.conj()",
    "np.angle(@ + 3)",
    "np.tanh(0.3 * @)",
    "np.sign(@) * 0.5",
    "np.reciprocal(@ + 6)",
    "(@ + 4) ** 1.5",
    "np.positive(@)",
]
_ALL += [
    "(@ + 4) ** (0.5 + 0.2j)",
    "2.0 ** (0.3 * @)",
    "np.exp(1j * @)",
    "np.hypot(np.real(@), np.imag(@) + 2)",
    "@ * np.conj(@)",
]
_ALL += [
    "np.arctan2(np.imag(@) + 1, np.real(@) + 4)",
    "np.power(@ + 4, 2.5)",
    "abs(@) * @",
    "np.where(np.real(@) > 0, @, 0.5 * @)",
]
_ALL += [
    "np.log1p(0.2 * @)",
    "np.expm1(0.3 * @)",
    "np.sinh(0.3 * @)",
    "np.nan_to_num(@)",
    "@.astype(complex)",
    "np.arcsin(0.1 * @)",
]
_COMPLEX = [
    "@.real",
    "@.imag",
    "np.imag(@)",
    "@.real * @.imag",
    "np.abs(@.conj())",
    "@.real + 2j * @.imag",
]
_REAL = [
    "np.maximum(@, 0.1)",
    "np.exp(1j * @)",
    "@ + 1j",
    "np.clip(@, -1.0, 1.0)",
    "@.astype(np.complex128)",
    "np.cos(@)",
]
_VECTOR = [
    "np.fft.fft(@)",
    "np.fft.ifft(@)",
    "np.cumsum(@)",
    "np.cumprod(@)",
    "@[::-1]",
    "np.fft.fftshift(@)",
    "np.convolve(@, @)[1:4]",
]
_VECTOR += [
    "np.diag(@)",
    "np.outer(@, @)",
    "np.sum(@)",
    "np.mean(@)",
    "np.linalg.norm(@)",
    "np.vdot(@, @)",
    "np.prod(@)",
    "@[1]",
    "np.var(@)",
]
_VECTOR += [
    "np.std(@)",
    "np.roll(@, 1)",
    "np.fft.fft(@, n=4)[:3]",
    "np.correlate(@, @, 'same')",
    "np.dot(@, @)",
    "np.inner(@, @)",
]
_VECTOR += [
    "np.polyval(@, 0.5 + 0.1j)",
    "np.vander(@)",
    "np.append(@[1:], @[:1])",
    "np.linalg.norm(@, 1)",
    "np.einsum('i,i->', @, @)",
]
_VECTOR += [
    "np.fft.hfft(@)[:3]",
    "np.average(@, weights=np.array([0.2, 0.3, 0.5]))",
    "np.diff(@, append=0.5)",
    "np.tile(@, 2)[1:4]",
    "np.vecdot(@, @)",
]
_MATRIX = [
    "@.T",
    "@.conj().T",
    "np.linalg.inv(@ + 5 * np.eye(3))",
    "np.linalg.det(@)",
    "np.trace(@)",
    "np.fft.fft2(@)",
    "np.sum(@, axis=0)",
]
_MATRIX += [
    "np.mean(@, axis=1)",
    "np.linalg.norm(@)",
    "np.diag(@)",
    "@[1]",
    "@[:, ::-1]",
    "np.linalg.eigvalsh(@ + @.conj().T)",
    "@ @ @",
]
_MATRIX += [
    "np.linalg.norm(@, axis=0)",
    "np.linalg.cholesky(@ @ @.conj().T + 4 * np.eye(3))",
    "np.linalg.svd(@, compute_uv=False)",
]
_MATRIX += [
    "np.abs(np.linalg.qr(@)[1])",
    "np.linalg.slogdet(@)[1]",
    "np.triu(@)",
    "np.fft.fft(@, axis=0)",
    "np.cumsum(@, axis=1)",
]
_MATRIX += [
    "np.linalg.matrix_power(@, 2)",
    "np.linalg.pinv(@)",
    "np.cov(@)",
    "np.reshape(@, (9,))[2:5]",
    "np.linalg.norm(@, 'nuc')",
]
_MATRIX += [
    "np.einsum('ij->j', @)",
    "np.take(@, 1, axis=1)",
    "np.fft.ifft2(@)",
    "np.rot90(@)",
    "@.ravel()[::4]",
    "np.sort(np.abs(@), axis=0)",
]
_TWO = [
    "@ + #",
    "@ - 0.3 * #",
    "@ * #",
    "@ / (# + 6)",
    "np.multiply(@, #)",
    "np.where(np.abs(@) > 0.8, @, #)",
    "@ * np.conj(#)",
    "(@ + 5) ** #",
]
_TWO += ["np.add(@, #)", "np.where(np.real(@) > 0.1, #, 1j)"]
_VECTORS = [
    "np.vdot(@, #)",
    "np.dot(@, #)",
    "np.outer(@, #)",
    "@ @ #",
    "np.convolve(@, #)[1:4]",
    "np.correlate(@, #, 'same')",
    "np.kron(@, #)[2:5]",
]
_VECTORS += [
    "np.concatenate([@, #])[1:4]",
    "np.stack([@, #, @])",
    "np.linalg.norm(@ - #)",
    "np.cross(@, #)",
    "np.einsum('i,j->ij', @, #)",
]
_MATRICES = [
    "@ @ #",
    "np.linalg.solve(@ + 5 * np.eye(3), #)",
    "np.matmul(@, #.T)",
    "np.einsum('ij,kj->ik', @, #)",
    "np.tensordot(@, #, 1)",
]
_MATRICES += [
    "np.vecdot(@, #)",
    "np.matvec(@, #[0])" if hasattr(np, "matvec") else "@ @ #[0]",
    "np.linalg.lstsq(@, #)[0]",
]
_MIXED = [
    "@ @ #",
    "np.linalg.solve(@ + 5 * np.eye(3), #)",
    "@ * #",
    "# @ @",
    "np.vecdot(@, #)",
    "np.linalg.solve((@ + 5 * np.eye(3)).T, np.conj(#))",
]


class _Writer:
    def __init__(self, seed):
        self.rng = np.random.default_rng(seed)
        self.names, self.lines = {}, []
        self.values, self.count = {}, 0

    def pick(self, options):
        return options[int(self.rng.integers(len(options)))]

    def of_rank(self, rank):
        return [name for name, value in self.values.items() if np.ndim(value) == rank]

    def expression(self):
        name = self.pick(list(self.values))
        rank, real = np.ndim(self.values[name]), not np.iscomplexobj(self.values[name])
        same = self.of_rank(rank)
        lists = [_ALL, _REAL if real else _COMPLEX, _TWO]
        lists += [[], [_VECTOR, _VECTOR, _VECTORS], [_MATRIX, _MATRIX, _MATRICES]][rank]
        other = self.pick(same)
        if rank == 2 and self.of_rank(1) and self.rng.random() < 0.2:
            lists, other = [_MIXED], self.pick(self.of_rank(1))
        return self.pick(self.pick(lists)).replace("@", name).replace("#", other)

    def run(self, text, target=None, indent=0):
        """Write statements down if they run, and give ordinary numbers."""
        space = {
            **{k: np.copy(v)[()] if np.ndim(v) else v for k, v in self.values.items()},
            "np": np,
        }
        try:
            with np.errstate(all="raise"), warnings.catch_warnings():
                warnings.simplefilter("error")
                exec(text, space)
        except Exception:
            return
        made = {k: v for k, v in space.items() if k not in ("np", "__builtins__", "i")}
        for value in made.values():
            fine = isinstance(value, (np.ndarray, np.number, float, complex)) and np.ndim(value) < 3
            if not fine or np.any(~np.isfinite(value)) or np.max(np.abs(value), initial=0) > 30:
                return
            if np.ndim(value) and set(np.shape(value)) != {_SIZE}:
                return
        if not any(np.any(np.abs(v) > 1e-3) for v in made.values()):
            return
        self.values = made
        self.lines += text.split("\n")

    def statement(self):
        self.count += 1
        target, chance = f"v{self.count}", self.rng.random()
        name = self.pick(list(self.values))
        if chance < 0.68:
            self.run(f"{target} = {self.expression()}")
        elif chance < 0.74:
            self.run(
                f"{target} = {name}.copy()\n{target}[{self.pick(['0', '1:', '::2', '...'])}] {self.pick(['=', '+=', '*=', '-='])} 0.4 * {self.pick(list(self.values))}"
            )
        elif chance < 0.78:
            self.run(
                f"{target} = np.zeros(3, dtype=complex)\nfor i in range(3):\n    {target}[i] = {self.pick(self.of_rank(1) or [name])}[i] * ({self.pick(['1', '2j', 'i + 1j'])})"
            )
        elif chance < 0.84:
            self.run(
                f"{target} = {name}\nfor i in range(2):\n    {target} = {self.expression().replace(name, target)}"
            )
        elif chance < 0.92:
            condition = f"np.sum(np.abs({name})) > {self.rng.random() * 3:.2f}"
            one, two = self.expression(), self.expression()
            self.run(f"if {condition}:\n    {target} = {one}\nelse:\n    {target} = {two}")
        else:
            self.run(
                f"{target} = {self.expression()}\n{self.pick([name, target])} {self.pick(['+', '*', '-'])}= 0.5 * {self.pick([target, name])}"
            )


def generate(seed):
    """A program: its arguments are x (real or complex), y, A."""
    rng = np.random.default_rng([seed, 1])
    kinds = {
        "x": ("real", "complex")[int(rng.integers(2))],
        "y": ("real", "complex", "complex")[int(rng.integers(3))],
    }
    kinds["A"] = ("real", "complex")[int(rng.integers(2))]
    args = {name: (kind, 2 if name == "A" else 1) for name, kind in kinds.items()}
    writer = _Writer([seed, 2])
    writer.values = dict(zip(args, _draw(rng, args)))
    start = dict(writer.values)
    wanted = int(rng.integers(2, 7))
    for _ in range(40):
        if len(writer.values) >= len(args) + wanted:
            break
        writer.statement()
    ends = [name for name in writer.values if name not in start] or ["x"]
    result = ends[-1] if rng.random() < 0.6 or len(ends) < 2 else f"({ends[-1]}, {ends[-2]})"
    return Program(
        seed,
        _text(writer.lines, result),
        args,
        tuple(range(len(args))),
        lines=(*writer.lines, result),
    )


def _text(lines, result):
    return (
        "\n    ".join(["import numpy as np\n\n\ndef f(x, y, A):", *lines, f"return {result}"])
        + "\n"
    )


def _draw(rng, args):
    made = []
    for kind, rank in args.values():
        shape = (_SIZE,) * rank
        value = rng.normal(size=shape)
        made.append(value + 1j * rng.normal(size=shape) if kind == "complex" else value)
    return made


def _like(rng, value):
    made = rng.normal(size=np.shape(value))
    if np.iscomplexobj(value):
        made = made + 1j * rng.normal(size=np.shape(value))
    return (
        made
        if isinstance(value, np.ndarray)
        else made[()]
        if isinstance(made, np.ndarray)
        else made
    )


def _inner(a, b):
    return sum(float(np.sum(np.real(np.conj(p) * q))) for p, q in zip(a, b))


def _flat(value):
    return list(value) if isinstance(value, tuple) else [value]


def check(case, seconds=30):
    """Hold the derivatives of a program against differences, and forward mode against reverse mode."""
    try:
        with warnings.catch_warnings(), limit(seconds), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            compared = _examine(load(case.text).f, case)
    except srcad.SrcadError as error:
        kind = "CoreError" if type(error).__name__ == "CoreError" else "refused"
        return Verdict(kind, f"{type(error).__name__}: {error.what}")
    except Failure as failure:
        kind, _, detail = str(failure).partition(": ")
        return Verdict(kind, detail)
    except Timeout:
        return Verdict("timeout", f"over {seconds} s")
    except np.linalg.LinAlgError:  # the inverse of a matrix whose determinant is 0
        return Verdict("skipped")
    except Exception as error:
        return Verdict(*crash(error))
    return Verdict("ok" if compared else "skipped", "", compared)


def shrink(case, verdict):
    """The case with as few statements as fail in the same way, and what becomes of it."""
    smaller = True
    while smaller:
        smaller = False
        *lines, result = case.lines
        for first in range(len(lines)):
            for count in (3, 2, 1):
                kept = (*lines[:first], *lines[first + count :], result)
                part = replace(case, text=_text(kept[:-1], result), lines=kept)
                try:
                    found = check(part)
                except SyntaxError:  # half of a loop
                    continue
                if len(kept) < len(case.lines) and found.kind == verdict.kind:
                    case, verdict, smaller = part, found, True
                    break
            if smaller:
                break
    return case, verdict


def _examine(function, case):
    # The first draw is that of the generator, whose intermediate values are tame.
    rng = np.random.default_rng([case.seed, 1])
    rng.integers(2), rng.integers(3), rng.integers(2)
    args = _draw(rng, case.args)
    rng = np.random.default_rng([case.seed, 3])
    try:
        value = _flat(function(*(a.copy() for a in args)))
    except ValueError:  # a store to what NumPy does not let be written
        return 0
    if any(np.asarray(leaf).dtype.kind not in "fc" for leaf in value):
        return 0
    dots = [_like(rng, a) for a in args]
    y, y_dot = srcad.jvp(function, tuple(a.copy() for a in args), tuple(dots))
    _alike(_flat(y), value, "value")
    for leaf, dot in zip(_flat(y), _flat(y_dot)):
        if np.shape(leaf) != np.shape(dot) or np.asarray(leaf).dtype != np.asarray(dot).dtype:
            raise Failure(
                f"form: the tangent is {np.asarray(dot).dtype}{np.shape(dot)} of {np.asarray(leaf).dtype}{np.shape(leaf)}"
            )
    slopes = _slopes(function, args, dots)
    if slopes is None:
        return 0
    _alike(_flat(y_dot), slopes, "wrong: tangent by differences", 1e-5)
    y, pullback = srcad.vjp(function, *(a.copy() for a in args))
    y_bar = [_like(rng, leaf) for leaf in value]
    bars = pullback(tuple(y_bar) if isinstance(y, tuple) else y_bar[0])
    for a, bar in zip(args, bars):
        if a.shape != bar.shape or a.dtype != bar.dtype:
            raise Failure(f"form: the cotangent is {bar.dtype}{bar.shape} of {a.dtype}{a.shape}")
    forward, backward = _inner(y_bar, _flat(y_dot)), _inner(bars, dots)
    size = 1 + sum(float(np.sum(np.abs(bar))) for bar in bars)
    if not abs(forward - backward) <= 1e-9 * size:
        raise Failure(f"wrong: forward mode gives {forward:.12g}, reverse mode {backward:.12g}")
    return 1 + (case.seed % 4 == 0 and _second_order(function, args, dots, y_bar))


def _second_order(function, args, dots, y_bar):
    """How the pullback changes along a direction: forward mode over it against its differences."""

    def gradient(*args):
        y, pullback = srcad.vjp(function, *args)
        return pullback(tuple(y_bar) if isinstance(y, tuple) else y_bar[0])

    def total(*args):
        parts = _flat(function(*args))
        return sum(np.sum(np.real(np.conj(bar) * part)) for bar, part in zip(y_bar, parts))

    slopes = _slopes(gradient, args, dots)
    if slopes is None:
        return 0
    _, product = srcad.hvp(total, tuple(args), tuple(dots))
    _alike(_flat(tuple(product)), slopes, "wrong: hvp by differences", 1e-4)
    return 1


def _slopes(function, args, dots):
    """Differences along a direction, or None where they do not settle."""

    def at(step):
        return [
            np.asarray(leaf)
            for leaf in _flat(function(*(a + step * d for a, d in zip(args, dots))))
        ]

    found = []
    for step in (1e-4, 5e-5):
        found.append([(up - down) / (2 * step) for up, down in zip(at(step), at(-step))])
    finer = [(4 * two - one) / 3 for one, two in zip(*found)]
    for one, two in zip(finer, found[1]):
        scale = 1 + np.max(np.abs(one), initial=0)
        if (
            not np.all(np.isfinite(one))
            or np.max(np.abs(one - two), initial=0) > 1e-4 * scale
            or scale > 1e5
        ):
            return None
    return finer


def _alike(found, wanted, what, tolerance=1e-9):
    for a, b in zip(found, wanted):
        scale = 1 + np.max(np.abs(b), initial=0)
        if (
            np.shape(a) != np.shape(b)
            or not np.max(np.abs(np.asarray(a) - b), initial=0) <= tolerance * scale
        ):
            raise Failure(f"{what if ':' in what else f'{what}: it'} {a!r} is not {b!r}")
