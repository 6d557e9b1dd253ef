"""How a task holds an export's run: on the worker, or with a deferral in between."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from airflow_provider_onesignal import checks
from airflow_provider_onesignal.compat import task_state
from airflow_provider_onesignal.exceptions import OneSignalExportError, OneSignalExportTimeoutError
from airflow_provider_onesignal.export_run import ExportMemory, ExportRun, StartedExport, Wait
from airflow_provider_onesignal.links.onesignal import app_page, message_page
from airflow_provider_onesignal.operators.base import backstop, longest_wait
from airflow_provider_onesignal.readiness import ExportEvent

if TYPE_CHECKING:
    from airflow.triggers.base import BaseTrigger

    from airflow_provider_onesignal.compat import Context
    from airflow_provider_onesignal.exports import ExportRequest

DEFAULT_TIMEOUT = 4 * 3600.0
"""Seconds an export's task waits in all."""

# dag.test() drops what a deferral carries (Airflow 2.11 to 3.3); it is a single process.
_carried_in_process: dict[tuple[Any, ...], dict[str, Any]] = {}


def held_run(
    task: Any,
    context: Context,
    export: ExportRequest,
    *,
    wait_for_completion: bool = True,
    carried: Mapping[str, Any] | None = None,
) -> ExportRun:
    """
    Return the run of an export, as a task holds it.

    :param task: the operator, with the parameters of an export
    :param context: of the running task
    :param export: what to export
    :param wait_for_completion: wait for the file
    :param carried: the state of the run after a deferral, None at the start
    """
    carried = carried or {}
    # On a worker, Airflow itself ends the task at execution_timeout.
    limit = task.execution_timeout if checks.flag(task.deferrable, name="deferrable") else None
    latest = time.time() + longest_wait(task.timeout, limit)
    is_durable = checks.flag(task.durable, name="durable")
    return ExportRun(
        export,
        task._hook,  # noqa: SLF001 - the operator is of this package
        memory=ExportMemory(
            task_state(context) if is_durable else None, max_tries=context["ti"].max_tries
        ),
        deadline=min(latest, carried.get("deadline", latest)),
        poll_interval=task.poll_interval,
        on_conflict=task.on_conflict,
        wait_for_completion=wait_for_completion,
        asked=carried.get("asked", 0),
        started=StartedExport.from_json(carried.get("started")),
        may_be_running=carried.get("may_be_running") is True,
    )


def await_file(task: Any, context: Context, run: ExportRun) -> StartedExport:
    """
    Take the run to its end: on the worker, or from here on in the triggerer.

    :param task: the operator, with the parameters of an export
    :param context: of the running task
    :param run: of the export
    :raises TaskDeferred: with ``deferrable``, there is something to wait for
    """
    step = run.step()
    while isinstance(step, Wait):
        if checks.flag(task.deferrable, name="deferrable"):
            _defer(task, context, run, step)
        time.sleep(step.seconds)
        step = run.step()
    return step


def continue_after(task: Any, context: Context, run: ExportRun, event: Any) -> StartedExport:
    """
    Take the run to its end after a deferral.

    :param task: the operator, with the parameters of an export
    :param context: of the running task
    :param run: of the export, with the state that the deferral carried
    :param event: what the trigger yielded
    """
    match event:
        case {"status": "turn"}:
            return await_file(task, context, run)
    end = ExportEvent.from_json(event)
    if run.started is None:
        raise OneSignalExportError(
            "The deferral lost the export it waited for: retry the task to start it again."
        )
    return run.conclude(end)


def recovered(context: Context, carried: dict[str, Any] | None) -> dict[str, Any]:
    """
    Return the state of a run that a deferral carried.

    :param context: of the running task
    :param carried: what Airflow gave back
    """
    in_process = _carried_in_process.pop(_task_of(context), {})
    return in_process if carried is None else carried


def log_outlook(log: Any, run: ExportRun | None) -> None:
    """
    Log what becomes of the export of a task that is killed.

    :param log: the task's logger
    :param run: of the export, None if there is none
    """
    if run is not None and (outlook := run.outlook()):
        log.warning("The task was killed. %s", outlook)


def export_page(app_id: str, export: ExportRequest) -> str:
    """
    Return the report of the message an export is about, or the app's page.

    :param app_id: UUID of the app
    :param export: what is exported
    """
    message_id = export.about_message()
    return app_page(app_id) if message_id is None else message_page(app_id, message_id)


def export_unserved(_: Exception) -> OneSignalExportTimeoutError:
    """Return the error of a deferral that no triggerer served."""
    return OneSignalExportTimeoutError(
        "No triggerer served the deferral until its timeout: check that a triggerer is running. A "
        "retry continues to wait for the same export (Airflow 3.3+)."
    )


def _defer(task: Any, context: Context, run: ExportRun, wait: Wait) -> None:
    from airflow_provider_onesignal.triggers.export import (
        OneSignalExportTrigger,
        OneSignalExportTurnTrigger,
    )

    carried = _carried_in_process[_task_of(context)] = run.carried()
    trigger: BaseTrigger = OneSignalExportTurnTrigger(ask_at=time.time() + wait.seconds)
    latest = wait.seconds
    if wait.started is not None:
        latest = run.deadline - time.time()
        trigger = OneSignalExportTrigger(
            wait.started.url,
            deadline=run.deadline,
            started_at=wait.started.started_at,
            poll_interval=task.poll_interval,
            onesignal_conn_id=task.onesignal_conn_id,
        )
    task.defer(
        trigger=trigger,
        method_name="execute_complete",
        kwargs={"carried": carried},
        timeout=backstop(latest),
    )


def _task_of(context: Context) -> tuple[Any, ...]:
    ti = context["ti"]
    return (ti.dag_id, ti.run_id, ti.task_id, ti.map_index)
