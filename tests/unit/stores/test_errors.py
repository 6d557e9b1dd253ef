"""What the errors of each store's library mean for a later try."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import pytest

from airflow_provider_onesignal.exceptions import (
    OneSignalConfigurationError,
    OneSignalDestinationError,
    OneSignalDestinationTakenError,
    OneSignalDestinationUnavailableError,
    OneSignalExportUnavailableError,
)
from airflow_provider_onesignal.stores import (
    StoreErrors,
    explain_status,
    gcs,
    object_storage,
    require_package,
    s3,
)
from tests.unit.files.memory_store import MemoryObject

FAILED = OneSignalDestinationUnavailableError
REFUSED = OneSignalDestinationError
TAKEN = OneSignalDestinationTakenError
NOT_ITS = type(None)
URI = "s3://exports/users.csv.gz"


def kind(explained: Any) -> type:
    assert explained is None or URI in str(explained)
    return type(explained)


@pytest.mark.parametrize(
    ("expected", "statuses"),
    [
        (FAILED, (404, 408, 409, 410, 429, 500, 502, 503, 504, 599, 200)),
        (REFUSED, (301, 400, 401, 403, 405, 411, 413, 416)),
        (TAKEN, (412,)),
    ],
)
def test_of_an_http_status(expected: type, statuses: tuple[int, ...]) -> None:
    explained = {kind(explain_status(URI, OSError("odd"), status)) for status in statuses}

    assert explained == {expected}


class TestBoto:
    @pytest.mark.parametrize(
        ("code", "status", "expected"),
        [
            ("AccessDenied", 403, REFUSED),
            ("403", 403, REFUSED),
            ("InvalidAccessKeyId", 403, REFUSED),
            ("PermanentRedirect", 301, REFUSED),
            ("InvalidRequest", 400, REFUSED),
            ("KMS.DisabledException", 400, REFUSED),
            ("NoSuchBucket", 404, REFUSED),
            ("PreconditionFailed", 412, TAKEN),
            ("ConditionalRequestConflict", 409, TAKEN),
            ("OperationAborted", 409, FAILED),
            ("ExpiredToken", 400, FAILED),
            ("RequestTimeout", 400, FAILED),
            ("Throttling", 400, FAILED),
            ("NoSuchUpload", 404, FAILED),
            ("InternalError", 500, FAILED),
            ("InternalError", 200, FAILED),
            ("SlowDown", 503, FAILED),
            ("503", None, FAILED),
            ("403", None, REFUSED),
        ],
    )
    def test_of_a_response(self, code: str, status: int | None, expected: type) -> None:
        assert kind(s3._explain(URI, client_error(code, status))) is expected

    def test_of_no_response(self) -> None:
        from botocore import exceptions as boto

        url = "http://store"
        for error in (
            boto.EndpointConnectionError(endpoint_url=url),
            boto.ReadTimeoutError(endpoint_url=url),
            boto.ConnectTimeoutError(endpoint_url=url),
            boto.ConnectionClosedError(endpoint_url=url),
            boto.ResponseStreamingError(error="cut"),
            boto.IncompleteReadError(actual_bytes=1, expected_bytes=2),
        ):
            assert kind(s3._explain(URI, error)) is FAILED
        for error in (
            boto.NoCredentialsError(),
            boto.ParamValidationError(report="a wrong ACL"),
            boto.NoRegionError(),
        ):
            assert kind(s3._explain(URI, error)) is REFUSED

    def test_a_bucket_that_takes_no_acl_says_what_to_leave_out(self) -> None:
        explained = s3._explain(URI, client_error("AccessControlListNotSupported", 400))

        assert "leave acl_policy out" in str(explained)


def client_error(code: str, status: int | None) -> Any:
    from botocore.exceptions import ClientError

    response: Any = {
        "Error": {"Code": code},
        "ResponseMetadata": {} if status is None else {"HTTPStatusCode": status},
    }
    return ClientError(response, "PutObject")


class TestGoogle:
    def test_of_a_response(self) -> None:
        from google.api_core import exceptions as google

        try:
            from google.cloud.storage.exceptions import InvalidResponse
        except ImportError:  # before google-cloud-storage 3
            from google.resumable_media import InvalidResponse

        def response(status: int) -> InvalidResponse:
            return InvalidResponse(SimpleNamespace(status_code=status), "failed", status)

        expected: list[tuple[Exception, type]] = [
            (google.Forbidden("no"), REFUSED),
            (google.Unauthorized("no"), REFUSED),
            (google.PreconditionFailed("there"), TAKEN),
            (google.TooManyRequests("slower"), FAILED),
            (google.ServiceUnavailable("down"), FAILED),
            (google.RetryError("in vain", OSError()), FAILED),
            *zip(
                map(response, (403, 412, 410, 429, 503)),
                (REFUSED, TAKEN, FAILED, FAILED, FAILED),
                strict=True,
            ),
        ]
        assert [kind(gcs._explain(URI, error)) for error, _ in expected] == [
            each for _, each in expected
        ]

    def test_of_no_response(self) -> None:
        import requests
        from google.auth import exceptions as auth

        for error in (
            requests.ConnectionError("cut"),
            requests.Timeout("late"),
            auth.TransportError("cut"),
            auth.RefreshError("down", retryable=True),
        ):
            assert kind(gcs._explain(URI, error)) is FAILED
        for refusal in (auth.RefreshError("revoked"), auth.DefaultCredentialsError("none")):
            assert kind(gcs._explain(URI, refusal)) is REFUSED


class TestPaths:
    @pytest.mark.parametrize(
        ("expected", "numbers"),
        [
            (
                FAILED,
                (
                    errno.ENOSPC,
                    errno.EDQUOT,
                    errno.EIO,
                    errno.ECONNRESET,
                    errno.EBUSY,
                    errno.ENOENT,
                ),
            ),
            (
                REFUSED,
                (
                    errno.EACCES,
                    errno.EPERM,
                    errno.EROFS,
                    errno.EISDIR,
                    errno.ENOTDIR,
                    errno.EEXIST,
                    errno.ENAMETOOLONG,
                    errno.EFBIG,
                    errno.EINVAL,
                ),
            ),
        ],
    )
    def test_of_the_operating_system(self, expected: type, numbers: tuple[int, ...]) -> None:
        explained = {kind(object_storage._explain(URI, OSError(n, "text"))) for n in numbers}

        assert explained == {expected}
        assert kind(object_storage._explain(URI, OSError("odd"))) is FAILED

    def test_of_libraries(self) -> None:
        from aiohttp import ClientPayloadError
        from gcsfs.retry import HttpError
        from requests.exceptions import ProxyError

        azure = type("HttpResponseError", (Exception,), {"__module__": "azure.core.exceptions"})
        unanswered, answered = azure("down"), azure("no")
        answered.status_code = 403
        wrapped = RuntimeError("Failed to upload block")
        wrapped.__cause__ = unanswered
        translated = OSError(errno.EINVAL, "At least one of the pre-conditions did not hold")
        translated.__cause__ = client_error("PreconditionFailed", 412)

        expected: list[tuple[Exception, type]] = [
            (ClientPayloadError("cut"), FAILED),
            (unanswered, FAILED),
            (wrapped, FAILED),
            (answered, REFUSED),
            (translated, TAKEN),
            (HttpError({"code": 503, "message": "down"}), FAILED),
            (HttpError({"code": 401, "message": "no"}), REFUSED),
            (HttpError({"code": 412, "message": "there"}), TAKEN),
            (ProxyError(), FAILED),
            (OSError("Forbidden: b/exports"), REFUSED),
            (ValueError("Bad Request: b/exports\ninvalid"), REFUSED),
        ]
        assert [kind(object_storage._explain(URI, error)) for error, _ in expected] == [
            each for _, each in expected
        ]


@pytest.mark.parametrize("module", [s3, gcs, object_storage])
@pytest.mark.parametrize(
    "error", [TypeError("a mistake"), ValueError("a mistake"), KeyError("key"), RuntimeError("odd")]
)
def test_a_mistake_of_ours_is_no_stores(module: Any, error: Exception) -> None:
    assert kind(module._explain(URI, error)) is NOT_ITS


class TestStoreErrors:
    ERRORS = StoreErrors(URI, object_storage._explain)

    def test_keep_the_cause_and_bound_its_text(self) -> None:
        cause = OSError("no " * 5000)

        with pytest.raises(FAILED) as caught, self.ERRORS():
            raise cause

        assert caught.value.__cause__ is cause
        assert str(caught.value).startswith(f"The destination {URI} failed: no no")
        assert len(str(caught.value)) < 600

    @pytest.mark.parametrize(
        "error",
        [OneSignalExportUnavailableError("of the source"), TypeError("odd"), SystemExit()],
    )
    def test_let_others_pass(self, error: BaseException) -> None:
        with pytest.raises(type(error)) as caught, self.ERRORS():
            raise error

        assert caught.value is error

    def test_explain_reads_too_and_not_what_is_done_in_between(self) -> None:
        class Broken(MemoryObject):
            def read(self, start: int, length: int) -> bytes:
                raise ConnectionError("cut")

            @contextmanager
            def open(self) -> Iterator[Any]:
                yield SimpleNamespace(read=lambda _: self.read(0, 1))

        stored = self.ERRORS.object(Broken(b"12345"))

        assert (stored.size, stored.metadata) == (5, None)
        with pytest.raises(FAILED):
            stored.read(0, 2)
        with pytest.raises(FAILED), stored.open() as file:
            file.read(2)
        with pytest.raises(OSError, match="of another") as caught, stored.open():
            raise OSError("of another")
        assert type(caught.value) is OSError


def test_a_missing_provider_is_named_with_its_remedy() -> None:
    require_package("airflow", extra="amazon")
    for missing in ("no_such_package", "no.such.package"):
        with pytest.raises(
            OneSignalConfigurationError, match=r"airflow-provider-onesignal\[amazon\]"
        ):
            require_package(missing, extra="amazon")
