"""A gather's velocity spectrum as a picture: semblance beside the traces that it was made of."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import xarray as xr

from geoml.errors import OptionError
from geoml.preprocess.process import trace_values
from geoml.preprocess.semblance import semblance
from geoml.products.gather_figure import GatherPanel
from geoml.products.semblance_figure import semblance_figure
from geoml.products.style import png_bytes, write_whole
from geoml.survey.gathers import GatherKind, as_slice, gather_index
from geoml.workflow.preview import place_of


def save_velocity_spectrum(
    survey: xr.Dataset,
    key: str,
    picture: str | Path,
    kind: GatherKind = "cdp",
    velocity_m_s: tuple[float, float, float] = (1400.0, 4500.0, 50.0),
) -> str:
    """Draw the semblance of one gather.

    Args:
        survey: Dims (trace, time).
        key: The gather: its key, or ``#3`` for the third one.
        picture: The PNG file to write.
        kind: What the traces of the gather share; semblance means most on CDP gathers.
        velocity_m_s: First, last and step of the velocities that are tried [m/s].

    Returns:
        One line that says what was drawn.

    Raises:
        OptionError: If the survey has no such gather, or the velocities do not rise.
        GeometryError: If the traces have no offset.
    """
    first, last, step = velocity_m_s
    if not 0 < first < last or not step > 0:
        raise OptionError(
            f"Velocities from {first:g} to {last:g} m/s in steps of {step:g}; rising ones above 0 "
            "are needed."
        )
    index = gather_index(survey, kind)
    place = place_of(index, key)
    traces = index.traces(place)
    values = {name: value[traces] for name, value in trace_values(survey, []).items()}
    gather = xr.DataArray(
        survey["amplitude"].isel(trace=as_slice(traces)).values,
        dims=("trace", "time"),
        coords={**{n: ("trace", v) for n, v in values.items()}, "time": survey["time"].variable},
    )
    spectrum = semblance(gather, np.arange(first, last + step / 2, step))
    shown = f"{kind} {index.key(place)}"
    panel = GatherPanel(shown, gather.values, gather["time"].values, values["offset"])
    write_whole(picture, png_bytes(semblance_figure(spectrum, [panel])))
    return f"{shown}, {traces.size} traces"
