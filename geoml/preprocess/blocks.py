"""Where a survey may be cut into blocks that hold whole gathers."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_BLOCK_BYTES = 2 * 2**20  # stays in a core's cache, and outweighs what a block costs


def block_starts(labels: NDArray[np.int64], n_samples: int) -> NDArray[np.int64]:
    """First trace of each block, and the trace count as last entry, shape (block + 1,).

    A block is the fewest consecutive gathers that hold 2 MiB together.

    Args:
        labels: Gather of each trace, every gather contiguous, shape (trace,).
        n_samples: Samples a trace.
    """
    edges = np.append(np.flatnonzero(np.diff(labels, prepend=labels[:1] - 1)), labels.size)
    target = max(1, _BLOCK_BYTES // (4 * max(1, n_samples)))
    starts = [0]
    while starts[-1] < labels.size:
        starts.append(int(edges[np.searchsorted(edges, min(starts[-1] + target, labels.size))]))
    return np.array(starts)


def contiguous_order(labels: NDArray[np.int64]) -> NDArray[np.int64] | None:
    """Order of traces that brings each gather together, shape (trace,); None where it is so.

    Args:
        labels: Gather of each trace, shape (trace,).
    """
    n_runs = 1 + np.count_nonzero(np.diff(labels))
    if labels.size == 0 or n_runs == np.unique(labels).size:
        return None
    return np.argsort(labels, kind="stable")
