"""Multi-head U-Net: one window of shot gathers in, velocity, edges and spread of its section out.

Reads ``shots`` (batch, shot, time, receiver), scaled; predicts one (batch, depth, distance) map a
head: ``velocity`` (linear, scaled), ``edges`` (logit) and ``log_variance`` (log of the variance of
a Laplace distribution around the velocity). Records are decimated to what their band needs and
compressed, so that late reflections weigh beside the direct wave; convolutions that stride mostly
in time shorten them while their channels grow; two small learned matrices, which start as linear
interpolation, carry (time, receiver) onto (depth, distance); a residual U-Net with attention at its
bottom works there at half the section's resolution.

References:
    Wu and Lin (2020), InversionNet, IEEE Trans. Computational Imaging 6, 419-433.
    Ronneberger et al. (2015), U-Net, MICCAI.
    Shi et al. (2016), Sub-pixel convolution, CVPR.
"""

from __future__ import annotations

import itertools
from typing import cast

import torch
from scipy.signal import firwin
from torch import Tensor, nn
from torch.nn import functional

from geoml.models.compression import compressed
from geoml.models.mh_unet_config import MhUnetConfig
from geoml.models.readout import check_gathers

HEAD_WIDTH = 24  # channels at full resolution, where every channel costs most
BAND = 16  # samples after the decimation that are computed together


