"""The source wavelet by least squares: the line's best window modelled through the trend."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import xarray as xr

from geoml.errors import OptionError
from geoml.physics.acoustic import model_acquisition
from geoml.physics.source_matching import match_source, probe_wavelet
from geoml.physics.trend import VelocityTrend
from geoml.physics.wavelets import Wavelet
from geoml.survey.window_layout import WindowLayout
from geoml.survey.windows import LineWindow, read_window, reference_acquisition
from geoml.workflow.specification import WaveletSection
from geoml.workflow.wavelet import estimate_options


def matched_source(
    shaped: xr.Dataset,
    section: WaveletSection,
    layout: WindowLayout,
    windows: list[LineWindow],
    trend: VelocityTrend,
) -> Wavelet:
    """The wavelet that carries the trend's gathers onto the recorded early arrivals.

    Args:
        shaped: The survey behind its filters, without mutes and gains, with first breaks.
        section: ``max_frequency_hz`` ends the probe; options as in ``match_source``.
        layout: The window of the line.
        windows: Where it stops; the most complete one is used.
        trend: Velocity with depth to model through.

    Raises:
        OptionError: If no first break was picked.
    """
    if "first_break" not in shaped:
        raise OptionError(
            "The wavelet is matched to the early arrivals, and the survey has no picks; put the "
            "step 'pick_first_breaks' into its preprocessing."
        )
    assert section.max_frequency_hz is not None, "the specification asks for it"
    time_s = shaped["time"].values
    probe = probe_wavelet(section.max_frequency_hz / 1.45, float(time_s[1] - time_s[0]))
    best = max(windows, key=lambda window: window.completeness)
    acquisition = reference_acquisition(
        shaped, layout, windows, probe.samples, probe.start_s, probe.max_frequency_hz
    )
    acquisition = replace(
        acquisition,
        source_distance_m=best.source_distance_m,
        source_depth_m=best.source_depth_m,
        receiver_distance_m=best.receiver_distance_m,
        receiver_depth_m=best.receiver_depth_m,
    )
    velocity = trend.section(acquisition.n_depth, acquisition.n_distance, acquisition.spacing_m)
    modelled = model_acquisition(velocity, acquisition, max_velocity_m_s=float(velocity.max()))
    recorded, live = read_window(shaped, best, acquisition)
    picks = np.full(best.trace_index.shape, np.nan)
    picks[live] = shaped["first_break"].values[best.trace_index[live]]
    n_traces = picks.size
    return match_source(
        recorded.reshape(n_traces, -1),
        modelled[0].numpy().reshape(n_traces, -1),
        picks.ravel(),
        probe,
        **estimate_options(section),
    )
