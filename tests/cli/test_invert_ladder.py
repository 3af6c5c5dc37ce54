"""``geoml invert`` with rungs: from a modelled line to the table, the section and the report."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from command import geoml, refused_and_left
from prediction.modelled_line import SPACING_M, modelled_survey, template_of, untrained

from geoml.checkpoint import save_checkpoint
from geoml.cli.invert import rung_specs
from geoml.prediction.ladder_text import HEADINGS
from geoml.survey.store import save_survey
from geoml.survey.velocity import open_section
from geoml.survey.window_layout import WindowLayout


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A line of five shots with first breaks, and a network that has learned nothing."""
    folder = tmp_path_factory.mktemp("ladder")
    source = 40.0 * np.arange(5) + 500
    survey = modelled_survey(source, source[:, None] - 100 - 25.0 * np.arange(10))
    layout = WindowLayout(n_shots=3, spacing_m=SPACING_M, depth_m=380.0)
    save_survey(survey, folder / "line.zarr")
    save_checkpoint(untrained(template_of(survey, layout), layout), folder / "network")
    return folder


def inverting(folder: Path, out: Path) -> tuple[object, ...]:
    return "invert", folder / "line.zarr", "--checkpoint", folder / "network", "--out", out


def inverted(folder: Path, out: Path, *more: object) -> tuple[int, str, str]:
    return geoml(*inverting(folder, out), *more)


def test_ladder_runs_from_survey_to_table_section_and_report(folder: Path) -> None:
    out, report = folder / "section.zarr", folder / "report.html"
    status, told, err = inverted(
        folder,
        out,
        *("--refine", "consistency,first_arrivals", "--hold-out", 3),
        *("--report", report, "--check-shots", 2, "--bfloat16"),
    )
    assert status == 0, err
    heading, *lines = told.splitlines()
    names = ["network", "consistency", "first_arrivals"]
    assert all(text in heading for text in HEADINGS)
    assert [line.split()[0] for line in lines] == [*names, str(out), str(report)]
    section = open_section(out)
    rows = section.attrs["ladder"]
    assert [row["rung"] for row in rows] == names
    # A table of one line a rung, each with the score that its verdict follows from.
    for line, row in zip(lines, rows, strict=False):
        assert f"  {row['score']:.3f}  {row['verdict']}" in line
    better = [row["score"] for row in rows if row["verdict"] == "better"]
    assert better
    assert [row["score"] for row in rows if row["kept"]] == [min(better)]
    kept = next(row["rung"] for row in rows if row["kept"])
    np.testing.assert_array_equal(section["velocity"], section[f"velocity_{kept}"])
    assert "Judged by the root mean square" in err
    page = report.read_text(encoding="utf-8")
    assert "Judged by the root mean square" in page
    assert page.count(f"{rows[1]['score']:.3f}") >= 1
    assert "The section after each rung" in page


def test_names_and_rungs_with_options_may_stand_in_one_option() -> None:
    given = ["mirror,ensemble", "consistency, fwi: {iterations: 3, bands_hz: [5, null]}, fwi"]
    options = {"iterations": 3, "bands_hz": [5, None]}
    assert rung_specs(given) == ["mirror,ensemble", "consistency", {"fwi": options}, "fwi"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--refine", "consistncy"), "Unknown rung 'consistncy'. Did you mean 'consistency'?"),
        (("--refine", "consistency: {round: 2}"), "has no option 'round'"),
        (("--refine", "consistency: {rounds: 0}"), "'rounds' is 0; it must be at least 1"),
        (("--refine", "mirror, consistency: {round: 2}"), "has no option 'round'"),
        (("--refine", "fwi: {max_shots: 0}"), "'max_shots' is 0; it must be at least 1"),
        (("--refine", "fwi: {"), "cannot be read; write names with commas"),
        (("--refine", "fwi", "--keep", "both"), "keep"),
        (("--refine", "fwi", "--hold-out", 1), "'hold_out' is 1; 0 for none, or at least 2"),
    ],
)
def test_wrong_rung_or_option_is_one_line_with_status_2(
    arguments: tuple, message: str, folder: Path, tmp_path: Path
) -> None:
    places = inverting(folder, tmp_path / "v.zarr")
    assert message in refused_and_left(tmp_path, *places, *arguments)


@pytest.mark.parametrize(
    ("rung", "message"),
    [
        ("ensemble: {checkpoints: [nowhere]}", "No checkpoint folder 'nowhere'"),
        ("ensemble: {checkpoints: [openfwi_s]}", "trained for another acquisition"),
        ("mirror", "not its own mirror image"),
        ("fwi: {misfit: waveform, layer_rounds: 2}", "too much for a line's; leave it 0 here"),
    ],
)
def test_rung_that_does_not_fit_is_told_before_any_is_climbed(
    folder: Path, rung: str, message: str
) -> None:
    out = folder / "none.zarr"
    told = inverted(folder, out, "--refine", "consistency", "--refine", rung)
    assert told[0] == 2
    assert message in told[2]
    assert "network:" not in told[2]
    assert not out.exists()
