"""Thirty and some real programs, unmodified: each against an oracle of its own, in all modes.

The programs are in `real/`. Their expected numbers never come from srcad: the table below names for each the oracle, and
`test_the_oracles_agree` holds it against a second one that works otherwise.
"""

import copy
from collections.abc import Callable
from contextlib import contextmanager
from functools import cache
from typing import Any, NamedTuple

import numpy as np
import pytest

import srcad
from tests.fuzz.check import limit
from tests.programs.oracle import close, like, matrix, same
from tests.programs.real import (
    fields,
    filtering,
    finance,
    geometry,
    learning,
    matrices,
    numerics,
    odes,
)
from tests.programs.twins import flat, floats, is_float, jacobian, joined

COMPLEX, LONG, FLOAT = "complex step", "long differences", "differences"
# By so many leaves the whole Hessian is asked for.
FEW = 2


class Program(NamedTuple):
    """A program, its arguments, those to differentiate by (all that hold floats alone), and its two oracles."""

    function: Callable[..., Any]
    args: tuple[Any, ...]
    oracle: Any = COMPLEX
    second: Any = LONG
    argnums: tuple[int, ...] | None = None
    case: str = ""

    @property
    def name(self):
        """As a user of pytest writes it: the function, and which path it takes where another one is here too."""
        return self.function.__name__ + ("-" + self.case if self.case else "")

    @property
    def places(self):
        return tuple(range(len(self.args))) if self.argnums is None else self.argnums

    @property
    def wanted(self):
        """The arguments that are differentiated by."""
        return [self.args[place] for place in self.places]


def draw(*shape, scale=1.0):
    return scale * np.random.default_rng([5, len(shape), *shape]).normal(size=shape)


def spread(*shape):
    """Positive numbers, well apart."""
    return 0.5 + np.random.default_rng([6, *shape]).uniform(size=shape)


# Closed forms


def of_linear_system(A, b):
    inverse = np.linalg.inv(A)
    x = inverse @ b
    return np.concatenate(
        [-np.einsum("ki,j->kij", inverse, x).reshape(len(b), -1), inverse], axis=1
    )


def of_solution_and_determinant(A, b):
    last = np.linalg.det(A) * np.linalg.inv(A).T
    return np.vstack([of_linear_system(A, b), np.append(last.ravel(), np.zeros(len(b)))])


def of_projection(v, radius):
    """On the simplex, v less its mean over the parts that stay, and the radius divided among them."""
    stays = (matrices.project_to_simplex(v, radius) > 0).astype(float)
    count = stays.sum()
    return np.column_stack([np.diag(stays) - np.outer(stays, stays) / count, stays / count])


def of_logistic(params, X, y):
    """X' (p - y) / n + l2 w; and by the data."""
    w, b = params["w"], params["b"]
    p = 1 / (1 + np.exp(-(X @ w + b)))
    miss = (p - y) / len(y)
    return np.concatenate([X.T @ miss + 0.1 * w, [miss.sum()], np.outer(miss, w).ravel()])[None]


def of_gaussian_process(theta, x, y):
    """Half the trace of (a a' - 1/K) dK, for each hyperparameter."""
    length, amplitude, noise = np.exp(theta)
    gaps = (x[:, None] - x[None]) / length
    smooth = amplitude**2 * np.exp(-0.5 * gaps**2)
    inverse = np.linalg.inv(smooth + (noise**2 + 1e-8) * np.eye(len(x)))
    a = inverse @ y
    M = np.outer(a, a) - inverse
    slopes = [smooth * gaps**2, 2 * smooth, 2 * noise**2 * np.eye(len(x))]
    return np.array([[0.5 * np.sum(M * slope) for slope in slopes]])


