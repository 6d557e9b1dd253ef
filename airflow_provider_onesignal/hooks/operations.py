"""The API's operations as methods, each named as OneSignal's reference names it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from airflow_provider_onesignal.api import checks, operations
from airflow_provider_onesignal.api.answers import list_of, object_of, text_of, url_of
from airflow_provider_onesignal.api.request import ApiRequest
from airflow_provider_onesignal.exceptions import OneSignalServerError

_MOST_PAGES = 1000


class ApiOperations(ABC):
    """One method an operation; what sends them is the hook's."""

    @property
    @abstractmethod
    def app_id(self) -> str:
        """UUID of the app."""

    @abstractmethod
    def call(self, request: ApiRequest) -> dict[str, Any]:
        """
        Send a request.

        :param request: described by ``api.operations``
        :return: the answer's JSON object
        :raises OneSignalError: of the type that fits
        """

    def create_segment(
        self,
        *,
        name: str,
        filters: Sequence[Mapping[str, Any]],
        description: str | None = None,
        segment_id: str | None = None,
    ) -> str:
        """
        Create a segment and give its id.

        https://documentation.onesignal.com/reference/create-segments

        :param name: up to 128 characters, no other segment's
        :param filters: 1 to 200 filters and operators
        :param description: up to 255 characters
        :param segment_id: UUID it is to have; None lets OneSignal choose
        :return: the segment's id
        :raises OneSignalConflictError: there is a segment of this id or name
        :raises OneSignalPlanError: the plan has no segment API, or no more segments
        """
        request = operations.create_segment(
            self.app_id,
            name=name,
            filters=filters,
            description=description,
            segment_id=segment_id,
        )
        return text_of(request, self.call(request), "id")

    def view_segments(self) -> Iterator[dict[str, Any]]:
        """
        Give all segments of the app, page by page.

        https://documentation.onesignal.com/reference/view-segments

        :return: dicts with id, name, description, created_at (ISO 8601) ..., the oldest first; a
            page of 300 is asked for when it is needed
        :raises OneSignalServerError: the pages repeat, or do not end
        """
        offset, before = 0, None
        for _ in range(_MOST_PAGES):
            request = operations.view_segments(self.app_id, offset=offset)
            page = list_of(request, self.call(request), "segments")
            if page and page == before:
                break
            yield from page
            if len(page) < operations.SEGMENTS_PER_PAGE:
                return
            offset, before = offset + len(page), page
        raise OneSignalServerError(
            f"OneSignal's list of segments does not end after {offset}: its pages repeat, or are "
            "too many. Check that the connection's host is OneSignal's API."
        )

    def view_segment(self, segment_id: str) -> dict[str, Any]:
        """
        Give a segment with its filters.

        https://documentation.onesignal.com/reference/view-segment

        :param segment_id: UUID of the segment
        :return: id, name, description, filters, source, created_at (seconds since the epoch),
            subscriber_count
        :raises OneSignalNotFoundError: there is none of this id
        """
        request = operations.view_segment(self.app_id, segment_id)
        body = self.call(request)
        return {
            **object_of(request, body, "payload"),
            "subscriber_count": body.get("subscriber_count"),
        }

    def update_segment(
        self,
        segment_id: str,
        *,
        name: str,
        filters: Sequence[Mapping[str, Any]] | None = None,
        description: str | None = None,
    ) -> str:
        """
        Update a segment and give its id.

        https://documentation.onesignal.com/reference/update-segment

        :param segment_id: UUID of the segment
        :param name: up to 128 characters; OneSignal always wants it, changed or not
        :param filters: in place of all it has; None leaves them
        :param description: up to 255 characters, an empty one clears it; None leaves it
        :return: the segment's id
        :raises OneSignalNotFoundError: there is none of this id
        :raises OneSignalConflictError: another segment has this name
        """
        request = operations.update_segment(
            self.app_id, segment_id, name=name, filters=filters, description=description
        )
        return text_of(request, self.call(request), "id")

    def delete_segment(self, segment_id: str) -> None:
        """
        Delete a segment; its users stay.

        https://documentation.onesignal.com/reference/delete-segments

        :param segment_id: UUID of the segment
        :raises OneSignalNotFoundError: there is none of this id
        """
        self.call(operations.delete_segment(self.app_id, segment_id))

    def create_user(
        self,
        *,
        identity: Mapping[str, str] | None = None,
        properties: Mapping[str, Any] | None = None,
        subscriptions: Sequence[Mapping[str, Any]] | None = None,
    ) -> dict[str, Any]:
        """
        Create a user, or update the one who has the aliases, and give what OneSignal answers.

        https://documentation.onesignal.com/reference/create-user

        :param identity: alias label and id, such as ``{"external_id": "42"}``; up to 20 beside
            external_id
        :param properties: tags (flat), language, country, lat, long (degrees), last_active (seconds
            since the epoch) ...
        :param subscriptions: up to 20, each with type and token, taken from another user who has it
        :return: identity (with onesignal_id), properties, subscriptions
        :raises OneSignalConflictError: the aliases belong to several users, named in the text
        """
        request = operations.create_user(
            self.app_id, identity=identity, properties=properties, subscriptions=subscriptions
        )
        body = self.call(request)
        text_of(request, object_of(request, body, "identity"), "onesignal_id")
        return body

    def export_subscriptions(
        self,
        *,
        extra_fields: Sequence[str] | None = None,
        last_active_since: str | None = None,
        segment_name: str | None = None,
        include_unsubscribed: bool | None = None,
    ) -> str:
        """
        Start the export of subscriptions and give the URL at which its file will appear.

        https://documentation.onesignal.com/reference/csv-export

        :param extra_fields: columns beside the default ones
        :param last_active_since: only subscriptions active since then: seconds since the epoch, as
            a text
        :param segment_name: only this segment (its name, not its id)
        :param include_unsubscribed: with ``segment_name``, also those unsubscribed
        :return: the URL, which opens personal data for three days to whoever has it
        :raises OneSignalValidationError: ``extra_fields`` is no list of texts; nothing was sent
        :raises OneSignalExportInProgressError: another export of the account is running
        """
        # A text would be taken for the sequence of its letters.
        fields = None if extra_fields is None else checks.texts(extra_fields, name="extra_fields")
        request = operations.export_subscriptions(
            self.app_id,
            extra_fields=fields,
            last_active_since=last_active_since,
            segment_name=segment_name,
            include_unsubscribed=include_unsubscribed,
        )
        return url_of(request, self.call(request), "csv_file_url")

    def export_events(self, message_id: str) -> str:
        """
        Start the export of a message's audience activity and give the URL of its file to be.

        https://documentation.onesignal.com/reference/export-csv-of-events

        :param message_id: UUID of the message, sent within about 30 days
        :return: the URL, which opens personal data for three days to whoever has it
        :raises OneSignalExportInProgressError: another export of the account is running
        :raises OneSignalNotFoundError: there is no such message, or no longer
        """
        request = operations.export_events(self.app_id, message_id)
        return url_of(request, self.call(request), "csv_file_url")

    def message_history(self, message_id: str, *, events: str, email: str | None = None) -> str:
        """
        Start the export of who was sent a message or clicked it and give the URL of its file to be.

        https://documentation.onesignal.com/reference/message-history

        :param message_id: UUID of the message, sent within 7 days
        :param events: "sent" or "clicked"
        :param email: address OneSignal also mails the file's link to
        :return: the URL, which opens personal data for three days to whoever has it
        :raises OneSignalNotFoundError: there is no such message, or no longer
        :raises OneSignalPlanError: the app's plan does not include message history
        """
        request = operations.message_history(self.app_id, message_id, events=events, email=email)
        return url_of(request, self.call(request), "destination_url")

    def view_outcomes(
        self,
        *,
        outcome_names: Sequence[str] | str,
        outcome_time_range: str,
        outcome_platforms: Sequence[int | str] | str | None = None,
        outcome_attribution: str | None = None,
    ) -> list[dict[str, Any]]:
        """
        Give outcomes of the window that ends now.

        https://documentation.onesignal.com/reference/view-outcomes

        :param outcome_names: list of names such as ``os__click.count``, or one text with commas
            between them; a name that has a comma itself goes into a list, by itself
        :param outcome_time_range: "1h", "1d" or "1mo"
        :param outcome_platforms: device types, as 0 (iOS) or 1 (Android), listed likewise; None for
            all
        :param outcome_attribution: "direct", "influenced", "unattributed", "total"; None for total
        :return: dicts with ``id`` (the name without its suffix), ``value`` and ``aggregation``
            ("sum" or "count")
        :raises OneSignalInvalidRequestError: OneSignal does not take a name, a range or a platform
        """
        request = operations.view_outcomes(
            self.app_id,
            outcome_names=outcome_names,
            outcome_time_range=outcome_time_range,
            outcome_platforms=outcome_platforms,
            outcome_attribution=outcome_attribution,
        )
        return list_of(request, self.call(request), "outcomes")
