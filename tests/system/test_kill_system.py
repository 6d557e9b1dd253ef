"""Whatever is killed, and whenever: one export, and the right bytes in the end."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from airflow_provider_onesignal.testing import Emulator
from demo.live_airflow import LiveAirflow
from demo.processes import wait_until
from tests.system.dag_run import DagRun

ON_A_WORKER, DEFERRED = "impatient_on_a_worker", "impatient_deferred"
TASK = "export_subscriptions"
HOUR = 3600.0
Start = Callable[[str], DagRun]


def place_of(run: DagRun, store: Path) -> Path:
    return store / "impatient" / f"{run.run_id}.csv.gz"


def assert_one_export_landed_whole(run: DagRun, emulator: Emulator, store: Path) -> None:
    (export,) = emulator.exports
    assert place_of(run, store).read_bytes() == b"".join(export.content.read())
    assert list(store.rglob(".*.part")) == []
    assert [request.operation for request in emulator.requests].count("csv_export") == 1


def kill_task_processes(airflow: LiveAirflow) -> None:
    """End the processes in which operators run, as the kernel does when memory is short."""
    workers = psutil.Process(airflow.children["scheduler"].pid).children()
    victims = [task.pid for worker in workers for task in worker.children(recursive=True)]
    assert victims
    for pid in victims:
        os.kill(pid, signal.SIGKILL)


def test_a_task_killed_while_it_waits_goes_on_with_the_same_export(
    airflow: LiveAirflow, start: Start, emulator: Emulator, store: Path
) -> None:
    emulator.settings.ready_after = HOUR
    run = start(ON_A_WORKER)
    wait_until(
        lambda: any(request.operation == "poll" for request in emulator.files.requests),
        what="a look at the file",
        timeout=60,
    )

    kill_task_processes(airflow)
    emulator.advance(HOUR)
    run.wait_for_the_end(timeout=120)

    assert run.state() == "success", "\n".join(run.logs())
    assert run.task(TASK)["try_number"] == 2
    assert_one_export_landed_whole(run, emulator, store)


@pytest.mark.parametrize("dag_id", [ON_A_WORKER, DEFERRED])
def test_a_task_killed_in_the_middle_of_the_copy_leaves_nothing_half_done(
    airflow: LiveAirflow, start: Start, emulator: Emulator, store: Path, dag_id: str
) -> None:
    size = emulator.files.fail("download", bytes_per_second=500_000)
    run = start(dag_id)
    wait_until(lambda: size.hits > 0, what="the download", timeout=90)
    wait_until(
        lambda: any(part.stat().st_size > 100_000 for part in store.rglob(".*.part")),
        what="the first bytes in the store",
        timeout=60,
    )

    kill_task_processes(airflow)
    assert not place_of(run, store).exists()
    run.wait_for_the_end(timeout=120)

    assert run.state() == "success", "\n".join(run.logs())
    assert_one_export_landed_whole(run, emulator, store)


def test_everything_killed_and_started_again_goes_on_with_the_same_export(
    airflow: LiveAirflow, start: Start, emulator: Emulator, store: Path
) -> None:
    emulator.settings.ready_after = HOUR
    run = start(DEFERRED)
    run.wait_for_deferral(TASK)

    for component in airflow.components:
        airflow.kill(component)
    emulator.advance(HOUR)
    for component in airflow.components:
        airflow.start(component)
    airflow.wait_healthy()
    run.wait_for_the_end(timeout=120)

    assert run.state() == "success", "\n".join(run.logs())
    assert_one_export_landed_whole(run, emulator, store)
