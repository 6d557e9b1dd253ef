"""Each operation as a request."""

from __future__ import annotations

import subprocess
import sys

import pytest

from airflow_provider_onesignal.api import operations
from airflow_provider_onesignal.api.request import ApiRequest
from tests.unit.fakes import APP_ID

SEGMENT = "7ed2887d-bd24-4a81-8220-4b256a08ab19"
MESSAGE = "b6b326a8-40aa-13e5-b91b-bf8bc3fa26f7"
FILTERS = [{"field": "country", "relation": "=", "value": "DE"}]
OUTCOMES_ASKED = (
    "GET",
    f"/apps/{APP_ID}/outcomes",
    {"outcome_names": "a.sum,b.count", "outcome_time_range": "1h", "outcome_platforms": "0,1"},
    None,
    True,
)

REQUESTS = [
    pytest.param(
        operations.create_segment(APP_ID, name="n", filters=FILTERS),
        ("POST", f"/apps/{APP_ID}/segments", {}, {"name": "n", "filters": FILTERS}, False),
        id="create-segment-without-id",
    ),
    pytest.param(
        operations.create_segment(APP_ID, name="n", filters=FILTERS, segment_id=SEGMENT),
        (
            "POST",
            f"/apps/{APP_ID}/segments",
            {},
            {"name": "n", "filters": FILTERS, "id": SEGMENT},
            True,
        ),
        id="create-segment-with-id",
    ),
    pytest.param(
        operations.view_segments(APP_ID, offset=300),
        ("GET", f"/apps/{APP_ID}/segments", {"offset": 300, "limit": 300}, None, True),
        id="view-segments",
    ),
    pytest.param(
        operations.view_segment(APP_ID, SEGMENT),
        (
            "GET",
            f"/apps/{APP_ID}/segments/{SEGMENT}",
            {"include-segment-detail": "true"},
            None,
            True,
        ),
        id="view-segment",
    ),
    pytest.param(
        operations.update_segment(APP_ID, SEGMENT, name="n", description=""),
        ("PATCH", f"/apps/{APP_ID}/segments/{SEGMENT}", {}, {"name": "n", "description": ""}, True),
        id="update-segment-clears-the-description",
    ),
    pytest.param(
        operations.delete_segment(APP_ID, SEGMENT),
        ("DELETE", f"/apps/{APP_ID}/segments/{SEGMENT}", {}, None, True),
        id="delete-segment",
    ),
    pytest.param(
        operations.create_user(APP_ID, identity={"external_id": "a"}),
        ("POST", f"/apps/{APP_ID}/users", {}, {"identity": {"external_id": "a"}}, True),
        id="create-user-with-alias",
    ),
    pytest.param(
        operations.create_user(APP_ID, properties={"language": "de"}),
        ("POST", f"/apps/{APP_ID}/users", {}, {"properties": {"language": "de"}}, False),
        id="create-anonymous-user",
    ),
    pytest.param(
        operations.export_subscriptions(APP_ID),
        ("POST", "/players/csv_export", {"app_id": APP_ID}, {}, False),
        id="export-all-subscriptions",
    ),
    pytest.param(
        operations.export_subscriptions(
            APP_ID,
            extra_fields=("country",),
            last_active_since="1",
            segment_name="s",
            include_unsubscribed=False,
        ),
        (
            "POST",
            "/players/csv_export",
            {"app_id": APP_ID},
            {
                "extra_fields": ["country"],
                "last_active_since": "1",
                "segment_name": "s",
                "include_unsubscribed": False,
            },
            False,
        ),
        id="export-subscriptions-of-a-segment",
    ),
    pytest.param(
        operations.export_events(APP_ID, MESSAGE),
        ("POST", f"/notifications/{MESSAGE}/export_events", {"app_id": APP_ID}, None, False),
        id="export-events",
    ),
    pytest.param(
        operations.message_history(APP_ID, MESSAGE, events="sent"),
        (
            "POST",
            f"/notifications/{MESSAGE}/history",
            {},
            {"app_id": APP_ID, "events": "sent"},
            False,
        ),
        id="message-history",
    ),
    pytest.param(
        operations.view_outcomes(
            APP_ID,
            outcome_names=["a.sum", "b.count"],
            outcome_time_range="1h",
            outcome_platforms=["0", "1"],
        ),
        OUTCOMES_ASKED,
        id="view-outcomes",
    ),
    pytest.param(
        operations.view_outcomes(
            APP_ID, outcome_names="a.sum,b.count", outcome_time_range="1h", outcome_platforms=[0, 1]
        ),
        OUTCOMES_ASKED,
        id="view-outcomes-named-in-a-text-of-platforms-by-number",
    ),
    pytest.param(
        operations.view_outcomes(APP_ID, outcome_names=["a,b.sum"], outcome_time_range="1d"),
        (
            "GET",
            f"/apps/{APP_ID}/outcomes",
            {"outcome_names[]": ["a,b.sum"], "outcome_time_range": "1d"},
            None,
            True,
        ),
        id="view-outcomes-with-a-comma-in-a-name",
    ),
]


