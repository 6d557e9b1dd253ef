"""OneSignal's operations, one row each: the table that the generic tests run over."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib import import_module
from typing import Any

APP_ID = "8458af75-4da2-4ecf-afb5-f242a8926cc3"
MESSAGE_ID = "b6b326a8-40aa-13e5-b91b-bf8bc3fa26f7"
SEGMENT_ID = "7ed2887d-bd24-4a81-8220-4b256a08ab19"
FILE_URL = "https://files.example.com/csv_exports/8458af75/users_0123456789abcdef_2026-11-01.csv.gz"
FILTERS = [{"field": "session_count", "relation": ">", "value": "5"}]
APP = f"/apps/{APP_ID}"


@dataclass(frozen=True, kw_only=True)
class Operation:
    """
    One operation of OneSignal's API.

    :param name: as OneSignal's reference, the hook and the emulator name it
    :param args: positional arguments of the hook's method
    :param kwargs: keyword arguments of the hook's method
    :param wire: method and path of the request it makes
    :param params: query parameters of that request
    :param json: its body
    :param answer: a good response
    :param value: what the hook makes of that
    :param operator: module and class of the operator, below the package
    :param parameters: parameters of the operator
    :param sdk: makes the same call with OneSignal's official SDK; None where it has none
    """

    name: str
    args: Sequence[Any] = ()
    kwargs: Mapping[str, Any] = field(default_factory=dict)
    wire: tuple[str, str]
    params: Mapping[str, Any] = field(default_factory=dict)
    json: Any = None
    answer: Any
    value: Any
    operator: str | None = None
    parameters: Mapping[str, Any] = field(default_factory=dict)
    sdk: Callable[[Any], Any] | None = None

    def call(self, hook: Any) -> Any:
        """Call the hook's method; of an iterator, return all it holds."""
        value = getattr(hook, self.name)(*self.args, **self.kwargs)
        return list(value) if hasattr(value, "__next__") else value

    def operator_class(self) -> Any:
        """Import the operator."""
        assert self.operator is not None
        module, _, name = self.operator.partition(":")
        return getattr(import_module(f"airflow_provider_onesignal.{module}"), name)


def _model(place: str, /, **fields: Any) -> Any:
    """Return a model of the SDK, of a class such as ``segment:Segment``."""
    module, _, name = place.partition(":")
    return getattr(import_module(f"onesignal.model.{module}"), name)(**fields)


