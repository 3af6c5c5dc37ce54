"""A window may be flipped only where the flipped positions are its own, or become channels."""

from __future__ import annotations

import numpy as np
import pytest

from geoml.errors import GeometryError, ShapeError
from geoml.physics.acoustic import model_acquisition
from geoml.physics.openfwi import OPENFWI
from geoml.physics.wavelet_shapes import ricker
from geoml.samples import mirror_channels, mirror_order
from geoml.samples.mirror import channels_for
from geoml.survey.acquisition import Acquisition

SPREAD = np.array([10.0, 30, 70, 90])


def acquisition(source_m: list[float], receiver_m: np.ndarray, **more: object) -> Acquisition:
    shots = len(source_m)
    receivers = np.broadcast_to(receiver_m, (shots, receiver_m.shape[-1]))
    options = {
        "source_distance_m": np.array(source_m),
        "source_depth_m": np.zeros(shots),
        "receiver_distance_m": receivers,
        "receiver_depth_m": np.zeros(receivers.shape),
        "dt_s": 0.004,
        "n_samples": 10,
        "spacing_m": 10.0,
        "n_depth": 5,
        "n_distance": 11,  # 100 m wide
        "wavelet": np.ones(3),
        "wavelet_start_s": 0.0,
        "max_frequency_hz": 20.0,
        "free_surface": False,
    }
    return Acquisition(**{**options, **more})


def test_symmetric_spread_flips_shots_and_receivers() -> None:
    order = mirror_order(acquisition([0, 50, 100], np.array([10.0, 30, 70, 90])))
    assert order is not None
    assert order.shot.tolist() == [2, 1, 0]
    assert order.receiver.tolist() == [[3, 2, 1, 0]] * 3


def test_partner_receivers_are_found_in_any_order() -> None:
    receivers = np.array([[10.0, 40, 90], [60.0, 90, 10]])
    order = mirror_order(acquisition([20, 80], receivers))
    assert order is not None
    assert order.shot.tolist() == [1, 0]
    # Shot 1 has 60, 90, 10 m; mirrored 40, 10, 90 m, which are 1, 0, 2 of shot 0.
    assert order.receiver.tolist() == [[1, 0, 2], [1, 0, 2]]


def test_flipping_twice_gives_the_same_traces() -> None:
    order = mirror_order(acquisition([20, 80], np.array([[10.0, 40, 90], [60.0, 90, 10]])))
    assert order is not None
    shot, receiver = np.meshgrid(np.arange(2), np.arange(3), indexing="ij")
    for _ in range(2):
        take = (order.shot[:, None], order.receiver)
        shot, receiver = shot[take], receiver[take]
    assert shot.tolist() == [[0] * 3, [1] * 3]
    assert receiver.tolist() == [[0, 1, 2]] * 2


def test_off_centre_sources_have_no_mirror_image() -> None:
    assert mirror_order(acquisition([0, 50, 90], np.array([10.0, 90]))) is None


def test_streamer_has_no_mirror_image() -> None:
    sources = [60.0, 80.0, 100.0]
    streamer = np.array(sources)[:, None] - np.array([[20.0, 40.0, 60.0]])
    assert mirror_order(acquisition(sources, streamer)) is None


def test_two_sources_never_share_a_partner() -> None:
    assert mirror_order(acquisition([0, 0.4, 100], np.array([10.0, 90]))) is None


def test_mirrored_position_at_another_depth_is_no_partner() -> None:
    deep = acquisition([0, 100], np.array([10.0, 90]), source_depth_m=np.array([0.0, 8.0]))
    assert mirror_order(deep) is None


def test_sources_all_at_one_depth_have_partners() -> None:
    buried = acquisition([0, 100], np.array([10.0, 90]), source_depth_m=np.array([8.0, 8.0]))
    assert mirror_order(buried) is not None


def test_tolerance_decides() -> None:
    almost = acquisition([0, 98], np.array([10.0, 90]))
    assert mirror_order(almost, tolerance_m=1.0) is None
    assert mirror_order(almost, tolerance_m=3.0) is not None


def test_openfwi_sources_and_their_mirror_images_are_six_channels() -> None:
    channels = mirror_channels(Acquisition(**OPENFWI))
    columns = channels.acquisition.source_distance_m / 10
    assert columns.tolist() == [0, 17, 34, 35, 52, 69]
    assert channels.recorded.tolist() == [0, 1, 2, 4, 5]
    gathers = np.ones((2, 5, 4, 70), np.float32)
    placed = channels.place(gathers)
    assert placed.any(axis=(0, 2, 3)).tolist() == [True, True, True, False, True, True]
    flipped = channels.flip(placed)
    assert flipped.any(axis=(0, 2, 3)).tolist() == [True, True, False, True, True, True]


