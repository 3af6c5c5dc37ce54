"""Polarity step: turn traces upside down."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np
import xarray as xr

from geoml.errors import OptionError
from geoml.preprocess.bad_traces import REASONS, BadTraceRules, reasons_in
from geoml.preprocess.step import Step, trace_samples, with_samples, with_trace_value
from geoml.preprocess.trace_choice import check_names, check_presence, named_traces

_REVERSED = REASONS.index("reversed")


@dataclass(frozen=True)
class ReversePolarity(Step):
    """Multiply traces by -1: geophones planted with crossed wires, or a whole survey.

    Attributes:
        traces: Positions of traces in the survey, counting from 0.
        headers: Trace variable -> values. A trace is turned when every variable named has one
            of its values: ``{trace_in_record: [17]}`` is channel 17 of every record.
        detect: Turn traces that are upside down among their neighbours in the shot gather, as
            ``geoml.preprocess.bad_traces`` finds them. It cannot know the polarity of a gather,
            nor of a group of channels that were all connected the wrong way.
        whole_survey: Turn every trace, those chosen otherwise twice.
        rules: Thresholds of ``detect`` that are to differ from the defaults.
    """

    shapes_wavelet = True
    examples: ClassVar = (
        {"headers": {"trace_in_record": [3]}},
        {"headers": {"field_record": [1], "trace_in_record": [4]}},
        {"headers": {"trace_in_record": [3]}, "traces": [0, 4]},
        {"headers": {"trace_in_record": [3]}, "whole_survey": True},
        {"headers": {"trace_in_record": [3]}, "detect": True},
        {
            "headers": {"trace_in_record": [3]},
            "detect": True,
            "rules": {"reversed_polarity": 0.99},
        },
    )

    traces: tuple[int, ...] = ()
    headers: dict[str, tuple[float, ...]] = field(default_factory=dict)
    detect: bool = False
    whole_survey: bool = False
    rules: BadTraceRules = field(default_factory=BadTraceRules)

    def __post_init__(self) -> None:
        if not (self.traces or self.headers or self.detect or self.whole_survey):
            raise OptionError(
                "'reverse_polarity' turns nothing; give traces, headers, detect or whole_survey."
            )
        if not self.detect and self.rules != BadTraceRules():
            raise OptionError("'reverse_polarity' has rules but detects nothing; set detect: true.")
        check_names(self.traces, self.headers, "reverse_polarity")

    @property
    def needs_whole_gathers(self) -> bool:
        """Whether neighbours decide."""
        return self.detect

    def check(self, survey: xr.Dataset) -> None:
        """Refuse trace positions and header values that the survey does not have."""
        check_presence(survey, self.traces, self.headers, "reverse_polarity")

    def __call__(self, gathers: xr.DataArray) -> xr.DataArray:
        """The gathers with some traces turned; a note that one was reversed is taken back."""
        samples = trace_samples(gathers)
        turned = named_traces(gathers, self.traces, self.headers)
        if self.detect:
            turned |= reasons_in(gathers, self.rules) == _REVERSED
        sign = np.where(turned ^ self.whole_survey, np.float32(-1), np.float32(1))
        out = with_samples(gathers, samples * sign[:, None])
        if "bad_trace_reason" not in out.coords:
            return out
        noted = out.coords["bad_trace_reason"].values
        mended = np.where(turned & (noted == _REVERSED), 0, noted)
        return with_trace_value(out, "bad_trace_reason", mended)
