"""The demo from beginning to end."""

from __future__ import annotations

import json
import shutil
import signal
from contextlib import ExitStack, suppress
from pathlib import Path
from time import monotonic, sleep
from typing import Any

from rich.console import Console

from demo.emulator import EmulatorProcess
from demo.live_airflow import LiveAirflow
from demo.screen import Screen, best_screen
from demo.view import Phase, Tracker, View

ROOT = Path(__file__).resolve().parent.parent
DAG_ID = "example_onesignal_export_to_object_storage"
TASK_ID = "export_subscriptions"
POOL = "onesignal_export"
RUN_TIMEOUT = 180.0


class RunFailedError(Exception):
    """The DAG run did not succeed; the text holds what the task logged."""


class Demo:
    """
    One run of the example DAG.

    :param console: where to show it
    :param folder: for everything it writes; emptied at the start
    :param rows: subscriptions of the emulated app
    :param ready_after: seconds the emulator takes to prepare a file
    """

    def __init__(self, console: Console, *, folder: Path, rows: int, ready_after: float) -> None:
        self._console = console
        self._folder = folder
        self._store = folder / "store"
        self._rows = rows
        self._ready_after = ready_after

    def run(self, *, keep: bool) -> None:
        """
        Set up, run, show, clean up.

        :param keep: leave everything running until Ctrl-C
        """
        shutil.rmtree(self._folder, ignore_errors=True)
        self._store.mkdir(parents=True)
        with ExitStack() as stack:
            emulator, airflow = self._set_up(stack)
            self._say(f"Running the DAG {DAG_ID}: one task, {self._rows:,} subscriptions.\n")
            with best_screen(self._console) as screen:
                run_id, view = self._run_dag(screen, airflow, emulator)
            self._report(airflow, run_id, view)
            if keep:
                self._keep_running(airflow)
            else:
                self._say("\nTo look at it in Airflow's UI: make demo KEEP=1")

    def _say(self, text: str) -> None:
        self._console.print(text, highlight=False, soft_wrap=True)

    def _set_up(self, stack: ExitStack) -> tuple[EmulatorProcess, LiveAirflow]:
        start = monotonic()
        self._say("Starting a OneSignal emulator and Airflow 3.3.2 (half a minute) ...")
        emulator = stack.enter_context(
            EmulatorProcess(
                rows=self._rows,
                ready_after=self._ready_after,
                log=self._folder / "emulator.log",
            )
        )
        airflow = stack.enter_context(
            LiveAirflow(
                home=self._folder / "airflow",
                dags=ROOT / "example_dags",
                variables={
                    "AIRFLOW_CONN_ONESIGNAL_DEFAULT": emulator.connection_uri,
                    "AIRFLOW_VAR_ONESIGNAL_EXPORT_FOLDER": self._store.as_uri(),
                },
            )
        )
        airflow.client.create_pool(POOL, slots=1, include_deferred=True)
        airflow.wait_for_dag(DAG_ID)
        self._say(f"Airflow is up after {monotonic() - start:.0f} s: {airflow.client.base_url}")
        return emulator, airflow

    def _run_dag(
        self, screen: Screen, airflow: LiveAirflow, emulator: EmulatorProcess
    ) -> tuple[str, View]:
        run_id = airflow.client.trigger(DAG_ID)
        tracker, start = Tracker(), monotonic()
        while True:
            view = tracker.see(
                state=airflow.client.task_state(DAG_ID, run_id, TASK_ID),
                worker_slots=airflow.client.running_slots(),
                copied=self._bytes_so_far(),
                total=emulator.file_size(),
            )
            screen.show(view)
            if view.phase is Phase.DONE:
                return run_id, view
            if view.phase is Phase.FAILED or monotonic() - start > RUN_TIMEOUT:
                raise RunFailedError(_excerpt(airflow, run_id, view))
            sleep(0.1)

    def _bytes_so_far(self) -> int:
        # A copy in progress is a hidden file beside its place.
        sizes = [_size(path) for path in self._store.rglob("*") if path.is_file()]
        return max(sizes, default=0)

    def _report(self, airflow: LiveAirflow, run_id: str, view: View) -> None:
        uri = airflow.client.xcom(DAG_ID, run_id, TASK_ID)
        summary = _decoded(airflow.client.xcom(DAG_ID, run_id, TASK_ID, "summary"))
        spent = view.seconds
        self._console.print("\n[bold green]Done.[/] The export is in the store, whole:")
        for name, value in {
            "file": uri,
            "rows": f"{summary['rows']:,}",
            "bytes": f"{summary['bytes']:,}",
            "SHA-256": summary["sha256"],
            "start export": f"{spent.get(Phase.STARTING, 0):.1f} s",
            "wait": f"{spent.get(Phase.WAITING, 0):.1f} s, deferred: no worker slot in use",
            "copy, verified": f"{summary['seconds']:.1f} s",
        }.items():
            self._say(f"  {name:<15} {value}")

    def _keep_running(self, airflow: LiveAirflow) -> None:
        url = f"{airflow.client.base_url}/dags/{DAG_ID}"
        self._say(f"\nAirflow's UI: {url}  (Ctrl-C stops everything)")
        with suppress(KeyboardInterrupt):
            signal.pause()


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:  # moved to its place in between
        return 0


def _decoded(value: Any) -> Any:
    return json.loads(value) if isinstance(value, str) else value


def _excerpt(airflow: LiveAirflow, run_id: str, view: View) -> str:
    lines = airflow.client.logs(DAG_ID, run_id, TASK_ID)
    said = [line for line in lines if not line.startswith("::")]
    return "\n".join([f"the task's state is {view.phase.value!r}. It logged:", *said[-20:]])
