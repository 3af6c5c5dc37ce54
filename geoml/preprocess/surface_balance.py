"""Surface-consistent balance: one factor a shot and one a receiver, for a whole survey.

Not a step: every trace of a shot or a receiver counts, so the survey is read once before any trace
can be scaled.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import dask.array as da
import numpy as np
import xarray as xr
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.linalg import lsmr

from geoml import __version__
from geoml.errors import GeometryError, OptionError
from geoml.preprocess.balance import rms_in_window
from geoml.survey.gathers import gather_index
from geoml.survey.store import history_line

Floats = NDArray[np.float64]

_OFFSET_WEIGHT = 100.0  # what either offset or the surface may explain is left to offset


@dataclass(frozen=True, eq=False)
class SurfaceTerms:
    """Natural logarithms of amplitude factors, each kind with mean 0 over its live traces.

    Attributes:
        shot: Of each shot in the order of ``gather_index``, 0 where it has no live trace, (shot,).
        receiver: Of each receiver, (receiver,).
        offset: Of each class of unsigned offset, with the mean level of the survey, (offset,).
        offset_m: Lower edges of the classes [m], (offset,).
        trace: Shot and receiver term of each trace together, (trace,).
        unexplained: RMS of what the terms leave of the logarithms, [1].
    """

    shot: Floats
    receiver: Floats
    offset: Floats
    offset_m: Floats
    trace: Floats
    unexplained: float


def surface_terms(
    survey: xr.Dataset,
    start_s: float | None = None,
    end_s: float | None = None,
    offset_class_m: float = 100.0,
) -> SurfaceTerms:
    """Shot, receiver and offset terms of the RMS amplitudes, by least squares.

    ``ln rms = shot + receiver + offset`` for every live trace. The offset term takes up
    spreading and is left in the data. With a spread on one side, a gain that grows along the
    line cannot be told from spreading: what offset can explain is taken for spreading.

    Args:
        survey: Dims (trace, time), amplitude in memory or lazy; it is read once.
        start_s: Start of the window of the RMS [s]; None for the first sample.
        end_s: End of that window [s]; None for the last sample.
        offset_class_m: Width of an offset class [m].

    Raises:
        OptionError: If the window holds no sample, or the width is not above 0.
        GeometryError: If the survey has a single shot, or no live trace.

    References:
        Taner & Koehler (1981), Geophysics 46(1), 17-22.
    """
    if not 0 < offset_class_m < np.inf:
        raise OptionError(f"offset_class_m is {offset_class_m:g} m; it must be above 0.")
    shot, receiver = (gather_index(survey, kind).labels() for kind in ("shot", "receiver"))
    level = _levels(survey, start_s, end_s)
    live = np.isfinite(level) & (level > 0)
    if "live" in survey:
        live &= survey["live"].values
    if not live.any() or shot.max() == 0:
        raise GeometryError(
            f"The survey has {shot.max() + 1} shots and {int(live.sum())} live traces; surface "
            "terms need two shots or more. Use the step 'balance'."
        )
    distance = np.floor(np.abs(survey["offset"].values) / offset_class_m)
    edges, offset = np.unique(distance, return_inverse=True)
    starts = np.cumsum([0, shot.max() + 1, receiver.max() + 1, edges.size])
    columns = np.stack([shot, receiver + starts[1], offset + starts[2]], axis=1)[live]
    rows = np.repeat(np.arange(len(columns)), 3)
    weight = np.tile([1.0, 1.0, _OFFSET_WEIGHT], len(columns))
    design = sparse.csr_array((weight, (rows, columns.ravel())), shape=(len(columns), starts[-1]))
    logs = np.log(level[live])
    mean = logs.mean()
    # Of all solutions lsmr gives that of the least norm, and a weight makes a term's norm cheap.
    solved = lsmr(design, logs - mean, atol=1e-12, btol=1e-12, maxiter=10_000)[0]
    parts = [solved[a:b] for a, b in pairwise(starts)]
    left = logs - mean - design @ solved
    # A constant may go from one kind of term to another: shots and receivers keep none of it.
    for part, labels in zip(parts[:2], (shot, receiver), strict=True):
        shift = part[labels[live]].mean()
        part[np.unique(labels[live])] -= shift
        mean += shift
    return SurfaceTerms(
        shot=parts[0],
        receiver=parts[1],
        offset=_OFFSET_WEIGHT * parts[2] + mean,
        offset_m=edges * offset_class_m,
        trace=np.where(live, parts[0][shot] + parts[1][receiver], 0),
        unexplained=float(np.sqrt(np.mean(left**2))),
    )


def surface_balance(
    survey: xr.Dataset,
    start_s: float | None = None,
    end_s: float | None = None,
    offset_class_m: float = 100.0,
) -> xr.Dataset:
    """The survey with shot and receiver factors taken out; spreading along offset stays.

    The samples are read once here, for the terms; scaling is lazy. Arguments and errors are those
    of ``surface_terms``.
    """
    terms = surface_terms(survey, start_s, end_s, offset_class_m)
    scale = np.exp(-terms.trace).astype(np.float32)
    amplitude = survey["amplitude"]
    scaled = amplitude * xr.DataArray(scale, dims="trace")
    options = {"start_s": start_s, "end_s": end_s, "offset_class_m": offset_class_m}
    line = history_line("surface_balance", options, __version__)
    return survey.assign(amplitude=scaled.assign_attrs(amplitude.attrs)).assign_attrs(
        history=[*survey.attrs.get("history", []), line]
    )


def _levels(survey: xr.Dataset, start_s: float | None, end_s: float | None) -> Floats:
    """RMS amplitude of each trace in the window, shape (trace,)."""
    time_s = np.asarray(survey["time"].values, dtype=np.float64)
    samples = survey["amplitude"].data
    if not isinstance(samples, da.Array):
        return rms_in_window(samples, time_s, start_s, end_s)
    whole = samples.rechunk({1: -1})
    # Once on nothing, so that a wrong window is refused before samples are read.
    rms_in_window(np.zeros((1, time_s.size), dtype=np.float32), time_s, start_s, end_s)
    levels = whole.map_blocks(
        rms_in_window, time_s, start_s, end_s, drop_axis=1, dtype=np.float64, meta=np.empty(0)
    )
    return np.asarray(levels.compute())
