"""An Airflow connection, read and checked."""

from __future__ import annotations

import base64
import json
import re
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest
from airflow.models.connection import Connection

from airflow_provider_onesignal.connection import (
    ApiSettings,
    HttpSettings,
    api_settings,
    app_of_key,
    http_settings,
)
from airflow_provider_onesignal.exceptions import OneSignalConfigurationError
from tests.unit.fakes import APP_ID

LEGACY_KEY = "NGEwMGZmMjItY2NkNy0xMWUzLTk5ZDUtMDAwYzI5NDBlNjJj"


def rich_key(app_id: str = APP_ID) -> str:
    secret = base64.b32encode(UUID(app_id).bytes + b"\x07" * 48).decode().lower().rstrip("=")
    return f"os_v2_app_{secret}"


KEY = rich_key()


def read(extra: Any = None, **fields: Any) -> ApiSettings:
    given = {
        "conn_id": "onesignal_default",
        "login": APP_ID,
        "password": KEY,
        "host": None,
        "schema": None,
        "port": None,
    }
    return api_settings(SimpleNamespace(**given | fields), {} if extra is None else extra)


def test_a_connection_with_app_id_and_key_is_enough():
    settings = read()

    assert (settings.app_id, settings.api_key) == (APP_ID, KEY)
    assert settings.base_url == "https://api.onesignal.com"
    assert settings.max_attempts == 5
    assert settings.http == HttpSettings(timeout=60.0, verify=True, proxies={})


@pytest.mark.parametrize(
    ("proxies", "proxy"),
    [
        ({}, None),
        ({"http": "other"}, None),
        ({"all": "a"}, "a"),
        ({"all": "a", "https": "s"}, "s"),
        ({"https": "s", "all://files.example.com": "h"}, "s"),
        ({"https": "s", "https://files.example.com": "h"}, "h"),
        ({"all": "a", "https": ""}, ""),
    ],
)
def test_the_proxy_is_that_for_the_host_else_that_for_the_scheme(proxies, proxy):
    assert HttpSettings(proxies=proxies).proxy_for("https", "files.example.com") == proxy


@pytest.mark.parametrize(
    ("key", "scheme"),
    [(KEY, "Key"), ("os_v2_other_abc", "Key"), (LEGACY_KEY, "Basic"), (f" {KEY}\n", "Key")],
)
def test_rich_keys_and_legacy_ones_are_sent_under_their_own_scheme(key, scheme):
    assert read(password=key).authorization == f"{scheme} {key.strip()}"


@pytest.mark.parametrize(
    "app_id", [APP_ID.upper(), f" {APP_ID} ", APP_ID.replace("-", ""), f"{{{APP_ID}}}"]
)
def test_the_app_id_is_given_in_its_canonical_form(app_id):
    assert read(login=app_id).app_id == APP_ID


WRONG_EXTRAS: dict[str, list[Any]] = {
    "timeout": [0, -1, "soon", [], {}, float("inf"), float("nan"), "1e999", 10**400, 1e300],
    "max_attempts": [0, -1, "many", [], float("inf"), float("nan"), "2.5"],
    "verify": [1, 0, [], {}, "/no/such/bundle.pem", "-----BEGIN CERTIFICATE-----" + "A" * 5000],
    "proxies": ["http://proxy", "[", 1, ["http://proxy"], {"https": 3128}, {"https": None}],
}
WRONG: list[Any] = [
    pytest.param({"login": None}, None, "no App ID", id="no-app-id"),
    pytest.param({"login": " "}, None, "no App ID", id="blank-app-id"),
    pytest.param({"login": "my-app"}, None, "no UUID: 'my-app'", id="app-id-is-no-uuid"),
    pytest.param({"login": KEY}, None, "key in Login", id="key-and-app-id-swapped"),
    pytest.param({"login": LEGACY_KEY}, None, "no UUID", id="legacy-key-and-app-id-swapped"),
    pytest.param({"password": None}, None, "no App API Key", id="no-key"),
    pytest.param({"password": ""}, None, "no App API Key", id="empty-key"),
    pytest.param(
        {"password": KEY.replace("_app_", "_org_")}, None, "Organization API key", id="org-key"
    ),
    pytest.param(
        {"password": f"Key {KEY}"}, None, "characters that no key contains", id="key-scheme"
    ),
    pytest.param(
        {"password": f'"{KEY}"'}, None, "characters that no key contains", id="key-in-quotes"
    ),
    pytest.param(
        {"password": "schlüssel"}, None, "characters that no key contains", id="no-ascii-key"
    ),
    pytest.param(
        {"password": "a\r\nX: y"}, None, "characters that no key contains", id="header-in-key"
    ),
    pytest.param({"host": "ftp://h"}, None, "no http(s) URL", id="ftp-host"),
    pytest.param({"host": "http://"}, None, "no http(s) URL", id="no-host"),
    pytest.param({"host": "api onesignal.com"}, None, "no http(s) URL", id="blank-in-host"),
    pytest.param({"host": f"https://u:{KEY}@h"}, None, "no http(s) URL", id="user-in-host"),
    pytest.param({"host": f"https://{KEY}@[h"}, None, "no URL", id="broken-host"),
    pytest.param({"host": "h:seven"}, None, "no URL", id="port-in-host-is-no-number"),
    pytest.param({"host": "h", "port": "seven"}, None, "no URL", id="port-is-no-number"),
    pytest.param({}, [1], "Extra that is no JSON object", id="extra-is-a-list"),
    pytest.param({}, "x", "Extra that is no JSON object", id="extra-is-a-string"),
    *(
        pytest.param({}, {name: value}, f"'{name}'", id=f"{name}-{value!r:.12}")
        for name, values in WRONG_EXTRAS.items()
        for value in values
    ),
]


