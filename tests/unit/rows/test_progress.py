from __future__ import annotations

import json

from hypothesis import given, strategies as st

from airflow_provider_onesignal.rows.progress import Progress


@given(st.permutations(range(1, 13)), st.integers(0, 12), st.sets(st.integers(1, 12)))
def test_another_try_has_exactly_the_rows_left_that_were_not_settled(
    order: list[int], settled: int, refused: set[int]
) -> None:
    progress = Progress()
    for ordinal in range(1, 13):
        progress.begin(ordinal)
    for ordinal in order[:settled]:
        progress.settle(ordinal, refused=ordinal in refused)

    again = Progress.from_json(json.loads(json.dumps(progress.to_json())))

    left = [ordinal for ordinal in range(1, 16) if not again.is_settled(ordinal)]
    assert left == sorted({*order[settled:], 13, 14, 15})
    assert again.mark == left[0] - 1
    assert again.settled == settled
    assert again.refused == len(refused & set(order[:settled]))


def test_rows_taken_up_again_are_not_counted_twice() -> None:
    progress = Progress(read=3, open={2: None}, sent=2)

    progress.begin(2)
    progress.begin(4)
    progress.settle(2)

    assert progress.to_json() == {"read": 4, "open": [4], "sent": 3, "refused": 0}


def test_thousands_of_open_rows_stay_small() -> None:
    progress = Progress(read=10**7, open=dict.fromkeys(range(10**7 - 30_000, 10**7, 3)))

    assert len(json.dumps(progress.to_json())) < 32_000
