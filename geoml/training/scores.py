"""A trained network judged on parts it never saw, beside answers that need no network."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from geoml.objectives import (
    conformal_factors,
    edge_counts,
    f1_score,
    sweep_edges,
    thin_edges,
    velocity_scores,
)
from geoml.objectives.section_scores import Sections, TrueSections, section_scores
from geoml.physics.edges import velocity_edges
from geoml.samples.dataset import PairDataset
from geoml.samples.input_features import ENCODER, feature_statistics, input_features
from geoml.samples.loader import pair_loader
from geoml.samples.scaling import Scaling
from geoml.tasks import Batch, Output, Task
from geoml.training.baselines import gradient_model, mean_model, own_gradients
from geoml.training.module import join_answers

EDGE_TOLERANCE_CELLS = 2
_STATISTICS_SAMPLES = 512
_LEAST_HELD_OUT = 8


def predict_pairs(network: nn.Module, pairs: PairDataset, batch_size: int) -> tuple[Output, Batch]:
    """The network's answers to pairs and their targets, in float32 on the CPU."""
    device = next(network.parameters()).device
    network.eval()
    answers = []
    with torch.no_grad():
        for batch in pair_loader(pairs, batch_size):
            output = network(batch["shots"].to(device))
            targets = {name: values for name, values in batch.items() if name != "shots"}
            answers.append(({head: m.float().cpu() for head, m in output.items()}, targets))
    return join_answers(answers)


def calibrate(task: Task, output: Output, batch: Batch) -> dict[str, Any]:
    """What the calibration part says about spread and edges.

    Returns:
        ``factors`` (level -> half-width in predicted standard deviations) where the task predicts
        a spread; ``edge_threshold`` with the best F1 where it predicts edges.
    """
    calibration: dict[str, Any] = {}
    if "log_variance" in task.heads:
        residual, std = _residual_and_std(output, batch)
        calibration["factors"] = conformal_factors(residual, std)
    if "edges" in task.heads:
        probability = output["edges"].sigmoid().numpy()
        true = thin_edges(batch["edges"].numpy())
        sweep = sweep_edges(probability, true, EDGE_TOLERANCE_CELLS)
        calibration["edge_threshold"] = sweep.ods_threshold
    return calibration


def score(
    task: Task, output: Output, batch: Batch, scaling: Scaling, calibration: dict[str, Any]
) -> dict[str, Any]:
    """Scores of a part: the task's own and all of ``section_scores`` but its curves.

    ``edge_f1_of_velocity`` is that of the edges which the predicted velocity has by itself.
    """
    predicted, true = in_metres(output, batch, scaling)
    own = section_scores(
        predicted,
        true,
        factors=calibration.get("factors"),
        edge_threshold=calibration.get("edge_threshold"),
    )
    scores = {**task.metrics(output, batch, scaling), **own}
    if "edge_threshold" in calibration:
        edges = velocity_edges(np.maximum(predicted.velocity, 1))
        scores["edge_f1_of_velocity"] = _edge_f1(edges, true.thin)
    return {name: value for name, value in scores.items() if not name.endswith("_curve")}


def in_metres(output: Output, batch: Batch, scaling: Scaling) -> tuple[Sections, TrueSections]:
    """Answers and targets as arrays in physical units.

    Args:
        output: Head name -> scaled, shape (sample, depth, distance).
        batch: ``velocity``, scaled, and ``edges``, same shape.
        scaling: Constants of the scaling.
    """
    std = edges = None
    if "log_variance" in output:
        std = scaling.unscale_std((output["log_variance"] / 2).exp().numpy())
    if "edges" in output:
        edges = output["edges"].sigmoid().numpy()
    true_edges = batch["edges"].numpy() > 0
    return (
        Sections(scaling.unscale_velocity(output["velocity"].numpy()), std, edges),
        TrueSections(
            scaling.unscale_velocity(batch["velocity"].numpy()), true_edges, thin_edges(true_edges)
        ),
    )


def trivial_scores(train_m_s: NDArray[np.float32], true_m_s: NDArray[np.float32]) -> dict[str, Any]:
    """Velocity scores of the mean model and of gradients, name -> scores.

    Args:
        train_m_s: Models of the training part [m/s], shape (sample, depth, distance).
        true_m_s: Models of the part in question [m/s], same.
    """
    true = torch.from_numpy(true_m_s)
    answers = {
        "mean model": np.broadcast_to(mean_model(train_m_s), true_m_s.shape),
        "best gradient of all": np.broadcast_to(gradient_model(train_m_s), true_m_s.shape),
        "best gradient of each, knowing it": own_gradients(true_m_s),
    }
    return {
        name: velocity_scores(torch.from_numpy(np.array(answer)), true)
        for name, answer in answers.items()
    }


def input_statistics(
    pairs: PairDataset, held_out: PairDataset | None = None, network: nn.Module | None = None
) -> dict[str, Any]:
    """What the network saw in training, noise included; see ``feature_statistics``.

    Args:
        pairs: The training part.
        held_out: A part like it that training did not see, for the limits of the distances.
        network: Adds what its ``encode`` makes of the gathers, where it has one.
    """
    some = held_out if held_out is not None and len(held_out) >= _LEAST_HELD_OUT else None
    known = _features(pairs, network)
    return feature_statistics(known, None if some is None else _features(some, network))


def _features(pairs: PairDataset, network: nn.Module | None) -> dict[str, NDArray[np.float64]]:
    """Features of up to 512 pairs, evenly spread."""
    some = np.linspace(0, len(pairs) - 1, min(len(pairs), _STATISTICS_SAMPLES)).astype(int)
    parts = []
    for block in np.array_split(some, -(-some.size // 32)):
        shots = pairs.__getitems__(block.tolist())["shots"]
        parts.append(input_features(shots.numpy()) | encoder_feature(network, shots))
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def encoder_feature(network: nn.Module | None, shots: torch.Tensor) -> dict[str, Any]:
    """Feature ``encoder``, shape (batch, width), of a network that has one; else nothing."""
    encode = getattr(network, "encode", None)
    if network is None or encode is None:
        return {}
    network.eval()
    with torch.inference_mode():
        device = next(network.parameters()).device
        return {ENCODER: encode(shots.to(device)).double().cpu().numpy()}


def _residual_and_std(output: Output, batch: Batch) -> tuple[NDArray[np.float32], ...]:
    residual = (output["velocity"] - batch["velocity"]).numpy()
    return residual, (output["log_variance"] / 2).exp().numpy()


def _edge_f1(edges: NDArray[Any], thin_true: NDArray[np.bool_], threshold: float = 0.5) -> float:
    thin = thin_edges(edges, threshold)
    return f1_score(edge_counts(thin, thin_true, EDGE_TOLERANCE_CELLS))
