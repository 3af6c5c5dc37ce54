"""Fill a store with training pairs: draw velocity models, model their shots, process them alike."""

from __future__ import annotations

import contextlib
import multiprocessing
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from geoml.errors import OptionError, ShapeError, StoreError
from geoml.physics.device import usable_device
from geoml.physics.grid import choose_grid
from geoml.registry import split_spec
from geoml.survey.acquisition import Acquisition
from geoml.survey.pairs import PairWriter, create_pairs, resume_pairs
from geoml.survey.store import part_path, plain_json
from geoml.synthetic.family_spec import build_family, family_spec
from geoml.synthetic.recipe import PairRecipe
from geoml.synthetic.velocity_range import VelocityRange
from geoml.worker_end import end_with_parent

Process = Callable[[NDArray[np.float32]], NDArray[np.float32]]
Block = tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.int32]]

_SHARD_SAMPLES = 64


def generate_pairs(
    path: str | Path,
    acquisition: Acquisition,
    *,
    families: Sequence[str | Mapping[str, Any]],
    velocity_range: VelocityRange,
    count: int,
    seed: int,
    process: Process | None = None,
    provenance: Mapping[str, Any] | None = None,
    steps: Sequence[Any] = (),
    batch: int = 16,
    workers: int = 1,
    device: str = "cpu",
    accuracy: int = 8,
    cells_per_wavelength: float | None = None,
    wavelet_phase_deg: float = 0.0,
    wavelet_gain_db: float = 0.0,
    overwrite: bool = False,
    progress: Callable[[int, int], None] | None = None,
    announce: Callable[[str], None] | None = None,
) -> None:
    """Fill a pair store; an interrupted one of the same recipe is continued.

    The same seed gives the same bytes on one machine, whatever ``batch`` and ``workers`` are and
    however often the run was interrupted.

    Args:
        path: The store.
        acquisition: Geometry, sampling and wavelet of the shots.
        families: Entries ``name`` or ``{name: {option: value}}`` of ``FAMILIES``, or priors as
            ``vae:NAME``.
        velocity_range: The range of velocities.
        count: Pairs to make.
        seed: Pair i is drawn from (seed, i) alone.
        process: What the survey went through, on amplitude (sample, shot, receiver, time); None
            for nothing.
        provenance: Where the acquisition came from, as JSON; kept with the store.
        steps: The processing steps that ``process`` stands for, kept with the store.
        batch: Pairs modelled at once.
        workers: Processes; above 1 each uses one thread.
        device: Where torch models the shots.
        accuracy: Order of the spatial stencil of the simulation, 4 or 8.
        cells_per_wavelength: Cells in its shortest wavelength; by default enough for waveforms
            within 1 %.
        wavelet_phase_deg: Largest rotation of the wavelet's phase, either way [degrees].
        wavelet_gain_db: Standard deviation of the wavelet's gain [dB].
        overwrite: Replace a store that is there, and drop an interrupted one of another recipe.
        progress: Called with (pairs done, pairs in all).
        announce: Called with one line on the grid of the simulation.

    Raises:
        OptionError: If an option is out of range.
        UnknownNameError: If there is no such family.
        StoreError: If the store is there, or an interrupted one has another recipe.
        ShapeError: If ``process`` changes the shape of the gathers.
    """
    if count < 1 or batch < 1 or workers < 1:
        raise OptionError(
            f"count {count}, batch {batch}, workers {workers}: each must be at least 1."
        )
    usable_device(device)
    grid = choose_grid(
        *velocity_range.limits_m_s,
        acquisition.max_frequency_hz,
        acquisition.spacing_m,
        acquisition.dt_s,
        accuracy,
        cells_per_wavelength,
    )
    if announce is not None:
        announce(grid.note)
    recipe = PairRecipe(
        acquisition,
        [build_family(spec) for spec in families],
        velocity_range,
        seed,
        grid.spacing_m,
        grid.accuracy,
        wavelet_phase_deg,
        wavelet_gain_db,
    )
    attrs = {
        "families": [split_spec(spec, "family")[0] for spec in families],
        "recipe": describe(recipe, count),
        "steps": list(steps),
        "provenance": {**(provenance or {}), "simulation_grid": grid.note},
    }
    fill_pairs(
        path, recipe, count, attrs,
        process=process, batch=batch, workers=workers, device=device, overwrite=overwrite,
        progress=progress,
    )  # fmt: skip


