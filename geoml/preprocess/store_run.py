"""A list of steps from one survey store into another, shard by shard, on any scheduler."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from geoml import __version__
from geoml.errors import GeomlError, ShapeError, StoreError
from geoml.preprocess.process import processed_attrs
from geoml.preprocess.recipe import StepSpec, build_steps, step_specs
from geoml.preprocess.shard_task import ShardTask
from geoml.preprocess.store_pass import StepRun, StorePass, step_runs
from geoml.survey.location import (
    AnyPath,
    base_name,
    exists,
    inside,
    remove,
    same_place,
    sibling,
)
from geoml.survey.memory import release_memory
from geoml.survey.scheduler import check_scheduler, n_cores, run_tasks
from geoml.survey.schema import OPTIONAL_TRACE_VARIABLES
from geoml.survey.store import SurveyWriter, create_store, open_survey, plain_json
from geoml.survey.store_files import unwritable

logger = logging.getLogger(__name__)

Progress = Callable[[int, int], None]
"""Called with (traces done, traces in all), of every pass together."""

_KEPT = ("header_bytes", "extension_bytes")
_PASS_KEY = "pass_key"
# Of the shards in work at once, on a laptop.
_MEMORY_BYTES = 512 * 2**20
COPIES_OF_A_SHARD = 4
"""What is read, half done and written of a shard, in shards."""


def preprocess_store(
    in_path: AnyPath,
    out_path: AnyPath,
    steps: Sequence[StepSpec],
    *,
    overwrite: bool = False,
    scheduler: str = "threads",
    progress: Progress | None = None,
) -> None:
    """Process a survey store into another; every sample is read and written once a pass.

    All steps make one pass, unless they ask for whole gathers of different kinds, or of a kind
    whose traces are scattered over the store: then stores between the passes stand beside the
    output until it is done. A killed run is taken up by the same call. Memory holds the shards in
    work, not the survey.

    Args:
        in_path: Store to read, a path or an fsspec URL.
        out_path: Store to make, a path or an fsspec URL.
        steps: Built steps or ``{name: {option: value}}`` entries.
        overwrite: Replace a store that is already there.
        scheduler: ``threads``, ``processes``, ``synchronous``, or the address of a
            dask.distributed scheduler such as ``tcp://host:8786``.
        progress: Told the traces done after each shard.

    Raises:
        StoreError: If a store is missing, incomplete, or already there, or cannot be written.
        OptionError: If the scheduler is unknown.
        GeomlError: If a step refuses the survey.
    """
    if same_place(in_path, out_path):
        raise StoreError(f"{out_path} is the input itself; write to another name.")
    check_scheduler(scheduler)
    built = build_steps(steps)
    survey = open_survey(in_path)
    if survey.sizes["trace"] == 0:
        raise ShapeError("The survey has no traces; ingest a file that has some.")
    for step in built:
        step.check(survey)
    work = _StoreRun(in_path, out_path, built, overwrite, scheduler, progress)
    try:
        work()
    except OSError as error:
        raise unwritable(out_path, error) from error


def affordable_workers(shard_traces: int, n_samples: int) -> int:
    """Local tasks side by side: one a core, fewer where shards are large.

    Args:
        shard_traces: Traces a shard.
        n_samples: Samples a trace.
    """
    shard_bytes = COPIES_OF_A_SHARD * 4 * shard_traces * n_samples
    return max(1, min(n_cores(), _MEMORY_BYTES // shard_bytes))


class _StoreRun:
    """The passes of one call."""

    def __init__(
        self,
        in_path: AnyPath,
        out_path: AnyPath,
        steps: Sequence[Any],
        overwrite: bool,
        scheduler: str,
        progress: Progress | None,
    ) -> None:
        self._in_path, self._out_path = in_path, out_path
        self._runs = step_runs(steps)
        self._overwrite = overwrite
        self._scheduler = scheduler
        self._progress = progress
        self._n_before = 0
        self._between: list[AnyPath] = []

    def __call__(self) -> None:
        survey = open_survey(self._in_path)
        n_traces = survey.sizes["trace"]
        numbers = np.arange(n_traces)
        current, moved = self._in_path, False
        passes = self._runs
        for place, run in enumerate(passes):
            planned = StorePass(open_survey(current), run, numbers)
            moves = moved or planned.order is not None
            out = self._out_path
            if place + 1 < len(passes) or moves:
                out = self._name_between(place)
            self._write(current, out, planned)
            if planned.order is not None:
                numbers, moved = numbers[planned.order], True
            current = out
        if moved:
            back = StorePass(
                open_survey(current), StepRun((), None), numbers, order=np.argsort(numbers)
            )
            self._write(current, self._out_path, back)
        for path in self._between:
            remove(path)

    def _name_between(self, place: int) -> AnyPath:
        path = sibling(self._out_path, f".{base_name(self._out_path)}.pass{place + 1}")
        self._between.append(path)
        return path

    def _write(self, source: AnyPath, out: AnyPath, planned: StorePass) -> None:
        survey = open_survey(source)
        template = _template(survey, planned)
        key = _pass_key(survey, planned)
        final = same_place(out, self._out_path)
        if not final and exists(inside(out, "zarr.json")):
            if _finished(out, key):
                self._n_before += template.sizes["trace"]
                return
            remove(out)
        kept = [name for name in _KEPT if name in survey]
        writer = create_store(
            out,
            template,
            overwrite=self._overwrite and final,
            trace_bytes={name: survey[name].shape[1] for name in kept},
            late=planned.late,
            resume_key=key,
        )
        task = ShardTask(
            source, writer, list(planned.run.steps), planned.input_time, planned.late, kept
        )
        try:
            self._run_tasks(task, writer, planned)
        except GeomlError:
            writer.abandon()
            for path in self._between:
                remove(path)
            raise
        if "trailing_bytes" in survey:
            writer.set_trailing_bytes(survey["trailing_bytes"].values)
        writer.finish(**({} if final else {_PASS_KEY: key}))

    def _run_tasks(self, task: ShardTask, writer: SurveyWriter, planned: StorePass) -> None:
        pending = writer.pending()
        n_traces = writer.n_traces
        n_done = n_traces - sum(stop - start for start, stop in pending)
        if n_done:
            logger.info("%s: going on after %d of %d traces.", writer.path, n_done, n_traces)

        def tell(n_written: int) -> None:
            nonlocal n_done
            n_done += n_written
            if self._progress is not None:
                self._progress(self._n_before + n_done, self._n_before + n_traces)

        n_samples = max(writer.n_samples, planned.input_time.size)
        release_memory()
        run_tasks(
            task,
            planned.works(pending),
            self._scheduler,
            n_workers=affordable_workers(writer.shard_traces, n_samples),
            done=tell,
        )
        self._n_before += n_traces


def _template(survey: xr.Dataset, planned: StorePass) -> xr.Dataset:
    """The processed survey without its samples."""
    table = survey.drop_dims("time").drop_vars(
        [name for name in survey.variables if len(survey[name].dims) > 1], errors="ignore"
    )
    if planned.order is not None:
        table = table.isel(trace=planned.order)
    n_traces = table.sizes["trace"]
    for name in planned.late:
        if name not in table:
            dtype = OPTIONAL_TRACE_VARIABLES[name].dtype
            table[name] = ("trace", np.zeros(n_traces, dtype=dtype))
    table.attrs = processed_attrs(survey, planned.run.steps)
    table.attrs.pop(_PASS_KEY, None)
    return table.assign_coords(time=planned.time)


def _pass_key(survey: xr.Dataset, planned: StorePass) -> str:
    """A digest of everything that decides a pass."""
    order: NDArray[np.int64] = np.empty(0, dtype=np.int64)
    if planned.order is not None:
        order = planned.order
    facts = {
        "geoml": __version__,
        "survey": plain_json(survey.attrs),
        "steps": step_specs(planned.run.steps),
        "order": hashlib.sha256(np.ascontiguousarray(order).data).hexdigest(),
    }
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()


def _finished(path: AnyPath, key: str) -> bool:
    try:
        return bool(open_survey(path).attrs.get(_PASS_KEY) == key)
    except StoreError:
        return False
