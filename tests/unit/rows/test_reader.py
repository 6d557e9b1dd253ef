from __future__ import annotations

import gzip
import hashlib
import json
import sys
from pathlib import Path
from typing import Any

import fsspec
import pytest

from airflow_provider_onesignal.exceptions import (
    OneSignalConfigurationError,
    OneSignalSourceError,
    OneSignalValidationError,
)
from airflow_provider_onesignal.rows.reader import SourceFile, find, opened
from tests.unit.rows.fakes import local_file


class FakePath:
    """What is used of an ``ObjectStoragePath``."""

    def __init__(self, path: Path) -> None:
        self.fs, self.path = fsspec.filesystem("file"), str(path)


def found(path: Path) -> list[str]:
    return [Path(file.path).name for file in find(FakePath(path))]  # type: ignore[arg-type]


def read(path: Path, content: str | bytes) -> list[tuple[int, Any, str]]:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    with opened(local_file(path)) as rows:
        return [(row.number, row.values, row.problem) for row in rows.rows]


def test_json_lines_are_read_and_broken_ones_are_kept_as_they_are(tmp_path: Path) -> None:
    lines = '{"a": 1}\n\n{"a": \n[1]\n{"a": {"b": "ü"}}'

    assert read(tmp_path / "x.jsonl", lines) == [
        (1, {"a": 1}, ""),
        (2, '{"a":', "The line is no JSON: Expecting value: line 2 column 1 (char 7)."),
        (3, [1], "The line is no JSON object."),
        (4, {"a": {"b": "ü"}}, ""),
    ]


def test_a_line_in_another_encoding_is_refused_alone(tmp_path: Path) -> None:
    rows = read(tmp_path / "x.ndjson", b'{"a": "\xff"}\n{"a": 2}\n')

    assert [bool(problem) for _, _, problem in rows] == [True, False]


def test_a_dead_letter_is_read_as_the_rows_in_it(tmp_path: Path) -> None:
    letter = {"row_number": 7, "file": "file:///x", "reason": "no", "row": {"a": 1}}
    broken = letter | {"row": "{"}

    rows = read(tmp_path / "x.jsonl", f"{json.dumps(letter)}\n{json.dumps(broken)}\n")

    assert rows == [(1, {"a": 1}, ""), (2, "{", "The line is no JSON object.")]


def test_csv_has_no_value_where_a_field_is_empty_and_names_the_line_of_a_bad_row(
    tmp_path: Path,
) -> None:
    content = '\ufeffid,name\r\n1,"A\nB"\r\n2\r\n\r\n3,\r\n'

    assert read(tmp_path / "x.csv", content) == [
        (1, {"id": "1", "name": "A\nB"}, ""),
        (2, ["2"], "Line 4 has 1 fields, the header 2."),
        (3, {"id": "3", "name": None}, ""),
    ]


@pytest.mark.parametrize("suffix", ["jsonl", "csv"])
def test_gzipped_files_are_read_alike(tmp_path: Path, suffix: str) -> None:
    content = {"jsonl": '{"id": "1"}\n', "csv": "id\n1\n"}[suffix]

    rows = read(tmp_path / f"x.{suffix}.gz", gzip.compress(content.encode()))

    assert rows == [(1, {"id": "1"}, "")]


def test_parquet_is_read_with_its_types(tmp_path: Path) -> None:
    import pyarrow as pa
    from pyarrow import parquet

    table = pa.table({"id": range(1200), "tags": [{"a": None}] * 1200})
    parquet.write_table(table, tmp_path / "x.parquet")

    with opened(local_file(tmp_path / "x.parquet")) as rows:
        assert rows.columns == ["id", "tags"]
        assert [row.values["id"] for row in rows.rows] == list(range(1200))


def test_parquet_without_its_extra_names_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow.lib", None)

    with pytest.raises(OneSignalConfigurationError, match=r"airflow-provider-onesignal\[parquet\]"):
        read(tmp_path / "x.parquet", b"")


NUMBERS = [hashlib.md5(str(number).encode()).hexdigest() for number in range(2000)]
GZIP = gzip.compress("".join(f'{{"a": "{number}"}}\n' for number in NUMBERS).encode())


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("x.jsonl.gz", GZIP[:-2000], r"broken gzip file .* after row \d+"),
        ("x.jsonl.gz", GZIP[:200] + b"\0" * 200 + GZIP[400:], "broken gzip file"),
        ("x.jsonl.gz", b"{}", "broken gzip file"),
        ("x.csv", b"a\n\xff\n", "not in UTF-8 after row 0"),
        ("x.csv", b'a\n1\n"' + b"x" * 200_000, "broken .* after row 1"),
        ("x.jsonl", b"[" * (16 << 20), "longer than 16 MiB"),
        ("x.parquet", b"PAR1", "is broken"),
    ],
    ids=["cut gzip", "damaged gzip", "no gzip", "not UTF-8", "open quote", "one line", "parquet"],
)
def test_a_broken_file_says_how_far_it_is_whole(
    tmp_path: Path, name: str, content: bytes, said: str
) -> None:
    with pytest.raises(OneSignalSourceError, match=said):
        read(tmp_path / name, content)


def test_a_glob_is_read_in_the_order_of_names_without_folders(tmp_path: Path) -> None:
    for name in ("b.csv", "a.csv", "c.jsonl"):
        (tmp_path / name).touch()
    (tmp_path / "d.csv").mkdir()

    assert found(tmp_path / "*.csv") == ["a.csv", "b.csv"]
    assert found(tmp_path / "c.jsonl") == ["c.jsonl"]


@pytest.mark.parametrize("name", ["*.csv", "x.csv"])
def test_no_file_is_an_error_that_names_the_path(tmp_path: Path, name: str) -> None:
    with pytest.raises(OneSignalSourceError, match=r"No file matches file://.*\.csv"):
        found(tmp_path / name)


@pytest.mark.parametrize("name", ["x.json", "x.parquet.gz", "x"])
def test_an_unknown_format_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / name).touch()

    with pytest.raises(OneSignalValidationError, match=r"must end in \.jsonl, \.ndjson, \.csv"):
        found(tmp_path / name)


@pytest.mark.parametrize(
    ("info", "version"),
    [
        ({"ETag": '"abc"', "size": 1}, "abc"),
        ({"etag": None, "md5Hash": "x=="}, "x=="),
        ({"size": 7, "mtime": 12.5}, "7-12.5"),
    ],
)
def test_a_file_is_known_by_its_etag_else_by_size_and_time(info: Any, version: str) -> None:
    assert SourceFile(None, "x", info).version == version
