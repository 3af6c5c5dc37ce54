"""Settings of full-waveform inversion, checked before any wave is modelled."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import pairwise
from math import inf
from typing import Any, Literal, Self

from geoml.errors import OptionError

_FINEST = 8
_POSITIVE = (
    "iterations",
    "learning_rate",
    "min_velocity_m_s",
    "tv_corner_m_s",
    "smooth_corner_m_s",
    "absorbing_cells",
    "simulation_spacing_m",
    "checkpoint_segments",
)


@dataclass(frozen=True)
class FwiOptions:
    """How a velocity model follows the waveforms.

    Attributes:
        bands_hz: Corner of the low-pass on both sides, band after band [Hz], rising; None in the
            place of the last stands for the full band. By default three corners that the
            wavelet's own spectrum gives.
        iterations: Iterations of the optimiser a band.
        optimiser: ``lbfgs`` (quasi-Newton with a line search) or ``adam``.
        learning_rate: Step of Adam, in units of the preconditioned model.
        misfit: ``waveform`` (energy of the residual) or ``correlation`` (shapes of traces, blind
            to amplitude; for field gathers).
        parameter: What is updated: ``velocity`` or ``slowness``.
        min_velocity_m_s: Lower bound [m/s].
        max_velocity_m_s: Upper bound [m/s]; fixes the time step.
        tv_weight: Total variation at the start of a band, as a share of the data term there.
        tv_corner_m_s: Steps between cells well under this one are smoothed like noise [m/s].
        edge_relief: How much less the total variation weighs where an edge is certain [1], 0 to 1.
        prior_weight: Squared distance from the start in units of its spread, mean over the cells,
            as a share of the data term at a band's start for a distance of one spread.
        smooth_m: How far an update spreads within a layer at each band [m]; the last one goes on.
            0 for none.
        smooth_corner_m_s: Step from cell to cell that stops half of it [m/s].
        rough_share: Share of an update's variance that moves cell by cell beside that [1].
        precondition: ``illumination`` undoes the decay of amplitude away from sources and
            receivers; ``depth`` is the same for depth alone; ``none``.
        precondition_power: 1 undoes the decay, 0 leaves it.
        spread_power: How closely steps follow the start's spread, where one is given: 1 in
            proportion, 0 not at all.
        sharpen_cells: Window of the layered prior [cells], odd: at the end ramps become steps,
            unless that undoes two thirds of the fall of the misfit's logarithm. 0 for none, and
            wherever the ground may change smoothly.
        layer_rounds: How often, after the bands, the section is put into layers, these are
            inverted by Gauss-Newton (``fwi_layers``) and the cells go on from there; 0 for none.
            For windows whose ground is a stack of layers, by the misfit of waveforms; some
            hundred modellings a round.
        layer_knots: Knots of a step of each interface, evenly over the section, at least 2.
        hold_above_m: No cell shallower than this moves [m]: the water column.
        update_wavelet: Fit the source anew at each band: ``none``, ``common`` (one filter for all
            shots) or ``shot`` (one each).
        trace_power: Traces weigh by their RMS amplitude to minus this power; 1 levels all.
        time_power: Samples weigh by the RMS amplitude around them to minus this power: 1 levels a
            trace along time, so that late reflections count as the direct wave does.
        held_out: Every so manieth receiver, one at least, is kept for judging the answer; 0 for
            none, and an answer that nothing proves.
        accuracy: Order of the spatial stencil, 4 or 8. None for that of a pair store which says how
            its gathers were modelled (genuine OpenFWI: order 4 on cells of 10 m), and for the
            finest, 8, elsewhere, field gathers above all.
        absorbing_cells: Width of the absorbing layer.
        simulation_spacing_m: Cell size of the modelling [m]; None lets the pair store or each band
            choose.
        checkpoint_segments: As in ``model_shots``: saves memory on long records.
    """

    bands_hz: tuple[float | None, ...] | None = None
    iterations: int = 15
    optimiser: Literal["lbfgs", "adam"] = "lbfgs"
    learning_rate: float = 0.02
    misfit: Literal["waveform", "correlation"] = "waveform"
    parameter: Literal["velocity", "slowness"] = "velocity"
    min_velocity_m_s: float = 1400.0
    max_velocity_m_s: float = 6000.0
    tv_weight: float = 0.02
    tv_corner_m_s: float = 20.0
    edge_relief: float = 0.5
    prior_weight: float = 0.0
    smooth_m: tuple[float, ...] = (0.0,)
    smooth_corner_m_s: float = 15.0
    rough_share: float = 0.1
    precondition: Literal["illumination", "depth", "none"] = "illumination"
    precondition_power: float = 1.0
    spread_power: float = 1.0
    sharpen_cells: int = 0
    layer_rounds: int = 0
    layer_knots: int = 8
    hold_above_m: float = 0.0
    update_wavelet: Literal["none", "common", "shot"] = "none"
    trace_power: float = 0.0
    time_power: float = 0.0
    held_out: int = 10
    accuracy: int | None = None
    absorbing_cells: int = 20
    simulation_spacing_m: float | None = None
    checkpoint_segments: int | None = None

    def __post_init__(self) -> None:
        if self.bands_hz is not None:
            _check_bands(self.bands_hz)
        for name in _POSITIVE:
            value = getattr(self, name)
            if value is not None and not 0 < value < inf:
                raise OptionError(f"'{name}' is {value:g}; it must be above 0 and finite.")
        for name in (
            "tv_weight",
            "prior_weight",
            "precondition_power",
            "spread_power",
            "layer_rounds",
            "hold_above_m",
            "trace_power",
            "time_power",
            "held_out",
        ):
            value = getattr(self, name)
            if not 0 <= value < inf:
                raise OptionError(f"'{name}' is {value:g}; it must be at least 0 and finite.")
        if not inf > self.max_velocity_m_s > self.min_velocity_m_s:
            raise OptionError(
                f"Bounds of {self.min_velocity_m_s:g} to {self.max_velocity_m_s:g} m/s leave no "
                "room; the upper one must exceed the lower."
            )
        for name in ("edge_relief", "rough_share"):
            if not 0 <= getattr(self, name) <= 1:
                raise OptionError(f"'{name}' is {getattr(self, name):g}; choose it within 0 to 1.")
        if not self.smooth_m or min(self.smooth_m) < 0:
            raise OptionError(f"'smooth_m' is {self.smooth_m}; give lengths of at least 0.")
        if self.sharpen_cells != 0 and (self.sharpen_cells < 3 or self.sharpen_cells % 2 == 0):
            raise OptionError(
                f"'sharpen_cells' is {self.sharpen_cells}; choose 0, or an odd number from 3 on."
            )
        if self.layer_knots < 2:
            raise OptionError(f"'layer_knots' is {self.layer_knots}; it must be at least 2.")
        if self.layer_rounds and self.misfit != "waveform":
            raise OptionError(
                "'layer_rounds' fits amplitudes; give 'misfit: waveform' with it, or set it to 0."
            )
        if self.layer_rounds and not self.held_out:
            raise OptionError(
                "'layer_rounds' is judged by receivers left out of the fit; give 'held_out' of 2 "
                "and more, or set it to 0."
            )
        if self.held_out == 1:
            raise OptionError("'held_out' of 1 leaves no receiver to fit; choose 0, or 2 and more.")

    def check_line(self) -> None:
        """Refuse what is for windows alone.

        Raises:
            OptionError: If layers are asked for.
        """
        if self.layer_rounds:
            raise OptionError(
                "'layer_rounds' models all shots once an unknown, too much for a line's; leave it "
                "0 here, and give it to windows."
            )

    @property
    def stencil(self) -> int:
        """Order of the spatial stencil."""
        return _FINEST if self.accuracy is None else self.accuracy

    def modelled_as(self, gathers: Mapping[str, Any]) -> Self:
        """The options with stencil and cells of the gathers' own modelling, if they name neither.

        Args:
            gathers: ``accuracy`` and ``simulation_spacing_m``; empty where unknown.
        """
        named = self.accuracy is not None or self.simulation_spacing_m is not None
        return self if named or not gathers else replace(self, **gathers)

    def smoothing_m(self, band: int) -> float:
        """Correlation length of an update in a band [m]."""
        return self.smooth_m[min(band, len(self.smooth_m) - 1)]


def _check_bands(bands_hz: tuple[float | None, ...]) -> None:
    """Refuse bands that do not rise to the full one."""
    corners = [float("inf") if band is None else band for band in bands_hz]
    rising = all(low < high for low, high in pairwise(corners))
    if not corners or corners[0] <= 0 or not rising:
        raise OptionError(
            f"Bands of {list(bands_hz)} Hz: give corners above 0 that rise, null last for the "
            "full band."
        )
