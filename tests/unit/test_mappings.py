from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from airflow_provider_onesignal.exceptions import OneSignalValidationError
from airflow_provider_onesignal.mappings import EventMapping, UserMapping

ID = UUID("8458af75-4da2-4ecf-afb5-f242a8926cc3")


def user(row: Any, **mapping: Any) -> Any:
    return UserMapping(**{"external_id": "id"} | mapping).user({"id": 7} | row)


def event(row: Any, **mapping: Any) -> Any:
    given = {"event_name": "order", "external_id": "id"} | mapping
    return EventMapping(**given).event({"id": "7"} | row)


def test_a_row_becomes_a_user() -> None:
    mapping = UserMapping(
        external_id="id",
        aliases={"crm": "crm_id"},
        tags=["plan"],
        properties={"country": "land", "lat": "lat"},
        email="mail",
        phone="tel",
    )
    row = {
        "id": 42,
        "crm_id": "c-1",
        "plan": "gold",
        "land": "GB",
        "lat": "51.5",
        "mail": "ada@example.com",
        "tel": "+15558675309",
        "other": "not sent",
    }

    assert mapping.user(row) == {
        "identity": {"external_id": "42", "crm": "c-1"},
        "properties": {"country": "GB", "lat": 51.5, "tags": {"plan": "gold"}},
        "subscriptions": [
            {"type": "Email", "token": "ada@example.com"},
            {"type": "SMS", "token": "+15558675309"},
        ],
    }
    assert mapping.columns() == ["id", "crm_id", "plan", "land", "lat", "mail", "tel"]


@pytest.mark.parametrize(
    ("value", "tag"),
    [
        (True, "true"),
        (False, "false"),
        (0, "0"),
        (1.5, "1.5"),
        (Decimal("10.50"), "10.50"),
        (dt.date(2026, 1, 2), "2026-01-02"),
        (dt.datetime(2026, 1, 2, 3, tzinfo=dt.UTC), "2026-01-02T03:00:00+00:00"),
        (ID, str(ID)),
        ("", ""),
        ("ü", "ü"),
    ],
)
def test_tags_are_strings(value: Any, tag: str) -> None:
    assert user({"t": value}, tags={"tag": "t"})["properties"]["tags"] == {"tag": tag}


@pytest.mark.parametrize("missing", [None, float("nan")])
def test_missing_values_are_left_out_or_clear_a_tag(missing: Any) -> None:
    row = {"a": missing, "b": missing}

    assert user(row, tags=["a"], properties={"country": "b"}, email="a") == {
        "identity": {"external_id": "7"}
    }
    cleared = user(row, tags=["a"], properties={"country": "b"}, clear_nulls="true")
    assert cleared["properties"] == {"tags": {"a": ""}}


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("1767323045", 1767323045),
        (1767323045.0, 1767323045),
        (dt.datetime(2026, 1, 2, 3, 4, 5), 1767323045),  # noqa: DTZ001
        (dt.datetime(2026, 1, 2, 4, 4, 5, tzinfo=dt.timezone(dt.timedelta(hours=1))), 1767323045),
    ],
)
def test_times_of_a_user_are_seconds_since_the_epoch(value: Any, seconds: int) -> None:
    found = user({"t": value}, properties={"last_active": "t"})["properties"]["last_active"]
    assert (found, type(found)) == (seconds, int)


@pytest.mark.parametrize(
    ("row", "mapping", "said"),
    [
        ({"id": None}, {}, "Column 'id', the user's external_id, is empty"),
        ({"id": "  "}, {}, "must be a non-blank string"),
        ({"id": "a/b"}, {}, "must have no '/'"),
        ({"id": "NULL"}, {}, "OneSignal blocks it"),
        ({"id": "x" * 129}, {}, "at most 128"),
        ({"id": True}, {}, "a whole number, got bool"),
        ({"id": 42.0}, {}, "a whole number, got float"),
        ({"t": ["a"]}, {"tags": ["t"]}, r"tag 't' \(column 't'\) must be a string.* got list"),
        ({"c": "de"}, {"properties": {"country": "c"}}, "two capital letters"),
        ({"c": "x"}, {"properties": {"lat": "c"}}, "lat must be a number"),
        ({"c": 91}, {"properties": {"lat": "c"}}, "lat must be -90 to 90"),
        ({"c": 1}, {"properties": {"language": "c"}}, "language must be a"),
        ({"c": "nobody"}, {"email": "c"}, "must be an email address"),
        ({"c": "0123"}, {"phone": "c"}, "E.164"),
    ],
)
def test_a_row_that_breaks_a_rule_is_refused(row: Any, mapping: Any, said: str) -> None:
    with pytest.raises(OneSignalValidationError, match=said):
        user(row, **mapping)


