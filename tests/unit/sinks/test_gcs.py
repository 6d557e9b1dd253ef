"""What is asked of Google Cloud Storage."""

from __future__ import annotations

import io
from typing import Any
from unittest import mock

import pytest

from airflow_provider_onesignal.sinks.gcs import GCSSink


class Whole(io.BytesIO):
    def cancel(self) -> None:
        pass


def stored(*, replace: bool) -> dict[str, Any]:
    """Store something and return how the object was opened."""
    sink = GCSSink(bucket_name="exports", object_name="users.csv.gz", replace=replace)
    hook = sink.__dict__["hook"] = mock.MagicMock()
    sink.store(Whole(b"whole"), content_type="application/gzip", size=5)
    blob = hook.get_conn().bucket("exports").blob("users.csv.gz")
    return dict(blob.open.call_args.kwargs)


@pytest.mark.parametrize(
    ("replace", "conditions"), [(True, {}), (False, {"if_generation_match": 0})]
)
def test_an_object_that_appeared_meanwhile_is_not_written_over(
    replace: bool, conditions: dict[str, int]
) -> None:
    asked = stored(replace=replace)

    assert asked.pop("chunk_size") % (256 * 1024) == 0
    assert asked == {"content_type": "application/gzip", **conditions}


def test_a_role_that_may_not_look_at_the_bucket_may_still_write() -> None:
    from google.api_core.exceptions import Forbidden

    sink = GCSSink(bucket_name="exports", object_name="users.csv.gz")
    hook = sink.__dict__["hook"] = mock.MagicMock()
    bucket = hook.get_conn().bucket("exports")
    bucket.exists.side_effect = Forbidden("no storage.buckets.get")
    bucket.get_blob.return_value = None

    assert sink.existing() is None
