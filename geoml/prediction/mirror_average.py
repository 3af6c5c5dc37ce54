"""The first rung: the average with what the network says of the mirrored line."""

from __future__ import annotations

from dataclasses import dataclass

import xarray as xr

from geoml.prediction.rung import Line, Step, refined_from


@dataclass(frozen=True)
class MirrorAverage:
    """Predict the mirror image of every window too, flip it back and average.

    Costs one more pass through the network. Rungs after it that predict again do the same.
    """

    def joined(self, line: Line) -> Line:
        """The line with mirrored windows."""
        return line.with_members(mirror=True)

    def refine(self, line: Line, section: xr.Dataset) -> Step:
        """The section with the mirrored windows in it.

        Raises:
            OptionError: If the window is not its own mirror image and the network has no channels
                for that of its sources.
        """
        mirrored = self.joined(line)
        predicted = refined_from(section, mirrored.predict())
        return Step(predicted, mirrored, windows=int(predicted.attrs["network_passes"]))
