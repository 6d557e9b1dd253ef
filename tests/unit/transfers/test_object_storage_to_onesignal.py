from __future__ import annotations

import json
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import Asset

from airflow_provider_onesignal.exceptions import (
    OneSignalAuthenticationError,
    OneSignalConflictError,
    OneSignalDestinationError,
    OneSignalRejectedRowsError,
    OneSignalServerError,
    OneSignalSourceError,
    OneSignalValidationError,
)
from airflow_provider_onesignal.mappings import EventMapping, UserMapping
from airflow_provider_onesignal.rows import engine
from airflow_provider_onesignal.rows.users import UserRows
from airflow_provider_onesignal.transfers.object_storage_to_onesignal import (
    ObjectStorageToOneSignalEventsOperator,
    ObjectStorageToOneSignalUsersOperator,
)
from tests.unit.fakes import APP_ID, FakeOutletEvents, FakeStore, task_context

USERS = UserMapping(external_id="id", tags=["plan"])
ROWS = [{"id": f"secret-{number}", "plan": "secret-plan"} for number in range(10)]


class FakeApi:
    """Stands in for OneSignal: remembers requests, and may refuse or fail."""

    def __init__(self) -> None:
        self.requests: list[Any] = []
        self.answer: Callable[[Any], Any] = lambda _: {}
        self.attempts: set[int] = set()

    @asynccontextmanager
    async def client(self, settings: Any) -> AsyncIterator[Any]:
        self.attempts.add(settings.max_attempts)
        yield self

    async def send(self, request: Any) -> Any:
        self.requests.append(request)
        return self.answer(request)

    @property
    def ids(self) -> list[str]:
        return [request.json["identity"]["external_id"] for request in self.requests]


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch) -> FakeApi:
    fake = FakeApi()
    monkeypatch.setattr("airflow_provider_onesignal.api.async_client.api_client", fake.client)
    monkeypatch.setattr(engine, "_delay", lambda _: 0.001)
    monkeypatch.setattr(UserRows, "spacing", 0.0)
    return fake


class Job:
    """An operator over a file in a folder of its own, and what it left."""

    def __init__(self, folder: Path, connect: Any) -> None:
        connect()
        self.folder, self.store = folder, FakeStore()
        self.xcoms: dict[str, Any] = {}
        self.context: Any = task_context(self.store)
        self.context["ti"].xcom_push = lambda key, value: self.xcoms.update({key: value})
        self.write("rows.jsonl", ROWS)

    def write(self, name: str, rows: list[Any]) -> None:
        (self.folder / name).write_text("".join(json.dumps(row) + "\n" for row in rows))

    def operator(self, **given: Any) -> Any:
        folder = f"file://{self.folder}"
        options: dict[str, Any] = {"mapping": USERS, "path": f"{folder}/rows.jsonl"} | given
        kind: Any = ObjectStorageToOneSignalUsersOperator
        if isinstance(options["mapping"], EventMapping):
            kind = ObjectStorageToOneSignalEventsOperator
        options = {"task_id": "t", "dead_letter": f"{folder}/bad/dead.jsonl"} | options
        if "requests_per_second" not in options:
            options["requests_per_second"] = 1000
        return kind(**options)

    def run(self, **given: Any) -> Any:
        return self.operator(**given).execute(self.context)

    @property
    def letters(self) -> list[Any]:
        lines = (self.folder / "bad/dead.jsonl").read_text().splitlines()
        return [json.loads(line) for line in lines]

    @property
    def left(self) -> list[str]:
        return sorted(path.name for path in (self.folder / "bad").iterdir())


@pytest.fixture
def job(tmp_path: Path, connect: Any) -> Job:
    return Job(tmp_path, connect)


def refuse_one(request: Any) -> Any:
    if request.json["identity"]["external_id"] == "secret-3":
        raise OneSignalConflictError("taken", status_code=409, messages=["taken: secret-3"])
    return {}


def fail_after(count: int, error: Exception) -> Callable[[Any], Any]:
    seen: list[Any] = []

    def answer(request: Any) -> Any:
        seen.append(request)
        if len(seen) > count:
            raise error
        return {}

    return answer


def test_rows_are_sent_and_refused_ones_are_kept(job: Job, api: FakeApi) -> None:
    api.answer = refuse_one

    returned = job.run()

    assert returned == f"file://{job.folder}/bad/dead.jsonl"
    assert sorted(api.ids) == [row["id"] for row in ROWS]
    assert job.letters == [
        {
            "row_number": 4,
            "file": f"file://{job.folder}/rows.jsonl",
            "reason": "HTTP 409: taken: secret-3",
            "row": ROWS[3],
        }
    ]
    summary = job.xcoms["summary"]
    assert (summary.pop("seconds") < 5, summary.pop("rows_per_second") > 1) == (True, True)
    assert summary == {
        "uri": f"https://api.onesignal.com/apps/{APP_ID}/users",
        "rows": 10,
        "sent": 9,
        "refused": 1,
        "skipped": 0,
        "files": 1,
        "dead_letter": returned,
    }
    assert api.attempts == {1}
    assert job.left == ["dead.jsonl"]
    assert job.store.values == {}


