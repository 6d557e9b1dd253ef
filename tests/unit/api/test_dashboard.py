"""Where the links lead to."""

from __future__ import annotations

from airflow_provider_onesignal.api import dashboard
from tests.unit.fakes import APP_ID

MESSAGE = "b6b326a8-40aa-13e5-b91b-bf8bc3fa26f7"


def test_each_thing_has_its_page():
    app = f"https://dashboard.onesignal.com/apps/{APP_ID}"

    assert dashboard.app_page(APP_ID) == app
    assert dashboard.segments_page(APP_ID) == f"{app}/segments"
    assert dashboard.message_page(APP_ID, MESSAGE) == f"{app}/notifications/{MESSAGE}"


def test_an_id_that_is_none_leads_nowhere_else():
    page = dashboard.message_page(APP_ID, "../../evil?x=1#y")

    assert page.endswith(f"/apps/{APP_ID}/notifications/..%2F..%2Fevil%3Fx%3D1%23y")
