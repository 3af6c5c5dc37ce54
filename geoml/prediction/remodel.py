"""The shots of a line, modelled in a section with the survey's own positions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, cast

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from geoml.physics.acoustic import AcquisitionLike, model_acquisition
from geoml.physics.grid import choose_grid
from geoml.physics.travel_times import first_arrival_times
from geoml.survey.acquisition import Acquisition
from geoml.survey.geometry import line_coordinates
from geoml.survey.line_shots import LineShot, line_shots

Floats = NDArray[np.float64]
SLICE_GROWTH = 1.5
"""Shots share a simulation while it is at most this much wider than the widest of them."""


def chosen_shots(survey: xr.Dataset, max_shots: int | None = None) -> dict[int, LineShot]:
    """The shots of a survey in order along the line, or ``max_shots`` of them, evenly spread.

    Args:
        survey: Survey with geometry.
        max_shots: Most shots to take; None for all.

    Returns:
        Field record, or place along the line where records do not tell shots apart -> shot.
    """
    shots = line_shots(survey, line_coordinates(survey))
    records = survey["field_record"].to_numpy()[[shot.traces[0] for shot in shots]]
    if np.unique(records).size < len(shots):
        records = np.arange(1, len(shots) + 1)
    count = len(shots) if max_shots is None else min(max_shots, len(shots))
    places = np.unique(np.linspace(0, len(shots) - 1, count).round().astype(int))
    return {int(records[place]): shots[place] for place in places}


def reach_m(shot: LineShot) -> tuple[float, float]:
    """Lowest and highest line distance of a shot's source and receivers [m]."""
    along = np.append(shot.receiver_distance_m, shot.distance_m)
    return float(along.min()), float(along.max())


def shot_groups(shots: Sequence[LineShot]) -> Iterator[list[LineShot]]:
    """Runs of shots near enough to each other to share one slice of the section."""
    group: list[LineShot] = []
    for shot in shots:
        together = [*group, shot]
        lows, highs = zip(*(reach_m(one) for one in together), strict=True)
        widest = max(high - low for low, high in zip(lows, highs, strict=True))
        if group and max(highs) - min(lows) > SLICE_GROWTH * widest:
            yield group
            together = [shot]
        group = together
    if group:
        yield group


def group_acquisition(
    group: Sequence[LineShot], template: Acquisition, origin_m: float, n_distance: int
) -> Acquisition:
    """Positions of a group of shots from a slice's first column, sampled like the template.

    Shots with fewer receivers repeat their last one, so that the arrays are rectangular.

    Args:
        group: The shots.
        template: Sampling, wavelet, grid and surface.
        origin_m: Line distance of the slice's first column [m].
        n_distance: Columns of the slice.
    """
    most = max(len(shot.traces) for shot in group)
    distance, depth = (
        np.stack([np.pad(values, (0, most - values.size), "edge") for values in rows])
        for rows in (
            [shot.receiver_distance_m for shot in group],
            [shot.receiver_depth_m for shot in group],
        )
    )
    return replace(
        template,
        source_distance_m=np.array([shot.distance_m for shot in group]) - origin_m,
        source_depth_m=np.array([shot.depth_m for shot in group]),
        receiver_distance_m=distance - origin_m,
        receiver_depth_m=depth,
        n_distance=n_distance,
    )


def section_slice(
    velocity: Floats, distance_m: Floats, spacing_m: float, covered_m: tuple[float, float]
) -> tuple[Floats, float]:
    """Columns of a section under a range of the line, its ends going on beyond it.

    Args:
        velocity: [m/s], shape (depth, distance); columns of NaN take their nearest neighbour's.
        distance_m: Line distance of the columns [m], shape (distance,).
        spacing_m: Step between columns [m].
        covered_m: Lowest and highest distance to cover [m].

    Returns:
        The slice, shape (depth, distance), and the line distance of its first column [m].
    """
    first = int(np.floor((covered_m[0] - distance_m[0]) / spacing_m + 1e-9))
    last = int(np.ceil((covered_m[1] - distance_m[0]) / spacing_m - 1e-9))
    filled = np.flatnonzero(np.isfinite(velocity).all(axis=0))
    wanted = np.arange(first, last + 1)
    nearest = np.abs(filled[None] - wanted[:, None]).argmin(axis=1)
    return velocity[:, filled[nearest]], float(distance_m[0] + first * spacing_m)


def modelled_gathers(
    velocity: Floats,
    acquisition: Acquisition,
    max_velocity_m_s: float,
    device: str,
    modelling: Mapping[str, Any] | None = None,
) -> NDArray[np.float32]:
    """Pressure of a group of shots, shape (shot, receiver, time).

    Args:
        velocity: Slice of the section [m/s], shape (depth, distance).
        acquisition: Of the group.
        max_velocity_m_s: Fastest velocity of all models that are compared [m/s].
        device: Where torch computes.
        modelling: ``accuracy`` and ``simulation_spacing_m`` of what is compared with; None or empty
            for cells that carry the band at order 8.
    """
    if not modelling:
        grid = choose_grid(
            float(velocity.min()),
            max_velocity_m_s,
            acquisition.max_frequency_hz,
            acquisition.spacing_m,
            acquisition.dt_s,
        )
        modelling = {"accuracy": grid.accuracy, "simulation_spacing_m": grid.spacing_m}
    records = model_acquisition(
        velocity.astype(np.float32),
        cast(AcquisitionLike, acquisition),
        max_velocity_m_s=max_velocity_m_s,
        device=device,
        **modelling,
    )
    return np.asarray(records[0].cpu().numpy(), dtype=np.float32)


def computed_first_arrivals(velocity: Floats, acquisition: Acquisition) -> Floats:
    """First-arrival times of a group of shots [s], shape (shot, receiver)."""
    sources = np.column_stack([acquisition.source_distance_m, acquisition.source_depth_m])
    receivers = np.stack([acquisition.receiver_distance_m, acquisition.receiver_depth_m], axis=-1)
    return first_arrival_times(velocity, acquisition.spacing_m, sources, receivers)
