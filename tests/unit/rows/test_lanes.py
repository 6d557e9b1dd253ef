from __future__ import annotations

from airflow_provider_onesignal.rows.lanes import Lanes, Work
from tests.unit.rows.fakes import work


def ordinals(batch: list[Work]) -> list[int]:
    return [each.ordinal for each in batch]


def filled(lanes: Lanes, keys: str) -> Lanes:
    for ordinal, key in enumerate(keys, 1):
        lanes.add(work(ordinal, key))
    return lanes


def test_rows_of_one_key_leave_one_after_the_other_and_in_order() -> None:
    lanes = filled(Lanes(rows=1, size=10), "aabab")

    first, second = lanes.take(partly=True), lanes.take(partly=True)
    assert (ordinals(first), ordinals(second)) == ([1], [3])
    assert lanes.take(partly=True) == []
    assert len(lanes) == 3

    lanes.release(first)
    again = lanes.take(partly=True)
    assert ordinals(again) == [2]
    assert lanes.take(partly=True) == []
    lanes.release(second)
    assert ordinals(lanes.take(partly=True)) == [5]
    lanes.release(again)
    assert ordinals(lanes.take(partly=True)) == [4]
    assert len(lanes) == 0


def test_a_batch_may_hold_several_rows_of_a_key() -> None:
    lanes = filled(Lanes(rows=3, size=10), "aabac")

    first = lanes.take(partly=True)
    assert ordinals(first) == [1, 2, 3]
    second = lanes.take(partly=True)
    assert ordinals(second) == [5]

    lanes.release(first)
    assert ordinals(lanes.take(partly=True)) == [4]


def test_a_batch_ends_at_its_bytes() -> None:
    lanes = Lanes(rows=10, size=10)
    for ordinal, size in enumerate((4, 6, 1, 99, 1), 1):
        lanes.add(work(ordinal, str(ordinal), size))

    batches = [ordinals(lanes.take(partly=True)) for _ in range(4)]

    assert batches == [[1, 2], [3], [4], [5]]


def test_a_batch_waits_to_be_full_where_more_rows_may_come() -> None:
    lanes = filled(Lanes(rows=3, size=10), "ab")

    assert lanes.take(partly=False) == []
    lanes.add(work(3, "c"))
    assert ordinals(lanes.take(partly=False)) == [1, 2, 3]
