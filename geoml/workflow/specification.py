"""What a workflow file may say, checked before any work starts."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from geoml.errors import FileFormatError, OptionError
from geoml.registry import nearest

Options = dict[str, Any]


class _Section(BaseModel):
    """A part of the file; a key that it does not know is refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


Section = TypeVar("Section", bound=_Section)


class WaveletSection(_Section):
    """Where the source wavelet comes from.

    Attributes:
        method: ``first_arrivals``, ``statistical`` or ``least_squares`` (estimated from the
            survey, the last by modelling through the trend), ``ricker``, or ``file``. The last
            two are the source's own, before the survey's filters.
        peak_frequency_hz: Peak of the Ricker wavelet [Hz]; goes with that method.
        file: CSV with the columns time_s, amplitude; goes with that method.
        max_frequency_hz: Highest frequency that the modelling honours [Hz]; by default where the
            wavelet's spectrum has fallen away.
        options: More options of an estimate, by the names in
            ``geoml.physics.wavelets``.
    """

    method: Literal["first_arrivals", "statistical", "least_squares", "ricker", "file"] = (
        "first_arrivals"
    )
    peak_frequency_hz: float | None = Field(default=None, gt=0)
    file: str | None = None
    max_frequency_hz: float | None = Field(default=None, gt=0)
    options: Options = Field(default_factory=dict)

    @model_validator(mode="after")
    def _what_the_method_needs(self) -> WaveletSection:
        for method, option in (("ricker", "peak_frequency_hz"), ("file", "file")):
            if (self.method == method) != (getattr(self, option) is not None):
                raise ValueError(f"'{option}' goes with method '{method}', and is needed there")
        if self.method == "least_squares" and self.max_frequency_hz is None:
            raise ValueError("method 'least_squares' needs max_frequency_hz")
        return self


class MatchSection(_Section):
    """How a window of the survey looks and what lies below it.

    Attributes:
        layout: Options of ``geoml.survey.windows.WindowLayout``; chosen from the geometry when
            absent.
        wavelet: Source of the wavelet.
        trend: ``fit: true`` with options of the fit, or the trend's own numbers.
        velocity_range: Options of ``geoml.synthetic.VelocityRange`` around the trend.
    """

    layout: Options | None = None
    wavelet: WaveletSection = WaveletSection()
    trend: Options = Field(default_factory=lambda: {"fit": True})
    velocity_range: Options = Field(default_factory=dict)


class SimulateSection(_Section):
    """How many pairs are drawn and from what.

    Attributes:
        families: Entries of the registry ``FAMILIES``, ``name`` or ``name: {option: value}``; a
            preset brings its own.
        count: Pairs in the store; all given models when None.
        preset: Name in ``geoml.synthetic.presets.PRESETS``, in place of a survey.
        models: Velocity models to shoot over with the preset, in place of families: ``.npy``, a
            folder or zip of them, or a section in SEG-Y or HDF5.
        windows: Windows of such a section; they go with it.
        spacing_m: Cell size of the windows in the section [m], the preset's own when None; they
            are shot as if their cells had the preset's size.
        model_spacing_m: Cell size of the section [m], where its file does not say it.
        seed: Sample i depends on the seed and on i only.
        batch: Models that are modelled together.
        options: More options of ``geoml.synthetic.generate.generate_pairs``.
    """

    families: list[str | dict[str, Options | None]] = Field(default_factory=list)
    count: int | None = Field(default=None, gt=0)
    preset: str | None = None
    models: str | None = None
    windows: int | None = Field(default=None, gt=0)
    spacing_m: float | None = Field(default=None, gt=0)
    model_spacing_m: float | None = Field(default=None, gt=0)
    seed: int = 0
    batch: int = Field(default=16, gt=0)
    options: Options = Field(default_factory=dict)

    @model_validator(mode="after")
    def _one_source_of_models(self) -> SimulateSection:
        if self.models is None:
            if self.count is None:
                raise ValueError("'count' is missing; how many pairs are needed")
            if self.preset is None and not self.families:
                raise ValueError("'families' is missing; name at least one, or a preset")
            for name in ("windows", "spacing_m", "model_spacing_m"):
                if getattr(self, name) is not None:
                    raise ValueError(f"'{name}' goes with 'models'")
        elif self.preset is None:
            raise ValueError("'models' goes with 'preset'")
        elif self.families:
            raise ValueError("give either families, or models")
        return self

    @property
    def drawn_count(self) -> int:
        """Pairs to draw; models that are given count themselves."""
        assert self.count is not None, "the specification asks for a count without models"
        return self.count


class TrainSection(_Section):
    """What is learned, by which network; everything else is an option of the training.

    Attributes:
        task: Name in ``TASKS``, or ``name: {option: value}``.
        model: Name in ``MODELS``, or ``name: {option: value}``.
    """

    model_config = ConfigDict(extra="allow", frozen=True)

    task: str | dict[str, Options | None] = "velocity_edges"
    model: str | dict[str, Options | None] = "mh_unet_s"

    @property
    def options(self) -> Options:
        """Options for ``geoml.training``, checked by name there."""
        return dict(self.model_extra or {})


