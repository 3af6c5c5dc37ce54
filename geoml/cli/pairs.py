"""``geoml pairs``: pair stores from OpenFWI's arrays, and back."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from geoml.cli import options as o
from geoml.cli.progress import progress_bar

pairs_app = typer.Typer(
    help="Pair stores from and to the .npy arrays of OpenFWI.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@pairs_app.command("import")
def import_pairs(
    folder: Annotated[
        Path,
        typer.Argument(help="Folder with data*.npy and model*.npy, or seis*.npy and vel*.npy."),
    ],
    out: Annotated[Path, typer.Argument(help="Pair store to make, such as pairs.zarr.")],
    preset: Annotated[
        str, typer.Option(help="Acquisition of the arrays, which they do not say.")
    ] = "openfwi",
    name: Annotated[str | None, typer.Option(help="Their family; the folder's if not given.")] = (
        None
    ),
    overwrite: o.Overwrite = False,
) -> None:
    """Read OpenFWI's shots and models into a pair store that 'geoml train' reads."""
    import geoml
    from geoml.readers.openfwi_folder import openfwi_files
    from geoml.registry import lookup
    from geoml.survey.openfwi import openfwi_to_pairs
    from geoml.synthetic.presets import PRESETS

    chosen = lookup(PRESETS, preset, "preset")
    shots, models = openfwi_files(folder)
    grid = chosen.grid()
    attrs = {
        "families": [name or folder.resolve().name],
        "modelling": {"accuracy": grid.accuracy, "simulation_spacing_m": grid.spacing_m},
        "provenance": {
            "geoml": geoml.__version__,
            "preset": preset,
            "arrays": [file.name for file in (*shots, *models)],
        },
    }
    with progress_bar("Reading pairs") as progress:
        openfwi_to_pairs(
            shots, models, out, chosen.acquisition, attrs, overwrite=overwrite, progress=progress
        )
    print(out)


@pairs_app.command("export")
def export_pairs(
    pairs: Annotated[Path, typer.Argument(help="Pair store, as 'geoml simulate' makes it.")],
    folder: Annotated[Path, typer.Argument(help="Folder to make for data1.npy, model1.npy, ...")],
    per_file: Annotated[int, typer.Option(help="Pairs a file.")] = 500,
) -> None:
    """Write a pair store as OpenFWI's arrays of shots and models."""
    from geoml.survey.openfwi import pairs_to_openfwi

    pairs_to_openfwi(pairs, folder, per_file=per_file)
    print(folder)
