"""The hook: OneSignal's API for the app of an Airflow connection."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from airflow.providers.common.compat.sdk import AirflowNotFoundException, BaseHook

from airflow_provider_onesignal import connection_form
from airflow_provider_onesignal.api import checks, operations
from airflow_provider_onesignal.api.answers import url_of
from airflow_provider_onesignal.api.readiness import Probe
from airflow_provider_onesignal.api.request import ApiRequest
from airflow_provider_onesignal.exceptions import (
    OneSignalAuthenticationError,
    OneSignalConfigurationError,
    OneSignalError,
    OneSignalNotFoundError,
    OneSignalPlanError,
)
from airflow_provider_onesignal.exports import ExportRequest
from airflow_provider_onesignal.hooks.operations import ApiOperations
from airflow_provider_onesignal.settings import (
    ApiSettings,
    HttpSettings,
    api_settings,
    app_of_key,
    http_settings,
)

if TYPE_CHECKING:
    from airflow_provider_onesignal.transports.sync import ApiClient, HttpSession


class OneSignalHook(ApiOperations, BaseHook):
    """
    OneSignal's REST API, one method an operation.

    Requests are repeated on 429, 502, 503, 504, 52x and broken connections, as long as a repeat
    cannot do anything twice. https://documentation.onesignal.com/reference/rest-api-overview

    :param onesignal_conn_id: Airflow connection of type ``onesignal``; it is read at the first use
    """

    conn_name_attr = "onesignal_conn_id"
    default_conn_name = "onesignal_default"
    conn_type = connection_form.CONNECTION_TYPE
    hook_name = connection_form.HOOK_NAME

    def __init__(self, onesignal_conn_id: str = default_conn_name, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.onesignal_conn_id = onesignal_conn_id

    @classmethod
    def get_ui_field_behaviour(cls) -> dict[str, Any]:
        """Describe the connection form's standard fields to Airflow < 3.2."""
        return connection_form.ui_field_behaviour()

    @classmethod
    def get_connection_form_widgets(cls) -> dict[str, Any]:
        """Describe the connection form's own fields to Airflow < 3.2."""
        return connection_form.form_widgets()

    @cached_property
    def settings(self) -> ApiSettings:
        """
        The connection, read and checked.

        :raises OneSignalConfigurationError: it is missing, or lacks App ID or key
        """
        connection = _connection(self.onesignal_conn_id)
        return api_settings(connection, connection.extra_dejson)

    @property
    def app_id(self) -> str:
        """UUID of the connection's app."""
        return self.settings.app_id

    def get_conn(self) -> ApiClient:
        """
        Give the client that sends this hook's requests.

        :return: one and the same at each call; it holds its connections open for later requests
        :raises OneSignalConfigurationError: the connection is missing, or lacks App ID or key
        """
        return self._client

    @cached_property
    def _client(self) -> ApiClient:
        from airflow_provider_onesignal.transports.sync import ApiClient

        return ApiClient(self.settings)

    def call(self, request: ApiRequest) -> dict[str, Any]:
        """
        Send a request described by ``api.operations``, repeating it as the policy allows.

        :param request: such as ``operations.view_segment(hook.app_id, segment_id)``
        :return: the answer's JSON object; empty where OneSignal answers a success without a body
        :raises OneSignalError: of the type that fits
        """
        answer: dict[str, Any] = self._send(request)
        return answer

    def request(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, Any] | None = None,
        json: Any = None,
    ) -> Any:
        """
        Send a request that has no method of its own here.

        https://documentation.onesignal.com/reference/rest-api-overview

        :param method: HTTP method; a POST is repeated only where OneSignal cannot have acted on it
        :param path: path below the base URL, such as ``/templates``
        :param params: query parameters; the App ID is not added, where an endpoint wants it there
        :param json: body: a dict or a list of what JSON can say; None for none
        :return: the answer's JSON, a dict or a list as the endpoint has it; an empty dict where
            OneSignal answers a success without a body
        :raises OneSignalValidationError: JSON cannot say the body; nothing was sent
        :raises OneSignalError: of the type that fits the answer
        """
        checks.json_value(json, name="json")
        return self._send(operations.custom(method, path, params=params, json=json))

    def start_export(self, export: ExportRequest) -> str:
        """
        Start an export and give the URL at which its file will appear.

        :param export: what to export, see ``exports``
        :return: the URL, which opens personal data for three days to whoever has it
        :raises OneSignalValidationError: a field breaks a rule of OneSignal's; nothing was sent
        :raises OneSignalExportInProgressError: another export of the account is running
        """
        request = export.api_request(self.app_id)
        return url_of(request, self.call(request), export.url_field)

    def probe_export(self, url: str) -> Probe:
        """
        Look whether an export's file is there, without downloading it and without the key.

        :param url: the file's address
        :return: the HTTP status, or what kept it from being asked; ``api.readiness`` says what it
            means
        :raises OneSignalConfigurationError: the TLS certificate of its host is not trusted
        """
        from airflow_provider_onesignal.transports.sync import probe

        return probe(self._file_session, url)

    def file_session(self) -> HttpSession:
        """
        Make a session for downloading: the connection's timeout, TLS and proxies, no key.

        :return: a session of ``requests``, to be closed by who asked for it
        :raises OneSignalConfigurationError: the connection is missing or malformed
        """
        from airflow_provider_onesignal.transports.sync import HttpSession

        return HttpSession(file_settings(self.onesignal_conn_id))

    @cached_property
    def _file_session(self) -> HttpSession:
        return self.file_session()

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

    def _try_connection(self) -> tuple[bool, str]:
        try:
            # Somebody waits for the answer: one try.
            self.settings = replace(self.settings, max_attempts=1)
            self.call(operations.view_segments(self.app_id, limit=1))
        except OneSignalPlanError:
            return False, "Host, App ID and key are right; the app's plan excludes the segment API."
        except OneSignalNotFoundError as error:
            return False, f"There is no such app or API: check App ID and host. {error}"
        except OneSignalError as error:
            return False, str(error)
        return True, f"OneSignal accepts the key for app {self.app_id}."

    def _send(self, request: ApiRequest) -> Any:
        try:
            return self._client.send(request)
        except OneSignalAuthenticationError as error:
            raise self._naming_the_app(error, request.operation) from error

    def _naming_the_app(
        self, error: OneSignalAuthenticationError, operation: str
    ) -> OneSignalAuthenticationError:
        owner = app_of_key(self.settings.api_key)
        if owner in (None, self.app_id):
            return error
        return OneSignalAuthenticationError(
            f"The App API Key of the Airflow connection {self.onesignal_conn_id!r} belongs to app "
            f"{owner}, the connection's App ID is {self.app_id}: correct the one that is wrong. "
            f"OneSignal refused {operation!r} (HTTP {error.status_code}).",
            status_code=error.status_code,
            messages=error.messages,
        )


