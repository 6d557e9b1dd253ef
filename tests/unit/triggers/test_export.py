"""The triggers, against real sockets."""

from __future__ import annotations

import asyncio
import gc
import json
import logging
import statistics
import sys
import time
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.triggers.base import BaseTrigger, TriggerEvent

from airflow_provider_onesignal.api import async_client
from airflow_provider_onesignal.connection import HttpSettings
from airflow_provider_onesignal.readiness import ExportEvent, Readiness
from airflow_provider_onesignal.triggers.export import (
    OneSignalExportTrigger,
    OneSignalExportTurnTrigger,
)
from tests.unit.fakes import URL, FakeClock
from tests.unit.readiness_table import ONE_OF_EACH, THREE_DAYS, expected
from tests.unit.scripted import Reply

PATH = "/csv_exports/8458af75/users_0123456789abcdef.csv.gz"
NOT_YET = Reply(status=404, body=b"<Error><Code>NoSuchKey</Code></Error>")
READY = Reply(status=206, body=b"\x1f")
KEY = "os_v2_app_" + "k" * 103


@pytest.fixture(autouse=True)
def connection(connect):
    connect(password=KEY, extra={"timeout": 5})


class LoopClock(FakeClock):
    """
    Stands in for the modules ``time`` and ``asyncio`` of the triggers: pauses take no time.

    The pause number ``hold_at`` tells that it is ``reached``, and lasts until ``go`` is set.
    """

    def __init__(self) -> None:
        super().__init__()
        self.hold_at = 0
        self.reached = asyncio.Event()
        self.go = asyncio.Event()

    async def pause(self, seconds: float) -> None:
        self.sleep(seconds)
        if len(self.slept) == self.hold_at:
            self.reached.set()
            await self.go.wait()


@pytest.fixture
def loop_clock(monkeypatch) -> LoopClock:
    clock = LoopClock()
    module = "airflow_provider_onesignal.triggers.export"
    # The module's own names alone: whatever else runs in this process sleeps as it is used to.
    monkeypatch.setattr(f"{module}.time", clock)
    monkeypatch.setattr(f"{module}.asyncio", SimpleNamespace(sleep=clock.pause))
    return clock


def make(url: str, *, seconds: float = 10.0, **parameters: Any) -> OneSignalExportTrigger:
    defaults = {"poll_interval": 0.01, "deadline": time.time() + seconds}
    return OneSignalExportTrigger(url, **defaults | parameters)


async def event_of(trigger: BaseTrigger) -> Any:
    """Run a trigger to its first event, which has to be all, and send it through the database."""
    async with asyncio.timeout(10):
        events = [event async for event in trigger.run()]
    (event,) = events
    assert isinstance(event, TriggerEvent)
    return json.loads(json.dumps(event.payload))


END = {
    Readiness.READY: "ready",
    Readiness.EXPIRED: "expired",
    Readiness.FATAL: "failed",
    Readiness.PENDING: "timeout",
    Readiness.TRANSIENT: "timeout",
}


@pytest.mark.parametrize("age", [None, 60.0, THREE_DAYS], ids=str)
@pytest.mark.parametrize("status", [*ONE_OF_EACH, 301, 404, 503], ids=str)
async def test_it_ends_as_the_table_says(server, status, age):
    server.script = [
        Reply(cut_after=0)
        if status is None
        else Reply(status=status, body=b"" if status in (204, 304) else b"x")
    ]
    started_at = None if age is None else time.time() - age

    event = await event_of(make(server.url + PATH, seconds=0, started_at=started_at))

    readiness = expected(status, age)
    assert event["status"] == END[readiness]
    assert (f"HTTP {status}" if status else "no response") in event["last_seen"]


async def test_it_looks_until_the_file_is_ready(server):
    server.script = [NOT_YET, Reply(status=403), Reply(status=503), Reply(cut_after=0), READY]

    event = await event_of(make(server.url + PATH))

    assert event == {"status": "ready", "last_seen": "HTTP 206"}
    assert server.count == 5


