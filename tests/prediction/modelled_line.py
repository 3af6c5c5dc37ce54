"""A marine line whose gathers are modelled in known ground, and a network for its window."""

from __future__ import annotations

import numpy as np
import torch
import xarray as xr

from geoml.checkpoint import Checkpoint
from geoml.models import SectionShape, build_model, model_config
from geoml.physics.acoustic import model_acquisition
from geoml.physics.trend import VelocityTrend
from geoml.physics.wavelets import ricker
from geoml.survey.acquisition import Acquisition
from geoml.survey.schema import TRACE_VARIABLES
from geoml.survey.window_layout import WindowLayout
from geoml.survey.windows import line_windows, reference_acquisition

DT_S, N_SAMPLES, SPACING_M = 0.008, 96, 20.0
GROUND = VelocityTrend(1700.0, 0.8, 4000.0)


def bare_survey(source_m: np.ndarray, receiver_m: np.ndarray) -> xr.Dataset:
    """A marine line along x from 5000 m; positions of shape (shot,) and (shot, receiver)."""
    n_shots, n_receivers = receiver_m.shape
    values = {name: np.zeros(receiver_m.size) for name in TRACE_VARIABLES}
    values["source_x"] = 5000.0 + np.repeat(source_m, n_receivers)
    values["receiver_x"] = 5000.0 + receiver_m.ravel()
    values["offset"] = values["receiver_x"] - values["source_x"]
    values["source_depth"] += 8.0
    values["receiver_elevation"] -= 12.0
    values["field_record"] = np.repeat(101 + np.arange(n_shots), n_receivers)
    values["trace_in_record"] = np.tile(1 + np.arange(n_receivers), n_shots)
    values["trace_kind"] += 1
    amplitude = np.zeros((receiver_m.size, N_SAMPLES), np.float32)
    return xr.Dataset(
        {
            "amplitude": (("trace", "time"), amplitude),
            **{
                name: ("trace", np.asarray(values[name], variable.dtype))
                for name, variable in TRACE_VARIABLES.items()
            },
        },
        coords={"time": DT_S * np.arange(N_SAMPLES)},
        attrs={"steps": [], "source_file": "made.sgy"},
    )


def template_of(survey: xr.Dataset, layout: WindowLayout) -> Acquisition:
    wavelet = ricker(9.0, DT_S, 41)
    windows = line_windows(survey, layout)
    return reference_acquisition(survey, layout, windows, wavelet, -0.16, 25.0)


def modelled_survey(source_m: np.ndarray, receiver_m: np.ndarray) -> xr.Dataset:
    """Gathers modelled in GROUND, one shot at a time, with exact first breaks."""
    survey = bare_survey(source_m, receiver_m)
    origin = min(source_m.min(), receiver_m.min())
    width = max(source_m.max(), receiver_m.max()) - origin
    n_distance = int(np.ceil(width / SPACING_M)) + 1
    velocity = GROUND.section(20, n_distance, SPACING_M)
    records = []
    for shot in range(len(source_m)):
        one = Acquisition(
            source_m[[shot]] - origin,
            np.array([8.0]),
            receiver_m[[shot]] - origin,
            np.full((1, receiver_m.shape[1]), 12.0),
            DT_S, N_SAMPLES, SPACING_M, 20, n_distance, ricker(9.0, DT_S, 41), -0.16, 25.0, True,
        )  # fmt: skip
        modelled = model_acquisition(
            velocity, one, simulation_spacing_m=10.0, max_velocity_m_s=2100
        )
        records.append(modelled[0, 0].numpy())
    offset = receiver_m - source_m[:, None]
    picks = GROUND.first_arrivals(offset, 8.0, 12.0)
    return survey.assign(
        amplitude=(("trace", "time"), np.concatenate(records)),
        first_break=("trace", picks.ravel()),
    )


def untrained(acquisition: Acquisition, layout: WindowLayout, seed: int = 0) -> Checkpoint:
    """A real network with random weights: invertible, and wrong in a known way."""
    torch.manual_seed(seed)
    shape = SectionShape(
        acquisition.n_shots,
        acquisition.n_samples,
        acquisition.n_receivers,
        acquisition.n_depth,
        acquisition.n_distance,
    )
    small = {"stem_widths": (8, 16), "widths": (16, 24), "map_groups": 4}
    model = build_model("mh_unet_s", shape, ("velocity", "edges", "log_variance"), small)
    with torch.no_grad():
        for weight in model.parameters():
            weight += 0.02 * torch.randn_like(weight)
    return Checkpoint(
        model_name="mh_unet_s",
        model_config=model_config("mh_unet_s", model),
        state=model.state_dict(),
        task="velocity_edges",
        task_options={},
        scaling={"amplitude": 0.02, "velocity_centre_m_s": 2200.0, "velocity_scale_m_s": 300.0},
        acquisition=acquisition.to_dict(),
        steps=[],
        layout={**layout.__dict__},
        calibration={"factors": {"0.5": 0.7, "0.8": 1.5, "0.95": 2.5}, "edge_threshold": 0.4},
    )
