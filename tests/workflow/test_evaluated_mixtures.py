"""Several answers judged as one, and calibrated as one."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from judged_pairs import COUNT, OTHERS, make_pairs, predicted, untrained

from geoml.checkpoint import Checkpoint, load_checkpoint, save_checkpoint
from geoml.errors import OptionError
from geoml.samples import split_pairs
from geoml.survey.pairs import open_pairs
from geoml.workflow.evaluation import evaluate
from geoml.workflow.evaluation_files import write_calibrations
from geoml.workflow.evaluation_options import EvaluationOptions
from geoml.workflow.evaluation_pairs import choose_pairs


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
    folder = save_checkpoint(wide, tmp_path / "wide")
    write_calibrations([folder], done)
    told = load_checkpoint(folder).calibration
    assert told["factors"] == done.fitted[0].calibration["factors"]
    assert told["coverage"] == done.rows[0]["coverage"]
    chosen = choose_pairs(open_pairs(store), [wide], calibrate=True)
    assert not set(chosen.scored) & set(chosen.calibration)
    assert chosen.scored.size + chosen.calibration.size == 160


def test_shipped_checkpoint_is_not_written_to(pairs: Path, checkpoint: Checkpoint) -> None:
    done = evaluate([("a", checkpoint)], pairs, EvaluationOptions(mirror=True))
    with pytest.raises(OptionError, match="shipped with geoml"):
        write_calibrations(["geoml:marine_sample"], done)