async def test_a_host_that_is_down_is_waited_for(free_port):
    event = await event_of(make(f"http://127.0.0.1:{free_port}{PATH}", seconds=0.1))

    assert event["status"] == "timeout"
    assert "no response (no connection, or it broke" in event["last_seen"]


async def test_it_starts_nothing_and_sends_no_key(server):
    server.script = [NOT_YET, READY]

    await event_of(make(server.url + PATH))

    assert {seen.method for seen in server.seen} == {"GET"}
    for seen in server.seen:
        assert "authorization" not in seen.headers
        assert KEY not in repr(seen)


async def test_at_the_deadline_it_looks_a_last_time_and_names_what_it_saw(server, loop_clock):
    server.script = [NOT_YET]
    trigger = make(server.url + PATH, deadline=loop_clock.now + 25, poll_interval=60.0)

    event = await event_of(trigger)

    assert event == {"status": "timeout", "last_seen": "HTTP 404, pending"}
    assert loop_clock.slept == [25]
    assert server.count == 1


async def test_the_first_look_comes_a_poll_interval_after_the_deferral(server, loop_clock):
    server.script = [READY]
    trigger = make(server.url + PATH, deadline=loop_clock.now + 3600, poll_interval=10.0)
    loop_clock.hold_at = 1
    running = asyncio.create_task(event_of(trigger))
    async with asyncio.timeout(10):
        await loop_clock.reached.wait()

    assert server.count == 0
    loop_clock.go.set()
    assert (await running)["status"] == "ready"
    assert loop_clock.slept == [pytest.approx(10, rel=0.1)]


async def test_a_restart_does_not_move_the_deadline(server, loop_clock):
    server.script = [NOT_YET]
    deadline = loop_clock.now + 100
    first = make(server.url + PATH, deadline=deadline, poll_interval=10.0)
    path, kwargs = first.serialize()
    loop_clock.hold_at = 4
    running = asyncio.create_task(event_of(first))
    async with asyncio.timeout(10):
        await loop_clock.reached.wait()
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert server.count == 3
    assert path == "airflow_provider_onesignal.triggers.export.OneSignalExportTrigger"
    again = OneSignalExportTrigger(**json.loads(json.dumps(kwargs)))

    event = await event_of(again)

    assert event["status"] == "timeout"
    assert loop_clock.now == pytest.approx(deadline, rel=0, abs=0.01)


async def test_one_whose_deadline_passed_while_no_triggerer_ran_still_sees_a_ready_file(server):
    server.script = [READY]

    assert (await event_of(make(server.url + PATH, seconds=-3600)))["status"] == "ready"


@pytest.mark.parametrize("started_at", [None, 1_793_000_000.5])
def test_it_survives_its_way_through_the_database(started_at):
    trigger = OneSignalExportTrigger(
        URL, deadline=1_793_000_100.25, started_at=started_at, onesignal_conn_id="other"
    )

    path, kwargs = trigger.serialize()
    again = OneSignalExportTrigger(**json.loads(json.dumps(kwargs)))

    assert again.serialize() == (path, kwargs)
    assert KEY not in json.dumps(kwargs)
    assert "password" not in json.dumps(kwargs)


@pytest.mark.parametrize("show", [repr, str, "{}".format])
def test_its_text_does_not_show_the_address(show):
    shown = show(make(URL))

    assert "OneSignalExportTrigger" in shown
    assert "csv_exports" not in shown


@pytest.mark.parametrize(
    "script",
    [
        [READY],
        [Reply(status=302, headers={"Location": "https://other.example.com" + PATH})],
        [Reply(status=410)],
        [NOT_YET],
        [Reply(cut_after=0)],
    ],
)
async def test_no_event_and_no_log_shows_the_address(server, script, caplog, monkeypatch):
    monkeypatch.setattr(OneSignalExportTrigger, "log", logging.getLogger("trigger"))
    server.script = script

    with caplog.at_level(logging.DEBUG):
        event = await event_of(make(server.url + PATH, seconds=0.05))

    assert ExportEvent.from_json(event).last_seen
    assert "csv_exports" not in json.dumps(event)
    logged = "\n".join(record.getMessage() for record in caplog.records if record.name == "trigger")
    assert "Export file" in logged
    assert "csv_exports" not in caplog.text


