"""A small survey with geometry, a section and its checks, as the package's own functions give."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from numbered_shots import shot_file

from geoml.survey.schema import TRACE_VARIABLES
from geoml.survey.velocity import section

DT_S, N_TIME, INTERVAL_M = 0.008, 100, 25.0


def ricker_at(time_s: np.ndarray, arrival_s: np.ndarray) -> np.ndarray:
    phase = (np.pi * 10.0 * (time_s - arrival_s[..., None] - 0.05)) ** 2
    return (1 - 2 * phase) * np.exp(-phase)


@pytest.fixture(scope="module")
def survey() -> xr.Dataset:
    """3 shots of 8 receivers, direct wave at 2000 m/s, one dead trace, picks on the others."""
    source, receiver = np.meshgrid([0.0, 100.0, 200.0], INTERVAL_M * np.arange(8), indexing="ij")
    values = {name: np.zeros(24) for name in TRACE_VARIABLES}
    values["source_x"], values["receiver_x"] = 1000 + source.ravel(), 1000 + receiver.ravel()
    values["offset"] = np.abs(values["receiver_x"] - values["source_x"])
    values["field_record"] = np.repeat([11, 12, 13], 8)
    values["trace_in_record"] = np.tile(np.arange(1, 9), 3)
    values["trace_kind"] = np.ones(24)
    time_s = DT_S * np.arange(N_TIME)
    arrival = values["offset"] / 2000
    amplitude = ricker_at(time_s, arrival).astype(np.float32)
    amplitude[5] = 0
    first_break = arrival.copy()
    first_break[5] = np.nan
    return xr.Dataset(
        {
            "amplitude": (("trace", "time"), amplitude),
            "first_break": ("trace", first_break),
            **{
                name: ("trace", np.asarray(values[name], variable.dtype))
                for name, variable in TRACE_VARIABLES.items()
            },
        },
        coords={"time": time_s},
        attrs={"source_file": "small.sgy", "source_sha256": "0" * 64, "steps": [{"agc": {}}]},
    )


@pytest.fixture(scope="module")
def prediction() -> xr.Dataset:
    """Velocity that rises with depth, one edge, a spread, and an uncovered column."""
    depth = 10.0 * np.arange(20)[:, None]
    velocity = np.broadcast_to(1800 + 2 * depth, (20, 30)).copy()
    velocity[:, 17] = np.nan
    edges = np.zeros((20, 30))
    edges[9] = 0.9
    return section(
        velocity,
        10.0,
        edge_probability=edges,
        edges=edges > 0.5,
        velocity_std=np.full((20, 30), 50.0),
        velocity_lower=velocity - 64,
        velocity_upper=velocity + 64,
        attrs={"n_windows": 3, "model": "mh_unet_s", "warnings": ["Window 2 is unlike training."]},
    )


@pytest.fixture(scope="module")
def checks(survey: xr.Dataset) -> xr.Dataset:
    """Prediction 2 ms off, trend 10 ms off."""
    shape = (3, 8)
    offset = (survey["receiver_x"] - survey["source_x"]).to_numpy().reshape(shape)
    picked = survey["first_break"].to_numpy().reshape(shape)
    computed = np.abs(offset) / 2000 + np.array([0.002, 0.010])[:, None, None]
    observed = survey["amplitude"].to_numpy().reshape(3, 8, N_TIME)[[0, 2]]
    modelled = ricker_at(survey["time"].to_numpy(), computed[:, [0, 2]]).astype(np.float32)
    return xr.Dataset(
        {
            "offset": (("shot", "receiver"), offset),
            "first_break": (("shot", "receiver"), picked),
            "first_arrival": (("model", "shot", "receiver"), computed),
            "first_arrival_rms_s": (("model", "shot"), np.repeat([[0.002], [0.010]], 3, axis=1)),
            "data_misfit": (("model", "shot"), np.repeat([[0.2], [0.7]], 3, axis=1)),
            "total_first_arrival_rms_s": ("model", [0.002, 0.010]),
            "total_data_misfit": ("model", [0.2, 0.7]),
            "observed": (("shown_shot", "receiver", "time"), observed),
            "modelled": (("model", "shown_shot", "receiver", "time"), modelled),
        },
        coords={
            "model": ["prediction", "trend"],
            "shot": [11, 12, 13],
            "shown_shot": [11, 13],
            "time": survey["time"].to_numpy(),
        },
    )


@pytest.fixture
def line(tmp_path: Path) -> list[Path]:
    """4 shots, one a file; formats differ, and the last trace of one file is cut."""
    folder = tmp_path / "line"
    folder.mkdir()
    paths = []
    for shot, (code, n_tail) in enumerate([(5, 0), (6, 0), (2, 33), (5, 0)], start=1):
        paths.append(folder / f"shot_{shot}.sgy")
        paths[-1].write_bytes(shot_file(shot, code, n_tail))
    return paths
