"""A window may be flipped only where the flipped positions are its own."""

from __future__ import annotations

import numpy as np

from geoml.samples import mirror_order
from geoml.survey.acquisition import Acquisition


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