@pytest.mark.parametrize(("fields", "extra", "text"), WRONG)
def test_a_wrong_connection_has_one_clear_error(fields, extra, text):
    with pytest.raises(OneSignalConfigurationError) as raised:
        read(extra, **fields)

    said = str(raised.value)
    assert "'onesignal_default'" in said
    assert text in said
    assert "\n" not in said
    for secret in (KEY, KEY.replace("_app_", "_org_"), LEGACY_KEY):
        assert secret not in said


@pytest.mark.parametrize(
    ("host", "schema", "port", "base_url"),
    [
        (None, None, None, "https://api.onesignal.com"),
        ("", "http", 8765, "https://api.onesignal.com"),
        ("api.onesignal.com", None, None, "https://api.onesignal.com"),
        ("api.onesignal.com", "https", 443, "https://api.onesignal.com:443"),
        ("127.0.0.1", "http", 8765, "http://127.0.0.1:8765"),
        ("127.0.0.1", "HTTP", "8765", "http://127.0.0.1:8765"),
        ("127.0.0.1:8765", "http", None, "http://127.0.0.1:8765"),
        ("http://127.0.0.1:8765", None, None, "http://127.0.0.1:8765"),
        ("http://127.0.0.1:8765/", "https", 1, "http://127.0.0.1:8765"),
        ("https://onesignal.com/api/v1/", None, None, "https://onesignal.com/api/v1"),
        ("http://[::1]:8765", None, None, "http://[::1]:8765"),
        ("api.onesignal.com", "public", None, "https://api.onesignal.com"),
    ],
)
def test_the_base_url_is_read_from_host_schema_and_port(host, schema, port, base_url):
    assert read(host=host, schema=schema, port=port).base_url == base_url


def from_uri(uri: str) -> Any:
    # Before Airflow 3.3 only the database's own class reads a URI, as it does for the task.
    return Connection(conn_id="x", uri=uri)


@pytest.mark.parametrize(
    ("end", "base_url"),
    [
        ("", "https://api.onesignal.com"),
        ("127.0.0.1:8765/http", "http://127.0.0.1:8765"),
        ("127.0.0.1/http", "http://127.0.0.1"),
        ("api.example.com", "https://api.example.com"),
    ],
)
def test_a_connection_can_be_a_uri(end, base_url):
    connection = from_uri(f"onesignal://{APP_ID}:{KEY}@{end}")

    settings = api_settings(connection, connection.extra_dejson)

    assert (settings.app_id, settings.api_key) == (APP_ID, KEY)
    assert settings.base_url == base_url


def test_the_extra_of_a_uri_is_read():
    uri = f"onesignal://{APP_ID}:{KEY}@?timeout=5&verify=false&max_attempts=2&other=x"
    connection = from_uri(uri)

    settings = api_settings(connection, connection.extra_dejson)

    assert (settings.max_attempts, settings.http) == (2, HttpSettings(timeout=5.0, verify=False))


@pytest.mark.parametrize(
    ("extra", "expected"),
    [
        ({}, HttpSettings()),
        ({"timeout": None, "verify": "", "proxies": None, "unknown": object()}, HttpSettings()),
        ({"timeout": "2.5"}, HttpSettings(timeout=2.5)),
        ({"verify": "False"}, HttpSettings(verify=False)),
        ({"verify": " true "}, HttpSettings(verify=True)),
        ({"verify": __file__}, HttpSettings(verify=__file__)),
        ({"proxies": {"https": "http://p"}}, HttpSettings(proxies={"https": "http://p"})),
        (
            {"proxies": json.dumps({"https": "http://p"})},
            HttpSettings(proxies={"https": "http://p"}),
        ),
    ],
)
def test_the_extra_is_read_as_a_form_or_a_uri_saves_it(extra, expected):
    assert http_settings(extra, conn_id="x") == expected


@pytest.mark.parametrize("show", [repr, str, "{}".format])
def test_settings_do_not_show_their_secrets(show):
    shown = show(read({"proxies": {"https": "http://user:secret@proxy"}}))

    assert KEY not in shown
    assert "secret" not in shown
    assert re.search(APP_ID, shown)


def test_a_rich_key_tells_its_app():
    other = "12345678-1234-5678-1234-567812345678"

    assert app_of_key(rich_key(other)) == other


@pytest.mark.parametrize(
    "key", [LEGACY_KEY, "", "os_v2_app_", "os_v2_app_abc", "os_v2_app_" + "0" * 103, "os_v2_org_x"]
)
def test_any_other_key_tells_nothing(key):
    assert app_of_key(key) is None
