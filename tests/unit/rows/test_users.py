from __future__ import annotations

import asyncio
from typing import Any

from airflow_provider_onesignal.mappings import UserMapping
from airflow_provider_onesignal.rows import Row
from airflow_provider_onesignal.rows.users import UserRows

APP_ID = "8458af75-4da2-4ecf-afb5-f242a8926cc3"


class FakeClient:
    """Remembers requests, and answers from a list."""

    def __init__(self, *answers: Any) -> None:
        self.requests: list[Any] = []
        self._answers = list(answers)

    async def send(self, request: Any) -> Any:
        self.requests.append(request)
        return self._answers.pop(0) if self._answers else {}


def row(**values: Any) -> Row:
    return Row("file:///x.jsonl", "v1", 1, values)


def sent(mode: str, mapping: UserMapping, given: Row) -> Any:
    client = FakeClient()
    rows = UserRows(client, app_id=APP_ID, mapping=mapping, mode=mode)
    assert asyncio.run(rows.send([rows.prepare(given)])) == [""]
    return client.requests[0]


def test_upsert_creates_the_user() -> None:
    request = sent("upsert", UserMapping(external_id="id", tags=["plan"]), row(id=7, plan="gold"))

    assert (request.method, request.path) == ("POST", f"/apps/{APP_ID}/users")
    assert request.json == {
        "identity": {"external_id": "7"},
        "properties": {"tags": {"plan": "gold"}},
    }


def test_update_changes_the_user_whom_the_alias_finds() -> None:
    mapping = UserMapping(aliases={"crm": "id"}, tags=["plan"])
    request = sent("update", mapping, row(id="a+b", plan="gold"))

    assert (request.method, request.path) == ("PATCH", f"/apps/{APP_ID}/users/by/crm/a%2Bb")
    assert request.json == {"properties": {"tags": {"plan": "gold"}}}


def test_an_unknown_user_is_refused_by_update_alone() -> None:
    mapping = UserMapping(external_id="id")
    upsert, update = (
        UserRows(FakeClient(), app_id=APP_ID, mapping=mapping, mode=mode)
        for mode in ("upsert", "update")
    )

    assert update.refused_statuses - upsert.refused_statuses == {404}


def test_rows_belong_together_by_the_alias_that_finds_the_user() -> None:
    mapping = UserMapping(external_id="id", aliases={"crm": "crm"})
    rows = UserRows(FakeClient(), app_id=APP_ID, mapping=mapping, mode="upsert")

    assert rows.prepare(row(id=7, crm="a")).key == rows.prepare(row(id="7", crm="b")).key
