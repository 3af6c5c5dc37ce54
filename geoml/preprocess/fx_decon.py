"""f-x deconvolution step: random noise out, by prediction across traces."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from geoml.errors import OptionError
from geoml.preprocess.fx_step import FxStep, Spectra


@dataclass(frozen=True)
class FxDecon(FxStep):
    """Keep of each trace what its neighbours predict, frequency by frequency.

    An event that is straight over a window is, at one frequency, a complex exponential across
    traces, and a filter predicts it; noise that differs from trace to trace cannot be predicted.
    One filter a frequency is fitted by least squares to predictions to both sides at once, and
    the two predictions of a trace are averaged; the outermost traces have one of them.

    Strong noise gains from more traces and narrower bands; curved or faulted events lose to wide
    windows. ``benchmarks/fx_decon.py`` measures both. About 20 MB/s a core at the defaults, 30
    over half of the frequencies, a fifth of either at an overlap of 0.75.

    Attributes:
        n_coefficients: Length of the prediction filter in traces; at least the number of
            different dips in a window, at most half its traces.
        prewhitening: White noise added to the autocorrelation, as a fraction of its zero lag:
            more of it damps the prediction, noise and weak events alike.

    References:
        Canales (1984), SEG Technical Program Expanded Abstracts, 525-527.
        Gulunay (1986), SEG Technical Program Expanded Abstracts, 279-281.
    """

    name = "fx_decon"
    shapes_wavelet = True
    examples: ClassVar = (
        {},
        {"n_coefficients": 2},
        {"prewhitening": 0.3},
        {"window_traces": 8},
        {"window_s": 0.3},
        {"overlap": 0.75},
        {"band_hz": (5.0, 60.0)},
        {"gather": "offset"},
    )

    n_coefficients: int = 4
    prewhitening: float = 0.01

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 1 <= self.n_coefficients <= self.window_traces // 2:
            raise OptionError(
                f"'fx_decon' n_coefficients is {self.n_coefficients}; it must be 1 to half of "
                f"window_traces, {self.window_traces // 2}."
            )
        if not 0 < self.prewhitening < np.inf:
            raise OptionError(
                f"'fx_decon' prewhitening is {self.prewhitening:g}; it must be above 0."
            )

    def cleaned(self, spectra: Spectra) -> Spectra:
        """Average of the predictions to both sides, shape (frequency, trace)."""
        n_traces = spectra.shape[1]
        length = min(self.n_coefficients, n_traces // 2)
        filters = prediction_filters(spectra, length, self.prewhitening)
        predicted = np.zeros_like(spectra)
        for lag in range(1, length + 1):
            weight = filters[:, lag - 1 : lag]
            predicted[:, length:] += weight * spectra[:, length - lag : n_traces - lag]
            predicted[:, :-length] += weight.conj() * spectra[:, lag : n_traces - length + lag]
        twice = np.ones(n_traces)
        twice[length : n_traces - length] = 2
        return predicted / twice


def prediction_filters(spectra: Spectra, length: int, prewhitening: float) -> Spectra:
    """Filters that predict a trace from those before it, and conjugate from those after it.

    Least squares over every prediction inside the window (no zeros are assumed around it).

    Args:
        spectra: Shape (frequency, trace).
        length: Coefficients, at most half the traces.
        prewhitening: Fraction of the mean of the diagonal that is added to it.

    Returns:
        Weight of the trace 1, 2, ... before, shape (frequency, coefficient).
    """
    n_frequencies, n_traces = spectra.shape
    matrix = np.empty((n_frequencies, length, length), dtype=np.complex128)
    right = np.empty((n_frequencies, length), dtype=np.complex128)
    n_sums = n_traces - length
    for lag in range(length + 1):
        # Each entry is a sum of the same products over another run of traces: running sums.
        products = spectra[:, : n_traces - lag].conj() * spectra[:, lag:]
        total = np.zeros((n_frequencies, n_traces - lag + 1), dtype=np.complex128)
        np.cumsum(products, axis=1, out=total[:, 1:])
        if lag:
            before, after = length - lag, 0
            right[:, lag - 1] = total[:, before + n_sums] - total[:, before]
            right[:, lag - 1] += total[:, after + n_sums] - total[:, after]
        for column in range(length - lag):
            row = column + lag
            before, after = length - 1 - row, 1 + column
            entry = total[:, before + n_sums] - total[:, before]
            entry += total[:, after + n_sums] - total[:, after]
            matrix[:, row, column] = entry
            matrix[:, column, row] = entry.conj()
    diagonal = np.einsum("fii->f", matrix).real / length
    # A frequency without energy gets an identity, and a filter of zeros.
    matrix += np.where(diagonal > 0, prewhitening * diagonal, 1)[:, None, None] * np.eye(length)
    filters = np.linalg.solve(matrix, right[:, :, None])
    return np.asarray(filters[:, :, 0], dtype=np.complex128)
