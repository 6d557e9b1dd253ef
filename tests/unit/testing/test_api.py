"""Who is let in, and how an answer leaves: what holds for every operation."""

from __future__ import annotations

import base64
import uuid

import pytest
import requests

from airflow_provider_onesignal.testing import errors

EXPORT = "/players/csv_export?app_id={app}"
OTHER_APP = "11111111-2222-4333-8444-555555555555"


def test_the_key_begins_with_the_app_id(emulator):
    secret = emulator.api_key.removeprefix("os_v2_app_")
    assert len(emulator.api_key) == 113

    head = base64.b32decode(secret[:32].upper())[:16]

    assert uuid.UUID(bytes=head) == uuid.UUID(emulator.app_id)


@pytest.mark.parametrize("scheme", ["Key", "key", "KEY"])
def test_the_scheme_is_taken_in_any_case(emulator, call, scheme):
    answer = call("POST", EXPORT, headers={"Authorization": f"{scheme} {emulator.api_key}"})

    assert answer.status_code == 200


@pytest.mark.parametrize("value", ["Key wrong", "Basic {key}", "Bearer {key}", "{key}", ""])
def test_any_other_authorization_is_denied(emulator, call, value):
    header = value.format(key=emulator.api_key)
    answer = call("POST", EXPORT, headers={"Authorization": header})

    assert answer.status_code == 403
    assert answer.json() == {"errors": [errors.ACCESS_DENIED]}


@pytest.mark.parametrize(
    ("method", "path", "status", "message"),
    [
        ("POST", EXPORT, 403, errors.ACCESS_DENIED),
        ("GET", "/apps/{app}/segments", 400, errors.NO_AUTHORIZATION),
        ("DELETE", "/apps/{app}/segments/x", 400, errors.NO_AUTHORIZATION),
        ("POST", "/notifications/{message}/export_events?app_id={app}", 401, errors.EVENTS_KEY),
        ("GET", "/apps/{app}/outcomes", 403, errors.ACCESS_DENIED),
    ],
)
def test_a_missing_key_is_refused_in_the_operations_own_words(call, method, path, status, message):
    answer = call(method, path, headers={"Authorization": None})

    assert (answer.status_code, answer.json()["errors"]) == (status, [message])


def test_a_user_may_be_created_without_a_key_but_not_with_a_wrong_one(call):
    body = {"identity": {"external_id": "a"}}

    without = call("POST", "/apps/{app}/users", json=body, headers={"Authorization": None})
    wrong = call("POST", "/apps/{app}/users", json=body, headers={"Authorization": "Key no"})

    assert (without.status_code, wrong.status_code) == (201, 403)


def test_the_key_of_another_app_is_denied(emulator, call):
    other = emulator.add_app()

    answer = call("POST", EXPORT, headers={"Authorization": f"Key {other.api_key}"})

    assert answer.status_code == 403


@pytest.mark.parametrize(("app_id", "status"), [(OTHER_APP, 403), ("not-a-uuid", 400), ("", 400)])
def test_an_app_that_is_not_there_is_refused(call, app_id, status):
    assert call("POST", f"/players/csv_export?app_id={app_id}").status_code == status


def test_a_missing_app_id_is_malformed(call):
    answer = call("POST", "/players/csv_export")

    assert (answer.status_code, answer.json()) == (400, {"errors": [errors.NO_APP_ID]})


def test_the_last_app_id_counts(call):
    first = call("POST", "/players/csv_export?app_id={{app_id}}&app_id={app}")
    last = call("POST", "/players/csv_export?app_id={app}&app_id={{app_id}}")

    assert (first.status_code, last.status_code) == (200, 400)


def test_a_body_needs_its_content_type(call):
    answer = call("POST", EXPORT, data=b"{}")

    assert answer.status_code == 400
    assert answer.json() == {"errors": [errors.NO_CONTENT_TYPE], "reference": [errors.KEYS_PAGE]}


