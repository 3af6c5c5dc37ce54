"""A modelled marine line, the acquisition of its window, a checkpoint for it; a tiny denoiser."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from made_denoiser import save_denoiser

from geoml.checkpoint import Checkpoint
from geoml.prediction.denoise import Denoise, denoise_step
from geoml.survey.acquisition import Acquisition
from geoml.survey.window_layout import WindowLayout

from .modelled_line import SPACING_M, modelled_survey, template_of, untrained


@pytest.fixture(scope="session")
def streamer() -> xr.Dataset:
    """Five shots 40 m apart, each towing 10 receivers, modelled in GROUND."""
    source = 40.0 * np.arange(5) + 500
    return modelled_survey(source, source[:, None] - 100 - 25.0 * np.arange(10))


@pytest.fixture(scope="session")
def at_source() -> xr.Dataset:
    """The same shots with their first receiver at the source, as cells of another size record."""
    source = 40.0 * np.arange(5) + 500
    survey = modelled_survey(source, source[:, None] - 25.0 * np.arange(10))
    survey["amplitude"].values[::10] = 2 * np.roll(survey["amplitude"].values[::10], 2, axis=1)
    return survey


@pytest.fixture(scope="session")
def layout() -> WindowLayout:
    return WindowLayout(n_shots=3, spacing_m=SPACING_M, depth_m=380.0)


@pytest.fixture(scope="session")
def acquisition(streamer: xr.Dataset, layout: WindowLayout) -> Acquisition:
    return template_of(streamer, layout)


@pytest.fixture(scope="session")
def checkpoint(acquisition: Acquisition, layout: WindowLayout) -> Checkpoint:
    return untrained(acquisition, layout)


@pytest.fixture(scope="session")
def denoiser_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_denoiser(tmp_path_factory.mktemp("denoiser") / "tiny")


@pytest.fixture(scope="session")
def step(denoiser_folder: Path) -> Denoise:
    return denoise_step(denoiser_folder)
