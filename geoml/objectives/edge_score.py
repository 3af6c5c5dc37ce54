"""Edges against edges: thinned alike, matched one to one within a tolerance."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import ndimage, sparse
from scipy.sparse.csgraph import maximum_bipartite_matching

from geoml.errors import ShapeError

_NO_GRID_LINE = 0.618


class EdgeCounts(NamedTuple):
    """Cells that ``edge_counts`` compared.

    Attributes:
        matched: Pairs of one predicted and one true edge cell.
        predicted: Predicted edge cells.
        true: True edge cells.
    """

    matched: int
    predicted: int
    true: int


def thin_edges(probability: ArrayLike, threshold: float = 0.5) -> NDArray[np.bool_]:
    """Crests of an edge map that rise above a threshold, one cell thick.

    Args:
        probability: Probability of an edge, or a map of 0 and 1, shape (..., depth, distance).
        threshold: Smallest probability that counts.

    Returns:
        True on crests, same shape.

    Raises:
        ShapeError: If the map has fewer than two dimensions.
    """
    edge = np.asarray(probability, dtype=np.float32)
    return edge_crests(edge) & (edge >= threshold)


def edge_crests(probability: ArrayLike) -> NDArray[np.bool_]:
    """Where an edge map has a crest, however low.

    A cell is on a crest where the slightly smoothed map is no lower than one cell away on either
    side, across the direction in which it curves most.

    Args:
        probability: Probability of an edge, or a map of 0 and 1, shape (..., depth, distance).

    Returns:
        True on crests, one cell thick, same shape.

    Raises:
        ShapeError: If the map has fewer than two dimensions.

    References:
        Dollar and Zitnick (2015), Fast edge detection using structured forests, TPAMI 37(8).
    """
    edge = np.asarray(probability, dtype=np.float32)
    if edge.ndim < 2:
        raise ShapeError(f"Edge map has shape {edge.shape}; needed (..., depth, distance).")
    stack = edge.reshape(-1, *edge.shape[-2:])
    smooth, bend_z, bend_x, bend_zx = (
        ndimage.gaussian_filter(stack, (0, 1, 1), order=(0, *order), mode="nearest")
        for order in ((0, 0), (2, 0), (0, 2), (1, 1))
    )
    # Across a crest the map bends down most: the second principal direction of its curvature.
    angle = 0.5 * np.arctan2(2 * bend_zx, bend_z - bend_x)
    step_z, step_x = -np.sin(angle), np.cos(angle)
    # Up and down are one direction to a crest. Were the choice left to rounding, two equal cells
    # beside each other might both yield; where it changes sides, no line of the grid runs.
    turned = np.where(step_z + _NO_GRID_LINE * step_x < 0, -1, 1)
    step_z, step_x = turned * step_z, turned * step_x
    sample, row, column = np.meshgrid(*(np.arange(n) for n in stack.shape), indexing="ij")
    crest = np.ones(stack.shape, dtype=bool)
    # A crest between two cells is as high on both: only one of them may stay.
    for sign, margin in ((1, 0.0), (-1, 1e-6)):
        beside = ndimage.map_coordinates(
            smooth,
            [sample, row + sign * step_z, column + sign * step_x],
            order=1,
            mode="nearest",
        )
        crest &= smooth >= beside + margin
    return crest.reshape(edge.shape)


def edge_counts(predicted: ArrayLike, true: ArrayLike, tolerance_cells: float = 2) -> EdgeCounts:
    """How many edge cells can be paired, each with one other at most, within a tolerance.

    Args:
        predicted: True on predicted edges, shape (..., depth, distance).
        true: True on true edges, same shape.
        tolerance_cells: Largest distance of a pair [cells].

    Raises:
        ShapeError: If the shapes differ.
    """
    return EdgeCounts(*map(int, edge_counts_of_each(predicted, true, tolerance_cells).sum(axis=0)))


def edge_counts_of_each(
    predicted: ArrayLike, true: ArrayLike, tolerance_cells: float = 2
) -> NDArray[np.int64]:
    """``edge_counts`` of every section.

    Args:
        predicted: True on predicted edges, shape (..., depth, distance).
        true: True on true edges, same shape.
        tolerance_cells: Largest distance of a pair [cells].

    Returns:
        Matched, predicted and true cells, shape (section, 3).

    Raises:
        ShapeError: If the shapes differ.
    """
    predicted, true = np.asarray(predicted, dtype=bool), np.asarray(true, dtype=bool)
    if predicted.shape != true.shape or predicted.ndim < 2:
        raise ShapeError(
            f"Predicted edges have shape {predicted.shape}, true ones {true.shape}; they must be "
            "equal, (..., depth, distance)."
        )
    predicted, true = (maps.reshape(-1, *maps.shape[-2:]) for maps in (predicted, true))
    cells = np.argwhere(predicted)
    found = _matched(cells, true, tolerance_cells)
    return np.stack(
        [
            np.bincount(cells[found, 0], minlength=len(true)),
            predicted.sum((1, 2)),
            true.sum((1, 2)),
        ],
        axis=1,
    )


def f1_score(counts: EdgeCounts) -> float:
    """Harmonic mean of precision and recall; 1 where there is nothing to find and none found."""
    return float(f1_scores(np.asarray(counts)))


def f1_scores(counts: NDArray[Any]) -> NDArray[np.float64]:
    """``f1_score`` of counts of shape (..., 3), shape (...)."""
    matched, predicted, true = np.moveaxis(np.asarray(counts, dtype=np.float64), -1, 0)
    total = predicted + true
    return np.asarray(np.where(total > 0, 2 * matched / np.maximum(total, 1), 1.0))


def _matched(
    cells: NDArray[np.int64], true: NDArray[np.bool_], tolerance_cells: float
) -> NDArray[np.bool_]:
    """Which predicted cells (cell, 3) have a partner in a largest one-to-one matching."""
    reach = int(tolerance_cells)
    number = np.full(true.shape, -1, dtype=np.int64)
    number[true] = np.arange(true.sum())
    number = np.pad(number, ((0, 0), (reach, reach), (reach, reach)), constant_values=-1)
    rows, columns = [], []
    for dz in range(-reach, reach + 1):
        for dx in range(-reach, reach + 1):
            if dz**2 + dx**2 <= tolerance_cells**2:
                near = number[cells[:, 0], cells[:, 1] + dz + reach, cells[:, 2] + dx + reach]
                found = np.flatnonzero(near >= 0)
                rows.append(found)
                columns.append(near[found])
    row, column = np.concatenate(rows), np.concatenate(columns)
    if row.size == 0:
        return np.zeros(len(cells), dtype=bool)
    shape = (len(cells), int(true.sum()))
    pairs = sparse.csr_array((np.ones(row.size, bool), (row, column)), shape)
    return np.asarray(maximum_bipartite_matching(pairs, perm_type="column") >= 0)
