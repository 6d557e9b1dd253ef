"""A load that an export's asset starts."""

from __future__ import annotations

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
