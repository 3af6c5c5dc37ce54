"""The signal of gathers under noise, as a task to which a pre-trained network is tuned."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor, nn

from geoml.tasks.gather_task import GatherBatch, ask, live_traces


@dataclass(frozen=True)
class GatherSignal:
    """Predict what a gather would be without its noise; it needs gathers whose signal is known."""

    def loss(self, network: nn.Module, batch: GatherBatch) -> dict[str, Tensor]:
        """Mean square error in units of each noisy trace's RMS, over live traces."""
        live = live_traces(batch)
        wrong = (ask(network, batch) - batch["clean"]).square().mean(dim=2)
        return {"loss": (wrong * live).sum() / live.sum().clamp(min=1)}

    def answers(self, network: nn.Module, batch: GatherBatch) -> dict[str, NDArray[np.float32]]:
        """``signal`` at the amplitude of the record, dead traces filled, (batch, trace, time)."""
        return {"signal": (ask(network, batch) * batch["scale"][..., None]).numpy()}

    def scores(self, answers: dict[str, NDArray[Any]], batch: GatherBatch) -> dict[str, float]:
        """Signal to noise before and after, and the gain between, over live traces [dB]."""
        live = live_traces(batch).numpy()
        scale = batch["scale"].numpy()[..., None]
        clean = batch["clean"].numpy()[live]
        before = decibels(clean, batch["samples"].numpy()[live])
        after = decibels(clean, (answers["signal"] / scale)[live])
        return {"input_db": before, "output_db": after, "gain_db": after - before}


def decibels(clean: NDArray[np.floating], other: NDArray[np.floating]) -> float:
    """Energy of the signal over that of what is added to it, each trace at equal weight [dB]."""
    signal = np.square(clean, dtype=np.float64).sum(axis=-1)
    noise = np.square(other - clean, dtype=np.float64).sum(axis=-1)
    share = noise[signal > 0] / signal[signal > 0]
    return float(-10 * np.log10(np.exp(np.mean(np.log(np.maximum(share, 1e-12))))))
