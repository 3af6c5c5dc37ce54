"""Each trace of a gather told from its neighbours alone; it never enters its own prediction.

Reads gathers (batch, trace, time) of any size and any amplitude; predicts ``signal``, what
each trace should be, and ``log_scale``, the logarithm of the Laplace scale of what cannot be known
of it. The ``reach`` traces on either side enter as channels of a one-dimensional U-Net along
time, divided by the median of their own local levels, which is put back at the end: the answer
grows in proportion to the gather, and late weak arrivals count as much as early strong ones.

An autoencoder that sees the trace itself rebuilds a dead one without error; this one cannot.

References:
    Krull, Buchholz and Jug (2019), Noise2Void, CVPR (predicting what is hidden).
    Liu et al. (2023), IEEE Transactions on Geoscience and Remote Sensing 61 (blind traces).
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from geoml.errors import OptionError, ShapeError
from geoml.models.gathers.conv_blocks import check_widths

_FLOOR = 1e-2  # of the gather's level; silence before the first arrival is not blown up
_LOG_SCALE_LIMITS = (-5.0, 3.0)


@dataclass(frozen=True)
class NeighbourPredictorConfig:
    """Everything that fixes the network.

    Attributes:
        widths: Channels of each level; every level after the first halves the times.
        reach: Neighbours on either side.
        kernel: Length of a convolution along time, odd.
        level_window: Samples over which a neighbour's local level is measured, odd.
    """

    widths: tuple[int, ...] = (24, 32, 48)
    reach: int = 4
    kernel: int = 7
    level_window: int = 101

    def __post_init__(self) -> None:
        check_widths("neighbour_predictor", self.widths)
        if self.reach < 1:
            raise OptionError(f"reach is {self.reach}; at least one neighbour is needed.")
        for name in ("kernel", "level_window"):
            if getattr(self, name) < 1 or getattr(self, name) % 2 == 0:
                raise OptionError(f"{name} is {getattr(self, name)}; take an odd length.")


class NeighbourPredictor(nn.Module):
    """The network; see the module's docstring."""

    def __init__(self, config: NeighbourPredictorConfig) -> None:
        super().__init__()
        self.config = config
        widths, kernel = config.widths, config.kernel
        self.stem = convolution(2 * config.reach, widths[0], kernel)
        self.down = nn.ModuleList(
            nn.Sequential(convolution(a, b, kernel, stride=2), convolution(b, b, kernel))
            for a, b in itertools.pairwise(widths)
        )
        self.up = nn.ModuleList(
            convolution(a + b, a, kernel) for a, b in itertools.pairwise(widths)
        )
        self.readout = nn.Conv2d(widths[0], 2, 1)

    def forward(self, samples: Tensor) -> dict[str, Tensor]:
        """What the neighbours say of every trace.

        Args:
            samples: Amplitude, shape (batch, trace, time).

        Returns:
            ``signal`` and ``log_scale``, natural logarithm of an amplitude, of the same shape.

        Raises:
            ShapeError: If the shape is another.
        """
        if samples.ndim != 3:
            raise ShapeError(
                f"neighbour_predictor reads (batch, trace, time); found {tuple(samples.shape)}."
            )
        around = neighbours(samples, self.config.reach)  # (batch, trace, 2 reach, time)
        level = self._level(samples)  # (batch, trace, time)
        x = (around / level[:, :, None]).flatten(0, 1)[
            :, :, None
        ]  # (batch trace, 2 reach, 1, time)
        step = 2 ** len(self.down)
        n_times = samples.shape[2]
        x = self.stem(functional.pad(x, (0, -n_times % step)))
        skips = [x]
        for stage in self.down:
            x = stage(x)
            skips.append(x)
        skips.pop()
        for stage in reversed(self.up):
            x = torch.cat([skips.pop(), functional.interpolate(x, scale_factor=(1, 2))], dim=1)
            x = stage(x)
        told = self.readout(x)[:, :, 0, :n_times].unflatten(0, samples.shape[:2])
        log_scale = told[:, :, 1].clamp(*_LOG_SCALE_LIMITS) + torch.log(level)
        return {"signal": told[:, :, 0] * level, "log_scale": log_scale}

    def _level(self, samples: Tensor) -> Tensor:
        """Median over the neighbours of their local RMS, never 0, shape (batch, trace, time)."""
        window = self.config.level_window
        power = functional.avg_pool1d(
            samples.square(), window, stride=1, padding=window // 2, count_include_pad=False
        )
        live = samples.square().mean(dim=2, keepdim=True)
        around = torch.cat([power, live], dim=2)
        # Beyond the last trace there is no neighbour, and its level of 0 has no vote.
        around = neighbours(around, self.config.reach, beyond=float("nan"))
        usual = torch.nanmedian(around, dim=2).values.sqrt()
        floor = torch.where(usual[..., -1:] > 0, _FLOOR * usual[..., -1:], 1)
        return torch.maximum(usual[..., :-1], floor)


def neighbours(samples: Tensor, reach: int, beyond: float = 0.0) -> Tensor:
    """The traces around each trace, without itself.

    Args:
        samples: Shape (batch, trace, time).
        reach: Neighbours on either side.
        beyond: Stands for neighbours beyond the first or last trace.

    Returns:
        Shape (batch, trace, 2 reach, time).
    """
    n_traces = samples.shape[1]
    wide = functional.pad(samples, (0, 0, reach, reach), value=beyond)
    steps = [i for i in range(2 * reach + 1) if i != reach]
    return torch.stack([wide[:, i : i + n_traces] for i in steps], dim=2)


def convolution(n_in: int, n_out: int, kernel: int, stride: int = 1) -> nn.Sequential:
    """A convolution along time, group norm of one group and SiLU.

    Its padding keeps the length, or halves an even one.
    """
    conv = nn.Conv2d(n_in, n_out, (1, kernel), (1, stride), (0, kernel // 2))
    return nn.Sequential(conv, nn.GroupNorm(1, n_out), nn.SiLU())
