from __future__ import annotations

import asyncio
from typing import Any

import pytest

from airflow_provider_onesignal.exceptions import (
    OneSignalInvalidRequestError,
    OneSignalValidationError,
)
from airflow_provider_onesignal.mappings import EventMapping
from airflow_provider_onesignal.rows import Row
from airflow_provider_onesignal.rows.events import EventRows
from tests.unit.rows.test_users import APP_ID, FakeClient

MAPPING = EventMapping(event_name="order", external_id="id", properties=["total"])
ROW = Row("file:///x.jsonl", "v1", 1, {"id": "ada", "total": 5})


def rows(*answers: Any) -> tuple[EventRows, FakeClient]:
    client = FakeClient(*answers)
    return EventRows(client, app_id=APP_ID, mapping=MAPPING), client


def reasons(answer: Any, *users: str) -> Any:
    sender, _ = rows(answer)
    items = [sender.prepare(ROW._replace(values={"id": user, "total": 1})) for user in users]
    return asyncio.run(sender.send(items))


def refused(user: str, title: str = "not found") -> Any:
    return {"event_user_id": user, "event_id": None, "error": {"code": "x", "title": title}}


def test_events_are_sent_in_one_request() -> None:
    sender, client = rows({})
    items = [sender.prepare(ROW), sender.prepare(ROW._replace(number=2))]

    assert asyncio.run(sender.send(items)) == ["", ""]

    (request,) = client.requests
    assert (request.method, request.path) == ("POST", f"/apps/{APP_ID}/custom_events")
    first, second = request.json["events"]
    assert first["idempotency_key"] != second["idempotency_key"]
    assert first | {"idempotency_key": ""} == {
        "name": "order",
        "external_id": "ada",
        "properties": {"total": 5},
        "idempotency_key": "",
    }


def test_a_rows_key_changes_with_all_that_makes_it_another_event_and_with_nothing_else() -> None:
    def key(row: Row) -> str:
        return str(rows()[0].prepare(row).payload["idempotency_key"])

    others = [
        ROW._replace(uri="file:///y.jsonl"),
        ROW._replace(version="v2"),
        ROW._replace(number=2),
        ROW._replace(values={"id": "ada", "total": 6}),
    ]

    assert key(ROW) == key(ROW._replace(values={"total": 5, "id": "ada", "unused": 1}))
    assert len({key(each) for each in (ROW, *others)}) == 5


def test_an_error_makes_letters_of_all_rows_of_its_user() -> None:
    answer = {"errors": [refused("ada"), refused("ada", "gone")]}

    assert reasons(answer, "ada", "bob", "ada") == ["not found; gone", "", "not found; gone"]


@pytest.mark.parametrize(
    "errors", [[refused("eve")], ["something is wrong"], "something", [{"title": "x"}]]
)
def test_an_error_that_names_none_of_the_users_refuses_the_batch_which_is_halved(
    errors: Any,
) -> None:
    with pytest.raises(OneSignalInvalidRequestError):
        reasons({"errors": errors}, "ada", "bob")


def test_an_event_has_at_most_2024_bytes() -> None:
    sender, _ = rows()
    room = 2024 - len(str(sender.prepare(ROW).payload)) + len("5")

    assert (
        sender.prepare(ROW._replace(values={"id": "ada", "total": "x" * (room - 2)})).size == 2026
    )
    with pytest.raises(OneSignalValidationError, match="2,025 bytes; OneSignal takes 2,024"):
        sender.prepare(ROW._replace(values={"id": "ada", "total": "x" * (room - 1)}))
