"""
The exports OneSignal offers, as request objects: what to export, without starting it.

Pass one as ``export=`` of a transfer to have the whole job done in one task.
"""

from __future__ import annotations

import json
import re
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar

from airflow_provider_onesignal import checks
from airflow_provider_onesignal.api.request import ApiRequest, path_of
from airflow_provider_onesignal.exceptions import OneSignalValidationError

if TYPE_CHECKING:
    from airflow_provider_onesignal.compat import XComArg

HISTORY_EVENTS = ("sent", "clicked")
_MEMORY_ADDRESS = re.compile(r" at 0x[0-9a-fA-F]+")


class ExportRequest(ABC):
    """Base of the three exports."""

    template_fields: ClassVar[Sequence[str]] = ()
    url_field: ClassVar[str] = "csv_file_url"
    """The field of OneSignal's response that holds the file's URL."""

    @abstractmethod
    def api_request(self, app_id: str) -> ApiRequest:
        """
        Describe the request that starts this export.

        :param app_id: UUID of the app whose data is exported
        :return: the request, without the key
        :raises OneSignalValidationError: a field breaks a rule of OneSignal's
        """

    @abstractmethod
    def dataset(self) -> str:
        """Name the data of the app that is exported, such as "subscriptions"."""

    def about_message(self) -> str | None:
        """Return the id of the message this is about, None if it is about none."""
        return None

    def __str__(self) -> str:
        """Return the fields as JSON, which Airflow 2 shows in its list of rendered templates."""
        return json.dumps(self.serialize(), indent=2)

    def serialize(self) -> dict[str, Any]:
        """
        Return the fields that are set, in the form that :func:`export_request` takes.

        :return: name and value of each, as JSON can hold them, and ``export``: the class's name
        """
        values = {name: getattr(self, name) for name in self.template_fields}
        given = {name: value for name, value in values.items() if value is not None}
        shown = json.dumps({"export": type(self).__name__} | given, default=_as_json)
        return json.loads(shown)  # type: ignore[no-any-return]


@dataclass
class SubscriptionsExport(ExportRequest):
    """
    All subscriptions of the app, or those of a segment, as a gzipped CSV.

    https://documentation.onesignal.com/reference/csv-export

    :param extra_fields: columns beside the default ones, such as ``["country"]``
    :param last_active_since: only subscriptions active since then: a datetime (aware), seconds
        since the epoch, or a string of either (ISO 8601)
    :param segment_name: only this segment (its name, not its id)
    :param include_unsubscribed: with ``segment_name``, also unsubscribed ones; without a segment
        OneSignal always exports all
    """

    extra_fields: Sequence[str] | None = None
    last_active_since: datetime | int | str | None = None
    segment_name: str | None = None
    include_unsubscribed: bool | str | None = None

    template_fields: ClassVar[Sequence[str]] = (
        "extra_fields",
        "last_active_since",
        "segment_name",
        "include_unsubscribed",
    )

    def api_request(self, app_id: str) -> ApiRequest:
        """Describe the request that starts this export."""
        extra = self.extra_fields
        body = {
            "extra_fields": None if extra is None else checks.strings(extra, name="extra_fields"),
            "last_active_since": checks.last_active_since(self.last_active_since),
            "segment_name": _segment_name(self.segment_name),
            "include_unsubscribed": self._include_unsubscribed(),
        }
        return ApiRequest(
            operation="export subscriptions",
            method="POST",
            path=path_of("players", "csv_export"),
            params={"app_id": app_id},
            # OneSignal reads null as a value: a null date changes what an export contains.
            json={name: value for name, value in body.items() if value is not None},
            repeatable=False,
        )

    def dataset(self) -> str:
        """Name the data of the app that is exported."""
        return "subscriptions"

    def _include_unsubscribed(self) -> bool | None:
        if self.include_unsubscribed is None:
            return None
        if self.segment_name is None:
            raise OneSignalValidationError(
                "include_unsubscribed works only together with segment_name: without a segment "
                "OneSignal exports all subscriptions anyway. Leave it out."
            )
        return checks.flag(self.include_unsubscribed, name="include_unsubscribed")


