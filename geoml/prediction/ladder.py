"""The ladder: rung after rung, each with its cost and its misfits, the best section kept."""

from __future__ import annotations

import resource
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np
import xarray as xr

from geoml.errors import OptionError
from geoml.prediction.hold_out import spread_shots
from geoml.prediction.ladder_text import ladder_line
from geoml.prediction.physics_check import compare_sections
from geoml.prediction.rung import Line, Rung

Announce = Callable[[str], None]
Misfits = dict[str, float]
START = "network"
"""Name of the section that the ladder stands on."""
PREFIX = "velocity_"
CRITERIA = {
    "first_arrivals": ("first_arrival_rms_s",),
    "waveform": ("data_misfit",),
    "both": ("first_arrival_rms_s", "data_misfit"),
}
_IN_WORDS = {
    "first_arrivals": "the RMS misfit of the first arrivals",
    "waveform": "the waveform misfit",
    "both": "the root mean square of first-arrival and waveform misfit",
}


@dataclass(frozen=True)
class LadderOptions:
    """How rungs are judged.

    Attributes:
        keep: ``best``: a rung that makes the criterion worse is named and left out, and the next
            one starts from the best section so far. ``last``: it is named and goes on.
        criterion: ``first_arrivals``, ``waveform``, or ``both``; see ``score``. On traces that no
            fit used, where there are some. Without picks it is the waveform.
        hold_out: Every so many shots (traces of each shot where shots are few) no fit may use; 0
            for none.
        check_shots: Most shots that are modelled to judge a rung, evenly spread; None for all.
    """

    keep: Literal["best", "last"] = "best"
    criterion: Literal["first_arrivals", "waveform", "both"] = "both"
    hold_out: int = 5
    check_shots: int | None = 20

    def __post_init__(self) -> None:
        if self.hold_out < 0 or self.hold_out == 1:
            raise OptionError(f"'hold_out' is {self.hold_out}; 0 for none, or at least 2.")
        if self.check_shots is not None and self.check_shots < 1:
            raise OptionError(f"'check_shots' is {self.check_shots}; it must be at least 1.")


def climb(
    line: Line,
    section: xr.Dataset,
    rungs: Sequence[tuple[str, Rung]],
    options: LadderOptions | None = None,
    *,
    seconds: float = 0.0,
    cpu_seconds: float = 0.0,
    announce: Announce = lambda _: None,
) -> xr.Dataset:
    """A section refined rung by rung.

    Args:
        line: The line, its network, and the traces that no fit may use.
        section: The network's answer, the foot of the ladder.
        rungs: Name and rung, in order.
        options: How they are judged.
        seconds: Time that the network's answer took [s].
        cpu_seconds: Processor time that it took [s].
        announce: Told one line a rung.

    Returns:
        The section that is kept, on the same grid, with the velocity of every rung as
        ``velocity_<rung>`` (``velocity_network`` the first) and in attrs ``ladder``, one mapping a
        rung: ``rung``, ``first_arrival_rms_s``, ``data_misfit`` and the same with ``held_out_``
        before them (NaN as None), ``seconds``, ``cpu_seconds``, ``windows`` (through a network),
        ``solves`` (of the wave equation, those of judging it apart as ``check_solves``),
        ``score`` (1 for the network), ``verdict`` (start, better, worse, or unchanged where the
        rung gave back the velocity that it was given, not judged where nothing could be
        measured), ``kept``, ``note``, ``curve`` and ``curve_part`` (see ``Step``); and
        ``ladder_rule``, in words.
    """
    options = options or LadderOptions()
    judge = _Judge(line, options)
    rows = [judge.row(START, section, seconds=seconds, cpu_seconds=cpu_seconds)]
    rows[0]["windows"] = int(section.attrs.get("network_passes", 0))
    rows[0] |= {"score": 1.0, "verdict": "start"}
    announce(ladder_line(rows[0]))
    velocities = {START: section["velocity"]}
    best, current = 0, section
    for name, rung in rungs:
        unique = _unique(name, velocities)
        clock, cpu = time.perf_counter(), _cpu_seconds()
        step = rung.refine(line, current)
        took = {"seconds": time.perf_counter() - clock, "cpu_seconds": _cpu_seconds() - cpu}
        row = judge.row(unique, step.section, **took)
        row |= {
            "windows": step.windows,
            "solves": step.solves,
            "note": step.note,
            "curve": list(step.curve),
            "curve_part": list(step.parts),
            "options": asdict(rung),  # type: ignore[call-overload]
        }
        # Rounded like those it is compared with, or the same section may pass for a better one.
        reached = round(score(judge.misfits(row), judge.misfits(rows[0])), 6)
        better = reached < min(earlier["score"] for earlier in rows)
        measured = any(misfit is not None for misfit in judge.misfits(row))
        row |= {"score": reached, "verdict": "better" if better else "worse"}
        if not measured:
            row["verdict"] = "not judged"
        elif step.section["velocity"].equals(current["velocity"]):
            row["verdict"] = "unchanged"
        velocities[unique] = step.section["velocity"]
        rows.append(row)
        if better or options.keep == "last":
            best, current, line = len(rows) - 1, step.section, step.line
        announce(ladder_line(row))
    for number, row in enumerate(rows):
        row["kept"] = number == best
    return _finished(current, velocities, rows, judge.rule)


