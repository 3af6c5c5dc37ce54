"""Training rows a second time with curves hidden, for models that are fitted in one go.

Boosted trees send a missing value where the training rows' missing values went. Where a new well
lacks a curve that most training wells have, no row has taught them what to do without it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from geoml.errors import OptionError
from geoml.samples.log_table import LogTable
from geoml.samples.within_well import curve_of


@dataclass(frozen=True)
class HiddenCurves:
    """How curves are hidden in the second copy.

    Attributes:
        chance: Chance that a curve is hidden in a stretch of rows, above 0 and under 1.
        kept: Curves that are never hidden, such as one that every well has.
        rows: Length of a stretch, > 0.
    """

    chance: float = 0.5
    kept: tuple[str, ...] = ()
    rows: int = 1000

    def __post_init__(self) -> None:
        if not 0 < self.chance < 1 or self.rows < 1:
            raise OptionError(
                f"chance is {self.chance:g} and rows {self.rows}; they must be between 0 and 1, "
                "and above 0."
            )

    def __call__(self, table: LogTable, generator: np.random.Generator) -> LogTable:
        """The table with all channels of the hidden curves missing.

        Raises:
            OptionError: If a kept curve does not exist.
        """
        curves = list(dict.fromkeys(map(curve_of, table.channels)))
        for name in self.kept:
            if name not in curves:
                raise OptionError(f"hide keeps '{name}'. Curves: {', '.join(curves)}.")
        n_stretches = -(-table.n_rows // self.rows)
        hidden = generator.random((n_stretches, len(curves))) < self.chance
        hidden[:, [curves.index(name) for name in self.kept]] = False
        # A row without any curve teaches nothing but the mean.
        hidden[hidden.all(axis=1), 0] = False
        of_channel = [curves.index(curve_of(channel)) for channel in table.channels]
        mask = np.repeat(hidden, self.rows, axis=0)[: table.n_rows, of_channel]
        return replace(table, inputs=np.where(mask, np.float32(np.nan), table.inputs))
