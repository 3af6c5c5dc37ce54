"""Traces that are not what their neighbours say, by a network or by the rules of ``bad_traces``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
import xarray as xr
from numpy.typing import NDArray
from torch import nn

from geoml.errors import OptionError
from geoml.preprocess.bad_traces import REASONS, anomaly, bad_traces, badness
from geoml.preprocess.step import sample_interval_s
from geoml.preprocess.trace_anomaly import unusual
from geoml.preprocess.trace_line import trace_lines
from geoml.samples.patches import patch_scale
from geoml.survey.gathers import GatherKind, gather_index

Floats = NDArray[np.float64]
By = Literal["rules", "neighbours", "both"]

MEASURES = ("level", "error", "outburst", "upside_down")
"""What is measured of a trace against its prediction, in the order of ``neighbour_measures``."""

LOGARITHMIC = np.array([True, True, True, False])
"""Which of ``MEASURES`` are ratios."""

_TINY = 1e-12
_LAPLACE_VARIANCE = 2.0  # of scale 1


@dataclass(frozen=True, eq=False)
class TraceAnomalies:
    """Scores of the traces of a survey.

    Attributes:
        score: Spreads beyond what is usual in the gather; infinite is certain, shape (trace,).
        reason: Code of ``bad_traces.REASONS``, shape (trace,).
        gather: Number of each trace's gather, shape (trace,).
    """

    score: Floats
    reason: NDArray[np.int32]
    gather: NDArray[np.int64]


@torch.inference_mode()
def neighbour_measures(network: nn.Module, samples: NDArray[np.floating]) -> Floats:
    """How far each trace of a gather is from what its neighbours say.

    Args:
        network: A trained ``neighbour_predictor``.
        samples: Finite, in order along the line, shape (trace, time).

    Returns:
        Shape (trace, measure): ``level``, RMS over that expected, or its inverse; ``error``, mean
        error in units of the predicted scale; ``outburst``, the largest such error; and
        ``upside_down``, the correlation with the prediction, its sign turned.
    """
    scaled = (samples / patch_scale(samples)).astype(np.float32)
    output = network(torch.from_numpy(scaled)[None])
    signal = output["signal"][0].double().numpy()
    scale = np.exp(output["log_scale"][0].double().numpy())
    trace, expected = scaled / scale, signal / scale
    error = np.abs(trace - expected)
    power = np.mean(trace**2, axis=1)
    level = np.log((power + _TINY) / np.mean(expected**2 + _LAPLACE_VARIANCE, axis=1)) / 2
    size = np.sqrt(np.sum(trace**2, axis=1) * np.sum(expected**2, axis=1))
    likeness = np.sum(trace * expected, axis=1) / np.where(size > 0, size, 1)
    return np.stack(
        [np.exp(np.abs(level)), error.mean(axis=1), error.max(axis=1), -likeness], axis=1
    )


def trace_anomalies(
    survey: xr.Dataset,
    network: nn.Module | None = None,
    by: By = "rules",
    gather: GatherKind = "shot",
) -> TraceAnomalies:
    """Score every trace of a survey by its gather.

    Args:
        survey: Opened store; one gather after the other is read.
        network: A trained ``neighbour_predictor``; the rules alone need none.
        by: ``rules``, ``neighbours``, or ``both``, the greater of the two.
        gather: What the traces of a gather share.

    Raises:
        OptionError: If the network is missing.
        GeometryError: If the traces of a gather cover an area.
    """
    if by != "rules" and network is None:
        raise OptionError(f"Anomalies by '{by}' need a network; train one, or choose 'rules'.")
    labels = gather_index(survey, gather).labels()
    dt_s = sample_interval_s(survey["amplitude"])
    score, reason = np.zeros(labels.size), np.zeros(labels.size, dtype=np.int32)
    for line in trace_lines(survey, labels, gather, "anomalies"):
        samples = survey["amplitude"].isel(trace=np.sort(line.rows)).to_numpy()
        samples = samples[np.searchsorted(np.sort(line.rows), line.rows)]
        reason[line.rows] = bad_traces(samples, np.zeros(len(samples), np.int64), dt_s)
        score[line.rows] = gather_anomaly(samples, dt_s, network, by)
    return TraceAnomalies(score, reason, labels)


def gather_anomaly(
    samples: NDArray[np.floating], dt_s: float, network: nn.Module | None, by: By
) -> Floats:
    """Score of every trace of one gather, shape (trace,).

    Args:
        samples: In order along the line, shape (trace, time).
        dt_s: Sample interval [s].
        network: A trained ``neighbour_predictor``, or None for the rules.
        by: Which of them.
    """
    one = np.zeros(len(samples), dtype=np.int64)
    rules = anomaly(badness(samples.astype(np.float32), one, dt_s), one)
    if by == "rules" or network is None:
        return rules
    finite = np.isfinite(samples).all(axis=1)
    measures = neighbour_measures(network, np.where(finite[:, None], samples, 0))
    found = unusual(measures, one, LOGARITHMIC)
    found[~finite] = np.inf
    return found if by == "neighbours" else np.maximum(rules, found)


def anomaly_table(
    anomalies: TraceAnomalies, survey: xr.Dataset, least: float
) -> list[dict[str, object]]:
    """Rows of the traces whose score is at least this, the worst first.

    Args:
        anomalies: Of the survey.
        survey: For record and trace numbers.
        least: Spreads.
    """
    chosen = np.flatnonzero(anomalies.score >= least)
    chosen = chosen[np.argsort(-anomalies.score[chosen], kind="stable")]
    names = [n for n in ("field_record", "trace_in_record") if n in survey]
    headers = {name: survey[name].to_numpy() for name in names}
    return [
        {
            "trace": int(i),
            **{name: int(values[i]) for name, values in headers.items()},
            "score": float(anomalies.score[i]),
            "reason": REASONS[anomalies.reason[i]],
        }
        for i in chosen
    ]
