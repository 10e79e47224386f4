"""The functions that are timed, each with the derivative that an expert would write by hand.

Most are the gallery's; the numbers of the steps and the sizes are those of real use. `ROWS` is
the table.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

import srcad

DIFFUSION = 0.02


@dataclass(frozen=True)
class Row:
    """A function, its derivative by hand, and what both are called with."""

    name: str
    primal: Callable[..., Any]
    hand: Callable[..., Any]
    transform: str
    """grad, value_and_grad, vjp, jacrev, hessian or vmap_jacrev (over the first axis)."""
    arguments: Callable[[np.random.Generator], tuple[Any, ...]]
    argnums: int | tuple[int, ...] = 0
    gallery: bool = True
    """One of the golden functions, whose compile time is measured."""


# One expression, one derivative -----------------------------------------------------------------


def sine(x):
    return np.sin(x)


def sine_jacrev(x):
    return np.diag(np.cos(x))


def two_arguments(x, y):
    return x + y**2


def two_arguments_jacrev(x, y):
    return np.eye(x.size), np.diag(2 * y)


def no_grad(x):
    with srcad.no_grad():
        c = x**2
    return x - c


def no_grad_jacrev(x):
    return np.eye(x.size)


def decay(x):
    y = np.sin(x)
    y = y * x
    y = np.exp(-y)
    return np.sum(y)


def decay_grad(x):
    y = np.sin(x)
    y_1 = y * x
    y_2 = np.exp(-y_1)
    y_bar = -y_2
    x_bar = y_bar * y
    x_bar += y_bar * x * np.cos(x)
    return x_bar


def rosenbrock(x):
    return np.sum(100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1.0 - x[:-1]) ** 2)


def rosenbrock_grad(x):
    diff_1 = x[1:] - x[:-1] ** 2
    diff_bar = 200.0 * diff_1
    x_bar = np.zeros_like(x)
    x_bar[1:] += diff_bar
    x_bar[:-1] -= 2 * x[:-1] * diff_bar + 2 * (1.0 - x[:-1])
    return x_bar


def rosenbrock_hessian(x):
    diff_1 = x[1:] - x[:-1] ** 2
    diff_bar = 200.0 * diff_1
    i = np.arange(x.size - 1)
    x_bar_dot = np.zeros((x.size, x.size))
    x_bar_dot[i + 1, i + 1] += 200.0
    x_bar_dot[i + 1, i] -= 400.0 * x[:-1]
    x_bar_dot[i, i] += 800.0 * x[:-1] ** 2 - 2 * diff_bar + 2
    x_bar_dot[i, i + 1] -= 400.0 * x[:-1]
    return x_bar_dot


# Statistics and machine learning ----------------------------------------------------------------


def loss(w, X, t):
    z = X @ w
    return np.mean(np.logaddexp(0.0, z) - t * z) + 0.5 * np.sum(w**2)


def loss_value_and_grad(w, X, t):
    z = X @ w
    logaddexp_1 = np.logaddexp(0.0, z)
    value = np.mean(logaddexp_1 - t * z) + 0.5 * np.sum(w**2)
    z_bar = (np.exp(z - logaddexp_1) - t) / z.size
    w_bar = w
    w_bar = w_bar + X.T @ z_bar
    return value, w_bar


def cross_entropy(logits, labels):
    shifted = logits - np.max(logits, axis=1, keepdims=True)
    log_z = np.log(np.sum(np.exp(shifted), axis=1))
    picked = shifted[np.arange(len(labels)), labels]
    return np.mean(log_z - picked)


def cross_entropy_grad(logits, labels):
    max_1 = np.max(logits, axis=1, keepdims=True)
    shifted = logits - max_1
    exp_1 = np.exp(shifted)
    sum_1 = np.sum(exp_1, axis=1)
    log_z_bar = 1.0 / len(labels)
    picked_bar = -1.0 / len(labels)
    shifted_bar = np.zeros_like(shifted)
    shifted_bar[np.arange(len(labels)), labels] = picked_bar
    shifted_bar += (log_z_bar / sum_1)[:, None] * exp_1
    max_bar = -np.sum(shifted_bar, axis=1, keepdims=True)
    is_max = logits == max_1
    ties = np.sum(is_max, axis=1, keepdims=True, dtype=logits.dtype)
    logits_bar = shifted_bar + is_max * (max_bar / ties)
    return logits_bar


def mlp(x, W1, b1, W2, b2):
    h = np.tanh(W1 @ x + b1)
    return W2 @ h + b2


def mlp_jacrev(x, W1, b1, W2, b2):
    h = np.tanh(W1 @ x + b1)
    h_bar = W2
    x_bar = (h_bar * (1 - h**2)) @ W1
    return x_bar


def mlp_jacrev_vmap(x, W1, b1, W2, b2):
    h = np.tanh(x @ W1.T + b1)
    h_bar = W2
    x_bar = (h_bar * (1 - h**2)[:, None, :]) @ W1
    return x_bar


def tanh_layer(x, W):
    return np.tanh(W @ x)


def tanh_layer_jacrev(x, W):
    y = np.tanh(W @ x)
    return (1 - y**2)[:, None] * W


def brusselator(u, v):
    reaction = u**2 * v
    du = 1.0 + reaction - 4.0 * u
    dv = 3.0 * u - reaction
    du[1:-1] += DIFFUSION * (u[:-2] - 2 * u[1:-1] + u[2:])
    dv[1:-1] += DIFFUSION * (v[:-2] - 2 * v[1:-1] + v[2:])
    return du, dv


def brusselator_jacrev(u, v):
    square = u**2
    product = 2 * u * v
    du_by_u, du_by_v = np.diag(product - 4.0), np.diag(square)
    dv_by_u, dv_by_v = np.diag(3.0 - product), np.diag(-square)
    i = np.arange(1, u.size - 1)
    for block in (du_by_u, dv_by_v):
        block[i, i - 1] += DIFFUSION
        block[i, i] -= 2 * DIFFUSION
        block[i, i + 1] += DIFFUSION
    return (du_by_u, du_by_v), (dv_by_u, dv_by_v)


def training_loss(W1, b1, W2, b2, X, T):
    h = np.tanh(X @ W1 + b1)
    y = h @ W2 + b2
    return np.mean((y - T) ** 2)


def training_loss_grad(W1, b1, W2, b2, X, T):
    h = np.tanh(X @ W1 + b1)
    y = h @ W2 + b2
    y_bar = 2 / y.size * (y - T)
    b2_bar = np.sum(y_bar, axis=0)
    W2_bar = h.T @ y_bar
    sum_bar = (y_bar @ W2.T) * (1 - h**2)
    b1_bar = np.sum(sum_bar, axis=0)
    W1_bar = X.T @ sum_bar
    return W1_bar, b1_bar, W2_bar, b2_bar


# Scalars, branches and loops --------------------------------------------------------------------


def huber(x, delta):
    r = abs(x)
    if r <= delta:
        y = 0.5 * r * r
    else:
        y = delta * (r - 0.5 * delta)
    return y


def huber_grad(x, delta):
    r = abs(x)
    if r <= delta:
        r_bar = r
    else:
        r_bar = delta
    x_bar = r_bar * np.sign(x)
    return x_bar


def newton_sqrt(a):
    x = 0.5 * (1.0 + a)
    while abs(x * x - a) > 1e-12 * a:
        x = 0.5 * (x + a / x)
    return x


def newton_sqrt_grad(a):
    x = 0.5 * (1.0 + a)
    saved = []
    while abs(x * x - a) > 1e-12 * a:
        saved.append(x)
        x = 0.5 * (x + a / x)
    x_bar = 1.0
    a_bar = 0.0
    for x in reversed(saved):
        sum_bar = 0.5 * x_bar
        a_bar += sum_bar / x
        x_bar = sum_bar - sum_bar * a / x**2
    a_bar += 0.5 * x_bar
    return a_bar


def path(x, k):
    v = 0.0
    for a in x:
        if v > 0.5:
            v = v - k * v**2
        v = v + np.sin(a)
    return v


def path_grad(x, k):
    v = 0.0
    saved = []
    for a in x:
        saved.append(v)
        if v > 0.5:
            v = v - k * v**2
        v = v + np.sin(a)
    v_bar = 1.0
    x_bar = np.zeros_like(x)
    k_bar = 0.0
    for i in reversed(range(len(x))):
        v = saved[i]
        x_bar[i] = v_bar * np.cos(x[i])
        if v > 0.5:
            k_bar -= v_bar * v**2
            v_bar -= 2 * v_bar * k * v
    return x_bar, k_bar


def growth(rate, capacity, y):
    h = 0.01
    for _ in range(1000):
        k_1 = rate * y * (1.0 - y / capacity)
        y_2 = y + 0.5 * h * k_1
        k_2 = rate * y_2 * (1.0 - y_2 / capacity)
        y_3 = y + 0.5 * h * k_2
        k_3 = rate * y_3 * (1.0 - y_3 / capacity)
        y_4 = y + h * k_3
        k_4 = rate * y_4 * (1.0 - y_4 / capacity)
        y = y + h / 6.0 * (k_1 + 2.0 * k_2 + 2.0 * k_3 + k_4)
    return y


def growth_grad(rate, capacity, y):
    h = 0.01
    saved = []
    for _ in range(1000):
        k_1 = rate * y * (1.0 - y / capacity)
        y_2 = y + 0.5 * h * k_1
        k_2 = rate * y_2 * (1.0 - y_2 / capacity)
        y_3 = y + 0.5 * h * k_2
        k_3 = rate * y_3 * (1.0 - y_3 / capacity)
        y_4 = y + h * k_3
        k_4 = rate * y_4 * (1.0 - y_4 / capacity)
        saved.append((y, y_2, y_3, y_4))
        y = y + h / 6.0 * (k_1 + 2.0 * k_2 + 2.0 * k_3 + k_4)

    y_bar = 1.0
    rate_bar = 0.0
    capacity_bar = 0.0
    for y, y_2, y_3, y_4 in reversed(saved):
        sum_bar = h / 6.0 * y_bar
        k_4_bar = sum_bar
        y_4_bar = k_4_bar * rate * (1.0 - 2.0 * y_4 / capacity)
        k_3_bar = 2.0 * sum_bar + h * y_4_bar
        y_3_bar = k_3_bar * rate * (1.0 - 2.0 * y_3 / capacity)
        k_2_bar = 2.0 * sum_bar + 0.5 * h * y_3_bar
        y_2_bar = k_2_bar * rate * (1.0 - 2.0 * y_2 / capacity)
        k_1_bar = sum_bar + 0.5 * h * y_2_bar
        rate_bar += k_4_bar * y_4 * (1.0 - y_4 / capacity) + k_3_bar * y_3 * (1.0 - y_3 / capacity)
        rate_bar += k_2_bar * y_2 * (1.0 - y_2 / capacity) + k_1_bar * y * (1.0 - y / capacity)
        squares = k_4_bar * y_4 * y_4 + k_3_bar * y_3 * y_3 + k_2_bar * y_2 * y_2 + k_1_bar * y * y
        capacity_bar += squares * rate / (capacity * capacity)
        y_bar += y_4_bar + y_3_bar + y_2_bar + k_1_bar * rate * (1.0 - 2.0 * y / capacity)
    return rate_bar, capacity_bar, y_bar


def back_substitution(U, b):
    x = np.zeros_like(b)
    for i in reversed(range(len(b))):
        s = b[i]
        for j in range(i + 1, len(b)):
            s -= U[i, j] * x[j]
        x[i] = s / U[i, i]
    return x


def back_substitution_vjp(U, b, x_bar):
    x = np.zeros_like(b)
    for i in reversed(range(len(b))):
        s = b[i]
        for j in range(i + 1, len(b)):
            s -= U[i, j] * x[j]
        x[i] = s / U[i, i]
    x_bar = x_bar.copy()
    U_bar = np.zeros_like(U)
    b_bar = np.zeros_like(b)
    for i in range(len(b)):
        s_bar = x_bar[i] / U[i, i]
        U_bar[i, i] -= s_bar * x[i]
        x_bar[i] = 0.0
        for j in reversed(range(i + 1, len(b))):
            U_bar[i, j] -= s_bar * x[j]
            x_bar[j] -= s_bar * U[i, j]
        b_bar[i] += s_bar
    return U_bar, b_bar


def rollout(theta, x0):
    x = x0
    cost = 0.0
    for _ in range(50):
        u = np.tanh(theta @ x)
        x = x + 0.1 * u
        cost = cost + np.sum(x**2)
    return cost


def rollout_grad(theta, x0):
    x = x0
    saved = []
    for _ in range(50):
        u = np.tanh(theta @ x)
        saved.append((u, x))
        x = x + 0.1 * u
    theta_bar = np.zeros_like(theta)
    x_bar = np.zeros_like(x)
    for u, x_1 in reversed(saved):
        x_bar += 2 * x
        x = x_1
        u_bar = 0.1 * x_bar
        matmul_bar = u_bar * (1 - u**2)
        theta_bar += np.outer(matmul_bar, x)
        x_bar += theta.T @ matmul_bar
    return theta_bar


# Stencils that store in place -------------------------------------------------------------------


def smooth(u0):
    u = u0.copy()
    for _ in range(3):
        u[1:-1] += u[:-2] - u[2:]
    return np.sum(u**2)


def smooth_grad(u0):
    u = u0.copy()
    for _ in range(3):
        u[1:-1] += u[:-2] - u[2:]
    u_bar = 2 * u
    for _ in range(3):
        sum_bar = u_bar[1:-1].copy()
        u_bar[:-2] += sum_bar
        u_bar[2:] -= sum_bar
    return u_bar


def heat(u0, alpha):
    u = u0.copy()
    for _ in range(200):
        u[1:-1] += alpha * (u[:-2] - 2 * u[1:-1] + u[2:])
    return np.sum(u**2)


def heat_grad(u0, alpha):
    u = u0.copy()
    saved = []
    for _ in range(200):
        sum_1 = u[:-2] - 2 * u[1:-1] + u[2:]
        saved.append(sum_1)
        u[1:-1] += alpha * sum_1
    u_bar = 2 * u
    alpha_bar = 0.0
    for sum_1 in reversed(saved):
        alpha_bar += np.sum(u_bar[1:-1] * sum_1)
        sum_bar = alpha * u_bar[1:-1]
        u_bar[:-2] += sum_bar
        u_bar[1:-1] -= 2 * sum_bar
        u_bar[2:] += sum_bar
    return u_bar, alpha_bar


def heat_grad_u0(u0, alpha):
    u = u0.copy()
    for _ in range(200):
        u[1:-1] += alpha * (u[:-2] - 2 * u[1:-1] + u[2:])
    u_bar = 2 * u
    for _ in range(200):
        sum_bar = alpha * u_bar[1:-1]
        u_bar[:-2] += sum_bar
        u_bar[1:-1] -= 2 * sum_bar
        u_bar[2:] += sum_bar
    return u_bar


# Functions that call functions ------------------------------------------------------------------


def spring(x, k):
    d = np.diff(x)
    return 0.5 * k * np.sum(d**2)


def energy(x, k):
    e = spring(x, k)
    return np.exp(-e)


def spring_forward(x, k):
    d = np.diff(x)
    return 0.5 * k * np.sum(d**2), d


def spring_backward(spring_bar, x, k, d):
    d_bar = k * spring_bar * d
    x_bar = np.zeros_like(x)
    x_bar[1:] += d_bar
    x_bar[:-1] -= d_bar
    return x_bar


def energy_grad(x, k):
    e, d = spring_forward(x, k)
    e_bar = -np.exp(-e)
    x_bar = spring_backward(e_bar, x, k, d)
    return x_bar


# The table --------------------------------------------------------------------------------------


def normal(*shapes):
    """Arguments: an array of each shape, half of a normal variable in every place."""
    return lambda rng: tuple(0.5 * rng.normal(size=shape) for shape in shapes)


def mlp_arguments(*batch, sizes=(20, 50, 10)):
    n, h, m = sizes
    return normal((*batch, n), (h, n), h, (m, h), m)


def logistic_arguments(rng):
    return rng.normal(size=10), rng.normal(size=(200, 10)), rng.integers(0, 2, 200).astype(float)


def softmax_arguments(rng):
    return rng.normal(size=(128, 10)).astype(np.float32), rng.integers(0, 10, 128)


def training_arguments(rng):
    shapes = [(32, 64), 64, (64, 10), 10, (128, 32), (128, 10)]
    return tuple(0.3 * rng.normal(size=shape) for shape in shapes)


def triangular_arguments(rng):
    return rng.normal(size=(40, 40)) + 8 * np.eye(40), rng.normal(size=40), rng.normal(size=40)


ROWS = [
    Row("sine", sine, sine_jacrev, "jacrev", normal(1000)),
    Row("two_arguments", two_arguments, two_arguments_jacrev, "jacrev", normal(300, 300), (0, 1)),
    Row("no_grad", no_grad, no_grad_jacrev, "jacrev", normal(300)),
    Row("reassigned", decay, decay_grad, "grad", normal(1000)),
    Row("rosenbrock", rosenbrock, rosenbrock_grad, "grad", normal(10)),
    Row("rosenbrock 1000", rosenbrock, rosenbrock_grad, "grad", normal(1000), gallery=False),
    Row("rosenbrock_hessian", rosenbrock, rosenbrock_hessian, "hessian", normal(100)),
    Row("logistic", loss, loss_value_and_grad, "value_and_grad", logistic_arguments),
    Row("softmax", cross_entropy, cross_entropy_grad, "grad", softmax_arguments),
    Row("mlp", mlp, mlp_jacrev, "jacrev", mlp_arguments()),
    Row(
        "mlp 64-256-64",
        mlp,
        mlp_jacrev,
        "jacrev",
        mlp_arguments(sizes=(64, 256, 64)),
        gallery=False,
    ),
    Row(
        "mlp_vmap",
        mlp,
        mlp_jacrev_vmap,
        "vmap_jacrev",
        mlp_arguments(256, sizes=(8, 32, 8)),
    ),
    Row(
        "brusselator",
        brusselator,
        brusselator_jacrev,
        "jacrev",
        normal(500, 500),
        (0, 1),
        gallery=False,
    ),
    Row(
        "tanh_layer",
        tanh_layer,
        tanh_layer_jacrev,
        "jacrev",
        normal(1000, (1000, 1000)),
        gallery=False,
    ),
    Row(
        "mlp_training",
        training_loss,
        training_loss_grad,
        "grad",
        training_arguments,
        (0, 1, 2, 3),
        gallery=False,
    ),
    Row("huber", huber, huber_grad, "grad", lambda rng: (0.7, 1.0)),
    Row("newton", newton_sqrt, newton_sqrt_grad, "grad", lambda rng: (1000.0,)),
    Row(
        "branch_in_loop",
        path,
        path_grad,
        "grad",
        lambda rng: (0.3 + np.abs(rng.normal(size=1000)), 0.3),
        (0, 1),
    ),
    Row("rk4", growth, growth_grad, "grad", lambda rng: (0.9, 3.0, 0.1), (0, 1, 2), gallery=False),
    Row(
        "nested_loops",
        back_substitution,
        back_substitution_vjp,
        "vjp",
        triangular_arguments,
        (0, 1),
    ),
    Row("rollout", rollout, rollout_grad, "grad", normal((20, 20), 20)),
    Row("smooth", smooth, smooth_grad, "grad", normal(1000)),
    Row("heat", heat, heat_grad, "grad", lambda rng: (rng.normal(size=1000), 0.2), (0, 1)),
    Row("heat_u0", heat, heat_grad_u0, "grad", lambda rng: (rng.normal(size=1000), 0.2)),
    Row("helper_call", energy, energy_grad, "grad", lambda rng: (rng.normal(size=1000), 1e-3)),
]
