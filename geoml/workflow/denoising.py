"""The report of a denoised survey: its gathers, their leakage, and classical ways beside them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

import geoml
from geoml.network_checkpoint import NetworkCheckpoint, load_network_checkpoint
from geoml.objectives.signal_preservation import local_similarity, similarity_map
from geoml.prediction.denoise import Denoise
from geoml.prediction.denoiser import KIND
from geoml.preprocess.fx_decon import FxDecon
from geoml.preprocess.median import Median
from geoml.preprocess.pipeline import run
from geoml.preprocess.recipe import StepSpec, step_specs
from geoml.preprocess.trace_line import trace_lines
from geoml.products.denoise_figure import DenoisedGather, display_gain
from geoml.products.report_denoise import DenoiseContent, write_denoise_page
from geoml.survey.gathers import GatherIndex, gather_index
from geoml.survey.location import AnyPath, base_name
from geoml.survey.store import open_survey

_MOST_TRACES = 600  # of a long section, about its middle


def write_denoise_report(
    path: str | Path,
    in_path: AnyPath,
    out_path: AnyPath,
    step: Denoise,
    *,
    n_gathers: int = 3,
    title: str = "",
) -> None:
    """One HTML file with which a reader can judge a denoised survey.

    Beside the network stand f-x prediction and a median of five traces at their defaults, on the
    gathers shown and at one level, or their strongest traces would smear over the others.

    Args:
        path: The file.
        in_path: Store before.
        out_path: Store after.
        step: What was done.
        n_gathers: Gathers shown, evenly over the survey.
        title: Heading; the output's name when empty.
    """
    before, after = open_survey(in_path), open_survey(out_path)
    index = gather_index(before, step.gather)
    lines = [_line(before, index, place) for place in _shown(index, n_gathers)]
    classical: dict[str, StepSpec] = {
        "f-x prediction": FxDecon(gather=step.gather),
        "median of five traces": Median(n_traces=5, gather=step.gather),
    }
    content = DenoiseContent(
        title=title or f"{base_name(out_path)}: denoised",
        gathers=[_gather(before, line, _read(after, line.rows)) for line in lines],
        rows={
            name: [_gather(before, line, _processed(before, line.rows, spec)) for line in lines]
            for name, spec in classical.items()
        },
        facts=_facts(before, in_path, step),
        network=_network_facts(load_network_checkpoint(step.checkpoint, KIND)),
    )
    write_denoise_page(path, content)


class _Line:
    """The traces of one gather in order along their line."""

    def __init__(
        self, title: str, rows: NDArray[np.int64], position_m: NDArray[np.float64] | None
    ) -> None:
        self.title, self.rows, self.position_m = title, rows, position_m


def _shown(index: GatherIndex, n_gathers: int) -> list[int]:
    """Places of gathers, evenly over the survey, without those of a few traces."""
    sizes = index.sizes
    whole = np.flatnonzero(2 * sizes >= np.median(sizes))
    even = np.linspace(0, whole.size - 1, min(n_gathers, whole.size) + 2)[1:-1]
    return sorted({int(whole[round(place)]) for place in even})


def _line(survey: xr.Dataset, index: GatherIndex, place: int) -> _Line:
    traces = index.traces(place)
    table = survey.drop_dims("time").isel(trace=traces).load()
    labels = np.zeros(traces.size, dtype=np.int64)
    (line,) = trace_lines(table, labels, index.kind, "denoise")
    first = max(0, (traces.size - _MOST_TRACES) // 2)
    part = slice(first, first + _MOST_TRACES)
    position_m = None if line.position_m is None else line.position_m[part]
    if position_m is not None and index.kind == "offset":
        position_m = position_m - position_m[0]  # midpoints: how far the first one is says nothing
    return _Line(_title(index, place), traces[line.rows][part], position_m)


def _title(index: GatherIndex, place: int) -> str:
    if index.kind == "offset" and len(index) == 1:
        return "section"
    key = index.key(place)
    if isinstance(key, tuple):
        return f"{index.kind} at {key[0]:.0f}, {key[1]:.0f}"
    return f"{index.kind} {key:g}"


def _read(survey: xr.Dataset, rows: NDArray[np.int64]) -> NDArray[np.float32]:
    """Amplitude of some traces in their order, shape (trace, time)."""
    order = np.argsort(rows)
    read = survey["amplitude"].isel(trace=rows[order]).values
    return np.asarray(read[np.argsort(order)], dtype=np.float32)


def _processed(survey: xr.Dataset, rows: NDArray[np.int64], spec: StepSpec) -> NDArray[np.float32]:
    """Traces after a step that sees them at one level, as the network does, shape (trace, time)."""
    order = np.argsort(rows)
    gain = display_gain(_read(survey, rows))
    part = survey.isel(trace=rows[order])
    level = (gain[order] * part["amplitude"].values).astype(np.float32)
    part = part.assign(amplitude=(("trace", "time"), level))
    done = run(part, [spec])["amplitude"].values
    return np.asarray(done[np.argsort(order)] / gain, dtype=np.float32)


def _gather(survey: xr.Dataset, line: _Line, after: NDArray[np.float32]) -> DenoisedGather:
    before = _read(survey, line.rows)
    gain = display_gain(before)  # or the strongest traces would be all that is compared
    return DenoisedGather(
        title=line.title,
        before=before,
        after=after,
        time_s=survey["time"].values,
        position_m=line.position_m,
        similarity=similarity_map(gain * before, gain * after)[0],
        mean_similarity=local_similarity(gain * before, gain * after),
    )


def _facts(survey: xr.Dataset, in_path: AnyPath, step: Denoise) -> dict[str, str]:
    options = next(iter(step_specs([step])[0].values()))
    time_s = survey["time"].values
    return {
        "Survey": base_name(in_path),
        "Source file": str(survey.attrs.get("source_file", "")),
        "Traces": f"{survey.sizes['trace']} of {time_s.size} samples, "
        f"{1e3 * (time_s[1] - time_s[0]):g} ms",
        "Steps before": ", ".join(next(iter(s)) for s in survey.attrs.get("steps", [])) or "none",
        **{name.replace("_", " ").capitalize(): str(value) for name, value in options.items()},
        "geoml": geoml.__version__,
        "written": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
    }


def _network_facts(checkpoint: NetworkCheckpoint) -> dict[str, str]:
    """How the network was trained, name -> text."""
    training = checkpoint.training
    facts = {
        "Network": str(checkpoint.model.get("name")),
        "Task": _plain(checkpoint.settings.get("task")),
        "Patch": " traces x ".join(str(n) for n in checkpoint.settings["patch_shape"]) + " samples",
        "Trained on": _plain(training.get("data")),
        "Started from": _plain(training.get("started_from")),
    }
    for name, value in training.get("scores", {}).items():
        facts[f"Score {name}"] = f"{value:.2f}"
    return {name: text for name, text in facts.items() if text}


def _plain(value: Any) -> str:
    if isinstance(value, Mapping):
        return "; ".join(f"{name}: {_plain(item)}" for name, item in value.items())
    if isinstance(value, Sequence) and not isinstance(value, str):
        return ", ".join(_plain(item) for item in value)
    return "" if value is None else str(value)
