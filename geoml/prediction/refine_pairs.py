"""Rungs for single windows, so that what they buy can be measured where the truth is known.

A rung climbs a line by its own ``refine``; here the same options refine windows of a pair store,
each by its own gathers. No rung is left out, as the truth judges.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from geoml.checkpoint import Checkpoint
from geoml.errors import OptionError
from geoml.physics.acoustic import AcquisitionLike
from geoml.physics.fwi import invert_waveforms
from geoml.physics.fwi_shots import ShotSet
from geoml.physics.near_source import far_traces
from geoml.prediction import RUNGS
from geoml.prediction.consistency import DataConsistency, gather_factor
from geoml.prediction.gain_field import gain_field
from geoml.prediction.invert import SLOWEST_M_S
from geoml.prediction.mirror_average import MirrorAverage
from geoml.prediction.misfit import root_mean_square, trace_misfit
from geoml.prediction.network import WindowPredictor, WindowSections
from geoml.prediction.physics_check import Process
from geoml.prediction.remodel import modelled_gathers
from geoml.prediction.rung import Rung
from geoml.prediction.waveform_fit import WaveformFit
from geoml.survey.acquisition import Acquisition

Shots = NDArray[np.float32]
Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Windows:
    """Windows under refinement, and who predicts them.

    Attributes:
        shots: Processed gathers, shape (window, shot, receiver, time).
        acquisition: Of the windows: positions, sampling, wavelet and grid.
        checkpoint: The network.
        mirror: Average with the prediction of the mirrored windows.
        process: Applies the windows' mutes and gains to modelled gathers; None for none.
        modelling: How the gathers were modelled, from ``pair_modelling``; empty where unknown.
        batch: Windows a pass through the network.
        device: Where torch computes.
    """

    shots: Shots
    acquisition: Acquisition
    checkpoint: Checkpoint
    mirror: bool = False
    process: Process | None = None
    modelling: Mapping[str, Any] = field(default_factory=dict)
    batch: int = 16
    device: str = "cpu"

    @cached_property
    def predictor(self) -> WindowPredictor:
        """The network with its mirror where that is asked for."""
        return WindowPredictor(self.checkpoint, mirror=self.mirror, device=self.device)

    def predict(self, shots: Shots | None = None) -> WindowSections:
        """What the network says of the windows, or of other amplitudes in them."""
        gathers = self.shots if shots is None else shots
        said = [
            self.predictor.predict(gathers[start : start + self.batch])
            for start in range(0, len(gathers), self.batch)
        ]
        columns = zip(
            *((s.velocity, s.velocity_std, s.edge_probability) for s in said), strict=True
        )
        joined = [None if parts[0] is None else np.concatenate(parts) for parts in columns]
        velocity = np.maximum(cast(Floats, joined[0]), SLOWEST_M_S)
        return WindowSections(velocity, joined[1], joined[2])

    def modelled(self, velocity: Floats) -> Shots:
        """Gathers of one section (depth, distance) before mutes and gains."""
        fastest = float(np.nextafter(np.float32(velocity.max()), np.float32(np.inf)))
        return modelled_gathers(velocity, self.acquisition, fastest, self.device, self.modelling)

    def residual(self, velocity: Floats) -> tuple[Floats, Shots]:
        """Waveform misfit of each window [1], and its gathers less the modelled ones.

        Args:
            velocity: [m/s], shape (window, depth, distance).

        Returns:
            Shapes (window,) and (window, shot, receiver, time); 0 in dead traces and in those at
            their source, which do not count.
        """
        residual = np.zeros_like(self.shots)
        far = far_traces(cast(AcquisitionLike, self.acquisition), self.acquisition.spacing_m)
        misfit = np.empty(len(self.shots))
        for window, (observed, model) in enumerate(zip(self.shots, velocity, strict=True)):
            records = self.modelled(model)
            if self.process is not None:
                records = self.process(records, self.acquisition)
            misfit[window] = root_mean_square(trace_misfit(observed, records)[far])
            for shot, (seen, record) in enumerate(zip(observed, records, strict=True)):
                used = seen.any(axis=-1) & far[shot]
                factor = gather_factor(seen[used], record[used])
                residual[window, shot, used] = seen[used] - factor * record[used]
        return misfit, residual

    def misfit(self, velocity: Floats) -> float:
        """Root mean square of the windows' waveform misfits [1]."""
        return float(root_mean_square(self.residual(velocity)[0]))


@dataclass(frozen=True, eq=False)
class WindowStep:
    """What a rung gives back.

    Attributes:
        sections: The refined windows.
        windows: The windows for the rungs after it; with their mirror where the rung adds it.
        solves: Wave-equation solves, one shot through one model, forward or backward.
        passes: Windows that went through a network.
        note: What the table says beside the figures.
    """

    sections: WindowSections
    windows: Windows
    solves: int = 0
    passes: int = 0
    note: str = ""


