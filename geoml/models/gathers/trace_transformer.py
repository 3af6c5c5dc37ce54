"""Transformer whose tokens are traces: the shape of StorSeismic, with offsets and sampling told.

Reads patches whose traces have RMS 1. Each trace, all of its samples at once, becomes a token that
also tells its place, its signed offset and the sample interval; attention lets every trace see all
others. Behind it each token draws channels along its own trace, which short convolutions join with
the trace's samples. So hidden traces are filled from the others, and what a trace shows by itself
is placed to a sample. The time axis has one length; the number of traces is free.

References:
    Harsuko & Alkhalifah (2022), StorSeismic: a new paradigm in deep learning for seismic
    processing, IEEE Transactions on Geoscience and Remote Sensing 60.
    Devlin et al. (2019), BERT: pre-training of deep bidirectional transformers, NAACL.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor, nn

from geoml.errors import OptionError, ShapeError
from geoml.models.logs.attention import sinusoidal_positions
from geoml.models.readout import check_share
from geoml.models.token_encoder import OFFSET_FEATURES, check_tokens, offset_features, token_encoder

NOMINAL_SPACING_M = 25.0
NOMINAL_DT_S = 0.004


@dataclass(frozen=True)
class TraceTransformerConfig:
    """Options of ``TraceTransformer``.

    Attributes:
        n_times: Samples of a trace.
        width: Length of a token, even.
        depth: Layers of the transformer.
        attention_heads: Heads of each layer's attention.
        drawn: Channels that a token draws along its trace.
        readout_width: Channels of the convolutions that join them with the trace.
        kernel: Samples of those convolutions, odd.
        dropout: Share dropped in training.
    """

    n_times: int
    width: int = 96
    depth: int = 4
    attention_heads: int = 4
    drawn: int = 4
    readout_width: int = 8
    kernel: int = 9
    dropout: float = 0.0

    def __post_init__(self) -> None:
        check_tokens("trace_transformer", self.width, self.depth, self.attention_heads)
        check_share("dropout", self.dropout)
        if min(self.n_times, self.drawn, self.readout_width) < 1:
            raise OptionError(
                "trace_transformer: n_times, drawn and readout_width must be at least 1."
            )
        if self.kernel % 2 == 0:
            raise OptionError(f"trace_transformer: kernel {self.kernel} has no middle; take odd.")


class TraceTransformer(nn.Module):
    """Gather to a map of its own shape, by attention between its traces."""

    reads_geometry = True

    def __init__(self, config: TraceTransformerConfig) -> None:
        """Build with fresh weights."""
        super().__init__()
        self.config = config
        width = config.width
        self.embed = nn.Linear(config.n_times, width)
        self.place = nn.Linear(OFFSET_FEATURES + 1, width)
        self.transformer = token_encoder(
            width, config.depth, config.attention_heads, config.dropout
        )
        self.readout = _Readout(config)

    def forward(
        self, samples: Tensor, offset_m: Tensor | None = None, dt_s: float | None = None
    ) -> dict[str, Tensor]:
        """A map of the gathers' own shape.

        Args:
            samples: Amplitude, traces at RMS 1 or dead, shape (batch, trace, time).
            offset_m: Signed offsets [m], shape (batch, trace); 25 m apart if None.
            dt_s: Sample interval [s]; 4 ms if None.

        Returns:
            ``{"signal": (batch, trace, time)}``.

        Raises:
            ShapeError: If the traces have another length than the network was built for.
        """
        tokens = self.tokens(samples, offset_m, dt_s)
        return {"signal": self.readout(samples, tokens)}

    def tokens(
        self, samples: Tensor, offset_m: Tensor | None = None, dt_s: float | None = None
    ) -> Tensor:
        """What each trace means among the others, shape (batch, trace, width)."""
        if samples.ndim != 3 or samples.shape[2] != self.config.n_times:
            raise ShapeError(
                f"This trace_transformer reads (batch, trace, time) with {self.config.n_times} "
                f"samples a trace; found shape {tuple(samples.shape)}. Cut or fill the traces."
            )
        n_traces = samples.shape[1]
        if offset_m is None:
            apart_m = NOMINAL_SPACING_M * torch.arange(n_traces, device=samples.device)
            offset_m = apart_m.expand(len(samples), -1)
        rate = math.log2((dt_s or NOMINAL_DT_S) / NOMINAL_DT_S)
        where = offset_features(offset_m)  # (batch, trace, feature)
        where = torch.cat([where, torch.full_like(where[..., :1], rate)], dim=-1)
        tokens = self.embed(samples) + self.place(where.to(samples))  # (batch, trace, width)
        tokens = tokens + sinusoidal_positions(n_traces, self.config.width, samples.device)
        return cast(Tensor, self.transformer(tokens))


class _Readout(nn.Module):
    """Channels drawn by the token of each trace, joined with its samples by convolutions."""

    def __init__(self, config: TraceTransformerConfig) -> None:
        super().__init__()
        self.draw = nn.Linear(config.width, config.drawn * config.n_times)
        width, kernel = config.readout_width, (1, config.kernel)
        self.join = nn.Sequential(
            nn.Conv2d(1 + config.drawn, width, kernel, padding="same"),
            nn.GELU(),
            nn.Conv2d(width, width, kernel, padding="same"),
            nn.GELU(),
            nn.Conv2d(width, 1, kernel, padding="same"),
        )

    def forward(self, samples: Tensor, tokens: Tensor) -> Tensor:
        """Shape (batch, trace, time)."""
        drawn = self.draw(tokens).unflatten(2, (-1, samples.shape[2]))  # (batch, trace, channel, t)
        x = torch.cat([samples[:, None].to(drawn), drawn.transpose(1, 2)], dim=1)
        # Twice as quick on a processor as convolutions of one dimension.
        x = self.join(x.contiguous(memory_format=torch.channels_last))
        return cast(Tensor, x[:, 0])
