"""One way to upload: the calling thread reads, others write, and what is unfinished is removed."""

from __future__ import annotations

import logging
import queue
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable
from functools import partial
from typing import ClassVar

from airflow_provider_onesignal.stores import Readable

log = logging.getLogger(__name__)

_WHEN_STOPPED = 1.5
"""Seconds that a task which is told to stop may take to remove what is unfinished."""
_WHEN_FAILED = 30.0
_CURRENT_REQUEST = 0.5
"""Seconds for the request under way to end by itself."""


class Upload(ABC):
    """
    An upload of one object, its steps called in threads that no signal interrupts.

    So a store's library always ends its step, and an upload that was begun is known by its name.
    """

    piece = 1024 * 1024
    """Bytes of a piece; all but the last have as many."""

    threads: ClassVar[int] = 1
    waiting: ClassVar[int] = 3
    """Pieces that may wait for a thread."""

    @abstractmethod
    def begin(self) -> None:
        """Begin it, before the first piece."""

    @abstractmethod
    def write(self, number: int, piece: bytes) -> None:
        """Send a piece, numbered from 1; in order, where there is one thread."""

    @abstractmethod
    def finish(self) -> None:
        """Let the object appear, once all pieces are there."""

    @abstractmethod
    def discard(self) -> None:
        """Remove what is unfinished, at any time, and again; raise where that fails."""

    @abstractmethod
    def leftover(self, reason: str) -> str:
        """Return the log's line about what could not be removed."""

    def write_whole(self, piece: bytes) -> None:
        """Store an object that is a single piece."""
        self.begin()
        self.write(1, piece)
        self.finish()


def send(file: Readable, upload: Upload) -> None:
    """
    Upload all that ``file`` returns, or nothing.

    What stops it, be it an error of either side or a signal, waits for the clean-up: a task that
    is told to stop 1.5 s at most.

    :param file: read in this thread
    :param upload: where it goes
    """
    piece = file.read(upload.piece)
    crew = _Crew(upload)
    try:
        _send(piece, file, crew)
    except BaseException as error:
        crew.discard(_WHEN_FAILED if isinstance(error, Exception) else _WHEN_STOPPED)
        raise
    finally:
        crew.dismiss()


def _send(piece: bytes, file: Readable, crew: _Crew) -> None:
    upload, number = crew.upload, 1
    if len(piece) < upload.piece:
        crew.finish(partial(upload.write_whole, piece))
        return
    crew.add(upload.begin)
    crew.wait()
    while piece:
        crew.add(partial(upload.write, number, piece))
        piece = b""  # else it would be kept while the next one is read
        piece, number = file.read(upload.piece), number + 1
    crew.wait()
    crew.finish(upload.finish)


class _Crew:
    """
    The threads of an upload.

    No lock here is held by the calling thread while it can be interrupted, or needed for the
    clean-up: an interrupt may come anywhere.
    """

    def __init__(self, upload: Upload) -> None:
        self.upload = upload
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._slots = threading.Semaphore(upload.threads - 1 + upload.waiting)
        self._outstanding: list[_Job] = []
        self._failure: BaseException | None = None
        self._is_over = False
        self._is_finished = False
        self._workers = [_Worker(self._jobs, self._run) for _ in range(upload.threads)]

    def add(self, job: Callable[[], None]) -> None:
        """Let a thread do this, as soon as one is free."""
        self._slots.acquire()
        self._raise_failure()
        added = _Job(job)
        self._outstanding = [each for each in self._outstanding if not each.done.is_set()]
        self._outstanding.append(added)
        self._jobs.put(added)

    def wait(self) -> None:
        """Wait until all is done, and raise what went wrong."""
        for job in self._outstanding:
            job.done.wait()
        self._raise_failure()

    def finish(self, job: Callable[[], None]) -> None:
        """Let a thread do the last step, after which nothing is unfinished."""
        self.add(partial(self._finish, job))
        self.wait()

    def discard(self, seconds: float) -> None:
        """Remove what is unfinished, in a thread of its own, and wait this long at most."""
        self._is_over = True
        cleaner = threading.Thread(target=self._discard, name="clean-up", daemon=True)
        cleaner.start()
        cleaner.join(seconds)
        if cleaner.is_alive():
            log.warning("%s", self.upload.leftover(f"no response within {seconds:g} s"))

    def dismiss(self) -> None:
        """Let the threads end."""
        self._is_over = True
        for _ in self._workers:
            self._jobs.put(None)

    def _run(self, job: _Job) -> None:
        try:
            if self._failure is None and not self._is_over:
                job.work()
        except BaseException as failure:  # noqa: BLE001 - raised in the calling thread
            self._failure = failure
        finally:
            job.work = _nothing
            job.done.set()
            self._slots.release()

    def _finish(self, job: Callable[[], None]) -> None:
        job()
        self._is_finished = True

    def _raise_failure(self) -> None:
        if self._failure is not None:
            raise self._failure

    def _discard(self) -> None:
        """Do not wait long for a request under way, but look after what it leaves, too."""
        is_idle = self._wait_until_idle(_CURRENT_REQUEST)
        problem = self._try_to_discard()
        if not is_idle:
            self._wait_until_idle(None)
            problem = self._try_to_discard()
        if problem is not None:
            log.warning("%s", self.upload.leftover(problem))

    def _wait_until_idle(self, seconds: float | None) -> bool:
        return all(worker.idle.wait(seconds) for worker in self._workers)

    def _try_to_discard(self) -> str | None:
        if self._is_finished:
            return None
        try:
            self.upload.discard()
        except Exception as error:  # noqa: BLE001 - what led here matters more
            return type(error).__name__
        return None


class _Job:
    """A step of the upload."""

    def __init__(self, work: Callable[[], None]) -> None:
        self.work = work
        self.done = threading.Event()


def _nothing() -> None:
    """Keep no piece that is sent."""


class _Worker:
    """A thread that does one job after the other."""

    def __init__(self, jobs: queue.SimpleQueue[_Job | None], run: Callable[[_Job], None]) -> None:
        self.idle = threading.Event()
        self.idle.set()
        self._jobs = jobs
        self._run = run
        threading.Thread(target=self._work, name="upload", daemon=True).start()

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            self.idle.clear()
            self._run(job)
            del job
            self.idle.set()
