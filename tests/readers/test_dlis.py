"""Laws of reading DLIS: frames are logs, other shapes and other indices are told."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
from dlis_file import write_dlis

from geoml.errors import FileFormatError, MissingPackageError
from geoml.readers.log_readers import read_wells

DEPTH = 1000 + 0.5 * np.arange(5)


def test_missing_package_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "dlisio", None)
    (tmp_path / "a.dlis").write_bytes(b"x")
    with pytest.raises(MissingPackageError, match=r"pip install 'geoml\[dlis\]'"):
        read_wells(tmp_path / "a.dlis")


def test_frames_are_logs_of_one_well(tmp_path: Path) -> None:
    pytest.importorskip("dlisio")
    tenth_inch = 10 * DEPTH / 0.0254
    write_dlis(
        tmp_path / "a.dlis",
        "A-1",
        {
            "main": [
                ("TDEP", "0.1 in", tenth_inch[::-1]),
                ("GR", "gAPI", np.arange(5.0)),
                ("RHOB", "kg/m3", np.array([2500, -999.25, 2600, 2550, 2500.0])),
                ("WAVE", "", np.zeros((5, 3))),
            ],
            "fast": [("DEPT", "m", DEPTH), ("DT", "us/ft", np.full(5, 100.0))],
        },
    )
    (main, original), (fast, _) = read_wells(tmp_path / "a.dlis")
    assert (main.attrs["name"], fast.attrs["name"]) == ("A-1 [main]", "A-1 [fast]")
    assert main.attrs["well"] == fast.attrs["well"] == "A-1"
    assert main.attrs["field"] == "Troll"
    np.testing.assert_allclose(main["depth"], DEPTH)
    np.testing.assert_array_equal(main["GR"], [4, 3, 2, 1, 0])
    np.testing.assert_allclose(main["RHOB"], [2.5, 2.55, 2.6, np.nan, 2.5], rtol=1e-6)
    np.testing.assert_array_equal(original["depth"], tenth_inch[::-1])
    np.testing.assert_allclose(fast["DTC"], 100 / 0.3048, rtol=1e-6)
    assert any("channel WAVE of shape [3] was left out" in f for f in main.attrs["findings"])


def test_frame_over_time_is_refused(tmp_path: Path) -> None:
    pytest.importorskip("dlisio")
    write_dlis(tmp_path / "a.dlis", "A", {"t": [("TIME", "s", DEPTH), ("GR", "gAPI", DEPTH)]})
    with pytest.raises(FileFormatError, match=r"no log over depth.*runs over TIME in s"):
        read_wells(tmp_path / "a.dlis")


def test_damaged_file_is_refused_in_one_line(tmp_path: Path) -> None:
    pytest.importorskip("dlisio")
    (tmp_path / "a.dlis").write_bytes(b"   1V1.00RECORD 8192" + bytes(200))
    with pytest.raises(FileFormatError) as refusal:
        read_wells(tmp_path / "a.dlis")
    assert str(refusal.value).startswith("a.dlis: ")
    assert "\n" not in str(refusal.value)
