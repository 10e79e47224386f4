"""Programs of functions: inside functions, handed on, with every kind of parameter; methods, objects, recursion, callees that write."""

import dataclasses
import functools
import math
import operator
from functools import reduce
from typing import NamedTuple

import numpy as np

from tests.programs import elsewhere
from tests.programs.support import R

W = np.array([1.0, 2.0, 3.0])


def closure(x):
    k = np.sum(x)

    def scaled(y, p=2.0):
        return k * y**p

    k = k * 2
    return np.sum(scaled(np.sin(x))) + np.sum(scaled(x, p=3.0))


def late_binding(x):
    fs = (
        [lambda y, i=i: y * x * i for i in (1.0, 2.0, 3.0)]
        if False
        else [lambda y: y * x, lambda y: y**2]
    )
    return np.sum(fs[0](x) + fs[1](x))


def adder(x):
    def make(a):
        def g(y):
            return a * y

        return g

    g, h = make(x[0]), make(x[1])
    return g(x[2]) + h(x[2]) ** 2


def newton(f, df, x):
    for _ in range(3):
        x = x - f(x) / df(x)
    return x


def passes(a, x):
    return newton(lambda t: t * t - a, lambda t: 2 * t, x)


def apply(f, x):
    return f(x)


def passes2(x):
    s = np.sum(x)

    def f(y):
        return np.tanh(y) * s

    return np.sum(apply(f, x))


def step(u, dt):
    u[1:-1] += dt * (u[2:] - 2 * u[1:-1] + u[:-2])


def callee_writes(u):
    for i in range(3):
        step(u, 0.1)
    return np.sum(u**2)


def power(x, n):
    if n == 0:
        return 1.0
    return x * power(x, n - 1)


def recursion_by_an_integer(x):
    return np.sum(power(x, 3))


def total(t):
    if isinstance(t, tuple):
        return total(t[0]) + 2 * total(t[1])
    return np.sum(t**2)


def recursion_over_a_tree(x, y):
    return total(((x, y), (y * x, x)))


def even(x, n):
    return x if n == 0 else odd(x * 2, n - 1)


def odd(x, n):
    return x**2 if n == 0 else even(x + 1, n - 1)


def mutual_recursion(x):
    return np.sum(even(x, 5))


def starred(x, *args, scale=2.0, **kw):
    out = scale * x
    for a in args:
        out = out * a
    return out + kw["bias"]


def star_calls(x, y):
    opts = {"bias": y, "scale": 3.0}
    return np.sum(starred(x, *(y, x), **opts))


def dflt(x, w=W):
    return x * w


def defaults(x):
    return np.sum(dflt(x) ** 2)


def loopclosure(x):
    acc = 0.0

    def f(y):
        return y * acc

    for i in range(4):
        acc = acc + np.sum(f(x)) + x[0]
    return acc


def branchy(x):
    a = x[0]

    def f(y):
        return a * y

    if x[1] > 0:
        a = a * x[1]
    else:
        a = a + 1
    return f(x[2])


def recn(x, n):
    if n == 0:
        return 1.0
    return x[0] * recn(x, n - 1) + x[1]


def axis(x, ax):
    return np.sum(x, axis=ax)


def axis_known_at_the_call(x):
    return np.sum(axis(x, 0) ** 2)


class Layer(elsewhere.Base):
    def __init__(self, w, b):
        super().__init__(w)
        self.b = b

    def act(self, x):
        return super().act(x) + self.b

    @property
    def total(self):
        return np.sum(self.w)

    @staticmethod
    def square(x):
        return x**2

    @classmethod
    def make(cls, w):
        return cls(w, w * 2)

    def two(self, x):
        return self.square(self(x)) * self.total


class Net:
    def __init__(self, layers):
        self.layers = layers
        self.acts = {"a": np.sin, "b": lambda z: z * elsewhere.K}
        self.ws = [R(3), 2.0]

    def __call__(self, x):
        for layer in self.layers:
            x = layer(x)
        return x

    def loss(self, x):
        return np.sum(self(x) * self.ws[0] * self.ws[1])

    def viaacts(self, x):
        return np.sum(self.acts["a"](x) + self.acts["b"](x))


L1, L2 = Layer(R(3), 0.5), Layer(R(3) + 1, R(3))
net = Net([L1, L2])


def methods(x):
    return np.sum(L1.two(x))


def netloss(x):
    return net.loss(x)


def acts(x):
    return net.viaacts(x)


def callobj(x):
    return np.sum(net(x))


@dataclasses.dataclass
class Particle:
    x: np.ndarray
    v: np.ndarray
    m: float = 2.0
    hist: list = dataclasses.field(default_factory=list)

    def __post_init__(self):
        self.k = self.m * 2

    def step(self, dt):
        self.x = self.x + dt * self.v
        self.v = self.v - dt * self.x * self.k

    def kick(self, a):
        self.v += a

    @property
    def energy(self):
        return 0.5 * self.m * np.sum(self.v**2) + np.sum(self.x**2)


