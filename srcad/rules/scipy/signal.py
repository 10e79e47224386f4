"""scipy.signal: convolutions and linear filters."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import signal

from srcad.core.quote import call, conj, imag, may_be_complex, rank, real
from srcad.rules.derived import derived
from srcad.rules.families import bilinear, constant, linear, primitive
from srcad.rules.linear import known
from srcad.rules.refused import refused
from srcad.rules.scipy import having

__all__: list[str] = []


def _widened(y_bar: Any, a: Any, b: Any, mode: Any) -> Any:
    """A cotangent of a part of the full convolution as that of all of it."""
    if mode == "full":
        return y_bar
    widths = []
    for axis in range(rank(a)):
        m, n = np.shape(a)[axis], np.shape(b)[axis]
        before = (n - 1) // 2 if mode == "same" else call(np.minimum, m, n) - 1
        widths.append((before, m + n - 1 - before - np.shape(y_bar)[axis]))
    return np.pad(y_bar, tuple(widths))


def _reversed(x: Any) -> Any:
    return x[(slice(None, None, -1),) * rank(x)] if rank(x) else x


@bilinear(
    signal.convolve, signal.fftconvolve, signal.oaconvolve, memory="fresh", on_complex="given"
)
def convolve(y_bar: Any, in1: Any, in2: Any, *, mode: Any = "full", method: Any = "auto") -> Any:
    """<y_bar, a * b> = <y_bar correlated with b, a>, where the whole of the convolution is looked at."""
    if known(mode, "the mode") not in ("full", "same", "valid"):
        raise NotImplementedError(f"mode={mode!r}")
    full = _widened(y_bar, in1, in2, mode)
    options = {} if method == "auto" else {"method": method}
    correlated = [
        call(signal.correlate, full, other, mode="valid", **options) for other in (in2, in1)
    ]
    parts = zip(correlated, (in1, in2))
    return tuple(real(part) if not may_be_complex(x) else part for part, x in parts)


@derived(signal.correlate, memory="fresh")
def correlate(in1: Any, in2: Any, *, mode: Any = "full", method: Any = "auto") -> Any:
    options = {} if method == "auto" else {"method": method}
    return call(signal.convolve, in1, conj(_reversed(in2)), mode=mode, **options)


@primitive(signal.lfilter, along="axis x", memory="fresh")
class LinearFilter:
    """a * y = b * x, so that with s = the filter 1 / a run backwards over y_bar: x_bar = b correlated with s,
    b_bar = s correlated with x, a_bar = -s correlated with y.
    """

    @staticmethod
    def _check(zi: Any) -> None:
        if zi is not None:
            raise NotImplementedError("with `zi` it has two results; set the first samples instead")

    @staticmethod
    def _run(b: Any, a: Any, x: Any, axis: Any) -> Any:
        return call(signal.lfilter, b, a, x, **({} if axis == -1 else {"axis": axis}))

    @staticmethod
    def _lags(s: Any, x: Any, b: Any, axis: Any) -> Any:
        """The sums over n of s[n] x[n - k], for as many lags k as b has."""
        last, other = (
            np.moveaxis(each, axis, -1) if axis not in (-1, rank(x) - 1) else each
            for each in (s, x)
        )
        shape = (*(np.shape(other)[i] for i in range(rank(x) - 1)), np.size(b) - 1)
        before = call(np.zeros, shape, dtype=other.dtype)
        padded = np.concatenate((before, other), axis=-1)
        return np.reshape(call(signal.correlate, padded, conj(last), mode="valid"), (-1,))[::-1]

    @staticmethod
    def pullback(
        y_bar: Any, b: Any, a: Any, x: Any, y: Any, *, axis: Any = -1, zi: Any = None
    ) -> Any:
        LinearFilter._check(zi)
        one = np.ones_like(a[:1])
        turned = np.flip(y_bar, axis)
        backwards = LinearFilter._run(one, a, turned, axis)
        x_bar = np.flip(LinearFilter._run(b, a, turned, axis), axis)
        s = np.flip(backwards, axis)
        return LinearFilter._lags(s, x, b, axis), -LinearFilter._lags(s, y, a, axis), x_bar

    @staticmethod
    def pushforward(
        b_dot: Any,
        a_dot: Any,
        x_dot: Any,
        b: Any,
        a: Any,
        x: Any,
        y: Any,
        *,
        axis: Any = -1,
        zi: Any = None,
    ) -> Any:
        LinearFilter._check(zi)
        found = None if x_dot is None else LinearFilter._run(b, a, x_dot, axis)
        for dot, signal_, sign in ((b_dot, x, 1), (a_dot, y, -1)):
            if dot is not None:
                moved = LinearFilter._run(dot, a, signal_, axis)
                moved = moved if sign == 1 else -moved
                found = moved if found is None else found + moved
        return found


@linear(signal.detrend, along="axis", memory="fresh")
def detrend(y_bar: Any, data: Any, *, axis: Any = -1, type: Any = "linear", bp: Any = 0) -> Any:
    """A projection, which is its own transpose."""
    options = {} if axis == -1 else {"axis": axis}
    options |= {} if type == "linear" else {"type": type}
    return call(signal.detrend, y_bar, **options, **({} if _zero(bp) else {"bp": bp}))


def _zero(bp: Any) -> bool:
    return isinstance(bp, int) and bp == 0


@linear(signal.hilbert, along="axis", memory="fresh")
def hilbert(y_bar: Any, x: Any, *, N: Any = None, axis: Any = -1) -> Any:
    """y = x + i H x with an antisymmetric H."""
    if N is not None:
        raise NotImplementedError("with another length; pad or cut the signal first")
    options = {} if axis == -1 else {"axis": axis}
    return real(y_bar) - imag(call(signal.hilbert, imag(y_bar), **options))


@derived(signal.savgol_filter, along="axis", memory="fresh")
def savgol_filter(
    x: Any,
    *,
    window_length: Any,
    polyorder: Any,
    deriv: Any = 0,
    delta: Any = 1.0,
    axis: Any = -1,
    mode: Any = "interp",
    cval: Any = 0.0,
) -> Any:
    """A convolution inside; at the ends a polynomial through the first and the last window."""
    width, half = known(window_length, "the window"), known(window_length, "the window") // 2
    if mode != "interp" or width % 2 == 0:
        raise NotImplementedError(
            "modes but 'interp', and windows of even length; pad the signal with np.pad"
        )
    fit = {"polyorder": polyorder, **({"deriv": deriv, "delta": delta} if deriv else {}), "axis": 0}
    units = call(np.eye, width, dtype=x.dtype)  # what it makes of these are its weights
    weights = call(signal.savgol_filter, units, window_length=width, **fit)
    turned = x if axis in (-1, rank(x) - 1) else np.moveaxis(x, axis, -1)
    middle = weights[half] if rank(x) == 1 else weights[half][(None,) * (rank(x) - 1)]
    inner = call(signal.correlate, turned, middle, mode="valid")
    parts = (
        turned[..., :width] @ weights[:half].T,
        inner,
        turned[..., -width:] @ weights[half + 1 :].T,
    )
    made = np.concatenate(parts, axis=-1)
    return made if axis in (-1, rank(x) - 1) else np.moveaxis(made, -1, axis)


refused(
    *having(signal, "sosfilt sosfiltfilt filtfilt lfiltic lfilter_zi deconvolve"),
    reason="it has several results, or runs a filter several times",
    rewrite="Write it with scipy.signal.lfilter: a cascade is one call a section.",
)
refused(
    *having(
        signal,
        "StateSpace TransferFunction ZerosPolesGain lti dlti CZT ZoomFFT ShortTimeFFT abcd_normalize band_stop_obj bessel besselap "
        "bilinear bilinear_zpk bode buttap butter buttord cheb1ap cheb1ord cheb2ap cheb2ord cheby1 cheby2 cont2discrete dbode dfreqresp "
        "dimpulse dlsim dstep ellip ellipap ellipord findfreqs firls firwin firwin2 firwin_2d freqresp freqs freqs_zpk freqz freqz_sos "
        "freqz_zpk gammatone get_window group_delay iircomb iirdesign iirfilter iirnotch iirpeak impulse invres invresz kaiser_atten "
        "kaiser_beta kaiserord lp2bp lp2bp_zpk lp2bs lp2bs_zpk lp2hp lp2hp_zpk lp2lp lp2lp_zpk lsim minimum_phase normalize place_poles "
        "remez residue residuez savgol_coeffs sos2tf sos2zpk sosfilt_zi sosfreqz ss2tf ss2zpk step tf2sos tf2ss tf2zpk unique_roots "
        "zpk2sos zpk2ss zpk2tf choose_conv_method check_COLA check_NOLA closest_STFT_dual_window czt_points",
    ),
    reason="it designs a filter or analyses a system",
    rewrite="Design it outside of the function, and filter inside with scipy.signal.lfilter or convolve.",
)
refused(
    *having(
        signal,
        "coherence csd periodogram welch spectrogram stft istft lombscargle czt zoom_fft hilbert2 envelope vectorstrength wiener medfilt "
        "medfilt2d order_filter resample resample_poly decimate upfirdn sepfir2d symiirorder1 symiirorder2 convolve2d correlate2d "
        "cspline1d cspline1d_eval cspline2d qspline1d qspline1d_eval qspline2d spline_filter chirp gauss_spline gausspulse sawtooth "
        "square sweep_poly",
    ),
    reason="there is no rule for it",
    rewrite="Write it with np.fft, scipy.signal.convolve or the formula.",
)
constant(
    *having(
        signal,
        "argrelextrema argrelmax argrelmin find_peaks find_peaks_cwt peak_prominences peak_widths correlation_lags",
    ),
    *having(signal, "max_len_seq unit_impulse"),
    reason="positions, or what depends on sizes alone",
)
