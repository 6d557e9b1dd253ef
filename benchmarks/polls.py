"""What waiting costs a triggerer: CPU per 1,000 looks at a file that is not ready."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

from airflow_provider_onesignal.api.retries import jittered

LOOKS = 3000
TRIGGERS = 1000
SECONDS = 5.0
BOUND = 0.5

# Answers whatever is asked, so that its process costs as little as can be.
HOST = """
import asyncio, sys
BODY = b"<Error><Code>NoSuchKey</Code></Error>"
ANSWER = b"HTTP/1.1 404 Not Found\\r\\nContent-Length: %d\\r\\n\\r\\n%b" % (len(BODY), BODY)
class Host(asyncio.Protocol):
    def connection_made(self, transport):
        self.transport = transport
    def data_received(self, data):
        for _ in range(data.count(b"\\r\\n\\r\\n")):
            self.transport.write(ANSWER)
async def main():
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Host, "127.0.0.1", 0, backlog=1000)
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)
asyncio.run(main())
"""


@contextmanager
def file_host() -> Iterator[str]:
    """Run a host, in its own process, whose files are never ready; gives its URL."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOST], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    try:
        yield f"http://127.0.0.1:{int(process.stdout.readline())}"
    finally:
        process.kill()
        process.wait()


async def cpu_of_looks(url: str) -> float:
    """Give the CPU seconds of 1,000 looks through the prober, after a warm-up."""
    from airflow_provider_onesignal.api.async_client import file_prober
    from airflow_provider_onesignal.connection import HttpSettings

    async with file_prober(HttpSettings()) as prober:
        for _ in range(100):
            await prober.probe(url)
        before = time.process_time()
        for _ in range(LOOKS):
            await prober.probe(url)
        return (time.process_time() - before) * 1000 / LOOKS


async def cpu_of_triggers(url: str, *, poll_interval: float) -> tuple[float, float]:
    """
    Run many triggers at once.

    :return: CPU seconds of 1,000 looks, and the most CPU seconds that other coroutines waited for
    """
    async with _waiting(url, poll_interval=poll_interval):
        await asyncio.sleep(2.0)
        before, looks = time.process_time(), SECONDS / jittered(poll_interval, rand=lambda: 0.5)
        longest = await _longest_turn()
        return (time.process_time() - before) * 1000 / (looks * TRIGGERS), longest


@asynccontextmanager
async def _waiting(url: str, *, poll_interval: float) -> AsyncIterator[None]:
    from airflow_provider_onesignal.triggers.export import OneSignalExportTrigger

    deadline = time.time() + 3600
    triggers = [
        OneSignalExportTrigger(f"{url}/{number}", deadline=deadline, poll_interval=poll_interval)
        for number in range(TRIGGERS)
    ]
    tasks = [asyncio.ensure_future(anext(trigger.run())) for trigger in triggers]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _longest_turn() -> float:
    longest, end = 0.0, time.monotonic() + SECONDS
    while time.monotonic() < end:
        before = time.thread_time()
        await asyncio.sleep(0.005)
        longest = max(longest, time.thread_time() - before)
    return longest


def main() -> None:
    """Print the figures."""
    connection = {"conn_type": "onesignal", "login": "", "password": ""}
    os.environ["AIRFLOW_CONN_ONESIGNAL_DEFAULT"] = json.dumps(connection)
    os.environ["AIRFLOW__LOGGING__LOGGING_LEVEL"] = "WARNING"
    with file_host() as url:
        looks = asyncio.run(cpu_of_looks(f"{url}/x.csv.gz"))
        triggers, longest = asyncio.run(cpu_of_triggers(url, poll_interval=0.5))
    verdict = "within" if max(looks, triggers) <= BOUND else "ABOVE"
    print("Waiting for files that are not ready, CPU per 1,000 looks")
    print(f"  one prober                    {looks:6.2f} s")
    print(f"  {TRIGGERS:,} triggers at a time     {triggers:6.2f} s ({verdict} {BOUND:g})")
    print(f"  longest hold of their loop    {longest * 1000:6.1f} ms of CPU\n", flush=True)


if __name__ == "__main__":
    main()
