"""The connection form, for the versions of Airflow that read metadata and those that ask a hook."""

from __future__ import annotations

import pytest

from airflow_provider_onesignal import connection_form
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


def test_the_older_form_gives_numbers_and_texts():
    pytest.importorskip("flask_appbuilder")
    wtforms = pytest.importorskip("wtforms")
    datastructures = pytest.importorskip("werkzeug.datastructures")

    form = type("ConnectionForm", (wtforms.Form,), OneSignalHook.get_connection_form_widgets())(
        datastructures.MultiDict(
            {"timeout": "2.5", "max_attempts": "3", "verify": "false", "proxies": ""}
        )
    )

    assert form.validate()
    assert form.data == {"timeout": 2.5, "max_attempts": 3, "verify": "false", "proxies": ""}
