"""What an HTTP answer says about its file."""

from __future__ import annotations

import pytest

from airflow_provider_onesignal.stream import answer
from airflow_provider_onesignal.stream.answer import ByteRange, Version


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("bytes 5-9/10", ByteRange(first=5, last=9, total=10)),
        ("bytes 0-0/*", ByteRange(first=0, last=0, total=None)),
        ("bytes */10", None),
        ("items 1-2/3", None),
        ("", None),
    ],
)
def test_content_range(text: str, part: ByteRange | None) -> None:
    assert answer.byte_range({"Content-Range": text}) == part


@pytest.mark.parametrize(
    ("headers", "size"),
    [
        ({"Content-Length": "12"}, 12),
        ({"Content-Length": "5", "Content-Range": "bytes 7-11/12"}, 12),
        ({"Content-Length": "-1"}, None),
        ({}, None),
    ],
)
def test_the_size_is_that_of_the_whole_file(headers: dict[str, str], size: int | None) -> None:
    assert answer.version(headers).size == size


@pytest.mark.parametrize(
    ("etag", "last_modified", "validator"),
    [
        ('"v1"', "Mon, 02 Nov 2026 10:00:00 GMT", '"v1"'),
        ('W/"v1"', "Mon, 02 Nov 2026 10:00:00 GMT", "Mon, 02 Nov 2026 10:00:00 GMT"),
        ('W/"v1"', None, None),
        (None, None, None),
    ],
)
def test_a_weak_etag_validates_no_range(
    etag: str | None, last_modified: str | None, validator: str | None
) -> None:
    version = Version(size=1, etag=etag, last_modified=last_modified)

    assert version.validator == validator


@pytest.mark.parametrize(
    ("other", "contradicts"),
    [
        (Version(size=1, etag='"v1"', last_modified="then"), False),
        (Version(size=None, etag=None, last_modified=None), False),
        (Version(size=2, etag='"v1"', last_modified="then"), True),
        (Version(size=1, etag='"v2"', last_modified="then"), True),
        (Version(size=1, etag=None, last_modified="later"), True),
    ],
)
def test_versions_contradict_where_both_know_and_differ(other: Version, contradicts: bool) -> None:
    assert Version(size=1, etag='"v1"', last_modified="then").contradicts(other) is contradicts