async def test_only_what_changes_is_logged(server, caplog, monkeypatch):
    monkeypatch.setattr(OneSignalExportTrigger, "log", logging.getLogger("trigger"))
    server.script = [NOT_YET] * 5 + [Reply(status=503)] * 5 + [READY]

    with caplog.at_level(logging.INFO, logger="trigger"):
        await event_of(make(server.url + PATH))

    logged = [record.args[1] for record in caplog.records if record.name == "trigger"]
    assert logged == ["pending", "transient", "ready"]


async def test_without_its_connection_nothing_can_be_said_about_the_file(server):
    event = await event_of(make(server.url + PATH, onesignal_conn_id="nowhere"))

    assert event["status"] == "misconfigured"
    assert "no Airflow connection 'nowhere'" in event["last_seen"]
    assert server.count == 0


async def test_a_proxy_that_cannot_be_used_says_nothing_about_the_file(server, monkeypatch):
    monkeypatch.setenv("http_proxy", "http://proxy:port")
    monkeypatch.delenv("NO_PROXY")

    event = await event_of(make(server.url + PATH))

    assert event["status"] == "misconfigured"
    assert "proxy" in event["last_seen"]


async def test_a_secrets_backend_that_fails_for_a_moment_ends_no_wait(server, monkeypatch, caplog):
    tried: list[str] = []

    async def settings(conn_id: str) -> HttpSettings:
        tried.append(conn_id)
        if len(tried) < 3:
            raise ConnectionError("throttled")
        return HttpSettings()

    monkeypatch.setattr("airflow_provider_onesignal.triggers.export.afile_settings", settings)
    monkeypatch.setattr(OneSignalExportTrigger, "log", logging.getLogger("trigger"))
    server.script = [READY]

    event = await event_of(make(server.url + PATH))

    assert event["status"] == "ready"
    assert len(tried) == 3
    assert "cannot be read (ConnectionError)" in caplog.text


async def test_a_secrets_backend_that_never_answers_ends_the_wait_at_its_deadline(
    server, monkeypatch
):
    async def settings(conn_id: str) -> HttpSettings:
        raise ConnectionError("throttled")

    monkeypatch.setattr("airflow_provider_onesignal.triggers.export.afile_settings", settings)

    event = await event_of(make(server.url + PATH, seconds=0.05))

    assert event["status"] == "timeout"
    assert "connection cannot be read (ConnectionError)" in event["last_seen"]
    assert server.count == 0


async def test_polls_are_spread(server, loop_clock):
    server.script = [NOT_YET] * 20 + [READY]
    trigger = make(server.url + PATH, deadline=loop_clock.now + 3600, poll_interval=10.0)

    await event_of(trigger)

    slept = loop_clock.slept
    assert len(set(slept)) == 21  # one before each look, the first among them
    assert all(9.0 <= seconds <= 11.0 for seconds in slept)


class TestMany:
    async def test_share_one_session_and_leave_none_behind(self, server, recwarn):
        server.script = [NOT_YET]
        running = [asyncio.create_task(event_of(make(server.url + PATH))) for _ in range(30)]
        await asyncio.to_thread(server.wait_for, 60)
        (shared,) = async_client._sessions.values()
        session: Any = shared.opening.result()

        assert shared.users == 30
        for task in running[:15]:
            task.cancel()
        await asyncio.gather(*running[:15], return_exceptions=True)
        assert shared.users == 15
        assert not session.closed

        server.script = [READY]
        assert {event["status"] for event in await asyncio.gather(*running[15:])} == {"ready"}
        assert session.closed
        assert async_client._sessions == {}
        assert not [each for each in recwarn if "nclosed" in str(each.message)]

    async def test_a_thousand_do_not_hold_up_what_runs_beside_them(self, holds):
        async with file_host() as url:
            ticking = asyncio.create_task(tick(9.0))
            waiting = []
            for number in range(1000):
                trigger = make(f"{url}/{number}", seconds=60, poll_interval=4.0)
                waiting.append(asyncio.create_task(trigger._wait()))
                await asyncio.sleep(0)  # as the triggerer does between two that it starts
            gaps = await ticking
            assert not any(task.done() for task in waiting)
            for task in waiting:
                task.cancel()
            await asyncio.gather(*waiting, return_exceptions=True)

        # CPU time, so that what else the machine does counts for nothing; where it stopped this
        # process for long, many polls are due at once, hence a percentile of the gaps between
        # ticks, and the longest of each single hold of the loop.
        assert max(cpu for cpu, _ in holds) < 0.050
        assert statistics.quantiles(gaps, n=100)[98] < 0.050
        # Wall time finds what blocks without computing: not one in a hundred may.
        assert len(holds) > 5000
        assert sum(wall > 0.050 for _, wall in holds) < len(holds) / 100


