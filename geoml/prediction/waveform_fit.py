"""The last rung: full-waveform inversion from the section that the rungs before it left."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import xarray as xr

from geoml.errors import OptionError
from geoml.physics.fwi_options import FwiOptions
from geoml.prediction.fwi_line import refine_line_fwi
from geoml.prediction.hold_out import spread_shots
from geoml.prediction.rung import Line, Step


@dataclass(frozen=True)
class WaveformFit(FwiOptions):
    """Full-waveform inversion, band after band; the options are those of ``geoml fwi``.

    Attributes:
        iterations: Iterations of the optimiser a band.
        misfit: ``correlation`` (shapes of traces, for field gathers) or ``waveform``.
        max_shots: Most shots that are fitted, evenly spread: what bounds the cost on a long line.
            None for all.
    """

    iterations: int = 8
    misfit: Literal["waveform", "correlation"] = "correlation"
    max_shots: int | None = 20

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.max_shots is not None and self.max_shots < 1:
            raise OptionError(f"'max_shots' is {self.max_shots}; it must be at least 1.")

    def refine(self, line: Line, section: xr.Dataset) -> Step:
        """The section after the last band; as it was where its own receivers fit no better.

        Raises:
            GeometryError: If the survey's samples are not the checkpoint's.
            PhysicsError: If a velocity or position cannot be modelled.
        """
        refined = refine_line_fwi(
            line.survey,
            section,
            line.acquisition,
            self,
            shots=spread_shots(line.fitted, self.max_shots),
            process=line.process,
            device=line.device,
            progress=line.progress,
        )
        report = refined.attrs["fwi"]
        solves = int(report["forward_solves"]) + int(report["adjoint_solves"])
        curve = tuple(round(float(value), 5) for value in report["curve_misfit"])
        if not report["accepted"]:
            # The ladder's own verdict says what becomes of it.
            told = [line for line in refined.attrs["warnings"] if line != report["message"]]
            refined = refined.assign_attrs(warnings=told)
        parts = tuple(report["curve_band"])
        return Step(refined, line, solves, note=report["message"], curve=curve, parts=parts)
