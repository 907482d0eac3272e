"""Many descriptions in one request: a line of NDJSON or a row of a table each, and their answers.

A line is an object: either the description itself in JSON, or an envelope with the description as
text in `source`, and beside it `id`, `media_type`, `level` and `type`, each of which may be absent.
"""

import json
from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from typing import Any

from api.strict_json import loads
from catalog.domain.errors import CatalogError, Unreadable
from catalog.domain.importing.tables import rows
from catalog.domain.report import LEVELS, Level
from catalog.domain.report_forms import Outcome
from catalog.services.validate import Sent

NDJSON = "application/x-ndjson"
NDJSON_ALIASES = frozenset({NDJSON, "application/ndjson", "application/jsonl"})

Split = Callable[..., Iterator[Sent]]
"""Splits a body into the descriptions that it holds: `lines`, or `table_rows`."""

_ENVELOPE = frozenset({"id", "media_type", "level", "type", "source"})
_USUAL = "text/turtle"
_JSON = "application/json"


def lines(
    body: bytes, *, item_types: Iterable[str], level: Level, type_hint: str | None
) -> Iterator[Sent]:
    """Return what each line holds; empty lines hold nothing.

    level, type_hint  what holds where a line does not say it

    Raises Unreadable where no line holds anything.
    """
    if not body.strip():
        raise Unreadable("This holds no lines; each is one description, or an object with it.")
    return _lines(body, frozenset(item_types), level, type_hint)


def _lines(
    body: bytes, known: frozenset[str], level: Level, type_hint: str | None
) -> Iterator[Sent]:
    for number, line in enumerate(body.removeprefix(b"\xef\xbb\xbf").split(b"\n"), 1):
        if not line.strip():
            continue
        said: Any = None
        try:
            said = loads(line)
            yield _sent(number, said, line, level, type_hint, known)
        except CatalogError as fault:
            # The place within the line would be taken for one in a description.
            refused = Unreadable(f"Line {number} cannot be used. {fault.detail}")
            name = said.get("id") if isinstance(said, dict) else None
            yield Sent(number, level, id=name, fault=refused)


def _sent(
    number: int, said: Any, line: bytes, level: Level, type_hint: str | None, known: frozenset[str]
) -> Sent:
    if not isinstance(said, dict):
        raise Unreadable("It is no JSON object.")
    if not isinstance(said.get("source"), str) or not said.keys() <= _ENVELOPE:
        return Sent(number, level, line, _JSON, type_hint, said.get("id", said.get("@id")))
    item_type = said.get("type", type_hint)
    if item_type is not None and item_type not in known:
        raise Unreadable(f"There is no item type {item_type!r}.")
    asked = said.get("level", level)
    if asked not in LEVELS:
        raise Unreadable(f"level is {' or '.join(LEVELS)}.")
    media_type = said.get("media_type", _USUAL)
    if not isinstance(media_type, str):
        raise Unreadable("media_type is a text.")
    source = said["source"].encode()
    return Sent(number, asked, source, media_type, item_type, said.get("id"))


def table_rows(
    body: bytes, *, media_type: str, level: Level, type_hint: str | None
) -> Iterator[Sent]:
    """Return the rows of a table.

    Raises Unreadable for what is no table, or one without rows.
    """
    found = rows(body, media_type)
    first = next(found, None)
    if first is None:
        raise Unreadable("This table has no rows; below the names stands one for each item.")
    return (
        Sent(row.number, level, row.source, row.media_type, type_hint, fault=row.fault)
        for row in chain((first,), found)
    )


def answers(outcomes: Iterable[tuple[Sent, Outcome]]) -> Iterator[bytes]:
    """Yield a line for each outcome: its number, the sender's id, and the report or the error."""
    for sent, outcome in outcomes:
        said: dict[str, Any] = {"number": sent.number}
        if sent.id is not None:
            said["id"] = sent.id
        yield json.dumps(said | outcome.to_dict(), ensure_ascii=False).encode() + b"\n"
