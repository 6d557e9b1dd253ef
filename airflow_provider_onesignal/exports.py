"""
The exports OneSignal offers, as request objects: what to export, without starting it.

Hand one to a transfer's ``export=`` to have the whole job done in one task.
"""

from __future__ import annotations

import json
from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar

from airflow_provider_onesignal.api import checks, columns, export_checks, operations
from airflow_provider_onesignal.api.request import ApiRequest
from airflow_provider_onesignal.exceptions import OneSignalValidationError

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import XComArg

HISTORY_EVENTS = ("sent", "clicked")


class ExportRequest:
    """Base of the three exports."""

    template_fields: ClassVar[Sequence[str]] = ()
    url_field: ClassVar[str] = "csv_file_url"
    """Where OneSignal's answer holds the file's address."""

    @abstractmethod
    def api_request(self, app_id: str) -> ApiRequest:
        """
        Describe the call that starts this export.

        :param app_id: UUID of the app whose data is exported
        :return: the request, without the key
        :raises OneSignalValidationError: a field breaks a rule of OneSignal's
        """

    @abstractmethod
    def dataset(self) -> str:
        """Name which data of the app this is, such as "subscriptions"."""

    @abstractmethod
    def columns(self) -> Sequence[str]:
        """
        Give the columns of the file.

        :return: their names, in the file's order
        """

    def about_message(self) -> str | None:
        """Give the id of the message this is about, None for none."""
        return None

    def __str__(self) -> str:
        """Show the same to Airflow 2, which makes a text of what is no plain value."""
        return json.dumps(self.serialize(), indent=2)

    def serialize(self) -> dict[str, Any]:
        """
        Show the fields that are set, for Airflow's list of rendered templates.

        :return: name and value of each, as JSON can say them, and ``export``: the name of the class
        """
        values = {name: getattr(self, name) for name in self.template_fields}
        given = {name: value for name, value in values.items() if value is not None}
        shown = json.dumps({"export": type(self).__name__} | given, default=_as_json)
        return json.loads(shown)  # type: ignore[no-any-return]


def _as_json(value: Any) -> Any:
    return sorted(value, key=str) if isinstance(value, set | frozenset) else str(value)


@dataclass
class SubscriptionsExport(ExportRequest):
    """
    All subscriptions of the app, or those of a segment, as a gzipped CSV.

    https://documentation.onesignal.com/reference/csv-export

    :param extra_fields: columns beside the default ones, as ``["external_user_id", "country"]``
    :param last_active_since: only subscriptions active since then: a datetime (aware), seconds
        since the epoch, or a text of either (ISO 8601)
    :param segment_name: only this segment (its name, not its id)
    :param include_unsubscribed: with ``segment_name``, also those unsubscribed; without a segment
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
        """Describe the call that starts this export."""
        fields = self.extra_fields
        segment = self.segment_name
        return operations.export_subscriptions(
            app_id,
            extra_fields=None if fields is None else checks.texts(fields, name="extra_fields"),
            last_active_since=export_checks.last_active_since(self.last_active_since),
            segment_name=None if segment is None else checks.text(segment, name="segment_name"),
            include_unsubscribed=self._include_unsubscribed(),
        )

    def dataset(self) -> str:
        """Name which data of the app this is."""
        return "subscriptions"

    def columns(self) -> Sequence[str]:
        """Give the columns of the file."""
        extra = () if self.extra_fields is None else self.extra_fields
        return (*columns.SUBSCRIPTIONS, *checks.texts(extra, name="extra_fields"))

    def _include_unsubscribed(self) -> bool | None:
        value = export_checks.boolean(self.include_unsubscribed, name="include_unsubscribed")
        if value is not None and self.segment_name is None:
            raise OneSignalValidationError(
                "include_unsubscribed works only together with segment_name: "
                "without a segment OneSignal exports all subscriptions anyway. Leave it out."
            )
        return value


@dataclass
class EventsExport(ExportRequest):
    """
    The audience activity of one message (sent, delivered, clicked ...) as a gzipped CSV.

    OneSignal keeps it about 30 days.
    https://documentation.onesignal.com/reference/export-csv-of-events

    :param message_id: UUID of the message (text or ``uuid.UUID``), or another task's output that
        is one
    """

    message_id: str | XComArg

    template_fields: ClassVar[Sequence[str]] = ("message_id",)

    def api_request(self, app_id: str) -> ApiRequest:
        """Describe the call that starts this export."""
        return operations.export_events(app_id, checks.uuid(self.message_id, name="message_id"))

    def dataset(self) -> str:
        """Name which data of the app this is."""
        return f"messages/{checks.uuid(self.message_id, name='message_id')}/events"

    def columns(self) -> Sequence[str]:
        """Give the columns of the file."""
        return columns.EVENTS

    def about_message(self) -> str:
        """Give the id of the message."""
        return str(self.message_id)


@dataclass
class MessageHistoryExport(ExportRequest):
    """
    Who was sent a message or clicked it, as a plain CSV.

    Within 7 days of sending, on plans that have it, with "Send History via OneSignal API" switched
    on in the app's settings before the message was sent.
    https://documentation.onesignal.com/reference/message-history

    :param message_id: UUID of the message (text or ``uuid.UUID``), or another task's output that
        is one
    :param events: "sent" or "clicked"
    :param email: address OneSignal also mails the file's link to; None for no mail
    """

    message_id: str | XComArg
    events: str
    email: str | None = None

    template_fields: ClassVar[Sequence[str]] = ("message_id", "events", "email")
    url_field: ClassVar[str] = "destination_url"

    def api_request(self, app_id: str) -> ApiRequest:
        """Describe the call that starts this export."""
        return operations.message_history(
            app_id,
            checks.uuid(self.message_id, name="message_id"),
            events=checks.one_of(self.events, HISTORY_EVENTS, name="events"),
            email=export_checks.address(self.email, name="email"),
        )

    def dataset(self) -> str:
        """Name which data of the app this is."""
        return f"messages/{checks.uuid(self.message_id, name='message_id')}/history"

    def columns(self) -> Sequence[str]:
        """Give the columns of the file."""
        return columns.HISTORY

    def about_message(self) -> str:
        """Give the id of the message."""
        return str(self.message_id)


@dataclass(frozen=True, kw_only=True)
class StartedExport:
    """
    An export OneSignal is working on, or has finished.

    :param url: address of its file, which opens personal data to whoever has it
    :param started_at: seconds since the epoch
    :param fingerprint: of the request that started it
    """

    url: str
    started_at: float
    fingerprint: str

    def to_json(self) -> dict[str, Any]:
        """Give what Airflow can keep."""
        return {"url": self.url, "started_at": self.started_at, "fingerprint": self.fingerprint}

    @classmethod
    def from_json(cls, kept: Any) -> StartedExport | None:
        """Read back what ``to_json`` gave; None for anything else."""
        match kept:
            case {"url": str(url), "started_at": int() | float() as at, "fingerprint": str(mark)}:
                return cls(url=url, started_at=float(at), fingerprint=mark)
            case _:
                return None
