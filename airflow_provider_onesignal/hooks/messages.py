"""The API's operations on messages and events, each named as OneSignal's reference names it."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from airflow_provider_onesignal.api.answers import list_of, text_of
from airflow_provider_onesignal.api.request import ApiRequest, path_of
from airflow_provider_onesignal.exceptions import OneSignalServerError
from airflow_provider_onesignal.hooks.operations import ApiOperations, named_outcomes

MESSAGES_PER_PAGE = 50
VIEW_INTERVAL = 1.0
"""Seconds from one view of an app's messages to the next, as OneSignal limits them."""
_THE_BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)


class MessageOperations(ApiOperations):
    """One method an operation, which describes its request; the hook sends it."""

    def send_message(
        self, body: Mapping[str, Any], *, idempotency_key: str | None = None
    ) -> dict[str, Any]:
        """
        Send a message, or schedule it.

        https://documentation.onesignal.com/reference/create-message

        :param body: content and audience, see :func:`.message_body`; the App ID is added
        :param idempotency_key: UUID by which OneSignal knows the message again for 30 days, and
            then sends nothing; None for a new one, which protects this call's own retries
        :return: the response: id; if some recipients were refused also errors, which hold their
            ids; and ``replayed``: whether OneSignal had done all this before
        :raises OneSignalNoRecipientsError: the message would reach nobody
        """
        key = idempotency_key or body.get("idempotency_key") or str(uuid4())
        request = ApiRequest(
            operation="send message",
            method="POST",
            path=path_of("notifications"),
            json={"app_id": self.app_id, **body, "idempotency_key": key},
        )
        value, headers = self._exchange(request)
        text_of(request, value, "id")
        return {**value, "replayed": _is_replayed(headers)}

    def view_message(
        self,
        message_id: str,
        *,
        outcome_names: Sequence[str] | str | None = None,
        outcome_time_range: str = "1mo",
    ) -> dict[str, Any]:
        """
        Return a message and its figures.

        https://documentation.onesignal.com/reference/view-message

        :param message_id: UUID of the message
        :param outcome_names: outcomes of the message to return as well, such as
            ``["os__click.count"]``
        :param outcome_time_range: of the outcomes: "1h", "1d" or "1mo"
        :return: id, queued_at, send_after, completed_at (seconds since the epoch, None until it is
            completed), canceled, remaining, successful, failed (unsubscribed), errored, received
            (confirmed), converted (clicked), platform_delivery_stats, outcomes ...
        :raises OneSignalNotFoundError: there is no such message, or it is older than 30 days
        """
        request = view_message_request(
            self.app_id,
            message_id,
            outcome_names=outcome_names,
            outcome_time_range=outcome_time_range,
        )
        body: dict[str, Any] = self._call(request)
        text_of(request, body, "id")
        return body

    def view_messages(
        self,
        *,
        since: datetime | None = None,
        kind: int | None = None,
        template_id: str | None = None,
        interval: float = VIEW_INTERVAL,
    ) -> Iterator[dict[str, Any]]:
        """
        Iterate over the app's messages in the order in which they begin to be sent.

        Not over those of Journeys, which OneSignal does not list, nor over those that the API sent
        more than 30 days ago. https://documentation.onesignal.com/reference/view-messages

        :param since: aware; only messages whose ``send_after`` is not before it; None for all
        :param kind: 0 (made in the dashboard), 1 (API) or 3 (automated); None for all
        :param template_id: UUID of the template they were made of; None for all
        :param interval: seconds between the requests of two pages of 50, at least
        :return: dicts as those of :meth:`view_message`; a page is requested when it is needed
        :raises OneSignalServerError: the pages repeat, or break off
        """
        params = {"app_id": self.app_id, "limit": MESSAGES_PER_PAGE}
        params |= {} if kind is None else {"kind": kind}
        params |= {} if template_id is None else {"template_id": template_id}
        cursor = _time_offset(since or _THE_BEGINNING)
        while True:
            asked = time.monotonic()
            page, following = self._messages_page(params | {"time_offset": cursor})
            yield from page
            if not page:
                return
            if not isinstance(following, str) or following in ("", cursor):
                raise OneSignalServerError(
                    "OneSignal's list of messages breaks off: it does not name the next page. Try "
                    "again; if it stays so, check that the connection's host is OneSignal's API."
                )
            cursor = following
            time.sleep(max(0.0, asked + interval - time.monotonic()))

    def cancel_message(self, message_id: str) -> None:
        """
        Cancel a message that is scheduled or being sent.

        https://documentation.onesignal.com/reference/cancel-message

        :param message_id: UUID of the message
        :raises OneSignalNotFoundError: there is no such message, or it is older than 30 days
        :raises OneSignalInvalidRequestError: it cannot be cancelled; most often all of it was sent
        """
        self._call(
            ApiRequest(
                operation="cancel message",
                method="DELETE",
                path=path_of("notifications", message_id),
                params={"app_id": self.app_id},
            )
        )

    def create_custom_events(self, events: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """
        Create custom events of users.

        https://documentation.onesignal.com/reference/create-custom-events

        :param events: dicts with name, external_id or onesignal_id, and as wanted timestamp (ISO
            8601), properties and idempotency_key (UUID); up to 2,024 bytes each, 1 MB in all
        :return: what OneSignal refused: dicts with event_user_id, event_id and error, which name
            users; empty if it took all events
        """
        request = custom_events_request(self.app_id, events)
        body = self._call(request)
        return list_of(request, body, "errors") if body.get("errors") else []

    def _messages_page(self, params: Mapping[str, Any]) -> tuple[list[dict[str, Any]], Any]:
        request = ApiRequest(
            operation="view messages", method="GET", path=path_of("notifications"), params=params
        )
        body = self._call(request)
        return list_of(request, body, "notifications"), body.get("next_time_offset")


def view_message_request(
    app_id: str,
    message_id: str,
    *,
    outcome_names: Sequence[str] | str | None = None,
    outcome_time_range: str = "1mo",
) -> ApiRequest:
    """Describe the request of :meth:`MessageOperations.view_message`."""
    params: dict[str, Any] = {"app_id": app_id}
    if outcome_names is not None:
        params |= named_outcomes(outcome_names) | {"outcome_time_range": outcome_time_range}
    return ApiRequest(
        operation="view message",
        method="GET",
        path=path_of("notifications", message_id),
        params=params,
    )


def custom_events_request(app_id: str, events: Sequence[Mapping[str, Any]]) -> ApiRequest:
    """Describe the request of :meth:`MessageOperations.create_custom_events`."""
    return ApiRequest(
        operation="create custom events",
        method="POST",
        path=path_of("apps", app_id, "custom_events"),
        json={"events": [dict(event) for event in events]},
        repeatable=all(event.get("idempotency_key") for event in events),
    )


def _time_offset(since: datetime) -> str:
    # OneSignal leaves out what was sent at this very moment.
    before = since.astimezone(UTC) - timedelta(milliseconds=1)
    return before.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _is_replayed(headers: Mapping[str, str]) -> bool:
    found = {name.lower(): value for name, value in headers.items()}
    return found.get("idempotent-replayed", "").strip().lower() == "true"
