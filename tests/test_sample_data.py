"""The sample data: what their script promises, and that it writes the same files again."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import lasio
import numpy as np
import pytest
import segyio

FOLDER = Path(__file__).resolve().parents[1] / "sample_data"
FILES = ("marine_line.sgy", "marine_line_velocity.sgy", "well_1.las", "air_gun_signature.csv")


def _make(folder: Path, *arguments: str) -> dict[str, bytes]:
    """Contents of the files that the script writes."""
    subprocess.run(
        [sys.executable, str(FOLDER / "make_sample_data.py"), "--out", str(folder), *arguments],
        check=True,
        capture_output=True,
        timeout=300,
    )
    return {name: (folder / name).read_bytes() for name in FILES}


def _velocity() -> np.ndarray:
    """The true section [m/s], shape (depth, distance)."""
    with segyio.open(FOLDER / FILES[1], ignore_geometry=True) as file:
        return file.trace.raw[:].T


def test_files_fit_into_a_repository() -> None:
    assert sum((FOLDER / name).stat().st_size for name in FILES) < 6e6


def test_same_seed_gives_the_same_bytes_and_another_seed_does_not(tmp_path: Path) -> None:
    first = _make(tmp_path / "first", "--shots", "1")
    again = _make(tmp_path / "again", "--shots", "1")
    other = _make(tmp_path / "other", "--shots", "1", "--seed", "7")
    assert again == first
    assert other["marine_line.sgy"] != first["marine_line.sgy"]
    assert other["well_1.las"] != first["well_1.las"]
    # The section and the well do not depend on the modelling: they are the committed ones.
    for name in FILES[1:]:
        assert first[name] == (FOLDER / name).read_bytes(), name


@pytest.mark.slow
def test_script_writes_the_committed_line(tmp_path: Path) -> None:
    made = _make(tmp_path)["marine_line.sgy"]
    committed = (FOLDER / "marine_line.sgy").read_bytes()
    assert len(made) == len(committed)
    (tmp_path / "committed.sgy").write_bytes(committed)
    with (
        segyio.open(tmp_path / "marine_line.sgy", ignore_geometry=True) as new,
        segyio.open(tmp_path / "committed.sgy", ignore_geometry=True) as old,
    ):
        assert all(new.header[i] == old.header[i] for i in range(0, new.tracecount, 7))
        ours, theirs = new.trace.raw[:], old.trace.raw[:]
    # Another processor may round the modelling differently in the last bits.
    np.testing.assert_allclose(ours, theirs, atol=1e-5 * np.abs(theirs).max())


def test_line_is_a_moving_streamer_with_a_late_start_and_bad_channels() -> None:
    field = segyio.TraceField
    with segyio.open(FOLDER / FILES[0], ignore_geometry=True) as file:
        samples = file.trace.raw[:].reshape(40, 48, 500)
        header = {f: file.attributes(f)[:] for f in (field.SourceX, field.SourceY, field.offset)}
        x = (file.attributes(field.GroupX)[:] - header[field.SourceX]) / 100
        y = (file.attributes(field.GroupY)[:] - header[field.SourceY]) / 100
        assert file.bin[segyio.BinField.Format] == 1
        assert set(file.attributes(field.DelayRecordingTime)[:]) == {20}
        dead = file.attributes(field.TraceIdentificationCode)[:].reshape(40, 48) == 2
    assert not samples[dead].any()
    assert dead.sum() == 40
    # The offset field holds whole metres.
    np.testing.assert_allclose(np.hypot(x, y), -header[field.offset], atol=0.52)
    # Moved out against each other, channels 39 and 40 are alike but for their sign.
    sharp = np.diff(samples[:, [38, 39]].astype(float), n=2)  # without the swell
    likeness = np.array([np.correlate(*pair, mode="full") for pair in sharp])
    strongest = np.take_along_axis(likeness, np.abs(likeness).argmax(1)[:, None], axis=1)
    assert (strongest < 0).mean() > 0.8


def test_section_is_water_over_faulted_rock() -> None:
    velocity = _velocity()
    assert velocity.shape == (121, 401)
    assert (velocity[:15] == 1500).all()
    assert velocity.min() == 1500
    assert 2900 < velocity.max() < 3000
    bottom_m = 10 * np.argmax(velocity > 1500, axis=0)
    assert 150 <= bottom_m.min() < bottom_m.max() <= 250
    reflector_m = 10 * np.argmax(velocity > 2700, axis=0)
    # The fault plane dips, so the throw is spread over five columns.
    assert np.abs(reflector_m[8:] - reflector_m[:-8]).max() >= 60


def test_well_agrees_with_the_section_below_it() -> None:
    las = lasio.read(FOLDER / "well_1.las")
    assert las.version["VERS"].value == 2.0
    depth_m = las["DEPT"] - las.well["EKB"].value
    slowness = las["DT"]
    assert np.isnan(slowness).any()
    assert np.isnan(las["RHOB"]).any()
    column = _velocity()[:, 170]
    for top, base in ((260, 320), (480, 540), (750, 820), (900, 1000)):
        inside = (depth_m >= top) & (depth_m < base) & np.isfinite(slowness)
        measured = 1e6 / slowness[inside].mean()
        modelled = 1 / np.mean(1 / column[top // 10 : base // 10])
        assert abs(measured / modelled - 1) < 0.03
