"""What a denoiser gains and what it costs the signal, on arrays (trace, time).

``gain_db`` counts lost signal as error but does not show it; the other scores do. Only
``local_similarity`` needs no noise-free section: it is the one for field data.
"""

from __future__ import annotations

import numpy as np
import scipy.ndimage
from numpy.typing import ArrayLike, NDArray

from geoml.errors import ShapeError

Floats = NDArray[np.float64]

_TINY = 1e-300
_ROUNDING = 1e-12  # energy of single precision's errors, and some more


def gain_db(noisy: ArrayLike, clean: ArrayLike, denoised: ArrayLike) -> float:
    """Energy of the noise over the energy of the output's error [dB].

    Args:
        noisy: What was denoised, shape (trace, time).
        clean: Its noise-free part.
        denoised: What came out.
    """
    noisy, clean, denoised = _alike(noisy, clean, denoised)
    return float(10 * np.log10(_energy(noisy - clean) / max(_energy(denoised - clean), _TINY)))


def leakage(noisy: ArrayLike, clean: ArrayLike, denoised: ArrayLike) -> float:
    """Share of the signal that the removed part holds, by regression on the signal [1].

    0 where nothing of the signal was removed, 1 where all of it was; below 0 where signal came
    out stronger than it went in. Noise that happens to look like the signal counts too, about one
    over the root of the number of independent samples.

    Args:
        noisy: What was denoised, shape (trace, time).
        clean: Its noise-free part.
        denoised: What came out.
    """
    noisy, clean, denoised = _alike(noisy, clean, denoised)
    return float(np.sum((noisy - denoised) * clean) / max(_energy(clean), _TINY))


def local_similarity(
    noisy: ArrayLike, denoised: ArrayLike, window: tuple[int, int] = (11, 31)
) -> float:
    """Mean size of the windowed correlation of what was removed and what was kept [1].

    Signal that leaked into the removed part looks like what was kept beside it. The windowed
    coefficient stands in for the inverse problem by which Fomel defines local similarity. Noise
    of few independent samples a window correlates too: compare methods, not with 0.

    Args:
        noisy: What was denoised, shape (trace, time).
        denoised: What came out.
        window: Traces and samples.

    Returns:
        0 to 1, weighted by the energy of what was kept; 0 where nothing was removed.

    References:
        Chen and Fomel (2015), Random noise attenuation using local signal-and-noise
        orthogonalization, Geophysics 80(6), WD1-WD9.
        Fomel (2007), Local seismic attributes, Geophysics 72(3), A29-A33.
    """
    alike, weight = similarity_map(noisy, denoised, window)
    return float(np.average(alike, weights=weight)) if weight.any() else 0.0


def similarity_map(
    noisy: ArrayLike, denoised: ArrayLike, window: tuple[int, int] = (11, 31)
) -> tuple[Floats, Floats]:
    """Size of the windowed correlation of what was removed and what was kept, and its weight.

    Args:
        noisy: What was denoised, shape (trace, time).
        denoised: What came out.
        window: Traces and samples.

    Returns:
        Similarity 0 to 1, 0 where one of the two is silent, and the energy of what was kept round
        each sample, 0 there; shape (trace, time) each.
    """
    noisy, kept = _alike(noisy, denoised)
    removed = noisy - kept
    if _energy(removed) <= _ROUNDING * _energy(noisy):
        return np.zeros_like(kept), np.zeros_like(kept)

    def local(values: Floats) -> Floats:
        return np.asarray(scipy.ndimage.uniform_filter(values, window, mode="nearest"))

    power = local(kept**2)
    both = np.sqrt(np.maximum(power * local(removed**2), 0))
    level = np.sqrt(_energy(kept) * _energy(removed)) / kept.size
    # Where one of the two is silent there is nothing to compare.
    counts = both > 1e-6 * max(level, _TINY)
    alike = np.minimum(np.abs(local(kept * removed)) / np.where(counts, both, 1), 1)
    return np.where(counts, alike, 0.0), np.where(counts, power, 0.0)


def fk_error(clean: ArrayLike, denoised: ArrayLike, floor_db: float = -30.0) -> float:
    """Relative error of the f-k amplitude spectrum where the signal lives [1].

    Args:
        clean: Noise-free section, shape (trace, time).
        denoised: What came out.
        floor_db: The band is where the signal's amplitude is above this, of its peak [dB].

    Returns:
        RMS difference of the amplitudes over the RMS amplitude of the signal, in the band.
    """
    clean, denoised = _alike(clean, denoised)
    true, found = np.abs(np.fft.rfft2(clean)), np.abs(np.fft.rfft2(denoised))
    band = true > 10 ** (floor_db / 20) * true.max()
    if not band.any():
        return 0.0
    return float(np.sqrt(_energy((found - true)[band]) / _energy(true[band])))


def amplitude_ratio(clean: ArrayLike, denoised: ArrayLike) -> float:
    """Amplitude of the signal in the output over its true one, by regression [1]; 1 is ideal.

    Args:
        clean: Noise-free section, shape (trace, time).
        denoised: What came out.
    """
    clean, denoised = _alike(clean, denoised)
    return float(np.sum(clean * denoised) / max(_energy(clean), _TINY))


def preservation_scores(
    noisy: ArrayLike, clean: ArrayLike, denoised: ArrayLike
) -> dict[str, float]:
    """All scores of this file by name.

    Args:
        noisy: What was denoised, shape (trace, time).
        clean: Its noise-free part.
        denoised: What came out.
    """
    return {
        "gain_db": gain_db(noisy, clean, denoised),
        "leakage": leakage(noisy, clean, denoised),
        "local_similarity": local_similarity(noisy, denoised),
        "fk_error": fk_error(clean, denoised),
        "amplitude_ratio": amplitude_ratio(clean, denoised),
    }


def _alike(*arrays: ArrayLike) -> tuple[Floats, ...]:
    """Arrays in double precision, of one shape (trace, time).

    Raises:
        ShapeError: If they have other shapes.
    """
    sections = tuple(np.asarray(array, dtype=np.float64) for array in arrays)
    if sections[0].ndim != 2 or any(s.shape != sections[0].shape for s in sections):
        shapes = ", ".join(str(s.shape) for s in sections)
        raise ShapeError(f"Sections of shapes {shapes} found; needed one shape (trace, time).")
    return sections


def _energy(values: Floats) -> float:
    return float(np.sum(values**2))
