"""Batches of patches for denoisers: synthetic pairs, or random cuts of a survey's gathers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import torch
import xarray as xr
from numpy.typing import NDArray
from torch import Tensor

from geoml.errors import OptionError, ShapeError
from geoml.preprocess.trace_line import trace_lines
from geoml.samples.patches import patch_scale
from geoml.survey.gathers import GatherKind, as_slice, gather_index, usual_gather
from geoml.synthetic.noisy_patches import NoisyPatches

Floats = NDArray[np.float32]

_LEAST_DRAWN = (32, 64)  # traces and samples
_TRIES = 50  # places that a cut is looked for before silence is taken for granted


class PatchSource(Protocol):
    """Where patches to learn from come from."""

    @property
    def dt_s(self) -> float:
        """Sample interval [s]."""

    def draw(self, rng: np.random.Generator, shape: tuple[int, int]) -> dict[str, Floats]:
        """One patch as ``samples``, and its ``signal`` where that is known, (trace, time) each."""

    def describe(self) -> dict[str, Any]:
        """For the checkpoint, as plain JSON values."""


@dataclass(frozen=True)
class SyntheticPatches:
    """Noisy and noise-free patches without an end.

    Attributes:
        pairs: Draws them.
        dt_s: Sample interval that noises with a band in hertz are drawn for [s].
    """

    pairs: NoisyPatches
    dt_s: float = 0.004

    def draw(self, rng: np.random.Generator, shape: tuple[int, int]) -> dict[str, Floats]:
        """One pair."""
        noisy, signal = self.pairs(rng, *shape, self.dt_s)
        return {"samples": noisy, "signal": signal}

    def describe(self) -> dict[str, Any]:
        """For the checkpoint."""
        noises = [repr(noise) for noise in self.pairs.noises]
        return {"source": "synthetic", "section": repr(self.pairs.section), "noises": noises}


@dataclass(frozen=True, eq=False)
class GatherPatches:
    """Random cuts of gathers that lie in memory, mirrored and turned over at random.

    Attributes:
        gathers: Amplitude, shape (trace, time) each.
        dt_s: Sample interval [s].
        name: Of the survey, for the checkpoint.
    """

    gathers: Sequence[Floats]
    dt_s: float
    name: str = ""

    def __post_init__(self) -> None:
        if not any(gather.any() for gather in self.gathers):
            raise ShapeError("The gathers hold no live trace; a network needs some to learn from.")

    def draw(self, rng: np.random.Generator, shape: tuple[int, int]) -> dict[str, Floats]:
        """One cut, from each gather as often as its size asks for."""
        sizes = np.array([gather.size for gather in self.gathers], dtype=np.float64)
        for _ in range(_TRIES):
            gather = self.gathers[rng.choice(sizes.size, p=sizes / sizes.sum())]
            missing = [max(0, n - have) for n, have in zip(shape, gather.shape, strict=True)]
            whole = np.pad(gather, [(0, n) for n in missing], mode="symmetric")
            first = [rng.integers(n - m + 1) for n, m in zip(whole.shape, shape, strict=True)]
            cut = whole[first[0] : first[0] + shape[0], first[1] : first[1] + shape[1]]
            if cut.any():
                break
        cut = cut[::-1] if rng.uniform() < 0.5 else cut
        return {"samples": cut * rng.choice(np.array([-1, 1], np.float32))}

    def describe(self) -> dict[str, Any]:
        """For the checkpoint."""
        n_traces = sum(gather.shape[0] for gather in self.gathers)
        return {
            "source": "survey",
            "name": self.name,
            "n_gathers": len(self.gathers),
            "n_traces": n_traces,
        }


def survey_patches(
    survey: xr.Dataset,
    name: str = "",
    gather: GatherKind | None = None,
    *,
    most_bytes: float = 5e8,
    seed: int = 0,
) -> tuple[GatherPatches, GatherPatches | None]:
    """Gathers of a survey to learn from, and others to validate on.

    A survey that does not fit into memory gives evenly spaced gathers. One gather in eight is held
    out whole; a survey of fewer than eight, such as a stacked section, has none to spare.

    Args:
        survey: Opened store.
        name: For the checkpoint.
        gather: What the traces of a gather share; None for the shot, or for the offset where
            every shot is one trace, as in a stacked section.
        most_bytes: Amplitudes that are read.
        seed: Chooses the gathers that are held out.

    Raises:
        GeometryError: If the traces of a gather cover an area.
        OptionError: If a sample is NaN or Inf.
        ShapeError: If no trace is live.
    """
    time_s = survey["time"].to_numpy()
    dt_s = float(time_s[1] - time_s[0])
    kind = gather or usual_gather(survey)
    lines = trace_lines(survey, gather_index(survey, kind).labels(), kind, "train")
    step = max(1, int(np.ceil(4.0 * survey["amplitude"].size / most_bytes)))
    kept = [_samples(survey, line.rows) for line in lines[::step]]
    _check_finite(kept)
    if len(kept) < 8:
        return GatherPatches(kept, dt_s, name), None
    order = np.random.default_rng(seed).permutation(len(kept))
    n_held = len(kept) // 8
    held = [kept[i] for i in order[:n_held]]
    learned = [kept[i] for i in sorted(order[n_held:])]
    validation = GatherPatches(held, dt_s, name) if any(g.any() for g in held) else None
    return GatherPatches(learned, dt_s, name), validation


def _samples(survey: xr.Dataset, rows: NDArray[np.int64]) -> Floats:
    """Amplitude of traces in the order of the line, shape (trace, time)."""
    ascending = np.sort(rows)
    read = survey["amplitude"].isel(trace=as_slice(ascending)).to_numpy()
    return read[np.searchsorted(ascending, rows)].astype(np.float32)


def _check_finite(gathers: Sequence[Floats]) -> None:
    bad = sum(int((~np.isfinite(gather).all(axis=1)).sum()) for gather in gathers)
    if bad:
        n_traces = sum(len(gather) for gather in gathers)
        raise OptionError(
            f"{bad} of {n_traces} traces hold NaN or Inf, and no network learns from those; put "
            "the step 'fill_nan' or 'kill' before."
        )


def patch_batches(
    source: PatchSource, shape: tuple[int, int], batch_size: int, seed: int
) -> Iterator[dict[str, Tensor]]:
    """Endless batches of patches at RMS 1, each (batch, trace, time).

    Small patches are cut out of larger ones, side by side: events are drawn quicker that way.
    """
    rng = np.random.default_rng(seed)
    side = max(1, min(_LEAST_DRAWN[0] // shape[0], _LEAST_DRAWN[1] // shape[1]))
    whole = (side * shape[0], side * shape[1])
    while True:
        drawn = [source.draw(rng, whole) for _ in range(-(-batch_size // side**2))]
        arrays = {
            name: np.concatenate([_tiles(patch[name], side) for patch in drawn])[:batch_size]
            for name in drawn[0]
        }
        scale = patch_scale(arrays["samples"])[:, None, None]
        yield {name: torch.from_numpy(array / scale).float() for name, array in arrays.items()}


def _tiles(patch: Floats, side: int) -> Floats:
    """A patch cut into as many rows as columns of smaller ones, shape (tile, trace, time)."""
    n_traces, n_times = (n // side for n in patch.shape)
    tiles = patch.reshape(side, n_traces, side, n_times).swapaxes(1, 2)
    return tiles.reshape(side * side, n_traces, n_times)
