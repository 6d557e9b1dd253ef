"""The link to the dashboard: right, early, and without a secret."""

from __future__ import annotations

from typing import Any

import pytest
from airflow.providers.common.compat.sdk import BaseOperator, XCom

from airflow_provider_onesignal.exports import (
    EventsExport,
    MessageHistoryExport,
    SubscriptionsExport,
)
from airflow_provider_onesignal.links.onesignal import OneSignalDashboardLink
from airflow_provider_onesignal.operators.export import (
    OneSignalExportEventsOperator,
    OneSignalExportMessageHistoryOperator,
    OneSignalExportSubscriptionsOperator,
)
from airflow_provider_onesignal.operators.outcomes import OneSignalGetOutcomesOperator
from airflow_provider_onesignal.operators.segment import (
    OneSignalCreateSegmentOperator,
    OneSignalDeleteSegmentOperator,
    OneSignalUpdateSegmentOperator,
)
from airflow_provider_onesignal.operators.user import OneSignalCreateUserOperator
from airflow_provider_onesignal.transfers.onesignal_to_gcs import OneSignalExportToGCSOperator
from airflow_provider_onesignal.transfers.onesignal_to_object_storage import (
    OneSignalExportToObjectStorageOperator,
    OneSignalOutcomesToObjectStorageOperator,
)
from airflow_provider_onesignal.transfers.onesignal_to_s3 import OneSignalExportToS3Operator
from tests.unit.fakes import APP_ID, URL

MESSAGE = "b6b326a8-40aa-13e5-b91b-bf8bc3fa26f7"
OUTCOMES = {"outcome_names": ["os__click.count"], "outcome_time_range": "1d"}
PATH: Any = {"path": "file:///nowhere"}
APP_PAGE = f"https://dashboard.onesignal.com/apps/{APP_ID}"
MESSAGE_PAGE = f"{APP_PAGE}/notifications/{MESSAGE}"
SEGMENTS_PAGE = f"{APP_PAGE}/segments"

CASES: list[tuple[Any, dict[str, Any], str]] = [
    (OneSignalExportSubscriptionsOperator, {}, APP_PAGE),
    (OneSignalExportEventsOperator, {"message_id": MESSAGE}, MESSAGE_PAGE),
    (
        OneSignalExportMessageHistoryOperator,
        {"message_id": MESSAGE, "events": "sent"},
        MESSAGE_PAGE,
    ),
    (OneSignalGetOutcomesOperator, OUTCOMES, APP_PAGE),
    (OneSignalCreateSegmentOperator, {"name": "n", "filters": []}, SEGMENTS_PAGE),
    (OneSignalUpdateSegmentOperator, {"name": "n", "segment_id": "s"}, SEGMENTS_PAGE),
    (OneSignalDeleteSegmentOperator, {"segment_id": "s"}, SEGMENTS_PAGE),
    (OneSignalCreateUserOperator, {}, APP_PAGE),
    (OneSignalExportToObjectStorageOperator, {"csv_file_url": URL, **PATH}, APP_PAGE),
    (OneSignalExportToObjectStorageOperator, {"export": SubscriptionsExport(), **PATH}, APP_PAGE),
    (OneSignalExportToS3Operator, {"export": EventsExport(MESSAGE), "s3_key": "k"}, MESSAGE_PAGE),
    (
        OneSignalExportToGCSOperator,
        {
            "export": MessageHistoryExport(MESSAGE, "clicked"),
            "bucket_name": "b",
            "object_name": "o",
        },
        MESSAGE_PAGE,
    ),
    (OneSignalOutcomesToObjectStorageOperator, {**OUTCOMES, **PATH}, APP_PAGE),
]
OF_EACH_OPERATOR = pytest.mark.parametrize(
    ("operator", "parameters", "page"), CASES, ids=lambda case: getattr(case, "__name__", None)
)


class Task:
    """What Airflow keeps of a task: its XComs, which a new try begins without."""

    dag_id, run_id, task_id, map_index, try_number = "dag", "run", "task", 3, 1

    def __init__(self) -> None:
        self.xcoms: dict[str, Any] = {}

    def xcom_push(self, key: str, value: Any) -> None:
        self.xcoms[key] = value


@pytest.fixture
def ti(monkeypatch: pytest.MonkeyPatch) -> Task:
    task = Task()

    def get_value(*, ti_key: Any, key: str) -> Any:
        assert ti_key is task
        return task.xcoms.get(key)

    monkeypatch.setattr(XCom, "get_value", get_value)
    return task


def shown(operator: Any, ti: Task) -> str:
    (link,) = operator.operator_extra_links
    url = link.get_link(operator, ti_key=ti)
    assert isinstance(url, str)
    return url


@OF_EACH_OPERATOR
def test_it_leads_to_what_the_task_works_on(
    operator: Any, parameters: dict[str, Any], page: str, ti: Task, connect: Any
) -> None:
    connect()
    task = operator(task_id="task", **parameters)

    task.pre_execute({"ti": ti})

    assert shown(task, ti) == page
    assert ti.xcoms == {OneSignalDashboardLink.xcom_key: page}


@OF_EACH_OPERATOR
def test_it_is_empty_where_the_task_did_not_begin(
    operator: Any, parameters: dict[str, Any], page: str, ti: Task
) -> None:
    assert shown(operator(task_id="task", **parameters), ti) == ""


