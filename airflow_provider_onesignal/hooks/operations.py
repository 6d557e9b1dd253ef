"""The API's operations as methods, each named as OneSignal's reference names it."""

from __future__ import annotations

import logging
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from airflow_provider_onesignal.api.answers import Sent, list_of, object_of, text_of, url_of
from airflow_provider_onesignal.api.request import ApiRequest, path_of
from airflow_provider_onesignal.exceptions import OneSignalServerError
from airflow_provider_onesignal.exports import (
    EventsExport,
    ExportRequest,
    MessageHistoryExport,
    SubscriptionsExport,
)

log = logging.getLogger(__name__)

SEGMENTS_PER_PAGE = 300
_MOST_PAGES = 1000


class ApiOperations(ABC):
    """One method an operation, which describes its request; the hook sends it."""

    @property
    @abstractmethod
    def app_id(self) -> str:
        """UUID of the app."""

    @abstractmethod
    def _exchange(self, request: ApiRequest) -> Sent:
        """Send a request and return what it brought."""

    def _call(self, request: ApiRequest) -> Any:
        """Send a request and return the response's JSON."""
        return self._exchange(request).value

    def create_segment(
        self,
        *,
        name: str,
        filters: Sequence[Mapping[str, Any]],
        description: str | None = None,
        segment_id: str | None = None,
    ) -> str:
        """
        Create a segment.

        https://documentation.onesignal.com/reference/create-segments

        :param name: up to 128 characters; no two segments of an app have the same
        :param filters: 1 to 200 filters, and ``{"operator": "OR"}`` between them
        :param description: up to 255 characters
        :param segment_id: UUID of the new segment; None lets OneSignal choose
        :return: the segment's id
        :raises OneSignalConflictError: there is a segment of this id or name
        :raises OneSignalPlanError: the plan has no segment API, or no more segments
        """
        request = ApiRequest(
            operation="create segment",
            method="POST",
            path=path_of("apps", self.app_id, "segments"),
            json=_without_none(
                name=name, filters=list(filters), description=description, id=segment_id
            ),
            # A repeat with an id of ours is answered by 409 and cannot make a second segment.
            repeatable=segment_id is not None,
        )
        return text_of(request, self._call(request), "id")

    def view_segments(self) -> Iterator[dict[str, Any]]:
        """
        Iterate over the segments of the app, the oldest first.

        https://documentation.onesignal.com/reference/view-segments

        :return: dicts with id, name, description, created_at (ISO 8601) ...; a page of 300 is
            requested when it is needed
        :raises OneSignalServerError: the pages repeat, do not end, or hold another number of
            segments than OneSignal counts
        """
        offset, before = 0, None
        for _ in range(_MOST_PAGES):
            request = self._segments_page(offset=offset, limit=SEGMENTS_PER_PAGE)
            body = self._call(request)
            page = list_of(request, body, "segments")
            if page and page == before:
                break
            yield from page
            offset, before = offset + len(page), page
            if len(page) < SEGMENTS_PER_PAGE:
                return self._compare_count(body.get("total_count"), offset)
        raise OneSignalServerError(
            f"OneSignal's list of segments does not end after {offset}: its pages repeat, or are "
            "too many. Check that the connection's host is OneSignal's API."
        )

    def view_segment(self, segment_id: str) -> dict[str, Any]:
        """
        Return a segment with its filters.

        https://documentation.onesignal.com/reference/view-segment

        :param segment_id: UUID of the segment
        :return: id, name, description, filters, source, created_at (seconds since the epoch),
            subscriber_count
        :raises OneSignalNotFoundError: there is no such segment
        """
        request = ApiRequest(
            operation="view segment",
            method="GET",
            path=path_of("apps", self.app_id, "segments", segment_id),
            params={"include-segment-detail": "true"},
        )
        body = self._call(request)
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
        Update a segment.

        https://documentation.onesignal.com/reference/update-segment

        :param segment_id: UUID of the segment
        :param name: up to 128 characters; OneSignal requires it, changed or not
        :param filters: in place of all it has; None keeps them
        :param description: up to 255 characters, "" clears it; None keeps it
        :return: the segment's id
        :raises OneSignalNotFoundError: there is no such segment
        :raises OneSignalConflictError: another segment has this name
        """
        request = ApiRequest(
            operation="update segment",
            method="PATCH",
            path=path_of("apps", self.app_id, "segments", segment_id),
            json=_without_none(
                name=name,
                filters=None if filters is None else list(filters),
                description=description,
            ),
        )
        return text_of(request, self._call(request), "id")

    def delete_segment(self, segment_id: str) -> None:
        """
        Delete a segment; its users stay.

        https://documentation.onesignal.com/reference/delete-segments

        :param segment_id: UUID of the segment
        :raises OneSignalNotFoundError: there is no such segment
        """
        self._call(
            ApiRequest(
                operation="delete segment",
                method="DELETE",
                path=path_of("apps", self.app_id, "segments", segment_id),
            )
        )

    def create_user(
        self,
        *,
        identity: Mapping[str, str] | None = None,
        properties: Mapping[str, Any] | None = None,
        subscriptions: Sequence[Mapping[str, Any]] | None = None,
    ) -> dict[str, Any]:
        """
        Create a user, or update the one who has the aliases.

        https://documentation.onesignal.com/reference/create-user

        :param identity: alias label and id, such as ``{"external_id": "42"}``; up to 20 beside
            external_id
        :param properties: tags (flat), language, country, lat, long (degrees), last_active (seconds
            since the epoch) ...
        :param subscriptions: up to 20, each with type and token; one of another user moves here
        :return: identity (with onesignal_id), properties, subscriptions
        :raises OneSignalConflictError: the aliases belong to several users
        """
        request = create_user_request(
            self.app_id, identity=identity, properties=properties, subscriptions=subscriptions
        )
        body: dict[str, Any] = self._call(request)
        text_of(request, object_of(request, body, "identity"), "onesignal_id")
        return body

    def view_user(self, alias_label: str, alias_id: str) -> dict[str, Any]:
        """
        Return a user.

        https://documentation.onesignal.com/reference/view-user

        :param alias_label: which alias names the user, such as "external_id"
        :param alias_id: the alias' value
        :return: identity (with onesignal_id), properties, subscriptions
        :raises OneSignalNotFoundError: there is no such user
        """
        request = ApiRequest(
            operation="view user",
            method="GET",
            path=path_of("apps", self.app_id, "users", "by", alias_label, alias_id),
        )
        body: dict[str, Any] = self._call(request)
        text_of(request, object_of(request, body, "identity"), "onesignal_id")
        return body

    def update_user(
        self,
        alias_label: str,
        alias_id: str,
        *,
        properties: Mapping[str, Any] | None = None,
        deltas: Mapping[str, Any] | None = None,
    ) -> None:
        """
        Update the properties of a user who exists.

        https://documentation.onesignal.com/reference/update-user

        :param alias_label: which alias names the user, such as "external_id"
        :param alias_id: the alias' value
        :param properties: tags, of which "" removes one, language, country ...; what is left out
            stays
        :param deltas: what is added to session_time (seconds), session_count and purchases
        :raises OneSignalNotFoundError: there is no such user
        """
        self._call(
            update_user_request(
                self.app_id, alias_label, alias_id, properties=properties, deltas=deltas
            )
        )

    def delete_user(self, alias_label: str, alias_id: str) -> None:
        """
        Delete a user and their subscriptions.

        https://documentation.onesignal.com/reference/delete-user

        :param alias_label: which alias names the user, such as "external_id"
        :param alias_id: the alias' value
        :raises OneSignalNotFoundError: there is no such user
        """
        self._call(
            ApiRequest(
                operation="delete user",
                method="DELETE",
                path=path_of("apps", self.app_id, "users", "by", alias_label, alias_id),
            )
        )

    def export_subscriptions(
        self,
        *,
        extra_fields: Sequence[str] | None = None,
        last_active_since: str | None = None,
        segment_name: str | None = None,
        include_unsubscribed: bool | None = None,
    ) -> str:
        """
        Start the export of subscriptions; see :class:`~.exports.SubscriptionsExport`.

        https://documentation.onesignal.com/reference/csv-export

        :return: the URL at which the file will appear, which opens personal data for three days
        """
        return self.start_export(
            SubscriptionsExport(extra_fields, last_active_since, segment_name, include_unsubscribed)
        )

    def export_events(self, message_id: str) -> str:
        """
        Start the export of a message's audience activity; see :class:`~.exports.EventsExport`.

        https://documentation.onesignal.com/reference/export-csv-of-events

        :return: the URL at which the file will appear, which opens personal data for three days
        """
        return self.start_export(EventsExport(message_id))

    def message_history(self, message_id: str, *, events: str, email: str | None = None) -> str:
        """
        Start the export of a message's history; see :class:`~.exports.MessageHistoryExport`.

        https://documentation.onesignal.com/reference/message-history

        :return: the URL at which the file will appear, which opens personal data for three days
        """
        return self.start_export(MessageHistoryExport(message_id, events, email))

    def start_export(self, export: ExportRequest) -> str:
        """
        Start an export.

        :param export: what to export, see ``exports``
        :return: the URL at which the file will appear, which opens personal data for three days
        :raises OneSignalValidationError: a field breaks a rule of OneSignal's; nothing was sent
        :raises OneSignalExportInProgressError: another export of the account is running
        """
        request = export.api_request(self.app_id)
        return url_of(request, self._call(request), export.url_field)

    def view_outcomes(
        self,
        *,
        outcome_names: Sequence[str] | str,
        outcome_time_range: str,
        outcome_platforms: Sequence[int | str] | str | None = None,
        outcome_attribution: str | None = None,
    ) -> list[dict[str, Any]]:
        """
        Return outcomes of the window that ends now.

        https://documentation.onesignal.com/reference/view-outcomes

        :param outcome_names: list of names such as ``os__click.count``, or one string with commas
            between them; a name that has a comma itself goes into a list, by itself
        :param outcome_time_range: "1h", "1d" or "1mo"
        :param outcome_platforms: device types, such as 0 (iOS) or 1 (Android); None for all
        :param outcome_attribution: "direct", "influenced", "unattributed", "total"; None for total
        :return: dicts with ``id`` (the name without its suffix), ``value`` and ``aggregation``
            ("sum" or "count")
        :raises OneSignalInvalidRequestError: OneSignal does not take a name, a range or a platform
        """
        platforms = None if outcome_platforms is None else _joined(outcome_platforms)
        request = ApiRequest(
            operation="view outcomes",
            method="GET",
            path=path_of("apps", self.app_id, "outcomes"),
            params=named_outcomes(outcome_names)
            | _without_none(
                outcome_time_range=outcome_time_range,
                outcome_platforms=platforms,
                outcome_attribution=outcome_attribution,
            ),
        )
        return _objects(self._call(request), "outcomes", request)

    def _segments_page(self, *, offset: int, limit: int) -> ApiRequest:
        return ApiRequest(
            operation="view segments",
            method="GET",
            path=path_of("apps", self.app_id, "segments"),
            params={"offset": offset, "limit": limit},
        )

    def _compare_count(self, total: Any, found: int) -> None:
        if isinstance(total, int) and total != found:
            raise OneSignalServerError(
                f"OneSignal counts {total} segments and listed {found}: they changed while they "
                "were listed, or the list is not whole. Try again."
            )


def create_user_request(
    app_id: str,
    *,
    identity: Mapping[str, str] | None = None,
    properties: Mapping[str, Any] | None = None,
    subscriptions: Sequence[Mapping[str, Any]] | None = None,
) -> ApiRequest:
    """Describe the request of :meth:`ApiOperations.create_user`."""
    return ApiRequest(
        operation="create user",
        method="POST",
        path=path_of("apps", app_id, "users"),
        json=_without_none(identity=identity, properties=properties, subscriptions=subscriptions),
        # Without an alias a repeat would make a second, anonymous user.
        repeatable=bool(identity),
    )


def update_user_request(
    app_id: str,
    alias_label: str,
    alias_id: str,
    *,
    properties: Mapping[str, Any] | None = None,
    deltas: Mapping[str, Any] | None = None,
) -> ApiRequest:
    """Describe the request of :meth:`ApiOperations.update_user`."""
    return ApiRequest(
        operation="update user",
        method="PATCH",
        path=path_of("apps", app_id, "users", "by", alias_label, alias_id),
        json=_without_none(properties=properties, deltas=deltas),
        # What is added would be added twice.
        repeatable=not deltas,
    )


def named_outcomes(names: Sequence[str] | str) -> dict[str, Any]:
    """
    Return the query parameter that names outcomes.

    :param names: list of names, or one string with commas between them; a name that has a comma
        itself goes into a list, by itself
    """
    if not isinstance(names, str) and any("," in name for name in names):
        return {"outcome_names[]": list(names)}
    return {"outcome_names": _joined(names)}


def _objects(body: Mapping[str, Any], name: str, request: ApiRequest) -> list[dict[str, Any]]:
    found = body.get(name)
    if not isinstance(found, list):
        return list_of(request, body, name)
    whole = [each for each in found if isinstance(each, dict)]
    if len(whole) < len(found):
        # One odd item must not lose the others.
        log.warning(
            "OneSignal's response to %r has %d %s that are no objects; they are left out",
            request.operation,
            len(found) - len(whole),
            name,
        )
    return whole


def _joined(values: Sequence[int | str] | str) -> str:
    return values if isinstance(values, str) else ",".join(str(each) for each in values)


def _without_none(**values: Any) -> dict[str, Any]:
    # OneSignal reads null as a value.
    return {name: value for name, value in values.items() if value is not None}
