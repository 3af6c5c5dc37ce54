"""A line's velocity, edges and spread from its processed survey and a checkpoint."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from scipy import ndimage

from geoml.checkpoint import Checkpoint
from geoml.errors import CheckpointError
from geoml.objectives import thin_edges
from geoml.prediction.blending import LineBlend
from geoml.prediction.input_range import guard
from geoml.prediction.network import LEVEL, NORMAL_HALF_WIDTH, WindowPredictor, WindowSections
from geoml.preprocess.recipe import build_steps, step_specs
from geoml.samples.input_features import input_features
from geoml.survey.acquisition import Acquisition
from geoml.survey.geometry import line_coordinates
from geoml.survey.line_distance import projection_warning
from geoml.survey.velocity import section
from geoml.survey.window_layout import WindowLayout
from geoml.survey.windows import LineWindow, match_windows, read_window

Progress = Callable[[int, int], None]
"""Called with (windows done, windows in all)."""

SLOWEST_M_S = 300.0
"""No ground that waves are modelled in is slower; a network far outside its training may be."""
# Picking leaves the samples as they are; denoising takes away what modelled gathers never had.
_STEPS_WITHOUT_EFFECT = ("pick_first_breaks", "denoise")
_LEAST_EDGE_CELLS = 5


def invert(
    survey: xr.Dataset,
    checkpoint: Checkpoint | Sequence[Checkpoint],
    *,
    layout: WindowLayout | None = None,
    batch: int = 8,
    mirror: bool = False,
    dropout_samples: int = 0,
    guarded: bool = True,
    bfloat16: bool = False,
    device: str = "cpu",
    progress: Progress | None = None,
) -> xr.Dataset:
    """Slide the trained window along a line and blend what the network says.

    The survey is read one batch of windows at a time. The spread joins the network's own, scaled
    on held-out models so that the 80 % interval holds 80 % of their cells, with the disagreement
    of overlapping windows.

    Args:
        survey: Survey after the steps that the checkpoint was trained for.
        checkpoint: The network, its scaling, acquisition and calibration; several are an ensemble.
        layout: Where windows start; by default the checkpoint's own.
        batch: Windows a pass through the network.
        mirror: Average with the prediction of the mirrored window, flipped back.
        dropout_samples: Draws of dropout to average; 0 predicts without.
        guarded: Compare the windows with the training data; the warnings need it.
        bfloat16: Compute in bfloat16; see ``WindowPredictor``.
        device: Where torch computes.
        progress: Told how far it is.

    Returns:
        Section over (depth, distance) with ``velocity`` and, as the network has the heads,
        ``velocity_std``, ``velocity_lower``, ``velocity_upper`` [m/s], ``edge_probability`` and
        ``edges`` (1 on its crests above the calibrated threshold that are 5 cells long or more);
        over (distance), ``cdp_x``, ``cdp_y`` [m], ``windows`` and ``outside_training``, 0 where
        the data look like training and 1 where they are as far out as training is wide.
        Distance counts along the line as in ``line_coordinates``; columns that no window reaches
        are NaN. ``attrs["warnings"]`` lists what the user should know, ``network_passes`` counts
        windows times members.

    Raises:
        CheckpointError: If the survey has been through other steps than the training data.
        GeometryError: If no window of the line looks like the trained one, or the time axis
            differs.
        OptionError: If ``mirror`` or ``device`` does not fit.
    """
    first = checkpoint if isinstance(checkpoint, Checkpoint) else checkpoint[0]
    check_steps(survey.attrs.get("steps", []), first.steps)
    predictor = WindowPredictor(
        checkpoint,
        mirror=mirror,
        device=device,
        dropout_samples=dropout_samples,
        bfloat16=bfloat16,
    )
    acquisition = predictor.acquisition
    windows = match_windows(survey, layout or own_layout(first), acquisition)
    blend: LineBlend | None = None
    features: list[dict[str, NDArray[np.float64]]] = []
    passes = 0
    for done, some in _batches(windows, batch):
        shots = np.stack([read_window(survey, window, acquisition)[0] for window in some])
        if guarded:
            features.append(input_features(predictor.scaled(shots)) | predictor.encoded(shots))
        channels = _channels(predictor.predict(shots))
        passes += len(some) * predictor.n_members
        if blend is None:
            blend = _line_blend(windows, channels.shape[1], acquisition)
        for window, sections in zip(some, channels, strict=True):
            blend.add(window.origin_m, sections)
        if progress is not None:
            progress(done, len(windows))
    assert blend is not None  # match_windows refuses a line without windows
    joined = {
        name: np.concatenate([some[name] for some in features])
        for name in (features[0] if features else ())
    }
    made = _line_section(survey, first, predictor, windows, blend, joined)
    return made.assign_attrs(network_passes=passes, mirror=mirror, n_members=predictor.n_members)


def check_steps(survey_steps: Sequence[Any], trained_steps: Sequence[Any]) -> None:
    """Refuse a survey that went through other steps than the training data imitate.

    Raises:
        CheckpointError: Naming both lists.
    """
    found, needed = (_effective(steps) for steps in (survey_steps, trained_steps))
    if found != needed:
        raise CheckpointError(
            f"The survey went through steps {found or 'none'}; the checkpoint was trained for "
            f"{needed or 'none'}. Run 'geoml preprocess' with the checkpoint's steps."
        )


def _effective(steps: Sequence[Any]) -> list[dict[str, Any]]:
    """Steps with every option written out, without those that leave the samples as they are."""
    specs = step_specs(build_steps(list(steps)))
    return [spec for spec in specs if next(iter(spec)) not in _STEPS_WITHOUT_EFFECT]


def own_layout(checkpoint: Checkpoint) -> WindowLayout:
    """Where the windows of a checkpoint start, as its training had it."""
    if checkpoint.layout is not None:
        return WindowLayout(**checkpoint.layout)
    acquisition = Acquisition.from_dict(checkpoint.acquisition)
    return WindowLayout(n_shots=acquisition.n_shots, spacing_m=acquisition.spacing_m)


def _batches(windows: list[LineWindow], size: int) -> Iterator[tuple[int, list[LineWindow]]]:
    """Windows done after each batch, and the batch."""
    for start in range(0, len(windows), size):
        some = windows[start : start + size]
        yield start + len(some), some


def _channels(member: WindowSections) -> NDArray[np.float64]:
    """What is blended, shape (window, channel, depth, distance).

    Velocity, its mean square, and the edges: a mean square blends into the variance of the mixture.
    """
    velocity = member.velocity
    channels = [velocity]
    if member.velocity_std is not None:
        channels.append(velocity**2 + member.velocity_std**2)
    if member.edge_probability is not None:
        channels.append(member.edge_probability)
    return np.stack(channels, axis=1)


def _line_blend(windows: list[LineWindow], n_channels: int, acquisition: Acquisition) -> LineBlend:
    origins = np.array([window.origin_m for window in windows])
    return LineBlend(
        origins, n_channels, acquisition.n_depth, acquisition.n_distance, acquisition.spacing_m
    )


def _line_section(
    survey: xr.Dataset,
    checkpoint: Checkpoint,
    predictor: WindowPredictor,
    windows: list[LineWindow],
    blend: LineBlend,
    features: dict[str, NDArray[np.float64]],
) -> xr.Dataset:
    """The blended line as a dataset, with its warnings."""
    acquisition = predictor.acquisition
    heads = checkpoint.model_config["heads"]
    channels = iter(blend.result())
    velocity = next(channels)
    calibration = predictor.calibration or checkpoint.calibration
    threshold = calibration.get("edge_threshold", 0.5)
    warnings: list[str] = []
    if np.nanmin(velocity) < SLOWEST_M_S:
        warnings.append(
            f"The network predicts velocities down to {np.nanmin(velocity):.0f} m/s; they are "
            f"shown as {SLOWEST_M_S:.0f} m/s. The data are far outside its training."
        )
    more: dict[str, NDArray[Any]] = {}
    if "log_variance" in heads:
        # Rounding may leave a variance of two equal windows just under 0.
        deviation = np.sqrt(np.maximum(next(channels) - velocity**2, 0))
        half_width = NORMAL_HALF_WIDTH * deviation
        more["velocity_std"] = deviation
        more["velocity_lower"] = np.maximum(velocity - half_width, SLOWEST_M_S)
        more["velocity_upper"] = np.maximum(velocity + half_width, SLOWEST_M_S)
    velocity = np.maximum(velocity, SLOWEST_M_S)
    if "edges" in heads:
        probability = next(channels)
        more["edge_probability"] = probability
        more["edges"] = _without_specks(thin_edges(np.nan_to_num(probability), threshold))
    panels: list[dict[str, Any]] = []
    if checkpoint.input_statistics and features:
        found = guard(features, checkpoint.input_statistics, acquisition)
        more["outside_training"] = _along_line(found.score, windows, acquisition)
        warnings += found.warnings
        panels = found.panels
    line = line_coordinates(survey)
    bend = projection_warning(survey, line)
    warnings += [] if bend is None else [bend]
    more["cdp_x"], more["cdp_y"] = line.xy_of(blend.distance_m)
    more["windows"] = blend.count
    gap_m = float((blend.count == 0).sum() * acquisition.spacing_m)
    if gap_m > 0:
        warnings.append(f"No window reaches {gap_m:g} m of the line; the section is empty there.")
    attrs = {
        "model": checkpoint.model_name,
        "task": checkpoint.task,
        "steps": list(survey.attrs.get("steps", [])),
        "source_file": survey.attrs.get("source_file", ""),
        "n_windows": len(windows),
        "interval_percent": 100 * LEVEL,
        "edge_threshold": threshold,
        "datum_elevation_m": line.datum_elevation_m,
        "azimuth_deg": line.azimuth_deg,
        "warnings": warnings,
        "guard": panels,
    }
    return section(
        velocity,
        acquisition.spacing_m,
        first_distance_m=float(blend.distance_m[0]),
        attrs=attrs,
        **{name: _as_float32(values) for name, values in more.items()},  # type: ignore[arg-type]
    )


def _along_line(
    score: NDArray[np.float64], windows: list[LineWindow], acquisition: Acquisition
) -> NDArray[np.float64]:
    """A number a window, blended like its section, shape (distance,)."""
    origins = np.array([window.origin_m for window in windows])
    blend = LineBlend(origins, 1, 1, acquisition.n_distance, acquisition.spacing_m)
    for value, origin in zip(score, origins, strict=True):
        blend.add(origin, np.full((1, 1, acquisition.n_distance), value))
    return blend.result()[0, 0]


def _without_specks(edges: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Edges without groups of a few cells: an interface is a line."""
    label, _ = ndimage.label(edges, structure=np.ones((3, 3)))
    return edges & (np.bincount(label.ravel())[label] >= _LEAST_EDGE_CELLS)


def _as_float32(values: NDArray[Any]) -> NDArray[Any]:
    """Sections in single precision; positions (distance,) keep theirs."""
    return values.astype(np.float32) if values.ndim == 2 else values
