"""What the header of a LAS file says about the well, from the sections that lasio read."""

from __future__ import annotations

from typing import Any

from geoml.readers.las_data import number_or_none

_FACTS = {
    "uwi": ("UWI", "API"),
    "field": ("FLD", "FIELD"),
    "company": ("COMP",),
    "country": ("CTRY", "COUNTRY", "CNTRY"),
    "service_company": ("SRVC",),
    "date": ("DATE",),
}
_NUMBERS = {
    "x_m": ("XCOORD", "X", "EASTING", "XWELL", "SURFX"),
    "y_m": ("YCOORD", "Y", "NORTHING", "YWELL", "SURFY"),
    "latitude_deg": ("LATI", "LAT"),
    "longitude_deg": ("LONG", "LON"),
}
_LONGEST_TEXT = 4000


def item_text(las: Any, section: str, mnemonic: str) -> str:
    """The value of a header item as text, empty where there is none."""
    items = las.sections.get(section)
    if items is None or isinstance(items, str) or mnemonic not in items:
        return ""
    value = items[mnemonic].value
    return "" if value is None else str(value).strip()


def item_number(las: Any, section: str, mnemonic: str) -> float | None:
    """The value of a header item as a finite number, None where it is none."""
    value = number_or_none(item_text(las, section, mnemonic))
    return None if value is None or value != value else value


def well_name(las: Any, fallback: str) -> str:
    """The well's name: WELL, else its unique identifier, else the file's name."""
    for mnemonic in ("WELL", "UWI", "API"):
        text = item_text(las, "Well", mnemonic)
        # Files of version 1.2 that say 2.0 have the label where the name should be.
        if text and text.upper() not in {"WELL", "WELL NAME", "UNIQUE WELL ID", "API NUMBER"}:
            return text
    return fallback


def header_facts(las: Any) -> dict[str, Any]:
    """Facts for the well's attributes; those the file leaves empty are missing."""
    facts: dict[str, Any] = {}
    for fact, mnemonics in _FACTS.items():
        text = next(filter(None, (item_text(las, "Well", m) for m in mnemonics)), "")
        if text:
            facts[fact] = text
    for fact, mnemonics in _NUMBERS.items():
        numbers = (item_number(las, "Well", m) for m in mnemonics)
        number = next((n for n in numbers if n is not None), None)
        if number is not None:
            facts[fact] = number
    return facts


def header_values(las: Any) -> dict[str, Any]:
    """Every section but the curves': mnemonic -> [unit, value, description], or its text."""
    header: dict[str, Any] = {}
    for title, items in las.sections.items():
        if title == "Curves":
            continue
        if isinstance(items, str):
            if items.strip():
                header[title] = items.strip()[:_LONGEST_TEXT]
            continue
        rows = {
            str(item.mnemonic): [str(item.unit), _plain(item.value), str(item.descr)]
            for item in items
        }
        if rows:
            header[title] = rows
    return header


def _plain(value: Any) -> Any:
    """A header value as JSON holds it."""
    if isinstance(value, int | float):
        return value if value == value and abs(value) != float("inf") else str(value)
    return "" if value is None else str(value)