class MhUnet(nn.Module):
    """The network; see the module's docstring."""

    order: Tensor
    shown: Tensor

    def __init__(self, config: MhUnetConfig) -> None:
        super().__init__()
        self.config = config
        shape, widths = config.shape, config.widths
        channels, n_time, n_receivers = shape.n_shots, config.n_reduced, shape.n_receivers
        self.enter_band = Decimate(config.time_reduction)
        if config.receiver_order is not None:
            channels *= 2
            order = torch.tensor(config.receiver_order)
            self.register_buffer("order", order.clamp(min=0)[:, None], persistent=False)
            self.register_buffer("shown", (order >= 0).float()[:, None], persistent=False)
        stem: list[nn.Module] = []
        for i, width in enumerate(config.time_widths):
            stride = config.strides if i == 0 else (2, 1)
            kernel = (2 * stride[0] + (3 if i == 0 else 1), 2 * stride[1] + 1)
            padding = (kernel[0] // 2, kernel[1] // 2)
            stem += [nn.Conv2d(channels, width, kernel, stride, padding)]
            stem += [norm(width, config.norm_channels), nn.SiLU()]
            channels, n_time = width, -(-n_time // stride[0])
            n_receivers = -(-n_receivers // stride[1])
        self.stem = nn.Sequential(*stem)
        self.to_section = ToSection(
            (n_time, n_receivers), config.latent, channels, config.map_groups
        )
        self.enter = nn.Conv2d(channels, widths[0], 1)
        # Where a cell lies in the window matters: depth sets the trend, distance the illumination.
        self.position = nn.Parameter(0.02 * torch.randn(1, widths[0], *config.latent))
        self.down = Down(config)
        drawn = [head for head in config.heads if head != "log_variance"]
        separate = config.separate_decoders and len(drawn) > 1
        self.ways_up = nn.ModuleDict(
            {name: Up(config) for name in (drawn if separate else ["all"])}
        )
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
        return self.read(shots)[0]

    def read(self, shots: Tensor) -> tuple[dict[str, Tensor], Tensor]:
        """The maps of ``forward``, and what the first head reads, (batch, width, depth, distance).

        Args:
            shots: Scaled gathers, shape (batch, shot, time, receiver).
        """
        check_gathers(self.config.shape, shots)
        x, skips = self._bottom(shots)
        ways = {name: way(x, skips) for name, way in self.ways_up.items()}
        # The spread describes the velocity that came out; it must not bend the features.
        maps = {name: head(self._features(name, ways)) for name, head in self.heads.items()}
        return maps, next(iter(ways.values()))

    def encode(self, shots: Tensor) -> Tensor:
        """Features at the bottom, averaged over its cells, shape (batch, last width)."""
        return self._bottom(shots)[0].float().mean(dim=(2, 3))

    def _bottom(self, shots: Tensor) -> tuple[Tensor, list[Tensor]]:
        """The bottom of the U-Net and what its way down leaves for the way up."""
        x = self.enter_band(shots)  # (batch, shot, reduced time, receiver)
        x = compressed(x, self.config.compression)
        if self.config.receiver_order is not None:
            order = self.order[None].expand(len(x), -1, x.shape[2], -1)
            x = torch.cat([x, x.gather(3, order) * self.shown], dim=1)  # twice the channels
        x = self.stem(x.contiguous(memory_format=torch.channels_last))
        x = self.to_section(x)  # (batch, stem width, depth / 2, distance / 2)
        x = self.enter(x)
        # Half precision stays half precision: a sum with float32 would double the cost of a level.
        x = x + self.position.to(x.dtype)  # (batch, width, depth / 2, distance / 2)
        bottom: tuple[Tensor, list[Tensor]] = self.down(x)
        return bottom

    def _features(self, head: str, ways: dict[str, Tensor]) -> Tensor:
        """What a head reads: its own way up, or the common one."""
        if head == "log_variance" and len(self.heads) > 1:
            return ways.get("velocity", next(iter(ways.values()))).detach()
        return ways.get(head, next(iter(ways.values())))


class Decimate(nn.Module):
    """Low-pass the time axis and keep every n-th sample."""

    band: Tensor

    def __init__(self, factor: int) -> None:
        super().__init__()
        self.factor = factor
        if factor > 1:
            # 0.8 of the new Nyquist frequency passes; eight new samples of filter suffice for that.
            taps = firwin(8 * factor + 1, 0.9 / factor, window=("kaiser", 5.0))
            band = torch.zeros(BAND, (BAND - 1) * factor + taps.size)
            for i, row in enumerate(band):
                row[i * factor : i * factor + taps.size] = torch.tensor(taps)
            self.register_buffer("band", band, persistent=False)

    def forward(self, shots: Tensor) -> Tensor:
        """Shape (batch, shot, time, receiver) to (batch, shot, time / factor, receiver)."""
        if self.factor == 1:
            return shots
        n_time, reach = shots.shape[2], 4 * self.factor
        with torch.autocast(shots.device.type, enabled=False):
            x = shots.float().flatten(0, 1)  # (batch * shot, time, receiver)
            # A band of the filter's matrix at a time: a convolution of one channel is five times
            # slower on a processor, and the whole matrix is nearly all zeros.
            parts = []
            for first in range(-reach, n_time - reach, BAND * self.factor):
                rows = -(-(n_time - reach - first) // self.factor)
                seen = slice(max(first, 0), min(first + self.band.shape[1], n_time))
                matrix = self.band[:rows, seen.start - first : seen.stop - first]
                parts.append(torch.bmm(matrix.expand(len(x), -1, -1), x[:, seen]))
            return torch.cat(parts, dim=1).unflatten(0, shots.shape[:2])


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


class Down(nn.Module):
    """The way down of the residual U-Net, from half resolution, attention at the bottom."""

    def __init__(self, config: MhUnetConfig) -> None:
        super().__init__()
        widths = config.widths
        self.stacks = nn.ModuleList(stack(width, config) for width in widths)
        self.shrink = nn.ModuleList(nn.Conv2d(a, b, 3, 2, 1) for a, b in itertools.pairwise(widths))
        self.attention = Attention(widths[-1], config)
        self.dropout = nn.Dropout2d(config.dropout)

    def forward(self, x: Tensor) -> tuple[Tensor, list[Tensor]]:
        """The bottom (batch, last width, ...) and the features of the levels above it."""
        skips = []
        for blocks, shrink in zip(self.stacks, self.shrink, strict=False):
            skips.append(blocks(x))
            x = shrink(skips[-1])
        return self.dropout(self.attention(self.stacks[-1](x))), skips


class Up(nn.Module):
    """The way up to full resolution."""

    def __init__(self, config: MhUnetConfig) -> None:
        super().__init__()
        widths, self.shape = config.widths, config.shape
        self.stacks = nn.ModuleList(stack(width, config) for width in widths)
        self.grow = nn.ModuleList(nn.Conv2d(b, a, 1) for a, b in itertools.pairwise(widths))
        self.expand = nn.Conv2d(widths[0], 4 * HEAD_WIDTH, 3, padding=1)
        with torch.no_grad():
            # The four cells of a block start alike, or the sections keep a checkerboard.
            for values in (self.expand.weight, self.expand.bias):
                assert values is not None
                values.copy_(values[::4].repeat_interleave(4, dim=0))
        # Normalised before the spread head detaches it: torch 2.13 dies in the backward pass of a
        # channels-last GroupNorm whose input needs no gradient.
        self.finish = nn.Sequential(norm(HEAD_WIDTH, 8), nn.SiLU())

    def forward(self, x: Tensor, skips: list[Tensor]) -> Tensor:
        """From the bottom and the levels above it to (batch, head width, depth, distance)."""
        x = self.stacks[-1](x)
        for i in reversed(range(len(skips))):
            x = functional.interpolate(self.grow[i](x), skips[i].shape[-2:], mode="bilinear")
            x = self.stacks[i](x.to(skips[i].dtype) + skips[i])
        x = functional.pixel_shuffle(self.expand(x), 2)
        x = x[..., : self.shape.n_depth, : self.shape.n_distance]
        return cast(Tensor, self.finish(x.contiguous(memory_format=torch.channels_last)))


class Residual(nn.Module):
    """Two normalised convolutions around a skip."""

    def __init__(self, width: int, norm_channels: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            norm(width, norm_channels),
            nn.SiLU(),
            nn.Conv2d(width, width, 3, padding=1),
            norm(width, norm_channels),
            nn.SiLU(),
            nn.Conv2d(width, width, 3, padding=1),
        )

    def forward(self, x: Tensor) -> Tensor:
        """Same shape out as in."""
        return cast(Tensor, x + self.body(x))


class Attention(nn.Module):
    """Self-attention over all cells, around a skip."""

    def __init__(self, width: int, config: MhUnetConfig) -> None:
        super().__init__()
        self.heads = config.attention_heads
        self.norm = norm(width, config.norm_channels)
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


def norm(width: int, channels: int) -> nn.GroupNorm:
    """Normalise groups of channels: the same in training and in prediction, for any batch."""
    return nn.GroupNorm(width // (channels if width % channels == 0 else 8), width)


def stack(width: int, config: MhUnetConfig) -> nn.Sequential:
    """Residual blocks in a row."""
    return nn.Sequential(*(Residual(width, config.norm_channels) for _ in range(config.blocks)))


def interpolation(n_in: int, n_out: int) -> Tensor:
    """Matrix of linear interpolation between cell centres, shape (n_out, n_in)."""
    eye = torch.eye(n_in)[None]
    return functional.interpolate(eye, n_out, mode="linear", align_corners=False)[0].T.contiguous()
