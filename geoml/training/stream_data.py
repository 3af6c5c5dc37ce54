"""Training on pairs that are modelled while it runs; a pair store judges it."""

from __future__ import annotations

import hashlib
import json
import math
import time
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from geoml.errors import OptionError
from geoml.preprocess.replay import replay
from geoml.registry import with_options
from geoml.samples.dataset import PairDataset
from geoml.synthetic.generate import describe
from geoml.synthetic.kept_pairs import KeptPairs
from geoml.synthetic.stored_recipe import model_run, shared_numbers, stored_recipe, stored_run
from geoml.synthetic.stream import PairStream
from geoml.training.options import TrainingOptions
from geoml.training.pair_data import PairData
from geoml.training.stream_options import StreamOptions

Block = tuple[NDArray[np.floating], NDArray[np.float32]]
"""Packed gathers (sample, shot, time, receiver) and velocity [m/s] (sample, depth, distance)."""


def pair_data(path: str | Path, options: TrainingOptions) -> PairData:
    """The data of a run: a store alone, or a store and a stream of fresh pairs."""
    return PairData(path, options) if options.stream is None else StreamData(path, options)


class StreamPairs(PairDataset):
    """The training part of an epoch: the last blocks of fresh pairs, scaled and augmented.

    Attributes:
        options: How pairs are streamed.
        waited_s: Time that training waited for pairs [s].
        n_fresh: Pairs modelled and taken.
    """

    def __init__(
        self,
        *given: Any,
        options: StreamOptions,
        last_epoch: int,
        **more: Any,
    ) -> None:
        """Read the stored training part and find out how its pairs were made.

        Args:
            *given: As for ``PairDataset``.
            options: How pairs are streamed.
            last_epoch: No epoch comes after it.
            **more: As for ``PairDataset``.

        Raises:
            OptionError: If the store does not tell how its models were drawn and the options do
                not either, or the stream would draw the store's own.
        """
        super().__init__(*given, **more)
        self.options = options
        attrs, n_stored = self._open().attrs, int(self._open().sizes["sample"])
        self._recipe = stored_recipe(
            attrs,
            families=options.families,
            velocity_range=options.velocity_range,
            seed=options.seed,
        )
        self._steps = list(attrs.get("steps", []))
        behind = int(attrs.get("first_seed_index", 0)) + n_stored
        self._first_pair = behind if options.first_pair is None else options.first_pair
        self._last_epoch = last_epoch
        self._refuse_stored(stored_run(attrs, n_stored), behind)
        self._stream: PairStream | None = None
        self._kept: KeptPairs | None = None
        self._blocks: dict[int, Block] = {}
        self._began: float | None = None
        self._ran_s = 0.0
        self.waited_s, self.n_fresh = 0.0, 0
        if len(self.indices) < len(self):
            self.notes += (
                f"The first epochs repeat the {len(self.indices)} stored training pairs until "
                f"fresh ones fill their {len(self)} samples.",
            )

    def __len__(self) -> int:
        return self.options.fresh_pairs * self.options.reuse

    def describe(self) -> dict[str, Any]:
        """What decides the pairs of every epoch, as JSON."""
        pairs = describe(self._recipe, self.options.fresh_pairs)
        return {**pairs, "reuse": self.options.reuse, "first_pair": self._first_pair}

    def run(self, n_blocks: int) -> dict[str, Any]:
        """``model_run`` of so many blocks."""
        n_pairs = n_blocks * self.options.fresh_pairs
        return model_run(describe(self._recipe, n_pairs), self._first_pair, n_pairs)

    def streamed_run(self) -> dict[str, Any]:
        """``model_run`` of the fresh pairs of all epochs up to the one in force."""
        return self.run(int(self._epoch[0]))

    def set_epoch(self, epoch: int) -> None:
        """Hold the blocks of an epoch; waits for its last one where that is not modelled yet."""
        super().set_epoch(epoch)
        first = epoch - self.options.reuse
        if self._stream is None and epoch <= self._last_epoch:
            self._stream = self._start(max(first, 0))
        for block in range(max(first, 0), epoch):
            if block not in self._blocks:
                self._blocks[block] = self._take(block)
        self._blocks = {block: held for block, held in self._blocks.items() if block >= first}

    def numbers(self, positions: NDArray[np.int64]) -> NDArray[np.int64]:
        """Numbers of the pairs, of which augmentation draws its own."""
        block, row = self._place(positions)
        stored = self.indices[self._stored_position(block, row)]
        fresh = self._first_pair + block * self.options.fresh_pairs + row
        return np.where(block < 0, stored, fresh)

    def close(self) -> None:
        """End the workers; the blocks in memory stay."""
        if self._stream is not None:
            self._stream.close()
            self._stream = None
        if self._began is not None:
            self._ran_s += time.monotonic() - self._began
            self._began = None

    def finish(self) -> str:
        """Complete the store of fresh pairs, if one is kept, and say how the stream went."""
        self.close()
        if self._kept is not None:
            self._kept.finish()
        share = self.waited_s / max(self._ran_s, 1e-9)
        text = (
            f"stream: {self.n_fresh} fresh pairs, {self.n_fresh / max(self._ran_s, 1e-9):.2f} a "
            f"second; training waited {share:.0%} of {self._ran_s / 60:.1f} min"
        )
        if share > 0.05:
            enough = math.ceil(self.options.reuse / max(1 - share, 0.01))
            text += f"; more workers or about reuse: {enough} would spare it"
        return text

    def _refuse_stored(self, stored: dict[str, Any] | None, behind: int) -> None:
        """Stop before a pair that judges the network trains it.

        Raises:
            OptionError: If the store and the stream draw the same models.
        """
        shared = () if stored is None else shared_numbers(self.run(self._last_epoch), stored)
        if shared:
            raise OptionError(
                f"With first_pair {self._first_pair} the stream draws {len(shared)} of the store's "
                f"own pairs, which judge the network; leave it out, give at least {behind}, or "
                "another seed."
            )

    def _start(self, first_block: int) -> PairStream:
        options = self.options
        n_blocks = self._last_epoch
        if options.keep is not None and n_blocks > 0:
            attrs = {
                "families": self._open().attrs.get("families", []),
                "recipe": describe(self._recipe, n_blocks * options.fresh_pairs),
                "steps": self._steps,
                "provenance": self._open().attrs.get("provenance", {}),
            }
            self._kept = KeptPairs(
                options.keep,
                self.acquisition,
                attrs,
                n_blocks=n_blocks,
                block_pairs=options.fresh_pairs,
                first_pair=self._first_pair,
            )
        self._began = time.monotonic()
        return PairStream(
            self._recipe,
            first_pair=self._first_pair,
            block_pairs=options.fresh_pairs,
            first_block=first_block,
            stop_block=n_blocks,
            ahead=options.ahead,
            machine=options.machine,
            process=partial(replay, self._steps, acquisition=self.acquisition)
            if self._steps
            else None,
        )

    def _take(self, block: int) -> Block:
        if self._stream is None:
            raise OptionError(f"The stream has ended; block {block} of fresh pairs is not there.")
        amplitude, velocity, family = self._stream.take()
        self.waited_s = self._stream.waited_s
        self.n_fresh += len(velocity)
        if self._kept is not None:
            self._kept.write(block, amplitude, velocity, family)
        shots = np.ascontiguousarray(np.moveaxis(amplitude, 3, 2), dtype=np.float32)
        return self.packed(shots), velocity

    def _place(self, positions: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Block of each sample of the epoch, below 0 for stored pairs, and its place in there."""
        slot, row = np.divmod(positions, self.options.fresh_pairs)
        return int(self._epoch[0]) - self.options.reuse + slot, row

    def _stored_position(
        self, block: NDArray[np.int64], row: NDArray[np.int64]
    ) -> NDArray[np.int64]:
        return np.mod(block * self.options.fresh_pairs + row, len(self.indices))

    def _fetch(self, positions: NDArray[np.int64]) -> tuple[NDArray[np.float32], ...]:
        blocks, rows = self._place(positions)
        parts = []
        for block, row in zip(blocks.tolist(), rows.tolist(), strict=True):
            if block < 0:
                place = self._stored_position(np.array([block]), np.array([row]))
                shots, velocity = super()._fetch(place)
                parts.append((shots[0], velocity[0]))
            else:
                held, velocity = self._blocks[block]
                parts.append((self.unpacked(held[row]), velocity[row]))
        return tuple(np.stack(part) for part in zip(*parts, strict=True))


class StreamData(PairData):
    """A stream for training; a pair store for scaling, validation, calibration and test."""

    train_pairs: StreamPairs

    def __init__(self, path: str | Path, options: TrainingOptions) -> None:
        """Split the store and prepare the stream; it starts with the first epoch.

        Raises:
            OptionError: If loader workers or several devices are asked for.
        """
        if options.workers > 0 or options.devices not in (1, "1", "auto"):
            raise OptionError(
                f"A stream feeds one device from the training process (workers "
                f"{options.workers}, devices {options.devices}); set workers: 0 and devices: 1. "
                "Processes that model pairs are set under stream."
            )
        self.stream = with_options(StreamOptions, options.stream or {}, "stream")
        super().__init__(path, options)

    def training_pairs(self) -> StreamPairs:
        """The streamed training part."""
        return StreamPairs(
            *self.training_arguments(),
            options=self.stream,
            last_epoch=self.options.max_epochs - 1,
            seed=self.options.seed,
            memory_limit_gb=self.options.memory_limit_gb,
            memory_dtype=self.options.memory_dtype,
        )

    def fingerprint(self) -> str:
        """SHA-256 over the store's own and what decides the stream."""
        streamed = json.dumps(self.train_pairs.describe(), sort_keys=True)
        return hashlib.sha256((super().fingerprint() + streamed).encode()).hexdigest()

    def model_runs(self) -> dict[str, Any]:
        """``model_run`` of the ``stored`` pairs, and of the ``streamed`` ones as far as it came."""
        return {**super().model_runs(), "streamed": self.train_pairs.streamed_run()}

    def provenance(self) -> dict[str, Any]:
        """How the pairs were made, fresh ones included."""
        return {**super().provenance(), "stream": self.train_pairs.describe()}

    def close(self) -> None:
        """End the workers."""
        self.train_pairs.close()

    def finish(self) -> list[str]:
        """Complete what the stream keeps; what there is to say about it."""
        return [self.train_pairs.finish()]
