"""``geoml evaluate --samples``: what a posterior network draws is judged beside its summary."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from judged_pairs import COUNT, make_pairs, untrained

from geoml.checkpoint import Checkpoint
from geoml.errors import OptionError
from geoml.models import SectionShape, build_model, model_config
from geoml.objectives.sample_score import sample_scores
from geoml.prediction.network import WindowPredictor
from geoml.samples import split_pairs
from geoml.survey.pairs import open_pairs
from geoml.workflow.evaluation import evaluate
from geoml.workflow.evaluation_options import EvaluationOptions
from geoml.workflow.evaluation_text import evaluation_text


@pytest.fixture(scope="module")
def pairs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_pairs(tmp_path_factory.mktemp("samples") / "pairs.zarr", seed=0)


@pytest.fixture(scope="module")
def drawing(pairs: Path) -> Checkpoint:
    torch.manual_seed(0)
    trunk = {"stem_widths": (8, 16), "widths": (16, 32), "norm_channels": 8}
    model = build_model(
        "cvae",
        SectionShape(2, 48, 10, 14, 19),
        ("velocity", "edges", "log_variance"),
        {"trunk": trunk, "widths": (16,), "draws": 4},
    )
    return replace(
        untrained(pairs),
        model_name="cvae",
        model_config=model_config("cvae", model),
        state=model.state_dict(),
    )


def test_row_of_samples_is_their_score_over_the_test_part(pairs: Path, drawing: Checkpoint) -> None:
    done = evaluate([("a", drawing)], pairs, EvaluationOptions(samples=39, batch=64))
    [row] = [row for row in done.rows if row["kind"] == "samples"]
    test, store = split_pairs(COUNT).test, open_pairs(pairs)
    drawn = WindowPredictor(drawing).samples(store["amplitude"].values[test], 39)
    expected = sample_scores(drawn, store["velocity"].values[test])
    assert row["samples"] == pytest.approx(expected, rel=1e-4)
    text = evaluation_text(done)
    assert "Samples as drawn" in text
    assert "a, 39 samples" in text


def test_pairs_in_several_batches_are_weighed_by_their_number(
    pairs: Path, drawing: Checkpoint
) -> None:
    done = evaluate([("a", drawing)], pairs, EvaluationOptions(samples=4, batch=4))
    [row] = [row for row in done.rows if row["kind"] == "samples"]
    test, store = split_pairs(COUNT).test, open_pairs(pairs)
    true = store["velocity"].values[test]
    drawn = np.concatenate(
        [
            WindowPredictor(drawing).samples(store["amplitude"].values[some], 4, seed)
            for seed, some in enumerate(np.split(test, range(4, len(test), 4)))
        ],
        axis=1,
    )
    assert row["samples"]["mae"] == pytest.approx(np.abs(drawn.mean(0) - true).mean(), rel=1e-4)
    assert "coverage_95" not in row["samples"]  # four samples have no such interval


def test_networks_that_draw_nothing_are_refused_samples(pairs: Path) -> None:
    with pytest.raises(OptionError, match="None of b draws samples"):
        evaluate([("b", untrained(pairs))], pairs, EvaluationOptions(samples=8))
