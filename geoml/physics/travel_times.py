"""First-arrival times through any velocity model: shortest paths on a fine-angled graph.

Times err on the late side, by the angle between neighbouring segments of the graph
(``shortest_paths``): at most 0.25 % a path at the default radius. The same paths say which cells a
time depends on, which is what fitting a model to picks needs.

References:
    Moser (1991), Geophysics 56(1), 59-67.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import coo_array, csr_array
from scipy.sparse.csgraph import dijkstra

from geoml.errors import OptionError, PhysicsError, ShapeError
from geoml.physics.shortest_paths import join_position, segment_graph, segment_times

Floats = NDArray[np.float64]

_SAMPLES_PER_CELL = 4  # of a path, when its length is spread over cells


def first_arrival_times(
    velocity: ArrayLike, spacing_m: float, sources: ArrayLike, receivers: ArrayLike, radius: int = 7
) -> Floats:
    """Earliest times from sources to receivers anywhere in or around a model.

    Beyond the model its outermost values go on. Neither positions nor times are rounded to the
    grid.

    Args:
        velocity: [m/s], shape (depth, distance).
        spacing_m: Cell size, both ways [m].
        sources: (distance, depth) from the first node [m], shape (shot, 2).
        receivers: (distance, depth) from the first node [m], shape (shot, receiver, 2).
        radius: Reach of the segments [cell]; the error falls with its square.

    Returns:
        Times [s], shape (shot, receiver).

    Raises:
        OptionError: If ``radius`` is below 1.
        PhysicsError: If a velocity is not finite and above 0, or a position is not finite.
        ShapeError: If the shapes do not fit.

    References:
        Moser (1991), Geophysics 56(1), 59-67.
    """
    graph = FirstArrivals(velocity, spacing_m, sources, receivers, radius)
    return graph.times_s


class FirstArrivals:
    """First arrivals of one model and geometry: their times, and the paths that they took.

    Attributes:
        times_s: Earliest times [s], shape (shot, receiver).
    """

    def __init__(
        self,
        velocity: ArrayLike,
        spacing_m: float,
        sources: ArrayLike,
        receivers: ArrayLike,
        radius: int = 7,
    ) -> None:
        """Find the paths; arguments and errors as in ``first_arrival_times``."""
        model = np.asarray(velocity, dtype=np.float64)
        source = np.asarray(sources, dtype=np.float64)[..., ::-1] / spacing_m
        receiver = np.asarray(receivers, dtype=np.float64)[..., ::-1] / spacing_m
        _check(model, source, receiver, radius)
        points = np.concatenate([source, receiver.reshape(-1, 2)])
        # One node at least on either side of a position, so that a model of one row works too.
        low = np.maximum(np.ceil(-points.min(axis=0)), 0).astype(int) + 1
        high = np.maximum(np.ceil(points.max(axis=0)) - np.array(model.shape) + 1, 0) + 1
        self._shape, self._low, self._spacing_m = model.shape, low, spacing_m
        self._slowness = np.pad(
            spacing_m / model,
            [(int(a), int(b)) for a, b in zip(low, high, strict=True)],
            "edge",
        )
        self._source, self._receiver = source + low, receiver + low
        graph = segment_graph(self._slowness, self._source, radius)
        starts = self._slowness.size + np.arange(source.shape[0])
        at_nodes, self._before = dijkstra(
            graph, directed=False, indices=starts, return_predecessors=True
        )
        n_shots, n_receivers = receiver.shape[:2]
        self.times_s: Floats = np.empty((n_shots, n_receivers))
        # Last node of each path, -1 where the straight line from the source is earlier.
        self._last = np.empty((n_shots, n_receivers), dtype=np.int64)
        joins: dict[bytes, tuple[NDArray[np.intp], Floats]] = {}
        for shot in range(n_shots):
            for column, position in enumerate(self._receiver[shot]):
                key = position.tobytes()
                if key not in joins:
                    joins[key] = join_position(self._slowness, position, radius)
                nodes, legs = joins[key]
                arriving = at_nodes[shot, nodes] + legs
                self.times_s[shot, column] = arriving.min()
                self._last[shot, column] = nodes[arriving.argmin()]
            # The straight line is a path too: a direct wave through water is then exact.
            straight = segment_times(self._slowness, self._source[shot], self._receiver[shot])
            self._last[shot, straight <= self.times_s[shot]] = -1
            self.times_s[shot] = np.minimum(self.times_s[shot], straight)

    def path(self, shot: int, receiver: int) -> Floats:
        """Corners of a path from source to receiver, (row, column) [cell], shape (corner, 2).

        Rows and columns count from the model's first node; beyond the model they go on.
        """
        corners = [self._receiver[shot, receiver]]
        node = int(self._last[shot, receiver])
        n_nodes, width = self._slowness.size, self._slowness.shape[1]
        while node >= 0 and node != n_nodes + shot:
            # A path may lead through the node of another source.
            elsewhere = node >= n_nodes
            corner = self._source[node - n_nodes] if elsewhere else divmod(node, width)
            corners.append(np.array(corner, dtype=np.float64))
            node = int(self._before[shot, node])
        corners.append(self._source[shot])
        return np.array(corners[::-1]) - self._low

    def lengths_m(self) -> csr_array:
        """How far each path runs through each cell [m], shape (shot * receiver, cell).

        The product with the cells' slowness, shape (depth, distance) made flat, is the time. Cells
        beyond the model count for the outermost ones.
        """
        rows, cells, weights = [], [], []
        n_shots, n_receivers = self.times_s.shape
        for ray in range(n_shots * n_receivers):
            corners = self.path(*divmod(ray, n_receivers))
            cell, weight = _spread(corners, self._shape)
            rows.append(np.full(cell.size, ray))
            cells.append(cell)
            weights.append(weight * self._spacing_m)
        entries = (np.concatenate(rows), np.concatenate(cells))
        shape = (n_shots * n_receivers, self._shape[0] * self._shape[1])
        return coo_array((np.concatenate(weights), entries), shape=shape).tocsr()


def _spread(corners: Floats, shape: tuple[int, ...]) -> tuple[NDArray[np.int64], Floats]:
    """Cells along a path and their share of its length [cell]; bilinear between nodes."""
    steps = np.diff(corners, axis=0)
    length = np.hypot(steps[:, 0], steps[:, 1])
    n = np.maximum(1, np.ceil(_SAMPLES_PER_CELL * length)).astype(int)
    segment = np.repeat(np.arange(n.size), n)
    along = (np.arange(segment.size) - np.repeat(np.cumsum(n) - n, n) + 0.5) / n[segment]
    points = corners[segment] + along[:, None] * steps[segment]
    share = length[segment] / n[segment]
    top = np.floor(points).astype(np.int64)
    down, right = (points - top).T
    cells, weights = [], []
    for row, column, weight in (
        (0, 0, (1 - down) * (1 - right)),
        (1, 0, down * (1 - right)),
        (0, 1, (1 - down) * right),
        (1, 1, down * right),
    ):
        inside = np.clip(top + np.array([row, column]), 0, np.array(shape) - 1)
        cells.append(inside[:, 0] * shape[1] + inside[:, 1])
        weights.append(share * weight)
    return np.concatenate(cells), np.concatenate(weights)


def _check(model: Floats, source: Floats, receiver: Floats, radius: int) -> None:
    """Refuse what has no travel times."""
    if model.ndim != 2 or min(model.shape) < 1:
        raise ShapeError(f"Velocity has shape {model.shape}; needed (depth, distance).")
    fits = source.ndim == 2 and receiver.ndim == 3 and source.shape[1] == receiver.shape[2] == 2
    if not fits or source.shape[0] != receiver.shape[0]:
        raise ShapeError(
            f"Sources have shape {source.shape}, receivers {receiver.shape}; needed (shot, 2) "
            "and (shot, receiver, 2) as (distance, depth)."
        )
    if not (np.isfinite(model).all() and (model > 0).all()):
        raise PhysicsError("Velocity holds values not above 0 m/s; travel times need absolute m/s.")
    if not (np.isfinite(source).all() and np.isfinite(receiver).all()):
        raise PhysicsError("Source or receiver positions hold NaN or Inf; give all in metres.")
    if radius < 1:
        raise OptionError(f"Radius of {radius} cells joins no nodes; give at least 1.")
