"""The empty group of a new store: on a disk as it grows, in an object store all at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import zarr
from zarr.storage import MemoryStore

from geoml.survey.location import AnyPath, filesystem, is_url, reached, zarr_store

_ROOT = "zarr.json"


@contextmanager
def layout_group(place: AnyPath) -> Iterator[zarr.Group]:
    """A new group, marked as not ``complete``, to fill inside the context.

    A layout is some hundred small objects. For a URL they are made in memory and put there side by
    side at the end, which costs a few round trips instead of hundreds; the attributes of the group
    come last, so that a layout cut short is one without them.

    Args:
        place: Where the store is to stand; nothing is there.
    """
    content: dict[str, Any] = {}
    target = MemoryStore(content) if is_url(place) else zarr_store(place)
    group = zarr.open_group(target, mode="w", zarr_format=3)
    group.attrs["complete"] = False
    if not is_url(place):
        yield group
        return
    # Before anything else: in an object store the unfinished store has its final name.
    _put(place, {_ROOT: content[_ROOT]})
    yield group
    root = content.pop(_ROOT)
    _put(place, content)
    _put(place, {_ROOT: root})


def _put(place: AnyPath, content: Mapping[str, Any]) -> None:
    fs, name = filesystem(place)
    with reached(place):
        fs.pipe({f"{name.rstrip('/')}/{key}": item.to_bytes() for key, item in content.items()})
        fs.invalidate_cache()
