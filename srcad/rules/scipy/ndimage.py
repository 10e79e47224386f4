"""scipy.ndimage: linear filters are correlations with what stands at the edges written out (`np.pad`)."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import ndimage, signal

from srcad.core.quote import Symbol, call, rank, sizes, written
from srcad.rules.derived import derived
from srcad.rules.families import constant
from srcad.rules.linear import known, runtime_cast
from srcad.rules.refused import refused
from srcad.rules.scipy import having

__all__: list[str] = []

_MODES = {
    "reflect": "symmetric",
    "grid-mirror": "symmetric",
    "mirror": "reflect",
    "nearest": "edge",
    "wrap": "wrap",
    "grid-wrap": "wrap",
    "constant": "constant",
    "grid-constant": "constant",
}


def _padded(x: Any, before: list[Any], after: list[Any], mode: Any, cval: Any) -> Any:
    if known(mode, "the mode") not in _MODES:
        raise NotImplementedError(f"mode={mode!r}; one of {', '.join(_MODES)}")
    given = {"constant_values": cval} if "constant" in mode and cval != 0 else {}
    return call(np.pad, x, tuple(zip(before, after)), mode=_MODES[mode], **given)


def _plain(output: Any = None, origin: Any = 0, axes: Any = None, order: Any = 0) -> None:
    if output is not None or origin != 0 or axes is not None or order != 0:
        raise NotImplementedError("with `output`, `origin`, `axes` or `order`; leave them out")


def _filtered(x: Any, weights: Any, mode: Any, cval: Any, turned: bool) -> Any:
    """Of a kernel of even length the middle is the element behind it, or before it where it is turned."""
    told = sizes(weights)
    lengths = [
        told[axis] if told is not None and isinstance(told[axis], int) else np.shape(weights)[axis]
        for axis in range(rank(weights))
    ]
    before = [(size - 1) // 2 if turned else size // 2 for size in lengths]
    after = [size - 1 - left for size, left in zip(lengths, before)]
    padded = _padded(x, before, after, mode, cval)
    if turned:
        return call(signal.convolve, padded, weights, mode="valid")
    return call(signal.correlate, padded, weights, mode="valid")


def _like(weights: Any, x: Any) -> Any:
    """Weights that do not make float64 of float32; those of whole numbers stay fractions."""
    dtype = x.value.type.dtype if isinstance(x, Symbol) else str(x.dtype)
    fits = dtype is not None and dtype.startswith(("float", "complex", "longdouble", "clongdouble"))
    return runtime_cast(weights, x) if fits else weights


def _along(weights: Any, axis: Any, x: Any) -> Any:
    """A kernel of one axis among as many as x has."""
    place = known(axis, "the axis") % rank(x)
    if rank(x) == 1:
        return weights
    return weights[tuple(slice(None) if one == place else None for one in range(rank(x)))]


@derived(ndimage.correlate, memory="fresh")
def correlate(
    input: Any,
    weights: Any,
    *,
    output: Any = None,
    mode: Any = "reflect",
    cval: Any = 0.0,
    origin: Any = 0,
    axes: Any = None,
) -> Any:
    _plain(output, origin, axes)
    return _filtered(input, weights, mode, cval, turned=False)


@derived(ndimage.convolve, memory="fresh")
def convolve(
    input: Any,
    weights: Any,
    *,
    output: Any = None,
    mode: Any = "reflect",
    cval: Any = 0.0,
    origin: Any = 0,
    axes: Any = None,
) -> Any:
    _plain(output, origin, axes)
    return _filtered(input, weights, mode, cval, turned=True)


@derived(ndimage.correlate1d, memory="fresh")
def correlate1d(
    input: Any,
    weights: Any,
    *,
    axis: Any = -1,
    output: Any = None,
    mode: Any = "reflect",
    cval: Any = 0.0,
    origin: Any = 0,
) -> Any:
    _plain(output, origin)
    return _filtered(input, _along(weights, axis, input), mode, cval, turned=False)


@derived(ndimage.convolve1d, memory="fresh")
def convolve1d(
    input: Any,
    weights: Any,
    *,
    axis: Any = -1,
    output: Any = None,
    mode: Any = "reflect",
    cval: Any = 0.0,
    origin: Any = 0,
) -> Any:
    _plain(output, origin)
    return _filtered(input, _along(weights, axis, input), mode, cval, turned=True)


def _gaussian(x: Any, sigma: Any, truncate: Any, radius: Any) -> Any:
    """The weights: of the density, at as many points as are not cut off."""
    count = int(truncate * float(known(sigma, "sigma")) + 0.5) if radius is None else radius
    offsets = written(x, np.arange, -count, count + 1)
    made = np.exp(-0.5 / (sigma * sigma) * offsets**2)
    return _like(made / np.sum(made), x)


def _own_transpose(function: Any) -> Any:
    """The pullback of a symmetric kernel, which is the filter itself where the edges are turned over, wrapped or zero."""

    def pullback(y_bar: Any, input: Any, y: Any, **options: Any) -> Any:
        mode, size = options.get("mode", "reflect"), options.get("size", 1)
        lengths = size if isinstance(size, (tuple, list)) else (size,)
        given = {
            key: options[key] for key in ("output", "origin", "axes", "order") if key in options
        }
        _plain(**given)
        fits = _MODES.get(mode) in ("symmetric", "wrap", "constant")
        if not fits or options.get("cval", 0) != 0 or any(one % 2 == 0 for one in lengths):
            return NotImplemented
        return call(function, y_bar, **options)

    return pullback


@derived(
    ndimage.gaussian_filter1d, memory="fresh", pullback=_own_transpose(ndimage.gaussian_filter1d)
)
def gaussian_filter1d(
    input: Any,
    *,
    sigma: Any,
    axis: Any = -1,
    order: Any = 0,
    output: Any = None,
    mode: Any = "reflect",
    cval: Any = 0.0,
    truncate: Any = 4.0,
    radius: Any = None,
) -> Any:
    _plain(output, order=order)
    weights = _gaussian(input, sigma, truncate, radius)
    return _filtered(input, _along(weights, axis, input), mode, cval, turned=False)


@derived(ndimage.gaussian_filter, memory="fresh", pullback=_own_transpose(ndimage.gaussian_filter))
def gaussian_filter(
    input: Any,
    *,
    sigma: Any,
    order: Any = 0,
    output: Any = None,
    mode: Any = "reflect",
    cval: Any = 0.0,
    truncate: Any = 4.0,
    radius: Any = None,
    axes: Any = None,
) -> Any:
    """One axis after the other; those of a tiny sigma are left as they are."""
    _plain(output, axes=axes, order=order)
    widths = sigma if isinstance(sigma, (tuple, list)) else (sigma,) * rank(input)
    made = input
    for axis, width in enumerate(widths):
        if known(width, "sigma") > 1e-15:
            weights = _along(_gaussian(input, width, truncate, radius), axis, input)
            made = _filtered(made, weights, mode, cval, turned=False)
    return made


@derived(
    ndimage.uniform_filter1d, memory="fresh", pullback=_own_transpose(ndimage.uniform_filter1d)
)
def uniform_filter1d(
    input: Any,
    *,
    size: Any,
    axis: Any = -1,
    output: Any = None,
    mode: Any = "reflect",
    cval: Any = 0.0,
    origin: Any = 0,
) -> Any:
    _plain(output, origin)
    weights = _like(written(input, np.full, known(size, "the size"), 1 / size), input)
    return _filtered(input, _along(weights, axis, input), mode, cval, turned=False)


@derived(ndimage.uniform_filter, memory="fresh", pullback=_own_transpose(ndimage.uniform_filter))
def uniform_filter(
    input: Any,
    *,
    size: Any = 3,
    output: Any = None,
    mode: Any = "reflect",
    cval: Any = 0.0,
    origin: Any = 0,
    axes: Any = None,
) -> Any:
    _plain(output, origin, axes)
    lengths = size if isinstance(size, (tuple, list)) else (size,) * rank(input)
    made = input
    for axis, one in enumerate(lengths):
        if known(one, "the size") > 1:
            weights = _like(written(input, np.full, one, 1 / one), input)
            weights = _along(weights, axis, input)
            made = _filtered(made, weights, mode, cval, turned=False)
    return made


refused(
    *having(
        ndimage,
        "gaussian_gradient_magnitude gaussian_laplace generic_filter generic_filter1d generic_gradient_magnitude generic_laplace "
        "laplace prewitt sobel spline_filter spline_filter1d vectorized_filter fourier_ellipsoid fourier_gaussian fourier_shift "
        "fourier_uniform",
    ),
    reason="there is no rule for it",
    rewrite="Pad with np.pad (ndimage's 'reflect' is 'symmetric' there), and use scipy.signal.convolve with mode='valid'.",
)
refused(
    *having(
        ndimage,
        "affine_transform geometric_transform map_coordinates rotate shift zoom median_filter percentile_filter rank_filter "
        "maximum_filter maximum_filter1d minimum_filter minimum_filter1d grey_closing grey_dilation grey_erosion grey_opening "
        "black_tophat white_tophat morphological_gradient morphological_laplace mean median maximum minimum standard_deviation sum "
        "sum_labels variance extrema histogram center_of_mass labeled_comprehension watershed_ift",
    ),
    reason="there is no rule for it",
    rewrite="Write it with NumPy: indices that are computed outside, np.take, np.max over windows of sliding_window_view.",
)
constant(
    *having(
        ndimage,
        "binary_closing binary_dilation binary_erosion binary_fill_holes binary_hit_or_miss binary_opening binary_propagation "
        "distance_transform_bf distance_transform_cdt distance_transform_edt find_objects generate_binary_structure iterate_structure "
        "label maximum_position minimum_position value_indices",
    ),
    reason="a position, a truth value, or what depends on these",
)
