"""How lineage names data and objects."""

from __future__ import annotations

import pytest
from airflow.providers.common.compat.sdk import Asset

from airflow_provider_onesignal.api.datasets import asset_uri, openlineage_name, source_name
from tests.unit.fakes import APP_ID

OBJECTS = [
    "s3://bucket/onesignal/2026-11-01.csv.gz",
    "gs://bucket/onesignal/2026-11-01.csv.gz",
    "file:///data/lake/2026-11-01.csv.gz",
    "abfs://container/2026-11-01.csv.gz",
    "s3://bucket/run=manual__2026-11-01T00:00:00+00:00/part,1;2 of (3)!.csv",
    "s3://bucket/Käufe/новости.csv",
    "s3://bucket/what?b=2&a=1#part",
    "gs://bucket/100%25.csv",
]


@pytest.mark.parametrize(
    ("uri", "name"),
    [
        ("s3://bucket/a/b.csv", ("s3://bucket", "a/b.csv")),
        ("s3a://bucket/a/b.csv", ("s3://bucket", "a/b.csv")),
        ("s3://bucket/a?b#c.csv", ("s3://bucket", "a?b#c.csv")),
        ("gs://bucket/a/b.csv", ("gs://bucket", "a/b.csv")),
        ("gcs://bucket/a/b.csv", ("gs://bucket", "a/b.csv")),
        ("file:///data/b.csv", ("file", "/data/b.csv")),
        ("local:///data/b.csv", ("file", "/data/b.csv")),
        ("abfs://container/a/b.csv", ("abfs://container", "a/b.csv")),
    ],
)
def test_an_object_has_the_name_that_openlineage_gives_it(uri, name):
    assert openlineage_name(uri) == name


def test_data_is_named_by_app_and_kind():
    assert source_name(APP_ID, "subscriptions") == f"apps/{APP_ID}/subscriptions"
    assert source_name(None, "exports") == "exports"


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("uri", OBJECTS)
def test_airflow_takes_the_uri_of_an_asset_and_keeps_it_whole(uri):
    given = asset_uri(uri)

    assert given.isascii()
    assert Asset(given).uri == given


def test_plain_uris_stay_as_they_are():
    assert [asset_uri(uri) for uri in OBJECTS[:4]] == OBJECTS[:4]


def test_two_objects_are_two_assets():
    similar = ["s3://b/a#1", "s3://b/a#2", "s3://b/a%231", "s3://b/a?1", "s3://b/a%3F1", "s3://b/a"]

    assert len({Asset(asset_uri(uri)).uri for uri in similar}) == len(similar)
