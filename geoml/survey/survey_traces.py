"""Amplitudes by trace number from any survey: of another package's store, or still to compute."""

from __future__ import annotations

import os
import pickle

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from geoml.errors import ShapeError
from geoml.survey.gathers import as_slice
from geoml.survey.location import AnyPath
from geoml.survey.mdio import is_mdio, open_mdio
from geoml.survey.trace_source import StoreTraces, Traces


def store_traces(path: AnyPath) -> StoreTraces | SurveyTraces:
    """Amplitudes of a store, one of geoml's or one that MDIO wrote.

    Args:
        path: A path or an fsspec URL.

    Raises:
        StoreError: If there is no store, or it is incomplete or of another version.
    """
    return SurveyTraces(open_mdio(path)) if is_mdio(path) else StoreTraces(path)


class SurveyTraces:
    """Amplitudes of a survey as a ``TraceSource``; what is lazy is computed trace by trace.

    ``StoreTraces`` reads geoml's own stores many times faster.

    Attributes:
        n_traces: Traces in all.
        n_samples: Samples a trace.

    Args:
        survey: Dataset of dims (trace, time).
    """

    def __init__(self, survey: xr.Dataset) -> None:
        self._amplitude = survey["amplitude"].transpose("trace", "time").variable
        self.n_traces, self.n_samples = self._amplitude.shape
        self._process = os.getpid()

    def amplitude(self, traces: Traces) -> NDArray[np.float32]:
        """Samples of some traces, shape (trace, time).

        Raises:
            ShapeError: If the survey has no such traces.
        """
        if isinstance(traces, slice):
            start, stop, _ = traces.indices(self.n_traces)
            wanted: Traces = slice(start, max(start, stop))
        else:
            if traces.size and not 0 <= traces.min() <= traces.max() < self.n_traces:
                raise ShapeError(
                    f"Traces {traces.min()} to {traces.max()} are asked of {self.n_traces}, "
                    "counted from 0."
                )
            wanted = as_slice(traces) if (np.diff(traces) > 0).all() else traces
        if self._amplitude.chunks and self._process != os.getpid():
            # Handles inside the graph are of the process before the fork: pickle leaves them out.
            self._amplitude = pickle.loads(pickle.dumps(self._amplitude))
            self._process = os.getpid()
        # Dask's threads do not survive a fork, and workers run side by side already.
        # Said to this call alone: dask.config is shared by all threads.
        found = self._amplitude[wanted].compute(scheduler="synchronous")
        return np.array(found.values, dtype=np.float32)
