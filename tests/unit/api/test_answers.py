"""An answer becomes its value or a typed error."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, strategies as st

from airflow_provider_onesignal import exceptions as e
from airflow_provider_onesignal.api import answers
from airflow_provider_onesignal.api.answers import (
    Answer,
    list_of,
    says_export_is_running,
    text_of,
    url_of,
    value_of,
)
from airflow_provider_onesignal.exports import SubscriptionsExport
from tests.unit.fakes import APP_ID, URL

REQUEST = SubscriptionsExport().api_request(APP_ID)
LOCK = (
    "User already running another CSV export. Please wait until your other CSV exporter finishes "
    "and try again."
)
DENIED = (
    "Access denied.  Please include an 'Authorization: ...' header with a valid API key "
    "(https://documentation.onesignal.com/docs/en/keys-and-ids#api-keys)."
)
NO_PLAN = "This API is not available for applications on your plan."
LIMIT = "You have reached the maximum number of segments allowed for your plan."
NO_MESSAGE = (
    "No message exists with the provided `message_id` in this app, or the message is older than "
    "30 days and its audience activity has been purged."
)


def answer(body: Any, *, status: int = 200, **headers: str) -> Answer:
    return Answer(
        status=status,
        headers={name.replace("_", "-"): value for name, value in headers.items()},
        body=body if isinstance(body, bytes) else json.dumps(body).encode(),
    )


def error_of(body: Any, *, status: int, **headers: str) -> Any:
    with pytest.raises(e.OneSignalError) as raised:
        value_of(REQUEST, answer(body, status=status, **headers))
    return raised.value


@pytest.mark.parametrize("status", [200, 201, 202])
def test_any_2xx_with_an_object_is_a_value(status):
    assert value_of(REQUEST, answer({"success": True, "id": "x"}, status=status)) == {
        "success": True,
        "id": "x",
    }


@pytest.mark.parametrize("errors", [None, [], {}, "", False, 0])
def test_an_empty_list_of_errors_is_no_error(errors):
    assert value_of(REQUEST, answer({"id": "x", "errors": errors}))["id"] == "x"


@pytest.mark.parametrize("status", [200, 202])
def test_a_success_without_a_body_is_empty(status):
    assert value_of(REQUEST, Answer(status=status)) == {}


@pytest.mark.parametrize("status", [400, 403, 500])
def test_a_failure_without_a_body_is_one(status):
    assert type(error_of(b"", status=status)) is not e.OneSignalError


def test_an_answer_that_has_no_content_by_its_status_is_empty():
    assert value_of(REQUEST, Answer(status=204)) == {}


# What the API reference documents, or others have seen: status, body, type, a part of the text.
DOCUMENTED = [
    (400, {"errors": [LOCK]}, e.OneSignalExportInProgressError, "on_conflict"),
    (200, {"errors": [LOCK]}, e.OneSignalExportInProgressError, "on_conflict"),
    (403, {"errors": [LOCK]}, e.OneSignalExportInProgressError, "on_conflict"),
    (409, {"errors": LOCK}, e.OneSignalExportInProgressError, "on_conflict"),
    (429, {"errors": [LOCK]}, e.OneSignalExportInProgressError, "on_conflict"),
    (403, {"errors": [DENIED]}, e.OneSignalAuthenticationError, "Keys & IDs"),
    (401, {"errors": [DENIED]}, e.OneSignalAuthenticationError, "Keys & IDs"),
    (
        400,
        {"errors": ["Please include a case-sensitive header of Authorization"]},
        e.OneSignalAuthenticationError,
        "Keys & IDs",
    ),
    (
        401,
        {
            "errors": [
                {
                    "code": "auth-1",
                    "title": "This operation requires 'Authorization' in the HTTP header",
                }
            ]
        },
        e.OneSignalAuthenticationError,
        "auth-1",
    ),
    (
        401,
        {"errors": ["Missing or invalid REST API key for the app."]},
        e.OneSignalAuthenticationError,
        "Keys & IDs",
    ),
    (401, {}, e.OneSignalAuthenticationError, "Keys & IDs"),
    (403, {"errors": [NO_PLAN]}, e.OneSignalPlanError, "plan"),
    (403, {"success": False, "errors": [NO_PLAN]}, e.OneSignalPlanError, "plan"),
    (422, {"errors": [LIMIT]}, e.OneSignalPlanError, "plan"),
    (404, {"success": False}, e.OneSignalNotFoundError, "Check the ids"),
    (404, {"errors": ["segment not found"]}, e.OneSignalNotFoundError, "segment not found"),
    (400, {"errors": ["Notification not found"]}, e.OneSignalNotFoundError, "30 days"),
    (404, {"errors": [NO_MESSAGE]}, e.OneSignalNotFoundError, "30 days"),
    (
        409,
        {"success": False, "errors": ["Segment with the given id already exists."]},
        e.OneSignalConflictError,
        "already exists",
    ),
    (
        400,
        {"success": False, "errors": ["Segment name is already taken."]},
        e.OneSignalConflictError,
        "already taken",
    ),
    (
        409,
        {
            "errors": [
                {
                    "code": "user-2",
                    "title": "One or more Aliases claimed by another User",
                    "meta": {"external_id": "a"},
                }
            ]
        },
        e.OneSignalConflictError,
        "user-2 One or more Aliases claimed by another User (external_id)",
    ),
    (
        400,
        {"success": False, "errors": ["name is required"]},
        e.OneSignalInvalidRequestError,
        "name is required",
    ),
    (
        400,
        {"errors": ["param `email` must be a valid email"], "success": False},
        e.OneSignalInvalidRequestError,
        "retry cannot help",
    ),
    (
        400,
        {"errors": {"invalid_aliases": {"external_id": ["a"]}}},
        e.OneSignalInvalidRequestError,
        "invalid_aliases: 1 of them",
    ),
    (400, {"errors": [{}]}, e.OneSignalInvalidRequestError, "an error without text"),
    (200, {"success": False}, e.OneSignalInvalidRequestError, "HTTP 200"),
    (302, b"", e.OneSignalInvalidRequestError, "redirects"),
    (
        429,
        {"errors": ["API rate limit exceeded"]},
        e.OneSignalRateLimitError,
        "Send fewer requests",
    ),
    (429, b"", e.OneSignalRateLimitError, "Send fewer requests"),
    (500, {"errors": ["Internal error"]}, e.OneSignalServerError, "later"),
    (503, {"errors": ["Service temporarily unavailable"]}, e.OneSignalServerError, "later"),
    (503, b"", e.OneSignalServerError, "it gave no reason"),
    (524, b"<html>524: A timeout occurred</html>", e.OneSignalServerError, "A timeout occurred"),
]


@pytest.mark.parametrize(("status", "body", "kind", "text"), DOCUMENTED)
def test_each_documented_error_has_its_type_and_says_what_to_do(status, body, kind, text):
    error = error_of(body, status=status)

    assert type(error) is kind
    assert error.status_code == status
    assert "'export subscriptions'" in str(error)
    assert f"HTTP {status}" in str(error)
    assert text in str(error)


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("Segment not found: Gold", "Segment not found: Gold. Correct the parameters;"),
        ("Segment not found.", "Segment not found. Correct the parameters;"),
        ("Which segment?", "Which segment? Correct the parameters;"),
        (["one", "two"], "one; two. Correct the parameters;"),
    ],
)
def test_what_to_do_is_a_sentence_after_what_onesignal_said(said, shown):
    assert f"(HTTP 400): {shown}" in str(error_of({"errors": said}, status=400))


ENVELOPES = [
    pytest.param("text", ("text",), id="string"),
    pytest.param(["one", "two"], ("one", "two"), id="strings"),
    pytest.param(
        [{"code": "c", "title": "t", "meta": {"a": 1}}, {"title": "only"}],
        ("c t (a)", "only"),
        id="objects",
    ),
    pytest.param({"invalid_aliases": {"a": ["b"]}}, ("invalid_aliases: 1 of them",), id="map"),
]


@pytest.mark.parametrize("status", [200, 202, 400, 404, 409, 500])
@pytest.mark.parametrize(("errors", "messages"), ENVELOPES)
def test_all_four_envelopes_are_understood_on_any_status(errors, messages, status):
    error = error_of({"errors": errors, "id": ""}, status=status)

    assert error.messages == messages
    assert all(message in str(error) for message in messages)


@pytest.mark.parametrize("status", [429, 503, 502, 500])
def test_an_error_carries_how_long_to_wait(status):
    assert error_of({}, status=status, Retry_After="7").retry_after == 7.0
    assert error_of({}, status=status).retry_after is None


@pytest.mark.parametrize(
    ("body", "status", "is_running"),
    [
        ({"errors": [LOCK]}, 400, True),
        ({"errors": LOCK.upper()}, 429, True),
        ({"errors": [LOCK]}, 500, True),
        ({"errors": [LOCK]}, 503, True),
        ({"errors": ["API rate limit exceeded"]}, 429, False),
        ({"csv_file_url": LOCK}, 200, False),
        (b"", 400, False),
    ],
)
def test_the_taken_slot_is_recognised_by_its_text(body, status, is_running):
    assert says_export_is_running(answer(body, status=status)) is is_running


def deep(depth: int, *, opening: str = "[", closing: str = "]") -> bytes:
    return (opening * depth + closing * depth).encode()


HOSTILE = [
    pytest.param(b"<!DOCTYPE html><title>502</title>", id="html"),
    pytest.param(b"\xff\xfe\x00", id="not-utf8"),
    pytest.param('{"errors":["ä"]}'.encode("latin-1"), id="latin-1"),
    pytest.param(b"null", id="null"),
    pytest.param(b"true", id="bool"),
    pytest.param(b"[]", id="list"),
    pytest.param(b'"text"', id="string"),
    pytest.param(b"1e999", id="infinity"),
    pytest.param(b"9" * 5000, id="huge-number"),
    pytest.param(b'{"errors":[{"meta":' + b"9" * 5000 + b"}]}", id="huge-number-in-an-error"),
    pytest.param(b'{"errors":["' + b"x" * 1_000_000 + b'"]}', id="huge-text"),
    pytest.param(b'{"errors":[' + b'"x",' * 100_000 + b'"x"]}', id="many-errors"),
    pytest.param(b'{"errors":["\\ud800\\u0000\\u001b[31m"]}', id="unprintable"),
    pytest.param(deep(100_000), id="deep"),
    pytest.param(b'{"errors":' + deep(100_000) + b"}", id="deep-errors"),
    pytest.param(b'{"errors":' + deep(900) + b"}", id="rather-deep-errors"),
    pytest.param(
        b'{"errors":{"a":' + deep(450, opening='[{"a":[', closing="]}]") + b"}}",
        id="rather-deep-map",
    ),
    pytest.param(b'{"errors":[null,[],[[]],true,1.5,{"code":[],"meta":[1]}]}', id="wrong-types"),
    pytest.param(b'{"success":false,"errors":[""]}', id="blank-error"),
    pytest.param(b"{" * 10, id="cut"),
    pytest.param(b'{"errors": 5}', id="number-as-errors"),
]


@pytest.mark.parametrize("status", [200, 400, 403, 500])
@pytest.mark.parametrize("body", HOSTILE)
def test_whatever_comes_ends_in_a_typed_error_with_a_bounded_text(body, status):
    error = error_of(body, status=status)

    assert type(error) is not e.OneSignalError
    assert len(str(error)) < 2500
    assert str(error).isprintable()
    assert len(error.messages) <= 5


@pytest.mark.parametrize("depth", range(930, 1000, 3))
def test_no_depth_of_nesting_escapes(depth):
    for body in (b'{"errors":%b}', b'{"errors":[%b]}', b'{"errors":{"a":%b}}'):
        assert isinstance(error_of(body % deep(depth), status=400), e.OneSignalError)


def test_errors_too_deep_to_be_shown_are_said_to_be():
    nested: list[Any] = []
    for _ in range(100_000):
        nested = [nested]

    for errors in ([nested], {"a": nested}):
        assert answers._messages({"errors": errors}) == ("errors nested too deep to show",)


json_values = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text() | st.integers(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)
envelopes = st.fixed_dictionaries(
    {},
    optional={"errors": json_values, "success": json_values, "csv_file_url": json_values},
)


def outcome_of(call: Callable[[], Any]) -> Any:
    """Return a call's value or its typed error; anything else is raised."""
    try:
        return call()
    except e.OneSignalError as error:
        return error


