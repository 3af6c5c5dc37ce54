"""A well on the sample line: sonic, density and gamma ray in LAS 2.0, with gaps as tools leave."""

from __future__ import annotations

from pathlib import Path

import faulted_section as earth
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

NULL = -999.25
KELLY_BUSHING_M = 25.0
STEP_M = 0.5
US_PER_M = 1e6  # slowness in microseconds a metre

CURVES = (
    ("DEPT", "M", "measured depth below the kelly bushing"),
    ("DT", "US/M", "compressional slowness"),
    ("RHOB", "G/C3", "bulk density"),
    ("GR", "GAPI", "gamma ray"),
)


def well_log(distance_m: float, rng: np.random.Generator) -> Floats:
    """Logs of a vertical well from the sea bottom down, shape (sample, curve).

    Beds of a few metres that the section does not resolve are drawn around its velocity; their
    mean slowness is the section's. A washed-out zone and the casing shoe have no readings.
    """
    below_sea_m = np.arange(0.0, 1195.0, STEP_M)
    below_sea_m = below_sea_m[below_sea_m > earth.sea_bottom_m(distance_m)]
    velocity = earth.velocity_m_s(distance_m, below_sea_m)
    layer = earth.layer_of(distance_m, below_sea_m)
    density, gamma = (np.array([row[i] for row in earth.LAYERS])[layer - 1] for i in (3, 4))

    bed = np.cumsum(rng.random(below_sea_m.size) < STEP_M / 4.0)
    stiffness = 0.04 * rng.standard_normal(bed.max() + 1)[bed]
    noise = rng.standard_normal((3, below_sea_m.size))
    logs = np.stack(
        [
            below_sea_m + KELLY_BUSHING_M,
            US_PER_M / velocity * (1 - stiffness + 0.004 * noise[0]),
            density * (1 + 0.25 * stiffness + 0.003 * noise[1]),
            np.maximum(gamma * (1 - 2.0 * stiffness) + 3.0 * noise[2], 0.0),
        ],
        axis=1,
    )
    washed_out = (below_sea_m > 590) & (below_sea_m < 612)
    logs[washed_out, 1:3] = NULL
    # The sonic starts below the casing shoe, and each tool ends its own length above the bottom.
    logs[below_sea_m < below_sea_m[0] + 40, 1] = NULL
    for column, tool_length_m in ((1, 12.0), (2, 7.0), (3, 3.0)):
        logs[below_sea_m > below_sea_m[-1] - tool_length_m, column] = NULL
    return logs


def write_las(path: Path, logs: Floats, east_m: float, north_m: float) -> None:
    """The logs as LAS 2.0, unwrapped, no dates: the same logs give the same bytes."""
    lines = [
        "~Version",
        " VERS.   2.0 : CWLS LOG ASCII STANDARD - VERSION 2.0",
        " WRAP.    NO : ONE LINE PER DEPTH STEP",
        "~Well",
        f" STRT.M {logs[0, 0]:.2f} : START DEPTH",
        f" STOP.M {logs[-1, 0]:.2f} : STOP DEPTH",
        f" STEP.M {STEP_M:.2f} : STEP",
        f" NULL. {NULL} : NULL VALUE",
        " COMP. GEOML : COMPANY",
        " WELL. SAMPLE-1 : WELL",
        " FLD. SAMPLE LINE : FIELD",
        f" X.M {east_m:.2f} : EASTING",
        f" Y.M {north_m:.2f} : NORTHING",
        f" EKB.M {KELLY_BUSHING_M:.2f} : KELLY BUSHING ABOVE SEA LEVEL",
        "~Curve",
        *(f" {name}.{unit} : {meaning.upper()}" for name, unit, meaning in CURVES),
        "~ASCII",
        *(" ".join(f"{value:10.3f}" for value in row) for row in logs),
    ]
    path.write_text("\n".join(lines) + "\n", encoding="ascii")
