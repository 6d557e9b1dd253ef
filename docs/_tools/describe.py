"""Classes and functions of the package as reference pages: nothing of them is typed twice."""

from __future__ import annotations

import inspect
import logging
from collections.abc import Callable, Iterator
from dataclasses import MISSING, fields, is_dataclass
from importlib import import_module
from typing import Any

from docs._tools.docstrings import Docstring, parse, sentence

log = logging.getLogger("mkdocs.hooks.reference")

PACKAGE = "airflow_provider_onesignal"
_WIDTH = 84
_NO_DEFAULT = inspect.Parameter.empty
_OF_AIRFLOWS_SETTINGS = {"deferrable": "`[operators] default_deferrable`"}


def find(path: str) -> Any:
    """
    Give what a dotted path names.

    :param path: such as ``airflow_provider_onesignal.exports.EventsExport``
    """
    module, names = path, list[str]()
    while module:
        try:
            found: Any = import_module(module)
        except ModuleNotFoundError:
            module, _, name = module.rpartition(".")
            names.insert(0, name)
            continue
        for name in names:
            found = getattr(found, name)
        return found
    raise LookupError(f"there is no {path}")


def class_page(path: str) -> str:
    """
    Describe a class that users make: what it does, its parameters, result and errors.

    :param path: from where users import it
    """
    cls, doc = find(path), parse(find(path))
    parts = [
        f"```python\nfrom {path.rpartition('.')[0]} import {cls.__name__}\n```",
        _prose(doc),
        _parameters(cls, doc),
        _fields_of_airflow(cls),
        f"**Returns** (XCom `return_value`): {sentence(doc.returns)}" if doc.returns else "",
        errors_of(doc),
    ]
    return "\n\n".join(part for part in parts if part)


def function_entry(function: Callable[..., Any], *, level: int = 3) -> str:
    """Describe a method: its call, what it does, its parameters and errors."""
    doc = parse(function)
    name = function.__name__
    rows = [f"- `{each}`: {sentence(text)}" for each, text in doc.params.items()]
    parts = [
        f"{'#' * level} `{name}` {{ #{name} }}",
        f"```python\n{_call(name, inspect.signature(function))}\n```",
        _prose(doc),
        "\n".join(rows),
        f"Returns: {sentence(doc.returns)}" if doc.returns else "",
        errors_of(doc),
    ]
    return "\n\n".join(part for part in parts if part)


def methods(cls: type) -> str:
    """Describe all public methods of a class, in the order in which they are written."""
    found = [
        member
        for name, member in vars(cls).items()
        if inspect.isfunction(member)
        and not name.startswith("_")
        and not getattr(member, "__isabstractmethod__", False)
    ]
    return "\n\n".join(function_entry(each) for each in found)


def members(cls: type) -> str:
    """List the public methods and properties of a class, each with the first line on it."""
    rows = ["| Member | What it is |", "|---|---|"]
    for name, member in vars(cls).items():
        function = member.fget if isinstance(member, property) else member
        if name.startswith("_") or not inspect.isfunction(function):
            continue
        call = f"{name}({', '.join(_short(inspect.signature(function)))})"
        shown = name if isinstance(member, property) else call
        rows.append(f"| `{shown}` | {_cell(parse(function).text.partition(chr(10))[0])} |")
    return "\n".join(rows)


def parameters(cls: type) -> str:
    """Describe the parameters of a class and nothing else."""
    return _parameters(cls, parse(cls))


def errors_of(doc: Docstring) -> str:
    """List what is raised, each linked to the page of errors."""
    if not doc.raises:
        return ""
    rows = [
        f"- [`{name}`](errors.md#{name.lower()}): {sentence(text)}"
        for name, text in doc.raises.items()
    ]
    return "**Raises**\n\n" + "\n".join(rows)


def undocumented(cls: type) -> set[str]:
    """Give the parameters that the class's docstring leaves out."""
    own = {name for name, _ in _signature_of(cls, only_package=True)}
    return own - set(parse(cls).params)


def _prose(doc: Docstring) -> str:
    links = [f"[OneSignal's own page on it]({url})" for url in doc.urls]
    return "\n\n".join(part for part in (doc.text, " ".join(links)) if part)


def _parameters(cls: type, doc: Docstring) -> str:
    if missing := undocumented(cls):
        log.warning("%s says nothing of %s", cls.__qualname__, ", ".join(sorted(missing)))
    known = dict(_signature_of(cls))
    templated = getattr(cls, "template_fields", None)
    rows = [["Parameter", "Default", "Template", "Meaning"], ["---", "---", ":---:", "---"]]
    for name, text in doc.params.items():
        if name not in known:
            log.warning("%s has no parameter %s", cls.__qualname__, name)
            continue
        mark = "✓" if {name, f"history_{name}"} & set(templated or ()) else ""
        rows.append([_label(known[name]), _default(known[name]), mark, sentence(text)])
    if templated is None:
        rows = [[*row[:2], row[3]] for row in rows]
    lines = [f"| {' | '.join(_cell(cell) for cell in row)} |" for row in rows]
    return "\n".join(lines) if doc.params else ""


def _label(parameter: inspect.Parameter) -> str:
    stars = "**" if parameter.kind is parameter.VAR_KEYWORD else ""
    kind = str(parameter.annotation).replace("|", "&#124;")
    return f"`{stars}{parameter.name}`<br><small>{kind}</small>"


def _fields_of_airflow(cls: type) -> str:
    renderers = getattr(cls, "template_fields_renderers", {})
    if not renderers:
        return ""
    names = ", ".join(f"`{name}`" for name in renderers)
    return f"Shown as JSON in *Rendered Templates*: {names}."


def _signature_of(
    cls: type, *, only_package: bool = False
) -> Iterator[tuple[str, inspect.Parameter]]:
    seen = {"self", "kwargs"}
    for base in cls.__mro__:
        if "__init__" not in vars(base) or (only_package and PACKAGE not in base.__module__):
            continue
        made = _made_defaults(base)
        for name, parameter in inspect.signature(base.__init__).parameters.items():  # type: ignore[misc]
            if parameter.kind is not parameter.VAR_POSITIONAL and name not in seen:
                seen.add(name)
                default = made.get(name, parameter.default)
                yield name, parameter.replace(default=default)


def _made_defaults(cls: type) -> dict[str, Any]:
    """Give the defaults that a dataclass makes anew each time."""
    found = fields(cls) if is_dataclass(cls) else ()
    return {
        each.name: each.default_factory() for each in found if each.default_factory is not MISSING
    }


def _default(parameter: inspect.Parameter) -> str:
    if parameter.kind is parameter.VAR_KEYWORD:
        return ""
    if parameter.default is _NO_DEFAULT:
        return "required"
    if parameter.name in _OF_AIRFLOWS_SETTINGS:
        return _OF_AIRFLOWS_SETTINGS[parameter.name]
    value = parameter.default
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return f"`{value!r}`"


def _call(name: str, signature: inspect.Signature) -> str:
    given = list(_short(signature))
    result = f" -> {signature.return_annotation}"
    line = f"{name}({', '.join(given)}){result}"
    if len(line) <= _WIDTH:
        return line
    return f"{name}(\n" + "".join(f"    {each},\n" for each in given) + f"){result}"


def _short(signature: inspect.Signature) -> Iterator[str]:
    star = False
    for parameter in signature.parameters.values():
        if parameter.name == "self":
            continue
        if parameter.kind is parameter.KEYWORD_ONLY and not star:
            star = True
            yield "*"
        yield str(parameter).replace("'", "")


def _cell(text: str) -> str:
    return text.replace("\n", " ").strip()
