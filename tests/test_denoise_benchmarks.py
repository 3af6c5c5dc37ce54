"""The commands that measure denoising run from end to end on small files."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from denoise_field import LINES, under_noise
from made_denoiser import save_denoiser

from geoml.preprocess.recipe import build_steps
from geoml.products.denoise_figure import display_gain

BENCHMARKS = Path(__file__).resolve().parents[1] / "benchmarks"


@pytest.mark.parametrize("name", LINES)
def test_steps_and_rows_of_a_field_line_can_be_built(name: str) -> None:
    line = LINES[name]
    assert len(build_steps(line.steps)) == len(line.steps)
    assert len(line.classical) >= 2
    for steps in line.classical.values():
        assert all(step.gathered_by == line.gather for step in build_steps(steps))


def test_added_noise_is_as_strong_as_the_line_and_spares_mutes() -> None:
    rng = np.random.default_rng(0)
    samples = rng.normal(size=(40, 300)) * np.exp(-np.arange(300) / 100)
    samples[:, :20] = 0
    survey = xr.Dataset({"amplitude": (("trace", "time"), samples.astype(np.float32))})
    gain = display_gain(samples)
    noisy = under_noise(survey, [(np.arange(40), None)], [gain])["amplitude"].values
    noise = (noisy - samples)[:, 40:]
    assert not (noisy - samples)[:, :20].any()
    for part in (slice(0, 100), slice(160, 260)):
        assert np.std(noise[:, part]) == pytest.approx(np.std(samples[:, 40:][:, part]), rel=0.2)


@pytest.mark.slow
def test_streaming_prints_throughput_and_the_verdict_on_memory(tmp_path: Path) -> None:
    network = save_denoiser(tmp_path / "network", dt_s=None)
    command = [sys.executable, str(BENCHMARKS / "denoise_stream.py"), "--small", "0.02"]
    options = ["--size", "0.03", "--checkpoint", str(network), "--overlap", "0"]
    done = subprocess.run(
        [*command, *options, "--removed", "--folder", str(tmp_path)],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "MB/s a core" in done.stdout
    assert "memory:" in done.stdout
    assert [path.name for path in tmp_path.iterdir()] == ["network"]