def particle(x, v):
    p = Particle(x, v)
    p.step(0.1)
    p.step(0.2)
    p.x += 0.5 * p.v
    return p.energy


def particle_loop(x, v):
    p = Particle(x, v, m=3.0)
    for i in range(4):
        p.step(0.1)
    return p.energy


def particle_while(x, v, n):
    p = Particle(x.copy(), v.copy())
    i = 0
    while i < n:
        p.step(0.1)
        i += 1
    return p.energy


def particle_branch(x, v):
    p = Particle(x, v)
    if np.sum(x) > 0:
        p.step(0.1)
    else:
        p.x = p.x * 2
    return p.energy


def localobj(x):
    l = Layer(x, x[0])
    m = Layer.make(x * 2)
    return np.sum(l(x)) + np.sum(m.two(x))


class Point(NamedTuple):
    x: float
    y: float = 2.0

    def norm(self):
        return (self.x**2 + self.y**2) ** 0.5

    @property
    def s(self):
        return self.x + self.y


def points(x):
    p = Point(x[0], y=x[1])
    q = p._replace(x=x[2])
    d = q._asdict()
    return p.norm() * q.s + d["x"] * Point(x[1]).s


def deco(f):
    @functools.wraps(f)
    def inner(*args, **kwargs):
        return 2 * f(*args, **kwargs)

    return inner


@deco
def decorated(x, k=3.0):
    return np.sum(x**2) * k


def usesdeco(x):
    return decorated(x, k=2.0) + decorated(x)


def localdeco(x):
    @deco
    def g(y):
        return np.sin(y)

    return np.sum(g(x))


part = functools.partial(lambda w, x, p: w * x**p, R(3), p=2)


def usespartial(x):
    return np.sum(part(x))


class Jit:
    def __init__(self, f):
        self.py_func = f

    def __call__(self, *a):
        return self.py_func(*a)


@Jit
def jitted(x):
    return np.sum(np.sin(x) * elsewhere.K)


def usesjit(x):
    return jitted(x)


def attributes_asked_for(x):
    l = Layer(x, 1.0)
    out = 0.0
    if hasattr(l, "w") and not hasattr(l, "zz") and callable(l):
        out = l.w + getattr(l, "zz", 2.0)
    if isinstance(l, elsewhere.Base) and type(l) is Layer:
        out = out * 3
    l.b = out
    return np.sum(l.b)


def modhelper(x):
    return np.sum(elsewhere.helper(x))


def inner_function_arg(f, x):
    return np.sum(f(x))


def fromarg(x):
    return inner_function_arg(elsewhere.helper, x)


def bound(x):
    l = Layer(x, 1.0)
    f = l.act
    g = L1.act
    return np.sum(f(x) + g(x))


def reduced(x):
    return reduce(lambda a, b: a * np.sin(b), [x[0], x[1], x[2]], 2.0)


def reduced_array(x):
    return reduce(lambda a, b: a * np.sin(b) + b, x)


def reduced_slice(x):
    return reduce(operator.mul, x[:2], x[2])


def reduced_arrays(x):
    return np.sum(reduce(np.maximum, [x, x**2, 1 - x]))


def extremes(x):
    return max(x[0], x[1] ** 2, x[2]) + min([x[0], 2.0]) + max(x)


def extremes_by_key(x):
    return max([x[0], x[1], x[2]], key=lambda t: -t * t) * 2 + min((x[0], x[1]), key=abs, default=0)


def extremes_of_numbers(x):
    return x[max([0, 2, 1], key=lambda i: -i)] + max([], default=x[1])


def any_and_all(x):
    return (
        x[0] * 2
        if any([x[0] > 10, x[1] > -5])
        and all([v > -9 for v in (x[0], x[1])] if False else (x[0] > -9, x[2] > -9))
        else x[1]
    )


def in_order(x):
    out = 0.0
    for i in sorted([2, 0, 1], key=lambda k: -k):
        out = out * 2 + x[i]
    return out + np.sum(sorted(x)[0] * x)


def divided(x):
    q, r = divmod(x[0] * 7, 2.0)
    return r * x[1] + q + pow(x[2], 2)


def operators(x):
    return (
        operator.add(x[0], operator.mul(x[1], x[2]))
        + operator.itemgetter(1)(x)
        + operator.neg(x[0])
    )


def exact_sums(x):
    return math.fsum([x[0], x[1] * x[2]]) + math.prod([x[0], x[1], 3.0]) + math.fsum(x)


def sums_with_start(x):
    return np.sum(sum([x, x**2], start=x)) + sum(x, 1.0) + sum([x[0], x[1]], 5)


def sum_of_map(x):
    return sum(map(lambda t: t * t, x))


def sum_of_generator(x):
    return sum(t * t * x[0] for t in x)


def partial_of_a_lambda(x):
    f = functools.partial(lambda a, b, c: a * b + c, x[0], c=x[2])
    return f(x[1]) + f(2.0, c=1.0)


