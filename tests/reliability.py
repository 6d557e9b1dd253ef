"""
The tables of docs/reliability.md, made of what the tests run.

To write them into the page: ``python -m tests.reliability``
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from airflow_provider_onesignal.exceptions import OneSignalError
from tests import fault_lines
from tests.fault_lines import AS_BEFORE, KEPT, SUCCEEDS, WHOLE, Line
from tests.integration.case import Case
from tests.integration.cases import DOWNLOADS, PLAIN
from tests.integration.cases_before import STARTS, WAITS

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "reliability.md"
BEGIN = "<!-- Written by python -m tests.reliability from what the tests run. -->"
END = "<!-- End of what is written by python -m tests.reliability. -->"
AGAIN = f"{AS_BEFORE} The next try starts a new export."
MATRIX = "tests/integration/test_transfers.py::"


@dataclass(frozen=True)
class Section:
    """
    A table of the page.

    :param title: its heading
    :param lines: its rows
    :param faults: how many faults the tests inject for it, 0 where that is not counted
    """

    title: str
    lines: tuple[Line, ...]
    faults: int = 0


def sections() -> Iterator[Section]:
    """Give the tables in the order of the page."""
    proof = f"{MATRIX}TestEveryFault::"
    yield _of_cases("Starting the export", STARTS, f"{proof}test_of_the_start", ways=2)
    yield _of_cases("Waiting for the file", WAITS, f"{proof}test_of_the_wait", ways=2)
    yield _of_cases("Copying the file", DOWNLOADS, f"{proof}test_of_the_download", ways=3)
    plain = f"{MATRIX}TestAPlainFile::test_arrives_whole_or_not_at_all"
    yield _of_cases("Copying a plain CSV (message history)", PLAIN, plain, ways=2)
    yield Section("The destination", fault_lines.DESTINATION)
    yield Section("A store that fails", fault_lines.STORES)
    yield Section("Processes that end, and tries that follow", fault_lines.PROCESSES)
    yield Section("Deadlines and the account's slot", fault_lines.TIMES)
    yield Section("Connections, parameters, and all other answers", fault_lines.INPUT)


def _of_cases(title: str, table: dict[str, Case], proof: str, *, ways: int) -> Section:
    lines = tuple(
        _of_case(next(cases), proof) for _, cases in groupby(table.values(), lambda row: row.line)
    )
    return Section(title, lines, faults=ways * len(table))


def _of_case(case: Case, proof: str) -> Line:
    if case.error is None:
        return Line(case.line, SUCCEEDS, case.left or WHOLE, proof)
    return Line(
        case.line, case.error, case.left or (KEPT if case.keeps_the_export else AGAIN), proof
    )


def tables() -> str:
    """Give what stands between the two marks of the page."""
    return "\n".join([BEGIN, "", *(_table(section) for section in sections()), END])


def _table(section: Section) -> str:
    rows = [f"| {line.fault} | {_seen(line.seen)} | {line.left} |" for line in section.lines]
    return "\n".join(
        [
            f"### {section.title}",
            "",
            "| Fault | What you see | What is left behind |",
            "|---|---|---|",
            *rows,
            "",
            _proofs(section),
            "",
        ]
    )


def _seen(seen: str | type[OneSignalError]) -> str:
    if isinstance(seen, str):
        return seen
    meaning = (seen.__doc__ or "").strip().partition("\n")[0]
    return f"`{seen.__name__}`: {meaning}"


def _proofs(section: Section) -> str:
    files = _unique(line.proof.partition("::")[0] for line in section.lines)
    named = ", ".join(f"`{file}`" for file in files)
    counted = f", which injects {section.faults} faults" if section.faults else ""
    return f"Proved by {named}{counted}."


def _unique(texts: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(texts))


def written(page: str) -> str:
    """Give the page with the tables in their place."""
    before, _, rest = page.partition(BEGIN)
    after = rest.partition(END)[2]
    return f"{before}{tables()}{after}"


if __name__ == "__main__":
    PAGE.write_text(written(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
