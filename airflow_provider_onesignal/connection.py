"""
An Airflow connection of type ``onesignal``: its form, as one table, and its reading into settings.

Airflow 3.2 and later shows what the provider's metadata says, older versions what the hook's
methods say; both are made from the table.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple, Protocol
from urllib.parse import urlsplit
from uuid import UUID

from airflow_provider_onesignal.exceptions import OneSignalConfigurationError
from airflow_provider_onesignal.redaction import redact

CONNECTION_TYPE = "onesignal"
HOOK_NAME = "OneSignal"
HOOK_CLASS = "airflow_provider_onesignal.hooks.onesignal.OneSignalHook"
DEFAULT_BASE_URL = "https://api.onesignal.com"
DEFAULT_TIMEOUT = 60.0
DEFAULT_MAX_ATTEMPTS = 5
LEGACY_KEY = (
    "The key is a legacy one (it does not begin with os_v2_), a kind that OneSignal is retiring in "
    "late 2026: create an App API key in Settings > Keys & IDs and put it into the connection's "
    "password."
)
_LONGEST_TIMEOUT = 24 * 3600.0
_RICH_KEY = "os_v2_"
_APP_KEY = "os_v2_app_"


class StandardField(NamedTuple):
    """
    A field that every Airflow connection has.

    :param name: Airflow's name of it
    :param label: what the form shows instead
    :param placeholder: shown while it is empty
    """

    name: str
    label: str
    placeholder: str


class ExtraField(NamedTuple):
    """
    A field of ours, kept in the connection's extra under its plain name.

    :param name: its key in the extra
    :param label: what the form shows
    :param description: help text below it
    :param json_type: its JSON type
    """

    name: str
    label: str
    description: str
    json_type: str


STANDARD_FIELDS = (
    StandardField("login", "App ID", "8458af75-4da2-4ecf-afb5-f242a8926cc3"),
    StandardField("password", "App API Key", "os_v2_app_…"),
    StandardField("host", "API Base URL", "https://api.onesignal.com"),
)
HIDDEN_FIELDS = ("schema", "port")
EXTRA_FIELDS = (
    ExtraField("timeout", "Timeout", "Seconds to wait for a response. Default 60.", "number"),
    ExtraField("max_attempts", "Attempts", "Attempts at one request in all. Default 5.", "integer"),
    ExtraField(
        "verify", "Verify TLS", "true, false, or a CA bundle's path. Default true.", "string"
    ),
    # The editor that Airflow 3 has for an object reformats what is half typed, and spoils it.
    ExtraField("proxies", "Proxies", 'JSON such as {"https": "http://proxy:3128"}.', "string"),
)


def ui_field_behaviour() -> dict[str, Any]:
    """Return what ``get_ui_field_behaviour`` of a hook has to return (Airflow < 3.2)."""
    return {
        "hidden_fields": list(HIDDEN_FIELDS),
        "relabeling": {field.name: field.label for field in STANDARD_FIELDS},
        "placeholders": {field.name: field.placeholder for field in STANDARD_FIELDS},
    }


def form_widgets() -> dict[str, Any]:
    """Return what ``get_connection_form_widgets`` of a hook has to return (Airflow < 3.2)."""
    from flask_appbuilder.fieldwidgets import BS3TextFieldWidget
    from wtforms import IntegerField, StringField
    from wtforms.validators import Optional

    class TextWidget(BS3TextFieldWidget):  # type: ignore[misc,unused-ignore]
        """Show a value that was written as JSON as JSON again, not as Python."""

        def __call__(self, field: Any, **attributes: Any) -> Any:
            if isinstance(field.data, dict):
                attributes["value"] = json.dumps(field.data)
            return super().__call__(field, **attributes)

    # Airflow drops the whole connection type for any other class of field, even a subclass.
    return {
        field.name: (IntegerField if field.json_type == "integer" else StringField)(
            field.label,
            description=field.description,
            widget=TextWidget(),
            validators=[Optional()],
        )
        for field in EXTRA_FIELDS
    }


def connection_type() -> dict[str, Any]:
    """Return the provider metadata's entry for the connection type (Airflow 3.2+)."""
    behaviour = ui_field_behaviour()
    return {
        "connection-type": CONNECTION_TYPE,
        "hook-class-name": HOOK_CLASS,
        "hook-name": HOOK_NAME,
        "ui-field-behaviour": {
            "hidden-fields": behaviour["hidden_fields"],
            "relabeling": behaviour["relabeling"],
            "placeholders": behaviour["placeholders"],
        },
        "conn-fields": {
            field.name: {
                "label": field.label,
                "description": field.description,
                # "null" in the list is what makes a field optional in the form.
                "schema": {"type": [field.json_type, "null"]},
            }
            for field in EXTRA_FIELDS
        },
    }


