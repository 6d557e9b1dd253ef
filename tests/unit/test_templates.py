"""What Airflow shows of a task's templated parameters, and in which colours of the task itself."""

from __future__ import annotations

import importlib
import json
from typing import Any

import pytest
from airflow.serialization.helpers import serialize_template_field

from airflow_provider_onesignal.exports import EventsExport, SubscriptionsExport
from airflow_provider_onesignal.transfers.onesignal_to_object_storage import (
    OneSignalExportToObjectStorageOperator,
)
from tests.unit.fakes import URL, task_context
from tests.unit.test_imports import modules

CONTAINERS = ("Sequence[", "Mapping[", "ExportRequest", "dict[", "list[")


def operators() -> list[Any]:
    """Every class that stands in a DAG, found rather than listed."""
    found = {
        member
        for module in modules()
        for name, member in vars(importlib.import_module(module)).items()
        if name.startswith("OneSignal") and hasattr(member, "template_fields")
    }
    return sorted(found, key=lambda operator: operator.__name__)


OF_EACH_OPERATOR = pytest.mark.parametrize("operator", operators(), ids=lambda each: each.__name__)


def of_lists_and_dicts(operator: Any) -> set[str]:
    """Name the templated parameters that may be a list, a dict or an export."""
    annotations: dict[str, str] = {}
    for base in operator.__mro__:
        if "__init__" in vars(base) and base.__module__.startswith("airflow_provider_onesignal"):
            annotations = {**base.__init__.__annotations__, **annotations}
    return {
        name
        for name, annotation in annotations.items()
        if name in operator.template_fields and any(kind in annotation for kind in CONTAINERS)
    }


def test_there_are_operators() -> None:
    assert len(operators()) >= 16
    assert any(of_lists_and_dicts(operator) for operator in operators())


@OF_EACH_OPERATOR
def test_lists_and_dicts_are_shown_as_json(operator: Any) -> None:
    assert of_lists_and_dicts(operator) == set(operator.template_fields_renderers)
    assert set(operator.template_fields_renderers.values()) <= {"json"}


@OF_EACH_OPERATOR
def test_each_has_onesignal_s_colours(operator: Any) -> None:
    assert (operator.ui_color, operator.ui_fgcolor) == ("#e54b4d", "#ffffff")


@pytest.mark.parametrize(
    ("export", "shown"),
    [
        (
            SubscriptionsExport(extra_fields=["country"], segment_name="{{ 'Gold' }}"),
            {"export": "SubscriptionsExport", "extra_fields": ["country"], "segment_name": "Gold"},
        ),
        (EventsExport("{{ 1 + 1 }}"), {"export": "EventsExport", "message_id": "2"}),
    ],
)
def test_an_export_is_shown_with_what_is_set_on_every_airflow(
    export: Any, shown: dict[str, Any]
) -> None:
    task = OneSignalExportToObjectStorageOperator(task_id="t", path="file:///x", export=export)

    task.render_template_fields(task_context())

    field: Any = serialize_template_field(task.export, "export")
    # Airflow 3 has the values, Airflow 2 a text.
    assert (json.loads(field) if isinstance(field, str) else field) == shown


def test_a_url_is_masked_where_it_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    from airflow.providers.common.compat.sdk import redact

    masker = importlib.import_module(redact.__module__)._secrets_masker()
    monkeypatch.setattr(masker, "patterns", set())
    monkeypatch.setattr(masker, "replacer", None)
    task = OneSignalExportToObjectStorageOperator(
        task_id="t", path="file:///x", csv_file_url="{{ params.url }}"
    )

    task.render_template_fields(task_context(params={"url": URL}))

    shown = redact(serialize_template_field(task.csv_file_url, "csv_file_url"), "csv_file_url")
    assert task.csv_file_url == URL
    assert "0123456789abcdef" not in str(shown)
