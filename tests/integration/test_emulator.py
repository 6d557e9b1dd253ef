"""The emulator under clients that are not its own: OneSignal's SDK, requests, aiohttp."""

from __future__ import annotations

import asyncio
import gzip
import hashlib
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import requests

from airflow_provider_onesignal.testing import Emulator

FILTER = {"field": "session_count", "relation": ">", "value": "5"}


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    with Emulator(rows=5000) as emulator:
        yield emulator


@pytest.fixture
def export_url(emulator: Emulator) -> str:
    answer = requests.post(
        f"{emulator.api_url}/players/csv_export?app_id={emulator.app_id}",
        headers={"Authorization": f"Key {emulator.api_key}"},
        timeout=10,
    )
    return str(answer.json()["csv_file_url"])


class TestOfficialSdk:
    @pytest.fixture
    def sdk(self) -> Any:
        return pytest.importorskip("onesignal")

    @pytest.fixture
    def api(self, sdk, emulator):
        from onesignal.api import default_api

        configuration = sdk.Configuration(host=emulator.api_url, rest_api_key=emulator.api_key)
        with sdk.ApiClient(configuration) as client:
            yield default_api.DefaultApi(client)

    def test_segments_are_created_and_deleted(self, emulator, api):
        from onesignal.models import Filter, Segment

        segment = Segment(name="Fans", filters=[Filter(**FILTER)])
        created = api.create_segment(emulator.app_id, segment=segment)
        deleted = api.delete_segment(emulator.app_id, created.id)

        assert created.success
        assert deleted.success
        assert emulator.requests[0].json == {"name": "Fans", "filters": [FILTER]}

    def test_a_user_is_created_then_found(self, emulator, api):
        from onesignal.models import PropertiesObject, Subscription, User

        user = User(
            identity={"external_id": "joe"},
            properties=PropertiesObject(tags={"level": "5"}),
            subscriptions=[Subscription(type="Email", token="joe@example.com")],
        )
        first = api.create_user(emulator.app_id, user)
        second = api.create_user(emulator.app_id, user)

        assert first.identity["onesignal_id"] == second.identity["onesignal_id"]
        assert len(emulator.app.users) == 1

    def test_the_three_exports_bring_their_files(self, emulator, api):
        from onesignal.models import (
            ExportSubscriptionsRequestBody,
            GetNotificationHistoryRequestBody,
        )

        subscriptions = api.export_subscriptions(
            emulator.app_id,
            export_subscriptions_request_body=ExportSubscriptionsRequestBody(
                extra_fields=["country"]
            ),
        )
        events = api.export_events(emulator.message_id, emulator.app_id)
        history = api.get_notification_history(
            emulator.message_id,
            GetNotificationHistoryRequestBody(app_id=emulator.app_id, events="clicked"),
        )

        for url in (subscriptions.csv_file_url, events.csv_file_url, history.destination_url):
            assert requests.get(url, timeout=10).content == emulator.export_bytes(url)

    def test_outcomes_are_read(self, emulator, api):
        emulator.set_outcome("os__click.count", 4)

        outcomes = api.get_outcomes(
            emulator.app_id, "os__click.count", outcome_time_range="1d", outcome_platforms="0,1"
        )

        assert [(each.id, each.value) for each in outcomes.outcomes] == [("os__click", 4)]

    def test_a_refusal_is_understood(self, sdk, emulator, api):
        emulator.occupy(60)

        with pytest.raises(sdk.ApiException) as refused:
            api.export_subscriptions(emulator.app_id)

        assert "already running another CSV export" in refused.value.error_messages[0]


class TestCutConnections:
    FAULTS = pytest.mark.parametrize(
        "fault",
        [{"cut_at": 1}, {"cut_at": 70_000}, {"cut_at": 70_000, "reset": True}, {"cut_at": 0}],
    )

    @FAULTS
    def test_requests_sees_an_incomplete_body(self, emulator, export_url, fault):
        emulator.files.fail(times=None, **fault)

        with pytest.raises((requests.ConnectionError, requests.exceptions.ChunkedEncodingError)):
            requests.get(export_url, timeout=10)

    @FAULTS
    async def test_aiohttp_sees_an_incomplete_body(self, emulator, export_url, fault):
        emulator.files.fail(times=None, **fault)

        async with aiohttp.ClientSession() as session:
            with pytest.raises(aiohttp.ClientError):
                async with session.get(export_url) as answer:
                    await answer.read()

    def test_an_orderly_cut_delivers_every_byte_before_it(self, emulator, export_url):
        emulator.files.fail(cut_at=70_000)

        with requests.get(export_url, stream=True, timeout=10) as answer:
            assert len(answer.raw.read(70_000)) == 70_000


async def test_a_slow_download_does_not_hold_up_others(emulator, export_url):
    emulator.files.fail("download", bytes_per_second=50_000)
    async with aiohttp.ClientSession() as session, session.get(export_url) as slow:
        assert slow.status == 200
        started = time.monotonic()
        async with session.get(export_url) as fast:
            assert len(await fast.read()) == emulator.export(export_url).content.size

    assert time.monotonic() - started < 5


async def test_hundreds_of_polls_at_once_are_answered(emulator, export_url):
    async def poll(session: aiohttp.ClientSession) -> int:
        async with session.get(export_url, headers={"Range": "bytes=0-0"}) as answer:
            await answer.read()
            return answer.status

    connector = aiohttp.TCPConnector(limit=300)
    async with aiohttp.ClientSession(connector=connector) as session:
        assert set(await asyncio.gather(*(poll(session) for _ in range(300)))) == {206}


@pytest.mark.parametrize("packing", ["gzip", "gzip-members"])
def test_a_large_file_is_valid_gzip_as_the_command_line_sees_it(emulator, packing, tmp_path: Path):
    emulator.settings.rows, emulator.settings.packing = 60_000, packing
    answer = requests.post(
        f"{emulator.api_url}/players/csv_export?app_id={emulator.app_id}",
        headers={"Authorization": f"Key {emulator.api_key}"},
        timeout=10,
    )
    url = answer.json()["csv_file_url"]
    content = requests.get(url, timeout=60).content
    file = tmp_path / "users.csv.gz"
    file.write_bytes(content)

    subprocess.run(["gzip", "-t", file], check=True)
    assert hashlib.sha256(content).hexdigest() == emulator.export(url).content.sha256
    assert gzip.decompress(content).count(b"customer") == 0
    assert len(gzip.decompress(content).splitlines()) > 60_000


def test_the_server_needs_little_memory_for_a_gigabyte():
    program = """
import resource, requests
from airflow_provider_onesignal.testing import Emulator
def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
with Emulator(rows=10_000_000) as emulator:
    before = peak()
    headers = {"Authorization": f"Key {emulator.api_key}"}
    url = f"{emulator.api_url}/players/csv_export?app_id={emulator.app_id}"
    url = requests.post(url, headers=headers).json()["csv_file_url"]
    with requests.get(url, stream=True) as answer:
        length = sum(map(len, iter(lambda: answer.raw.read(1 << 20), b"")))
    assert length == emulator.export(url).content.size > 1 << 30
print(peak() - before)
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=120
    )

    assert int(done.stdout) < 48 << 10
