from __future__ import annotations

import asyncio
import itertools
import logging
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_onesignal.exceptions import (
    OneSignalAuthenticationError,
    OneSignalConflictError,
    OneSignalInvalidRequestError,
    OneSignalNotFoundError,
    OneSignalPlanError,
    OneSignalRateLimitError,
    OneSignalRejectedRowsError,
    OneSignalServerError,
    OneSignalSourceError,
    OneSignalUnreachableError,
)
from airflow_provider_onesignal.rows import engine
from airflow_provider_onesignal.rows.engine import Engine
from airflow_provider_onesignal.rows.ledger import Ledger
from airflow_provider_onesignal.rows.pace import Pace
from airflow_provider_onesignal.rows.source import Source
from tests.unit.rows.fakes import FakeDeadLetter, FakeMemory, FakeSender, json_lines

USERS = [{"user": number % 7, "n": number} for number in range(60)]


@pytest.fixture(autouse=True)
def _no_backoff(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "_delay", lambda _: 0.001)


class Job:
    """A run over a file."""

    def __init__(
        self, folder: Path, sender: FakeSender, *, rows: Sequence[Any] = USERS, **limits: Any
    ) -> None:
        self.sender, self.letter, self.memory = sender, FakeDeadLetter(), FakeMemory()
        self.pace = Pace(limits.pop("per_second", 1000))
        files = [json_lines(folder / "a.jsonl", rows)]
        self.ledger = Ledger(
            files,
            fingerprint="f",
            memory=self.memory,
            dead_letter=self.letter,  # type: ignore[arg-type]
            max_rejects=limits.pop("max_rejects", None),
        )
        is_settled = self.ledger.progress.is_settled
        self.source = Source(files, columns=(), prepare=sender.prepare, is_settled=is_settled)

    def run(self) -> None:
        made = Engine(self.source, self.sender, pace=self.pace, ledger=self.ledger, attempts=3)
        asyncio.run(asyncio.wait_for(made.run(), 10))

    @property
    def counts(self) -> tuple[int, int, int]:
        progress = self.ledger.progress
        return progress.sent, progress.refused, len(progress.open)


def failing(
    error: Exception, *, times: int, when: Callable[[Any], bool] = lambda _: True
) -> Callable[[list[Any]], None]:
    """Make an answer that fails a number of times, for rows that fit."""
    left = Counter(failures=times)

    def answer(rows: list[Any]) -> None:
        if any(when(row) for row in rows) and left["failures"]:
            left["failures"] -= 1
            raise error

    return answer


def last_of_each(rows: Sequence[Any]) -> dict[int, int]:
    return {row["user"]: row["n"] for row in rows}


@pytest.mark.parametrize("rows_per_request", [1, 8])
def test_each_row_is_sent_once_and_the_rows_of_a_user_in_order(
    tmp_path: Path, rows_per_request: int
) -> None:
    job = Job(tmp_path, FakeSender(rows=rows_per_request))

    job.run()

    assert sorted(row["n"] for row in job.sender.accepted) == list(range(60))
    for user in range(7):
        numbers = [row["n"] for row in job.sender.accepted if row["user"] == user]
        assert numbers == sorted(numbers)
    assert job.counts == (60, 0, 0)
    assert job.sender.most_at_once > 1


def test_rows_of_a_user_are_a_while_apart(tmp_path: Path) -> None:
    sender = FakeSender()
    sender.spacing = 0.05
    job = Job(tmp_path, sender, rows=[{"user": 1, "n": n} for n in range(4)])
    moments: list[float] = []
    sender._answer = lambda _: moments.append(time.monotonic())

    job.run()

    assert all(later - sooner >= 0.05 for sooner, later in itertools.pairwise(moments))