def fill_pairs(
    path: str | Path,
    recipe: PairRecipe,
    count: int,
    attrs: Mapping[str, Any],
    *,
    process: Process | None = None,
    batch: int = 16,
    workers: int = 1,
    device: str = "cpu",
    overwrite: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> None:
    """Fill a pair store from a recipe; see ``generate_pairs``.

    Args:
        path: The store.
        recipe: How each pair is made.
        count: Pairs to make.
        attrs: ``families``, ``recipe``, ``steps`` and ``provenance`` of the store; an interrupted
            store with equal recipe and steps is continued.
        process: What the survey went through.
        batch: Pairs modelled at once.
        workers: Processes.
        device: Where torch models the shots.
        overwrite: Replace a store that is there.
        progress: Called with (pairs done, pairs in all).
    """
    writer = _open_writer(Path(path), recipe.acquisition, count, dict(attrs), overwrite)
    if progress is not None:
        progress(writer.n_done, count)
    with contextlib.closing(_blocks(recipe, writer, batch, workers, device)) as blocks:
        _store(writer, blocks, process, progress)
    writer.finish()


def describe(recipe: PairRecipe, count: int) -> dict[str, Any]:
    """The recipe without its acquisition, as JSON: equal descriptions give equal bytes."""
    plain: dict[str, Any] = plain_json(
        {
            "count": count,
            "seed": recipe.seed,
            "families": [family_spec(f) for f in recipe.families],
            "velocity_range": asdict(recipe.velocity_range),
            "simulation_spacing_m": recipe.simulation_spacing_m,
            "accuracy": recipe.accuracy,
            "wavelet_phase_deg": recipe.wavelet_phase_deg,
            "wavelet_gain_db": recipe.wavelet_gain_db,
        }
    )
    return plain


def _open_writer(
    path: Path, acquisition: Acquisition, count: int, attrs: dict[str, Any], overwrite: bool
) -> PairWriter:
    """A new store, or the interrupted one of the same recipe."""
    interrupted = (part_path(path) / "zarr.json").is_file()
    if interrupted and (overwrite or not path.exists()):
        try:
            writer = resume_pairs(path)
        except StoreError:
            if not overwrite:
                raise
        else:
            same = writer.attrs.get("acquisition") == plain_json(acquisition.to_dict())
            for name in ("recipe", "steps"):
                same = same and writer.attrs.get(name) == plain_json(attrs[name])
            if same:
                return writer
            if not overwrite:
                raise StoreError(
                    f"{path}: an interrupted run with other options left {writer.n_done} of "
                    f"{writer.count} pairs; repeat its options to go on, or pass --overwrite."
                )
    return create_pairs(
        path, acquisition, count, attrs, shard_samples=_SHARD_SAMPLES, overwrite=overwrite
    )


def _store(
    writer: PairWriter,
    blocks: Iterable[Block],
    process: Process | None,
    progress: Callable[[int, int], None] | None,
) -> None:
    """Process blocks and write them shard by shard."""
    held: list[Block] = []
    for amplitude, velocity, family in blocks:
        processed = amplitude if process is None else process(amplitude)
        if processed.shape != amplitude.shape:
            raise ShapeError(
                f"Processing turns gathers of shape {amplitude.shape} into {processed.shape}; "
                "training pairs must keep their time axis and traces."
            )
        held.append((processed, velocity, family))
        ready = sum(len(block[1]) for block in held)
        stop = writer.n_done + ready
        if stop == writer.count or ready == writer.shard_samples:
            parts = [np.concatenate(part) for part in zip(*held, strict=True)]
            writer.write(writer.n_done, *parts)
            held = []
        if progress is not None:
            progress(stop, writer.count)


def _blocks(
    recipe: PairRecipe, writer: PairWriter, batch: int, workers: int, device: str
) -> Generator[Block, None, None]:
    """The pairs still missing, in order, in batches that end where shards do."""
    ranges = [
        (start, min(start + batch, shard + writer.shard_samples, writer.count))
        for shard in range(writer.n_done, writer.count, writer.shard_samples)
        for start in range(shard, min(shard + writer.shard_samples, writer.count), batch)
    ]
    if workers == 1:
        for start, stop in ranges:
            yield recipe.simulate(start, stop, device)
        return
    # Spawned, not forked: torch's threads do not survive a fork.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, context, initializer=start_worker) as pool:
        pending: list[Future[Block]] = []
        try:
            for start, stop in ranges:
                pending.append(pool.submit(recipe.simulate, start, stop, device))
                # Few enough ahead that finished blocks do not pile up in memory.
                if len(pending) > 2 * workers:
                    yield pending.pop(0).result()
            while pending:
                yield pending.pop(0).result()
        finally:
            for future in pending:
                future.cancel()


def start_worker() -> None:
    """One thread, as workers run side by side; and no worker outlives the run that started it."""
    torch.set_num_threads(1)
    end_with_parent()
