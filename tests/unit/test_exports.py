"""The exports as request objects."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any, cast
from uuid import UUID

import pendulum
import pytest
from airflow.providers.common.compat.sdk import DAG

from airflow_provider_onesignal.exceptions import OneSignalValidationError
from airflow_provider_onesignal.export_run import StartedExport
from airflow_provider_onesignal.exports import (
    EventsExport,
    ExportRequest,
    MessageHistoryExport,
    SubscriptionsExport,
)
from tests.unit.fakes import APP_ID, URL

MESSAGE = "b6b326a8-40aa-13e5-b91b-bf8bc3fa26f7"


def test_what_is_not_set_is_not_sent():
    # OneSignal reads a null as a value.
    request = SubscriptionsExport().api_request(APP_ID)

    assert (request.path, request.params, request.json) == (
        "/players/csv_export",
        {"app_id": APP_ID},
        {},
    )


@pytest.mark.parametrize(
    ("value", "sent"),
    [
        (1793000000, "1793000000"),
        (1793000000.9, "1793000000"),
        (0, "0"),
        (" 1793000000 ", "1793000000"),
        (datetime(2026, 11, 1, tzinfo=UTC), "1793491200"),
        (datetime(2026, 11, 1, 1, tzinfo=timezone(timedelta(hours=1))), "1793491200"),
        (pendulum.datetime(2026, 11, 1), "1793491200"),
        ("2026-11-01", "1793491200"),
        (" 2026-11-01T00:00:00Z ", "1793491200"),
        ("20261101T000000", "1793491200"),
        ("2026-11-01T00:00:00+00:00", "1793491200"),
        ("2026-11-01T01:00:00+01:00", "1793491200"),
    ],
)
def test_a_point_in_time_is_sent_as_unix_seconds_in_a_text(value, sent):
    request = SubscriptionsExport(last_active_since=value).api_request(APP_ID)

    assert request.json == {"last_active_since": sent}


@pytest.mark.parametrize(
    "value",
    [
        datetime(2026, 11, 1),  # noqa: DTZ001
        "",
        "None",
        "yesterday",
        "now",
        "12:00",
        "P1D",
        "2026-01-01/2026-02-01",
        "20261101",
        -1,
        1700000000000,
        202611010000,
        True,
        float("nan"),
        float("inf"),
        1e300,
        b"2026-11-01",
        [1],
        {},
    ],
    ids=repr,
)
def test_what_is_no_point_in_time_is_refused(value):
    with pytest.raises(OneSignalValidationError, match="last_active_since"):
        SubscriptionsExport(last_active_since=value).api_request(APP_ID)


@pytest.mark.parametrize(
    ("value", "sent"), [(True, True), (False, False), ("True", True), (" false ", False)]
)
def test_a_flag_may_come_out_of_a_template(value, sent):
    request = SubscriptionsExport(segment_name="s", include_unsubscribed=value).api_request(APP_ID)

    assert request.json == {"segment_name": "s", "include_unsubscribed": sent}


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"include_unsubscribed": True}, "only together with segment_name"),
        ({"include_unsubscribed": "maybe", "segment_name": "s"}, "must be True or False"),
        ({"include_unsubscribed": 1, "segment_name": "s"}, "must be True or False"),
        ({"segment_name": " "}, "segment_name"),
        ({"segment_name": 1}, "segment_name"),
        ({"extra_fields": "country"}, "must be a list"),
        ({"extra_fields": "['country']"}, "must be a list of strings.* set render_template_as"),
        ({"extra_fields": ["country", ""]}, r"extra_fields\[1\]"),
    ],
)
def test_what_onesignal_would_refuse_or_misread_is_said_before(fields, text):
    with pytest.raises(OneSignalValidationError, match=text):
        SubscriptionsExport(**fields).api_request(APP_ID)


def test_events_and_history_ask_for_their_message():
    events = EventsExport(MESSAGE.upper()).api_request(APP_ID)
    history = MessageHistoryExport(MESSAGE, "clicked", email="a@example.com").api_request(APP_ID)

    assert events.path == f"/notifications/{MESSAGE}/export_events"
    assert history.path == f"/notifications/{MESSAGE}/history"
    assert history.json == {"app_id": APP_ID, "events": "clicked", "email": "a@example.com"}


@pytest.mark.parametrize("email", ["", "None", "somebody", "a@b.com, c@d.com", ["a@b.com"], 7])
def test_an_email_that_is_no_address_is_refused_and_not_repeated(email):
    with pytest.raises(OneSignalValidationError, match="email must be one address") as refusal:
        MessageHistoryExport(MESSAGE, "sent", email=email).api_request(APP_ID)

    assert "somebody" not in str(refusal.value)
    assert "b.com" not in str(refusal.value)


def test_blanks_around_an_email_are_no_part_of_it():
    request = MessageHistoryExport(MESSAGE, "sent", email=" a@example.com\n").api_request(APP_ID)

    assert request.json["email"] == "a@example.com"


def test_the_address_of_a_history_comes_under_another_name():
    assert MessageHistoryExport.url_field == "destination_url"
    assert SubscriptionsExport.url_field == EventsExport.url_field == "csv_file_url"


@pytest.mark.parametrize(
    "export",
    [
        EventsExport("../x"),
        EventsExport(cast(Any, None)),
        MessageHistoryExport("x", "sent"),
        MessageHistoryExport(MESSAGE, "opened"),
        MessageHistoryExport(MESSAGE, cast(Any, None)),
    ],
    ids=repr,
)
def test_a_wrong_message_or_event_is_refused(export):
    with pytest.raises(OneSignalValidationError):
        export.api_request(APP_ID)


@pytest.mark.parametrize(
    "export",
    [SubscriptionsExport(), EventsExport(MESSAGE), MessageHistoryExport(MESSAGE, "sent")],
)
def test_every_field_can_be_a_template(export):
    assert set(export.template_fields) == set(vars(export))


def test_the_list_of_rendered_templates_shows_the_fields_that_are_set():
    shown = SubscriptionsExport(
        segment_name="s", last_active_since=datetime(2026, 11, 1, tzinfo=UTC)
    ).serialize()

    assert json.loads(json.dumps(shown)) == {
        "export": "SubscriptionsExport",
        "segment_name": "s",
        "last_active_since": "2026-11-01 00:00:00+00:00",
    }


@pytest.mark.parametrize(
    ("export", "shown"),
    [
        (EventsExport(cast(Any, UUID(MESSAGE))), {"message_id": MESSAGE}),
        (
            SubscriptionsExport(extra_fields=cast(Any, {"ip", "country"})),
            {"extra_fields": ["country", "ip"]},
        ),
        (SubscriptionsExport(extra_fields=("ip",)), {"extra_fields": ["ip"]}),
    ],
    ids=["UUID", "set", "tuple"],
)
def test_whatever_may_be_exported_can_be_shown(export, shown):
    expected = {"export": type(export).__name__, **shown}

    assert export.serialize() == expected
    assert json.loads(str(export)) == expected


@pytest.mark.parametrize(
    ("export", "dataset"),
    [
        (SubscriptionsExport(segment_name="s"), "subscriptions"),
        (EventsExport(MESSAGE), f"messages/{MESSAGE}/events"),
        (EventsExport(f" {MESSAGE.upper()} "), f"messages/{MESSAGE}/events"),
        (MessageHistoryExport(MESSAGE, "sent", "me@example.com"), f"messages/{MESSAGE}/history"),
    ],
)
def test_an_export_names_the_data_it_is_of(export, dataset):
    assert export.dataset() == dataset


def test_airflow_2_which_shows_a_text_is_given_one_that_reads_as_json():
    export = SubscriptionsExport(segment_name="s", extra_fields=["country"])

    assert json.loads(str(export)) == export.serialize()


def test_airflow_renders_the_fields():
    from airflow.providers.common.compat.sdk import BaseOperator

    class Task(BaseOperator):
        template_fields = ("export",)

        def __init__(self, export: ExportRequest, **kwargs):
            super().__init__(**kwargs)
            self.export = export

    task = Task(
        task_id="t",
        export=SubscriptionsExport(segment_name="{{ name }}", extra_fields=["{{ field }}"]),
    )

    task.render_template_fields(cast(Any, {"name": "Active", "field": "country"}))

    assert task.export == SubscriptionsExport(segment_name="Active", extra_fields=["country"])


STARTED = StartedExport(url=URL, started_at=1.5, fingerprint="f")


def test_a_started_export_survives_being_kept():
    assert StartedExport.from_json(json.loads(json.dumps(STARTED.to_json()))) == STARTED


@pytest.mark.parametrize(
    "kept",
    [
        None,
        URL,
        [],
        {},
        {"url": URL},
        STARTED.to_json() | {"url": None},
        STARTED.to_json() | {"started_at": "1.5"},
        STARTED.to_json() | {"fingerprint": 1},
    ],
    ids=repr,
)
def test_anything_else_is_no_started_export(kept):
    assert StartedExport.from_json(kept) is None


@pytest.mark.parametrize("since", ["1700000000000", "99999999999999999999", "202611010000"])
def test_milliseconds_are_not_taken_for_seconds(since):
    with pytest.raises(OneSignalValidationError, match="these look like milliseconds"):
        SubscriptionsExport(last_active_since=since).api_request(APP_ID)


@pytest.mark.parametrize(
    "value",
    [object(), lambda context, jinja_env: "x", {"b", "a"}, datetime(2026, 1, 1, tzinfo=UTC)],
)
@pytest.mark.parametrize("field", SubscriptionsExport.template_fields)
def test_no_field_of_a_request_gives_a_dag_another_hash_at_each_parse(field, value):
    shown = str(SubscriptionsExport(**{field: value}))

    assert " at 0x" not in shown
    assert json.loads(shown)["export"] == "SubscriptionsExport"


def test_a_parameter_of_the_dag_is_shown_by_its_name():
    with DAG("dag", schedule=None, params={"segment": "Gold"}) as dag:
        segment: Any = dag.param("segment")
        export = SubscriptionsExport(segment_name=segment)

    assert export.serialize()["segment_name"] == "{{ params.segment }}"


@pytest.mark.parametrize("value", [20261101, "20261101", 20261101.0])
def test_a_number_that_reads_as_a_date_is_refused(value):
    # {{ ds_nodash }} is such a number with native rendering.
    with pytest.raises(OneSignalValidationError, match="may be a date or seconds"):
        SubscriptionsExport(last_active_since=value).api_request(APP_ID)


def test_a_segment_name_that_a_template_rendered_to_none_is_refused():
    with pytest.raises(OneSignalValidationError, match="a template rendered to it"):
        SubscriptionsExport(segment_name="None").api_request(APP_ID)


def test_the_day_of_a_run_in_the_zone_of_its_dag_is_what_the_guide_says():
    from jinja2 import Template

    page = (Path(__file__).parents[2] / "docs/guides/nightly-export.md").read_text()
    expression = page.split("```jinja\n")[1].split("\n```")[0]
    with DAG(
        "d", schedule="@daily", start_date=pendulum.datetime(2026, 1, 1, tz="Europe/Berlin")
    ) as dag:
        # Midnight of 25 November in Berlin, as Airflow gives it.
        end = pendulum.datetime(2026, 11, 24, 23)

    assert Template(expression).render(data_interval_end=end, dag=dag) == "2026-11-25"
