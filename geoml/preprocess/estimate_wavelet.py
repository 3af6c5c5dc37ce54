"""The wavelet of a survey: from its first arrivals, from its spectrum, or by least squares."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike, NDArray

from geoml.errors import OptionError, PhysicsError, ShapeError
from geoml.physics.source_matching import match_source
from geoml.physics.wavelets import Wavelet, estimate_from_first_arrivals, estimate_statistical
from geoml.survey.gathers import gather_index

WaveletMethod = Literal["first_arrivals", "statistical", "least_squares"]

_TRACES = 2000


def estimate_wavelet(
    survey: xr.Dataset,
    method: WaveletMethod = "first_arrivals",
    *,
    reference: ArrayLike | None = None,
    probe: Wavelet | None = None,
    **options: Any,
) -> Wavelet:
    """The wavelet in the traces of a survey.

    Three ways, which need more and promise more from first to last:

    - ``statistical``: the mean amplitude spectrum, with the phase assumed. Needs nothing.
    - ``first_arrivals``, the direct one: traces stacked along their picks. It has the true phase
      where one arrival comes alone. Needs ``first_break`` and offsets.
    - ``least_squares``: the Wiener filter that carries a reference onto the recorded traces. Needs
      the reference: reflectivity (a well's, a model's), or gathers modelled with ``probe``.

    Estimate before mutes and gains, which would distort it. The first two read two thousand
    traces at most, of whole shots all over the survey; by default they make a source for 2-D
    modelling of the wavelet that is recorded in 3-D, which ``point_source=False`` leaves out.

    Args:
        survey: Dims (trace, time), amplitude in memory or lazy.
        method: Which way.
        reference: For ``least_squares``, the traces without the wavelet at the same times, shape
            (trace, time).
        probe: Wavelet of the reference; by default a spike, as reflectivity has.
        **options: Of ``geoml.physics.wavelets.estimate_from_first_arrivals``,
            ``estimate_statistical`` or ``geoml.physics.source_matching.match_source``, such as
            ``length_s`` of all three.

    Raises:
        OptionError: If the method is unknown, or what it needs is missing.
        PhysicsError: If too few traces are live, or have picks.
        ShapeError: If the reference has another shape than the traces.
    """
    if method == "least_squares":
        return _by_least_squares(survey, reference, probe, options)
    if reference is not None or probe is not None:
        raise OptionError(
            f"A reference is for the method 'least_squares', and the method is '{method}'; leave "
            "it out."
        )
    some = some_traces(survey)
    dt_s, start_s = _sampling(some)
    if method == "statistical":
        return estimate_statistical(some["amplitude"].values, dt_s, **options)
    if method != "first_arrivals":
        raise OptionError(
            f"Unknown wavelet method '{method}'. Known: first_arrivals, statistical, least_squares."
        )
    if "first_break" not in some:
        raise OptionError(
            "The wavelet is to come from the first arrivals, and the survey has no picks; put "
            "the step 'pick_first_breaks' into its preprocessing."
        )
    return estimate_from_first_arrivals(
        some["amplitude"].values,
        some["first_break"].values,
        some["offset"].values,
        dt_s,
        start_s=start_s,
        **options,
    )


def some_traces(survey: xr.Dataset) -> xr.Dataset:
    """Live traces of whole shots, evenly spread over a survey, two thousand at most, in memory.

    Raises:
        PhysicsError: If all of them are dead.
    """
    shots = gather_index(survey, "shot").trace_lists
    largest = max((traces.size for traces in shots), default=1)
    count = int(np.clip(_TRACES // largest, 1, len(shots)))
    places = np.unique(np.linspace(0, len(shots) - 1, count).round().astype(int))
    some = survey.isel(trace=np.sort(np.concatenate([shots[place] for place in places]))).load()
    live = np.flatnonzero(some["amplitude"].values.any(axis=1))
    if not live.size:
        raise PhysicsError("Every trace is dead; there is nothing to make a wavelet of.")
    return some.isel(trace=live)


def _by_least_squares(
    survey: xr.Dataset, reference: ArrayLike | None, probe: Wavelet | None, options: dict[str, Any]
) -> Wavelet:
    if reference is None:
        raise OptionError(
            "The method 'least_squares' needs a reference: reflectivity, or modelled traces and "
            "the 'probe' that they were modelled with."
        )
    modelled = np.asarray(reference, dtype=np.float64)
    shape = (survey.sizes["trace"], survey.sizes["time"])
    if modelled.shape != shape:
        raise ShapeError(f"The reference has shape {modelled.shape}; the traces have {shape}.")
    dt_s, start_s = _sampling(survey)
    spike = Wavelet(np.ones(1), 0.0, dt_s, 0.5 / dt_s, "spike")
    if "first_break" in survey:
        onset_s: NDArray[np.float64] = survey["first_break"].values - start_s
    else:
        # The whole trace counts, and not a window behind the first arrival.
        onset_s = np.zeros(shape[0])
        options = {"window_s": shape[1] * dt_s, **options}
    return match_source(survey["amplitude"].values, modelled, onset_s, probe or spike, **options)


def _sampling(survey: xr.Dataset) -> tuple[float, float]:
    time_s = survey["time"].values
    if time_s.size < 2:
        raise ShapeError(f"The traces have {time_s.size} samples; at least 2 are needed.")
    return float(time_s[1] - time_s[0]), float(time_s[0])