def check_window_rungs(rungs: Sequence[tuple[str, type[Rung]]]) -> None:
    """Refuse rungs that need more than a window.

    Raises:
        OptionError: Naming the rung and those that there are.
    """
    known = ", ".join(name for name, cls in RUNGS.items() if cls in _REFINE)
    for name, rung in rungs:
        if rung not in _REFINE:
            raise OptionError(
                f"The rung '{name}' needs a line: windows of a pair store have no picks and no "
                f"neighbours. Rungs for windows: {known}; ensembles are scored as mixtures."
            )


def refine_windows(rung: Rung, windows: Windows, sections: WindowSections) -> WindowStep:
    """Windows refined by one rung.

    Args:
        rung: Mirror, data consistency or waveforms with their options; ``max_shots`` is without
            effect, as windows are fitted whole.
        windows: Their gathers and their network.
        sections: What the rung before it left.

    Raises:
        OptionError: If the rung needs a line, or the window has no mirror image.
        PhysicsError: If a velocity cannot be modelled.
    """
    check_window_rungs([(type(rung).__name__, type(rung))])
    return _REFINE[type(rung)](rung, windows, sections)


def _mirror(rung: MirrorAverage, windows: Windows, sections: WindowSections) -> WindowStep:
    mirrored = replace(windows, mirror=True)
    passes = len(windows.shots) * mirrored.predictor.n_members
    return WindowStep(mirrored.predict(), mirrored, passes=passes)


def _consistency(rung: DataConsistency, windows: Windows, sections: WindowSections) -> WindowStep:
    """Every window keeps its own best round and its own strength."""
    misfit, residual = windows.residual(sections.velocity)
    best, correction = sections, np.zeros_like(residual)
    strength = np.full((len(misfit), 1, 1, 1), rung.strength, dtype=np.float32)
    for _ in range(rung.rounds):
        tried = correction + strength * residual
        predicted = windows.predict(windows.shots + tried)
        found, left = windows.residual(predicted.velocity)
        better = found < misfit
        best = _chosen(better, predicted, best)
        correction[better], residual[better] = tried[better], left[better]
        misfit = np.where(better, found, misfit)
        strength[~better] *= rung.damping
    return WindowStep(
        best,
        windows,
        solves=(rung.rounds + 1) * windows.shots.shape[0] * windows.shots.shape[1],
        passes=rung.rounds * len(windows.shots) * windows.predictor.n_members,
    )


def _waveforms(rung: WaveformFit, windows: Windows, sections: WindowSections) -> WindowStep:
    acquisition, options = windows.acquisition, rung.modelled_as(windows.modelling)
    velocity = sections.velocity.copy()
    solves = accepted = doubtful = 0
    for number, observed in enumerate(windows.shots):
        weight = None
        if windows.process is not None:
            records = windows.modelled(velocity[number])
            weight = gain_field(windows.process, records, acquisition)
        result = invert_waveforms(
            velocity[number],
            acquisition.spacing_m,
            [ShotSet(cast(AcquisitionLike, acquisition), observed, weight)],
            options,
            std=_part(sections.velocity_std, number),
            edges=_part(sections.edge_probability, number),
            device=windows.device,
        )
        if result.accepted:
            velocity[number] = result.velocity
        solves += result.solves.forward + result.solves.adjoint
        accepted, doubtful = accepted + result.accepted, doubtful + result.doubtful
    std = sections.velocity_std
    moved = None if std is None else std * velocity / sections.velocity
    refined = replace(sections, velocity=velocity, velocity_std=moved)
    note = f"{accepted} of {len(velocity)} accepted, {doubtful} of them may be worse"
    return WindowStep(refined, windows, solves=solves, note=note)


def _chosen(which: NDArray[np.bool_], one: WindowSections, other: WindowSections) -> WindowSections:
    """Windows of the one where it was chosen, else of the other."""
    place = which[:, None, None]

    def of(first: Floats | None, second: Floats | None) -> Floats | None:
        return None if first is None or second is None else np.where(place, first, second)

    return WindowSections(
        np.where(place, one.velocity, other.velocity),
        of(one.velocity_std, other.velocity_std),
        of(one.edge_probability, other.edge_probability),
    )


def _part(sections: Floats | None, number: int) -> Floats | None:
    return None if sections is None else sections[number]


_REFINE: Mapping[type[Any], Callable[[Any, Windows, WindowSections], WindowStep]] = {
    MirrorAverage: _mirror,
    DataConsistency: _consistency,
    WaveformFit: _waveforms,
}
