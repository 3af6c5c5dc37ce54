"""DLIS files by dlisio: one log a frame over depth.

References:
    American Petroleum Institute (1991), Recommended Practice 66, version 1.
"""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from geoml.errors import FileFormatError, MissingPackageError
from geoml.readers.raw_log import RawCurve, RawLog
from geoml.survey.log_units import is_blank_unit, known_unit

_ORIGIN_FACTS = {"field": "field_name", "company": "company", "uwi": "well_id"}


def read_dlis(path: str | Path) -> list[RawLog]:
    """Every frame over depth of every logical file in a DLIS file.

    Channels of more than one value a depth, such as images and waveforms, are left out and told.

    Raises:
        FileFormatError: If it is no DLIS file, or has no frame over depth.
        MissingPackageError: If dlisio is not installed.
    """
    try:
        from dlisio import dlis
    except ImportError:
        raise MissingPackageError(
            "Reading DLIS needs the package 'dlisio'. Install it with: pip install 'geoml[dlis]'"
        ) from None
    logging.getLogger("dlisio").setLevel(logging.CRITICAL)
    path = Path(path)
    logs: list[RawLog] = []
    left_out: list[str] = []
    try:
        with dlis.load(str(path)) as files:
            for file in files:
                for frame in file.frames:
                    log = _frame_log(file, frame, path, left_out)
                    if log is not None:
                        logs.append(log)
    except Exception as error:  # dlisio raises whatever a damaged record leads it to
        reason = " ".join(str(error).split())[:120] or type(error).__name__
        raise FileFormatError(f"{path.name}: cannot be read as DLIS ({reason}).") from None
    if not logs:
        why = "; ".join(left_out) or "no frame at all"
        raise FileFormatError(f"{path.name}: no log over depth ({why}).")
    for log in logs:
        if len(logs) > 1:
            log.name = f"{log.well} [{log.attrs['frame']}]"
        log.findings += left_out
    return logs


def _frame_log(file: Any, frame: Any, path: Path, left_out: list[str]) -> RawLog | None:
    channels = list(frame.channels)
    if not channels or frame.index is None:
        left_out.append(f"frame {frame.name} has no index")
        return None
    index = channels[0]
    unit = str(index.units or "")
    known = known_unit(unit, "length")
    if not is_blank_unit(unit) and (known is None or known.quantity != "length"):
        left_out.append(f"frame {frame.name} runs over {index.name} in {unit}")
        return None
    data = frame.curves()
    findings, curves = [], []
    for channel in channels[1:]:
        values = _numbers(data, channel)
        if values is None:
            findings.append(f"channel {channel.name} of shape {channel.dimension} was left out")
        else:
            curves.append(
                RawCurve(
                    channel.name, str(channel.units or ""), values, str(channel.long_name or "")
                )
            )
    depth = _numbers(data, index)
    if depth is None or depth.size == 0 or not curves:
        left_out.append(f"frame {frame.name} has no curve over depth")
        return None
    well, facts, header = _origin(file, path)
    return RawLog(
        name=well,
        well=well,
        index=depth,
        index_unit=unit,
        curves=curves,
        header=header,
        findings=findings,
        attrs={**facts, "frame": str(frame.name)},
        index_name=str(index.name),
    )


def _numbers(data: NDArray[Any], channel: Any) -> NDArray[np.float64] | None:
    """The values of a channel that has one a depth, None of any other."""
    column = data[channel.fingerprint] if channel.fingerprint in (data.dtype.names or ()) else None
    if column is None:
        column = data[channel.name] if channel.name in (data.dtype.names or ()) else None
    if column is None or column.ndim != 1 or column.dtype.kind not in "fiu":
        return None
    return np.asarray(column, dtype=np.float64)


def _origin(file: Any, path: Path) -> tuple[str, dict[str, str], dict[str, Any]]:
    """Name of the well, facts about it, and the parameters of the logical file."""
    facts: dict[str, str] = {}
    well = ""
    for origin in file.origins:
        well = well or str(origin.well_name or "").strip()
        for key, attribute in _ORIGIN_FACTS.items():
            text = str(getattr(origin, attribute, None) or "").strip()
            if text:
                facts.setdefault(key, text)
    rows: dict[str, Any] = {}
    for parameter in file.parameters:
        values = [str(value) for value in np.ravel(parameter.values)[:4]]
        rows[str(parameter.name)] = ["", " ".join(values), str(parameter.long_name or "")]
    return well or path.stem, facts, {"Parameter": rows} if rows else {}
