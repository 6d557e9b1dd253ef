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
    """A child process ended, or did not get ready in time; the text holds the end of its log."""


def free_port() -> int:
    """Find a port of the loopback interface that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def wait_until(
    ready: Callable[[], bool], *, what: str, timeout: float, interval: float = 0.25
) -> float:
    """
    Ask until the answer is yes.

    :param ready: asked every ``interval`` seconds
    :param what: for the error: what was waited for
    :param timeout: seconds
    :return: seconds it took
    :raises TimeoutError: it did not happen
    """
    start = monotonic()
    while not ready():
        if monotonic() - start > timeout:
            raise TimeoutError(f"{what}: not within {timeout:.0f} s")
        sleep(interval)
    return monotonic() - start


class Child:
    """
    A process with a log file.

    :param name: what people call it
    :param command: program and arguments
    :param env: its whole environment
    :param log: file that takes its output, appended to
    """

    def __init__(
        self, *, name: str, command: Sequence[str], env: Mapping[str, str], log: Path
    ) -> None:
        self.name = name
        self.log = log
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("ab") as output:
            self._process = subprocess.Popen(
                command,
                env=dict(env),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    @property
    def running(self) -> bool:
        """Whether the process itself still lives."""
        return self._process.poll() is None

    def check(self) -> None:
        """
        Complain when the process has ended.

        :raises ProcessFailedError: it has
        """
        if not self.running:
            code = self._process.returncode
            raise ProcessFailedError(f"{self.name} ended with code {code}\n{self.tail()}")

    def tail(self, lines: int = 30) -> str:
        """Give the end of its log."""
        text = self.log.read_text(encoding="utf-8", errors="replace")
        return "\n".join(text.splitlines()[-lines:])

    def signal_all(self, number: signal.Signals) -> None:
        """Send a signal to the process and everything it has started."""
        for pid in self._session():
            with suppress(ProcessLookupError):
                os.kill(pid, number)

    def kill(self) -> None:
        """End the process and everything it has started, giving none a chance to clean up."""
        self.signal_all(signal.SIGKILL)
        self._process.wait()

    def ask_to_stop(self) -> None:
        """Ask the process to end, without waiting; it knows in which order its children end."""
        if self.running:
            self._process.terminate()

    def stop(self, grace: float = 4) -> None:
        """
        Ask the process to end, and end by force what is then left of its session.

        :param grace: seconds it is given
        """
        self.ask_to_stop()
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(grace)
        self.kill()

    def _session(self) -> list[int]:
        # Not the process group: children may have made groups of their own.
        return [pid for pid in psutil.pids() if _session_of(pid) == self._process.pid]


def _session_of(pid: int) -> int | None:
    try:
        return os.getsid(pid)
    except (ProcessLookupError, PermissionError):
        return None


def interrupt_on_termination() -> None:
    """
    Make SIGTERM and SIGHUP unwind this program as Ctrl-C does, so that it stops its children.

    Ctrl-C too, which a shell may have switched off for a program in the background.
    """

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, interrupt)
