"""An S3 server of its own process on the loopback device, and buckets in it."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

pytest.importorskip("s3fs", reason="the extra 'cloud' is not installed")
pytest.importorskip("moto", reason="moto, the S3 server of the tests, is not installed")

SECRETS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@contextmanager
def _server(**settings: str) -> Iterator[str]:
    port = _free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**os.environ, **settings},
    )
    try:
        _wait_for(port, process)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(10)


@pytest.fixture(scope="session")
def s3_server() -> Iterator[str]:
    """URL of a running S3 server; the environment of the session points to it."""
    with _server() as url, pytest.MonkeyPatch.context() as patch:
        settings = {**SECRETS, "AWS_ENDPOINT_URL": url, "AWS_DEFAULT_REGION": "us-east-1"}
        for name, value in settings.items():
            patch.setenv(name, value)
        for name in [name for name in os.environ if name.lower().endswith("_proxy")]:
            patch.delenv(name)
        yield url


@pytest.fixture
def guarded_server() -> Iterator[str]:
    """URL of an S3 server that knows no user."""
    with _server(INITIAL_NO_AUTH_ACTION_COUNT="0") as url:
        yield url


def _wait_for(port: int, server: subprocess.Popen[bytes]) -> None:
    for _ in range(300):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        if server.poll() is not None:
            break
        time.sleep(0.1)
    pytest.fail("the S3 server of the tests did not start within 30 s")


def _new_bucket() -> str:
    import s3fs

    name = f"test-{uuid.uuid4().hex}"
    s3fs.S3FileSystem(skip_instance_cache=True).mkdir(name)
    return f"s3://{name}"


@pytest.fixture
def bucket(s3_server: str) -> str:
    """URL of an empty bucket."""
    return _new_bucket()


@pytest.fixture(scope="module")
def shared_bucket(s3_server: str) -> str:
    """URL of a bucket that the tests of a module share."""
    return _new_bucket()