def test_what_is_no_text_is_no_link(ti: Task) -> None:
    ti.xcoms[OneSignalDashboardLink.xcom_key] = {"a": 1}

    assert shown(OneSignalExportSubscriptionsOperator(task_id="task"), ti) == ""


def test_the_connection_is_not_read_to_show_it(ti: Task, monkeypatch: pytest.MonkeyPatch) -> None:
    ti.xcoms[OneSignalDashboardLink.xcom_key] = APP_PAGE
    hook = "airflow_provider_onesignal.hooks.onesignal.OneSignalHook"
    monkeypatch.setattr(f"{hook}.settings", property(lambda _: pytest.fail("it was read")))

    assert shown(OneSignalExportSubscriptionsOperator(task_id="task"), ti) == APP_PAGE


@pytest.mark.parametrize("fields", [None, {"login": ""}, {"password": ""}, {"login": "no-uuid"}])
def test_a_connection_that_is_not_fit_gives_no_link_and_no_error_of_its_own(
    fields: dict[str, Any] | None, ti: Task, connect: Any
) -> None:
    if fields is not None:
        connect(**fields)
    task = OneSignalExportToObjectStorageOperator(task_id="task", csv_file_url=URL, **PATH)

    task.pre_execute({"ti": ti})

    assert ti.xcoms == {}


class BackendError(Exception):
    """What some backend of secrets or XComs raises: no error of Airflow's, none of this package."""


def broken(*_: Any, **__: Any) -> Any:
    raise BackendError("with a token in its text")


def test_a_secrets_backend_that_fails_fails_no_task_for_the_sake_of_the_link(
    ti: Task, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    hook = "airflow_provider_onesignal.hooks.onesignal.OneSignalHook"
    monkeypatch.setattr(f"{hook}.settings", property(broken))

    OneSignalCreateUserOperator(task_id="task").pre_execute({"ti": ti})

    assert ti.xcoms == {}
    assert "could not be made (BackendError)" in caplog.text
    assert "token" not in caplog.text


def test_nor_does_an_id_that_makes_no_url(
    ti: Task, connect: Any, caplog: pytest.LogCaptureFixture
) -> None:
    connect()

    OneSignalExportEventsOperator(task_id="task", message_id="\ud800").pre_execute({"ti": ti})

    assert ti.xcoms == {}
    assert "could not be made (OneSignalValidationError)" in caplog.text


def test_nor_does_an_xcom_backend_that_takes_nothing_and_the_end_of_the_task_tries_again(
    ti: Task, connect: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect()
    monkeypatch.setattr(ti, "xcom_push", broken)
    task = OneSignalCreateUserOperator(task_id="task")

    task.pre_execute({"ti": ti})

    assert shown(task, ti) == APP_PAGE


def test_an_xcom_that_cannot_be_read_gives_no_link_and_fails_no_page(
    ti: Task, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(XCom, "get_value", broken)

    assert shown(OneSignalExportSubscriptionsOperator(task_id="task"), ti) == ""
    assert "could not be read (BackendError)" in caplog.text


def test_one_that_cannot_be_read_when_the_task_ends_does_not_empty_the_link(
    ti: Task, connect: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Airflow 3 asks once more at the end, and stores the answer over what was pushed.
    connect()
    task = OneSignalExportEventsOperator(task_id="task", message_id=MESSAGE)
    task.pre_execute({"ti": ti})
    monkeypatch.setattr(XCom, "get_value", broken)

    assert shown(task, ti) == MESSAGE_PAGE


def test_a_task_object_that_runs_again_shows_no_link_of_before(
    ti: Task, connect: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect()
    task = OneSignalCreateUserOperator(task_id="task")
    task.pre_execute({"ti": ti})
    connect(login="")
    del task._hook
    ti.xcoms.clear()

    task.pre_execute({"ti": ti})

    assert shown(task, ti) == ""


def test_blanks_around_an_id_are_no_part_of_the_link(ti: Task, connect: Any) -> None:
    connect()
    task = OneSignalExportEventsOperator(task_id="task", message_id=f" {MESSAGE}\n")

    task.pre_execute({"ti": ti})

    assert shown(task, ti) == MESSAGE_PAGE


def test_it_is_pushed_before_the_task_asks_for_anything(
    ti: Task, connect: Any, server: Any
) -> None:
    connect(host=server.url)
    task = OneSignalExportEventsOperator(task_id="task", message_id=MESSAGE)

    task.pre_execute({"ti": ti})

    assert shown(task, ti) == MESSAGE_PAGE
    assert server.seen == []


def test_it_says_what_the_latest_try_works_on(ti: Task, connect: Any) -> None:
    connect()
    other = "00000000-40aa-13e5-b91b-bf8bc3fa26f7"
    for message_id in (MESSAGE, other):
        OneSignalExportEventsOperator(task_id="task", message_id=message_id).pre_execute({"ti": ti})

    task = OneSignalExportEventsOperator(task_id="task", message_id=other)
    assert shown(task, ti) == f"{APP_PAGE}/notifications/{other}"


def test_what_airflow_does_before_a_task_is_still_done(
    ti: Task, connect: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Airflow 2 calls the user's pre_execute= from there.
    connect()
    done: list[Any] = []
    monkeypatch.setattr(BaseOperator, "pre_execute", lambda _, context: done.append(context))

    OneSignalCreateUserOperator(task_id="task").pre_execute({"ti": ti})

    assert done == [{"ti": ti}]
