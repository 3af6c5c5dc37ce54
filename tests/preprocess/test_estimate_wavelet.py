"""The wavelet of a survey."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import xarray as xr

from geoml.errors import OptionError, PhysicsError, ShapeError
from geoml.physics.wavelets import Wavelet
from geoml.preprocess.estimate_wavelet import estimate_wavelet, some_traces
from geoml.survey.schema import TRACE_VARIABLES

DT_S, N_TIME, N_TRACES = 0.004, 500, 48
# Asymmetric and of mixed phase, so that a reversed or zero-phase answer does not pass.
TIME_S = np.arange(40) * DT_S
KNOWN = np.exp(-TIME_S / 0.02) * np.sin(2 * np.pi * 22 * TIME_S) * (TIME_S / 0.02)


def survey_of(samples: np.ndarray, start_s: float = 0.0, **more: Any) -> xr.Dataset:
    values = {name: np.zeros(len(samples)) for name in TRACE_VARIABLES}
    values["field_record"] = np.arange(len(samples)) // 12
    return xr.Dataset(
        {
            "amplitude": (("trace", "time"), samples.astype(np.float32)),
            **{name: ("trace", value) for name, value in (values | more).items()},
        },
        coords={"time": start_s + np.arange(samples.shape[1]) * DT_S},
    )


def reflectivity(seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).laplace(size=(N_TRACES, N_TIME)) ** 3


def convolved(spikes: np.ndarray, noise: float = 0.0) -> np.ndarray:
    clean = np.apply_along_axis(np.convolve, 1, spikes, KNOWN)[:, :N_TIME]
    return clean + noise * clean.std() * np.random.default_rng(9).normal(size=clean.shape)


def alike(wavelet: Wavelet, lags_s: np.ndarray = TIME_S) -> float:
    """Correlation of an estimate with the known wavelet at the estimate's own times."""
    times = wavelet.start_s + np.arange(wavelet.samples.size) * wavelet.dt_s
    known = np.interp(times, lags_s, KNOWN, left=0, right=0)
    return float(known @ wavelet.samples / np.linalg.norm(known) / np.linalg.norm(wavelet.samples))


@pytest.mark.parametrize(("noise", "least"), [(0.0, 0.999), (0.5, 0.98)])
def test_known_reflectivity_gives_the_wavelet_with_its_phase(noise: float, least: float) -> None:
    spikes = reflectivity()
    found = estimate_wavelet(
        survey_of(convolved(spikes, noise)), "least_squares", reference=spikes, damping=1e-4
    )
    assert alike(found) > least
    assert (
        alike(
            estimate_wavelet(
                survey_of(convolved(spikes)), "least_squares", reference=-spikes, damping=1e-4
            )
        )
        < -0.999
    )


def test_modelled_gathers_give_it_behind_their_probe() -> None:
    spikes = reflectivity()
    pulse = np.array([0.2, 1.0, -0.4])
    modelled = np.apply_along_axis(np.convolve, 1, spikes, pulse)[:, 1 : N_TIME + 1]
    probe = Wavelet(pulse, -DT_S, DT_S, 125.0, "pulse")
    found = estimate_wavelet(
        survey_of(convolved(spikes)),
        "least_squares",
        reference=modelled,
        probe=probe,
        damping=1e-4,
    )
    assert alike(found) > 0.995


def test_lone_first_arrivals_are_the_wavelet() -> None:
    onset = 0.3 + 0.01 * np.arange(N_TRACES)
    time_s = np.arange(N_TIME) * DT_S - 0.1
    samples = np.array([np.interp(time_s - t, TIME_S, KNOWN, left=0, right=0) for t in onset])
    samples *= np.geomspace(1, 1e-3, N_TRACES)[:, None]
    survey = survey_of(samples, -0.1, first_break=onset, offset=1000 * onset)
    found = estimate_wavelet(survey, "first_arrivals", point_source=False)
    assert alike(found) > 0.99
    with pytest.raises(OptionError, match="pick_first_breaks"):
        estimate_wavelet(survey.drop_vars("first_break"))


def test_spectrum_alone_gives_the_amplitudes_and_zero_phase() -> None:
    white = np.random.default_rng(3).normal(size=(N_TRACES, N_TIME))
    survey = survey_of(convolved(white))
    found = estimate_wavelet(survey, "statistical", length_s=0.3, phase="zero", point_source=False)
    n = 256
    frequency = np.fft.rfftfreq(n, DT_S)
    band = (frequency > 10) & (frequency < 45)
    ours, theirs = (np.abs(np.fft.rfft(w, n))[band] for w in (found.samples, KNOWN))
    assert np.corrcoef(ours, theirs)[0, 1] > 0.98
    centre = round(-found.start_s / DT_S)
    middle = found.samples[: 2 * centre + 1]
    np.testing.assert_allclose(middle, middle[::-1], atol=1e-6)


def test_some_traces_are_live_and_of_whole_shots(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("geoml.preprocess.estimate_wavelet._TRACES", 24)
    samples = np.ones((N_TRACES, 5))
    samples[3] = 0
    some = some_traces(survey_of(samples))
    np.testing.assert_array_equal(np.unique(some["field_record"]), [0, 3])
    assert some.sizes["trace"] == 23
    with pytest.raises(PhysicsError, match="Every trace is dead"):
        some_traces(survey_of(0 * samples))


def test_what_a_method_lacks_is_refused() -> None:
    survey = survey_of(convolved(reflectivity()))
    with pytest.raises(OptionError, match="needs a reference"):
        estimate_wavelet(survey, "least_squares")
    with pytest.raises(ShapeError, match=r"shape \(48, 7\); the traces have \(48, 500\)"):
        estimate_wavelet(survey, "least_squares", reference=np.ones((48, 7)))
    with pytest.raises(OptionError, match="leave it out"):
        estimate_wavelet(survey, "statistical", reference=np.ones((48, 500)))
    with pytest.raises(OptionError, match="Unknown wavelet method 'direct'"):
        estimate_wavelet(survey, "direct")  # type: ignore[arg-type]
