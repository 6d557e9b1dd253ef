"""Amazon S3, and stores that speak its protocol."""

from __future__ import annotations

import logging
import math
import re
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

from airflow_provider_onesignal.exceptions import (
    OneSignalDestinationError,
    OneSignalDestinationUnavailableError,
    OneSignalError,
    OneSignalValidationError,
)
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
    taken,
)
from airflow_provider_onesignal.stores.upload import Upload, send

if TYPE_CHECKING:
    from airflow.providers.amazon.aws.hooks.s3 import S3Hook

log = logging.getLogger(__name__)

MIB = 1024 * 1024
_SMALLEST_PART, _PART_OF_UNKNOWN, _MOST_PARTS = 8 * MIB, 16 * MIB, 10_000

_S3_URL = re.compile(r"s3[an]?://", re.IGNORECASE)
_ANY_URL = re.compile(r"[a-z][a-z0-9+.-]*://", re.IGNORECASE)
_ARN = re.compile(
    r"arn:[^:/]+:s3[a-z-]*:[^:/]*:[^:/]*:"
    r"(?:accesspoint[:/][^:/]+|outpost[:/][^:/]+[:/](?:accesspoint|bucket)[:/][^:/]+)"
)
_RESERVED = frozenset(
    {"Bucket", "Key", "Body", "ContentEncoding", "ContentType", "IfMatch", "IfNoneMatch"}
)
_MISSING = ("404", "NoSuchKey", "NoSuchBucket", "NotFound")
_TAKEN = ("412", "PreconditionFailed", "ConditionalRequestConflict")
_UNKNOWN_HEADER = ("501", "NotImplemented", "InvalidArgument")
_PASSING = frozenset({
    "ExpiredToken", "ExpiredTokenException", "InternalError", "NoSuchUpload",
    "RequestLimitExceeded", "RequestTimeout", "ServiceUnavailable", "SlowDown", "Throttling",
    "ThrottlingException",
})  # fmt: skip
"""Codes of what passes; S3 sends some of them with status 400."""
_without_conditions: set[str] = set()
"""Endpoints whose store does not know conditional writes."""


def part_size(size: int | None) -> int:
    """
    Return the bytes of a part, so that S3's 10,000 parts suffice.

    :param size: length of the object in bytes; unknown ones may have 156 GiB
    """
    if size is None:
        return _PART_OF_UNKNOWN
    return max(_SMALLEST_PART, math.ceil(size / _MOST_PARTS / MIB) * MIB)


def check_place(key: Any, bucket: Any) -> tuple[str, str | None]:
    """
    Return key and bucket, once they are checked; the bucket is None to take the connection's.

    :param key: the key, or a full URL; all after the bucket's slash is the key, as it is
    :param bucket: a name or the ARN of an access point; None or "" with a full URL, or to take
        the connection's
    :raises OneSignalValidationError: one is malformed, or the bucket is named twice
    """
    key = check_object_name(key, name="s3_key")
    if bucket is None or bucket == "":
        return _split(key) if _ANY_URL.match(key) else (key, None)
    if _ANY_URL.match(key):
        raise OneSignalValidationError(
            f"s3_key={key!r} names a bucket already: leave s3_bucket out, or pass the key alone."
        )
    is_arn = isinstance(bucket, str) and _ARN.fullmatch(bucket)
    return key, bucket if is_arn else check_bucket(bucket, name="s3_bucket")


def check_encryption(encrypt: Any, kms_key_id: Any) -> None:
    """
    Refuse what asks for another encryption than it would get.

    :param encrypt: the parameter, as it was given
    :param kms_key_id: the parameter, as it was given
    :raises OneSignalValidationError: ``encrypt`` names an algorithm, or both are given
    """
    if isinstance(encrypt, str) and re.fullmatch(r"aws:.+|aes256", encrypt.strip(), re.IGNORECASE):
        raise OneSignalValidationError(
            f"encrypt={encrypt!r} is not a bool: encrypt=True asks for AES256 with S3's own keys. "
            "For a key of AWS KMS pass kms_key_id= in its place."
        )
    if encrypt is True and kms_key_id:
        raise OneSignalValidationError(
            "encrypt=True asks for AES256 with S3's own keys, kms_key_id for a key of AWS KMS: "
            "pass one of the two."
        )


