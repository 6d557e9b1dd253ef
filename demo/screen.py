"""Shows a run as it happens: a live table on a terminal, plain lines elsewhere."""

from __future__ import annotations

from types import TracebackType
from typing import Protocol, Self

from rich.console import Console, Group
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from demo.view import STEPS, Phase, View

_MIB = 1024 * 1024


class Screen(Protocol):
    """Where the demo shows what happens."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...

    def show(self, view: View) -> None:
        """Show the present moment of the run."""


def best_screen(console: Console) -> Screen:
    """Choose by what the output is."""
    return LiveScreen(console) if console.is_terminal else PlainScreen(console)


class PlainScreen:
    """
    A line for each thing that changes.

    :param console: where it goes
    """

    def __init__(self, console: Console) -> None:
        self._console = console
        self._phase: Phase | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        return None

    def show(self, view: View) -> None:
        """Say which phase has begun, and how many worker slots that takes."""
        if view.phase is not self._phase:
            self._phase = view.phase
            line = f"  task: {view.phase.value:<16} worker slots in use: {view.worker_slots}"
            self._console.print(line, highlight=False, soft_wrap=True)


class LiveScreen:
    """
    A table that redraws itself.

    :param console: a terminal
    """

    def __init__(self, console: Console) -> None:
        self._live = Live(console=console, refresh_per_second=8)
        self._spinner = Spinner("dots", style="cyan")

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._live.stop()

    def show(self, view: View) -> None:
        """Redraw the table."""
        self._live.update(Group(self._table(view), self._footer(view)))

    def _table(self, view: View) -> Table:
        table = Table(box=None, padding=(0, 2), header_style="dim")
        table.add_column("step", min_width=16)
        table.add_column("state", min_width=10)
        table.add_column("seconds", justify="right")
        table.add_column("", min_width=44)
        order = list(Phase)
        for step in STEPS:
            is_now = view.phase is step
            is_past = order.index(view.phase) > order.index(step) and view.phase is not Phase.FAILED
            state = "running" if is_now else "done" if is_past else ""
            spent = view.seconds.get(step)
            table.add_row(
                Text(step.value, style="bold cyan" if is_now else "green" if is_past else "dim"),
                self._spinner if is_now else Text(state, style="green"),
                "" if spent is None else f"{spent:.1f}",
                _bar(view) if step is Phase.COPYING and (is_now or is_past) else "",
            )
        return table

    def _footer(self, view: View) -> Text:
        slots = "none" if view.worker_slots == 0 else str(view.worker_slots)
        style = "bold green" if view.worker_slots == 0 else "yellow"
        text = Text(f"  task: {view.phase.value}    worker slots in use: ", style="dim")
        return text.append(slots, style=style)


def _bar(view: View) -> Table:
    line = Table.grid(padding=(0, 1))
    done = f"{view.copied / _MIB:.1f}"
    if not view.total:
        line.add_row(f"{done} MiB")
        return line
    line.add_row(
        ProgressBar(total=view.total, completed=min(view.copied, view.total), width=24),
        f"{done} of {view.total / _MIB:.1f} MiB",
    )
    return line
