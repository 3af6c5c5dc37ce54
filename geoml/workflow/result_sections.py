"""What a workflow file says of the way from a network to a section and its report."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, field_validator

from geoml.workflow.section_check import Options, Section


class PreviewSection(Section):
    """Gathers drawn before and after processing, with their difference and f-k spectra.

    Attributes:
        gathers: Keys of the gathers, such as field records, or ``#1`` for the first one.
        kind: What the traces of a gather share.
    """

    gathers: list[int | str] = Field(default=["#1"], min_length=1)
    kind: Literal["shot", "receiver", "cdp", "offset"] = "shot"


class DenoiseSection(Section):
    """Noise taken out by a trained network, behind the steps of ``preprocess``.

    Attributes:
        checkpoint: Folder of ``geoml train --task denoise``, or name of a shipped denoiser.
        gather: Whose traces are neighbours; by default those of a shot, and all those of a
            stacked section.
        overlap: Share of a patch that the next one covers too.
        gain_window_s: Window whose RMS is taken off before the network and put back behind it
            [s]; 0 for none.
        dt_s: Sample interval that the network works at [s]; by default that of its training, or
            the survey's where any will do.
        fill_dead: Give dead traces what the network makes of their neighbours.
        protect_s: Keep what was recorded up to this time behind the first breaks that the step
            ``pick_first_breaks`` made [s]; none to protect nothing.
        device: Where the network runs, as torch spells it.
        bfloat16: Compute in bfloat16, faster where the processor multiplies in it.
        gathers: Gathers that ``denoise.html`` shows.
    """

    checkpoint: str = "geoml:denoiser"
    gather: Literal["shot", "receiver", "cdp", "offset"] | None = None
    overlap: float = 0.5
    gain_window_s: float = 0.5
    dt_s: float | None = None
    fill_dead: bool = False
    protect_s: float | None = None
    device: str = "cpu"
    bfloat16: bool = False
    gathers: int = Field(default=3, gt=0)

    @property
    def step_options(self) -> dict[str, Any]:
        """What ``geoml.prediction.denoise.denoise_step`` takes, but for a gather left open."""
        options = self.model_dump(exclude={"gathers"}, exclude_none=True)
        return {**options, "gain_window_s": self.gain_window_s or None}


class InvertSection(Section):
    """How the network is slid along the line.

    Attributes:
        mirror: Average with the mirrored line, a second pass at the same cost.
        refine: Rungs of the ladder, in order: entries of ``geoml.prediction.RUNGS``, ``name`` or
            ``name: {option: value}``, or names with commas between them.
        ladder: Options of ``geoml.prediction.ladder.LadderOptions``: how rungs are judged.
        fit_first_arrivals: The rung ``first_arrivals`` with these options, behind those of
            ``refine``; not when None.
        samples: Posterior samples to draw, of a network that draws sections; 0 for none.
        batch: Windows in one call of the network.
        bfloat16: Compute in bfloat16, faster where the processor multiplies in it, and a few m/s
            off.
        device: Where the network runs, as torch spells it.
    """

    mirror: bool = False
    refine: list[str | dict[str, Options | None]] = Field(default_factory=list)
    ladder: Options = Field(default_factory=dict)
    fit_first_arrivals: Options | None = None
    samples: int = Field(default=0, ge=0)
    batch: int = Field(default=8, gt=0)
    bfloat16: bool = False
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


class CheckSection(Section):
    """How the answer is re-modelled.

    Attributes:
        shots: Shots whose gathers are modelled, spread evenly over the line; all when None.
        device: Where the modelling runs, as torch spells it.
    """

    shots: int | None = Field(default=None, gt=0)
    device: str = "cpu"


class ReportSection(Section):
    """What the report shows.

    Attributes:
        title: Heading; the workflow's name when empty.
        gathers: Shots drawn before and after processing, and beside their re-modelled twins.
    """

    title: str = ""
    gathers: int = Field(default=3, gt=0)
