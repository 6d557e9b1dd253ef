"""What a run of the export looks like at one moment, as plain values."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from enum import StrEnum
from time import monotonic


class Phase(StrEnum):
    """Where the task is; the order is the one they come in."""

    QUEUED = "queued"
    STARTING = "start export"
    WAITING = "wait, deferred"
    RESUMING = "resume"
    COPYING = "copy, verified"
    DONE = "done"
    FAILED = "failed"


# States of Airflow's that say all.
_PLAIN: dict[str | None, Phase] = {
    "success": Phase.DONE,
    "deferred": Phase.WAITING,
    "failed": Phase.FAILED,
    "removed": Phase.FAILED,
    "skipped": Phase.FAILED,
    "up_for_retry": Phase.FAILED,
    "upstream_failed": Phase.FAILED,
}
# What people are shown as the steps of the job.
STEPS = (Phase.STARTING, Phase.WAITING, Phase.COPYING)


@dataclass(frozen=True, kw_only=True)
class View:
    """
    One moment of a run.

    :param phase: where the task is
    :param seconds: how long each phase has lasted so far
    :param worker_slots: slots in use on workers, of all tasks
    :param copied: bytes in the store so far
    :param total: bytes the file will have, None while nobody knows
    """

    phase: Phase = Phase.QUEUED
    seconds: dict[Phase, float] = field(default_factory=dict)
    worker_slots: int = 0
    copied: int = 0
    total: int | None = None


class Tracker:
    """
    Makes views of what is seen of a task, and takes the time.

    :param clock: seconds from any point in time
    """

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._since = clock()
        self.view = View()

    def see(
        self, *, state: str | None, worker_slots: int, copied: int = 0, total: int | None = None
    ) -> View:
        """
        Take in what was just seen.

        :param state: Airflow's state of the task instance
        """
        phase = self._phase(state, copied)
        now = self._clock()
        spent = dict(self.view.seconds)
        spent[self.view.phase] = spent.get(self.view.phase, 0.0) + now - self._since
        self._since = now
        self.view = replace(
            self.view,
            phase=phase,
            seconds=spent,
            worker_slots=worker_slots,
            copied=max(copied, self.view.copied),
            total=total or self.view.total,
        )
        return self.view

    def _phase(self, state: str | None, copied: int) -> Phase:
        if state in _PLAIN:
            return _PLAIN[state]
        if state == "running" and copied:
            return Phase.COPYING
        if Phase.WAITING in (self.view.phase, *self.view.seconds):
            return Phase.RESUMING
        return Phase.STARTING if state == "running" else Phase.QUEUED
