"""scipy.integrate, signal, interpolate, sparse, fft."""

import numpy as np
import pytest

from srcad.core import ops
from tests.laws.cases import COVERED, add, arrays

pytest.importorskip("scipy")
from scipy import fft, integrate, ndimage, signal
from scipy.sparse.linalg import spsolve

# Of a sparse matrix, which is no operand that laws could move: tests/rules/test_scipy_objects.py.
COVERED.update({ops.sparse_product.function, ops.sparse_solve.function, spsolve})

# integrate
Y5, Y6, Y34 = arrays((5,), (6,), (3, 4))
X5, X6 = np.array([0.0, 0.4, 1.1, 1.5, 2.2]), np.array([0.0, 0.4, 1.1, 1.5, 2.2, 2.6])
for function in (integrate.trapezoid, integrate.cumulative_trapezoid, integrate.simpson):
    add(function, "5", Y5)
    add(function, "6", Y6)
    add(function, "5-x", Y5, x=X5)
    add(function, "6-x", Y6, x=X6)
    add(function, "6-dx", Y6, dx=0.5)
    add(function, "3x4-axis0", Y34, axis=0)
    add(function, "3x4-axis1", Y34, axis=1)
    add(function, "3x4-x", Y34, x=X5[:4])
    add(function, "3x4-x0", Y34, x=X5[:3], axis=0)
add(integrate.cumulative_trapezoid, "initial", Y34, axis=0, initial=0)
add(integrate.romb, "5", Y5)
add(integrate.romb, "5-dx", Y5, dx=0.25)
add(integrate.romb, "3x5-axis0", np.outer(Y5, Y6[:3]), axis=0)

# signal
A7, B3, A34, B22, B44 = arrays((7,), (3,), (3, 4), (2, 2), (4, 5))
for function in (signal.convolve, signal.fftconvolve, signal.oaconvolve, signal.correlate):
    for mode in ("full", "same", "valid"):
        add(function, f"7-3-{mode}", A7, B3, mode=mode)
        add(function, f"3-7-{mode}", B3, A7, mode=mode)
        add(function, f"3x4-2x2-{mode}", A34, B22, mode=mode)
        add(function, f"3x4-4x5-{mode}", A34, B44, mode=mode)
    add(function, "1-3", A7[:1], B3)
DEN = np.array([1.5, 0.3, -0.2])
add(signal.lfilter, "3-3-7", B3, DEN, A7)
add(signal.lfilter, "2-3-7", B3[:2], DEN, A7)
add(signal.lfilter, "3-1-7", B3, DEN[:1], A7)
add(signal.lfilter, "7-3-3", A7, DEN, B3)
add(signal.lfilter, "3x4", B3, DEN, A34)
add(signal.lfilter, "3x4-axis0", B3, DEN, A34, axis=0)
add(signal.detrend, "7", A7)
add(signal.detrend, "3x4", A34, axis=0)
add(signal.detrend, "constant", A34, type="constant")
add(signal.hilbert, "7", A7)
add(signal.hilbert, "6", Y6)
add(signal.hilbert, "3x4-axis0", A34, axis=0)
add(signal.savgol_filter, "7", A7, window_length=5, polyorder=2)
add(signal.savgol_filter, "7x3", np.outer(A7, B3), window_length=3, polyorder=1, deriv=1, axis=0)

# fft: real results of the complex ones go through tests/rules/test_scipy_objects.py
COVERED.update(
    getattr(fft, f"{name}{many}")
    for name in ("fft", "ifft", "rfft", "irfft")
    for many in ("", "2", "n")
)
COVERED.update({fft.hfft, fft.ihfft})
add(fft.fftshift, "3x4", A34)
add(fft.ifftshift, "3x4", A34, axes=1)
for function in (fft.dct, fft.idct, fft.dst, fft.idst):
    for kind in (2, 3, 4):
        add(function, f"7-{kind}", A7, type=kind)
        add(function, f"7-{kind}-ortho", A7, type=kind, norm="ortho")
        add(function, f"3x4-{kind}-axis0", A34, type=kind, axis=0)

# ndimage
KERNEL = next(arrays((2, 3)))
for mode in ("reflect", "mirror", "nearest", "wrap", "constant"):
    for function in (ndimage.correlate, ndimage.convolve):
        add(function, f"4x5-2x3-{mode}", B44, KERNEL, mode=mode)
    for function in (ndimage.correlate1d, ndimage.convolve1d):
        add(function, f"7-3-{mode}", A7, B3, mode=mode)
        add(function, f"4x5-2-{mode}", B44, B3[:2], axis=0, mode=mode)
    add(ndimage.gaussian_filter1d, f"7-{mode}", A7, sigma=0.7, mode=mode)
    add(ndimage.uniform_filter1d, f"7-{mode}", A7, size=3, mode=mode)
add(ndimage.correlate1d, "cval", A7, B3, mode="constant", cval=1.5)
add(ndimage.gaussian_filter1d, "4x5-axis0", B44, sigma=0.5, axis=0)
add(ndimage.gaussian_filter, "4x5", B44, sigma=0.6)
add(ndimage.gaussian_filter, "4x5-two", B44, sigma=(0.0, 0.5), mode="nearest")
add(ndimage.uniform_filter, "4x5", B44, size=2)
add(ndimage.uniform_filter1d, "4x5-axis0", B44, size=2, axis=0)