@pytest.mark.parametrize(
    ("sources_m", "receivers_m"),
    [
        ([0.0, 30, 60], SPREAD),
        ([60.0, 0, 30], SPREAD[::-1]),
        ([10.0, 90, 20], np.array([[10.0, 30, 70, 90], [70, 30, 90, 10], [90, 10, 70, 30]])),
    ],
)
def test_mirrored_gathers_are_those_over_the_flipped_ground(
    sources_m: list[float], receivers_m: np.ndarray
) -> None:
    window = acquisition(
        sources_m,
        receivers_m,
        receiver_depth_m=np.full((3, 4), 3.0),
        n_depth=8,
        n_samples=60,
        wavelet=ricker(18.0, 0.004, 21),
        wavelet_start_s=-0.04,
        max_frequency_hz=54.0,
    )
    rng = np.random.default_rng(0)
    velocity = rng.uniform(1500, 3500, (8, 11)).astype(np.float32)

    def modelled(over: np.ndarray, positions: Acquisition) -> np.ndarray:
        record = model_acquisition(over, positions, max_velocity_m_s=3500)[0]
        return record.numpy().swapaxes(1, 2)  # (shot, time, receiver)

    channels = mirror_channels(window)
    mirrored = channels.flip(channels.place(modelled(velocity, window)))
    over_flipped = modelled(velocity[:, ::-1].copy(), channels.acquisition)
    filled = mirrored.any(axis=(1, 2))
    assert filled.sum() == 3
    np.testing.assert_allclose(
        mirrored[filled], over_flipped[filled], atol=1e-5 * np.abs(over_flipped).max()
    )


def test_source_at_another_depth_is_no_mirror_image_and_gets_its_channel() -> None:
    depths = np.array([0.0, 8.0])
    channels = mirror_channels(acquisition([0, 100], SPREAD, source_depth_m=depths))
    assert channels.n_channels == 4
    assert channels.acquisition.source_depth_m.tolist() == [0, 8, 8, 0]
    assert channels.recorded.tolist() == [0, 2]


def test_own_mirror_image_keeps_its_shots_as_channels() -> None:
    window = acquisition([100, 0, 50], SPREAD)
    channels = mirror_channels(window)
    assert channels.acquisition is window
    gathers = np.arange(3 * 2 * 4, dtype=np.float32).reshape(3, 2, 4)
    assert np.array_equal(channels.place(gathers), gathers)
    assert np.array_equal(channels.flip(gathers), gathers[[1, 0, 2], :, ::-1])


def test_channels_flipped_twice_are_as_before() -> None:
    channels = mirror_channels(acquisition([0, 20, 90], np.array([[10.0, 90, 40, 60]])))
    placed = channels.place(np.random.default_rng(1).normal(size=(5, 3, 7, 4)).astype(np.float32))
    assert np.array_equal(channels.flip(channels.flip(placed)), placed)
    assert not np.array_equal(channels.flip(placed), placed)


def test_window_whose_receivers_have_no_partners_is_refused() -> None:
    sources = [60.0, 80.0, 100.0]
    streamer = np.array(sources)[:, None] - np.array([[20.0, 40.0, 60.0]])
    message = (
        r"Shot 1 \(source at 60 m\) has receivers from 0 to 40 m; mirrored they lie at 60 to "
        r"100 m, where the window has none of their kind\. Leave mirror_probability at 0\."
    )
    with pytest.raises(GeometryError, match=message):
        mirror_channels(acquisition(sources, streamer))


def test_sources_within_the_tolerance_of_one_mirror_image_are_refused() -> None:
    with pytest.raises(GeometryError, match="ambiguous within 1 m"):
        mirror_channels(acquisition([0, 0.4, 100], SPREAD))


def test_network_of_the_recorded_shots_needs_no_channels() -> None:
    window = acquisition([0, 30], SPREAD)
    assert channels_for(window, 2) is None
    channels = channels_for(window, 4)
    assert channels is not None
    assert channels.recorded.tolist() == [0, 1]
    with pytest.raises(GeometryError, match="reads 3 shots; the window has 2, and 4 with its"):
        channels_for(window, 3)


def test_gathers_of_another_window_are_refused() -> None:
    with pytest.raises(ShapeError, match=r"\(3, 7, 4\); needed 2 shots"):
        mirror_channels(acquisition([0, 30], SPREAD)).place(np.zeros((3, 7, 4), np.float32))
