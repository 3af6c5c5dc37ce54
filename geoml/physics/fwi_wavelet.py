"""The source fitted anew: the filter that carries modelled gathers onto the observed ones."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.fft import irfft, next_fast_len, rfft
from scipy.linalg import solve_toeplitz

Floats = NDArray[np.float64]


def source_filter(
    observed: Floats, modelled: Floats, length: int, lead: int, damping: float = 1e-3
) -> Floats:
    """Filter whose convolution with the modelled traces fits the observed ones best.

    Args:
        observed: Weighted alike, shape (trace, time).
        modelled: Same shape.
        length: Causal samples, the one at time 0 among them.
        lead: Samples before time 0.
        damping: Prewhitening, as a share of the autocorrelation at zero lag.

    Returns:
        Shape (lead + length,), the sample at ``lead`` being time 0; an impulse where nothing was
        modelled.

    References:
        Robinson & Treitel (1967), Geophysical Prospecting 15, 311-333 (Wiener filter); Pratt
        (1999), Geophysics 64(3), 888-901 (source estimation).
    """
    count = lead + length
    impulse = np.zeros(count)
    impulse[lead] = 1.0
    n_fft = next_fast_len(modelled.shape[-1] + count, real=True)
    spectrum = rfft(modelled, n_fft, axis=-1)
    auto = irfft((np.abs(spectrum) ** 2).sum(axis=0), n_fft)[:count]
    cross = irfft((rfft(observed, n_fft, axis=-1) * spectrum.conj()).sum(axis=0), n_fft)
    if not auto[0] > 0:
        return impulse
    auto[0] *= 1 + damping
    # Damped towards the impulse: where the data say nothing the source stays as it was.
    wanted = np.concatenate([cross[-lead:] if lead else cross[:0], cross[:length]])
    wanted = wanted + damping * auto[0] * impulse
    return np.asarray(solve_toeplitz(auto, wanted))


def filtered(records: torch.Tensor, filters: torch.Tensor, lead: int) -> torch.Tensor:
    """Gathers behind the filter of their shot.

    Args:
        records: Shape (shot, receiver, time).
        filters: Shape (shot, tap), or (1, tap) for all shots alike.
        lead: Taps before time 0.
    """
    n_time = records.shape[-1]
    n_fft = next_fast_len(n_time + filters.shape[-1], real=True)
    spectrum = torch.fft.rfft(records, n_fft) * torch.fft.rfft(filters, n_fft)[:, None]
    return torch.fft.irfft(spectrum, n_fft)[..., lead : lead + n_time]
