"""Stack velocity under a gather, as a curve over two-way time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from geoml.errors import OptionError
from geoml.tasks.gather_task import GatherBatch, ask, live_traces


@dataclass(frozen=True)
class StackVelocities:
    """Predict the RMS velocity at every two-way time under a gather, in m/s.

    The mean over live traces of the network's map, put on a scale that is stated here and nowhere
    fitted, is the velocity.

    Attributes:
        centre_m_s: Velocity at a map of 0 [m/s], > 0.
        scale_m_s: Velocity that a map of 1 adds [m/s], > 0.
    """

    centre_m_s: float = 2200.0
    scale_m_s: float = 500.0

    def __post_init__(self) -> None:
        if not min(self.centre_m_s, self.scale_m_s) > 0:
            raise OptionError("'centre_m_s' and 'scale_m_s' must be above 0 m/s.")

    def loss(self, network: nn.Module, batch: GatherBatch) -> dict[str, Tensor]:
        """Mean absolute error in units of ``scale_m_s``, where the velocity is known."""
        known = torch.isfinite(batch["stack"])
        wrong = (self._velocity(network, batch) - torch.nan_to_num(batch["stack"])).abs()
        return {"loss": (wrong * known).sum() / known.sum().clamp(min=1) / self.scale_m_s}

    def answers(self, network: nn.Module, batch: GatherBatch) -> dict[str, NDArray[np.float32]]:
        """``stack_velocity`` [m/s], shape (batch, time)."""
        return {"stack_velocity": self._velocity(network, batch).numpy()}

    def scores(self, answers: dict[str, NDArray[Any]], batch: GatherBatch) -> dict[str, float]:
        """Mean absolute error [m/s], and that of the mean curve of these very gathers."""
        truth = batch["stack"].numpy()
        known = np.isfinite(truth)
        mean = np.nansum(truth, axis=0) / np.maximum(known.sum(axis=0), 1)
        return {
            "mae_m_s": float(np.nanmean(np.abs(answers["stack_velocity"] - truth))),
            "mean_curve_mae_m_s": float(np.nanmean(np.abs(mean - truth))),
        }

    def _velocity(self, network: nn.Module, batch: GatherBatch) -> Tensor:
        live = live_traces(batch)[..., None]
        mean = (ask(network, batch).float() * live).sum(dim=1) / live.sum(dim=1).clamp(min=1)
        return self.centre_m_s + self.scale_m_s * mean
