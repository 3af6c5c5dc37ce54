"""Overlapping patches of a gather or section, scaled to RMS 1, and their way back."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.ndimage
from numpy.typing import NDArray

from geoml.errors import OptionError, ShapeError

Floats = NDArray[np.float32]

_NEIGHBOURHOOD = 9  # traces
_TINY = float(np.finfo(np.float32).tiny)


@dataclass(frozen=True, eq=False)
class Patches:
    """Scaled patches of one gather and where they lie.

    Attributes:
        samples: Amplitude over ``scale``, shape (patch, trace, time); patches run along time
            first.
        scale: What each patch was divided by, shape (patch,).
        shape: Traces and samples of the gather.
        trace_starts: First trace of each row of patches, shape (row,).
        time_starts: First sample of each column of patches, shape (column,).
    """

    samples: Floats
    scale: Floats
    shape: tuple[int, int]
    trace_starts: NDArray[np.int64]
    time_starts: NDArray[np.int64]

    def blend(self, predicted: NDArray[np.floating]) -> Floats:
        """The gather of predicted patches, with the scale put back.

        Each patch weighs most at its middle, where the network sees most, and next to nothing at
        its edges; patches that come back unchanged give the gather back.

        Args:
            predicted: Like ``samples``, shape (patch, trace, time).

        Returns:
            Amplitude as the gather's, shape (trace, time).

        Raises:
            ShapeError: If the patches have another shape than those that were cut.
        """
        if predicted.shape != self.samples.shape:
            raise ShapeError(
                f"Predicted patches have shape {predicted.shape}; needed {self.samples.shape}, "
                "that of the patches that were cut."
            )
        n_traces, n_times = self.samples.shape[1:]
        across = _weights(self.trace_starts, n_traces)
        along = _weights(self.time_starts, n_times)
        total = np.zeros((self.trace_starts[-1] + n_traces, self.time_starts[-1] + n_times))
        patch = 0
        for row, first_trace in enumerate(self.trace_starts):
            for column, first_time in enumerate(self.time_starts):
                weight = across[row][:, None] * along[column] * float(self.scale[patch])
                total[first_trace : first_trace + n_traces, first_time : first_time + n_times] += (
                    weight * predicted[patch]
                )
                patch += 1
        return total[: self.shape[0], : self.shape[1]].astype(np.float32)


def cut_patches(samples: Floats, patch_shape: tuple[int, int], overlap: float = 0.5) -> Patches:
    """Patches that cover a gather, each scaled by ``patch_scale``.

    A gather smaller than a patch is continued by its mirror image, which ``Patches.blend`` leaves
    out again.

    Args:
        samples: Amplitude, shape (trace, time).
        patch_shape: Traces and samples of a patch.
        overlap: Share of a patch that the next one covers too, at least, 0 to 0.9.

    Raises:
        ShapeError: If the gather is empty or has other than two dimensions.
        OptionError: If the patch is empty or the overlap out of range.
    """
    if samples.ndim != 2 or 0 in samples.shape:
        raise ShapeError(f"A gather of shape {samples.shape} found; needed (trace, time), filled.")
    if min(patch_shape) < 1:
        raise OptionError(f"Patches of {patch_shape} (trace, time) are empty; take at least 1.")
    if not 0 <= overlap <= 0.9:
        raise OptionError(f"Patches overlap by {overlap:g}; it lies between 0 and 0.9.")
    n_traces, n_times = patch_shape
    missing = [max(0, need - have) for need, have in zip(patch_shape, samples.shape, strict=True)]
    whole = np.pad(samples, [(0, n) for n in missing], mode="symmetric")
    trace_starts = _starts(whole.shape[0], n_traces, overlap)
    time_starts = _starts(whole.shape[1], n_times, overlap)
    every = np.lib.stride_tricks.sliding_window_view(whole, patch_shape)
    cut = every[trace_starts[:, None], time_starts].reshape(-1, n_traces, n_times)
    scale = patch_scale(cut)
    return Patches(
        (cut / scale[:, None, None]).astype(np.float32),
        scale,
        (samples.shape[0], samples.shape[1]),
        trace_starts,
        time_starts,
    )


def patch_scale(patches: NDArray[np.floating]) -> Floats:
    """Level that brings patches to RMS 1, whatever single bad traces do.

    It is the RMS of the live traces, none of which counts as louder than the median of the nine
    round it. Dead traces and single loud ones leave the level where the others put it; a block of
    neighbours that are louder than the rest, as behind the first arrivals, counts in full. A patch
    of silence has level 1.

    Args:
        patches: Amplitude, shape (..., trace, time).

    Returns:
        Above 0, shape (...).
    """
    rms = np.sqrt(np.mean(np.square(patches, dtype=np.float64), axis=-1))
    size = (1,) * (rms.ndim - 1) + (_NEIGHBOURHOOD,)
    usual = scipy.ndimage.median_filter(rms, size, mode="nearest")
    # Among dead traces the median is 0: a live one there counts as it is.
    counted = np.where(usual > 0, np.minimum(rms, usual), rms)
    n_live = np.maximum(np.sum(rms > 0, axis=-1), 1)
    level = np.sqrt(np.sum(counted**2, axis=-1) / n_live)
    return np.where(level > _TINY, level, 1.0).astype(np.float32)


def _starts(n: int, width: int, overlap: float) -> NDArray[np.int64]:
    """Evenly placed windows, the first at the start of the axis and the last at its end."""
    step = max(1, int(width * (1 - overlap)))
    count = 1 + -(-(n - width) // step)
    return np.rint(np.linspace(0, n - width, count)).astype(np.int64)


def _weights(starts: NDArray[np.int64], width: int) -> list[NDArray[np.float64]]:
    """Weight of each sample of each window; over all windows they add to 1."""
    # Half a sample in, so that no weight is 0 and every total can be divided by.
    taper = np.sin(np.pi * (np.arange(width) + 0.5) / width) ** 2
    total = np.zeros(starts[-1] + width)
    for start in starts:
        total[start : start + width] += taper
    return [taper / total[start : start + width] for start in starts]
