"""Gathers as tensors, read from a survey store or straight from a trace file."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch.utils.data import Dataset, default_collate

from geoml.errors import OptionError, ShapeError
from geoml.survey.gathers import GatherIndex, as_slice
from geoml.survey.trace_source import TraceSource

Gather = dict[str, torch.Tensor]
Change = Callable[[Gather], Gather]

NO_TRACE = -1
"""Trace number where a batch is padded."""

_SHARD_GATHERS = 16


class GatherDataset(Dataset[Gather]):
    """Every gather of one kind, as a sequence of samples of any number of traces.

    A sample is ``samples`` (trace, time) float32, ``traces`` (trace) int64, their numbers in the
    survey, and ``key``, what they share: a number, or a position (2) [m]. Nothing is read before
    it is asked for. The dataset may be pickled, and used in a process forked after its first use.

    Attributes:
        source: Where amplitudes come from: ``StoreTraces``, or any reader of trace files.
        index: The gathers.
        transform: Changes a sample after it is read, None for none.
        shard_traces: Traces that lie together on disk; ``ShardShuffleSampler`` keeps to them.
    """

    def __init__(
        self,
        source: TraceSource,
        index: GatherIndex,
        transform: Change | None = None,
        *,
        shard_traces: int | None = None,
    ) -> None:
        """Join a source and an index of its traces.

        Args:
            source: Where amplitudes come from.
            index: The gathers, from ``gather_index`` or ``stored_gather_index``.
            transform: Changes a sample after it is read; picklable where workers are spawned.
            shard_traces: Traces that lie together; None for the shards of the store, or 16
                gathers of a file.

        Raises:
            OptionError: If ``shard_traces`` is under 1.
            ShapeError: If the index names traces that the source does not have, or none at all.
        """
        if not len(index) or index.order.min() < 0 or index.order.max() >= source.n_traces:
            highest = f"the highest {index.order.max()}" if len(index) else "none"
            raise ShapeError(
                f"The {index.kind} gathers hold {index.order.size} traces, {highest}; the source "
                f"has {source.n_traces}. Make the index from this very survey."
            )
        if shard_traces is None:
            typical = int(np.median(index.sizes))
            shard_traces = getattr(source, "shard_traces", _SHARD_GATHERS * typical)
        if shard_traces < 1:
            raise OptionError(f"Shards of {shard_traces} traces; needed at least 1.")
        self.source = source
        self.index = index
        self.transform = transform
        self.shard_traces = shard_traces

    def __len__(self) -> int:
        return len(self.index)

    def __getitem__(self, place: int) -> Gather:
        # A sequence ends where this is raised.
        if not -len(self) <= place < len(self):
            raise IndexError(f"Gather {place} of {len(self)}.")
        place %= len(self)
        traces = self.index.traces(place)
        gather = {
            "samples": torch.from_numpy(self.source.amplitude(as_slice(traces))),
            "traces": torch.tensor(traces),
            "key": torch.tensor(self.index.key(place)),
        }
        return gather if self.transform is None else self.transform(gather)


def collate_gathers(gathers: Sequence[Gather]) -> Gather:
    """Gathers of any trace counts as one batch, the shorter ones padded at the end.

    Args:
        gathers: Samples of a ``GatherDataset``.

    Returns:
        ``samples`` (batch, trace, time), 0 where padded; ``traces`` (batch, trace), -1 there;
        ``mask`` (batch, trace), True where there is a trace. Whatever else a sample holds is
        stacked.
    """
    sizes = torch.tensor([gather["traces"].shape[0] for gather in gathers])
    batch = {
        name: default_collate([gather[name] for gather in gathers])
        for name in gathers[0]
        if name not in ("samples", "traces")
    }
    width = int(sizes.max())
    batch["samples"] = _padded([gather["samples"] for gather in gathers], width, 0)
    batch["traces"] = _padded([gather["traces"] for gather in gathers], width, NO_TRACE)
    batch["mask"] = torch.arange(width) < sizes[:, None]
    return batch


def _padded(parts: list[torch.Tensor], width: int, fill: int) -> torch.Tensor:
    """Parts of shape (trace, ...) as (batch, width, ...)."""
    whole = []
    for part in parts:
        if part.shape[0] < width:
            missing = part.new_full((width - part.shape[0], *part.shape[1:]), fill)
            part = torch.cat([part, missing])
        whole.append(part)
    # In a worker, torch puts what it collates into shared memory at once: no copy more.
    return torch.as_tensor(default_collate(whole))