def test_no_value_of_a_row_is_logged_or_pushed(
    job: Job, api: FakeApi, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    api.answer = refuse_one

    job.run()

    assert "secret" not in caplog.text + json.dumps(job.xcoms)


@pytest.mark.parametrize("has_state", [True, False], ids=["task state", "object"])
def test_a_failed_task_goes_on_where_it_was(job: Job, api: FakeApi, has_state: bool) -> None:
    if not has_state:
        del job.context["task_state_store"]
    api.answer = fail_after(6, OneSignalServerError("down", status_code=503))
    with pytest.raises(OneSignalServerError):
        job.run()
    before, api.requests = api.ids[:6], []
    api.answer = refuse_one

    job.run()

    assert sorted(before + api.ids) == [row["id"] for row in ROWS]
    summary = job.xcoms["summary"]
    assert (summary["rows"], summary["skipped"]) == (10, 6)
    assert job.left == ["dead.jsonl"]


def test_a_wrong_key_sends_one_request_and_leaves_nothing(job: Job, api: FakeApi) -> None:
    api.answer = fail_after(0, OneSignalAuthenticationError("wrong key", status_code=403))

    with pytest.raises(OneSignalAuthenticationError):
        job.run()

    assert len(api.requests) == 1
    assert job.left == []
    assert job.store.values == {}


def test_too_many_refused_rows_stop_the_task_and_can_be_read(job: Job, api: FakeApi) -> None:
    api.answer = fail_after(0, OneSignalConflictError("no", status_code=409))

    for _ in range(2):  # a retry stops just as soon
        with pytest.raises(OneSignalRejectedRowsError):
            job.run(max_rejects="2")

    assert 3 <= len(job.letters) <= len(api.requests)
    assert "dead.jsonl" in job.left


def test_a_dry_run_checks_everything_and_sends_nothing(job: Job, api: FakeApi) -> None:
    job.write("rows.jsonl", [*ROWS, {"plan": "gold"}])

    job.run(dry_run="True")

    assert api.requests == []
    assert [letter["row_number"] for letter in job.letters] == [11]
    assert job.xcoms["summary"]["sent"] == 10
    assert job.left == ["dead.jsonl"]


def test_a_dead_letter_can_be_sent_again(job: Job, api: FakeApi) -> None:
    api.answer = refuse_one
    job.run()
    (job.folder / "bad/dead.jsonl").rename(job.folder / "again.jsonl")
    api.answer, api.requests = lambda _: {}, []

    job.run(path=f"file://{job.folder}/again.jsonl")

    assert api.ids == ["secret-3"]


def test_events_go_in_batches(job: Job, api: FakeApi) -> None:
    mapping = EventMapping(event_name="x", external_id="id")

    job.run(mapping=mapping, requests_per_second=10)

    (request,) = api.requests
    assert [event["external_id"] for event in request.json["events"]] == [r["id"] for r in ROWS]


@pytest.mark.parametrize(
    ("given", "error", "said"),
    [
        ({"requests_per_second": 1001}, OneSignalValidationError, "0.01 to 1000"),
        ({"requests_per_second": 0}, OneSignalValidationError, "requests_per_second"),
        ({"max_rejects": 1.5}, OneSignalValidationError, "a share from 0.0 to 1.0"),
        ({"max_rejects": -1}, OneSignalValidationError, "max_rejects"),
        ({"mode": "replace"}, OneSignalValidationError, "mode must be one of"),
        ({"dry_run": "maybe"}, OneSignalValidationError, "dry_run"),
        ({"mapping": {"id": "x"}}, OneSignalValidationError, "type UserMapping, got dict"),
        ({"mapping": UserMapping(external_id="uid")}, OneSignalSourceError, "no column 'uid'"),
        ({"mode": "update", "mapping": UserMapping(external_id="id", email="plan")},
         OneSignalValidationError, "no email"),
        ({"path": "file:///nowhere/*.csv"}, OneSignalSourceError, "No file matches"),
        ({"dead_letter": "{folder}/rows.jsonl"}, OneSignalValidationError, "another folder"),
        ({"path": "{folder}/*.jsonl", "dead_letter": "{folder}/x.jsonl"},
         OneSignalValidationError, "another folder"),
        ({"dead_letter": "{folder}/rows.jsonl/x.jsonl"}, OneSignalDestinationError, "rows.jsonl"),
    ],
)  # fmt: skip
def test_what_cannot_work_is_said_before_the_first_request(
    job: Job, api: FakeApi, given: Any, error: type[Exception], said: str
) -> None:
    folder = f"file://{job.folder}"
    given = {k: v.format(folder=folder) if isinstance(v, str) else v for k, v in given.items()}

    with pytest.raises(error, match=said):
        job.run(**given)

    assert api.requests == []


def test_the_fields_of_the_mapping_are_templates(job: Job, api: FakeApi) -> None:
    mapping = UserMapping(external_id="{{ column }}", tags=["plan"], clear_nulls="{{ clear }}")
    operator = job.operator(mapping=mapping)

    operator.render_template_fields({"column": "id", "clear": "True"})
    operator.execute(job.context)

    assert len(api.requests) == 10


def test_outlets_and_lineage_are_told_what_was_read(job: Job, api: FakeApi) -> None:
    asset = Asset("users")
    job.context["outlet_events"] = FakeOutletEvents()
    operator = job.operator(outlets=[asset])

    operator.execute(job.context)

    assert job.context["outlet_events"][asset].extra["sent"] == 10
    facets = operator.get_openlineage_facets_on_complete(SimpleNamespace())
    assert [dataset.name for dataset in facets.inputs] == [f"{job.folder}/rows.jsonl"]
    assert [dataset.name for dataset in facets.outputs] == [f"apps/{APP_ID}/users"]
