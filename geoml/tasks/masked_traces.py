"""Masked traces: a network learns what gathers look like by filling traces that are hidden."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.functional import max_pool1d

from geoml.errors import OptionError
from geoml.tasks.gather_task import GatherBatch, ask, live_traces


@dataclass(frozen=True)
class MaskedTraces:
    """Fill traces that are hidden, in runs of neighbours, from those that are not.

    It needs no labels: what was recorded is the answer. A hidden trace looks like a dead one, so
    that a network also learns to do without dead traces.

    Attributes:
        hidden_share: Share of the traces that is hidden, about, between 0 and 1.
        run: Traces side by side that are hidden together, odd; a single one is filled by the mean
            of its neighbours and teaches little.
        seen_weight: Weight of the traces that were not hidden [1], >= 0.

    References:
        Harsuko & Alkhalifah (2022), StorSeismic, IEEE Transactions on Geoscience and Remote
        Sensing 60.
    """

    hidden_share: float = 0.3
    run: int = 3
    seen_weight: float = 0.1

    def __post_init__(self) -> None:
        if not 0 < self.hidden_share < 1:
            raise OptionError(f"'hidden_share' is {self.hidden_share:g}; it lies between 0 and 1.")
        if self.run < 1 or self.run % 2 == 0:
            raise OptionError(f"'run' is {self.run}; it must be odd and at least 1.")
        if not self.seen_weight >= 0:
            raise OptionError(f"'seen_weight' is {self.seen_weight:g}; it must be at least 0.")

    def loss(self, network: nn.Module, batch: GatherBatch) -> dict[str, Tensor]:
        """Mean square of what is wrong, in units of each trace's own RMS.

        Returns:
            ``hidden``, 1 for a network that says nothing of hidden traces, ``seen`` and ``loss``.
        """
        live = live_traces(batch)  # (batch, trace)
        hidden = self.hide(live)
        filled = ask(network, batch, batch["samples"] * ~hidden[..., None])
        wrong = (filled - batch["samples"]).square().mean(dim=2)
        missed, kept = _mean(wrong, hidden), _mean(wrong, live & ~hidden)
        return {"loss": missed + self.seen_weight * kept, "hidden": missed, "seen": kept}

    def hide(self, live: Tensor) -> Tensor:
        """Live traces that are hidden, drawn from torch's random numbers, shape (batch, trace)."""
        share = 1 - (1 - self.hidden_share) ** (1 / self.run)
        middle = (torch.rand(live.shape, device=live.device) < share).float()
        return (max_pool1d(middle, self.run, 1, self.run // 2) > 0) & live

    def answers(self, network: nn.Module, batch: GatherBatch) -> dict[str, NDArray[np.float32]]:
        """Gathers with every second trace hidden and filled, at the amplitude of the record."""
        hidden = torch.arange(batch["samples"].shape[1]) % 2 == 1
        filled = ask(network, batch, batch["samples"] * ~hidden[:, None])
        return {"filled": (filled * batch["scale"][..., None]).numpy()}

    def scores(self, answers: dict[str, NDArray[Any]], batch: GatherBatch) -> dict[str, float]:
        """Share of the energy of every second trace that is explained, and by its neighbours."""
        scale = batch["scale"].numpy()[..., None]
        truth = batch["samples"].numpy()
        mean = (truth[:, :-2:2] + truth[:, 2::2]) / 2
        inner = slice(1, 2 * mean.shape[1], 2)
        total = np.square(truth[:, inner]).sum()
        return {
            "explained": float(
                1 - np.square(answers["filled"] / scale - truth)[:, inner].sum() / total
            ),
            "explained_by_mean_of_neighbours": float(
                1 - np.square(mean - truth[:, inner]).sum() / total
            ),
        }


def _mean(values: Tensor, chosen: Tensor) -> Tensor:
    """Mean where chosen, 0 where nothing is."""
    return (values * chosen).sum() / chosen.sum().clamp(min=1)
