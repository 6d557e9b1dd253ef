"""Messages that OneSignal would refuse, or that would reach the wrong people, are never sent."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from airflow_provider_onesignal.checks.messages import idempotency_key, kind, message_body
from airflow_provider_onesignal.exceptions import OneSignalValidationError

ID = "8458af75-4da2-4ecf-afb5-f242a8926cc3"
PUSH: dict[str, Any] = {"target_channel": "push", "contents": "Hi", "segments": ["Gold"]}
EMAIL = {
    "target_channel": "email",
    "email_subject": "Hi",
    "email_body": "<p>",
    "segments": ["Gold"],
}
NOW = datetime(2026, 11, 1, 9, tzinfo=UTC)

REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"target_channel": "pigeon"}, "target_channel must be one of"),
    # Audience.
    ({"segments": None}, "exactly one audience, segments, .* got none"),
    ({"aliases": {"external_id": ["4"]}}, "exactly one audience, .* got segments and aliases"),
    ({"options": {"include_phone_numbers": ["+1"]}}, "got segments and include_phone_numbers"),
    ({"segments": []}, "segments is empty, so that the message would reach nobody"),
    ({"segments": "Gold"}, "segments must be a list of strings"),
    ({"segments": ["Gold", ""]}, r"segments\[1\] must be a non-blank string"),
    ({"segments": None, "aliases": {}}, "aliases is empty"),
    ({"segments": None, "aliases": {"external_id": []}}, "aliases is empty"),
    ({"segments": None, "aliases": ["4"]}, "aliases must be a dict, got list"),
    ({"segments": None, "aliases": {"external_id": ["4", None]}}, r"aliases\[1\].* got None"),
    ({"segments": None, "aliases": {"external_id": ["NULL"]}}, "OneSignal blocks"),
    (
        {"segments": None, "aliases": {"external_id": [f"u{n}" for n in range(20_001)]}},
        "aliases must have at most 20,000 recipients, got 20,001",
    ),
    ({"segments": None, "subscription_ids": []}, "subscription_ids is empty"),
    ({"segments": None, "subscription_ids": ["x"]}, r"subscription_ids\[0\] is no UUID"),
    ({"segments": None, "subscription_ids": [ID] * 20_001}, "at most 20,000 recipients"),
    ({"segments": None, "filters": []}, "filters must have 1 to 200 entries"),
    ({"segments": None, "filters": [{"field": "shoe"}]}, r"filters\[0\].field must be one of"),
    ({"segments": None, "options": {"email_to": []}}, r"options\['email_to'\] is empty"),
    ({"segments": None, "options": {"email_to": [4]}}, r"options\['email_to'\]\[0\] must be"),
    (
        {"segments": None, "subscription_ids": [ID], "excluded_segments": ["Gold"]},
        "excluded_segments works with segments only, and not with subscription_ids",
    ),
    # Content.
    ({"contents": None}, "'push' needs contents, or template_id"),
    ({"contents": ""}, r"contents must be a non-blank string"),
    ({"contents": "None"}, "contents is the string 'None': a template rendered to it"),
    ({"contents": {}}, "contents must have the language 'en'"),
    ({"contents": {"de": "Hallo"}}, "contents must have the language 'en'"),
    ({"contents": {"en": " "}}, r"contents\['en'\] must be a non-blank string"),
    ({"headings": {"de": "Hallo"}}, "headings must have the language 'en'"),
    ({"email_body": "<p>"}, "email_body is not for 'push': such a message takes contents and"),
    ({"target_channel": "sms", "headings": "Hi"}, "headings is not for 'sms'"),
    ({**EMAIL, "contents": "Hi"}, "contents is not for 'email'"),
    ({**EMAIL, "contents": None, "email_body": None}, "'email' needs email_body, or template_id"),
    ({"target_channel": "email", "contents": None}, "needs email_subject and email_body, or"),
    ({"target_channel": "sms", "contents": None}, "'sms' needs contents, or template_id"),
    ({"template_id": ""}, "template_id must be a UUID"),
    ({"custom_data": "{}"}, "custom_data must be a dict, got a string"),
    # The rest.
    ({"send_after": "2026-11-01T08:59:59Z"}, "send_after is in the past"),
    ({"send_after": "2026-11-02T09:00:00"}, "send_after must have a time zone"),
    ({"send_after": "tomorrow"}, "send_after must be a datetime, or an ISO 8601 string"),
    ({"send_after": 1_793_000_000}, "send_after must be a datetime"),
    ({"name": "x" * 129}, "name must have at most 128 characters"),
    ({"options": [1]}, "options must be a dict"),
    ({"options": {"app_id": ID}}, "options must not have 'app_id': use .* onesignal_conn_id"),
    ({"options": {"included_segments": ["All"]}}, "use the parameter segments"),
    ({"options": {"data": {"at": NOW}}}, r"message\['data'\]\['at'\] is a datetime"),
]


@pytest.mark.parametrize(("changes", "rule"), REFUSED)
def test_messages_that_are_refused(changes: dict[str, Any], rule: str) -> None:
    with pytest.raises(OneSignalValidationError, match=rule):
        message_body(**PUSH | changes, now=NOW)


def test_no_refusal_shows_a_recipient() -> None:
    for audience in (
        {"aliases": {"external_id": ["secret one"]}},
        {"subscription_ids": ["secret one"]},
        {"options": {"email_to": ["secret one", ""]}},
    ):
        with pytest.raises(OneSignalValidationError) as refusal:
            message_body(target_channel="push", contents="Hi", **audience)
        assert "secret" not in str(refusal.value)


SENT: list[tuple[dict[str, Any], dict[str, Any]]] = [
    (PUSH, {"contents": {"en": "Hi"}, "included_segments": ["Gold"]}),
    (
        PUSH | {"contents": {"en": "Hi", "de": "Hallo"}, "excluded_segments": ["Tired"]},
        {
            "contents": {"en": "Hi", "de": "Hallo"},
            "included_segments": ["Gold"],
            "excluded_segments": ["Tired"],
        },
    ),
    (
        {"template_id": ID.upper(), "aliases": {"external_id": [42, "b"], "crm": "x", "no": []}},
        {"template_id": ID, "include_aliases": {"external_id": ["42", "b"], "crm": ["x"]}},
    ),
    (
        {"target_channel": "email", "template_id": ID, "subscription_ids": (ID,), "name": "May"},
        {"template_id": ID, "include_subscription_ids": [ID], "name": "May"},
    ),
    (
        {"target_channel": "sms", "contents": "Hi", "options": {"include_phone_numbers": ["+1"]}},
        {"contents": {"en": "Hi"}, "include_phone_numbers": ["+1"]},
    ),
    (
        {"options": {"content_available": True}, "filters": [{"field": "email", "value": "a@b"}]},
        {"content_available": True, "filters": [{"field": "email", "value": "a@b"}]},
    ),
    (
        PUSH | {"send_after": "2026-11-01T11:00:00+01:00", "options": {"something_new": 1}},
        {
            "contents": {"en": "Hi"},
            "included_segments": ["Gold"],
            "send_after": "2026-11-01T10:00:00.000Z",
            "something_new": 1,
        },
    ),
]


@pytest.mark.parametrize(("given", "body"), SENT)
def test_messages_that_pass(given: dict[str, Any], body: dict[str, Any]) -> None:
    given = {"target_channel": "push"} | given

    sent = message_body(**given, now=NOW)

    assert sent == {"target_channel": given["target_channel"]} | body


def test_a_message_of_the_past_passes_where_no_present_is_given() -> None:
    # The retry of a task repeats the message that it scheduled, to get its id.
    body = message_body(**PUSH, send_after=datetime(2020, 1, 1, tzinfo=UTC))

    assert body["send_after"] == "2020-01-01T00:00:00.000Z"


def test_a_key_must_be_a_uuid_and_a_kind_one_of_three() -> None:
    assert idempotency_key(ID.upper()) == ID
    assert [kind(value) for value in (0, "1", 3)] == [0, 1, 3]
    with pytest.raises(OneSignalValidationError, match="idempotency_key must be a UUID"):
        idempotency_key("may-campaign")
    with pytest.raises(OneSignalValidationError, match="kind must be 0"):
        kind(2)