def of_implied_volatility(price, spot, strike, rate, maturity):
    """By the theorem of implicit functions: the greeks, divided by vega."""
    sigma = finance.implied_volatility(price, spot, strike, rate, maturity)
    total = sigma * np.sqrt(maturity)
    d1 = (np.log(spot / strike) + (rate + 0.5 * sigma**2) * maturity) / total
    density = np.exp(-0.5 * d1**2) / np.sqrt(2 * np.pi)
    vega = spot * density * np.sqrt(maturity)
    discounted = np.exp(-rate * maturity) * finance.normal_cdf(d1 - total)
    greeks = [
        -1.0,
        finance.normal_cdf(d1),
        -discounted,
        strike * maturity * discounted,
        spot * density * sigma / (2 * np.sqrt(maturity)) + rate * strike * discounted,
    ]
    return -np.array([greeks]) / vega


# The programs

SPD = np.array([[4.0, 1.0, 0.5], [1.2, 5.0, -1.0], [0.3, -0.8, 3.5]])
SPHERES = [
    {"centre": np.array([0.1, 3.0, 0.2]), "radius": 0.8},
    {"centre": np.array([0.9, 3.4, 0.1]), "radius": 0.7},
]
CAMERAS = [
    geometry.Camera(draw(3, scale=0.3), np.array([0.1, -0.2, -4.0]), 1.5, np.array([0.1, 0.02])),
    geometry.Camera(
        np.array([0.2, 0.1, -0.3]), np.array([0.3, 0.1, -5.0]), 1.2, np.array([-0.1, 0.05])
    ),
]
OBSERVATIONS = (
    (0, 0, np.array([0.2, 0.1])),
    (1, 0, np.array([-0.1, 0.2])),
    (0, 1, np.array([1.9, 0.8])),
    (1, 1, np.array([0.1, -0.3])),
)


def gate(size, inputs, seed):
    rng = np.random.default_rng(seed)
    return {
        "W": rng.normal(size=(size, inputs)),
        "U": rng.normal(size=(size, size)),
        "b": rng.normal(size=size),
    }


