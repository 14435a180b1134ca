"""The page of a statement as one HTML file: no network, no script, no font; light and dark; it prints well.

Every text is escaped. Tables keep their roles where a narrow screen shows each row as a block.
"""

from __future__ import annotations

from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playbook_commission.showing.gauges import Gauge
    from playbook_commission.showing.sheet import Row, Sheet, Table

_STYLE = Path(__file__).parent / "sheet.css"


def html(sheet: Sheet) -> str:
    """Return the page as HTML."""
    direction = "rtl" if sheet.right_to_left else "ltr"
    style = _STYLE.read_text(encoding="utf-8")
    title = escape(f"{sheet.title}: {sheet.person}, {sheet.period}")
    return (
        f'<!doctype html>\n<html lang="{escape(sheet.language)}" dir="{direction}">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n'
        f"<title>{title}</title>\n<style>\n{style}</style>\n</head>\n<body>\n<main>\n"
        + "\n".join(_blocks(sheet))
        + "\n</main>\n</body>\n</html>\n"
    )


def _blocks(sheet: Sheet) -> Iterator[str]:
    yield from _head(sheet)
    if sheet.gauges:
        gauges = "\n".join(map(_gauge, sheet.gauges))
        yield f'<section>\n<h2>{escape(sheet.standing)}</h2>\n<div class="gauges">\n{gauges}\n</div>\n</section>'
    if sheet.further:
        said = "".join(f"<p>{escape(text)}</p>" for text in sheet.further)
        basis = f'<p class="basis">{escape(sheet.basis)}</p>'
        yield f'<section class="more">\n<h2>{escape(sheet.more)}</h2>\n{said}\n{basis}\n</section>'
    nothing = [f"<p>{escape(sheet.nothing)}</p>"] if sheet.nothing else []
    tables = "\n".join([*nothing, *(_table(one, sheet.sum, titled=True) for one in sheet.tables)])
    yield f"<section>\n<h2>{escape(sheet.sold)}</h2>\n{tables}\n</section>"
    for one in sheet.others:
        yield f"<section>\n<h2>{escape(one.title)}</h2>\n{_table(one, sheet.sum, titled=False)}\n</section>"
    notes = "".join(f"<li>{escape(text)}</li>" for text in sheet.notes)
    yield f'<section class="notes">\n<h2>{escape(sheet.reading)}</h2>\n<ul>{notes}</ul>\n</section>'


def _head(sheet: Sheet) -> Iterator[str]:
    facts = "".join(
        f"<div><dt>{escape(label)}</dt><dd>{escape(text)}</dd></div>" for label, text in sheet.facts
    )
    sums = "".join(
        f"<div><dt>{escape(label)}</dt><dd>{escape(text)}</dd></div>" for label, text in sheet.sums
    )
    label, paid = map(escape, sheet.paid)
    owed = f'<p class="owed">{escape(sheet.owed)}</p>' if sheet.owed else ""
    yield (
        f'<header>\n<p class="kind">{escape(sheet.title)}</p>\n<h1>{escape(sheet.person)}</h1>\n'
        f'<dl class="facts">{facts}</dl>\n</header>'
    )
    yield (
        f'<section class="sums">\n<dl>{sums}<div class="paid"><dt>{label}</dt><dd>{paid}</dd></div></dl>\n{owed}\n'
        "</section>"
    )


def _gauge(gauge: Gauge) -> str:
    parts = [f"<h3>{escape(gauge.title)}</h3>"]
    if gauge.share is not None:
        marks = "".join(f'<i style="inset-inline-start:{mark:.1%}"></i>' for mark in gauge.marks)
        parts.append(
            f'<div class="bar" aria-hidden="true"><b style="inline-size:{gauge.share:.1%}"></b>{marks}</div>'
        )
    parts += [f"<p>{escape(text)}</p>" for text in gauge.said]
    if gauge.steps:
        rows = "".join(map(_step, gauge.steps))
        first, second = map(escape, gauge.head)
        parts.append(
            f'<table class="steps"><thead><tr><th scope="col">{first}</th><th scope="col">{second}</th></tr></thead>'
            f"<tbody>{rows}</tbody></table>"
        )
        parts.append(f'<p class="basis">{escape(gauge.note)}</p>')
    return f"<article>{''.join(parts)}</article>"


def _step(step: tuple[str, str, str, str]) -> str:
    start, rate, mark, said = map(escape, step)
    current = ' aria-current="step"' if mark == "here" else ""
    shown = (
        f" <small>{said}</small>"
        if mark == "here"
        else f' <span class="hidden">{said}</span>'
        if said
        else ""
    )
    return f'<tr class="{mark or "ahead"}"{current}><td>{start}</td><td>{rate}{shown}</td></tr>'


def _table(table: Table, total: str, *, titled: bool) -> str:
    title = f' class="{"shown" if titled else "hidden"}"'
    head = "".join(
        f'<th scope="col" role="columnheader"{_number(table, index)}>{escape(text)}</th>'
        for index, text in enumerate(table.head)
    )
    rows = "\n".join(_row(table, row) for row in table.rows)
    span = len(table.head) - 1
    return (
        f'<table class="lines" role="table"><caption{title}>{escape(table.title)}</caption>\n'
        f'<thead role="rowgroup"><tr role="row">{head}</tr></thead>\n<tbody role="rowgroup">\n{rows}\n</tbody>\n'
        f'<tfoot role="rowgroup"><tr role="row"><th scope="row" role="rowheader" colspan="{span}">'
        f"{escape(total)}</th>"
        f'<td role="cell" class="number">{escape(table.total)}</td></tr></tfoot>\n</table>'
    )


def _row(table: Table, row: Row) -> str:
    cells = []
    for index, (text, head) in enumerate(zip(row.cells, table.head, strict=True)):
        said = escape(text)
        label = f' data-label="{escape(head)}"'
        if index == table.main:
            said += f'<small class="line">{escape(row.line)}</small>'
            cells.append(f'<th scope="row" role="rowheader"{label}>{said}</th>')
        else:
            empty = "" if text else " data-empty"
            cells.append(f'<td role="cell"{label}{empty}{_number(table, index)}>{said}</td>')
    return f'<tr role="row">{"".join(cells)}</tr>'


def _number(table: Table, index: int) -> str:
    return ' class="number"' if index in table.numbers else ""
