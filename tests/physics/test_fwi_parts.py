"""The parts of waveform inversion: gradients, bands, wavelet, penalties, smoother."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy import signal
from small_fwi import DT_S, OPTIONS, PEAK_HZ, acquisition, observed, start, truth

from geoml.errors import PhysicsError, ShapeError
from geoml.physics.acoustic import model_acquisition
from geoml.physics.fwi_bands import choose_band, default_bands, low_pass
from geoml.physics.fwi_options import FwiOptions
from geoml.physics.fwi_parameter import SectionParameter, illumination, step_scale
from geoml.physics.fwi_penalty import distance_from_start, edge_weight, total_variation
from geoml.physics.fwi_problem import BandProblem, Prior, Solves
from geoml.physics.fwi_sharpen import sharpened
from geoml.physics.fwi_shots import BandShots, ShotSet
from geoml.physics.fwi_smoother import EdgeAwareSmoother
from geoml.physics.fwi_wavelet import filtered, source_filter
from geoml.physics.openfwi import OPENFWI
from geoml.physics.wavelet_shapes import ricker
from geoml.survey.acquisition import Acquisition


def problem(options: FwiOptions = OPTIONS, columns: np.ndarray | None = None) -> BandProblem:
    band = choose_band(18.0, acquisition(), 1450.0, 3200.0, accuracy=4, simulation_spacing_m=10.0)
    shots = BandShots(ShotSet(acquisition(), observed()[0], columns=columns), band, options, "cpu")
    begin = torch.as_tensor(start())
    smoother = EdgeAwareSmoother(start().astype(np.float64), 3.0, 15.0)
    scale = torch.as_tensor(step_scale(None, None, np.zeros(truth().shape, dtype=bool), (1, 1)))
    parameter = SectionParameter(begin, scale, 1450.0, 3200.0, smoother, 0.5)
    made = BandProblem([shots], parameter, Prior(begin, begin / 50), options, Solves())
    made.weigh_penalties(0.05)
    return made


@pytest.mark.parametrize("misfit", ["waveform", "correlation"])
def test_gradient_equals_finite_differences(misfit: str) -> None:
    options = replace(OPTIONS, misfit=misfit, tv_weight=0.1, prior_weight=0.1)  # type: ignore[arg-type]
    function = problem(options)
    rng = np.random.default_rng(0)
    at = 0.1 * rng.standard_normal(function.parameter.size)
    direction = rng.standard_normal(function.parameter.size)
    _, gradient = function(at)
    step = 0.02
    ahead, behind = (function(at + sign * step * direction)[0] for sign in (1, -1))
    np.testing.assert_allclose((ahead - behind) / (2 * step), gradient @ direction, rtol=0.01)


def test_sparse_snapshots_leave_the_gradient_of_modelling_as_it_is() -> None:
    gradients = []
    for options in ({}, {"gradient_steps": 4}, {"gradient_steps": 2, "checkpoint_segments": 3}):
        velocity = torch.as_tensor(start()).requires_grad_()
        records = model_acquisition(velocity, acquisition(), max_velocity_m_s=3200.0, **options)
        ((records[0] - torch.as_tensor(observed()[0])) ** 2).sum().backward()
        assert velocity.grad is not None
        gradients.append(velocity.grad)
    for other in gradients[1:]:
        assert float((other - gradients[0]).norm() / gradients[0].norm()) < 1e-3


def test_low_pass_does_not_look_ahead() -> None:
    traces = np.random.default_rng(0).standard_normal((3, 200))
    cut = low_pass(traces[:, :120], 10.0, 0.002)
    np.testing.assert_allclose(low_pass(traces, 10.0, 0.002)[:, :120], cut)


@pytest.mark.parametrize("start_s", [0.0, -0.072])
def test_band_models_what_the_low_pass_leaves_of_the_full_record(start_s: float) -> None:
    recorded = replace(acquisition(), wavelet_start_s=start_s)
    full = model_acquisition(truth(), recorded, max_velocity_m_s=3200.0, accuracy=8)
    for corner in (8.0, 16.0):
        band = choose_band(corner, recorded, 1450.0, 3200.0, accuracy=8, simulation_spacing_m=10.0)
        set_of = ShotSet(recorded, full[0].numpy())
        options = FwiOptions(min_velocity_m_s=1450.0, max_velocity_m_s=3200.0, held_out=0)
        shots = BandShots(set_of, band, options, "cpu")
        share = float(shots.misfit(torch.as_tensor(truth()))) / shots.energy()
        assert share < 1e-3
        assert band.dt_s > DT_S


def test_default_bands_rise_through_the_wavelet() -> None:
    low, middle, high = default_bands(Acquisition(**OPENFWI))
    assert 4 < low < 7 < middle < 12 < high < 18


def test_levelling_in_time_makes_late_waves_count_as_early_ones() -> None:
    """A trace with a strong early and a weak late wave: the shares of its energy."""
    base = acquisition()
    gathers = np.zeros((3, 12, base.n_samples), np.float32)
    time = np.arange(base.n_samples)
    early, late = (np.exp(-(((time - at) / 4.0) ** 2)) for at in (30, 140))
    gathers[:] = early + 0.03 * late
    for power, share in ((0.0, 0.03**2), (0.5, 0.03), (1.0, 1.0)):
        energies = []
        options = replace(OPTIONS, time_power=power, held_out=0)
        band = choose_band(None, base, 1450.0, 3200.0, accuracy=4, simulation_spacing_m=10.0)
        shots = BandShots(ShotSet(base, gathers), band, options, "cpu")
        for wave in (early, 0.03 * late):
            without = torch.as_tensor(gathers - wave.astype(np.float32))[..., :: band.step]
            energies.append(float(shots.distance(without)))
        assert energies[1] / energies[0] == pytest.approx(share, rel=0.15)


def test_nothing_has_to_fit_where_nothing_was_recorded() -> None:
    base = acquisition()
    gathers = observed()[0].copy()
    gathers[:, 3] = 0
    options = replace(OPTIONS, time_power=1.0, held_out=0)
    band = choose_band(None, base, 1450.0, 3200.0, accuracy=4, simulation_spacing_m=10.0)
    shots = BandShots(ShotSet(base, gathers), band, options, "cpu")
    modelled = torch.as_tensor(gathers)[..., :: band.step].clone()
    modelled[:, 3] = 1.0
    assert float(shots.distance(modelled)) == 0.0


def test_data_of_finer_cells_fit_the_truth_as_the_trace_at_the_source_is_left_out() -> None:
    options = replace(OPTIONS, accuracy=8, held_out=0, absorbing_cells=20)
    fine = {"simulation_spacing_m": 5.0, "absorbing_cells": 40}
    base = replace(acquisition(), wavelet_start_s=0.0)
    gathers = model_acquisition(truth(), base, max_velocity_m_s=3200.0, **fine)[0].numpy()
    band = choose_band(None, base, 1450.0, 3200.0, accuracy=8, simulation_spacing_m=10.0)
    shots = BandShots(ShotSet(base, gathers), band, options, "cpu")
    modelled = shots.modelled(torch.as_tensor(truth()))
    assert float(shots.distance(modelled)) < 1e-3 * shots.energy()
    missed = ((modelled - torch.as_tensor(gathers[..., :: band.step])) ** 2).sum(-1)
    at_source = base.receiver_distance_m == base.source_distance_m[:, None]
    assert at_source.sum() == 1  # one trace, most of what is missed
    assert float(missed[at_source].sum()) > 10 * float(missed[~at_source].sum())


def test_gathers_without_offset_are_refused() -> None:
    base = acquisition()
    above = replace(
        base,
        receiver_distance_m=base.source_distance_m[:, None],
        receiver_depth_m=base.source_depth_m[:, None],
    )
    band = choose_band(None, above, 1450.0, 3200.0, accuracy=4, simulation_spacing_m=10.0)
    gathers = np.ones((3, 1, base.n_samples), np.float32)
    with pytest.raises(PhysicsError, match="within a cell of 10 m"):
        BandShots(ShotSet(above, gathers), band, OPTIONS, "cpu")


def test_source_filter_recovers_a_changed_wavelet() -> None:
    rng = np.random.default_rng(1)
    impulses = rng.standard_normal((8, 300)) * (rng.uniform(size=(8, 300)) < 0.05)
    old, new = ricker(PEAK_HZ, DT_S, 73), -1.7 * ricker(0.8 * PEAK_HZ, DT_S, 73)
    made, seen = (
        signal.fftconvolve(impulses, wavelet[None], mode="same") for wavelet in (old, new)
    )
    taps = source_filter(seen, made, 40, 25)
    found = np.convolve(old, taps)[25 : 25 + 73]
    assert np.linalg.norm(found - new) < 0.05 * np.linalg.norm(new)
    again = filtered(torch.as_tensor(made[None]), torch.as_tensor(taps[None]), 25)[0].numpy()
    inside = slice(40, -40)
    missed = np.linalg.norm((again - seen)[:, inside])
    assert missed < 0.05 * np.linalg.norm(seen[:, inside])


def test_source_update_undoes_another_source_of_each_shot() -> None:
    gain = np.array([0.5, -2.0, 3.0])[:, None, None].astype(np.float32)
    options = replace(OPTIONS, held_out=0)
    band = choose_band(18.0, acquisition(), 1450.0, 3200.0, accuracy=4, simulation_spacing_m=10.0)
    shots = BandShots(ShotSet(acquisition(), gain * observed()[0]), band, options, "cpu")
    at = torch.as_tensor(truth())
    shares = [float(shots.misfit(at)) / shots.energy()]
    for each in (False, True):
        filters = shots.fit_source(at, each)
        assert filters.shape[0] == (3 if each else 1)
        shares.append(float(shots.misfit(at)) / shots.energy())
    assert shares[2] < 0.01 < shares[1] < shares[0]


def test_total_variation_of_a_step_is_its_height_a_cell() -> None:
    step = torch.where(torch.arange(10)[:, None] < 5, 1000.0, 1300.0).repeat(1, 8)
    assert float(total_variation(step, 0.01)) == pytest.approx(300 / 10, rel=1e-3)


def test_gradient_of_total_variation_equals_finite_differences() -> None:
    velocity = torch.as_tensor(truth()).double() + 5 * torch.randn(24, 24, dtype=torch.float64)
    weight = torch.rand(24, 24, dtype=torch.float64)
    assert torch.autograd.gradcheck(
        lambda v: total_variation(v, 20.0, weight), velocity.requires_grad_(), eps=1e-3, atol=1e-6
    )


def test_edges_are_spared_around_them() -> None:
    edges = torch.zeros(6, 6)
    edges[3, 2] = 1.0
    weight = edge_weight(edges, 0.8)
    assert weight[2:5, 1:4].numpy() == pytest.approx(0.2)
    assert float(weight[0, 5]) == 1.0


def test_distance_is_one_a_spread_away() -> None:
    begin = torch.full((4, 4), 2000.0)
    spread = torch.linspace(10, 100, 16).reshape(4, 4)
    assert float(distance_from_start(begin + spread, begin, spread)) == pytest.approx(1.0)


def test_smoother_spreads_within_a_layer_and_not_beyond() -> None:
    smoother = EdgeAwareSmoother(truth().astype(np.float64), 5.0, 10.0)
    point = np.zeros(truth().shape)
    point[3, 12] = 1.0
    spread = smoother.forward(point.ravel()).reshape(truth().shape)
    assert spread[3, 6] > 0.05 * spread[3, 12]
    assert spread[truth() == 2700].max() < 1e-3 * spread.max()


def test_edge_probability_stops_what_velocity_lets_through() -> None:
    edges = np.zeros((20, 20))
    edges[10] = 1.0
    flat = np.full((20, 20), 2000.0)
    point = np.zeros((20, 20))
    point[5, 10] = 1.0
    spread = EdgeAwareSmoother(flat, 8.0, 10.0, edges).forward(point.ravel()).reshape(20, 20)
    free = EdgeAwareSmoother(flat, 8.0, 10.0).forward(point.ravel()).reshape(20, 20)
    assert spread[14].mean() < 0.2 * free[14].mean()


def test_smoother_passes_the_dot_test_and_keeps_variance() -> None:
    smoother = EdgeAwareSmoother(truth().astype(np.float64), 4.0, 20.0)
    rng = np.random.default_rng(0)
    x, y = rng.standard_normal((2, 24 * 24))
    assert smoother.forward(x) @ y == pytest.approx(x @ smoother.backward(y), rel=1e-9)
    out = np.stack([smoother.forward(rng.standard_normal(24 * 24)) for _ in range(60)])
    assert out.std() == pytest.approx(1.0, abs=0.2)


def test_sharpening_turns_blurred_layers_back_into_steps() -> None:
    steps = sharpened(start(), 3)
    assert np.abs(steps - truth()).mean() < 0.6 * np.abs(start() - truth()).mean()
    assert np.ptp(steps[20:, :]) < 0.3 * np.ptp(start()[12:, :])
    assert steps.min() >= start().min()
    assert steps.max() <= start().max()


def test_sharpening_leaves_layers_and_constants_alone() -> None:
    np.testing.assert_allclose(sharpened(truth()[:7], 3), 1800.0, rtol=1e-6)
    flat = np.where(np.arange(24)[:, None] < 10, 1800.0, 2500.0) * np.ones((1, 24))
    np.testing.assert_allclose(sharpened(flat, 3), flat, rtol=1e-6)


def test_illumination_fades_with_depth_and_lateral_reach() -> None:
    a = acquisition()
    source = np.column_stack([a.source_depth_m, a.source_distance_m])
    receiver = np.stack([a.receiver_depth_m, a.receiver_distance_m], axis=-1)
    energy = illumination((24, 48), 10.0, source, receiver, 10.0)
    assert np.all(np.diff(energy[2:, 11]) < 0)
    assert energy[12, 11] > 2 * energy[12, 47]
    scale = step_scale(energy, None, energy < 0, (1.0, 1.0))
    assert scale[20, 11] > scale[2, 11]


def test_slices_beyond_the_section_repeat_its_ends() -> None:
    plain = problem()(np.zeros(2 * 24 * 24))[0]
    with_columns = problem(columns=np.arange(24))(np.zeros(2 * 24 * 24))[0]
    assert with_columns == pytest.approx(plain)
    with pytest.raises(ShapeError, match="'observed' has shape"):
        ShotSet(acquisition(), observed()[0, :2])
    broken = observed()[0].copy()
    broken[0, 0, 0] = np.nan
    with pytest.raises(ShapeError, match="set dead traces to 0"):
        ShotSet(acquisition(), broken)
