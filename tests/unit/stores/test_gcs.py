"""What is asked of Google Cloud Storage."""

from __future__ import annotations

import io
from typing import Any
from unittest import mock

import pytest

from airflow_provider_onesignal.exceptions import OneSignalValidationError
from airflow_provider_onesignal.stores.gcs import GCSStore


def store_of(**parameters: Any) -> tuple[GCSStore, Any]:
    """Return a store, and the bucket that it meets."""
    store = GCSStore(**{"bucket_name": "exports", "object_name": "a?b#c.gz", **parameters})
    hook = store.__dict__["hook"] = mock.MagicMock()
    return store, hook.get_conn().bucket


def put(store: GCSStore) -> None:
    marks = {"onesignal-source-etag": '"v1"'}
    store.put(io.BytesIO(b"whole"), content_type="application/gzip", size=5, metadata=marks)


@pytest.mark.parametrize(
    ("replace", "conditions"), [(True, {}), (False, {"if_generation_match": 0})]
)
def test_an_object_that_appeared_meanwhile_is_not_written_over(
    replace: bool, conditions: dict[str, int]
) -> None:
    store, bucket = store_of(replace=replace)
    put(store)

    asked = bucket().blob().open.call_args.kwargs
    assert asked.pop("chunk_size") % (256 * 1024) == 0
    assert asked == {"content_type": "application/gzip", **conditions}


def test_key_metadata_and_project_are_handed_on() -> None:
    store, bucket = store_of(
        kms_key_name="projects/p/key", metadata={"team": 7}, user_project="payer"
    )
    put(store)

    bucket.assert_called_with("exports", user_project="payer")
    bucket().blob.assert_called_once_with("a?b#c.gz", kms_key_name="projects/p/key")
    assert bucket().blob().metadata == {"team": "7", "onesignal-source-etag": '"v1"'}


def test_a_role_that_may_not_see_the_bucket_may_still_write() -> None:
    from google.api_core.exceptions import Forbidden

    store, bucket = store_of()
    bucket().exists.side_effect = Forbidden("no storage.buckets.get")
    bucket().get_blob.return_value = None

    assert store.head() is None


@pytest.mark.parametrize(
    ("parameters", "text"),
    [
        ({"bucket_name": "gs://exports"}, "bucket_name must be the bucket's name alone"),
        ({"bucket_name": ""}, "bucket_name must be a non-empty string"),
        ({"object_name": "day/"}, "object_name must name a file"),
        ({"metadata": "team=7"}, "metadata must be a dict"),
    ],
)
def test_a_malformed_parameter_is_refused(parameters: dict[str, Any], text: str) -> None:
    with pytest.raises(OneSignalValidationError, match=text):
        store_of(**parameters)
