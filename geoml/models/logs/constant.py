"""The answer that looks at nothing: the mean of the targets, or the shares of the classes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from geoml.models.logs.fitted import Arrays, Features, FittedLog, Targets


@dataclass(frozen=True)
class Constant:
    """Mean of every target over the training rows, or the shares of the classes."""

    def fit(self, features: Features, targets: Targets, n_classes: int | None) -> FittedConstant:
        """What the training rows say on average; see ``FittedLog``."""
        if n_classes is None:
            return FittedConstant(np.nanmean(targets, axis=0))
        shares = np.bincount(targets[:, 0].astype(int), minlength=n_classes) / len(targets)
        return FittedConstant(shares)


@dataclass(frozen=True, eq=False)
class FittedConstant(FittedLog):
    """One answer for all rows."""

    value: Targets

    def predict(self, features: Features) -> Targets:
        """Shape (row, output)."""
        return np.repeat(self.value[None], len(features), axis=0)

    def arrays(self) -> Arrays:
        """The answer."""
        return {"value": self.value}