class S3Store:
    """
    One key of a bucket.

    :param key: the key, or a full ``s3://bucket/key`` URL
    :param bucket: the bucket, or the ARN of an access point; None with a full URL, or to take the
        connection's
    :param replace: write over an object that is there
    :param encrypt: let S3 encrypt it (AES256)
    :param kms_key_id: let S3 encrypt it with this key of AWS KMS
    :param acl_policy: canned ACL of the object
    :param extra_args: more of what S3's PutObject takes, such as ``StorageClass``, ``Tagging``,
        ``Metadata`` or ``RequestPayer``
    :param aws_conn_id: Airflow connection
    :param verify: TLS verification, or a path to certificates
    :raises OneSignalValidationError: a parameter is malformed
    :raises OneSignalConfigurationError: the extra ``amazon`` is not installed
    """

    def __init__(
        self,
        *,
        key: str,
        bucket: str | None = None,
        replace: bool = False,
        encrypt: bool = False,
        kms_key_id: str | None = None,
        acl_policy: str | None = None,
        extra_args: Mapping[str, Any] | None = None,
        aws_conn_id: str | None = "aws_default",
        verify: bool | str | None = None,
    ) -> None:
        require_package("airflow.providers.amazon", extra="amazon")
        self._key, self._bucket = check_place(key, bucket)
        check_encryption(encrypt, kms_key_id)
        self.replace = replace
        self._encryption = _encryption(encrypt=encrypt, kms_key_id=kms_key_id)
        self._acl_policy = acl_policy
        self._extra_args = _checked_extra_args(extra_args)
        self._aws_conn_id = aws_conn_id
        self._verify = verify

    @cached_property
    def hook(self) -> S3Hook:
        """The connection to S3."""
        from airflow.providers.amazon.aws.hooks.s3 import S3Hook

        return S3Hook(
            aws_conn_id=self._aws_conn_id, verify=self._verify, extra_args=self._extra_args
        )

    @cached_property
    def place(self) -> dict[str, str]:
        """Bucket and key, as the API calls them."""
        bucket = self._bucket or self.hook.service_config.get("bucket_name")
        if not bucket:
            raise OneSignalDestinationError(
                f"No bucket is named for {self._key}: pass s3_bucket, make s3_key a full s3:// "
                "URL, or set the AWS connection's extra "
                '{"service_config": {"s3": {"bucket_name": "..."}}}.'
            )
        return {"Bucket": bucket, "Key": self._key}

    @property
    def uri(self) -> str:
        """``s3://bucket/key``."""
        return "s3://{Bucket}/{Key}".format(**self.place)

    def head(self) -> StoredObject | None:
        """Return the object of this key, None where there is none."""
        errors = StoreErrors(self.uri, _explain)
        with errors():
            found = self._find()
        return None if found is None else errors.object(found)

    def put(
        self,
        file: Readable,
        *,
        content_type: str,
        size: int | None,
        metadata: Mapping[str, str],
    ) -> None:
        """Upload in parts; see :meth:`.Store.put`."""
        with StoreErrors(self.uri, _explain)():
            send(file, _MultipartUpload(self, self._described(content_type, metadata), size))

    @cached_property
    def client(self) -> Any:
        """Boto's client."""
        return self.hook.get_conn()

    def call(self, operation: str, **arguments: Any) -> Any:
        """
        Call an operation on this key, with those of the extra arguments that it takes.

        :param operation: such as ``put_object``
        :param arguments: its own
        """
        taken_ones = self._members(operation)
        extra = {**self.hook.extra_args, **self.place}
        known = {name: value for name, value in extra.items() if name in taken_ones}
        return getattr(self.client, operation)(**{**known, **arguments})

    def create(self, operation: str, **arguments: Any) -> None:
        """
        Call an operation that lets the object appear, only where there is none unless it may.

        :param operation: such as ``put_object``
        :param arguments: its own
        """
        endpoint = str(self.client.meta.endpoint_url)
        knows = "IfNoneMatch" in self._members(operation) and endpoint not in _without_conditions
        if not self.replace and knows:
            try:
                self.call(operation, **arguments, IfNoneMatch="*")
            except self.client.exceptions.ClientError as error:
                if _code(error) not in _UNKNOWN_HEADER:
                    raise
            else:
                return
        if not self.replace:
            self._require_free(endpoint)
        self.call(operation, **arguments)

    def _require_free(self, endpoint: str) -> None:
        if endpoint not in _without_conditions:
            _without_conditions.add(endpoint)
            log.warning(
                "The store at %s, or the installed botocore, does not know conditional writes "
                "(If-None-Match): two tasks that write one key at once are not told apart",
                endpoint,
            )
        if self._find() is not None:
            raise taken(self.uri)

    def _members(self, operation: str) -> Mapping[str, Any]:
        name = self.client.meta.method_to_api_mapping[operation]
        members: Mapping[str, Any] = self.client.meta.service_model.operation_model(
            name
        ).input_shape.members
        return members

    def _find(self) -> _Object | None:
        try:
            return _Object(self, self.call("head_object"))
        except self.client.exceptions.ClientError as error:
            if _code(error) not in _MISSING:
                raise
        self._require_bucket()
        return None

    def _require_bucket(self) -> None:
        try:
            self.call("head_bucket")
        except self.client.exceptions.ClientError as error:
            if _code(error) in _MISSING:
                raise missing_bucket(self.uri) from error
            if isinstance(_explain(self.uri, error), OneSignalDestinationUnavailableError):
                raise
            # A role that may write keys need not be allowed to see the bucket.

    def _described(self, content_type: str, metadata: Mapping[str, str]) -> dict[str, Any]:
        """Return what is said of the object as it is written."""
        extra = self.hook.extra_args
        if unknown := sorted(set(extra) - set(self._members("put_object"))):
            raise OneSignalValidationError(
                f"extra_args has {', '.join(unknown)}, which S3's PutObject does not take: correct "
                "the name, or leave it out."
            )
        described = {
            **self._encryption,
            "ContentType": content_type,
            "Metadata": {**extra.get("Metadata", {}), **metadata},
        }
        return {**described, "ACL": self._acl_policy} if self._acl_policy else described


