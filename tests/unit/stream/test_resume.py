"""How patient a download is."""

from __future__ import annotations

import pytest

from airflow_provider_onesignal.stream.errors import SourceLostError
from airflow_provider_onesignal.stream.resume import Attempts, ResumePolicy


def test_stalls_in_a_row_are_bounded() -> None:
    attempts = Attempts(ResumePolicy(max_stalls=2))
    attempts.after_drop("cut")
    attempts.after_drop("cut")

    with pytest.raises(SourceLostError, match="after 2 attempts to resume: cut"):
        attempts.after_drop("cut")


def test_progress_renews_patience_up_to_a_bound_in_all() -> None:
    attempts = Attempts(ResumePolicy(max_stalls=2, max_resumes=5))
    for _ in range(5):
        attempts.after_drop("cut")
        attempts.progress()

    with pytest.raises(SourceLostError):
        attempts.after_drop("cut")


@pytest.mark.parametrize(("stalls", "bound"), [(1, 1), (2, 2), (4, 8), (10, 60), (5000, 60)])
def test_waits_grow_with_jitter_up_to_a_cap(stalls: int, bound: float) -> None:
    waits = [ResumePolicy().delay(stalls) for _ in range(200)]

    assert max(waits) <= bound
    assert min(waits) < bound / 2 < max(waits)


def test_the_server_is_given_the_time_it_asks_for_within_reason() -> None:
    assert ResumePolicy().delay(1, retry_after=20) == 20
    assert ResumePolicy().delay(1, retry_after=9999) == 60
