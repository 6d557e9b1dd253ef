"""The web server of a real Airflow 2, and what is asked of it."""

from __future__ import annotations

import secrets
import subprocess
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

import requests

from demo.live_airflow import airflow_command, environment
from demo.processes import Child, ProcessFailedError, free_port, wait_until

USER = "admin"


class Webserver:
    """
    Starts on entering its ``with`` block, and leaves no process behind at its end.

    :param home: AIRFLOW_HOME, made where it does not exist
    :param dags: folder of the DAGs
    :param variables: further environment variables
    """

    def __init__(self, *, home: Path, dags: Path, variables: Mapping[str, str]) -> None:
        self.home = home
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.password = secrets.token_hex(8)
        self.env = environment(home=home, dags=dags, port=self.port) | {
            "AIRFLOW__API__AUTH_BACKENDS": (
                "airflow.api.auth.backend.session,airflow.api.auth.backend.basic_auth"
            ),
            "AIRFLOW__CORE__EXECUTOR": "SequentialExecutor",
            "AIRFLOW__WEBSERVER__BASE_URL": self.url,
            "AIRFLOW__WEBSERVER__SECRET_KEY": secrets.token_hex(16),
            "AIRFLOW__WEBSERVER__WORKERS": "1",
            **variables,
        }
        self._server: Child | None = None
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.auth = (USER, self.password)

    def __enter__(self) -> Self:
        try:
            self._run("db", "migrate")
            names = ["--username", USER, "--firstname", "A", "--lastname", "B", "--email", "a@b.c"]
            self._run("users", "create", *names, "--role", "Admin", "--password", self.password)
            self._server = Child(
                name="webserver",
                command=[*airflow_command(), "webserver", "--port", str(self.port)],
                env=self.env,
                log=self.home / "webserver.log",
            )
            wait_until(self._healthy, what="a healthy web server", timeout=120)
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop()

    def call(self, method: str, path: str) -> requests.Response:
        """Call Airflow's API; to find nothing there is no failure."""
        answer = self._session.request(method, f"{self.url}/api/v1/{path}", timeout=30)
        if answer.status_code != 404:
            answer.raise_for_status()
        return answer

    def _run(self, *arguments: str) -> None:
        done = subprocess.run(
            [*airflow_command(), *arguments],
            env=self.env,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise ProcessFailedError(f"airflow {arguments[0]} failed\n{done.stderr[-3000:]}")

    def _healthy(self) -> bool:
        if self._server:
            self._server.check()
        try:
            return self._session.get(f"{self.url}/health", timeout=5).ok
        except requests.RequestException:
            return False

    def _stop(self) -> None:
        if self._server:
            self._server.stop()
