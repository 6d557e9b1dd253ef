"""Google Cloud Storage."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from airflow_provider_onesignal.exceptions import OneSignalError, OneSignalValidationError
from airflow_provider_onesignal.stores import (
    Readable,
    StoredObject,
    StoreErrors,
    check_bucket,
    check_object_name,
    explain_status,
    failed,
    missing_bucket,
    refused,
    require_package,
)
from airflow_provider_onesignal.stores.upload import Upload, send

if TYPE_CHECKING:
    from airflow.providers.google.cloud.hooks.gcs import GCSHook
    from google.cloud.storage.fileio import BlobWriter

_CHUNK = 8 * 1024 * 1024
_CANCEL_TIMEOUT = 30.0
_CANCELLED = (200, 204, 404, 410, 499)
"""Responses to a DELETE of a session; of success it is 499."""


class GCSStore:
    """
    One object of a bucket.

    :param bucket_name: the bucket
    :param object_name: the object
    :param replace: write over an object that is there
    :param kms_key_name: key of Google Cloud KMS to encrypt it with
    :param metadata: custom metadata of the object
    :param user_project: project to bill, where the bucket lets the requester pay
    :param gcp_conn_id: Airflow connection
    :param impersonation_chain: service account to act as, or the chain of them
    :raises OneSignalValidationError: a parameter is malformed
    :raises OneSignalConfigurationError: the extra ``google`` is not installed
    """

    def __init__(
        self,
        *,
        bucket_name: str,
        object_name: str,
        replace: bool = False,
        kms_key_name: str | None = None,
        metadata: Mapping[str, str] | None = None,
        user_project: str | None = None,
        gcp_conn_id: str = "google_cloud_default",
        impersonation_chain: str | Sequence[str] | None = None,
    ) -> None:
        require_package("airflow.providers.google", extra="google")
        self._bucket_name = check_bucket(bucket_name, name="bucket_name")
        self._object_name = check_object_name(object_name, name="object_name")
        self.replace = replace
        self._kms_key_name = kms_key_name
        self._metadata = _checked_metadata(metadata)
        self._user_project = user_project
        self._gcp_conn_id = gcp_conn_id
        self._impersonation_chain = impersonation_chain

    @cached_property
    def hook(self) -> GCSHook:
        """The connection to GCS."""
        from airflow.providers.google.cloud.hooks.gcs import GCSHook

        return GCSHook(gcp_conn_id=self._gcp_conn_id, impersonation_chain=self._impersonation_chain)

    @property
    def uri(self) -> str:
        """``gs://bucket/object``."""
        return f"gs://{self._bucket_name}/{self._object_name}"

    def head(self) -> StoredObject | None:
        """Return the object of this name, None where there is none."""
        errors = StoreErrors(self.uri, _explain)
        with errors():
            blob = self._bucket.get_blob(self._object_name)
            if blob is None:
                self._require_bucket()
        return None if blob is None else errors.object(_Object(blob))

    def put(
        self,
        file: Readable,
        *,
        content_type: str,
        size: int | None,
        metadata: Mapping[str, str],
    ) -> None:
        """Upload in chunks; see :meth:`.Store.put`."""
        with StoreErrors(self.uri, _explain)():
            blob = self._bucket.blob(self._object_name, kms_key_name=self._kms_key_name)
            blob.metadata = {**self._metadata, **metadata}
            condition = {} if self.replace else {"if_generation_match": 0}
            send(file, _ResumableUpload(blob, self.uri, {"content_type": content_type} | condition))

    @cached_property
    def _bucket(self) -> Any:
        return self.hook.get_conn().bucket(self._bucket_name, user_project=self._user_project)

    def _require_bucket(self) -> None:
        from google.api_core.exceptions import Forbidden

        try:
            exists = self._bucket.exists()
        except Forbidden:
            # A role that may write objects need not be allowed to see the bucket.
            return
        if not exists:
            raise missing_bucket(self.uri)


class _ResumableUpload(Upload):
    """
    One session, finished last or cancelled.

    :param blob: the object
    :param uri: of it
    :param arguments: of the session
    """

    def __init__(self, blob: Any, uri: str, arguments: Mapping[str, Any]) -> None:
        self._blob = blob
        self._uri = uri
        self._arguments = arguments
        self._writer: BlobWriter | None = None

    def begin(self) -> None:
        self._writer = self._blob.open("wb", chunk_size=_CHUNK, **self._arguments)

    def write(self, number: int, piece: bytes) -> None:
        if self._writer is not None:
            self._writer.write(piece)

    def finish(self) -> None:
        if self._writer is not None:
            self._writer.close()

    def discard(self) -> None:
        if self._writer is None:
            return
        # A writer that is not closed would finish the cut object when it is collected as garbage.
        self._writer._buffer.close()  # noqa: SLF001
        if self._writer._upload_and_transport is None:  # noqa: SLF001
            return
        upload, transport = self._writer._upload_and_transport  # noqa: SLF001
        _mask(upload.resumable_url)
        # Not writer.terminate(), which asks at the URL where sessions are begun.
        response = transport.delete(upload.resumable_url, timeout=_CANCEL_TIMEOUT)
        if response.status_code not in _CANCELLED:
            response.raise_for_status()

    def leftover(self, reason: str) -> str:
        return (
            f"The unfinished upload of {self._uri} was not cancelled ({reason}). It is no object; "
            "Google drops it within a week"
        )


@dataclass(frozen=True)
class _Object:
    """An object in GCS; see :class:`.StoredObject`."""

    blob: Any

    @property
    def size(self) -> int:
        return int(self.blob.size)

    @property
    def metadata(self) -> Mapping[str, str]:
        return dict(self.blob.metadata or {})

    def read(self, start: int, length: int) -> bytes:
        last = start + length - 1
        return bytes(self.blob.download_as_bytes(start=start, end=last, raw_download=True))

    def open(self) -> AbstractContextManager[Readable]:
        file: AbstractContextManager[Readable] = self.blob.open(
            "rb", chunk_size=_CHUNK, raw_download=True
        )
        return file


def _checked_metadata(metadata: Any) -> dict[str, str]:
    if not isinstance(metadata, Mapping | None):
        raise OneSignalValidationError(
            f"metadata must be a dict of strings, got {type(metadata).__name__}."
        )
    return {str(name): str(value) for name, value in (metadata or {}).items()}


def _mask(session: str) -> None:
    """Keep a session's URL out of the log: it lets anyone write to the object."""
    from airflow_provider_onesignal.compat import mask_secret

    for secret in (session, urlsplit(session).query):
        if secret:
            mask_secret(secret)


def _explain(uri: str, error: Exception) -> OneSignalError | None:
    """Return what an error of Google's libraries means, None for one that is not theirs."""
    import requests
    from google.api_core.exceptions import GoogleAPICallError, GoogleAPIError
    from google.auth.exceptions import GoogleAuthError, TransportError

    try:
        from google.cloud.storage.exceptions import DataCorruption, InvalidResponse
    except ImportError:  # before google-cloud-storage 3
        from google.resumable_media import DataCorruption, InvalidResponse

    if isinstance(error, GoogleAPICallError):
        return explain_status(uri, error, int(error.code or 500))
    if isinstance(error, InvalidResponse):
        return explain_status(uri, error, int(error.response.status_code))
    if isinstance(error, GoogleAuthError):
        may_pass = isinstance(error, TransportError) or bool(getattr(error, "retryable", False))
        return failed(uri, error) if may_pass else refused(uri, error)
    passing = (GoogleAPIError, DataCorruption, requests.RequestException)
    return failed(uri, error) if isinstance(error, passing) else None
