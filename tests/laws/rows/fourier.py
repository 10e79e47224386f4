"""Rows of discrete Fourier transforms."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.laws.cases import REAL, add, rows


def waves(shape: Any, rng: np.random.Generator) -> Any:
    """Complex numbers."""
    return np.asarray(rng.uniform(-2, 2, shape) + 1j * rng.uniform(-2, 2, shape))


def spectrum(shape: Any, rng: np.random.Generator) -> Any:
    """Half a spectrum."""
    return waves(shape, rng)


WHOLE = [np.fft.fft, np.fft.ifft]
SHAPES = "4 5 1 2x3 1x4 2x1"
for norm in (None, "backward", "ortho", "forward"):
    given: dict[str, Any] = {} if norm is None else {"norm": norm}
    tag = norm or ""
    rows([*WHOLE, np.fft.rfft, np.fft.ihfft], SHAPES, REAL, tag=tag, **given)
    rows(WHOLE, SHAPES, waves, tag=f"complex-{tag}", **given)
    rows([np.fft.irfft, np.fft.hfft], "4 3 2 2x3", spectrum, tag=f"complex-{tag}", **given)
    rows([np.fft.irfft, np.fft.hfft], "4 2", REAL, tag=tag, **given)
    for n in (3, 4, 6):
        rows([*WHOLE, np.fft.rfft, np.fft.ihfft], "4 5 2x3", REAL, tag=f"{n}-{tag}", n=n, **given)
        rows(WHOLE, "4 5 2x3", waves, tag=f"complex-{n}-{tag}", n=n, **given)
        rows(
            [np.fft.irfft, np.fft.hfft], "4 3 1 2x3", waves, tag=f"complex-{n}-{tag}", n=n, **given
        )
    for n in (None, 5):
        more = given if n is None else {**given, "n": n}
        rows(WHOLE, "4x3 3x2x2", waves, tag=f"axis-{n}-{tag}", axis=0, **more)
        rows([np.fft.rfft, np.fft.ihfft], "4x3 3x2x2", REAL, tag=f"axis-{n}-{tag}", axis=0, **more)
        rows([np.fft.irfft, np.fft.hfft], "4x3 3x2x2", waves, tag=f"axis-{n}-{tag}", axis=0, **more)
SEVERAL = [np.fft.fft2, np.fft.ifft2, np.fft.fftn, np.fft.ifftn]
HALVES, BACK = [np.fft.rfft2, np.fft.rfftn], [np.fft.irfft2, np.fft.irfftn]
for norm in (None, "ortho", "forward"):
    given = {} if norm is None else {"norm": norm}
    for tag, options, words in (
        ("", {}, "4x3 1x4 2x3x4"),
        ("axes", {"axes": (0, 1)}, "4x3 3x2x2"),
        ("turned", {"axes": (1, 0)}, "4x3"),
        ("one", {"axes": (0,)}, "4x3"),
        ("s", {"s": (3, 5), "axes": (0, 1)}, "4x3 2x5"),
        ("s-some", {"s": (-1, 5), "axes": (0, 1)}, "4x3"),
    ):
        tag = f"{tag}-{norm or 'backward'}"
        rows(SEVERAL, words, waves, tag=f"complex-{tag}", **options, **given)
        rows(SEVERAL, words, REAL, tag=tag, **options, **given)
        rows(HALVES, words, REAL, tag=tag, **options, **given)
        if "some" not in tag:
            rows(BACK, words.replace("1x4", "2x2"), waves, tag=tag, **options, **given)
for shift in (np.fft.fftshift, np.fft.ifftshift):
    rows(shift, "4 5 2x3 1 0", REAL)
    for axes in (0, -1, (0, 1)):
        rows(shift, "4x3 1x5", REAL, tag=f"{axes}", axes=axes)
for n in (1, 4, 5):
    for frequencies in (np.fft.fftfreq, np.fft.rfftfreq):
        add(frequencies, f"{n}", n, np.float64(0.5))
        add(frequencies, f"{n}-number", n, 0.5)
