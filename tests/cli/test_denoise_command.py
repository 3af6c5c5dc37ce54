"""``geoml denoise``: stores, report, and one line with status 2 for a bad input."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from command import geoml, refused, refused_and_left
from made_denoiser import save_denoiser
from shot_file import write_shots

from geoml.readers.ingest import ingest
from geoml.survey.store import open_survey, save_survey


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A line, a section of one trace a shot, and a denoiser."""
    folder = tmp_path_factory.mktemp("denoise")
    ingest(write_shots(folder / "line.sgy", n_shots=20), folder / "line.zarr")
    survey = open_survey(folder / "line.zarr").load()
    save_survey(survey.isel(trace=slice(0, 320, 16)), folder / "section.zarr")
    save_denoiser(folder / "network")
    return folder


@pytest.mark.parametrize("name", ["line", "section"])
def test_command_writes_both_parts_and_a_report(folder: Path, tmp_path: Path, name: str) -> None:
    store, out, removed = folder / f"{name}.zarr", tmp_path / "out.zarr", tmp_path / "rest.zarr"
    status, told, err = geoml(
        *("denoise", store, out, "--checkpoint", folder / "network", "--removed", removed),
        *("--report", tmp_path / "report.html", "--report-gathers", 1),
    )
    assert status == 0, err
    assert told.split() == [str(out), str(removed), str(tmp_path / "report.html")]
    before, after, rest = (open_survey(path)["amplitude"].values for path in (store, out, removed))
    np.testing.assert_array_equal(rest, before - after)
    assert rest.any()
    report = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert report.count("data:image/png;base64,") == 2
    assert "f-x prediction" in report
    assert 'src="http' not in report


def test_nothing_is_removed_up_to_the_picks_of_a_store(folder: Path, tmp_path: Path) -> None:
    survey = open_survey(folder / "line.zarr").load()
    survey["first_break"] = ("trace", np.full(320, 0.08))
    save_survey(survey, tmp_path / "picked.zarr")
    removed = tmp_path / "rest.zarr"
    status, _, err = geoml(
        *("denoise", tmp_path / "picked.zarr", tmp_path / "out.zarr", "--protect-s", 0.04),
        *("--checkpoint", folder / "network", "--removed", removed),
    )
    assert status == 0, err
    rest = open_survey(removed)
    early = rest["time"].values < 0.119
    assert not rest["amplitude"].values[:, early].any()
    assert rest["amplitude"].values[:, ~early].any()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--checkpoint", "nowhere"), "No checkpoint folder 'nowhere'"),
        (("--checkpoint", "NETWORK", "--overlap", 0.95), "overlap is 0.95"),
        (("--checkpoint", "NETWORK", "--removed", "OUT"), "cannot go to"),
        (("--checkpoint", "NETWORK", "--gather", "cdp"), "no trace has a CDP number"),
        (("--checkpoint", "NETWORK", "--scheduler", "thread"), "Unknown scheduler 'thread'"),
        (("--checkpoint", "NETWORK", "--report-gathers", 0), "--report-gathers is 0"),
        (("--checkpoint", "NETWORK", "--device", "abacus"), "Device 'abacus'"),
        (
            ("--checkpoint", "NETWORK", "--protect-s", 0.1),
            "put the step 'pick_first_breaks' before",
        ),
        (("--checkpoint", "NETWORK", "--protect-s", -1), "protect_s is -1 s"),
    ],
)
def test_wrong_option_is_one_line_and_writes_nothing(
    folder: Path, tmp_path: Path, options: tuple, message: str
) -> None:
    out = tmp_path / "out.zarr"
    places = {"NETWORK": folder / "network", "OUT": out}
    given = [places.get(option, option) for option in options]
    assert message in refused_and_left(tmp_path, "denoise", folder / "line.zarr", out, *given)


def test_missing_store_and_one_that_is_there_are_refused(folder: Path, tmp_path: Path) -> None:
    network = ("--checkpoint", folder / "network")
    assert "no survey store there" in refused("denoise", "none.zarr", tmp_path / "o", *network)
    line = folder / "line.zarr"
    assert "is the input itself" in refused("denoise", line, line, *network)
    assert "exists already" in refused("denoise", line, folder / "section.zarr", *network)
    assert not list(tmp_path.iterdir())


def test_sampling_that_does_not_fit_is_refused_before_anything_is_written(
    folder: Path, tmp_path: Path
) -> None:
    odd = save_denoiser(tmp_path / "odd", dt_s=0.00312)
    line = refused("denoise", folder / "line.zarr", tmp_path / "o.zarr", "--checkpoint", odd)
    assert "sampled every 4 ms, the denoiser works at 3.12 ms" in line
    assert [path.name for path in tmp_path.iterdir()] == ["odd"]
