"""Training pairs as tensors: the only door from xarray to torch."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
import xarray as xr
from numpy.typing import NDArray
from torch.utils.data import Dataset

from geoml.errors import OptionError, StoreError
from geoml.physics.edges import velocity_edges
from geoml.samples.augment import Augmentation
from geoml.samples.augment_fit import fitting, mutes
from geoml.samples.mirror import MirrorChannels, mirror_channels
from geoml.samples.scaling import Scaling, fit_scaling
from geoml.samples.wavelet_change import Wavelet
from geoml.survey.acquisition import Acquisition
from geoml.survey.pairs import open_pairs

Batch = dict[str, torch.Tensor]

MemoryType = Literal["float32", "float16"]

_HALF_LIMIT = 65000.0
_READ_BLOCK = 64  # samples read at a time


class PairDataset(Dataset[Batch]):
    """Chosen pairs of a store, scaled, as a sequence of samples.

    A sample is ``shots`` (shot, time, receiver) and ``velocity`` (depth, distance), both scaled,
    and ``edges`` (depth, distance), 1 where the absolute velocity has an interface, all float32;
    a batch has one dimension more in front. Pairs that fit the memory limit are read once;
    otherwise each process reads from its own handle of the store. What augmentation draws depends
    on (seed, epoch, index) alone, never on workers or batch size.

    Attributes:
        indices: Pairs of the store, shape (sample,).
        scaling: Constants of the scaling.
        augment: Random changes, None for none; without the trace gain where the processing
            normalises traces.
        acquisition: Acquisition of the pairs.
        mirror: Channels for recorded and mirrored gathers; None where ``shots`` are as recorded.
        notes: What the user should know, one line each.
        in_memory: True where the pairs were read at once.
    """

    def __init__(
        self,
        path: str | Path,
        indices: Sequence[int] | NDArray[np.int64],
        scaling: Scaling,
        augment: Augmentation | None = None,
        *,
        mirror: MirrorChannels | None = None,
        seed: int = 0,
        memory_limit_gb: float = 4.0,
        memory_dtype: MemoryType = "float32",
    ) -> None:
        """Open the pairs.

        Args:
            path: Pair store; an unfinished one gives the pairs it has.
            indices: Pairs to use.
            scaling: Constants of the scaling, from ``fit_pair_scaling`` or a checkpoint.
            augment: Random changes, None for none.
            mirror: Channels to put the gathers in; by default those of ``mirror_channels`` where
                ``augment`` flips windows.
            seed: Seed of the random changes.
            memory_limit_gb: Pairs of at most this size are held in memory [GB].
            memory_dtype: How gathers are held there. ``float16`` halves their size and rounds each
                sample by at most 1 part in 2048, 66 dB under it; velocity stays as it is.

        Raises:
            OptionError: If an index lies outside the store or there is none.
            StoreError: If the path is no pair store, or a pair holds values that are not finite.
            GeometryError: If windows are to be flipped that have no mirror image.
            OptionError: If the augmentation contradicts the processing of the pairs, or its noise
                has another sample interval.
        """
        self.path = str(path)
        self.indices = np.asarray(indices, dtype=np.int64)
        self.scaling = scaling
        self.seed = seed
        pairs = open_pairs(self.path, partial=True)
        n_done = int(pairs.attrs["n_done"])
        if self.indices.size == 0 or self.indices.min() < 0 or self.indices.max() >= n_done:
            raise OptionError(
                f"{self.path} holds {n_done} pairs; asked for {self.indices.size} of them"
                + (f", the highest {self.indices.max()}." if self.indices.size else ".")
            )
        self.acquisition = Acquisition.from_dict(pairs.attrs["acquisition"])
        if mirror is None and augment is not None and augment.mirror_probability > 0:
            mirror = mirror_channels(self.acquisition)
        self.mirror = mirror
        steps = pairs.attrs["steps"]
        self._muted = mutes(steps)
        self.augment, self.notes = fitting(augment, steps)
        window = self.acquisition
        if self.augment is not None:
            self.augment.check_noise(window.dt_s)
        self._wavelet = Wavelet(window.wavelet, window.dt_s, window.wavelet_start_s)
        self._limits_m_s = (0.0, np.inf)
        # Shared memory, so that workers that live through epochs see the number change.
        self._epoch = torch.zeros(1, dtype=torch.int64).share_memory_()
        self._handle: tuple[int, xr.Dataset] | None = None
        self._stored: tuple[torch.Tensor, torch.Tensor] | None = None
        self._memory_type = np.dtype(memory_dtype)
        sample_bytes = self._memory_type.itemsize * pairs.amplitude[0].size
        sample_bytes += 4 * pairs.velocity[0].size
        if self.indices.size * sample_bytes <= memory_limit_gb * 1e9:
            self._stored = self._read_all(pairs)
        if augment is not None and augment.velocity_factor is not None:
            self._limits_m_s = self._velocity_limits_m_s(pairs)

    @property
    def input_acquisition(self) -> Acquisition:
        """The acquisition with a shot for each channel of ``shots``."""
        return self.acquisition if self.mirror is None else self.mirror.acquisition

    @property
    def in_memory(self) -> bool:
        """True where the pairs were read at once."""
        return self._stored is not None

    def set_epoch(self, epoch: int) -> None:
        """Let augmentation draw the numbers of that epoch; the sampler calls this."""
        self._epoch[0] = epoch

    def __len__(self) -> int:
        return int(self.indices.size)

    def __getitem__(self, position: int) -> Batch:
        batch = self.__getitems__([position])
        return {name: values[0] for name, values in batch.items()}

    def __getitems__(self, positions: Sequence[int]) -> Batch:
        """Samples at those positions of ``indices`` as one batch."""
        chosen = np.asarray(positions, dtype=np.int64)
        shots, velocity = self._fetch(chosen)
        if self.augment is not None:
            epoch = int(self._epoch[0])
            changed = [
                self.augment(
                    shots[row],
                    velocity[row],
                    np.random.default_rng([self.seed, epoch, int(index)]),
                    dt_s=self.acquisition.dt_s,
                    wavelet=self._wavelet,
                    velocity_limits_m_s=self._limits_m_s,
                    mirror=self.mirror,
                    keep_zeros=self._muted,
                )
                for row, index in enumerate(self.numbers(chosen))
            ]
            shots, velocity = (np.stack(part) for part in zip(*changed, strict=True))
        elif self.mirror is not None:
            shots = self.mirror.place(shots)
        edges = velocity_edges(velocity).astype(np.float32)
        return {
            "shots": torch.from_numpy(self.scaling.scale_shots(shots)),
            "velocity": torch.from_numpy(self.scaling.scale_velocity(velocity)),
            "edges": torch.from_numpy(edges),
        }

    def numbers(self, positions: NDArray[np.int64]) -> NDArray[np.int64]:
        """Numbers of the pairs at those positions: each seeds what augmentation draws."""
        return self.indices[positions]

    def _fetch(self, positions: NDArray[np.int64]) -> tuple[NDArray[np.float32], ...]:
        """Copies of gathers (sample, shot, time, receiver) and velocity (..., depth, distance)."""
        if self._stored is not None:
            rows = torch.from_numpy(positions)
            shots, velocity = (stored[rows].numpy() for stored in self._stored)
            return self.unpacked(shots), velocity
        return _read(self._open(), self.indices[positions])

    def _velocity_limits_m_s(self, pairs: xr.Dataset) -> tuple[float, float]:
        """Least and greatest velocity of the chosen pairs [m/s]."""
        velocity = pairs.velocity
        low, high = np.inf, 0.0
        for start in range(0, self.indices.size, _READ_BLOCK):
            some = velocity.isel(sample=self.indices[start : start + _READ_BLOCK])
            values = some.compute(scheduler="synchronous").to_numpy()
            low, high = min(low, float(values.min())), max(high, float(values.max()))
        return low, high

    def packed(self, shots: NDArray[np.float32]) -> NDArray[np.floating]:
        """Gathers as they are held in memory, same shape.

        Raises:
            OptionError: If they do not fit the type.
        """
        if self._memory_type == np.float32:
            return shots
        peak = float(np.abs(shots).max(initial=0)) / self.scaling.amplitude
        if not peak < _HALF_LIMIT:
            raise OptionError(
                f"Gathers reach {peak:.3g} times their RMS amplitude, float16 holds "
                f"{_HALF_LIMIT:g}; keep memory_dtype at float32."
            )
        # In units of the RMS amplitude: 65504 of them fit, and steps near 0 are 6e-8 of it.
        return (shots / np.float32(self.scaling.amplitude)).astype(self._memory_type)

    def unpacked(self, held: NDArray[np.floating]) -> NDArray[np.float32]:
        """Gathers from what ``packed`` made of them, same shape."""
        if self._memory_type == np.float32:
            return held.astype(np.float32, copy=False)
        return held.astype(np.float32) * np.float32(self.scaling.amplitude)

    def _open(self) -> xr.Dataset:
        """This process's own handle: one inherited through a fork would share its threads."""
        if self._handle is None or self._handle[0] != os.getpid():
            self._handle = (os.getpid(), open_pairs(self.path, partial=True))
        return self._handle[1]

    def _read_all(self, pairs: xr.Dataset) -> tuple[torch.Tensor, torch.Tensor]:
        """All chosen pairs, as tensors: those are handed to worker processes without a copy."""
        shape = self.acquisition
        shots = torch.empty((self.indices.size, shape.n_shots, shape.n_samples, shape.n_receivers))
        velocity = torch.empty((self.indices.size, shape.n_depth, shape.n_distance))
        for start in range(0, self.indices.size, _READ_BLOCK):
            block = slice(start, start + _READ_BLOCK)
            read, velocity_m_s = _read(pairs, self.indices[block])
            shots[block] = torch.from_numpy(self.packed(read))
            velocity[block] = torch.from_numpy(velocity_m_s)
        return shots, velocity

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_handle": None}