def maps(x):
    a, b = map(np.sin, (x[0], x[1]))
    return a * b + sum(map(operator.mul, [x[0], x[1]], [x[2], 2.0]))


def writes_view(u):
    def bump(w, k):
        w[k] = w[k] * 2.0

    row = u[1:]
    bump(row, 0)
    return np.sum(u**2)


def writes_captured(u):
    v = u * 1.0

    def push(k):
        v[k] += v[k - 1] ** 2

    for i in range(1, 4):
        push(i)
    return np.sum(v * u)


def plainwrite(w):
    w[0] = w[1] * 3.0


def writes_two(u):
    v = u.copy()
    plainwrite(v)
    s = np.sum(v)
    plainwrite(u)
    return s * np.sum(u * v)


def writes_ret(w, x):
    w[1:] = x[:-1] * w[0]
    return w[::2]


def uses_ret(x):
    w = x**2
    r = writes_ret(w, x)
    r[0] = 5.0 * x[1]
    return np.sum(w) + np.sum(r)


def nested_write(x):
    w = x * 1.0

    def outer(a):
        plainwrite(a)
        return a * 2

    y = outer(w)
    return np.sum(y * w)


def in_expr(x):
    w = x * 1.0

    def inc(a):
        a[0] = a[0] * a[1]
        return a[0]

    return w[0] + inc(w) + w[0] * inc(w)


def in_expr2(x):
    w = x * 1.0

    def inc(a):
        a[...] = a * a
        return a

    return np.sum(w + inc(w))


def alias_obj(x):
    p = Holder(x * 1.0)
    q = p
    q.v = q.v * 2
    p.v[0] = 3.0 * x[2]
    return np.sum(q.v**2) + np.sum(x)


class Holder:
    def __init__(self, v):
        self.v = v
        self.n = 0

    def add(self, y):
        self.v = self.v + y
        self.n += 1
        return self

    def scale_in_place(self, c):
        self.v *= c

    def fill(self, i, y):
        self.v[i] = y


def chain(x):
    b = Holder(x)
    return np.sum(b.add(x).add(x**2).v) * b.n


def objs_in_list(x):
    bs = [Holder(x), Holder(x**2)]
    for b in bs:
        b.scale_in_place(x[0]) if False else b.add(x[0])
    return np.sum(bs[0].v * bs[1].v)


def obj_while(x):
    b = Holder(x * 0.1)
    while np.sum(b.v) < 3.0:
        b.add(np.abs(x) + 0.1)
    return np.sum(b.v**2)


def obj_loop_inplace(x):
    b = Holder(x * 1.0)
    for i in range(3):
        b.scale_in_place(x[i])
        b.fill(0, x[i] * b.v[1])
    return np.sum(b.v)


def obj_array_arg_unchanged(x):
    b = Holder(x)
    b.scale_in_place(2.0)
    return np.sum(b.v * x)


def closure_loop_var(x):
    out = 0.0
    for i in range(3):

        def f(y):
            return y * x[i]

        out = out + f(x[2]) * f(2.0)
    return out


def closures_late(x):
    fs = []
    for i in (0, 1, 2):
        fs.append(lambda y: y * x[i])
    return fs[0](1.0) + fs[1](2.0)


def closures_early(x):
    fs = []
    for i in (0, 1, 2):
        fs.append(lambda y, i=i: y * x[i])
    return fs[0](1.0) + fs[1](2.0) ** 2


def closure_rebind_in_loop(x):
    a = x[0]

    def f(y):
        return a * y

    total = 0.0
    for i in range(4):
        total = total + f(x[1])
        a = a * x[2]
    return total + f(1.0)


def closure_branch_loop(x):
    a = x[0]
    g = lambda: a * a  # noqa: E731
    for i in range(3):
        if x[i] > 0:
            a = a + x[i] * g()
    return g()


def early_ret(x):
    def f(y):
        if y > 0:
            return y * x[0]
        return y * x[1]

    return f(x[0]) + f(x[1]) + f(x[2])


def loop_ret(x):
    def f(y):
        for k in range(5):
            y = y * 1.5
            if y > 2.0:
                return y * x[0]
        return y

    return f(x[0]) + f(x[2])


def mutual_closures(x):
    def even(n, y):
        return y if n == 0 else odd(n - 1, y * x[0])

    def odd(n, y):
        return y * 2 if n == 0 else even(n - 1, y + x[1])

    return even(5, x[2]) + odd(4, x[0])


def hof(x):
    def compose(*fs):
        def run(y):
            for f in fs:
                y = f(y)
            return y

        return run

    return np.sum(compose(np.sin, lambda t: t * x, np.exp)(x))


def kwonly(x):
    def f(a, /, b, *rest, c, d=x[0], **kw):
        return a * b + c * d + sum(rest) + kw.get("e", 0.0) * kw["f"]

    return f(x[0], x[1], x[2], 2.0, c=x[0], **{"e": x[1], "f": x[2]}) + f(
        1.0, x[0], c=x[1], d=x[2], f=1.0
    )


def default_at_def(x):
    k = x[0]

    def f(y, s=k):
        return y * s

    k = k * 100
    return f(x[1]) + k


