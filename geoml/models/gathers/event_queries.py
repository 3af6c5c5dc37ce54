"""A set of events from a gather: learned queries that each find one hyperbola, or none.

Tiles of the gather become tokens of a transformer. A fixed number of learned queries asks them;
each names an apex time, a velocity, an amplitude and the chance that there is such an event. A
query begins at a hyperbola of its own and moves in rounds: in each it also sees the gather cut
along its present hyperbola, where an event that is hit lies flat. No list of candidates has to be
thinned out afterwards, as training matches every true event with one query.

References:
    Carion et al. (2020), End-to-end object detection with transformers, ECCV (DETR).
    Zhu et al. (2021), Deformable DETR, ICLR (references that are refined in rounds).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from geoml.errors import OptionError, ShapeError
from geoml.models.gathers.gather_vit import Tiles
from geoml.models.readout import check_share
from geoml.models.token_encoder import (
    OFFSET_FEATURES,
    check_tokens,
    draw_layers,
    offset_features,
    token_encoder,
)

_ANSWERS = 4  # steps of time and slowness, amplitude, existence


@dataclass(frozen=True)
class EventQueriesConfig:
    """Options of ``EventQueries``.

    Attributes:
        n_traces: Traces of a gather, by ascending offset.
        n_times: Samples of a trace.
        n_queries: Most events that can be found.
        velocity_m_s: Slowest and fastest velocity that can be found [m/s].
        tile: Traces and samples of a tile.
        width: Length of a token.
        depth: Layers of the transformer over tiles.
        rounds: Rounds in which queries move.
        attention_heads: Heads of each layer's attention.
        reach: Samples before and after its hyperbola that a query sees.
        dropout: Share dropped in training.
    """

    n_traces: int
    n_times: int
    n_queries: int = 12
    velocity_m_s: tuple[float, float] = (1300.0, 6000.0)
    tile: tuple[int, int] = (4, 16)
    width: int = 96
    depth: int = 2
    rounds: int = 3
    attention_heads: int = 4
    reach: int = 12
    dropout: float = 0.0

    def __post_init__(self) -> None:
        check_tokens("event_queries", self.width, self.depth, self.attention_heads)
        check_share("dropout", self.dropout)
        sizes = (self.n_traces, self.n_times, *self.tile, self.n_queries, self.rounds, self.reach)
        if min(sizes) < 1:
            raise OptionError("event_queries: every size must be at least 1.")
        if not 0 < self.velocity_m_s[0] < self.velocity_m_s[1]:
            raise OptionError(
                f"event_queries: velocities {self.velocity_m_s} must be above 0, the slower first."
            )


class EventQueries(nn.Module):
    """Gather to a set of hyperbolic events."""

    def __init__(self, config: EventQueriesConfig) -> None:
        """Build with fresh weights."""
        super().__init__()
        self.config = config
        width, n = config.width, config.n_queries
        grid = (-(-config.n_traces // config.tile[0]), -(-config.n_times // config.tile[1]))
        self.tiles = Tiles(grid, config.tile, width)
        self.offset = nn.Linear(OFFSET_FEATURES, width)
        self.transformer = token_encoder(
            width, config.depth, config.attention_heads, config.dropout
        )
        self.query = nn.Parameter(torch.randn(n, width) / math.sqrt(width))
        # Spread over the record; a third of the way from the fastest to the slowest.
        start = torch.stack([(torch.arange(n) + 0.5) / n, torch.full((n,), 0.35)], dim=-1)
        self.reference = nn.Parameter(torch.logit(start))
        layers = [
            nn.TransformerDecoderLayer(
                width, config.attention_heads, 4 * width, config.dropout, "gelu",
                batch_first=True, norm_first=True,
            )
            for _ in range(config.rounds)
        ]  # fmt: skip
        self.rounds = nn.ModuleList(layers)
        draw_layers(self.rounds)
        cells = config.n_traces * (2 * config.reach + 1)
        self.see = nn.ModuleList(_seen(cells, width) for _ in layers)
        self.answer = nn.ModuleList(_head(width) for _ in layers)

    def forward(self, samples: Tensor, offset_m: Tensor, dt_s: float) -> dict[str, Tensor]:
        """Events after each round, the last one's the answer.

        Args:
            samples: Amplitude at RMS 1, shape (batch, trace, time).
            offset_m: Offsets [m], shape (batch, trace).
            dt_s: Sample interval [s]; the first sample is at time 0.

        Returns:
            ``time_s``, ``velocity_m_s``, ``amplitude`` (in units of the samples) and ``existence``
            (logit), each of shape (round, batch, query).

        Raises:
            ShapeError: If the gathers have other sizes than the network was built for.
        """
        config = self.config
        if tuple(samples.shape[1:]) != (config.n_traces, config.n_times):
            raise ShapeError(
                f"This event_queries reads {config.n_traces} traces of {config.n_times} samples; "
                f"found shape {tuple(samples.shape)}."
            )
        tokens = self._tokens(samples, offset_m)
        query = self.query.expand(len(samples), -1, -1)  # (batch, query, width)
        place = self.reference.expand(len(samples), -1, -1)  # (batch, query, time and slowness)
        rows: list[tuple[Tensor, ...]] = []
        for move, see, answer in zip(self.rounds, self.see, self.answer, strict=True):
            time_s, velocity = self._physical(place, dt_s)
            seen = along_hyperbolas(samples, offset_m, time_s, velocity, dt_s, config.reach)
            query = move(query + see(seen.flatten(2)), tokens)
            told = answer(query).float()  # (batch, query, answer)
            # Each round learns from where the last one stopped, and not through it.
            place = place.detach() + told[..., :2] if rows else place + told[..., :2]
            time_s, velocity = self._physical(place, dt_s)
            rows.append((time_s, velocity, told[..., 2], told[..., 3]))
        names = ("time_s", "velocity_m_s", "amplitude", "existence")
        parts = zip(*rows, strict=True)
        return {name: torch.stack(part) for name, part in zip(names, parts, strict=True)}

    def _tokens(self, samples: Tensor, offset_m: Tensor) -> Tensor:
        """Tokens of the tiles, told their mean offset, shape (batch, tile, width)."""
        rows = self.tiles.tile[0]
        filled = self.tiles.grid[0] * rows - offset_m.shape[1]
        whole_m = torch.cat([offset_m, offset_m[:, -1:].expand(-1, filled)], dim=1)
        where = self.offset(offset_features(whole_m.unflatten(1, (-1, rows)).mean(2)).to(samples))
        tokens = self.tiles(samples) + where[:, :, None]
        encoded: Tensor = self.transformer(tokens.flatten(1, 2))
        return encoded

    def _physical(self, place: Tensor, dt_s: float) -> tuple[Tensor, Tensor]:
        """Apex times [s] and velocities [m/s] of places, each (batch, query)."""
        time_s = torch.sigmoid(place[..., 0].float()) * (self.config.n_times - 1) * dt_s
        slow, fast = (1 / v for v in self.config.velocity_m_s)
        slowness = fast + (slow - fast) * torch.sigmoid(place[..., 1].float())
        return time_s, 1 / slowness


def along_hyperbolas(
    samples: Tensor, offset_m: Tensor, time_s: Tensor, velocity: Tensor, dt_s: float, reach: int
) -> Tensor:
    """Gathers cut along hyperbolas, interpolated linearly, 0 beyond the record.

    Args:
        samples: Shape (batch, trace, time).
        offset_m: [m], shape (batch, trace).
        time_s: Apexes [s], shape (batch, query).
        velocity: [m/s], shape (batch, query).
        dt_s: Sample interval [s].
        reach: Samples before and after the hyperbola.

    Returns:
        Shape (batch, query, trace, 2 reach + 1).
    """
    moveout = offset_m[:, None] / velocity[..., None]  # (batch, query, trace)
    place = torch.sqrt(time_s[..., None] ** 2 + moveout**2) / dt_s
    lag = torch.arange(-reach, reach + 1, device=samples.device)
    place = place[..., None] + lag  # (batch, query, trace, lag)
    last = samples.shape[2] - 1
    first = place.detach().floor().clamp(0, last - 1)
    share = place - first
    spread = samples[:, None].expand(-1, place.shape[1], -1, -1)
    before, after = (spread.gather(3, (first + step).long()) for step in (0, 1))
    inside = (place >= 0) & (place <= last)
    return (before + share * (after - before)) * inside


def _seen(cells: int, width: int) -> nn.Sequential:
    return nn.Sequential(nn.Linear(cells, width), nn.GELU(), nn.Linear(width, width))


def _head(width: int) -> nn.Sequential:
    head = nn.Sequential(
        nn.LayerNorm(width), nn.Linear(width, width), nn.GELU(), nn.Linear(width, _ANSWERS)
    )
    # Queries begin where they were put.
    nn.init.normal_(head[-1].weight, std=1e-3)  # type: ignore[arg-type]
    return head
