"""Full-waveform inversion of a section: bands from low to high, each from where the last ended.

Minimises the misfit of modelled and observed gathers by gradients from the adjoint of deepwave's
modelling. What makes it converge in some tens of iterations: bands from low to high, unknowns
scaled by illumination and by the spread of the start, total variation that spares the start's
edges. Nothing is taken on trust: receivers that the fit never sees must fit better at the end
than at the start, or the start is kept.

References:
    Tarantola (1984), Geophysics 49(8), 1259-1266. Bunks, Saleck, Zaleski & Chavent (1995),
    Geophysics 60(5), 1457-1473 (multiscale). Virieux & Operto (2009), Geophysics 74(6), WCC1.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from geoml.errors import OptionError, ShapeError
from geoml.physics.acoustic import AcquisitionLike
from geoml.physics.device import usable_device
from geoml.physics.fwi_bands import Band, choose_band, with_bands
from geoml.physics.fwi_layers import best_cake, check_room, fitted_cake
from geoml.physics.fwi_optimiser import minimised
from geoml.physics.fwi_options import FwiOptions
from geoml.physics.fwi_parameter import SectionParameter, check_grid, step_scale
from geoml.physics.fwi_penalty import edge_weight
from geoml.physics.fwi_problem import BandProblem, Prior
from geoml.physics.fwi_result import CurvePoint, FwiResult
from geoml.physics.fwi_sharpen import sharpened
from geoml.physics.fwi_shots import BandShots, ShotSet, shots_digest
from geoml.physics.fwi_smoother import EdgeAwareSmoother
from geoml.physics.fwi_state import FwiState
from geoml.physics.layer_model import LayerUnknowns

Floats = NDArray[np.float64]
Progress = Callable[[int, int], None]
"""Called with (iterations done, iterations in all)."""


def invert_waveforms(
    velocity: NDArray[np.floating],
    spacing_m: float,
    shots: Sequence[ShotSet],
    options: FwiOptions,
    *,
    std: NDArray[np.floating] | None = None,
    edges: NDArray[np.floating] | None = None,
    fixed: NDArray[np.bool_] | None = None,
    state: Path | None = None,
    device: str = "cpu",
    progress: Progress | None = None,
) -> FwiResult:
    """One section refined by all its shots.

    Args:
        velocity: Where it begins [m/s], shape (depth, distance).
        spacing_m: Cell size [m].
        shots: Sets of shots, each over its slice.
        options: How the model follows the waveforms.
        std: Spread of the start [m/s], same shape.
        edges: Probability of an edge [1], same shape.
        fixed: Cells that stay as they are, same shape.
        state: File to go on from after a kill: written after each band, removed at the end.
        device: Where torch computes.
        progress: Told the iterations done.

    Returns:
        The refined section, or the start with the reason why.

    Raises:
        OptionError: If the prior needs a spread that is not given, or layers are asked of a line
            or of too many traces.
        PhysicsError: If a velocity or acquisition cannot be modelled.
        ShapeError: If the shapes do not fit, or ``std`` or ``edges`` have gaps.
    """
    if options.prior_weight > 0 and std is None:
        raise OptionError(
            "'prior_weight' measures the distance from the start by its spread, and none is "
            "given; take a network with a spread, or set prior_weight to 0."
        )
    if not shots:
        raise ShapeError("There are no shots to invert; give at least one set.")
    for name, grid in (("std", std), ("edges", edges), ("fixed", fixed)):
        check_grid(name, grid, velocity.shape)
    if any(one.columns is not None for one in shots):
        options.check_line()
    options = with_bands(options, shots[0].acquisition)
    run = _Run(velocity, spacing_m, shots, options, std, edges, fixed, state, device)
    return run.result(progress)


class _Run:
    """One inversion, from its start to its verdict."""

    def __init__(
        self,
        velocity: NDArray[np.floating],
        spacing_m: float,
        shots: Sequence[ShotSet],
        options: FwiOptions,
        std: NDArray[np.floating] | None,
        edges: NDArray[np.floating] | None,
        fixed: NDArray[np.bool_] | None,
        state: Path | None,
        device: str,
    ) -> None:
        assert options.bands_hz is not None, "chosen by invert_waveforms"
        self.bands_hz = options.bands_hz
        self.options, self.shots, self.device = options, list(shots), device
        self.spacing_m, self.path = spacing_m, state
        held = np.zeros(velocity.shape, dtype=bool) if fixed is None else fixed.astype(bool)
        held = held | (np.arange(velocity.shape[0])[:, None] * spacing_m < options.hold_above_m)
        low, high = options.min_velocity_m_s, options.max_velocity_m_s
        begin = np.where(held, velocity, np.clip(velocity, low, high)).astype(np.float32)
        self.start = torch.as_tensor(begin, device=usable_device(device))
        spread = None if std is None else np.maximum(np.asarray(std, dtype=np.float64), 1.0)
        self.spread, self.scale = spread, self._scale(spread, held)
        self.edges = None if edges is None else np.asarray(edges, dtype=np.float64)
        self.prior = Prior(
            self.start,
            None if spread is None else torch.as_tensor(spread.astype(np.float32), device=device),
            None
            if edges is None
            else edge_weight(
                torch.as_tensor(np.asarray(edges, dtype=np.float32), device=device),
                options.edge_relief,
            ),
        )
        self.state = FwiState.begin(begin, repr(options), shots_digest(shots, std, edges, held))

    def result(self, progress: Progress | None) -> FwiResult:
        """The answer of all bands, judged."""
        begun = time.process_time()
        if self.path is not None:
            self.state = FwiState.load(self.path, self.state)
            # A place that cannot be written to is told before the first band, not behind it.
            self.path.parent.mkdir(parents=True, exist_ok=True)
        judge = self._problem(len(self.bands_hz) - 1, self.start)
        if judge.energy == 0:
            return self.state.silent()
        if self.options.layer_rounds > 0:
            check_room(judge.n_samples, self.options.layer_knots)
        if not self.state.judged:
            self._judge(judge, self.state.velocity)
        for number in range(self.state.bands_done, len(self.bands_hz)):
            self._run_band(number, number, progress)
            self._judge(judge, self.state.velocity)
            self.state.bands_done = number + 1
            self.state.seconds += time.process_time() - begun
            begun = time.process_time()
            if self.path is not None:
                self.state.save(self.path)
        if self.options.layer_rounds > 0:
            self._invert_layers(judge, progress)
        if self.options.sharpen_cells > 0 and not self.state.layers_taken:
            self._sharpen(judge)
        self.state.seconds += time.process_time() - begun
        if self.path is not None:
            self.path.unlink(missing_ok=True)
        return self.state.verdict()

    def _run_band(self, number: int, place: int, progress: Progress | None) -> None:
        """The state's velocity moved on by one band, which is the place-th that is run."""
        state, options = self.state, self.options
        at = torch.as_tensor(state.velocity, device=self.device)
        problem = self._problem(number, at)
        before = 0

        def record(objective: float, data: float) -> None:
            nonlocal before
            before += 1
            state.curve.append(CurvePoint(place, before, objective, data, state.solves.total))
            if progress is not None:
                progress(
                    place * options.iterations + before,
                    options.iterations * (len(self.bands_hz) + options.layer_rounds),
                )

        problem.weigh_penalties(problem.data_terms(at)[0])
        unknowns = minimised(problem, options, record)
        with torch.no_grad():
            last = torch.as_tensor(unknowns, dtype=torch.float32, device=self.device)
            moved = problem.parameter.velocity(last)
        state.velocity = moved.cpu().numpy()

    def _invert_layers(self, judge: BandProblem, progress: Progress | None) -> None:
        """Stacks of layers and the cells moved on from each, as candidates of their own."""
        state, options, last = self.state, self.options, len(self.bands_hz) - 1
        state.layers_from = len(state.candidates)
        section = state.candidates[state.best].astype(np.float64)
        bounds = (options.min_velocity_m_s, options.max_velocity_m_s)
        begin = torch.as_tensor(state.candidates[state.best], device=self.device)
        problem = self._problem(last, begin, replace(options, time_power=1.0))

        def whole(drawn: Floats) -> torch.Tensor:
            held = np.where(self.scale > 0, drawn, section)
            return torch.as_tensor(held.astype(np.float32), device=self.device)

        def left(drawn: Floats) -> NDArray[np.float32]:
            return problem.residual(whole(drawn))

        known: Floats | None = None
        for number in range(options.layer_rounds):
            cake = best_cake(section, self.edges, self.spread, left, known)
            if cake is None:
                return
            cake = fitted_cake(LayerUnknowns(cake, options.layer_knots, *bounds), left)
            known, state.velocity = cake.depth, whole(cake.section()).cpu().numpy()
            self._judge(judge, state.velocity)
            self._run_band(last, len(self.bands_hz) + number, progress)
            self._judge(judge, state.velocity)
            section = state.velocity.astype(np.float64)

    def _sharpen(self, judge: BandProblem) -> None:
        """The layered form of the best model so far, as a candidate of its own."""
        state = self.state
        best = state.candidates[state.best]
        steps = sharpened(best, self.options.sharpen_cells)
        self._judge(judge, np.where(self.scale > 0, steps, best))
        state.layered = True

    def _judge(self, judge: BandProblem, velocity: NDArray[np.float32]) -> None:
        """A model's full-band misfits kept for the verdict."""
        at = torch.as_tensor(velocity, device=self.device)
        self._fit_source(judge, at)
        self.state.judged.append(judge.data_terms(at))
        self.state.candidates.append(velocity)

    def _problem(
        self, number: int, at: torch.Tensor, options: FwiOptions | None = None
    ) -> BandProblem:
        """What a band minimises, beginning at a model."""
        options = options or self.options
        band_shots = [
            BandShots(one, self._band(number, one.acquisition), options, self.device)
            for one in self.shots
        ]
        parameter = SectionParameter(
            at,
            torch.as_tensor(self.scale, device=self.device),
            options.min_velocity_m_s,
            options.max_velocity_m_s,
            self._smoother(number, at),
            options.rough_share,
            options.parameter == "slowness",
        )
        problem = BandProblem(band_shots, parameter, self.prior, options, self.state.solves)
        self._fit_source(problem, at)
        return problem

    def _smoother(self, number: int, at: torch.Tensor) -> EdgeAwareSmoother | None:
        """What spreads a band's steps, stopping at the edges of the model it begins at."""
        length_m = self.options.smoothing_m(number)
        if length_m == 0:
            return None
        velocity = at.double().cpu().numpy()
        return EdgeAwareSmoother(
            velocity, length_m / self.spacing_m, self.options.smooth_corner_m_s, self.edges
        )

    def _fit_source(self, problem: BandProblem, at: torch.Tensor) -> None:
        if self.options.update_wavelet == "none":
            return
        each = self.options.update_wavelet == "shot"
        self.state.filters = [one.fit_source(at, each) for one in problem.shots]
        self.state.solves.forward += sum(one.n_shots for one in problem.shots)

    def _band(self, number: int, acquisition: AcquisitionLike) -> Band:
        options = self.options
        return choose_band(
            self.bands_hz[number],
            acquisition,
            min(options.min_velocity_m_s, float(self.start.min())),
            options.max_velocity_m_s,
            accuracy=options.stencil,
            simulation_spacing_m=options.simulation_spacing_m,
        )

    def _scale(self, spread: Floats | None, fixed: NDArray[np.bool_]) -> NDArray[np.float32]:
        """What one unit of an unknown moves each cell [m/s]."""
        options, energy = self.options, None
        if options.precondition != "none":
            energy = np.zeros(fixed.shape)
            for one in self.shots:
                energy += one.lit(fixed.shape, self.spacing_m, float(self.start.mean()))
            if options.precondition == "depth":
                energy = np.repeat(energy.mean(axis=1, keepdims=True), fixed.shape[1], axis=1)
            energy /= energy.mean()
        powers = (options.precondition_power, options.spread_power)
        return step_scale(energy, spread, fixed, powers)
