"""Windows of consecutive rows for networks; short wells are padded, and the padding is marked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from geoml.errors import OptionError

Rows = NDArray[np.float32]
LogBatch = dict[str, Tensor]
"""``values`` and ``present`` (batch, depth, channel), ``real`` (batch, depth) 1 where a row is no
padding, ``targets`` (batch, depth, target) NaN where unknown."""


@dataclass(frozen=True)
class LogAugmentation:
    """What training does to a window so that a model lives with other wells' logs.

    Attributes:
        drop_channel: Chance that a channel is masked in a window, 0 to under 1: the model learns
            to do without any curve.
        gain: Standard deviation of a channel's random factor about 1, one for a window.
        shift: Standard deviation of a channel's random offset [scaled], one for a window: tools
            are not calibrated alike.
        noise: Standard deviation of noise on every value [scaled].
    """

    drop_channel: float = 0.1
    gain: float = 0.0
    shift: float = 0.0
    noise: float = 0.03

    def __post_init__(self) -> None:
        if not 0 <= self.drop_channel < 1 or min(self.gain, self.shift, self.noise) < 0:
            raise OptionError(
                f"drop_channel is {self.drop_channel:g}, gain {self.gain:g}, shift {self.shift:g}, "
                f"noise {self.noise:g}; the first must be at least 0 and under 1, the others at "
                "least 0."
            )

    def __call__(self, batch: LogBatch, generator: torch.Generator) -> LogBatch:
        """The batch with changed ``values`` and ``present``."""
        values, present = batch["values"], batch["present"]
        one_a_window = (values.shape[0], 1, values.shape[2])

        def normal(shape: Sequence[int]) -> Tensor:
            return torch.randn(tuple(shape), generator=generator)

        if self.gain:
            values = values * (1 + self.gain * normal(one_a_window))
        if self.shift:
            values = values + self.shift * normal(one_a_window)
        if self.noise:
            values = values + self.noise * normal(values.shape)
        if self.drop_channel:
            kept = torch.rand(one_a_window, generator=generator) >= self.drop_channel
            # A window without any channel teaches nothing but the mean.
            kept = kept | ~kept.any(dim=2, keepdim=True)
            present = present * kept
        return {**batch, "values": values * present, "present": present}


class LogWindows:
    """Windows at random places of the training rows, drawn batch by batch."""

    def __init__(
        self,
        parts: Sequence[tuple[Rows, Rows, Rows]],
        length: int,
        batch_size: int,
        generator: torch.Generator,
    ) -> None:
        """Windows of those parts.

        Args:
            parts: Unbroken runs of rows: values, present, targets, each (row, column).
            length: Rows of a window.
            batch_size: Windows a batch.
            generator: Draws the places.

        Raises:
            OptionError: If no row of any part has a target.
        """
        known = [np.isfinite(targets).any(axis=1) for _, _, targets in parts]
        chosen = [i for i, rows in enumerate(known) if rows.any()]
        if not chosen:
            raise OptionError("No training row has a target.")
        self._parts = [tuple(map(torch.from_numpy, parts[i])) for i in chosen]
        # A window is centred on a row with a target, each such row equally often.
        self._centres = np.concatenate(
            [
                np.stack([np.full(int(known[i].sum()), n), np.flatnonzero(known[i])], axis=1)
                for n, i in enumerate(chosen)
            ]
        )
        self._length, self._batch_size, self._generator = length, batch_size, generator

    def __len__(self) -> int:
        """Batches that show each row about once."""
        return max(len(self._centres) // (self._length * self._batch_size), 1)

    def batch(self) -> LogBatch:
        """The next batch."""
        size = (self._batch_size,)
        picks = torch.randint(len(self._centres), size, generator=self._generator).tolist()
        offsets = torch.randint(self._length, size, generator=self._generator).tolist()
        windows = []
        for pick, offset in zip(picks, offsets, strict=True):
            part, row = self._centres[pick]
            arrays = self._parts[part]
            start = min(max(int(row) - offset, 0), max(len(arrays[0]) - self._length, 0))
            windows.append([_padded(a[start : start + self._length], self._length) for a in arrays])
        values, present, targets = (torch.stack(column) for column in zip(*windows, strict=True))
        lengths = [min(len(self._parts[self._centres[pick][0]][0]), self._length) for pick in picks]
        real = (torch.arange(self._length) < torch.tensor(lengths)[:, None]).float()
        # Padding is no answer to learn.
        targets = torch.where(real[..., None] > 0, targets, torch.nan)
        return {"values": values, "present": present, "real": real, "targets": targets}


def window_starts(n_rows: int, length: int) -> list[int]:
    """First rows of windows that half overlap and cover all rows."""
    last = max(n_rows - length, 0)
    starts = list(range(0, last, max(length // 2, 1)))
    return [*starts, last]


def window_batches(
    values: Rows, present: Rows, length: int, batch_size: int = 64
) -> Iterator[tuple[list[int], LogBatch]]:
    """Batches of overlapping windows of one well, with their first rows."""
    arrays = torch.from_numpy(values), torch.from_numpy(present)
    starts = window_starts(len(values), length)
    n_real = min(len(values), length)
    for first in range(0, len(starts), batch_size):
        some = starts[first : first + batch_size]
        stacked = [torch.stack([_padded(a[s : s + length], length) for s in some]) for a in arrays]
        real = (torch.arange(length) < n_real).float().expand(len(some), length)
        yield some, {"values": stacked[0], "present": stacked[1], "real": real}


def blend_windows(
    answers: Sequence[NDArray[np.float32]], starts: Sequence[int], n_rows: int
) -> NDArray[np.float64]:
    """Overlapping windows' answers averaged, each trusted most in its middle.

    Args:
        answers: Shape (depth, channel), one a window.
        starts: Their first rows.
        n_rows: Rows of the well.

    Returns:
        Shape (row, channel).
    """
    length, n_channels = answers[0].shape
    trust = np.minimum(np.arange(length) + 1, np.arange(length)[::-1] + 1).astype(np.float64)
    total, weight = np.zeros((n_rows, n_channels)), np.zeros((n_rows, 1))
    for answer, start in zip(answers, starts, strict=True):
        n_kept = min(length, n_rows - start)
        total[start : start + n_kept] += answer[:n_kept] * trust[:n_kept, None]
        weight[start : start + n_kept] += trust[:n_kept, None]
    return np.asarray(total / weight)


def _padded(window: Tensor, length: int) -> Tensor:
    missing = length - len(window)
    return torch.nn.functional.pad(window, (0, 0, 0, missing)) if missing else window
