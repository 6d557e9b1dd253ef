"""What makes reference pages of the code."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from docs._tools import describe, emulator, hooks
from docs._tools.docstrings import parse

ROOT = Path(__file__).parents[3]
OPERATORS = "airflow_provider_onesignal.operators"
TRANSFERS = "airflow_provider_onesignal.transfers"


class Documented:
    """
    Do a thing. https://documentation.onesignal.com/reference/a-thing

    .. code-block:: python

        with Documented(1):
            ...

    :param first: one :class:`~package.Other`,
        over two lines
    :return: ``something``
    :raises ValueError: it cannot be done
    """

    def __init__(self, first: int, *, second: str = "x") -> None: ...


def expanded(markdown: str, *, page: str = "guides/a.md") -> str:
    of_mkdocs: Any = SimpleNamespace(file=SimpleNamespace(src_uri=page))
    return hooks.on_page_markdown(markdown, page=of_mkdocs)


def row_of(table: str, name: str) -> str:
    (row,) = (line for line in table.splitlines() if line.startswith(f"| `{name}`"))
    return row


def test_a_docstring_is_taken_apart() -> None:
    doc = parse(Documented)

    assert doc.text == "Do a thing.\n\n```python\nwith Documented(1):\n    ...\n```"
    assert doc.urls == ["https://documentation.onesignal.com/reference/a-thing"]
    assert doc.params == {"first": "one `Other`, over two lines"}
    assert doc.returns == "``something``"
    assert doc.raises == {"ValueError": "it cannot be done"}


def test_a_parameter_without_a_word_on_it_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(describe, "PACKAGE", __name__)

    assert describe.undocumented(Documented) == {"second"}


def test_a_row_has_type_default_and_template_mark_of_the_parameter() -> None:
    page = describe.class_page(f"{OPERATORS}.segment.OneSignalDeleteSegmentOperator")

    assert row_of(page, "segment_id").startswith(
        "| `segment_id`<br><small>str &#124; XComArg</small> | required | ✓ |"
    )
    assert "| `True` |  |" in row_of(page, "ignore_missing")


def test_parameters_of_base_classes_are_found_and_settings_of_airflow_named() -> None:
    page = describe.class_page(f"{TRANSFERS}.onesignal_to_s3.OneSignalExportToS3Operator")

    assert "`[operators] default_deferrable`" in row_of(page, "deferrable")
    assert "| `14400` |" in row_of(page, "timeout")


def test_a_default_that_is_made_anew_is_shown() -> None:
    rows = expanded("::: parameters airflow_provider_onesignal.testing.faults.Fault")

    assert "| `{}` |" in row_of(rows, "headers")


def test_every_directive_of_every_page_is_understood() -> None:
    pytest.importorskip("airflow.sdk.definitions.retry_policy")  # Airflow 3.3
    for page in (ROOT / "docs").rglob("*.md"):
        assert "\n::: " not in expanded(page.read_text())


@pytest.mark.parametrize("line", ["::: nonsense x", "::: class airflow_provider_onesignal.Nothing"])
def test_a_directive_that_is_not_understood_stops_the_build(line: str) -> None:
    with pytest.raises((KeyError, AttributeError, LookupError)):
        expanded(line)


def test_a_dag_file_comes_without_docstring_and_markers() -> None:
    code = expanded("::: dag example_dags/example_onesignal_campaign.py")

    assert code.startswith("```python\nfrom __future__")
    assert "8<" not in code
    assert '"""\n###' not in code


def test_commands_come_from_the_dags_docstring() -> None:
    commands = expanded("    ::: before example_dags/example_onesignal_export_to_s3.py")

    assert commands.splitlines()[0] == "    ```bash"
    assert all(line.startswith("    airflow ") for line in commands.splitlines()[1:-1])


def test_a_screenshot_appears_once_it_is_there(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(hooks, "ROOT", tmp_path)
    line = "::: screenshot form.png The form"
    before = expanded(line)
    (tmp_path / "docs" / "assets").mkdir(parents=True)
    (tmp_path / "docs" / "assets" / "form.png").touch()

    assert (before, expanded(line)) == ("", "![The form](../assets/form.png)")


def test_the_emulator_describes_itself() -> None:
    options: Any = emulator.options()

    assert "| `--port` | port of the API (8765) |" in options
    assert "| `POST /clock` |" in emulator.control_paths()
