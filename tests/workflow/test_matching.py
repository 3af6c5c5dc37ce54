"""What simulated pairs take over from a survey: its window, wavelet, filters and trend."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from geoml.errors import FileFormatError, OptionError
from geoml.physics.wavelets import bandwidth
from geoml.preprocess.pipeline import load_steps, run
from geoml.readers.ingest import read_survey
from geoml.survey.velocity import section
from geoml.survey.window_layout import WindowLayout
from geoml.workflow.inversion import open_checks, save_checks
from geoml.workflow.matching import choose_layout, match_survey, survey_trend
from geoml.workflow.specification import WaveletSection
from geoml.workflow.wavelet import read_wavelet, survey_wavelet

ROOT = Path(__file__).resolve().parents[2]
SIGNATURE = ROOT / "sample_data" / "air_gun_signature.csv"
TREND = {"surface_m_s": 1700, "gradient_1_s": 0.8, "max_m_s": 3500}


@pytest.fixture(scope="module")
def raw() -> xr.Dataset:
    """The sample line as it was recorded."""
    return read_survey(ROOT / "sample_data" / "marine_line.sgy")


@pytest.fixture(scope="module")
def clean(raw: xr.Dataset) -> xr.Dataset:
    """The sample line behind its steps."""
    return run(raw, load_steps(ROOT / "workflows" / "steps.yaml")).compute()


def _given() -> WaveletSection:
    return WaveletSection(method="file", file=str(SIGNATURE))


def test_given_wavelet_goes_through_the_filters_of_the_survey(
    raw: xr.Dataset, clean: xr.Dataset
) -> None:
    times, samples = read_wavelet(SIGNATURE)
    wavelet = survey_wavelet(clean, raw, _given())
    low_hz, high_hz = bandwidth(wavelet.samples, wavelet.dt_s)
    assert wavelet.dt_s == pytest.approx(float(clean["time"][1] - clean["time"][0]))
    assert bandwidth(samples, times[1] - times[0])[1] > 45
    assert 2 < low_hz < 5
    assert 14 < high_hz < 25
    assert wavelet.max_frequency_hz == pytest.approx(high_hz)
    assert np.abs(wavelet.samples).max() == pytest.approx(1)


def test_filters_do_not_move_a_given_wavelet(raw: xr.Dataset, clean: xr.Dataset) -> None:
    times, samples = read_wavelet(SIGNATURE)
    wavelet = survey_wavelet(clean, raw, _given())
    frequency_hz = 10.0  # inside the band, where the filters pass everything

    def spectrum(t: np.ndarray, w: np.ndarray) -> complex:
        return complex(np.sum(w * np.exp(-2j * np.pi * frequency_hz * t)))

    filtered = wavelet.start_s + np.arange(wavelet.samples.size) * wavelet.dt_s
    turned = np.angle(spectrum(filtered, wavelet.samples) / spectrum(times, samples))
    assert turned / (2 * np.pi * frequency_hz) == pytest.approx(0, abs=2e-4)


def test_stated_band_limits_the_modelling(raw: xr.Dataset, clean: xr.Dataset) -> None:
    stated = _given().model_copy(update={"max_frequency_hz": 17.0})
    assert survey_wavelet(clean, raw, stated).max_frequency_hz == 17


def test_ricker_wavelet_is_centred_on_time_zero(raw: xr.Dataset, clean: xr.Dataset) -> None:
    wavelet = survey_wavelet(clean, raw, WaveletSection(method="ricker", peak_frequency_hz=9))
    times = wavelet.start_s + np.arange(wavelet.samples.size) * wavelet.dt_s
    assert times[np.argmax(wavelet.samples)] == pytest.approx(0, abs=wavelet.dt_s / 2)


def test_estimate_is_made_before_mutes_and_gains(raw: xr.Dataset, clean: xr.Dataset) -> None:
    section_ = WaveletSection(method="statistical", options={"point_source": False})
    strong = run(raw, [*load_steps(ROOT / "workflows" / "steps.yaml"), {"agc": {"window_s": 0.1}}])
    before, after = survey_wavelet(clean, raw, section_), survey_wavelet(strong, raw, section_)
    np.testing.assert_allclose(after.samples, before.samples)
    # Without the survey before its gains there is only the distorted one to estimate on.
    alone = survey_wavelet(strong, None, section_)
    assert np.abs(alone.samples - before.samples).max() > 0.01


def test_wavelet_by_least_squares_resembles_the_signature(
    raw: xr.Dataset, clean: xr.Dataset
) -> None:
    wanted = WaveletSection(method="least_squares", max_frequency_hz=20)
    stated = {**TREND, "top_velocity_m_s": 1500, "top_thickness_m": 195}
    layout = WindowLayout(n_shots=2, receiver_step=2, spacing_m=20, depth_m=600)
    found = match_survey(clean, raw, layout=layout, wavelet=wanted, trend=stated)
    known = match_survey(clean, raw, layout=layout, wavelet=_given(), trend=stated)
    assert "least squares" in found.wavelet_note
    a, b = found.acquisition.wavelet, known.acquisition.wavelet
    likeness = np.correlate(a / np.linalg.norm(a), b / np.linalg.norm(b), "full")
    assert likeness.max() > 0.8
    late = int(likeness.argmax()) - (b.size - 1)
    late_s = late * 0.008 + (found.acquisition.wavelet_start_s - known.acquisition.wavelet_start_s)
    assert abs(late_s) < 0.02


def test_wavelet_without_picks_or_at_another_interval_is_refused(
    raw: xr.Dataset, clean: xr.Dataset, tmp_path: Path
) -> None:
    with pytest.raises(OptionError, match="put the step 'pick_first_breaks'"):
        survey_wavelet(raw, None, WaveletSection())
    other = tmp_path / "other.csv"
    other.write_text("time_s,amplitude\n0,0\n0.001,1\n0.002,0\n", encoding="ascii")
    given = WaveletSection(method="file", file=str(other))
    with pytest.raises(OptionError, match=r"other\.csv is sampled every 1 ms, the survey every 4"):
        survey_wavelet(clean, raw, given)


@pytest.mark.parametrize(
    "text",
    ["", "time_s,amplitude\n", "t,a\n0,0\n1,x\n2,0\n", "t,a\n0,0,0\n1,1,1\n2,2,2\n", "\x00\xff"],
)
def test_file_that_is_no_wavelet_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "wavelet.csv"
    path.write_bytes(text.encode("latin-1"))
    with pytest.raises(FileFormatError, match=r"wavelet\.csv: a wavelet is CSV"):
        read_wavelet(path)


def test_wavelet_at_uneven_times_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "wavelet.csv"
    path.write_text("time_s,amplitude\n0,0\n1,1\n3,0\n", encoding="ascii")
    with pytest.raises(FileFormatError, match="rise by one constant interval"):
        read_wavelet(path)


def test_chosen_layout_fits_the_line(clean: xr.Dataset) -> None:
    layout = choose_layout(clean)
    assert layout.depth_m == pytest.approx(1862.5 / 2, abs=layout.spacing_m)
    assert 40 <= layout.depth_m / layout.spacing_m <= 80
    match = match_survey(
        clean, wavelet=WaveletSection(method="ricker", peak_frequency_hz=9), trend=TREND
    )
    assert match.acquisition.n_shots == layout.n_shots
    assert match.acquisition.n_receivers <= 60
    assert len(match.windows) > 10
    assert len(match.describe()) == 4


def test_stated_trend_is_taken_and_a_fitted_one_needs_picks(raw: xr.Dataset) -> None:
    assert survey_trend(raw, TREND).surface_m_s == 1700
    with pytest.raises(OptionError, match="or state the trend"):
        survey_trend(raw, {"fit": True})


def test_fitted_trend_is_near_the_rock_of_the_sample_line(clean: xr.Dataset) -> None:
    stated = {"fit": True, "top_velocity_m_s": 1500.0, "top_thickness_m": 195.0, "max_m_s": 3500.0}
    trend = survey_trend(clean, stated)
    # The section has 1760 m/s under the sea bottom and 2450 m/s at 680 m.
    assert trend.surface_m_s == pytest.approx(1760, abs=120)
    assert float(trend(680.0)) == pytest.approx(2450, abs=250)


def test_checks_come_back_from_disk_as_they_were(tmp_path: Path) -> None:
    checks = section(np.full((3, 4), 2000.0), 10.0).rename(depth="model")
    checks = checks.assign_coords(model=["prediction", "trend", "other"])
    save_checks(checks, tmp_path / "check.zarr")
    save_checks(checks, tmp_path / "check.zarr")
    back = open_checks(tmp_path / "check.zarr")
    xr.testing.assert_equal(back.astype(checks.velocity.dtype), checks)
    assert [path.name for path in tmp_path.iterdir()] == ["check.zarr"]
