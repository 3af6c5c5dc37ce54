"""Channels by their place within a well, and training rows with curves hidden."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from samples.made_wells import made_well, made_wells

from geoml.errors import OptionError
from geoml.samples.hidden_curves import HiddenCurves
from geoml.samples.log_table import LogChannels, choose_channels, log_table
from geoml.samples.within_well import place_within_well


def test_place_by_hand() -> None:
    values = np.array([0.0, 1, 2, 3, 4, np.nan, 5, 6, 7, 8, 9, 10])
    place = place_within_well(values)
    assert np.isnan(place[5])
    np.testing.assert_allclose(place[[0, 6, 11]], np.array([-5, 0, 5]) / (8 / 2.563))
    np.testing.assert_array_equal(place_within_well(np.full(4, 7.0)), 0)
    assert np.isnan(place_within_well(np.full(4, np.nan))).all()


@pytest.mark.parametrize(("gain", "offset"), [(3.0, 0.0), (1.0, 40.0), (0.2, -7.0)])
def test_tool_read_on_another_scale_has_the_same_place(gain: float, offset: float) -> None:
    channels = choose_channels(made_wells(1), ("RHOB",), within_well=("GR",))
    assert channels.names == ("RHOB", "GR in well")
    well = made_well("A", 0)
    first = log_table(well, channels).inputs
    well["GR"] = well["GR"] * gain + offset
    np.testing.assert_allclose(log_table(well, channels).inputs, first, atol=2e-5)


def test_factor_of_a_resistivity_is_an_offset_of_its_logarithm() -> None:
    channels = choose_channels(made_wells(1), ("GR",), ("RDEP",), ("RDEP",))
    assert channels.log10 == ("RDEP",)
    well = made_well("A", 0)
    first = log_table(well, channels).inputs
    well["RDEP"] = well["RDEP"] * 8
    np.testing.assert_allclose(log_table(well, channels).inputs, first, atol=2e-5)


def test_channels_come_back_from_their_dictionary() -> None:
    channels = choose_channels(made_wells(1), ("GR",), within_well=("GR", "RHOB"))
    assert LogChannels.from_dict(channels.to_dict()) == channels


def test_words_have_no_place() -> None:
    wells = made_wells(1)
    wells[0]["FACIES"].attrs["kind"] = "category"
    with pytest.raises(OptionError, match="'FACIES' holds names or codes"):
        choose_channels(wells, ("GR",), within_well=("FACIES",))


def hidden(hide: HiddenCurves, seed: int = 0) -> tuple[np.ndarray, tuple[str, ...]]:
    channels = choose_channels(made_wells(1), ("GR", "NPHI", "RHOB"), within_well=("GR", "NPHI"))
    table = log_table(made_well("A", 0), channels)
    table = replace(table, inputs=np.tile(table.inputs, (20, 1)), depth_m=np.arange(4800.0))
    return np.isnan(hide(table, np.random.default_rng(seed)).inputs), table.channels


def test_curve_is_hidden_in_all_of_its_channels_for_whole_stretches() -> None:
    mask, channels = hidden(HiddenCurves(0.5, rows=100))
    for name in ("GR", "NPHI"):
        place = [channels.index(name), channels.index(f"{name} in well")]
        np.testing.assert_array_equal(mask[:, place[0]], mask[:, place[1]])
    stretches = mask.reshape(48, 100, -1)
    assert (stretches == stretches[:, :1]).all()
    assert 0.3 < mask[:, 1].mean() < 0.7


def test_kept_curve_is_never_hidden_and_no_row_is_left_without_any() -> None:
    mask, channels = hidden(HiddenCurves(0.9, kept=("NPHI",), rows=10))
    assert not mask[:, channels.index("NPHI")].any()
    mask, _ = hidden(HiddenCurves(0.99, rows=10))
    assert not mask.all(axis=1).any()


def test_wrong_hiding_is_refused() -> None:
    with pytest.raises(OptionError, match="chance is 1"):
        HiddenCurves(1.0)
    with pytest.raises(OptionError, match="hide keeps 'XX'"):
        hidden(HiddenCurves(0.5, kept=("XX",)))
