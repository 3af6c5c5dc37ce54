"""HTML of a report: style sheet, tables, figures and sections, all escaped and self-contained."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape

from matplotlib.figure import Figure

from geoml.products.style import png_data_uri

STYLE = """
:root { --ink: #1d2733; --muted: #5a6672; --line: #dfe4ea; --blue: #0b62a4; --orange: #b85c0a; }
* { box-sizing: border-box; }
html { background: #f4f6f8; }
body { margin: 0 auto; max-width: 1120px; padding: 48px 56px 72px; background: #fff;
  color: var(--ink); font: 16px/1.55 system-ui, "Segoe UI", Roboto, "Helvetica Neue", Arial,
  sans-serif; }
h1 { font-size: 32px; line-height: 1.2; margin: 0 0 6px; letter-spacing: -0.01em; }
h2 { font-size: 21px; margin: 52px 0 10px; padding-top: 18px; border-top: 1px solid var(--line); }
p { margin: 0 0 14px; max-width: 78ch; }
.facts { color: var(--muted); margin-bottom: 22px; max-width: none; }
.verdict { font-size: 19px; line-height: 1.45; margin: 0 0 24px; padding: 14px 20px;
  border-left: 4px solid var(--blue); background: #eff5fa; max-width: none; }
.verdict.bad { border-color: #b3261e; background: #fdf1f0; }
nav { margin: 0 0 26px; color: var(--muted); font-size: 14.5px; }
nav a { color: var(--blue); text-decoration: none; margin-right: 16px; white-space: nowrap; }
nav a:hover { text-decoration: underline; }
table { border-collapse: collapse; margin: 0 0 22px; font-size: 15px;
  font-variant-numeric: tabular-nums; }
th, td { text-align: left; padding: 7px 28px 7px 0; border-bottom: 1px solid var(--line);
  vertical-align: top; }
thead th { font-weight: 600; color: var(--muted); border-bottom: 1.5px solid #b9c2cc; }
tbody th { font-weight: 500; }
.pair th { white-space: nowrap; padding-right: 12px; }
.pair td.number, .pair th.number { padding-left: 16px; }
td.number, th.number { text-align: right; white-space: nowrap; padding-right: 0;
  padding-left: 28px; }
td.best { font-weight: 700; color: var(--blue); }
.wide { width: 100%; }
.wide tbody th { width: 240px; color: var(--muted); }
.wide td { overflow-wrap: anywhere; }
.pair { display: grid; grid-template-columns: minmax(0, 3fr) minmax(0, 2fr); gap: 0 44px;
  align-items: start; }
.pair table { width: 100%; }
.warnings { border: 1px solid #e6c583; background: #fffaf0; padding: 12px 20px 14px;
  margin: 0 0 24px; border-radius: 4px; }
.warnings strong { display: block; margin-bottom: 4px; }
.warnings ul { margin: 0; padding-left: 20px; }
figure { margin: 18px 0 26px; }
figure img { max-width: 100%; height: auto; display: block; }
figcaption { color: var(--muted); font-size: 14.5px; margin-top: 8px; max-width: 95ch; }
code { font: 13.5px/1.5 ui-monospace, "SF Mono", Menlo, Consolas, monospace; }
@media print { html { background: #fff; } body { padding: 0; max-width: none; }
  figure, table { break-inside: avoid; } nav { display: none; } }
@media (max-width: 760px) { body { padding: 24px 18px; } .pair { grid-template-columns: 1fr; } }
"""


def page(title: str, head: str, sections: Sequence[tuple[str, str]]) -> str:
    """A whole HTML document without outside links.

    Args:
        title: Title of the document, escaped here.
        head: HTML above the sections.
        sections: Heading and HTML of each section.
    """
    links = "".join(
        f'<a href="#s{number}">{escape(heading)}</a>'
        for number, (heading, _) in enumerate(sections, start=1)
    )
    body = "".join(
        f'<section id="s{number}"><h2>{escape(heading)}</h2>{content}</section>'
        for number, (heading, content) in enumerate(sections, start=1)
    )
    return (
        '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{STYLE}</style></head><body>"
        f"<h1>{escape(title)}</h1>{head}<nav>{links}</nav>{body}</body></html>\n"
    )


def paragraph(text: str, css_class: str = "") -> str:
    """One paragraph of plain text."""
    mark = f' class="{css_class}"' if css_class else ""
    return f"<p{mark}>{escape(text)}</p>"


def picture(figure: Figure, caption: str, width_percent: float | None = None) -> str:
    """A figure as an embedded PNG with its caption, drawn at its own size unless told."""
    width = 100 * figure.get_figwidth() / 10.5 if width_percent is None else width_percent
    return (
        f'<figure><img style="width:{min(width, 100):.0f}%" alt="{escape(caption)}" '
        f'src="{png_data_uri(figure)}"><figcaption>{escape(caption)}</figcaption></figure>'
    )


def number_table(
    columns: Sequence[str], rows: Iterable[tuple[str, Sequence[str]]], best: Sequence[int] = ()
) -> str:
    """A table of numbers with a name before each row.

    Args:
        columns: Headings, the first one over the names.
        rows: Name and cells of each row.
        best: For each row the place of the cell to set in bold, -1 for none.
    """
    head = f"<th>{escape(columns[0])}</th>" + "".join(
        f'<th class="number">{escape(column)}</th>' for column in columns[1:]
    )
    lines = []
    for number, (name, cells) in enumerate(rows):
        chosen = best[number] if number < len(best) else -1
        marks = ("number best" if place == chosen else "number" for place in range(len(cells)))
        row = "".join(
            f'<td class="{mark}">{escape(cell)}</td>'
            for mark, cell in zip(marks, cells, strict=True)
        )
        lines.append(f"<tr><th>{escape(name)}</th>{row}</tr>")
    return f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(lines)}</tbody></table>"


def fact_table(facts: Mapping[str, str], *, wide: bool = False) -> str:
    """A table of names and values."""
    cell = "<td>" if wide else '<td class="number">'
    rows = "".join(
        f"<tr><th>{escape(name)}</th>{cell}{escape(value)}</td></tr>"
        for name, value in facts.items()
    )
    return f"<table{' class=wide' if wide else ''}><tbody>{rows}</tbody></table>"


def pair(left: str, right: str) -> str:
    """Two blocks beside each other."""
    return f'<div class="pair"><div>{left}</div><div>{right}</div></div>'


def warning_box(warnings: Sequence[str]) -> str:
    """The warnings, or one line that says there are none."""
    if not warnings:
        return paragraph("No warnings.", "facts")
    lines = "".join(f"<li>{escape(warning)}</li>" for warning in warnings)
    plural = "s" if len(warnings) > 1 else ""
    return (
        f'<div class="warnings"><strong>{len(warnings)} warning{plural}</strong>'
        f"<ul>{lines}</ul></div>"
    )
