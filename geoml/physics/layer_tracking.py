"""Interfaces that run through a section, followed along the crests of its edge probability.

An interface is the path from the left side to the right one whose cells are the likeliest edges.
The strongest is found first; the ground above and below it is then searched for the next, which
turns as its neighbours do: layers are conformal unless the edges say otherwise. Paths never cross,
and may leave the section through its top or bottom where a layer ends there.

References:
    Bellman (1957), Dynamic Programming, Princeton University Press. Hale (2013), Geophysics 78(2),
    S105-S115 (dynamic warping with bounded strain).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from geoml.physics.edges import EDGE_THRESHOLD

Floats = NDArray[np.float64]
Path = NDArray[np.int64]

_FAINTEST = 0.01
_LEAST_GAIN = 8.0
"""Sum along a path of the logarithm of its probabilities, over the one from which a cell speaks for
an interface, that makes one where that is 0.1; twice that where it is half of it."""
_SUREST_STEP = 0.7
_LEAST_COLUMNS = 4
_STEEPEST = 8
_LEANING, _TURNING = 0.03, 0.15
"""Cost of a cell of slope, and of a cell's change of it from column to column."""
_MOST_COUNTED = 6.0
_GAP = 2
MOST_INTERFACES = 12
"""Fainter ones beyond these are left out."""


def tracked_interfaces(
    edges: NDArray[np.floating], conformity: float = 0.3, even: float = 0.1
) -> Floats:
    """Depths of the interfaces [cells from the top], from the top, shape (interface, distance).

    Where an interface has left the section, its depth there lies outside and goes on as its
    nearest neighbour does.

    Args:
        edges: Probability of an edge [1], shape (depth, distance); a cell that is one has its
            interface on its lower side.
        conformity: Cost of a cell of slope beside that of the neighbouring interfaces.
        even: Probability from which a cell speaks for an interface [1], above 0.01.
    """
    edges = np.asarray(edges, dtype=np.float64)
    gain = np.log(np.clip(edges, _FAINTEST, 1.0) / even)
    found: list[tuple[float, Path]] = []
    pending: list[tuple[Path | None, Path | None]] = [(None, None)]
    while pending:
        upper, lower = pending.pop()
        score, path = _best_path(gain, upper, lower, conformity)
        if score < _LEAST_GAIN * 0.1 / even or _inside(path, len(gain)).sum() < _LEAST_COLUMNS:
            continue
        found.append((score, path))
        pending += [(upper, path), (path, lower)]
    found = sorted(found, key=lambda one: -one[0])[:MOST_INTERFACES]
    # Paths never cross, so that their means are in their order.
    paths = sorted((path for _, path in found), key=lambda path: float(path.mean()))
    return _continued(paths, len(gain), gain.shape[1])


def step_edges(velocity: NDArray[np.floating]) -> Floats:
    """What a section's own steps say of its edges [1], shape of ``velocity``.

    In proportion to the reflection coefficient, up to the one from which an edge counts as one.
    """
    v = np.asarray(velocity, dtype=np.float64)
    coefficient = np.zeros(v.shape)
    coefficient[:-1] = np.abs(v[1:] - v[:-1]) / (v[1:] + v[:-1])
    return np.asarray(_SUREST_STEP * np.minimum(coefficient / EDGE_THRESHOLD, 1.0))


def _inside(path: Path, n_depth: int) -> NDArray[np.bool_]:
    return (path >= 0) & (path < n_depth)


def _best_path(
    gain: Floats, upper: Path | None, lower: Path | None, conformity: float
) -> tuple[float, Path]:
    """The likeliest path between two others: its gain, and its rows (-1 above, n below)."""
    n_depth, n_distance = gain.shape
    rows = np.arange(n_depth)[:, None]
    top = np.zeros(n_distance)
    bottom = np.zeros(n_distance)
    slope, known = _slope_of([path for path in (upper, lower) if path is not None], n_depth)
    if upper is not None:
        _, last = _reach(upper)
        inside = upper >= 0
        top = np.where(inside, -np.inf, 0.0)
        gain = np.where(inside & (rows <= last + _GAP), -1.0, gain)
        gain = np.where(inside & (rows <= upper + _GAP), -np.inf, gain)
    if lower is not None:
        first, _ = _reach(lower)
        inside = lower < n_depth
        bottom = np.where(inside, -np.inf, 0.0)
        gain = np.where(inside & (rows >= first - _GAP) & np.isfinite(gain), -1.0, gain)
        gain = np.where(inside & (rows >= lower - _GAP), -np.inf, gain)
    gain = np.concatenate([top[None], gain, bottom[None]])
    # Between two that all but touch there is no room: a path may pass there, and pays for it.
    gain[:, ~np.isfinite(gain).any(axis=0)] = -3.0
    return _dynamic_program(gain, slope, np.where(known, conformity, _LEANING))


