"""How noisy gathers are, and how an inversion of them has to be held together."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike

from geoml.physics.acoustic import AcquisitionLike
from geoml.physics.fwi_options import FwiOptions

NOISE_FLOOR = 0.003
"""Share of noise in the energy (25 dB) above which single cells would follow it."""

_LEAST_SAMPLES = 200
_BANDS_HELD = 2
_SMOOTH_M = 300.0
_ROUGH_SHARE = 0.3
_PRIOR_WEIGHT = 0.1


def noise_share(
    observed: ArrayLike, acquisition: AcquisitionLike, max_velocity_m_s: float
) -> float:
    """Share of noise in the energy of gathers, by what they hold before any wave can arrive.

    Args:
        observed: Gathers, shape (shot, receiver, time).
        acquisition: Positions, sampling, start of the wavelet.
        max_velocity_m_s: Fastest that a wave may travel [m/s].

    Returns:
        0 to 1; NaN where too little lies before the first arrivals, or a mute has left nothing
        there.
    """
    gathers = np.asarray(observed, dtype=np.float64)
    a = acquisition
    offset_m = np.hypot(
        np.asarray(a.receiver_distance_m) - np.asarray(a.source_distance_m)[:, None],
        np.asarray(a.receiver_depth_m) - np.asarray(a.source_depth_m)[:, None],
    )
    first_s = offset_m / max_velocity_m_s + min(a.wavelet_start_s, 0.0)
    quiet = np.arange(gathers.shape[-1]) * a.dt_s < first_s[..., None]
    total = float(np.mean(gathers**2))
    before = gathers[quiet]
    if quiet.sum() < _LEAST_SAMPLES or total == 0 or not before.any():
        return float("nan")
    return min(1.0, float(np.mean(before**2)) / total)


def suited_to_noise(options: FwiOptions, share: float, has_spread: bool) -> FwiOptions:
    """The options, held together more where the gathers are noisy.

    Above ``NOISE_FLOOR`` updates spread within layers in all bands, the highest bands beyond the
    second are left out, and the start's spread, where known, ties the model to it. Settings that
    hold it more already stay.

    Args:
        options: For gathers without noise.
        share: From ``noise_share``; NaN counts as none.
        has_spread: Whether the start comes with its spread.
    """
    if not share > NOISE_FLOOR:
        return options
    bands = options.bands_hz
    return replace(
        options,
        bands_hz=None if bands is None else bands[:_BANDS_HELD],
        smooth_m=tuple(max(length, _SMOOTH_M) for length in options.smooth_m),
        rough_share=_ROUGH_SHARE,
        prior_weight=max(options.prior_weight, _PRIOR_WEIGHT) if has_spread else 0.0,
    )
