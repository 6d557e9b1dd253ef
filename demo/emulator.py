"""The OneSignal emulator as a process of its own."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import requests

from demo.processes import Child, free_port, wait_until


class EmulatorProcess:
    """
    Runs during its ``with`` block.

    :param rows: subscriptions of its app
    :param ready_after: seconds it takes to prepare a file
    :param log: file that takes its output
    """

    def __init__(self, *, rows: int, ready_after: float, log: Path) -> None:
        self._options = ["--rows", str(rows), "--ready-after", str(ready_after)]
        self._options += ["--files-port", str(free_port())]
        self._log = log
        self._url = f"http://127.0.0.1:{free_port()}"
        self._session = requests.Session()
        self._session.trust_env = False
        self._file_size: int | None = None
        self._child: Child | None = None

    def __enter__(self) -> Self:
        port = self._url.rpartition(":")[2]
        module = "airflow_provider_onesignal.testing"
        self._child = Child(
            name="the OneSignal emulator",
            command=[sys.executable, "-m", module, "--port", port, *self._options],
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
            log=self._log,
        )
        try:
            wait_until(self._is_up, what="the OneSignal emulator", timeout=30)
        except BaseException:
            self._child.kill()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._child:
            self._child.stop()

    @property
    def connection_uri(self) -> str:
        """The Airflow connection that leads to it; the emulator prints it when it starts."""
        found = re.search(r"onesignal://[^\s']+", self._log.read_text(encoding="utf-8"))
        if not found:
            raise LookupError("the OneSignal emulator printed no connection URI")
        return found.group()

    def file_size(self) -> int | None:
        """Give the bytes of the export's file; None while no export has been started."""
        if self._file_size is None:
            exports = self._state()["exports"]
            self._file_size = exports[-1]["bytes"] if exports else None
        return self._file_size

    def _is_up(self) -> bool:
        if self._child:
            self._child.check()
        try:
            self._state()
        except requests.ConnectionError:
            return False
        return "onesignal://" in self._log.read_text(encoding="utf-8")

    def _state(self) -> dict[str, Any]:
        answer = self._session.get(f"{self._url}/__emulator__/state", timeout=60)
        answer.raise_for_status()
        state: dict[str, Any] = answer.json()
        return state
