"""Missing traces between known ones, filled in by prediction filters."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Spectra = NDArray[np.complex128]


def filled_spectra(
    spectra: Spectra, known: NDArray[np.bool_], length: int, prewhitening: float
) -> Spectra:
    """Spectra with the missing traces that a prediction filter explains best.

    One filter a frequency is fitted by least squares to the predictions, to either side, that
    touch known traces alone; then the missing traces are those with the least prediction error
    everywhere. The filter is shortened until there are twice as many predictions as coefficients.

    Args:
        spectra: Any values where traces are missing, shape (frequency, trace).
        known: False where a trace is missing, shape (trace,).
        length: Longest filter [trace].
        prewhitening: Fraction of the mean of the diagonal that is added to it.

    References:
        Spitz (1991), Geophysics 56(6), 785-794; Claerbout (1992), Earth soundings analysis:
        processing versus inversion, chapter 8.
    """
    filters = _fitted_filters(np.where(known, spectra, 0), known, length, prewhitening)
    n_frequencies, n_traces = spectra.shape
    length = filters.shape[1]
    n_equations = n_traces - length
    errors = np.zeros((n_frequencies, 2 * n_equations, n_traces), dtype=np.complex128)
    row = np.arange(n_equations)
    errors[:, row, row + length] = 1
    errors[:, n_equations + row, row] = 1
    for lag in range(1, length + 1):
        weight = filters[:, lag - 1 : lag]
        errors[:, row, row + length - lag] = -weight
        errors[:, n_equations + row, row + lag] = -weight.conj()
    explained = errors[:, :, known] @ spectra[:, known, None]
    unknown = errors[:, :, ~known]
    adjoint = unknown.conj().transpose(0, 2, 1)
    # The diagonal is 1 or more from each trace's own entry: nothing else keeps it from 0.
    square = adjoint @ unknown + 1e-6 * np.eye(unknown.shape[2])
    filled = spectra.copy()
    filled[:, ~known] = -np.linalg.solve(square, adjoint @ explained)[:, :, 0]
    return filled


def _fitted_filters(
    spectra: Spectra, known: NDArray[np.bool_], length: int, prewhitening: float
) -> Spectra:
    """Weight of the trace 1, 2, ... before the one predicted, shape (frequency, coefficient)."""
    windows = np.lib.stride_tricks.sliding_window_view
    for shorter in range(min(length, known.size - 1), 0, -1):
        whole = windows(known, shorter + 1).all(axis=1)
        if 2 * whole.sum() >= 2 * shorter:
            break
    else:
        # No two neighbours are known: the next trace is taken to be like the last one.
        return np.ones((len(spectra), 1), dtype=np.complex128)
    runs = windows(spectra, shorter + 1, axis=1)[:, whole]
    past = np.concatenate([runs[:, :, -2::-1], runs[:, :, 1:].conj()], axis=1)
    wanted = np.concatenate([runs[:, :, -1], runs[:, :, 0].conj()], axis=1)
    adjoint = past.conj().transpose(0, 2, 1)
    square = adjoint @ past
    diagonal = np.einsum("fii->f", square).real / shorter
    damping = np.where(diagonal > 0, prewhitening * diagonal, 1)
    square = square + damping[:, None, None] * np.eye(shorter)
    filters = np.linalg.solve(square, adjoint @ wanted[:, :, None])
    return np.asarray(filters[:, :, 0], dtype=np.complex128)
