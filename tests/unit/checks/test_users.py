"""Users that OneSignal would refuse: the rule and the place are named, nothing personal is."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from airflow_provider_onesignal.checks import users as user_checks
from airflow_provider_onesignal.exceptions import OneSignalValidationError

MAIL = {"type": "Email", "token": "a@example.com"}
USER = {"external_id": "42"}


def without(entry: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in entry.items() if name not in names}


@pytest.mark.parametrize(
    ("identity", "rule"),
    [
        (None, "identity must have at least one alias"),
        ({}, "identity must have at least one alias"),
        ("{'external_id': '1'}", "identity must be a dict, got a string"),
        (["external_id"], "identity must be a dict, got list"),
        ({f"alias{n}": "x" for n in range(21)}, "at most 20 aliases beside external_id, got 21"),
        ({"external_id": ""}, r"identity\['external_id'\] must be a non-blank.*a blank string"),
        ({"external_id": None}, "identity must have at least one alias"),
        ({"external_id": "NULL"}, "OneSignal blocks"),
        ({"external_id": 0}, "OneSignal blocks"),
        ({"external_id": "all"}, "OneSignal blocks"),
        ({"external_id": "anna/2"}, r"must have no '/'"),
        ({"crm": "a..b"}, r"must have no '/'"),
        ({"external_id": "a" * 129}, "at most 128 characters, got 129"),
        ({"external_id": Decimal("1.5")}, r"identity\['external_id'\] .* got Decimal"),
        ({"external_id": Decimal("NaN")}, r"identity\['external_id'\] .* got Decimal"),
        ({"external_id": 12.0}, r"identity\['external_id'\] .* whole number, got float"),
        ({"external_id": True}, r"identity\['external_id'\] .* got bool"),
        ({**USER, "crm": {}}, r"identity\['crm'\] .* got dict"),
        ({" ": "1"}, "label must be a non-blank"),
        ({5: "1"}, "identity must be a dict whose keys are strings, got one of type int"),
    ],
)
def test_identities_that_are_refused(identity: Any, rule: str) -> None:
    with pytest.raises(OneSignalValidationError, match=rule):
        user_checks.identity(identity)


def test_twenty_aliases_beside_the_external_id_pass() -> None:
    aliases = {f"alias{n}": str(n) for n in range(20)} | USER

    assert user_checks.identity(aliases) == aliases


def test_whole_numbers_become_strings_in_an_identity() -> None:
    for value in (42, Decimal("42.00"), Decimal("4.2e1")):
        assert user_checks.identity({"external_id": value}) == {"external_id": "42"}


@pytest.mark.parametrize(
    ("properties", "rule"),
    [
        ([], "properties must be a dict, got list"),
        ({"tags": {7: "a"}}, r"properties.tags must be a dict whose keys are strings"),
        ({"tags": ["a"]}, r"properties.tags must be a dict, got list"),
        ({"tags": {"a": {"b": "c"}}}, r"properties.tags\['a'\] .* never nested.*got dict"),
        ({"tags": {"a": ["b"]}}, r"properties.tags\['a'\] .* got list"),
        ({"lat": 90.1}, "properties.lat must be -90 to 90, got 90.1"),
        ({"lat": "-91"}, "properties.lat must be -90 to 90, got -91"),
        ({"lat": "north"}, "properties.lat must be a number, got 'north'"),
        ({"long": 181}, "properties.long must be -180 to 180, got 181"),
        ({"long": True}, "properties.long must be a number"),
        ({"first_active": "2026-01-01"}, "properties.first_active must be a number"),
        ({"last_active": -1}, "properties.last_active must be at least 0, got -1"),
        (
            {"last_active": datetime.fromisoformat("2026-01-01")},
            "properties.last_active must have a time zone",
        ),
        ({"country": "us"}, "properties.country must be two capital letters"),
        ({"amount_spent": float("nan")}, r"properties\['amount_spent'\] is nan"),
        ({"amount_spent": Decimal("NaN")}, r"properties\['amount_spent'\] is nan"),
        ({"purchases": [{"sku": date(2026, 1, 1)}]}, r"\['purchases'\]\[0\]\['sku'\] is a date"),
    ],
)
def test_properties_that_are_refused(properties: Any, rule: str) -> None:
    with pytest.raises(OneSignalValidationError, match=rule):
        user_checks.properties(properties)


def test_properties_that_are_none_are_left_out_and_numbers_in_strings_become_numbers() -> None:
    given = {
        "tags": {"level": 3, "paid": True, "sum": Decimal("1.50"), "vip": "", "gone": None},
        "spent": Decimal("9.99"),
        "lat": "48.1",
        "country": None,
        "mood": "new",
        "last_active": datetime(2026, 11, 1, tzinfo=UTC),
    }

    assert user_checks.properties(given) == {
        "tags": {"level": "3", "paid": "true", "sum": "1.50", "vip": ""},
        "spent": 9.99,
        "lat": 48.1,
        "mood": "new",
        "last_active": 1793491200,
    }
    assert user_checks.properties(None) is None


@pytest.mark.parametrize(
    ("subscriptions", "rule"),
    [
        (MAIL, "subscriptions must be a list of dicts, got dict"),
        ([MAIL] * 21, "at most 20 entries, got 21"),
        ([MAIL, None], r"subscriptions\[1\] must be a dict, got None"),
        ([MAIL, without(MAIL, "type")], r"subscriptions\[1\] needs 'type'"),
        ([without(MAIL, "token")], r"subscriptions\[0\] needs 'token', .* got None"),
        ([{**MAIL, "token": " "}], r"subscriptions\[0\] needs 'token', .* got a blank string"),
        ([{"type": "SMS", "token": 4915112345678}], r"needs 'token', .* got int"),
        ([{**MAIL, "type": "Pigeon"}], r"subscriptions\[0\].type must be one of .*'Pigeon'"),
        ([{**MAIL, "type": "email"}], r"subscriptions\[0\].type must be one of"),
        ([{**MAIL, "token": "nobody"}], r"subscriptions\[0\].token must be an email address"),
        ([{"type": "SMS", "token": "0151 234"}], r"\[0\].token must be a phone number in E.164"),
        ([{**MAIL, "session_time": Decimal(1)}], r"subscriptions\[0\]\['session_time'\]"),
    ],
)
def test_subscriptions_that_are_refused(subscriptions: Any, rule: str) -> None:
    with pytest.raises(OneSignalValidationError, match=rule):
        user_checks.subscriptions(subscriptions)


def test_no_refusal_repeats_what_is_personal() -> None:
    for subscription in ({**MAIL, "token": "secret-one"}, {"type": "SMS", "token": "secret-one"}):
        with pytest.raises(OneSignalValidationError) as refusal:
            user_checks.subscriptions([subscription])
        assert "secret-one" not in str(refusal.value)


def test_subscriptions_that_pass() -> None:
    given = [MAIL, {"type": "SMS", "token": "+15558675309", "enabled": None}]

    assert user_checks.subscriptions(given) == [MAIL, {"type": "SMS", "token": "+15558675309"}]
    assert user_checks.subscriptions(None) is None
    assert user_checks.subscriptions([]) == []


def test_an_unknown_type_of_subscription_passes_when_asked(
    caplog: pytest.LogCaptureFixture,
) -> None:
    given = [{"type": "VisionPush", "token": "abc"}]

    assert user_checks.subscriptions(given, allow_unknown=True) == given
    assert "subscriptions[0].type: 'VisionPush' is not known" in caplog.text
