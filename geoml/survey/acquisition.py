"""What one window of a survey looks like to wave physics and to a network."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from geoml.errors import GeometryError, ShapeError

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Acquisition:
    """Shots, receivers, sampling, wavelet and target grid of a window that slides along a line.

    Positions count from the window's own origin: distance 0 is the first column of the target
    grid, depth 0 its first row (the datum), depth positive downward.

    Attributes:
        source_distance_m: [m], shape (shot,).
        source_depth_m: [m], shape (shot,).
        receiver_distance_m: [m], shape (shot, receiver).
        receiver_depth_m: [m], shape (shot, receiver).
        dt_s: Sample interval of the gathers [s]; the first sample is at time 0.
        n_samples: Samples a trace.
        spacing_m: Cell size of the target grid, both ways [m].
        n_depth: Rows of the target grid.
        n_distance: Columns of the target grid.
        wavelet: Source time function for 2-D modelling, sampled at ``dt_s``, shape (time,).
        wavelet_start_s: Time of the wavelet's first sample [s], usually negative.
        max_frequency_hz: Highest frequency with energy in the wavelet [Hz].
        free_surface: True where the top reflects (sea surface), False where it absorbs.
    """

    source_distance_m: Floats
    source_depth_m: Floats
    receiver_distance_m: Floats
    receiver_depth_m: Floats
    dt_s: float
    n_samples: int
    spacing_m: float
    n_depth: int
    n_distance: int
    wavelet: Floats
    wavelet_start_s: float
    max_frequency_hz: float
    free_surface: bool

    def __post_init__(self) -> None:
        for name in _ARRAYS:
            object.__setattr__(self, name, np.asarray(getattr(self, name), dtype=np.float64))
        shots = self.source_distance_m.shape
        if len(shots) != 1 or self.source_depth_m.shape != shots:
            raise ShapeError(
                f"Source positions have shapes {shots} and {self.source_depth_m.shape}; "
                "both must be (shot,)."
            )
        spread = self.receiver_distance_m.shape
        if len(spread) != 2 or spread[0] != shots[0] or self.receiver_depth_m.shape != spread:
            raise ShapeError(
                f"Receiver positions have shapes {spread} and {self.receiver_depth_m.shape}; "
                f"both must be (shot, receiver) with {shots[0]} shots."
            )
        for name in _ARRAYS:
            if not np.isfinite(getattr(self, name)).all():
                raise GeometryError(f"'{name}' holds NaN or Inf; every position must be finite.")

    @property
    def n_shots(self) -> int:
        """Shots in the window."""
        return int(self.source_distance_m.size)

    @property
    def n_receivers(self) -> int:
        """Receivers a shot."""
        return int(self.receiver_distance_m.shape[1])

    @property
    def depth_m(self) -> Floats:
        """Depth of the target rows [m], shape (depth,)."""
        return np.asarray(np.arange(self.n_depth) * self.spacing_m, dtype=np.float64)

    @property
    def distance_m(self) -> Floats:
        """Distance of the target columns from the window's origin [m], shape (distance,)."""
        return np.asarray(np.arange(self.n_distance) * self.spacing_m, dtype=np.float64)

    @property
    def time_s(self) -> Floats:
        """Time of the samples [s], shape (time,)."""
        return np.asarray(np.arange(self.n_samples) * self.dt_s, dtype=np.float64)

    @property
    def offset_m(self) -> Floats:
        """Receiver minus source distance [m], shape (shot, receiver)."""
        return self.receiver_distance_m - self.source_distance_m[:, None]

    def to_dict(self) -> dict[str, Any]:
        """Plain lists and numbers, for JSON; ``from_dict`` undoes it exactly."""
        plain = asdict(self)
        return {k: v.tolist() if isinstance(v, np.ndarray) else v for k, v in plain.items()}

    @classmethod
    def from_dict(cls, plain: dict[str, Any]) -> Acquisition:
        """The acquisition that ``to_dict`` wrote."""
        known = {f.name for f in fields(cls)}
        return cls(**{key: value for key, value in plain.items() if key in known})

    def to_json(self) -> str:
        """One line of JSON."""
        return json.dumps(self.to_dict())

    @classmethod
    def from_json(cls, text: str) -> Acquisition:
        """The acquisition that ``to_json`` wrote."""
        return cls.from_dict(json.loads(text))


_ARRAYS = (
    "source_distance_m",
    "source_depth_m",
    "receiver_distance_m",
    "receiver_depth_m",
    "wavelet",
)
