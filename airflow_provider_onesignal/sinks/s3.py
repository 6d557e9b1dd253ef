"""Amazon S3 as a sink: one multipart upload, completed last or aborted."""

from __future__ import annotations

import logging
import math
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from airflow_provider_onesignal.sinks.failures import TypedErrors
from airflow_provider_onesignal.sinks.s3_failures import classify, code_of, is_missing
from airflow_provider_onesignal.stream.errors import (
    MissingBucketError,
    StoreFailedError,
    StreamCancelledError,
    UnnamedBucketError,
)
from airflow_provider_onesignal.stream.sink import CancellableReadable, Readable, StoredObject

if TYPE_CHECKING:
    from airflow.providers.amazon.aws.hooks.s3 import S3Hook
    from boto3.s3.transfer import TransferConfig

log = logging.getLogger(__name__)

MIB = 1024 * 1024
_SMALLEST_PART = 8 * MIB
_PART_OF_UNKNOWN = 16 * MIB
_MOST_PARTS = 10_000
_THREADS = 2


def part_size(size: int | None) -> int:
    """
    Return the bytes of a part, so that S3's 10,000 parts suffice.

    :param size: length of the object in bytes; unknown ones may have 156 GiB
    """
    if size is None:
        return _PART_OF_UNKNOWN
    return max(_SMALLEST_PART, math.ceil(size / _MOST_PARTS / MIB) * MIB)


class S3Sink:
    """
    One key of a bucket.

    :param key: the key, or a full ``s3://bucket/key`` URL
    :param bucket: the bucket; None with a full URL, or to take the connection's
    :param encrypt: let S3 encrypt it (AES256)
    :param acl_policy: canned ACL of the object
    :param aws_conn_id: Airflow connection
    :param verify: TLS verification, or a path to certificates
    """

    def __init__(
        self,
        *,
        key: str,
        bucket: str | None = None,
        encrypt: bool = False,
        acl_policy: str | None = None,
        aws_conn_id: str | None = "aws_default",
        verify: bool | str | None = None,
    ) -> None:
        self._key = key
        self._bucket = bucket
        self._encrypt = encrypt
        self._acl_policy = acl_policy
        self._aws_conn_id = aws_conn_id
        self._verify = verify

    @cached_property
    def hook(self) -> S3Hook:
        """The connection to S3."""
        from airflow.providers.amazon.aws.hooks.s3 import S3Hook

        return S3Hook(aws_conn_id=self._aws_conn_id, verify=self._verify)

    @cached_property
    def address(self) -> tuple[str, str]:
        """Bucket and key."""
        bucket = self._bucket
        if bucket is None and "://" not in self._key:
            bucket = self.hook.service_config.get("bucket_name")
            if not bucket:
                raise UnnamedBucketError(
                    self._key,
                    "pass s3_bucket, make s3_key a full s3:// URL, or give the AWS connection the "
                    'extra {"service_config": {"s3": {"bucket_name": "..."}}}.',
                )
        return self.hook.get_s3_bucket_key(bucket, self._key, "s3_bucket", "s3_key")

    @property
    def uri(self) -> str:
        """``s3://bucket/key``."""
        return "s3://{}/{}".format(*self.address)

    def existing(self) -> StoredObject | None:
        """Return the object of this key, None where there is none."""
        typed_errors = TypedErrors(self, classify)
        with typed_errors():
            found = self._find()
        return None if found is None else typed_errors.object(found)

    def store(self, reader: CancellableReadable, *, content_type: str, size: int | None) -> None:
        """Upload in parts; see :meth:`.Sink.store`."""
        with TypedErrors(self, classify)():
            self._require_bucket()
            self._upload(reader, content_type=content_type, size=size)

    def _find(self) -> S3Object | None:
        from botocore.exceptions import ClientError

        try:
            head = self._client.head_object(**self._place, **self._read_args)
        except ClientError as error:
            if not is_missing(error):
                raise
            self._require_bucket()
            return None
        return S3Object(self._client, {**self._place, **self._read_args}, head["ContentLength"])

    def _upload(self, reader: CancellableReadable, *, content_type: str, size: int | None) -> None:
        from boto3.s3.transfer import create_transfer_manager

        bucket, key = self.address
        upload_reader = _UploadReader(reader)
        client = _AbortLoggingClient(self._client)
        with create_transfer_manager(client, _transfer_config(part_size(size))) as manager:
            upload_reader.upload = manager.upload(
                upload_reader, bucket, key, self._write_args(content_type)
            )
            try:
                upload_reader.upload.result()
            except BaseException:
                # leaving the block waits for the thread that reads
                reader.cancel()
                if upload_reader.interrupt is not None:
                    raise upload_reader.interrupt from None
                raise

    @property
    def _client(self) -> Any:
        return self.hook.get_conn()

    @property
    def _place(self) -> dict[str, str]:
        bucket, key = self.address
        return {"Bucket": bucket, "Key": key}

    @property
    def _read_args(self) -> dict[str, Any]:
        from boto3.s3.transfer import S3Transfer

        allowed = S3Transfer.ALLOWED_DOWNLOAD_ARGS
        return {name: value for name, value in self.hook.extra_args.items() if name in allowed}

    def _write_args(self, content_type: str) -> dict[str, Any]:
        args = {**self.hook.extra_args, "ContentType": content_type}
        if self._encrypt:
            args["ServerSideEncryption"] = "AES256"
        if self._acl_policy:
            args["ACL"] = self._acl_policy
        return args

    def _require_bucket(self) -> None:
        from botocore.exceptions import ClientError

        try:
            self._client.head_bucket(Bucket=self.address[0])
        except ClientError as error:
            if is_missing(error):
                raise MissingBucketError(self.uri) from error
            if classify(error) is StoreFailedError:
                raise
            # a role that may write keys need not be allowed to look at the bucket


