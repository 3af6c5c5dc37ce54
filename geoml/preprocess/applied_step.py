"""Steps in a survey's history that other parts of geoml took: known by name, never run again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, NoReturn

import xarray as xr

from geoml.errors import OptionError
from geoml.preprocess.step import Step

APPLIED_ELSEWHERE: dict[str, str] = {
    "denoise": "run 'geoml denoise', or write 'denoise:' as a section of a workflow",
    "facies": "run 'geoml latent facies' on the stacked section",
    "remainder": "run 'geoml denoise' with --removed",
}
"""Name in a survey's history -> how such a step is taken."""


@dataclass(frozen=True)
class AppliedStep(Step):
    """A step that a stored survey went through and that is no entry of ``STEPS``.

    Denoising by a network is one: preprocessing never loads torch, yet a denoised survey must
    still be one whose steps can be listed, compared and replayed. What took noise away is not
    replayed on simulated gathers, which had none.

    Attributes:
        name: Key of ``APPLIED_ELSEWHERE``.
        options: As they were stored.
    """

    shapes_wavelet = True
    examples: ClassVar[tuple[Mapping[str, Any], ...]] = ()

    name: str
    options: Mapping[str, Any]

    def check(self, survey: xr.Dataset) -> NoReturn:
        """Refuse to be run.

        Raises:
            OptionError: Always.
        """
        raise OptionError(
            f"'{self.name}' is no preprocessing step; {APPLIED_ELSEWHERE[self.name]}."
        )

    def __call__(self, gathers: xr.DataArray) -> NoReturn:
        """Refuse to be run.

        Raises:
            OptionError: Always.
        """
        self.check(gathers.coords.to_dataset())