class _MultipartUpload(Upload):
    """
    Parts from two threads, completed last or aborted; a small file in one request.

    :param store: the key
    :param described: what is said of the object
    :param size: of the object in bytes, None where not known
    """

    threads: ClassVar[int] = 2
    waiting: ClassVar[int] = 1

    def __init__(self, store: S3Store, described: dict[str, Any], size: int | None) -> None:
        self.piece = part_size(size)
        self._store = store
        self._described = described
        self._upload: dict[str, str] = {}
        self._parts: dict[int, dict[str, Any]] = {}
        self._checksum: dict[str, str] = _default_checksum(store.client, store.hook.extra_args)

    def write_whole(self, piece: bytes) -> None:
        self._store.create("put_object", Body=piece, **self._described)

    def begin(self) -> None:
        begun = self._store.call("create_multipart_upload", **self._described, **self._checksum)
        self._upload = {"UploadId": begun["UploadId"]}

    def write(self, number: int, piece: bytes) -> None:
        told = self._store.call(
            "upload_part", PartNumber=number, Body=piece, **self._upload, **self._checksum
        )
        checksums = {k: v for k, v in told.items() if re.fullmatch("Checksum(?!Type).+", k)}
        self._parts[number] = {"PartNumber": number, "ETag": told["ETag"], **checksums}

    def finish(self) -> None:
        parts = [self._parts[number] for number in sorted(self._parts)]
        whole = {"MultipartUpload": {"Parts": parts}, **self._upload}
        self._store.create("complete_multipart_upload", **whole)

    def discard(self) -> None:
        if not self._upload:
            return
        try:
            self._store.call("abort_multipart_upload", **self._upload)
        except self._store.client.exceptions.ClientError as error:
            if _code(error) != "NoSuchUpload":
                raise

    def leftover(self, reason: str) -> str:
        return (
            f"The unfinished multipart upload {self._upload.get('UploadId', '')} of "
            f"{self._store.uri} was not aborted ({reason}). It is no object, but is paid for until "
            "a lifecycle rule of the bucket (AbortIncompleteMultipartUpload) removes it"
        )


