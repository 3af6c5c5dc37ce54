"""LAS 1.2, 2.0 and 3.0: headers by lasio, data sections by ``las_data``.

References:
    Canadian Well Logging Society, LAS 1.2 (1990), 2.0 (1992), 3.0 (1999).
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from geoml.errors import FileFormatError
from geoml.readers.las_data import data_columns, number_or_none
from geoml.readers.las_header import header_facts, header_values, item_number, item_text, well_name
from geoml.readers.log_nulls import without_null
from geoml.readers.log_text import decoded, read_bytes
from geoml.readers.raw_log import RawCurve, RawLog
from geoml.survey.log_units import is_blank_unit, known_unit

# lasio tells on its logger what geoml tells as a finding.
logging.getLogger("lasio").setLevel(logging.CRITICAL)

_DELIMITERS = ("SPACE", "COMMA", "TAB")


def read_las(path: str | Path) -> list[RawLog]:
    """Every log in a LAS file: one, or one a log section of LAS 3.0.

    Raises:
        FileFormatError: If the file is no LAS file, or holds no log over depth.
    """
    path = Path(path)
    return las_logs(read_bytes(path), path.name)


def las_logs(content: bytes, name: str) -> list[RawLog]:
    """The logs in the bytes of a LAS file.

    Args:
        content: The whole file.
        name: Its name, for messages, and for the well where the file names none.

    Raises:
        FileFormatError: If the bytes are no LAS file, or hold no log over depth.
    """
    text, encoding = decoded(content, name)
    sections = list(_sections(text))
    if not sections:
        raise FileFormatError(f"{name}: no section starts with '~'; not a LAS file.")
    data = [section for section in sections if section.is_data]
    if not data:
        raise FileFormatError(f"{name}: no data section '~A'; only a header, nothing to read.")
    logs = []
    for number, section in enumerate(data, start=1):
        log = _log(sections, section, data, name)
        if encoding not in ("utf-8", "utf-8-sig"):
            log.findings.append(f"the text is {encoding}")
        if len(data) > 1:
            log.name = f"{log.well} [{number}]"
            log.findings.append(f"log section {number} of {len(data)}")
        logs.append(log)
    return logs


@dataclass(frozen=True)
class _Section:
    """A section of the file: its title line and the text behind it."""

    title: str
    body: str

    @property
    def is_data(self) -> bool:
        """Whether it holds curves: ~A, or ~Log_Data in LAS 3.0."""
        title = self.title[1:].strip().upper()
        return (title.startswith("A") and "_" not in title.split("|")[0].split()[0]) or (
            re.match(r"(LOG|ASCII)_DATA", title) is not None
        )

    @property
    def is_other_data(self) -> bool:
        """Whether it is a table of another kind, as LAS 3.0 has them."""
        return not self.is_data and "_DATA" in self.title.upper().split("|")[0]

    @property
    def definition(self) -> str:
        """The section that names the columns, as the title says behind the bar."""
        return self.title.partition("|")[2].strip().upper()


def _sections(text: str) -> Iterator[_Section]:
    starts, position = [], text.find("~")
    while position >= 0:
        line_start = text.rfind("\n", 0, position) + 1
        if not text[line_start:position].strip():
            starts.append(line_start)
        line_end = text.find("\n", position)
        position = text.find("~", line_end) if line_end >= 0 else -1
    for start, stop in zip(starts, [*starts, len(text)][1:], strict=True):
        title, _, body = text[start:stop].partition("\n")
        yield _Section(title.strip(), body)


def _log(sections: list[_Section], data: _Section, others: list[_Section], name: str) -> RawLog:
    findings: list[str] = []
    las = _lasio_header(sections, data, others, name, findings)
    version = item_number(las, "Version", "VERS") or 2.0
    wrapped = item_text(las, "Version", "WRAP").upper().startswith("Y")
    delimiter = (item_text(las, "Version", "DLM").upper() or "SPACE").split()[0]
    if delimiter not in _DELIMITERS:
        findings.append(f"unknown delimiter '{delimiter}'; blanks are taken")
        delimiter = "SPACE"
    items = list(las.curves)
    if not items:
        raise FileFormatError(f"{name}: no curve section; the columns have no names.")
    columns = data_columns(data.body, len(items), delimiter, wrapped, name, findings)
    index = columns[0]
    if index.dtype == object:
        raise FileFormatError(f"{name}: the first column, '{items[0].mnemonic}', is no depth.")
    null = _null(las, findings)
    curves = _curves(items, columns, null, findings)
    has_well = any(section.title[1:].strip()[:1].upper() == "W" for section in sections)
    # Without a well section lasio shows one of its own, with depths in metres.
    unit = _index_unit(las, items[0], has_well, name, findings)
    if has_well:
        _check_range(las, index, findings)
    facts, well = header_facts(las), well_name(las, Path(name).stem)
    return RawLog(
        name=well,
        well=well,
        index=index,
        index_unit=unit,
        curves=curves,
        header=header_values(las),
        null=null,
        findings=findings,
        attrs={**facts, "las_version": version},
        index_name=str(items[0].original_mnemonic).strip() or "DEPT",
    )


def _lasio_header(
    sections: list[_Section],
    data: _Section,
    others: list[_Section],
    name: str,
    findings: list[str],
) -> Any:
    """The header by lasio, with no more than the definitions of this data section."""
    import lasio

    # LAS 3.0 names the definition behind the data's title; where it does not, there is but one.
    own = data.definition or "LOG_DEFINITION"
    rivals = {other.definition for other in others if other is not data} - {own}
    kept, unread = [], []
    for section in sections:
        if section.is_data:
            continue
        if section.is_other_data:
            unread.append(section.title.partition("|")[0].strip(" ~"))
        elif (title := section.title[1:].strip().upper()) not in rivals:
            # lasio takes curves for parameters unless their section starts with a C.
            heading = "~Curve" if title == own else section.title
            kept.append(f"{heading}\n{section.body.rstrip()}\n")
    if unread:
        findings.append(f"tables that are no logs were not read: {', '.join(unread)}")
    try:
        # A data section of nothing: without one lasio takes the last header line for data.
        return lasio.read(
            StringIO("".join([*kept, "~A\n"])),
            ignore_data=True,
            ignore_header_errors=True,
            mnemonic_case="preserve",
        )
    except Exception as error:  # lasio raises whatever its parsing of a damaged line meets
        reason = " ".join(str(error).split())[:120] or type(error).__name__
        raise FileFormatError(f"{name}: the header cannot be read ({reason}).") from None


def _null(las: Any, findings: list[str]) -> float | None:
    text = item_text(las, "Well", "NULL")
    null = number_or_none(text) if text else None
    if null is None:
        findings.append("no null value is declared; the usual ones are taken")
    return null


def _curves(
    items: list[Any], columns: list[NDArray[Any]], null: float | None, findings: list[str]
) -> list[RawCurve]:
    if len(columns) < len(items):
        lost = ", ".join(str(item.mnemonic) for item in items[len(columns) :])
        findings.append(f"the data have {len(columns)} columns, without {lost}")
    elif len(columns) > len(items):
        findings.append(
            f"the data have {len(columns)} columns for {len(items)} curves; the last "
            f"{len(columns) - len(items)} are called UNNAMED"
        )
    mnemonics = [str(item.original_mnemonic).strip() for item in items[: len(columns)]]
    doubled = sorted({m for m in mnemonics if mnemonics.count(m) > 1})
    if doubled:
        findings.append(f"mnemonics that stand for several curves: {', '.join(doubled)}")
    curves = []
    for place in range(1, len(columns)):
        values = without_null(columns[place], null)
        if place < len(items):
            item = items[place]
            label = str(item.original_mnemonic).strip() or "UNNAMED"
            curves.append(RawCurve(label, str(item.unit).strip(), values, str(item.descr).strip()))
        else:
            curves.append(RawCurve("UNNAMED", "", values))
    return curves


def _index_unit(las: Any, item: Any, has_well: bool, name: str, findings: list[str]) -> str:
    """The unit of the depths: the curve's, else that of STRT, STOP or STEP."""
    own = str(item.unit).strip()
    declared = [str(las.well[m].unit).strip() for m in ("STRT", "STOP", "STEP") if m in las.well]
    declared = [unit for unit in declared if has_well and not is_blank_unit(unit)]
    unit = own if not is_blank_unit(own) else next(iter(declared), "")
    known = known_unit(unit, "length")
    if unit and (known is None or known.quantity != "length"):
        raise FileFormatError(
            f"{name}: the index '{item.mnemonic}' is in '{unit}'; a depth in m or ft is needed."
        )
    rest = {u for u in declared if known_unit(u, "length") != known}
    if known is not None and rest:
        findings.append(f"depths are in {unit} and STRT, STOP, STEP in {', '.join(sorted(rest))}")
    return unit


def _check_range(las: Any, index: NDArray[np.float64], findings: list[str]) -> None:
    """Tell where STRT, STOP and STEP are not what the data say; the data count."""
    finite = index[np.isfinite(index)]
    if finite.size == 0:
        return
    step = float(np.median(np.diff(finite))) if finite.size > 1 else 0.0
    found = {"STRT": float(finite[0]), "STOP": float(finite[-1]), "STEP": step}
    tolerance = max(1.01 * abs(step), 1e-3)  # STOP may name the next step
    wrong = []
    for mnemonic, value in found.items():
        declared = item_number(las, "Well", mnemonic)
        if declared is None or (mnemonic == "STEP" and (declared == 0 or finite.size < 2)):
            continue  # a step of 0 says that there is none
        near = abs(step) * 0.05 + 1e-6 if mnemonic == "STEP" else tolerance
        if not abs(declared - value) <= near:
            wrong.append(f"{mnemonic} {declared:g}, the data {value:g}")
    if wrong:
        findings.append(f"the header says {'; '.join(wrong)}; the data count")
