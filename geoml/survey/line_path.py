"""A path through scattered positions of a crooked line, and distances along it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from geoml.errors import GeometryError
from geoml.survey.geometry import unique_points

if TYPE_CHECKING:
    from scipy.sparse import csr_array

# SciPy's graphs and trees take a quarter of a second to import, and straight lines need none.

Floats = NDArray[np.float64]

_NEIGHBOURS = 8
# A path in the order of good numbers is hardly longer than the shortest tree through its points.
_LONGEST_DETOUR = 1.5
_ENOUGH_NEAR = 0.95
_MANY = 20_000
_FARTHEST_M = 1e12


@dataclass(frozen=True, eq=False)
class LinePath:
    """A polyline; its first and last legs go on beyond its ends.

    Attributes:
        vertices: x and y of its corners [m], shape (vertex, 2).
    """

    vertices: Floats

    @property
    def length_m(self) -> float:
        """Length between the first and the last corner [m]."""
        return float(self.distances_m[-1])

    @property
    def distances_m(self) -> Floats:
        """Distance of each corner from the first along the path [m], shape (vertex,)."""
        legs = np.hypot(*np.diff(self.vertices, axis=0).T)
        return np.concatenate([[0.0], np.cumsum(legs)])

    def locate(self, x: Floats, y: Floats) -> tuple[Floats, Floats]:
        """Where positions are with respect to the path.

        Args:
            x: Eastings [m], shape (point,).
            y: Northings [m], shape (point,).

        Returns:
            Distance along the path of the nearest place on it, negative before its first corner,
            and distance from the path [m], shape (point,) each.
        """
        along, off = np.zeros(x.size), np.full(x.size, np.inf)
        last = len(self.vertices) - 2
        for leg, before_m in enumerate(self.distances_m[:-1]):
            start, end = self.vertices[leg], self.vertices[leg + 1]
            length = float(np.hypot(*(end - start)))
            east, north = (end - start) / length
            reach = (x - start[0]) * east + (y - start[1]) * north
            low, high = (-np.inf if leg == 0 else 0.0), (np.inf if leg == last else length)
            reach = np.clip(reach, low, high)
            gap = np.hypot(start[0] + reach * east - x, start[1] + reach * north - y)
            nearer = gap < off
            along[nearer], off[nearer] = before_m + reach[nearer], gap[nearer]
        return along, off

    def xy_of(self, distance_m: Floats) -> tuple[Floats, Floats]:
        """Positions x and y [m] of distances along the path [m]."""
        along, at = np.asarray(distance_m, dtype=np.float64), self.distances_m
        leg = np.clip(np.searchsorted(at, along, side="right") - 1, 0, at.size - 2)
        part = (along - at[leg]) / (at[leg + 1] - at[leg])
        x, y = self.vertices.T
        return x[leg] + part * (x[leg + 1] - x[leg]), y[leg] + part * (y[leg + 1] - y[leg])


def line_path(
    x: Floats,
    y: Floats,
    step_m: float,
    numbers: NDArray[np.int64] | None = None,
    tolerance_m: float | None = None,
) -> LinePath:
    """The path along which scattered positions lie.

    1. Positions with one number (a CDP) are averaged; without numbers, positions crowded closer
       than the step are averaged over square cells. Where a path leaves more than 5 % of the
       positions farther away than a cell, as feathered streamers do, the cells are doubled.
    2. The order is that of the numbers, or else the longest branch of the shortest tree that joins
       the points.
    3. Corners that move the path by no more than the tolerance are dropped, which keeps true
       corners and takes out the zigzag of noise. Averages over cells bear no less than a cell.

    Args:
        x: Eastings [m], shape (point,).
        y: Northings [m], shape (point,).
        step_m: Distance between neighbouring stations [m], > 0.
        numbers: Number of each point that grows along the line, such as CDPs, shape (point,).
        tolerance_m: How far a corner may move the path to be dropped [m]; half a step by default.

    Raises:
        GeometryError: If all positions are one point, or one is not finite.

    References:
        Kruskal (1956), Proceedings of the AMS 7, 48-50 (the tree); Douglas and Peucker
        (1973), Cartographica 10(2), 112-122 (corners); Wu (1996), Geophysics 61(1), 277-281
        (crooked lines).
    """
    # Positions nearer than a micrometre are one.
    points = np.column_stack([x, y]).astype(np.float64)
    points = np.round(points, 6, out=points)
    farthest = float(np.abs(points).max())
    if not farthest < _FARTHEST_M:
        raise GeometryError(f"A position is {farthest:g} m from the origin; no line goes there.")
    tolerance = step_m / 2 if tolerance_m is None else tolerance_m
    if numbers is not None:
        means = _means(points, np.unique(numbers, return_inverse=True)[1].reshape(-1))
        means = means[np.append(True, np.hypot(*np.diff(means, axis=0).T) > 0)]
        if len(means) > 1 and _in_order(means):
            return LinePath(simplified(means, tolerance))
    points = unique_points(points)
    if len(points) < 2:
        raise GeometryError("All positions are one point; a line needs two.")
    if len(points) > _MANY:
        points = _thinned(points, step_m / 2)
    cell_m = 0.0 if _nearest_m(points) > step_m / 2 else step_m
    tolerance = max(tolerance, cell_m) if tolerance_m is None else tolerance
    while True:
        stations = points if cell_m == 0 else _thinned(points, cell_m)
        if len(stations) < 2:
            # The cloud is as wide as it is long: its longest way across is all there is.
            return LinePath(_ends(points))
        path = LinePath(simplified(stations[_longest_branch(_tree(stations))], tolerance))
        reach = max(cell_m, step_m)
        if np.mean(path.locate(*points.T)[1] <= reach) >= _ENOUGH_NEAR:
            return path
        # A path through means of cells zigzags by a cell.
        cell_m = tolerance = 2 * reach


def simplified(vertices: Floats, tolerance_m: float) -> Floats:
    """A polyline without the corners that move it by no more than the tolerance.

    Args:
        vertices: x and y [m], shape (vertex, 2).
        tolerance_m: Largest distance of a dropped corner from what remains [m].
    """
    kept = np.zeros(len(vertices), dtype=bool)
    kept[[0, -1]] = True
    open_parts = [(0, len(vertices) - 1)]
    while open_parts:
        first, last = open_parts.pop()
        if last - first < 2:
            continue
        gap = _gap_m(vertices[first + 1 : last], vertices[first], vertices[last])
        worst = int(np.argmax(gap))
        if gap[worst] > tolerance_m:
            at = first + 1 + worst
            kept[at] = True
            open_parts += [(first, at), (at, last)]
    return vertices[kept]


def _gap_m(points: Floats, start: Floats, end: Floats) -> Floats:
    """Distance of points from the leg between two corners [m]."""
    leg, from_start = end - start, points - start
    length_2 = float(leg @ leg)
    part = np.clip(from_start @ leg / length_2, 0, 1) if length_2 else np.zeros(len(points))
    return np.asarray(np.hypot(*(from_start - part[:, None] * leg).T))


def _means(points: Floats, member: NDArray[np.int64]) -> Floats:
    count = np.bincount(member)
    return np.column_stack([np.bincount(member, axis) / count for axis in points.T])


def _thinned(points: Floats, cell_m: float) -> Floats:
    """Mean of the points in each square cell, shape (cell, 2)."""
    cell = np.floor((points - points.min(axis=0)) / cell_m).astype(np.int64)
    key = cell[:, 0] * (int(cell[:, 1].max()) + 1) + cell[:, 1]
    return _means(points, np.unique(key, return_inverse=True)[1].reshape(-1))


def _nearest_m(points: Floats) -> float:
    """Median distance of a point's nearest neighbour [m]."""
    from scipy.spatial import cKDTree

    return float(np.median(cKDTree(points).query(points, k=2)[0][:, 1]))


