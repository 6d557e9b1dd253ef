"""
The ways to copy that are compared, each run in a fresh process.

``python -m benchmarks.methods NAME URL`` prints what it took as JSON. What is imported, connected
and looked up before the first byte does not count.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from benchmarks.servers import BUCKET

if TYPE_CHECKING:
    from airflow_provider_onesignal.stores import Store

KEY = "nightly/subscriptions.csv.gz"
MIB = 1024 * 1024


@dataclass(frozen=True, kw_only=True)
class Cost:
    """What a copy took: seconds of wall and CPU time, MiB before it and at most during it."""

    wall: float
    cpu: float
    before: float
    peak: float

    @property
    def growth(self) -> float:
        """MiB."""
        return self.peak - self.before


def to_store(url: str, store: Store, *, connections: int = 4) -> Callable[[], object]:
    import requests

    from airflow_provider_onesignal.files.copy import copy_file
    from airflow_provider_onesignal.files.source import HttpSource

    store.head()
    return lambda: copy_file(HttpSource(url, requests.Session()), store, connections=connections)


def s3(url: str) -> Callable[[], object]:
    from airflow_provider_onesignal.stores.s3 import S3Store

    return to_store(url, S3Store(key=KEY, bucket=BUCKET, replace=True))


def gcs(url: str) -> Callable[[], object]:
    from airflow_provider_onesignal.stores.gcs import GCSStore

    return to_store(url, GCSStore(bucket_name=BUCKET, object_name=KEY, replace=True))


def file(url: str) -> Callable[[], object]:
    from airflow_provider_onesignal.stores.object_storage import ObjectStorageStore
    from benchmarks.exports import FOLDER

    path = (FOLDER / "copied.csv.gz").as_uri()
    return to_store(url, ObjectStorageStore(path, replace=True))


def http_to_s3(url: str) -> Callable[[], object]:
    from airflow.providers.amazon.aws.transfers.http_to_s3 import HttpToS3Operator

    parts = urlsplit(url)
    os.environ["AIRFLOW_CONN_HTTP_DEFAULT"] = f"http://{parts.netloc}"
    operator = HttpToS3Operator(
        task_id="copy", endpoint=parts.path, s3_bucket=BUCKET, s3_key=KEY, replace=True
    )
    operator.s3_hook.check_for_key(KEY, BUCKET)
    return lambda: operator.execute({})


def bare_boto3(url: str) -> Callable[[], object]:
    import boto3
    import requests

    client = boto3.client("s3")
    client.head_bucket(Bucket=BUCKET)

    def run() -> None:
        with closing(requests.get(url, stream=True, timeout=60)) as response:
            client.upload_fileobj(response.raw, BUCKET, KEY)

    return run


METHODS = {method.__name__: method for method in (s3, gcs, file, http_to_s3, bare_boto3)}


def measure(run: Callable[[], object]) -> Cost:
    """Run and return what it took."""
    before = _memory("VmRSS")
    Path("/proc/self/clear_refs").write_text("5")  # let VmHWM, the peak, begin anew
    wall, cpu = time.perf_counter(), time.process_time()
    run()
    return Cost(
        wall=time.perf_counter() - wall,
        cpu=time.process_time() - cpu,
        before=before,
        peak=_memory("VmHWM"),
    )


def _memory(name: str) -> float:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith(f"{name}:"))


if __name__ == "__main__":
    print(json.dumps(asdict(measure(METHODS[sys.argv[1]](sys.argv[2])))))
