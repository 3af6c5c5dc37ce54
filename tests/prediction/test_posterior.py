"""Samples of a line: what a network draws, blended and held to the calibrated spread."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
import xarray as xr

from geoml.checkpoint import Checkpoint
from geoml.errors import OptionError
from geoml.models import build_model, model_config
from geoml.models.section_shape import SectionShape
from geoml.prediction.invert import invert
from geoml.prediction.network import WindowPredictor
from geoml.prediction.posterior import check_samples, scaled_departures, with_samples
from geoml.survey.velocity import open_section, save_section
from geoml.survey.window_layout import WindowLayout
from geoml.survey.windows import match_windows, read_window
from geoml.workflow.refinement import refine_section
from geoml.workflow.specification import InvertSection


@pytest.fixture(scope="module")
def drawing(checkpoint: Checkpoint) -> Checkpoint:
    """A posterior network with random weights for the window of the untrained one."""
    torch.manual_seed(0)
    shape = SectionShape(**checkpoint.model_config["shape"])
    trunk = {"stem_widths": (16, 32), "widths": (16, 32), "norm_channels": 8}
    options = {"trunk": trunk, "widths": (16, 24), "draws": 6}
    model = build_model("cvae", shape, ("velocity", "edges", "log_variance"), options)
    return replace(
        checkpoint,
        model_name="cvae",
        model_config=model_config("cvae", model),
        state=model.state_dict(),
    )


def test_samples_lie_around_the_section_with_its_spread(
    streamer: xr.Dataset, drawing: Checkpoint
) -> None:
    section = invert(streamer, drawing)
    line = with_samples(section, streamer, drawing, 12)
    samples = line["velocity_samples"]
    assert samples.dims == ("sample", "depth", "distance")
    assert samples.shape == (12, *section["velocity"].shape)
    np.testing.assert_allclose(samples.mean("sample"), section["velocity"], rtol=1e-4)
    ratio = samples.std("sample", ddof=1).mean() / section["velocity_std"].mean()
    assert float(ratio) == pytest.approx(1, abs=0.1)
    xr.testing.assert_identical(
        line.drop_vars("velocity_samples").drop_attrs(), section.drop_attrs()
    )


def test_samples_of_one_window_are_what_the_network_draws(
    streamer: xr.Dataset, drawing: Checkpoint
) -> None:
    survey = streamer.isel(trace=slice(0, 30))  # three shots: one window
    line = with_samples(invert(survey, drawing).drop_vars("velocity_std"), survey, drawing, 4)
    predictor = WindowPredictor(drawing)
    layout = drawing.layout
    assert layout is not None
    [window] = match_windows(survey, WindowLayout(**layout), predictor.acquisition)
    shots, _ = read_window(survey, window, predictor.acquisition)
    drawn = predictor.samples(shots[None], 4)[:, 0]
    departure = line["velocity_samples"] - line["velocity_samples"].mean("sample")
    np.testing.assert_allclose(departure, drawn - drawn.mean(0), atol=0.05)


def test_seed_fixes_the_samples(streamer: xr.Dataset, drawing: Checkpoint) -> None:
    section = invert(streamer, drawing)
    one, same, other = (
        with_samples(section, streamer, drawing, 2, seed=seed)["velocity_samples"]
        for seed in (1, 1, 2)
    )
    assert one.equals(same)
    assert not one.equals(other)


def test_departures_keep_their_pattern_and_take_the_spread_that_is_given() -> None:
    rng = np.random.default_rng(0)
    drawn = 5.0 * rng.standard_normal((400, 8, 9)) + 100
    velocity, std = np.full((8, 9), 2000.0), np.full((8, 9), 30.0)
    scaled = scaled_departures(drawn, velocity, std)
    np.testing.assert_allclose(scaled.std(axis=0, ddof=1), 30, rtol=0.15)
    np.testing.assert_allclose(scaled.mean(axis=0), 2000)
    left = scaled_departures(drawn, velocity, None)
    np.testing.assert_allclose(left - 2000, drawn - drawn.mean(0))


def test_columns_without_a_window_stay_empty() -> None:
    drawn = np.random.default_rng(0).standard_normal((3, 4, 6))
    drawn[..., 5] = np.nan
    velocity = np.where(np.arange(6) < 5, 2000.0, np.nan) * np.ones((4, 1))
    scaled = scaled_departures(drawn, velocity, np.where(np.isnan(velocity), np.nan, 20.0))
    assert np.isnan(scaled[..., 5]).all()
    assert np.isfinite(scaled[..., :5]).all()


def test_line_with_samples_survives_the_store(
    streamer: xr.Dataset, drawing: Checkpoint, tmp_path: Path
) -> None:
    line = refine_section(streamer, drawing, InvertSection(samples=3))
    save_section(line, tmp_path / "line.zarr")
    np.testing.assert_array_equal(
        open_section(tmp_path / "line.zarr")["velocity_samples"], line["velocity_samples"]
    )


def test_network_without_samples_is_refused_before_any_work(
    streamer: xr.Dataset, checkpoint: Checkpoint
) -> None:
    with pytest.raises(OptionError, match="'mh_unet_s' draws no samples"):
        refine_section(streamer, checkpoint, InvertSection(samples=8))
    with pytest.raises(OptionError, match="draws no samples"):
        WindowPredictor(checkpoint).samples(np.zeros((1, 3, 10, 96), np.float32), 2)


def test_a_single_sample_is_refused(drawing: Checkpoint) -> None:
    with pytest.raises(OptionError, match="1 samples were asked for"):
        check_samples(drawing, 1)
