"""One way to upload: whole or not at all, and never a wait without end."""

from __future__ import annotations

import io
import logging
import threading
from threading import Event
from typing import ClassVar

import pytest

from airflow_provider_onesignal.stores import upload
from airflow_provider_onesignal.stores.upload import Upload, send
from tests.unit.stopping import stopped


class Fake(Upload):
    """
    Remembers what it was asked for.

    :param failing: the step that fails
    :param stalling: the step that stalls, until it is released
    """

    piece = 10
    threads: ClassVar[int] = 2

    def __init__(self, *, failing: str = "", stalling: str = "") -> None:
        self.steps: list[str] = []
        self.pieces: dict[int, bytes] = {}
        self.stalled, self.released = Event(), Event()
        self._failing, self._stalling = failing, stalling

    def begin(self) -> None:
        self._step("begin")

    def write(self, number: int, piece: bytes) -> None:
        self._step(f"write {number}")
        self.pieces[number] = piece

    def finish(self) -> None:
        self._step("finish")

    def discard(self) -> None:
        self._step("discard")

    def leftover(self, reason: str) -> str:
        return f"left ({reason})"

    def _step(self, name: str) -> None:
        self.steps.append(name)
        if name == self._failing:
            raise ConnectionError("the store is down")
        if name == self._stalling:
            self.stalled.set()
            self.released.wait(10)


class Endless(io.RawIOBase):
    """
    A file without end.

    :param fails_after: bytes after which it fails
    """

    def __init__(self, fails_after: int | None = None) -> None:
        self.count = 0
        self._fails_after = fails_after

    def read(self, length: int = -1, /) -> bytes:
        if self._fails_after is not None and self.count >= self._fails_after:
            raise EOFError("cut")
        self.count += length
        return bytes(length)


class Single(Fake):
    threads: ClassVar[int] = 1


@pytest.fixture(autouse=True)
def _no_thread_is_left():
    yield
    for thread in threading.enumerate():
        if thread.name in ("upload", "clean-up"):
            thread.join(5)
            assert not thread.is_alive()


@pytest.mark.parametrize("kind", [Fake, Single])
@pytest.mark.parametrize("length", [0, 9, 10, 11, 95, 100])
def test_all_pieces_arrive_between_beginning_and_end(kind: type[Fake], length: int) -> None:
    sent, data = kind(), bytes(range(length))

    send(io.BytesIO(data), sent)

    assert b"".join(sent.pieces[number] for number in sorted(sent.pieces)) == data
    assert (sent.steps[0], sent.steps[-1]) == ("begin", "finish")
    assert {len(piece) for piece in list(sent.pieces.values())[:-1]} <= {10}


def test_one_thread_sends_in_order() -> None:
    sent = Single()

    send(io.BytesIO(bytes(95)), sent)

    assert sent.steps == ["begin", *(f"write {number}" for number in range(1, 11)), "finish"]


@pytest.mark.parametrize("step", ["begin", "write 1", "write 3", "finish"])
def test_a_store_that_fails_ends_the_reading_and_is_cleaned_up(step: str) -> None:
    sent = Fake(failing=step)
    file = io.BytesIO(bytes(10_000)) if step == "finish" else Endless()

    with pytest.raises(ConnectionError, match="the store is down"):
        send(file, sent)

    assert sent.steps[-1] == "discard"
    assert file.tell() <= 10_000 if isinstance(file, io.BytesIO) else file.count <= 100


def test_a_file_that_fails_is_the_error_and_leaves_nothing() -> None:
    sent = Fake()

    with pytest.raises(EOFError, match="cut"):
        send(Endless(fails_after=50), sent)

    assert "finish" not in sent.steps
    assert sent.steps[-1] == "discard"


def test_a_file_that_fails_in_its_first_piece_begins_nothing() -> None:
    sent = Fake()

    with pytest.raises(EOFError, match="cut"):
        send(Endless(fails_after=0), sent)

    assert sent.steps == []


def test_what_cannot_be_removed_is_named_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(EOFError, match="cut"):
        send(Endless(fails_after=50), Fake(failing="discard"))

    assert caplog.messages == ["left (ConnectionError)"]


class TestATaskThatIsToldToStop:
    """While a request to the store does not return."""

    @pytest.fixture(autouse=True)
    def _is_hurried(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(upload, "_WHEN_STOPPED", 0.8)
        monkeypatch.setattr(upload, "_CURRENT_REQUEST", 0.1)

    @pytest.mark.parametrize("step", ["begin", "write 1", "write 3", "finish"])
    def test_cleans_up_at_once_and_again_when_it_returns(
        self, step: str, caplog: pytest.LogCaptureFixture
    ) -> None:
        sent = Fake(stalling=step)
        file = io.BytesIO(bytes(100)) if step == "finish" else Endless()

        with stopped(sent.stalled):
            send(file, sent)

        assert sent.steps[-1] == "discard"
        assert caplog.messages == ["left (no response within 0.8 s)"]
        sent.released.set()
        for thread in threading.enumerate():
            if thread.name == "clean-up":
                thread.join(5)
        # what was stored by the last step is no leftover
        assert sent.steps.count("discard") == (1 if step == "finish" else 2)

    def test_does_not_wait_for_a_clean_up_that_stalls(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        sent = Fake(stalling="discard")
        reading = Event()

        class Waiting(Endless):
            def read(self, length: int = -1, /) -> bytes:
                if self.count >= 50:
                    reading.set()
                    Event().wait(10)
                return super().read(length)

        with stopped(reading):
            send(Waiting(), sent)

        assert caplog.messages == ["left (no response within 0.8 s)"]
        sent.released.set()

    def test_waits_for_a_request_that_returns_soon(self, caplog: pytest.LogCaptureFixture) -> None:
        sent = Fake(stalling="write 2")
        threading.Timer(0.06, sent.released.set).start()

        with caplog.at_level(logging.WARNING), stopped(sent.stalled):
            send(Endless(), sent)

        assert sent.steps.count("discard") == 1
        assert caplog.messages == []
