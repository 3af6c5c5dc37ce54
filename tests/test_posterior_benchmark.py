"""What ``benchmarks/posterior.py`` counts: scaled intervals, blocks in question, layered pairs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import posterior
import posterior_fwi
import posterior_layered
import pytest

from geoml.survey.pairs import open_pairs


def told(kind: str) -> dict[str, np.ndarray]:
    """Predictions whose spread is half of what it should be."""
    rng = np.random.default_rng(0)
    truth = rng.laplace(size=(40, 12, 10))
    if kind == "std":
        return {"truth": truth, "samples": 0 * truth[None], "std": 0 * truth[None] + 0.5 * 2**0.5}
    return {"truth": truth, "samples": 0.5 * rng.laplace(size=(39, *truth.shape))}


@pytest.mark.parametrize("kind", ["std", "samples"])
def test_factor_lets_the_90_percent_interval_hold_90_percent(kind: str) -> None:
    prediction = told(kind)
    factor = posterior.factor_of(prediction)
    assert factor == pytest.approx(2, rel=0.1)
    scores = posterior.scored(prediction, factor)
    assert scores["coverage_90"] == pytest.approx(0.9, abs=0.01)
    assert posterior.scored(prediction)["coverage_90"] < 0.8
    assert scores["crps"] < posterior.scored(prediction)["crps"]


def test_blocks_that_the_exact_answer_settles_are_not_judged() -> None:
    rng = np.random.default_rng(1)
    ground = posterior_layered.GROUND
    truth = ground.profile(rng.random((3, ground.n_unknowns)))
    profile = np.repeat(truth[None], 60, axis=0)
    profile[:, :, 16:] += 200 * rng.standard_normal((60, 3, 1))  # sure above, open below
    known = {"truth": truth, "profile": profile}
    blocks = ground.n_depth // posterior_layered.BLOCK
    assert posterior_layered.in_question(profile, known).shape == (60, 3 * blocks // 2)
    same = posterior_layered.judged(profile, known)
    assert same["width_ratio_90"] == pytest.approx(1)
    assert same["wasserstein_m_s"] == pytest.approx(0)
    wider = posterior_layered.judged(truth + 2 * (profile - truth), known)
    assert wider["width_ratio_90"] == pytest.approx(2, rel=1e-6)
    assert wider["wasserstein_m_s"] > 50


def test_layered_pairs_show_equal_columns_and_one_trace(tmp_path: Path) -> None:
    path = posterior_layered.layered_pairs(tmp_path / "p.zarr", posterior_layered.GROUND, 12)
    store = open_pairs(path)
    velocity, amplitude = store["velocity"].values, store["amplitude"].values
    assert (velocity == velocity[..., :1]).all()
    assert (amplitude[:, 0, 0] == amplitude[:, 0, 1]).all()
    assert amplitude.std() > 0.03


def test_finished_runs_are_not_repeated(tmp_path: Path) -> None:
    kept = posterior.Kept(tmp_path / "results.jsonl")
    for _ in range(2):
        kept.once({"table": "samples", "seed": 0}, lambda: {"crps": 1.0})
    again = posterior.Kept(tmp_path / "results.jsonl")
    again.once({"table": "samples", "seed": 0}, lambda: pytest.fail("was run again"))
    assert again.rows == [{"table": "samples", "seed": 0, "crps": 1.0}]


def test_table_of_inversions_gives_median_and_range(capsys: pytest.CaptureFixture[str]) -> None:
    rows = [
        {"model": k, "snr_db": None, "way": "cells", "mae": mae, "ssim": 0.9, "misfit": 0.1,
         "solves": 370, "seconds": 10.0}
        for k, mae in enumerate((30.0, 50.0, 90.0))
    ]  # fmt: skip
    posterior_fwi.print_table(rows)
    assert "50.0 (30.0 to 90.0)" in capsys.readouterr().out