def deco_local(x):
    def twice(f):
        def w(*a, **k):
            return f(f(*a, **k))

        return w

    @twice
    def g(y):
        return y * y * x[0]

    return g(x[1])


def partials_in_a_list(x):
    "reduction in list of partials"
    fs = [functools.partial(lambda a, b: a * b, c) for c in (x[0], x[1])]
    return fs[0](x[2]) * fs[1](2.0)


def dict_of_fs(x):
    table = {"sin": np.sin, "sq": lambda t: t * t * x[0], "inner": early_ret}
    return sum(table[k](x[1] if k != "inner" else x) for k in ("sin", "sq", "inner"))


def det(m):
    n = len(m)
    if n == 1:
        return m[0][0]
    total = 0.0
    for j in range(n):
        minor = [row[:j] + row[j + 1 :] for row in m[1:]]
        total = total + (-1) ** j * m[0][j] * det(minor)
    return total


def rec_det(x):
    return det([[x[0], x[1], 2.0], [x[2], x[0] * x[1], 1.0], [3.0, x[1], x[2]]])


def fib(n, a):
    return a if n < 2 else fib(n - 1, a) * 0.5 + fib(n - 2, a * a)


def rec_fib(x):
    return fib(6, x[0])


def poly(cs, t):
    if not cs:
        return 0.0
    return cs[0] + t * poly(cs[1:], t)


def rec_poly(x):
    return poly((x[0], x[1], x[2], 2.0), x[0])


def nonedefault(x, w=None):
    if w is None:
        w = x * 2
    return np.sum(x * w)


def callnone(x):
    return nonedefault(x) + nonedefault(x, x**2)


def swapper(a, b):
    return b, a


def tupleret(x):
    a, b = swapper(x[0], x[1] * 2)
    d = (lambda p: {"u": p * 2, "v": [p, p * p]})(x[2])
    return a * b**2 + d["u"] * d["v"][1]


def selfcapture(x):
    class_like = {"n": x[0]}

    def inc(by):
        class_like["n"] = class_like["n"] * by

    inc(x[1])
    inc(x[2])
    return class_like["n"]


def cap_list(x):
    log = []

    def note(v):
        log.append(v * v)
        return v

    s = note(x[0]) * note(x[1])
    return s + sum(log)


@dataclasses.dataclass
class Time:
    x: np.ndarray
    t: float = 0.0
    tag: object = None

    def next(self):
        if self.t < 0.25:
            return Time(self.x * 1.1, self.t + 0.1)
        return Time(self.x + 1.0, self.t + 0.2)


def objects_step_by_step(x):
    s = Time(x)
    for _ in range(4):
        s = s.next()
    return np.sum(s.x**2) * s.t


def objects_until(x):
    s = Time(x)
    while s.t < 0.6 + x[0] * 0.01:
        s = s.next()
    return np.sum(s.x**2) * s.t


def one_of_two_objects(x):
    a, b = Time(x), Time(x**2, 2.0)
    s = a if x[0] > 0 else b
    return np.sum(s.x) * s.t + np.sum(a.x * b.x)


def made_on_two_sides(x):
    u = x * 1.0
    s = Time(u) if x[0] > 0 else Time(u * 2.0, 1.0)
    s.t += 1.0
    s.x[0] = 3.0 * x[1] * s.t
    return np.sum(s.x)


def one_of_three_objects(x):
    if x[0] > 1:
        s = Time(x)
    elif x[0] > 0:
        s = Time(x * 2, x[1])
    else:
        s = Time(x * 3, 2)
    return np.sum(s.x) * s.t


def one_of_three_functions(x):
    def cubed(y):
        return y**3 * x[1]

    out = 0.0
    for i in range(3):
        if x[i] > 1:
            f = np.sin
        elif x[i] > 0:
            f = cubed
        else:
            f = lambda y: y * y  # noqa: E731
        out = out + f(x[2]) * f(x[i])
    return out


def checked(y):
    if y < -5.0:
        raise ValueError("too small")
    return np.sqrt(y + 6.0)


def try_callee(x):
    out = 0.0
    for i in range(4):
        try:
            out = out + checked(x[i] * 10.0)
        except ValueError:
            out = out + x[i] ** 2
    return out


def loop_break_closure(x):
    w = x * 1.0

    def bump(i):
        w[i] += w[i - 1] * x[i]
        return w[i]

    total = 0.0
    for i in range(1, 4):
        v = bump(i)
        if v > 1.0:
            break
        total = total + v
    return total + np.sum(w)


class Acc:
    def __init__(self, v):
        self.total = 0.0
        self.items = []
        self.v = v

    def add(self, y):
        self.total += y
        self.items.append(y * self.v[0])

    @property
    def mean(self):
        return self.total / len(self.items)


def acc_static(x):
    a = Acc(x)
    for i in (0, 1, 2):
        a.add(x[i] ** 2)
    return a.mean + a.items[1] * a.items[2]


