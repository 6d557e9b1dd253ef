"""
Lines of a page that begin with ``:::``, replaced while MkDocs builds.

=====================================  =========================================================
::: class PATH                         a class: import, text, table of parameters, result, errors
::: parameters PATH                    the table of parameters alone
::: function PATH                      a function or method
::: methods PATH                       all public methods of a class
::: members PATH                       the same as a table, a line each
::: errors                             the table of the package's errors
::: cli                                the options of the emulator's command line
::: control                            the paths of the emulator's control API
::: dag FILE                           a DAG file, without docstring and markers
::: before FILE                        the commands that the DAG file's docstring asks for
::: screenshot FILE TEXT               a picture below ``assets/``, left out while there is none
=====================================  =========================================================
"""

from __future__ import annotations

import ast
import re
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from docs._tools import describe, emulator, errors

if TYPE_CHECKING:
    from mkdocs.structure.pages import Page

ROOT = Path(__file__).resolve().parents[2]
_DIRECTIVE = re.compile(r"^( *)::: (\w+) ?(.*)$", re.MULTILINE)
_MARKER = re.compile(r"^ *# (?:-+8<-+ )?\[(?:start|end)[: ].*\]\n", re.MULTILINE | re.IGNORECASE)


def on_page_markdown(markdown: str, *, page: Page, **_: Any) -> str:
    """Replace the directives of a page; MkDocs calls this."""
    up = "../" * page.file.src_uri.count("/")
    return _DIRECTIVE.sub(lambda found: _expanded(found, up=up), markdown)


def dag_of(file: str) -> str:
    """Give a DAG file as a block of code, without its docstring and markers."""
    source = (ROOT / file).read_text(encoding="utf-8")
    docstring = ast.parse(source).body[0]
    code = "\n".join(source.splitlines()[docstring.end_lineno :])
    return f"```python\n{_MARKER.sub('', code + chr(10)).strip()}\n```"


def commands_of(file: str) -> str:
    """Give the commands of a DAG file's docstring as a block of code."""
    docstring = ast.get_docstring(ast.parse((ROOT / file).read_text(encoding="utf-8"))) or ""
    lines = [line.strip() for line in docstring.splitlines() if line.startswith("    ")]
    if not lines:
        raise LookupError(f"the docstring of {file} has no commands")
    return "```bash\n" + "\n".join(lines) + "\n```"


def _screenshot(argument: str, *, up: str) -> str:
    file, _, text = argument.partition(" ")
    exists = (ROOT / "docs" / "assets" / file).exists()
    return f"![{text}]({up}assets/{file})" if exists else ""


def _expanded(found: re.Match[str], *, up: str) -> str:
    indent, kind, argument = found.groups()
    if kind == "screenshot":
        content = _screenshot(argument.strip(), up=up)
    elif kind in _OF_CODE:
        content = _OF_CODE[kind](describe.find(argument.strip()))
    elif kind in _OF_TEXT:
        content = _OF_TEXT[kind](argument.strip())
    else:
        content = _ALONE[kind]()
    return textwrap.indent(content, indent)


_OF_CODE: dict[str, Callable[[Any], str]] = {
    "parameters": describe.parameters,
    "function": describe.function_entry,
    "methods": describe.methods,
    "members": describe.members,
}
_OF_TEXT: dict[str, Callable[[str], str]] = {
    "class": describe.class_page,
    "dag": dag_of,
    "before": commands_of,
}
_ALONE: dict[str, Callable[[], str]] = {
    "errors": errors.table,
    "cli": emulator.options,
    "control": emulator.control_paths,
}