@given(body=envelopes | json_values, status=st.integers(100, 599))
def test_any_json_is_a_value_or_a_typed_error(body, status):
    def url() -> str:
        return url_of(REQUEST, value_of(REQUEST, answer(body, status=status)), "csv_file_url")

    outcome = outcome_of(url)

    if isinstance(outcome, e.OneSignalError):
        assert len(str(outcome)) < 2500
    else:
        assert status // 100 == 2
        assert outcome.startswith(("http://", "https://"))


@given(body=st.binary(max_size=200), status=st.integers(100, 599))
def test_any_bytes_are_a_value_or_a_typed_error(body, status):
    outcome = outcome_of(lambda: value_of(REQUEST, answer(body, status=status)))

    assert isinstance(outcome, dict) or str(outcome).isprintable()


@pytest.mark.parametrize("status", [200, 400, 500])
@pytest.mark.parametrize(
    "secret",
    [URL, "Key os_v2_app_" + "a" * 103, "Basic NGEwMGZmMjItY2NkNy0xMWUzLTk5ZDUtMDAwYzI5NDBlNjJj"],
)
@pytest.mark.parametrize(
    "template", ['{{"errors":["{}"]}}', '["{}"]', "<html>{}", '{{"errors":{{"a":"{}"}}}}']
)
def test_no_error_repeats_a_secret_the_server_gave_back(secret, template, status):
    error = error_of(template.format(secret).encode(), status=status)

    hidden = secret.removeprefix("Key ").removeprefix("Basic ").removeprefix("https://files")
    for shown in (str(error), repr(error), *error.messages):
        assert hidden not in shown
        assert "csv_exports" not in shown