def test_what_a_rule_or_onesignal_refuses_becomes_a_letter_and_the_rest_goes_on(
    tmp_path: Path,
) -> None:
    def answer(rows: list[Any]) -> None:
        if rows[0]["n"] == 3:
            raise OneSignalConflictError("long", status_code=409, messages=["taken by another"])

    rows = [{"nobody": 1}, *({"user": n, "n": n} for n in range(6))]
    job = Job(tmp_path, FakeSender(answer), rows=rows)

    job.run()

    assert sorted(job.letter.letters) == [(1, "no user"), (5, "HTTP 409: taken by another")]
    assert job.counts == (5, 2, 0)


def test_a_batch_that_is_refused_is_halved_until_the_bad_rows_are_found(tmp_path: Path) -> None:
    def answer(rows: list[Any]) -> None:
        if any(row["n"] in (5, 6, 30) for row in rows):
            raise OneSignalInvalidRequestError("bad", status_code=400)

    job = Job(tmp_path, FakeSender(answer, rows=16))

    job.run()

    assert sorted(job.letter.letters) == [(6, "bad"), (7, "bad"), (31, "bad")]
    assert sorted(row["n"] for row in job.sender.accepted) == [
        n for n in range(60) if n not in (5, 6, 30)
    ]


def test_single_rows_of_a_batch_may_be_refused(tmp_path: Path) -> None:
    job = Job(
        tmp_path, FakeSender(lambda rows: ["no" if r["n"] == 1 else "" for r in rows], rows=8)
    )

    job.run()

    assert job.letter.letters == [(2, "no")]


@pytest.mark.parametrize(
    "error",
    [
        OneSignalServerError("down", status_code=503),
        OneSignalServerError("broken", status_code=500),
        OneSignalUnreachableError("cut"),
    ],
)
def test_failures_are_tried_again_and_lose_no_row(tmp_path: Path, error: Exception) -> None:
    job = Job(tmp_path, FakeSender(failing(error, times=2, when=lambda row: row["n"] == 9)))

    job.run()

    assert job.counts == (60, 0, 0)
    assert last_of_each(job.sender.accepted) == last_of_each(USERS)


def test_too_many_requests_hold_everything_back_and_are_no_failure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    held: list[float] = []
    error = OneSignalRateLimitError("slow down", retry_after=0.1, status_code=429)
    job = Job(tmp_path, FakeSender(failing(error, times=20)))
    monkeypatch.setattr(job.pace, "hold", held.append)

    job.run()

    assert held == [0.1] * 20
    assert job.counts == (60, 0, 0)


def test_onesignal_being_down_ends_the_run_and_another_goes_on(tmp_path: Path) -> None:
    error = OneSignalServerError("down", status_code=503)
    after = {"requests": 0}

    def answer(_: Any) -> None:
        after["requests"] += 1
        if after["requests"] > 20:
            raise error

    job = Job(tmp_path, FakeSender(answer))

    with pytest.raises(OneSignalServerError, match="down"):
        job.run()

    sent, refused, left = job.counts
    assert (sent, refused) == (20, 0)
    assert left == 40
    assert job.memory.load()["sent"] == 20


def test_a_row_that_onesignal_always_fails_on_becomes_a_letter(tmp_path: Path) -> None:
    error = OneSignalServerError("HTTP 500", status_code=500)
    job = Job(tmp_path, FakeSender(failing(error, times=99, when=lambda row: row["n"] == 9)))

    job.run()

    assert job.letter.letters == [(10, "HTTP 500")]
    assert job.counts == (59, 1, 0)


def test_a_row_that_never_gets_an_answer_ends_the_run_after_all_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "_PATIENCE", 0.2)
    error = OneSignalUnreachableError("cut")
    job = Job(tmp_path, FakeSender(failing(error, times=99_999, when=lambda row: row["n"] == 9)))

    with pytest.raises(OneSignalUnreachableError, match="cut"):
        job.run()

    # Those of the same user wait for it.
    assert job.counts == (52, 0, 8)