def _reach(path: Path) -> tuple[Path, Path]:
    """First and last row of each column that belongs to a path, half-way to its neighbours."""
    padded = np.pad(path, 1, mode="edge")
    sides = np.stack([padded[:-2], path, padded[2:]])
    return (sides.min(axis=0) + path) // 2, -((-sides.max(axis=0) - path) // 2)


def _slope_of(paths: Sequence[Path], n_depth: int) -> tuple[Floats, NDArray[np.bool_]]:
    """Mean step of paths into each column [cells], and where any of them has one."""
    if not paths:
        return np.zeros(1), np.zeros(1, dtype=bool)
    total, count = np.zeros(paths[0].size), np.zeros(paths[0].size)
    for path in paths:
        inside = _inside(path, n_depth)
        both = inside & np.concatenate([[False], inside[:-1]])
        total += np.where(both, np.diff(path, prepend=path[0]), 0)
        count += both
    return total / np.maximum(count, 1), count > 0


def _dynamic_program(gain: Floats, slope: Floats, leaning: Floats) -> tuple[float, Path]:
    """The path of most gain through rows of which the first and last lie outside."""
    n_rows, n_distance = gain.shape
    slope = np.broadcast_to(slope, (n_distance,))
    leaning = np.broadcast_to(leaning, (n_distance,))
    steps = np.arange(-_STEEPEST, _STEEPEST + 1)
    score = np.repeat(gain[:, :1], steps.size, axis=1)  # (row, step that led there)
    came_by = np.zeros((n_distance, n_rows, steps.size), dtype=np.int64)
    ways_out: dict[tuple[int, int], int] = {}
    for column in range(1, n_distance):
        before, now = steps - slope[column - 1], steps - slope[column]
        turn = np.minimum(np.abs(before[:, None] - now[None]), _MOST_COUNTED)
        reached = score[:, :, None] - _TURNING * turn[None]
        by = reached.argmax(axis=1)  # (row, next step)
        best = reached.max(axis=1) - leaning[column] * np.minimum(np.abs(now), _MOST_COUNTED)
        score = np.full((n_rows, steps.size), -np.inf)
        for number, step in enumerate(steps):
            source = slice(max(0, -step), min(n_rows, n_rows - step))
            target = slice(max(0, step), min(n_rows, n_rows + step))
            score[target, number] = best[source, number]
            came_by[column, target, number] = by[source, number]
        score += gain[:, column, None]
        # Outside there is no slope: whatever step led out, any may lead in again.
        for row in (0, n_rows - 1):
            ways_out[column, row] = int(score[row].argmax())
            score[row] = score[row].max()
    row, number = (int(one) for one in np.unravel_index(int(score.argmax()), score.shape))
    path = np.empty(n_distance, dtype=np.int64)
    for column in range(n_distance - 1, 0, -1):
        path[column] = row
        number = ways_out.get((column, row), number)
        row, number = row - int(steps[number]), int(came_by[column, row, number])
    path[0] = row
    return float(score.max()), path - 1


def _continued(paths: Sequence[Path], n_depth: int, n_distance: int) -> Floats:
    """Depths of paths, carried on outside of the section along their nearest neighbour."""
    if not paths:
        return np.zeros((0, n_distance))
    rows = np.stack(paths)
    inside = (rows >= 0) & (rows < n_depth)
    depth = rows + 1.0
    carried = depth.copy()
    for number, column in zip(*np.nonzero(~inside), strict=True):
        own = np.flatnonzero(inside[number])
        nearest = int(own[np.abs(own - column).argmin()])
        at = float(depth[number, column])
        for other in sorted(range(len(rows)), key=lambda one: abs(one - int(number))):
            if other != number and inside[other, column] and inside[other, nearest]:
                at = depth[other, column] + depth[number, nearest] - depth[other, nearest]
                break
        below = rows[number, column] >= n_depth
        carried[number, column] = max(at, n_depth + 0.5) if below else min(at, -0.5)
    return np.asarray(np.maximum.accumulate(carried, axis=0))
