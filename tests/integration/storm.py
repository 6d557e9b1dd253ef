"""
A OneSignal of bad temper in a process of its own, which keeps account of what it is asked.

It fails at random (5xx, 429, connections that end before or after it acted), refuses what says so,
and notes what no client may do: two requests of a user at once or too soon after one another, and
more requests in a second than were agreed.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import sys
import time
from collections import Counter, deque
from collections.abc import Iterator
from contextlib import contextmanager
from subprocess import PIPE, Popen
from typing import Any
from urllib.request import urlopen

RETRY_AFTER = 1
_UNKNOWN = {"code": "not found", "title": "failed to find a onesignal_id"}


class Account:
    """What was asked, what was done, and what should not have happened."""

    def __init__(self, *, seed: int, spacing: float) -> None:
        self.random = random.Random(seed)
        self.users: dict[str, Any] = {}
        self.events: dict[str, Any] = {}
        self.statuses: Counter[str] = Counter()
        self.violations: list[str] = []
        self._spacing = spacing
        self._under_way: Counter[str] = Counter()
        self._last: dict[str, float] = {}
        self._recent: deque[float] = deque()
        self.most_in_a_second = 0
        self.held_until = 0.0

    def arrive(self, users: set[str], *, is_batch: bool) -> None:
        now = time.monotonic()
        self._recent.append(now)
        while self._recent[0] <= now - 1:
            self._recent.popleft()
        self.most_in_a_second = max(self.most_in_a_second, len(self._recent))
        for user in users:
            if self._under_way[user]:
                self.violations.append(f"two requests of {user} at once")
            if not is_batch and now - self._last.get(user, 0) < self._spacing:
                self.violations.append(f"requests of {user} too soon")
            self._under_way[user] += 1

    def leave(self, users: set[str]) -> None:
        for user in users:
            self._under_way[user] -= 1
            self._last[user] = time.monotonic()

    def forget_the_client(self) -> None:
        """Let a client that takes the place of a killed one begin as if alone."""
        self._last.clear()
        self._recent.clear()

    def fate(self) -> str:
        """Return what goes wrong with a request: "" for nothing."""
        if time.monotonic() < self.held_until or sum(self.statuses.values()) % 2000 == 60:
            return "429"
        chance = self.random.random()
        for share, fate in (0.01, "5xx"), (0.005, "lost"), (0.005, "cut"):
            if chance < share:
                return fate
            chance -= share
        return ""

    def report(self) -> dict[str, Any]:
        return {
            "users": self.users,
            "events": self.events,
            "statuses": self.statuses,
            "violations": self.violations[:10],
            "most_in_a_second": self.most_in_a_second,
        }


def act(account: Account, path: str, body: Any) -> tuple[int, Any]:
    """Do what is asked."""
    if path.endswith("/custom_events"):
        return _record(account, body["events"])
    tags = body["properties"]["tags"]
    if refused := tags.get("refuse"):
        error = {"code": "x", "title": "refused"}
        return int(refused), {"errors": [error]}
    account.users[body["identity"]["external_id"]] = tags["n"]
    return 202, {"identity": {"onesignal_id": "x"}}


def _record(account: Account, events: list[Any]) -> tuple[int, Any]:
    if any(event["name"] == "bad" for event in events):
        return 400, {}
    unknown = {e["external_id"] for e in events if e["external_id"].startswith("unknown")}
    for event in events:
        if event["external_id"] not in unknown:
            key = event["idempotency_key"]
            account.events.setdefault(key, [event["properties"]["n"], 0])[1] += 1
    return 202, {"errors": [{"event_user_id": user, "error": _UNKNOWN} for user in sorted(unknown)]}


class Connection(asyncio.Protocol):
    """HTTP/1.1, as much of it as clients of an API use."""

    account: Account

    def __init__(self) -> None:
        self._read = b""
        self._users: set[str] = set()
        self._is_cut = False

    def connection_made(self, transport: Any) -> None:
        self._transport = transport

    def connection_lost(self, _: Exception | None) -> None:
        self.account.leave(self._users)
        self._users = set()
        if not self._is_cut:
            self.account.forget_the_client()

    def data_received(self, data: bytes) -> None:
        self._read += data
        head, separator, body = self._read.partition(b"\r\n\r\n")
        length = next((int(line[15:]) for line in head.lower().split(b"\r\n")
                       if line.startswith(b"content-length:")), 0)  # fmt: skip
        if separator and len(body) >= length:
            self._read = body[length:]
            self._answer(head.split(b" ")[1].decode(), body[:length])

    def _answer(self, path: str, content: bytes) -> None:
        if path == "/report":
            self._send(200, self.account.report())
            return
        body = json.loads(content)
        events = body.get("events")
        identities = events if events is not None else [body["identity"]]
        self._users = {each["external_id"] for each in identities}
        self.account.arrive(self._users, is_batch=events is not None)
        delay = self.account.random.uniform(0.002, 0.02)
        asyncio.get_running_loop().call_later(delay, self._end, path, body)

    def _end(self, path: str, body: Any) -> None:
        account = self.account
        if self._transport.is_closing():
            return
        fate = account.fate()
        status, answer = act(account, path, body) if fate in ("", "cut") else (0, {})
        account.statuses[fate or str(status)] += 1
        account.leave(self._users)
        self._users = set()
        if fate in ("lost", "cut"):
            self._is_cut = True
            self._transport.abort()
        elif fate == "429":
            account.held_until = max(account.held_until, time.monotonic() + RETRY_AFTER / 2)
            self._send(429, {"errors": ["API rate limit exceeded"]}, retry_after=RETRY_AFTER)
        else:
            self._send(account.random.choice([500, 502, 503]) if fate else status, answer)

    def _send(self, status: int, body: Any, *, retry_after: int | None = None) -> None:
        content = json.dumps(body).encode()
        wait = "" if retry_after is None else f"Retry-After: {retry_after}\r\n"
        head = f"HTTP/1.1 {status} x\r\nContent-Length: {len(content)}\r\n{wait}\r\n"
        self._transport.write(head.encode() + content)


@contextmanager
def storm(*, spacing: float = 0.0, seed: int = 7) -> Iterator[Storm]:
    """Run it, in a process of its own."""
    options = [f"--spacing={spacing}", f"--seed={seed}"]
    command = [sys.executable, "-m", __name__, *options]
    with Popen(command, stdin=PIPE, stdout=PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield Storm(f"http://127.0.0.1:{int(process.stdout.readline())}")
        finally:
            process.kill()


class Storm:
    """Where it is, and what it says."""

    def __init__(self, url: str) -> None:
        self.url = url

    def report(self) -> dict[str, Any]:
        with urlopen(f"{self.url}/report") as response:
            return dict(json.load(response))

    def wait_for_requests(self, count: int) -> None:
        """Wait until it has answered that many requests."""
        while sum(self.report()["statuses"].values()) < count:
            time.sleep(0.02)


async def _serve(options: argparse.Namespace) -> None:
    Connection.account = Account(seed=options.seed, spacing=options.spacing)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Connection, "127.0.0.1", 0, backlog=1000)
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await loop.run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--seed", type=int)
    parser.add_argument("--spacing", type=float)
    asyncio.run(_serve(parser.parse_args()))
