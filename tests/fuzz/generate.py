"""Random programs over the breadth that srcad accepts, as Python source text.

    case = generate(seed)      # case.text defines `f`; the rest says how to call it

Shapes are tuples of symbols: "n" and "m" are sizes that vary from call to call, "p" is n - 1, "1" is one. A name
keeps its shape, so that nearly every program runs. Which constructs a program favours is drawn first (swarm testing).
"""

import random
from dataclasses import dataclass, field

from tests.fuzz.writes import KINDS, Writes

__all__ = ["Case", "generate"]

ARGUMENTS = {
    "x": ("n",), "y": ("n",), "z": ("m",), "A": ("n", "m"), "B": ("n", "m"), "r": ("n", "1"), "c": ("1", "m"),
    "w": ("1",), "s": (), "t": (), "k": "int",
}  # fmt: skip
SIZES = {
    "n": ["len(x)", "x.shape[0]", "x.size", "np.size(x)"],
    "p": ["len(x) - 1"],
    "1": ["1"],
    "q": ["len(a)"],
}
# Slices of a size that are equally long.
EQUAL = [
    ["1:", ":-1"],
    ["1:-1", "2:", ":-2"],
    ["::2"],
    ["::-1", ":", "..."],
    [":2"],
    ["-2:"],
    ["1::2"],
    [":1"],
]
UNARY = [
    "np.sin({0})", "np.cos({0})", "np.tanh({0})", "np.exp(np.tanh({0}))", "np.sqrt({0} ** 2 + 1)", "np.abs({0})",
    "np.log(1 + {0} ** 2)", "(-{0})", "({0} ** 2)", "(0.3 * {0} ** 3)", "np.arctan({0})", "(1 / (1 + np.exp(-{0})))",
    "np.maximum({0}, 0.1)", "np.clip({0}, -0.9, 0.9)", "np.square({0})", "(2 - {0})", "sin({0})", "({0} * 0.5)",
    "(1 / (2 + np.cos({0})))", "np.where({0} > 0.2, {0}, 0.5)", "np.log1p(np.square({0}))", "numpy.sinh(0.3 * {0})",
    "np.negative({0})", "np.minimum(0.4, {0})", "np.sign({0}) * {0}", "stretch({0})", "np.multiply({0}, GAIN)",
    "(abs({0}) + 0.5) ** 1.5", "2 ** {0}", "np.arcsin(0.9 * np.sin({0}))", "({0} / 3)", "+{0}",
]  # fmt: skip
BINARY = [
    "({0} + {1})", "({0} - {1})", "({0} * {1})", "({0} / (2 + {1} * {1}))", "np.maximum({0}, {1})",
    "np.minimum({0}, {1})", "np.where({0} > {1}, {0}, 2 * {1})", "np.hypot({0}, 1 + {1} ** 2)", "np.add({0}, {1})",
    "({0} * 2 - {1} * 0.5)", "np.logaddexp({0}, {1})", "np.arctan2({0}, 1 + {1} ** 2)", "(0.5 + {0} ** 2) ** {1}",
    "np.where({1} < 0.3, {0} * {1}, {0})", "np.subtract({0}, {1})", "mix({0}, {1})", "np.copysign({0}, 1.0) * {1}",
]  # fmt: skip
TO_SCALAR = [
    "np.sum({0})", "{0}.sum()", "np.mean({0})", "{0}.mean()", "np.max({0})", "{0}.min()", "np.prod(1 + 0.2 * {0})",
    "np.var({0})", "np.sqrt({0}.var() + 0.5)", "np.linalg.norm({0} + 1.7)", "np.sum({0} * {0})", "np.sum({0}, axis=None)", "np.amax({0})",
    "{0}.prod()",
]  # fmt: skip
DOTS = [
    "({0} @ {1})",
    "np.dot({0}, {1})",
    "np.einsum('i,i->', {0}, {1})",
    "{0}.dot({1})",
    "np.einsum('i,i', {0}, {1})",
]
DOWN = ["np.sum({0}, axis={1})", "{0}.sum({1})", "{0}.mean(axis={1})", "np.max({0}, axis={1})", "np.prod({0}, {1})",
        "np.sqrt(0.2 + {0}.var(axis={1}))", "np.min({0}, axis={1})", "np.linalg.norm({0} + 1.7, axis={1})", "np.var({0}, axis={1})"]  # fmt: skip


@dataclass
class Case:
    """A program, and how its function `f` is called: arguments with their shapes, which to differentiate, the transform."""

    seed: int
    text: str
    args: dict[str, tuple[str, ...] | str]
    argnums: tuple[int, ...]
    mode: str
    sizes: list[tuple[int, int]]
    dtype: str = "float64"
    output: str = ""
    features: dict[str, float] = field(default_factory=dict)


