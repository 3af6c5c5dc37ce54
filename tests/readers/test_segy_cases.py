from __future__ import annotations

import os
import warnings
from pathlib import Path

import numpy as np
import pytest
import segyio

from geoml.errors import GeomlError
from geoml.products.segy import write_survey_segy
from geoml.readers.ingest import ingest, read_survey
from geoml.readers.options import IngestOptions
from geoml.readers.scan import scan
from geoml.survey.store import open_survey

pytestmark = pytest.mark.data

REFUSED = {
    "interval-neg-bin-neg-trace.sgy": "-2000 us in the file header and -25000 us",
    "text.sgy": "0 bytes after the file headers, not one trace",
    "small.su": "0 us in the trace headers; above 0 is needed. Pass --dt-s",
    "small-lsb.su": "0 us in the trace headers; above 0 is needed. Pass --dt-s",
    **{
        f"Format{code}{order}.sgy": f"sample format {code}, "
        for code in (4, 7, 15)
        for order in ("msb", "lsb")
    },
}
# segyio does not look for the end stanza and takes the text for traces; it refuses a cut file.
SEGYIO_WRONG = {"stanzas-unknown-count.sgy": (6, 4), "broken.sgy": (3, 4)}


def trace_files(data_dir: Path) -> list[Path]:
    folder = data_dir / "seismic"
    found = [path for path in folder.rglob("*") if path.suffix in (".sgy", ".segy", ".su")]
    assert len(found) > 50
    return sorted(found)


def segyio_samples(path: Path, byte_order: str) -> np.ndarray:
    opened = segyio.su.open if path.suffix == ".su" else segyio.open
    with opened(os.fspath(path), endian=byte_order, ignore_geometry=True) as file:
        return file.trace.raw[:]


def test_every_file_reads_like_segyio_or_is_refused_in_one_line(data_dir: Path):
    refused = {}
    for path in trace_files(data_dir):
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("error")
                scan(path)
                survey = read_survey(path)
        except GeomlError as error:
            refused[path.name] = str(error)
            continue
        if path.name in SEGYIO_WRONG:
            assert survey["amplitude"].shape == SEGYIO_WRONG[path.name]
            continue
        theirs = segyio_samples(path, survey.attrs["byte_order"]).astype(np.float32)
        np.testing.assert_array_equal(survey["amplitude"], theirs, err_msg=path.name)
    assert refused.keys() == REFUSED.keys()
    for name, message in refused.items():
        assert REFUSED[name] in message
        assert "\n" not in message


def test_the_same_data_read_the_same_from_every_byte_order(data_dir: Path):
    folder = data_dir / "seismic" / "segy_cases" / "multiformats"
    for big in folder.glob("*msb.sgy"):
        if big.name in REFUSED:
            continue
        little = folder / big.name.replace("msb", "lsb")
        np.testing.assert_array_equal(
            read_survey(big)["amplitude"], read_survey(little)["amplitude"], err_msg=big.name
        )


def test_unchanged_survey_is_written_as_the_bytes_it_was_read_from(data_dir: Path, tmp_path: Path):
    options = IngestOptions(dt_s=0.004)
    for path in trace_files(data_dir):
        if path.name in REFUSED and path.suffix != ".su":
            continue
        chosen = options if path.name in REFUSED else None
        out = tmp_path / f"out{path.suffix}"
        write_survey_segy(read_survey(path, chosen), out)
        assert out.read_bytes() == path.read_bytes(), path.name


@pytest.mark.parametrize(
    "name", ["viking_small.segy", "segy_cases/multiformats/Format12lsb.sgy", "oz/ozdata.9.su"]
)
def test_store_gives_the_bytes_it_was_ingested_from(data_dir: Path, tmp_path: Path, name: str):
    path = data_dir / "seismic" / name
    ingest(path, tmp_path / "line.zarr")
    out = tmp_path / f"out{path.suffix}"
    write_survey_segy(open_survey(tmp_path / "line.zarr"), out)
    assert out.read_bytes() == path.read_bytes()


def test_depth_data_are_pointed_out(data_dir: Path):
    report = scan(data_dir / "seismic" / "volve10-migvel-depth-sub3d.sgy")
    assert "read 'time' as depth with a step of 20 m" in str(report)
