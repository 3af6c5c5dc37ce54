"""What can be wrong with a URL: one line on stderr and status 2, in little time."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from command import refused
from shot_file import write_shots

from geoml.errors import MissingPackageError
from geoml.survey.location import filesystem


@pytest.fixture(scope="module")
def line(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_shots(tmp_path_factory.mktemp("line") / "line.sgy", n_shots=2)


@pytest.fixture
def environment(
    s3_server: str, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[[dict[str, str | None]], None]]:
    """Changes environment variables, for connections that are made afterwards."""
    import s3fs

    def change(settings: dict[str, str | None]) -> None:
        s3fs.S3FileSystem.clear_instance_cache()
        for name, value in settings.items():
            if value is None:
                monkeypatch.delenv(name, raising=False)
            else:
                monkeypatch.setenv(name, value)

    yield change
    s3fs.S3FileSystem.clear_instance_cache()


@pytest.mark.parametrize("command", ["ingest", "scan", "show", "export"])
def test_object_that_is_not_there_is_named(command: str, bucket: str, tmp_path: Path) -> None:
    url = f"{bucket}/nothing.sgy"
    out = (tmp_path / "out.sgy",) if command in ("ingest", "export") else ()
    line = refused(command, url, *out)
    assert url in line
    assert "no such file" in line or "no survey store there" in line
    assert not list(tmp_path.iterdir())


def test_bucket_that_is_not_there_is_named(line: Path, s3_server: str, tmp_path: Path) -> None:
    url = "s3://no-such-bucket/line.zarr"
    assert url in refused("ingest", line, url)
    assert "no-such-bucket" in refused("ingest", "s3://no-such-bucket/line.sgy", tmp_path / "o")


def test_server_that_does_not_answer_is_told(line: Path, environment: Any, tmp_path: Path) -> None:
    environment({"AWS_ENDPOINT_URL": "http://127.0.0.1:9", "AWS_MAX_ATTEMPTS": "1"})
    for given in ((line, "s3://bucket/line.zarr"), ("s3://bucket/line.sgy", tmp_path / "o.zarr")):
        said = refused("ingest", *given)
        assert "s3://bucket/line." in said
        assert "127.0.0.1:9" in said


def test_missing_credentials_are_told(line: Path, environment: Any, tmp_path: Path) -> None:
    keys = dict.fromkeys(("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"))
    environment({**keys, "AWS_EC2_METADATA_DISABLED": "true", "HOME": str(tmp_path)})
    said = refused("ingest", line, "s3://bucket/line.zarr")
    assert "s3://bucket/line.zarr" in said
    assert "credentials" in said.lower()


def test_wrong_credentials_are_told(
    line: Path, environment: Any, guarded_server: str, tmp_path: Path
) -> None:
    environment({"AWS_ENDPOINT_URL": guarded_server})
    for given in ((line, "s3://bucket/line.zarr"), ("s3://bucket/line.sgy", tmp_path / "o.zarr")):
        said = refused("ingest", *given)
        assert "s3://bucket/line." in said
        assert "Forbidden" in said
        assert "AWS_ACCESS_KEY_ID" in said


def test_missing_package_names_the_extra(line: Path) -> None:
    code = "import sys; sys.modules['s3fs'] = None\nfrom geoml.cli import main\nmain()"
    done = subprocess.run(
        [sys.executable, "-c", code, "ingest", str(line), "s3://bucket/line.zarr"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
    assert "pip install 'geoml[cloud]'" in done.stderr
    assert "s3://bucket/line.zarr" in done.stderr


def test_unknown_protocol_is_told(line: Path) -> None:
    assert "not a URL that fsspec knows" in refused("ingest", line, "ftpx://bucket/line.zarr")


def test_missing_package_is_an_error_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    from fsspec.registry import known_implementations

    # A protocol whose package is certainly missing.
    nowhere = {"class": "no_such_package.FileSystem", "err": "Install no_such_package"}
    monkeypatch.setitem(known_implementations, "nowhere", nowhere)
    with pytest.raises(MissingPackageError, match=r"geoml\[cloud\]"):
        filesystem("nowhere://bucket/line.sgy")