class State:
    def __init__(self, x, v):
        self.x, self.v = x, v


class Sim:
    def __init__(self, s, k):
        self.s, self.k, self.t = s, k, 0.0

    def force(self):
        return -self.k * self.s.x

    def step(self, dt):
        s = self.s
        s.v += dt * self.force()
        s.x = s.x + dt * s.v
        self.t += dt


def nested_objs(x):
    sim = Sim(State(x * 1.0, x**2), x[0])
    while sim.t < 0.45:
        sim.step(0.1)
    return np.sum(sim.s.x**2) * sim.t


def nested_objs_break(x):
    sim = Sim(State(x * 1.0, x**2), x[0])
    for k in range(20):
        sim.step(0.1)
        if np.sum(sim.s.x) > 4.0:
            break
    return np.sum(sim.s.x**2) + sim.s.v[0]


def replaced_state(x):
    sim = Sim(State(x * 1.0, x**2), x[0])
    old = sim.s
    sim.step(0.1)
    sim.s = State(sim.s.x * 2, old.v)
    sim.step(0.2)
    return np.sum(sim.s.x * old.x) + np.sum(old.v)


def branch_replaces(x):
    s = State(x * 1.0, x**2)
    t = s
    if x[0] > 0:
        s.x = s.x * 2.0
        t.v[0] = 7.0 * x[1]
    else:
        s.v = x
    return np.sum(t.x * s.v)


def attr_alias(x):
    buf = x * 1.0
    s = State(buf, buf)
    s.x[0] = x[1] * 4.0
    buf[1] = x[2]
    return np.sum(s.v**2) + np.sum(s.x * buf)


def method_closure(x):
    s = State(x * 1.0, x)

    def upd(obj, f):
        obj.x = f(obj.x)

    upd(s, lambda q: q * q)
    upd(s, np.sin)
    return np.sum(s.x)


def obj_returned(x):
    def make(i):
        return State(x[i], x[i + 1])

    a, b = make(0), make(1)
    return a.x * b.v + a.v * b.x


def obj_dict(x):
    d = {"a": State(x[0], x[1])}
    for k in ("p", "q"):
        d[k] = State(d["a"].x * 2, x[2])
        d["a"].x = d[k].v * d["a"].x
    return d["a"].x + d["p"].x * d["q"].x


def fixed_point(f, x0, n=30, tol=1e-12):
    x = x0
    for _ in range(n):
        new = f(x)
        if abs(new - x) < tol:
            return new
        x = new
    return x


def uses_fixed_point(x):
    return fixed_point(lambda t: np.cos(t * x[0]) + x[1] * 0.1, x[2] * 0.3)


def rk4(f, y, t, h):
    k1 = f(t, y)
    k2 = f(t + h / 2, y + h / 2 * k1)
    k3 = f(t + h / 2, y + h / 2 * k2)
    k4 = f(t + h, y + h * k3)
    return y + h / 6 * (k1 + 2 * k2 + 2 * k3 + k4)


def ode(x):
    def rhs(t, y):
        return -x[0] * y + np.sin(t) * x[1]

    y, t = x * 1.0, 0.0
    while t < 1.0:
        y = rk4(rhs, y, t, 0.25)
        t += 0.25
    return np.sum(y)


def simpson(f, a, b, eps, depth):
    c = (a + b) / 2
    whole = (b - a) / 6 * (f(a) + 4 * f(c) + f(b))
    left = (c - a) / 6 * (f(a) + 4 * f((a + c) / 2) + f(c))
    right = (b - c) / 6 * (f(c) + 4 * f((c + b) / 2) + f(b))
    if depth == 0 or abs(left + right - whole) < eps:
        return left + right
    return simpson(f, a, c, eps / 2, depth - 1) + simpson(f, c, b, eps / 2, depth - 1)


def adaptive(x):
    return simpson(lambda t: np.exp(-t * x[0]) * np.sin(3 * t) * x[1], 0.0, 2.0, 1e-4, 3)


def fft_like(x):
    def go(v):
        n = len(v)
        if n == 1:
            return v
        e, o = go(v[::2]), go(v[1::2])
        return [a + 0.5 * b for a, b in zip(e, o)] + [a - 0.5 * b for a, b in zip(e, o)]

    r = go([x[0], x[1], x[2], x[3]])
    return r[0] * r[1] + r[2] * r[3] ** 2


def hanoi_like(x):
    out = [x[0], x[1], x[2]]

    def move(n, a, b, c):
        if n == 0:
            return
        move(n - 1, a, c, b)
        out[b] = out[b] + out[a] * 0.5
        move(n - 1, c, b, a)

    move(3, 0, 1, 2)
    return out[0] * out[1] + out[2]


def memo(x):
    cache = {}

    def f(n):
        if n in cache:
            return cache[n]
        r = x[0] if n < 2 else f(n - 1) * x[1] + f(n - 2)
        cache[n] = r
        return r

    return f(10)


def gen_with_closure(x):
    s = x[0]

    def f(y):
        return y * s

    return sum(f(v) for v in x) + max(f(v) for v in (x[0], x[1]))


