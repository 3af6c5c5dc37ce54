"""``geoml fwi``: waveform inversion alone, as one would do without a network."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from geoml.cli import options as o
from geoml.cli.progress import progress_bar

if TYPE_CHECKING:
    import xarray as xr

_MAX_SHOTS = 40


def fwi(
    store: Annotated[
        Path, typer.Argument(metavar="STORE", help="Pair store, or processed survey store.")
    ],
    out: Annotated[
        Path, typer.Option(help="Section to write: .zarr, .npy, .png, or .sgy for a line.")
    ],
    start: Annotated[
        str | None,
        typer.Option(
            help="Of a pair: gradient, gradient:TOP:BOTTOM, smooth:SIGMA_M, or a .npy or .zarr "
            "section. Of a line: trend, or a .zarr section."
        ),
    ] = None,
    sample: Annotated[
        int | None, typer.Option(help="Pair of a pair store, the first if not given.")
    ] = None,
    prior: Annotated[
        str | None,
        typer.Option(
            help="Velocity prior 'vae' or posterior 'cvae', a folder or shipped name: of a pair, "
            "its code is inverted for instead of cells."
        ),
    ] = None,
    then_cells: Annotated[
        bool, typer.Option("--then-cells", help="Go on with cells from the code's section.")
    ] = False,
    checkpoint: Annotated[
        str | None,
        typer.Option(help="Gives a line's wavelet, grid and trend; its network stays unused."),
    ] = None,
    settings: Annotated[
        Path | None,
        typer.Option(help="YAML with layout, wavelet and trend of a line, without a checkpoint."),
    ] = None,
    raw: Annotated[
        Path | None, typer.Option(help="Survey store before processing, for the wavelet.")
    ] = None,
    report: Annotated[
        Path | None, typer.Option(help="HTML report of a line; needs --checkpoint.")
    ] = None,
    max_shots: Annotated[
        int | None,
        typer.Option(min=1, help="Most shots of a line to use, evenly spread; 40 if not given."),
    ] = None,
    option: Annotated[
        list[str] | None,
        typer.Option(help="Option of the inversion, as name=value, such as bands_hz=[6,10,16]."),
    ] = None,
    state: Annotated[
        Path | None, typer.Option(help="File from which a killed run goes on.")
    ] = None,
    device: Annotated[str, typer.Option(help="As torch spells it.")] = "cpu",
    overwrite: o.Overwrite = False,
) -> None:
    """Invert waveforms from a smooth or gradient start; print misfit, cost and, if known, error."""
    import zarr

    from geoml.errors import OptionError, StoreError
    from geoml.products import check_place

    if not (store / "zarr.json").is_file():
        raise StoreError(f"{store}: no store there; give a pair store or a survey store.")
    given = o.named_values(option or [])
    check_place(out, [path for path in (store, raw) if path is not None], overwrite)
    if "pairs_version" in zarr.open_group(store, mode="r").attrs:
        for name, value in (
            ("--checkpoint", checkpoint),
            ("--report", report),
            ("--raw", raw),
            ("--settings", settings),
            ("--max-shots", max_shots),
        ):
            if value is not None:
                raise OptionError(f"{name} goes with a survey store; {store.name} holds pairs.")
        if then_cells and prior is None:
            raise OptionError("--then-cells goes on from a code; give its network with --prior.")
        if state is not None and prior is not None and not then_cells:
            raise OptionError(
                "--state keeps an inversion of cells, and --prior inverts a code; add "
                "--then-cells, or leave it out."
            )
        prediction = _pair(
            store, sample or 0, start or "gradient", given, prior, then_cells, state, device, out
        )
    else:
        if prior is not None:
            raise OptionError(
                f"--prior goes with a pair store, of whose grid the prior is; {store.name} is a "
                "survey. Leave it out."
            )
        if sample is not None:
            raise OptionError(
                f"--sample names a pair, and {store.name} is a survey store. Leave it out."
            )
        if settings is not None and checkpoint is not None:
            raise OptionError(
                "--settings says what a checkpoint knows by itself; leave one of the two out."
            )
        if report is not None and checkpoint is None:
            raise OptionError("--report needs --checkpoint, whose training it describes.")
        prediction = _line(
            store, start or "trend", given, checkpoint, settings, raw, report,
            _MAX_SHOTS if max_shots is None else max_shots, state, device, out,
        )  # fmt: skip
    for line in _told(prediction.attrs):
        typer.echo(line)
    for warning in prediction.attrs["warnings"]:
        if warning != prediction.attrs["fwi"]["message"]:
            typer.echo(f"warning: {warning}", err=True)
    print(out)
    if report is not None:
        print(report)


def _pair(
    store: Path,
    sample: int,
    start: str,
    given: dict[str, Any],
    prior: str | None,
    then_cells: bool,
    state: Path | None,
    device: str,
    out: Path,
) -> xr.Dataset:
    from geoml.workflow.fwi import invert_pair

    write = _writer(out)
    with progress_bar("Inverting waveforms") as progress:
        prediction = invert_pair(
            store,
            sample,
            start,
            given,
            prior=prior,
            then_cells=then_cells,
            state=state,
            device=device,
            progress=progress,
        )
    write(prediction)
    return prediction


def _line(
    store: Path,
    start: str,
    given: dict[str, Any],
    checkpoint: str | None,
    settings: Path | None,
    raw: Path | None,
    report: Path | None,
    max_shots: int,
    state: Path | None,
    device: str,
    out: Path,
) -> xr.Dataset:
    from geoml.checkpoint import load_checkpoint
    from geoml.survey.store import open_survey
    from geoml.workflow.fwi import invert_line
    from geoml.workflow.inversion import check_inversion, write_inversion_report
    from geoml.workflow.specification import CheckSection, load_match_section

    write = _writer(out)
    clean = open_survey(str(store))
    network = None if checkpoint is None else load_checkpoint(checkpoint)
    raw_survey = None if raw is None else open_survey(str(raw))
    with progress_bar("Inverting waveforms") as progress:
        prediction = invert_line(
            clean,
            start,
            given,
            checkpoint=network,
            settings=None if settings is None else load_match_section(settings),
            raw=raw_survey,
            max_shots=max_shots,
            state=state,
            device=device,
            progress=progress,
        )
    write(prediction)
    if report is not None and network is not None:
        with progress_bar("Re-modelling shots") as progress:
            checks = check_inversion(
                clean, prediction, network, CheckSection(shots=max_shots), progress=progress
            )
        write_inversion_report(
            report,
            title=out.stem,
            prediction=prediction,
            checks=checks,
            raw=raw_survey,
            clean=clean,
            checkpoint=network,
        )
    return prediction


def _writer(out: Path) -> Any:
    """What writes the section; a suffix that nothing writes is refused before the work."""
    if out.suffix == ".npy":
        return lambda prediction: _save_array(prediction, out)
    from geoml.products import product_for

    product = product_for(out)
    return lambda prediction: product(prediction, out)


def _save_array(prediction: xr.Dataset, out: Path) -> None:
    """The velocity as an array (depth, distance)."""
    import numpy as np

    from geoml.products.output_file import OutputFiles

    with OutputFiles() as files, files.open(out) as file:
        np.save(file, prediction["velocity"].values)


def _told(attrs: dict[str, Any]) -> list[str]:
    """Verdict, cost and scores, one line each."""
    fwi = attrs["fwi"]
    # Gathers without a signal have no misfit.
    start, end = ("none" if misfit is None else f"{misfit:.4g}" for misfit in fwi["misfit"])
    lines = [
        fwi["message"],
        f"Misfit {start} -> {end}; {fwi['forward_solves']} forward "
        f"and {fwi['adjoint_solves']} adjoint solves, {fwi['seconds']:.1f} CPU s.",
    ]
    for band in dict.fromkeys(fwi["curve_band"]):
        rounds = zip(fwi["curve_band"], fwi["curve_misfit"], strict=True)
        curve = " ".join(f"{misfit:.4g}" for number, misfit in rounds if number == band)
        lines.append(f"Misfit by iteration, band {band + 1}: {curve}")
    if "code_scores" in attrs:
        code, found = attrs["fwi_code"], attrs["code_scores"]
        lines.insert(
            0,
            f"By its code: misfit {code['misfit'][0]:.4g} -> {code['misfit'][1]:.4g}, "
            f"{code['forward_solves'] + code['adjoint_solves']} solves; MAE "
            f"{found['mae_m_s']:.1f} m/s.",
        )
    if "scores" in attrs:
        before, after = attrs["start_scores"], attrs["scores"]
        lines.append(
            f"MAE {before['mae_m_s']:.1f} -> {after['mae_m_s']:.1f} m/s, SSIM "
            f"{before['ssim']:.3f} -> {after['ssim']:.3f} (start -> inverted)."
        )
    return lines
