"""A stage is skipped when unchanged, and made again when anything that decides it is not."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from geoml.errors import FileFormatError, StoreError
from geoml.workflow.input_path import input_path
from geoml.workflow.stage import Stage, StageRecords, file_fingerprint


class _Work:
    """Counts its calls and writes its product."""

    def __init__(self, product: Path) -> None:
        self.product = product
        self.resumed: list[bool] = []

    def __call__(self, resume: bool) -> None:
        self.resumed.append(resume)
        self.product.write_text("made")


def _stage(product: Path, make: Callable[[bool], None], **changes: Any) -> Stage:
    settings: dict[str, Any] = {"options": {"a": 1}, "inputs": {"survey": "abc"}, **changes}
    return Stage("work", settings["options"], settings["inputs"], (product,), make)


def test_unchanged_stage_is_made_once(tmp_path: Path) -> None:
    work = _Work(tmp_path / "product")
    records = StageRecords(tmp_path)
    assert records.run(_stage(work.product, work))
    assert not records.run(_stage(work.product, work))
    assert not StageRecords(tmp_path).run(_stage(work.product, work))
    assert work.resumed == [False]
    assert records.all_seconds().keys() == {"work"}


@pytest.mark.parametrize("changes", [{"options": {"a": 2}}, {"inputs": {"survey": "abd"}}])
def test_changed_stage_is_made_again(tmp_path: Path, changes: dict) -> None:
    work = _Work(tmp_path / "product")
    records = StageRecords(tmp_path)
    records.run(_stage(work.product, work))
    assert records.run(_stage(work.product, work, **changes))
    assert work.resumed == [False, False]


def test_stage_whose_product_is_gone_is_made_again(tmp_path: Path) -> None:
    work = _Work(tmp_path / "product")
    records = StageRecords(tmp_path)
    records.run(_stage(work.product, work))
    work.product.unlink()
    assert records.run(_stage(work.product, work))


def test_interrupted_stage_goes_on_when_unchanged_and_begins_anew_when_changed(
    tmp_path: Path,
) -> None:
    product = tmp_path / "product"

    def fails(resume: bool) -> None:
        product.write_text("half")
        raise KeyboardInterrupt

    records = StageRecords(tmp_path)
    with pytest.raises(KeyboardInterrupt):
        records.run(_stage(product, fails))
    assert not records.is_finished(_stage(product, fails))
    work = _Work(product)
    records.run(_stage(product, work))
    assert work.resumed == [True]

    product.unlink()
    with pytest.raises(KeyboardInterrupt):
        records.run(_stage(product, fails))

    def sees_nothing_left(resume: bool) -> None:
        assert not resume
        assert not product.exists()
        product.write_text("made")

    assert records.run(_stage(product, sees_nothing_left, options={"a": 2}))


def test_changed_stage_that_fails_is_not_taken_for_finished(tmp_path: Path) -> None:
    work = _Work(tmp_path / "product")
    records = StageRecords(tmp_path)
    records.run(_stage(work.product, work))

    def fails(resume: bool) -> None:
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        records.run(_stage(work.product, fails, options={"a": 2}))
    # Neither the new recipe nor the old one: the old product went when the new one was begun.
    assert not records.is_finished(_stage(work.product, work, options={"a": 2}))
    assert not records.is_finished(_stage(work.product, work))


def test_stage_that_makes_nothing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"Stage 'work' ended without making product\."):
        StageRecords(tmp_path).run(_stage(tmp_path / "product", lambda resume: None))


def test_record_tells_what_the_product_was_made_from(tmp_path: Path) -> None:
    work = _Work(tmp_path / "product")
    StageRecords(tmp_path).run(_stage(work.product, work))
    record = json.loads((tmp_path / "stages" / "work.json").read_text())
    assert record["options"] == {"a": 1}
    assert record["inputs"] == {"survey": "abc"}
    assert not list((tmp_path / "stages").glob("*under_way*"))


def test_one_changed_byte_changes_a_files_fingerprint(tmp_path: Path) -> None:
    path = tmp_path / "line.sgy"
    path.write_bytes(bytes(1000))
    before = file_fingerprint(path)
    path.write_bytes(bytes(999) + b"\x01")
    assert file_fingerprint(path) != before


def test_input_is_found_beside_the_work_beside_the_file_and_above_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "project" / "workflows").mkdir(parents=True)
    (tmp_path / "elsewhere").mkdir()
    workflow = tmp_path / "project" / "workflows" / "line.yaml"
    monkeypatch.chdir(tmp_path / "elsewhere")
    for folder in (workflow.parent.parent, workflow.parent, tmp_path / "elsewhere"):
        (folder / "line.sgy").touch()
        assert input_path("line.sgy", workflow).resolve() == folder / "line.sgy"


def test_input_in_the_data_folder_is_found_and_missed_by_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    workflow = tmp_path / "line.yaml"
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "line.sgy").touch()
    monkeypatch.setenv("GEOML_DATA", str(tmp_path / "data"))
    assert input_path("$GEOML_DATA/line.sgy", workflow) == tmp_path / "data" / "line.sgy"
    assert input_path("${GEOML_DATA}/line.sgy", workflow) == tmp_path / "data" / "line.sgy"
    with pytest.raises(FileFormatError, match=r"found no file at .*other\.sgy"):
        input_path("$GEOML_DATA/other.sgy", workflow)
    monkeypatch.delenv("GEOML_DATA")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(FileFormatError, match=r"GEOML_DATA is not set"):
        input_path("$GEOML_DATA/line.sgy", workflow)