class AirflowConnection(Protocol):
    """What is read of an Airflow connection, on every version of Airflow."""

    conn_id: Any
    login: Any
    password: Any
    host: Any
    schema: Any
    port: Any


@dataclass(frozen=True, kw_only=True)
class HttpSettings:
    """
    How to reach HTTP servers, OneSignal's API or its files.

    :param timeout: seconds to wait for a connection, and between two pieces of a response
    :param verify: whether to check TLS certificates, or the path of the CA bundle to check with
    :param proxies: proxy URL by scheme, as ``requests`` takes them
    """

    timeout: float = DEFAULT_TIMEOUT
    verify: bool | str = True
    proxies: Mapping[str, str] = field(default_factory=dict, repr=False)

    def proxy_for(self, scheme: str, host: str) -> str | None:
        """
        Return the proxy for a server: that for its host, otherwise that for all of its scheme.

        :param scheme: of the server's URL
        :param host: of the server's URL
        :return: "" to use none; None to use that of the environment
        """
        names = (f"{scheme}://{host}", scheme, f"all://{host}", "all")
        return next((self.proxies[name] for name in names if name in self.proxies), None)


@dataclass(frozen=True, kw_only=True)
class ApiSettings:
    """
    How to reach OneSignal's API for one app.

    :param conn_id: the Airflow connection this was read from
    :param app_id: UUID of the app
    :param api_key: the app's API key
    :param base_url: without a slash at its end
    :param max_attempts: attempts at one request in all
    """

    conn_id: str
    app_id: str
    api_key: str = field(repr=False)
    base_url: str = DEFAULT_BASE_URL
    max_attempts: int = DEFAULT_MAX_ATTEMPTS
    http: HttpSettings = HttpSettings()

    @property
    def is_key_legacy(self) -> bool:
        """Whether the key is of the kind that OneSignal is retiring."""
        return not self.api_key.startswith(_RICH_KEY)

    @property
    def authorization(self) -> str:
        """The header's value: rich keys and legacy ones are sent under different schemes."""
        return f"{'Basic' if self.is_key_legacy else 'Key'} {self.api_key}"


def api_settings(connection: AirflowConnection, extra: Mapping[str, Any]) -> ApiSettings:
    """
    Read a connection.

    :param connection: the Airflow connection
    :param extra: its decoded extra; unknown keys are ignored
    :raises OneSignalConfigurationError: a field is missing or malformed, naming it
    """
    conn_id = str(connection.conn_id)
    http = http_settings(extra, conn_id=conn_id)
    return ApiSettings(
        conn_id=conn_id,
        app_id=_app_id(connection, conn_id),
        api_key=_api_key(connection, conn_id),
        base_url=_base_url(connection, conn_id),
        max_attempts=_max_attempts(extra, conn_id),
        http=http,
    )


def http_settings(extra: Mapping[str, Any], *, conn_id: str) -> HttpSettings:
    """
    Read the part of a connection's extra that concerns HTTP alone.

    :raises OneSignalConfigurationError: a value is malformed, naming it
    """
    if not isinstance(extra, Mapping):
        raise _wrong(conn_id, 'has an Extra that is no JSON object such as {"timeout": 60}')
    return HttpSettings(
        timeout=_timeout(extra, conn_id),
        verify=_verify(extra, conn_id),
        proxies=_proxies(extra, conn_id),
    )


def usable_proxy(proxy: str, *, schemes: Collection[str]) -> str:
    """
    Check a proxy, of a connection or of the environment.

    :param proxy: its URL; without a scheme it is one of http
    :param schemes: those that its user understands
    :return: its URL, with a scheme
    :raises OneSignalConfigurationError: it is no such URL; the error does not show it, because it
        may hold a password
    """
    url = proxy if "://" in proxy else f"http://{proxy}"
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018  (raises where the port is no number)
        is_usable = parts.scheme in schemes and bool(parts.hostname)
    except ValueError:
        is_usable = False
    if not is_usable or any(char.isspace() for char in url):
        raise OneSignalConfigurationError(
            "The proxy must be a URL such as 'http://proxy:3128', with one of the schemes "
            f'{", ".join(schemes)}. Fix the extra "proxies" of the Airflow connection, or the '
            "environment's proxy (HTTPS_PROXY ...)."
        )
    return url


def app_of_key(api_key: str) -> str | None:
    """Return the app a rich app key was made for: its first 16 bytes are the app's UUID."""
    if not api_key.startswith(_APP_KEY):
        return None
    head = api_key.removeprefix(_APP_KEY)[:32].upper()
    try:
        return str(UUID(bytes=base64.b32decode(head)[:16]))
    except (binascii.Error, ValueError):
        return None


