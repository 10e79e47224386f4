"""scipy.ndimage: images filtered with constant kernels."""

from __future__ import annotations

from scipy import ndimage

from srcad.rules.families import constant
from srcad.rules.refused import refused
from srcad.rules.scipy import having

__all__: list[str] = []

refused(
    *having(
        ndimage,
        "convolve convolve1d correlate correlate1d gaussian_filter gaussian_filter1d gaussian_gradient_magnitude gaussian_laplace "
        "generic_filter generic_filter1d generic_gradient_magnitude generic_laplace laplace prewitt sobel spline_filter "
        "spline_filter1d uniform_filter uniform_filter1d vectorized_filter fourier_ellipsoid fourier_gaussian fourier_shift "
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
