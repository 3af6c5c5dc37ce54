"""Sections as stacks of layers: a velocity each, interfaces at any depth between cells.

A section is drawn from its layers by mean slowness where an interface cuts a cell, so that it
follows them smoothly; and layers are read off a section once it is known where to look.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import CubicSpline
from scipy.ndimage import gaussian_filter1d

Floats = NDArray[np.float64]

_FEWEST_CELLS = 10
_MARGINS = (1.5, 0.5, 0.0)
"""Cells around an interface that tell nothing of a layer; fewer where it has no others."""
_REACH = 3.0
_FAINT = 0.01
"""Reflection coefficient whose place a section tells half as well as its tracking."""
_PASSES = 3
_FAR = 9.0
_LEAST_SPREAD_M_S = 40.0
_UNKNOWN_SPREAD = 0.05
_STEP_M_S, _STEP_CELLS = 20.0, 0.3


@dataclass(frozen=True, eq=False)
class LayerCake:
    """A stack of layers.

    Attributes:
        velocity: Of each layer, from the top [m/s], shape (layer,).
        spread: Its standard deviation [m/s], same shape.
        depth: Lower side of each layer but the last [cells], shape (layer - 1, distance); outside
            of the section where the layer is not in it.
        n_depth: Rows of the section.
    """

    velocity: Floats
    spread: Floats
    depth: Floats
    n_depth: int

    def section(self) -> Floats:
        """Velocity [m/s], shape (depth, distance)."""
        return drawn(self.velocity, self.depth, self.n_depth)


def drawn(velocity: Floats, depth: Floats, n_depth: int) -> Floats:
    """Section of layers [m/s], shape (depth, distance).

    Args:
        velocity: [m/s], shape (layer,).
        depth: Interfaces [cells], shape (layer - 1, distance); one above its upper neighbour takes
            that one's depth.
        n_depth: Rows.
    """
    top = np.arange(n_depth)[:, None]
    slowness = np.full((n_depth, depth.shape[1]), 1 / velocity[0])
    for above, below, interface in zip(
        velocity[:-1], velocity[1:], np.maximum.accumulate(depth, axis=0), strict=True
    ):
        slowness += np.clip(top + 1 - interface, 0, 1) * (1 / below - 1 / above)
    return np.asarray(1 / slowness)


def read_off(section: Floats, depth: Floats, std: Floats | None = None) -> LayerCake:
    """The stack whose interfaces are given and whose velocities are a section's medians.

    Args:
        section: [m/s], shape (depth, distance).
        depth: Interfaces [cells], shape (interface, distance).
        std: Spread of the section [m/s], its shape; None for a twentieth of the velocity.

    Returns:
        Its layers; an interface with next to no cell between it and its neighbour is left out.
    """
    spread = _UNKNOWN_SPREAD * section if std is None else std
    depth = np.maximum.accumulate(depth, axis=0)
    while True:
        n_distance = section.shape[1]
        far = np.full((1, n_distance), -_FAR)
        sides = np.concatenate([far, depth, section.shape[0] - far])
        layers = [_inner(section.shape[0], *pair) for pair in pairwise(sides)]
        empty = [number for number, cells in enumerate(layers) if cells is None]
        if not empty:
            break
        if len(depth) == 0:
            layers = [np.ones(section.shape, dtype=bool)]
            break
        depth = np.delete(depth, min(empty[0], len(depth) - 1), axis=0)
    return LayerCake(
        np.array([np.median(section[cells]) for cells in layers]),
        np.array([max(float(spread[cells].mean()), _LEAST_SPREAD_M_S) for cells in layers]),
        depth,
        section.shape[0],
    )


def _inner(n_depth: int, upper: Floats, lower: Floats) -> NDArray[np.bool_] | None:
    """Cells of a layer as far from its sides as it allows; None where it has next to none."""
    rows = np.arange(n_depth)[:, None]
    for margin in _MARGINS:
        cells = (rows >= upper + margin) & (rows + 1 <= lower - margin)
        if cells.sum() >= _FEWEST_CELLS:
            return np.asarray(cells)
    return None


def settled(section: Floats, depth: Floats, std: Floats | None = None) -> LayerCake:
    """The stack whose interfaces lie where a section has its steps, to a part of a cell.

    Around a tracked interface the slowness between its two layers' tells how much of each is
    there, and so its depth, also where the section has blurred it.

    Args:
        section: [m/s], shape (depth, distance).
        depth: Interfaces near the steps [cells], shape (interface, distance).
        std: As in ``read_off``.
    """
    cake = read_off(section, depth, std)
    for _ in range(_PASSES):
        moved = np.array([_moved(section, cake, number) for number in range(len(cake.depth))])
        cake = read_off(section, moved.reshape(cake.depth.shape), std)
    return cake


def _moved(section: Floats, cake: LayerCake, number: int) -> Floats:
    """Depths of an interface by what lies around it [cells], shape (distance,)."""
    n_depth = cake.n_depth
    depth = cake.depth[number]
    above, below = cake.velocity[number], cake.velocity[number + 1]
    far = np.full(depth.shape, _FAR)
    upper = cake.depth[number - 1] if number else -far
    lower = cake.depth[number + 1] if number + 1 < len(cake.depth) else n_depth + far
    reach = _REACH * np.sqrt(1 + _slope(depth) ** 2)
    first = np.round(np.maximum(depth - reach, (depth + upper) / 2)).clip(0, n_depth)
    last = np.round(np.minimum(depth + reach, (depth + lower) / 2)).clip(0, n_depth)
    rows = np.arange(n_depth)[:, None]
    contrast = 1 / above - 1 / below
    if contrast == 0:
        return depth
    share = np.clip((1 / section - 1 / below) / contrast, 0, 1)
    found = first + (((rows >= first) & (rows < last)) * share).sum(axis=0)
    coefficient = (above - below) / (above + below)
    trust = coefficient**2 / (coefficient**2 + _FAINT**2)
    inside = (depth > 0) & (depth < n_depth)
    return np.asarray(np.where(inside, depth + trust * (found - depth), depth))


def _slope(depth: Floats) -> Floats:
    """Cells of depth a column, shape of ``depth``, of which the last axis is distance."""
    if depth.shape[-1] < 2:
        return np.zeros(depth.shape)
    return np.asarray(np.gradient(depth, axis=-1))


@dataclass(frozen=True, eq=False)
class LayerUnknowns:
    """A stack of layers as a function of unknowns that are 0 at the start, 1 for a likely step.

    The first are the layers' velocities, one unit being their spread; then for each interface its
    way along its normal at some knots, one unit being a cell.

    Attributes:
        start: Where it begins.
        knots: Knots an interface, evenly over the distance, at least 2.
        lower_m_s: Lower bound of the velocities [m/s].
        upper_m_s: Upper bound [m/s].
    """

    start: LayerCake
    knots: int
    lower_m_s: float
    upper_m_s: float

    @property
    def size(self) -> int:
        """How many unknowns there are."""
        return self.start.velocity.size + self.knots * len(self.start.depth)

    @property
    def probes(self) -> Floats:
        """Steps for differences, shape (unknown,)."""
        cells = np.full(self.knots * len(self.start.depth), _STEP_CELLS)
        return np.concatenate([_STEP_M_S / self.start.spread, cells])

    def cake(self) -> Callable[[Floats], LayerCake]:
        """The stack as a function of the unknowns."""
        start, n_layers = self.start, self.start.velocity.size
        columns = np.arange(start.depth.shape[1])
        knots = np.linspace(0, max(columns.size - 1, 1), self.knots)
        spline = CubicSpline(knots, np.eye(self.knots), bc_type="natural")(columns)
        # Where an interface is steep a step along its normal is a long way down.
        normal = np.sqrt(1 + _slope(gaussian_filter1d(start.depth, 1.0, axis=1)) ** 2)

        def moved(unknowns: Floats) -> LayerCake:
            velocity = start.velocity + start.spread * unknowns[:n_layers]
            ways = unknowns[n_layers:].reshape(len(start.depth), self.knots) @ spline.T
            return replace(
                start,
                velocity=velocity.clip(self.lower_m_s, self.upper_m_s),
                depth=start.depth + normal * ways,
            )

        return moved
