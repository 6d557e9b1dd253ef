"""Users who asked to be forgotten, deleted at OneSignal too."""

from __future__ import annotations

from datetime import UTC, datetime

from airflow.providers.common.compat.sdk import DAG, task

from airflow_provider_onesignal.operators.user import OneSignalDeleteUserOperator


@task
def forgotten() -> list[str]:
    """Return the external ids of those users."""
    return ["1007", "1012"]


with DAG(
    dag_id="onesignal_delete_users",
    schedule=None,
    start_date=datetime(2026, 1, 1, tzinfo=UTC),
) as dag:
    # --8<-- [start:operator_onesignal_delete_user]
    OneSignalDeleteUserOperator.partial(task_id="delete_user").expand(alias_id=forgotten())
    # --8<-- [end:operator_onesignal_delete_user]
