"""What the stages of one workflow run share: the file, the folder, and where products lie."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from geoml.workflow.specification import Workflow
from geoml.workflow.stage import StageRecords

Progress = Callable[[int, int], None]
Bar = Callable[[str], AbstractContextManager[Progress]]


@dataclass(frozen=True)
class WorkflowRun:
    """What the stages of one run share.

    Attributes:
        workflow: The file, its inputs found.
        folder: Where the products go.
        records: What was finished before.
        announce: Told in one line each what happens.
        bar: Makes a progress callback for a label.
    """

    workflow: Workflow
    folder: Path
    records: StageRecords
    announce: Callable[[str], None]
    bar: Bar

    @property
    def raw_store(self) -> Path:
        """The survey as it came."""
        return self.folder / "survey.zarr"

    @property
    def clean_store(self) -> Path:
        """The survey after preprocessing."""
        return self.folder / "clean.zarr"

    @property
    def line_store(self) -> Path:
        """The survey that is inverted."""
        return self.clean_store if self.workflow.denoise is None else self.folder / "denoised.zarr"

    @property
    def pairs_store(self) -> Path:
        """Simulated pairs."""
        return self.folder / "pairs.zarr"

    @property
    def checkpoint(self) -> Path | str:
        """What this run trained, or what the workflow names."""
        if self.workflow.checkpoint is not None:
            return self.workflow.checkpoint
        return self.folder / "checkpoint"
