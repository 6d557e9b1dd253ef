"""
The connection form, as one table.

Airflow >= 3.2 shows what the provider's metadata says, older versions what the hook's methods say;
both are made from here.
"""

from __future__ import annotations

import json
from typing import Any, NamedTuple

CONNECTION_TYPE = "onesignal"
HOOK_NAME = "OneSignal"
HOOK_CLASS = "airflow_provider_onesignal.hooks.onesignal.OneSignalHook"


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
    ExtraField("timeout", "Timeout", "Seconds to wait for an answer. Default 60.", "number"),
    ExtraField("max_attempts", "Attempts", "Tries of one request in all. Default 5.", "integer"),
    ExtraField(
        "verify", "Verify TLS", "true, false, or a CA bundle's path. Default true.", "string"
    ),
    # The editor that Airflow 3 has for an object lays out anew what is half typed, and spoils it.
    ExtraField("proxies", "Proxies", 'JSON such as {"https": "http://proxy:3128"}.', "string"),
)


def ui_field_behaviour() -> dict[str, Any]:
    """Give what ``get_ui_field_behaviour`` of a hook returns (Airflow < 3.2)."""
    return {
        "hidden_fields": list(HIDDEN_FIELDS),
        "relabeling": {field.name: field.label for field in STANDARD_FIELDS},
        "placeholders": {field.name: field.placeholder for field in STANDARD_FIELDS},
    }


def form_widgets() -> dict[str, Any]:
    """Give what ``get_connection_form_widgets`` of a hook returns (Airflow < 3.2)."""
    from flask_appbuilder.fieldwidgets import BS3TextFieldWidget
    from wtforms import IntegerField, StringField
    from wtforms.validators import Optional

    class TextWidget(BS3TextFieldWidget):  # type: ignore[misc,unused-ignore]
        """Show a value that was written as JSON as JSON again, not as Python."""

        def __call__(self, field: Any, **attributes: Any) -> Any:
            if isinstance(field.data, dict):
                attributes["value"] = json.dumps(field.data)
            return super().__call__(field, **attributes)

    # Airflow drops the whole connection type for any other class of field, a subclass too.
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
    """Give the provider metadata's entry for the connection type (Airflow >= 3.2)."""
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
