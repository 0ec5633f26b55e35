"""Tables: tools of the skill. The layout is adaos_sample_tables', a pip dependency."""
from __future__ import annotations

import csv
import io
from decimal import Decimal, InvalidOperation
from typing import Any

import adaos_sample_tables as tables

try:
    from adaos.sdk.core.decorators import tool
except ImportError:  # outside AdaOS: the tools are plain functions

    def tool(*_args: Any, **_kwargs: Any):
        return lambda function: function


CHARACTERS_MAX = 1_000_000
DELIMITERS = ",;\t|"


class BadTable(Exception):
    """The text is no table; the message says why."""


def _read(csv_text: str, delimiter: str | None) -> tuple[list[list[str]], str]:
    """The rows, headings first, and the delimiter they were split by."""
    if len(csv_text) > CHARACTERS_MAX:
        raise BadTable(f"{len(csv_text)} characters; {CHARACTERS_MAX} are allowed")
    if delimiter is not None and len(delimiter) != 1:
        raise BadTable("a delimiter is one character")
    lines = csv_text.lstrip("\ufeff").splitlines()
    heading = next((line for line in lines if line.strip()), "")
    if not heading:
        raise BadTable("there is no line with headings")
    chosen = delimiter or max(DELIMITERS, key=heading.count)
    try:
        rows = list(csv.reader(io.StringIO("\n".join(lines)), delimiter=chosen, strict=True))
    except csv.Error as error:
        raise BadTable(f"cannot read the CSV: {error}") from error
    return [row for row in rows if any(cell.strip() for cell in row)], chosen


def _number(cell: str, delimiter: str) -> Decimal | None:
    text = cell.strip().replace("\u00a0", "").replace("\u202f", "").replace(" ", "")
    if delimiter != ",":
        text = text.replace(",", ".")
    try:
        number = Decimal(text)
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def _numeric_columns(rows: list[list[str]], delimiter: str) -> dict[int, list[Decimal]]:
    """Columns where each cell that isn't empty is a number, and there is at least one."""
    found: dict[int, list[Decimal]] = {}
    for column in range(max(map(len, rows))):
        cells = [row[column] for row in rows[1:] if column < len(row) and row[column].strip()]
        numbers = [_number(cell, delimiter) for cell in cells]
        if numbers and None not in numbers:
            found[column] = [number for number in numbers if number is not None]
    return found


def _refusal(error: BadTable) -> dict[str, Any]:
    return {"ok": False, "error": "bad_table", "message": str(error)}


@tool("render_csv")
def render_csv(
    csv_text: str, style: str = "plain", delimiter: str | None = None
) -> dict[str, Any]:
    """Render CSV text as a table."""
    renderers = {"plain": tables.render, "markdown": tables.render_markdown}
    if style not in renderers:
        known = ", ".join(renderers)
        return {"ok": False, "error": "unknown_style", "message": f"styles are {known}"}
    try:
        rows, chosen = _read(csv_text, delimiter)
    except BadTable as error:
        return _refusal(error)
    numeric = _numeric_columns(rows, chosen)
    align = "".join("r" if column in numeric else "l" for column in range(max(map(len, rows))))
    return {"ok": True, "table": renderers[style](rows, align), "rows": len(rows) - 1}


@tool("summarise_csv")
def summarise_csv(csv_text: str, delimiter: str | None = None) -> dict[str, Any]:
    """Sum up each column that holds numbers."""
    try:
        rows, chosen = _read(csv_text, delimiter)
    except BadTable as error:
        return _refusal(error)
    columns = []
    for column, numbers in _numeric_columns(rows, chosen).items():
        heading = rows[0][column].strip() if column < len(rows[0]) else ""
        columns.append({
            "name": heading or f"column {column + 1}",
            "count": len(numbers),
            "sum": float(sum(numbers)),
            "mean": float(sum(numbers) / len(numbers)),
            "least": float(min(numbers)),
            "greatest": float(max(numbers)),
        })
    return {"ok": True, "columns": columns, "rows": len(rows) - 1}