def file_settings(conn_id: str) -> HttpSettings:
    """
    Read how to reach servers that need no key.

    :param conn_id: Airflow connection of type ``onesignal``
    :return: its timeout, TLS verification and proxies
    :raises OneSignalConfigurationError: it is missing or malformed
    """
    return http_settings(_connection(conn_id).extra_dejson, conn_id=conn_id)


async def afile_settings(conn_id: str) -> HttpSettings:
    """
    Read the same from within an event loop, without blocking it.

    :param conn_id: Airflow connection of type ``onesignal``
    :return: its timeout, TLS verification and proxies
    :raises OneSignalConfigurationError: it is missing or malformed
    """
    from airflow.providers.common.compat.connection import (
        get_async_connection,
        get_async_extra_dejson,
    )

    try:
        connection = await get_async_connection(conn_id)
    except AirflowNotFoundException:
        # In ``dag.test()`` Airflow 3.3.2 answers so for every connection of its database.
        connection = await asyncio.to_thread(_connection, conn_id)
    return http_settings(await get_async_extra_dejson(connection), conn_id=conn_id)


def _connection(conn_id: str) -> Any:
    try:
        return BaseHook.get_connection(conn_id)
    except AirflowNotFoundException as error:
        raise _missing(conn_id) from error


def _missing(conn_id: str) -> OneSignalConfigurationError:
    return OneSignalConfigurationError(
        f"There is no Airflow connection {conn_id!r}. Create one of type 'onesignal' with the App "
        "ID as login and the App API Key as password, or set AIRFLOW_CONN_"
        f"{conn_id.upper()}=onesignal://APP_ID:API_KEY@"
    )
