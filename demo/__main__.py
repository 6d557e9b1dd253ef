"""
Run the nightly export of a million subscriptions in a real Airflow, and watch it.

OneSignal is an emulator in this process, the object store a folder of the checkout.
"""

from __future__ import annotations

import argparse
import json
import shutil
import signal
import sys
from contextlib import suppress
from pathlib import Path
from time import monotonic, sleep

from rich.console import Console

from airflow_provider_onesignal.testing import Emulator
from demo.live_airflow import LiveAirflow
from demo.processes import ProcessFailedError, interrupt_on_termination
from demo.screen import Phase, Progress, Screen

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / ".demo"
STORE = FOLDER / "store"
DAG_ID, TASK_ID = "example_onesignal_export_to_object_storage", "export_subscriptions"
RUN_TIMEOUT = 180.0

console = Console(highlight=False, soft_wrap=True)


class RunFailedError(Exception):
    """The DAG run did not succeed; the text holds what the task logged."""


def demo(*, rows: int, ready_after: float, keep: bool) -> None:
    shutil.rmtree(FOLDER, ignore_errors=True)
    STORE.mkdir(parents=True)
    console.print("Starting a OneSignal emulator and Airflow 3.3.2 (half a minute) ...")
    start = monotonic()
    with Emulator(rows=rows, ready_after=ready_after) as emulator:
        variables = {
            "AIRFLOW_CONN_ONESIGNAL_DEFAULT": emulator.connection_uri,
            "AIRFLOW_VAR_ONESIGNAL_EXPORT_FOLDER": STORE.as_uri(),
        }
        dags = ROOT / "example_dags"
        with LiveAirflow(home=FOLDER / "airflow", dags=dags, variables=variables) as airflow:
            airflow.client.create_pool("onesignal_export", slots=1, include_deferred=True)
            airflow.wait_for_dag(DAG_ID)
            url = airflow.client.base_url
            console.print(f"Airflow is up after {monotonic() - start:.0f} s: {url}")
            console.print(f"Running the DAG {DAG_ID}: one task, {rows:,} subscriptions.\n")
            run_id = airflow.client.trigger(DAG_ID)
            report(airflow, run_id, watch(airflow, run_id, emulator))
            if not keep:
                console.print("\nTo see it in Airflow's UI: make demo KEEP=1")
                return
            console.print(f"\nAirflow's UI: {url}/dags/{DAG_ID}  (Ctrl-C stops everything)")
            with suppress(KeyboardInterrupt):
                signal.pause()


def watch(airflow: LiveAirflow, run_id: str, emulator: Emulator) -> Progress:
    progress, start = Progress(), monotonic()
    with Screen(console) as screen:
        while progress.phase is not Phase.DONE:
            exports = emulator.exports
            progress.see(
                airflow.client.task_state(DAG_ID, run_id, TASK_ID),
                worker_slots=airflow.client.running_slots(),
                copied=bytes_so_far(),
                total=exports[-1].content.size if exports else None,
            )
            screen.show(progress)
            if progress.phase is Phase.FAILED or monotonic() - start > RUN_TIMEOUT:
                lines = airflow.client.logs(DAG_ID, run_id, TASK_ID)[-20:]
                raise RunFailedError("\n".join([f"the task is {progress.phase}. It said:", *lines]))
            sleep(0.1)
    return progress


def bytes_so_far() -> int:
    # A copy in progress is a hidden file beside its place, and moved there in between.
    sizes = [0]
    for path in STORE.rglob("*"):
        with suppress(FileNotFoundError):
            sizes.append(path.stat().st_size if path.is_file() else 0)
    return max(sizes)


def report(airflow: LiveAirflow, run_id: str, progress: Progress) -> None:
    summary = airflow.client.xcom(DAG_ID, run_id, TASK_ID, "summary")
    summary = json.loads(summary) if isinstance(summary, str) else summary
    console.print("\n[bold green]Done.[/] The export is in the store, whole:")
    for name, value in {
        "file": summary["uri"],
        "rows": f"{summary['rows']:,}",
        "bytes": f"{summary['bytes']:,}",
        "SHA-256": summary["sha256"],
        "start export": f"{progress.seconds[Phase.STARTING]:.1f} s",
        "wait": f"{progress.seconds[Phase.WAITING]:.1f} s, deferred: no worker slot in use",
        "copy, verified": f"{summary['seconds']:.1f} s",
    }.items():
        console.print(f"  {name:<15} {value}")


def main() -> int:
    parser = argparse.ArgumentParser(prog="make demo", description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000, help="subscriptions of the app")
    parser.add_argument("--ready-after", type=float, default=15, help="seconds OneSignal takes")
    parser.add_argument("--keep", action="store_true", help="keep Airflow running afterwards")
    interrupt_on_termination()
    try:
        demo(**vars(parser.parse_args()))
    except (ProcessFailedError, RunFailedError, TimeoutError) as error:
        console.print(f"\nThe demo failed: {error}", style="red", markup=False)
        return 1
    except KeyboardInterrupt:
        console.print("\nstopped")
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