def overwritten_name(x):
    def f(y):
        return y * 2

    a = f(x[0])

    def f(y):
        return y * 3

    return a * f(x[1])


def kwdict(x):
    def f(**kw):
        a = kw.pop("a", 1.0)
        kw["c"] = a * 2
        return g(**kw)

    def g(b, c):
        return b * c

    d = {"b": x[1]}
    return f(a=x[0], **d) + f(**d) * x[2]


def argslist(x):
    def f(*args):
        first, *rest = args
        return first * sum(rest)

    return f(*x[:3]) if False else f(x[0], x[1], x[2]) + f(*[x[1], x[2]], x[3])


def cg(apply_A, b, iters=4):
    x = np.zeros_like(b)
    r = b - apply_A(x)
    p = r.copy()
    rs = r @ r
    for _ in range(iters):
        Ap = apply_A(p)
        alpha = rs / (p @ Ap)
        x = x + alpha * p
        r = r - alpha * Ap
        new = r @ r
        p = r + (new / rs) * p
        rs = new
    return x


def uses_cg(w, b):
    def A(v):
        return w * v + 0.1 * np.roll(v, 1) + 0.1 * np.roll(v, -1)

    return np.sum(cg(A, b) ** 2)


class Dense:
    def __init__(self, W, b, act=None):
        self.W, self.b, self.act = W, b, act

    def __call__(self, x):
        z = self.W @ x + self.b
        return z if self.act is None else self.act(z)


class MLP:
    def __init__(self, *layers):
        self.layers = list(layers)

    def __call__(self, x):
        for l in self.layers:
            x = l(x)
        return x

    def penalty(self, lam=0.1):
        return lam * sum(np.sum(l.W**2) for l in self.layers)


def mlp_local(W1, b1, W2, b2, x):
    net = MLP(Dense(W1, b1, np.tanh), Dense(W2, b2))
    return np.sum(net(x) ** 2) + net.penalty()


class Shape:
    def area(self):
        raise NotImplementedError

    def scaled(self, k):
        return k * self.area()


class Circle(Shape):
    def __init__(self, r):
        self.r = r

    def area(self):
        return np.pi * self.r**2


class Rect(Shape):
    def __init__(self, a, b):
        self.a, self.b = a, b

    def area(self):
        return self.a * self.b


class Square(Rect):
    def __init__(self, a):
        super().__init__(a, a)

    def area(self):
        return super().area() * 1.5


def shapes(x):
    s = [Circle(x[0]), Rect(x[1], x[2]), Square(x[0])]
    return (
        sum(k.scaled(i + 1.0) for i, k in enumerate(s))
        + sum(1.0 for k in s if isinstance(k, Rect)) * x[0]
    )


class RunningStats:
    def __init__(self):
        self.n, self.mean, self.m2 = 0, 0.0, 0.0

    def push(self, v):
        self.n += 1
        d = v - self.mean
        self.mean += d / self.n
        self.m2 += d * (v - self.mean)

    @property
    def var(self):
        return self.m2 / (self.n - 1)


def welford(x):
    s = RunningStats()
    for v in x:
        s.push(v)
    return s.var + s.mean


class Node:
    def __init__(self, v, left=None, right=None):
        self.v, self.left, self.right = v, left, right

    def total(self):
        out = self.v**2
        if self.left is not None:
            out = out + self.left.total()
        if self.right is not None:
            out = out * self.right.total()
        return out


def tree_objs(x):
    t = Node(x[0], Node(x[1], None, Node(x[2])), Node(x[0] * x[1]))
    return t.total()


class Optim:
    def __init__(self, lr):
        self.lr, self.state = lr, {}

    def step(self, params, grads):
        for k in params:
            m = self.state.get(k, 0.0) * 0.9 + grads[k]
            self.state[k] = m
            params[k] = params[k] - self.lr * m


def momentum(x):
    p = {"a": x[0], "b": x[1] * 2}
    o = Optim(0.1 * x[2])
    for _ in (0, 1, 2):
        o.step(p, {"a": p["a"] * p["b"], "b": p["b"] ** 2})
    return p["a"] * p["b"]


def momentum_loop(x):
    p = {"a": x[0], "b": x[1] * 2}
    o = Optim(0.1 * x[2])
    o.state.update(a=0.0, b=0.0)
    for _ in range(5):
        o.step(p, {"a": p["a"] * p["b"], "b": p["b"] ** 2})
    return p["a"] * p["b"]


class Vec:
    def __init__(self, d):
        self.d = d

    @classmethod
    def zeros(cls, n):
        return cls(np.zeros(n))

    def axpy(self, a, o):
        self.d += a * o.d
        return self

    def __len__(self):
        return len(self.d)


def vecs(x):
    v = Vec.zeros(3)
    v.axpy(x[0], Vec(x)).axpy(2.0, v)
    return np.sum(v.d**2)


