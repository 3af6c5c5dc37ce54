"""``geoml latent``: codes of patches, facies by their clusters, anomalous traces."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from geoml.cli import options as o
from geoml.cli.progress import progress_bar

latent_app = typer.Typer(
    help="Autoencoders: codes of gathers and sections, facies, anomalous traces.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

_Gather = Annotated[
    Literal["shot", "receiver", "cdp", "offset"] | None,
    typer.Option(
        help="Whose traces are neighbours; by default a shot's, and all of a stacked section."
    ),
]


@latent_app.command()
def train(
    source: Annotated[
        str,
        typer.Argument(
            help="Survey store, pair store, or folder, .zip or .npy of OpenFWI velocity models."
        ),
    ],
    out: Annotated[Path, typer.Option(help="Folder for the checkpoint.")],
    model: Annotated[
        str,
        typer.Option(
            help="component_autoencoder, conv_autoencoder, variational_autoencoder, "
            "dense_autoencoder; or neighbour_predictor, for anomalies."
        ),
    ] = "conv_autoencoder",
    code: Annotated[int, typer.Option(help="Numbers of the code.")] = 32,
    patch: Annotated[
        str | None, typer.Option(help="Traces and samples of a patch, as 32x64.")
    ] = None,
    gather: _Gather = None,
    option: Annotated[
        list[str] | None, typer.Option(help="An option of the network, as name=value.")
    ] = None,
    steps: Annotated[int, typer.Option(help="Batches to learn from.")] = 4000,
    max_cpu_minutes: Annotated[
        float | None, typer.Option("--max-cpu-minutes", help="Stop after this CPU time [min].")
    ] = None,
    batch_size: Annotated[int, typer.Option(help="Patches a batch.")] = 32,
    beta: Annotated[
        float, typer.Option(help="Weight of a variational code's divergence from N(0, 1).")
    ] = 1.0,
    kl_warmup: Annotated[
        float, typer.Option("--kl-warmup", help="Share of the steps in which that weight grows.")
    ] = 0.2,
    seed: Annotated[int, typer.Option(help="Same seed, same network.")] = 0,
    overwrite: o.Overwrite = False,
) -> None:
    """Train an autoencoder and print how its code does beside PCA of equal size."""
    from geoml.errors import CheckpointError
    from geoml.network_checkpoint import save_network_checkpoint
    from geoml.training.fit_network import FitOptions
    from geoml.workflow.latent import train_code

    if (out / "network.json").exists() and not overwrite:
        raise CheckpointError(f"{out} holds a network already; pass --overwrite to replace it.")
    options = o.named_values(option or [])
    fit = FitOptions(steps=steps, max_cpu_minutes=max_cpu_minutes, batch_size=batch_size, seed=seed)
    with progress_bar("Training") as progress:
        checkpoint = train_code(
            source,
            fit,
            model=model,
            code=code,
            patch=_pair(patch),
            gather=gather,
            options=options,
            beta=beta,
            kl_warmup=kl_warmup,
            progress=progress,
        )
    save_network_checkpoint(checkpoint, out)
    for line in checkpoint.training.get("warnings", []):
        print(f"WARNING: {line}")
    for name, value in checkpoint.training.get("scores", {}).items():
        print(f"{name:<12}{value:8.4f}")
    print(out)


@latent_app.command()
def codes(
    source: Annotated[str, typer.Argument(help="Survey store, or velocity models as for train.")],
    out: Annotated[Path, typer.Argument(help="Zarr store of codes to make.")],
    checkpoint: Annotated[str, typer.Option(help="Folder that 'geoml latent train' wrote.")],
    step: Annotated[
        str | None,
        typer.Option(help="Traces and samples between patches, as 8x16; else half a patch."),
    ] = None,
    gather: _Gather = None,
    overwrite: o.Overwrite = False,
) -> None:
    """Write the code of every patch of a survey, or of every velocity section."""
    from geoml.prediction.code_store import write_section_codes, write_survey_codes
    from geoml.prediction.codes import load_coder
    from geoml.survey.gathers import usual_gather
    from geoml.survey.store import open_survey
    from geoml.training.prior_data import read_velocity_sections

    coder = load_coder(checkpoint)
    with progress_bar("Coding") as progress:
        if coder.scaling.scale is not None:
            sections = read_velocity_sections(Path(source)).velocity
            write_section_codes(coder, sections, out, overwrite=overwrite, progress=progress)
        else:
            survey = open_survey(source)
            write_survey_codes(
                coder,
                survey,
                out,
                gather=gather or usual_gather(survey),
                step=_pair(step),
                overwrite=overwrite,
                progress=progress,
            )
    print(out)


@latent_app.command()
def facies(
    store: o.Store,
    out: o.NewStore,
    checkpoint: Annotated[
        str | None,
        typer.Option(help="Folder of 'geoml latent train'; without it, classical attributes."),
    ] = None,
    n_facies: Annotated[int, typer.Option("--facies", help="How many.")] = 6,
    method: Annotated[Literal["kmeans", "gaussian_mixture"], typer.Option()] = "kmeans",
    picture: Annotated[Path | None, typer.Option(help="PNG of the facies on the section.")] = None,
    seed: Annotated[int, typer.Option(help="Same seed, same facies.")] = 0,
    overwrite: o.Overwrite = False,
) -> None:
    """Label a stacked section by clusters; 'geoml export OUT labels.sgy' makes SEG-Y of it."""
    from geoml.workflow.latent import write_facies

    write_facies(
        store, out, checkpoint, n_facies, method, picture=picture, seed=seed, overwrite=overwrite
    )
    print(out)


@latent_app.command()
def anomalies(
    store: o.Store,
    out: Annotated[Path, typer.Argument(help="CSV table to write, the worst trace first.")],
    checkpoint: Annotated[
        str | None,
        typer.Option(help="Trained neighbour_predictor; without it the rules judge alone."),
    ] = None,
    by: Annotated[
        Literal["rules", "neighbours", "both"] | None, typer.Option(help="Which of them.")
    ] = None,
    least: Annotated[
        float,
        typer.Option(help="Score from which a trace is listed: 3 is next to certain, 0 lists all."),
    ] = 3.0,
    steps: Annotated[
        Path | None, typer.Option(help="YAML steps to write, which kill the listed traces.")
    ] = None,
    gather: _Gather = None,
) -> None:
    """Score every trace by how unusual it is in its gather."""
    from geoml.workflow.latent import write_anomalies

    found = write_anomalies(
        store, out, checkpoint=checkpoint, by=by, gather=gather, least=least, steps=steps
    )
    print(f"{int((found.score >= least).sum())} of {found.score.size} traces")
    print(out)


def _pair(text: str | None) -> tuple[int, int] | None:
    """Two whole numbers, written as 32x64."""
    from geoml.errors import OptionError

    if text is None:
        return None
    try:
        first, second = (int(part) for part in text.lower().split("x"))
    except ValueError:
        raise OptionError(f"'{text}' is not two whole numbers such as 32x64.") from None
    if min(first, second) < 1:
        raise OptionError(f"'{text}': both numbers are at least 1.")
    return first, second
