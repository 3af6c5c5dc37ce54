"""Each lie a trace header can tell is found by scan, refused by --strict, and nothing else is."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from geoml.errors import FileFormatError
from geoml.readers import IngestOptions
from geoml.readers.ingest import read_survey
from geoml.readers.scan import scan

N_SHOTS, N_CHANNELS = 12, 6

Columns = dict[str, np.ndarray]


@pytest.fixture
def line(make_segy) -> Callable[..., Path]:
    """A clean marine line of 12 shots x 6 channels far from the origin, then changed."""

    def make(
        change: Callable[[Columns], Any] = lambda columns: None,
        binary: dict[int, tuple[str, int]] | None = None,
        **more: Any,
    ) -> Path:
        shot, channel = np.divmod(np.arange(N_SHOTS * N_CHANNELS), N_CHANNELS)
        columns = {
            "record": 101 + shot,
            "kind": np.ones_like(shot),
            "channel": 1 + channel,
            "offset": -(100 + 25 * channel),
            "elevation_scalar": np.ones_like(shot),
            "scalar": np.full_like(shot, -10),
            "source_x": 10 * (431_000 + 50 * shot),
            "source_y": np.full_like(shot, 64_770_000),
            "receiver_x": 10 * (431_000 + 50 * shot - 100 - 25 * channel),
            "receiver_y": np.full_like(shot, 64_770_000),
            "source_depth": np.full_like(shot, 6),
            "receiver_elevation": np.full_like(shot, -8),
            "inline": np.zeros_like(shot),
            "crossline": np.zeros_like(shot),
            "delay": np.zeros_like(shot),
        }
        rows = change(columns)
        if rows is not None:
            columns = {name: values[rows] for name, values in columns.items()}
        samples = np.random.default_rng(5).normal(size=(columns["record"].size, 8))
        places = {
            "record": (9, "i"),
            "kind": (29, "h"),
            "channel": (13, "i"),
            "offset": (37, "i"),
            "receiver_elevation": (41, "i"),
            "source_depth": (49, "i"),
            "elevation_scalar": (69, "h"),
            "scalar": (71, "h"),
            "source_x": (73, "i"),
            "source_y": (77, "i"),
            "receiver_x": (81, "i"),
            "receiver_y": (85, "i"),
            "delay": (109, "h"),
            "inline": (189, "i"),
            "crossline": (193, "i"),
        }
        trace = {byte: (code, columns[name].tolist()) for name, (byte, code) in places.items()}
        return make_segy(samples, trace=trace, binary={3255: ("h", 1), **(binary or {})}, **more)

    return make


def warnings(path: Path) -> list[str]:
    return [text for text in str(scan(path)).splitlines() if text.startswith("warning")]


def put(name: str, values: Any, where: Any = slice(None)) -> Callable[[Columns], None]:
    def change(columns: Columns) -> None:
        columns[name][where] = values

    return change


def twice(columns: Columns) -> np.ndarray:
    return np.insert(np.arange(N_SHOTS * N_CHANNELS), 20, 9)


def without(*rows: int) -> Callable[[Columns], np.ndarray]:
    return lambda columns: np.delete(np.arange(N_SHOTS * N_CHANNELS), rows)


def in_feet(columns: Columns) -> None:
    columns["offset"][:] = np.rint(columns["offset"] / 0.3048)


def empty_receivers(columns: Columns) -> None:
    columns["receiver_x"][7:9] = columns["receiver_y"][7:9] = 0


def tenfold_offsets(columns: Columns) -> None:
    columns["offset"] *= 10


def stacked(columns: Columns) -> np.ndarray:
    columns["offset"][:] = 0
    columns["receiver_x"][:] = columns["receiver_y"][:] = 0
    columns["inline"][:], columns["crossline"][:] = columns["record"], columns["channel"]
    columns["source_y"] += 250 * columns["channel"]
    return np.append(np.arange(N_SHOTS * N_CHANNELS), 30)


def test_clean_line_has_no_finding(line):
    assert scan(line()).findings == ()
    read_survey(line(), IngestOptions(strict=True))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            put("scalar", -100, slice(60, None)),
            r"coordinate scalar changes .* -10 on 60 traces, -100 on 12 traces.*--geometry",
        ),
        (
            put("elevation_scalar", -10, slice(3)),
            r"elevation scalar changes .* 1 on 69 traces, -10 on 3 traces",
        ),
        (put("scalar", -7), r"72 traces have the coordinate scalar -7"),
        (
            put("offset", -900, slice(4, 6)),
            r"offsets of 2 of 72 traces contradict the coordinates, by up to 700 m; .*--geometry",
        ),
        (in_feet, r"3\.28\d* times as large \(feet beside coordinates in metres\?\)"),
        (tenfold_offsets, r"10 times as large \(another scalar"),
        (
            twice,
            r"1 of 73 traces repeat the record and channel numbers of an earlier trace; the first "
            r"are traces 10 and 21 of the file \(record 102, channel 4\).*No option",
        ),
        (without(8, 9, 25), r"3 traces missing from 2 of 12 records; record 102 lacks .* 3, 4"),
        (without(71), r"1 trace missing from 1 of 12 records; record 112 lacks channels 6"),
        (
            empty_receivers,
            r"receiver position of 2 of 72 traces is 0, 0, the others lie 6\.49e\+03 km away",
        ),
        (
            put("record", 101, slice(6, 12)),
            r"1 of 11 record numbers stand for sources in several places, record 101 for places "
            r"50 m apart.*--geometry",
        ),
        (
            stacked,
            r"1 of 73 traces repeat the bin of an earlier trace; the first are traces 31 and 73 of "
            r"the file \(inline 106, crossline 1\)",
        ),
    ],
)
def test_lie_is_found_and_strict_reading_refuses_it(line, change, message):
    path = line(change)
    found = warnings(path)
    assert any(re.search(message, text) for text in found), found
    with pytest.raises(FileFormatError, match="Strict"):
        read_survey(path, IngestOptions(strict=True))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (without(*range(24, 36)), "2 record numbers missing between 101 and 112, the first is"),
        (
            # A roll-on spread: the first six shots are short of far channels.
            without(*(6 * shot + 5 - lost for shot in range(6) for lost in range(6 - shot - 1))),
            "records hold 1 to 6 channels, most often 6",
        ),
        (put("kind", 2, slice(5)), "5 of 72 traces are marked dead (trace code 2)"),
    ],
)
def test_what_may_be_meant_is_only_remarked(line, change, message):
    path = line(change)
    assert message in str(scan(path))
    assert warnings(path) == []
    read_survey(path, IngestOptions(strict=True))


@pytest.mark.parametrize(
    ("delays", "message"),
    [
        ([0, 8], "whole samples apart; one time axis is needed, and no option gives it.*pad"),
        ([0, 3], "not whole samples apart.*resample"),
    ],
)
def test_varying_delays_are_refused_with_what_to_do(line, delays, message):
    path = line(put("delay", delays[1], slice(60, None)))
    pattern = rf"{delays[0]} ms on 60 traces, {delays[1]} ms on 12 traces.*{message}"
    with pytest.raises(FileFormatError, match=pattern):
        scan(path)


def test_scalars_that_mean_the_same_or_scale_nothing_are_no_lie(line):
    def change(columns):
        columns["elevation_scalar"][::2] = 0
        columns["elevation_scalar"][1] = -100
        columns["source_depth"][1] = columns["receiver_elevation"][1] = 0

    assert warnings(line(change)) == []


def test_dead_traces_and_nan_are_found(make_segy):
    samples = np.ones((5, 6))
    samples[1], samples[3, 2], samples[4, 0] = 0, np.nan, np.inf
    report = str(scan(make_segy(samples)))
    assert "1 of 5 traces hold only zeros" in report
    assert "2 of 5 traces hold NaN, Inf" in report
    with pytest.raises(FileFormatError, match=r"NaN, Inf.*and 1 more warning\).*Strict"):
        read_survey(make_segy(samples), IngestOptions(strict=True))
    samples[3:] = 1
    with pytest.raises(FileFormatError, match=r"only zeros.*Strict"):
        read_survey(make_segy(samples), IngestOptions(strict=True))


def odd_among_even_channels(columns: Columns) -> None:
    columns["channel"] *= 2
    columns["channel"][20] = 5


def far_channel_and_a_lost_trace(columns: Columns) -> np.ndarray:
    columns["channel"][21] = 9
    return np.arange(N_SHOTS * N_CHANNELS - 1)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (odd_among_even_channels, "1 trace missing from 1 of 12 records; record 104 lacks .* 6"),
        (far_channel_and_a_lost_trace, "2 traces missing from 2 of 12 records; record 104 .* 4"),
    ],
)
def test_channel_that_one_record_has_is_no_loss_to_the_others(line, change, message):
    found = warnings(line(change))
    assert len(found) == 1
    assert re.search(message, found[0]), found


def test_unit_that_the_file_does_not_name_is_remarked(line):
    report = str(scan(line(binary={3255: ("h", 0)})))
    assert "does not say whether lengths are metres or feet; reading metres. Pass --unit" in report
    chosen = scan(line(binary={3255: ("h", 0)}), IngestOptions(coordinate_unit="m"))
    assert chosen.findings == ()


def test_gravest_findings_come_first(line):
    def change(columns):
        columns["delay"][:] = 8
        return without(*range(24, 31))(columns)

    report = scan(line(change))
    assert [finding.level for finding in report.findings] == ["warning", "info", "info"]
    assert str(report).splitlines()[-3].startswith("warning      1 trace missing from 1 of 11")


def test_duplicates_across_files_are_found(line, tmp_path):
    whole = line(name="whole.sgy")
    part = line(without(*range(66)), name="part.sgy")
    assert "(record 112, channel 1)" not in str(scan(whole))
    report = str(scan([whole, part]))
    assert "6 of 78 traces repeat" in report
    assert "2 files" in report


REAL_WARNINGS = {
    "viking_small.segy": ["1500 samples", "decimal degrees"],
    "land_line_18shots.sgy": [],
    "penobscot_xl1155.sgy": [],
    "volve10-migvel-depth-sub3d.sgy": ["20 ms on stacked traces"],
    "volve10r12-full-twt-arb.sgy": [],
    "segy_cases/f3.sgy": ["462 samples"],
    "segy_cases/small.sgy": [],
    "segy_cases/small-ps.sgy": [],
    "segy_cases/shot-gather.sgy": [],
    "segy_cases/1xN.sgy": [],
    **{f"oz/ozdata.{number}.su": [] for number in (1, 5, 9, 13, 17, 25, 33, 40)},
}


@pytest.mark.data
@pytest.mark.parametrize("name", REAL_WARNINGS)
def test_real_file_has_only_its_known_warnings(data_dir: Path, name: str):
    found = warnings(data_dir / "seismic" / name)
    assert len(found) == len(REAL_WARNINGS[name])
    for text, known in zip(found, REAL_WARNINGS[name], strict=True):
        assert known in text
