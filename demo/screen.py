"""How far the run is: a live table on a terminal, a line for each phase elsewhere."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from time import monotonic
from typing import Self

from rich.console import Console
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.spinner import Spinner
from rich.table import Table

MIB = 1024 * 1024


class Phase(StrEnum):
    QUEUED = "queued"
    STARTING = "start export"
    WAITING = "wait, deferred"
    RESUMING = "resume"
    COPYING = "copy, verified"
    DONE = "done"
    FAILED = "failed"


STEPS = (Phase.STARTING, Phase.WAITING, Phase.COPYING)


@dataclass
class Progress:
    """What has been seen of the task, and how long each phase has lasted."""

    clock: Callable[[], float] = monotonic
    phase: Phase = Phase.QUEUED
    seconds: dict[Phase, float] = field(default_factory=lambda: defaultdict(float))
    worker_slots: int = 0
    copied: int = 0
    total: int | None = None

    def __post_init__(self) -> None:
        self._since = self.clock()

    def see(
        self, state: str | None, *, worker_slots: int = 0, copied: int = 0, total: int | None = None
    ) -> None:
        """Take in Airflow's state of the task, and the bytes in the store."""
        now = self.clock()
        self.seconds[self.phase] += now - self._since
        self._since = now
        self.phase = self._phase(state, copied)
        self.worker_slots = worker_slots
        self.copied, self.total = max(copied, self.copied), total or self.total

    def _phase(self, state: str | None, copied: int) -> Phase:
        if state in ("success", "deferred"):
            return Phase.DONE if state == "success" else Phase.WAITING
        if state not in (None, "scheduled", "queued", "running"):
            return Phase.FAILED
        if state == "running" and copied:
            return Phase.COPYING
        if Phase.WAITING in (self.phase, *self.seconds):
            return Phase.RESUMING
        return Phase.STARTING if state == "running" else Phase.QUEUED


class Screen:
    """Shows a run during its ``with`` block."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._live = Live(console=console, refresh_per_second=8)
        self._spinner = Spinner("dots", style="cyan")
        self._shown: Phase | None = None

    def __enter__(self) -> Self:
        if self._console.is_terminal:
            self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._live.stop()

    def show(self, progress: Progress) -> None:
        if self._console.is_terminal:
            self._live.update(self._table(progress))
        elif progress.phase is not self._shown:
            self._console.print(f"  {_footer(progress)}", highlight=False, soft_wrap=True)
        self._shown = progress.phase

    def _table(self, progress: Progress) -> Table:
        table = Table(box=None, padding=(0, 2), header_style="dim", caption_justify="left")
        table.caption = f"  {_footer(progress)}"
        for heading, width in (("step", 16), ("state", 10), ("seconds", 7), ("", 44)):
            table.add_column(heading, min_width=width)
        for step in STEPS:
            is_now, is_past = progress.phase is step, step in progress.seconds
            style = "bold cyan" if is_now else "green" if is_past else "dim"
            table.add_row(
                f"[{style}]{step}",
                self._spinner if is_now else "[green]done" if is_past else "",
                f"{progress.seconds[step]:.1f}" if is_past else "",
                _bar(progress) if step is Phase.COPYING and (is_now or is_past) else "",
            )
        return table


def _footer(progress: Progress) -> str:
    return f"task: {progress.phase:<16} worker slots in use: {progress.worker_slots}"


def _bar(progress: Progress) -> Table:
    line = Table.grid(padding=(0, 1))
    total = progress.total or progress.copied
    bar = ProgressBar(total=total, completed=min(progress.copied, total), width=24)
    line.add_row(bar, f"{progress.copied / MIB:.1f} of {total / MIB:.1f} MiB")
    return line
