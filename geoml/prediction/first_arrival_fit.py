"""The rung above the network: its section corrected by the picked first arrivals.

Travel-time tomography with the network's answer as prior. A correction of log-slowness is drawn
from a smooth Gaussian field whose standard deviation is the network's own calibrated spread: where
the network is sure (water, say) nothing moves, and where no path runs nothing moves either.

References:
    Tarantola (2005), Inverse Problem Theory, SIAM, ch. 3 (Gauss-Newton with a Gaussian prior).
    Paige & Saunders (1982), ACM TOMS 8(1), 43-71 (LSQR).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter
from scipy.sparse import coo_array, csr_array, vstack
from scipy.sparse.linalg import LinearOperator, lsqr, svds

from geoml.errors import CheckpointError, GeometryError, OptionError
from geoml.physics.travel_times import FirstArrivals
from geoml.prediction.hold_out import spread_shots
from geoml.prediction.remodel import chosen_shots, reach_m, section_slice
from geoml.prediction.rung import Line, Step
from geoml.survey.line_shots import LineShot

Floats = NDArray[np.float64]

_MARGIN_CELLS = 3
_RANK = 60
"""Most directions in which picks narrow the spread; those left out keep it as it was."""
_UNSEEN = 0.99
"""A factor on the spread above this is no news of the picks."""


@dataclass(frozen=True)
class FirstArrivalFit:
    """How far a section follows the picks.

    Attributes:
        pick_error_s: Standard deviation of a pick [s]; errors of this size are not fitted.
        smooth_depth_m: Correlation length of the correction down [m].
        smooth_distance_m: Correlation length of the correction along the line [m].
        rounds: Times that paths are traced anew.
        hold_above_m: Nothing shallower moves [m]: the water column, whose velocity is known better
            than picks can tell.
        max_shots: Most shots whose picks are used, evenly spread: what bounds time and memory on
            a long line.
    """

    pick_error_s: float = 0.004
    smooth_depth_m: float = 40.0
    smooth_distance_m: float = 150.0
    rounds: int = 4
    hold_above_m: float = 0.0
    max_shots: int = 200

    def __post_init__(self) -> None:
        for name in ("pick_error_s", "smooth_depth_m", "smooth_distance_m", "rounds", "max_shots"):
            if not getattr(self, name) > 0:
                raise OptionError(f"'{name}' is {getattr(self, name):g}; it must be above 0.")
        if not self.hold_above_m >= 0:
            raise OptionError(f"'hold_above_m' is {self.hold_above_m:g}; it must be at least 0.")

    def refine(self, line: Line, section: xr.Dataset) -> Step:
        """The section corrected by the picks that are not held out.

        Raises:
            GeometryError: If the survey has no picks, or the section has gaps.
            CheckpointError: If the network predicted no spread.
        """
        fitted = fit_first_arrivals(line.survey, section, self, shots=line.fitted)
        curve = fitted.attrs["first_arrival_fit"]
        narrowed = 100 * (1 - fitted.attrs["first_arrival_spread"])
        note = f"{len(curve) - 1} rounds, spread {narrowed:.0f} % narrower where paths run"
        return Step(fitted, line, note=note, curve=tuple(curve))


def fit_first_arrivals(
    survey: xr.Dataset,
    prediction: xr.Dataset,
    options: FirstArrivalFit | None = None,
    *,
    shots: Mapping[int, LineShot] | None = None,
) -> xr.Dataset:
    """A prediction whose velocity also fits the survey's picked first arrivals.

    The spread becomes that of the posterior: narrower where paths run, as it was elsewhere.

    Args:
        survey: The survey that was inverted, with ``first_break``.
        prediction: What ``invert`` gave.
        options: How far to follow the picks.
        shots: Shots, and of them the traces, whose picks may be used; all when None.

    Returns:
        The prediction with ``velocity`` corrected, spread and interval with it, the network's own
        answer kept as ``velocity_network``, and in attrs ``first_arrival_fit``: the RMS time
        misfit [s] before and after each round, and ``first_arrival_spread``: the median factor on
        the spread where it is below 0.99, 1 where it is nowhere.

    Raises:
        GeometryError: If the survey has no picks, or the section has gaps.
        CheckpointError: If the network predicted no spread.
    """
    options = options or FirstArrivalFit()
    if "velocity_std" not in prediction:
        raise CheckpointError(
            "Fitting first arrivals needs the network's spread as prior, and this one predicts "
            "none; train a task with a spread, or leave fit_first_arrivals out."
        )
    if "first_break" not in survey or not np.isfinite(survey["first_break"].values).any():
        raise GeometryError(
            "Fitting first arrivals needs picks, and the survey has none; put the step "
            "'pick_first_breaks' into its preprocessing."
        )
    network = prediction["velocity"].values.astype(np.float64)
    if not np.isfinite(network).all():
        raise GeometryError("The section has columns without an answer; close the gaps first.")
    problem = _Problem(survey, prediction, options, shots)
    velocity, rms_s = network, [problem.trace(network)]
    for _ in range(options.rounds):
        candidate = problem.step(network, velocity)
        reached = problem.trace(candidate)
        if reached >= rms_s[-1]:
            problem.trace(velocity)
            break
        velocity = candidate
        rms_s.append(reached)
    moved, narrower = velocity / network, problem.posterior_factor(velocity)
    changed = {"velocity": velocity, "velocity_std": prediction["velocity_std"] * moved * narrower}
    for name in ("velocity_lower", "velocity_upper"):
        if name in prediction:
            half_width = prediction[name] - prediction["velocity"]
            changed[name] = velocity + half_width * moved * narrower
    fitted = prediction.assign({"velocity_network": prediction["velocity"]}).assign(
        {
            name: prediction[name].copy(data=np.asarray(values, dtype=np.float32))
            for name, values in changed.items()
        }
    )
    seen = narrower[narrower < _UNSEEN]
    return fitted.assign_attrs(
        first_arrival_fit=[round(value, 6) for value in rms_s],
        first_arrival_spread=round(float(np.median(seen)), 4) if seen.size else 1.0,
    )


class _Problem:
    """Picks, paths and prior of one section."""

    def __init__(
        self,
        survey: xr.Dataset,
        prediction: xr.Dataset,
        options: FirstArrivalFit,
        shots: Mapping[int, LineShot] | None,
    ) -> None:
        distance = prediction["distance"].values
        self.spacing_m = float(distance[1] - distance[0])
        allowed = chosen_shots(survey) if shots is None else shots
        self.shots = list(spread_shots(allowed, options.max_shots).values())
        self.picks = survey["first_break"].values
        self.distance_m = distance
        self.error_s = options.pick_error_s
        self.sigma_cells = (
            options.smooth_depth_m / self.spacing_m,
            options.smooth_distance_m / self.spacing_m,
        )
        spread = prediction["velocity_std"].values / prediction["velocity"].values
        self.relative_std = np.clip(spread, 1e-4, 0.5).astype(np.float64)
        self.relative_std[prediction["depth"].values < options.hold_above_m] = 0.0
        self.gain = self._unit_gain()
        self.lengths: csr_array = csr_array((0, 0))
        self.late_s: Floats = np.empty(0)

    def trace(self, velocity: Floats) -> float:
        """Paths and residuals of a model kept for the next step; RMS misfit [s]."""
        lengths, late = [], []
        for shot in self.shots:
            picked = np.flatnonzero(np.isfinite(self.picks[shot.traces]))
            if picked.size == 0:
                continue
            # A slice under the shot: a long line costs as much a shot as a short one.
            part, origin_m = section_slice(velocity, self.distance_m, self.spacing_m, reach_m(shot))
            source = np.array([[shot.distance_m - origin_m, shot.depth_m]])
            receivers = np.stack(
                [shot.receiver_distance_m[picked] - origin_m, shot.receiver_depth_m[picked]],
                axis=-1,
            )
            arrivals = FirstArrivals(part, self.spacing_m, source, receivers[None])
            lengths.append(self._on_section(arrivals.lengths_m(), part.shape[1], origin_m))
            late.append(arrivals.times_s[0] - self.picks[shot.traces][picked])
        self.lengths, self.late_s = csr_array(vstack(lengths)), np.concatenate(late)
        return float(np.sqrt(np.mean(self.late_s**2)))

    def _on_section(self, lengths: csr_array, width: int, origin_m: float) -> csr_array:
        """Lengths in the cells of a slice, as lengths in the cells of the section."""
        n_depth, n_distance = self.relative_std.shape
        entries = lengths.tocoo()
        row, column = np.divmod(entries.col, width)
        first = round((origin_m - float(self.distance_m[0])) / self.spacing_m)
        # Beyond its ends a section goes on with its outermost columns.
        cell = row * n_distance + np.clip(column + first, 0, n_distance - 1)
        shape = (lengths.shape[0], n_depth * n_distance)
        return coo_array((entries.data, (entries.row, cell)), shape=shape).tocsr()

    def step(self, network: Floats, velocity: Floats) -> Floats:
        """The Gauss-Newton answer, linearised at ``velocity``, with the network as prior."""
        # Log-slowness already added to the network's; the prior counts from the network.
        done = np.log(network / velocity).ravel()
        weight, operator = self._operator(velocity)
        wanted = weight * (-self.late_s + self.lengths @ (done / velocity.ravel()))
        unknown = lsqr(operator, wanted, damp=1.0, iter_lim=100)[0]
        corrected: Floats = network * np.exp(-self._correction(unknown))
        return corrected

    def posterior_factor(self, velocity: Floats) -> Floats:
        """Posterior over prior standard deviation, linearised at the model traced last.

        With the singular values s and vectors v of the weighted paths in units of the prior, the
        picks take s^2 / (1 + s^2) of the variance along each v.

        Returns:
            Shape (depth, distance), 1 where no path runs.
        """
        factor = np.ones(self.relative_std.shape)
        rank = min(_RANK, self.late_s.size - 1, velocity.size - 1)
        if rank < 1 or not self.relative_std.any():
            return factor
        _, operator = self._operator(velocity)
        start = np.ones(min(operator.shape))
        # Paths that run in held cells alone say nothing, and the solver needs a start that does.
        wide = operator.shape[1] > operator.shape[0]
        answer = operator.rmatvec(start) if wide else operator.matvec(start)
        if not np.any(answer):
            return factor
        _, strength, directions = svds(operator, k=rank, v0=start)
        # Of unit prior variance; mirrored ends of the smoothing raise it there.
        rows, columns = (
            np.square(gaussian_filter(np.eye(n), (0.0, sigma))).sum(axis=1)
            for n, sigma in zip(factor.shape, self.sigma_cells, strict=True)
        )
        taken = np.zeros(factor.shape)
        for value, direction in zip(strength, directions, strict=True):
            field = gaussian_filter(direction.reshape(factor.shape), self.sigma_cells)
            taken += value**2 / (1 + value**2) * field**2
        factor = np.sqrt(np.clip(1 - taken / np.outer(rows, columns), 0.0, 1.0))
        return np.where(self.relative_std > 0, factor, 1.0)

    def _operator(self, velocity: Floats) -> tuple[Floats, LinearOperator]:
        """Weight of each pick, and weighted times from unit numbers at the model traced last."""
        slowness = 1 / velocity.ravel()
        weight = 1 / (self.error_s * np.sqrt(1 + (self.late_s / (3 * self.error_s)) ** 2))

        def forward(unknown: Floats) -> Floats:
            return weight * (self.lengths @ (slowness * self._correction(unknown).ravel()))

        def adjoint(misfit: Floats) -> Floats:
            return self._adjoint(slowness * (self.lengths.T @ (weight * misfit.ravel())))

        shape = (self.late_s.size, velocity.size)
        operator = LinearOperator(shape, matvec=forward, rmatvec=adjoint, dtype=np.float64)
        return weight, operator

    def _correction(self, unknown: Floats) -> Floats:
        """Log-slowness from independent unit numbers: smoothed, then given the network's spread."""
        field = gaussian_filter(unknown.reshape(self.relative_std.shape), self.sigma_cells)
        return self.relative_std * self.gain * field

    def _adjoint(self, field: Floats) -> Floats:
        """The adjoint of ``_correction``; mirrored ends make the smoothing its own adjoint."""
        scaled = self.relative_std * self.gain * field.reshape(self.relative_std.shape)
        return gaussian_filter(scaled, self.sigma_cells).ravel()

    def _unit_gain(self) -> float:
        """Factor that gives smoothed unit noise standard deviation 1."""
        spike = np.zeros([2 * int(4 * sigma) + 2 * _MARGIN_CELLS + 1 for sigma in self.sigma_cells])
        spike[spike.shape[0] // 2, spike.shape[1] // 2] = 1
        return float(1 / np.sqrt((gaussian_filter(spike, self.sigma_cells) ** 2).sum()))
