"""``geoml noise``: a survey's own noise, for training."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def noise(
    survey: Annotated[
        Path, typer.Argument(help="Survey store, processed like the pairs but not muted.")
    ],
    out: Annotated[Path, typer.Argument(help="Noise bank to write, such as noise.npz.")],
    patch_s: Annotated[float, typer.Option(help="Length of a patch of noise [s].")] = 0.2,
    n_traces: Annotated[int, typer.Option(help="Neighbouring traces in a patch.")] = 8,
    lead_s: Annotated[float, typer.Option(help="Left out before the first arrival [s].")] = 0.03,
    fastest_m_s: Annotated[
        float, typer.Option(help="No arrival is faster [m/s]; used where none is picked.")
    ] = 6000.0,
) -> None:
    """Cut noise from before the first arrivals; training adds it with noise_bank: noise.npz."""
    from geoml.survey.noise_bank import cut_noise
    from geoml.survey.store import open_survey

    bank = cut_noise(
        open_survey(survey),
        patch_s=patch_s,
        n_traces=n_traces,
        lead_s=lead_s,
        fastest_m_s=fastest_m_s,
    )
    bank.save(out)
    n_patches, n_samples, width = bank.patches.shape
    print(f"{out}: {n_patches} patches of {n_samples} samples x {width} traces")
