"""What a running inversion has reached: enough to go on after a kill, and to judge the answer."""

from __future__ import annotations

import json
import os
import zipfile
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from geoml.errors import StoreError
from geoml.physics.fwi_problem import Solves
from geoml.physics.fwi_result import CurvePoint, FwiResult

_CLEAR_FALL = 0.03
"""Share of the unseen misfit at the start that is left where the gathers speak for the new model.
Without noise falls to 0.13 and to 0.037 went with models that turned worse, as shallow cells decide
the misfit and deep ones hardly count. On the seven models that it was chosen on, all falls to 0.03
and below went with better ones; of eight later ones with one that turned 5 % worse. With noise at
10 dB no fall tells."""


@dataclass
class FwiState:
    """An inversion between two bands.

    Attributes:
        start: Where it began [m/s], shape (depth, distance).
        settings: Its options, as text.
        data: SHA-256 of the gathers and of what else it was given.
        velocity: Where it is [m/s], same shape.
        bands_done: Bands behind it.
        judged: Full-band misfits (fitted, held out) of the start and after each band.
        candidates: The models that these belong to.
        curve: Each iteration.
        solves: Wave equations solved.
        seconds: Processor time [s].
        filters: Last filters of the source.
        layers_from: The first candidate that a stack of layers has led to; None where none was
            tried.
        layered: Whether the last candidate is the best one before it put into steps.
    """

    start: NDArray[np.float32]
    settings: str
    data: str
    velocity: NDArray[np.float32]
    bands_done: int = 0
    judged: list[tuple[float, float]] = field(default_factory=list)
    candidates: list[NDArray[np.float32]] = field(default_factory=list)
    curve: list[CurvePoint] = field(default_factory=list)
    solves: Solves = field(default_factory=Solves)
    seconds: float = 0.0
    filters: list[NDArray[np.float64]] = field(default_factory=list)
    layers_from: int | None = None
    layered: bool = False

    @classmethod
    def begin(cls, start: NDArray[np.float32], settings: str, data: str = "") -> FwiState:
        """The state before the first band."""
        return cls(start=start, settings=settings, data=data, velocity=start)

    def save(self, path: Path) -> None:
        """Write it; a kill leaves the old file or the new one."""
        path.parent.mkdir(parents=True, exist_ok=True)
        plain = {
            "settings": self.settings,
            "data": self.data,
            "bands_done": self.bands_done,
            "judged": self.judged,
            "curve": [asdict(point) for point in self.curve],
            "solves": asdict(self.solves),
            "seconds": self.seconds,
        }
        part = path.with_suffix(".part.npz")
        np.savez(
            part,
            start=self.start,
            velocity=self.velocity,
            candidates=np.stack(self.candidates),
            plain=np.array(json.dumps(plain)),
        )
        os.replace(part, path)

    @classmethod
    def load(cls, path: Path, fresh: FwiState) -> FwiState:
        """The state in a file, or ``fresh`` where there is none.

        Raises:
            StoreError: If the file belongs to another start, other options or other gathers, or
                is no state at all.
        """
        if path.is_dir():
            raise StoreError(f"{path}: a folder; give --state the name of a file.")
        if not path.is_file():
            return fresh
        try:
            stored = np.load(path)
            plain = json.loads(str(stored["plain"]))
        except (OSError, ValueError, KeyError, IndexError, EOFError, zipfile.BadZipFile):
            raise StoreError(
                f"{path}: not the state of an inversion; give --state another name."
            ) from None
        with stored:
            if not np.array_equal(stored["start"], fresh.start):
                raise StoreError(
                    f"{path}: an inversion that began elsewhere; remove it to begin anew."
                )
            if plain["settings"] != fresh.settings:
                raise StoreError(
                    f"{path}: an inversion with other options; repeat them to go on, or remove "
                    "it to begin anew."
                )
            # A start from a trend is the same for every pair and line.
            if plain.get("data") != fresh.data:
                raise StoreError(
                    f"{path}: an inversion of other gathers; remove it to begin anew, or give the "
                    "ones it was of."
                )
            velocity, candidates = stored["velocity"], list(stored["candidates"])
        return cls(
            start=fresh.start,
            settings=fresh.settings,
            data=fresh.data,
            velocity=velocity,
            bands_done=plain["bands_done"],
            judged=[(a, b) for a, b in plain["judged"]],
            candidates=candidates,
            curve=[CurvePoint(**point) for point in plain["curve"]],
            solves=Solves(**plain["solves"]),
            seconds=plain["seconds"],
        )

    @property
    def unseen(self) -> list[float]:
        """Misfit of each candidate on receivers that the fit left out; on all where none were."""
        return [judged[1] if np.isfinite(judged[1]) else judged[0] for judged in self.judged]

    @property
    def best(self) -> int:
        """The candidate that fits the unseen receivers best, the layered one aside."""
        return int(np.argmin(self.unseen[:-1] if self.layered else self.unseen))

    @property
    def layers_taken(self) -> bool:
        """Whether the best candidate came of a stack of layers."""
        return self.layers_from is not None and self.best >= self.layers_from

    def silent(self) -> FwiResult:
        """The start, as there is nothing to fit."""
        none = float("nan"), float("nan")
        message = "FWI refused, the start is kept: no trace that it may fit holds a signal."
        return FwiResult(self.start, False, message, none, none, [], self.solves, self.seconds)

    def verdict(self) -> FwiResult:
        """The model that fits the unseen receivers best, or the start with the reason why."""
        unseen, best = self.unseen, self.best
        # Beaten on the receivers that were fitted, a model is no refinement either.
        accepted = best > 0 and self.judged[best][0] < self.judged[0][0]
        last = best if accepted else len(self.judged) - 1
        form = ""
        if accepted and self.layered:
            keeps = unseen[-1] <= unseen[0] ** (2 / 3) * unseen[best] ** (1 / 3)
            last = len(unseen) - 1 if keeps else best
            told = "taken" if keeps else "not taken"
            form = f" The layered form fits to {unseen[-1]:.4g} and is {told}."
        if self.layers_from is not None:
            form = f" {self._told_of_layers()}{form}"
        kind = "receivers left out of the fit" if np.isfinite(self.judged[0][1]) else "gathers"
        found = f"misfit of the {kind} {unseen[0]:.4g} at the start, {unseen[last]:.4g} at the end"
        clear = unseen[last] <= _CLEAR_FALL * unseen[0]
        # Gathers that were fitted fit better in any case, which proves nothing.
        doubtful = accepted and not (clear and np.isfinite(self.judged[0][1]))
        if accepted:
            message = f"FWI accepted: {found}.{form}"
            if clear and doubtful:
                message += (
                    " No receiver was left out of the fit to prove the section better, it may be "
                    "worse."
                )
            elif doubtful:
                message += (
                    f" That is {unseen[last] / unseen[0]:.0%} of the start's; above "
                    f"{_CLEAR_FALL:.0%} the section is not proved better, it may be worse."
                )
        else:
            message = f"FWI refused, the start is kept: {found}."
        return FwiResult(
            velocity=self.candidates[last] if accepted else self.start,
            accepted=accepted,
            message=message,
            misfit=(self.judged[0][0], self.judged[last][0]),
            held_out_misfit=(self.judged[0][1], self.judged[last][1]),
            curve=self.curve,
            solves=self.solves,
            seconds=self.seconds,
            doubtful=doubtful,
            filters=self.filters,
        )

    def _told_of_layers(self) -> str:
        """One sentence on the stack of layers."""
        end = len(self.unseen) - self.layered
        if self.layers_from == end:
            return "No interface was found to invert for layers."
        assert self.layers_from is not None
        fit = min(self.unseen[self.layers_from : end])
        cells = min(self.unseen[: self.layers_from])
        told = "taken" if self.layers_taken else "not taken"
        return f"From layers cells fit to {fit:.4g}, without to {cells:.4g}: {told}."
