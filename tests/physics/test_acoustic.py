from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from geoml.errors import OptionError, PhysicsError, ShapeError
from geoml.physics.acoustic import model_shots
from geoml.physics.wavelet_shapes import ricker

VELOCITY, PEAK_HZ, DT, N = 2000.0, 10.0, 0.004, 300


@pytest.fixture(autouse=True)
def _one_thread() -> Any:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def survey(**changes: Any) -> dict[str, Any]:
    """One shot into two receivers, all between grid nodes, and a Ricker wavelet."""
    settings: dict[str, Any] = {
        "source_distance_m": [503.3],
        "source_depth_m": [257.7],
        "receiver_distance_m": [[903.3, 1203.1]],
        "receiver_depth_m": [[257.7, 41.9]],
        "wavelet": ricker(PEAK_HZ, DT, 61),
        "wavelet_start_s": -30 * DT,
        "dt_s": DT,
        "n_samples": N,
        "free_surface": False,
        "max_frequency_hz": 25.0,
    }
    return settings | changes


def model(spacing_m: float, **changes: Any) -> np.ndarray:
    velocity = np.full((round(600 / spacing_m), round(1600 / spacing_m)), VELOCITY)
    return model_shots(velocity, spacing_m, **survey(**changes))[0, 0].numpy()


def greens_record(distance_m: float) -> np.ndarray:
    """Ricker record in 2-D: the integral of w(t - r/v cosh u) du over 2 pi, without singularity."""
    u = np.linspace(0, 9, 6001)
    delay = distance_m / VELOCITY * np.cosh(u)
    squared = (np.pi * PEAK_HZ * (np.arange(N)[:, None] * DT - delay)) ** 2
    return np.trapezoid((1 - 2 * squared) * np.exp(-squared), u, axis=1) / (2 * np.pi)


def error(record: np.ndarray, exact: np.ndarray) -> float:
    return float(np.linalg.norm(record - exact) / np.linalg.norm(exact))


def test_record_is_the_analytic_greens_function_in_time_and_amplitude() -> None:
    record = model(20.0)
    for trace, (dx, dz) in zip(record, [(400.0, 0.0), (699.8, 215.8)], strict=True):
        exact = greens_record(np.hypot(dx, dz))
        assert error(trace, exact) < 0.006
        assert trace.argmax() == exact.argmax()
        assert trace.max() == pytest.approx(exact.max(), rel=0.005)


def test_error_falls_with_cell_size_and_with_stencil_order() -> None:
    exact = greens_record(400.0)
    coarse, fine, high = (
        error(model(spacing, accuracy=order, absorbing_cells=cells)[0], exact)
        for spacing, order, cells in [(25.0, 4, 30), (12.5, 4, 60), (25.0, 8, 30)]
    )
    assert fine < coarse / 8
    assert high < coarse / 5


def test_free_surface_adds_the_negative_image_of_the_source() -> None:
    shallow = {"source_depth_m": [63.0], "receiver_depth_m": [[25.0, 41.0]], "free_surface": True}
    record = model(10.0, **shallow)
    for trace, dx, depth in zip(record, [400.0, 699.8], [25.0, 41.0], strict=True):
        ghost = greens_record(np.hypot(dx, 63.0 + depth))
        assert error(trace, greens_record(np.hypot(dx, 63.0 - depth)) - ghost) < 0.01


def test_source_and_receiver_may_change_places() -> None:
    rng = np.random.default_rng(3)
    velocity = np.sort(rng.uniform(1600, 3200, (30, 1)), axis=0) + rng.uniform(-100, 100, (30, 80))
    a, b = (411.3, 33.0), (1190.7, 187.9)
    for free_surface in (True, False):
        there, back = (
            model_shots(
                velocity,
                20.0,
                **survey(
                    source_distance_m=[start[0]],
                    source_depth_m=[start[1]],
                    receiver_distance_m=[[end[0]]],
                    receiver_depth_m=[[end[1]]],
                    free_surface=free_surface,
                ),
            )[0, 0, 0]
            for start, end in [(a, b), (b, a)]
        )
        assert error(there.numpy(), back.numpy()) < 2e-3


