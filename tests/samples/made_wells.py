"""Wells made by a rule that is known: what the logs say of the rock, and the rock of the answer."""

from __future__ import annotations

import numpy as np
import xarray as xr

from geoml.survey.well import well_dataset


def made_well(name: str, seed: int, n_rows: int = 240, field: str = "North") -> xr.Dataset:
    """Slowness is 180 + 300 * porosity + 60 * shale [us/m], facies are beds of shale content."""
    generator = np.random.default_rng(seed)
    noise = generator.normal(size=n_rows + 20)
    porosity = 0.2 + 0.02 * np.convolve(noise, np.ones(21) / 4, "valid")
    shale = np.repeat(generator.random(n_rows // 20 + 1), 20)[:n_rows]
    curves = {
        "GR": 20 + 100 * shale,
        "NPHI": porosity + 0.2 * shale,
        "RHOB": 2.65 - 1.65 * porosity,
        "RDEP": 10 ** (1 - 2 * porosity),
        "DTC": 180 + 300 * porosity + 60 * shale,
        "FACIES": 1.0 + (shale > 0.5) + (shale > 0.8),
    }
    depth_m = 1000 + 0.1524 * np.arange(n_rows)
    return well_dataset(name, depth_m, curves, attrs={"field": field})


def made_wells(count: int = 3) -> list[xr.Dataset]:
    """Wells A, B, C ... that follow one rule."""
    return [made_well("ABCDEFGH"[number], number) for number in range(count)]
