"""Full-waveform inversion whose unknowns are a code: what a learned map makes of it is the section.

The map is any differentiable function from numbers to a velocity section, such as the decoder of a
network that has learned what sections look like; this module knows no networks. Gradients run from
the waveforms through the modelling and the map to the code, so that an update moves whole layers
with their interfaces instead of single cells. Codes are taken for standard normal numbers: half
their mean square, weighed against the waveforms, keeps them where the map is to be trusted.

References:
    Mosser, Dubrule & Blunt (2020), Stochastic seismic waveform inversion using generative
    adversarial networks as a geological prior, Mathematical Geosciences 52, 53-79.
    Laloy, Hérault, Jacques & Linde (2018), Water Resources Research 54, 381-406.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray

from geoml.errors import OptionError, ShapeError
from geoml.physics.fwi_bands import Band, choose_band, with_bands
from geoml.physics.fwi_optimiser import minimised
from geoml.physics.fwi_options import FwiOptions
from geoml.physics.fwi_problem import BandProblem, Prior, Solves
from geoml.physics.fwi_result import CurvePoint, FwiResult
from geoml.physics.fwi_shots import BandShots, ShotSet
from geoml.physics.fwi_state import FwiState

Floats = NDArray[np.float64]
Decode = Callable[[torch.Tensor], torch.Tensor]
"""Code, shape (code,), to velocity [m/s], shape (depth, distance); gradients pass."""


@dataclass(frozen=True)
class CodeOptions:
    """How a code follows the waveforms, beside the options that it shares with cells.

    Attributes:
        code_weight: Half the mean square of the code, as a share of the data term that a band
            begins with [1], >= 0.
        trial_iterations: Iterations in the lowest band from every start, before the best goes on.
    """

    code_weight: float = 0.05
    trial_iterations: int = 4

    def __post_init__(self) -> None:
        if not self.code_weight >= 0 or self.trial_iterations < 1:
            raise OptionError(
                f"'code_weight' is {self.code_weight:g} and 'trial_iterations' "
                f"{self.trial_iterations}; needed at least 0, and at least 1."
            )


@dataclass(frozen=True, eq=False)
class CodeResult:
    """A section found through its code.

    Attributes:
        result: The section, whether it is to be believed, and the cost; see ``FwiResult``.
        code: Its code, shape (code,).
        chosen: Number of the start that went on.
    """

    result: FwiResult
    code: NDArray[np.float32]
    chosen: int


@dataclass(frozen=True, eq=False)
class CodeParameter:
    """Velocity as a function of a code's distance from where a band begins.

    Attributes:
        decode: From code to velocity.
        begin: The code where the band begins, shape (code,).
        lower_m_s: Lower bound of the velocity [m/s].
        upper_m_s: Upper bound [m/s].
    """

    decode: Decode
    begin: torch.Tensor
    lower_m_s: float
    upper_m_s: float

    @property
    def start(self) -> torch.Tensor:
        """Velocity where the band begins [m/s], shape (depth, distance)."""
        with torch.no_grad():
            return self.velocity(torch.zeros_like(self.begin))

    @property
    def size(self) -> int:
        """Numbers of the code."""
        return self.begin.numel()

    def velocity(self, unknowns: torch.Tensor) -> torch.Tensor:
        """[m/s], shape (depth, distance), within the bounds."""
        made = self.decode(self.begin + unknowns)
        return made.clamp(self.lower_m_s, self.upper_m_s)

    def bounds(self) -> list[tuple[float, float]] | None:
        """None: a code has no bounds; its weight has to do."""
        return None


class CodeProblem(BandProblem):
    """A band's misfit with half the code's mean square beside it.

    Attributes:
        weight: Of that half [1]; 0 until the band's first misfit is known.
    """

    parameter: CodeParameter
    weight = 0.0

    def __call__(self, unknowns: Floats) -> tuple[float, Floats]:
        """Value and gradient; see ``BandProblem``."""
        value, gradient = super().__call__(unknowns)
        code = self.parameter.begin.double().cpu().numpy() + unknowns
        share = self.weight / code.size
        return value + 0.5 * share * float(code @ code), gradient + share * code


def invert_code(
    decode: Decode,
    codes: Sequence[NDArray[np.floating]],
    spacing_m: float,
    shots: Sequence[ShotSet],
    options: FwiOptions,
    code_options: CodeOptions | None = None,
    *,
    device: str = "cpu",
) -> CodeResult:
    """The section whose code fits the waveforms.

    From every start a few iterations in the lowest band; the one that fits best the receivers that
    were left out goes on through all bands.

    Args:
        decode: From code to velocity.
        codes: Where to begin, each (code,).
        spacing_m: Cell size [m].
        shots: Sets of shots, each over its slice of the section.
        options: Bands, iterations, optimiser, bounds; penalties on cells are left aside.
        code_options: What codes alone have; the defaults if None.
        device: Where torch computes.

    Returns:
        The answer, or the first start with the reason why.

    Raises:
        ShapeError: If there is no start or no shot, or the starts differ in length.
        PhysicsError: If a velocity or acquisition cannot be modelled.
    """
    if not codes or not shots or len({np.shape(code) for code in codes}) > 1:
        raise ShapeError(
            f"{len(codes)} starts of {len({np.shape(c) for c in codes})} shapes and {len(shots)} "
            "sets of shots; needed one of each at least, and starts of one shape."
        )
    options = with_bands(options, shots[0].acquisition)
    run = _Run(decode, spacing_m, shots, options, code_options or CodeOptions(), device)
    return run.result([np.asarray(code, dtype=np.float32) for code in codes])


class _Run:
    """One inversion, from its starts to its verdict."""

    def __init__(
        self,
        decode: Decode,
        spacing_m: float,
        shots: Sequence[ShotSet],
        options: FwiOptions,
        own: CodeOptions,
        device: str,
    ) -> None:
        assert options.bands_hz is not None, "chosen by invert_code"
        self.bands_hz, self.options, self.own = options.bands_hz, options, own
        self.decode, self.spacing_m, self.shots, self.device = decode, spacing_m, shots, device
        self.solves = Solves()
        self.curve: list[CurvePoint] = []

    def result(self, codes: list[NDArray[np.float32]]) -> CodeResult:
        """The answer from all starts, judged."""
        begun = time.process_time()
        state = FwiState.begin(self._velocity(codes[0]), repr(self.options))
        state.solves, state.curve = self.solves, self.curve
        kept = [codes[0]]
        state.judged.append(self._judged(codes[0]))
        state.candidates.append(state.start)
        chosen, code = self._chosen(codes)
        for number in range(len(self.bands_hz)):
            code = self._moved(number, code, self.options.iterations)
            kept.append(code)
            state.judged.append(self._judged(code))
            state.candidates.append(self._velocity(code))
        state.seconds = time.process_time() - begun
        verdict = state.verdict()
        return CodeResult(verdict, kept[state.best if verdict.accepted else 0], chosen)

    def _chosen(self, codes: list[NDArray[np.float32]]) -> tuple[int, NDArray[np.float32]]:
        """The start that goes on, after its trial."""
        if len(codes) == 1:
            return 0, codes[0]
        tried = [self._moved(0, code, self.own.trial_iterations) for code in codes]
        misfits = [self._unseen(code) for code in tried]
        best = int(np.argmin(misfits))
        return best, tried[best]

    def _moved(
        self, number: int, code: NDArray[np.float32], iterations: int
    ) -> NDArray[np.float32]:
        """A code moved on by one band."""
        problem = self._problem(number, code)
        before, _ = problem.data_terms(problem.parameter.start)
        problem.weight = self.own.code_weight * before
        count = 0

        def record(objective: float, data: float) -> None:
            nonlocal count
            count += 1
            self.curve.append(CurvePoint(number, count, objective, data, self.solves.total))

        options = replace(self.options, iterations=iterations)
        return np.asarray(code + minimised(problem, options, record), dtype=np.float32)

    def _unseen(self, code: NDArray[np.float32]) -> float:
        """Misfit of the lowest band on receivers left out; on the others where none were."""
        problem = self._problem(0, code)
        fitted, held = problem.data_terms(problem.parameter.start)
        return held if np.isfinite(held) else fitted

    def _judged(self, code: NDArray[np.float32]) -> tuple[float, float]:
        """Misfits of the last band, fitted and left out."""
        problem = self._problem(len(self.bands_hz) - 1, code)
        return problem.data_terms(problem.parameter.start)

    def _velocity(self, code: NDArray[np.float32]) -> NDArray[np.float32]:
        return self._parameter(code).start.float().cpu().numpy()

    def _parameter(self, code: NDArray[np.float32]) -> CodeParameter:
        begin = torch.as_tensor(code, dtype=torch.float32, device=self.device)
        options = self.options
        return CodeParameter(self.decode, begin, options.min_velocity_m_s, options.max_velocity_m_s)

    def _problem(self, number: int, code: NDArray[np.float32]) -> CodeProblem:
        """What a band minimises, beginning at a code."""
        parameter, options = self._parameter(code), self.options
        bands = [
            BandShots(one, self._band(number, one), options, self.device) for one in self.shots
        ]
        return CodeProblem(bands, parameter, Prior(parameter.start), options, self.solves)

    def _band(self, number: int, shots: ShotSet) -> Band:
        options = self.options
        return choose_band(
            self.bands_hz[number],
            shots.acquisition,
            options.min_velocity_m_s,
            options.max_velocity_m_s,
            accuracy=options.stencil,
            simulation_spacing_m=options.simulation_spacing_m,
        )
