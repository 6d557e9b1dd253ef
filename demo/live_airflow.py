"""A real Airflow 3 of four processes on SQLite."""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import ClassVar, Self

from demo.airflow_client import AirflowClient
from demo.processes import Child, ProcessFailedError, free_port, wait_until


class LiveAirflow:
    """
    Starts on entering its ``with`` block, and leaves no process behind at its end.

    :param home: AIRFLOW_HOME, created if it does not exist
    :param dags: folder of the DAGs to run
    :param variables: further environment variables of all processes, such as AIRFLOW_CONN_...
    :param components: what to start of it, the API server among them; None for all
    """

    # Each with what the health page calls it.
    every_component: ClassVar[Mapping[str, str]] = {
        "api-server": "metadatabase",
        "scheduler": "scheduler",
        "dag-processor": "dag_processor",
        "triggerer": "triggerer",
    }

    def __init__(
        self,
        *,
        home: Path,
        dags: Path,
        variables: Mapping[str, str] | None = None,
        components: Sequence[str] | None = None,
    ) -> None:
        self.home = home.resolve()
        self.components = components or list(self.every_component)
        self.port = free_port()
        self.client = self.make_client(f"http://127.0.0.1:{self.port}")
        self.env = environment(home=self.home, dags=dags.resolve(), port=self.port)
        self.env.update(variables or {})
        self.children: dict[str, Child] = {}

    def __enter__(self) -> Self:
        try:
            self.migrate()
            for component in self.components:
                self.start(component)
            self.wait_healthy()
            self.client.log_in()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def make_client(self, url: str) -> AirflowClient:
        """Return what talks to it."""
        return AirflowClient(url)

    def migrate(self) -> None:
        """Create the database."""
        self.home.mkdir(parents=True, exist_ok=True)
        done = subprocess.run(
            [*airflow_command(), "db", "migrate"],
            env=self.env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        if done.returncode:
            raise ProcessFailedError(f"airflow db migrate failed\n{done.stdout[-3000:]}")

    def start(self, component: str) -> None:
        """Start one of the components."""
        log = self.home / f"{component}.log"
        command = self.command(component)
        self.children[component] = Child(name=component, command=command, env=self.env, log=log)

    def command(self, component: str) -> list[str]:
        """Return what starts a component."""
        options = {
            "api-server": ["--host", "127.0.0.1", "--port", str(self.port)],
            "scheduler": ["--skip-serve-logs"],
            "triggerer": ["--skip-serve-logs"],
        }
        return [*airflow_command(), component, *options.get(component, [])]

    def kill(self, component: str) -> None:
        """End a component as a lost machine would."""
        self.children.pop(component).kill()

    def wait_healthy(self, timeout: float = 120) -> None:
        """Wait until every component says that it is well; raise if one has ended."""
        wait_until(self._is_healthy, what="a healthy Airflow", timeout=timeout)

    def _is_healthy(self) -> bool:
        for child in self.children.values():
            child.check()
        health = self.client.healthy()
        return all(health.get(self.every_component[each]) for each in self.components)

    def wait_for_dag(self, dag_id: str, timeout: float = 60) -> None:
        """Wait until the DAG can be run; a TimeoutError's text has its import error."""
        try:
            wait_until(lambda: self.client.has_dag(dag_id), what=f"DAG {dag_id}", timeout=timeout)
        except TimeoutError as error:
            raise TimeoutError(f"{error}\n{self.client.import_errors()}") from None

    def stop(self) -> None:
        """Stop everything."""
        for child in self.children.values():
            child.ask_to_stop()
        while self.children:
            _, child = self.children.popitem()
            child.stop()


def airflow_command() -> list[str]:
    """Return what runs Airflow with this Python, wherever its scripts are."""
    return [sys.executable, "-m", "airflow"]


def environment(*, home: Path, dags: Path, port: int) -> dict[str, str]:
    """Configure an Airflow for a small machine, with nothing of the caller's own Airflow."""
    inherited = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("AIRFLOW", "_AIRFLOW", "PYTHON"))
    }
    url = f"http://127.0.0.1:{port}"
    settings = {
        "API__BASE_URL": url,
        "API__PORT": str(port),
        "API__WORKERS": "1",
        "API_AUTH__JWT_SECRET": secrets.token_hex(32),
        "CORE__DAGS_ARE_PAUSED_AT_CREATION": "False",
        "CORE__DAGS_FOLDER": str(dags),
        "CORE__EXECUTION_API_SERVER_URL": f"{url}/execution/",
        "CORE__EXECUTOR": "LocalExecutor",
        "CORE__LOAD_EXAMPLES": "False",
        "CORE__PARALLELISM": "4",
        "CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS": "True",
        "DAG_PROCESSOR__PARSING_PROCESSES": "1",
        "DAG_PROCESSOR__REFRESH_INTERVAL": "5",
        "LOGGING__LOGGING_LEVEL": "INFO",
        "SCHEDULER__TRIGGER_TIMEOUT_CHECK_INTERVAL": "2",
        # Runs are started by hand: a schedule would start one of its own at once.
        "SCHEDULER__USE_JOB_SCHEDULE": "False",
        # Seconds without a heartbeat after which a killed triggerer's work goes to another.
        "TRIGGERER__JOB_HEARTBEAT_SEC": "1",
        "TRIGGERER__TRIGGERER_HEALTH_CHECK_THRESHOLD": "6",
        "USAGE_DATA_COLLECTION__ENABLED": "False",
        # How often a worker asks whether its task has ended.
        "WORKERS__MIN_HEARTBEAT_INTERVAL": "1",
    }
    return inherited | {
        "AIRFLOW_HOME": str(home),
        "NO_PROXY": "127.0.0.1,localhost",
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}",
        "PYTHONUNBUFFERED": "1",
        **{f"AIRFLOW__{name}": value for name, value in settings.items()},
    }
