"""Autoencoders from store to product: training, facies of a section, anomalous traces."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Literal

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from scipy import ndimage

import geoml
from geoml.errors import CheckpointError, GeometryError, OptionError
from geoml.models.gathers import GATHER_MODELS
from geoml.network_checkpoint import NetworkCheckpoint, load_network_checkpoint
from geoml.prediction.anomalies import By, TraceAnomalies, anomaly_table, trace_anomalies
from geoml.prediction.codes import load_coder
from geoml.prediction.facies import Facies, Method, code_texture, facies
from geoml.preprocess.step import sample_interval_s
from geoml.preprocess.trace_line import trace_lines
from geoml.products.facies_map import facies_figure
from geoml.products.style import png_bytes, write_whole
from geoml.samples.section_attributes import section_attributes
from geoml.survey.gathers import GatherKind, gather_index, usual_gather
from geoml.survey.store import history_line, open_survey, save_survey
from geoml.training.denoise_data import survey_patches
from geoml.training.fit_network import FitOptions
from geoml.training.latent import train_latent
from geoml.training.latent_data import read_latent_data
from geoml.training.neighbours import KIND as NEIGHBOURS
from geoml.training.neighbours import MODEL, train_neighbours

Basis = Literal["codes", "attributes"]

_STEP = (4, 4)  # traces and samples between the points whose codes are clustered
_FLOOR = 1e-9  # of the section's greatest level
_SMOOTH_POINTS = (3.0, 3.0)


def train_code(
    source: str,
    fit: FitOptions,
    *,
    model: str,
    code: int,
    patch: tuple[int, int] | None,
    gather: GatherKind | None = None,
    options: Mapping[str, Any] | None = None,
    beta: float = 1.0,
    kl_warmup: float = 0.2,
    announce: Callable[[str], None] | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> NetworkCheckpoint:
    """An autoencoder of a survey's patches or of velocity sections; or a predictor of traces.

    Args:
        source: Survey store, pair store, or OpenFWI's velocity files.
        fit: Budget, optimiser, machine.
        model: Network; ``neighbour_predictor`` learns to tell traces from their neighbours.
        code: Numbers of the code.
        patch: Traces and samples of a patch; None for the usual.
        gather: What traces that lie side by side share.
        options: Other options of the network.
        beta: Weight of a variational code's divergence.
        kl_warmup: Share of the steps in which it grows.
        announce: Told a line a validation.
        progress: Told the steps done and in all.
    """
    if model == MODEL:
        survey = open_survey(source)
        learned, held = survey_patches(survey, Path(source).name, gather or usual_gather(survey))
        gathers = [*learned.gathers, *(held.gathers if held is not None else [])]
        return train_neighbours(
            gathers,
            fit,
            dt_s=learned.dt_s,
            name=Path(source).name,
            patch_shape=patch or (24, 256),
            model_options=options,
            announce=announce,
            progress=progress,
        )
    return train_latent(
        read_latent_data(source, patch, gather, fit.seed),
        fit,
        model=model,
        code=code,
        model_options=options,
        beta=beta,
        kl_warmup=kl_warmup,
        announce=announce,
        progress=progress,
    )


def section_facies(
    survey: xr.Dataset,
    checkpoint: str | None,
    n_facies: int,
    method: Method = "kmeans",
    *,
    step: tuple[int, int] = _STEP,
    seed: int = 0,
) -> tuple[Facies, NDArray[np.int64], NDArray[np.float32]]:
    """Facies of a stacked section by codes, or by attributes where there is no checkpoint.

    Returns:
        The facies, the survey's traces in order along the line, and the section in that order.

    Raises:
        GeometryError: If the survey is no stacked section.
        OptionError: If the number of facies or the sample interval does not fit.
    """
    kind = usual_gather(survey)
    lines = trace_lines(survey, gather_index(survey, kind).labels(), kind, "facies")
    if kind != "offset" or len(lines) != 1:
        raise GeometryError(
            f"The survey has {len(lines)} gathers by {kind}; facies are mapped on one stacked "
            "section. Stack it, or select one line."
        )
    rows = lines[0].rows
    samples = survey["amplitude"].to_numpy()[rows].astype(np.float32)
    dt_s = sample_interval_s(survey["amplitude"])
    if checkpoint is None:
        points = tuple(np.arange(0, n, s) for n, s in zip(samples.shape, step, strict=True))
        features = attribute_features(samples, dt_s, (points[0], points[1]))
    else:
        codes = load_coder(checkpoint).along(samples, step, dt_s)
        points = (codes.trace, codes.sample)
        features = code_texture(codes, _SMOOTH_POINTS)
    found = facies(features, (points[0], points[1]), samples, n_facies, method, seed=seed)
    return found, rows, samples


def attribute_features(
    samples: NDArray[np.floating], dt_s: float, points: tuple[NDArray[np.int64], NDArray[np.int64]]
) -> NDArray[np.float64]:
    """Attributes at points of a section, averaged as codes are, (row, column, attribute)."""
    values = section_attributes(samples, dt_s)[np.ix_(*points)]
    values[..., 0] = np.log(values[..., 0] + _FLOOR * max(float(values[..., 0].max()), 1e-30))
    smooth: NDArray[np.float64] = ndimage.gaussian_filter(values, (*_SMOOTH_POINTS, 0))
    return smooth


def write_facies(
    store: str,
    out: str,
    checkpoint: str | None,
    n_facies: int,
    method: Method = "kmeans",
    *,
    picture: Path | None = None,
    seed: int = 0,
    overwrite: bool = False,
) -> None:
    """A survey store whose amplitudes are facies, and a picture of them on the section."""
    survey = open_survey(store)
    found, rows, samples = section_facies(survey, checkpoint, n_facies, method, seed=seed)
    label = np.empty(samples.shape, dtype=np.float32)
    label[rows] = found.label
    options = {"checkpoint": checkpoint, "facies": n_facies, "method": method, "seed": seed}
    labelled = survey.assign(amplitude=(("trace", "time"), label)).assign_attrs(
        steps=[*survey.attrs.get("steps", []), {"facies": options}],
        history=[
            *survey.attrs.get("history", []),
            history_line("facies", options, geoml.__version__),
        ],
    )
    save_survey(labelled, out, overwrite=overwrite)
    if picture is not None:
        title = f"Facies by {'attributes' if checkpoint is None else 'codes'}, {method}"
        figure = facies_figure(
            samples,
            survey["time"].to_numpy(),
            {title.replace("_", " "): found.label},
            trace_label="Trace along the line",
        )
        write_whole(picture, png_bytes(figure))


def write_anomalies(
    store: str,
    out: Path,
    *,
    least: float,
    checkpoint: str | None = None,
    by: By | None = None,
    gather: GatherKind | None = None,
    steps: Path | None = None,
) -> TraceAnomalies:
    """A CSV table of traces by falling score, and on request the ``kill`` step for them.

    Args:
        store: Survey store.
        out: The table.
        least: Score from which a trace is listed; 0 for all.
        checkpoint: Trained ``neighbour_predictor``; None for the rules alone.
        by: Rules, neighbours or both; None for both where there is a network.
        gather: What the traces of a gather share.
        steps: YAML list of steps to write, with one ``kill`` of the listed traces.

    Raises:
        OptionError: If a network is asked for and there is none.
    """
    survey = open_survey(store)
    network = None
    if checkpoint is not None:
        loaded = load_network_checkpoint(checkpoint, NEIGHBOURS)
        _check_interval(loaded, sample_interval_s(survey["amplitude"]))
        network = loaded.network(GATHER_MODELS)
    chosen: By = by or ("rules" if network is None else "both")
    if steps is not None and not least > 0:
        raise OptionError("--steps kills every trace that is listed; pass --least above 0.")
    found = trace_anomalies(survey, network, chosen, gather or usual_gather(survey))
    table = anomaly_table(found, survey, least)
    text = io.StringIO()
    names = ["trace", "field_record", "trace_in_record", "score", "reason"]
    writer = csv.DictWriter(text, [n for n in names if not table or n in table[0]])
    writer.writeheader()
    writer.writerows({**row, "score": f"{row['score']:.3f}"} for row in table)
    write_whole(out, text.getvalue().encode())
    if steps is not None:
        traces = sorted(int(str(row["trace"])) for row in table)
        write_whole(steps, f"- kill: {json.dumps({'traces': traces})}\n".encode())
    return found


def _check_interval(checkpoint: NetworkCheckpoint, dt_s: float) -> None:
    trained_s = float(checkpoint.settings["dt_s"])
    if abs(dt_s / trained_s - 1) > 1e-3:
        raise CheckpointError(
            f"The survey is sampled every {1e3 * dt_s:g} ms, the network was trained at "
            f"{1e3 * trained_s:g} ms; train one for this survey."
        )
