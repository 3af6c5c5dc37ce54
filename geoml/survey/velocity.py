"""Velocity sections: (depth, distance) datasets with units, and their stores."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike

from geoml.errors import ShapeError, StoreError
from geoml.survey.store_files import (
    check_target,
    part_path,
    plain_json,
    replace_store,
    unwritable,
)

_UNITS = {
    "velocity": "m/s",
    "velocity_std": "m/s",
    "velocity_lower": "m/s",
    "velocity_upper": "m/s",
    "edge_probability": "1",
    "edges": "1",
}
_AXES = ("depth", "distance")


def section(
    velocity: ArrayLike,
    spacing_m: float,
    *,
    first_distance_m: float = 0.0,
    first_depth_m: float = 0.0,
    attrs: Mapping[str, Any] | None = None,
    **more: ArrayLike,
) -> xr.Dataset:
    """A velocity section on a square grid, with named axes in metres.

    Args:
        velocity: Velocity [m/s], shape (depth, distance).
        spacing_m: Cell size, both ways [m], > 0.
        first_distance_m: Distance along the line of column 0 [m].
        first_depth_m: Depth below the datum of row 0 [m].
        attrs: Attributes of the dataset.
        **more: More variables by name: shape (depth, distance), or (distance,) such as ``cdp_x``.

    Raises:
        ShapeError: If a variable does not lie on the grid.
    """
    grid = np.asarray(velocity, dtype=np.float32)
    if grid.ndim != 2 or 0 in grid.shape:
        raise ShapeError(f"A velocity section has shape (depth, distance), found {grid.shape}.")
    coords = {
        "depth": ("depth", first_depth_m + spacing_m * np.arange(grid.shape[0]), {"units": "m"}),
        "distance": (
            "distance",
            first_distance_m + spacing_m * np.arange(grid.shape[1]),
            {"units": "m"},
        ),
    }
    variables: dict[str, Any] = {"velocity": (_AXES, grid, {"units": "m/s"})}
    for name, values in more.items():
        array = np.asarray(values)
        dims = {grid.shape: _AXES, grid.shape[1:]: ("distance",)}.get(array.shape)
        if dims is None:
            raise ShapeError(
                f"'{name}' has shape {array.shape}; {grid.shape} or {grid.shape[1:]} is needed."
            )
        variables[name] = (dims, array, {"units": _UNITS.get(name, "m" if len(dims) == 1 else "")})
    return xr.Dataset(variables, coords=coords, attrs={"spacing_m": spacing_m, **(attrs or {})})


def save_section(ds: xr.Dataset, path: str | Path, *, overwrite: bool = False) -> None:
    """Write a section as a Zarr v3 store.

    Raises:
        ShapeError: If it has no ``velocity`` of dims (depth, distance).
        StoreError: If the target exists and ``overwrite`` is False, or it cannot be written.
    """
    path = Path(path)
    if "velocity" not in ds or ds["velocity"].dims != _AXES:
        raise ShapeError("A section needs a variable 'velocity' of dims (depth, distance).")
    check_target(path, overwrite)
    part = part_path(path)
    plain = ds.assign_attrs(plain_json(dict(ds.attrs)))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if part.exists():
            shutil.rmtree(part)
        plain.to_zarr(part, mode="w", zarr_format=3, consolidated=False)
        replace_store(part, path)
    except OSError as error:
        raise unwritable(path, error, goes_on=False) from None


def open_section(path: str | Path) -> xr.Dataset:
    """The section that ``save_section`` wrote, in memory.

    Raises:
        StoreError: If there is none.
    """
    path = Path(path)
    if not (path / "zarr.json").is_file():
        raise StoreError(f"{path}: no velocity section there; 'geoml invert' writes one.")
    ds = xr.open_zarr(path, consolidated=False)
    if "velocity" not in ds or ds["velocity"].dims != _AXES:
        raise StoreError(f"{path}: a Zarr group without velocity(depth, distance).")
    return ds.load()
