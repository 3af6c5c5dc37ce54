"""The mirror image of a window's gathers: where each trace goes when the ground is flipped.

A wave equation does not know left from right: gathers over the flipped velocity are the recorded
ones with every position flipped. Where the flipped sources are others than the recorded ones, both
sets together are the channels of a network, and either kind of gathers fills its own.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from geoml.errors import GeometryError, ShapeError
from geoml.survey.acquisition import Acquisition

Shots = NDArray[np.float32]
TOLERANCE_M = 1.0
"""Largest distance between a mirrored position and its partner [m]."""


@dataclass(frozen=True, eq=False)
class MirrorOrder:
    """Where the traces of the mirrored gathers come from.

    Attributes:
        shot: Shot to read for each shot of the mirrored window, shape (shot,).
        receiver: Receiver of that shot to read, shape (shot, receiver).
    """

    shot: NDArray[np.int64]
    receiver: NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class MirrorChannels:
    """Channels that hold a window's gathers as recorded, or those of its mirror image.

    Attributes:
        acquisition: The window with a shot a channel: its own mirror image.
        recorded: Channel of each recorded shot, shape (shot,).
        order: How the channels are flipped.
    """

    acquisition: Acquisition
    recorded: NDArray[np.int64]
    order: MirrorOrder

    @property
    def n_channels(self) -> int:
        """Source positions, recorded and mirrored ones together."""
        return self.acquisition.n_shots

    def place(self, shots: Shots) -> Shots:
        """Recorded gathers in their channels, zeros in the others.

        Args:
            shots: Shape (..., shot, time, receiver).

        Returns:
            Shape (..., channel, time, receiver).

        Raises:
            ShapeError: If the gathers have another number of shots than were recorded.
        """
        if shots.shape[-3] != self.recorded.size:
            raise ShapeError(
                f"Gathers have shape {shots.shape}; needed {self.recorded.size} shots as "
                "(..., shot, time, receiver)."
            )
        placed = np.zeros((*shots.shape[:-3], self.n_channels, *shots.shape[-2:]), shots.dtype)
        placed[..., self.recorded, :, :] = shots
        return placed

    def flip(self, placed: Shots) -> Shots:
        """Gathers over the mirrored ground, from gathers in their channels.

        Args:
            placed: Shape (..., channel, time, receiver).

        Returns:
            Same shape; flipping twice gives the gathers back.
        """
        receiver = self.order.receiver[:, None, :]
        receiver = receiver.reshape((1,) * (placed.ndim - 3) + receiver.shape)
        return np.take_along_axis(placed[..., self.order.shot, :, :], receiver, axis=-1)


def mirror_channels(acquisition: Acquisition, tolerance_m: float = TOLERANCE_M) -> MirrorChannels:
    """The recorded source positions of a window and their mirror images, as channels.

    A window that is its own mirror image keeps its shots in their order. Otherwise the channels
    are sorted along the line: OpenFWI's sources at columns 0, 17, 34, 52 and 69 of 70 have six.
    The receivers of a mirrored shot are counted in the order of the spread that they lie on.

    Args:
        acquisition: Positions within the window; it is mirrored about the middle of its grid.
        tolerance_m: Largest distance between a mirrored position and its partner [m].

    Raises:
        GeometryError: If the mirrored receivers of a shot lie where the window has none.
    """
    order = mirror_order(acquisition, tolerance_m)
    if order is not None:
        return MirrorChannels(acquisition, np.arange(acquisition.n_shots), order)
    width_m, source_m = _width_m(acquisition), acquisition.source_distance_m
    added: list[tuple[int, NDArray[np.int64]]] = []  # shot to mirror, order of its receivers
    for shot in range(acquisition.n_shots):
        away = np.hypot(
            width_m - source_m[shot] - source_m,
            acquisition.source_depth_m[shot] - acquisition.source_depth_m,
        )
        there = [int(away.argmin())] if away.min() <= tolerance_m else []
        receivers = _spread(acquisition, shot, there or range(acquisition.n_shots), tolerance_m)
        if not there:
            added.append((shot, receivers))
    union, recorded = _with_mirrored(acquisition, added)
    order = mirror_order(union, tolerance_m)
    if order is not None:
        return MirrorChannels(union, recorded, order)
    raise GeometryError(
        "Sources of the window lie so close together that their mirror images are ambiguous "
        f"within {tolerance_m:g} m; leave mirror_probability at 0."
    )


def channels_for(acquisition: Acquisition, n_channels: int) -> MirrorChannels | None:
    """How recorded gathers fill a network's input; None where they are its input as they are.

    Args:
        acquisition: The recorded shots.
        n_channels: Shots that the network reads.

    Raises:
        GeometryError: If that is neither the number of shots nor that of the mirror's channels.
    """
    if n_channels == acquisition.n_shots:
        return None
    channels = mirror_channels(acquisition)
    if channels.n_channels != n_channels:
        raise GeometryError(
            f"The network reads {n_channels} shots; the window has {acquisition.n_shots}, and "
            f"{channels.n_channels} with its mirror image. Train for this acquisition."
        )
    return channels


def mirror_order(acquisition: Acquisition, tolerance_m: float = TOLERANCE_M) -> MirrorOrder | None:
    """The order of traces that flips a window, or None where flipping would give other positions.

    Flipping the arrays alone is wrong unless the flipped positions are positions of the same
    acquisition: every source must have a partner at the mirrored distance and the same depth, and
    every receiver of the one a partner among the receivers of the other.

    Args:
        acquisition: Positions within the window; it is mirrored about the middle of its grid.
        tolerance_m: Largest distance between a mirrored position and its partner [m].
    """
    width_m = _width_m(acquisition)
    shot = _partners(
        width_m - acquisition.source_distance_m,
        acquisition.source_depth_m,
        acquisition.source_distance_m,
        acquisition.source_depth_m,
        tolerance_m,
    )
    if shot is None:
        return None
    receiver = np.empty(acquisition.receiver_distance_m.shape, dtype=np.int64)
    for here, there in enumerate(shot):
        partners = _partners(
            width_m - acquisition.receiver_distance_m[here],
            acquisition.receiver_depth_m[here],
            acquisition.receiver_distance_m[there],
            acquisition.receiver_depth_m[there],
            tolerance_m,
        )
        if partners is None:
            return None
        receiver[here] = partners
    return MirrorOrder(shot, receiver)


def _width_m(acquisition: Acquisition) -> float:
    """Sum of a position and its mirror image [m]."""
    return (acquisition.n_distance - 1) * acquisition.spacing_m


def _with_mirrored(
    acquisition: Acquisition, added: list[tuple[int, NDArray[np.int64]]]
) -> tuple[Acquisition, NDArray[np.int64]]:
    """The window with mirrored shots added, sorted along the line, and where its own are.

    Args:
        acquisition: Positions within the window.
        added: Shots to mirror, each with the order of its receivers.
    """
    width_m = _width_m(acquisition)
    if not added:
        return acquisition, np.arange(acquisition.n_shots)
    shots = np.array([shot for shot, _ in added])
    trace = shots[:, None], np.array([order for _, order in added])
    mirrored = {
        "source_distance_m": width_m - acquisition.source_distance_m[shots],
        "source_depth_m": acquisition.source_depth_m[shots],
        "receiver_distance_m": width_m - acquisition.receiver_distance_m[trace],
        "receiver_depth_m": acquisition.receiver_depth_m[trace],
    }
    joined = {
        name: np.concatenate([getattr(acquisition, name), values])
        for name, values in mirrored.items()
    }
    along = np.argsort(joined["source_distance_m"], kind="stable")
    sorted_along: dict[str, Any] = {name: values[along] for name, values in joined.items()}
    return replace(acquisition, **sorted_along), np.argsort(along)[: acquisition.n_shots]


def _spread(
    acquisition: Acquisition, shot: int, spreads: Iterable[int], tolerance_m: float
) -> NDArray[np.int64]:
    """Receivers of a shot in the order in which their mirror images lie on another's spread.

    Args:
        acquisition: Positions within the window.
        shot: The shot that is mirrored.
        spreads: Shots whose receivers may be the mirrored ones; the shot itself is tried first.
        tolerance_m: Largest distance between a mirrored position and its partner [m].

    Raises:
        GeometryError: If they lie on none of them.
    """
    width_m = _width_m(acquisition)
    for other in sorted(spreads, key=lambda other: other != shot):
        partners = _partners(
            acquisition.receiver_distance_m[other],
            acquisition.receiver_depth_m[other],
            width_m - acquisition.receiver_distance_m[shot],
            acquisition.receiver_depth_m[shot],
            tolerance_m,
        )
        if partners is not None:
            return partners
    found = acquisition.receiver_distance_m[shot]
    raise GeometryError(
        f"Shot {shot + 1} (source at {acquisition.source_distance_m[shot]:g} m) has receivers from "
        f"{found.min():g} to {found.max():g} m; mirrored they lie at {width_m - found.max():g} to "
        f"{width_m - found.min():g} m, where the window has none of their kind. Leave "
        "mirror_probability at 0."
    )


def _partners(
    distance_m: NDArray[np.float64],
    depth_m: NDArray[np.float64],
    other_distance_m: NDArray[np.float64],
    other_depth_m: NDArray[np.float64],
    tolerance_m: float,
) -> NDArray[np.int64] | None:
    """For each position the index of the other that coincides with it, each used once, or None."""
    away = np.hypot(
        distance_m[:, None] - other_distance_m[None], depth_m[:, None] - other_depth_m[None]
    )
    nearest = away.argmin(axis=1)
    if away[np.arange(nearest.size), nearest].max(initial=0) > tolerance_m:
        return None
    return nearest if np.unique(nearest).size == nearest.size else None
