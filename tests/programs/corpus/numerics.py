"""Numerical snippets that combine several constructs, as they stand in notebooks."""

import functools
import itertools
import math

import numpy as np

from tests.programs.corpus.arguments import A, P, S, X, Y
from tests.programs.oracle import program


@program(S, P, oracle="complex")
def gauss_seidel(a, b):
    x = np.zeros_like(b)
    for _ in range(4):
        for i in range(len(b)):
            s = sum(a[i, j] * x[j] for j in range(len(b)) if j != i)
            x[i] = (b[i] - s) / a[i, i]
    return x


@program(S, P, oracle="differences")
def conjugate_gradients(a, b):
    a = a @ a.T
    x, r = np.zeros(3), b.copy()
    p, rs = r.copy(), r @ r
    for _ in range(3):
        ap = a @ p
        alpha = rs / (p @ ap)
        x += alpha * p
        r -= alpha * ap
        new = r @ r
        if new < 1e-25:
            break
        p = r + new / rs * p
        rs = new
    return x


@program(A + 2 * np.eye(3), oracle="differences")
def power_iteration(m):
    v = np.ones(3)
    for _ in range(6):
        v = m @ v
        v /= np.sqrt(v @ v)
    return v @ m @ v


@program(P, oracle="differences")
def softmax_with_a_shift(p):
    z = p - np.max(p)
    e = np.exp(z)
    return e / e.sum()


@program(0.3, oracle="differences")
def adaptive_step(k):
    t, y, h = 0.0, 1.0, 0.5
    while t < 1.0:
        if t + h > 1.0:
            h = 1.0 - t
        full = y + h * (-k * y * y)
        half = y + h / 2 * (-k * y * y)
        half = half + h / 2 * (-k * half * half)
        error = abs(full - half)
        if error > 1e-2:
            h /= 2
            continue
        t, y = t + h, half
        if error < 1e-3:
            h *= 1.5
    return y


@program(X, Y, oracle="differences")
def dynamic_time_warping(x, y):
    n, m = len(x), len(y)
    d = np.full((n + 1, m + 1), 1e3)
    d[0, 0] = 0.0
    for i in range(1, n + 1):
        for j in range(1, m + 1):
            cost = (x[i - 1] - y[j - 1]) ** 2
            paths = np.array([d[i - 1, j], d[i, j - 1], d[i - 1, j - 1]])
            low = np.min(paths)
            d[i, j] = cost + low - np.log(np.sum(np.exp(low - paths)))
    return d[n, m]


@program(np.array([0.6, 0.4]), np.array([[0.7, 0.3], [0.2, 0.8]]), [0, 1, 1, 0], oracle="complex",
         argnums=(0, 1))  # fmt: skip
def hidden_markov(start, transition, observed):
    emission = np.array([[0.9, 0.1], [0.3, 0.7]])
    alpha = start * emission[:, observed[0]]
    log_likelihood = 0.0
    for o in observed[1:]:
        scale = alpha.sum()
        log_likelihood += np.log(scale)
        alpha = (alpha / scale) @ transition * emission[:, o]
    return log_likelihood + np.log(alpha.sum())


@program(100.0, 95.0, 0.2, oracle="differences", second=False)
def binomial_option(spot, strike, sigma):
    n, rate, dt = 4, 0.05, 0.25
    up = math.exp(sigma * math.sqrt(dt))
    down = 1 / up
    q = (math.exp(rate * dt) - down) / (up - down)
    values = [max(spot * up**k * down ** (n - k) - strike, 0.0) for k in range(n + 1)]
    for step in reversed(range(n)):
        values = [
            math.exp(-rate * dt) * (q * values[k + 1] + (1 - q) * values[k])
            for k in range(step + 1)
        ]
    return values[0]


@program(np.array([0.3, -0.2, 0.5]), oracle="differences")
def rotation_by_rodrigues(r):
    theta = np.sqrt(r @ r)
    if theta < 1e-12:
        return np.eye(3)
    k = r / theta
    cross = np.array([[0, -k[2], k[1]], [k[2], 0, -k[0]], [-k[1], k[0], 0]])
    return np.eye(3) + np.sin(theta) * cross + (1 - np.cos(theta)) * cross @ cross


@program([0.3, 0.8, -0.4], [1.0, 0.7, 0.5], oracle="complex")
def robot_arm(angles, lengths):
    x = y = heading = 0.0
    for angle, length in zip(angles, lengths):
        heading += angle
        x += length * np.cos(heading)
        y += length * np.sin(heading)
    return x, y


@program(np.array([0.0, 1.0, 2.5, 3.0]), X, 1.7, oracle="differences")
def linear_interpolation(knots, values, t):
    for i in range(len(knots) - 1):
        if knots[i] <= t < knots[i + 1]:
            w = (t - knots[i]) / (knots[i + 1] - knots[i])
            return (1 - w) * values[i] + w * values[i + 1]
    raise ValueError("outside")


@program([0.5, 1.2, 0.8], 0.4, oracle="complex")
def de_casteljau(points, t):
    points = list(points)
    while len(points) > 1:
        points = [(1 - t) * a + t * b for a, b in itertools.pairwise(points)]
    return points[0]


@program(X, oracle="complex")
def discrete_fourier_by_hand(x):
    n = len(x)
    out = []
    for k in range(n):
        re = sum(x[j] * math.cos(2 * math.pi * j * k / n) for j in range(n))
        im = sum(-x[j] * math.sin(2 * math.pi * j * k / n) for j in range(n))
        out.append(re * re + im * im)
    return np.array(out)


