"""A checkpoint slid along a line."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
import xarray as xr

from geoml.checkpoint import Checkpoint
from geoml.errors import CheckpointError, GeometryError, OptionError
from geoml.prediction.invert import _without_specks, invert
from geoml.prediction.mixture_calibration import mixture_name, with_mixture_calibration
from geoml.prediction.network import WindowPredictor
from geoml.samples import mirror_channels
from geoml.samples.input_features import feature_statistics, input_features
from geoml.survey.acquisition import Acquisition
from geoml.survey.geometry import line_coordinates
from geoml.survey.window_layout import WindowLayout
from geoml.survey.windows import match_windows, read_window

from .modelled_line import DT_S, N_SAMPLES, bare_survey, template_of, untrained


def with_noise(survey: xr.Dataset, seed: int = 0) -> xr.Dataset:
    shape = survey["amplitude"].shape
    noise = np.random.default_rng(seed).normal(scale=0.02, size=shape).astype(np.float32)
    return survey.assign(amplitude=(("trace", "time"), noise))


def test_one_window_gives_what_the_network_says_in_physical_units(
    streamer: xr.Dataset, acquisition: Acquisition, checkpoint: Checkpoint
) -> None:
    survey = streamer.isel(trace=slice(0, 30))  # three shots: one window
    line = invert(survey, checkpoint)
    [window] = match_windows(survey, WindowLayout(**checkpoint.layout), acquisition)
    shots, _ = read_window(survey, window, acquisition)
    with torch.no_grad():
        scaled = torch.from_numpy(np.swapaxes(shots, 1, 2).copy())[None] / 0.02
        raw = {name: value[0].numpy() for name, value in checkpoint.network()(scaled).items()}
    np.testing.assert_allclose(line["velocity"], 2200 + 300 * raw["velocity"], rtol=1e-5)
    np.testing.assert_allclose(line["edge_probability"], 1 / (1 + np.exp(-raw["edges"])), rtol=1e-4)
    half_width = 1.5 * 300 * np.exp(raw["log_variance"] / 2)
    half = (line["velocity_upper"] - line["velocity_lower"]) / 2
    np.testing.assert_allclose(half, half_width, rtol=1e-3)
    np.testing.assert_allclose(line["velocity_std"], half_width / 1.28155, rtol=1e-3)
    assert line.attrs["edge_threshold"] == 0.4


def test_section_lies_under_the_line(streamer: xr.Dataset, checkpoint: Checkpoint) -> None:
    line = invert(streamer, checkpoint)
    along = line_coordinates(streamer)
    assert line["distance"][0] == along.receiver_distance_m.min()
    assert line["distance"][-1] >= along.source_distance_m.max() - 20
    np.testing.assert_allclose(line["cdp_x"], along.origin_xy[0] + line["distance"])
    assert line.attrs["n_windows"] == 3
    assert int(line["windows"].max()) == 3
    assert np.isfinite(line["velocity"]).all()


def test_batch_size_and_laziness_do_not_change_the_answer(
    streamer: xr.Dataset, checkpoint: Checkpoint
) -> None:
    whole = invert(streamer, checkpoint)
    lazy = invert(streamer.chunk({"trace": 10}), checkpoint, batch=1)
    np.testing.assert_allclose(whole["velocity"], lazy["velocity"], rtol=1e-5)
    np.testing.assert_allclose(whole["velocity_std"], lazy["velocity_std"], rtol=1e-3)


def test_disagreement_of_windows_adds_to_the_spread(
    streamer: xr.Dataset, checkpoint: Checkpoint
) -> None:
    sure = replace(checkpoint, state=dict(checkpoint.state))
    name = [n for n in sure.state if "log_variance" in n and n.endswith("bias")][-1]
    sure.state[name] = sure.state[name] - 40  # the network itself claims no error at all
    line = invert(streamer, sure)
    alone = line["velocity_std"].where(line["windows"] == 1)
    shared = line["velocity_std"].where(line["windows"] > 1)
    assert float(alone.max()) < 0.01
    assert float(shared.mean()) > 0.1


def test_mixture_is_blended_once_with_the_factor_fitted_for_it(
    streamer: xr.Dataset, acquisition: Acquisition, checkpoint: Checkpoint, layout: WindowLayout
) -> None:
    survey = streamer.isel(trace=slice(0, 30))  # three shots: one window
    other = untrained(acquisition, layout, seed=5)
    name = mixture_name([checkpoint, other])
    fitted = {"factors": {"0.8": 0.7}, "edge_threshold": 0.3}
    both = [with_mixture_calibration(checkpoint, name, fitted), other]
    [window] = match_windows(survey, layout, acquisition)
    shots = read_window(survey, window, acquisition)[0][None]
    said = WindowPredictor(both).predict(shots)
    line = invert(survey, both)
    np.testing.assert_allclose(line["velocity"], said.velocity[0], rtol=1e-6)
    np.testing.assert_allclose(line["velocity_std"], said.velocity_std[0], rtol=1e-3)
    assert line.attrs["edge_threshold"] == 0.3
    alone = [one.velocity_std for one in WindowPredictor(both).members(shots)]
    separate = np.sqrt(np.mean(np.square(alone), axis=0)[0])
    assert float((line["velocity_std"] / separate).mean()) < 0.9  # each member's factor is 1.5


def test_one_member_is_blended_to_the_bit(streamer: xr.Dataset, checkpoint: Checkpoint) -> None:
    one, listed = invert(streamer, checkpoint), invert(streamer, [checkpoint])
    xr.testing.assert_identical(one, listed)
    assert int(one.attrs["n_members"]) == 1
    assert one.attrs["network_passes"] == one.attrs["n_windows"]


def test_bfloat16_is_asked_for_and_moves_a_section_little(
    streamer: xr.Dataset, checkpoint: Checkpoint
) -> None:
    exact, narrow = invert(streamer, checkpoint), invert(streamer, checkpoint, bfloat16=True)
    moved = abs(narrow["velocity"] - exact["velocity"])
    assert 0 < float(moved.max()) < 0.1 * checkpoint.scaling["velocity_scale_m_s"]


def symmetric_line() -> xr.Dataset:
    return bare_survey(np.array([50.0, 150.0, 250.0]), symmetric_receivers())


def symmetric_receivers() -> np.ndarray:
    return np.tile(25.0 * np.arange(13), (3, 1))


def test_mirrored_line_gives_the_mirrored_section() -> None:
    survey = with_noise(symmetric_line())
    layout = WindowLayout(n_shots=3, depth_m=380.0, spacing_m=25.0)
    checkpoint = untrained(template_of(survey, layout), layout)
    cube = survey["amplitude"].to_numpy().reshape(3, 13, N_SAMPLES)
    flipped = survey.assign(amplitude=(("trace", "time"), cube[::-1, ::-1].reshape(39, N_SAMPLES)))
    one = invert(survey, checkpoint, mirror=True)["velocity"].to_numpy()
    other = invert(flipped, checkpoint, mirror=True)["velocity"].to_numpy()
    np.testing.assert_allclose(one, other[:, ::-1], rtol=1e-5)
    assert np.abs(one - one[:, ::-1]).max() > 1  # the law is not empty


def test_window_beside_its_mirror_image_fills_the_channels_of_its_network() -> None:
    survey = with_noise(bare_survey(np.array([50.0, 150.0, 200.0]), symmetric_receivers()))
    layout = WindowLayout(n_shots=3, depth_m=380.0, spacing_m=25.0)
    recorded = template_of(survey, layout)
    channels = mirror_channels(recorded)
    assert channels.n_channels == 5
    checkpoint = untrained(channels.acquisition, layout)
    network = checkpoint.network()
    checkpoint = replace(checkpoint, acquisition=recorded.to_dict())
    cube = survey["amplitude"].to_numpy().reshape(3, 13, N_SAMPLES)
    placed = channels.place(cube.swapaxes(1, 2) / np.float32(0.02))
    with torch.no_grad():
        own, other = (
            network(torch.from_numpy(gathers[None]))["velocity"][0].numpy()
            for gathers in (placed, channels.flip(placed))
        )
    one = invert(survey, checkpoint)["velocity"]
    np.testing.assert_allclose(one, 2200 + 300 * own, rtol=1e-5)
    both = invert(survey, checkpoint, mirror=True)["velocity"]
    np.testing.assert_allclose(both, 2200 + 150 * (own + other[:, ::-1]), rtol=1e-5)


def test_mirror_of_a_one_sided_spread_is_refused(
    streamer: xr.Dataset, checkpoint: Checkpoint
) -> None:
    with pytest.raises(OptionError, match=r"not its own mirror image.*leave mirror off"):
        invert(streamer, checkpoint, mirror=True)


def test_gap_in_the_line_is_left_empty_and_named(
    streamer: xr.Dataset, checkpoint: Checkpoint
) -> None:
    far = streamer.copy(deep=True)
    two = xr.concat([far, far.assign(field_record=far["field_record"] + 50)], dim="trace")
    moved = np.arange(100) >= 50
    for name in ("source_x", "receiver_x"):
        two[name] = two[name] + 2000.0 * moved
    line = invert(two, checkpoint)
    empty = np.isnan(line["velocity"]).all("depth")
    assert (empty == (line["windows"] == 0)).all()
    gap_m = 20 * int(empty.sum())
    assert gap_m > 1000
    assert any(f"No window reaches {gap_m} m" in warning for warning in line.attrs["warnings"])


def test_other_steps_than_in_training_are_refused(
    streamer: xr.Dataset, checkpoint: Checkpoint
) -> None:
    processed = streamer.assign_attrs(steps=[{"agc": {"window_s": 0.2}}])
    with pytest.raises(CheckpointError, match=r"agc.*was trained for none"):
        invert(processed, checkpoint)
    picked = streamer.assign_attrs(steps=[{"pick_first_breaks": {}}])
    assert invert(picked, checkpoint).sizes == invert(streamer, checkpoint).sizes


def test_other_sampling_is_refused(streamer: xr.Dataset, checkpoint: Checkpoint) -> None:
    finer = streamer.assign_coords(time=DT_S / 2 * np.arange(N_SAMPLES))
    with pytest.raises(GeometryError, match="resample"):
        invert(finer, checkpoint)


def test_checkpoint_without_calibration_is_refused(
    streamer: xr.Dataset, checkpoint: Checkpoint
) -> None:
    with pytest.raises(CheckpointError, match="no calibration for 80%"):
        invert(streamer, replace(checkpoint, calibration={}))


def test_unknown_device_is_refused(streamer: xr.Dataset, checkpoint: Checkpoint) -> None:
    with pytest.raises(OptionError, match=r"Device 'abacus' is not usable.*Try 'cpu'"):
        invert(streamer, checkpoint, device="abacus")


def test_data_unlike_training_are_named_and_placed(
    streamer: xr.Dataset, acquisition: Acquisition, checkpoint: Checkpoint
) -> None:
    windows = match_windows(streamer, WindowLayout(**checkpoint.layout), acquisition)
    seen = np.stack([read_window(streamer, window, acquisition)[0] for window in windows])
    scaled = np.swapaxes(seen, 2, 3) / np.float32(0.02)
    jitter = np.random.default_rng(0).uniform(0.5, 2, (200, 1, 1, 1)).astype(np.float32)
    statistics = feature_statistics(input_features(scaled[np.arange(200) % 3] * jitter))
    known = replace(checkpoint, input_statistics=statistics)
    assert invert(streamer, known).attrs["warnings"] == []

    loud = streamer.assign(amplitude=streamer["amplitude"] * 100)
    line = invert(loud, known)
    [warning] = line.attrs["warnings"]
    assert "3 of 3 windows look unlike the training data" in warning
    assert "RMS amplitude" in warning
    assert float(line["outside_training"].min()) > 1

    time_s = streamer["time"].to_numpy()
    hum = 0.2 * np.sin(2 * np.pi * 50 * time_s).astype(np.float32)
    noisy = streamer.assign(amplitude=streamer["amplitude"] + hum)
    warnings = invert(noisy, known).attrs["warnings"]
    assert any("energy at 47-52 Hz" in warning for warning in warnings), "\n".join(warnings)


def test_edges_are_lines_and_not_specks() -> None:
    edges = np.zeros((20, 30), dtype=bool)
    edges[5, 3:20] = True  # an interface
    edges[6, 20:28] = True  # that goes on one cell deeper
    edges[12, 7] = edges[15, 10] = edges[15, 11] = True
    kept = _without_specks(edges)
    assert kept[5, 3:20].all()
    assert kept[6, 20:28].all()
    assert kept.sum() == 25
