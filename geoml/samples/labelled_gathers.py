"""Gathers with what is known of them: first arrivals, the velocity below, which belong together."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields

import numpy as np
import torch
import xarray as xr
from numpy.typing import NDArray
from torch import Tensor

from geoml.errors import OptionError, ShapeError
from geoml.physics.stack_velocity import stack_velocity
from geoml.physics.travel_times import first_arrival_times
from geoml.samples.augment import Augmentation
from geoml.survey.acquisition import Acquisition

Floats = NDArray[np.float32]

_NO_MODEL = np.ones((1, 1), dtype=np.float32)


@dataclass(frozen=True, eq=False)
class LabelledGathers:
    """Gathers of one size.

    Attributes:
        samples: Amplitude as recorded or modelled, dead traces 0, shape (gather, trace, time).
        offset_m: Signed offsets [m], shape (gather, trace).
        first_break_s: First arrivals after the first sample [s], NaN where unknown, shape (gather,
            trace).
        stack_m_s: Stack velocity at the two-way times of the samples under the gather [m/s], NaN
            where unknown, shape (gather, time).
        group: Number of what a gather must not be parted from in a split: its model, its part of
            the line, shape (gather,).
        dt_s: Sample interval [s].
    """

    samples: Floats
    offset_m: Floats
    first_break_s: Floats
    stack_m_s: Floats
    group: NDArray[np.int64]
    dt_s: float

    def __post_init__(self) -> None:
        shape = self.samples.shape
        fits = len(shape) == 3 and self.offset_m.shape == self.first_break_s.shape == shape[:2]
        if (
            not fits
            or self.stack_m_s.shape != (shape[0], shape[-1])
            or self.group.shape != shape[:1]
        ):
            raise ShapeError(
                f"Gathers have shape {shape}, offsets {self.offset_m.shape}, first breaks "
                f"{self.first_break_s.shape}, stack velocities {self.stack_m_s.shape}, groups "
                f"{self.group.shape}; needed (gather, trace, time), (gather, trace) twice, "
                "(gather, time) and (gather,)."
            )

    def __len__(self) -> int:
        return len(self.samples)

    def take(self, places: NDArray[np.integer] | NDArray[np.bool_]) -> LabelledGathers:
        """Some of the gathers."""
        kept = {f.name: getattr(self, f.name)[places] for f in fields(self) if f.name != "dt_s"}
        return LabelledGathers(**kept, dt_s=self.dt_s)

    def split(self, share: float, seed: int = 0) -> tuple[LabelledGathers, LabelledGathers]:
        """All but a share of the groups, and that share: at least one group on either side.

        Raises:
            OptionError: If all gathers are of one group.
        """
        groups = np.random.default_rng(seed).permutation(np.unique(self.group))
        if groups.size < 2:
            raise OptionError(
                f"{len(self)} gathers of one group leave nothing to validate on; give gathers of "
                "at least two models or parts of a line."
            )
        n_held = min(max(1, round(share * groups.size)), groups.size - 1)
        held = np.isin(self.group, groups[:n_held])
        return self.take(~held), self.take(held)


def labelled_pairs(
    pairs: xr.Dataset, count: int | None = None, shots: int | None = None
) -> LabelledGathers:
    """Shot gathers of simulated pairs with their true first arrivals and stack velocity.

    Args:
        pairs: A pair store, dims (sample, shot, receiver, time) and (sample, depth, distance).
        count: Pairs read from the start; all if None.
        shots: Shots of each, evenly spread; all if None.
    """
    acquisition = Acquisition.from_dict(dict(pairs.attrs["acquisition"]))
    n_pairs = pairs.sizes["sample"] if count is None else min(count, pairs.sizes["sample"])
    n_shots = acquisition.n_shots if shots is None else min(shots, acquisition.n_shots)
    chosen = np.unique(np.linspace(0, acquisition.n_shots - 1, n_shots).round().astype(int))
    velocity = pairs["velocity"][:n_pairs].values
    samples = pairs["amplitude"][:n_pairs].values[:, chosen]
    sources = np.stack([acquisition.source_distance_m, acquisition.source_depth_m], axis=-1)
    receivers = np.stack([acquisition.receiver_distance_m, acquisition.receiver_depth_m], axis=-1)
    first_break_s = np.stack(
        [
            first_arrival_times(model, acquisition.spacing_m, sources[chosen], receivers[chosen])
            for model in velocity
        ]
    )
    end_s = (acquisition.n_samples - 1) * acquisition.dt_s
    first_break_s[first_break_s > end_s] = np.nan
    # Of the mean slowness, so that a vertical path takes as long.
    profiles = 1 / (1 / velocity.astype(np.float64)).mean(axis=2)
    stack = np.stack(
        [stack_velocity(p, acquisition.spacing_m, acquisition.time_s) for p in profiles]
    )
    flat = (n_pairs * len(chosen), -1)
    return LabelledGathers(
        samples.reshape(*flat, acquisition.n_samples).astype(np.float32),
        np.tile(acquisition.offset_m[chosen], (n_pairs, 1)).astype(np.float32),
        first_break_s.reshape(flat).astype(np.float32),
        np.repeat(stack, len(chosen), axis=0).astype(np.float32),
        np.repeat(np.arange(n_pairs), len(chosen)),
        acquisition.dt_s,
    )


def gather_batch(gathers: LabelledGathers, clean: Floats | None = None) -> dict[str, Tensor]:
    """Gathers as a network reads them: every trace divided by its RMS, a dead one left at 0.

    Args:
        gathers: What is read.
        clean: Their signal alone, shape (gather, trace, time), divided by the same numbers; the
            gathers themselves if None.

    Returns:
        ``samples`` and ``clean`` (gather, trace, time), ``offset_m``, ``dt_s`` (one number),
        ``first_break`` (gather, trace) [sample], ``stack`` (gather, time) [m/s], ``scale``
        (gather, trace).
    """
    scale = trace_rms(gathers.samples)
    clean = gathers.samples if clean is None else clean
    arrays = {
        "samples": gathers.samples / scale[..., None],
        "clean": clean / scale[..., None],
        "offset_m": gathers.offset_m,
        "dt_s": np.float32(gathers.dt_s),
        "first_break": gathers.first_break_s / np.float32(gathers.dt_s),
        "stack": gathers.stack_m_s,
        "scale": scale,
    }
    return {name: torch.as_tensor(np.ascontiguousarray(a)) for name, a in arrays.items()}


def trace_rms(samples: Floats) -> Floats:
    """RMS amplitude of each trace, 1 for a dead one, shape (..., trace)."""
    rms = np.sqrt(np.mean(np.square(samples, dtype=np.float64), axis=-1))
    return np.where(rms > 0, rms, 1).astype(np.float32)


def noisy_batches(
    gathers: LabelledGathers, augmentation: Augmentation | None, batch_size: int, seed: int
) -> Iterator[dict[str, Tensor]]:
    """Batches without an end, in an order and with noise drawn from the seed.

    Args:
        gathers: What is drawn from; all once before any twice.
        augmentation: Random changes of each gather, anew each time; None for none. Changes of
            timing or velocity would contradict the labels.
        batch_size: Gathers a batch; fewer where there are not as many.
        seed: Of the random numbers.

    Raises:
        OptionError: If the augmentation moves arrivals.
    """
    if augmentation is not None:
        _check_labels_hold(augmentation)
    rng = np.random.default_rng(seed)
    size, waiting = min(batch_size, len(gathers)), np.empty(0, dtype=np.int64)
    while True:
        if waiting.size < size:
            waiting = np.concatenate([waiting, rng.permutation(len(gathers))])
        chosen, waiting = gathers.take(waiting[:size]), waiting[size:]
        if augmentation is None:
            yield gather_batch(chosen)
        else:
            yield gather_batch(with_noise(chosen, augmentation, rng), chosen.samples)


def with_noise(
    gathers: LabelledGathers, augmentation: Augmentation, rng: np.random.Generator
) -> LabelledGathers:
    """The gathers, each changed at random on its own; the labels stay."""
    changed = [
        augmentation(gather.T[None], _NO_MODEL, rng, dt_s=gathers.dt_s)[0][0].T
        for gather in gathers.samples
    ]
    kept = {f.name: getattr(gathers, f.name) for f in fields(gathers) if f.name != "samples"}
    return LabelledGathers(np.stack(changed).astype(np.float32), **kept)


def _check_labels_hold(augmentation: Augmentation) -> None:
    moving = ("trace_shift_s", "window_shift_s", "mirror_probability")
    moved = [name for name in moving if getattr(augmentation, name)]
    if augmentation.velocity_factor is not None:
        moved.append("velocity_factor")
    if moved:
        raise OptionError(
            f"Augmentation by {', '.join(moved)} moves arrivals away from their labels; leave it "
            "out."
        )
