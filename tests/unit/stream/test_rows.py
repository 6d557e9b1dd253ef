"""Counting CSV records in passing."""

from __future__ import annotations

import csv
import io
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_onesignal.stream.rows import RowCounter

CELLS = st.text(alphabet='ab,"\n\r é;', max_size=12)
TABLES = st.lists(st.lists(CELLS, min_size=2, max_size=4), min_size=1, max_size=12)


# a bare \r in an unquoted cell would end the record for the csv module
DIALECTS = st.sampled_from(
    [("\n", csv.QUOTE_ALL), ("\r\n", csv.QUOTE_ALL), ("\r\n", csv.QUOTE_MINIMAL)]
)


def count(*chunks: bytes) -> int | None:
    counter = RowCounter()
    for chunk in chunks:
        counter.feed(chunk)
    return counter.rows


def written(table: list[list[str]], end: str, quoting: Any) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator=end, quoting=quoting).writerows(table)
    return text.getvalue().encode()


@given(table=TABLES, dialect=DIALECTS, cuts=st.lists(st.integers(0, 400)))
def test_the_count_is_that_of_the_csv_module_wherever_chunks_are_cut(
    table: list[list[str]], dialect: tuple[str, int], cuts: list[int]
) -> None:
    data = written(table, *dialect)
    edges = [0, *sorted(min(cut, len(data)) for cut in cuts), len(data)]
    chunks = [data[start:stop] for start, stop in pairwise(edges)]

    parsed = list(csv.reader(io.StringIO(data.decode(), newline="")))

    assert len(parsed) == len(table)
    assert count(*chunks) == len(table) - 1


@pytest.mark.parametrize(
    ("data", "rows"),
    [
        pytest.param(b"", 0, id="nothing"),
        pytest.param(b"id,name\n", 0, id="header-alone"),
        pytest.param(b"id,name", 0, id="header-without-newline"),
        pytest.param(b"id,name\n1,a\n2,b", 2, id="last-record-without-newline"),
        pytest.param(b'id,name\n1,"a\nb"\n', 1, id="newline-in-quotes"),
        pytest.param(b'id,name\n1,"a""\n""b"\n2,c\n', 2, id="newline-beside-escaped-quotes"),
        pytest.param(b'id,"na\nme"\n"1","a"\n', 1, id="quoted-header"),
        pytest.param(b"id\r\n1\r\n2\r\n", 2, id="windows-newlines"),
        pytest.param(b'id\n1,"""""""""""""""""""\n"\n2\n', 2, id="many-quotes-in-a-row"),
    ],
)
def test_records_after_the_header_are_counted(data: bytes, rows: int) -> None:
    assert count(data) == rows
    assert count(*(data[index : index + 1] for index in range(len(data)))) == rows


def test_quotes_that_do_not_balance_make_the_count_unknown_instead_of_wrong() -> None:
    assert count(b'id,name\n1,"a\n2,b\n') is None
