"""Plain-text and Markdown tables whose columns line up, in any script.

    >>> print(render([["town", "people"], ["Омск", "1 110 836"]], align="lr"))
    town     people
    ----  ---------
    Омск  1 110 836
"""
from __future__ import annotations

import unicodedata
from collections.abc import Sequence

__version__ = "1.0.0"
__all__ = ["render", "render_markdown", "width"]


def width(text: str) -> int:
    """Columns the text takes on a terminal: wide characters two, combining ones none."""
    columns = 0
    for character in text:
        if unicodedata.combining(character) or unicodedata.category(character) in ("Cf", "Me"):
            continue
        columns += 2 if unicodedata.east_asian_width(character) in "WF" else 1
    return columns


def _pad(text: str, columns: int, align: str) -> str:
    space = " " * (columns - width(text))
    return space + text if align == "r" else text + space


def _layout(rows: Sequence[Sequence[str]], align: str) -> tuple[list[list[str]], list[int], str]:
    """Rows of one length, the width of each column, one letter of alignment for each."""
    if not rows:
        raise ValueError("a table needs at least a row of headings")
    if set(align) - {"l", "r"}:
        raise ValueError(f"alignment is made of l and r, not '{align}'")
    count = max(len(row) for row in rows)
    cells = [[" ".join(str(cell).split()) for cell in row] + [""] * (count - len(row)) for row in rows]
    widths = [max(width(row[column]) for row in cells) for column in range(count)]
    return cells, widths, align.ljust(count, "l")[:count]


def render(rows: Sequence[Sequence[str]], align: str = "") -> str:
    """A plain table; the first row holds the headings."""
    cells, widths, align = _layout(rows, align)
    lines = [
        "  ".join(map(_pad, row, widths, align)).rstrip() for row in cells
    ]
    lines.insert(1, "  ".join("-" * columns for columns in widths))
    return "\n".join(lines)


def render_markdown(rows: Sequence[Sequence[str]], align: str = "") -> str:
    """A Markdown table; the first row holds the headings."""
    escaped = [[str(cell).replace("|", "\\|") for cell in row] for row in rows]
    cells, widths, align = _layout(escaped, align)
    widths = [max(columns, 3) for columns in widths]
    rules = ["-" * (columns - 1) + (":" if side == "r" else "-")
             for columns, side in zip(widths, align)]
    body = [[_pad(cell, columns, side) for cell, columns, side in zip(row, widths, align)]
            for row in cells]
    return "\n".join(f"| {' | '.join(row)} |" for row in [body[0], rules, *body[1:]])
