"""Normalise step: one scale a trace or a gather."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from geoml.errors import OptionError
from geoml.preprocess.step import Step, finite_samples, shot_labels, with_samples

_QUANTILE = 0.99


@dataclass(frozen=True)
class Normalise(Step):
    """Divide by a measure of the trace's or the shot gather's own amplitude.

    Dead traces count neither as traces nor as samples, so that killing one changes nothing
    for the others.

    Attributes:
        by: ``trace``, which loses amplitude along offset, or ``gather``, which keeps it.
        measure: ``rms``, ``max`` (largest absolute value) or ``quantile`` of absolute values.
        quantile: The quantile, in (0, 1]; 0.99 where none is given. Only with its measure.
    """

    shapes_wavelet = False
    only_scales = True
    examples: ClassVar = (
        {"by": "gather"},
        {"by": "trace"},
        {"by": "gather", "measure": "max"},
        {"by": "gather", "measure": "quantile"},
        {"by": "gather", "measure": "quantile", "quantile": 0.5},
    )

    by: Literal["trace", "gather"] = "gather"
    measure: Literal["rms", "max", "quantile"] = "rms"
    quantile: float | None = None

    def __post_init__(self) -> None:
        for name, known in (("by", ("trace", "gather")), ("measure", ("rms", "max", "quantile"))):
            if getattr(self, name) not in known:
                raise OptionError(
                    f"'normalise' {name} is '{getattr(self, name)}'; it must be one of "
                    f"{', '.join(known)}."
                )
        if self.quantile is not None and self.measure != "quantile":
            raise OptionError(
                f"'normalise' has a quantile but measures '{self.measure}'; set measure: quantile."
            )
        if self.quantile is not None and not 0 < self.quantile <= 1:
            raise OptionError(f"'normalise' quantile is {self.quantile:g}; it must be in (0, 1].")

    @property
    def needs_whole_gathers(self) -> bool:
        """Whether one scale serves a whole gather."""
        return self.by == "gather"

    def __call__(self, gathers: xr.DataArray) -> xr.DataArray:
        """The gathers with measure 1.

        Raises:
            OptionError: If a sample is NaN or Inf.
        """
        samples = finite_samples(gathers, "normalise").astype(np.float64)
        alive = (samples != 0).any(axis=1)
        scale = np.ones(samples.shape[0])
        if self.by == "trace":
            scale[alive] = self._measured(samples[alive], axis=1)
        else:
            labels = shot_labels(gathers)
            for label in np.unique(labels[alive]):
                members = labels == label
                scale[members] = self._measured(samples[members & alive], axis=None)
        # A quantile of a mostly silent gather may be 0: leave it as it is.
        return with_samples(gathers, samples / np.where(scale > 0, scale, 1)[:, None])

    def _measured(self, samples: NDArray[np.float64], axis: int | None) -> NDArray[np.float64]:
        if self.measure == "rms":
            return np.sqrt(np.mean(samples**2, axis=axis))
        if self.measure == "max":
            return np.abs(samples).max(axis=axis)
        return np.quantile(np.abs(samples), self.quantile or _QUANTILE, axis=axis)