def test_record_does_not_depend_on_the_batch_it_was_made_in() -> None:
    models = np.random.default_rng(0).uniform(1500, 3000, (3, 25, 60)).astype(np.float32)
    settings = survey(max_velocity_m_s=3000.0)
    together = model_shots(models, 20.0, **settings).numpy()
    for velocity, record in zip(models, together, strict=True):
        np.testing.assert_array_equal(model_shots(velocity, 20.0, **settings)[0].numpy(), record)


def test_earlier_wavelet_makes_an_earlier_record() -> None:
    on_time = model(20.0)
    early = model(20.0, wavelet_start_s=-50.0 * DT)
    np.testing.assert_allclose(early[:, :-20], on_time[:, 20:], atol=2e-3 * on_time.max())


def test_positions_beyond_the_model_see_its_edge_go_on() -> None:
    settings = survey(source_distance_m=[-130.3], receiver_distance_m=[[950.0, 1000.0]])
    inside = survey(source_distance_m=[369.7], receiver_distance_m=[[1450.0, 1500.0]])
    small = model_shots(np.full((30, 30), VELOCITY), 20.0, **settings)[0, 0].numpy()
    large = model_shots(np.full((30, 90), VELOCITY), 20.0, **inside)[0, 0].numpy()
    assert error(small, large) < 0.01


def test_finer_simulation_grid_keeps_the_travel_time() -> None:
    # A step in velocity between two rows: slowness between them is linear on any grid.
    velocity = np.full((30, 80), 1800.0)
    velocity[10:] = 2600.0
    settings = survey(source_depth_m=[40.0], receiver_depth_m=[[450.0, 450.0]])
    coarse = model_shots(velocity, 20.0, **settings)[0, 0].numpy()
    fine = model_shots(velocity, 20.0, simulation_spacing_m=10.0, **settings)[0, 0].numpy()
    lags = np.correlate(fine[0], coarse[0], mode="full")
    assert lags.argmax() == N - 1
    assert error(coarse, fine) < 0.12


def test_gradient_reaches_the_velocity() -> None:
    velocity = torch.full((30, 80), VELOCITY, requires_grad=True)
    model_shots(velocity, 20.0, **survey()).square().sum().backward()
    assert velocity.grad is not None
    between = velocity.grad[12:15, 26:45].abs()
    assert torch.isfinite(velocity.grad).all()
    assert (between > 0).all()


def test_bad_models_and_positions_are_refused_in_one_line() -> None:
    good = np.full((20, 40), VELOCITY)
    with pytest.raises(PhysicsError, match=r"lies 0 m below the free surface"):
        model_shots(good, 20.0, **survey(source_depth_m=[0.0], free_surface=True))
    with pytest.raises(PhysicsError, match=r"reaches 2000 m/s, above max_velocity_m_s of 1900"):
        model_shots(good, 20.0, **survey(max_velocity_m_s=1900.0))
    with pytest.raises(PhysicsError, match=r"15 m does not divide the model's 20 m"):
        model_shots(good, 20.0, simulation_spacing_m=15.0, **survey())
    with pytest.raises(PhysicsError, match="not above 0 m/s"):
        model_shots(np.zeros((20, 40)), 20.0, **survey())
    with pytest.raises(PhysicsError, match="NaN or Inf"):
        model_shots(good, 20.0, **survey(source_depth_m=[np.nan]))
    with pytest.raises(ShapeError, match=r"\(shot,\) and \(shot, receiver\)"):
        model_shots(good, 20.0, **survey(receiver_depth_m=[0.0, 0.0]))
    with pytest.raises(OptionError, match="order 6"):
        model_shots(good, 20.0, accuracy=6, **survey())
