"""``geoml invert --samples``: from a line and a network that draws to samples in a report."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from command import geoml, refused
from prediction.modelled_line import SPACING_M, modelled_survey, template_of, untrained

from geoml.checkpoint import save_checkpoint
from geoml.models import SectionShape, build_model, model_config
from geoml.survey.store import save_survey
from geoml.survey.velocity import open_section
from geoml.survey.window_layout import WindowLayout


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A line of four shots, and two networks that have learned nothing: one draws."""
    folder = tmp_path_factory.mktemp("samples")
    source = 40.0 * torch.arange(4).numpy() + 500
    survey = modelled_survey(source, source[:, None] - 100 - 25.0 * torch.arange(10).numpy())
    layout = WindowLayout(n_shots=3, spacing_m=SPACING_M, depth_m=380.0)
    save_survey(survey, folder / "line.zarr")
    plain = untrained(template_of(survey, layout), layout)
    save_checkpoint(plain, folder / "plain")
    trunk = {"stem_widths": (16, 32), "widths": (16, 32), "norm_channels": 8}
    shape = SectionShape(**plain.model_config["shape"])
    options = {"trunk": trunk, "widths": (16, 24), "draws": 4}
    model = build_model("cvae", shape, ("velocity", "edges", "log_variance"), options)
    drawing = replace(
        plain,
        model_name="cvae",
        model_config=model_config("cvae", model),
        state=model.state_dict(),
    )
    save_checkpoint(drawing, folder / "cvae")
    return folder


def test_samples_go_to_the_store_and_to_the_report(folder: Path) -> None:
    out, report = folder / "section.zarr", folder / "report.html"
    status, told, err = geoml(
        "invert", folder / "line.zarr", "--checkpoint", folder / "cvae", "--samples", 6,
        "--out", out, "--report", report, "--check-shots", 1,
    )  # fmt: skip
    assert status == 0, err
    assert told.split() == [str(out), str(report)]
    section = open_section(out)
    assert section["velocity_samples"].dims == ("sample", "depth", "distance")
    assert section.sizes["sample"] == 6
    assert section["velocity_samples"].attrs["units"] == "m/s"
    assert "Sections that the network draws" in report.read_text("utf-8")


def test_network_that_draws_nothing_is_refused_in_one_line(folder: Path) -> None:
    told = refused(
        "invert", folder / "line.zarr", "--checkpoint", folder / "plain", "--samples", 6,
        "--out", folder / "none.zarr",
    )  # fmt: skip
    assert "'mh_unet_s' draws no samples" in told
    assert not (folder / "none.zarr").exists()
