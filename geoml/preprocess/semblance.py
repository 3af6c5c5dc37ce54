"""Velocity spectrum of a gather: how well hyperbolas of each velocity line its traces up."""

from __future__ import annotations

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike, NDArray
from scipy.ndimage import uniform_filter1d

from geoml.errors import OptionError, ShapeError
from geoml.preprocess.moveout import first_kept, moveout_s, moveout_stretch
from geoml.preprocess.step import finite_samples, offset_m, sample_interval_s, sample_times_s
from geoml.preprocess.trace_reading import read_at

Floats = NDArray[np.float64]

_LEAST_TRACES = 2  # one trace is always like itself
_LEAST_SHARE = 0.1  # a few near traces are alike at every velocity


def semblance(
    gather: xr.DataArray,
    velocity_m_s: ArrayLike,
    *,
    window_s: float = 0.04,
    max_stretch: float = 0.5,
) -> xr.DataArray:
    """Semblance along hyperbolas, 1 where all traces are equal, about 1 / fold in noise.

    The energy of the sum over the sum of energies, both added up over a window of time. It costs
    one moveout correction a velocity; samples that stretch too much count as not recorded.

    Args:
        gather: One CDP gather as a step gets it: dims (trace, time), with ``offset``.
        velocity_m_s: Velocities to try [m/s], shape (velocity,).
        window_s: Length of the window, about one period [s].
        max_stretch: Share by which a wavelet may be drawn out.

    Returns:
        Semblance [1], 0 to 1, dims (time, velocity); 0 where under two traces, or under a tenth of
        them, were recorded and kept.

    Raises:
        GeometryError: If the traces have no offset.
        OptionError: If a velocity or the window is not above 0, or a sample is NaN.
        ShapeError: If the gather has fewer than two traces.

    References:
        Neidell & Taner (1971), Geophysics 36(3), 482-497.
    """
    velocities = np.atleast_1d(np.asarray(velocity_m_s, dtype=np.float64))
    if velocities.ndim != 1 or not velocities.size or not (velocities > 0).all():
        raise OptionError(
            "Semblance needs a list of velocities above 0 m/s, such as np.arange(1500, 4000, 50)."
        )
    if not 0 < window_s < np.inf or not max_stretch > 0:
        raise OptionError(
            f"Semblance: window_s {window_s:g} and max_stretch {max_stretch:g} must be above 0."
        )
    samples = finite_samples(gather, "semblance")
    samples = samples[samples.any(axis=1)]
    if len(samples) < _LEAST_TRACES:
        raise ShapeError(
            f"Semblance compares traces; the gather has {len(samples)} that are not dead, and "
            f"{_LEAST_TRACES} are needed."
        )
    distance_m = offset_m(gather, "semblance")[gather.values.any(axis=1)]
    time_s, dt_s = sample_times_s(gather), sample_interval_s(gather)
    window = max(1, round(window_s / dt_s))
    spectrum = np.zeros((time_s.size, velocities.size), dtype=np.float32)
    for column, velocity in enumerate(velocities):
        arrival_s = moveout_s(time_s, distance_m, np.full((1, 1), velocity))
        kept = _kept(arrival_s, dt_s, max_stretch) & (arrival_s <= time_s[-1])
        flat = read_at(samples, (arrival_s - time_s[0]) / dt_s) * kept
        spectrum[:, column] = _coherence(flat.astype(np.float64), kept.sum(axis=0), window)
    return xr.DataArray(
        spectrum,
        dims=("time", "velocity"),
        coords={
            "time": ("time", time_s, {"units": "s", "long_name": "zero-offset time"}),
            "velocity": ("velocity", velocities, {"units": "m/s", "long_name": "velocity"}),
        },
        name="semblance",
        attrs={"long_name": "semblance", "window_s": window_s, "max_stretch": max_stretch},
    )


def _kept(arrival_s: Floats, dt_s: float, max_stretch: float) -> NDArray[np.bool_]:
    """Where a wavelet is not drawn out too much, shape (trace, time)."""
    first = first_kept(moveout_stretch(arrival_s, dt_s), max_stretch)
    return np.asarray(np.arange(arrival_s.shape[1]) >= first[:, None])


def _coherence(flat: Floats, n_kept: NDArray[np.integer], window: int) -> Floats:
    """Windowed energy of the sum over the sum of energies, shape (time,)."""
    of_sum = flat.sum(axis=0) ** 2
    of_traces = n_kept * (flat**2).sum(axis=0)
    few = n_kept < max(_LEAST_TRACES, _LEAST_SHARE * len(flat))
    above, below = (
        uniform_filter1d(np.where(few, 0, energy), window, mode="constant")
        for energy in (of_sum, of_traces)
    )
    # Running sums leave rounding behind where the traces are silent.
    loud = below > 1e-12 * below.max(initial=0)
    ratio = np.where(loud, above, 0) / np.where(loud, below, 1)
    return np.asarray(np.where(few, 0, np.clip(ratio, 0, 1)))
