"""Patches that an autoencoder learns from: velocity sections, or cuts of a survey's gathers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from geoml.errors import ShapeError
from geoml.samples.code_scaling import CodeScaling
from geoml.survey.gathers import GatherKind
from geoml.survey.pairs import open_pairs
from geoml.survey.store import open_survey
from geoml.training.denoise_data import PatchSource, survey_patches
from geoml.training.prior_data import read_velocity_sections

Floats = NDArray[np.float32]

_HELD_OUT = 0.1
_VELOCITY_FILES = {".zip", ".npy"}


@dataclass(frozen=True, eq=False)
class SectionPatches:
    """Whole velocity sections, mirrored at random.

    Attributes:
        sections: [m/s], shape (section, distance, depth).
        name: Where they are from.
        mirror: Whether sections are mirrored left to right.
    """

    sections: Floats
    name: str = ""
    mirror: bool = True
    dt_s: float = 0.0

    def draw(self, rng: np.random.Generator, shape: tuple[int, int]) -> dict[str, Floats]:
        """One section; the shape is theirs.

        Raises:
            ShapeError: If another shape is asked for.
        """
        if shape != self.sections.shape[1:]:
            raise ShapeError(
                f"Sections of {self.sections.shape[1:]} cells (distance, depth) are coded whole; "
                f"found a patch of {shape}."
            )
        section = self.sections[rng.integers(len(self.sections))]
        if self.mirror and rng.uniform() < 0.5:
            section = section[::-1]
        return {"samples": section}

    def describe(self) -> dict[str, Any]:
        """For the checkpoint."""
        return {"source": "sections", "name": self.name, "n_sections": len(self.sections)}


@dataclass(frozen=True, eq=False)
class LatentData:
    """What an autoencoder is trained on and judged by.

    Attributes:
        learned: Patches that train.
        held: Patches of gathers or sections that train nothing; None where there are too few.
        shape: Traces and times, or distances and depths, of a patch.
        scaling: What they are scaled by.
        dt_s: Sample interval [s]; None of velocity sections.
    """

    learned: PatchSource
    held: PatchSource | None
    shape: tuple[int, int]
    scaling: CodeScaling
    dt_s: float | None


def section_data(sections: Floats, held: Floats, name: str = "") -> LatentData:
    """Velocity sections to learn from and others to judge by.

    Args:
        sections: [m/s], shape (section, depth, distance).
        held: Other models, of the same shape.
        name: Where they are from.
    """
    learned, judged = (np.swapaxes(part, 1, 2) for part in (sections, held))
    return LatentData(
        SectionPatches(learned, name),
        SectionPatches(judged, name),
        (learned.shape[1], learned.shape[2]),
        CodeScaling.of_sections(learned),
        None,
    )


def read_latent_data(
    path: str | Path,
    shape: tuple[int, int] | None = None,
    gather: GatherKind | None = None,
    seed: int = 0,
) -> LatentData:
    """Patches of a survey store, or the sections of a pair store or of OpenFWI's .npy files.

    Args:
        path: The store; or a folder, .zip or .npy file of velocity models.
        shape: Traces and times of a patch of a survey; None for (32, 64).
        gather: What traces that lie side by side share; None chooses.
        seed: Chooses the gathers that are held out; of sections the last ones are.

    Raises:
        StoreError: If there is no such store.
        OptionError: If there are too few sections.
        ShapeError: If a patch shape is given for sections, which are coded whole.
    """
    if _holds_velocity(path):
        whole, held = read_velocity_sections(Path(path)).split(_HELD_OUT)
        data = section_data(whole.velocity, held.velocity, Path(path).name)
        if shape not in (None, data.shape):
            raise ShapeError(
                f"Velocity sections are coded whole, {data.shape[0]} x {data.shape[1]}; leave the "
                "patch out."
            )
        return data
    survey = open_survey(path)
    learned, judged = survey_patches(survey, Path(path).name, gather, seed=seed)
    return LatentData(learned, judged, shape or (32, 64), CodeScaling(), learned.dt_s)


def _holds_velocity(path: str | Path) -> bool:
    place = Path(path)
    if place.suffix in _VELOCITY_FILES or (place.is_dir() and any(place.glob("*.npy"))):
        return True
    if not (place / "velocity").exists():
        return False
    open_pairs(place)
    return True


def code_batches(
    source: PatchSource,
    scaling: CodeScaling,
    shape: tuple[int, int],
    batch_size: int,
    seed: int,
) -> Iterator[dict[str, Tensor]]:
    """Endless batches of scaled patches, (batch, trace, time)."""
    rng = np.random.default_rng(seed)
    while True:
        yield {
            "samples": torch.from_numpy(scaling.scaled(drawn(source, shape, batch_size, rng))[0])
        }


def drawn(
    source: PatchSource, shape: tuple[int, int], count: int, rng: np.random.Generator
) -> Floats:
    """So many patches as they are, shape (patch, trace, time)."""
    patches = [source.draw(rng, shape)["samples"] for _ in range(count)]
    return np.stack(patches).astype(np.float32)
