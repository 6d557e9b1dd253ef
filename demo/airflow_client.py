"""The few calls of Airflow's REST API that it takes to run a DAG and to watch it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, ClassVar

import requests


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
        """Return which components are well; none while the server does not answer."""
        try:
            parts = self._session.get(f"{self.base_url}/{self.health}", timeout=5).json()
        except (requests.RequestException, ValueError):
            return {}
        return {name: (part or {}).get("status") == "healthy" for name, part in parts.items()}

    def log_in(self) -> None:
        """Get a token; it outlives any demo or test."""
        response = self._session.get(f"{self.base_url}/auth/token", timeout=10)
        response.raise_for_status()
        self._session.headers["Authorization"] = f"Bearer {response.json()['access_token']}"

    def get(self, path: str, **params: Any) -> Any:
        """Return the decoded response of ``<api>/<path>``."""
        return self.call("GET", path, params=params)

    def has_dag(self, dag_id: str) -> bool:
        """Return whether the DAG processor has brought the DAG in."""
        return self._session.get(f"{self.base_url}/{self.api}/dags/{dag_id}", timeout=10).ok

    def import_errors(self) -> str:
        """Return the stack traces of DAG files that cannot be imported."""
        errors = self.get("importErrors")["import_errors"]
        return "\n".join(f"{error['filename']}\n{error['stack_trace']}" for error in errors)

    def create_pool(self, name: str, *, slots: int, include_deferred: bool) -> None:
        """Create a pool."""
        body = {"name": name, "slots": slots, "include_deferred": include_deferred}
        self.call("POST", "pools", json=body)

    def running_slots(self) -> int:
        """Return the number of worker slots in use, over all pools."""
        return sum(pool["running_slots"] for pool in self.get("pools")["pools"])

    def trigger(
        self,
        dag_id: str,
        *,
        logical_date: datetime | None = None,
        conf: dict[str, Any] | None = None,
    ) -> str:
        """
        Start a run and return its id.

        :param logical_date: of the run; None means now
        :param conf: values of the DAG's params
        """
        moment = logical_date or datetime.now(UTC)
        body = {"logical_date": moment.isoformat(), "conf": conf or {}}
        return str(self.call("POST", f"dags/{dag_id}/dagRuns", json=body)["dag_run_id"])

    def tasks(self, dag_id: str, run_id: str) -> dict[str, dict[str, Any]]:
        """Return the task instances of a run, by task id."""
        found = self.get(f"dags/{dag_id}/dagRuns/{run_id}/taskInstances")["task_instances"]
        return {task["task_id"]: task for task in found}

    def task_state(self, dag_id: str, run_id: str, task_id: str) -> str | None:
        """Return the state of a task instance; None before it is scheduled."""
        state: str | None = self.tasks(dag_id, run_id)[task_id]["state"]
        return state

    def xcom(self, dag_id: str, run_id: str, task_id: str, key: str = "return_value") -> Any:
        """Return an XCom's value."""
        path = f"dags/{dag_id}/dagRuns/{run_id}/taskInstances/{task_id}/xcomEntries/{key}"
        return self.get(path, deserialize="true")["value"]

    def logs(self, dag_id: str, run_id: str, task_id: str, attempt: int = 1) -> list[str]:
        """Return the lines an attempt of a task has logged so far."""
        path = f"dags/{dag_id}/dagRuns/{run_id}/taskInstances/{task_id}/logs/{attempt}"
        entries = self.get(path, full_content="true")["content"]
        return [entry if isinstance(entry, str) else _log_line(entry) for entry in entries]

    def call(self, method: str, path: str, **arguments: Any) -> Any:
        """Return the decoded response of any method."""
        url = f"{self.base_url}/{self.api}/{path}"
        response = self._session.request(
            method, url, timeout=30, headers={"Accept": "application/json"}, **arguments
        )
        if not response.ok:
            said = f"{method} {path}: {response.status_code} {response.text[:500]}"
            raise requests.HTTPError(said, response=response)
        return response.json()


def _log_line(entry: dict[str, Any]) -> str:
    lines = [str(entry.get("event", ""))]
    for error in entry.get("error_detail") or ():
        lines += [f"    {frame['filename']}:{frame['lineno']}" for frame in error["frames"]]
        lines.append(f"  {error['exc_type']}: {error['exc_value']}")
    return "\n".join(lines)
