"""Ordinary differential equations, and processes that jump."""

import math
from dataclasses import dataclass

import numpy as np

# Dormand and Prince
C = [0.0, 1 / 5, 3 / 10, 4 / 5, 8 / 9, 1.0]
A = [
    [],
    [1 / 5],
    [3 / 40, 9 / 40],
    [44 / 45, -56 / 15, 32 / 9],
    [19372 / 6561, -25360 / 2187, 64448 / 6561, -212 / 729],
    [9017 / 3168, -355 / 33, 46732 / 5247, 49 / 176, -5103 / 18656],
]
B5 = [35 / 384, 0.0, 500 / 1113, 125 / 192, -2187 / 6784, 11 / 84]
E5 = [71 / 57600, 0.0, -71 / 16695, 71 / 1920, -17253 / 339200, 22 / 525]


def van_der_pol(t, y, mu):
    return np.array([y[1], mu * (1 - y[0] ** 2) * y[1] - y[0]])


def dormand_prince(f, y, t_end, args, rtol=1e-4, h=0.1):
    """An adaptive solver: steps are taken again where they err too much."""
    t = 0.0
    ts, ys = [t], [y]
    while t < t_end:
        h = min(h, t_end - t)
        stages = []
        for c, row in zip(C, A):
            increment = np.zeros_like(y)
            for weight, k in zip(row, stages):
                increment = increment + weight * k
            stages.append(f(t + c * h, y + h * increment, *args))
        new = y + h * sum(b * k for b, k in zip(B5, stages))
        last = f(t + h, new, *args)
        error = h * (sum(e * k for e, k in zip(E5, stages)) - last / 40)
        ratio = np.sqrt(np.mean((error / (1e-6 + rtol * np.abs(new))) ** 2))
        if ratio <= 1.0:
            t = t + h
            y = new
            ts.append(t)
            ys.append(y)
        h = h * min(5.0, max(0.2, 0.9 * ratio ** (-0.2)))
    return ts, ys


def oscillator_energy(y0, mu):
    """The energy along a path of van der Pol's oscillator, by the trapezoidal rule, and where the path ends."""
    ts, ys = dormand_prince(van_der_pol, y0, 2.0, (mu,))
    energy = 0.0
    for i in range(1, len(ts)):
        left = 0.5 * np.sum(ys[i - 1] ** 2)
        right = 0.5 * np.sum(ys[i] ** 2)
        energy += 0.5 * (ts[i] - ts[i - 1]) * (left + right)
    return energy, ys[-1]


def neural_ode(params, y0, times):
    """States at given times of an equation whose right side is a small network, by Runge-Kutta's classical method."""
    layers = params["layers"]

    def dynamics(y, t):
        activation = np.append(y, t)
        for i, (W, b) in enumerate(layers):
            activation = W @ activation + b
            if i < len(layers) - 1:
                activation = np.tanh(activation)
        return activation - params["decay"] * y

    def step(y, t, h):
        k1 = dynamics(y, t)
        k2 = dynamics(y + 0.5 * h * k1, t + 0.5 * h)
        k3 = dynamics(y + 0.5 * h * k2, t + 0.5 * h)
        k4 = dynamics(y + h * k3, t + h)
        return y + h / 6 * (k1 + 2 * k2 + 2 * k3 + k4)

    states = [y0]
    for start, stop in zip(times[:-1], times[1:]):
        states.append(step(states[-1], start, stop - start))
    return np.stack(states)


class Body:
    def __init__(self, mass, position, velocity):
        self.mass = mass
        self.position = position
        self.velocity = velocity
        self.force = np.zeros(len(position))

    def kick(self, dt):
        self.velocity = self.velocity + dt * self.force / self.mass

    def drift(self, dt):
        self.position = self.position + dt * self.velocity

    def kinetic_energy(self):
        return 0.5 * self.mass * np.sum(self.velocity**2)


def compute_forces(bodies, softening=0.1):
    potential = 0.0
    for body in bodies:
        body.force = np.zeros_like(body.force)
    for i, a in enumerate(bodies):
        for b in bodies[i + 1 :]:
            d = b.position - a.position
            r2 = np.dot(d, d) + softening**2
            pull = a.mass * b.mass * d / (r2 * np.sqrt(r2))
            a.force = a.force + pull
            b.force = b.force - pull
            potential -= a.mass * b.mass / np.sqrt(r2)
    return potential


def leapfrog(masses, positions, velocities, dt, steps=4):
    """Energy of some bodies that attract each other after a while, and where they are."""
    bodies = [Body(m, p, v) for m, p, v in zip(masses, positions, velocities)]
    potential = compute_forces(bodies)
    for _ in range(steps):
        for body in bodies:
            body.kick(dt / 2)
            body.drift(dt)
        potential = compute_forces(bodies)
        for body in bodies:
            body.kick(dt / 2)
    energy = potential + sum(body.kinetic_energy() for body in bodies)
    return energy, np.array([body.position for body in bodies])


@dataclass
class Epidemic:
    contact: float
    recovery: float
    compliance: float


def sir_with_lockdown(epidemic, s, i, days=30, threshold=0.12):
    """The peak of an epidemic, and those never infected; contacts drop while there are too many infected."""
    r = 1.0 - s - i
    locked = False
    peak = i
    events = []
    history = {"s": [s], "i": [i], "r": [r]}
    for day in range(days):
        if not locked and i > threshold:
            locked = True
            events.append((day, "locked"))
        elif locked and i < threshold / 2:
            locked = False
            events.append((day, "opened"))
        beta = epidemic.contact * (1 - epidemic.compliance) if locked else epidemic.contact
        infected = beta * s * i
        recovered = epidemic.recovery * i
        s, i, r = s - infected, i + infected - recovered, r + recovered
        peak = max(peak, i)
        history["s"].append(s)
        history["i"].append(i)
        history["r"].append(r)
        if i < 1e-4:
            break
    burden = sum(history["i"]) / len(history["i"])
    return peak, s, burden + 0.01 * len(events)


DRAWS = np.random.default_rng(3).uniform(size=(12, 2))


def gillespie(rates, start, t_end=2.0):
    """Births, deaths and immigration with draws that are fixed: the time average of the population's weight.

    Which reaction fires is a matter of the draws; when it fires is a smooth function of the rates.
    """
    birth, death, immigration = rates
    population = 4
    t, area = 0.0, 0.0
    weight = start
    for u_time, u_kind in DRAWS:
        propensities = [birth * population, death * population, immigration]
        total = sum(propensities)
        wait = -math.log(u_time) / total
        if t + wait > t_end:
            area += (t_end - t) * weight * population
            t = t_end
            break
        t += wait
        area += wait * weight * population
        level = u_kind * total
        kind = 0
        while level > propensities[kind]:
            level -= propensities[kind]
            kind += 1
        if kind == 0:
            population += 1
            weight *= 1 - 0.1 * birth
        elif kind == 1:
            population -= 1
        else:
            population += 1
            weight = 0.9 * weight + 0.1 * immigration
        if population == 0:
            return area / t
    return area / t
