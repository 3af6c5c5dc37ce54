"""``geoml wells``: well logs from files into a store, and what is inside it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from geoml.cli import options as o
from geoml.cli.progress import progress_bar
from geoml.cli.wells_learn import evaluate, predict, train

_MOST_FINDINGS = 20

LogFiles = Annotated[
    list[str],
    typer.Argument(
        metavar="FILES... OUT",
        help="LAS, DLIS or CSV files, patterns or folders, and last the store to make.",
    ),
]
WellsStore = Annotated[
    Path, typer.Argument(metavar="STORE", help="Wells store, as 'geoml wells ingest' makes it.")
]


def ingest(
    files: LogFiles,
    name: Annotated[
        list[str] | None,
        typer.Option("--name", help="MNEMONIC=NAME: what a curve is, such as ZDEN=RHOB."),
    ] = None,
    unit: Annotated[
        list[str] | None,
        typer.Option("--unit", help="MNEMONIC=UNIT: a curve's unit, such as DT=us/ft."),
    ] = None,
    null: Annotated[
        list[float] | None, typer.Option("--null", help="One more value that means 'missing'.")
    ] = None,
    step_m: Annotated[
        float | None,
        typer.Option("--step-m", help="Step of the depth grid [m]; each file's own by default."),
    ] = None,
    max_gap_m: Annotated[
        float | None,
        typer.Option("--max-gap-m", help="Longest gap that is interpolated [m], where it must be."),
    ] = None,
    depth_unit: Annotated[str | None, typer.Option(help="Unit of the depths, m or ft.")] = None,
    depth: Annotated[str | None, typer.Option(help="Column of a table with the depths.")] = None,
    well: Annotated[str | None, typer.Option(help="Column of a table with the wells.")] = None,
    row_step_m: Annotated[
        float | None,
        typer.Option("--row-step-m", help="Distance of the rows of a table without depths [m]."),
    ] = None,
    delimiter: Annotated[str | None, typer.Option(help="What parts a table's columns.")] = None,
    strict: Annotated[bool, typer.Option("--strict", help="Refuse all if one is refused.")] = False,
    scheduler: Annotated[
        str | None,
        typer.Option(help="Where files are read: processes, threads, synchronous, tcp://..."),
    ] = None,
    overwrite: o.Overwrite = False,
) -> None:
    """Read log files into a wells store, in standard names and units, originals beside."""
    from geoml.errors import OptionError
    from geoml.readers.ingest_wells import ingest_wells
    from geoml.readers.log_options import LogOptions

    if len(files) < 2:
        raise OptionError("geoml wells ingest FILES... OUT: at least one file and a store.")
    chosen = LogOptions(
        names=_pairs(name, "--name"),
        units=_pairs(unit, "--unit"),
        nulls=tuple(null or ()),
        step_m=step_m,
        max_gap_m=max_gap_m,
        depth_unit=depth_unit,
        depth=depth,
        well=well,
        row_step_m=row_step_m,
        delimiter=delimiter,
    )
    with progress_bar("Reading logs") as progress:
        report = ingest_wells(
            files[:-1],
            files[-1],
            chosen,
            strict=strict,
            scheduler=scheduler,
            overwrite=overwrite,
            progress=progress,
        )
    for _, reason in report.refused:
        print(f"{'refused':<10} {reason}")
    _print_findings(report.findings)
    print(f"{files[-1]}: {len(report.names)} wells from {report.n_files} files")


def show(
    store: WellsStore,
    wells: Annotated[
        list[str] | None, typer.Option("--well", help="Only this well; may be repeated.")
    ] = None,
    png: Annotated[
        Path | None, typer.Option(help="Folder for a composite log of each chosen well.")
    ] = None,
    original: Annotated[
        bool, typer.Option("--original", help="Names and units in the files as well.")
    ] = False,
) -> None:
    """Tell what is inside a wells store: wells, curves, coverage, flags; draw it with --png."""
    from geoml.survey.wells import open_wells
    from geoml.survey.wells_description import log_lines

    table = open_wells(store)
    for line in log_lines(table, wells, original=original):
        print(line)
    if png is not None:
        from geoml.products.log_figure import save_log_figures

        png.mkdir(parents=True, exist_ok=True)
        for path in save_log_figures(table, png, wells):
            print(f"drawn {path}")


def qc(
    store: WellsStore,
    out: Annotated[
        Path | None, typer.Argument(metavar="[OUT]", help="Store to make, flagged values missing.")
    ] = None,
    wells: Annotated[
        list[str] | None, typer.Option("--well", help="Only this well; may be repeated.")
    ] = None,
    washout_in: Annotated[
        float, typer.Option("--washout-in", help="Hole wider than its bit by this is bad [in].")
    ] = 1.5,
    png: Annotated[Path | None, typer.Option(help="Folder for a picture of each well.")] = None,
    overwrite: o.Overwrite = False,
) -> None:
    """Flag impossible values, spikes and washed-out hole; count them, draw them, leave them out."""
    from geoml import __version__
    from geoml.preprocess.log_quality import LogQuality, flag_counts, without_flagged
    from geoml.products.las_file import las_name
    from geoml.products.log_quality_figure import log_quality_figure
    from geoml.products.style import png_bytes, write_whole
    from geoml.survey.store_files import history_line
    from geoml.survey.wells import WellWriter, open_wells, original_if_stored
    from geoml.survey.wells import wells as wells_of

    quality = LogQuality(washout_in=washout_in)
    table = open_wells(store)
    line = history_line("wells qc", {"washout_in": washout_in}, __version__)
    history = [*table.attrs.get("history", []), line]
    writer = None if out is None else WellWriter(out, history=history, overwrite=overwrite)
    print(f"{'well':<28} {'curve':<10} {'range':>7} {'spike':>7} {'bad hole':>8}")
    for name, well in wells_of(table, wells):
        flagged = quality(well)
        for curve, counts in flag_counts(flagged).items():
            if any(counts):
                print(f"{name[:28]:<28} {curve:<10} {counts[0]:>7} {counts[1]:>7} {counts[2]:>8}")
        if png is not None:
            path = png / f"{las_name(name).removesuffix('.las')}_qc.png"
            write_whole(path, png_bytes(log_quality_figure(flagged)))
        if writer is not None:
            writer.append(without_flagged(flagged), original_if_stored(store, name))
    if writer is not None:
        writer.finish()
        print(out)


def tie(
    section: Annotated[
        Path,
        typer.Argument(metavar="SECTION", help="Velocity section, as 'geoml invert' makes it."),
    ],
    store: WellsStore,
    wells: Annotated[
        list[str] | None, typer.Option("--well", help="Only this well; may be repeated.")
    ] = None,
    distance_m: Annotated[
        float | None,
        typer.Option("--distance-m", help="Where a vertical well stands on the line [m]."),
    ] = None,
    datum_m: Annotated[
        float, typer.Option("--datum-m", help="Elevation of the section's depth 0 [m].")
    ] = 0.0,
    kelly_bushing_m: Annotated[
        float | None,
        typer.Option("--kelly-bushing-m", help="Elevation of the wells' depth reference [m]."),
    ] = None,
    png: Annotated[Path | None, typer.Option(help="Picture of the comparison.")] = None,
) -> None:
    """Compare a velocity section with the sonic of wells along their paths."""
    from geoml.products.style import png_bytes, write_whole
    from geoml.products.well_tie_figure import well_tie_figure
    from geoml.survey.velocity import open_section
    from geoml.survey.wells import wells as wells_of
    from geoml.workflow.well_tie import tie_well

    velocity = open_section(section)
    found = {}
    print(
        f"{'well':<24} {'cells':>5} {'RMS':>6} {'trend':>6} {'bias':>6} {'corr':>5} {'in 1 std':>8}"
    )
    for name, well in wells_of(store, wells):
        tied = tie_well(
            velocity, well, distance_m=distance_m, datum_m=datum_m, kelly_bushing_m=kelly_bushing_m
        )
        one = found[name] = tied.misfit
        inside = "" if one.within_std is None else f"{one.within_std:.0%}"
        print(
            f"{name[:24]:<24} {one.n_cells:>5} {one.rms_m_s:>6.0f} {one.trend_rms_m_s:>6.0f} "
            f"{one.bias_m_s:>+6.0f} {one.correlation:>5.2f} {inside:>8}"
        )
        if tied.offset_m is not None:
            print(f"  at {tied.distance_m:.0f} m along the line, {tied.offset_m:.0f} m beside it")
    if png is not None:
        write_whole(png, png_bytes(well_tie_figure(found)))
        print(png)


def export(
    store: WellsStore,
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="Where the LAS files go.")],
    wells: Annotated[
        list[str] | None, typer.Option("--well", help="Only this well; may be repeated.")
    ] = None,
    regular: Annotated[
        bool, typer.Option("--regular", help="Standard names on the regular grid instead.")
    ] = False,
    overwrite: o.Overwrite = False,
) -> None:
    """Write LAS: each file's own curves to the last digit, and what geoml made beside them."""
    from geoml.products.las_file import las_name, save_las
    from geoml.survey.wells import open_wells, original_if_stored
    from geoml.survey.wells import wells as wells_of

    table = open_wells(store)
    for name, well in wells_of(table, wells):
        original = None if regular else original_if_stored(store, name)
        if original is None and not regular:
            print(f"{name}: its file's curves are not in the store; its grid is written")
        path = folder / las_name(name)
        history = [str(line) for line in table.attrs.get("history", [])]
        save_las(well, path, original=original, history=history, overwrite=overwrite)
        print(path)


