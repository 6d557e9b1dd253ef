"""What the errors of each store's library mean for a later try."""

from __future__ import annotations

import errno
from contextlib import closing
from types import SimpleNamespace
from typing import Any

import pytest

from airflow_provider_onesignal.sinks import gcs_failures, path_failures, s3_failures
from airflow_provider_onesignal.sinks.failures import TypedErrors, kind_of_status
from airflow_provider_onesignal.stream.errors import (
    SourceStatusError,
    StoreError,
    StoreFailedError,
    StoreRefusedError,
    StoreTakenError,
)
from tests.unit.stream.memory_sink import MemoryObject, MemorySink

FAILED, REFUSED, TAKEN, NOT_ITS = StoreFailedError, StoreRefusedError, StoreTakenError, None


@pytest.mark.parametrize(
    ("kind", "statuses"),
    [
        (FAILED, (404, 408, 409, 410, 429, 500, 502, 503, 504, 599, 200)),
        (REFUSED, (301, 400, 401, 403, 405, 411, 412, 413, 416)),
    ],
)
def test_of_an_http_status(kind: type[StoreError], statuses: tuple[int, ...]) -> None:
    assert {kind_of_status(status) for status in statuses} == {kind}


class TestBoto:
    @pytest.mark.parametrize(
        ("code", "status", "kind"),
        [
            ("AccessDenied", 403, REFUSED),
            ("403", 403, REFUSED),
            ("InvalidAccessKeyId", 403, REFUSED),
            ("PermanentRedirect", 301, REFUSED),
            ("InvalidRequest", 400, REFUSED),
            ("KMS.DisabledException", 400, REFUSED),
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
    def test_of_an_answer(self, code: str, status: int | None, kind: type[StoreError]) -> None:
        from botocore.exceptions import ClientError

        answer: Any = {
            "Error": {"Code": code},
            "ResponseMetadata": {} if status is None else {"HTTPStatusCode": status},
        }

        assert s3_failures.classify(ClientError(answer, "PutObject")) is kind

    def test_of_no_answer(self) -> None:
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
            assert s3_failures.classify(error) is FAILED
        for error in (
            boto.NoCredentialsError(),
            boto.ParamValidationError(report="a wrong ACL"),
            boto.NoRegionError(),
        ):
            assert s3_failures.classify(error) is REFUSED


class TestGoogle:
    def test_of_an_answer(self) -> None:
        from google.api_core import exceptions as google
        from google.cloud.storage.exceptions import InvalidResponse

        def answer(status: int) -> InvalidResponse:
            return InvalidResponse(SimpleNamespace(status_code=status), "failed", status)

        assert gcs_failures.classify(google.Forbidden("no")) is REFUSED
        assert gcs_failures.classify(google.Unauthorized("no")) is REFUSED
        assert gcs_failures.classify(google.PreconditionFailed("there")) is TAKEN
        assert gcs_failures.classify(google.TooManyRequests("slower")) is FAILED
        assert gcs_failures.classify(google.ServiceUnavailable("down")) is FAILED
        assert gcs_failures.classify(google.RetryError("in vain", OSError())) is FAILED
        kinds = [gcs_failures.classify(answer(status)) for status in (403, 412, 410, 429, 503)]
        assert kinds == [REFUSED, TAKEN, FAILED, FAILED, FAILED]

    def test_of_no_answer(self) -> None:
        import requests
        from google.auth import exceptions as auth

        assert gcs_failures.classify(requests.ConnectionError("cut")) is FAILED
        assert gcs_failures.classify(requests.Timeout("late")) is FAILED
        assert gcs_failures.classify(auth.TransportError("cut")) is FAILED
        assert gcs_failures.classify(auth.RefreshError("down", retryable=True)) is FAILED
        assert gcs_failures.classify(auth.RefreshError("revoked")) is REFUSED
        assert gcs_failures.classify(auth.DefaultCredentialsError("none")) is REFUSED


class TestPaths:
    @pytest.mark.parametrize(
        ("number", "kind"),
        [
            (errno.ENOSPC, FAILED),
            (errno.EDQUOT, FAILED),
            (errno.EIO, FAILED),
            (errno.ECONNRESET, FAILED),
            (errno.EBUSY, FAILED),
            (errno.ENOENT, FAILED),
            (None, FAILED),
            (errno.EACCES, REFUSED),
            (errno.EPERM, REFUSED),
            (errno.EROFS, REFUSED),
            (errno.EISDIR, REFUSED),
            (errno.ENOTDIR, REFUSED),
            (errno.EEXIST, REFUSED),
            (errno.ENAMETOOLONG, REFUSED),
            (errno.EFBIG, REFUSED),
            (errno.EINVAL, REFUSED),
        ],
    )
    def test_of_the_operating_system(self, number: int | None, kind: type[StoreError]) -> None:
        error = OSError("odd") if number is None else OSError(number, "text")

        assert path_failures.classify(error) is kind

    def test_of_libraries(self) -> None:
        from aiohttp import ClientPayloadError
        from gcsfs.retry import HttpError
        from requests.exceptions import ProxyError

        azure = type("HttpResponseError", (Exception,), {"__module__": "azure.core.exceptions"})
        unanswered, answered = azure("down"), azure("no")
        answered.status_code = 403

        assert path_failures.classify(ClientPayloadError("cut")) is FAILED
        assert path_failures.classify(unanswered) is FAILED
        assert path_failures.classify(answered) is REFUSED
        assert path_failures.classify(HttpError({"code": 503, "message": "down"})) is FAILED
        assert path_failures.classify(HttpError({"code": 401, "message": "no"})) is REFUSED
        assert path_failures.classify(ProxyError()) is FAILED
        assert path_failures.classify(OSError("Forbidden: b/exports")) is REFUSED
        assert path_failures.classify(ValueError("Bad Request: b/exports\ninvalid")) is REFUSED


@pytest.mark.parametrize(
    "classify", [s3_failures.classify, gcs_failures.classify, path_failures.classify]
)
@pytest.mark.parametrize(
    "error", [TypeError("a mistake"), ValueError("a mistake"), KeyError("key"), RuntimeError("odd")]
)
def test_a_mistake_of_ours_is_no_stores(classify: Any, error: Exception) -> None:
    assert classify(error) is NOT_ITS


class TestTypedErrors:
    def test_keeps_the_cause_and_bounds_the_text(self) -> None:
        cause = OSError("no " * 5000)

        with (
            pytest.raises(StoreFailedError) as caught,
            TypedErrors(MemorySink(), path_failures.classify)(),
        ):
            raise cause

        assert caught.value.__cause__ is cause
        assert caught.value.uri == "memory://object"
        assert len(caught.value.reason) < 2100

    @pytest.mark.parametrize(
        "error",
        [SourceStatusError("of the source", status_code=503), TypeError("odd"), SystemExit()],
    )
    def test_lets_others_pass(self, error: BaseException) -> None:
        with (
            pytest.raises(type(error)) as caught,
            TypedErrors(MemorySink(), path_failures.classify)(),
        ):
            raise error

        assert caught.value is error

    def test_tells_of_reads_too_and_not_of_what_is_done_in_between(self) -> None:
        class Broken(MemoryObject):
            def read(self, start: int, length: int) -> bytes:
                raise ConnectionError("cut")

            def open(self) -> Any:
                return closing(SimpleNamespace(read=lambda _: self.read(0, 1), close=lambda: None))

        typed_errors = TypedErrors(MemorySink(), path_failures.classify)
        stored = typed_errors.object(Broken(b"12345"))

        assert stored.size == 5
        with pytest.raises(StoreFailedError):
            stored.read(0, 2)
        with pytest.raises(StoreFailedError), stored.open() as file:
            file.read(2)
        with pytest.raises(OSError, match="of another") as caught, stored.open():
            raise OSError("of another")
        assert type(caught.value) is OSError
        with typed_errors.object(MemoryObject(b"12345")).open() as file:
            assert (file.read(2), file.read()) == (b"12", b"345")
