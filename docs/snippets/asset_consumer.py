"""A load that an export's asset starts."""

from __future__ import annotations

from airflow_provider_onesignal.exports import SubscriptionsExport
from airflow_provider_onesignal.transfers.onesignal_to_object_storage import (
    OneSignalExportToObjectStorageOperator,
)

# --8<-- [start:dag]
from datetime import UTC, datetime
from typing import Any

from airflow.providers.common.compat.sdk import DAG, Asset, task

SUBSCRIPTIONS = Asset("onesignal_subscriptions")


@task(inlets=[SUBSCRIPTIONS])
def load(inlet_events: Any = None) -> str:
    """Load what the latest event of the asset tells."""
    summary = inlet_events[SUBSCRIPTIONS][-1].extra
    return f"COPY subscriptions FROM '{summary['uri']}' -- expect {summary['rows']} rows"


with DAG(
    "load_subscriptions", schedule=[SUBSCRIPTIONS], start_date=datetime(2026, 1, 1, tzinfo=UTC)
):
    load()
# --8<-- [end:dag]

# --8<-- [start:alias]
from airflow.providers.common.compat.sdk import AssetAlias

with DAG("export_by_day", schedule="@daily", start_date=datetime(2026, 1, 1, tzinfo=UTC)):
    OneSignalExportToObjectStorageOperator(
        task_id="export_subscriptions",
        export=SubscriptionsExport(),
        path="s3://aws_default@my-lake/onesignal/subscriptions/{{ ds }}.csv.gz",
        deferrable=True,
        outlets=[AssetAlias("onesignal_files")],
    )
# --8<-- [end:alias]
