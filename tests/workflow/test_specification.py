"""What a workflow file may say, and the one line that answers what it may not."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from geoml.errors import FileFormatError, OptionError
from geoml.prediction.first_arrival_fit import FirstArrivalFit
from geoml.workflow.option_check import check_options
from geoml.workflow.refinement import ladder_of
from geoml.workflow.run import run_workflow
from geoml.workflow.specification import (
    InvertSection,
    Workflow,
    checked,
    load_match_section,
    load_workflow,
)

SMALLEST = {"name": "line", "survey": "line.sgy", "checkpoint": "runs/line"}
SIMULATE = {"families": ["flat_layers"], "count": 8}
TRAINED = {
    "name": "line",
    "survey": "line.sgy",
    "simulate": SIMULATE,
    "train": {"task": "velocity", "max_epochs": 1},
    "trend": {"surface_m_s": 1800, "gradient_1_s": 0.5, "max_m_s": 4000},
}


def _write(folder: Path, text: str) -> Path:
    path = folder / "line.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_smallest_workflow_has_name_survey_and_checkpoint(tmp_path: Path) -> None:
    workflow = load_workflow(_write(tmp_path, yaml.safe_dump(SMALLEST)))
    assert workflow.trend == {"fit": True}
    assert workflow.wavelet.method == "first_arrivals"
    assert workflow.invert is not None


def test_training_options_are_kept_apart_from_task_and_model() -> None:
    train = checked(Workflow, TRAINED, "line.yaml").train
    assert train is not None
    assert train.options == {"max_epochs": 1}
    assert (train.task, train.model) == ("velocity", "mh_unet_s")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"surveys": "x"}, r"has no key 'surveys'\. Did you mean 'survey'\?"),
        ({"invert": {"miror": True}}, r"invert has no key 'miror'\. Did you mean 'mirror'\?"),
        ({"wavelet": {"methd": "ricker"}}, r"wavelet has no key 'methd'\. Did you mean 'method'\?"),
        ({"wavelet": {"method": "rickr"}}, r"wavelet\.method: .*'ricker'"),
        ({"wavelet": {"method": "ricker"}}, r"'peak_frequency_hz' goes with method 'ricker'"),
        ({"wavelet": {"file": "w.csv"}}, r"'file' goes with method 'file'"),
        ({"name": "a/b"}, r"name: "),
        ({"survey": None}, r"'survey' is missing; give a file, or simulate with a preset"),
        ({"checkpoint": None}, r"give checkpoint, or simulate and train; or 'invert: null'"),
        (
            {"simulate": {"families": ["flat_layers"], "count": 8}},
            r"simulate and train go together",
        ),
        ({"invert": {"batch": 0}}, r"invert\.batch: .*greater than 0"),
        ({"invert": {"refine": [{"fwi": 3}]}}, r"refine\.0: write 'name' or .*found \{'fwi': 3\}"),
        ({"preprocess": [{"agc": 1}]}, r"preprocess\.0: write 'name' or 'name: \{option: value\}'"),
    ],
)
def test_wrong_key_or_value_is_answered_in_one_line(change: dict, message: str) -> None:
    with pytest.raises(OptionError, match=message) as error:
        checked(Workflow, {**SMALLEST, **change}, "line.yaml")
    assert "\n" not in str(error.value)
    assert str(error.value).startswith("line.yaml: ")


@pytest.mark.parametrize("text", ["- a\n- b\n", "", "just words"])
def test_file_that_is_no_mapping_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(FileFormatError, match=r"line\.yaml: a mapping of keys"):
        load_workflow(_write(tmp_path, text))


def test_file_that_is_no_yaml_is_refused_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(FileFormatError, match=r"line\.yaml: not a YAML file") as error:
        load_workflow(_write(tmp_path, "name: [unclosed\nsurvey: x"))
    assert "\n" not in str(error.value)


def test_match_section_is_read_alone_or_out_of_a_workflow(tmp_path: Path) -> None:
    wavelet = {"method": "ricker", "peak_frequency_hz": 12}
    alone = load_match_section(_write(tmp_path, yaml.safe_dump({"wavelet": wavelet})))
    whole = load_match_section(_write(tmp_path, yaml.safe_dump({**SMALLEST, "wavelet": wavelet})))
    assert alone.wavelet == whole.wavelet
    with pytest.raises(OptionError, match=r"has no key 'wavelets'\. Did you mean 'wavelet'\?"):
        load_match_section(_write(tmp_path, "wavelets: {}"))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"preprocess": [{"bandpas": {"low_hz": 5}}]}, r"Unknown step 'bandpas'"),
        ({"preprocess": [{"mute_top": {"first_break_lead_s": 0.1}}]}, r"simulated gathers"),
        ({"ingest": {"sample": 3}}, r"'ingest' has no option 'sample'"),
        ({"layout": {"n_shot": 3}}, r"'layout' has no option 'n_shot'"),
        ({"trend": {"surface_m_s": 1800}}, r"'trend'"),
        ({"trend": {"fit": True}, "velocity_range": {"max_ms": 1}}, r"no option 'max_ms'"),
        ({"trend": {"fit": True, "top_m_s": 1}}, r"'trend' has no option 'top_m_s'"),
        ({"trend": {"fit": True, "max_m_s": "x"}}, r"'trend', option 'max_m_s': .*number"),
        ({"wavelet": {"options": {"length": 1}}}, r"'wavelet\.options' has no option 'length'"),
        (
            {"wavelet": {"method": "ricker", "peak_frequency_hz": 9, "options": {"a": 1}}},
            r"method 'ricker' has no 'options'",
        ),
        (
            {"simulate": {**SIMULATE, "options": {"worker": 2}}},
            r"'simulate\.options' has no option 'worker'\. Did you mean 'workers'\?",
        ),
        ({"simulate": {**SIMULATE, "options": {"steps": []}}}, r"has no option 'steps'"),
        ({"velocity_range": {"max_ms": 1}}, r"'velocity_range' has no option 'max_ms'"),
        ({"simulate": {"families": ["flat"], "count": 8}}, r"Unknown family 'flat'"),
        ({"train": {"task": "velocty"}}, r"Unknown task 'velocty'"),
        ({"train": {"model": "mh_unet"}}, r"Unknown model 'mh_unet'"),
        ({"train": {"epochs": 3}}, r"'train' has no option 'epochs'"),
    ],
)
def test_wrong_option_of_a_later_stage_is_refused_before_the_first(
    change: dict, message: str
) -> None:
    with pytest.raises(OptionError, match=message):
        check_options(checked(Workflow, {**TRAINED, **change}, "line.yaml"))


def test_right_options_pass() -> None:
    check_options(checked(Workflow, TRAINED, "line.yaml"))


PRESET = {
    "name": "preset",
    "simulate": {"preset": "openfwi", "count": 8},
    "train": {"task": "velocity", "max_epochs": 1},
    "invert": None,
}


def test_preset_needs_neither_survey_nor_families() -> None:
    workflow = checked(Workflow, PRESET, "preset.yaml")
    assert workflow.survey is None
    check_options(workflow)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"survey": "line.sgy"}, r"give either survey, or simulate with a preset"),
        ({"invert": {}}, r"no survey to process or invert; write 'invert: null'"),
        ({"preprocess": ["kill"]}, r"no survey to process or invert"),
        ({"simulate": {"preset": "openfwi"}}, r"'count' is missing"),
        ({"simulate": {"count": 8}}, r"'families' is missing; name at least one, or a preset"),
        ({"simulate": {"preset": "openfwi", "count": 8, "windows": 3}}, r"goes with 'models'"),
        ({"simulate": {"models": "m.npy"}}, r"'models' goes with 'preset'"),
        (
            {"simulate": {"preset": "openfwi", "models": "m.npy", "families": ["style_a"]}},
            r"give either families, or models",
        ),
    ],
)
def test_contradicting_sources_of_models_are_refused(change: dict, message: str) -> None:
    with pytest.raises(OptionError, match=message) as error:
        checked(Workflow, {**PRESET, **change}, "preset.yaml")
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"simulate": {"preset": "opnfwi", "count": 8}}, r"Unknown preset 'opnfwi'.*'openfwi'"),
        ({"layout": {"n_shots": 3}}, r"'layout' belongs to a survey"),
        ({"trend": {"fit": True}}, r"no survey to fit the trend to"),
        ({"velocity_range": {"max_ms": 1}}, r"'velocity_range' has no option 'max_ms'"),
    ],
)
def test_options_that_a_preset_cannot_honour_are_refused(change: dict, message: str) -> None:
    with pytest.raises(OptionError, match=message):
        check_options(checked(Workflow, {**PRESET, **change}, "preset.yaml"))


@pytest.mark.parametrize(
    "refine", ["mirror, consistency", ["mirror,consistency"], ["mirror", {"consistency": {}}]]
)
def test_rungs_come_in_order_with_the_first_arrivals_last(refine: object) -> None:
    section = checked(
        InvertSection, {"refine": refine, "fit_first_arrivals": {"rounds": 2}}, "invert"
    )
    rungs, _ = ladder_of(section)
    assert [name for name, _ in rungs] == ["mirror", "consistency", "first_arrivals"]
    assert rungs[-1][1] == FirstArrivalFit(rounds=2)


@pytest.mark.parametrize(
    ("invert", "message"),
    [
        ({"refine": ["miror"]}, r"Unknown rung 'miror'\. Did you mean 'mirror'\?"),
        ({"refine": [{"consistency": {"round": 2}}]}, r"no option 'round'\. Did you mean 'rounds'"),
        ({"ladder": {"keep": "first"}}, r"'ladder', option 'keep'"),
        ({"fit_first_arrivals": {"round": 2}}, r"'first_arrivals' has no option 'round'"),
    ],
)
def test_wrong_rung_is_refused_before_the_first_stage(invert: dict, message: str) -> None:
    workflow = checked(Workflow, {**SMALLEST, "checkpoint": "marine_sample", "invert": invert}, "w")
    with pytest.raises(OptionError, match=message):
        check_options(workflow)


def test_options_of_the_training_are_checked_before_pairs_are_made(tmp_path: Path) -> None:
    text = (
        "name: early\ninvert: null\nsimulate: {preset: openfwi, count: 8}\n"
        "train: {augmentation: {mirror_prob: 1}}\n"
    )
    with pytest.raises(OptionError, match="Did you mean 'mirror_probability'"):
        run_workflow(_write(tmp_path, text), runs=tmp_path / "runs")
    assert not (tmp_path / "runs").exists()