def score(misfits: Sequence[float | None], network: Sequence[float | None]) -> float:
    """Root mean square of a section's misfits, each as a share of the network's.

    sqrt((p^2 / p0^2 + w^2 / w0^2) / 2) with the first-arrival misfits p [s] and waveform misfits w
    of the section and (p0, w0) of the network: the data term of a joint inversion whose errors are
    the network's misfits. 1 for the network; the same share of either counts alike, and what is
    left of the larger one counts most. The product p w would be no such balance: picks fall to a
    fifth where waveforms fall by a fifth, and a millisecond more then undoes the latter.

    Args:
        misfits: What counts of the section; None where it was not measured.
        network: The same of the network.

    Returns:
        0 or more; 1 where nothing was measured.
    """
    shares = [
        (misfit / start) ** 2
        for misfit, start in zip(misfits, network, strict=True)
        if misfit is not None and start
    ]
    return float(np.sqrt(np.mean(shares))) if shares else 1.0


class _Judge:
    """The misfits of a section, always on the same shots."""

    def __init__(self, line: Line, options: LadderOptions) -> None:
        self._line = line
        self._shots = spread_shots(line.shots, options.check_shots, line.held_out)
        traces = np.concatenate([shot.traces for shot in self._shots.values()])
        self._aside = bool(line.held_out[traces].any())
        picks = line.survey["first_break"].values if "first_break" in line.survey else None
        has_picks = picks is not None and bool(np.isfinite(picks[traces]).any())
        self._criterion = options.criterion if has_picks else "waveform"
        where = " on the held-out traces" if self._aside else ""
        kept = "the best of all is kept" if options.keep == "best" else "the last rung is kept"
        share = "each as a share" if self._criterion == "both" else "as a share"
        judged = f"{_IN_WORDS[self._criterion]}{where}, {share} of the network's"
        self.rule = f"Judged by {judged}; {kept}."

    def row(self, name: str, section: xr.Dataset, **cost: float) -> dict[str, Any]:
        """The figures of a rung; what was not measured is None."""
        checks = compare_sections(
            self._line.survey,
            {name: section["velocity"].to_numpy().astype(np.float64)},
            section["distance"].to_numpy(),
            self._line.acquisition,
            self._shots,
            process=self._line.process,
            held_out=self._line.held_out,
            device=self._line.device,
        )
        figures = {}
        for part, prefix in (("fitted", ""), ("held_out", "held_out_")):
            for misfit in ("first_arrival_rms_s", "data_misfit"):
                value = float(checks[f"{part}_{misfit}"][0])
                figures[prefix + misfit] = value if np.isfinite(value) else None
        empty = {
            "windows": 0,
            "solves": 0,
            "note": "",
            "curve": [],
            "curve_part": [],
            "options": {},
        }
        return {
            "rung": name,
            **figures,
            **{key: round(value, 3) for key, value in cost.items()},
            "check_solves": len(self._shots),
            **empty,
        }

    def misfits(self, row: dict[str, Any]) -> list[float | None]:
        """What is to be small; shots held out may be without picks."""
        prefix = "held_out_" if self._aside else ""
        return [row[prefix + name] for name in CRITERIA[self._criterion]]


def _finished(
    section: xr.Dataset,
    velocities: dict[str, xr.DataArray],
    rows: list[dict[str, Any]],
    rule: str,
) -> xr.Dataset:
    """The kept section with the velocity of every rung beside it."""
    warnings = list(section.attrs.get("warnings", []))
    worse = [row["rung"] for row in rows if row["verdict"] == "worse"]
    if worse:
        kept = next(row["rung"] for row in rows if row["kept"])
        what = "rung made" if len(worse) == 1 else "rungs made"
        warnings.append(f"The {what} it worse: {', '.join(worse)}. Kept: {kept}. {rule}")
    beside = {PREFIX + name: velocity for name, velocity in velocities.items()}
    return section.assign(beside).assign_attrs(ladder=rows, ladder_rule=rule, warnings=warnings)


def _unique(name: str, taken: dict[str, Any]) -> str:
    """The name, or with a number behind it where a rung comes twice."""
    number = 1
    while (unique := name if number == 1 else f"{name}_{number}") in taken:
        number += 1
    return unique


def _cpu_seconds() -> float:
    """Processor time of this process and its finished children [s]."""
    usages = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)
