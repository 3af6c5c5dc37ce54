"""Where in a section, and in which kind of section, the velocity is wrong."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import ndimage

from geoml.errors import ShapeError

BOUNDARY_CELLS = 2


def error_by_depth(residual: ArrayLike) -> NDArray[np.float64]:
    """Mean absolute error of every row, in the residual's unit, shape (depth,).

    Args:
        residual: Predicted minus true velocity, shape (sample, depth, distance).
    """
    return np.asarray(np.abs(_checked(residual)).mean(axis=(0, 2)))


def error_by_quarter(residual: ArrayLike) -> dict[str, dict[str, float]]:
    """Errors of the four quarters of the depth axis, from the top.

    Args:
        residual: Predicted minus true velocity [m/s], shape (sample, depth, distance).

    Returns:
        Such as ``"0-25 %"`` -> ``mae_m_s`` and ``rmse_m_s``. Rows that do not divide by four go to
        the upper quarters.
    """
    quarters = np.array_split(_checked(residual), 4, axis=1)
    names = ("0-25 %", "25-50 %", "50-75 %", "75-100 %")
    return {name: _errors(part) for name, part in zip(names, quarters, strict=True)}


def error_by_place(
    residual: ArrayLike, edges: ArrayLike, boundary_cells: int = BOUNDARY_CELLS
) -> dict[str, dict[str, float]]:
    """Errors near true edges and away from them.

    Args:
        residual: Predicted minus true velocity [m/s], shape (sample, depth, distance).
        edges: True on true edges, same shape.
        boundary_cells: Cells within this distance of an edge belong to the boundary.

    Returns:
        ``"boundary"`` and ``"interior"`` -> ``mae_m_s``, ``rmse_m_s`` and ``share`` of all cells.

    Raises:
        ShapeError: If the shapes differ.
    """
    residual, edges = _checked(residual), np.asarray(edges, dtype=bool)
    if edges.shape != residual.shape:
        raise ShapeError(f"Residual has shape {residual.shape}, edges {edges.shape}; needed equal.")
    reach = np.arange(-boundary_cells, boundary_cells + 1)
    disc = reach[:, None] ** 2 + reach**2 <= boundary_cells**2
    near = ndimage.binary_dilation(edges, disc[None])
    places = {"boundary": near, "interior": ~near}
    return {
        name: {**_errors(residual[place]), "share": float(place.mean())}
        for name, place in places.items()
        if place.any()
    }


def _checked(residual: ArrayLike) -> NDArray[np.float64]:
    residual = np.asarray(residual, dtype=np.float64)
    if residual.ndim != 3 or residual.size == 0:
        raise ShapeError(
            f"Residual has shape {residual.shape}; needed (sample, depth, distance), not empty."
        )
    return residual


def _errors(residual: NDArray[Any]) -> dict[str, float]:
    if residual.size == 0:
        return {"mae_m_s": 0.0, "rmse_m_s": 0.0}
    return {
        "mae_m_s": float(np.abs(residual).mean()),
        "rmse_m_s": float(np.sqrt(np.square(residual).mean())),
    }
