"""The hook in tasks of one's own."""

from __future__ import annotations

# --8<-- [start:count]
from airflow.providers.common.compat.sdk import AirflowSkipException, task

from airflow_provider_onesignal.hooks.onesignal import OneSignalHook


@task
def size_of_segment(name: str) -> int:
    """Count the subscriptions of a segment."""
    hook = OneSignalHook("onesignal_default")
    for segment in hook.view_segments():
        if segment["name"] == name:
            return int(hook.view_segment(segment["id"])["subscriber_count"])
    raise AirflowSkipException(f"There is no segment {name!r}.")


# --8<-- [end:count]
# --8<-- [start:request]
@task
def template_names() -> list[str]:
    """Call an operation that the hook has no method for."""
    hook = OneSignalHook("onesignal_default")
    found = hook.request("GET", "/templates", params={"app_id": hook.app_id, "limit": 50})
    return [template["name"] for template in found["templates"]]


# --8<-- [end:request]
# --8<-- [start:errors]
@task
def tag_customer(external_id: str, plan: str) -> str:
    """Decide by the type of the error, never by its text."""
    from airflow_provider_onesignal.exceptions import (
        OneSignalConflictError,
        OneSignalRateLimitError,
    )

    hook = OneSignalHook("onesignal_default")
    try:
        user = hook.create_user(
            identity={"external_id": external_id}, properties={"tags": {"plan": plan}}
        )
    except OneSignalConflictError as error:
        raise AirflowSkipException(f"Two users claim this id: {error.messages}") from error
    except OneSignalRateLimitError as error:
        print(f"OneSignal asks to wait {error.retry_after} s")
        raise
    return str(user["identity"]["onesignal_id"])


# --8<-- [end:errors]
