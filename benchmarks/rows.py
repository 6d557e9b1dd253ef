"""
Rows into OneSignal: against loops over the official SDK, on one core, and at a million rows.

``python -m benchmarks.rows WAY ROWS URL`` runs one way in this process, and prints what it took as
JSON. What is imported, connected and looked up before does not count.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from types import SimpleNamespace
from typing import Any

from benchmarks.bench import table, verdict
from benchmarks.methods import MIB, Cost

APP_ID = "8458af75-4da2-4ecf-afb5-f242a8926cc3"
KEY = "os_v2_app_" + "a" * 103
SEQUENTIAL_BOUND, THREADS_BOUND, CORE_BOUND, GROWTH_BOUND = 20.0, 1.5, 0.8, 64.0

# Answers any request with a user after 20 ms, so that its process costs as little as can be.
HOST = """
import asyncio, sys
BODY = b'{"identity": {"onesignal_id": "567491ee-9105-4a87-9cbc-ed78a571645b"}}'
ANSWER = b"HTTP/1.1 202 Accepted\\r\\nContent-Type: application/json\\r\\n"
ANSWER += b"Content-Length: %d\\r\\n\\r\\n%b" % (len(BODY), BODY)
class Host(asyncio.Protocol):
    def connection_made(self, transport):
        self.transport, self.head, self.left = transport, b"", None
    def data_received(self, data):
        if self.left is None:
            self.head, separator, data = (self.head + data).partition(b"\\r\\n\\r\\n")
            if not separator:
                return
            length = self.head.lower().partition(b"content-length:")[2].split(b"\\r\\n")[0]
            self.left = int(length or 0)
        self.left -= len(data)
        if self.left <= 0:
            self.head, self.left = b"", None
            asyncio.get_running_loop().call_later(0.02, self.transport.write, ANSWER)
async def main():
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Host, "127.0.0.1", 0, backlog=1000)
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)
asyncio.run(main())
"""


@contextmanager
def host() -> Iterator[str]:
    """Run the API in a process of its own, and lend its URL."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOST], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    try:
        yield f"http://127.0.0.1:{int(process.stdout.readline())}"
    finally:
        process.kill()
        process.wait()


def row(number: int) -> dict[str, Any]:
    return {
        "id": f"u-{number}",
        "plan": "gold",
        "score": number % 100,
        "country": "GB",
        "email": f"user{number}@example.com",
    }


def package(way: str, rows: int, folder: Path) -> Callable[[], object]:
    """Return the operator's run over a file; its first request is behind it."""
    from airflow_provider_onesignal.mappings import EventMapping, UserMapping
    from airflow_provider_onesignal.transfers import object_storage_to_onesignal as transfer

    # What the machine can do shows above what OneSignal takes.
    transfer.MOST_REQUESTS_PER_SECOND = 100_000
    kinds: dict[str, Any] = {
        "users": (
            transfer.ObjectStorageToOneSignalUsersOperator,
            UserMapping(
                external_id="id",
                tags=["plan", "score"],
                properties={"country": "country"},
                email="email",
            ),
        ),
        "events": (
            transfer.ObjectStorageToOneSignalEventsOperator,
            EventMapping(event_name="x", external_id="id", properties=["plan", "score"]),
        ),
    }
    kind, _, rate = way.partition("-")
    operator, mapping = kinds[kind]

    def run(count: int) -> object:
        path = folder / f"{count}.jsonl"
        with path.open("w") as file:
            file.writelines(json.dumps(row(number)) + "\n" for number in range(count))
        task = operator(
            task_id="rows",
            path=f"file://{path}",
            mapping=mapping,
            dead_letter=f"file://{folder}/dead.jsonl",
            requests_per_second=int(rate or 1000),
        )
        ti = SimpleNamespace(dag_id="d", run_id="r", task_id="rows", map_index=-1)
        ti.xcom_push = lambda **_: None
        return lambda: task.execute({"ti": ti})

    run(1)()  # type: ignore[operator]
    return run(rows)  # type: ignore[return-value]


