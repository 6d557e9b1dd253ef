"""A task for each file of a folder, two at a time for one app."""

from __future__ import annotations

from datetime import UTC, datetime

from airflow.providers.common.compat.sdk import DAG, ObjectStoragePath, task

from airflow_provider_onesignal.mappings import UserMapping
from airflow_provider_onesignal.transfers.object_storage_to_onesignal import (
    ObjectStorageToOneSignalUsersOperator,
)

FOLDER = "file:///tmp/onesignal"


# --8<-- [start:mapped]
@task
def files() -> list[dict[str, str]]:
    """Name the files of the folder, and where the refused rows of each go."""
    found = sorted((ObjectStoragePath(FOLDER) / "customers").glob("*.jsonl"))
    return [{"path": str(file), "dead_letter": f"{FOLDER}/refused/{file.name}"} for file in found]


with DAG("mapped_rows", schedule=None, start_date=datetime(2026, 1, 1, tzinfo=UTC)) as dag:
    ObjectStorageToOneSignalUsersOperator.partial(
        task_id="send_customers",
        mapping=UserMapping(external_id="customer_id", tags=["plan"]),
        requests_per_second=400,
        pool="onesignal_users",  # of 2 slots: 800 a second in all
    ).expand_kwargs(files())
# --8<-- [end:mapped]
