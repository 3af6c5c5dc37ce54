"""First breaks as a choice among the samples of each trace, read to a fraction of a sample."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor, nn
from torch.nn.functional import log_softmax

from geoml.errors import OptionError
from geoml.tasks.gather_task import GatherBatch, ask, live_traces

WITHIN_MS = 10.0
"""A pick this near the truth is a good one [ms]."""


@dataclass(frozen=True)
class FirstBreaks:
    """When the first arrival comes on each trace.

    The network's map is read as a score of every sample. It learns to put the probability where a
    label lies, spread over about a sample; a pick is the centre of the probability around its
    peak.

    Attributes:
        label_width: Standard deviation of a label [sample], > 0.
        reach: Samples on either side of the peak that the centre is taken over, at least 1.
        least_confidence: Probability around the peak under which a trace gets no pick, 0 to 1.
    """

    label_width: float = 1.0
    reach: int = 3
    least_confidence: float = 0.0

    def __post_init__(self) -> None:
        if not self.label_width > 0 or self.reach < 1 or not 0 <= self.least_confidence <= 1:
            raise OptionError(
                f"First breaks need label_width {self.label_width:g} above 0, reach {self.reach} "
                f"of at least 1, and least_confidence {self.least_confidence:g} from 0 to 1."
            )

    def loss(self, network: nn.Module, batch: GatherBatch) -> dict[str, Tensor]:
        """Cross entropy of the samples' probability and the spread label, over known live traces.

        Returns:
            ``loss`` [nat], its least value that of the label itself taken off.
        """
        scores = ask(network, batch)
        truth = batch["first_break"]
        known = torch.isfinite(truth) & live_traces(batch)
        sample = torch.arange(scores.shape[2], device=scores.device)
        distance = (sample - torch.nan_to_num(truth)[..., None]) / self.label_width
        label = torch.softmax(-0.5 * distance.square(), dim=2)
        divergence = label * ((label + 1e-12).log() - log_softmax(scores.float(), dim=2))
        return {"loss": (divergence.sum(dim=2) * known).sum() / known.sum().clamp(min=1)}

    def answers(self, network: nn.Module, batch: GatherBatch) -> dict[str, NDArray[np.float32]]:
        """``first_break`` [s], NaN where unsure or dead, and ``confidence``, (batch, trace)."""
        place, confidence = self.read(ask(network, batch))
        live = live_traces(batch)
        sure = live & (confidence >= self.least_confidence)
        picked = torch.where(sure, place * batch["dt_s"], torch.nan)
        return {"first_break": picked.numpy(), "confidence": (confidence * live).numpy()}

    def read(self, scores: Tensor) -> tuple[Tensor, Tensor]:
        """Centre of the probability around its peak [sample], and how much of it lies there.

        Args:
            scores: Shape (batch, trace, time).

        Returns:
            Two of shape (batch, trace).
        """
        chance = torch.softmax(scores.float(), dim=2)
        peak = chance.argmax(dim=2, keepdim=True)
        sample = torch.arange(scores.shape[2], device=scores.device)
        near = chance * ((sample - peak).abs() <= self.reach)
        held = near.sum(dim=2)
        return (near * sample).sum(dim=2) / held, held

    def scores(self, answers: dict[str, NDArray[Any]], batch: GatherBatch) -> dict[str, float]:
        """``pick_scores`` of the picks on live traces with a label."""
        truth = (batch["first_break"] * batch["dt_s"]).numpy()
        live = live_traces(batch).numpy()
        return pick_scores(answers["first_break"], np.where(live, truth, np.nan))


def pick_scores(picked_s: ArrayLike, true_s: ArrayLike) -> dict[str, float]:
    """How far picks are off, and how many traces have a good one.

    Args:
        picked_s: Picks [s], NaN where there is none.
        true_s: True times [s], NaN where they are unknown; same shape.

    Returns:
        ``median_ms``, ``p90_ms`` and ``mean_ms``: absolute errors of the picks [ms], NaN without
        any; ``bias_ms``: their median signed error [ms]; ``picked``: share of traces with a pick;
        ``within``: share of traces with one at most 10 ms off.
    """
    truth, picks = np.asarray(true_s, dtype=float), np.asarray(picked_s, dtype=float)
    known = np.isfinite(truth)
    signed = 1000 * (picks - truth)[known]
    off = np.abs(signed[np.isfinite(signed)])
    if not off.size:
        nothing = dict.fromkeys(("median_ms", "p90_ms", "mean_ms", "bias_ms"), float("nan"))
        return {**nothing, "picked": 0.0, "within": 0.0}
    return {
        "median_ms": float(np.median(off)),
        "p90_ms": float(np.quantile(off, 0.9)),
        "mean_ms": float(off.mean()),
        "bias_ms": float(np.nanmedian(signed)),
        "picked": off.size / signed.size,
        "within": float((off <= WITHIN_MS).sum() / signed.size),
    }
