"""Where files and stores are: on a local disk, or behind an fsspec URL such as ``s3://``."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zarr.storage import FsspecStore, LocalStore

from geoml.errors import MissingPackageError, StoreError

if TYPE_CHECKING:
    from fsspec import AbstractFileSystem

AnyPath = str | Path


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


def base_name(path: AnyPath) -> str:
    """Last part of a path or URL."""
    return os.fspath(path).rstrip("/").rpartition("/")[2] if is_url(path) else Path(path).name


def sibling(path: AnyPath, name: str) -> AnyPath:
    """Another name in the folder of a path."""
    if is_url(path):
        return f"{os.fspath(path).rstrip('/').rpartition('/')[0]}/{name}"
    return Path(path).with_name(name)


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
    fs.invalidate_cache()
    return bool(fs.exists(name))


def remove(path: AnyPath) -> None:
    """Remove a file or a folder with all in it; nothing happens where nothing is."""
    fs, name = filesystem(path)
    if exists(path):
        fs.rm(name, recursive=True)


def zarr_store(path: AnyPath, *, read_only: bool = False) -> Any:
    """The place as a Zarr store; it is picklable and opens its files when used."""
    if not is_url(path):
        return LocalStore(path, read_only=read_only)
    filesystem(path)  # says which package is missing, if one is
    return FsspecStore.from_url(os.fspath(path), read_only=read_only)
