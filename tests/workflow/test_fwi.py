"""``geoml fwi`` on a pair store, and where inversions begin."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from command import geoml, refused
from small_fwi import acquisition, counted_shots, observed, truth

from geoml.errors import OptionError, ShapeError
from geoml.physics.acoustic import model_acquisition
from geoml.physics.trend import VelocityTrend
from geoml.survey.pairs import create_pairs
from geoml.survey.velocity import open_section, save_section, section
from geoml.workflow.fwi import invert_pair
from geoml.workflow.fwi_start import line_start, pair_start

FAST = (
    *("--option", "bands_hz=[12]", "--option", "iterations=3", "--option", "held_out=4"),
    *("--option", "max_velocity_m_s=3200", "--option", "simulation_spacing_m=10"),
)


@pytest.fixture(scope="module")
def pairs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("fwi") / "pairs.zarr"
    attrs = {"steps": [], "families": ["flat_layers"], "provenance": {}}
    writer = create_pairs(path, acquisition(), 2, attrs, shard_samples=2, chunk_samples=1)
    writer.write(
        0, np.repeat(observed(), 2, 0), np.stack([truth(), truth()]), np.zeros(2, dtype=np.int32)
    )
    writer.finish()
    return path


@pytest.fixture(scope="module")
def inverted(pairs: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """The store that the command wrote, and what it said."""
    out = tmp_path_factory.mktemp("inverted") / "velocity.zarr"
    status, told, err = geoml(
        "fwi", pairs, "--sample", 1, "--start", "smooth:25", "--out", out, *FAST
    )
    assert status == 0, err
    return out, told


def test_pair_is_inverted_and_scored_against_its_truth(inverted: tuple[Path, str]) -> None:
    out, told = inverted
    assert "FWI accepted" in told
    assert "MAE" in told
    made = open_section(out)
    [line] = [text for text in told.splitlines() if text.startswith("Misfit by iteration, band 1")]
    curve = [float(misfit) for misfit in line.split(": ")[1].split()]
    np.testing.assert_allclose(curve, made.attrs["fwi"]["curve_misfit"], rtol=1e-3)
    assert len(curve) == 3
    scores, start_scores = made.attrs["scores"], made.attrs["start_scores"]
    assert scores["mae_m_s"] < start_scores["mae_m_s"]
    assert scores["mae_m_s"] == pytest.approx(
        float(abs(made["velocity"] - truth()).mean()), rel=1e-4
    )


def test_section_that_may_be_worse_says_so_wherever_it_is_written(
    inverted: tuple[Path, str],
) -> None:
    out, told = inverted
    made = open_section(out)
    assert made.attrs["fwi"]["doubtful"]
    assert made.attrs["warnings"] == [made.attrs["fwi"]["message"]]
    assert "it may be worse" in made.attrs["warnings"][0]
    assert told.splitlines()[0] == made.attrs["warnings"][0]


def test_pair_is_modelled_as_its_store_was_unless_told_otherwise(tmp_path: Path) -> None:
    how = {"accuracy": 4, "simulation_spacing_m": 10.0}
    attrs = {"steps": [], "families": ["flat_layers"], "provenance": {}, "recipe": how}
    writer = create_pairs(tmp_path / "p.zarr", acquisition(), 1, attrs, shard_samples=1,
                          chunk_samples=1)  # fmt: skip
    made = model_acquisition(truth(), acquisition(), max_velocity_m_s=3200.0, **how).numpy()
    writer.write(0, made, truth()[None], np.zeros(1, dtype=np.int32))
    writer.finish()
    np.save(tmp_path / "truth.npy", truth())
    given = {"bands_hz": (None,), "iterations": 1, "max_velocity_m_s": 3200.0, "tv_weight": 0.0}
    misfits = [
        invert_pair(tmp_path / "p.zarr", 0, str(tmp_path / "truth.npy"), {**given, **named}).attrs[
            "fwi"
        ]["misfit"][0]
        for named in ({}, {"accuracy": 8})
    ]
    assert misfits[0] < 1e-5 < 1e-4 < misfits[1]


def test_silent_pair_is_told_and_kept_as_it_began(tmp_path: Path) -> None:
    attrs = {"steps": [], "families": ["flat_layers"], "provenance": {}}
    writer = create_pairs(
        tmp_path / "p.zarr", acquisition(), 1, attrs, shard_samples=1, chunk_samples=1
    )
    writer.write(0, 0 * observed(), truth()[None], np.zeros(1, dtype=np.int32))
    writer.finish()
    status, told, err = geoml("fwi", tmp_path / "p.zarr", "--out", tmp_path / "v.zarr", *FAST)
    assert status == 0, err
    assert "no trace that it may fit holds a signal" in told
    assert "Misfit none -> none; 0 forward" in told
    assert open_section(tmp_path / "v.zarr").attrs["fwi"]["misfit"] == [None, None]


def test_arrays_and_pictures_are_written(pairs: Path, tmp_path: Path) -> None:
    for name in ("velocity.npy", "velocity.png"):
        once = ("--option", "iterations=1")
        status, _, err = geoml("fwi", pairs, "--out", tmp_path / name, *FAST, *once)
        assert status == 0, err
        assert (tmp_path / name).stat().st_size > 2000


def test_wrong_commands_are_refused_in_one_line(pairs: Path, tmp_path: Path) -> None:
    out = ("--out", tmp_path / "velocity.zarr")
    assert "pairs 0 to 1; there is no 7" in refused("fwi", pairs, "--sample", 7, *out)
    assert "'fwi' has no option 'band_hz'" in refused("fwi", pairs, *out, "--option", "band_hz=3")
    assert "write name=value" in refused("fwi", pairs, *out, "--option", "iterations")
    assert "choose gradient" in refused("fwi", pairs, *out, "--start", "flat")
    assert "holds pairs" in refused("fwi", pairs, *out, "--report", tmp_path / "r.html")
    assert "no store there" in refused("fwi", tmp_path / "none.zarr", *out)


def test_gradient_is_the_line_through_the_mean_column() -> None:
    mean = np.array([1500.0, 2100.0, 1800.0, 2400.0])
    drawn = pair_start("gradient", (4, 3), 10.0, None, mean)
    slope, top = np.polyfit(np.arange(4), mean, 1)
    np.testing.assert_allclose(drawn[:, 1], top + slope * np.arange(4), rtol=1e-6)
    stated = pair_start("gradient:1500:3000", (4, 3), 10.0, None, mean)
    np.testing.assert_allclose(stated[:, 2], [1500, 2000, 2500, 3000])


def test_smooth_start_needs_a_truth_and_files_must_fit(tmp_path: Path) -> None:
    with pytest.raises(OptionError, match="none is known here"):
        pair_start("smooth:50", (4, 3), 10.0, None, np.ones(4))
    with pytest.raises(OptionError, match="cannot be read"):
        pair_start("smooth:wide", (4, 3), 10.0, np.ones((4, 3)), np.ones(4))
    np.save(tmp_path / "v.npy", np.full((5, 3), 2000.0))
    with pytest.raises(ShapeError, match=r"\(4, 3\) are needed"):
        pair_start(str(tmp_path / "v.npy"), (4, 3), 10.0, None, np.ones(4))
    assert pair_start(str(tmp_path / "v.npy"), (5, 3), 10.0, None, np.ones(5)).shape == (5, 3)


def test_start_that_is_no_velocity_is_refused_by_name(pairs: Path, tmp_path: Path) -> None:
    start, out = tmp_path / "start.npy", tmp_path / "v.zarr"
    for values, found in (
        (np.full((24, 24), "fast"), "not an array of numbers"),
        (np.full((24, 24), np.nan), "holds values that are no velocity"),
        (np.full((24, 24), -1.0), "holds values that are no velocity"),
    ):
        np.save(start, values)
        told = refused("fwi", pairs, "--out", out, "--start", start)
        assert f"Start '{start}': {found}" in told
    start.write_text("not an array")
    assert "not an array of numbers" in refused("fwi", pairs, "--out", out, "--start", start)
    assert "must be above 0" in refused("fwi", pairs, "--out", out, "--start", "gradient:nan:2000")
    assert not out.exists()


def test_state_that_cannot_be_kept_is_told_before_any_work(
    pairs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = counted_shots(monkeypatch)
    (tmp_path / "file").write_text("")
    out = ("--out", tmp_path / "v.npy")
    refused("fwi", pairs, *out, *FAST, "--state", tmp_path / "file" / "state")
    assert not calls
    prior = ("--prior", "somewhere", "--state", tmp_path / "state")
    assert "--state keeps an inversion of cells" in refused("fwi", pairs, *out, *prior)


def test_line_begins_under_all_its_shots_or_in_a_stored_section(tmp_path: Path) -> None:
    from geoml.survey.velocity import save_section

    trend = VelocityTrend(1600.0, 0.5, 4000.0)
    begin = line_start("trend", trend, 10, 20.0, (-33.0, 215.0))
    assert begin["distance"].values[[0, -1]].tolist() == [-40.0, 220.0]
    assert float(begin["velocity"][4, 0]) == pytest.approx(1600 + 0.5 * 80)
    save_section(section(np.full((4, 4), 2000.0), 25.0), tmp_path / "s.zarr")
    with pytest.raises(OptionError, match="cells of 25 m; the acquisition has 20 m"):
        line_start(str(tmp_path / "s.zarr"), trend, 10, 20.0, (0.0, 100.0))
    with pytest.raises(OptionError, match=r"choose trend, or a \.zarr section"):
        line_start("flat", trend, 10, 20.0, (0.0, 100.0))


def test_state_that_is_none_is_told_before_any_work(pairs: Path, tmp_path: Path) -> None:
    notes, array = tmp_path / "notes.txt", tmp_path / "array.npy"
    notes.write_text("not a state")
    np.save(array, np.zeros(3))
    out = tmp_path / "v.npy"
    for state in (notes, array):
        told = refused("fwi", pairs, "--out", out, *FAST, "--state", state)
        assert "not the state of an inversion" in told
    assert "a folder" in refused("fwi", pairs, "--out", out, *FAST, "--state", tmp_path)
    assert notes.read_text() == "not a state"


def test_stored_start_brings_no_ladder_of_another_run(tmp_path: Path) -> None:
    grid = np.full((4, 5), 2000.0)
    warnings = ["Outside.", "FWI accepted: 1.", "Spread.", "The rung made it worse: fwi. best"]
    said = {"ladder": [{"rung": "network"}], "ladder_rule": "best", "model": "mh_unet_s"}
    said |= {"warnings": warnings, "fwi": {"message": warnings[1]}, "spread_note": warnings[2]}
    save_section(section(grid, 10.0, velocity_std=grid / 20, attrs=said), tmp_path / "v.zarr")
    begin = line_start(str(tmp_path / "v.zarr"), VelocityTrend(1500, 1, 4000), 4, 10.0, (0, 40))
    assert "ladder" not in begin.attrs
    # What was said of the refinement behind it would pass for a verdict on the one to come.
    assert begin.attrs["warnings"] == ["Outside.", "Spread."]
    assert begin.attrs["model"] == "mh_unet_s"
    np.testing.assert_array_equal(begin["velocity_std"], grid.astype(np.float32) / 20)
