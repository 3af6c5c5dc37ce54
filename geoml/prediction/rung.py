"""What every rung of the ladder is given, and what it gives back."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol, runtime_checkable

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from geoml.checkpoint import Checkpoint
from geoml.prediction.hold_out import fitted_shots
from geoml.prediction.invert import invert
from geoml.prediction.network import WindowPredictor
from geoml.prediction.physics_check import Process
from geoml.survey.acquisition import Acquisition
from geoml.survey.line_shots import LineShot

Progress = Callable[[int, int], None]


@dataclass(frozen=True, eq=False)
class Line:
    """A line under inversion: its data, its network, and what no fit may use.

    Attributes:
        survey: Survey after the steps that the checkpoint was trained for.
        checkpoint: The network.
        shots: All shots in order along the line, from ``chosen_shots``.
        held_out: Traces that no fit may use, shape (trace,).
        process: Applies the survey's mutes and gains to simulated gathers; None for none.
        others: More checkpoints of the same window; with the first they are an ensemble.
        members: What ``invert`` averages, its options by name.
        guarded: Whether the guard is to speak of the next prediction.
        batch: Windows a pass through the network.
        device: Where torch computes.
        progress: Told (done, of all) of the rung at work.
    """

    survey: xr.Dataset
    checkpoint: Checkpoint
    shots: Mapping[int, LineShot]
    held_out: NDArray[np.bool_]
    process: Process | None = None
    others: Sequence[Checkpoint] = ()
    members: Mapping[str, Any] = field(default_factory=dict)
    guarded: bool = False
    batch: int = 8
    device: str = "cpu"
    progress: Progress | None = None

    @property
    def acquisition(self) -> Acquisition:
        """Of the window that the network was trained for: sampling, wavelet, grid and surface."""
        return Acquisition.from_dict(self.checkpoint.acquisition)

    @property
    def fitted(self) -> dict[int, LineShot]:
        """The shots without the traces that are held out."""
        return fitted_shots(self.shots, self.held_out)

    def predict(self, survey: xr.Dataset | None = None) -> xr.Dataset:
        """What the network and its members say of the line, or of other amplitudes on it.

        The guard speaks once, of the recorded gathers; ``refined_from`` carries its words on.
        """
        return invert(
            self.survey if survey is None else survey,
            [self.checkpoint, *self.others],
            batch=self.batch,
            device=self.device,
            progress=self.progress,
            guarded=self.guarded,
            **self.members,
        )

    def with_members(self, **members: Any) -> Line:
        """The line with more members for the rungs that predict again."""
        return replace(self, members={**self.members, **members})


@dataclass(frozen=True, eq=False)
class Step:
    """What a rung gives back.

    Attributes:
        section: The refined section.
        line: The line for the rungs after it; other members where the rung adds some.
        solves: Wave-equation solves, one shot through one model, forward or backward.
        windows: Windows that went through a network.
        note: What the table says beside the figures.
        curve: Misfit of each round, as the rung itself measures it.
        parts: Band of each round, where the misfit starts anew from band to band.
    """

    section: xr.Dataset
    line: Line
    solves: int = 0
    windows: int = 0
    note: str = ""
    curve: tuple[float, ...] = ()
    parts: tuple[int, ...] = ()


def check_rungs(line: Line, rungs: Sequence[Rung]) -> None:
    """Refuse rungs that no line can climb, or whose networks do not fit, before any is climbed.

    Args:
        line: The line with its network.
        rungs: In order.

    Raises:
        CheckpointError: If a checkpoint is not there or of another acquisition.
        OptionError: If a window has no mirror image, a network no dropout, or an option is for
            windows alone.
    """
    for rung in rungs:
        if isinstance(rung, ChecksLine):
            rung.check_line()
        if isinstance(rung, AddsMembers):
            line = rung.joined(line)
            WindowPredictor([line.checkpoint, *line.others], device=line.device, **line.members)


def refined_from(section: xr.Dataset, predicted: xr.Dataset) -> xr.Dataset:
    """A new prediction with what the guard said of the recorded gathers."""
    attrs = {name: section.attrs[name] for name in ("guard",) if name in section.attrs}
    said = {name: section[name] for name in ("outside_training",) if name in section}
    return predicted.assign(said).assign_attrs(warnings=lasting_warnings(section), **attrs)


def lasting_warnings(section: xr.Dataset) -> list[str]:
    """Warnings that hold for every section of a line, without verdicts on this one's refinement."""
    attrs = section.attrs
    own = (attrs.get("spread_note"), attrs.get("fwi", {}).get("message"))
    rule = attrs.get("ladder_rule")
    return [
        line
        for line in attrs.get("warnings", [])
        if line not in own and not (rule and line.endswith(rule))
    ]


@runtime_checkable
class AddsMembers(Protocol):
    """A rung after which more networks, or more images of a window, are asked."""

    def joined(self, line: Line) -> Line:
        """The line with them."""
        ...


@runtime_checkable
class ChecksLine(Protocol):
    """A rung whose options may be for windows alone."""

    def check_line(self) -> None:
        """Raises: OptionError for such an option."""
        ...


class Rung(Protocol):
    """One way to make a section better: a frozen dataclass of its options."""

    def refine(self, line: Line, section: xr.Dataset) -> Step:
        """Args: the line, and the section that the rung before it left; its grid is kept."""
        ...
