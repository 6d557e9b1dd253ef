"""Rows of outcomes as a file: the same rows are always the same bytes."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence

from airflow_provider_onesignal.api.outcomes import COLUMNS, Row

CONTENT_TYPES = {"jsonl": "application/x-ndjson", "csv": "text/csv"}
FILE_FORMATS = tuple(CONTENT_TYPES)
_OF_THE_MOMENT = ("window_start", "window_end", "observed_at")


def file_of(rows: Sequence[Row], *, file_format: str) -> bytes:
    """
    Write rows.

    :param file_format: "jsonl" (an object a line) or "csv" (with a header); UTF-8, lines end in LF
    """
    if file_format == "jsonl":
        lines = (json.dumps(row, ensure_ascii=False, separators=(",", ":")) for row in rows)
        return "".join(f"{line}\n" for line in lines).encode()
    table = io.StringIO(newline="")
    writer = csv.DictWriter(table, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return table.getvalue().encode()


def holds_the_same(stored: bytes, fresh: bytes, *, file_format: str) -> bool:
    """
    Tell whether two files differ in nothing but when OneSignal was asked.

    Then the stored one is as good, and says when the figures were first seen.
    """
    try:
        return _figures(stored, file_format) == _figures(fresh, file_format)
    except (UnicodeDecodeError, ValueError, csv.Error):
        return False


def _figures(file: bytes, file_format: str) -> list[dict[str, object]]:
    text = file.decode()
    if file_format == "jsonl":
        found = [json.loads(line) for line in text.split("\n") if line]
    else:
        found = list(csv.DictReader(io.StringIO(text, newline="")))
    if not all(isinstance(row, dict) for row in found):
        raise ValueError("a line is no object")
    return [
        {name: value for name, value in row.items() if name not in _OF_THE_MOMENT} for row in found
    ]