PROGRAMS = [
    Program(
        filtering.kalman_filter,
        (
            np.array([[1.0, 0.2], [-0.1, 0.9]]),
            np.array([[1.0, 0.5]]),
            np.array([[0.1, 0.02], [0.02, 0.2]]),
            np.array([[0.3]]),
            np.array([0.5, -0.2]),
            np.array([[1.0, 0.1], [0.1, 0.8]]),
            draw(3, 1),
        ),
    ),
    Program(filtering.hmm_log_likelihood, (draw(2), draw(2, 2), draw(2, 3))),
    Program(filtering.soft_viterbi, (draw(3, 3), draw(4, 3), 0.7)),
    Program(
        filtering.particle_filter,
        (draw(5), filtering.Motion(0.1, 0.9, 0.3), np.array([0.3, -0.2, 0.5]), 0.8),
    ),
    Program(filtering.adaptive_filter, (draw(8), draw(8, scale=0.7))),
    Program(
        learning.lstm_loss,
        (
            {
                name: gate(2, 1, seed)
                for seed, name in enumerate(("input", "forget", "output", "cell"))
            },
            draw(2),
            draw(3, 1),
            draw(3),
        ),
    ),
    Program(
        learning.logistic_regression,
        ({"w": draw(3), "b": 0.2}, draw(5, 3), np.array([0.0, 1.0, 1.0, 0.0, 1.0])),
        oracle=of_logistic,
        second=COMPLEX,
        argnums=(0, 1),
    ),
    Program(learning.conv_layer, (draw(4, 4), draw(2, 3, 3), draw(2))),
    Program(
        learning.attention,
        (
            draw(3, 4),
            {
                name: draw(4, 4, scale=0.5) + k * np.eye(4) / 4
                for k, name in enumerate(("query", "key", "value", "out"))
            },
        ),
        oracle=LONG,
        second=FLOAT,
    ),
    Program(
        learning.em_step, (draw(4, 2), np.array([0.4, 0.6]), draw(2, 2), draw(2, 2, scale=0.2))
    ),
    Program(
        learning.gp_log_likelihood,
        (
            np.array([0.1, -0.2, -1.0]),
            np.array([0.0, 0.6, 1.1, 2.0]),
            np.array([0.3, 0.8, -0.1, -0.5]),
        ),
        oracle=of_gaussian_process,
        second=COMPLEX,
        argnums=(0,),
    ),
    Program(learning.soft_dtw, (draw(3), draw(4), 0.5)),
    Program(matrices.gaussian_density, (draw(3, 3), draw(3))),
    Program(
        matrices.lu_solve,
        (np.array([[0.1, 2.0, 1.0], [3.0, -1.0, 0.5], [1.0, 1.5, -2.0]]), draw(3)),
        oracle=of_solution_and_determinant,
        second=COMPLEX,
    ),
    Program(matrices.gauss_seidel, (SPD, draw(3)), oracle=of_linear_system, second=COMPLEX),
    Program(matrices.levinson_durbin, (draw(9),)),
    Program(matrices.matrix_exponential, (draw(3, 3),)),
    Program(matrices.page_rank, (spread(3, 3) - 0.4 * np.eye(3), 0.6)),
    Program(
        matrices.project_to_simplex,
        (np.array([0.9, -0.4, 0.5, 0.1]), 1.0),
        oracle=of_projection,
        second=COMPLEX,
    ),
    Program(odes.oscillator_energy, (np.array([1.2, 0.3]), 1.5)),
    Program(
        odes.neural_ode,
        (
            {"layers": [(draw(3, 3), draw(3)), (draw(2, 3), draw(2))], "decay": 0.3},
            np.array([0.5, -0.7]),
            np.array([0.0, 0.3, 0.7, 1.0]),
        ),
    ),
    Program(
        odes.leapfrog,
        (
            np.array([1.0, 0.5, 0.7]),
            np.array([[0.0, 0.1], [1.0, 0.2], [-0.4, 1.1]]),
            draw(3, 2, scale=0.4),
            0.1,
        ),
    ),
    Program(odes.sir_with_lockdown, (odes.Epidemic(0.6, 0.15, 0.7), 0.95, 0.05)),
    Program(odes.sir_with_lockdown, (odes.Epidemic(0.1, 0.35, 0.7), 0.95, 0.05), case="over"),
    Program(odes.gillespie, ((0.6, 0.8, 1.1), 1.3)),
    Program(odes.gillespie, ((0.6, 0.8, 1.1), 1.3, 0.9), case="stopped"),
    Program(odes.gillespie, ((0.1, 2.5, 0.2), 1.3), case="extinct"),
    Program(fields.burgers, (np.array([0.4, 1.1, 1.5, 0.7, -0.3, -0.6]), 0.05, 0.3)),
    Program(fields.heat_two_buffers, (draw(6), spread(6))),
    Program(fields.crank_nicolson, (spread(5), 0.3, 1.7)),
    Program(finance.american_put, (97.0, 100.0, 0.05, 0.3, 0.8)),
    Program(finance.barrier_call, (100.0, 98.0, 0.03, 0.25)),
    Program(
        finance.implied_volatility,
        (12.3, 100.0, 95.0, 0.02, 0.7),
        oracle=of_implied_volatility,
        second=FLOAT,
    ),
    Program(geometry.ray_march, (np.array([0.0, 0.1, 0.2]), np.array([0.1, 1.0, 0.05]), SPHERES)),
    Program(
        geometry.ray_march,
        (np.array([0.0, 0.1, 0.2]), np.array([0.3, -1.0, 0.9]), SPHERES),
        case="far",
    ),
    Program(
        geometry.reprojection_errors,
        (CAMERAS, np.array([[0.3, 0.2, 0.1], [-0.6, 0.4, 0.5]]), OBSERVATIONS),
        argnums=(0, 1),
    ),
    Program(
        geometry.reach_cost,
        (
            np.array([0.3, -0.8, 2.7]),
            np.array([[0.4, 0.1, 1.5], [0.1, 0.9, 0.1], [0.05, 0.6, -0.2]]),
            np.array([0.7, 0.3, 0.9]),
        ),
    ),
    Program(
        geometry.align,
        (
            np.array([[0.0, 0.0], [1.0, 0.1], [0.2, 1.3], [1.4, 1.2]]),
            np.array([[0.1, -0.2], [1.1, 0.2], [0.1, 1.2], [1.3, 1.5]]),
        ),
    ),
    Program(geometry.curve_length, (draw(4, 2),)),
    Program(
        geometry.spline,
        (np.array([0.0, 0.7, 1.5, 2.1, 3.0]), draw(5), np.array([-0.2, 0.4, 1.6, 2.8])),
    ),
    Program(numerics.equilibrium, (np.array([0.7, 1.3, 2.1]), np.array([0.2, 2.5])), argnums=(0,)),
    Program(
        numerics.equilibrium,
        (np.array([0.7, 1.3, 2.1]), np.array([0.2, -2.5])),
        argnums=(0,),
        case="halved",
    ),
    Program(numerics.peak_area, (0.4, 0.7, 1.5)),
    Program(numerics.rational_fit, (draw(4), spread(3), np.array([0.1, 0.9, 1.7, 2.4]))),
    Program(
        numerics.rational_fit,
        (draw(4), np.array([0.5, -1.7, 0.2]), np.array([0.1, 1.6, 2.4])),
        case="pole",
    ),
]

