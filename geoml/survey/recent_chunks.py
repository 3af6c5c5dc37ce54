"""The chunks that were read last, for gathers that share them."""

from __future__ import annotations

from collections import OrderedDict

import numpy as np
from numpy.typing import NDArray


class RecentChunks:
    """Keeps up to a number of chunks and forgets the one that was used longest ago.

    Threads may share it: each step is one operation of a dict. It is empty after a pickle.

    Args:
        n_chunks: How many chunks to keep.
    """

    def __init__(self, n_chunks: int) -> None:
        self.n_chunks = n_chunks
        self._chunks: OrderedDict[int, NDArray[np.float32]] = OrderedDict()

    def __reduce__(self) -> tuple[type[RecentChunks], tuple[int]]:
        return RecentChunks, (self.n_chunks,)

    def get(self, number: int) -> NDArray[np.float32] | None:
        """A chunk of shape (trace, time), None where it is not kept."""
        chunk = self._chunks.pop(number, None)
        if chunk is not None:
            self._chunks[number] = chunk
        return chunk

    def put(self, number: int, chunk: NDArray[np.float32]) -> None:
        """Keep a chunk of shape (trace, time)."""
        self._chunks[number] = chunk
        while len(self._chunks) > self.n_chunks:
            self._chunks.popitem(last=False)