@dataclass(frozen=True)
class S3Object:
    """An object in S3; see :class:`.StoredObject`."""

    client: Any
    args: dict[str, Any]
    size: int

    def read(self, start: int, length: int) -> bytes:
        """Return ``length`` bytes from ``start`` on."""
        part = self.client.get_object(**self.args, Range=f"bytes={start}-{start + length - 1}")
        with closing(part["Body"]) as body:
            return bytes(body.read())

    @contextmanager
    def open(self) -> Iterator[Readable]:
        """Give the object as a file."""
        with closing(self.client.get_object(**self.args)["Body"]) as body:
            yield body


class _UploadReader:
    """
    Ends the reading once the upload has failed; s3transfer would read on to the end.

    An interrupt of the reader is kept apart: s3transfer never ends where one of its threads meets
    what is no ``Exception`` while another sends a part.
    """

    def __init__(self, reader: Readable) -> None:
        self.upload: Any = None
        self.interrupt: BaseException | None = None
        self._reader = reader

    def read(self, length: int = -1) -> bytes:
        if self.upload is not None and self.upload.done():
            raise StreamCancelledError("The upload has failed.")
        try:
            return self._reader.read(length)
        except Exception:
            raise
        except BaseException as interrupt:
            self.interrupt = interrupt
            raise StreamCancelledError("The copy was interrupted.") from interrupt


class _AbortLoggingClient:
    """Says that an upload was not aborted; s3transfer would pass over it in silence."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)

    def abort_multipart_upload(self, **upload: Any) -> Any:
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            return self._client.abort_multipart_upload(**upload)
        except (BotoCoreError, ClientError) as error:
            if not (isinstance(error, ClientError) and code_of(error) == "NoSuchUpload"):
                log.warning(
                    "The unfinished multipart upload %s of s3://%s/%s was not aborted (%s). It is "
                    "no object, but is paid for until a lifecycle rule of the bucket "
                    "(AbortIncompleteMultipartUpload) removes it",
                    upload["UploadId"],
                    upload["Bucket"],
                    upload["Key"],
                    code_of(error) if isinstance(error, ClientError) else type(error).__name__,
                )
            raise


def _transfer_config(part: int) -> TransferConfig:
    from boto3.s3.transfer import TransferConfig

    config = TransferConfig(
        multipart_threshold=part,
        multipart_chunksize=part,
        max_concurrency=_THREADS,
        preferred_transfer_client="classic",
    )
    config.max_in_memory_upload_chunks = _THREADS
    return config
