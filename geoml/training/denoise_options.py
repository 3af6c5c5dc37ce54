"""How a denoiser is trained: mode, patches, noises, where it starts."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from geoml.errors import OptionError
from geoml.registry import build
from geoml.survey.gathers import GatherKind
from geoml.synthetic.noise import NOISES, Noise
from geoml.training.fit_network import FitOptions

GENERAL_NOISES: tuple[dict[str, dict[str, Any]], ...] = (
    {"ground_roll": {"chance": 0.25}},
    {"swell": {"chance": 0.1}},
    {"coloured": {"chance": 0.35}},
    {"white": {"chance": 0.6, "level": (0.05, 2.0)}},
    {"spikes": {"chance": 0.1}},
    {"bad_traces": {"chance": 0.25}},
    {"dead_traces": {"chance": 0.1}},
)
"""What the shipped network has learned to remove; one patch in ten has none of it."""


@dataclass(frozen=True)
class DenoiseOptions:
    """Options of ``geoml train --task denoise``.

    Attributes:
        mode: ``supervised``, ``blind_spot`` or ``blind_trace``, alone or with options.
        network: Options of the network.
        patch_shape: Traces and samples of a patch.
        noises: Of the synthetic patches, in the order in which they come on top of each other.
        section: Options of ``ReflectionSection``; those of the wavelet follow from the survey
            where there is one.
        survey_noise: Share of synthetic patches that get the survey's own noise, where its gathers
            have a quiet time before the first arrivals.
        gather: What the traces of a gather share; None for the shot, or for the offset where the
            survey is stacked.
        start: Checkpoint folder or shipped name whose weights the training begins with.
        fit: Budget, optimiser, machine.
    """

    mode: str | dict[str, Any] = "supervised"
    network: dict[str, Any] = field(default_factory=dict)
    patch_shape: tuple[int, int] = (32, 96)
    noises: tuple[str | dict[str, Any], ...] = GENERAL_NOISES
    section: dict[str, Any] = field(default_factory=dict)
    survey_noise: float = 0.5
    gather: GatherKind | None = None
    start: str | None = None
    fit: FitOptions = field(default_factory=FitOptions)

    def __post_init__(self) -> None:
        if min(self.patch_shape) < 8:
            raise OptionError(f"'patch_shape' is {self.patch_shape}; take at least 8 by 8.")
        if not 0 <= self.survey_noise <= 1:
            raise OptionError(f"'survey_noise' is {self.survey_noise:g}; it lies between 0 and 1.")

    def built_noises(self) -> tuple[Noise, ...]:
        """The noises with their options.

        Raises:
            OptionError: If a name or an option is wrong.
        """
        return tuple(build(NOISES, spec, "noise") for spec in self.noises)
