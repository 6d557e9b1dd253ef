"""The operators' parameters reach the sinks, and a missing extra is named."""

from __future__ import annotations

import sys
from typing import Any

import pytest

from airflow_provider_onesignal.exceptions import OneSignalConfigurationError
from airflow_provider_onesignal.transfers.onesignal_to_gcs import OneSignalExportToGCSOperator
from airflow_provider_onesignal.transfers.onesignal_to_object_storage import (
    OneSignalExportToObjectStorageOperator,
)
from airflow_provider_onesignal.transfers.onesignal_to_s3 import OneSignalExportToS3Operator

URL = "https://files.example.com/users_0123456789abcdef_2026-11-01.csv.gz"
S3 = {"s3_key": "k", "s3_bucket": "b"}
GCS = {"bucket_name": "b", "object_name": "o"}
FILE = {"path": "file:///data/users.csv.gz"}


@pytest.mark.parametrize(
    ("operator", "place", "uri"),
    [
        (OneSignalExportToS3Operator, S3, "s3://b/k"),
        (OneSignalExportToS3Operator, {"s3_key": "s3://b/a/k"}, "s3://b/a/k"),
        (OneSignalExportToS3Operator, {"s3_key": "s3://b/a/k", "s3_bucket": ""}, "s3://b/a/k"),
        (OneSignalExportToGCSOperator, GCS, "gs://b/o"),
        (OneSignalExportToObjectStorageOperator, FILE, "file:///data/users.csv.gz"),
    ],
)
def test_the_place_is_named_by_its_uri(operator: Any, place: dict[str, Any], uri: str) -> None:
    assert operator(task_id="copy", csv_file_url=URL, **place).sink().uri == uri


@pytest.mark.parametrize(
    ("operator", "place", "package", "extra"),
    [
        (OneSignalExportToS3Operator, S3, "airflow.providers.amazon", "amazon"),
        (OneSignalExportToGCSOperator, GCS, "airflow.providers.google", "google"),
    ],
)
def test_a_missing_extra_is_named(
    monkeypatch: pytest.MonkeyPatch,
    operator: Any,
    place: dict[str, Any],
    package: str,
    extra: str,
) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    monkeypatch.setattr(
        "airflow_provider_onesignal.transfers.destinations.find_spec", lambda name: None
    )

    with pytest.raises(OneSignalConfigurationError, match=rf"airflow-provider-onesignal\[{extra}"):
        operator(task_id="copy", csv_file_url=URL, **place).sink()


@pytest.mark.parametrize(
    ("operator", "place"),
    [
        (OneSignalExportToS3Operator, S3),
        (OneSignalExportToGCSOperator, GCS),
        (OneSignalExportToObjectStorageOperator, FILE),
    ],
)
def test_every_place_and_connection_is_templated(operator: Any, place: dict[str, Any]) -> None:
    task = operator(task_id="copy", csv_file_url=URL, **place)

    connections = {name for name in vars(task) if name.endswith("_conn_id")}
    assert connections | set(place) | {"csv_file_url", "export"} <= set(task.template_fields)
    assert all(hasattr(task, name) for name in task.template_fields)
