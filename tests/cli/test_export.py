"""``geoml export``: the ingested bytes again, other formats on request, one line when refused."""

from __future__ import annotations

from pathlib import Path

import pytest
from command import refused
from shot_file import write_shots

from geoml.cli import main
from geoml.readers.ingest import ingest, read_survey


@pytest.fixture(scope="module")
def lines(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Two shots of doubles, each in a file of its own that ends in half a trace."""
    folder = tmp_path_factory.mktemp("lines")
    return [
        write_shots(folder / f"shot_{seed}.sgy", n_shots=1, seed=seed, doubles=True)
        for seed in (1, 2)
    ]


@pytest.fixture(scope="module")
def store(lines: list[Path]) -> Path:
    out = lines[0].parent / "line.zarr"
    ingest(lines, out)
    return out


def export(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *arguments: object
) -> list[str]:
    """Lines that the command prints."""
    monkeypatch.setattr("sys.argv", ["geoml", "export", *map(str, arguments)])
    with pytest.raises(SystemExit) as stop:
        main()
    assert not stop.value.code
    return capsys.readouterr().out.splitlines()


def test_files_come_back_and_are_named(lines, store, tmp_path, monkeypatch, capsys):
    named = export(monkeypatch, capsys, store, tmp_path / "again")
    assert named == [str(tmp_path / "again" / path.name) for path in lines]
    for path in lines:
        assert (tmp_path / "again" / path.name).read_bytes() == path.read_bytes()


def test_what_is_there_is_replaced_on_demand_only(lines, store, tmp_path, monkeypatch, capsys):
    taken = tmp_path / lines[1].name
    taken.write_bytes(b"precious")
    assert f"{taken} exists already" in refused("export", store, tmp_path)
    assert taken.read_bytes() == b"precious"
    assert not (tmp_path / lines[0].name).exists()
    export(monkeypatch, capsys, store, tmp_path, "--overwrite")
    assert taken.read_bytes() == lines[1].read_bytes()


def test_ieee_floats_on_request(lines, store, tmp_path, monkeypatch, capsys):
    export(monkeypatch, capsys, store, tmp_path / "floats", "--ieee")
    again = read_survey(tmp_path / "floats" / lines[0].name)
    assert again.attrs["sample_format"] == 5
    assert (again["amplitude"].values == read_survey(lines[0])["amplitude"].values).all()


def test_other_byte_order_on_request(lines, store, tmp_path, monkeypatch, capsys):
    export(monkeypatch, capsys, store, tmp_path / "turned", "--byte-order", "little")
    again = read_survey(tmp_path / "turned" / lines[1].name)
    assert again.attrs["byte_order"] == "little"
    assert (again["amplitude"].values == read_survey(lines[1])["amplitude"].values).all()


def test_contradictions_and_missing_stores_are_refused(store, tmp_path):
    both = refused("export", store, tmp_path / "x", "--ieee", "--sample-format", 2)
    assert "--ieee is format 5, --sample-format says 2; give one." in both
    assert "no survey store there" in refused("export", tmp_path / "none.zarr", tmp_path / "x.sgy")
    assert "Sample format 7 cannot be written" in refused(
        "export", store, tmp_path / "x", "--sample-format", 7
    )
    assert not (tmp_path / "x").exists()
