"""The graph of straight segments on which first arrivals travel as shortest paths.

Every node is joined to all nodes within a few cells by straight segments whose times are exact
integrals of the slowness, interpolated bilinearly. Sources and receivers between nodes are
joined to all nodes around them in the same way.

References:
    Moser (1991), Geophysics 56(1), 59-67.
"""

from __future__ import annotations

from itertools import pairwise
from math import gcd

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import map_coordinates
from scipy.sparse import coo_array, csr_array

Floats = NDArray[np.float64]

_SAMPLES_PER_CELL = 4


def segment_graph(slowness: Floats, sources: Floats, radius: int) -> csr_array:
    """Graph of nodes and sources, whose weights are times [s], in one direction each.

    Node (row, column) has the number ``row * columns + column``; source i comes i after the last
    node.

    Args:
        slowness: Seconds a cell, shape (depth, distance).
        sources: (row, column) [cell], shape (shot, 2).
        radius: Reach of the segments [cell].
    """
    index = np.arange(slowness.size).reshape(slowness.shape)
    heads, tails, weights = [], [], []
    for rows, columns in _directions(radius):
        start, end, cost = _edges(slowness, index, rows, columns)
        heads.append(start)
        tails.append(end)
        weights.append(cost)
    for shot, position in enumerate(sources):
        nodes, cost = join_position(slowness, position, radius)
        heads.append(np.full(nodes.size, slowness.size + shot))
        tails.append(nodes)
        # A source on a node is 0 s away from it, and 0 means no edge in a sparse graph.
        weights.append(np.maximum(cost, 1e-12))
    n = slowness.size + sources.shape[0]
    edges = (np.concatenate(heads), np.concatenate(tails))
    return coo_array((np.concatenate(weights), edges), shape=(n, n)).tocsr()


def _directions(radius: int) -> list[tuple[int, int]]:
    """Steps (rows, columns) to the nodes in view, one of each opposite pair."""
    steps = range(-radius, radius + 1)
    half = [(a, b) for a in range(radius + 1) for b in steps if a > 0 or b > 0]
    return [(a, b) for a, b in half if gcd(a, b) == 1]


def _edges(
    slowness: Floats, index: NDArray[np.intp], rows: int, columns: int
) -> tuple[NDArray[np.intp], NDArray[np.intp], Floats]:
    """Start node, end node and time of every segment of one direction."""
    n_rows, n_columns = slowness.shape
    if rows >= n_rows or abs(columns) >= n_columns:
        empty = np.empty(0, dtype=np.intp)
        return empty, empty, np.empty(0)
    first_column = max(0, -columns)
    height, width = n_rows - rows, n_columns - abs(columns)

    def shifted(array: NDArray, down: int, right: int) -> NDArray:
        left = first_column + right
        return array[down : down + height, left : left + width]

    cost = np.zeros((height, width))
    for (down, right), weight in _line_weights(rows, columns).items():
        cost += weight * shifted(slowness, down, right)
    return (
        shifted(index, 0, 0).ravel(),
        shifted(index, rows, columns).ravel(),
        (cost * np.hypot(rows, columns)).ravel(),
    )


def _line_weights(rows: int, columns: int) -> dict[tuple[int, int], float]:
    """Weights of nodes in the mean of a bilinear function along a segment from node (0, 0).

    Between two grid lines the function is quadratic along the segment, so Simpson's rule is
    exact there.
    """
    crossings = {i / n for n in (abs(rows), abs(columns)) if n for i in range(n + 1)}
    cuts = np.unique(np.round(sorted(crossings), 12))
    weights: dict[tuple[int, int], float] = {}
    for begin, end in pairwise(cuts):
        for share, at in ((1, begin), (4, (begin + end) / 2), (1, end)):
            row, column = at * rows, at * columns
            top, left = int(np.floor(row + 1e-9)), int(np.floor(column + 1e-9))
            down, right = row - top, column - left
            for node, weight in (
                ((top, left), (1 - down) * (1 - right)),
                ((top + 1, left), down * (1 - right)),
                ((top, left + 1), (1 - down) * right),
                ((top + 1, left + 1), down * right),
            ):
                if abs(weight) > 1e-8:
                    part = share / 6 * (end - begin) * weight
                    weights[node] = weights.get(node, 0.0) + part
    return weights


def join_position(
    slowness: Floats, position: Floats, radius: int
) -> tuple[NDArray[np.intp], Floats]:
    """Nodes around a position (row, column) and the straight times to them."""
    shape = np.array(slowness.shape)
    low = np.maximum(np.ceil(position - radius).astype(int), 0)
    high = np.minimum(np.floor(position + radius).astype(int), shape - 1)
    rows, columns = np.meshgrid(
        np.arange(low[0], high[0] + 1), np.arange(low[1], high[1] + 1), indexing="ij"
    )
    nodes = np.stack([rows.ravel(), columns.ravel()], axis=-1)
    times = segment_times(slowness, position, nodes.astype(np.float64))
    return nodes[:, 0] * slowness.shape[1] + nodes[:, 1], times


def segment_times(slowness: Floats, start: Floats, ends: Floats) -> Floats:
    """Times along straight segments from one position to others, shape (end,)."""
    steps = ends - start
    length = np.hypot(steps[:, 0], steps[:, 1])
    n = max(1, int(np.ceil(_SAMPLES_PER_CELL * length.max(initial=0.0))))
    middle = (np.arange(n) + 0.5) / n
    along = start[:, None, None] + steps.T[:, :, None] * middle  # (2, end, sample)
    values = map_coordinates(slowness, along, order=1, mode="nearest")
    return values.mean(axis=-1) * length
