"""The few calls of Airflow's REST API that one needs to run a DAG and to look at it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, ClassVar

import requests

FINISHED = ("success", "failed", "skipped", "upstream_failed", "removed")


@dataclass(frozen=True, kw_only=True)
class PoolSlots:
    """
    How the slots of a pool are used.

    :param running: by tasks on a worker
    :param deferred: by tasks that wait in the triggerer and hold no worker
    """

    running: int
    deferred: int


@dataclass(frozen=True, kw_only=True)
class AssetEvent:
    """
    What a task said of an asset.

    :param name: of the asset
    :param extra: what it said
    """

    name: str
    extra: dict[str, Any]


class AirflowClient:
    """
    Talks to the API server of an Airflow whose users are all admins.

    :param base_url: such as ``http://127.0.0.1:8080``
    """

    api: ClassVar = "api/v2"
    health: ClassVar = "api/v2/monitor/health"

    def __init__(self, base_url: str) -> None:
        self.base_url = base_url
        self._session = requests.Session()
        self._session.trust_env = False

    def healthy(self) -> dict[str, bool]:
        """Tell which components are well; none while the server does not answer."""
        try:
            answer = self._session.get(f"{self.base_url}/{self.health}", timeout=5)
            parts = answer.json()
        except (requests.RequestException, ValueError):
            return {}
        return {name: (part or {}).get("status") == "healthy" for name, part in parts.items()}

    def log_in(self) -> None:
        """Get a token; it outlives any demo or test."""
        answer = self._session.get(f"{self.base_url}/auth/token", timeout=10)
        answer.raise_for_status()
        self._session.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"

    def get(self, path: str, **params: Any) -> Any:
        """Give the decoded answer of ``<api>/<path>``."""
        return self._call("GET", path, params=params)

    def has_dag(self, dag_id: str) -> bool:
        """Tell whether the DAG processor has brought the DAG in."""
        answer = self._session.get(f"{self.base_url}/{self.api}/dags/{dag_id}", timeout=10)
        return answer.ok

    def import_errors(self) -> str:
        """Give the stack traces of DAG files that cannot be imported."""
        errors = self.get("importErrors")["import_errors"]
        return "\n".join(f"{error['filename']}\n{error['stack_trace']}" for error in errors)

    def create_pool(self, name: str, *, slots: int, include_deferred: bool) -> None:
        """Make a pool."""
        body = {"name": name, "slots": slots, "include_deferred": include_deferred}
        self._call("POST", "pools", json=body)

    def pool(self, name: str) -> PoolSlots:
        """Look at a pool."""
        found = self.get(f"pools/{name}")
        return PoolSlots(running=found["running_slots"], deferred=found["deferred_slots"])

    def running_slots(self) -> int:
        """Count the worker slots in use, over all pools."""
        return sum(pool["running_slots"] for pool in self.get("pools")["pools"])

    def trigger(
        self,
        dag_id: str,
        *,
        logical_date: datetime | None = None,
        conf: dict[str, Any] | None = None,
    ) -> str:
        """
        Start a run.

        :param logical_date: of the run; now where it is left out
        :param conf: values of the DAG's params
        :return: the run's id
        """
        moment = logical_date or datetime.now(UTC)
        body = {"logical_date": moment.isoformat(), "conf": conf or {}}
        run_id: str = self._call("POST", f"dags/{dag_id}/dagRuns", json=body)["dag_run_id"]
        return run_id

    def run_state(self, dag_id: str, run_id: str) -> str:
        """Give the state of a run."""
        return str(self.get(f"dags/{dag_id}/dagRuns/{run_id}")["state"])

    def fail_run(self, dag_id: str, run_id: str) -> None:
        """End a run, with everything in it."""
        self._call("PATCH", f"dags/{dag_id}/dagRuns/{run_id}", json={"state": "failed"})

    def dag_ids(self) -> list[str]:
        """Name all DAGs."""
        return [dag["dag_id"] for dag in self.get("dags", limit=200)["dags"]]

    def pause(self, dag_id: str, *, is_paused: bool) -> None:
        """Let a DAG have no more runs, or let it have them again."""
        self._call("PATCH", f"dags/{dag_id}", json={"is_paused": is_paused})

    def fail_task(self, dag_id: str, run_id: str, task_id: str) -> None:
        """End a task, as the button of that name does."""
        path = f"dags/{dag_id}/dagRuns/{run_id}/taskInstances/{task_id}"
        self._call("PATCH", path, json={"new_state": "failed"})

    def clear(self, dag_id: str, run_id: str) -> None:
        """Let all tasks of a run be run again, as the button of that name does."""
        body = {"dry_run": False, "dag_run_id": run_id, "only_failed": False}
        self._call("POST", f"dags/{dag_id}/clearTaskInstances", json=body)

    def tasks(self, dag_id: str, run_id: str) -> dict[str, dict[str, Any]]:
        """Give the task instances of a run, by task id."""
        found = self.get(f"dags/{dag_id}/dagRuns/{run_id}/taskInstances")["task_instances"]
        return {task["task_id"]: task for task in found}

    def task_state(self, dag_id: str, run_id: str, task_id: str) -> str | None:
        """Give the state of a task instance; None before it is scheduled."""
        state: str | None = self.tasks(dag_id, run_id)[task_id]["state"]
        return state

    def xcom(self, dag_id: str, run_id: str, task_id: str, key: str = "return_value") -> Any:
        """Give an XCom's value."""
        path = f"dags/{dag_id}/dagRuns/{run_id}/taskInstances/{task_id}/xcomEntries/{key}"
        return self.get(path, deserialize="true")["value"]

    def newest_asset_event(self) -> AssetEvent:
        """Look at what was last said of any asset."""
        events = self.get("assets/events", order_by="-timestamp", limit=1)["asset_events"]
        return AssetEvent(name=events[0]["name"], extra=events[0]["extra"])

    def logs(self, dag_id: str, run_id: str, task_id: str, attempt: int = 1) -> list[str]:
        """Give the lines a try of a task has logged so far."""
        path = f"dags/{dag_id}/dagRuns/{run_id}/taskInstances/{task_id}/logs/{attempt}"
        entries = self.get(path, full_content="true")["content"]
        return [entry if isinstance(entry, str) else _log_line(entry) for entry in entries]

    def _call(self, method: str, path: str, **arguments: Any) -> Any:
        url = f"{self.base_url}/{self.api}/{path}"
        answer = self._session.request(
            method, url, timeout=30, headers={"Accept": "application/json"}, **arguments
        )
        if not answer.ok:
            raise requests.HTTPError(
                f"{method} {path}: {answer.status_code} {answer.text[:500]}", response=answer
            )
        return answer.json()


def _log_line(entry: dict[str, Any]) -> str:
    lines = [str(entry.get("event", ""))]
    for error in entry.get("error_detail") or ():
        lines += [f"    {frame['filename']}:{frame['lineno']}" for frame in error["frames"]]
        lines.append(f"  {error['exc_type']}: {error['exc_value']}")
    return "\n".join(lines)
