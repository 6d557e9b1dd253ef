"""Google Cloud Storage as a sink: one resumable upload, finished last or cancelled."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from airflow_provider_onesignal.sinks.failures import TypedErrors
from airflow_provider_onesignal.sinks.gcs_failures import classify
from airflow_provider_onesignal.stream.errors import MissingBucketError
from airflow_provider_onesignal.stream.sink import CancellableReadable, Readable, StoredObject

if TYPE_CHECKING:
    from airflow.providers.google.cloud.hooks.gcs import GCSHook
    from google.cloud.storage.fileio import BlobWriter

log = logging.getLogger(__name__)

_UPLOAD_CHUNK = 8 * 1024 * 1024
_READ_CHUNK = 1024 * 1024
_CANCEL_TIMEOUT = 30.0
_CANCELLED = (200, 204, 404, 410, 499)
"""Answers to a DELETE of a session; of success it is 499."""


class GCSSink:
    """
    One object of a bucket.

    :param bucket_name: the bucket
    :param object_name: the object
    :param replace: write over an object that is there; else an upload fails where one has
        appeared (:class:`.StoreTakenError`)
    :param gcp_conn_id: Airflow connection
    :param impersonation_chain: service account to act as, or the chain of them
    """

    def __init__(
        self,
        *,
        bucket_name: str,
        object_name: str,
        replace: bool = False,
        gcp_conn_id: str = "google_cloud_default",
        impersonation_chain: str | Sequence[str] | None = None,
    ) -> None:
        self._bucket_name = bucket_name
        self._object_name = object_name
        self._replace = replace
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

    def existing(self) -> StoredObject | None:
        """Return the object of this name, None where there is none."""
        typed_errors = TypedErrors(self, classify)
        with typed_errors():
            blob = self._bucket.get_blob(self._object_name)
            if blob is None:
                self._require_bucket()
        return None if blob is None else typed_errors.object(GCSObject(blob))

    def store(
        self,
        reader: CancellableReadable,
        *,
        content_type: str,
        size: int | None,
    ) -> None:
        """Upload in chunks; see :meth:`.Sink.store`."""
        with TypedErrors(self, classify)():
            self._require_bucket()
            self._upload(reader, content_type)

    def _upload(self, reader: Readable, content_type: str) -> None:
        conditions = {} if self._replace else {"if_generation_match": 0}
        writer = self._bucket.blob(self._object_name).open(
            "wb", chunk_size=_UPLOAD_CHUNK, content_type=content_type, **conditions
        )
        try:
            shutil.copyfileobj(reader, writer, _READ_CHUNK)
            writer.close()
        except BaseException:
            _cancel(writer, self.uri)
            raise

    @cached_property
    def _bucket(self) -> Any:
        return self.hook.get_conn().bucket(self._bucket_name)

    def _require_bucket(self) -> None:
        from google.api_core.exceptions import Forbidden

        try:
            exists = self._bucket.exists()
        except Forbidden:
            # a role that may write objects need not be allowed to look at the bucket
            return
        if not exists:
            raise MissingBucketError(self.uri)


@dataclass(frozen=True)
class GCSObject:
    """An object in GCS; see :class:`.StoredObject`."""

    blob: Any

    @property
    def size(self) -> int:
        """Length in bytes."""
        return int(self.blob.size)

    def read(self, start: int, length: int) -> bytes:
        """Return ``length`` bytes from ``start`` on."""
        last = start + length - 1
        return bytes(self.blob.download_as_bytes(start=start, end=last, raw_download=True))

    def open(self) -> AbstractContextManager[Readable]:
        """Return the object as a file."""
        file: AbstractContextManager[Readable] = self.blob.open(
            "rb", chunk_size=_UPLOAD_CHUNK, raw_download=True
        )
        return file


def _cancel(writer: BlobWriter, uri: str) -> None:
    # a writer that is not closed would finish the cut object when it is collected as garbage
    writer._buffer.close()  # noqa: SLF001
    if writer._upload_and_transport is None:  # noqa: SLF001
        return
    upload, transport = writer._upload_and_transport  # noqa: SLF001
    _mask(upload.resumable_url)
    try:
        # not writer.terminate(), which asks at the address where sessions are begun
        status = transport.delete(upload.resumable_url, timeout=_CANCEL_TIMEOUT).status_code
    except Exception as error:  # noqa: BLE001 - the failure that led here matters more
        status = type(error).__name__
    if status not in _CANCELLED:
        log.warning(
            "The unfinished upload of %s was not cancelled (%s). It is no object; Google drops it "
            "within a week",
            uri,
            status,
        )


def _mask(session: str) -> None:
    """Keep a session's address out of the log: whoever has it may write to the object."""
    from airflow.providers.common.compat.sdk import mask_secret

    for secret in (session, urlsplit(session).query):
        if secret:
            mask_secret(secret)
