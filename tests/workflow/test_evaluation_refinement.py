"""Rungs beside the network in an evaluation."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from command import refused
from judged_pairs import make_pairs

from geoml.checkpoint import Checkpoint, save_checkpoint
from geoml.errors import OptionError, UnknownNameError
from geoml.workflow.evaluation import evaluate
from geoml.workflow.evaluation_options import EvaluationOptions
from geoml.workflow.evaluation_refinement import KIND, window_rungs
from geoml.workflow.evaluation_text import evaluation_text


def test_rungs_are_rows_beside_the_network(others: Path, checkpoint: Checkpoint) -> None:
    rungs = ("mirror", {"consistency": {"rounds": 1}})
    done = evaluate(
        [("a", checkpoint)], others, EvaluationOptions(mirror=True, limit=4, refine=rungs)
    )
    rows = [row for row in done.rows if row["kind"] == KIND]
    assert [row["rung"] for row in rows] == ["network", "mirror", "consistency"]
    by_name = {row["name"]: row for row in done.rows if row["kind"] != KIND}
    for row, known in zip(rows, ("a", "a + mirror"), strict=False):
        assert row["mae_m_s"] == pytest.approx(by_name[known]["mae_m_s"], rel=1e-5)
        assert row["ssim"] == pytest.approx(by_name[known]["ssim"], abs=1e-5)
    assert [row["passes"] for row in rows] == [4, 8, 8]
    assert [row["solves"] for row in rows] == [0, 0, 2 * 4 * 2]
    assert rows[2]["data_misfit"] <= rows[1]["data_misfit"]
    assert rows[2]["cpu_s"] > 0
    assert json.loads(json.dumps(done.rows)) == done.rows
    table = evaluation_text(done).split("\n\n")[-1].splitlines()
    assert table[0].startswith("Refined, rung on rung")
    assert [line.split()[:2] for line in table[2:]] == [["a", row["rung"]] for row in rows]


def test_waves_are_modelled_as_the_pairs_were(checkpoint: Checkpoint, tmp_path: Path) -> None:
    rows = []
    for name, order in (("finer", 8), ("coarser", 4)):
        recipe = {"accuracy": order, "simulation_spacing_m": 10.0}
        store = make_pairs(tmp_path / f"{name}.zarr", 2, 3, recipe=recipe)
        done = evaluate([("a", checkpoint)], store, EvaluationOptions(refine=("mirror",)))
        rows.append(next(row for row in done.rows if row["kind"] == KIND))
    assert rows[0]["mae_m_s"] == rows[1]["mae_m_s"]
    assert rows[0]["data_misfit"] != pytest.approx(rows[1]["data_misfit"], rel=1e-6)


def test_without_rungs_there_is_no_table_of_them(others: Path, checkpoint: Checkpoint) -> None:
    done = evaluate([("a", checkpoint)], others, EvaluationOptions(limit=4))
    assert not [row for row in done.rows if row["kind"] == KIND]
    assert "Refined" not in evaluation_text(done)


def test_wrong_rung_is_refused_before_anything_is_computed(others: Path) -> None:
    with pytest.raises(OptionError, match="'first_arrivals' needs a line"):
        evaluate([], others, EvaluationOptions(refine=("first_arrivals",)))
    with pytest.raises(UnknownNameError, match="Unknown rung 'miror'"):
        window_rungs(["miror"])


def test_command_refuses_in_one_line(others: Path, checkpoint: Checkpoint, tmp_path: Path) -> None:
    command = ("evaluate", save_checkpoint(checkpoint, tmp_path / "a"), others, "--refine")
    assert "has no option 'round'" in refused(*command, "consistency: {round: 2}")
    assert "'ensemble' needs a line" in refused(*command, "mirror,ensemble")
