"""
Rows through a storm, the task killed three times on the way: exact accounts.

``ONESIGNAL_STORM_ROWS=100000`` makes it the real thing, which takes minutes.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import random
import signal
from collections.abc import Iterator, Sequence
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from airflow_provider_onesignal.hooks.onesignal import OneSignalHook
from airflow_provider_onesignal.mappings import EventMapping, UserMapping
from airflow_provider_onesignal.rows import engine
from airflow_provider_onesignal.rows.users import UserRows
from airflow_provider_onesignal.transfers.object_storage_to_onesignal import (
    ObjectStorageToOneSignalEventsOperator,
    ObjectStorageToOneSignalUsersOperator,
)
from tests.integration.storm import Storm, storm
from tests.unit.fakes import APP_ID, FakeStore

ROWS = int(os.environ.get("ONESIGNAL_STORM_ROWS", "800"))
IS_SHORT = ROWS < 20_000
SPACING = 0.05 if IS_SHORT else 1.0
PER_SECOND = 900
FOREVER = 3600.0 if not IS_SHORT else 60.0

USERS = UserMapping(external_id="id", tags=["n", "refuse"])
EVENTS = EventMapping(name="what", external_id="id", properties=["n"])


class FileStore(FakeStore):
    """A task state that outlives the process."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.values = json.loads(path.read_text()) if path.exists() else {}

    def set(self, key: str, value: Any, **options: Any) -> None:
        super().set(key, value, **options)
        part = self._path.with_suffix(".part")
        part.write_text(json.dumps(self.values))
        part.replace(self._path)


