"""A velocity prior trained on a pair store or on velocity models, as the command line asks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

from geoml.errors import OptionError
from geoml.registry import with_options
from geoml.training.prior import train_prior
from geoml.training.prior_data import read_velocity_sections
from geoml.training.prior_options import PriorOptions

_DATA = ("spacing_m", "count")
_WALL_TIME = "max_minutes"


def train_prior_on(
    models: Path,
    out: Path,
    model: str,
    options: Mapping[str, Any],
    *,
    announce: Callable[[str], None] = print,
) -> Path:
    """Train what the options ask for; see ``geoml.training.prior``.

    Args:
        models: Pair store, or a ``.npy`` file, a folder or a zip of velocity models.
        out: Folder for the checkpoint.
        model: Key of ``PRIORS``.
        options: Fields of ``PriorOptions``; ``spacing_m`` and ``count`` of the models; all others
            go to the loop that trains.
        announce: Told in one line each what happens.

    Returns:
        The folder.

    Raises:
        OptionError: If an option is wrong.
        FileFormatError: If the models cannot be read.
    """
    if _WALL_TIME in options:
        raise OptionError("A prior is trained by steps or CPU time; set max_cpu_minutes.")
    own = {f.name for f in fields(PriorOptions)}
    given = {name: value for name, value in options.items() if name in own}
    data = {name: value for name, value in options.items() if name in _DATA}
    rest = {n: v for n, v in options.items() if n not in own and n not in _DATA}
    chosen = with_options(PriorOptions, {**given, "fit": {**given.get("fit", {}), **rest}}, "train")
    sections = read_velocity_sections(models, **data)
    announce(
        f"{len(sections.velocity)} sections of {sections.velocity.shape[1]} x "
        f"{sections.velocity.shape[2]} cells of {sections.spacing_m:g} m, "
        f"{sections.velocity.min():.0f} to {sections.velocity.max():.0f} m/s."
    )
    train_prior(sections, model, chosen, out, announce=announce)
    return out
