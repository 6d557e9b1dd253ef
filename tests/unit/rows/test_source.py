from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_onesignal.exceptions import OneSignalSourceError
from airflow_provider_onesignal.rows.reader import SourceFile
from airflow_provider_onesignal.rows.source import Entry, Source, digest
from tests.unit.rows.fakes import FakeSender, json_lines, local_file


def source(
    *files: SourceFile,
    columns: tuple[str, ...] = ("user",),
    is_settled: Callable[[int], bool] = lambda _: False,
    counts: Any = (),
) -> Source:
    prepare = FakeSender().prepare
    return Source(files, columns=columns, prepare=prepare, is_settled=is_settled, counts=counts)


def entries(given: Source) -> list[Entry]:
    return [entry for chunk in given.chunks() for entry in chunk]


def test_rows_are_numbered_through_all_files(tmp_path: Path) -> None:
    first = json_lines(tmp_path / "a.jsonl", [{"user": n} for n in range(1501)])
    second = json_lines(tmp_path / "b.jsonl", [{"user": "x"}, {"other": 1}])
    given = source(first, second)

    found = entries(given)

    assert [entry.ordinal for entry in found] == list(range(1, 1504))
    assert [(entry.row.number, entry.reason) for entry in found[-2:]] == [(1, ""), (2, "no user")]
    assert given.counts == [1501, 2]
    assert given.share == 1.0


def test_settled_rows_are_left_out_and_settled_files_not_even_opened(tmp_path: Path) -> None:
    first = json_lines(tmp_path / "a.jsonl", [{"user": 1}, {"user": 2}])
    second = json_lines(tmp_path / "b.jsonl", [{"user": 3}, {"user": 4}])
    Path(first.path).unlink()
    given = source(first, second, is_settled=lambda ordinal: ordinal <= 3, counts=[2])

    assert [entry.row.values for entry in entries(given)] == [{"user": 4}]
    assert given.skipped == 3


def test_a_column_that_is_not_there_is_found_before_the_first_row(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("id,plan\n1,gold\n")
    given = source(local_file(path), columns=("id", "user", "tier"))

    with pytest.raises(
        OneSignalSourceError, match=r"no column 'user', 'tier'.*the columns are id, plan"
    ):
        next(given.chunks())


def test_json_lines_may_leave_a_column_out_of_some_rows_but_not_of_all(tmp_path: Path) -> None:
    rows = [{"user": 1}, {"user": 2, "plan": "gold"}]
    file = json_lines(tmp_path / "a.jsonl", rows)

    assert len(entries(source(file, columns=("user", "plan")))) == 2
    with pytest.raises(OneSignalSourceError, match="no column 'pln' in its first 2 rows"):
        entries(source(file, columns=("user", "pln")))


def test_letters_may_lack_a_column_that_other_rows_of_their_file_had(tmp_path: Path) -> None:
    letter = {"row_number": 7, "file": "x", "reason": "no", "row": {"user": 1}}

    assert len(entries(source(json_lines(tmp_path / "a.jsonl", [letter]), columns=("plan",)))) == 1


def test_a_column_that_is_there_twice_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("user,user\n1,2\n")

    with pytest.raises(OneSignalSourceError, match="two columns 'user'"):
        entries(source(local_file(path)))


def test_a_file_that_changes_while_it_is_read_is_an_error(tmp_path: Path) -> None:
    file = json_lines(tmp_path / "a.jsonl", [{"user": 1}])
    os.utime(file.path, (1, 1))

    with pytest.raises(OneSignalSourceError, match="was changed while it was read"):
        entries(source(file))


def test_files_are_identified_by_name_and_version(tmp_path: Path) -> None:
    first = json_lines(tmp_path / "a.jsonl", [{"user": 1}])
    second = json_lines(tmp_path / "b.jsonl", [{"user": 1}])
    changed = json_lines(tmp_path / "a.jsonl", [{"user": 12}])

    assert len({digest([]), digest([first]), digest([second]), digest([changed])}) == 4
