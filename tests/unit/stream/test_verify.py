"""The thread that checks beside the copy."""

from __future__ import annotations

import threading

import pytest

from airflow_provider_onesignal.stream import verify
from airflow_provider_onesignal.stream.errors import CorruptStreamError
from airflow_provider_onesignal.stream.formats import Format
from airflow_provider_onesignal.stream.verify import Verification
from tests.unit.stream.faulty import gzip_of

FILE = gzip_of(3000)
PIECES = [FILE[start : start + 100] for start in range(0, len(FILE), 100)]


def threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "verification"]


def feed_forever(verification: Verification, piece: bytes) -> None:
    while True:
        verification.feed(piece)


@pytest.fixture(autouse=True)
def _no_thread_is_left():
    yield
    assert threads() == []


def test_a_whole_file_gives_its_rows() -> None:
    verification = Verification(Format.GZIP)
    for piece in PIECES:
        verification.feed(piece)

    assert verification.finish() == 3000


def test_a_short_file_fails_at_its_end() -> None:
    verification = Verification(Format.GZIP)
    for piece in PIECES[:-1]:
        verification.feed(piece)

    with pytest.raises(CorruptStreamError):
        verification.finish()
    verification.abandon()


def test_a_fault_surfaces_while_the_file_is_still_being_fed() -> None:
    verification = Verification(Format.GZIP)

    with pytest.raises(CorruptStreamError):
        feed_forever(verification, b"not gzip" * 100)
    verification.abandon()


def test_feeding_on_after_a_fault_never_blocks() -> None:
    verification = Verification(Format.GZIP)
    raised = 0
    for _ in range(10 * verify._DEPTH):
        try:
            verification.feed(b"not gzip")
        except CorruptStreamError:
            raised += 1
    verification.abandon()

    assert raised


@pytest.mark.parametrize("fed", [0, 1, 200])
def test_it_can_be_abandoned_at_any_time_and_again(fed: int) -> None:
    verification = Verification(Format.GZIP)
    for piece in PIECES[:fed]:
        verification.feed(piece)

    verification.abandon()
    verification.abandon()


def test_it_can_be_abandoned_with_a_full_queue(monkeypatch: pytest.MonkeyPatch) -> None:
    gate = threading.Event()

    def slow_check(stored: Format, supply) -> None:
        gate.wait(5)
        supply()

    monkeypatch.setattr(verify, "check", slow_check)
    verification = Verification(Format.GZIP)
    for _ in range(verify._DEPTH):
        verification.feed(b"x")

    opener = threading.Timer(0.05, gate.set)
    opener.start()
    verification.abandon()
    opener.join()


def test_a_fault_frees_a_feed_that_waits_for_room(monkeypatch: pytest.MonkeyPatch) -> None:
    gate = threading.Event()

    def failing_check(stored: Format, supply) -> None:
        gate.wait(5)
        raise CorruptStreamError("on purpose")

    monkeypatch.setattr(verify, "check", failing_check)
    verification = Verification(Format.GZIP)
    for _ in range(verify._DEPTH):
        verification.feed(b"x")

    feeding = threading.Thread(target=verification.feed, args=(b"x",), daemon=True)
    feeding.start()
    gate.set()
    feeding.join(5)

    assert not feeding.is_alive()
    verification.abandon()