@dataclass(frozen=True)
class _Object:
    """An object in S3; see :class:`.StoredObject`."""

    store: S3Store
    found: Mapping[str, Any]

    @property
    def size(self) -> int:
        return int(self.found["ContentLength"])

    @property
    def metadata(self) -> Mapping[str, str]:
        return {name.lower(): value for name, value in self.found.get("Metadata", {}).items()}

    def read(self, start: int, length: int) -> bytes:
        part = self.store.call("get_object", Range=f"bytes={start}-{start + length - 1}")
        with closing(part["Body"]) as body:
            return bytes(body.read())

    @contextmanager
    def open(self) -> Iterator[Readable]:
        with closing(self.store.call("get_object")["Body"]) as body:
            yield body


def _split(url: str) -> tuple[str, str]:
    """Return key and bucket of a URL."""
    scheme = _S3_URL.match(url)
    rest = url[scheme.end() :] if scheme else ""
    arn = _ARN.match(rest)
    bucket = arn[0] if arn else rest.partition("/")[0]
    key = rest[len(bucket) + 1 :]
    if not bucket or not key:
        raise OneSignalValidationError(
            f"s3_key={url!r} must name a bucket and an object in it, as s3://bucket/key."
        )
    return key, bucket


def _encryption(*, encrypt: bool, kms_key_id: str | None) -> dict[str, str]:
    if kms_key_id:
        return {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": kms_key_id}
    return {"ServerSideEncryption": "AES256"} if encrypt else {}


def _checked_extra_args(extra_args: Any) -> dict[str, Any]:
    if not isinstance(extra_args, Mapping | None):
        raise OneSignalValidationError(
            f"extra_args must be a dict such as {{'StorageClass': 'STANDARD_IA'}}, got "
            f"{type(extra_args).__name__}."
        )
    given = dict(extra_args or {})
    if refused_ones := sorted(_RESERVED.intersection(given)):
        raise OneSignalValidationError(
            f"extra_args must not have {', '.join(refused_ones)}: the operator sets it itself."
        )
    return given


def _default_checksum(client: Any, extra: Mapping[str, Any]) -> dict[str, str]:
    """Return what both requests for a part must say, where boto adds a checksum by itself."""
    policy = getattr(client.meta.config, "request_checksum_calculation", None)
    is_default = policy == "when_supported" and "ChecksumAlgorithm" not in extra
    return {"ChecksumAlgorithm": "CRC32"} if is_default else {}


def _explain(uri: str, error: Exception) -> OneSignalError | None:
    """Return what an error of boto means, None for one that is not its own."""
    from botocore import exceptions as boto

    if isinstance(error, boto.ClientError):
        return _explain_response(uri, error)
    passing = (
        boto.ConnectionError, boto.HTTPClientError, boto.IncompleteReadError,
        boto.CredentialRetrievalError, boto.MetadataRetrievalError,
    )  # fmt: skip
    if isinstance(error, passing):
        return failed(uri, error)
    return refused(uri, error) if isinstance(error, boto.BotoCoreError) else None


def _explain_response(uri: str, error: Any) -> OneSignalError:
    code = _code(error)
    if code == "NoSuchBucket":
        return missing_bucket(uri)
    if code in _TAKEN:
        return taken(uri)
    if code in _PASSING:
        return failed(uri, error)
    if code == "AccessControlListNotSupported":
        remedy = "Its bucket takes no ACLs (Object Ownership: bucket owner enforced): leave "
        return refused(uri, error, remedy=remedy + "acl_policy out.")
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode")
    return explain_status(uri, error, int(status or (code if code.isdecimal() else 500)))


def _code(error: Any) -> str:
    """Return the code of a ``ClientError``, such as ``SlowDown``; after HEAD it is the status."""
    return str(error.response.get("Error", {}).get("Code"))
