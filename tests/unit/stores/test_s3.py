"""What is asked of S3, and what its responses lead to."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from airflow_provider_onesignal.exceptions import (
    OneSignalDestinationError,
    OneSignalDestinationTakenError,
    OneSignalValidationError,
)
from airflow_provider_onesignal.stores import s3
from airflow_provider_onesignal.stores.s3 import (
    MIB,
    S3Store,
    check_encryption,
    check_place,
    part_size,
)

GIB = 1024 * MIB
ACCESS_POINT = "arn:aws:s3:eu-west-1:123456789012:accesspoint/exports"
CREATED = "<R><UploadId>id</UploadId></R>"


class TestParts:
    @pytest.mark.parametrize(
        ("size", "parts_of"),
        [
            (0, 8 * MIB),
            (256 * MIB, 8 * MIB),
            (78 * GIB, 8 * MIB),
            (100 * GIB, 11 * MIB),
            (5 * 1024 * GIB, 525 * MIB),
            (None, 16 * MIB),
        ],
    )
    def test_grow_with_the_object(self, size: int | None, parts_of: int) -> None:
        assert part_size(size) == parts_of

    @pytest.mark.parametrize("size", [1, 80_000 * MIB, 80_000 * MIB + 1, 100 * GIB + 1])
    def test_are_ten_thousand_at_most(self, size: int) -> None:
        assert -(-size // part_size(size)) <= 10_000


class TestAPlace:
    @pytest.mark.parametrize(
        ("key", "bucket", "place"),
        [
            ("a/b.gz", "exports", ("a/b.gz", "exports")),
            ("a/b.gz", None, ("a/b.gz", None)),
            ("a/b.gz", "", ("a/b.gz", None)),
            ("s3://exports/a/b.gz", None, ("a/b.gz", "exports")),
            ("S3A://exports/a//./b.gz", None, ("a//./b.gz", "exports")),
            ("s3://exports/Opened?yes#1%20.gz", None, ("Opened?yes#1%20.gz", "exports")),
            ("Opened?yes#1%20.gz", "exports", ("Opened?yes#1%20.gz", "exports")),
            ("mirror/http://x/y", "exports", ("mirror/http://x/y", "exports")),
            ("a/b.gz", ACCESS_POINT, ("a/b.gz", ACCESS_POINT)),
            (f"s3://{ACCESS_POINT}/a/b.gz", None, ("a/b.gz", ACCESS_POINT)),
        ],
    )
    def test_arrives_as_it_was_given(self, key: str, bucket: Any, place: tuple[str, Any]) -> None:
        assert check_place(key, bucket) == place

    @pytest.mark.parametrize(
        ("key", "bucket", "text"),
        [
            ("", None, "s3_key must be a non-empty string"),
            (None, "exports", "s3_key must be a non-empty string"),
            ("day/", "exports", "s3_key must name a file"),
            ("s3://exports", None, "must name a bucket and an object"),
            ("s3:///a.gz", None, "must name a bucket and an object"),
            (f"s3://{ACCESS_POINT}", None, "must name a bucket and an object"),
            ("https://exports.s3.amazonaws.com/a.gz", None, "must name a bucket and an object"),
            ("s3://exports/a.gz", "exports", "names a bucket already"),
            ("a.gz", "s3://exports", "the bucket's name alone"),
            ("a.gz", "exports/day", "the bucket's name alone"),
            ("a.gz", 7, "s3_bucket must be a non-empty string"),
        ],
    )
    def test_that_is_malformed_is_refused(self, key: Any, bucket: Any, text: str) -> None:
        with pytest.raises(OneSignalValidationError, match=text):
            check_place(key, bucket)

    def test_takes_the_connections_bucket_or_says_where_one_can_be_named(self) -> None:
        store = S3Store(key="a.gz")
        store.__dict__["hook"] = SimpleNamespace(service_config={"bucket_name": "exports"})
        assert store.uri == "s3://exports/a.gz"

        store = S3Store(key="a.gz")
        store.__dict__["hook"] = SimpleNamespace(service_config={})
        with pytest.raises(OneSignalDestinationError, match=r"No bucket is named for a\.gz"):
            store.head()


class TestParameters:
    @pytest.mark.parametrize("encrypt", ["aws:kms", "AWS:KMS:dsse", "AES256", " aes256 "])
    def test_encrypt_is_no_algorithm(self, encrypt: str) -> None:
        with pytest.raises(OneSignalValidationError, match="kms_key_id"):
            check_encryption(encrypt, None)

    @pytest.mark.parametrize("encrypt", [True, False, "True", "{{ params.encrypt }}", None])
    def test_encrypt_may_be_a_flag_or_become_one(self, encrypt: Any) -> None:
        check_encryption(encrypt, None)

    def test_of_encryption_exclude_each_other(self) -> None:
        with pytest.raises(OneSignalValidationError, match="one of the two"):
            S3Store(key="a", bucket="b", encrypt=True, kms_key_id="key")

    @pytest.mark.parametrize(
        ("extra_args", "text"),
        [
            (["StorageClass"], "must be a dict"),
            ({"Body": b""}, "must not have Body"),
            ({"ContentEncoding": "gzip"}, "must not have ContentEncoding"),
        ],
    )
    def test_of_ours_are_not_the_users_to_set(self, extra_args: Any, text: str) -> None:
        with pytest.raises(OneSignalValidationError, match=text):
            S3Store(key="a", bucket="b", extra_args=extra_args)

    def test_that_s3_does_not_take_are_named(self, wire: Wire) -> None:
        with pytest.raises(OneSignalValidationError, match="StorageClas, which"):
            put(wire.store(extra_args={"StorageClas": "STANDARD_IA"}))


class Raw(io.BytesIO):
    def stream(self, **_: Any) -> Iterator[bytes]:
        yield self.read()


class Wire:
    """Boto's client, whose requests end here."""

    def __init__(self) -> None:
        import boto3

        self.client = boto3.client(
            "s3",
            region_name="eu-west-1",
            endpoint_url="https://store.test",
            aws_access_key_id="key",
            aws_secret_access_key="secret",
        )
        self.client.meta.events.register("before-send.s3", self._send)
        self.requests: list[Any] = []
        self.responses: dict[str, list[tuple[int, str]]] = {}

    def store(self, *, extra_args: Any = None, **parameters: Any) -> S3Store:
        """Return a store of an object, asked for through this."""
        given = {"key": "a?b.gz", "bucket": "exports", **parameters}
        store = S3Store(extra_args=extra_args, **given)
        store.__dict__["hook"] = SimpleNamespace(
            get_conn=lambda: self.client, extra_args=dict(extra_args or {})
        )
        return store

    def sent(self, method: str, name: str) -> list[str | None]:
        """Return a header of each request of a method."""
        found = [each.headers.get(name) for each in self.requests if each.method == method]
        return [value.decode() if isinstance(value, bytes) else value for value in found]

    def _send(self, request: Any, **_: Any) -> Any:
        from botocore.awsrequest import AWSResponse

        self.requests.append(request)
        status, body = (self.responses.get(request.method) or [(200, CREATED)]).pop(0)
        raw = Raw(body.encode())
        return AWSResponse(
            request.url, status, {"ETag": '"e"', "Content-Length": str(len(body))}, raw
        )


