"""SEG-Y written to a bucket: whole, or not at all."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from shot_file import write_shots

from geoml.errors import FileFormatError, StoreError
from geoml.products.survey_segy import write_survey_segy
from geoml.readers.ingest import read_survey
from geoml.survey.location import filesystem


def _names(bucket: str) -> list[str]:
    fs, root = filesystem(bucket)
    fs.invalidate_cache()
    return sorted(name.removeprefix(f"{root}/") for name in fs.find(root))


def _pending_uploads(bucket: str) -> list[object]:
    fs, root = filesystem(bucket)
    return list(fs.call_s3("list_multipart_uploads", Bucket=root).get("Uploads", []))


@pytest.fixture(scope="module")
def line(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """9 MB, so that it is uploaded in parts."""
    return write_shots(tmp_path_factory.mktemp("line") / "line.sgy", n_shots=64, n_samples=2200)


@pytest.mark.parametrize("reverse", [False, True])
def test_file_of_many_parts_arrives_whole(line: Path, bucket: str, reverse: bool):
    survey = read_survey(line)
    if reverse:
        order = np.arange(survey.sizes["trace"])[::-1]
        survey = survey.isel(trace=order).assign(source_trace=("trace", order))
    assert write_survey_segy(survey, f"{bucket}/out.sgy") == [f"{bucket}/out.sgy"]
    fs, name = filesystem(f"{bucket}/out.sgy")
    assert fs.cat(name) == line.read_bytes()
    assert _names(bucket) == ["out.sgy"]


def test_failure_in_the_middle_leaves_no_object_and_no_part(line: Path, bucket: str):
    survey = read_survey(line).assign_attrs(sample_format=2, steps=[])
    # Integers up to the last trace, which has a fraction: by then parts are uploaded.
    values = np.round(100 * survey["amplitude"].values)
    values[-1, 5] = 0.5
    survey = survey.assign(amplitude=(("trace", "time"), values))
    with pytest.raises(FileFormatError, match="no whole numbers of format 2"):
        write_survey_segy(survey, f"{bucket}/out.sgy")
    assert _names(bucket) == []
    assert _pending_uploads(bucket) == []


def test_bucket_that_is_not_there_is_refused_in_one_line(line: Path, s3_server: str):
    with pytest.raises(StoreError, match=r"cannot be written \(.*bucket") as refusal:
        write_survey_segy(read_survey(line), "s3://no-such-bucket-anywhere/out.sgy")
    assert "\n" not in str(refusal.value)
