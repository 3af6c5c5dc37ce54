"""The command line: from SEG-Y to a section, and one line with status 2 for a bad input."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest
import segyio
import yaml
from command import geoml, refused, refused_and_left

from geoml.cli import COMMANDS
from geoml.survey.pairs import open_pairs
from geoml.survey.store import open_survey
from geoml.survey.velocity import open_section

ROOT = Path(__file__).resolve().parents[2]
LINE = ROOT / "sample_data" / "marine_line.sgy"
WELL = ROOT / "sample_data" / "well_1.las"
STEPS = ROOT / "workflows" / "steps.yaml"
SETTINGS = {
    "layout": {"n_shots": 2, "shot_step": 8, "receiver_step": 4, "spacing_m": 50, "depth_m": 600},
    "wavelet": {"method": "ricker", "peak_frequency_hz": 6, "max_frequency_hz": 14},
    "trend": {"surface_m_s": 1800, "gradient_1_s": 0.8, "max_m_s": 3500},
    "velocity_range": {"min_m_s": 1500},
}


@pytest.fixture(scope="module")
def road(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which every command was run once, one after the other, on the sample line."""
    folder = tmp_path_factory.mktemp("road")
    settings = folder / "settings.yaml"
    settings.write_text(yaml.safe_dump(SETTINGS), encoding="utf-8")
    raw, clean, pairs = folder / "line.zarr", folder / "clean.zarr", folder / "pairs.zarr"
    network, section, wells = folder / "network", folder / "velocity.sgy", folder / "wells.zarr"
    nowhere = folder / "nowhere.las"
    lines = WELL.read_text(encoding="utf-8").replace("SAMPLE-1", "SAMPLE-2").splitlines(True)
    nowhere.write_text("".join(line for line in lines if line[:3] not in (" X.", " Y.")))
    commands = [
        ("wells", "ingest", WELL, nowhere, wells),
        ("ingest", LINE, raw),
        ("preprocess", raw, clean, "--steps", STEPS),
        (
            *("simulate", pairs, "--like", clean, "--raw", raw, "--settings", settings),
            *("--families", "flat_layers,faulted_layers", "--count", 16, "--seed", 1),
        ),
        (
            *("train", pairs, "--task", "velocity_edges", "--model", "mh_unet_s"),
            *("--out", network, "--max-epochs", 1, "--option", "batch_size=8"),
        ),
        (
            *("invert", clean, "--checkpoint", network, "--out", section),
            *("--report", folder / "report.html", "--raw", raw, "--check-shots", 2),
            *("--wells", wells),
        ),
        ("invert", clean, "--checkpoint", network, "--out", folder / "velocity.zarr"),
    ]
    for command in commands:
        status, out, err = geoml(*command)
        assert status == 0, err
        assert out
    return folder


def test_scan_tells_the_geometry_and_the_traps_and_writes_nothing(tmp_path: Path) -> None:
    before = sorted(LINE.parent.iterdir())
    status, out, _ = geoml("scan", LINE)
    assert status == 0
    assert "1920 of 500 samples, 4 ms apart" in out
    assert "recording starts at 20 ms" in out
    assert "offsets -1862" in out
    assert sorted(LINE.parent.iterdir()) == before


def test_ingested_survey_starts_at_its_recording_delay(road: Path) -> None:
    survey = open_survey(road / "line.zarr")
    assert survey.sizes == {"trace": 1920, "time": 500, "header_byte": 240}
    assert float(survey["time"][0]) == pytest.approx(0.020)


def test_show_lists_what_was_done_and_draws_it(road: Path, tmp_path: Path) -> None:
    status, out, _ = geoml("show", road / "clean.zarr", "--png", tmp_path)
    assert status == 0
    done = [line for line in out.splitlines() if line.startswith("history")]
    names = [next(iter(spec)) for spec in open_survey(road / "clean.zarr").attrs["steps"]]
    assert [line.split()[1] for line in done] == ["ingest", *names]
    assert json.loads(done[2].split(maxsplit=2)[2])["low_hz"] == 5
    assert {path.name for path in tmp_path.iterdir()} == {
        "gathers.png",
        "map.png",
        "fold.png",
        "spectrum.png",
    }


def test_pairs_have_the_geometry_of_the_survey(road: Path) -> None:
    pairs = open_pairs(road / "pairs.zarr")
    assert pairs.sizes["sample"] == 16
    assert (pairs.sizes["shot"], pairs.sizes["receiver"]) == (2, 12)
    acquisition = pairs.attrs["acquisition"]
    first, second = acquisition["source_distance_m"]
    assert second - first == pytest.approx(8 * 50, abs=0.05)
    assert acquisition["free_surface"]
    assert acquisition["source_depth_m"] == [6, 6]
    assert pairs.attrs["steps"] == open_survey(road / "clean.zarr").attrs["steps"]


def test_section_is_the_same_in_segy_and_in_zarr(road: Path) -> None:
    section = open_section(road / "velocity.zarr")
    with segyio.open(road / "velocity.sgy", ignore_geometry=True) as file:
        traces = file.trace.raw[:]
        cdp = file.attributes(segyio.TraceField.CDP)[:]
    np.testing.assert_allclose(traces.T, section["velocity"].values)
    assert list(cdp) == list(range(1, section.sizes["distance"] + 1))
    assert {"velocity_std", "edge_probability"} <= set(section)


