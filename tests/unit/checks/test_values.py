"""What OneSignal would refuse is refused before it is asked: ids and exports of messages."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from airflow_provider_onesignal import checks
from airflow_provider_onesignal.exceptions import OneSignalValidationError
from airflow_provider_onesignal.exports import EventsExport, MessageHistoryExport

APP = "8458af75-4da2-4ecf-afb5-f242a8926cc3"


@pytest.mark.parametrize(
    ("export", "rule"),
    [
        (EventsExport(message_id="latest"), "message_id must be a UUID"),
        (EventsExport(message_id=""), "message_id must be a UUID"),
        (MessageHistoryExport(message_id="42", events="sent"), "message_id must be a UUID"),
        (MessageHistoryExport(message_id=APP, events="opened"), "events must be one of"),
        (MessageHistoryExport(message_id=APP, events=""), "events must be one of"),
    ],
)
def test_exports_of_messages_that_are_refused(export: Any, rule: str) -> None:
    with pytest.raises(OneSignalValidationError, match=rule):
        export.api_request(APP)


@pytest.mark.parametrize("value", [None, "", "42", 42, "8458af75-4da2-4ecf-afb5-f242a8926cc"])
def test_ids_that_are_no_uuid_are_refused(value: Any) -> None:
    with pytest.raises(OneSignalValidationError, match="segment_id must be a UUID"):
        checks.uuid(value, name="segment_id")


@pytest.mark.parametrize(
    "value",
    [
        APP,
        APP.upper(),
        f" {APP}\n",
        APP.replace("-", ""),
        # A column of that type in a database, and what Airflow's XComs make of it.
        UUID(APP),
    ],
    ids=repr,
)
def test_an_id_is_sent_in_one_form_however_it_is_written(value: Any) -> None:
    assert checks.uuid(value, name="segment_id") == APP
