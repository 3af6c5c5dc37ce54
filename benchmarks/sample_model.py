"""The shipped sample model on 500 new synthetic pairs, beside answers that need no network.

    python benchmarks/sample_model.py                 # about 6 minutes on two cores
    python benchmarks/sample_model.py --count 64      # a glance

Pairs come from the workflow that trained the checkpoint, with a seed that it never used. The
trivial rows are fitted on these very pairs, and Canny's options are chosen on them, so that every
row but the network's is flattered. Needs scikit-image, in the extra ``dev``.
"""

from __future__ import annotations

import argparse
import itertools
import tempfile
from pathlib import Path

import numpy as np
from skimage.feature import canny

from geoml.checkpoint import load_checkpoint
from geoml.objectives import edge_counts, f1_score, thin_edges
from geoml.objectives.coverage import coverage
from geoml.physics.edges import velocity_edges
from geoml.preprocess.pipeline import build_steps, preprocess_store
from geoml.readers.ingest import ingest
from geoml.readers.options import IngestOptions
from geoml.samples.dataset import PairDataset
from geoml.samples.scaling import Scaling
from geoml.survey.store import open_survey
from geoml.training.baselines import gradient_model, mean_model, own_gradients
from geoml.training.scores import predict_pairs
from geoml.workflow.run import with_found_inputs
from geoml.workflow.simulation import simulate_like
from geoml.workflow.specification import load_workflow

ROOT = Path(__file__).resolve().parents[1]
WORKFLOW = ROOT / "workflows" / "sample_line_train.yaml"
SEED = 77_001
TOLERANCE_CELLS = 2
CANNY_SIGMAS = (0.5, 1.0, 1.5, 2.0)
CANNY_HIGH_QUANTILES = (0.7, 0.8, 0.85, 0.9, 0.95)


def make_pairs(folder: Path, count: int) -> Path:
    """New pairs of the sample line, from a seed that training never used."""
    workflow = with_found_inputs(load_workflow(WORKFLOW), WORKFLOW)
    assert workflow.simulate is not None, "the workflow trains"
    assert workflow.simulate.seed != SEED, "held-out pairs need a seed of their own"
    raw, clean, pairs = (folder / name for name in ("raw.zarr", "clean.zarr", "pairs.zarr"))
    ingest(workflow.survey, raw, IngestOptions(**workflow.ingest))
    preprocess_store(raw, clean, build_steps(workflow.preprocess))
    section = workflow.simulate.model_copy(update={"count": count, "seed": SEED})
    simulate_like(open_survey(clean), pairs, section, workflow, raw=open_survey(raw))
    return pairs


def best_canny(velocity: np.ndarray, true: np.ndarray) -> tuple[float, str]:
    """Best F1 of Canny on the predicted velocity over its options, and those options."""
    scale = velocity.max()
    rows = []
    for sigma, high in itertools.product(CANNY_SIGMAS, CANNY_HIGH_QUANTILES):
        edges = np.stack(
            [
                canny(
                    model / scale,
                    sigma=sigma,
                    low_threshold=0.5 * high,
                    high_threshold=high,
                    use_quantiles=True,
                    mode="nearest",
                )
                for model in velocity
            ]
        )
        f1 = f1_score(edge_counts(edges, true, TOLERANCE_CELLS))
        rows.append((f1, f"sigma {sigma:g}, upper quantile {high:g}"))
    return max(rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--count", type=int, default=500)
    parser.add_argument("--checkpoint", default="marine_sample")
    arguments = parser.parse_args()
    checkpoint = load_checkpoint(arguments.checkpoint)
    scaling = Scaling.from_dict(checkpoint.scaling)
    with tempfile.TemporaryDirectory() as folder:
        store = make_pairs(Path(folder), arguments.count)
        pairs = PairDataset(store, np.arange(arguments.count), scaling)
        output, batch = predict_pairs(checkpoint.network(), pairs, 16)
    true = scaling.unscale_velocity(batch["velocity"].numpy())
    predicted = scaling.unscale_velocity(output["velocity"].numpy())
    rows = {
        "network": predicted,
        "mean model": np.broadcast_to(mean_model(true), true.shape),
        "best gradient, one for all": np.broadcast_to(gradient_model(true), true.shape),
        "best gradient of each (knows the answer)": own_gradients(true),
    }
    print(f"\n{arguments.count} pairs, seed {SEED}")
    print(f"{'velocity':44s} {'MAE m/s':>8s} {'ratio':>6s}")
    errors = {name: float(np.abs(row - true).mean()) for name, row in rows.items()}
    for name, error in errors.items():
        print(f"{name:44s} {error:8.1f} {errors['network'] / error:6.2f}")
    thin_true = thin_edges(batch["edges"].numpy())
    threshold = checkpoint.calibration["edge_threshold"]
    thin = thin_edges(output["edges"].sigmoid().numpy(), threshold)
    canny_f1, canny_options = best_canny(predicted, thin_true)
    jumps = thin_edges(velocity_edges(predicted))
    print(f"\n{'edges, F1 at 2 cells':44s} {'F1':>8s}")
    network_f1 = f1_score(edge_counts(thin, thin_true, TOLERANCE_CELLS))
    print(f"{'network, edge head':44s} {network_f1:8.3f}")
    print(
        f"{'jumps of the predicted velocity':44s} "
        f"{f1_score(edge_counts(jumps, thin_true, TOLERANCE_CELLS)):8.3f}"
    )
    print(f"{'Canny on the predicted velocity':44s} {canny_f1:8.3f}   ({canny_options})")
    residual = (output["velocity"] - batch["velocity"]).numpy()
    std = (output["log_variance"] / 2).exp().numpy()
    print(f"\ncoverage {coverage(residual, std, checkpoint.calibration['factors'])}")


if __name__ == "__main__":
    main()