def error(code: str) -> str:
    return f"<Error><Code>{code}</Code><Message>Odd.</Message></Error>"


@pytest.fixture
def wire(monkeypatch: pytest.MonkeyPatch) -> Wire:
    monkeypatch.setattr(s3, "_without_conditions", set())
    monkeypatch.setattr(s3, "part_size", lambda _: 10)
    return Wire()


def put(store: S3Store, data: bytes = b"whole") -> None:
    marks = {"onesignal-source-etag": '"v1"'}
    store.put(io.BytesIO(data), content_type="application/gzip", size=len(data), metadata=marks)


IN_ONE, IN_PARTS = b"small", b"0123456789" * 3
BOTH_WAYS = pytest.mark.parametrize("data", [IN_ONE, IN_PARTS], ids=["in one", "in parts"])


def completing(data: bytes) -> str:
    return "PUT" if data == IN_ONE else "POST"


class TestAnUpload:
    @BOTH_WAYS
    def test_says_what_the_object_is(self, wire: Wire, data: bytes) -> None:
        extra = {"StorageClass": "STANDARD_IA", "Tagging": "a=b", "Metadata": {"team": "7"}}
        put(wire.store(kms_key_id="key", acl_policy="private", extra_args=extra), data)

        headers = wire.requests[0].headers
        said = {name: headers[name].decode() for name in headers if name.startswith("x-amz-")}
        assert said["x-amz-server-side-encryption"] == "aws:kms"
        assert said["x-amz-server-side-encryption-aws-kms-key-id"] == "key"
        assert said["x-amz-acl"] == "private"
        assert said["x-amz-storage-class"] == "STANDARD_IA"
        assert said["x-amz-tagging"] == "a=b"
        assert said["x-amz-meta-team"] == "7"
        assert said["x-amz-meta-onesignal-source-etag"] == '"v1"'
        assert wire.requests[0].url.startswith("https://store.test/exports/a%3Fb.gz")

    def test_in_parts_names_each_of_them_once_at_the_end(self, wire: Wire) -> None:
        put(wire.store(), IN_PARTS)

        sent = [each.url for each in wire.requests if each.method == "PUT"]
        last = wire.requests[-1].body.decode()
        assert sorted(re.findall(r"partNumber=\d", " ".join(sent))) == [
            "partNumber=1",
            "partNumber=2",
            "partNumber=3",
        ]
        assert last.count("<Part>") == last.count("<ETag>") == 3
        numbers = [last.index(f"<PartNumber>{number}<") for number in (1, 2, 3)]
        assert numbers == sorted(numbers)

    def test_lets_the_requester_pay_for_every_request(self, wire: Wire) -> None:
        store = wire.store(extra_args={"RequestPayer": "requester"})
        put(store, IN_PARTS)
        stored = store.head()
        assert stored is not None
        stored.read(0, 5)

        payers = {request.headers.get("x-amz-request-payer") for request in wire.requests}
        assert {request.method for request in wire.requests} == {"POST", "PUT", "HEAD", "GET"}
        assert payers == {b"requester"}

    def test_to_an_access_point_goes_there(self) -> None:
        wire = Wire()
        put(wire.store(bucket=ACCESS_POINT))

        assert "exports-123456789012" in wire.requests[0].url