@pytest.mark.parametrize("value", [None, "", 1, ["x"], {"x": 1}, True])
def test_a_string_that_must_be_there_and_is_not(value):
    with pytest.raises(e.OneSignalServerError, match="has no 'csv_file_url'"):
        text_of(REQUEST, {"csv_file_url": value}, "csv_file_url")


@pytest.mark.parametrize(
    "value",
    ["ftp://files.example.com/secret", "no url", "https://", "/secret", "https://[x/secret"],
)
def test_a_url_that_is_none_is_refused_without_repeating_it(value):
    with pytest.raises(e.OneSignalServerError, match=r"no http\(s\) URL") as raised:
        url_of(REQUEST, {"csv_file_url": value}, "csv_file_url")

    assert "secret" not in str(raised.value)


def test_the_url_of_a_file_is_returned_as_it_is():
    assert url_of(REQUEST, {"destination_url": URL}, "destination_url") == URL


@pytest.mark.parametrize("value", [None, {}, "x", [1], [{}, None]])
def test_a_list_that_must_be_there_and_is_not(value):
    with pytest.raises(e.OneSignalServerError, match="has no list 'segments'"):
        list_of(REQUEST, {"segments": value}, "segments")


def test_a_list_of_objects_is_returned_as_it_is():
    assert list_of(REQUEST, {"segments": [{"id": 1}]}, "segments") == [{"id": 1}]


