"""One pass over a store: which gathers each shard of the output needs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from geoml.preprocess.blocks import block_starts, contiguous_order
from geoml.preprocess.process import TraceValues, late_variables, trace_values, trial_run
from geoml.preprocess.shard_task import ShardWork
from geoml.preprocess.step import SHOT_LABEL, Step
from geoml.survey.gathers import GatherKind, gather_index


@dataclass(frozen=True)
class StepRun:
    """Consecutive steps that see the same gathers.

    Attributes:
        steps: In order.
        kind: The gathers that must be whole; None where every trace is on its own.
    """

    steps: tuple[Step, ...]
    kind: GatherKind | None


def step_runs(steps: Sequence[Step]) -> list[StepRun]:
    """The steps in as few runs as possible, in their order; one run where there are none."""
    runs: list[StepRun] = [StepRun((), None)]
    for step in steps:
        kind = step.gathered_by if step.needs_whole_gathers else None
        last = runs[-1]
        if kind is None or last.kind in (None, kind):
            runs[-1] = StepRun((*last.steps, step), last.kind or kind)
        else:
            runs.append(StepRun((step,), kind))
    return runs


class StorePass:
    """Reads one survey and says what each shard of the next one needs.

    Attributes:
        run: The steps.
        input_time: Times of the samples that are read [s].
        time: Times of the processed samples [s].
        late: Trace variables that the steps decide.
        order: Input trace of each output trace, None where they stay in their order.

    Args:
        survey: What is read.
        run: The steps.
        numbers: Place of each trace in the survey that the first pass read, (trace,).
        order: Input trace of each output trace; by default the input's order, or, where traces of
            a gather are scattered, gather after gather.
    """

    def __init__(
        self,
        survey: xr.Dataset,
        run: StepRun,
        numbers: NDArray[np.int64],
        order: NDArray[np.int64] | None = None,
    ) -> None:
        self.run = run
        self.input_time = survey["time"].variable
        self._values = {**trace_values(survey, run.steps), "trace": numbers}
        labels = self._gather_labels(survey)
        if order is None and contiguous_order(labels) is not None:
            # Within a gather as in the first survey, whatever passes lie between.
            order = np.lexsort((numbers, labels))
        self.order = order
        self._labels = labels if self.order is None else labels[self.order]
        trial = trial_run(self._values, self.input_time, run.steps)
        self.time = trial.coords["time"].variable
        self.late = late_variables(trial)

    def _gather_labels(self, survey: xr.Dataset) -> NDArray[np.int64]:
        if self.run.kind is None:
            return np.arange(survey.sizes["trace"])
        if self.run.kind == "shot":
            return np.asarray(self._values[SHOT_LABEL])
        return gather_index(survey, self.run.kind).labels()

    def works(self, shards: Sequence[tuple[int, int]]) -> Iterator[ShardWork]:
        """What the tasks of some shards need, one after another."""
        edges = np.flatnonzero(np.diff(self._labels, prepend=self._labels[:1] - 1))
        edges = np.append(edges, self._labels.size)
        for start, stop in shards:
            first = int(edges[np.searchsorted(edges, start, side="right") - 1])
            last = int(edges[np.searchsorted(edges, stop, side="left")])
            here = np.arange(first, last)
            rows = np.where((here >= start) & (here < stop), here - start, -1)
            traces = here if self.order is None else self.order[first:last]
            yield ShardWork(
                start=start,
                stop=stop,
                traces=traces,
                values=self._values_of(traces),
                blocks=block_starts(self._labels[first:last], self.input_time.size),
                rows=rows,
                own=traces[rows >= 0],
            )

    def _values_of(self, traces: NDArray[np.int64]) -> TraceValues:
        return {name: value[traces] for name, value in self._values.items()}
