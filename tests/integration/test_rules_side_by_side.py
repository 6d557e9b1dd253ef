"""Every rule that is checked before a request is one that the emulator has as well."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_provider_onesignal import outcomes
from airflow_provider_onesignal.checks import segments, users
from airflow_provider_onesignal.exceptions import OneSignalError, OneSignalValidationError
from airflow_provider_onesignal.hooks.onesignal import OneSignalHook
from airflow_provider_onesignal.testing import Emulator

TAG = {"field": "tag", "key": "plan", "value": "gold"}
FILTERS: list[tuple[Any, bool]] = (
    [
        ([{**TAG, "relation": relation}], True)
        for relation in ("=", "!=", ">", "<", "exists", "not_exists", "in_array", "not_in_array")
    ]
    + [
        ([{"field": field, "relation": relation, "value": value}], is_right)
        for field, relation, value, is_right in (
            ("country", "=", "US", True),
            ("country", "in_array", "US,DE", True),
            ("country", "not_in_array", "US", True),
            ("country", "in_array", "US,Germany", False),
            ("country", "in_array", ",".join(["US"] * 21), False),
            ("country", ">", "US", False),
            ("language", "in_array", "de,en", True),
            ("language", "in_array", ",".join(["de"] * 21), False),
            ("session_count", ">", "5", True),
            ("session_count", "in_array", "5", False),
            ("session_time", "=", "5", False),
            ("app_version", "=", "1.0", True),
            ("shoe_size", "=", "42", False),
        )
    ]
    + [
        ([{"field": "last_session", "relation": ">", "hours_ago": "1.5"}], True),
        ([{"field": "last_session", "relation": "=", "hours_ago": "1.5"}], False),
        ([{"field": "last_session", "relation": ">"}], False),
        ([{"field": "location", "radius": "10", "lat": "1", "long": "2"}], True),
        ([{"field": "location", "radius": "10"}], False),
        ([{**TAG, "relation": "="}, {"operator": "OR"}, {**TAG, "relation": "!="}], True),
        ([{"operator": "OR"}, {**TAG, "relation": "="}], False),
        ([{**TAG, "relation": "="}, {"operator": "XOR"}, {**TAG, "relation": "!="}], False),
        ([], False),
        ([{**TAG, "relation": "="}] * 201, False),
    ]
)
IDENTITIES: list[tuple[dict[str, str], bool]] = [
    ({"external_id": "anna@example.com"}, True),
    ({f"alias{number}": "x" for number in range(20)}, True),
    ({f"alias{number}": "x" for number in range(21)}, False),
    *(({"external_id": blocked}, False) for blocked in ("1", "0", "-1", "NA", "NULL")),
    *(({"external_id": f"a{char}b"}, False) for char in ("/", "?", "#", "&", "=", " ", "..")),
    ({"external_id": "a" * 128}, True),
    ({"external_id": "a" * 129}, False),
]


@pytest.fixture
def hook(onesignal: Emulator) -> OneSignalHook:
    return OneSignalHook()


def accepts(call: Any) -> bool:
    try:
        call()
    except OneSignalError:
        return False
    return True


@pytest.mark.parametrize(("filters", "is_right"), FILTERS)
def test_filters(hook: OneSignalHook, filters: Any, is_right: bool) -> None:
    try:
        sent: Any = segments.filters(filters)
    except OneSignalValidationError:
        sent = None

    assert (sent is not None) is is_right
    assert accepts(lambda: hook.create_segment(name="x", filters=sent or filters)) is is_right


@pytest.mark.parametrize(("identity", "is_right"), IDENTITIES)
def test_aliases(hook: OneSignalHook, identity: dict[str, str], is_right: bool) -> None:
    assert accepts(lambda: users.identity(identity)) is is_right
    assert accepts(lambda: hook.create_user(identity=identity)) is is_right


def test_tags_of_a_database_row_arrive_as_strings(hook: OneSignalHook) -> None:
    row = {"tags": {"level": 4, "paid": True, "city": "Bonn", "gone": None}}

    hook.create_user(identity={"external_id": "anna"}, properties=users.properties(row))

    with pytest.raises(OneSignalError, match="must be a string"):
        hook.create_user(identity={"external_id": "ben"}, properties=row)


@pytest.mark.parametrize("platform", ["0", "1", "2", "5", "7", "8", "11", "13", "14", "17"])
def test_platforms_of_outcomes(hook: OneSignalHook, platform: str) -> None:
    query = outcomes.checked_query(
        outcome_names="os__click.count", outcome_time_range="1d", outcome_platforms=[platform]
    )

    assert hook.view_outcomes(
        outcome_names=query.names,
        outcome_time_range=query.time_range,
        outcome_platforms=query.platforms,
    )
