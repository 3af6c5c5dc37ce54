"""The report of a denoising: one HTML file with the panels and figures that judge it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from geoml.products import report_page as html
from geoml.products.denoise_figure import DenoisedGather, denoise_figure, leakage_figure
from geoml.products.style import write_whole

_COLUMNS = ("Gather", "RMS before", "RMS after", "Removed", "evenly weighed", "Similarity")
_ROW_COLUMNS = ("Of the gathers shown", "Removed", "evenly weighed", "Similarity")


@dataclass(frozen=True, eq=False)
class DenoiseContent:
    """What the report shows.

    Attributes:
        title: Heading.
        gathers: Each before and after, with its similarity.
        rows: Other ways to denoise the same gathers, by name, each with its own results.
        facts: Survey, network and options, name -> text.
        network: How it was trained and what it scored, name -> text.
        warnings: What the reader should know first.
    """

    title: str
    gathers: Sequence[DenoisedGather]
    rows: Mapping[str, Sequence[DenoisedGather]] = field(default_factory=dict)
    facts: Mapping[str, str] = field(default_factory=dict)
    network: Mapping[str, str] = field(default_factory=dict)
    warnings: Sequence[str] = ()


def write_denoise_page(path: str | Path, content: DenoiseContent) -> None:
    """Write the report; the file appears under its name only when it is whole.

    Args:
        path: HTML file to write.
        content: What it shows.
    """
    head = html.paragraph(
        "What is removed should look like noise: no reflection should be seen in it. All panels "
        "of a gather share one amplitude scale, and a gain that the gather before "
        "denoising decides; its three spectra are of the samples as drawn and share one reference."
    ) + html.warning_box(content.warnings)
    sections = [("How much", _amounts(content))]
    sections += [(gather.title.capitalize(), _gather(gather)) for gather in content.gathers]
    if content.network:
        sections.append(("Network", html.fact_table(content.network, wide=True)))
    sections.append(("Provenance", html.fact_table(content.facts, wide=True)))
    document = html.page(content.title, head, sections)
    write_whole(path, document.encode("utf-8"))


def _amounts(content: DenoiseContent) -> str:
    lines = []
    for gather in content.gathers:
        rms = [f"{np.sqrt(np.mean(np.square(x))):.4g}" for x in (gather.before, gather.after)]
        lines.append((gather.title, [*rms, *_mean_cells([gather])]))
    text = html.number_table(_COLUMNS, lines)
    if content.rows:
        own = {"this network": content.gathers, **content.rows}
        text += html.number_table(
            _ROW_COLUMNS,
            [(name, _mean_cells(gathers)) for name, gathers in own.items()],
        )
    return text + html.paragraph(
        "Evenly weighed: all parts of a gather brought to one level first. Similarity is the local "
        "correlation of what was removed with what was kept, so weighed, 0 to 1. Noise alone "
        "leaves some; much of it, or structure in its picture, says that signal leaks into the "
        "removed part. A way that removes little has little to leak: read the two together.",
        "facts",
    )


def _gather(gather: DenoisedGather) -> str:
    text = html.picture(denoise_figure(gather), "Before, after, removed, and their f-k spectra.")
    if gather.similarity is not None:
        text += html.picture(
            leakage_figure(gather),
            "Above: what was removed, enlarged to the level of the gather, and where it resembles "
            "what was kept. Below: levels of the three along frequency (of the samples as drawn) "
            "and along time (of the samples as they are).",
        )
    return text


def _mean_cells(gathers: Sequence[DenoisedGather]) -> list[str]:
    """Level removed, evenly weighed, and similarity: means over gathers."""
    levels = (
        [gather.removed_db for gather in gathers],
        [gather.even_removed_db for gather in gathers],
    )
    shares = [float(np.mean(10 ** (np.array(level) / 10))) for level in levels]
    cells = [f"{10 * np.log10(share):.1f} dB" if share > 1e-12 else "nothing" for share in shares]
    return [*cells, f"{np.mean([gather.mean_similarity for gather in gathers]):.2f}"]
