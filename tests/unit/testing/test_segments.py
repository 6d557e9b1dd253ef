"""Segments over HTTP."""

from __future__ import annotations

import uuid

import pytest

from airflow_provider_onesignal.testing import errors

SEGMENTS = "/apps/{app}/segments"
FILTERS = [{"field": "session_count", "relation": ">", "value": "5"}]


@pytest.fixture
def segment_id(call) -> str:
    return str(call("POST", SEGMENTS, json={"name": "Fans", "filters": FILTERS}).json()["id"])


def test_a_segment_is_created_read_renamed_and_deleted(call):
    created = call("POST", SEGMENTS, json={"name": "A", "filters": FILTERS, "description": "d"})
    path = f"{SEGMENTS}/{created.json()['id']}"
    updated = call("PATCH", path, json={"name": "B", "description": ""})
    read = call("GET", f"{path}?include-segment-detail=true").json()
    deleted, again = call("DELETE", path), call("DELETE", path)

    assert (created.status_code, created.json()["success"]) == (201, True)
    assert updated.json() == {"success": True, "id": created.json()["id"]}
    assert (read["payload"]["name"], read["payload"]["description"]) == ("B", "")
    assert read["payload"]["filters"] == FILTERS
    assert isinstance(read["payload"]["created_at"], int)
    assert (deleted.status_code, deleted.json()) == (200, {"success": True})
    assert (again.status_code, again.json()) == (404, {"success": False})


def test_details_come_only_when_asked_for(call, segment_id):
    assert set(call("GET", f"{SEGMENTS}/{segment_id}").json()) == {"subscriber_count"}


def test_an_id_can_be_chosen_once(call):
    body = {"name": "A", "filters": FILTERS, "id": str(uuid.uuid4())}

    first, second = call("POST", SEGMENTS, json=body), call("POST", SEGMENTS, json=body)

    assert first.json()["id"] == body["id"]
    assert second.status_code == 409
    assert second.json() == {"success": False, "errors": [errors.SEGMENT_ID_TAKEN]}


@pytest.mark.parametrize("method", ["POST", "PATCH"])
def test_a_name_is_taken_once(call, segment_id, method):
    own = call("POST", SEGMENTS, json={"name": "Mine", "filters": FILTERS}).json()["id"]
    path = SEGMENTS if method == "POST" else f"{SEGMENTS}/{own}"

    answer = call(method, path, json={"name": "Fans", "filters": FILTERS})

    assert answer.status_code == 400
    assert answer.json() == {"success": False, "errors": [errors.SEGMENT_NAME_TAKEN]}


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"filters": FILTERS}, "name is required"),
        ({"name": "", "filters": FILTERS}, "name is required"),
        ({"name": 5, "filters": FILTERS}, "name must be a string"),
        ({"name": "n" * 129, "filters": FILTERS}, "maximum is 128"),
        ({"name": "a"}, "filters is required"),
        ({"name": "a", "filters": []}, "must not be empty"),
        ({"name": "a", "filters": FILTERS, "id": "x"}, "id must be a UUID"),
        ({"name": "a", "filters": FILTERS, "description": None}, "must not be null"),
        ({"name": "a", "filters": FILTERS, "description": "d" * 256}, "maximum is 255"),
        ({"name": "a", "filters": FILTERS, "colour": "red"}, "not a known parameter"),
    ],
)
def test_other_bodies_are_refused(call, body, message):
    answer = call("POST", SEGMENTS, json=body)

    assert answer.status_code == 400
    assert message in answer.json()["errors"][0]


def test_undocumented_fields_pass_when_not_strict(emulator, call):
    emulator.settings.strict = False

    assert call("POST", SEGMENTS, json={"name": "a", "filters": FILTERS, "x": 1}).status_code == 201


def test_a_plan_has_a_number_of_segments(emulator, call, segment_id):
    emulator.settings.max_segments = 1

    answer = call("POST", SEGMENTS, json={"name": "a", "filters": FILTERS})

    assert (answer.status_code, answer.json()) == (422, {"errors": [errors.SEGMENT_LIMIT]})


def test_an_update_needs_the_name_and_the_segment(call, segment_id):
    nameless = call("PATCH", f"{SEGMENTS}/{segment_id}", json={"filters": FILTERS})
    missing = call("PATCH", f"{SEGMENTS}/{uuid.uuid4()}", json={"name": "a"})

    assert nameless.json() == {"success": False, "errors": ["name is required"]}
    assert missing.status_code == 404
    assert missing.json() == {"success": False, "errors": [errors.SEGMENT_NOT_FOUND]}


def test_pages_follow_each_other_in_order_of_creation(emulator, call):
    for number in range(350):
        emulator.add_segment(f"Segment {number}", created_at=number, updated_at=number)

    first, second = (call("GET", f"{SEGMENTS}?offset={offset}").json() for offset in (0, 300))
    names = [each["name"] for page in (first, second) for each in page["segments"]]

    assert (first["total_count"], first["limit"], len(first["segments"])) == (354, 300, 300)
    assert names[:350] == [f"Segment {number}" for number in range(350)]
    assert names[350:] == ["Subscribed Users", "Active Users", "Engaged Users", "Inactive Users"]
    assert first["segments"][0]["created_at"] == "1970-01-01T00:00:00.000Z"


@pytest.mark.parametrize("query", ["limit=301", "limit=0", "offset=-1", "offset=x"])
def test_a_page_that_cannot_be_is_refused(call, query):
    answer = call("GET", f"{SEGMENTS}?{query}")

    assert answer.status_code == 400
    assert answer.json()["errors"][0]["code"] == "request-1"


def test_a_segment_made_of_message_events_cannot_be_read(emulator, call):
    segment = emulator.add_segment("Openers", filters=[{"unsupported_in_api": True}])

    answer = call("GET", f"{SEGMENTS}/{segment.id}")

    assert (answer.status_code, answer.json()) == (400, {"errors": [errors.SEGMENT_UNSUPPORTED]})


def test_a_segment_may_keep_its_name_when_its_filters_change(call, segment_id):
    other = [{"field": "country", "relation": "=", "value": "CZ"}]

    answer = call("PATCH", f"{SEGMENTS}/{segment_id}", json={"name": "Fans", "filters": other})

    read = call("GET", f"{SEGMENTS}/{segment_id}?include-segment-detail=true").json()
    assert answer.status_code == 200
    assert read["payload"]["filters"] == other
