"""Waveform inversion of a learned code, from the starts that a user has."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from geoml.errors import OptionError
from geoml.physics.fwi_code import CodeOptions, invert_code
from geoml.physics.fwi_options import FwiOptions
from geoml.physics.fwi_result import FwiResult
from geoml.physics.fwi_shots import ShotSet
from geoml.prediction.section_decoder import SectionDecoder
from geoml.registry import with_options


def split_code_options(
    given: Mapping[str, Any], with_prior: bool
) -> tuple[CodeOptions, dict[str, Any]]:
    """Options of codes, and those that codes and cells share.

    Raises:
        OptionError: If an option of codes is given without a prior, or does not fit.
    """
    names = {field.name for field in fields(CodeOptions)}
    own = {name: value for name, value in given.items() if name in names}
    if own and not with_prior:
        raise OptionError(
            f"Option '{next(iter(own))}' is one of codes; give the network with --prior."
        )
    rest = {name: value for name, value in given.items() if name not in names}
    return with_options(CodeOptions, own, "fwi"), rest


def invert_section_code(
    decoder: SectionDecoder,
    start: NDArray[np.floating],
    spacing_m: float,
    shots: Sequence[ShotSet],
    options: FwiOptions,
    own: CodeOptions,
) -> FwiResult:
    """The section whose code fits, from the start's code and from the middle of all codes.

    Args:
        decoder: From code to velocity and back.
        start: Where cells would begin [m/s], shape (depth, distance).
        spacing_m: Cell size [m].
        shots: Sets of shots.
        options: What codes and cells share.
        own: What codes alone have.
    """
    codes = [decoder.encode(start), np.zeros(decoder.size, dtype=np.float32)]
    return invert_code(decoder.decode, codes, spacing_m, shots, options, own).result
