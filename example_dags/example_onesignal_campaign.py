"""
### A campaign: its segment, its message, who reacted to it, and the segment removed again

The segment is made for the campaign and removed after it, whatever happens in between: it is the
campaign's setup and teardown. Cleared or retried, the setup finds its own segment again. A day
after the message, its audience activity (sent, delivered, clicked ...) lands at
`<folder>/campaigns/<message id>.csv.gz`.

With the parameter `message_id` the DAG sends nothing and follows a message that was sent by other
means. Before the first run:

    airflow connections add onesignal_default --conn-uri 'onesignal://APP_ID:API_KEY@'
    airflow variables set onesignal_export_folder file:///data/lake/onesignal
    airflow pools set onesignal_export 1 "OneSignal runs one export at a time" --include-deferred
"""

# --8<-- [start:dag]
from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import NAMESPACE_OID, uuid5

from airflow.providers.common.compat.sdk import DAG, Asset, Param, task

from airflow_provider_onesignal.exports import EventsExport
from airflow_provider_onesignal.operators.segment import (
    OneSignalCreateSegmentOperator,
    OneSignalDeleteSegmentOperator,
)
from airflow_provider_onesignal.transfers.onesignal_to_object_storage import (
    OneSignalExportToObjectStorageOperator,
)

FOLDER = "{{ var.value.get('onesignal_export_folder', 'file:///tmp/onesignal') }}"
SEGMENT = "Gold members {{ run_id }}"
MESSAGE_ID = "{{ ti.xcom_pull(task_ids='send_message') }}"


@task
def send_message(segment: str, params: Any = None, run_id: Any = None) -> str:
    """Send the campaign's message, and give its id."""
    if params["message_id"]:
        return str(params["message_id"])
    from airflow_provider_onesignal.hooks.onesignal import OneSignalHook

    hook = OneSignalHook()
    message = {
        "app_id": hook.app_id,
        "target_channel": "push",
        "included_segments": [segment],
        "contents": {"en": "Gold members save 20 % this week."},
        # A retry sends nothing twice.
        "idempotency_key": str(uuid5(NAMESPACE_OID, f"{hook.app_id} {run_id}")),
    }
    return str(hook.request("POST", "/notifications", json=message)["id"])


@task.sensor(poke_interval=300, timeout=8 * 24 * 3600, mode="reschedule")
def wait_for_reactions(params: Any = None, dag_run: Any = None) -> bool:
    """Wait until people have had time to react."""
    is_over = dag_run.start_date + timedelta(hours=params["hours"])
    return bool(datetime.now(UTC) >= is_over)


with DAG(
    dag_id="example_onesignal_campaign",
    description="A segment for a campaign, the message's audience activity, the segment removed",
    doc_md=__doc__,
    schedule=None,
    start_date=datetime(2026, 1, 1, tzinfo=UTC),
    catchup=False,
    default_args={
        "retries": 3,
        "retry_delay": timedelta(minutes=5),
        "retry_exponential_backoff": True,
        "max_retry_delay": timedelta(hours=1),
    },
    params={
        "message_id": Param(None, type=["null", "string"], description="A message already sent"),
        "hours": Param(24, type="number", minimum=0, description="Time people have to react"),
    },
    tags=["example", "onesignal"],
):
    # --8<-- [start:operator_onesignal_segments]
    create_segment = OneSignalCreateSegmentOperator(
        task_id="create_segment",
        name=SEGMENT,
        filters=[
            {"field": "tag", "key": "plan", "relation": "=", "value": "gold"},
            {"field": "last_session", "relation": "<", "hours_ago": "720"},
            {"operator": "OR"},
            {"field": "tag", "key": "vip", "relation": "exists"},
        ],
    )
    delete_segment = OneSignalDeleteSegmentOperator(
        task_id="delete_segment",
        segment_id=create_segment.output,
    )
    # --8<-- [end:operator_onesignal_segments]
    export_events = OneSignalExportToObjectStorageOperator(
        task_id="export_events",
        export=EventsExport(message_id=MESSAGE_ID),
        path=f"{FOLDER}/campaigns/{MESSAGE_ID}.csv.gz",
        replace=True,
        deferrable=True,
        pool="onesignal_export",
        outlets=[Asset("onesignal_campaign_events")],
    )
    (
        create_segment
        >> send_message(SEGMENT)
        >> wait_for_reactions()
        >> export_events
        >> delete_segment.as_teardown(setups=create_segment)
    )
# --8<-- [end:dag]
