"""Docstrings of the package, taken apart and turned into Markdown."""

from __future__ import annotations

import inspect
import re
import textwrap
from dataclasses import dataclass, field

_FIELD = re.compile(r"^:(param|return|raises) ?([\w.]*):\s*(.*)$")
_ROLE = re.compile(r":\w+:`~?(?:[\w.]*\.)?(\w+)`")
_CODE_BLOCK = re.compile(r"^\.\. code-block:: (\w+)\n\n((?:    .*\n?|\n)+)", re.MULTILINE)
_URL = re.compile(r"https://documentation\.onesignal\.com/\S+[\w/]")


@dataclass
class Docstring:
    """
    A docstring's parts, as Markdown.

    :param text: what comes before the fields, without links to OneSignal's pages
    :param urls: links to OneSignal's pages
    :param params: text by parameter
    :param returns: what is returned, "" where it is not said
    :param raises: text by error
    """

    text: str = ""
    urls: list[str] = field(default_factory=list)
    params: dict[str, str] = field(default_factory=dict)
    returns: str = ""
    raises: dict[str, str] = field(default_factory=dict)


def parse(documented: object) -> Docstring:
    """Take the docstring of a class or function apart."""
    prose: list[str] = []
    fields: list[tuple[str, str, list[str]]] = []
    for line in inspect.cleandoc(documented.__doc__ or "").splitlines():
        if found := _FIELD.match(line):
            fields.append((found[1], found[2], [found[3]]))
        elif fields and line.startswith(" "):
            fields[-1][2].append(line.strip())
        elif not fields:
            prose.append(line)
    text = "\n".join(prose)
    parts = Docstring(text=_text(text), urls=_URL.findall(text))
    for kind, name, lines in fields:
        value = inline(" ".join(lines))
        if kind == "return":
            parts.returns = value
        else:
            (parts.params if kind == "param" else parts.raises)[name] = value
    return parts


def inline(text: str) -> str:
    """Turn the roles of reStructuredText into code; its ``literals`` are Markdown as they are."""
    return _ROLE.sub(r"`\1`", text)


def sentence(text: str) -> str:
    """Make a sentence of a field's text, which begins small and ends without a full stop."""
    text = text[:1].upper() + text[1:]
    return text if not text or text.endswith((".", "!", "?")) else f"{text}."


def _text(text: str) -> str:
    text = _CODE_BLOCK.sub(_fenced, f"{text}\n")
    text = re.sub(r"[ \n]*" + _URL.pattern, "", text)
    return inline(re.sub(r"\n{3,}", "\n\n", text)).strip()


def _fenced(block: re.Match[str]) -> str:
    return f"```{block[1]}\n{textwrap.dedent(block[2]).strip()}\n```\n"
