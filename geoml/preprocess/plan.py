"""What preprocessing a store would take: passes, tasks, memory and time, told before it runs."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from geoml.preprocess.process import process_block
from geoml.preprocess.recipe import StepSpec, build_steps, step_specs
from geoml.preprocess.shard_task import ShardWork
from geoml.preprocess.store_pass import StorePass, step_runs
from geoml.preprocess.store_run import COPIES_OF_A_SHARD, affordable_workers
from geoml.survey.location import AnyPath
from geoml.survey.scheduler import n_cores
from geoml.survey.schema import TRACES_SHARD_FACTOR
from geoml.survey.store import open_survey
from geoml.survey.survey_traces import store_traces
from geoml.survey.trace_source import TraceSource

_BASE_MB = 150.0
_TIMED_BLOCKS = 3


@dataclass(frozen=True)
class PassPlan:
    """One pass over a store.

    Attributes:
        steps: Names of its steps.
        gathers: What must be whole, empty where every trace is on its own.
        n_tasks: Shards to write.
        moves_traces: Whether the pass brings scattered traces together.
        n_workers: Tasks side by side on this machine.
        memory_mb: Memory that they take with the program [MB].
        seconds: Time that they take, extrapolated from a few blocks [s].
    """

    steps: tuple[str, ...]
    gathers: str
    n_tasks: int
    moves_traces: bool
    n_workers: int
    memory_mb: float
    seconds: float

    def __str__(self) -> str:
        steps = ", ".join(self.steps) or "no step"
        whole = f"whole {self.gathers} gathers" if self.gathers else "trace by trace"
        moved = ", brings scattered traces together" if self.moves_traces else ""
        return (
            f"{steps}: {whole}{moved}, {self.n_tasks} tasks, {self.n_workers} at once, about "
            f"{self.memory_mb:.0f} MB and {self.seconds:.0f} s"
        )


def preprocess_plan(in_path: AnyPath, steps: Sequence[StepSpec]) -> list[PassPlan]:
    """The passes that ``preprocess_store`` would make.

    Blocks of the input are processed to measure the time, with the input's time axis for every
    pass; nothing is written.

    Args:
        in_path: Store to read.
        steps: Built steps or ``{name: {option: value}}`` entries.

    Raises:
        StoreError: If there is no store.
        GeomlError: If a step refuses the survey.
    """
    built = build_steps(steps)
    survey = open_survey(in_path)
    for step in built:
        step.check(survey)
    n_traces, n_samples = survey.sizes["trace"], survey.sizes["time"]
    shard = int(survey.attrs["traces_per_gather"]) * TRACES_SHARD_FACTOR
    shards = [(start, min(start + shard, n_traces)) for start in range(0, n_traces, shard)]
    plans, moved = [], False
    for run in step_runs(built):
        planned = StorePass(survey, run, np.arange(n_traces))
        n_workers = affordable_workers(shard, max(n_samples, planned.time.size))
        middle = next(planned.works(shards[len(shards) // 2 : len(shards) // 2 + 1]))
        per_trace = _seconds_a_trace(store_traces(in_path), planned, middle)
        moved = moved or planned.order is not None
        plans.append(
            PassPlan(
                steps=tuple(next(iter(spec)) for spec in step_specs(run.steps)),
                gathers=run.kind or "",
                n_tasks=len(shards),
                moves_traces=planned.order is not None,
                n_workers=n_workers,
                memory_mb=_BASE_MB
                + n_workers * COPIES_OF_A_SHARD * 4e-6 * shard * max(n_samples, planned.time.size),
                seconds=per_trace * n_traces / min(n_workers, n_cores()),
            )
        )
    if moved:
        last = plans[-1]
        plans.append(
            PassPlan((), "", len(shards), True, last.n_workers, last.memory_mb, last.seconds / 2)
        )
    return plans


def _seconds_a_trace(source: TraceSource, planned: StorePass, work: ShardWork) -> float:
    """Time to read and process a trace, the median of some blocks of one shard [s]."""
    taken = []
    for first, last in list(zip(work.blocks[:-1], work.blocks[1:], strict=True))[:_TIMED_BLOCKS]:
        here = slice(int(first), int(last))
        values = {name: value[here] for name, value in work.values.items()}
        start = time.perf_counter()
        samples = source.amplitude(work.traces[here])
        process_block(samples, values, planned.input_time, planned.run.steps)
        taken.append((time.perf_counter() - start) / max(1, here.stop - here.start))
    return float(np.median(taken))
