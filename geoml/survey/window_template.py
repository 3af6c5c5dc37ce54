"""The template of a line's windows, and the search for shots and traces that fit it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from geoml.errors import GeometryError
from geoml.survey.line_shots import LineShot, median_step, receiver_interval, shot_interval
from geoml.survey.window_layout import LineWindow, WindowLayout

Floats = NDArray[np.float64]

_LEAST_COMPLETE = 0.5
_ROUNDING_M = 1e-6


def build_template(shots: list[LineShot], starts: list[int], layout: WindowLayout) -> LineWindow:
    """The window of a line that has most receivers in its poorest shot.

    Args:
        shots: The line's shots in order.
        starts: First shot of each candidate window.
        layout: What a window holds.

    Returns:
        A complete window: every shot has the same number of receivers.

    Raises:
        GeometryError: If no window has the receivers that the layout asks for.
    """

    def members(start: int) -> list[LineShot]:
        return [shots[start + n * layout.shot_step] for n in range(layout.n_shots)]

    poorest = [min(select_receivers(s, layout).size for s in members(start)) for start in starts]
    available = max(poorest)
    wanted = layout.n_receivers or max(available, 1)
    if available < wanted:
        farthest = "any" if layout.max_offset_m is None else f"{layout.max_offset_m:g} m"
        raise GeometryError(
            f"Every window has a shot with at most {available} receivers at offsets from "
            f"{layout.min_offset_m:g} m to {farthest}; {wanted} are needed. Lower n_receivers or "
            "receiver_step, or widen the offsets."
        )
    # In the middle of the line rather than at an end, where a fixed spread is one-sided.
    best = np.flatnonzero(np.array(poorest) == available)
    chosen = members(starts[int(best[best.size // 2])])
    places = [select_receivers(shot, layout, wanted) for shot in chosen]
    pairs = list(zip(chosen, places, strict=True))
    source = np.array([shot.distance_m for shot in chosen])
    receiver = np.stack([shot.receiver_distance_m[place] for shot, place in pairs])
    origin = float(min(source.min(), receiver.min())) - layout.margin_m
    return LineWindow(
        index=0,
        origin_m=origin,
        trace_index=np.stack([shot.traces[place] for shot, place in pairs]),
        source_distance_m=source - origin,
        source_depth_m=np.array([shot.depth_m for shot in chosen]),
        receiver_distance_m=receiver - origin,
        receiver_depth_m=np.stack([shot.receiver_depth_m[place] for shot, place in pairs]),
    )


def select_receivers(
    shot: LineShot, layout: WindowLayout, count: int | None = None
) -> NDArray[np.int64]:
    """Places in a shot's receiver list that a layout takes, by growing distance.

    Args:
        shot: The shot.
        layout: Its offsets and receiver step are honoured.
        count: Take only so many, the nearest ones.
    """
    offset = np.abs(shot.offset_m)
    near_enough = layout.max_offset_m is None or offset <= layout.max_offset_m + _ROUNDING_M
    keep = (offset >= layout.min_offset_m - _ROUNDING_M) & near_enough
    if not keep.any():
        return np.empty(0, dtype=np.int64)
    nearest = int(np.argmin(np.where(keep, offset, np.inf)))
    keep &= (np.arange(offset.size) - nearest) % layout.receiver_step == 0
    places = np.flatnonzero(keep)
    if count is not None:
        places = np.sort(places[np.argsort(offset[places], kind="stable")[:count]])
    return places


def matched_windows(
    shots: list[LineShot], starts: list[int], template: LineWindow
) -> list[LineWindow]:
    """The windows that have at least half of the template's traces.

    Windows that reach beyond the line's last shot are left out where there are others.

    Args:
        shots: The line's shots in order.
        starts: First shot of each candidate window.
        template: Positions to look for.
    """
    reach_m = _reach(shots, template)
    matched = [_match(shots, start, template, reach_m, at) for at, start in enumerate(starts)]
    usable = [window for window in matched if window.completeness >= _LEAST_COMPLETE]
    last_m = shots[-1].distance_m + 0.5 * reach_m[0]
    inside = [w for w in usable if w.origin_m + template.source_distance_m.max() <= last_m]
    kept = inside or usable
    return [replace(window, index=index) for index, window in enumerate(kept)]


def _reach(shots: list[LineShot], template: LineWindow) -> tuple[float, float]:
    """How far a shot and a receiver may be from the template's place [m]: half an interval."""
    wanted_shot = median_step(template.source_distance_m)
    wanted_receiver = np.median([median_step(row) for row in template.receiver_distance_m])
    return (
        0.5 * min(shot_interval(shots), wanted_shot) + _ROUNDING_M,
        0.5 * min(receiver_interval(shots), float(wanted_receiver)) + _ROUNDING_M,
    )


def _match(
    shots: list[LineShot],
    start: int,
    template: LineWindow,
    reach_m: tuple[float, float],
    index: int,
) -> LineWindow:
    """The template laid with its first shot on shot ``start``."""
    lined = np.array([shot.distance_m for shot in shots])
    wanted = template.source_distance_m + (lined[start] - template.source_distance_m[0])
    place_of_shot = nearest_once(lined, wanted, reach_m[0])
    found = np.flatnonzero(place_of_shot >= 0)
    origin = float(np.mean(lined[place_of_shot[found]] - template.source_distance_m[found]))

    trace_index = np.full(template.trace_index.shape, -1, dtype=np.int64)
    source = template.source_distance_m.copy()
    source_depth = template.source_depth_m.copy()
    receiver = template.receiver_distance_m.copy()
    receiver_depth = template.receiver_depth_m.copy()
    offset = template.receiver_distance_m - template.source_distance_m[:, None]
    for place in found:
        shot = shots[place_of_shot[place]]
        source[place] = shot.distance_m - origin
        source_depth[place] = shot.depth_m
        taken = nearest_once(shot.offset_m, offset[place], reach_m[1])
        near = taken >= 0
        trace_index[place, near] = shot.traces[taken[near]]
        receiver[place, near] = shot.receiver_distance_m[taken[near]] - origin
        receiver_depth[place, near] = shot.receiver_depth_m[taken[near]]
    return LineWindow(
        index=index,
        origin_m=origin,
        trace_index=trace_index,
        source_distance_m=source,
        source_depth_m=source_depth,
        receiver_distance_m=receiver,
        receiver_depth_m=receiver_depth,
    )


def nearest_once(there_m: Floats, wanted_m: Floats, reach_m: float) -> NDArray[np.int64]:
    """For each wanted position the nearest one that is there, each used at most once.

    Args:
        there_m: Positions to choose from [m], shape (there,).
        wanted_m: [m], shape (wanted,).
        reach_m: Farthest acceptable misfit [m].

    Returns:
        Number of the chosen position, -1 where none is near enough or another wanted position is
        nearer to it, shape (wanted,).
    """
    misfit = np.abs(there_m[None, :] - wanted_m[:, None])
    nearest = misfit.argmin(axis=1)
    best = misfit.min(axis=1)
    chosen = np.full(wanted_m.size, -1, dtype=np.int64)
    used: set[int] = set()
    for place in np.argsort(best, kind="stable"):
        candidate = int(nearest[place])
        if best[place] <= reach_m and candidate not in used:
            chosen[place] = candidate
            used.add(candidate)
    return chosen
