"""What can be wrong with a URL: one line on stderr and status 2, in little time."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from shot_file import write_shots

from geoml.errors import MissingPackageError
from geoml.survey.location import filesystem


@pytest.fixture(scope="module")
def line(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_shots(tmp_path_factory.mktemp("line") / "line.sgy", n_shots=2)


def _refused(*arguments: object, before: str = "", **environment: str | None) -> str:
    """The one line of a command that is refused."""
    code = f"{before}\nimport sys\nfrom geoml.cli import main\nmain()"
    settings = {**os.environ, **{k: v for k, v in environment.items() if v is not None}}
    for name in (name for name, value in environment.items() if value is None):
        settings.pop(name, None)
    done = subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env=settings,
    )
    assert done.returncode == 2, done.stderr
    lines = done.stderr.splitlines()
    assert len(lines) == 1, done.stderr
    assert lines[0].startswith("geoml: ")
    assert len(lines[0]) < 300
    return lines[0]


@pytest.mark.parametrize("command", ["ingest", "scan", "show", "export"])
def test_object_that_is_not_there_is_named(command: str, bucket: str, tmp_path: Path) -> None:
    url = f"{bucket}/nothing.sgy"
    out = (tmp_path / "out.sgy",) if command in ("ingest", "export") else ()
    line = _refused(command, url, *out)
    assert url in line
    assert "no such file" in line or "no survey store there" in line
    assert not list(tmp_path.iterdir())


def test_bucket_that_is_not_there_is_named(line: Path, s3_server: str, tmp_path: Path) -> None:
    url = "s3://no-such-bucket/line.zarr"
    assert url in _refused("ingest", line, url)
    assert "no-such-bucket" in _refused("ingest", "s3://no-such-bucket/line.sgy", tmp_path / "o")


def test_server_that_does_not_answer_is_told(line: Path, tmp_path: Path) -> None:
    nobody = {"AWS_ENDPOINT_URL": "http://127.0.0.1:9", "AWS_ACCESS_KEY_ID": "test"}
    nobody |= {"AWS_SECRET_ACCESS_KEY": "test", "AWS_MAX_ATTEMPTS": "1"}
    said = _refused("ingest", line, "s3://bucket/line.zarr", **nobody)
    assert "s3://bucket/line.zarr" in said
    assert "127.0.0.1:9" in said
    assert "127.0.0.1:9" in _refused(
        "ingest", "s3://bucket/line.sgy", tmp_path / "o.zarr", **nobody
    )


def test_missing_credentials_are_told(line: Path, s3_server: str, tmp_path: Path) -> None:
    none: dict[str, Any] = {"AWS_ACCESS_KEY_ID": None, "AWS_SECRET_ACCESS_KEY": None}
    none |= {"AWS_EC2_METADATA_DISABLED": "true", "HOME": str(tmp_path)}
    said = _refused("ingest", line, "s3://bucket/line.zarr", **none)
    assert "credentials" in said.lower()


def test_wrong_credentials_are_told(
    line: Path, s3_server: str, guarded_server: str, tmp_path: Path
) -> None:
    there = {"AWS_ENDPOINT_URL": guarded_server}
    for given in ((line, "s3://bucket/line.zarr"), ("s3://bucket/line.sgy", tmp_path / "o.zarr")):
        said = _refused("ingest", *given, **there)
        assert "s3://bucket/line." in said
        assert "Forbidden" in said
        assert "AWS_ACCESS_KEY_ID" in said


def test_missing_package_names_the_extra(line: Path) -> None:
    hide = "import sys; sys.modules['s3fs'] = None"
    said = _refused("ingest", line, "s3://bucket/line.zarr", before=hide)
    assert "pip install 'geoml[cloud]'" in said
    assert "s3://bucket/line.zarr" in said


def test_unknown_protocol_is_told(line: Path) -> None:
    assert "not a URL that fsspec knows" in _refused("ingest", line, "ftpx://bucket/line.zarr")


def test_missing_package_is_an_error_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    from fsspec.registry import known_implementations

    # A protocol whose package is certainly missing.
    nowhere = {"class": "no_such_package.FileSystem", "err": "Install no_such_package"}
    monkeypatch.setitem(known_implementations, "nowhere", nowhere)
    with pytest.raises(MissingPackageError, match=r"geoml\[cloud\]"):
        filesystem("nowhere://bucket/line.sgy")
