"""A killed ingest of wells leaves nothing that reads as whole; the same command begins anew."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from command import refused
from kill_point import run_and_kill
from shot_file import stored_bytes

from geoml.errors import StoreError
from geoml.readers.ingest_wells import ingest_wells
from geoml.survey import well_writer
from geoml.survey.wells import well_names, wells


def _write_wells(folder: Path, n_wells: int, n_rows: int, seed: int = 0) -> Path:
    """LAS files of two curves; every second well is in feet, so that grids are made too."""
    folder.mkdir(parents=True)
    rng = np.random.default_rng(seed)
    for number in range(n_wells):
        unit, step = ("FT", 0.5) if number % 2 else ("M", 0.1524)
        depth = 500 + step * np.arange(n_rows)
        rows = np.column_stack([depth, rng.normal(75, 20, n_rows), rng.normal(2.4, 0.1, n_rows)])
        body = "".join(f"{d:.4f} {gr:.3f} {den:.4f}\n" for d, gr, den in rows.tolist())
        (folder / f"w{number}.las").write_text(
            f"~V\nVERS. 2.0 :\nWRAP. NO :\n~W\nSTRT.{unit} {depth[0]:.4f} :\n"
            f"STOP.{unit} {depth[-1]:.4f} :\nSTEP.{unit} {step} :\nNULL. -999.25 :\n"
            f"WELL. well {number} :\n~C\nDEPT.{unit} :\nGR.GAPI :\nRHOB.G/C3 :\n~A\n{body}"
        )
    return folder


def _names(folder: Path) -> set[str]:
    return {entry.name for entry in folder.iterdir()}


@pytest.fixture(scope="module")
def logs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return _write_wells(tmp_path_factory.mktemp("logs") / "las", n_wells=5, n_rows=30)


@pytest.fixture(scope="module")
def quiet(logs: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, bytes], int]:
    """Files of a store that nobody disturbed, and the writes that it took."""
    out = tmp_path_factory.mktemp("quiet") / "wells.zarr"
    status, n_writes = run_and_kill(out.parent, 0, ingest_wells, [logs], out)
    assert status == 0
    return stored_bytes(out), n_writes


def test_ingest_killed_at_any_write_leaves_no_store_and_the_next_gives_the_same_bytes(
    logs: Path, quiet: tuple[dict[str, bytes], int], tmp_path: Path
) -> None:
    expected, n_writes = quiet
    points = [1, *range(2, n_writes - 2, n_writes // 8), *range(n_writes - 2, n_writes + 1)]
    for write in points:
        out = tmp_path / f"{write}" / "wells.zarr"
        status, _ = run_and_kill(tmp_path, write, ingest_wells, [logs], out)
        assert status == -signal.SIGKILL, write
        # The very last write comes after the store has its name.
        assert out.exists() is (write == n_writes), write
        if write < n_writes:
            with pytest.raises(StoreError, match="no wells store there"):
                well_names(out)
            ingest_wells([logs], out)
        assert stored_bytes(out) == expected, write
        assert _names(out.parent) == {"wells.zarr"}, write


def test_unfinished_store_is_not_read_as_whole(
    logs: Path, quiet: tuple[dict[str, bytes], int], tmp_path: Path
) -> None:
    out = tmp_path / "wells.zarr"
    # The last write but one gives the finished store its name; the one before marks it complete.
    for write in (quiet[1] // 2, quiet[1] - 2):
        run_and_kill(tmp_path, write, ingest_wells, [logs], out)
        half = tmp_path / ".wells.zarr.part"
        assert half.is_dir(), write
        assert "incomplete" in refused("wells", "show", half), write


def test_replaced_store_is_the_old_or_the_new_whenever_the_run_is_killed(
    logs: Path, quiet: tuple[dict[str, bytes], int], tmp_path: Path
) -> None:
    expected, n_writes = quiet
    other = _write_wells(tmp_path / "other", n_wells=2, n_rows=9, seed=1)
    folder = tmp_path / "stores"
    out = folder / "wells.zarr"
    for write in (n_writes // 2, n_writes, n_writes + 1):
        ingest_wells([other], out, overwrite=True)
        old = stored_bytes(out)
        run_and_kill(folder, write, ingest_wells, [logs], out, overwrite=True)
        # Between its two renames the old one has gone aside and nothing has the name.
        assert not out.exists() or stored_bytes(out) in (old, expected), write
        ingest_wells([logs], out, overwrite=True)
        assert stored_bytes(out) == expected, write
        assert _names(folder) == {"wells.zarr"}, write


def test_full_disk_promises_nothing_that_is_not_kept(
    logs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(well_writer, "replace_store", full)
    with pytest.raises(StoreError, match=r"cannot be written \(No space left on device\)\.$"):
        ingest_wells([logs], tmp_path / "wells.zarr")
    assert _names(tmp_path) == set()


@pytest.mark.slow
@pytest.mark.parametrize("scheduler", ["synchronous", "processes"])
def test_command_killed_from_outside_gives_the_same_bytes_the_next_time(
    scheduler: str, tmp_path: Path
) -> None:
    # More rows than are gathered before they are written, so that it is killed between writes.
    folder = _write_wells(tmp_path / "las", n_wells=9, n_rows=40_000)
    ingest_wells([folder], tmp_path / "quiet.zarr", scheduler="synchronous")
    out = tmp_path / "stores" / "wells.zarr"
    command = [sys.executable, "-m", "geoml.cli", "wells", "ingest", str(folder), str(out)]
    command += ["--scheduler", scheduler]
    process = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )
    written = tmp_path / "stores" / ".wells.zarr.part" / "GR" / "c"
    deadline = time.monotonic() + 120
    while process.poll() is None and time.monotonic() < deadline:
        if written.is_dir() and any(written.iterdir()):
            break
        time.sleep(0.01)
    os.killpg(process.pid, signal.SIGKILL)
    assert process.wait(30) == -signal.SIGKILL
    assert not out.exists()
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    assert stored_bytes(out) == stored_bytes(tmp_path / "quiet.zarr")
    assert len(list(wells(out))) == 9
