"""The same real Airflow, as Airflow 2 is run: a webserver, and no process of its own for DAGs."""

from __future__ import annotations

import ast
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, ClassVar

from demo.airflow_client import AirflowClient
from demo.live_airflow import LiveAirflow

SETTINGS = {
    "API__AUTH_BACKENDS": "airflow.api.auth.backend.default",
    # The only one that SQLite allows here: one task at a time, in a process of its own.
    "CORE__EXECUTOR": "SequentialExecutor",
    "SCHEDULER__DAG_DIR_LIST_INTERVAL": "5",
    "SCHEDULER__PARSING_PROCESSES": "1",
}


class AirflowClient2(AirflowClient):
    """Talks to the webserver of an Airflow 2 that asks nobody for a password."""

    api: ClassVar = "api/v1"
    health: ClassVar = "api/v1/health"

    def log_in(self) -> None:
        """Do nothing."""

    def xcom(self, dag_id: str, run_id: str, task_id: str, key: str = "return_value") -> Any:
        """Give an XCom's value, which this API writes as Python would."""
        path = f"dags/{dag_id}/dagRuns/{run_id}/taskInstances/{task_id}/xcomEntries/{key}"
        value = self.get(path)["value"]
        with suppress(ValueError, SyntaxError):
            return ast.literal_eval(value)
        return value

    def logs(self, dag_id: str, run_id: str, task_id: str, attempt: int = 1) -> list[str]:
        """Give the lines a try of a task has logged so far."""
        path = f"dags/{dag_id}/dagRuns/{run_id}/taskInstances/{task_id}/logs/{attempt}"
        content = self.get(path, full_content="true")["content"]
        return [line for _, text in ast.literal_eval(content) for line in text.splitlines()]


class LiveAirflow2(LiveAirflow):
    """An Airflow 2 of three processes."""

    every_component: ClassVar[Mapping[str, str]] = {
        "webserver": "metadatabase",
        "scheduler": "scheduler",
        "triggerer": "triggerer",
    }

    def __init__(
        self, *, home: Path, dags: Path, variables: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(home=home, dags=dags, variables=variables)
        self.env |= {f"AIRFLOW__{name}": value for name, value in SETTINGS.items()}

    def make_client(self, url: str) -> AirflowClient:
        """Return what talks to its webserver."""
        return AirflowClient2(url)

    def migrate(self) -> None:
        """Make the database, and let whoever asks be an admin."""
        super().migrate()
        (self.home / "webserver_config.py").write_text('AUTH_ROLE_PUBLIC = "Admin"\n')

    def command(self, component: str) -> list[str]:
        """Give what starts a component."""
        if component != "webserver":
            return super().command(component)
        # Airflow's own command makes the application twice, which takes long.
        options = ["--workers=1", "--timeout=120", f"--bind=127.0.0.1:{self.port}"]
        return [sys.executable, "-m", "gunicorn", *options, "airflow.www.app:cached_app()"]
