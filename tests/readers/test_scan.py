from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from geoml.errors import FileFormatError
from geoml.readers.scan import scan


def test_scan_tells_layout_geometry_and_plan_and_touches_nothing(make_segy, tmp_path):
    path = make_segy(
        np.ones((6, 5)),
        trace={
            9: ("i", [1, 1, 1, 2, 2, 2]),
            73: ("i", [0, 0, 0, 25, 25, 25]),
            81: ("i", [100, 110, 120, 125, 135, 145]),
            41: ("i", -8),
            49: ("i", 6),
        },
    )
    before = {file: file.stat().st_mtime_ns for file in tmp_path.iterdir()}
    facts = dict(scan(path).facts)
    assert facts["traces"] == "6 of 5 samples, 4 ms apart, 0 to 0.016 s"
    assert facts["by shot"] == "2 gathers of 3 traces"
    assert "marine" in facts["geometry"]
    assert "offsets 100 to 120 m" in facts["geometry"]
    assert "sources 6 m, receivers 8 m" in facts["depths"]
    assert {file: file.stat().st_mtime_ns for file in tmp_path.iterdir()} == before


def test_dead_traces_are_counted(make_segy):
    report = scan(make_segy(np.eye(3, 4) * [[1], [0], [1]]))
    assert "1 of 3 traces hold only zeros" in str(report)


def test_scan_refuses_what_ingest_refuses(make_segy):
    path = make_segy(binary={3225: ("h", 7)})
    with pytest.raises(FileFormatError, match="3-byte integer"):
        scan(path)


@pytest.mark.data
def test_viking_traps_are_found(data_dir: Path):
    report = scan(data_dir / "seismic" / "viking_small.segy")
    assert [finding.level for finding in report.findings] == ["warning", "warning"]
    assert "trace headers say 1500 samples, the binary header 600" in str(report)
    assert "offsets -3237 to -262 m" in dict(report.facts)["geometry"]
    assert dict(report.facts)["by receiver"].startswith("123 gathers")


def test_file_behind_a_url_has_the_report_of_the_local_one(make_segy):
    import fsspec

    samples = np.random.default_rng(3).normal(size=(150, 8))
    samples[140] = 0
    path = make_segy(samples, trace={13: ("i", list(range(1, 151)))})
    fsspec.filesystem("memory").pipe("/scan/line.sgy", path.read_bytes())
    assert str(scan("memory://scan/line.sgy")) == str(scan(path))
    assert "1 of 150 traces hold only zeros" in str(scan(path))


def test_many_files_are_one_survey(make_segy):
    for shot in range(3):
        make_segy(
            np.random.default_rng(shot).normal(size=(4, 5)),
            trace={
                9: ("i", 7 + shot),
                13: ("i", [1, 2, 3, 4]),
                73: ("i", 1000 + 25 * shot),
                81: ("i", [900 + 25 * shot - 10 * channel for channel in range(4)]),
            },
            binary={3255: ("h", 1)},
            name=f"shot_{shot}.sgy",
        )
    folder = make_segy(name="other.segy").parent
    report = scan(str(folder / "shot_*.sgy"))
    facts = dict(report.facts)
    assert facts["files"].startswith("3 files, shot_0.sgy to shot_2.sgy")
    assert facts["by shot"] == "3 gathers of 4 traces"
    assert report.findings == ()
