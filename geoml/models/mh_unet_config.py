"""Settings of the multi-head U-Net; from them alone it is built, and built again."""

from __future__ import annotations

from dataclasses import dataclass

from geoml.errors import OptionError
from geoml.models.readout import HEADS, check_heads, check_share
from geoml.models.section_shape import SectionShape


@dataclass(frozen=True)
class MhUnetConfig:
    """Everything that fixes the network's weights.

    Attributes:
        shape: Sizes of the gathers and the section.
        heads: Which of ``velocity``, ``edges``, ``log_variance`` are predicted.
        stem_widths: Channels after each halving of the time axis; the last one repeats where the
            records need more halvings to come down to the section's depth.
        widths: Channels of the U-Net's levels, from half resolution down.
        blocks: Residual blocks a level, on the way down and on the way up.
        map_groups: Groups of channels that have their own (time, receiver) -> section matrices.
        attention_heads: Heads of the attention at the bottom.
        dropout: Share of bottom channels dropped in training.
        compression: Amplitudes are read as asinh(compression * amplitude), so that late
            reflections weigh beside the direct wave; 0 reads them as they are.
        time_reduction: Samples that become one, behind a low-pass filter.
        first_stride: Steps in time and over receivers of the first convolution; later ones halve
            the time alone. None takes as long ones as leave samples and receivers no fewer than
            rows and columns at half resolution.
        norm_channels: Channels that are normalised together, 8 or 16; 16 is quicker on processors
            with vectors of 16, where the width allows it.
        separate_decoders: True where each head but the spread's has its own way up and read-out,
            False where they share all but the read-out.
        receiver_order: A second view of the gathers, of further channels: which receiver each
            column of each shot shows, -1 for none, shape (shot, receiver). Ordered by midpoint, a
            reflection lies in one column in all shots.
    """

    shape: SectionShape
    heads: tuple[str, ...] = HEADS
    stem_widths: tuple[int, ...] = (32, 64, 96)
    widths: tuple[int, ...] = (64, 96, 160)
    blocks: int = 1
    map_groups: int = 8
    attention_heads: int = 4
    dropout: float = 0.0
    compression: float = 0.0
    time_reduction: int = 1
    first_stride: tuple[int, int] | None = (2, 1)
    norm_channels: int = 8
    separate_decoders: bool = False
    receiver_order: tuple[tuple[int, ...], ...] | None = None

    def __post_init__(self) -> None:
        check_heads("mh_unet", self.heads)
        if not self.stem_widths or not self.widths or self.blocks < 1:
            raise OptionError("mh_unet needs at least one stem width, width and block.")
        for width in (*self.stem_widths, *self.widths):
            if width < 1 or width % 8:
                raise OptionError(f"mh_unet width {width} is not a multiple of 8 above 0.")
        if self.stem_widths[-1] % self.map_groups:
            raise OptionError(
                f"map_groups {self.map_groups} does not divide the last stem width "
                f"{self.stem_widths[-1]}."
            )
        if self.widths[-1] % self.attention_heads:
            raise OptionError(
                f"attention_heads {self.attention_heads} does not divide the last width "
                f"{self.widths[-1]}."
            )
        self._check_receiver_order()
        check_share("dropout", self.dropout)
        if not self.compression >= 0:
            raise OptionError(f"compression is {self.compression}; it must be at least 0.")
        if self.time_reduction < 1 or self.strides[0] < 2 or self.strides[1] < 1:
            raise OptionError(
                f"time_reduction is {self.time_reduction} and first_stride {self.first_stride}; "
                "needed at least 1 and at least (2, 1)."
            )
        if self.norm_channels not in (8, 16):
            raise OptionError(f"norm_channels is {self.norm_channels}; choose 8 or 16.")

    def _check_receiver_order(self) -> None:
        if self.receiver_order is None:
            return
        sizes = {len(row) for row in self.receiver_order}
        if len(self.receiver_order) != self.shape.n_shots or sizes != {self.shape.n_receivers}:
            raise OptionError(
                f"receiver_order has {len(self.receiver_order)} rows of {sorted(sizes)} entries; "
                f"needed {self.shape.n_shots} shots of {self.shape.n_receivers} receivers."
            )
        entries = {entry for row in self.receiver_order for entry in row}
        if min(entries) < -1 or max(entries) >= self.shape.n_receivers:
            raise OptionError(
                f"receiver_order runs from {min(entries)} to {max(entries)}; receivers are "
                f"counted from 0 to {self.shape.n_receivers - 1}, -1 stands for none."
            )

    @property
    def latent(self) -> tuple[int, int]:
        """Rows and columns of the section at half resolution."""
        return -(-self.shape.n_depth // 2), -(-self.shape.n_distance // 2)

    @property
    def n_reduced(self) -> int:
        """Samples a trace after ``time_reduction``."""
        return -(-self.shape.n_samples // self.time_reduction)

    @property
    def strides(self) -> tuple[int, int]:
        """Steps in time and over receivers of the first convolution."""
        if self.first_stride is not None:
            return self.first_stride
        rows, columns = self.latent
        return (
            4 if self.n_reduced >= 4 * rows else 2,
            2 if self.shape.n_receivers >= 2 * columns else 1,
        )

    @property
    def time_widths(self) -> tuple[int, ...]:
        """Channels after each step in time, as many as bring its axis near the latent depth."""
        n_samples, widths, stride = self.n_reduced, list[int](), self.strides[0]
        while not widths or n_samples > 1.5 * self.latent[0]:
            widths.append(self.stem_widths[min(len(widths), len(self.stem_widths) - 1)])
            n_samples, stride = -(-n_samples // stride), 2
        # Fewer steps than widths: drop the narrow ones, so that the section sees all channels.
        return tuple(
            self.stem_widths[-len(widths) :] if len(widths) < len(self.stem_widths) else widths
        )
