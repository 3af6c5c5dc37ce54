"""One well: logs over depth in metres, as an xarray dataset."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike, NDArray

from geoml.errors import ShapeError
from geoml.survey.log_curves import CURVES, curve_kind

_STEP_TOLERANCE = 0.01


def well_dataset(
    name: str,
    depth_m: ArrayLike,
    curves: Mapping[str, ArrayLike],
    *,
    units: Mapping[str, str] | None = None,
    curve_attrs: Mapping[str, Mapping[str, Any]] | None = None,
    attrs: Mapping[str, Any] | None = None,
) -> xr.Dataset:
    """A well on a regular depth grid.

    Args:
        name: What the well is called in its store.
        depth_m: Measured depth [m], increasing by one step, shape (depth,).
        curves: Values by name, NaN where missing, shape (depth,); text is turned into codes.
        units: Unit of each curve; those of ``CURVES`` where not given.
        curve_attrs: More attributes of each curve, such as ``mnemonic``.
        attrs: Attributes of the well; ``well`` names the hole that runs and frames share.

    Raises:
        ShapeError: If a curve does not lie on the depths, or these are not regular.
    """
    depth = np.asarray(depth_m, dtype=np.float64)
    step_m = regular_step(depth)
    if step_m is None:
        raise ShapeError(
            f"Well '{name}': depths of shape {depth.shape} are not increasing by one step; put the "
            "curves on a regular grid first."
        )
    data: dict[str, Any] = {}
    for curve, values in curves.items():
        array, text = _coded(np.asarray(values))
        if array.shape != depth.shape:
            raise ShapeError(
                f"Well '{name}': curve '{curve}' has shape {array.shape}; {depth.shape} is needed."
            )
        standard = CURVES.get(curve)
        unit = (units or {}).get(curve, standard.units if standard else "")
        own = {"units": unit, "kind": curve_kind(curve), **text}
        if standard is not None:
            own["description"] = standard.description
        own.update((curve_attrs or {}).get(curve, {}))
        data[curve] = ("depth", array, own)
    return xr.Dataset(
        data,
        coords={"depth": ("depth", depth, {"units": "m", "positive": "down"})},
        attrs={"name": name, "well": name, "step_m": step_m, **(attrs or {})},
    )


def regular_step(depth: NDArray[np.float64]) -> float | None:
    """The step of increasing depths [m], None where they have none; 0 for a single depth.

    A depth may lie a hundredth of a step from its place: files round.
    """
    if depth.ndim != 1 or not np.isfinite(depth).all() or depth.size == 0:
        return None
    if depth.size == 1:
        return 0.0
    step = float(depth[-1] - depth[0]) / (depth.size - 1)
    exact = depth[0] + step * np.arange(depth.size)
    if step <= 0 or np.abs(depth - exact).max() > _STEP_TOLERANCE * step:
        return None
    return step


def text_values(curve: xr.DataArray) -> NDArray[Any]:
    """The words of a text curve, ``""`` where missing, shape (depth,)."""
    words = np.array([*curve.attrs["categories"], ""], dtype=object)
    codes = np.nan_to_num(curve.values, nan=-1).astype(np.int64)
    return words[codes]


def _coded(values: NDArray[Any]) -> tuple[NDArray[np.float32], dict[str, Any]]:
    """Numbers as float32; words as codes, with the words as an attribute."""
    if values.dtype.kind not in "OUST":
        return values.astype(np.float32), {}
    words = np.array(["" if word is None else str(word).strip() for word in values], dtype=object)
    known = sorted({word for word in words if word})
    number = {word: float(code) for code, word in enumerate(known)}
    codes = np.array([number.get(word, np.nan) for word in words], dtype=np.float32)
    return codes, {"kind": "text", "categories": known}
