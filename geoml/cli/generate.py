"""``geoml generate``: velocity models of a family, without shots."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from geoml.cli import options as o
from geoml.cli.progress import progress_bar


def generate(
    family: Annotated[
        list[str],
        typer.Option(
            help="Velocity family; a trained prior as vae:NAME, folder or shipped. Give several to "
            "mix them."
        ),
    ],
    out: Annotated[Path, typer.Option(help="models.npy, as OpenFWI has them, or models.zarr.")],
    count: Annotated[int, typer.Option(help="Models to draw.")] = 16,
    seed: Annotated[int, typer.Option(help="Same seed, same models.")] = 0,
    preset: Annotated[
        str, typer.Option(help="Grid and velocity range: openfwi, streamer or land.")
    ] = "openfwi",
    cells: Annotated[
        str | None, typer.Option(help="Rows and columns in place of the preset's, as 70x70.")
    ] = None,
    spacing_m: Annotated[
        float | None, typer.Option("--spacing-m", help="Cell size in place of the preset's [m].")
    ] = None,
    option: Annotated[
        list[str] | None, typer.Option(help="An option of the family, as name=value.")
    ] = None,
    png: Annotated[Path | None, typer.Option(help="Picture of the first models.")] = None,
    overwrite: o.Overwrite = False,
) -> None:
    """Draw velocity models; 'geoml simulate --families' shoots over the same ones."""
    from geoml.errors import OptionError
    from geoml.registry import lookup
    from geoml.synthetic import SectionGrid
    from geoml.synthetic.presets import PRESETS
    from geoml.workflow.generation import generate_models

    grid = SectionGrid.of(lookup(PRESETS, preset, "preset").acquisition)
    rows, columns = grid.shape
    if cells is not None:
        try:
            rows, columns = (int(side) for side in cells.lower().split("x"))
        except ValueError:
            raise OptionError(f"--cells {cells}: write rows x columns, such as 70x70.") from None
    options = o.named_values(option or [])
    if options and len(family) > 1:
        raise OptionError(f"--option belongs to one family, and {len(family)} are given.")
    with progress_bar("Drawing models") as progress:
        generate_models(
            out,
            [{name: options} for name in family],
            count,
            preset=preset,
            grid=SectionGrid(rows, columns, grid.spacing_m if spacing_m is None else spacing_m),
            seed=seed,
            png=png,
            overwrite=overwrite,
            progress=progress,
        )
    print(out)