def test_report_is_one_file_that_needs_no_other(road: Path) -> None:
    report = (road / "report.html").read_text(encoding="utf-8")
    assert report.count("data:image/png;base64,") >= 5
    assert 'src="http' not in report


def test_report_tells_the_misfit_to_the_sonic_of_the_well_on_the_line(road: Path) -> None:
    report = (road / "report.html").read_text(encoding="utf-8")
    found = re.search(r"SAMPLE-1.{0,40}?RMS (\d+) m/s over (\d+) to (\d+) m", report, re.DOTALL)
    assert found, "the well has a line in the report"
    rms_m_s, top_m, base_m = map(float, found.groups())
    # The sonic begins 256 m below a kelly bushing that is 25 m above the sea, and goes on below the
    # section, whose cells are 50 m high.
    assert 231 <= top_m <= 231 + 2 * 50
    assert 500 <= base_m <= 650
    assert 50 < rms_m_s < 3000
    # A well without coordinates has no place on the line.
    assert "SAMPLE-2" not in report


def test_what_is_there_is_not_overwritten_unasked(road: Path) -> None:
    raw = road / "line.zarr"
    assert "exists already" in refused("ingest", LINE, raw)
    assert "exists already" in refused("preprocess", raw, road / "clean.zarr", "--steps", STEPS)
    assert "finished run" in refused(
        "train", road / "pairs.zarr", "--out", road / "network", "--max-epochs", 1
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("scan", "missing.sgy"), "missing.sgy"),
        (("scan", ROOT / "README.md"), "no reader for '.md' files"),
        (("ingest", "missing.sgy", "out.zarr"), "missing.sgy"),
        (("show", "missing.zarr"), "no survey store there"),
        (("preprocess", "missing.zarr", "out.zarr", "--steps", STEPS), "no survey store there"),
        (("simulate", "pairs.zarr", "--like", "missing.zarr"), "no survey store there"),
        (("train", "missing.zarr", "--out", "network"), "does not exist"),
        (("run", "missing.yaml"), "missing.yaml"),
        (("run", STEPS), "a mapping of keys"),
    ],
)
def test_missing_or_wrong_input_is_one_line_with_status_2(
    arguments: tuple, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert message in refused_and_left(tmp_path, *arguments)


def test_wrong_options_are_one_line_with_status_2(road: Path, tmp_path: Path) -> None:
    clean, pairs, network = road / "clean.zarr", road / "pairs.zarr", road / "network"
    out = tmp_path / "out.zarr"
    simulate = ("simulate", out, "--like", clean)
    train = ("train", pairs, "--out", tmp_path / "network")
    invert = ("invert", clean, "--checkpoint")
    assert "Unknown family 'flat'" in refused(*simulate, "--families", "flat")
    assert "count" in refused(*simulate, "--count", 0)
    assert "Unknown task 'velocty'" in refused(*train, "--task", "velocty")
    assert "Unknown model 'unet'" in refused(*train, "--model", "unet")
    assert "'train' has no option 'epochs'" in refused(*train, "--option", "epochs=3")
    assert "write name=value" in refused(*train, "--option", "epochs")
    assert "No checkpoint folder 'nowhere'" in refused(*invert, "nowhere", "--out", out)
    assert "a section is written as" in refused(*invert, network, "--out", tmp_path / "v.jpg")
    assert not list(tmp_path.iterdir())


def test_survey_that_was_processed_differently_is_not_inverted(road: Path, tmp_path: Path) -> None:
    line = refused(
        "invert", road / "line.zarr", "--checkpoint", road / "network", "--out", tmp_path / "v.zarr"
    )
    assert "went through steps" in line


@pytest.mark.parametrize("command", [command.__name__ for command in COMMANDS])
def test_every_command_explains_itself(command: str) -> None:
    status, out, _ = geoml(command, "--help")
    assert status == 0
    assert f"Usage: geoml {command}" in out


@pytest.mark.data
def test_every_odd_trace_file_is_read_or_refused_in_one_line(
    data_dir: Path, tmp_path: Path
) -> None:
    files = sorted(p for p in (data_dir / "seismic" / "segy_cases").rglob("*") if p.is_file())
    assert len(files) > 10
    read = 0
    for number, file in enumerate(files):
        out = tmp_path / f"{number}.zarr"
        for command in (("scan", file), ("ingest", file, out)):
            status, told, err = geoml(*command)
            assert status in (0, 2), f"{command}: {err}"
            assert "Traceback" not in err
            if status == 2:
                last = err.splitlines()[-1]
                assert last.startswith("geoml: "), f"{command}: {err}"
                assert not told
        # The dry run and the run agree, and what was refused left nothing behind.
        assert out.exists() == (status == 0)
        assert geoml("scan", file)[0] == status, file
        read += status == 0
    assert 0 < read < len(files)
    assert not [p.name for p in tmp_path.iterdir() if p.name.startswith(".")]
