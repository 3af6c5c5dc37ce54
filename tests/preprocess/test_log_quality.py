"""Laws of log quality control: what was put in is found, and nothing else."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

from geoml.errors import GeometryError, OptionError
from geoml.preprocess.log_despike import LogDespike
from geoml.preprocess.log_quality import (
    OUT_OF_RANGE,
    SPIKE,
    WASHOUT,
    LogQuality,
    bit_size,
    washout,
    without_flagged,
)
from geoml.preprocess.log_shift import depth_shift, shifted
from geoml.preprocess.log_standardise import KeyBed, LogStandard, fit_log_standard
from geoml.survey.well import well_dataset

STEP = 0.15


def _well(n: int = 800, seed: int = 0, **curves: object) -> xr.Dataset:
    rng = np.random.default_rng(seed)
    smooth = np.convolve(rng.normal(size=n + 8), np.ones(9) / 3, "valid")
    base: dict[str, object] = {"GR": 75 + 15 * smooth, **curves}
    return well_dataset("A", 1000 + STEP * np.arange(n), base)  # type: ignore[arg-type]


@given(row=st.integers(30, 760), size=st.floats(150, 800), length=st.integers(1, 2))
@settings(max_examples=25, deadline=None)
def test_spike_is_found_and_nothing_else(row: int, size: float, length: int) -> None:
    well = _well()
    well["GR"].values[row : row + length] += size
    spikes = LogDespike().spikes(well)["GR"]
    np.testing.assert_array_equal(np.flatnonzero(spikes), np.arange(row, row + length))


def test_bed_is_no_spike() -> None:
    well = _well()
    well["GR"].values[400:410] += 300
    assert not LogDespike().spikes(well)["GR"].any()


def test_despiked_value_is_missing_and_the_others_are_untouched() -> None:
    well = _well()
    well["GR"].values[100] = 900
    well["GR"].values[200:220] = np.nan
    clean = LogDespike()(well)["GR"].values
    assert np.isnan(clean[100])
    rest = np.arange(800) != 100
    np.testing.assert_array_equal(clean[rest], well["GR"].values[rest])


def test_flags_sum_their_bits() -> None:
    density = np.full(800, 2.4) + 0.01 * np.random.default_rng(1).normal(size=800)
    density[100], density[300] = 9.0, np.nan
    caliper = np.where((np.arange(800) >= 200) & (np.arange(800) < 320), 12.0, 8.6)
    correction = np.zeros(800)
    correction[500] = 0.3
    well = _well(RHOB=density, CALI=caliper, BS=np.full(800, 8.5), DRHO=correction)
    flagged = LogQuality()(well)
    flag = flagged["RHOB_QC"].values
    assert flag[100] == OUT_OF_RANGE + SPIKE
    assert flag[210] == WASHOUT
    assert flag[300] == 0  # nothing was measured there
    assert flag[500] == WASHOUT
    assert (flag != 0).sum() == 1 + 119 + 1
    assert not (flagged["GR_QC"].values == WASHOUT).any()
    xr.testing.assert_equal(flagged[list(well.data_vars)], well)
    clean = without_flagged(flagged)
    assert np.isnan(clean["RHOB"].values[[100, 210, 500]]).all()
    kept = without_flagged(flagged, OUT_OF_RANGE)["RHOB"].values
    assert np.isfinite(kept[210])


@given(bit=st.sampled_from([8.5, 12.25, 17.5]), excess=st.floats(1.6, 6))
@settings(max_examples=15, deadline=None)
def test_bit_is_told_by_the_caliper_of_good_hole(bit: float, excess: float) -> None:
    caliper = bit + 0.1 * np.random.default_rng(0).random(800)
    caliper[300:350] = bit + excess
    np.testing.assert_array_equal(bit_size(caliper, STEP), bit)
    found = washout(_well(CALI=caliper))
    np.testing.assert_array_equal(np.flatnonzero(found), np.arange(300, 350))


@given(shift=st.floats(-6, 6), noise=st.floats(0, 5))
@settings(max_examples=20, deadline=None)
def test_shift_between_runs_is_found(shift: float, noise: float) -> None:
    first = _well()
    second = shifted(first, shift)
    second["GR"].values[:] = 1.2 * second["GR"].values + 10
    second["GR"].values[:] += noise * np.random.default_rng(3).normal(size=800)
    found, correlation = depth_shift(first, second)
    assert found == pytest.approx(-shift, abs=0.05 + 0.03 * noise)
    assert correlation > 0.85


def test_shift_and_back_is_where_it_was() -> None:
    well = _well(FACIES=np.repeat([1.0, 2.0], 400))
    back = shifted(shifted(well, 20 * STEP), -20 * STEP)
    np.testing.assert_allclose(back["GR"].values[30:770], well["GR"].values[30:770], atol=1e-3)
    np.testing.assert_array_equal(back["FACIES"].values[30:770], well["FACIES"].values[30:770])


@pytest.mark.parametrize("method", ["affine", "quantile"])
def test_wells_of_other_gain_and_offset_come_onto_one_scale(method: str) -> None:
    true = _well(2000)
    wells = [true.copy(deep=True) for _ in range(5)]
    for gain, offset, well in zip((1, 1, 1, 0.8, 1.3), (0, 0, 0, 10, -20), wells, strict=True):
        well["GR"].values[:] = gain * well["GR"].values + offset
    standard = fit_log_standard(wells, ["GR"], method=method)  # type: ignore[arg-type]
    for well in wells:
        np.testing.assert_allclose(standard(well)["GR"], true["GR"], atol=0.01)
    again = LogStandard.from_dict(standard.to_dict())
    assert again == standard


def test_key_bed_alone_decides() -> None:
    beds = np.where(np.arange(800) < 400, "key", "other")
    first, second = (_well(FORMATION=beds) for _ in range(2))
    second["GR"].values[:] += 12
    second["GR"].values[400:] += 50  # rock differs here, which is none of the tool's doing
    standard = fit_log_standard([first], ["GR"], method="shift", bed=KeyBed("FORMATION", ("key",)))
    corrected = standard(second)["GR"].values
    np.testing.assert_allclose(corrected[:400], first["GR"].values[:400], atol=1e-3)
    np.testing.assert_allclose(corrected[400:], first["GR"].values[400:] + 50, atol=1e-3)


def test_resistivity_is_compared_in_decades() -> None:
    values = 10 ** np.random.default_rng(0).normal(size=800)
    first, second = _well(RDEP=values), _well(RDEP=3 * values)
    corrected = fit_log_standard([first], ["RDEP"], method="shift")(second)
    np.testing.assert_allclose(corrected["RDEP"], first["RDEP"], rtol=1e-4)


def test_refusals() -> None:
    with pytest.raises(OptionError, match="must be above 0, and the window longer"):
        LogDespike(longest_m=0)
    with pytest.raises(OptionError, match="washout_in 0"):
        LogQuality(washout_in=0)
    with pytest.raises(GeometryError, match="has no 'DTC' to shift by"):
        depth_shift(_well(), _well(), "DTC")
    with pytest.raises(GeometryError, match="No well has 30 values of 'DTC'"):
        fit_log_standard([_well()], ["DTC"])
    with pytest.raises(OptionError, match="Unknown method 'best'"):
        fit_log_standard([_well()], ["GR"], method="best")  # type: ignore[arg-type]
