"""Objects: dataclasses and plain ones as arguments, local ones that are written, methods, properties."""

import dataclasses
import functools
from typing import NamedTuple

import numpy as np

from tests.programs.corpus.arguments import A, P, X
from tests.programs.oracle import program


@dataclasses.dataclass
class State:
    x: float
    v: float


@program(State(0.3, 1.1), 2.0, oracle="complex")
def dataclass_updated_in_a_loop(state, k):
    for _ in range(4):
        a = -k * state.x
        state = dataclasses.replace(state, x=state.x + 0.1 * state.v, v=state.v + 0.1 * a)
    return state.x**2 + state.v**2


@program(0.3, 1.1, oracle="complex")
def dataclass_that_is_local(x, v):
    state = State(x, v)
    for _ in range(3):
        state = State(state.x + 0.1 * state.v, state.v - 0.1 * np.sin(state.x))
    return state.x * state.v


@program(0.3, 1.1, oracle="complex")
def local_object_written(x, v):
    state = State(x, v)
    for _ in range(3):
        state.x += 0.1 * state.v
        state.v -= 0.1 * state.x
    return state.x * state.v


@dataclasses.dataclass(frozen=True)
class Layer:
    weights: np.ndarray
    bias: np.ndarray

    def __call__(self, x):
        return np.tanh(self.weights @ x + self.bias)

    @property
    def size(self):
        return len(self.bias)

    def penalty(self, strength=0.1):
        return strength * np.sum(self.weights**2)


@program(Layer(A, P), P, oracle="complex")
def dataclass_with_methods(layer, x):
    return np.sum(layer(x)) / layer.size + layer.penalty(strength=0.2)


@program([Layer(A, P), Layer(A.T, -P)], P, oracle="complex")
def list_of_dataclasses(layers, x):
    for layer in layers:
        x = layer(x)
    return x


class Oscillator:
    def __init__(self, omega, damping=0.1):
        self.omega = omega
        self.damping = damping

    @property
    def stiffness(self):
        return self.omega**2

    def force(self, x, v):
        return -self.stiffness * x - self.damping * v

    def step(self, x, v, h):
        v = v + h * self.force(x, v)
        return x + h * v, v

    @staticmethod
    def energy(x, v):
        return 0.5 * (x * x + v * v)

    @classmethod
    def unit(cls, damping):
        return cls(1.0, damping)


@program(Oscillator(1.3, 0.2), 0.4, oracle="complex")
def plain_object_as_an_argument(model, x):
    v = 0.0
    for _ in range(3):
        x, v = model.step(x, v, 0.1)
    return model.energy(x, v)


@program(1.3, 0.4, oracle="complex")
def object_made_inside(omega, x):
    model = Oscillator(omega, damping=x * x)
    v = 0.1
    for _ in range(3):
        x, v = model.step(x, v, 0.1)
    return Oscillator.energy(x, v)


@program(0.3, 0.4, oracle="complex")
def class_method_makes_it(damping, x):
    model = Oscillator.unit(damping)
    return model.force(x, 2 * x)


class Network:
    scale = 2.0

    def __init__(self, sizes):
        self.weights = [np.full((m, n), 0.1 * (m + n)) for n, m in zip(sizes, sizes[1:])]
        self.offset = np.array([0.1, -0.2, 0.3])

    def forward(self, x):
        for w in self.weights:
            x = np.tanh(w @ x)
        return x

    def loss(self, x):
        return self.scale * np.sum((self.forward(x) - self.offset) ** 2)


NETWORK = Network([3, 2, 3])


@program(P, oracle="complex")
def method_of_a_global_object(x):
    return NETWORK.loss(x)


class Base:
    def value(self, x):
        return x * x

    def total(self, x):
        return np.sum(self.value(x))


class Derived(Base):
    def value(self, x):
        return super().value(x) * 3 + x


@program(P, oracle="complex")
def inheritance(x):
    return Derived().total(x) * Base().total(x)


class Accumulator:
    def __init__(self):
        self.total = 0.0
        self.count = 0

    def add(self, value):
        self.total += value
        self.count += 1

    def mean(self):
        return self.total / self.count


@program(X, oracle="complex")
def local_accumulator(x):
    acc = Accumulator()
    for a in x:
        acc.add(a * a)
    return acc.mean()


class Buffer:
    def __init__(self, size):
        self.data = np.zeros(size)

    def write(self, i, value):
        self.data[i] = value
        return self


@program(P, oracle="differences")
def local_object_with_an_array(p):
    buffer = Buffer(3)
    for i in range(3):
        buffer.write(i, p[i] ** 2)
    buffer.data[0] *= p[2]
    return buffer.data * p


class Parameters(NamedTuple):
    rate: float
    weights: np.ndarray


@program(Parameters(0.4, P), oracle="complex")
def named_tuple_with_fields(params):
    rate, weights = params
    return rate * np.sum(params.weights**2) + params._replace(rate=2.0).rate * weights[0]


@dataclasses.dataclass
class Particle:
    position: np.ndarray
    mass: float = 1.0
    name: str = "p"


@program(Particle(P, 2.0), oracle="complex")
def dataclass_with_a_string(particle):
    if particle.name == "p":
        return particle.mass * np.sum(particle.position**2)
    return 0.0


@program(State(0.3, 1.1), oracle="complex")
def dataclass_as_a_result(state):
    return State(state.v * state.x, state.x**2)


@dataclasses.dataclass
class Tree:
    value: float
    children: list


@program(Tree(0.3, [Tree(1.2, []), Tree(0.5, [Tree(0.7, [])])]), oracle="complex")
def recursion_over_objects(tree):
    def total(node, depth):
        return node.value ** (depth + 1) + sum(total(child, depth + 1) for child in node.children)

    return total(tree, 0)


class Polynomial:
    def __init__(self, *coefficients):
        self.coefficients = coefficients

    def __call__(self, x):
        total = 0.0
        for c in reversed(self.coefficients):
            total = total * x + c
        return total


@program(0.4, 1.5, oracle="complex")
def callable_object_made_inside(a, x):
    p = Polynomial(a, a * a, 1.0)
    return p(x) * p(a)


class Cached:
    def __init__(self, scale):
        self.scale = scale

    @functools.cached_property
    def squared(self):
        return self.scale**2


@program(0.4, P, oracle="complex")
def cached_property(scale, x):
    c = Cached(scale)
    return c.squared * np.sum(x) + c.squared


@program(P, oracle="complex")
def getattr_with_a_name(p):
    state = State(p[0], p[1])
    total = 0.0
    for name in ("x", "v"):
        total += getattr(state, name) ** 2
    if hasattr(state, "missing"):
        total = 0.0
    return total * p[2]


@program(P, oracle="complex")
def bound_method_handed_on(p):
    model = Oscillator(p[0], p[1])
    f = model.force
    return sum(f(x, 0.5) for x in p)
