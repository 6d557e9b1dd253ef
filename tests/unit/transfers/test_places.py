"""A place that cannot be meant is refused before anybody is asked for anything."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import ObjectStoragePath

from airflow_provider_onesignal.exceptions import OneSignalValidationError
from airflow_provider_onesignal.transfers import places


@pytest.mark.parametrize(
    ("key", "bucket"),
    [
        ("k", "b"),
        ("k", None),
        ("a//k.csv.gz", "b"),
        ("/k", "b"),
        ("s3://b/k", None),
        ("https://b.s3.amazonaws.com/k", None),
    ],
)
def test_places_in_s3_stay_as_they_are(key: str, bucket: str | None) -> None:
    assert places.s3(key, bucket) == (key, bucket)


def test_an_empty_bucket_is_none() -> None:
    assert places.s3("k", "") == ("k", None)


@pytest.mark.parametrize(
    ("key", "bucket", "said"),
    [
        ("", "b", "s3_key must be a text that is not blank"),
        (None, "b", "s3_key must be a text that is not blank"),
        ("day/", "b", "s3_key must name a file, got the folder 'day/'"),
        ("s3://b/day/", None, "s3_key must name a file"),
        ("s3://b", None, "names a bucket and no object"),
        ("s3://b/k", "c", "leave s3_bucket out, or give the key alone"),
        ("s3://b/k", "b", "leave s3_bucket out, or give the key alone"),
        ("k", "s3://b", "s3_bucket must be the bucket's name alone"),
        ("k", " ", "s3_bucket must be a text that is not blank"),
        ("k", 5, "s3_bucket must be a text that is not blank"),
    ],
)
def test_what_is_no_place_in_s3_is_refused(key: Any, bucket: Any, said: str) -> None:
    with pytest.raises(OneSignalValidationError, match=said):
        places.s3(key, bucket)


@pytest.mark.parametrize("value", ["", "  ", None, "gs://b", "b/folder"])
def test_a_bucket_is_a_name_alone(value: Any) -> None:
    with pytest.raises(OneSignalValidationError, match="bucket_name must be"):
        places.bucket(value, name="bucket_name")


@pytest.mark.parametrize(
    "value",
    [
        "file:///data/x.csv.gz",
        "file://conn@/data/x.csv.gz",
        "/data/x.csv.gz",
        "s3://aws_default@b/k",
        "abfs://conn@container/k",
        "sftp://conn@host/data/k",
        "memory://x.csv.gz",
    ],
)
def test_paths_stay_as_they_are(value: str) -> None:
    assert places.path(value) == value


def test_paths_may_be_objects(monkeypatch: pytest.MonkeyPatch) -> None:
    def asked(_: object) -> None:
        raise ImportError("the filesystem's package is asked for too early")

    monkeypatch.setattr(ObjectStoragePath, "fs", property(asked))
    storage_path = ObjectStoragePath("file:///data/x.csv.gz")

    assert places.path(Path("/data/x.csv.gz")) == "/data/x.csv.gz"
    assert places.path(storage_path) is storage_path


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("", "path must be a text that is not blank"),
        (None, "path must be a text that is not blank"),
        (5, "path must be a text that is not blank"),
        ("file:///data/", "path must name a file"),
        ("file:///", "path must name a file"),
        ("x.csv.gz", "must be a URL or an absolute path"),
        (Path("x.csv.gz"), "must be a URL or an absolute path"),
        ("file://data/x.csv.gz", r"needs a third slash: file:///data/x\.csv\.gz"),
        ("s3://bucket", "names a bucket and no object"),
        ("gs://conn@bucket", "names a bucket and no object"),
    ],
)
def test_what_is_no_path_is_refused(value: Any, said: str) -> None:
    with pytest.raises(OneSignalValidationError, match=said):
        places.path(value)
