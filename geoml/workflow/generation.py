"""Velocity models drawn from families, without shots: for other tools, and to look at."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

import geoml
from geoml.errors import OptionError, StoreError
from geoml.products.statistics_figure import mosaic_figure
from geoml.products.style import png_bytes, write_whole
from geoml.products.unfinished import unfinished
from geoml.registry import lookup, split_spec
from geoml.survey.store import part_path, plain_json, replace_store
from geoml.synthetic import SectionGrid, VelocityRange
from geoml.synthetic.family_spec import build_family, family_spec
from geoml.synthetic.presets import PRESETS

_PICTURES = 8
_ROWS = 3
_SUFFIXES = (".npy", ".zarr")


def generate_models(
    out: Path,
    families: Sequence[str | Mapping[str, Any]],
    count: int,
    *,
    preset: str = "openfwi",
    grid: SectionGrid | None = None,
    velocity_range: VelocityRange | None = None,
    seed: int = 0,
    png: Path | None = None,
    overwrite: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> NDArray[np.float32]:
    """Draw velocity models and write them whole or not at all.

    Model i is that of pair i of ``geoml simulate`` with the same families, range, grid and seed.

    Args:
        out: ``.npy`` of shape (model, 1, depth, distance), as OpenFWI has them, or ``.zarr`` with
            ``velocity`` (model, depth, distance), axes in metres and each model's family.
        families: Entries as ``build_family`` takes them; each equally likely.
        count: How many models.
        preset: Whose grid and velocity range are taken where none is given.
        grid: The section.
        velocity_range: Limits and trend.
        seed: Same seed, same models.
        png: Picture of the first models.
        overwrite: Replace what is already there.
        progress: Told the models done and in all.

    Returns:
        Velocity [m/s], shape (model, depth, distance).

    Raises:
        OptionError: If the suffix, the count or an option of a family is wrong.
        UnknownNameError: If there is no such family or preset.
        StoreError: If the target exists and ``overwrite`` is False.
    """
    if out.suffix not in _SUFFIXES:
        raise OptionError(f"{out.name}: models are written as .npy or .zarr.")
    if count < 1 or seed < 0 or not families:
        raise OptionError(
            f"count {count}, seed {seed}, {len(families)} families: at least 1, 0 and 1 are needed."
        )
    if out.exists() and not overwrite:
        raise StoreError(f"{out} exists already; give another name or pass --overwrite.")
    built = [build_family(spec) for spec in families]
    default = lookup(PRESETS, preset, "preset")
    grid = grid or SectionGrid.of(default.acquisition)
    velocity_range = velocity_range or default.velocity_range
    velocity = np.empty((count, *grid.shape), dtype=np.float32)
    number = np.empty(count, dtype=np.int32)
    for index in range(count):
        rng = np.random.default_rng([seed, index])
        number[index] = rng.integers(len(built))
        velocity[index] = built[number[index]](rng, grid, velocity_range)
        if progress is not None:
            progress(index + 1, count)
    names = [split_spec(spec, "family")[0] for spec in families]
    if out.suffix == ".npy":
        with unfinished(out) as part, part.open("wb") as file:
            np.save(file, velocity[:, None])
    else:
        recipe = {"seed": seed, "families": [family_spec(family) for family in built]}
        _write_store(out, velocity, number, grid, {"families": names, "recipe": recipe})
    if png is not None:
        # A folder's path would take the room of the pictures.
        titles = [Path(name).name for name in names]
        rows = _picture_rows(velocity, number, titles)
        write_whole(png, png_bytes(mosaic_figure(rows, velocity_range.limits_m_s)))
    return velocity


def _picture_rows(
    velocity: NDArray[np.float32], number: NDArray[np.int32], names: Sequence[str]
) -> dict[str, list[NDArray[np.float32]]]:
    """First models of each family: a row each, or some rows of a single family."""
    if len(names) == 1:
        n_rows = max(min(_ROWS, len(velocity) // _PICTURES), 1)
        blocks = np.array_split(velocity[: n_rows * _PICTURES], n_rows)
        # Names are keys: those after the first are blanks of different lengths.
        return {names[0] if i == 0 else " " * i: list(block) for i, block in enumerate(blocks)}
    drawn = [i for i in range(len(names)) if (number == i).any()]
    columns = min(_PICTURES, *(int((number == i).sum()) for i in drawn))
    return {names[i]: list(velocity[number == i][:columns]) for i in drawn}


def _write_store(
    out: Path,
    velocity: NDArray[np.float32],
    number: NDArray[np.int32],
    grid: SectionGrid,
    attrs: dict[str, Any],
) -> None:
    """Models with axes, families and recipe, as a Zarr store that xarray opens."""
    models = xr.Dataset(
        {
            "velocity": (
                ("model", "depth", "distance"),
                velocity,
                {"long_name": "P velocity", "units": "m/s"},
            ),
            "family": (("model",), number, {"long_name": "number in the attribute 'families'"}),
        },
        {
            "depth": ("depth", grid.depth_m, {"units": "m"}),
            "distance": ("distance", grid.distance_m, {"units": "m"}),
        },
        plain_json({**attrs, "geoml": geoml.__version__}),
    )
    out.parent.mkdir(parents=True, exist_ok=True)
    part = part_path(out)
    models.to_zarr(part, mode="w", zarr_format=3, consolidated=False)
    replace_store(part, out)
