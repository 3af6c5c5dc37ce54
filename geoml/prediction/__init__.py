"""From a checkpoint and a survey to a prediction on the line, checked and refined by wave physics.

A new rung of the ladder is one file and one line of ``RUNGS``: a frozen dataclass of documented
options whose ``refine`` takes the line and a section and gives both back.
"""

from __future__ import annotations

from geoml.prediction.consistency import DataConsistency
from geoml.prediction.ensemble import EnsembleAverage
from geoml.prediction.first_arrival_fit import FirstArrivalFit
from geoml.prediction.mirror_average import MirrorAverage
from geoml.prediction.rung import Line, Rung, Step
from geoml.prediction.waveform_fit import WaveformFit

RUNGS: dict[str, type[Rung]] = {
    "mirror": MirrorAverage,
    "ensemble": EnsembleAverage,
    "first_arrivals": FirstArrivalFit,
    "consistency": DataConsistency,
    "fwi": WaveformFit,
}
"""Name -> dataclass of options; build one with ``geoml.registry.build``."""

__all__ = ["RUNGS", "Line", "Rung", "Step"]
