"""Samples of a line's velocity, drawn by a network that learned to draw them.

References:
    Adler & Öktem (2018), Deep Bayesian inversion, arXiv 1811.05910.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from geoml.checkpoint import Checkpoint
from geoml.errors import OptionError, ShapeError
from geoml.models.posteriors import POSTERIORS
from geoml.prediction.blending import LineBlend
from geoml.prediction.invert import SLOWEST_M_S, own_layout
from geoml.prediction.network import WindowPredictor
from geoml.survey.acquisition import Acquisition
from geoml.survey.window_layout import WindowLayout
from geoml.survey.windows import match_windows, read_window

Progress = Callable[[int, int], None]
"""Called with (windows done, windows in all)."""

SAMPLES = "velocity_samples"
_LEAST = 2
_SMOOTH_CELLS = 2.0


def with_samples(
    section: xr.Dataset,
    survey: xr.Dataset,
    checkpoint: Checkpoint,
    n: int,
    *,
    layout: WindowLayout | None = None,
    seed: int = 0,
    bfloat16: bool = False,
    device: str = "cpu",
    progress: Progress | None = None,
) -> xr.Dataset:
    """A section with samples of its velocity beside it.

    A sample takes the same numbers in every window, and overlapping windows are blended. Blending
    narrows what the windows disagree about, and the calibrated spread is another than the drawn
    one: so the samples' departures from their mean are scaled, smoothly from cell to cell, to the
    section's own spread, around the section's own velocity.

    Args:
        section: What ``invert`` made of the survey, or what a ladder made of that.
        survey: Survey after the steps that the checkpoint was trained for.
        checkpoint: A network that draws sections.
        n: Samples, at least 2.
        layout: Where windows start; by default the checkpoint's own.
        seed: Fixes the samples.
        bfloat16: Compute in bfloat16; see ``WindowPredictor``.
        device: Where torch computes.
        progress: Told how far it is.

    Returns:
        The section with ``velocity_samples`` [m/s], shape (sample, depth, distance).

    Raises:
        OptionError: If ``n`` is below 2 or the network draws no sections.
        ShapeError: If the section is not on the grid of the windows.
    """
    check_samples(checkpoint, n)
    predictor = WindowPredictor(checkpoint, device=device, bfloat16=bfloat16)
    acquisition = predictor.acquisition
    windows = match_windows(survey, layout or own_layout(checkpoint), acquisition)
    blend = _blend(np.array([window.origin_m for window in windows]), n, acquisition)
    for done, window in enumerate(windows, start=1):
        shots = read_window(survey, window, acquisition)[0]
        blend.add(window.origin_m, predictor.samples(shots[None], n, seed)[:, 0])
        if progress is not None:
            progress(done, len(windows))
    drawn = blend.result()
    velocity = section["velocity"].to_numpy().astype(np.float64)
    if drawn.shape[1:] != velocity.shape:
        raise ShapeError(
            f"The section has {velocity.shape} cells, the samples of its windows "
            f"{drawn.shape[1:]}; give the layout that the section was made with."
        )
    spread = section.get("velocity_std")
    samples = scaled_departures(
        drawn, velocity, None if spread is None else spread.to_numpy().astype(np.float64)
    )
    samples = np.maximum(samples, SLOWEST_M_S).astype(np.float32)
    dims = ("sample", "depth", "distance")
    return section.assign({SAMPLES: (dims, samples, {"units": "m/s"})}).assign_attrs(
        sample_seed=seed
    )


def check_samples(checkpoint: Checkpoint, n: int) -> None:
    """Refuse samples that a checkpoint cannot give, before any work is done.

    Raises:
        OptionError: If ``n`` is below 2 or the network draws no sections.
    """
    if n < _LEAST:
        raise OptionError(f"{n} samples were asked for; a spread needs at least {_LEAST}.")
    if checkpoint.model_name not in POSTERIORS:
        raise OptionError(
            f"Model '{checkpoint.model_name}' draws no samples; train one of "
            f"{', '.join(POSTERIORS)} with 'geoml train --model', or leave the samples out."
        )


def scaled_departures(
    drawn: NDArray[np.float64], velocity: NDArray[np.float64], std: NDArray[np.float64] | None
) -> NDArray[np.float64]:
    """Samples around a velocity, with a given spread on average over neighbouring cells.

    Args:
        drawn: Samples as drawn [m/s], shape (sample, depth, distance); NaN where there are none.
        velocity: What they are to lie around [m/s], shape (depth, distance).
        std: Their spread to be [m/s], same shape; None leaves that of the draws.

    Returns:
        Shape of ``drawn``.
    """
    departure = drawn - drawn.mean(axis=0)
    if std is None:
        return velocity + departure
    known = np.isfinite(departure[0]) & np.isfinite(std)
    variance = np.where(known, departure.var(axis=0, ddof=1), 0.0)
    needed = np.where(known, std**2, 0.0)
    # Few samples give a rough variance: cell by cell the ratio would draw its own pattern.
    ratio = gaussian_filter(needed, _SMOOTH_CELLS) / np.maximum(
        gaussian_filter(variance, _SMOOTH_CELLS), 1e-6
    )
    return velocity + departure * np.sqrt(ratio)


def _blend(origins_m: NDArray[np.float64], n: int, acquisition: Acquisition) -> LineBlend:
    return LineBlend(
        origins_m, n, acquisition.n_depth, acquisition.n_distance, acquisition.spacing_m
    )
