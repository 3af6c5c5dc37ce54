"""What a report shows: the survey before and after, the prediction, its checks, its training."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from geoml.physics.well_misfit import WellMisfit
from geoml.survey.acquisition import Acquisition


@dataclass(frozen=True, eq=False)
class ReportContent:
    """What a report shows; a part that is None is left out.

    Attributes:
        title: Heading.
        prediction: ``velocity`` and optionally ``edge_probability``, ``velocity_std``,
            ``velocity_lower``, ``velocity_upper`` over (depth, distance), as ``invert`` gives.
        checks: Misfits and gathers over (model, shot, ...), as ``check_physics`` gives.
        raw: Survey before preprocessing.
        clean: Survey after preprocessing; the one that was inverted.
        trend_m_s: Starting trend at the prediction's depths [m/s], shape (depth,).
        acquisition: Geometry and wavelet that the network was trained for.
        training: ``curves`` (name -> {"place": [...], "value": [...]}), ``place_name``,
            ``metrics`` (row name -> {column: number}), ``facts`` (name -> text).
        provenance: Name -> value: versions, seeds, hashes, options.
        warnings: Lines for the user, the most important first.
        wells: Well near the line -> its misfit, as ``tie_well`` gives it.
    """

    title: str
    prediction: xr.Dataset
    checks: xr.Dataset | None = None
    raw: xr.Dataset | None = None
    clean: xr.Dataset | None = None
    trend_m_s: NDArray[np.floating] | None = None
    acquisition: Acquisition | None = None
    training: Mapping[str, Any] | None = None
    provenance: Mapping[str, Any] = field(default_factory=dict)
    warnings: Sequence[str] = ()
    wells: Mapping[str, WellMisfit] = field(default_factory=dict)
