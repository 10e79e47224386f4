"""Partial differential equations on a line."""

import numpy as np


def minmod(a, b):
    if a * b <= 0:
        return 0.0
    return a if abs(a) < abs(b) else b


def flux(u):
    return 0.5 * u * u


def burgers(u0, dt, dx, steps=4):
    """Finite volumes for Burgers' equation: limited slopes, the fluxes of Rusanov, periodic ends."""
    n = len(u0)
    u = u0.copy()
    for _ in range(steps):
        slopes = np.zeros(n)
        for i in range(n):
            slopes[i] = minmod(u[i] - u[i - 1], u[(i + 1) % n] - u[i])
        fluxes = np.zeros(n + 1)
        for i in range(n):
            left = u[i] + 0.5 * slopes[i]
            right = u[(i + 1) % n] - 0.5 * slopes[(i + 1) % n]
            speed = max(abs(left), abs(right))
            fluxes[i + 1] = 0.5 * (flux(left) + flux(right)) - 0.5 * speed * (right - left)
        fluxes[0] = fluxes[n]
        u -= dt / dx * (fluxes[1:] - fluxes[:-1])
    return u


def heat_two_buffers(u0, conductivity, steps=7, dt=0.1):
    """The heat equation with two buffers that change places."""
    n = len(u0)
    current = u0.copy()
    following = np.empty_like(current)
    for step in range(steps):
        following[0] = current[0]
        following[-1] = current[-1]
        for i in range(1, n - 1):
            left = 0.5 * (conductivity[i - 1] + conductivity[i])
            right = 0.5 * (conductivity[i] + conductivity[i + 1])
            following[i] = current[i] + dt * (
                right * (current[i + 1] - current[i]) - left * (current[i] - current[i - 1])
            )
        if step % 3 == 2:
            following[1:-1] *= 0.95  # some of it is lost
        current, following = following, current
    return current


def thomas(lower, diagonal, upper, rhs):
    """Tridiagonal systems; the right side is overwritten with the solution."""
    n = len(rhs)
    d = diagonal.copy()
    for i in range(1, n):
        factor = lower[i - 1] / d[i - 1]
        d[i] -= factor * upper[i - 1]
        rhs[i] -= factor * rhs[i - 1]
    rhs[-1] /= d[-1]
    for i in range(n - 2, -1, -1):
        rhs[i] = (rhs[i] - upper[i] * rhs[i + 1]) / d[i]
    return rhs


def crank_nicolson(u0, diffusivity, reaction, dt=0.05, steps=4):
    """A reaction and diffusion: the diffusion is implicit, the reaction is not."""
    n = len(u0)
    u = u0.copy()
    dx = 1.0 / (n + 1)
    alpha = 0.5 * diffusivity * dt / dx**2
    off = -alpha * np.ones(n - 1)
    main = (1 + 2 * alpha) * np.ones(n)
    for _ in range(steps):
        rhs = (1 - 2 * alpha) * u
        rhs[1:] += alpha * u[:-1]
        rhs[:-1] += alpha * u[1:]
        rhs += dt * reaction * u * (1 - u)
        thomas(off, main, off, rhs)
        u = rhs
    return dx * u.sum(), u