class InvertSection(_Section):
    """How the network is slid along the line.

    Attributes:
        mirror: Average with the mirrored line, a second pass at the same cost.
        refine: Rungs of the ladder, in order: entries of ``geoml.prediction.RUNGS``, ``name`` or
            ``name: {option: value}``, or names with commas between them.
        ladder: Options of ``geoml.prediction.ladder.LadderOptions``: how rungs are judged.
        fit_first_arrivals: The rung ``first_arrivals`` with these options, behind those of
            ``refine``; not when None.
        batch: Windows in one call of the network.
        device: Where the network runs, as torch spells it.
    """

    mirror: bool = False
    refine: list[str | dict[str, Options | None]] = Field(default_factory=list)
    ladder: Options = Field(default_factory=dict)
    fit_first_arrivals: Options | None = None
    batch: int = Field(default=8, gt=0)
    device: str = "cpu"

    @field_validator("refine", mode="before")
    @classmethod
    def _names_with_commas(cls, value: Any) -> Any:
        """``mirror,fwi`` as the list it means, also inside a list."""
        entries = value if isinstance(value, list) else [value]
        return [
            name.strip() if isinstance(name, str) else name
            for entry in entries
            for name in (entry.split(",") if isinstance(entry, str) else [entry])
        ]

    @property
    def rungs(self) -> list[str | dict[str, Options | None]]:
        """All rungs in order, the fit of first arrivals last."""
        if self.fit_first_arrivals is None:
            return list(self.refine)
        return [*self.refine, {"first_arrivals": self.fit_first_arrivals}]


class CheckSection(_Section):
    """How the answer is re-modelled.

    Attributes:
        shots: Shots whose gathers are modelled, spread evenly over the line; all when None.
        device: Where the modelling runs, as torch spells it.
    """

    shots: int | None = Field(default=None, gt=0)
    device: str = "cpu"


class ReportSection(_Section):
    """What the report shows.

    Attributes:
        title: Heading; the workflow's name when empty.
        gathers: Shots drawn before and after processing, and beside their re-modelled twins.
    """

    title: str = ""
    gathers: int = Field(default=3, gt=0)


class PreviewSection(_Section):
    """Gathers drawn before and after processing, with their difference and f-k spectra.

    Attributes:
        gathers: Keys of the gathers, such as field records, or ``#1`` for the first one.
        kind: What the traces of a gather share.
    """

    gathers: list[int | str] = Field(default=["#1"], min_length=1)
    kind: Literal["shot", "receiver", "cdp", "offset"] = "shot"


class QuickSection(_Section):
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
            if self.invert is not None or self.preview is not None or self.preprocess:
                raise ValueError(
                    "there is no survey to process or invert; write 'invert: null', no preprocess "
                    "and no preview"
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
    return checked(Workflow, _mapping(path), path.name)


def load_options(path: str | Path) -> dict[str, Any]:
    """Options in a YAML file, to be checked by what takes them.

    Raises:
        FileFormatError: If the file is not YAML, or not a mapping.
    """
    return _mapping(Path(path))


def load_match_section(path: str | Path) -> MatchSection:
    """The keys of ``MatchSection`` in a YAML file: alone, or among those of a workflow.

    Raises:
        FileFormatError: If the file is not YAML, or not a mapping.
        OptionError: If a key is unknown or of the wrong type.
    """
    path = Path(path)
    plain = _mapping(path)
    kind = Workflow if "name" in plain else MatchSection
    return checked(kind, plain, path.name)


def checked(section: type[Section], plain: Mapping[str, Any], where: str) -> Section:
    """An instance of a section, or one line that says what is wrong with it.

    Args:
        section: A part of a workflow, or the whole.
        plain: Keys and values as YAML gives them.
        where: What the user calls the place, for the message.

    Raises:
        OptionError: If a key is unknown, missing or of the wrong type.
    """
    try:
        return section.model_validate(dict(plain))
    except ValidationError as error:
        raise OptionError(f"{where}: {_first_problem(section, error)}") from None


def _mapping(path: Path) -> dict[str, Any]:
    """The top level of a YAML file."""
    try:
        plain = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        reason = " ".join(str(error).split())
        raise FileFormatError(f"{path.name}: not a YAML file that can be read: {reason}") from None
    if not isinstance(plain, dict):
        raise FileFormatError(
            f"{path.name}: a mapping of keys such as name and survey is needed, found "
            f"{type(plain).__name__}."
        )
    return plain


def _first_problem(section: type[BaseModel], error: ValidationError) -> str:
    """One line for the first thing that pydantic found."""
    first = error.errors()[0]
    where = [str(part) for part in first["loc"]]
    if first["type"] == "extra_forbidden":
        known = _keys(section, where[:-1])
        place = ".".join(where[:-1]) or "it"
        advice = f"{nearest(where[-1], known)} Known: {', '.join(known)}."
        return f"{place} has no key '{where[-1]}'.{advice}"
    message = first["msg"].removeprefix("Value error, ")
    return f"{'.'.join(where)}: {message}." if where else f"{message}."


def _keys(section: type[BaseModel], where: list[str]) -> list[str]:
    """Keys that a section, or a section inside it, knows."""
    for name in where:
        annotation = section.model_fields[name].annotation
        candidates = [annotation, *getattr(annotation, "__args__", ())]
        section = next(c for c in candidates if isinstance(c, type) and issubclass(c, BaseModel))
    return list(section.model_fields)
