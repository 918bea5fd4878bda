"""What is in a CSV: its columns, their types, and the figures that describe them."""

import csv
import io
import statistics
from collections import Counter
from typing import Annotated, Any, TypedDict

__version__ = "1.0.0"
SAMPLE = {"csv_text": "city,visits,rating\nOslo,120,4.5\nBergen,80,4.8\nOslo,,4.1\n"}


class Column(TypedDict):
    name: str
    type: str
    filled: int
    distinct: int
    summary: dict[str, Any]


class Summary(TypedDict):
    rows: int
    columns: list[Column]
    table: str


def csv_summary(
    csv_text: Annotated[str, "CSV with a header line"],
    delimiter: Annotated[str, "What separates the columns; empty: find out"] = "",
) -> Summary:
    """Summarise each column of a CSV.

    Returns:
        For number columns the least, mean, median and greatest value, for others the most frequent ones; and the same
        as a Markdown table.
    """
    rows = list(csv.reader(io.StringIO(csv_text), delimiter=delimiter or _delimiter(csv_text)))
    rows = [row for row in rows if any(cell.strip() for cell in row)]
    if not rows:
        raise ValueError("The CSV is empty; send a header line and at least one row.")
    header, body = rows[0], rows[1:]
    columns = [
        _column(name, [row[index] if index < len(row) else "" for row in body]) for index, name in enumerate(header)
    ]
    return {"rows": len(body), "columns": columns, "table": _markdown(columns)}


def _delimiter(csv_text: str) -> str:
    """The candidate that the first line has most of."""
    first = csv_text.lstrip().partition("\n")[0]
    return max(",;\t|", key=first.count)


def _column(name: str, cells: list[str]) -> Column:
    filled = [cell.strip() for cell in cells if cell.strip()]
    numbers = [number for cell in filled if (number := _number(cell)) is not None]
    if filled and len(numbers) == len(filled):
        kind, summary = "number", _figures(numbers)
    else:
        kind, summary = "text", {"most_frequent": dict(Counter(filled).most_common(3))}
    return {"name": name.strip(), "type": kind, "filled": len(filled), "distinct": len(set(filled)), "summary": summary}


def _number(cell: str) -> float | None:
    try:
        number = float(cell)
    except ValueError:
        return None
    return number if abs(number) < float("inf") else None  # "nan" and "inf" are words here


def _figures(numbers: list[float]) -> dict[str, float]:
    figures = {
        "min": min(numbers),
        "mean": statistics.fmean(numbers),
        "median": statistics.median(numbers),
        "max": max(numbers),
    }
    return {name: round(value, 4) for name, value in figures.items()}


def _markdown(columns: list[Column]) -> str:
    lines = ["| column | type | filled | distinct | summary |", "|---|---|---|---|---|"]
    for column in columns:
        figures = column["summary"].get("most_frequent", column["summary"])
        text = ", ".join(f"{name}: {value}" for name, value in figures.items()).replace("|", "\\|")
        lines.append(f"| {column['name']} | {column['type']} | {column['filled']} | {column['distinct']} | {text} |")
    return "\n".join(lines)