WELLS_COMMANDS: tuple[Callable[..., Any], ...] = (
    ingest,
    show,
    qc,
    train,
    evaluate,
    predict,
    tie,
    export,
)
"""In the order of the work; the help text keeps it."""

wells_app = typer.Typer(
    help="Well logs: from LAS, DLIS and tables to predicted curves and facies, and back to LAS.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
for _command in WELLS_COMMANDS:
    wells_app.command()(_command)


def _pairs(given: list[str] | None, option: str) -> dict[str, str]:
    from geoml.errors import OptionError

    pairs = {}
    for text in given or ():
        key, mark, value = text.partition("=")
        if not mark or not key.strip() or not value.strip():
            raise OptionError(f"{option} '{text}': MNEMONIC=VALUE is needed, such as DT=us/ft.")
        pairs[key.strip()] = value.strip()
    return pairs


def _print_findings(findings: list[tuple[str, str]]) -> None:
    """What was noticed, lines that several wells share once."""
    shared: dict[str, list[str]] = {}
    for well, text in findings:
        shared.setdefault(text, []).append(well)
    for text, names in list(shared.items())[:_MOST_FINDINGS]:
        who = names[0] if len(names) == 1 else f"{names[0]} and {len(names) - 1} more"
        print(f"{'finding':<10} {who}: {text}")
    if len(shared) > _MOST_FINDINGS:
        print(f"{'finding':<10} {len(shared) - _MOST_FINDINGS} more; they are kept with the wells")