@pytest.mark.parametrize(
    ("mapping", "said"),
    [
        ({}, "needs external_id, or another alias"),
        ({"external_id": "a", "aliases": {"external_id": "b"}}, "two columns for external_id"),
        ({"external_id": "a", "tags": ["b", "b"]}, "column twice, got 'b'"),
        ({"external_id": "a", "properties": {"plan": "b"}}, "got 'plan'. All else is a tag"),
        ({"external_id": "a", "tags": [str(n) for n in range(101)]}, "takes 100"),
    ],
)
def test_a_user_mapping_that_cannot_work_is_refused_where_it_is_written(
    mapping: Any, said: str
) -> None:
    with pytest.raises(OneSignalValidationError, match=said):
        UserMapping(**mapping)


@pytest.mark.parametrize(
    ("mode", "mapping", "said"),
    [
        ("update", {"external_id": "a", "email": "b"}, "no email and no phone"),
        ("update", {"external_id": "a", "phone": "b"}, "no email and no phone"),
        ("update", {"external_id": "a", "aliases": {"crm": "b"}}, "one alias.* external_id, crm"),
        ("upsert", {"onesignal_id": "a"}, 'use it with mode="update"'),
    ],
)
def test_each_mode_takes_what_its_call_takes(mode: str, mapping: Any, said: str) -> None:
    with pytest.raises(OneSignalValidationError, match=said):
        UserMapping(**mapping).check(mode=mode)


def test_a_row_becomes_an_event() -> None:
    row = {"what": "order", "at": "2026-11-25T08:15:00Z", "total": Decimal("19.90"), "n": None}

    found = event(row, event_name=None, name="what", timestamp="at", properties=["total", "n"])

    assert found == {
        "name": "order",
        "external_id": "7",
        "timestamp": "2026-11-25T08:15:00+00:00",
        "properties": {"total": 19.9},
    }


def test_properties_of_an_event_may_be_nested_and_of_any_type() -> None:
    when = dt.date(2026, 1, 2)
    value = {"items": [{"sku": "a", "n": Decimal(2), "at": when}, float("nan")], "ok": True}

    assert event({"v": value}, properties={"basket": "v"})["properties"] == {
        "basket": {"items": [{"sku": "a", "n": 2, "at": "2026-01-02"}, None], "ok": True}
    }


@pytest.mark.parametrize(
    ("value", "timestamp"),
    [
        ("2026-11-25 08:15", "2026-11-25T08:15:00+00:00"),
        (dt.datetime(2026, 1, 2, 3), "2026-01-02T03:00:00+00:00"),  # noqa: DTZ001
        (None, None),
        ("", None),
    ],
)
def test_a_time_without_a_zone_is_in_utc(value: Any, timestamp: str | None) -> None:
    assert event({"at": value}, timestamp="at").get("timestamp") == timestamp


@pytest.mark.parametrize(
    ("row", "mapping", "said"),
    [
        ({"id": None}, {}, "Column 'id', the user's external_id, is empty"),
        ({"n": None}, {"event_name": None, "name": "n"}, "Column 'n', the event's name"),
        ({"n": "x" * 129}, {"event_name": None, "name": "n"}, "at most 128"),
        ({"at": 1700000000}, {"timestamp": "at"}, "ISO 8601 .* got int"),
        ({"at": "yesterday"}, {"timestamp": "at"}, "ISO 8601"),
        (
            {"p": float("inf")},
            {"properties": ["p"]},
            "'p' holds what JSON cannot: a float that is infinite",
        ),
        ({"p": b"x"}, {"properties": ["p"]}, "what JSON cannot: a bytes"),
    ],
)
def test_an_event_that_breaks_a_rule_is_refused(row: Any, mapping: Any, said: str) -> None:
    with pytest.raises(OneSignalValidationError, match=said):
        event(row, **mapping)


@pytest.mark.parametrize(
    ("mapping", "said"),
    [
        ({"external_id": "a"}, "exactly one of name and event_name"),
        (
            {"name": "n", "event_name": "x", "external_id": "a"},
            "exactly one of name and event_name",
        ),
        ({"name": "n"}, "exactly one of external_id and onesignal_id"),
        ({"event_name": "x" * 129, "external_id": "a"}, "at most 128"),
    ],
)
def test_an_event_mapping_that_cannot_work_is_refused_where_it_is_written(
    mapping: Any, said: str
) -> None:
    with pytest.raises(OneSignalValidationError, match=said):
        EventMapping(**mapping)


def test_a_mapping_shows_what_is_set() -> None:
    mapping = EventMapping(event_name="order", external_id="id")

    shown = {"mapping": "EventMapping", "event_name": "order", "external_id": "id"}
    assert mapping.serialize() == shown
    assert '"event_name": "order"' in str(mapping)


def test_tags_that_templates_cannot_read_are_named_once(caplog: pytest.LogCaptureFixture) -> None:
    mapping = UserMapping(external_id="id", tags=["plan", "user"])
    mapping.check(mode="upsert")
    mapping.user({"id": "7", "user": "x"})

    assert [record.getMessage() for record in caplog.records] == [
        "Message templates cannot read the tags user, whose names OneSignal reserves"
    ]
