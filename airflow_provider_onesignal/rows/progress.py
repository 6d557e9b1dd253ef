"""How far a run has come, so that another try goes on from there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Any


@dataclass
class Progress:
    """
    Which rows are settled: accepted, or in the dead letter.

    :param read: number of the last row that was taken up
    :param open: those of them that are not settled, in ascending order
    :param sent: rows that OneSignal took
    :param refused: rows in the dead letter
    """

    read: int = 0
    open: dict[int, None] = field(default_factory=dict)
    sent: int = 0
    refused: int = 0

    @property
    def settled(self) -> int:
        """Rows that are settled."""
        return self.sent + self.refused

    @property
    def mark(self) -> int:
        """The highest row up to which all are settled."""
        return next(iter(self.open), self.read + 1) - 1

    def is_settled(self, ordinal: int) -> bool:
        """Return whether nothing is left to do for a row."""
        return ordinal <= self.read and ordinal not in self.open

    def begin(self, ordinal: int) -> None:
        """Take up a row; rows come in order."""
        if ordinal > self.read:
            self.read = ordinal
            self.open[ordinal] = None

    def settle(self, ordinal: int, *, refused: bool = False) -> None:
        """Note what came of a row."""
        del self.open[ordinal]
        self.refused += refused
        self.sent += not refused

    def to_json(self) -> dict[str, Any]:
        """Return the progress as JSON, small also when thousands of rows are under way."""
        previous = 0
        gaps = []
        for ordinal in self.open:
            gaps.append(ordinal - previous)
            previous = ordinal
        return {"read": self.read, "open": gaps, "sent": self.sent, "refused": self.refused}

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> Progress:
        """Return what :meth:`to_json` described."""
        return cls(
            read=int(kept["read"]),
            open=dict.fromkeys(accumulate(kept["open"])),
            sent=int(kept["sent"]),
            refused=int(kept["refused"]),
        )
