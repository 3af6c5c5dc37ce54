"""Blocks of the velocity priors: code to section, section to features, section to judgement."""

from __future__ import annotations

import itertools

import torch
from torch import Tensor, nn
from torch.nn import functional

from geoml.errors import OptionError
from geoml.models.priors.prior_config import ConvolutionConfig, StagesConfig

_GROUPS = 8
_LEVEL_WIDTH = 64
_SLOPE = 0.2  # of the critic's leaky rectifiers
_STEP_GAIN = 4.0  # changes between cells are small beside velocities


def stage_sizes(shape: tuple[int, int], n_stages: int) -> list[tuple[int, int]]:
    """Rows and columns of a section at each halving, the section's own first."""
    sizes = [shape]
    for _ in range(n_stages - 1):
        sizes.append((-(-sizes[-1][0] // 2), -(-sizes[-1][1] // 2)))
    return sizes


class SectionGenerator(nn.Module):
    """Code and condition to a scaled section: a dense layer, then doublings with convolutions.

    With ``levels`` the last layer gives each cell its shares of a few velocities, which follow
    from the code and hold for the whole section, and a departure from their mixture. Layers of one
    velocity with a sharp base are then as easy to draw as smooth sections.

    References:
        Odena, Dumoulin and Olah (2016), Deconvolution and checkerboard artifacts, Distill.
    """

    def __init__(self, config: ConvolutionConfig) -> None:
        super().__init__()
        widths, n_in = config.widths, config.code + config.n_condition
        self.levels = config.levels
        self.sizes = stage_sizes(config.shape, 1 + len(widths))
        rows, columns = self.sizes[-1]
        self.enter = nn.Linear(n_in, widths[-1] * rows * columns)
        self.first = _stage(widths[-1])
        # A doubling costs least when the channels shrink before it.
        self.narrow = nn.ModuleList(
            nn.Conv2d(deep, wide, 1) for deep, wide in itertools.pairwise(widths[::-1])
        )
        self.stages = nn.ModuleList(_stage(wide) for wide in widths[-2::-1])
        self.fine_width = config.fine_width
        if config.fine_width:
            fine = config.fine_width
            self.last: nn.Module = nn.Sequential(
                nn.Conv2d(widths[0], fine, 3, padding=1), nn.SiLU()
            )
            self.leave = nn.Conv2d(fine, 1 + config.levels, 3, padding=1)
        else:
            self.last = _stage(widths[0])
            self.leave = nn.Conv2d(widths[0], 4 * (1 + config.levels), 1)
            # All four cells of a block start alike: no checkerboard is there to unlearn.
            with torch.no_grad():
                for value in (self.leave.weight, self.leave.bias):
                    assert value is not None
                    value.copy_(value[::4].repeat_interleave(4, dim=0))
        if config.levels:
            self.level_velocity = nn.Sequential(
                nn.Linear(n_in, _LEVEL_WIDTH), nn.SiLU(), nn.Linear(_LEVEL_WIDTH, config.levels)
            )
            last = self.level_velocity[-1]
            assert isinstance(last, nn.Linear)
            # Spread over the range at first, or all levels would learn the same.
            with torch.no_grad():
                last.bias.copy_(torch.linspace(-1, 1, config.levels))

    def forward(self, code: Tensor, condition: Tensor | None = None) -> Tensor:
        """Scaled velocity, shape (batch, depth, distance).

        Args:
            code: Shape (batch, code).
            condition: Shape (batch, condition); None where the network reads none.
        """
        code = with_condition(code, condition)
        x = self.enter(code).unflatten(1, (-1, *self.sizes[-1]))  # (batch, last width, few, few)
        x = self.first(x.contiguous(memory_format=torch.channels_last))
        for narrow, stage, size in zip(self.narrow, self.stages, self.sizes[-2:0:-1], strict=True):
            # Nearest doubling before a convolution leaves no checkerboard.
            x = functional.interpolate(narrow(x), scale_factor=2.0)[..., : size[0], : size[1]]
            x = stage(x)  # (batch, width, twice as many, twice as many)
        x = self._at_full_resolution(self.last(x))  # (batch, 1 + levels, depth, distance)
        if not self.levels:
            return x[:, 0]
        velocity = self.level_velocity(code).float()[..., None, None]  # (batch, levels, 1, 1)
        return x[:, 0] + (velocity * x[:, 1:].softmax(dim=1)).sum(dim=1)

    def _at_full_resolution(self, x: Tensor) -> Tensor:
        rows, columns = self.sizes[0]
        if self.fine_width:
            # Linear: under a critic the blocks of a nearest doubling would show.
            x = functional.interpolate(x, scale_factor=2.0, mode="bilinear", align_corners=False)
            fine = x[..., :rows, :columns]
            return self.leave(fine.contiguous(memory_format=torch.channels_last)).float()
        # Each cell of half the resolution becomes four.
        return functional.pixel_shuffle(self.leave(x), 2)[..., :rows, :columns].float()


class SectionEncoder(nn.Module):
    """Scaled section to a vector of ``n_out`` numbers, by strided convolutions."""

    def __init__(self, config: ConvolutionConfig, n_out: int) -> None:
        super().__init__()
        widths = config.widths
        layers: list[nn.Module] = [nn.Conv2d(3, widths[0], 3, 2, 1), nn.SiLU()]
        for wide, deep in itertools.pairwise(widths):
            layers += [nn.Conv2d(wide, deep, 3, 2, 1), nn.GroupNorm(_GROUPS, deep), nn.SiLU()]
        self.stages = nn.Sequential(*layers)
        rows, columns = stage_sizes(config.shape, 1 + len(widths))[-1]
        self.leave = nn.Linear(widths[-1] * rows * columns + config.n_condition, n_out)

    def forward(self, sections: Tensor, condition: Tensor | None = None) -> Tensor:
        """Shape (batch, depth, distance) to (batch, n_out)."""
        x = self.stages(with_steps(sections).contiguous(memory_format=torch.channels_last))
        out: Tensor = self.leave(with_condition(x.flatten(1), condition))
        return out.float()


class SectionCritic(nn.Module):
    """Judges each section by itself: strided convolutions with no norm, one number a section.

    A condition is judged by its product with the features: how well it goes with the section.

    References:
        Miyato and Koyama (2018), cGANs with projection discriminator, ICLR.
    """

    def __init__(self, config: StagesConfig) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        rows, columns = config.shape
        for wide, deep in itertools.pairwise((3, *config.widths)):
            # The stride divides the kernel: every cell has equal weight, and no gradient in it
            # asks the generator for a checkerboard.
            layers += [nn.Conv2d(wide, deep, 4, 2, 1), nn.LeakyReLU(_SLOPE)]
            rows, columns = rows // 2, columns // 2
        if min(rows, columns) < 1:
            raise OptionError(
                f"Sections of {config.shape[0]} x {config.shape[1]} cells are too small to halve "
                f"{len(config.widths)} times; give 'widths' fewer."
            )
        n_features = config.widths[-1]
        layers += [nn.Flatten(), nn.Linear(n_features * rows * columns, n_features)]
        self.stages = nn.Sequential(*layers, nn.LeakyReLU(_SLOPE))
        self.leave = nn.Linear(n_features, 1)
        if config.n_condition:
            self.match = nn.Linear(config.n_condition, n_features)

    def forward(self, sections: Tensor, condition: Tensor | None = None) -> Tensor:
        """Shape (batch, depth, distance) to (batch); higher where a section looks true."""
        features = self.stages(with_steps(sections).contiguous(memory_format=torch.channels_last))
        judgement: Tensor = self.leave(features).squeeze(1)
        if condition is not None:
            judgement = judgement + (self.match(condition) * features).sum(dim=1)
        return judgement.float()


def with_steps(sections: Tensor) -> Tensor:
    """Velocity and its steps down and along the section, shape (batch, 3, depth, distance).

    Interfaces are steps: shown as such, a network need not learn first to see them.
    """
    down = functional.pad(sections.diff(dim=1), (0, 0, 1, 0))
    along = functional.pad(sections.diff(dim=2), (1, 0))
    return torch.stack([sections, _STEP_GAIN * down, _STEP_GAIN * along], dim=1)


def with_condition(values: Tensor, condition: Tensor | None) -> Tensor:
    """A batch of vectors with their conditions behind them."""
    return values if condition is None else torch.cat([values, condition], dim=1)


def _stage(width: int) -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(width, width, 3, padding=1), nn.GroupNorm(_GROUPS, width), nn.SiLU()
    )
