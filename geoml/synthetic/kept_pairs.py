"""The pairs of a stream, kept in a store for another time."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from geoml.errors import StoreError
from geoml.survey.acquisition import Acquisition
from geoml.survey.pairs import create_pairs, resume_pairs
from geoml.survey.store import part_path, plain_json


class KeptPairs:
    """A pair store that grows by a block at a time and may end before it is full.

    An interrupted run leaves it beside its target, and the resumed run goes on in it.
    """

    def __init__(
        self,
        path: str | Path,
        acquisition: Acquisition,
        attrs: Mapping[str, Any],
        *,
        n_blocks: int,
        block_pairs: int,
        first_pair: int,
    ) -> None:
        """Begin the store, or go on with the interrupted one of the same pairs.

        Args:
            path: The store to make.
            acquisition: Of the pairs.
            attrs: ``families``, ``recipe``, ``steps`` and ``provenance``.
            n_blocks: Blocks it may come to hold.
            block_pairs: Pairs a block.
            first_pair: Number of its first pair: the second part of that pair's seed.

        Raises:
            StoreError: If the store is there, or an interrupted one holds other pairs.
        """
        path = Path(path)
        attrs = {**attrs, "first_seed_index": first_pair}
        self._block_pairs = block_pairs
        if not path.exists() and (part_path(path) / "zarr.json").is_file():
            self._writer = resume_pairs(path)
            same = self._writer.shard_samples == block_pairs
            for name in ("recipe", "steps", "first_seed_index"):
                same = same and self._writer.attrs.get(name) == plain_json(attrs[name])
            if not same:
                raise StoreError(
                    f"{part_path(path)}: holds pairs of another interrupted run; give 'keep' "
                    "another name, or remove it."
                )
            return
        self._writer = create_pairs(
            path,
            acquisition,
            n_blocks * block_pairs,
            attrs,
            shard_samples=block_pairs,
            chunk_samples=math.gcd(block_pairs, 8),
        )

    def write(
        self,
        block: int,
        amplitude: NDArray[np.float32],
        velocity: NDArray[np.float32],
        family: NDArray[np.int32],
    ) -> None:
        """Store a block; one that is there already stays as it is."""
        if block * self._block_pairs >= self._writer.n_done:
            self._writer.write(block * self._block_pairs, amplitude, velocity, family)

    def finish(self) -> None:
        """Cut the store to what it holds and give it its name."""
        if self._writer.n_done > 0:
            self._writer.shorten()
            self._writer.finish()
