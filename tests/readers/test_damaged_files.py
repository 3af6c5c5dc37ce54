"""Whatever a byte of a header is changed to, the answer is a survey or one line."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from geoml.errors import GeomlError
from geoml.readers.ingest import read_survey
from geoml.readers.scan import scan

INTACT = "intact.sgy"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("damaged")


def intact() -> bytes:
    fixed = bytearray(400)
    fixed[16:18] = (4000).to_bytes(2, "big")
    fixed[20:22] = (5).to_bytes(2, "big")
    fixed[24:26] = (5).to_bytes(2, "big")
    header = bytearray(240)
    header[114:116] = (5).to_bytes(2, "big")
    trace = bytes(header) + np.ones(5, dtype=">f4").tobytes()
    return b"\x40" * 3200 + bytes(fixed) + 4 * trace


def survey_or_refusal(path: Path) -> tuple[xr.Dataset | None, str]:
    try:
        str(scan(path))
        return read_survey(path), ""
    except GeomlError as error:
        return None, str(error)


HEADER_PLACES = [*range(3200, 3600), *range(3600, 3840), *range(3860, 4100)]


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.dictionaries(st.sampled_from(HEADER_PLACES), st.integers(0, 255), max_size=6),
    st.integers(0, 4640),
)
def test_damaged_header_or_cut_file_gives_a_survey_or_one_line(folder, changes, length):
    content = bytearray(intact())
    for place, value in changes.items():
        content[place] = value
    path = folder / "damaged.sgy"
    # Half of the examples keep their whole length, so that the header damage alone is seen.
    path.write_bytes(bytes(content[: length if length % 2 else len(content)]))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        survey, refusal = survey_or_refusal(path)
    assert "\n" not in refusal
    if survey is not None:
        # At least one byte a sample and 240 a trace header.
        assert survey.sizes["trace"] >= 1
        assert survey["amplitude"].size + 240 * survey.sizes["trace"] <= len(content)


def test_the_undamaged_file_reads(folder):
    path = folder / INTACT
    path.write_bytes(intact())
    assert read_survey(path)["amplitude"].shape == (4, 5)
