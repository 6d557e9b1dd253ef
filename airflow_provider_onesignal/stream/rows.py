"""Counting the records of a CSV without parsing it."""

from __future__ import annotations

_NO_MARK = bytes(byte for byte in range(256) if byte not in b'"\n')
_FOUR_PAIRS = b'"' * 8  # removed first, since fewer and longer removals are faster


class RowCounter:
    """
    Counts CSV records in passing; a newline within quotes ends none (RFC 4180).

    Only quotes and newlines matter. Adjacent quotes cancel out, whether they escape a quote or
    close one field before the next opens; where no quote is left, each newline ends a record.
    """

    def __init__(self) -> None:
        self._records = 0
        self._inside = 0
        self._unended = False

    def feed(self, chunk: bytes) -> None:
        """Count on; chunks may be cut anywhere."""
        if not chunk:
            return
        self._unended = chunk[-1] != ord("\n")
        marks = chunk.translate(None, _NO_MARK).replace(_FOUR_PAIRS, b"").replace(b'""', b"")
        runs = marks.split(b'"')
        self._records += sum(map(len, runs[self._inside :: 2]))
        self._inside ^= (len(runs) - 1) & 1

    @property
    def rows(self) -> int | None:
        """Records after the header, or None where the quotes do not balance."""
        if self._inside:
            return None
        return max(self._records + self._unended - 1, 0)
