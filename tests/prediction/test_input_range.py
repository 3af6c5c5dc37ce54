"""The guard in words of the survey."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
import xarray as xr

from geoml.checkpoint import Checkpoint
from geoml.prediction.input_names import display_factor
from geoml.prediction.input_range import guard
from geoml.prediction.invert import invert
from geoml.samples.input_features import feature_statistics, input_features
from geoml.survey.acquisition import Acquisition
from geoml.survey.window_layout import WindowLayout
from geoml.survey.windows import match_windows, read_window


@pytest.fixture(scope="module")
def windows(streamer: xr.Dataset, acquisition: Acquisition, checkpoint: Checkpoint) -> np.ndarray:
    """Scaled gathers of the line, shape (window, shot, time, receiver)."""
    layout = WindowLayout(**checkpoint.layout)
    found = match_windows(streamer, layout, acquisition)
    seen = np.stack([read_window(streamer, window, acquisition)[0] for window in found])
    return np.swapaxes(seen, 2, 3) / np.float32(0.02)


def drawn(windows: np.ndarray, seed: int, n_windows: int = 120) -> np.ndarray:
    """More of the same kind: other gains, noise and small shifts."""
    rng = np.random.default_rng(seed)
    some = windows[rng.integers(len(windows), size=n_windows)]
    some = some * rng.uniform(0.8, 1.25, (n_windows, 1, 1, 1))
    noise = rng.standard_normal(some.shape) * rng.uniform(0, 0.1, (n_windows, 1, 1, 1))
    moved = [np.roll(one, rng.integers(-1, 2), axis=1) for one in some + noise]
    return np.stack(moved).astype(np.float32)


@pytest.fixture(scope="module")
def statistics(windows: np.ndarray) -> dict:
    known, held_out = (input_features(drawn(windows, seed)) for seed in (1, 2))
    return json.loads(json.dumps(feature_statistics(known, held_out)))


def test_windows_like_those_of_training_raise_no_warning(
    windows: np.ndarray, statistics: dict, acquisition: Acquisition
) -> None:
    found = [
        guard(input_features(drawn(windows, seed, 20)), statistics, acquisition).warnings
        for seed in range(10, 15)
    ]
    assert sum(map(len, found)) <= 1, found


def quicker(windows: np.ndarray) -> np.ndarray:
    """A wavelet of one and a half times the frequency, arrivals where they were."""
    spectrum = np.fft.rfft(windows, axis=2)
    frequency = np.arange(spectrum.shape[2])
    mean = np.abs(spectrum).mean(axis=(0, 1, 3))
    wanted = np.interp(frequency / 1.5, frequency, mean)
    gain = np.minimum(wanted / np.maximum(mean, 1e-2 * mean.max()), 30)
    changed = np.fft.irfft(spectrum * gain[:, None], windows.shape[2], axis=2)
    return (changed * windows.std() / changed.std()).astype(np.float32)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (quicker, "in spectrum"),
        (lambda shots: np.roll(shots, 10, axis=2), "in arrival times"),
        (lambda shots: shots[..., ::-1], "in moveout"),
        (lambda shots: 5 * shots, "in amplitude"),
    ],
)
def test_what_is_wrong_is_named_with_found_and_covered(
    change, said: str, windows: np.ndarray, statistics: dict, acquisition: Acquisition
) -> None:  # type: ignore[no-untyped-def]
    found = guard(input_features(change(windows)), statistics, acquisition)
    [warning] = [text for text in found.warnings if said in text]
    assert warning.startswith("3 of 3 windows look unlike the training data")
    assert "training covered" in warning
    assert (found.score > 0.25).all()


def test_picture_holds_what_was_found_and_covered(
    windows: np.ndarray, statistics: dict, acquisition: Acquisition
) -> None:
    features = input_features(windows)
    panels = {p["measure"]: p for p in guard(features, statistics, acquisition).panels}
    spectrum = panels["spectrum_db"]
    assert json.loads(json.dumps(spectrum)) == spectrum
    np.testing.assert_allclose(
        spectrum["field"][1], np.median(features["spectrum_db"], axis=0), atol=1e-3
    )
    assert np.shape(spectrum["training"]) == (5, 12)
    assert spectrum["places"][0] == pytest.approx(0.5 * 0.5 / acquisition.dt_s / 12, abs=1e-3)
    late = panels["arrival_samples"]
    np.testing.assert_allclose(
        late["field"][1],
        acquisition.dt_s * np.median(features["arrival_samples"], axis=0),
        atol=1e-3,
    )


def test_encoder_of_the_network_is_asked(
    streamer: xr.Dataset, windows: np.ndarray, checkpoint: Checkpoint
) -> None:
    import torch

    network = checkpoint.network()
    with torch.no_grad():
        parts = [
            input_features(shots)
            | {"encoder": network.encode(torch.from_numpy(shots)).double().numpy()}
            for shots in (drawn(windows, 1), drawn(windows, 2))
        ]
    known = replace(checkpoint, input_statistics=feature_statistics(*parts))
    measures = [p["measure"] for p in invert(streamer, known).attrs["guard"]]
    assert "encoder" in measures
    silent = streamer.assign(amplitude=streamer["amplitude"][::-1].copy())
    strange = invert(silent, known)
    assert any("network's encoder" in text for text in strange.attrs["warnings"])


def test_older_statistics_are_read_by_ranges(
    windows: np.ndarray, statistics: dict, acquisition: Acquisition
) -> None:
    older = {"levels": statistics["levels"], "quantiles": dict(statistics["quantiles"])}
    for name in ("arrival_samples", "moveout_samples"):
        del older["quantiles"][name]
    assert guard(input_features(windows), older, acquisition).warnings == []
    [warning] = guard(input_features(5 * windows), older, acquisition).warnings
    assert "in amplitude: the scaled RMS amplitude" in warning


def plain(measure: str, training: list[float], field: list[float]) -> tuple[dict, dict]:
    """Features of one part and statistics without a cloud."""
    quantiles = {measure: np.array(training)[:, None].tolist()}
    return {measure: np.array(field)[:, None]}, {"levels": [], "quantiles": quantiles}


@pytest.mark.parametrize(("outside", "warned"), [(0, False), (4, False), (5, True)])
def test_so_many_windows_as_leave_the_limit_by_chance_raise_no_warning(
    outside: int, warned: bool, acquisition: Acquisition
) -> None:
    # Of 100 windows at a chance of 1 %, four or more are outside in 1.8 % of surveys, five in 0.3.
    field = [0.5] * (100 - outside) + [3.0] * outside
    found = guard(*plain("moveout_samples", [0.0, 0.2, 0.5, 0.8, 1.0], field), acquisition)
    assert bool(found.warnings) == warned
    assert found.panels[0]["outside"] == outside


def test_farthest_window_lends_its_figure_to_the_warning(acquisition: Acquisition) -> None:
    features, statistics = plain("moveout_samples", [0.0, 0.2, 0.5, 0.8, 1.0], [2.0, 7.0, 0.5])
    found = guard(features, statistics, acquisition)
    factor, unit = display_factor("moveout_samples", acquisition)
    assert (
        f" is {7 * factor:.3g}{unit}, training covered 0 to {factor:.3g}{unit}"
        in (found.warnings[0])
    )
    np.testing.assert_allclose(found.score, [1, 6, 0])


def test_part_that_training_heard_and_the_field_lacks_counts(acquisition: Acquisition) -> None:
    loud, quiet = [-12.0, -11.5, -11.0, -10.5, -10.0], [-60.0, -58.0, -55.0, -52.0, -50.0]
    lacking = guard(*plain("spectrum_db", loud, [-70.0] * 3), acquisition)
    assert len(lacking.warnings) == 1
    assert not guard(*plain("spectrum_db", quiet, [-35.0] * 3), acquisition).warnings


def test_score_is_that_of_the_worst_measure(acquisition: Acquisition) -> None:
    level = [0.0, 0.2, 0.5, 0.8, 1.0]
    features, statistics = plain("moveout_samples", level, [3.0, 0.5])
    dead, more = plain("dead_share", level, [0.5, 0.5])
    both = {"levels": [], "quantiles": {**statistics["quantiles"], **more["quantiles"]}}
    np.testing.assert_allclose(guard(features | dead, both, acquisition).score, [2, 0])
