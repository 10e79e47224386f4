"""Random programs over the language: jumps, exceptions, containers, functions, objects, views and stores, tangled.

    case = generate(seed)      # as `tests.fuzz.generate`, with a wider choice of statements and a narrower one of functions

What a name holds is one of a few kinds: "s" a float, "v" an array of length n, "l" a list of floats, "b" a list of arrays, "d" a dict of
floats, "o" an object with a float and an array, "f" a function of a float, "g" a function of an array that may write to it.
A program may fail where it runs, at some sizes or at all: then nothing is compared. Which statements a program favours is drawn first.
"""

import random

from tests.fuzz.generate import Case

__all__ = ["generate"]

HEADER = """\
import contextlib
import dataclasses
import functools
import itertools
import math

import numpy as np

TABLE = np.array([0.4, -0.3, 0.9])


@dataclasses.dataclass
class Box:
    a: float
    v: object

    def turned(self, by=0.5):
        return np.sin(self.a) * by

    @property
    def total(self):
        return np.sum(self.v) + self.a

    def push(self, value):
        self.a = self.a + 0.1 * value
        self.v[0] = self.v[0] * 0.5
        return self


def damp(t, rate=0.3, *more, scale=1.0, **options):
    return scale * np.tanh(rate * t) + sum(more) * options.get("by", 0.1)


def shrink(a, k=0.5):
    a *= k


def lift(a, value):
    a[-1] = value
    return a


def deep(t, n):
    if n <= 0:
        return t * 0.5
    return deep(np.sin(t), n - 1) + 0.1 * t


@contextlib.contextmanager
def entered(value):
    yield value


"""
KINDS = [
    "scalar", "vector", "augment", "store", "view", "alias", "swap", "new_list", "grow", "list_store", "shorten", "buffers", "dict",
    "dict_store", "function", "closure_that_writes", "call", "comprehension", "generator", "for_range", "for_array", "for_list",
    "for_zip", "for_dict", "for_itertools", "while", "forever", "branch", "leave", "again", "finish", "attempt", "context", "choose",
    "forget", "insist", "named", "stars", "object", "object_write", "add_at", "out", "mask", "lazy", "unpack", "reduce", "sorting",
]  # fmt: skip
WRAPPED = ["np.sin({0})", "np.tanh({0})", "({0} * 0.5)", "np.cos({0} + 0.3)", "(0.7 * {0} + 0.1)", "abs({0})", "(-{0})", "np.exp(-({0}) ** 2)",
           "({0}) ** 2 / (1 + ({0}) ** 2)"]  # fmt: skip
PAIRED = ["({0} + 0.5 * {1})", "({0} * {1})", "({0} - {1})", "({0} / (2 + {1} * {1}))", "np.maximum({0}, {1})", "np.hypot({0}, 1 + {1})",
          "(0.3 * {0} + 0.6 * {1})"]  # fmt: skip


