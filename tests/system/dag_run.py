"""A run of a DAG in the real Airflow, for a test to follow."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from demo.live_airflow import LiveAirflow
from demo.processes import wait_until

_days = count()


class DagRun:
    """
    Starts at once, for a day that no other run has.

    :param airflow: where
    :param dag_id: of the example
    :param conf: values of its params
    :param day: its logical date, in place of one that no other run has
    """

    def __init__(
        self,
        airflow: LiveAirflow,
        dag_id: str,
        *,
        conf: dict[str, Any] | None = None,
        day: datetime | None = None,
    ) -> None:
        self._airflow = airflow
        self._client = airflow.client
        self._dag_id = dag_id
        airflow.wait_for_dag(dag_id)
        self.day = day or datetime(2026, 2, 1, tzinfo=UTC) + timedelta(days=next(_days))
        self.run_id = self._client.trigger(dag_id, logical_date=self.day, conf=conf)
        self._path = f"dags/{dag_id}/dagRuns/{self.run_id}"

    def wait_for_task(self, task_id: str, state: str, *, timeout: float = 90) -> None:
        """Wait until a task is in a state."""
        wait_until(
            lambda: self._client.task_state(self._dag_id, self.run_id, task_id) == state,
            what=f"the task {task_id} {state}",
            timeout=timeout,
        )

    def wait_for_deferral(self, task_id: str, *, timeout: float = 90) -> None:
        """
        Wait until a task is deferred, and its worker is done with it.

        A task that is resumed while the scheduler has not yet heard of its worker's end is taken
        for lost, and tried again.
        """
        self.wait_for_task(task_id, "deferred", timeout=timeout)
        wait_until(
            lambda: self._has_left_its_worker(task_id),
            what=f"the end of the worker of {task_id}",
            timeout=timeout,
        )

    def _has_left_its_worker(self, task_id: str) -> bool:
        return any(
            "Received executor event" in line and task_id in line and self.run_id in line
            for line in (self._airflow.home / "scheduler.log").read_text().splitlines()
        )

    def wait_for_success(self, *, timeout: float = 90) -> None:
        """Wait until the run ends, and complain with all logs where a first try is not enough."""
        wait_until(lambda: self.has_ended() or self.is_retried(), what="an end", timeout=timeout)
        assert self.state() == "success", "\n".join(self.logs())

    def wait_for_the_end(self, *, timeout: float) -> None:
        """Wait until the run ends, after as many tries as it takes."""
        wait_until(self.has_ended, what="the end of the run", timeout=timeout)

    def state(self) -> str:
        return str(self._client.get(self._path)["state"])

    def has_ended(self) -> bool:
        return self.state() in ("success", "failed")

    def is_retried(self) -> bool:
        tasks = self._client.tasks(self._dag_id, self.run_id).values()
        return any(task["state"] == "up_for_retry" for task in tasks)

    def fail_task(self, task_id: str) -> None:
        """End a task, as the button of that name does."""
        path = f"{self._path}/taskInstances/{task_id}"
        self._client.call("PATCH", path, json={"new_state": "failed"})

    def clear(self) -> None:
        """Let all tasks be run again, as the button of that name does."""
        body = {"dry_run": False, "dag_run_id": self.run_id, "only_failed": False}
        self._client.call("POST", f"dags/{self._dag_id}/clearTaskInstances", json=body)

    def abandon(self) -> None:
        """End the run, so that the next one of the same DAG can begin."""
        if not self.has_ended():
            self._client.call("PATCH", self._path, json={"state": "failed"})

    def tasks(self) -> list[str]:
        return list(self._client.tasks(self._dag_id, self.run_id))

    def task(self, task_id: str) -> dict[str, Any]:
        return self._client.tasks(self._dag_id, self.run_id)[task_id]

    def result(self, task_id: str) -> Any:
        return self._client.xcom(self._dag_id, self.run_id, task_id)

    def summary(self, task_id: str) -> dict[str, Any]:
        value = self._client.xcom(self._dag_id, self.run_id, task_id, "summary")
        found: dict[str, Any] = json.loads(value) if isinstance(value, str) else value
        return found

    def logs(self) -> list[str]:
        return [
            line
            for task_id, task in self._client.tasks(self._dag_id, self.run_id).items()
            for attempt in range(1, task["try_number"] + 1)
            for line in self._client.logs(self._dag_id, self.run_id, task_id, attempt)
        ]
