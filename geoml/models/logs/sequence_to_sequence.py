"""Encoder-decoder Transformer on logs: a sequence of input curves to a sequence of output curves.

The encoder reads the input curves of the whole window. The decoder writes the output curves from
the top down: masked self-attention shows it the rows that it has written, never those below, and
attention to the encoder shows it the inputs. In training it is shown the true rows above, many of
them hidden, because at prediction it has to live with its own.

References:
    Vaswani et al. (2017), Attention is all you need, NeurIPS.
    Bengio et al. (2015), Scheduled sampling for sequence prediction, NeurIPS: why rows are hidden.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor, nn

from geoml.errors import OptionError
from geoml.models.logs.attention import Attention, RelativeBias, feed_forward, hidden_padding
from geoml.models.logs.log_network import LogNetwork
from geoml.models.logs.transformer import Transformer, TransformerConfig

FED_HEADS = ("value", "logits")
"""Heads whose answer for a row is shown to the rows below it; logits as probabilities."""


@dataclass(frozen=True)
class SequenceToSequenceConfig(TransformerConfig):
    """Settings of the encoder-decoder Transformer.

    Attributes:
        decoder_layers: Layers of the decoder, > 0.
        hidden_rows: Share of the true rows above that training hides, 0 to under 1.
    """

    decoder_layers: int = 1
    hidden_rows: float = 0.5

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.decoder_layers < 1 or not 0 <= self.hidden_rows < 1:
            raise OptionError(
                f"decoder_layers is {self.decoder_layers} and hidden_rows {self.hidden_rows:g}; "
                "needed are a layer, and at least 0 and under 1."
            )
        if not any(name in FED_HEADS for name, _ in self.heads):
            raise OptionError(f"sequence_to_sequence needs a head among {', '.join(FED_HEADS)}.")


class SequenceToSequence(LogNetwork):
    """Writes output curves row by row, each knowing the rows above it."""

    reads_targets = True

    def __init__(self, config: SequenceToSequenceConfig) -> None:
        super().__init__(config, config.width)
        self.fed_head, n_fed = next(head for head in config.heads if head[0] in FED_HEADS)
        self.hidden_rows = config.hidden_rows
        self.encoder = Transformer(config)
        # The encoder gives features; its own heads would be weights without a purpose.
        self.encoder.heads, self.encoder.direct = nn.ModuleDict(), None
        self.stem = nn.Linear(config.width + 2 * n_fed, config.width)
        self.self_bias = RelativeBias(config.attention_heads)
        self.memory_bias = RelativeBias(config.attention_heads)
        self.layers = nn.ModuleList(_Layer(config) for _ in range(config.decoder_layers))
        self.norm = nn.LayerNorm(config.width)

    def forward(
        self,
        values: Tensor,
        present: Tensor,
        real: Tensor | None = None,
        targets: Tensor | None = None,
    ) -> dict[str, Tensor]:
        """Head name -> (batch, depth, output channel).

        Args:
            values: Scaled channels, 0 where missing, shape (batch, depth, channel).
            present: 1 where measured, 0 where missing, same shape.
            real: 1 where a row is no padding, shape (batch, depth); all real if None.
            targets: True answers of the fed head, NaN where unknown, shape (batch, depth, output
                channel), to learn from; if None the network's own answers are fed back.
        """
        if real is None:
            real = values.new_ones(values.shape[:2])
        rows = torch.cat([values * present, present], dim=2) * real[..., None]
        memory = self.encoder.encode(rows, real)  # (batch, depth, width)
        hidden = hidden_padding(real)
        if targets is not None:
            if self.training and self.hidden_rows:
                shown = torch.rand(targets.shape[:2], device=targets.device) >= self.hidden_rows
                targets = targets.masked_fill(~shown[..., None], torch.nan)
            return self._heads(self._decode(targets, memory, hidden), rows)
        return self._written(rows, memory, hidden)

    def _written(self, rows: Tensor, memory: Tensor, hidden: Tensor) -> dict[str, Tensor]:
        """Answers from the top down, each row fed with those above it."""
        n_batch, n_rows = rows.shape[:2]
        n_fed = cast(nn.Linear, self.heads[self.fed_head]).out_features
        fed = rows.new_full((n_batch, n_rows, n_fed), torch.nan)
        written: list[dict[str, Tensor]] = []
        for row in range(n_rows):
            decoded = self._decode(fed[:, : row + 1], memory, hidden)[:, row:]
            output = self._heads(decoded, rows[:, row : row + 1])
            answer = output[self.fed_head]
            fed[:, row : row + 1] = answer.softmax(2) if self.fed_head == "logits" else answer
            written.append(output)
        return {name: torch.cat([out[name] for out in written], dim=1) for name in written[0]}

    def _decode(self, targets: Tensor, memory: Tensor, hidden: Tensor) -> Tensor:
        """Features of the first rows, shape (batch, row, width)."""
        n_rows = targets.shape[1]
        above = torch.cat([torch.full_like(targets[:, :1], torch.nan), targets[:, :-1]], dim=1)
        known = torch.isfinite(above)
        above = torch.where(known, above, torch.zeros_like(above))
        features = self.stem(torch.cat([memory[:, :n_rows], above, known.float()], dim=2))
        below = torch.ones(n_rows, n_rows, dtype=torch.bool, device=targets.device).triu(1)
        own = self.self_bias(n_rows, n_rows).masked_fill(below, float("-inf"))
        other = self.memory_bias(n_rows, memory.shape[1]) + hidden
        for layer in self.layers:
            features = layer(features, memory, own, other)
        decoded: Tensor = self.norm(features)
        return decoded

    def _heads(self, decoded: Tensor, rows: Tensor) -> dict[str, Tensor]:
        decoded = self.dropout(decoded)
        output = {name: head(decoded) for name, head in self.heads.items()}
        if self.direct is not None:
            output = {name: value + self.direct[name](rows) for name, value in output.items()}
        return output


class _Layer(nn.Module):
    def __init__(self, config: SequenceToSequenceConfig) -> None:
        super().__init__()
        width, heads, dropout = config.width, config.attention_heads, config.dropout
        self.norms = nn.ModuleList(nn.LayerNorm(width) for _ in range(3))
        self.self_attention = Attention(width, heads, dropout)
        self.memory_attention = Attention(width, heads, dropout)
        self.forward_layers = feed_forward(width, dropout)
        self.dropout = nn.Dropout(dropout)

    def forward(self, rows: Tensor, memory: Tensor, own: Tensor, other: Tensor) -> Tensor:
        first, second, third = self.norms
        normed = first(rows)
        rows = rows + self.dropout(self.self_attention(normed, normed, own))
        rows = rows + self.dropout(self.memory_attention(second(rows), memory, other))
        changed: Tensor = self.dropout(self.forward_layers(third(rows)))
        return rows + changed  # (batch, row, width)
