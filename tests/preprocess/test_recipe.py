"""Lists of steps from YAML and back."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from geoml.errors import CheckpointError, FileFormatError, OptionError, UnknownNameError
from geoml.prediction.invert import check_steps
from geoml.preprocess import ALIASES, STEPS
from geoml.preprocess.agc import Agc
from geoml.preprocess.bandpass import Bandpass
from geoml.preprocess.kill import Kill
from geoml.preprocess.recipe import build_steps, load_steps, step_specs

TEXT = """
- kill: {headers: {field_record: [3]}, traces: [7]}
- bandpass: {low_hz: 4, high_hz: 18}
- agc: {window_s: 0.5}
"""
BUILT = [
    Kill(headers={"field_record": (3,)}, traces=(7,)),
    Bandpass(low_hz=4, high_hz=18),
    Agc(window_s=0.5),
]


@pytest.mark.parametrize("head", ["", "steps:", "name: line\npreprocess:"])
def test_yaml_is_a_list_or_a_section_of_a_workflow(tmp_path: Path, head: str) -> None:
    path = tmp_path / "steps.yaml"
    path.write_text(head + TEXT, encoding="utf-8")
    assert load_steps(path) == BUILT


def test_plain_form_is_json_that_builds_the_same_steps() -> None:
    plain = json.loads(json.dumps(step_specs(BUILT)))
    assert build_steps(plain) == BUILT
    assert plain[2] == {"agc": {"window_s": 0.5, "floor": 0.001}}


def test_built_steps_and_bare_names_may_be_mixed() -> None:
    assert build_steps([BUILT[2], "kill"]) == [BUILT[2], Kill()]


def test_other_name_of_a_step_builds_the_same_and_is_stored_under_the_first() -> None:
    one, other = build_steps([{"time_power": {"power": 2}}, {"gain_time_power": {"power": 2}}])
    assert one == other
    assert step_specs([one]) == [{"gain_time_power": {"power": 2.0}}]
    # A checkpoint that was trained under either name fits a survey of the other.
    check_steps([{"time_power": {"power": 2}}], [{"gain_time_power": {"power": 2.0}}])
    with pytest.raises(CheckpointError, match="went through steps"):
        check_steps([{"time_power": {"power": 1}}], [{"gain_time_power": {"power": 2.0}}])


@pytest.mark.parametrize("alias", ALIASES)
def test_other_names_lead_to_steps_and_hide_none(alias: str) -> None:
    assert ALIASES[alias] in STEPS
    assert alias not in STEPS


def test_wrong_name_is_refused_with_the_nearest() -> None:
    with pytest.raises(
        UnknownNameError, match=r"Unknown step 'band_pass'\. Did you mean 'bandpass'"
    ):
        build_steps([{"band_pass": {"low_hz": 4}}])


def test_option_of_a_wrong_type_is_refused_by_name() -> None:
    with pytest.raises(OptionError, match="'agc', option 'window_s'"):
        build_steps([{"agc": {"window_s": "long"}}])


def test_missing_option_is_refused_by_name() -> None:
    with pytest.raises(OptionError, match="'agc', option 'window_s'"):
        build_steps(["agc"])


@pytest.mark.parametrize("specs", [{"agc": {"window_s": 1}}, "agc", None])
def test_anything_but_a_list_is_refused(specs: object) -> None:
    with pytest.raises(OptionError, match="Steps are a list"):
        build_steps(specs)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"- agc: {window_s: 1", "not YAML"),
        (b"\xff\xfe\x00", "not YAML"),
        (b"", "no list of steps"),
        (b"model: mh_unet_s", "no list of steps"),
        (b"steps: {agc: 1}", "no list of steps"),
    ],
)
def test_file_without_steps_is_refused_in_one_line(
    tmp_path: Path, content: bytes, message: str
) -> None:
    path = tmp_path / "steps.yaml"
    path.write_bytes(content)
    with pytest.raises(FileFormatError, match=message) as refusal:
        load_steps(path)
    assert "\n" not in str(refusal.value)
