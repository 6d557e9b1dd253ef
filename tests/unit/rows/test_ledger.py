from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_onesignal.exceptions import OneSignalRejectedRowsError
from airflow_provider_onesignal.rows import Row
from airflow_provider_onesignal.rows.ledger import Ledger
from airflow_provider_onesignal.rows.source import Source
from tests.unit.rows.fakes import FakeDeadLetter, FakeMemory, FakeSender, json_lines


@pytest.fixture
def memory() -> FakeMemory:
    return FakeMemory()


class Job:
    """A ledger over a file."""

    def __init__(self, folder: Path, memory: Any, **given: Any) -> None:
        self.files = [json_lines(folder / "a.jsonl", given.pop("rows", [{"user": 1}] * 4))]
        self.letter = FakeDeadLetter()
        options = {"fingerprint": "f", "max_rejects": None, "dead_letter": self.letter} | given
        self.ledger = Ledger(self.files, memory=memory, **options)
        self.ledger.resume()
        self.source = Source(
            self.files,
            columns=(),
            prepare=FakeSender().prepare,
            is_settled=self.ledger.progress.is_settled,
        )

    def take_up(self, count: int, *, refused: int = 0) -> None:
        for ordinal in range(1, count + 1):
            self.ledger.progress.begin(ordinal)
            if ordinal <= refused:
                self.ledger.refuse(ordinal, Row("x", "v", ordinal, {}), "no")
            else:
                self.ledger.accept(ordinal)

    def save(self) -> None:
        next(self.source.chunks())
        self.ledger.save_now(self.source)


def test_another_try_goes_on_where_the_first_was(tmp_path: Path, memory: FakeMemory) -> None:
    first = Job(tmp_path, memory)
    first.take_up(3, refused=1)
    first.save()

    again = Job(tmp_path, memory)

    assert again.ledger.progress == first.ledger.progress
    assert again.letter.parts == 1


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"fingerprint": "other"}, "did something else"),
        ({"rows": [{"user": 2}] * 5}, "not those that an earlier try began with"),
        ({}, "refused rows of an earlier try are gone"),
    ],
)
def test_another_job_starts_at_its_beginning_and_says_why(
    tmp_path: Path, memory: FakeMemory, change: Any, said: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    first = Job(tmp_path, memory)
    first.take_up(3, refused=1)
    first.save()
    letter = FakeDeadLetter()
    letter.is_whole = bool(change)

    again = Job(tmp_path, memory, dead_letter=letter, **change)

    assert again.ledger.progress.settled == 0
    assert letter.parts == 0
    assert said in caplog.text


@pytest.mark.parametrize("kept", ['"x"', '{"files": 1}', "[]"])
def test_a_state_of_another_kind_is_no_obstacle(
    tmp_path: Path, memory: FakeMemory, kept: str
) -> None:
    memory.kept = kept

    assert Job(tmp_path, memory).ledger.progress.settled == 0


def test_a_state_that_cannot_be_kept_does_not_stop_the_run(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    class Broken(FakeMemory):
        def save(self, state: Any) -> None:
            raise OSError("secret")

    job = Job(tmp_path, Broken())
    job.take_up(1, refused=1)

    job.save()

    assert job.letter.written == [b"x"]
    assert "(OSError)" in caplog.text
    assert "secret" not in caplog.text


@pytest.mark.parametrize(
    ("limit", "settled", "at_end", "stops"),
    [
        (None, (10, 10), True, False),
        (2, (10, 2), False, False),
        (2, (10, 3), False, True),
        (0, (1, 1), False, True),
        (0.1, (100, 11), False, False),
        (0.1, (100, 11), True, True),
        (0.1, (200, 21), False, True),
        (0.1, (200, 20), True, False),
    ],
)
def test_too_many_refused_rows_stop_the_run(
    tmp_path: Path, limit: Any, settled: tuple[int, int], at_end: bool, stops: bool
) -> None:
    rows, refused = settled
    job = Job(tmp_path, None, max_rejects=limit)
    job.take_up(rows, refused=refused)

    if not stops:
        job.ledger.check_rejects(at_end=at_end)
        return
    with pytest.raises(OneSignalRejectedRowsError, match=f"{refused} of {rows} .*dead.jsonl"):
        job.ledger.check_rejects(at_end=at_end)


def test_after_a_failure_the_refused_rows_can_be_read_and_the_run_goes_on_later(
    tmp_path: Path, memory: FakeMemory
) -> None:
    job = Job(tmp_path, memory)
    job.take_up(2, refused=1)
    job.save()

    job.ledger.stop()

    assert job.letter.log == ["published"]
    assert memory.kept is not None


def test_a_run_that_is_done_or_never_began_is_forgotten(tmp_path: Path, memory: FakeMemory) -> None:
    job = Job(tmp_path, memory)
    job.save()
    job.ledger.stop()
    assert (job.letter.log, memory.kept) == (["discarded"], None)

    job.take_up(1)
    job.ledger.finish()
    assert job.letter.log[1:] == ["published", "discarded"]