def _in_order(points: Floats) -> bool:
    length_m = float(np.hypot(*np.diff(points, axis=0).T).sum())
    return length_m <= _LONGEST_DETOUR * float(_tree(unique_points(points)).sum())


def _tree(points: Floats) -> csr_array:
    """The shortest tree that joins all points, as a sparse matrix of distances [m]."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components, minimum_spanning_tree
    from scipy.spatial import cKDTree

    n_points = len(points)
    near = min(n_points, _NEIGHBOURS + 1)
    distance, neighbour = cKDTree(points).query(points, k=near)
    rows = [np.repeat(np.arange(n_points), near - 1)]
    columns, lengths = [neighbour[:, 1:].ravel()], [distance[:, 1:].ravel()]
    while True:
        graph = coo_array(
            (np.concatenate(lengths), (np.concatenate(rows), np.concatenate(columns))),
            shape=(n_points, n_points),
        )
        n_parts, part = connected_components(graph, directed=False)
        if n_parts == 1:
            return minimum_spanning_tree(graph.tocsr())
        smallest = part == np.argmin(np.bincount(part))
        inside, outside = np.flatnonzero(smallest), np.flatnonzero(~smallest)
        gap, place = cKDTree(points[outside]).query(points[inside])
        at = int(np.argmin(gap))
        rows.append(inside[[at]])
        columns.append(outside[place[[at]]])
        lengths.append(gap[[at]])


def _longest_branch(tree: csr_array) -> NDArray[np.int64]:
    """Numbers of the points on the longest path in a tree, from end to end."""
    from scipy.sparse.csgraph import dijkstra

    far = int(np.argmax(dijkstra(tree, directed=False, indices=0)))
    distance, before = dijkstra(tree, directed=False, indices=far, return_predecessors=True)
    branch = [int(np.argmax(distance))]
    while branch[-1] != far:
        branch.append(int(before[branch[-1]]))
    return np.array(branch)


def _ends(points: Floats) -> Floats:
    """The two points that are farthest apart along the longest axis of the cloud."""
    centred = points - points.mean(axis=0)
    along = centred @ np.linalg.svd(centred, full_matrices=False)[2][0]
    return points[[int(np.argmin(along)), int(np.argmax(along))]]
