"""Gradient-free data consistency: feed the network what its own answer leaves unexplained.

A network N maps gathers d to a model; F models gathers. Where N is not the exact inverse of F, the
gathers of its answer differ from those recorded, and the difference says which way the input has
to move: d' = d + strength * (observed - F(N(d))), predicted again. The rounds stop being useful
where the residual is noise, so that the round with the smallest misfit is kept and a step that
makes it worse is halved. No gradient goes through the network or the wave equation.

References:
    Van Cittert (1931), Zeitschrift fuer Physik 69, 298-308 (the iteration).
    Adler and Oektem (2017), Inverse Problems 33, 124007 (learned iterative schemes).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from geoml.errors import OptionError
from geoml.physics.acoustic import AcquisitionLike
from geoml.physics.near_source import far_traces
from geoml.prediction.misfit import root_mean_square, trace_misfit
from geoml.prediction.physics_check import observed_gather, shared_samples
from geoml.prediction.remodel import group_acquisition, modelled_gathers, section_slice, shot_groups
from geoml.prediction.remodel import reach_m as reach_of
from geoml.prediction.rung import Line, Step, refined_from

Shots = NDArray[np.float32]


@dataclass(frozen=True)
class DataConsistency:
    """Correct the network's input by what its answer leaves unexplained, and predict again.

    Attributes:
        rounds: Times that the line is predicted again.
        strength: Share of the residual that is added to the input.
        damping: Factor on the strength after a round that made the misfit worse.
        max_shots: Most shots that are modelled a round, evenly spread; the others keep their
            recorded gathers. None for all.
    """

    rounds: int = 4
    strength: float = 0.5
    damping: float = 0.5
    max_shots: int | None = None

    def __post_init__(self) -> None:
        if self.rounds < 1:
            raise OptionError(f"'rounds' is {self.rounds}; it must be at least 1.")
        if not self.strength > 0:
            raise OptionError(f"'strength' is {self.strength:g}; it must be above 0.")
        if not 0 < self.damping < 1:
            raise OptionError(f"'damping' is {self.damping:g}; it lies between 0 and 1.")
        if self.max_shots is not None and self.max_shots < 1:
            raise OptionError(f"'max_shots' is {self.max_shots}; it must be at least 1.")

    def refine(self, line: Line, section: xr.Dataset) -> Step:
        """The section of the round with the smallest waveform misfit on the fitted traces.

        Raises:
            GeometryError: If the survey's samples are not the checkpoint's.
            PhysicsError: If a predicted velocity cannot be modelled.
        """
        residual_of = _Residual(line, self.max_shots)
        misfit, residual = residual_of(section)
        if not np.isfinite(misfit):
            note = "no trace that it may fit holds a signal"
            return Step(section, line, residual_of.n_shots, note=note)
        curve, best = [misfit], section
        correction = np.zeros_like(residual)
        strength, solves, windows = self.strength, residual_of.n_shots, 0
        for _ in range(self.rounds):
            tried = correction + strength * residual
            corrected = line.survey.assign(
                amplitude=(("trace", "time"), residual_of.recorded + tried)
            )
            predicted = refined_from(section, line.predict(corrected))
            windows += int(predicted.attrs["network_passes"])
            misfit, left = residual_of(predicted)
            solves += residual_of.n_shots
            curve.append(misfit)
            if misfit < min(curve[:-1]):
                best, correction, residual = predicted, tried, left
            else:
                strength *= self.damping
        at = int(np.argmin(curve))
        note = f"round {at} of {self.rounds}" if at else "no round was better"
        return Step(best, line, solves, windows, note, tuple(round(m, 5) for m in curve))


class _Residual:
    """Recorded minus modelled traces of a line, zero where nothing may be fitted."""

    def __init__(self, line: Line, max_shots: int | None) -> None:
        self._line, self._acquisition = line, line.acquisition
        self._n_samples = shared_samples(line.survey, self._acquisition)
        # Whole gathers, as gains look at all of their traces; the held-out ones are masked below.
        numbers = list(line.fitted)
        if max_shots is not None and max_shots < len(numbers):
            places = np.linspace(0, len(numbers) - 1, max_shots).round().astype(int)
            numbers = [numbers[place] for place in places]
        self._shots = [line.shots[number] for number in numbers]
        self.recorded = line.survey["amplitude"].to_numpy().astype(np.float32)

    @property
    def n_shots(self) -> int:
        """Shots that are modelled for each section."""
        return len(self._shots)

    def __call__(self, section: xr.Dataset) -> tuple[float, Shots]:
        """Waveform misfit of the fitted traces, and the residual, shape (trace, time)."""
        velocity = section["velocity"].to_numpy().astype(np.float64)
        distance = section["distance"].to_numpy()
        residual = np.zeros_like(self.recorded)
        misfits = []
        acquisition = self._acquisition
        fastest = float(np.nextafter(np.float32(np.nanmax(velocity)), np.float32(np.inf)))
        for group in shot_groups(self._shots):
            lows, highs = zip(*(reach_of(shot) for shot in group), strict=True)
            part, origin_m = section_slice(
                velocity, distance, acquisition.spacing_m, (min(lows), max(highs))
            )
            positions = group_acquisition(group, acquisition, origin_m, part.shape[1])
            records = modelled_gathers(part, positions, fastest, self._line.device)
            if self._line.process is not None:
                records = self._line.process(records, positions)
            far = far_traces(cast(AcquisitionLike, positions), acquisition.spacing_m)
            for shot, record, distant in zip(group, records, far, strict=True):
                observed = observed_gather(self._line.survey, shot, self._n_samples)
                modelled = record[: len(shot.traces), : self._n_samples]
                used = ~self._line.held_out[shot.traces] & observed.any(axis=1)
                used &= distant[: len(shot.traces)]
                misfits.append(trace_misfit(observed[used], modelled[used]))
                left = observed - gather_factor(observed[used], modelled[used]) * modelled
                residual[shot.traces[used], : self._n_samples] = left[used]
        return float(root_mean_square(np.concatenate(misfits))), residual


def gather_factor(observed: Shots, modelled: Shots) -> np.float32:
    """Factor that gives modelled gathers the energy of the observed ones, 1 where either is 0.

    Source strength is not known to better than this; a least-squares factor would vanish where the
    two do not correlate, and leave the observed gathers as their own residual.
    """
    wanted, found = (
        float(np.sum(np.square(part, dtype=np.float64))) for part in (observed, modelled)
    )
    return np.float32(np.sqrt(wanted / found) if wanted > 0 and found > 0 else 1.0)