def pipeline(x):
    stages = [
        np.sin,
        lambda t: t * x,
        functools.partial(np.multiply, 2.0),
        (lambda k: lambda t: t + k)(x[0]),
    ]
    return np.sum(functools.reduce(lambda v, f: f(v), stages, x))


def counter_closure(x):
    def make():
        state = {"n": 0, "sum": 0.0}

        def push(v):
            state["n"] += 1
            state["sum"] += v
            return state["sum"] / state["n"]

        return push

    a, b = make(), make()
    a(x[0])
    b(x[1])
    return a(x[2]) * b(x[0])


def fail(m):
    raise ValueError(m)


def fails_outside(x):
    if x[0] < 0:
        fail("neg")
    return np.sum(x**2)


def returns_a_failure(x):
    if x[0] < 0:
        return fail("neg")
    return np.sum(x**2)


def fails_in_an_expression(x):
    y = np.sum(x) if x[0] > 0 else fail("neg")
    return y * x[1]


def checks_and_passes_on(x):
    def check(v):
        if v < 0:
            raise ValueError("neg")
        return v

    return check(x[0]) * check(x[2])


def asserts_inside(x):
    def check(v):
        assert v > 0, "neg"

    check(x[0])
    return x[0] ** 2


class Abstract:
    def f(self):
        raise NotImplementedError

    def g(self, x):
        return x[0] * self.f()


class Concrete(Abstract):
    def f(self):
        return 3.0


def abstract_method(x):
    return Concrete().g(x)


def abstract_method_is_caught(x):
    try:
        return Abstract().g(x)
    except NotImplementedError:
        return x[1] ** 2


def product_with_a_failure(x):
    if x[0] > 5.0:
        return x[0] * fail("big")
    return x[1]


def finds_or_fails(x):
    def find(v):
        for i in range(3):
            if x[i] > v:
                return x[i]
        raise ValueError("none")

    return find(0.0) * find(1.0)


def not_done(m):
    raise NotImplementedError(m)


def caught_in_an_expression(x):
    try:
        y = x[0] * not_done("a")
    except NotImplementedError:
        y = x[1] ** 2
    return y


def caught_in_a_statement(x):
    try:
        not_done("a")
        y = x[0]
    except NotImplementedError:
        y = x[1] ** 2
    return y


def caught_in_a_return(x):
    try:
        return not_done("a")
    except NotImplementedError:
        return x[1] ** 2


def caught_before_a_return(x):
    try:
        y = not_done("a")
        return y
    except NotImplementedError:
        return x[1] ** 2


def caught_alone(x):
    try:
        not_done("a")
        return x[0]
    except NotImplementedError:
        return x[1] ** 2


a = 100.0  # what local names of programs hide


def a_local_name_hides_a_global(x):
    for i in range(3):
        if i > 0:
            y = a * x[i]  # noqa: F823
        a = x[i]  # noqa: F841
    return y


def closure_over_a_joined_name(x):
    def f():
        return b0 * x[0]

    if x[0] > 0:
        b0 = x[1]
    else:
        b0 = x[2]
    return f()


def closure_over_a_loops_name(x):
    def f():
        return c0 * x[0]

    for i in range(3):
        c0 = x[i]
    return f()


def closure_before_and_after(x):
    def f():
        return a * x[0]

    a = x[1]
    r = f()
    a = x[2]
    return r * f()


def closure_of_a_closure(x):
    a = x[0]

    def f():
        def g():
            return a * x[1]

        a = x[2]
        return g()

    return f() * a


def defaults_of_a_loop(x):
    fs = {}
    for name, k in (("p", 1), ("q", 2)):

        def h(y, k=k):
            return y**k * x[0]

        fs[name] = h
    return fs["p"](x[1]) + fs["q"](x[2]) * h(2.0)


def closure_over_a_carried_name(x):
    acc = 0.0

    def add(v):
        return acc + v

    for v in x:
        acc = add(v * v)
    return acc


def closure_in_a_while(x):
    t = x[0]

    def f():
        return t

    i = 0
    while i < 3:
        t = f() * x[1] + x[2]
        i += 1
    return f()


def a_parameter_hides_a_captured_name(x):
    k = x[0]

    def f(y):
        k = y * 2
        return k

    return f(x[1]) * k


def closure_in_nested_loops(x):
    total = 0.0
    for i in range(2):
        for j in range(3):

            def w(v):
                return v * x[j] + i

            total = total + w(x[i])
    return total


def closure_over_what_it_gives(x):
    s = x[0]
    g = [lambda v: v * s][0]
    s = g(x[1])
    s = g(x[2])
    return s


def bound_method_of_a_written_array(x):
    u = x * 1.0
    f = u.sum
    u[0] = 5.0 * x[1]
    return f() * x[0]


def partial_of_a_written_array(x):
    u = x * 1.0
    g = functools.partial(np.dot, u)
    u[1] = x[0] ** 2
    return g(x)


def bound_append(x):
    v = [x[0]]
    g = v.append
    g(x[1])
    g(x[2])
    return sum(v) * len(v)


