"""Checkpoints judged on pairs."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from judged_pairs import COUNT, OTHERS, SMALL, make_pairs, predicted, untrained, window

from geoml.checkpoint import Checkpoint, load_checkpoint
from geoml.errors import CheckpointError, OptionError
from geoml.samples import split_pairs
from geoml.survey.pairs import open_pairs
from geoml.training import TrainingOptions, train
from geoml.workflow.evaluation import evaluate, true_sections
from geoml.workflow.evaluation_options import EvaluationOptions
from geoml.workflow.evaluation_pairs import choose_pairs
from geoml.workflow.evaluation_text import evaluation_text


def test_network_is_scored_on_the_test_part_of_its_own_store(
    pairs: Path, checkpoint: Checkpoint
) -> None:
    done = evaluate([("mine", checkpoint)], pairs)
    test = split_pairs(COUNT).test
    row = done.rows[0]
    residual = predicted(checkpoint, pairs, test).velocity - open_pairs(pairs)["velocity"][test]
    assert row["mae_m_s"] == pytest.approx(float(np.abs(residual).mean()), rel=1e-4)
    assert row["parts"]["depth"]["0-25 %"]["mae_m_s"] == pytest.approx(
        float(np.abs(residual[:, :4]).mean()), rel=1e-4
    )
    std = predicted(checkpoint, pairs, test).velocity_std
    inside = float((np.abs(residual) <= 1.5 * std).mean())
    assert row["coverage"]["0.8"] == pytest.approx(inside, abs=1e-3)
    assert done.facts["scored"] == test.size
    assert (done.facts["own_store"], row["edge_threshold"]) == (True, 0.4)
    assert json.loads(json.dumps(done.rows)) == done.rows


def test_batch_size_does_not_change_the_scores(others: Path, checkpoint: Checkpoint) -> None:
    one, two = (
        evaluate([("a", checkpoint)], others, EvaluationOptions(batch=size, limit=20)).rows[0]
        for size in (3, 16)
    )
    assert one["mae_m_s"] == pytest.approx(two["mae_m_s"], rel=1e-5)
    assert one["crps_m_s"] == pytest.approx(two["crps_m_s"], rel=1e-5)


@pytest.mark.parametrize("split", ["all", "validation"])
def test_pairs_that_training_has_seen_are_refused_unless_allowed(
    pairs: Path, checkpoint: Checkpoint, split: str
) -> None:
    with pytest.raises(OptionError, match=rf"--split {split}.*--allow-train"):
        evaluate([("a", checkpoint)], pairs, EvaluationOptions(split=split))
    allowed = EvaluationOptions(split=split, allow_train=True)
    done = evaluate([("a", checkpoint)], pairs, allowed)
    assert done.facts["scored"] == (COUNT if split == "all" else split_pairs(COUNT).validation.size)
    assert any("has seen these pairs" in note for note in done.facts["notes"])


def test_store_beside_a_stream_of_fresh_pairs_is_known_too(
    pairs: Path, checkpoint: Checkpoint
) -> None:
    sha256 = checkpoint.training["pairs"]["sha256"]
    streamed = {"sha256": "of store and stream", "store_sha256": sha256, "count": COUNT}
    training = {**checkpoint.training, "pairs": streamed}
    chosen = choose_pairs(open_pairs(pairs), [replace(checkpoint, training=training)])
    assert chosen.own
    np.testing.assert_array_equal(chosen.scored, split_pairs(COUNT).test)


def test_one_owner_among_several_checkpoints_fixes_the_parts(
    pairs: Path, checkpoint: Checkpoint
) -> None:
    stranger = untrained(None, seed=3)
    done = evaluate([("stranger", stranger), ("owner", checkpoint)], pairs)
    assert done.facts["scored"] == split_pairs(COUNT).test.size
    fractions = {"train": 0.5, "validation": 0.2, "calibration": 0.1, "test": 0.2}
    options = {**checkpoint.training["options"], "splits": fractions}
    other = replace(checkpoint, training={**checkpoint.training, "options": options})
    with pytest.raises(CheckpointError, match="other splits"):
        evaluate([("a", checkpoint), ("b", other)], pairs)


def test_all_pairs_of_another_store_are_scored_family_by_family(
    others: Path, checkpoint: Checkpoint
) -> None:
    done = evaluate([("a", checkpoint)], others)
    assert done.facts["scored"] == OTHERS
    assert not done.facts["own_store"]
    families = done.rows[0]["parts"]["family"]
    assert {name: part["sections"] for name, part in families.items()} == {
        "two_layers": OTHERS // 2,
        "three_layers": OTHERS // 2,
    }
    mean = np.mean([part["mae_m_s"] for part in families.values()])
    assert mean == pytest.approx(done.rows[0]["mae_m_s"])
    limited = evaluate([("a", checkpoint)], others, EvaluationOptions(limit=10))
    assert limited.facts["scored"] == 10


def test_network_that_was_trained_without_noise_is_said_to_be(
    others: Path, checkpoint: Checkpoint
) -> None:
    noisy = {**checkpoint.training["options"], "augmentation": {}}
    named = [("quiet", checkpoint), ("noisy", replace(checkpoint, training={"options": noisy}))]
    notes = evaluate(named, others, EvaluationOptions(augment=True, limit=2)).facts["notes"]
    assert [note for note in notes if "without augmentation" in note] == [
        "quiet was trained without augmentation: its gathers are as stored"
    ]


def test_trivial_rows_keep_their_order(others: Path, checkpoint: Checkpoint) -> None:
    rows = {row["name"]: row for row in evaluate([("a", checkpoint)], others).rows}
    fitted = ", fitted on these pairs"
    own = rows["best gradient of each, knowing it"]["mae_m_s"]
    assert own < rows[f"best gradient of all{fitted}"]["mae_m_s"]
    true = open_pairs(others)["velocity"].values
    mean = np.abs(true - true.mean(axis=0)).mean()
    assert rows[f"mean model{fitted}"]["mae_m_s"] == pytest.approx(mean, rel=1e-4)
    # Every true edge cell is met, and every other cell is a false alarm.
    share = true_sections(true, ()).thin.mean()
    everywhere = rows["edges everywhere"]["edges"]["1"]["f1"]
    assert everywhere == pytest.approx(2 * share / (1 + share))


def test_canny_gets_its_options_on_the_calibration_part(
    pairs: Path, others: Path, checkpoint: Checkpoint
) -> None:
    pytest.importorskip("skimage")
    own, foreign = (evaluate([("a", checkpoint)], store).rows[-1] for store in (pairs, others))
    assert own["name"] == "Canny on the velocity of a"
    assert foreign["name"] == "Canny on the velocity of a, chosen on these pairs"
    for row in (own, foreign):
        assert row["edges"]["2"]["f1"] <= row["edges"]["2"]["ods"]


def test_without_scikit_image_everything_else_is_scored(
    others: Path, checkpoint: Checkpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "skimage.feature", None)
    done = evaluate([("a", checkpoint)], others, EvaluationOptions(limit=8))
    assert not any(row["name"].startswith("Canny") for row in done.rows)
    [note] = [note for note in done.facts["notes"] if "Canny" in note]
    assert "geoml[evaluate]" in note


def test_other_acquisition_or_steps_are_refused_and_another_wavelet_is_named(
    pairs: Path, others: Path, checkpoint: Checkpoint, tmp_path: Path
) -> None:
    slower = replace(checkpoint, acquisition={**checkpoint.acquisition, "dt_s": 0.002})
    with pytest.raises(CheckpointError, match=r"another acquisition.*'dt_s' is 0\.004.*0\.002"):
        evaluate([("a", slower)], others)
    moved = replace(window(), source_distance_m=np.array([20.0, 150.0])).to_dict()
    with pytest.raises(CheckpointError, match="'source_distance_m' differs by up to 10"):
        evaluate([("a", replace(checkpoint, acquisition=moved))], others)
    filtered = make_pairs(tmp_path / "f.zarr", 2, 32, steps=[{"agc": {"window_s": 0.1}}])
    with pytest.raises(CheckpointError, match=r"agc.*was trained for none"):
        evaluate([("a", checkpoint)], filtered)
    louder = {**checkpoint.acquisition, "wavelet": [0.0, 2.0, 0.0]}
    done = evaluate([("a", replace(checkpoint, acquisition=louder))], others)
    assert any("another source wavelet than a" in note for note in done.facts["notes"])


@pytest.mark.parametrize(
    "augmentation", [{}, {"mirror_probability": 0.5, "velocity_factor": (0.7, 0.9)}]
)
def test_evaluation_repeats_what_training_found(
    pairs: Path, tmp_path: Path, augmentation: dict[str, object]
) -> None:
    """With its own noise on its own test part, to the digit; never flipped, never scaled."""
    options = TrainingOptions(
        max_epochs=1, precision="32-true", accelerator="cpu", augmentation=augmentation
    )
    model = {"mh_unet_s": {**SMALL, "stem_widths": [8, 16], "widths": [16, 24]}}
    out = train(pairs, tmp_path / "run", model=model, options=options, announce=lambda line: None)
    known = load_checkpoint(out)
    done = evaluate([("run", known)], pairs, EvaluationOptions(augment=True))
    rows = {row["name"]: row for row in done.rows}
    found = known.training["scores"]["network"]
    for name in ("mae_m_s", "ssim", "edge_f1", "half_width_80_m_s", "crps_m_s"):
        assert rows["run"][name] == pytest.approx(found[name], rel=1e-3), name
    assert rows["run"]["coverage"]["0.8"] == pytest.approx(found["coverage"]["0.8"], abs=1e-3)
    own = known.training["scores"]["mean model"]["mae_m_s"]
    assert rows["mean model"]["mae_m_s"] == pytest.approx(own, rel=1e-4)
    assert "with the training's noise" in evaluation_text(done)
