"""A killed ingest loses nothing: the same command goes on, and gives the store of a quiet run."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from kill_point import run_and_kill
from shot_file import TRACES_A_SHARD, stored_bytes, write_shots

from geoml.errors import StoreError
from geoml.readers.ingest import ingest, read_survey
from geoml.survey.store import open_survey

SEED = 20


def _names(folder: Path) -> set[str]:
    return {entry.name for entry in folder.iterdir()}


@pytest.fixture(scope="module")
def line(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_shots(tmp_path_factory.mktemp("line") / "line.sgy")


@pytest.fixture(scope="module")
def quiet(line: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, bytes], int]:
    """Files of a store that nobody disturbed, and the writes that it took."""
    out = tmp_path_factory.mktemp("quiet") / "line.zarr"
    status, n_writes = run_and_kill(out.parent, 0, ingest, line, out, scheduler="synchronous")
    assert status == 0
    return stored_bytes(out), n_writes


def _points(n_writes: int) -> list[int]:
    """Writes to be killed at: some while the store is laid out, filled and finished; the last."""
    rng = random.Random(SEED)
    filled = n_writes - 37  # the journal is closed and the store renamed after that
    phases = ((2, filled - 60, 2), (filled - 60, filled, 3), (filled, n_writes - 2, 3))
    between = [w for first, last, count in phases for w in rng.sample(range(first, last), count)]
    return [1, *sorted(between), *range(n_writes - 2, n_writes + 1)]


def test_ingest_killed_at_any_write_goes_on_to_the_same_bytes(
    line: Path, quiet: tuple[dict[str, bytes], int], tmp_path: Path
) -> None:
    expected, n_writes = quiet
    for write in _points(n_writes):
        out = tmp_path / f"{write}" / "line.zarr"
        status, _ = run_and_kill(tmp_path, write, ingest, line, out, scheduler="synchronous")
        assert status == -signal.SIGKILL, write
        if not out.exists():  # the very last write comes after the store has its name
            with pytest.raises(StoreError, match=r"incomplete|no survey store there"):
                open_survey(out)
            ingest(line, out)
        assert stored_bytes(out) == expected, write
        assert _names(out.parent) == {"line.zarr"}, write


def test_kept_samples_and_cut_traces_survive_a_kill(tmp_path: Path) -> None:
    line = write_shots(tmp_path / "line.sgy", n_shots=32, doubles=True)
    folder = tmp_path / "stores"
    out = folder / "quiet.zarr"
    _, n_writes = run_and_kill(folder, 0, ingest, line, out, scheduler="synchronous")
    expected = stored_bytes(out)
    assert {"sample_bytes/zarr.json", "trailing_bytes/zarr.json"} <= set(expected)
    out = folder / "line.zarr"
    for write in range(n_writes - 60, n_writes - 3, 7):
        run_and_kill(folder, write, ingest, line, out, scheduler="synchronous")
        ingest(line, out)
        assert stored_bytes(out) == expected, write
        shutil.rmtree(out)


def test_ingest_killed_again_and_again_comes_to_an_end(
    line: Path, quiet: tuple[dict[str, bytes], int], tmp_path: Path
) -> None:
    expected, n_writes = quiet
    out = tmp_path / "line.zarr"
    runs = 0
    while not out.exists() and runs < 20:
        write = 25 if runs else n_writes - 85
        run_and_kill(tmp_path, write, ingest, line, out, scheduler="synchronous")
        runs += 1
    assert 3 < runs < 20
    assert stored_bytes(out) == expected


def test_replaced_store_is_whole_whenever_the_run_is_killed(
    line: Path, quiet: tuple[dict[str, bytes], int], tmp_path: Path
) -> None:
    expected, n_writes = quiet
    other = write_shots(tmp_path / "other.sgy", n_shots=3, seed=1)
    folder = tmp_path / "stores"
    out = folder / "line.zarr"
    given = {"scheduler": "synchronous", "overwrite": True}
    for write in (n_writes // 2, *range(n_writes - 1, n_writes + 3)):
        ingest(other, out, overwrite=True)
        old = stored_bytes(out)
        run_and_kill(folder, write, ingest, line, out, **given)
        if out.exists():
            assert stored_bytes(out) in (old, expected), write
        else:
            # Between its two renames the old store stands beside the place of the new one.
            assert stored_bytes(folder / ".line.zarr.old") == old
        ingest(line, out, overwrite=True)
        assert stored_bytes(out) == expected, write
        assert _names(folder) == {"line.zarr"}, write


def test_what_is_there_opens_partially(
    line: Path, quiet: tuple[dict[str, bytes], int], tmp_path: Path
) -> None:
    out = tmp_path / "line.zarr"
    run_and_kill(tmp_path, quiet[1] - 70, ingest, line, out, scheduler="synchronous")
    with pytest.raises(StoreError, match="incomplete"):
        open_survey(out)
    partial = open_survey(out, partial=True)["amplitude"].values
    stored = (partial == read_survey(line)["amplitude"].values).all(axis=1)
    assert not partial[~stored].any()
    assert 0 < stored.sum() < stored.size
    assert stored.sum() % TRACES_A_SHARD == 0


def test_another_file_does_not_go_on_from_what_is_there(line: Path, tmp_path: Path) -> None:
    out = tmp_path / "line.zarr"
    run_and_kill(tmp_path, 100, ingest, line, out, scheduler="synchronous")
    assert (tmp_path / ".line.zarr.part").exists()
    other = write_shots(tmp_path / "other.sgy", seed=1)
    ingest(other, out)
    np.testing.assert_array_equal(
        open_survey(out)["amplitude"], read_survey(other)["amplitude"].values
    )


def test_changed_file_does_not_go_on_from_what_is_there(line: Path, tmp_path: Path) -> None:
    file = tmp_path / "line.sgy"
    file.write_bytes(line.read_bytes())
    out = tmp_path / "stores" / "line.zarr"
    run_and_kill(out.parent, 100, ingest, file, out, scheduler="synchronous")
    content = bytearray(file.read_bytes())
    content[3600 + 240 : 3600 + 244] = b"\x42\x28\x00\x00"  # the first sample becomes 42
    file.write_bytes(content)
    ingest(file, out)
    survey = open_survey(out)
    assert survey["amplitude"].values[0, 0] == 42
    np.testing.assert_array_equal(survey["amplitude"], read_survey(file)["amplitude"].values)


@pytest.mark.parametrize(
    "scheduler", ["threads", pytest.param("processes", marks=pytest.mark.slow)]
)
def test_command_killed_from_outside_goes_on(
    scheduler: str, quiet: tuple[dict[str, bytes], int], line: Path, tmp_path: Path
) -> None:
    out = tmp_path / "line.zarr"
    command = [sys.executable, "-m", "geoml.cli", "ingest", str(line), str(out)]
    command += ["--scheduler", scheduler]
    rng = random.Random(SEED)
    shards = tmp_path / ".line.zarr.part" / "amplitude" / "c"
    for wanted in sorted(rng.sample(range(4), 2)):
        process = subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
        )
        deadline = time.monotonic() + 60
        while process.poll() is None and time.monotonic() < deadline:
            if shards.is_dir() and len(list(shards.glob("*/0"))) >= wanted:
                break
        time.sleep(0.01 * rng.random())
        with suppress(ProcessLookupError):  # it may have been quicker
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(30)
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    if "exists already" not in done.stderr:
        assert done.returncode == 0, done.stderr
    assert stored_bytes(out) == quiet[0]