OPERATIONS = (
    Operation(
        name="create_segment",
        kwargs={"name": "Gold", "filters": FILTERS, "segment_id": SEGMENT_ID},
        wire=("POST", f"{APP}/segments"),
        json={"name": "Gold", "filters": FILTERS, "id": SEGMENT_ID},
        answer={"success": True, "id": SEGMENT_ID},
        value=SEGMENT_ID,
        operator="operators.segment:OneSignalCreateSegmentOperator",
        parameters={"name": "Gold", "filters": FILTERS},
        sdk=lambda sdk: sdk.create_segment(
            APP_ID,
            segment=_model(
                "segment:Segment",
                name="Gold",
                filters=[_model("filter:Filter", **FILTERS[0])],
                id=SEGMENT_ID,
            ),
        ),
    ),
    Operation(
        name="view_segments",
        wire=("GET", f"{APP}/segments"),
        params={"offset": 0, "limit": 300},
        answer={"total_count": 1, "segments": [{"id": SEGMENT_ID, "name": "Gold"}]},
        value=[{"id": SEGMENT_ID, "name": "Gold"}],
        sdk=lambda sdk: sdk.get_segments(APP_ID, offset=0, limit=300),
    ),
    Operation(
        name="view_segment",
        args=(SEGMENT_ID,),
        wire=("GET", f"{APP}/segments/{SEGMENT_ID}"),
        params={"include-segment-detail": "true"},
        answer={"subscriber_count": 7, "payload": {"id": SEGMENT_ID, "name": "Gold"}},
        value={"id": SEGMENT_ID, "name": "Gold", "subscriber_count": 7},
        sdk=lambda sdk: sdk.get_segment(APP_ID, SEGMENT_ID, include_segment_detail=True),
    ),
    Operation(
        name="update_segment",
        args=(SEGMENT_ID,),
        kwargs={"name": "Gold", "description": ""},
        wire=("PATCH", f"{APP}/segments/{SEGMENT_ID}"),
        json={"name": "Gold", "description": ""},
        answer={"success": True, "id": SEGMENT_ID},
        value=SEGMENT_ID,
        operator="operators.segment:OneSignalUpdateSegmentOperator",
        parameters={"segment_id": SEGMENT_ID, "name": "Gold"},
        sdk=lambda sdk: sdk.update_segment(
            APP_ID,
            SEGMENT_ID,
            update_segment_request=_model(
                "update_segment_request:UpdateSegmentRequest", name="Gold", description=""
            ),
        ),
    ),
    Operation(
        name="delete_segment",
        args=(SEGMENT_ID,),
        wire=("DELETE", f"{APP}/segments/{SEGMENT_ID}"),
        answer={"success": True},
        value=None,
        operator="operators.segment:OneSignalDeleteSegmentOperator",
        parameters={"segment_id": SEGMENT_ID},
        sdk=lambda sdk: sdk.delete_segment(APP_ID, SEGMENT_ID),
    ),
    Operation(
        name="create_user",
        kwargs={"identity": {"external_id": "42"}, "properties": {"language": "de"}},
        wire=("POST", f"{APP}/users"),
        json={"identity": {"external_id": "42"}, "properties": {"language": "de"}},
        answer={"identity": {"external_id": "42", "onesignal_id": MESSAGE_ID}},
        value={"identity": {"external_id": "42", "onesignal_id": MESSAGE_ID}},
        operator="operators.user:OneSignalCreateUserOperator",
        parameters={"identity": {"external_id": "42"}},
        sdk=lambda sdk: sdk.create_user(
            APP_ID,
            user=_model(
                "user:User",
                identity={"external_id": "42"},
                properties=_model("properties_object:PropertiesObject", language="de"),
            ),
        ),
    ),
    Operation(
        name="view_user",
        args=("external_id", "anna@example.com"),
        wire=("GET", f"{APP}/users/by/external_id/anna%40example.com"),
        answer={"identity": {"onesignal_id": MESSAGE_ID}},
        value={"identity": {"onesignal_id": MESSAGE_ID}},
        sdk=lambda sdk: sdk.get_user(APP_ID, "external_id", "anna@example.com"),
    ),
    Operation(
        name="update_user",
        args=("external_id", "42"),
        kwargs={"properties": {"language": "de"}},
        wire=("PATCH", f"{APP}/users/by/external_id/42"),
        json={"properties": {"language": "de"}},
        answer={"properties": {"language": "de"}},
        value=None,
        sdk=lambda sdk: sdk.update_user(
            APP_ID,
            "external_id",
            "42",
            _model(
                "update_user_request:UpdateUserRequest",
                properties=_model("properties_object:PropertiesObject", language="de"),
            ),
        ),
    ),
    Operation(
        name="delete_user",
        args=("external_id", "anna@example.com"),
        wire=("DELETE", f"{APP}/users/by/external_id/anna%40example.com"),
        answer={},
        value=None,
        operator="operators.user:OneSignalDeleteUserOperator",
        parameters={"alias_id": "42"},
        sdk=lambda sdk: sdk.delete_user(APP_ID, "external_id", "anna@example.com"),
    ),
    Operation(
        name="export_subscriptions",
        kwargs={"extra_fields": ["country"], "segment_name": "Gold"},
        wire=("POST", "/players/csv_export"),
        params={"app_id": APP_ID},
        json={"extra_fields": ["country"], "segment_name": "Gold"},
        answer={"csv_file_url": FILE_URL},
        value=FILE_URL,
        operator="operators.export:OneSignalExportSubscriptionsOperator",
        parameters={},
        sdk=lambda sdk: sdk.export_subscriptions(
            APP_ID,
            export_subscriptions_request_body=_model(
                "export_subscriptions_request_body:ExportSubscriptionsRequestBody",
                extra_fields=["country"],
                segment_name="Gold",
            ),
        ),
    ),
    Operation(
        name="export_events",
        args=(MESSAGE_ID,),
        wire=("POST", f"/notifications/{MESSAGE_ID}/export_events"),
        params={"app_id": APP_ID},
        answer={"csv_file_url": FILE_URL},
        value=FILE_URL,
        operator="operators.export:OneSignalExportEventsOperator",
        parameters={"message_id": MESSAGE_ID},
        sdk=lambda sdk: sdk.export_events(MESSAGE_ID, app_id=APP_ID),
    ),
    Operation(
        name="message_history",
        args=(MESSAGE_ID,),
        kwargs={"events": "clicked", "email": "me@example.com"},
        wire=("POST", f"/notifications/{MESSAGE_ID}/history"),
        json={"app_id": APP_ID, "events": "clicked", "email": "me@example.com"},
        answer={"success": True, "destination_url": FILE_URL},
        value=FILE_URL,
        operator="operators.export:OneSignalExportMessageHistoryOperator",
        parameters={"message_id": MESSAGE_ID, "events": "sent"},
        sdk=lambda sdk: sdk.get_notification_history(
            MESSAGE_ID,
            _model(
                "get_notification_history_request_body:GetNotificationHistoryRequestBody",
                events="clicked",
                email="me@example.com",
                app_id=APP_ID,
            ),
        ),
    ),
    Operation(
        name="view_outcomes",
        kwargs={
            "outcome_names": ["os__click.count", "Sales.sum"],
            "outcome_time_range": "1d",
            "outcome_platforms": [0, 1],
        },
        wire=("GET", f"{APP}/outcomes"),
        params={
            "outcome_names": "os__click.count,Sales.sum",
            "outcome_time_range": "1d",
            "outcome_platforms": "0,1",
        },
        answer={"outcomes": [{"id": "os__click", "value": 4, "aggregation": "count"}]},
        value=[{"id": "os__click", "value": 4, "aggregation": "count"}],
        operator="operators.outcomes:OneSignalGetOutcomesOperator",
        parameters={"outcome_names": "os__click.count", "outcome_time_range": "1d"},
        sdk=lambda sdk: sdk.get_outcomes(
            APP_ID,
            "os__click.count,Sales.sum",
            outcome_time_range="1d",
            outcome_platforms="0,1",
        ),
    ),
    Operation(
        name="send_message",
        args=({"target_channel": "push", "contents": {"en": "Hi"}, "included_segments": ["Gold"]},),
        kwargs={"idempotency_key": SEGMENT_ID},
        wire=("POST", "/notifications"),
        json={
            "app_id": APP_ID,
            "target_channel": "push",
            "contents": {"en": "Hi"},
            "included_segments": ["Gold"],
            "idempotency_key": SEGMENT_ID,
        },
        answer={"id": MESSAGE_ID, "external_id": SEGMENT_ID},
        value={"id": MESSAGE_ID, "external_id": SEGMENT_ID, "replayed": False},
        sdk=lambda sdk: sdk.create_notification(
            _model(
                "notification:Notification",
                app_id=APP_ID,
                target_channel="push",
                contents=_model("language_string_map:LanguageStringMap", en="Hi"),
                included_segments=["Gold"],
                idempotency_key=SEGMENT_ID,
            )
        ),
    ),
    Operation(
        name="view_message",
        args=(MESSAGE_ID,),
        wire=("GET", f"/notifications/{MESSAGE_ID}"),
        params={"app_id": APP_ID},
        answer={"id": MESSAGE_ID, "successful": 7},
        value={"id": MESSAGE_ID, "successful": 7},
        sdk=lambda sdk: sdk.get_notification(APP_ID, MESSAGE_ID),
    ),
    Operation(
        name="view_messages",
        kwargs={"since": datetime(2026, 11, 1, tzinfo=UTC), "kind": 1, "interval": 0.0},
        wire=("GET", "/notifications"),
        params={
            "app_id": APP_ID,
            "limit": 50,
            "kind": 1,
            "time_offset": "2026-10-31T23:59:59.999Z",
        },
        answer={"notifications": []},
        value=[],
        sdk=lambda sdk: sdk.get_notifications(
            APP_ID, limit=50, kind=1, time_offset="2026-10-31T23:59:59.999Z"
        ),
    ),
    Operation(
        name="cancel_message",
        args=(MESSAGE_ID,),
        wire=("DELETE", f"/notifications/{MESSAGE_ID}"),
        params={"app_id": APP_ID},
        answer={"success": True},
        value=None,
        sdk=lambda sdk: sdk.cancel_notification(APP_ID, MESSAGE_ID),
    ),
    Operation(
        name="create_custom_events",
        args=([{"name": "bought", "external_id": "42"}],),
        wire=("POST", f"{APP}/custom_events"),
        json={"events": [{"name": "bought", "external_id": "42"}]},
        answer={},
        value=[],
        sdk=lambda sdk: sdk.create_custom_events(
            APP_ID,
            _model(
                "custom_events_request:CustomEventsRequest",
                events=[_model("custom_event:CustomEvent", name="bought", external_id="42")],
            ),
        ),
    ),
)


def by_name(each: Operation) -> str:
    """Return what pytest calls a row."""
    return each.name