def closure_that_appends(x):
    rows = []

    def emit(r):
        rows.append(r * x[0])

    for i in range(3):
        emit(x[i])
    return sum(rows)


def closure_that_appends_in_a_loop(x):
    rows = []

    def emit(r):
        rows.append(r * x[0])

    for v in x:
        emit(v)
    return np.sum(np.array(rows) ** 2)


def closures_made_by_recursion(x):
    def mk(n):
        if n == 0:
            return lambda t: t
        inner = mk(n - 1)
        return lambda t: inner(t * x[n])

    return mk(2)(x[0])


@dataclasses.dataclass
class Cfg:
    lr: float = 0.1
    steps: int = 3
    sched: object = None
    names: tuple = ("a", "b")
    w: dataclasses.InitVar[float] = 2.0

    def __post_init__(self, w):
        self.scale = w * self.lr


def dataclass_with_initvar(x):
    c = Cfg(lr=x[0], w=3.0)
    y = x[1]
    for _ in range(c.steps):
        y = y - c.lr * c.scale * y
    return y * len(c.names)


@dataclasses.dataclass(frozen=True)
class Moving:
    x: float
    y: float = 1.0

    def moved(self, d):
        return dataclasses.replace(self, x=self.x + d)

    def moved2(self, d):
        return Moving(self.x + d, self.y)


def frozen_dataclass(x):
    return Moving(x[0], x[1]).moved2(x[2]).x * Moving(x[0]).y


def dataclasses_replace(x):
    return Moving(x[0], x[1]).moved(x[2]).x


class Temperature:
    def __init__(self, c):
        self._c = c

    @property
    def f(self):
        return self._c * 1.8 + 32

    @f.setter
    def f(self, v):
        self._c = (v - 32) / 1.8


def property_setter(x):
    t = Temperature(x[0])
    t.f = x[1] * 10
    t.f += x[2]
    return t._c * t.f


class Step(NamedTuple):
    x: np.ndarray
    v: np.ndarray
    t: float = 0.0


def named_tuple_in_a_loop(x):
    s = Step(x, x**2)
    for _ in range(5):
        s = s._replace(x=s.x + 0.1 * s.v, v=s.v - 0.1 * s.x, t=s.t + 0.1)
    return np.sum(s.x) * s.t


def named_tuple_until(x):
    s = Step(x, x**2)
    while s.t < 0.5 + 0 * x[0]:
        a, b, t = s
        s = Step(a + 0.1 * b, b * 0.9, t + 0.1)
    return np.sum(s.x * s.v)


class Reg:
    W = np.array([1.0, 2.0, 3.0])
    handlers = {"sq": lambda self, v: v * v, "w": lambda self, v: v * self.W}

    def run(self, k, v):
        return self.handlers[k](self, v)


def class_attributes(x):
    return np.sum(Reg().run("w", x) + Reg().run("sq", x))


class Slotted:
    __slots__ = ("a", "b")

    def __init__(self, a):
        self.a = a
        self.b = a * 2


def slots(x):
    d = Slotted(x[0])
    d.a *= d.b
    return d.a


class Mixin:
    def norm(self):
        return np.sqrt(np.sum(self.data**2))


class Named:
    kind = "base"

    def label(self):
        return self.kind


class Labelled(Mixin, Named):
    kind = "a1"

    def __init__(self, data):
        super().__init__()
        self.data = data


def mixins(x):
    o = Labelled(x)
    return o.norm() * (2.0 if o.label() == "a1" else 1.0)


@dataclasses.dataclass(frozen=True)
class Doubled:
    x: float

    def __post_init__(self):
        object.__setattr__(self, "y", self.x * 2)


class Squared(Doubled):
    def __post_init__(self):
        super().__post_init__()
        object.__setattr__(self, "z", self.y * self.x)


class Plain:
    def __init__(self, v):
        super().__init__()
        self.v = v


def frozen_fills_itself(x):
    return Doubled(x[0]).y * x[1]


def frozen_inherits(x):
    return Squared(x[0]).z * x[1]


def init_of_object(x):
    return Plain(x[0]).v * x[1]


def none_on_one_side(x):
    y = x[0] * 2 if x[1] > 0 else None
    if y is None:
        return x[2] ** 2
    return y * x[1]


def found_or_none(x):
    def find(v):
        if x[0] > v:
            return x[1] * x[0]
        return None

    a = find(0.0)
    b = find(1.0)
    out = x[2]
    if a is not None:
        out = out + a * 2
    if b is not None:
        out = out * b
    return out


def none_in_a_loop(x):
    out = 0.0
    for i in range(3):
        y = x[i] ** 2 if x[i] > 0 else None
        if y is not None:
            out = out + y
        else:
            out = out - x[i]
    return out


def best_so_far(x):
    best = None
    for i in range(3):
        if best is None or x[i] > best:
            best = x[i] * 1.0
    return best * x[0]


def index_or_none(x):
    def find(v):
        for i in range(3):
            if x[i] > v:
                return i
        return None

    i = find(1.0)
    if i is None:
        return x[0]
    return x[0] * 2
