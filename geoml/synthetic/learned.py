"""Family ``vae:NAME``: sections drawn by a trained prior, on any grid, by resampling in metres."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from geoml.errors import OptionError
from geoml.models.priors import PRIORS
from geoml.models.priors.condition import join_condition
from geoml.models.priors.prior_config import PriorConfig
from geoml.network_checkpoint import NetworkCheckpoint, load_network_checkpoint
from geoml.registry import lookup
from geoml.synthetic.section_grid import SectionGrid
from geoml.synthetic.top_layer import draw_top_layer
from geoml.synthetic.velocity_range import DrawnTrend, VelocityRange

Floats = NDArray[np.float64]

_SEEDS = 2**62


@dataclass(frozen=True)
class LearnedSection:
    """Sections of a prior, whatever network it is.

    Velocities are those that the prior learned, clipped to the range's limits, unless they are
    stretched. A section longer or deeper than the prior's is drawn that much longer or deeper,
    each by its own factor; of a smaller one a window below the surface is taken. A prior that was
    trained under a trend draws around that of each model, so that it follows the survey's.

    Attributes:
        checkpoint: Folder, or shipped name.
        label: Kind of section, of those that the prior tells apart; any if None.
        stretch: The prior's range of velocities is stretched to that of the range.
        weights_sha256: Of the weights; given by a recipe, it must be that of the checkpoint.
    """

    follows_trend: ClassVar[bool] = False

    checkpoint: str
    label: str | None = None
    stretch: bool = False
    weights_sha256: str = ""

    def __post_init__(self) -> None:
        prior = _prior(self.checkpoint)
        if self.label is not None:
            lookup(dict.fromkeys(prior.labels), self.label, "label of the prior")
        if self.weights_sha256 not in ("", prior.sha256):
            raise OptionError(
                f"Prior '{self.checkpoint}' has other weights than those that the recipe names; "
                "bring the old checkpoint back, or make the pairs anew."
            )
        object.__setattr__(self, "weights_sha256", prior.sha256)

    def __call__(
        self, rng: np.random.Generator, grid: SectionGrid, velocity_range: VelocityRange
    ) -> NDArray[np.float32]:
        """One velocity model.

        Args:
            rng: Source of randomness; the same state gives the same bytes on one machine.
            grid: The section to fill.
            velocity_range: Gives limits, top layer and, where the prior reads one, the trend.

        Returns:
            Velocity [m/s], shape (depth, distance).
        """
        top_layer = velocity_range.top
        if top_layer is None:
            top, hidden = None, 0
        else:
            top = draw_top_layer(rng, grid, top_layer)
            hidden = round(float(top.thickness_m.mean()) / grid.spacing_m)
            hidden = min(max(hidden, 0), grid.n_depth - 2)
        trend = velocity_range.draw(rng, 0.0 if top is None else top.velocity_m_s)
        below = SectionGrid(grid.n_depth - hidden, grid.n_distance, grid.spacing_m)
        velocity = self._draw(rng, below, trend)
        velocity = np.pad(velocity, ((hidden, 0), (0, 0)), mode="edge")
        velocity = np.clip(velocity, trend.floor_m_s, trend.ceiling_m_s)
        if top is not None:
            velocity = top.over(velocity, grid)
        return velocity.astype(np.float32)

    def _draw(self, rng: np.random.Generator, grid: SectionGrid, trend: DrawnTrend) -> Floats:
        """Velocity below the top layer [m/s], shape (depth, distance)."""
        prior = _prior(self.checkpoint)
        deeper = max(grid.height_m / prior.height_m, 1.0)
        longer = max(grid.width_m / prior.width_m, 1.0)
        generator = torch.Generator().manual_seed(int(rng.integers(_SEEDS)))
        low, high = prior.limits_m_s
        if self.stretch:
            low, high = trend.floor_m_s, trend.ceiling_m_s
        condition = None
        if prior.conditional:
            kind = int(rng.integers(max(len(prior.labels), 1)))
            if self.label is not None:
                kind = prior.labels.index(self.label)
            depth_m = prior.trend_depth_m * deeper
            wanted = np.minimum(trend.surface_m_s + trend.gradient_1_s * depth_m, trend.ceiling_m_s)
            scaled = np.clip(2 * (wanted - low) / (high - low) - 1, -1, 1)
            condition = prior.condition(kind, scaled)
        section = prior.network.sample(1, generator, condition)[0].double().numpy()
        velocity = low + (section + 1) * (high - low) / 2
        start_m = rng.uniform() * max(prior.width_m * longer - grid.width_m, 0)
        row = grid.depth_m / (prior.spacing_m * deeper)
        column = (start_m + grid.distance_m) / (prior.spacing_m * longer)
        return resample_sharp(velocity, row, column)


def resample_sharp(velocity: Floats, row: Floats, column: Floats) -> Floats:
    """Velocity between cells, without velocities that were not there.

    Linear interpolation alone would put ramps between layers; its result is replaced by the nearest
    of the four velocities around, so that an interface stays one and runs as smoothly as it can.

    Args:
        velocity: [m/s], shape (depth, distance).
        row: Rows to take, in cells, shape (new depth).
        column: Columns to take, in cells, shape (new distance).

    Returns:
        Shape (new depth, new distance).
    """
    rows, down = _cells(row, velocity.shape[0])
    columns, along = _cells(column, velocity.shape[1])
    corners = np.stack(
        [velocity[np.ix_(rows + i, columns + j)] for i in (0, 1) for j in (0, 1)]
    )  # (corner, new depth, new distance)
    weights = np.stack(
        [
            np.outer(down if i else 1 - down, along if j else 1 - along)
            for i in (0, 1)
            for j in (0, 1)
        ]
    )
    between = (corners * weights).sum(axis=0)
    nearest = np.abs(corners - between).argmin(axis=0)
    chosen: Floats = np.take_along_axis(corners, nearest[None], axis=0)[0]
    return chosen


def _cells(position: Floats, size: int) -> tuple[NDArray[np.intp], Floats]:
    """The cell before each position, and how far behind it the position lies (0..1)."""
    position = np.clip(position, 0, size - 1)
    cell = np.minimum(position.astype(np.intp), size - 2)
    return cell, position - cell


class _Prior:
    """A prior with what its drawing needs."""

    def __init__(self, checkpoint: NetworkCheckpoint) -> None:
        network: Any = checkpoint.network(PRIORS)
        self.network = network
        settings = checkpoint.settings
        self.limits_m_s: tuple[float, float] = tuple(settings["limits_m_s"])
        self.spacing_m = float(settings["spacing_m"])
        self.labels: list[str] = list(settings["labels"])
        config: PriorConfig = network.config
        self.config = config
        self.conditional = config.n_condition > 0
        self.height_m, self.width_m = ((side - 1) * self.spacing_m for side in config.shape)
        slab = (np.arange(config.n_trend) + 0.5) / max(config.n_trend, 1)
        self.trend_depth_m: Floats = slab * self.height_m
        digest = hashlib.sha256()
        for name, value in sorted(checkpoint.state.items()):
            digest.update(name.encode() + value.contiguous().numpy().tobytes())
        self.sha256 = digest.hexdigest()

    def condition(self, kind: int, trend: Floats) -> Tensor:
        """The condition of one section, shape (1, condition)."""
        labels = torch.tensor([kind])
        row = torch.as_tensor(trend, dtype=torch.float32)[None]
        return join_condition(labels, row, self.config)


@lru_cache(maxsize=8)
def _prior(checkpoint: str) -> _Prior:
    return _Prior(load_network_checkpoint(checkpoint, "prior"))