class Job:
    """A task whose tries are processes of their own."""

    def __init__(self, folder: Path, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder = folder
        key = "os_v2_app_" + "a" * 103
        connection = {"conn_type": "onesignal", "login": APP_ID, "password": key, "host": url}
        monkeypatch.setenv("AIRFLOW_CONN_ONESIGNAL_DEFAULT", json.dumps(connection))
        OneSignalHook().settings  # noqa: B018 - imports of a second, before the processes part
        import_module("airflow_provider_onesignal.api.async_client")
        monkeypatch.setattr(engine, "SAVE_EVERY", 0.1)
        monkeypatch.setattr(UserRows, "spacing", SPACING)
        if IS_SHORT:
            monkeypatch.setattr(engine, "_delay", lambda _: SPACING)

    def write(self, rows: Sequence[Any]) -> None:
        content = "".join(json.dumps(row) + "\n" for row in rows)
        (self.folder / "rows.jsonl").write_text(content)

    def run(self, kind: Any, **given: Any) -> None:
        folder = f"file://{self.folder}"
        operator = kind(
            task_id="send",
            path=f"{folder}/rows.jsonl",
            dead_letter=f"{folder}/bad/dead.jsonl",
            **given,
        )
        summary = self.folder / "summary.json"
        ti = SimpleNamespace(dag_id="d", run_id="r", task_id="send", map_index=-1, max_tries=0)
        ti.xcom_push = lambda key, value: summary.write_text(json.dumps(value))
        context: Any = {"ti": ti}
        if isinstance(given["mapping"], EventMapping):  # with a task state, as of Airflow 3.3
            context["task_state_store"] = FileStore(self.folder / "state.json")
        # As Airflow's task runner does.
        signal.signal(signal.SIGTERM, lambda *_: operator.on_kill())
        operator.execute(context)

    def start(self, **given: Any) -> Any:
        """Start a try."""
        process = multiprocessing.get_context("fork").Process(target=self.run, kwargs=given)
        process.start()
        return process

    def run_killed(self, server: Storm, *moments: int, **given: Any) -> dict[str, Any]:
        """Run it, killed as the server has answered so many requests, until it succeeds."""
        for moment in moments:
            process = self.start(**given)
            server.wait_for_requests(moment)
            process.kill()
            process.join(FOREVER)
            assert process.exitcode == -signal.SIGKILL
        process = self.start(**given)
        process.join(FOREVER)
        assert process.exitcode == 0
        return dict(json.loads((self.folder / "summary.json").read_text()))

    @property
    def letters(self) -> list[int]:
        lines = (self.folder / "bad/dead.jsonl").read_text().splitlines()
        return sorted(json.loads(line)["row_number"] for line in lines)


@pytest.fixture
def server() -> Iterator[Storm]:
    with storm(spacing=SPACING) as running:
        yield running


@pytest.fixture
def job(tmp_path: Path, server: Storm, monkeypatch: pytest.MonkeyPatch) -> Job:
    return Job(tmp_path, server.url, monkeypatch)


def users() -> list[Any]:
    """Some users have several rows, 2 % are refused, and some have no user."""
    dice = random.Random(1)
    return [
        {
            "id": f"u{dice.randrange(ROWS * 3 // 4)}" if dice.random() > 0.005 else None,
            "n": number,
            "refuse": dice.choice(["400", "409"]) if dice.random() < 0.02 else None,
        }
        for number in range(1, ROWS + 1)
    ]


def test_users_each_accepted_row_is_applied_and_the_last_of_a_user_wins(
    job: Job, server: Storm
) -> None:
    rows = users()
    refused = [row["n"] for row in rows if row["refuse"] or row["id"] is None]
    job.write(rows)

    summary = job.run_killed(
        server,
        *(ROWS * share // 5 for share in (1, 2, 3)),
        kind=ObjectStorageToOneSignalUsersOperator,
        mapping=USERS,
        requests_per_second=PER_SECOND,
    )

    report = server.report()
    expected = {row["id"]: str(row["n"]) for row in rows if row["n"] not in refused}
    assert report["users"] == expected
    assert job.letters == refused
    assert report["violations"] == []
    # As they arrive: a machine that is busy hands some on late, and then together.
    assert report["most_in_a_second"] <= PER_SECOND * 1.15
    assert {"5xx", "lost", "cut", "429"} <= report["statuses"].keys()
    assert (summary["sent"], summary["refused"]) == (ROWS - len(refused), len(refused))
    assert summary["skipped"] > 0
    assert [path.name for path in (job.folder / "bad").iterdir()] == ["dead.jsonl"]


def events() -> list[Any]:
    """1 % belong to users who are not known, 0.5 % let their whole request be refused."""
    dice = random.Random(2)
    return [
        {
            "id": f"{'unknown' if dice.random() < 0.01 else 'u'}{dice.randrange(ROWS)}",
            "what": "bad" if dice.random() < 0.005 else "order",
            "n": number,
        }
        for number in range(1, ROWS + 1)
    ]


def test_events_none_is_lost_and_none_is_counted_twice(
    job: Job, server: Storm, monkeypatch: pytest.MonkeyPatch
) -> None:
    from airflow_provider_onesignal.rows.events import EventRows

    monkeypatch.setattr(EventRows, "rows_per_request", 10)  # so that there are enough requests
    rows = events()
    refused = [row["n"] for row in rows if row["what"] == "bad" or row["id"].startswith("unknown")]
    job.write(rows)

    summary = job.run_killed(
        server,
        *(ROWS * share // 50 for share in (1, 2, 3)),
        kind=ObjectStorageToOneSignalEventsOperator,
        mapping=EVENTS,
        requests_per_second=PER_SECOND,
    )

    report = server.report()
    counted = sorted(number for number, _ in report["events"].values())
    assert counted == sorted({row["n"] for row in rows} - set(refused))
    assert any(times > 1 for _, times in report["events"].values())  # sent twice, counted once
    assert job.letters == refused
    assert report["violations"] == []
    assert (summary["sent"], summary["refused"]) == (ROWS - len(refused), len(refused))


def test_a_task_that_is_told_to_stop_does_so_at_once(job: Job, server: Storm) -> None:
    job.write([{"id": f"u{number}", "n": number, "refuse": None} for number in range(5000)])
    process = job.start(kind=ObjectStorageToOneSignalUsersOperator, mapping=USERS)
    server.wait_for_requests(50)

    process.terminate()
    process.join(2)

    assert process.exitcode == 143
