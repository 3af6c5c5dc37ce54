"""Logs on a regular depth grid: sorted, averaged where it is coarser, linear over short gaps."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from geoml.errors import GeometryError
from geoml.survey.log_curves import Kind

# Depths are printed with few digits: within a tenth of a step they are taken for regular.
_ROUNDING = 0.1
_DEFAULT_GAP_STEPS = 2.5
_MOST_ROWS_A_ROW = 20
_ROWS_ALWAYS_ALLOWED = 100_000
# Coarser by less than this, the mean of a cell would be one value or two, by chance.
_COARSER = 1.5


class DepthGrid:
    """The regular grid of a log, and its values there.

    Attributes:
        depth_m: The grid [m], shape (depth,).
        step_m: Its step [m].
        regular: Whether the file has that grid already, so that values are taken over as they are.
        max_gap_m: Longest stretch without a value that is interpolated [m].
        findings: What was out of order.
    """

    def __init__(
        self,
        depth_m: NDArray[np.float64],
        step_m: float | None = None,
        max_gap_m: float | None = None,
        name: str = "log",
    ) -> None:
        """Lay the grid over the depths of a file.

        Args:
            depth_m: Depths in file order [m], shape (depth,).
            step_m: The grid's step [m]; by default the file's own.
            max_gap_m: See the attribute; by default 2.5 of the larger of both steps.
            name: The file, for messages.

        Raises:
            GeometryError: If there are fewer than two depths, or too few for such a grid.
        """
        self.findings: list[str] = []
        self._order, self._depth = self._sorted(depth_m, name)
        spacing = float(np.median(np.diff(self._depth)))
        own = _regular_step(self._depth)
        self.step_m = step_m if step_m is not None else (own or _round_step(spacing))
        self._reach_m = max(self.step_m, spacing) / 2
        gap = _DEFAULT_GAP_STEPS * max(self.step_m, spacing)
        self.max_gap_m = gap if max_gap_m is None else max_gap_m
        self.regular = own is not None and abs(own - self.step_m) <= 1e-4 * own
        if self.regular:
            self.step_m = float(own)  # type: ignore[arg-type]
            self.depth_m = self._depth[0] + self.step_m * np.arange(self._depth.size)
        else:
            self.depth_m = self._laid(name)
            self._tell(spacing, own)
        self._coarser = self.step_m > _COARSER * spacing

    def values(
        self, values: NDArray[Any], kind: Kind = "log", log_scale: bool = False
    ) -> NDArray[Any]:
        """A curve on the grid.

        Numbers are averaged over cells of a coarser grid (logarithms where the curve is read on a
        logarithmic scale) and else interpolated; words, categories and flags come from the nearest
        depth.

        Args:
            values: In file order, shape (depth,) of the file.
            kind: What may be done with them.
            log_scale: Whether means are geometric.
        """
        ordered = values[self._order]
        if self.regular:
            return ordered
        if kind != "log" or ordered.dtype == object:
            return self._nearest(ordered)
        if log_scale:
            with np.errstate(divide="ignore", invalid="ignore"):
                return 10 ** self._continuous(np.where(ordered > 0, np.log10(ordered), np.nan))
        return self._continuous(ordered)

    def _sorted(
        self, depth: NDArray[np.float64], name: str
    ) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
        finite = np.flatnonzero(np.isfinite(depth))
        if finite.size < depth.size:
            self.findings.append(f"{depth.size - finite.size} rows without a depth were left out")
        kept = depth[finite]
        if kept.size > 1 and (np.diff(kept) <= 0).any():
            falling = bool((np.diff(kept) < 0).all())
            self.findings.append("depths decrease" if falling else "depths are out of order")
        order = np.argsort(kept, kind="stable")
        first = np.ones(order.size, dtype=bool)
        first[1:] = np.diff(kept[order]) > 0
        if not first.all():
            self.findings.append(
                f"{int((~first).sum())} rows repeat a depth; the first of each counts"
            )
        order = order[first]
        if order.size < 2:
            raise GeometryError(
                f"{name}: {order.size} different depths; at least two are needed for a log."
            )
        return finite[order], kept[order]

    def _laid(self, name: str) -> NDArray[np.float64]:
        if not np.isfinite(self.step_m) or self.step_m <= 0:
            raise GeometryError(f"{name}: a depth step of {self.step_m:g} m; above 0 is needed.")
        first, last = self._depth[0], self._depth[-1]
        allowed = max(_ROWS_ALWAYS_ALLOWED, _MOST_ROWS_A_ROW * self._depth.size)
        n_cells = (last - first) / self.step_m
        if not n_cells < allowed:
            raise GeometryError(
                f"{name}: {self._depth.size} rows from {first:g} to {last:g} m would become "
                f"{n_cells:.3g} at a step of {self.step_m:g} m; correct the depths or pass a step."
            )
        start = np.ceil(round(first / self.step_m, 6))
        stop = np.floor(round(last / self.step_m, 6))
        return self.step_m * np.arange(start, max(stop, start) + 1)

    def _tell(self, spacing: float, own: float | None) -> None:
        was = f"every {own:g} m" if own is not None else f"irregular, about {spacing:g} m apart"
        self.findings.append(
            f"depths are {was}; put on a grid of {self.step_m:g} m, gaps up to "
            f"{self.max_gap_m:g} m interpolated"
        )

    def _continuous(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        there = np.isfinite(values)
        if not there.any():
            return np.full(self.depth_m.size, np.nan)
        depth, known = self._depth[there], values[there]
        line = np.interp(self.depth_m, depth, known, left=np.nan, right=np.nan)
        after = np.clip(np.searchsorted(depth, self.depth_m, side="left"), 0, depth.size - 1)
        before = np.clip(np.searchsorted(depth, self.depth_m, side="right") - 1, 0, None)
        too_far = depth[after] - depth[before] > self.max_gap_m * (1 + 1e-9)
        line = np.where(too_far, np.nan, line)
        if not self._coarser:
            return line
        cell = np.round((depth - self.depth_m[0]) / self.step_m).astype(np.int64)
        inside = (cell >= 0) & (cell < self.depth_m.size)
        count = np.bincount(cell[inside], minlength=self.depth_m.size)
        total = np.bincount(cell[inside], known[inside], minlength=self.depth_m.size)
        return np.where(count > 0, total / np.maximum(count, 1), line)

    def _nearest(self, values: NDArray[Any]) -> NDArray[Any]:
        after = np.clip(np.searchsorted(self._depth, self.depth_m), 0, self._depth.size - 1)
        before = np.clip(after - 1, 0, None)
        nearer = self.depth_m - self._depth[before] <= self._depth[after] - self.depth_m
        chosen = np.where(nearer, before, after)
        # A label holds for its own row or cell; none is made up for a row that is not there.
        far = np.abs(self._depth[chosen] - self.depth_m) > self._reach_m * (1 + 1e-6)
        missing = "" if values.dtype == object else np.nan
        return np.where(far, missing, values[chosen])


def _regular_step(depth: NDArray[np.float64]) -> float | None:
    step = float(depth[-1] - depth[0]) / (depth.size - 1)
    exact = depth[0] + step * np.arange(depth.size)
    return step if np.abs(depth - exact).max() <= _ROUNDING * step else None


def _round_step(step: float) -> float:
    """A step to four significant digits, as a person would write it."""
    return float(f"{step:.4g}")
