"""The sample line: a moving streamer modelled over the faulted section, spoiled like field data.

Two-dimensional acoustic modelling with a reflecting sea surface; noise, a late recording start, a
dead, a noisy and a reversed channel.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import faulted_section as earth
import numpy as np
import segyio
from numpy.typing import NDArray

from geoml.physics.acoustic import model_shots

Floats = NDArray[np.float64]
Traces = NDArray[np.float32]


@dataclass(frozen=True)
class Line:
    """How the sample line was shot.

    Attributes:
        first_source_m: Distance of the first shot from the start of the section [m].
        delay_s: Time of the first recorded sample after the shot [s].
        azimuth_deg: Heading of the vessel, clockwise from north [deg].
    """

    n_shots: int = 40
    shot_interval_m: float = 50.0
    first_source_m: float = 1950.0
    n_channels: int = 48
    channel_interval_m: float = 37.5
    near_offset_m: float = 100.0
    source_depth_m: float = 6.0
    receiver_depth_m: float = 8.0
    dt_s: float = 0.004
    n_samples: int = 500
    delay_s: float = 0.020
    origin_east_m: float = 452_000.0
    origin_north_m: float = 6_780_000.0
    azimuth_deg: float = 65.0

    @property
    def source_m(self) -> Floats:
        """Distance of the shots along the line [m], shape (shot,)."""
        return self.first_source_m + np.arange(self.n_shots) * self.shot_interval_m

    @property
    def offset_m(self) -> Floats:
        """Receiver minus source distance [m], negative astern, shape (channel,)."""
        return -(self.near_offset_m + np.arange(self.n_channels) * self.channel_interval_m)

    def east_north_m(self, distance_m: Floats) -> tuple[Floats, Floats]:
        """Map position of a distance along the line [m]."""
        azimuth = np.deg2rad(self.azimuth_deg)
        east = self.origin_east_m + distance_m * np.sin(azimuth)
        return east, self.origin_north_m + distance_m * np.cos(azimuth)


DEAD_CHANNEL, NOISY_CHANNEL, REVERSED_CHANNEL = 31, 12, 40  # counted from 1
SPACING_M = 5.0
DEPTH_M = 1200.0


def air_gun(dt_s: float) -> Floats:
    """Causal pulse that starts at time 0, peak of its spectrum near 20 Hz, shape (time,)."""
    time_s = np.arange(round(0.3 / dt_s)) * dt_s
    pulse = time_s**2 * np.exp(-time_s / 0.009) * np.cos(2 * np.pi * 18.0 * time_s - 0.8)
    # No pressure source has energy at 0 Hz: take out the mean, smoothly in time.
    envelope = time_s**2 * np.exp(-time_s / 0.009)
    pulse -= envelope * pulse.sum() / envelope.sum()
    return pulse / np.abs(pulse).max()


def record(line: Line) -> Traces:
    """Noise-free gathers over the section, shape (shot, channel, time)."""
    # Every shot has the same geometry relative to its own window, so the windows of the section
    # are modelled as a batch of small sections instead of forty times the whole line.
    margin_m = 150.0
    reach_m = -line.offset_m[-1] + margin_m
    n_distance = round((reach_m + margin_m) / SPACING_M) + 1
    n_depth = round(DEPTH_M / SPACING_M) + 1
    delay = round(line.delay_s / line.dt_s)
    gathers = []
    for source_m in line.source_m:
        velocity = earth.section(n_depth, n_distance, SPACING_M, source_m - reach_m)
        shot = model_shots(
            velocity,
            SPACING_M,
            source_distance_m=np.array([reach_m]),
            source_depth_m=np.array([line.source_depth_m]),
            receiver_distance_m=(reach_m + line.offset_m)[None, :],
            receiver_depth_m=np.full((1, line.n_channels), line.receiver_depth_m),
            wavelet=air_gun(line.dt_s),
            wavelet_start_s=0.0,
            dt_s=line.dt_s,
            n_samples=line.n_samples + delay,
            free_surface=True,
            max_velocity_m_s=3000.0,
            max_frequency_hz=60.0,
            simulation_spacing_m=SPACING_M,
        )
        gathers.append(np.asarray(shot, dtype=np.float32).reshape(line.n_channels, -1)[:, delay:])
    return np.stack(gathers)


def spoil(gathers: Traces, dt_s: float, rng: np.random.Generator) -> Traces:
    """The gathers as a field crew would bring them home.

    Swell noise below 4 Hz, white noise, three bad channels and gains that differ by a tenth.
    """
    n_shots, n_channels, n_samples = gathers.shape
    late = np.sqrt(np.mean(gathers[..., n_samples // 2 :] ** 2))
    gain = 1 + 0.1 * rng.standard_normal((1, n_channels, 1))
    white = 0.12 * late * rng.standard_normal(gathers.shape)
    frequency_hz = np.fft.rfftfreq(n_samples, dt_s)
    spectrum = np.fft.rfft(rng.standard_normal(gathers.shape))
    swell = np.fft.irfft(spectrum / (1 + (frequency_hz / 2.5) ** 6), n_samples)
    swell *= 0.6 * late / np.sqrt(np.mean(swell**2))
    spoiled = gain * gathers + white + swell
    spoiled[:, DEAD_CHANNEL - 1] = 0.0
    spoiled[:, REVERSED_CHANNEL - 1] *= -1.0
    spikes = rng.standard_normal((n_shots, n_samples)) ** 5
    spoiled[:, NOISY_CHANNEL - 1] += 3 * late * spikes
    return (1e4 * spoiled / np.abs(gathers).max()).astype(np.float32)


def write_line(path: Path, line: Line, gathers: Traces) -> None:
    """SEG-Y revision 1, IBM float, with the geometry in the trace headers."""
    spec = segyio.spec()
    spec.format = 1
    spec.samples = np.arange(line.n_samples) * line.dt_s * 1000 + line.delay_s * 1000
    spec.tracecount = line.n_shots * line.n_channels
    with segyio.create(str(path), spec) as file:
        file.text[0] = segyio.tools.create_text_header(_text(line))
        file.bin.update(
            {
                segyio.BinField.Traces: line.n_channels,
                segyio.BinField.Interval: round(line.dt_s * 1e6),
                segyio.BinField.Samples: line.n_samples,
                segyio.BinField.Format: 1,
                segyio.BinField.SortingCode: 1,
                segyio.BinField.MeasurementSystem: 1,
                segyio.BinField.SEGYRevision: 1,
                segyio.BinField.TraceFlag: 1,
            }
        )
        for shot, channel in np.ndindex(line.n_shots, line.n_channels):
            trace = shot * line.n_channels + channel
            file.header[trace] = _header(line, shot, channel, trace)
            file.trace[trace] = gathers[shot, channel]


def _header(line: Line, shot: int, channel: int, trace: int) -> dict[int, int]:
    """Trace header fields: centimetres for positions, decimetres for depths."""
    field = segyio.TraceField
    source_m, offset_m = line.source_m[shot], line.offset_m[channel]
    middle_m = source_m + offset_m / 2
    (sx, gx, mx), (sy, gy, my) = line.east_north_m(
        np.array([source_m, source_m + offset_m, middle_m])
    )
    water_m = earth.sea_bottom_m(np.array([source_m, source_m + offset_m]))
    return {
        field.TRACE_SEQUENCE_LINE: trace + 1,
        field.TRACE_SEQUENCE_FILE: trace + 1,
        field.FieldRecord: 101 + shot,
        field.TraceNumber: channel + 1,
        field.EnergySourcePoint: 1001 + shot,
        field.CDP: round(middle_m / (line.channel_interval_m / 2)),
        field.TraceIdentificationCode: 2 if channel + 1 == DEAD_CHANNEL else 1,
        field.offset: round(offset_m),
        field.ReceiverGroupElevation: round(-10 * line.receiver_depth_m),
        field.SourceDepth: round(10 * line.source_depth_m),
        field.SourceWaterDepth: round(10 * water_m[0]),
        field.GroupWaterDepth: round(10 * water_m[1]),
        field.ElevationScalar: -10,
        field.SourceGroupScalar: -100,
        field.SourceX: round(100 * sx),
        field.SourceY: round(100 * sy),
        field.GroupX: round(100 * gx),
        field.GroupY: round(100 * gy),
        field.CoordinateUnits: 1,
        field.DelayRecordingTime: round(1000 * line.delay_s),
        field.TRACE_SAMPLE_COUNT: line.n_samples,
        field.TRACE_SAMPLE_INTERVAL: round(line.dt_s * 1e6),
        field.CDP_X: round(100 * mx),
        field.CDP_Y: round(100 * my),
    }


def _text(line: Line) -> dict[int, str]:
    """Lines of the text header."""
    return {
        1: "GEOML SAMPLE LINE, MODELLED OVER A FAULTED SECTION, NOT FIELD DATA",
        2: f"{line.n_shots} SHOTS EVERY {line.shot_interval_m:g} M, {line.n_channels} CHANNELS "
        f"EVERY {line.channel_interval_m:g} M",
        3: f"NEAR OFFSET {line.near_offset_m:g} M ASTERN, SOURCE {line.source_depth_m:g} M, "
        f"STREAMER {line.receiver_depth_m:g} M DEEP",
        4: f"{line.n_samples} SAMPLES AT {1000 * line.dt_s:g} MS, RECORDING STARTS AT "
        f"{1000 * line.delay_s:g} MS",
        5: "SOURCE X, Y BYTES 73, 77; GROUP X, Y 81, 85; CDP X, Y 181, 185; CENTIMETRES",
        6: f"CHANNEL {DEAD_CHANNEL} DEAD, {NOISY_CHANNEL} NOISY, {REVERSED_CHANNEL} REVERSED",
        39: "SEG Y REV1",
        40: "END TEXTUAL HEADER",
    }
