"""Traces that a user names: by their place in the survey, or by header values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from geoml.errors import OptionError
from geoml.preprocess.step import check_trace_variable

Headers = Mapping[str, Sequence[float]]
"""Trace variable -> values; a trace is meant where every variable has one of its values."""


def check_names(traces: Sequence[int], headers: Headers, step: str) -> None:
    """Refuse negative places and trace variables that no survey has.

    Raises:
        OptionError: Naming the first of them.
    """
    if any(number < 0 for number in traces):
        raise OptionError(f"'{step}' counts traces from 0; found {min(traces)} in 'traces'.")
    for name in headers:
        check_trace_variable(name, step)


def check_presence(survey: xr.Dataset, traces: Sequence[int], headers: Headers, step: str) -> None:
    """Refuse places and header values that the survey does not have.

    Raises:
        OptionError: Naming the first of them.
    """
    n_traces = survey.sizes["trace"]
    if traces and max(traces) >= n_traces:
        raise OptionError(
            f"'{step}' names trace {max(traces)}, but the survey has {n_traces} traces; the last "
            f"one is {n_traces - 1}."
        )
    for name, values in headers.items():
        missing = np.setdiff1d(values, survey[name].values)
        if missing.size:
            raise OptionError(
                f"'{step}' looks for {name} {missing[0]:g}, which no trace of the survey has; "
                "see 'geoml show' for the values."
            )


def named_traces(
    gathers: xr.DataArray, traces: Sequence[int], headers: Headers
) -> NDArray[np.bool_]:
    """True for the traces that are meant, shape (trace,).

    Args:
        gathers: Dims (trace, time); the coordinate ``trace``, where there is one, is the place
            in the survey.
        traces: Places in the survey, from 0.
        headers: Trace variable -> values.
    """
    meant = np.zeros(gathers.sizes["trace"], dtype=bool)
    if traces:
        meant |= np.isin(gathers.coords.get("trace", np.arange(meant.size)), traces)
    if headers:
        fits = np.ones_like(meant)
        for name, values in headers.items():
            fits &= np.isin(gathers.coords[name].values, values)
        meant |= fits
    return meant
