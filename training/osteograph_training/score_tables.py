"""The tables that the evaluations of single tasks write, as bundles keep them."""

import csv
from pathlib import Path
from typing import Any


def read_scores(path: Path | None) -> list[dict[str, Any]]:
    """Rows of a table of scores, numbers as numbers, empty cells left out; none without a file."""
    if path is None:
        return []
    with path.open(newline='', encoding='utf-8') as file:
        return [{key: _number(value) for key, value in row.items() if value} for row in csv.DictReader(file)]


def _number(text: str) -> str | float | int:
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text