@pytest.fixture
def holds(monkeypatch, frozen_imports):
    """Each hold of an event loop by one callback, in seconds of CPU and of the clock."""
    found: list[tuple[float, float]] = []
    run = asyncio.Handle._run

    def timed(handle: asyncio.Handle) -> None:
        cpu, wall = time.thread_time(), time.monotonic()
        run(handle)
        found.append((time.thread_time() - cpu, time.monotonic() - wall))

    monkeypatch.setattr(asyncio.Handle, "_run", timed)
    return found


@pytest.fixture
def frozen_imports():
    """
    Keep the garbage collector off what is imported.

    One full collection of all that Airflow imports takes 100 ms, and comes when it comes.
    """
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


async def tick(seconds: float) -> list[float]:
    """Give for each tick the CPU time of this thread since the last one."""
    gaps = []
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        cpu = time.thread_time()
        await asyncio.sleep(0.005)
        gaps.append(time.thread_time() - cpu)
    return gaps


FILE_HOST = """
import asyncio, sys
ANSWER = b"HTTP/1.1 404 Not Found\\r\\nContent-Length: 8\\r\\n\\r\\n<Error/>"
async def serve(reader, writer):
    while await reader.readuntil(b"\\r\\n\\r\\n"):
        writer.write(ANSWER)
async def main():
    server = await asyncio.start_server(serve, "127.0.0.1", 0, backlog=1000)
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
asyncio.run(main())
"""


class file_host:  # noqa: N801
    """A host in a process of its own, whose files are never ready."""

    async def __aenter__(self) -> str:
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-c",
            FILE_HOST,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
        )
        assert self._process.stdout is not None
        return f"http://127.0.0.1:{int(await self._process.stdout.readline())}"

    async def __aexit__(self, *_: object) -> None:
        self._process.kill()
        await self._process.wait()


class TestTurn:
    def test_survives_its_way_through_the_database(self):
        path, kwargs = OneSignalExportTurnTrigger(ask_at=1.0).serialize()

        again = OneSignalExportTurnTrigger(**json.loads(json.dumps(kwargs)))

        assert path.endswith(".OneSignalExportTurnTrigger")
        assert again.serialize() == (path, kwargs)

    @pytest.mark.parametrize(("left", "slept"), [(30, 30), (-60, 0)])
    async def test_waits_until_it_is_time_and_after_a_restart_no_longer(
        self, loop_clock, left, slept
    ):
        trigger = OneSignalExportTurnTrigger(ask_at=loop_clock.now + left)

        assert await event_of(trigger) == {"status": "turn"}
        assert loop_clock.slept == [slept]


async def test_the_host_of_the_file_sets_the_pace(server, loop_clock):
    server.script = [Reply(status=429, headers={"Retry-After": "45"}), Reply(status=206)]

    await event_of(make(server.url + PATH, deadline=loop_clock.now + 600, poll_interval=10))

    assert loop_clock.slept[1] == 45


async def test_a_triggerer_that_is_told_to_stop_waiting_claims_no_end_of_the_task(
    caplog, monkeypatch
):
    caplog.set_level(logging.INFO)
    monkeypatch.setattr(OneSignalExportTrigger, "log", logging.getLogger("trigger"))
    trigger = OneSignalExportTrigger("https://h/secret_users.csv.gz", deadline=0.0)

    await trigger.on_kill()

    assert "or another triggerer has taken over" in caplog.text
    assert "secret_users" not in caplog.text
