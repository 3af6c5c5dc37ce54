"""What geoml evaluate prints, writes and refuses."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from command import geoml, refused
from judged_pairs import untrained

from geoml.checkpoint import Checkpoint, save_checkpoint


def test_command_prints_every_row_and_writes_what_is_asked(
    others: Path, checkpoint: Checkpoint, tmp_path: Path
) -> None:
    one, two = (save_checkpoint(untrained(None, seed), tmp_path / f"c{seed}") for seed in (0, 1))
    files = ("--json", tmp_path / "e.json", "--png", tmp_path / "e.png")
    status, out, err = geoml(
        "evaluate", f"{one},{two}", others, "--ensemble", "--mirror", "--limit", 12, *files
    )
    assert status == 0, err
    document = json.loads((tmp_path / "e.json").read_text())
    for row in document["rows"]:
        assert row["name"] in out
    assert "12 pairs (none used in training)" in out
    for heading in ("SSIM", "three_layers", "ODS 2", "in 80 %", "CRPS"):
        assert heading in out
    assert "SSIM: Wang et al. (2004), Gaussian window of 11 cells" in out
    assert document["ssim"] in out
    risk = out.split("Risk over coverage")[1].splitlines()
    assert risk[1].split() == ["10", "%", "25", "%", "50", "%", "75", "%", "90", "%", "100", "%"]
    first = document["rows"][0]
    shares, risks = first["risk_curve"].values()
    curve = {round(share, 2): value for share, value in zip(shares, risks, strict=True)}
    told = [float(cell) for cell in risk[2].removeprefix(first["name"]).split()]
    assert told == [round(curve[share], 1) for share in (0.1, 0.25, 0.5, 0.75, 0.9, 1.0)]
    assert told[-1] == round(first["mae_m_s"], 1)  # all cells kept
    assert (tmp_path / "e.png").read_bytes().startswith(b"\x89PNG")
    assert {"calibration_curve", "risk_curve"} <= set(document["rows"][0])


def test_command_refuses_in_one_line(others: Path, tmp_path: Path) -> None:
    assert "No checkpoint folder" in refused("evaluate", tmp_path / "none", others)
    one = save_checkpoint(untrained(None), tmp_path / "c")
    assert "each of them once" in refused("evaluate", f"{one},{one}", others)
    assert "does not exist" in refused("evaluate", one, tmp_path / "none.zarr")
    assert "'limit' is 0" in refused("evaluate", one, others, "--limit", 0)
    assert "two checkpoints at least" in refused("evaluate", one, others, "--ensemble")
    line = refused("evaluate", "marine_sample", others)
    assert "another acquisition than marine_sample was trained for" in line


def test_what_could_not_be_kept_is_refused_before_anything_is_judged(
    others: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(*_: object, **__: object) -> None:
        raise AssertionError("judged before the refusal")

    monkeypatch.setattr("geoml.workflow.evaluation.evaluate", never)
    one = save_checkpoint(untrained(None), tmp_path / "c")
    before = (one / "checkpoint.json").read_bytes()
    asked = ("evaluate", one, others, "--write-calibration")
    assert "pass both" in refused(*asked)
    assert "'limit' of 2 fits" in refused(*asked, "--calibrate", "--limit", 2)
    shipped = ("evaluate", "marine_sample", others, "--write-calibration", "--calibrate")
    assert "is shipped with geoml" in refused(*shipped)
    assert (one / "checkpoint.json").read_bytes() == before
    plain = tmp_path / "file"
    plain.touch()
    assert "a folder; name a file" in refused("evaluate", one, others, "--json", tmp_path)
    assert "no folder" in refused("evaluate", one, others, "--png", plain / "below" / "e.png")
