"""Complex numbers: a quantum expectation, a filter of a real signal, a transfer function."""

# srcad dump waves.py "grad(energy)" --arg "psi: complex128[n]" --arg "H: complex128[n, n]"
# srcad dump waves.py "grad(energy, argnums=(0, 1))" --arg "psi: complex64[n]" --arg "H: complex64[n, n]"
# srcad dump waves.py "grad(misfit)" --arg "a: float64[n]" --arg "t: float64[m]" --arg "data: complex128[m]"
# srcad dump waves.py "jacfwd(response)" --arg "k: float64[n]" --arg "w: float64"
# srcad dump waves.py "grad(mandelbrot)" --arg "c: complex"
import numpy as np


def energy(psi, H):
    psi = psi / np.linalg.norm(psi)
    return np.vdot(psi, H @ psi).real


def misfit(a, t, data):
    phase = np.exp(1j * np.outer(t, np.arange(len(a))))
    model = phase @ a
    return np.sum(np.abs(model - data) ** 2)


def response(k, w):
    return 1 / (k - w**2 + 0.1j * w)


def mandelbrot(c):
    z = 0j
    for _ in range(5):
        z = z * z + c
    return abs(z)
