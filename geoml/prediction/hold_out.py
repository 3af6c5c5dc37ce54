"""Traces that no fit may use, so that a smaller misfit is more than a closer fit to noise."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from geoml.survey.line_shots import LineShot

Mask = NDArray[np.bool_]
Shots = Mapping[int, LineShot]
_LEAST_SHOTS = 3
"""Held-out shots that a line must give, or single traces are held out instead."""


def held_out_traces(shots: Shots, n_traces: int, every: int) -> Mask:
    """Every n-th shot of a line, or every n-th trace of each shot where shots are few.

    A line of 15 shots has three fifths; one of 4 shots would lose a quarter of its coverage, so
    that there the receivers are thinned, each shot beginning at another one.

    Args:
        shots: The line's shots in order, from ``chosen_shots``.
        n_traces: Traces of the survey.
        every: Keep one in so many out of fits; 0 for none.

    Returns:
        True where a trace is held out, shape (trace,).
    """
    held_out = np.zeros(n_traces, dtype=np.bool_)
    if every == 0:
        return held_out
    gathers = [shot.traces for shot in shots.values()]
    if len(gathers) >= _LEAST_SHOTS * every:
        for traces in gathers[every // 2 :: every]:
            held_out[traces] = True
    else:
        for place, traces in enumerate(gathers):
            held_out[traces[(every // 2 + place) % every :: every]] = True
    return held_out


def fitted_shots(shots: Shots, held_out: Mask) -> dict[int, LineShot]:
    """The shots with the traces that a fit may use; those without any are left out."""
    fitted = {}
    for number, shot in shots.items():
        used = ~held_out[shot.traces]
        if used.any():
            fitted[number] = shot if used.all() else _part(shot, used)
    return fitted


def spread_shots(shots: Shots, count: int | None, held_out: Mask | None = None) -> Shots:
    """So many shots, evenly spread along the line, held-out ones in their share of it.

    Args:
        shots: The line's shots in order.
        count: How many; None for all.
        held_out: Traces that no fit uses, shape (trace,); None for none.
    """
    numbers = list(shots)
    if count is None or count >= len(numbers):
        return dict(shots)
    aside = np.zeros(len(numbers), dtype=np.bool_)
    if held_out is not None:
        aside = np.array([bool(held_out[shots[number].traces].all()) for number in numbers])
    share = min(int(np.ceil(count * aside.mean())), count - 1)
    places = np.concatenate(
        [_spread(np.flatnonzero(~aside), count - share), _spread(np.flatnonzero(aside), share)]
    )
    return {numbers[place]: shots[numbers[place]] for place in np.sort(places)}


def _spread(places: NDArray[np.int64], count: int) -> NDArray[np.int64]:
    count = min(count, places.size)
    return places[np.unique(np.linspace(0, places.size - 1, count).round().astype(int))]


def _part(shot: LineShot, used: Mask) -> LineShot:
    return replace(
        shot,
        traces=shot.traces[used],
        receiver_distance_m=shot.receiver_distance_m[used],
        receiver_depth_m=shot.receiver_depth_m[used],
    )
