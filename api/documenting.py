"""The operations of the interface, as `/openapi.json` declares them, for a page to show."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

_METHODS: Final = ("get", "head", "post", "put", "patch", "delete")
_FORMS_OF_PAGES: Final = "forms"
"""The tag of what only our own pages send; programs have better ways."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What succeeds: status, meaning and media types."""

    status: str
    meaning: str
    forms: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Operation:
    """One method at one address.

    parameters  name, where it stands (query, header, path) and what it means
    problems    the statuses of its problem documents
    """

    anchor: str
    method: str
    path: str
    summary: str
    parameters: tuple[tuple[str, str, str], ...]
    takes: tuple[str, ...]
    answers: tuple[Answer, ...]
    problems: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Chapter:
    """The operations under one tag."""

    name: str
    meaning: str
    operations: tuple[Operation, ...]


def chapters(document: Mapping[str, Any]) -> tuple[Chapter, ...]:
    """Return the operations of an OpenAPI document by tag, in the order of the document."""
    found: dict[str, list[Operation]] = {}
    for path, methods in document.get("paths", {}).items():
        shared = methods.get("parameters", ())
        for method in _METHODS:
            if said := methods.get(method):
                tag = next(iter(said.get("tags", ())), "")
                operation = _operation(path, method, said, shared)
                found.setdefault(tag, []).append(operation)
    return tuple(
        Chapter(tag["name"], tag.get("description", ""), tuple(found[tag["name"]]))
        for tag in document.get("tags", ())
        if tag["name"] in found and tag["name"] != _FORMS_OF_PAGES
    )


def _operation(
    path: str, method: str, said: Mapping[str, Any], shared: Iterable[Mapping[str, Any]]
) -> Operation:
    responses = {str(status): one for status, one in said.get("responses", {}).items()}
    parameters = [one for one in (*shared, *said.get("parameters", ())) if "name" in one]
    return Operation(
        anchor=f"{method}{path}".replace("{", "").replace("}", ""),
        method=method.upper(),
        path=path,
        summary=said.get("summary", ""),
        parameters=tuple(
            (one["name"], one.get("in", ""), one.get("description", "")) for one in parameters
        ),
        takes=tuple(said.get("requestBody", {}).get("content", ())),
        answers=tuple(
            Answer(status, one.get("description", ""), tuple(one.get("content", ())))
            for status, one in responses.items()
            if status[0] in "23"
        ),
        problems=tuple(sorted(status for status in responses if status[0] in "45")),
    )
