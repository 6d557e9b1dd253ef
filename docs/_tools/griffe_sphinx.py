"""What griffe leaves out of Sphinx docstrings: roles, links of raised errors, types of results."""

from __future__ import annotations

import re
from typing import Any

import griffe

_ROLE = re.compile(r":\w+:`~?\.?(?:[\w.]*\.)?(\w+)`")
_CODE = re.compile(r"^\.\. code-block:: \w+\n", re.MULTILINE)  # to Markdown its indent says it


class SphinxDocstrings(griffe.Extension):
    """Completes the docstrings of a package."""

    def on_package(self, *, pkg: griffe.Module, **_: Any) -> None:
        """Complete all docstrings; griffe calls this once the package is read."""
        self._errors: griffe.Module = pkg["exceptions"]
        self._complete(pkg)

    def _complete(self, item: griffe.Object) -> None:
        if item.docstring:
            item.docstring.value = _ROLE.sub(r"``\1``", _CODE.sub("", item.docstring.value))
            for section in item.docstring.parsed:
                self._annotate(item, section)
        for member in item.members.values():
            if not member.is_alias and not isinstance(member, griffe.Alias):
                self._complete(member)

    def _annotate(self, item: griffe.Object, section: griffe.DocstringSection) -> None:
        if isinstance(section, griffe.DocstringSectionRaises):
            for error in section.value:
                error.annotation = griffe.ExprName(str(error.annotation), parent=self._errors)
        elif isinstance(section, griffe.DocstringSectionReturns) and "execute" in item.members:
            for result in section.value:
                result.annotation = item["execute"].returns  # an operator's class says it for it