# What srcad does not take yet, and why; a program that passes is taken off.
REFUSED: dict[str, str] = {
    "attention": "arrays that a list grows by, whose size is not known before the loop",
    "levinson_durbin": "a list that a loop makes anew, one longer each time",
    "leapfrog": "objects in a list of unknown length",
    "sir_with_lockdown": "tuples with strings, in a list that grows where a test says",
    "align": "a name that is None until a test says otherwise",
    "curve_length": "recursion over a list of unknown length",
}


def programs(which=lambda program: True):
    """The programs as parameters of a test."""
    return pytest.mark.parametrize(
        "program",
        [
            pytest.param(
                program,
                id=program.name,
                marks=[
                    pytest.mark.xfail(
                        strict=True,
                        raises=srcad.SrcadError,
                        reason=REFUSED[program.function.__name__],
                    )
                ]
                if program.function.__name__ in REFUSED
                else [],
            )
            for program in PROGRAMS
            if which(program)
        ],
    )


def has_an_array(program):
    value = value_of(program)
    return isinstance(value, (tuple, list, dict)) or np.ndim(value) > 0


def all_float(program):
    return all(map(is_float, flat(program.args))) and len(program.places) == len(program.args)


@cache
def _value(name):
    program = next(program for program in PROGRAMS if program.name == name)
    return program.function(*copy.deepcopy(program.args))


def value_of(program):
    return _value(program.name)


@cache
def _expected(name):
    program = next(program for program in PROGRAMS if program.name == name)
    return jacobian(program.function, program.args, program.places, program.oracle)


def expected(program):
    """The Jacobian by the program's oracle: a row for each number that comes out."""
    return _expected(program.name)


def accuracy(oracle):
    """What an oracle can be held to."""
    return 1e-7 if oracle == FLOAT else 1e-9


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.name)
def test_the_oracles_agree(program):
    second = jacobian(program.function, program.args, program.places, program.second)
    close(second, expected(program), f"by {program.second}", accuracy(program.second))


@contextmanager
def unchanged(program):
    """Arguments to call derivatives with, which stay as they are."""
    args = copy.deepcopy(program.args)
    with np.errstate(all="ignore"), limit(60):
        yield args
    assert same(args, program.args), "an argument is changed"


def vector(tree):
    return joined(floats(tree))


def sizes(tree):
    return [np.size(leaf) for leaf in floats(tree)]


def rows_of(blocks, program):
    """A Jacobian as srcad gives it, as a matrix."""
    return matrix(blocks, sizes(value_of(program)), sizes(program.wanted))


def random_like(tree, seed):
    return like(tree, np.random.default_rng(seed).normal(size=vector(tree).size))


def jacobians(program, args, transform=srcad.jacrev):
    return rows_of(transform(program.function, program.places)(*args), program)


