"""The rows of all files of a run, numbered through, read in chunks and made ready to be sent."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Generator, Iterator, Sequence
from itertools import islice
from typing import NamedTuple

from airflow_provider_onesignal.exceptions import OneSignalSourceError, OneSignalValidationError
from airflow_provider_onesignal.rows import Item, Row
from airflow_provider_onesignal.rows.reader import Rows, SourceFile, opened

CHUNK = 500
_FIRST = 1000
"""Rows of a file without a header in which each column must be seen."""


class Entry(NamedTuple):
    """
    A row that is to be taken up.

    :param ordinal: its number in the run, over all files, from 1
    :param row: the row
    :param item: what is sent for it, None if it is refused
    :param reason: why it is refused
    """

    ordinal: int
    row: Row
    item: Item | None
    reason: str = ""


class Source:
    """
    Rows to be sent.

    :param files: in order
    :param columns: that each file must have
    :param prepare: makes an item of a row
    :param is_settled: returns whether the row of that number is to be left out
    :param counts: rows of the first files, as far as they are known from an earlier try
    """

    def __init__(
        self,
        files: Sequence[SourceFile],
        *,
        columns: Sequence[str],
        prepare: Callable[[Row], Item],
        is_settled: Callable[[int], bool],
        counts: Sequence[int] = (),
    ) -> None:
        self._files, self._columns = files, columns
        self._prepare, self._is_settled = prepare, is_settled
        self._known = list(counts)
        self.counts: list[int] = []
        """Rows of the files that have been read to their end."""
        self.begun = 0
        """Files that have been opened."""
        self.skipped = 0
        """Rows left out."""
        self._bytes = sum(file.size for file in files)
        self._before = 0
        self._position: Callable[[], int] = lambda: 0

    @property
    def share(self) -> float | None:
        """How much of the bytes has been read, from 0 to 1; None if their number is not known."""
        return min(1.0, (self._before + self._position()) / self._bytes) if self._bytes else None

    def chunks(self) -> Iterator[list[Entry]]:
        """
        Read.

        :raises OneSignalSourceError: a file lacks a column, is broken or was changed
        """
        ordinal = 0
        for index, file in enumerate(self._files):
            self.begun = index + 1
            count = self._known_count(index, ordinal)
            if count is None:
                count = yield from self._read(file, ordinal)
            else:
                self.skipped += count
            ordinal += count
            self.counts.append(count)
            self._before += file.size
            self._position = lambda: 0

    def _known_count(self, index: int, before: int) -> int | None:
        """Return the number of a file's rows if nothing in it is left to do."""
        if index >= len(self._known):
            return None
        count = self._known[index]
        ordinals = range(before + 1, before + count + 1)
        return count if all(self._is_settled(ordinal) for ordinal in ordinals) else None

    def _read(self, file: SourceFile, before: int) -> Generator[list[Entry], None, int]:
        ordinal = before
        with opened(file) as found:
            self._position = found.position
            for rows in _checked(file, found, self._columns):
                entries = [
                    self._entry(ordinal, row)
                    for ordinal, row in enumerate(rows, ordinal + 1)
                    if not self._is_settled(ordinal)
                ]
                ordinal += len(rows)
                self.skipped += len(rows) - len(entries)
                yield entries
        file.require_unchanged()
        return ordinal - before

    def _entry(self, ordinal: int, row: Row) -> Entry:
        if row.problem:
            return Entry(ordinal, row, None, row.problem)
        try:
            return Entry(ordinal, row, self._prepare(row))
        except OneSignalValidationError as error:
            return Entry(ordinal, row, None, str(error))


def digest(files: Sequence[SourceFile]) -> str:
    """Identify files and the state they are in."""
    seen = hashlib.sha256()
    for file in files:
        seen.update(f"{file.uri}\n{file.version}\n".encode())
    return seen.hexdigest()[:32]


def _checked(file: SourceFile, found: Rows, columns: Sequence[str]) -> Iterator[list[Row]]:
    first = list(islice(found.rows, _FIRST if found.columns is None else CHUNK))
    if found.columns is not None:
        _require_columns(file, found.columns, columns, where="")
    elif not any(row.is_letter for row in first):
        # A letter may lack columns that other rows of its file had.
        seen = {column: None for row in first if not row.problem for column in row.values}
        where = f" in its first {len(first):,} rows"
        _require_columns(file, list(seen), columns if seen else (), where=where)
    while first:
        yield first
        first = list(islice(found.rows, CHUNK))


def _require_columns(
    file: SourceFile, there: Sequence[str], columns: Sequence[str], *, where: str
) -> None:
    missing = [column for column in columns if column not in there]
    if missing:
        shown = ", ".join(sorted(there)[:20])
        raise OneSignalSourceError(
            f"{file.uri} has no column {', '.join(map(repr, missing))}{where}. "
            f"Check the mapping; the columns are {shown}."
        )
    if twice := [column for column in columns if list(there).count(column) > 1]:
        raise OneSignalSourceError(f"{file.uri} has two columns {twice[0]!r}; the mapping uses it.")
