"""Multi-head U-Net: one window of shot gathers in, velocity, edges and spread of its section out.

Reads ``shots`` (batch, shot, time, receiver), scaled; predicts one (batch, depth, distance) map a
head: ``velocity`` (linear, scaled), ``edges`` (logit) and ``log_variance`` (log of the scale of a
Laplace distribution around the velocity). Convolutions that stride in time alone shorten the
records while their channels grow; two small learned matrices, which start as linear interpolation,
carry (time, receiver) onto (depth, distance); a residual U-Net with attention at its bottom works
there at half the section's resolution.

References:
    Wu and Lin (2020), InversionNet, IEEE Trans. Computational Imaging 6, 419-433.
    Ronneberger et al. (2015), U-Net, MICCAI.
    Shi et al. (2016), Sub-pixel convolution, CVPR.
"""

from __future__ import annotations

import itertools
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from geoml.errors import ShapeError
from geoml.models.mh_unet_config import MhUnetConfig

HEAD_WIDTH = 24  # channels at full resolution, where every channel costs most


class MhUnet(nn.Module):
    """The network; see the module's docstring."""

    order: Tensor
    shown: Tensor

    def __init__(self, config: MhUnetConfig) -> None:
        super().__init__()
        self.config = config
        shape, widths = config.shape, config.widths
        channels, n_time = shape.n_shots, shape.n_samples
        if config.receiver_order is not None:
            channels *= 2
            order = torch.tensor(config.receiver_order)
            self.register_buffer("order", order.clamp(min=0)[:, None], persistent=False)
            self.register_buffer("shown", (order >= 0).float()[:, None], persistent=False)
        stem: list[nn.Module] = []
        for i, width in enumerate(config.time_widths):
            kernel = (7, 3) if i == 0 else (5, 3)
            padding = (kernel[0] // 2, 1)
            stem += [nn.Conv2d(channels, width, kernel, (2, 1), padding), norm(width), nn.SiLU()]
            channels, n_time = width, -(-n_time // 2)
        self.stem = nn.Sequential(*stem)
        self.to_section = ToSection(
            (n_time, shape.n_receivers), config.latent, channels, config.map_groups
        )
        self.enter = nn.Conv2d(channels, widths[0], 1)
        # Where a cell lies in the window matters: depth sets the trend, distance the illumination.
        self.position = nn.Parameter(0.02 * torch.randn(1, widths[0], *config.latent))
        self.unet = Unet(config)
        self.expand = nn.Conv2d(widths[0], 4 * HEAD_WIDTH, 3, padding=1)
        with torch.no_grad():
            # The four cells of a block start alike, or the sections keep a checkerboard.
            for values in (self.expand.weight, self.expand.bias):
                assert values is not None
                values.copy_(values[::4].repeat_interleave(4, dim=0))
        # Normalised before the spread head detaches it: torch 2.13 dies in the backward pass of a
        # channels-last GroupNorm whose input needs no gradient.
        self.finish = nn.Sequential(norm(HEAD_WIDTH), nn.SiLU())
        self.heads = nn.ModuleDict({name: Head() for name in config.heads})

    def forward(self, shots: Tensor) -> dict[str, Tensor]:
        """One map a head.

        Args:
            shots: Scaled gathers, shape (batch, shot, time, receiver).

        Returns:
            Head name -> shape (batch, depth, distance), float32.

        Raises:
            ShapeError: If the gathers have other sizes than the network was built for.
        """
        shape = self.config.shape
        needed = (shape.n_shots, shape.n_samples, shape.n_receivers)
        if shots.ndim != 4 or tuple(shots.shape[1:]) != needed:
            raise ShapeError(
                f"Gathers have shape {tuple(shots.shape)}; this network reads "
                f"(batch, shot, time, receiver) = (batch, {', '.join(map(str, needed))})."
            )
        if self.config.receiver_order is not None:
            order = self.order[None].expand(len(shots), -1, shape.n_samples, -1)
            view = shots.gather(3, order) * self.shown
            shots = torch.cat([shots, view], dim=1)  # (batch, 2 * shot, time, receiver)
        x = self.stem(shots.contiguous(memory_format=torch.channels_last))
        x = self.to_section(x)  # (batch, stem width, depth / 2, distance / 2)
        x = self.enter(x) + self.position  # (batch, width, depth / 2, distance / 2)
        x = self.unet(x)
        x = functional.pixel_shuffle(self.expand(x), 2)  # (batch, head width, depth, distance)
        x = x[..., : shape.n_depth, : shape.n_distance]
        x = self.finish(x.contiguous(memory_format=torch.channels_last))
        # The spread describes the velocity that came out; it must not bend the features.
        return {
            name: head(x.detach() if name == "log_variance" and len(self.heads) > 1 else x)
            for name, head in self.heads.items()
        }


class ToSection(nn.Module):
    """Carry (time, receiver) onto (depth, distance) by learned matrices, one pair a group."""

    def __init__(
        self, n_in: tuple[int, int], n_out: tuple[int, int], channels: int, groups: int
    ) -> None:
        super().__init__()
        self.groups, self.channels, self.n_out = groups, channels, n_out
        self.depth = nn.Parameter(interpolation(n_in[0], n_out[0]).repeat(groups, 1, 1))
        self.distance = nn.Parameter(interpolation(n_in[1], n_out[1]).repeat(groups, 1, 1))

    def forward(self, x: Tensor) -> Tensor:
        """Shape (batch, channel, time, receiver) to (batch, channel, depth, distance)."""
        x = x.unflatten(1, (self.groups, -1))
        x = torch.einsum("gdt,bgctr->bgcdr", self.depth, x)
        x = torch.einsum("bgcdr,gxr->bgcdx", x, self.distance)
        return x.flatten(1, 2).contiguous(memory_format=torch.channels_last)


class Unet(nn.Module):
    """Residual U-Net on the section's half-resolution grid, attention at the bottom."""

    def __init__(self, config: MhUnetConfig) -> None:
        super().__init__()
        widths = config.widths
        self.down = nn.ModuleList(stack(width, config.blocks) for width in widths)
        self.up = nn.ModuleList(stack(width, config.blocks) for width in widths)
        steps = list(itertools.pairwise(widths))
        self.shrink = nn.ModuleList(nn.Conv2d(a, b, 3, 2, 1) for a, b in steps)
        self.grow = nn.ModuleList(nn.Conv2d(b, a, 1) for a, b in steps)
        self.attention = Attention(widths[-1], config.attention_heads)
        self.dropout = nn.Dropout2d(config.dropout)

    def forward(self, x: Tensor) -> Tensor:
        """Shape in equals shape out: (batch, width, depth / 2, distance / 2)."""
        skips = []
        for blocks, shrink in zip(self.down, self.shrink, strict=False):
            skips.append(blocks(x))
            x = shrink(skips[-1])
        x = self.dropout(self.attention(self.down[-1](x)))
        x = self.up[-1](x)
        for i in reversed(range(len(skips))):
            x = functional.interpolate(self.grow[i](x), skips[i].shape[-2:], mode="bilinear")
            x = self.up[i](x + skips[i])
        return x


class Residual(nn.Module):
    """Two normalised convolutions around a skip."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            norm(width),
            nn.SiLU(),
            nn.Conv2d(width, width, 3, padding=1),
            norm(width),
            nn.SiLU(),
            nn.Conv2d(width, width, 3, padding=1),
        )

    def forward(self, x: Tensor) -> Tensor:
        """Same shape out as in."""
        return cast(Tensor, x + self.body(x))


class Attention(nn.Module):
    """Self-attention over all cells, around a skip."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.norm = norm(width)
        self.qkv = nn.Conv2d(width, 3 * width, 1)
        self.out = nn.Conv2d(width, width, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Same shape out as in."""
        qkv = self.qkv(self.norm(x)).flatten(2).unflatten(1, (3, self.heads, -1))
        query, key, value = qkv.transpose(-1, -2).unbind(1)  # (batch, head, cell, channel)
        y = functional.scaled_dot_product_attention(query, key, value)
        y = y.transpose(-1, -2).flatten(1, 2).unflatten(-1, x.shape[-2:])
        return cast(Tensor, x + self.out(y))


class Head(nn.Module):
    """One convolution at full resolution and a linear read-out."""

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(nn.Conv2d(HEAD_WIDTH, HEAD_WIDTH, 3, padding=1), nn.SiLU())
        self.out = nn.Conv2d(HEAD_WIDTH, 1, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Shape (batch, head width, depth, distance) to (batch, depth, distance), float32."""
        y = self.body(x)
        # In bfloat16 a velocity would come out in steps of some 5 m/s.
        with torch.autocast(y.device.type, enabled=False):
            return cast(Tensor, self.out(y.float())).squeeze(1)


def norm(width: int) -> nn.GroupNorm:
    """Normalise groups of 8 channels: the same in training and in prediction, for any batch."""
    return nn.GroupNorm(width // 8, width)


def stack(width: int, blocks: int) -> nn.Sequential:
    """Residual blocks in a row."""
    return nn.Sequential(*(Residual(width) for _ in range(blocks)))


def interpolation(n_in: int, n_out: int) -> Tensor:
    """Matrix of linear interpolation between cell centres, shape (n_out, n_in)."""
    eye = torch.eye(n_in)[None]
    return functional.interpolate(eye, n_out, mode="linear", align_corners=False)[0].T.contiguous()
