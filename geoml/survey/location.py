"""Where files and stores are: on a local disk, or behind an fsspec URL such as ``s3://``."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zarr.storage import FsspecStore, LocalStore

from geoml.errors import MissingPackageError, StoreError

if TYPE_CHECKING:
    from fsspec import AbstractFileSystem

AnyPath = str | Path

# Packages that talk to storage services; their errors are no OSErrors.
_SERVICES = ("botocore", "aiobotocore", "aiohttp", "gcsfs", "google", "adlfs", "azure")


def is_url(path: AnyPath) -> bool:
    """Whether a path is an fsspec URL and not a name on a local disk."""
    return isinstance(path, str) and "://" in path


def filesystem(path: AnyPath) -> tuple[AbstractFileSystem, str]:
    """The file system of a path and the path's name in it.

    Credentials and endpoints come from the environment, as each service documents them.

    Raises:
        MissingPackageError: If the package for such URLs is not installed.
        StoreError: If the URL names no known file system.
    """
    import fsspec

    name = os.fspath(path)
    try:
        fs, inside = fsspec.core.url_to_fs(name)
    except ImportError as error:
        raise MissingPackageError(
            f"Reading {name} needs another package ({error}). Install it with: pip install "
            "'geoml[cloud]'"
        ) from None
    except ValueError as error:
        raise StoreError(f"{name}: not a URL that fsspec knows ({error}).") from None
    return fs, str(inside)


@contextmanager
def reached(path: AnyPath) -> Iterator[None]:
    """What a storage service answers instead of doing the work, as one line that names the URL.

    ``FileNotFoundError`` passes: what is missing, the caller knows.

    Raises:
        StoreError: If the service does not answer, or refuses.
    """
    try:
        yield
    except FileNotFoundError:
        raise
    except Exception as error:
        if not is_url(path) or not is_service_error(error):
            raise
        why = " ".join(str(error).split()) or type(error).__name__
        raise StoreError(
            f"{path}: cannot be reached ({why}). Address and credentials come from the "
            "environment, for S3 from AWS_ENDPOINT_URL, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY."
        ) from None


def is_service_error(error: Exception) -> bool:
    """Whether an error is what a file system behind a URL fails with."""
    root = type(error).__module__.partition(".")[0]
    return isinstance(error, OSError) or root in _SERVICES


def base_name(path: AnyPath) -> str:
    """Last part of a path or URL."""
    return os.fspath(path).rstrip("/").rpartition("/")[2] if is_url(path) else Path(path).name


def sibling(path: AnyPath, name: str) -> AnyPath:
    """Another name in the folder of a path."""
    if is_url(path):
        return f"{os.fspath(path).rstrip('/').rpartition('/')[0]}/{name}"
    return Path(path).with_name(name)


def same_place(one: AnyPath, other: AnyPath) -> bool:
    """Whether two names mean one file or store."""
    if is_url(one) or is_url(other):
        return str(one).rstrip("/") == str(other).rstrip("/")
    return Path(one).resolve() == Path(other).resolve()


def inside(path: AnyPath, *names: str) -> AnyPath:
    """A name below a path."""
    if is_url(path):
        return "/".join([os.fspath(path).rstrip("/"), *names])
    return Path(path).joinpath(*names)


def exists(path: AnyPath) -> bool:
    """Whether something is there."""
    if not is_url(path):
        return Path(path).exists()
    fs, name = filesystem(path)
    with reached(path):
        fs.invalidate_cache()
        return bool(fs.exists(name))


def remove(path: AnyPath) -> None:
    """Remove a file or a folder with all in it; nothing happens where nothing is."""
    fs, name = filesystem(path)
    if exists(path):
        with reached(path):
            fs.rm(name, recursive=True)


def zarr_store(path: AnyPath, *, read_only: bool = False) -> Any:
    """The place as a Zarr store; it is picklable and opens its files when used."""
    if not is_url(path):
        return LocalStore(path, read_only=read_only)
    filesystem(path)  # says which package is missing, if one is
    return FsspecStore.from_url(os.fspath(path), read_only=read_only)
