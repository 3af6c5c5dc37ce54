"""Masked-log pre-training: a network learns what logs look like before it learns a target."""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor, nn

from geoml.models.logs import LogNetwork
from geoml.objectives.log_loss import masked_huber
from geoml.samples.log_sequences import LogBatch

HIDDEN_SHARE = 0.3
"""Share of the spans that are hidden."""
SPAN_ROWS = 12
"""Rows of a span: shorter ones are filled by their neighbours, and teach nothing of the rock."""


class LogReconstruction(nn.Module):
    """A network with a head that fills hidden spans of its own inputs.

    References:
        Devlin et al. (2019), BERT: pre-training of deep bidirectional transformers, NAACL.
    """

    def __init__(self, network: LogNetwork) -> None:
        super().__init__()
        self.network = network
        body = getattr(network, "encoder", network)
        self.body: LogNetwork = body
        first = cast(nn.Linear, next(iter(network.heads.values())))
        self.head = nn.Linear(first.in_features, network.config.n_inputs)

    def loss(self, batch: LogBatch, generator: torch.Generator) -> Tensor:
        """Distance of the filled spans from the truth, scalar."""
        values, present, real = batch["values"], batch["present"], batch["real"]
        shown = present * ~hidden_spans(present, generator)
        rows = torch.cat([values * shown, shown], dim=2) * real[..., None]
        filled = self.head(self.body.encode(rows, real))  # (batch, depth, channel)
        asked = (present > shown) & (real[..., None] > 0)
        truth = torch.where(asked, values, torch.full_like(values, torch.nan))
        return masked_huber(filled, truth)


def hidden_spans(present: Tensor, generator: torch.Generator) -> Tensor:
    """True in spans that are to be hidden, drawn channel by channel, shape of ``present``."""
    n_batch, n_rows, n_channels = present.shape
    n_spans = -(-n_rows // SPAN_ROWS)
    drawn = torch.rand((n_batch, n_spans, n_channels), generator=generator) < HIDDEN_SHARE
    return drawn.repeat_interleave(SPAN_ROWS, dim=1)[:, :n_rows]
