"""A disk that fills up and a folder that may not be written: one line, status 2, nothing lost."""

from __future__ import annotations

import errno
import os
import resource
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import yaml
from command import refused
from shot_file import stored_bytes, write_shots

from geoml.preprocess.pipeline import preprocess_store
from geoml.products.survey_segy import write_survey_segy
from geoml.readers.ingest import ingest
from geoml.survey.store import open_survey

NOBODY = 65534
STEPS = [{"bandpass": {"low_hz": 8.0, "high_hz": 60.0}}, {"agc": {"window_s": 0.08}}]


@pytest.fixture(scope="module")
def line(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_shots(tmp_path_factory.mktemp("line") / "line.sgy")


@pytest.fixture(scope="module")
def store(line: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("store") / "line.zarr"
    ingest(line, out)
    return out


@pytest.fixture(scope="module")
def steps(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("steps") / "steps.yaml"
    path.write_text(yaml.safe_dump(STEPS), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def clean(store: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("clean") / "clean.zarr"
    preprocess_store(store, out, STEPS)
    return out


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of its own of 6 MB, in memory."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=6m", "tmpfs", str(disk)]
    try:
        subprocess.run(mount, check=True, capture_output=True, timeout=10)
    except (OSError, subprocess.SubprocessError):
        pytest.skip("mounting a small file system is not permitted here")
    yield disk
    subprocess.run(["umount", "--lazy", str(disk)], check=True, timeout=10)


def _leave(disk: Path, n_bytes: int) -> Path:
    """Fill a disk up to some bytes; the file to remove to free it."""
    state = os.statvfs(disk)
    filler = disk / "filler"
    filler.write_bytes(bytes(state.f_bavail * state.f_frsize - n_bytes))
    return filler


@pytest.mark.parametrize("free", [0, 40_000, 600_000])
def test_ingest_on_a_full_disk_goes_on_when_there_is_space(
    free: int, small_disk: Path, line: Path, store: Path
) -> None:
    out = small_disk / "line.zarr"
    filler = _leave(small_disk, free)
    said = refused("ingest", line, out)
    assert str(out) in said
    assert os.strerror(errno.ENOSPC) in said
    assert not out.exists()
    filler.unlink()
    ingest(line, out)
    assert stored_bytes(out) == stored_bytes(store)
    assert [entry.name for entry in small_disk.iterdir()] == ["line.zarr"]


def test_replaced_store_stays_when_the_disk_is_full(
    small_disk: Path, line: Path, tmp_path: Path
) -> None:
    out = small_disk / "line.zarr"
    ingest(write_shots(tmp_path / "other.sgy", n_shots=3, seed=1), out)
    before = stored_bytes(out)
    _leave(small_disk, 300_000)
    assert os.strerror(errno.ENOSPC) in refused("ingest", line, out, "--overwrite")
    assert stored_bytes(out) == before


@pytest.mark.parametrize("free", [0, 600_000])
def test_processing_on_a_full_disk_goes_on_when_there_is_space(
    free: int, small_disk: Path, store: Path, steps: Path, clean: Path
) -> None:
    out = small_disk / "clean.zarr"
    filler = _leave(small_disk, free)
    said = refused("preprocess", store, out, "--steps", steps)
    assert str(out) in said
    assert os.strerror(errno.ENOSPC) in said
    assert not out.exists()
    filler.unlink()
    preprocess_store(store, out, STEPS)
    assert stored_bytes(out) == stored_bytes(clean)
    assert [entry.name for entry in small_disk.iterdir()] == ["clean.zarr"]


@pytest.mark.parametrize("free", [0, 300_000])
def test_export_on_a_full_disk_leaves_no_file(
    free: int, small_disk: Path, store: Path, line: Path
) -> None:
    out = small_disk / "line.sgy"
    filler = _leave(small_disk, free)
    said = refused("export", store, out)
    assert str(out) in said
    assert os.strerror(errno.ENOSPC) in said
    assert [entry.name for entry in small_disk.iterdir()] == ["filler"]
    filler.unlink()
    write_survey_segy(open_survey(store), out)
    assert out.read_bytes() == line.read_bytes()


def test_exported_file_stays_when_the_disk_is_full(small_disk: Path, store: Path) -> None:
    out = small_disk / "line.sgy"
    out.write_bytes(b"an older line")
    _leave(small_disk, 300_000)
    refused("export", store, out, "--overwrite")
    assert out.read_bytes() == b"an older line"


def test_read_only_disk_is_told(small_disk: Path, line: Path, store: Path, steps: Path) -> None:
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True, timeout=10)
    for command in (
        ("ingest", line, small_disk / "line.zarr"),
        ("preprocess", store, small_disk / "clean.zarr", "--steps", steps),
        ("export", store, small_disk / "line.sgy"),
    ):
        said = refused(*command)
        assert os.strerror(errno.EROFS) in said
        assert str(command[2]) in said
    assert not list(small_disk.iterdir())


@pytest.fixture
def largest_file() -> Iterator[Callable[[int], None]]:
    """Sets the length [bytes] that no file may exceed."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    yield lambda n_bytes: resource.setrlimit(resource.RLIMIT_FSIZE, (n_bytes, before[1]))
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_file_that_may_not_grow_is_told(
    largest_file: Callable[[int], None], line: Path, store: Path, steps: Path, tmp_path: Path
) -> None:
    # Every system has this limit, where a small disk cannot be had.
    largest_file(20_000)
    for command in (
        ("ingest", line, tmp_path / "line.zarr"),
        ("preprocess", store, tmp_path / "clean.zarr", "--steps", steps),
        ("export", store, tmp_path / "line.sgy"),
    ):
        said = refused(*command)
        assert os.strerror(errno.EFBIG) in said
        assert str(command[2]) in said
        assert not command[2].exists()
    largest_file(2**30)
    ingest(line, tmp_path / "line.zarr")
    assert stored_bytes(tmp_path / "line.zarr") == stored_bytes(store)


@pytest.fixture
def locked_folder(store: Path, line: Path, clean: Path) -> Iterator[Path]:
    """A folder that this process may enter and not write, and is no super-user in."""
    folder = Path(tempfile.mkdtemp(prefix="geoml-locked-"))
    folder.chmod(0o555)
    user = os.geteuid()
    if user == 0:
        os.seteuid(NOBODY)
    yield folder
    os.seteuid(user)
    folder.chmod(0o755)
    for entry in folder.iterdir():
        entry.unlink()
    folder.rmdir()


@pytest.fixture
def open_copies(line: Path, store: Path, steps: Path) -> Iterator[tuple[Path, Path, Path]]:
    """The line, its store and the steps where anybody may read them."""
    with tempfile.TemporaryDirectory(prefix="geoml-open-") as place:
        folder = Path(place)
        folder.chmod(0o755)
        for name in ("line.sgy", "secret.sgy"):
            (folder / name).write_bytes(line.read_bytes())
        (folder / "secret.sgy").chmod(0o000)
        (folder / "steps.yaml").write_bytes(steps.read_bytes())
        ingest(line, folder / "line.zarr")
        yield folder / "line.sgy", folder / "line.zarr", folder / "steps.yaml"


def test_folder_that_may_not_be_written_is_told(
    open_copies: tuple[Path, Path, Path], locked_folder: Path
) -> None:
    line, store, steps = open_copies
    for command in (
        ("ingest", line, locked_folder / "line.zarr"),
        ("preprocess", store, locked_folder / "clean.zarr", "--steps", steps),
        ("export", store, locked_folder / "line.sgy"),
    ):
        said = refused(*command)
        assert os.strerror(errno.EACCES) in said
        assert str(command[2]) in said
    assert not list(locked_folder.iterdir())


def test_file_that_may_not_be_read_is_told(
    open_copies: tuple[Path, Path, Path], locked_folder: Path
) -> None:
    secret = open_copies[0].with_name("secret.sgy")
    said = refused("ingest", secret, locked_folder / "line.zarr")
    assert str(secret) in said
    assert os.strerror(errno.EACCES) in said