def fit_pair_scaling(path: str | Path, indices: NDArray[np.int64]) -> Scaling:
    """Scaling fitted on chosen pairs of a store, read in blocks.

    Raises:
        OptionError: If the pairs allow no scaling: none, all zero, or of one velocity.
    """
    pairs = open_pairs(path, partial=True)

    def blocks() -> Iterator[tuple[NDArray[np.float32], NDArray[np.float32]]]:
        for start in range(0, len(indices), _READ_BLOCK):
            shots, velocity = _read(pairs, indices[start : start + _READ_BLOCK])
            yield shots, velocity

    return fit_scaling(blocks())


def _read(pairs: xr.Dataset, indices: NDArray[np.int64]) -> tuple[NDArray[np.float32], ...]:
    """Gathers (sample, shot, time, receiver) and velocity (sample, depth, distance) of pairs.

    Raises:
        StoreError: If one holds what no network can learn from or be judged by.
    """
    chosen = pairs[["amplitude", "velocity"]].isel(sample=indices)
    # Dask's threads do not survive a fork, and workers run side by side already.
    chosen = chosen.compute(scheduler="synchronous")
    amplitude, velocity = chosen.amplitude.to_numpy(), chosen.velocity.to_numpy()
    for what, usable in (
        ("gathers that are not finite", np.isfinite(amplitude)),
        (
            "velocities that are not finite or not above 0 m/s",
            np.isfinite(velocity) & (velocity > 0),
        ),
    ):
        if not usable.all():
            bad = indices[~usable.reshape(len(indices), -1).all(axis=1)]
            more = f", and so do {bad.size - 1} read with it" if bad.size > 1 else ""
            raise StoreError(
                f"Pair {bad[0]} of the store holds {what}{more}; mend or make the pairs again."
            )
    shots = np.ascontiguousarray(np.moveaxis(amplitude, 3, 2), dtype=np.float32)
    return shots, np.array(velocity, dtype=np.float32)
