"""The wells and curves of a store in lines for people: depths, coverage, ranges, flags."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import xarray as xr

from geoml.survey.well import text_values
from geoml.survey.wells import open_wells, wells

_MOST_WELLS_IN_FULL = 3
_WIDTH = 28


def log_lines(
    store: xr.Dataset | str | Path,
    names: Sequence[str] | None = None,
    *,
    original: bool = False,
) -> Iterator[str]:
    """A table of wells, then the curves of the chosen ones, or of all where they are few.

    Args:
        store: The wells store.
        names: Wells to tell of in full.
        original: Tell the mnemonics and units in the files as well.
    """
    table = store if isinstance(store, xr.Dataset) else open_wells(store)
    in_full = names is not None or table.sizes["well"] <= _MOST_WELLS_IN_FULL
    coverage: dict[str, list[int]] = {}
    if not in_full:
        yield f"{'well':<{_WIDTH}} {'from m':>9} {'to m':>9} {'step m':>7} {'rows':>7}  curves"
    for name, well in wells(table, names):
        for curve, values in well.data_vars.items():
            rows, valid = coverage.setdefault(str(curve), [0, 0, 0])[:2]
            found = int(np.isfinite(values.values).sum())
            coverage[str(curve)] = [
                rows + values.size,
                valid + found,
                coverage[str(curve)][2] + (found > 0),
            ]
        if in_full:
            yield from _well_lines(name, well, original)
        else:
            yield _well_row(name, well)
    if not in_full:
        yield ""
        yield f"{'curve':<{_WIDTH}} {'wells':>6} {'units':<8} {'there':>6}"
        for curve, (rows, valid, n_wells) in sorted(coverage.items(), key=lambda item: -item[1][2]):
            units = str(table[curve].attrs.get("units", ""))
            yield f"{curve[:_WIDTH]:<{_WIDTH}} {n_wells:>6} {units:<8} {valid / rows:>6.0%}"
    for line in table.attrs.get("history", []):
        entry = json.loads(line)
        yield f"history {entry['step']} {json.dumps(entry['options'])}"
    for _, reason in table.attrs.get("refused", []):
        yield f"refused {reason}"


def _well_row(name: str, well: xr.Dataset) -> str:
    depth = well["depth"].values
    curves = " ".join(str(c) for c, v in well.data_vars.items() if np.isfinite(v.values).any())
    return (
        f"{name[:_WIDTH]:<{_WIDTH}} {depth[0]:>9.2f} {depth[-1]:>9.2f} "
        f"{well.attrs['step_m']:>7.4g} {depth.size:>7}  {curves}"
    )


def _well_lines(name: str, well: xr.Dataset, original: bool) -> Iterator[str]:
    depth = well["depth"].values
    where = ", ".join(
        str(well.attrs[key]) for key in ("field", "company", "uwi") if well.attrs.get(key)
    )
    yield f"{name}  {where}".rstrip()
    yield (
        f"  {depth.size} depths from {depth[0]:.2f} to {depth[-1]:.2f} m, "
        f"{well.attrs['step_m']:.5g} m apart; from {well.attrs.get('source_file', 'memory')}"
    )
    head = f"  {'curve':<{_WIDTH}} {'units':<8} {'there':>6} {'low':>9} {'middle':>9} {'high':>9}"
    yield head + ("  in the file" if original else "")
    for curve, values in well.data_vars.items():
        yield _curve_line(str(curve), values, original)
    for finding in well.attrs.get("findings", []):
        yield f"  finding: {finding}"
    yield ""


def _curve_line(name: str, curve: xr.DataArray, original: bool) -> str:
    values = curve.values
    there = np.isfinite(values)
    share = there.mean() if there.size else 0.0
    line = f"  {name[:_WIDTH]:<{_WIDTH}} {curve.attrs.get('units', ''):<8} {share:>6.0%}"
    if not there.any():
        line += " " * 30
    elif "categories" in curve.attrs:
        words = sorted({word for word in text_values(curve) if word})
        line += f" {', '.join(words)[:40]}"
    elif curve.attrs.get("kind") in ("category", "flag"):
        numbers = np.unique(values[there])
        line += f" {', '.join(f'{n:g}' for n in numbers[:8])}{' ...' if numbers.size > 8 else ''}"
    else:
        quantiles = np.quantile(values[there], (0.05, 0.5, 0.95))
        line += "".join(f" {q:>9.4g}" for q in quantiles)
    if original:
        line += f"  {curve.attrs.get('mnemonic', '')} [{curve.attrs.get('original_units', '')}]"
    return line.rstrip()
