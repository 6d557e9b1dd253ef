"""Stand-ins for what is around a task: the hook, Airflow's task state, the clock."""

from __future__ import annotations

import json
from collections.abc import Iterable
from types import SimpleNamespace
from typing import Any
from unittest.mock import MagicMock

from airflow_provider_onesignal.exports import ExportRequest
from airflow_provider_onesignal.readiness import Probe

APP_ID = "8458af75-4da2-4ecf-afb5-f242a8926cc3"
URL = "https://files.example.com/csv_exports/8458af75/users_0123456789abcdef_2026-11-01.csv.gz"

READY = Probe(status=206)
PENDING = Probe(status=404)


class FakeHook:
    """
    Answers from lists, the last answer of each again and again.

    :param starts: URLs, or errors to raise
    :param probes: what each poll sees
    """

    app_id = APP_ID

    def __init__(
        self, *, starts: Iterable[str | BaseException] = (URL,), probes: Iterable[Probe] = (READY,)
    ) -> None:
        self._starts, self._probes = list(starts), list(probes)
        self.started: list[ExportRequest] = []
        self.probed: list[str] = []

    def start_export(self, export: ExportRequest) -> str:
        self.started.append(export)
        answer = self._starts[min(len(self.started), len(self._starts)) - 1]
        if isinstance(answer, BaseException):
            raise answer
        return answer

    def probe_export(self, url: str) -> Probe:
        self.probed.append(url)
        return self._probes[min(len(self.probed), len(self._probes)) - 1]


class FakeStore:
    """Airflow's task state store: JSON values, also where it is empty."""

    def __init__(self) -> None:
        self.values: dict[str, str] = {}

    def __len__(self) -> int:
        return len(self.values)

    def get(self, key: str, default: Any = None) -> Any:
        return json.loads(self.values[key]) if key in self.values else default

    def set(self, key: str, value: Any, *, retention: Any = None) -> None:
        self.values[key] = json.dumps(value)

    def delete(self, key: str) -> None:
        self.values.pop(key, None)


class FakeClock:
    """Stands in for the module ``time``: sleeping takes no time and is remembered."""

    def __init__(self, now: float = 1_793_000_000.0) -> None:
        self.now = now
        self.slept: list[float] = []

    def time(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        # As in reality, sleeping takes a little longer than asked for.
        self.now += seconds + 0.001


class FakeOutletEvents:
    """
    The asset events of a task, by outlet.

    Not a dict: before Airflow 3.2 an asset has no hash.
    """

    def __init__(self, **extras: Any) -> None:
        self._extras = extras
        self._events: list[tuple[Any, Any]] = []

    def __getitem__(self, outlet: Any) -> Any:
        for known, event in self._events:
            if known is outlet:
                return event
        self._events.append((outlet, MagicMock(extra=dict(self._extras))))
        return self._events[-1][1]


def task_context(store: FakeStore | None = None, *, run_id: str = "run", **more: Any) -> Any:
    """Return what Airflow hands to ``execute``; without a store it is that of Airflow < 3.3."""
    ti = SimpleNamespace(
        dag_id="dag", run_id=run_id, task_id="task", map_index=-1, try_number=1, max_tries=2
    )
    ti.xcom_push = MagicMock()
    return {"ti": ti, **({} if store is None else {"task_state_store": store}), **more}
