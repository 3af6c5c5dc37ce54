"""Acquisitions for which no survey is needed: OpenFWI's, a streamer's, a land spread's.

A preset holds what ``geoml simulate --like`` reads from a survey: positions, sampling, wavelet and
a range of velocities; and the families that suit it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from geoml.physics.grid import GridChoice, choose_grid
from geoml.physics.openfwi import OPENFWI
from geoml.physics.trend import VelocityTrend
from geoml.physics.wavelet_shapes import ricker
from geoml.survey.acquisition import Acquisition
from geoml.synthetic import OPENFWI_FAMILIES
from geoml.synthetic.velocity_range import TopLayer, VelocityRange


@dataclass(frozen=True, eq=False)
class Preset:
    """Everything that decides training pairs but their number and seed.

    Attributes:
        note: What it stands for, one line.
        acquisition: Positions, sampling, wavelet and target grid.
        velocity_range: Velocities to draw from.
        families: Default entries of ``FAMILIES``.
        modelling: Options of ``geoml.synthetic.generate.generate_pairs`` for the modelling.
    """

    note: str
    acquisition: Acquisition
    velocity_range: VelocityRange
    families: tuple[str, ...]
    modelling: Mapping[str, Any] = field(default_factory=dict)

    def grid(self) -> GridChoice:
        """Cells and stencil that its shots are modelled with."""
        a = self.acquisition
        band = (a.max_frequency_hz, a.spacing_m, a.dt_s)
        return choose_grid(*self.velocity_range.limits_m_s, *band, **self.modelling)


def _openfwi() -> Preset:
    """The trend is the mean of the genuine models by depth, for families that follow one."""
    return Preset(
        "OpenFWI: 5 shots into 70 receivers over 700 m, 1 s at 1 ms, 70 x 70 cells of 10 m.",
        Acquisition.from_dict(dict(OPENFWI)),
        VelocityRange(VelocityTrend(1900.0, 2.7, 4500.0), min_m_s=1500.0, max_m_s=4500.0),
        OPENFWI_FAMILIES,
        # 3 cells in the shortest wavelength, as the genuine records were made: 0.12 CPU seconds.
        {"accuracy": 4, "cells_per_wavelength": 3.0},
    )


def _streamer() -> Preset:
    """Like the Viking Graben line: 25 m between shots, channels every 50 m behind the boat."""
    n_shots, n_receivers, near_m, spacing_m = 4, 60, 262.5, 20.0
    receiver_m = 25.0 * np.arange(n_shots)[:, None] + 50.0 * np.arange(n_receivers)
    source_m = receiver_m.max(axis=1) + near_m
    return Preset(
        "Streamer: 4 shots into 60 channels behind the source, offsets 262 to 3212 m, 2.4 s at "
        "8 ms, water 60 to 400 m deep, 1200 m of section in 20 m cells.",
        Acquisition(
            source_distance_m=source_m,
            source_depth_m=np.full(n_shots, 6.0),
            receiver_distance_m=receiver_m,
            receiver_depth_m=np.full(receiver_m.shape, 10.0),
            dt_s=0.008,
            n_samples=300,
            spacing_m=spacing_m,
            n_depth=61,
            n_distance=int(np.ceil(source_m.max() / spacing_m)) + 1,
            wavelet=ricker(7.0, 0.008, 63),
            wavelet_start_s=-31 * 0.008,
            max_frequency_hz=20.0,
            free_surface=True,
        ),
        VelocityRange(
            VelocityTrend(1700.0, 0.6, 4600.0),
            surface_spread=0.15,
            gradient_spread=0.7,
            min_m_s=1520.0,
            top_layer=TopLayer((1478.0, 1515.0), (60.0, 400.0), max_slope_deg=3.0),
        ),
        ("flat_layers", "curved_layers", "faulted_layers", "salt"),
    )


def _land() -> Preset:
    """Like the land line of the examples: 33 stations of 67 m, all live for every shot."""
    n_shots, n_receivers, station_m, spacing_m = 18, 33, 67.0, 24.0
    spread_m = station_m * (n_receivers - 1)
    return Preset(
        "Land: 18 shots into a fixed spread of 33 receivers over 2144 m, 1.6 s at 8 ms, 600 m of "
        "section in 24 m cells.",
        Acquisition(
            source_distance_m=spread_m * np.arange(n_shots) / (n_shots - 1),
            source_depth_m=np.full(n_shots, 18.0),
            receiver_distance_m=np.tile(station_m * np.arange(n_receivers), (n_shots, 1)),
            receiver_depth_m=np.zeros((n_shots, n_receivers)),
            dt_s=0.008,
            n_samples=201,
            spacing_m=spacing_m,
            n_depth=26,
            n_distance=int(np.ceil(spread_m / spacing_m)) + 1,
            wavelet=ricker(7.0, 0.008, 63),
            wavelet_start_s=-31 * 0.008,
            max_frequency_hz=17.0,
            free_surface=False,
        ),
        VelocityRange(
            VelocityTrend(1900.0, 0.9, 4500.0),
            surface_spread=0.25,
            gradient_spread=0.6,
            min_m_s=1430.0,
        ),
        ("flat_layers", "curved_layers", "faulted_layers"),
    )


PRESETS: dict[str, Preset] = {"openfwi": _openfwi(), "streamer": _streamer(), "land": _land()}
"""Name -> preset."""