def sdk(way: str, rows: int, url: str) -> Callable[[], object]:
    """Return a loop over the official SDK, in as many threads as the way says."""
    import onesignal
    from onesignal.api.default_api import DefaultApi
    from onesignal.model.properties_object import PropertiesObject
    from onesignal.model.subscription import Subscription
    from onesignal.model.user import User

    threads = int(way.partition("-")[2])
    configuration = onesignal.Configuration(host=url, rest_api_key=KEY)
    configuration.connection_pool_maxsize = threads
    client = DefaultApi(onesignal.ApiClient(configuration))

    def send(number: int) -> None:
        given = row(number)
        tags = {"plan": given["plan"], "score": str(given["score"])}
        user = User(
            identity={"external_id": given["id"]},
            properties=PropertiesObject(tags=tags, country=given["country"]),
            subscriptions=[Subscription(type="Email", token=given["email"])],
        )
        client.create_user(APP_ID, user=user)

    def loop() -> None:
        if threads == 1:
            for number in range(rows):
                send(number)
            return
        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(send, range(rows)))

    send(0)
    return loop


def measure(way: str, rows: int, url: str) -> Cost:
    """Run one way here."""
    os.environ["AIRFLOW__LOGGING__LOGGING_LEVEL"] = "WARNING"
    connection = {"conn_type": "onesignal", "login": APP_ID, "password": KEY, "host": url}
    os.environ["AIRFLOW_CONN_ONESIGNAL_DEFAULT"] = json.dumps(connection)
    with TemporaryDirectory() as folder:
        run = sdk(way, rows, url) if way.startswith("sdk") else package(way, rows, Path(folder))
        before, wall, cpu = _peak(), time.monotonic(), time.process_time()
        run()
        wall, cpu = time.monotonic() - wall, time.process_time() - cpu
    return Cost(wall=wall, cpu=cpu, before=before, peak=_peak())


def cost(way: str, rows: int) -> Cost:
    """Run one way in a fresh process, against a host of its own."""
    with host() as url:
        command = [sys.executable, "-m", "benchmarks.rows", way, str(rows), url]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{way} failed:\n{done.stderr[-3000:]}")
    return Cost(**json.loads(done.stdout.splitlines()[-1]))


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / MIB


def _speed() -> None:
    ways = {
        "SDK, one after the other": ("sdk-1", 500),
        "SDK, 32 threads": ("sdk-32", 5_000),
        "this package, 1,000 a second": ("users-1000", 20_000),
        "this package, as fast as it goes": ("users-100000", 20_000),
    }
    took = {name: (rows, cost(way, rows)) for name, (way, rows) in ways.items()}
    rates = {name: rows / each.wall for name, (rows, each) in took.items()}
    alone, threads, _, ours = rates.values()
    lines = [
        (name, f"{rates[name]:,.0f}", f"{each.cpu / each.wall:.2f}", f"{each.growth:.0f}")
        for name, (_, each) in took.items()
    ]
    print("Users a second, an answer takes 20 ms; a fresh process each\n")
    table(("", "rows a second", "of one core", "growth, MiB"), lines)
    core = took["this package, 1,000 a second"][1]
    print(f"  as fast as it goes, to the SDK alone     {at_least(ours / alone, SEQUENTIAL_BOUND)}")
    print(f"  as fast as it goes, to the SDK threads   {at_least(ours / threads, THREADS_BOUND)}")
    kept = verdict(core.cpu / core.wall, CORE_BOUND)
    print(f"  1,000 a second, of one core              {kept}\n", flush=True)


def _memory(*, full: bool) -> None:
    print("Growth of memory over a file; a fresh process each\n")
    ways = [("events-100", 1_000_000), ("users-100000", 1_000_000 if full else 100_000)]
    lines = []
    for way, rows in ways:
        took = cost(way, rows)
        growth = verdict(took.growth, GROWTH_BOUND)
        lines.append((way.partition("-")[0], f"{rows:,}", growth, f"{rows / took.wall:,.0f}"))
    table(("", "rows", "growth, MiB", "rows a second"), lines)


def at_least(figure: float, bound: float) -> str:
    """Return a figure, and whether it reaches its bound."""
    return f"{figure:.1f} ({'reaches' if figure >= bound else 'BELOW'} {bound:g})"


def main(*, full: bool = False) -> None:
    """Print the figures."""
    _speed()
    _memory(full=full)


if __name__ == "__main__":
    if len(sys.argv) == 4:
        print(json.dumps(vars(measure(sys.argv[1], int(sys.argv[2]), sys.argv[3]))))
        sys.exit()
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--full", action="store_true", help="a million users, too")
    main(full=parser.parse_args().full)