def _app_id(connection: AirflowConnection, conn_id: str) -> str:
    value = str(connection.login or "").strip()
    if not value:
        raise _wrong(conn_id, "has no App ID: put the app's UUID into Login")
    if value.startswith(_RICH_KEY):
        raise _wrong(conn_id, "holds a key in Login: the App ID belongs there, the key in Password")
    try:
        return str(UUID(value))
    except ValueError:
        shown = redact(value, limit=40)
        raise _wrong(conn_id, f"has an App ID (Login) that is no UUID: {shown!r}") from None


def _api_key(connection: AirflowConnection, conn_id: str) -> str:
    value = str(connection.password or "").strip()
    if not value:
        raise _wrong(conn_id, "has no App API Key: put it into Password")
    if value.startswith("os_v2_org_"):
        raise _wrong(
            conn_id,
            "holds an Organization API key, which cannot do this: put the App API Key into "
            "Password (OneSignal dashboard: Settings > Keys & IDs)",
        )
    if not value.isascii() or not value.isprintable() or set(value) & set(" \"'"):
        raise _wrong(
            conn_id,
            "has an App API Key (Password) with characters that no key contains, such as blanks or "
            "quotes",
        )
    return value


def _base_url(connection: AirflowConnection, conn_id: str) -> str:
    host = str(connection.host or "").strip()
    if not host:
        return DEFAULT_BASE_URL
    if "://" not in host:
        schema = str(connection.schema or "").strip().lower()
        host = f"{schema if schema in ('http', 'https') else 'https'}://{host}"
    try:
        parts = urlsplit(host)
        port = parts.port or (int(connection.port) if connection.port else None)
    except ValueError:
        raise _wrong(conn_id, "has a Host or Port that makes no URL") from None
    is_http = parts.scheme in ("http", "https") and bool(parts.hostname)
    if not is_http or "@" in parts.netloc or any(char.isspace() for char in host):
        raise _wrong(
            conn_id, "has a Host that is no http(s) URL such as 'https://api.onesignal.com'"
        )
    name = str(parts.hostname)
    name = f"[{name}]" if ":" in name else name
    return f"{parts.scheme}://{name}{f':{port}' if port else ''}{parts.path.rstrip('/')}"


def _timeout(extra: Mapping[str, Any], conn_id: str) -> float:
    try:
        value = float(_given(extra, "timeout", DEFAULT_TIMEOUT))
    except (TypeError, ValueError, OverflowError):
        value = 0.0
    if not 0 < value <= _LONGEST_TIMEOUT:
        raise _wrong(
            conn_id, "has an extra 'timeout' that is no positive number of seconds, at most a day"
        )
    return value


def _max_attempts(extra: Mapping[str, Any], conn_id: str) -> int:
    try:
        value = int(_given(extra, "max_attempts", DEFAULT_MAX_ATTEMPTS))
    except (TypeError, ValueError, OverflowError):
        value = 0
    if value < 1:
        raise _wrong(conn_id, "has an extra 'max_attempts' that is no number of at least 1")
    return value


def _verify(extra: Mapping[str, Any], conn_id: str) -> bool | str:
    value = _given(extra, "verify", True)
    if isinstance(value, str) and value.strip().lower() in ("true", "false"):
        return value.strip().lower() == "true"
    if isinstance(value, bool) or (isinstance(value, str) and _is_there(value)):
        return value
    raise _wrong(
        conn_id, "has an extra 'verify' that is neither true, false nor the path of a CA bundle"
    )


def _is_there(path: str) -> bool:
    try:
        return Path(path).exists()
    except OSError:  # such as a certificate in place of its path, which is too long for one
        return False


def _proxies(extra: Mapping[str, Any], conn_id: str) -> dict[str, str]:
    value = _given(extra, "proxies", {})
    if isinstance(value, str):
        value = _decoded(value)
    if isinstance(value, Mapping) and all(isinstance(url, str) for url in value.values()):
        return {str(scheme): url for scheme, url in value.items()}
    raise _wrong(conn_id, 'has an extra \'proxies\' that is no object such as {"https": "…"}')


def _decoded(value: str) -> Any:
    # The form of Airflow < 3.2 has no field for an object, only for a string.
    try:
        return json.loads(value)
    except ValueError:
        return None


def _given(extra: Mapping[str, Any], name: str, default: Any) -> Any:
    # A form saves empty fields as null or "".
    value = extra.get(name)
    return default if value is None or value == "" else value


def _wrong(conn_id: str, what: str) -> OneSignalConfigurationError:
    return OneSignalConfigurationError(f"The Airflow connection {conn_id!r} {what}.")
