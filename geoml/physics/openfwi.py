"""The acquisition of the OpenFWI Vel, Fault and Style families, reproduced amplitude for amplitude.

Their records add ``v^2 dt^2 s(t)`` to the source cell with no division by its area, so in the
units of ``acoustic`` their wavelet is a Ricker times the area of a 10 m cell, one step early.
All sides absorb. Checked against a genuine record: direct wave within 1.2 %, peak on the source
trace 40.2 beside 40.06 to 40.55.

References:
    Deng et al. (2022), OpenFWI, NeurIPS Datasets and Benchmarks.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import Any, Final

import numpy as np

from geoml.physics.wavelet_shapes import ricker

_SPACING_M = 10.0
_N_SHOTS, _N_RECEIVERS = 5, 70
_SOURCE_COLUMNS = (0.0, 17.0, 34.0, 52.0, 69.0)

OPENFWI: Final = MappingProxyType(
    {
        "source_distance_m": np.array(_SOURCE_COLUMNS) * _SPACING_M,
        "source_depth_m": np.full(_N_SHOTS, _SPACING_M),
        "receiver_distance_m": np.tile(np.arange(_N_RECEIVERS) * _SPACING_M, (_N_SHOTS, 1)),
        "receiver_depth_m": np.full((_N_SHOTS, _N_RECEIVERS), _SPACING_M),
        "dt_s": 0.001,
        "n_samples": 1000,
        "spacing_m": _SPACING_M,
        "n_depth": 70,
        "n_distance": 70,
        "wavelet": _SPACING_M**2 * ricker(15.0, 0.001, 147),
        "wavelet_start_s": -0.001,
        "max_frequency_hz": 50.0,
        "free_surface": False,
    }
)
"""Fields of an ``Acquisition``: ``Acquisition(**OPENFWI)``."""

OPENFWI_MODELLING: Final[MappingProxyType[str, Any]] = MappingProxyType(
    {"accuracy": 4, "absorbing_cells": 120, "max_velocity_m_s": 4500.0}
)
"""Options of ``model_acquisition`` as OpenFWI used them; amplitude at a source depends on them."""
