"""Denoising a survey by a trained network: one more step that streams from store to store."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from geoml.errors import OptionError, StoreError
from geoml.network_checkpoint import load_network_checkpoint
from geoml.prediction.denoiser import KIND, checkpoint_digest, loaded_denoiser
from geoml.prediction.remainder import Remainder
from geoml.preprocess.gather_step import GatherStep, Section
from geoml.preprocess.mute_between import outside_span
from geoml.preprocess.recipe import step_specs
from geoml.preprocess.step import sample_times_s, trace_value, with_samples, with_trace_value
from geoml.preprocess.store_run import preprocess_store
from geoml.survey.location import AnyPath, exists, same_place
from geoml.survey.store import open_survey

Progress = Callable[[int, int], None]
"""Called with (traces done, traces in all)."""


@dataclass(frozen=True)
class Denoise(GatherStep):
    """Keep of each gather what a trained network takes for signal.

    Overlapping patches of neighbouring traces go through the network at an RMS of 1 and are
    blended with their scale put back, so that amplitudes stay absolute. Dead traces are left out
    of the patches and stay dead.

    Attributes:
        checkpoint: Folder of ``geoml train --task denoise``, or name of a shipped network.
        weights: ``checkpoint_digest`` of the network that is meant; ``denoise_step`` finds it.
        overlap: Share of a patch that the next one covers too, 0 to 0.9: more of it hides the
            edges of patches better and takes longer.
        gain_window_s: Window whose RMS is taken off before the network and put back behind it
            [s], so that near and early samples do not drown far and late ones; none where
            amplitudes are even enough for the patches' own scale.
        dt_s: Sample interval that the network works at [s]; by default that of its training, or
            the survey's where any will do. Wide stations and slow arrivals want a coarse one: a
            network knows dips of a few samples a trace. Frequencies above its Nyquist stay.
        fill_dead: Give dead traces what the network makes of their neighbours.
        protect_s: Keep what was recorded up to this time behind every picked first break [s],
            and less and less of it for half as long; none to protect nothing. It needs the step
            ``pick_first_breaks`` before; a trace without a pick is denoised whole. First arrivals
            that wide stations alias look like ground roll to a network, and a picker needs the
            noise ahead of them at its own level.
        device: Where torch computes.
        bfloat16: Compute in bfloat16: up to twice as fast where the processor multiplies in it,
            and about 40 dB below the signal off.
    """

    name = "denoise"
    shapes_wavelet = True
    examples: ClassVar[tuple[Mapping[str, Any], ...]] = ()

    checkpoint: str
    weights: str
    overlap: float = 0.5
    gain_window_s: float | None = 0.5
    dt_s: float | None = None
    fill_dead: bool = False
    protect_s: float | None = None
    device: str = "cpu"
    bfloat16: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0 <= self.overlap <= 0.9:
            raise OptionError(f"'denoise' overlap is {self.overlap:g}; it must be 0 to 0.9.")
        for name in ("gain_window_s", "dt_s", "protect_s"):
            value = getattr(self, name)
            if value is not None and not 0 < value < np.inf:
                raise OptionError(f"'denoise' {name} is {value:g} s; it must be above 0.")

    @property
    def fills_dead(self) -> bool:
        """The option ``fill_dead``."""
        return self.fill_dead

    @property
    def needs_first_break(self) -> bool:
        """Whether picks are protected."""
        return self.protect_s is not None

    def __call__(self, gathers: xr.DataArray) -> xr.DataArray:
        """The denoised gathers; traces that were filled are live again.

        Raises:
            GeometryError: If picks are to be protected and there are none, or the traces of a
                gather cover an area.
        """
        denoised = super().__call__(gathers)
        if self.protect_s is not None:
            denoised = self._with_first_breaks(denoised, gathers, self.protect_s)
        if self.fill_dead and "live" in denoised.coords:
            live = np.asarray(denoised.values != 0).any(axis=1)
            return with_trace_value(denoised, "live", np.asarray(live))
        return denoised

    def _with_first_breaks(
        self, denoised: xr.DataArray, recorded: xr.DataArray, protect_s: float
    ) -> xr.DataArray:
        """The denoised gathers with what was removed up to the first arrivals put back."""
        end_s = trace_value(recorded, "first_break", self.name) + protect_s
        start_s = np.full_like(end_s, -np.inf)
        gone = outside_span(sample_times_s(recorded), start_s, end_s, protect_s / 2)
        before = recorded.values.astype(np.float64)
        return with_samples(denoised, before + gone * (denoised.values - before))

    def processed(self, section: Section) -> NDArray[np.floating]:
        """What the network takes for signal, shape (trace, time).

        Raises:
            CheckpointError: If the checkpoint is not the one that the step was made for.
            OptionError: If the network cannot be used at this sampling.
        """
        denoiser = loaded_denoiser(self.checkpoint, self.weights, self.device, self.bfloat16)
        denoiser.sampling_ratio(section.dt_s, self.dt_s)
        if not section.live.any():
            return section.samples
        taken = section.live | self.fill_dead
        samples = np.where(section.live[:, None], section.samples, np.float32(0))[taken]
        out = section.samples.copy()
        out[taken] = denoiser(
            samples,
            section.dt_s,
            overlap=self.overlap,
            gain_window_s=self.gain_window_s,
            work_dt_s=self.dt_s,
        )
        return out


def denoise_step(checkpoint: str | Path, **options: Any) -> Denoise:
    """The step for a checkpoint as it is now.

    Args:
        checkpoint: Folder or shipped name.
        options: Other attributes of ``Denoise``.

    Raises:
        CheckpointError: If there is no such checkpoint, or it is no denoiser.
        OptionError: If an option is out of range.
    """
    weights = checkpoint_digest(load_network_checkpoint(checkpoint, KIND))
    step = Denoise(str(checkpoint), weights, **options)
    loaded_denoiser(step.checkpoint, weights, step.device, step.bfloat16)
    return step


def denoise_store(
    in_path: AnyPath,
    out_path: AnyPath,
    step: Denoise,
    *,
    removed: AnyPath | None = None,
    overwrite: bool = False,
    scheduler: str = "threads",
    progress: Progress | None = None,
) -> None:
    """Denoise a survey store into another; a second pass writes what was removed.

    Memory holds the shards in work, not the survey. A killed run is taken up by the same call,
    also between the two passes.

    Args:
        in_path: Store to read, a path or an fsspec URL.
        out_path: Store to make.
        step: From ``denoise_step``.
        removed: Store of the removed part, the input less the output; not written when None.
        overwrite: Replace stores that are already there.
        scheduler: See ``geoml.preprocess.store_run.preprocess_store``.
        progress: Told the traces done after each shard, of both passes together.

    Raises:
        StoreError: If a store is missing, incomplete, or already there, or cannot be written.
        GeomlError: If the step refuses the survey.
    """
    if removed is not None:
        _check_removed(in_path, out_path, removed, overwrite)
    n_passes = 1 if removed is None else 2

    def told(before: int) -> Progress | None:
        if progress is None:
            return None
        return lambda done, total: progress(before * total + done, n_passes * total)

    if removed is None or overwrite or not _is_made(in_path, out_path, step):
        preprocess_store(
            in_path,
            out_path,
            [step],
            overwrite=overwrite,
            scheduler=scheduler,
            progress=told(0),
        )
    if removed is not None:
        preprocess_store(
            in_path,
            removed,
            [Remainder(str(out_path))],
            overwrite=overwrite,
            scheduler=scheduler,
            progress=told(1),
        )


def _check_removed(in_path: AnyPath, out_path: AnyPath, removed: AnyPath, overwrite: bool) -> None:
    """Refuse a place for the removed part that is taken, before the first pass."""
    for other in (in_path, out_path):
        if same_place(removed, other):
            raise StoreError(f"The removed part cannot go to {other}; write it to another name.")
    if exists(removed) and not overwrite:
        raise StoreError(f"{removed} exists already; give another name or pass --overwrite.")


def _is_made(in_path: AnyPath, out_path: AnyPath, step: Denoise) -> bool:
    """Whether the output is there and is what this step makes of this input."""
    try:
        survey, made = open_survey(in_path), open_survey(out_path)
    except StoreError:
        return False
    expected = [*survey.attrs.get("steps", []), *step_specs([step])]
    facts = ("source_sha256", "source_file")
    same = all(survey.attrs.get(name) == made.attrs.get(name) for name in facts)
    return same and made.attrs.get("steps") == expected