@pytest.mark.parametrize(("request_", "expected"), REQUESTS)
def test_an_operation_asks_for_what_the_api_reference_says(request_, expected):
    asked = (
        request_.method,
        request_.path,
        request_.params,
        request_.json,
        request_.repeatable,
    )
    assert asked == expected


@pytest.mark.parametrize(
    ("method", "path", "repeatable"),
    [
        ("get", "templates", True),
        ("POST", "/notifications", False),
        ("patch", "/apps/x", True),
        ("DELETE", "//evil.example.com/x", True),
        ("GET", "https://evil.example.com/x", True),
    ],
)
def test_a_custom_request_stays_below_the_base_url(method, path, repeatable):
    custom = operations.custom(method, path)

    assert custom.method == method.upper()
    assert custom.path.startswith("/")
    assert not custom.path.startswith("//")
    assert custom.repeatable is repeatable


@pytest.mark.parametrize("path_of", [operations.view_segment, operations.delete_segment])
def test_an_id_cannot_leave_its_place_in_the_path(path_of):
    assert path_of(APP_ID, "../users?x=1").path == f"/apps/{APP_ID}/segments/..%2Fusers%3Fx%3D1"


def test_equal_requests_have_equal_fingerprints_whatever_the_order_of_their_fields():
    one = ApiRequest(operation="x", method="POST", path="/p", json={"a": 1, "b": 2})
    other = ApiRequest(operation="renamed", method="POST", path="/p", json={"b": 2, "a": 1})

    assert one.fingerprint() == other.fingerprint()


@pytest.mark.parametrize(
    "other",
    [
        operations.export_subscriptions("00000000-0000-0000-0000-000000000000"),
        operations.export_subscriptions(APP_ID, segment_name="s"),
        operations.export_subscriptions(APP_ID, extra_fields=[]),
        operations.export_events(APP_ID, MESSAGE),
    ],
)
def test_another_request_has_another_fingerprint(other):
    assert operations.export_subscriptions(APP_ID).fingerprint() != other.fingerprint()


def test_a_fingerprint_is_the_same_in_another_process():
    script = (
        "from airflow_provider_onesignal.api import operations;"
        f"print(operations.export_events({APP_ID!r}, {MESSAGE!r}).fingerprint())"
    )

    printed = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    ).stdout

    assert printed.strip() == operations.export_events(APP_ID, MESSAGE).fingerprint()


def test_a_request_of_ones_own_shows_no_alias_and_no_query():
    path = "/apps/a/users/by/email/alice@example.com/identity?x=secret"

    request = operations.custom("get", path)

    assert request.path == path
    assert request.operation == "GET /apps/a/users/by/email/…/identity"
