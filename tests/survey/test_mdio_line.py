"""The sample line as MDIO stores it equals the line as SEG-Y, read, processed and exported."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from mdio_file import SAMPLE, marine_mdio, older_mdio, two_shots

from geoml.errors import StoreError
from geoml.preprocess.pipeline import preprocess_store
from geoml.products.survey_segy import write_survey_segy
from geoml.readers.ingest import read_survey
from geoml.survey.mdio import open_mdio
from geoml.survey.schema import TRACE_VARIABLES
from geoml.survey.store import open_survey, save_survey

pytestmark = pytest.mark.usefixtures("quiet_zarr")


def test_sample_line_equals_its_segy(tmp_path: Path) -> None:
    expected = read_survey(SAMPLE)
    survey = open_mdio(marine_mdio(tmp_path / "line.mdio"))
    for name in (*TRACE_VARIABLES, "amplitude", "header_bytes"):
        np.testing.assert_array_equal(survey[name], expected[name], err_msg=name)
    np.testing.assert_allclose(survey["time"], expected["time"], atol=1e-12)
    assert survey.attrs["traces_per_gather"] == expected.attrs["traces_per_gather"]


def test_kept_header_bytes_export_the_same_segy(tmp_path: Path) -> None:
    survey = open_mdio(marine_mdio(tmp_path / "line.mdio"))
    write_survey_segy(survey, tmp_path / "again.sgy")
    assert (tmp_path / "again.sgy").read_bytes() == SAMPLE.read_bytes()


@pytest.mark.parametrize(
    "scheduler", ["threads", pytest.param("processes", marks=pytest.mark.slow)]
)
def test_processed_mdio_store_equals_the_processed_survey(tmp_path: Path, scheduler: str) -> None:
    steps = [{"agc": {"window_s": 0.1}}]
    save_survey(read_survey(SAMPLE), tmp_path / "line.zarr")
    preprocess_store(tmp_path / "line.zarr", tmp_path / "expected.zarr", steps)
    path = marine_mdio(tmp_path / "line.mdio")
    preprocess_store(path, tmp_path / "clean.zarr", steps, scheduler=scheduler)
    clean, expected = open_survey(tmp_path / "clean.zarr"), open_survey(tmp_path / "expected.zarr")
    for name in (*TRACE_VARIABLES, "amplitude", "header_bytes"):
        np.testing.assert_array_equal(clean[name], expected[name], err_msg=name)


def test_saved_survey_equals_the_open_one(tmp_path: Path) -> None:
    survey = open_mdio(two_shots(tmp_path / "line.mdio"))
    save_survey(survey, tmp_path / "line.zarr")
    again = open_survey(tmp_path / "line.zarr")
    for name in (*TRACE_VARIABLES, "amplitude", "time"):
        np.testing.assert_array_equal(again[name], survey[name], err_msg=name)


def test_stores_of_both_kinds_open_alike(tmp_path: Path) -> None:
    path = two_shots(tmp_path / "line.mdio")
    assert open_survey(path).identical(open_mdio(path))
    with pytest.raises(StoreError, match="MDIO version 0"):
        open_survey(older_mdio(tmp_path / "old.mdio"))


def test_format_2_of_zarr_is_read_alike(tmp_path: Path) -> None:
    expected = open_mdio(two_shots(tmp_path / "three.mdio"))
    survey = open_mdio(two_shots(tmp_path / "two.mdio", zarr_format=2))
    for name in (*TRACE_VARIABLES, "amplitude", "time"):
        np.testing.assert_array_equal(survey[name], expected[name], err_msg=name)


def test_store_that_mdio_wrote_equals_the_segy(tmp_path: Path) -> None:
    mdio = pytest.importorskip("mdio", reason="the package multidimio is not installed")
    from mdio.builder.template_registry import get_template
    from segy.schema import HeaderField
    from segy.standards import get_segy_standard

    names = {"shot_point": 9, "channel": 13, "source_coord_x": 73, "source_coord_y": 77}
    names |= {"group_coord_x": 81, "group_coord_y": 85}
    fields = [HeaderField(name=name, byte=byte, format="int32") for name, byte in names.items()]
    mdio.segy_to_mdio(
        segy_spec=get_segy_standard(1.0).customize(trace_header_fields=fields),
        mdio_template=get_template("StreamerShotGathers2D"),
        input_path=SAMPLE,
        output_path=tmp_path / "line.mdio",
    )
    expected, survey = read_survey(SAMPLE), open_mdio(tmp_path / "line.mdio")
    for name in (*TRACE_VARIABLES, "amplitude"):
        np.testing.assert_array_equal(survey[name], expected[name], err_msg=name)
