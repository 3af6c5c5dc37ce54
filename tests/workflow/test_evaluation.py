"""Checkpoints judged on pairs."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from command import geoml, refused

from geoml.checkpoint import Checkpoint, load_checkpoint, save_checkpoint
from geoml.errors import CheckpointError, OptionError
from geoml.models import SectionShape, build_model, model_config
from geoml.prediction.network import WindowPredictor
from geoml.samples import split_pairs
from geoml.survey.acquisition import Acquisition
from geoml.survey.pairs import create_pairs, open_pairs
from geoml.training import TrainingOptions, train
from geoml.training.pair_data import pair_fingerprint
from geoml.workflow.evaluation import evaluate, true_sections, write_calibrations
from geoml.workflow.evaluation_options import EvaluationOptions
from geoml.workflow.evaluation_pairs import choose_pairs
from geoml.workflow.evaluation_text import evaluation_text

COUNT = 64
OTHERS = 24
SMALL = {"stem_widths": (8, 16), "widths": (16, 24), "map_groups": 4, "dropout": 0.3}


def window() -> Acquisition:
    """Two shots into ten receivers over a section of 14 by 19 cells, its own mirror image."""
    return Acquisition(
        source_distance_m=np.array([20.0, 160.0]),
        source_depth_m=np.zeros(2),
        receiver_distance_m=np.broadcast_to(20.0 * np.arange(10), (2, 10)),
        receiver_depth_m=np.zeros((2, 10)),
        dt_s=0.004,
        n_samples=48,
        spacing_m=10.0,
        n_depth=14,
        n_distance=19,
        wavelet=np.array([0.0, 1.0, 0.0]),
        wavelet_start_s=-0.004,
        max_frequency_hz=60.0,
        free_surface=False,
    )


def make_pairs(path: Path, seed: int, count: int = COUNT, **attrs: object) -> Path:
    """Two or three layers; every trace is noise on top of the surface velocity."""
    rng = np.random.default_rng(seed)
    velocity = np.full((count, 14, 19), 1.0)
    family = np.arange(count) % 2
    for model, kind in zip(velocity, family, strict=True):
        model *= rng.uniform(1600, 2200)
        for top in rng.choice(np.arange(3, 12), 1 + kind, replace=False):
            model[top:] += rng.uniform(200, 800)
    shape = (count, 2, 10, 48)
    amplitude = rng.normal(size=shape) + velocity.mean((1, 2))[:, None, None, None] / 1000
    given = {"families": ["two_layers", "three_layers"], "steps": [], "provenance": {}, **attrs}
    writer = create_pairs(path, window(), count, given, shard_samples=32)
    for start in range(0, count, 32):
        part = slice(start, start + 32)
        writer.write(start, amplitude[part], velocity[part], family[part])
    writer.finish()
    return path


def untrained(pairs: Path | None, seed: int = 0) -> Checkpoint:
    """A network with random weights, as if it had been trained on the pairs."""
    torch.manual_seed(seed)
    model = build_model(
        "mh_unet_s", SectionShape(2, 48, 10, 14, 19), ("velocity", "edges", "log_variance"), SMALL
    )
    with torch.no_grad():
        for weight in model.parameters():
            weight += 0.03 * torch.randn_like(weight)
    training = {"options": {"seed": 0, "splits": {}, "augmentation": None}}
    if pairs is not None:
        training["pairs"] = {"sha256": pair_fingerprint(open_pairs(pairs)), "count": COUNT}
    return Checkpoint(
        model_name="mh_unet_s",
        model_config=model_config("mh_unet_s", model),
        state=model.state_dict(),
        task="velocity_edges",
        task_options={},
        scaling={"amplitude": 2.0, "velocity_centre_m_s": 2200.0, "velocity_scale_m_s": 300.0},
        acquisition=window().to_dict(),
        steps=[],
        calibration={"factors": {"0.5": 0.7, "0.8": 1.5, "0.95": 2.5}, "edge_threshold": 0.4},
        training=training,
    )


@pytest.fixture(scope="module")
def pairs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_pairs(tmp_path_factory.mktemp("own") / "pairs.zarr", 0)


@pytest.fixture(scope="module")
def others(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_pairs(tmp_path_factory.mktemp("other") / "others.zarr", 1, OTHERS)


@pytest.fixture(scope="module")
def checkpoint(pairs: Path) -> Checkpoint:
    return untrained(pairs)


def predicted(checkpoint: Checkpoint, store: Path, indices: np.ndarray, **members: object):
    shots = open_pairs(store)["amplitude"].values[indices]
    return WindowPredictor(checkpoint, **members).uncalibrated(shots)


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


def test_members_are_rows_of_their_own(pairs: Path, checkpoint: Checkpoint) -> None:
    other = untrained(pairs, seed=1)
    options = EvaluationOptions(mirror=True, dropout_samples=3, ensemble=True)
    done = evaluate([("a", checkpoint), ("b", other)], pairs, options)
    rows = [row for row in done.rows if row["kind"] in ("network", "mixture")]
    assert [(row["name"], row["members"]) for row in rows] == [
        ("a", 1),
        ("a + mirror + dropout 3", 6),
        ("b", 1),
        ("b + mirror + dropout 3", 6),
        ("ensemble of 2", 2),
        ("ensemble of 2 + mirror + dropout 3", 12),
    ]
    test = split_pairs(COUNT).test
    true = open_pairs(pairs)["velocity"].values[test]
    together = predicted([checkpoint, other], pairs, test).velocity
    assert rows[4]["mae_m_s"] == pytest.approx(np.abs(together - true).mean(), rel=1e-4)
    # The mean of several answers is no worse than they are on average.
    assert rows[4]["mae_m_s"] <= (rows[0]["mae_m_s"] + rows[2]["mae_m_s"]) / 2


def test_mixture_is_calibrated_on_the_calibration_part_and_can_be_kept(
    pairs: Path, others: Path, checkpoint: Checkpoint, tmp_path: Path
) -> None:
    folder = save_checkpoint(checkpoint, tmp_path / "mine")
    mirrored = EvaluationOptions(mirror=True)
    done = evaluate([("a", checkpoint)], pairs, mirrored)
    [fitted] = done.fitted
    assert (fitted.first, fitted.name) == (0, "mirror")
    part = split_pairs(COUNT).calibration
    sections = predicted(checkpoint, pairs, part, mirror=True)
    ratio = np.abs(sections.velocity - open_pairs(pairs)["velocity"].values[part])
    ratio = np.sort((ratio / sections.velocity_std).ravel())
    assert fitted.calibration["factors"]["0.8"] == pytest.approx(
        ratio[int(np.ceil(0.8 * (ratio.size + 1))) - 1], rel=1e-4
    )
    before = evaluate([("a", checkpoint)], others, mirrored)
    assert any("never calibrated as a mixture" in note for note in before.facts["notes"])
    assert before.rows[1]["coverage"] != done.rows[1]["coverage"]

    assert write_calibrations([folder], done) == [folder]
    known = load_checkpoint(folder)
    assert known.calibration["factors"] == checkpoint.calibration["factors"]
    after = evaluate([("a", known)], others, mirrored)
    assert not any("never calibrated" in note for note in after.facts["notes"])
    factor = fitted.calibration["factors"]["0.8"]
    sections = predicted(known, others, np.arange(OTHERS), mirror=True)
    width = 2 * factor * sections.velocity_std.mean()
    assert after.rows[1]["sharpness_m_s"]["0.8"] == pytest.approx(width, rel=1e-4)


def test_calibrating_anew_leaves_the_calibration_part_out_and_mends_the_coverage(
    tmp_path: Path, checkpoint: Checkpoint
) -> None:
    store = make_pairs(tmp_path / "more.zarr", 4, 160)
    wide = replace(checkpoint, calibration={"factors": {"0.5": 9.0, "0.8": 12.0, "0.95": 20.0}})
    fractions = split_pairs(160)
    plain = evaluate([("a", wide)], store, EvaluationOptions(limit=20)).rows[0]
    done = evaluate([("a", wide)], store, EvaluationOptions(calibrate=True, limit=40))
    assert plain["coverage"]["0.8"] > 0.95
    assert done.rows[0]["coverage"]["0.8"] == pytest.approx(0.8, abs=0.12)
    assert done.facts["calibration"] == fractions.calibration.size
    chosen = choose_pairs(open_pairs(store), [wide], calibrate=True)
    assert not set(chosen.scored) & set(chosen.calibration)
    assert chosen.scored.size + chosen.calibration.size == 160


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


def test_command_prints_every_row_and_writes_what_is_asked(
    others: Path, checkpoint: Checkpoint, tmp_path: Path
) -> None:
    one, two = (save_checkpoint(untrained(None, seed), tmp_path / f"c{seed}") for seed in (0, 1))
    files = ("--json", tmp_path / "e.json", "--png", tmp_path / "e.png")
    status, out, err = geoml(
        "evaluate", f"{one},{two}", others, "--ensemble", "--mirror", "--limit", 12, *files
    )
    assert status == 0, err
    document = json.loads((tmp_path / "e.json").read_text())
    for row in document["rows"]:
        assert row["name"] in out
    assert "12 pairs (none used in training)" in out
    for heading in ("SSIM", "three_layers", "ODS 2", "in 80 %", "CRPS"):
        assert heading in out
    assert (tmp_path / "e.png").read_bytes().startswith(b"\x89PNG")
    assert {"calibration_curve", "risk_curve"} <= set(document["rows"][0])


def test_command_refuses_in_one_line(others: Path, tmp_path: Path) -> None:
    assert "No checkpoint folder" in refused("evaluate", tmp_path / "none", others)
    one = save_checkpoint(untrained(None), tmp_path / "c")
    assert "each of them once" in refused("evaluate", f"{one},{one}", others)
    assert "does not exist" in refused("evaluate", one, tmp_path / "none.zarr")
    assert "'limit' is 0" in refused("evaluate", one, others, "--limit", 0)
    line = refused("evaluate", "marine_sample", others)
    assert "another acquisition than marine_sample was trained for" in line


def test_shipped_checkpoint_is_not_written_to(pairs: Path, checkpoint: Checkpoint) -> None:
    done = evaluate([("a", checkpoint)], pairs, EvaluationOptions(mirror=True))
    with pytest.raises(OptionError, match="shipped with geoml"):
        write_calibrations(["geoml:marine_sample"], done)


def test_evaluation_repeats_what_training_found(pairs: Path, tmp_path: Path) -> None:
    """With its own noise on its own test part, to the digit."""
    options = TrainingOptions(max_epochs=1, precision="32-true", accelerator="cpu")
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