class Writer(Writes):
    """Writes one program."""

    def __init__(self, seed: int) -> None:
        self.rng = random.Random(seed)
        self.lines: list[str] = []
        self.counter = 0
        kinds = ["assign", "new", "augment", "store", "store_slice", "alias", "branch", "for_range", "for_over", "while",
                 "swap", "unpack", "ternary", "helper", "flag", "grow", "container", "rank2", "jump", "endless", "match",
                 "walrus", "attempt", "check", "context", "results"]  # fmt: skip
        self.weight = {kind: self.rng.choice([0.0, 0.3, 1.0, 1.0, 3.0]) for kind in kinds}
        self.weight |= {kind: self.rng.choice([0.0, 0.0, 0.2, 0.5, 1.5]) for kind in KINDS}
        self.weight["assign"] = max(self.weight["assign"], 0.5)
        self.in_loop = 0
        # Whether the function may return out of a loop: then what it returns is a number.
        self.returns = False

    def pick(self, options):
        return self.rng.choice(list(options))

    def chance(self, p):
        return self.rng.random() < p

    def fresh(self, base="v"):
        self.counter += 1
        return f"{base}{self.counter}"

    def put(self, text):
        self.lines.append("    " * self.indent + text)

    # expressions

    def size(self, dim):
        return self.pick(self.sizes[dim])

    def shape_text(self, shape):
        if len(shape) == 1 and self.chance(0.7):
            return self.size(shape[0])
        return f"({', '.join(self.size(dim) for dim in shape)}{',' if len(shape) == 1 else ''})"

    def names(self, shape):
        return [name for name, found in self.env.items() if found == shape]

    def index(self, dim):
        loops = [name for name, over in self.indices.items() if over == dim]
        if loops and self.chance(0.75):
            i = self.pick(loops)
            return self.pick([i, i, i, f"{i} - 1", f"-{i} - 1", f"({i} + 1) % {self.size(dim)}"])
        return self.pick(["0", "-1", "0", "1", "-2"] if dim != "1" else ["0", "-1"])

    def constant(self):
        return self.pick(["0.5", "2.0", "1", "-0.3", "0.7", "2", "GAIN", "0.1", "3"])

    def atom(self, shape):
        found = self.names(shape)
        if found and self.chance(0.85):
            return self.pick(found[-4:] if self.chance(0.6) else found)
        if shape == ():
            arrays = [(name, s) for name, s in self.env.items() if isinstance(s, tuple) and s]
            if arrays and self.chance(0.6):
                name, s = self.pick(arrays)
                return f"{name}[{', '.join(self.index(dim) for dim in s)}]"
            ints = [name for name, s in self.env.items() if s == "int"] + list(self.indices)
            return self.pick(ints) if ints and self.chance(0.3) else self.constant()
        if shape == ("n",) and self.chance(0.2) and "x" in self.env:
            return self.pick(
                ["WEIGHTS[:len(x)] * 1", "np.arange(len(x))", "np.linspace(0, 1, len(x))"]
            )
        bigger = [
            name
            for name, s in self.env.items()
            if isinstance(s, tuple) and len(s) == 2 and s[0] == shape[0]
        ]
        if len(shape) == 1 and bigger and self.chance(0.4):
            return f"{self.pick(bigger)}[:, 0]"
        made = self.shape_text(shape)
        scalar = self.pick([*self.names(()), "0.5", "1"])
        return self.pick(
            [f"np.full({made}, {scalar} * 1.0)", f"np.ones({made}) * {scalar}", f"np.zeros({made})"]
        )

    def smaller(self, shape):
        """A shape that broadcasts to `shape`."""
        if shape and self.chance(0.35):
            cut = shape[self.rng.randrange(1, len(shape) + 1) :]
            return cut if cut in self.makeable else ()
        if len(shape) == 2 and self.chance(0.3):
            made = self.pick([("1", shape[1]), (shape[0], "1")])
            return made if made in self.makeable else shape
        return shape

    def expr(self, shape, depth=2):
        rng = self.rng
        if depth <= 0 or rng.random() < 0.15:
            return self.atom(shape)
        roll = rng.random()
        if roll < 0.3:
            return self.pick(UNARY).format(self.expr(shape, depth - 1))
        if roll < 0.6:
            left, right = shape, self.smaller(shape)
            if len(shape) == 2 and (shape[0], "1") in self.makeable and self.chance(0.15):
                left, right = (shape[0], "1"), (shape[1],) if self.chance(0.5) else ("1", shape[1])
            if self.chance(0.5):
                left, right = right, left
            return self.pick(BINARY).format(self.expr(left, depth - 1), self.expr(right, depth - 1))
        made = self.special(shape, depth - 1)
        return made if made is not None else self.pick(UNARY).format(self.expr(shape, depth - 1))

    def special(self, shape, depth):
        pick, e = self.pick, self.expr
        vectors = [s for s in self.makeable if len(s) == 1]
        if shape == ():
            options = [lambda: pick(TO_SCALAR).format(self.operand(pick(self.makeable[1:]), depth))]
            options.append(lambda: self.atom(()))
            v = pick(vectors)
            options.append(
                lambda: pick(DOTS).format(self.operand(v, depth), self.operand(v, depth))
            )
            options.append(lambda: f"math.{pick(['sin', 'cos', 'tanh', 'atan'])}({e((), depth)})")
            options.append(lambda: f"{pick(['max', 'min'])}({e((), depth)}, {e((), depth)})")
            name = pick(
                [n for n, s in self.env.items() if isinstance(s, tuple) and len(s) == 1] or ["x"]
            )
            options.append(lambda: f"np.sum({name}[{pick(pick(EQUAL))}])")
            if "int" in self.env.values():
                options.append(lambda: f"{e((), depth)} ** {pick(self.names('int'))}")
            return pick(options)()
        if len(shape) == 1:
            (d,) = shape
            options = [lambda: f"np.cumsum({e(shape, depth)})", lambda: f"{self.operand(shape, depth)}[::-1]",
                       lambda: f"{self.operand(shape, depth)}.copy()", lambda: f"{self.atom(shape)}"]  # fmt: skip
            if d in ("n", "m", "q"):
                v = self.operand(shape, depth)
                options.append(lambda: f"np.concatenate([{v}[1:], {v}[:1]])")
                options.append(
                    lambda: (
                        f"np.concatenate(({self.operand(shape, 0)}[:1], {self.operand(shape, depth)}[1:]), axis=0)"
                    )
                )
                options.append(lambda: f"np.broadcast_to({e((), depth)}, {self.shape_text(shape)})")
            if d == "p":
                options += [
                    lambda: f"np.diff({e(('n',), depth)})",
                    lambda: self.sliced("n", EQUAL[0], depth),
                ] * 2
            for s in self.makeable:
                if len(s) == 2 and d in s and s[0] != s[1]:
                    axis = 1 - s.index(d)
                    options.append(
                        lambda s=s, axis=axis: pick(DOWN).format(
                            self.operand(s, depth), pick([axis, axis - 2])
                        )
                    )
                    other = (s[axis],)
                    if axis == 1:
                        options.append(
                            lambda s=s: f"({e(s, depth)}) @ {self.operand(other, depth)}"
                        )
                        options.append(
                            lambda s=s: f"np.einsum('ij,j->i', {e(s, depth)}, {e(other, depth)})"
                        )
                        options.append(lambda s=s: f"{self.operand(s, 0)}[:, {self.index(s[1])}]")
                    else:
                        options.append(
                            lambda s=s: f"{self.operand(other, depth)} @ ({e(s, depth)})"
                        )
                        options.append(
                            lambda s=s: f"np.dot({self.operand(s, depth)}.T, {e(other, depth)})"
                        )
                        options.append(lambda s=s: f"{self.operand(s, 0)}[{self.index(s[0])}]")
                    if "1" in s and axis == 1:
                        options.append(lambda s=s: f"np.squeeze({e(s, depth)}, axis=1)")
                        options.append(lambda s=s: f"{self.operand(s, depth)}.reshape(-1)")
                        options.append(lambda s=s: f"{self.operand(s, depth)}.ravel()")
            if d == "n":
                options.append(
                    lambda: (
                        f"np.linalg.solve(2 * np.eye({self.size('n')}) + 0.1 * np.outer({self.atom(shape)}, {self.atom(shape)}), {e(shape, depth)})"
                    )
                )
                options.append(lambda: f"np.diag(np.outer({e(shape, depth)}, {self.atom(shape)}))")
            return pick(options)()
        d, k = shape
        options = [lambda: f"{self.operand(shape, depth)}.copy()", lambda: f"np.cumsum({e(shape, depth)}, axis={pick([0, 1, -1])})",
                   lambda: f"{self.operand(shape, 0)}[::-1]", lambda: f"{self.operand(shape, 0)}[:, ::-1]"]  # fmt: skip
        if (d,) in self.makeable and (k,) in self.makeable and k != "1" and d != "1":
            options += [
                lambda: f"np.outer({e((d,), depth)}, {e((k,), depth)})",
                lambda: f"{self.operand((d,), depth)}[:, None] * {e((k,), depth)}",
                lambda: f"np.einsum('i,j->ij', {e((d,), depth)}, {e((k,), depth)})",
                lambda: (
                    f"{self.operand((d,), depth)}.reshape(-1, 1) - {self.operand((k,), depth)}[None, :]"
                ),
                lambda: f"np.broadcast_to({e((k,), depth)}, {self.shape_text(shape)})",
                lambda: (
                    f"{self.operand(shape, depth)} @ np.outer({self.atom((k,))}, {self.atom((k,))})"
                ),
                lambda: f"({self.operand(shape, depth)}.T).T",
                lambda: f"np.transpose({e(shape, depth)}).T",
                lambda: (
                    f"np.concatenate([{self.operand(shape, 0)}[1:], {self.operand(shape, 0)}[:1]], axis=0)"
                ),
                lambda: (
                    f"({self.operand(shape, depth)} - {self.operand(shape, 0)}.mean(axis={pick([0, 1])}, keepdims=True))"
                ),
            ]
        if k == "1":
            options.append(lambda: f"{self.operand((d,), depth)}[:, None]")
            options.append(lambda: f"np.expand_dims({e((d,), depth)}, 1)")
            options.append(lambda: f"{self.operand((d,), depth)}.reshape(-1, 1)")
        elif d == "1":
            options.append(lambda: f"np.expand_dims({e((k,), depth)}, axis=0)")
            options.append(lambda: f"{self.operand((k,), depth)}[None, :]")
        return pick(options)()

    def operand(self, shape, depth):
        """An expression that a method can be called on, and that is an array for certain."""
        found = self.names(shape)
        if found and (depth <= 0 or self.chance(0.6)):
            return self.pick(found)
        return f"({self.expr(shape, depth)})"

    def sliced(self, dim, equal, depth):
        """An elementwise expression over slices of equal length."""
        if depth <= 0 or self.chance(0.3):
            found = self.names((dim,))
            if not found or self.chance(0.15):
                return self.expr((), 1)
            return f"{self.pick(found)}[{self.pick(equal)}]"
        if self.chance(0.4):
            return self.pick(UNARY).format(self.sliced(dim, equal, depth - 1))
        return self.pick(BINARY).format(
            self.sliced(dim, equal, depth - 1), self.sliced(dim, equal, depth - 1)
        )

    def condition(self, depth=2):
        ints = [name for name, s in self.env.items() if s == "int"] + list(self.indices)
        flags = self.names("bool")
        roll = self.rng.random()
        if flags and roll < 0.2:
            return self.pick(flags)
        if ints and roll < 0.35:
            return f"{self.pick(ints)} {self.pick(['> 1', '% 2 == 0', '== 0', '!= 1', '< 2'])}"
        if depth and roll < 0.45:
            return f"({self.condition(0)} {self.pick(['and', 'or'])} {self.condition(0)})"
        if depth and roll < 0.5:
            return f"not ({self.condition(0)})"
        if roll < 0.6:
            return f"-0.5 < {self.expr((), 1)} < 0.8"
        return f"{self.expr((), 1)} {self.pick(['>', '<', '>=', '<='])} {self.pick(['0.3', '-0.2', '1', self.expr((), 0)])}"

    # statements

    def block(self, count, depth):
        length = len(self.lines)
        for _ in range(count):
            kinds = [
                k
                for k in self.weight
                if depth > 0
                or k
                not in (
                    "branch",
                    "for_range",
                    "for_over",
                    "while",
                    "flag",
                    "grow",
                    "endless",
                    "match",
                    "attempt",
                )
            ]
            kind = self.rng.choices(kinds, [self.weight[k] + 0.01 for k in kinds])[0]
            getattr(self, f"do_{kind}")(depth)
        if len(self.lines) == length:
            self.put("pass")

    def writable(self):
        return [(n, s) for n, s in self.env.items() if isinstance(s, tuple) and s]

    def do_assign(self, depth):
        found = [(n, s) for n, s in self.env.items() if isinstance(s, tuple)]
        name, shape = self.pick(found)
        self.put(f"{name} = {self.expr(shape, 2)}")

    def do_new(self, depth):
        shape = self.pick(self.makeable)
        name = self.fresh("v" if shape else "a")
        if shape and self.chance(0.5):
            made = self.shape_text(shape)
            like = self.names(shape)
            texts = [f"np.zeros({made})", f"np.ones({made})", self.expr(shape, 1)]
            texts += (
                [
                    f"np.zeros_like({like[0]})",
                    f"{like[-1]}.copy()",
                    f"np.empty_like({like[0]})[:] * 0 + 1",
                ]
                if like
                else []
            )
            text = self.pick(texts[:-1] if like else texts)
        else:
            text = self.expr(shape, 2)
        self.put(f"{name} = {text}")
        self.env[name] = shape

    def do_augment(self, depth):
        name, shape = self.pick([(n, s) for n, s in self.env.items() if isinstance(s, tuple)])
        value = self.expr(self.smaller(shape), 2)
        op = self.pick(["+=", "-=", "*=", "+=", "/="])
        if op == "/=":
            value = f"(2 + np.cos({value}))"
        self.put(f"{name} {op} {value}")

    def do_store(self, depth):
        found = self.writable()
        if not found:
            return
        name, shape = self.pick(found[-5:])
        if len(shape) == 2 and self.chance(0.4):
            row = self.chance(0.5)
            value = self.pick([(), (shape[1] if row else shape[0],)])
            value = value if value in self.makeable else ()
            where = self.index(shape[0]) if row else f":, {self.index(shape[1])}"
            self.put(f"{name}[{where}] {self.pick(['=', '+=', '-=', '*='])} {self.expr(value, 2)}")
            return
        if len(shape) == 1 and self.chance(0.1):
            self.put(f"{name}[{name} > {self.constant()}] = {self.expr((), 1)}")
            return
        where = ", ".join(self.index(dim) for dim in shape)
        self.put(f"{name}[{where}] {self.pick(['=', '=', '+=', '-=', '*='])} {self.expr((), 2)}")

    def do_store_slice(self, depth):
        found = [(n, s) for n, s in self.writable() if len(s) == 1]
        if not found:
            return
        name, (dim,) = self.pick(found)
        equal = self.pick(EQUAL)
        op = self.pick(["=", "+=", "-=", "*=", "+="])
        self.put(f"{name}[{self.pick(equal)}] {op} {self.sliced(dim, equal, 2)}")

    def do_alias(self, depth):
        found = self.writable()
        if not found:
            return
        name, shape = self.pick(found)
        old = [n for n in self.names(shape) if n != name]
        new = self.pick(old) if old and self.chance(0.3) else self.fresh("u")
        roll = self.rng.random()
        if roll < 0.45 or len(shape) > 2:
            self.put(f"{new} = {name}")
            self.env[new] = shape
        elif shape == ("n",) and roll < 0.75:
            new = self.fresh("u")
            self.put(f"{new} = {name}[{self.pick(['1:', ':-1'])}]")
            self.env[new] = ("p",)
        elif len(shape) == 1:
            self.put(f"{new} = {name}[{self.pick([':', '::-1', '...'])}]")
            self.env[new] = shape
        else:
            new = self.fresh("u")
            axis = self.pick([0, 1])
            self.put(
                f"{new} = {name}[{self.index(shape[0])}]"
                if axis == 0
                else f"{new} = {name}[:, {self.index(shape[1])}]"
            )
            self.env[new] = (shape[1 - axis],)

    def do_branch(self, depth):
        self.put(f"if {self.condition()}:")
        before = dict(self.env)
        ends = []
        for header in [
            None,
            *(["elif"] if self.chance(0.2) else []),
            *(["else"] if self.chance(0.6) else []),
        ]:
            self.env = dict(before)
            if header:
                self.put("else:" if header == "else" else f"elif {self.condition()}:")
            self.nested(self.rng.randint(1, 3), depth - 1)
            ends.append(self.env)
            last = header
        if last != "else":
            ends.append(before)
        self.env = {n: s for n, s in ends[0].items() if all(end.get(n) == s for end in ends)}

    def nested(self, count, depth):
        self.indent += 1
        self.block(count, depth)
        self.indent -= 1

    def do_flag(self, depth):
        """A value that is set on one path of a branch only, and read under the same flag."""
        flag, name, shape = self.fresh("flag"), self.fresh("only"), self.pick(self.makeable)
        self.put(f"{flag} = {self.condition()}")
        self.put(f"if {flag}:")
        self.indent += 1
        self.put(f"{name} = {self.expr(shape, 2)}")
        self.indent -= 1
        kept = self.pick([n for n, s in self.env.items() if isinstance(s, tuple)])
        self.block(1, 0)
        self.put(f"if {flag}:")
        self.indent += 1
        hidden, self.env = self.env, {**self.env, name: shape}
        self.put(f"{kept} = {self.expr(self.env[kept], 1)} + np.sum({name})")
        self.indent -= 1
        self.env = hidden
        self.env[flag] = "bool"

    def loop(self, header, inside, indices, depth, end=None):
        self.put(header)
        before, kept = dict(self.env), dict(self.indices)
        self.env.update(inside)
        self.indices.update(indices)
        self.in_loop += 1
        jumps = self.weight["jump"] and self.chance(0.4)
        if end and jumps:  # before a `continue` may skip it
            self.put("    " + end)
        if jumps:
            self.indent += 1
            self.do_jump(depth)
            self.indent -= 1
        kept_jump = self.weight["jump"]
        if end and not jumps:
            self.weight["jump"] = -0.01
        self.nested(self.rng.randint(1, 3), depth - 1)
        self.weight["jump"] = kept_jump
        if end and not jumps:
            self.put("    " + end)
        self.in_loop -= 1
        self.env = {n: s for n, s in before.items() if n not in inside}
        self.indices = kept
        if jumps and self.chance(0.25):
            self.put("else:")
            self.nested(1, 0)
            self.env = {n: s for n, s in before.items() if n not in inside}

    def do_jump(self, depth):
        """Leave an iteration or the loop, after something or at once."""
        if not self.in_loop or self.weight["jump"] < 0:
            return
        self.put(f"if {self.condition()}:")
        before = dict(self.env)
        if self.chance(0.4):
            self.nested(1, 0)
        self.env = before
        jump = self.pick(["break", "break", "continue", "return"])
        if jump == "return":
            scalar = self.expr((), 1)
            jump = f"return np.sum({scalar}) * 1.0" if self.returns else "break"
        self.put("    " + jump)

    def do_endless(self, depth):
        """A loop that a count ends at the latest."""
        if self.in_loop > 1:
            return
        i, before = self.fresh("j"), dict(self.env)
        self.put(f"{i} = 0")
        self.put("while True:")
        self.put(f"    {i} += 1")
        self.in_loop += 1
        self.indices[i] = "const"
        first = self.chance(0.5)
        if not first:
            jump, self.weight["jump"] = (
                self.weight["jump"],
                -0.01,
            )  # a `continue` would skip the end
            self.nested(self.rng.randint(1, 2), depth - 1)
            self.weight["jump"] = jump
            self.env = before
        self.put(f"    if {i} > {self.pick(['1', '2', '3'])}:")
        if self.chance(0.2):
            self.indent += 1
            self.nested(1, 0)
            self.indent -= 1
            self.env = before
        self.put("        break")
        if first:
            self.nested(self.rng.randint(1, 2), depth - 1)
        self.env = before
        self.in_loop -= 1
        del self.indices[i]

    def do_match(self, depth):
        ints = [name for name, s in self.env.items() if s == "int"] + list(self.indices)
        if ints and self.chance(0.7):
            subject = f"{self.pick(ints)} % 3"
            patterns = self.pick([["0", "1 | 2"], ["1", "_"], ["0", "1", "_"], ["0 as h", "h"]])
        elif self.chance(0.5):
            subject = f"{self.condition(0)}, {self.condition(0)}"
            patterns = self.pick([["(True, False)", "_"], ["[True, True]", "(False, _)"]])
        else:
            subject = self.expr((), 1)
            patterns = [f"h if h > {self.constant()}", "_"]
        self.put(f"match {subject}:")
        before = dict(self.env)
        self.indent += 1
        for pattern in patterns:
            self.put(f"case {pattern}:")
            self.nested(self.rng.randint(1, 2), depth - 1)
            self.env = dict(before)
        self.indent -= 1

    def do_attempt(self, depth):
        """A body that raises, or does not, before or after something was done."""
        error = self.pick(["ValueError", "ValueError", "ArithmeticError", "(KeyError, ValueError)"])
        raised = self.pick(["ValueError", "ZeroDivisionError", "KeyError"])
        before, jump = dict(self.env), self.weight["jump"]
        self.put("try:")
        self.indent += 1
        if self.chance(0.4):
            self.block(1, 0)
        self.put(f"if {self.condition()}:")
        if self.chance(0.3):
            kept = dict(self.env)
            self.nested(1, 0)
            self.env = kept
        self.put(f"    raise {self.pick([raised, 'ValueError', 'ValueError'])}('no')")
        self.block(self.rng.randint(1, 2), depth - 1)
        if not self.in_loop and self.returns and self.chance(0.1):
            self.put(f"return np.sum({self.expr((), 1)}) * 1.0")
        ends = [self.env]
        self.indent -= 1
        for caught in [error, *(["Exception as e"] if self.chance(0.5) else [])]:
            self.env = dict(before)
            self.put(f"except {caught}:")
            self.nested(self.rng.randint(1, 2), 0)
            ends.append(self.env)
        if self.chance(0.25):
            self.env = dict(ends[0])
            self.put("else:")
            self.nested(1, 0)
            ends[0] = self.env
        self.env = {n: s for n, s in before.items() if all(end.get(n) == s for end in ends)}
        if self.chance(0.25):
            self.weight["jump"] = -0.01
            self.put("finally:")
            self.nested(1, 0)
            self.weight["jump"] = jump

    def do_check(self, depth):
        value = self.expr((), 1)
        self.put(
            self.pick(
                [
                    f"assert np.isfinite({value}), f'{{{self.atom(())}!r}}'",
                    f"if not np.isfinite({value}):\n{'    ' * (self.indent + 1)}raise ValueError('no')",
                    f"assert np.sum({value}) < 1e300",
                    f"if {value} > 1e200:\n{'    ' * (self.indent + 1)}k0 = 2\n"
                    f"{'    ' * (self.indent + 1)}raise RuntimeError(f'{{k0}}')",
                ]
            )
        )

    def do_context(self, depth):
        self.put("with np.errstate(divide='ignore', over='ignore'):")
        self.nested(self.rng.randint(1, 2), depth)

    def do_walrus(self, depth):
        name = self.pick([*self.names(()), self.fresh("a")])
        self.put(f"if ({name} := {self.expr((), 2)}) > {self.constant()}:")
        self.env[name] = ()
        before = dict(self.env)
        self.nested(1, 0)
        self.env = before

    def do_for_range(self, depth):
        if self.in_loop > 1:
            return
        dim = self.pick([d for d in self.sizes if d not in ("1", "p")])
        i, size = self.fresh("i"), self.size(dim)
        texts = [(f"range({size})", dim)] * 2 + [
            (f"range(1, {size})", dim), (f"range({size} - 1)", dim), (f"range({self.pick([0, 1, 2, 3])})", "const"),
            (f"reversed(range({size}))", dim), (f"range({size} - 1, -1, -1)", dim), (f"range(0, {size}, 2)", dim),
            (f"reversed(range(1, {size}))", dim), ("range(3, 0, -1)", "const"),
        ]  # fmt: skip
        ints = self.names("int")
        if ints:
            texts += [(f"range({ints[0]})", "const"), (f"range({ints[0]})", "const")]
        text, over = self.pick(texts)
        self.loop(f"for {i} in {text}:", {}, {i: over}, depth)

    def do_for_over(self, depth):
        if self.in_loop > 1:
            return
        vectors = [(n, s) for n, s in self.env.items() if isinstance(s, tuple) and len(s) == 1]
        matrices = [(n, s) for n, s in self.env.items() if isinstance(s, tuple) and len(s) == 2]
        a, i = self.fresh("e"), self.fresh("i")
        if matrices and self.chance(0.3):
            name, (d, k) = self.pick(matrices)
            if (k,) in self.makeable:
                return self.loop(f"for {a} in {name}:", {a: (k,)}, {}, depth)
        if not vectors or self.chance(0.15):
            scalars = self.names(()) or ["0.3"]
            return self.loop(
                f"for {a} in {self.pick(['[0.5, 1.5]', f'({self.pick(scalars)}, 2.0)', f'[{self.pick(scalars)}]'])}:",
                {a: ()},
                {},
                depth,
            )
        name, shape = self.pick(vectors)
        other = self.pick(self.names(shape))
        b = self.fresh("e")
        roll = self.rng.random()
        if roll < 0.3:
            return self.loop(f"for {a} in {name}:", {a: ()}, {}, depth)
        if roll < 0.55:
            return self.loop(f"for {i}, {a} in enumerate({name}):", {a: ()}, {i: shape[0]}, depth)
        if roll < 0.8:
            return self.loop(f"for {a}, {b} in zip({name}, {other}):", {a: (), b: ()}, {}, depth)
        if roll < 0.9:
            return self.loop(
                f"for {i}, ({a}, {b}) in enumerate(zip({name}, {other})):",
                {a: (), b: ()},
                {i: shape[0]},
                depth,
            )
        return self.loop(f"for {a} in reversed({name}):" if self.chance(0.3) else f"for {a} in ({name}, {other}):",
                         {a: shape if "(" in name else shape}, {}, depth) if self.chance(0.0) else self.loop(
            f"for {a} in ({name}, {other}):", {a: shape}, {}, depth)  # fmt: skip

    def do_while(self, depth):
        if self.in_loop > 1:
            return
        i = self.fresh("j")
        stop = self.pick(
            ["2", "3", "0", self.size(self.pick([d for d in self.sizes if d not in ("p", "1")]))]
        )
        down = self.chance(0.2)
        self.put(f"{i} = {stop}" if down else f"{i} = 0")
        test = f"{i} > 0" if down else f"{i} < {stop}"
        if self.chance(0.3):
            test += f" and {self.expr((), 1)} < 3"
        self.loop(f"while {test}:", {}, {i: "const"}, depth, end=f"{i} {'-' if down else '+'}= 1")

    def do_swap(self, depth):
        found = [n for n, s in self.env.items() if isinstance(s, tuple)]
        a = self.pick(found)
        b = self.pick(self.names(self.env[a]))
        if a == b:
            return
        shape = self.env[a]
        self.put(self.pick([f"{a}, {b} = {b}, {a}", f"{a}, {b} = {b}, {a} + {b}", f"{a}, {b} = {b}, {self.expr(shape, 1)}",
                            f"({a}, {b}) = ({self.expr(shape, 1)}, {a})"]))  # fmt: skip

    def do_results(self, depth):
        """Several results of one call, of which one may be left unread, or the other be overwritten."""
        a, b, shape = self.fresh(), self.fresh(), self.pick(self.makeable)
        value = f"{self.expr(shape)} + 0.37"
        made = self.pick(
            [f"np.modf({value})", f"np.divmod({value}, 0.83)", f"divmod({value}, 0.83)"]
        )
        if self.chance(0.3):
            self.put(f"{a} = {made}[{self.pick([0, 1])}]")
        else:
            self.put(f"{a}, {b} = {made}")
            self.env[b] = shape
        self.env[a] = shape

    def do_unpack(self, depth):
        a, b, s, t = self.fresh(), self.fresh(), self.pick(self.makeable), self.pick(self.makeable)
        self.put(self.pick([f"{a}, {b} = {self.expr(s)}, {self.expr(t)}", f"[{a}, {b}] = [{self.expr(s)}, {self.expr(t)}]",
                            f"{a}, {b} = ({self.expr(s)}, {self.expr(t)})"]))  # fmt: skip
        self.env.update({a: s, b: t})

    def do_ternary(self, depth):
        name, shape = self.pick([(n, s) for n, s in self.env.items() if isinstance(s, tuple)])
        self.put(f"{name} = {self.expr(shape, 1)} if {self.condition()} else {self.expr(shape, 1)}")

    def do_helper(self, depth):
        if not self.helpers:
            return
        name, kind = self.pick(self.helpers)
        s = self.pick([v for v in self.makeable if len(v) == 1])
        new = self.fresh()
        call = f"{name}({self.operand(s, 1)}, {self.expr(s, 1)}, {self.expr((), 1)})"
        if kind == "pair":
            other = self.fresh()
            self.put(f"{new}, {other} = {call}")
            self.env.update({new: s, other: ()})
        else:
            self.put(f"{new} = {call}")
            self.env[new] = s if kind == "vector" else ()

    def do_grow(self, depth):
        """An integer or a scalar that may become an array, or not, as often as the loop runs."""
        name = self.fresh("g")
        shape = self.pick([s for s in self.makeable if s] or [()])
        self.put(f"{name} = {self.pick(['0', '1', '0.0', *self.names(())])}")
        self.put(
            f"for {self.fresh('i')} in range({self.pick(['2', '3', *self.sizes.get('n', ['2'])])}):"
        )
        self.put(
            f"    {name} = {self.pick([f'{name} + {self.atom(shape)}', f'{self.atom(shape)} - 0.5 * {name}', f'{name} * {self.atom(shape)}'])}"
        )
        total = self.fresh("a")
        self.put(f"{total} = np.sum({name})")
        self.env[total] = ()

    def do_container(self, depth):
        a, b = (
            self.pick([n for n, s in self.env.items() if isinstance(s, tuple)]) for _ in range(2)
        )
        name, new = self.fresh("d"), self.fresh()
        if self.chance(0.5):
            self.put(f"{name} = {{'a': {a}, 'b': {self.expr(self.env[b], 1)}}}")
            self.put(f"{new} = {name}['a'] * 2")
        else:
            self.put(f"{name} = [{a}, {self.expr(self.env[b], 1)}]")
            self.put(f"{new} = {name}[0] + 1")
        self.env[new] = self.env[a]

    def do_rank2(self, depth):
        shapes = [s for s in self.makeable if len(s) == 2]
        if not shapes:
            return
        shape = self.pick(shapes)
        name = self.fresh("M")
        self.put(f"{name} = {self.expr(shape, 2)}")
        self.env[name] = shape

    # functions

    def helper(self, name):
        kind = self.pick(["vector", "scalar", "pair"])
        self.env, self.indices, self.sizes = (
            {"a": ("q",), "b": ("q",), "h": ()},
            {},
            {"q": ["len(a)", "a.shape[0]"], "1": ["1"]},
        )
        self.makeable, self.helpers, self.indent = [(), ("q",)], [], 1
        self.lines.append(f"def {name}(a, b, h={self.pick(['0.5', '2', '1.5'])}):")
        local = self.pick(
            ["own = a.copy()", "own = np.zeros(len(a))", "own = np.zeros_like(b)", "own = a * h"]
        )
        self.put(local)
        keep, self.weight = (
            self.weight,
            {**self.weight, "rank2": 0, "augment": min(self.weight["augment"], 0.3), "helper": 0},
        )
        self.env.pop("a") if self.chance(0.7) else None
        self.env.pop("b") if self.chance(0.5) else None
        self.env["own"] = ("q",)
        self.block(self.rng.randint(1, 3), 1)
        self.weight = keep
        result = {
            "vector": self.expr(("q",), 1),
            "scalar": self.expr((), 2),
            "pair": f"{self.expr(('q',), 1)}, {self.expr((), 2)}",
        }[kind]
        self.put(f"return {result}")
        self.lines += ["", ""]
        return name, kind

    def program(self, seed):
        rng = self.rng
        self.lines += ["import math", "", "import numpy", "import numpy as np", "from numpy import sin", "", "GAIN = 1.2",
                       "WEIGHTS = np.linspace(0.3, 1.1, 9)", "stretch = lambda u: u * 1.5 - 0.2  # noqa: E731", "", ""]  # fmt: skip
        self.lines += [
            "def mix(u, v):",
            f"    return {self.pick(['u * 0.3 + v', 'np.sin(u) * v', 'u - v * v'])}",
            "",
            "",
        ]
        helpers = [self.helper(f"helper{i}") for i in range(rng.choice([0, 0, 1, 2]))]
        chosen = [
            "x",
            *sorted(
                rng.sample(["y", "z", "A", "B", "r", "c", "w", "s", "t", "k"], rng.randint(0, 3))
            ),
        ]
        args = {name: ARGUMENTS[name] for name in chosen}
        self.helpers, self.indent, self.indices = helpers, 1, {}
        self.env = dict(args)
        self.sizes = {dim: SIZES[dim] for dim in ("n", "p", "1")}
        m = [
            text
            for name, text in (
                ("z", "len(z)"),
                ("A", "A.shape[1]"),
                ("B", "B.shape[1]"),
                ("c", "c.shape[1]"),
            )
            if name in args
        ]
        self.makeable = [(), ("n",), ("n",)]
        if m:
            self.sizes["m"] = m
            self.makeable += [("m",)]
        self.makeable += [
            s for s in dict.fromkeys(args.values()) if s not in self.makeable and s != "int"
        ]
        if m and self.weight["rank2"]:
            self.makeable += [s for s in [("n", "m"), ("n", "1")] if s not in self.makeable]
        if self.chance(0.3):
            self.makeable.append(("p",))
        default = {"k": "=2", "t": "=0.5"} if chosen[-1] in ("k", "t") and self.chance(0.3) else {}
        self.lines.append(
            f"def f({', '.join(n + (default.get(n, '') if n == chosen[-1] else '') for n in chosen)}):"
        )
        self.returns = self.chance(0.3)
        self.block(rng.randint(2, 7), 2)
        mode = rng.choice(["grad", "value_and_grad", "vjp", "vjp"])
        mode = rng.choice(["grad", "value_and_grad"]) if self.returns else mode
        floats = [place for place, name in enumerate(chosen) if args[name] != "int"]
        if mode == "vjp" and len(floats) < len(chosen):
            mode = "grad"
        argnums = (
            tuple(floats)
            if mode == "vjp" or rng.random() < 0.6
            else tuple(rng.sample(floats, rng.randint(1, len(floats))))
        )
        if mode != "vjp":
            names = [n for n, s in self.env.items() if isinstance(s, tuple)]
            terms = rng.sample(names, min(len(names), rng.randint(2, 5)))
            for n in names[-1:]:
                terms = [n, *[t for t in terms if t != n]]
            texts = [
                f"np.sum({n})" if rng.random() < 0.7 else f"np.sum(np.cos({n}))" for n in terms
            ]
            if self.chance(0.15):
                self.put(f"if {self.condition()}:")
                self.put(f"    return {' + '.join(texts[:2])}")
            self.put(
                f"return {' + '.join(f'{t} * {c}' if c != '1' else t for t, c in zip(texts, [rng.choice(['1', '0.7', '-2']) for _ in texts]))}"
            )
            output = "scalar"
        else:
            names = [n for n, s in self.env.items() if isinstance(s, tuple)]
            outs = [
                self.pick(names[-4:])
                if rng.random() < 0.6
                else self.expr(self.pick(self.makeable), 2)
                for _ in range(rng.randint(1, 3))
            ]
            if len(outs) == 1:
                text = outs[0]
            else:
                text = self.pick(
                    ["{0}, {1}", "[{0}, {1}]", "{{'p': {0}, 'q': {1}}}", "({0}, [{1}])"]
                ).format(outs[0], outs[1])
            self.put(f"return {text}")
            output = "tree"
        n, m_ = rng.choice([(3, 3), (4, 2), (3, 2), (2, 4), (5, 3)])
        sizes = [
            (n, m_),
            *rng.sample([(0, 2), (1, 1), (1, 3), (2, 2), (n + 1, m_ + 1), (2, 1), (3, 0)], 4),
        ]
        if rng.random() < 0.3:
            rng.shuffle(sizes)
        text = "\n".join(self.lines) + "\n"
        chance = rng.random()
        dtype = "float32" if chance < 0.07 else "mixed" if chance < 0.14 else "float64"
        return Case(seed, text, args, argnums, mode, sizes, dtype, output, self.weight)


def generate(seed: int) -> Case:
    """The program of a seed, always the same."""
    return Writer(seed).program(seed)