@pytest.mark.parametrize("said", ["Rate limit for your plan exceeded", "Too many uses of API key"])
def test_whatever_a_429_speaks_of_a_later_try_may_succeed(said):
    error = error_of({"errors": [said]}, status=429)

    assert type(error) is e.OneSignalRateLimitError


PARTIAL = {"id": "b6b326a8", "errors": {"invalid_aliases": {"external_id": ["anna", "ben"]}}}


def test_a_success_with_an_id_and_errors_is_returned_and_shows_no_recipient(caplog):
    assert value_of(REQUEST, answer(PARTIAL, status=200)) == PARTIAL
    assert "names 2 errors" in caplog.text
    assert "anna" not in caplog.text


def test_an_empty_id_with_errors_is_a_message_to_nobody():
    body = {"id": "", "errors": ["All included players are not subscribed"]}

    with pytest.raises(e.OneSignalNoRecipientsError, match="not subscribed"):
        value_of(REQUEST, answer(body, status=200))


def test_events_that_were_refused_alone_are_returned_with_the_rest():
    body = {"errors": [{"event_user_id": "a", "event_id": "1", "error": {"code": "c"}}]}

    assert value_of(REQUEST, answer(body, status=202)) == body


@pytest.mark.parametrize("code", ["subscription-1", "Subscription Limit Exceeded"])
def test_a_user_with_twenty_subscriptions_has_a_type_of_its_own(code):
    body = {"errors": [{"code": code, "title": "limit"}]}

    with pytest.raises(e.OneSignalSubscriptionLimitError, match="at most 20 subscriptions"):
        value_of(REQUEST, answer(body, status=409))


def test_words_decide_only_where_the_status_cannot():
    quoting = {"errors": ["Segment 'Authorization access denied' is already there"]}

    with pytest.raises(e.OneSignalConflictError):
        value_of(REQUEST, answer(quoting, status=409))


def test_a_refused_key_names_the_ip_allowlist():
    with pytest.raises(e.OneSignalAuthenticationError, match="IP allowlist"):
        value_of(REQUEST, answer({"errors": ["Access denied."]}, status=403))