@programs()
def test_reverse(program):
    """The gradient, or the pullback of a random cotangent, against the oracle."""
    w = random_like(value_of(program), 9)
    with unchanged(program) as args:
        if not has_an_array(program):
            value, bars = srcad.value_and_grad(program.function, program.places)(*args)
            w, bars = 1.0, vector(bars)
        elif all_float(program):
            value, pullback = srcad.vjp(program.function, *args)
            bars = vector(pullback(w))
            assert np.array_equal(vector(pullback(w)), bars), "called again"
        else:
            value, bars = value_of(program), vector(w) @ jacobians(program, args)
    close(vector(value), vector(value_of(program)), "the value", 1e-12)
    close(bars, vector(w) @ expected(program), "reverse", accuracy(program.oracle))


@programs()
def test_forward(program):
    """The pushforward of a random tangent against the oracle, and <y_bar, J x_dot> == <J' y_bar, x_dot> to rounding."""
    dots, w = random_like(program.wanted, 8), random_like(value_of(program), 9)
    x_dot, y_bar = vector(dots), vector(w)
    with unchanged(program) as args:
        if all_float(program):
            value, y_dot = srcad.jvp(program.function, tuple(args), tuple(dots))
            close(vector(value), vector(value_of(program)), "the value", 1e-12)
            y_dot = vector(y_dot)
            _, pullback = srcad.vjp(program.function, *args)
            x_bar = vector(pullback(w))
        else:
            y_dot = jacobians(program, args, srcad.jacfwd) @ x_dot
            x_bar = y_bar @ jacobians(program, args)
    close(y_dot, expected(program) @ x_dot, "forward", 10 * accuracy(program.oracle))
    size = np.sum(np.abs(x_bar * x_dot)) + np.sum(np.abs(y_bar * y_dot))
    assert abs(y_bar @ y_dot - x_bar @ x_dot) <= 1e-11 * size, "forward against reverse"


@programs(has_an_array)
def test_rows(program):
    """The Jacobian, all rows at once."""
    with unchanged(program) as args:
        found = jacobians(program, args)
    close(found, expected(program), "rows", accuracy(program.oracle))


def along(program, move):
    """How the oracle's Jacobian changes along a direction, by extrapolated differences."""
    base = vector(program.wanted)

    def at(step):
        args = copy.deepcopy(list(program.args))
        for place, arg in zip(program.places, like(program.wanted, base + step * move)):
            args[place] = arg
        return jacobian(program.function, args, program.places, program.oracle)

    h = 2e-4
    first, second = ((at(step) - at(-step)) / (2 * step) for step in (h, h / 2))
    return (4 * second - first) / 3


@programs()
def test_second_order(program):
    """Forward over reverse, and of a scalar reverse over reverse, along a direction: against differences of the oracle."""
    dots = random_like(program.wanted, 8)
    move, columns = vector(dots), sizes(program.wanted)
    wanted = along(program, move)
    if not has_an_array(program):
        gradient = srcad.grad(program.function, program.places)
        with unchanged(program) as args:
            if all_float(program) and len(columns) > FEW:
                _, forward = srcad.hvp(program.function, tuple(args), tuple(dots))
                _, pullback = srcad.vjp(gradient, *args)
                close(vector(forward), wanted[0], "forward over reverse", 1e-7)
                close(vector(pullback(tuple(dots))), wanted[0], "reverse over reverse", 1e-7)
                return
            for transform in (srcad.jacfwd, srcad.jacrev):
                second = transform(gradient, program.places)(*args)
                found = matrix(second, columns, columns) @ move
                close(found, wanted[0], f"{transform.__name__} of the gradient", 1e-7)
        return
    first = srcad.jacrev(program.function, program.places)
    with unchanged(program) as args:
        if all_float(program):
            _, found = srcad.jvp(first, tuple(args), tuple(dots))
            found = rows_of(found, program)
        else:
            second = srcad.jacfwd(first, program.places)(*args)
            shapes = [(n, m) for n in sizes(value_of(program)) for m in columns]
            changes = matrix(second, [n * m for n, m in shapes], columns) @ move
            pieces = np.split(changes, np.cumsum([n * m for n, m in shapes])[:-1])
            found = matrix(
                [piece.reshape(shape) for piece, shape in zip(pieces, shapes)],
                sizes(value_of(program)),
                columns,
            )
    close(found, wanted, "second order", 1e-7)
