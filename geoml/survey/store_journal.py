"""Which shards of an unfinished store are done, and what was counted in them.

One small object a shard, written after everything else of the shard: a killed writer leaves a
journal that never promises more than there is. A finished store keeps the counts in one array.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import zarr
from numpy.typing import NDArray
from zarr.codecs import Crc32cCodec, ZstdCodec

COUNTS = ("n_traces", "n_non_finite", "n_dead", "n_inexact")
"""What is counted a shard: traces, those with NaN or Inf, those of zeros only, and those whose
samples float32 does not hold, which have ``sample_bytes``."""

_GROUP = "journal"
NOTES = f"{_GROUP}/shard"
"""Name of the array of notes."""

VALUES = f"{_GROUP}/values"
"""Name of the group of trace variables that come with the shards."""

_CLOSED = f"{_GROUP}/counts"


def lay_out_journal(group: zarr.Group, n_shards: int) -> None:
    """The journal of an empty store."""
    group.create_array(
        NOTES,
        shape=(n_shards, len(COUNTS)),
        chunks=(1, len(COUNTS)),
        dtype="int64",
        dimension_names=("shard", "count"),
        compressors=[Crc32cCodec()],
    )


def note_shard(group: zarr.Group, shard: int, counts: tuple[int, int, int, int]) -> None:
    """Say that everything of a shard is stored."""
    array: Any = group[NOTES]
    array[shard] = np.array(counts, dtype=np.int64)


def journal_counts(group: zarr.Group) -> NDArray[np.int64]:
    """Counts of each shard, shape (shard, count); a shard without traces is not done."""
    # The notes outrank the array: a writer killed while it made the array has both.
    array: Any = group[NOTES if NOTES in group else _CLOSED]
    return np.asarray(array[:])


def close_journal(group: zarr.Group) -> None:
    """Put the counts of a finished store into one array; the notes may be removed then."""
    if NOTES not in group:
        return  # a writer killed while it removed them
    counts = journal_counts(group)
    group.create_array(
        _CLOSED,
        data=counts,
        chunks=counts.shape,
        dimension_names=("shard", "count"),
        compressors=[ZstdCodec(), Crc32cCodec()],
        attributes={"counts": list(COUNTS)},
        overwrite=True,
    )


def lay_out_values(group: zarr.Group, names: Sequence[str], shard: int) -> None:
    """Room for trace variables that come with the shards.

    Their own arrays hold many shards a chunk, which no two writers may share.

    Args:
        group: The store, with these variables laid out.
        names: The variables.
        shard: Traces a shard.
    """
    for name in names:
        like: Any = group[name]
        group.create_array(
            f"{VALUES}/{name}",
            shape=like.shape,
            chunks=(shard,),
            dtype=like.dtype,
            dimension_names=("trace",),
            compressors=[Crc32cCodec()],
        )


def take_over_values(group: zarr.Group) -> None:
    """Put the values that came with the shards into the trace variables."""
    if NOTES not in group or VALUES not in group:
        return  # a writer killed while it removed them has taken them over before
    for name, values in group[VALUES].arrays():  # type: ignore[union-attr]
        variable: Any = group[name]
        variable[:] = values[:]
