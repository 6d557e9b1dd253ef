"""The hook: OneSignal's API for the app of an Airflow connection."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

from airflow_provider_onesignal import checks, connection
from airflow_provider_onesignal.api.answers import Sent
from airflow_provider_onesignal.api.request import ApiRequest, path_of
from airflow_provider_onesignal.compat import BaseHook
from airflow_provider_onesignal.connection import LEGACY_KEY, ApiSettings, api_settings
from airflow_provider_onesignal.exceptions import (
    OneSignalError,
    OneSignalNotFoundError,
    OneSignalPlanError,
    OneSignalValidationError,
)
from airflow_provider_onesignal.hooks.connections import file_settings, read_connection
from airflow_provider_onesignal.hooks.messages import MessageOperations
from airflow_provider_onesignal.readiness import Probe

if TYPE_CHECKING:
    from airflow_provider_onesignal.api.client import ApiClient, HttpSession

_ALIAS = re.compile(r"(/users/by/[^/]+/)[^/]+")
_NOT_IN_A_PATH = re.compile(r"[?#\\\x00-\x20\x7f]|(?:^|/)(?:\.|%2e){1,2}(?:/|$)", re.IGNORECASE)


class OneSignalHook(MessageOperations, BaseHook):
    """
    OneSignal's REST API, one method an operation.

    Requests are repeated on 429, 5xx and broken connections, as long as a repeat cannot do anything
    twice. https://documentation.onesignal.com/reference/rest-api-overview

    :param onesignal_conn_id: Airflow connection of type ``onesignal``; it is read at the first use
    """

    conn_name_attr = "onesignal_conn_id"
    default_conn_name = "onesignal_default"
    conn_type = connection.CONNECTION_TYPE
    hook_name = connection.HOOK_NAME

    def __init__(self, onesignal_conn_id: str = default_conn_name, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.onesignal_conn_id = onesignal_conn_id

    @classmethod
    def get_ui_field_behaviour(cls) -> dict[str, Any]:
        """Describe the connection form's standard fields to Airflow < 3.2."""
        return connection.ui_field_behaviour()

    @classmethod
    def get_connection_form_widgets(cls) -> dict[str, Any]:
        """Describe the connection form's own fields to Airflow < 3.2."""
        return connection.form_widgets()

    @cached_property
    def settings(self) -> ApiSettings:
        """
        The connection, read and checked.

        :raises OneSignalConfigurationError: it is missing, or lacks App ID or key
        """
        found = read_connection(self.onesignal_conn_id)
        return api_settings(found, found.extra_dejson)

    @property
    def app_id(self) -> str:
        """UUID of the connection's app."""
        return self.settings.app_id

    def get_conn(self) -> ApiClient:
        """
        Return the client that sends this hook's requests.

        :return: the same at each call; it keeps its connections open for later requests
        :raises OneSignalConfigurationError: the connection is missing, or lacks App ID or key
        """
        return self._client

    def test_connection(self) -> tuple[bool, str]:
        """
        Ask for one segment, which needs the right host, App ID and key, and changes nothing.

        :return: whether all are right, and a line that says what is wrong
        """
        works, said = self._try_connection()
        # Airflow tests a copy under a random name, which would mean nothing to the reader.
        name = f"he Airflow connection {self.onesignal_conn_id!r}"
        return works, said.replace(f"T{name}", "This connection").replace(
            f"t{name}", "this connection"
        )

    def request(
        self,
        method: str,
        path: str | Sequence[str],
        *,
        params: Mapping[str, Any] | None = None,
        json: Any = None,
    ) -> Any:
        """
        Send a request that has no method of its own here.

        https://documentation.onesignal.com/reference/rest-api-overview

        :param method: HTTP method; a POST is repeated only if OneSignal cannot have acted on it
        :param path: path below the base URL, such as ``/templates``; or its segments, such as
            ``["apps", app_id, "users", "by", "external_id", "anna#2"]``, which are quoted
        :param params: query parameters; the App ID is not added
        :param json: body: a dict or a list of what JSON can hold; None for none
        :return: the response's JSON, a dict or a list; an empty dict if there is no body
        :raises OneSignalValidationError: the path would lead elsewhere, or JSON cannot hold the
            body; nothing was sent
        :raises OneSignalError: of the type that fits the response
        """
        checks.json_value(json, name="json")
        quoted = _quoted(path)
        method = method.upper()
        # An alias in a path, such as an email address, is personal data.
        shown = _ALIAS.sub(r"\1…", quoted)
        return self._call(
            ApiRequest(
                operation=f"{method} {shown}",
                method=method,
                path=quoted,
                params=params or {},
                json=json,
                repeatable=method != "POST" or _has_idempotency_key(json),
                may_give_list=True,
            )
        )

    def probe_export(self, url: str) -> Probe:
        """
        Poll the URL of an export's file without downloading it and without the key.

        :param url: the file's URL
        :return: the HTTP status, or what kept the response from coming
        :raises OneSignalConfigurationError: the TLS certificate of its host is not trusted
        """
        from airflow_provider_onesignal.api.client import probe

        return probe(self._file_session, url)

    def file_session(self) -> HttpSession:
        """
        Return a session for downloads: the connection's timeout, TLS and proxies, no key.

        :return: a session of ``requests``, to be closed by the caller
        :raises OneSignalConfigurationError: the connection is missing or malformed
        """
        from airflow_provider_onesignal.api.client import HttpSession

        return HttpSession(file_settings(self.onesignal_conn_id))

    @cached_property
    def _client(self) -> ApiClient:
        from airflow_provider_onesignal.api.client import ApiClient

        return ApiClient(self.settings)

    @cached_property
    def _file_session(self) -> HttpSession:
        return self.file_session()

    def _try_connection(self) -> tuple[bool, str]:
        from airflow_provider_onesignal.api.client import ApiClient

        try:
            # The user waits for the answer: one attempt.
            client = ApiClient(self.settings, max_attempts=1)
            client.send(self._segments_page(offset=0, limit=1))
        except OneSignalPlanError:
            return False, "Host, App ID and key are right; the app's plan excludes the segment API."
        except OneSignalNotFoundError as error:
            return False, f"There is no such app or API: check App ID and host. {error}"
        except OneSignalError as error:
            return False, str(error)
        works = f"OneSignal accepts the key for app {self.app_id}."
        return True, f"{works} {LEGACY_KEY}" if self.settings.is_key_legacy else works

    def _exchange(self, request: ApiRequest) -> Sent:
        return self._client.exchange(request)


def _quoted(path: str | Sequence[str]) -> str:
    if not isinstance(path, str):
        return path_of(*checks.strings(path, name="path"))
    if _NOT_IN_A_PATH.search(path):
        raise OneSignalValidationError(
            "path must not hold '?', '#', '\\', white space or the segments '.' and '..', because "
            "they would lead to another resource: pass the path as a list of segments, which are "
            "quoted, and the query as params=."
        )
    return "/" + path.lstrip("/")


def _has_idempotency_key(json: Any) -> bool:
    return isinstance(json, Mapping) and bool(json.get("idempotency_key"))