@pytest.mark.parametrize("body", [b"[]", b"null", b"{", b'"text"'])
def test_a_body_that_is_no_object_is_malformed(call, body):
    answer = call("POST", EXPORT, data=body, headers={"Content-Type": "application/json"})

    assert answer.status_code == 400
    assert "malformed" in answer.json()["errors"][0]


def test_the_old_prefix_still_works(call):
    assert call("POST", f"/api/v1{EXPORT}").status_code == 200


@pytest.mark.parametrize(("method", "path"), [("GET", EXPORT), ("POST", "/unknown")])
def test_an_unknown_route_is_not_found(call, method, path):
    assert call(method, path).status_code == 404


def test_an_operation_can_be_missing_from_the_plan(emulator, call):
    emulator.settings.not_on_plan = frozenset({"csv_export", "update_segment"})

    export = call("POST", EXPORT)
    update = call("PATCH", "/apps/{app}/segments/x", json={"name": "a"})

    assert (export.status_code, export.json()) == (403, {"errors": [errors.PLAN]})
    assert update.json() == {"success": False, "errors": [errors.PLAN]}


def test_requests_are_recorded_as_they_came(emulator, call):
    call("POST", EXPORT, json={"extra_fields": ["ip"]})

    (request,) = emulator.requests
    assert (request.operation, request.method) == ("csv_export", "POST")
    assert request.path == "/players/csv_export"
    assert request.query == {"app_id": emulator.app_id}
    assert request.json == {"extra_fields": ["ip"]}
    assert request.headers["content-type"] == "application/json"
    assert request.body_size == len('{"extra_fields": ["ip"]}')


class TestFaults:
    def test_a_status_brings_an_error_in_onesignals_form(self, emulator, call):
        emulator.fail("csv_export", status=429, headers={"Retry-After": "7"})

        limited, fine = call("POST", EXPORT), call("POST", EXPORT)

        assert limited.status_code == 429
        assert limited.headers["Retry-After"] == "7"
        assert limited.json() == {"errors": [errors.RATE_LIMIT]}
        assert fine.status_code == 200

    @pytest.mark.parametrize(
        ("body", "expected"),
        [
            (b"<html>", b"<html>"),
            ("", b""),
            ([1], b"[1]"),
            ({"csv_file_url": 5}, b'{"csv_file_url": 5}'),
        ],
        ids=["html", "empty", "list", "wrong-type"],
    )
    def test_an_answer_can_be_anything(self, emulator, call, body, expected):
        emulator.fail(body=body)

        answer = call("POST", EXPORT)

        assert (answer.status_code, answer.content) == (200, expected)

    @pytest.mark.parametrize(("acted", "exports"), [(False, 0), (True, 1)])
    @pytest.mark.parametrize("fault", [{"cut_at": 0}, {"status": 502}], ids=["cut", "502"])
    def test_the_answer_can_be_lost_with_or_without_the_deed(
        self, emulator, call, fault, acted, exports
    ):
        emulator.fail("csv_export", acted=acted, **fault)
        try:
            call("POST", EXPORT)
        except requests.ConnectionError:
            assert "cut_at" in fault

        assert len(emulator.exports) == exports

    def test_a_cut_answer_is_incomplete(self, emulator, call):
        emulator.fail(cut_at=5)

        with pytest.raises(requests.exceptions.ChunkedEncodingError, match="5 bytes read"):
            call("POST", EXPORT)

    def test_a_redirect_goes_where_it_is_told(self, emulator, call):
        emulator.fail(redirect="http://127.0.0.1:9/elsewhere")

        answer = call("POST", EXPORT, allow_redirects=False)

        assert answer.status_code == 302
        assert answer.headers["Location"] == "http://127.0.0.1:9/elsewhere"

    def test_an_endless_answer_ends_with_its_reader(self, emulator, call):
        emulator.fail(body="{}", endless=True)

        with call("POST", EXPORT, stream=True) as answer:
            assert len(answer.raw.read(5_000_000)) == 5_000_000

        assert call("POST", EXPORT).status_code == 200

    def test_a_delay_delays(self, emulator, call):
        emulator.fail(delay=0.3)

        assert call("POST", EXPORT).elapsed.total_seconds() >= 0.3
