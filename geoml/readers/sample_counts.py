"""Traces that no recording should hold: counted block by block, told once."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from geoml.readers.finding import Finding


def sample_counts(amplitude: NDArray[np.float32]) -> tuple[int, int]:
    """Traces that hold NaN or Inf, and traces that hold only zeros.

    Args:
        amplitude: Shape (trace, time).
    """
    # A sum is finite only if every term is; float64 cannot overflow from float32 terms.
    with np.errstate(invalid="ignore"):  # signalling NaN
        finite = np.isfinite(amplitude.sum(axis=1, dtype=np.float64))
        live = amplitude.any(axis=1)
    return int((~finite).sum()), int((~live).sum())


def count_findings(name: str, n_traces: int, n_non_finite: int, n_dead: int) -> list[Finding]:
    """What a user should know about the samples.

    Args:
        name: The file, or the files together.
        n_traces: Traces that were looked at.
        n_non_finite: Those with NaN or Inf.
        n_dead: Those with zeros only.
    """
    found = []
    if n_non_finite:
        message = (
            f"{name}: {n_non_finite} of {n_traces} traces hold NaN, Inf or numbers beyond "
            "float32; kept as they are, kill or fill them in preprocessing."
        )
        found.append(Finding("warning", message))
    if n_dead:
        message = (
            f"{name}: {n_dead} of {n_traces} traces hold only zeros; dead traces are kept as they "
            "are, kill them in preprocessing."
        )
        found.append(Finding("warning", message))
    return found