class Writer:
    """Writes one program."""

    def __init__(self, seed):
        self.rng = random.Random(f"language {seed}")
        self.lines, self.counter, self.indent = [], 0, 1
        self.weight = {kind: self.rng.choice([0.0, 0.0, 0.5, 1.0, 1.0, 3.0]) for kind in KINDS}
        for kind in ("scalar", "vector", "store"):
            self.weight[kind] = max(self.weight[kind], 0.5)
        self.env = {}
        self.indices = []
        self.loops = 0  # around the statement, in this function
        self.inside = 0  # functions around the statement
        self.locked = set()  # what is not rebound: an index, what a loop runs over

    def pick(self, options):
        return self.rng.choice(list(options))

    def chance(self, p):
        return self.rng.random() < p

    def fresh(self, base):
        self.counter += 1
        return f"{base}{self.counter}"

    def put(self, text):
        self.lines.append("    " * self.indent + text)

    def names(self, kind):
        return [name for name, found in self.env.items() if found == kind]

    def target(self, kind, p=0.6):
        """A name to bind: one of the kind, or a new one."""
        found = [name for name in self.names(kind) if name not in self.locked]
        return self.pick(found) if found and self.chance(p) else self.fresh(kind)

    # expressions

    def position(self):
        if self.indices and self.chance(0.6):
            i = self.pick(self.indices)
            return self.pick([i, i, f"{i} - 1", f"-{i} - 1"])
        return self.pick(["0", "-1", "0", "1", "-2"])

    def atom(self):
        options = ["0.5", "-0.3", "1.2", *self.names("s") * 3]
        options += [f"{name}[{self.position()}]" for name in self.names("v")]
        options += [f"{name}[{self.pick(['0', '-1'])}]" for name in self.names("l")]
        options += [f"np.sum({self.pick(self.names('b'))}[-1])"] if self.names("b") else []
        options += [f"{name}['a']" for name in self.names("d")]
        options += [f"{name}.{self.pick(['a', 'total', 'a'])}" for name in self.names("o")]
        options += [f"{name}({self.pick([*self.names('s'), '0.4'])})" for name in self.names("f")]
        options += [f"len({name}) * 0.1" for name in self.names("l")]
        options += [f"{i} * 0.2" for i in self.indices]
        return self.pick(options)

    def scalar(self, depth=2):
        if depth <= 0 or self.chance(0.25):
            return self.atom()
        roll = self.rng.random()
        if roll < 0.35:
            return self.pick(WRAPPED).format(self.scalar(depth - 1))
        if roll < 0.65:
            return self.pick(PAIRED).format(self.scalar(depth - 1), self.scalar(depth - 1))
        options = [f"np.sum({self.vector(depth - 1)})", f"({self.vector(0)} @ {self.vector(0)})", f"damp({self.scalar(depth - 1)})",
                   f"damp({self.scalar(0)}, 0.2, {self.scalar(0)}, scale={self.scalar(0)}, by=0.3)",
                   f"deep({self.scalar(0)}, {self.pick('012')})",
                   f"({self.scalar(0)} if {self.condition()} else {self.scalar(0)})", f"max({self.scalar(0)}, {self.scalar(0)})"]  # fmt: skip
        for name in self.names("l"):
            options += [
                f"sum({name})",
                f"sum({self.pick(['q * q', 'q', '0.3 * q'])} for q in {name})",
            ]
        for name in self.names("d"):
            options += [f"sum({name}.values())", f"{name}.get('z', 0.2)", f"sum({name}.values())"]
        for name in self.names("o"):
            options += [f"{name}.turned()", f"{name}.turned(by={self.scalar(0)})"]
        return self.pick(options)

    def vector(self, depth=1):
        options = list(self.names("v")) * 3 or ["x"]
        options += [f"{name}[{self.pick(['0', '-1'])}]" for name in self.names("b")]
        options += [f"{name}.v" for name in self.names("o")]
        if depth <= 0 or self.chance(0.3):
            return self.pick(options)
        roll = self.rng.random()
        if roll < 0.4:
            return self.pick(WRAPPED).format(self.vector(depth - 1))
        if roll < 0.7:
            return self.pick(PAIRED).format(self.vector(depth - 1), self.vector(depth - 1))
        return self.pick(
            [
                f"({self.scalar(1)}) * {self.vector(0)}",
                f"{self.vector(0)}[::-1]",
                f"{self.vector(0)}.copy()",
                f"np.where({self.vector(0)} > 0.1, {self.vector(0)}, {self.scalar(0)})",
                f"np.cumsum({self.vector(0)})",
                f"np.array([{self.scalar(0)} * q for q in {self.vector(0)}])",
            ]
        )

    def own(self):
        """An array of the program's own."""
        return self.pick(
            [
                f"{self.vector(0)} * 1.0",
                f"{self.vector(0)}.copy()",
                "np.zeros_like(x)",
                f"np.sin({self.vector(0)})",
            ]
        )

    def condition(self):
        roll = self.rng.random()
        if self.indices and roll < 0.35:
            i = self.pick(self.indices)
            return f"{i} {self.pick(['> 0', '% 2 == 0', '== 1', '< 2'])}"
        if self.names("l") and roll < 0.45:
            return f"len({self.pick(self.names('l'))}) {self.pick(['> 2', '< 4', '== 3'])}"
        if roll < 0.55:
            return f"{self.pick(['not ', ''])}({self.scalar(0)} > 0.1 {self.pick(['and', 'or'])} {self.scalar(0)} < 0.4)"
        if roll < 0.62:
            return f"-0.4 < {self.scalar(0)} < 0.6"
        if roll < 0.7:
            name = self.fresh("s")
            text = f"({name} := {self.scalar(1)}) > 0.2"
            return text
        return f"{self.scalar(0)} {self.pick(['>', '<'])} {self.pick(['0.1', '0.3', '-0.2', self.scalar(0)])}"

    # statements

    def block(self, count, depth):
        before = len(self.lines)
        for _ in range(count):
            kinds = list(self.weight)
            kind = self.rng.choices(kinds, [self.weight[k] for k in kinds])[0]
            getattr(self, f"do_{kind}")(depth)
        if len(self.lines) == before:
            self.put("pass")

    def nested(self, header, depth, count=None, bind=(), loop=False):
        """A compound statement; what it binds is not read after it, unless it was bound before."""
        self.put(header)
        kept, locked, indices = dict(self.env), set(self.locked), list(self.indices)
        self.env.update(bind)
        self.indent += 1
        self.loops += loop
        self.block(count or self.rng.randint(1, 3), depth - 1)
        self.loops -= loop
        self.indent -= 1
        self.env, self.locked, self.indices = kept, locked, indices

    def do_scalar(self, depth):
        name = self.target("s")
        self.put(f"{name} = {self.scalar()}")
        self.env[name] = "s"

    def do_vector(self, depth):
        name = self.target("v", 0.4)
        self.put(f"{name} = {self.vector(2)}")
        self.env[name] = "v"

    def do_augment(self, depth):
        name = self.pick(self.names("v") + self.names("s"))
        if name in self.locked:
            return
        value = (
            self.scalar(1)
            if self.env[name] == "s"
            else self.pick([self.vector(1), self.scalar(0), self.vector(0)])
        )
        self.put(f"{name} {self.pick(['+=', '-=', '*=', '*='])} {value}")

    def do_store(self, depth):
        name = self.pick(self.names("v"))
        self.put(
            self.pick(
                [
                    f"{name}[{self.position()}] = {self.scalar(1)}",
                    f"{name}[{self.position()}] {self.pick(['+=', '*=', '-='])} {self.scalar(1)}",
                    f"{name}[1:] {self.pick(['=', '+=', '*='])} {self.vector(0)}[:-1]",
                    f"{name}[{self.pick(['::2', '...', '1:', ':'])}] *= {self.scalar(1)}",
                    f"{name}[:] = {self.vector(1)}",
                    f"{name}[{self.position()}], {name}[{self.position()}] = {self.scalar(0)}, {name}[{self.position()}]",
                ]
            )
        )

    def do_view(self, depth):
        name, of = self.fresh("v"), self.pick(self.names("v"))
        self.put(f"{name} = {of}[{self.pick(['::-1', ':', '...'])}]")
        self.env[name] = "v"
        if self.chance(0.5):
            part = self.fresh("w")
            self.put(f"{part} = {of}[{self.pick(['1:', ':-1', '::2'])}]")
            self.put(f"{part} {self.pick(['*=', '+='])} {self.scalar(1)}")

    def do_alias(self, depth):
        kind = self.pick([k for k in "vlbdo" if self.names(k)])
        source = self.pick(self.names(kind))
        name = self.target(kind, 0.4)
        self.put(f"{name} = {source}")
        self.env[name] = kind

    def do_swap(self, depth):
        kind = self.pick([k for k in "svl" if len(set(self.names(k)) - self.locked) > 1] or [""])
        if kind:
            a, b = self.rng.sample(sorted(set(self.names(kind)) - self.locked), 2)
            self.put(f"{a}, {b} = {b}, {a}")

    def do_new_list(self, depth):
        name = self.target("l", 0.3)
        items = ", ".join(self.scalar(1) for _ in range(self.rng.randint(1, 3)))
        self.put(f"{name} = [{items}]")
        self.env[name] = "l"

    def do_grow(self, depth):
        free = sorted(set(self.names("l")) - self.locked)
        if not free:
            self.do_new_list(depth)
            return
        name = self.pick(free)
        text = self.pick(
            [
                f"{name}.append({self.scalar(1)})",
                f"{name}.append({self.scalar(1)})",
                f"{name}.insert(0, {self.scalar(0)})",
                f"{name}.extend([{self.scalar(0)}, {self.scalar(0)}])",
                f"{name} += [{self.scalar(0)}]",
                f"{name} = {name} + [{self.scalar(0)}]",
                f"{name}.extend({self.vector(0)})",
            ]
        )
        if self.loops:  # which may be over the list, under another name
            self.put(f"if len({name}) < 6:")
            text = "    " + text
        self.put(text)

    def do_list_store(self, depth):
        if self.names("l"):
            name = self.pick(self.names("l"))
            self.put(
                self.pick(
                    [
                        f"{name}[0] = {self.scalar(1)}",
                        f"{name}[-1] *= {self.scalar(1)}",
                        f"{name}[0], {name}[-1] = {name}[-1], {self.scalar(0)}",
                        f"{name}[{self.position()}] += {self.scalar(0)}",
                    ]
                )
            )

    def do_shorten(self, depth):
        free = sorted(set(self.names("l")) - self.locked)
        if free:
            name = self.pick(free)
            new = self.fresh("s")
            self.put(f"if len({name}) > 1:")
            self.put(
                f"    {self.pick([f'{name}.pop()', f'{name}.pop(0)', f'del {name}[0]', f'{name} = {name}[1:]', f'{name}.reverse()'])}"
            )
            self.put(f"{new} = {name}[-1] * 0.5")
            self.env[new] = "s"

    def do_buffers(self, depth):
        found = self.names("b")
        if not found or self.chance(0.4):
            name = self.target("b", 0.2)
            self.put(
                f"{name} = [{', '.join(self.pick([self.own(), self.vector(0)]) for _ in range(2))}]"
            )
            self.env[name] = "b"
            return
        name = self.pick(found)
        self.put(
            self.pick(
                [
                    f"{name}[0][{self.position()}] = {self.scalar(1)}",
                    f"{name}[-1] *= {self.scalar(0)}",
                    f"{name}[0][:] = {name}[1] * 0.5",
                    f"{name}[0], {name}[1] = {name}[1], {name}[0]",
                    f"{name}.append({self.own()})",
                    f"{name}[0] = {self.vector(0)}",
                    f"{name}.reverse()",
                ]
            )
        )

    def do_dict(self, depth):
        name = self.target("d", 0.2)
        text = self.pick(
            [
                f"{{'a': {self.scalar(1)}, 'b': {self.scalar(1)}}}",
                f"dict(a={self.scalar(1)}, c={self.scalar(0)})",
                f"{{key: {self.scalar(0)} for key in 'abc'}}",
            ]
        )
        self.put(f"{name} = {text}")
        self.env[name] = "d"

    def do_dict_store(self, depth):
        if self.names("d"):
            name = self.pick(self.names("d"))
            self.put(
                self.pick(
                    [
                        f"{name}['a'] = {self.scalar(1)}",
                        f"{name}['a'] *= {self.scalar(0)}",
                        f"{name}['e'] = {self.scalar(0)}",
                        f"{name}.update(a={self.scalar(0)})",
                        f"{name}['a'] = {name}.pop('b', {self.scalar(0)})",
                        f"{name}.setdefault('a', {self.scalar(0)})",
                    ]
                )
            )

    def do_function(self, depth):
        name = self.fresh("f")
        if self.chance(0.4):
            self.put(f"{name} = lambda q, k={self.scalar(0)}: {self.body('q')} * k")
        else:
            self.put(f"def {name}(q):")
            kept = dict(self.env)
            loops, self.loops = self.loops, 0
            self.env = {n: k for n, k in self.env.items() if k in "sf"}
            self.env["q"] = "s"
            self.indent += 1
            self.inside += 1
            weight = self.weight
            self.weight = {
                k: w for k, w in weight.items() if k in ("scalar", "branch", "for_range", "finish")
            }
            self.locked, locked = set(self.env) - {"q"}, self.locked
            indices, self.indices = self.indices, []
            self.block(self.rng.randint(0, 2), min(depth, 1))
            self.put(f"return {self.scalar(1)} + 0.1 * q")
            self.indent -= 1
            self.inside -= 1
            self.env, self.weight, self.locked, self.loops = kept, weight, locked, loops
            self.indices = indices
        self.env[name] = "f"

    def body(self, name):
        return self.pick(
            [f"np.sin({name})", f"({name} * {self.scalar(0)})", f"({name} + {self.scalar(0)})"]
        )

    def do_closure_that_writes(self, depth):
        name, of = self.fresh("g"), self.pick(self.names("v"))
        self.put(f"def {name}(q):")
        self.put(
            f"    {of}[{self.pick(['0', '-1'])}] {self.pick(['=', '+=', '*='])} {self.pick(['q', 'np.sin(q)', f'q * {of}[0]'])}"
        )
        if self.names("l") and self.chance(0.5):
            self.put(f"    {self.pick(self.names('l'))}[0] = q")
        if self.chance(0.5):
            self.put(f"    return {of}")
        self.put(f"{name}({self.scalar(0)})")
        if self.chance(0.4):
            self.put(f"{name}({self.scalar(0)})")

    def do_call(self, depth):
        name = self.pick(self.names("v"))
        if self.chance(0.5):
            self.put(
                f"shrink({name}{self.pick(['', '[1:]', '[::-1]'])}{self.pick(['', ', 0.8', f', k={self.scalar(0)}'])})"
            )
        else:
            new = self.fresh("v")
            self.put(f"{new} = lift({name}, {self.scalar(1)})")
            self.env[new] = "v"

    def do_comprehension(self, depth):
        name = self.target("l", 0.3)
        over = self.pick([*self.names("l"), self.vector(0), "range(3)"])
        test = self.pick(
            [
                "",
                "",
                f" if {self.pick(['q > 0.1', 'q * q < 0.5', 'q > -9'])}",
                f" if {self.scalar(0)} > 0.2",
            ]
        )
        self.put(
            f"{name} = [{self.pick(['q * q', f'q + {self.scalar(0)}', f'np.sin(q) * {self.scalar(0)}'])} for q in {over}{test}]"
        )
        if test or over not in self.names("l"):
            self.put(f"{name}.append({self.scalar(0)})")
        self.env[name] = "l"

    def do_generator(self, depth):
        name = self.fresh("e")
        over = self.pick([*self.names("l"), self.vector(0), "(0.1, 0.2)"])
        self.put(f"{name} = (q * {self.scalar(0)} for q in {over})")
        for _ in range(self.rng.randint(0, 1)):
            self.block(1, min(depth, 1))
        new = self.target("s")
        self.put(f"{new} = sum({name})")
        self.env[new] = "s"

    # loops

    def looped(self, header, depth, bind=(), index=()):
        if self.loops > 1 or depth < 1:
            return
        self.locked |= set(index)
        self.indices += list(index)
        self.nested(header, depth, bind=bind, loop=True)
        for name in index:
            if name in self.indices:
                self.indices.remove(name)
        if self.chance(0.15) and self.loops < 2:
            self.nested("else:", depth, 1)

    def do_for_range(self, depth):
        i = self.fresh("i")
        over = self.pick(["2", "3", "len(x)", "1, len(x)", "3, 0, -1", "len(x) - 1, -1, -1", "0"])
        self.looped(f"for {i} in range({over}):", depth, (), (i,))

    def do_for_array(self, depth):
        a, i = self.fresh("s"), self.fresh("i")
        over = self.vector(0)
        if self.chance(0.5):
            self.looped(f"for {a} in {self.pick(['', 'reversed'])}({over}):", depth, {a: "s"})
        else:
            self.looped(
                f"for {i}, {a} in enumerate({over}{self.pick(['', ', 1', ', start=2'])}):",
                depth,
                {a: "s"},
                (i,),
            )

    def do_for_list(self, depth):
        found = self.names("l")
        if found:
            a, over = self.fresh("s"), self.pick(found)
            if self.chance(0.8):
                self.locked.add(over)
            self.looped(
                f"for {a} in {self.pick([over, over, f'reversed({over})', f'{over}[1:]', f'list({over})'])}:",
                depth,
                {a: "s"},
            )
        elif self.names("b"):
            a = self.fresh("v")
            self.looped(f"for {a} in {self.pick(self.names('b'))}:", depth, {a: "v"})

    def do_for_zip(self, depth):
        a, b = self.fresh("s"), self.fresh("s")
        over = [*self.names("l"), self.vector(0), self.vector(0), f"{self.vector(0)}[1:]"]
        self.looped(
            f"for {a}, {b} in zip({self.pick(over)}, {self.pick(over)}):", depth, {a: "s", b: "s"}
        )

    def do_for_dict(self, depth):
        if self.names("d"):
            a, name = self.fresh("s"), self.pick(self.names("d"))
            header = self.pick([f"for {a} in {name}.values():", f"for key, {a} in {name}.items():"])
            self.looped(header, depth, {a: "s"})

    def do_for_itertools(self, depth):
        a, b, i, j = self.fresh("s"), self.fresh("s"), self.fresh("i"), self.fresh("i")
        roll = self.rng.random()
        if roll < 0.35:
            self.looped(
                f"for {a}, {b} in itertools.pairwise({self.vector(0)}):",
                depth,
                {a: "s", b: "s"},
            )
        elif roll < 0.7:
            self.looped(
                f"for {i}, {j} in itertools.product(range(2), range(2)):", depth, (), (i, j)
            )
        else:
            self.looped(f"for {a} in itertools.accumulate({self.vector(0)}):", depth, {a: "s"})

    def do_while(self, depth):
        j = self.fresh("j")
        if self.loops > 1 or depth < 1:
            return
        self.put(f"{j} = 0")
        test = self.pick([f"{j} < 3", f"{j} < 2 and {self.condition()}", f"{j} < len(x)"])
        self.put(f"while {test}:")
        self.indent += 1
        self.put(f"{j} += 1")
        self.indent -= 1
        self.continued(depth, j)

    def continued(self, depth, index):
        """The rest of the body of a loop whose header stands."""
        kept, locked = dict(self.env), set(self.locked)
        self.indent += 1
        self.loops += 1
        self.locked.add(index)
        self.block(self.rng.randint(1, 3), depth - 1)
        self.loops -= 1
        self.indent -= 1
        self.env, self.locked = kept, locked

    def do_forever(self, depth):
        j = self.fresh("j")
        if self.loops > 1 or depth < 1:
            return
        self.put(f"{j} = 0")
        self.put("while True:")
        self.indent += 1
        self.put(f"{j} += 1")
        self.put(f"if {j} > {self.pick('123')} or {self.condition()}:")
        self.put("    break")
        self.indent -= 1
        self.continued(depth, j)

    def do_branch(self, depth):
        if depth < 1:
            return self.do_scalar(depth)
        self.nested(f"if {self.condition()}:", depth)
        if self.chance(0.4):
            self.nested(f"elif {self.condition()}:", depth, 1)
        if self.chance(0.5):
            self.nested("else:", depth)
        return None

    def do_leave(self, depth):
        if self.loops:
            self.put(f"if {self.condition()}:")
            if self.chance(0.4):
                self.put(f"    {self.pick(set(self.names('s')) - self.locked or {'s_'})} = 0.3")
            self.put("    break")

    def do_again(self, depth):
        if self.loops:
            self.put(f"if {self.condition()}:")
            self.put("    continue")

    def do_finish(self, depth):
        if self.indent > 1 or self.chance(0.2):
            self.put(f"if {self.condition()}:")
            self.put(f"    return {self.result() if not self.inside else self.scalar(1)}")

    # exceptions and contexts

    def do_attempt(self, depth):
        if depth < 1:
            return
        kept = dict(self.env)
        error = self.pick(
            ["IndexError", "IndexError", "ValueError", "(IndexError, KeyError)", "Exception"]
        )
        self.put("try:")
        self.indent += 1
        self.block(self.rng.randint(1, 2), depth - 1)
        if self.chance(0.7):
            name = self.target("s", 0.8)
            self.put(
                self.pick(
                    [
                        f"{name} = {self.vector(0)}[{self.pick(['1', '2', '7'])}]",
                        f"if {self.condition()}:\n{'    ' * (self.indent + 1)}raise ValueError('no')",
                        f"{name} = {{'a': 0.2}}[{'chr(97)' if self.chance(0.1) else repr('b')}]",
                        f"{self.pick(self.names('v'))}[3] = 0.2",
                    ]
                )
            )
            self.block(1, depth - 1)
        self.indent -= 1
        self.env = dict(kept)
        self.nested(f"except {error}:", depth, 1)
        if self.chance(0.25):
            self.nested("else:", depth, 1)
        if self.chance(0.25):
            self.nested("finally:", depth, 1)

    def do_context(self, depth):
        if depth < 1:
            return
        roll = self.rng.random()
        if roll < 0.4:
            self.put("with np.errstate(all='ignore'):")
        elif roll < 0.7:
            self.put("with contextlib.suppress(IndexError):")
        else:
            name = self.fresh("s")
            given = self.scalar(1) if self.chance(0.15) else self.pick(["0.3", "-1.2", "2"])
            self.put(f"with entered({given}) as {name}:")
            self.put(f"    {name} = {name} * 0.5")
            return
        self.indent += 1
        self.block(self.rng.randint(1, 2), depth - 1)
        self.indent -= 1

    def do_choose(self, depth):
        if depth < 1:
            return
        subject = self.pick(["len(x)", "'b'", "(1, 2)", *self.indices])
        self.put(f"match {subject}:")
        self.indent += 1
        for pattern in self.rng.sample(
            ["0 | 1", "2", "'b'", "(1, k)", "[_, *rest]", "int(k) if k > 2"], 3
        ):
            self.nested(f"case {pattern}:", depth, 1)
        if self.chance(0.7):
            self.nested("case _:", depth, 1)
        self.indent -= 1

    def do_forget(self, depth):
        free = sorted(
            name for name in set(self.env) - self.locked if name not in ("x", "s", "y", "t")
        )
        if free and not self.loops and self.indent == 1:
            name = self.pick(free)
            self.put(f"del {name}")
            del self.env[name]

    def do_insist(self, depth):
        self.put(f"assert {self.pick(['x.ndim == 1', 'len(x) < 9'])}, f'{{len(x)}} of them'")

    def do_named(self, depth):
        name, new = self.target("s"), self.fresh("s")
        self.put(f"{name} = ({new} := {self.scalar(1)}) * {self.pick([new, '0.5'])} + {new}")
        self.env[name] = self.env[new] = "s"

    def do_stars(self, depth):
        a, rest = self.fresh("s"), self.fresh("l")
        source = self.pick([f"[{self.scalar(0)}, {self.scalar(0)}, {self.scalar(0)}]", *(f"[0.1, *{n}]" for n in self.names("l")),
                            *(f"(*{n}, {self.scalar(0)})" for n in self.names("l"))])  # fmt: skip
        self.put(f"{a}, *{rest} = {source}")
        self.env[a] = "s"
        self.put(f"{rest}.append({a} * 0.5)")
        self.env[rest] = "l"

    def do_object(self, depth):
        name = self.target("o", 0.2)
        self.put(f"{name} = Box({self.scalar(1)}, {self.pick([self.own(), self.vector(0)])})")
        self.env[name] = "o"

    def do_object_write(self, depth):
        if self.names("o"):
            name = self.pick(self.names("o"))
            self.put(
                self.pick(
                    [
                        f"{name}.a = {self.scalar(1)}",
                        f"{name}.a *= {self.scalar(0)}",
                        f"{name}.v[{self.position()}] += {self.scalar(1)}",
                        f"{name}.v = {self.own()}",
                        f"{name}.push({self.scalar(0)})",
                        f"{name}.push(0.2).push({self.scalar(0)})",
                        f"{name} = dataclasses.replace({name}, a={self.scalar(1)})",
                    ]
                )
            )

    def do_add_at(self, depth):
        name = self.pick(self.names("v"))
        self.put(
            self.pick(
                [
                    f"np.add.at({name}, [0, 0, -1], {self.scalar(1)})",
                    f"{name}[[0, -1]] += {self.scalar(1)}",
                    f"{name}[np.array([0, 0])] += {self.scalar(0)}",
                    f"{name}[[-1, 0]] = {self.scalar(0)}",
                ]
            )
        )

    def do_out(self, depth):
        name = self.pick(self.names("v"))
        self.put(
            self.pick(
                [
                    f"np.multiply({self.vector(0)}, {self.vector(0)}, out={name})",
                    f"np.sin({self.vector(0)}, out={name})",
                    f"np.copyto({name}, {self.vector(0)})",
                    f"{name}.fill({self.scalar(0)})",
                    f"np.add({name}, 0.3, out={name}[::-1])",
                ]
            )
        )

    def do_mask(self, depth):
        name = self.pick(self.names("v"))
        self.put(
            f"{name}[{self.pick([name, self.vector(0)])} > {self.pick(['0.1', '-0.3'])}] {self.pick(['=', '*=', '+='])} {self.scalar(0)}"
        )

    def do_lazy(self, depth):
        name, new = self.fresh("m"), self.target("s")
        over = self.pick([*self.names("l"), self.vector(0)])
        self.put(f"{name} = {self.pick(['map(np.sin, {0})', 'zip({0}, {0})', 'iter({0})', 'enumerate({0})'])}".format(over)
                 if self.chance(0.5) else f"{name} = map(lambda q: q * {self.scalar(0)}, {over})")  # fmt: skip
        text = self.lines[-1]
        if "zip" in text or "enumerate" in text:
            self.put(f"{new} = sum(p * 0.3 * q for p, q in {name})")
        else:
            twice = f" + 0.1 * sum({name})" if self.chance(0.1) else ""
            self.put(f"{new} = sum({name}){twice}")
        self.env[new] = "s"

    def do_unpack(self, depth):
        a, b, v = self.target("s"), self.fresh("s"), self.fresh("v")
        self.put(
            self.pick(
                [
                    f"{a}, ({b}, {v}) = {self.scalar(1)}, ({self.scalar(0)}, {self.vector(1)})",
                    f"({a}, {b}), {v} = ({self.scalar(0)}, {self.scalar(1)}), {self.own()}",
                ]
            )
        )
        self.env.update({a: "s", b: "s", v: "v"})

    def do_reduce(self, depth):
        new = self.target("s")
        over = self.pick([*self.names("l"), f"[{self.scalar(0)}, {self.scalar(0)}]"])
        self.put(
            f"{new} = functools.reduce(lambda p, q: 0.5 * p + q * {self.scalar(0)}, {over}, {self.scalar(0)})"
        )
        self.env[new] = "s"

    def do_sorting(self, depth):
        name = self.target("l", 0.3)
        self.put(
            self.pick(
                [
                    f"{name} = [{self.scalar(0)} * k for k in sorted([3, 1, 2], key=lambda k: -k)]",
                    f"{name} = list(reversed([{self.scalar(0)}, {self.scalar(1)}]))",
                    f"{name} = [{self.scalar(0)}, {self.scalar(0)}] * 2",
                    f"{name} = list({self.vector(0)})[:2] + [{self.scalar(0)}]",
                ]
            )
        )
        self.env[name] = "l"

    # the program

    def result(self):
        if self.mode != "vjp":
            chosen = self.rng.sample(list(self.env), min(len(self.env), 4))
            texts = [self.total(name) for name in chosen if self.env[name] in "svlbdo"]
            return " + ".join(f"{t} * {self.pick(['1.0', '0.7', '-1.3'])}" for t in texts) or "s"
        if self.vectors:
            return self.pick(self.names("v"))
        return f"{self.pick(self.names('v'))}, {self.scalar(1)}"

    def total(self, name):
        return {
            "s": name,
            "v": f"np.sum({name} * np.cos({name}))",
            "l": f"sum({name})",
            "b": f"np.sum({name}[0] * {name}[-1])",
            "d": f"sum({name}.values())",
            "o": f"{name}.total",
        }[self.env[name]]

    def program(self, seed):
        rng = self.rng
        args = {"x": ("n",), **({"y": ("n",)} if self.chance(0.4) else {}), "s": ()}
        if self.chance(0.3):
            args["t"] = ()
        self.env = {name: "v" if shape else "s" for name, shape in args.items()}
        self.mode = rng.choice(["grad", "value_and_grad", "vjp", "vjp"])
        self.vectors = self.chance(0.5)
        self.put("s_ = 0.2")
        self.env["s_"] = "s"
        if self.chance(0.6):  # else the arguments are what is written
            self.put("v_ = x * 1.0")
            self.env["v_"] = "v"
        self.block(rng.randint(3, 9), 3)
        self.put(f"return {self.result()}")
        n = rng.choice([3, 4, 3, 2])
        sizes = [(n, 2), *((k, 2) for k in rng.sample([1, 2, 3, 4, 5], 2))]
        if self.chance(0.3):
            sizes.append((0, 2))
        text = HEADER + f"def f({', '.join(args)}):\n" + "\n".join(self.lines) + "\n"
        places = tuple(range(len(args)))
        argnums = places if self.mode == "vjp" or self.chance(0.6) else (0,)
        dtype = "float32" if rng.random() < 0.07 else "float64"
        return Case(seed, text, args, argnums, self.mode, sizes, dtype, "", self.weight)


def generate(seed: int) -> Case:
    """The program of a seed, always the same."""
    return Writer(seed).program(seed)
