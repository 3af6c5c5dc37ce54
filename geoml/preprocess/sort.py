"""Another order of a survey's traces. Not a step: steps keep the order, so that they commute."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from geoml import __version__
from geoml.errors import OptionError
from geoml.registry import nearest
from geoml.survey.schema import OPTIONAL_TRACE_VARIABLES, SOURCE_TRACE_VARIABLES, TRACE_VARIABLES
from geoml.survey.store import chunk_traces, history_line

_KNOWN = (*TRACE_VARIABLES, *OPTIONAL_TRACE_VARIABLES, *SOURCE_TRACE_VARIABLES)


def sort_traces(survey: xr.Dataset, by: str | Sequence[str]) -> xr.Dataset:
    """The survey with its traces in another order; lazy, no sample is read.

    Everything of dims (trace, ...) moves along, and ``source_trace`` keeps where each trace was in
    the file, so that an export still writes the file's own order. Traces that are equal in
    every key stay in their order. A new order scatters reads: computing one gather of the result
    reads every chunk that holds one of its traces. Save it with
    ``geoml.survey.store.save_survey`` to pay once.

    Args:
        survey: Dims (trace, time).
        by: Trace variables, the first one deciding; ``-`` before a name for descending order,
            such as ``["cdp", "-offset"]``.

    Raises:
        OptionError: If a name is no trace variable of the survey, or none is given.
    """
    names = [by] if isinstance(by, str) else list(by)
    if not names:
        raise OptionError("Sorting needs a trace variable, such as 'cdp' or ['cdp', 'offset'].")
    keys = [_key(survey, name) for name in names]
    # lexsort takes its last key first.
    order = np.lexsort(keys[::-1])
    if "source_trace" not in survey:
        kind = SOURCE_TRACE_VARIABLES["source_trace"]
        place = np.arange(survey.sizes["trace"], dtype=kind.dtype)
        survey = survey.assign(source_trace=("trace", place, {"long_name": kind.meaning}))
    ordered = survey.isel(trace=order)
    line = history_line("sort_traces", {"by": names}, __version__)
    return ordered.assign_attrs(
        traces_per_gather=chunk_traces(
            np.unique(keys[0], return_inverse=True)[1], survey.sizes["time"]
        ),
        history=[*survey.attrs.get("history", []), line],
    )


def _key(survey: xr.Dataset, name: str) -> NDArray[np.float64]:
    """Numbers that ascend in the wanted order, NaN last, shape (trace,)."""
    variable = name.removeprefix("-")
    if variable not in _KNOWN or variable not in survey:
        known = [known for known in _KNOWN if known in survey]
        raise OptionError(
            f"The survey has no trace variable '{variable}' to sort by.{nearest(variable, known)} "
            f"Known: {', '.join(known)}."
        )
    values = np.asarray(survey[variable].values, dtype=np.float64)
    return -values if name.startswith("-") else values
