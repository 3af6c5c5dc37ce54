"""Whatever is changed or missing in a store, verify says so, and names the place."""

from __future__ import annotations

import json
import shutil
import struct
from pathlib import Path

import numpy as np
import pytest
import zarr
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from geoml.errors import FileFormatError, GeomlError, StoreError
from geoml.readers.ingest import ingest, read_survey
from geoml.survey.schema import TRACES_SHARD_FACTOR
from geoml.survey.store import open_survey, save_survey
from geoml.workflow.verification import verify

N_SHOTS, N_RECEIVERS, N_SAMPLES = 3, 20, 8


def shots(records: range, sample_format: int) -> bytes:
    """SEG-Y of 20 receivers a shot; double precision needs its bytes kept, floats do not."""
    binary = bytearray(400)
    for byte, value in {3217: 2000, 3221: N_SAMPLES, 3225: sample_format}.items():
        struct.pack_into(">h", binary, byte - 3201, value)
    content = "C 1 A LINE".ljust(3200).encode("cp037") + bytes(binary)
    for record in records:
        for receiver in range(N_RECEIVERS):
            header = bytearray(240)
            numbers = {9: record, 13: receiver + 1, 73: 50 * record, 81: 25 * receiver}
            for byte, value in numbers.items():
                struct.pack_into(">i", header, byte - 1, value)
            struct.pack_into(">Hh", header, 114, N_SAMPLES, 2000)
            samples = np.sin(record + 0.1 * receiver + np.arange(N_SAMPLES))
            content += bytes(header) + samples.astype({5: ">f4", 6: ">f8"}[sample_format]).tobytes()
    return content + b"cut"


