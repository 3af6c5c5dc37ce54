"""Stored pairs and sources of gathers for the tests of what networks are fed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from gather_source import write_segy
from stored_pairs import write_pairs

from geoml.readers import open_reader
from geoml.survey.store import save_survey
from geoml.survey.trace_source import StoreTraces


@pytest.fixture
def pairs(tmp_path: Path) -> tuple[Path, np.ndarray, np.ndarray]:
    return tmp_path / "pairs.zarr", *write_pairs(tmp_path / "pairs.zarr")


@pytest.fixture(params=["store", "file"])
def make_source(request, tmp_path):
    """The amplitudes of a survey behind a store, or behind the SEG-Y file itself."""

    def make(survey: xr.Dataset):
        if request.param == "store":
            save_survey(survey, tmp_path / "line.zarr")
            return StoreTraces(tmp_path / "line.zarr")
        write_segy(survey, tmp_path / "line.sgy")
        return open_reader(tmp_path / "line.sgy")

    return make