class TestConditionalCreation:
    @BOTH_WAYS
    @pytest.mark.parametrize(("replace", "condition"), [(False, "*"), (True, None)])
    def test_is_asked_for_unless_the_object_may_be_replaced(
        self, wire: Wire, *, data: bytes, replace: bool, condition: str | None
    ) -> None:
        put(wire.store(replace=replace), data)

        assert wire.sent(completing(data), "If-None-Match")[-1] == condition

    @BOTH_WAYS
    @pytest.mark.parametrize(
        ("status", "code"), [(412, "PreconditionFailed"), (409, "ConditionalRequestConflict")]
    )
    def test_that_fails_means_taken_and_leaves_nothing(
        self, wire: Wire, *, data: bytes, status: int, code: str
    ) -> None:
        wire.responses[completing(data)] = [(200, CREATED)] * (data == IN_PARTS) + [
            (status, error(code))
        ]

        with pytest.raises(OneSignalDestinationTakenError, match="replace=True"):
            put(wire.store(), data)

        assert (wire.requests[-1].method == "DELETE") is (data == IN_PARTS)

    @BOTH_WAYS
    @pytest.mark.parametrize("is_there", [True, False])
    def test_that_a_store_does_not_know_is_replaced_by_a_look_and_logged_once(
        self, wire: Wire, caplog: pytest.LogCaptureFixture, *, data: bytes, is_there: bool
    ) -> None:
        unknown = [(501, error("NotImplemented")), (200, CREATED)]
        method = completing(data)
        wire.responses[method] = [(200, CREATED)] * (data == IN_PARTS) + unknown
        wire.responses["HEAD"] = [(200 if is_there else 404, ""), (200, "")] * 2

        if is_there:
            with pytest.raises(OneSignalDestinationTakenError):
                put(wire.store(), data)
        else:
            for _ in range(2):
                wire.responses["HEAD"] = [(404, ""), (200, "")]
                put(wire.store(), data)
            assert wire.sent(method, "If-None-Match")[-1] is None
        assert caplog.text.count("does not know conditional writes") == 1

    def test_is_asked_by_a_look_where_boto_is_too_old(
        self, wire: Wire, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        members = S3Store._members
        monkeypatch.setattr(
            S3Store,
            "_members",
            lambda self, name: {k: v for k, v in members(self, name).items() if k != "IfNoneMatch"},
        )

        with pytest.raises(OneSignalDestinationTakenError):
            put(wire.store())

        assert [request.method for request in wire.requests] == ["HEAD"]
