"""Child processes that leave nothing behind: each leads a session, which ends with it."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from time import monotonic, sleep
from types import FrameType

import psutil


class ProcessFailedError(Exception):
    """A child process ended, or failed to start; the text holds the end of its log."""


def free_port() -> int:
    """Return a port of the loopback interface that nothing listens on."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port


def wait_until(
    ready: Callable[[], bool], *, what: str, timeout: float, interval: float = 0.25
) -> float:
    """
    Wait until ``ready()`` is true, and return the seconds it took.

    :param what: for the error: what was waited for
    :raises TimeoutError: it did not happen within ``timeout`` seconds
    """
    start = monotonic()
    while not ready():
        if monotonic() - start > timeout:
            raise TimeoutError(f"{what}: not within {timeout:.0f} s")
        sleep(interval)
    return monotonic() - start


class Child:
    """A process whose output is appended to a log file."""

    def __init__(
        self, *, name: str, command: Sequence[str], env: Mapping[str, str], log: Path
    ) -> None:
        self._name = name
        self._log = log
        with log.open("ab") as output:
            self._process = subprocess.Popen(
                command,
                env=dict(env),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.pid = self._process.pid

    def check(self) -> None:
        """Raise ProcessFailedError if the process has ended."""
        code = self._process.poll()
        if code is not None:
            said = self._log.read_text(encoding="utf-8", errors="replace").splitlines()[-30:]
            raise ProcessFailedError("\n".join([f"{self._name} ended with code {code}", *said]))

    def ask_to_stop(self) -> None:
        """Ask the process to end, without waiting; it knows in which order its children end."""
        self._process.terminate()

    def stop(self, grace: float = 4) -> None:
        """Ask the process to end; after ``grace`` seconds end what is left of its session."""
        self.ask_to_stop()
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(grace)
        self.kill()

    def kill(self) -> None:
        """End the process and everything it has started, giving none a chance to clean up."""
        # Not the process group: children may have made groups of their own.
        for pid in psutil.pids():
            with suppress(ProcessLookupError, PermissionError):
                if os.getsid(pid) == self.pid:
                    os.kill(pid, signal.SIGKILL)
        self._process.wait()


def interrupt_on_termination() -> None:
    """Let SIGTERM and SIGHUP unwind this program as Ctrl-C does, so that it stops its children."""

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    # Ctrl-C too: a shell may have switched it off for a program in the background.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, interrupt)
