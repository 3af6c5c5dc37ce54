"""What steps do to one gather, as a picture, before a whole survey is processed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from geoml.errors import OptionError
from geoml.preprocess.pipeline import run
from geoml.preprocess.recipe import StepSpec, build_steps, step_specs
from geoml.preprocess.step import Step
from geoml.products.preview_figure import PreviewPanel, preview_figure
from geoml.products.style import png_bytes, write_whole
from geoml.survey.gathers import GatherIndex, GatherKind, as_slice
from geoml.survey.location import AnyPath, base_name
from geoml.survey.store import open_survey, stored_gather_index


def save_preview(
    store: AnyPath,
    steps: Sequence[StepSpec],
    key: str,
    picture: str | Path,
    kind: GatherKind = "shot",
) -> str:
    """Draw one gather before, after, and what was taken away, with their f-k spectra.

    Args:
        store: The survey store.
        steps: Built steps or ``{name: {option: value}}`` entries.
        key: The gather: its key, such as a field record, or ``#3`` for the third one.
        picture: The PNG file to write.
        kind: What the traces of the gather share.

    Returns:
        One line that says what was drawn.

    Raises:
        OptionError: If the survey has no such gather.
    """
    built = build_steps(steps)
    survey = open_survey(store)
    index = stored_gather_index(store, kind)
    place = place_of(index, key)
    traces = index.traces(place)
    panels = preview_panels(survey, traces, built)
    names = ", ".join(next(iter(spec)) for spec in step_specs(built)) or "no step"
    shown = f"{kind} {index.key(place)}"
    title = f"{base_name(store)}, {shown}: {names}"
    figure = preview_figure(title, panels, survey["offset"].values[traces])
    write_whole(picture, png_bytes(figure))
    return f"{shown}, {traces.size} traces"


def preview_panels(
    survey: xr.Dataset, traces: NDArray[np.int64], steps: Sequence[Step]
) -> list[PreviewPanel]:
    """Some traces before, after, and their difference where both have the same samples in time.

    Gains and shifts in time are applied to the traces before as well: without them the difference
    would show nothing else.

    Args:
        survey: The whole survey: steps may look at traces beyond those shown.
        traces: Numbers of the traces, shape (trace,).
        steps: In order.
    """
    shown = as_slice(traces)
    of_both = [step for step in steps if step.only_scales or step.only_shifts]
    parts = [
        name
        for name, there in (
            ("gains", any(step.only_scales for step in of_both)),
            ("shifts", any(step.only_shifts for step in of_both)),
        )
        if there
    ]
    before = f"Before, with {' and '.join(parts)}" if parts else "Before"
    states = {before: run(survey, of_both), "After": run(survey, steps)}
    panels = [
        PreviewPanel(title, each["amplitude"].isel(trace=shown).values, each["time"].values)
        for title, each in states.items()
    ]
    was, became = panels
    if was.amplitude.shape == became.amplitude.shape and np.allclose(was.time_s, became.time_s):
        panels.append(PreviewPanel("Taken away", was.amplitude - became.amplitude, was.time_s))
    return panels


def place_of(index: GatherIndex, key: str) -> int:
    """Place of a gather in its index.

    Args:
        index: The gathers.
        key: A key, such as a field record, or ``#3`` for the third gather.

    Raises:
        OptionError: If there is no such gather.
    """
    n_gathers = len(index)
    if key.startswith("#"):
        number = key[1:]
        if number.isdigit() and 1 <= int(number) <= n_gathers:
            return int(number) - 1
    elif index.keys.ndim == 1:
        try:
            found = np.flatnonzero(np.isclose(index.keys, float(key)))
        except ValueError:
            found = np.empty(0, dtype=np.int64)
        if found.size:
            return int(found[0])
    raise OptionError(
        f"There is no {index.kind} '{key}' among {n_gathers}, from {index.key(0)} to "
        f"{index.key(n_gathers - 1)}; give one of these keys, or #1 to #{n_gathers}."
    )
