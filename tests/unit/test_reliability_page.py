"""The page about reliability says what the tests prove, and nothing else."""

from __future__ import annotations

import ast
from functools import cache
from itertools import groupby

import pytest

from airflow_provider_onesignal import exceptions
from airflow_provider_onesignal.exceptions import OneSignalError
from tests.fault_lines import Line
from tests.integration.cases import DOWNLOADS, PLAIN
from tests.integration.cases_before import STARTS, WAITS
from tests.reliability import BEGIN, END, PAGE, ROOT, sections, written

LINES = [line for section in sections() for line in section.lines]
EVERY_LINE = pytest.mark.parametrize("line", LINES, ids=[line.fault for line in LINES])


@cache
def tree(file: str) -> ast.Module:
    return ast.parse((ROOT / file).read_text(encoding="utf-8"))


def test_its_tables_are_what_the_tests_run() -> None:
    page = PAGE.read_text(encoding="utf-8")

    assert page.count(BEGIN) == page.count(END) == 1
    assert page == written(page), "run: python -m tests.reliability"


def test_it_has_enough_to_say() -> None:
    assert len(LINES) >= 40
    assert len({line.fault for line in LINES}) >= 40
    assert sum(section.faults for section in sections()) >= 300


@EVERY_LINE
def test_each_line_is_proved_by_a_test_that_exists(line: Line) -> None:
    file, *names = line.proof.split("::")
    found: ast.AST | None = tree(file)
    for name in names:
        found = next((each for each in _body(found) if each.name == name), None)
        assert found is not None, f"there is no {line.proof}"
    assert isinstance(found, ast.FunctionDef | ast.AsyncFunctionDef)
    assert found.name.startswith("test_")


def _body(node: ast.AST | None) -> list[ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef]:
    kinds = ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
    return [each for each in getattr(node, "body", []) if isinstance(each, kinds)]


@EVERY_LINE
def test_the_proof_of_an_error_names_it(line: Line) -> None:
    if isinstance(line.seen, str):
        return
    file = line.proof.partition("::")[0]
    # the rows of the matrix carry the type themselves
    is_matrix = file.endswith("test_transfers.py")
    assert is_matrix or line.seen.__name__ in (ROOT / file).read_text(encoding="utf-8")


@pytest.mark.parametrize("table", [STARTS, WAITS, DOWNLOADS, PLAIN])
def test_every_row_of_the_matrix_is_in_a_line(table) -> None:
    lines = [line for line, _ in groupby(table.values(), lambda row: row.line)]

    assert all(lines)
    assert len(lines) == len(set(lines))


def test_every_error_of_an_export_is_in_a_line_or_has_none_of_its_own() -> None:
    shown = {line.seen for line in LINES if not isinstance(line.seen, str)}
    kinds = {
        kind
        for kind in vars(exceptions).values()
        if isinstance(kind, type) and issubclass(kind, OneSignalError)
    }
    # bases, and what the archive of outcomes says, are no faults of an export
    bases = {
        OneSignalError,
        exceptions.OneSignalExportError,
        exceptions.OneSignalTransientError,
    }
    words = (
        "Outcomes",
        "Expired",
        "Message",
        "Recipients",
        "Subscription",
        "TooSmall",
        "Rows",
        "Source",
    )
    elsewhere = {kind for kind in kinds if any(word in kind.__name__ for word in words)}
    assert kinds - shown - bases - elsewhere == set()