@dataclass
class EventsExport(ExportRequest):
    """
    The audience activity of one message (sent, delivered, clicked ...) as a gzipped CSV.

    OneSignal keeps it for about 30 days.
    https://documentation.onesignal.com/reference/export-csv-of-events

    :param message_id: UUID of the message (string or ``uuid.UUID``), or the output of a task that
        returns one
    """

    message_id: str | XComArg

    template_fields: ClassVar[Sequence[str]] = ("message_id",)

    def api_request(self, app_id: str) -> ApiRequest:
        """Describe the request that starts this export."""
        return ApiRequest(
            operation="export audience events",
            method="POST",
            path=path_of("notifications", self.about_message(), "export_events"),
            params={"app_id": app_id},
            repeatable=False,
        )

    def dataset(self) -> str:
        """Name the data of the app that is exported."""
        return f"messages/{self.about_message()}/events"

    def about_message(self) -> str:
        """Return the id of the message."""
        return checks.uuid(self.message_id, name="message_id")


@dataclass
class MessageHistoryExport(ExportRequest):
    """
    Who was sent a message or clicked it, as a plain CSV.

    Within 7 days of sending, on plans that have it, with "Send History via OneSignal API" switched
    on in the app's settings before the message was sent.
    https://documentation.onesignal.com/reference/message-history

    :param message_id: UUID of the message (string or ``uuid.UUID``), or the output of a task that
        returns one
    :param events: "sent" or "clicked"
    :param email: email address to which OneSignal also sends the file's link; None for no email
    """

    message_id: str | XComArg
    events: str
    email: str | None = None

    template_fields: ClassVar[Sequence[str]] = ("message_id", "events", "email")
    url_field: ClassVar[str] = "destination_url"

    def api_request(self, app_id: str) -> ApiRequest:
        """Describe the request that starts this export."""
        body = {
            "app_id": app_id,
            "events": checks.one_of(self.events, HISTORY_EVENTS, name="events"),
            "email": checks.email_address(self.email, name="email"),
        }
        return ApiRequest(
            operation="message history",
            method="POST",
            path=path_of("notifications", self.about_message(), "history"),
            json={name: value for name, value in body.items() if value is not None},
            repeatable=False,
        )

    def dataset(self) -> str:
        """Name the data of the app that is exported."""
        return f"messages/{self.about_message()}/history"

    def about_message(self) -> str:
        """Return the id of the message."""
        return checks.uuid(self.message_id, name="message_id")


EXPORTS: Mapping[str, type[ExportRequest]] = {
    kind.__name__: kind for kind in (SubscriptionsExport, EventsExport, MessageHistoryExport)
}


def export_request(value: Any) -> ExportRequest:
    """
    Return a request object, also where its fields are given as a mapping.

    :param value: a request object, or a mapping such as
        ``{"export": "EventsExport", "message_id": "..."}``: what YAML or another task can hold
    :raises OneSignalValidationError: it is neither, or the mapping has no export or unknown fields
    """
    if isinstance(value, ExportRequest):
        return value
    if not isinstance(value, Mapping):
        raise OneSignalValidationError(
            "export must be a request object such as SubscriptionsExport(), or a mapping such as "
            f"{{'export': 'SubscriptionsExport'}}, got {type(value).__name__}. To pass what "
            "another task returned, use its .output."
        )
    given = dict(value)
    kind = EXPORTS[checks.one_of(given.pop("export", None), EXPORTS, name="export['export']")]
    known = [field.name for field in fields(kind)]  # type: ignore[arg-type]
    if unknown := sorted(set(map(str, given)) - set(known)):
        raise OneSignalValidationError(
            f"export has no field {unknown[0]!r}: {kind.__name__} takes {', '.join(known)}."
        )
    try:
        return kind(**given)
    except TypeError as error:
        raise OneSignalValidationError(f"export lacks a field: {error}.") from None


def _segment_name(value: Any) -> str | None:
    if value == "None":
        raise OneSignalValidationError(
            "segment_name is the string 'None': a template rendered to it. For all subscriptions "
            "leave segment_name out, or set render_template_as_native_obj=True on the DAG."
        )
    return None if value is None else checks.string(value, name="segment_name")


def _as_json(value: Any) -> Any:
    if isinstance(value, set | frozenset):
        return sorted(value, key=str)
    if type(value).__name__ == "DagParam":
        return f"{{{{ params.{value._name} }}}}"  # noqa: SLF001
    # A memory address would give the DAG another hash at each parse.
    return _MEMORY_ADDRESS.sub("", str(value))
