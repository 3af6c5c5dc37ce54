"""Rungs, their misfits, and which section is kept."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pytest
import xarray as xr

from geoml.checkpoint import Checkpoint, load_checkpoint, save_checkpoint
from geoml.errors import OptionError
from geoml.physics.trend import VelocityTrend
from geoml.prediction import RUNGS, Line, Step
from geoml.prediction.hold_out import held_out_traces
from geoml.prediction.ladder import LadderOptions, climb, score
from geoml.prediction.ladder_text import HEADINGS, ladder_table
from geoml.prediction.remodel import chosen_shots
from geoml.prediction.rung import refined_from
from geoml.survey.acquisition import Acquisition
from geoml.survey.velocity import open_section, save_section
from geoml.survey.window_layout import WindowLayout

from .modelled_line import GROUND, SPACING_M, untrained

SMALL = {
    "consistency": {"rounds": 1},
    "fwi": {"iterations": 1, "bands_hz": (None,), "max_shots": 2},
    "ensemble": {"checkpoints": "other seed"},
}
"""Options that make a rung quick; the laws hold for any."""


@dataclass(frozen=True)
class Scaled:
    """The ground that the shots were modelled in, times a factor."""

    factor: float

    def refine(self, line: Line, section: xr.Dataset) -> Step:
        truth = GROUND.section(section.sizes["depth"], section.sizes["distance"], SPACING_M)
        velocity = section["velocity"].copy(data=(self.factor * truth).astype(np.float32))
        return Step(section.assign(velocity=velocity), line)


@pytest.fixture(scope="module")
def line(streamer: xr.Dataset, checkpoint: Checkpoint) -> Line:
    shots = chosen_shots(streamer)
    return Line(streamer, checkpoint, shots, held_out_traces(shots, streamer.sizes["trace"], 3))


@pytest.fixture(scope="module")
def start(line: Line) -> xr.Dataset:
    return line.predict()


@pytest.fixture(scope="module")
def other_seed(tmp_path_factory, acquisition: Acquisition, layout: WindowLayout) -> str:  # type: ignore[no-untyped-def]
    folder = tmp_path_factory.mktemp("other_seed")
    return str(save_checkpoint(untrained(acquisition, layout, seed=1), folder))


def test_worse_rung_is_named_and_left_out(line: Line, start: xr.Dataset) -> None:
    rungs = [("truth", Scaled(1.0)), ("slow", Scaled(0.97)), ("slow", Scaled(0.98))]
    said: list[str] = []
    best = climb(line, start, rungs, announce=said.append)
    assert [row["rung"] for row in best.attrs["ladder"]] == ["network", "truth", "slow", "slow_2"]
    verdicts = [row["verdict"] for row in best.attrs["ladder"]]
    assert verdicts == ["start", "better", "worse", "worse"]
    assert [row["kept"] for row in best.attrs["ladder"]] == [False, True, False, False]
    np.testing.assert_array_equal(best["velocity"], best["velocity_truth"])
    assert "slow, slow_2. Kept: truth." in best.attrs["warnings"][-1]
    assert ["WORSE" in text for text in said] == [False, False, True, True]


def test_last_rung_is_kept_on_demand_and_still_named(line: Line, start: xr.Dataset) -> None:
    rungs = [("truth", Scaled(1.0)), ("slow", Scaled(0.97))]
    last = climb(line, start, rungs, LadderOptions(keep="last"))
    np.testing.assert_array_equal(last["velocity"], last["velocity_slow"])
    assert [row["kept"] for row in last.attrs["ladder"]] == [False, False, True]
    assert "made it worse: slow. Kept: slow." in last.attrs["warnings"][-1]


def test_true_ground_has_no_misfit_left(line: Line, start: xr.Dataset) -> None:
    [network, truth] = climb(line, start, [("truth", Scaled(1.0))]).attrs["ladder"]
    for name in ("first_arrival_rms_s", "held_out_first_arrival_rms_s"):
        assert truth[name] < 0.0005 < network[name]
    for name in ("data_misfit", "held_out_data_misfit"):
        assert truth[name] < 0.02 < network[name]


def test_held_out_misfit_is_that_of_the_held_out_traces(line: Line, start: xr.Dataset) -> None:
    late = line.survey["first_break"] + 0.01 * line.held_out
    other = Line(line.survey.assign(first_break=late), line.checkpoint, line.shots, line.held_out)
    truth = climb(other, start, [("truth", Scaled(1.0))]).attrs["ladder"][1]
    assert truth["first_arrival_rms_s"] < 0.0005
    assert truth["held_out_first_arrival_rms_s"] == pytest.approx(0.01, abs=5e-4)


def test_criterion_decides_what_is_better(line: Line, start: xr.Dataset) -> None:
    """Silent traces leave the picks alone, and picks moved by 60 ms the waveforms."""
    picks = line.survey["first_break"] + 0.06
    other = Line(line.survey.assign(first_break=picks), line.checkpoint, line.shots, line.held_out)
    rungs = [("slow", Scaled(0.85)), ("truth", Scaled(1.0))]
    for criterion, kept in (("first_arrivals", "slow"), ("waveform", "truth")):
        made = climb(other, start, rungs, LadderOptions(criterion=criterion))
        assert [row["rung"] for row in made.attrs["ladder"] if row["kept"]] == [kept]


def test_neither_misfit_outweighs_the_other() -> None:
    """Worked by hand: picks [s] and waveforms of the network, of a rung A, and of B after it."""
    network, a, b = (0.020, 0.90), (0.004, 0.90), (0.006, 0.72)
    assert score(network, network) == 1
    assert score(a, network) == pytest.approx(np.sqrt((0.2**2 + 1.0**2) / 2))  # 0.721
    assert score(b, network) == pytest.approx(np.sqrt((0.3**2 + 0.8**2) / 2))  # 0.604
    # Two milliseconds more would have undone a fifth of the waveform misfit.
    assert np.prod(b) > np.prod(a)
    # The same shares the other way round, and in other units, are worth the same.
    assert score((0.016, 0.27), network) == pytest.approx(score(b, network))
    assert score((6.0, 0.72), (20.0, 0.90)) == pytest.approx(score(b, network))
    # An answer as late as the network's is not bought with waveforms alone, nor the reverse.
    assert score((0.02, 0.45), network) == pytest.approx(score((0.01, 0.90), network))
    assert score((None, 0.45), (None, 0.90)) == 0.5
    assert score((None, None), (None, None)) == 1


def test_score_of_a_rung_is_that_of_its_held_out_misfits(line: Line, start: xr.Dataset) -> None:
    rows = climb(line, start, [("slow", Scaled(0.97))]).attrs["ladder"]
    names = ("held_out_first_arrival_rms_s", "held_out_data_misfit")
    network, slow = ([row[name] for name in names] for row in rows)
    assert rows[0]["score"] == 1
    assert rows[1]["score"] == pytest.approx(score(slow, network), abs=1e-6)


def test_line_without_picks_is_judged_by_its_waveforms(line: Line, start: xr.Dataset) -> None:
    bare = Line(line.survey.drop_vars("first_break"), line.checkpoint, line.shots, line.held_out)
    made = climb(bare, start, [("truth", Scaled(1.0))])
    assert made.attrs["ladder"][1]["first_arrival_rms_s"] is None
    assert made.attrs["ladder_rule"].startswith("Judged by the waveform misfit on the held-out")
    assert made.attrs["ladder"][1]["kept"]


def test_rung_that_changed_nothing_is_not_called_worse(line: Line, start: xr.Dataset) -> None:
    told: list[str] = []
    twice = [("truth", Scaled(1.0)), ("truth", Scaled(1.0))]
    made = climb(line, start, twice, announce=told.append)
    verdicts = [row["verdict"] for row in made.attrs["ladder"]]
    assert verdicts == ["start", "better", "unchanged"]
    assert made.attrs["ladder"][1]["kept"]
    assert made.attrs["warnings"] == start.attrs["warnings"]
    assert told[2].endswith("; the section is as before")


def test_line_whose_judging_shots_are_dead_is_told_and_not_scored(
    line: Line, start: xr.Dataset
) -> None:
    silent = line.survey.assign(amplitude=0 * line.survey["amplitude"])
    dead = replace(line, survey=silent.drop_vars("first_break"))
    told: list[str] = []
    made = climb(dead, start, [("truth", Scaled(1.0))], announce=told.append)
    assert told[1].startswith("truth: waveform misfit not measured; ")
    assert told[1].endswith("; nothing to judge it by")
    assert [row["score"] for row in made.attrs["ladder"]] == [1.0, 1.0]
    assert made.attrs["ladder"][1]["verdict"] == "not judged"
    assert made.attrs["ladder"][0]["kept"]
    assert made.attrs["warnings"] == start.attrs["warnings"]
    assert ladder_table(made.attrs["ladder"]).splitlines()[2].split()[1:5] == ["-"] * 4


@pytest.mark.parametrize("name", [name for name in RUNGS if name != "mirror"])
def test_rung_keeps_the_grid_and_says_what_it_cost(
    name: str, line: Line, start: xr.Dataset, other_seed: str
) -> None:
    options = {
        key: (other_seed,) if value == "other seed" else value
        for key, value in SMALL.get(name, {}).items()
    }
    rung = RUNGS[name](**options)
    made = climb(line, start, [(name, rung)], LadderOptions(keep="last"))
    assert made["velocity"].dims == ("depth", "distance")
    np.testing.assert_array_equal(made["distance"], start["distance"])
    assert np.isfinite(made["velocity"]).all()
    np.testing.assert_array_equal(made["velocity_network"], start["velocity"])
    row = made.attrs["ladder"][1]
    assert row["rung"] == name
    assert row["seconds"] > 0
    assert row["solves"] + row["windows"] > 0 or name == "first_arrivals"
    if name == "fwi":
        assert row["curve"]
        assert row["curve_part"] == [0] * len(row["curve"])  # of its one band


def test_rung_of_waveforms_that_may_be_worse_warns_and_a_refused_one_does_not(
    line: Line, start: xr.Dataset
) -> None:
    wrong = start.assign(velocity=start["velocity"].copy(data=_slow_ground(start)))
    short = {"bands_hz": (8.0,), "iterations": 2, "held_out": 4, "max_velocity_m_s": 2400.0}
    step = RUNGS["fwi"](**short).refine(line, wrong)
    assert "it may be worse" in step.note
    assert step.note in step.section.attrs["warnings"]
    kept = RUNGS["fwi"](**SMALL["fwi"]).refine(line, start)
    assert "FWI refused" in kept.note
    assert kept.note not in kept.section.attrs["warnings"]


def _slow_ground(section: xr.Dataset) -> np.ndarray:
    slow = VelocityTrend(1760.0, 0.7, 4000.0)
    return slow.section(*section["velocity"].shape, SPACING_M).astype(np.float32)


def test_verdict_on_a_refined_section_is_not_said_of_the_next_prediction(start: xr.Dataset) -> None:
    said = {"fwi": {"message": "FWI accepted: 1."}, "spread_note": "Moved along."}
    refined = start.assign_attrs(warnings=["Outside.", "FWI accepted: 1.", "Moved along."], **said)
    after = refined_from(refined, start.assign_attrs(warnings=["New."]))
    assert after.attrs["warnings"] == ["Outside."]
    assert "spread_note" not in after.attrs


def test_ensemble_is_the_mean_of_its_members_and_goes_on(
    line: Line, start: xr.Dataset, other_seed: str
) -> None:
    rung = RUNGS["ensemble"](checkpoints=(other_seed,))
    step = rung.refine(line, start)
    other = replace(line, checkpoint=load_checkpoint(other_seed)).predict()
    mean = (start["velocity"] + other["velocity"]) / 2
    np.testing.assert_allclose(step.section["velocity"], mean, rtol=1e-4)
    assert float(abs(start["velocity"] - other["velocity"]).mean()) > 10
    np.testing.assert_allclose(step.line.predict()["velocity"], step.section["velocity"], rtol=1e-5)
    assert step.windows == 2 * start.attrs["network_passes"]
    with pytest.raises(OptionError, match="'ensemble' has no members; write ensemble"):
        RUNGS["ensemble"]()


def test_ladder_survives_the_store_and_prints(tmp_path, line: Line, start: xr.Dataset) -> None:  # type: ignore[no-untyped-def]
    made = climb(line, start, [("truth", Scaled(1.0))])
    save_section(made, tmp_path / "section.zarr")
    rows = open_section(tmp_path / "section.zarr").attrs["ladder"]
    assert rows == made.attrs["ladder"]
    text = ladder_table(rows).splitlines()
    assert len(text) == 3
    assert all(heading in text[0] for heading in HEADINGS)
    assert text[2].startswith("truth")
    assert text[2].endswith("better, kept")


def test_options_are_checked() -> None:
    with pytest.raises(OptionError, match="'hold_out' is 1; 0 for none, or at least 2"):
        LadderOptions(hold_out=1)
    with pytest.raises(OptionError, match="'check_shots' is 0; it must be at least 1"):
        LadderOptions(check_shots=0)
