"""How patient a download is with a connection that drops."""

from __future__ import annotations

from dataclasses import dataclass, field

from airflow_provider_onesignal.http_policy import backoff
from airflow_provider_onesignal.stream.errors import SourceLostError


@dataclass(frozen=True, kw_only=True)
class ResumePolicy:
    """
    When to give up, and how long to wait before the next attempt.

    :param max_stalls: attempts in a row that may bring not one byte
    :param max_resumes: attempts in all
    :param first_delay: seconds; the bound of the wait after the first drop, doubled at each stall
    :param longest_delay: seconds; no wait is longer, whatever the server asks for
    """

    max_stalls: int = 8
    max_resumes: int = 1000
    first_delay: float = 1.0
    longest_delay: float = 60.0

    def delay(self, stalls: int, retry_after: float = 0.0) -> float:
        """
        Give the seconds to wait: full jitter, but not less than the server asked for.

        :param stalls: attempts in a row that brought nothing, from 1
        :param retry_after: seconds the server asks to wait
        """
        wait = backoff(stalls, first=self.first_delay, longest=self.longest_delay)
        return min(self.longest_delay, max(retry_after, wait))


@dataclass
class Attempts:
    """Counts the drops of one download against its policy."""

    policy: ResumePolicy
    stalls: int = field(default=0, init=False)
    resumes: int = field(default=0, init=False)

    def progress(self) -> None:
        """Note that bytes came."""
        self.stalls = 0

    def after_drop(self, reason: str, retry_after: float = 0.0) -> float:
        """
        Note a drop and return the seconds to wait before the next attempt.

        :raises SourceLostError: where the policy allows no more attempts
        """
        self.stalls += 1
        self.resumes += 1
        if self.stalls > self.policy.max_stalls or self.resumes > self.policy.max_resumes:
            raise SourceLostError(
                f"It was lost after {self.resumes - 1} attempts to resume: {reason}."
            )
        return self.policy.delay(self.stalls, retry_after)
