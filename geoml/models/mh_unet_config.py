"""Settings of the multi-head U-Net; from them alone it is built, and built again."""

from __future__ import annotations

from dataclasses import dataclass

from geoml.errors import OptionError
from geoml.models.section_shape import SectionShape

HEADS = ("velocity", "edges", "log_variance")


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
    receiver_order: tuple[tuple[int, ...], ...] | None = None

    def __post_init__(self) -> None:
        for head in self.heads:
            if head not in HEADS:
                raise OptionError(f"mh_unet has no head '{head}'. Heads: {', '.join(HEADS)}.")
        if not self.heads or not self.stem_widths or not self.widths or self.blocks < 1:
            raise OptionError("mh_unet needs at least one head, stem width, width and block.")
        for width in (*self.stem_widths, *self.widths):
            if width % 8:
                raise OptionError(f"mh_unet width {width} is not a multiple of 8.")
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
        if not 0 <= self.dropout < 1:
            raise OptionError(f"dropout is {self.dropout}; it must be at least 0 and under 1.")

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
    def time_widths(self) -> tuple[int, ...]:
        """Channels after each halving, as many as bring the time axis near the latent depth."""
        n_samples, widths = self.shape.n_samples, list[int]()
        while not widths or n_samples > 1.5 * self.latent[0]:
            widths.append(self.stem_widths[min(len(widths), len(self.stem_widths) - 1)])
            n_samples = -(-n_samples // 2)
        # Fewer halvings than widths: drop the narrow ones, so that the section sees all channels.
        return (
            self.stem_widths[-len(widths) :]
            if len(widths) < len(self.stem_widths)
            else (tuple(widths))
        )
