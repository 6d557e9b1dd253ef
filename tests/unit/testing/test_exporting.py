"""The three exports: what may be asked for, the slot, how long a file takes and lives."""

from __future__ import annotations

import csv
import gzip
import re

import pytest
import requests

from airflow_provider_onesignal.testing import errors
from airflow_provider_onesignal.testing.state import DAY

SUBSCRIPTIONS = "/players/csv_export?app_id={app}"
EVENTS = "/notifications/{message}/export_events?app_id={app}"
HISTORY = "/notifications/{message}/history"
UNKNOWN = "11111111-2222-4333-8444-555555555555"


def lines(content: bytes) -> list[list[str]]:
    return list(csv.reader(content.decode().splitlines()))


class TestSubscriptions:
    def test_the_url_has_onesignals_shape_on_another_origin(self, emulator, export_url):
        assert export_url.startswith(f"{emulator.files_url}/csv_exports/{emulator.app_id}/users_")
        assert re.search(r"users_[0-9a-f]{32}_\d{4}-\d\d-\d\d\.csv\.gz$", export_url)
        assert emulator.files_url != emulator.api_url

    def test_the_file_holds_what_was_asked_for(self, emulator, call):
        answer = call("POST", SUBSCRIPTIONS, json={"extra_fields": ["country", "ip"]})
        url = answer.json()["csv_file_url"]

        content = requests.get(url, timeout=10).content

        assert content == emulator.export_bytes(url)
        assert gzip.decompress(content).splitlines()[0].endswith(b"invalid_identifier,country,ip")
        assert emulator.export(url).content.count == 20

    def test_a_segments_export_has_its_subscribers(self, emulator, call):
        emulator.add_segment("Nine", subscribers=9)

        answer = call(
            "POST", SUBSCRIPTIONS, json={"segment_name": "Nine", "include_unsubscribed": True}
        )

        assert emulator.export(answer.json()["csv_file_url"]).content.count == 9

    @pytest.mark.parametrize(
        ("body", "message"),
        [
            ({"colour": 1}, "colour is not a known parameter"),
            ({"segment_name": None}, "segment_name must not be null"),
            ({"extra_fields": "ip"}, "must be an array of strings"),
            ({"extra_fields": [1]}, "must be an array of strings"),
            ({"extra_fields": ["external_id"]}, "unknown field: external_id"),
            ({"last_active_since": 1469392779}, "must be a string"),
            ({"last_active_since": "yesterday"}, "must be a unix timestamp"),
            ({"segment_name": "Nobody"}, "Segment not found: Nobody"),
            ({"segment_name": 3}, "segment_name must be a string"),
            ({"include_unsubscribed": True}, "requires segment_name"),
            ({"segment_name": "Active Users", "include_unsubscribed": "yes"}, "must be a boolean"),
        ],
    )
    def test_other_bodies_are_refused_and_start_nothing(self, emulator, call, body, message):
        answer = call("POST", SUBSCRIPTIONS, json=body)

        assert answer.status_code == 400
        assert message in answer.json()["errors"][0]
        assert emulator.exports == []


class TestEvents:
    def test_the_url_names_message_and_channel(self, emulator, call):
        url = call("POST", EVENTS).json()["csv_file_url"]

        assert re.search(
            rf"events_audience-activity-{emulator.message_id}-push-"
            r"\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d[AP]MUTC\.csv\.gz$",
            url,
        )

    @pytest.mark.parametrize(
        ("message", "status"), [("not-a-uuid", 400), (UNKNOWN, 404)], ids=["malformed", "unknown"]
    )
    def test_a_message_that_is_not_there_is_refused(self, call, message, status):
        answer = call("POST", f"/notifications/{message}/export_events?app_id={{app}}")

        assert answer.status_code == status

    def test_activity_is_purged_after_30_days(self, emulator, call):
        emulator.advance(30 * DAY - 60)
        assert call("POST", EVENTS).status_code == 200

        emulator.advance(120)
        purged = call("POST", EVENTS)

        assert (purged.status_code, purged.json()) == (404, {"errors": [errors.NO_MESSAGE]})


