"""The benchmark of denoisers: noises of the stated level, rows that are built, runs kept apart."""

from __future__ import annotations

from pathlib import Path

import denoise
import numpy as np
import pytest
from folded_section import folded_section

from geoml.models.gathers import GATHER_MODELS
from geoml.models.network_table import build_network


@pytest.mark.parametrize("noise", ["white", "correlated"])
def test_added_noise_is_at_0_db(noise: str) -> None:
    clean = folded_section(3)
    added = denoise.noisy_section(clean, noise, 3) - clean
    np.testing.assert_allclose(np.mean(added**2), np.mean(clean**2), rtol=1e-6)
    assert abs(np.mean(added[1:] * added[:-1])) < 0.02  # from trace to trace
    correlated = np.mean(added[:, 1:] * added[:, :-1])
    assert (correlated > 0.5) == (noise == "correlated")


def test_a_fifth_of_the_traces_is_bad_and_the_rest_as_it_was() -> None:
    clean = folded_section(3)
    noisy = denoise.noisy_section(clean, "bad traces", 3)
    bad = (noisy != clean).any(axis=1)
    assert bad.sum() == 51
    np.testing.assert_allclose(np.sqrt(np.mean(noisy[bad] ** 2)), 3, rtol=0.02)


@pytest.mark.parametrize("row", denoise.SUPERVISED)
def test_supervised_row_can_be_built_for_its_patch(row: str) -> None:
    model, options, patch, fit = denoise.SUPERVISED[row]
    fixed = {"n_traces": patch[0], "n_times": patch[1]}
    build_network(GATHER_MODELS, model, "denoiser", fixed, options)
    assert denoise._fit(0, **fit).steps == fit["steps"]


def test_every_run_has_a_file_of_its_own() -> None:
    paths = [
        denoise._path(Path(), row, seed, noises)
        for names, groups in denoise.KINDS.values()
        for row in names
        for noises in groups
        for seed in denoise.SEEDS
    ]
    assert len(set(paths)) == len(paths)


def test_finished_runs_are_not_run_again_and_fill_the_table(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for _ in range(2):
        denoise.run(tmp_path, (0, 1), ["as recorded"])
    printed = capsys.readouterr().out
    assert printed.count("as recorded") == len(denoise.SEEDS)
    denoise.report(tmp_path)
    table = capsys.readouterr().out
    assert table.count("as recorded") == len(denoise.NOISES)
    assert "not measured" not in table.split("not all")[0]
