"""What a workflow file says of a window of the survey and the ground below it."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from geoml.workflow.section_check import Options, Section


class WaveletSection(Section):
    """Where the source wavelet comes from.

    Attributes:
        method: ``first_arrivals``, ``statistical`` or ``least_squares`` (estimated from the
            survey, the last by modelling through the trend), ``ricker``, or ``file``. The last
            two are the source's own, before the survey's filters.
        peak_frequency_hz: Peak of the Ricker wavelet [Hz]; goes with that method.
        file: CSV with the columns time_s, amplitude; goes with that method.
        max_frequency_hz: Highest frequency that the modelling honours [Hz]; by default where the
            wavelet's spectrum has fallen away.
        options: More options of an estimate, by the names in
            ``geoml.physics.wavelets``.
    """

    method: Literal["first_arrivals", "statistical", "least_squares", "ricker", "file"] = (
        "first_arrivals"
    )
    peak_frequency_hz: float | None = Field(default=None, gt=0)
    file: str | None = None
    max_frequency_hz: float | None = Field(default=None, gt=0)
    options: Options = Field(default_factory=dict)

    @model_validator(mode="after")
    def _what_the_method_needs(self) -> WaveletSection:
        for method, option in (("ricker", "peak_frequency_hz"), ("file", "file")):
            if (self.method == method) != (getattr(self, option) is not None):
                raise ValueError(f"'{option}' goes with method '{method}', and is needed there")
        if self.method == "least_squares" and self.max_frequency_hz is None:
            raise ValueError("method 'least_squares' needs max_frequency_hz")
        return self


class MatchSection(Section):
    """How a window of the survey looks and what lies below it.

    Attributes:
        layout: Options of ``geoml.survey.windows.WindowLayout``; chosen from the geometry when
            absent.
        wavelet: Source of the wavelet.
        trend: ``fit: true`` with options of the fit, or the trend's own numbers.
        velocity_range: Options of ``geoml.synthetic.VelocityRange`` around the trend.
    """

    layout: Options | None = None
    wavelet: WaveletSection = WaveletSection()
    trend: Options = Field(default_factory=lambda: {"fit": True})
    velocity_range: Options = Field(default_factory=dict)
