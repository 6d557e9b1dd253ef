"""The connection form, for the versions of Airflow that read metadata and those that ask a hook."""

from __future__ import annotations

import html

import pytest

from airflow_provider_onesignal import connection as connection_form
from airflow_provider_onesignal.connection import HttpSettings, http_settings
from airflow_provider_onesignal.hooks.onesignal import OneSignalHook


@pytest.fixture
def metadata():
    return connection_form.connection_type()


def test_metadata_and_hook_agree_on_the_type(metadata):
    assert metadata["connection-type"] == OneSignalHook.conn_type == "onesignal"
    assert metadata["hook-name"] == OneSignalHook.hook_name == "OneSignal"
    assert metadata["hook-class-name"] == f"{OneSignalHook.__module__}.{OneSignalHook.__qualname__}"
    assert OneSignalHook.conn_name_attr == "onesignal_conn_id"
    assert OneSignalHook.default_conn_name == "onesignal_default"


def test_metadata_and_hook_agree_on_the_standard_fields(metadata):
    of_hook = OneSignalHook.get_ui_field_behaviour()
    of_metadata = metadata["ui-field-behaviour"]

    assert of_metadata["hidden-fields"] == of_hook["hidden_fields"] == ["schema", "port"]
    assert of_metadata["relabeling"] == of_hook["relabeling"]
    assert of_metadata["placeholders"] == of_hook["placeholders"]
    assert of_hook["relabeling"] == {
        "login": "App ID",
        "password": "App API Key",
        "host": "API Base URL",
    }


def test_every_extra_field_is_optional(metadata):
    for field in metadata["conn-fields"].values():
        assert "null" in field["schema"]["type"]


def test_the_extra_fields_are_those_that_are_read(metadata):
    assert list(metadata["conn-fields"]) == ["timeout", "max_attempts", "verify", "proxies"]


def test_metadata_and_hook_agree_on_the_extra_fields(metadata):
    pytest.importorskip("flask_appbuilder")
    wtforms = pytest.importorskip("wtforms")

    form = type("ConnectionForm", (wtforms.Form,), OneSignalHook.get_connection_form_widgets())()

    assert {field.name: (field.label.text, field.description) for field in form} == {
        name: (field["label"], field["description"])
        for name, field in metadata["conn-fields"].items()
    }


@pytest.fixture
def older_form():
    pytest.importorskip("flask_appbuilder")
    wtforms = pytest.importorskip("wtforms")
    return type("ConnectionForm", (wtforms.Form,), OneSignalHook.get_connection_form_widgets())


def test_the_older_form_has_only_fields_that_airflow_takes(older_form):
    # Airflow < 3.2 does not list a connection type that has any other.
    import wtforms

    allowed = {
        wtforms.BooleanField,
        wtforms.IntegerField,
        wtforms.PasswordField,
        wtforms.StringField,
    }

    assert {type(field) for field in older_form()} <= allowed


def test_the_older_form_gives_what_the_hook_can_read(older_form):
    datastructures = pytest.importorskip("werkzeug.datastructures")

    form = older_form(
        datastructures.MultiDict(
            {"timeout": "2.5", "max_attempts": "3", "verify": "false", "proxies": ""}
        )
    )

    assert form.validate()
    assert form.data == {"timeout": "2.5", "max_attempts": 3, "verify": "false", "proxies": ""}
    assert http_settings(form.data, conn_id="c") == HttpSettings(timeout=2.5, verify=False)


def test_the_older_form_shows_an_object_as_json(older_form):
    form = older_form()
    form.proxies.data = {"https": "http://proxy:3128"}

    shown = html.unescape(form.proxies())

    assert 'value="{"https": "http://proxy:3128"}"' in shown
