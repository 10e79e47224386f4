"""Roots, integrals and polynomials."""

from functools import reduce

import numpy as np


def newton(residual, jacobian, x, max_iterations=30, tolerance=1e-12):
    """Newton's method, with a line search that halves."""
    for iteration in range(max_iterations):
        r = residual(x)
        norm = np.sqrt(np.sum(r**2))
        if norm < tolerance:
            break
        step = np.linalg.solve(jacobian(x), r)
        t = 1.0
        while True:
            candidate = x - t * step
            new = residual(candidate)
            if np.sqrt(np.sum(new**2)) < (1 - 1e-4 * t) * norm or t < 1e-6:
                break
            t /= 2
        x = candidate
    else:
        raise RuntimeError("Newton's method does not converge")
    return x


def equilibrium(constants, start):
    """The concentrations of a small chemical equilibrium."""
    k1, k2, total = constants

    def residual(c):
        a, b = c
        return np.array([a**2 * k1 + a - b, k2 * np.exp(b - 1) + a - total])

    def jacobian(c):
        a, b = c
        return np.array([[2 * a * k1 + 1, -1.0], [1.0, k2 * np.exp(b - 1)]])

    return newton(residual, jacobian, start)


def simpson(f, a, fa, b, fb):
    m = (a + b) / 2
    fm = f(m)
    return m, fm, (b - a) / 6 * (fa + 4 * fm + fb)


def adaptive(f, a, fa, b, fb, tolerance, whole, m, fm, depth):
    lm, flm, left = simpson(f, a, fa, m, fm)
    rm, frm, right = simpson(f, m, fm, b, fb)
    delta = left + right - whole
    if depth <= 0 or abs(delta) <= 15 * tolerance:
        return left + right + delta / 15
    return adaptive(f, a, fa, m, fm, tolerance / 2, left, lm, flm, depth - 1) + adaptive(
        f, m, fm, b, fb, tolerance / 2, right, rm, frm, depth - 1
    )


def integrate(f, a, b, tolerance=1e-4, depth=2):
    fa, fb = f(a), f(b)
    m, fm, whole = simpson(f, a, fa, b, fb)
    return adaptive(f, a, fa, b, fb, tolerance, whole, m, fm, depth)


def peak_area(width, centre, end):
    """The area under a peak, by Simpson's rule with halving where it is needed."""
    return integrate(lambda x: np.exp(-(((x - centre) / width) ** 2)), 0.0, end)


def horner(coefficients, x):
    return reduce(lambda acc, c: acc * x + c, reversed(coefficients), 0.0)


def clenshaw(coefficients, x):
    """A series of Chebyshev polynomials."""
    b1, b2 = 0.0, 0.0
    for c in reversed(coefficients[1:]):
        b1, b2 = c + 2 * x * b1 - b2, b1
    return coefficients[0] + x * b1 - b2


def rational_fit(numerator, denominator, nodes):
    """A rational function at some nodes, mapped to [-1, 1]: Horner below, Clenshaw above."""
    low, high = min(nodes), max(nodes)
    values = []
    for node in nodes:
        x = (2 * node - low - high) / (high - low)
        bottom = 1 + x * horner(list(denominator), x)
        if abs(bottom) < 1e-3:
            continue
        values.append(clenshaw(list(numerator), x) / bottom)
    return np.array(values)
