"""``geoml invert``: a section from a processed survey and a checkpoint."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from geoml.cli import options as o
from geoml.cli.progress import progress_bar

if TYPE_CHECKING:
    import xarray as xr

    from geoml.physics.well_misfit import WellMisfit


def invert(
    store: o.Store,
    checkpoint: Annotated[
        str, typer.Option(help="Folder of 'geoml train', or name of a shipped checkpoint.")
    ],
    out: Annotated[
        Path,
        typer.Option(
            help="Section to write: .sgy for its velocity, .zarr for all of it, .png for a picture."
        ),
    ],
    report: Annotated[
        Path | None, typer.Option(help="HTML report to write, with the physics check.")
    ] = None,
    raw: Annotated[
        Path | None, typer.Option(help="Survey store before processing, shown in the report.")
    ] = None,
    wells: Annotated[
        Path | None, typer.Option(help="Wells store; sonics near the line enter the report.")
    ] = None,
    mirror: Annotated[
        bool, typer.Option("--mirror", help="Average with the mirrored line.")
    ] = False,
    samples: Annotated[
        int, typer.Option(min=0, help="Posterior samples to draw, of a network that draws them.")
    ] = 0,
    refine: Annotated[
        list[str] | None,
        typer.Option(
            help="Rungs of the ladder in order, commas between them or the option again: mirror, "
            "ensemble, first_arrivals, consistency, fwi. Options of a rung: as in a workflow, "
            "'mirror, fwi: {iterations: 10}'."
        ),
    ] = None,
    keep: Annotated[
        str | None,
        typer.Option(
            help="best, the default: leave out a rung that makes the misfit worse; or last."
        ),
    ] = None,
    criterion: Annotated[
        str | None,
        typer.Option(
            help="Misfit that judges rungs: first_arrivals, waveform or, by default, both."
        ),
    ] = None,
    hold_out: Annotated[
        int | None,
        typer.Option(help="Every so many shots no rung may fit; 0 for none, 5 by default."),
    ] = None,
    fit_first_arrivals: Annotated[
        bool,
        typer.Option("--fit-first-arrivals", help="The rung first_arrivals, behind the others."),
    ] = False,
    batch: Annotated[int, typer.Option(help="Windows in one call of the network.")] = 8,
    bfloat16: Annotated[
        bool,
        typer.Option("--bfloat16", help="Compute in bfloat16: faster on some processors."),
    ] = False,
    check_shots: Annotated[
        int, typer.Option(help="Shots that the report's physics check re-models.")
    ] = 40,
    device: Annotated[str, typer.Option(help="As torch spells it.")] = "cpu",
    overwrite: o.Overwrite = False,
) -> None:
    """Slide a trained network along a line; write section, spread and report."""
    from geoml.checkpoint import load_checkpoint
    from geoml.errors import OptionError
    from geoml.prediction.ladder_text import ladder_table
    from geoml.products import check_place, product_for
    from geoml.survey.store import open_survey
    from geoml.survey.wells import open_wells
    from geoml.workflow.inversion import (
        check_inversion,
        predict_section,
        write_inversion_report,
    )
    from geoml.workflow.specification import CheckSection, InvertSection, checked

    for name, path in (("--raw", raw), ("--wells", wells)):
        if path is not None and report is None:
            raise OptionError(f"{name} is shown in the report; give --report too, or leave it out.")
    ladder = {"keep": keep, "criterion": criterion, "hold_out": hold_out}
    ladder = {name: value for name, value in ladder.items() if value is not None}
    if ladder and not refine and not fit_first_arrivals:
        option = next(iter(ladder)).replace("_", "-")
        raise OptionError(f"--{option} judges rungs, and there are none; give --refine too.")
    product = product_for(out)
    check_place(out, [path for path in (store, raw, wells) if path is not None], overwrite)
    plain: dict[str, Any] = {"mirror": mirror, "batch": batch, "device": device}
    plain["bfloat16"], plain["samples"] = bfloat16, samples
    plain["refine"] = rung_specs(refine or [])
    plain["ladder"] = ladder
    plain["fit_first_arrivals"] = {} if fit_first_arrivals else None
    section = checked(InvertSection, plain, "invert")
    check = checked(CheckSection, {"shots": check_shots, "device": device}, "invert")
    clean, network = open_survey(store), load_checkpoint(checkpoint)
    raw_survey = None if raw is None else open_survey(raw)
    if wells is not None:
        open_wells(wells)
    with progress_bar("Inverting windows") as progress:
        prediction = predict_section(
            clean,
            network,
            section,
            progress=progress,
            announce=lambda line: typer.echo(line, err=True),
        )
    if "ladder_rule" in prediction.attrs:
        print(ladder_table(prediction.attrs["ladder"]))
        typer.echo(prediction.attrs["ladder_rule"], err=True)
    for warning in prediction.attrs.get("warnings", []):
        typer.echo(f"warning: {warning}", err=True)
    product(prediction, out)
    print(out)
    if report is None:
        return
    with progress_bar("Re-modelling shots") as progress:
        checks = check_inversion(clean, prediction, network, check, progress=progress)
    write_inversion_report(
        report,
        title=out.stem,
        prediction=prediction,
        checks=checks,
        raw=raw_survey,
        clean=clean,
        checkpoint=network,
        wells=None if wells is None else _misfits(prediction, wells),
    )
    print(report)


def _misfits(prediction: xr.Dataset, wells: Path) -> dict[str, WellMisfit]:
    """What the wells near the line say; those that say nothing are told."""
    from geoml.workflow.well_tie import tie_wells

    found, left_out = tie_wells(prediction, wells)
    for line in left_out:
        typer.echo(f"well left out: {line}", err=True)
    return found


def rung_specs(given: list[str]) -> list[Any]:
    """Rungs as a workflow writes them: names, or the items of a YAML list where one has options.

    Raises:
        OptionError: If one is no YAML.
    """
    import yaml

    from geoml.errors import OptionError

    specs: list[Any] = []
    for text in given:
        try:
            specs += yaml.safe_load(f"[{text}]") if ":" in text else [text]
        except yaml.YAMLError:
            raise OptionError(
                f"--refine '{text}' cannot be read; write names with commas between them, a rung "
                "with options as 'name: {option: value}'."
            ) from None
    return specs