@pytest.fixture(scope="module")
def line(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("line")
    paths = [folder / "doubles.sgy", folder / "floats.sgy"]
    paths[0].write_bytes(shots(range(1, 3), 6))
    # Enough shots that the last of them are in a second shard, without kept samples.
    paths[1].write_bytes(shots(range(3, 3 + TRACES_SHARD_FACTOR), 5))
    return paths


@pytest.fixture(scope="module")
def whole(line: list[Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("whole") / "line.zarr"
    ingest(line, path)
    return path


@pytest.fixture
def store(whole: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(whole, tmp_path / "line.zarr"))


def damage(path: Path, at: int, bit: int) -> None:
    content = bytearray(path.read_bytes())
    content[at % len(content)] ^= 1 << bit
    path.write_bytes(content)


def refused(store: Path) -> str:
    """What verify says is wrong, empty where it finds nothing."""
    try:
        verify(store)
    except StoreError as error:
        return str(error)
    return ""


def facts(store: Path) -> list[dict]:
    return [json.loads(path.read_text()) for path in sorted(store.rglob("zarr.json"))]


def test_whole_store_is_told_what_was_proven(whole: Path, line: list[Path]):
    report = str(verify(whole, line)).splitlines()
    assert [row.split()[0] for row in report] == ["chunks", "bytes", "bytes", "source", "source"]
    n_bytes = line[0].stat().st_size
    assert f"doubles.sgy: {n_bytes} bytes made again, SHA-256 " in report[1]
    assert "none missing, every checksum right" in report[0]
    assert str(verify(whole, line[0].parent)) == str(verify(whole, line))


@settings(
    max_examples=50,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(number=st.integers(0, 10**6), at=st.integers(0, 10**6), bit=st.integers(0, 7))
@example(number=0, at=0, bit=0)
def test_any_flipped_bit_is_found(whole: Path, number: int, at: int, bit: int):
    files = sorted(path for path in whole.rglob("*") if path.is_file())
    path = files[number % len(files)]
    before, known = path.read_bytes(), facts(whole)
    try:
        damage(path, at, bit)
        refusal = refused(whole)
        assert "\n" not in refusal
        if not refusal:
            # A blank between JSON's words may become another: nothing that is read has changed.
            assert path.name == "zarr.json", path
            assert facts(whole) == known
    finally:
        path.write_bytes(before)


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(number=st.integers(0, 10**6), keep=st.sampled_from([None, 0, 0.5]))
def test_any_missing_or_cut_file_is_found(whole: Path, number: int, keep: float | None):
    files = sorted(path for path in whole.rglob("*") if path.is_file())
    path = files[number % len(files)]
    before = path.read_bytes()
    try:
        if keep is None:
            path.unlink()
        else:
            path.write_bytes(before[: int(keep * len(before))])
        with pytest.raises(GeomlError) as refusal:
            verify(whole)
        assert "\n" not in str(refusal.value)
    finally:
        path.write_bytes(before)


def test_damaged_chunk_is_named_with_its_traces(store: Path):
    damage(store / "amplitude" / "c" / "0" / "0", 3, 5)
    with pytest.raises(StoreError, match=r"amplitude, traces 0 to 19: cannot be read back"):
        verify(store)


def test_missing_shard_is_named_with_its_traces(store: Path):
    (store / "amplitude" / "c" / "1" / "0").unlink()
    with pytest.raises(StoreError, match=r"amplitude, traces 320 to 359: the file .* is missing"):
        verify(store)


def test_missing_chunk_of_a_shard_never_passes_for_zeros(store: Path):
    # Zarr leaves a chunk of zeros out of its shard unless told otherwise.
    with zarr.config.set({"array.write_empty_chunks": False}):
        zarr.open_array(store / "amplitude", mode="r+")[40:60] = 0
    assert not open_survey(store)["amplitude"][40:60].values.any()
    with pytest.raises(StoreError, match=r"amplitude, traces 40 to 59: the chunk is missing"):
        verify(store)


def test_shard_without_kept_samples_needs_none(store: Path):
    """The second shard holds floats alone, so no file of kept bytes belongs to it."""
    assert not (store / "sample_bytes" / "c" / "1" / "0").exists()
    (store / "sample_bytes" / "c" / "0" / "0").unlink()
    with pytest.raises(StoreError, match=r"sample_bytes, traces 0 to 319: the file"):
        verify(store)


def test_changed_samples_with_right_checksums_are_not_the_ingested_bytes(
    store: Path, line: list[Path]
):
    array = zarr.open_array(store / "amplitude", mode="r+")
    with zarr.config.set({"array.write_empty_chunks": True}):
        array[57, 3] = 0.25
    with pytest.raises(StoreError, match=r"the bytes of floats\.sgy made from it have SHA-256"):
        verify(store)
    byte = 240 + 4 * 3 + 1
    with pytest.raises(StoreError, match=rf"trace 18, byte {byte} of it, differs from .*floats"):
        verify(store, line)


def test_another_file_is_not_the_one_that_was_ingested(whole: Path, line: list[Path], tmp_path):
    other = tmp_path / "floats.sgy"
    content = bytearray(line[1].read_bytes())
    content[3610] ^= 1
    other.write_bytes(content)
    with pytest.raises(StoreError, match=r"trace 1, byte 11 of it, differs from "):
        verify(whole, [line[0], other])
    n_bytes = len(content)
    other.write_bytes(line[1].read_bytes() + b"more")
    with pytest.raises(
        StoreError, match=rf"has {n_bytes + 4} bytes, the ingested file had {n_bytes}"
    ):
        verify(whole, [line[0], other])
    with pytest.raises(StoreError, match=r"third\.sgy is none of the 2 files"):
        verify(whole, [Path(shutil.copy(other, tmp_path / "third.sgy"))])
    with pytest.raises(FileFormatError, match="no such file"):
        verify(whole, tmp_path / "none" / "floats.sgy")


def test_other_order_of_traces_is_proven_as_well(line: list[Path], tmp_path: Path):
    ingest(line, tmp_path / "line.zarr", layout="receiver")
    report = str(verify(tmp_path / "line.zarr", line))
    assert report.count("made again, SHA-256") == 2
    array = zarr.open_array(tmp_path / "line.zarr" / "header_bytes", mode="r+")
    array[1, 200] = 1 ^ array[1, 200]
    with pytest.raises(StoreError, match=r"the bytes of doubles\.sgy made from it"):
        verify(tmp_path / "line.zarr")


def test_processed_survey_is_checked_as_far_as_it_can_be(line: list[Path], tmp_path: Path):
    survey = read_survey(line[1])
    clean = survey.assign(amplitude=survey["amplitude"] * 2).assign_attrs(steps=[{"agc": {}}])
    save_survey(clean, tmp_path / "clean.zarr")
    report = str(verify(tmp_path / "clean.zarr", line[1]))
    assert "the samples were processed: nothing to compare with" in report
    assert "floats.sgy: the same bytes as were ingested" in report
    damage(tmp_path / "clean.zarr" / "amplitude" / "c" / "0" / "0", 9, 0)
    with pytest.raises(StoreError, match="amplitude, traces 0 to 19"):
        verify(tmp_path / "clean.zarr")


def test_file_that_belongs_to_no_array_is_pointed_out(store: Path):
    (store / "old" / "c").mkdir(parents=True)
    (store / "old" / "c" / "0").write_bytes(b"x")
    with pytest.raises(StoreError, match=r"old/c/0: belongs to no array"):
        verify(store)


def test_store_behind_a_url_is_verified(line: list[Path]):
    ingest(line[1], "memory://verify/line.zarr", overwrite=True)
    assert "SHA-256" in str(verify("memory://verify/line.zarr", line[1]))


def test_what_is_no_store_is_refused_in_one_line(tmp_path: Path):
    with pytest.raises(StoreError, match="no survey store there"):
        verify(tmp_path)
