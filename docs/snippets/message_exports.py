"""The request objects, each as ``export=`` of a transfer."""

from __future__ import annotations

from datetime import UTC, datetime

from airflow.providers.common.compat.sdk import DAG

# --8<-- [start:exports]
from airflow_provider_onesignal.exports import (
    EventsExport,
    MessageHistoryExport,
    SubscriptionsExport,
)

EVERYONE = SubscriptionsExport()
ACTIVE_GOLD = SubscriptionsExport(
    segment_name="Gold members",
    last_active_since="{{ data_interval_end.subtract(days=1) }}",
    extra_fields=["external_user_id", "country"],
)
WHAT_HAPPENED = EventsExport(message_id="{{ params.message_id }}")
WHO_CLICKED = MessageHistoryExport(message_id="{{ params.message_id }}", events="clicked")
# --8<-- [end:exports]
EXPORTS = {
    "everyone": EVERYONE,
    "active_gold": ACTIVE_GOLD,
    "what_happened": WHAT_HAPPENED,
    "who_clicked": WHO_CLICKED,
}

with DAG(
    dag_id="onesignal_message_exports",
    schedule=None,
    start_date=datetime(2026, 1, 1, tzinfo=UTC),
    params={"message_id": ""},
) as dag:
    from airflow_provider_onesignal.transfers.onesignal_to_object_storage import (
        OneSignalExportToObjectStorageOperator,
    )

    for name, export in EXPORTS.items():
        OneSignalExportToObjectStorageOperator(
            task_id=name, export=export, path="file:///tmp/onesignal/" + name, replace=True
        )
