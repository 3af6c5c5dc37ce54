"""Where an inversion without a network begins: a gradient, a trend, a stored section."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from geoml.errors import OptionError, ShapeError
from geoml.physics.trend import VelocityTrend
from geoml.prediction.rung import lasting_warnings
from geoml.survey.velocity import open_section, section

Floats = NDArray[np.float64]

_OF_A_LADDER = ("ladder", "ladder_rule", "fwi", "sample_seed")
_KNOWN = "gradient, gradient:TOP:BOTTOM [m/s], smooth:SIGMA [m], or a .npy or .zarr section"


def pair_start(
    text: str, shape: tuple[int, int], spacing_m: float, truth: Floats | None, store_mean: Floats
) -> NDArray[np.float32]:
    """The model that the inversion of a pair begins with.

    Args:
        text: ``gradient`` (the straight line through the mean column of the store), or
            ``gradient:TOP:BOTTOM`` in m/s; ``smooth:SIGMA``, the truth under a Gaussian of so many
            metres, what most papers begin with and nobody has in the field; or a file.
        shape: Rows and columns.
        spacing_m: Cell size [m].
        truth: [m/s], shape (depth, distance); None where it is not known.
        store_mean: Mean velocity of the store's rows [m/s], shape (depth,).

    Raises:
        OptionError: If the text is none of these, or its numbers cannot be read.
        ShapeError: If a file's section has another shape.
    """
    name, *numbers = text.split(":")
    rows, columns = shape
    if name == "gradient" and len(numbers) in (0, 2):
        if numbers:
            top, bottom = _numbers(text, numbers)
            column = np.linspace(top, bottom, rows)
        else:
            depth = np.arange(rows)
            column = np.polyval(np.polyfit(depth, store_mean, 1), depth).astype(np.float64)
        return np.repeat(column[:, None], columns, axis=1).astype(np.float32)
    if name == "smooth" and len(numbers) == 1:
        (sigma_m,) = _numbers(text, numbers)
        if truth is None:
            raise OptionError(f"Start '{text}' smooths the true model, and none is known here.")
        return gaussian_filter(truth, sigma_m / spacing_m, mode="nearest").astype(np.float32)
    if Path(text).suffix in (".npy", ".zarr"):
        stored = _stored(Path(text))
        if stored.shape != shape:
            raise ShapeError(f"{text}: a section of {stored.shape} cells; {shape} are needed.")
        return stored
    raise OptionError(f"Start '{text}' is not known; choose {_KNOWN}.")


def line_start(
    text: str, trend: VelocityTrend, n_depth: int, spacing_m: float, reach_m: tuple[float, float]
) -> xr.Dataset:
    """The section that the inversion of a line begins with.

    Args:
        text: ``trend``, or a section that 'geoml invert' or 'geoml fwi' wrote as .zarr.
        trend: Velocity with depth.
        n_depth: Rows of a trend's section.
        spacing_m: Cell size [m].
        reach_m: Lowest and highest distance along the line of any source and receiver [m].

    Raises:
        OptionError: If the text is neither, or the section has other cells.
    """
    if text == "trend":
        first = spacing_m * np.floor(reach_m[0] / spacing_m)
        n_distance = int(np.ceil((reach_m[1] - first) / spacing_m)) + 1
        drawn = trend.section(n_depth, n_distance, spacing_m)
        return section(drawn, spacing_m, first_distance_m=float(first))
    if Path(text).suffix != ".zarr":
        raise OptionError(f"Start '{text}' is not known; choose trend, or a .zarr section.")
    stored = open_section(text)
    found = float(np.diff(stored["distance"].values[:2]).sum())
    if abs(found - spacing_m) > 1e-6 * spacing_m:
        raise OptionError(
            f"{text}: cells of {found:g} m; the acquisition has {spacing_m:g} m. Give the "
            "checkpoint or settings that the section was made with."
        )
    # Rungs and samples were those of the section as it was stored, not of what comes of it.
    own = {name: value for name, value in stored.attrs.items() if name not in _OF_A_LADDER}
    spread = [own["spread_note"]] if "spread_note" in own else []
    begin = stored.drop_vars("velocity_samples", errors="ignore")
    begin.attrs = {**own, "warnings": lasting_warnings(stored) + spread}
    return begin


def _numbers(text: str, parts: list[str]) -> list[float]:
    try:
        values = [float(part) for part in parts]
    except ValueError:
        raise OptionError(f"Start '{text}': its numbers cannot be read; choose {_KNOWN}.") from None
    if not all(0 < value < np.inf for value in values):
        raise OptionError(f"Start '{text}': its numbers must be above 0.")
    return values


def _stored(path: Path) -> NDArray[np.float32]:
    """The velocity of a file."""
    if not path.exists():
        raise OptionError(f"Start '{path}': there is no such file; choose {_KNOWN}.")
    if path.suffix != ".npy":
        velocity = open_section(path)["velocity"].values.astype(np.float32)
    else:
        try:
            velocity = np.load(path).astype(np.float32)
        except (OSError, ValueError, EOFError):
            raise OptionError(
                f"Start '{path}': not an array of numbers; choose {_KNOWN}."
            ) from None
    if not (np.isfinite(velocity) & (velocity > 0)).all():
        raise OptionError(
            f"Start '{path}': holds values that are no velocity; fill its gaps, absolute m/s."
        )
    return velocity