class TestMessageHistory:
    def test_the_file_is_plain_csv_under_destination_url(self, emulator, call):
        answer = call("POST", HISTORY, json={"app_id": emulator.app_id, "events": "clicked"})
        body = answer.json()
        file = requests.get(body["destination_url"], timeout=10)

        assert (answer.status_code, body["success"]) == (202, True)
        assert file.headers["Content-Type"] == "text/csv"
        assert len(lines(file.content)) == 21

    def test_its_status_can_be_the_other_one(self, emulator, call):
        emulator.settings.statuses = {"message_history": 200}

        answer = call("POST", HISTORY, json={"app_id": emulator.app_id, "events": "sent"})

        assert answer.status_code == 200

    @pytest.mark.parametrize(
        ("change", "status", "message"),
        [
            ({"events": "opened"}, 400, "param `events` must be"),
            ({"events": None}, 400, "must not be null"),
            ({"email": "nobody"}, 400, "param `email` must be a valid email"),
            ({"app_id": "x"}, 400, errors.NO_APP_ID),
            ({"id": "x"}, 400, "id is not a known parameter"),
        ],
    )
    def test_other_bodies_are_refused(self, emulator, call, change, status, message):
        body = {"app_id": emulator.app_id, "events": "sent", **change}

        answer = call("POST", HISTORY, json=body)

        assert answer.status_code == status
        assert message in answer.json()["errors"][0]

    def test_it_is_there_for_7_days(self, emulator, call):
        body = {"app_id": emulator.app_id, "events": "sent"}
        emulator.advance(7 * DAY - 60)
        assert call("POST", HISTORY, json=body).status_code == 202

        emulator.advance(120)
        answer = call("POST", HISTORY, json=body)

        assert answer.json() == {"errors": [errors.NOTIFICATION_NOT_FOUND]}

    def test_it_needs_its_setting_before_the_message_was_sent(self, emulator, call):
        message = emulator.add_message(history=False)

        answer = call(
            "POST",
            f"/notifications/{message.id}/history",
            json={"app_id": emulator.app_id, "events": "sent"},
        )

        assert answer.status_code == 403


class TestSlot:
    @pytest.fixture(autouse=True)
    def slow_exports(self, emulator):
        emulator.settings.ready_after = 100

    @pytest.mark.parametrize("second", [SUBSCRIPTIONS, EVENTS])
    def test_one_export_at_a_time_for_the_whole_account(self, emulator, call, second):
        other = emulator.add_app()
        call("POST", SUBSCRIPTIONS)

        refused = call("POST", second)
        other_app = call(
            "POST",
            f"/players/csv_export?app_id={other.id}",
            headers={"Authorization": f"Key {other.api_key}"},
        )

        assert (refused.status_code, refused.json()) == (400, {"errors": [errors.EXPORT_RUNNING]})
        assert other_app.json() == refused.json()

    def test_the_slot_is_free_once_the_file_is_there(self, emulator, call):
        call("POST", SUBSCRIPTIONS)
        emulator.advance(101)

        assert call("POST", SUBSCRIPTIONS).status_code == 200

    def test_an_export_nobody_polls_holds_the_slot_until_it_is_finished(self, emulator, call):
        emulator.settings.ready_after, emulator.settings.ready_after_polls = 0, 3
        url = call("POST", SUBSCRIPTIONS).json()["csv_file_url"]
        assert call("POST", SUBSCRIPTIONS).status_code == 400

        emulator.finish_exports()

        assert requests.get(url, timeout=10).status_code == 200
        assert call("POST", SUBSCRIPTIONS).status_code == 200

    def test_a_file_that_expired_unread_holds_nothing(self, emulator, call):
        emulator.settings.ready_after_polls = 3
        call("POST", SUBSCRIPTIONS)
        emulator.advance(3 * DAY)

        assert call("POST", SUBSCRIPTIONS).status_code == 200

    @pytest.mark.parametrize("status", [200, 403, 409, 429])
    def test_the_status_of_the_refusal_can_be_chosen(self, emulator, call, status):
        emulator.settings.busy_status = status
        emulator.occupy(50)

        answer = call("POST", SUBSCRIPTIONS)

        assert (answer.status_code, answer.json()) == (status, {"errors": [errors.EXPORT_RUNNING]})

    def test_somebody_elses_export_ends(self, emulator, call):
        emulator.occupy(50)
        emulator.advance(51)

        assert call("POST", SUBSCRIPTIONS).status_code == 200

    def test_a_message_history_takes_no_slot(self, emulator, call):
        body = {"app_id": emulator.app_id, "events": "sent"}
        call("POST", HISTORY, json=body)

        assert call("POST", SUBSCRIPTIONS).status_code == 200
        assert call("POST", HISTORY, json=body).status_code == 202
