"""What every task offers to training and to prediction."""

from __future__ import annotations

from typing import Protocol

from torch import Tensor

from geoml.samples.scaling import Scaling

Batch = dict[str, Tensor]
"""``shots`` (batch, shot, time, receiver), ``velocity`` and ``edges`` (batch, depth, distance)."""

Output = dict[str, Tensor]
"""Head name -> (batch, depth, distance)."""


class Task(Protocol):
    """What goes in, what comes out and how it is judged; any network with the heads serves it."""

    @property
    def heads(self) -> tuple[str, ...]:
        """Names of the maps that a network must predict.

        Training calibrates what it finds among them: the spread of ``log_variance``, the threshold
        of ``edges``.
        """

    @property
    def kept_by(self) -> str:
        """Part of the loss whose smallest value on the validation pairs says which epoch is kept.

        Not the sum of all: a small head that begins to learn its pairs by heart would choose the
        epoch for the velocity.
        """

    def targets(self, batch: Batch) -> Batch:
        """The part of a batch that the heads are compared with."""

    def loss(self, output: Output, batch: Batch) -> dict[str, Tensor]:
        """Scalars; ``loss`` is minimised, the others are its parts before weighting."""

    def metrics(self, output: Output, batch: Batch, scaling: Scaling) -> dict[str, float]:
        """Scores in physical units over all samples of the batch."""
