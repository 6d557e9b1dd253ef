"""How far a copy has come, told at a humane interval."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

_MIB = 1024 * 1024


@dataclass(frozen=True, kw_only=True)
class Progress:
    """
    How far a copy has come.

    :param done: bytes copied
    :param total: bytes in all, None where not known
    :param seconds: since the start
    """

    done: int
    total: int | None
    seconds: float

    @property
    def percent(self) -> float | None:
        """Percentage done, None where the total is not known."""
        return 100.0 * self.done / self.total if self.total else None

    @property
    def rate(self) -> float:
        """MiB a second so far."""
        return self.done / _MIB / self.seconds if self.seconds > 0 else 0.0

    def __str__(self) -> str:
        size = f"{self.done / _MIB:.1f} MiB"
        if self.total:
            size = f"{self.done / _MIB:.1f} of {self.total / _MIB:.1f} MiB ({self.percent:.0f} %)"
        return f"{size}, {self.rate:.1f} MiB/s"


class ProgressReporter:
    """
    Counts bytes and reports now and then.

    :param report: called with a :class:`Progress`
    :param total: bytes in all, None where not known
    :param first: seconds until the first report, so that a short copy makes none
    :param every: seconds between reports
    :param clock: seconds from any point in time
    """

    def __init__(
        self,
        report: Callable[[Progress], None],
        *,
        total: int | None,
        first: float = 5.0,
        every: float = 15.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._report = report
        self._total = total
        self._every = every
        self._clock = clock
        self._started = clock()
        self._due = self._started + first
        self._done = 0

    def advance(self, length: int) -> None:
        """Count ``length`` more bytes, and report if it is time."""
        self._done += length
        now = self._clock()
        if now >= self._due:
            self._due = now + self._every
            seconds = now - self._started
            self._report(Progress(done=self._done, total=self._total, seconds=seconds))
