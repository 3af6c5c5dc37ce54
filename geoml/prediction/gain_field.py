"""What mutes and gains do to each sample, as a factor that a gradient can pass through."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import uniform_filter1d

from geoml.survey.acquisition import Acquisition

Process = Callable[[NDArray[np.float32], Acquisition], NDArray[np.float32]]

_SAME = 1e-3
_WINDOW_PERIODS = 2.0
_FLOOR = 1e-6


def gain_field(
    process: Process, records: NDArray[np.float32], acquisition: Acquisition
) -> NDArray[np.float32]:
    """Factor by which a survey's mutes and gains multiply each sample of modelled gathers.

    Exact for steps that multiply by a number that does not depend on the data: mutes, powers of
    time. Others, such as AGC, are measured on the gathers at hand, as the local ratio of
    amplitudes, and hold while these change little.

    Args:
        process: Applies the survey's mutes and gains.
        records: Modelled gathers, shape (shot, receiver, time).
        acquisition: Of the gathers.

    Returns:
        Shape of ``records``.
    """
    processed = process(records, acquisition)
    fixed = process(np.ones_like(records), acquisition)
    loudest = float(np.abs(processed).max(initial=0))
    if np.abs(processed - fixed * records).max(initial=0) <= _SAME * loudest:
        return fixed
    samples = int(np.ceil(_WINDOW_PERIODS / (acquisition.max_frequency_hz * acquisition.dt_s)))
    size = max(3, samples | 1)
    product = uniform_filter1d(processed.astype(np.float64) * records, size, axis=-1)
    energy = uniform_filter1d(records.astype(np.float64) ** 2, size, axis=-1)
    floor = _FLOOR * energy.max(axis=-1, keepdims=True) + np.finfo(np.float32).tiny
    # Averaging smears the edge of a mute: what the process sets to zero stays zero.
    muted = (processed == 0) & (records != 0)
    return np.where(muted, 0, product / (energy + floor)).astype(np.float32)
