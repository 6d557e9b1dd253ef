from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

import pytest
from airflow.providers.common.compat.sdk import ObjectStoragePath

from airflow_provider_onesignal.exceptions import OneSignalDestinationError
from airflow_provider_onesignal.rows import Row
from airflow_provider_onesignal.rows.dead_letter import DeadLetter


def dead_letter(folder: Path, *, parts: int = 0) -> DeadLetter:
    path = ObjectStoragePath(f"file://{folder}/dead.jsonl")
    return DeadLetter(path, folder=path.parent / ".dead.jsonl.abc", parts=parts)


def row(number: int) -> Row:
    return Row("file:///x", "v", number, {"user": "ü", "day": dt.date(2026, 1, 2)})


def test_letters_outlive_a_killed_try_and_become_one_file_at_the_end(tmp_path: Path) -> None:
    first = dead_letter(tmp_path)
    first.require_writable()
    first.add(row(1), "no")
    first.add(row(2), "no")
    assert first.write(first.take()) == 1
    assert first.write(first.take()) == 1
    first.add(row(3), "never counted")
    first.write(first.take())
    assert not (tmp_path / "dead.jsonl").exists()

    second = dead_letter(tmp_path, parts=1)
    assert second.has_parts()
    second.add(row(3), "again")
    second.write(second.take())
    second.publish()
    second.discard()

    letters = [json.loads(line) for line in (tmp_path / "dead.jsonl").read_text().splitlines()]
    assert [(each["row_number"], each["reason"]) for each in letters] == [
        (1, "no"),
        (2, "no"),
        (3, "again"),
    ]
    assert letters[0]["row"] == {"user": "ü", "day": "2026-01-02"}
    assert [path.name for path in tmp_path.iterdir()] == ["dead.jsonl"]


def test_it_is_there_also_where_nothing_was_refused(tmp_path: Path) -> None:
    (tmp_path / "dead.jsonl").write_text("of yesterday")

    dead_letter(tmp_path).publish()

    assert (tmp_path / "dead.jsonl").read_text() == ""


def test_missing_parts_are_noticed(tmp_path: Path) -> None:
    assert not dead_letter(tmp_path, parts=1).has_parts()


def test_a_place_that_cannot_be_written_is_found_at_once(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(OneSignalDestinationError):
        dead_letter(tmp_path / "file").require_writable()
