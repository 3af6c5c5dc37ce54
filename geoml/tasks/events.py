"""Events of a gather as a set: matched one to one with the true ones, then compared."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits

from geoml.errors import OptionError

Network = Callable[[Tensor, Tensor, float], dict[str, Tensor]]
EventSet = dict[str, NDArray[Any]]
"""``time_s``, ``velocity_m_s``, ``amplitude``, NaN where there is no event, (gather, event)."""

WITHIN_S = 0.02
"""An event found this near in time [s], and ..."""
WITHIN_VELOCITY = 0.1
"""... this near in velocity [share of it], is found."""


@dataclass(frozen=True)
class Events:
    """Find every hyperbolic event of a gather: apex time, velocity, amplitude, and that it is one.

    How far two events are apart is told by their curves: the mean over the gather's traces of the
    difference of their arrival times, so that time and velocity need no weights against each
    other.

    Attributes:
        curve_s: Distance of two curves that costs as much as the existence of an event [s], > 0.
        amplitude_weight: Weight of the amplitude's error, in RMS amplitudes of the gather, >= 0.
        least_chance: Chance from which an event counts as found, 0 to 1.
        apart_s: Of two found events whose curves are nearer than this the surer one stays [s];
            long training leaves no such twins, a short one does.

    References:
        Carion et al. (2020), End-to-end object detection with transformers, ECCV (DETR).
        Kuhn (1955), The Hungarian method for the assignment problem.
    """

    curve_s: float = 0.02
    amplitude_weight: float = 0.2
    least_chance: float = 0.5
    apart_s: float = 0.02

    def __post_init__(self) -> None:
        if not self.curve_s > 0 or not self.amplitude_weight >= 0:
            raise OptionError("'curve_s' must be above 0 and 'amplitude_weight' at least 0.")
        if not self.apart_s >= 0:
            raise OptionError(f"'apart_s' is {self.apart_s:g}; it must be at least 0.")
        if not 0 <= self.least_chance <= 1:
            raise OptionError(f"'least_chance' is {self.least_chance:g}; it lies between 0 and 1.")

    def loss(self, network: Network, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        """Distance of the matched pairs and cross entropy of the existence, over all rounds.

        Returns:
            ``loss``; of the last round ``curve_ms`` and ``existence``.
        """
        found = network(batch["samples"], batch["offset_m"], float(batch["dt_s"]))
        n_rounds = len(found["existence"])
        parts = [self._round({k: v[i] for k, v in found.items()}, batch) for i in range(n_rounds)]
        totals = [part["existence"] + part["curve"] + part["amplitude"] for part in parts]
        last = {name: parts[-1][name].detach() for name in ("curve_ms", "existence")}
        return {"loss": torch.stack(totals).mean(), **last}

    def match(self, found: dict[str, Tensor], batch: dict[str, Tensor]) -> tuple[Tensor, ...]:
        """Which query answers for which event, at the least cost in all.

        Args:
            found: Values of one round, each of shape (batch, query).
            batch: ``offset_m`` (batch, trace) and the true events (batch, event).

        Returns:
            Gather, query and event of every pair, each of shape (pair,).
        """
        with torch.no_grad():
            cost = self._distance(found, batch) - torch.sigmoid(found["existence"])[..., None]
            cost = (
                cost
                + self.amplitude_weight
                * (found["amplitude"][..., None] - batch["amplitude"][:, None]).abs()
            )
        exists = torch.isfinite(batch["time_s"])
        pairs = []
        for gather, (rows, there) in enumerate(zip(cost.float().numpy(), exists, strict=True)):
            columns = there.nonzero().ravel().numpy()
            query, event = linear_sum_assignment(rows[:, columns])
            pairs.append(np.stack([np.full(query.size, gather), query, columns[event]]))
        return tuple(torch.as_tensor(np.concatenate(pairs, axis=1)))

    def answers(self, network: Network, batch: dict[str, Tensor]) -> EventSet:
        """Events after the last round, NaN where no event is likely enough, and their chance."""
        found = network(batch["samples"], batch["offset_m"], float(batch["dt_s"]))
        last = {name: part[-1].float().numpy() for name, part in found.items()}
        chance = 1 / (1 + np.exp(-last.pop("existence")))
        said = curve_s(found["time_s"][-1], found["velocity_m_s"][-1], batch["offset_m"][:, None])
        likely = self._without_twins(said.float().numpy(), chance)
        return {
            **{name: np.where(likely, part, np.nan) for name, part in last.items()},
            "chance": chance,
        }

    def _without_twins(
        self, curves: NDArray[np.float32], chance: NDArray[np.float32]
    ) -> NDArray[np.bool_]:
        """Events that are likely enough and nearer to none that is surer, (batch, query)."""
        apart = np.abs(curves[:, :, None] - curves[:, None]).mean(axis=3)
        likely = chance >= self.least_chance
        for row, order in enumerate(np.argsort(-chance, axis=1)):
            kept: list[int] = []
            for query in order[likely[row, order]].tolist():
                twin = bool(kept) and bool(apart[row, query, kept].min() < self.apart_s)
                likely[row, query] = not twin
                kept += [] if twin else [query]
        return likely

    def _round(self, found: dict[str, Tensor], batch: dict[str, Tensor]) -> dict[str, Tensor]:
        gather, query, event = self.match(found, batch)
        truth = torch.zeros_like(found["existence"])
        truth[gather, query] = 1
        existence = binary_cross_entropy_with_logits(found["existence"], truth)
        apart = self._distance(found, batch)[gather, query, event]
        off = found["amplitude"][gather, query] - batch["amplitude"][gather, event]
        n = max(len(gather), 1)
        return {
            "existence": existence,
            # Far pairs pull like the logarithm of their distance, near ones like the distance.
            "curve": torch.log1p(apart).sum() / n,
            "amplitude": self.amplitude_weight * off.abs().sum() / n,
            "curve_ms": 1000 * self.curve_s * apart.sum() / n,
        }

    def _distance(self, found: dict[str, Tensor], batch: dict[str, Tensor]) -> Tensor:
        """Mean distance of curves in units of ``curve_s``, shape (batch, query, event)."""
        offset_m = batch["offset_m"][:, None]
        said = curve_s(found["time_s"], found["velocity_m_s"], offset_m)
        true = curve_s(batch["time_s"], batch["velocity_m_s"], offset_m)
        apart = (said[:, :, None] - true[:, None]).abs().mean(dim=-1)
        return torch.nan_to_num(apart, nan=1.0) / self.curve_s


def curve_s(time_s: Tensor, velocity: Tensor, offset_m: Tensor) -> Tensor:
    """Arrival times of hyperbolas [s], shape (batch, event, trace).

    Args:
        time_s: Apexes [s], shape (batch, event).
        velocity: [m/s], shape (batch, event).
        offset_m: [m], broadcasts to (batch, event, trace).
    """
    return torch.sqrt(time_s[..., None] ** 2 + (offset_m / velocity[..., None]) ** 2)


def event_scores(found: EventSet, true: EventSet) -> dict[str, float]:
    """How many events are found, and how well, at 20 ms and a tenth of the velocity.

    Args:
        found: Events of each gather, NaN where none.
        true: The same of the truth.

    Returns:
        ``precision``, ``recall``, ``f1``; of the events that are found the median absolute errors
        ``time_ms``, ``velocity_m_s`` and ``amplitude_share`` (of the true amplitude), NaN without
        any.
    """
    errors = []
    for row in range(len(true["time_s"])):
        said, there = (np.flatnonzero(np.isfinite(e["time_s"][row])) for e in (found, true))
        late_s = np.subtract.outer(found["time_s"][row, said], true["time_s"][row, there])
        fast = np.subtract.outer(found["velocity_m_s"][row, said], true["velocity_m_s"][row, there])
        share = fast / true["velocity_m_s"][row, there]
        cost = np.hypot(late_s / WITHIN_S, share / WITHIN_VELOCITY)
        good = (np.abs(late_s) <= WITHIN_S) & (np.abs(share) <= WITHIN_VELOCITY)
        # A bad pair costs more than all good ones together, so that as many as can be are good.
        one, other = linear_sum_assignment(np.where(good, cost, 1e3))
        kept = good[one, other]
        one, other = one[kept], other[kept]
        size = true["amplitude"][row, there[other]]
        off = (found["amplitude"][row, said[one]] - size) / size
        errors.append(np.stack([late_s[one, other], fast[one, other], off]))
    together = np.abs(np.concatenate(errors, axis=1))
    n_good = together.shape[1]
    n_said, n_true = (int(np.isfinite(e["time_s"]).sum()) for e in (found, true))
    median = np.median(together, axis=1) if n_good else np.full(3, np.nan)
    return {
        "precision": n_good / max(n_said, 1),
        "recall": n_good / max(n_true, 1),
        "f1": 2 * n_good / max(n_said + n_true, 1),
        "time_ms": float(1000 * median[0]),
        "velocity_m_s": float(median[1]),
        "amplitude_share": float(median[2]),
    }