@program(A, oracle="complex")
def determinant_by_recursion(m):
    if len(m) == 1:
        return m[0, 0]
    total = 0.0
    for j in range(len(m)):
        rest = [[m[i, k] for k in range(len(m)) if k != j] for i in range(1, len(m))]
        total += (-1) ** j * m[0, j] * determinant_by_recursion(np.array(rest))
    return total


@program(np.array([0.2, 0.9, -0.4]), oracle="differences", second=False)
def ray_marching(direction):
    position = np.array([0.0, 0.0, 0.3])
    distance = 0.0
    for _ in range(8):
        d = np.sqrt(np.sum((position + distance * direction - np.array([1.0, 2.0, 0.0])) ** 2)) - 1
        if d < 1e-3:
            break
        distance += d
        if distance > 10:
            break
    return distance


@program(P, oracle="complex")
def momentum_descent(x):
    history = {"x": [x], "loss": []}
    velocity = np.zeros_like(x)
    for k in range(3):
        gradient = 4 * x**3 - x
        velocity = 0.9 * velocity - 0.01 * gradient
        x = x + velocity
        history["x"].append(x)
        history["loss"].append(np.sum(x**4 - x**2 / 2))
    return sum(history["loss"]) + np.sum(history["x"][1] * history["x"][-1])


@program([A, A.T], [P, -P], P, oracle="complex")
def layers_in_two_lists(weights, biases, x):
    activations = [x]
    for w, b in zip(weights, biases):
        activations.append(np.tanh(w @ activations[-1] + b))
    return activations[-1] * activations[0]


@program(X, oracle="complex")
def convolution_by_hand(x):
    kernel = [0.2, 0.5, 0.3]
    out = np.zeros(len(x) + 2, dtype=x.dtype)
    for i, k in enumerate(kernel):
        out[i : i + len(x)] += k * x
    return out**2


@program(X, oracle="complex")
def prefix_products(x):
    left = np.ones_like(x)
    for i in range(1, len(x)):
        left[i] = left[i - 1] * x[i - 1]
    right = 1.0
    for i in reversed(range(len(x))):
        left[i] *= right
        right *= x[i]
    return left


@program(P, 3, oracle="complex")
def matrix_power_by_squaring(p, n):
    m = np.outer(p, p) + np.diag(p)
    result = np.eye(3)
    while n:
        if n & 1:
            result = result @ m
        m = m @ m
        n >>= 1
    return result


@program(np.array([1.2, 0.4]), oracle="differences")
def euler_with_an_event(state):
    height, speed = state
    t = 0.0
    while True:
        height, speed = height + 0.05 * speed, speed - 0.05 * 9.8
        t += 0.05
        if height < 0:
            return t + height / speed


@program(X, oracle="differences")
def huber(x):
    total = 0.0
    for a in x:
        r = abs(a)
        total += 0.5 * r * r if r < 0.5 else 0.5 * (r - 0.25)
    return total


@program(P, oracle="complex")
def memo_in_a_dict(p):
    memo = {}

    def f(n):
        if n in memo:
            return memo[n]
        if n < 3:
            return p[n]
        memo[n] = f(n - 1) * p[0] + f(n - 3)
        return memo[n]

    return f(7)


@program(S, oracle="differences")
def lu_with_pivoting(m):
    m = m.copy()
    n = len(m)
    sign = 1.0
    for k in range(n):
        p = k + int(np.argmax(np.abs(m[k:, k])))
        if p != k:
            m[[k, p]] = m[[p, k]]
            sign = -sign
        m[k + 1 :, k] /= m[k, k]
        m[k + 1 :, k + 1 :] -= np.outer(m[k + 1 :, k], m[k, k + 1 :])
    return sign * np.prod(np.diag(m))


@program(np.array([0.2, 0.7, 0.4]), 1.5, oracle="complex")
def gravity_of_pairs(positions, mass):
    energy = 0.0
    for i, a in enumerate(positions):
        for b in positions[i + 1 :]:
            energy -= mass * mass / ((a - b) ** 2 + 0.1) ** 0.5
    return energy


@program(X, oracle="complex")
def exponential_smoothing(x):
    level, trend = x[0], x[1] - x[0]
    fitted = []
    for a in x[1:]:
        last = level
        level = 0.4 * a + 0.6 * (level + trend)
        trend = 0.3 * (level - last) + 0.7 * trend
        fitted.append(level + trend)
    errors = [(f - a) ** 2 for f, a in zip(fitted, x[2:])]
    return sum(errors) / len(errors)


@program(np.float32(0.3) * np.ones(3, np.float32), oracle="differences")
def single_precision(x):
    y = np.zeros_like(x)
    for i in range(3):
        y[i] = x[i] ** 2 * (i + 1)
    return np.sum(y * x)


@program(np.zeros(0), 2.0, oracle=lambda x, k: [[1.0]])
def empty_array(x, k):
    total = k
    for a in x:
        total = total * a
    return total + np.sum(x * k)


@program(P, oracle="complex")
def polynomial_fold(p):
    return functools.reduce(lambda acc, c: acc * 0.7 + c, reversed(p), 0.0)


@program(1.3, oracle=lambda x: 4 * x**3)
def nested_functions_of_loops(x):
    def power(n):
        result = 1.0
        for _ in range(n):
            result *= x
        return result

    return power(4)
