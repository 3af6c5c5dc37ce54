"""``geoml train``: a network on a pair store, or a prior on velocity models."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from geoml.cli import options as o


def train(
    pairs: Annotated[
        Path,
        typer.Argument(
            help="Pair store, as 'geoml simulate' makes it; for --task prior also velocity models: "
            "a store of 'geoml generate', .npy, a folder or zip of them; for --task denoise a "
            "survey store, or 'synthetic'."
        ),
    ],
    out: Annotated[Path, typer.Option(help="Folder for the checkpoint.")],
    task: Annotated[
        str,
        typer.Option(
            help="What is learned: velocity_edges, velocity, prior or denoise; parts of the loss "
            "of pairs as in a workflow, 'velocity_edges: {depth_weight: 1}'."
        ),
    ] = "velocity_edges",
    model: Annotated[
        str | None,
        typer.Option(
            help="Network; for pairs mh_unet_s, mh_unet_m, mh_unet_l, inversion_net, fcnvmb, "
            "dual_decoder, vit_inversion, velocity_gan, cvae or cwgan, with options "
            "'mh_unet_s: {separate_decoders: true}'. mh_unet_s if not given, vae for --task prior."
        ),
    ] = None,
    max_epochs: Annotated[int | None, typer.Option(help="Epochs at most.")] = None,
    max_minutes: Annotated[float | None, typer.Option(help="Minutes at most.")] = None,
    batch_size: Annotated[int | None, typer.Option(help="Pairs a batch.")] = None,
    learning_rate: Annotated[float | None, typer.Option(help="Highest learning rate.")] = None,
    seed: Annotated[int | None, typer.Option(help="Seed of weights and order.")] = None,
    precision: Annotated[str | None, typer.Option(help="As Lightning spells it.")] = None,
    devices: Annotated[str | None, typer.Option(help="As Lightning spells it.")] = None,
    strategy: Annotated[str | None, typer.Option(help="As Lightning spells it.")] = None,
    stream: Annotated[
        Path | None,
        typer.Option(
            help="Train on fresh pairs, modelled meanwhile: YAML of the stream's options; the "
            "store judges."
        ),
    ] = None,
    option: Annotated[
        list[str] | None, typer.Option(help="Any other training option, as name=value.")
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with an interrupted training.")
    ] = False,
    overwrite: o.Overwrite = False,
) -> None:
    """Train a network; the checkpoint folder also holds the curve and its scores."""
    from geoml.errors import OptionError
    from geoml.workflow.specification import TrainSection, checked, load_options
    from geoml.workflow.training import train_pairs

    chosen: dict[str, Any] = {
        "max_epochs": max_epochs,
        "max_minutes": max_minutes,
        "batch_size": batch_size,
        "learning_rate": learning_rate,
        "seed": seed,
        "precision": precision,
        "devices": devices,
        "strategy": strategy,
    }
    chosen = {name: value for name, value in chosen.items() if value is not None}
    chosen |= o.named_values(option or [])
    if task == "prior":
        from geoml.workflow.prior_training import train_prior_on

        if stream is not None or resume:
            raise OptionError("--stream and --resume belong to pairs; a prior takes neither.")
        _refuse_finished(out, overwrite)
        print(train_prior_on(pairs, out, model or "vae", chosen))
        return
    if task == "denoise":
        from geoml.workflow.denoiser_training import train_survey_denoiser

        if stream is not None or resume:
            raise OptionError("--stream and --resume belong to pairs; a denoiser takes neither.")
        _refuse_finished(out, overwrite)
        print(train_survey_denoiser(pairs, out, model, chosen))
        return
    if resume and overwrite:
        raise OptionError("--resume goes on with a run and --overwrite drops it; give one of them.")
    if stream is not None:
        chosen["stream"] = load_options(stream)
    chosen = {
        "task": o.named_options(task, "--task"),
        "model": o.named_options(model or "mh_unet_s", "--model"),
        **chosen,
    }
    section = checked(TrainSection, chosen, "train")
    print(train_pairs(pairs, out, section, resume=resume, overwrite=overwrite))


def _refuse_finished(out: Path, overwrite: bool) -> None:
    """Stop before a network takes the place of a trained one unasked."""
    from geoml.errors import StoreError
    from geoml.network_checkpoint import SETTINGS_NAME

    if (out / SETTINGS_NAME).exists() and not overwrite:
        raise StoreError(f"{out} holds a finished run; give another folder or pass --overwrite.")