@pytest.mark.parametrize(
    "error",
    [
        OneSignalAuthenticationError("wrong key", status_code=400),
        OneSignalPlanError("not on your plan", status_code=403),
        OneSignalInvalidRequestError("wrong host", status_code=301),
        OneSignalNotFoundError("wrong host", status_code=404),
    ],
)
def test_what_is_wrong_with_all_requests_ends_the_run_before_its_second(
    tmp_path: Path, error: Exception
) -> None:
    job = Job(tmp_path, FakeSender(failing(error, times=99)))

    with pytest.raises(type(error)):
        job.run()

    assert len(job.sender.requests) == 1
    assert job.counts[:2] == (0, 0)


def test_a_key_that_is_revoked_meanwhile_stops_what_has_not_left_yet(tmp_path: Path) -> None:
    error = OneSignalAuthenticationError("revoked", status_code=403)
    answer = failing(error, times=99, when=lambda row: row["n"] >= 10)
    job = Job(tmp_path, FakeSender(answer, concurrency=60), per_second=50)

    with pytest.raises(OneSignalAuthenticationError):
        job.run()

    assert len(job.sender.requests) < 25


def test_too_many_refused_rows_stop_the_run(tmp_path: Path) -> None:
    error = OneSignalConflictError("no", status_code=409)
    job = Job(tmp_path, FakeSender(failing(error, times=99)), max_rejects=5)

    with pytest.raises(OneSignalRejectedRowsError):
        job.run()

    assert len(job.sender.requests) <= 10


def test_a_file_that_breaks_half_way_ends_the_run_after_its_rows_were_kept(tmp_path: Path) -> None:
    job = Job(tmp_path, FakeSender())
    whole = job.source.chunks

    def chunks() -> Iterator[Any]:
        yield from whole()
        raise OneSignalSourceError("broken after row 60")

    job.source.chunks = chunks  # type: ignore[method-assign]

    with pytest.raises(OneSignalSourceError):
        job.run()

    assert job.memory.load()["read"] == 60


def test_a_user_with_very_many_rows_does_not_fill_the_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "_MOST_WAITING", 100)
    job = Job(
        tmp_path, FakeSender(), rows=[{"user": 1, "n": n} for n in range(1500)], per_second=1e5
    )
    waiting: list[int] = []
    job.sender._answer = lambda _: waiting.append(len(job.ledger.progress.open))

    job.run()

    assert max(waiting) <= 100 + 1000  # and the chunk that was taken up last
    assert job.counts == (1500, 0, 0)


def test_progress_is_kept_and_told_as_the_run_goes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    monkeypatch.setattr(engine, "SAVE_EVERY", 0.02)
    monkeypatch.setattr(engine, "REPORT_EVERY", 0.02)
    job = Job(tmp_path, FakeSender(), per_second=200)
    kept: list[int] = []
    monkeypatch.setattr(job.memory, "save", lambda state: kept.append(state["sent"]))

    job.run()

    assert kept == sorted(kept)
    assert 0 < kept[len(kept) // 2] < 60
    assert "a second, 0 refused, 100% read" in caplog.text


def test_a_task_that_is_told_to_stop_does_so_at_once_though_its_store_hangs(
    tmp_path: Path,
) -> None:
    job = Job(tmp_path, FakeSender())
    hangs, let_go = threading.Event(), threading.Event()

    def stalled() -> Iterator[Any]:
        hangs.set()
        let_go.wait(20)
        yield []

    job.source.chunks = stalled  # type: ignore[method-assign]

    async def run() -> None:
        asyncio.get_running_loop().call_later(0.05, lambda: (_ for _ in ()).throw(SystemExit(143)))
        made = Engine(job.source, job.sender, pace=job.pace, ledger=job.ledger, attempts=3)
        await made.run()

    began = time.monotonic()
    with pytest.raises(SystemExit):
        asyncio.run(run())
    assert hangs.is_set()
    assert time.monotonic() - began < 2
    let_go.set()
