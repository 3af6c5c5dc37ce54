"""What a workflow file may say, checked before any work starts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic import Field, model_validator

from geoml.workflow.learning_sections import SimulateSection, TrainSection
from geoml.workflow.match_section import MatchSection, WaveletSection
from geoml.workflow.result_sections import (
    CheckSection,
    DenoiseSection,
    InvertSection,
    PreviewSection,
    ReportSection,
)
from geoml.workflow.section_check import Options, Section, checked, read_mapping

__all__ = [
    "CheckSection",
    "DenoiseSection",
    "InvertSection",
    "MatchSection",
    "Options",
    "PreviewSection",
    "QuickSection",
    "ReportSection",
    "SimulateSection",
    "TrainSection",
    "WaveletSection",
    "Workflow",
    "checked",
    "load_match_section",
    "load_options",
    "load_workflow",
]


class QuickSection(Section):
    """What ``--quick`` puts in place of the real counts: proves the road, not the result."""

    count: int = Field(default=16, gt=0)
    max_epochs: int = Field(default=1, gt=0)
    shots: int = Field(default=2, gt=0)


class Workflow(MatchSection):
    """One workflow file; the keys of ``MatchSection`` belong to it too.

    Attributes:
        name: Products go to ``runs/<name>``.
        survey: SEG-Y or SU file; may start with ``$GEOML_DATA``. None where a preset stands in.
        ingest: Options of ``geoml.readers.ingest.IngestOptions``.
        preprocess: Steps, in order.
        denoise: A network that takes noise out behind these steps; none when absent.
        preview: Pictures of the processing, ``preview_1.png`` and so on; none when absent.
        simulate: Pairs to draw; goes with ``train``.
        train: Training on those pairs.
        checkpoint: Folder or shipped name of a checkpoint, instead of ``simulate`` and ``train``.
        invert: Sliding along the line; ``null`` stops after the training, or after the processing
            where there is neither training nor checkpoint.
        check: Re-modelling.
        report: The report.
        quick: Counts for ``--quick``.
    """

    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]*$")
    survey: str | None = None
    ingest: Options = Field(default_factory=dict)
    preprocess: list[str | dict[str, Options | None]] = Field(default_factory=list)
    denoise: DenoiseSection | None = None
    preview: PreviewSection | None = None
    simulate: SimulateSection | None = None
    train: TrainSection | None = None
    checkpoint: str | None = None
    invert: InvertSection | None = InvertSection()
    check: CheckSection = CheckSection()
    report: ReportSection = ReportSection()
    quick: QuickSection = QuickSection()

    @model_validator(mode="after")
    def _survey_or_preset(self) -> Workflow:
        preset = None if self.simulate is None else self.simulate.preset
        if self.survey is None:
            if preset is None:
                raise ValueError("'survey' is missing; give a file, or simulate with a preset")
            processing = (self.preview, self.denoise, self.preprocess or None)
            if self.invert is not None or any(part is not None for part in processing):
                raise ValueError(
                    "there is no survey to process or invert; write 'invert: null', no preprocess, "
                    "no denoise and no preview"
                )
        elif preset is not None:
            raise ValueError("give either survey, or simulate with a preset")
        return self

    @model_validator(mode="after")
    def _one_source_of_weights(self) -> Workflow:
        if (self.simulate is None) != (self.train is None):
            raise ValueError("simulate and train go together; one of them is missing")
        if self.checkpoint is not None and self.train is not None:
            raise ValueError("give either checkpoint, or simulate and train")
        if self.invert is not None and self.checkpoint is None and self.train is None:
            raise ValueError(
                "give checkpoint, or simulate and train; or 'invert: null' to process only"
            )
        return self


def load_workflow(path: str | Path) -> Workflow:
    """The workflow that a YAML file describes, checked key by key.

    Raises:
        FileFormatError: If the file is not YAML, or not a mapping.
        OptionError: If a key is unknown, missing or of the wrong type.
    """
    path = Path(path)
    return checked(Workflow, read_mapping(path), path.name)


def load_options(path: str | Path) -> dict[str, Any]:
    """Options in a YAML file, to be checked by what takes them.

    Raises:
        FileFormatError: If the file is not YAML, or not a mapping.
    """
    return read_mapping(Path(path))


def load_match_section(path: str | Path) -> MatchSection:
    """The keys of ``MatchSection`` in a YAML file: alone, or among those of a workflow.

    Raises:
        FileFormatError: If the file is not YAML, or not a mapping.
        OptionError: If a key is unknown or of the wrong type.
    """
    path = Path(path)
    plain = read_mapping(path)
    kind = Workflow if "name" in plain else MatchSection
    return checked(kind, plain, path.name)
