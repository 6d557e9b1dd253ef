"""Rows into OneSignal in a real Airflow, killed in the middle and gone on with."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from demo.live_airflow import LiveAirflow
from tests.integration.storm import storm
from tests.system.dag_run import DagRun

ROWS = {"users": 500, "events": 12_000}


def kill_task_processes(airflow: LiveAirflow) -> None:
    """End the processes in which operators run, as the kernel does when memory is short."""
    workers = psutil.Process(airflow.children["scheduler"].pid).children()
    victims = [task.pid for worker in workers for task in worker.children(recursive=True)]
    assert victims
    for pid in victims:
        os.kill(pid, signal.SIGKILL)


@pytest.mark.parametrize(("kind", "moment"), [("users", 200), ("events", 5)])
def test_a_killed_task_goes_on_where_it_was(
    airflow: LiveAirflow, start: Callable[..., DagRun], tmp_path: Path, kind: str, moment: int
) -> None:
    rows = [
        {"id": f"u{number}", "n": number, "what": "order", "refuse": "400" if number == 7 else None}
        for number in range(ROWS[kind])
    ]
    (tmp_path / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    with storm() as server:
        run = start(f"rows_of_{kind}", conf={"folder": str(tmp_path), "url": server.url})
        server.wait_for_requests(moment)
        kill_task_processes(airflow)
        run.wait_for_the_end(timeout=120)
        report = server.report()

    assert run.state() == "success", "\n".join(run.logs())
    assert run.task("send")["try_number"] == 2
    assert "Going on after an earlier try" in "\n".join(run.logs())
    letters = (tmp_path / "bad/dead.jsonl").read_text().splitlines()
    if kind == "users":
        assert [json.loads(letter)["row_number"] for letter in letters] == [8]
        accepted = {row["id"]: str(row["n"]) for row in rows if not row["refuse"]}
        assert report["users"] == accepted
    else:
        assert letters == []
        assert sorted(n for n, _ in report["events"].values()) == list(range(ROWS[kind]))
    assert report["violations"] == []
