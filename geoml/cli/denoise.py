"""``geoml denoise``: a survey store without what a trained network takes for noise."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from geoml.cli import options as o
from geoml.cli.progress import progress_bar


def denoise(
    store: o.Store,
    out: o.NewStore,
    checkpoint: Annotated[
        str,
        typer.Option(help="Folder of 'geoml train --task denoise', or name of a shipped denoiser."),
    ] = "geoml:denoiser",
    removed: Annotated[
        str | None,
        typer.Option(help="Survey store for what is taken away: the input less the output."),
    ] = None,
    gather: Annotated[
        Literal["shot", "receiver", "cdp", "offset"] | None,
        typer.Option(
            help="Whose traces are neighbours; by default those of a shot, and all those of a "
            "stacked section."
        ),
    ] = None,
    overlap: Annotated[
        float, typer.Option(help="Share of a patch that the next one covers too, 0 to 0.9.")
    ] = 0.5,
    gain_window_s: Annotated[
        float,
        typer.Option(
            "--gain-window-s",
            help="Take off the RMS of such a window before the network and put it back behind it "
            "[s]; 0 for none.",
        ),
    ] = 0.5,
    dt_s: Annotated[
        float | None,
        typer.Option(
            "--dt-s",
            help="Sample interval that the network works at [s]: a coarse one for wide stations.",
        ),
    ] = None,
    fill_dead: Annotated[
        bool, typer.Option("--fill-dead", help="Make dead traces of their neighbours.")
    ] = False,
    protect_s: Annotated[
        float | None,
        typer.Option(
            "--protect-s",
            help="Keep what was recorded up to this time behind each picked first break [s]; the "
            "survey needs picks.",
        ),
    ] = None,
    report: Annotated[
        Path | None,
        typer.Option(help="HTML report to write: before, after, removed, and their spectra."),
    ] = None,
    report_gathers: Annotated[int, typer.Option(help="Gathers that the report shows.")] = 3,
    device: Annotated[str, typer.Option(help="As torch spells it.")] = "cpu",
    bfloat16: Annotated[
        bool,
        typer.Option("--bfloat16", help="Compute in bfloat16: faster on some processors."),
    ] = False,
    scheduler: o.Scheduler = "threads",
    overwrite: o.Overwrite = False,
) -> None:
    """Take noise away, whole gathers at a time; run it again to go on after a kill."""
    from geoml.errors import OptionError
    from geoml.prediction.denoise import denoise_step, denoise_store
    from geoml.survey.gathers import usual_gather
    from geoml.survey.store import open_survey

    if report_gathers < 1:
        raise OptionError(f"--report-gathers is {report_gathers}; it must be 1 or more.")
    step = denoise_step(
        checkpoint,
        gather=gather or usual_gather(open_survey(store)),
        overlap=overlap,
        gain_window_s=gain_window_s or None,
        dt_s=dt_s,
        fill_dead=fill_dead,
        protect_s=protect_s,
        device=device,
        bfloat16=bfloat16,
    )
    with progress_bar("Denoising traces") as progress:
        denoise_store(
            store,
            out,
            step,
            removed=removed,
            overwrite=overwrite,
            scheduler=scheduler,
            progress=progress,
        )
    print(out)
    if removed is not None:
        print(removed)
    if report is not None:
        from geoml.workflow.denoising import write_denoise_report

        write_denoise_report(report, store, out, step, n_gathers=report_gathers)
        print(report)
