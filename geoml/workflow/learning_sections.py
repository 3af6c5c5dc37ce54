"""What a workflow file says of the pairs that are drawn and the training on them."""

from __future__ import annotations

from pydantic import ConfigDict, Field, model_validator

from geoml.workflow.section_check import Options, Section


class SimulateSection(Section):
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


class TrainSection(Section):
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
