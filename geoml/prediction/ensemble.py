"""The rung of many networks: checkpoints of other seeds, and draws of dropout, averaged."""

from __future__ import annotations

from dataclasses import dataclass, replace

import xarray as xr

from geoml.checkpoint import load_checkpoint
from geoml.errors import OptionError
from geoml.prediction.rung import Line, Step, refined_from


@dataclass(frozen=True)
class EnsembleAverage:
    """Average several networks for the same window, or draws of dropout of one.

    Their spread joins what each says with how far they disagree. Rungs after it that predict again
    ask all of them.

    Attributes:
        checkpoints: Folders or shipped names of more checkpoints, trained with other seeds.
        dropout_samples: Draws of dropout for every network; 0 for none.

    References:
        Lakshminarayanan et al. (2017), NeurIPS. Gal and Ghahramani (2016), ICML.
    """

    checkpoints: tuple[str, ...] = ()
    dropout_samples: int = 0

    def __post_init__(self) -> None:
        if self.dropout_samples < 0:
            raise OptionError(f"'dropout_samples' is {self.dropout_samples}; 0 for none, or more.")
        if not self.checkpoints and not self.dropout_samples:
            raise OptionError(
                "The rung 'ensemble' has no members; write ensemble: {checkpoints: [FOLDER, ...]}, "
                "or ensemble: {dropout_samples: 8} for a network with dropout."
            )

    def joined(self, line: Line) -> Line:
        """The line with all members.

        Raises:
            CheckpointError: If a checkpoint is not there.
        """
        others = [load_checkpoint(name) for name in self.checkpoints]
        joined = replace(line, others=[*line.others, *others])
        if self.dropout_samples:
            joined = joined.with_members(dropout_samples=self.dropout_samples)
        return joined

    def refine(self, line: Line, section: xr.Dataset) -> Step:
        """The section with all members in it.

        Raises:
            OptionError: If a network has no dropout.
            CheckpointError: If the checkpoints do not go together.
        """
        joined = self.joined(line)
        predicted = refined_from(section, joined.predict())
        passes = int(predicted.attrs["network_passes"])
        return Step(
            predicted, joined, windows=passes, note=f"{predicted.attrs['n_members']} members"
        )
